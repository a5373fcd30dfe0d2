"""Annotations in every form, aligned with rows and columns or refused."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
import torch
from helpers.quick import weights
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from sklearn_gradlasso import RRRClassifier, RRRRegressor
from sklearn_gradlasso.training.rows import Rows

NAMES = ["age", "height", "weight", "income"]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=NAMES)
MASK = np.zeros((80, 4))
MASK[:, 1] = 1
VECTOR = np.array([False, True, False, False])


def quick(**params):
    return RRRClassifier(
        **{"lam": 1.0, "max_iter": 10, "random_state": 0, "activation": "tanh"} | params
    )


def assert_same(model, other):
    np.testing.assert_array_equal(weights(model), weights(other))


@pytest.mark.parametrize(
    "annotations",
    [
        MASK.astype(bool),
        MASK.astype(int),
        MASK.tolist(),
        sp.csr_matrix(MASK),
        sp.coo_array(MASK),
        VECTOR,
        VECTOR.astype(float).tolist(),
        pd.Series({"weight": 0, "height": 1}),
        {"height": 1, "age": 0},
        {"height": True},
        pd.Series(VECTOR),
        pd.Series(["height"]),
        ["height"],
        np.array(["height"], dtype=object),
        pd.DataFrame(MASK, columns=NAMES),
        pd.DataFrame(MASK, columns=NAMES)[NAMES[::-1]],
        pd.DataFrame({"height": np.ones(80, dtype=bool)}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_form_says_the_same(annotations):
    reference = quick().fit(FRAME, Y, annotations=MASK)
    assert_same(quick().fit(FRAME, Y, annotations=annotations), reference)
    plain = quick().fit(FRAME, Y)
    assert (weights(plain) != weights(reference)).all()


@pytest.mark.parametrize("annotations", [MASK, VECTOR, sp.csr_matrix(MASK)])
def test_sparse_inputs_take_the_same_annotations(annotations):
    reference = quick(batch_size=30).fit(X, Y, annotations=MASK)
    sparse = quick(batch_size=30).fit(sp.csr_matrix(X), Y, annotations=annotations)
    assert_same(sparse, reference)


def test_rows_that_hold_for_all_are_stored_once():
    shared = np.broadcast_to(VECTOR, X.shape)
    form = {"feature_shape": (2, 2), "dtype": torch.float64, "device": "cpu"}
    rows = Rows(X, None, {"annotations": shared}, **form)
    kept = rows.extras["annotations"]
    assert kept.shape == (80, 2, 2)
    assert kept.untyped_storage().nbytes() == 4
    taken = rows[torch.tensor([3, 1])].extras["annotations"]
    assert taken.tolist() == 2 * [VECTOR.reshape(2, 2).tolist()]


def test_rows_of_zeros_are_not_annotated():
    some = np.where(np.arange(80)[:, None] < 40, MASK, 0)
    none = quick().fit(X, Y, annotations=np.zeros_like(X))
    np.testing.assert_array_equal(none.penalty_curve_, np.zeros(10))
    first = quick(max_iter=1).fit(X, Y, annotations=some).penalty_curve_[0]
    assert 0 < first < quick(max_iter=1).fit(X, Y, annotations=MASK).penalty_curve_[0]


def test_weights_enter_squared():
    once = quick(lam=4.0, max_iter=1).fit(X, Y, annotations=MASK)
    twice = quick(lam=1.0, max_iter=1).fit(X, Y, annotations=2 * MASK)
    assert once.penalty_curve_ == pytest.approx(twice.penalty_curve_)


def test_rows_stay_with_their_annotations_when_weight_zero_and_validation_take_some():
    weight = np.where(np.arange(80) % 4 == 0, 0.0, 1.0)
    A = np.random.default_rng(1).random((80, 4)) * [1, 1, 1, 0]
    kept = weight > 0
    given = {"early_stopping": True, "class_weight": {0: 1.0, 1: 2.0}}
    whole = quick(**given).fit(X, Y, sample_weight=weight, annotations=A)
    part = quick(**given).fit(X[kept], Y[kept], annotations=A[kept])
    assert_same(whole, part)
    shuffled = quick(**given).fit(X[kept], Y[kept], annotations=A[kept][::-1])
    assert (weights(shuffled) != weights(part)).all()


def test_images_are_annotated_in_their_shape():
    images = X.reshape(80, 2, 2)

    def network(n_features, n_outputs):
        return nn.Sequential(nn.Flatten(), nn.Linear(n_features, n_outputs))

    model = quick(module=network)
    flat = quick(module=network, input_shape=(2, 2)).fit(X, Y, annotations=MASK)
    assert_same(
        model.fit(images, Y, annotations=MASK.reshape(80, 2, 2)),
        flat,
    )
    assert_same(model.fit(images, Y, annotations=VECTOR.reshape(2, 2)), flat)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (MASK[:, :3], r"rows of shape \(3,\).*have shape \(4,\).*PCA.*likely cause"),
        (sp.csr_matrix(MASK[:, :3]), "PCA.*likely cause"),
        (VECTOR[:3], r"rows of shape \(3,\).*PCA.*likely cause"),
        ([0, 1], "PCA.*likely cause"),
        (MASK[:50], "have 50 rows, but X has 80"),
        (sp.csr_matrix(MASK[:50]), "have 50 rows, but X has 80"),
        (pd.DataFrame(MASK[:50], columns=NAMES), "50 rows, but X has 80"),
        (MASK[None], "rows of shape"),
        (MASK[:1], r"have 1 rows, but X has 80.*shape \(4,\) that holds for all"),
        ([[1, 0, 0, 0], [1, 0]], "must be non-negative weights"),
        ((name for name in NAMES), "must be non-negative weights.*got"),
        (1j * MASK, "must be non-negative weights"),
        ({"shoes": 1}, "shoes.*not among"),
        ({"age": -1}, "must not be negative"),
        ({"age": 1, 3: 1}, "named by strings, got 3"),
        (-MASK, "must not be negative, got -1"),
        (sp.csr_matrix(-MASK), "must not be negative"),
        (np.where(MASK, np.nan, 0), "NaN or infinity.*use 0"),
        (["shoe size"], r"name \['shoe size'\].*not among.*'age'.*likely cause"),
        (["age", "age"], "name a feature twice"),
        (["age", 3], "named by strings, got 3"),
        (pd.DataFrame({"shoes": np.ones(80)}), "shoes.*not among"),
        (pd.DataFrame({"age": ["yes"] * 80}), "non-negative weights.*feature names"),
        (pd.DataFrame(MASK), "named by strings, got 0"),
        ("age", "must be non-negative weights.*got 'age'"),
        (3.0, "must be non-negative weights.*got 3.0"),
    ],
)
def test_what_does_not_fit_is_refused(annotations, message):
    for kind in (RRRClassifier, RRRRegressor):
        with pytest.raises(ValueError, match=f"(?s)annotations.*{message}"):
            kind(max_iter=2).fit(FRAME, Y, annotations=annotations)


def test_rows_in_another_order_are_refused():
    frame = pd.DataFrame(MASK, columns=NAMES)
    shuffled = frame.sample(frac=1, random_state=0)
    with pytest.raises(ValueError, match=r"another order.*annotations.loc\[X.index\]"):
        quick().fit(FRAME, Y, annotations=shuffled)
    same = quick().fit(FRAME, Y, annotations=shuffled.loc[FRAME.index])
    assert_same(quick().fit(FRAME, Y, annotations=MASK), same)
    other_labels = frame.set_axis(range(100, 180))  # by position, as y is
    assert_same(quick().fit(FRAME, Y, annotations=other_labels), same)


def test_a_misspelt_or_prefixed_name_is_recognised():
    with pytest.raises(ValueError, match=r"Did you mean \['height'\]"):
        quick().fit(FRAME, Y, annotations=["heigth"])
    nested = FRAME.add_prefix("outer__num__")
    with pytest.raises(ValueError, match=r"Did you mean \['outer__num__age'\]"):
        quick().fit(nested, Y, annotations=["age"])


def test_every_error_about_columns_says_how_names_reach_the_last_step():
    wrong = [["shoes"], MASK[:, :3], VECTOR[:3], {"shoes": 1}, [2], ["age", 3]]
    for annotations in wrong:
        with pytest.raises(ValueError, match=r"annotations_for.*set_output"):
            quick().fit(FRAME, Y, annotations=annotations)


# A column of the table that a Pipeline takes


TABLE = pd.DataFrame(
    {
        "job": np.resize(["clerk", "nurse", "cook", "nurse"], 80),
        "age": np.where(np.arange(80) % 7, X[:, 0] * 10 + 40, np.nan),
        "pay": X[:, 1],
    }
)


def encoded(**options):
    number = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    hot = OneHotEncoder(sparse_output=False, **options)
    encoder = ColumnTransformer(
        [("num", number, ["age", "pay"]), ("cat", hot, ["job"])]
    )
    return make_pipeline(encoder, quick()).set_output(transform="pandas")


JOB, AGE = [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        (["job"], JOB),
        (["age"], AGE),
        ({"job": 1.0, "age": 1.0, "pay": 0}, np.add(JOB, AGE)),
        (pd.Series({"age": 2.0}), np.multiply(AGE, 2)),
        (["cat__job"], JOB),
        (["num__age"], AGE),
        (["cat__job_cook"], [0, 0, 0, 0, 1, 0]),
        ({"job": 1, "cat__job_cook": 0}, [0, 0, 0, 1, 0, 1]),
        (["age", "num__missingindicator_age"], AGE),
    ],
    ids=str,
)
def test_a_column_stands_for_all_that_is_made_of_it(annotations, expected):
    given = {"rrrclassifier__annotations": annotations}
    by_name = encoded().fit(TABLE, Y, **given)
    vector = np.asarray(expected, dtype=float)
    by_position = encoded().fit(TABLE, Y, rrrclassifier__annotations=vector)
    assert_same(by_name[-1], by_position[-1])


def test_a_frame_of_columns_applies_to_all_that_is_made_of_them():
    weights = np.abs(X[:, :2])
    frame = pd.DataFrame(weights, columns=["age", "job"])
    by_name = encoded().fit(TABLE, Y, rrrclassifier__annotations=frame)
    full = weights[:, :1] * AGE + weights[:, 1:] * JOB
    by_position = encoded().fit(TABLE, Y, rrrclassifier__annotations=full)
    assert_same(by_name[-1], by_position[-1])


def test_what_is_named_is_not_used():
    y = np.where(X[:, 2] > 1, X[:, 1] > 0, TABLE["job"] == "nurse")
    model = encoded().set_params(rrrclassifier__lam=30.0, rrrclassifier__max_iter=300)

    def slopes(**given):
        rows = model.fit(TABLE, y, **given)[:-1].transform(TABLE)
        return np.abs(model[-1].explain(rows, target="training")).mean(axis=0)

    unaware = slopes()
    aware = slopes(rrrclassifier__annotations=["job"])
    assert (aware[3:] < 0.01 * unaware[3:]).all()
    by_feature = slopes(rrrclassifier__annotations=["cat__job_clerk"])
    assert by_feature[4:].max() > 10 * aware[3:].max()


def test_names_fit_in_folds_that_lack_a_category():
    table = TABLE.assign(job=np.where(np.arange(80) < 20, "cook", TABLE["job"]))
    table.loc[20:, "job"] = np.resize(["clerk", "nurse"], 60)
    kfold = KFold(4)  # The first fold has all cooks.
    jobs = [sorted(set(table["job"]))]
    for options in ({}, {"categories": jobs}):
        pipeline = encoded(handle_unknown="ignore", **options)
        search = GridSearchCV(pipeline, {"rrrclassifier__lam": [0.1, 1.0]}, cv=kfold)
        search.fit(table, Y, rrrclassifier__annotations=["job"])
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    vector = np.array(JOB, dtype=bool)
    search.fit(table, Y, rrrclassifier__annotations=vector)  # with all categories
    pipeline = encoded(handle_unknown="ignore")
    search = GridSearchCV(pipeline, {"rrrclassifier__lam": [1.0]}, cv=kfold)
    search.set_params(error_score="raise")
    with pytest.raises(ValueError, match="parameter categories has all of them"):
        search.fit(table, Y, rrrclassifier__annotations=vector)


def test_positions_are_refused():
    with pytest.raises(ValueError, match="Positions of columns are not taken"):
        quick().fit(FRAME, Y, annotations=[2])


def test_names_need_names():
    for annotations in (["age"], pd.DataFrame(MASK, columns=NAMES)):
        with pytest.raises(ValueError, match="no column names.*set_output"):
            quick().fit(X, Y, annotations=annotations)


def test_columns_that_a_step_has_changed_are_refused():
    with pytest.raises(ValueError, match="PCA"):
        make_pipeline(PCA(2), quick()).fit(X, Y, rrrclassifier__annotations=MASK)
    encoded = make_pipeline(OneHotEncoder(), quick())
    with pytest.raises(ValueError, match="one-hot"):
        encoded.fit(np.round(X), Y, rrrclassifier__annotations=MASK)
    pipeline = make_pipeline(PCA(2), quick()).set_output(transform="pandas")
    with pytest.raises(ValueError, match="'height'.*pca0.*PCA"):
        pipeline.fit(FRAME, Y, rrrclassifier__annotations=["height"])


def test_a_refused_fit_leaves_the_model_as_it_was():
    model = quick().fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="PCA"):
        model.fit(X, Y, annotations=MASK[:, :2])
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_names_reach_the_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), quick()).set_output(transform="pandas")
    pipeline.fit(FRAME, Y, rrrclassifier__annotations=["height"])
    scaled = pipeline[:-1].transform(FRAME)
    assert_same(pipeline[-1], quick().fit(scaled, Y, annotations=MASK))


def test_a_vector_that_a_search_has_cut_is_refused_with_the_cause():
    search = GridSearchCV(quick(), {"lam": [1.0]}, cv=2)
    with pytest.raises(ValueError, match="a search has cut it.*shape of X"):
        search.fit(X[:4], [0, 1, 0, 1], annotations=VECTOR)


@pytest.mark.parametrize("annotations", [MASK, VECTOR, sp.csr_matrix(MASK), ["height"]])
def test_search_slices_annotations_with_the_rows(annotations):
    grid = {"lam": [0.1, 10.0]}
    search = GridSearchCV(quick(early_stopping=True), grid, cv=3)
    search.fit(FRAME, Y, annotations=annotations)
    by_hand = GridSearchCV(quick(early_stopping=True), grid, cv=3)
    by_hand.fit(FRAME, Y, annotations=MASK)
    name = "mean_test_score"
    np.testing.assert_array_equal(search.cv_results_[name], by_hand.cv_results_[name])


class Spy(RRRClassifier):
    """Remembers the annotations that reached it."""

    def fit(self, X, y, sample_weight=None, annotations=None):
        self.seen_ = (X, annotations)
        return super().fit(X, y, sample_weight, annotations)


def test_each_fold_gets_the_annotations_of_its_rows():
    A = X**2 * VECTOR
    result = cross_validate(
        Spy(lam=0.0, max_iter=1),
        X,
        Y,
        params={"annotations": A},
        cv=3,
        return_estimator=True,
    )
    for model in result["estimator"]:
        rows, annotations = model.seen_
        np.testing.assert_array_equal(annotations, rows**2 * VECTOR)


def test_routing_by_default():
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), quick())
        pipeline.fit(X, Y, annotations=MASK)
        scaled = StandardScaler().fit_transform(X)
        assert_same(pipeline[-1], quick().fit(scaled, Y, annotations=MASK))
        search = GridSearchCV(pipeline, {"rrrclassifier__lam": [0.1, 10.0]}, cv=3)
        search.fit(X, Y, annotations=MASK)
        assert search.best_estimator_[-1].penalty_curve_[0] > 0


def test_partial_fit_takes_annotations():
    model = quick().partial_fit(X, Y, classes=[0, 1])
    assert model.penalty_curve_ == [0.0]
    model.partial_fit(X, Y, annotations=MASK)
    assert model.penalty_curve_[-1] > 0
    regressor = RRRRegressor(lam=1.0, module="perceptron", random_state=0)
    assert regressor.partial_fit(X, X[:, 0], annotations=MASK).penalty_curve_[0] > 0
