"""What "auto" and None stand for, and which network is the default.

The expected figures are those of the documentation of the parameters. Most of them are
read without training.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.fitted_callback import fitted_callback
from helpers.quick import QUICK
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback, LRScheduler

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLClassifier,
    NGSLLRegressor,
    RRRClassifier,
    RRRRegressor,
)
from sklearn_gradlasso.estimators.base.preparation import prepare_fit
from sklearn_gradlasso.estimators.base.settings import settings_of
from sklearn_gradlasso.modules import MLP, TabularNet
from sklearn_gradlasso.training.rows import TrainingData

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = (X[:, 0] > 0).astype(int)
MANY = RNG.standard_normal((20_000, 2))


def settled(model, X, y, sample_weight=None):
    """Settings for rows on which the model would be trained."""
    prepare_fit(model, TrainingData(X, y, sample_weight), warm=False)
    return model._settings


def of_rows(n_rows, model=None):
    model = model or RRRRegressor()
    y = MANY[:n_rows, 0]
    return settled(model, MANY[:n_rows], y > 0 if is_classifier(model) else y)


def network_of(model, X=X, y=Y, **given):
    """The network that a model has before it is trained."""
    return prepare_fit(model, TrainingData(X, y, **given), warm=False).network


def has(network, kind):
    return any(isinstance(part, kind) for part in network.modules())


# Numbers in place of "auto" -----------------------------------------------------------


@pytest.mark.parametrize(
    ("n_rows", "early_stopping", "batch_size", "max_iter", "n_members", "rate"),
    [
        (100, False, 100, 75, 5, 0.015),
        (256, False, 256, 128, 5, 0.015),
        (301, False, 76, 38, 5, 0.015),  # 4 batches, the last of which is smaller
        (600, True, 64, 30 + 60, 5, 0.015),
        (3_000, True, 128, 20 + 40, 5, 0.015),
        (20_000, True, 512, 20 + 40, 2, 0.03),
    ],
)
def test_settings_of_tables_depend_on_the_rows(
    n_rows, early_stopping, batch_size, max_iter, n_members, rate
):
    found = of_rows(n_rows, GradientLassoClassifier())
    assert found.early_stopping is early_stopping
    assert (found.batch_size, found.max_iter) == (batch_size, max_iter)
    assert (found.n_members, found.learning_rate) == (n_members, rate)
    assert found.optimizer == "adamw" and found.n_cycles == 1 + early_stopping
    n_steps = found.max_iter / (2**found.n_cycles - 1) * np.ceil(n_rows / batch_size)
    assert n_steps >= (300 if early_stopping else min(max(75, n_rows // 2), 150))
    assert found.n_pieces == (32 if n_rows > 10_000 else 16)


@pytest.mark.parametrize(
    ("n_rows", "max_iter"), [(100, 75), (600, 60 + 120), (20_000, 20 + 40)]
)
def test_regressors_learn_faster_and_longer(n_rows, max_iter):
    found = of_rows(n_rows, GradientLassoRegressor())
    assert (found.learning_rate, found.max_iter) == (0.03, max_iter)


@pytest.mark.parametrize("n_rows", [100, 600, 20_000])
def test_settings_of_other_networks_do_not_depend_on_the_rows(n_rows):
    found = of_rows(n_rows, RRRRegressor(module="perceptron"))
    assert (found.optimizer, found.learning_rate) == ("adam", 0.003)
    assert (found.batch_size, found.max_iter, found.patience) == (256, 200, 10)
    assert not found.early_stopping and not found.n_cycles
    assert found.n_members is None


def test_what_is_given_is_used():
    given = {"optimizer": "sgd", "learning_rate_init": 0.1, "batch_size": 7}
    given |= {"max_iter": 3, "early_stopping": False, "n_iter_no_change": 4}
    for module in ("tabular", "perceptron"):
        found = of_rows(600, RRRRegressor(module=module, **given))
        assert (found.optimizer, found.learning_rate) == ("sgd", 0.1)
        assert (found.batch_size, found.max_iter, found.patience) == (7, 3, 4)
        assert not found.early_stopping and found.optimizer_params is None
    own = {"weight_decay": 0.1}
    assert of_rows(600, RRRRegressor(optimizer_params=own)).optimizer_params == own
    model = RRRRegressor(module="tabular", module_params={"n_members": 3})
    (network,) = (m for m in network_of(model).modules() if isinstance(m, TabularNet))
    assert network.n_members == 3


def test_what_is_given_of_the_epochs_is_one_cycle():
    for given in ({"max_iter": 30}, {"n_iter_no_change": 4}):
        assert of_rows(600, GradientLassoClassifier(**given)).n_cycles == 1
    given = GradientLassoClassifier(
        callbacks=[("rate", LRScheduler("StepLR", step_size=9))]
    )
    assert (of_rows(600, given).n_cycles, of_rows(600, given).max_iter) == (1, 30)
    of_ngsll = of_rows(600, NGSLLClassifier(module="tabular"))
    assert (of_ngsll.n_cycles, of_ngsll.max_iter) == (1, 30)


def test_the_weights_of_rows_are_no_rows():
    weight = np.where(np.arange(600) < 300, 0.0, 5.0)
    found = settled(RRRRegressor(), MANY[:600], MANY[:600, 0], weight)
    alone = settled(RRRRegressor(), MANY[300:600], MANY[300:600, 0])
    assert found == alone and not found.early_stopping


@pytest.mark.parametrize("n_rows", [100, 300])
def test_repeated_rows_are_counted_once(n_rows):
    counts = np.arange(n_rows) % 4
    rows, y = MANY[:n_rows], MANY[:n_rows, 0]
    weighted = settled(RRRRegressor(), rows, y, counts)
    repeated = settled(RRRRegressor(), rows.repeat(counts, axis=0), y.repeat(counts))
    for name in (
        "early_stopping",
        "batch_size",
        "max_iter",
        "n_members",
        "n_pieces",
        "learning_rate",
    ):
        assert getattr(weighted, name) == getattr(repeated, name)


def test_integer_weights_are_repetition():
    counts = np.arange(60) % 3
    for kind, y in ((GradientLassoClassifier, Y), (AttributionPriorRegressor, X[:, 0])):
        weighted = kind(**QUICK).fit(X, y, sample_weight=counts)
        repeated = kind(**QUICK).fit(X.repeat(counts, axis=0), y.repeat(counts))
        np.testing.assert_allclose(weighted.explain(X), repeated.explain(X), atol=1e-9)


def test_sparse_rows_are_counted_without_a_dense_copy(monkeypatch):
    rows = sp.random_array((5_000, 50), density=0.1, format="csr", random_state=0)
    largest, toarray = [], sp.csr_array.toarray

    def watched(self, *arguments, **options):
        largest.append(self.shape[0])
        return toarray(self, *arguments, **options)

    monkeypatch.setattr(sp.csr_array, "toarray", watched)
    y = np.zeros(5_000)
    settled(RRRRegressor(), rows, y)
    assert max(largest) <= 2  # those of a perceptron do not depend on the rows
    found = settled(RRRRegressor(module="tabular"), rows, y)
    assert max(largest) <= 1_000
    assert found.early_stopping
    dense = settled(RRRRegressor(module="tabular"), rows.toarray(), y)
    assert dense.n_members == found.n_members and dense.max_iter == found.max_iter


def test_rows_that_differ_in_y_alone_differ():
    model = RRRRegressor(module="tabular")
    model._architecture, model.n_outputs_ = {}, 1
    model._table_form = None
    same = np.zeros((600, 2))
    assert settings_of(model, same, np.arange(600.0)).early_stopping
    assert not settings_of(model, same, np.zeros(600)).early_stopping


# Which network ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [X, X.tolist(), pd.DataFrame(X), X.astype(np.float32), X > 0, np.round(X)],
    ids=["array", "list", "frame", "float32", "bool", "rounded"],
)
@pytest.mark.parametrize("kind", [GradientLassoClassifier, RRRClassifier])
def test_dense_tables_have_the_network_for_tables(kind, table):
    assert has(network_of(kind(), table), TabularNet)
    assert has(network_of(kind(module="perceptron"), table), MLP)


@pytest.mark.parametrize(
    ("params", "table"),
    [
        ({}, sp.csr_array(X)),
        ({}, sp.csr_matrix(X)),
        ({}, RNG.standard_normal((60, 1001))),
        ({"hidden_layer_sizes": (4,)}, X),
        ({"hidden_layer_sizes": ()}, X),
        ({"hidden_layer_sizes": (4,)}, pd.DataFrame(X)),
        ({"activation": "tanh"}, X),
        ({"input_shape": (3, 1)}, X),
    ],
)
def test_other_rows_and_what_says_so_have_the_perceptron(params, table):
    network = network_of(GradientLassoClassifier(**params), table)
    assert has(network, MLP) and not has(network, TabularNet)


def test_the_network_for_tables_can_be_asked_for():
    for table in (sp.csr_array(X), RNG.standard_normal((60, 1001))):
        assert has(network_of(RRRClassifier(module="tabular"), table), TabularNet)
    assert has(network_of(RRRClassifier(), RNG.standard_normal((60, 1000))), TabularNet)
    assert not has(network_of(NGSLLClassifier(n_nonzero_coefs=2)), TabularNet)


def test_the_perceptron_is_that_of_the_paper():
    sizes = [
        of.shape
        for of in GradientLassoClassifier(**QUICK).fit(sp.csr_array(X), Y).coefs_
    ]
    assert sizes == [(3, 50), (50, 30), (30, 2)]
    model = GradientLassoClassifier(module="perceptron", activation="relu", **QUICK)
    other = GradientLassoClassifier(hidden_layer_sizes=(50, 30), **QUICK)
    for ours, theirs in zip(model.fit(X, Y).coefs_, other.fit(X, Y).coefs_):
        np.testing.assert_array_equal(ours, theirs)


class Rates(Callback):
    """The learning rate of each epoch, of the functions of single columns."""

    def initialize(self):
        self.rates = []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.rates.append(max(group["lr"] for group in net.optimizer_.param_groups))


# Training that goes on ----------------------------------------------------------------


@pytest.mark.parametrize("more", [10, 700])
def test_members_and_pieces_stay_when_training_goes_on(more):
    model = GradientLassoRegressor(warm_start=True, **QUICK).fit(X, X[:, 0])
    shapes = [p.shape for p in model.net_.module_.parameters()]
    rows = RNG.standard_normal((more, 3))
    model.set_params(max_iter=2)
    for train in (model.partial_fit, model.fit):
        train(rows, rows[:, 0])
        assert [p.shape for p in model.net_.module_.parameters()] == shapes
    model.set_params(module_params={"n_members": 2})
    with pytest.raises(ValueError, match="continue with the same network.*n_members"):
        model.fit(X, X[:, 0])
    model.set_params(module_params=None, hidden_layer_sizes=(4,))
    with pytest.raises(ValueError, match="continue with the same network.*perceptron"):
        model.fit(X, X[:, 0])


def test_large_first_chunks_decide_for_small_ones():
    model = GradientLassoRegressor(random_state=0)
    model.partial_fit(MANY, MANY[:, 0])
    assert model._settings.n_members == 2 and not model._settings.early_stopping
    model.partial_fit(MANY[:50], MANY[:50, 0])
    assert model._settings.n_members == 2 and model._settings.n_pieces == 32


def test_passes_have_one_rate_and_that_of_a_fit_falls():
    model = GradientLassoRegressor(max_iter=8, random_state=0, warm_start=True)
    model.set_params(callbacks=[Rates()]).fit(X, X[:, 0])
    rates = fitted_callback(model, Rates).rates
    # Those of the first group, which are lines: twice the learning rate.
    expected = 0.06 * (1 + np.cos(np.pi * np.arange(8) / 8)) / 2
    np.testing.assert_allclose(rates, expected)
    model.partial_fit(X, X[:, 0])
    assert rates[8:] == [pytest.approx(0.06)]
    model.fit(X, X[:, 0])
    np.testing.assert_allclose(rates[9:], expected)


def test_the_rate_rises_first_where_rows_are_held_out():
    model = GradientLassoRegressor(max_iter=8, random_state=0, early_stopping=True)
    model.set_params(callbacks=[Rates()]).fit(X, X[:, 0])
    falling = (1 + np.cos(np.pi * np.arange(6) / 6)) / 2
    expected = 0.06 * np.concatenate([[1 / 3, 2 / 3], falling])
    np.testing.assert_allclose(fitted_callback(model, Rates).rates, expected)


# When training ends -------------------------------------------------------------------


@pytest.mark.parametrize("n_rows", [60, 600])
def test_defaults_give_no_warning(n_rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model = GradientLassoRegressor(random_state=0)
        model.fit(MANY[:n_rows], MANY[:n_rows, 0])
    n_epochs, n_cycles = model._settings.max_iter, model._settings.n_cycles
    assert model.n_iter_ in (n_epochs, n_epochs // (2**n_cycles - 1))  # whole cycles
    assert model.score(MANY[:n_rows], MANY[:n_rows, 0]) > 0.9


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_number_of_epochs_that_is_given_is_respected(early_stopping):
    model = GradientLassoRegressor(early_stopping=early_stopping, random_state=0)
    assert clone(model).set_params(max_iter=3).fit(X, X[:, 0]).n_iter_ == 3
    model.set_params(max_iter=50, n_iter_no_change=2, tol=10.0)
    assert model.fit(X, X[:, 0]).n_iter_ == 4  # the first falls below infinity


def test_one_class_ends_like_that_of_the_perceptron():
    X = np.random.default_rng(0).standard_normal((60, 3))
    for params in ({}, {"early_stopping": True}, {"module": "perceptron"}):
        model = GradientLassoClassifier(random_state=0, **params).fit(X, np.zeros(60))
        assert model.n_iter_ == 12 and model.net_.ended_by_ == "plateau"
        assert (model.predict_proba(X) == 1).all()


@pytest.mark.parametrize(("n_features", "n_members"), [(5, 5), (40, 2)])
def test_ngsll_with_the_network_for_tables_beats_the_mean(n_features, n_members):
    X, y = make_friedman1(260, n_features=n_features, noise=1.0, random_state=0)
    params = {"module_params": {"n_members": n_members}, "random_state": 0}
    model = NGSLLRegressor(module="tabular", **params).fit(X[:200], y[:200])
    assert model._settings.learning_rate == pytest.approx(0.015 / n_features)
    assert model.score(X[200:], y[200:]) > 0.3
    given = NGSLLRegressor(module="tabular", learning_rate_init=0.001, max_iter=1)
    assert given.fit(X[:50], y[:50])._settings.learning_rate == 0.001


def test_ngsll_with_the_network_for_tables_on_diabetes():
    X, y = load_diabetes(return_X_y=True)
    model = NGSLLRegressor(module="tabular", random_state=0).fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > 0.05


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.6])
def test_members_hold_out_the_fraction_that_is_asked_for(fraction):
    X = np.random.default_rng(0).standard_normal((200, 3))
    model = GradientLassoClassifier(
        early_stopping=True, validation_fraction=fraction, random_state=0
    )
    data = TrainingData(X, (X[:, 0] > 0).astype(int))
    train, _ = prepare_fit(model, data, warm=False).rows
    learned = (train.extras["learns"] > 0).double().mean(dim=0)
    np.testing.assert_allclose(learned, 1 - fraction, atol=0.015)


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
def test_the_documentation_says_what_importances_are_of(kind):
    text = " ".join(kind.__doc__.split())
    assert "the attribution that ``explain`` returns by default" in text
    X = np.random.default_rng(0).standard_normal((100, 3))
    model = kind(random_state=0, max_iter=3).fit(X, (X[:, 0] > 0).astype(int))
    for params in ({}, {"penalty": "l1"}):
        model = kind(random_state=0, max_iter=3, **params)
        model.fit(X, (X[:, 0] > 0).astype(int))
        sizes = np.sqrt((model.explain(X, target="training") ** 2).mean(axis=0))
        if kind is GradientLassoClassifier:
            sizes = np.sqrt((model.explain(X) ** 2).mean(axis=0))
        own = sizes * model._table_form.scale if params else sizes
        np.testing.assert_allclose(model.feature_importances_, own / own.sum())
