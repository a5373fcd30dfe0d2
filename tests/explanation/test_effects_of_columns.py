"""Effects of the columns of a table: the definition, computed by the whole model."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.known_slopes import drawn, linear
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    GradientLassoClassifier,
    GradientLassoRegressor,
)
from sklearn_gradlasso.attributions import Contributions, ExpectedGradients
from sklearn_gradlasso.explanation import Explanation
from sklearn_gradlasso.modules import RecurrentNet

QUICK = {"hidden_layer_sizes": (6,), "max_iter": 15, "random_state": 0}
NUMBERS, CODES = ["age", "debt"], ["job", "town"]


def people(n=90, seed=0):
    """Numbers and categories with missing values of several kinds."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.integers(20, 80, n).astype(float),
            "job": rng.choice(["a", "b", "c"], n).astype(object),
            "debt": np.exp(rng.normal(8, 1, n)),
            "town": rng.choice(["u", "v"], n).astype(object),
        },
        index=[f"person {k}" for k in range(n)],
    )
    risk = (X["job"] == "a") * 2.0 + (X["age"] - 50) / 10 + np.log(X["debt"]) - 8
    y = np.where(risk + rng.normal(0, 1, n) > 0.5, "yes", "no")
    X.loc[rng.random(n) < 0.2, "age"] = np.nan
    X.loc[rng.random(n) < 0.2, "job"] = np.nan
    return X, y


def encoder(onehot=True):
    hot = OneHotEncoder(handle_unknown="ignore") if onehot else OrdinalEncoder()
    fill = SimpleImputer(strategy="constant", fill_value="nobody")
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return ColumnTransformer(
        [("c", make_pipeline(fill, hot), CODES), ("n", numbers, NUMBERS)]
    )


def replaced(X, background, names):
    """Each row with the values of each background row in some columns."""
    rows = X.iloc[np.repeat(np.arange(len(X)), len(background))]
    others = background.iloc[np.tile(np.arange(len(background)), len(X))]
    return rows.assign(**{name: others[name].array for name in names})


def by_definition(answer, X, background, columns=None):
    """Values and magnitudes: each column is replaced in the table of the user."""
    here, values, magnitudes = answer(X), [], []
    for names in [[name] for name in X.columns] if columns is None else columns:
        answers = answer(replaced(X, background, names))
        answers = answers.reshape(len(X), len(background), *here.shape[1:])
        moved = here[:, None] - answers
        values.append(moved.mean(axis=1))
        magnitudes.append(np.sqrt(np.square(moved).mean(axis=1)))
    return np.stack(values, axis=1), np.stack(magnitudes, axis=1)


def check_definition(found, answer, X, background):
    values, magnitudes = by_definition(answer, X, background)
    np.testing.assert_allclose(found.values, values, atol=1e-9)
    np.testing.assert_allclose(found.magnitudes, magnitudes, atol=1e-9)
    np.testing.assert_allclose(found.predictions, answer(X), atol=1e-9)
    at_background = answer(background)
    np.testing.assert_allclose(found.base_values, at_background.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.deviation, at_background.std(axis=0), atol=1e-9)
    assert found.feature_names.tolist() == X.columns.tolist()
    assert found.attribution == "effects"


def odds_against_the_rest(model):
    def odds(rows):
        log_p = model.predict_log_proba(rows)
        return np.stack(
            [
                log_p[:, k] - np.logaddexp.reduce(np.delete(log_p, k, axis=1), axis=1)
                for k in range(log_p.shape[1])
            ],
            axis=1,
        )

    return odds


@pytest.mark.parametrize("onehot", [True, False])
def test_mixed_columns_with_missing_values(onehot):
    X, y = people()
    model = make_pipeline(encoder(onehot), GradientLassoClassifier(**QUICK)).fit(X, y)
    found = Explanation.from_estimator(model, X[:8])
    check_definition(found, model.decision_function, X[:8], X)
    assert (found.target, found.unit) == ("log-odds of 'yes'", "log-odds")
    assert found.background == "90 training rows"
    p = model.predict_proba(X[:8])[:, 1]
    np.testing.assert_allclose(found.probabilities, p)
    assert found.classes.tolist() == ["no", "yes"] and found.output_names is None


