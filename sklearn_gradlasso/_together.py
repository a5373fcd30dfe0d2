"""One estimator, fitted with many strengths to many parts of the data, as one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn import get_config
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from tqdm.auto import tqdm

from ._likeness import bytes_of_step, obstacle_to_stacking
from ._net import ObjectiveNet
from ._parts import Data, Part
from ._rows import RowsSideBySide
from ._stack import Stack
from ._stack_net import StackNet
from ._threads import n_threads, threads

__all__ = ["Fit", "fits_of"]

AT_ONCE = 128 * 2**20  # bytes on a CPU: more networks at once are no faster
STATES = 10  # of a network: weights, gradients, the optimizer's, those to go back to


class Fit(NamedTuple):
    """An estimator fitted to a part, with a strength; both by their number."""

    part: int
    strength: int
    estimator: Any


def fits_of(
    estimator,
    data: Data,
    parts: Sequence[np.ndarray],
    lams: np.ndarray,
    initial: dict[int, dict[str, Tensor]] | None = None,
) -> Iterator[Fit]:
    """Fit with every strength to every part; each as if it was alone.

    Networks with equally many rows are trained as one, on one thread, ``n_jobs`` such
    groups at a time. A group has as many networks as fit into the limit of memory: 128
    MiB on a CPU, beyond which it is not faster, and all of them together never more
    than scikit-learn's ``working_memory``. Where networks cannot be trained as one,
    they are trained by themselves, and a warning says why.

    Parameters
    ----------
    estimator : NetworkEstimator
        With an integer as ``random_state``; is not changed.
    data : Data
    parts : sequence of ndarray of int
        The rows of each part.
    lams : ndarray of shape (n_lams,)
    initial : dict of int to dict of str to Tensor, optional
        For each part the parameters and buffers to start from.

    Yields
    ------
    Fit
        In no particular order. ``estimator.net_.ended_by_`` says why training ended.
    """
    order = sorted(range(len(parts)), key=lambda number: len(parts[number]))

    def prepared(number: int) -> Part:
        return Part(number, estimator, data[parts[number]], (initial or {}).get(number))

    n_fits, n_unsettled = len(parts) * len(lams), 0
    n_workers = n_threads(estimator.n_jobs)
    bar = tqdm(total=n_fits, unit="fit", disable=not estimator.verbose)
    with bar, ThreadPoolExecutor(n_workers) as pool:
        first = prepared(order[0])
        limits = _limits(first, lams, n_fits, n_workers)
        while order:
            chosen, order = order[: limits.n_parts], order[limits.n_parts :]
            group = [first if k == first.number else prepared(k) for k in chosen]
            pieces = _pieces(group, lams, limits.n_networks, n_workers)
            for fit in _as_they_end(pool, pieces, lams):
                n_unsettled += fit.estimator.net_.ended_by_ == "max_epochs"
                bar.update()
                yield fit
    if n_unsettled:
        warnings.warn(
            f"{type(estimator).__name__}: max_iter={estimator.max_iter} epochs were "
            f"over in {n_unsettled} of {n_fits} fits before training had settled; "
            "raise max_iter, learning_rate_init or tol.",
            ConvergenceWarning,
            stacklevel=5,
        )


def _as_they_end(pool: ThreadPoolExecutor, pieces: Iterator, lams) -> Iterator[Fit]:
    """Fits of all pieces; no more is under way or waits than there are threads."""
    running: set = set()
    try:
        while True:
            room = pool._max_workers - len(running)
            running |= {
                pool.submit(_trained, each, lams) for each in islice(pieces, room)
            }
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            while ended:
                yield from ended.pop().result()
    finally:
        wait(running)


class _Limits(NamedTuple):
    """Networks that are trained as one, and parts that are in memory, at most."""

    n_networks: int
    n_parts: int


def _limits(part: Part, lams: np.ndarray, n_fits: int, n_workers: int) -> _Limits:
    """What a first part tells about all of them."""
    memory = 2**20 * get_config()["working_memory"]
    n_parts = max(1, int(memory / part.n_bytes))
    one_by_one = _Limits(1, min(n_parts, n_workers))
    if n_fits == 1:
        return one_by_one
    weakest, strongest = (part.estimator_with(lam) for lam in (lams.min(), lams.max()))
    on_cpu = part.rows[0].device.type == "cpu"
    # The other half is for what surrounds a step, and for the results.
    at_once = min(memory / 2 / n_workers, AT_ONCE if on_cpu else math.inf)
    weights = sum(value.nbytes for value in part.network.state_dict().values())
    with threads(None):
        of_network = bytes_of_step(part, strongest) + STATES * weights
        if at_once < 2 * of_network:
            return one_by_one
        reason = obstacle_to_stacking(part, weakest, strongest)
    if reason:
        warnings.warn(
            f"{type(part.estimator).__name__}: networks are trained one by one and not "
            f"as one, which takes longer: {reason}",
            stacklevel=6,
        )
        return one_by_one
    n_networks = int(at_once / of_network)
    return _Limits(n_networks, min(n_parts, ceil(n_workers * n_networks / len(lams))))


def _pieces(
    parts: list[Part], lams: np.ndarray, n_networks: int, n_workers: int
) -> Iterator[list[tuple[Part, int]]]:
    """What is trained as one: pairs of a part and the number of a strength."""
    n_networks = min(n_networks, ceil(len(parts) * len(lams) / n_workers))
    while parts:
        alike = [part for part in parts if part.can_be_beside(parts[0])]
        parts = [part for part in parts if part not in alike]
        # Without a prior there is one step and no attribution, as for one network.
        for numbers in (np.flatnonzero(lams), np.flatnonzero(lams == 0)):
            jobs = [(part, k) for part in alike for k in numbers]
            n_pieces = ceil(len(jobs) / n_networks)
            for start in range(n_pieces):
                yield jobs[start::n_pieces]


def _trained(jobs: list[tuple[Part, int]], lams: np.ndarray) -> list[Fit]:
    """Train networks of parts that can be beside each other, on one thread."""
    with threads(None):
        estimators = [part.estimator_with(lams[k]) for part, k in jobs]
        train = _as_one if len(jobs) > 1 else _alone
        nets = train([part for part, _ in jobs], estimators)
        each = zip(jobs, estimators, nets)
        return [_fit(part, k, estimator, net) for (part, k), estimator, net in each]


def _alone(parts: list[Part], estimators: list) -> list[ObjectiveNet]:
    (part,), (estimator,) = parts, estimators
    net = part.net_for(estimator, deepcopy(part.network))
    with part.stray():
        net.train(*part.rows)
    return [net]


def _as_one(parts: list[Part], estimators: list) -> Iterator[ObjectiveNet]:
    different = list({id(part): part for part in parts}.values())
    stack = Stack([part.network for part in parts])
    like = next(stack.parameters())
    lams = torch.tensor([e.lam_ for e in estimators], dtype=torch.float64).to(like)
    part_of = torch.tensor([different.index(part) for part in parts])
    net = parts[0].net_for(
        estimators[0],
        stack,
        kind=StackNet,
        objective=replace(estimators[0]._objective(), lam=lams if lams.any() else 0.0),
        part_of=part_of.to(like.device),
    )
    beside = (RowsSideBySide(rows) for rows in zip(*(part.rows for part in different)))
    for part, estimator, course in zip(parts, estimators, net.train(*beside)):
        net = part.net_for(estimator, deepcopy(part.network))
        net.module_.load_state_dict(course.tensors)
        net.module_.eval()
        net.history.extend(course.history)
        net.ended_by_ = course.ended_by
        yield net


def _fit(part: Part, strength: int, estimator, net: ObjectiveNet) -> Fit:
    estimator._take(net, warm=False)
    try:
        estimator._describe(part.rows)
    except ValueError:  # not finite, which a divergence explains
        if net.ended_by_ != "divergence":
            raise
    return Fit(part.number, strength, estimator)
