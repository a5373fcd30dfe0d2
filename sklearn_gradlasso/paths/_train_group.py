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
    gc.collect()  # nets of before, whose parts refer to each other, hold their tensors
    with threads(None):
        parts = [part for part, _ in jobs]
        estimators = [part.estimator_with(float(lams[k])) for part, k in jobs]
        train = _as_one if len(jobs) > 1 else _alone
        nets = list(train(parts, estimators, stop))
        if stop.is_set():
            return []
        for part, estimator, net in zip(parts, estimators, nets):
            estimator._take(net, warm=False)
            if net.ended_by_ != "divergence":
                estimator._describe(part.rows)
        each = zip(jobs, estimators)
        return [Fit(part.number, int(k), estimator) for (part, k), estimator in each]


def _alone(parts: list[Part], estimators: list, stop: Event) -> list[ObjectiveNet]:
    (part,), (estimator,) = parts, estimators
    net = part.net_for(estimator, deepcopy(part.network), stop=stop)
    with part.stray():
        net.train(*part.rows)
    return [net]


def _as_one(parts: list[Part], estimators: list, stop: Event) -> Iterator[ObjectiveNet]:
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
        stop=stop,
    )
    beside = (RowsSideBySide(rows) for rows in zip(*(part.rows for part in different)))
    for part, estimator, course in zip(parts, estimators, net.train(*beside)):
        net = part.net_for(estimator, deepcopy(part.network))
        put_into(net.module_.eval(), course.tensors)
        net.history.extend(course.history)
        net.ended_by_ = course.ended_by
        yield net
