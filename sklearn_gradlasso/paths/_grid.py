"""Which strengths are fitted, to which parts of the data, and which fits count."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import check_array

from ..training.prepared import prepare
from ..training.rows import TrainingData
from ..utils.threads import computing
from ._scheduler import fit_all
from ._stack import named_tensors
from ._supervision import Stop
from ._train_group import Fit

__all__ = ["finite_fits", "fit_path", "resolve_lams"]


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
    with computing(None):
        prepared = prepare(clone(estimator).set_params(lam=0.0), data)
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
    stop: Stop | None = None,
) -> Iterator[Fit]:
    """Fit to all parts with all strengths.

    With ``warm_start`` each network starts from the weights of the network with the
    next smaller strength on the same part. For ``stop`` see :func:`fit_all`.
    """
    stop = Stop() if stop is None else stop
    if not warm_start:
        yield from fit_all(estimator, data, parts, lams, stop=stop)
        return
    trained: dict = {}
    for k in np.argsort(lams, kind="stable"):
        if stop.is_set():
            return
        fits = fit_all(estimator, data, parts, lams[[k]], dict(trained), stop)
        with closing(fits):
            for fit in fits:
                trained[fit.part] = named_tensors(fit.estimator.net_.module_)
                yield fit._replace(strength=int(k))


def finite_fits(fits: Iterator[Fit], n_fits: int, stop: Stop) -> Iterator[Fit]:
    """Yield the fits whose loss stayed finite, and warn at the end about the others.

    Raises
    ------
    ValueError
        If no loss stayed finite.
    KeyboardInterrupt
        If there are no fits, because training was interrupted.
    """
    diverged, n_given, n_interrupted = [], 0, 0
    with closing(fits):
        for fit in fits:
            n_interrupted += fit.ended_by == "interrupt"
            n_given += 1
            if fit.ended_by == "divergence":
                diverged.append(fit.estimator.lam_)
            else:
                yield fit
    if stop.is_set():
        if n_given == len(diverged):
            raise KeyboardInterrupt
        _warn_of_interrupt(n_fits, n_given, n_interrupted)
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


def _warn_of_interrupt(n_fits: int, n_given: int, n_interrupted: int) -> None:
    warnings.warn(
        f"training was interrupted: of {n_fits} networks {n_given - n_interrupted} had "
        f"been trained, {n_interrupted} hold what they had learned until then, and "
        f"{n_fits - n_given} have no results.",
        UserWarning,
        stacklevel=5,
    )
