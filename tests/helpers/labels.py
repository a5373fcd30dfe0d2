"""Indicators of labels that may occur together, and the same network elsewhere."""

import numpy as np
from sklearn.neural_network import MLPClassifier
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier

from .known_slopes import drawn
from .quick import SMALL


def network(**params):
    return GradientLassoClassifier(**{**SMALL, "max_iter": 20, "tol": 1e-2, **params})


def indicator(n_labels, n_rows=60, n_features=4):
    """X, and an indicator whose labels depend on X and on each other."""
    X = drawn(n_rows, n_features)
    weight = drawn(n_features, n_labels, seed=1)
    return X, (X @ weight + drawn(n_rows, n_labels, seed=2) > 0).astype(int)


def as_mlp(model, X, Y):
    """A fitted MLPClassifier with the weights of a network of labels."""
    layers = [part for part in model.net_.module_[0] if isinstance(part, nn.Linear)]
    sizes = [layer.out_features for layer in layers[:-1]]
    mlp = MLPClassifier(sizes, activation=model.activation or "relu", max_iter=1)
    mlp.partial_fit(X, Y, classes=np.arange(Y.shape[1]))
    mlp.coefs_ = [layer.weight.detach().numpy().T for layer in layers]
    mlp.intercepts_ = [layer.bias.detach().numpy() for layer in layers]
    return mlp
