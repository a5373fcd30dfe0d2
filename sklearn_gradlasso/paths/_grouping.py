"""Decides whether networks can be trained as one, and how many of them at a time."""

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
from ..training.rows import StackedRows
from ..utils.optimizers import kind_of
from ..utils.threads import computing
from ._stack import Stack

__all__ = ["GroupSize", "bytes_of_step", "obstacle_to_stacking"]

LARGEST = 256 * 2**20  # bytes; larger groups of networks are not faster on a CPU
# Upper bound of the copies of its weights that a network needs in training: values,
# gradients, optimizer moments, snapshots.
STATES = 10
# These optimizers update each weight independently of all others, so the networks of a
# stack stay independent.
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
    """Decides how many networks form a group that is trained as one.

    The memory limits this number. It is 1 if the networks cannot be trained as one.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
    n_parts : int
    n_workers : int
        Number of groups that are trained at the same time.
    name : str
        Name of the estimator's class, for a warning.
    """

    def __init__(self, lams: np.ndarray, n_parts: int, n_workers: int, name: str):
        self.lams, self.n_parts, self.n_workers = lams, n_parts, n_workers
        self.name = name
        self.memory = 2**20 * get_config()["working_memory"]
        self._known: dict[tuple, int] = {}

    def networks(self, prepared: Prepared) -> int:
        """Number of networks in a group, for parts of the same form as this one."""
        form = prepared.form
        if form not in self._known:
            with computing(None):
                self._known[form] = self._networks(prepared)
        return self._known[form]

    def parts(self, prepared: Prepared) -> int:
        """Number of parts to prepare at a time, if all are as large as this one."""
        held = max(1, int(self.memory / prepared.n_bytes))
        busy = self.n_workers * self.networks(prepared)
        return min(held, ceil(busy / len(self.lams)))

    def _networks(self, prepared: Prepared) -> int:
        if len(self.lams) * self.n_parts == 1:
            return 1
        ends = float(self.lams.min()), float(self.lams.max())
        on_cpu = prepared.train.device.type == "cpu"
        # The rows and the results take the other half of the memory.
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
    """Return why networks cannot be trained as one, or an empty string if they can.

    A first step is computed with a stack of networks and with each network alone. The
    terms of the objective, the gradients and the buffers must be the same.

    Parameters
    ----------
    prepared : Prepared
    lams : float
        Strengths with which networks will be trained.
    """
    candidate = prepared.candidate(lams[0])
    if candidate.options["callbacks"]:
        return "callbacks are about one net."
    net = prepared.net_of(candidate, deepcopy(prepared.network))
    optimizer = kind_of(net.optimizer_)
    if optimizer not in ELEMENTWISE:
        return f"{optimizer.__name__} might not treat each weight by itself."
    # Scale each network differently, so that mixing them changes the result. Use a
    # number of networks that equals the length of no axis, so that code that guesses
    # axes by their length fails here.
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
        with warnings.catch_warnings():
            # Torch would compute the networks in a loop, and warn in every step.
            warnings.filterwarnings("error", "There is a performance drop")
            together = _first_step(prepared, of_each, Stack(networks))
    except Exception as error:  # A user's module, or vmap, may raise anything.
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
    """Estimate the memory of one step of a network in bytes, without its weights."""
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
    """Compute the terms of the objective on a batch, the gradients and the buffers."""
    rows, objective = prepared.train, prepared.candidate(lams[0]).objective
    if isinstance(network, Stack):
        of_each = torch.tensor(lams, dtype=torch.float64)
        objective = replace(objective, lam=of_each.to(rows[:1][0]))
        rows = StackedRows([rows] * len(lams))
    # Indices give a copy of the batch. A slice would give a view, whose storage is that
    # of all rows.
    batch = rows.batch(torch.arange(prepared.batch_size, device=rows.device))
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
