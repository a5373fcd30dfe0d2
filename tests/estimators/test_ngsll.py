"""NGSLL: the prediction is the explanation, whatever is fitted."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from skorch.callbacks import Callback
from torch import nn

from sklearn_gradlasso import (
    Explanation,
    NGSLLClassifier,
    NGSLLRegressor,
    TokenSequencer,
)
from sklearn_gradlasso.estimators.ngsll import sparse_local_linear, two_phases

TEXTS = [
    "a funny film",
    "not funny at all",
    "too bad to be funny",
    "good and not bad",
    "bad bad film",
    "good",
    "",
    "the good film is not the bad film",
] * 6
LABELS = np.array([1, 0, 0, 1, 0, 1, 0, 1] * 6)
TEXT = {"encode": TokenSequencer(), "simplify": CountVectorizer(), "mask_zeros": True}
QUICK = {"max_iter": 3, "random_state": 0}


def halves(X):
    """Sums of pairs of columns."""
    X = np.asarray(X)
    return X[:, ::2] + X[:, 1::2]


def dense(values):
    """Weights as (n, d, m), whatever form they come in."""
    if isinstance(values, list):
        return np.stack([each.toarray() for each in values], axis=2)
    values = values.toarray() if sp.issparse(values) else values
    return values if values.ndim == 3 else values[:, :, None]


def check_the_promise(model, X, Z, n_nonzero_coefs, mask_zeros):
    """At most K weights, K if possible, none that is masked, and answer = z . w."""
    weights = dense(model.explain(X))
    Z = Z.toarray() if sp.issparse(Z) else Z
    used = (weights != 0).any(axis=2)
    allowed = (Z != 0) if mask_zeros else np.ones(Z.shape, dtype=bool)
    most = np.minimum(n_nonzero_coefs, allowed.sum(axis=1))
    least = most
    if mask_zeros == "auto":  # Numbers that are 0 in the row may take places.
        numbers = ((Z == 0) & ~model.masked_zeros_).sum(axis=1)
        least = np.minimum(most, np.maximum(1, n_nonzero_coefs - numbers))
    assert ((least <= used.sum(axis=1)) & (used.sum(axis=1) <= most)).all()
    assert not used[~allowed].any()
    answer = np.einsum("nd,ndm->nm", Z, weights) + model.intercept_
    is_classifier = hasattr(model, "classes_")
    found = model.decision_function(X) if is_classifier else model.predict(X)
    np.testing.assert_allclose(found.reshape(answer.shape), answer, atol=1e-9)


def untidy(X):
    """A CSR matrix of the same values, with repeated, cancelling and zero entries."""
    rows, columns = np.indices(X.shape).reshape(2, -1)
    X = X.ravel()
    values = np.concatenate([X - 1, np.ones_like(X), np.zeros_like(X)])
    shape = (rows.max() + 1, columns.max() + 1)
    entries = (values, (np.tile(rows, 3), np.tile(columns, 3)))
    csr = sp.coo_matrix(entries, shape).tocsr()
    return sp.csr_matrix((csr.data, csr.indices, csr.indptr), shape)


FORMS = {"dense": np.asarray, "tidy": sp.csr_matrix, "untidy": untidy}
COURSES = ["fit", "early_stopping", "warm_start", "partial_fit", "pickled"]


@pytest.mark.filterwarnings("ignore:n_nonzero_coefs=.* is more than")
@given(
    kind=st.sampled_from(["two", "three", "one target", "a column", "two targets"]),
    n_nonzero_coefs=st.integers(1, 7),
    mask_zeros=st.sampled_from([False, True, "auto"]),
    fitted_on=st.sampled_from(list(FORMS)),
    asked_on=st.sampled_from(list(FORMS)),
    single=st.booleans(),
    simplify=st.sampled_from([None, halves, FunctionTransformer(halves)]),
    course=st.sampled_from(COURSES),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_prediction_is_the_explanation(
    kind, n_nonzero_coefs, mask_zeros, fitted_on, asked_on, single, simplify, course,
    seed,
):  # fmt: skip
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, (60, 6)) * (rng.random((60, 6)) < 0.5)
    X = X.astype(np.float32 if single else np.float64)
    classifier, weighted = kind in ("two", "three"), {}
    if classifier:
        y = np.arange(60) % (2 if kind == "two" else 3)
        weighted = {"class_weight": "balanced" if course == "fit" else None}
    else:
        y = 1e3 * rng.standard_normal((60, 2 if kind == "two targets" else 1))
        y = y[:, 0] if kind == "one target" else y
    Z = X if simplify is None else halves(X)
    given_X = FORMS[fitted_on](X) if simplify is None else X
    asked_X = FORMS[asked_on](X) if simplify is None else X
    model = (NGSLLClassifier if classifier else NGSLLRegressor)(
        n_nonzero_coefs=n_nonzero_coefs,
        simplify=simplify,
        mask_zeros=mask_zeros,
        max_iter=2,
        learning_rate_init=0.03,
        early_stopping=course == "early_stopping",
        warm_start=course == "warm_start",
        random_state=seed,
        **weighted,
    )
    model.fit(given_X[:40], y[:40])
    if course == "warm_start":
        n_nonzero_coefs = 1 + n_nonzero_coefs % 3
        model.set_params(n_nonzero_coefs=n_nonzero_coefs).fit(asked_X, y)
    if course == "partial_fit":
        model.partial_fit(asked_X, y)
    if course == "pickled":
        model = (
            pickle.loads(pickle.dumps(model)) if simplify is None else clone_of(model)
        )
    check_the_promise(model, asked_X, Z, n_nonzero_coefs, mask_zeros)
    assert model.feature_importances_.shape == (Z.shape[1],)
    assert abs(model.feature_importances_.sum() - 1) < 1e-9
    parts = Explanation.from_estimator(model, asked_X)
    np.testing.assert_allclose(parts.additivity_gap, 0, atol=1e-9)


def clone_of(model):
    """Another estimator in the same state (a function is not always pickled)."""
    again = clone(model)
    again.__setstate__(model.__getstate__())
    return again


@given(
    n_nonzero_coefs=st.integers(1, 6),
    bag=st.sampled_from([CountVectorizer(), TfidfVectorizer(), CountVectorizer()]),
    n_classes=st.integers(2, 3),
    mask_zeros=st.sampled_from([False, True, "auto"]),
    seed=st.integers(0, 1000),
)
def test_words_are_the_explanation(n_nonzero_coefs, bag, n_classes, mask_zeros, seed):
    y = LABELS if n_classes == 2 else np.arange(len(TEXTS)) % 3
    model = NGSLLClassifier(
        n_nonzero_coefs=n_nonzero_coefs,
        encode=TokenSequencer(),
        simplify=bag,
        mask_zeros=mask_zeros,
        max_iter=1,
        random_state=seed,
    )
    model.fit(TEXTS, y)
    Z = model.simplify_.transform(TEXTS[:8])
    weights = model.explain(TEXTS[:8])
    assert all(map(sp.issparse, weights if n_classes == 3 else [weights]))
    check_the_promise(model, TEXTS[:8], Z, n_nonzero_coefs, mask_zeros)


def switch(n, seed=0):
    """Which feature counts, with which sign, depends on another one."""
    X = np.random.default_rng(seed).standard_normal((n, 6))
    return X, np.where(X[:, 0] > 0, X[:, 1], -X[:, 2])


def test_one_weight_is_learned_where_one_is_true():
    X, y = switch(2000)
    X_test, y_test = switch(1000, seed=1)
    model = NGSLLRegressor(n_nonzero_coefs=1, tol=1e-3, random_state=0).fit(X, y)
    assert model.score(X_test, y_test) > 0.9
    weights = model.explain(X_test)
    truth = np.where(X_test[:, 0] > 0, 1, 2)
    clear = np.abs(X_test[:, 0]) > 0.2
    assert (weights.argmax(axis=1) == truth)[clear & (truth == 1)].mean() > 0.95
    assert (weights.argmin(axis=1) == truth)[clear & (truth == 2)].mean() > 0.95
    assert model.feature_importances_[[1, 2]].sum() > 0.9


def test_phases_follow_each_other():
    X, y = switch(600)
    model = NGSLLRegressor(coarse_max_iter=4, max_iter=2, **{"random_state": 0})
    model.fit(X, y)
    assert (model.n_coarse_iter_, model.n_iter_) == (4, 6)
    assert len(model.loss_curve_) == 6 and model.loss_ == model.loss_curve_[-1]
    (group,) = model.net_.optimizer_.param_groups
    assert isinstance(model.net_.optimizer_, torch.optim.SGD)
    assert (group["lr"], group["momentum"]) == (pytest.approx(3e-4), 0.9)
    gate = model.net_.module_[0].gate
    assert (gate.temperature, gate.n_nonzero_coefs) == (0.1, 5)
    settled = clone(model).set_params(coarse_max_iter=None, max_iter=500, tol=1e-2)
    settled.fit(X, y)
    assert settled.n_coarse_iter_ < 500  # convergence ends the coarse phase
    assert settled.n_coarse_iter_ < settled.n_iter_


def test_the_coarse_phase_has_more_and_softer_gates(monkeypatch):
    X, y = switch(300)
    seen = []
    from sklearn_gradlasso.modules import KHotGate

    forward = KHotGate.forward

    def watched(gate, *args):
        seen.append((gate.n_nonzero_coefs, gate.temperature))
        return forward(gate, *args)

    monkeypatch.setattr(KHotGate, "forward", watched)
    settings = {"coarse_n_nonzero_coefs": 3, "temperature": 0.2}
    NGSLLRegressor(n_nonzero_coefs=2, **settings, **QUICK).fit(X, y)
    assert seen == [(3, 1.0)] * 6 + [(2, 0.2)] * 6
    seen.clear()
    NGSLLRegressor(n_nonzero_coefs=5, **settings, **QUICK).fit(X, y)
    assert set(seen) == {(5, 1.0), (5, 0.2)}


def test_final_rate_of_a_schedule_decides_about_the_fine_rate():
    from skorch.callbacks import LRScheduler

    X, y = switch(300)
    halving = LRScheduler("StepLR", step_size=1, gamma=0.5)
    model = NGSLLRegressor(
        callbacks=[halving], learning_rate_init=0.08, coarse_max_iter=3, max_iter=1,
        fine_phase={"learning_rate_ratio": 0.5}, random_state=0,
    ).fit(X, y)  # fmt: skip
    coarse_end = 0.08 / 8
    rates = model.net_.history[:, "event_lr"]
    assert rates == pytest.approx([0.08, 0.04, 0.02, coarse_end / 2])


def test_seeds_decide_and_global_generators_do_not():
    X, y = switch(300)
    weights = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(weights))
        state = torch.random.get_rng_state()
        model = NGSLLRegressor(max_iter=2, random_state=seed).fit(X, y)
        weights.append(model.explain(X))
        assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(weights[0], weights[1])
    assert (weights[0] != weights[2]).any()


def test_weights_are_repetition():
    X, y = switch(60)
    count = np.random.default_rng(0).integers(0, 4, 60)
    weighted = NGSLLRegressor(**QUICK).fit(X, y, sample_weight=count)
    repeated = NGSLLRegressor(**QUICK).fit(X.repeat(count, 0), y.repeat(count))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-9)


def test_transformers_do_not_see_rows_of_weight_zero():
    texts = [*TEXTS, "unseen word"]
    y, weight = np.append(LABELS, 1), np.append(np.ones(len(TEXTS)), 0)
    model = NGSLLClassifier(**TEXT, **QUICK).fit(texts, y, sample_weight=weight)
    assert "unseen" not in model.simplify_.vocabulary_
    assert "unseen" not in model.encode_.vocabulary_


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
def test_texts_alone_in_pipelines_and_in_searches(form):
    X = form(TEXTS)
    model = NGSLLClassifier(n_nonzero_coefs=2, **TEXT, max_iter=15, random_state=0)
    model.fit(X, LABELS)
    assert model.score(X, LABELS) > 0.9
    assert not hasattr(model, "n_features_in_")
    weights = model.explain(X)
    assert weights.format == "csr" and weights.shape == (
        48,
        len(model.simplify_.vocabulary_),
    )
    names = model.simplified_feature_names_
    assert set(names) == set(model.simplify_.vocabulary_)
    empty = [text == "" for text in TEXTS]
    assert (model.decision_function(X)[empty] == 0).all()
    if form is not list:
        return
    shout = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    pipeline = make_pipeline(shout, clone(model)).fit(X, LABELS)
    np.testing.assert_array_equal(pipeline.predict(X), model.predict(X))
    grid = {"n_nonzero_coefs": [1], "encode__min_count": [8], "simplify__min_df": [8]}
    search = GridSearchCV(clone(model).set_params(max_iter=2), grid, cv=2)
    best = search.fit(X, LABELS).best_estimator_
    assert len(best.encode_.vocabulary_) < len(model.encode_.vocabulary_)
    assert len(best.simplify_.vocabulary_) < len(model.simplify_.vocabulary_)
    assert (best.explain(X).getnnz(axis=1) <= 1).all()


def test_a_frame_is_encoded_and_simplified_by_columns():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.normal(50, 10, 200), "town": ["a", "b"] * 100})
    y = (X["age"] > 50) == (X["town"] == "a")
    encode = make_column_transformer(
        (StandardScaler(), ["age"]), (OneHotEncoder(sparse_output=False), ["town"])
    )
    simplify = make_column_transformer((StandardScaler(), ["age"]))
    model = NGSLLClassifier(encode=encode, simplify=simplify, tol=1e-2, random_state=0)
    model.fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.feature_names_in_.tolist() == ["age", "town"]
    assert model.simplified_feature_names_.tolist() == ["standardscaler__age"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X.rename(columns={"town": "city"}))


class Pair(nn.Module):
    """Weights of images of two rows and three columns."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.sizes = n_features, n_outputs
        self.layer = nn.Linear(3, n_outputs)

    def forward(self, x):
        assert x.shape[1:] == (2, 3)
        return self.layer(x.sum(dim=1))


