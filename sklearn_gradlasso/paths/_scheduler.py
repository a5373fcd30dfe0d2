"""Fits one estimator with many strengths to many parts of the data.

The scheduler decides the order of the parts, the groups of networks that are trained as
one, and the threads on which the groups are trained.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from itertools import islice
from math import ceil
from threading import Event

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from tqdm.auto import tqdm

from ..training.prepared import Prepared, prepare
from ..training.rows import TrainingData
from ..utils.threads import n_threads
from ._grouping import GroupSize
from ._stack import put_into
from ._train_group import Fit, Job, train_group

__all__ = ["fit_all"]

SECONDS_BETWEEN_SIGNALS = 0.1  # longest time before an interrupt is noticed


def fit_all(
    estimator,
    data: TrainingData,
    parts: Sequence[np.ndarray],
    lams: np.ndarray,
    initial: dict[int, dict[str, Tensor]] | None = None,
) -> Iterator[Fit]:
    """Fit with every strength to every part; each fit is as if it was alone.

    Networks with the same number of rows form groups. The networks of a group are
    trained as one on one thread, and ``n_jobs`` groups are trained at the same time. A
    group has as many networks as its memory allows: 256 MiB on a CPU, because larger
    groups are not faster, and no more than scikit-learn's ``working_memory`` for all
    groups together. Networks that cannot be trained as one are trained one by one, and
    a warning says why.

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

    Yields
    ------
    Fit
        The fits, in no particular order.
    """
    # Parts with the same number of rows follow each other, so that they can share a
    # group.
    order = sorted(range(len(parts)), key=lambda number: len(parts[number]))

    def prepared_part(number: int) -> Prepared:
        prepared = prepare(estimator, data.part(parts[number]))
        if initial:
            put_into(prepared.network, initial[number])
        return prepared

    n_fits, n_unsettled = len(parts) * len(lams), 0
    n_workers = n_threads(estimator.n_jobs)
    size = GroupSize(lams, len(parts), n_workers, type(estimator).__name__)
    bar = tqdm(total=n_fits, unit="fit", disable=not estimator.verbose)
    with bar, ThreadPoolExecutor(n_workers) as pool:
        ready = {order[0]: prepared_part(order[0])}
        n_parts = size.parts(ready[order[0]])
        while order:
            chosen, order = order[:n_parts], order[n_parts:]
            ready |= {k: prepared_part(k) for k in chosen if k not in ready}
            groups = _groups(ready, lams, size)
            with closing(_completed_fits(pool, n_workers, groups)) as fits:
                for fit in fits:
                    n_unsettled += fit.ended_by == "max_epochs"
                    bar.update()
                    yield fit
            # Free the rows of these parts before other parts are prepared.
            ready, groups = {}, None
    if n_unsettled:
        warnings.warn(
            f"{type(estimator).__name__}: max_iter={estimator.max_iter} epochs were "
            f"over in {n_unsettled} of {n_fits} fits before training had settled; "
            "raise max_iter, learning_rate_init or tol.",
            ConvergenceWarning,
            stacklevel=5,
        )


def _completed_fits(
    pool: ThreadPoolExecutor, n_workers: int, groups: Iterator[list[Job]]
) -> Iterator[Fit]:
    """Yield the fits of all groups in the order in which the groups end.

    Each thread trains one group at a time. If the caller closes the generator or is
    interrupted, training is interrupted as well.
    """
    running, stop = set(), Event()
    try:
        while True:
            for group in islice(groups, n_workers - len(running)):
                running.add(pool.submit(train_group, group, stop))
            if not running:
                return
            # Python handles an interrupt only after a wait has ended.
            timeout = SECONDS_BETWEEN_SIGNALS
            ended, running = wait(running, timeout, return_when=FIRST_COMPLETED)
            while ended:
                yield from ended.pop().result()
    finally:
        stop.set()
        wait(running)


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
