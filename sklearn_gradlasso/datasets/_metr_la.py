"""Traffic speeds with their graph of roads: a prepared file only."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils import Bunch

from ._files import documented, load

__all__ = ["fetch_metr_la"]

FILE = "metr_la_week.npz"


@documented(FILE)
def fetch_metr_la(*, data_home: str | os.PathLike | None = None) -> Bunch:
    """A week of traffic in Los Angeles, with a graph over the detectors.

    The speeds were measured at 207 loop detectors on highways, every 5 minutes from 1
    to 7 March 2012: 2,016 rows in the order of time, 288 a day. The rows are not
    independent, so split them by time. The publishers filled gaps by linear
    interpolation. A task on these data is to predict the speed at one detector 15
    minutes (3 rows) ahead from the speeds at all of them.

    Parameters
    ----------
    {data_home}

    Returns
    -------
    Bunch
        ``data``: ndarray of shape (2016, 207), float32, in miles an hour;
        ``adjacency``: csr_array of shape (207, 207), float32, symmetric weights from 0
        to 1 that fall with the distance by road, for 1,313 pairs of detectors (each of
        which is stored twice), and nothing on the diagonal; ``sensor_id``: ndarray of
        shape (207,) of integers; ``feature_names``: the same as a list of str.

    Raises
    ------
    {FileNotFoundError}

    References
    ----------
    H. V. Jagadish et al. (2014). Big data and its technical challenges. Communications
    of the ACM 57(7).

    L. Zhao et al. (2020). T-GCN: a temporal graph convolutional network for traffic
    prediction. IEEE Transactions on Intelligent Transportation Systems 21(9).
    """
    arrays = load(FILE, data_home, _read)
    adjacency = arrays["adjacency"]
    np.fill_diagonal(adjacency, 0)
    return Bunch(
        data=arrays["speed"],
        adjacency=csr_array(adjacency),
        sensor_id=arrays["sensor_id"],
        feature_names=[str(sensor) for sensor in arrays["sensor_id"]],
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)
