"""One temperature of the scores, from the rows that a classifier held out."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    NGSLLClassifier,
    RRRClassifier,
    from_mlp,
    lambda_path,
)
from sklearn_gradlasso.estimators.base import calibration
from sklearn_gradlasso.modules import LogOdds, LogProbabilities, Scores
from tests.helpers.known_slopes import drawn

N_FEATURES = 4
TASKS = ("two classes", "one unit", "three classes", "labels")
KINDS = {
    "gradient LASSO": GradientLassoClassifier,
    "right reasons": RRRClassifier,
    "attribution prior": partial(AttributionPriorClassifier, prior="l1"),
}


def table(task="two classes", n_rows=300):
    X = drawn(n_rows, N_FEATURES)
    scores = 2 * X[:, :3] + 0.7 * drawn(n_rows, 3, seed=1)
    if task == "three classes":
        return X, np.array(["a", "b", "c"])[scores.argmax(axis=1)]
    return X, (scores > 0).astype(int) if task == "labels" else scores[:, 0] > 0


def network(task="two classes", kind=GradientLassoClassifier, **params):
    return kind(
        **{
            "lam": 0.3,
            "module": "perceptron",
            "hidden_layer_sizes": (6,),
            "activation": "tanh",
            "learning_rate_init": 0.02,
            "max_iter": 30,
            "early_stopping": True,
            "validation_fraction": 0.3,
            "single_logit": task == "one unit",
            "random_state": 0,
            **params,
        }
    )


def both(task="two classes", **params):
    """The same network with and without calibration, and its data."""
    X, y = table(task)
    models = [network(task, **params, calibrate=on).fit(X, y) for on in (True, False)]
    return *models, X, y


def held_out_scores(monkeypatch, model, X, y, **given):
    """What ``fit`` calibrated on: scores, encoded y, weights, and the head."""
    seen, find = [], calibration._best_factor

    def watched(head, task, rows):
        seen.append((head, task, rows))
        return find(head, task, rows)

    monkeypatch.setattr(calibration, "_best_factor", watched)
    model.fit(X, y, **given)
    ((head, task, rows),) = seen
    with torch.no_grad():
        scores = head[0](rows[:][0]).double()
    return head, task, scores, rows.y, rows.extras.get("sample_weight")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_the_factor_is_that_of_a_search_by_brute_force(monkeypatch, task, weighted):
    X, y = table(task)
    given = {"sample_weight": 0.5 + np.arange(len(X)) % 3} if weighted else {}
    model = network(task)
    head, meaning, scores, y, weight = held_out_scores(
        monkeypatch, model, X, y, **given
    )
    weight = torch.ones(len(y)) if weight is None else weight

    def loss(factor):
        losses = meaning.loss(head.of_scores(factor * scores), y)
        return float((weight * losses).sum() + 4 * (factor - 1 - np.log(factor)))

    factors = np.exp(np.linspace(-3, 3, 6001))
    best = factors[np.argmin([loss(factor) for factor in factors])]
    assert 1 / model.temperature_ == pytest.approx(best, rel=2e-3)
    assert abs(np.log(best)) > 0.1
    # The prior draws the factor towards 1, so the log loss alone falls, too.
    losses = [
        (weight * meaning.loss(head.of_scores(f * scores), y)).sum() for f in (1, best)
    ]
    assert losses[1] < losses[0]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("task", TASKS)
def test_scores_are_divided_and_nothing_else_changes(task, kind):
    calibrated, plain, X, _ = both(task, kind=kind)
    assert plain.temperature_ == 1.0
    assert calibrated.temperature_ < 0.95
    np.testing.assert_array_equal(calibrated.predict(X), plain.predict(X))
    assert calibrated.loss_curve_ == plain.loss_curve_
    ours, theirs = (model.decision_function(X) for model in (calibrated, plain))
    if task == "three classes":
        ours, theirs = (each - each[:, :1] for each in (ours, theirs))
    np.testing.assert_allclose(ours, theirs / calibrated.temperature_, rtol=1e-9)


def test_other_rows_are_given_better_probabilities():
    calibrated, plain, *_ = both()
    X, y = table(n_rows=2000)
    losses = [log_loss(y, model.predict_proba(X)) for model in (calibrated, plain)]
    assert losses[0] < 0.95 * losses[1]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("target", [None, "log_odds"])
def test_explanations_are_those_of_the_calibrated_decision(task, target):
    if task == "three classes" and target:
        target = None  # Log-odds of several classes are no decision of theirs.
    model, _, X, _ = both(task)
    step = 1e-5
    slopes = [
        (model.decision_function(X + move) - model.decision_function(X - move))
        / (2 * step)
        for move in step * np.eye(N_FEATURES)
    ]
    phi = model.explain(X, target=target)
    np.testing.assert_allclose(phi, np.stack(slopes, axis=1), rtol=1e-5, atol=1e-7)


def test_the_layers_of_a_perceptron_answer_as_it_does():
    model, _, X, _ = both("one unit")
    (first, last), (bias, last_bias) = model.coefs_, model.intercepts_
    scores = np.tanh(X @ first + bias) @ last + last_bias
    np.testing.assert_allclose(model.decision_function(X), scores.ravel())


@pytest.mark.parametrize("task", TASKS)
def test_a_pickle_and_a_copy_keep_the_temperature(task):
    model, _, X, _ = both(task)
    again = pickle.loads(pickle.dumps(model))
    assert again.temperature_ == model.temperature_ != 1
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_loaded_weights_bring_their_temperature():
    calibrated, plain, *_ = both()
    state = calibrated.net_.module_.state_dict()
    plain_state = plain.net_.module_.state_dict()
    plain.net_.module_.load_state_dict(state)
    assert plain.temperature_ == calibrated.temperature_
    calibrated.net_.module_.load_state_dict(plain_state)
    assert calibrated.temperature_ == 1.0


# Training goes on from the scores -----------------------------------------------------


def test_a_warm_start_trains_the_scores_and_finds_a_temperature_of_its_own():
    calibrated, plain, X, y = both(warm_start=True)
    first = calibrated.temperature_
    for model in (calibrated, plain):
        model.fit(X, y)
    assert calibrated.loss_curve_ == plain.loss_curve_
    assert calibrated.temperature_ not in (first, 1.0)
    calibrated.set_params(calibrate=False).fit(X, y)
    assert calibrated.temperature_ == 1.0


def test_partial_fit_ends_with_the_scores_themselves():
    calibrated, plain, X, y = both()
    for model in (calibrated, plain):
        model.set_params(early_stopping=False).partial_fit(X, y)
    assert calibrated.temperature_ == 1.0
    np.testing.assert_array_equal(calibrated.predict_proba(X), plain.predict_proba(X))


def test_a_call_that_fails_leaves_the_temperature():
    model, _, X, y = both(warm_start=True)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="3 features"):
        model.fit(X[:, :3], y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


# Where nothing is done ----------------------------------------------------------------


@pytest.mark.parametrize(
    "params", [{"early_stopping": False}, {"module": "tabular", "max_iter": 3}]
)
def test_without_rows_held_out_for_all_nothing_is_done(params):
    given = {"hidden_layer_sizes": None, "activation": None, **params}
    assert network(**given).fit(*table()).temperature_ == 1.0


def test_nothing_is_done_on_one_class():
    X, y = table()
    order = np.argsort(y, kind="stable")
    model = network(validation_split="last", validation_fraction=0.2)
    with pytest.warns(UserWarning, match="class"):
        model.fit(X[order], y[order])
    assert model.temperature_ == 1.0


def test_nothing_is_done_without_an_error():
    X, _ = table()
    y = X[:, 0] > 0
    X[:, 0] += np.where(y, 3, -3)
    assert network().fit(X, y).temperature_ == 1.0


def test_the_factor_has_bounds():
    assert calibration.lowest(lambda factor: factor) == pytest.approx(1 / 20)
    assert calibration.lowest(lambda factor: -factor) == pytest.approx(20)
    assert calibration.lowest(lambda f: (f - 3) ** 2) == pytest.approx(3)


def test_ngsll_and_networks_of_scikit_learn_stay_as_they_are():
    from sklearn.neural_network import MLPClassifier

    assert "calibrate" not in NGSLLClassifier().get_params()
    model = from_mlp(MLPClassifier((6,), early_stopping=True, random_state=0))
    assert model.fit(*table()).temperature_ == 1.0


def test_it_is_true_or_false():
    with pytest.raises(ValueError, match="calibrate"):
        network(calibrate="isotonic").fit(*table())


# Many networks ------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["two classes", "labels"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_search_calibrates_its_networks_as_fits_do(task, n_jobs):
    X, y = table(task)
    lams = [0.03, 0.3]
    scoring = None if task == "labels" else "neg_log_loss"
    params = network(task, n_jobs=n_jobs).get_params()
    del params["lam"]
    search = GradientLassoClassifierCV(lams=lams, cv=3, scoring=scoring, **params)
    grid = GridSearchCV(network(task), {"lam": lams}, cv=3, scoring=scoring)
    search.fit(X, y)
    grid.fit(X, y)
    of_grid = [grid.cv_results_[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(search.scores_, of_grid, rtol=1e-7)
    assert search.temperature_ == pytest.approx(grid.best_estimator_.temperature_)
    assert search.temperature_ != 1.0


def test_a_path_returns_calibrated_networks():
    X, y = table()
    lams = [0.03, 0.3]
    path = lambda_path(network(), X, y, lams=lams, return_estimators=True)
    for lam, model in zip(lams, path.estimators):
        alone = clone(network(lam=lam)).fit(X, y)
        assert model.temperature_ == pytest.approx(alone.temperature_, rel=1e-7) != 1
        np.testing.assert_allclose(model.predict_proba(X), alone.predict_proba(X))


# The heads ----------------------------------------------------------------------------


@pytest.mark.parametrize("head", [LogOdds, LogProbabilities, Scores])
def test_heads_multiply_the_scores(head):
    network = head(nn.Linear(3, 1 if head is LogOdds else 2)).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    expected = network.of_scores(1.5 * network[0](x))
    assert "factor" not in network.state_dict()
    network.multiply_scores(1.5)
    torch.testing.assert_close(network(x), expected)
    assert network.factor.dtype == torch.float64
    network.multiply_scores(None)
    torch.testing.assert_close(network(x), network.of_scores(network[0](x)))
