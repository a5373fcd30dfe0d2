"""What the rows of Table 1 share: their models, and how strengths are chosen.

A strength is chosen by cross-validation on training rows, for gradients by the path
that is trained as one, for weights by ``GridSearchCV``, with the same folds; it is the
largest whose mean AUC is within one standard error of the best, unless the row has
another rule. Test rows only judge what has been chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from networks import perceptron
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoClassifierCV
from sklearn_gradlasso.metrics import effective_features
from sklearn_gradlasso.paths import LambdaPath

LINEAR = {"hidden_layer_sizes": ()}
N_FOLDS = 3


def one_standard_error(path: LambdaPath) -> int:
    """The strongest penalty whose mean score is within one error of the best."""
    mean = path.scores.mean(axis=0)
    best = mean.argmax()
    error = path.scores[:, best].std(ddof=1) / np.sqrt(len(path.scores))
    return int(np.flatnonzero(mean >= mean[best] - error)[-1])


@dataclass(frozen=True)
class Within:
    """The strongest penalty whose mean score is at most so much below the best."""

    tolerance: float

    def __call__(self, path: LambdaPath) -> int:
        mean = path.scores.mean(axis=0)
        return int(np.flatnonzero(mean >= mean.max() - self.tolerance)[-1])


@dataclass(frozen=True)
class AtMost:
    """The best mean score of those with at most so many effective features.

    Where no strength has so few, the one with the fewest.
    """

    features: float

    def __call__(self, path: LambdaPath) -> int:
        used = path.effective_features
        few = used <= max(self.features, used.min())
        return int(np.where(few, path.scores.mean(axis=0), -np.inf).argmax())


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """Rows, how all networks are trained on them, and the strengths to choose from."""

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    training: dict
    gradient_l1: Sequence[float]
    weight_l1: Sequence[float]
    linear_l1: Sequence[float]
    gradient_rule: Callable[[LambdaPath], int] = one_standard_error
    weight_rule: Callable[[LambdaPath], int] = one_standard_error
    seed: int

    def network(self, **given) -> GradientLassoClassifier:
        """The network of 50 and 30 units, without a penalty if none is given."""
        return GradientLassoClassifier(
            **perceptron(
                **{"lam": 0.0, "random_state": self.seed, **self.training, **given}
            ),
            penalty="l1",
        )

    def folds(self) -> StratifiedKFold:
        return StratifiedKFold(N_FOLDS, shuffle=True, random_state=self.seed)


def gradient_search(task: Task, **given) -> GradientLassoClassifierCV:
    """Choose the strength of the gradient penalty and fit with it."""
    search = GradientLassoClassifierCV(
        lams=task.gradient_l1,
        cv=task.folds(),
        scoring="roc_auc",
        selection=task.gradient_rule,
        penalty="l1",
        random_state=task.seed,
        **perceptron(**{**task.training, **given}),
    )
    return search.fit(task.X_train, task.y_train)


def weight_search(
    task: Task, strengths: Sequence[float], **given
) -> GradientLassoClassifier:
    """Choose the strength of the weight penalty and fit with it."""

    def chosen(results: dict) -> int:
        folds = [results[f"split{k}_test_score"] for k in range(N_FOLDS)]
        nothing = np.full(len(strengths), np.nan)
        path = LambdaPath(
            lams=np.array(strengths),
            scores=np.array(folds),
            losses=np.full(np.shape(folds), np.nan),
            constant_losses=np.full(N_FOLDS, np.nan),
            effective_columns=nothing,
            effective_features=nothing,
            importances=nothing[:, None],
            feature_names=np.array([]),
        )
        return task.weight_rule(path)

    search = GridSearchCV(
        task.network(**given),
        {"weight_l1": list(strengths)},
        scoring="roc_auc",
        cv=task.folds(),
        refit=chosen,
    )
    return search.fit(task.X_train, task.y_train).best_estimator_


def fitted_models(task: Task) -> dict[str, GradientLassoClassifier]:
    """The five models of a row of the table."""
    plain = {
        name: task.network(**given).fit(task.X_train, task.y_train)
        for name, given in (("linear", LINEAR), ("MLP", {}))
    }
    return {
        "linear": plain["linear"],
        "linear, weight L1": weight_search(task, task.linear_l1, **LINEAR),
        "MLP": plain["MLP"],
        "MLP, weight L1": weight_search(task, task.weight_l1),
        "MLP, gradient L1": gradient_search(task),
    }


def described(model, task: Task) -> dict[str, float]:
    """Columns of the table for a model: of the test rows, but the norm."""
    return {
        "AUC": auc(model, task),
        "norm": weight_norm(model),
        "features": features_used(model, task.X_test),
        "strength": float(getattr(model, "lam_", 0.0) or model.weight_l1),
    }


def auc(model, task: Task) -> float:
    return float(roc_auc_score(task.y_test, model.decision_function(task.X_test)))


def features_used(model, X) -> float:
    """Effective number of features, by the gradients that training penalises."""
    return effective_features(model.explain(X, target="training"))


def weight_norm(model) -> float:
    """Sum of the absolute weights and biases."""
    parameters = model.net_.module_.parameters()
    return float(sum(theta.abs().sum().item() for theta in parameters))


def path_of(search: GradientLassoClassifierCV) -> dict[str, list[float]]:
    """The path that a strength was chosen from: means over the folds."""
    return {
        "strength": list(search.lams_),
        "AUC": list(search.scores_.mean(axis=0)),
        "features": list(search.effective_features_),
    }
