"""Scikit-learn's checks on every public estimator, found by its name.

All checks run with settings that train briefly: on all estimators with the perceptron,
on some with the network for tables and with categories. On the others, and with the
default parameters, only those run that do not train; the rest is slow. So are all
checks with other options, of which scikit-learn's networks fail some.
"""

import inspect

import pytest
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import sklearn_gradlasso
from sklearn_gradlasso import (
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
    NGSLLClassifier,
    NGSLLRegressor,
    RRRClassifier,
    RRRRegressor,
    SensitivitySelector,
    TokenSequencer,
)

PUBLIC = [
    value
    for name in sklearn_gradlasso.__all__
    if inspect.isclass(value := getattr(sklearn_gradlasso, name))
    and issubclass(value, BaseEstimator)
]
TAKE_TEXTS = [TokenSequencer]  # scikit-learn makes no texts to check
AROUND_ANOTHER = [FindAnotherExplanation, SensitivitySelector]
SEARCHES = [GradientLassoClassifierCV, GradientLassoRegressorCV]
NETWORKS = [
    each for each in PUBLIC if each not in TAKE_TEXTS + AROUND_ANOTHER + SEARCHES
]
OF_A_SEARCH = {"lams": [0.01, 0.1], "cv": 2}


BRIEF = {"max_iter": 20, "learning_rate_init": 0.03}  # enough for checks of accuracy


def brief(estimator):
    slow = estimator in (NGSLLClassifier, NGSLLRegressor)
    return {**BRIEF, "learning_rate_init": 0.01} if slow else BRIEF


def quick(estimator, **params):
    """An instance with the perceptron that trains briefly."""
    return estimator(**{"module": "perceptron", **brief(estimator), **params})


def quick_tabular(estimator, **params):
    """An instance with a small network for tables that trains briefly."""
    small = {"n_members": 2, "embedding_size": 2, "hidden_layer_sizes": (4,)}
    network = {"module": "tabular", "module_params": small, "n_iter_no_change": 10}
    if estimator is NGSLLRegressor:  # Its rate depends on the number of columns.
        network["learning_rate_init"] = "auto"
    return estimator(**{**brief(estimator), **network, "max_iter": 30, **params})


QUICK = [quick(estimator) for estimator in NETWORKS]
QUICK += [
    quick(estimator, categorical_features=[0])
    for estimator in NETWORKS
    if estimator not in (NGSLLClassifier, NGSLLRegressor)
]
QUICK += [
    quick_tabular(estimator)
    for estimator in (GradientLassoClassifier, RRRClassifier, NGSLLRegressor)
]
QUICK += [quick_tabular(GradientLassoRegressor, categorical_features=[0])]
QUICK += [quick(estimator, **OF_A_SEARCH) for estimator in SEARCHES]
QUICK += [
    FindAnotherExplanation(quick(estimator, lam=1.0), n_explanations=2)
    for estimator in (RRRClassifier, RRRRegressor)
]
QUICK += [
    SensitivitySelector(quick(estimator, max_iter=10))
    for estimator in (GradientLassoClassifier, GradientLassoRegressor)
]

OTHERS = [
    quick_tabular(estimator)
    for estimator in NETWORKS
    if estimator not in (GradientLassoClassifier, RRRClassifier, NGSLLRegressor)
]
OTHERS += [quick_tabular(GradientLassoClassifier, categorical_features=[0])]
OTHERS += [
    quick(estimator, categorical_features=[0])
    for estimator in (NGSLLClassifier, NGSLLRegressor)
]

DEFAULT = [estimator() for estimator in [*NETWORKS, *SEARCHES, FindAnotherExplanation]]
DEFAULT += [estimator(module="perceptron") for estimator in NETWORKS]
DEFAULT += [
    FindAnotherExplanation(RRRRegressor()),
    SensitivitySelector(GradientLassoClassifier()),
    SensitivitySelector(GradientLassoRegressor()),
]

WITHOUT_TRAINING = {
    "check_all_zero_sample_weights_error",
    "check_classifiers_regression_target",
    "check_complex_data",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_empty_data_messages",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_requires_y_none",
    "check_set_params",
    "check_supervised_y_no_nan",
    "check_transformers_unfitted",
    "check_valid_tag_types",
}


def slow_if_it_trains(parametrized):
    """The same cases of estimator and check; those that train are marked as slow."""
    names, cases = parametrized.args
    cases = [
        pytest.param(
            estimator,
            check,
            marks=[] if check.func.__name__ in WITHOUT_TRAINING else pytest.mark.slow,
        )
        for estimator, check in cases
    ]
    return pytest.mark.parametrize(names, cases, **parametrized.kwargs)


@parametrize_with_checks(QUICK)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@slow_if_it_trains(parametrize_with_checks(OTHERS))
def test_scikit_learn_check_of_others(estimator, check):
    check(estimator)


@slow_if_it_trains(parametrize_with_checks(DEFAULT))
def test_scikit_learn_check_with_default_parameters(estimator, check):
    check(estimator)


OPTIONS = [  # ours and theirs
    ({"early_stopping": True}, {"early_stopping": True}),
    ({"activation": "tanh"}, {"activation": "tanh"}),
    ({"optimizer": "sgd"}, {"solver": "sgd"}),
    ({"optimizer": "lbfgs"}, {"solver": "lbfgs"}),
    ({"batch_size": 7}, {"batch_size": 7}),
]
# Scikit-learn does this with solver="lbfgs" for MLPClassifier, which fails otherwise:
# repeated rows fall into other batches, and other rows are held out.
OF_LBFGS = {"check_sample_weight_equivalence_on_dense_data"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("ours", "theirs"), OPTIONS, ids=str)
@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
def test_no_check_fails_that_scikit_learns_networks_pass(kind, ours, theirs):
    peer = MLPClassifier if is_classifier(kind()) else MLPRegressor
    failed, expected = (
        {
            result["check_name"]
            for result in check_estimator(model, on_fail=None)
            if result["status"] == "failed"
        }
        for model in (quick(kind, **ours), peer(**{**BRIEF, **theirs}))
    )
    assert failed <= expected | (OF_LBFGS if expected else set())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", TAKE_TEXTS)
def test_what_takes_texts_passes_the_checks_that_need_no_rows(estimator):
    results = check_estimator(estimator(), on_fail=None)
    assert results and all(each["status"] == "passed" for each in results)


def test_every_public_estimator_is_checked():
    for instances in (QUICK, DEFAULT):
        assert {*map(type, instances), *TAKE_TEXTS} == set(PUBLIC)
    assert any(is_classifier(estimator()) for estimator in NETWORKS)
    assert any(is_regressor(estimator()) for estimator in NETWORKS)


@pytest.mark.parametrize(
    "estimator",
    [
        *(quick(estimator, max_iter=1) for estimator in NETWORKS),
        *(quick(estimator, max_iter=1, **OF_A_SEARCH) for estimator in SEARCHES),
        FindAnotherExplanation(quick(RRRClassifier, max_iter=1)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_never_a_coef(estimator, cancer):
    assert not hasattr(estimator.fit(*cancer), "coef_")
