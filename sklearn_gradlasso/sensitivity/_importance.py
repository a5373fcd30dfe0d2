"""Global and local importance of features, and importance of time lags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..inspection.differentiable import DifferentiableNetwork
from ..inspection.open_model import OpenedModel, open_model
from ._bootstrap import bootstrap, interval
from ._reporting import NamedFeatures, percent
from ._results import GlobalImportance, LagImportance, LocalImportance
from ._slopes import computing_slopes, mean_squares, squared_slopes
from ._time_steps import FeatureSlopes, architecture_of, by_lag, last_output

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

    The size of a feature is the root mean square of its slopes over rows (Horel et al.
    2018, section 2.3). On the rows of ``fit`` the result is 100 times
    ``feature_importances_`` of a :class:`GradientLassoClassifier` or regressor with
    ``penalty="l1"``.

    Parameters
    ----------
    model : estimator, Pipeline, search, skorch net or nn.Module
        A fitted network, or a wrapper around one; see
        :mod:`sklearn_gradlasso.sensitivity`.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Rows as the model takes them, preferably those it was fitted on.
    target : str or callable, default=None
        What is differentiated. By default the log-odds of two classes, the
        log-probability of the predicted one of several classes, and all outputs of a
        regressor; of a torch network that does not say which it is, its output or the
        largest of several. "output" stands for all outputs; see
        :mod:`sklearn_gradlasso.targets` for other names and callables.
    sample_weight : array-like of shape (n_samples,), default=None
    groups : dict, "onehot" or None, default=None
        Features whose importances are added up: a dict from the name of each group to
        the names of its features, or "onehot" for the columns of each
        ``OneHotEncoder`` in the Pipeline.
    architecture : str, default="auto"
        "feed_forward", "many_to_one" or "many_to_many"; rows of the last two are
        sequences of shape ``(n_steps, n_features)``. "auto" chooses one of the last two
        for a network with recurrent layers: many-to-many if it has outputs for each
        step.
    steps : {"current", "all"}, default="current"
        Which slopes count for sequences. "current" stands for those of the output at
        a step with respect to the inputs of the same step, as in the paper (of the last
        step if many-to-one); "all" for those of the last output with respect to the
        inputs of all steps, added up.
    feature_names : sequence of str, default=None
        Names of the features, in place of those of X.
    confidence_level : float, default=None
        Level of bootstrap intervals, for example 0.95; None for no intervals. Intervals
        say what other rows would have changed, not what another fit would.
    n_resamples : int, default=500
        Number of resamples of the bootstrap.
    block_length : int, default=1
        Number of consecutive rows that are resampled together, because neighbours in
        time are alike. There must be at least 10 such blocks.
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap.

    Returns
    -------
    GlobalImportance

    Raises
    ------
    TypeError
        If there is no network in the model that can be differentiated.
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
    opened, network = _opened(model, X, target, sample_weight, architecture)
    slopes = FeatureSlopes.of(network, architecture, steps)
    resampling = confidence_level, n_resamples, block_length, random_state
    resamples = bootstrap(len(network.rows), *resampling)
    features = _named(opened, slopes, X, feature_names, groups)
    squares, resampled = mean_squares(slopes.network, resamples, slopes.each_step)
    sizes = slopes.by_feature(np.sqrt(squares))
    if resampled is not None:
        resampled = percent(features.added(slopes.by_feature(np.sqrt(resampled))), 1)
    return GlobalImportance(
        importances=percent(features.added(sizes[None]), 1)[0],
        feature_names=features.names,
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

    The size of a feature is its squared slope (Horel et al. 2018, section 2.4).

    Parameters
    ----------
    model : estimator, Pipeline, search, skorch net or nn.Module
        A fitted network, or a wrapper around one; see
        :mod:`sklearn_gradlasso.sensitivity`.
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
    opened, network = _opened(model, X, target, None, architecture)
    slopes = FeatureSlopes.of(network, architecture, steps)
    features = _named(opened, slopes, X, feature_names, groups)
    with computing_slopes(slopes.network):
        stream = squared_slopes(slopes.network, slopes.each_step)
        squares = np.concatenate([slopes.by_feature(each.numpy()) for each in stream])
    return LocalImportance(
        importances=percent(features.added(squares), 1),
        feature_names=features.names,
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
        A fitted network, or a wrapper around one; see
        :mod:`sklearn_gradlasso.sensitivity`.
    X : array-like of shape (n_samples, n_steps, n_features)
        Sequences; or rows of an estimator whose ``input_shape`` makes them so.
    target, sample_weight, feature_names : optional
        As for :func:`global_importance`.
    per_sequence : bool, default=False
        Whether each sequence has its own importances. There are no intervals then, and
        weights have no effect.
    architecture : str, default="auto"
        As for :func:`global_importance`, but "auto" takes a network without recurrent
        layers to be many-to-one.
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
    opened, network = _opened(model, X, target, sample_weight, architecture)
    kind = architecture_of(network, architecture)
    if kind == "feed_forward":
        kind = architecture_of(network, "many_to_one")
    if kind == "many_to_many":
        network = last_output(network)
    shape = network.rows.feature_shape[1:]
    names = NamedFeatures.of(opened, X, shape, feature_names).names
    if per_sequence:
        with computing_slopes(network):
            stream = squared_slopes(network)
            sizes = [by_lag(each.sqrt().numpy()).sum(axis=2) for each in stream]
        return LagImportance(
            importances=percent(np.concatenate(sizes), 1),
            by_feature=None,
            feature_names=names,
        )
    resampling = confidence_level, n_resamples, block_length, random_state
    resamples = bootstrap(len(network.rows), *resampling)
    squares, resampled = mean_squares(network, resamples)
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


def _opened(
    model, X, target, sample_weight, architecture: str
) -> tuple[OpenedModel, DifferentiableNetwork]:
    opened = open_model(model, X, many_to_many=architecture == "many_to_many")
    return opened, opened.differentiable(target, sample_weight)


def _named(
    opened: OpenedModel, slopes: FeatureSlopes, X, feature_names, groups
) -> NamedFeatures:
    is_dict = isinstance(groups, Mapping)
    if slopes.of_sequences and groups is not None and not is_dict:
        raise ValueError(
            "groups of a network for sequences must be a dict of the names of what "
            f"a step holds, got {groups!r}."
        )
    return NamedFeatures.of(opened, X, slopes.feature_shape, feature_names, groups)
