"""The base of every estimator: a network under scikit-learn's contract.

``fit`` has four steps. ``preparation`` checks the data, and makes rows and a network.
``training.auto_lam`` resolves the strength of the prior. ``training.prepared`` makes
the nets, which are trained. A ``TrainingRecord`` sets the fitted attributes. Subclasses
override only the methods that are marked as hooks; all others are final.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from ... import attributions
from ...inspection.evaluation import (
    Explained,
    feature_means,
    outputs_of,
    representative_rows,
    sums_of_squares,
)
from ...inspection.explainable import Explainable
from ...modules import check_output
from ...objective import Objective
from ...training.auto_lam import NOTHING_FOUND, resolve_lam
from ...training.prepared import Prepared, codes_columns, prepare
from ...training.rows import Rows, TrainingData, rows_for
from ...training.training_record import TrainingRecord
from ...utils.state import undone_on_failure
from ...utils.threads import computing
from ...utils.validation import check_feature_shape
from ...weight_penalties import L1, L2
from . import explaining, fit_method
from .calibration import calibrate, uncalibrated
from .net_options import net_options
from .parameters import NetworkParameters
from .params_of_fit import as_fitted, remember_params
from .preparation import architecture_of, prepare_fit, prepare_path
from .reporting import report_end, report_scales
from .storage import STORED, restore_net, stored_instead_of_net
from .table_input import read_to_answer, read_to_fit, with_rows_read, would_read
from .task import Task

__all__ = ["NetworkEstimator"]


class NetworkEstimator(NetworkParameters, BaseEstimator, ABC):
    """A network that is trained on an objective; the trained net is ``net_``.

    Classifiers and regressors define the meaning of the output (their task), and the
    estimators of the papers define their objective.
    """

    __metadata_request__fit = fit_method.REQUEST
    # Whether training rows are kept as the background of attributions.
    _keeps_background = True
    # Whether duplicate rows are merged when all rows fit into one batch.
    _merges_repeated = False
    # Name of the target of reasons; None for that of ``explain``.
    _reasons = None
    # A parameter of classifiers whose scores are calibrated.
    calibrate = False
    # Whether the network is given the columns of X.
    _reads_columns = True
    # Whether the network for tables is the default where X is one.
    _has_table_net = True
    # Whether the network makes weights of columns, of which a prediction is a sum.
    _weighs_columns = False
    # What the columns of a raw table become; None if X reaches the network as it is.
    _table_form = None

    # Hooks without a default ---------------------------------------------------------

    @abstractmethod
    def _objective(self, lam: float) -> Objective:
        """Hook: return the objective with this strength of the prior."""

    @property
    @abstractmethod
    def _task(self) -> Task:
        """Hook: the meaning of the output of the fitted network."""

    @abstractmethod
    def _learn_task(self, y, sample_weight, reset: bool, every, classes) -> np.ndarray:
        """Hook: learn the task from y, and return y as an array.

        The method sets ``n_outputs_`` and the attributes that ``_task`` needs. Without
        ``reset`` it checks that y fits the task that was learned before. The rows of y
        have positive weights; ``every`` is y as it was given, with all rows. ``fit``
        gives no ``classes``, ``partial_fit`` of a classifier does.
        """

    # Hooks with a default ------------------------------------------------------------

    def _requested_lam(self) -> float | str:
        """Hook: return the strength of the prior before "auto" is resolved."""
        return self.lam

    @property
    def _jobs_of_fit(self) -> int | None:
        """Hook: the number of threads that train one network, as ``n_jobs``."""
        return self.n_jobs

    def _learn_from(self, prepared: Prepared, warm: bool) -> None:
        """Hook: set attributes that the objective needs from the prepared rows."""

    def _schedule_options(self, one_pass: bool) -> dict[str, Any]:
        """Hook: return options of the net that concern the schedule of training."""
        return {}

    def _phases(
        self, prepared: Prepared, objective: Objective, record: TrainingRecord
    ) -> Iterator:
        """Hook: yield the nets to train, one after the other.

        ``fit`` trains and records each net before it requests the next one.
        """
        yield prepared.net(objective, previous=record.net)

    @property
    def _has_raw_table(self) -> bool:
        """Whether features are columns of the user, as far as names are concerned."""
        return self._table_form is not None and self._table_form.is_raw

    def _check_inputs(self, data: TrainingData, reset: bool) -> TrainingData:
        """Hook: return X in the form that the network takes, and y, as arrays."""
        return read_to_fit(self, data, reset)

    def _rows_to_answer(self, X) -> Rows:
        """Hook: check X, and return it as rows for the fitted network."""
        check_is_fitted(self)
        return self._rows(read_to_answer(as_fitted(self), X))

    def _shape_for_network(self, X) -> tuple[int, ...]:
        """Hook: return the shape in which the network receives a row of checked X."""
        return self._feature_shape

    def _requested_architecture(self) -> dict[str, Any]:
        """Hook: return arguments of ``build_module`` from the current parameters."""
        return architecture_of(self)

    def _with_head(self, network: nn.Module) -> nn.Module:
        """Hook: add the last layer, which turns raw scores into the output."""
        return self._task.head(network)

    def _check_network(self, network: nn.Module, x: Tensor) -> None:
        """Hook: check that the network returns outputs of the right shape."""
        check_output(network, x, self.n_outputs_)

    def _own_attribution(self) -> Callable:
        """Hook: return the attribution that ``explain`` uses by default."""
        return self.net_.objective.attribution

    def _importances(self, rows: list[Rows]) -> np.ndarray:
        """Hook: return the importances of the features, before they are normalised."""
        attribution, target = (
            self._attribution_to_explain(None),
            self._importance_target(),
        )
        module = self.net_.module_
        squares = [sums_of_squares(module, r, attribution, target) for r in rows]
        return np.sqrt(sum(squares))

    def _explained(
        self, X, target=None, attribution=None, *, with_base: bool = True
    ) -> Explained:
        """Hook: return attributions, and the scores and base values they refer to."""
        return explaining.explained(self, X, target, attribution, with_base)

    def _explainable(self, X, target=None) -> Explainable | None:
        """Hook: return the scalars that effects are of; None if rows are no table."""
        return explaining.explainable(self, X, target)

    _column_sums = explaining.column_sums

    def _attribution_of_reasons(self) -> str | Callable | None:
        """Hook: return what an ``Explanation`` holds without effects; None: the own."""
        own = self._own_attribution()
        return "expected_gradients" if own.per_unit else own

    def _differentiable(self, X, target=None, in_units: bool = False) -> tuple:
        """Hook: return the network, its rows, and the scalar to differentiate.

        The default scalar is that of ``feature_importances_``. With ``in_units`` it is
        in the units of predictions.
        """
        rows = self._rows_to_answer(X)
        if target is None:
            target = self._importance_target()
            target = self._task.in_units(target) if in_units else target
        else:
            target = self._target_to_explain(target)
        return self.net_.module_, rows, target

    # Fitting -------------------------------------------------------------------------

    fit = fit_method.fit

    def _fit(
        self, data: TrainingData, *, warm: bool, one_pass=False, classes=None, lam=None
    ):
        self._validate_params()
        warm = warm and hasattr(self, "net_")
        with ExitStack() as stack:
            stack.enter_context(computing(self._jobs_of_fit))
            with undone_on_failure(self), uncalibrated(self, warm):
                how = {"warm": warm, "one_pass": one_pass, "classes": classes}
                prepared = prepare_fit(self, data, **how)
                remember_params(self)
                if not warm:
                    report_scales(self, data.X, one_pass)
                stack.enter_context(prepared.global_rng())
                known = self._found_lam if warm else NOTHING_FOUND
                requested = self._requested_lam() if lam is None else lam
                lam, found = resolve_lam(requested, self._objective, prepared, known)
                self.lam_, self._found_lam = lam, found
                record = TrainingRecord(n_rows=len(prepared.train))
                if warm:
                    record = TrainingRecord.of(self, record.n_rows)
                phases = self._phases(prepared, self._objective(lam), record)
                with closing(phases):
                    for net in phases:
                        net.train(*prepared.rows)
                        record.add(net)
                record.set_on(self)
                calibrate(self, prepared.rows)
            ended_by = self.net_.ended_by_
            try:
                self._compute_importances(prepared.rows)
            except ValueError:
                # After a divergence, ``report_end`` raises a more helpful error.
                if ended_by != "divergence":
                    raise
        report_end(self, ended_by, one_pass)
        return self

    def _net_options(self, one_pass: bool) -> dict[str, Any]:
        return net_options(self, one_pass)

    def _optimization(self) -> dict[str, Any]:
        """Options of all nets, including a net that is loaded from a pickle."""
        return {
            "optimizer": self._settings.optimizer,
            "optimizer_params": self._settings.optimizer_params,
            "learning_rate": self._settings.learning_rate,
            "task": self._task,
        }

    def _n_epochs_before(self, warm: bool) -> int:
        """Number of epochs before this call, from which seeds of later calls differ."""
        return len(self.loss_curve_) if warm else 0

    def _weight_penalties(self) -> tuple:
        kinds = L1(biases=self.penalize_biases), L2(biases=self.penalize_biases)
        penalties = zip((self.weight_l1, self.weight_l2), kinds)
        return tuple((strength, cost) for strength, cost in penalties if strength)

    def _compute_importances(self, rows: list[Rows]) -> None:
        """Hook: set the attributes that describe the trained net on its rows."""
        vars(self).pop("feature_importances_", None)
        if self._keeps_background:
            self._background = representative_rows(self.net_.module_, rows[0])
            self._feature_means = feature_means(rows[0])
        # What members hold out is among the rows that others learn from.
        once = [part for part in rows if "held_out" not in part.extras]
        sizes = self._importances(once)
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
        """Attribute the model's predictions to the inputs, row by row.

        The result is deterministic, and the model is not changed.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Rows to explain.
        target : str or callable, default=None
            The scalar to explain. The default is the value of ``decision_function`` for
            classifiers (the log-odds of ``classes_[1]``, the log-probability of each
            class, or the log-odds of each label) and of ``predict`` for regressors.
            "predicted" is the log-probability of the predicted class, or the single
            output of a regressor.
            "training" is the scalar that the prior uses in training, without
            annotations, and in standardised units for a regressor. Other values are
            names from :mod:`sklearn_gradlasso.targets`, or a callable
            ``(output, y) -> (n,)``.
        attribution : str or callable, default=None
            "gradients", "integrated_gradients", "expected_gradients", "contributions",
            or a callable ``(score, x) -> phi``. The default is the attribution of the
            estimator. Expected gradients and contributions compare with up to 500 rows,
            which are kept from the training data, or with a ``background`` of rows like
            those of X.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_features, n_outputs)
            Attributions in the units of the target (gradients: per unit of the
            feature; for a category, and where a value is missing, the difference from
            the average of the training rows) and in the precision of the model. The
            last axis exists only if there are several outputs.

        Raises
        ------
        ValueError
            If the target or the attribution is unknown or does not fit the model, or if
            X is not as in ``fit``.
        """
        return self._explained(X, target, attribution, with_base=False).values

    def _outputs(self, X) -> np.ndarray:
        """Hook: return the output of the fitted network at rows of the user."""
        with computing(self.n_jobs):
            rows = self._rows_to_answer(X)  # It raises an error before a fit.
            return outputs_of(self.net_.module_, rows)

    def _importance_target(self) -> Callable:
        return self._task.importance_target()

    def _attribution_to_explain(self, attribution) -> Callable:
        if attribution is None:
            attribution = self._own_attribution()
        attribution = with_rows_read(self, attributions.by_name(attribution))
        return attribution.against(*self._background)

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

    def _rows(self, X) -> Rows:
        """Checked X as rows for the fitted network."""
        data, shape = TrainingData(X, None), self._shape_for_network(X)
        return rows_for(self.net_.module_, data, shape)

    # Storage -------------------------------------------------------------------------

    def __getstate__(self):
        state = {**super().__getstate__()}
        state["accelerator"] = None  # It belongs to the running processes.
        return stored_instead_of_net(state)

    def __setstate__(self, state):
        stored = {name: state.get(name) for name in STORED}
        super().__setstate__({n: of for n, of in state.items() if n not in STORED})
        restore_net(self, *stored.values())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        marks = self.categorical_features
        # The columns of an array, of which this tag is, have no types of their own.
        has_categories = not (marks is None or isinstance(marks, str))
        tags.input_tags.sparse = not has_categories
        tags.input_tags.categorical = has_categories
        tags.input_tags.allow_nan = self._reads_columns and self.input_shape is None
        return tags


prepare.register(NetworkEstimator, prepare_path)
codes_columns.register(NetworkEstimator, would_read)
