"""Slopes of torch modules, which are left as found."""

import numpy as np
import pytest
import torch
from helpers.known_slopes import (
    W,
    drawn,
    linear,
    root_mean_square,
    shares,
    slopes_by_autograd,
)
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from sklearn_gradlasso import (
    NGSLLRegressor,
)
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    lag_importance,
    local_importance,
)


def dropping():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 1)
    ).double()


@pytest.mark.parametrize(
    "measure", [global_importance, local_importance, interaction_importance]
)
def test_a_module_is_left_as_found(measure):
    X, module = drawn(20, 3), dropping().train()
    module[2].eval()
    modes = [part.training for part in module.modules()]
    before = torch.get_rng_state()
    first, again = measure(module, X), measure(module, X)
    np.testing.assert_array_equal(first.importances, again.importances)
    assert [part.training for part in module.modules()] == modes
    assert all(p.grad is None and p.requires_grad for p in module.parameters())
    assert torch.equal(torch.get_rng_state(), before)
    evaluated = measure(dropping().eval(), X)
    np.testing.assert_array_equal(first.importances, evaluated.importances)


def test_a_module_is_left_as_found_by_an_error():
    module = dropping().train()
    with pytest.raises(ValueError, match="cannot take rows of shape"):
        global_importance(module, drawn(20, 4))
    X = drawn(20, 3)
    X[3] = 1e300
    overflowing = nn.Sequential(linear(1e10 * W[:1]), nn.Dropout(0.5)).train()
    with pytest.raises(ValueError, match="output is infinite or NaN"):
        global_importance(overflowing, X)
    for each in (module, overflowing):
        assert all(part.training for part in each.modules())


def test_the_slopes_of_a_module_by_autograd():
    X, module = drawn(20, 3), dropping().eval()
    slopes = slopes_by_autograd(module, X)
    np.testing.assert_allclose(
        global_importance(module, X).importances, shares(root_mean_square(slopes))
    )


def test_a_convolutional_network_keeps_the_shape_of_a_row():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(32, 1)
    ).double()
    X = drawn(20, 1, 6, 6)
    slopes = slopes_by_autograd(network, X)
    found = global_importance(network, X)
    assert found.importances.shape == found.feature_names.shape == (1, 6, 6)
    np.testing.assert_allclose(found.importances, shares(root_mean_square(slopes)))
    local = local_importance(network, X)
    total = (slopes**2).sum(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(local.importances, 100 * slopes**2 / total)
    assert local.to_frame().shape == (20, 36)
    assert found.to_frame().feature[7] == found.feature_names[0, 1, 1] == "x0_1_1"


MEASURES = [global_importance, local_importance, lag_importance, interaction_importance]


@pytest.mark.parametrize("measure", MEASURES)
def test_two_views_of_a_row_are_refused(measure):
    X = drawn(40, 3)
    model = NGSLLRegressor(
        simplify=FunctionTransformer(), n_nonzero_coefs=1, max_iter=1, random_state=0
    ).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="NGSLLRegressor is for tables without encode"):
        measure(model, X)
