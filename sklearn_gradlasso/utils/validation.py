"""Checks of arguments, with errors that name the argument, what was given, and the fix.

Counts are checked by :func:`check_count`, because scikit-learn's ``check_scalar`` takes
``True`` for an integer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils import _param_validation
from sklearn.utils.validation import _check_sample_weight, _num_samples

__all__ = [
    "Interval",
    "check_count",
    "check_device",
    "check_feature_shape",
    "check_hidden_layer_sizes",
    "check_pairs",
    "check_sample_weight",
    "is_count",
    "representable",
    "rows_of_positive_weight",
    "weight_in_rows",
]


LEAST_WEIGHT = 1e-30  # of a row that counts, as a share of the largest
MOST_WEIGHT = 1e100  # of a row


class Interval(_param_validation.Interval):
    """Limits of a parameter that is a number; unlike scikit-learn's without bools.

    A bool is an integer in Python. ``lam=True`` is a mistake, and not a strength of 1.
    """

    def is_satisfied_by(self, val) -> bool:
        return not isinstance(val, (bool, np.bool_)) and super().is_satisfied_by(val)


def check_hidden_layer_sizes(sizes: Sequence[int] | int) -> tuple[int, ...]:
    """Layer sizes as a tuple of positive integers.

    Raises
    ------
    ValueError
        If a size is not a positive integer.
    """
    sizes = tuple(sizes) if np.iterable(sizes) else (sizes,)
    if not all(is_count(size) for size in sizes):
        raise ValueError(
            f"hidden_layer_sizes must be positive integers, got {sizes}; use () for a "
            "linear network."
        )
    return tuple(map(int, sizes))


def check_feature_shape(
    row_shape: tuple[int, ...], input_shape: Sequence[int] | None
) -> tuple[int, ...]:
    """Shape in which the network sees a row of shape ``row_shape``.

    Raises
    ------
    ValueError
        If ``input_shape`` holds another number of values than a row.
    """
    if input_shape is None:
        return tuple(row_shape)
    if not all(is_count(size) for size in input_shape):
        raise ValueError(
            f"input_shape must be positive integers, got {tuple(input_shape)}."
        )
    if prod(input_shape) != prod(row_shape):
        raise ValueError(
            f"input_shape={tuple(input_shape)} holds {prod(input_shape)} values, but a "
            f"row of X has {prod(row_shape)}."
        )
    return tuple(input_shape)


def check_device(device: str, float_type: np.dtype) -> tuple[torch.device, torch.dtype]:
    """The device, and the precision in which the network computes on it.

    Raises
    ------
    ValueError
        If torch does not know the device or this machine does not have it.
    """
    try:
        found = torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"device={device!r} cannot be used on this machine; use 'cpu', or a device "
            "such as 'cuda' with a build of torch that supports it."
        ) from error
    if found.type == "meta":
        raise ValueError(f"device={device!r} holds no data; use 'cpu' or 'cuda'.")
    on_cpu = found.type == "cpu"
    double = on_cpu and float_type == np.float64
    return found, torch.float64 if double else torch.float32


def check_equal_lengths(y) -> None:
    """Raise a ``ValueError`` if y is a list whose rows have different lengths."""
    rows = y if isinstance(y, (list, tuple)) else ()
    lengths = {len(row) for row in rows if isinstance(row, (list, tuple))}
    if len(lengths) > 1:
        raise ValueError(
            f"y has rows of {min(lengths)} to {max(lengths)} values; give as many for "
            "each row. Sets of labels become an indicator of labels by "
            "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)."
        )


def check_sample_weight(sample_weight, X) -> np.ndarray | None:
    """Weights in float64, not negative, scaled to at most 1.

    Raises
    ------
    ValueError
        If the weights do not fit X, or all of them are zero.
    """
    if sample_weight is None:
        return None
    try:
        if np.asarray(sample_weight).dtype.kind in "mM":
            raise ValueError("they are dates or durations")
        sample_weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight must be numbers; {error}.") from error
    if not sample_weight.ndim:  # one weight for all rows, as in scikit-learn
        sample_weight = np.full(_num_samples(X), sample_weight)
    if not sample_weight.any():
        raise ValueError("sample_weight is zero for every row; one must be positive.")
    weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    return representable(weight / weight.max())


def weight_in_rows(sample_weight, X) -> np.ndarray | None:
    """Checked weights as they were given, where an integer is a number of rows.

    They are of shape (n,), in float64. Weights whose sum may overflow are scaled to at
    most 1.

    Raises
    ------
    ValueError
        See :func:`check_sample_weight`.
    """
    scaled = check_sample_weight(sample_weight, X)
    if scaled is None:
        return None
    given = np.asarray(sample_weight, dtype=np.float64)
    return scaled if given.max() > MOST_WEIGHT else np.broadcast_to(given, scaled.shape)


def representable(weight: np.ndarray) -> np.ndarray:
    """Raise positive weights to at least 1e-30 of the largest.

    A smaller one makes no difference beside the largest, but would be 0 in float32,
    and a batch in which all weights are 0 has no mean.
    """
    return np.where(weight > 0, np.maximum(weight, LEAST_WEIGHT * weight.max()), 0.0)


def rows_of_positive_weight(sample_weight: np.ndarray | None) -> np.ndarray | slice:
    """The rows that take part in training; weight zero means that a row is absent.

    Returns
    -------
    ndarray of bool of shape (n,), or slice
        A slice of all rows if all of them take part.

    Raises
    ------
    ValueError
        If no row takes part.
    """
    if sample_weight is None:
        return slice(None)
    keep = sample_weight > 0
    if not keep.any():
        raise ValueError(
            "class_weight leaves no row of positive weight; one class at least needs "
            "a positive weight."
        )
    return slice(None) if keep.all() else keep


def check_pairs(name: str, given: Sequence) -> tuple[tuple[float, Callable], ...]:
    """Check a list of pairs of a strength and a penalty, which may be a name.

    Raises
    ------
    ValueError
        If there is no pair, or a strength is not a finite number of at least 0.
    TypeError
        If a penalty is neither callable nor a name.
    """
    for pair in given:
        is_pair = isinstance(pair, (tuple, list)) and len(pair) == 2
        if not is_pair:
            raise ValueError(
                f"{name} must be a list of pairs (strength, penalty), got {pair!r} in "
                "it."
            )
        strength, penalty = pair
        good = isinstance(strength, Real) and 0 <= strength < np.inf
        if not good or isinstance(strength, bool):
            raise ValueError(
                f"{name}: a strength must be a finite number that is not negative, got "
                f"{strength!r}."
            )
        if not (callable(penalty) or isinstance(penalty, str)):
            raise TypeError(
                f"{name}: a pair must hold a strength and a callable, got {pair!r}."
            )
    return tuple((strength, penalty) for strength, penalty in given)


def is_count(value) -> bool:
    """Whether a value is a positive integer; ``True`` is none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and value > 0


def check_count(name: str, value) -> None:
    """Raise a ``ValueError`` unless the value is a positive integer."""
    if not is_count(value):
        raise ValueError(f"{name} must be a positive integer, got {value!r}.")
