"""One training step on one batch, by the objective instead of skorch's loss.

``train_step_single`` replaces skorch's method, because skorch's ``get_loss`` does not
receive the tensor that the network received. The loop decides which objectives a step
minimises, which parameters learn, and whether callbacks are notified at each batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..objective import average
from .answering_net import AnsweringNet

__all__ = ["TERMS", "SteppingNet"]

TERMS = ("train_loss", "train_penalty", "train_total")


class MeanLoss(nn.Module):
    """The loss of an objective without penalties, for those who ask the net for it."""

    reduction = "mean"

    def __init__(self, objective: Callable):
        super().__init__()
        self.objective = objective

    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        return average(self.objective.loss(output, y))


class SteppingNet(AnsweringNet):
    """A skorch net whose steps minimise an objective on batches of :class:`Rows`.

    Parameters
    ----------
    module : nn.Module
    objective : callable
        An :class:`~sklearn_gradlasso.objective.Objective`.
    generator : torch.Generator or None
        Generator that shuffles the rows in each epoch; ``None`` keeps their order.
    schedule : {"joint", "alternating"}
        "joint" takes one step on the whole objective per batch. "alternating" takes
        two: one on the loss with the weight penalties, and one on the prior.
    **kwargs
        Parameters of :class:`AnsweringNet`. Its ``task`` also has the method
        ``validation_score(output, y, sample_weight)``, whose value is recorded for each
        epoch with validation rows; a larger one is better.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        objective: Callable,
        generator: torch.Generator | None = None,
        schedule: str = "joint",
        **kwargs,
    ):
        super().__init__(
            module,
            criterion=MeanLoss(objective),
            train_split=None,
            **kwargs,
        )
        self.objective = objective
        self.generator = generator
        self.schedule = schedule

    # The loop sets these before the first step.
    _lean: bool  # whether no callback asks for batches
    _objectives: tuple[Callable, ...]  # those of a step
    _held_out_objective: Callable  # that of validation rows
    _learnable: list[nn.Parameter]

    @property
    def _default_callbacks(self):
        return []

    def initialize_module(self):
        sizes = self.get_params_for("module")
        if sizes:
            raise TypeError(
                "callbacks must not give parameters to the network, which is made "
                "before them: the estimator tells it the number of features; use "
                f"module_params for the rest. Got {sorted(sizes)}."
            )
        return super().initialize_module()

    def initialize_optimizer(self, triggered_directly=None):
        try:
            return super().initialize_optimizer(triggered_directly)
        except (TypeError, ValueError, RuntimeError) as error:
            message = f"optimizer_params do not suit {self.optimizer.__name__}: {error}"
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(message) from error

    def objectives_of_step(self, has_prior: bool) -> tuple[Callable, ...]:
        """Hook: the objectives that are minimised on a batch, one after the other."""
        objective = self.objective if has_prior else replace(self.objective, lam=0.0)
        alternates = objective.penalises and self.schedule == "alternating"
        return objective.by_turns() if alternates else (objective,)

    def train_step(self, batch, **fit_params):
        results = []
        for objective in self._objectives:
            self._current_objective = objective
            if self._lean:
                results.append(self._lean_step(batch))
            else:
                step = super().train_step(batch, **fit_params)
                # Callbacks and the history are given the loss without penalties.
                _, loss, *_ = step["record"]
                results.append({**step, "loss": loss})
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
            # A batch counts by its weight. Weights have mean 1, so on average this is
            # the number of rows.
            weight = batch.extras["sample_weight"].sum(dim=0)
            total = (weight / len(x)) * total
        if total.ndim:  # The networks of a stack are independent, so they add up.
            total = total.sum()
        # With a prior x is also a leaf of the graph, but its gradient is not needed.
        inputs = self._learnable if self._current_objective.penalises else None
        if self._learnable:  # A callback may freeze all of them.
            total.backward(inputs=inputs)
        record = (
            weight,
            terms.data.detach(),
            terms.prior.detach(),
            terms.total.detach(),
        )
        output = terms.output.detach()
        return {"loss": terms.total, "y_pred": output, "record": record}

    def validation_step(self, batch, **fit_params):
        x, y = batch
        objective = self._held_out_objective
        # An attribution needs gradients by the inputs; nothing is learned here.
        with torch.set_grad_enabled(objective.penalises):
            terms = objective(self.module_, x, y, **batch.extras)
        weight = batch.extras.get("sample_weight")
        of_batch = len(x) if weight is None else weight.sum(dim=0)
        output, penalty = terms.output.detach(), of_batch * terms.prior.detach()
        record = (output, y, weight, penalty)
        return {"loss": terms.data.detach(), "y_pred": output, "record": record}


def _joined(of_loss: dict, of_prior: dict) -> dict:
    """Combine the terms of a step on the loss and of a step on the prior."""
    weight, data, _, total = of_loss["record"]
    _, _, prior, prior_total = of_prior["record"]
    return {**of_loss, "record": (weight, data, prior, total + prior_total)}
