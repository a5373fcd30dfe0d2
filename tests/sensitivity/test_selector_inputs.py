"""A selector takes rows in every form, with each of its rules."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.selectors import chosen, ours
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_gradlasso import (
    GradientLassoRegressor,
    SensitivitySelector,
)


@pytest.fixture(scope="module")
def data():
    return make_classification(
        120, 6, n_informative=3, n_redundant=0, shuffle=False, random_state=0
    )


@dataclass(frozen=True)
class AtMost:
    """A limit that is a callable; the names of the checks contain its repr."""

    number: int

    def __call__(self, X):
        return self.number


RULES = [{}, {"threshold": "mean"}, {"max_features": 2}]
RULES += [{"threshold": "noise", "level": 0.3}]
FORMATS = ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.filterwarnings("ignore:Constructing a DIA")
@pytest.mark.parametrize("kind", [sp.coo_matrix, sp.coo_array])
@pytest.mark.filterwarnings("ignore:No features were selected")
def test_all_sparse_formats_with_every_rule(rule, kind, data):
    X, y = data
    expected = SensitivitySelector(ours(), **rule).fit(X, y)
    for name in FORMATS:
        rows = kind(X).asformat(name)
        selector = SensitivitySelector(ours(), **rule).fit(rows, y)
        assert chosen(selector) == chosen(expected)
        assert_allclose(selector.transform(rows).toarray(), expected.transform(X))


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.filterwarnings("ignore:No features were selected")
def test_all_array_likes_with_every_rule(rule, data):
    X, y = data
    expected = SensitivitySelector(ours(), **rule).fit(X, y)
    frame = pd.DataFrame(X)
    for rows in (
        X.tolist(),
        list(X),
        tuple(map(tuple, X)),
        frame,
        np.asfortranarray(X),
    ):
        for model in (ours(), make_pipeline("passthrough", ours())):
            selector = SensitivitySelector(model, **rule).fit(rows, y)
            assert chosen(selector) == chosen(expected)
            assert_array_equal(selector.transform(rows), expected.transform(X))


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, np.ndarray.tolist])
def test_passes_over_labels_that_occur_together(data, kind):
    X, _ = data
    labels = (X[:, :3] > [0, 0.5, 1]).astype(int)
    expected = ours().partial_fit(X, labels, classes=[0, 1, 2]).partial_fit(X, labels)
    selector = SensitivitySelector(ours())
    selector.partial_fit(X, kind(labels)).partial_fit(X, kind(labels))
    assert_allclose(selector.importances_, expected.feature_importances_)


NETWORKS = [
    ours(GradientLassoRegressor, max_iter=2),
    ours(max_iter=2),
    MLPRegressor(hidden_layer_sizes=(3,), max_iter=2),
]
CHECKED = [{"threshold": "mean"}, {"max_features": 1}, {"max_features": AtMost(1)}]
CHECKED += [{"threshold": "noise", "level": 0.3}]


@parametrize_with_checks(
    [SensitivitySelector(NETWORKS[k % 3], **rule) for k, rule in enumerate(CHECKED)]
    + [SensitivitySelector(network) for network in NETWORKS[1:]]
)
@pytest.mark.filterwarnings("ignore")
def test_all_checks_of_scikit_learn_with_every_rule(estimator, check):
    check(estimator)
