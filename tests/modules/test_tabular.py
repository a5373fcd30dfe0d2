import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import torch
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
from sklearn_gradlasso.modules import TabularNet, build_module
from sklearn_gradlasso.modules._table_columns import columns_of
from sklearn_gradlasso.paths._stack import Stack


def table(seed=0, n=200):
    """Three numbers, of many, few and skewed values, and two one-hot variables."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal(n), rng.integers(5, size=n), rng.lognormal(size=n)
    categories = (np.eye(k)[rng.integers(k, size=n)] for k in (3, 4))
    return np.column_stack([*numbers, *categories])


def labels(X):
    return ((X[:, 0] > 0) ^ (X[:, 3] > 0)).astype(int)


def net(X, seed=0, n_outputs=2, **params):
    generator = torch.Generator().manual_seed(seed)
    columns = columns_of(X, X.shape[1])
    made = TabularNet(X.shape[1], n_outputs, columns, generator=generator, **params)
    return made.double()


def tabular(estimator=GradientLassoClassifier, **params):
    return estimator(**{"module": "tabular", "max_iter": 5, "random_state": 0} | params)


def test_numbers_become_piecewise_linear_functions():
    X = table()
    numbers, edges = net(X).numbers, columns_of(X, 3).edges
    bias = torch.randn(numbers.bias.shape, dtype=torch.float64)
    numbers.bias.data = bias
    inputs = np.linspace(-10, 10, 1001)[:, None].repeat(X.shape[1], axis=1)
    embedded = numbers(torch.tensor(inputs)).detach().reshape(len(inputs), 3, -1)
    rise = numbers.rise.detach().numpy()
    for j in range(3):
        for k in range(embedded.shape[2]):
            n_bins = len(edges[j]) - 1
            at_edges = np.append(0, rise[j, :n_bins, k].cumsum())
            value = np.interp(inputs[:, j], edges[j], at_edges) + bias[j, k].item()
            np.testing.assert_allclose(embedded[:, j, k], value.clip(min=0), atol=1e-12)


def test_gradients_are_the_slopes_of_these_functions():
    X = table()
    network = net(X)
    x = torch.tensor(X[:50]).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x)[:, 0].sum(), x)

    def first_output(X):
        with torch.no_grad():
            return network(torch.tensor(X))[:, 0].numpy()

    slopes = central_differences(first_output, X[:50], step=1e-7)
    # A kink may lie within a step of a row.
    close = np.isclose(gradient, slopes, rtol=1e-5, atol=1e-6)
    assert (close.mean(axis=0) > 0.95).all()


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


def test_indicators_of_a_group_are_added_up():
    X = table()
    categories = net(X).categories
    bias = torch.randn(categories.bias.shape, dtype=torch.float64)
    categories.bias.data = bias
    embedded = categories(torch.tensor(X)).detach().reshape(len(X), 2, -1)
    weight = categories.weight.detach().numpy()
    for group, (start, stop) in enumerate([(3, 6), (6, 10)]):
        chosen = X[:, start:stop].argmax(axis=1)
        expected = (weight[group, chosen] + bias[group].numpy()).clip(min=0)
        np.testing.assert_allclose(embedded[:, group], expected)


@pytest.mark.parametrize("columns", [slice(0, 3), slice(3, 10)])
def test_numbers_or_categories_alone(columns):
    X = table()[:, columns]
    y = (X[:, 0] > 0).astype(int)
    model = tabular(max_iter=20).fit(X, y)
    assert model.explain(X).shape == X.shape
    assert model.score(X, y) > 0.8
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "networks are trained one by one")
        path = lambda_path(tabular(), X, y, lams=[0.01, 0.1])
    assert np.isfinite(path.scores).all()


def test_networks_beside_each_other_have_their_own_columns():
    first, second = net(table(0), 0), net(table(1), 1)
    x = torch.tensor(table(2))
    together = Stack([first, second])(torch.stack([x, x], dim=1))
    torch.testing.assert_close(together[:, 0], first(x))
    torch.testing.assert_close(together[:, 1], second(x))


def test_the_penalty_reaches_all_weights():
    X = table()
    network = net(X).train()
    x = torch.tensor(X).requires_grad_()
    score = torch.log_softmax(network(x), dim=1).sum()
    (gradient,) = torch.autograd.grad(score, x, create_graph=True)
    gradient.abs().sum().backward()
    weights = dict(network.named_parameters())
    assert weights["numbers.rise"].grad.abs().sum() > 0
    assert weights["categories.weight"].grad.abs().sum() > 0


def test_it_draws_from_its_own_generator():
    X, columns = table(), columns_of(table(), 10)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    made = [
        build_module(
            "tabular", 10, 2, module_params=None, seed=7, columns=columns
        ).state_dict()
        for _ in range(2)
    ]
    tabular().fit(X, labels(X))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(*(each.values() for each in made)))


@pytest.mark.parametrize(
    "estimator",
    [AttributionPriorClassifier, GradientLassoClassifier, NGSLLClassifier],
)
def test_sparse_rows_and_pickles(estimator):
    X = table()
    model = tabular(estimator).fit(X, labels(X))
    sparse = tabular(estimator).fit(sp.csr_matrix(X), labels(X))
    np.testing.assert_array_equal(
        sparse.predict_proba(sp.csr_matrix(X)), model.predict_proba(X)
    )
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict_proba(X), model.predict_proba(X))


def test_an_integer_weight_is_repetition():
    X = table()
    weight = np.random.default_rng(0).integers(1, 4, size=len(X))
    how = {"batch_size": 1000, "max_iter": 10, "lam": 0.1}
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


def test_more_training_keeps_the_bins():
    X = table()
    model = tabular(warm_start=True).fit(X, labels(X))
    edges = model.net_.module_[0].numbers.left.clone()
    model.fit(10 * X, labels(X))
    assert torch.equal(model.net_.module_[0].numbers.left, edges)
    model.partial_fit(X, labels(X))
    assert torch.equal(model.net_.module_[0].numbers.left, edges)


def test_steps_and_spikes_that_the_default_network_does_not_see():
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
    assert ours > r2(tabular(GradientLassoRegressor, **how, module=None)) + 0.1


def test_rounding_makes_no_steps():
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, size=(1000, 3))
    means = ratings.mean(axis=1), ratings[:, 0] / 3 + ratings[:, 1:].sum(axis=1) / 3
    X = np.where(np.arange(1000) % 2, *means)[:, None]
    X = np.hstack([X, 1e-300 * X])
    y = X[:, 0] > 3
    model = tabular(max_iter=60).fit(X[:700], y[:700])
    assert model.score(X[700:], y[700:]) > 0.97
    assert np.abs(model.explain(X)).max() < 1000
    assert model.feature_importances_[0] > 0.9


def test_what_fills_up_a_group_does_not_count():
    X = table()
    model = tabular(weight_l1=0.01).fit(X, labels(X))
    categories = model.net_.module_[0].categories
    filled_up = categories.weight[~categories.counts]
    assert len(filled_up) == 1
    assert (filled_up == 0).all()


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
    generator = model.net_.module_[0].generator
    assert generator.numbers.at.tolist() == [0, 1, 2]
    at = generator.categories.at[generator.categories.counts]
    assert at.tolist() == list(range(3, 10))


def test_errors_say_what_to_do():
    X = table()
    with pytest.raises(ValueError, match="'module' parameter .*'tabular'"):
        tabular(module="tabula").fit(X, labels(X))
    for params, error, message in [
        ({"n_bins": 3}, TypeError, "module: TabularNet is called as.*n_bins"),
        ({"columns": None}, TypeError, "module_params must not have .'columns'"),
        ({"embedding_size": 0}, ValueError, "embedding_size must be a positive"),
        ({"hidden_layer_sizes": (0,)}, ValueError, "hidden_layer_sizes must be pos"),
    ]:
        with pytest.raises(error, match=message):
            tabular(module_params=params).fit(X, labels(X))
    texts = NGSLLClassifier(
        module="tabular", encode=TokenSequencer(), simplify=CountVectorizer()
    )
    with pytest.raises(ValueError, match="module='tabular' is for columns of a table"):
        texts.fit(["a film", "a book"], [0, 1])


def test_a_network_shares_no_memory_with_what_it_was_told():
    X = table()
    columns = columns_of(X, X.shape[1])
    network = TabularNet(X.shape[1], 2, columns)
    for buffer in network.buffers():
        buffer.zero_()
    assert columns.numeric.any() and columns.two_valued.any()
