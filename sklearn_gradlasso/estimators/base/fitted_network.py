"""What a fitted estimator answers, and how it is stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from ... import attributions, targets
from ...inspection.evaluation import (
    attributions_of,
    base_value_of,
    outputs_of,
    scores_of,
)
from ...modules import build_module
from ...objective import Objective
from ...training.loop import ObjectiveNet
from ...training.rows import Rows
from ...utils import validation as check
from ...utils.threads import threads
from .parameters import NetworkParameters

__all__ = ["FittedNetwork", "Target"]

Target = Callable[[Tensor, Tensor | None], Tensor]


class Explained(NamedTuple):
    """Attributions ``values``, the explained ``predictions``, and their base.

    And the features they are about with their names, if these are not those of X.
    """

    values: np.ndarray
    predictions: np.ndarray | None
    base_values: np.ndarray | None
    data: np.ndarray | None = None
    feature_names: np.ndarray | None = None


class FittedNetwork(NetworkParameters, BaseEstimator, ABC):
    """An estimator whose state is a trained network, ``net_``.

    Classifiers and regressors say what their network's output means; the estimators
    of the papers state the objective it was trained with.
    """

    _target_names: tuple[str, ...]

    @abstractmethod
    def _objective(self) -> Objective:
        """The equation to minimise."""

    @abstractmethod
    def _with_head(self, network: nn.Module) -> nn.Module:
        """The network, ending in the layer that gives its output a meaning."""

    @abstractmethod
    def _in_units(self, target: Target) -> Target:
        """The target of the network's output in the units of predictions."""

    @abstractmethod
    def _decision_target(self) -> Target:
        """The scalars that ``explain`` explains by default."""

    @abstractmethod
    def _single_target(self) -> Target:
        """The one scalar per row behind ``target="predicted"``."""

    @abstractmethod
    def _importance_target(self) -> Target:
        """The scalars whose gradients make up ``feature_importances_``."""

    @abstractmethod
    def _validation_score(self, output: Tensor, y: Tensor, sample_weight) -> float:
        """Score on the rows held out, larger is better."""

    def _input_checks(self) -> dict:
        return {
            "accept_sparse": "csr",
            "dtype": (np.float64, np.float32),
            "allow_nd": self.module is not None,
        }

    def _check_row_shape(self, row_shape: tuple, reset: bool) -> None:
        if reset:
            self._feature_shape = check.check_feature_shape(row_shape, self.input_shape)
            self._row_shape = row_shape
        elif row_shape != self._row_shape:
            raise ValueError(
                f"X has rows of shape {row_shape}, but {type(self).__name__} was "
                f"fitted on rows of shape {self._row_shape}."
            )

    def _rows(self, network: nn.Module, X, y=None, **extras) -> Rows:
        like = next(network.parameters())
        form = {"feature_shape": self._shape_of_rows(X), "dtype": like.dtype}
        return Rows(X, y, extras, **form, device=like.device)

    def _shape_of_rows(self, X) -> tuple:
        return self._feature_shape

    def _net(
        self,
        network: nn.Module,
        optimization=None,
        kind: type[ObjectiveNet] = ObjectiveNet,
        **training,
    ) -> ObjectiveNet:
        method, params, rate = optimization or (
            self.optimizer,
            self.optimizer_params,
            self.learning_rate_init,
        )
        optimizer, params = check.check_optimizer(method, params)
        net = kind(
            network,
            optimizer=optimizer,
            **{f"optimizer__{name}": value for name, value in params.items()},
            lr=rate,
            validation_score=self._validation_score,
            device=next(network.parameters()).device,
            **{"objective": self._objective(), **training},
        )
        return net.initialize()

    def _rows_to_answer(self, X) -> Rows:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **self._input_checks())
        self._check_row_shape(X.shape[1:], reset=False)
        return self._rows(self.net_.module_, X)

    def _outputs(self, X) -> np.ndarray:
        rows = self._rows_to_answer(X)
        with threads(self.n_jobs):
            return outputs_of(self.net_.module_, rows)

    def explain(
        self,
        X: ArrayLike,
        *,
        target: str | Target | None = None,
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

    def _explained(
        self, X, target=None, attribution=None, *, with_base: bool = True
    ) -> Explained:
        """Attributions, and what they are to add up to."""
        rows = self._rows_to_answer(X)
        module = self.net_.module_
        attribution = self._attribution_to_explain(attribution)
        scalars = self._target_to_explain(target, self.net_.objective)
        scores = base = None
        with threads(self.n_jobs):
            phi = attributions_of(module, rows, attribution, scalars)
            if with_base:
                scores = scores_of(module, rows, scalars)
                base = base_value_of(module, rows, attribution, scalars)
        n_axes = 1 + len(self._feature_shape)
        phi = phi.reshape(len(phi), *self._row_shape, *phi.shape[n_axes:])
        return Explained(phi, scores, base)

    def _differentiable(self, X, target=None, in_units: bool = False):
        """The network, rows for it, and the scalar whose slopes are its sensitivity.

        By default that of ``feature_importances_``, in the units of answers if asked.
        """
        rows = self._rows_to_answer(X)
        if target is None:
            target = self._importance_target()
            target = self._in_units(target) if in_units else target
        else:
            target = self._target_to_explain(target, self.net_.objective)
        return self.net_.module_, rows, target

    def _own_attribution(self) -> Callable:
        """The attribution by which the estimator explains itself."""
        return self.net_.objective.attribution

    def _attribution_to_explain(self, attribution) -> Callable:
        if attribution is None:
            attribution = self._own_attribution()
        attribution = attributions.by_name(attribution)
        against = getattr(attribution, "against", None)
        return attribution if against is None else against(*self._background)

    def _target_to_explain(self, target, objective: Objective) -> Target:
        if target is None:
            return self._in_units(self._decision_target())
        if isinstance(target, str) and target == "training":
            return objective.target
        if isinstance(target, str) and target == "predicted":
            return self._in_units(self._single_target())
        if isinstance(target, str) and target not in self._target_names:
            raise ValueError(
                f"target must be one of {list(self._target_names)}, 'predicted', "
                f"'training' or a callable, got {target!r}."
            )
        return self._in_units(targets.by_name(target, self._target_names))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self):
        state = dict(super().__getstate__())
        state["accelerator"] = None  # of the running processes
        net = state.pop("net_", None)
        if net is not None:
            state["_weights"] = {
                name: values.detach().cpu().numpy().copy()
                for name, values in net.module_.state_dict().items()
            }
        return state

    def __setstate__(self, state):
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is not None:
            self.net_ = self._restored(weights)

    def _restored(self, weights: dict[str, np.ndarray]) -> ObjectiveNet:
        network = self._with_head(build_module(**self._architecture))
        values = {name: torch.tensor(array) for name, array in weights.items()}
        (dtype,) = {v.dtype for v in values.values() if v.is_floating_point()}
        network.to(dtype).load_state_dict(values)
        try:
            device, _ = check.check_device(self.device, np.float32)
        except ValueError:  # trained elsewhere: a model from a GPU serves on a CPU
            device = "cpu"
        return self._net(network.eval().to(device), callbacks=[])
