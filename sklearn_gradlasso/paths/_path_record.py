"""The results of a path over many strengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.feature_names import headings, names_known, numbered

__all__ = ["LambdaPath", "names_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class LambdaPath:
    """Scores, sparsity and importances of networks of several strengths.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths.
    scores : ndarray of shape (n_lams,) or (n_folds, n_lams)
        Scores on the rows held out; larger is better. Scores and all other results are
        NaN if training diverged.
    losses : ndarray of the shape of scores
        Log loss of classifiers on the same rows, in nats. For regressors the squared
        error as a share of the variance of y.
    constant_losses : ndarray of shape () or (n_folds,)
        The same of a constant answer: the shares of the classes in the training rows,
        or their mean.
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
        The fitted estimators, if ``return_estimators`` was set.
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

    def to_frame(self):
        """The path as a pandas.DataFrame with a row for each strength.

        The columns are lam, score and loss (with folds, the mean over them),
        effective_columns, effective_features, and the importance of each feature under
        its name; a feature "lam" is "feature lam".
        """
        pandas = check_pandas_support("LambdaPath.to_frame")

        columns = {
            "lam": self.lams,
            "score": _by_lam(self.scores),
            "loss": _by_lam(self.losses),
            "effective_columns": self.effective_columns,
            "effective_features": self.effective_features,
        }
        names = headings(self.feature_names, columns)
        importances = pandas.DataFrame(self.importances, columns=names)
        return pandas.concat([pandas.DataFrame(columns), importances], axis=1)


def _by_lam(values: np.ndarray) -> np.ndarray:
    return values if values.ndim == 1 else values.mean(axis=0)


def names_of(X, n_features: int) -> np.ndarray:
    """Names of the columns of X, or ``x0``, ``x1``, ... if it has none."""
    names = names_known(X, None)
    return numbered((n_features,)) if names is None else np.asarray(names, dtype=object)
