"""RRR: the formula, its effect, and signs."""

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers.annotated_rows import A, X, Y
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits, make_classification
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from sklearn_gradlasso import RRRClassifier, RRRRegressor
from sklearn_gradlasso.datasets import make_colour_grid, make_decoy, make_iris_cancer


def standing_still(kind, **params):
    """A model whose curves are those of its initial weights, by the paper's penalty."""
    still = {"learning_rate_init": 1e-30, "max_iter": 1, "obedience": None}
    return kind(**{**still, **params})


def test_the_penalty_of_the_paper():
    model = standing_still(RRRClassifier, lam=3.0, random_state=0)
    model.fit(X, Y, annotations=A)
    phi = model.explain(X, target="log_prob_sum")
    expected = 3.0 * np.square(A * phi).sum(axis=1).mean()
    assert model.penalty_curve_ == [pytest.approx(expected)]
    assert model.loss_curve_ == [pytest.approx(log_loss(Y, model.predict_proba(X)))]


def test_sample_weights_enter_the_penalty():
    weight = np.random.default_rng(1).random(200)
    model = standing_still(RRRClassifier, lam=3.0, random_state=0)
    model.fit(X, Y, sample_weight=weight, annotations=A)
    cost = np.square(A * model.explain(X, target="log_prob_sum")).sum(axis=1)
    assert model.penalty_curve_ == [pytest.approx(3 * np.average(cost, weights=weight))]


def test_the_penalty_of_a_regressor_with_two_outputs_and_signs():
    targets = np.column_stack([X[:, 0], X[:, 1] - X[:, 2]])
    signs = np.array([1, 0, -1])
    model = standing_still(RRRRegressor, lam=3.0, monotonic_cst=signs, random_state=0)
    model.fit(X, targets, annotations=A)
    phi = model.explain(X, target="training")  # (200, 3, 2), standardised units
    squares = np.square(A[:, :, None] * phi).sum(axis=(1, 2))
    assert phi.shape == (200, 3, 2)
    wrong = np.maximum(0, -signs[:, None] * phi).sum(axis=(1, 2))
    assert model.penalty_curve_ == [pytest.approx(3 * (squares + wrong).mean())]


def test_the_penalty_of_signs_alone_is_on_the_log_odds():
    signs = np.array([1, -1, 0])
    model = standing_still(RRRClassifier, lam=3.0, monotonic_cst=signs, random_state=0)
    model.fit(X, Y)
    wrong = np.maximum(0, -signs * model.explain(X)).sum(axis=1)
    assert model.penalty_curve_ == [pytest.approx(3 * wrong.mean())]


def test_without_annotations_it_is_a_plain_network():
    plain = RRRClassifier(lam=0.0, max_iter=5, random_state=0).fit(X, Y)
    for lam in ("auto", 5.0):
        model = RRRClassifier(lam=lam, max_iter=5, random_state=0).fit(X, Y)
        np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
        assert not any(model.penalty_curve_)
    assert model.lam_ == 5.0


def test_the_model_does_not_use_what_is_ruled_out():
    # Columns 0 and 1 say the same; the annotation decides which one is used.
    twin = np.column_stack([X[:, 0], X[:, 0], X[:, 1]])
    for ruled_out in (0, 1):
        mask = np.arange(3) == ruled_out
        model = RRRClassifier(random_state=0).fit(twin, Y, annotations=mask)
        used = model.feature_importances_
        assert used[ruled_out] < 0.05
        assert used[1 - ruled_out] > 0.6
        assert model.score(twin, Y) > 0.8


def test_annotations_of_some_rows_act_on_these_rows():
    rng = np.random.default_rng(0)
    region = rng.integers(2, size=400)
    signal = rng.standard_normal(400)
    Z = np.column_stack([signal, signal, region * 4.0 - 2])
    mask = np.zeros(Z.shape, dtype=bool)
    mask[region == 0, 0] = mask[region == 1, 1] = True
    model = RRRClassifier(random_state=0, max_iter=60)
    model.fit(Z, signal > 0, annotations=mask)
    size = np.abs(model.explain(Z))
    for side, (out, kept) in enumerate([(0, 1), (1, 0)]):
        rows = size[region == side].mean(axis=0)
        assert rows[out] < 0.2 * rows[kept]


