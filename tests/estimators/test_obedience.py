"""Obedience: what is measured, what is reached, and what is said."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    FindAnotherExplanation,
    ObedienceWarning,
    RRRClassifier,
    RRRRegressor,
    lambda_path,
)
from sklearn_gradlasso.estimators.obedience import measuring, raising
from sklearn_gradlasso.training import auto_lam

RNG = np.random.default_rng(0)
N = 300
X = RNG.standard_normal((N, 4))
NOISY = X[:, 0] + 0.7 * X[:, 1] + X[:, 2] + 2 * RNG.standard_normal(N)
Y = (NOISY > 0).astype(int)
FIRST = np.array([True, False, False, False])
TWO = np.array([True, True, False, False])
QUICK = {"module": "perceptron", "max_iter": 12, "random_state": 0}
BRIEF = {**QUICK, "max_iter": 2}


def said(function):
    """The warnings about obedience that a call issues, one by one."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    found = [each for each in caught if issubclass(each.category, ObedienceWarning)]
    return [str(each.message) for each in found]


def by_all_others(decide, rows, masks, size):
    """Average of ``size(before, after)`` over all rows to exchange with, by row."""
    before, results = decide(rows), []
    for distance in range(1, len(rows), 3):
        after = decide(np.where(masks, np.roll(rows, distance, axis=0), rows))
        results.append(size(before, after))
    return np.mean(results, axis=0)


@pytest.mark.parametrize(
    ("ruled_out", "module"), [(FIRST, "perceptron"), (TWO, "tabular")]
)
def test_figures_of_a_classifier_by_hand(ruled_out, module):
    model = RRRClassifier(lam=0.1, **{**QUICK, "module": module})
    model.fit(X, Y, annotations=ruled_out)
    record, decide = model.obedience_, model.decision_function
    flips = by_all_others(decide, X, ruled_out, lambda a, b: (a > 0) != (b > 0))
    changes = by_all_others(decide, X, ruled_out, lambda a, b: np.abs(a - b))
    assert flips.mean() > 0.02
    assert record.joint_changed_decisions == pytest.approx(flips.mean(), abs=0.015)
    assert record.joint_change == pytest.approx(changes.mean(), rel=0.1)
    assert record.violation == record.joint_changed_decisions
    assert record.feature_names == ("x0", "x1")[: ruled_out.sum()]
    assert record.importance == pytest.approx(model.feature_importances_[ruled_out])
    for k in np.flatnonzero(ruled_out):
        alone = np.arange(4) == k
        flips = by_all_others(decide, X, alone, lambda a, b: (a > 0) != (b > 0))
        assert record.changed_decisions[k] == pytest.approx(flips.mean(), abs=0.015)
    assert np.isnan(record.wrong_signs).all()


def test_a_regressors_decision_is_its_prediction_in_standard_deviations():
    targets = np.column_stack([NOISY, 100 * X[:, 0]])
    model = RRRRegressor(lam=0.1, **QUICK).fit(X, targets, annotations=TWO)
    deviations = model.predict(X).std(axis=0)
    changes = by_all_others(model.predict, X, TWO, lambda a, b: np.abs(a - b))
    expected = (changes / deviations).mean()
    assert model.obedience_.joint_change == pytest.approx(expected, rel=0.1)
    assert model.obedience_.changed_decisions is None
    assert model.obedience_.violation == model.obedience_.joint_change
    assert "changed_decisions" not in model.obedience_.to_frame()


def test_deviations_are_those_of_all_rows_where_few_are_annotated():
    some = np.zeros_like(X, dtype=bool)
    some[7, 0] = True
    model = RRRRegressor(lam=0.1, **QUICK).fit(X, NOISY, annotations=some)
    changes = by_all_others(model.predict, X, some, lambda a, b: np.abs(a - b))
    expected = changes[7] / model.predict(X).std()
    # One row is exchanged with ten others only.
    assert expected / 4 < model.obedience_.joint_change < 4 * expected


