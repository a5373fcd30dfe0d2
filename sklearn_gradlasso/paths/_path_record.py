"""The results of a path over many strengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.feature_names import names_known, numbered

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
    effective_features : ndarray of shape (n_lams,)
        Average number of features that matter at a sample
        (:func:`sklearn_gradlasso.metrics.effective_features`), computed from input
        gradients on the same rows. With folds it is the mean over the folds in which
        training did not diverge.
    importances : ndarray of shape (n_lams, n_features)
        ``feature_importances_`` of the networks, which sum to 1 for each strength. With
        folds they are means over the folds in which training did not diverge.
    feature_names : ndarray of str of shape (n_features,)
    estimators : tuple of estimators or None
        The fitted estimators, if ``return_estimators`` was set.
    """

    lams: np.ndarray
    scores: np.ndarray
    effective_features: np.ndarray
    importances: np.ndarray
    feature_names: np.ndarray
    estimators: tuple | None = None

    def to_frame(self):
        """The path as a pandas.DataFrame with a row for each strength.

        The columns are lam, score (with folds, the mean over them),
        effective_features, and the importance of each feature under its name.
        """
        pandas = check_pandas_support("LambdaPath.to_frame")

        scores = self.scores if self.scores.ndim == 1 else self.scores.mean(axis=0)
        columns = {
            "lam": self.lams,
            "score": scores,
            "effective_features": self.effective_features,
        }
        importances = pandas.DataFrame(self.importances, columns=self.feature_names)
        return pandas.concat([pandas.DataFrame(columns), importances], axis=1)


def names_of(X, n_features: int) -> np.ndarray:
    """Names of the columns of X, or ``x0``, ``x1``, ... if it has none."""
    names = names_known(X, None)
    return numbered((n_features,)) if names is None else np.asarray(names, dtype=object)
