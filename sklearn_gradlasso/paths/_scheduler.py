"""Fits one estimator with many strengths to many parts of the data.

The scheduler decides the order of the parts, the groups of networks that are trained as
one, and the threads on which the groups are trained.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from itertools import islice
from math import ceil

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from torch import Tensor

from ..training.prepared import Prepared, prepare
from ..training.rows import TrainingData
from ..utils.threads import computing, n_threads
from ._grouping import GroupSize
from ._stack import put_into
from ._supervision import Progress, Stop
from ._train_group import Fit, Job, train_group

__all__ = ["fit_all"]

SECONDS_BETWEEN_SIGNALS = 0.1  # longest time before an interrupt is noticed


def fit_all(
    estimator,
    data: TrainingData,
    parts: Sequence[np.ndarray],
    lams: np.ndarray,
    initial: dict[int, dict[str, Tensor]] | None = None,
    stop: Stop | None = None,
) -> Iterator[Fit]:
    """Fit with every strength to every part; each fit is as if it was alone.

    Networks with the same number of rows form groups. The networks of a group are
    trained as one on one thread, and ``n_jobs`` groups are trained at the same time. A
    group has as many networks as its memory allows: 256 MiB on a CPU, because larger
    groups are not faster, and no more than scikit-learn's ``working_memory`` for all
    groups together. Networks that cannot be trained as one are trained one by one, and
    a warning says why.

    A part to which the estimator cannot be fitted has no fits, and a warning says why.

    Parameters
    ----------
    estimator : NetworkEstimator
        An estimator with an integer as ``random_state``. It is not changed.
    data : TrainingData
    parts : sequence of ndarray of int
        Indices of the rows of each part.
    lams : ndarray of shape (n_lams,)
    initial : dict of int to dict of str to Tensor, optional
        Initial parameters and buffers for each part.
    stop : Stop, optional
        The caller sets it to end training early. A first keyboard interrupt sets it as
        well: networks in training then end with what they have learned
        (``ended_by="interrupt"``), and others have no fits.

    Yields
    ------
    Fit
        The fits, in no particular order. The estimators have ``n_jobs=None``: they
        answer on one thread, while other threads train.

    Raises
    ------
    Exception
        The error of the first part, if the estimator can be fitted to none of them.
    """
    stop = Stop() if stop is None else stop
    n_workers = n_threads(estimator.n_jobs)
    estimator = clone(estimator).set_params(n_jobs=None)
    known = _Parts(estimator, data, parts, initial or {})
    n_fits, n_unsettled = len(parts) * len(lams), 0
    name = type(estimator).__name__
    size = GroupSize(lams, len(parts), n_workers, name)
    ready = stop.outlasted(known.next, 1)
    if not ready:
        known.report()
        return
    (first,) = ready.values()
    n_parts, max_epochs = size.parts(first), first.options["max_epochs"]
    del first  # The rows of a part are freed after it.
    title = f"{name}: {len(lams)} strengths, {len(parts)} parts"
    progress = Progress(title, n_fits, max_epochs, bool(estimator.verbose))
    train = partial(train_group, stop=stop, progress=progress)
    with progress, ThreadPoolExecutor(n_workers) as pool:
        while ready and not stop.is_set():
            n_missing = n_parts - len(ready)
            ready |= stop.outlasted(known.next, n_missing)
            groups = _groups(ready, lams, size)
            fits = _completed_fits(pool, n_workers, groups, train, stop)
            with closing(fits):
                for fit in fits:
                    n_unsettled += fit.is_unsettled
                    yield fit
            # Free the rows of these parts before other parts are prepared.
            ready, groups = {}, None
            if not stop.is_set():
                ready = stop.outlasted(known.next, n_parts)
    known.report()
    if n_unsettled:
        warnings.warn(
            f"{name}: max_iter={max_epochs} epochs were over in {n_unsettled} of "
            f"{n_fits} fits before training had settled; raise max_iter, "
            "learning_rate_init or tol.",
            ConvergenceWarning,
            stacklevel=5,
        )


class _Parts:
    """Prepares the parts of the rows one after the other, those of one size together.

    Parts with the same number of rows follow each other, so that they can share a
    group.
    """

    def __init__(self, estimator, data: TrainingData, parts, initial: dict):
        self.estimator, self.data, self.parts = estimator, data, parts
        self.initial = initial
        self.left = sorted(range(len(parts)), key=lambda number: len(parts[number]))
        self.failed: dict[int, Exception] = {}

    def next(self, n_parts: int) -> dict[int, Prepared]:
        """Up to so many of the parts that are left, without those that fail."""
        ready: dict[int, Prepared] = {}
        while self.left and len(ready) < n_parts:
            number = self.left[0]
            try:
                ready[number] = self._prepared(number)
            except Exception as error:  # The user's module may raise anything.
                self.failed[number] = error
            del self.left[0]
        return ready

    def report(self) -> None:
        """Warn about the parts that failed, or raise the error if all of them did."""
        if not self.failed:
            return
        error = next(iter(self.failed.values()))
        if len(self.failed) == len(self.parts):
            raise error
        warnings.warn(
            f"{type(self.estimator).__name__} cannot be fitted to {len(self.failed)} "
            f"of {len(self.parts)} parts of the rows ({sorted(self.failed)}); they do "
            f"not count. {type(error).__name__}: {error}",
            FitFailedWarning,
            stacklevel=5,
        )

    def _prepared(self, number: int) -> Prepared:
        with computing(None):
            prepared = prepare(self.estimator, self.data.part(self.parts[number]))
        if number in self.initial:
            put_into(prepared.network, self.initial[number])
        return prepared


def _completed_fits(
    pool: ThreadPoolExecutor,
    n_workers: int,
    groups: Iterator[list[Job]],
    train: Callable[[list[Job]], list[Fit]],
    stop: Stop,
) -> Iterator[Fit]:
    """Yield the fits of all groups in the order in which the groups end.

    Each thread trains one group at a time. If the caller closes the generator, training
    ends as well.
    """
    running = set()
    # Python handles an interrupt only after a wait has ended.
    how = {"timeout": SECONDS_BETWEEN_SIGNALS, "return_when": FIRST_COMPLETED}
    try:
        while True:
            n_free = 0 if stop.is_set() else n_workers - len(running)
            for group in stop.outlasted(_taken, groups, n_free):
                running.add(pool.submit(train, group))
            if not running:
                return
            ended, running = stop.outlasted(wait, running, **how)
            while ended:
                yield from ended.pop().result()
    except BaseException:
        stop.set()
        wait(running)
        raise


def _taken(groups: Iterator[list[Job]], n_groups: int) -> list[list[Job]]:
    return list(islice(groups, n_groups))


def _groups(
    ready: dict[int, Prepared], lams: np.ndarray, size: GroupSize
) -> Iterator[list[Job]]:
    """Divide the networks of the prepared parts into groups that are trained as one."""
    for form in dict.fromkeys(prepared.form for prepared in ready.values()):
        alike = {k: part for k, part in ready.items() if part.form == form}
        n_networks = size.networks(next(iter(alike.values())))
        # Without a prior a step computes no attribution, so networks of strength zero
        # have their own groups.
        for numbers in (np.flatnonzero(lams), np.flatnonzero(lams == 0)):
            jobs = [
                Job(part, int(k), float(lams[k]), prepared)
                for part, prepared in alike.items()
                for k in numbers
            ]
            n_groups = max(ceil(len(jobs) / n_networks), min(size.n_workers, len(jobs)))
            for start in range(n_groups):
                yield jobs[start::n_groups]
