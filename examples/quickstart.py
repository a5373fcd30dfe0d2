"""Sparse explanations in two minutes: no penalty, weight L1 and gradient L1.

    python examples/quickstart.py                        # breast cancer, no download
    python examples/quickstart.py --data adult           # census income; needs pandas
    python examples/quickstart.py --data sparse_regions  # made data, the truth is known

Each penalty gets its strength by cross-validation on the training rows: the largest one
whose AUC is within one standard error of the best. Then the test rows decide. A feature
is effective at a sample if its input gradient there is at least a tenth of the largest.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from tqdm import tqdm

from sklearn_gradlasso import GradientLassoClassifier
from sklearn_gradlasso.datasets import fetch_adult, make_sparse_regions
from sklearn_gradlasso.metrics import effective_features

GRADIENT_L1 = [0.001, 0.003, 0.01, 0.015, 0.02, 0.03, 0.1, 0.3, 1.0]
WEIGHT_L1 = [0.00003, 0.0001, 0.0003, 0.001, 0.003]
NETWORK = {
    "module": "perceptron",  # of the paper
    "hidden_layer_sizes": (50, 30),
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate_init": 0.003,
    "batch_size": 256,
    "max_iter": 200,
    "early_stopping": False,
}


@dataclass
class Task:
    """Training and test rows, what prepares them, and how to train on them."""

    X_train: object
    X_test: object
    y_train: np.ndarray
    y_test: np.ndarray
    prepare: object
    training: dict = field(default_factory=dict)
    n_folds: int = 3


def breast_cancer(seed: int) -> Task:
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    rows = train_test_split(X, y.to_numpy(), stratify=y, random_state=seed)
    return Task(*rows, StandardScaler(), n_folds=5)


def adult(seed: int) -> Task:
    train, test = (fetch_adult(subset=part) for part in ("train", "test"))
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    encode = make_column_transformer(
        (categories, make_column_selector(dtype_exclude=np.number)),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    return Task(
        # "education-num" says the same; 89 columns are left, as in the paper.
        train.data.drop(columns="education"),
        test.data.drop(columns="education"),
        (train.target == ">50K").astype(int),
        (test.target == ">50K").astype(int),
        make_pipeline(encode, StandardScaler()),
        {"learning_rate_init": 0.01, "max_iter": 20},
    )


def sparse_regions(seed: int) -> Task:
    X, y, _ = make_sparse_regions(20_000, random_state=seed)
    rows = train_test_split(X, y, random_state=seed)
    as_it_is = FunctionTransformer(feature_names_out="one-to-one")
    return Task(*rows, as_it_is, {"max_iter": 60})


TASKS = {task.__name__: task for task in (breast_cancer, adult, sparse_regions)}


def features_used(model: Pipeline, X) -> float:
    """Effective features of a pipeline's last step at the rows of X."""
    return effective_features(model[-1].explain(model[:-1].transform(X)))


def weight_norm(model: Pipeline) -> float:
    """L1 norm of all weights and biases."""
    return sum(
        theta.abs().sum().item() for theta in model[-1].net_.module_.parameters()
    )


def sparsest_within_one_standard_error(results: dict) -> int:
    """Position of the largest strength whose AUC is as good as the best."""
    mean, deviation = results["mean_test_auc"], results["std_test_auc"]
    n_folds = sum(key.startswith("split") and key.endswith("auc") for key in results)
    best = np.argmax(mean)
    good = mean >= mean[best] - deviation[best] / np.sqrt(n_folds)
    return int(np.flatnonzero(good)[-1])


def spread(values: list, n: int | None) -> list:
    """n of the values, from the first to the last; ``None`` is all."""
    if n is None:
        return values
    return [values[k] for k in np.linspace(0, len(values) - 1, n).round().astype(int)]


