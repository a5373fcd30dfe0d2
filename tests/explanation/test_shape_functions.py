"""What a model says of each column overall: the partial dependence of its score."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.raw_tables import as_polars, people
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.explanation import shape_functions

NAMES = ["age", "job", "debt", "town", "member"]


def quietly(estimator, *data, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*data, **params)


def network(kind=GradientLassoClassifier, **params):
    return kind(**{"module": "tabular", "max_iter": 20, "random_state": 0} | params)


@pytest.fixture(scope="module")
def table():
    return people(300)


@pytest.fixture(scope="module")
def model(table):
    return quietly(network(), *table)


@pytest.fixture(scope="module")
def shapes(model):
    return shape_functions(model)


def dependence(predict, X, function):
    """The partial dependence on a column, centred: the mean answer at each value."""
    means = []
    for value, kind in zip(function.values, function.kinds):
        assert kind != "other levels"
        changed = X.copy()
        changed[function.name] = pd.Series([value] * len(X), index=X.index).astype(
            X[function.name].dtype
        )
        means.append(predict(changed).mean(axis=0))
    means = np.stack(means)
    return means - function.shares @ means


def close(found, expected, size=1e-4):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=size, atol=size * scale)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_partial_dependence_of_the_whole_model(
    name, shapes, model, table
):
    close(
        shapes[name].scores, dependence(model.decision_function, table[0], shapes[name])
    )


def test_the_record(shapes, table):
    X, _ = table
    assert shapes.feature_names.tolist() == [each.name for each in shapes] == NAMES
    assert len(shapes) == 5
    job, age, debt = shapes["job"], shapes["age"], shapes["debt"]
    assert job.values.tolist() == ["cook", "nurse", "smith", None]
    assert job.kinds.tolist() == ["level"] * 3 + ["missing"]
    counts = X["job"].value_counts(dropna=False, normalize=True)
    np.testing.assert_allclose(job.shares[:3], counts[job.values[:3]], rtol=1e-6)
    assert shapes["member"].values.tolist() == [False, True]
    # Ages have a knot at each value; they are those of the user, without rounding.
    known = np.unique(X["age"].dropna())
    assert age.values[:-1].tolist() == known.tolist()
    assert np.isnan(age.values[-1])
    share = X["age"].value_counts(normalize=True).sort_index() * X["age"].notna().mean()
    np.testing.assert_allclose(age.shares[:-1], share, rtol=1e-6)
    assert (debt.kinds == "number").all()
    close(debt.values[[0, -1]], [X["debt"].min(), X["debt"].max()], size=1e-6)
    for each in shapes:
        assert each.shares.sum() == pytest.approx(1)
        assert abs(each.shares @ each.scores) < 1e-9
        assert abs(each.shares @ each.additive) < 1e-9
    assert shapes.unit == "log-odds"
    assert shapes.target == "log-odds of 'yes'"
    assert repr(shapes).startswith("<ShapeFunctions of 5 columns on the log-odds of 'y")
    assert repr(job).startswith("<ShapeFunction of 'job': 3 levels, missing; from -")
    with pytest.raises(KeyError, match="no column 'wage'; columns are"):
        shapes["wage"]


def test_the_mean_and_the_share_that_single_columns_explain(shapes, model, table):
    X, _ = table
    scores = model.decision_function(X)
    close(shapes.base_values, scores.mean())
    rest, total = scores.copy(), scores.copy()
    for each in shapes:
        column, known = X[each.name], each.kinds != "missing"
        for left, of in ((rest, each.additive), (total, each.scores)):
            if each.kinds[0] == "number":
                missing = np.nan if known.all() else of[-1]
                values = each.values[known].astype(float)
                at = np.interp(column.fillna(0), values, of[known])
                left -= np.where(column.isna(), missing, at)
            else:
                of_value = dict(zip(each.values, of))
                left -= [of_value[None if pd.isna(v) else v] for v in column]
    assert float(shapes.additive_share) == pytest.approx(
        1 - rest.var() / scores.var(), abs=1e-4
    )
    assert float(shapes.explained_share) == pytest.approx(
        1 - total.var() / scores.var(), abs=1e-4
    )
    assert shapes.additive_share < 1


def test_rows_that_are_given(model, table):
    X = table[0].iloc[:50]
    found = shape_functions(model, X)
    assert found.background == "50 rows of X"
    for each in found:
        close(each.scores, dependence(model.decision_function, X, each))
    again = shape_functions(model, X.copy())
    np.testing.assert_array_equal(found["age"].scores, again["age"].scores)


def test_many_rows_are_averaged_over_a_sample(model):
    X, _ = people(3000, seed=1)
    found = shape_functions(model, X, random_state=0)
    assert found.background == "3000 rows of X"
    close(
        found["job"].scores,
        dependence(model.decision_function, X, found["job"]),
        size=0.05,
    )
    close(found.base_values, model.decision_function(X).mean())
    same = shape_functions(model, X, random_state=0)
    np.testing.assert_array_equal(same["age"].scores, found["age"].scores)


def test_polars_and_pandas_say_the_same(model, table, shapes):
    pytest.importorskip("polars")
    X, y = as_polars(table[0]), table[1]
    found = shape_functions(quietly(network(), X, y))
    for one, other in zip(found, shapes):
        np.testing.assert_array_equal(one.scores, other.scores)
    found = shape_functions(model, X)
    assert found["job"].values.tolist() == ["cook", "nurse", "smith", None]


def test_modes_of_torch_and_pickles_change_nothing(model, shapes):
    again = pickle.loads(pickle.dumps(model))
    with torch.inference_mode(), torch.device("meta"):
        for each in (model, again):
            found = shape_functions(each).to_frame()
            assert found.equals(shapes.to_frame())


def test_sparse_rows():
    X = sp.random(200, 4, density=0.4, format="csr", random_state=0)
    model = quietly(network(GradientLassoRegressor), X, X[:, [0]].toarray().ravel())
    found = shape_functions(model)
    for each, given in zip(found, shape_functions(model, X)):
        close(given.scores, each.scores)
        assert each.values[0] == 0
    assert found.feature_names.tolist() == ["x0", "x1", "x2", "x3"]


def test_weights_count(table):
    X, y = table
    weight = np.arange(len(X)) % 3
    found = shape_functions(quietly(network(), X, y, sample_weight=weight))
    repeated = X.iloc[np.repeat(np.arange(len(X)), weight)]
    again = shape_functions(quietly(network(), X, y, sample_weight=weight), repeated)
    for one, other in zip(found, again):
        close(one.scores, other.scores)
        close(one.shares, other.shares)
    close(found.base_values, again.base_values)


def by_hand(n=200, slope=3.0):
    """A regressor whose answer is a line in x0, and steps in a category."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"x": rng.uniform(10, 20, n), "c": rng.choice(["a", "b", "c", "rare"], n)}
    )
    X.loc[X.index[X["c"] == "rare"][3:], "c"] = "a"
    y = 500 + 100 * X["x"]
    model = network(GradientLassoRegressor, max_iter=1).fit(X, y)
    net = model.net_.module_
    knots = net.places[0] * model._table_form.scale[0]
    scale = model._task.scale[0]
    with torch.no_grad():
        for theta in net.additive.parameters():
            theta.zero_()
        net.interactions.last.zero_()
        rises = torch.tensor(slope * np.diff(knots) / scale)
        net.additive.weight[0, : len(rises)] = rises[:, None]
        levels = torch.tensor([0.0, 10.0, -5.0, 7.0]) / scale
        net.additive.weight[1, :4] = levels[:, None] / net.additive.sizes[1]
    return model, X


