"""Seeds, and the one place where torch's global generators are used.

The package draws from private generators. A user's network may not: torch's layers draw
their initial weights, and dropout its masks, from the global generators. During such a
computation they are seeded, and afterwards put back as they were, by one thread at a
time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = [
    "LockOfProcess",
    "borrowed_generators",
    "float32_by_default",
    "reseeded",
    "spawn_seeds",
]


class LockOfProcess:
    """A lock that is free in a forked process, whichever thread held it before."""

    def __init__(self):
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.lock = threading.RLock()


_ONE_THREAD = LockOfProcess()


def spawn_seeds(n_seeds: int, *entropy: int) -> list[int]:
    """Independent seeds that follow from the numbers given."""
    return np.random.SeedSequence(entropy).generate_state(n_seeds).tolist()


def reseeded(estimator, random: np.random.RandomState):
    """The estimator, with new seeds for itself and for estimators inside of it.

    The draws are those of scikit-learn's private ``_set_random_states``, whose import
    would load all of its ensembles.
    """
    names = sorted(estimator.get_params())
    own = [name for name in names if f"__{name}".endswith("__random_state")]
    estimator.set_params(**{name: random.randint(2**31 - 1) for name in own})
    return estimator


@contextmanager
def borrowed_generators(
    seed: int, device: torch.device | str = "cpu"
) -> Iterator[None]:
    """Seed torch's global generators, and put them back at the end.

    Parameters
    ----------
    seed : int
    device : torch.device or str
        The generator of a CUDA device is seeded in addition to that of the CPU.
    """
    device = torch.device(device)
    cuda = [device] if device.type == "cuda" else []
    with _ONE_THREAD.lock, torch.random.fork_rng(devices=cuda):
        torch.random.default_generator.manual_seed(seed)
        for each in cuda:
            with torch.cuda.device(each):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def float32_by_default() -> Iterator[None]:
    """Let a user's code create tensors in float32, whatever torch's default dtype is.

    It draws other random numbers in float64. The default belongs to the whole process:
    the block must be short.
    """
    with _ONE_THREAD.lock:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)
