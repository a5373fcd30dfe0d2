"""Wrappers that answer with one network, and those that are refused by name."""

import numpy as np
import pandas as pd
import pytest
from imblearn import FunctionSampler
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import SMOTE, SMOTENC, RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRClassifier,
    SensitivitySelector,
    annotations_for,
    lambda_path,
)
from sklearn_gradlasso.explanation import Explanation, reason_codes
from sklearn_gradlasso.sensitivity import (
    global_importance,
    local_importance,
    noise_floor,
)


def ours(kind=GradientLassoClassifier, **params):
    shared = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    return kind(**{**shared, **params})


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.normal(50, 10, 120),
            "income": rng.normal(0, 2, 120),
            "job": rng.choice(list("abc"), 120),
        }
    )


@pytest.fixture(scope="module")
def numbers(table):
    return table[["age", "income"]]


@pytest.fixture(scope="module")
def rare(table):
    return (table["income"] > 2.2).astype(int).to_numpy()


# Samplers of imbalanced-learn


SAMPLERS = [
    (StandardScaler(), SMOTE(random_state=0)),
    (SMOTE(random_state=0), StandardScaler()),
    (RandomOverSampler(random_state=0),),
    (StandardScaler(), SMOTE(random_state=0), RandomUnderSampler(random_state=0)),
    (StandardScaler(), SMOTEENN(random_state=0)),
    (StandardScaler(), FunctionSampler(), MinMaxScaler()),
    ("passthrough", SMOTE(random_state=0), StandardScaler()),
]


@pytest.mark.parametrize("before", SAMPLERS, ids=range(len(SAMPLERS)))
@pytest.mark.parametrize("network", [ours(), MLPClassifier((5,), max_iter=3)])
def test_samplers_are_skipped_as_in_predict(before, network, numbers, rare):
    steps = [step if step == "passthrough" else clone(step) for step in before]
    model = make_sampling_pipeline(*steps, clone(network)).fit(numbers, rare)
    rows = numbers
    for _, step in model.steps[:-1]:
        rows = step.transform(rows) if hasattr(step, "transform") else rows
    found = Explanation.from_estimator(model, numbers)
    p = model.predict_proba(numbers)
    np.testing.assert_allclose(found.predictions, np.log(p[:, 1] / p[:, 0]), rtol=1e-6)
    np.testing.assert_array_equal(found.data, numbers)
    assert found.feature_names.tolist() == ["age", "income"]
    for measure in (global_importance, local_importance):
        np.testing.assert_array_equal(
            measure(model, numbers).importances,
            measure(model[-1], rows).importances,
        )
    selector = SensitivitySelector(model, prefit=True, max_features=1).fit(numbers)
    largest = np.argmax(selector.importances_)
    assert selector.get_support(indices=True) == [largest]
    codes = reason_codes(found, k=1)
    assert len(codes) and set(codes["column"]) <= {"age", "income"}


def test_samplers_before_and_behind_an_encoder(table, rare):
    prepare = make_column_transformer(
        (StandardScaler(), ["age", "income"]),
        (OneHotEncoder(sparse_output=False), ["job"]),
    )
    for before in (
        (prepare, SMOTE(random_state=0)),
        (SMOTENC(["job"], random_state=0), prepare),
    ):
        model = make_sampling_pipeline(*before, ours()).fit(table, rare)
        found = Explanation.from_estimator(model, table)
        assert found.feature_names.tolist() == ["age", "income", "job"]
        selector = SensitivitySelector(clone(model), max_features=2).fit(table, rare)
        assert len(selector.get_feature_names_out()) == 2


def test_annotations_and_refits_behind_samplers(numbers, rare):
    model = make_sampling_pipeline(
        StandardScaler(), SMOTE(random_state=0), ours(RRRClassifier, lam=1.0)
    )
    for each in (model, clone(model).fit(numbers, rare)):
        found = annotations_for(each, numbers, ["age"], y=rare)
        np.testing.assert_array_equal(found, [1, 0])
    model.fit(numbers, rare, rrrclassifier__annotations=found)
    floor = noise_floor(model, numbers, rare, n_repeats=10, random_state=0)
    assert floor.feature_names.tolist() == ["age", "income"]
    with pytest.raises(ValueError, match="step 'smote', which resamples rows"):
        lambda_path(model, numbers, rare, lams=[0.1])


def test_a_selector_behind_a_sampler(numbers, rare):
    model = make_sampling_pipeline(
        StandardScaler(),
        SMOTE(random_state=0),
        SensitivitySelector(ours(), max_features=1),
        ours(),
    ).fit(numbers, rare)
    found = Explanation.from_estimator(model, numbers)
    expected = np.array(["age", "income"])[model[2].get_support()]
    assert found.feature_names.tolist() == expected.tolist()


# Calibration, self-training, elimination


@pytest.mark.parametrize("network", [ours(), MLPClassifier((5,), max_iter=3)])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_a_calibrated_network_is_explained_before_calibration(
    network, method, numbers, rare
):
    frozen = FrozenEstimator(clone(network).fit(numbers, rare))
    expected = Explanation.from_estimator(frozen.estimator, numbers)
    assert "calibration" not in expected.target
    for ensemble in (False, True):  # all members of the ensemble are this network
        model = CalibratedClassifierCV(frozen, cv=2, method=method, ensemble=ensemble)
        found = Explanation.from_estimator(model.fit(numbers, rare), numbers)
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found.predictions, expected.predictions)
        assert found.target == f"{expected.target}, before calibration"
        assert "before calibration" in repr(found)


