"""Explanations of networks that other packages have fitted."""

import inspect

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from helpers.known_slopes import (
    W,
    central_differences,
    drawn,
    quick_mlp,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import (
    NeuralNet,
    NeuralNetBinaryClassifier,
    NeuralNetClassifier,
    NeuralNetRegressor,
)
from torch import nn

from sklearn_gradlasso.attributions import ExpectedGradients, IntegratedGradients
from sklearn_gradlasso.explanation import Explanation
from sklearn_gradlasso.sensitivity import (
    global_importance,
)
from sklearn_gradlasso.targets import ClassK

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


# Explanations of scikit-learn's networks


def log_odds(p):
    return np.log(p[:, 1] / p[:, 0])


def against_the_rest(p):
    return np.log(p / (1 - p))


def explains(model, answer, X, **options):
    """Whether gradients are the slopes of the answer, and integrated ones add up."""
    found = Explanation.from_estimator(model, X, attribution="gradients", **options)
    slopes = central_differences(answer, X)
    assert found.values.shape == slopes.shape
    scale = np.abs(slopes).max()
    np.testing.assert_allclose(found.values, slopes, rtol=1e-5, atol=1e-7 * scale)
    np.testing.assert_allclose(found.predictions, answer(X), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found.data, X)
    assert found.base_values is None
    adding = Explanation.from_estimator(
        model, X, attribution=IntegratedGradients(n_steps=400), **options
    )
    np.testing.assert_array_equal(adding.predictions, found.predictions)
    at_zero = answer(np.zeros((1, X.shape[1])))[0]
    np.testing.assert_allclose(adding.base_values, at_zero, rtol=1e-9, atol=1e-9)
    spread = np.ptp(found.predictions)
    np.testing.assert_allclose(adding.additivity_gap, 0, atol=2e-3 * spread)
    return found


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_mlp_regressors_are_explained_in_units_of_predict(activation, n_outputs):
    X = drawn(60, 3)
    y = 100 * X @ W[:n_outputs].T
    model = quick_mlp(MLPRegressor, activation=activation)
    model.fit(X, y if n_outputs > 1 else y[:, 0])
    assert explains(model, model.predict, X).output_names is None


@pytest.mark.skipif(
    "loss" not in inspect.signature(MLPRegressor).parameters,
    reason="this scikit-learn has no Poisson loss",
)
def test_a_poisson_regressor_is_explained_in_units_of_predict():
    X = drawn(60, 3)
    y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = quick_mlp(MLPRegressor, loss="poisson", activation="tanh").fit(X, y)
    explains(model, model.predict, X)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_two_classes_are_explained_by_the_log_odds_of_the_second(activation):
    X = drawn(60, 3)
    y = np.where(X[:, 0] > 0, "yes", "no")
    model = quick_mlp(MLPClassifier, activation=activation).fit(X, y)
    found = explains(model, lambda X: log_odds(model.predict_proba(X)), X)
    assert found.output_names is None
    np.testing.assert_array_equal(found.predictions > 0, model.predict(X) == "yes")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_several_classes_are_explained_by_the_log_odds_against_the_rest(activation):
    X = drawn(60, 3)
    y = np.array(["a", "b", "c"])[np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])]
    model = quick_mlp(MLPClassifier, activation=activation).fit(X, y)
    found = explains(model, lambda X: against_the_rest(model.predict_proba(X)), X)
    assert found.output_names.tolist() == ["a", "b", "c"]
    chosen = found.output_names[found.predictions.argmax(axis=1)]
    np.testing.assert_array_equal(chosen, model.predict(X))


def test_labels_that_do_not_exclude_each_other_are_explained_by_the_log_odds_of_each():
    X = drawn(60, 3)
    model = quick_mlp(MLPClassifier, activation="tanh").fit(X, X[:, :2] > 0)

    def each(X):
        p = model.predict_proba(X)
        return np.log(p / (1 - p))

    assert explains(model, each, X).output_names.tolist() == ["0", "1"]


