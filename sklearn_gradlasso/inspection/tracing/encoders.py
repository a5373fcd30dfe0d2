"""Encoders and bins, which leave no derivative, and selectors, which keep columns."""

from __future__ import annotations

import numpy as np
from sklearn.feature_selection import SelectorMixin
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    TargetEncoder,
)

from .registry import OutputColumn, register

__all__: list[str] = []


def _onehot(step, table):
    outputs = []
    for j, count in enumerate(step._n_features_outs):  # nothing public has them
        outputs += [OutputColumn(j, keeps_nan=False, is_onehot=True)] * count
    return outputs


def _ordinal(step, table):
    return [
        OutputColumn(j, inverse=_lookup(categories))
        for j, categories in enumerate(step.categories_)
    ]


def _lookup(categories):
    def category(codes):
        codes = np.asarray(codes, dtype=np.float64)
        known = np.isin(codes, np.arange(len(categories)))
        found = np.full(codes.shape, None, dtype=object)
        found[known] = np.asarray(categories, dtype=object)[codes[known].astype(int)]
        return found

    return category


def _target(step, table):
    per_column = len(step.classes_) if step.target_type_ == "multiclass" else 1
    return [OutputColumn(j) for j in range(len(table)) for _ in range(per_column)]


def _bins(step, table):
    if step.encode == "ordinal":
        return [OutputColumn(j) for j in range(len(table))]
    return [
        OutputColumn(j) for j, count in enumerate(step.n_bins_) for _ in range(count)
    ]


def _binary(step, table):
    return [OutputColumn(j) for j in range(len(table))]


def _selected(step, table):
    return [OutputColumn(j, 1.0, is_same=True) for j in step.get_support(indices=True)]


register(OneHotEncoder, _onehot)
register(OrdinalEncoder, _ordinal)
register(TargetEncoder, _target)
register(KBinsDiscretizer, _bins)
register(Binarizer, _binary)
register(SelectorMixin, _selected)
# It has a ``transform`` of its own, for networks that are fitted already.
register("sklearn_gradlasso.SensitivitySelector", _selected)
