"""Which networks can be trained as one, and how many at a time."""

from __future__ import annotations

import math
import warnings
from copy import deepcopy
from dataclasses import replace
from math import ceil

import numpy as np
import torch
from sklearn import get_config
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ..training.rows import RowsSideBySide
from ..utils.threads import threads
from ._prepared_part import Part
from ._stack import Stack

__all__ = ["AtOnce", "bytes_of_step", "obstacle_to_stacking"]

LARGEST = 256 * 2**20  # bytes on a CPU: more networks at once are no faster
STATES = 10  # of a network: weights, gradients, the optimizer's, those to go back to


class AtOnce:
    """Limits by memory, and by what can be trained as one at all.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
    n_parts : int
    n_workers : int
        Groups of networks that are trained at a time.
    """

    def __init__(self, lams: np.ndarray, n_parts: int, n_workers: int):
        self.lams, self.n_parts, self.n_workers = lams, n_parts, n_workers
        self.memory = 2**20 * get_config()["working_memory"]
        self._known: dict[tuple, int] = {}

    def networks(self, part: Part) -> int:
        """Networks in a group, on parts like this one; 1 if there can be no groups."""
        if part.form not in self._known:
            with threads(None):
                self._known[part.form] = self._networks(part)
        return self._known[part.form]

    def parts(self, part: Part) -> int:
        """Parts that are prepared at a time, if all are like this one."""
        held = max(1, int(self.memory / part.n_bytes))
        busy = self.n_workers * self.networks(part)
        return min(held, ceil(busy / len(self.lams)))

    def _networks(self, part: Part) -> int:
        if len(self.lams) * self.n_parts == 1:
            return 1
        ends = float(self.lams.min()), float(self.lams.max())
        weakest, strongest = (part.estimator_with(lam) for lam in ends)
        on_cpu = part.rows[0].device.type == "cpu"
        # The other half is for what surrounds a step, and for the results.
        memory = self.memory / 2 / self.n_workers
        memory = min(memory, LARGEST if on_cpu else math.inf)
        weights = sum(value.nbytes for value in part.network.state_dict().values())
        of_network = bytes_of_step(part, strongest) + STATES * weights
        if memory < 2 * of_network:
            return 1
        reason = obstacle_to_stacking(part, weakest, strongest)
        if reason:
            warnings.warn(
                f"{type(part.estimator).__name__}: networks are trained one by one and "
                f"not as one, which takes longer: {reason}",
                stacklevel=2,
            )
            return 1
        return int(memory / of_network)


# They treat each weight by itself, and so each network.
ELEMENTWISE = {
    torch.optim.ASGD,
    torch.optim.Adadelta,
    torch.optim.Adagrad,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
    torch.optim.Rprop,
    torch.optim.SGD,
}
BACKWARD = 4  # memory of a step with what surrounds it, relative to its graph
TOLERANCES = {torch.float64: 1e-8, torch.float32: 1e-3}


def obstacle_to_stacking(part, *estimators) -> str:
    """Why networks cannot be trained as one; empty if they can.

    The first batch is put through a stack of them and through each alone: what the
    objective says, its gradients and what the network remembers must be the same.

    Parameters
    ----------
    part : Part
    estimators : sequence of NetworkEstimator
        About to be trained on it.
    """
    if estimators[0].callbacks:
        return "callbacks are about one net."
    optimizer = type(part.net_for(estimators[0], deepcopy(part.network)).optimizer_)
    if optimizer not in ELEMENTWISE:
        return f"{optimizer.__name__} might not treat each weight by itself."
    # Different weights, so that what mixes networks shows also with equal strengths,
    # and a number of networks that no axis has, for what looks at shapes.
    axes = {part.size, part.estimator.n_outputs_, *part.rows[0].feature_shape}
    n_networks = min({2, 3, 4, 5, 6, 7, 8} - axes, default=2)
    lams = [estimators[k % len(estimators)].lam for k in range(n_networks)]
    networks = [_scaled(part.network, 1 - k / 10) for k in range(n_networks)]
    with part.stray():
        alone = [
            _first_step(part, part.estimator_with(lam), deepcopy(network))
            for lam, network in zip(lams, networks)
        ]
    estimators = [part.estimator_with(lam) for lam in lams]
    try:
        together = _first_step(part, estimators, Stack(networks))
    except Exception as error:  # of the user's module, or of torch, about vmap
        return (
            "the module, target, attribution or prior cannot be evaluated for several "
            f"networks at once ({type(error).__name__})."
        )
    rtol = TOLERANCES[part.rows[0].dtype]
    for k, values in enumerate(alone):
        for of_one, of_all in zip(values, together):
            if not of_one.numel():
                continue
            scale = of_one.abs().max().clamp(min=1.0)
            if not (of_one - of_all[k]).abs().max() <= rtol * scale:
                return (
                    "the module, target, attribution or prior gives other values for "
                    "several networks at once."
                )
    return ""


def bytes_of_step(part, estimator) -> int:
    """Memory that the first step of a network takes, its weights aside."""
    seen = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with part.stray(), saved_tensors_hooks(pack, lambda tensor: tensor):
        _first_step(part, estimator, deepcopy(part.network))
    return int(BACKWARD * sum(seen.values()))


def _first_step(part, estimators, network: nn.Module) -> list[Tensor]:
    """Terms of the objective on a first batch, gradients, and the network's buffers."""
    is_stack = isinstance(network, Stack)
    first = estimators[0] if is_stack else estimators
    rows, objective = part.rows[0], first._objective()
    if is_stack:
        rows = RowsSideBySide([rows] * len(estimators))
        lams = torch.tensor([each.lam_ for each in estimators], dtype=torch.float64)
        objective = replace(objective, lam=lams.to(part.rows[0][:1][0]))
    batch = rows[torch.arange(part.size, device=rows.device)]  # a copy, not a view
    terms = objective(network.train(), *batch, **batch.extras)
    learnable = [p for p in network.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(
        terms.total.sum(), learnable, allow_unused=True, materialize_grads=True
    )
    buffers = [each for each in network.buffers() if each.is_floating_point()]
    values = [terms.data, terms.prior, terms.total, *gradients, *buffers]
    return [value.detach() for value in values]


def _scaled(network: nn.Module, factor: float) -> nn.Module:
    network = deepcopy(network)
    with torch.no_grad():
        for theta in network.parameters():
            theta.mul_(factor)
    return network
