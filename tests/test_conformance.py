"""Scikit-learn's checks on every public estimator, found by its name."""

import inspect

import pytest
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import sklearn_gradlasso

ESTIMATORS = [
    value
    for name in sklearn_gradlasso.__all__
    if inspect.isclass(value := getattr(sklearn_gradlasso, name))
    and issubclass(value, BaseEstimator)
]
TAKE_TEXTS = [sklearn_gradlasso.TokenSequencer]  # scikit-learn makes no texts to check
AROUND_ANOTHER = [sklearn_gradlasso.SensitivitySelector]
SEARCHES = [  # many networks
    sklearn_gradlasso.GradientLassoClassifierCV,
    sklearn_gradlasso.GradientLassoRegressorCV,
]
OTHERS = TAKE_TEXTS + AROUND_ANOTHER + SEARCHES
ESTIMATORS = [value for value in ESTIMATORS if value not in OTHERS]


# Around a regressor; its own checks are those of RRRRegressor, so few epochs do.
OF_REGRESSORS = [
    sklearn_gradlasso.FindAnotherExplanation(
        sklearn_gradlasso.RRRRegressor(lam=1.0, max_iter=30)
    )
]
SELECTORS = [
    sklearn_gradlasso.SensitivitySelector(estimator(max_iter=10))
    for estimator in (
        sklearn_gradlasso.GradientLassoClassifier,
        sklearn_gradlasso.GradientLassoRegressor,
    )
]
TABULAR = [
    estimator(module="tabular", max_iter=15)
    for estimator in ESTIMATORS
    if hasattr(estimator(), "module")
]
FEW = {"lams": [0.01, 0.1], "cv": 2, "max_iter": 30}
SMALL_SEARCHES = [estimator(**FEW) for estimator in SEARCHES]
CHECKED = [estimator() for estimator in ESTIMATORS]
CHECKED += OF_REGRESSORS + SELECTORS + SMALL_SEARCHES
# The others read the columns as the first do.
CHECKED += [each for each in TABULAR if "Lasso" in type(each).__name__]
CHECKED += [each for each in TABULAR if "NGSLL" in type(each).__name__]


@parametrize_with_checks(CHECKED)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([each for each in TABULAR if each not in CHECKED])
def test_scikit_learn_check_of_the_tabular_network(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", TAKE_TEXTS)
def test_what_takes_texts_passes_the_checks_that_need_no_rows(estimator):
    results = check_estimator(estimator(), on_fail=None)
    assert results and all(each["status"] == "passed" for each in results)


def test_estimators_are_found():
    assert any(is_classifier(estimator()) for estimator in ESTIMATORS)
    assert any(is_regressor(estimator()) for estimator in ESTIMATORS)


@pytest.mark.parametrize("estimator", ESTIMATORS + SEARCHES)
def test_never_a_coef(estimator, cancer):
    model = estimator(**FEW) if estimator in SEARCHES else estimator()
    inner = getattr(model, "estimator", model) or sklearn_gradlasso.RRRClassifier()
    inner.set_params(max_iter=1)
    if inner is not model:
        model.set_params(estimator=inner)
    assert not hasattr(model.fit(*cancer), "coef_")
