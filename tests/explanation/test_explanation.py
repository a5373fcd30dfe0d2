"""Explanation: the record, and the forms in which it is given."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from helpers.linear_stand_in import (
    CODED,
    SCALED,
    Linear,
    LinearClassifier,
    encode_and_scale,
    explained,
    make_table,
)
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.attributions import Gradients
from sklearn_gradlasso.explanation import Explanation


@pytest.fixture
def table():
    return make_table()


@pytest.mark.parametrize("n_outputs", [None, 3])
def test_attributions_of_a_linear_model_add_up(n_outputs):
    X = np.random.default_rng(0).standard_normal((20, 4))
    model = Linear(n_outputs)
    explanation = explained(model, X)
    outputs = () if n_outputs is None else (n_outputs,)
    assert explanation.values.shape == (20, 4, *outputs)
    assert explanation.base_values.shape == outputs
    assert explanation.additivity_gap.shape == (20, *outputs)
    np.testing.assert_array_equal(explanation.predictions, model.predict(X))
    np.testing.assert_array_equal(explanation.data, X)
    np.testing.assert_allclose(explanation.additivity_gap, 0, atol=1e-12)
    more = replace(explanation, predictions=explanation.predictions + 0.5)
    np.testing.assert_allclose(more.additivity_gap, 0.5)


def test_no_gap_without_base_values():
    explanation = explained(Linear(complete=False), np.eye(3))
    assert explanation.base_values is None
    assert explanation.additivity_gap is None


def test_target_and_attribution_reach_the_network():
    class Recording(Linear):
        def _explained(self, X, **options):
            self.options = options
            return super()._explained(X)

    model, target, attribution = Recording(), object(), object()
    explained(model, np.eye(3), target=target, attribution=attribution)
    assert model.options == {"target": target, "attribution": attribution}


def test_outputs_are_named_after_classes():
    X = np.eye(4)
    assert explained(LinearClassifier(2), X).output_names.tolist() == ["10", "11"]
    named = explained(LinearClassifier(2), X, target=lambda output, y: output)
    assert named.output_names is None
    assert explained(Linear(2), X).output_names is None
    assert explained(LinearClassifier(), X).output_names is None


def test_rows_that_are_images():
    X = np.random.default_rng(0).standard_normal((6, 2, 3))
    explanation = explained(Linear(2), X)
    assert explanation.values.shape == (6, 2, 3, 2)
    assert explanation.data.shape == (6, 2, 3)
    assert explanation.feature_names.tolist() == [
        ["x0_0", "x0_1", "x0_2"],
        ["x1_0", "x1_1", "x1_2"],
    ]
    np.testing.assert_allclose(explanation.additivity_gap, 0, atol=1e-12)
    frame = explanation.to_frame()
    np.testing.assert_array_equal(frame[1, "x1_0"], explanation.values[:, 1, 0, 1])
    top = explanation.top(1)
    largest = np.abs(explanation.values[0, :, :, 1]).argmax()
    assert top["feature"][1] == f"x{largest // 3}_{largest % 3}"
    assert top["data"][1] == X[0].ravel()[largest]

    lower = explained(Linear(2), X, groups={"low": ["x1_0", "x1_1", "x1_2"]})
    assert lower.values.shape == (6, 4, 2)
    np.testing.assert_allclose(lower.values[:, 3], explanation.values[:, 1].sum(1))
    np.testing.assert_allclose(lower.additivity_gap, 0, atol=1e-12)


# Forms

DATA = np.array([[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]])


def by_hand(**fields):
    given = {
        "values": np.array([[1.0, -3.0, 2.0], [0.5, 0.5, -0.1]]),
        "predictions": np.array([1.0, 2.0]),
        "base_values": np.array(1.0),
        "data": DATA,
        "feature_names": np.array(["a", "b", "c"], dtype=object),
    }
    return Explanation(**{**given, **fields})


def test_top_by_hand():
    top = by_hand(index=pd.Index(["r", "s"])).top(2)
    expected = pd.DataFrame(
        [
            ("r", 1, "b", -3.0, 11.0),
            ("r", 2, "c", 2.0, 12.0),
            ("s", 1, "a", 0.5, 20.0),
            ("s", 2, "b", 0.5, 21.0),
        ],
        columns=["row", "rank", "feature", "value", "data"],
    )
    pd.testing.assert_frame_equal(top, expected, check_dtype=False)
    assert by_hand().top(2)["row"].tolist() == [0, 0, 1, 1]
    assert len(by_hand().top()) == len(by_hand().top(3)) == 6


def test_top_of_several_outputs_by_hand():
    values = np.array([[[1.0, 5.0], [2.0, -6.0]], [[4.0, 7.0], [3.0, 8.0]]])
    explanation = by_hand(
        values=values,
        predictions=np.array([[0.0, 1.0], [3.0, 1.0]]),
        data=np.array([[10.0, 11.0], [20.0, 21.0]]),
        feature_names=np.array(["a", "b"], dtype=object),
        output_names=np.array(["no", "yes"], dtype=object),
    )
    expected = pd.DataFrame(
        [
            (0, "no", 1, "b", 2.0, 11.0),
            (0, "yes", 1, "b", -6.0, 11.0),
            (1, "no", 1, "a", 4.0, 20.0),
            (1, "yes", 1, "b", 8.0, 21.0),
        ],
        columns=["row", "output", "rank", "feature", "value", "data"],
    )
    found = explanation.top(1, output="all")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    outputs = ["no", "no", "yes", "yes"] * 2
    assert explanation.top(2, output="all")["output"].tolist() == outputs
    predicted = expected.iloc[[1, 2]].reset_index(drop=True)
    pd.testing.assert_frame_equal(explanation.top(1), predicted, check_dtype=False)
    yes = expected.iloc[[1, 3]].reset_index(drop=True)
    found = explanation.top(1, output="yes")
    pd.testing.assert_frame_equal(found, yes, check_dtype=False)
    with pytest.raises(ValueError, match=r"one of \['no', 'yes'\], got 'maybe'"):
        explanation.top(1, output="maybe")
    frame = explanation.to_frame()
    assert frame.columns.names == ["output", "feature"]
    assert frame["yes"].columns.tolist() == ["a", "b"]
    np.testing.assert_array_equal(frame["yes"], values[:, :, 1])


def test_the_frame_and_the_top_say_what_they_hold():
    record = {
        "attribution": "effects",
        "target": "log-odds of 'yes'",
        "unit": "log-odds",
        "background": "9 rows given",
    }
    explanation = by_hand(**record)
    assert explanation.to_frame().attrs == explanation.top(1).attrs == record
    assert repr(explanation) == (
        "<Explanation: effects of 3 columns on the log-odds of 'yes' at 2 rows, in "
        "log-odds, against 9 rows given>"
    )
    other = by_hand(attribution="expected_gradients")
    assert repr(other) == (
        "<Explanation: expected gradients of 3 columns on the answer at 2 rows, in "
        "units of the answer>"
    )
    np.testing.assert_allclose(
        explanation.probabilities, 1 / (1 + np.exp(-explanation.predictions))
    )
    assert by_hand().probabilities is None


def test_missing_values_are_shown_by_hand():
    missing = np.array([[False, True, False], [True, False, False]])
    in_place = np.array([[None, 7.123456789, None], [None, None, None]], dtype=object)
    explanation = by_hand(missing=missing, in_place=in_place)
    shown = explanation.data_shown()
    assert shown[0].tolist() == [10, "missing (7.12346 in its place)", 12]
    assert shown[1].tolist() == ["missing", 21, 22]
    top = explanation.top(1)
    assert top["data"].tolist() == [shown[0, 1], "missing"]
    assert explanation.data[0, 1] == 11
    assert by_hand(missing=missing & False).data_shown() is DATA
    assert by_hand(missing=missing).data_shown()[0, 1] == "missing"


def test_columns_that_count_by_hand():
    magnitudes = np.array([[1.0, 0.09, 0.1], [0.004, 0.001, 0.0]])
    explanation = by_hand(magnitudes=magnitudes, deviation=np.array(0.5))
    assert explanation.counts.tolist() == [2, 0]  # 0.004 is below 0.5 / 100
    assert explanation.effective_columns == 1
    several = by_hand(
        magnitudes=np.stack([magnitudes, magnitudes], axis=2),
        deviation=np.array([0.5, 0.01]),
    )
    assert several.counts.tolist() == [[2, 2], [0, 2]]
    with pytest.raises(ValueError, match="unknown; the columns that count.*'effects'"):
        by_hand().counts  # noqa: B018


def test_slopes_that_are_not_known_come_last():
    explanation = by_hand(values=np.array([[np.nan, 0.1, -0.2], [0.0, np.nan, 0.0]]))
    # Values of zero are no reasons.
    assert explanation.top(3)["feature"].tolist() == list("cbab")


def test_ties_keep_the_order_of_the_features():
    values = np.random.default_rng(0).choice([-1.0, 0.5, 1.0], size=(1, 40))
    tied = replace(explained(Linear(), np.eye(40))[:1], values=values)
    order = sorted(range(40), key=lambda j: -abs(values[0, j]))
    assert tied.top(40)["feature"].tolist() == [f"x{j}" for j in order]


def test_top_names_rows_of_several_levels():
    index = pd.MultiIndex.from_tuples([("u", 1), ("v", 2)])
    assert by_hand(index=index).top(1)["row"].tolist() == [("u", 1), ("v", 2)]


def test_a_frame_has_the_index_of_X(table):
    frame = explained(Linear(), table[SCALED]).to_frame()
    assert frame.index.equals(table.index)
    assert frame.columns.tolist() == SCALED
    assert explained(Linear(), np.eye(2)).to_frame().index.tolist() == [0, 1]


def test_rows(table):
    explanation = explained(LinearClassifier(2), table[SCALED])
    assert len(explanation) == 12
    mask = np.arange(12) % 4 == 1
    for rows, taken in [
        (slice(2, 5), [2, 3, 4]),
        ([7, 0], [7, 0]),
        (mask, [1, 5, 9]),
        (-1, [11]),
        ([], []),
    ]:
        part = explanation[rows]
        assert len(part) == len(taken)
        for field in ("values", "predictions", "data", "additivity_gap"):
            np.testing.assert_array_equal(
                getattr(part, field), getattr(explanation, field)[taken]
            )
        assert part.to_frame().index.tolist() == [f"row {k}" for k in taken]
        assert len(part.top(1, output="all")) == 2 * len(taken)
        np.testing.assert_array_equal(part.base_values, explanation.base_values)
        assert part.output_names.tolist() == ["10", "11"]
    with pytest.raises(IndexError):
        explanation[12]
    with pytest.raises(IndexError, match=r"by rows alone.*explanation.values\[...\]"):
        explanation[:, 0]
    assert repr(part) == (
        "<Explanation: own attribution of 2 columns on the decision of each class at 0 "
        "rows, in units of the decision>"
    )


ONCE = {
    *("base_values", "feature_names", "output_names", "transformed_target"),
    *("slope_steps", "deviation", "attribution", "target", "unit", "background"),
    "classes",
    "exclusive",
}


def test_rows_keep_all_that_is_known(table):
    table = table.assign(height=np.where(np.arange(12) % 3, table["height"], np.nan))
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = [("n", numbers, SCALED), ("c", OneHotEncoder(), CODED)]
    network = GradientLassoClassifier(max_iter=3, random_state=0)
    for y in (table["age"] > 40, table["colour"]):
        model = make_pipeline(ColumnTransformer(columns), network).fit(table, y)
        explanation = Explanation.from_estimator(model, table)
        rows = [6, 3, 3]
        part = explanation[rows]
        for field in fields(Explanation):
            whole, taken = (getattr(e, field.name) for e in (explanation, part))
            if field.name in ONCE:
                assert whole is taken
            else:
                expected = np.asarray(whole)[rows]
                assert repr(np.asarray(taken).tolist()) == repr(expected.tolist())
            assert whole is not None or field.name == "output_names"
        assert (part.counts == explanation.counts[rows]).all()
        assert part.data_shown().tolist() == explanation.data_shown()[rows].tolist()
        np.testing.assert_array_equal(
            part.probabilities, explanation.probabilities[rows]
        )


def test_it_is_frozen_and_equal_only_to_itself():
    explanation = by_hand()
    with pytest.raises(AttributeError):
        explanation.values = 0
    assert explanation == explanation and explanation != by_hand()


@pytest.mark.parametrize("n_outputs", [None, 2])
def test_to_shap(n_outputs, table):
    shap = pytest.importorskip("shap")
    make = Linear if n_outputs is None else LinearClassifier
    explanation = explained(make(n_outputs), table[SCALED])
    given = explanation.to_shap()
    assert isinstance(given, shap.Explanation)
    np.testing.assert_array_equal(given.values, explanation.values)
    np.testing.assert_array_equal(given.data, explanation.data)
    assert list(given.feature_names) == SCALED
    total = given.values.sum(1) + given.base_values
    np.testing.assert_allclose(total, explanation.predictions)
    if n_outputs is not None:
        assert list(given.output_names) == ["10", "11"]
        given = given[:, :, "11"]
        np.testing.assert_array_equal(given.values, explanation.values[:, :, 1])
    assert given[0].base_values == explanation.base_values.ravel()[-1]
    assert explained(Linear(complete=False), np.eye(2)).to_shap().base_values is None


def test_to_shap_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    with pytest.raises(ModuleNotFoundError, match="pip install shap"):
        by_hand().to_shap()


# Errors


@pytest.mark.parametrize(
    ("k", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)]
)
def test_bad_k(k, error):
    with pytest.raises(error, match="k"):
        by_hand().top(k)


# The package's own networks


class TestNetworks:
    def test_gradients_promise_no_sum(self, three_classes, one_target):
        shared = {"max_iter": 3, "random_state": 0}
        for network, (X, y), answer in [
            (GradientLassoClassifier(**shared), three_classes, "decision_function"),
            (GradientLassoRegressor(**shared), one_target, "predict"),
        ]:
            explanation = Explanation.from_estimator(
                network.fit(X, y), X, target="output", attribution="gradients"
            )
            slopes = network.explain(X, attribution="gradients")
            np.testing.assert_allclose(explanation.values, slopes)
            np.testing.assert_array_equal(explanation.slopes, explanation.values)
            np.testing.assert_allclose(
                explanation.predictions, getattr(network, answer)(X)
            )
            assert explanation.base_values is None
            assert explanation.additivity_gap is None
        network = GradientLassoClassifier(**shared).fit(*three_classes)
        explanation = Explanation.from_estimator(network, three_classes[0])
        assert explanation.output_names.tolist() == ["a", "b", "c"]

    def test_options_are_those_of_explain(self, three_classes):
        X, y = three_classes
        shared = {"module": "perceptron", "max_iter": 3, "random_state": 0}
        network = GradientLassoClassifier(**shared).fit(X, y)
        options = {"target": "predicted", "attribution": Gradients()}
        explanation = Explanation.from_estimator(network, X, **options)
        np.testing.assert_array_equal(explanation.values, network.explain(X, **options))
        np.testing.assert_allclose(
            explanation.predictions, network.predict_log_proba(X).max(axis=1)
        )
        assert explanation.output_names is None

    def test_integrated_gradients_add_up(self, table):
        network = GradientLassoRegressor(activation="tanh", max_iter=20, random_state=0)
        model = make_pipeline(encode_and_scale(), network).fit(table, table["age"])
        for groups in (None, "onehot"):
            explanation = Explanation.from_estimator(
                model, table, attribution="integrated_gradients", groups=groups
            )
            spread = np.ptp(explanation.predictions)
            np.testing.assert_allclose(
                explanation.additivity_gap, 0, atol=1e-3 * spread
            )
            np.testing.assert_allclose(explanation.predictions, model.predict(table))
