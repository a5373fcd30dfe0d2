"""optimizer="lbfgs", and the other optimizers by name."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
    lambda_path,
)
from sklearn_gradlasso.utils.optimizers import check_optimizer

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 4))
Y = (X[:, 0] + RNG.standard_normal(300) > 0).astype(int)
LBFGS = {"module": "perceptron", "optimizer": "lbfgs", "random_state": 0}


@pytest.fixture(scope="module")
def scaled_cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def test_a_linear_network_is_logistic_regression():
    model = GradientLassoClassifier(
        lam=0, hidden_layer_sizes=(), weight_l2=0.01, tol=1e-8, **LBFGS
    )
    model.set_params(single_logit=True, penalize_biases=False).fit(X, Y)
    # C multiplies the sum of the losses, against half of the squares.
    peer = LogisticRegression(C=1 / (2 * 0.01 * len(X)), tol=1e-10).fit(X, Y)
    np.testing.assert_allclose(model.coefs_[0][:, 0], peer.coef_[0], atol=1e-5)
    np.testing.assert_allclose(model.intercepts_[0], peer.intercept_, atol=1e-5)
    np.testing.assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-5)
    assert model.n_iter_ < 50 and model.net_.ended_by_ == "plateau"


@pytest.mark.parametrize("normalize_y", [True, False])
def test_a_linear_network_is_a_ridge(normalize_y):
    y = 100 * X[:, 0] + 50 + RNG.standard_normal(300)
    alpha = 0.01
    model = GradientLassoRegressor(
        lam=0, hidden_layer_sizes=(), weight_l2=alpha, tol=1e-9, **LBFGS
    )
    model.set_params(normalize_y=normalize_y, penalize_biases=False).fit(X, y)
    # The penalty of weights does not depend on the unit of y, if the loss is relative.
    peer = Ridge(alpha=alpha * len(X)).fit(X, y)
    np.testing.assert_allclose(model.predict(X), peer.predict(X), rtol=1e-4)


def test_the_quality_is_that_of_scikit_learn(scaled_cancer):
    sizes = {"hidden_layer_sizes": (50, 30), "random_state": 0}
    peer = MLPClassifier(solver="lbfgs", **sizes).fit(*scaled_cancer)
    model = GradientLassoClassifier(lam=0, optimizer="lbfgs", **sizes)
    model.fit(*scaled_cancer)
    assert model.loss_ < 2 * peer.loss_ < 1e-3
    assert model.n_iter_ == len(model.loss_curve_) < 100
    assert np.all(np.diff(model.loss_curve_) <= 0)


def test_the_penalty_of_gradients_is_minimised(scaled_cancer):
    X, y = scaled_cancer
    plain, sparse = (
        GradientLassoClassifier(lam=lam, **LBFGS).fit(X, y) for lam in (0.0, 0.1)
    )
    sizes = [np.abs(model.explain(X)).mean() for model in (plain, sparse)]
    assert sizes[1] < sizes[0] / 10
    assert sparse.score(X, y) > 0.93


def test_limits_end_it_with_a_warning():
    model = GradientLassoClassifier(tol=0.0, max_iter=4, **LBFGS)
    with pytest.warns(ConvergenceWarning, match="max_iter=4 epochs are over"):
        assert model.fit(X, Y).n_iter_ == 4
    model.set_params(max_iter=200, optimizer_params={"max_fun": 10})
    with pytest.warns(ConvergenceWarning, match="max_fun of optimizer_params"):
        model.fit(X, Y)
    assert model.net_.ended_by_ == "evaluations" and 2 < model.n_iter_ <= 10


def test_the_order_and_the_size_of_batches_do_not_matter():
    expected = GradientLassoClassifier(**LBFGS).fit(X, Y)
    model = GradientLassoClassifier(batch_size=7, shuffle=False, **LBFGS).fit(X, Y)
    assert model.loss_curve_ == expected.loss_curve_
    assert model.set_params(learning_rate_init=1e3).fit(X, Y).loss_ == expected.loss_


def test_training_goes_on_from_where_it_was_also_from_a_pickle():
    model = GradientLassoClassifier(tol=0.0, max_iter=5, warm_start=True, **LBFGS)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, Y)
    loaded = pickle.loads(pickle.dumps(model))
    for each in (model, loaded):
        with pytest.warns(ConvergenceWarning):
            each.fit(X, Y)
        assert each.n_iter_ == 5 and np.all(np.diff(each.loss_curve_) <= 0)
    np.testing.assert_array_equal(model.predict_proba(X), loaded.predict_proba(X))


def test_rows_can_be_held_out():
    model = GradientLassoClassifier(early_stopping=True, **LBFGS).fit(X, Y)
    assert len(model.validation_scores_) == model.n_iter_
    kept = np.argmin(model.validation_loss_curve_)
    assert model.best_validation_score_ == model.validation_scores_[kept]


def test_a_path_trains_its_networks_one_by_one():
    with pytest.warns(UserWarning, match="one by one.*LBFGS"):
        path = lambda_path(GradientLassoClassifier(**LBFGS), X, Y, lams=[0.01, 0.1])
    assert len(path.lams) == 2
    with pytest.warns(UserWarning, match="one by one"):
        search = GradientLassoClassifierCV(lams=[0.01, 0.1], cv=2, **LBFGS).fit(X, Y)
    assert search.scores_.min() > 0.6


def test_there_is_no_partial_fit():
    for model in (
        GradientLassoClassifier(**LBFGS),
        GradientLassoRegressor(**LBFGS),
        RRRClassifier(**LBFGS),
        AttributionPriorClassifier(**LBFGS),
    ):
        assert not hasattr(model, "partial_fit")
        with pytest.raises(AttributeError, match="stochastic.*all rows at once"):
            model.partial_fit(X, Y)
        assert hasattr(model.set_params(optimizer="adam"), "partial_fit")


def test_what_is_random_is_refused():
    with pytest.raises(ValueError, match="must not be random.*integrated_gradients"):
        AttributionPriorClassifier(**LBFGS).fit(X, Y)
    model = AttributionPriorClassifier(attribution="gradients", max_iter=9, **LBFGS)
    assert model.set_params(tol=0.1).fit(X, Y).loss_ < 0.7
    model.set_params(schedule="alternating")
    with pytest.raises(ValueError, match="schedule='joint'"):
        model.fit(X, Y)
    with pytest.raises(InvalidParameterError, match="'optimizer' parameter"):
        NGSLLClassifier(**LBFGS).fit(X, Y)
    model = GradientLassoClassifier(**{**LBFGS, "module": dropping})
    with pytest.raises(ValueError, match="the network has dropout.*leave it out"):
        model.fit(X, Y)
    reasons = RRRClassifier(lam=1.0, tol=1e-2, **LBFGS)
    with pytest.raises(ValueError, match="must not be random.*obedience=None"):
        reasons.fit(X, Y, annotations=[0, 1, 0, 0])
    assert reasons.fit(X, Y).score(X, Y) > 0.6  # Nothing is exchanged.
    reasons.set_params(monotonic_cst=[1, 0, 0, 0])
    with pytest.raises(ValueError, match="kinks.*monotonic_cst"):
        reasons.fit(X, Y)


def dropping(n_features, n_outputs):
    parts = nn.Linear(n_features, 5), nn.Dropout(0.2), nn.Linear(5, n_outputs)
    return nn.Sequential(*parts)


@pytest.mark.parametrize("params", [{"max_fun": 0}, {"history_size": 1.5}])
def test_its_parameters_are_numbers(params):
    name = next(iter(params))
    model = GradientLassoClassifier(optimizer_params=params, **LBFGS)
    with pytest.raises(ValueError, match=f"{name} must be a positive integer"):
        model.fit(X, Y)


def test_auto_trains_its_trial_on_the_whole_objective():
    """The trial reaches the minimum with its weight penalty, so the prior is there."""
    mask = np.array([0, 1, 0, 0])
    params = {"hidden_layer_sizes": (), "weight_l2": 0.5, **LBFGS}
    auto = RRRClassifier(obedience=None, **params).fit(X, Y, annotations=mask)
    plain = GradientLassoClassifier(lam=0.0, tol=1e-9, **params).fit(X, Y)
    penalty = np.square(plain.explain(X, target="log_prob_sum") * mask).sum(axis=1)
    shares = np.bincount(Y) / len(Y)
    assert auto.lam_ == pytest.approx(
        -(shares * np.log(shares)).sum() / penalty.mean(), rel=1e-3
    )


def test_torchs_own_class_is_not_given_batches():
    model = GradientLassoClassifier(
        module="perceptron", optimizer=torch.optim.LBFGS, random_state=0
    )
    with pytest.raises(ValueError, match='256 of 300 rows; use optimizer="lbfgs"'):
        model.fit(X, Y)
    assert model.set_params(batch_size=300, tol=1e-2).fit(X, Y).score(X, Y) > 0.6


def test_sgd_has_momentum():
    kind, params = check_optimizer("sgd", None)
    assert issubclass(kind, torch.optim.SGD)
    assert (params["momentum"], params["nesterov"]) == (0.9, True)
    for given in ({"momentum": 0.0}, {"dampening": 0.5}, {"nesterov": False}):
        _, params = check_optimizer("sgd", given)
        assert not params["nesterov"]
        for name, value in given.items():
            assert params[name] == value
        torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, **params)
    model = GradientLassoClassifier(
        module="perceptron", optimizer="sgd", max_iter=3, tol=10.0
    ).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["momentum"] == 0.9


def test_training_may_never_end_by_itself():
    model = GradientLassoClassifier(
        module="perceptron", n_iter_no_change=np.inf, tol=1e9, max_iter=30
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(X, Y)
    assert model.n_iter_ == 30
