"""Annotations and signs by columns of X, held against what moves when a column does."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)

from sklearn_gradlasso import (
    RRRClassifier,
    RRRRegressor,
    annotations_for,
    monotonic_cst_for,
)

RNG = np.random.default_rng(0)
N = 90
TABLE = pd.DataFrame(
    {
        "health": np.resize(["good", "bad", "fair", "good"], N),
        "health_ins": np.resize(["yes", "no", "yes"], N),
        "age": np.where(RNG.random(N) < 0.8, RNG.integers(20, 60, N), np.nan),
        "nodes": RNG.integers(0, 20, N).astype(float),
        "pay": RNG.lognormal(size=N),
    }
)
Y = RNG.integers(2, size=N)
CODED, NUMBERS = ["health", "health_ins"], ["age", "nodes", "pay"]
BINS = KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")


def numbers():
    return make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())


def transformers():
    num, cat = ("num", numbers(), NUMBERS), ("cat", OneHotEncoder(), CODED)
    plain = ColumnTransformer([num, cat])
    bare = ColumnTransformer([num, cat], verbose_feature_names_out=False)
    dropping = ("cat", OneHotEncoder(drop="first"), CODED)
    rare = ("cat", OneHotEncoder(min_frequency=0.3), CODED)
    twice = [num, ("bins", BINS, ["nodes"]), ("cat", OrdinalEncoder(), CODED)]
    inner = ColumnTransformer([("n", numbers(), [0, 1])], remainder="passthrough")
    several = [("a", ColumnTransformer([num])), ("b", ColumnTransformer([num, cat]))]
    return {
        "plain": plain,
        "bare": bare,
        "dropping": ColumnTransformer([num, dropping]),
        "rare": ColumnTransformer([rare, num]),
        "bins": ColumnTransformer(twice),
        "target": ColumnTransformer([("cat", TargetEncoder(), CODED), num]),
        "nested": ColumnTransformer([cat, ("in", inner, NUMBERS)]),
        "union": FeatureUnion(several),
        "scaled": make_pipeline(plain, StandardScaler(with_mean=False)),
        "selected": make_pipeline(bare, SelectKBest(f_classif, k=5)),
    }


def moved_by(transformer, name) -> np.ndarray:
    """The features that move when the values of a column are exchanged."""
    before, after = transformer.transform(TABLE), np.zeros(1)
    for seed in range(2):
        other = TABLE[name].sample(frac=1, random_state=seed).to_numpy()
        after = after + abs(
            transformer.transform(TABLE.assign(**{name: other})) - before
        )
    after = after.toarray() if hasattr(after, "toarray") else np.asarray(after)
    return (after > 0).any(axis=0)


@pytest.mark.parametrize(
    ("kind", "fitted"),
    [*((kind, False) for kind in transformers()), ("plain", True), ("target", True)],
)
def test_a_column_is_all_that_moves_with_it(kind, fitted):
    pipeline = make_pipeline(transformers()[kind], RRRClassifier(max_iter=1))
    transformer = clone(pipeline[:-1]).fit(TABLE, Y)
    if fitted:
        pipeline.fit(TABLE, Y)
        transformer = pipeline[:-1]
    moved = {name: moved_by(transformer, name) for name in TABLE}
    for name in TABLE:
        if not moved[name].any():
            with pytest.raises(ValueError, match="drop it"):
                annotations_for(pipeline, TABLE, [name], y=Y)
            continue
        found = annotations_for(pipeline, TABLE, [name], y=Y)
        assert found.dtype == bool
        np.testing.assert_array_equal(found, moved[name], err_msg=name)
    named = [name for name in TABLE if moved[name].any()]
    both = annotations_for(pipeline, TABLE, {named[0]: 2, named[1]: 0.5}, y=Y)
    np.testing.assert_array_equal(both, 2.0 * moved[named[0]] + 0.5 * moved[named[1]])


def test_a_frame_has_a_weight_for_each_row_and_column():
    weights = RNG.random((N, 2))
    frame = pd.DataFrame(weights, columns=["pay", "health"])
    pipeline = make_pipeline(transformers()["plain"], RRRClassifier(max_iter=1))
    found = annotations_for(pipeline, TABLE, frame)
    transformer = pipeline[:-1].fit(TABLE)
    pay, health = moved_by(transformer, "pay"), moved_by(transformer, "health")
    np.testing.assert_array_equal(found, weights[:, :1] * pay + weights[:, 1:] * health)
    pipeline.fit(TABLE, Y, rrrclassifier__annotations=found)


def test_a_category_without_rows_belongs_to_its_column():
    jobs = ["bad", "fair", "good", "unknown"]
    hot = OneHotEncoder(categories=[jobs, ["no", "yes"]])
    pipeline = make_pipeline(make_column_transformer((hot, CODED)), RRRClassifier())
    found = annotations_for(pipeline, TABLE, ["health"])
    assert found.tolist() == [True] * 4 + [False] * 2


def test_wrappers_and_arrays():
    pipeline = make_pipeline(StandardScaler(), RRRClassifier(max_iter=1))
    X = TABLE[["nodes", "pay"]].to_numpy()
    expected = [False, True]
    search = GridSearchCV(pipeline, {"rrrclassifier__lam": [0.1]}, cv=2)
    for model in (pipeline, search, make_pipeline(StandardScaler(), pipeline)):
        assert annotations_for(model, X, ["x1"]).tolist() == expected
        assert not hasattr(model, "n_features_in_")
    for model in (search.fit(X, Y), FrozenEstimator(pipeline.fit(X, Y))):
        assert annotations_for(model, X, ["x1"]).tolist() == expected
    alone = annotations_for(RRRClassifier(), TABLE[["nodes", "pay"]], ["pay"])
    assert alone.tolist() == expected


def test_what_is_ruled_out_is_not_used():
    y = np.where(TABLE["nodes"] > 16, TABLE["pay"] > 1, TABLE["health"] == "good")
    encode = ColumnTransformer(
        [("num", numbers(), NUMBERS), ("cat", OneHotEncoder(), CODED)]
    )
    params = {"lam": 30.0, "max_iter": 200, "random_state": 0}
    model = make_pipeline(encode, RRRClassifier(module="perceptron", **params))
    vector = annotations_for(model, TABLE, ["health"])

    def slopes(**given):
        rows = model.fit(TABLE, y, **given)[:-1].transform(TABLE)
        return np.abs(model[-1].explain(rows, target="training")).mean(axis=0)

    unaware, aware = slopes(), slopes(rrrclassifier__annotations=vector)
    assert vector.sum() == 3
    assert (aware[vector] < 0.02 * unaware[vector]).all()


# Signs


def falling(X):
    return -X


def test_a_sign_is_about_the_column():
    parts = [
        ("down", FunctionTransformer(falling), ["pay"]),
        ("up", numbers(), ["age", "nodes"]),
        ("cat", OneHotEncoder(), CODED),
    ]
    pipeline = make_pipeline(ColumnTransformer(parts), RRRRegressor())
    signs = {"pay": 1, "age": -1, "health": 0}
    found = monotonic_cst_for(pipeline, TABLE, signs)
    assert found.dtype.kind == "i"
    assert found.tolist() == [-1, -1, 0, 0, *[0] * 5]


def test_the_answer_follows_the_sign():
    y = np.sin(TABLE["pay"].to_numpy() * 2) + 0.1 * TABLE["nodes"].to_numpy()
    down = make_pipeline(FunctionTransformer(falling), StandardScaler())
    encode = make_column_transformer((down, ["pay"]), (StandardScaler(), ["nodes"]))
    network = RRRRegressor(module="perceptron", max_iter=200, random_state=0)
    model = make_pipeline(encode, network)
    model.set_params(
        rrrregressor__monotonic_cst=monotonic_cst_for(model, TABLE, {"pay": 1})
    )
    model.fit(TABLE, y)
    more = TABLE.assign(pay=TABLE["pay"] + 0.05)
    assert (model.predict(more) - model.predict(TABLE)).min() > -0.02


@pytest.mark.parametrize(
    ("transformer", "message"),
    [
        (OneHotEncoder(), "categories"),
        (BINS, "cut into bins"),
        (OrdinalEncoder(), "derivative is not known"),
        (FeatureUnion([("n", StandardScaler()), ("b", BINS)]), "cut into bins"),
        (FunctionTransformer(lambda X: (X - 10) ** 2), "rises in some rows and falls"),
    ],
)
def test_a_sign_that_holds_for_no_feature(transformer, message):
    model = make_pipeline(
        make_column_transformer((transformer, ["nodes"])), RRRRegressor()
    )
    with pytest.raises(ValueError, match=f"No sign holds.*'nodes'.*{message}"):
        monotonic_cst_for(model, TABLE, {"nodes": 1})


def test_a_quantile_transformer_rises():
    step = QuantileTransformer(n_quantiles=20)
    model = make_pipeline(make_column_transformer((step, ["nodes"])), RRRRegressor())
    assert monotonic_cst_for(model, TABLE, {"nodes": -1}).tolist() == [-1]


# Errors


@pytest.mark.parametrize(
    ("transformer", "name", "message"),
    [
        (make_column_transformer((PCA(2), ["nodes", "pay"])), "pay", "mix.*PCA"),
        (make_column_transformer((numbers(), ["nodes"])), "pay", "drop it"),
        (make_column_transformer((numbers(), ["nodes"])), "wage", "one column of X"),
        (
            make_column_transformer((PCA(2), ["nodes", "pay"]), (numbers(), ["pay"])),
            "pay",
            "also goes into.*PCA",
        ),
        (
            make_column_transformer((PolynomialFeatures(), ["nodes", "pay"])),
            "pay",
            "mix|also goes into",
        ),
        (
            make_column_transformer((KNNImputer(), ["age", "pay"])),
            "pay",
            "also goes into.*imputer",
        ),
    ],
)
def test_columns_that_cannot_be_told_apart(transformer, name, message):
    model = make_pipeline(transformer, RRRClassifier())
    with pytest.raises(ValueError, match=f"'{name}'.*{message}|{message}.*"):
        annotations_for(model, TABLE, [name])
    with pytest.raises(ValueError, match=f"'{name}'"):
        monotonic_cst_for(model, TABLE, {name: 1})


class Rotation(TransformerMixin, BaseEstimator):
    """A transformer of a kind that is not known, and without names."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X) @ [[0.6, 0.8], [-0.8, 0.6]]

    def __sklearn_is_fitted__(self):
        return True


