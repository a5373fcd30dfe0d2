"""Which networks can be trained as one, and how many at a time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from math import ceil

import numpy as np
import torch
from sklearn import get_config
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ..training.prepared import Prepared
from ..training.rows import RowsSideBySide
from ..utils.threads import threads
from ._stack import Stack

__all__ = ["GroupSize", "bytes_of_step", "obstacle_to_stacking"]

LARGEST = 256 * 2**20  # bytes; on a CPU larger groups of networks are no faster
# Copies of the weights a network needs in training: values, gradients, optimizer
# moments, snapshots. An upper bound.
STATES = 10
# These optimizers treat each weight by itself, and therefore each network.
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
# Peak memory of a step is about four times the tensors autograd saves.
BACKWARD = 4
TOLERANCES = {torch.float64: 1e-8, torch.float32: 1e-3}


class GroupSize:
    """How many networks are trained as one: as memory allows, or one if they cannot be.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
    n_parts : int
    n_workers : int
        Groups of networks that are trained at a time.
    name : str
        Class of the estimator, for a warning.
    """

    def __init__(self, lams: np.ndarray, n_parts: int, n_workers: int, name: str):
        self.lams, self.n_parts, self.n_workers = lams, n_parts, n_workers
        self.name = name
        self.memory = 2**20 * get_config()["working_memory"]
        self._known: dict[tuple, int] = {}

    def networks(self, prepared: Prepared) -> int:
        """Networks in a group, on parts like this one; 1 if there can be no groups."""
        form = prepared.form
        if form not in self._known:
            with threads(None):
                self._known[form] = self._networks(prepared)
        return self._known[form]

    def parts(self, prepared: Prepared) -> int:
        """Parts that are prepared at a time, if all are like this one."""
        held = max(1, int(self.memory / prepared.n_bytes))
        busy = self.n_workers * self.networks(prepared)
        return min(held, ceil(busy / len(self.lams)))

    def _networks(self, prepared: Prepared) -> int:
        if len(self.lams) * self.n_parts == 1:
            return 1
        ends = float(self.lams.min()), float(self.lams.max())
        on_cpu = prepared.train.device.type == "cpu"
        # The other half of the memory is for the rows and the results.
        memory = self.memory / 2 / self.n_workers
        memory = min(memory, LARGEST if on_cpu else math.inf)
        weights = sum(value.nbytes for value in prepared.network.state_dict().values())
        of_network = bytes_of_step(prepared, ends[1]) + STATES * weights
        if memory < 2 * of_network:
            return 1
        reason = obstacle_to_stacking(prepared, *ends)
        if reason:
            warnings.warn(
                f"{self.name}: networks are trained one by one and not as one, which "
                f"takes longer: {reason}",
                stacklevel=2,
            )
            return 1
        return int(memory / of_network)


def obstacle_to_stacking(prepared: Prepared, *lams: float) -> str:
    """Why networks cannot be trained as one; empty if they can.

    The first batch is put through a stack of them and through each alone: what the
    objective says, its gradients and what the network remembers must be the same.

    Parameters
    ----------
    prepared : Prepared
    lams : float
        Strengths with which networks are about to be trained.
    """
    candidate = prepared.candidate(lams[0])
    if candidate.options["callbacks"]:
        return "callbacks are about one net."
    net = prepared.net_of(candidate, deepcopy(prepared.network))
    optimizer = type(net.optimizer_)
    if optimizer not in ELEMENTWISE:
        return f"{optimizer.__name__} might not treat each weight by itself."
    # Scale each network differently, so that mixing them changes the result; and use a
    # count that equals no axis, so that code guessing axes by size fails here.
    axes = {prepared.batch_size, prepared.n_outputs, *prepared.train.feature_shape}
    n_networks = min({2, 3, 4, 5, 6, 7, 8} - axes, default=2)
    of_each = [lams[k % len(lams)] for k in range(n_networks)]
    networks = [_scaled(prepared.network, 1 - k / 10) for k in range(n_networks)]
    with prepared.global_rng():
        alone = [
            _first_step(prepared, [lam], deepcopy(network))
            for lam, network in zip(of_each, networks)
        ]
    try:
        together = _first_step(prepared, of_each, Stack(networks))
    except Exception as error:  # It is the user's module's, or torch's, about vmap.
        return (
            "the module, target, attribution or prior cannot be evaluated for several "
            f"networks at once ({type(error).__name__})."
        )
    rtol = TOLERANCES[prepared.train.dtype]
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


def bytes_of_step(prepared: Prepared, lam: float) -> int:
    """Memory that the first step of a network takes, its weights aside."""
    seen = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with prepared.global_rng(), saved_tensors_hooks(pack, lambda tensor: tensor):
        _first_step(prepared, [lam], deepcopy(prepared.network))
    return int(BACKWARD * sum(seen.values()))


def _first_step(
    prepared: Prepared, lams: Sequence[float], network: nn.Module
) -> list[Tensor]:
    """Terms of the objective on a first batch, gradients, and the network's buffers."""
    rows, objective = prepared.train, prepared.candidate(lams[0]).objective
    if isinstance(network, Stack):
        of_each = torch.tensor(lams, dtype=torch.float64)
        objective = replace(objective, lam=of_each.to(rows[:1][0]))
        rows = RowsSideBySide([rows] * len(lams))
    # Indices give a copy of the rows, where a slice would give a view.
    batch = rows[torch.arange(prepared.batch_size, device=rows.device)]
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