def test_an_additive_model_by_hand_in_units_of_y():
    model, X = by_hand()
    shapes = shape_functions(model)
    x, c = shapes
    np.testing.assert_allclose(x.scores, 3 * (x.values - X["x"].mean()), rtol=1e-4)
    np.testing.assert_allclose(x.additive, x.scores, rtol=1e-9)
    assert c.values.tolist() == ["a", "b", "c", None]
    assert c.kinds.tolist() == ["level"] * 3 + ["other levels"]
    assert c.shares[-1] == pytest.approx(3 / len(X))
    levels = np.array([0, 10, -5, 7])
    np.testing.assert_allclose(c.scores, levels - c.shares @ levels, rtol=1e-5)
    assert shapes.explained_share == pytest.approx(1)
    assert shapes.additive_share == pytest.approx(1)
    assert (shapes.unit, shapes.target) == ("units of y", "prediction")
    assert x.deviation == pytest.approx(3 * X["x"].std(ddof=0), rel=0.01)
    close(shapes.base_values, model.predict(X).mean())


def test_several_classes_have_scores_of_their_own(table):
    X, y = table
    y = np.where(X["member"], "member", y)
    model = quietly(network(), X, y)
    shapes = shape_functions(model)

    def scores(rows):
        logs = model.predict_log_proba(rows)
        return logs - logs.mean(axis=1, keepdims=True)

    for each in shapes:
        close(each.scores, dependence(scores, X, each))
        np.testing.assert_allclose(each.scores.sum(axis=1), 0, atol=1e-9)
    assert shapes.output_names.tolist() == ["member", "no", "yes"]
    assert shapes.explained_share.shape == (3,)
    frame = shapes.to_frame()
    assert len(frame) == 3 * sum(len(each.values) for each in shapes)
    part = frame[(frame["column"] == "job") & (frame["output"] == "no")]
    np.testing.assert_array_equal(part["score"], shapes["job"].scores[:, 1])
    assert part["value"].tolist() == ["cook", "nurse", "smith", None]


