"""Which levels of a category have a code of their own, and which share the last one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from ._raw_table import Distinct

__all__ = ["Levels", "codes_of", "learn_levels"]

LEAST_WEIGHT = 5 * (1 - 1e-9)  # of a level that has its own code, in rows; rounded
MOST_LEVELS = 254


class Levels(NamedTuple):
    """The levels of a column that have a code of their own, and the share of each code.

    ``shares`` has an entry more, that of the last code, which all others share. It is a
    share of the weight of the rows in which the value is not missing.
    """

    values: np.ndarray
    shares: np.ndarray


def learn_levels(column: Distinct, weight: np.ndarray) -> Levels:
    """Choose the levels of a column that get a code of their own.

    They are those that at least 5 training rows have, by weight; of more than 254 they
    are the most frequent ones, and the first in their order among equally frequent
    ones.

    Parameters
    ----------
    column : Distinct
    weight : ndarray of shape (n_samples,)
        Weights in rows. Rows of weight zero do not count.
    """
    keys = list(map(_key, column.values))
    positions = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    first = dict(zip(reversed(keys), reversed(column.values)))
    is_present = column.number >= 0
    number = np.array([positions[key] for key in keys], dtype=np.intp)
    number = number[column.number[is_present]]
    totals = np.bincount(number, weight[is_present], minlength=len(positions))
    order = _sorted([first[key] for key in positions], list(positions))
    own = [k for k in order if totals[k] >= LEAST_WEIGHT]
    if len(own) > MOST_LEVELS:
        frequent = sorted(own, key=lambda k: -totals[k])[:MOST_LEVELS]
        own = [k for k in own if k in set(frequent)]
    in_order = list(positions)
    rest = totals.sum() - totals[own].sum()
    counts = np.append(totals[own], max(0.0, rest))
    return Levels(
        _as_array([first[in_order[k]] for k in own]),
        counts / max(counts.sum(), np.finfo(np.float64).tiny),
    )


def codes_of(column: Distinct, levels: np.ndarray) -> np.ndarray:
    """Codes of the values of a column in float64, NaN where a value is missing.

    Values that are not among the levels have the code ``len(levels)``. A value is that
    of a level if it is written alike: 1, 1.0, True and "1" are one level. So are True
    and "True", and a number and what float32 makes of it, unless both are levels.
    """
    values = levels.tolist()
    own = {_key(level): float(code) for code, level in enumerate(values)}
    other = {_other_key(level): own[_key(level)] for level in reversed(values)}
    last = float(len(levels))

    def code_of(value) -> float:
        key = _key(value)
        if key in own:
            return own[key]
        return other.get(key, own.get(_other_key(value), last))

    codes = [code_of(value) for value in column.values]
    return np.array([*codes, np.nan])[column.number]  # -1 is the last one


def _other_key(value) -> str:
    """How a value is written in texts, or in float32."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, float) and not value.is_integer():
        with np.errstate(over="ignore", under="ignore"):
            return _key(float(np.float32(value)))
    return _key(value)


def _key(value) -> str:
    """How a value is written, whatever its type is."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, (np.bool_, Real, Decimal)):
        number = float(value)
        return str(int(value)) if number.is_integer() else repr(number)
    return str(value)


def _sorted(values: Sequence, keys: Sequence[str]) -> list[int]:
    """Positions of the values in their order, or in that of their writing."""
    try:
        return sorted(range(len(values)), key=values.__getitem__)
    except TypeError:  # They are of several types.
        return sorted(range(len(values)), key=keys.__getitem__)


def _as_array(levels: list) -> np.ndarray:
    """Levels as an array of numbers or of Python's own objects."""
    if levels and all(isinstance(each, (bool, np.bool_)) for each in levels):
        return np.array(levels, dtype=bool)
    if levels and all(type(each) in (int, float) for each in levels):
        return np.array(levels)
    plain = (bool, int, float, str)
    array = np.empty(len(levels), dtype=object)
    array[:] = [each if type(each) in plain else _key(each) for each in levels]
    return array
