"""Small data, and the data folder where the machine has it."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # read when scipy is imported; enables a check

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, make_classification, make_regression
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="session")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="session")
def three_classes():
    X, y = make_classification(
        150, 6, n_informative=4, n_classes=3, class_sep=1.5, random_state=0
    )
    return X, np.array(["a", "b", "c"])[y]


@pytest.fixture(scope="session")
def two_targets():
    return make_regression(150, 6, n_informative=3, n_targets=2, random_state=0)


@pytest.fixture(scope="session")
def one_target():
    return make_regression(150, 6, n_informative=3, noise=1.0, random_state=0)


@pytest.fixture
def data_folder():
    folder = os.environ.get("SKLEARN_GRADLASSO_DATA")
    if folder is None:
        pytest.skip("SKLEARN_GRADLASSO_DATA does not name a folder of data")
    return folder