def test_digits_with_a_decoy():
    digits = load_digits()
    images, labels = digits.images / 16, digits.target
    train, test, y, y_test = train_test_split(images, labels, random_state=0)
    decoyed, patch = make_decoy(train, y, patch=2, random_state=0)
    misleading, _ = make_decoy(test, y_test, patch=2, informative=False, random_state=1)

    def flat(images):
        return images.reshape(len(images), -1)

    network = RRRClassifier(module="perceptron", random_state=0, max_iter=60)
    clean = network.fit(flat(train), y).score(flat(test), y_test)
    default = network.fit(flat(decoyed), y).score(flat(misleading), y_test)
    network.fit(flat(decoyed), y, annotations=flat(patch))
    annotated = network.score(flat(misleading), y_test)
    assert clean > 0.95
    assert default < clean - 0.1
    assert annotated > clean - 0.04


def test_iris_cancer():
    Z, y, flowers = make_iris_cancer()
    train, test, y, y_test = train_test_split(Z, y, random_state=0, stratify=y)
    zeroed = np.where(flowers, 0.0, test)
    network = RRRClassifier(module="perceptron", random_state=0)
    model = make_pipeline(StandardScaler(), network)
    default = model.fit(train, y).score(zeroed, y_test)
    model.fit(train, y, rrrclassifier__annotations=flowers)
    assert model.score(zeroed, y_test) > default + 0.15
    assert model.score(zeroed, y_test) > 0.85


def test_corners_that_are_ruled_out_leave_the_other_rule():
    Z, y, (corners, top) = make_colour_grid(2000, random_state=0)
    network = RRRClassifier(module="perceptron", random_state=0, max_iter=80)
    assert network.fit(Z, y).feature_importances_[corners].sum() > 0.5
    network.fit(Z, y, annotations=corners)
    assert network.feature_importances_[corners].sum() < 0.02
    assert network.feature_importances_[top].sum() > 0.5
    assert network.score(Z, y) > 0.99


def rising(n_samples, seed):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n_samples, 4))
    truth = np.exp(Z[:, 0] / 2) - np.tanh(3 * Z[:, 1]) + Z[:, 2] ** 2 / 2
    return Z, truth + rng.standard_normal(n_samples)


@pytest.fixture(scope="module")
def free():
    """A regressor of rising rows without signs."""
    Z, y = rising(500, 0)
    return RRRRegressor(random_state=0).fit(pd.DataFrame(Z, columns=list("abcd")), y)


@pytest.mark.parametrize("monotonic_cst", [[1, -1, 0, 0], {"a": 1, "b": -1}])
def test_signs_hold_at_no_loss(monotonic_cst, free):
    (Z, y), (Z_test, y_test) = rising(500, 0), rising(2000, 1)
    Z = pd.DataFrame(Z, columns=list("abcd"))
    Z_test = pd.DataFrame(Z_test, columns=list("abcd"))
    model = RRRRegressor(monotonic_cst=monotonic_cst, random_state=0).fit(Z, y)

    def wrong(model):
        return (model.explain(Z_test)[:, :2] * [1, -1] < 0).mean()

    assert wrong(free) > 0.1
    assert wrong(model) < 0.01
    assert model.score(Z_test, y_test) > free.score(Z_test, y_test) - 0.01


def test_signs_of_a_classifier_with_annotations():
    Z, y = rising(400, 0)
    names = np.where(y > 1, "high", "low")  # classes_[1] is "low"
    model = RRRClassifier(monotonic_cst=[-1, 1, 0, 0], random_state=0)
    model.fit(Z, names, annotations=[0, 0, 0, 1])
    assert (model.explain(Z)[:, :2] * [-1, 1] < 0).mean() < 0.01
    assert model.feature_importances_[3] < 0.02
    assert model.score(Z, names) > 0.7