def test_log_odds_of_answers_that_are_certain():
    X = drawn(60, 3)
    model = quick_mlp(MLPClassifier, activation="identity").fit(X, X[:, 0] > 0)
    model.coefs_[-1] *= 1e4
    assert set(model.predict_proba(X).ravel()) >= {0.0, 1.0}
    hidden = X
    for coef, bias in zip(model.coefs_, model.intercepts_):
        hidden = hidden @ coef + bias
    found = Explanation.from_estimator(model, X, attribution="gradients")
    np.testing.assert_allclose(found.predictions, hidden[:, 0], rtol=1e-12)
    slopes = np.linalg.multi_dot(model.coefs_).T
    np.testing.assert_allclose(found.values, slopes.repeat(60, axis=0), rtol=1e-12)


def test_targets_of_explanations_by_name():
    X = drawn(60, 3)
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    model = quick_mlp(MLPClassifier, activation="tanh").fit(X, y)
    predicted = model.predict(X)
    explains(model, model.predict_proba, X, target="probabilities")
    explains(model, lambda X: model.predict_log_proba(X)[:, 2], X, target=ClassK(2))

    def of_predicted(X):
        return model.predict_log_proba(X)[np.arange(len(X)), predicted[: len(X)]]

    for target in ("predicted", "predicted_class"):
        found = Explanation.from_estimator(
            model, X, target=target, attribution="gradients"
        )
        slopes = central_differences(of_predicted, X)
        np.testing.assert_allclose(found.values, slopes, rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(found.predictions, of_predicted(X))
        assert found.output_names is None
    one = quick_mlp(MLPRegressor).fit(X, X[:, 0])
    for target in ("predicted", "output"):
        np.testing.assert_array_equal(
            Explanation.from_estimator(one, X, target=target).values,
            Explanation.from_estimator(one, X).values,
        )


def test_bad_targets_and_attributions():
    X = drawn(60, 3)
    two = quick_mlp(MLPRegressor).fit(X, X[:, :2])
    for call in (Explanation.from_estimator, global_importance):
        with pytest.raises(ValueError, match="'predicted' is one scalar.*ClassK"):
            call(two, X, target="predicted")
        for target in ("training", "log_odds"):
            with pytest.raises(ValueError, match=r"one of \['output'\] or a callable"):
                call(two, X, target=target)
        with pytest.raises(TypeError, match="target must be a name or a callable"):
            call(two, X, target=3)
    with pytest.raises(ValueError, match="attribution must be one of.*'saliency'"):
        Explanation.from_estimator(two, X, attribution="saliency")
    with pytest.raises(TypeError, match="attribution must be a name or a callable"):
        Explanation.from_estimator(two, X, attribution=3)
    classes = quick_mlp(MLPClassifier).fit(X, X[:, 0] > 0)
    with pytest.raises(ValueError, match="'true_class' needs the classes"):
        Explanation.from_estimator(classes, X, target="true_class")


def test_explanations_have_the_precision_of_the_network():
    X = drawn(60, 3).astype(np.float32)
    model = quick_mlp(MLPRegressor, activation="tanh").fit(X, X[:, 0])
    found = Explanation.from_estimator(model, X, attribution="integrated_gradients")
    assert found.values.dtype == found.predictions.dtype == np.float32
    np.testing.assert_allclose(found.predictions, model.predict(X), rtol=1e-5)


def test_sparse_rows_are_explained_like_dense_ones():
    X = np.where(drawn(60, 3) > 0, drawn(60, 3, seed=1), 0)
    model = quick_mlp(MLPClassifier).fit(X, X[:, 0] > 0)
    dense = Explanation.from_estimator(model, X)
    sparse = Explanation.from_estimator(model, sp.csr_matrix(X))
    np.testing.assert_allclose(sparse.values, dense.values, rtol=1e-12)
    np.testing.assert_array_equal(sparse.data, X)


def test_expected_gradients_need_a_background():
    X = drawn(60, 3)
    model = quick_mlp(MLPRegressor, activation="tanh").fit(X, X[:, 0])
    for attribution in ("expected_gradients", ExpectedGradients(n_references=3)):
        for each in (model, model_of_torch()):
            with pytest.raises(
                ValueError, match=r"attribution=ExpectedGradients\(background=rows\)"
            ):
                Explanation.from_estimator(each, X, attribution=attribution)
    with pytest.raises(ValueError, match=r"'contributions'.*=Contributions\(backg"):
        Explanation.from_estimator(model, X, attribution="contributions")
    attribution = ExpectedGradients(background=X[:20], n_references=2000)
    found = Explanation.from_estimator(model, X, attribution=attribution)
    np.testing.assert_allclose(found.base_values, model.predict(X[:20]).mean())
    spread = np.ptp(found.predictions)
    np.testing.assert_allclose(found.additivity_gap, 0, atol=0.01 * spread)


def test_the_background_is_of_rows_as_the_network_sees_them():
    X = drawn(60, 3) * [1, 10, 100]
    model = make_pipeline(
        StandardScaler(), quick_mlp(MLPRegressor, activation="identity")
    ).fit(X, X[:, 0])
    attribution = ExpectedGradients(background=model[:-1].transform(X))
    found = Explanation.from_estimator(model, X, attribution=attribution)
    np.testing.assert_allclose(found.base_values, model.predict(X).mean())
    slopes = np.linalg.multi_dot(model[-1].coefs_).T  # linear: exact
    scaled = model[:-1].transform(X)
    np.testing.assert_allclose(found.values, slopes * scaled, atol=1e-9)
    np.testing.assert_array_equal(found.data, X)
    given = Explanation.from_estimator(
        model, X, attribution="expected_gradients", background=X
    )
    np.testing.assert_allclose(given.values, found.values, atol=1e-9)


# Explanations of skorch nets


def net_of(kind, n_outputs, *more, **params):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, n_outputs), *more)
    shared = {"max_epochs": 2, "verbose": 0, "train_split": None, "lr": 0.1}
    return kind(module.double(), **shared, **params)


