"""Tables as they come: how well models with their defaults predict, and by how much.

    pip install ".[benchmarks]"
    python examples/benchmarks/tables.py [--half seen] [--contestant ours linear]

DataFrames with numbers, strings and missing values are given to our estimators and to
what a user would pick instead, all with their defaults and on one thread. Seeds of the
random splits, 70 to 30, are those of the models; the first split of Adult is the
published one. Fits that are recorded in the folder are not made again; one that is
ended by the time box ends the contestant's part in that table. ``--splits 0`` reports
what is there.

Nothing in the package may be chosen by looking at the half that is not seen.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from importlib.metadata import version
from itertools import product
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "papers")]

from results import Results  # noqa: E402
from table_data import HALVES, TABLES  # noqa: E402
from table_fit import figures, figures_in_time  # noqa: E402
from table_models import CONTESTANTS  # noqa: E402
from table_report import Comparison, lines, picture, read  # noqa: E402
from time_box import fit_missing  # noqa: E402


def run(table: str, name: str, n_splits: int, folder: Path, time_box: float) -> None:
    """Fit a contestant to the splits of a table that are missing."""
    contestant = CONTESTANTS[name]
    results = Results(folder / table / f"{name}.json")

    def answer(seed: int) -> dict:
        if contestant.time_boxed:
            found = figures_in_time(table, name, seed, time_box)
        else:
            found = figures(table, name, seed)
        package = f"{contestant.package} {version(contestant.package)}"
        return {**found, "package": package}

    fit_missing(results, n_splits, time_box, answer, f"{table}, {name}")


def run_all(asked: argparse.Namespace) -> list[str]:
    """Run what is asked for, contestant by contestant, and name what has failed."""
    failed = []
    for half in asked.half:
        tables = [name for name in HALVES[half] if name in asked.table]
        for name, table in product(asked.contestant, tables):
            try:
                run(table, name, asked.splits, asked.out, asked.time_box)
            except Exception:  # the others run all the same
                traceback.print_exc()
                failed.append(f"{name} on {table}")
    return failed


def report(asked: argparse.Namespace) -> None:
    """Print each half that is asked for, and both together; draw them."""
    halves = {half: read(asked.out, HALVES[half]) for half in asked.half}
    if len(halves) > 1:
        both = {table: each for half in halves.values() for table, each in half.items()}
        halves["both"] = both
    compared = {half: Comparison(found) for half, found in halves.items() if found}
    for half, comparison in compared.items():
        print("\n" + "\n".join(lines(half, comparison)), flush=True)
    if compared:
        path = asked.out / "tables.png"
        picture(compared).savefig(path, dpi=100, bbox_inches="tight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", nargs="+", choices=HALVES, default=["seen"])
    parser.add_argument("--table", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument(
        "--contestant", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS)
    )
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument(
        "--out",
        type=Path,
        default=HERE / "results" / "tables",
        help="folder of results",
    )
    parser.add_argument(
        "--time-box", type=float, default=300, help="seconds of a RealMLP or TabM"
    )
    asked = parser.parse_args()
    failed = run_all(asked)
    report(asked)
    if failed:
        sys.exit("failed: " + ", ".join(failed))


if __name__ == "__main__":
    main()
