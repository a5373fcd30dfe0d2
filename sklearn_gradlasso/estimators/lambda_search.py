"""Estimators that choose the strength of their prior by cross-validation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.base import is_classifier
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, check_cv
from sklearn.utils import indexable
from sklearn.utils._param_validation import StrOptions

from ..inspection.labels import has_several_columns
from ..inspection.user_columns import traced_columns
from ..paths import LambdaPath
from ..paths._choice import best_score, one_standard_error
from ..paths._evaluation import Split, evaluate_fits
from ..paths._grid import finite_fits, fit_path, resolve_lams
from ..paths._path_record import names_of
from ..paths._pipeline import columns_as_they_are, seeded_clone
from ..paths._scoring import HeldOutScore, classes_of
from ..paths._supervision import Stop
from ..tables import is_raw
from ..training.rows import TrainingData
from ..utils.held_out_rows import check_groups, in_one_axis, needs_groups
from ..utils.state import undone_on_failure
from ..utils.validation import Interval, weight_in_rows
from .base.settings import reads_tables

__all__ = ["LambdaSearch"]

PARAMETERS_DOC = """\
lams : int or array-like of shape (n_lams,), default=20
        The strengths to choose from, or their number. A number of strengths are evenly
        spaced in their logarithm from 0.001 to 10 times the strength at which loss and
        penalty are equally large.
    cv : int, cross-validation generator or iterable, default=None
        Cross-validation, as in ``GridSearchCV``; ``None`` means five folds. If ``fit``
        is given ``groups``, a number of folds are folds of whole groups.
    scoring : str or callable, default=None
        The score, as in ``GridSearchCV``; by default accuracy, or R2 for regressors. A
        score that fails is NaN and gives a warning. Scores of probabilities take all
        classes into account, also in folds without some of them.
    selection : {"best", "one_se"} or callable, default="best"
        "best" chooses the strength with the highest mean score over the folds that have
        one, and the largest strength among equal scores. "one_se" chooses the fewest
        effective columns among strengths that are as good: whose mean score and mean
        loss (log loss, or squared error) are within one standard error of the best, the
        loss also within 0.01, and whose loss is below that of a constant answer by one
        standard error (if none is, it chooses by the loss alone, with a warning). A
        callable takes the
        :class:`~sklearn_gradlasso.paths.LambdaPath` and returns the index of a
        strength.
    warm_path : bool, default=False
        Whether each network of the search starts from the weights of the network with
        the next smaller strength. By default all have the same initial weights."""

ATTRIBUTES_DOC = """\
lams_ : ndarray of shape (n_lams,)
        The strengths.
    scores_ : ndarray of shape (n_folds, n_lams)
        Scores on the held-out rows; NaN where training diverged or the score failed.
    losses_ : ndarray of shape (n_folds, n_lams)
        Log loss on the held-out rows (summed over labels of an indicator), or a
        regressor's squared error as a share of the variance of y.
    effective_columns_ : ndarray of shape (n_lams,)
        Average number of columns that count at a held-out sample, by effects, with
        one-hot neighbours as one column (see
        :class:`~sklearn_gradlasso.paths.LambdaPath`); the mean over folds. In a
        Pipeline these are the features that reach the search: a number and the
        indicator of its missing values are two. ``lambda_path`` of the whole Pipeline
        counts the columns of X.
    effective_features_ : ndarray of shape (n_lams,)
        Average number of features that matter at a held-out sample, by slopes; the mean
        over folds.
    importances_ : ndarray of shape (n_lams, n_features)
        Mean of ``feature_importances_`` over folds.
path_ : LambdaPath
        All results of the search: features selected with each strength, the order in
        which they vanish, losses of training. See
        :class:`~sklearn_gradlasso.paths.LambdaPath`.
best_index_ : int
        Position of the chosen strength.
best_score_ : float
        Its mean score over the folds that have one.
best_params_ : dict
        The chosen strength as ``{"lam": lam_}``.
