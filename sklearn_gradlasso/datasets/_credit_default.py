"""A fetcher of credit card clients; prepared file first, then OpenML."""

from __future__ import annotations

import os

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch

from ._files import advice, find

__all__ = ["fetch_credit_default"]

NAMES = [
    *("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"),
    *("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"),
    *(f"BILL_AMT{k}" for k in range(1, 7)),
    *(f"PAY_AMT{k}" for k in range(1, 7)),
]
N_CLIENTS = 30_000


def fetch_credit_default(
    *,
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Credit card clients in Taiwan: who does not pay next month (needs pandas)?

    30,000 clients in 2005, 22 % of whom default; 23 columns of integers: the limit of
    the card, person, months behind with payments (``PAY_0`` in September, then
    ``PAY_2`` to ``PAY_6`` back to April; there is no ``PAY_1``), bills and payments. No
    split is published.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder with ``credit_default.csv.gz``, or where scikit-learn keeps its
        downloads.
    download_if_missing : bool, default=True
        Whether to ask OpenML (data set 42477) if the file is not there.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (30000, 23) in New Taiwan dollars, years, months
        and codes; ``target``: ndarray of shape (30000,), 1 for a default;
        ``feature_names``, ``target_names``.

    Raises
    ------
    FileNotFoundError
        If the file is not there and is not to be, or cannot be, downloaded.

    References
    ----------
    I.-C. Yeh, C.-H. Lien (2009). The comparisons of data mining techniques for the
    predictive accuracy of probability of default of credit card clients. Expert Systems
    with Applications 36(2). UCI Machine Learning Repository (CC BY 4.0).
    """
    path = find("credit_default.csv.gz", data_home)
    if path is not None:
        import pandas as pd

        frame = pd.read_csv(path)
        data, target = frame[NAMES], frame["default"].to_numpy(dtype=int)
    elif download_if_missing:
        data, target = _download(data_home)
    else:
        raise FileNotFoundError(advice("credit_default.csv.gz"))
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=list(NAMES),
        target_names=["paid", "default"],
    )


def _download(data_home) -> tuple:
    try:
        bunch = fetch_openml(data_id=42477, as_frame=True, data_home=data_home)
    except OSError as error:
        raise FileNotFoundError(
            f"{advice('credit_default.csv.gz')} OpenML could not be reached: {error}"
        ) from error
    data = bunch.data.astype(np.int64)
    if data.shape != (N_CLIENTS, len(NAMES)):
        raise FileNotFoundError(
            f"{advice('credit_default.csv.gz')} What OpenML gave is another table."
        )
    return data.set_axis(NAMES, axis=1), bunch.target.to_numpy().astype(int)
