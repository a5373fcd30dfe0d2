"""What a callable says of itself: its parameters, and whether it works in place."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType

__all__ = ["has_parameter", "leaves_inputs"]


def has_parameter(function: Callable, name: str) -> bool:
    """Whether a callable has a parameter of this name.

    ``False`` for callables without a signature, such as some of those written in C.
    """
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def leaves_inputs(noun: Callable) -> bool:
    """Whether a target or a prior says that it never changes its tensors in place.

    All others are given copies. What a class says does not hold for its subclasses,
    which may be a user's.
    """
    said = vars(noun if isinstance(noun, FunctionType) else type(noun))
    return said.get("leaves_inputs", False)
