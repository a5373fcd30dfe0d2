"""Credit card clients in Taiwan: a prepared file, or OpenML."""

from __future__ import annotations

import os

import numpy as np
from sklearn.utils import Bunch

from ._files import documented, from_openml, load_csv, not_found

__all__ = ["fetch_credit_default"]

FILE = "credit_default.csv.gz"
NAMES = [
    *("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"),
    *("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"),
    *(f"BILL_AMT{k}" for k in range(1, 7)),
    *(f"PAY_AMT{k}" for k in range(1, 7)),
]
N_CLIENTS = 30_000


@documented(FILE, source="OpenML (data set 42477)")
def fetch_credit_default(
    *,
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Credit card clients in Taiwan: who does not pay next month (needs pandas)?

    The table has 30,000 clients in 2005, of whom 22 % default. Its 23 columns are
    integers: the limit of the card, the person, months behind with payments (``PAY_0``
    in September, then ``PAY_2`` to ``PAY_6`` back to April; there is no ``PAY_1``),
    bills and payments. No split is published.

    Parameters
    ----------
    {data_home}
    {download_if_missing}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (30000, 23) in New Taiwan dollars, years, months
        and codes; ``target``: ndarray of shape (30000,), 1 for a default;
        ``feature_names``, ``target_names``.

    Raises
    ------
    {FileNotFoundError}

    References
    ----------
    I.-C. Yeh, C.-H. Lien (2009). The comparisons of data mining techniques for the
    predictive accuracy of probability of default of credit card clients. Expert Systems
    with Applications 36(2). UCI Machine Learning Repository (CC BY 4.0).
    """
    frame = load_csv(FILE, data_home, _download, download_if_missing)
    data, target = frame[NAMES], frame["default"].to_numpy(dtype=int)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=list(NAMES),
        target_names=["paid", "default"],
    )


def _download(data_home):
    """The table of OpenML with the names of the file."""
    bunch = from_openml(FILE, data_home, 42477, as_frame=True)
    data = bunch.data.astype(np.int64)
    if data.shape != (N_CLIENTS, len(NAMES)):
        raise not_found(FILE, "What OpenML gave is another table.")
    target = bunch.target.to_numpy().astype(int)
    return data.set_axis(NAMES, axis=1).assign(default=target)
