"""One step on one batch: where skorch meets the objective.

``train_step_single`` replaces skorch's, because skorch's ``get_loss`` does not see the
tensor that the network received. The loop over the batches of an epoch replaces
skorch's, so that it does nothing that no callback asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

from ..objective import average
from ..objective._many_networks import row_by_row
from ..utils.networks import n_networks_of
from .rows import Batches
from .stopping import RunningMean

__all__ = ["TERMS", "SteppingNet"]

TERMS = ("train_loss", "train_penalty", "train_total")


class SteppingNet(NeuralNet):
    """A skorch net that takes steps on batches of :class:`Rows` by an objective.

    Parameters
    ----------
    module : nn.Module
    objective : callable
        An :class:`~sklearn_gradlasso.objective.Objective`.
    generator : torch.Generator or None
        Shuffles the rows of each epoch; ``None`` keeps their order.
    validation_score : callable or None
        ``(output, y, sample_weight) -> float`` on tensors, larger is better.
    schedule : {"joint", "alternating"}
        Whether a step is on the whole objective, or two steps are, on the loss with
        the weight penalties and on the prior.
    **kwargs
        Parameters of :class:`skorch.NeuralNet`.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        objective: Callable,
        generator: torch.Generator | None = None,
        validation_score: Callable | None = None,
        schedule: str = "joint",
        **kwargs,
    ):
        super().__init__(
            module,
            criterion=nn.Identity,  # The loss is part of the objective.
            train_split=None,
            verbose=0,
            **kwargs,
        )
        self.objective = objective
        self.generator = generator
        self.validation_score = validation_score
        self.schedule = schedule

    @property
    def _default_callbacks(self):
        return []

    def initialize_callbacks(self):
        for given in self.callbacks:
            callback = given[-1] if isinstance(given, tuple) else given
            kind = callback if isinstance(callback, type) else type(callback)
            if not issubclass(kind, Callback):
                raise TypeError(
                    "callbacks must be a list of skorch callbacks or of (name, "
                    f"callback) pairs, got {given!r} in it."
                )
        return super().initialize_callbacks()

    def initialize_optimizer(self, triggered_directly=None):
        try:
            return super().initialize_optimizer(triggered_directly)
        except (TypeError, ValueError, RuntimeError) as error:
            message = f"optimizer_params do not suit {self.optimizer.__name__}: {error}"
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(message) from error

    def get_iterator(self, dataset, training=False):
        return Batches(dataset, self.batch_size, self.generator if training else None)

    def start(self, mean: RunningMean | None) -> None:
        """Prepare for epochs; ``mean`` averages the weights of their last steps."""
        self._lean = not any(_asks_for_batches(cb) for _, cb in self.callbacks_)
        self._mean, self._lowest = mean, {}
        self._parameters = list(self.module_.parameters())

    def start_epoch(self, has_prior: bool) -> None:
        """Decide what is minimised in the epoch that begins."""
        self._objectives = self.objectives_of_step(has_prior)

    def objectives_of_step(self, has_prior: bool) -> tuple[Callable, ...]:
        """Hook: the objectives that a step minimises, one after the other."""
        objective = self.objective if has_prior else replace(self.objective, lam=0.0)
        alternates = objective.penalises and self.schedule == "alternating"
        return objective.by_turns() if alternates else (objective,)

    def on_epoch_begin(self, net, **kwargs):
        # Keep the current epoch in an attribute: `self.history[-1]` copies the history.
        # Callbacks may look for the last batch; the lean loop has one for all of them.
        batches = [{}] if self._lean else []
        self._epoch = {"batches": batches, "epoch": len(self.history) + 1}
        self.history.append(self._epoch)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        if iterator is None:
            return
        if self.module_.training is not training:
            self._set_training(training)
        if training:
            self._learnable = [p for p in self._parameters if p.requires_grad]
        second_half = len(iterator) // 2
        kept = []

        def step(batch, **kwargs):
            result = step_fn(batch, **kwargs)
            kept.append(result["kept"])
            if training and self._mean and len(kept) > second_half:
                self._mean.add()
            return result

        try:
            if self._lean:
                for batch in iterator:
                    step(batch)
            else:
                super().run_single_epoch(iterator, training, prefix, step)
        finally:
            if training and kept:  # An interrupt may have left some of them.
                self._record_training(kept)
        if not training:
            self._record_validation(kept)

    def train_step(self, batch, **fit_params):
        results = []
        for objective in self._objectives:
            self._current_objective = objective
            if self._lean:
                results.append(self._lean_step(batch))
            else:
                results.append(super().train_step(batch, **fit_params))
        return results[0] if len(results) == 1 else _joined(*results)

    def _lean_step(self, batch) -> dict:
        steps = []

        def closure():
            for theta in self._learnable:
                theta.grad = None
            steps.append(self.train_step_single(batch))
            return steps[-1]["loss"]

        self.optimizer_.step(closure)
        return steps[0]

    def train_step_single(self, batch, **fit_params):
        x, y = batch
        terms = self._current_objective(self.module_, x, y, **batch.extras)
        total, weight = terms.total, len(x)
        if "sample_weight" in batch.extras:
            # A batch counts by its weight, which is the number of rows on average.
            weight = batch.extras["sample_weight"].sum(dim=0)
            total = (weight / len(x)) * total
        if total.ndim:  # There are many networks, independent of each other.
            total = total.sum()
        # With a prior x is a leaf of the graph too, but its gradient is not wanted.
        wanted = self._learnable if self._current_objective.penalises else None
        total.backward(inputs=wanted)
        kept = (weight, terms.data.detach(), terms.prior.detach(), terms.total.detach())
        return {"loss": terms.total, "y_pred": terms.output, "kept": kept}

    def validation_step(self, batch, **fit_params):
        x, y = batch
        with torch.no_grad():
            output = self.module_(x)
            weight = batch.extras.get("sample_weight")
            n_networks = n_networks_of(self.module_)
            losses = row_by_row(self.objective.loss, output, y, n_networks=n_networks)
            loss = average(losses, weight)
        return {"loss": loss, "y_pred": output, "kept": (output, y, weight)}

    def _record_training(self, kept: list[tuple]) -> None:
        weights = np.array([float(weight) for weight, *_ in kept])
        terms = torch.stack([term for _, *terms in kept for term in terms])
        means = weights @ terms.cpu().numpy().reshape(-1, 3) / weights.sum()
        self._epoch.update(zip(TERMS, means.tolist()))
        self._mark_lowest("train_loss")

    def _record_validation(self, kept: list[tuple]) -> None:
        outputs, ys, weights = zip(*kept)
        output, y = torch.cat(outputs), torch.cat(ys)
        weight = None if weights[0] is None else torch.cat(weights)
        self._epoch["valid_loss"] = average(
            self.objective.loss(output, y), weight
        ).item()
        if math.isfinite(self._epoch["valid_loss"]):
            self._epoch["valid_score"] = self.validation_score(output, y, weight)
            self._mark_lowest("valid_loss")

    def _mark_lowest(self, name: str) -> None:
        lowest = self._epoch[name] < self._lowest.get(name, math.inf)
        self._epoch[f"{name}_best"] = lowest
        if lowest:
            self._lowest[name] = self._epoch[name]


def _joined(of_loss: dict, of_prior: dict) -> dict:
    """The terms of two steps, on the loss and on the prior, as those of one."""
    weight, data, _, total = of_loss["kept"]
    _, _, prior, prior_total = of_prior["kept"]
    return {**of_loss, "kept": (weight, data, prior, total + prior_total)}


def _asks_for_batches(callback: Callback) -> bool:
    hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return any(getattr(type(callback), h) is not getattr(Callback, h) for h in hooks)
