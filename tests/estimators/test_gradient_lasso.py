"""The two estimators under scikit-learn's contract, beyond its own checks."""

import pickle
import pickletools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.quick import PERCEPTRON, QUICK, weights
from sklearn.base import clone
from sklearn.linear_model import Lasso, LogisticRegression
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor


def test_a_linear_network_without_penalty_is_logistic_regression(cancer):
    X, y = cancer[0][:, [0, 1, 4]], cancer[1]
    model = GradientLassoClassifier(
        lam=0,
        hidden_layer_sizes=(),
        batch_size=len(X),
        learning_rate_init=0.03,
        max_iter=1500,
        tol=0,
        random_state=0,
    ).fit(X, y)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(model.explain(X[:1]), oracle.coef_, rtol=1e-2)
    np.testing.assert_allclose(
        model.predict_proba(X), oracle.predict_proba(X), atol=1e-3
    )


def test_a_linear_network_under_gradient_l1_is_the_lasso():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 6))
    X -= X.mean(0)
    y = X @ [3.0, -2.0, 1.0, 0.0, 0.0, 0.0] + rng.standard_normal(200)
    lam = 0.2
    model = GradientLassoRegressor(
        lam=lam,
        hidden_layer_sizes=(),
        max_iter=3000,
        tol=0,
        n_iter_no_change=3000,
        random_state=0,
    ).fit(X, y)
    # Ours is |y - f|^2 / n + lam |w| in units of y's spread; scikit-learn halves the
    # first term.
    oracle = Lasso(alpha=lam / 2 * y.std(), tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.explain(X[:1])[0], oracle.coef_, atol=0.02)
    assert (np.abs(model.explain(X[:1])[0, 3:]) < 0.02).all()


def test_integer_weights_mean_repetition(three_classes, two_targets):
    for estimator, (X, y) in [
        (GradientLassoClassifier(**PERCEPTRON), three_classes),
        (GradientLassoRegressor(**PERCEPTRON), two_targets),
    ]:
        X, y = X[:60], y[:60]
        weight = np.arange(60) % 3
        repeated = np.repeat(np.arange(60), weight)
        weighted = clone(estimator).fit(X, y, sample_weight=weight)
        plain = clone(estimator).fit(X[repeated], y[repeated])
        np.testing.assert_allclose(weighted.explain(X), plain.explain(X), rtol=1e-8)
        np.testing.assert_allclose(
            weighted.feature_importances_, plain.feature_importances_, rtol=1e-8
        )


@pytest.mark.parametrize("batch_size", [2, 50, "auto"])
def test_weights_do_not_depend_on_how_rows_meet_in_batches(batch_size):
    # With a constant input the best probability is the weighted share of the class.
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], 300))
    weight = np.where(y == 1, 10.0, 1.0)
    model = GradientLassoClassifier(
        lam=0,
        hidden_layer_sizes=(),
        batch_size=batch_size,
        learning_rate_init=0.01,
        max_iter=400 if batch_size == "auto" else 60,
        random_state=0,
    ).fit(np.zeros((600, 1)), y, weight)
    assert model.predict_proba([[0.0]])[0, 1] == pytest.approx(10 / 11, abs=0.03)


def test_the_scale_of_weights_does_not_matter(two_targets):
    X, y = two_targets
    weight = 1.0 + np.arange(len(X)) % 3
    plain = GradientLassoRegressor(**QUICK).fit(X, y, weight)
    for scale in (1e-300, 1e300):
        scaled = GradientLassoRegressor(**QUICK).fit(X, y, weight * scale)
        np.testing.assert_allclose(scaled.predict(X), plain.predict(X), rtol=1e-8)


def test_the_loss_curve_is_the_weighted_average_over_batches(cancer):
    X, y = cancer
    weight = np.where(np.arange(len(y)) < 20, 1000.0, 1.0)
    model = GradientLassoClassifier(
        batch_size=10,
        learning_rate_init=1e-12,
        max_iter=1,
        module="perceptron",
        random_state=0,
    ).fit(X, y, weight)
    log_p = model.predict_log_proba(X)[np.arange(len(y)), y]
    expected = -np.average(log_p, weights=weight)
    assert model.loss_ == pytest.approx(expected, rel=1e-6)


def test_equal_weights_change_no_bit(cancer):
    X, y = (each[:200] for each in cancer)
    plain = GradientLassoClassifier(**QUICK).fit(X, y)
    equal = GradientLassoClassifier(**QUICK).fit(X, y, np.full(len(y), 3.0))
    np.testing.assert_array_equal(weights(plain), weights(equal))


