"""Annealing in cycles; a second one is taken where the first has not settled."""

import math

import numpy as np
import pytest

from sklearn_gradlasso import GradientLassoClassifier, lambda_path
from sklearn_gradlasso.training.schedules import annealed_share, cycle_of
from sklearn_gradlasso.training.stopping import CyclePlateau

rng = np.random.default_rng(0)
N = 800
X = rng.uniform(-1, 1, (N, 4))
RULE = (X[:, 0] * X[:, 1] > 0).astype(int)
NOISE = (X[:, 0] + 2 * rng.standard_normal(N) > 0).astype(int)


def test_each_cycle_is_twice_as_long():
    found = [cycle_of(epoch, 9, 2) for epoch in range(9)]
    assert found == 3 * [(0, 3)] + 6 * [(3, 6)]
    assert {cycle_of(epoch, 9, 1) for epoch in range(9)} == {(0, 9)}
    assert cycle_of(9, 10, 2) == (4, 6)  # the last cycle has what is left


def test_the_rate_rises_and_falls_in_each_cycle():
    shares = [annealed_share(epoch, 30, 2, rising=0.3) for epoch in range(30)]
    np.testing.assert_allclose(shares[:4], [1 / 4, 2 / 4, 3 / 4, 1])
    np.testing.assert_allclose(shares[9], (1 + math.cos(math.pi * 6 / 7)) / 2)
    assert (np.diff(shares[3:10]) < 0).all()
    np.testing.assert_allclose(shares[10:17], np.arange(1, 8) / 7)
    assert (np.diff(shares[16:]) < 0).all()
    assert annealed_share(0, 3, 1, rising=0.3) == 1  # too short to rise
    assert annealed_share(0, 30, 1, rising=0.0) == 1


def plateau_after(losses, monitor="loss", **other):
    """The plateau after a first cycle of so many epochs."""
    n = len(losses)
    plateau = CyclePlateau(1e-4, 3 * n, n_cycles=2, first=0, monitor=monitor)
    for k, loss in enumerate(losses):
        assert not plateau.reached
        rest = {"valid_score": 0.0, **{name: of[k] for name, of in other.items()}}
        plateau.judge({"valid_loss": loss, "train_batch_count": 1, **rest})
    return plateau


@pytest.mark.parametrize(
    ("losses", "settles"),
    [
        ([2.0, 1.0, 0.98, 0.951], True),
        ([2.0, 1.0, 0.98, 0.949], False),
        ([2.0, 1.0, 0.9, 1.5], False),  # the lowest one counts, not the last one
        ([1.0, 2.0, 1.5, 1.1], True),
        ([0.5, 0.0, 0.0, 0.0], True),
        ([-0.8, -0.9, -0.91, -0.94], True),  # a loss of one's own
        ([-0.8, -0.9, -0.91, -0.95], False),
    ],
)
def test_a_cycle_has_settled_if_its_second_half_hardly_falls(losses, settles):
    assert plateau_after(losses).reached is settles


def test_the_loss_decides_whatever_chooses_the_weights():
    flat, falling = [2.0, 1.0, 1.0, 1.0], [2.0, 1.0, 0.9, 0.8]
    scores = [0.5, 0.96, 0.97, 0.97]
    assert plateau_after(flat, "objective", valid_objective=falling).reached
    assert not plateau_after(falling, "objective", valid_objective=flat).reached
    assert not plateau_after(falling, "score", valid_score=scores).reached
    best = plateau_after(
        falling, "objective", valid_objective=[2.0, 1.5, 1.0, 1.2]
    ).best
    assert best == 1.0


def test_epochs_before_the_first_one_that_is_judged_are_counted():
    plateau = CyclePlateau(1e-4, max_epochs=12, n_cycles=2, first=3, monitor="loss")
    for k in range(9):  # Nothing is known of the first half of the first cycle.
        assert not plateau.reached, k
        plateau.judge({"valid_loss": 1.0, "valid_score": 0.0, "train_batch_count": 1})
    assert plateau.reached


@pytest.mark.parametrize(("y", "n_cycles"), [(RULE, 2), (NOISE, 1)])
def test_a_second_cycle_is_taken_where_rules_decide(y, n_cycles):
    model = GradientLassoClassifier(random_state=0).fit(X, y)
    n_epochs = 300 // math.ceil(N / 64) + 1
    assert model.n_iter_ == n_epochs * (2**n_cycles - 1)
    unfitted = GradientLassoClassifier(random_state=0)
    path = lambda_path(unfitted, X, y, lams=[0.01, 5.0], return_estimators=True)
    assert path.estimators[0].n_iter_ == model.n_iter_  # The other one has its own.
