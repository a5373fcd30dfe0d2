"""Models that read raw tables, opened: the columns, and what is computed of them."""

import warnings

import numpy as np
import pytest
import torch
from helpers.coded_tables import coded_rows, fronted
from helpers.raw_tables import QUICK, people
from torch import nn
from torch.testing import assert_close

from sklearn_gradlasso import (
    FindAnotherExplanation,
    GradientLassoClassifier,
    RRRClassifier,
    targets,
)
from sklearn_gradlasso.attributions import (
    Contributions,
    ExpectedGradients,
    Gradients,
    IntegratedGradients,
)
from sklearn_gradlasso.inspection.column_slopes import ColumnSlopes, UserColumns
from sklearn_gradlasso.inspection.evaluation import (
    attributions_of,
    base_value_of,
    explanation_of,
    feature_means,
    representative_rows,
    scores_of,
    sums_of_squares,
)
from sklearn_gradlasso.inspection.open_model import open_model
from sklearn_gradlasso.training.rows import Rows


def network(n_outputs=1):
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, n_outputs))
    return fronted(body).double()


def rows(n=30, **extras):
    form = {"feature_shape": (4,), "dtype": torch.float64, "device": "cpu"}
    return Rows(coded_rows(n).numpy(), extras=extras, **form)


@pytest.mark.parametrize(
    "attribution", [Gradients(), ExpectedGradients(300), IntegratedGradients(40)]
)
def test_an_explanation_has_a_value_for_each_column(attribution):
    attribution = attribution.against(coded_rows(15, seed=3))
    of = network(), rows(), attribution, targets.output
    found = explanation_of(*of)
    assert found.values.shape == (30, 4)
    assert_close(torch.from_numpy(found.predictions), network()(coded_rows(30))[:, 0])
    if found.base_values is not None:
        assert found.base_values == base_value_of(*of)
        gap = found.values.sum(axis=1) - found.predictions + found.base_values
        assert np.abs(gap).max() < 0.02
    squares = sums_of_squares(*of)
    np.testing.assert_allclose(squares, (found.values**2).sum(axis=0))


def test_weights_and_several_outputs():
    weight = np.arange(30.0)
    given = network(2), rows(sample_weight=weight), Contributions(), targets.output
    phi = attributions_of(*given)
    assert phi.shape == (30, 4, 2)
    expected = (weight[:, None, None] * phi**2).sum(axis=(0, 2))
    np.testing.assert_allclose(sums_of_squares(*given), expected)


def test_rows_are_kept_with_their_missing_values():
    x, means = coded_rows(30).numpy(), feature_means(rows())
    np.testing.assert_allclose(means, np.nanmean(x, axis=0))
    kept, _ = representative_rows(network(), rows())
    np.testing.assert_array_equal(kept, x)
    assert np.isfinite(scores_of(network(), rows(), targets.output)).all()


def test_sizes_of_columns_that_are_made_of_several():
    form = open_people()[0].form
    x = np.column_stack([np.arange(6.0), np.arange(6) % 3, -np.arange(6.0)])
    x = np.column_stack([x, np.zeros((6, 2))])
    x[5, 0] = np.nan
    as_rows = Rows(x, feature_shape=(5,), dtype=torch.float64, device="cpu")
    columns = [np.array([0, 1]), np.array([2]), np.array([3]), np.array([4])]
    names = np.array(["both", "debt", "town", "member"], dtype=object)
    slopes = ColumnSlopes(UserColumns(columns, names, False), as_rows, form=form)
    known = x[:5, 0]
    deviation = np.sqrt(((known - known.mean()) ** 2).sum() / 6)
    np.testing.assert_allclose(slopes.deviations[0], deviation)
    assert slopes.deviations[[1, 3, 4]].tolist() == [1, 1, 1]
    phi = np.array([[2.0, 3.0, 0.5, 0.0, 1.0]])[:, :, None]
    expected = [4 * deviation**2 + 9, (0.5 * x[:, 2].std()) ** 2, 0, 1]
    np.testing.assert_allclose(slopes.squares(phi)[0, :, 0], expected)


def open_people():
    X, y = people()
    model = GradientLassoClassifier(lam=0.01, **QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    return open_model(model, X), model


def test_the_columns_are_those_of_the_table():
    opened, model = open_people()
    form = model._table_form
    assert [each.name for each in opened.columns] == form.names.tolist()
    for j, column in enumerate(opened.columns):
        assert column.positions.tolist() == [j]
        assert column.is_number == (not form.is_category[j])
        missing = opened.X.iloc[:, j].isna().to_numpy()
        assert (column.missing == missing).all()
        if column.is_number:
            expected = np.where(missing, 0.0, 1 / form.scale[j])
            derivative = np.broadcast_to(column.derivative[:, 0], expected.shape)
            np.testing.assert_allclose(derivative, expected)
        assert column.in_place is None


def test_a_model_at_the_rows_that_it_keeps():
    opened, model = open_people()
    kept, weight = opened.at_kept_rows()
    assert weight is None
    found = kept.differentiable().rows.dense()
    np.testing.assert_array_equal(found, model._background[0])
    np.testing.assert_array_equal(opened.seen(opened.X), opened.background().rows)


def test_other_explanations_do_not_depend_on_units():
    X, y = people()
    both = FindAnotherExplanation(RRRClassifier(**QUICK, obedience=None))
    masks = []
    for scale in (1.0, 1e4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both.fit(X.assign(debt=X["debt"] * scale), y)
        masks.append(both.masks_[0])
    assert (masks[0] == masks[1]).mean() > 0.98
    assert masks[0][:, 2].mean() > 0.1
