"""What is known of each kind of transformer."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getattr_static

from .tables import TracedTable

__all__ = ["register", "through"]

_KNOWN: dict[type | str, Callable] = {}


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


def through(step, table: TracedTable) -> TracedTable:
    """What a fitted step makes of a table."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return table
    function = _function_of(step)
    outputs = None if function is None else function(step, table)
    if isinstance(outputs, TracedTable):
        return outputs
    return table.after(step, outputs)


def _function_of(step) -> Callable | None:
    """The function of its class, or of a base whose ``transform`` it has."""
    for kind in type(step).__mro__:
        name = f"{kind.__module__.split('.')[0]}.{kind.__name__}"
        function = _KNOWN.get(kind, _KNOWN.get(name))
        if function is not None:
            return function if _transform(type(step)) is _transform(kind) else None
    return None


def _transform(kind: type):
    return getattr_static(kind, "transform", None)
