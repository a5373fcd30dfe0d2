"""Columns of very different scales are warned of, once, and only if they are."""

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.fitted_elsewhere import fit, partial_fit
from helpers.quick import QUICK as BRIEF
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRRegressor,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.training.column_scales import warn_of_scales

QUICK = {"module": "perceptron", **BRIEF}
RANDOM = np.random.default_rng(0)
Z = RANDOM.standard_normal((100, 3))
Y = (Z[:, 0] > 0).astype(int)
APART = Z * [1.0, 1e3, 1e6]
UNSCALED = pd.DataFrame(APART, columns=["rate", "age", "income"])
FORMS = [
    lambda X: X,
    lambda X: X.astype(np.float32),
    lambda X: X.tolist(),
    lambda X: pd.DataFrame(X, columns=list("abc")),
    sp.csr_matrix,
    sp.csr_array,
    sp.coo_matrix,
]


@pytest.mark.parametrize("form", FORMS)
def test_scales_far_apart(form):
    with pytest.warns(UserWarning, match="very different scales.*StandardScaler"):
        warn_of_scales(form(APART), None, stacklevel=1)
    warn_of_scales(form(Z * [1.0, 30.0, 900.0]), None, stacklevel=1)


def test_it_names_the_columns_and_their_standard_deviations():
    high, low = UNSCALED.income.std(ddof=0), UNSCALED.rate.std(ddof=0)
    message = f"deviation is {high:.3g} of column 'income', and {low:.3g} of column 'ra"
    with pytest.warns(UserWarning) as caught:
        warn_of_scales(UNSCALED, None, stacklevel=1)
    assert message in str(caught[0].message)


def many(columns):
    return np.column_stack([np.tile(Z, (50, 1)), columns])


RARE = np.eye(5000, 1)
NOT_TOO_FAR = {
    "indicator of one row": many(50 * RARE),
    "indicator of one row among large ones": many(RARE) * [900.0, 900.0, 900.0, 1.0],
    "constants": many(np.full((5000, 2), [0.0, 1e6])),
    "constants but for rounding": many(0.1 + 1e-17 * RANDOM.standard_normal(5000)),
    "years": many(RANDOM.integers(1950, 2000, 5000)),
    "counts": sp.random(5000, 500, 0.01, "csr", random_state=0),
    "counts of integers": sp.csr_matrix(RANDOM.poisson(0.05, (5000, 300))),
    "pixels, some of them dead": load_digits().data,
    "a PCA of columns that depend on each other": PCA().fit_transform(
        np.column_stack([Z, Z @ np.ones(3), Z[:, 0] - Z[:, 2]])
    ),
    "one column": Z[:, :1] * 1e9,
    "two rows": Z[:2],
    "texts": ["a", "b"],
    "images": APART.reshape(100, 3, 1),
    "nothing varies": np.ones((5, 3)),
    "missing": np.where(APART > 0, APART, np.nan),
}


@pytest.mark.parametrize("X", NOT_TOO_FAR.values(), ids=NOT_TOO_FAR)
def test_no_false_alarm(X):
    warn_of_scales(X, None, stacklevel=1)


def test_sparse_columns_count_by_their_values():
    X = sp.random(500, 20, 0.1, "csr", random_state=0)
    with pytest.warns(UserWarning, match="very different scales"):
        warn_of_scales(sp.hstack([X, 1e5 * X], format="csr"), None, stacklevel=1)


def test_values_may_be_huge():
    for factor in (1e300, 1e-300):
        with pytest.warns(UserWarning, match="very different scales"):
            warn_of_scales(Z * [factor, 1.0, 1.0], None, stacklevel=1)


# Who is told, and when


def told(act, *given, **more):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act(*given, **more)
    return [each for each in caught if "different scales" in str(each.message)]


@pytest.mark.parametrize(
    "model",
    [
        GradientLassoClassifier(**QUICK),
        GradientLassoRegressor(**QUICK),
        RRRRegressor(**QUICK),
        NGSLLClassifier(n_nonzero_coefs=2, **QUICK),
        GradientLassoClassifierCV(lams=[0.1, 1.0], cv=2, **QUICK),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_fit_warns_once_at_its_caller(model):
    (warning,) = told(fit, model, UNSCALED, Y)
    assert warning.filename == inspect.getfile(fit)
    assert not told(fit, make_pipeline(StandardScaler(), model), UNSCALED, Y)


def test_training_that_goes_on_does_not_warn_again():
    model = GradientLassoRegressor(**QUICK)
    (warning,) = told(partial_fit, model, UNSCALED, Y)
    assert warning.filename == inspect.getfile(partial_fit)
    assert not told(partial_fit, model, UNSCALED, Y)
    model.set_params(warm_start=True)
    assert not told(fit, model, UNSCALED, Y)


def test_paths_warn_once():
    model = GradientLassoClassifier(**QUICK)
    lams = {"lams": [0.1, 1.0]}
    for act, more in ((lambda_path, {}), (stability_selection, {"n_subsamples": 3})):
        (warning,) = told(act, model, UNSCALED, Y, **lams, **more)
        assert warning.filename == __file__
        scaled = make_pipeline(StandardScaler(), model)
        assert not told(act, scaled, UNSCALED, Y, **lams, **more)
        unscaled = make_pipeline("passthrough", model)
        assert len(told(act, unscaled, UNSCALED, Y, **lams, **more)) == 1


def test_other_networks_may_scale_by_themselves():
    assert not told(fit, GradientLassoClassifier(**BRIEF), UNSCALED, Y)
    module = torch.nn.Sequential(
        torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2), torch.nn.Tanh()
    )
    model = GradientLassoClassifier(module=module, **BRIEF)
    assert not told(fit, model, UNSCALED, Y)
    assert not told(fit, GradientLassoClassifier(module=module, **BRIEF), APART, Y)


def test_encoded_rows_are_not_columns_of_x():
    encode, model = StandardScaler(), NGSLLClassifier(n_nonzero_coefs=2, **QUICK)
    model.set_params(encode=encode, simplify=encode)
    assert not told(fit, model, UNSCALED, Y)
