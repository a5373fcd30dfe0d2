"""What works in place, in a user's hands, changes neither rows nor results."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from skorch import NeuralNetRegressor
from skorch.callbacks import Callback
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
    NGSLLRegressor,
    RRRRegressor,
    annotations_for,
    metrics,
    sensitivity,
)
from sklearn_gradlasso.attributions import Gradients
from sklearn_gradlasso.explanation import Explanation
from sklearn_gradlasso.paths import lambda_path, stability_selection

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:GradientLassoRegressor. networks are trained one by one",
)

BRIEF = {"max_iter": 3, "random_state": 0}
ATTRIBUTIONS = [
    None,
    "gradients",
    "contributions",
    "expected_gradients",
    "integrated_gradients",
]


class Clamped(nn.Module):
    """Changes its input where gradients do not see it."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.linear = nn.Linear(n_features, n_outputs)

    def forward(self, x):
        with torch.no_grad():
            x.clamp_(-1, 1)
        return self.linear(x)


class Shifted(Clamped):
    """Changes its input as a part of the function that it computes."""

    def forward(self, x):
        x -= 1.0
        x.exp_()
        return self.linear(x)


def rectified(n_features, n_outputs):
    hidden = [nn.Linear(n_features, 6), nn.Tanh(), nn.Linear(6, n_outputs)]
    return nn.Sequential(nn.ReLU(inplace=True), *hidden)


MODULES = pytest.mark.parametrize("module", [Clamped, Shifted, rectified])


class Given:
    """The arguments of a user, which must stay as they are."""

    def __init__(self, dtype=np.float64):
        rng = np.random.default_rng(0)
        self.X = (1.5 * rng.standard_normal((40, 3))).astype(dtype)
        self.y = (2 * self.X[:, 0] + self.X[:, 1]).astype(dtype)
        self.weight = rng.uniform(0.5, 1.5, 40).astype(dtype)
        self.before = {name: values.copy() for name, values in vars(self).items()}

    def check(self):
        for name, values in self.before.items():
            np.testing.assert_array_equal(vars(self)[name], values)


@pytest.fixture
def given():
    given = Given()
    yield given
    given.check()


def found_by(model, X) -> list[np.ndarray]:
    """All that can be asked of a fitted model."""
    asked = [
        Explanation.from_estimator(model, X).values,
        sensitivity.global_importance(model, X).importances,
        sensitivity.local_importance(model, X).importances,
        sensitivity.interaction_importance(model, X, finite_difference=0.5).importances,
    ]
    if hasattr(model, "explain"):
        asked += [model.predict(X), model.explain(X)]
    return asked


@MODULES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "kind, annotations",
    [
        (GradientLassoRegressor, None),
        (AttributionPriorRegressor, None),
        (RRRRegressor, [1, 0, 0]),
        (NGSLLRegressor, None),
    ],
)
def test_modules_that_work_in_place(module, dtype, kind, annotations):
    given = Given(dtype)
    model = kind(module=module, early_stopping=True, **BRIEF)
    more = {} if annotations is None else {"annotations": annotations}
    model.fit(given.X, given.y, given.weight, **more)
    kept = getattr(model, "_background", (np.zeros(0), None))[0].copy()
    first = found_by(model, given.X)
    given.check()
    for again, value in zip(found_by(model, given.X), first):
        np.testing.assert_array_equal(again, value)
    np.testing.assert_array_equal(
        getattr(model, "_background", (np.zeros(0), None))[0], kept
    )
    alone = [model.predict(given.X[k : k + 1])[0] for k in range(5)]
    np.testing.assert_allclose(model.predict(given.X)[:5], alone, rtol=1e-4)


@pytest.mark.parametrize("module", [Shifted, rectified])
def test_gradients_are_those_of_the_module_s_own_function(given, module):
    model = GradientLassoRegressor(module=module, max_iter=20, random_state=0)
    model.fit(given.X, given.y)
    h = 1e-6
    differences = [
        (model.predict(given.X + step) - model.predict(given.X - step)) / (2 * h)
        for step in h * np.eye(3)
    ]
    slopes = model.explain(given.X, attribution="gradients")
    np.testing.assert_allclose(slopes, np.stack(differences, 1), atol=1e-6)


