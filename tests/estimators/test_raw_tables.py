"""Every estimator reads the raw columns of a table, in the same way everywhere."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.frames import KINDS, as_polars, labels_of
from helpers.quick import QUICK, SMALL
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
    NGSLLClassifier,
    NGSLLRegressor,
    RRRClassifier,
    RRRRegressor,
    lambda_path,
)
from sklearn_gradlasso.modules import MLP, RecurrentNet
from sklearn_gradlasso.tables import coded_table, learn_form

CLASSIFIERS = [
    GradientLassoClassifier,
    RRRClassifier,
    AttributionPriorClassifier,
    NGSLLClassifier,
]
REGRESSORS = [
    GradientLassoRegressor,
    RRRRegressor,
    AttributionPriorRegressor,
    NGSLLRegressor,
]
SEARCH = {"lams": [0.01, 0.1], "cv": 2, **QUICK}
MISSING = "X has missing values in column"


def y_for(kind, table):
    labels = labels_of(table)
    return labels if kind in CLASSIFIERS else labels + 0.1 * table.income.to_numpy()


def numbers_of(table: pd.DataFrame) -> pd.DataFrame:
    """The table as numbers only, complete."""
    return table[["income"]].assign(age=table.age.fillna(40.0))


@pytest.mark.parametrize("kind", [*CLASSIFIERS, *REGRESSORS])
def test_frames_of_pandas_and_polars(kind, raw):
    y, other = y_for(kind, raw), as_polars(raw)
    model = kind(**QUICK).fit(raw, y)
    same = kind(**QUICK).fit(other, y)
    assert model.n_features_in_ == 5
    assert model.feature_names_in_.tolist() == list(raw.columns)
    assert model.feature_importances_.shape == (5,)
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    for rows in (raw, other):
        for name in ("predict", "explain"):
            answers = getattr(model, name)(rows)
            np.testing.assert_array_equal(answers, getattr(same, name)(rows))
            assert np.isfinite(answers).all()
    assert model.explain(raw).shape == raw.shape
    stored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(stored.predict(raw), model.predict(raw))
    assert stored._table_form.names.tolist() == list(raw.columns)
    assert clone(model).fit(raw, y)._table_form.levels[1].tolist() == [
        *["clerk", "cook", "nurse"]
    ]


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_what_is_learned_of_raw_columns(kind, raw):
    y = labels_of(raw)
    model = kind(max_iter=150, learning_rate_init=0.02, random_state=0).fit(raw, y)
    assert model.score(raw, y) > 0.9


def test_the_coded_table_is_what_the_network_reads(raw):
    y = labels_of(raw)
    model = GradientLassoClassifier(**QUICK).fit(raw, y)
    form = learn_form(raw)
    codes = coded_table(form, raw)
    rows = model._rows_to_answer(raw)
    np.testing.assert_array_equal(rows.X.numpy(), codes)
    # A number in other units is the same to the network.
    other = raw.assign(income=1000.0 * raw.income + 7.0)
    again = GradientLassoClassifier(**QUICK).fit(other, y)
    np.testing.assert_allclose(
        again.predict_proba(other), model.predict_proba(raw), rtol=1e-4
    )
    slopes = again.explain(other, attribution="gradients")[:, 3] * 1000.0
    known = model.explain(raw, attribution="gradients")[:, 3]
    np.testing.assert_allclose(slopes, known, rtol=1e-2, atol=1e-5)


def test_an_encoding_by_hand(raw):
    """A linear network of raw columns is that of numbers and indicators by hand."""
    y = labels_of(raw)
    params = {"hidden_layer_sizes": (), "lam": 0.0, "optimizer": "lbfgs"}
    params |= {"weight_l2": 0.01, "penalize_biases": False, "tol": 1e-6}
    model = GradientLassoClassifier(**params).fit(raw, y)
    form = learn_form(raw)
    codes = coded_table(form, raw).astype(np.float64)
    parts = [value / np.sqrt(1 + (value / 3) ** 2) for value in codes[:, [0, 3]].T]
    parts[0] = np.where(np.isnan(codes[:, 0]), 0.0, parts[0])
    parts.append(np.isnan(codes[:, 0]))
    for j in (1, 2, 4):
        parts += [codes[:, j] == code for code in range(form.n_levels[j])]
    parts.append(np.isnan(codes[:, 1]))
    by_hand = np.column_stack(parts).astype(np.float32)
    other = GradientLassoClassifier(**params).fit(by_hand, y)
    np.testing.assert_allclose(
        model.predict_proba(raw), other.predict_proba(by_hand), atol=1e-3
    )


def test_numbers_behave_as_before(raw):
    """The perceptron does not read complete numbers, whatever holds them."""
    table, y = numbers_of(raw), labels_of(raw)
    models = [
        GradientLassoClassifier(module="perceptron", **QUICK).fit(X, y)
        for X in (table, table.to_numpy(), table.to_numpy().tolist(), as_polars(table))
    ]
    for model in models:
        assert model._table_form is None
    assert models[1].predict_proba(table.to_numpy()).dtype == np.float64
    first, *others = (each.net_.module_.state_dict() for each in models)
    for other in others:
        assert all((other[name] == first[name]).all() for name in first)
    with pytest.raises(ValueError, match="X contains NaN"):
        models[1].predict([[np.nan, 1.0]])
    for rows in (sp.csr_matrix([[np.nan, 1.0]] * 20), np.full((20, 2, 2), np.nan)):
        with pytest.raises(ValueError, match="contains NaN"):
            GradientLassoClassifier(module=RecurrentNet, **QUICK).fit(rows, y[:20])
    with pytest.raises(ValueError, match="contains NaN"):
        shaped = GradientLassoClassifier(input_shape=(2, 1), **QUICK)
        shaped.fit(table.where(table.age > 40), y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_with_missing_values(dtype, raw):
    X = raw[["age", "income"]].to_numpy(dtype=dtype)
    y = labels_of(raw)
    model = GradientLassoClassifier(**QUICK).fit(X, y)
    assert model._table_form.missing[0] > 0 and model.predict_proba(X).dtype == dtype
    with_objects = X.astype(object)
    with_objects[np.isnan(X)] = None
    np.testing.assert_array_equal(
        model.predict_proba(X), model.predict_proba(with_objects.tolist())
    )


def test_positions_of_categories(raw):
    codes = np.column_stack([raw.job.fillna("?") == "cook", raw.income]).astype(float)
    y = labels_of(raw)
    model = GradientLassoClassifier(categorical_features=[0], **QUICK).fit(codes, y)
    assert model._table_form.is_category.tolist() == [True, False]
    # The contrasts with the average category add up to 0 over the training rows.
    assert abs(model.explain(codes)[:, 0]).max() > 0
    mixed = raw[["job", "income"]].to_numpy(dtype=object)
    model.fit(mixed, y)
    assert model._table_form.levels[0].tolist() == ["clerk", "cook", "nurse"]
    with pytest.raises(ValueError, match="'categorical_features' parameter"):
        GradientLassoClassifier(categorical_features="job").fit(codes, y)
    for X in (sp.csr_matrix(codes), raw.assign(x=1)):
        with pytest.raises(ValueError, match="categorical_features"):
            GradientLassoClassifier(categorical_features=["no"]).fit(X, y)
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.predict(codes[:, 0])
    with pytest.raises(ValueError, match="2 features, but .*|expecting 2 features"):
        model.predict(codes[:, :1])


def test_errors_about_raw_tables(raw):
    y = labels_of(raw)
    model = GradientLassoClassifier(**QUICK).fit(raw, y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(raw[raw.columns[::-1]])
    with pytest.raises(ValueError, match="infinity, in column 'income'"):
        model.predict(raw.assign(income=np.inf))
    with pytest.raises(ValueError, match="dates or durations, in column 'income'"):
        model.predict(raw.assign(income=pd.Timestamp("2026-01-01")))
    message = "could not convert string to float: 'high'.*in column 'income'"
    with pytest.raises(ValueError, match=message):
        model.predict(raw.assign(income="high"))
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        model.predict(raw[:0])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        model.fit(raw[:0], y[:0])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        model.fit(raw, y[:-1])
    with pytest.raises(ValueError, match="requires y"):
        model.fit(raw, None)
    with pytest.raises(ValueError, match="y contains NaN|Input y"):
        GradientLassoRegressor().fit(raw, np.where(y, np.nan, 1.0))
    with pytest.raises(ValueError, match=r"input_shape=\(5,\) is for rows of numbers"):
        GradientLassoClassifier(input_shape=(5,)).fit(raw, y)
    with pytest.raises(ValueError, match="'cook'. X has values.*in column 'job'"):
        GradientLassoClassifier(categorical_features=None).fit(raw, y)


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_first_missing_is_said_once(kind, raw):
    y, full = labels_of(raw), raw.assign(smokes=raw.smokes)
    model = GradientLassoClassifier(**QUICK).fit(raw, y)
    holes = full.astype({"smokes": object, "income": float})
    holes.loc[3, ["smokes", "income"]] = None
    holes = kind(holes)
    for answer in (model.predict, model.explain):
        with pytest.warns(UserWarning, match=f"{MISSING}s 'smokes', 'income'") as said:
            answers = answer(holes)
        assert len(said) == 1 and np.isfinite(answers).all()
        assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(raw)
    # A missing number is taken for the median.
    median = raw.assign(income=np.median(raw.income))
    with pytest.warns(UserWarning, match=MISSING):
        answers = model.predict_proba(raw.assign(income=np.nan))
    at_center = raw.assign(income=model._table_form.center[3])
    np.testing.assert_allclose(answers, model.predict_proba(at_center), rtol=1e-6)
    assert abs(answers - model.predict_proba(median)).max() < 0.01


def test_unseen_categories_are_those_of_rare_ones(raw):
    table = raw.assign(job=raw.job.where(raw.index > 3, "pilot"))
    model = GradientLassoClassifier(**QUICK).fit(table, labels_of(raw))
    assert "pilot" not in model._table_form.levels[1].tolist()
    with pytest.warns(UserWarning, match="No row of X has a level"):
        np.testing.assert_array_equal(
            *(model.predict_proba(raw.assign(job=job)) for job in ("pilot", "smith"))
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_whose_levels_are_all_unknown_is_warned_of(raw, kind):
    model = GradientLassoClassifier(**QUICK).fit(raw, labels_of(raw))
    other = raw.assign(job=raw.job.str.upper())
    given = sorted(set(other.job.dropna()))
    wanted = f"'job'.*given are .*'{given[0]}'.*known are .*'{given[0].lower()}'"
    for answer in (model.predict, model.explain):
        with pytest.warns(UserWarning, match=wanted) as said:
            answer(kind(other))
        assert len(said) == 1 and said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(kind(other.iloc[:1]))
        model.predict(kind(raw.assign(job=raw.job.where(raw.index != 3, "PILOT"))))


@pytest.mark.parametrize(
    "kind", [GradientLassoClassifier, AttributionPriorClassifier, NGSLLClassifier]
)
def test_integer_weights_are_repetition(kind, raw):
    y = labels_of(raw)
    weight = np.random.default_rng(0).integers(0, 3, len(raw))
    params = {**QUICK, "batch_size": 1000, "max_iter": 10}
    model = kind(**params).fit(raw, y, sample_weight=weight)
    at = np.repeat(np.arange(len(raw)), weight)
    repeated = kind(**params).fit(raw.iloc[at], y[at])
    np.testing.assert_array_equal(model._table_form.scale, repeated._table_form.scale)
    np.testing.assert_allclose(
        model.decision_function(raw), repeated.decision_function(raw), atol=1e-4
    )


def test_training_goes_on_with_the_form_of_the_first_call(raw):
    y = labels_of(raw)
    model = GradientLassoClassifier(random_state=0)
    model.partial_fit(raw[:80], y[:80], classes=[0, 1])
    form = model._table_form
    other = raw[80:].assign(job="smith", income=raw.income[80:] * 100)
    with pytest.warns(UserWarning, match="No row of X has a level.*'smith'"):
        model.partial_fit(other, y[80:])
    assert model._table_form is form
    warm = GradientLassoClassifier(warm_start=True, **QUICK).fit(raw, y)
    first = warm._table_form
    assert warm.fit(raw[:60], y[:60])._table_form is first
    with pytest.warns(UserWarning, match=f"{MISSING} 'income'"):
        warm.fit(raw.assign(income=raw.income.where(raw.income > 0.1)), y)
    with pytest.raises(ValueError, match="categorical_features=.'job'. and not 'from_"):
        clone(warm).fit(raw, y).set_params(categorical_features=["job"]).fit(raw, y)
    stored = pickle.loads(pickle.dumps(warm))
    assert stored.fit(raw, y)._table_form.n_levels.tolist() == first.n_levels.tolist()
    # Another fit begins anew.
    numbers = numbers_of(raw)
    assert model.fit(numbers, y)._table_form.names.tolist() == ["income", "age"]
    assert model.predict(numbers).shape == y.shape


def test_a_failed_fit_leaves_the_form(raw):
    y = labels_of(raw)
    model = GradientLassoClassifier(**QUICK).fit(raw, y)
    before = model.predict_proba(raw)
    with pytest.raises(ValueError, match="infinity"):
        model.fit(raw.assign(income=np.inf), y)
    np.testing.assert_array_equal(model.predict_proba(raw), before)
    model.set_params(categorical_features=None)  # of the next fit
    np.testing.assert_array_equal(model.predict_proba(raw), before)


def test_early_stopping_and_groups(raw):
    y = labels_of(raw)
    model = GradientLassoClassifier(early_stopping=True, **QUICK)
    model.fit(raw, y, groups=np.arange(len(raw)) // 4)
    assert len(model.validation_scores_) == model.n_iter_
    last = clone(model).set_params(validation_split="last").fit(as_polars(raw), y)
    assert np.isfinite(last.predict_proba(raw)).all()


@pytest.mark.filterwarnings("ignore:X has missing values")
@pytest.mark.parametrize("kind", KINDS)
def test_searches_learn_the_form_of_each_fold(kind, raw):
    X, y = kind(raw), labels_of(raw)
    search = GradientLassoClassifierCV(**SEARCH).fit(X, y)
    assert search.importances_.shape == (2, 5) and np.isfinite(search.scores_).all()
    assert search.effective_columns_.max() <= 5
    grid = GridSearchCV(
        GradientLassoClassifier(**QUICK),
        {"lam": [0.01, 0.1]},
        cv=2,
        error_score="raise",
        scoring="accuracy",
    ).fit(X, y)
    for k in range(2):
        each = grid.cv_results_[f"split{k}_test_score"]
        np.testing.assert_allclose(search.cv_results_[f"split{k}_test_score"], each)
    assert search.best_index_ in (0, 1)
    assert search.explain(X).shape == (len(y), 5)


def test_a_fold_without_missing_values_is_read_as_all_rows(raw):
    X = raw[["age", "income"]].to_numpy()
    X = np.where(np.isnan(X), 40.0, X)
    X[-1, 1] = np.nan  # In a fold it is held out.
    y = labels_of(raw)
    search = GradientLassoClassifierCV(**SEARCH)
    with pytest.warns(UserWarning, match=f"{MISSING} 'x1'"):
        search.fit(X, y)
    assert np.isfinite(search.losses_).all()
    regressor = GradientLassoRegressorCV(**SEARCH)
    with pytest.warns(UserWarning, match=MISSING):
        regressor.fit(X, y.astype(float))
    holes, rest = X.copy(), X.copy()
    holes[0, 0], rest[:, 1] = np.nan, np.nan
    network = GradientLassoClassifier(**QUICK)
    others = {"X_test": rest, "y_test": y, "lams": [0.1]}
    with pytest.warns(UserWarning, match=MISSING):
        path = lambda_path(network, holes[:-1], y[:-1], **others)
    assert path.importances.shape == (1, 2)


def test_weights_of_a_search_are_repetition(raw):
    y = labels_of(raw)
    weight = np.random.default_rng(0).integers(1, 3, len(raw))
    order = np.arange(len(raw))
    folds = [(order[:60], order[60:]), (order[60:], order[:60])]
    at = np.repeat(order, weight)
    repeated = [
        (np.flatnonzero(np.isin(at, a)), np.flatnonzero(np.isin(at, b)))
        for a, b in folds
    ]
    params = {**SEARCH, "batch_size": 1000}
    one = GradientLassoClassifierCV(**{**params, "cv": folds})
    two = GradientLassoClassifierCV(**{**params, "cv": repeated})
    one.fit(raw, y, sample_weight=weight)
    two.fit(raw.iloc[at], y[at])
    np.testing.assert_allclose(one.losses_, two.losses_, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_annotations_by_name(kind, raw):
    """Of two columns whose names begin alike each is one column."""
    table = raw.rename(columns={"smokes": "job_2", "town": "job_town"})
    y = labels_of(raw)
    params = {"max_iter": 30, "learning_rate_init": 0.02, "random_state": 0}
    model = RRRClassifier(**params).fit(kind(table), y, annotations=["job"])
    assert model.obedience_.feature_names == ("job",)
    assert model.obedience_.reached
    assert model.feature_importances_[1] < 0.05
    changed = table.assign(job="cook")
    assert (model.predict(changed) == model.predict(table)).mean() > 0.97
    for given in (
        {"job": 1.0, "age": 0.5},
        pd.DataFrame({"job": np.ones(len(y))}),
        [0, 1, 0, 0, 0],
        np.eye(5)[1],
    ):
        again = RRRClassifier(lam=1.0, **QUICK).fit(kind(table), y, annotations=given)
        assert again.obedience_.positions[0].tolist() == [1]
    with pytest.raises(ValueError, match="no feature has a name.*'jo'"):
        RRRClassifier(**QUICK).fit(kind(table), y, annotations=["jo"])
    # Codes of 0 and 1 are no indicators of one variable.
    two = table[["job_2"]].assign(other=~table.job_2, income=table.income)
    model = RRRClassifier(lam=1.0, **QUICK).fit(kind(two), y, annotations=[1, 1, 0])
    assert model.obedience_.feature_names == ("job_2", "other")


def test_signs(raw):
    y = labels_of(raw)
    params = {"max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}
    model = RRRClassifier(monotonic_cst={"income": -1}, **params).fit(raw, y)
    assert (model.explain(raw)[:, 3] <= 1e-3).mean() > 0.95
    model = RRRRegressor(monotonic_cst=[1, 0, 0, 0, 0], **QUICK).fit(raw, y)
    assert model.obedience_.wrong_signs.shape == (1,)
    for signs in ({"job": 1}, [0, 1, 0, 0, 0]):
        message = "monotonic_cst: the columns .'job'. hold categories, which have no or"
        with pytest.raises(ValueError, match=message):
            RRRClassifier(monotonic_cst=signs, **QUICK).fit(raw, y)


def test_another_explanation(raw):
    y = labels_of(raw)
    network = RRRClassifier(lam=1.0, **QUICK)
    search = FindAnotherExplanation(network, n_explanations=2, tolerance=1.0)
    for X in (raw, as_polars(raw)):
        search.fit(X, y, annotations=["town"])
        assert search.masks_[0].shape == raw.shape
        assert search.disagreement(X).shape == y.shape


def test_modules_of_the_user(raw):
    """They are given the encodings, and what they say is about the columns."""
    y, asked = labels_of(raw), []

    def factory(n_features, n_outputs):
        asked.append(n_features)
        return MLP(n_features, n_outputs, hidden_layer_sizes=(5,))

    model = GradientLassoClassifier(module=factory, **QUICK).fit(raw, y)
    # 2 numbers, an indicator of missing ages; 4 + 3 + 3 codes, and a missing job
    assert set(asked) == {14} and model.explain(raw).shape == raw.shape
    assert model.feature_importances_.shape == (5,)
    answers = model.predict_proba(raw)
    np.testing.assert_array_equal(clone(model).fit(raw, y).predict_proba(raw), answers)
    with pytest.raises(ValueError, match="module cannot take a batch"):
        GradientLassoClassifier(module=nn.Linear(5, 2), **QUICK).fit(raw, y)


def test_several_outputs_and_labels(raw):
    y = np.column_stack([labels_of(raw), raw.smokes])
    model = GradientLassoClassifier(**QUICK).fit(raw, y)
    assert model.predict(raw).shape == y.shape
    assert model.explain(raw).shape == (*raw.shape, 2)
    model = GradientLassoRegressor(**QUICK).fit(as_polars(raw), y.astype(float))
    assert model.predict(raw).shape == y.shape


def test_linear_models_of_raw_tables(raw):
    """Features are the scaled numbers, and 1 for categories and missing values."""
    y = labels_of(raw)
    model = NGSLLClassifier(n_nonzero_coefs=2, **QUICK).fit(raw, y)
    assert model.simplified_feature_names_.tolist() == list(raw.columns)
    weights = model.explain(raw)
    z = coded_table(model._table_form, raw)
    z = np.where(np.isnan(z) | model._table_form.is_category, 1.0, z)
    np.testing.assert_allclose(
        (weights * z).sum(axis=1), model.decision_function(raw), atol=1e-5
    )
    assert ((weights != 0).sum(axis=1) <= 2).all()
    with pytest.raises(TypeError, match="for tables without.*categories"):
        model._differentiable(raw)
    lengths = FunctionTransformer(lambda X: X[["income"]].to_numpy())
    model = NGSLLClassifier(simplify=lengths, **QUICK).fit(raw, y)
    assert model.explain(raw).shape == (len(y), 1)


def test_in_a_pipeline(raw):
    y = labels_of(raw)
    pipeline = make_pipeline(
        FunctionTransformer(lambda X: X.drop(columns="town")),
        GradientLassoClassifier(**QUICK),
    )
    assert pipeline.fit(raw, y)[-1].n_features_in_ == 4
    scores = cross_val_score(pipeline, raw, y, cv=2, error_score="raise")
    assert np.isfinite(scores).all()


def test_no_warning_of_scales(raw):
    table = raw.assign(income=raw.income * 1e9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=UserWarning, message="(?!.*scales)")
        GradientLassoClassifier(**SMALL, max_iter=3).fit(table, labels_of(raw))


def test_tags():
    def tags(**params):
        found = get_tags(GradientLassoClassifier(**params)).input_tags
        return found.allow_nan, found.categorical, found.sparse

    assert tags() == tags(categorical_features=None) == (True, False, True)
    assert tags(categorical_features=[0]) == (True, True, False)
    assert tags(input_shape=(1, 2)) == (False, False, True)
    assert not get_tags(
        NGSLLClassifier(encode=FunctionTransformer())
    ).input_tags.allow_nan


def test_a_regressor_learns_from_missing_values(raw):
    y = np.where(raw.age.isna(), 3.0, 0.0) + raw.income.to_numpy().clip(max=3.0)
    model = GradientLassoRegressor(max_iter=200, lam=1e-4, random_state=0)
    model.set_params(learning_rate_init=0.02).fit(raw, y)
    assert r2_score(y, model.predict(raw)) > 0.9


@pytest.mark.parametrize("module", [None, "perceptron"])
@pytest.mark.parametrize("kind", KINDS)
def test_integers_that_float64_cannot_tell_apart_are_warned_of(raw, kind, module):
    table = raw[["income"]].assign(key=2**60 + np.arange(len(raw)) % 4)
    model = GradientLassoClassifier(module=module, **QUICK)
    wanted = r"integers beyond 2\*\*53 in column 'key' \(such as .*categorical_features"
    for X, named in ((kind(table), wanted), (table[["key"]].to_numpy(), "column 0 ")):
        with pytest.warns(UserWarning, match=named) as said:
            model.fit(X, labels_of(raw))
        assert said[-1].filename == __file__
    model.set_params(categorical_features=["key"]).fit(kind(table), labels_of(raw))
    assert model._table_form.n_levels.tolist() == [0, 5]  # without a warning