def test_several_classes_are_each_against_the_rest():
    X, y = people()
    y = np.where(X["debt"] > 8000, "maybe", y)
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK)).fit(X, y)
    found = Explanation.from_estimator(model, X[:6])
    check_definition(found, odds_against_the_rest(model), X[:6], X)
    assert found.target == "log-odds of each class against the rest"
    assert found.output_names.tolist() == ["maybe", "no", "yes"]
    np.testing.assert_allclose(found.probabilities, model.predict_proba(X[:6]))
    assert found.counts.shape == (6, 3)
    top = found.top(1)
    assert top["output"].tolist() == model.predict(X[:6]).tolist()


def test_shap_is_given_no_base_of_effects_which_do_not_add_up():
    pytest.importorskip("shap")
    X = np.random.default_rng(0).standard_normal((60, 3))
    model = GradientLassoRegressor(max_iter=2, random_state=0).fit(X, X[:, 0])
    effects = Explanation.from_estimator(model, X)
    assert effects.base_values is not None
    assert effects.to_shap().base_values is None
    parts = Explanation.from_estimator(model, X, attribution="expected_gradients")
    np.testing.assert_allclose(parts.to_shap().base_values, parts.base_values)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_predicted_class_has_no_effects(n_classes):
    X = np.random.default_rng(0).standard_normal((90, 3))
    y = np.arange(90) % n_classes
    model = GradientLassoClassifier(max_iter=2, random_state=0).fit(X, y)
    for target in ("predicted", "predicted_class"):
        with pytest.raises(ValueError, match="has no effects.*Leave target out"):
            Explanation.from_estimator(model, X, target=target)
        options = {"target": target, "attribution": "gradients"}
        found = Explanation.from_estimator(model, X, **options)
        np.testing.assert_allclose(found.values, model.explain(X, **options))


def test_regressors_of_two_outputs():
    X, _ = people()
    Y = np.column_stack([X["debt"], X["age"].fillna(0) * 1e-3])
    model = make_pipeline(encoder(), GradientLassoRegressor(**QUICK)).fit(X, Y)
    found = Explanation.from_estimator(model, X[:6])
    check_definition(found, model.predict, X[:6], X)
    assert (found.target, found.unit) == ("prediction", "units of y")
    assert found.probabilities is None
    assert found.top(1)["output"].tolist() == [0, 1] * 6
    mean = np.nanmean(found.slopes[:, 2], axis=0)
    assert mean[0] > 100 * np.abs(mean[1])  # each in its own unit of y


def test_a_linear_model():
    X = drawn(50, 2) + [3, -1]
    W = np.array([[2.0, -1.0], [0.5, 3.0]])
    model = linear(W)
    found = Explanation.from_estimator(model, X)
    expected = (X - X.mean(axis=0))[:, :, None] * W.T
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    np.testing.assert_allclose(found.additivity_gap, 0, atol=1e-12)
    np.testing.assert_allclose(found.slopes, np.broadcast_to(W.T, (50, 2, 2)))
    expected = np.sqrt(expected**2 + (X.var(axis=0)[:, None] * W.T**2))
    np.testing.assert_allclose(found.magnitudes, expected)
    assert found.background == "50 rows of X"


def test_networks_of_scikit_learn_with_and_without_a_background():
    X, y = people()
    network = MLPClassifier(**QUICK)
    model = make_pipeline(encoder(), network).fit(X, y)

    def odds(rows):
        p = model.predict_proba(rows)
        return np.log(p[:, 1] / p[:, 0])

    alone = Explanation.from_estimator(model, X[:6])
    check_definition(alone, odds, X[:6], X[:6])
    assert alone.background == "6 rows of X"
    found = Explanation.from_estimator(model, X[:6], background=X)
    check_definition(found, odds, X[:6], X)
    assert found.background == "90 rows given"
    with pytest.raises(ValueError, match="background must be given"):
        Explanation.from_estimator(model, X[:1])
    with pytest.raises(ValueError, match="background must have the"):
        Explanation.from_estimator(model[1], model[0].transform(X), background=[[1.0]])


def test_a_background_that_is_given_and_large():
    X = drawn(400, 3)
    model = GradientLassoRegressor(**QUICK).fit(X, X[:, 0])
    assert Explanation.from_estimator(model, X[:2]).background == "256 training rows"
    found = Explanation.from_estimator(model, X[:5], background=X[100:200])
    frame = pd.DataFrame(X, columns=list("abc"))
    of_frame = by_definition(
        lambda rows: model.predict(rows.to_numpy()), frame[:5], frame[100:200]
    )
    np.testing.assert_allclose(found.values, of_frame[0], atol=1e-9)
    assert found.background == "100 rows given"


