"""What the benchmarks share: contestants timed in rounds, and their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np

__all__ = ["measured", "ratio", "report", "versions"]


def measured(
    contestants: dict[str, Callable[[], object]], n_rounds: int, n_calls: int = 1
) -> dict[str, list[float]]:
    """Seconds of a call of each contestant in each round, after one that warms up.

    In a round each runs ``n_calls`` times, in an order drawn anew: a slow moment of the
    machine meets all of them.
    """
    rng = np.random.default_rng(0)
    times = {name: [] for name in contestants}
    for number in range(-1, n_rounds):
        for name in rng.permutation(list(contestants)):
            started = time.perf_counter()
            for _ in range(n_calls):
                contestants[name]()
            if number >= 0:
                times[name].append((time.perf_counter() - started) / n_calls)
    return times


def ratio(times: dict[str, list[float]], above: str, below: str) -> float:
    """Median over the rounds of the ratio of two contestants' times."""
    return statistics.median(a / b for a, b in zip(times[above], times[below]))


def report(times: dict[str, list[float]], unit: str = "ms") -> None:
    """Print the median and the quartiles of each contestant."""
    per = {"ms": 1e3, "s": 1.0}[unit]
    for name, seconds in times.items():
        low, median, high = (per * q for q in np.quantile(seconds, [0.25, 0.5, 0.75]))
        print(f"  {name:44}{median:10.1f} {unit}  (quartiles {low:.1f}, {high:.1f})")


def versions(*packages: str) -> str:
    return ", ".join(f"{package} {version(package)}" for package in packages)
