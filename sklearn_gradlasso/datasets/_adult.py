"""Fetchers of tables: prepared files first, then the public source."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch

from ._files import advice, check_subset, find, in_subset

__all__ = ["fetch_adult"]

ADULT_TRAIN_ROWS, ADULT_ROWS = 32_561, 48_842
ADULT_TRAIN_RICH = 7_841  # of the published training rows, those above 50K


def fetch_adult(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Adult census income with its published split (needs pandas).

    Does a person earn more than 50,000 dollars a year? 48,842 people from the US
    census of 1994, 32,561 of them published as training data; 6 numeric and 8
    categorical columns.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        Rows of the published split; "all" are the training rows, then the test rows.
    data_home : str or path-like, default=None
        Folder with ``adult.csv.gz``, or where scikit-learn keeps its downloads.
    download_if_missing : bool, default=True
        Whether to ask OpenML (data set 1590) if the file is not there.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (n, 14), missing entries are NaN; ``target``:
        ndarray of shape (n,) of "<=50K" and ">50K"; ``split``: ndarray of shape (n,)
        of "train" and "test"; ``feature_names``, ``target_names``.

    Raises
    ------
    ValueError
        If the subset is unknown.
    FileNotFoundError
        If the file is not there and is not to be, or cannot be, downloaded.

    References
    ----------
    B. Becker, R. Kohavi (1996), Adult, UCI Machine Learning Repository (CC BY 4.0).
    """
    check_subset(subset)
    path = find("adult.csv.gz", data_home)
    if path is not None:
        frame = _read_adult(path)
    elif download_if_missing:
        frame = _download_adult(data_home)
    else:
        raise FileNotFoundError(advice("adult.csv.gz"))
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


def _read_adult(path: Path):
    import pandas as pd

    return pd.read_csv(path, na_values="?", keep_default_na=False)


def _download_adult(data_home):
    try:
        bunch = fetch_openml(data_id=1590, as_frame=True, data_home=data_home)
    except OSError as error:
        raise FileNotFoundError(
            f"{advice('adult.csv.gz')} OpenML could not be reached: {error}"
        ) from error
    frame = bunch.data.assign(income=bunch.target.astype(str))
    n_test = ADULT_ROWS - ADULT_TRAIN_ROWS
    rich = (frame["income"] == ">50K").to_numpy()
    if len(frame) == ADULT_ROWS and rich[n_test:].sum() == ADULT_TRAIN_RICH:
        split = np.repeat(["test", "train"], [n_test, ADULT_TRAIN_ROWS])
    elif len(frame) == ADULT_ROWS and rich[:-n_test].sum() == ADULT_TRAIN_RICH:
        split = np.repeat(["train", "test"], [ADULT_TRAIN_ROWS, n_test])
    else:
        raise FileNotFoundError(
            f"{advice('adult.csv.gz')} What OpenML gave is not in the published order."
        )
    frame = frame.assign(split=split)
    return frame.sort_values("split", ascending=False, kind="stable", ignore_index=True)
