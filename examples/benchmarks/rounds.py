"""What the benchmarks share: contestants timed in rounds, and their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import NamedTuple

import numpy as np

__all__ = ["Contestant", "measured", "quartiles", "ratio", "versions"]


class Contestant(NamedTuple):
    """What is timed, and how many times in a row."""

    run: Callable[[], object]
    n_calls: int = 1


def measured(contestants: dict[str, Contestant], n_rounds: int) -> dict[str, list]:
    """Seconds of a call of each contestant in each round, after one that warms up.

    In a round they run in an order drawn anew: a slow moment of the machine meets all.
    """
    rng = np.random.default_rng(0)
    times = {name: [] for name in contestants}
    for number in range(-1, n_rounds):
        for name in rng.permutation(list(contestants)):
            run, n_calls = contestants[name]
            started = time.perf_counter()
            for _ in range(n_calls):
                run()
            if number >= 0:
                times[name].append((time.perf_counter() - started) / n_calls)
    return times


def ratio(times: dict[str, list], above: str, below: str) -> float:
    """Median over the rounds of the ratio of two contestants' times."""
    return statistics.median(a / b for a, b in zip(times[above], times[below]))


def quartiles(seconds: list[float]) -> str:
    low, median, high = (1e3 * q for q in np.quantile(seconds, [0.25, 0.5, 0.75]))
    return f"{median:10.1f} ms  (quartiles {low:.1f}, {high:.1f})"


def versions(*packages: str) -> str:
    return ", ".join(f"{package} {version(package)}" for package in packages)
