"""Attribution priors: the objective, its schedule, its references, its explanations."""

import pickle

import numpy as np
import pytest
import torch
from helpers.quick import PERCEPTRON, QUICK, weights
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    GradientLassoClassifier,
)
from sklearn_gradlasso.attributions import (
    ExpectedGradients,
    Gradients,
    IntegratedGradients,
)
from sklearn_gradlasso.metrics import gini_index
from sklearn_gradlasso.priors import L1, Gini, GraphLaplacian, TotalVariation
from sklearn_gradlasso.weight_penalties import SparseGroupLasso

KINDS = (AttributionPriorClassifier, AttributionPriorRegressor)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 4))
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)


def test_gradient_l1_is_the_gradient_lasso():
    params = {
        "lam": 0.1,
        "tol": 0.0,
        "max_iter": 20,
        "random_state": 0,
        "module": "perceptron",
    }
    prior = {"prior": "l1", "attribution": "gradients", "target": "log_prob_sum"}
    ours = AttributionPriorClassifier(**prior, **params).fit(X, Y)
    lasso = GradientLassoClassifier(**params)
    order = np.lexsort(X.T)  # repeated rows are merged in an order of their own
    lasso.fit(X[order], Y[order])
    np.testing.assert_allclose(weights(ours), weights(lasso), atol=1e-9)


def test_the_first_step_by_hand():
    rate, lam = 0.5, 2.0
    plain = {"hidden_layer_sizes": (), "optimizer": "sgd", "learning_rate_init": rate}
    plain["optimizer_params"] = {"momentum": 0.0}
    params = {**plain, "max_iter": 1, "random_state": 0, "shuffle": False}
    first = AttributionPriorRegressor(lam=0.0, **params).fit(X, 10 * X[:, 0])
    start = AttributionPriorRegressor(
        lam=0.0, **{**params, "learning_rate_init": 1e-12}
    )
    w0 = weights(start.fit(X, 10 * X[:, 0]))
    w1 = weights(first)
    shared = {"prior": "l1", "attribution": "gradients", "lam": lam, **params}
    joint = AttributionPriorRegressor(**shared).fit(X, 10 * X[:, 0])
    turns = AttributionPriorRegressor(schedule="alternating", **shared)
    turns.fit(X, 10 * X[:, 0])
    # the gradient of sum |w_j| is the sign of w, at the start or after the first turn
    slope = np.append(np.sign(w0[:4]), 0)
    np.testing.assert_allclose(weights(joint), w1 - rate * lam * slope)
    slope = np.append(np.sign(w1[:4]), 0)
    np.testing.assert_allclose(weights(turns), w1 - rate * lam * slope)
    assert not np.allclose(weights(turns), weights(joint))
    size = lam * np.abs(w0[:4]).sum()
    assert joint.penalty_curve_ == [pytest.approx(size)]
    assert turns.penalty_curve_ == [pytest.approx(lam * np.abs(w1[:4]).sum())]
    assert turns.loss_curve_ == joint.loss_curve_


@pytest.mark.parametrize("schedule", ["joint", "alternating"])
def test_the_prior_waits_for_its_epochs(schedule):
    waiting = AttributionPriorClassifier(prior_start=3, schedule=schedule, **QUICK)
    waiting.fit(X, Y)
    plain = AttributionPriorClassifier(lam=0.0, **QUICK).fit(X, Y)
    assert waiting.penalty_curve_[:3] == [0.0] * 3
    assert all(waiting.penalty_curve_[3:])
    assert waiting.loss_curve_[:4] == plain.loss_curve_[:4]
    assert waiting.loss_curve_[4] != plain.loss_curve_[4]


def test_the_prior_waits_across_calls_of_partial_fit():
    model = AttributionPriorClassifier(prior_start=2, **QUICK)
    for _ in range(4):
        model.partial_fit(X, Y, classes=[0, 1])
    assert [penalty != 0 for penalty in model.penalty_curve_] == [0, 0, 1, 1]


def test_training_does_not_end_before_the_prior_acts():
    settled = AttributionPriorClassifier(tol=10.0, n_iter_no_change=2, max_iter=50)
    assert settled.set_params(random_state=0).fit(X, Y).n_iter_ < 6
    waiting = clone(settled).set_params(prior_start=20).fit(X, Y)
    assert 20 < waiting.n_iter_ < 26


