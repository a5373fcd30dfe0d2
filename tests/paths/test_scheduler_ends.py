"""Networks trained as one: how each ends, when they are not, memory and threads."""

import math
import warnings

import numpy as np
import pytest
import torch
from helpers.quick import SMALL
from helpers.same_as_alone import (
    LONG,
    Normalised,
    alone,
    assert_each_as_alone,
    assert_same_network,
    data_of,
    grid,
    halves,
    tensors,
)
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    RRRClassifier,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.paths._grouping import STATES, bytes_of_step
from sklearn_gradlasso.sensitivity import noise_floor
from sklearn_gradlasso.training.prepared import prepare

LAMS = [0.001, 0.01, 0.1, 1.0]


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).standard_normal((60, 5))
    return data_of(X, (X[:, 0] * X[:, 1] + 0.3 * X[:, 2] > 0).astype(int))


def model(**params):
    return GradientLassoClassifier(**{**SMALL, **LONG, **params})


# Each in its own time


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"batch_size": 16},
        {"early_stopping": True, "validation_fraction": 0.3},
        {"module": Normalised, "batch_size": 10},
        {"optimizer": "sgd", "optimizer_params": {"momentum": 0.9}},
    ],
)
def test_a_network_that_has_settled_leaves_the_others(data, stacks, params):
    settling = {"tol": 5e-3, "n_iter_no_change": 3, "max_iter": 80}
    found = assert_each_as_alone(
        model(**settling, **params), data, halves(60), [*LAMS, 30.0]
    )
    assert stacks == [10]
    assert len({each.n_iter_ for each in found.values()}) >= 4
    assert "plateau" in {each.net_.ended_by_ for each in found.values()}


def test_those_that_are_not_through_are_counted(data):
    with pytest.warns(ConvergenceWarning, match="max_iter=3 .* in 8 of 8 fits"):
        grid(model(max_iter=3), data, halves(60), LAMS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grid(model(tol=1.0, n_iter_no_change=1), data, halves(60), LAMS)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_that_diverges_does_not_touch_the_others(data, stacks, early_stopping):
    estimator = model(optimizer="sgd", early_stopping=early_stopping)
    lams = [0.01, 1e200, 0.1]
    found = grid(estimator, data, halves(60), lams)
    assert stacks == [6]
    for (part, k), ours in found.items():
        theirs = alone(estimator, data, halves(60)[part], lams[k])
        if k != 1:
            assert_same_network(ours, theirs)
            continue
        assert ours.net_.ended_by_ == theirs.net_.ended_by_ == "divergence"
        assert ours.n_iter_ == theirs.n_iter_ < LONG["max_iter"]
        assert all(np.isfinite(each).all() for each in tensors(ours).values())
        for name, value in tensors(theirs).items():
            np.testing.assert_allclose(tensors(ours)[name], value, rtol=1e-6)


def test_what_was_fitted_can_be_used(data):
    for ours in grid(model(max_iter=3), data, halves(60), LAMS).values():
        assert not ours.net_.module_.training
        assert ours.explain(data.X).shape == data.X.shape
        ours.set_params(max_iter=2, tol=0.0).partial_fit(data.X, data.y)
        assert (ours.n_iter_, len(ours.loss_curve_)) == (1, 4)


def test_the_memory_of_a_step_is_that_of_a_batch(data):
    found = {
        bytes_of_step(prepare(model(batch_size=8), data.part(np.arange(n))), 0.1)
        for n in (20, 60)
    }
    assert len(found) == 1


# By themselves


class Dropping(nn.Sequential):
    """A network that draws from torch's global generator."""

    def __init__(self, n_features, n_outputs):
        super().__init__(
            nn.Linear(n_features, 6), nn.Dropout(0.5), nn.Linear(6, n_outputs)
        )


class Looking(nn.Linear):
    """A network that looks at the values of its input."""

    def forward(self, x):
        return super().forward(x) * (2.0 if x.sum() > 0 else 1.0)


class Clipped(nn.Linear):
    """A network that torch evaluates in a loop over networks, with a warning."""

    def forward(self, x):
        return super().forward(x.clone().clamp_(-1, 1))


class Counting(nn.Linear):
    """A network that counts how often it is called, outside torch."""

    calls = 0

    def forward(self, x):
        Counting.calls += 1
        return super().forward(x) * (1 + 0.1 * Counting.calls)


def across_rows(log_probabilities, y):
    """A target that compares each row with the others of its call."""
    scores = log_probabilities[:, 1] - log_probabilities[:, 0]
    return scores / scores.square().mean()


def relative(phi):
    """A prior that compares each row with the others of its call."""
    return phi.square().sum(dim=1) / phi.abs().mean()


class Silent(Callback):
    pass


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"module": Dropping}, "cannot be evaluated for several networks"),
        ({"module": Clipped}, "cannot be evaluated for several networks"),
        ({"module": Looking}, "cannot be evaluated for several networks"),
        ({"optimizer": torch.optim.LBFGS}, "LBFGS might not treat each weight"),
        ({"callbacks": [Silent()]}, "callbacks are about one net"),
    ],
)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_what_cannot_be_stacked_is_trained_alone(data, stacks, params, reason, n_jobs):
    estimator = model(**{"max_iter": 5, **params})
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    with pytest.warns(UserWarning, match=f"one by one and not as one.*{reason}"):
        found = grid(estimator.set_params(n_jobs=n_jobs), data, halves(60), [0.01, 1])
    assert stacks == []
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()
    estimator.set_params(n_jobs=None)
    for (part, k), ours in found.items():
        theirs = alone(estimator, data, halves(60)[part], [0.01, 1][k])
        assert_same_network(ours, theirs, 1e-12)


