"""NGSLL names no feature that is zero in a row, and every row has a reason."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import (
    Explanation,
    NGSLLClassifier,
    NGSLLRegressor,
    TokenSequencer,
)
from sklearn_gradlasso.estimators.ngsll.zeros import zeros_of

QUICK = {"max_iter": 3, "random_state": 0}
EPSILON = 1e-17  # what scaling may leave of a zero


def columns(n=400):
    """Columns of each kind, and whether a zero in them means "absent"."""
    rng = np.random.default_rng(0)
    number = rng.standard_normal(n)
    number[::20] = 0.0  # happens to be 0
    colours = np.eye(3)[rng.integers(0, 3, n)]
    kinds = [
        (number, False),
        *((colour, True) for colour in colours.T),
        (StandardScaler().fit_transform(colours[:, :1])[:, 0], False),  # never 0
        (rng.poisson(0.3, n), True),
        (-rng.poisson(0.3, n), True),
        (rng.poisson(2.0, n), True),  # counts that are seldom 0
        (rng.standard_normal(n) * (rng.random(n) < 0.3), True),  # mostly 0
        (np.sign(number), False),
        (np.where(number > 1, number, EPSILON * np.sign(number)), True),
        (np.zeros(n), True),
        (np.full(n, -EPSILON), True),  # a constant that was centred
    ]
    values, absent = zip(*kinds)
    return np.column_stack(values), np.array(absent)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_zeros_that_mean_absent_are_found_in_the_values(form):
    Z, absent = columns()
    found = zeros_of(form(Z))
    np.testing.assert_array_equal(found.absent, absent)
    size = np.abs(Z).mean(axis=0)
    expected = 1e-6 * np.maximum(size, 1e-6 * size.max())
    np.testing.assert_allclose(found.limits, expected)
    weight = np.random.default_rng(1).integers(0, 3, len(Z))
    weighted, repeated = zeros_of(form(Z), weight), zeros_of(form(Z.repeat(weight, 0)))
    np.testing.assert_array_equal(weighted.absent, repeated.absent)
    np.testing.assert_allclose(weighted.limits, repeated.limits)


def test_half_of_the_rows_are_most_of_them():
    z = np.array([[-1.0], [0.0], [0.0], [1.0]])
    assert zeros_of(z).absent.all()
    assert not zeros_of(np.vstack([z, [[2.0]]])).absent.any()
    assert not zeros_of(z, np.array([1.0, 1.0, 1.0, 2.0])).absent.any()
    assert zeros_of(z, np.array([0.0, 1.0, 1.0, 2.0])).absent.all()  # one-sided


def chosen_by_hand(weights, Z, masked, limits, k):
    """Features that are named in each row, one decision after the other."""
    named = np.zeros(Z.shape, dtype=bool)
    for i, (w, z) in enumerate(zip(weights, Z)):
        present = np.abs(z) > limits
        order = [j for j in np.argsort(-np.abs(w)) if present[j] or not masked[j]]
        places = order[:k]
        if not present[places].any() and present.any():
            places[-1] = next(j for j in order if present[j])
        named[i, [j for j in places if present[j]]] = True
    return named


@pytest.mark.filterwarnings("ignore:n_nonzero_coefs=.* is more than")
@pytest.mark.parametrize("n_nonzero_coefs", [1, 2, 5, 20])
def test_what_auto_names_by_hand(n_nonzero_coefs):
    Z, absent = columns()
    y = Z[:, 0] + Z[:, 1] - Z[:, 5]
    model = NGSLLRegressor(n_nonzero_coefs=n_nonzero_coefs, **QUICK).fit(Z, y)
    np.testing.assert_array_equal(model.masked_zeros_, absent)
    with torch.no_grad():
        generated = model.net_.module_[0].generator(torch.from_numpy(Z)).numpy()
    limits = zeros_of(Z).limits
    named = chosen_by_hand(generated, Z, absent, limits, n_nonzero_coefs)
    expected = np.where(named, generated * y.std(), 0.0)
    weights = model.explain(Z)
    np.testing.assert_allclose(weights, expected, rtol=1e-6, atol=1e-12)
    parts = Explanation.from_estimator(model, Z)
    np.testing.assert_allclose(parts.values, weights * Z)
    np.testing.assert_allclose(
        parts.values.sum(axis=1) + y.mean(), model.predict(Z), atol=1e-9
    )
    # Every named feature has an effect, and every row names one.
    assert (np.abs(parts.values[weights != 0]) > 1e-9).all()
    assert (weights != 0).any(axis=1).all()


def test_a_number_keeps_its_place_where_it_happens_to_be_zero():
    Z, _ = columns()
    y = 3 * Z[:, 0] + Z[:, 1]
    model = NGSLLRegressor(n_nonzero_coefs=2, random_state=0, tol=1e-2).fit(Z, y)
    rows = Z[:100].copy()
    answers = {}
    for value in (-1e-5, 0.0, 1e-5):
        rows[:, 0] = value
        answers[value] = model.predict(rows)
    rows[:, 0] = 1e-5
    weights = model.explain(rows)
    has_another = ((weights * rows)[:, 1:] != 0).any(axis=1)
    assert (weights[:, 0] != 0).mean() > 0.3 and has_another.mean() > 0.5
    for value in (-1e-5, 1e-5):  # no jump at 0
        gap = np.abs(answers[value] - answers[0.0])[has_another]
        assert gap.max() < 1e-3 * y.std()
    rows[:, 0] = 0.0
    assert not model.explain(rows)[:, 0].any()


@pytest.mark.filterwarnings("ignore:n_nonzero_coefs=.* is more than")
def test_zeros_are_closed_or_open_for_all_features_on_demand():
    Z, _ = columns()
    for mask_zeros in (True, False):
        model = NGSLLRegressor(n_nonzero_coefs=20, mask_zeros=mask_zeros, **QUICK)
        weights = model.fit(Z, Z[:, 0]).explain(Z)
        np.testing.assert_array_equal(weights != 0, (Z != 0) | (not mask_zeros))
        assert (model.masked_zeros_ == mask_zeros).all()


def test_a_table_with_missing_values_and_categories():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(rng.standard_normal((300, 3)), columns=list("abc"))
    y = (X["a"] + X["b"] > 0).to_numpy()
    X = X.mask(rng.random(X.shape) < 0.3)
    for name in ("job", "town"):
        X[name] = rng.choice(["u", "v", "w"], 300)
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    encode = make_column_transformer(
        (numbers, ["a", "b", "c"]), (OneHotEncoder(), ["job", "town"])
    )
    for k in (1, 5):
        model = make_pipeline(encode, NGSLLClassifier(n_nonzero_coefs=k, **QUICK))
        model.fit(X, y)
        Z = model[:-1].transform(X)
        Z = Z.toarray() if sp.issparse(Z) else Z
        weights = model[-1].explain(Z)
        assert model[-1].masked_zeros_.tolist() == [False] * 6 + [True] * 6
        parts = np.abs(weights * Z)
        assert (parts[weights != 0] > 1e-9).all() and parts.any(axis=1).all()


@pytest.mark.parametrize(
    "bag", [CountVectorizer(), HashingVectorizer(n_features=64, norm=None)]
)
def test_absent_words_are_not_named(bag):
    texts = ["a funny film", "too bad to be funny", "bad film", "not bad at all"] * 10
    model = NGSLLClassifier(encode=TokenSequencer(), simplify=bag, **QUICK)
    model.fit(texts, [1, 0, 0, 1] * 10)
    assert model.masked_zeros_.all()
    assert model._layout.kind == "listed"  # the short way, which looks at words present
    weights, Z = model.explain(texts), model.simplify_.transform(texts)
    weights, Z = weights.toarray(), Z.toarray()
    assert weights.any(axis=1).all() and not weights[Z == 0].any()


def test_the_first_batch_of_a_stream_decides():
    Z, absent = columns()
    model = NGSLLRegressor(random_state=0).partial_fit(Z, Z[:, 0])
    model.partial_fit(-np.ones_like(Z), Z[:, 0])
    np.testing.assert_array_equal(model.masked_zeros_, absent)


def test_more_features_than_there_are_is_said():
    Z, _ = columns()
    for fit in (NGSLLRegressor.fit, NGSLLRegressor.partial_fit):
        model = NGSLLRegressor(n_nonzero_coefs=14, **QUICK)
        with pytest.warns(UserWarning, match="n_nonzero_coefs=14 is more than the 13"):
            fit(model, Z, Z[:, 0])
        fit(model.set_params(n_nonzero_coefs=13), Z, Z[:, 0])
    NGSLLRegressor(**QUICK).fit(Z[:, :3], Z[:, 0])  # at most 5, by default