def test_the_decision_of_three_classes_is_the_predicted_one_against_the_rest():
    classes = np.digitize(NOISY, [-1, 1])
    model = RRRClassifier(lam=0.1, **QUICK).fit(X, classes, annotations=FIRST)
    predicted = model.predict(X)

    def log_odds(rows):
        p = model.predict_proba(rows)[np.arange(N), predicted]
        return np.log(p / (1 - p))

    changes = by_all_others(log_odds, X, FIRST, lambda a, b: np.abs(a - b))
    flips = by_all_others(model.predict, X, FIRST, np.not_equal)
    assert model.obedience_.joint_change == pytest.approx(changes.mean(), rel=0.1)
    assert model.obedience_.joint_changed_decisions == pytest.approx(
        flips.mean(), abs=0.02
    )


def test_only_annotated_values_of_annotated_rows_are_exchanged():
    some = np.zeros_like(X, dtype=bool)
    some[:60, 0] = some[30:90, 1] = True
    model = RRRClassifier(lam=0.1, **QUICK).fit(X, Y, annotations=some)
    record, decide = model.obedience_, model.decision_function
    changes = by_all_others(decide, X, some, lambda a, b: np.abs(a - b))
    assert (changes[90:] == 0).all()
    assert record.joint_change == pytest.approx(changes[:90].mean(), rel=0.1)
    first = by_all_others(decide, X, some & FIRST, lambda a, b: np.abs(a - b))
    assert record.change[0] == pytest.approx(first[:60].mean(), rel=0.1)
    assert record.n_rows == 90


@pytest.mark.parametrize("given", [["job"], [False, True, True, True]])
def test_indicators_of_a_column_are_permuted_as_one(given):
    job = RNG.integers(3, size=N)
    table = np.column_stack([X[:, 0], *(job == k for k in range(3))])
    frame = pd.DataFrame(table, columns=["age", "job_a", "job_b", "job_c"])
    model = RRRClassifier(lam=0.01, **QUICK)
    model.fit(frame, (NOISY + 2 * job > 2).astype(int), annotations=given)
    record = model.obedience_
    named = given == ["job"]
    assert record.feature_names == (("job",) if named else ("job_a, job_b, job_c",))
    np.testing.assert_array_equal(record.positions[0], [1, 2, 3])
    whole = np.array([False, True, True, True])

    def decide(rows):
        return model.decision_function(pd.DataFrame(rows, columns=frame.columns))

    changes = by_all_others(decide, table, whole, lambda a, b: np.abs(a - b))
    assert record.change == pytest.approx([changes.mean()], rel=0.1)
    assert record.change[0] == record.joint_change
    used = model.feature_importances_[1:].sum()
    assert record.importance == pytest.approx([used])


def test_wrong_signs_are_shares_of_rows():
    model = RRRClassifier(lam=1e-6, monotonic_cst=[-1, 0, 1, 0], **QUICK)
    model.fit(X, Y, annotations=FIRST)
    phi = model.explain(X)
    expected = [(phi[:, 0] > 0).mean(), (phi[:, 2] < 0).mean()]
    record = model.obedience_
    assert record.feature_names == ("x0", "x2")
    assert record.wrong_signs == pytest.approx(expected)
    assert record.violation == pytest.approx(expected[0]) and expected[0] > 0.5
    assert not np.isnan(record.change[0]) and np.isnan(record.change[1])
    assert record.ruled_out.tolist() == [True, False]
    only_signs = model.fit(X, Y).obedience_
    assert np.isnan(only_signs.joint_change) and len(only_signs.to_frame()) == 2


def test_the_frame_has_a_row_for_all_together():
    model = RRRClassifier(lam=0.1, **QUICK).fit(X, Y, annotations=TWO)
    frame, record = model.obedience_.to_frame(), model.obedience_
    assert [*frame.index] == ["x0", "x1", "all ruled out"]
    assert frame["change"].iloc[-1] == record.joint_change
    assert frame["importance"].iloc[-1] == pytest.approx(record.importance.sum())


