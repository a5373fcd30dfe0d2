"""Results as JSON lines that are written as they come, so that a run can resume."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import torch
from results import commit

PACKAGES = ("torch", "scikit-learn", "skorch", "numpy", "scipy", "pandas")


@dataclass(frozen=True)
class Case:
    """What one line of the results is about."""

    section: str
    table: str
    network: str
    early_stopping: bool
    seed: int


class Record:
    """The lines of a file: what was found in each case, and with what.

    Parameters
    ----------
    path : Path
        Of the file of JSON lines; read if it is there. A line that was cut off is left
        out, and its case runs again. Of two lines on a case the later one counts.
    configuration : dict
        Choices of this run that change its figures. Lines with others are not used.
    """

    def __init__(self, path: Path, configuration: dict):
        self.path, self.configuration = path, configuration
        self.found: dict[Case, dict] = {}
        if path.exists():
            for line in _whole_lines(path):
                if line["configuration"] == configuration:
                    self.found[Case(**line["case"])] = line

    def add(self, case: Case, figures: dict, seconds: float) -> None:
        line = {
            "case": asdict(case),
            "figures": figures,
            "configuration": self.configuration,
            "seconds": round(seconds, 1),
            "commit": commit(),
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "versions": {name: version(name) for name in PACKAGES},
            "python": platform.python_version(),
            "threads": torch.get_num_threads(),
            "cores": os.cpu_count(),
        }
        self.found[case] = line
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = not self.path.exists() or self.path.read_bytes()[-1:] in (b"\n", b"")
        with self.path.open("a") as file:
            file.write("" if whole else "\n")
            file.write(json.dumps(line) + "\n")

    def figures(self, section: str) -> dict[Case, dict]:
        return {
            case: line["figures"]
            for case, line in self.found.items()
            if case.section == section
        }

    @property
    def commits(self) -> set[str]:
        return {line["commit"] for line in self.found.values()}


def _whole_lines(path: Path) -> Iterator[dict]:
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue
