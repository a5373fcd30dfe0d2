"""What is known of each kind of transformer, and the record in which it is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["OutputColumn", "checked", "function_of", "register"]

_KNOWN: dict[type | str, Callable] = {}


@dataclass(frozen=True, eq=False)
class OutputColumn:
    """An output of a transformer, and the one input from which it is made.

    Parameters
    ----------
    source : int or None
        Position of the input; None if it is made of several, or if nobody knows.
    derivative : ndarray of shape (n_samples,), float or None, default=None
        Derivative by the input at each row, or everywhere. None if there is none, as
        for categories and bins.
    is_same : bool, default=False
        Whether its values are those of the input, other than the replaced ones.
    replaced : ndarray of bool of shape (n_samples,) or None, default=None
        Where the input is taken for missing.
    in_place : object, ndarray of shape (n_samples,), callable or None, default=None
        What the output has there, in the units of the input. A callable is given
        nothing and returns an array.
    inverse : callable or None, default=None
        From an array of values of the output to values of the input, if there is a way.
    keeps_nan : bool or None, default=None
        True if the output is NaN exactly where the input is, False if it never is, and
        None if only its values tell.
    is_onehot : bool, default=False
        Whether it is one of the features that a ``OneHotEncoder`` makes of the input.
    """

    source: int | None
    derivative: Any = None
    is_same: bool = False
    replaced: np.ndarray | None = None
    in_place: Any = None
    inverse: Callable | None = None
    keeps_nan: bool | None = None
    is_onehot: bool = False


def register(kind: type | str, function: Callable) -> None:
    """Say what a kind of transformer makes of its columns.

    Parameters
    ----------
    kind : type or str
        A class; or "package.Class", if it is not to be imported.
    function : callable
        ``(step, table) -> list of OutputColumn, TracedTable or None``.
    """
    _KNOWN[kind] = function


def function_of(step) -> Callable | None:
    """What is registered for the class of a step, or a base whose ``transform`` it has.

    A subclass with a ``transform`` of its own may do anything.
    """
    for kind in type(step).__mro__:
        name = f"{kind.__module__.split('.')[0]}.{kind.__name__}"
        function = _KNOWN.get(kind, _KNOWN.get(name))
        if function is not None:
            return function if _transform(type(step)) is _transform(kind) else None
    return None


def _transform(kind: type):
    """Its ``transform`` as the class was written, which an attribute may hide."""
    found = (vars(each) for each in kind.__mro__)
    return next((each["transform"] for each in found if "transform" in each), None)


def checked(outputs: list | None, step, n_inputs: int, n_rows: int) -> list | None:
    """Check what a function says of outputs, which a user may have written.

    Raises
    ------
    TypeError, ValueError
    """
    kind = type(step).__name__
    for output in outputs or ():
        if not isinstance(output, OutputColumn):
            raise TypeError(
                f"The function registered for {kind} must return a list of "
                f"OutputColumn, or None; the list has {output!r}."
            )
        if output.source is not None and not 0 <= output.source < n_inputs:
            raise ValueError(
                f"The function registered for {kind} names source={output.source}, but "
                f"its inputs are 0 to {n_inputs - 1}."
            )
        shape = np.shape(0.0 if output.derivative is None else output.derivative)
        if shape not in ((), (n_rows,)):
            raise ValueError(
                f"The function registered for {kind} gives a derivative of shape "
                f"{shape}; give a number, or one for each of {n_rows} rows."
            )
    return outputs