def test_one_calibrated_network_behind_a_scaler(numbers, rare):
    inner = make_pipeline(StandardScaler(), ours())
    model = CalibratedClassifierCV(inner, cv=2, ensemble=False).fit(numbers, rare)
    again = inner.fit(numbers, rare)  # on all rows, as for the calibration
    np.testing.assert_array_equal(
        global_importance(model, numbers).importances,
        global_importance(again, numbers).importances,
    )


def test_self_training_answers_with_one_network(numbers, rare):
    y, numbers = np.where(np.arange(120) % 3, rare, -1), numbers.to_numpy()
    model = SelfTrainingClassifier(make_pipeline(StandardScaler(), ours()))
    found = Explanation.from_estimator(model.fit(numbers, y), numbers)
    p = model.predict_proba(numbers)
    np.testing.assert_allclose(found.predictions, np.log(p[:, 1] / p[:, 0]), rtol=1e-6)


def test_recursive_elimination_is_a_selector_and_a_network(numbers, rare):
    X = numbers.assign(noise=np.random.default_rng(1).standard_normal(120))
    model = make_pipeline(StandardScaler(), RFE(ours(), n_features_to_select=2))
    found = Explanation.from_estimator(model.fit(X, rare), X)
    kept = X.columns[model[-1].support_].tolist()
    assert found.feature_names.tolist() == kept
    p = model.predict_proba(X)
    np.testing.assert_allclose(found.predictions, np.log(p[:, 1] / p[:, 0]), rtol=1e-6)


# Refused


def refused(model, X, match):
    for explained in (
        lambda: Explanation.from_estimator(model, X),
        lambda: global_importance(model, X),
        lambda: SensitivitySelector(model, prefit=True).fit(X),
    ):
        with pytest.raises(TypeError, match=match):
            explained()


@pytest.mark.parametrize(
    "model",
    [
        BaggingClassifier(ours(), n_estimators=2),
        AdaBoostClassifier(ours(max_iter=60, learning_rate_init=0.1), n_estimators=2),
        VotingClassifier([("a", ours()), ("b", LogisticRegression())]),
        StackingClassifier([("a", ours())], cv=2),
        OneVsRestClassifier(ours()),
        OneVsOneClassifier(ours()),
        ClassifierChain(ours()),
        MultiOutputClassifier(ours()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_combines_models_is_refused_by_name(model, numbers, rare):
    y = rare
    if type(model) in (ClassifierChain, MultiOutputClassifier):
        y = np.column_stack([rare, numbers["age"] > 50])
    numbers = (numbers - numbers.mean()) / numbers.std()
    model = model.fit(numbers, y)
    n = len(model.estimators_)
    name = type(model).__name__
    refused(model, numbers, rf"got {name}.*estimators_ of this {name}, {n} of them")


def test_what_keeps_no_network_is_refused_with_the_remedy(numbers, rare):
    several = CalibratedClassifierCV(ours(), cv=2).fit(numbers, rare)
    refused(several, numbers, "averages 2 networks.*ensemble=False")
    search = GridSearchCV(ours(), {"lam": [0.1]}, cv=2, refit=False)
    search.fit(numbers, rare)
    with pytest.raises(TypeError, match="got GridSearchCV.*refit=True"):
        global_importance(search, numbers)
    headless = make_pipeline(StandardScaler(), "passthrough").fit(numbers)
    with pytest.raises(TypeError, match="got 'passthrough'"):
        global_importance(headless, numbers)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: make_pipeline(StandardScaler(), model),
        lambda model: GridSearchCV(model, {"lam": [0.1]}),
        FrozenEstimator,
        FixedThresholdClassifier,
        TunedThresholdClassifierCV,
        CalibratedClassifierCV,
        BaggingClassifier,
        SelfTrainingClassifier,
        lambda model: TransformedTargetRegressor(ours(GradientLassoRegressor)),
        lambda model: make_sampling_pipeline(SMOTE(), model),
    ],
    ids=range(10),
)
def test_wrappers_that_are_not_fitted_say_so(wrap, numbers):
    with pytest.raises(NotFittedError):
        Explanation.from_estimator(wrap(ours()), numbers)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda frozen: frozen,
        FixedThresholdClassifier,
        lambda frozen: make_pipeline(StandardScaler(), frozen),
    ],
    ids=["alone", "fixed", "pipeline"],
)
@pytest.mark.parametrize("scaled", [False, True])
def test_frozen_networks_are_not_fitted_anew(wrap, scaled, numbers, rare):
    inner = make_pipeline(StandardScaler(), ours()) if scaled else ours()
    model = wrap(FrozenEstimator(inner.fit(numbers, rare)))
    with pytest.raises(TypeError, match="noise_floor fits networks anew.*frozen"):
        noise_floor(model, numbers, rare)
    with pytest.raises(TypeError, match="A path fits networks anew.*frozen"):
        lambda_path(model, numbers, rare, lams=[0.1])
    if scaled and isinstance(model, FrozenEstimator):
        selector = SensitivitySelector(model, random_state=0).fit(numbers, rare)
        found = global_importance(model, numbers).importances / 100
        np.testing.assert_allclose(selector.importances_, found, rtol=1e-3)