def test_images_of_any_shape():
    X = np.random.default_rng(0).standard_normal((50, 2, 3))
    y = X[:, 0, 0] > 0
    shaped = NGSLLClassifier(module=Pair, **QUICK).fit(X, y)
    assert shaped.net_.module_[0].generator.sizes == (6, 6)
    flat = NGSLLClassifier(module=Pair, input_shape=(2, 3), **QUICK)
    flat.fit(X.reshape(50, 6), y)
    assert shaped.explain(X).shape == (50, 2, 3)
    np.testing.assert_array_equal(
        shaped.explain(X).reshape(50, 6), flat.explain(X.reshape(50, 6))
    )


def test_stored_models_answer_the_same(three_classes):
    X, y = three_classes
    for model, given_X in (
        (NGSLLClassifier(n_nonzero_coefs=2, **QUICK).fit(X, y), X),
        (NGSLLClassifier(**TEXT, **QUICK).fit(TEXTS, LABELS), TEXTS),
    ):
        again = pickle.loads(pickle.dumps(model.set_params(n_nonzero_coefs=1)))
        expected = model.decision_function(given_X)
        np.testing.assert_array_equal(again.decision_function(given_X), expected)
        assert not hasattr(model, "_background")  # no training rows are kept


def test_training_goes_on():
    X, y = switch(300)
    model = NGSLLRegressor(
        coarse_max_iter=5, max_iter=5, warm_start=True, random_state=0
    )
    first = model.fit(X, y).loss_
    assert model.fit(X, y).n_iter_ == 5 and model.n_coarse_iter_ == 5
    assert len(model.loss_curve_) == 15
    assert model.loss_ < first
    stream = NGSLLRegressor(coarse_max_iter=2, random_state=0)
    for passes in range(1, 5):
        stream.partial_fit(X, y)
        assert len(stream.loss_curve_) == passes
        assert stream.n_coarse_iter_ == min(passes, 2)
        assert ((stream.explain(X) != 0).sum(axis=1) == 5).all()


