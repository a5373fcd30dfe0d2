"""Columns that are not numbers are refused by their names, wherever X is read."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from helpers.quick import QUICK
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_gradlasso import (
    Explanation,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
    lambda_path,
)
from sklearn_gradlasso.modules import RecurrentNet

N = 20
NUMBERS_ONLY = {"categorical_features": None, **QUICK}
NUMBERS = pd.DataFrame(
    np.random.default_rng(0).standard_normal((N, 2)), columns=["age", "income"]
)
Y = (NUMBERS.age > 0).astype(int)
DAYS = pd.date_range("2026-01-01", periods=N)


def table(values, **dtype):
    return NUMBERS.assign(when=pd.Series(values, **dtype))


DATES = {
    "dates": table(DAYS),
    "time zone": table(DAYS.tz_localize("UTC")),
    "durations": table(DAYS - DAYS[0]),
    "months": table(DAYS.to_period("M")),
    "category": table(pd.Categorical(DAYS)),
    "object": table(list(DAYS.date), dtype=object),
    "some": table([1.0] * (N - 1) + [timedelta(1)], dtype=object),
    "numpy's": table([np.timedelta64(1, "D")] * N, dtype=object),
    "alone": pd.DataFrame({"when": DAYS}),
}


@pytest.mark.parametrize("X", DATES.values(), ids=DATES)
def test_dates_are_refused_by_name(X):
    model = GradientLassoClassifier(**QUICK)
    message = r"X has dates or durations, in column 'when' \(.*\)\. Turn them into num"
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X, Y, classes=[0, 1])
    assert not hasattr(model, "net_")


@pytest.mark.parametrize(
    "X, where",
    [
        (DAYS.to_numpy()[:, None], r"all columns \(datetime64"),
        ((DAYS - DAYS[0]).to_numpy()[:, None], r"all columns \(timedelta64"),
        (table(DAYS).to_numpy(dtype=object), "column 2 "),
        (table(DAYS).to_numpy(dtype=object).tolist(), "column 2 "),
        ([[np.datetime64("2026-01-01")]] * N, "column 0 "),
        (NUMBERS.assign(a=DAYS, b=DAYS), "columns 'a'.*, 'b'"),
    ],
)
def test_dates_in_arrays_and_lists(X, where):
    with pytest.raises(ValueError, match=f"dates or durations, in {where}"):
        GradientLassoClassifier(**QUICK).fit(X, Y)


def test_dates_that_a_pipeline_turns_into_numbers():
    ages = FunctionTransformer(lambda X: (X - DAYS[0]) / timedelta(days=10))
    encoder = make_column_transformer((ages, ["when"]), remainder="passthrough")
    model = make_pipeline(encoder, GradientLassoClassifier(**QUICK))
    assert model.fit(table(DAYS), Y).predict(table(DAYS)).shape == (N,)


def test_dates_elsewhere():
    model = GradientLassoRegressor(**QUICK)
    for y in (DAYS, DAYS - DAYS[0], pd.Series(DAYS.date)):
        with pytest.raises(ValueError, match="y has dates or durations"):
            model.fit(NUMBERS, y)
    with pytest.raises(ValueError, match="sample_weight must be numbers; they are da"):
        model.fit(NUMBERS, Y, sample_weight=DAYS - DAYS[0])
    with pytest.raises(ValueError, match="annotations must be non-negative weights"):
        RRRClassifier().fit(NUMBERS, Y, annotations=(DAYS - DAYS[0]).to_numpy()[:2])


STRINGS = {
    "str": table(["Lev+5FU", "Obs"] * (N // 2)),
    "object": table(["Lev+5FU", 1.0] * (N // 2), dtype=object),
    "category": table(pd.Categorical(["Lev+5FU", "Obs"] * (N // 2))),
}


@pytest.mark.parametrize("X", STRINGS.values(), ids=STRINGS)
def test_strings_are_refused_by_name(X):
    message = (
        "could not convert string to float: 'Lev\\+5FU'. X has values that are not "
        "numbers, in column 'when' \\(such as 'Lev\\+5FU'\\)\\. Encode them in"
    )
    model = GradientLassoClassifier(**NUMBERS_ONLY)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    with pytest.raises(ValueError, match="in column 2 "):
        GradientLassoClassifier(**QUICK).fit(X.to_numpy(dtype=object), Y)
    with pytest.raises(ValueError, match="in column 2 "):
        GradientLassoClassifier(**QUICK).fit(X.to_numpy(dtype=object).tolist(), Y)


def test_many_columns_are_counted():
    X = pd.DataFrame(dict.fromkeys("abcdefg", ["x"] * N))
    with pytest.raises(ValueError, match=r"columns 'a'.*'e' \(.*\) and 2 more\."):
        GradientLassoClassifier(module="perceptron", **NUMBERS_ONLY).fit(X, Y)


@pytest.mark.parametrize("kind", [list, np.array])
def test_rows_of_different_lengths(kind):
    """A table that lacks a cell, or sequences that are not padded."""
    cells = [[1.0, 2.0, 3.0] if k % 2 else [1.0, 2.0] for k in range(N)]
    steps = [np.ones((2 + k % 3, 2)) for k in range(N)]
    for rows, most in ((cells, 3), (steps, 4)):
        X = rows if kind is list else np.array(rows, dtype=object)
        with pytest.raises(ValueError, match=f"different lengths, from 2 to {most}"):
            GradientLassoClassifier(**QUICK).fit(X, Y)
        with pytest.raises(ValueError, match="must be cut, or padded"):
            GradientLassoClassifier(module=RecurrentNet, **QUICK).fit(X, Y)


def test_other_errors_stay_as_they_are():
    params = {"module": "perceptron", **QUICK}
    model = GradientLassoClassifier(**params).fit(NUMBERS, Y)
    with_zeros = GradientLassoClassifier(**params).fit(NUMBERS.assign(when=0.0), Y)
    missing = table([1.0, None] * (N // 2), dtype=object)
    for X in (missing, NUMBERS.assign(when=np.nan)):
        with pytest.raises(ValueError, match="contains NaN") as raised:
            with_zeros.predict(X)
        assert "not numbers" not in str(raised.value)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(NUMBERS[["income", "age"]])
    with pytest.raises(TypeError, match="must be a string or a real number.*column 0 "):
        model.fit(np.array([[{"a": 1}, 2.0]] * N, dtype=object), Y)
    model.fit(table(["1", "2"] * (N // 2)), Y)  # as everywhere in scikit-learn


def test_missing_values_are_found_in_reasons():
    missing = NUMBERS.assign(flag=pd.array([True, None] * (N // 2), dtype="boolean"))
    fitted = GradientLassoClassifier(module="perceptron", **QUICK)
    fitted.fit(NUMBERS.assign(flag=0.0), Y)
    with pytest.raises(ValueError, match="contains NaN") as raised:
        Explanation.from_estimator(fitted, missing)
    assert "holds texts" not in str(raised.value)


@pytest.mark.parametrize(
    "unread",
    [NUMBERS.assign(income=DAYS), NUMBERS.assign(income=["high", "low"] * (N // 2))],
)
def test_wherever_rows_are_read(unread):
    network = GradientLassoClassifier(**QUICK).fit(NUMBERS, Y)
    linear = NGSLLClassifier(n_nonzero_coefs=2, **QUICK).fit(NUMBERS, Y)
    for read in (
        network.predict,
        network.explain,
        linear.predict,
        linear.explain,
        lambda X: NGSLLClassifier(n_nonzero_coefs=2, **NUMBERS_ONLY).fit(X, Y),
        lambda X: RRRClassifier(**NUMBERS_ONLY).fit(X, Y),
        lambda X: FindAnotherExplanation(RRRClassifier(**NUMBERS_ONLY)).fit(X, Y),
        lambda X: GradientLassoClassifierCV(cv=2, **NUMBERS_ONLY).fit(X, Y),
        lambda X: lambda_path(
            GradientLassoClassifier(**NUMBERS_ONLY), X, Y, lams=[0.1]
        ),
    ):
        with pytest.raises(ValueError, match="column 'income'"):
            read(unread)
