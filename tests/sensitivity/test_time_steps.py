"""Sensitivity of networks that read sequences: by features and by lags."""

import numpy as np
import pytest
import torch
from helpers.known_slopes import (
    drawn,
    quick_mlp,
    root_mean_square,
    shares,
    slopes_by_autograd,
)
from scipy.signal import lfilter
from sklearn.neural_network import MLPRegressor
from torch import nn

from sklearn_gradlasso import (
    GradientLassoRegressor,
)
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.sensitivity import (
    global_importance,
    lag_importance,
    local_importance,
)


class ManyToOne(nn.Module):
    """y = sum_kj W[k, j] x_j at lag k."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, x):
        return torch.einsum("nkj,kj->n", x.flip(1), self.weight)[:, None]


class ManyToMany(nn.Module):
    """y at step s = sum_rj weight[s, r, j] x_j at step r."""

    def __init__(self, weight, last_axis=True):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.last_axis = last_axis

    def forward(self, x):
        y = torch.einsum("nrj,srj->ns", x, self.weight)
        return y[:, :, None] if self.last_axis else y


OF_LAGS = np.array([[1.0, -2.0], [0.5, 0.0], [-3.0, 4.0]])  # 3 lags of 2 features
OF_STEPS = drawn(4, 4, 2, seed=5)  # 4 steps of 2 features


def test_many_to_one_by_hand():
    X, module = drawn(30, 3, 2), ManyToOne(OF_LAGS)
    shape = {"architecture": "many_to_one"}
    current = global_importance(module, X, **shape)
    np.testing.assert_allclose(current.importances, shares(np.abs(OF_LAGS[0])))
    assert current.feature_names.tolist() == ["x0", "x1"]
    every = global_importance(module, X, steps="all", **shape)
    np.testing.assert_allclose(every.importances, shares(np.abs(OF_LAGS).sum(axis=0)))
    local = local_importance(module, X, **shape)
    np.testing.assert_allclose(local.importances[7], shares(OF_LAGS[0] ** 2))
    local = local_importance(module, X, steps="all", **shape)
    np.testing.assert_allclose(local.importances[7], shares((OF_LAGS**2).sum(axis=0)))


def test_lags_by_hand():
    X, module = drawn(30, 3, 2), ManyToOne(OF_LAGS)
    found = lag_importance(module, X)
    expected = 100 * np.abs(OF_LAGS) / np.abs(OF_LAGS).sum()
    np.testing.assert_allclose(found.by_feature, expected)
    np.testing.assert_allclose(found.importances, expected.sum(axis=1))
    table = found.to_frame()
    assert table.columns.tolist() == ["lag", "importance", "x0", "x1"]
    assert table.lag.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(table.x1, found.by_feature[:, 1])
    named = lag_importance(module, X, feature_names=["dust", "wind"])
    assert named.to_frame().columns.tolist()[2:] == ["dust", "wind"]


class Squares(nn.Module):
    """y = sum_kj x_j^2 / 2, of slopes x_j at each lag."""

    def forward(self, x):
        return x.square().sum(dim=(1, 2))[:, None] / 2


def test_lags_of_each_sequence():
    X = drawn(5000, 3, 2)
    found = lag_importance(Squares(), X, per_sequence=True)
    sizes = np.abs(X).sum(axis=2)[:, ::-1]
    expected = 100 * sizes / sizes.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.importances, expected, rtol=1e-4)
    assert found.by_feature is None
    assert found.to_frame().columns.tolist() == [0, 1, 2]


def test_lags_are_root_mean_squares_over_weighted_sequences():
    X, weight = drawn(60, 3, 2), np.arange(60) % 4
    found = lag_importance(Squares(), X, sample_weight=weight)
    sizes = root_mean_square(X.repeat(weight, axis=0))[::-1]
    np.testing.assert_allclose(found.by_feature, 100 * sizes / sizes.sum(), rtol=1e-5)


@pytest.mark.parametrize("last_axis", [True, False])
def test_many_to_many_by_hand(last_axis):
    X, module = drawn(30, 4, 2), ManyToMany(OF_STEPS, last_axis)
    kind = {"architecture": "auto" if last_axis else "many_to_many"}
    own = np.abs(OF_STEPS[range(4), range(4)]).sum(axis=0)
    np.testing.assert_allclose(
        global_importance(module, X, **kind).importances, shares(own)
    )
    of_last = np.abs(OF_STEPS[-1])
    every = global_importance(module, X, steps="all", **kind)
    np.testing.assert_allclose(every.importances, shares(of_last.sum(axis=0)))
    lags = lag_importance(module, X, **kind)
    np.testing.assert_allclose(lags.by_feature, 100 * of_last[::-1] / of_last.sum())
    own = (OF_STEPS[range(4), range(4)] ** 2).sum(axis=0)
    local = local_importance(module, X, **kind)
    np.testing.assert_allclose(local.importances[3], shares(own))


class TwoAtEachStep(nn.Module):
    """Outputs x_0^2 / 2 and x_0 x_1 of each step."""

    def forward(self, x):
        return torch.stack([x[..., 0].square() / 2, x[..., 0] * x[..., 1]], dim=2)


def test_many_to_many_with_two_outputs_at_each_step():
    X = drawn(40, 3, 2)
    squares = np.stack([(X**2).sum(axis=2), X[..., 0] ** 2], axis=2)  # of both outputs
    sizes = np.sqrt(squares.mean(axis=0)).sum(axis=0)
    found = global_importance(TwoAtEachStep(), X)
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)


def test_a_network_with_outputs_at_each_step_needs_a_scalar_for_each():
    with pytest.raises(ValueError, match="target must return a scalar for every"):
        global_importance(
            ManyToMany(OF_STEPS), drawn(5, 4, 2), target=lambda out, y: out[:, 0]
        )


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_networks_by_autograd(cell):
    torch.manual_seed(0)
    module = RecurrentNet(6, 1, feature_shape=(3, 2), cell=cell, hidden_size=4)
    module.double()
    X = drawn(30, 3, 2)
    sizes = root_mean_square(slopes_by_autograd(module, X))
    np.testing.assert_allclose(
        global_importance(module, X).importances, shares(sizes[-1])
    )
    np.testing.assert_allclose(
        global_importance(module, X, steps="all").importances, shares(sizes.sum(axis=0))
    )
    np.testing.assert_allclose(
        global_importance(module, X, architecture="feed_forward").importances,
        shares(sizes),
    )
    np.testing.assert_allclose(
        lag_importance(module, X).by_feature, shares(sizes[::-1])
    )


def test_a_recurrent_network_says_itself_whether_it_is_many_to_many():
    torch.manual_seed(0)
    shape = {"feature_shape": (3, 2), "hidden_size": 4, "many_to_many": True}
    module, X = RecurrentNet(6, 3, **shape), drawn(30, 3, 2)
    for measure in (global_importance, local_importance, lag_importance):
        np.testing.assert_allclose(
            measure(module, X).importances,
            measure(module, X, architecture="many_to_many").importances,
        )


def test_estimators_say_whether_their_network_is_many_to_many():
    X = drawn(40, 3, 2)
    model = GradientLassoRegressor(
        module=RecurrentNet, module_params={"many_to_many": True}, max_iter=1
    ).fit(X, X[:, :, 0])
    module = model.net_.module_
    explicit = {"architecture": "many_to_many", "target": "output"}
    for measure in (global_importance, local_importance, lag_importance):
        np.testing.assert_allclose(
            measure(model, X).importances, measure(module, X, **explicit).importances
        )
    x = torch.tensor(X, requires_grad=True)
    (slopes,) = torch.autograd.grad(module(x)[:, -1].sum(), x)
    sizes = root_mean_square(slopes.numpy())
    np.testing.assert_allclose(lag_importance(model, X).by_feature, shares(sizes[::-1]))


def test_lags_of_an_autoregressive_process():
    x = lfilter([1], [1, -0.6, 0, 0.3], drawn(40_000))
    X = np.lib.stride_tricks.sliding_window_view(x[:-1], 5)
    model = GradientLassoRegressor(
        hidden_layer_sizes=(),
        lam=0,
        input_shape=(5, 1),
        batch_size=2000,
        learning_rate_init=0.03,
        max_iter=40,
        random_state=0,
    ).fit(X, x[5:])
    lags = lag_importance(model, X, confidence_level=0.9, n_resamples=10)
    coef, *_ = np.linalg.lstsq(X, x[5:], rcond=None)
    np.testing.assert_allclose(lags.importances, shares(np.abs(coef))[::-1], atol=1)
    np.testing.assert_allclose(lags.importances, [66.7, 0, 33.3, 0, 0], atol=2)
    np.testing.assert_allclose(lags.intervals.T, [lags.importances] * 2)
    assert lags.feature_names.tolist() == ["x0"]


def test_intervals_of_lags():
    X = drawn(300, 3, 2) * np.array([1, 2, 4])[:, None]
    found = lag_importance(
        Squares(), X, confidence_level=0.9, n_resamples=200, random_state=0
    )
    lower, upper = found.intervals.T
    assert found.intervals.shape == (3, 2)
    assert (lower < found.importances).all() and (found.importances < upper).all()
    assert found.to_frame().columns.tolist()[:4] == [
        "lag",
        "importance",
        "lower",
        "upper",
    ]


def test_rows_that_are_not_sequences():
    X = drawn(20, 3)
    model = quick_mlp(MLPRegressor).fit(X, X[:, 0])
    with pytest.raises(
        ValueError, match=r"needs rows of shape \(n_steps, n_features\)"
    ):
        lag_importance(model, X)
    for measure in (global_importance, local_importance):
        with pytest.raises(ValueError, match="needs rows of shape"):
            measure(model, X, architecture="many_to_one")


@pytest.mark.parametrize("measure", [global_importance, local_importance])
def test_unknown_words_are_refused(measure):
    X, module = drawn(20, 3, 2), ManyToOne(OF_LAGS)
    with pytest.raises(
        ValueError, match="steps must be 'current' or 'all', got 'last'"
    ):
        measure(module, X, steps="last")
    with pytest.raises(ValueError, match="architecture must be one of.*got 'one'"):
        measure(module, X, architecture="one")
    with pytest.raises(ValueError, match="target must be one of.*got 'log_odds'"):
        measure(module, X, target="log_odds")


def test_lags_need_a_name_for_each_feature():
    with pytest.raises(ValueError, match=r"feature_names must be 2 names"):
        lag_importance(ManyToOne(OF_LAGS), drawn(9, 3, 2), feature_names=list("abc"))
