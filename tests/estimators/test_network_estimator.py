"""What the base of all estimators promises to callers and to subclasses."""

import inspect
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from helpers.fitted_elsewhere import fit, partial_fit
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    NGSLLClassifier,
    RRRClassifier,
    RRRRegressor,
)

X = np.random.default_rng(0).standard_normal((40, 3))
Y = (X[:, 0] > 0).astype(int)
SHORT = {"max_iter": 2, "random_state": 0}


@pytest.mark.parametrize(
    "model",
    [
        GradientLassoClassifier(module="perceptron", **SHORT),
        RRRClassifier(module="perceptron", **SHORT),
        NGSLLClassifier(**SHORT),
        GradientLassoClassifierCV(module="perceptron", lams=[0.1], cv=2, **SHORT),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_warning_points_to_the_call_of_fit(model):
    with pytest.warns(ConvergenceWarning) as caught:
        fit(model, X, Y)
    (warning,) = [each for each in caught if "epochs are over" in str(each.message)]
    assert warning.filename == inspect.getfile(fit)


@pytest.mark.parametrize("model", [RRRClassifier(), GradientLassoClassifier()])
def test_a_warning_points_to_the_call_of_partial_fit(model, monkeypatch):
    def interrupted(net, *rows):
        net.ended_by_ = "interrupt"

    fit(model.set_params(max_iter=2, tol=1e9, n_iter_no_change=1), X, Y)
    monkeypatch.setattr(type(model.net_), "train", interrupted)
    with pytest.warns(UserWarning, match="interrupted") as caught:
        partial_fit(model, X, Y)
    assert caught[0].filename == inspect.getfile(partial_fit)


def test_a_subclass_may_state_limits_by_either_name():
    @dataclass(kw_only=True, eq=False, repr=False)
    class Ours(GradientLassoClassifier):
        """With a parameter, and {something_else} in its documentation."""

        extra: bool = False
        _constraints = {"extra": ["boolean"]}

    @dataclass(kw_only=True, eq=False, repr=False)
    class Theirs(GradientLassoClassifier):
        extra: bool = False
        _parameter_constraints = {
            **GradientLassoClassifier._parameter_constraints,
            "extra": ["boolean"],
        }

    @dataclass(kw_only=True, eq=False, repr=False)
    class Later(Theirs):
        pass

    assert "{something_else}" in Ours.__doc__
    for kind in (Ours, Theirs, Later):
        with pytest.raises(InvalidParameterError, match="extra"):
            kind(extra=7, **SHORT).fit(X, Y)
        with pytest.raises(InvalidParameterError, match="lam"):
            kind(lam=-1.0, **SHORT).fit(X, Y)


@pytest.mark.parametrize(
    "method",
    [
        RRRClassifier.fit,
        RRRClassifier.partial_fit,
        RRRRegressor.partial_fit,
        AttributionPriorRegressor.fit,
    ],
)
def test_methods_can_be_pickled(method):
    assert pickle.loads(pickle.dumps(method)) is method


def test_a_warm_search_keeps_to_its_columns():
    model = GradientLassoClassifierCV(lams=[0.1], cv=2, warm_start=True, **SHORT)
    model.fit(X, Y)
    with pytest.raises(ValueError, match="2 features"):
        model.fit(X[:, :2], Y)
    assert model.n_features_in_ == 3
    model.fit(X, Y)


def test_a_callable_attribution_is_shown_as_what_it_is():
    def attribution(score, x):
        return score(x).unsqueeze(1) * x

    model = AttributionPriorRegressor(attribution=attribution, prior="l1", **SHORT)
    assert repr(model.fit(X, X[:, 0]).net_.objective.attribution) == repr(attribution)
