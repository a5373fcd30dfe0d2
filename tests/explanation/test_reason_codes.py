"""Reason codes: probabilities and words by hand."""

import numpy as np
import pandas as pd
import pytest

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.explanation import Explanation, reason_codes

DATA = np.array([[40.0, "a", 1.5], [np.nan, "b", 2.0], [60.0, "c", 3.0]], dtype=object)


def logistic(odds):
    return 1 / (1 + np.exp(-odds))


def by_hand(**fields):
    values = np.array([[2.0, -1.0, 0.5], [-0.3, 0.02, 0.4], [-1.0, -2.0, -0.5]])
    given = {
        "values": values,
        "magnitudes": np.abs(values),
        "deviation": np.array(1.0),
        "predictions": np.array([1.0, 0.1, -3.0]),
        "base_values": np.array(0.0),
        "data": DATA,
        "missing": np.isnan(np.array([[0, 0, 0], [np.nan, 0, 0], [0, 0, 0]])),
        "feature_names": np.array(["age", "job", "debt"], dtype=object),
        "index": pd.Index(["p", "q", "r"]),
        "attribution": "effects",
        "unit": "log-odds",
        "classes": np.array(["good", "bad"], dtype=object),
    }
    return Explanation(**{**given, **fields})


def test_the_second_of_two_classes():
    codes = reason_codes(by_hand())
    expected = pd.DataFrame(
        [
            ("p", 1, "age", 40.0, logistic(1) - logistic(-1), "age = 40"),
            ("p", 2, "debt", 1.5, logistic(1) - logistic(0.5), "debt = 1.5"),
            # 0.02 of "job" is less than a tenth of the largest of the row.
            ("q", 1, "debt", 2.0, logistic(0.1) - logistic(-0.3), "debt = 2"),
        ],
        columns=["row", "rank", "column", "value", "effect", "words"],
    )
    pd.testing.assert_frame_equal(codes, expected, check_dtype=False)
    assert codes.attrs == {"adverse": "bad", "unit": "probability"}
    assert reason_codes(by_hand(), k=1)["column"].tolist() == ["age", "debt"]
    assert reason_codes(by_hand(index=None), k=1)["row"].tolist() == [0, 1]


def test_the_first_of_two_classes():
    codes = reason_codes(by_hand(), adverse="good")
    assert codes[["row", "rank", "column"]].to_numpy().tolist() == [
        ["p", 1, "job"],
        ["q", 1, "age"],
        ["r", 1, "job"],
        ["r", 2, "age"],
        ["r", 3, "debt"],
    ]
    effects = [
        logistic(-1) - logistic(-2),
        logistic(-0.1) - logistic(-0.4),
        *(logistic(3) - logistic(3 - np.array([2, 1, 0.5]))),
    ]
    np.testing.assert_allclose(codes["effect"], effects)
    assert codes["value"].tolist() == ["a", "missing", "c", 60.0, 3.0]


def test_one_of_three_classes():
    values = np.array([[[1.0, -2.0, 0.0], [0.2, 0.4, -3.0]]])
    predictions = np.array([[0.5, -1.0, -1.5]])
    explanation = by_hand(
        values=values,
        magnitudes=np.abs(values),
        deviation=np.ones(3),
        predictions=predictions,
        data=np.array([[1.0, 2.0]]),
        missing=None,
        feature_names=np.array(["a", "b"], dtype=object),
        output_names=np.array(["x", "y", "z"], dtype=object),
        classes=np.array(["x", "y", "z"], dtype=object),
        index=None,
    )
    for adverse, expected in [
        (
            "x",
            {"a": logistic(0.5) - logistic(-0.5), "b": logistic(0.5) - logistic(0.3)},
        ),
        ("y", {"b": logistic(-1.0) - logistic(-1.4)}),
        (None, {}),  # the last class
    ]:
        codes = reason_codes(explanation, adverse=adverse)
        assert codes["column"].tolist() == [*expected]
        np.testing.assert_allclose(codes["effect"], [*expected.values()])
        assert codes.attrs["adverse"] == (adverse or "z")