@pytest.mark.parametrize(
    ("more", "params"),
    [
        ([], {"criterion": nn.CrossEntropyLoss}),
        ([nn.Softmax(dim=1)], {}),
        (
            [],
            {
                "criterion": nn.CrossEntropyLoss,
                "predict_nonlinearity": lambda scores: (2 * scores).softmax(dim=1),
            },
        ),
    ],
    ids=["cross-entropy", "probabilities", "own nonlinearity"],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_skorch_classifiers_are_explained_as_they_answer(more, params, n_classes):
    X = drawn(60, 3)
    y = np.digitize(X[:, 0], [-0.5, 0.5][: n_classes - 1])
    net = net_of(NeuralNetClassifier, n_classes, *more, **params).fit(X, y)
    answers = {2: lambda X: log_odds(net.predict_proba(X))}
    of_each = answers.get(n_classes, lambda X: against_the_rest(net.predict_proba(X)))
    found = explains(net, of_each, X)
    if n_classes == 3:
        assert found.output_names.tolist() == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("more", "criterion"), [([], nn.BCEWithLogitsLoss), ([nn.Sigmoid()], nn.BCELoss)]
)
def test_skorch_classifiers_of_two_classes_are_explained_by_their_log_odds(
    more, criterion
):
    X = drawn(60, 3)
    net = net_of(NeuralNetBinaryClassifier, 1, *more, criterion=criterion)
    net.fit(X, (X[:, 0] > 0).astype(float))
    found = explains(net, lambda X: log_odds(net.predict_proba(X)), X)
    np.testing.assert_array_equal(found.predictions > 0, net.predict(X) == 1)


def test_log_odds_of_skorch_nets_that_are_certain():
    X = drawn(60, 3)
    net = net_of(NeuralNetBinaryClassifier, 1).fit(X, (X[:, 0] > 0).astype(float))
    with torch.no_grad():
        net.module_[2].weight *= 1e4
        scores = net.module_(torch.tensor(X)).numpy()[:, 0]
    assert set(net.predict_proba(X).ravel()) >= {0.0, 1.0}
    found = Explanation.from_estimator(net, X, attribution="gradients")
    np.testing.assert_allclose(found.predictions, scores)


