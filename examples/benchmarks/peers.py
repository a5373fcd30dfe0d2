"""Peers: how well models predict, and how many columns their reasons name.

    pip install ".[papers]"
    python examples/benchmarks/peers.py [--data adult nhanes] [--contestant ours ebm]

Four tables, random splits, and what a user would pick: ours, LassoNet, logistic
regression with L1, explainable boosting, gradient boosting with TreeSHAP,
scikit-learn's MLP with permutation importance. ``docs/peers.md`` says how columns are
counted. Every fit has one thread. Fits that are recorded in the folder are not made
again; one that is ended by the time box ends the contestant's part in that table.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "papers")]

from peer_data import TABLES  # noqa: E402
from peer_fit import figures, figures_in_time  # noqa: E402
from peer_models import CONTESTANTS  # noqa: E402
from peer_report import lines, picture, read  # noqa: E402
from results import Results  # noqa: E402
from time_box import fit_missing  # noqa: E402


def run(table: str, name: str, n_splits: int, folder: Path, time_box: float) -> None:
    """Fit a contestant to the splits of a table that are missing."""
    contestant = CONTESTANTS[name]
    results = Results(folder / table / f"{name}.json")

    def answer(split: int) -> dict:
        if contestant.time_boxed:
            found = figures_in_time(table, name, split, time_box)
        else:
            found = figures(table, name, split)
        package = f"{contestant.package} {version(contestant.package)}"
        return {**found, "package": package}

    fit_missing(results, n_splits, time_box, answer, f"{table}, {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument(
        "--contestant", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS)
    )
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument(
        "--out", type=Path, default=HERE / "results" / "peers", help="folder of results"
    )
    parser.add_argument(
        "--time-box", type=float, default=300, help="seconds that a LassoNet has"
    )
    options = parser.parse_args()
    for table in options.data:
        for name in options.contestant:
            run(table, name, options.splits, options.out, options.time_box)
    found = {table: read(options.out, table) for table in TABLES}
    for table in options.data:
        print("\n" + "\n".join(lines(table, found[table])), flush=True)
    found = {table: each for table, each in found.items() if each}
    picture(found).savefig(options.out / "peers.png", dpi=100, bbox_inches="tight")


if __name__ == "__main__":
    main()
