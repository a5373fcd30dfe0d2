"""Keep the features a network is sensitive to."""

from __future__ import annotations

import warnings
from copy import deepcopy
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.feature_selection._from_model import _calculate_threshold
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import (
    _check_feature_names,
    _num_features,
    check_is_fitted,
)

from ..inspection.column_slopes import UserColumns
from ..inspection.feature_names import check_same_columns
from ..inspection.open_model import OpenedModel, open_model, unwrapped
from ..inspection.user_columns import columns_of_table, user_columns
from ..utils.parameter_names import ExplainedNames
from ..utils.seeds import reseeded
from ._columns import column_sizes
from ._noise_floor import noise_floor, weights_given
from ._reporting import percent

__all__ = ["SensitivitySelector"]


class SensitivitySelector(
    ExplainedNames, SelectorMixin, MetaEstimatorMixin, BaseEstimator
):
    """Select the features to which a network is sensitive.

    Features are ordered by their global importance (see
    :func:`sklearn_gradlasso.sensitivity.global_importance`), and the first are kept, by
    one of four rules: those that hold a share of the total (the default), those above a
    threshold, a number of them, or those above the importance of permuted columns.

    Parameters
    ----------
    estimator : estimator
        Network that can be differentiated: of this package, a skorch net,
        ``MLPClassifier`` or ``MLPRegressor``, or a wrapper around one (see
        :mod:`sklearn_gradlasso.sensitivity`) such as a Pipeline. It is cloned, unless
        ``prefit``. For tables, not for sequences. With a Pipeline that encodes, imputes
        or scales columns, the columns of X are selected; one that mixes columns, as a
        PCA does, is refused.
    cumulative : float, default=0.9
        Share of the total importance that is kept, with as few features as possible.
        It has no effect if ``threshold`` or ``max_features`` is given.
    threshold : float, str or None, default=None
        Keep features of at least this importance (in shares, which sum to 1): a number,
        "mean", "median" or a multiple such as "1.25*mean". "noise" keeps features above
        the floor of :func:`sklearn_gradlasso.sensitivity.noise_floor`.
    max_features : int or None, default=None
        Keep at most this many features; exactly this many without a ``threshold``.
    prefit : bool, default=False
        Whether the estimator is fitted already; ``fit`` then only measures its
        importances on X.
    groups : dict of str to list of str, default=None
        Names of features of X that are made of one column, and are kept or left
        together; all others are columns of their own. By default neighbouring features
        that are one-hot are one column.
    level : float, default=0.05
        With ``threshold="noise"``, the probability that an irrelevant feature is kept.
    random_state : int, RandomState instance or None, default=None
        Seed of the estimator and of permutations; None keeps that of the estimator.

    Attributes
    ----------
    estimator_ : estimator
        The fitted network.
    importances_ : ndarray of shape (n_features_in_,)
        Share of the column to which each feature belongs. They sum to 1, but the
        features of one column all have its share. With ``threshold="noise"`` columns
        are chosen by the importances of ``noise_floor_`` instead, from networks that
        were fitted on the shadows too.
    threshold_ : float
        In shares, the ``threshold``; without one, the least importance that is kept;
        with "noise" the floor.
    noise_floor_ : NoiseFloor
        With ``threshold="noise"``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.

    See Also
    --------
    sklearn.feature_selection.SelectFromModel : Selects by ``feature_importances_`` and
        a threshold. Its default keeps everything for classes with "Lasso" in their
        name.

    Notes
    -----
    A network trained on fewer features is another network, so that one must be fitted
    on what is kept, as a Pipeline does. A feature that only doubles another may be left
    out, and one that acts where there are few rows has little importance.

    References
    ----------
    E. Horel, V. Mison, T. Xiong, K. Giesecke, L. Mangu (2018). Sensitivity based Neural
    Networks Explanations, section 4.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso import GradientLassoClassifier, SensitivitySelector
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> network = GradientLassoClassifier(lam=0.1, tol=1e-3, random_state=0)
    >>> selector = make_pipeline(StandardScaler(), SensitivitySelector(network))
    >>> selector.fit_transform(X, y).shape[1] < 24
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "cumulative": [Interval(Real, 0, 1, closed="right")],
        "threshold": [Interval(Real, 0, None, closed="left"), str, None],
        "max_features": [Interval(Integral, 1, None, closed="left"), None],
        "prefit": ["boolean"],
        "groups": [dict, None],
        "level": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        cumulative=0.9,
        threshold=None,
        max_features=None,
        prefit=False,
        groups=None,
        level=0.05,
        random_state=None,
    ):
        self.estimator = estimator
        self.cumulative = cumulative
        self.threshold = threshold
        self.max_features = max_features
        self.prefit = prefit
        self.groups = groups
        self.level = level
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **fit_params):
        """Fit the network (unless ``prefit``) and measure its importances.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Not needed with ``prefit``.
        **fit_params : dict
            Parameters of the estimator's ``fit``, such as ``annotations``; a
            ``sample_weight`` also weighs the rows of the importances. If metadata
            routing is enabled, those that the estimator requests.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError
            If there is no network in the estimator that can be differentiated.
        ValueError
            If a parameter is not as described, or the network does not see the columns
            of X one by one.
        """
        self._validate_params()
        self._check_rule()
        given = fit_params
        if _routing_enabled():
            given = process_routing(self, "fit", **fit_params).estimator.fit
        if self.prefit:
            unwrapped(self.estimator)  # It raises an error if anything is not fitted.
            self.estimator_ = deepcopy(self.estimator)
        else:
            estimator = clone(self.estimator)
            if self.random_state is not None:
                reseeded(estimator, check_random_state(self.random_state))
            self.estimator_ = estimator.fit(X, y, **given)
        weight = weights_given(given)
        opened = open_model(self.estimator_, X)
        columns, column_of = self._columns(opened, X)
        network = opened.differentiable(sample_weight=weight)
        _check_feature_names(self, X, reset=True)
        self.n_features_in_ = _num_features(X)
        n_columns = len(columns.positions)
        if self.max_features is not None and self.max_features > n_columns:
            raise ValueError(
                f"max_features must be at most the number of features, {n_columns}, "
                f"got {self.max_features}; those of one column count as one."
            )
        importances = percent(column_sizes(network, columns), 0) / 100
        self.importances_ = importances[column_of]
        vars(self).pop("noise_floor_", None)
        if self.threshold == "noise":
            rule = {"level": self.level, "random_state": self.random_state}
            rule["groups"] = self.groups
            self.noise_floor_ = floor = noise_floor(
                self.estimator, X, y, **rule, **given
            )
            by_name = dict(zip(floor.feature_names, floor.importances / 100))
            importances = np.array([by_name.get(name, 0.0) for name in columns.names])
            self.threshold_ = floor.floor / 100
        elif isinstance(self.threshold, str):
            self.threshold_ = _multiple(self.threshold, importances)
        elif self.threshold is not None:
            self.threshold_ = float(self.threshold)
        order = np.argsort(-importances, kind="stable")
        kept = order[: self._n_kept(importances)]
        self._support = np.isin(column_of, kept)
        if self.threshold is None:
            self.threshold_ = float(importances[kept].min())
        return self

    def get_metadata_routing(self):
        """Get metadata routing: ``fit`` passes on what the estimator requests.

        Returns
        -------
        routing : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        mapping.add(caller="fit_transform", callee="fit")  # for scikit-learn 1.6
        return MetadataRouter(owner=self).add(
            estimator=self.estimator, method_mapping=mapping
        )

    def _columns(self, opened: OpenedModel, X) -> tuple[UserColumns, np.ndarray]:
        """Columns to choose from, and to which of them each feature of X belongs."""
        names, transformers = opened.names, opened.transformers
        if transformers and self.groups is None and names.ndim == 1:
            columns = columns_of_table(X, transformers, names)
            if columns is not None:
                return columns, np.arange(len(columns.positions))
        check_same_columns(names, X, bool(transformers))
        columns = user_columns(opened.rows, names, self.groups)
        column_of = np.empty(names.size, dtype=np.intp)
        for j, positions in enumerate(columns.positions):
            column_of[positions] = j
        return columns, column_of

    def _n_kept(self, importances: np.ndarray) -> int:
        """How many of the most important features the rule keeps."""
        limit = self.max_features
        if self.threshold is not None:
            above = importances >= self.threshold_
            if self.threshold == "noise":
                above = importances > self.threshold_
            return min(int(above.sum()), limit or len(importances))
        if limit is not None:
            return limit
        if not importances.any():
            warnings.warn(
                "No feature moves the network's answer; all features are kept.",
                UserWarning,
                stacklevel=3,
            )
            return len(importances)
        shares = np.sort(importances)[::-1].cumsum()
        rounding = 4 * np.finfo(shares.dtype).eps
        return int(np.argmax(shares >= self.cumulative * shares[-1] - rounding)) + 1

    def _get_support_mask(self):
        check_is_fitted(self)
        return self._support

    def _check_rule(self) -> None:
        if isinstance(self.threshold, str) and self.threshold != "noise":
            _multiple(self.threshold, np.ones(1))
        if self.threshold == "noise" and self.prefit:
            raise ValueError(
                "threshold='noise' fits the estimator again, on permuted columns too; "
                "use prefit=False."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self.estimator)
        tags.input_tags.sparse = of_estimator.input_tags.sparse
        tags.input_tags.allow_nan = of_estimator.input_tags.allow_nan
        tags.target_tags.required = not self.prefit
        return tags


def _multiple(threshold: str, importances: np.ndarray) -> float:
    """The value of "mean", "median" or a multiple of one of them."""
    try:
        value = float(_calculate_threshold(None, importances, threshold))
        if not 0 <= value < np.inf:
            raise ValueError("a multiple that is no share")
        return value
    except ValueError as error:
        raise ValueError(
            "threshold must be a share, 'mean', 'median', a multiple such as "
            f"'1.25*mean', 'noise' or None, got {threshold!r}."
        ) from error
