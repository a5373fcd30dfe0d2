"""Training of a group of networks, of several strengths and parts, on one thread."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from threading import Event
from typing import Any, NamedTuple

import torch

from ..training.loop import ObjectiveNet
from ..training.prepared import Candidate, Prepared
from ..training.rows import StackedRows
from ..utils.threads import computing
from ._stack import Stack, put_into
from ._stack_net import StackNet
from ._supervision import Progress

__all__ = ["Fit", "Job", "train_group"]


class Job(NamedTuple):
    """A network to train on a part of the data with a strength.

    ``part`` and ``strength`` are indices. ``prepared`` is the part, and ``lam`` is the
    strength.
    """

    part: int
    strength: int
    lam: float
    prepared: Prepared


class Fit(NamedTuple):
    """A fitted estimator, with the indices of its part and its strength.

    After a divergence the estimator has no ``feature_importances_``.
    """

    part: int
    strength: int
    estimator: Any

    @property
    def ended_by(self) -> str:
        return self.estimator.net_.ended_by_

    @property
    def is_unsettled(self) -> bool:
        """Whether more epochs might have changed the network."""
        net = self.estimator.net_
        return net.ended_by_ == "max_epochs" and not net.n_cycles


def train_group(jobs: list[Job], stop: Event, progress: Progress) -> list[Fit]:
    """Train networks on one thread; several networks are trained as one.

    Parameters
    ----------
    jobs : list of Job
        Jobs whose parts have the same number of rows, and whose strengths are either
        all zero or all positive.
    stop : Event
        When it is set, training ends after the current epoch, and the networks keep
        what they have learned. A group that has not begun then returns no fits.
    progress : Progress
    """
    # Earlier skorch nets contain reference cycles. Collect them now, because their
    # tensors would stay in memory otherwise.
    gc.collect()
    with computing(None):
        candidates = [job.prepared.candidate(job.lam) for job in jobs]
        train = _train_as_one if len(jobs) > 1 else _train_alone
        if stop.is_set():
            return []
        prepared = [job.prepared for job in jobs]
        nets = list(train(prepared, candidates, stop, progress))
        return [
            Fit(job.part, job.strength, candidate.fitted(net))
            for job, candidate, net in zip(jobs, candidates, nets)
        ]


def _train_alone(
    parts: list[Prepared],
    candidates: list[Candidate],
    stop: Event,
    progress: Progress,
) -> list[ObjectiveNet]:
    (prepared,), (candidate,) = parts, candidates
    network = deepcopy(prepared.network)
    net = prepared.net_of(candidate, network, stop=stop, progress=False)
    with prepared.global_rng():
        net.train(*prepared.rows)
    if net.ended_by_ == "interrupt":
        stop.set()
    progress.ended(net.max_epochs)
    return [net]


def _train_as_one(
    parts: list[Prepared],
    candidates: list[Candidate],
    stop: Event,
    progress: Progress,
) -> Iterator[ObjectiveNet]:
    different = list({id(prepared): prepared for prepared in parts}.values())
    stack = Stack([prepared.network for prepared in parts])
    like = next(stack.parameters())
    lams = torch.tensor([c.lam for c in candidates], dtype=torch.float64).to(like)
    part_of = torch.tensor([different.index(prepared) for prepared in parts])
    net = parts[0].net_of(
        candidates[0],
        stack,
        kind=StackNet,
        objective=replace(candidates[0].objective, lam=lams if lams.any() else 0.0),
        part_of=part_of.to(like.device),
        stop=stop,
        told=progress,
    )
    rows = (StackedRows(each) for each in zip(*(p.rows for p in different)))
    for prepared, candidate, training in zip(parts, candidates, net.train(*rows)):
        net = prepared.net_of(candidate, deepcopy(prepared.network))
        put_into(net.module_.eval(), training.tensors)
        net.history.extend(training.history)
        net.ended_by_ = training.ended_by
        yield net
