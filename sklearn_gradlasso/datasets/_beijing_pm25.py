"""Fine dust and weather in Beijing, hour by hour: a prepared file only."""

from __future__ import annotations

import os

import numpy as np
from sklearn.utils import Bunch

from ._files import documented, load_csv

__all__ = ["fetch_beijing_pm25"]

FILE = "beijing_pm25.csv.gz"
WEATHER = ["DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"]


@documented(FILE)
def fetch_beijing_pm25(*, data_home: str | os.PathLike | None = None) -> Bunch:
    """Five years of fine dust and weather in Beijing, hour by hour (needs pandas).

    The table has 43,824 hours from 1 January 2010 to 31 December 2014, in order and
    without gaps. PM2.5 was measured at the US embassy, the weather at the airport. The
    rows are not independent, so split them by time.

    Parameters
    ----------
    {data_home}

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (43824, 7), whose index is the time: dew point
        ``DEWP`` and temperature ``TEMP`` in degrees Celsius, pressure ``PRES`` in hPa,
        wind direction ``cbwd`` ("NE", "NW", "SE" or "cv" for calm and variable), and
        three sums since wind, snow or rain last began: of the wind speed ``Iws`` in
        m/s, the hours of snow ``Is`` and the hours of rain ``Ir``. ``target``: ndarray
        of shape (43824,), PM2.5 in micrograms per cubic metre, NaN in 2,067 hours;
        ``feature_names``.

    Raises
    ------
    {FileNotFoundError}

    References
    ----------
    X. Liang et al. (2015). Assessing Beijing's PM2.5 pollution: severity, weather
    impact, APEC and winter heating. Proceedings of the Royal Society A 471. UCI Machine
    Learning Repository (CC BY 4.0).
    """
    frame = load_csv(FILE, data_home)
    import pandas as pd

    time = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    data = frame[WEATHER].set_axis(pd.DatetimeIndex(time, name="time"))
    return Bunch(
        data=data,
        target=frame["pm2.5"].to_numpy(dtype=np.float64),
        feature_names=list(WEATHER),
    )
