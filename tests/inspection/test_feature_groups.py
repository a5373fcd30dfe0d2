"""Groups of columns, and the one-hot features of a column."""

import numpy as np
import pandas as pd
import pytest
from helpers.linear_stand_in import (
    CODED,
    SCALED,
    Linear,
    encode_and_scale,
    explained,
    make_table,
    scaled,
)
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from sklearn_gradlasso.explanation import Explanation


@pytest.fixture
def table():
    return make_table()


def of_features(model, X):
    """Names of the features that the network sees, and their attributions."""
    rows = model[:-1].transform(X)
    return model[:-1].get_feature_names_out().tolist(), model[-1]._explained(
        rows
    ).values


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
    X = pd.DataFrame({"a": [1.0, 0, 0, 1], "b": [0, 1.0, 0, 1], "c": [5.0, 6, 7, 8]})
    explanation = explained(Linear(), X, groups={"ab": ["a", "b"]})
    assert explanation.data[:, 0].tolist() == ["a", "b", None, None]
    assert explanation.data[:, 1].tolist() == [5, 6, 7, 8]


def test_a_column_stands_for_all_that_is_made_of_it(table):
    table = table.assign(age=np.where(np.arange(12) % 5, table["age"], np.nan))
    impute = make_pipeline(SimpleImputer(add_indicator=True), scaled())
    encoder = ColumnTransformer(
        [("hot", OneHotEncoder(), CODED), ("n", impute, SCALED)]
    )
    model = make_pipeline(encoder, Linear())
    groups = {"who": ["age", "colour_dark"], "size": ["n__height"]}
    grouped = explained(model, table, groups=groups)
    assert grouped.feature_names.tolist() == ["who", "colour", "size"]
    names, phi = of_features(model, table)
    made = ["hot__colour_dark_no", "hot__colour_dark_yes", "n__age"]
    ours = [names.index(name) for name in [*made, "n__missingindicator_age"]]
    np.testing.assert_allclose(grouped.values[:, 0], phi[:, ours].sum(axis=1))
    np.testing.assert_allclose(grouped.values[:, 2], phi[:, names.index("n__height")])
    np.testing.assert_array_equal(grouped.missing[:, 0], table["age"].isna())
    assert grouped.data[1, 0] == (table["age"].iloc[1], "no")
    with pytest.raises(ValueError, match="'n__age' twice, by itself and by its column"):
        explained(model, table, groups={"a": ["age"], "b": ["n__age"]})
    with pytest.raises(ValueError, match="'dark'.*some of the features.*'colour_dark'"):
        explained(model, table, groups={"dark": ["hot__colour_dark_no"]})


def test_an_unknown_name_is_answered_with_the_columns_of_the_table(table):
    model = make_pipeline(encode_and_scale(), Linear())
    message = r"got \['Age'\]; the columns are \['.*'age'.*the features are"
    with pytest.raises(ValueError, match=message):
        explained(model, table, groups={"who": ["Age"]})


def test_a_name_of_a_column_and_of_a_feature_of_another_one(table):
    table = table.assign(colour=table["colour"].replace("dark_red", "dark"))
    hot = ColumnTransformer(
        [("hot", OneHotEncoder(), CODED)], verbose_feature_names_out=False
    )
    model = make_pipeline(hot, Linear())
    message = "'colour_dark', which is a column of X and a feature.*'colour_dark_no'"
    with pytest.raises(ValueError, match=message):
        explained(model, table, groups={"dark": ["colour_dark"]})


