"""Estimators that read one view of a row and explain themselves by another.

Of X the network reads ``encode(X)``, and its linear models are about ``simplify(X)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_array, check_X_y
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from ...inspection.feature_names import numbered
from ...modules import SentenceCNN
from ...training.rows import Rows
from ...utils import validation as check
from ..base.network_estimator import NetworkEstimator
from .view_layout import Layout

__all__ = ["TwoViews"]

NO_Y = "no_validation"  # scikit-learn's word for it


@dataclass(kw_only=True, eq=False, repr=False)
class TwoViews(NetworkEstimator):
    """An estimator with an original and a simplified representation of each row."""

    simplify: Any = None
    encode: Any = None
    mask_zeros: bool = False

    _constraints = {
        "simplify": [HasMethods(["fit", "transform"]), callable, None],
        "encode": [HasMethods(["fit", "transform"]), None],
        "mask_zeros": ["boolean"],
    }

    def _prepare(self, X, y, sample_weight, annotations, warm, **encoding):
        transforms = self.simplify is not None or self.encode is not None
        if transforms and sample_weight is not None:
            # What has weight zero is not there, for the transformers either.
            given = check.check_sample_weight(sample_weight, X)
            present = np.arange(len(given))[check.rows_of_positive_weight(given)]
            X, y, sample_weight = (_safe_indexing(of, present) for of in (X, y, given))
        return super()._prepare(X, y, sample_weight, annotations, warm, **encoding)

    def _checked(self, X, y, reset):
        if reset:
            _refuse_classes(encode=self.encode, simplify=self.simplify)
            self.encode_, self.simplify_ = self.encode, self.simplify
            encoded, simplified = _fitted(self, "encode_"), _fitted(self, "simplify_")
        else:
            encoded, simplified = _applied(self.encode_), _applied(self.simplify_)
        x, y = self._read(X, y, encoded, reset)
        z = self._simplified(X, x, y, simplified, reset)
        if z.dtype == np.float64:  # in which the decision is computed then
            x = x.astype(np.float64)
        if reset:
            shape = check.check_feature_shape(self._row_shape, self.input_shape)
            self._feature_shape = shape
            kind = "same" if self.simplify_ is None else "dense"
            if sp.issparse(z) and self.mask_zeros:
                kind = "listed"
            self._layout = Layout(shape, z.shape[1], kind, self.mask_zeros)
            self.simplified_feature_names_ = self._names()
        return self._layout.packed(x, z), y

    def _read(self, X, y, encoded, reset: bool) -> tuple:
        """x as the network reads it, and y, or ``NO_Y``."""
        answers = isinstance(y, str) and y == NO_Y
        if self.encode_ is None:
            _refuse_text(X)
            if answers:
                x = validate_data(self, X, reset=reset, **self._input_checks())
            else:
                x, y = super()._checked(X, y, reset)
        else:
            if reset:
                vars(self).pop("n_features_in_", None)
            validate_data(self, X, reset=reset, skip_check_array=True)
            x = _floating(encoded(X, y))
            form = {"accept_sparse": "csr", "allow_nd": True}
            if answers:
                x = check_array(x, input_name="encode(X)", **form)
            else:
                x, y = check_X_y(x, y, multi_output=True, **form)
        if reset:
            self._row_shape = x.shape[1:]
        elif x.shape[1:] != self._row_shape:
            raise ValueError(
                f"X has rows of shape {x.shape[1:]}, but {type(self).__name__} was "
                f"fitted on rows of shape {self._row_shape}."
            )
        return x, y

    def _simplified(self, X, x, y, simplified, reset: bool):
        """z of shape (n, d), from X or, if there is nothing to simplify, from x."""
        if self.simplify_ is None:
            if _n_tokens(self.encode_) is not None:
                raise ValueError(
                    "simplify must be given for texts: what the linear models are "
                    "about, for example CountVectorizer() with mask_zeros=True."
                )
            z = x if sp.issparse(x) else x.reshape(len(x), -1)
        else:
            z = simplified(X, y)
            n, d = x.shape[0], "d" if reset else self._layout.n_simplified
            found = np.shape(z)
            if (
                len(found) != 2
                or found[0] != n
                or found[1] != (found[1] if reset else d)
            ):
                raise ValueError(
                    f"simplify must return an array of shape ({n}, {d}) for {n} rows, "
                    f"got shape {found}."
                )
            z = check_array(z, accept_sparse="csr", input_name="simplify(X)")
        if sp.issparse(z):
            z = z.copy()
            z.sum_duplicates()
            z.eliminate_zeros()
        return z

    def _names(self) -> np.ndarray:
        """Names of the features of z."""
        if self.simplify_ is None and self.encode_ is None:
            known = numbered(self._row_shape).ravel()
            names = getattr(self, "feature_names_in_", known)
        else:
            made_by = self.encode_ if self.simplify_ is None else self.simplify_
            try:
                names = made_by.get_feature_names_out()
            except (AttributeError, NotImplementedError, ValueError):
                names = numbered((self._layout.n_simplified,))
        return np.asarray(names, dtype=object)

    def _views_to_answer(self, X) -> tuple[Rows, Any]:
        """Rows for the network, and z with all its digits."""
        check_is_fitted(self)
        x, _ = self._read(X, NO_Y, _applied(self.encode_), reset=False)
        z = self._simplified(X, x, NO_Y, _applied(self.simplify_), reset=False)
        return self._rows(self.net_.module_, self._layout.packed(x, z)), z

    def _rows_to_answer(self, X):
        rows, _ = self._views_to_answer(X)
        return rows

    def _check_row_shape(self, row_shape, reset):
        """The columns of z in a row may be more or fewer; x has been checked."""

    def _shape_of_rows(self, X):
        return X.shape[1:]

    def _architecture_asked(self):
        asked = super()._architecture_asked()
        n_tokens = _n_tokens(self.encode_)
        if n_tokens is None or isinstance(self.module, nn.Module):
            return asked
        if self.module == "tabular":
            raise ValueError(
                "module='tabular' is for columns of a table, but encode makes token "
                "ids; use module=None or modules.SentenceCNN."
            )
        params = self.module_params or {}
        if self.module is None:
            sizes = asked["module_params"]["hidden_layer_sizes"]
            asked["module"] = SentenceCNN
            params = {"hidden_layer_sizes": sizes, **params}
        if "n_tokens" in signature(asked["module"]).parameters:
            params = {"n_tokens": n_tokens, **params}
        return {**asked, "module_params": params}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = self.encode is not None
        return tags


def _fitted(estimator, name: str):
    """A function that fits a clone of the transformer, keeps it, and applies it."""
    transformer = getattr(estimator, name)
    if not hasattr(transformer, "fit"):
        return _applied(transformer)
    transformer = clone(transformer)
    setattr(estimator, name, transformer)

    def fit_transform(X, y):
        if hasattr(transformer, "fit_transform"):
            return transformer.fit_transform(X, y)
        return transformer.fit(X, y).transform(X)

    return fit_transform


def _applied(transformer):
    """A function ``(X, y)`` that applies a fitted transformer or a function to X."""
    transform = getattr(transformer, "transform", transformer)
    return lambda X, y: transform(X)


def _n_tokens(encoder) -> int | None:
    """Number of token ids that the encoder, or the end of a Pipeline, makes."""
    while hasattr(encoder, "steps"):
        encoder = encoder.steps[-1][1]
    return getattr(encoder, "n_tokens_", None)


def _floating(x):
    """Token ids and the like are counted in float32."""
    x = x if sp.issparse(x) else np.asarray(x)
    numbers = x.dtype.kind in "biuf" and x.dtype != np.float64
    return x.astype(np.float32) if numbers else x


def _refuse_classes(**given) -> None:
    for name, value in given.items():
        if isinstance(value, type):
            raise TypeError(
                f"{name} must be an object, got the class {value.__name__}; write "
                f"{value.__name__}()."
            )


def _refuse_text(X) -> None:
    one_dimensional = isinstance(X, (list, tuple)) or getattr(X, "ndim", None) == 1
    if one_dimensional and len(X) and isinstance(next(iter(X)), str):
        raise ValueError(
            "X holds texts; say how the network is to read them, for example with "
            "encode=TokenSequencer()."
        )
