"""Iris-cancer: four columns about flowers give the diagnosis away."""

from __future__ import annotations

from lines import Line, mean
from networks import perceptron
from right_reasons.common import auto_line
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import FindAnotherExplanation, RRRClassifier
from sklearn_gradlasso.datasets import make_iris_cancer

N_SEEDS = 10
GRID = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


def run(seed: int) -> dict:
    X, y, flowers = make_iris_cancer()
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.33, random_state=seed)
    zeroed = X_test.copy()
    zeroed[:, flowers] = 0

    def fitted(last, X, **given):
        named = {f"{type(last).__name__.lower()}__{k}": v for k, v in given.items()}
        return make_pipeline(StandardScaler(), last).fit(X, y, **named)

    network = RRRClassifier(**perceptron(obedience=None, random_state=seed))

    def annotated(lam) -> dict:
        strict = clone(network).set_params(lam=lam)
        model = fitted(strict, X, annotations=flowers)
        return {"lam": model[-1].lam_, "accuracy": model.score(zeroed, y_test)}

    default = fitted(network, X)
    without = fitted(clone(network), X[:, ~flowers])
    scaler, search = fitted(FindAnotherExplanation(network, n_explanations=5), X)
    return {
        "default": {
            "accuracy": default.score(zeroed, y_test),
            "accuracy with the flowers": default.score(X_test, y_test),
        },
        "without the flowers": {
            "accuracy": without.score(X_test[:, ~flowers], y_test),
        },
        "annotated": annotated("auto"),
        "grid": {f"{lam:g}": annotated(lam) for lam in GRID},
        "another": [
            member.score(scaler.transform(zeroed), y_test)
            for member in search.estimators_
        ],
    }


def lines(runs: list[dict]) -> list[Line]:
    default, without, annotated = (
        mean(runs, name, "accuracy")
        for name in ("default", "without the flowers", "annotated")
    )
    intact = mean(runs, "default", "accuracy with the flowers")
    best = sum(max(run["another"]) for run in runs) / len(runs)
    return [
        Line(
            "Iris zeroed: annotated = trained without Iris, within 1 point",
            f"{annotated:.3f} against {without:.3f}",
            abs(annotated - without) <= 0.01,
        ),
        Line(
            "Iris zeroed: default training at least 10 points lower",
            f"{default:.3f} (with Iris {intact:.3f})",
            default <= without - 0.1,
        ),
        Line(
            "Iris zeroed: best of up to 5 members of find-another-explanation",
            f"{best:.3f}",
        ),
        auto_line(runs, "iris-cancer", "accuracy"),
    ]
