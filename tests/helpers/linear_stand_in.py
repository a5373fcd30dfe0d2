"""A linear model that explains itself exactly, and a table to explain."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_gradlasso.explanation import Explanation

CHECKS = {"accept_sparse": True, "dtype": np.float64, "allow_nd": True}
CODED, SCALED = ["colour", "colour_dark"], ["age", "height"]


class Linear(RegressorMixin, BaseEstimator):
    """f(x) = 1 + x w, whose values w (x - mean) add up from f(mean)."""

    def __init__(self, n_outputs=None, complete=True):
        self.n_outputs = n_outputs
        self.complete = complete

    def fit(self, X, y=None):
        X = self._dense(X, reset=True)
        outputs = () if self.n_outputs is None else (self.n_outputs,)
        rng = np.random.default_rng(0)
        self.w_ = rng.standard_normal((*X.shape[1:], *outputs))
        self.mean_ = X.mean(axis=0)
        return self

    def _dense(self, X, reset=False):
        X = validate_data(self, X, reset=reset, **CHECKS)
        return X.toarray() if sp.issparse(X) else X

    def _f(self, x):
        axes = self.mean_.ndim
        return 1 + np.tensordot(x, self.w_, axes=axes)

    def predict(self, X):
        return self._f(self._dense(X))

    def _explained(self, X, *, target=None, attribution=None):
        check_is_fitted(self)
        X = self._dense(X)
        moved = X - self.mean_
        if self.n_outputs is not None:
            moved = moved[..., None]
        base = np.asarray(self._f(self.mean_))
        return SimpleNamespace(
            values=moved * self.w_,
            predictions=self._f(X),
            base_values=base if self.complete else None,
            data=None,
        )


class LinearClassifier(Linear):
    def fit(self, X, y=None):
        self.classes_ = np.arange(10, 10 + (self.n_outputs or 2))
        return super().fit(X)


def make_table():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 60, 12).astype(float),
            "colour": ["red", "blue", "dark_red"] * 4,
            "colour_dark": ["yes", "no"] * 6,
            "height": rng.standard_normal(12),
        },
        index=[f"row {k}" for k in range(12)],
    )


def encode_and_scale(**options):
    return ColumnTransformer(
        [("hot", OneHotEncoder(**options), CODED), ("num", StandardScaler(), SCALED)]
    )


def scaled():
    return StandardScaler()


def explained(model, X, **options):
    return Explanation.from_estimator(model.fit(X, np.arange(len(X))), X, **options)
