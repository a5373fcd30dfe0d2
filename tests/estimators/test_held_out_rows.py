"""What estimators hold out for early stopping: the last rows, whole groups."""

import numpy as np
import pandas as pd
import pytest
from helpers.fitted_callback import fitted_callback
from helpers.quick import OF_A_SEARCH, PERCEPTRON, QUICK, classifier_cv
from sklearn import config_context
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from skorch.callbacks import Callback

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
)
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.tables import coded_table

GROUPS = np.repeat(np.arange(20), 5)
X = np.random.default_rng(0).standard_normal((100, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


class RowsRecorder(Callback):
    """The rows that a net trains on, and those that are held out."""

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.parts = dataset_train, dataset_valid


def parts_of(model, X, y, **given):
    """Places of the training and of the validation rows of a fit."""
    model.set_params(callbacks=[RowsRecorder()], early_stopping=True).fit(X, y, **given)
    form = model._table_form
    flat = np.reshape(X, (len(X), -1)) if form is None else coded_table(form, X)
    return [
        [
            np.flatnonzero((flat == row).all(1))[0]
            for row in part.X.numpy().reshape(len(part), -1)
        ]
        for part in fitted_callback(model, RowsRecorder).parts
    ]


ESTIMATORS = [
    GradientLassoClassifier(**PERCEPTRON),
    GradientLassoRegressor(**PERCEPTRON),
    RRRClassifier(**PERCEPTRON),
    AttributionPriorRegressor(**PERCEPTRON),
    NGSLLClassifier(n_nonzero_coefs=2, **QUICK),
]


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda m: type(m).__name__)
def test_a_group_is_never_on_both_sides(model):
    model.set_params(callbacks=[RowsRecorder()], early_stopping=True)
    marked = np.c_[X, GROUPS]
    model.fit(marked, Y, groups=GROUPS)
    parts = fitted_callback(model, RowsRecorder).parts
    train, valid = (set(p.X.numpy().reshape(len(p), -1)[:, 3]) for p in parts)
    assert len(train) == 18 and len(valid) == 2 and not train & valid


def test_groups_have_no_effect_without_early_stopping():
    models = [
        GradientLassoClassifier(**QUICK).fit(X, Y, **given)
        for given in ({}, {"groups": GROUPS})
    ]
    assert models[0].loss_curve_ == models[1].loss_curve_
    with pytest.raises(ValueError, match="groups have 99 labels, but X has 100 rows"):
        models[0].fit(X, Y, groups=GROUPS[1:])


def test_a_fit_warns_of_rows_of_one_class_at_its_caller():
    y = np.where(np.arange(100) < 80, Y, 1)
    model = GradientLassoClassifier(
        early_stopping=True, validation_split="last", **QUICK
    )
    with pytest.warns(UserWarning, match="20 rows of one class only, 1") as caught:
        model.set_params(validation_fraction=0.2).fit(X, y)
    assert caught[0].filename == __file__


def test_rows_of_weight_zero_take_their_group_with_them():
    weight = np.where(np.isin(np.arange(100), [0, 7, 8, 50]), 0.0, 1.0)
    weight[GROUPS == 3] = 0
    model = GradientLassoClassifier(class_weight={0: 1.0, 1: 2.0}, **PERCEPTRON)
    train, valid = parts_of(model, X, Y, sample_weight=weight, groups=GROUPS)
    assert sorted([*train, *valid]) == np.flatnonzero(weight).tolist()
    assert not set(GROUPS[train]) & set(GROUPS[valid])


def test_transformers_of_ngsll_see_no_rows_of_weight_zero_and_groups_follow():
    weight = (np.arange(100) % 7 > 0).astype(float)
    model = NGSLLClassifier(
        n_nonzero_coefs=2, simplify=FunctionTransformer(), validation_split="last"
    ).set_params(**QUICK)
    model.set_params(callbacks=[RowsRecorder()], early_stopping=True)
    model.fit(np.c_[X, GROUPS], Y, sample_weight=weight, groups=GROUPS)
    parts = fitted_callback(model, RowsRecorder).parts
    train, valid = (p.X.numpy().reshape(len(p), -1)[:, 3] for p in parts)
    assert len(valid) == 9 and valid.min() == 17 and train.max() == 16


@pytest.mark.parametrize("form", ["rows", "flat"])
def test_last__windows_of_the_past_are_purged(form):
    steps = np.random.default_rng(1).standard_normal((67, 2))
    windows = np.stack([steps[k : k + 8] for k in range(60)])
    y = steps[:60, 0]
    params = {"module": RecurrentNet, "validation_split": "last", **QUICK}
    if form == "flat":
        windows, params["input_shape"] = windows.reshape(60, 16), (8, 2)
    model = GradientLassoRegressor(validation_fraction=0.25, **params)
    train, valid = parts_of(model, windows, y)
    assert valid == list(range(45, 60))
    assert sorted(train) == list(range(45 - 7))


def test_last__rows_of_a_table_are_no_windows():
    model = GradientLassoRegressor(validation_split="last", **QUICK)
    train, valid = parts_of(model, X, Y)
    assert sorted(train) == list(range(90)) and valid == list(range(90, 100))


def test_a_splitter_is_given_the_rows_of_fit():
    model = GradientLassoClassifier(validation_split=GroupKFold(4), **QUICK)
    train, valid = parts_of(model, X, Y, groups=GROUPS)
    expected = next(GroupKFold(4).split(X, Y, GROUPS))
    assert sorted(train) == expected[0].tolist()
    assert valid == expected[1].tolist()
    with pytest.raises(ValueError, match="'validation_split' parameter"):
        model.set_params(validation_split="first").fit(X, Y)
    with pytest.raises(ValueError, match="it needs groups; give them to fit"):
        model.set_params(validation_split=GroupKFold()).fit(X, Y)


# Members of the network for tables, which hold out different rows


def rows_of_members(model, y, groups=None):
    """What the members learn from, and the rows that some of them hold out."""
    model.set_params(callbacks=[RowsRecorder()], early_stopping=True)
    train, valid = fitted_callback(model.fit(X, y, groups=groups), RowsRecorder).parts
    learns = train.rows.extras["learns"].numpy()
    np.testing.assert_allclose(learns.mean(axis=0), 1)  # so that all learn at one rate
    share = valid.rows.extras["held_out"].numpy()
    np.testing.assert_allclose(share.sum(axis=1), 1)
    assert len(train) == 100 and len(valid) == (learns == 0).any(axis=1).sum()
    return learns > 0


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
def test_every_member_holds_out_rows_of_its_own(kind):
    learns = rows_of_members(kind(**QUICK), Y)
    assert learns.shape == (100, 5)
    assert (~learns).sum(axis=0).tolist() == [10] * 5
    assert (~learns).sum(axis=1).max() == 1
    half = rows_of_members(kind(validation_fraction=0.5, **QUICK), Y)
    assert (np.abs((~half).sum(axis=0) - 50) <= 1).all()
    assert half.any(axis=1).all()  # Together they learn from all.


def test_groups_are_not_divided_between_what_a_member_learns_and_holds_out():
    learns = rows_of_members(GradientLassoClassifier(**QUICK), Y, GROUPS)
    for member in learns.T:
        assert len(set(GROUPS[~member])) == 2
        assert not set(GROUPS[member]) & set(GROUPS[~member])


def test_every_member_learns_from_every_class():
    alone = np.where(np.arange(100) == 50, 2, Y)
    assert rows_of_members(GradientLassoClassifier(**QUICK), alone)[50].all()
    rare = np.where(GROUPS == 3, 2, Y)
    learns = rows_of_members(GradientLassoClassifier(**QUICK), rare, GROUPS)
    assert learns[GROUPS == 3].all() and (~learns).any()


def test_too_few_rows_for_members_are_refused():
    model = GradientLassoClassifier(early_stopping=True, **QUICK)
    refused = r"cannot hold out rows of n_samples=100 with validation_fraction=0.1: "
    with pytest.raises(ValueError, match=refused + "all rows have one group"):
        model.fit(X, Y, groups=np.zeros(100))
    with pytest.raises(ValueError, match=refused + "every group has all rows of a cl"):
        model.fit(X, Y, groups=Y)
    regressor = GradientLassoRegressor(early_stopping=True, **QUICK)
    with pytest.raises(ValueError, match="n_samples=1 .*at least two rows must be"):
        regressor.fit(X[:1], Y[:1])
    with pytest.warns(UserWarning, match="rows of one class only, True") as caught:
        model.fit(X, np.arange(100) > 0)
    assert caught[0].filename == __file__


# Groups in searches


def search_of_groups(**params):
    params = {"cv": GroupKFold(4), "lams": [0.01, 0.1], **params}
    return classifier_cv(**params)


def test_folds_of_groups_are_those_of_a_grid_search():
    ours = search_of_groups().fit(X, Y, groups=GROUPS)
    plain = GradientLassoClassifier(**OF_A_SEARCH)
    search = GridSearchCV(plain, {"lam": [0.01, 0.1]}, cv=GroupKFold(4))
    search.fit(X, Y, groups=GROUPS)
    expected = [search.cv_results_[f"split{k}_test_score"] for k in range(4)]
    np.testing.assert_allclose(ours.scores_, expected, atol=1e-10)


@pytest.mark.parametrize("cv", [4, None])
def test_a_number_of_folds_are_folds_of_groups(cv):
    found = search_of_groups(cv=cv).fit(X, Y, groups=GROUPS).scores_
    by_hand = search_of_groups(cv=StratifiedGroupKFold(cv or 5))
    np.testing.assert_array_equal(found, by_hand.fit(X, Y, groups=GROUPS).scores_)


@pytest.mark.parametrize("cv", [4, None, GroupKFold(4)])
def test_groups_may_be_a_column_of_a_table(cv):
    search = search_of_groups(cv=cv, early_stopping=True, validation_split=GroupKFold())
    found = search.fit(X, Y, groups=pd.DataFrame({"patient": GROUPS})).scores_
    np.testing.assert_array_equal(found, search.fit(X, Y, groups=GROUPS).scores_)


def test_folds_of_groups_need_groups():
    for cv in (GroupKFold(3), LeaveOneGroupOut()):
        with pytest.raises(ValueError, match=r"cv=.* needs groups; give them to fit"):
            search_of_groups(cv=cv).fit(X, Y)
    with pytest.raises(ValueError, match="groups have 99 labels, but X has 100 rows"):
        search_of_groups().fit(X, Y, groups=GROUPS[1:])


def test_early_stopping_in_a_fold_holds_out_whole_groups():
    stopped = {"early_stopping": True, "validation_fraction": 0.2}
    search = search_of_groups(**stopped).fit(X, Y, groups=GROUPS)
    for fold, (train, test) in enumerate(GroupKFold(4).split(X, Y, GROUPS)):
        alone = GradientLassoClassifier(**OF_A_SEARCH, **stopped, lam=0.1)
        alone.fit(X[train], Y[train], groups=GROUPS[train])
        score = alone.score(X[test], Y[test])
        assert search.scores_[fold, 1] == pytest.approx(score, abs=1e-10)
    assert search.set_params(cv=KFold(4, shuffle=True)) is search
    with pytest.warns(UserWarning, match="groups parameter is ignored by KFold"):
        search.fit(X, Y, groups=GROUPS)


def test_members_of_find_another_explanation_are_given_groups():
    network = RRRClassifier(lam=1.0, early_stopping=True, **QUICK)
    search = FindAnotherExplanation(network, n_explanations=1)
    search.fit(X, Y, groups=GROUPS)
    expected = network.fit(X, Y, groups=GROUPS).validation_loss_curve_
    assert search.estimators_[0].validation_loss_curve_ == expected


# Metadata routing


def test_groups_are_routed_by_default():
    network = GradientLassoClassifier(early_stopping=True, **QUICK)
    expected = network.fit(StandardScaler().fit_transform(X), Y, groups=GROUPS)
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), network).fit(X, Y, groups=GROUPS)
        found = model[-1].validation_loss_curve_
        assert found == expected.validation_loss_curve_
        search = GridSearchCV(network, {"lam": [0.1]}, cv=GroupKFold(2), refit=False)
        search.fit(X, Y, groups=GROUPS)
        nested = make_pipeline(StandardScaler(), search_of_groups())
        nested.fit(X, Y, groups=GROUPS)
    scores = []
    for train, test in GroupKFold(2).split(X, Y, GROUPS):
        network.set_params(lam=0.1).fit(X[train], Y[train], groups=GROUPS[train])
        scores.append(network.score(X[test], Y[test]))
    assert search.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(scores))


def test_groups_of_a_grid_search_without_routing_stay_with_its_folds():
    network = GradientLassoClassifier(early_stopping=True, **QUICK)
    search = GridSearchCV(network, {"lam": [0.1]}, cv=GroupKFold(2))
    search.fit(X, Y, groups=GROUPS)
    expected = network.set_params(lam=0.1).fit(X, Y).validation_loss_curve_
    assert search.best_estimator_.validation_loss_curve_ == expected


# Scikit-learn's checks with early stopping

REFUSED = {  # by MLPClassifier(early_stopping=True), too: partial_fit
    "check_fit_score_takes_y",
    "check_n_features_in_after_fitting",
    "check_estimators_partial_fit_n_features",
}
# A fit with repeated rows holds out other rows than one with weights.
OTHER_ROWS = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
@pytest.mark.filterwarnings("ignore")
def test_checks_of_scikit_learn(kind):
    model = kind(early_stopping=True, max_iter=15, learning_rate_init=0.03)
    model.set_params(module="perceptron")
    results = check_estimator(model, on_fail=None)
    failed = {each["check_name"] for each in results if each["status"] == "failed"}
    assert failed == REFUSED | OTHER_ROWS