cv_results_ : dict of str to array
        The scores under the names of ``GridSearchCV``: "params", "param_lam",
        "split0_test_score" and so on, "mean_test_score", "std_test_score" and
        "rank_test_score". There are no times, because all networks are trained as
        one."""


@dataclass(kw_only=True, eq=False, repr=False)
class LambdaSearch(ABC):
    """Parameters and ``fit`` of estimators that find ``lam`` by cross-validation."""

    lams: int | ArrayLike = 20
    cv: int | Iterable | Any = None
    scoring: str | Callable | None = None
    selection: str | Callable[[LambdaPath], int] = "best"
    warm_path: bool = False

    _constraints = {
        "lams": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "cv": ["cv_object"],
        "scoring": [str, callable, None],
        "selection": [StrOptions({"best", "one_se"}), callable],
        "warm_path": ["boolean"],
    }

    _shared_doc = {
        "{search_parameters}": PARAMETERS_DOC,
        "{search_attributes}": ATTRIBUTES_DOC,
    }

    @staticmethod
    @abstractmethod
    def _with_lam(**params):
        """Hook: make the estimator that has a parameter ``lam``."""

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ):
        """Choose the strength by cross-validation, then train with it on all rows.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit`` of the estimator that trains with one strength. A
            table is read anew in each fold.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels or an indicator of labels, or target values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in training, and in scores that support weights.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, such as the patient, for ``cv`` and ``early_stopping``.

        Returns
        -------
        self : object
            The fitted estimator. A keyboard interrupt ends the search: the strength is
            chosen among the networks that there are by then, a warning says how many,
            and the network of this strength is trained on all rows. A second interrupt
            ends everything.

        Raises
        ------
        ValueError
            If a parameter or an input is not as described, or if the loss becomes
            infinite or NaN with all strengths or with the chosen strength, or if the
            score fails for all networks.
        """
        self._validate_params()
        with undone_on_failure(self):
            path = self._search(X, y, sample_weight, groups)
            self.lams_, self.scores_ = path.lams, path.scores
            self.losses_ = path.losses
            self.effective_columns_ = path.effective_columns
            self.effective_features_ = path.effective_features
            self.importances_ = path.importances
            self.path_, self.best_index_ = path, self._chosen(path)
            self.best_score_ = float(path.mean_scores[self.best_index_])
            lam = float(path.lams[self.best_index_])
            self.best_params_ = {"lam": lam}
            self.cv_results_ = _cv_results(path)
            data = TrainingData(X, y, sample_weight, groups=groups)
            return self._fit(data, warm=self.warm_start, lam=lam)

    @property
    def partial_fit(self):
        raise AttributeError(
            f"{type(self).__name__} has no partial_fit, because the choice of lam "
            "needs all rows; use that of the estimator with lam=lam_."
        )

    @property
    def _jobs_of_fit(self) -> None:
        """One thread; ``n_jobs`` are the groups of the search that train at a time."""
        return None

    def _search(self, X, y, sample_weight, groups) -> LambdaPath:
        continues = self.warm_start and hasattr(self, "net_")
        checked = self._check_inputs(TrainingData(X, y), reset=not continues)
        weight = weight_in_rows(sample_weight, checked.X)
        check_groups(groups, X)
        groups = in_one_axis(groups)
        data = TrainingData(*indexable(X, y), weight, groups=groups)
        how = self.categorical_features, self.input_shape
        data = replace(data, is_raw=is_raw(data.X, *how))
        folds = self._folds(groups, checked.y)
        cv = check_cv(folds, checked.y, classifier=is_classifier(self))
        splits = list(cv.split(data.X, checked.y, groups))
        if not splits:
            raise ValueError(
                f"cv={self.cv!r} gives no folds; give splits as a list, because an "
                "iterator can be used only once."
            )
        own = set(LambdaSearch._constraints)
        params = self.get_params(deep=False).items()
        params = {name: value for name, value in params if name not in own}
        if reads_tables(self):
            # One member tells the strengths apart as well as all of them do.
            given = params["module_params"] or {}
            params["module_params"] = {"n_members": 1, **given}
        estimator = seeded_clone(self._with_lam(**params))
        classes = classes_of(checked.y) if is_classifier(self) else None
        score, stop = HeldOutScore(estimator, self.scoring, classes), Stop()
        lams = resolve_lams(estimator, data, self.lams)
        parts = [train for train, _ in splits]
        fits = fit_path(estimator, data, parts, lams, self.warm_path, stop)
        shape = len(splits), len(lams)
        rows = [Split(*(partial(data.part, each) for each in s)) for s in splits]
        if data.is_raw:
            columns = columns_as_they_are(self._table_form.names)
        else:
            # Of a coded table the rows of the user tell what is one-hot.
            table = checked.X if self._table_form is None else data.X
            columns = traced_columns(table, [], table)
        fits = finite_fits(fits, len(splits) * len(lams), stop)
        grid = evaluate_fits(fits, shape, rows, score, columns, stop)
        return LambdaPath(
            lams=lams,
            feature_names=names_of(data.X, grid.importances.shape[-1]),
            **grid.over_folds(),
        )

    def _folds(self, groups, y):
        """``cv``, or folds of whole groups if groups are given and ``cv`` is a number.

        Raises
        ------
        ValueError
            If ``cv`` needs groups and there are none.
        """
        if groups is None and needs_groups(self.cv):
            raise ValueError(f"cv={self.cv!r} needs groups; give them to fit, groups=g")
        if groups is None or not isinstance(self.cv, (Integral, NoneType)):
            return self.cv
        # Sets of labels cannot be drawn in their shares.
        stratified = is_classifier(self) and not has_several_columns(y)
        kind = StratifiedGroupKFold if stratified else GroupKFold
        return kind(5 if self.cv is None else self.cv)

    def _chosen(self, path: LambdaPath) -> int:
        """Index of the strength that ``selection`` chooses."""
        if callable(self.selection):
            index = self.selection(path)
            if not isinstance(index, Integral) or not 0 <= index < len(path.lams):
                raise ValueError(
                    "selection must return the index of one of the "
                    f"{len(path.lams)} strengths, got {index!r}."
                )
            return int(index)
        rule = best_score if self.selection == "best" else one_standard_error
        return rule(path)


def _cv_results(path: LambdaPath) -> dict[str, Any]:
    """The scores of a search as scikit-learn's searches report them."""
    means = path.mean_scores
    ranks = rankdata(np.where(np.isnan(means), np.inf, -means), method="min")
    splits = {f"split{k}_test_score": each for k, each in enumerate(path.scores)}
    return {
        "params": [{"lam": float(lam)} for lam in path.lams],
        "param_lam": np.ma.MaskedArray(path.lams, mask=False),
        **splits,
        "mean_test_score": means,
        "std_test_score": path.std_scores,
        "rank_test_score": ranks.astype(np.int32),
    }
