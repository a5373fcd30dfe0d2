"""Ablation curves: by hand on linear models, and what must hold for any model."""

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from sklearn_gradlasso.metrics import _masking, ablation_curve, ablation_scores

MODES, SIGNS = ("keep", "remove"), ("positive", "negative", "absolute")
MASKS = ("mean", "resample", "impute")
EVERY_COUNT = 1000


def gaussian(n, mean, covariance, seed=0):
    """Rows whose sample mean and covariance (dividing by n) are these exactly."""
    rows = np.random.default_rng(seed).standard_normal((n, len(mean)))
    rows -= rows.mean(axis=0)
    white = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / n)).T
    return mean + white @ np.linalg.cholesky(covariance).T


def curved(X):
    return np.tanh(X[:, 0] * X[:, 1]) + np.exp(0.3 * X[:, 2]) - X[:, 0]


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X, background = rng.standard_normal((30, 3)), rng.standard_normal((40, 3)) + 0.5
    return X, rng.standard_normal((30, 3)), background


# f(x) = 3 a - 2 b + c at (2, 1, 0), where it is 4. The background has means (1, 0, 1),
# where f is 4 too, and uncorrelated columns, so that the three masks agree. The
# attributions are (3, -2, -1), and y = 5 is scored by -|y - f|.
BY_HAND = {
    ("keep", "positive"): ([4, 7, 7, 7], (1.5 + 3 + 3) / 3),
    ("keep", "negative"): ([4, 2, 1, 1], (1 + 2.5 + 3) / 3),
    ("keep", "absolute"): ([-1, -2, 0, -1], -(1.5 + 1 + 0.5) / 3),
    ("remove", "positive"): ([4, 1, 1, 1], (1.5 + 3 + 3) / 3),
    ("remove", "negative"): ([4, 6, 7, 7], (1 + 2.5 + 3) / 3),
    ("remove", "absolute"): ([-1, -4, -2, -1], 1 + (2.5 + 3 + 1.5) / 3),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("mode, sign", BY_HAND)
def test_linear_model_by_hand(mode, sign, mask):
    signs = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
    curve = ablation_curve(
        lambda X: X @ [3.0, -2.0, 1.0],
        [[2.0, 1.0, 0.0]],
        [[3.0, -2.0, -1.0]],
        background=np.array(signs) + [1.0, 0.0, 1.0],
        mode=mode,
        sign=sign,
        mask=mask,
        y=[5.0],
        score=lambda y, output: -np.abs(y - output).mean(),
        n_fractions=EVERY_COUNT,
    )
    values, score = BY_HAND[mode, sign]
    np.testing.assert_allclose(curve.fractions, [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(curve.values, values, atol=1e-12)
    assert curve.score == pytest.approx(score)


def test_each_sample_has_its_own_order():
    X = np.array([[1.0, 10.0], [100.0, 1000.0]])
    phi = [[1.0, 2.0], [4.0, 3.0]]
    background = [[0.0, 0.0], [0.0, 0.0], [3.0, 6.0]]
    curve = ablation_curve(lambda X: X.sum(axis=1), X, phi, background=background)
    first = (1 + 10 + 100 + 2) / 2
    np.testing.assert_allclose(curve.values, [1 + 2, first, 1111 / 2])


def test_resampled_features_come_from_one_row():
    curve = ablation_curve(
        lambda X: X[:, 0] * X[:, 1],
        [[5.0, 7.0]],
        [[2.0, 1.0]],
        background=[[0.0, 0.0], [2.0, 2.0]],
        mask="resample",
    )
    np.testing.assert_allclose(curve.values, [(0 + 4) / 2, 5 * (0 + 2) / 2, 35])


def test_resampling_uses_each_row_of_the_background_equally_often(problem):
    X, phi, background = problem
    for n_resamples in (1, 7, 30):
        curve = ablation_curve(
            curved,
            X,
            phi,
            background=background[:30],
            mask="resample",
            n_resamples=n_resamples,
            random_state=0,
        )
        assert curve.values[0] == pytest.approx(curved(background[:30]).mean())


def test_more_resamples_come_closer_to_the_whole_background(problem):
    X, phi, background = problem

    def values(n_resamples, seed):
        return ablation_curve(
            curved,
            X,
            phi,
            background=background,
            mask="resample",
            n_resamples=n_resamples,
            random_state=seed,
        ).values

    def error(n_resamples):
        runs = [values(n_resamples, seed) for seed in range(20)]
        return np.square(runs - values(40, 0)).mean()

    assert error(20) < 0.5 * error(2)
    assert error(100) == pytest.approx(0, abs=1e-20)


def test_imputed_value_by_hand():
    covariance = [[4.0, 1.0], [1.0, 1.0]]
    curve = ablation_curve(
        lambda X: X[:, 1],
        [[5.0, 9.0]],
        [[2.0, 1.0]],
        background=gaussian(50, [1.0, -1.0], covariance),
        mask="impute",
    )
    np.testing.assert_allclose(curve.values, [-1, -1 + (5 - 1) / 4, 9], atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scale", [1, 1e6])
def test_imputed_values_are_conditional_means(mode, scale):
    rng = np.random.default_rng(1)
    root = rng.standard_normal((4, 4))
    mean, covariance = rng.standard_normal(4), root @ root.T
    X, phi = rng.standard_normal((6, 4)), rng.exponential(size=(6, 4))
    units = np.array([scale, 1, 1 / scale, 1])
    seen = []

    def predict(X):
        seen.append(X / units)
        return X[:, 0]

    background = gaussian(60, mean, covariance) * units
    ablation_curve(
        predict,
        X * units,
        phi,
        background=background,
        mode=mode,
        mask="impute",
        n_fractions=EVERY_COUNT,
    )
    assert len(seen) == 5
    for count, filled in enumerate(seen):
        for i, order in enumerate(np.argsort(-phi, axis=1)):
            first, last = order[:count], order[count:]
            shown, hidden = (first, last) if mode == "keep" else (last, first)
            solved = np.linalg.solve(
                covariance[np.ix_(shown, shown)], X[i, shown] - mean[shown]
            )
            expected = X[i].copy()
            expected[hidden] = mean[hidden] + covariance[np.ix_(hidden, shown)] @ solved
            np.testing.assert_allclose(filled[i], expected, atol=1e-4)


def test_imputing_survives_constant_and_repeated_columns(problem):
    X, _, background = problem
    constant = np.full(len(background), 0.1)
    doubled = np.column_stack([background[:, :2], background[:, 1], constant])
    rows = np.column_stack([X[:, :2], X[:, 1], X[:, 2]])
    curve = ablation_curve(
        lambda X: X @ [0.0, 1.0, 0.0, 0.0],
        rows,
        np.tile([0.0, -1.0, 1.0, 2.0], (len(X), 1)),
        background=doubled,
        mask="impute",
        n_fractions=EVERY_COUNT,
    )
    mean = doubled[:, 1].mean()
    expected = [mean, mean] + [X[:, 1].mean()] * 3
    np.testing.assert_allclose(curve.values, expected, atol=1e-5)


@pytest.mark.parametrize("mask", MASKS)
def test_small_batches_change_nothing(problem, mask, monkeypatch):
    X, phi, background = problem
    whole = ablation_curve(
        curved, X, phi, background=background, mask=mask, random_state=0
    )
    monkeypatch.setattr(_masking, "MAX_NUMBERS", 200)
    parts = ablation_curve(
        curved, X, phi, background=background, mask=mask, random_state=0
    )
    np.testing.assert_allclose(parts.values, whole.values)


def test_attributions_of_a_linear_model_beat_random_ones_on_all_scores():
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 2, size=12) * rng.choice([-1, 1], size=12)
    mean, covariance = rng.standard_normal(12), np.eye(12) + 0.2
    X = gaussian(300, mean, covariance)
    y = X @ weight + 50
    scores = {}
    for name, phi in {
        "true": weight * (X - mean),
        "random": rng.standard_normal(X.shape),
    }.items():
        scores[name] = ablation_scores(
            lambda X: X @ weight + 50,
            X,
            phi,
            background=X,
            y=y,
            n_resamples=20,
            random_state=0,
        )
    initials = [(k, s, m) for k in "KR" for s in "PNA" for m in "MRI"]
    assert list(scores["true"]) == ["".join(each) for each in initials]
    for name, score in scores["true"].items():
        assert score > scores["random"][name] + 0.1, name


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("mode", MODES)
def test_negative_is_the_mirror_of_positive(problem, mode, mask):
    X, phi, background = problem
    options = {
        "background": background,
        "mode": mode,
        "mask": mask,
        "n_resamples": 10,
        "random_state": 0,
    }
    curve = ablation_curve(curved, X, phi, sign="positive", **options)
    mirror = ablation_curve(lambda X: -curved(X), X, -phi, sign="negative", **options)
    np.testing.assert_allclose(mirror.values, -curve.values)
    assert mirror.score == pytest.approx(curve.score)
    assert abs(curve.score) > 0.01


def test_a_constant_in_the_output_changes_no_score(problem):
    X, phi, background = problem
    scores = [
        ablation_scores(
            lambda X, c=c: curved(X) + c,
            X,
            phi,
            background=background,
            y=curved(X) + c,
            random_state=0,
        )
        for c in (0, 1000)
    ]
    assert scores[0] == pytest.approx(scores[1])


def test_zero_attributions_have_no_sign(problem):
    X, _, background = problem
    phi = np.zeros(X.shape)
    for mode in MODES:
        for sign in ("positive", "negative"):
            curve = ablation_curve(
                curved, X, phi, background=background, mode=mode, sign=sign
            )
            shown = X if mode == "keep" else background
            assert curve.score == 0
            assert curve.values[-1] != pytest.approx(curved(shown).mean())
    curve = ablation_curve(
        curved, X, phi, background=background, sign="absolute", y=curved(X)
    )
    assert curve.values[-1] == 1


def test_equal_attributions_are_taken_by_column():
    curve = ablation_curve(
        lambda X: X @ [1.0, 10.0, 100.0],
        np.ones((1, 3)),
        np.ones((1, 3)),
        background=np.zeros((1, 3)),
        n_fractions=EVERY_COUNT,
    )
    np.testing.assert_allclose(curve.values, [0, 1, 11, 111])


def test_points_are_denser_at_few_features():
    X = np.ones((2, 60))
    curve = ablation_curve(lambda X: X.sum(axis=1), X, X, background=0 * X)
    counts = [0, 2, 4, 7, 10, 14, 20, 27, 35, 46, 60]
    np.testing.assert_allclose(60 * curve.fractions, counts)
    np.testing.assert_allclose(curve.values, counts)


def test_absolute_scores_outputs_by_r2_or_by_roc_auc(problem):
    X, phi, background = problem
    y = X[:, 0] ** 2
    given = {"background": background, "sign": "absolute"}
    curve = ablation_curve(curved, X, phi, y=y, **given)
    assert curve.values[-1] == pytest.approx(r2_score(y, curved(X)))
    classes = np.where(y > 1, "yes", "no")
    curve = ablation_curve(curved, X, phi, y=classes, **given)
    assert curve.values[0] == 0.5
    assert curve.values[-1] == pytest.approx(roc_auc_score(classes, curved(X)))


def test_draws_come_from_random_state_and_not_from_the_attributions(problem):
    X, phi, background = problem
    options = {"background": background, "mask": "resample", "n_resamples": 3}
    state = np.random.get_state()[1].copy()

    def run(phi, seed):
        return ablation_curve(curved, X, phi, random_state=seed, **options)

    np.testing.assert_array_equal(run(phi, 0).values, run(phi, 0).values)
    assert run(phi, 0).values[0] == run(-phi[::-1], 0).values[0]
    assert run(phi, 0).values[0] != run(phi, 1).values[0]
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_scores_are_those_of_the_curves(problem):
    X, phi, background = problem
    given = {"background": background, "y": X[:, 0], "n_resamples": 5}
    scores = ablation_scores(curved, X, phi, random_state=3, **given)
    for mode in MODES:
        for sign in SIGNS:
            for mask in MASKS:
                name = (mode[0] + sign[0] + mask[0]).upper()
                options = {"mode": mode, "sign": sign, "mask": mask}
                curve = ablation_curve(
                    curved, X, phi, random_state=3, **options, **given
                )
                assert scores.pop(name) == curve.score
    assert not scores


def test_a_generator_draws_once_for_all_scores(problem):
    X, phi, background = problem

    def linear(X):
        return X @ [1.0, 2.0, 3.0]

    scores = ablation_scores(
        linear,
        X,
        phi,
        background=background,
        y=X[:, 0],
        n_resamples=2,
        random_state=np.random.RandomState(0),
    )
    assert scores["KPR"] == pytest.approx(scores["RPR"])
    assert scores["KNR"] == pytest.approx(scores["RNR"])


def test_inputs_stay_as_they_are(problem):
    before = [array.copy() for array in problem]
    X, phi, background = problem
    ablation_scores(curved, X, phi, background=background, y=X[:, 0])
    for array, copy in zip(problem, before):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"mode": "drop"}, r"mode must be one of \('keep', 'remove'\), got 'drop'"),
        ({"sign": "both"}, "sign must be one of .*'absolute'.*, got 'both'"),
        ({"mask": "zero"}, "mask must be one of .*'impute'.*, got 'zero'"),
        ({"n_fractions": 1}, "n_fractions must be an integer >= 2, got 1"),
        ({"n_fractions": 2.5}, "n_fractions must be an integer >= 2, got 2.5"),
        ({"n_resamples": 0}, "n_resamples must be an integer >= 1, got 0"),
        ({"n_resamples": True}, "n_resamples must be an integer >= 1, got True"),
        ({"X": np.ones((4, 3, 2))}, r"X must have shape .*got \(4, 3, 2\).*flatten"),
        ({"X": np.full((4, 3), np.nan)}, "X contains NaN"),
        ({"phi": np.ones((4, 2))}, r"phi must have shape \(4, 3\), got \(4, 2\)"),
        ({"phi": np.ones((4, 3, 2))}, r"phi must .*\(4, 3, 2\).*one output"),
        ({"phi": np.full((4, 3), np.inf)}, "phi contains infinity"),
        ({"background": np.ones((9, 2))}, r"background .*\(n_rows, 3\), got \(9, 2\)"),
        ({"background": np.full((9, 3), np.nan)}, "background contains NaN"),
        ({"background": np.ones((1, 3)), "mask": "impute"}, "at least two rows"),
        ({"sign": "absolute"}, 'y is missing; sign="absolute"'),
        ({"sign": "absolute", "y": np.ones(3)}, r"y must .*\(4,\), got \(3,\)"),
        ({"sign": "absolute", "y": [1.0, 2.0, 3.0, np.nan]}, "y contains NaN"),
        (
            {"sign": "absolute", "y": np.arange(4.0), "score": lambda y, o: np.nan},
            "score's values contains NaN",
        ),
        ({"predict": lambda X: X}, r"predict's output must .*got \(4, 3\)"),
        ({"predict": lambda X: X.sum()}, r"predict's output must .*got \(1,\)"),
        ({"predict": lambda X: np.log(0 * X[:, 0] - 1)}, "predict's output contains"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_errors(change, message):
    given = {
        "predict": lambda X: X.sum(axis=1),
        "X": np.ones((4, 3)),
        "phi": np.ones((4, 3)),
        "background": np.eye(3),
    }
    with pytest.raises(ValueError, match=message):
        ablation_curve(**(given | change))


def test_scores_need_y(problem):
    X, phi, background = problem
    with pytest.raises(ValueError, match="y is missing"):
        ablation_scores(curved, X, phi, background=background, y=None)
