"""A raw table of people: numbers, strings, categories, truth values, missing ones."""

import numpy as np
import pandas as pd

QUICK = {"hidden_layer_sizes": (8,), "activation": "tanh", "max_iter": 100, "tol": 1e-3}
QUICK |= {"random_state": 0}


def people(n=120, seed=0):
    """Rows with names, and whether each of these people is declined."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.integers(20, 80, n).astype(float),
            "job": rng.choice(["cook", "nurse", "smith"], n).astype(object),
            "debt": rng.normal(8000, 2000, n),
            "town": pd.Categorical(rng.choice(["u", "v"], n)),
            "member": rng.random(n) < 0.3,
        },
        index=[f"person {k}" for k in range(n)],
    )
    risk = (X["job"] == "cook") * 2.0 + (X["age"] - 50) / 10
    risk += (X["debt"] - 8000) / 2000 + rng.normal(0, 1, n)
    X.loc[rng.random(n) < 0.2, "age"] = np.nan
    X.loc[rng.random(n) < 0.2, "job"] = None
    return X, np.where(risk > 0.5, "yes", "no")


def as_polars(X):
    """The same as a polars frame."""
    import polars as pl

    columns = {}
    for name in X.columns:
        values = [None if pd.isna(each) else each for each in X[name]]
        kind = pl.Categorical if name == "town" else None
        columns[name] = pl.Series(name, values, dtype=kind)
    return pl.DataFrame(columns)
