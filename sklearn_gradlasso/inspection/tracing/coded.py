"""The coding of a raw table by the network that reads it, as the last step."""

from __future__ import annotations

from dataclasses import replace

from ...tables import TableForm
from .registry import OutputColumn
from .tables import TracedTable

__all__ = ["coded_by"]


def coded_by(form: TableForm, table: TracedTable) -> TracedTable:
    """The coded table that a network makes of the table it is given.

    A number has a derivative, and a category has none. A missing value stays missing.
    """
    outputs = [
        OutputColumn(
            j,
            derivative=None if is_category else 1 / scale,
            replaced=table.missing(j),
            keeps_nan=True,
        )
        for j, (is_category, scale) in enumerate(zip(form.is_category, form.scale))
    ]
    return replace(table, features=table.made(outputs), _columns={})