@pytest.mark.parametrize(
    ("cst", "message"),
    [
        ([1, 0], r"shape \(2,\).*3 features.*monotonic_cst_for.*set_output"),
        ([1, 0, 2], "-1, 0 or 1"),
        ({"age": 1}, "monotonic_cst: features are named.*set_output"),
        ([[1], [0], [0]], r"must have shape \(3,\)"),
        ("up", "'monotonic_cst' parameter"),
        ([None, 0, 1], "monotonic_cst must be -1, 0 or 1"),
    ],
)
def test_signs_that_do_not_fit(cst, message):
    with pytest.raises(ValueError, match=message):
        RRRRegressor(monotonic_cst=cst).fit(X, X[:, 0])


def test_signs_by_names_of_columns_of_a_table():
    table = pd.DataFrame(
        {"nodes": X[:, 0], "town": np.resize(["a", "b", "c"], 200), "pay": X[:, 1]}
    )
    table.loc[::9, "nodes"] = np.nan
    number = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["town"]), (number, ["nodes", "pay"])
    )
    model = RRRRegressor(lam=1.0, max_iter=5, random_state=0)
    pipeline = make_pipeline(encode, model).set_output(transform="pandas")

    def fitted(signs):
        pipeline.set_params(rrrregressor__monotonic_cst=signs)
        return pipeline.fit(table, X[:, 2]).predict(table)

    by_name = fitted({"nodes": 1, "pay": -1, "town": 0})
    np.testing.assert_array_equal(by_name, fitted([0, 0, 0, 1, -1, 0]))
    with pytest.raises(ValueError, match="monotonic_cst: 'town' stands for the categ"):
        fitted({"town": 1})
    with pytest.raises(ValueError, match="monotonic_cst: no feature has a name.*wage"):
        fitted({"wage": 1})
    with pytest.raises(ValueError, match="must be either -1, 0 or 1. Got 2"):
        fitted({"nodes": 2})


def test_signs_need_one_decision_and_columns():
    with pytest.raises(ValueError, match="monotonic_cst.*3 classes"):
        RRRClassifier(monotonic_cst=[1, 0, 0]).fit(X, np.arange(200) % 3)
    network = RRRRegressor(module=nn.Flatten, monotonic_cst=[1])
    network.set_params(module=lambda n, k: nn.Sequential(nn.Flatten(), nn.Linear(n, k)))
    with pytest.raises(ValueError, match="monotonic_cst needs X with two dimensions"):
        network.fit(X[:, :, None], X[:, 0])


def test_no_sign_is_no_constraint():
    model = RRRClassifier(monotonic_cst=[0, 0, 0], max_iter=3, random_state=0)
    plain = RRRClassifier(max_iter=3, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(
        model.fit(X, Y).predict_proba(X), plain.predict_proba(X)
    )


def test_a_refit_that_fails_late_leaves_the_model_as_it_was():
    model = RRRClassifier(max_iter=3, random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    model.set_params(callbacks=[object()])
    with pytest.raises(TypeError, match="callbacks"):
        model.fit(X[:, :2], Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize("kind", [RRRClassifier, RRRRegressor])
def test_a_pickled_model_answers_and_continues(kind):
    model = kind(max_iter=3, random_state=0, monotonic_cst=[1, 0, 0])
    model.fit(X, Y, annotations=A)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.explain(X), model.explain(X))
    assert copy.lam_ == model.lam_
    assert copy.partial_fit(X, Y, annotations=A).penalty_curve_[-1] > 0


def test_three_classes():
    Z, y = make_classification(
        300, 6, n_informative=4, n_classes=3, class_sep=1.5, random_state=0
    )
    mask = np.arange(6) < 2
    model = RRRClassifier(random_state=0).fit(Z, y, annotations=mask)
    size = np.abs(model.explain(Z, target="training")).mean(axis=0)
    assert size[mask].max() < 0.2 * size[~mask].max()


def test_lam_must_be_a_strength_or_auto():
    for lam in (-1.0, "automatic", np.nan):
        with pytest.raises(ValueError, match="'lam' parameter"):
            RRRClassifier(lam=lam).fit(X, Y)
