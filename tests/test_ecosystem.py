"""Inside scikit-learn's pipelines, searches and meta-estimators."""

import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor, BaggingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor

# Some packages install a package "tests" of theirs, which worker processes would find.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def quick(**params):
    shared = {"module": "perceptron", "max_iter": 20, "random_state": 0}
    return GradientLassoClassifier(**{**shared, **params})


def test_grid_search_over_lam_in_a_pipeline(cancer):
    X, y = cancer
    search = GridSearchCV(
        make_pipeline(StandardScaler(), quick()),
        {"gradientlassoclassifier__lam": [0.0, 0.1, 1.0]},
        scoring="roc_auc",
        cv=3,
    ).fit(X, y)
    assert search.best_score_ > 0.98
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_halving_search_over_lam_by_epochs(cancer):
    X, y = cancer
    search = HalvingGridSearchCV(
        quick(),
        {"lam": [0.0, 0.01, 0.1, 1.0]},
        resource="max_iter",
        min_resources=5,
        max_resources=20,
        factor=2,
        cv=3,
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_ == [5, 10, 20]
    assert search.score(X, y) > 0.9


def test_adaboost(cancer, one_target):
    X, y = cancer
    boosted = AdaBoostClassifier(quick(), n_estimators=3, random_state=0).fit(X, y)
    assert boosted.score(X, y) > 0.9
    X, y = one_target
    base = GradientLassoRegressor(max_iter=50, random_state=0)
    boosted = AdaBoostRegressor(base, n_estimators=3, random_state=0).fit(X, y)
    assert boosted.score(X, y) > 0.5


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(cancer, method):
    X, y = cancer
    calibrated = CalibratedClassifierCV(quick(), method=method, cv=3).fit(
        X, y, sample_weight=1.0 + y
    )
    assert calibrated.score(X, y) > 0.9


def test_permutation_importance(cancer):
    X, y = cancer
    model = quick().fit(X[:, :5], y)
    result = permutation_importance(model, X[:, :5], y, n_repeats=2, random_state=0)
    assert result.importances_mean.max() > 0.01


def test_select_from_model_needs_a_threshold(cancer):
    X, y = cancer
    model = quick(lam=0.1)
    assert SelectFromModel(model).fit(X, y).get_support().all()  # "Lasso" in the name
    some = SelectFromModel(model, threshold="mean").fit(X, y).get_support()
    assert 0 < some.sum() < 30


def test_one_hot_frame_with_strings():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"colour": rng.choice(["red", "green"], 200), "size": rng.normal(size=200)}
    )
    y = np.where((frame["colour"] == "red") & (frame["size"] > 0), "yes", "no")
    columns = make_column_transformer(
        (OneHotEncoder(), ["colour"]), remainder="passthrough", sparse_threshold=1.0
    )
    model = make_pipeline(columns, GradientLassoClassifier(random_state=0))
    assert model.fit(frame, y).score(frame, y) > 0.9
    assert set(model.predict(frame)) == {"yes", "no"}


def test_regressors_that_hand_over_targets_in_one_or_two_dimensions(one_target):
    X, y = one_target
    base = GradientLassoRegressor(module="perceptron", max_iter=30, random_state=0)
    for outer in (
        TransformedTargetRegressor(base, transformer=StandardScaler()),
        BaggingRegressor(base, n_estimators=2, random_state=0),
    ):
        assert outer.fit(X, y).predict(X).shape == y.shape
    assert np.isfinite(cross_val_score(base, X, y, cv=3)).all()


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_the_same_bits_under_every_backend(cancer, backend):
    X, y = cancer
    models = [
        quick(lam=lam, batch_size=size)
        for lam in (0.0, 0.1)
        for size in ("auto", 64, 569)
    ]
    models.append(quick(lam=0.1, module="tabular", max_iter=2))
    serial = [fit_and_answer(model, X, y) for model in models]
    parallel = Parallel(n_jobs=2, backend=backend)(
        delayed(fit_and_answer)(model, X, y) for model in models
    )
    for ours, theirs in zip(serial, parallel):
        np.testing.assert_array_equal(ours, theirs)


class Dropping(nn.Module):
    """A network that draws from torch's global generator as it trains."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(8, n_outputs),
        )

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_dropout_of_a_users_network_follows_the_seed(cancer, backend):
    X, y = cancer
    torch.manual_seed(0)
    before = torch.get_rng_state()
    serial = fit_and_answer(quick(module=Dropping), X, y)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    for answer in Parallel(n_jobs=2, backend=backend)(
        delayed(fit_and_answer)(quick(module=Dropping), X, y) for _ in range(4)
    ):
        np.testing.assert_array_equal(answer, serial)
    other = fit_and_answer(quick(module=Dropping).set_params(random_state=1), X, y)
    assert not np.array_equal(other, serial)


def test_dropout_masks_differ_between_calls_of_partial_fit(cancer):
    X, y = cancer
    model = quick(module=Dropping, learning_rate_init=1e-12, lam=0)
    for _ in range(2):
        model.partial_fit(X, y, classes=[0, 1])
    assert model.loss_curve_[0] != model.loss_curve_[1]


def fit_and_answer(model, X, y):
    return model.fit(X, y).decision_function(X)


def test_fits_leave_the_global_generators_as_found(cancer):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    quick(batch_size=64, early_stopping=True).fit(*cancer)
    quick(module="tabular", lam=0.1, max_iter=2).fit(*cancer)
    quick(module=nn.Linear).fit(*cancer)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()


def test_the_seed_decides_and_the_global_generator_does_not(cancer):
    X, y = cancer
    first = quick(module=nn.Linear).fit(X, y).predict_proba(X)
    torch.manual_seed(123)
    second = quick(module=nn.Linear).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, second)
    other = quick(module=nn.Linear).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(first, other.predict_proba(X))
