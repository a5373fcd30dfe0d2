"""Scores on rows that were held out, also where a class or a score is missing."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from numbers import Number

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import check_scoring, make_scorer
from sklearn.utils.metadata_routing import get_routing_for_object

from ..inspection.labels import has_several_columns
from ..training.rows import TrainingData

__all__ = ["HeldOutScore", "classes_of"]


def classes_of(*ys) -> np.ndarray | None:
    """The classes in several arrays of labels; None if they have several columns."""
    if any(map(has_several_columns, ys)):
        return None
    ys = [y.toarray() if sp.issparse(y) else np.asarray(y) for y in ys]
    return np.unique(np.concatenate([y.ravel() for y in ys]))


class HeldOutScore:
    """The score of networks on rows that were held out; NaN where it has no value.

    An error of the score does not end the search, as in ``GridSearchCV``: it stands for
    NaN, and ``report`` warns.

    Where a part of the rows lacks a class, scikit-learn's scores of probabilities take
    all classes into account, as in ``LogisticRegressionCV``: a class that the network
    does not know has no probability, and the metric is told all ``labels``.

    Parameters
    ----------
    estimator : estimator
        One like those that will be scored.
    scoring : str, callable or None
    classes : ndarray or None
        All classes of the data; None for a regressor.

    Raises
    ------
    ValueError
        If ``scoring`` is several scores, or no score.
    """

    def __init__(self, estimator, scoring, classes: np.ndarray | None):
        if isinstance(scoring, (list, tuple, set, dict)):
            raise ValueError(f"scoring must be one score, got {scoring!r}.")
        self.scoring, self.classes = scoring, classes
        self.scorer = check_scoring(estimator, scoring)
        self.n_networks = 0
        self.without: dict[int, int] = {}  # number of networks, for each part
        self.error: Exception | None = None

    def __call__(self, estimator, rest: TrainingData, part: int) -> float:
        """The score of a network that was trained on another part of the rows.

        Raises
        ------
        ValueError
            If the score is no number.
        """
        scorer, known = self.scorer, estimator
        if self.classes is not None and _reads_probabilities(scorer):
            # In all parts alike, because the positive class is one of all classes.
            scorer = _of_all_classes(scorer, self.classes)
            if len(estimator.classes_) < len(self.classes):
                known = _KnowsAllClasses(estimator, self.classes)
        try:
            score = self._of(scorer, known, rest)
        except Exception as error:  # A score may raise anything.
            self.error, score = self.error or error, math.nan
        if hasattr(score, "item"):
            score = score.item()
        if not isinstance(score, Number):
            raise ValueError(
                f"scoring={self.scoring!r} must return a number, got {score!r}."
            )
        self.n_networks += 1
        if math.isnan(score):
            self.without[part] = self.without.get(part, 0) + 1
        return float(score)

    def report(self) -> None:
        """Warn about the networks that have no score.

        Raises
        ------
        ValueError
            If the score failed for all networks.
        """
        n_without = sum(self.without.values())
        if not n_without:
            return
        error = self.error
        reason = f" {type(error).__name__}: {error}" if error is not None else ""
        if n_without == self.n_networks and error is not None:
            raise ValueError(
                f"scoring={self.scoring!r} failed for all {n_without} networks.{reason}"
            ) from error
        warnings.warn(
            f"scoring={self.scoring!r} has no value for {n_without} of "
            f"{self.n_networks} networks, on the rows held out of "
            f"{len(self.without)} of the parts ({sorted(self.without)}); their score "
            f"is NaN and does not count.{reason}",
            UserWarning,
            stacklevel=4,
        )

    def _of(self, scorer: Callable, estimator, rest: TrainingData):
        weight = rest.sample_weight
        if weight is not None and _takes_weights(self.scorer):
            try:
                return scorer(estimator, rest.X, rest.y, sample_weight=weight)
            except TypeError as error:  # Some scorers take no weights.
                if "sample_weight" not in str(error):
                    raise
        return scorer(estimator, rest.X, rest.y)


class _KnowsAllClasses(ClassifierMixin, BaseEstimator):
    """A fitted classifier as one that knows all classes; new ones are impossible."""

    def __init__(self, estimator, classes: np.ndarray):
        self.estimator = estimator
        self.classes_ = classes

    def predict(self, X) -> np.ndarray:
        return self.estimator.predict(X)

    def predict_proba(self, X) -> np.ndarray:
        found = self.estimator.predict_proba(X)
        known = np.searchsorted(self.classes_, self.estimator.classes_)
        proba = np.zeros((len(found), len(self.classes_)), dtype=found.dtype)
        proba[:, known] = found
        return proba


def _reads_probabilities(scorer) -> bool:
    """Whether it is one of scikit-learn's scorers, and takes probabilities."""
    methods = getattr(scorer, "_response_method", "predict")
    methods = (methods,) if isinstance(methods, str) else methods
    return "predict_proba" in methods and hasattr(scorer, "_score_func")


def _of_all_classes(scorer, classes: np.ndarray):
    """The same scorer, whose metric is told all classes if it takes them."""
    takes = inspect.signature(scorer._score_func).parameters
    given = dict(scorer._kwargs)
    if "labels" not in takes:
        return scorer
    given.setdefault("labels", classes)
    if "pos_label" in takes and len(classes) <= 2:
        given.setdefault("pos_label", classes[-1])
    return make_scorer(
        scorer._score_func,
        greater_is_better=scorer._sign == 1,
        response_method=scorer._response_method,
        **given,
    )


def _takes_weights(scorer) -> bool:
    """Whether a scorer has not refused weights by ``set_score_request``."""
    if not hasattr(scorer, "get_metadata_routing"):
        return True
    requests = get_routing_for_object(scorer)
    requests = getattr(requests, "score", None)
    return requests is None or requests.requests.get("sample_weight") is not False
