"""The training of a group: networks of several strengths and parts, as one or alone."""

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
from ..training.rows import RowsSideBySide
from ..utils.threads import threads
from ._stack import Stack, put_into
from ._stack_net import StackNet

__all__ = ["Fit", "Job", "train_group"]


class Job(NamedTuple):
    """A network to be trained: the numbers of its part and strength, and what they are.

    ``lam`` is the strength, ``prepared`` the part.
    """

    part: int
    strength: int
    lam: float
    prepared: Prepared


class Fit(NamedTuple):
    """An estimator fitted to a part, with a strength; both by their number.

    After a divergence it has no ``feature_importances_``.
    """

    part: int
    strength: int
    estimator: Any

    @property
    def ended_by(self) -> str:
        return self.estimator.net_.ended_by_


def train_group(jobs: list[Job], stop: Event) -> list[Fit]:
    """Train networks on one thread, as one if they are several.

    Parameters
    ----------
    jobs : list of Job
        Their parts have equally many rows, and all of their strengths are 0, or none.
    stop : Event
        When it is set, training ends without a result.
    """
    # Earlier skorch nets contain reference cycles; collect them now, or their tensors
    # stay in memory.
    gc.collect()
    with threads(None):
        candidates = [job.prepared.candidate(job.lam) for job in jobs]
        train = _train_as_one if len(jobs) > 1 else _train_alone
        nets = list(train([job.prepared for job in jobs], candidates, stop))
        if stop.is_set():
            return []
        return [
            Fit(job.part, job.strength, candidate.fitted(net))
            for job, candidate, net in zip(jobs, candidates, nets)
        ]


def _train_alone(
    parts: list[Prepared], candidates: list[Candidate], stop: Event
) -> list[ObjectiveNet]:
    (prepared,), (candidate,) = parts, candidates
    net = prepared.net_of(candidate, deepcopy(prepared.network), stop=stop)
    with prepared.global_rng():
        net.train(*prepared.rows)
    return [net]


def _train_as_one(
    parts: list[Prepared], candidates: list[Candidate], stop: Event
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
    )
    rows = (RowsSideBySide(each) for each in zip(*(p.rows for p in different)))
    for prepared, candidate, course in zip(parts, candidates, net.train(*rows)):
        net = prepared.net_of(candidate, deepcopy(prepared.network))
        put_into(net.module_.eval(), course.tensors)
        net.history.extend(course.history)
        net.ended_by_ = course.ended_by
        yield net
