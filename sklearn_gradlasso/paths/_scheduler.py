"""One estimator, fitted with many strengths to many parts of the data, as one."""

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

from ..training.prepared import prepare
from ..training.training_data import TrainingData
from ..utils.threads import n_threads
from ._grouping import AtOnce
from ._prepared_part import Part
from ._train_group import Fit, trained

__all__ = ["fits_of"]

HEARING = 0.1  # seconds


def fits_of(
    estimator,
    data: TrainingData,
    parts: Sequence[np.ndarray],
    lams: np.ndarray,
    initial: dict[int, dict[str, Tensor]] | None = None,
) -> Iterator[Fit]:
    """Fit with every strength to every part; each as if it was alone.

    Networks with equally many rows are trained as one, on one thread, ``n_jobs`` such
    groups at a time. A group has as many networks as fit into the limit of memory: 256
    MiB on a CPU, beyond which it is not faster, and all of them together never more
    than scikit-learn's ``working_memory``. Where networks cannot be trained as one,
    they are trained by themselves, and a warning says why.

    Parameters
    ----------
    estimator : NetworkEstimator
        With an integer as ``random_state``; is not changed.
    data : TrainingData
    parts : sequence of ndarray of int
        The rows of each part.
    lams : ndarray of shape (n_lams,)
    initial : dict of int to dict of str to Tensor, optional
        For each part the parameters and buffers to start from.

    Yields
    ------
    Fit
        In no particular order.
    """
    order = sorted(range(len(parts)), key=lambda number: len(parts[number]))

    def part_of(number: int) -> Part:
        prepared = prepare(estimator, data.part(parts[number]))
        return Part(number, prepared, (initial or {}).get(number))

    n_fits, n_unsettled = len(parts) * len(lams), 0
    n_workers = n_threads(estimator.n_jobs)
    at_once = AtOnce(lams, len(parts), n_workers, type(estimator).__name__)
    bar = tqdm(total=n_fits, unit="fit", disable=not estimator.verbose)
    with bar, ThreadPoolExecutor(n_workers) as pool:
        first = part_of(order[0])
        n_parts = at_once.parts(first)
        while order:
            chosen, order = order[:n_parts], order[n_parts:]
            group = [first] if first else []
            group += [part_of(k) for k in chosen[len(group) :]]
            pieces = _pieces(group, lams, at_once)
            with closing(_as_they_end(pool, n_workers, pieces, lams)) as fits:
                for fit in fits:
                    n_unsettled += fit.ended_by == "max_epochs"
                    bar.update()
                    yield fit
            first = group = pieces = None  # their rows, before others are prepared
    if n_unsettled:
        warnings.warn(
            f"{type(estimator).__name__}: max_iter={estimator.max_iter} epochs were "
            f"over in {n_unsettled} of {n_fits} fits before training had settled; "
            "raise max_iter, learning_rate_init or tol.",
            ConvergenceWarning,
            stacklevel=5,
        )


def _as_they_end(
    pool: ThreadPoolExecutor, n_workers: int, pieces: Iterator, lams: np.ndarray
) -> Iterator[Fit]:
    """Fits of all pieces; as many are under way as there are threads.

    When the caller goes away or is interrupted, so does what is under way.
    """
    running, stop = set(), Event()
    try:
        while True:
            for piece in islice(pieces, n_workers - len(running)):
                running.add(pool.submit(trained, piece, lams, stop))
            if not running:
                return
            # Signals are heard between waits.
            ended, running = wait(running, HEARING, return_when=FIRST_COMPLETED)
            while ended:
                yield from ended.pop().result()
    finally:
        stop.set()
        wait(running)


def _pieces(
    parts: list[Part], lams: np.ndarray, at_once: AtOnce
) -> Iterator[list[tuple[Part, int]]]:
    """What is trained as one: pairs of a part and the number of a strength."""
    for form in dict.fromkeys(part.form for part in parts):
        alike = [part for part in parts if part.form == form]
        n_networks = at_once.networks(alike[0])
        # Without a prior there is one step and no attribution, as for one network.
        for numbers in (np.flatnonzero(lams), np.flatnonzero(lams == 0)):
            jobs = [(part, k) for part in alike for k in numbers]
            n_pieces = max(
                ceil(len(jobs) / n_networks), min(at_once.n_workers, len(jobs))
            )
            for start in range(n_pieces):
                yield jobs[start::n_pieces]
