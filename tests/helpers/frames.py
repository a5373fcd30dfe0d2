"""Raw tables of pandas and polars."""

import numpy as np
import pandas as pd
import polars as pl


def as_polars(frame: pd.DataFrame) -> pl.DataFrame:
    """The same table; polars reads frames of pandas with pyarrow only."""
    return pl.DataFrame(
        {
            name: [None if pd.isna(value) else value for value in frame[name]]
            for name in frame
        }
    )


def as_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


KINDS = [as_pandas, as_polars]


def raw_table(n: int = 120) -> pd.DataFrame:
    """Numbers, strings, bools and categories, in which values are missing."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.normal(40.0, 10.0, n),
            "job": rng.choice(["clerk", "nurse", "cook"], n),
            "smokes": rng.random(n) < 0.5,
            "income": rng.lognormal(0.0, 1.0, n),
            "town": pd.Categorical(rng.choice(["A", "B"], n)),
        }
    )
    table.loc[rng.random(n) < 0.2, "age"] = np.nan
    table.loc[rng.random(n) < 0.2, "job"] = None
    return table


def labels_of(table: pd.DataFrame) -> np.ndarray:
    """Two classes that depend on a category, a number and what is missing."""
    is_one = (table.job == "cook") ^ (table.income > 1.0) | table.age.isna()
    return is_one.to_numpy().astype(int)