def test_scores_of_a_calibrated_network():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=600), "job": rng.choice(["x", "y"], 600)})
    y = X["a"] + (X["job"] == "x") + rng.logistic(size=600) > 0
    model = GradientLassoClassifier(module_params={"n_members": 1}, random_state=0)
    model.fit(X, y)
    assert abs(model.temperature_ - 1) > 0.01
    job = shape_functions(model, X[:100])["job"]
    found = dict(zip(job.values, job.scores))
    at_x, at_y = (model.decision_function(X[:100].assign(job=each)) for each in "xy")
    assert found["x"] - found["y"] == pytest.approx((at_x - at_y).mean(), abs=1e-4)


def test_a_frame_of_one_output(shapes):
    frame = shapes.to_frame()
    columns = ["column", "value", "kind", "share", "score", "additive"]
    assert frame.columns.tolist() == columns
    assert frame.attrs["unit"] == "log-odds"
    ages = frame[frame["column"] == "age"]
    np.testing.assert_array_equal(ages["score"], shapes["age"].scores)


def test_several_targets_have_their_numbers_and_units():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 2))
    y = np.column_stack([1000 * X[:, 0], 0.01 * X[:, 1]])
    model = quietly(network(GradientLassoRegressor, max_iter=60), X, y)
    shapes = shape_functions(model)
    assert shapes.output_names is None
    assert np.ptp(shapes["x0"].scores, axis=0) == pytest.approx([4000, 0], abs=1500)
    assert set(shapes.to_frame()["output"]) == {0, 1}


def test_a_transformed_target_is_named():
    X = np.random.default_rng(0).standard_normal((100, 2))
    inner = network(GradientLassoRegressor)
    model = TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp)
    found = shape_functions(model.fit(X, np.exp(X[:, 0])))
    assert found.unit == "units of the transformed target"


def pipeline(imputer=None):
    hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    numbers = make_pipeline(imputer or SimpleImputer(), StandardScaler())
    front = make_column_transformer(
        (hot, ["town", "job"]), (numbers, ["age", "debt"]), ("passthrough", ["member"])
    )
    return make_pipeline(front, network())


def test_columns_behind_the_steps_of_a_pipeline(table):
    X, y = table
    model = quietly(pipeline(), X, y)
    shapes = shape_functions(model, X)
    assert {*shapes.feature_names} == {*NAMES}
    for each in shapes:
        close(each.scores, dependence(model.decision_function, X, each))
    assert shapes["job"].values.tolist() == ["cook", "nurse", "smith", None]
    assert shapes["age"].kinds[-1] == "missing"
    assert shapes["debt"].values[0] == X["debt"].min()
    assert len(shapes["debt"].values) == 33
    with pytest.raises(ValueError, match="needs X where there are steps"):
        shape_functions(model)


