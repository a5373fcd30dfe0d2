"""Rows that attributions compare with are read as the estimator reads X."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.raw_tables import as_polars, people

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    Explanation,
    GradientLassoClassifier,
    GradientLassoRegressor,
)
from sklearn_gradlasso.attributions import (
    Contributions,
    ExpectedGradients,
    IntegratedGradients,
)
from sklearn_gradlasso.tables import coded_table

X, Y = people()
NUMBERS = X[["age", "debt"]].fillna({"age": 40.0})
SHORT = {"max_iter": 20, "random_state": 0}


@pytest.fixture(scope="module", params=["tabular", "perceptron"])
def model(request):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "GradientLassoClassifier: max_iter")
        return GradientLassoClassifier(module=request.param, **SHORT).fit(X, Y)


def as_array(frame):
    return frame.to_numpy(dtype=object)


@pytest.mark.parametrize("container", [pd.DataFrame, as_polars, as_array])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_background_is_of_rows_like_those_of_X(model, container):
    background = X[:40]
    assert background.isna().any(axis=None)
    given = container(background)
    found = model._explained(X, attribution=ExpectedGradients(background=given))
    expected = model.decision_function(background).mean()
    assert found.base_values == pytest.approx(expected, abs=1e-5)
    coded = coded_table(model._table_form, background)
    for kind in (ExpectedGradients, Contributions):
        phi = model.explain(X, attribution=kind(background=given))
        known = model.explain(X, attribution=kind().against(coded))
        np.testing.assert_array_equal(phi, known)


def test_numbers_of_a_background_are_in_the_units_of_the_user():
    table = NUMBERS.to_numpy()
    y = np.where(table[:, 0] > 50, 1.0, -1.0)
    model = GradientLassoRegressor(**SHORT).fit(table, y)
    own = ExpectedGradients(2000, background=table[:30])
    found = model._explained(table, attribution=own)
    expected = model.predict(table[:30]).mean()
    assert found.base_values == pytest.approx(expected, abs=1e-6)
    gap = found.values.sum(axis=1) - found.predictions + found.base_values
    assert abs(gap).max() < 1e-2
    for baseline in (table[3], table[3:4], table[3].tolist()):
        attribution = IntegratedGradients(400, baseline=baseline)
        found = model._explained(table, attribution=attribution)
        assert found.base_values == pytest.approx(model.predict(table[3:4])[0])
    found = model._explained(table, attribution=IntegratedGradients(baseline=50))
    assert found.base_values == pytest.approx(model.predict([[50.0, 50.0]])[0])


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_baseline_is_a_row_like_those_of_X(model):
    expected = model.decision_function(X[3:4])[0]
    for row in (X.iloc[3], X[3:4], as_polars(X[3:4]), as_array(X[3:4])[0]):
        attribution = IntegratedGradients(800, baseline=row)
        found = model._explained(X, attribution=attribution)
        assert found.base_values == pytest.approx(expected, rel=1e-5)
        gap = found.values.sum(axis=1) - found.predictions + found.base_values
        assert abs(gap).max() < 2e-3


def test_integrated_gradients_start_at_medians_and_average_levels(model):
    """A row of medians, whose categories have the mean of what the network makes."""
    module = model.net_.module_
    found = model._explained(X, attribution=IntegratedGradients(800))
    gap = found.values.sum(axis=1) - found.predictions + found.base_values
    assert abs(gap).max() < 2e-3
    form = model._table_form
    medians = dict(zip(form.names, form.center))
    of_median = X[:1].assign(age=medians["age"], debt=medians["debt"])
    rows = model._rows_to_answer(of_median)
    start = module.encode(rows.X)[0][0].clone()
    every = module.encode(model._rows_to_answer(X).X)[0]
    for j in np.flatnonzero(form.is_category):
        at = module.column_of == j
        start[at] = every[:, at].mean(dim=0)
    base = module.from_encoded(start[None])
    assert found.base_values == pytest.approx(
        (base[0, 1] - base[0, 0]).item(), abs=1e-5
    )


def test_integrated_gradients_of_a_sparse_table_start_at_zero():
    table = sp.csr_matrix(np.where(NUMBERS > 50, NUMBERS, 0.0))
    model = GradientLassoClassifier(module="tabular", **SHORT).fit(table, Y)
    found = model._explained(table, attribution="integrated_gradients")
    nothing = model.decision_function(sp.csr_matrix((1, 2)))[0]
    assert found.base_values == pytest.approx(nothing)


@pytest.mark.parametrize("kind", [ExpectedGradients, Contributions])
def test_a_background_of_training_is_read_at_fit(kind):
    own = AttributionPriorClassifier(attribution=kind(background=X[:40]), **SHORT)
    own.fit(X, Y)
    coded = coded_table(own._table_form, X[:40])
    same = AttributionPriorClassifier(attribution=kind().against(coded), **SHORT)
    same.fit(X, Y)
    np.testing.assert_array_equal(own.predict_proba(X), same.predict_proba(X))
    np.testing.assert_array_equal(own.explain(X), same.explain(X))
    np.testing.assert_array_equal(own.feature_importances_, same.feature_importances_)
    reasons = Explanation.from_estimator(own, X, attribution=kind(background=X[:40]))
    assert reasons.background == "40 rows given"


def test_a_baseline_of_training_is_read_at_fit():
    table, y = NUMBERS.to_numpy(), NUMBERS["debt"].to_numpy()
    ways = IntegratedGradients(5, baseline=table[0]), IntegratedGradients(5)
    for attribution in ways:
        model = AttributionPriorRegressor(attribution=attribution, **SHORT)
        model.fit(table, y)
        row = table[0] if attribution is ways[0] else model._table_form.center
        found = model._explained(table)
        assert found.base_values == pytest.approx(model.predict(row[None])[0])


def test_what_is_no_row_of_the_table_is_refused(model):
    refused = [
        (ExpectedGradients(background=X[["age", "job"]]), "background must .*debt"),
        (Contributions(background=[[1.0, 2.0]]), "background must .*X has 2 features"),
        (IntegratedGradients(baseline=1.0), "1.0 is no level of 'job'; give a row"),
        (IntegratedGradients(baseline=["cook", 1.0]), "baseline must .*X has 2 feat"),
        (
            ExpectedGradients(background=X.assign(age=np.inf)),
            "background must .*infinity",
        ),
    ]
    for attribution, message in refused:
        with (
            warnings.catch_warnings(),
            pytest.raises(ValueError, match=f"(?s){message}"),
        ):
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            model.explain(X, attribution=attribution)


def test_other_networks_need_numbers():
    network = GradientLassoClassifier(hidden_layer_sizes=(4,), max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(NUMBERS, Y)
    texts, missing = X[["age", "job"]], X[["age", "debt"]]
    for rows, message in ((texts, "must be numbers"), (missing, "must hold finite")):
        with pytest.raises(ValueError, match=f"background {message}"):
            network.explain(NUMBERS, attribution=Contributions(background=rows))
        row = rows[rows["age"].isna()].iloc[0]
        with pytest.raises(ValueError, match=f"baseline {message}"):
            network.explain(NUMBERS, attribution=IntegratedGradients(baseline=row))
