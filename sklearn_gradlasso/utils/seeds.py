"""Seeds, and the one place where torch's global generators are borrowed.

What is ours draws from private generators. A user's network may not: layers of torch
draw their initial weights, and dropout its masks, from the global generators. They are
then seeded, and put back as they were, by one thread at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["borrowed_generators", "spawn_seeds"]

_BORROWED = threading.RLock()


def spawn_seeds(n_seeds: int, *entropy: int) -> list[int]:
    """Independent seeds that follow from the numbers given."""
    return np.random.SeedSequence(entropy).generate_state(n_seeds).tolist()


@contextmanager
def borrowed_generators(
    seed: int, device: torch.device | str = "cpu"
) -> Iterator[None]:
    """Torch's global generators, seeded and put back at the end.

    Parameters
    ----------
    seed : int
    device : torch.device or str
        Besides the CPU's generator, that of a CUDA device is borrowed too.
    """
    device = torch.device(device)
    cuda = [device] if device.type == "cuda" else []
    with _BORROWED, torch.random.fork_rng(devices=cuda):
        torch.random.default_generator.manual_seed(seed)
        for each in cuda:
            with torch.cuda.device(each):
                torch.cuda.manual_seed(seed)
        yield