def test_early_stopping_keeps_the_best_of_the_last_phase(three_classes):
    X, y = three_classes
    model = NGSLLClassifier(early_stopping=True, **QUICK).fit(X, y)
    assert len(model.validation_scores_) == 6
    assert model.best_validation_score_ == max(model.validation_scores_[3:])


def test_targets_and_contributions(three_classes):
    X, y = three_classes
    model = NGSLLClassifier(n_nonzero_coefs=3, **QUICK).fit(X, y)
    decision, weights = model.decision_function(X), model.explain(X)
    parts = model.explain(X, attribution="contributions")
    np.testing.assert_allclose(parts, weights * X[:, :, None])
    predicted = model.explain(X, target="predicted")
    chosen = decision.argmax(axis=1)
    np.testing.assert_array_equal(predicted, weights[np.arange(150), :, chosen])
    two = NGSLLClassifier(**QUICK).fit(X, y == "a")
    sign = np.where(two.predict(X), 1, -1)[:, None]
    np.testing.assert_array_equal(
        two.explain(X, target="predicted"), sign * two.explain(X)
    )
    np.testing.assert_allclose(
        two.predict_proba(X)[:, 1], 1 / (1 + np.exp(-two.decision_function(X)))
    )
    for name, value in (("target", "log_odds"), ("attribution", "gradients")):
        with pytest.raises(ValueError, match=f"{name} must be None.*{value}"):
            model.explain(X, **{name: value})


