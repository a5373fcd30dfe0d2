"""A keyboard interrupt keeps what there is; a second one ends everything."""

import os
import signal

import numpy as np
import pytest
from helpers.quick import LAMS, SMALL, classifier_cv
from helpers.same_as_alone import assert_same_network, data_of, grid, halves
from sklearn.base import clone
from skorch.callbacks import Callback

from sklearn_gradlasso import (
    GradientLassoClassifier,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.paths import _scheduler
from sklearn_gradlasso.paths._stack_net import StackNet
from sklearn_gradlasso.paths._usage import Usage

ENDLESS = {**SMALL, "max_iter": 100_000, "n_iter_no_change": 100_000}
pytestmark = pytest.mark.usefixtures("interruptible")
GIVEN = "ignore:.*one by one and not as one"


def press():
    # The process is told, as by a keyboard: it wakes the main thread where it waits.
    os.kill(os.getpid(), signal.SIGINT)


def interrupt_at(monkeypatch, kind, method, *calls):
    """Press Ctrl-C in some of the calls of a method; returns the list of calls."""
    made, whole = [], getattr(kind, method)

    def pressing(self, *given):
        made.append(self)
        if len(made) in calls:
            press()
            if kind is StackNet:  # Another thread trains; the main one is told.
                assert self.stop.wait(timeout=60)
        return whole(self, *given)

    monkeypatch.setattr(kind, method, pressing)
    return made


def networks_at_a_time(monkeypatch, n):
    monkeypatch.setattr(_scheduler.GroupSize, "networks", lambda *_: n)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_networks_in_training_hold_what_they_have_learned(
    table, monkeypatch, n_jobs, early_stopping
):
    steps = interrupt_at(monkeypatch, StackNet, "train_step", 10)
    model = GradientLassoClassifier(
        **ENDLESS, n_jobs=n_jobs, early_stopping=early_stopping
    )
    found = grid(model, data_of(*table), halves(90), LAMS)
    assert len(steps) < 5000 and len(found) == 6
    for ours in found.values():
        assert ours.net_.ended_by_ == "interrupt" and ours.n_iter_ < 2500
        assert ours.predict_proba(table[0]).shape == (90, 2)
        assert len(ours.loss_curve_) == ours.n_iter_


def test_a_path_has_the_weights_reached_by_then(table, monkeypatch):
    interrupt_at(monkeypatch, StackNet, "train_step", 5)
    model = GradientLassoClassifier(**ENDLESS)
    with pytest.warns(UserWarning, match="interrupted: of 3 networks 0 .* 3 hold what"):
        path = lambda_path(model, *table, lams=LAMS, return_estimators=True)
    n_iter = path.n_iter[0]
    assert (path.n_iter == n_iter).all() and 5 <= n_iter < 2500
    for k, lam in enumerate(LAMS):
        alone = clone(model).set_params(max_iter=int(n_iter), lam=lam)
        with pytest.warns(UserWarning, match="max_iter"):
            alone.fit(*table)
        ours = path.estimators[k]
        np.testing.assert_allclose(
            ours.predict_proba(table[0]), alone.predict_proba(table[0]), atol=1e-8
        )
        assert path.scores[k] == alone.score(*table)


def test_networks_that_had_not_begun_have_no_results(table, monkeypatch):
    networks_at_a_time(monkeypatch, 1)
    model = GradientLassoClassifier(**SMALL, max_iter=3, tol=10, n_iter_no_change=1)
    interrupt_at(monkeypatch, Usage, "__call__", 2)  # while a network is evaluated
    given = {"lams": LAMS, "return_estimators": True}
    with pytest.warns(UserWarning, match="of 3 networks . had been trained, . hold"):
        path = lambda_path(model, *table, **given)
    done = ~np.isnan(path.scores)
    assert 2 <= done.sum() <= 3 and done[:2].all()
    for k in np.flatnonzero(done)[:2]:
        alone = clone(model).set_params(lam=LAMS[k]).fit(*table)
        assert_same_network(path.estimators[k], alone)
    for k in np.flatnonzero(~done):
        assert path.estimators[k] is None and np.isnan(path.importances[k]).all()
        assert not path[k].selected.any()


def test_a_second_interrupt_is_raised(table, monkeypatch):
    interrupt_at(monkeypatch, StackNet, "train_step", 3)
    model = GradientLassoClassifier(**ENDLESS)

    def evaluated(*_):
        press()

    monkeypatch.setattr(Usage, "__call__", evaluated)
    with pytest.raises(KeyboardInterrupt):
        lambda_path(model, *table, lams=LAMS)


def test_an_interrupt_before_there_is_anything_is_raised(table, monkeypatch):
    interrupt_at(monkeypatch, _scheduler._Parts, "_prepared", 1)
    with pytest.raises(KeyboardInterrupt):
        lambda_path(GradientLassoClassifier(**ENDLESS), *table, lams=LAMS)


@pytest.mark.filterwarnings(GIVEN)
def test_an_interrupt_by_a_callback_of_one_network_ends_all(table):
    class Enough(Callback):
        def on_batch_end(self, net, **_):
            raise KeyboardInterrupt

    model = GradientLassoClassifier(**ENDLESS, callbacks=[Enough()])
    with pytest.warns(UserWarning, match="interrupted: of 3 networks 0 .* 1 hold"):
        path = lambda_path(model, *table, lams=LAMS)
    assert np.isfinite(path.scores).sum() == 1


def test_a_search_chooses_among_what_there_is(table, monkeypatch):
    interrupt_at(monkeypatch, StackNet, "train_step", 10)
    search = classifier_cv(max_iter=2000, tol=0.0, n_iter_no_change=2000)
    monkeypatch.setattr(type(search), "_fit", fit_briefly(type(search)._fit))
    with pytest.warns(UserWarning, match="interrupted: of 9 networks 0 .* 9 hold"):
        search.fit(*table)
    assert np.isfinite(search.scores_).all() and (search.path_.n_iter < 1000).all()
    assert search.lam_ == LAMS[search.best_index_]
    assert search.best_score_ == search.scores_.mean(axis=0).max()
    assert search.predict(table[0]).shape == (90,)


def fit_briefly(fit):
    """A final fit of a few epochs."""

    def fitted(self, data, **options):
        long, self.max_iter = self.max_iter, 2
        try:
            return fit(self, data, **options)
        finally:
            self.max_iter = long

    return fitted


def test_a_search_takes_the_strengths_with_the_most_folds(table, monkeypatch):
    networks_at_a_time(monkeypatch, 2)
    interrupt_at(monkeypatch, Usage, "__call__", 8)
    search = classifier_cv(max_iter=5, tol=10.0, n_iter_no_change=1)
    with pytest.warns(UserWarning, match="interrupted: of 9"):
        search.fit(*table)
    n_folds = np.isfinite(search.scores_).sum(axis=0)
    assert n_folds.sum() == 8 and n_folds[search.best_index_] == 3


def test_stability_counts_the_subsamples_that_were_fitted(table, monkeypatch):
    networks_at_a_time(monkeypatch, 1)
    model = GradientLassoClassifier(**SMALL, max_iter=3, tol=10, n_iter_no_change=1)
    whole = stability_selection(model, *table, lams=[0.01], n_subsamples=2)
    interrupt_at(monkeypatch, Usage, "__call__", 2)
    with pytest.warns(UserWarning, match="interrupted: of 6 networks"):
        found = stability_selection(model, *table, lams=[0.01], n_subsamples=6)
    assert set(np.unique(found.frequencies * 2 * 3)) <= set(range(7))
    assert found.frequencies.shape == whole.frequencies.shape


def test_a_warm_path_ends_at_the_strength_in_training(table, monkeypatch):
    interrupt_at(monkeypatch, StackNet, "train_step", 30)
    search = classifier_cv(warm_path=True, max_iter=20, tol=0.0, n_iter_no_change=20)
    with pytest.warns(UserWarning, match="interrupted: of 9 networks 3 .* 3 hold"):
        search.fit(*table)
    assert np.isfinite(search.scores_).all(axis=0).tolist() == [True, True, False]
    assert search.best_index_ in (0, 1)


def test_what_was_interrupted_can_be_trained_on(table, monkeypatch):
    interrupt_at(monkeypatch, StackNet, "train_step", 5)
    model = GradientLassoClassifier(**ENDLESS)
    with pytest.warns(UserWarning, match="interrupted"):
        path = lambda_path(model, *table, lams=LAMS, return_estimators=True)
    fitted = path[1].estimator
    n_epochs = fitted.n_iter_
    assert len(fitted.partial_fit(*table).loss_curve_) == n_epochs + 1
    assert fitted.set_params(max_iter=3, tol=10.0).fit(*table).n_iter_ <= 3
