"""Find-another-explanation: several accurate models that reason differently.

Ross, Hughes and Doshi-Velez (2017), *Right for the Right Reasons: Training
Differentiable Models by Constraining their Explanations*, section 3.
"""

from __future__ import annotations

from itertools import combinations
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ..utils.annotations import check_annotations
from ..utils.parameter_names import ExplainedNames
from ..utils.validation import Interval
from .reason_masks import covers_everything, large_gradients, share_of, union
from .right_reasons import RRRClassifier

__all__ = ["FindAnotherExplanation"]

# A member explains nothing new if at most this share of its large gradients is where
# no earlier member had one.
NOTHING_NEW = 0.05


class FindAnotherExplanation(ExplainedNames, MetaEstimatorMixin, BaseEstimator):
    """Accurate models that rely on different features, found one after the other.

    The first member is the estimator, fitted as it is. Each further member is fitted
    with annotations that rule out the features on which the members before it rely:
    feature j is ruled out at training sample i if ``|g_ij| > cutoff * max_k |g_ik|``
    for the gradient g of an earlier member. The search ends after ``n_explanations``
    members. It ends earlier if the next model is no longer accurate or relies on the
    same features as the earlier ones; that model is not kept.

    An expert should look at the rows where the members disagree. The number of members
    is a measure of how redundant the data are.

    The methods of this estimator (``predict``, ``score``, ``explain`` and so on) answer
    with the first member. For member k, call those of ``estimators_[k]``.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier or regressor that has ``explain`` and whose ``fit`` takes
        ``annotations``. ``None`` stands for :class:`RRRClassifier` with ``lam="auto"``.
    n_explanations : int, default=3
        Largest number of members.
    cutoff : float, default=0.67
        A gradient is large if it exceeds this share of the largest gradient of its
        sample.
    tolerance : float, default=0.1
        How far the score of a member on the training rows may lie below that of the
        first member.
    random_state : int, RandomState instance or None, default=None
        Seed of all members, which then start from the same weights. With ``None`` the
        members use the ``random_state`` of the estimator.

    Attributes
    ----------
    estimators_ : list of estimators
        The members, each of them a fitted estimator, in the order in which they were
        found.
    masks_ : list of ndarray or CSR matrix of the shape of X, bool
        For each member, where its gradients at the training rows are large.
    scores_ : list of float
        Accuracy or R2 of each member on the training rows.
    ended_by_ : {"n_explanations", "score", "explanations"}
        Why the search ended. "n_explanations": there are as many members as asked for.
        "score": the next model was less accurate than ``tolerance`` allows.
        "explanations": at least 95 % of the large gradients of the next model were
        where an earlier member has large ones, or such places are all there are.
    classes_ : ndarray of shape (n_classes,)
        Class labels, for a classifier.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.

    Notes
    -----
    If there are neither annotations nor signs of an expert, further members of RRR are
    trained with ``obedience=None``, as in the paper: the features that they avoid are a
    means to find them, and not a promise.

    The scores are those of the training rows: held-out rows contain the same wrong
    reasons, so they could not tell the members apart either. Only an expert can, or
    data from elsewhere. A search around this estimator, such as ``GridSearchCV``,
    scores the first member, on which ``lam`` has no effect without annotations.

    References
    ----------
    A. S. Ross, M. C. Hughes, F. Doshi-Velez (2017). Right for the Right Reasons:
    Training Differentiable Models by Constraining their Explanations, section 3.

    Examples
    --------
    >>> from sklearn_gradlasso import FindAnotherExplanation, RRRClassifier
    >>> from sklearn_gradlasso.datasets import make_iris_cancer
    >>> X, y, _ = make_iris_cancer()
    >>> network = RRRClassifier(random_state=0)
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
    __metadata_request__fit = {"annotations": True, "groups": True}

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
        *,
        groups: ArrayLike | None = None,
    ):
        """Fit members until no other accurate explanation is found.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, which the estimator is given. They also count in the
            scores and when the search compares large gradients.
        annotations : array-like, DataFrame, dict or list of str, default=None
            Features that are known to be irrelevant, in any form that the estimator
            takes. They are ruled out for all members.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, which the estimator is given.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is not as described, or if the estimator's ``fit`` raises it.
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
        of_groups = {} if groups is None else {"groups": groups}
        members, masks, scores = [], [], []
        ruled_out, seen, ended_by = annotations, None, "n_explanations"
        while len(members) < self.n_explanations:
            if members and covers_everything(ruled_out):
                ended_by = "explanations"
                break
            given_to_fit = {"annotations": ruled_out, **of_groups}
            member = clone(estimator).fit(X, y, sample_weight, **given_to_fit)
            score = member.score(X, y, sample_weight)
            phi = _comparable_slopes(member, X)
            mask = large_gradients(phi, X, self.cutoff)
            if members and score < scores[0] - self.tolerance:
                ended_by = "score"
                break
            if members and share_of(mask > seen, mask, sample_weight) <= NOTHING_NEW:
                ended_by = "explanations"
                break
            if not members:
                # The masks are joined to the annotations, which therefore must be
                # weights of the shape of X. The first member knows the column names.
                names = getattr(member, "feature_names_in_", None)
                if annotations is None and not hasattr(member, "obedience_"):
                    _ask_no_obedience(estimator)
                is_read = getattr(member, "_has_raw_table", False)
                like = mask if names is None or is_read else np.asarray(X)
                like = like.astype(float)
                given = check_annotations(annotations, like, names, are_columns=is_read)
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

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predictions of the first member.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        return self._first().predict(X)

    @available_if(lambda self: hasattr(self._first(), "predict_proba"))
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Class probabilities of the first member, of shape (n_samples, n_classes)."""
        check_is_fitted(self)
        return self._first().predict_proba(X)

    @available_if(lambda self: hasattr(self._first(), "decision_function"))
    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Decision function of the first member, in the shape that it returns."""
        check_is_fitted(self)
        return self._first().decision_function(X)

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy or R2 of the first member."""
        check_is_fitted(self)
        return self._first().score(X, y, sample_weight)

    def explain(self, X: ArrayLike, **options) -> np.ndarray:
        """Attributions of the first member, whose ``explain`` takes the options."""
        check_is_fitted(self)
        return self._first().explain(X, **options)

    def disagreement(self, X: ArrayLike) -> np.ndarray:
        """How much the members disagree on each row.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            For classifiers, the share of pairs of members that predict different
            classes (of an indicator: any different label), in [0, 1]. For regressors,
            the standard deviation of the members' predictions, in the units of y and
            averaged over outputs. It is 0 if there is only one member.
        """
        check_is_fitted(self)
        answers = [member.predict(X) for member in self.estimators_]
        answers = [a.toarray() if sp.issparse(a) else a for a in answers]
        predictions = np.stack(answers)
        if not is_classifier(self):
            return predictions.std(axis=0).reshape(predictions.shape[1], -1).mean(1)
        predictions = predictions.reshape(*predictions.shape[:2], -1)
        pairs = list(combinations(predictions, 2))
        differ = ((a != b).any(axis=1) for a, b in pairs)
        differing = sum(differ, np.zeros(predictions.shape[1]))
        return differing / max(len(pairs), 1)

    def _estimator(self):
        return RRRClassifier() if self.estimator is None else self.estimator

    def _first(self):
        """The first member, or before ``fit`` the estimator that it will be."""
        fitted = getattr(self, "estimators_", None)
        return fitted[0] if fitted else self._estimator()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_members = get_tags(self._estimator())
        tags.estimator_type = of_members.estimator_type
        tags.classifier_tags = of_members.classifier_tags
        tags.regressor_tags = of_members.regressor_tags
        tags.target_tags = of_members.target_tags
        tags.input_tags = of_members.input_tags
        return tags


def _comparable_slopes(member, X) -> np.ndarray:
    """Slopes of a member that can be compared with each other.

    Those by numbers of a raw table are per unit of the coded table, and not of X.
    """
    if getattr(member, "_table_form", None) is None:
        return member.explain(X, target="training")
    return member._explained(X, "training").values


def _ask_no_obedience(estimator) -> None:
    """Train further members by the gradients alone, as the paper does.

    What they rule out at each row is a means to find them, and not a promise to an
    expert.
    """
    if "obedience" in estimator.get_params(deep=False):
        estimator.set_params(obedience=None)
