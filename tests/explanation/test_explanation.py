"""Explanation: attributions that add up, with the right names, through pipelines."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.attributions import Gradients
from sklearn_gradlasso.explanation import Explanation

CHECKS = {"accept_sparse": True, "dtype": np.float64, "allow_nd": True}


class Linear(RegressorMixin, BaseEstimator):
    """f(x) = 1 + x w, whose values w (x - mean) add up from f(mean)."""

    def __init__(self, n_outputs=None, complete=True):
        self.n_outputs = n_outputs
        self.complete = complete

    def fit(self, X, y=None):
        X = self._dense(X, reset=True)
        outputs = () if self.n_outputs is None else (self.n_outputs,)
        rng = np.random.default_rng(0)
        self.w_ = rng.standard_normal((*X.shape[1:], *outputs))
        self.mean_ = X.mean(axis=0)
        return self

    def _dense(self, X, reset=False):
        X = validate_data(self, X, reset=reset, **CHECKS)
        return X.toarray() if sp.issparse(X) else X

    def _f(self, x):
        axes = self.mean_.ndim
        return 1 + np.tensordot(x, self.w_, axes=axes)

    def predict(self, X):
        return self._f(self._dense(X))

    def _explained(self, X, *, target=None, attribution=None):
        check_is_fitted(self)
        X = self._dense(X)
        moved = X - self.mean_
        if self.n_outputs is not None:
            moved = moved[..., None]
        base = np.asarray(self._f(self.mean_))
        return SimpleNamespace(
            values=moved * self.w_,
            predictions=self._f(X),
            base_values=base if self.complete else None,
            data=None,
        )


class LinearClassifier(Linear):
    def fit(self, X, y=None):
        self.classes_ = np.arange(10, 10 + (self.n_outputs or 2))
        return super().fit(X)


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 60, 12).astype(float),
            "colour": ["red", "blue", "dark_red"] * 4,
            "colour_dark": ["yes", "no"] * 6,
            "height": rng.standard_normal(12),
        },
        index=[f"row {k}" for k in range(12)],
    )


CODED, SCALED = ["colour", "colour_dark"], ["age", "height"]


def encode_and_scale(**options):
    return ColumnTransformer(
        [("hot", OneHotEncoder(**options), CODED), ("num", StandardScaler(), SCALED)]
    )


def explained(model, X, **options):
    return Explanation.from_estimator(model.fit(X, np.arange(len(X))), X, **options)


# Values, predictions and what adds up


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
    assert explained(LinearClassifier(2), X, target="probs").output_names is None
    assert explained(Linear(2), X).output_names is None
    assert explained(LinearClassifier(), X).output_names is None


# Names and data


def test_names_of_a_network_alone(table):
    frame = table[SCALED]
    assert explained(Linear(), frame).feature_names.tolist() == SCALED
    array = frame.to_numpy()
    assert explained(Linear(), array).feature_names.tolist() == ["x0", "x1"]
    assert explained(Linear(), pd.DataFrame(array)).feature_names[1] == "x1"
    with pytest.warns(UserWarning, match="valid feature names"):
        explanation = Explanation.from_estimator(Linear().fit(frame), array)
    assert explanation.feature_names.tolist() == SCALED


NAMES = [
    "hot__colour_blue",
    "hot__colour_dark_red",
    "hot__colour_red",
    "hot__colour_dark_no",
    "hot__colour_dark_yes",
    "num__age",
    "num__height",
]


@pytest.mark.parametrize("sparse_threshold", [0, 1])
def test_a_pipeline_is_explained_at_its_last_step(table, sparse_threshold):
    columns = encode_and_scale().set_params(sparse_threshold=sparse_threshold)
    model = make_pipeline(columns, Linear())
    explanation = explained(model, table)
    rows = model[:-1].transform(table)
    assert sp.issparse(rows) == bool(sparse_threshold)
    rows = rows.toarray() if sp.issparse(rows) else rows
    assert isinstance(explanation.data, np.ndarray)
    np.testing.assert_array_equal(explanation.data, rows)
    np.testing.assert_array_equal(explanation.values, model[-1]._explained(rows).values)
    np.testing.assert_allclose(explanation.additivity_gap, 0, atol=1e-12)
    assert explanation.feature_names.tolist() == NAMES
    assert explanation.to_frame().index.equals(table.index)


def scaled():
    return StandardScaler()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(scaled(), Linear()),
        make_pipeline(scaled(), make_pipeline(Linear())),
        make_pipeline("passthrough", make_pipeline(scaled(), "passthrough", Linear())),
        make_pipeline(make_pipeline(scaled()), Linear()),
        GridSearchCV(make_pipeline(scaled(), Linear()), {"linear__n_outputs": [None]}),
        make_pipeline(scaled(), GridSearchCV(Linear(), {"n_outputs": [None]})),
        make_pipeline(scaled(), Linear()).set_output(transform="pandas"),
    ],
    ids=range(7),
)
def test_pipelines_and_searches_around_the_same_network(model, table):
    X = table[SCALED]
    expected = explained(Linear(), StandardScaler().fit_transform(X))
    explanation = explained(model, X)
    np.testing.assert_allclose(explanation.values, expected.values)
    np.testing.assert_allclose(explanation.data, expected.data)
    assert explanation.feature_names.tolist() == SCALED


def test_pipelines_that_change_nothing(table):
    for model in (make_pipeline(Linear()), make_pipeline("passthrough", Linear())):
        assert explained(model, table[SCALED]).feature_names.tolist() == SCALED
        unnamed = table[SCALED].to_numpy()
        assert explained(model, unnamed).feature_names.tolist() == ["x0", "x1"]


def test_names_when_a_step_makes_none(table):
    X = table[SCALED]
    model = make_pipeline(FunctionTransformer(np.asarray), Linear())
    assert explained(model, X).feature_names.tolist() == ["x0", "x1"]
    model = make_pipeline(FunctionTransformer(lambda X: X.add_prefix("my ")), Linear())
    assert explained(model, X).feature_names.tolist() == ["my age", "my height"]


def test_text_is_explained_by_word():
    texts = pd.Series(["good film", "bad film", "good"], index=list("abc"))
    explanation = explained(make_pipeline(CountVectorizer(), Linear()), texts)
    assert explanation.feature_names.tolist() == ["bad", "film", "good"]
    assert explanation.data.tolist() == [[0, 1, 1], [1, 1, 0], [0, 0, 1]]
    assert explanation.index.tolist() == ["a", "b", "c"]


# Groups


def test_a_group_is_the_sum_of_its_features(table):
    X = table[SCALED].assign(width=1.0, depth=np.arange(12.0))
    alone = explained(Linear(2), X)
    groups = {"size": ["depth", "height"], "rest": ["width"]}
    grouped = explained(Linear(2), X, groups=groups)
    assert grouped.feature_names.tolist() == ["age", "size", "rest"]
    np.testing.assert_array_equal(grouped.values[:, 0], alone.values[:, 0])
    np.testing.assert_allclose(
        grouped.values[:, 1], alone.values[:, 1] + alone.values[:, 3]
    )
    np.testing.assert_array_equal(grouped.values[:, 2], alone.values[:, 2])
    np.testing.assert_allclose(grouped.additivity_gap, 0, atol=1e-12)
    np.testing.assert_array_equal(grouped.predictions, alone.predictions)


def test_the_data_of_a_named_group_is_the_one_feature_that_is_not_zero():
    X = pd.DataFrame({"a": [1.0, 0, 0, 2], "b": [0, -1.0, 0, 1], "c": [5.0, 6, 7, 8]})
    explanation = explained(Linear(), X, groups={"ab": ["a", "b"]})
    assert explanation.data[:, 0].tolist() == ["a", "b", None, None]
    assert explanation.data[:, 1].tolist() == [5, 6, 7, 8]


def onehot_models():
    hot = [("hot", OneHotEncoder(), CODED)]
    impute = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    nested = ColumnTransformer([("hot", impute, CODED), ("n", scaled(), SCALED)])
    inner = ColumnTransformer([("hot", OneHotEncoder(), [0, 1])], remainder=scaled())
    chosen = ColumnTransformer([("all", "passthrough", CODED + SCALED)])
    union = FeatureUnion([("hot", ColumnTransformer(hot)), ("drop", "drop")])
    plain = [["colour", 3], ["colour_dark", 2], ["num__age", 1], ["num__height", 1]]
    both = plain[:2]
    return {
        "columns": (encode_and_scale(), plain),
        "drop": (encode_and_scale(drop="first"), [["colour", 2], ["colour_dark", 1]]),
        "if_binary": (encode_and_scale(drop="if_binary"), [both[0], [both[1][0], 1]]),
        "rare": (encode_and_scale(max_categories=2), [["colour", 2], both[1]]),
        "rare and drop": (
            encode_and_scale(max_categories=2, drop="first"),
            [["colour", 1], ["colour_dark", 1]],
        ),
        "imputed": (nested, both),
        "of nothing": (ColumnTransformer([("0", OneHotEncoder(), []), *hot]), both),
        "in turn": (make_pipeline(chosen, inner), both),
        "union": (union, both),
        "scaled": (
            make_pipeline(encode_and_scale(), StandardScaler(with_mean=False)),
            plain,
        ),
        "pandas": (
            make_pipeline(
                encode_and_scale(sparse_output=False),
                SelectKBest(f_regression, k="all"),
            ).set_output(transform="pandas"),
            plain,
        ),
    }


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("kind", onehot_models())
def test_onehot_children_return_to_their_column(kind, table):
    transformer, expected = onehot_models()[kind]
    model = make_pipeline(transformer, Linear())
    single = explained(model, table)
    grouped = explained(model, table, groups="onehot")
    start = 0
    for j, (name, size) in enumerate(expected):
        assert grouped.feature_names[j] == name
        total = single.values[:, start : start + size].sum(axis=1)
        np.testing.assert_allclose(grouped.values[:, j], total)
        if name in CODED:
            assert grouped.data[:, j].tolist() == table[name].tolist()
        start += size
    np.testing.assert_allclose(grouped.additivity_gap, 0, atol=1e-12)
    rest = single.feature_names[start:].tolist()
    assert grouped.feature_names[len(expected) :].tolist() == rest


def test_onehot_children_that_are_left_after_a_selection(table):
    hot = ColumnTransformer([("hot", OneHotEncoder(), ["colour"])], remainder="drop")
    y = (table["colour"] == "red").to_numpy() + 0.01 * np.arange(12)
    model = make_pipeline(hot, SelectKBest(f_regression, k=2), Linear()).fit(table, y)
    single = Explanation.from_estimator(model, table)
    grouped = Explanation.from_estimator(model, table, groups="onehot")
    assert len(single.feature_names) == 2
    assert grouped.feature_names.tolist() == ["colour"]
    np.testing.assert_allclose(grouped.values[:, 0], single.values.sum(axis=1))
    assert grouped.data[:, 0].tolist() == table["colour"].tolist()


def test_onehot_of_an_array_without_names():
    X = np.array([[1, 7], [2, 7], [1, 8]])
    explanation = explained(
        make_pipeline(OneHotEncoder(), Linear()), X, groups="onehot"
    )
    assert explanation.feature_names.tolist() == ["x0", "x1"]
    np.testing.assert_array_equal(explanation.data.astype(int), X)


def test_onehot_of_a_column_that_is_not_in_X(table):
    def decade(X):
        return (X[["age"]] // 10).set_axis(["decade"], axis=1)

    step = FunctionTransformer(decade, feature_names_out=lambda *_: ["decade"])
    explanation = explained(
        make_pipeline(step, OneHotEncoder(), Linear()), table, groups="onehot"
    )
    assert explanation.feature_names.tolist() == ["decade"]
    expected = [f"decade_{age // 10}" for age in table["age"]]
    assert explanation.data[:, 0].tolist() == expected


def test_products_of_onehot_columns_are_not_one_of_them(table):
    model = make_pipeline(
        encode_and_scale(),
        PolynomialFeatures(interaction_only=True, include_bias=False),
        Linear(),
    )
    explanation = explained(model, table, groups="onehot")
    names = explanation.feature_names.tolist()
    assert names[:4] == ["colour", "colour_dark", "num__age", "num__height"]
    assert len(names) == 4 + 7 * 6 / 2


def test_onehot_columns_of_one_name():
    X = np.array([["b", "c", 0], ["b_c", "d", 1], ["b", "c", 2]], dtype=object)
    X = pd.DataFrame(X, columns=["a", "a_b", "z"])
    hot = OneHotEncoder(sparse_output=False)
    keep = SelectKBest(f_regression, k=5)
    model = make_pipeline(hot, scaled(), keep, Linear()).fit(X, [0, 1, 0.1])
    single = Explanation.from_estimator(model, X)
    grouped = Explanation.from_estimator(model, X, groups="onehot")
    names = ["a_b", "a_b_c", "a_b_c", "a_b_d", "z_1"]
    assert single.feature_names.tolist() == names
    assert grouped.feature_names.tolist() == ["a", "a_b", "z"]
    np.testing.assert_allclose(grouped.values[:, 1], single.values[:, 2:4].sum(1))
    with pytest.raises(ValueError, match="groups name 'a_b_c', but two features"):
        Explanation.from_estimator(model, X, groups={"mixed": ["a_b_c"]})


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


def by_hand(**fields):
    given = {
        "values": np.array([[1.0, -3.0, 2.0], [0.5, 0.5, -0.1]]),
        "predictions": np.array([1.0, 2.0]),
        "base_values": np.array(1.0),
        "data": np.array([[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]]),
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
    pd.testing.assert_frame_equal(explanation.top(1), expected, check_dtype=False)
    outputs = ["no", "no", "yes", "yes"] * 2
    assert explanation.top(2)["output"].tolist() == outputs
    frame = explanation.to_frame()
    assert frame.columns.names == ["output", "feature"]
    assert frame["yes"].columns.tolist() == ["a", "b"]
    np.testing.assert_array_equal(frame["yes"], values[:, :, 1])


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
        assert len(part.top(1)) == 2 * len(taken)
        np.testing.assert_array_equal(part.base_values, explanation.base_values)
        assert part.output_names.tolist() == ["10", "11"]
    with pytest.raises(IndexError):
        explanation[12]
    with pytest.raises(IndexError):
        explanation[:, 0]
    assert repr(part) == "<Explanation with values of shape (0, 2, 2)>"


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


def test_estimators_that_cannot_be_explained(table):
    X = table[SCALED]
    plain = LinearRegression().fit(X, np.arange(12))
    with pytest.raises(TypeError, match="estimator must explain itself.*LinearRegr"):
        Explanation.from_estimator(make_pipeline(scaled(), plain), X)
    search = GridSearchCV(Linear(), {"n_outputs": [None]}, refit=False)
    with pytest.raises(TypeError, match="refit=True, or a member.*got GridSearchCV"):
        explained(search, X)


@pytest.mark.parametrize(
    "unfitted",
    [Linear(), make_pipeline(scaled(), Linear()), GridSearchCV(Linear(), {})],
    ids=["network", "pipeline", "search"],
)
def test_estimators_that_are_not_fitted(unfitted):
    with pytest.raises(NotFittedError):
        Explanation.from_estimator(unfitted, np.eye(3))


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ({"all": ["age", "weight"]}, ValueError, "'all'.*'weight'.*'age', 'height'"),
        ({"all": []}, ValueError, "groups\\['all'\\] must name features"),
        ({"a": ["age"], "b": ["age"]}, ValueError, "name 'age' twice"),
        ({"a": ["age", "age"]}, ValueError, "name 'age' twice"),
        ({"height": ["age"]}, ValueError, "'height'.*outside of the group"),
        ({"all": "age"}, TypeError, "must be a list of feature names, got 'age'"),
        ({"all": 3}, TypeError, "must be a list of feature names, got 3"),
        ("one-hot", TypeError, "groups must be a dict.*got 'one-hot'"),
        (["age"], TypeError, "groups must be a dict"),
        ("onehot", ValueError, "found no feature that is a column of a OneHotEncoder"),
    ],
)
def test_bad_groups(groups, error, message, table):
    for model in (Linear(), make_pipeline(scaled(), Linear())):
        with pytest.raises(error, match=message):
            explained(model, table[SCALED], groups=groups)


def test_onehot_that_cannot_be_followed(table):
    unnamed = make_pipeline(OneHotEncoder(), FunctionTransformer(), Linear())
    with pytest.raises(ValueError, match="names that each step.*groups as a dict"):
        explained(unnamed, table[CODED], groups="onehot")
    mixed = make_pipeline(OneHotEncoder(sparse_output=False), PCA(2), Linear())
    with pytest.raises(ValueError, match="found no feature"):
        explained(mixed, table[CODED], groups="onehot")
    twice = ColumnTransformer(
        [("a", OneHotEncoder(), ["age"]), ("b", "passthrough", ["age"])],
        verbose_feature_names_out=False,
    )
    with pytest.raises(ValueError, match="'age', but this is a feature outside"):
        explained(make_pipeline(twice, Linear()), table, groups="onehot")


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
            explanation = Explanation.from_estimator(network.fit(X, y), X)
            np.testing.assert_array_equal(explanation.values, network.explain(X))
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
        network = GradientLassoClassifier(max_iter=3, random_state=0).fit(X, y)
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
