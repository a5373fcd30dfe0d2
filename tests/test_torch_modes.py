"""Modes of torch that a program sets around a call change no bit of the results."""

import pickle
import warnings
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNetRegressor
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    NGSLLRegressor,
    RRRClassifier,
    RRRRegressor,
    TokenSequencer,
    metrics,
    sensitivity,
)
from sklearn_gradlasso.attributions import ExpectedGradients, Gradients
from sklearn_gradlasso.explanation import Explanation
from sklearn_gradlasso.modules import RecurrentNet, SmallCNN
from sklearn_gradlasso.paths import lambda_path, stability_selection

RNG = np.random.default_rng(0)
X = RNG.standard_normal((48, 4)).astype(np.float32)
X[:, 3] = X[:, 3] > 0
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
Z = 2 * X[:, 0] + X[:, 1]
STEPS = X.reshape(48, 2, 2)
IMAGES = RNG.standard_normal((16, 1, 8, 8)).astype(np.float32)
TEXTS = ["a b c", "b c d", "good film", "bad film", "a good one", "a bad one"] * 4
BRIEF = {"max_iter": 3, "random_state": 0}
ANNOTATED = {"annotations": [1, 0, 0, 0]}


class Drawn(nn.Module):
    """A user's network, whose layers are made in torch's default dtype."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.hidden, self.last = nn.Linear(n_features, 5), nn.Linear(5, n_outputs)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        return self.last(self.dropout(torch.tanh(self.hidden(x))))


@contextmanager
def put_back(get, put, value):
    before = get()
    put(value)
    try:
        yield
    finally:
        put(before)


MODES = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "float64": lambda: put_back(
        torch.get_default_dtype, torch.set_default_dtype, torch.float64
    ),
    "device": lambda: torch.device("meta"),
    "default_device": lambda: put_back(
        lambda: None, torch.set_default_device, torch.device("meta")
    ),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "deterministic": lambda: put_back(
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
        True,
    ),
    "two_threads": lambda: put_back(torch.get_num_threads, torch.set_num_threads, 2),
}


def state():
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_autocast_enabled("cpu"),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )


def answers(model, rows=X):
    found = [model.predict(rows), model.explain(rows), model.feature_importances_]
    if hasattr(model, "predict_proba"):
        found += [model.predict_proba(rows), model.decision_function(rows)]
    return found


def fit(kind, y, rows=X, *, given=None, **params):
    return kind(**BRIEF, **params).fit(rows, y, **(given or {}))


def reasons(model, rows=X, **options):
    found = Explanation.from_estimator(model, rows, **options)
    fields = found.values, found.predictions, found.slopes, found.magnitudes
    return [field for field in fields if field is not None]


def in_chunks():
    model = GradientLassoClassifier(lam=0.1, random_state=0)
    for _ in range(3):
        model.partial_fit(X, Y, classes=[0, 1])
    return answers(model)


@cache
def fitted():
    """Models that were fitted before a mode is set, and pickles of some of them."""
    plain = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1))
    net = NeuralNetRegressor(plain, max_epochs=1, verbose=0).fit(X, Z[:, None])
    ours = {
        "classifier": fit(GradientLassoClassifier, Y, lam=0.1),
        "smooth": fit(GradientLassoRegressor, Z, lam=0.1, activation="tanh"),
        "own_module": fit(GradientLassoRegressor, Z, module=Drawn),
        "perceptron": fit(GradientLassoRegressor, Z, module="perceptron"),
        "rrr": fit(RRRClassifier, Y, lam=0.1, given=ANNOTATED),
        "ngsll": fit(NGSLLClassifier, Y),
    }
    mlp = MLPClassifier(max_iter=3, random_state=0).fit(X, Y)
    others = {"mlp": mlp, "torch": net.module_, "skorch": net}
    sequences = fit(GradientLassoRegressor, Z, STEPS, module=RecurrentNet)
    pickles = [pickle.dumps(model) for model in ours.values()]
    return ours, others, sequences, pickles


def of_all(function):
    ours, others, *_ = fitted()
    return [each for model in (ours | others).values() for each in function(model)]


def smooth():
    return fitted()[0]["smooth"]


ENTRANCES = {
    "fit": lambda: answers(fit(GradientLassoClassifier, Y, lam=0.1)),
    "fit_float64": lambda: answers(
        fit(GradientLassoRegressor, Z, X.astype(float), lam=0.1), X.astype(float)
    ),
    "early_stopping": lambda: answers(
        fit(GradientLassoRegressor, Z, lam=0.1, early_stopping=True)
    ),
    "partial_fit": in_chunks,
    "perceptron": lambda: answers(
        fit(GradientLassoRegressor, Z, lam=0.1, module="perceptron")
    ),
    "recurrent": lambda: answers(
        fit(GradientLassoRegressor, Z, STEPS, lam=0.1, module=RecurrentNet), STEPS
    ),
    "convolutional": lambda: answers(
        fit(GradientLassoRegressor, Z[:16], IMAGES, module=SmallCNN), IMAGES
    ),
    "own_module": lambda: answers(
        fit(GradientLassoRegressor, Z, lam=0.1, module=Drawn)
    ),
    "rrr": lambda: answers(fit(RRRClassifier, Y, module="perceptron", given=ANNOTATED)),
    "rrr_of_tables": lambda: answers(fit(RRRClassifier, Y, lam=0.1, given=ANNOTATED)),
    "signs": lambda: answers(
        fit(RRRRegressor, Z, lam=0.1, monotonic_cst=[1, 0, -1, 0])
    ),
    "prior": lambda: answers(fit(AttributionPriorClassifier, Y, lam=0.1)),
    "alternating": lambda: answers(
        fit(AttributionPriorRegressor, Z, lam=0.1, schedule="alternating", prior="l1")
    ),
    "ngsll": lambda: answers(fit(NGSLLClassifier, Y)),
    "ngsll_regressor": lambda: answers(fit(NGSLLRegressor, Z, n_nonzero_coefs=2)),
    "ngsll_texts": lambda: [
        fit(
            NGSLLClassifier,
            Y[:24],
            TEXTS,
            encode=TokenSequencer(),
            simplify=CountVectorizer(),
        ).predict_proba(TEXTS)
    ],
    "search": lambda: answers(fit(GradientLassoClassifierCV, Y, lams=2, cv=2)),
    "find_another": lambda: [
        each
        for member in FindAnotherExplanation(RRRClassifier(**BRIEF), n_explanations=2)
        .fit(X, Y)
        .estimators_
        for each in answers(member)
    ],
    "lambda_path": lambda: [
        lambda_path(GradientLassoRegressor(**BRIEF), X, Z, lams=2).importances
    ],
    "stability": lambda: [
        stability_selection(
            GradientLassoRegressor(**BRIEF), X, Z, lams=[0.1], n_subsamples=2
        ).frequencies
    ],
    "answers": lambda: [e for model in fitted()[0].values() for e in answers(model)],
    "attributions": lambda: [
        smooth().explain(X, attribution=name)
        for name in ("contributions", "expected_gradients", "integrated_gradients")
    ],
    "explanation": lambda: of_all(reasons),
    "expected_gradients": lambda: of_all(
        lambda model: (
            []
            if isinstance(model, NGSLLClassifier)
            else reasons(model, attribution="expected_gradients", background=X)
        )
    ),
    "tensor": lambda: reasons(fitted()[1]["torch"], torch.from_numpy(X)),
    "global": lambda: of_all(
        lambda model: [sensitivity.global_importance(model, X).importances]
    ),
    "local": lambda: of_all(
        lambda model: [sensitivity.local_importance(model, X).importances]
    ),
    "lags": lambda: [sensitivity.lag_importance(fitted()[2], STEPS).importances],
    "interactions": lambda: [
        sensitivity.interaction_importance(smooth(), X).importances,
        sensitivity.interaction_importance(
            smooth(), X, finite_difference=0.5
        ).importances,
    ],
    "noise_floor": lambda: [
        sensitivity.noise_floor(
            GradientLassoRegressor(**BRIEF), X, Z, random_state=0
        ).to_frame()["importance"]
    ],
    "selector": lambda: [
        sensitivity.SensitivitySelector(GradientLassoRegressor(**BRIEF))
        .fit(X, Z)
        .importances_
    ],
    "pickle": lambda: [e for b in fitted()[3] for e in answers(pickle.loads(b))],
    "continued": lambda: answers(pickle.loads(fitted()[3][0]).partial_fit(X, Y)),
    "ablation": lambda: [
        metrics.ablation_curve(
            smooth().predict, X, smooth().explain(X), background=X
        ).values
    ],
    "effects": lambda: [metrics.effects(smooth().predict, X, X).values],
}


@cache
def expected(entrance):
    return ENTRANCES[entrance]()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("mode", MODES)
def test_modes_change_no_bit_and_are_left_as_they_were(entrance, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        known = expected(entrance)
    with MODES[mode]():
        before = state()
        found = ENTRANCES[entrance]()
        assert state() == before
    assert len(found) == len(known)
    for ours, right in zip(found, known):
        assert np.array_equal(
            ours, right, equal_nan=np.asarray(right).dtype.kind == "f"
        )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_fitted_in_inference_mode_can_be_trained_outside():
    with torch.inference_mode():
        model = fit(GradientLassoClassifier, Y, lam=0.1)
    assert not any(theta.is_inference() for theta in model.net_.module_.parameters())
    module = model.net_.module_
    module(torch.from_numpy(X)).sum().backward()
    assert all(theta.grad is not None for theta in module.parameters())


@pytest.mark.parametrize("attribution", [Gradients(), ExpectedGradients()])
def test_attributions_may_be_called_in_inference_mode(attribution):
    weight = torch.tensor([2.0, -1.0, 0.0, 0.5])

    def score(x):
        return (x**2) @ weight

    known = attribution(score, torch.from_numpy(X))
    with torch.inference_mode():
        found = attribution(score, torch.from_numpy(X) * 1)
    assert torch.equal(found, known.detach())
