"""Fits of many strengths to parts of the data, and their scores on other rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_array

from ..inspection.column_slopes import UserColumns
from ..training.prepared import prepare
from ..training.rows import TrainingData
from ..utils.threads import computing
from ._losses import HeldOutLoss
from ._scheduler import fit_all
from ._stack import named_tensors
from ._train_group import Fit
from ._usage import Usage

__all__ = [
    "Grid",
    "Split",
    "evaluate_fits",
    "finite_fits",
    "fit_path",
    "mean_over_folds",
    "resolve_lams",
    "shares",
]


class Grid(NamedTuple):
    """Results of the networks of all parts and strengths; NaN after a divergence.

    ``scores``, ``losses``, ``effective_features`` and ``effective_columns`` have shape
    (n_parts, n_lams), ``constant_losses`` (n_parts,), and ``importances`` (n_parts,
    n_lams, n_features), or with columns of their own names (n_parts, n_lams,
    n_columns).
    """

    scores: np.ndarray
    losses: np.ndarray
    constant_losses: np.ndarray
    effective_features: np.ndarray
    effective_columns: np.ndarray
    importances: np.ndarray


def resolve_lams(
    estimator,
    data: TrainingData,
    lams: int | ArrayLike,
    ends: tuple[float, float] = (1e-3, 10.0),
) -> np.ndarray:
    """Return the strengths as an array, or choose them if ``lams`` is their number.

    Chosen strengths are evenly spaced in their logarithm between the ``ends``, which
    are relative to the strength that balances loss and prior.

    Raises
    ------
    ValueError
        If the strengths are not non-negative numbers, or none can be found.
    """
    if not isinstance(lams, Integral) or isinstance(lams, bool):
        return _checked(lams)
    if lams < 1:
        raise ValueError(f"lams must be a positive number of strengths, got {lams}.")
    prepared = prepare(clone(estimator).set_params(lam=0.0), data)
    with computing(estimator.n_jobs):
        balanced = prepared.candidate("auto").lam
    if not balanced:
        raise ValueError(
            f"lams={lams}: no range of strengths can be found, because nothing is "
            "penalised in these data. Are there annotations, and has y more than one "
            "class or value? Otherwise give the strengths."
        )
    low, high = (balanced * end for end in ends)
    return np.geomspace(low, high, lams) if lams > 1 else np.array([balanced])


def _checked(lams: ArrayLike) -> np.ndarray:
    try:
        if np.asarray(lams).dtype.kind not in "iuf":
            raise ValueError("they must be numbers.")
        values = check_array(lams, ensure_2d=False, dtype=np.float64, input_name="lams")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"lams must be a number of strengths or an array of them, got {lams!r}: "
            f"{error}"
        ) from error
    if values.ndim != 1 or (values < 0).any():
        raise ValueError(
            f"lams must be strengths that are not negative, in one axis, got {lams!r}."
        )
    return values


def fit_path(
    estimator,
    data: TrainingData,
    parts: Sequence[np.ndarray],
    lams: np.ndarray,
    warm_start: bool = False,
) -> Iterator[Fit]:
    """Fit to all parts with all strengths.

    With ``warm_start`` each network starts from the weights of the network with the
    next smaller strength on the same part.
    """
    if not warm_start:
        yield from fit_all(estimator, data, parts, lams)
        return
    trained: dict = {}
    for k in np.argsort(lams, kind="stable"):
        fits = fit_all(estimator, data, parts, lams[[k]], dict(trained))
        with closing(fits):
            for fit in fits:
                trained[fit.part] = named_tensors(fit.estimator.net_.module_)
                yield fit._replace(strength=int(k))


def finite_fits(fits: Iterator[Fit], n_fits: int) -> Iterator[Fit]:
    """Yield the fits whose loss stayed finite, and warn at the end about the others.

    Raises
    ------
    ValueError
        If no loss stayed finite.
    """
    diverged = []
    with closing(fits):
        for fit in fits:
            if fit.ended_by == "divergence":
                diverged.append(fit.estimator.lam_)
            else:
                yield fit
    if diverged:
        message = (
            f"the loss was no longer finite in {len(diverged)} of {n_fits} fits, with "
            f"lam from {min(diverged):.3g} to {max(diverged):.3g}. Scale X (with "
            "StandardScaler, say), leave out the strongest lams, or lower "
            "learning_rate_init."
        )
        if len(diverged) == n_fits:
            raise ValueError(message)
        warnings.warn(f"{message} They do not count.", FitFailedWarning, stacklevel=4)


class Split(NamedTuple):
    """Functions that return the rows networks are trained on, and those held out."""

    train: Callable[[], TrainingData]
    rest: Callable[[], TrainingData]


def evaluate_fits(
    fits: Iterator[Fit],
    shape: tuple[int, int],
    splits: Sequence[Split],
    scoring,
    columns: UserColumns,
) -> Grid:
    """Evaluate each fit on the rows held out from its part, as soon as it is fitted.

    There is a split for each part.

    Raises
    ------
    ValueError
        If training diverged in all fits, or if ``scoring`` is several scores.
    """
    if isinstance(scoring, (list, tuple, set, dict)):
        raise ValueError(f"scoring must be one score, got {scoring!r}.")
    grid = Grid(
        scores=np.full(shape, np.nan),
        losses=np.full(shape, np.nan),
        constant_losses=np.full(shape[0], np.nan),
        effective_features=np.full(shape, np.nan),
        effective_columns=np.full(shape, np.nan),
        importances=np.empty(0),
    )
    measures: dict[int, tuple[HeldOutLoss, Usage]] = {}
    with closing(finite_fits(fits, np.prod(shape))) as fits:
        for part, strength, estimator in fits:
            at, rest = (part, strength), splits[part].rest()
            if part not in measures:
                train = splits[part].train()
                loss = HeldOutLoss(estimator, train, rest)
                measures[part] = loss, Usage(estimator, train, rest, columns)
                grid.constant_losses[part] = loss.of_constant
            loss, usage = measures[part]
            used = usage(estimator, rest.X)
            importances = estimator.feature_importances_
            if not columns.are_features:
                importances = shares(used.sizes)
            if not grid.importances.size:
                empty = np.full((*shape, len(importances)), np.nan)
                grid = grid._replace(importances=empty)
            grid.importances[at] = importances
            grid.effective_features[at] = used.features
            grid.effective_columns[at] = used.columns
            grid.losses[at] = loss(estimator, rest.X)
            grid.scores[at] = _score(check_scoring(estimator, scoring), estimator, rest)
    return grid


def shares(sizes: np.ndarray) -> np.ndarray:
    """Sizes that sum to 1; all are equal if nothing has a size."""
    total = sizes.sum()
    return sizes / total if total > 0 else np.full(len(sizes), 1 / len(sizes))


def mean_over_folds(values: np.ndarray) -> np.ndarray:
    """Mean along the first axis over the finite values; NaN if there are none."""
    return np.ma.masked_invalid(values).mean(axis=0).filled(np.nan)


def _score(scorer, estimator, rest: TrainingData) -> float:
    weight = rest.sample_weight
    if weight is not None:
        try:
            return scorer(estimator, rest.X, rest.y, sample_weight=weight)
        except TypeError as error:  # Some scorers take no weights.
            if "sample_weight" not in str(error):
                raise
    return scorer(estimator, rest.X, rest.y)
