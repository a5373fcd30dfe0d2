"""Fits of many strengths to parts of the data, and their scores on other rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone, is_classifier
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_array, check_random_state

from ..metrics import effective_features
from ..training.prepared import can_be_prepared, prepare
from ..training.rows import TrainingData
from ..utils.threads import threads
from ._scheduler import fit_all
from ._stack import named_tensors
from ._train_group import Fit

__all__ = [
    "Grid",
    "evaluate_fits",
    "finite_fits",
    "fit_path",
    "input_gradients",
    "mean_over_folds",
    "resolve_lams",
    "seeded_clone",
]


class Grid(NamedTuple):
    """Results of the networks of all parts and strengths; NaN after a divergence.

    ``scores`` and ``effective_features`` have shape (n_parts, n_lams), and
    ``importances`` have shape (n_parts, n_lams, n_features).
    """

    scores: np.ndarray
    effective_features: np.ndarray
    importances: np.ndarray


def seeded_clone(estimator):
    """Clone an estimator, with an integer as ``random_state``.

    All fits of the clone to the same rows then give the same network.

    Raises
    ------
    TypeError
        If it is not an estimator of this package with a parameter ``lam``.
    ValueError
        If it has an accelerator.
    """
    if not can_be_prepared(estimator) or not hasattr(estimator, "lam"):
        raise TypeError(
            "estimator must be one of this package with a parameter lam, such as "
            f"GradientLassoClassifier(), got {estimator!r}. Transform X before, or put "
            "GradientLassoClassifierCV at the end of the Pipeline."
        )
    if estimator.accelerator is not None:
        raise ValueError(
            "accelerator is for one network that several processes train; for many "
            "networks use accelerator=None, and several jobs."
        )
    estimator = clone(estimator)
    random_state = estimator.random_state
    if not isinstance(random_state, Integral):
        random_state = check_random_state(random_state).randint(2**31 - 1)
    return estimator.set_params(random_state=random_state)


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
    with threads(estimator.n_jobs):
        balanced = prepared.candidate("auto").lam
    if not balanced:
        raise ValueError(
            f"lams={lams}: no range of strengths can be found, because nothing is "
            "penalised in these data (are there annotations?); give the strengths."
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


def evaluate_fits(
    fits: Iterator[Fit],
    shape: tuple[int, int],
    held_out: Sequence[Callable[[], TrainingData]],
    scoring,
) -> Grid:
    """Evaluate each fit on the rows held out from its part, as soon as it is fitted.

    ``held_out`` has a function for each part, which returns the rows held out from it.

    Raises
    ------
    ValueError
        If training diverged in all fits, or if ``scoring`` is several scores.
    """
    if isinstance(scoring, (list, tuple, set, dict)):
        raise ValueError(f"scoring must be one score, got {scoring!r}.")
    scores, effective = np.full(shape, np.nan), np.full(shape, np.nan)
    importances = None
    with closing(finite_fits(fits, np.prod(shape))) as fits:
        for part, strength, estimator in fits:
            if importances is None:
                n_features = len(estimator.feature_importances_)
                importances = np.full((*shape, n_features), np.nan)
            at, rest = (part, strength), held_out[part]()
            importances[at] = estimator.feature_importances_
            effective[at] = effective_features(input_gradients(estimator, rest.X))
            scores[at] = _score(check_scoring(estimator, scoring), estimator, rest)
    return Grid(scores, effective, importances)


def input_gradients(estimator, X) -> np.ndarray:
    """Gradients of the predicted class's score, or of all outputs of a regressor.

    Returns
    -------
    ndarray of shape (n_samples, n_features, n_outputs)
    """
    target = "predicted" if is_classifier(estimator) else None
    phi = estimator.explain(X, target=target, attribution="gradients")
    return phi.reshape(len(phi), len(estimator.feature_importances_), -1)


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
