"""Stores a fitted network as arrays, so that a pickle holds no torch objects."""

from __future__ import annotations

import numpy as np
import torch

from ...modules import build_module
from ...training.loop import ObjectiveNet
from ...training.prepared import initialized_net
from ...utils import validation as check
from ...utils.torch_modes import default_modes

__all__ = ["stored_net", "stored_weights"]


def stored_weights(net: ObjectiveNet) -> dict[str, np.ndarray]:
    """Copies of the network's parameters and buffers, by name."""
    state = net.module_.state_dict().items()
    return {name: values.detach().cpu().numpy().copy() for name, values in state}


@default_modes()
def stored_net(estimator, weights: dict[str, np.ndarray]) -> ObjectiveNet:
    """Rebuild the net of an estimator from stored weights."""
    network = estimator._with_head(build_module(**estimator._architecture))
    values = {name: torch.tensor(array) for name, array in weights.items()}
    (dtype,) = {v.dtype for v in values.values() if v.is_floating_point()}
    network.to(dtype).load_state_dict(values)
    try:
        device, _ = check.check_device(estimator.device, np.float32)
    except ValueError:  # A model that was trained on a GPU can be used without one.
        device = "cpu"
    return initialized_net(
        network.eval().to(device),
        estimator._objective(estimator.lam_),
        **{**estimator._optimization(), "callbacks": []},
    )
