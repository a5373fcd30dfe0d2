"""Decoy MNIST: a grey patch in a corner gives the digit away, in training only."""

from __future__ import annotations

import numpy as np
from lines import Line, mean
from networks import perceptron
from right_reasons.common import auto_line

from sklearn_gradlasso import FindAnotherExplanation, RRRClassifier
from sklearn_gradlasso.datasets import fetch_mnist, make_decoy

N_SEEDS = 3
GRID = (0.001, 0.01, 0.1, 1.0, 10.0)


def run(seed: int) -> dict:
    train, test = (fetch_mnist(subset=part) for part in ("train", "test"))
    y, y_test = train.target, test.target
    decoyed, patch = make_decoy(train.images, y, random_state=seed)
    misleading, _ = make_decoy(
        test.images, y_test, informative=False, random_state=1000 + seed
    )

    def flat(images) -> np.ndarray:
        return images.reshape(len(images), -1) / np.float32(255)

    X, X_test = flat(decoyed), flat(misleading)
    patch = patch.reshape(len(patch), -1)

    def network(lam="auto") -> RRRClassifier:
        given = {"lam": lam, "obedience": None, "random_state": seed}
        return RRRClassifier(
            **perceptron(max_iter=15, learning_rate_init=1e-3, **given)
        )

    def annotated(lam="auto") -> dict:
        model = network(lam).fit(X, y, annotations=patch)
        return {"lam": model.lam_, "accuracy": model.score(X_test, y_test)}

    clean = network().fit(flat(train.images), y)
    default = network().fit(X, y)
    search = FindAnotherExplanation(network(), n_explanations=4).fit(X, y)
    return {
        "clean": {"accuracy": clean.score(flat(test.images), y_test)},
        "default": {
            "accuracy": default.score(X_test, y_test),
            "training accuracy": default.score(X, y),
        },
        "annotated": annotated(),
        "grid": {f"{lam:g}": annotated(lam) for lam in GRID},
        "another": [member.score(X_test, y_test) for member in search.estimators_],
        "another, training": search.scores_,
    }


def lines(runs: list[dict]) -> list[Line]:
    clean, default, annotated = (
        mean(runs, name, "accuracy") for name in ("clean", "default", "annotated")
    )
    best = sum(max(run["another"]) for run in runs) / len(runs)
    return [
        Line(
            "without annotations: far below the clean data",
            f"{default:.4f} (training "
            f"{mean(runs, 'default', 'training accuracy'):.4f})",
            default < clean - 0.1,
        ),
        Line(
            "with annotations: within 0.5 points of clean MNIST",
            f"{annotated:.4f} against {clean:.4f}",
            annotated >= clean - 0.005,
        ),
        Line(
            "find-another-explanation: within 1.5 points at some member",
            f"{best:.4f} against {clean:.4f}",
            best >= clean - 0.015,
        ),
        auto_line(runs, "decoy MNIST", "accuracy", 4),
    ]
