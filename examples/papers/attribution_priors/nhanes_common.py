"""Deaths within ten years in NHANES I: the data, and every penalty of the paper."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from networks import perceptron
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import GradientNormClipping
from torch import nn

from sklearn_gradlasso import AttributionPriorClassifier
from sklearn_gradlasso.datasets import fetch_nhanes
from sklearn_gradlasso.metrics import gini_index
from sklearn_gradlasso.priors import L1, Gini, GlobalL2
from sklearn_gradlasso.weight_penalties import L1 as WeightL1
from sklearn_gradlasso.weight_penalties import L2 as WeightL2
from sklearn_gradlasso.weight_penalties import SparseGroupLasso

N_ROWS = 100  # of training and of validation
SPLIT = (5500, 7500)  # training, validation and test people in a fixed order
HIDDEN = (512, 128, 32)


class DropoutMLP(nn.Sequential):
    """The same network with dropout after every hidden layer."""

    def __init__(self, n_features: int, n_outputs: int, p: float):
        sizes, layers = (n_features, *HIDDEN), []
        for fan_in, fan_out in pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(p)]
        super().__init__(*layers, nn.Linear(sizes[-1], n_outputs))


def on_attributions(prior, attribution="expected_gradients"):
    return lambda lam: {"lam": lam, "prior": prior, "attribution": attribution}


def on_weights(penalty):
    return lambda lam: {"lam": 0.0, "weight_penalties": [(lam, penalty)]}


PENALTIES = {
    "sparse prior": on_attributions(Gini()),
    "Gini of gradients": on_attributions(Gini(), "gradients"),
    "L1 of gradients": on_attributions(L1(), "gradients"),
    "L1 of expected gradients": on_attributions(L1()),
    "L2 of expected gradients": on_attributions(GlobalL2()),
    "weight L1, all layers": on_weights(WeightL1()),
    "weight L1, first layer": on_weights(WeightL1("first")),
    "weight L2, all layers": on_weights(WeightL2()),
    "weight L2, first layer": on_weights(WeightL2("first")),
    "sparse group lasso": on_weights(SparseGroupLasso()),
    "sparse group lasso, first layer": on_weights(SparseGroupLasso("first")),
}


def mixed(lam: float, l1: float) -> dict:
    return {"lam": 1.0, "prior": [(lam, Gini()), (l1, L1())]}


def dropout(p: float) -> dict:
    params = {"module": DropoutMLP, "module_params": {"p": p}}
    return {"lam": 0.0, "hidden_layer_sizes": (1,), **params}


@cache
def people() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Training, validation and test people: imputed by means, standardised."""
    X, y = fetch_nhanes(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    parts = np.split(order, SPLIT)
    scale = make_pipeline(SimpleImputer(), StandardScaler())
    scale.fit(X.iloc[parts[0]])
    X = scale.transform(X).astype(np.float32)
    return tuple((X[part], y[part]) for part in parts)


def drawn(seed: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """100 people to train on, 100 to validate on, and all for the test."""
    rng = np.random.default_rng(seed)
    train, valid, test = people()
    parts = []
    for X, y in (train, valid):
        chosen = rng.choice(len(y), N_ROWS, replace=False)
        parts.append((X[chosen], y[chosen]))
    return *parts, test


def fitted(params: dict, X, y, seed: int) -> AttributionPriorClassifier:
    """The paper's network and training; gradients longer than 1 are cut to 1."""
    training = {
        "optimizer": "sgd",
        "optimizer_params": {"momentum": 0.0},
        "learning_rate_init": 1.0,
        "max_iter": 20,
        "n_iter_no_change": 20,
        "callbacks": [GradientNormClipping(1.0)],
    }
    network = perceptron(**{"hidden_layer_sizes": HIDDEN, **training, **params})
    return AttributionPriorClassifier(random_state=seed, **network).fit(X, y)


def figures(params: dict, seed: int) -> dict[str, float]:
    """AUC on validation and test people, and the sparsity of the importances."""
    train, valid, test = drawn(seed)
    model = fitted(params, *train, seed)
    auc = [roc_auc_score(y, model.decision_function(X)) for X, y in (valid, test)]
    gini = gini_index(model.feature_importances_)
    return {"valid": float(auc[0]), "test": float(auc[1]), "gini": gini}
