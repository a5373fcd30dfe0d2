"""Reasons: are those shown for real tables true of the model, in the user's columns?

    pip install ".[benchmarks]"
    python examples/benchmarks/reasons.py [--section effects] [--table OJ] [--seeds 1]

Networks in Pipelines are fitted to tables with numbers, categories and missing values.
What their explanations show is compared with what the Pipeline answers when a value of
the table is replaced or moved. Results are JSON lines; cases that are recorded in the
folder do not run again. ``--section effects slopes counts units --table OJ --network
default --early-stopping off --seeds 1`` takes less than a minute.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, product
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "papers")]

import reason_cost  # noqa: E402
import reason_ngsll  # noqa: E402
import reason_obedience  # noqa: E402
import reason_stopping  # noqa: E402
import reason_strength  # noqa: E402
import reason_values  # noqa: E402
from lines import Line  # noqa: E402
from reason_fits import Fit  # noqa: E402
from reason_record import Case, Record  # noqa: E402
from reason_tables import GROUPS, TABLES, Table  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from tqdm import tqdm  # noqa: E402

EARLY_STOPPING = {"off": False, "on": True}


@dataclass(frozen=True)
class Section:
    """One line of what the benchmark must show.

    Parameters
    ----------
    figures : callable
        ``(case, n_rows) -> dict``.
    lines : callable
        ``list of dict -> list of Line``, over the seeds of a table and a network.
    networks : tuple of str, default=("default", "tabular")
    early_stopping : tuple of bool, default=(False, True)
    tables : tuple of str, default=()
        Tables it is about, whatever group is asked for; by default that group.
    n_seeds : int, default=3
    """

    figures: Callable[[Case, int], dict]
    lines: Callable[[Sequence[dict]], list[Line]]
    networks: tuple[str, ...] = ("default", "tabular")
    early_stopping: tuple[bool, ...] = (False, True)
    tables: tuple[str, ...] = ()
    n_seeds: int = 3

    def cases(self, name: str, asked: argparse.Namespace) -> Iterator[Case]:
        """What is asked for of this section.

        Tables of its own are of the main group only, so that they run once.
        """
        tables = self.tables or GROUPS[asked.tables]
        if self.tables and asked.tables != "main":
            return
        for table, network, early in product(
            tables, self.networks, self.early_stopping
        ):
            if (
                (asked.table is None or table in asked.table)
                and (asked.network is None or network in asked.network)
                and early in [EARLY_STOPPING[each] for each in asked.early_stopping]
            ):
                for seed in range(min(asked.seeds, self.n_seeds)):
                    yield Case(name, table, network, early, seed)


@lru_cache(maxsize=2)
def loaded(name: str) -> Table:
    return TABLES[name]()


@lru_cache(maxsize=1)  # the sections about a fit follow each other
def fit_of(table: str, network: str, early: bool, seed: int, n_rows: int) -> Fit:
    return Fit(loaded(table), network, early, seed, n_rows)


def of_fit(section: Callable[[Fit], dict]) -> Callable[[Case, int], dict]:
    def figures(case: Case, n_rows: int) -> dict:
        key = case.table, case.network, case.early_stopping, case.seed
        return section(fit_of(*key, n_rows))

    return figures


def obedience(case: Case, n_rows: int) -> dict:
    return reason_obedience.run(
        loaded(case.table), case.network, case.early_stopping, case.seed
    )


def stopping(case: Case, n_rows: int) -> dict:
    return reason_stopping.run(loaded(case.table), case.network, case.seed)


def strength(case: Case, n_rows: int) -> dict:
    return reason_strength.run(
        loaded(case.table), case.network, case.early_stopping, case.seed, n_rows
    )


def ngsll(case: Case, n_rows: int) -> dict:
    return reason_ngsll.run(loaded(case.table), case.early_stopping, case.seed, n_rows)


def cost(case: Case, n_rows: int) -> dict:
    return reason_cost.run(case.network)


def windows(case: Case, n_rows: int) -> dict:
    return reason_stopping.windows_in_time(case.seed)


OF_A_FIT = {
    "effects": Section(
        of_fit(reason_values.effects_section), reason_values.effects_lines
    ),
    "slopes": Section(of_fit(reason_values.slopes_section), reason_values.slopes_lines),
    "counts": Section(of_fit(reason_values.counts_section), reason_values.counts_lines),
    "units": Section(
        of_fit(reason_values.units_section),
        reason_values.units_lines,
        networks=("default", "tanh"),
    ),
}
SECTIONS = {
    **OF_A_FIT,
    "obedience": Section(obedience, reason_obedience.lines),
    "one_se": Section(
        strength,
        reason_strength.lines,
        networks=("default",),
        early_stopping=(False,),
    ),
    "ngsll": Section(
        ngsll, reason_ngsll.lines, networks=("NGSLL",), early_stopping=(False,)
    ),
    "stopping": Section(
        stopping,
        reason_stopping.lines,
        early_stopping=(True,),
        tables=tuple(GROUPS["small"]),
        n_seeds=10,
    ),
    "windows": Section(
        windows,
        reason_stopping.lines_of_windows,
        networks=("LSTM",),
        early_stopping=(True,),
        tables=("beijing",),
    ),
    "cost": Section(
        cost, reason_cost.lines, early_stopping=(False,), tables=("adult",), n_seeds=1
    ),
}


def cases(asked: argparse.Namespace) -> list[Case]:
    """What is asked for; all that is asked of one fit comes together."""
    order = list(SECTIONS)

    def place(case: Case) -> tuple:
        section = order.index(case.section)
        of_fit = case.section in OF_A_FIT
        key = case.table, case.network, case.early_stopping, case.seed
        return (0, *key, section) if of_fit else (section, *key)

    each = (SECTIONS[name].cases(name, asked) for name in asked.section)
    return sorted(chain(*each), key=place)


def report(record: Record, asked: argparse.Namespace) -> None:
    """Print each line of each section, over all tables and networks and for each.

    Without ``--all`` only the tables and networks that miss a bar are listed.
    """
    wanted = set(cases(asked))
    for name in asked.section:
        section = SECTIONS[name]
        groups: dict[str, list[dict]] = {}
        for case, figures in record.figures(name).items():
            if case in wanted:
                stops = ", early stopping" if case.early_stopping else ""
                label = f"{case.table}, {case.network}{stops}"
                groups.setdefault(label, []).append(figures)
        lines = {label: section.lines(found) for label, found in groups.items()}
        if lines:
            n = sum(map(len, groups.values()))
            print(f"\n{name}: {n} cases of {len(groups)} tables and networks")
            print_lines(section.lines(list(chain(*groups.values()))), lines)
        for label, of_group in lines.items():
            for k, line in enumerate(of_group):
                if asked.all or line.met is False:
                    print(f"    {label if asked.all * k == 0 else '':<38} {line}")
    if len(record.commits) > 1:
        print(f"\nThe figures are of several commits: {sorted(record.commits)}.")


def print_lines(pooled: list[Line], by_group: dict[str, list[Line]]) -> None:
    """Claims over all cases, and in how many tables and networks they hold."""
    for line in pooled:
        judged = [
            each.met
            for lines in by_group.values()
            for each in lines
            if each.claim == line.claim and each.met is not None
        ]
        held = f" {sum(judged)} of {len(judged)}" if len(judged) > 1 else ""
        print(f"  {line}{held}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--section", nargs="+", choices=SECTIONS, default=list(SECTIONS)
    )
    parser.add_argument(
        "--tables", choices=("main", "other"), default="main", help="which tables"
    )
    parser.add_argument("--table", nargs="+", help="only these tables")
    parser.add_argument("--network", nargs="+", help="only these networks")
    parser.add_argument(
        "--early-stopping",
        nargs="+",
        choices=EARLY_STOPPING,
        default=list(EARLY_STOPPING),
    )
    parser.add_argument(
        "--seeds", type=int, default=10, help="seeds of a case, if fewer than usual"
    )
    parser.add_argument(
        "--rows", type=int, default=300, help="test rows that are explained"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE / "results" / "reasons", help="folder"
    )
    parser.add_argument(
        "--all", action="store_true", help="print what meets its bar for each table too"
    )
    asked = parser.parse_args()
    torch.set_num_threads(1)
    record = Record(asked.out / f"{asked.tables}.jsonl", {"rows": asked.rows})
    missing = [case for case in cases(asked) if case not in record.found]
    failed = []
    for case in tqdm(missing, unit="case"):
        started = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                figures = SECTIONS[case.section].figures(case, asked.rows)
        except Exception:  # the other cases run all the same
            traceback.print_exc()
            failed.append(case)
            continue
        record.add(case, figures, time.perf_counter() - started)
    report(record, asked)
    if failed:
        sys.exit(f"{len(failed)} cases failed, such as {failed[0]}.")


if __name__ == "__main__":
    main()