def test_sparse_rows_and_images_give_the_same_record():
    dense, sparse = (RRRClassifier(lam=0.1, **QUICK) for _ in range(2))
    dense.fit(X, Y, annotations=TWO)
    sparse.fit(sp.csr_matrix(X), Y, annotations=sp.csr_matrix(np.tile(TWO, (N, 1))))
    np.testing.assert_allclose(sparse.obedience_.change, dense.obedience_.change)

    def flat(n_features, n_outputs):
        return nn.Sequential(nn.Flatten(), nn.Linear(n_features, n_outputs))

    flat_network = {**QUICK, "module": flat}
    image = RRRClassifier(lam=0.1, **flat_network)
    image.fit(X.reshape(N, 1, 2, 2), Y, annotations=TWO.reshape(1, 2, 2))
    assert image.obedience_.feature_names == ("x0_0_0", "x0_0_1")
    row = RRRClassifier(lam=0.1, **flat_network).fit(X, Y, annotations=TWO)
    np.testing.assert_allclose(image.obedience_.change, row.obedience_.change)


def test_the_cost_is_limited(monkeypatch):
    monkeypatch.setattr(measuring, "MOST_ROWS", 50)
    monkeypatch.setattr(measuring, "MOST_LINES", 1)
    record = RRRClassifier(lam=0.1, **QUICK).fit(X, Y, annotations=TWO).obedience_
    assert record.n_rows == 50
    assert np.isnan(record.change).all() and record.joint_change > 0


def test_the_record_is_the_same_each_time_and_is_pickled():
    np.random.seed(3)
    torch.manual_seed(3)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    one, other = (
        RRRClassifier(lam=0.1, **QUICK).fit(X, Y, annotations=TWO) for _ in range(2)
    )
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])
    copy = pickle.loads(pickle.dumps(one))
    for model in (other, copy):
        pd.testing.assert_frame_equal(
            model.obedience_.to_frame(), one.obedience_.to_frame()
        )


def test_without_annotations_and_signs_nothing_is_measured():
    model = RRRClassifier(lam=0.1, **QUICK).fit(X, Y, annotations=FIRST)
    assert not hasattr(model.fit(X, Y), "obedience_")
    silent = RRRClassifier(lam=0.1, obedience=None, **QUICK)
    assert said(lambda: silent.fit(X, Y, annotations=FIRST)) == []
    assert not hasattr(silent, "obedience_")


def test_obedience_none_is_the_penalty_of_the_paper():
    paper = RRRClassifier(lam=1.0, obedience=None, **QUICK)
    paper.fit(X, Y, annotations=FIRST)
    both = RRRClassifier(lam=1.0, **QUICK).fit(X, Y, annotations=FIRST)
    assert paper.net_.objective.exchange is None
    assert both.penalty_curve_[0] > paper.penalty_curve_[0]


# What is reached --------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [{"module": "perceptron"}, {"max_iter": 30}, {"early_stopping": True}],
    ids=["perceptron", "default", "early stopping"],
)
def test_auto_obeys_on_other_rows_where_the_signal_is_weak(params):
    model = RRRClassifier(**{"random_state": 0, "max_iter": 60, **params})
    assert said(lambda: model.fit(X, Y, annotations=TWO)) == []
    rng = np.random.default_rng(1)
    other = rng.standard_normal((4000, 4))
    permuted = np.where(TWO, rng.permutation(other), other)
    flips = (model.predict(other) != model.predict(permuted)).mean()
    assert flips <= 0.01
    assert model.score(other, other[:, 2] > 0) > 0.55  # the other columns are used


