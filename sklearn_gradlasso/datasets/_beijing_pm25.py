"""A fetcher of air and weather, hour by hour; from a prepared file only."""

from __future__ import annotations

import os

import numpy as np
from sklearn.utils import Bunch

from ._files import advice, find

__all__ = ["fetch_beijing_pm25"]

WEATHER = ["DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"]


def fetch_beijing_pm25(*, data_home: str | os.PathLike | None = None) -> Bunch:
    """Five years of fine dust and weather in Beijing, hour by hour (needs pandas).

    43,824 hours from 1 January 2010 to 31 December 2014, in order and without gaps:
    PM2.5 at the US embassy, and the weather at the airport. Rows are not independent:
    split by time.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder with ``beijing_pm25.csv.gz``. There is no download.

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (43824, 7): dew point ``DEWP`` and temperature
        ``TEMP`` in degrees Celsius, pressure ``PRES`` in hPa, wind direction ``cbwd``
        ("NE", "NW", "SE" or "cv" for calm and variable), and sums since they last
        began of the wind speed ``Iws`` in m/s and of the hours of snow ``Is`` and rain
        ``Ir``; its index is the time. ``target``: ndarray of shape (43824,), PM2.5 in
        micrograms per cubic metre, NaN in 2,067 hours; ``feature_names``.

    Raises
    ------
    FileNotFoundError
        If the file is not there.

    References
    ----------
    X. Liang et al. (2015). Assessing Beijing's PM2.5 pollution: severity, weather
    impact, APEC and winter heating. Proceedings of the Royal Society A 471. UCI Machine
    Learning Repository (CC BY 4.0).
    """
    path = find("beijing_pm25.csv.gz", data_home)
    if path is None:
        raise FileNotFoundError(advice("beijing_pm25.csv.gz", download=False))
    import pandas as pd

    frame = pd.read_csv(path)
    time = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    data = frame[WEATHER].set_axis(pd.DatetimeIndex(time, name="time"))
    return Bunch(
        data=data,
        target=frame["pm2.5"].to_numpy(dtype=np.float64),
        feature_names=list(WEATHER),
    )
