"""Where the files of real data are looked for.

In ``data_home`` if it is given; else in the folder that the environment variable
``SKLEARN_GRADLASSO_DATA`` names, then in scikit-learn's data home.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from sklearn.datasets import get_data_home

__all__ = ["advice", "check_subset", "find", "in_subset"]


def check_subset(subset: str) -> None:
    """Raise a ``ValueError`` unless it is one of the published parts, or all."""
    if subset not in ("all", "train", "test"):
        raise ValueError(f"subset must be 'all', 'train' or 'test', got {subset!r}.")


def in_subset(split: np.ndarray, subset: str) -> np.ndarray:
    """Which rows belong to the subset."""
    return np.full(len(split), True) if subset == "all" else split == subset


def find(name: str, data_home) -> Path | None:
    named = os.environ.get("SKLEARN_GRADLASSO_DATA") if data_home is None else data_home
    if named and (path := Path(named).expanduser() / name).is_file():
        return path
    path = Path(get_data_home(data_home)) / name  # asking for it creates the folder
    return path if path.is_file() else None


def advice(name: str, *, download: bool = True) -> str:
    """What to do about a missing file, for which there may be a download."""
    return (
        f"{name} was not found. Put it into the folder that data_home= or the "
        "environment variable SKLEARN_GRADLASSO_DATA names"
        f"{', or allow the download' if download else '; there is no download'}."
    )
