"""Which strength a search chooses, and that it never chooses one that diverged."""

import numpy as np
import pandas as pd
import pytest
from helpers.quick import LAMS, classifier_cv, regressor_cv
from sklearn.exceptions import FitFailedWarning

from sklearn_gradlasso.paths import LambdaPath

NAN = np.nan


def path_of(
    *scores, lams=(0.1, 1.0, 10.0), losses=0.0, constant=1.0, columns=1.0, slopes=1.0
):
    n_lams, scores = len(lams), np.array(scores, dtype=float)
    return LambdaPath(
        lams=np.array(lams),
        scores=scores,
        losses=np.broadcast_to(losses, scores.shape),
        constant_losses=np.broadcast_to(constant, len(scores)),
        effective_columns=np.broadcast_to(columns, n_lams),
        effective_features=np.broadcast_to(slopes, n_lams),
        importances=np.ones((n_lams, 2)) / 2,
        feature_names=np.array(["a", "b"]),
    )


@pytest.mark.parametrize(
    ("selection", "path", "chosen"),
    [
        ("best", path_of([1, 3, 2], [1, 3, 2]), 1),
        ("best", path_of([3, 3, 2], [3, 3, 2]), 1),
        ("best", path_of([3, 3, 2], [3, 3, 2], lams=(10.0, 1.0, 0.1)), 0),
        # Diverged in a fold; a fold without scores; a score that failed.
        ("best", path_of([NAN, 1, 2], [9, 1, 2], losses=[[NAN, 0, 0], [0, 0, 0]]), 2),
        ("best", path_of([1, 2, 1], [NAN, NAN, NAN]), 1),
        ("best", path_of([1, 3, 2], [NAN, 3, 5]), 2),
        ("best", path_of([5, 3, 2]), 0),
        # means 4, 3.5, 1; the standard error of the first is 1 / sqrt(2) * sqrt(2) = 1
        ("one_se", path_of([3, 3.5, 1], [5, 3.5, 1]), 1),
        # the standard error is 0.1
        ("one_se", path_of([3.9, 3.5, 1], [4.1, 3.5, 1]), 0),
        ("one_se", path_of([3, 3.5, 3], [5, 3.5, 3]), 2),
        (
            "one_se",
            path_of([3, 3.5, NAN], [5, 3.5, 3], losses=[[0, 0, NAN], [0, 0, 0]]),
            1,
        ),
        # Two folds have scores, and a standard error of 1; a third one has none.
        ("one_se", path_of([3, 3.5, 1], [NAN, NAN, NAN], [5, 3.5, 1]), 1),
        ("one_se", path_of([3.9, 3.5, 1], [NAN, NAN, NAN], [4.1, 3.5, 1]), 0),
        ("one_se", path_of([4, 3.5, 3]), 0),
        ("one_se", path_of([3, 3.5, 2], [5, 3.5, 2], lams=(1.0, 0.1, 10.0)), 0),
        (lambda path: path.lams.argmax(), path_of([1, 3, 2]), 2),
    ],
)
def test_the_strength_that_is_chosen(selection, path, chosen):
    found = classifier_cv(selection=selection)._chosen(path)
    assert found == chosen and isinstance(found, int)


def one_se(**given):
    """The choice among three strengths with equal scores in two folds."""
    equal = [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]
    return classifier_cv(selection="one_se")._chosen(path_of(*equal, **given))


def test_one_standard_error_takes_the_fewest_columns():
    assert one_se(columns=[3.0, 2.0, 4.0]) == 1
    assert one_se(columns=[2.0, 2.0, 4.0]) == 1  # the larger of the strengths
    # Without effects the slopes are counted.
    nothing = [np.nan] * 3
    assert one_se(columns=nothing, slopes=[1.0, 2.0, 3.0]) == 0


def test_one_standard_error_is_of_the_loss_too():
    # The standard error of the smallest loss is 0.01.
    near = [[0.49, 0.505, 0.52], [0.51, 0.505, 0.52]]
    assert one_se(losses=near) == 1
    # It would be 0.1, which says that anything is as good; 0.01 is the most.
    wide = [[0.4, 0.509, 0.53], [0.6, 0.509, 0.53]]
    assert one_se(losses=wide) == 1
    # One fold has no standard error.
    alone = classifier_cv(selection="one_se")
    assert alone._chosen(path_of([1, 1, 1], losses=[[0.4, 0.4, 0.41]])) == 1


