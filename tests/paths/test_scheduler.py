"""Many networks trained as one: each is the estimator fitted alone, to rounding."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.quick import SMALL
from helpers.same_as_alone import (
    LONG,
    Normalised,
    alone,
    assert_each_as_alone,
    data_of,
    differ,
    halves,
)
from sklearn.model_selection import KFold
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRClassifier,
    RRRRegressor,
)
from sklearn_gradlasso.attributions import ExpectedGradients, IntegratedGradients
from sklearn_gradlasso.priors import GraphLaplacian
from sklearn_gradlasso.weight_penalties import SparseGroupLasso

N_ROWS, N_FEATURES = 60, 5
CHAIN = np.eye(N_FEATURES, k=1) + np.eye(N_FEATURES, k=-1)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).standard_normal((N_ROWS, N_FEATURES))


def two(X):
    return np.where(X[:, 0] * X[:, 1] + 0.3 * X[:, 2] > 0, "yes", "no")


def three(X):
    return np.digitize(X[:, 0] + X[:, 1] ** 2, [0.3, 1.2])


def one_target(X):
    return 10 + 3 * X[:, 0] * X[:, 1] + X[:, 2]


def two_targets(X):
    return np.c_[one_target(X), np.sin(X[:, 3])]


def fitted_by(kind, **params):
    return kind(**{**SMALL, **LONG, **params})


def classifier(**params):
    return fitted_by(GradientLassoClassifier, **params)


def regressor(**params):
    return fitted_by(GradientLassoRegressor, **params)


def priors_of(kind=AttributionPriorClassifier, **params):
    return fitted_by(kind, **{"activation": "softplus", **params})


def rrr(kind=RRRClassifier, **params):
    return fitted_by(kind, **params)


SGD = {"optimizer": "sgd", "optimizer_params": {"momentum": 0.9, "nesterov": True}}
CASES = {
    "two classes": (classifier(), two),
    "three classes": (classifier(), three),
    "one target": (regressor(), one_target),
    "several targets": (regressor(target="output"), two_targets),
    "weights": (classifier(weight_l1=1e-3, weight_l2=1e-2), three),
    "weights of a regressor": (regressor(weight_l1=1e-3, weight_l2=1e-2), one_target),
    "log-odds": (classifier(target="log_odds", activation="softplus"), two),
    "output": (classifier(target="output", activation="tanh"), three),
    "true class": (classifier(target="true_class"), three),
    "linear": (classifier(hidden_layer_sizes=()), two),
    "batches": (classifier(batch_size=8), three),
    "batches in order": (regressor(batch_size=8, shuffle=False), one_target),
    "batches, one row over": (classifier(batch_size=29), two),
    "balanced": (classifier(class_weight="balanced"), three),
    "early stopping": (classifier(early_stopping=True, batch_size=10), three),
    "early stopping, R2": (regressor(early_stopping=True), two_targets),
    "momentum": (classifier(**SGD), two),
    "RMSprop": (regressor(optimizer=torch.optim.RMSprop, batch_size=15), one_target),
    "AMSGrad": (classifier(optimizer_params={"amsgrad": True}), two),
    "gini": (priors_of(), three),
    "gini, 3 references": (priors_of(n_references=3), two),
    "gini in batches": (priors_of(batch_size=8), three),
    "gini in batches, 3 references": (priors_of(batch_size=8, n_references=3), two),
    "true class along paths": (priors_of(target="true_class", batch_size=12), three),
    "by turns": (priors_of(schedule="alternating", batch_size=10), two),
    "later": (priors_of(prior_start=8), two),
    "later, validated": (priors_of(prior_start=5, early_stopping=True), three),
    "graph": (priors_of(prior=GraphLaplacian(CHAIN), attribution="gradients"), three),
    "several priors": (
        priors_of(
            prior=[(1.0, "gini"), (0.5, "l1"), (0.5, "global_l2")],
            attribution=IntegratedGradients(n_steps=3),
            weight_penalties=[(0.01, SparseGroupLasso())],
        ),
        two,
    ),
    "priors of a regressor": (
        priors_of(AttributionPriorRegressor, activation="tanh", prior="l2"),
        two_targets,
    ),
    "signs": (rrr(monotonic_cst=[1, 0, -1, 0, 0]), two),
    "signs, validated": (
        rrr(monotonic_cst=[1, 0, -1, 0, 0], early_stopping=True, batch_size=4),
        two,
    ),
    "signs of a regressor": (
        rrr(RRRRegressor, monotonic_cst=[1, 1, 0, 0, 0]),
        two_targets,
    ),
    "batch norm": (classifier(module=Normalised, batch_size=10), three),
    "batch norm, validated": (
        regressor(module=Normalised, early_stopping=True),
        one_target,
    ),
    "batch norm along paths": (priors_of(module=Normalised, batch_size=8), two),
}


@pytest.mark.parametrize("name", CASES)
def test_each_network_is_the_one_fitted_alone(X, stacks, name):
    estimator, targets_of = CASES[name]
    given = estimator, data_of(X, targets_of(X)), halves(N_ROWS), [0.01, 1.0]
    found = assert_each_as_alone(*given, some=[(0, 0), (1, 1)])
    assert stacks == [4]
    assert differ(found[0, 0], found[0, 1]) and differ(found[0, 0], found[1, 0])


def weights(n_rows, zero=slice(0)):
    weight = np.random.default_rng(1).uniform(0.1, 3.0, n_rows)
    weight[zero] = 0
    return weight


@pytest.mark.parametrize(
    "estimator",
    [
        classifier(batch_size=8, class_weight="balanced"),
        classifier(early_stopping=True),
    ],
)
def test_with_weights(X, stacks, estimator):
    data = data_of(X, three(X), sample_weight=weights(N_ROWS))
    assert_each_as_alone(estimator, data, halves(N_ROWS), [0.01, 1.0])
    assert stacks == [4]


OF_A_BACKGROUND = ExpectedGradients(2, background=np.eye(5)[:3])


@pytest.mark.parametrize(
    "estimator",
    [
        priors_of(batch_size=8, n_references=3),
        priors_of(class_weight="balanced", early_stopping=True),
        priors_of(attribution="contributions", batch_size=8),
    ],
)
def test_references_are_drawn_by_the_weights_of_each_part(X, stacks, estimator):
    data = data_of(X, three(X), sample_weight=weights(N_ROWS))
    assert_each_as_alone(estimator, data, halves(N_ROWS), [0.01, 1.0])
    assert stacks == [4]


def test_references_of_a_background_are_drawn_for_one_network(X, stacks):
    estimator = priors_of(attribution=OF_A_BACKGROUND, batch_size=10)
    with pytest.warns(UserWarning, match="trained one by one .* attribution"):
        given = data_of(X, three(X)), halves(N_ROWS), [0.01, 1.0]
        assert_each_as_alone(estimator, *given)
    assert not stacks


def test_parts_that_differ_by_rows_of_weight_zero(X, stacks):
    data = data_of(X, two(X), sample_weight=weights(N_ROWS, zero=[1, 2, 40]))
    assert_each_as_alone(classifier(), data, halves(N_ROWS), [0.01, 1.0])
    assert stacks == [2, 2]


def annotated(X):
    annotations = np.zeros(X.shape)
    annotations[::2, 1] = 1
    annotations[:40, 3] = 0.5
    return annotations


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("batch_size", ["auto", 8])
def test_with_annotations(X, stacks, sparse, batch_size):
    annotations = annotated(X)
    if sparse:
        annotations = sp.csr_matrix(annotations)
    data = data_of(X, two(X), annotations=annotations, sample_weight=weights(N_ROWS))
    estimator = rrr(batch_size=batch_size, monotonic_cst=[1, 0, 0, 0, 0])
    assert_each_as_alone(estimator, data, halves(N_ROWS), [0.1, 10.0])
    assert stacks == [4]


def test_annotations_of_held_out_rows(X, stacks):
    given = {"annotations": annotated(X), "sample_weight": weights(N_ROWS)}
    data = data_of(X, two(X), **given)
    estimator = rrr(early_stopping=True, validation_fraction=0.4, batch_size=5)
    assert_each_as_alone(estimator, data, halves(N_ROWS), [0.1, 10.0])
    assert stacks == [4]


def test_annotations_of_a_prior(X, stacks):
    data = data_of(X, two(X), annotations=annotated(X))
    assert_each_as_alone(priors_of(prior="l1"), data, halves(N_ROWS), [0.01, 1.0])
    assert stacks == [4]


def test_annotations_by_name_and_as_a_frame(X, stacks):
    frame = pd.DataFrame(X, columns=list("abcde"))
    masks = pd.DataFrame(annotated(X), columns=list("abcde"))[list("edcba")]
    for annotations in (masks, ["b", "d"], {"b": 1.0, "c": 0.5}):
        data = data_of(frame, two(X), annotations=annotations)
        assert_each_as_alone(rrr(), data, halves(N_ROWS), [0.1, 10.0])
    assert stacks == [4, 4, 4]


@pytest.mark.parametrize("batch_size", ["auto", 8])
def test_sparse_rows(X, stacks, batch_size):
    rows = sp.csr_matrix(X * (abs(X) > 0.5))
    estimator = classifier(batch_size=batch_size)
    assert_each_as_alone(
        estimator, data_of(rows, three(X)), halves(N_ROWS), [0.01, 1.0]
    )
    assert stacks == [4]


@pytest.mark.parametrize("prior", ["total_variation", "gini"])
def test_images(stacks, prior):
    X = np.random.default_rng(0).standard_normal((40, 9))
    estimator = priors_of(prior=prior, input_shape=(1, 3, 3), attribution="gradients")
    assert_each_as_alone(estimator, data_of(X, two(X)), halves(40), [0.01, 1.0])
    assert stacks == [4]


def test_rows_of_another_shape(stacks):
    X = np.random.default_rng(0).standard_normal((40, 1, 4, 4))
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Softplus(), nn.Flatten(), nn.Linear(8, 2)
    )
    data = data_of(X, (X[:, 0, 0, 0] > 0).astype(int))
    assert_each_as_alone(classifier(module=network), data, halves(40), [0.01, 1.0])
    assert stacks == [4]


def test_single_precision(X, stacks):
    data = data_of(X.astype(np.float32), three(X))
    estimator = classifier(activation="tanh")
    found = assert_each_as_alone(estimator, data, halves(N_ROWS), [0.01, 1.0], 1e-3)
    assert stacks == [4]
    dtypes = {p.dtype for m in found.values() for p in m.net_.module_.parameters()}
    assert dtypes == {torch.float32}


class Remembering(nn.Linear):
    """A network with a buffer that is no part of what is saved."""

    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, n_outputs)
        self.register_buffer("seen", torch.zeros(()), persistent=False)

    def forward(self, x):
        if self.training:
            self.seen.mul_(0.9).add_(0.1 * x.detach().mean())
        return super().forward(x - self.seen)


def test_buffers_that_are_not_saved(X, stacks):
    data = data_of(X, two(X))
    estimator = classifier(module=Remembering)
    found = assert_each_as_alone(estimator, data, halves(N_ROWS), [0.01, 1.0])
    assert stacks == [4]
    theirs = alone(estimator, data, halves(N_ROWS)[1], 1.0).net_.module_
    for ours, expected in zip(found[1, 1].net_.module_.buffers(), theirs.buffers()):
        torch.testing.assert_close(ours, expected)


def test_strength_zero_among_the_others(X, stacks):
    data, parts = data_of(X, two(X)), halves(N_ROWS)
    found = assert_each_as_alone(classifier(), data, parts, [0.1, 0.0, 1.0])
    assert sorted(stacks) == [2, 4]
    assert found[0, 1].penalty_curve_ == [0.0] * LONG["max_iter"]
    assert_each_as_alone(priors_of(batch_size=10), data, parts, [0.0, 0.1])


def test_parts_of_different_sizes(stacks):
    X = np.random.default_rng(0).standard_normal((61, N_FEATURES))
    parts = [train for train, _ in KFold(3, shuffle=True, random_state=0).split(X)]
    assert [len(part) for part in parts] == [40, 41, 41]
    data = data_of(X, three(X), sample_weight=weights(61))
    assert_each_as_alone(classifier(batch_size=16), data, parts, [0.01, 0.1, 1.0])
    assert sorted(stacks) == [3, 6]


def test_repeated_rows_are_merged_in_each_part(X, stacks):
    part = np.r_[np.arange(30), np.arange(10)]
    estimator = priors_of(n_references=2)
    data = data_of(X, two(X))
    assert_each_as_alone(estimator, data, [part, np.arange(30)], [0.01, 1.0])
    assert stacks == [2, 2], "the part with repeated rows has weights"