def onehot_models():
    hot = [("hot", OneHotEncoder(), CODED)]
    impute = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    nested = ColumnTransformer([("hot", impute, CODED), ("n", scaled(), SCALED)])
    inner = ColumnTransformer([("hot", OneHotEncoder(), [0, 1])], remainder=scaled())
    chosen = ColumnTransformer([("all", "passthrough", CODED + SCALED)])
    union = FeatureUnion([("hot", ColumnTransformer(hot)), ("drop", "drop")])
    plain = {"colour": 3, "colour_dark": 2, "age": 1, "height": 1}
    both = {"colour": 3, "colour_dark": 2}
    numbers = {"age": 1, "height": 1}
    return {
        "columns": (encode_and_scale(), plain),
        "drop": (
            encode_and_scale(drop="first"),
            {"colour": 2, "colour_dark": 1, **numbers},
        ),
        "if_binary": (encode_and_scale(drop="if_binary"), {**plain, "colour_dark": 1}),
        "rare": (encode_and_scale(max_categories=2), {**plain, "colour": 2}),
        "rare and drop": (
            encode_and_scale(max_categories=2, drop="first"),
            {"colour": 1, "colour_dark": 1, **numbers},
        ),
        "imputed": (nested, plain),
        "of nothing": (ColumnTransformer([("0", OneHotEncoder(), []), *hot]), both),
        "in turn": (make_pipeline(chosen, inner), plain),
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
def test_onehot_features_belong_to_their_column(kind, table):
    transformer, sizes = onehot_models()[kind]
    model = make_pipeline(transformer, Linear())
    found = explained(model, table)
    assert found.feature_names.tolist() == [name for name in table if name in sizes]
    _, phi = of_features(model, table)
    start = 0
    for name, size in sizes.items():
        j = found.feature_names.tolist().index(name)
        total = phi[:, start : start + size].sum(axis=1)
        np.testing.assert_allclose(found.values[:, j], total)
        assert found.data[:, j].tolist() == table[name].tolist()
        start += size
    assert start == phi.shape[1]
    np.testing.assert_allclose(found.additivity_gap, 0, atol=1e-12)
    grouped = Explanation.from_estimator(model, table, groups="onehot")
    np.testing.assert_array_equal(grouped.values, found.values)
    assert grouped.feature_names.tolist() == found.feature_names.tolist()


def test_onehot_features_that_are_left_after_a_selection(table):
    hot = ColumnTransformer([("hot", OneHotEncoder(), ["colour"])], remainder="drop")
    y = (table["colour"] == "red").to_numpy() + 0.01 * np.arange(12)
    model = make_pipeline(hot, SelectKBest(f_regression, k=2), Linear()).fit(table, y)
    found = Explanation.from_estimator(model, table)
    names, phi = of_features(model, table)
    assert len(names) == 2
    assert found.feature_names.tolist() == ["colour"]
    np.testing.assert_allclose(found.values[:, 0], phi.sum(axis=1))
    assert found.data[:, 0].tolist() == table["colour"].tolist()


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
    assert explanation.data[:, 0].tolist() == (table["age"] // 10).tolist()


def test_products_of_onehot_columns_belong_to_no_column(table):
    products = PolynomialFeatures(interaction_only=True, include_bias=False)
    model = make_pipeline(encode_and_scale(), products, Linear())
    with pytest.raises(ValueError, match="found no feature"):
        explained(model, table, groups="onehot")


def test_onehot_columns_of_one_name():
    X = np.array([["b", "c", 0], ["b_c", "d", 1], ["b", "c", 2]], dtype=object)
    X = pd.DataFrame(X, columns=["a", "a_b", "z"])
    hot = OneHotEncoder(sparse_output=False)
    keep = SelectKBest(f_regression, k=5)
    model = make_pipeline(hot, scaled(), keep, Linear()).fit(X, [0, 1, 0.1])
    names, phi = of_features(model, X)
    assert names == ["a_b", "a_b_c", "a_b_c", "a_b_d", "z_1"]
    for groups in (None, "onehot"):
        found = Explanation.from_estimator(model, X, groups=groups)
        assert found.feature_names.tolist() == ["a", "a_b", "z"]
        np.testing.assert_allclose(found.values[:, 1], phi[:, 2:4].sum(1))
    with pytest.raises(ValueError, match="groups name 'a_b_c', but two features"):
        Explanation.from_estimator(model, X, groups={"mixed": ["a_b_c"]})


# Errors


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ({"all": ["age", "weight"]}, ValueError, "'all'.*'weight'.*'age', 'height'"),
        ({"all": ["weight"]}, ValueError, "columns of X or.*set_output"),
        ({"all": []}, ValueError, "groups\\['all'\\] must name columns"),
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


def test_onehot_is_followed_through_a_step_that_gives_no_names(table):
    unnamed = make_pipeline(OneHotEncoder(), FunctionTransformer(), Linear())
    grouped = explained(unnamed, table[CODED], groups="onehot")
    assert grouped.feature_names.tolist() == CODED


def test_onehot_that_cannot_be_followed(table):
    mixed = make_pipeline(OneHotEncoder(sparse_output=False), PCA(2), Linear())
    with pytest.raises(ValueError, match="found no feature"):
        explained(mixed, table[CODED], groups="onehot")
    twice = ColumnTransformer(
        [("a", OneHotEncoder(), ["age"]), ("b", "passthrough", ["age"])],
        verbose_feature_names_out=False,
    )
    with pytest.raises(ValueError, match="'age', but this is a feature outside"):
        explained(make_pipeline(twice, Linear()), table, groups="onehot")
