import numpy as np
import pytest
import scipy.sparse as sp

from sklearn_gradlasso.modules._table_columns import N_QUANTILES, columns_of


def described(*columns, sample_weight=None):
    X = np.column_stack(columns)
    return columns_of(X, X.shape[1], sample_weight)


def test_few_values_have_a_bin_each():
    found = described([4.0, 1.0, 2.0, 2.0])
    assert found.numeric.tolist() == [0]
    assert found.edges[0].tolist() == [0.5, 1.5, 3.0, 5.0]
    (edges,) = described(np.arange(100.0)).edges
    assert edges.tolist() == [*np.arange(-0.5, 100)]


def test_bins_of_many_values_hold_equally_many_rows():
    x = np.random.default_rng(0).lognormal(size=N_QUANTILES * 10)
    (edges,) = described(x).edges
    counts, _ = np.histogram(x, edges)
    assert len(counts) == N_QUANTILES
    assert counts.tolist() == [10] * N_QUANTILES


def test_a_value_that_most_rows_have_takes_one_bin():
    x = np.concatenate([np.zeros(10_000), np.arange(1.0, 201.0)])
    (edges,) = described(x).edges
    assert edges[0] < 0 < edges[1]
    assert edges[-1] > 200


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_differs_by_rounding_is_one_value(dtype):
    ones = np.nextafter(np.ones(2, dtype), [0, 2], dtype=dtype)
    found = described(np.array([*ones, 1, 0, 3], dtype))
    (edges,) = found.edges
    assert edges.dtype == dtype
    np.testing.assert_allclose(edges, [-0.5, 0.5, 2, 4], rtol=1e-6)
    found = described(np.array([*ones, 3, 3], dtype), np.array([*ones, 1, 1], dtype))
    assert found.two_valued.tolist() == [0, 1]


def test_a_column_that_hardly_varies_is_no_number():
    rng = np.random.default_rng(0)
    found = described(1e-12 * rng.standard_normal(50), rng.standard_normal(50))
    assert found.numeric.tolist() == [1]


def test_indicators_of_one_variable_are_a_group():
    rng = np.random.default_rng(0)
    first, second = np.eye(3)[rng.integers(3, size=100)], np.eye(4)[np.arange(100) % 4]
    number = rng.standard_normal(100)
    scaled = (second - second.mean(axis=0)) / second.std(axis=0)
    found = described(first, scaled, number, first[:, :1])
    assert found.two_valued.tolist() == [0, 1, 2, 3, 4, 5, 6, 8]
    assert found.group.tolist() == [0, 0, 0, 1, 1, 1, 1, 2]
    assert found.n_groups == 3


def test_only_neighbours_are_a_group():
    first, second = np.eye(5)[[0, 1, 2, 2, 2]][:, :2].T
    assert described(first, second).group.tolist() == [0, 0]
    found = described(first, np.arange(5.0), second)
    assert found.group.tolist() == [0, 1]


def test_a_constant_column_is_no_number():
    found = described(np.ones(5), np.arange(5.0))
    assert found.two_valued.tolist() == [0]
    assert found.numeric.tolist() == [1]


def test_a_table_of_numbers_has_no_groups():
    found = described(np.arange(5.0))
    assert found.n_groups == 0
    assert found.two_valued.size == found.group.size == 0


def test_weights_are_repetitions():
    rng = np.random.default_rng(0)
    x, weight = rng.integers(500, size=400) ** 2.0, rng.integers(1, 5, size=400)
    (weighted,) = described(x, sample_weight=weight / weight.mean()).edges
    (repeated,) = described(x.repeat(weight)).edges
    np.testing.assert_array_equal(weighted, repeated)
    (plain,) = described(x).edges
    assert weighted.tolist() != plain.tolist()


def test_sparse_and_shaped_rows():
    X = np.random.default_rng(0).integers(3, size=(50, 6)).astype(float)
    X[:, 2] = X[:, 2] > 1
    expected = columns_of(X, 6)
    for rows in (sp.csr_matrix(X), sp.csr_array(X), X.reshape(50, 2, 3)):
        found = columns_of(rows, 6)
        assert found.numeric.tolist() == expected.numeric.tolist()
        assert found.group.tolist() == expected.group.tolist()
        for ours, theirs in zip(found.edges, expected.edges):
            np.testing.assert_array_equal(ours, theirs)
    assert columns_of(X, 2).numeric.tolist() == [0, 1]
