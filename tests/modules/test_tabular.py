"""The network for tables: its functions by hand, and that it trains everywhere."""

import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from captum import attr
from helpers.coded_tables import coded_rows, form_of_four_columns
from helpers.known_slopes import central_differences
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import r2_score
from sklearn.preprocessing import FunctionTransformer

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
    TokenSequencer,
    lambda_path,
)
from sklearn_gradlasso.estimators.base.settings import MEMBERS
from sklearn_gradlasso.modules import LogOdds, TabularNet, build_module
from sklearn_gradlasso.modules._table_columns import columns_of
from sklearn_gradlasso.modules._table_pieces import Lines
from sklearn_gradlasso.paths._stack import Stack
from sklearn_gradlasso.tables import TableForm

NAN = float("nan")
N_MEMBERS, SIZE, HIDDEN, N_OUTPUTS = 3, 2, 5, 2
SIZES = {
    "n_members": N_MEMBERS,
    "embedding_size": SIZE,
    "hidden_layer_sizes": (HIDDEN,),
}


def table(seed=0, n=200):
    """Three numbers, of many, few and skewed values, and two one-hot variables."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal(n), rng.integers(5, size=n), rng.lognormal(size=n)
    categories = (np.eye(k)[rng.integers(k, size=n)] for k in (3, 4))
    return np.column_stack([*numbers, *categories])


def labels(X):
    return ((X[:, 0] > 0) ^ (X[:, 3] > 0)).astype(int)


def net(X, form=None, seed=0, n_outputs=N_OUTPUTS, **params):
    """A network all of whose weights are drawn."""
    X = np.asarray(X)
    form = TableForm.of_numbers(X.shape[1]) if form is None else form
    columns = columns_of(X, form)
    generator = torch.Generator().manual_seed(seed)
    params = {**SIZES, "generator": generator, **params}
    made = TabularNet(X.shape[1], n_outputs, columns, **params).double()
    with torch.no_grad():
        for theta in made.parameters():
            theta += torch.randn(theta.shape, generator=generator, dtype=theta.dtype)
    return made


def net_of_four(**params):
    return net(coded_rows(500), form_of_four_columns(), **params)


def tabular(estimator=GradientLassoClassifier, **params):
    return estimator(**{"module": "tabular", "max_iter": 5, "random_state": 0} | params)


# The functions by hand


def by_column(network, x):
    """Encodings of shape (n, n_columns, n_functions), as arrays."""
    with torch.no_grad():
        found = network.encode(torch.as_tensor(x).double())
    return [each.unflatten(1, (x.shape[1], -1)).numpy() for each in found]


def parameters_by_hand(network):
    """Rises and missing values of all functions: additive ones, then embeddings."""
    parts = network.additive, network.embedding
    return [
        torch.cat([getattr(part, name).detach() for part in parts], dim=-1).numpy()
        for name in ("rises", "missing")
    ]


def test_numbers_become_piecewise_linear_functions():
    X = coded_rows(500).numpy()
    network, knots = net_of_four(), columns_of(X, form_of_four_columns()).knots
    weight, missing = parameters_by_hand(network)
    inputs = np.linspace(-10, 10, 1001)[:, None].repeat(4, axis=1)
    inputs[:, 2:] = 0
    found, _ = by_column(network, inputs)
    at_missing, _ = by_column(network, np.full((1, 4), NAN))
    for j in range(2):
        for k in range(weight.shape[2]):
            at_knots = np.append(0, weight[j, : len(knots[j]) - 1, k].cumsum())
            value = np.interp(inputs[:, j], knots[j], at_knots)
            np.testing.assert_allclose(found[:, j, k], value, atol=1e-12)
            ordered = np.sort(X[:, j][~np.isnan(X[:, j])])
            median = ordered[(len(ordered) + 1) // 2 - 1]
            of_median = np.interp(median, knots[j], at_knots) + missing[j, k]
            assert at_missing[0, j, k] == pytest.approx(of_median, abs=1e-12)


def test_a_line_rises_evenly_and_by_itself_over_the_spread():
    X = np.arange(1.0, 601.0)[:, None] / 600  # a sixth is behind 100 rows
    columns = columns_of(X, TableForm.of_numbers(1))
    assert columns.spread[0] == pytest.approx((500 - 100) / 600 / 2)
    lines = Lines(columns, 1)
    with torch.no_grad():
        lines.line.fill_(1.0)
    slopes = lines.rises[0, :, 0].detach().numpy() / np.diff(columns.knots[0])
    np.testing.assert_allclose(slopes, 1 / columns.spread[0], rtol=1e-5)


def test_indicators_of_one_variable_are_levels_and_have_no_lines():
    codes = np.arange(60) % 3
    alone = (np.arange(60) % 4 > 1).astype(float)  # one indicator may be a number
    X = np.column_stack([alone, codes[:, None] == np.arange(3)]).astype(float)
    columns = columns_of(X, TableForm.of_numbers(4))
    assert columns.is_level.tolist() == [False, True, True, True]
    lines = Lines(columns, 1)
    with torch.no_grad():
        lines.line.fill_(1.0)
        assert lines.rises[1:].abs().max() == 0 < lines.rises[0, 0, 0]
        lines.weight.fill_(1.0)
    one, two = lines.rises[0, 0, 0].item(), lines.rises[1, 0, 0].item()
    assert (one - 1 / columns.spread[0], two) == pytest.approx((1, 3))
    level = columns_of(codes[:, None].astype(float), TableForm.of_numbers(1))
    assert not level.is_level.any()


def test_the_spread_is_near_a_standard_deviation():
    X = np.random.default_rng(0).normal(5, 3, size=(200, 1))
    spread = columns_of(X, TableForm.of_numbers(1)).spread[0]
    assert 2.5 < spread < 4.5


def test_outliers_do_not_make_lines_steep():
    X = np.zeros((1000, 1))
    X[0] = 1e9
    assert columns_of(X, TableForm.of_numbers(1)).spread[0] == pytest.approx(1e9 / 4)


def test_weights_of_rows_give_the_spread_of_repeated_rows():
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(60, 1)), rng.integers(0, 5, 60)
    form = TableForm.of_numbers(1)
    weighted = columns_of(X[weight > 0], form, weight[weight > 0].astype(float))
    assert weighted.spread[0] == columns_of(X.repeat(weight, axis=0), form).spread[0]


def test_levels_have_values_and_a_missing_one_is_the_average_and_more():
    network, form = net_of_four(), form_of_four_columns()
    weight, missing = parameters_by_hand(network)
    x = np.array([[0, 0, code, code % 2] for code in range(3)] + [[0, 0, NAN, NAN]])
    found, _ = by_column(network, x)
    for j in (2, 3):
        values = weight[j, : form.n_levels[j]]
        np.testing.assert_allclose(found[:3, j], values[x[:3, j].astype(int)])
        average = form.shares[j] @ values
        np.testing.assert_allclose(found[3, j], average + missing[j])


def test_a_level_without_rows_is_the_average_level():
    form = form_of_four_columns()
    form.shares[2][:] = 0.4, 0.6, 0.0
    network = net(coded_rows(500), form)
    weight, _ = parameters_by_hand(network)
    found, directions = by_column(network, np.array([[0.0, 0, 2, 0]]))
    np.testing.assert_allclose(found[0, 2], form.shares[2] @ weight[2, :3])
    np.testing.assert_allclose(directions[0, 2], 0, atol=1e-12)


def test_scores_are_averages_of_members_by_hand():
    X = table()
    network, x = net(X), X[:20]
    n_additive = N_MEMBERS * N_OUTPUTS
    found, _ = by_column(network, x)
    slot = np.array([0, 1, 2, 3, 3, 3, 4, 4, 4, 4])
    slots = np.zeros((20, 5, N_MEMBERS * SIZE))
    np.add.at(slots, (slice(None), slot), found[:, :, n_additive:])
    theta = {name: of.detach().numpy() for name, of in network.named_parameters()}
    expected = found[:, :, :n_additive].sum(axis=1).reshape(20, N_MEMBERS, N_OUTPUTS)
    expected += theta["bias"]
    z = (slots + theta["interactions.bias"]).clip(min=0)
    z = z.reshape(20, 5, N_MEMBERS, SIZE) * theta["interactions.scale"]
    for k in range(N_MEMBERS):
        h = z[:, :, k].reshape(20, -1) @ theta["interactions.weights.0"][k]
        h = (h + theta["interactions.biases.0"][k]).clip(min=0)
        expected[:, k] += h @ theta["interactions.last"][k]
    with torch.no_grad():
        np.testing.assert_allclose(network(torch.tensor(x)), expected.mean(axis=1))
        encodings, _ = network.encode(torch.tensor(x))
        _, of_members = network.with_members(encodings)
    np.testing.assert_allclose(of_members, expected)


def test_it_begins_without_any_score():
    X = torch.tensor(table(), dtype=torch.float32)
    columns = columns_of(X.numpy(), TableForm.of_numbers(10))
    assert (TabularNet(10, 2, columns).float()(X) == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_answers_have_the_precision_of_the_network(dtype):
    network, x = net_of_four().to(dtype), coded_rows(50, seed=1, dtype=dtype)
    for found in (network(x), *network.encode(x)):
        assert found.dtype == dtype
        assert found.isfinite().all()
    expected = net_of_four()(x.double())
    torch.testing.assert_close(network(x).double(), expected, rtol=1e-3, atol=1e-4)


def test_layers_with_hooks_compute_the_same():
    network, x = net_of_four(), coded_rows(100, seed=1)
    x = torch.cat([x, 100 * x.clamp(-1, 0), 100 * x.clamp(0, 1)])
    expected = network(x)
    for part in network.modules():
        part.register_forward_hook(lambda *_: None)
    torch.testing.assert_close(network(x), expected)


@pytest.mark.filterwarnings("ignore:Setting")
@pytest.mark.parametrize("n_members", [2, 3])
def test_contributions_of_deep_lift_add_up(n_members):
    X = table()
    network = net(X, n_members=n_members)
    x, base = torch.tensor(X[:20]).requires_grad_(), torch.tensor(X[40:41])
    phi = attr.DeepLift(network).attribute(x, base, target=1)
    expected = (network(x) - network(base))[:, 1]
    torch.testing.assert_close(phi.sum(dim=1), expected)


# Directions


def test_directions_of_numbers_are_slopes():
    network, x = net_of_four(), coded_rows(200, seed=1).numpy()
    _, directions = by_column(network, x)
    known = ~np.isnan(x)
    for j in range(2):
        step = np.zeros(4)
        step[j] = 1e-7
        ends = [by_column(network, x + sign * step)[0][:, j] for sign in (1, -1)]
        slopes = (ends[0] - ends[1]) / 2e-7
        # A kink may lie within a step of a row.
        close = np.isclose(directions[:, j], slopes, rtol=1e-5, atol=1e-6)
        assert close[known[:, j]].mean() > 0.99


def test_gradients_by_the_inputs_are_slopes():
    X, rows = table(), table(1, n=50)  # Rows of the first lie on kinks.
    network = net(X)
    x = torch.tensor(rows).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x)[:, 0].sum(), x)

    def first_output(X):
        with torch.no_grad():
            return network(torch.tensor(X))[:, 0].numpy()

    slopes = central_differences(first_output, rows, step=1e-7)
    close = np.isclose(gradient, slopes, rtol=1e-5, atol=1e-6)
    assert (close[:, [0, 2]].mean(axis=0) > 0.95).all()


def test_contrasts_average_to_zero_over_the_training_rows():
    form = form_of_four_columns()
    X = coded_rows(500).numpy()
    for j in (2, 3):
        counts = np.bincount(X[~np.isnan(X[:, j]), j].astype(int))
        form.shares[j][:] = counts / counts.sum()
    form.missing[:] = np.isnan(X).mean(axis=0)
    network = net(X, form)
    found, directions = by_column(network, X)
    np.testing.assert_allclose(directions[:, 2:].mean(axis=0), 0, atol=1e-12)
    away = found - found.mean(axis=0)
    np.testing.assert_allclose(directions[:, 2:], away[:, 2:], atol=1e-12)
    missing = np.isnan(X[:, 1])
    np.testing.assert_allclose(directions[missing, 1], away[missing, 1], atol=1e-12)


def test_beyond_the_training_values_numbers_change_nothing():
    X = table()
    network, far = net(X), X.copy()
    far[:, :3] = X[:, :3].max(axis=0) * 1e3
    further = far.copy()
    further[:, :3] *= 1e3
    x = torch.tensor(far).requires_grad_()
    output = network(x)
    torch.testing.assert_close(output, network(torch.tensor(further)))
    (gradient,) = torch.autograd.grad(output.sum(), x)
    assert (gradient[:, :3] == 0).all()


def test_encodings_are_in_the_order_of_the_columns():
    network, x = net_of_four(), coded_rows(5)
    encodings, _ = network.encode(x)
    n_per_column = N_MEMBERS * (N_OUTPUTS + SIZE)
    assert network.n_per_column == n_per_column
    assert network.column_of.tolist() == [*np.repeat(range(4), n_per_column)]
    assert encodings.shape == (5, 4 * n_per_column)
    torch.testing.assert_close(network.from_encoded(encodings), network(x))


# Members


def test_shares_weight_the_members():
    network, x = net_of_four(), coded_rows(20)
    encodings, _ = network.encode(x)
    output, of_members = network.with_members(encodings)
    torch.testing.assert_close(output, of_members.mean(dim=1))
    share = torch.rand(20, N_MEMBERS, dtype=torch.float64)
    shared, _ = network.with_members(encodings, share)
    expected = torch.einsum("nk,nko->no", share, of_members)
    torch.testing.assert_close(shared, expected)


def test_members_share_no_weight():
    network, x = net_of_four(), coded_rows(50)
    _, of_members = network.with_members(network.encode(x)[0])
    weights = dict(network.named_parameters())
    gradients = torch.autograd.grad(of_members[:, 0].sum(), weights.values())
    for name, gradient in zip(weights, gradients):
        if name.startswith(("additive", "embedding")) or name == "interactions.bias":
            of_each = gradient.unflatten(-1, (N_MEMBERS, -1)).movedim(-2, 0)
        elif name == "interactions.scale":
            of_each = gradient.transpose(0, 1)
        else:
            of_each = gradient
        assert len(of_each) == N_MEMBERS
        assert of_each[0].abs().sum() > 0, name
        assert (of_each[1:] == 0).all(), name


@pytest.mark.parametrize("head", [lambda network: network, LogOdds])
def test_networks_beside_each_other_have_their_own_columns(head):
    n_outputs = 1 if head is LogOdds else 2
    first, second = (head(net(table(k), seed=k, n_outputs=n_outputs)) for k in (0, 1))
    x = torch.tensor(table(2))
    both = torch.stack([x, x], dim=1)
    stack = Stack([first, second])
    assert stack.n_per_column == first.n_per_column
    together = stack.encode(both)[0]
    for k, network in enumerate((first, second)):
        torch.testing.assert_close(stack(both)[:, k], network(x))
        encodings, _ = network.encode(x)
        torch.testing.assert_close(together[:, k], encodings)
        expected = network.with_members(encodings)
        for ours, alone in zip(stack.with_members(together), expected):
            torch.testing.assert_close(ours[:, k], alone)


def test_it_draws_from_its_own_generator():
    columns = columns_of(table(), TableForm.of_numbers(10))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    how = {"module_params": {"n_pieces": 16}, "seed": 7, "columns": columns}
    made = [build_module("tabular", 10, 2, **how).state_dict() for _ in range(2)]
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(*(each.values() for each in made)))


def test_a_network_shares_no_memory_with_what_it_was_told():
    columns = columns_of(table(), TableForm.of_numbers(10))
    network = TabularNet(10, 2, columns)
    assert network.n_members == MEMBERS[0][1]  # as of estimators
    for buffer in network.buffers():
        buffer.zero_()
    assert columns.slot.any() and columns.mean[0].any() and columns.knots[0].any()
    assert columns.n_pieces.all()


def test_slopes_at_knots_are_those_of_the_piece_above():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, (200, 1)).astype(float)
    model = GradientLassoRegressor(random_state=0, max_iter=5, lam=0.0)
    model.fit(X, np.sin(2 * X[:, 0]))
    knots = np.arange(5.0)[:, None]
    steps = np.array([1e-5] * 4 + [-1e-5])  # None is beyond the last knot.
    changes = model.predict(knots + steps[:, None]) - model.predict(knots)
    slopes = model.explain(knots, attribution="gradients")[:, 0]
    np.testing.assert_allclose(slopes, changes / steps, rtol=1e-4)


# Estimators


@pytest.mark.parametrize("columns", [slice(0, 3), slice(3, 10)])
def test_numbers_or_categories_alone(columns):
    X = table()[:, columns]
    y = (X[:, 0] > 0).astype(int)
    model = tabular(max_iter="auto").fit(X, y)
    assert model.explain(X).shape == X.shape
    assert model.score(X, y) > 0.8
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "networks are trained one by one")
        path = lambda_path(tabular(), X, y, lams=[0.01, 0.1])
    assert np.isfinite(path.scores).all()


@pytest.mark.parametrize("penalty", ["l1", "hoyer"])
def test_the_penalty_reaches_all_weights(penalty):
    X = table()
    model = tabular(penalty=penalty, lam=0.1).fit(X, labels(X))
    objective, rows = model.net_.objective, model._rows(X)
    x, y = rows.batch(slice(None))[0], torch.tensor(labels(X))
    prior = objective(model.net_.module_, x, y).prior
    prior.backward()
    weights = dict(model.net_.module_.named_parameters())
    for name in ("0.additive.weight", "0.embedding.weight", "0.interactions.last"):
        assert weights[name].grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    "estimator", [AttributionPriorClassifier, GradientLassoClassifier, NGSLLClassifier]
)
def test_sparse_rows_and_pickles(estimator):
    X = table()
    model = tabular(estimator).fit(sp.csr_matrix(X), labels(X))
    restored = pickle.loads(pickle.dumps(model))
    for rows in (X, sp.csr_matrix(X), sp.csr_array(X)):
        found = restored.predict_proba(rows)
        np.testing.assert_array_equal(found, model.predict_proba(sp.csr_matrix(X)))
    assert model.score(X, labels(X)) > 0.5


def test_an_integer_weight_is_repetition():
    X = table()
    weight = np.random.default_rng(0).integers(1, 4, size=len(X))
    how = {"batch_size": 1000, "max_iter": 10, "lam": 0.1, "penalty": "l1"}
    weighted = tabular(**how).fit(X, labels(X), sample_weight=weight)
    repeated = tabular(**how).fit(X.repeat(weight, axis=0), labels(X).repeat(weight))
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6
    )


def test_a_path_trains_such_networks_as_one():
    X = table()
    y, lams = labels(X), [0.01, 0.1]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "networks are trained one by one")
        path = lambda_path(tabular(), X, y, lams=lams, return_estimators=True)
        search = tabular(GradientLassoClassifierCV, lams=lams, cv=3).fit(X, y)
    for lam, model in zip(lams, path.estimators):
        alone = tabular(lam=lam).fit(X, y)
        np.testing.assert_allclose(
            model.predict_proba(X), alone.predict_proba(X), rtol=1e-8
        )
    assert np.isfinite(search.scores_).all()


def test_more_training_keeps_the_knots():
    X = table()
    model = tabular(warm_start=True).fit(X, labels(X))
    places = model.net_.module_[0].position.scales.clone()
    model.fit(10 * X, labels(X))
    assert torch.equal(model.net_.module_[0].position.scales, places)
    model.partial_fit(X, labels(X))
    assert torch.equal(model.net_.module_[0].position.scales, places)
    model.set_params(module_params={"n_pieces": 5})
    with pytest.raises(ValueError, match="continue with the same network.*n_pieces"):
        model.fit(X, labels(X))


@pytest.mark.parametrize("estimator", [GradientLassoClassifier, NGSLLClassifier])
def test_members_that_are_asked_for_hold_rows_out(estimator):
    X = table(n=100)
    params = {"n_members": 3, "n_pieces": 4}
    model = tabular(estimator, module_params=params, early_stopping=True)
    model.fit(X, labels(X))
    network = model.net_.module_[0]
    network = getattr(network, "generator", network)
    assert network.n_members == 3
    assert network.position.most == 4
    assert len(model.validation_scores_) == model.n_iter_


def test_steps_and_spikes_that_the_perceptron_does_not_see():
    rng = np.random.default_rng(0)
    X = rng.integers(50, size=(2000, 3)).astype(float)
    y = (X[:, 0] % 7 == 0) + 2.0 * (X[:, 1] > 30)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    how = {"lam": 0.0, "max_iter": 40, "learning_rate_init": 0.01}
    parts = slice(0, 1500), slice(1500, None)

    def r2(model):
        model.fit(X[parts[0]], y[parts[0]])
        return r2_score(y[parts[1]], model.predict(X[parts[1]]))

    ours = r2(tabular(GradientLassoRegressor, **how))
    assert ours > 0.98
    assert ours > r2(HistGradientBoostingRegressor(random_state=0)) - 0.02
    assert ours > r2(tabular(GradientLassoRegressor, **how, module="perceptron")) + 0.1


def test_rounding_makes_no_steps():
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, size=(1000, 3))
    means = ratings.mean(axis=1), ratings[:, 0] / 3 + ratings[:, 1:].sum(axis=1) / 3
    X = np.where(np.arange(1000) % 2, *means)[:, None]
    X = np.hstack([X, 1e-300 * X])
    y = X[:, 0] > 3
    model = tabular(max_iter=60).fit(X[:700], y[:700])
    assert model.score(X[700:], y[700:]) > 0.97
    assert np.abs(model.explain(X, attribution="gradients"))[:, 0].max() < 1000
    # What a column tells does not depend on its units.
    np.testing.assert_allclose(model.feature_importances_, 0.5, atol=0.1)


def test_annotations_hold():
    X = table()
    y = (X[:, 2] > 1).astype(int)
    X[:, 0] += 2 * y
    annotations = np.zeros_like(X)
    annotations[:, 0] = 1
    free = tabular(RRRClassifier, max_iter=50).fit(X, y)
    ruled = tabular(RRRClassifier, max_iter=50, lam=10.0)
    ruled.fit(X, y, annotations=annotations)
    assert free.feature_importances_[0] > 0.1
    assert ruled.feature_importances_[0] < 0.02
    assert ruled.score(X, y) > 0.95


def test_the_network_reads_what_encode_makes():
    X = table()
    first = FunctionTransformer(lambda X: X[:, :3])
    encode = FunctionTransformer()
    model = tabular(NGSLLClassifier, encode=encode, simplify=first)
    model.fit(X, labels(X))
    position = model.net_.module_[0].generator.position
    assert position.n_columns == 10


def test_errors_say_what_to_do():
    X = table()
    with pytest.raises(ValueError, match="'module' parameter .*'tabular'"):
        tabular(module="tabula").fit(X, labels(X))
    for params, error, message in [
        ({"n_bins": 3}, TypeError, "module: TabularNet is called as.*n_bins"),
        ({"columns": None}, TypeError, "module_params must not have .'columns'"),
        ({"embedding_size": 0}, ValueError, "embedding_size must be a positive"),
        ({"n_members": 0}, ValueError, "n_members must be a positive integer, got 0"),
        ({"n_pieces": 0}, ValueError, "n_pieces must be a positive integer, got 0"),
        ({"hidden_layer_sizes": (0,)}, ValueError, "hidden_layer_sizes must be pos"),
    ]:
        with pytest.raises(error, match=message):
            tabular(module_params=params).fit(X, labels(X))
    texts = NGSLLClassifier(
        module="tabular", encode=TokenSequencer(), simplify=CountVectorizer()
    )
    with pytest.raises(ValueError, match="module='tabular' is for columns of a table"):
        texts.fit(["a film", "a book"], [0, 1])
