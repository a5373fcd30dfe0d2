"""How the columns of a coded table are described for the network for tables."""

import numpy as np
import pytest
import scipy.sparse as sp
from helpers.coded_tables import coded_rows, form_of_four_columns

from sklearn_gradlasso.modules._table_columns import columns_of
from sklearn_gradlasso.tables import TableForm

NAN = float("nan")


def described(*columns, sample_weight=None, **how):
    X = np.column_stack(columns)
    form = TableForm.of_numbers(X.shape[1])
    return columns_of(X, form, sample_weight, **how)


def test_few_values_have_a_knot_each():
    (knots,) = described([4.0, 1.0, 2.0, 2.0]).knots
    assert knots.tolist() == [1, 2, 4]
    x = np.repeat(np.arange(64.0), 3)
    found = described(x)
    assert found.knots[0].tolist() == [*range(64)]
    assert found.n_pieces.tolist() == [63]
    assert described(x, n_pieces=4).n_pieces.tolist() == [4]


def test_pieces_of_many_values_hold_equally_many_rows():
    x = np.random.default_rng(0).lognormal(size=1600)
    (knots,) = described(x).knots
    assert (knots[0], knots[-1]) == (x.min(), x.max())
    counts, _ = np.histogram(x, knots)
    assert len(counts) == 16
    assert np.abs(counts - 100).max() <= 1


def test_a_value_that_most_rows_have_leaves_knots_for_the_others():
    x = np.concatenate([np.zeros(10_000), np.arange(1.0, 201.0)])
    (knots,) = described(x).knots
    # One quantile is not enough, so that every 25th distinct value is a knot.
    np.testing.assert_allclose(np.diff(knots), 25, atol=1)
    assert (knots[0], knots[-1]) == (0, 200)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_differs_by_rounding_is_one_value(dtype):
    ones = np.nextafter(np.ones(2, dtype), [0, 2], dtype=dtype)
    (knots,) = described(np.array([*ones, 1, 0, 3], dtype)).knots
    np.testing.assert_allclose(knots, [0, 1, 3], rtol=1e-6)
    (knots,) = described(np.array([*ones, 1, 1], dtype)).knots
    assert knots.tolist() == [ones[0], ones[0] + 1.0]


def test_means_and_medians_as_activations():
    x = np.array([0.0, 0.0, 1.0, 3.0, 3.0, 7.0])
    found = described(x)
    assert found.knots[0].tolist() == [0, 1, 3, 7]
    np.testing.assert_allclose(found.mean[0], [4 / 6, 3 / 6, 1 / 6])
    assert found.if_missing[0].tolist() == [1, 0, 0]  # the median is 1
    assert found.missing.tolist() == [0]


def test_missing_values_count_in_their_share_alone():
    form = form_of_four_columns()
    found = columns_of(coded_rows(2000).numpy(), form)
    assert found.is_number.tolist() == [True, True, False, False]
    assert found.n_pieces.tolist() == [16, 16, 3, 2]
    assert found.missing.tolist() == form.missing.tolist()
    for k in (2, 3):
        assert found.mean[k].tolist() == found.if_missing[k].tolist()
        assert found.mean[k].tolist() == form.shares[k].tolist()
    known = coded_rows(2000)[:, 1]
    known = known[~known.isnan()]
    alone = described(known.numpy())
    np.testing.assert_array_equal(found.knots[1], alone.knots[0])
    np.testing.assert_allclose(found.mean[1], alone.mean[0])


def test_a_column_without_any_value_has_one_piece():
    found = described(np.full(5, NAN), np.arange(5.0))
    assert found.n_pieces.tolist() == [1, 4]
    assert np.isfinite(found.mean[0]).all()


def test_indicators_of_one_variable_share_a_slot():
    rng = np.random.default_rng(0)
    first, second = np.eye(3)[rng.integers(3, size=100)], np.eye(4)[np.arange(100) % 4]
    number = rng.standard_normal(100)
    scaled = (second - second.mean(axis=0)) / second.std(axis=0)
    found = described(first, scaled, number, first[:, :1])
    assert found.slot.tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 3]
    assert found.n_slots == 4


def test_only_neighbours_share_a_slot_and_only_if_each_row_has_one_of_them():
    first = np.array([1.0, 0, 0, 0, 1])
    assert described(first, 1 - first).slot.tolist() == [0, 0]
    assert described(first, np.arange(5.0), 1 - first).slot.tolist() == [0, 1, 2]
    assert described(first, first).slot.tolist() == [0, 1]
    missing = np.where(np.arange(5) == 4, NAN, 1 - first)
    assert described(first, missing).slot.tolist() == [0, 1]
    flags = np.eye(5)[:, :2].T  # No row has both, which says nothing of rare flags.
    assert described(*flags).slot.tolist() == [0, 1]
    levels = np.eye(3)[[0, 1, 2, 2, 0]].T
    assert described(flags[1], *levels).slot.tolist() == [0, 1, 1, 1]
    categories = columns_of(coded_rows(100).numpy(), form_of_four_columns())
    assert categories.slot.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("missing", [False, True])
def test_weights_are_repetitions(missing):
    rng = np.random.default_rng(0)
    x, weight = rng.integers(500, size=400) ** 2.0, rng.integers(1, 5, size=400)
    x[:20] = NAN if missing else x[:20]
    weighted = described(x, sample_weight=weight / weight.mean())
    repeated = described(x.repeat(weight))
    np.testing.assert_array_equal(weighted.knots[0], repeated.knots[0])
    np.testing.assert_array_equal(weighted.if_missing[0], repeated.if_missing[0])
    np.testing.assert_allclose(weighted.mean[0], repeated.mean[0])
    assert weighted.knots[0].tolist() != described(x).knots[0].tolist()


def test_sparse_rows():
    X = np.random.default_rng(0).integers(3, size=(50, 6)).astype(float)
    X[:, 2] = X[:, 2] > 1
    form = TableForm.of_numbers(6)
    expected = columns_of(X, form)
    for rows in (sp.csr_matrix(X), sp.csr_array(X)):
        found = columns_of(rows, form)
        assert found.slot.tolist() == expected.slot.tolist()
        for ours, theirs in zip(found.knots, expected.knots):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n_pieces", [0, 1.5, None])
def test_pieces_are_counted(n_pieces):
    message = "module_params: n_pieces must be a positive integer"
    with pytest.raises(ValueError, match=message):
        described(np.arange(5.0), n_pieces=n_pieces)