def test_regressors_answer_in_units_of_y(two_targets):
    X, y = two_targets
    model = NGSLLRegressor(n_nonzero_coefs=4, tol=1e-2, random_state=0)
    model.fit(X, 1000 + y)
    np.testing.assert_allclose(model.intercept_, 1000 + y.mean(axis=0))
    assert model.explain(X).shape == (*X.shape, 2)
    assert model.score(X, 1000 + y) > 0.8
    with pytest.raises(ValueError, match="2 outputs"):
        model.explain(X, target="predicted")
    single = NGSLLRegressor(**QUICK).fit(X, y[:, 0])
    assert isinstance(single.intercept_, float)


def test_importances_are_average_contributions():
    X, y = switch(300)
    count = np.random.default_rng(0).integers(1, 4, 300)
    model = NGSLLRegressor(**QUICK).fit(X, y, sample_weight=count)
    parts = np.abs(model.explain(X, attribution="contributions"))
    expected = np.average(parts, axis=0, weights=count)
    np.testing.assert_allclose(model.feature_importances_, expected / expected.sum())


def test_explanations_have_the_names_of_z():
    model = make_pipeline(NGSLLClassifier(**TEXT, **QUICK)).fit(TEXTS, LABELS)
    weights = Explanation.from_estimator(model, TEXTS[:8], attribution="weights")
    assert weights.base_values is None and weights.attribution == "weights"
    assert weights.to_frame().attrs["unit"] == "log-odds per unit of z"
    np.testing.assert_allclose(weights.values, model[-1].explain(TEXTS[:8]).toarray())
    parts = Explanation.from_estimator(model, TEXTS[:8])
    np.testing.assert_allclose(parts.values, weights.values * weights.data)
    assert "funny" in parts.feature_names and parts.base_values == 0
    assert (parts.attribution, parts.background) == ("contributions", "")
    np.testing.assert_allclose(parts.additivity_gap, 0, atol=1e-9)
    np.testing.assert_allclose(parts.predictions, model.decision_function(TEXTS[:8]))
    top = weights.top(1)
    assert (top["data"][:6] > 0).all()


