"""What a network for tables says of each column overall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support

from ._table_scores import Grid, TableScores, open_table

__all__ = ["ShapeFunction", "ShapeFunctions", "shape_functions"]

N_BACKGROUND = 500  # rows that what columns do together is averaged over
ROUNDING = 1e-9  # deviation of a constant score, relative to its size
MOST_NAMED = 4  # columns that a repr names


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ShapeFunction:
    """The mean score of a model as a function of one column.

    Parameters
    ----------
    name : str
    values : ndarray of shape (n_values,)
        Numbers in increasing order, or levels. NaN or None stand for other levels and
        for a missing value, which come last.
    kinds : ndarray of str of shape (n_values,)
        "number", "level", "other levels" (those that are rare in the training rows) or
        "missing".
    shares : ndarray of shape (n_values,)
        Shares of the rows, with sum 1. A row between two numbers is divided between
        them, in proportion to how close it is.
    scores : ndarray of shape (n_values,) or (n_values, n_outputs)
        The score if all rows had this value, minus its mean by ``shares``.
    additive : ndarray of the shape of scores
        The part of scores that the column adds by itself, also with mean zero. The rest
        is the mean of what it does together with other columns.
    """

    name: str
    values: np.ndarray
    kinds: np.ndarray
    shares: np.ndarray
    scores: np.ndarray
    additive: np.ndarray

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of the scores by shares, of shape () or (n_outputs,)."""
        return np.sqrt(self.shares @ self.scores**2)

    def __repr__(self) -> str:
        kinds = [*dict.fromkeys(self.kinds)]
        counts = [f"{(self.kinds == kinds[0]).sum()} {kinds[0]}s", *kinds[1:]]
        ends = f"from {self.scores.min():.3g} to {self.scores.max():.3g}"
        return f"<ShapeFunction of {self.name!r}: {', '.join(counts)}; {ends}>"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ShapeFunctions:
    """What a model says of each column overall; :func:`shape_functions` makes one.

    ``shapes["age"]`` is the :class:`ShapeFunction` of a column, and iterating gives all
    of them in the order of the columns.

    Parameters
    ----------
    functions : tuple of ShapeFunction
    base_values : ndarray of shape () or (n_outputs,)
        Mean score of the rows.
    explained_share : ndarray of shape () or (n_outputs,)
        Share of the variance of the score over the rows that the sum of these functions
        explains: 1 if the model is additive, and less where columns act together.
    additive_share : ndarray of shape () or (n_outputs,)
        The same of the sum of their ``additive`` parts.
    output_names : ndarray of str of shape (n_outputs,) or None
        The classes or labels, if each has its own scores.
    target, unit : str
        What the score is, in words, and its unit.
    background : str
        The rows, in words.
    """

    functions: tuple[ShapeFunction, ...]
    base_values: np.ndarray
    explained_share: np.ndarray
    additive_share: np.ndarray
    output_names: np.ndarray | None
    target: str
    unit: str
    background: str

    @property
    def feature_names(self) -> np.ndarray:
        """Names of the columns, of shape (n_columns,)."""
        return np.array([each.name for each in self.functions], dtype=object)

    def to_frame(self):
        """A pandas.DataFrame with a line for each column, value and output.

        Returns
        -------
        pandas.DataFrame
            With columns ``column``, ``output`` (name or number, if there are several),
            ``value``, ``kind``, ``share``, ``score`` and ``additive``. Its ``attrs``
            say what the scores are: target, unit and background.
        """
        pandas = check_pandas_support("ShapeFunctions.to_frame")
        parts = [self._lines(each) for each in self.functions]
        lines = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        # Left to itself, pandas would make NaN of the None of a missing level.
        lines["value"] = pandas.Series(lines["value"], dtype=object)
        frame = pandas.DataFrame(lines)
        names = "target", "unit", "background"
        frame.attrs.update({name: getattr(self, name) for name in names})
        return frame

    def _lines(self, function: ShapeFunction) -> dict:
        n, several = len(function.values), function.scores.ndim > 1
        m = function.scores.shape[1] if several else 1
        names = np.arange(m) if self.output_names is None else self.output_names
        lines = {
            "column": np.full(n * m, function.name, dtype=object),
            "output": np.repeat(names, n),
            "value": np.tile(function.values.astype(object), m),
            "kind": np.tile(function.kinds, m),
            "share": np.tile(function.shares, m),
            "score": function.scores.T.ravel(),
            "additive": function.additive.T.ravel(),
        }
        if not several:
            del lines["output"]
        return lines

    def __getitem__(self, name: str) -> ShapeFunction:
        for each in self.functions:
            if each.name == name:
                return each
        raise KeyError(
            f"there is no column {name!r}; columns are {self.feature_names.tolist()}."
        )

    def __iter__(self) -> Iterator[ShapeFunction]:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)

    def __repr__(self) -> str:
        sizes = [float(np.mean(each.deviation)) for each in self.functions]
        largest = np.argsort(-np.array(sizes), kind="stable")[:MOST_NAMED]
        named = [f"{self.functions[j].name} {sizes[j]:.3g}" for j in largest]
        more = ", ..." if len(sizes) > MOST_NAMED else ""
        share = 100 * float(np.mean(self.explained_share))
        return (
            f"<ShapeFunctions of {len(self)} columns on the {self.target}, in "
            f"{self.unit} (deviations: {', '.join(named)}{more}); they explain "
            f"{share:.1f} % of its variance at {self.background}>"
        )


