"""Claims, and figures of several runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Line:
    """A claim, what was found, and whether that is enough (``None``: no bar)."""

    claim: str
    found: str
    met: bool | None = None

    def __str__(self) -> str:
        mark = {True: "met", False: "NOT MET", None: ""}[self.met]
        return f"{self.claim:<66} {self.found:<44} {mark}"


def mean(runs: list[dict], *keys: str) -> float:
    """Mean over the runs of a figure, found by its keys."""
    return float(np.mean(values(runs, *keys)))


def values(runs: list[dict], *keys: str) -> list:
    """A figure of every run, found by its keys."""
    for key in keys:
        runs = [run[key] for run in runs]
    return runs