def test_a_feature_without_a_name_is_no_column():
    model = make_pipeline(Rotation(), RRRClassifier())
    X = TABLE[["nodes", "pay"]].to_numpy()
    for each in (annotations_for, monotonic_cst_for):
        with pytest.raises(ValueError, match="'x1' alone.*mix it with others"):
            each(model, X, {"x1": 1})


def test_values_that_are_no_weights_or_signs():
    model = make_pipeline(StandardScaler(), RRRClassifier())
    X = TABLE[["nodes", "pay"]]
    for names in ("pay", [True, False], None):
        with pytest.raises(ValueError, match="names must be a list of names"):
            annotations_for(model, X, names)
    with pytest.raises(ValueError, match="must not be negative.*monotonic_cst_for"):
        annotations_for(model, X, {"pay": -1})
    with pytest.raises(ValueError, match="'pay'.*constant in X"):
        monotonic_cst_for(model, X.assign(pay=1.0), {"pay": 1})
    with pytest.raises(ValueError, match=r"signs\['pay'\] must be -1, 0 or 1, got 2"):
        monotonic_cst_for(model, X, {"pay": 2})


def test_an_encoder_that_saw_fewer_categories_is_refused_with_the_way_out():
    first, rest = TABLE.iloc[:30], TABLE.assign(health="good").iloc[30:]
    model = make_pipeline(make_column_transformer((OneHotEncoder(), CODED)))
    model.steps.append(("net", RRRClassifier(max_iter=1)))
    vector = annotations_for(model, first, ["health"])
    with pytest.raises(ValueError, match="categories has all of them.*set_output"):
        model.fit(rest, Y[30:], net__annotations=vector)
