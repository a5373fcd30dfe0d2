"""What a fitted network is sensitive to: by features, rows, time lags and pairs.

    global   lambda_j = 100 / C * sqrt(mean_i (d f(x_i) / d x_ij) ** 2)
    local    lambda_ij = 100 / C_i * (d f(x_i) / d x_ij) ** 2
    lag      gamma_k = 100 / K * sum_j sqrt(mean_t (d y^t / d x_j^(t-k)) ** 2)

Works on every network that can be differentiated: estimators of this package, fitted
skorch nets, torch modules, scikit-learn's ``MLPClassifier``, ``MLPRegressor``; alone,
as the last step of a Pipeline or inside a search. Rows are taken batch by batch.

Slopes are per unit of the column as the network sees it: scale the columns. Several
scalars of a row (outputs of a regressor) are combined by their sum of squares; those of
regressors of this package are each in units of the standard deviation of its target,
unless a target is named. Takes one thread, or the ``n_jobs`` of an estimator.

E. Horel, V. Mison, T. Xiong, K. Giesecke, L. Mangu (2018). *Sensitivity based Neural
Networks Explanations*, sections 2.3 to 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..inspection.open_model import Differentiable, differentiable_model
from ._reporting import Named, bootstrap, interval, percent
from ._results import (
    GlobalImportance,
    LagImportance,
    LocalImportance,
)
from ._slopes import computing, mean_squares, squared_slopes
from ._time_steps import Reading, by_lag, kind_of, last_output

__all__ = ["global_importance", "lag_importance", "local_importance"]


def global_importance(
    model,
    X: ArrayLike,
    *,
    target=None,
    sample_weight: ArrayLike | None = None,
    groups=None,
    architecture: str = "auto",
    steps: str = "current",
    feature_names: Sequence[str] | None = None,
    confidence_level: float | None = None,
    n_resamples: int = 500,
    block_length: int = 1,
    random_state=None,
) -> GlobalImportance:
    """Share of the sensitivity that each feature has, over all rows.

    Horel et al. (2018), section 2.3, with the root mean square over rows of the slope.
    On the rows it was fitted on, 100 times ``feature_importances_`` of a
    :class:`GradientLassoClassifier` or regressor.

    Parameters
    ----------
    model : estimator, Pipeline, search, skorch net or nn.Module
        Fitted.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Rows as the model takes them, best those it was fitted on.
    target : str or callable, default=None
        What is differentiated. By default the log-odds of two classes, the
        log-probability of the predicted one of several classes, and all outputs of a
        regressor; of a torch network that does not say which it is, its output or, of
        several, the largest. "output" stands for all outputs; see
        :mod:`sklearn_gradlasso.targets` for other names and callables.
    sample_weight : array-like of shape (n_samples,), default=None
    groups : dict, "onehot" or None, default=None
        Features whose importances are added up: a dict from the name of each group to
        the names of its features, or "onehot" for the columns of each
        ``OneHotEncoder`` in the Pipeline.
    architecture : str, default="auto"
        "feed_forward", "many_to_one" or "many_to_many"; rows of the last two are
        sequences of shape ``(n_steps, n_features)``. "auto" takes a network with
        recurrent layers for one of them, many-to-many if it has outputs for each step.
    steps : {"current", "all"}, default="current"
        For sequences: the sensitivity of the output at a step to the inputs of the
        same step, as in the paper (many-to-one: of the last step); or of the last
        output to the inputs of all steps, added up.
    feature_names : sequence of str, default=None
        Names of the features, if X has none.
    confidence_level : float, default=None
        Of bootstrap intervals, for example 0.95; None for no intervals. They say what
        other rows would have changed, not what another fit would.
    n_resamples : int, default=500
        Resamples of the bootstrap.
    block_length : int, default=1
        Rows that follow each other and are resampled together, where neighbours in
        time are alike; there must be 10 such blocks at least.
    random_state : int, RandomState instance or None, default=None
        Of the bootstrap.

    Returns
    -------
    GlobalImportance

    Raises
    ------
    TypeError
        If the model cannot be differentiated.
    ValueError
        If an argument is not as described, or the network's answers or slopes are not
        finite.
    sklearn.exceptions.NotFittedError

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.neural_network import MLPRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso.sensitivity import global_importance
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> mlp = MLPRegressor(learning_rate_init=0.02, tol=5, random_state=0)
    >>> model = make_pipeline(StandardScaler(), mlp).fit(X, y)
    >>> frame = global_importance(model, X).to_frame()
    >>> sorted(frame.nlargest(2, "importance").feature)
    ['bmi', 's5']
    """
    opened = _opened(model, X, target, sample_weight, architecture)
    reading = Reading.of(opened, architecture, steps)
    given = confidence_level, n_resamples, block_length, random_state
    resampling = bootstrap(len(opened.rows), *given)
    named = Named.of(opened, reading.kind, X, feature_names, groups)
    squares, resampled = mean_squares(reading.model, resampling, reading.each_step)
    sizes = reading.by_feature(np.sqrt(squares))
    if resampled is not None:
        resampled = percent(named.added(reading.by_feature(np.sqrt(resampled))), 1)
    return GlobalImportance(
        importances=percent(named.added(sizes[None]), 1)[0],
        feature_names=named.names,
        intervals=interval(resampled, confidence_level),
        confidence_level=confidence_level,
    )


def local_importance(
    model,
    X: ArrayLike,
    *,
    target=None,
    groups=None,
    architecture: str = "auto",
    steps: str = "current",
    feature_names: Sequence[str] | None = None,
) -> LocalImportance:
    """Share of the sensitivity that each feature has, row by row.

    Horel et al. (2018), section 2.4: the squared slopes of a row.

    Parameters
    ----------
    model : estimator, Pipeline, search, skorch net or nn.Module
        Fitted.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Rows as the model takes them.
    target, groups, architecture, steps, feature_names : optional
        As for :func:`global_importance`.

    Returns
    -------
    LocalImportance

    Raises
    ------
    TypeError, ValueError, sklearn.exceptions.NotFittedError
        As for :func:`global_importance`.
    """
    opened = _opened(model, X, target, None, architecture)
    reading = Reading.of(opened, architecture, steps)
    named = Named.of(opened, reading.kind, X, feature_names, groups)
    with computing(reading.model):
        stream = squared_slopes(reading.model, reading.each_step)
        squares = np.concatenate([reading.by_feature(each.numpy()) for each in stream])
    return LocalImportance(
        importances=percent(named.added(squares), 1),
        feature_names=named.names,
        index=X.index if hasattr(X, "iloc") else None,
    )


def lag_importance(
    model,
    X: ArrayLike,
    *,
    per_sequence: bool = False,
    target=None,
    sample_weight: ArrayLike | None = None,
    architecture: str = "auto",
    feature_names: Sequence[str] | None = None,
    confidence_level: float | None = None,
    n_resamples: int = 500,
    block_length: int = 1,
    random_state=None,
) -> LagImportance:
    """Share of the sensitivity of the last output that each time lag has.

    Horel et al. (2018), section 2.5. Lag k is k steps before the last one.

    Parameters
    ----------
    model : estimator, Pipeline, search, skorch net or nn.Module
        Fitted.
    X : array-like of shape (n_samples, n_steps, n_features)
        Sequences; or rows of an estimator whose ``input_shape`` makes them so.
    target, sample_weight, feature_names : optional
        As for :func:`global_importance`.
    per_sequence : bool, default=False
        Whether each sequence has importances of its own; without intervals, weights
        are of no effect.
    architecture : str, default="auto"
        As for :func:`global_importance`; "auto" takes a network without recurrent
        layers for a many-to-one network.
    confidence_level, n_resamples, block_length, random_state : optional
        As for :func:`global_importance`.

    Returns
    -------
    LagImportance

    Raises
    ------
    TypeError, ValueError, sklearn.exceptions.NotFittedError
        As for :func:`global_importance`, or if rows are not sequences.
    """
    opened = _opened(model, X, target, sample_weight, architecture)
    kind = kind_of(opened, architecture)
    if kind == "feed_forward":
        kind = kind_of(opened, "many_to_one")
    if kind == "many_to_many":
        opened = last_output(opened)
    names = Named.of(opened, kind, X, feature_names).names
    if per_sequence:
        with computing(opened):
            stream = squared_slopes(opened)
            sizes = [by_lag(each.sqrt().numpy()).sum(axis=2) for each in stream]
        return LagImportance(
            importances=percent(np.concatenate(sizes), 1),
            by_feature=None,
            feature_names=names,
        )
    given = confidence_level, n_resamples, block_length, random_state
    resampling = bootstrap(len(opened.rows), *given)
    squares, resampled = mean_squares(opened, resampling)
    by_feature = percent(by_lag(np.sqrt(squares)), 0)
    if resampled is not None:
        resampled = percent(by_lag(np.sqrt(resampled)).sum(axis=2), 1)
    return LagImportance(
        importances=by_feature.sum(axis=1),
        by_feature=by_feature,
        feature_names=names,
        intervals=interval(resampled, confidence_level),
        confidence_level=confidence_level,
    )


def _opened(model, X, target, sample_weight, architecture: str) -> Differentiable:
    steps = {"many_to_many": architecture == "many_to_many"}
    return differentiable_model(model, X, target, sample_weight, **steps)