def test_class_weights_multiply_into_sample_weights(cancer):
    X, y = cancer
    given = GradientLassoClassifier(class_weight={0: 2.0, 1: 1.0}, **PERCEPTRON).fit(
        X, y
    )
    by_hand = GradientLassoClassifier(**PERCEPTRON).fit(
        X, y, np.where(y == 0, 2.0, 1.0)
    )
    np.testing.assert_array_equal(weights(given), weights(by_hand))
    sample_weight = 1.0 + np.arange(len(y)) % 2
    balanced = GradientLassoClassifier(class_weight="balanced", **PERCEPTRON)
    balanced.fit(X, y, sample_weight)
    totals = np.bincount(y, weights=sample_weight)
    by_hand.fit(X, y, sample_weight * (totals.sum() / (2 * totals))[y])
    np.testing.assert_allclose(weights(balanced), weights(by_hand), atol=1e-7)


def test_answers_agree_with_each_other(three_classes, cancer):
    X, y = three_classes
    model = GradientLassoClassifier(**QUICK).fit(X, y)
    proba = model.predict_proba(X)
    assert proba.shape == (150, 3)
    np.testing.assert_allclose(proba.sum(1), 1)
    np.testing.assert_array_equal(model.classes_[proba.argmax(1)], model.predict(X))
    np.testing.assert_allclose(model.decision_function(X), np.log(proba))
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba))
    X, y = cancer
    model = GradientLassoClassifier(**QUICK).fit(X, y)
    p = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(model.decision_function(X), np.log(p / (1 - p)))
    np.testing.assert_array_equal(model.decision_function(X) > 0, model.predict(X) == 1)


@pytest.mark.parametrize("shape", [(150,), (150, 1), (150, 2)])
def test_regression_answers_in_the_shape_and_units_of_y(two_targets, shape):
    X, y = two_targets
    y = 1000 + 50 * y[:, : np.prod(shape[1:], dtype=int)].reshape(shape)
    model = GradientLassoRegressor(
        max_iter=200, module="perceptron", random_state=0
    ).fit(X, y)
    assert model.predict(X).shape == shape
    assert model.score(X, y) > 0.9
    rescaled = GradientLassoRegressor(
        max_iter=200, module="perceptron", random_state=0
    ).fit(X, y / 10)
    np.testing.assert_allclose(rescaled.predict(X) * 10, model.predict(X), rtol=1e-6)


def test_data_frames_keep_their_names_and_order(cancer):
    X, y = (each[:200] for each in cancer)
    frame = pd.DataFrame(X, columns=[f"f{j}" for j in range(X.shape[1])])
    model = GradientLassoClassifier(**QUICK).fit(frame, pd.Series(y, name="y"))
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    np.testing.assert_array_equal(
        model.explain(frame), GradientLassoClassifier(**QUICK).fit(X, y).explain(X)
    )
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[frame.columns[::-1]])


@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix, sp.csc_array])
@pytest.mark.parametrize("batch_size", ["auto", 50])
def test_sparse_input_gives_the_bits_of_dense_input(cancer, container, batch_size):
    X, y = cancer
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    model = GradientLassoClassifier(batch_size=batch_size, **PERCEPTRON)
    dense = clone(model).fit(X, y)
    sparse = clone(model).fit(container(X), y)
    np.testing.assert_array_equal(weights(dense), weights(sparse))
    np.testing.assert_array_equal(sparse.explain(container(X)), dense.explain(X))
    np.testing.assert_array_equal(sparse.predict(container(X)), dense.predict(X))


def test_warm_start_goes_on_where_fit_stopped(cancer):
    X, y = cancer[0][:200], cancer[1][:200]
    whole = GradientLassoClassifier(
        max_iter=6, module="perceptron", random_state=0
    ).fit(X, y)
    parts = GradientLassoClassifier(
        max_iter=3, warm_start=True, module="perceptron", random_state=0
    )
    parts.fit(X, y).fit(X, y)
    assert (parts.n_iter_, len(parts.loss_curve_)) == (3, 6)
    np.testing.assert_allclose(weights(parts), weights(whole), atol=1e-7)
    cold = (
        GradientLassoClassifier(max_iter=3, module="perceptron", random_state=0)
        .fit(X, y)
        .fit(X, y)
    )
    assert cold.n_iter_ == 3


