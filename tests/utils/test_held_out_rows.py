"""Which rows are held out: at random, the last ones, whole groups, or a splitter's."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedKFold,
    train_test_split,
)

from sklearn_gradlasso.utils.held_out_rows import check_groups, hold_out, needs_groups


def split(rule, n_rows=40, fraction=0.25, *, places=None, labels=None, **given):
    X, y = np.zeros((n_rows, 2)), np.zeros(n_rows)
    places = np.arange(n_rows) if places is None else np.asarray(places)
    n_steps = given.pop("n_steps", 1)
    return hold_out(
        rule,
        fraction,
        0,
        places=places,
        labels=labels,
        given=(X, given.get("y", y), given.get("groups")),
        n_steps=n_steps,
    )


def test_random__rows_of_each_class():
    labels = np.repeat(["a", "b"], [30, 10])
    train, valid = split("random", labels=labels)
    expected = train_test_split(
        np.arange(40), test_size=0.25, random_state=0, stratify=labels
    )
    assert train.tolist() == sorted(expected[0])
    assert valid.tolist() == sorted(expected[1])


@pytest.mark.parametrize(
    "labels",
    [
        np.repeat(np.arange(10), 6),  # fewer rows to hold out than classes
        np.repeat([0, 1, 2], [100, 99, 1]),
        np.repeat(["a", "b", "c"], [40, 19, 1]),
        np.repeat([0, 1], [9, 1]),
        np.repeat(np.arange(30), [2] * 29 + [40]),
    ],
)
@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.8])
def test_random__as_stratified_as_the_numbers_allow(labels, fraction):
    n_rows = len(labels)
    spare = n_rows - len(np.unique(labels))
    for seed in range(5):
        given = np.zeros(n_rows), labels, None
        of = {"places": np.arange(n_rows), "labels": labels, "given": given}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of one class only
            train, valid = hold_out("random", fraction, seed, **of)
            again = hold_out("random", fraction, seed, **of)
        np.testing.assert_array_equal(valid, again[1])
        assert sorted([*train, *valid]) == list(range(n_rows))
        assert set(labels[train]) == set(labels)
        wanted = min(max(2, math.ceil(fraction * n_rows)), spare)
        assert len(valid) == wanted
        if spare > wanted and fraction < 0.5:
            # No class is more than a row away from its share, or from what it can give.
            for label, size in zip(*np.unique(labels, return_counts=True)):
                share = wanted * size / n_rows
                taken = (labels[valid] == label).sum()
                assert share - 1 < taken < share + 1 or taken == size - 1


def test_random__equal_claims_are_decided_by_the_seed():
    labels = np.repeat(np.arange(10), 6)
    found = set()
    for seed in range(20):
        given = np.zeros(60), labels, None
        of = {"places": np.arange(60), "labels": labels, "given": given}
        found |= set(labels[hold_out("random", 0.1, seed, **of)[1]])
    assert found == set(range(10))


@pytest.mark.parametrize("n_rows, n_valid", [(5, 2), (10, 2), (20, 2), (30, 3)])
@pytest.mark.parametrize("rule", ["random", "last"])
def test_two_rows_are_the_fewest(rule, n_rows, n_valid):
    assert len(split(rule, n_rows, 0.1)[1]) == n_valid


def test_random__groups_that_training_needs_are_not_held_out():
    groups = np.arange(60) // 2
    labels = np.where(groups < 25, groups, -1)  # 25 classes of one group each
    for seed in range(10):
        of = {
            "places": np.arange(60),
            "labels": labels,
            "given": (labels, labels, groups),
        }
        with pytest.warns(UserWarning, match="rows of one class only, -1"):
            train, valid = hold_out("random", 0.1, seed, **of)
        assert set(labels[train]) == set(labels) and len(valid) == 6


@pytest.mark.parametrize("labels", [None, np.arange(40) % 10 == 0])
def test_random__whole_groups(labels):
    groups = np.repeat(list("abcdefghij"), 4)
    train, valid = split("random", labels=labels, groups=groups)
    assert sorted([*train, *valid]) == list(range(40))
    assert not set(groups[train]) & set(groups[valid])
    assert len(valid) == 12


def test_random__groups_are_chosen_so_that_no_class_is_missing():
    groups = np.repeat(np.arange(10), 4)
    labels = np.where(groups < 2, "rare", "frequent")
    for seed in range(20):
        given = {"places": np.arange(40), "labels": labels}
        train, valid = hold_out(
            "random", 0.25, seed, given=(groups, labels, groups), **given
        )
        assert set(labels[train]) == set(labels[valid]) == {"rare", "frequent"}


def test_last__rows_in_the_order_given():
    train, valid = split("last")
    assert train.tolist() == list(range(30)) and valid.tolist() == list(range(30, 40))


@pytest.mark.parametrize("n_steps", [1, 2, 8])
def test_last__windows_share_no_step_with_those_that_are_held_out(n_steps):
    train, valid = split("last", n_steps=n_steps)
    seen = {t for k in train for t in range(k, k + n_steps)}
    held_out = {t for k in valid for t in range(k, k + n_steps)}
    assert not seen & held_out
    assert valid[0] - train[-1] == n_steps  # and no row is left out without need


def test_last__absent_rows_count_as_steps():
    places = np.delete(np.arange(40), [26, 28, 29])
    train, valid = split("last", places=places, fraction=10 / 37, n_steps=3)
    assert places[valid].tolist() == list(range(30, 40))
    assert places[train].tolist() == [*range(26), 27]


def test_last__groups_that_are_held_out_are_not_trained_on():
    groups = np.arange(40) // 4
    train, valid = split("last", groups=groups)
    assert groups[valid].min() == 7 and groups[train].max() == 6
    assert train.tolist() == list(range(28))


def test_splitter__its_first_split():
    train, valid = split(KFold(4))
    assert valid.tolist() == list(range(10)) and train.tolist() == list(range(10, 40))
    y = np.arange(40) % 2
    first = next(StratifiedKFold(4).split(y, y))
    assert split(StratifiedKFold(4), y=y)[1].tolist() == first[1].tolist()


def test_splitter__rows_are_those_given_to_fit():
    places = np.delete(np.arange(40), [0, 3])
    fold = np.where(np.arange(40) % 4 == 0, 0, -1)
    train, valid = split(PredefinedSplit(fold), places=places)
    assert (places[valid] % 4 == 0).all() and len(valid) == 9
    assert (places[train] % 4 != 0).all() and len(train) == 29


def test_splitter__groups():
    groups = np.arange(40) // 4
    train, valid = split(GroupKFold(5), groups=groups)
    assert not set(groups[train]) & set(groups[valid])
    with pytest.raises(ValueError, match="it needs groups; give them to fit"):
        split(GroupKFold(5))


def test_splitter__the_seed_is_that_of_the_estimator():
    splitter = ShuffleSplit(1, test_size=0.25)
    once, again = split(splitter), split(splitter)
    np.testing.assert_array_equal(once[1], again[1])
    assert splitter.random_state is None


class Fixed:
    """A splitter that gives these parts."""

    def __init__(self, *parts):
        self.parts = parts

    def split(self, X, y=None, groups=None):
        return iter(self.parts)


@pytest.mark.parametrize(
    "rule, given, message",
    [
        ("random", {"fraction": 0.01}, "0.01: at least two rows must be held out"),
        ("last", {"n_steps": 60}, "'last': no rows are left to train on"),
        ("random", {"groups": np.ones(40)}, "one group.*Change validation_fraction"),
        (
            "random",
            {"n_rows": 4, "fraction": 0.1},
            "n_samples=4 with.*at least two rows must",
        ),
        ("random", {"n_rows": 2, "fraction": 0.9}, "no rows are left to train on"),
        ("random", {"n_rows": 1, "fraction": 0.9}, "no rows are left to train on"),
        (
            "last",
            {"n_rows": 1, "fraction": 0.9},
            "no rows are left to train on|two rows",
        ),
        (
            "random",
            {"labels": np.arange(40)},
            "each of 40 classes needs a row to train",
        ),
        (
            "random",
            {"labels": np.arange(40) // 4, "groups": np.arange(40) // 4},
            "every group has all rows of a class",
        ),
        (
            "last",
            {"labels": np.arange(40) // 30},
            r"no rows of the classes \[1\] are left to train on",
        ),
        (Fixed(), {}, "it gives no split"),
        (Fixed(([0, 1], [40, 2])), {}, "its split is not one of 40 rows"),
        (Fixed(([0, 1, 2], [2, 3])), {}, "it holds out rows that it trains on"),
        (PredefinedSplit(np.arange(50) % 2), {}, "its split is not one of 40 rows"),
    ],
)
def test_refusals(rule, given, message):
    with pytest.raises(ValueError, match=message):
        split(rule, **given)


def test_groups_become_numbers():
    assert check_groups(["b", "a", "b"], [1, 2, 3]).tolist() == [1, 0, 1]
    assert check_groups(None, [1]) is None
    for groups in ([[1], [2, 3], [4]], np.array(["a", 2, 1], object), np.ones((3, 2))):
        with pytest.raises(ValueError, match="groups must be one label for each row"):
            check_groups(groups, [1, 2, 3])
    with pytest.raises(ValueError, match="groups have 2 labels, but X has 3 rows"):
        check_groups(["a", "b"], [1, 2, 3])


@pytest.mark.parametrize(
    "groups",
    [
        np.array(["a", None, "b"], dtype=object),
        [1.0, np.nan, 2.0],
        np.array(["2026-01-01", "NaT", "2026-01-02"], dtype="datetime64[ns]"),
        pd.Series([1, pd.NA, 2], dtype="Int64"),
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Series(["a", None, "b"], dtype="category"),
    ],
)
def test_missing_groups_are_refused(groups):
    with pytest.raises(ValueError, match="groups has missing labels, at 1 of 3 rows"):
        check_groups(groups, [1, 2, 3])


@pytest.mark.parametrize(
    "rule, groups, advice",
    [
        ("last", None, "'random'"),
        (KFold(4), None, "StratifiedKFold"),
        ("random", np.arange(40) // 10, "more groups"),
    ],
)
def test_rows_of_one_class_are_warned_of(rule, groups, advice):
    labels = np.where(np.arange(40) % 4 == 0, "b", "a")
    labels[:10] = labels[-10:] = "a"
    if rule == "random":  # Each group has one class.
        labels = np.where(groups < 2, "b", "a")
    with pytest.warns(UserWarning, match=f"rows of one class only, '.'.*{advice}"):
        split(rule, labels=labels, groups=groups)


def test_needs_groups():
    found = [needs_groups(each) for each in (GroupKFold(), KFold(), Fixed(), 5, None)]
    assert found == [True, False, False, False, False]