def test_a_network_in_place_trains_as_one_that_is_not(given):
    class Copying(Shifted):
        def forward(self, x):
            return self.linear((x - 1.0).exp())

    two = [
        GradientLassoRegressor(module=module, lam=0.1, batch_size=16, **BRIEF)
        .fit(given.X, given.y)
        .predict(given.X)
        for module in (Shifted, Copying)
    ]
    np.testing.assert_array_equal(*two)


@MODULES
@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_attributions_of_such_a_module(given, module, attribution):
    model = GradientLassoRegressor(module=module, **BRIEF).fit(given.X, given.y)
    options = {"attribution": attribution}
    first = model.explain(given.X, **options)
    np.testing.assert_array_equal(model.explain(given.X, **options), first)
    Explanation.from_estimator(model, given.X, background=given.X, **options)


@MODULES
def test_paths_selectors_and_ensembles_of_such_a_module(given, module):
    model = GradientLassoRegressor(module=module, **BRIEF)
    lams = {"lams": [0.01, 0.1]}
    lambda_path(model, given.X, given.y, **lams)
    stability_selection(model, given.X, given.y, n_subsamples=2, **lams)
    GradientLassoRegressorCV(module=module, cv=2, **lams, **BRIEF).fit(given.X, given.y)
    sensitivity.noise_floor(model, given.X, given.y)
    sensitivity.SensitivitySelector(model).fit(given.X, given.y).transform(given.X)
    member = RRRRegressor(module=module, **BRIEF)
    FindAnotherExplanation(member, n_explanations=2).fit(given.X, given.y)
    chunked = GradientLassoRegressor(module=module, random_state=0)
    chunked.partial_fit(given.X, given.y).partial_fit(given.X, given.y)


@MODULES
def test_networks_of_other_packages(module):
    given = Given(np.float32)
    network = module(3, 1)
    net = NeuralNetRegressor(module(3, 1), max_epochs=1, verbose=0)
    net.fit(given.X.copy(), given.y[:, None])
    for model in (network, net):
        first = found_by(model, given.X)
        for again, value in zip(found_by(model, given.X), first):
            np.testing.assert_array_equal(again, value)
        for attribution in ATTRIBUTIONS[:2] + ATTRIBUTIONS[3:]:
            options = {"attribution": attribution, "background": given.X}
            Explanation.from_estimator(model, given.X, **options)
    tensor = torch.from_numpy(given.X)
    Explanation.from_estimator(network, tensor)
    given.check()
    assert not network._forward_pre_hooks  # it is left as found


# The other nouns, and what else a user hands in ---------------------------------------


def test_targets_and_priors_in_place_are_what_they_are_on_copies(given):
    labels = (given.y > 0).astype(int)

    def in_place(output, y):
        return output.exp_().sum(dim=1)

    def on_copy(output, y):
        return output.exp().sum(dim=1)

    one, other = [
        GradientLassoClassifier(target=target, lam=0.1, **BRIEF).fit(given.X, labels)
        for target in (in_place, on_copy)
    ]
    np.testing.assert_array_equal(
        one.predict_proba(given.X), other.predict_proba(given.X)
    )
    np.testing.assert_array_equal(
        one.explain(given.X, target=in_place), one.explain(given.X, target=on_copy)
    )

    def prior_in_place(phi, sample_weight):
        phi.sub_(1.0).abs_()
        sample_weight.zero_()
        return phi.flatten(1).sum(dim=1)

    def prior_on_copy(phi, sample_weight):
        return (phi - 1.0).abs().flatten(1).sum(dim=1)

    fitted = [
        AttributionPriorRegressor(prior=prior, lam=0.1, **BRIEF)
        .fit(given.X, given.y, given.weight)
        .predict(given.X)
        for prior in (prior_in_place, prior_on_copy)
    ]
    np.testing.assert_array_equal(*fitted)


@pytest.mark.parametrize("module", ["perceptron", "tabular"])
@pytest.mark.parametrize("grad_sees_it", [True, False])
def test_an_attribution_that_changes_x_is_told_so_in_training(
    given, grad_sees_it, module
):
    def attribution(score, x):
        with torch.set_grad_enabled(grad_sees_it and torch.is_grad_enabled()):
            x.clamp_(-0.5, 0.5)
        return Gradients()(score, x)

    params = {"module": module, "lam": 0.1, **BRIEF}
    model = AttributionPriorRegressor(attribution=attribution, **params)
    with pytest.raises(ValueError, match=r"attribution must not change x in place"):
        model.fit(given.X, given.y)
    model = GradientLassoRegressor(**params).fit(given.X, given.y)
    found = model.explain(given.X, attribution=attribution)
    if module == "tabular":  # x are encodings of the columns then.
        return
    clamped = model.explain(given.X.clip(-0.5, 0.5), attribution="gradients")
    np.testing.assert_allclose(found, clamped)