def test_classes_that_a_skorch_net_has_not_seen_have_no_names():
    X = drawn(60, 3)
    net = net_of(NeuralNetClassifier, 3, criterion=nn.CrossEntropyLoss)
    net.fit(X, 2 * (X[:, 0] > 0))
    assert net.classes_.tolist() == [0, 2]
    found = Explanation.from_estimator(net, X)
    assert found.output_names is None
    assert found.to_frame().columns.get_level_values(0).unique().tolist() == [0, 1, 2]


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_skorch_nets_that_regress_are_explained_in_units_of_predict(n_outputs):
    X = drawn(60, 3)
    net = net_of(NeuralNetRegressor, n_outputs).fit(X, X[:, :n_outputs])
    columns = 0 if n_outputs == 1 else slice(None)
    explains(net, lambda X: net.predict(X)[:, columns], X)
    scaled = net_of(
        NeuralNetRegressor, n_outputs, predict_nonlinearity=lambda output: 3 * output
    ).fit(X, X[:, :n_outputs])
    explains(scaled, lambda X: scaled.predict(X)[:, columns], X)


def test_other_skorch_nets_are_explained_by_what_they_return():
    X = drawn(60, 3)
    net = net_of(NeuralNet, 3, criterion=nn.CrossEntropyLoss)
    net.fit(X, np.digitize(X[:, 0], [-0.5, 0.5]))
    assert explains(net, net.predict, X).output_names is None


def test_a_skorch_net_at_the_end_of_a_pipeline_is_left_as_found():
    X = drawn(60, 3) * [1, 10, 100]
    y = (X[:, 0] > 0).astype(int)
    net = net_of(NeuralNetClassifier, 2, nn.Dropout(0.5), criterion=nn.CrossEntropyLoss)
    model = make_pipeline(StandardScaler(), net).fit(X, y)
    module = model[-1].module_.train()
    before = torch.get_rng_state()
    found = Explanation.from_estimator(model, X)
    assert all(part.training for part in module.modules())
    assert all(p.requires_grad for p in module.parameters())
    assert torch.equal(torch.get_rng_state(), before)
    expected = log_odds(model.predict_proba(X))
    np.testing.assert_allclose(found.predictions, expected, rtol=1e-9)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_skorch_classifiers_without_probabilities_are_refused(n_outputs):
    X = drawn(60, 3)
    net = net_of(
        NeuralNetClassifier,
        n_outputs,
        criterion=nn.CrossEntropyLoss,
        predict_nonlinearity=None,
    ).fit(X, np.zeros(60, dtype=int))
    with pytest.raises(ValueError, match="predict_proba of NeuralNetClassifier must"):
        Explanation.from_estimator(net, X)
    scores = Explanation.from_estimator(net.module_, X).predictions
    np.testing.assert_allclose(scores, net.predict_proba(X).squeeze())


# Explanations of torch modules


def model_of_torch(n_outputs=1):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, n_outputs))
    return network.double()


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_all_outputs_of_a_torch_module_are_explained(n_outputs):
    module = model_of_torch(n_outputs)

    def answer(X):
        with torch.no_grad():
            return module(torch.tensor(X)).squeeze(1).numpy()

    X = drawn(60, 3)
    assert explains(module, answer, X).output_names is None
    given = Explanation.from_estimator(module, torch.tensor(X))
    np.testing.assert_array_equal(given.data, X)
    assert given.feature_names.tolist() == ["x0", "x1", "x2"]
    options = {"target": "predicted_class", "attribution": "gradients"}
    largest = Explanation.from_estimator(module, X, **options)
    np.testing.assert_allclose(largest.predictions, answer(X).reshape(60, -1).max(1))


def test_a_recurrent_module_is_explained_by_step():
    torch.manual_seed(0)
    network = nn.GRU(2, 3, batch_first=True).double()  # it returns a tuple
    X = drawn(5, 4, 2)
    found = Explanation.from_estimator(network, X)
    assert found.values.shape == (5, 4, 2, 4 * 3)
    with torch.no_grad():
        output = network(torch.tensor(X))[0].reshape(5, 12)
    np.testing.assert_allclose(found.predictions, output)
    by_step = found.values.reshape(5, 4, 2, 4, 3)
    for k in range(4):  # an output does not depend on later inputs
        assert not by_step[:, k + 1 :, :, k].any() and by_step[:, k, :, k].any()


