"""Functions of one column at a time, and how it is found out that they are."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import _safe_indexing

from .derivatives import derivative_of
from .registry import OutputColumn, register
from .tables import TracedTable
from .values import as_values, column_of, copied, is_missing, quiet

__all__ = ["elementwise"]

_DERIVATIVES = {
    np.absolute: np.sign,
    np.arctan: lambda x: 1 / (1 + x * x),
    np.arcsinh: lambda x: 1 / np.hypot(1, x),
    np.cbrt: lambda x: 1 / (3 * np.cbrt(x) ** 2),
    np.cos: lambda x: -np.sin(x),
    np.exp: np.exp,
    np.expm1: np.exp,
    np.fabs: np.sign,
    np.log: lambda x: 1 / x,
    np.log10: lambda x: 1 / (x * np.log(10)),
    np.log1p: lambda x: 1 / (1 + x),
    np.log2: lambda x: 1 / (x * np.log(2)),
    np.negative: lambda x: -np.ones_like(x),
    np.reciprocal: lambda x: -1 / (x * x),
    np.sin: np.cos,
    np.sqrt: lambda x: 0.5 / np.sqrt(x),
    np.square: lambda x: 2 * x,
    np.tanh: lambda x: 1 - np.tanh(x) ** 2,
}
_STEPS = {
    np.ceil,
    np.floor,
    np.isfinite,
    np.isinf,
    np.isnan,
    np.logical_not,
    np.rint,
    np.sign,
    np.signbit,
    np.trunc,
}
_N_ROWS = 8


def _function(step, table: TracedTable):
    function = step.func
    if function is None:
        return [OutputColumn(j, 1.0, is_same=True) for j in range(len(table))]
    one_to_one = isinstance(function, np.ufunc) and function.nin == function.nout == 1
    if one_to_one and not step.kw_args:
        slopes = [_slope_of_ufunc(function, table, j) for j in range(len(table))]
    else:
        return elementwise(step, table)
    inverse = step.inverse_func if isinstance(step.inverse_func, np.ufunc) else None
    return [OutputColumn(j, slope, inverse=inverse) for j, slope in enumerate(slopes)]


def elementwise(step, table: TracedTable) -> list[OutputColumn] | None:
    """Outputs that are each a function of the input in its place.

    Whether they are is found out by changes of single columns, and their derivatives
    by differences. A fitted step of any kind may be given.

    Returns
    -------
    list of OutputColumn, or None
        None if an output depends on another column, or on another row.
    """
    if not _is_elementwise(step, table):
        return None
    slopes = _slopes_of_function(step, table)
    return [OutputColumn(j, slope) for j, slope in enumerate(slopes)]


def _slope_of_ufunc(function, table: TracedTable, j: int) -> np.ndarray | None:
    if function in _STEPS or table.column(j).dtype.kind != "f":
        return None
    known = _DERIVATIVES.get(function)
    with quiet():
        x = table.numbers(j)
        return derivative_of(function, x) if known is None else known(x)


def _slopes_of_function(step, table: TracedTable) -> list:
    """Derivatives of all columns at once, each by its own input."""
    columns = [table.column(j) for j in range(len(table))]
    moved = [j for j, column in enumerate(columns) if column.dtype.kind == "f"]
    slopes: list = [None] * len(table)
    if not moved:
        return slopes

    def function(x):
        made = step.transform(_replaced(table.values, dict(zip(moved, x.T))))
        return np.stack([_floats(column_of(made, j)) for j in moved], axis=1)

    with quiet():
        made = step.transform(copied(table.values))
        moved = [j for j in moved if as_values(column_of(made, j)).dtype.kind == "f"]
        if moved:
            x = np.stack([columns[j] for j in moved], axis=1)
            for j, slope in zip(moved, derivative_of(function, x).T):
                slopes[j] = slope
    return slopes


def _floats(column) -> np.ndarray:
    return np.asarray(as_values(column), dtype=np.float64)


def _is_elementwise(step, table: TracedTable) -> bool:
    """Whether each output depends on the input in its place, in its own row, alone.

    Some rows are changed in a set of columns at a time, such that each two columns are
    told apart by one of the sets: none of the other outputs may move. The rows as they
    were, beside the changed ones and in the reverse order, must come out as they do
    alone.
    """
    if sp.issparse(table.values):
        return False
    columns = [table.column(j) for j in range(len(table))]
    rows = _some_rows(columns, table.n_rows)
    kept = [column[rows] for column in columns]
    changes = [_other_values(column, rows) for column in columns]
    sets = _separating(len(columns))
    blocks = [(chosen, k) for chosen in sets for k in range(len(changes[0]))]
    n_blocks = len(blocks) + 2
    order = np.concatenate([np.tile(rows, n_blocks - 1), rows[::-1]])
    try:
        with quiet():
            few = _safe_indexing(table.values, rows, axis=0)
            alone = step.transform(_replaced(few, dict(enumerate(kept))))
            many = _safe_indexing(table.values, order, axis=0)
            changed = {
                j: np.concatenate(
                    [changes[j][k] if chosen[j] else kept[j] for chosen, k in blocks]
                    + [kept[j], kept[j][::-1]]
                )
                for j in range(len(columns))
            }
            beside = step.transform(_replaced(many, changed))
        if np.shape(alone) != (len(rows), len(columns)) or sp.issparse(alone):
            return False
        if np.shape(beside) != (len(order), len(columns)):
            return False
    except Exception:  # The function may fail in any way on values it does not know.
        return False
    for j in range(len(columns)):
        own = as_values(column_of(alone, j))
        of_blocks = as_values(column_of(beside, j)).reshape(-1, len(rows))
        of_blocks[-1] = of_blocks[-1][::-1]
        still = [not chosen[j] for chosen, _ in blocks] + [True, True]
        if not all(_equal(block, own) for block in of_blocks[still]):
            return False
    return True


def _some_rows(columns: list[np.ndarray], n_rows: int) -> np.ndarray:
    """Rows for a trial: some from all over the table, and some with missing values."""
    missing = np.flatnonzero(np.logical_or.reduce([is_missing(c) for c in columns]))
    spread = np.linspace(0, n_rows - 1, min(n_rows, _N_ROWS)).astype(int)
    return np.unique(np.concatenate([spread, missing[:2]]))


def _other_values(column: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """Values near those of the rows, of other rows, at both ends, and a missing one.

    A condition that few rows meet is met by one of the values at the ends.
    """
    values, missing = column[rows], is_missing(column)
    if values.dtype.kind == "f":
        near = values + 0.01 * np.where(values == 0, 1, np.abs(values))
        known = np.sort(column[~missing])
    else:
        near = [f"{each}_" if isinstance(each, str) else each for each in values]
        known = [*{repr(each): each for each in column[~missing]}.values()]
    made = [near, np.roll(column, 1)[rows]]
    made += [[known[k]] * len(rows) for k in (0, -1) if len(known)]
    made += [values] * (4 - len(made))
    at = np.flatnonzero(missing)[:1]
    made.append(column[at.repeat(len(rows))] if len(at) else values)
    return [_as(each, values.dtype) for each in made]


def _as(values, dtype) -> np.ndarray:
    made = np.empty(len(values), dtype=dtype)
    made[:] = values
    return made


def _separating(n: int) -> list[np.ndarray]:
    """Sets of n columns: for each two there is one with the first and not the second.

    They are the columns whose number has a binary digit, and those that do not.
    """
    digits = [(np.arange(n) >> digit) & 1 == 1 for digit in range((n - 1).bit_length())]
    return [chosen for each in digits for chosen in (each, ~each)]


def _replaced(table, columns: dict[int, np.ndarray]):
    """A copy of a table with other values in some columns."""
    if hasattr(table, "isetitem"):  # pandas
        table = table.copy()
        for j, values in columns.items():
            table.isetitem(j, values)
        return table
    if hasattr(table, "with_columns"):  # polars
        return table.with_columns(
            [type(table[:, j])(table.columns[j], x) for j, x in columns.items()]
        )
    table = np.array(table)
    if table.dtype.kind in "iubf":
        table = table.astype(np.float64)
    for j, values in columns.items():
        table[:, j] = values
    return table


def _equal(first: np.ndarray, second: np.ndarray) -> bool:
    if first.dtype.kind == second.dtype.kind == "f":
        return np.allclose(first, second, rtol=1e-9, atol=0, equal_nan=True)
    missing = is_missing(first.astype(object))
    if (missing != is_missing(second.astype(object))).any():
        return False
    return all(a == b for a, b in zip(first[~missing], second[~missing]))


register(FunctionTransformer, _function)
register("skrub.SquashingScaler", elementwise)