# Columns


def test_groups_are_replaced_together():
    X, y = people()
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK)).fit(X, y)
    found = Explanation.from_estimator(model, X[:5], groups={"who": ["age", "job"]})
    columns = [["age", "job"], ["debt"], ["town"]]
    values, _ = by_definition(model.decision_function, X[:5], X, columns)
    np.testing.assert_allclose(found.values, values, atol=1e-9)
    assert found.feature_names.tolist() == ["who", "debt", "town"]
    complete = X[:5][["age", "job"]].notna().all(axis=1).to_numpy()
    assert found.missing[:, 0].tolist() == (~complete).tolist()
    pairs = X[:5][complete][["age", "job"]].itertuples(index=False, name=None)
    assert found.data[complete, 0].tolist() == list(pairs)
    assert np.isnan(found.slopes[:, 0]).all()


def test_groups_of_an_array_hold_codes_or_numbers():
    rng = np.random.default_rng(0)
    X = np.c_[rng.standard_normal((60, 2)), np.eye(3)[np.arange(60) % 3]]
    model = GradientLassoRegressor(max_iter=2, random_state=0).fit(X, X[:, 0])
    groups = {"numbers": ["x0", "x1"], "job": ["x2", "x3", "x4"]}
    found = Explanation.from_estimator(model, X[:2], groups=groups)
    assert found.data[:, 0].tolist() == [*map(tuple, X[:2, :2])]
    assert found.data[:, 1].tolist() == ["x2", "x3"]


def test_a_group_has_a_name_of_its_own():
    X, y = people()
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK)).fit(X, y)
    with pytest.raises(ValueError, match="'town', but this is a column outside"):
        Explanation.from_estimator(model, X, groups={"town": ["age", "job"]})


def test_columns_in_another_order_and_columns_that_are_not_used():
    X, y = people()
    chosen = ColumnTransformer([("c", encoder(), [*X])])
    model = make_pipeline(chosen, GradientLassoClassifier(**QUICK)).fit(X, y)
    found = Explanation.from_estimator(model, X[:6])
    other = X[:6].assign(note="none")[["note", "town", "debt", "job", "age"]]
    again = Explanation.from_estimator(model, other)
    assert again.feature_names.tolist() == ["town", "debt", "job", "age"]
    np.testing.assert_allclose(again.values, found.values[:, [3, 2, 1, 0]], rtol=1e-12)
    assert again.data[0, 0] == X["town"].iloc[0]


def test_columns_that_are_mixed_keep_the_names_of_the_mix():
    X, y = drawn(80, 4), drawn(80)
    frame = pd.DataFrame(X, columns=list("abcd"))
    rest = [("pca", PCA(1), ["a", "b"]), ("own", StandardScaler(), ["c", "d"])]
    model = make_pipeline(ColumnTransformer(rest), GradientLassoRegressor(**QUICK))
    found = Explanation.from_estimator(model.fit(frame, y), frame)
    assert found.feature_names.tolist() == ["c", "d", "pca__pca0"]
    rows = model[0].transform(frame)
    np.testing.assert_allclose(found.data[:, 2], rows[:, 0])
    of_rows = Explanation.from_estimator(model[-1], rows)
    np.testing.assert_allclose(found.values, of_rows.values[:, [1, 2, 0]])


