"""Recurrent networks: shapes, training, and gradients of gradients."""

import pickle

import numpy as np
import pytest
import torch

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    targets,
)
from sklearn_gradlasso.attributions import Gradients
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.objective import Objective
from sklearn_gradlasso.priors import L1

CELLS = ["lstm", "gru"]
STEPS, VALUES = 4, 2


def network(n_outputs=1, **params):
    torch.manual_seed(0)
    shape = {"feature_shape": (STEPS, VALUES), "hidden_size": 3}
    return RecurrentNet(STEPS * VALUES, n_outputs, **{**shape, **params}).double()


@pytest.fixture(scope="module")
def sequences():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, STEPS, VALUES))
    return X, X[:, -1, 0] + 0.5 * X[:, -2, 1]


@pytest.fixture
def rows(sequences):
    return torch.tensor(sequences[0])


# The network


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n_layers", [1, 2])
def test_many_to_one_answers_by_the_last_state(cell, n_layers, rows):
    module = network(3, cell=cell, n_layers=n_layers)
    states, _ = module.recurrent(rows)
    assert states.shape == (60, STEPS, 3)
    torch.testing.assert_close(module(rows), module.head(states[:, -1]))
    assert module.recurrent.num_layers == n_layers
    assert not module.many_to_many


@pytest.mark.parametrize("cell", CELLS)
def test_many_to_many_answers_step_by_step(cell, rows):
    module = network(2 * STEPS, cell=cell, many_to_many=True)
    states, _ = module.recurrent(rows)
    outputs = module(rows)
    assert outputs.shape == (60, 2 * STEPS)
    for step in range(STEPS):
        of_step = outputs[:, 2 * step : 2 * step + 2]
        torch.testing.assert_close(of_step, module.head(states[:, step]))


def test_an_answer_does_not_depend_on_later_steps(rows):
    module = network(STEPS, many_to_many=True)
    later = rows.clone()
    later[:, 2:] += 1
    same = module(later) == module(rows)
    assert same[:, :2].all() and not same[:, 2:].any()


def test_what_a_recurrent_network_refuses():
    with pytest.raises(ValueError, match=r"takes rows of shape \(n_steps, n_values\)"):
        network(feature_shape=(8,))
    with pytest.raises(ValueError, match=r"cell must be one of \['gru', 'lstm'\].*rnn"):
        network(cell="rnn")
    with pytest.raises(ValueError, match="a target for each of the 4 steps.*got 3"):
        network(3, many_to_many=True)


# Estimators


@pytest.mark.parametrize("cell", CELLS)
def test_flat_rows_with_a_shape_are_sequences(cell, sequences):
    X, y = sequences
    shared = {
        "module": RecurrentNet,
        "module_params": {"cell": cell, "hidden_size": 5},
        "max_iter": 3,
        "random_state": 0,
    }
    flat = X.reshape(len(X), -1)
    for kind, of_kind in [
        (GradientLassoRegressor, y),
        (GradientLassoClassifier, np.digitize(y, [-0.5, 0.5])),
    ]:
        model = kind(**shared).fit(X, of_kind)
        shaped = kind(input_shape=(STEPS, VALUES), **shared).fit(flat, of_kind)
        np.testing.assert_array_equal(model.predict(X), shaped.predict(flat))
        explained = model.explain(X)
        assert explained.shape[:3] == X.shape
        np.testing.assert_array_equal(
            explained.reshape(shaped.explain(flat).shape), shaped.explain(flat)
        )
        np.testing.assert_allclose(model.feature_importances_.sum(), 1)
        assert model.penalty_curve_[-1] > 0


def test_training_learns_what_the_last_steps_say(sequences):
    X, y = sequences
    model = GradientLassoRegressor(
        module=RecurrentNet,
        module_params={"hidden_size": 8},
        learning_rate_init=0.05,
        lam=1e-3,
        max_iter=100,
        random_state=0,
    ).fit(X, y)
    assert model.score(X, y) > 0.9
    slopes = np.sqrt((model.explain(X) ** 2).mean(axis=0))
    top = np.argsort(slopes, axis=None)[-2:]
    assert set(top) == {(STEPS - 1) * VALUES, (STEPS - 2) * VALUES + 1}


@pytest.mark.parametrize("n_targets", [1, 2])
def test_a_target_for_each_step(sequences, n_targets):
    X, _ = sequences
    y = np.cumsum(X[:, :, :n_targets], axis=1).reshape(len(X), -1)
    model = GradientLassoRegressor(
        module=RecurrentNet,
        module_params={"many_to_many": True},
        max_iter=3,
        random_state=0,
    ).fit(X, y)
    assert model.predict(X).shape == (60, STEPS * n_targets)
    explained = model.explain(X)
    assert explained.shape == (*X.shape, STEPS * n_targets)
    assert not explained[:, 1:, :, 0].any()
    assert explained[:, :, :, -1].any(axis=0).all()


def test_errors_reach_the_user_of_an_estimator(sequences):
    X, y = sequences
    model = GradientLassoRegressor(module=RecurrentNet, max_iter=1)
    with pytest.raises(ValueError, match="input_shape"):
        model.fit(X.reshape(60, -1), y)
    model.set_params(module_params={"many_to_many": True})
    with pytest.raises(ValueError, match="a target for each of the 4 steps"):
        model.fit(X, y)


@pytest.mark.parametrize("cell", CELLS)
def test_a_pickle_answers_the_same(cell, sequences):
    X, y = sequences
    model = GradientLassoRegressor(
        module=RecurrentNet, module_params={"cell": cell}, max_iter=2, random_state=0
    ).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.explain(X), model.explain(X))
    assert isinstance(loaded.net_.module_, RecurrentNet)


# Gradients of gradients


def penalty(module, x):
    objective = Objective(
        loss=lambda output, y: 0 * output[:, 0],
        lam=1.0,
        prior=L1(),
        attribution=Gradients(),
        target=targets.output,
    )
    return objective(module, x, x).prior


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("many_to_many", [False, True])
def test_the_penalty_moves_every_weight(cell, many_to_many, rows):
    module = network(STEPS, cell=cell, n_layers=2, many_to_many=many_to_many).train()
    penalty(module, rows).backward()
    for name, weight in module.named_parameters():
        if name == "head.bias":
            assert weight.grad is None or not weight.grad.any()
        else:
            assert (weight.grad != 0).all(), name


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_of_the_penalty_is_that_of_finite_differences(cell, rows):
    module, step = network(cell=cell), 1e-6
    penalty(module, rows).backward()
    for name, weight in module.named_parameters():
        if name == "head.bias":
            continue
        values, found = weight.detach().view(-1), weight.grad.view(-1)
        for k in (0, len(values) // 2, len(values) - 1):
            ends = []
            for sign in (1, -1):
                values[k] += sign * step
                ends.append(penalty(module, rows).item())
                values[k] -= sign * step
            difference = (ends[0] - ends[1]) / (2 * step)
            assert found[k].item() == pytest.approx(difference, rel=1e-5, abs=1e-9)
