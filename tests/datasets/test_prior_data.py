"""The data of the attribution priors: two linear sets, a graph, a survey, traffic."""

import inspect
import tracemalloc
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, laplacian
from sklearn.linear_model import RidgeCV

from sklearn_gradlasso.datasets import (
    fetch_metr_la,
    fetch_nhanes,
    make_correlated_groups,
    make_graph_regression,
    make_independent_linear,
)

MAKERS = [make_correlated_groups, make_graph_regression, make_independent_linear]


@pytest.mark.parametrize("make", MAKERS)
def test_makers_follow_the_seed(make):
    first, again, other = (make(200, random_state=seed) for seed in (3, 3, 4))
    for a, b in zip(first, again):
        assert (a != b).sum() == 0
    assert (first[0] != other[0]).all() and (first[1] != other[1]).all()
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    make(200, random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("noise", [-0.1, np.nan, np.inf, "loud"])
def test_makers_check_the_noise(make, noise):
    with pytest.raises(ValueError, match=r"noise must be a finite number from 0.*got"):
        make(200, noise=noise)


@pytest.mark.parametrize("make", MAKERS)
def test_makers_check_the_counts(make):
    for name, value in product(("n_samples", "n_features"), (0, 2.0, True, "many")):
        message = f"{name} must be a positive integer, got {value!r}"
        with pytest.raises(ValueError, match=message):
            make(**{name: value})


def expected_correlation(n_features, n_groups, group_size, correlation):
    expected = np.eye(n_features)
    for group in range(n_groups):
        members = slice(group * group_size, (group + 1) * group_size)
        expected[members, members] = correlation
    np.fill_diagonal(expected, 1)
    return expected


@pytest.mark.parametrize(
    ("given", "n_groups", "group_size", "correlation"),
    [
        ({}, 10, 3, 0.99),
        ({"n_features": 23, "group_size": 4, "correlation": 0.5}, 2, 4, 0.5),
        ({"n_features": 12, "correlation": -0.5}, 2, 3, -0.5),
        ({"n_features": 12, "group_size": 2, "correlation": 1}, 3, 2, 1.0),
        ({"n_features": 7, "group_size": 1, "n_samples": 8}, 3, 1, 0.0),
    ],
)
def test_correlated_groups_have_exact_moments(given, n_groups, group_size, correlation):
    X, _, coef = make_correlated_groups(**given, random_state=0)
    n_samples, n_features = given.get("n_samples", 1000), given.get("n_features", 60)
    assert X.shape == (n_samples, n_features) and coef.shape == (n_features,)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    expected = expected_correlation(n_features, n_groups, group_size, correlation)
    np.testing.assert_allclose(X.T @ X / n_samples, expected, atol=1e-9)
    firsts = np.arange(n_groups) * group_size
    np.testing.assert_array_equal(np.flatnonzero(coef), firsts)
    assert set(coef) == {0, 1}


def test_correlated_groups_are_gaussian():
    X, _, _ = make_correlated_groups(20_000, 12, random_state=0)
    drawn = np.random.RandomState(0).standard_normal((20_000, 12))
    np.testing.assert_allclose(X[:, 6:], drawn[:, 6:], atol=0.2)  # hardly moved
    assert (X**3).mean() == pytest.approx(0, abs=0.02)
    assert (X**4).mean() == pytest.approx(3, abs=0.06)
    assert (X[:, 0] ** 2 * X[:, 6] ** 2).mean() == pytest.approx(1, abs=0.05)


def test_independent_linear_is_only_centred():
    X, _, coef = make_independent_linear(random_state=0)
    assert X.shape == (1000, 60)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-15)
    drawn = np.random.RandomState(0).standard_normal((1000, 60))
    np.testing.assert_allclose(np.diff(X, axis=0), np.diff(drawn, axis=0), atol=1e-12)
    np.testing.assert_array_equal(np.flatnonzero(coef), np.arange(0, 30, 3))
    assert set(coef) == {0, 1}
    assert make_independent_linear(5, 13, random_state=0)[2].nonzero()[0].tolist() == [
        0,
        3,
    ]


@pytest.mark.parametrize("make", [make_correlated_groups, make_independent_linear])
def test_linear_labels_are_the_sum_plus_noise(make):
    X, y, coef = make(random_state=0)
    assert (y - X @ coef).std() == pytest.approx(0.01, rel=0.1)
    X, y, coef = make(noise=3, random_state=0)
    assert (y - X @ coef).std() == pytest.approx(3, rel=0.1)
    X, y, coef = make(noise=0, random_state=0)
    np.testing.assert_allclose(y, X[:, :30:3].sum(axis=1), atol=1e-12)


