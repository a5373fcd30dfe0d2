"""Tools that put hooks on torch's layers find all that is not linear in a network."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRClassifier,
)
from sklearn_gradlasso.modules import ACTIVATIONS, MLP, LogOdds, LogProbabilities
from sklearn_gradlasso.modules._mlp import applied
from sklearn_gradlasso.utils.networks import has_hooks

shap = pytest.importorskip("shap")

MODULES = ["perceptron", "tabular"]
KINDS = {
    "regression": GradientLassoRegressor,
    "prior": AttributionPriorRegressor,
    "two classes": GradientLassoClassifier,
    "annotated": RRRClassifier,
    "three classes": GradientLassoClassifier,
    "five classes": GradientLassoClassifier,
    "two targets": GradientLassoRegressor,
}


def table(kind="regression", dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 5))
    X[:, 3], X[:, 4] = rng.integers(0, 3, 150), X[:, 4] > 0
    answer = X[:, 0] * X[:, 1] + X[:, 3]
    y = {
        "two classes": answer > 1,
        "annotated": answer > 1,
        "three classes": np.digitize(answer, [0, 1.5]),
        "five classes": np.digitize(answer, [0, 0.5, 1, 1.5]),
        "two targets": np.column_stack([answer, X[:, 2]]).astype(dtype),
    }
    return X.astype(dtype), y.get(kind, answer.astype(dtype))


def fitted(kind, module="perceptron", dtype=np.float64, **params):
    X, y = table(kind, dtype)
    model = KINDS[kind](module=module, max_iter=5, random_state=0, **params)
    return model.fit(X, y), torch.from_numpy(X)


def gap_of_deep_lift(network, x):
    """Largest difference between a sum of contributions and what it has to be."""
    rows, base = x[:20].requires_grad_(), x[40:41]
    n_outputs = network(base).shape[1]
    gaps = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum announces its hooks
        for k in range(n_outputs):
            phi = attr.DeepLift(network).attribute(rows, base, target=k)
            gaps.append(phi.sum(1) - (network(rows) - network(base))[:, k])
    return torch.stack(gaps).abs().max().item()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("kind", KINDS)
def test_contributions_of_deep_lift_add_up(kind, module):
    model, x = fitted(kind, module)
    for each in (model, pickle.loads(pickle.dumps(model))):
        assert gap_of_deep_lift(each.net_.module_, x.clone()) < 1e-10
    # The tools leave the network as it was.
    answer = model.net_.module_(x).detach()
    np.testing.assert_array_equal(
        answer, fitted(kind, module)[0].net_.module_(x).detach()
    )
    assert not any(has_hooks(part) for part in model.net_.module_.modules())


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("activation", ["tanh", "softplus", "logistic", "relu"])
def test_contributions_of_deep_lift_add_up_with_other_activations(activation, module):
    params = {"activation": activation} if module == "perceptron" else {}
    model, x = fitted("three classes", module, np.float32, **params)
    assert gap_of_deep_lift(model.net_.module_, x) < 5e-6


@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("kind", KINDS)
def test_values_of_shap_add_up(kind, module):
    model, x = fitted(kind, module)
    network = model.net_.module_
    explainer = shap.DeepExplainer(network, x[60:90])  # warnings are errors
    values = np.asarray(explainer.shap_values(x[:10]))  # with its check of additivity
    output = network(x[:10]).detach().numpy()
    total = values.reshape(10, 5, -1).sum(axis=1) + explainer.expected_value
    np.testing.assert_allclose(total, output, atol=1e-8)


@pytest.mark.filterwarnings("ignore:Setting")
def test_other_tools_of_captum_know_the_layers():
    model, x = fitted("two classes")
    scores = model.net_.module_.raw_scores
    x = x[:5].requires_grad_()
    # Each hidden unit of a ReLU network: with a baseline of zeros and biases of zero
    # the relevances of its inputs add up to its score.
    with torch.no_grad():
        for layer in list(scores)[::2]:
            layer.bias.zero_()
    relevance = attr.LRP(scores).attribute(x, target=1)
    np.testing.assert_allclose(
        relevance.sum(1).detach(), scores(x)[:, 1].detach(), rtol=1e-4, atol=1e-6
    )
    guided = attr.GuidedBackprop(scores).attribute(x, target=1)
    hidden = attr.LayerConductance(scores, scores[1]).attribute(x, target=1)
    assert guided.shape == x.shape and hidden.shape == (5, 50)
    np.testing.assert_allclose(
        hidden.sum(1).detach(), scores(x)[:, 1].detach(), rtol=0.1, atol=0.05
    )


# The values with hooks are those without


def watched(network):
    for part in network.modules():
        part.register_forward_hook(lambda *_: None)
    return network


@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("n_classes", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_heads_answer_the_same_with_hooks(n_classes, scale, dtype):
    generator = torch.Generator().manual_seed(0)
    x = scale * torch.randn(50, n_classes, generator=generator, dtype=dtype)
    same = nn.Identity()
    head = LogOdds(same) if n_classes == 1 else LogProbabilities(same, n_classes)
    scores = torch.cat([0 * x, x], dim=1) if n_classes == 1 else x
    expected = head(x)
    torch.testing.assert_close(expected, scores.log_softmax(1))
    torch.testing.assert_close(watched(head)(x), expected)


def test_a_head_of_more_classes_than_it_was_told_answers_the_same():
    x = torch.randn(5, 3)
    head = LogProbabilities(nn.Identity())
    torch.testing.assert_close(watched(head)(x), x.log_softmax(1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tabular_network_answers_the_same_with_hooks(dtype):
    network = fitted("regression", "tabular", dtype)[0].net_.module_
    x = torch.from_numpy(table(dtype=dtype)[0])
    x = torch.cat([x, 100 * x, -100 * x])
    expected = network(x).detach()
    torch.testing.assert_close(watched(network)(x).detach(), expected)


# The cheap ReLU of training


def test_activations_are_layers_of_torch():
    for name, layer in ACTIVATIONS.items():
        assert layer.__module__.startswith("torch.nn"), name
    assert type(MLP(3, 1)[1]) is nn.ReLU


def test_a_relu_is_that_of_torch_in_training_too():
    x = torch.randn(40, 3, dtype=torch.float64, requires_grad=True)
    layer = nn.ReLU()
    for training in (True, False):
        y = applied(layer, x, training)
        assert torch.equal(y, x.relu())
        (slope,) = torch.autograd.grad(y.sum(), x)
        assert torch.equal(slope, (x > 0).double())


def test_networks_are_trained_as_with_a_relu_that_is_called():
    """A layer with a hook is called, and has torch's own second derivative."""
    calls = []

    def network(n_features, n_outputs, hooked):
        made = MLP(n_features, n_outputs, generator=torch.Generator().manual_seed(3))
        for part in list(made)[1::2] if hooked else ():
            part.register_forward_hook(lambda *_: calls.append(1))
        return made

    X, y = table("two classes")
    answers = []
    for hooked in (False, True):
        model = GradientLassoClassifier(
            module=network,
            module_params={"hooked": hooked},
            max_iter=3,
            lam=0.1,
            random_state=0,
        )
        answers.append(model.fit(X, y).predict_proba(X))
        assert bool(calls) == hooked
    np.testing.assert_allclose(*answers, rtol=1e-10)