def test_an_attribution_may_say_that_it_promises_no_sum():
    class Signs:
        def __call__(self, score, x):
            return x.sign()

        def base_value(self, score, x):
            return None

    X = drawn(9, 3)
    found = Explanation.from_estimator(model_of_torch(), X, attribution=Signs())
    np.testing.assert_array_equal(found.values, np.sign(X))
    assert found.base_values is None


# What cannot be true of the model is refused


class TimeFirst(nn.Module):
    """A recurrent network that takes the first axis for that of time."""

    def __init__(self, bidirectional=False):
        super().__init__()
        self.recurrent = nn.LSTM(3, 4, bidirectional=bidirectional)
        self.head = nn.Linear(8 if bidirectional else 4, 1)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_network_that_mixes_rows_is_refused(bidirectional):
    network, X = TimeFirst(bidirectional).double(), drawn(5, 6, 3)
    for opened in (Explanation.from_estimator, global_importance):
        with pytest.raises(ValueError, match="batch_first=True"):
            opened(network, X)


class Sharpened(MLPClassifier):
    def predict_proba(self, X):
        p = super().predict_proba(X) ** 2
        return p / p.sum(axis=1, keepdims=True)


class Rescaled(MLPRegressor):
    def predict(self, X):
        return 2 * super().predict(X)


class SharpenedNet(NeuralNetClassifier):
    def predict_proba(self, X):
        p = super().predict_proba(X) ** 2
        return p / p.sum(axis=1, keepdims=True)


def test_a_model_that_answers_otherwise_than_its_network_is_refused():
    X = drawn(40, 3)
    y = (X[:, 0] > 0).astype(np.int64)
    net = SharpenedNet(
        nn.Linear(3, 2), criterion=nn.CrossEntropyLoss, max_epochs=1, verbose=0
    )
    for model, data, answers in (
        (quick_mlp(Sharpened), X, y),
        (quick_mlp(Rescaled), X, X[:, 0]),
        (net, X.astype(np.float32), y),
    ):
        model.fit(data, answers)
        with pytest.raises(ValueError, match="would not be of its answers"):
            Explanation.from_estimator(model, data)


@pytest.mark.parametrize(
    "attribution",
    [
        lambda score, x: x[:, :2],
        lambda score, x: x.T,
        lambda score, x: x[:3],
        lambda score, x: x.new_zeros(*x.shape, 7),
        lambda score, x: x.numpy(),
        lambda score, x: x,  # three classes are explained
    ],
)
def test_an_attribution_of_another_shape_is_refused(attribution):
    X = drawn(30, 4)
    model = quick_mlp(MLPClassifier).fit(X, np.arange(30) % 3)
    with pytest.raises(ValueError, match="attribution must"):
        Explanation.from_estimator(model, X, attribution=attribution)


def test_an_attribution_is_never_replaced_without_a_word():
    X = drawn(30, 4)
    model = quick_mlp(MLPClassifier).fit(X, np.arange(30) % 2)
    with pytest.raises(ValueError, match="attribution must be one of"):
        Explanation.from_estimator(model, X, attribution="")

    class Empty:
        def __call__(self, score, x):
            return x + 1

        def __len__(self):
            return 0

    found = Explanation.from_estimator(model, X, attribution=Empty())
    np.testing.assert_allclose(found.values, X + 1)


def test_both_doors_refuse_one_scalar_of_several_outputs():
    X = drawn(30, 3).astype(np.float32)
    net = NeuralNetRegressor(nn.Linear(3, 2), max_epochs=1, verbose=0).fit(X, X[:, :2])
    for opened in (Explanation.from_estimator, global_importance):
        with pytest.raises(ValueError, match="one scalar per row"):
            opened(net, X, target="predicted")
