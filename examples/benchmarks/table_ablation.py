"""What each ingredient of the network for tables brings: fits without it.

    pip install ".[benchmarks]"
    python examples/benchmarks/table_ablation.py [--table OJ HMDA] [--splits 3]

Each variant lacks one ingredient of the default fit, on the seen half of the raw tables
of ``tables.py`` and on its splits, whose seeds are those of the networks. Fits that are
recorded in the folder are not made again. ``--splits 0`` reports what is there.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from sys import path as places
from unittest import mock

HERE = Path(__file__).resolve().parent
places[:0] = [str(HERE), str(HERE.parent / "papers")]

import numpy as np  # noqa: E402
from reason_fits import estimator  # noqa: E402
from reason_tables import split  # noqa: E402
from results import Results  # noqa: E402
from skorch.callbacks import LRScheduler  # noqa: E402
from table_data import SEEN, loaded  # noqa: E402
from table_scores import scores  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402
from tqdm import tqdm  # noqa: E402

from sklearn_gradlasso import (  # noqa: E402
    GradientLassoClassifier,
    GradientLassoRegressor,
)
from sklearn_gradlasso.modules import TabularNet  # noqa: E402

BACKBONE, LINES, INTERACTIONS = "*additive.*", "*additive.line", "*interactions.*"
EMBEDDINGS = "*embedding.*"


@dataclass(frozen=True)
class Variant:
    """A default fit but for something.

    Parameters
    ----------
    label : str
        What it lacks or has instead.
    params : dict, default={}
        Parameters of the estimator.
    groups : callable, default=None
        ``(rate, groups) -> groups``: changes the parameter groups of the optimizer,
        ``{pattern: options}``.
    """

    label: str
    params: dict = field(default_factory=dict)
    groups: Callable[[float, dict], dict] | None = None


def frozen(*patterns: str) -> Callable:
    """These parameters keep their initial values, which are zero for all that count."""

    def change(rate: float, groups: dict) -> dict:
        return {
            pattern: {**each, "lr": 0.0} if pattern in patterns else each
            for pattern, each in groups.items()
        }

    return change


def without_backbone(rate: float, groups: dict) -> dict:
    """What is left learns as fast as the backbone would."""
    groups = at_one_rate(rate, groups)
    return {**groups, LINES: {"lr": 0.0}, BACKBONE: {"lr": 0.0}}


def at_one_rate(rate: float, groups: dict) -> dict:
    return {pattern: {**each, "lr": rate} for pattern, each in groups.items()}


def without_decay(rate: float, groups: dict) -> dict:
    return {pattern: {**each, "weight_decay": 0.0} for pattern, each in groups.items()}


def constant(epoch: int) -> float:
    return 1.0


VARIANTS = {
    "default": Variant("nothing (the default)"),
    "no_penalty": Variant("the penalty (`lam=0`)", {"lam": 0.0}),
    "no_backbone": Variant("additive functions", groups=without_backbone),
    "no_lines": Variant("lines under the pieces", groups=frozen(LINES)),
    "no_interactions": Variant("interactions", groups=frozen(INTERACTIONS, EMBEDDINGS)),
    "one_member": Variant("members but one", {"module_params": {"n_members": 1}}),
    "no_decay": Variant("weight decay", groups=without_decay),
    "one_rate": Variant("slower interactions", groups=at_one_rate),
    "no_annealing": Variant(
        "the fall of the learning rate",
        {"callbacks": [LRScheduler("LambdaLR", lr_lambda=constant)]},
    ),
    "one_cycle": Variant("a second cycle", {"n_iter_no_change": np.inf}),
    "nothing_held_out": Variant("rows held out", {"early_stopping": False}),
    "few_pieces": Variant("pieces but 4", {"module_params": {"n_pieces": 4}}),
    "many_pieces": Variant("64 pieces instead", {"module_params": {"n_pieces": 64}}),
    "large_batches": Variant("batches of 256 instead", {"batch_size": 256}),
}


def fit(table: str, variant: Variant, seed: int) -> dict[str, float]:
    """Fit on one thread and judge on test rows."""
    own = TabularNet.optimizer_params

    def changed(rate: float, is_small: bool) -> dict:
        params = own(rate, is_small)
        groups = variant.groups(rate, dict(params["param_groups"]))
        return {**params, "param_groups": list(groups.items())}

    params = own if variant.groups is None else changed
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
        mock.patch.object(TabularNet, "optimizer_params", staticmethod(params)),
    ):
        warnings.simplefilter("ignore")
        rows = split(loaded(table), seed)
        model = estimator(
            loaded(table),
            GradientLassoClassifier,
            GradientLassoRegressor,
            random_state=seed,
            **variant.params,
        )
        started = time.perf_counter()
        model.fit(rows.X, rows.y)
        seconds = time.perf_counter() - started
        return {"fit seconds": seconds, **scores(model, rows.X_test, rows.y_test)}


def run(asked: argparse.Namespace) -> None:
    for name in asked.variant:
        for table in asked.table:
            results = Results(asked.out / table / f"{name}.json")
            for seed in tqdm(results.missing(asked.splits), desc=f"{table}, {name}"):
                results.add(seed, fit(table, VARIANTS[name], seed), n_jobs=1)


def read(folder: Path, tables: list[str], name: str) -> dict[str, list[dict]]:
    """Figures by table, split after split; those that are there."""
    found = {
        table: Results(folder / table / f"{name}.json").figures() for table in tables
    }
    return {table: each for table, each in found.items() if each}


def lines(folder: Path, tables: list[str]) -> list[str]:
    """Differences from the default, with the standard error over the tables."""
    default = read(folder, tables, "default")
    rows = [
        "| without | AUC | R2 | log loss | time |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, variant in VARIANTS.items():
        found = read(folder, list(default), name)
        cells = [_difference(default, found, key) for key in ("AUC", "R2", "log loss")]
        ratios = [
            np.median([run["fit seconds"] for run in found[table]])
            / np.median([run["fit seconds"] for run in default[table]])
            for table in found
        ]
        if ratios:
            cells.append(f"{np.exp(np.mean(np.log(ratios))):.2f}")
            rows.append(f"| {variant.label} | {' | '.join(cells)} |")
    return rows


def _difference(default: dict, found: dict, key: str) -> str:
    apart = [
        np.mean(
            [own[key] - other[key] for own, other in zip(found[table], default[table])]
        )
        for table in found
        if key in found[table][0]
    ]
    if not apart:
        return ""
    error = np.std(apart, ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else np.nan
    pm = f" ± {error:.4f}" if np.isfinite(error) else ""
    return f"{np.mean(apart):+.4f}{pm}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", nargs="+", choices=SEEN, default=list(SEEN))
    parser.add_argument(
        "--variant", nargs="+", choices=VARIANTS, default=list(VARIANTS)
    )
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "table_ablation")
    asked = parser.parse_args()
    run(asked)
    print("\n".join(lines(asked.out, asked.table)), flush=True)


if __name__ == "__main__":
    main()
