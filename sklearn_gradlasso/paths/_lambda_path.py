"""Paths: one network for each strength of the prior, many of them trained as one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import _num_samples

from ..inspection.feature_names import names_known, numbered
from ._grid import fits_along, grid_of, seeded, strengths
from ._prepared_part import Data

__all__ = ["LambdaPath", "lambda_path"]


@dataclass(frozen=True, eq=False, kw_only=True)
class LambdaPath:
    """What networks of several strengths of the prior are like.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths.
    scores : ndarray of shape (n_lams,) or (n_folds, n_lams)
        On the rows held out, larger is better; NaN where training diverged, as are
        the other figures then.
    effective_features : ndarray of shape (n_lams,)
        Average number of features that matter at a sample
        (:func:`sklearn_gradlasso.metrics.effective_features`), by input gradients on
        the same rows; over folds, the mean of those that did not diverge.
    importances : ndarray of shape (n_lams, n_features)
        ``feature_importances_`` of the networks, each with sum 1; over folds, the
        mean of those that did not diverge.
    feature_names : ndarray of str of shape (n_features,)
    estimators : tuple of estimators or None
        The fitted estimators, if they were asked for.
    """

    lams: np.ndarray
    scores: np.ndarray
    effective_features: np.ndarray
    importances: np.ndarray
    feature_names: np.ndarray
    estimators: tuple | None = None

    def to_frame(self):
        """A pandas.DataFrame with a line for each strength.

        Columns: lam, score (over folds, the mean), effective_features, and the
        importance of each feature by its name.
        """
        import pandas as pd

        scores = self.scores if self.scores.ndim == 1 else self.scores.mean(axis=0)
        columns = {
            "lam": self.lams,
            "score": scores,
            "effective_features": self.effective_features,
        }
        importances = pd.DataFrame(self.importances, columns=self.feature_names)
        return pd.concat([pd.DataFrame(columns), importances], axis=1)


def lambda_path(
    estimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    lams: int | ArrayLike = 20,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    scoring=None,
    warm_start: bool = False,
    return_estimators: bool = False,
) -> LambdaPath:
    """Fit an estimator with many strengths of its prior.

    The networks are trained as one (``torch.func.vmap``), each as the estimator would
    be alone with the same integer as ``random_state``: they have the same initial
    weights and order of rows, and end in their own time.
    Beside the data, memory stays within scikit-learn's ``working_memory`` (see
    :func:`sklearn.set_config`), as long as a step of one network does.

    Parameters
    ----------
    estimator : estimator
        One of this package with a parameter ``lam``; it is not changed.
    X, y : array-like
        As in ``fit``.
    lams : int or array-like of shape (n_lams,), default=20
        The strengths; or how many, evenly spaced in their logarithm from 0.001 to 10
        times the strength at which loss and prior are of one magnitude.
    sample_weight : array-like of shape (n_samples,), default=None
    annotations : array-like, default=None
        As in ``fit``, for estimators that take them.
    X_test, y_test : array-like, default=None
        Rows for the scores and the effective features; by default those of X.
    scoring : str or callable, default=None
        As in ``GridSearchCV``; by default the estimator's ``score``.
    warm_start : bool, default=False
        Whether each network starts from the weights of the next smaller strength, and
        not all from the same. They are then trained one after the other.
    return_estimators : bool, default=False
        Whether to keep the fitted networks.

    Returns
    -------
    LambdaPath
        In the order of ``lams``.

    Raises
    ------
    TypeError
        If the estimator has no ``lam``.
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso import GradientLassoClassifier, lambda_path
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X = StandardScaler().fit_transform(X)
    >>> model = GradientLassoClassifier(tol=1e-3, random_state=0)
    >>> path = lambda_path(model, X, y, lams=[0.001, 1.0])
    >>> path.effective_features[1] < path.effective_features[0] / 2
    np.True_
    """
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test belong together; give both, or none.")
    estimator = seeded(estimator)
    data = Data.of(X, y, sample_weight, annotations)
    held_out = data if X_test is None else Data(X_test, y_test, {})
    lams = strengths(estimator, data, lams)
    everything, estimators = [np.arange(_num_samples(data.X))], {}

    def fits():
        given = estimator, data, everything, lams, warm_start
        with closing(fits_along(*given)) as found:
            for fit in found:
                if return_estimators:
                    estimators[fit.strength] = fit.estimator
                yield fit

    grid = grid_of(fits(), (1, len(lams)), [lambda: held_out], scoring)
    ordered = tuple(estimators[k] for k in sorted(estimators))
    return LambdaPath(
        lams=lams,
        scores=grid.scores[0],
        effective_features=grid.effective_features[0],
        importances=grid.importances[0],
        feature_names=names_of(data.X, grid.importances.shape[-1]),
        estimators=ordered if return_estimators else None,
    )


def names_of(X, n_features: int) -> np.ndarray:
    """Names of the columns of X, or numbers."""
    names = names_known(X, None)
    return numbered((n_features,)) if names is None else np.asarray(names, dtype=object)
