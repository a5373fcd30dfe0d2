"""Choosing lam: many networks trained as one, a grid search, LassoNet.

    pip install lassonet
    python examples/benchmarks/path.py [--data cancer adult] [--rounds 3]

20 strengths x 5 folds of the gradient LASSO with hidden layers of 50 and 30 units,
by ``GradientLassoClassifierCV(n_jobs=2)`` and by ``GridSearchCV(n_jobs=2)`` over the
same fits, and ``LassoNetClassifierCV`` with its defaults but for the layers. A fifth of
the rows is kept for the test (of Adult, the published test set). Every fit is in a
process of its own, so that the time of starting workers belongs to it; a ratio is the
median of its values in the rounds. Memory is the largest resident size of the process,
and of its workers.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
from joblib.externals.loky import get_reusable_executor
from rounds import versions
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoClassifierCV
from sklearn_gradlasso.datasets import fetch_adult
from sklearn_gradlasso.metrics import effective_features

LAMS = np.geomspace(1e-3, 10, 20)
N_JOBS, FOLDS = 2, 5
NETWORK = {
    "module": "perceptron",
    "hidden_layer_sizes": (50, 30),
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate_init": 0.003,
    "batch_size": 256,
    "max_iter": 200,
    "early_stopping": False,
    "random_state": 0,
}


def cancer(dtype) -> tuple:
    X, y = load_breast_cancer(return_X_y=True)
    parts = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    X, X_test, y, y_test = parts
    scaler = StandardScaler().fit(X)
    X, X_test = (scaler.transform(rows).astype(dtype) for rows in (X, X_test))
    return X, y, X_test, y_test


def adult(dtype) -> tuple:
    train, test = (fetch_adult(subset=part) for part in ("train", "test"))
    numeric = list(train.data.select_dtypes("number").columns)
    other = [name for name in train.data.columns if name not in numeric]
    columns = make_column_transformer(
        (StandardScaler(), numeric),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), other),
    )
    X = columns.fit_transform(train.data.fillna("?")).astype(dtype)
    X_test = columns.transform(test.data.fillna("?")).astype(dtype)
    return X, train.target == ">50K", X_test, test.target == ">50K"


def ours():
    given = {"cv": FOLDS, "scoring": "roc_auc", "n_jobs": N_JOBS}
    return GradientLassoClassifierCV(lams=LAMS, **given, **NETWORK)


def grid_search():
    model = GradientLassoClassifier(**NETWORK)
    given = {"cv": FOLDS, "scoring": "roc_auc", "n_jobs": N_JOBS}
    return GridSearchCV(model, {"lam": LAMS}, **given)


def lassonet():
    from lassonet import LassoNetClassifierCV

    params = {"random_state": 0, "torch_seed": 0, "verbose": 0}
    return LassoNetClassifierCV(hidden_dims=(50, 30), cv=FOLDS, **params)


DATA = {"cancer": cancer, "adult": adult}
CONTESTANTS = {"ours": ours, "GridSearchCV": grid_search, "LassoNet": lassonet}


def contest(name: str, data: str, dtype: str) -> dict:
    """Fit one contestant in this process."""
    warnings.simplefilter("ignore")
    X, y, X_test, y_test = DATA[data](dtype)
    before = _largest_size()
    started = time.perf_counter()
    model = CONTESTANTS[name]().fit(X, y)
    found = {"seconds": time.perf_counter() - started}
    found["MiB more"] = _largest_size() - before
    probability = model.predict_proba(X_test)
    probability = getattr(probability, "numpy", lambda: probability)()
    found["test AUC"] = roc_auc_score(y_test, probability[:, 1])
    fitted = getattr(model, "best_estimator_", model)
    if hasattr(fitted, "lam_"):
        found["lam"] = fitted.lam_
        found["effective features"] = effective_features(fitted.explain(X_test))
    return found


def _largest_size() -> float:
    """Largest resident size so far, with that of the workers, in MiB."""
    get_reusable_executor().shutdown(wait=True)  # what has ended is counted
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    of_worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + N_JOBS * of_worker) / 1024


def in_a_process(name: str, data: str, dtype: str) -> dict:
    command = [sys.executable, __file__, "--contestant", name, "--data", data]
    answer = subprocess.run(
        [*command, "--dtype", dtype], check=True, capture_output=True, text=True
    )
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATA, default=["cancer"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", nargs="+", default=["float64"])
    parser.add_argument("--without", nargs="*", default=[], choices=CONTESTANTS)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        (data,), (dtype,) = options.data, options.dtype
        print(json.dumps(contest(options.contestant, data, dtype)))
        return
    names = [name for name in CONTESTANTS if name not in options.without]
    for data in options.data:
        for dtype in options.dtype:
            compare(names, data, dtype, options.rounds)
    packages = versions("torch", "scikit-learn", "skorch", "joblib", "numpy")
    print(f"\n{packages}; n_jobs={N_JOBS}, one torch thread each")


def compare(names: list[str], data: str, dtype: str, n_rounds: int) -> None:
    print(f"\n{data}, {dtype}, {len(LAMS)} strengths x {FOLDS} folds", flush=True)
    found = {name: [] for name in names}
    for number in range(n_rounds):
        for name in names:
            if name == "LassoNet" and number:  # takes so long that once must do
                continue
            found[name].append(in_a_process(name, data, dtype))
            figures = {k: float(f"{v:.4g}") for k, v in found[name][-1].items()}
            print(f"  {name:14}{figures}", flush=True)
    for name in names[1:]:
        pairs = zip(found[name], found["ours"])
        times = statistics.median(a["seconds"] / b["seconds"] for a, b in pairs)
        print(f"  {name} / ours: {times:.2f} (median of {len(found[name])} rounds)")


if __name__ == "__main__":
    main()
