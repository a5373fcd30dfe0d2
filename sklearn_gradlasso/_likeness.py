"""Can networks of one estimator be trained as one, and what does a step take?"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ._rows import RowsSideBySide
from ._stack import Stack

__all__ = ["bytes_of_step", "obstacle_to_stacking"]

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
