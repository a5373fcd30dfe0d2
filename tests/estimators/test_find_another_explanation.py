"""Find-another-explanation: masks by hand, members, when it ends, what it answers."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sklearn_gradlasso import (
    FindAnotherExplanation,
    RRRClassifier,
    RRRRegressor,
)
from sklearn_gradlasso.datasets import make_colour_grid

RNG = np.random.default_rng(0)
SIGNAL = RNG.standard_normal(300)
NOISY = SIGNAL + 0.4 * RNG.standard_normal(300)  # says less, so that it comes second
TWINS = np.column_stack([SIGNAL, NOISY, RNG.standard_normal(300)])
Y = (SIGNAL > 0).astype(int)


def rrr(kind=RRRClassifier, **params):
    return kind(module="perceptron", **params)


def search(estimator=None, **params):
    estimator = estimator or rrr(lam=100.0, tol=1e-3)
    params = {"tolerance": 0.3, "random_state": 0, **params}
    return FindAnotherExplanation(estimator, **params)


def test_the_loop_by_hand():
    found = search(rrr(lam=1.0, max_iter=60), n_explanations=3, tolerance=1)
    found.fit(TWINS, Y)
    ruled_out = np.zeros(TWINS.shape, dtype=bool)
    for member, mask, score in zip(found.estimators_, found.masks_, found.scores_):
        by_hand = clone(member).fit(TWINS, Y, annotations=ruled_out)
        np.testing.assert_array_equal(by_hand.explain(TWINS), member.explain(TWINS))
        size = np.abs(member.explain(TWINS, target="log_prob_sum"))
        np.testing.assert_array_equal(mask, size > 0.67 * size.max(1, keepdims=True))
        assert score == member.score(TWINS, Y)
        ruled_out |= mask


@pytest.mark.parametrize("module", ["perceptron", "tabular"])
def test_members_use_different_twins(module):
    network = RRRClassifier(lam=100.0, tol=1e-3, module=module)
    found = search(network, n_explanations=2).fit(TWINS, Y)
    first, second = (member.feature_importances_ for member in found.estimators_)
    top = first.argmax()
    assert top in (0, 1)
    assert second.argmax() == 1 - top
    assert min(found.scores_) > 0.8


def test_the_second_rule_of_the_colour_grid():
    X, y, (corners, top) = make_colour_grid(4000, random_state=0)
    found = search(rrr(max_iter=60), n_explanations=2).fit(X, y)
    first, second = (mask.sum(axis=0) / mask.sum() for mask in found.masks_)
    assert first[corners].sum() > 0.8
    assert second[top].sum() > 0.7
    assert min(found.scores_) > 0.95


def test_it_ends_when_the_next_model_is_not_accurate():
    X = TWINS[:, [0, 2]]
    found = search(rrr(RRRRegressor, lam=100.0), n_explanations=5).fit(X, SIGNAL)
    assert found.ended_by_ == "score"
    assert len(found.estimators_) == len(found.masks_) == len(found.scores_) == 1


def test_it_ends_when_nothing_is_new():
    found = search(rrr(lam=0.0), n_explanations=5).fit(TWINS, Y)
    assert found.ended_by_ == "explanations"
    assert len(found.estimators_) == 1


def test_it_ends_after_as_many_as_asked_for():
    found = search(n_explanations=1).fit(TWINS, Y)
    assert found.ended_by_ == "n_explanations"
    np.testing.assert_array_equal(found.disagreement(TWINS), np.zeros(300))


@pytest.mark.parametrize("form", ["mask", "vector", "names"])
def test_what_is_known_holds_for_all_members(form):
    frame = pd.DataFrame(TWINS, columns=["a", "b", "c"])
    annotations = {
        "mask": np.tile([1.0, 0, 0], (300, 1)),
        "vector": np.array([True, False, False]),
        "names": ["a"],
    }[form]
    found = search(rrr(RRRRegressor, lam=100.0), n_explanations=2, tolerance=1)
    found.fit(frame, SIGNAL, annotations=annotations)
    for member in found.estimators_:
        assert np.abs(member.explain(frame)[:, 0]).mean() < 0.05
    assert found.feature_names_in_.tolist() == ["a", "b", "c"]
    first, second = (np.abs(m.explain(frame)).mean(axis=0) for m in found.estimators_)
    assert first[1] > 0.5
    assert second[1] < 0.05


def test_sparse_rows_have_sparse_masks():
    X = sp.csr_matrix(TWINS)
    sparse = search(n_explanations=2).fit(X, Y, annotations=[0, 0, 1])
    dense = search(n_explanations=2).fit(TWINS, Y, annotations=[0, 0, 1])
    for ours, theirs in zip(sparse.masks_, dense.masks_):
        assert sp.issparse(ours)
        np.testing.assert_array_equal(ours.toarray(), theirs)
    np.testing.assert_array_equal(sparse.predict(X), dense.predict(TWINS))


def test_the_first_member_answers():
    labels = np.where(Y, "up", "down")
    found = search(n_explanations=2).fit(TWINS, labels)
    assert is_classifier(found)
    assert found.classes_.tolist() == ["down", "up"]
    first, second = found.estimators_
    for method in ("predict", "predict_proba", "decision_function", "explain"):
        ours = getattr(found, method)(TWINS)
        np.testing.assert_array_equal(ours, getattr(first, method)(TWINS))
        assert (ours != getattr(second, method)(TWINS)).any()
    weight = 1.0 + Y
    assert found.score(TWINS, labels) == first.score(TWINS, labels)
    assert found.score(TWINS, labels, weight) == first.score(TWINS, labels, weight)
    phi = found.explain(TWINS, target="training")
    np.testing.assert_array_equal(phi, first.explain(TWINS, target="training"))


def test_disagreement_is_the_share_of_pairs():
    found = search(n_explanations=3, tolerance=1.0).fit(TWINS, Y)
    first, second, third = (member.predict(TWINS) for member in found.estimators_)
    pairs = (first != second) * 1.0 + (first != third) + (second != third)
    np.testing.assert_allclose(found.disagreement(TWINS), pairs / 3)


def test_a_regressor_with_two_outputs():
    targets = np.column_stack([SIGNAL, 2 * SIGNAL])
    found = search(rrr(RRRRegressor), n_explanations=2).fit(TWINS, targets)
    assert is_regressor(found)
    assert found.masks_[0].shape == (300, 3)
    assert not hasattr(found, "predict_proba")
    predictions = np.stack([m.predict(TWINS) for m in found.estimators_])
    spread = predictions.std(axis=0).mean(axis=1)
    np.testing.assert_allclose(found.disagreement(TWINS), spread)


def test_inside_a_pipeline_and_a_search():
    pipeline = make_pipeline(StandardScaler(), search(n_explanations=2))
    pipeline.fit(TWINS, Y, findanotherexplanation__annotations=[0, 0, 1])
    second = pipeline[-1].estimators_[1]
    assert second.predict(pipeline[:-1].transform(TWINS)).shape == (300,)
    grid = GridSearchCV(
        search(rrr(max_iter=20), n_explanations=2),
        {"estimator__lam": [0.1, 1.0]},
        cv=2,
    ).fit(TWINS, Y, annotations=np.tile([0, 0, 1], (300, 1)))
    assert grid.best_score_ > 0.8


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_explanations": 0}, "'n_explanations' parameter"),
        ({"cutoff": 1.0}, "'cutoff' parameter"),
        ({"tolerance": -1}, "'tolerance' parameter"),
        ({"estimator": StandardScaler()}, "'estimator' parameter"),
        ({"estimator": RRRClassifier(), "tolerance": None}, "'tolerance' parameter"),
    ],
)
def test_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        FindAnotherExplanation(**params).fit(TWINS, Y)


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), make_pipeline(StandardScaler(), RRRClassifier())],
)
def test_the_estimator_must_take_annotations(estimator):
    with pytest.raises(TypeError, match="estimator must take annotations.*Pipeline"):
        FindAnotherExplanation(estimator).fit(TWINS, Y)


def test_a_failed_fit_leaves_no_trace():
    found = search(n_explanations=1)
    with pytest.raises(ValueError, match="Unknown label type"):
        found.fit(TWINS, TWINS[:, 0])
    with pytest.raises(NotFittedError):
        found.predict(TWINS)
    before = dict(vars(found.fit(pd.DataFrame(TWINS, columns=list("abc")), Y)))
    with pytest.raises(ValueError, match="Unknown label type"):
        found.fit(TWINS, TWINS[:, 0])
    assert vars(found) == before
    assert not hasattr(found.fit(TWINS, Y), "feature_names_in_")


@pytest.mark.parametrize("form", [np.array, sp.csr_matrix])
def test_rows_of_weight_zero_do_not_count(form):
    other = np.random.default_rng(5).standard_normal((200, 3))
    X = np.vstack([TWINS, other])
    weight = np.repeat([1.0, 0.0], [300, 200])
    network = rrr(lam=3.0, tol=1e-3)
    alone = search(network, n_explanations=4).fit(form(TWINS), Y)
    beside = search(network, n_explanations=4)
    beside.fit(form(X), np.append(Y, other[:, 2] > 0), sample_weight=weight)
    assert beside.ended_by_ == alone.ended_by_
    assert beside.scores_ == alone.scores_


def test_annotations_are_routed_through_a_pipeline():
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), search(n_explanations=2))
        pipeline.fit(TWINS, Y, annotations=[0, 0, 1])
    Z = pipeline[:-1].transform(TWINS)
    by_hand = search(n_explanations=2).fit(Z, Y, annotations=[0, 0, 1])
    first, second = by_hand.estimators_
    np.testing.assert_array_equal(pipeline.predict(TWINS), first.predict(Z))
    routed = pipeline[-1].estimators_[1]
    np.testing.assert_array_equal(routed.predict(Z), second.predict(Z))


def test_images():
    images = TWINS[:, :, None] * np.ones((1, 1, 2))
    network = RRRClassifier(lam=10.0, module=flat_network, tol=1e-3)
    found = search(network, n_explanations=2, tolerance=1.0).fit(images, Y)
    assert found.masks_[0].shape == images.shape
    assert found.disagreement(images).shape == (300,)


def flat_network(n_features, n_outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(n_features, n_outputs))