@pytest.mark.parametrize("lams", [[0.01, 1.0], [1.0]])
def test_rows_that_are_compared_are_those_of_one_network(data, stacks, lams):
    priors = {"prior": relative, "attribution": "gradients", "batch_size": 20}
    for estimator in (
        model(target=across_rows),
        AttributionPriorClassifier(**{**SMALL, **LONG, **priors}),
    ):
        with pytest.warns(UserWarning, match="gives other values for several networks"):
            found = grid(estimator, data, halves(60), lams)
        assert stacks == []
        for (part, k), ours in found.items():
            theirs = alone(estimator, data, halves(60)[part], lams[k])
            assert_same_network(ours, theirs)


def test_a_network_with_a_memory_outside_torch_is_noticed(data, stacks):
    with pytest.warns(UserWarning, match="gives other values"):
        grid(model(module=Counting, max_iter=2), data, halves(60), LAMS)
    assert stacks == []


def test_one_fit_is_no_stack(data, stacks):
    ((_, ours),) = grid(model(), data, [np.arange(60)], [0.1]).items()
    assert stacks == []
    assert_same_network(ours, alone(model(), data, np.arange(60), 0.1), 0)


# Memory and threads


def bytes_of_network(estimator, data, rows):
    prepared = prepare(estimator, data.part(rows))
    weights = sum(value.nbytes for value in prepared.network.state_dict().values())
    return bytes_of_step(prepared, 1.0) + STATES * weights


@pytest.mark.parametrize("batch_size", ["auto", 8])
def test_stacks_fit_into_the_working_memory(data, stacks, batch_size):
    estimator, parts = model(batch_size=batch_size), halves(60)
    whole = grid(estimator, data, parts, LAMS)
    assert stacks == [8]
    of_one = bytes_of_network(estimator, data, parts[0]) / 2**20
    for n_at_once, sizes in ((4.5, [4, 4]), (2.5, [2, 2, 2, 2]), (0.1, [])):
        del stacks[:]
        with config_context(working_memory=2 * n_at_once * of_one):
            found = grid(estimator, data, parts, LAMS)
        assert sorted(stacks) == sizes
        assert found.keys() == whole.keys()
        for key, ours in found.items():
            assert_same_network(ours, whole[key])


@pytest.mark.parametrize(
    "estimator",
    [
        model(batch_size=16),
        model(module=Normalised, early_stopping=True),
        AttributionPriorClassifier(**SMALL, **LONG, batch_size=16),
    ],
)
def test_results_do_not_depend_on_the_number_of_jobs(data, stacks, estimator):
    serial = grid(estimator, data, halves(60), LAMS)
    again = grid(estimator, data, halves(60), LAMS)
    for key, ours in again.items():
        assert_same_network(ours, serial[key], 0)
    for n_jobs, size in ((2, 4), (3, 3)):
        del stacks[:]
        found = grid(estimator.set_params(n_jobs=n_jobs), data, halves(60), LAMS)
        assert max(stacks) == size and sum(stacks) == 8
        for key, ours in found.items():
            assert_same_network(ours, serial[key], 1e-10)


@pytest.mark.parametrize("module", [None, Normalised, nn.Linear])
def test_global_generators_are_left_as_found(data, stacks, module):
    torch.manual_seed(0)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = grid(model(module=module, batch_size=8, max_iter=2), data, halves(60), LAMS)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()
    torch.manual_seed(1)
    again = grid(model(module=module, batch_size=8, max_iter=2), data, halves(60), LAMS)
    for key, ours in again.items():
        assert_same_network(ours, first[key], 0)


def test_consumers_may_stop_early(data):
    from sklearn_gradlasso.paths._scheduler import fit_all

    fits = fit_all(model(max_iter=3), data, halves(60), np.array(LAMS))
    assert math.isfinite(next(fits).estimator.loss_)
    fits.close()


class Asking(nn.Linear):
    """A network that notes on how many threads it computes."""

    seen: set = set()

    def forward(self, x):
        Asking.seen.add(torch.get_num_threads())
        return super().forward(x)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_each_network_has_one_thread(data, n_jobs):
    given = {"lams": [0.01, 1.0]}
    short = {**SMALL, "max_iter": 2, "tol": 10.0, "n_jobs": n_jobs, "module": Asking}
    estimator, before = GradientLassoClassifier(**short), torch.get_num_threads()
    alone = [
        lambda: estimator.fit(data.X, data.y),
        lambda: noise_floor(estimator, data.X, data.y, level=0.2),
        lambda: FindAnotherExplanation(RRRClassifier(**short)).fit(data.X, data.y),
    ]
    for run in (
        *(alone if n_jobs is None else []),
        lambda: lambda_path(estimator, data.X, data.y, **given),
        lambda: lambda_path(estimator, data.X, data.y, lams=2),
        lambda: stability_selection(estimator, data.X, data.y, n_subsamples=3, **given),
        lambda: GradientLassoClassifierCV(**short, **given, cv=2).fit(data.X, data.y),
    ):
        Asking.seen.clear()
        try:
            torch.set_num_threads(3)
            run()
        finally:
            torch.set_num_threads(before)
        assert Asking.seen == {1}