def test_early_stopping_keeps_no_weights_from_before_the_prior():
    params = {"early_stopping": True, "prior_start": 30, "max_iter": 32, "lam": 5.0}
    params |= {"module": "perceptron", "random_state": 0}
    model = AttributionPriorClassifier(**params).fit(X, Y)
    plain = clone(model).set_params(lam=0.0, prior_start=0).fit(X, Y)
    assert model.penalty_curve_[-1] != 0 and model.n_iter_ == 32
    best = np.argmax(model.validation_scores_[:30])
    assert model.validation_scores_[best] >= max(model.validation_scores_[30:])
    ginis = [gini_index(each.feature_importances_) for each in (model, plain)]
    assert ginis[0] > 0.01 + ginis[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 3])
def test_integer_weights_mean_repetition(kind, k):
    counts = np.tile([1, 2, 0, 3], 30)
    params = {"n_references": k, **QUICK}
    weighted = kind(**params).fit(X, Y, sample_weight=counts)
    repeated = kind(**params).fit(X.repeat(counts, axis=0), Y.repeat(counts))
    np.testing.assert_allclose(weights(weighted), weights(repeated), atol=1e-12)
    np.testing.assert_allclose(
        weighted.feature_importances_, repeated.feature_importances_
    )
    assert not np.allclose(weights(weighted), weights(kind(**params).fit(X, Y)))


def test_the_order_of_rows_of_one_batch_does_not_matter():
    order = np.random.default_rng(1).permutation(120)
    first = AttributionPriorClassifier(**QUICK).fit(X, Y)
    second = AttributionPriorClassifier(**QUICK).fit(X[order], Y[order])
    assert (weights(first) == weights(second)).all()


def test_csr_input_is_as_good_as_dense_input():
    import scipy.sparse as sp

    Z = np.where(np.abs(X) > 0.5, X, 0.0)
    Z = np.concatenate([Z, Z[:10]])
    y = np.concatenate([Y, Y[:10]])
    dense = AttributionPriorClassifier(**PERCEPTRON).fit(Z, y)
    sparse = AttributionPriorClassifier(**PERCEPTRON).fit(sp.csr_array(Z), y)
    np.testing.assert_allclose(weights(dense), weights(sparse), atol=1e-12)
    np.testing.assert_allclose(dense.explain(Z), sparse.explain(Z), atol=1e-9)


@pytest.mark.parametrize("batch_size", ["auto", 32])
def test_the_seed_decides_the_references_and_the_global_generators_do_not(batch_size):
    params = {"batch_size": batch_size, "max_iter": 3}
    fits = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(fits))
        before = torch.get_rng_state()
        fits.append(AttributionPriorClassifier(random_state=seed, **params).fit(X, Y))
        assert (torch.get_rng_state() == before).all()
    assert (weights(fits[0]) == weights(fits[1])).all()
    assert not np.allclose(weights(fits[0]), weights(fits[2]))


def test_batches_in_random_order_need_no_order_of_their_own():
    for size, shuffled in ((120, False), (119, False), (118, True), (32, True)):
        model = AttributionPriorClassifier(batch_size=size, **QUICK).fit(X, Y)
        assert model.net_.objective.attribution.shuffled is shuffled
    model.set_params(shuffle=False).fit(X, Y)
    assert not model.net_.objective.attribution.shuffled


def test_calls_of_partial_fit_draw_other_references():
    seeds = set()
    model = AttributionPriorClassifier(**QUICK)
    for _ in range(3):
        model.partial_fit(X, Y, classes=[0, 1])
        seeds.add(model.net_.objective.attribution.generator.initial_seed())
    assert len(seeds) == 3


def test_sparse_prior_concentrates_importance():
    y = X @ [1.0, 0.9, 0.8, 0.7]
    found = [
        AttributionPriorRegressor(lam=lam, tol=1e-3, random_state=0).fit(X, y)
        for lam in (0.0, 0.5)
    ]
    gini = [gini_index(model.feature_importances_) for model in found]
    assert gini[1] > gini[0] + 0.2


def test_graph_prior_makes_neighbours_alike():
    y = X @ [1.0, 0.2, 1.0, 0.0]
    graph = np.zeros((4, 4))
    graph[0, 1] = graph[1, 0] = 1.0
    params = {"prior": GraphLaplacian(graph), "lam": 10.0, "hidden_layer_sizes": ()}
    model = AttributionPriorRegressor(**params, tol=1e-4, random_state=0).fit(X, y)
    shares = model.feature_importances_
    assert shares[0] == pytest.approx(shares[1], rel=0.1)
    assert shares[2] > 1.4 * shares[0] and shares[3] < 0.1