def test_auto_of_a_regressor_obeys_on_other_rows():
    model = RRRRegressor(random_state=0, max_iter=60)
    assert said(lambda: model.fit(X, NOISY, annotations=TWO)) == []
    rng = np.random.default_rng(1)
    other = rng.standard_normal((4000, 4))
    answer = model.predict(other)
    change = np.abs(
        model.predict(np.where(TWO, rng.permutation(other), other)) - answer
    )
    assert change.mean() / answer.std() <= 0.01


def test_auto_is_raised_until_it_obeys(monkeypatch):
    monkeypatch.setattr(auto_lam, "balanced_strength", lambda *_: 0.01)
    model = RRRClassifier(module="perceptron", random_state=0, max_iter=40)
    assert said(lambda: model.fit(X, Y, annotations=TWO)) == []
    assert model.lam_ > 0.1
    assert model.n_iter_ > 40 == model.max_iter
    assert model.net_.objective.lam == model.lam_
    again = clone(model).fit(X, Y, annotations=TWO)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_raising_ends_where_it_does_not_help(monkeypatch):
    found = iter([5.0, 7.0, 6.0])
    monkeypatch.setattr(raising, "_missing", lambda *_: next(found))
    model = RRRRegressor(**QUICK).fit(X, NOISY, annotations=TWO)
    same = RRRRegressor(lam=model.lam_, **QUICK).fit(X, NOISY, annotations=TWO)
    np.testing.assert_array_equal(model.predict(X), same.predict(X))
    assert model.loss_curve_ == same.loss_curve_
    assert model.net_.objective.lam == model.lam_
    assert next(found, None) is None


def test_signs_count_as_well():
    model = RRRRegressor(monotonic_cst=[1, 1, 0, 0], random_state=0, max_iter=60)
    assert said(lambda: model.fit(X, NOISY)) == []
    assert model.obedience_.violation <= 0.01
    against = RRRRegressor(
        lam=1e-3, monotonic_cst=[-1, 0, 0, 0], random_state=0, max_iter=20
    )
    (message,) = said(lambda: against.fit(X, NOISY))
    wrong = (against.explain(X)[:, 0] > 0).mean()
    assert f"gradient of 'x0' has the wrong sign at {wrong:.1%}" in message


# What is said -----------------------------------------------------------------------


def test_a_strength_that_is_too_small_is_said_with_the_figure():
    model = RRRClassifier(lam=0.01, **QUICK)
    (message,) = said(lambda: model.fit(X, Y, annotations=TWO))
    share = model.obedience_.joint_changed_decisions
    assert f"changes {share:.1%} of the decisions" in message
    assert "lam=0.01 is too small" in message and "obedience=0.01" in message
    model.set_params(lam=0.0)
    (message,) = said(lambda: model.fit(X, Y, annotations=FIRST))
    assert "lam=0 switches the penalty off" in message
    assert (
        said(lambda: model.set_params(obedience=0.9).fit(X, Y, annotations=TWO)) == []
    )
    (message,) = said(
        lambda: RRRRegressor(lam=0.01, **QUICK).fit(X, NOISY, annotations=TWO)
    )
    assert "of its standard deviations" in message


def test_auto_that_fails_is_said_with_the_figure(monkeypatch):
    monkeypatch.setattr(auto_lam, "balanced_strength", lambda *_: 0.01)
    monkeypatch.setattr(raising, "MOST_RAISES", 0)
    model = RRRClassifier(**QUICK)
    (message,) = said(lambda: model.fit(X, Y, annotations=TWO))
    assert 'lam="auto" has raised the strength to 0.01' in message