def test_one_standard_error_ranks_useful_strengths_before_high_scores():
    # The first has the highest score, but its loss is no smaller than a constant's.
    path = path_of([3, 2, 1], [3, 2, 1], losses=[0.9, 0.2, 0.2], constant=0.8)
    assert classifier_cv(selection="one_se")._chosen(path) == 1


def test_one_standard_error_is_better_than_a_constant():
    # Gains 0.1 and 0.3 have a standard error of 0.1; gains -0.1 and 0.3, one of 0.2.
    losses = [[0.9, 1.1, 1.1], [0.7, 0.7, 0.7]]
    assert one_se(losses=losses, columns=[3.0, 2.0, 1.0]) == 0
    with pytest.warns(UserWarning, match="one_se.*better than a constant.*smallest"):
        assert one_se(losses=[[1.0, 0.99, 1.2], [1.1, 1.0, 1.2]]) == 1
    with pytest.warns(UserWarning, match="better than a constant"):
        assert one_se(losses=1.0) == 2


def test_one_standard_error_is_sparse_where_nothing_is_better_than_a_constant():
    # The standard error of the smallest loss is 0.005; the last one is a constant.
    losses = [[1.015, 0.99, 1.0], [1.005, 1.0, 1.0]]
    with pytest.warns(UserWarning, match="better than a constant.*sparsest"):
        assert one_se(losses=losses, columns=[3.0, 2.0, 0.0]) == 2
    with pytest.warns(UserWarning, match="better than a constant"):
        assert one_se(losses=[[1.0, 0.95, 1.0], [1.1, 1.01, 1.0]]) == 1


def test_a_flat_network_is_not_chosen_for_its_score():
    # Scores of a ranking do not see that the probabilities are those of the base rate.
    scores = [0.70, 0.71, 0.72], [0.71, 0.72, 0.73]
    path = path_of(*scores, losses=[0.61, 0.60, 0.682], constant=0.686)
    assert classifier_cv(selection="one_se")._chosen(path) == 1


def test_one_standard_error_of_a_search(table):
    best, sparse = (
        classifier_cv(selection=name).fit(*table) for name in ("best", "one_se")
    )
    np.testing.assert_array_equal(best.scores_, sparse.scores_)
    losses = sparse.losses_.mean(axis=0)
    chosen = losses[sparse.lams_ == sparse.lam_]
    assert losses.min() <= chosen <= losses.min() + 0.01


def test_a_choice_of_ones_own(table):
    paths = []

    def sparsest(path):
        paths.append(path)
        return np.argmin(path.effective_features)

    frame = pd.DataFrame(table[0], columns=list("abcde"))
    search = classifier_cv(selection=sparsest).fit(frame, table[1])
    assert search.lam_ == LAMS[np.argmin(search.effective_features_)]
    (path,) = paths
    assert path.feature_names.tolist() == list("abcde")
    np.testing.assert_array_equal(path.scores, search.scores_)
    told = path.to_frame()
    np.testing.assert_array_equal(told["score"], search.scores_.mean(axis=0))


@pytest.mark.parametrize("index", [3, -1, 1.0, None, "best"])
def test_a_choice_that_is_no_index(table, index):
    search = classifier_cv(selection=lambda path: index, max_iter=1)
    with pytest.raises(ValueError, match="selection must return the index of .* 3 str"):
        search.fit(*table)


# Divergence


@pytest.mark.parametrize("strong", [1e6, 1e200])
def test_what_diverges_is_never_chosen(numbers, strong):
    steep = {"optimizer": "sgd", "max_iter": 40, "tol": 0.0}
    search = regressor_cv(**steep, lams=[0.01, strong])
    with pytest.warns(FitFailedWarning, match="3 of 6 fits, with lam from"):
        search.fit(*numbers)
    assert np.isnan(search.scores_).all(axis=0).tolist() == [False, True]
    assert search.lam_ == 0.01 and np.isfinite(search.predict(numbers[0])).all()
    np.testing.assert_allclose(search.importances_[0].sum(), 1)
    search.set_params(lams=[strong, 2 * strong])
    with pytest.raises(ValueError, match="6 of 6 fits.*Scale X"):
        search.fit(*numbers)
    assert search.lam_ == 0.01


def test_a_search_without_scores():
    nothing = [NAN] * 3
    for selection in ("best", "one_se"):
        with pytest.raises(ValueError, match="no strength has a score in any fold"):
            classifier_cv(selection=selection)._chosen(path_of(nothing, nothing))
