"""A fetcher of traffic speeds with their road graph; from a prepared file only."""

from __future__ import annotations

import os

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils import Bunch

from ._files import advice, find

__all__ = ["fetch_metr_la"]


def fetch_metr_la(*, data_home: str | os.PathLike | None = None) -> Bunch:
    """A week of traffic in Los Angeles, with a graph over the detectors.

    Speeds at 207 loop detectors on highways every 5 minutes from 1 to 7 March 2012:
    2,016 rows in time order, 288 a day. They are not independent: split by time. The
    publishers filled gaps by linear interpolation. A task on it is to predict one
    detector 15 minutes (3 rows) ahead from all of them.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder with ``metr_la_week.npz``. There is no download.

    Returns
    -------
    Bunch
        ``data``: ndarray of shape (2016, 207), float32, in miles an hour;
        ``adjacency``: csr_array of shape (207, 207), float32, symmetric weights from 0
        to 1 that fall with the distance by road, for 1,313 pairs of detectors (each
        stored twice), nothing on the diagonal; ``sensor_id``: ndarray of shape (207,)
        of integers; ``feature_names``: the same as a list of str.

    Raises
    ------
    FileNotFoundError
        If the file is not there.

    References
    ----------
    H. V. Jagadish et al. (2014). Big data and its technical challenges. Communications
    of the ACM 57(7).

    L. Zhao et al. (2020). T-GCN: a temporal graph convolutional network for traffic
    prediction. IEEE Transactions on Intelligent Transportation Systems 21(9).
    """
    path = find("metr_la_week.npz", data_home)
    if path is None:
        raise FileNotFoundError(advice("metr_la_week.npz", download=False))
    with np.load(path) as file:
        data, adjacency, sensor_id = (
            file[name] for name in ("speed", "adjacency", "sensor_id")
        )
    np.fill_diagonal(adjacency, 0)
    return Bunch(
        data=data,
        adjacency=csr_array(adjacency),
        sensor_id=sensor_id,
        feature_names=[str(sensor) for sensor in sensor_id],
    )
