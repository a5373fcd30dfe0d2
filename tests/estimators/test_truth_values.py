"""Truth values in a frame, as pandas.get_dummies makes them, are categories."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklearn_gradlasso import Explanation, GradientLassoClassifier, RRRClassifier

RANDOM = np.random.default_rng(0)
N = 300
PEOPLE = pd.DataFrame(
    {
        "age": RANDOM.integers(20, 80, N).astype(float),
        "job": RANDOM.choice(["cook", "nurse", "smith"], N),
    }
)
RISK = 2 * (PEOPLE["job"] == "cook") + (PEOPLE["age"] - 50) / 20
Y = np.where(RISK + RANDOM.normal(0, 0.5, N) > 0.7, "yes", "no")
X = pd.get_dummies(PEOPLE)


@pytest.fixture(scope="module")
def model():
    return GradientLassoClassifier(random_state=0).fit(X, Y)


def test_answers(model):
    assert set(X.dtypes.iloc[1:]) == {np.dtype(bool)}
    assert model._table_form.is_category.tolist() == [False, True, True, True]
    numbers = GradientLassoClassifier(random_state=0).fit(X.astype(float), Y)
    assert model.score(X, Y) > 0.8
    assert model.score(X, Y) == pytest.approx(
        numbers.score(X.astype(float), Y), abs=0.03
    )
    for same in (X.astype(float), X.astype(object), X.astype(int)):
        np.testing.assert_array_equal(model.predict_proba(same), model.predict_proba(X))


def test_explanations_and_names(model):
    assert model.feature_names_in_.tolist() == list(X.columns)
    assert model.feature_importances_[1] > model.feature_importances_[2:].max()
    phi = model.explain(X, attribution="expected_gradients")
    gap = phi.sum(axis=1) - model.decision_function(X)
    assert np.ptp(gap) < 0.05
    cook = X["job_cook"]
    assert phi[cook, 1].min() > 0 > phi[~cook, 1].max()
    reasons = Explanation.from_estimator(model, X[:5])
    assert reasons.feature_names.tolist() == list(X.columns)
    assert reasons.data[:, 1].tolist() == X["job_cook"][:5].tolist()


def test_annotations_by_name():
    model = RRRClassifier(max_iter=50, random_state=0)
    model.fit(X, Y, annotations=["job_cook"])
    other = X.assign(job_cook=~X["job_cook"])
    changes = np.abs(model.predict_proba(X) - model.predict_proba(other))
    assert changes.max() < 0.02
    free = clone(model).fit(X, Y, annotations=["job_smith"])
    assert np.abs(free.predict_proba(X) - free.predict_proba(other)).max() > 0.2
