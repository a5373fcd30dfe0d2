"""Selecting and refitting on Adult: how many of 108 columns does a network need?"""

from __future__ import annotations

import numpy as np
from lines import Line, mean, values
from networks import perceptron
from sklearn.compose import make_column_transformer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import GradientLassoClassifier, SensitivitySelector
from sklearn_gradlasso.datasets import fetch_adult

N_SEEDS = 5
SHARES = (0.8, 0.9, 0.95)
STRENGTH = 0.003


def run(seed: int, max_iter: int = 15) -> dict:
    train, test = (fetch_adult(subset=part) for part in ("train", "test"))
    numeric = list(train.data.select_dtypes("number").columns)
    other = [name for name in train.data.columns if name not in numeric]
    columns = make_column_transformer(
        (StandardScaler(), numeric),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), other),
    )
    X = columns.fit_transform(train.data.fillna("?")).astype(np.float32)
    X_test = columns.transform(test.data.fillna("?")).astype(np.float32)
    y, y_test = train.target == ">50K", test.target == ">50K"

    def network() -> GradientLassoClassifier:
        return GradientLassoClassifier(
            **perceptron(lam=STRENGTH, max_iter=max_iter, random_state=seed)
        )

    def auc(model) -> float:
        return float(roc_auc_score(y_test, model.decision_function(X_test)))

    figures = {"all": {"auc": auc(network().fit(X, y)), "columns": X.shape[1]}}
    for share in SHARES:
        selector = SensitivitySelector(network(), cumulative=share)
        model = make_pipeline(selector, network()).fit(X, y)
        kept = int(model[0].get_support().sum())
        figures[str(share)] = {"auc": auc(model), "columns": kept}
    return figures


def lines(runs: list[dict]) -> list[Line]:
    full, n_columns = mean(runs, "all", "auc"), runs[0]["all"]["columns"]
    found = [Line(f"AUC with all {n_columns} columns", f"{full:.4f}")]
    for share in map(str, SHARES):
        auc, kept = mean(runs, share, "auc"), values(runs, share, "columns")
        lost = np.array(values(runs, "all", "auc")) - values(runs, share, "auc")
        found.append(
            Line(
                f"cumulative={share}: AUC within 0.003, at most half the columns",
                f"{auc:.4f} (most lost {lost.max():+.4f}), {min(kept)} to {max(kept)}",
                bool(lost.max() <= 0.003 and max(kept) <= n_columns / 2),
            )
        )
    return found
