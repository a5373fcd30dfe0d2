"""Computes the arrays of an explanation from an opened model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..inspection.background import Background
from ..inspection.crossed_rows import CrossedRows
from ..inspection.evaluation import Explained
from ..inspection.explainable import Explainable
from ..inspection.open_model import OpenedModel
from ..inspection.table_columns import TableColumn
from ..metrics import effects
from ..metrics._effects import effects_by
from ._slopes import Slopes, point_slopes, slopes_of_steps

__all__ = ["EFFECTS", "explained_fields"]

EFFECTS = "effects"
N_BACKGROUND = 256  # rows whose values take the place of a column's
MOST_COLUMNS = 200  # with more columns, effects are computed on request only


def explained_fields(
    opened: OpenedModel,
    columns: list[TableColumn] | None,
    target,
    attribution,
    given=None,
) -> dict[str, Any]:
    """The fields of an ``Explanation`` that depend on the attribution.

    Parameters
    ----------
    opened : OpenedModel
    columns : list of TableColumn or None
        The columns to explain; None if rows are no table.
    target, attribution
        As in ``Explanation.from_estimator``.
    given : array-like or None
        Background rows of the user.

    Raises
    ------
    ValueError, TypeError
        If the target, attribution or background do not fit the network.
    """
    is_effects = isinstance(attribution, str) and attribution == EFFECTS
    network = None
    if columns is not None and (attribution is None or is_effects or target):
        network = opened.explainable(target)
    if attribution is None and network is not None and len(columns) <= MOST_COLUMNS:
        is_effects = True
    if is_effects:
        if network is None:
            raise ValueError(
                "attribution='effects' needs a table whose columns reach the network "
                "one by one, which those of images, sequences and texts do not, nor "
                "those of NGSLL; leave attribution out, or use metrics.effects with "
                "the decision_function or predict of the model."
            )
        if network.is_of_predicted_class:
            raise ValueError(
                f"target={target!r} has no effects: with another value of a column "
                "another class may be predicted, whose log-probability is as large. "
                "Leave target out: each class is explained against the rest, and "
                "top() shows the predicted one. Or use attribution='gradients'."
            )
        return _effects(network, columns, opened.background(given))
    attribution, against = opened.attribution_of_reasons(attribution, given)
    found = opened.explained(target or opened.reasons, attribution)
    fields = {**_fields(found), "background": against}
    of_other_classes = network is not None and network.is_of_predicted_class
    if of_other_classes and not found.per_unit:
        raise ValueError(
            f"target={target!r} is about another class wherever another class is "
            f"predicted, so that {found.attribution}, which look at other rows too, "
            "mean nothing; leave target out, which explains every class."
        )
    if columns is None or found.feature_names is not opened.names:
        return fields
    return {**fields, **_by_column(opened, found, columns, given)}


def _effects(
    network: Explainable, columns: Sequence[TableColumn], background: Background
) -> dict[str, Any]:
    x = network.rows.dense()
    rows = background.rows.astype(x.dtype)
    how = {
        "columns": [column.positions for column in columns],
        "sample_weight": background.weight,
        "n_background": N_BACKGROUND,
    }
    if network.is_column_sum:
        found = effects_by(partial(CrossedRows, network), x, rows, **how)
    else:
        found = effects(network.scores, x, rows, **how)
    slopes = slopes_of_steps(network, x, columns, background)
    n = min(N_BACKGROUND, len(background.rows))
    return {
        **_of_columns(columns),
        **_of_slopes(slopes),
        "values": found.values,
        "magnitudes": found.magnitudes,
        "deviation": found.deviation,
        "predictions": found.predictions,
        "base_values": found.base_values,
        "attribution": EFFECTS,
        "background": f"{n} {background.source}",
    }


def _by_column(
    opened: OpenedModel, found: Explained, columns: Sequence[TableColumn], given
) -> dict[str, Any]:
    """Attributions of features, brought to the columns that these are made of.

    Those that add up are sums. Slopes become slopes per unit of a number; for a
    category they become the contrast, which compares the own category with the average
    one: ``phi_own - sum_k p_k phi_k`` with the shares p of the training rows. The sum
    of the slopes of one-hot features has no meaning, because they cannot all rise. Of a
    raw table the gradients of categories and of missing values are contrasts already.
    """
    phi, fields = found.values, _of_columns(columns)
    if not found.per_unit:
        sums = [phi[:, column.positions].sum(axis=1) for column in columns]
        return {**fields, "values": np.stack(sums, axis=1)}
    slopes = point_slopes(phi, columns)
    fields |= _of_slopes(slopes)
    values = slopes.values.copy()
    contrasts = _contrasts(opened, found.data, columns)
    if any(each.any() for each in contrasts):
        background = opened.background(given)
        fields["background"] = f"the average of {background.source}"
    for j, rows in enumerate(contrasts):
        at = columns[j].positions
        if not rows.any():
            continue
        away = found.data[:, at] - background.means[at]
        if opened.form is not None:
            away[np.isnan(away) | opened.form.is_category[at]] = 1.0
        contrast = np.einsum("nk...,nk->n...", phi[:, at], away)
        values[rows, j] = contrast[rows]
    return {**fields, "values": values}


def _contrasts(
    opened: OpenedModel, data: np.ndarray, columns: Sequence[TableColumn]
) -> list[np.ndarray]:
    """The rows in which each column has a contrast instead of a slope.

    They are all rows for a category. The network that reads a raw table has a place for
    a missing number, unless a step before it has put another number there.
    """
    every = np.ones(len(data), dtype=bool)
    nowhere = np.zeros(len(data), dtype=bool)
    reads = opened.form is not None
    return [
        (np.isnan(data[:, each.positions]).any(axis=1) if reads else nowhere)
        if each.is_number
        else every
        for each in columns
    ]


def _fields(found: Explained) -> dict[str, Any]:
    fields = found._asdict()
    del fields["per_unit"]
    return {**fields, "attribution": found.attribution or "own attribution"}


def _of_columns(columns: Sequence[TableColumn]) -> dict[str, Any]:
    """Names and original values of columns, with missing ones marked."""
    data = [column.values for column in columns]
    in_place = None
    if any(column.in_place is not None for column in columns):
        in_place = np.full((len(data[0]), len(columns)), None, dtype=object)
        for j, column in enumerate(columns):
            if column.in_place is not None:
                in_place[column.missing, j] = column.in_place[column.missing]
    return {
        "data": _side_by_side(data),
        "feature_names": np.array([each.name for each in columns], dtype=object),
        "missing": np.stack([column.missing for column in columns], axis=1),
        "in_place": in_place,
    }


def _of_slopes(slopes: Slopes) -> dict[str, Any]:
    return {"slopes": slopes.values, "slope_steps": slopes.steps}


def _side_by_side(data: list[np.ndarray]) -> np.ndarray:
    """Columns in one array, of dtype object if one of them does not hold numbers."""
    if all(column.dtype.kind in "fiub" for column in data):
        return np.stack([column.astype(float) for column in data], axis=1)
    return np.stack([column.astype(object) for column in data], axis=1)