def search(model: Pipeline, parameter: str, values: list, task: Task) -> GridSearchCV:
    """Cross-validate AUC and effective features over the strengths of a penalty."""
    n_fits = len(values) * task.n_folds
    with tqdm(total=n_fits, desc=f"choosing {parameter}", unit="fit") as bar:

        def features(model, X, y):
            bar.update()
            return features_used(model, X)

        found = GridSearchCV(
            model,
            {f"network__{parameter}": values},
            scoring={"auc": "roc_auc", "features": features},
            refit=sparsest_within_one_standard_error,
            cv=task.n_folds,
        )
        return found.fit(task.X_train, task.y_train)


def draw(results: dict, strengths: list, n_folds: int, name: str, path: Path) -> None:
    """Cross-validated AUC and effective features against lambda."""
    figure, (upper, lower) = plt.subplots(
        2, sharex=True, figsize=(6.5, 5.5), layout="constrained"
    )
    chosen = strengths[sparsest_within_one_standard_error(results)]
    for axes, key, label, colour in (
        (upper, "auc", "AUC", "tab:blue"),
        (lower, "features", "effective features per sample", "tab:orange"),
    ):
        mean = results[f"mean_test_{key}"]
        error = results[f"std_test_{key}"] / np.sqrt(n_folds)
        axes.errorbar(strengths, mean, error, marker="o", capsize=3, color=colour)
        axes.axvline(chosen, color="grey", linestyle=":")
        axes.set_ylabel(label)
        if key == "auc":
            limit = mean.max() - error[mean.argmax()]
            axes.axhline(limit, color="grey", linestyle="--", linewidth=1)
    lower.set(xscale="log", xlabel="strength of the gradient L1 penalty, $\\lambda$")
    lower.set_ylim(bottom=0)
    upper.set_title(
        f"{name.replace('_', ' ')}: mean and standard error of {n_folds} folds\n"
        f"chosen: $\\lambda$ = {chosen:g}, the largest within one error of the best"
    )
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=TASKS, default="breast_cancer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of the PNG")
    parser.add_argument("--folds", type=int, help="default: 5, or 3 for large data")
    parser.add_argument("--strengths", type=int, help="of each penalty; default: all")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    # Some strengths need more epochs than a quick start takes.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)

    started = time.perf_counter()
    task = TASKS[options.data](options.seed)
    task.n_folds = options.folds or task.n_folds
    strengths = spread(GRADIENT_L1, options.strengths)
    network = GradientLassoClassifier(
        lam=0, random_state=options.seed, **{**NETWORK, **task.training}
    )
    model = Pipeline([("prepare", task.prepare), ("network", network)])

    gradient = search(model, "lam", strengths, task)
    weight = search(model, "weight_l1", spread(WEIGHT_L1, options.strengths), task)
    plain = clone(model).fit(task.X_train, task.y_train)

    rows = [
        ("no penalty", 0.0, plain),
        (
            "weight L1",
            weight.best_params_["network__weight_l1"],
            weight.best_estimator_,
        ),
        (
            "gradient L1",
            gradient.best_params_["network__lam"],
            gradient.best_estimator_,
        ),
    ]
    print(f"\n{options.data}, {len(task.y_test)} test rows, seed {options.seed}")
    titles = ("strength", "AUC", "effective features", "|theta|_1")
    print(" " * 14 + "{:>10}{:>9}{:>21}{:>12}".format(*titles))
    for name, strength, fitted in rows:
        auc = roc_auc_score(task.y_test, fitted.decision_function(task.X_test))
        used = features_used(fitted, task.X_test)
        norm = weight_norm(fitted)
        print(f"{name:14}{strength:>10g}{auc:>9.4f}{used:>21.2f}{norm:>12.1f}")

    fitted = gradient.best_estimator_
    names = fitted[:-1].get_feature_names_out()
    importances = fitted[-1].feature_importances_
    print("\nTop features of gradient L1 (share of the total sensitivity)")
    for j in np.argsort(importances)[::-1][:8]:
        print(f"  {importances[j]:6.1%}  {names[j]}")

    path = options.out / f"quickstart_{options.data}.png"
    draw(gradient.cv_results_, strengths, task.n_folds, options.data, path)
    print(f"\nPicture: {path}   ({time.perf_counter() - started:.0f} s)")


if __name__ == "__main__":
    main()
