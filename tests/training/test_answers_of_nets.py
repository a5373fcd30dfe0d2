"""``net_`` answers as skorch's nets do, and as the estimator does."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.fitted_callback import fitted_callback
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import get_scorer
from skorch.callbacks import BatchScoring, Callback, EpochScoring
from skorch.scoring import loss_scoring

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 4))
Y = {
    "two classes": np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)],
    "three classes": np.array([3, 5, 9])[np.digitize(X[:, 0], [-0.5, 0.5])],
    "labels": np.c_[X[:, 0] > 0, X[:, 1] > 0.5, X[:, 2] > 0].astype(int),
    "one target": 1000 + 50 * X[:, 0],
    "two targets": np.c_[1000 + 50 * X[:, 0], X[:, 1]],
}
SCORES = {
    "two classes": ["accuracy", "roc_auc", "neg_log_loss", "balanced_accuracy", None],
    "three classes": ["accuracy", "roc_auc_ovr", "neg_log_loss", "f1_macro", None],
    "labels": ["accuracy", "roc_auc", "average_precision", "f1_macro", None],
    "one target": ["r2", "neg_mean_squared_error", "neg_median_absolute_error", None],
    "two targets": ["r2", "neg_mean_squared_error", None],
}
KINDS = {
    "array": np.asarray,
    "tensor": torch.tensor,
    "float32": np.float32,
    "csr": sp.csr_matrix,
    "coo": sp.coo_array,
    "frame": pd.DataFrame,
    "list": np.ndarray.tolist,
    "data set": lambda x: torch.utils.data.TensorDataset(
        torch.tensor(x), torch.ones(len(x))
    ),
}


# With a tiny rate the network is the same in all steps.
RESTING = {"learning_rate_init": 1e-12, "batch_size": 64, "max_iter": 1}


def fitted(kind, **params):
    how = {"module": "perceptron", "batch_size": 64, "max_iter": 2, "random_state": 0}
    params = {**how, **params}
    is_number = "target" in kind
    model = (GradientLassoRegressor if is_number else GradientLassoClassifier)(**params)
    return model.fit(X, Y[kind])


@pytest.fixture(scope="module", params=Y)
def model(request):
    return fitted(request.param), Y[request.param]


@pytest.mark.parametrize("n", [1, 63, 64, 65, 66, 300])
@pytest.mark.parametrize("kind", KINDS)
def test_any_number_and_kind_of_rows(model, kind, n):
    net, expected = model[0].net_, model[0].predict(X[:n])
    found = net.predict(KINDS[kind](X[:n]))
    assert found.shape == expected.shape
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("way", ["as it is", "pickled", "copied"])
def test_answers_are_those_of_the_estimator(model, way):
    model, y = model
    if way == "pickled":
        model = pickle.loads(pickle.dumps(model))
    net = copy.deepcopy(model).net_ if way == "copied" else model.net_
    assert net.score(X, y) == pytest.approx(model.score(X, y))
    with torch.no_grad():
        output = net.module_(torch.tensor(X))
    torch.testing.assert_close(net.forward(X), output)
    assert [len(part) for part in net.forward_iter(X)] == [64, 64, 64, 64, 44]
    torch.testing.assert_close(
        net.infer(X[:5].astype("f4")), output[:5], atol=1e-5, rtol=0
    )
    assert is_classifier(net) is is_classifier(model)
    assert is_regressor(net) is is_regressor(model)
    if is_classifier(model):
        np.testing.assert_allclose(net.predict_proba(X), model.predict_proba(X))
        np.testing.assert_array_equal(net.classes_, model.classes_)
    else:
        np.testing.assert_array_equal(net.predict_proba(X), net.predict(X))
        assert not hasattr(net, "classes_")
    with pytest.raises(ValueError, match="X has no rows"):
        net.predict(X[:0])


def test_a_net_in_float32_takes_float64():
    model = GradientLassoClassifier(max_iter=2, random_state=0)
    model.fit(X.astype("f4"), Y["two classes"])
    assert model.net_.predict_proba(X).dtype == np.float32
    assert model.net_.infer(torch.tensor(X)).dtype == torch.float32


def test_flat_rows_of_images():
    def flat(n_features, n_outputs):
        layers = torch.nn.Flatten(), torch.nn.Linear(n_features, n_outputs)
        return torch.nn.Sequential(*layers)

    model = fitted("two classes", module=flat, input_shape=(1, 2, 2))
    for rows in (X, X.reshape(-1, 1, 2, 2)):
        np.testing.assert_array_equal(model.net_.predict(rows), model.predict(X))


def test_the_loss_is_that_of_the_objective_without_penalties(model):
    model, y = model
    one_epoch = type(model)(lam=0.5, weight_l2=1.0, **RESTING).fit(X, y)
    net = one_epoch.net_
    assert loss_scoring(net, X, y) == pytest.approx(one_epoch.loss_)
    rows = net.get_dataset(X, y)
    batch = next(iter(net.get_iterator(rows)))
    expected = loss_scoring(net, X[:64], y[:64])
    assert net.get_loss(net.evaluation_step(batch), batch[1]) == pytest.approx(expected)


def test_a_data_set_has_the_labels_it_was_made_of(model):
    model, y = model
    rows = model.net_.get_dataset(X, y)
    assert len(rows) == 300
    for index in (7, slice(2, 5)):
        x, labels = rows[index]
        np.testing.assert_array_equal(x, X[index])
        if y.dtype.kind == "f":
            np.testing.assert_allclose(labels, y[index])
        else:
            np.testing.assert_array_equal(labels, y[index])
    assert model.net_.get_dataset(X)[7][1] is None


def test_labels_that_were_not_in_fit_are_refused():
    net = fitted("three classes").net_
    with pytest.raises(ValueError, match=r"not in fit: \[7\]"):
        net.get_dataset(X[:3], [3, 7, 9])


def test_the_estimator_trains_and_not_its_net(model):
    model, y = model
    before = model.predict(X)
    for train in (model.net_.fit, model.net_.partial_fit):
        with pytest.raises(TypeError, match="call fit or partial_fit of the estimator"):
            train(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


class Kept(Callback):
    """The held-out rows, and answers about them, at the end of an epoch."""

    def on_epoch_end(self, net, dataset_train, dataset_valid, **kwargs):
        self.train, self.valid = dataset_train, dataset_valid
        self.predicted = net.predict(dataset_valid), net.predict(dataset_valid.X)
        self.scores = (
            net.score(dataset_valid),
            net.score(dataset_valid.X, dataset_valid.y),
        )
        self.of_all = net.predict(X)


@pytest.mark.parametrize("kind", Y)
def test_epoch_scoring_is_what_scikit_learn_says(kind):
    def scoring(name, on_train, cached):
        named = f"{name} {on_train} {cached}"
        options = {"on_train": on_train, "use_caching": cached, "lower_is_better": None}
        return named, EpochScoring(name, name=named, **options)

    ways = [(False, True), (False, False), (True, False)]
    callbacks = [scoring(name, *way) for name in SCORES[kind] for way in ways]
    given = {"early_stopping": True, "max_iter": 1}
    if "classes" in kind:  # what callbacks see is not calibrated
        given["calibrate"] = False
    model = fitted(kind, callbacks=[*callbacks, Kept()], **given)
    kept, entry = fitted_callback(model, Kept), model.net_.history[-1]
    for name in SCORES[kind]:
        scorer = get_scorer(name) if name else type(model).score
        of_valid = scorer(model, kept.valid.X.numpy(), kept.valid.y)
        of_train = scorer(model, kept.train.X.numpy(), kept.train.y)
        assert entry[f"{name} False True"] == pytest.approx(of_valid)
        assert entry[f"{name} False False"] == pytest.approx(of_valid)
        assert entry[f"{name} True False"] == pytest.approx(of_train)
    expected = model.predict(kept.valid.X.numpy())
    for found in kept.predicted:
        np.testing.assert_array_equal(found, expected)
    assert kept.scores[0] == kept.scores[1] == pytest.approx(entry["valid_score"])
    assert len(kept.of_all) == 300


def test_cached_scores_of_training_are_those_of_its_steps():
    """A network with a tiny rate is the same in all steps."""
    scores = [
        EpochScoring("neg_log_loss", on_train=True, name="epoch"),
        BatchScoring("neg_log_loss", on_train=True, name="batch"),
    ]
    model = fitted("two classes", callbacks=scores, learning_rate_init=1e-12)
    entry = model.net_.history[-1]
    expected = get_scorer("neg_log_loss")(model, X, Y["two classes"])
    assert entry["epoch"] == pytest.approx(expected, abs=1e-6)
    assert entry["batch"] == pytest.approx(expected, abs=1e-6)
