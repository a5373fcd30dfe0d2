"""The tables of the comparison with peers: rows, splits, and columns as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from sklearn_gradlasso.datasets import fetch_adult, fetch_credit_default, fetch_nhanes

NUMERIC = make_column_selector(dtype_include=np.number)
OTHER = make_column_selector(dtype_exclude=np.number)


@dataclass
class Split:
    """Training and test rows of a table; y is 1 for the class that is asked for."""

    X: pd.DataFrame
    X_test: pd.DataFrame
    y: np.ndarray
    y_test: np.ndarray


def adult(seed: int) -> Split:
    """The first split is the published one, the others have as many test rows."""
    bunch = fetch_adult()
    test = bunch.split == "test"
    rows = test if seed == 0 else int(test.sum())
    return _split(bunch.data.fillna("?"), bunch.target == ">50K", rows, seed)


def credit_default(seed: int) -> Split:
    X, y = fetch_credit_default(return_X_y=True)
    return _split(X, y, 5_000, seed)


def breast_cancer(seed: int) -> Split:
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return _split(X, y == 0, 0.3, seed)


def nhanes(seed: int) -> Split:
    X, y = fetch_nhanes(return_X_y=True)
    split = _split(X, y, 0.3, seed)
    impute = SimpleImputer(strategy="median").set_output(transform="pandas")
    split.X = impute.fit_transform(split.X)
    split.X_test = impute.transform(split.X_test)
    return split


TABLES = {
    "adult": adult,
    "credit_default": credit_default,
    "breast_cancer": breast_cancer,
    "nhanes": nhanes,
}


def _split(X: pd.DataFrame, y, test, seed: int) -> Split:
    """Numeric columns come first.

    ``test`` says which rows are for testing, or how many of them: then the split is
    random, with the share of the classes.
    """
    numeric, other = X[NUMERIC(X)].astype(np.float32), X[OTHER(X)]
    X, y = pd.concat([numeric, other], axis=1), np.asarray(y, dtype=int)
    if isinstance(test, np.ndarray):
        return Split(X[~test], X[test], y[~test], y[test])
    return Split(*train_test_split(X, y, test_size=test, stratify=y, random_state=seed))


def one_hot():
    """Numbers on one scale and a column for each category, in float32."""
    categories = OneHotEncoder(
        handle_unknown="ignore", sparse_output=False, dtype=np.float32
    )
    return make_column_transformer((StandardScaler(), NUMERIC), (categories, OTHER))


def as_codes():
    """Categories as numbers; what is not in the training rows is -1."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_column_transformer(("passthrough", NUMERIC), (codes, OTHER))


def sources(fitted, X: pd.DataFrame) -> list[tuple[int]]:
    """The column of X that each column of ``one_hot`` comes from."""
    n_numeric = len(NUMERIC(X))
    found = [(j,) for j in range(n_numeric)]
    if n_numeric < X.shape[1]:
        categories = fitted.named_transformers_["onehotencoder"].categories_
        for j, names in enumerate(categories, start=n_numeric):
            found += [(j,)] * len(names)
    return found