def test_groups_of_columns_of_X_are_no_groups_of_z():
    X, y = switch(100)
    simplify = {"simplify": lambda rows: rows[:, :2] ** 2}
    model = NGSLLRegressor(**simplify, **QUICK).fit(X, y)
    with pytest.raises(ValueError, match="explained by other features"):
        Explanation.from_estimator(model, X, groups={"both": ["x0", "x1"]})


def test_explanations_of_tables_keep_their_names(three_classes):
    X, y = three_classes
    X = pd.DataFrame(X, columns=list("abcdef"))
    model = NGSLLClassifier(**QUICK).fit(X, y)
    parts = Explanation.from_estimator(model, X)
    assert parts.feature_names.tolist() == list("abcdef")
    assert parts.output_names.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(parts.additivity_gap, 0, atol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "X", "message"),
    [
        ({}, TEXTS, "X holds texts.*encode=TokenSequencer"),
        ({"encode": TokenSequencer()}, TEXTS, "simplify must be given for texts"),
        ({"simplify": CountVectorizer}, None, "simplify.*CountVectorizer"),
        ({"simplify": lambda X: X[:5]}, None, r"simplify must return.*\(48,"),
        (
            {"simplify": lambda X: X[:, 0]},
            None,
            r"simplify must return.*got shape \(48,\)",
        ),
        ({"encode": TokenSequencer}, None, r"encode.*write TokenSequencer\(\)"),
        ({"simplify": lambda X: np.full((48, 2), np.nan)}, None, "simplify.*NaN"),
        ({"n_nonzero_coefs": 0}, None, "'n_nonzero_coefs' parameter"),
        ({"temperature": 0.0}, None, "'temperature' parameter"),
        ({"fine_phase": {"momentum": 1.0}}, None, "fine_phase: momentum must be"),
        ({"fine_phase": {"rate": 1.0}}, None, "fine_phase must have the keys"),
        (
            {"fine_phase": {"learning_rate_ratio": 10**400}},
            None,
            "fine_phase: learning_rate_ratio must be",
        ),
        (
            {"fine_phase": {"learning_rate_ratio": 0}},
            None,
            "fine_phase: learning_rate_ratio must be",
        ),
        ({"simplify": 3}, None, "'simplify' parameter"),
        ({"encode": str.upper}, None, "'encode' parameter"),
        ({"module": nn.Linear(6, 2)}, None, r"shape \(n_rows, 6\)"),
    ],
)
def test_errors_say_what_to_do(parameters, X, message):
    X = np.random.default_rng(0).standard_normal((48, 6)) if X is None else X
    with pytest.raises((ValueError, TypeError), match=message):
        NGSLLClassifier(**parameters).fit(X, LABELS)