def test_a_warning_names_columns_that_others_are_made_of_too():
    frame = pd.DataFrame(drawn(80, 3), columns=list("abc"))
    both = [("pca", PCA(1), ["a", "b"]), ("own", StandardScaler(), ["b", "c"])]
    model = make_pipeline(ColumnTransformer(both), GradientLassoRegressor(**QUICK))
    model.fit(frame, frame["a"])
    with pytest.warns(UserWarning, match=r"\['b'\].*metrics.effects") as caught:
        found = Explanation.from_estimator(model, frame)
    assert caught[0].filename == __file__
    assert found.feature_names.tolist() == ["b", "c", "pca__pca0"]
    gaps = frame.assign(c=frame["c"].where(np.arange(80) % 9 > 0))
    model = make_pipeline(KNNImputer(), GradientLassoRegressor(**QUICK))
    model.fit(gaps, frame["a"])
    with pytest.warns(UserWarning, match=r"\['a', 'b'\]"):
        Explanation.from_estimator(model, gaps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Explanation.from_estimator(model, gaps[1:9])  # nothing is missing there


@pytest.mark.parametrize("kind", ["sparse", "float32", "lists"])
def test_other_kinds_of_X(kind):
    X = np.round(drawn(60, 4)) * 1.0
    y = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
    dtype = np.float32 if kind == "float32" else np.float64
    given = {"sparse": sp.csr_matrix(X), "lists": X.tolist()}.get(kind, X.astype(dtype))
    model = GradientLassoClassifier(**QUICK).fit(given, y)
    found = Explanation.from_estimator(model, given)
    frame = pd.DataFrame(X, columns=list("abcd"))

    def answer(rows):
        return model.decision_function(rows.to_numpy(dtype))

    np.testing.assert_array_equal(found.data, X)
    values, _ = by_definition(answer, frame, frame)
    precision = 1e-5 if kind == "float32" else 1e-9
    np.testing.assert_allclose(found.values, values, atol=precision)
    assert found.slopes.shape == (60, 4)


def test_a_step_that_returns_a_sparse_matrix():
    X, y = people()
    sparse = make_pipeline(
        encoder().set_params(sparse_threshold=1.0),
        FunctionTransformer(accept_sparse=True),
    )
    model = make_pipeline(sparse, GradientLassoClassifier(**QUICK)).fit(X, y)
    assert sp.issparse(model[0].transform(X))
    found = Explanation.from_estimator(model, X[:4])
    check_definition(found, model.decision_function, X[:4], X)


# Missing values


def test_missing_cells_say_so_and_what_is_in_their_place():
    X, y = people()
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK)).fit(X, y)
    found = Explanation.from_estimator(model, X)
    expected = X.isna().to_numpy()
    assert expected[:, :2].any(axis=0).all()
    np.testing.assert_array_equal(found.missing, expected)
    mean = X["age"].mean()
    shown = found.data_shown()
    for (i, j), value in np.ndenumerate(found.data):
        if expected[i, j]:
            text = {0: f"{mean:.6g}", 1: "nobody"}[j]
            assert shown[i, j] == f"missing ({text} in its place)"
            assert np.isnan(value)
            np.testing.assert_equal(found.in_place[i, j], {0: mean, 1: "nobody"}[j])
        else:
            assert shown[i, j] == value and found.in_place[i, j] is None
    assert np.isnan(found.slopes[expected]).all()
    top = found.top(4)
    at = top.set_index(["row", "feature"])["data"]
    row = X.index[np.flatnonzero(expected[:, 0])[0]]
    assert at[row, "age"] == f"missing ({mean:.6g} in its place)"


def test_missing_values_that_no_imputer_fills():
    X = pd.DataFrame({"job": ["a", "b", None] * 30, "x": np.arange(90.0)})
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["job"]), (StandardScaler(), ["x"])),
        GradientLassoRegressor(**QUICK),
    ).fit(X, X["x"])
    found = Explanation.from_estimator(model, X[:3])
    assert found.data_shown()[:, 0].tolist() == ["a", "b", "missing"]
    assert found.in_place is None
    complete = Explanation.from_estimator(model, X[:2])
    assert complete.data_shown() is complete.data


# What the record is a function of


@pytest.mark.parametrize("module", ["perceptron", "tabular"])
def test_a_row_has_the_same_reasons_alone_and_among_others(module):
    X, y = people()
    sizes = None if module == "tabular" else QUICK["hidden_layer_sizes"]
    params = {**QUICK, "max_iter": 3, "hidden_layer_sizes": sizes}
    network = GradientLassoClassifier(**params, module=module)
    model = make_pipeline(encoder(), network).fit(X, y)
    together = Explanation.from_estimator(model, X)
    exact = {"rtol": 1e-9, "atol": 1e-12}
    for rows in ([3], [5, 40, 7]):
        alone = Explanation.from_estimator(model, X.iloc[rows])
        part = together[rows]
        for name in ("values", "magnitudes", "slopes", "predictions"):
            np.testing.assert_allclose(
                getattr(alone, name), getattr(part, name), **exact
            )
        np.testing.assert_array_equal(alone.deviation, part.deviation)
        assert (alone.missing == part.missing).all()
        assert alone.data_shown().tolist() == part.data_shown().tolist()


