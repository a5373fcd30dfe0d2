"""Effects: values by hand, linear models, tables with categories and missing values."""

import numpy as np
import pandas as pd
import pytest

from sklearn_gradlasso.metrics import effective_columns, effects


def by_definition(predict, X, background, columns):
    """Values and magnitudes, one row and one replacement at a time."""
    values = np.zeros((len(X), len(columns)))
    squares = np.zeros_like(values)
    for i in range(len(X)):
        for j, positions in enumerate(columns):
            moved = []
            for b in range(len(background)):
                row = X[i].copy()
                row[positions] = background[b, positions]
                moved.append(predict(X[i : i + 1])[0] - predict(row[None])[0])
            values[i, j], squares[i, j] = np.mean(moved), np.mean(np.square(moved))
    return values, np.sqrt(squares)


def test_definition_with_features_that_are_replaced_together():
    rng = np.random.default_rng(0)
    X, background = rng.standard_normal((7, 4)), rng.integers(0, 3, (30, 4)) / 1.0
    columns = [[0], [1, 3], [2]]

    def predict(rows):
        return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]) + rows[:, 3] ** 2

    found = effects(predict, X, background, columns=columns)
    values, magnitudes = by_definition(predict, X, background, columns)
    np.testing.assert_allclose(found.values, values, atol=1e-12)
    np.testing.assert_allclose(found.magnitudes, magnitudes, atol=1e-12)
    np.testing.assert_array_equal(found.predictions, predict(X))
    np.testing.assert_allclose(found.deviation, predict(background).std())


def test_linear_model_with_weights_and_two_answers():
    rng = np.random.default_rng(1)
    X, background = rng.standard_normal((5, 3)), rng.standard_normal((20, 3))
    weight, coef = rng.integers(0, 4, 20), rng.standard_normal((3, 2))
    found = effects(lambda rows: rows @ coef, X, background, sample_weight=weight)
    mean = np.average(background, axis=0, weights=weight)
    expected = (X - mean)[:, :, None] * coef
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    repeated = effects(lambda rows: rows @ coef, X, background.repeat(weight, axis=0))
    np.testing.assert_allclose(found.magnitudes, repeated.magnitudes, atol=1e-12)
    np.testing.assert_allclose(found.deviation, repeated.deviation)


@pytest.mark.parametrize("as_frame", [True, False])
def test_tables_with_categories_and_missing_values(as_frame):
    background = pd.DataFrame(
        {"age": [20.0, np.nan, 40.0, 60.0], "job": ["a", "b", None, "a"]}
    )
    X = pd.DataFrame({"age": [np.nan, 30.0], "job": ["b", "a"]})
    of_job = {"a": 1.0, "b": 2.0, None: 5.0}

    def predict(rows):
        rows = pd.DataFrame(rows)
        age = rows.iloc[:, 0].astype(float).fillna(100.0).to_numpy()
        job = [5.0 if pd.isna(v) else of_job[v] for v in rows.iloc[:, 1]]
        return age / 10 + np.array(job)

    if not as_frame:
        X, background = X.to_numpy(dtype=object), background.to_numpy(dtype=object)
    found = effects(predict, X, background)
    # Mean of age over the background, 100 if missing: 55; of job 9 / 4.
    expected = [[4.5, 2 - 2.25], [-2.5, 1 - 2.25]]
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


def test_columns_that_count_by_hand():
    magnitudes = [[1.0, 0.1, 0.05], [0.02, 0.005, 0.001], [0.0, 0.0, 0.0]]
    assert effective_columns(magnitudes, 1.0).tolist() == [2, 1, 0]
    assert effective_columns(magnitudes, 10.0).tolist() == [2, 0, 0]
    assert effective_columns(magnitudes, 0.0).tolist() == [2, 2, 0]


def test_a_flat_model_has_no_column():
    X = np.random.default_rng(0).standard_normal((10, 3))
    assert effects(lambda rows: np.ones(len(rows)), X, X).effective_columns == 0


def test_background_is_drawn_by_a_seed():
    X = np.random.default_rng(0).standard_normal((400, 2))

    def of(seed):
        found = effects(lambda rows: rows[:, 0] ** 2, X[:3], X, random_state=seed)
        return found.values

    np.testing.assert_array_equal(of(0), of(0))
    assert (of(0) != of(1)).any()


def test_arrays_of_other_kinds_are_not_cut():
    X, background = np.array([[1, 2], [3, 4]]), np.array([[0.5, 0.7], [0.9, 0.1]])
    found = effects(lambda rows: 2 * rows[:, 0], X, background)
    np.testing.assert_allclose(found.values, [[0.6, 0], [4.6, 0]])
    lengths = effects(
        lambda rows: np.char.str_len(rows[:, 0]).astype(float),
        np.array([["a"], ["b"]]),
        np.array([["abc"], ["abcde"]]),
    )
    np.testing.assert_allclose(lengths.values, -3)


def test_frames_whose_columns_have_the_same_name():
    X = pd.DataFrame([[1.0, 2.0], [3.0, 5.0]], columns=["a", "a"])
    found = effects(lambda rows: rows.sum(axis=1), X, X, columns=[[0, 1]])
    np.testing.assert_allclose(found.values, [[-2.5], [2.5]])


def test_errors():
    X = np.zeros((3, 2))
    with pytest.raises(ValueError, match="background has 3 columns, but X has 2"):
        effects(len, X, np.zeros((3, 3)))
    frame = pd.DataFrame(X, columns=["a", "b"])
    with pytest.raises(ValueError, match="in the same order"):
        effects(len, frame, frame[["b", "a"]])
    for given in ((frame, X), (X, frame)):
        with pytest.raises(ValueError, match="both be arrays or both be DataFrames"):
            effects(len, *given)
    with pytest.raises(ValueError, match="X must be a table"):
        effects(len, np.zeros(3), X)
    with pytest.raises(ValueError, match="finite"):
        effects(lambda rows: np.full(len(rows), np.nan), X, X)
    with pytest.raises(ValueError, match="give decision_function.*'declined'"):
        effects(lambda rows: np.full(len(rows), "declined"), X, X)
    with pytest.raises(ValueError, match="must hold 3 weights"):
        effects(lambda rows: rows[:, 0], X, X, sample_weight=[1, 2])