def test_linear_sets_refuse_what_cannot_be():
    with pytest.raises(ValueError, match="n_samples must be above n_features=60.*60"):
        make_correlated_groups(60)
    with pytest.raises(ValueError, match="n_features must be at least 8.*got 7"):
        make_correlated_groups(n_features=7, group_size=4)
    with pytest.raises(ValueError, match="n_features must be at least 6.*got 5"):
        make_independent_linear(n_features=5)
    with pytest.raises(ValueError, match="group_size must be a positive integer"):
        make_correlated_groups(group_size=1.5)
    for correlation in (1.01, -0.51):
        with pytest.raises(ValueError, match=r"correlation must be.*-0.5 to 1, got"):
            make_correlated_groups(correlation=correlation)


def edges(adjacency):
    """Both ends and the weight of each edge, once."""
    coo = adjacency.tocoo()
    once = coo.row < coo.col
    return coo.row[once], coo.col[once], coo.data[once]


def test_the_graph_is_symmetric_and_made_of_modules():
    _, _, adjacency, _ = make_graph_regression(20, 157, module_size=15, random_state=0)
    assert isinstance(adjacency, csr_array) and adjacency.shape == (157, 157)
    dense = adjacency.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    assert (dense.diagonal() == 0).all() and adjacency.nnz == (dense != 0).sum()
    module = np.arange(157) // 15
    rows, columns, weights = edges(adjacency)
    inside = module[rows] == module[columns]
    assert inside.sum() / (10 * 15 * 14 / 2) == pytest.approx(0.8, abs=0.05)
    assert weights[inside].min() > 0.5 and weights[inside].max() < 1
    assert weights[~inside].min() > 0.1 and weights[~inside].max() < 0.5
    assert (~inside).sum() == pytest.approx(157 / 4, abs=10)
    assert not inside[rows >= 150].any()  # 7 features are left over
    for each in range(10):
        members = module == each
        within = adjacency[members][:, members]
        assert connected_components(within, directed=False)[0] == 1