class HalvesBatches(Callback):
    def on_batch_begin(self, net, batch=None, training=None, **kwargs):
        batch[0].mul_(0.5)


class HalvesRows(Callback):
    def on_epoch_begin(self, net, dataset_train=None, **kwargs):
        dataset_train[:10][0].mul_(0.5)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [16, 64])
@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_callbacks_see_each_batch_afresh(given, shuffle, batch_size, lam):
    params = {"shuffle": shuffle, "batch_size": batch_size, "lam": lam, **BRIEF}

    def fitted(X, *callbacks, module="perceptron"):
        model = GradientLassoRegressor(module=module, callbacks=[*callbacks], **params)
        return model.fit(X, given.y)

    halved = fitted(given.X, HalvesBatches())
    given.check()
    known = fitted(given.X / 2)
    np.testing.assert_array_equal(halved.loss_curve_, known.loss_curve_)
    for module in ("perceptron", "tabular"):
        known = fitted(given.X, module=module)
        same = fitted(given.X, HalvesRows(), module=module)
        np.testing.assert_array_equal(same.loss_curve_, known.loss_curve_)
        halved = fitted(given.X, HalvesBatches(), module=module)
        assert halved.loss_curve_[1:] != known.loss_curve_[1:]


def test_a_scorer_that_works_in_place(given):
    def in_place(model, X, y):
        X *= 3
        return model.score(X, y)

    def on_copy(model, X, y):
        return model.score(3 * X, y)

    scores = [
        GradientLassoRegressorCV(lams=[0.01, 0.1, 1.0], cv=2, scoring=scorer, **BRIEF)
        .fit(given.X, given.y)
        .scores_
        for scorer in (in_place, on_copy)
    ]
    np.testing.assert_array_equal(*scores)


def doubled(rows):
    rows *= 2
    return rows


def test_predictors_and_scores_of_metrics_in_place(given):
    def predict(rows):
        return doubled(rows).sum(axis=1)

    found = metrics.effects(predict, given.X, given.X)
    known = metrics.effects(lambda rows: 2 * rows.sum(axis=1), given.X, given.X)
    np.testing.assert_array_equal(found.values, known.values)
    frame = pd.DataFrame(given.X.copy())
    metrics.effects(lambda rows: predict(rows).to_numpy(), frame, frame)
    np.testing.assert_array_equal(frame, given.X)

    def score(y, output):
        y -= output
        return 1 - (y**2).mean()

    options = {"background": given.X, "y": given.y, "score": score}
    metrics.ablation_scores(predict, given.X, given.X, **options)


@pytest.mark.parametrize(
    "in_place, on_copy",
    [
        (StandardScaler(copy=False), StandardScaler()),
        (FunctionTransformer(doubled), FunctionTransformer(lambda rows: 2 * rows)),
        (
            make_pipeline(StandardScaler(copy=False), PowerTransformer(copy=False)),
            make_pipeline(StandardScaler(), PowerTransformer()),
        ),
    ],
)
def test_transformers_that_work_in_place(given, in_place, on_copy):
    one, other = [
        make_pipeline(clone(step), GradientLassoRegressor(**BRIEF)).fit(
            given.X.copy(), given.y
        )
        for step in (in_place, on_copy)
    ]
    found, known = [Explanation.from_estimator(m, given.X) for m in (one, other)]
    np.testing.assert_array_equal(found.values, known.values)
    np.testing.assert_array_equal(found.data, given.X)
    np.testing.assert_array_equal(found.slopes, known.slopes)
    importances = [
        sensitivity.global_importance(m, given.X).importances for m in (one, other)
    ]
    np.testing.assert_array_equal(*importances)
    annotations_for(one, given.X, ["x0"])
    NGSLLRegressor(simplify=clone(in_place), **BRIEF).fit(given.X, given.y)
