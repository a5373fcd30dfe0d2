"""Networks of several strengths, on parts that are alike, trained as one or alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import torch

from ..training.loop import ObjectiveNet
from ..training.prepared import Candidate
from ..training.rows import RowsSideBySide
from ..utils.threads import threads
from ._prepared_part import Part
from ._stack import Stack, put_into
from ._stack_net import StackNet

__all__ = ["Fit", "trained"]


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


def trained(jobs: list[tuple[Part, int]], lams: np.ndarray, stop: Event) -> list[Fit]:
    """Train networks on one thread, as one if they are several.

    Parameters
    ----------
    jobs : list of (Part, int)
        Parts that can be beside each other, each with the number of a strength.
    lams : ndarray of shape (n_lams,)
        All of the strengths 0, or none.
    stop : Event
        When it is set, training ends without a result.
    """
    # Earlier skorch nets contain reference cycles: without this their tensors stay.
    gc.collect()
    with threads(None):
        parts = [part for part, _ in jobs]
        lams_of_jobs = (float(lams[k]) for _, k in jobs)
        candidates = [p.prepared.candidate(lam) for p, lam in zip(parts, lams_of_jobs)]
        train = _as_one if len(jobs) > 1 else _alone
        nets = list(train(parts, candidates, stop))
        if stop.is_set():
            return []
        fitted = [each.fitted(net) for each, net in zip(candidates, nets)]
        pairs = zip(jobs, fitted)
        return [Fit(part.number, int(k), estimator) for (part, k), estimator in pairs]


def _alone(
    parts: list[Part], candidates: list[Candidate], stop: Event
) -> list[ObjectiveNet]:
    (part,), (candidate,) = parts, candidates
    prepared = part.prepared
    net = prepared.net_of(candidate, deepcopy(prepared.network), stop=stop)
    with prepared.global_rng():
        net.train(*prepared.rows)
    return [net]


def _as_one(
    parts: list[Part], candidates: list[Candidate], stop: Event
) -> Iterator[ObjectiveNet]:
    different = list({id(part): part.prepared for part in parts}.values())
    all_prepared = [part.prepared for part in parts]
    stack = Stack([prepared.network for prepared in all_prepared])
    like = next(stack.parameters())
    lams = torch.tensor([c.lam for c in candidates], dtype=torch.float64).to(like)
    part_of = torch.tensor([different.index(prepared) for prepared in all_prepared])
    net = all_prepared[0].net_of(
        candidates[0],
        stack,
        kind=StackNet,
        objective=replace(candidates[0].objective, lam=lams if lams.any() else 0.0),
        part_of=part_of.to(like.device),
        stop=stop,
    )
    rows = (RowsSideBySide(each) for each in zip(*(p.rows for p in different)))
    for prepared, candidate, course in zip(all_prepared, candidates, net.train(*rows)):
        net = prepared.net_of(candidate, deepcopy(prepared.network))
        put_into(net.module_.eval(), course.tensors)
        net.history.extend(course.history)
        net.ended_by_ = course.ended_by
        yield net