def test_simplified_rows_must_stay_as_many_features():
    X = np.random.default_rng(0).standard_normal((48, 6))
    model = NGSLLClassifier(simplify=lambda X: X[:, : len(X) // 8], **QUICK)
    model.fit(X, LABELS)
    with pytest.raises(ValueError, match=r"simplify must return.*\(24, 6\).*\(24, 3\)"):
        model.predict(X[:24])
    with pytest.raises(ValueError, match="6 features"):
        model.predict(X[:, :5])


def test_what_was_fitted_answers_and_not_what_was_set_since():
    model = NGSLLClassifier(**TEXT, **QUICK).fit(TEXTS, LABELS)
    expected = model.decision_function(TEXTS)
    model.set_params(encode=None, simplify=None)
    np.testing.assert_array_equal(model.decision_function(TEXTS), expected)
    X = np.random.default_rng(0).standard_normal((48, 6))
    assert model.fit(X, LABELS).explain(X).shape == (48, 6)
    assert model.n_features_in_ == 6
    assert not hasattr(model.set_params(**TEXT).fit(TEXTS, LABELS), "n_features_in_")


def test_names_of_what_is_weighted():
    X = pd.DataFrame({"a": np.arange(48.0), "t": ["u", "v"] * 24})
    encode = make_column_transformer(
        (StandardScaler(), ["a"]), (OneHotEncoder(sparse_output=False), ["t"])
    )
    model = NGSLLClassifier(encode=encode, **QUICK).fit(X, LABELS)
    explanation = Explanation.from_estimator(model, X)
    assert explanation.feature_names.tolist() == [
        "standardscaler__a",
        "onehotencoder__t_u",
        "onehotencoder__t_v",
    ]
    nameless = make_pipeline(FunctionTransformer(halves), StandardScaler())
    Z = np.random.default_rng(0).standard_normal((48, 6))
    model = NGSLLClassifier(simplify=nameless, **QUICK).fit(Z, LABELS)
    assert model.simplified_feature_names_.tolist() == ["x0", "x1", "x2"]
    frame = pd.DataFrame(Z, columns=list("abcdef"))
    scaled = make_pipeline(StandardScaler(), NGSLLClassifier(**QUICK))
    explanation = Explanation.from_estimator(scaled.fit(frame, LABELS), frame)
    assert explanation.feature_names.tolist() == list("abcdef")


def test_the_sentence_network_takes_its_parameters():
    cleaned = make_pipeline(FunctionTransformer(list), TokenSequencer())
    model = NGSLLClassifier(**{**TEXT, "encode": cleaned}, **QUICK)
    model.set_params(module_params={"n_filters": 7}, hidden_layer_sizes=(9,))
    generator = model.fit(TEXTS, LABELS).net_.module_[0].generator
    assert (generator[2].in_features, generator[2].out_features) == (21, 9)
    with pytest.raises(TypeError, match="nonsense"):
        model.set_params(module_params={"nonsense": 1}).fit(TEXTS, LABELS)


def test_dropout_acts_in_training_and_draws_from_no_generator_of_the_users():
    fits = []
    for dropout in (0.5, 0.5, 0.0):
        torch.manual_seed(len(fits))
        state = torch.random.get_rng_state()
        model = NGSLLClassifier(**TEXT, **QUICK)
        fits.append(
            model.set_params(module_params={"dropout": dropout}).fit(TEXTS, LABELS)
        )
        assert torch.equal(torch.random.get_rng_state(), state)
    losses = [model.loss_curve_ for model in fits]
    assert losses[0] == losses[1]
    assert not set(losses[0]) & set(losses[2])  # from the first epoch on
    np.testing.assert_array_equal(
        fits[0].decision_function(TEXTS), fits[1].decision_function(TEXTS)
    )


def test_a_transformer_without_fit_transform_will_do():
    class Halves:
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return halves(X)

        def get_params(self, deep=True):
            return {}

    X = np.random.default_rng(0).standard_normal((48, 6))
    model = NGSLLClassifier(simplify=Halves(), **QUICK).fit(X, LABELS)
    assert model.explain(X).shape == (48, 3)


def test_training_goes_on_with_rows_of_the_same_shape():
    X = np.random.default_rng(0).standard_normal((50, 2, 4))
    model = NGSLLRegressor(module=Pair, random_state=0)
    model.partial_fit(X[:, :, :3], X[:, 0, 0])
    with pytest.raises(ValueError, match=r"rows of shape \(2, 4\).*\(2, 3\)"):
        model.partial_fit(X, X[:, 0, 0])


def test_a_failed_fit_leaves_the_gate_as_it_was():
    X, y = switch(100)

    class Failing(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise RuntimeError("no")

    model = NGSLLRegressor(n_nonzero_coefs=2, warm_start=True, **QUICK).fit(X, y)
    with pytest.raises(RuntimeError):
        model.set_params(n_nonzero_coefs=4, callbacks=[Failing()]).fit(X, y)
    assert ((model.explain(X) != 0).sum(axis=1) == 2).all()


def test_importances_are_about_held_out_rows_too():
    X, y = switch(300)
    model = NGSLLRegressor(early_stopping=True, validation_fraction=0.5, **QUICK)
    parts = np.abs(model.fit(X, y).explain(X, attribution="contributions"))
    expected = parts.sum(axis=0) / parts.sum()
    np.testing.assert_allclose(model.feature_importances_, expected)


def test_listed_words_are_trained_like_a_dense_bag():
    """The short way to the weights of present words gives what the long one gives."""
    rng = np.random.default_rng(0)
    words = [f"w{k}" for k in range(400)]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(60)]
    found = {}
    for n_classes in (2, 3):
        for few in (8, 10**6):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sparse_local_linear, "FEW", few)
                module_params = {"dropout": 0.0}
                model = NGSLLClassifier(**TEXT, module_params=module_params, **QUICK)
                model.fit(texts, np.arange(60) % n_classes)
                found[few] = dense(model.explain(texts))
        np.testing.assert_allclose(found[8], found[10**6], atol=1e-4)
        assert found[8].any()


def test_a_fine_phase_that_blows_up_begins_anew():
    rng = np.random.default_rng(0)
    X = 100 + rng.standard_normal((80, 2))  # not scaled: steep
    y = X[:, 0] + rng.standard_normal(80)
    model = NGSLLRegressor(max_iter=50, random_state=0).fit(X, y)
    assert model.loss_curve_[-1] < 10 * model.loss_curve_[0]
    assert model._fine_rate < 0.1 * 0.003
    assert len(model.loss_curve_) == len(model.penalty_curve_) == model.n_iter_
    assert model.n_iter_ <= model.n_coarse_iter_ + 50


def test_a_fine_phase_of_a_network_for_tables_begins_anew(monkeypatch):
    """Its own does not blow up, because it scales columns inside."""
    X, y = switch(80)
    model = NGSLLRegressor(module="tabular", max_iter=10, random_state=0)
    rate = model.fit(X, y)._fine_rate
    found = iter([True, False])
    monkeypatch.setattr(two_phases, "_has_blown_up", lambda *_: next(found))
    assert model.fit(X, y)._fine_rate == pytest.approx(rate / 10)
    assert len(model.loss_curve_) == model.n_coarse_iter_ + 10


def test_a_fine_phase_that_was_ended_does_not_begin_anew():
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            if net.history[-1]["train_loss"] > 1e9:
                raise KeyboardInterrupt

    X = 100 + np.random.default_rng(0).standard_normal((80, 2))
    model = NGSLLRegressor(max_iter=20, callbacks=[Stop()], random_state=0)
    model.fit(X, X[:, 0])
    assert model.loss_curve_[-1] > 1e9 > 10 * model.loss_curve_[0]
    assert model.n_iter_ < model.n_coarse_iter_ + 20
