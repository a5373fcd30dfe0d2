"""Bootstrap intervals of importances."""

import numpy as np
import pytest
from helpers.known_slopes import (
    A,
    Bowl,
    drawn,
)

from sklearn_gradlasso.sensitivity import (
    global_importance,
)
from sklearn_gradlasso.sensitivity._bootstrap import BlockBootstrap


def width(found):
    return np.ptp(found.intervals, axis=-1)


def resampled(module, X, **options):
    shared = {"confidence_level": 0.9, "n_resamples": 300, "random_state": 0}
    return global_importance(module, X, **{**shared, **options})


@pytest.mark.parametrize("n", [200, 5000])
def test_intervals_are_those_of_the_ordinary_bootstrap(n):
    X = drawn(n, 3) * [1, 2, 3]
    found = resampled(Bowl(A), X, n_resamples=1000)
    lower, upper = found.intervals.T
    assert (lower < found.importances).all() and (found.importances < upper).all()
    counts = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=1000)
    sizes = np.sqrt(counts @ (A * X) ** 2)
    expected = np.quantile(
        100 * sizes / sizes.sum(axis=1, keepdims=True), [0.05, 0.95], axis=0
    )
    np.testing.assert_allclose(width(found), np.ptp(expected, axis=0), rtol=0.15)
    np.testing.assert_allclose(found.intervals.mean(1), expected.mean(0), rtol=0.01)


def test_intervals_shrink_with_the_root_of_the_number_of_rows():
    few, many = (width(resampled(Bowl(A), drawn(n, 3))) for n in (250, 4000))
    np.testing.assert_allclose(few / many, 4, rtol=0.25)


def test_intervals_follow_the_level():
    X = drawn(200, 3)
    narrow = resampled(Bowl(A), X, confidence_level=0.5).intervals
    wide = resampled(Bowl(A), X, confidence_level=0.99).intervals
    assert (wide[:, 0] < narrow[:, 0]).all() and (narrow[:, 1] < wide[:, 1]).all()


def test_intervals_follow_the_seed():
    X = drawn(200, 3)
    first, again, other = (
        resampled(Bowl(A), X, random_state=seed).intervals for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_repeated_rows_count_once_in_blocks_of_their_length():
    X = drawn(200, 3)
    once = resampled(Bowl(A), X)
    repeated = X.repeat(10, axis=0)
    blocks = resampled(Bowl(A), repeated, block_length=10)
    np.testing.assert_allclose(blocks.intervals, once.intervals)
    naive = resampled(Bowl(A), repeated)
    np.testing.assert_allclose(width(once) / width(naive), np.sqrt(10), rtol=0.25)


def test_a_weight_of_zero_keeps_a_row_out_of_the_resamples():
    X = drawn(200, 3)
    weight = np.r_[np.ones(100), np.zeros(100)]
    half = resampled(Bowl(A), X[:100])
    weighted = resampled(Bowl(A), X, sample_weight=weight)
    np.testing.assert_allclose(weighted.importances, half.importances)
    np.testing.assert_allclose(width(weighted), width(half), rtol=0.25)


def test_blocks_may_cross_batches():
    generator = np.random.default_rng(0)
    counts = BlockBootstrap(20, 30, generator).counts
    parts = np.hstack(
        [counts(0, 50), counts(50, 55), counts(55, 190), counts(190, 200)]
    )
    assert parts.shape == (20, 200)
    blocks = parts[:, ::30]
    np.testing.assert_array_equal(parts, blocks.repeat(30, axis=1)[:, :200])
    assert len(np.unique(blocks, axis=1).T) == 7


def test_intervals_are_columns_of_the_frame():
    table = resampled(Bowl(A), drawn(50, 3)).to_frame()
    assert table.columns.tolist() == ["feature", "importance", "lower", "upper"]
    assert (table.lower < table.upper).all()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"confidence_level": 0}, "confidence_level"),
        ({"confidence_level": 1}, "confidence_level"),
        ({"n_resamples": 1}, "n_resamples"),
        ({"block_length": 0}, "block_length"),
    ],
)
def test_bad_bootstraps(options, name):
    with pytest.raises(ValueError, match=f"{name} =="):
        resampled(Bowl(A), drawn(9, 3), **options)
