"""Names of features beside names of ours, and beside those of columns of X."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRClassifier,
    SensitivitySelector,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.explanation import Explanation, reason_codes
from sklearn_gradlasso.inspection.feature_names import headings
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    lag_importance,
    local_importance,
    noise_floor,
)

OURS = [
    *("lam", "score", "loss", "effective_columns", "effective_features"),
    *("importance", "feature", "row", "value", "base_value", "data", "index"),
    *("rank", "output", "lag", "lower", "upper", "first", "second", "p_value"),
    *("significant", "column", "effect", "words", "change", "changed_decisions"),
    "wrong_signs",
]


def quick(kind=GradientLassoClassifier, **params):
    shared = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    return kind(**{**shared, **params})


@pytest.fixture(scope="module")
def table():
    """A table whose columns all have names that tables of ours have too."""
    rng = np.random.default_rng(0)
    names = [*OURS, "all ruled out"]
    X = pd.DataFrame(rng.normal(size=(80, len(names))), columns=names)
    return X.rename_axis(index="row"), (X["lam"] > 0).to_numpy()


def test_headings_are_there_once():
    assert headings(["a", "b"]).tolist() == ["a", "b"]
    assert headings(["a", "lam"], ["lam"]).tolist() == ["a", "feature lam"]
    assert headings(["a", "a", "a"]).tolist() == [
        "a",
        "feature a",
        "feature feature a",
    ]
    found = headings(["lam", "feature lam"], ["lam"]).tolist()
    assert found == ["feature feature lam", "feature lam"]
    assert headings([]).tolist() == []


def test_paths_of_a_table_with_our_names(table):
    X, y = table[0][OURS[:9]], table[1]
    path = lambda_path(quick(), X, y, lams=[0.1, 0.2])
    frame = path.to_frame()
    assert frame.columns.is_unique
    np.testing.assert_array_equal(frame["lam"], path.lams)
    np.testing.assert_array_equal(frame["score"], path.scores)
    np.testing.assert_array_equal(frame["feature lam"], path.importances[:, 0])
    np.testing.assert_array_equal(frame["row"], path.importances[:, OURS.index("row")])
    stable = stability_selection(quick(), X, y, lams=[0.1], n_subsamples=2)
    frame = stable.to_frame()
    assert frame.columns.is_unique
    np.testing.assert_array_equal(frame["lam"], stable.lams)
    np.testing.assert_array_equal(frame["feature lam"], stable.frequencies[:, 0])


def test_explanations_of_a_table_with_our_names(table):
    X, y = table
    explanation = Explanation.from_estimator(quick().fit(X, y), X[:5])
    frame = explanation.to_frame()
    assert frame.columns.tolist() == X.columns.tolist()
    np.testing.assert_array_equal(frame, explanation.values)
    top = explanation.top(1)
    largest = np.abs(explanation.values).argmax(axis=1)
    assert top["feature"].tolist() == X.columns[largest].tolist()
    codes = reason_codes(explanation, words={"row": "the row is {value}"})
    own = ["row", "rank", "column", "value", "effect", "words"]
    assert codes.columns.tolist() == own
    assert set(codes["column"]) <= set(X.columns)


def test_importances_of_a_table_with_our_names(table):
    X, y = table
    model = quick().fit(X, y)
    found = global_importance(model, X)
    frame = found.to_frame().set_index("feature")["importance"]
    assert frame["importance"] == found.importances[OURS.index("importance")]
    local = local_importance(model, X[:3])
    frame = local.to_frame()
    assert frame.columns.tolist() == X.columns.tolist()
    np.testing.assert_array_equal(frame, local.importances)
    pairs = interaction_importance(model, X[:9], finite_difference=0.5).to_frame()
    assert {*pairs["first"], *pairs["second"]} == {*X.columns}
    floor = noise_floor(quick(), X, y, n_repeats=2, random_state=0).to_frame()
    assert floor["feature"].tolist() == X.columns.tolist()
    kept = SensitivitySelector(model, prefit=True, max_features=3).fit(X)
    assert set(kept.get_feature_names_out()) <= set(X.columns)


def test_obedience_of_a_column_with_the_name_of_our_line(table):
    X, y = table
    ruled_out = {"all ruled out": 1.0, "change": 1.0}
    record = quick(RRRClassifier).fit(X, y, annotations=ruled_out).obedience_
    frame = record.to_frame()
    assert frame.index.is_unique
    k = record.feature_names.index("all ruled out")
    assert frame.loc["feature all ruled out", "change"] == record.change[k]
    assert frame.loc["all ruled out", "change"] == record.joint_change


def test_lags_of_features_with_our_names():
    X = np.random.default_rng(0).normal(size=(40, 4, 3))
    model = quick(GradientLassoRegressor, module=RecurrentNet).fit(X, X[:, -1, 0])
    lags = lag_importance(model, X, feature_names=["lag", "importance", "other"])
    frame = lags.to_frame()
    own = ["lag", "importance", "feature lag", "feature importance", "other"]
    assert frame.columns.tolist() == own
    np.testing.assert_array_equal(frame["importance"], lags.importances)
    np.testing.assert_array_equal(frame["feature lag"], lags.by_feature[:, 0])


# Numbers that stand for names


def mixing():
    return FunctionTransformer(lambda X: np.asarray(X) @ [[1, 1], [1, -1]])


def test_numbers_are_never_names_of_other_columns():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=["x1", "a", "b", "x0"])
    y = X["a"] > 0
    for mix in (mixing(), PCA(2)):
        steps = [("k", StandardScaler(), ["x1"]), ("m", mix, ["a", "b"])]
        model = make_pipeline(ColumnTransformer(steps), quick()).fit(X, y)
        explanation = Explanation.from_estimator(model, X[:5])
        names = explanation.feature_names.tolist()
        assert names[0] == "x1" and len({*names, *X.columns}) == len(X.columns) + 2
        reported = global_importance(model, X).feature_names.tolist()
        assert {"x0", "x1"}.isdisjoint(reported) and len({*reported}) == 3


@pytest.mark.parametrize("named", [False, True])
def test_mixed_columns_are_not_selected_under_numbers(named):
    X = np.random.default_rng(0).normal(size=(60, 2))
    X, y = pd.DataFrame(X, columns=["x0", "x1"]) if named else X, X[:, 0] > 0
    with pytest.raises(ValueError, match="not the 2 columns of X one by one"):
        SensitivitySelector(make_pipeline(mixing(), quick())).fit(X, y)


@pytest.mark.parametrize(
    "columns",
    [
        [3, 1, 2, 0],
        pd.MultiIndex.from_product([["a", "b"], ["u", "v"]]),
        pd.date_range("2026", periods=4),
    ],
    ids=["integers", "tuples", "dates"],
)
def test_columns_that_are_no_texts_get_numbers(columns):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 4)), columns=columns)
    y = X.to_numpy()[:, 0] > 0
    numbers = ["x0", "x1", "x2", "x3"]
    for model in (quick(), make_pipeline(StandardScaler(), quick())):
        explanation = Explanation.from_estimator(model.fit(X, y), X)
        assert explanation.to_frame().columns.tolist() == numbers
        assert global_importance(model, X).feature_names.tolist() == numbers
    path = lambda_path(quick(), X, y, lams=[0.1])
    assert path.to_frame().columns.tolist()[-4:] == numbers
    selector = SensitivitySelector(quick(), max_features=1).fit(X, y)
    assert selector.get_feature_names_out()[0] in numbers


def test_columns_of_the_same_name_are_refused():
    X = pd.DataFrame(np.eye(4), columns=list("aabc"))
    for fit in (
        lambda: quick(GradientLassoRegressor).fit(X, [1.0, 2.0, 3.0, 4.0]),
        lambda: SensitivitySelector(quick()).fit(X, [0, 1, 0, 1]),
        lambda: lambda_path(quick(), X, [0, 1, 0, 1], lams=[0.1]),
    ):
        with pytest.raises(Exception, match="unique"):
            fit()
