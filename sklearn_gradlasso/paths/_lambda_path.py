"""``lambda_path``: one network for each strength of the prior, trained as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.utils import indexable
from sklearn.utils.validation import _num_samples

from ..training.rows import TrainingData
from ._evaluation import Split, evaluate_fits
from ._grid import finite_fits, fit_path, resolve_lams
from ._obedience import judged
from ._path_record import LambdaPath
from ._pipeline import opened
from ._scoring import HeldOutScore, classes_of
from ._supervision import Stop

__all__ = ["lambda_path"]


def lambda_path(
    estimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    lams: int | ArrayLike = 20,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    scoring=None,
    warm_start: bool = False,
    return_estimators: bool = False,
) -> LambdaPath:
    """Fit an estimator with many strengths of its prior.

    The networks are trained together as one large network (``torch.func.vmap``). Each
    of them becomes the same as if the estimator was fitted alone with the same integer
    as ``random_state``: all have the same initial weights and order of rows, and each
    stops when it has settled itself. In addition to the data, training needs no more
    memory than scikit-learn's ``working_memory`` (see :func:`sklearn.set_config`),
    unless a step of a single network needs more.

    Parameters
    ----------
    estimator : estimator
        An estimator of this package with a parameter ``lam``, alone or as the last step
        of a Pipeline. It is not changed. The transformers of a Pipeline are fitted
        once, on X.
    X, y : array-like
        Training data, as in ``fit``.
    lams : int or array-like of shape (n_lams,), default=20
        The strengths, or their number. A number of strengths are evenly spaced in
        their logarithm from 0.001 to 10 times the strength at which loss and prior are
        equally large.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, as in ``fit``.
    annotations : array-like, default=None
        Annotations, as in ``fit``, for estimators that take them.
    groups : dict of str to list of str, default=None
        Names of columns that are taken as one: columns of X, which are followed through
        the transformers of a Pipeline, or features at the estimator. By default every
        column of X is one by itself. Without a Pipeline, neighbouring features that are
        one-hot are counted as one column.
    X_test, y_test : array-like, default=None
        Rows on which scores, losses and counts are computed, before the transformers of
        a Pipeline; the training rows by default.
    scoring : str or callable, default=None
        The score, as in ``GridSearchCV``; by default the estimator's ``score``.
    warm_start : bool, default=False
        Whether each network starts from the weights of the network with the next
        smaller strength. The networks are then trained one after the other. By default
        all networks have the same initial weights.
    return_estimators : bool, default=False
        Whether to keep the fitted estimators; they are Pipelines if the estimator is.

    Returns
    -------
    LambdaPath
        The results, in the order of ``lams``.

    Raises
    ------
    TypeError
        If the estimator has no ``lam``.
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_gradlasso import GradientLassoClassifier, lambda_path
    >>> X, y = load_wine(return_X_y=True)
    >>> model = GradientLassoClassifier(random_state=0)
    >>> path = lambda_path(model, X, y, lams=[0.001, 1.0])
    >>> path.effective_columns[1] < path.effective_columns[0] / 2
    np.True_
    """
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test belong together; give both, or none.")
    given = TrainingData(
        *indexable(X, y), sample_weight=sample_weight, annotations=annotations
    )
    found = opened(estimator, given, groups)
    estimator, data = found.estimator, found.data
    rest = data
    if X_test is not None:
        rest = TrainingData(found.transformed(X_test), y_test)
    lams = resolve_lams(estimator, data, lams)
    classes = classes_of(data.y, rest.y) if is_classifier(estimator) else None
    score = HeldOutScore(estimator, scoring, classes)
    everything, estimators, stop = [np.arange(_num_samples(data.X))], {}, Stop()

    def fits():
        given = estimator, data, everything, lams, warm_start, stop
        with closing(fit_path(*given)) as fitted:
            for fit in fitted:
                if return_estimators:
                    estimators[fit.strength] = fit.estimator
                yield fit

    splits = [Split(lambda: data, lambda: rest)]
    shape = 1, len(lams)
    finite = finite_fits(judged(fits()), len(lams), stop)
    grid = evaluate_fits(finite, shape, splits, score, found.columns, stop)
    kept = {k: found.complete(fitted) for k, fitted in estimators.items()}
    ordered = tuple(kept.get(k) for k in range(len(lams)))
    return LambdaPath(
        lams=lams,
        feature_names=found.names(grid.importances.shape[-1]),
        estimators=ordered if return_estimators else None,
        **grid.of_one_part(),
    )
