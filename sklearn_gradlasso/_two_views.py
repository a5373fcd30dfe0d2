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

from . import _validation as check
from ._base import NetworkEstimator
from ._features import numbered
from ._layout import Layout
from ._rows import Rows
from .modules import SentenceCNN

__all__ = ["TwoViews"]


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
        x, y = self._read(X, y, reset)
        if reset:
            self._row_shape = x.shape[1:]
        z = self._simplified(X, x, y, fit=reset)
        if reset:
            shape = check.check_feature_shape(self._row_shape, self.input_shape)
            self._feature_shape = shape
            kind = "same" if self.simplify is None else "dense"
            if sp.issparse(z) and self.mask_zeros:
                kind = "listed"
            self._layout = Layout(shape, z.shape[1], kind, self.mask_zeros)
            self.simplified_feature_names_ = self._names()
        return self._layout.packed(x, z), y

    def _read(self, X, y, reset: bool) -> tuple:
        """x as the network reads it, and y."""
        if self.encode is None:
            _refuse_text(X)
            return super()._checked(X, y, reset)
        validate_data(self, X, reset=reset, skip_check_array=True)
        if reset:
            self.encode_ = clone(self.encode)
            x = self.encode_.fit_transform(X, y)
        else:
            x = self.encode_.transform(X)
        form = {"accept_sparse": "csr", "allow_nd": True, "multi_output": True}
        return check_X_y(_floating(x), y, **form)

    def _simplified(self, X, x, y=None, *, fit: bool = False):
        """z of shape (n, d), from X or, if there is nothing to simplify, from x."""
        if fit:
            if isinstance(self.simplify, type):
                raise TypeError(
                    "simplify must be an object, got the class "
                    f"{self.simplify.__name__}; write {self.simplify.__name__}()."
                )
            fits = hasattr(self.simplify, "fit")
            self.simplify_ = clone(self.simplify) if fits else self.simplify
        if self.simplify_ is None:
            if hasattr(getattr(self, "encode_", None), "n_tokens_"):
                raise ValueError(
                    "simplify must be given for texts: what the linear models are "
                    "about, for example CountVectorizer() with mask_zeros=True."
                )
            return x if sp.issparse(x) else x.reshape(len(x), -1)
        if not hasattr(self.simplify_, "transform"):
            z = self.simplify_(X)
        elif fit:
            z = self.simplify_.fit_transform(X, y)
        else:
            z = self.simplify_.transform(X)
        z = check_array(z, accept_sparse="csr", input_name="simplify(X)")
        found = (x.shape[0], z.shape[1] if fit else self._layout.n_simplified)
        if z.shape != found:
            raise ValueError(
                f"simplify must return an array of shape {found} for {x.shape[0]} "
                f"rows, got {z.shape}."
            )
        return z

    def _names(self) -> np.ndarray:
        """Names of the features of z."""
        if hasattr(self.simplify_, "get_feature_names_out"):
            names = self.simplify_.get_feature_names_out()
        elif self.simplify_ is None and hasattr(self, "feature_names_in_"):
            names = self.feature_names_in_
        elif self.simplify_ is None:
            names = numbered(self._row_shape).ravel()
        else:
            names = numbered((self._layout.n_simplified,))
        return np.asarray(names, dtype=object)

    def _views_to_answer(self, X) -> tuple[Rows, Any]:
        """Rows for the network, and z with all its digits."""
        check_is_fitted(self)
        if self.encode is None:
            x = validate_data(self, X, reset=False, **self._input_checks())
        else:
            validate_data(self, X, reset=False, skip_check_array=True)
            x = _floating(self.encode_.transform(X))
            x = check_array(x, accept_sparse="csr", allow_nd=True)
        if x.shape[1:] != self._row_shape:
            raise ValueError(
                f"X has rows of shape {x.shape[1:]}, but {type(self).__name__} was "
                f"fitted on rows of shape {self._row_shape}."
            )
        z = self._simplified(X, x)
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
        n_tokens = getattr(getattr(self, "encode_", None), "n_tokens_", None)
        if n_tokens is None or isinstance(self.module, nn.Module):
            return asked
        of_tokens, params = {"n_tokens": n_tokens}, asked["module_params"] or {}
        if self.module is None:
            sizes = params["hidden_layer_sizes"]
            params = {**of_tokens, "hidden_layer_sizes": sizes}
            return {**asked, "module": SentenceCNN, "module_params": params}
        if "n_tokens" in signature(self.module).parameters:
            asked["module_params"] = {**of_tokens, **params}
        return asked

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = self.encode is not None
        return tags


def _floating(x):
    """Token ids and the like are counted in float32."""
    x = x if sp.issparse(x) else np.asarray(x)
    return x.astype(np.float32) if x.dtype.kind in "biu" else x


def _refuse_text(X) -> None:
    first = X[0] if isinstance(X, (list, np.ndarray)) and len(X) else None
    if isinstance(first, str):
        raise ValueError(
            "X holds texts; say how the network is to read them, for example with "
            "encode=TokenSequencer()."
        )
