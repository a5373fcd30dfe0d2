"""Keep the features a network is sensitive to."""

from __future__ import annotations

import warnings
from copy import copy, deepcopy
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils._param_validation import HasMethods, Options
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_is_fitted,
)

from ..inspection.open_model import open_model
from ..inspection.wrappers import check_not_frozen, unwrapped
from ..utils.parameter_names import ExplainedNames
from ..utils.seeds import reseeded
from ..utils.validation import Interval
from ._measured_columns import check_filled, measured, measured_without_fit
from ._noise_floor import noise_floor, weights_given
from ._raw_tables import part_of_polars, takes_missing
from ._selection_rules import kept, limit_of, ranking, threshold_of

__all__ = ["SensitivitySelector"]


def _can(name: str):
    def check(selector):
        if selector.threshold == "noise":
            raise AttributeError("threshold='noise' needs all rows at once, in fit.")
        getattr(selector.estimator, name)  # Its error is the cause of ours.
        return True

    return check


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
        "mean", "median" or a multiple such as "1.25*mean"; -inf keeps all. "noise"
        keeps features above the floor of
        :func:`sklearn_gradlasso.sensitivity.noise_floor`. A threshold that is changed
        after ``fit`` acts at once, except "noise".
    max_features : int, callable or None, default=None
        Keep at most this many features; exactly this many without a ``threshold``. A
        callable is given X in ``fit`` and returns the number.
    prefit : bool, default=False
        Whether the estimator is fitted already; ``fit`` then only measures its
        importances on X. Without ``fit``, ``transform`` measures them on the training
        rows that an estimator of this package keeps (up to 500); other networks keep
        none, and are measured on the rows that are transformed, with a warning.
    groups : dict of str to list of str, default=None
        Names of columns of X that are kept or left together; all others are columns of
        their own. By default neighbouring features that are one-hot are one column.
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
        In shares, the ``threshold``; without one, the least importance that is kept
        (infinity if none is); with "noise" the floor.
    max_features_ : int
        The number that ``max_features`` stood for in ``fit``, if it is not None.
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
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_gradlasso import GradientLassoClassifier, SensitivitySelector
    >>> X, y = load_wine(return_X_y=True)
    >>> network = GradientLassoClassifier(lam=0.1, random_state=0)
    >>> SensitivitySelector(network).fit_transform(X, y).shape[1] < 10
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "cumulative": [Interval(Real, 0, 1, closed="right")],
        "threshold": [
            Interval(Real, 0, None, closed="left"),
            Options(Real, {-np.inf}),
            str,
            None,
        ],
        "max_features": [Interval(Integral, 0, None, closed="left"), callable, None],
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
        limit = self._check_rule(X)
        given = self._routed("fit", fit_params)
        if self.prefit:
            unwrapped(self.estimator)  # It raises an error if anything is not fitted.
            self.estimator_ = deepcopy(self.estimator)
        else:
            self.estimator_ = self._clone().fit(X, y, **given)
        self._measure(X, weights_given(given), limit, reset=True)
        if self.threshold == "noise":
            rule = {"level": self.level, "random_state": self.random_state}
            rule["groups"] = self.groups
            self.noise_floor_ = noise_floor(self.estimator, X, y, **rule, **given)
        return self

    @available_if(_can("partial_fit"))
    def partial_fit(self, X: ArrayLike, y: ArrayLike | None = None, **fit_params):
        """Train the network for one pass, and measure its importances on these rows.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Not needed with ``prefit``.
        **fit_params : dict
            Parameters of the estimator's ``partial_fit``, as in ``fit``. The
            ``classes`` of a classifier are by default those of y in the first call, or
            the numbers of its columns if it is an indicator of labels.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            As in ``fit``, and if the estimator is frozen. ``threshold="noise"`` needs
            all rows at once, and has no ``partial_fit``.
        """
        limit = self._check_rule(X)
        first = not hasattr(self, "estimator_")
        given = self._routed("partial_fit", fit_params)
        if self.prefit:
            unwrapped(self.estimator)
            if first:
                self.estimator_ = deepcopy(self.estimator)
        else:
            check_not_frozen(self.estimator, "partial_fit")
            if first and is_classifier(self.estimator):
                given = {"classes": unique_labels(y), **given}
            elif not first:
                _check_feature_names(self, X, reset=False)
                _check_n_features(self, X, reset=False)
            trained = self._clone() if first else self.estimator_
            self.estimator_ = trained.partial_fit(X, y, **given)
        self._measure(X, weights_given(given), limit, reset=first)
        return self

    def _clone(self):
        estimator = clone(self.estimator)
        if self.random_state is not None:
            reseeded(estimator, check_random_state(self.random_state))
        return estimator

    def _routed(self, method: str, fit_params: dict) -> dict:
        if _routing_enabled():
            return process_routing(self, method, **fit_params).estimator[method]
        return fit_params

    def _measure(self, X, sample_weight, limit, *, reset: bool) -> None:
        """Set what is known of the fitted network, at rows X."""
        opened = open_model(self.estimator_, X)
        found = measured(opened, X, self.groups, sample_weight)
        _check_feature_names(self, X, reset=reset)
        _check_n_features(self, X, reset=reset)
        vars(self).pop("noise_floor_", None)
        vars(self).pop("max_features_", None)
        if limit is not None:
            self.max_features_ = limit_of(limit, n_columns=len(found.importances))
        self._found, self.importances_ = found, found.of_features
        has_rule = self.threshold is not None or limit is not None
        if not has_rule and not found.importances.any():
            warnings.warn(
                "No feature moves the network's answer; all features are kept.",
                UserWarning,
                stacklevel=3,
            )

    def get_metadata_routing(self):
        """Get metadata routing: both fits pass on what the estimator requests.

        Returns
        -------
        routing : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        mapping.add(caller="partial_fit", callee="partial_fit")
        mapping.add(caller="fit_transform", callee="fit")  # for scikit-learn 1.6
        return MetadataRouter(owner=self).add(
            estimator=self.estimator, method_mapping=mapping
        )

    # The rule, which is read anew each time -------------------------------------------

    @property
    def threshold_(self) -> float:
        check_is_fitted(self)
        importances, threshold = self._ranking()
        if threshold is not None:
            return threshold
        return float(importances[self._kept()].min(initial=np.inf))

    def _ranking(self) -> tuple[np.ndarray, float | None]:
        """Importances by which columns are chosen, and the least that is kept."""
        floor = getattr(self, "noise_floor_", None)
        return ranking(self._found, self.threshold, floor)

    def _kept(self) -> np.ndarray:
        """Positions of the columns that are kept."""
        importances, threshold = self._ranking()
        limit = self.max_features
        if callable(limit):
            limit = getattr(self, "max_features_", None)
            if limit is None:
                raise NotFittedError(
                    "max_features is a callable, which is given the X of fit; call fit "
                    "before transform."
                )
        elif limit is not None:
            limit = limit_of(limit, n_columns=len(importances))
        above = self.threshold == "noise"
        return kept(importances, self.cumulative, threshold, above, limit)

    def _get_support_mask(self):
        check_is_fitted(self)
        return np.isin(self._found.column_of, self._kept())

    def transform(self, X: ArrayLike):
        """Keep the chosen features.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        array, DataFrame or CSR matrix of shape (n_samples, n_kept)

        Raises
        ------
        NotFittedError
            If there was no ``fit``; with ``prefit``, if the estimator is not fitted or
            the rule needs ``fit``.
        """
        if not self.prefit or hasattr(self, "_found"):
            chosen = part_of_polars(self, X)
            chosen = super().transform(X) if chosen is None else chosen
            check_filled(getattr(self, "estimator_", self.estimator), X)
            return chosen
        # As SelectFromModel, it answers without a fit if the network is fitted.
        fresh = copy(self)
        fresh._found = measured_without_fit(self.estimator, X, self.groups)
        _check_feature_names(fresh, X, reset=True)
        _check_n_features(fresh, X, reset=True)
        return fresh.transform(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_found")

    def _check_rule(self, X) -> int | None:
        """Check the parameters; returns what ``max_features`` stands for."""
        self._validate_params()
        if isinstance(self.threshold, str) and self.threshold != "noise":
            threshold_of(self.threshold, np.ones(1))
        if self.threshold == "noise" and self.prefit:
            raise ValueError(
                "threshold='noise' fits the estimator again, on permuted columns too; "
                "use prefit=False."
            )
        return None if self.max_features is None else limit_of(self.max_features, X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self.estimator)
        tags.input_tags.sparse = of_estimator.input_tags.sparse
        tags.input_tags.allow_nan = of_estimator.input_tags.allow_nan
        if hasattr(self, "_found"):
            fitted = getattr(self, "estimator_", self.estimator)
            tags.input_tags.allow_nan = takes_missing(fitted)
        tags.target_tags.required = not self.prefit
        tags.target_tags.positive_only = of_estimator.target_tags.positive_only
        return tags
