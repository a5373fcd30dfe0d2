"""What the comparison on raw tables has found: means, ranks, gaps, a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from results import Results
from scipy.stats import rankdata
from table_models import CONTESTANTS
from time_box import NOT_FINISHED, TIMED_OUT

BEHIND = {"AUC": 0.01, "R2": 0.02}  # of the figure that counts: gaps that are listed
COLUMNS = {  # of the table of means, and how they are written
    "AUC": ".4f",
    "R2": ".4f",
    "log loss": ".4f",
    "Brier": ".4f",
    "calibration error": ".4f",
    "columns per row": ".1f",
    "fit seconds": ".3g",
    "explain seconds": ".3g",
}
Fits = dict[str, dict]  # figures by split


@dataclass(frozen=True)
class Gap:
    """How far a contestant is from the best of a table, over the splits of both.

    Parameters
    ----------
    table, best : str
        Names of the table and of its best contestant.
    key : str
        "AUC" or "R2".
    mean : float
        Own minus best's: not positive, if both have all splits.
    error : float
        Standard error of the mean of the differences; NaN if there is one split.
    """

    table: str
    best: str
    key: str
    mean: float
    error: float

    def __str__(self) -> str:
        best = CONTESTANTS[self.best].label
        return f"{self.table} {self.key} {self.mean:+.4f}{_pm(self.error)} ({best})"


@dataclass(frozen=True)
class Comparison:
    """The answers to some tables.

    Parameters
    ----------
    found : dict
        ``found[table][contestant][split]`` are figures.
    """

    found: dict[str, dict[str, Fits]]

    @cached_property
    def names(self) -> list[str]:
        """Contestants that have answered."""
        there = {name for of_table in self.found.values() for name in of_table}
        return [name for name in CONTESTANTS if name in there]

    def tables_of(self, name: str) -> list[str]:
        return [table for table, each in self.found.items() if name in each]

    def score(self, table: str, name: str) -> float:
        return _mean(self.found[table][name], self.key(table))

    def key(self, table: str) -> str:
        """The figure that counts."""
        fits = next(iter(self.found[table].values()))
        return next(key for key in BEHIND if key in next(iter(fits.values())))

    def mean(self, name: str, key: str) -> float:
        """Mean over the tables that have such a figure; NaN if none has."""
        means = [_mean(self.found[each][name], key) for each in self.tables_of(name)]
        known = [each for each in means if np.isfinite(each)]
        return float(np.mean(known)) if known else np.nan

    def rank(self, name: str) -> float:
        """Mean rank, among those that have answered."""
        ranks = []
        for table in self.tables_of(name):
            names = list(self.found[table])
            order = rankdata([-self.score(table, each) for each in names])
            ranks.append(order[names.index(name)])
        return float(np.mean(ranks))

    def gap(self, table: str, name: str) -> Gap:
        of_table, key = self.found[table], self.key(table)
        best = max(of_table, key=lambda each: self.score(table, each))
        splits = of_table[name].keys() & of_table[best].keys()
        apart = [of_table[name][k][key] - of_table[best][k][key] for k in splits]
        mean = (
            np.mean(apart)
            if apart
            else self.score(table, name) - self.score(table, best)
        )
        return Gap(table, best, key, float(mean), _error(apart))

    def gaps(self, name: str) -> list[Gap]:
        return [self.gap(table, name) for table in self.tables_of(name)]


def read(folder: Path, tables: Iterable[str]) -> dict[str, dict[str, Fits]]:
    """What was answered in time, by table, contestant and split."""
    found = {}
    for table in tables:
        of_table = {}
        for name in CONTESTANTS:
            runs = Results(folder / table / f"{name}.json").runs
            figures = {split: each["figures"] for split, each in runs.items()}
            fits = {k: each for k, each in figures.items() if TIMED_OUT not in each}
            if fits:
                of_table[name] = fits
        if of_table:
            found[table] = of_table
    return found


def lines(half: str, found: Comparison) -> list[str]:
    """Means over the tables of a half, each table, and who is far behind the best."""
    n = len(found.found)
    head = ["contestant", "tables", "rank", "behind the best", *COLUMNS]
    return [
        f"{half}: {n} tables",
        "",
        *_table(head, (_row_of_means(found, name, n) for name in found.names)),
        "",
        "Means over the tables that were answered. Differences are those from the best "
        "of each table, with the standard error over the tables. "
        + _not_finished(found),
        "",
        *_table(
            ["table", *(CONTESTANTS[name].label for name in found.names)],
            (_row_of_table(found, table) for table in found.found),
        ),
        "",
        "Behind the best by more than "
        + ", ".join(f"{limit:g} ({key})" for key, limit in BEHIND.items())
        + ", with the standard error over the splits:",
        "",
        *(_far_behind(found, name) for name in found.names),
    ]


def _row_of_means(found: Comparison, name: str, n: int) -> list[str]:
    gaps = [each.mean for each in found.gaps(name)]
    means = {key: found.mean(name, key) for key in COLUMNS}
    return [
        CONTESTANTS[name].label,
        f"{len(gaps)} of {n}",
        f"{found.rank(name):.1f}",
        f"{np.mean(gaps):+.4f}{_pm(_error(gaps))}",
        *(f"{each:{COLUMNS[key]}}" for key, each in means.items()),
    ]


def _row_of_table(found: Comparison, table: str) -> list[str]:
    of_table = found.found[table]
    best = max(found.score(table, name) for name in of_table)
    cells = []
    for name in found.names:
        if name not in of_table:
            cells.append("")
            continue
        score = found.score(table, name)
        cells.append(f"**{score:.4f}**" if score == best else f"{score:.4f}")
    return [f"{table}, {found.key(table)}", *cells]


def _far_behind(found: Comparison, name: str) -> str:
    far = [str(each) for each in found.gaps(name) if each.mean < -BEHIND[each.key]]
    return f"- {CONTESTANTS[name].label}: {'; '.join(far) or 'none'}"


def _not_finished(found: Comparison) -> str:
    late = [
        f"{CONTESTANTS[name].label} on {table}"
        for table, of_table in found.found.items()
        for name, fits in of_table.items()
        if any(NOT_FINISHED in each for each in fits.values())
    ]
    return f"Effects were not computed in time: {', '.join(late)}." if late else ""


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    rule = ["---"] * len(head)
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def picture(compared: dict[str, Comparison]) -> plt.Figure:
    """Left: differences from each table's best, dots, and their mean, a line.

    Right: the same of the share of the columns that count at a row.
    """
    size = (11, 1 + 3.2 * len(compared))
    figure, panels = plt.subplots(len(compared), 2, figsize=size, squeeze=False)
    for (half, found), (left, right) in zip(compared.items(), panels):
        labels = [CONTESTANTS[name].label for name in found.names]
        gaps = [[each.mean for each in found.gaps(name)] for name in found.names]
        shares = [_shares(found, name) for name in found.names]
        _dots(left, gaps, labels)
        left.set_xscale("symlog", linthresh=0.01)
        left.set(title=half, xlabel="AUC or R2, difference from the table's best")
        _dots(right, shares, [""] * len(labels))
        right.set(xlabel="share of the columns that count at a row", xlim=(0, 1))
    figure.tight_layout()
    return figure


def _shares(found: Comparison, name: str) -> list[float]:
    fits = [found.found[table][name] for table in found.tables_of(name)]
    shares = [_mean(each, "columns per row") / _mean(each, "columns") for each in fits]
    return [each for each in shares if np.isfinite(each)]


def _dots(axes, values: list[list[float]], labels: list[str]) -> None:
    for place, each in enumerate(values):
        axes.plot(each, [place] * len(each), "o", color="C0", alpha=0.5)
        if each:
            axes.plot(np.mean(each), place, "|", color="C3", markersize=18, mew=2)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)


def _mean(fits: Fits, key: str) -> float:
    known = [each[key] for each in fits.values() if key in each]
    return float(np.mean(known)) if known else np.nan


def _error(values: list[float]) -> float:
    n = len(values)
    return float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else np.nan


def _pm(error: float) -> str:
    return f" ± {error:.4f}" if np.isfinite(error) else ""
