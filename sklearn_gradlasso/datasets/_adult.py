"""The Adult census: a prepared file, or OpenML."""

from __future__ import annotations

import os

import numpy as np
from sklearn.utils import Bunch

from ._files import (
    check_subset,
    documented,
    from_openml,
    in_subset,
    load_csv,
    not_found,
)

__all__ = ["fetch_adult"]

FILE = "adult.csv.gz"
N_TRAIN, N_ROWS = 32_561, 48_842
N_TRAIN_RICH = 7_841  # published training rows above 50K; they identify that part


@documented(FILE, source="OpenML (data set 1590)")
def fetch_adult(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Adult census income with its published split (needs pandas).

    Does a person earn more than 50,000 dollars a year? The table has 48,842 people
    from the US census of 1994, of which 32,561 were published as training data, with 6
    numeric and 8 categorical columns.

    Parameters
    ----------
    {subset}
    {data_home}
    {download_if_missing}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (n, 14), in which missing entries are NaN;
        ``target``: ndarray of shape (n,) of "<=50K" and ">50K"; ``split``: ndarray of
        shape (n,) of "train" and "test"; ``feature_names``, ``target_names``.

    Raises
    ------
    ValueError
        If the subset is unknown.
    {FileNotFoundError}

    References
    ----------
    B. Becker, R. Kohavi (1996), Adult, UCI Machine Learning Repository (CC BY 4.0).
    """
    check_subset(subset)
    frame = load_csv(
        FILE,
        data_home,
        _download,
        download_if_missing,
        na_values="?",
        keep_default_na=False,
    )
    rows = in_subset(frame["split"].to_numpy(dtype=str), subset)
    frame = frame[rows].reset_index(drop=True)
    data = frame.drop(columns=["income", "split"])
    target = frame["income"].to_numpy(dtype=str)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        split=frame["split"].to_numpy(dtype=str),
        feature_names=list(data.columns),
        target_names=np.unique(target).tolist(),
    )


def _download(data_home):
    """The table of OpenML with the column ``split``, training rows first."""
    bunch = from_openml(FILE, data_home, 1590, as_frame=True)
    frame = bunch.data.assign(income=bunch.target.astype(str))
    n_test = N_ROWS - N_TRAIN
    rich = (frame["income"] == ">50K").to_numpy()
    if len(frame) == N_ROWS and rich[n_test:].sum() == N_TRAIN_RICH:
        split = np.repeat(["test", "train"], [n_test, N_TRAIN])
    elif len(frame) == N_ROWS and rich[:-n_test].sum() == N_TRAIN_RICH:
        split = np.repeat(["train", "test"], [N_TRAIN, n_test])
    else:
        raise not_found(FILE, "What OpenML gave is not in the published order.")
    frame = frame.assign(split=split)
    return frame.sort_values("split", ascending=False, kind="stable", ignore_index=True)