def test_small_modules_stay_connected_and_no_stray_link_is_doubled():
    _, _, adjacency, _ = make_graph_regression(2, 300, module_size=3, random_state=0)
    for first in range(0, 300, 3):
        assert adjacency[first, first + 1] > 0.5 < adjacency[first + 1, first + 2]
    for seed in range(30):
        _, _, few, _ = make_graph_regression(2, 8, module_size=2, random_state=seed)
        rows, columns, weights = edges(few)
        assert weights[rows // 2 != columns // 2].max(initial=0) < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_share_their_importance(seed):
    _, _, adjacency, coef = make_graph_regression(10, random_state=seed)
    importance = np.abs(coef)
    relevant = importance.reshape(10, 15)
    assert (relevant > 0).all(axis=1).sum() == 2
    assert (relevant == 0).all(axis=1).sum() == 8
    np.testing.assert_allclose(np.ptp(relevant, axis=1), 0, atol=1e-15)
    rows, columns, weights = edges(adjacency)
    across = np.average(np.abs(importance[rows] - importance[columns]), weights=weights)
    pairs = np.random.default_rng(0).integers(150, size=(2, 10_000))
    anyhow = np.abs(importance[pairs[0]] - importance[pairs[1]]).mean()
    assert across < 0.1 * anyhow
    signed = np.abs(coef[rows] - coef[columns]).mean()
    assert signed > 0.3 * anyhow  # the graph does not tell of signs


def test_relevant_modules_and_signs_are_drawn():
    coefs = np.array([make_graph_regression(2, random_state=s)[3] for s in range(60)])
    often = (coefs != 0).reshape(60, 10, 15)[:, :, 0].sum(axis=0)
    assert often.sum() == 120 and often.min() >= 4 and often.max() <= 24
    assert (coefs[coefs != 0] > 0).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("nonlinearity", [0, 0.1, 0.6])
def test_the_label_is_the_formula_of_the_docstring(nonlinearity):
    X, y, _, coef = make_graph_regression(
        50_000, 40, module_size=8, nonlinearity=nonlinearity, noise=0, random_state=1
    )
    q, K = nonlinearity, 2
    relevant = coef.reshape(5, 8).any(axis=1)
    parts = (X * coef).reshape(-1, 5, 8).sum(axis=2)[:, relevant]
    sums = parts / np.sqrt((1 - q) / K)
    np.testing.assert_allclose(sums.var(axis=0), 1, rtol=0.04)
    f = np.sqrt(1 - q) * sums + np.sqrt(q / 2) * (sums**2 - 1)
    np.testing.assert_allclose(y, f.sum(axis=1) / np.sqrt(K), atol=1e-9)
    assert y.mean() == pytest.approx(0, abs=0.02)
    assert y.var() == pytest.approx(1, rel=0.03)
    fitted = np.linalg.lstsq(X, y)[0]
    np.testing.assert_allclose(fitted, coef, atol=0.03)
    assert (X @ fitted).var() == pytest.approx(1 - q, rel=0.03)


def test_a_label_without_a_linear_part():
    X, y, _, coef = make_graph_regression(
        20_000, 40, module_size=8, nonlinearity=1, noise=0, random_state=0
    )
    assert not coef.any() and y.var() == pytest.approx(1, rel=0.1)
    np.testing.assert_allclose(np.linalg.lstsq(X, y)[0], 0, atol=0.05)


def test_noise_is_relative_to_the_signal():
    given = {"n_samples": 20_000, "n_features": 30, "random_state": 0}
    clean = make_graph_regression(noise=0, **given)[1]
    noisy = make_graph_regression(noise=2.0, **given)[1]
    assert (noisy - clean).std() / clean.std() == pytest.approx(2, rel=0.03)
    assert np.corrcoef(noisy - clean, clean)[0, 1] == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("correlation", [0, 0.1, 0.99])
def test_graph_features_are_standard_normal(correlation):
    X, _, _, _ = make_graph_regression(
        40_000, 22, module_size=5, correlation=correlation, random_state=0
    )
    assert X.mean() == pytest.approx(0, abs=0.01)
    expected = expected_correlation(22, 4, 5, correlation)
    np.testing.assert_allclose(X.T @ X / 40_000, expected, atol=0.04)


def ridge_of(X, y, test, graph, *, share=0.3):
    """R^2 of ridge whose penalties follow coefficients smoothed over a graph."""
    n_train, scale = 200, np.ones(X.shape[1])
    smooth = np.linalg.inv(np.eye(len(scale)) + share * laplacian(graph.toarray()))
    for _ in range(1 if graph.nnz == 0 else 5):
        ridge = RidgeCV(np.logspace(-2, 4, 13)).fit(X[:n_train] * scale, y[:n_train])
        found = ridge.score(X[test] * scale, y[test])
        scale = smooth @ np.abs(ridge.coef_ * scale)
        scale /= scale.mean()
    return found


def test_the_graph_helps_and_a_shuffled_one_does_not():
    scores = []
    for seed in range(4):
        X, y, graph, _ = make_graph_regression(1500, random_state=seed)
        shuffle = np.random.default_rng(seed).permutation(150)
        none = csr_array(graph.shape)
        graphs = (none, graph[shuffle][:, shuffle], graph)
        test = slice(200, None)
        scores.append([ridge_of(X, y, test, each) for each in graphs])
    plain, shuffled, known = np.transpose(scores)
    assert (known > plain + 0.08).all() and (known < 0.8).all()
    assert (known > shuffled + 0.08).all()


def test_a_graph_over_many_genes_is_sparse():
    tracemalloc.start()
    X, _, adjacency, coef = make_graph_regression(5, 20_000, random_state=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000**2 / 4  # bytes: no array of all pairs, not even of bits
    assert X.shape == (5, 20_000) and (coef != 0).sum() == 30
    assert 8 < adjacency.nnz / 20_000 < 16


def test_graph_regression_refuses_what_cannot_be():
    for given, message in [
        ({"n_relevant": 11}, "n_relevant must be at most 10, the modules of 15"),
        ({"module_size": 0}, "module_size must be a positive integer"),
        ({"n_features": 14}, "n_relevant must be at most 0"),
        ({"correlation": 1}, "correlation must be a finite number from 0 to 0.99"),
        ({"nonlinearity": 1.1}, "nonlinearity must be a finite number from 0 to 1"),
        ({"nonlinearity": -0.1}, "nonlinearity must be a finite number from 0 to 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            make_graph_regression(**given)
    _, _, adjacency, coef = make_graph_regression(5, 6, module_size=1, n_relevant=6)
    assert coef.all() and (adjacency.diagonal() == 0).all()


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No folder has the files yet."""
    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn"))
    return tmp_path


@pytest.mark.parametrize(
    ("fetch", "name"),
    [(fetch_nhanes, "nhanes1.csv.gz"), (fetch_metr_la, "metr_la_week.npz")],
)
def test_a_missing_file_is_named(nowhere, fetch, name):
    for given in ({}, {"data_home": nowhere}):
        with pytest.raises(FileNotFoundError, match=f"{name}.*GRADLASSO_DATA") as error:
            fetch(**given)
        assert "there is no download" in str(error.value)
        assert "allow" not in str(error.value)
    assert "download_if_missing" not in inspect.signature(fetch).parameters


@pytest.fixture
def small_survey(nowhere):
    frame = pd.DataFrame(
        {
            "Age": [30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 45.0, 55.0],
            "Serum Iron": [1.0, np.nan, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
            #     alive at 10, lost, died, unknown, died at 10, after, alive, died
            "y": [-12.0, -10.0, 2.0, 0.0, 10.0, 10.5, -20.0, 3.0],
        }
    )
    frame.to_csv(nowhere / "nhanes1.csv.gz", index=False)
    return nowhere


def test_nhanes_keeps_those_whose_state_is_known(small_survey):
    bunch = fetch_nhanes(data_home=small_survey)
    assert bunch.data["Age"].tolist() == [30, 50, 70, 80, 45, 55]
    assert bunch.data.index.tolist() == list(range(6))
    assert bunch.target.tolist() == [0, 1, 1, 0, 0, 1]
    assert bunch.target.dtype.kind == "i"
    assert bunch.time.tolist() == [-12, 2, 10, 10.5, -20, 3]
    assert bunch.feature_names == list(bunch.data.columns) == ["Age", "Serum Iron"]
    assert [bunch.target_names[label] for label in (0, 1)] == ["survived", "died"]
    X, y = fetch_nhanes(years=2.5, data_home=small_survey, return_X_y=True)
    assert y.tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert X["Serum Iron"].isna().tolist() == [False, True] + 5 * [False]


@pytest.mark.parametrize("years", [0, -1, np.nan, "ten", None])
def test_nhanes_wants_positive_years(small_survey, years):
    with pytest.raises(ValueError, match=r"years must be a positive number, got"):
        fetch_nhanes(years=years, data_home=small_survey)


@pytest.mark.parametrize("years", [1, 20])
def test_nhanes_wants_both_classes(small_survey, years):
    message = rf"years={years} leaves one class only.*2\.00.*20\.00"
    with pytest.raises(ValueError, match=message):
        fetch_nhanes(years=years, data_home=small_survey)


def test_metr_la_from_a_file(nowhere, monkeypatch):
    speed = np.arange(12, dtype=np.float32).reshape(4, 3)
    kernel = np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]], dtype=np.float32)
    np.savez(
        nowhere / "metr_la_week.npz",
        speed=speed,
        adjacency=kernel,
        sensor_id=np.array([17, 5, 9]),
    )
    monkeypatch.setenv("SKLEARN_GRADLASSO_DATA", str(nowhere))
    bunch = fetch_metr_la()
    np.testing.assert_array_equal(bunch.data, speed)
    assert isinstance(bunch.adjacency, csr_array) and bunch.adjacency.nnz == 2
    np.testing.assert_array_equal(bunch.adjacency.toarray(), kernel - np.eye(3))
    assert bunch.sensor_id.tolist() == [17, 5, 9]
    assert bunch.feature_names == ["17", "5", "9"]


def test_the_published_nhanes(data_folder):
    for years, n_people, n_deaths in ((10, 9_535, 1_503), (15, 9_278, 2_484)):
        bunch = fetch_nhanes(years=years)
        assert bunch.data.shape == (n_people, 18)
        assert np.bincount(bunch.target).tolist() == [n_people - n_deaths, n_deaths]
        assert bunch.target[np.abs(bunch.time) > years].max() == 0
    assert bunch.data["Red blood cells"].isna().any()
    assert bunch.data["Age"].notna().all() and "y" not in bunch.data
    means = bunch.data["Age"].groupby(bunch.target).mean()
    assert means[1] > means[0] + 10  # the old die earlier


def test_the_published_metr_la(data_folder):
    bunch = fetch_metr_la()
    assert bunch.data.shape == (2016, 207) and bunch.data.dtype == np.float32
    assert bunch.data.min() >= 1 and bunch.data.max() == 70
    adjacency = bunch.adjacency
    assert adjacency.dtype == np.float32 and adjacency.nnz == 2 * 1_313
    assert (adjacency != adjacency.T).nnz == 0 and not adjacency.diagonal().any()
    assert adjacency.data.min() > 0 and adjacency.data.max() <= 1
    assert (np.diff(adjacency.indptr) == 0).sum() == 1  # one detector stands alone
    assert len(set(bunch.sensor_id)) == len(bunch.feature_names) == 207
    correlation = np.corrcoef(bunch.data.T)
    rows, columns, _ = edges(adjacency)
    others = np.ones((207, 207), dtype=bool)
    others[rows, columns] = others[columns, rows] = False
    np.fill_diagonal(others, False)
    assert correlation[rows, columns].mean() == pytest.approx(0.42, abs=0.01)
    assert correlation[others].mean() == pytest.approx(0.19, abs=0.01)
