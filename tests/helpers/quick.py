"""Networks that train briefly, and their weights."""

import numpy as np
from torch.nn.utils import parameters_to_vector

from sklearn_gradlasso import GradientLassoClassifierCV, GradientLassoRegressorCV

QUICK = {"max_iter": 5, "random_state": 0}
PERCEPTRON = {**QUICK, "module": "perceptron"}
SMALL = {"hidden_layer_sizes": (6, 4), "learning_rate_init": 0.02, "random_state": 0}
OF_A_SEARCH = {**SMALL, "max_iter": 25, "tol": 1e-3}
LAMS = [0.001, 0.03, 1.0]


def classifier_cv(**params):
    params = {"lams": LAMS, "cv": 3, **OF_A_SEARCH, **params}
    return GradientLassoClassifierCV(**params)


def regressor_cv(**params):
    params = {"lams": LAMS, "cv": 3, **OF_A_SEARCH, **params}
    return GradientLassoRegressorCV(**params)


def weights(model) -> np.ndarray:
    """All weights of a fitted network, one after the other."""
    return parameters_to_vector(model.net_.module_.parameters()).detach().numpy()
