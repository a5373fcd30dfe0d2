"""The contestants of the comparison with peers: how each is made and explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from peer_data import NUMERIC, as_codes, one_hot, sources
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from sklearn_gradlasso import GradientLassoClassifierCV

FOLDS = 3
LAMS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
CS = np.geomspace(1e-3, 10, 13)
STEPS, BATCH = 2_000, 256  # of training


@dataclass
class Explained:
    """What the parts of a model do at each row.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_parts)
        Slopes or contributions, of inputs or terms.
    columns : list of tuple of int
        The columns of the table that each part is about.
    read : int, default=None
        Columns that the model reads, if the values do not tell.
    """

    values: np.ndarray
    columns: list[tuple[int, ...]]
    read: int | None = None

    def by_column(self, together: np.ufunc) -> np.ndarray:
        """Magnitudes of the table's columns: of their parts the ``np.maximum``, or the
        sum (``np.add``).

        Returns
        -------
        ndarray of shape (n_samples, n_columns)
        """
        n_columns = 1 + max(max(columns) for columns in self.columns)
        found = np.zeros((len(self.values), n_columns))
        for part, columns in zip(np.abs(self.values.T), self.columns):
            for j in columns:
                together(found[:, j], part, out=found[:, j])
        return found

    def n_read(self) -> int:
        """Columns that move the answer of a row or more."""
        if self.read is not None:
            return self.read
        return int(self.by_column(np.maximum).any(axis=0).sum())


@dataclass
class Contestant:
    """``make(X, seed)`` gives a classifier, ``explain(model, X, y)`` its reasons."""

    label: str
    make: Callable
    explain: Callable[..., Explained]
    package: str = "scikit-learn"
    time_boxed: bool = False


def fewest_columns(path) -> int:
    """Of the strengths within one standard error of the best AUC, the one whose
    networks use the fewest columns at a row, by effects."""
    means, errors = path.scores.mean(axis=0), path.scores.std(axis=0, ddof=1)
    best = means.argmax()
    good = means >= means[best] - errors[best] / np.sqrt(FOLDS)
    return int(np.where(good, path.effective_columns, np.inf).argmin())


def perceptron(X) -> dict:
    """The network of the paper, and its training on the rows of X."""
    return {
        "module": "perceptron",
        "hidden_layer_sizes": (50, 30),
        "activation": "relu",
        "optimizer": "adam",
        "learning_rate_init": 2e-3,
        "batch_size": BATCH,
        "max_iter": int(np.clip(BATCH * STEPS / len(X), 20, 200)),
        "early_stopping": True,
        "calibrate": False,
    }


def _search(seed: int, **network) -> GradientLassoClassifierCV:
    return GradientLassoClassifierCV(
        cv=FOLDS,
        scoring="roc_auc",
        selection=fewest_columns,
        random_state=seed,
        **network,
    )


def ours() -> Contestant:
    """The default network, which reads the table as it is."""

    def explain(model, X, y):
        return Explained(model.explain(X, target="training"), _each_column(X))

    label = "gradient LASSO, network for tables"
    return Contestant(label, lambda X, seed: _search(seed), explain, "torch")


def ours_perceptron() -> Contestant:
    def make(X, seed):
        return make_pipeline(one_hot(), _search(seed, lams=LAMS, **perceptron(X)))

    def explain(model, X, y):
        phi = model[-1].explain(model[:-1].transform(X), target="training")
        return Explained(phi, sources(model[0], X))

    return Contestant("gradient LASSO, perceptron", make, explain, "torch")


def lassonet() -> Contestant:
    def make(X, seed):
        from lassonet import LassoNetClassifierCV

        model = LassoNetClassifierCV(
            cv=FOLDS, device="cpu", verbose=0, random_state=seed, torch_seed=seed
        )
        return make_pipeline(one_hot(), model)

    def explain(model, X, y):
        Z = torch.as_tensor(model[:-1].transform(X)).requires_grad_()
        output = model[-1].model(Z)
        (output[:, 1] - output[:, 0]).sum().backward()
        return Explained(Z.grad.numpy(), sources(model[0], X))

    return Contestant("LassoNet", make, explain, "lassonet", time_boxed=True)


def sparsest_within_one_standard_error(results: dict) -> int:
    """Position of the smallest C whose AUC is as good as the best, as in ours."""
    scores = np.array([results[f"split{k}_test_score"] for k in range(FOLDS)])
    means, errors = scores.mean(axis=0), scores.std(axis=0, ddof=1) / np.sqrt(FOLDS)
    best = means.argmax()
    return int(np.flatnonzero(means >= means[best] - errors[best])[0])


def l1_logistic() -> Contestant:
    def make(X, seed):
        linear = LogisticRegression(
            l1_ratio=1.0, solver="liblinear", tol=1e-3, random_state=seed
        )
        search = GridSearchCV(
            linear,
            {"C": CS},
            scoring="roc_auc",
            cv=FOLDS,
            refit=sparsest_within_one_standard_error,
        )
        return make_pipeline(one_hot(), search)

    def explain(model, X, y):
        coef = model[-1].best_estimator_.coef_
        return Explained(np.repeat(coef, len(X), axis=0), sources(model[0], X))

    return Contestant("logistic regression, L1", make, explain)


def ebm() -> Contestant:
    def make(X, seed):
        from interpret.glassbox import ExplainableBoostingClassifier

        numeric = set(NUMERIC(X))
        kinds = ["continuous" if name in numeric else "nominal" for name in X]
        return ExplainableBoostingClassifier(
            feature_types=kinds, n_jobs=1, random_state=seed
        )

    def explain(model, X, y):
        return Explained(model.eval_terms(X), list(model.term_features_))

    return Contestant("explainable boosting", make, explain, "interpret-core")


def boosting() -> Contestant:
    def make(X, seed):
        trees = HistGradientBoostingClassifier(random_state=seed)
        # TreeExplainer knows no splits by categories, only by numbers.
        return make_pipeline(as_codes(), trees)

    def explain(model, X, y):
        from shap import TreeExplainer

        values = TreeExplainer(model[-1]).shap_values(model[:-1].transform(X))
        return Explained(values, _each_column(X))

    return Contestant("boosting + TreeSHAP", make, explain, "shap")


def mlp() -> Contestant:
    def make(X, seed):
        network = MLPClassifier(early_stopping=True, random_state=seed)
        return make_pipeline(one_hot(), network)

    def explain(model, X, y):
        found = permutation_importance(
            model, X, y, scoring="roc_auc", n_repeats=5, random_state=0
        )
        lost = found.importances_mean.clip(0)  # a permutation that helps is noise
        values = np.repeat(lost[None], len(X), axis=0)
        return Explained(values, _each_column(X), read=X.shape[1])

    return Contestant("MLP + permutation", make, explain)


def _each_column(X: pd.DataFrame) -> list[tuple[int]]:
    return [(j,) for j in range(X.shape[1])]


CONTESTANTS = {
    "ours": ours(),
    "ours_perceptron": ours_perceptron(),
    "lassonet": lassonet(),
    "l1_logistic": l1_logistic(),
    "ebm": ebm(),
    "boosting": boosting(),
    "mlp": mlp(),
}
