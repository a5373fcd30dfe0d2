import numpy as np
import pytest

from sklearn_gradlasso.metrics import effective_features, gini_index


def test_effective_features_counts_from_a_tenth_of_the_largest():
    phi = np.array(
        [[10.0, -1.0, 0.99, 0.0], [0.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]]
    )
    assert effective_features(phi) == pytest.approx((2 + 0 + 4) / 3)
    assert effective_features(phi, cutoff=0.05) == pytest.approx((3 + 0 + 4) / 3)
    assert effective_features(phi, cutoff=1) == pytest.approx((1 + 0 + 4) / 3)


def test_effective_features_does_not_depend_on_the_scale_of_a_row():
    phi = np.random.default_rng(0).standard_normal((50, 7))
    scaled = phi * np.logspace(-8, 8, 50)[:, None]
    assert effective_features(scaled) == effective_features(phi)


def test_effective_features_of_several_outputs_are_averaged():
    phi = np.random.default_rng(0).standard_normal((50, 7, 3))
    each = [effective_features(phi[:, :, k]) for k in range(3)]
    assert effective_features(phi) == pytest.approx(np.mean(each))


def test_gini_index_equals_its_double_sum():
    values = np.random.default_rng(0).exponential(size=13)
    differences = np.abs(values[:, None] - values).sum()
    assert gini_index(values) == pytest.approx(differences / (26 * values.sum()))
    assert gini_index(1e-200 * values) == pytest.approx(gini_index(values))


def test_gini_index_at_its_ends():
    assert gini_index(np.ones(5)) == 0
    assert gini_index(np.eye(5)[0]) == pytest.approx(0.8)
    assert gini_index(np.zeros(5)) == 0


def test_errors():
    with pytest.raises(ValueError, match=r"cutoff must be in \(0, 1\], got 0"):
        effective_features(np.ones((2, 2)), cutoff=0)
    with pytest.raises(ValueError, match="phi contains NaN"):
        effective_features([[np.nan, 1.0]])
    with pytest.raises(ValueError, match=r"flatten.*features"):
        effective_features(np.ones((2, 2, 2, 2)))
    with pytest.raises(ValueError, match=r"phi must have shape.*got \(3,\)"):
        effective_features(np.ones(3))
    with pytest.raises(ValueError, match="must not be negative, got -1.0"):
        gini_index([1.0, -1.0])
    with pytest.raises(ValueError, match="one axis"):
        gini_index(np.ones((2, 2)))
    with pytest.raises(ValueError, match="importances contains NaN"):
        gini_index([1.0, np.nan])
