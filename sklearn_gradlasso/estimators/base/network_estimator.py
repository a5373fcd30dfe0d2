"""The base of every estimator: a network under scikit-learn's contract.

``fit`` goes one way: checked rows and a network (``preparation``), the strength of the
prior (``training.auto_lam``), the nets to train (``training.prepared``), and the record
of what they have learned. Subclasses fill in the methods that are marked as hooks; all
others are final.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from ... import attributions
from ...inspection.evaluation import (
    attributions_of,
    base_value_of,
    outputs_of,
    representative_rows,
    scores_of,
    sums_of_squares,
)
from ...inspection.explained import Explained
from ...modules import check_output
from ...objective import Objective
from ...training.auto_lam import NOTHING_FOUND, resolve_lam
from ...training.prepared import Prepared, prepare
from ...training.rows import Rows
from ...training.stopping import Plateau
from ...training.training_data import TrainingData
from ...training.training_record import TrainingRecord
from ...utils.state import undone_on_failure
from ...utils.threads import threads
from ...utils.validation import check_feature_shape
from ...weight_penalties import L1, L2
from .parameters import NetworkParameters
from .preparation import architecture_of, prepare_fit, prepare_path
from .reporting import report_end
from .storage import stored_net, stored_weights
from .task import Task

__all__ = ["NetworkEstimator"]


class NetworkEstimator(NetworkParameters, BaseEstimator, ABC):
    """A network fitted to an objective; its state is the trained net, ``net_``.

    Classifiers and regressors say what the output means (their task); the estimators
    of the papers state their objective.
    """

    _keeps_background = True  # training rows that explanations are compared with
    _merges_repeated = False  # equal rows become one if one batch holds them all

    # Hooks without a default ---------------------------------------------------------

    @abstractmethod
    def _objective(self, lam: float) -> Objective:
        """Hook: the equation to minimise, with this strength of the prior."""

    @property
    @abstractmethod
    def _task(self) -> Task:
        """Hook: what the output of the fitted network means."""

    @abstractmethod
    def _learn_task(self, y, sample_weight, reset: bool, classes) -> np.ndarray:
        """Hook: learn (or, without ``reset``, check) the task; returns y as an array.

        Sets ``n_outputs_`` and whatever ``_task`` is made from.
        """

    # Hooks with a default ------------------------------------------------------------

    def _lam_asked(self) -> float | str:
        """Hook: the strength that is asked for, or "auto"."""
        return self.lam

    def _learn_from(self, prepared: Prepared, warm: bool) -> None:
        """Hook: learn what the objective has to know about the prepared rows."""

    def _schedule_options(self, one_pass: bool) -> dict[str, Any]:
        """Hook: options of the net about the schedule of training."""
        return {}

    def _phases(
        self, prepared: Prepared, objective: Objective, record: TrainingRecord
    ) -> Iterator:
        """Hook: the nets to train, one after the other.

        The next one is asked for when the one before has been trained and recorded.
        """
        yield prepared.net(objective, previous=record.net)

    def _check_inputs(self, data: TrainingData, reset: bool) -> TrainingData:
        """Hook: X as the network takes it and y, both as arrays."""
        X = data.X
        if self.module is None and getattr(X, "ndim", 2) > 2:
            raise ValueError(
                f"Found array with dim {X.ndim}, but the default network takes X of "
                "shape (n_samples, n_features); flatten the rows, or give a module for "
                "rows of another shape, such as modules.RecurrentNet."
            )
        form = {"reset": reset, "multi_output": True, **self._input_form()}
        X, y = validate_data(self, X, data.y, **form)
        self._check_row_shape(X.shape[1:], reset)
        return TrainingData(X, y, data.sample_weight, data.annotations)

    def _rows_to_answer(self, X) -> Rows:
        """Hook: rows for the fitted network."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **self._input_form())
        self._check_row_shape(X.shape[1:], reset=False)
        return self._rows(self.net_.module_, X)

    def _shape_for_network(self, X) -> tuple[int, ...]:
        """Hook: the shape in which the network is given a row of checked X."""
        return self._feature_shape

    def _architecture_asked(self) -> dict[str, Any]:
        """Hook: what ``build_module`` is to make by the parameters."""
        return architecture_of(self)

    def _with_head(self, network: nn.Module) -> nn.Module:
        """Hook: the network, ending in the layer that gives its output a meaning."""
        return self._task.head(network)

    def _check_network(self, network: nn.Module, x: Tensor) -> None:
        """Hook: check that the network takes a batch and returns what it should."""
        check_output(network, x, self.n_outputs_)

    def _own_attribution(self) -> Callable:
        """Hook: the attribution by which the estimator explains itself."""
        return self.net_.objective.attribution

    def _importances(self, rows: list[Rows]) -> np.ndarray:
        """Hook: importances of the features that add up to anything."""
        attribution, target = self.net_.objective.attribution, self._importance_target()
        module = self.net_.module_
        squares = [sums_of_squares(module, r, attribution, target) for r in rows]
        return np.sqrt(sum(squares))

    def _explained(
        self, X, target=None, attribution=None, *, with_base: bool = True
    ) -> Explained:
        """Hook: attributions, and what they are to add up to."""
        rows = self._rows_to_answer(X)
        module = self.net_.module_
        attribution = self._attribution_to_explain(attribution)
        scalars = self._target_to_explain(target)
        scores = base = None
        with threads(self.n_jobs):
            phi = attributions_of(module, rows, attribution, scalars)
            if with_base:
                scores = scores_of(module, rows, scalars)
                base = base_value_of(module, rows, attribution, scalars)
        n_axes = 1 + len(self._feature_shape)
        phi = phi.reshape(len(phi), *self._row_shape, *phi.shape[n_axes:])
        return Explained(phi, scores, base)

    def _differentiable(self, X, target=None, in_units: bool = False) -> tuple:
        """Hook: the network, rows for it, and the scalar to be differentiated.

        By default the scalar is that of ``feature_importances_``, and with ``in_units``
        it is in the units of answers.
        """
        rows = self._rows_to_answer(X)
        if target is None:
            target = self._importance_target()
            target = self._task.in_units(target) if in_units else target
        else:
            target = self._target_to_explain(target)
        return self.net_.module_, rows, target

    # Fitting -------------------------------------------------------------------------

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None):
        """Train the network.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, best on a common scale; with a ``module`` also of shape
            ``(n_samples, *feature_shape)``. CSR rows become dense batch by batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels, or target values (several columns for a regressor only).
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights in the loss and in the prior; an integer weight means
            repetition. Rows of weight zero are left out.

        Returns
        -------
        self : object
            The fitted estimator. After an interrupt from the keyboard it is usable
            with what it has learned, and a warning says so.

        Raises
        ------
        ValueError
            If a parameter or an input is not as described, or if the loss becomes
            infinite or NaN; in that case the last finite weights are in place.
        """
        return self._fit(TrainingData(X, y, sample_weight), warm=self.warm_start)

    def _fit(self, data: TrainingData, *, warm: bool, one_pass=False, classes=None):
        self._validate_params()
        warm = warm and hasattr(self, "net_")
        with ExitStack() as stack:
            stack.enter_context(threads(self.n_jobs))
            with undone_on_failure(self):
                how = {"warm": warm, "one_pass": one_pass, "classes": classes}
                prepared = prepare_fit(self, data, **how)
                stack.enter_context(prepared.global_rng())
                known = self._found_lam if warm else NOTHING_FOUND
                asked = self._lam_asked()
                lam, found = resolve_lam(asked, self._objective, prepared, known)
                self.lam_, self._found_lam = lam, found
                record = TrainingRecord.of(self) if warm else TrainingRecord()
                phases = self._phases(prepared, self._objective(lam), record)
                with closing(phases):
                    for net in phases:
                        net.train(*prepared.rows)
                        record.add(net)
                record.set_on(self)
            ended_by = self.net_.ended_by_
            try:
                self._compute_importances(prepared.rows)
            except ValueError:
                # Something is not finite, which a divergence explains better.
                if ended_by != "divergence":
                    raise
        report_end(self, ended_by, one_pass)
        return self

    def _net_options(self, one_pass: bool) -> dict[str, Any]:
        """Options of every net that is trained."""
        options = {
            **self._optimization(),
            "callbacks": list(self.callbacks or []),
            "plateau": None if one_pass else Plateau(self.tol, self.n_iter_no_change),
            "average": not one_pass,
            "progress": bool(self.verbose),
            "max_epochs": 1 if one_pass else self.max_iter,
            **self._schedule_options(one_pass),
        }
        if self.accelerator is not None:
            # It imports what only training in several processes needs.
            from ...training.distributed import DataParallelNet

            options |= {"kind": DataParallelNet, "accelerator": self.accelerator}
        return options

    def _optimization(self) -> dict[str, Any]:
        """Options of every net, also of one that is not trained."""
        return {
            "optimizer": self.optimizer,
            "optimizer_params": self.optimizer_params,
            "learning_rate": self.learning_rate_init,
            "validation_score": self._task.validation_score,
        }

    def _weight_penalties(self) -> tuple:
        penalties = ((self.weight_l1, L1()), (self.weight_l2, L2()))
        return tuple((strength, cost) for strength, cost in penalties if strength)

    def _compute_importances(self, rows: list[Rows]) -> None:
        vars(self).pop("feature_importances_", None)
        if self._keeps_background:
            self._background = representative_rows(self.net_.module_, rows[0])
        sizes = self._importances(rows)
        total = sizes.sum()
        equal = np.full(len(sizes), 1 / len(sizes))
        self.feature_importances_ = sizes / total if total else equal

    # Answers -------------------------------------------------------------------------

    def explain(
        self,
        X: ArrayLike,
        *,
        target: str | Callable | None = None,
        attribution: Callable | None = None,
    ) -> np.ndarray:
        """Attribution of the model's answers to the inputs, row by row.

        Deterministic, and without effect on the model.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Rows to explain.
        target : str or callable, default=None
            What is explained. By default, what ``decision_function`` (classifiers:
            the log-odds of ``classes_[1]``, or each class's log-probability) or
            ``predict`` (regressors) returns. "predicted" is the log-probability of the
            predicted class, or a regressor's single output; "training" is exactly what
            the prior saw (before annotations), for a regressor in standardised units.
            Else a name from :mod:`sklearn_gradlasso.targets` or a callable
            ``(output, y) -> (n,)``.
        attribution : str or callable, default=None
            "gradients", "integrated_gradients", "expected_gradients", or a callable
            ``(score, x) -> phi``; by default the estimator's own. References of
            expected gradients are up to 500 rows kept from the training data.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
            In units of what is explained (for gradients, per unit of the feature), in
            the precision of the model; the last axis only where there are several
            outputs.

        Raises
        ------
        ValueError
            If the target or the attribution is unknown or does not fit the model, or X
            is not as in ``fit``.
        """
        return self._explained(X, target, attribution, with_base=False).values

    def _outputs(self, X) -> np.ndarray:
        rows = self._rows_to_answer(X)
        with threads(self.n_jobs):
            return outputs_of(self.net_.module_, rows)

    def _importance_target(self) -> Callable:
        return self._task.importance_target()

    def _attribution_to_explain(self, attribution) -> Callable:
        if attribution is None:
            attribution = self._own_attribution()
        return attributions.by_name(attribution).against(*self._background)

    def _target_to_explain(self, target) -> Callable:
        return self._task.target_to_explain(target, self.net_.objective.target)

    # Rows ----------------------------------------------------------------------------

    def _input_form(self) -> dict[str, Any]:
        return {
            "accept_sparse": "csr",
            "dtype": (np.float64, np.float32),
            "allow_nd": self.module is not None,
        }

    def _check_row_shape(self, row_shape: tuple[int, ...], reset: bool) -> None:
        if reset:
            self._feature_shape = check_feature_shape(row_shape, self.input_shape)
            self._row_shape = row_shape
        elif row_shape != self._row_shape:
            raise ValueError(
                f"X has rows of shape {row_shape}, but {type(self).__name__} was "
                f"fitted on rows of shape {self._row_shape}."
            )

    def _rows(self, network: nn.Module, X, y=None, **extras) -> Rows:
        like = next(network.parameters())
        form = {"feature_shape": self._shape_for_network(X), "dtype": like.dtype}
        return Rows(X, y, extras, **form, device=like.device)

    # Storage -------------------------------------------------------------------------

    def __getstate__(self):
        state = dict(super().__getstate__())
        state["accelerator"] = None  # It belongs to the processes that run now.
        net = state.pop("net_", None)
        if net is not None:
            state["_weights"] = stored_weights(net)
        return state

    def __setstate__(self, state):
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is not None:
            self.net_ = stored_net(self, weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


prepare.register(NetworkEstimator, prepare_path)