def test_the_model_and_the_random_generators_are_left_as_they_are():
    X, y = people()
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK)).fit(X, y)
    module = model[-1].net_.module_
    module.train()
    before = {k: v.clone() for k, v in module.state_dict().items()}
    copy, numpy, torch_state = X.copy(), np.random.get_state(), torch.get_rng_state()
    first = Explanation.from_estimator(model, X)
    assert module.training and all(p.grad is None for p in module.parameters())
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    pd.testing.assert_frame_equal(X, copy)
    np.testing.assert_equal(np.random.get_state(), numpy)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(
        Explanation.from_estimator(model, X).values, first.values
    )


# Other attributions


def test_gradients_are_slopes_of_numbers_and_contrasts_of_categories():
    X, y = people()
    weight = np.random.default_rng(1).integers(1, 4, len(X))
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK))
    model.fit(X, y, gradientlassoclassifier__sample_weight=weight)
    found = Explanation.from_estimator(model, X, attribution="gradients")
    rows, names = model[0].transform(X), model[0].get_feature_names_out()
    phi = model[-1].explain(rows, target="log_odds", attribution="gradients")
    for name in CODES:
        at = [k for k, each in enumerate(names) if each.startswith(f"c__{name}")]
        shares = np.average(rows[:, at], axis=0, weights=weight)
        np.testing.assert_allclose(shares.sum(), 1)
        own = rows[:, at].argmax(axis=1)
        contrast = phi[np.arange(len(X)), np.array(at)[own]] - phi[:, at] @ shares
        j = X.columns.get_loc(name)
        np.testing.assert_allclose(found.values[:, j], contrast, atol=1e-12)
    age = X.columns.get_loc("age")
    scale = model[0].named_transformers_["n"][1].scale_[0]
    per_year = phi[:, list(names).index("n__age")] / scale
    expected = np.where(X["age"].isna(), np.nan, per_year)
    np.testing.assert_allclose(found.values[:, age], expected)
    np.testing.assert_array_equal(found.slopes[:, age], found.values[:, age])
    assert np.isnan(found.slopes[:, [1, 3]]).all()
    assert found.magnitudes is None and found.base_values is None
    assert repr(found) == (
        "<Explanation: gradients of 4 columns on the log-odds of 'yes' at 90 rows, in "
        "log-odds per unit of a number, against the average of training rows>"
    )
    assert found.to_frame().attrs["unit"] == "log-odds per unit of a number"
    assert found.background == "the average of training rows"
    with pytest.raises(ValueError, match="values are gradients.*'effects'"):
        found.counts  # noqa: B018


@pytest.mark.parametrize("kind", [ExpectedGradients, Contributions])
def test_attributions_of_what_is_made_of_a_column_are_added_up(kind):
    X, y = people()
    model = make_pipeline(encoder(), GradientLassoClassifier(**QUICK)).fit(X, y)
    rows, names = model[0].transform(X), model[0].get_feature_names_out()
    name = "contributions" if kind is Contributions else "expected_gradients"
    made = {
        column: [k for k, each in enumerate(names) if column in each.split("__")[1]]
        for column in X
    }
    assert sum(map(len, made.values())) == len(names)
    for given, text in ((None, "90 training rows"), (X[:30], "30 rows given")):
        background = rows if given is None else rows[:30]
        phi = model[-1].explain(
            rows, target="log_odds", attribution=kind(background=background)
        )
        expected = np.stack([phi[:, at].sum(axis=1) for at in made.values()], axis=1)
        for attribution in (name, kind()):
            found = Explanation.from_estimator(
                model, X, attribution=attribution, background=given
            )
            np.testing.assert_allclose(found.values, expected, atol=1e-9)
            assert (found.attribution, found.background) == (name, text)
            assert found.slopes is None
    own = kind(background=rows[:20])
    found = Explanation.from_estimator(model, X, attribution=own)
    assert found.background == "20 rows given"


def test_wide_tables_hold_attributions_unless_effects_are_asked_for():
    X = drawn(12, 201)
    model = GradientLassoRegressor(**QUICK).fit(X, X[:, 0])
    found = Explanation.from_estimator(model, X[:3])
    assert repr(found) == (
        "<Explanation: expected gradients of 201 columns on the prediction at 3 rows, "
        "in units of y, against 12 training rows>"
    )
    expected = model.explain(X[:3], attribution="expected_gradients")
    np.testing.assert_allclose(found.values, expected)
    asked = Explanation.from_estimator(model, X[:3], attribution="effects")
    assert asked.attribution == "effects" and asked.values.shape == (3, 201)
    narrow = GradientLassoRegressor(**QUICK).fit(X[:, :200], X[:, 0])
    assert Explanation.from_estimator(narrow, X[:3, :200]).attribution == "effects"


