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

    Raises
    ------
    ValueError
        If the table has another number of columns than that of ``fit``.
    """
    n_columns, n_fitted = len(table.features), len(form.names)
    if n_columns != n_fitted:
        raise ValueError(
            f"X has {n_columns} columns at the network, which was fitted to "
            f"{n_fitted}: {', '.join(map(str, form.names[:5]))}"
            f"{', ...' if n_fitted > 5 else ''}. Give a table with the columns of fit."
        )
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
