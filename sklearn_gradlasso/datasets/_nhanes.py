"""A health survey with its follow-up: a prepared file only."""

from __future__ import annotations

import os
from numbers import Real

import numpy as np
from sklearn.utils import Bunch

from ._files import documented, load_csv

__all__ = ["fetch_nhanes"]

FILE = "nhanes1.csv.gz"


@documented(FILE)
def fetch_nhanes(
    *,
    years: float = 10,
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Mortality after the NHANES I health survey (needs pandas).

    Did a person die within a given number of years after the examination? The table
    has 9,932 people who were examined in the United States from 1971 to 1975, with 18
    numeric columns from interviews, measurements and blood tests. People whose state
    after that time is not known are left out: 9,535 people with 1,503 deaths remain
    for 10 years, and 9,278 with 2,484 deaths for 15.

    This is the small table of 2018 from the SHAP project. Erion et al. (2019),
    *Learning Explainable Models Using Attribution Priors*, use another version (13,000
    people with 36 variables), so results are not comparable with theirs. Their labels
    are the other way round: 1 for alive.

    Parameters
    ----------
    years : float, default=10
        Time after the examination in which a death counts, in years.
    {data_home}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: DataFrame of shape (n, 18), in which missing entries are NaN;
        ``target``: ndarray of shape (n,), 1 for a person who died in that time and 0
        for one who outlived it; ``time``: ndarray of shape (n,) of years after the
        examination, positive up to a death, and negative up to when a living person
        was last seen; ``feature_names``, ``target_names``.

    Raises
    ------
    ValueError
        If ``years`` is not positive, or if nobody died in that time or was seen alive
        after it.
    {FileNotFoundError}

    References
    ----------
    H. W. Miller (1973). Plan and operation of the Health and Nutrition Examination
    Survey, United States 1971-1973. Vital and Health Statistics 1(10a). US National
    Center for Health Statistics (public domain).

    S. M. Lundberg et al. (2020). From local explanations to global understanding with
    explainable AI for trees. Nature Machine Intelligence 2.
    """
    if not (isinstance(years, Real) and years > 0):
        raise ValueError(f"years must be a positive number, got {years!r}.")
    frame = load_csv(FILE, data_home)
    time = frame["y"].to_numpy()  # 0 where the follow-up is not known
    died, survived = (time > 0) & (time <= years), np.abs(time) > years
    if not (died.any() and survived.any()):
        raise ValueError(
            f"years={years!r} leaves one class only; people died after "
            f"{time[time > 0].min():.2f} years or later and were followed for up to "
            f"{np.abs(time).max():.2f}."
        )
    rows = died | survived
    data = frame.drop(columns="y")[rows].reset_index(drop=True)
    target = died[rows].astype(int)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        time=time[rows],
        feature_names=list(data.columns),
        target_names=["survived", "died"],
    )