def test_images_and_sequences_hold_expected_gradients():
    X = drawn(30, 4, 3)
    y = np.where(X[:, -1, 0] > 0, "up", "down")
    net = GradientLassoClassifier(module=RecurrentNet, max_iter=2, random_state=0)
    model = net.fit(X, y)
    found = Explanation.from_estimator(model, X)
    assert repr(found) == (
        "<Explanation: expected gradients of 4x3 columns on the log-odds of 'up' at 30 "
        "rows, in log-odds, against 30 training rows>"
    )
    expected = model.explain(X, target="log_odds", attribution="expected_gradients")
    np.testing.assert_allclose(found.values, expected)
    assert found.slopes is found.magnitudes is found.missing is None
    with pytest.raises(ValueError, match="'effects' needs a table whose columns"):
        Explanation.from_estimator(model, X, attribution="effects")
    flat = GradientLassoClassifier(
        module=RecurrentNet, input_shape=(4, 3), max_iter=2, random_state=0
    ).fit(X.reshape(30, 12), y)
    found = Explanation.from_estimator(flat, X.reshape(30, 12))
    np.testing.assert_allclose(found.values, expected.reshape(30, 12), atol=1e-9)
    assert found.attribution == "expected_gradients"


def test_the_own_attribution_of_an_attribution_prior():
    X = drawn(30, 4, 3)
    y = np.where(X[:, -1, 0] > 0, "up", "down")
    model = AttributionPriorClassifier(
        prior="l1", module=RecurrentNet, max_iter=2, random_state=0
    ).fit(X, y)
    found = Explanation.from_estimator(model, X)
    assert found.attribution == "expected_gradients"
    assert found.background == "30 training rows"


# The table of the issue


@pytest.mark.parametrize("module", ["perceptron", "tabular"])
def test_jobs_by_their_risk(module):
    rng = np.random.default_rng(0)
    n = 1500
    X = pd.DataFrame({"age": rng.normal(50, 10, n), "job": rng.choice(list("abcd"), n)})
    risk = X["job"].map({"a": 0.75, "b": 0.5, "c": 0.5, "d": 0.25})
    y = (rng.random(n) < risk + 0.01 * (X["age"] - 50)).to_numpy()
    columns = make_column_transformer(
        (StandardScaler(), ["age"]), (OneHotEncoder(), ["job"])
    )
    params = {"module": module, "lam": 1e-3, "max_iter": 8, "random_state": 0}
    model = make_pipeline(columns, GradientLassoClassifier(**params)).fit(X, y)
    found = Explanation.from_estimator(model, X[:200])
    effect = found.to_frame().groupby(X["job"][:200].to_numpy())["job"].mean()
    assert effect["a"] > 0.4 and effect["d"] < -0.4
    assert (
        effect["d"] < effect[["b", "c"]].min() < effect[["b", "c"]].max() < effect["a"]
    )
    is_a, is_d = (X["job"][:200] == job for job in "ad")
    assert (found.values[is_a, 1] > 0).all() and (found.values[is_d, 1] < 0).all()
    contrast = Explanation.from_estimator(
        model, X[:200], attribution="gradients"
    ).values
    assert np.corrcoef(contrast[:, 1], found.values[:, 1])[0, 1] > 0.9


def test_a_last_step_alone_says_that_the_whole_pipeline_explains_a_table():
    X = pd.DataFrame({"age": np.arange(20.0), "job": ["cook", "clerk"] * 10})
    encode = make_column_transformer(
        (StandardScaler(), ["age"]), (OneHotEncoder(), ["job"])
    )
    model = make_pipeline(encode, GradientLassoRegressor(**{**QUICK, "tol": 1e9}))
    model.fit(X, X["age"])
    with (
        warnings.catch_warnings(),
        pytest.raises(ValueError, match="'cook'. X holds texts.*the whole Pipeline"),
    ):
        warnings.filterwarnings("ignore", "X has feature names")
        Explanation.from_estimator(model[-1], X)
