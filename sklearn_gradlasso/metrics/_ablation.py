"""Ablation: how the output changes as features are kept or removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from numbers import Integral

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.metrics import auc, r2_score, roc_auc_score
from sklearn.utils import check_array, check_random_state
from sklearn.utils.multiclass import type_of_target

from ._masking import MASKS, filling

__all__ = ["AblationCurve", "ablation_curve", "ablation_scores"]

OPTIONS = {
    "mode": ("keep", "remove"),
    "sign": ("positive", "negative", "absolute"),
    "mask": MASKS,
}

Predict = Callable[[np.ndarray], ArrayLike]
Score = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True, eq=False)
class AblationCurve:
    """An ablation curve and its score.

    Parameters
    ----------
    fractions : ndarray of shape (n_points,)
        Share of the features kept or removed, from 0 to 1.
    values : ndarray of shape (n_points,)
        Mean output of the model, or ``score(y, output)`` for sign "absolute".
    score : float
        Signed area of the curve; larger is better.
    """

    fractions: np.ndarray
    values: np.ndarray
    score: float


def ablation_curve(
    predict: Predict,
    X: ArrayLike,
    phi: ArrayLike,
    *,
    background: ArrayLike,
    mode: str = "keep",
    sign: str = "positive",
    mask: str = "mean",
    y: ArrayLike | None = None,
    score: Score | None = None,
    n_fractions: int = 11,
    n_resamples: int = 100,
    random_state: int | RandomState | None = None,
) -> AblationCurve:
    """Output of a model as more of each sample's features are kept or removed.

    The features of a sample are ordered by its attributions: most positive first, most
    negative first, or largest magnitude first. Ties are ordered by column. At each
    point of the curve the first c features are kept and all others are hidden, or the
    first c are removed, that is hidden, and all others are shown. With the signs
    "positive" and "negative" only features with attributions of that sign are kept or
    removed. A feature whose attribution is exactly zero has neither sign: it stays
    hidden with "keep" and shown with "remove". With "absolute" all features are kept or
    removed in the end.

    If v(t) is the value at fraction t, the score is an area by trapezoids::

        keep positive, remove negative      integral of v(t) - v(0)
        keep negative, remove positive      integral of v(0) - v(t)
        keep absolute                       integral of v(t)
        remove absolute                     1 - integral of v(t)

    At v(0) nothing is kept or removed yet, so it is the same for all attributions.
    Without the subtraction a constant in the output would change the score.

    These are the measures of Lundberg et al. (2019), *Explainable AI for Trees*, as
    Erion et al. (2019), *Learning Explainable Models Using Attribution Priors*, use
    them (appendix C.2). The code of Lundberg et al. differs in three points: it
    subtracts nothing, it takes features whose attribution is zero with either sign,
    and it resamples the same rows for all samples.

    Parameters
    ----------
    predict : callable of signature ``(n, n_features) -> (n,)``
        Output of the model for an array of rows, such as the prediction of a regressor
        or the log-odds of a classifier.
    X : array-like of shape (n_samples, n_features)
        Samples.
    phi : array-like of shape (n_samples, n_features)
        Attributions of the samples for the output that ``predict`` returns.
    background : array-like of shape (n_rows, n_features)
        Rows from which the values of hidden features are taken, usually the training
        set.
    mode : {"keep", "remove"}, default="keep"
        Whether the first features are kept or removed.
    sign : {"positive", "negative", "absolute"}, default="positive"
        Order of the features.
    mask : {"mean", "resample", "impute"}, default="mean"
        What replaces the hidden features of a sample. "mean": the means of the
        background's columns. "resample": the values of a background row, with outputs
        averaged over several rows. "impute": their conditional mean given the other
        features of the sample, under a normal distribution with the mean and the
        covariance of the background (1e-6 is added to the diagonal of its
        correlations).
    y : array-like of shape (n_samples,), default=None
        True values. Only sign "absolute" needs them.
    score : callable of signature ``(y, output) -> float``, default=None
        Agreement of y and the output for sign "absolute"; larger is better. ``None``
        takes the area under the ROC curve if y has two classes and R2 otherwise.
    n_fractions : int, default=11
        Number of points before rounding to whole features. The counts are
        ``n_features (10^s - 1) / 9`` for s equally spaced from 0 to 1, which puts more
        points at small counts, as in Lundberg et al. A large number takes every count
        of features.
    n_resamples : int, default=100
        Number of background rows for each sample with mask "resample"; they are the
        same at all points. If the background has no more rows than this, all of them
        are used.
    random_state : int, RandomState or None, default=None
        Decides these rows. Give the same integer to compare attributions on the same
        rows.

    Returns
    -------
    AblationCurve

    Raises
    ------
    ValueError
        If shapes disagree, if an entry or an output is infinite or NaN, if an option is
        unknown or a number too small, or if y is missing for sign "absolute".

    Examples
    --------
    >>> weight = np.array([2.0, -1.0])
    >>> X, background = np.array([[1.0, 1.0]]), np.zeros((1, 2))
    >>> curve = ablation_curve(
    ...     lambda X: X @ weight, X, X * weight, background=background
    ... )
    >>> curve.fractions, curve.values, curve.score
    (array([0. , 0.5, 1. ]), array([0., 2., 2.]), 1.5)
    """
    for name, value in {"mode": mode, "sign": sign, "mask": mask}.items():
        if value not in OPTIONS[name]:
            raise ValueError(f"{name} must be one of {OPTIONS[name]}, got {value!r}.")
    for name, value, least in [
        ("n_fractions", n_fractions, 2),
        ("n_resamples", n_resamples, 1),
    ]:
        is_integer = isinstance(value, Integral) and not isinstance(value, bool)
        if not is_integer or value < least:
            raise ValueError(f"{name} must be an integer >= {least}, got {value!r}.")
    shape = ("n_samples", "n_features")
    X = _check(X, "X", shape, "flatten the axes of the features")
    phi = _check(phi, "phi", X.shape, "explain one output at the rows of X")
    shape = ("n_rows", X.shape[1])
    background = _check(background, "background", shape, "give the features of X")
    if sign == "absolute":
        if y is None:
            raise ValueError('y is missing; sign="absolute" scores outputs against it.')
        y = _check(y, "y", X.shape[:1], "give one value per row of X", dtype=None)
        if score is None:
            two_classes = len(np.unique(y)) == 2 and type_of_target(y) == "binary"
            score = roc_auc_score if two_classes else r2_score

    fill = filling(mask, X, background, n_resamples, random_state)
    signed = {"positive": phi, "negative": -phi, "absolute": np.abs(phi)}[sign]
    order = np.argsort(-signed, axis=1, kind="stable")
    rank = np.argsort(order, axis=1)
    eligible = np.full(phi.shape, True) if sign == "absolute" else signed > 0

    spacing = (np.logspace(0, 1, n_fractions) - 1) / 9
    counts = np.unique(np.rint(X.shape[1] * spacing).astype(int))
    values = np.empty(len(counts))
    for point, count in enumerate(counts):
        first = (rank < count) & eligible
        output = _outputs(predict, fill(first if mode == "keep" else ~first), len(X))
        values[point] = score(y.copy(), output) if sign == "absolute" else output.mean()

    fractions = counts / X.shape[1]
    if sign == "absolute":
        _check(values, "score's values", values.shape, "return finite numbers")
        area = auc(fractions, values)
        return AblationCurve(fractions, values, area if mode == "keep" else 1 - area)
    rises = (mode == "keep") == (sign == "positive")
    change = values - values[0] if rises else values[0] - values
    return AblationCurve(fractions, values, auc(fractions, change))


def ablation_scores(
    predict: Predict,
    X: ArrayLike,
    phi: ArrayLike,
    *,
    background: ArrayLike,
    y: ArrayLike,
    score: Score | None = None,
    n_fractions: int = 11,
    n_resamples: int = 100,
    random_state: int | RandomState | None = None,
) -> dict[str, float]:
    """The 18 ablation scores; each is better if it is larger.

    A name consists of the initials of mode, sign and mask: KPM is keep, positive, mean,
    and RAI is remove, absolute, impute (Erion et al. 2019, table 1).

    Parameters
    ----------
    predict, X, phi, background, y, score, n_fractions, n_resamples : as described
        See `ablation_curve`.
    random_state : int, RandomState or None, default=None
        Decides the background rows, which are the same for all scores.

    Returns
    -------
    dict of str to float
        In the order of the paper's table.

    Raises
    ------
    ValueError
        As `ablation_curve`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, weight = rng.standard_normal((50, 3)), np.array([3.0, -2.0, 1.0])
    >>> scores = ablation_scores(
    ...     lambda X: X @ weight, X, X * weight, background=X, y=X @ weight
    ... )
    >>> len(scores), scores["KPM"] > 0, scores["KAM"] <= 1
    (18, True, True)
    """
    if not isinstance(random_state, Integral):
        random_state = check_random_state(random_state).randint(2**31 - 1)
    scores = {}
    for mode, sign, mask in product(*OPTIONS.values()):
        curve = ablation_curve(
            predict,
            X,
            phi,
            background=background,
            mode=mode,
            sign=sign,
            mask=mask,
            y=y,
            score=score,
            n_fractions=n_fractions,
            n_resamples=n_resamples,
            random_state=random_state,
        )
        scores[(mode[0] + sign[0] + mask[0]).upper()] = curve.score
    return scores


def _outputs(predict, blocks, n) -> np.ndarray:
    """Outputs for n samples, averaged over all versions of them in the blocks."""
    outputs = []
    for block in blocks:
        output = np.atleast_1d(predict(block))
        fix = "return one output of the model for each row"
        outputs.append(_check(output, "predict's output", block.shape[:1], fix))
    return np.concatenate(outputs).reshape(-1, n).mean(axis=0)


def _check(values, name, shape, fix, dtype=np.float64) -> np.ndarray:
    """Array of finite numbers with this shape, in which a name fits any length."""
    values = check_array(
        values, dtype=dtype, ensure_2d=False, allow_nd=True, input_name=name
    )
    same = [isinstance(want, str) or want == n for want, n in zip(shape, values.shape)]
    if values.ndim != len(shape) or not all(same):
        wanted = str(shape).replace("'", "")
        raise ValueError(f"{name} must have shape {wanted}, got {values.shape}; {fix}.")
    return values
