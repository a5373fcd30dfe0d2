"""Seconds and peak memory of one global importance, in a process of its own.

python examples/papers/sensitivity/one_size.py 1000000 100
"""

from __future__ import annotations

import resource
import sys
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits
from torch import nn

from sklearn_gradlasso.sensitivity import global_importance

N_ROUNDS = 3


def main(n: int, d: int) -> None:
    X = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    model = nn.Sequential(nn.Linear(d, 64), nn.Tanh(), nn.Linear(64, 1))
    times = []
    with threadpool_limits(1):
        global_importance(model, X[:5000])
        for _ in range(N_ROUNDS):
            start = perf_counter()
            global_importance(model, X)
            times.append(perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # from KiB
    print(np.median(times), peak)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