def test_words_of_three_kinds():
    words = {
        "age": "{column} of {value} years",
        "job": {"a": "the job is dangerous", "c": "{value} is no job"},
        "debt": lambda debt: f"debts of {1000 * debt:.0f}",
    }
    codes = reason_codes(by_hand(), words=words)
    texts = ["age of 40 years", "debts of 1500", "debts of 2000"]
    assert codes["words"].tolist() == texts
    codes = reason_codes(by_hand(), adverse="good", words=words)
    assert codes["words"].tolist() == [
        "the job is dangerous",
        "age is missing",
        "c is no job",
        "age of 60 years",
        "debts of 3000",
    ]
    plain = reason_codes(by_hand(), adverse="good", k=1, words={"job": {"b": "none"}})
    assert plain["words"].tolist() == ["job = a", "age is missing", "job = c"]


@pytest.mark.parametrize("value", ["driver", "Driver ", "DRIVER", "dri-ver"])
def test_words_of_a_misspelt_level_are_warned_of(value):
    data = DATA.copy()
    data[0, 1] = "driver"
    said, given = {"adverse": "good"}, {value: "the job", "cook": "no job", None: "-"}
    if value == "driver":
        codes = reason_codes(by_hand(data=data), words={"job": given}, **said)
        assert "the job" in codes["words"].tolist()  # without a warning
    else:
        wanted = rf"words\['job'\] has nothing for 'driver'.* for '{value}'.*as in X"
        with pytest.warns(UserWarning, match=wanted) as found:
            codes = reason_codes(by_hand(data=data), words={"job": given}, **said)
        assert found[0].filename == __file__ and len(found) == 1
        assert "job = driver" in codes["words"].tolist()


@pytest.mark.parametrize("value", ["a driver", "river", "drivers"])
def test_words_of_other_levels_are_not(value):
    data = DATA.copy()
    data[0, 1] = "driver"  # without a warning, as with "female" and "male"
    reason_codes(by_hand(data=data), adverse="good", words={"job": {value: "the job"}})


def test_a_callable_is_given_none_for_what_is_missing():
    seen = []
    reason_codes(by_hand(), adverse="good", words={"age": lambda v: seen.append(v)})
    assert seen == [None, 60.0]


def test_words_of_a_missing_value_in_a_dict():
    words = {"age": {None: "no age was given"}}
    codes = reason_codes(by_hand(), adverse="good", words=words)
    assert codes["words"].tolist()[1] == "no age was given"


def test_placeholders_that_are_not_filled_in_are_refused():
    for text in ("{income} euros", "{value:.0f} euros"):
        for given in (text, {40.0: text}):
            with pytest.raises(ValueError, match=r"only \{column\} and \{value\} are"):
                reason_codes(by_hand(), words={"age": given})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 0}, ValueError, "k == 0"),
        ({"k": 1.5}, TypeError, "k must be"),
        (
            {"adverse": "ugly"},
            ValueError,
            r"one of the classes \['good', 'bad'\].*ugly",
        ),
        (
            {"words": {"colour": "x"}},
            ValueError,
            r"\['colour'\].*not among the columns",
        ),
        ({"words": ["age"]}, TypeError, "words must be a dict.*got list"),
        ({"words": {"age": 3}}, TypeError, r"words\['age'\] must be a text.*got 3"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        reason_codes(by_hand(), **options)


def test_explanations_without_log_odds_are_refused():
    X = np.random.default_rng(0).standard_normal((40, 2))
    y = X[:, 0] > 0
    quick = {"max_iter": 2, "random_state": 0}
    classifier = GradientLassoClassifier(**quick).fit(X, y)
    regressor = GradientLassoRegressor(**quick).fit(X, X[:, 0])
    for explanation in (
        Explanation.from_estimator(regressor, X),
        Explanation.from_estimator(classifier, X, attribution="gradients"),
        Explanation.from_estimator(classifier, X, target="log_prob_sum"),
        classifier,
    ):
        with pytest.raises(ValueError, match="must hold effects on the log-odds"):
            reason_codes(explanation)


def test_labels_that_are_no_strings():
    X = np.random.default_rng(0).standard_normal((60, 2))
    model = GradientLassoClassifier(max_iter=30, random_state=0)
    model.fit(X, (X[:, 0] > 0).astype(int))
    explanation = Explanation.from_estimator(model, X)
    for adverse in (1, 0, "1"):
        codes = reason_codes(explanation, adverse=adverse)
        assert codes.attrs["adverse"] == str(int(adverse))
        first = codes[codes["column"] == "x0"]
        sign = 1 if int(adverse) else -1
        assert (sign * (first["value"] - X[:, 0].mean()) > -0.3).all()
        p = logistic(explanation.predictions)
        without = logistic(explanation.predictions - explanation.values[:, 0])
        change = sign * (p - without)
        np.testing.assert_allclose(first["effect"], change[first["row"]])
