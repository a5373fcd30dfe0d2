"""The results of a path over many strengths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.feature_names import headings, names_known, numbered

__all__ = ["LambdaPath", "Strength", "names_of"]

# A feature is selected if its effect is as large as this share of the largest effect,
# and of the scale of the answer. ``effective_columns`` has the same limits at each row.
SHARE_OF_LARGEST, SHARE_OF_SCALE = 0.1, 0.01


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Strength:
    """One strength of a :class:`LambdaPath`; the attributes are explained there.

    Parameters
    ----------
    lam : float
    score, score_std, loss : float
        With folds the mean over those that have a value, and the standard deviation of
        the scores; without folds that is 0.
    train_loss, penalty, n_iter : float
        With folds means over those that have a value.
    effective_columns, effective_features : float
    importances, effect_sizes : ndarray of shape (n_features,)
    selected : ndarray of bool of shape (n_features,)
        The features that are selected.
    selected_names : ndarray of str of shape (n_selected,)
    estimator : estimator or None
        The fitted estimator, if ``return_estimators`` was set.
    """

    lam: float
    score: float
    score_std: float
    loss: float
    train_loss: float
    penalty: float
    n_iter: float
    effective_columns: float
    effective_features: float
    importances: np.ndarray
    effect_sizes: np.ndarray
    selected: np.ndarray
    selected_names: np.ndarray
    estimator: Any = None

    @property
    def n_selected(self) -> int:
        return int(self.selected.sum())

    def __repr__(self) -> str:
        return (
            f"<Strength: lam={self.lam:.3g}, score={self.score:.3g}, "
            f"loss={self.loss:.3g}, {self.n_selected} of {len(self.selected)} selected>"
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LambdaPath:
    """Scores, sparsity and importances of networks of several strengths.

    It is a sequence of :class:`~sklearn_gradlasso.paths.Strength`: ``len(path)``,
    ``path[-1]``, ``for strength in path``. Results are NaN where training diverged or
    did not take place, because the estimator could not be fitted or because of a
    keyboard interrupt.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths.
    scores : ndarray of shape (n_lams,) or (n_folds, n_lams)
        Scores on the rows held out; larger is better. A score that fails is NaN.
    losses : ndarray of the shape of scores
        Log loss of classifiers on the same rows, in nats; of an indicator of labels the
        sum over labels. For regressors the squared error as a share of the variance of
        y.
    constant_losses : ndarray of shape () or (n_folds,)
        The same of a constant answer: the shares of the classes or labels in the
        training rows, or their mean.
    effective_columns : ndarray of shape (n_lams,)
        Average number of columns that count at a sample, by effects
        (:func:`sklearn_gradlasso.metrics.effective_columns`): how far the answer moves
        when the column gets values of training rows. The features that encode one
        column are replaced together. The answer is the log-odds, of each class against
        the rest, or the prediction. A column counts if it moves the answer by a tenth
        of the row's largest, and by a hundredth of the scale of the answer, which is
        the standard deviation of y, or ``sqrt(var f + pi ** 2 / 3)`` for log-odds f.
        With folds it is the mean over the folds in which training did not diverge. It
        is computed on at most 256 of the rows, and NaN for images, sequences and tables
        of more than 200 columns.
    effective_features : ndarray of shape (n_lams,)
        Average number of features that matter at a sample, by slopes
        (:func:`sklearn_gradlasso.metrics.effective_features`): gradients of the
        predicted class's log-odds, or of all outputs, on the same rows. Its floor is
        the same share of the same scale, per standard deviation of the feature.
    importances : ndarray of shape (n_lams, n_features) or (n_lams, n_columns)
        They sum to 1 for each strength. Without columns of their own names they are
        ``feature_importances_`` of the networks. For the columns of a Pipeline or of
        ``groups`` they are shares of the root mean square of the effects, in units of
        the answer, on the same rows. With folds they are means over the folds in which
        training did not diverge.
    feature_names : ndarray of str of shape (n_features,) or (n_columns,)
    estimators : tuple of estimators or None
        The fitted estimators, if ``return_estimators`` was set; one that was not fitted
        is None.
    effect_sizes : ndarray of the shape of importances
        Root mean squares over rows of the effects, as shares of the scale of the
        answer; with folds means over them. Where there are no effects they are those of
        slopes, per standard deviation of the feature.
    train_losses, penalties, n_iter : ndarray of the shape of scores
        The last of ``loss_curve_`` and of ``penalty_curve_`` of the networks, and their
        number of epochs.
    """

    lams: np.ndarray
    scores: np.ndarray
    losses: np.ndarray
    constant_losses: np.ndarray
    effective_columns: np.ndarray
    effective_features: np.ndarray
    importances: np.ndarray
    feature_names: np.ndarray
    estimators: tuple | None = None
    effect_sizes: np.ndarray | None = None
    train_losses: np.ndarray | None = None
    penalties: np.ndarray | None = None
    n_iter: np.ndarray | None = None

    def __post_init__(self):
        # What is not known is NaN, so that a path can be made by hand.
        like = {"effect_sizes": self.importances}
        for name in ("effect_sizes", "train_losses", "penalties", "n_iter"):
            if getattr(self, name) is None:
                unknown = np.full(np.shape(like.get(name, self.scores)), np.nan)
                object.__setattr__(self, name, unknown)

    @property
    def mean_scores(self) -> np.ndarray:
        """Scores by strength; with folds their mean over the folds that have one."""
        return by_lam(self.scores)

    @property
    def std_scores(self) -> np.ndarray:
        """Standard deviations over the same folds, as in ``GridSearchCV``."""
        return by_lam(self.scores, np.ma.MaskedArray.std)

    @property
    def selected(self) -> np.ndarray:
        """The features that the network of a strength uses, (n_lams, n_features).

        A feature is selected if its effect (``effect_sizes``) is at least a tenth of
        the largest effect of this network, and at least a hundredth of the scale of the
        answer. A network that a strong prior has made flat therefore selects nothing.
        """
        sizes = self.effect_sizes
        least = SHARE_OF_LARGEST * sizes.max(axis=1, keepdims=True)
        return (sizes >= least) & (sizes >= SHARE_OF_SCALE)

    @property
    def vanishing_lams(self) -> np.ndarray:
        """The smallest strength from which on a feature is not selected, (n_features,).

        No network of this or of a larger strength selects the feature. It is infinite
        if the network of the largest strength does. Strengths without results do not
        count.
        """
        order = self._increasing()
        used, lams = self.selected[order], np.append(self.lams[order], np.inf)
        last = len(order) - np.argmax(used[::-1], axis=0)
        return lams[np.where(used.any(axis=0), last, 0)]

    @property
    def vanishing_order(self) -> np.ndarray:
        """Positions of the features, from the last to vanish to the first.

        Features that vanish together are in the order of their effects at the largest
        strength before. This is the order of importance along the path.
        """
        order, vanishing = self._increasing(), self.vanishing_lams
        before = [max((self.lams[order] < lam).sum() - 1, 0) for lam in vanishing]
        sizes = self.effect_sizes[order][before, np.arange(len(vanishing))]
        return np.lexsort([-sizes, -vanishing])

    def __repr__(self) -> str:
        return (
            f"<LambdaPath: {len(self)} strengths of {len(self.feature_names)} columns, "
            f"lam from {np.min(self.lams):.3g} to {np.max(self.lams):.3g}>"
        )

    def __len__(self) -> int:
        return len(self.lams)

    def __iter__(self) -> Iterator[Strength]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, k) -> Strength | list[Strength]:
        """The k-th strength, or a list of them for a slice."""
        if isinstance(k, slice):
            return [self[each] for each in range(*k.indices(len(self)))]
        if not isinstance(k, Integral):
            raise TypeError(f"a path is indexed by position or slice, got {k!r}.")
        if not -len(self) <= k < len(self):
            raise IndexError(f"there are {len(self)} strengths, got position {k}.")
        k, selected = int(k) % len(self), self.selected[k]
        means = {"score": "scores", "loss": "losses", "train_loss": "train_losses"}
        means |= {"penalty": "penalties", "n_iter": "n_iter"}
        return Strength(
            lam=float(self.lams[k]),
            score_std=float(self.std_scores[k]),
            **{one: float(by_lam(getattr(self, of))[k]) for one, of in means.items()},
            effective_columns=float(self.effective_columns[k]),
            effective_features=float(self.effective_features[k]),
            importances=self.importances[k],
            effect_sizes=self.effect_sizes[k],
            selected=selected,
            selected_names=np.asarray(self.feature_names)[selected],
            estimator=None if self.estimators is None else self.estimators[k],
        )

    def to_frame(self):
        """The path as a pandas.DataFrame with a row for each strength.

        The columns are lam, score and loss (with folds, the mean over them),
        effective_columns, effective_features, and the importance of each feature under
        its name; a feature "lam" is "feature lam".
        """
        pandas = check_pandas_support("LambdaPath.to_frame")

        columns = {
            "lam": self.lams,
            "score": self.mean_scores,
            "loss": by_lam(self.losses),
            "effective_columns": self.effective_columns,
            "effective_features": self.effective_features,
        }
        names = headings(self.feature_names, columns)
        importances = pandas.DataFrame(self.importances, columns=names)
        return pandas.concat([pandas.DataFrame(columns), importances], axis=1)

    def _increasing(self) -> np.ndarray:
        """Positions of the strengths with results, from the smallest to the largest."""
        order = np.argsort(self.lams, kind="stable")
        return order[~np.isnan(self.effect_sizes[order]).any(axis=1)]


def by_lam(values: np.ndarray, mean=np.ma.MaskedArray.mean) -> np.ndarray:
    """Means over folds that have a value, or values without folds; NaN without any."""
    values = np.atleast_2d(values)
    return mean(np.ma.masked_invalid(values), axis=0).filled(np.nan)


def names_of(X, n_features: int) -> np.ndarray:
    """Names of the columns of X, or ``x0``, ``x1``, ... if it has none."""
    names = names_known(X, None)
    return numbered((n_features,)) if names is None else np.asarray(names, dtype=object)