def test_warm_start_follows_changed_parameters_but_not_another_network(cancer):
    X, y = cancer
    model = GradientLassoClassifier(warm_start=True, **PERCEPTRON).fit(X, y)
    model.set_params(lam=0.5, learning_rate_init=1e-4, max_iter=2).fit(X, y)
    assert model.net_.objective.lam == 0.5
    assert model.net_.optimizer_.param_groups[0]["lr"] == 1e-4
    assert (model.n_iter_, len(model.loss_curve_)) == (2, 7)
    message = r"continue with the same network.* module_params=.*\(4,\).*and not .*50"
    with pytest.raises(ValueError, match=message):
        model.set_params(hidden_layer_sizes=(4,)).fit(X, y)
    with pytest.raises(ValueError, match=r"warm_start can only.*got \[0 1\].*\[1 2\]"):
        model.set_params(hidden_layer_sizes=(50, 30)).fit(X, y + 1)


def test_warm_start_validates_on_the_same_rows(cancer):
    X, y = cancer
    model = GradientLassoClassifier(
        early_stopping=True, warm_start=True, max_iter=3, random_state=None
    ).fit(X, y)
    splitting = model._splitting
    model.fit(X, y)
    assert model._splitting == splitting
    assert len(model.validation_scores_) == 6
    assert model.best_validation_score_ == max(model.validation_scores_[3:])


def test_early_stopping_may_begin_at_a_warm_start(cancer):
    X, y = cancer
    model = GradientLassoClassifier(warm_start=True, **PERCEPTRON).fit(X, y)
    model.set_params(early_stopping=True).fit(X, y)
    assert (model.n_iter_, len(model.loss_curve_)) == (5, 10)
    assert len(model.validation_scores_) == 5


def test_a_failed_fit_leaves_what_was_fitted(cancer, three_classes):
    X, y = cancer
    model = GradientLassoClassifier(**QUICK).fit(X, y)
    before = model.predict_proba(X)
    model.set_params(module=nn.Linear(6, 7).double())
    with pytest.raises(ValueError, match="module must return"):
        model.fit(*three_classes)
    model.set_params(module=None)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert model.classes_.tolist() == [0, 1]


def test_partial_fit_is_one_epoch(cancer):
    X, y = cancer[0][:200], cancer[1][:200]
    whole = GradientLassoClassifier(
        max_iter=3, module="perceptron", random_state=0
    ).fit(X, y)
    parts = GradientLassoClassifier(module="perceptron", random_state=0)
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1])
    assert (parts.n_iter_, len(parts.loss_curve_), parts.t_) == (1, 3, 600)
    np.testing.assert_allclose(weights(parts), weights(whole), atol=1e-7)
    X, y = X[:100], y[:100] * 2.5
    whole = GradientLassoRegressor(max_iter=3, module="perceptron", random_state=0).fit(
        X, y
    )
    parts = GradientLassoRegressor(module="perceptron", random_state=0)
    for _ in range(3):
        parts.partial_fit(X, y)
    np.testing.assert_allclose(weights(parts), weights(whole), atol=1e-7)


def test_partial_fit_takes_chunks_that_lack_a_class(cancer):
    X, y = cancer
    order = np.argsort(y, kind="stable")
    model = GradientLassoClassifier(module="perceptron", random_state=0)
    for _ in range(30):
        for chunk in np.array_split(order, 4):
            model.partial_fit(X[chunk], y[chunk], classes=[0, 1])
    assert model.score(X, y) > 0.9


def test_partial_fit_refuses_what_cannot_be(cancer):
    X, y = cancer
    with pytest.raises(ValueError, match="classes must be given in the first call"):
        GradientLassoClassifier().partial_fit(X, y)
    model = GradientLassoClassifier(random_state=0).partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="not those of the first call"):
        model.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="labels.*not among"):
        model.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="class_weight='balanced' needs all rows"):
        model.set_params(class_weight="balanced").partial_fit(X, y)


class SmallCNN(nn.Module):
    def __init__(self, n_features, n_outputs, channels=2):
        super().__init__()
        self.convolution = nn.Conv2d(1, channels, 3)
        self.out = nn.Linear(channels * 4, n_outputs)

    def forward(self, x):
        return self.out(self.convolution(x).relu().flatten(1))


def test_batch_norm_never_meets_one_row():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((257, 3))
    norm = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    GradientLassoClassifier(module=norm, **QUICK).fit(X, X[:, 0] > 0)


