"""Which pairs of columns a network for tables takes together, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support

from ._table_scores import open_table

__all__ = ["PairEffects", "pair_effects"]

N_PAIRS_OF_ROWS = 512
MOST_COLUMNS = 64  # all pairs of which are measured
MOST_NAMED = 3  # pairs that a repr names


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PairEffects:
    """How strongly pairs of columns act together; :func:`pair_effects` makes one.

    ``pairs["age", "debt"]`` is the strength of a pair, in either order: a float, or an
    array of shape (n_outputs,).

    Parameters
    ----------
    first, second : ndarray of str of shape (n_pairs,)
        Names of the columns, the strongest pair first.
    strengths : ndarray of shape (n_pairs,) or (n_pairs, n_outputs)
        In units of the score.
    feature_names : ndarray of str of shape (n_columns,)
    totals : ndarray of shape (n_columns,) or (n_columns, n_outputs)
        How strongly each column acts together with all others, in the same units.
    deviation : ndarray of shape () or (n_outputs,)
        Standard deviation of the score over the rows.
    output_names : ndarray of str of shape (n_outputs,) or None
        The classes or labels, if each has its own scores.
    target, unit : str
        What the score is, in words, and its unit.
    background : str
        The rows, in words.
    """

    first: np.ndarray
    second: np.ndarray
    strengths: np.ndarray
    feature_names: np.ndarray
    totals: np.ndarray
    deviation: np.ndarray
    output_names: np.ndarray | None
    target: str
    unit: str
    background: str

    def to_frame(self):
        """A pandas.DataFrame with a line for each pair, the strongest first.

        Returns
        -------
        pandas.DataFrame
            With columns ``first``, ``second`` and ``strength``; with several outputs
            there is a column for each, by its name or number, in place of ``strength``.
            Its ``attrs`` say what the strengths are: target, unit and background.
        """
        pandas = check_pandas_support("PairEffects.to_frame")
        lines = {"first": self.first, "second": self.second}
        if self.strengths.ndim == 1:
            lines["strength"] = self.strengths
        else:
            names = self.output_names
            names = np.arange(self.strengths.shape[1]) if names is None else names
            lines |= dict(zip(names, self.strengths.T))
        frame = pandas.DataFrame(lines)
        names = "target", "unit", "background"
        frame.attrs.update({name: getattr(self, name) for name in names})
        return frame

    def top(self, k: int = 10):
        """The k strongest pairs of :meth:`to_frame`.

        Parameters
        ----------
        k : int, default=10
        """
        return self.to_frame().head(k)

    def __getitem__(self, names: tuple[str, str]) -> float | np.ndarray:
        pairs = enumerate(zip(self.first, self.second))
        if isinstance(names, tuple):
            for k, (one, other) in pairs:
                if names in ((one, other), (other, one)):
                    return self.strengths[k]
        raise KeyError(
            f"there is no pair {names!r}; give the names of two columns of which pairs "
            f"were measured, among {self.feature_names.tolist()}."
        )

    def __len__(self) -> int:
        return len(self.strengths)

    def __repr__(self) -> str:
        sizes = np.sqrt(np.mean(self.strengths.reshape(len(self), -1) ** 2, axis=1))
        pairs = zip(self.first, self.second, sizes[:MOST_NAMED])
        named = ", ".join(f"{one} x {two} {size:.3g}" for one, two, size in pairs)
        return (
            f"<PairEffects of {len(self)} pairs on the {self.target}, in {self.unit}, "
            f"at {self.background}: {named}{', ...' * (len(self) > MOST_NAMED)}>"
        )


def pair_effects(model, X: ArrayLike | None = None, *, random_state=0) -> PairEffects:
    """Which pairs of columns act together in a model with the network for tables.

    The strength of a pair (j, k) is half of the root mean square, over rows x and r,
    of ``f(x) - f(x; j <- r) - f(x; k <- r) + f(x; j, k <- r)``, where ``j <- r`` puts
    the value of row r in the place of that of x. It is zero if the two columns add
    up. For columns that are independent it is the standard deviation of the part of
    the score f that depends on both.

    Numbers, categories and missing values are treated alike. Steps count as they do in
    answers, for which second derivatives (see
    :func:`sklearn_gradlasso.sensitivity.interaction_importance`) say nothing.

    Parameters
    ----------
    model : estimator, Pipeline, search or other wrapper
        A fitted estimator of this package with the network for tables; see
        :meth:`Explanation.from_estimator` for wrappers.
    X : {array-like, DataFrame} of shape (n_samples, n_columns), default=None
        Rows as the model takes them. By default the training rows that the estimator
        keeps. In a Pipeline X is needed.
    random_state : int, RandomState instance or None, default=0
        Seed of the 512 pairs of rows (x, r), which are drawn by weight.

    Returns
    -------
    PairEffects
        In the units of :func:`shape_functions`.

    Raises
    ------
    TypeError
        If the network is another one.
    ValueError
        If X is needed, or does not fit the model, or there is a single column.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Notes
    -----
    Only the part h of the score is computed, once for each pair. If there are more than
    64 columns, all pairs of the 64 with the largest ``totals`` are measured (2016 of
    them). The total of a column is the strength of the pair of it and of all others as
    one, which no pair with it exceeds if columns are independent.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.explanation import pair_effects
    >>> X = np.random.default_rng(0).integers(2, size=(1000, 4)).astype(float)
    >>> y = (X[:, 0] != X[:, 2]) + X[:, 1]
    >>> pairs = pair_effects(GradientLassoRegressor(random_state=0).fit(X, y))
    >>> pairs.top(1)[["first", "second"]].values.tolist()
    [['x0', 'x2']]
    >>> bool(pairs["x2", "x0"] > pairs["x0", "x1"])
    True
    >>> len(pairs)
    6
    """
    opened = open_table(model, X, "pair_effects")
    sums, rows, grids = opened.sums, opened.rows, opened.grids
    if len(grids) < 2:
        raise ValueError(
            f"pair_effects needs two columns at least, but there is {len(grids)}."
        )
    drawn = check_random_state(random_state).choice(
        len(rows), (2, N_PAIRS_OF_ROWS), p=opened.weight
    )
    x, r = rows[drawn[0]], rows[drawn[1]]
    of_x, of_r = sums.embedded(x), sums.embedded(r)
    at_x, at_r = sums.together_at(x), sums.together_at(r)
    base, other = at_x.at_rows(), at_r.at_rows()

    def strength(difference: np.ndarray) -> np.ndarray:
        return np.sqrt(np.mean(difference**2, axis=0)) / 2

    alone = [at_x.replaced(grid.positions, of_r) for grid in grids]
    rest = [at_r.replaced(grid.positions, of_x) for grid in grids]
    totals = np.stack([strength(base - j - k + other) for j, k in zip(alone, rest)])
    deviation = np.sqrt(opened.variance(sum(sums.at_rows(rows))))
    unit = np.where(deviation > 0, deviation, 1.0)
    largest = np.argsort(-_size(totals / unit), kind="stable")[:MOST_COLUMNS]
    pairs = np.array([*combinations(np.sort(largest), 2)])
    strengths = []
    for j, k in pairs:
        both = np.concatenate([grids[j].positions, grids[k].positions])
        changed = at_x.replaced(both, of_r)
        strengths.append(strength(base - alone[j] - alone[k] + changed))
    strengths = np.stack(strengths)
    order = np.argsort(-_size(strengths / unit), kind="stable")
    names = opened.names
    return PairEffects(
        first=names[pairs[order, 0]],
        second=names[pairs[order, 1]],
        strengths=opened.in_shape(strengths[order]),
        feature_names=names,
        totals=opened.in_shape(totals),
        deviation=opened.in_shape(deviation),
        output_names=opened.output_names,
        target=opened.target,
        unit=opened.unit,
        background=opened.background,
    )


def _size(strengths: np.ndarray) -> np.ndarray:
    """Root mean squares over the outputs."""
    return np.sqrt(np.mean(strengths**2, axis=1))
