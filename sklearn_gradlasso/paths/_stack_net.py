"""Training of many networks as one, in which each network stops when it has settled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from ..objective import average
from ..objective._many_networks import row_by_row
from ..training.loop import ObjectiveNet
from ..training.rows import Batch, Batches, StackedRows
from ..training.step import TERMS
from ..training.stopping import Plateau, RunningMean, Snapshot
from ._stack import named_tensors
from ._supervision import Progress

__all__ = ["NetworkTraining", "StackNet"]

KEPT_BYTES = 31 * 2**20  # largest block that the C library keeps after it is freed


@dataclass
class NetworkTraining:
    """The state of the training of one network of a stack.

    Attributes
    ----------
    plateau : Plateau or None
        It decides when training stops; without it, after the last epoch.
    tensors : dict of str to Tensor
        The trained parameters and buffers; empty until training has ended.
    history : list of dict
        Losses of each epoch, under the names of skorch's history.
    ended_by : {"max_epochs", "plateau", "divergence", "interrupt"}
        Why training ended.
    best : list of Tensor or None
        The weights that are best on validation rows so far.
    """

    plateau: Plateau | None
    tensors: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict] = field(default_factory=list)
    ended_by: str = "max_epochs"
    best: list[Tensor] | None = None

    def add(self, epoch: dict) -> dict:
        """Append the losses of an epoch, and mark those that are the lowest so far."""
        for name in ("train_loss", "valid_loss"):
            if name in epoch:
                before = [past[name] for past in self.history]
                epoch[f"{name}_best"] = epoch[name] < min(before, default=float("inf"))
        self.history.append({"epoch": len(self.history) + 1, **epoch})
        return self.history[-1]


class StackNet(ObjectiveNet):
    """A net whose module is a ``Stack``; each network is trained as if it was alone.

    Parameters
    ----------
    module : Stack
    part_of : Tensor of shape (n_networks,), int64
        Index of the data set that each network is trained on.
    objective : Objective
        An objective with a strength for each network.
    told : Progress
        It is told of the epochs and of the networks that have ended.
    **kwargs
        Parameters of :class:`ObjectiveNet`, without callbacks.
    """

    def __init__(self, module, *, part_of: Tensor, told: Progress, **kwargs):
        super().__init__(module, **kwargs)
        self.part_of = part_of
        self.told = told

    @property
    def _names(self) -> list[str]:
        """Names of the tensors that training changes."""
        trained = {id(tensor) for tensor in self.trained_tensors()}
        named = named_tensors(self.module_.network).items()
        return [name for name, tensor in named if id(tensor) in trained]

    def train(
        self, rows: StackedRows, valid: StackedRows | None = None
    ) -> list[NetworkTraining]:
        """Train each network until it has settled, for at most ``max_epochs``.

        If training is stopped, it ends after the epoch, for all networks.

        Returns
        -------
        list of NetworkTraining
            The training of each network, in the order of the stack.
        """
        # Allocate and free a large block. From then on the C library keeps the memory
        # of a step for the next step instead of returning it to the system each time.
        torch.empty(KEPT_BYTES, dtype=torch.uint8)
        running = trainings = [
            NetworkTraining(copy(self.plateau)) for _ in self.part_of
        ]
        batches = self.get_iterator(rows, training=True)
        valid_batches = None if valid is None else self.get_iterator(valid)
        state = self.trained_tensors()
        mean = RunningMean(state) if self.average and len(batches) > 1 else None
        self.start(mean)
        finite = Snapshot(state)
        for epoch in range(self.max_epochs):
            before = Snapshot(state)
            has_prior, is_last = epoch >= self.prior_start, epoch + 1 == self.max_epochs
            self.start_epoch(has_prior, epoch)
            self.run_single_epoch(batches, True, "train", self.train_step)
            left = mean.pop() if mean else None
            with left.in_place() if left else nullcontext():
                self.run_single_epoch(
                    valid_batches, False, "valid", self.validation_step
                )
                self._judge(running, has_prior, valid is not None)
                if self.is_stopped:
                    _interrupt(running)
                for k, training in enumerate(running):
                    if is_last or training.ended_by != "max_epochs":
                        self._end(training, k, before, finite)
            self.told.epoch(len(running))
            for training in running:
                if training.tensors:
                    self.told.ended(self.max_epochs - epoch - 1)
            finite = before
            running = self._without_ended(running, finite)
            if not running:
                break
        return trainings

    def get_all_learnable_params(self) -> Iterator[tuple[str, nn.Parameter]]:
        # Groups of parameters go by the names that these have in one network.
        return self.module_.network.named_parameters()

    def get_iterator(self, dataset, training=False):
        return _BatchesOfNetworks(super().get_iterator(dataset, training), self)

    def _judge(
        self, running: list[NetworkTraining], counts: bool, validated: bool
    ) -> None:
        """Add the epoch to the history of each network, and decide which ones stop."""
        for k, training in enumerate(running):
            epoch = training.add({name: of[k] for name, of in self._epoch.items()})
            if not self.is_finite(epoch):
                training.ended_by = "divergence"
            elif counts and training.plateau is not None:
                epoch["kept"] = training.plateau.judge(epoch)
                if epoch["kept"] and validated:
                    training.best = self._values(k)
                if training.plateau.reached:
                    training.ended_by = "plateau"

    def _end(self, training: NetworkTraining, k: int, *before: Snapshot) -> None:
        """Store the trained weights of a network, or its last finite ones."""
        settled = training.plateau is not None and training.plateau.has_settled
        if settled and training.ended_by == "max_epochs":
            training.ended_by = "plateau"
        earlier = [[values[k] for values in snapshot.values] for snapshot in before]
        if training.ended_by == "divergence":
            candidates = earlier
        else:
            candidates = [training.best or self._values(k), *earlier]
        finite = [all(bool(v.isfinite().all()) for v in each) for each in candidates]
        if not finite[0]:
            training.ended_by = "divergence"
        values = candidates[finite.index(True) if any(finite) else -1]
        training.tensors = self.module_.tensors_of(k)
        for name, value in zip(self._names, values):
            training.tensors[name] = value.clone()

    def _without_ended(
        self, running: list[NetworkTraining], finite: Snapshot
    ) -> list[NetworkTraining]:
        """Remove networks whose training has ended; return the remaining trainings."""
        left = [k for k, training in enumerate(running) if not training.tensors]
        if 0 < len(left) < len(running):
            chosen = torch.tensor(left, device=self.part_of.device)
            self.module_.keep(chosen, self.optimizer_)
            self.part_of = self.part_of[chosen]
            if self.objective.penalises:
                of_each = self.objective.lam[chosen]
                self.objective = replace(self.objective, lam=of_each)
            finite.values = [each.index_select(0, chosen) for each in finite.values]
        return [running[k] for k in left]

    def _values(self, k: int) -> list[Tensor]:
        return [tensor.detach()[k].clone() for tensor in self.trained_tensors()]

    def _record_training(self, records: list[tuple]) -> None:
        def of_networks(values):
            values = torch.as_tensor(values).cpu().double()
            return values.expand(len(self.part_of))

        weights = torch.stack([of_networks(weight) for weight, *_ in records])
        sums = [
            sum(weight * of_networks(term) for weight, term in zip(weights, terms))
            for terms in list(zip(*records))[1:]
        ]
        means = [(total / weights.sum(dim=0)).tolist() for total in sums]
        counts = [len(records)] * len(self.part_of)
        self._epoch = {"train_batch_count": counts, **dict(zip(TERMS, means))}

    def _record_validation(self, records: list[tuple]) -> None:
        outputs, ys, weights, penalties = zip(*records)
        output, y = torch.cat(outputs), torch.cat(ys)
        weight = None if weights[0] is None else torch.cat(weights)
        n_networks = len(self.part_of)
        losses = row_by_row(self.objective.loss, output, y, n_networks=n_networks)
        loss = average(losses, weight)
        self._epoch["valid_loss"] = loss.tolist()
        if self._monitors_objective:
            total = len(y) if weight is None else weight.sum(dim=0)
            objective = loss + sum(penalties) / total
            self._epoch["valid_objective"] = objective.tolist()
        self._epoch["valid_score"] = [
            self.task.validation_score(
                output[:, k], y[:, k], None if weight is None else weight[:, k]
            )
            if finite
            else math.nan
            for k, finite in enumerate(map(math.isfinite, self._epoch["valid_loss"]))
        ]


def _interrupt(running: list[NetworkTraining]) -> None:
    for training in running:
        if training.ended_by == "max_epochs":
            training.ended_by = "interrupt"


class _BatchesOfNetworks:
    """Batches whose second axis runs over networks instead of over data sets."""

    def __init__(self, batches: Batches, net: StackNet):
        self.batches, self.net = batches, net

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches:
            x, y = map(self._by_network, batch)
            extras = {name: self._by_network(of) for name, of in batch.extras.items()}
            yield Batch(x, y, extras)

    def _by_network(self, values: Tensor) -> Tensor:
        by_network = values.transpose(0, 1).index_select(0, self.net.part_of)
        return by_network.transpose(0, 1)