def shape_functions(
    model, X: ArrayLike | None = None, *, random_state=0
) -> ShapeFunctions:
    """What a model with the network for tables says of each column overall.

    The score of this network is ``b + sum_j a_j(x_j) + h(x)``. The shape function of
    column j is the partial dependence of the score on it, ``a_j(v) + mean_b h(x_b; j <-
    v)``: the mean score if all rows b had the value v in this column. The first part is
    exact, and only h is averaged, over up to 500 rows. It is a statement about the
    whole model, where the first part alone is not.

    Parameters
    ----------
    model : estimator, Pipeline, search or other wrapper
        A fitted estimator of this package with the network for tables; see
        :meth:`Explanation.from_estimator` for wrappers.
    X : {array-like, DataFrame} of shape (n_samples, n_columns), default=None
        Rows as the model takes them, which are averaged over, and by which shares and
        means are taken. By default those are the training rows that the estimator
        keeps. In a Pipeline X is needed.
    random_state : int, RandomState instance or None, default=0
        Seed of the draw of 500 rows, if X has more.

    Returns
    -------
    ShapeFunctions
        For two classes in log-odds of the second, for several in log-probabilities
        minus the mean of all classes, for labels in log-odds of each, for a regressor
        in units of y, and with ``loss="poisson"`` in logarithms of the prediction.

    Raises
    ------
    TypeError
        If the network is another one.
    ValueError
        If X is needed, or does not fit the model.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Notes
    -----
    Numbers have the knots of the network, between which ``additive`` is a line. Behind
    the steps of a Pipeline they have up to 65 values of X, or else 33 quantiles. If
    columns depend on each other, the average is also over rows that do not exist.

    The cost is that of h at 500 rows for each value of each column, where only what the
    column gives to the first layer is computed anew.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.explanation import shape_functions
    >>> X = pd.DataFrame({"age": np.arange(200.0) % 60, "job": ["a", "b"] * 100})
    >>> y = X["age"] + 30 * (X["job"] == "a")
    >>> shapes = shape_functions(GradientLassoRegressor(random_state=0).fit(X, y))
    >>> job = shapes["job"]
    >>> job.values.tolist(), job.scores.round().tolist()
    (['a', 'b'], [15.0, -15.0])
    >>> bool(shapes.explained_share > 0.99)
    True
    """
    opened = open_table(model, X, "shape_functions")
    sums, rows, weight = opened.sums, opened.rows, opened.weight
    alone, together = sums.at_rows(rows)
    scores = sums.constant() + alone + together
    if len(rows) > N_BACKGROUND:
        drawn = check_random_state(random_state).choice(
            len(rows), N_BACKGROUND, replace=False
        )
        rows, weight = rows[drawn], np.full(N_BACKGROUND, 1 / N_BACKGROUND)
    functions = tuple(_functions(opened, rows, weight))
    total = np.zeros_like(scores)
    for grid, (_, whole) in zip(opened.grids, functions):
        total += grid.at_rows(whole)
    variance = opened.variance(scores)
    # A constant score is explained.
    varies = variance > (ROUNDING * np.abs(scores).max(axis=0)) ** 2

    def share(left: np.ndarray) -> np.ndarray:
        out = np.zeros_like(variance)
        np.divide(opened.variance(left), variance, out=out, where=varies)
        return opened.in_shape(1 - out)

    return ShapeFunctions(
        functions=tuple(
            _record(opened, grid, *parts)
            for grid, parts in zip(opened.grids, functions)
        ),
        base_values=opened.in_shape(opened.weight @ scores),
        explained_share=share(scores - total),
        additive_share=share(together),
        output_names=opened.output_names,
        target=opened.target,
        unit=opened.unit,
        background=opened.background,
    )


def _functions(
    opened: TableScores, rows: np.ndarray, weight: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each column what it adds by itself, and the partial dependence on it.

    Both have shape (n_values, n_scores).
    """
    sums = opened.sums
    # The columns do not meet, so that one table has the values of all of them.
    table = np.tile(rows[:1], (max(len(each.features) for each in opened.grids), 1))
    for grid in opened.grids:
        table[: len(grid.features), grid.positions] = grid.features
    alone, embedded = sums.alone(table), sums.embedded(table)
    at_rows = sums.together_at(rows)
    for grid in opened.grids:
        n = len(grid.features)
        of_column = alone[:n, grid.positions].sum(axis=1)
        together = [
            weight @ at_rows.replaced(grid.positions, embedded[k : k + 1])
            for k in range(n)
        ]
        yield grid.merged(of_column), grid.merged(of_column + np.stack(together))


def _record(
    opened: TableScores, grid: Grid, additive: np.ndarray, whole: np.ndarray
) -> ShapeFunction:
    shares = grid.shares
    return ShapeFunction(
        name=grid.name,
        values=grid.values,
        kinds=grid.kinds,
        shares=shares,
        scores=opened.in_shape(whole - shares @ whole),
        additive=opened.in_shape(additive - shares @ additive),
    )
