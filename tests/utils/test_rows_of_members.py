"""Each member of a network holds out rows of its own."""

import numpy as np
import pytest

from sklearn_gradlasso.utils.rows_of_members import held_out_by_members


def held_out(
    n_members=5, fraction=0.1, *, n_rows=200, labels=None, groups=None, seed=0
):
    return held_out_by_members(n_members, fraction, seed, labels, groups, n_rows)


@pytest.mark.parametrize(
    ("n_members", "fraction", "n_folds"),
    [(5, 0.1, 10), (2, 0.1, 10), (5, 0.2, 5), (2, 0.5, 2), (3, 0.28, 4), (3, 0.17, 6)],
)
def test_a_member_holds_out_one_part_of_so_many(n_members, fraction, n_folds):
    found = held_out(n_members, fraction)
    assert found.shape == (200, n_members)
    counts = found.sum(axis=0)
    assert (np.abs(counts - 200 / n_folds) < 1).all()
    assert found.sum(axis=1).max() == 1  # no row is held out twice
    assert counts.sum() == found.any(axis=1).sum()


@pytest.mark.parametrize("n_members", [2, 5])
@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.75, 0.95])
@pytest.mark.parametrize("kind", ["rows", "classes", "groups"])
def test_a_fraction_of_more_than_one_part_for_each_member(n_members, fraction, kind):
    if fraction <= 1 / n_members:
        return
    labels = np.repeat(["a", "b", "c"], [150, 43, 7]) if kind == "classes" else None
    groups = np.arange(200) // 2 if kind == "groups" else None
    found = held_out(n_members, fraction, labels=labels, groups=groups)
    assert (np.abs(found.mean(axis=0) - fraction) < 0.02).all()
    if fraction <= 1 - 1 / n_members:  # Together they learn from all.
        assert (~found).any(axis=1).all()
    for k in range(1, n_members):
        assert (found[:, 0] != found[:, k]).any()
    if groups is not None:
        assert (found[::2] == found[1::2]).all()
    for label in "abc" if kind == "classes" else ():
        share = found[labels == label].mean(axis=0)
        assert (np.abs(share - fraction) < 2 / np.sum(labels == label)).all()


def test_each_member_keeps_a_row_of_each_class_of_a_large_fraction():
    labels = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 5, 5, 5, 5, 5])
    for seed in range(5):
        found = held_out(5, 0.9, n_rows=40, labels=labels, seed=seed)
        for k in range(5):
            assert len(np.unique(labels[~found[:, k]])) == 10
        assert not held_out(5, 0.999, n_rows=10, seed=seed).all(axis=0).any()


def test_the_seed_decides():
    same, other = held_out(seed=3), held_out(seed=4)
    np.testing.assert_array_equal(held_out(seed=3), same)
    assert (same != other).any()


def test_members_hold_out_equal_shares_of_each_class():
    labels = np.random.default_rng(0).permutation(
        np.repeat(["a", "b", "c"], [150, 43, 7])
    )
    found = held_out(labels=labels)
    for label in "abc":
        of_class = labels == label
        counts = found[of_class].sum(axis=0)
        assert (np.abs(counts - of_class.sum() / 10) <= 1).all()
        assert (~found[of_class]).any(axis=0).all()


def test_the_only_row_of_a_class_is_kept():
    labels = np.array([0] * 100 + [1] * 99 + [2])
    for seed in range(20):
        assert not held_out(labels=labels, seed=seed)[-1].any()


def test_every_member_learns_from_all_classes():
    labels = np.repeat(np.arange(60), 2)
    for seed in range(5):
        found = held_out(n_rows=120, labels=labels, seed=seed)
        for k in range(5):
            assert len(np.unique(labels[~found[:, k]])) == 60


def test_groups_are_held_out_as_a_whole():
    groups = np.random.default_rng(0).integers(30, size=200)
    found = held_out(groups=groups)
    names = [set(groups[found[:, k]]) for k in range(5)]
    for k, name in enumerate(names):
        assert len(name) == 3
        assert not set(groups[~found[:, k]]) & name
    assert len(set.union(*names)) == 15


def test_groups_with_all_rows_of_a_class_are_kept():
    groups = np.repeat(np.arange(20), 10)
    labels = np.where(groups == 7, "rare", np.array(["a", "b"])[np.arange(200) % 2])
    for seed in range(20):
        found = held_out(groups=groups, labels=labels, seed=seed)
        assert not found[groups == 7].any()


def test_what_cannot_be_held_out_is_refused():
    for given in (
        {"n_rows": 1},
        {"n_rows": 3, "labels": np.arange(3)},
        {"groups": np.zeros(200, dtype=int)},
        {"groups": np.arange(200) // 100, "labels": np.arange(200) // 100},
    ):
        with pytest.raises(ValueError, match="validation_fraction=0.1"):
            held_out(**given)
