"""How a fitted network is stored: as arrays, without any torch object."""

from __future__ import annotations

import numpy as np
import torch

from ...modules import build_module
from ...training.loop import ObjectiveNet
from ...training.prepared import initialized_net
from ...utils import validation as check

__all__ = ["stored_net", "stored_weights"]


def stored_weights(net: ObjectiveNet) -> dict[str, np.ndarray]:
    """Parameters and buffers of the network, by their names."""
    state = net.module_.state_dict().items()
    return {name: values.detach().cpu().numpy().copy() for name, values in state}


def stored_net(estimator, weights: dict[str, np.ndarray]) -> ObjectiveNet:
    """A net with these weights, made by what else the estimator has stored."""
    network = estimator._with_head(build_module(**estimator._architecture))
    values = {name: torch.tensor(array) for name, array in weights.items()}
    (dtype,) = {v.dtype for v in values.values() if v.is_floating_point()}
    network.to(dtype).load_state_dict(values)
    try:
        device, _ = check.check_device(estimator.device, np.float32)
    except ValueError:  # A model that was trained on a GPU also serves on a CPU.
        device = "cpu"
    return initialized_net(
        network.eval().to(device),
        estimator._objective(estimator.lam_),
        **{**estimator._optimization(), "callbacks": []},
    )
