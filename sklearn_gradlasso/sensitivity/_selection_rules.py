"""Rules by which columns are kept, given their importances."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection._from_model import _calculate_threshold

__all__ = ["kept", "limit_of", "ranking", "threshold_of"]


def ranking(columns, threshold, floor) -> tuple[np.ndarray, float | None]:
    """Importances by which columns are chosen, and the least that is kept.

    Parameters
    ----------
    columns : MeasuredColumns
    threshold : float, str or None
    floor : NoiseFloor or None
        What "noise" stands for.

    Raises
    ------
    NotFittedError
        If there is no floor for "noise".
    ValueError
        As in :func:`threshold_of`.
    """
    if threshold is None:
        return columns.importances, None
    if threshold != "noise":
        return columns.importances, threshold_of(threshold, columns.importances)
    if floor is None:
        raise NotFittedError("threshold='noise' is measured in fit; call fit.")
    by_name = dict(zip(floor.feature_names, floor.importances / 100))
    found = [by_name.get(name, 0.0) for name in columns.names]
    return np.array(found), floor.floor / 100


def threshold_of(threshold, importances: np.ndarray) -> float:
    """The value of a number, "mean", "median" or a multiple of one of them.

    Parameters
    ----------
    threshold : float or str
        Not "noise", whose value is measured.
    importances : ndarray of shape (n_columns,)

    Raises
    ------
    ValueError
        If it is none of these.
    """
    try:
        value = float(_calculate_threshold(None, importances, threshold))
        if not (0 <= value < np.inf or value == -np.inf):
            raise ValueError("a multiple that is no share")
        return value
    except (TypeError, ValueError) as error:
        raise ValueError(
            "threshold must be a share, 'mean', 'median', a multiple such as "
            f"'1.25*mean', 'noise' or None, got {threshold!r}."
        ) from error


def limit_of(max_features, X=None, n_columns: int | None = None) -> int:
    """The number that ``max_features`` stands for.

    Parameters
    ----------
    max_features : int or callable
    X : array-like, optional
        What a callable is called with.
    n_columns : int, optional
        The largest number that is allowed, if it is known.

    Raises
    ------
    TypeError, ValueError
        If it is no integer, or out of range.
    """
    number = max_features(X) if callable(max_features) else max_features
    if not isinstance(number, Integral) or isinstance(number, bool):
        kind = TypeError if callable(max_features) else ValueError
        raise kind(
            f"max_features must be an instance of int, not {type(number).__name__}."
        )
    if number < 0:
        raise ValueError(f"max_features == {number}, must be >= 0.")
    if n_columns is not None and number > n_columns:
        raise ValueError(
            f"max_features must be at most the number of features, {n_columns}, got "
            f"{number}; those of one column count as one."
        )
    return int(number)


def kept(
    importances: np.ndarray,
    cumulative: float,
    threshold: float | None,
    above: bool,
    limit: int | None,
) -> np.ndarray:
    """Positions of the columns that are kept, the most important first.

    Parameters
    ----------
    importances : ndarray of shape (n_columns,)
    cumulative : float
        Share of their sum that is kept, if there is neither a threshold nor a limit.
        If all importances are zero, all columns are kept.
    threshold : float or None
        Least importance that is kept.
    above : bool
        Whether importances must exceed the threshold.
    limit : int or None
        Most columns that are kept; that many without a threshold.
    """
    order = np.argsort(-importances, kind="stable")
    if threshold is not None:
        enough = importances > threshold if above else importances >= threshold
        return order[: int(enough.sum())][:limit]
    if limit is not None:
        return order[:limit]
    if not importances.any():
        return order
    shares = np.sort(importances)[::-1].cumsum()
    rounding = 4 * np.finfo(shares.dtype).eps
    enough = np.argmax(shares >= cumulative * shares[-1] - rounding)
    return order[: int(enough) + 1]