def test_modules_see_images_and_explanations_have_the_shape_of_X():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 1, 4, 4))
    y = (X[:, 0, 0, 0] > 0).astype(int)
    model = GradientLassoClassifier(
        module=SmallCNN, module_params={"channels": 3}, **QUICK
    ).fit(X, y)
    assert model.explain(X).shape == X.shape
    assert model.feature_importances_.shape == (16,)
    flat = clone(model).set_params(input_shape=(1, 4, 4)).fit(X.reshape(80, 16), y)
    np.testing.assert_array_equal(weights(flat), weights(model))
    np.testing.assert_array_equal(
        flat.explain(X.reshape(80, 16)), model.explain(X).reshape(80, 16)
    )
    with pytest.raises(ValueError, match=r"rows of shape \(1, 4, 5\).*\(1, 4, 4\)"):
        model.predict(np.zeros((3, 1, 4, 5)))


def test_a_module_instance_is_not_trained_itself(cancer):
    given = nn.Linear(30, 2).double()
    before = given.weight.clone()
    model = GradientLassoClassifier(module=given, **QUICK).fit(*cancer)
    assert torch.equal(given.weight, before)
    assert not torch.equal(model.net_.module_[0].weight, before)
    again = clone(model).fit(*cancer)
    np.testing.assert_array_equal(weights(model), weights(again))


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
def test_clone_and_set_params_round_trip(kind):
    model = kind(
        lam=0.5, hidden_layer_sizes=[3], module_params={"a": 1}, target="output"
    )
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(lam=2).lam == 2
    assert "lam=0.5" in repr(kind(lam=0.5))


def test_a_pickle_holds_arrays_and_no_torch_object(three_classes, two_targets):
    for estimator, (X, y) in [
        (GradientLassoClassifier(early_stopping=True, **QUICK), three_classes),
        (GradientLassoRegressor(optimizer="sgd", **QUICK), two_targets),
    ]:
        model = estimator.fit(X, y)
        stored = pickle.dumps(model)
        names = [str(arg) for _, arg, _ in pickletools.genops(stored)]
        assert not any("torch" in name or "skorch" in name for name in names)
        loaded = pickle.loads(stored)
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
        np.testing.assert_array_equal(loaded.explain(X), model.explain(X))
        assert loaded.loss_curve_ == model.loss_curve_
        np.testing.assert_array_equal(
            loaded.feature_importances_, model.feature_importances_
        )


class Fourier(nn.Module):
    """Draws a basis that is not among its weights."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.register_buffer("scale", torch.ones(1), persistent=False)
        self.basis = torch.randn(n_features, 16)
        self.out = nn.Linear(16, n_outputs)

    def forward(self, x):
        return self.out((self.scale * x @ self.basis.to(x.dtype)).cos())


def test_a_module_with_a_drawn_basis_survives_a_pickle(cancer):
    X, y = cancer
    model = GradientLassoClassifier(module=Fourier, **QUICK).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_a_loaded_model_can_be_trained_on(cancer):
    X, y = (each[:200] for each in cancer)
    model = GradientLassoClassifier(warm_start=True, **QUICK).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model)).fit(X, y)
    assert loaded.net_.generator is not None  # rows are still shuffled
    assert (loaded.n_iter_, len(loaded.loss_curve_)) == (5, 10)
    assert loaded.loss_ < model.loss_


def test_a_model_of_another_device_loads_on_the_cpu(cancer):
    model = GradientLassoClassifier(**QUICK).fit(*cancer)
    state = model.__getstate__() | {"device": "cuda:99"}
    loaded = GradientLassoClassifier.__new__(GradientLassoClassifier)
    loaded.__setstate__(state)
    np.testing.assert_array_equal(loaded.predict(cancer[0]), model.predict(cancer[0]))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_cuda(cancer, container):
    X, y = container(cancer[0]), cancer[1]
    model = GradientLassoClassifier(device="cuda", max_iter=30, random_state=0)
    model.fit(X, y, sample_weight=1.0 + y)
    assert next(model.net_.module_.parameters()).is_cuda
    assert model.score(X, y) > 0.9
    phi = model.explain(X)
    assert phi.dtype == np.float32
    loaded = pickle.loads(pickle.dumps(model.set_params(device="cpu")))
    np.testing.assert_allclose(loaded.explain(X), phi, rtol=1e-3, atol=1e-5)
