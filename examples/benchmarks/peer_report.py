"""What the comparison with peers has found: tables, who is better, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from peer_models import CONTESTANTS
from results import Results
from time_box import TIMED_OUT

TITLE = (
    "AUC | columns per row | explained | added | overall | read | fit, s | explain, s"
)
COLUMNS = {  # of a table, and how their means are written
    "auc": ".4f",
    "by effects": ".1f",
    "per row": ".1f",
    "per row, parts added": ".1f",
    "overall": ".1f",
    "read": ".1f",
    "fit seconds": ".3g",
    "explain seconds per 1,000 rows": ".2g",
}
LOOKS = {
    "ours_perceptron": ("C0", "*"),
    "ours": ("C3", "*"),
    "lassonet": ("C4", "D"),
    "l1_logistic": ("C7", "s"),
    "ebm": ("C1", "o"),
    "boosting": ("C2", "^"),
    "mlp": ("C5", "v"),
}


@dataclass
class Found:
    """What one contestant has found on one table: the figures by split."""

    label: str
    figures: dict[str, dict]

    @property
    def answered(self) -> dict[str, dict]:
        return {k: each for k, each in self.figures.items() if TIMED_OUT not in each}

    def values(self, key: str, splits=None) -> np.ndarray:
        splits = self.answered if splits is None else splits
        return np.array([self.figures[split][key] for split in splits])

    def row(self, n_splits: int) -> str:
        """A line of a table: means, and of the AUC the standard deviation."""
        if not self.answered:
            (limit, *_) = [each[TIMED_OUT] for each in self.figures.values()]
            return f"| {self.label} | no answer within {limit:g} s | | | | | | | |"
        label, n_answered = self.label, len(self.answered)
        if n_answered < n_splits:
            label += f" ({n_answered} of {n_splits})"
        cells = [f"{self.values(key).mean():{form}}" for key, form in COLUMNS.items()]
        if n_answered > 1:
            cells[0] += f" ± {_deviation(self.values('auc')):.4f}"
        return f"| {label} | {' | '.join(cells)} |"


def read(folder: Path, table: str) -> dict[str, Found]:
    """What is known of a table, by contestant."""
    found = {}
    for name, contestant in CONTESTANTS.items():
        runs = Results(folder / table / f"{name}.json").runs
        if runs:
            figures = {split: each["figures"] for split, each in runs.items()}
            found[name] = Found(contestant.label, figures)
    return found


def lines(table: str, found: dict[str, Found]) -> list[str]:
    """A table, and for each of our networks the peers that beat it."""
    n_splits = max(len(each.figures) for each in found.values())
    return [
        f"{table}, {n_splits} splits",
        "",
        f"| contestant | {TITLE} |",
        "| --- " * (1 + len(COLUMNS)) + "|",
        *(each.row(n_splits) for each in found.values()),
        "",
        *(line for name in found if _is_ours(name) for line in beaten(name, found)),
    ]


def beaten(name: str, found: dict[str, Found]) -> list[str]:
    """Peers with a higher AUC and fewer columns by effects, over the splits of both."""
    ours, told = found[name], []
    for peer in (each for other, each in found.items() if not _is_ours(other)):
        splits = [k for k in peer.answered if k in ours.answered]
        if not splits:
            continue
        more = peer.values("auc", splits) - ours.values("auc", splits)
        fewer = ours.values("by effects", splits) - peer.values("by effects", splits)
        if more.mean() > 0 and fewer.mean() > 0:
            told.append(
                f"{peer.label}: AUC {more.mean():+.4f} ± {_deviation(more):.4f}, "
                f"{fewer.mean():.1f} ± {_deviation(fewer):.1f} fewer"
            )
    head = f"better than {ours.label} on AUC and columns per row"
    return [f"{head}: {each}" for each in told or ["none"]]


def picture(found: dict[str, dict[str, Found]]) -> plt.Figure:
    """AUC against columns used per row, by effects; bars are deviations."""
    width = 3.4 * max(len(found), 2)
    figure, panels = plt.subplots(1, len(found), figsize=(width, 4), squeeze=False)
    shown = {}
    for axes, (table, each) in zip(panels[0], found.items()):
        for name, one in each.items():
            if one.answered:
                shown[one.label] = _mark(axes, one, *LOOKS[name], _is_ours(name))
        axes.set(title=table.replace("_", " "), xlabel="columns used per row")
        axes.margins(0.15)
        axes.set_xlim(left=0)
    panels[0, 0].set_ylabel("AUC on test rows")
    figure.tight_layout()
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
    figure.legend(shown.values(), shown.keys(), ncols=min(len(found) + 1, 4), **place)
    return figure


def _mark(axes, found: Found, colour: str, marker: str, large: bool):
    auc, used = found.values("auc"), found.values("by effects")
    return axes.errorbar(
        used.mean(),
        auc.mean(),
        xerr=_deviation(used),
        yerr=_deviation(auc),
        color=colour,
        marker=marker,
        markersize=14 if large else 7,
        linestyle="none",
    )


def _deviation(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _is_ours(name: str) -> bool:
    return name.startswith("ours")