def test_smooth_prior_sees_images():
    from sklearn.datasets import load_digits

    digits, labels = load_digits(return_X_y=True)
    digits = digits[:400] / 16
    params = {"input_shape": (8, 8), "prior": "total_variation", "random_state": 0}
    costs = []
    for lam in (0.0, 0.01):
        model = AttributionPriorClassifier(lam=lam, max_iter=60, **params)
        model.fit(digits, labels[:400])
        phi = torch.tensor(model.explain(digits[:100], target="predicted"))
        costs.append(TotalVariation((8, 8))(phi).mean().item())
        assert model.score(digits, labels[:400]) > 0.85
    assert costs[1] < 0.9 * costs[0]


def test_annotations_say_where_the_prior_acts():
    y = X @ [1.0, 1.0, 1.0, 1.0]
    params = {"prior": "l1", "lam": 3.0, "learning_rate_init": 0.05, "random_state": 0}
    model = AttributionPriorRegressor(**params, hidden_layer_sizes=())
    model.fit(X, y, annotations=[1, 0, 0, 0])
    shares = model.feature_importances_
    assert shares[0] < 0.02 and shares[1:].min() > 0.25


def test_a_list_of_priors_is_their_weighted_sum():
    one = AttributionPriorClassifier(prior=[(2.0, "l1"), (0.5, Gini())], **QUICK)
    one.fit(X, Y)

    def both(phi, sample_weight=None):
        return 2.0 * L1()(phi).mean() + 0.5 * Gini()(phi, sample_weight)

    other = AttributionPriorClassifier(prior=both, **QUICK).fit(X, Y)
    np.testing.assert_allclose(weights(one), weights(other), atol=1e-10)


def test_a_prior_of_the_batch_is_given_the_weights_if_it_asks():
    seen = []

    def asks(phi, sample_weight=None):
        seen.append(sample_weight)
        return phi.square().sum()

    AttributionPriorClassifier(prior=asks, **QUICK).fit(X, Y, np.arange(1.0, 121))
    assert seen[0].shape == (120,)
    does_not = AttributionPriorClassifier(prior=lambda phi: phi.abs().mean(), **QUICK)
    does_not.fit(X, Y, np.arange(1.0, 121))
    plain = clone(does_not).set_params(prior=lambda phi, n=1: phi.abs().mean())
    assert plain.fit(X, Y, np.arange(1.0, 121)).penalty_curve_ == (
        does_not.penalty_curve_
    )


def test_more_weight_penalties():
    penalties = [(0.05, SparseGroupLasso("first"))]
    params = {"lam": 0.0, "tol": 1e-3, "random_state": 0, "module": "perceptron"}
    plain = AttributionPriorClassifier(**params).fit(X, Y)
    model = AttributionPriorClassifier(weight_penalties=penalties, **params).fit(X, Y)
    columns = [
        np.linalg.norm(each.net_.module_[0][0].weight.detach().numpy(), axis=0)
        for each in (plain, model)
    ]
    assert columns[1][2:].max() < 0.2 * columns[0][2:].max()


def test_the_prior_may_wait_longer_than_one_call_of_a_warm_start():
    model = AttributionPriorClassifier(prior_start=3, warm_start=True, max_iter=2)
    for _ in range(3):
        model.set_params(random_state=0).fit(X, Y)
    assert [penalty != 0 for penalty in model.penalty_curve_] == [0, 0, 0, 1, 1, 1]


def test_repeated_rows_can_be_held_out_and_constant_ones_fitted():
    binary = (X[:, :2] > 0).astype(float)
    model = AttributionPriorClassifier(early_stopping=True, **QUICK).fit(binary, Y)
    assert len(model.validation_scores_) == 5
    constant = AttributionPriorRegressor(**QUICK).fit(np.ones((20, 3)), np.ones(20))
    assert constant.penalty_curve_ == [0.0] * 5
    np.testing.assert_allclose(constant.feature_importances_, 1 / 3)


