"""The one place where the parameters of a user's callable are looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable

__all__ = ["has_parameter"]


def has_parameter(function: Callable, name: str) -> bool:
    """Whether a callable has a parameter of this name.

    ``False`` for callables without a signature, such as some of those written in C.
    """
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
