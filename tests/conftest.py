"""What all tests share: how they are run, small data, and the folder of data."""

import gc
import os
import signal
import sys

os.environ["SCIPY_ARRAY_API"] = "1"  # read when scipy is imported; enables a check

import numpy as np
import pytest
import torch
from hypothesis import settings
from sklearn.datasets import load_breast_cancer, make_classification, make_regression
from sklearn.preprocessing import StandardScaler

settings.register_profile("fast", max_examples=20, deadline=None, derandomize=True)
settings.register_profile("slow", max_examples=300, deadline=None, derandomize=False)
settings.load_profile("fast")  # --hypothesis-profile=slow takes the other one

SHORT_TRAINING = (
    "sklearn.exceptions.ConvergenceWarning",
    "sklearn_gradlasso.utils.obedience_warning.ObedienceWarning",
)


def pytest_configure(config):
    """Let tests train for a few epochs, or with any strength, which is warned about.

    The filter is not in pyproject.toml, because pytest would import scikit-learn for
    it before this file has set the environment.
    """
    for category in SHORT_TRAINING:
        config.addinivalue_line("filterwarnings", f"ignore::{category}")


def pytest_collection_modifyitems(items):
    """What a docstring shows must train to the end."""
    for item in items:
        if isinstance(item, pytest.DoctestItem):
            for category in SHORT_TRAINING:
                item.add_marker(pytest.mark.filterwarnings(f"error::{category}"))


n_modules_hidden = 0


def pytest_runtest_setup():
    """Start every test from one state, whatever ran before.

    The global generators are seeded. What imports have made is hidden from the garbage
    collector: networks that are trained together start with a collection, which would
    otherwise go through the objects of all packages, 0.2 seconds each time.
    """
    global n_modules_hidden
    np.random.seed(0)
    torch.manual_seed(0)
    if len(sys.modules) > n_modules_hidden + 100:
        n_modules_hidden = len(sys.modules)
        gc.collect()
        gc.freeze()


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


@pytest.fixture(scope="session")
def table():
    """Few rows of two classes, for many fits."""
    return make_classification(90, 5, n_informative=3, flip_y=0.2, random_state=0)


@pytest.fixture(scope="session")
def numbers():
    """Few rows of a target, for many fits."""
    return make_regression(90, 5, n_informative=2, noise=5.0, random_state=0)


@pytest.fixture(scope="session")
def raw():
    """A table of several types, in which values are missing."""
    from helpers.frames import raw_table

    return raw_table()


@pytest.fixture
def stacks(monkeypatch):
    """The number of networks in each stack that is trained, in their order."""
    from helpers.same_as_alone import count_stacks

    return count_stacks(monkeypatch)


@pytest.fixture
def data_folder():
    folder = os.environ.get("SKLEARN_GRADLASSO_DATA")
    if folder is None:
        pytest.skip("SKLEARN_GRADLASSO_DATA does not name a folder of data")
    return folder


@pytest.fixture
def interruptible():
    """Jobs in the background ignore Ctrl-C, and so would the tests in them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
