"""The columns that an explanation speaks of: those of the user, and groups of them."""

from __future__ import annotations

from ..inspection.open_model import OpenedModel
from ..inspection.table_columns import TableColumn

__all__ = ["columns_to_explain"]


def columns_to_explain(opened: OpenedModel, groups, X) -> list[TableColumn] | None:
    """The columns of the user's table, with those of a group as one.

    Parameters
    ----------
    opened : OpenedModel
    groups : dict, "onehot" or None
    X : array-like
        Rows as the user gave them.
    """
    return opened.columns
