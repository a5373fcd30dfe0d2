"""Find-another-explanation: several accurate models that reason differently.

Ross, Hughes and Doshi-Velez (2017), *Right for the Right Reasons: Training
Differentiable Models by Constraining their Explanations*, section 3.
"""

from __future__ import annotations

from itertools import combinations
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ..utils.annotations import check_annotations
from .reason_masks import large_gradients, share_of, union
from .right_reasons import RRRClassifier

__all__ = ["FindAnotherExplanation"]

NOTHING_NEW = 0.05  # share of large gradients that are not where earlier ones were


def _member_has(method: str):
    return available_if(lambda self: hasattr(self._first(), method))


class FindAnotherExplanation(MetaEstimatorMixin, BaseEstimator):
    """Accurate models that rely on different features, found one after the other.

    The first member is fitted as the estimator is. Each further member is fitted with
    annotations that rule out the features with large gradients in the members before
    it, sample by sample: ``|g_ij| > cutoff * max_k |g_ik|`` at the training rows. It
    ends after ``n_explanations``, or when the next model is not accurate any more, or
    when it finds nothing new; that model is not kept.

    Where the members disagree is where an expert should look; the number of members
    measures how redundant the data are.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier or regressor whose ``fit`` takes ``annotations``, with ``explain``;
        :class:`RRRClassifier` with ``lam="auto"`` if not given.
    n_explanations : int, default=3
        Largest number of members.
    cutoff : float, default=0.67
        Share of a sample's largest gradient above which a gradient is large.
    tolerance : float, default=0.1
        How far the score of a member on the training rows may fall below that of the
        first.
    random_state : int, RandomState instance or None, default=None
        Seed of all members, which then start from the same weights; with ``None`` the
        estimator's own ``random_state`` holds.

    Attributes
    ----------
    estimators_ : list of estimators
        The members, each a fitted estimator of its own.
    masks_ : list of ndarray or CSR matrix of the shape of X, bool
        Where each member has large gradients at the training rows.
    scores_ : list of float
        Accuracy or R2 of each member on the training rows.
    ended_by_ : {"n_explanations", "score", "explanations"}
        Why there are no more members: as many as asked for; the next one was less
        accurate; at least 95 % of its large gradients were where earlier ones had been.
    classes_ : ndarray of shape (n_classes,)
        Class labels, for a classifier.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.

    Notes
    -----
    The scores are on the training rows, because held-out rows share their wrong
    reasons; only an expert, or data from elsewhere, can tell the members apart. A
    search around this estimator scores its first member, for which ``lam`` is of no
    effect without annotations.

    References
    ----------
    A. S. Ross, M. C. Hughes, F. Doshi-Velez (2017). Right for the Right Reasons:
    Training Differentiable Models by Constraining their Explanations, section 3.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso import FindAnotherExplanation, RRRClassifier
    >>> from sklearn_gradlasso.datasets import make_iris_cancer
    >>> X, y, _ = make_iris_cancer()
    >>> X = StandardScaler().fit_transform(X)
    >>> network = RRRClassifier(tol=1e-3, random_state=0)
    >>> search = FindAnotherExplanation(network).fit(X, y)
    >>> len(search.estimators_), search.disagreement(X).shape
    (3, (100,))
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict", "score"]), None],
        "n_explanations": [Interval(Integral, 1, None, closed="left")],
        "cutoff": [Interval(Real, 0, 1, closed="left")],
        "tolerance": [Interval(Real, 0, np.inf, closed="left")],
        "random_state": ["random_state"],
    }
    __metadata_request__fit = {"annotations": True}
    __metadata_request__predict = {"member": True}
    __metadata_request__predict_proba = {"member": True}
    __metadata_request__decision_function = {"member": True}
    __metadata_request__score = {"member": True}

    def __init__(
        self,
        estimator=None,
        n_explanations=3,
        cutoff=0.67,
        tolerance=0.1,
        random_state=None,
    ):
        self.estimator = estimator
        self.n_explanations = n_explanations
        self.cutoff = cutoff
        self.tolerance = tolerance
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        annotations: ArrayLike | None = None,
    ):
        """Fit members until there is no other accurate explanation.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            As in the estimator; also in the scores.
        annotations : array-like, DataFrame, dict or list of str, default=None
            What is known to be irrelevant, in any form that the estimator takes; holds
            for all members.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is not as described, or as the estimator's ``fit``.
        TypeError
            If the estimator's ``fit`` does not take annotations.
        """
        self._validate_params()
        estimator = clone(self._estimator())
        takes_annotations = has_fit_parameter(estimator, "annotations")
        if not (takes_annotations and hasattr(estimator, "explain")):
            raise TypeError(
                "estimator must take annotations in fit and have explain, such as "
                f"RRRClassifier or RRRRegressor; {type(estimator).__name__} does not. "
                "Inside a Pipeline put FindAnotherExplanation around its last step."
            )
        if self.random_state is not None:
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            estimator.set_params(random_state=seed)
        members, masks, scores = [], [], []
        ruled_out, seen, ended_by = annotations, None, "n_explanations"
        while len(members) < self.n_explanations:
            member = clone(estimator).fit(X, y, sample_weight, annotations=ruled_out)
            score = member.score(X, y, sample_weight)
            phi = member.explain(X, target="training")
            mask = large_gradients(phi, X, self.cutoff)
            if members and score < scores[0] - self.tolerance:
                ended_by = "score"
                break
            if members and share_of(mask > seen, mask, sample_weight) <= NOTHING_NEW:
                ended_by = "explanations"
                break
            if not members:
                names = getattr(member, "feature_names_in_", None)
                given = check_annotations(annotations, mask.astype(float), names)
            members.append(member)
            masks.append(mask)
            scores.append(score)
            seen = union(mask, seen)
            ruled_out = union(seen, given)
        self.estimators_, self.masks_, self.scores_ = members, masks, scores
        self.ended_by_ = ended_by
        for name in ("classes_", "n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if hasattr(members[0], name):
                setattr(self, name, getattr(members[0], name))
        return self

    def predict(self, X: ArrayLike, member: int = 0) -> np.ndarray:
        """Predictions of one member.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        member : int, default=0
            Position in ``estimators_``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)

        Raises
        ------
        ValueError
            If there is no such member.
        """
        return self._member(member).predict(X)

    @_member_has("predict_proba")
    def predict_proba(self, X: ArrayLike, member: int = 0) -> np.ndarray:
        """Probabilities (n_samples, n_classes) of one member; see ``predict``."""
        return self._member(member).predict_proba(X)

    @_member_has("decision_function")
    def decision_function(self, X: ArrayLike, member: int = 0) -> np.ndarray:
        """Decision function of one member, with its shape; see ``predict``."""
        return self._member(member).decision_function(X)

    def score(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        member: int = 0,
    ) -> float:
        """Accuracy or R2 of one member; see ``predict``."""
        return self._member(member).score(X, y, sample_weight)

    def explain(self, X: ArrayLike, *, member: int = 0, **options) -> np.ndarray:
        """Attributions of one member, in the shape that its ``explain`` gives."""
        return self._member(member).explain(X, **options)

    def disagreement(self, X: ArrayLike) -> np.ndarray:
        """How much the members disagree on each row.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Classifiers: the share of pairs of members that predict different classes,
            in [0, 1]. Regressors: the standard deviation of the predictions, in the
            units of y, averaged over outputs. 0 if there is one member only.
        """
        check_is_fitted(self)
        predictions = np.stack([member.predict(X) for member in self.estimators_])
        if not is_classifier(self):
            return predictions.std(axis=0).reshape(predictions.shape[1], -1).mean(1)
        pairs = list(combinations(predictions, 2))
        differing = sum((a != b for a, b in pairs), np.zeros(predictions.shape[1]))
        return differing / max(len(pairs), 1)

    def _estimator(self):
        return RRRClassifier() if self.estimator is None else self.estimator

    def _first(self):
        fitted = getattr(self, "estimators_", None)
        return fitted[0] if fitted else self._estimator()

    def _member(self, member: int):
        check_is_fitted(self)
        if not isinstance(member, Integral) or not 0 <= member < len(self.estimators_):
            raise ValueError(
                f"member must be in 0 ... {len(self.estimators_) - 1}, got {member!r}."
            )
        return self.estimators_[member]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_members = get_tags(self._estimator())
        tags.estimator_type = of_members.estimator_type
        tags.classifier_tags = of_members.classifier_tags
        tags.regressor_tags = of_members.regressor_tags
        tags.target_tags = of_members.target_tags
        tags.input_tags = of_members.input_tags
        return tags
