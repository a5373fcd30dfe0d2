"""Results of experiments as JSON that grows seed by seed, so that a run can resume."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("torch", "scikit-learn", "skorch", "numpy", "scipy")
HERE = Path(__file__).resolve().parent


class Results:
    """One experiment's file: ``{"runs": {seed: {"figures", "versions", ...}}}``.

    A line for each seed.

    Parameters
    ----------
    path : Path
        Of the JSON file; read if it is there.
    """

    def __init__(self, path: Path):
        self.path = path
        self.runs: dict[str, dict] = {}
        if path.exists():
            self.runs = json.loads(path.read_text())["runs"]

    def missing(self, n_seeds: int) -> list[int]:
        """Seeds below ``n_seeds`` that have not run."""
        return [seed for seed in range(n_seeds) if str(seed) not in self.runs]

    def add(self, seed: int, figures: dict, n_jobs: int) -> None:
        """Record a run and write the file."""
        self.runs[str(seed)] = {
            "figures": figures,
            "commit": commit(),
            "date": date.today().isoformat(),
            "versions": {name: version(name) for name in PACKAGES},
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "fits at once, one thread each": n_jobs,
        }
        seeds = sorted(self.runs, key=int)
        lines = [f'"{each}": {json.dumps(self.runs[each])}' for each in seeds]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text('{"runs": {\n' + ",\n".join(lines) + "\n}}\n")
        part.replace(self.path)

    def figures(self) -> list[dict]:
        """What the runs have found, in the order of their seeds."""
        return [self.runs[seed]["figures"] for seed in sorted(self.runs, key=int)]


@cache  # what runs is what was there at the start
def commit() -> str:
    """Of this repository, with "+" if files that git knows have been changed."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        return name + ("+" if _git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(HERE), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.strip()
