"""Arrays as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["tensor_to_read"]


def tensor_to_read(values: np.ndarray) -> Tensor:
    """A tensor with these values, for reading only.

    It shares the memory of the array. Read-only arrays, such as memory maps, are copied
    instead, because torch warns about them.
    """
    return torch.from_numpy(values if values.flags.writeable else values.copy())