def test_explaining_is_deterministic_with_a_generator_of_ones_own():
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    given = ExpectedGradients(5).drawing_from(generator)
    model = AttributionPriorRegressor(attribution=given, **QUICK).fit(X, X[:, 0])
    assert (generator.get_state() == before).all()
    np.testing.assert_array_equal(model.explain(X), model.explain(X))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"prior": "smooth"}, r"prior must be one of \['gini'.*got 'smooth'"),
        ({"prior": [("gini", 1.0)]}, "prior: a strength must be a finite number.*gini"),
        ({"prior": [Gini()]}, r"prior must be a list of pairs \(strength, penalty\)"),
        ({"prior": [(-1.0, Gini())]}, "prior: a strength must be a finite number.*-1"),
        ({"prior": lambda phi: phi}, "prior must return a tensor of shape"),
        ({"prior": lambda phi: 1.0}, "prior must return a tensor.*got float"),
        ({"prior": GraphLaplacian(np.ones((3, 3)))}, "GraphLaplacian.*has 3 nodes"),
        ({"prior": TotalVariation((2, 3))}, r"TotalVariation: shape=\(2, 3\)"),
        ({"attribution": "shap"}, "attribution must be one of.*got 'shap'"),
        ({"n_references": 0}, "n_references"),
        ({"schedule": "both"}, "schedule"),
        ({"prior_start": 5}, "prior_start=5 leaves no epoch.*max_iter=5"),
        ({"weight_penalties": [(1.0, 2.0)]}, "weight_penalties: a pair must hold"),
        ({"weight_penalties": [(1.0, "l1")]}, "weight_penalties: a penalty must be an"),
        (
            {"weight_penalties": [(1.0, SparseGroupLasso)]},
            "a penalty must be an object",
        ),
        ({"weight_penalties": [(1.0, lambda m: 1.0)]}, r"tensor of shape \(\), got fl"),
        ({"prior": []}, "prior is an empty list"),
        ({"prior": "total_variation"}, "is about images: give input_shape"),
        ({"prior": ["l1", "l2"]}, "prior must be a list of pairs.*'l1'"),
        ({"prior": Gini}, r"got the class Gini; write Gini\(\)"),
        ({"prior": lambda phi: phi.detach().sum()}, "prior must keep the graph"),
        ({"attribution": lambda score, x: x.detach()}, "attribution must keep the gr"),
        (
            {"attribution": lambda score, x: score(x)},
            "attribution must return a tensor",
        ),
        ({"lam": "auto"}, "lam"),
        ({"batch_size": 1}, "n_samples = 1.*larger batch_size"),
    ],
)
def test_what_does_not_fit_is_refused(kind, params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        kind(**{**QUICK, **params}).fit(X, Y)


def test_a_linear_network_explains_itself_exactly():
    y = 100 * X[:, 0] + 7
    params = {"hidden_layer_sizes": (), "tol": 0.0, "max_iter": 400, "lam": 0.0}
    params |= {"learning_rate_init": 0.05, "n_iter_no_change": 400}
    model = AttributionPriorRegressor(random_state=0, **params).fit(X, y)
    ridge = Ridge(alpha=1e-9).fit(X, y)
    expected = ridge.coef_ * (X - X.mean(axis=0))
    np.testing.assert_allclose(model.explain(X), expected, atol=0.5)
    parts = model._explained(X)
    gap = parts.predictions - parts.base_values - parts.values.sum(axis=1)
    assert np.abs(gap).max() < 1e-9
    np.testing.assert_allclose(parts.predictions, model.predict(X))
    assert parts.base_values == pytest.approx(model.predict(X).mean())


def test_importances_are_shares_of_the_average_magnitude():
    model = AttributionPriorRegressor(**QUICK).fit(X, X[:, 0])
    phi = np.abs(model.explain(X, attribution=ExpectedGradients(50))).mean(axis=0)
    np.testing.assert_allclose(model.feature_importances_, phi / phi.sum())


def test_the_background_is_a_few_hundred_rows_that_stand_for_all():
    many = np.random.default_rng(1).standard_normal((3000, 2))
    params = {"lam": 0.0, "max_iter": 3, "random_state": 0, "module": "perceptron"}
    model = AttributionPriorRegressor(**params).fit(many, many[:, 0])
    background, weight = model._background
    assert background.shape == (500, 2) and weight is None
    assert np.isin(background[:, 0], many[:, 0]).all()
    base = model._explained(many[:1]).base_values
    assert base == pytest.approx(model.predict(many).mean(), abs=0.01)
    heavy = np.where(many[:, 0] > 0, 9.0, 1.0)
    model.fit(many, many[:, 0], sample_weight=heavy)
    assert (model._background[0][:, 0] > 0).mean() == pytest.approx(0.9, abs=0.02)


def test_every_estimator_explains_by_any_attribution():
    model = GradientLassoClassifier(**PERCEPTRON).fit(X, Y)
    expected = model.explain(X, attribution="expected_gradients")
    base = model.decision_function(X).mean()
    total = model.decision_function(X) - base
    np.testing.assert_allclose(expected.sum(axis=1), total, atol=0.02 * np.ptp(total))
    zero = model.decision_function(np.zeros((1, 4)))
    integrated = model.explain(X, attribution=IntegratedGradients(n_steps=200))
    np.testing.assert_allclose(
        integrated.sum(1), model.decision_function(X) - zero, atol=0.01 * np.ptp(total)
    )
    own = model.explain(X, attribution=ExpectedGradients(20, background=X[:3]))
    assert np.abs(own[:3].mean(axis=0)).max() < np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_explains_alike_and_trains_on(kind):
    model = kind(**QUICK).fit(X, Y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.explain(X), model.explain(X))
    loaded.partial_fit(X, Y)
    assert (loaded.n_iter_, len(loaded.loss_curve_)) == (1, 6)
    assert b"torch" not in pickle.dumps(model)


def test_three_classes_and_two_outputs():
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    model = AttributionPriorClassifier(**PERCEPTRON).fit(X, labels)
    assert model.explain(X).shape == (120, 4, 3)
    assert model.explain(X, target="training").shape == (120, 4)
    parts = model._explained(X)
    assert parts.base_values.shape == (3,) and parts.predictions.shape == (120, 3)
    both = AttributionPriorRegressor(**PERCEPTRON).fit(X, X[:, :2])
    assert both.explain(X).shape == (120, 4, 2)
    assert both.feature_importances_.shape == (4,)


def test_classes_as_targets_use_the_class_of_each_row():
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    for k, size in ((1, "auto"), (3, 50)):
        params = {"n_references": k, "batch_size": size, "target": "true_class"}
        model = AttributionPriorClassifier(**params, **QUICK).fit(X, labels)
        assert model.penalty_curve_[-1] < 0


def test_dropout_is_off_where_attributions_are_taken():
    class Net(torch.nn.Sequential):
        def __init__(self, n_features, n_outputs):
            self.modes = []
            drop = torch.nn.Dropout(0.5)
            super().__init__(torch.nn.Linear(n_features, n_outputs), drop)

        def forward(self, x):
            self.modes.append(self[1].training)
            return super().forward(x)

    model = AttributionPriorRegressor(module=Net, max_iter=1, random_state=0)
    model.fit(X, X[:, 0])
    modes = model.net_.module_.modes
    assert modes[1:3] == [True, False]  # after the check: the loss, the attribution
    assert not model.net_.module_.training


def test_grid_search_over_lam_and_prior_in_a_pipeline(cancer):
    Z, y = cancer
    estimator = AttributionPriorClassifier(**{**PERCEPTRON, "max_iter": 10})
    pipeline = make_pipeline(StandardScaler(), estimator)
    grid = {
        "attributionpriorclassifier__lam": [0.01, 1.0],
        "attributionpriorclassifier__prior": ["gini", Gini(), [(1.0, L1())]],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(Z, y)
    assert search.best_score_ > 0.9


@pytest.mark.parametrize("prior", ["gini", "l1", "l2", "global_l2", "total_variation"])
@pytest.mark.parametrize("attribution", ["expected_gradients", "gradients"])
def test_no_strength_gives_a_model_that_is_not_finite(prior, attribution):
    Z = (10 * X).astype(np.float32)
    for lam in np.logspace(-10, 3, 6):
        params = {"prior": prior, "attribution": attribution, "lam": lam}
        params["input_shape"] = (2, 2)
        model = AttributionPriorClassifier(**params, max_iter=40, random_state=0)
        model.fit(Z, Y)
        assert np.isfinite(model.decision_function(X)).all()
        assert np.isfinite(model.explain(X)).all()


def test_attribution_objects_rule_their_own_numbers():
    given = ExpectedGradients(3, background=X[:20])
    model = AttributionPriorRegressor(attribution=given, **QUICK).fit(X, X[:, 0])
    assert model.net_.objective.attribution.n_references == 3
    expected = model.explain(X, attribution=ExpectedGradients(3, background=X[:20]))
    np.testing.assert_array_equal(model.explain(X), expected)
    unset = ExpectedGradients(background=X[:20])
    model = AttributionPriorRegressor(attribution=unset, **QUICK).fit(X, X[:, 0])
    assert model.net_.objective.attribution.n_references == 1
    expected = model.explain(X, attribution=ExpectedGradients(200, background=X[:20]))
    np.testing.assert_array_equal(model.explain(X), expected)
    steep = AttributionPriorRegressor(attribution=Gradients(), **QUICK).fit(X, X[:, 0])
    assert steep._explained(X).base_values is None
