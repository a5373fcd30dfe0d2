"""Arrays as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["tensor_to_read"]


def tensor_to_read(values: np.ndarray) -> Tensor:
    """A tensor with these values, for reading only.

    It shares the memory of the array. Torch warns about memory that must not be
    written to, such as a memory map, which is copied therefore.
    """
    return torch.from_numpy(values if values.flags.writeable else values.copy())
