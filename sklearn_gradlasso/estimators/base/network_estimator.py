"""Training under scikit-learn's contract: validation, fit, importances."""

from __future__ import annotations

import re
import warnings
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from copy import deepcopy
from numbers import Integral

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from ...inspection.evaluation import representative_rows, sums_of_squares
from ...modules import is_built_in
from ...training.auto_lam import balanced_strength
from ...training.distributed import DataParallelNet
from ...training.loop import ObjectiveNet
from ...training.rows import Batches, Rows
from ...training.stopping import Plateau
from ...utils.docstrings import substituted
from ...utils.seeds import borrowed_generators
from ...utils.threads import threads
from ...weight_penalties import L1, L2
from .parameters import PARAMETERS_DOC
from .preparation import PreparedNetwork

__all__ = ["NetworkEstimator", "undone_on_failure"]

MARKER = re.compile(r"\{[a-z]+_[a-z]+\}")  # stands for text that docstrings share


class NetworkEstimator(PreparedNetwork):
    """A network fitted to an objective.

    Classifiers and regressors say how targets are encoded; the estimators of the
    papers state their objective.
    """

    _shared_doc: dict[str, str] = {}
    _keeps_background = True  # training rows as references for explanations

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        shared = {"{network_parameters}": PARAMETERS_DOC, **cls._shared_doc}
        markers = MARKER.findall(cls.__doc__ or "")
        if markers:
            texts = {marker: shared[marker] for marker in markers}
            cls.__doc__ = substituted(cls.__doc__, texts)

    @abstractmethod
    def _guess(self, y: Tensor, sample_weight: Tensor | None) -> Tensor:
        """The best output of the network that is the same for all rows."""

    def _weight_penalties(self) -> tuple:
        penalties = ((self.weight_l1, L1()), (self.weight_l2, L2()))
        return tuple((strength, cost) for strength, cost in penalties if strength)

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
        return self._fit(X, y, sample_weight, warm=self.warm_start)

    def _fit(
        self, X, y, sample_weight, annotations=None, *, warm, one_pass=False, **encoding
    ):
        self._validate_params()
        if self.accelerator is not None and not isinstance(self.random_state, Integral):
            raise ValueError(
                "random_state must be an int with an accelerator, so that all its "
                "processes start alike and take the same rows, got "
                f"{self.random_state!r}."
            )
        if one_pass and self.early_stopping:
            raise ValueError(
                "partial_fit does not hold rows out; use early_stopping=False with it."
            )
        warm = warm and hasattr(self, "net_")
        with ExitStack() as stack:
            stack.enter_context(threads(self.n_jobs))
            with undone_on_failure(self):
                prepared = self._prepare(
                    X, y, sample_weight, annotations, warm, **encoding
                )
                stray, network, rows, seed = prepared
                stack.enter_context(stray())
                size = min(self._largest_batch(), len(rows[0]))
                self.lam_ = self._strength(network, rows[0], size, seed, warm)
                goes_on = warm
                nets = self._nets_to_train(network, size, seed, warm, one_pass)
                with closing(nets):
                    for net in nets:
                        net.train(*rows)
                        self._take(net, goes_on)
                        goes_on = True
            try:
                self._describe(rows)
            except ValueError:  # not finite, which a divergence explains better
                if net.ended_by_ != "divergence":
                    raise
        self._say_how_training_ended(net.ended_by_, one_pass)
        return self

    def _nets_to_train(self, *how) -> Iterator[ObjectiveNet]:
        """The net of each phase of training; the next one when one is through."""
        yield self._net_to_train(*how)

    def _net_to_train(
        self, network, size: int, seed: int, warm: bool, one_pass: bool, **phase
    ):
        old = self.net_ if warm else None
        generator = (old and old.generator) or torch.Generator().manual_seed(seed)
        net = self._net(
            network,
            batch_size=size,
            generator=generator if self.shuffle else None,
            callbacks=list(self.callbacks or []),
            plateau=None if one_pass else Plateau(self.tol, self.n_iter_no_change),
            average=not one_pass,
            progress=bool(self.verbose),
            **{"max_epochs": 1 if one_pass else self.max_iter, **phase},
            **self._course(one_pass),
            **self._processes(),
        )
        if old:
            net.continue_from(old)
        return net

    def _processes(self) -> dict:
        """The kind of net that trains, if several processes train it together."""
        if self.accelerator is None:
            return {}
        return {"kind": DataParallelNet, "accelerator": self.accelerator}

    def _strength(self, network, rows, batch_size: int, seed: int, warm: bool):
        if not warm:
            self._balanced = (), 0.0  # for what, and with which strength
        if self.lam != "auto":
            return self.lam
        self.lam_ = 0.0
        objective = self._objective()
        penalised = ["constraints"] if objective.constraints else []
        if objective.prior_acts_on(rows.extras.get("annotations")):
            penalised.append("prior")
        balanced_for, lam = self._balanced
        if set(penalised) <= set(balanced_for):
            return lam
        trial = self._net(deepcopy(network), callbacks=[])
        order = torch.Generator().manual_seed(seed) if self.shuffle else None
        guess = self._guess(rows.y, rows.extras.get("sample_weight"))
        own = nullcontext()
        if not is_built_in(self._architecture["module"]):
            own = borrowed_generators(seed, rows.device)
        with own:
            lam = balanced_strength(trial, Batches(rows, batch_size, order), guess)
        if lam:
            self._balanced = tuple(penalised), lam
        return lam

    def _take(self, net: ObjectiveNet, warm: bool) -> None:
        if not warm:
            self.loss_curve_, self.penalty_curve_, self.validation_scores_ = [], [], []
        epochs = [epoch for epoch in net.history if net.is_finite(epoch)]
        self.loss_curve_ += [epoch["train_loss"] for epoch in epochs]
        self.penalty_curve_ += [epoch["train_penalty"] for epoch in epochs]
        scores = [epoch["valid_score"] for epoch in epochs if "valid_score" in epoch]
        self.validation_scores_ += scores
        self.best_validation_score_ = max(scores, default=None)
        self.n_iter_ = len(self.loss_curve_)
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else None
        self.best_loss_ = min(self.loss_curve_, default=None)
        self.net_ = net

    def _course(self, one_pass: bool) -> dict:
        """What else the net is to know about the course of training."""
        return {}

    def _describe(self, rows: list[Rows]) -> None:
        vars(self).pop("feature_importances_", None)
        if self._keeps_background:
            self._background = representative_rows(self.net_.module_, rows[0])
        self.feature_importances_ = _shares(self._importances(rows))

    def _importances(self, rows: list[Rows]) -> np.ndarray:
        attribution, target = self.net_.objective.attribution, self._importance_target()
        module = self.net_.module_
        squares = [sums_of_squares(module, r, attribution, target) for r in rows]
        return np.sqrt(sum(squares))

    def _say_how_training_ended(self, ended_by: str, one_pass: bool) -> None:
        name = type(self).__name__
        if ended_by == "divergence":
            strength = f"lam (now {self.lam_}) or " if self.lam_ else ""
            raise ValueError(
                f"{name}: the loss is no longer finite after {self.n_iter_} epochs; "
                "training has stopped at the last finite weights. Scale X (for example "
                f"with StandardScaler), or lower {strength}learning_rate_init (now "
                f"{self.learning_rate_init})."
            )
        if ended_by == "interrupt":
            warnings.warn(
                f"{name}: training was interrupted in epoch {self.n_iter_}; the "
                "estimator holds what it has learned until then.",
                stacklevel=4,
            )
        if ended_by == "max_epochs" and not one_pass:
            warnings.warn(
                f"{name}: max_iter={self.max_iter} epochs are over and training has "
                "not settled; raise max_iter, learning_rate_init or tol.",
                ConvergenceWarning,
                stacklevel=4,
            )


@contextmanager
def undone_on_failure(estimator):
    """What was fitted before stays as it was."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def _shares(importances: np.ndarray) -> np.ndarray:
    total = importances.sum()
    if total == 0:
        return np.full(len(importances), 1 / len(importances))
    return importances / total