def test_the_warning_points_to_the_call():
    with pytest.warns(ObedienceWarning) as caught:
        RRRClassifier(lam=0.01, **QUICK).fit(X, Y, annotations=TWO)
    assert {each.filename for each in caught if each.category is ObedienceWarning} == {
        __file__
    }


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_search_warns_once(wrapped):
    model, prefix = RRRClassifier(lam=0.01, **BRIEF), ""
    if wrapped:
        model, prefix = make_pipeline(StandardScaler(), model), "rrrclassifier__"
    search = GridSearchCV(model, {f"{prefix}lam": [0.01, 0.02]}, cv=3)
    given = {f"{prefix}annotations": TWO}
    (message,) = said(lambda: search.fit(X, Y, **given))
    best = search.best_estimator_[-1] if wrapped else search.best_estimator_
    assert f"{best.obedience_.violation:.1%}" in message
    # Without a last fit the folds speak, and in a fold of another search the last fit.
    quiet = GridSearchCV(model, {f"{prefix}lam": [0.01]}, cv=2, refit=False)
    assert len(said(lambda: quiet.fit(X, Y, **given))) == 2
    nested = said(lambda: cross_val_score(search, X, Y, cv=2, params=given))
    assert len(nested) == 2


def test_folds_without_a_search_speak_without_figures():
    model = RRRClassifier(lam=0.01, **QUICK)
    messages = said(
        lambda: cross_val_score(model, X, Y, cv=3, params={"annotations": TWO})
    )
    assert len(messages) == 3 and len(set(messages)) == 1


def test_a_path_warns_once():
    model = RRRClassifier(**BRIEF)
    given = {"lams": [0.01, 0.02, 1.0], "annotations": TWO, "return_estimators": True}
    with pytest.warns(ObedienceWarning, match="of 3 networks, with lam from 0.01 to"):
        path = lambda_path(model, X, Y, **given)
    assert len(said(lambda: lambda_path(model, X, Y, **given))) == 1
    assert all(each.obedience_.joint_change > 0 for each in path.estimators)


@pytest.mark.parametrize(
    "everything",
    [
        np.ones(4, dtype=bool),
        np.full(X.shape, 0.5),
        sp.csr_matrix(np.ones(X.shape)),
        ["a", "b", "c", "d"],
    ],
)
@pytest.mark.parametrize("obedience", [0.01, None])
def test_annotations_must_leave_something_free(everything, obedience):
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = RRRClassifier(obedience=obedience, **QUICK)
    with pytest.raises(ValueError, match="annotations rule out all 4 features"):
        model.fit(frame, Y, annotations=everything)
    sparse = sp.csr_matrix(X)
    if sp.issparse(everything):
        with pytest.raises(ValueError, match="annotations rule out all 4 features"):
            model.fit(sparse, Y, annotations=everything)
    almost = np.ones(X.shape)
    almost[7, 2] = 0
    model.fit(X, Y, annotations=almost)


def test_one_pass_is_measured_and_not_judged():
    model = RRRClassifier(random_state=0)

    def passes():
        model.partial_fit(X, Y, classes=[0, 1], annotations=TWO)
        model.partial_fit(X[:100], Y[:100], annotations=TWO)

    assert said(passes) == []
    assert model.obedience_.n_rows == 100


def test_priors_promise_nothing_about_annotations():
    model = AttributionPriorClassifier(prior="l2", **QUICK)
    assert said(lambda: model.fit(X, Y, annotations=TWO)) == []
    assert model.obedience_.reached and model.obedience_.tolerated is None
    assert model.obedience_.joint_changed_decisions > 0.01


def test_members_of_a_search_for_explanations_promise_nothing_by_themselves():
    found = FindAnotherExplanation(RRRClassifier(lam=1.0, **QUICK), tolerance=1.0)
    assert said(lambda: found.fit(X, Y)) == []
    asked = [member.obedience for member in found.estimators_]
    assert asked[0] == 0.01 and set(asked[1:]) <= {None}
    expert = FindAnotherExplanation(RRRClassifier(lam=1e-3, **QUICK), n_explanations=1)
    assert len(said(lambda: expert.fit(X, Y, annotations=TWO))) == 1


def test_obedience_has_limits():
    for wrong in (0, 1.0, -0.1, "auto"):
        with pytest.raises(ValueError, match="'obedience' parameter"):
            RRRClassifier(obedience=wrong).fit(X, Y)
