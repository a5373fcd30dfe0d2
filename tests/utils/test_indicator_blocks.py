"""Blocks of one-hot columns, found in the values and not in the names."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import OneHotEncoder

from sklearn_gradlasso.utils.indicator_blocks import indicator_blocks

CONTAINERS = [np.asarray, sp.csr_matrix, sp.csr_array]


def blocks(X):
    return [block.tolist() for block in indicator_blocks(X)]


def one_hot(codes, n_categories):
    return np.eye(n_categories)[codes]


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("container", CONTAINERS)
def test_columns_of_an_encoder_are_found_between_numbers(rng, container):
    table = rng.integers(0, 3, (60, 2))
    table[:3, 0], table[:3, 1] = [0, 1, 2], [0, 1, 2]
    encoded = OneHotEncoder(sparse_output=False).fit_transform(table)
    number = rng.standard_normal((60, 1))
    X = np.hstack([number, encoded, number**2])
    assert blocks(container(X)) == [[0], [1, 2, 3], [4, 5, 6], [7]]


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_is_no_block(rng, container):
    codes = rng.integers(0, 3, 60)
    X = one_hot(codes, 3)
    assert blocks(container(X)) == [[0, 1, 2]]
    assert blocks(container(X[:, 1:])) == [[0], [1]]  # a category was dropped
    unknown = X.copy()
    unknown[7] = 0  # a category that the encoder did not know
    assert blocks(container(unknown)) == [[0], [1], [2]]
    assert blocks(container(2 * X)) == [[0], [1], [2]]
    assert blocks(container(X - 0.5)) == [[0], [1], [2]]
    both = X.copy()
    both[7] = [1, 1, 0]
    assert blocks(container(both)) == [[0], [1], [2]]


def test_a_flag_beside_a_block_is_left_alone(rng):
    codes, flag = rng.integers(0, 3, 60), rng.integers(0, 2, (60, 1)).astype(float)
    X = np.hstack([flag, one_hot(codes, 3), flag])
    assert blocks(X) == [[0], [1, 2, 3], [4]]


def test_a_block_has_two_columns_at_least():
    assert blocks(np.ones((5, 1))) == [[0]]
    assert blocks(np.ones((5, 2))) == [[0], [1]]
    assert blocks(np.zeros((5, 2))) == [[0], [1]]


def test_a_category_without_rows_does_not_break_a_block_when_it_is_inside(rng):
    codes = rng.choice([0, 2], 60)
    codes[:2] = [0, 2]
    assert blocks(one_hot(codes, 3)) == [[0, 1, 2]]


def test_the_shortest_division_from_the_left(rng):
    codes = rng.integers(0, 2, 60)
    codes[:2] = [0, 1]
    X = np.hstack([one_hot(codes, 2), one_hot(1 - codes, 2)])
    assert blocks(X) == [[0, 1], [2, 3]]


def test_missing_and_infinite_numbers_are_no_indicators():
    X = np.array([[1.0, 0.0, np.nan], [0.0, 1.0, np.inf]])
    assert blocks(X) == [[0, 1], [2]]


def test_zeros_that_a_sparse_matrix_stores(rng):
    X = sp.csr_matrix(one_hot(rng.integers(0, 3, 60), 3) + 1.0)
    X.data -= 1
    assert X.nnz == 180 and blocks(X) == [[0, 1, 2]]
    words = sp.random(60, 400, density=0.05, format="csr", random_state=0)
    words.data[:] = 1
    assert np.concatenate(blocks(words)).tolist() == list(range(400))
