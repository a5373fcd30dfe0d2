"""Arrays as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["as_data", "in_double", "tensor_to_read"]


def tensor_to_read(values: np.ndarray) -> Tensor:
    """A tensor with these values, for reading only.

    It shares the memory of the array. Read-only arrays, such as memory maps, are copied
    instead, because torch warns about them.
    """
    return torch.from_numpy(values if values.flags.writeable else values.copy())


def as_data(x: Tensor) -> Tensor:
    """A tensor as a value that gradients are taken at.

    A leaf is detached: its gradient is not that of a difference from it. What a network
    has made, such as encodings of rows, depends on parameters and keeps its graph.
    """
    return x.detach() if x.is_leaf else x


def in_double(values: Tensor) -> Tensor:
    """The values in float64, except on the devices of Apple, which do not have it."""
    return values if values.device.type == "mps" else values.double()
