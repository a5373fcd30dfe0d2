"""The importance that features without any meaning reach: a floor for all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._indexing import _safe_indexing
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.column_slopes import UserColumns
from ..inspection.feature_names import check_same_columns
from ..inspection.open_model import open_model
from ..inspection.user_columns import traced_columns
from ..inspection.wrappers import check_not_frozen
from ..utils.annotations import check_annotations
from ..utils.seeds import reseeded
from ._columns import column_sizes
from ._front import behind_transformers
from ._raw_tables import (
    names_of_shadows,
    reads_as_table,
    side_by_side,
    with_marked_shadows,
)
from ._reporting import percent
from ._results import NoiseFloor

__all__ = ["noise_floor", "weights_given"]


def noise_floor(
    estimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    level: float = 0.05,
    n_repeats: int | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    random_state=None,
    **fit_params,
) -> NoiseFloor:
    """Which columns are more important than permuted copies of them.

    The estimator is fitted again on the columns of X and their shadows. A shadow is a
    copy of a column with its rows in another order, so that it has no meaning. A
    column without meaning exceeds the floor with a probability of at most ``level``,
    provided that it could be exchanged for a shadow: columns must be on a common scale,
    and rows must not depend on each other.

    The transformers of a Pipeline are fitted once, on X, and the shadows are copies of
    what they return: the network at its end is fitted on twice as many features. All
    features that are made of a column of X are one column, and so are their shadows.

    Parameters
    ----------
    estimator : estimator
        A network of this package, or another that ``global_importance`` takes, alone or
        as the last step of a Pipeline; it is cloned. The network must take twice as
        many features: it cannot have a ``GraphLaplacian`` or an array of
        ``monotonic_cst``. In other wrappers it must see the columns of X one by one.
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    level : float, default=0.05
        Probability that a feature without meaning is found significant.
    n_repeats : int, default=None
        Number of refits. By default 3, or more if fewer than ``1 / level`` shadows
        would come of it.
    groups : dict of str to list of str, default=None
        Names of columns that are taken as one: columns of X, which are followed through
        the transformers of a Pipeline, or features at the network. By default every
        column of X is one by itself, and behind a PCA, say, its outputs are the
        columns. Without a Pipeline, neighbouring features that are one-hot are one.
    random_state : int, RandomState instance or None, default=None
        Seed of the permutations and of the refits; by default the ``random_state`` of
        the estimator, or of the last step of a Pipeline.
    **fit_params : dict
        Parameters of the estimator's ``fit``. Annotations do not extend to shadows.

    Returns
    -------
    NoiseFloor

    Raises
    ------
    TypeError
        If the estimator cannot be differentiated, or is frozen.
    ValueError
        If an argument is out of range, or the shadows are too few for the level.

    References
    ----------
    M. B. Kursa, W. R. Rudnicki (2010). Feature selection with the Boruta package.
    Journal of Statistical Software 36(11). The idea of shadows is theirs.
    """
    bounds = {"min_val": 0, "max_val": 1, "include_boundaries": "neither"}
    check_scalar(level, "level", Real, **bounds)
    check_not_frozen(estimator, "noise_floor")
    weight = weights_given(fit_params)
    behind = behind_transformers(estimator, X, y, fit_params)
    estimator, X_given, X = behind.network, X, _rows_to_copy(behind.rows)
    n, d = _shape(X)
    are_read = reads_as_table(estimator, X)
    given = X_given, behind.transformers, X, groups
    columns = traced_columns(*given, are_read=are_read)
    n_columns = len(columns.positions)
    if n_repeats is None:
        n_repeats = max(3, ceil(1 / level / n_columns))
    check_scalar(n_repeats, "n_repeats", Integral, min_val=1)
    # The floor is the shadow of this rank. A column that could be exchanged for a
    # shadow has each rank among them with the same probability.
    rank = ceil((1 - level) * (n_repeats * n_columns + 1))
    if rank > n_repeats * n_columns:
        raise ValueError(
            f"n_repeats={n_repeats} gives {n_repeats * n_columns} shadows, too few for "
            f"level={level}; it needs {ceil((1 / level - 1) / n_columns)} repeats."
        )
    if random_state is None:
        random_state = getattr(estimator, "random_state", None)
    random = check_random_state(random_state)
    fit_params = _extended_to_shadows(behind.fit_params, X, n, d, are_read)
    estimator = with_marked_shadows(estimator, X)
    with_shadows = UserColumns(
        [*columns.positions, *(each + d for each in columns.positions)],
        np.concatenate([columns.names, columns.names]),
        columns.are_features,
    )
    found = np.empty((n_repeats, 2 * n_columns))
    for k in range(n_repeats):
        both = _with_shadows(X, random.permutation(n))
        # Each refit has other initial weights: they are part of the noise.
        fitted = reseeded(clone(estimator), random)
        try:
            fitted.fit(both, y, **fit_params)
        except RuntimeError as error:  # torch's error if a shape does not fit
            raise ValueError(
                f"The estimator cannot be fitted on {2 * d} columns, {d} of them "
                f"shadows; its network must take any number of columns: {error}"
            ) from error
        opened = open_model(fitted, both)
        check_same_columns(opened.names, both, bool(opened.transformers))
        network = opened.differentiable(sample_weight=weight)
        found[k] = percent(column_sizes(network, with_shadows), 0)
    importances, shadows = found[:, :n_columns].mean(axis=0), found[:, n_columns:]
    reached = (shadows.ravel() >= importances[:, None]).sum(axis=1)
    names = columns.names
    if columns.are_features:
        names = opened.names.ravel()[:d]
    return NoiseFloor(
        importances=columns.reported(importances, d),
        shadows=columns.reported(shadows, d),
        floor=float(np.sort(shadows, axis=None)[rank - 1]),
        p_values=columns.reported((1 + reached) / (1 + shadows.size), d),
        level=level,
        feature_names=names,
    )


def weights_given(fit_params: dict):
    """The sample weights among parameters of ``fit``, also those for a step."""
    for name, values in fit_params.items():
        if f"__{name}".endswith("__sample_weight"):
            return values
    return None


def _rows_to_copy(X):
    """Rows in a form whose rows and columns can be taken: all but frames change."""
    if sp.issparse(X):
        return X.tocsr()
    return X if hasattr(X, "columns") else np.asarray(X)


def _shape(X) -> tuple[int, int]:
    shape = X.shape if sp.issparse(X) else np.asarray(X).shape
    if len(shape) != 2:
        raise ValueError(
            f"X must be of shape (n_samples, n_features) for shadows, got {shape}."
        )
    return shape


def _with_shadows(X, order: np.ndarray):
    """The columns of X, followed by the same columns with their rows reordered."""
    other = _safe_indexing(X, order)
    if sp.issparse(X):
        return sp.hstack([X, other], format="csr")
    if not hasattr(X, "columns"):
        return np.hstack([np.asarray(X), np.asarray(other)])
    names = list(range(2 * X.shape[1]))
    if all(isinstance(name, str) for name in X.columns):
        names = [*X.columns, *names_of_shadows(X.columns)]
    if not hasattr(X, "iloc"):
        return side_by_side(X, other, names)
    pandas = check_pandas_support("noise_floor")
    both = pandas.concat([X, other.set_axis(X.index)], axis=1)
    return both.set_axis(names, axis=1)


def _extended_to_shadows(fit_params: dict, X, n: int, d: int, are_read: bool) -> dict:
    """Parameters of ``fit`` with annotations that are zero for the shadows."""
    given = fit_params.get("annotations")
    if given is None:
        return fit_params
    names = np.asarray(X.columns) if hasattr(X, "columns") else None
    index = X.index if hasattr(X, "iloc") else None
    like = X if sp.issparse(X) else np.asarray(X)
    if like.dtype.kind not in "biuf":  # The values of categories are of no use.
        like = np.broadcast_to(np.zeros(1), (n, d))
    values = check_annotations(given, like, names, index, are_columns=are_read)
    if sp.issparse(values):
        values = sp.hstack([values, sp.csr_matrix((n, d))], format="csr")
    else:
        values = np.hstack([values, np.zeros((n, d))])
    return {**fit_params, "annotations": values}
