"""The tables of the comparison on raw tables, in two halves.

Defaults of the package may be chosen by what is found on the half that is seen. The
other half is for a closing run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from reason_tables import TABLES as OF_REASONS
from reason_tables import Source, Table, cleaned
from sklearn.datasets import load_diabetes

from sklearn_gradlasso.datasets import fetch_adult, fetch_credit_default, fetch_nhanes


def _adult() -> Table:
    bunch = fetch_adult()
    y = (bunch.target == ">50K").astype(int)
    return Table(cleaned(bunch.data), y, published=bunch.split == "test")


def _fetched(fetch: Callable) -> Callable[[], Table]:
    def load() -> Table:
        X, y = fetch(return_X_y=True)
        return Table(cleaned(X), np.asarray(y, dtype=int))

    return load


def _diabetes() -> Table:
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return Table(cleaned(X), y.to_numpy(dtype=np.float64))


SEEN: dict[str, Callable[[], Table]] = {
    "attrition": OF_REASONS["attrition"],
    "HMDA": OF_REASONS["HMDA"],
    "OJ": OF_REASONS["OJ"],
    "wa_churn": OF_REASONS["wa_churn"],
    "concrete": Source(
        "modeldata", "concrete", "compressive_strength", regression=True
    ).load,
    "fgl": OF_REASONS["fgl"],  # six classes
    "breast_cancer": OF_REASONS["breast_cancer"],
    "Adult": _adult,
}
UNSEEN: dict[str, Callable[[], Table]] = {
    "cells": Source("modeldata", "cells", "class", positive="PS", drop=("case",)).load,
    "ames": Source("modeldata", "ames", "Sale_Price", regression=True).load,
    "Wage": OF_REASONS["Wage"],
    # Nearly every row has a time of its own.
    "email": Source("openintro", "email", "spam", positive=1, drop=("time",)).load,
    "colon": OF_REASONS["colon"],
    "diamonds": Source("ggplot2", "diamonds", "price", regression=True).load,
    "Pima.tr2": OF_REASONS["Pima.tr2"],
    "birthwt": OF_REASONS["birthwt"],
    "credit_default": _fetched(fetch_credit_default),
    "NHANES": _fetched(fetch_nhanes),
    "diabetes": _diabetes,
}
HALVES = {"seen": SEEN, "unseen": UNSEEN}
TABLES = {**SEEN, **UNSEEN}


@cache
def loaded(name: str) -> Table:
    return TABLES[name]()
