"""Training of one network by several processes, which divide each batch by rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import wraps

import torch
from skorch.hf import AccelerateMixin
from torch import Tensor, nn

from ..objective import average
from ..utils.networks import draws_at_random
from ..utils.seeds import borrowed_generators
from .loop import ObjectiveNet
from .rows import Batch, Batches, Rows

__all__ = ["DataParallelNet"]

BATCH_NORM = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm


class BatchShare(Batch):
    """The rows of a batch that one process computes on.

    Attributes
    ----------
    weight : Tensor or int
        Weight of the whole batch: the sum of its weights, or the number of its rows.
    part_of_rows, part_of_weight : float or Tensor
        Fractions of the rows and of the weight of the batch that this process has.
        The fractions of all processes add up to 1.
    of_batch, own : Tensor and slice
        Inputs of the whole batch, and which of its rows this process has.
    """

    weight: Tensor | int
    part_of_rows: float
    part_of_weight: Tensor | float
    of_batch: Tensor
    own: slice


class DataParallelNet(AccelerateMixin, ObjectiveNet):
    """A net that several processes train together, each on its share of every batch.

    All processes receive the same rows and draw the same order. Within rounding they
    take the same steps as one process would: they use the gradient of the objective on
    the whole batch, ``sum_r (w_r / w) gradient_r``, where w_r is the weight of the
    share of process r and w is their sum.

    Parameters
    ----------
    module : nn.Module
        The network, on the device of the accelerator.
    accelerator : accelerate.Accelerator
    device : object
        It has no effect, because the module and the rows are already on their device.
    progress : bool
        Whether the first process shows a progress bar over epochs.
    **kwargs
        Parameters of :class:`ObjectiveNet`.

    Raises
    ------
    ValueError
        If the objective is not a sum over rows, if the accelerator accumulates
        gradients or mixes precisions, or if the processes have different rows or
        weights.
    """

    # The mixin would wrap the network in DistributedDataParallel. That allows only one
    # forward pass in a step and no torch.autograd.grad within it, but an attribution
    # calls torch.autograd.grad and may need further forward passes. This class
    # therefore sums the gradients itself. The mixin is still needed for callbacks: it
    # lets one process write files, and no process end before the others.
    initialize = ObjectiveNet.initialize
    evaluation_step = ObjectiveNet.evaluation_step
    # LBFGS needs a closure, which the mixin's method does not pass on.
    _step_optimizer = ObjectiveNet._step_optimizer

    def __init__(
        self, module: nn.Module, *, accelerator, device=None, progress=False, **kwargs
    ):
        progress = progress and accelerator.is_main_process
        super().__init__(module, accelerator=accelerator, progress=progress, **kwargs)
        _check_accelerator(accelerator, next(module.parameters()).device)

    def train(self, rows: Rows, valid: Rows | None = None) -> None:
        self._check_network()
        self._check_sameness(rows)
        own_noise = nullcontext()
        # Each process needs its own dropout masks, because its rows differ.
        if not self.accelerator.is_main_process:
            seed = torch.initial_seed() + self.accelerator.process_index
            own_noise = borrowed_generators(seed % 2**63, rows.device)
        with own_noise:
            super().train(rows, valid)

    def get_iterator(self, dataset, training=False):
        batches = ObjectiveNet.get_iterator(self, dataset, training)
        return _ProcessBatches(batches, self._own_rows) if training else batches

    def objectives_of_step(self, has_prior: bool) -> tuple[Callable, ...]:
        return tuple(
            replace(
                objective,
                prior=_of_rows(objective.prior),
                constraints=tuple((_of_rows(p), t) for p, t in objective.constraints),
            )
            for objective in super().objectives_of_step(has_prior)
        )

    def train_step_single(self, batch: BatchShare, **fit_params):
        whole = batch.of_batch, batch.own
        self._current_objective = _for_share(self._current_objective, *whole)
        result = ObjectiveNet.train_step_single(self, batch)
        terms = torch.stack(result["record"][1:]) * batch.part_of_weight
        gradients = [theta.grad for theta in self._learnable]
        given = terms.new_tensor([grad is not None for grad in gradients])
        parts = [
            torch.zeros_like(theta) if grad is None else batch.part_of_rows * grad
            for theta, grad in zip(self._learnable, gradients)
        ]
        sent = torch.cat([terms, given, *(part.flatten() for part in parts)])
        sizes = [len(terms), len(given), *(part.numel() for part in parts)]
        terms, given, *sums = self._sum(sent).split(sizes)
        for k, theta in enumerate(self._learnable):
            # An optimizer skips a parameter without a gradient. All processes must skip
            # the same parameters.
            if theta.grad is not None or given[k]:
                theta.grad = sums[k].view_as(theta)
        record = (batch.weight, *terms)
        return {**result, "loss": terms[-1], "record": record}

    def validation_step(self, batch: Batch, **fit_params):
        x, y = batch
        own, is_empty = self._own_rows(len(x))
        extras = {name: values[own] for name, values in batch.extras.items()}
        share = Batch(x[own], y[own], extras)
        of_all = self._held_out_objective
        self._held_out_objective = _for_share(of_all, x, own)
        part = ObjectiveNet.validation_step(self, share)
        self._held_out_objective = of_all
        output = part["y_pred"].new_zeros(len(x), *part["y_pred"].shape[1:])
        *_, penalty = part["record"]
        if is_empty:
            penalty = 0 * penalty
        else:
            output[own] = part["y_pred"]
        output, weight = self._sum(output), batch.extras.get("sample_weight")
        record = (output, y, weight, self._sum(penalty))
        loss = average(self.objective.loss(output, y), weight)
        return {"loss": loss, "y_pred": output, "record": record}

    def _end_epoch(self, *epoch) -> bool:
        improved = super()._end_epoch(*epoch)
        ended = torch.tensor(
            self.ended_by_ == "callback", device=self.accelerator.device
        )
        if self._sum(ended.int()) and self.ended_by_ == "max_epochs":
            # A callback of another process has ended training.
            self.ended_by_ = "callback"
        return improved

    def _sum(self, values: Tensor) -> Tensor:
        """Sum over processes; every process receives the same bits."""
        return self.accelerator.reduce(values, "sum")

    def _own_rows(self, n_rows: int) -> tuple[slice, bool]:
        """The rows of a batch that belong to this process, and whether it has none.

        Every process must take part in each step. A process without rows computes on
        the first row of the batch, and its result is then multiplied by zero.
        """
        n, k = self.accelerator.num_processes, self.accelerator.process_index
        own = slice(n_rows * k // n, n_rows * (k + 1) // n)
        is_empty = own.start == own.stop
        return (slice(0, 1) if is_empty else own), is_empty

    def _check_network(self) -> None:
        for part in self.module_.modules():
            if isinstance(part, BATCH_NORM):
                raise ValueError(
                    f"module: {type(part).__name__} makes the rows of a batch depend "
                    "on each other, but every process has only a share of them; use "
                    "LayerNorm or GroupNorm with an accelerator, or accelerator=None."
                )
        drawing = [part for part in self.module_.modules() if draws_at_random(part)]
        if self.objective.draws:
            drawing.append(self.objective.attribution)
        if drawing:
            raise ValueError(
                f"accelerator: {type(drawing[0]).__name__} draws at random for the "
                "whole batch (references among its rows, or noise), but every process "
                "has only a share of it. Use penalty='l1' of the gradient LASSO, an "
                "attribution of attribution priors such as 'gradients' or "
                "'integrated_gradients', or accelerator=None."
            )

    def _check_sameness(self, rows: Rows) -> None:
        sums = [
            sum(float(values.sum()) for values in part)
            for part in (
                [rows.X],
                [rows.y],
                rows.extras.values(),
                self.module_.state_dict().values(),
            )
        ]
        device = self.accelerator.device
        own = torch.tensor([[len(rows), *sums]], dtype=torch.float64, device=device)
        of_all = self.accelerator.gather(own)
        # Different kinds of processors may round sums differently.
        if not torch.allclose(of_all, own.expand_as(of_all), rtol=1e-4, atol=1e-3):
            raise ValueError(
                "accelerator: every process must be given the same X, y, "
                "sample_weight, annotations and random_state (they share the rows of "
                "a batch among themselves). Here these, or the initial weights, "
                "differ; the numbers of rows are "
                f"{of_all[:, 0].int().tolist()}."
            )


class _ProcessBatches:
    """The shares of one process in the batches of an epoch."""

    def __init__(self, batches: Batches, own_rows: Callable[[int], tuple[slice, bool]]):
        self.batches, self.own_rows = batches, own_rows

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[BatchShare]:
        for batch in self.batches:
            x, y = batch
            own, is_empty = self.own_rows(len(x))
            extras = {name: values[own] for name, values in batch.extras.items()}
            share = BatchShare(x[own], y[own], extras)
            share.of_batch, share.own = x, own
            share.part_of_rows = 0.0 if is_empty else len(share[0]) / len(x)
            share.weight, share.part_of_weight = len(x), share.part_of_rows
            if "sample_weight" in extras:
                share.weight = batch.extras["sample_weight"].sum()
                own_weight = 0.0 if is_empty else extras["sample_weight"].sum()
                share.part_of_weight = own_weight / share.weight
            yield share


def _for_share(objective, batch: Tensor, own: slice):
    """The objective of a process, whose rows are exchanged for any of the batch."""
    if objective.exchange is None:
        return objective
    return replace(objective, exchange=objective.exchange.for_share(batch, own))


def _of_rows(prior):
    """Wrap priors so that they raise an error unless they have one cost per row."""
    if isinstance(prior, tuple):
        return tuple((strength, _of_rows(each)) for strength, each in prior)

    @wraps(prior)
    def cost(phi, **weights):
        value = prior(phi, **weights)
        if isinstance(value, Tensor) and value.ndim == 0:
            raise ValueError(
                f"prior: {type(prior).__name__} returns one cost for the whole batch, "
                "which is not the sum of the costs of the processes' shares. Use a "
                "prior that returns a cost for each row, such as L1(), with an "
                "accelerator, or accelerator=None."
            )
        return value

    return cost


def _check_accelerator(accelerator, device: torch.device) -> None:
    steps = accelerator.gradient_accumulation_steps
    if steps != 1 or accelerator.mixed_precision != "no":
        raise ValueError(
            "accelerator must have gradient_accumulation_steps=1 and mixed_precision="
            f"'no', got {steps} and {accelerator.mixed_precision!r}; for longer sums "
            "raise batch_size."
        )
    # Accelerate may call the device "cpu:0", which torch calls "cpu".
    placed = torch.empty(0, device=accelerator.device).device
    if device != placed:
        raise ValueError(
            f"device must be that of the accelerator, {placed}, but the network is "
            f"on {device}; give device=accelerator.device."
        )