@pytest.mark.filterwarnings("ignore:.*makes other columns of these:UserWarning")
def test_what_an_imputer_makes_of_missing_values_is_averaged(table):
    X, y = table
    model = quietly(pipeline(KNNImputer()), X, y)
    age = shape_functions(model, X)["age"]
    known = age.kinds != "missing"
    values, scores = age.values[known].astype(float), age.scores
    assert scores[known].min() < scores[-1] < scores[known].max()
    assert len(values) > 30


def test_a_network_that_reads_frames_behind_a_step(table):
    X, y = table
    numbers = make_column_transformer(
        (StandardScaler(), ["age", "debt"]),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    model = make_pipeline(numbers.set_output(transform="pandas"), network())
    shapes = shape_functions(quietly(model, X, y), X)
    for each in shapes:
        close(each.scores, dependence(model.decision_function, X, each))


def test_wrappers_and_arrays():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    X[::9, 1] = np.nan
    search = GridSearchCV(network(max_iter=3), {"lam": [0.01]}, cv=2)
    search.fit(X, X[:, 0] > 0)
    found = shape_functions(search)
    assert found.feature_names.tolist() == ["x0", "x1", "x2"]
    assert found["x1"].kinds[-1] == "missing"
    assert np.isnan(found["x1"].values[-1])


def test_a_value_that_is_missing_for_the_first_time(table):
    X, y = table
    model = quietly(network(), X.dropna(), y[X.notna().all(axis=1).to_numpy()])
    assert "missing" not in shape_functions(model)["job"].kinds
    with pytest.warns(UserWarning, match="missing"):
        found = shape_functions(model, X)
    assert found["job"].kinds[-1] == "missing"
    # An unknown level is taken for the average one.
    X = X.dropna().assign(job="pilot")
    with pytest.warns(UserWarning, match="No row of X has a level.*'pilot'"):
        found = shape_functions(model, X)["job"]
    assert found.kinds[-1] == "other levels"
    assert found.shares.tolist() == [0, 0, 0, 1]


def test_columns_that_are_constant_or_empty(table):
    X, y = table
    X = X.assign(same=7.5, none=np.nan, one="a", nothing=None)
    found = shape_functions(quietly(network(), X, y))
    values = {each.name: each.values.tolist() for each in found}
    assert values["same"] == [7.5]
    assert values["one"] == ["a"]
    assert found["same"].shares.tolist() == found["one"].shares.tolist() == [1]
    for name in ("none", "nothing"):
        assert found[name].kinds[-1] == "missing"
        assert found[name].shares[-1] == 1
    assert np.isfinite(found.to_frame()["score"]).all()


def test_a_constant_score_is_explained():
    X = np.zeros((60, 2))
    model = quietly(network(GradientLassoRegressor), X, np.full(60, 3.0))
    found = shape_functions(model)
    assert found.explained_share == found.additive_share == 1
    assert np.isfinite(found.to_frame()["score"]).all()


def test_models_without_such_functions_are_refused(table):
    X, y = np.random.default_rng(0).standard_normal((40, 2)), np.arange(40) % 2
    perceptron = quietly(network(module="perceptron", max_iter=2), X, y)
    with pytest.raises(TypeError, match="shape_functions needs the network for tables"):
        shape_functions(perceptron)
    with pytest.raises(TypeError, match="got LogisticRegression.*partial_dependence"):
        shape_functions(LogisticRegression().fit(X, y))
    bag = BaggingClassifier(network(max_iter=1), 2).fit(X, y)
    with pytest.raises(TypeError, match="members of an ensemble one by one"):
        shape_functions(bag)
    with pytest.raises(NotFittedError):
        shape_functions(network())
    with pytest.raises(ValueError, match="features"):
        shape_functions(network(max_iter=1).fit(X, y), X[:, :1])


def test_zero_has_no_sign():
    x = np.random.default_rng(0).integers(0, 5, 400).astype(float)
    X = pd.DataFrame({"x": x, "job": np.where(x > 2, "a", "b")})
    model = GradientLassoRegressor(max_iter=2, random_state=0).fit(X, x)
    values = shape_functions(model)["x"].values
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert not np.signbit(values).any()
