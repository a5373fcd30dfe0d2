"""Tables: from the columns a user has to the numbers that a network reads.

A table is read once, before training. Each column of the user becomes one column of
numbers, the *coded* table: a number in units of its spread, or the code of a category;
NaN where the value is missing. Networks encode the codes inside, so that all that is
said of the network's columns (attributions, annotations, importances) is about the
columns of the user. Files of this folder know nothing of torch, and import ``utils``
and nothing else of the package.
"""

from ._large_integers import merged_integers
from ._reader import (
    coded_table,
    is_raw,
    learn_form,
    missing_first,
    without_known_levels,
)
from ._table_form import TableForm

__all__ = [
    "TableForm",
    "coded_table",
    "is_raw",
    "learn_form",
    "merged_integers",
    "missing_first",
    "without_known_levels",
]
