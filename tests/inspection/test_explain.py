"""explain: the derivative of what the model answers, without a trace on the model."""

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.metrics import effective_features
from sklearn_gradlasso.targets import ClassK

STEP = 1e-5


def finite_differences(f, X):
    """Central differences of f at each row, (n, d) or (n, d, outputs)."""
    columns = []
    for j in range(X.shape[1]):
        step = np.zeros(X.shape[1])
        step[j] = STEP
        columns.append((f(X + step) - f(X - step)) / (2 * STEP))
    return np.stack(columns, axis=1)


def assert_is_derivative(phi, f, X):
    expected = finite_differences(f, X)
    assert phi.shape == expected.shape
    scale = np.abs(expected).max()
    np.testing.assert_allclose(phi, expected, rtol=1e-4, atol=1e-4 * scale)


@pytest.fixture(scope="module", params=["relu", "tanh"])
def models(request, cancer, three_classes, one_target, two_targets):
    shared = {"activation": request.param, "max_iter": 20, "random_state": 0}
    with pytest.warns(Warning):
        return {
            "binary": (GradientLassoClassifier(**shared).fit(*cancer), cancer[0]),
            "three": (
                GradientLassoClassifier(**shared).fit(*three_classes),
                three_classes[0],
            ),
            "one": (GradientLassoRegressor(**shared).fit(*one_target), one_target[0]),
            "two": (
                GradientLassoRegressor(**shared).fit(*two_targets),
                two_targets[0],
            ),
        }


@pytest.mark.parametrize("kind", ["binary", "three", "one", "two"])
def test_explain_is_the_derivative_of_the_answer(models, kind):
    model, X = models[kind]
    f = getattr(model, "decision_function", model.predict)
    assert_is_derivative(model.explain(X[:20]), f, X[:20])


def test_predicted_is_the_derivative_of_the_predicted_class(models):
    model, X = models["three"]
    codes = model.predict_proba(X[:20]).argmax(1)

    def log_p(X):
        return model.predict_log_proba(X)[np.arange(20), codes]

    assert_is_derivative(model.explain(X[:20], target="predicted"), log_p, X[:20])


def test_training_is_what_the_prior_saw(models):
    model, X = models["binary"]
    phi = model.explain(X[:20], target="training")
    assert_is_derivative(phi, lambda X: model.predict_log_proba(X).sum(1), X[:20])
    np.testing.assert_array_equal(phi, model.explain(X[:20], target="log_prob_sum"))
    cost = model.lam * np.abs(model.explain(X, target="training")).sum(1).mean()
    assert cost == pytest.approx(model.penalty_curve_[-1], rel=0.2)

    regressor, X = models["one"]
    standardised = regressor.explain(X, target="training") * regressor._y_scale
    np.testing.assert_allclose(standardised, regressor.explain(X), rtol=1e-12)


def test_single_classes_and_outputs(models):
    model, X = models["three"]
    np.testing.assert_allclose(
        model.explain(X, target=ClassK(2)), model.explain(X)[:, :, 2], rtol=1e-12
    )
    regressor, X = models["two"]
    np.testing.assert_allclose(
        regressor.explain(X, target=ClassK(1)),
        regressor.explain(X)[:, :, 1],
        rtol=1e-12,
    )
    with pytest.raises(ValueError, match="target='predicted' is one scalar.*2 outputs"):
        regressor.explain(X, target="predicted")


