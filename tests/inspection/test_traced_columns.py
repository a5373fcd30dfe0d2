"""Columns of the user's table, traced through transformers to the network."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from helpers.linear_stand_in import Linear
from helpers.traced_pipelines import (
    CODES,
    NUMBERS,
    Reversed,
    finite_differences,
    make_table,
    random_pipeline,
    softsign,
    traced_columns,
)
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from sklearn_gradlasso import GradientLassoClassifier
from sklearn_gradlasso.explanation import OutputColumn, register_transformer
from sklearn_gradlasso.inspection.open_model import open_model


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def positive(rng, n=40, d=3):
    return pd.DataFrame(
        0.1 + rng.exponential(size=(n, d)), columns=[f"c{j}" for j in range(d)]
    )


def named(columns):
    return {column.name: column for column in columns}


def check_slopes(transformer, X, tolerance=1e-4):
    """Against differences of the transform, at cells that are not missing.

    Nothing else moves with a column, but what steps have mixed, and imputed values of
    others in rows where the column is shared.
    """
    columns = traced_columns(transformer, X)
    positions = np.concatenate([column.positions for column in columns])
    assert sorted(positions.tolist()) == list(range(len(positions)))
    own = {each.name: each for each in columns if each.name in X}
    mixed = [k for each in columns if each.name not in X for k in each.positions]
    numbers = [name for name in X if X[name].dtype.kind == "f"]
    for name, slopes in finite_differences(transformer, X, numbers).items():
        seen, still = X[name].notna().to_numpy(), np.ones(len(X), dtype=bool)
        mine = []
        if name in own:
            column, mine = own[name], own[name].positions
            np.testing.assert_array_equal(column.missing, ~seen)
            np.testing.assert_array_equal(column.values, X[name])
            expected = np.broadcast_to(column.derivative, (len(X), len(mine)))
            assert np.isfinite(expected).all() and (expected[~seen] == 0).all()
            size = np.abs(expected).max(initial=0)
            error = np.abs(slopes[:, mine] - expected)[seen]
            assert (error <= tolerance * (np.abs(expected[seen]) + 0.01 * size)).all()
            still = ~column.shared
        others = np.setdiff1d(np.arange(len(positions)), [*mine, *mixed]).astype(int)
        elsewhere = slopes[np.ix_(seen & still, others)]
        assert np.nanmax(np.abs(elsewhere), initial=0) < 1e-6
    return columns


ONE_TO_ONE = {
    "standard": StandardScaler(),
    "scale alone": StandardScaler(with_mean=False),
    "nothing": StandardScaler(with_mean=False, with_std=False),
    "min-max": MinMaxScaler((-2, 3)),
    "clipped": MinMaxScaler(clip=True),
    "max-abs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "quantiles": QuantileTransformer(n_quantiles=13),
    "normal": QuantileTransformer(n_quantiles=40, output_distribution="normal"),
    "yeo-johnson": PowerTransformer(),
    "box-cox": PowerTransformer("box-cox", standardize=False),
    "logarithm": FunctionTransformer(np.log1p, inverse_func=np.expm1),
    "root": FunctionTransformer(np.sqrt),
    "magnitude": FunctionTransformer(np.abs),
    "other ufunc": FunctionTransformer(np.arcsinh),
    "ufunc without a formula": FunctionTransformer(np.deg2rad),
    "own function": FunctionTransformer(softsign),
    "of a frame": FunctionTransformer(lambda X: X.clip(0.3, 1.0).assign(c1=X["c1"])),
    "with arguments": FunctionTransformer(np.clip, kw_args={"a_min": 0, "a_max": 1}),
    "identity": FunctionTransformer(),
    "frozen": FrozenEstimator(StandardScaler()),
    "selected": VarianceThreshold(),
    "union": FeatureUnion([("a", StandardScaler()), ("b", "passthrough")]),
    "splines": SplineTransformer(),
    "periodic": SplineTransformer(extrapolation="periodic", sparse_output=True),
    "linear": SplineTransformer(
        degree=1, include_bias=False, extrapolation="linear", knots="quantile"
    ),
}


@pytest.mark.parametrize("kind", ONE_TO_ONE)
def test_slopes_of_a_transformer(kind, rng):
    X = positive(rng)
    step = ONE_TO_ONE[kind]
    inside = step.estimator if kind == "frozen" else step
    inside.fit(X)
    columns = check_slopes(step, positive(rng))
    assert [column.name for column in columns] == ["c0", "c1", "c2"]
    assert all(column.is_number and not column.shared.any() for column in columns)


def test_splines_that_end_at_their_knots(rng):
    X = positive(rng)
    step = SplineTransformer(extrapolation="error").fit(X)
    inside = X.median().to_frame().T + 0.01
    check_slopes(step, pd.concat([inside, inside * 1.1], ignore_index=True))
    columns = traced_columns(step, X)
    assert all(np.isfinite(column.derivative).all() for column in columns)


def test_powers_of_one_column(rng):
    X = positive(rng, d=1)
    (column,) = check_slopes(PolynomialFeatures(3).fit(X), X)
    assert column.name == "c0" and len(column.positions) == 4


def test_quantiles_that_values_share():
    X = pd.DataFrame({"count": [0.0, 0, 0, 0, 1, 1, 2, 2, 3, 5]})
    step = QuantileTransformer(n_quantiles=10).fit(X)
    (column,) = traced_columns(step, pd.DataFrame({"count": [0.0, 1, 2, 4, 6]}))
    # Where the function jumps: the mean slope between the neighbours, whose levels are
    # 0, 4.5, 6.5, 8 and 9 ninths at 0, 1, 2, 3 and 5.
    expected = np.array([4.5, 6.5 / 2, (8 - 4.5) / 2, 1 / 2, 0]) / 9
    np.testing.assert_allclose(column.derivative[:, 0], expected)


def test_a_scaler_that_clips_is_flat_outside(rng):
    X = positive(rng, d=1)
    scaler = MinMaxScaler(clip=True).fit(X)
    ends = [-1.0, X["c0"].min(), 1.0, X["c0"].max(), 99.0]
    (column,) = traced_columns(scaler, pd.DataFrame({"c0": ends}))
    shares = column.derivative[:, 0] / scaler.scale_
    assert shares.tolist() == [0, 0.5, 1, 0.5, 0]


ENCODERS = {
    "one-hot": (OneHotEncoder(), [3, 2]),
    "dropped": (OneHotEncoder(drop="first", sparse_output=False), [2, 1]),
    "rare": (
        OneHotEncoder(min_frequency=18, handle_unknown="infrequent_if_exist"),
        None,
    ),
    "ordinal": (OrdinalEncoder(), [1, 1]),
    "target": (TargetEncoder(cv=2), [1, 1]),
    "targets": (TargetEncoder(cv=2), [3, 3]),
}


@pytest.mark.parametrize("kind", ENCODERS)
def test_categories_have_no_slope(kind, rng):
    X = make_table(rng, 60, missing=0)[CODES]
    encoder, sizes = ENCODERS[kind]
    y = rng.integers(0, 3 if kind == "targets" else 2, 60)
    encoder.fit(X, y)
    columns = traced_columns(
        make_pipeline(encoder, StandardScaler(with_mean=False)).fit(X, y), X
    )
    assert [column.name for column in columns] == CODES
    assert sizes is None or [len(column.positions) for column in columns] == sizes
    for column in columns:
        assert not column.is_number and not column.derivative.any()
        assert column.values.tolist() == X[column.name].tolist()


def test_bins_have_no_slope(rng):
    X = positive(rng)
    bins = KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")
    ordinal = KBinsDiscretizer(3, encode="ordinal", strategy="uniform")
    for step, size in [(bins, 4), (ordinal, 1), (Binarizer(threshold=1.0), 1)]:
        for column in traced_columns(step.fit(X), X):
            assert len(column.positions) == size
            assert not column.is_number and not column.derivative.any()


def test_a_number_that_is_cut_into_bins_and_kept_is_a_number(rng):
    X = positive(rng)
    both = FeatureUnion([("cut", Binarizer()), ("scaled", StandardScaler())]).fit(X)
    for j, column in enumerate(traced_columns(both, X)):
        assert column.is_number and column.positions.tolist() == [j, j + 3]
        np.testing.assert_allclose(
            column.derivative, [[0, 1 / X.iloc[:, j].std(ddof=0)]]
        )


# Missing values


def test_what_an_imputer_puts_in_place(rng):
    X = make_table(rng, 40)
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True))
    scaled_first = make_pipeline(StandardScaler(), SimpleImputer())
    codes = make_pipeline(
        OrdinalEncoder(), SimpleImputer(strategy="most_frequent"), OneHotEncoder()
    )
    step = ColumnTransformer(
        [
            ("numbers", numbers, ["age"]),
            ("scaled", scaled_first, ["height"]),
            ("shaped", make_pipeline(PowerTransformer(), KNNImputer()), ["income"]),
            ("codes", codes, ["job"]),
            ("indicator", MissingIndicator(), ["weight"]),
            ("town", SimpleImputer(strategy="constant", fill_value="?"), ["town"]),
        ]
    )
    last = ColumnTransformer([("town", OneHotEncoder(), [-1])], remainder="passthrough")
    columns = named(traced_columns(make_pipeline(step, last).fit(X), X))
    assert list(columns) == [*X]
    for name in X:
        np.testing.assert_array_equal(columns[name].missing, X[name].isna())
    power = PowerTransformer().fit(X[["income"]])
    expected = {
        "age": X["age"].median(),
        "height": X["height"].mean(),
        "income": power.inverse_transform([[0.0]])[0, 0],  # standardised: the mean
        "job": X["job"].mode()[0],
        "town": "?",
    }
    for name, value in expected.items():
        found = columns[name].in_place[columns[name].missing]
        if isinstance(value, str):
            assert set(found) == {value}
        else:
            np.testing.assert_allclose(found.astype(float), value, atol=1e-9)
    assert columns["weight"].in_place is None and not columns["weight"].is_number
    assert len(columns["age"].positions) == 2 and columns["age"].is_number


def test_a_number_that_stands_for_a_missing_value(rng):
    X = positive(rng, d=2)
    X.loc[[3, 5], "c1"] = -1
    step = SimpleImputer(missing_values=-1, strategy="constant", fill_value=7.0).fit(X)
    for transformer in (step, make_pipeline(StandardScaler(), step)):
        columns = traced_columns(transformer.fit(X), X)
        if transformer is step:
            assert np.flatnonzero(columns[1].missing).tolist() == [3, 5]
            assert columns[1].in_place[[3, 5]].tolist() == [7, 7]
            assert columns[1].derivative[[2, 3, 4]].ravel().tolist() == [1, 0, 1]
        else:  # What is scaled is not -1 any more.
            assert not columns[1].missing.any()
        assert not columns[0].missing.any() and columns[0].in_place is None


def test_a_column_without_any_value_in_fit_is_left_out(rng):
    X = positive(rng)
    X["c1"] = np.nan
    step = SimpleImputer().fit(X)
    with pytest.warns(UserWarning, match="Skipping features"):
        columns = traced_columns(step, X)
    assert [(c.name, *c.positions) for c in columns] == [("c0", 0), ("c2", 1)]
    kept = traced_columns(KNNImputer(keep_empty_features=True).fit(X), X)
    assert [column.derivative.max() for column in kept] == [1, 0, 1]


def test_the_mean_of_neighbours_has_no_slope(rng):
    X = make_table(rng, 40)[NUMBERS]
    columns = check_slopes(KNNImputer(n_neighbors=3).fit(X), X)
    assert not any(column.shared.any() for column in columns)


@pytest.mark.parametrize("kind", ["neighbours", "iterative"])
def test_imputers_that_look_at_other_columns(kind, rng):
    X = make_table(rng, 40)[NUMBERS]
    if kind == "neighbours":
        imputer = KNNImputer(n_neighbors=3, weights="distance", add_indicator=True)
    else:
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        imputer = IterativeImputer(max_iter=2, tol=1e9)
    step = make_pipeline(StandardScaler(), imputer, MinMaxScaler()).fit(X)
    columns = check_slopes(step, X)
    put = step[:2].transform(X)[:, :4]
    put = step[0].inverse_transform(put)
    n_missing = X.isna().sum(axis=1).to_numpy()
    for j, column in enumerate(columns):
        missing = column.missing
        np.testing.assert_allclose(column.in_place[missing], put[missing, j])
        np.testing.assert_array_equal(column.shared, n_missing - missing > 0)


def test_kinds_of_missing_values_and_numbers():
    X = pd.DataFrame(
        {
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "objects": np.array([1, 2.5, None], dtype=object),
            "none": np.array(["a", None, "b"], dtype=object),
            "category": pd.Categorical(["u", None, "v"]),
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "truth": [True, False, True],
        }
    )
    step = FunctionTransformer(lambda X: X.notna().astype(float)).fit(X)
    columns = named(traced_columns(step, X))
    np.testing.assert_array_equal(columns["whole"].values, [1, np.nan, 3])
    np.testing.assert_array_equal(columns["objects"].values, [1, 2.5, np.nan])
    assert columns["truth"].values.tolist() == [True, False, True]
    assert columns["when"].values[0] == pd.Timestamp("2020-01-01")
    missing = {name: np.flatnonzero(c.missing).tolist() for name, c in columns.items()}
    assert missing == {
        "whole": [1],
        "objects": [2],
        "none": [1],
        "category": [1],
        "when": [1],
        "truth": [],
    }
    passed = FunctionTransformer().fit(X[["truth"]])
    (truth,) = traced_columns(passed, X[["truth"]])
    assert not truth.is_number


# Which column is which


def test_columns_by_name_position_slice_selector_and_callable(rng):
    X = make_table(rng, 40, missing=0)
    step = ColumnTransformer(
        [
            ("name", StandardScaler(), ["weight"]),
            ("slice", MinMaxScaler(), slice("height", "height")),
            ("selector", OneHotEncoder(), make_column_selector(dtype_exclude="number")),
            ("callable", RobustScaler(), lambda frame: [2]),
            ("nothing", OneHotEncoder(), []),
            ("again", "passthrough", ["weight"]),
        ],
        remainder="passthrough",
    ).fit(X)
    columns = check_slopes(step, X)
    assert [column.name for column in columns] == [*X]  # in the order of X
    assert [column.positions.tolist() for column in columns] == [
        [9],
        [2, 3, 4],
        [7],
        [1],
        [5, 6],
        [0, 8],
    ]
    # X in another order, with more columns: scikit-learn takes them by name.
    moved = X[[*X.columns[::-1]]].assign(more=0.0)
    names = [column.name for column in check_slopes(step, moved)]
    assert names == [*X.columns[::-1]]
    # An array has the names that were there in fit.
    numbers = X[NUMBERS]
    by_position = ColumnTransformer([("a", StandardScaler(), [2, 0])]).fit(numbers)
    with pytest.warns(UserWarning, match="valid feature names"):
        columns = traced_columns(by_position, numbers.to_numpy())
    assert [(c.name, *c.positions) for c in columns] == [("age", 1), ("height", 0)]
    columns = traced_columns(by_position.fit(numbers.to_numpy()), numbers.to_numpy())
    assert [(c.name, *c.positions) for c in columns] == [("x0", 1), ("x2", 0)]


def test_a_dropped_column_is_not_in_the_list(rng):
    X, y = positive(rng), np.arange(40.0)
    selector = SelectKBest(f_regression, k=2).fit(X, y)
    columns = traced_columns(selector, X)
    assert [c.name for c in columns] == [n for n in selector.get_feature_names_out()]
    drop = ColumnTransformer([("a", "passthrough", ["c2"]), ("b", "drop", ["c1"])])
    assert [column.name for column in traced_columns(drop.fit(X), X)] == ["c2"]


def test_weights_of_branches(rng):
    X, weights = positive(rng), {"a": 3.0}
    steps = [("a", StandardScaler()), ("b", MinMaxScaler())]
    check_slopes(FeatureUnion(steps, transformer_weights=weights).fit(X), X)
    steps = [("a", SimpleImputer(), ["c0"]), ("b", MinMaxScaler(), ["c1"])]
    step = ColumnTransformer(steps, transformer_weights=weights).fit(X)
    check_slopes(step, X.mask(X < 0.3))


# What mixes columns


def test_mixed_columns_have_their_own_names_and_units(rng):
    X = make_table(rng, 40, missing=0)[NUMBERS]
    mixing = {
        "pca": (PCA(2), ["pca0", "pca1"]),
        "products": (PolynomialFeatures(2, interaction_only=True), None),
        "lengths": (Normalizer(), NUMBERS[:2]),
        "reversed": (Reversed(), NUMBERS[:2]),
    }
    for name, (step, expected) in mixing.items():
        branch = make_pipeline(StandardScaler(), step)
        both = ColumnTransformer(
            [(name, branch, NUMBERS[:2]), ("own", MinMaxScaler(), NUMBERS[1:])]
        )
        after = make_pipeline(both, MaxAbsScaler()).fit(X)
        columns = named(traced_columns(after, X))
        made = branch.fit(X[NUMBERS[:2]]).transform(X[NUMBERS[:2]])
        if expected is None:
            expected = branch.get_feature_names_out()
        own = [f"{name}__{each}" for each in expected]
        assert [*columns] == [*NUMBERS[1:], *own]
        for k, each in enumerate(own):
            np.testing.assert_allclose(columns[each].values, made[:, k])
            assert columns[each].positions.tolist() == [k]
            np.testing.assert_allclose(
                columns[each].derivative, [[1 / after[-1].scale_[k]]]
            )
        assert columns["income"].shared.all() and not columns["height"].shared.any()


def test_names_are_not_trusted(rng):
    X = positive(rng)
    columns = traced_columns(Reversed().fit(X), X, names=["c0", "c1", "c2"])
    made = ["reversed__c0", "reversed__c1", "reversed__c2"]  # which are not those of X
    assert [column.name for column in columns] == made
    np.testing.assert_array_equal(columns[0].values, X["c2"])

    class Halved(StandardScaler):
        def transform(self, X):
            return super().transform(X)[:, ::-1] / 2

    columns = traced_columns(Halved().fit(X), X)
    np.testing.assert_allclose(
        columns[0].values, StandardScaler().fit_transform(X)[:, 2] / 2
    )
    assert columns[0].derivative.tolist() == [[1]]


def test_columns_that_a_step_made_have_other_names_than_those_of_x(rng):
    X = positive(rng)
    sums = FunctionTransformer(lambda X: np.cumsum(X, axis=1))
    numbers = X.to_numpy()
    columns = traced_columns(sums.fit(numbers), numbers, names=["x0", "x1", "x2"])
    assert columns[0].name == "functiontransformer__x0"
    ratio = FunctionTransformer(lambda X: X.assign(ratio=X["c0"] / X["c1"]))
    names = [each.name for each in traced_columns(ratio.fit(X), X, names=[*"abcd"])]
    assert names == ["a", "b", "c", "ratio"]


MIXING_FUNCTIONS = {
    "shares": lambda X: X / np.asarray(X).sum(axis=1, keepdims=True),
    "centred": lambda X: X - np.asarray(X).mean(axis=0),
    "reversed": lambda X: X[[*X][::-1]].set_axis([*X], axis=1),
    "earlier": lambda X: X.shift(1).fillna(0.0),
    "total": lambda X: X.cumsum(),
    "one of another": lambda X: X.assign(c0=X["c2"] * X["c0"]),
    "fewer": lambda X: X[["c0", "c1"]],
    "more": lambda X: X.assign(c3=1.0),
    "rarely": lambda X: X.assign(c0=X["c0"].where(X["c1"] < X["c1"].max(), 0.0)),
    "filled": lambda X: X.mask(X.min() == X).ffill().fillna(0.0),
}


@pytest.mark.parametrize("kind", MIXING_FUNCTIONS)
def test_a_function_that_is_not_of_one_column_mixes(kind, rng):
    X = positive(rng)
    step = FunctionTransformer(MIXING_FUNCTIONS[kind]).fit(X)
    for rows in (X, X[:1]):
        columns = traced_columns(step, rows)
        np.testing.assert_array_equal(
            columns[0].values, step.transform(rows).iloc[:, 0]
        )
        assert all(column.derivative.tolist() == [[1]] for column in columns)


def test_a_function_of_words_and_numbers(rng):
    X = make_table(rng, 40, missing=0)[["age", "job"]]

    def upper(X):
        return X.assign(job=X["job"].str.upper(), age=np.float32(X["age"]) ** 2)

    step = make_pipeline(
        FunctionTransformer(upper),
        ColumnTransformer([("job", OneHotEncoder(), ["job"])], remainder="passthrough"),
    ).fit(X)
    age, job = traced_columns(step, X)
    assert job.name == "job" and len(job.positions) == 3 and not job.is_number
    assert job.values.tolist() == X["job"].tolist()
    np.testing.assert_allclose(age.derivative[:, 0], 2 * X["age"], rtol=1e-4)


def test_two_columns_of_one_name(rng):
    X = positive(rng)
    steps = [("a", PCA(1), ["c0", "c1"]), ("b", PCA(1), ["c1", "c2"])]
    columns = traced_columns(ColumnTransformer(steps).fit(X), X)
    assert [column.name for column in columns] == ["a__pca0", "b__pca0"]
    scaled = FunctionTransformer(lambda X: np.asarray(X)[:, :1] + 0)
    steps = [("own", "passthrough", [0]), ("made", scaled, [1, 2])]
    step = ColumnTransformer(steps, verbose_feature_names_out=False)
    X = X.to_numpy()
    columns = traced_columns(step.fit(X), X, names=["f0", "f1"])
    assert [column.name for column in columns] == ["x0", "f1"]


# Whole models


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "seeds",
    [range(60), pytest.param(range(60, 260), marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_random_pipelines_agree_with_differences(seeds):
    n_columns = 0
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for seed in seeds:
            rng = np.random.default_rng(seed)
            X = make_table(rng)
            step, rows = random_pipeline(rng).fit(X), make_table(rng, 10)
            n_columns += len(check_slopes(step, rows))
    assert n_columns > 3 * len(seeds)


@pytest.mark.filterwarnings("ignore")
def test_slopes_of_the_log_odds_in_the_units_of_the_table(rng):
    X = make_table(rng, 200)
    y = (X["age"].fillna(40) + 5 * (X["job"] == "a") > 42).astype(int)
    indicated = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    shaped = make_pipeline(SimpleImputer(), PowerTransformer())
    quantiles = make_pipeline(SimpleImputer(), QuantileTransformer(n_quantiles=20))
    step = ColumnTransformer(
        [
            ("a", make_pipeline(KNNImputer(), StandardScaler()), ["age", "height"]),
            ("b", shaped, ["income"]),
            ("c", quantiles, ["weight"]),
            ("d", indicated, ["income"]),
            ("e", OneHotEncoder(), CODES),
        ]
    )
    network = GradientLassoClassifier(activation="tanh", tol=1e-2, random_state=0)
    model = make_pipeline(step, network).fit(X, y)
    rows = make_table(rng, 30)
    opened = open_model(model, rows)
    gradients = opened.explained(attribution="gradients").values
    differences = log_odds_differences(model, rows)
    for column in opened.columns:
        if column.name in CODES:
            continue
        slopes = (gradients[:, column.positions] * column.derivative).sum(axis=1)
        seen = ~column.missing & ~column.shared
        assert seen.sum() > 10
        np.testing.assert_allclose(
            slopes[seen], differences[column.name][seen], rtol=1e-4, atol=1e-9
        )


def log_odds_differences(model, rows, step=1e-4):
    found = {}
    for name in NUMBERS:
        h = step * rows[name].std()
        ways = [
            model.decision_function(rows.assign(**{name: rows[name] + w * h}))
            for w in (-1, 1)
        ]
        found[name] = (ways[1] - ways[0]) / (2 * h)
    return found


def columns_of(model, X, y=None):
    return open_model(model.fit(X, y), X).columns


def test_a_network_alone(rng):
    X = positive(rng)
    for column, name in zip(columns_of(Linear(), X), X):
        assert column.name == name and column.derivative.tolist() == [[1]]
        np.testing.assert_array_equal(column.values, X[name])
    opened = open_model(Linear().fit(X), X)
    assert opened.columns is opened.columns
    columns = columns_of(Linear(), sp.csr_matrix(X.to_numpy()))
    assert [column.name for column in columns] == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(columns[1].values, X["c1"])
    lists = X.to_numpy().tolist()
    assert [column.name for column in columns_of(Linear(), lists)] == ["x0", "x1", "x2"]


def test_rows_that_are_no_table(rng):
    texts = ["red car", "blue car", "red sky"]
    columns = columns_of(make_pipeline(CountVectorizer(), Linear()), texts)
    assert [column.name for column in columns] == ["blue", "car", "red", "sky"]
    assert columns[1].values.tolist() == [1, 1, 0]
    assert columns_of(Linear(), rng.standard_normal((4, 2, 3))) is None


def test_words_of_a_column_of_texts():
    X = pd.DataFrame({"text": ["red car", "blue car", "red sky"], "n": [1.0, 2, 4]})
    step = ColumnTransformer(
        [("text", CountVectorizer(), "text"), ("n", StandardScaler(), ["n"])]
    )
    columns = columns_of(make_pipeline(step, Linear()), X)
    words = ["text__blue", "text__car", "text__red", "text__sky"]
    assert [column.name for column in columns] == ["n", *words]


def test_sparse_rows_through_transformers(rng):
    X = sp.random(20, 4, 0.5, format="csr", random_state=0)
    columns = columns_of(make_pipeline(MaxAbsScaler(), Linear()), X)
    scale = np.abs(X).max(axis=0).toarray().ravel()
    for j, column in enumerate(columns):
        np.testing.assert_array_equal(column.values, X.toarray()[:, j])
        np.testing.assert_allclose(column.derivative, 1 / scale[j])


# Transformers of users


class Cubes(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X**3


def test_a_transformer_can_be_registered(rng):
    class Own(Cubes):
        pass

    class Checked(Cubes):
        def transform(self, X):
            return super().transform(X)

    class Sums(Checked):
        def transform(self, X):
            return np.cumsum(X, axis=1)

    X = positive(rng)
    own = traced_columns(Own().fit(X), X)[0]  # a column that the step has made
    np.testing.assert_allclose(own.values, np.asarray(X)[:, 0] ** 3)
    register_transformer(
        Own,
        lambda step, table: [
            OutputColumn(j, 3 * table.numbers(j) ** 2) for j in range(3)
        ],
    )
    check_slopes(Own().fit(X), X)
    for kind in (Checked, Sums):
        register_transformer(kind)
        names = [column.name for column in check_slopes(kind().fit(X), X)]
        assert names == (["c0", "c1", "c2"] if kind is Checked else ["f0", "f1", "f2"])


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda step, table: ["a"], TypeError, "for Own must return .*OutputColumn"),
        (
            lambda step, table: [OutputColumn(3)],
            ValueError,
            "source=3.*inputs are 0 to 2",
        ),
        (
            lambda step, table: [OutputColumn(0, np.ones(7))],
            ValueError,
            r"derivative of shape \(7,\).*each of 40 rows",
        ),
    ],
)
def test_a_registered_function_that_answers_wrongly(function, error, message, rng):
    class Own(Cubes):
        pass

    register_transformer(Own, function)
    X = positive(rng)
    with pytest.raises(error, match=message):
        traced_columns(Own().fit(X), X)


def test_what_cannot_be_registered():
    with pytest.raises(TypeError, match="kind must be a class with transform"):
        register_transformer(Cubes())
    with pytest.raises(TypeError, match="function must be a callable"):
        register_transformer(Cubes, "log")


# Other packages


@pytest.mark.filterwarnings("ignore")
def test_tables_of_skrub(rng):
    skrub = pytest.importorskip("skrub", reason="skrub is an optional package")
    X = make_table(rng, 60).assign(
        when=pd.date_range("2020-01-01", periods=60, freq="53h"),
        text=[f"person {17 * k % 60} of {k}" for k in range(60)],
        nothing=np.nan,
    )
    codes = [*CODES, "when", "text"]
    y = X["age"].fillna(0) > 40
    network = GradientLassoClassifier(max_iter=2, random_state=0)
    default = skrub.tabular_pipeline(network).fit(X, y)
    vectorizer = skrub.TableVectorizer(numeric=PowerTransformer())
    scaled = make_pipeline(skrub.Cleaner(), vectorizer, *clone(default[1:])).fit(X, y)
    for model in (default, scaled):
        opened = open_model(model, X)
        columns = named(opened.columns)
        assert [*columns] == [name for name in X if name != "nothing"]
        for name in X.columns.drop("nothing"):
            assert columns[name].is_number == (name not in codes)
            np.testing.assert_array_equal(columns[name].missing, X[name].isna())
        differences = finite_differences(model[:-1], X, NUMBERS, step=1e-2)
        for name in NUMBERS:
            column = columns[name]
            slopes = differences[name][:, column.positions][~column.missing]
            # Skrub leaves missing values to the network, which reads a table then.
            slopes = slopes / opened.form.scale[column.positions]
            size = np.abs(slopes).max()
            expected = np.broadcast_to(column.derivative, (60, len(column.positions)))
            np.testing.assert_allclose(
                slopes, expected[~column.missing], rtol=0.01, atol=0.01 * size
            )


def test_frames_of_polars(rng):
    polars = pytest.importorskip("polars", reason="polars is an optional package")
    frame = make_table(rng, 40, missing=0)
    X = polars.DataFrame({name: frame[name].tolist() for name in frame})
    step = ColumnTransformer(
        [
            ("numbers", FunctionTransformer(lambda X: X * X), NUMBERS),
            ("codes", OneHotEncoder(sparse_output=False), CODES),
        ]
    ).set_output(transform="polars")
    columns = traced_columns(step.fit(X), X)
    assert [column.name for column in columns] == X.columns
    np.testing.assert_allclose(columns[0].derivative[:, 0], 2 * frame["age"], rtol=1e-6)