def test_a_callable_target_and_attribution(models):
    model, X = models["binary"]
    phi = model.explain(X, target=lambda output, y: output[:, 1])
    np.testing.assert_array_equal(phi, model.explain(X, target=ClassK(1)))

    def inputs_times_gradients(score, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(score(x).sum(), x)
        return x.detach() * gradient

    product = model.explain(X, attribution=inputs_times_gradients)
    np.testing.assert_allclose(product, X * model.explain(X), rtol=1e-12)


def test_bad_targets(models):
    model, X = models["binary"]
    with pytest.raises(ValueError, match="target must be one of.*got 'logits'"):
        model.explain(X, target="logits")
    with pytest.raises(ValueError, match="true_class"):
        model.explain(X, target="true_class")
    with pytest.raises(ValueError, match="target must return.*one scalar for each row"):
        model.explain(X, target=lambda output, y: output.sum())
    with pytest.raises(ValueError, match="attribution must be one of.*got 'saliency'"):
        model.explain(X, attribution="saliency")
    with pytest.raises(TypeError, match="attribution must be a name or a callable"):
        model.explain(X, attribution=3)
    with pytest.raises(ValueError, match=r"target must be one of \['output'\]"):
        models["one"][0].explain(models["one"][1], target="log_odds")


def test_training_is_the_target_of_the_fit(cancer):
    X, y = cancer
    model = GradientLassoClassifier(target="log_odds", max_iter=2, random_state=0)
    phi = model.fit(X, y).explain(X, target="training")
    model.set_params(target="log_prob_sum")
    np.testing.assert_array_equal(model.explain(X, target="training"), phi)


class Net(nn.Module):
    """With dropout and batch norm: parts that behave differently in training."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(8, n_outputs),
        )

    def forward(self, x):
        return self.layers(x)


def test_explain_leaves_no_trace(cancer):
    X, y = cancer
    model = GradientLassoClassifier(module=Net, max_iter=5, random_state=0).fit(X, y)
    module = model.net_.module_
    module.train()
    module[0].layers[1].eval()
    modes = [part.training for part in module.modules()]
    marks = [torch.full_like(theta, 7.0) for theta in module.parameters()]
    for theta, mark in zip(module.parameters(), marks):
        theta.grad = mark
    state = {name: value.clone() for name, value in module.state_dict().items()}
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()

    first, second = model.explain(X), model.explain(X)
    model.predict(X)

    np.testing.assert_array_equal(first, second)
    assert [part.training for part in module.modules()] == modes
    for theta, mark in zip(module.parameters(), marks):
        assert theta.grad is mark and (mark == 7).all()
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name])
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()


def test_computed_and_returned_in_the_precision_of_X(cancer):
    X, y = cancer
    model = GradientLassoClassifier(max_iter=2, random_state=0)
    for dtype in (np.float32, np.float64):
        fitted = model.fit(X.astype(dtype), y)
        for answer in ("explain", "predict_proba", "decision_function"):
            assert getattr(fitted, answer)(X).dtype == dtype


def test_importances_are_shares_of_the_root_mean_square_gradient(models):
    model, X = models["binary"]
    rms = np.sqrt((model.explain(X) ** 2).mean(0))
    np.testing.assert_allclose(model.feature_importances_, rms / rms.sum())

    model, X = models["three"]
    rms = np.sqrt((model.explain(X, target="predicted") ** 2).mean(0))
    np.testing.assert_allclose(model.feature_importances_, rms / rms.sum())

    model, X = models["two"]
    rms = np.sqrt((model.explain(X, target="training") ** 2).mean(0).sum(1))
    np.testing.assert_allclose(model.feature_importances_, rms / rms.sum())


def test_importances_follow_the_weights(cancer):
    X, y = cancer
    weight = np.arange(len(X)) % 3.0
    model = GradientLassoClassifier(
        module="perceptron", max_iter=3, random_state=0
    ).fit(X, y, weight)
    rms = np.sqrt(np.average(model.explain(X) ** 2, axis=0, weights=weight))
    np.testing.assert_allclose(model.feature_importances_, rms / rms.sum())


def test_importances_of_a_table_count_each_row_once_and_ignore_units(cancer):
    X, y = cancer
    X = X * np.logspace(-2, 2, X.shape[1])
    weight = 1.0 + np.arange(len(X)) % 3
    model = GradientLassoClassifier(penalty="l1", max_iter=3, random_state=0)
    model.fit(X, y, weight)
    assert "valid_loss" in model.net_.history[0]
    low, high = np.quantile(
        X, [0.01, 0.99], axis=0, weights=weight, method="inverted_cdf"
    )
    inner = weight[:, None] * (np.clip(X, low, high) == X)
    mean = np.average(X, axis=0, weights=inner)
    deviation = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=inner))
    slopes = deviation * model.explain(X)
    rms = np.sqrt(np.average(slopes**2, axis=0, weights=weight))
    np.testing.assert_allclose(model.feature_importances_, rms / rms.sum())


def test_importances_of_a_constant_model_are_equal(one_target):
    X, _ = one_target
    model = GradientLassoRegressor(
        lam=0, module=Constant, max_iter=2, random_state=0
    ).fit(X, np.ones(len(X)))
    np.testing.assert_allclose(model.feature_importances_, 1 / X.shape[1])


class Constant(nn.Module):
    """Learns a constant: no input has an influence."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n_outputs))

    def forward(self, x):
        return self.bias.expand(len(x), -1)


def test_the_penalty_makes_explanations_sparse():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 20))
    y = (X[:, 0] * X[:, 1] + 0.3 * rng.standard_normal(1000) > 0).astype(int)
    shared = {"module": "perceptron", "max_iter": 50, "random_state": 0}
    plain = GradientLassoClassifier(lam=0, **shared).fit(X, y)
    sparse = GradientLassoClassifier(lam=0.1, **shared).fit(X, y)
    assert effective_features(plain.explain(X)) > 4
    assert effective_features(sparse.explain(X)) < 2.5
    assert set(np.argsort(sparse.feature_importances_)[-2:]) == {0, 1}
