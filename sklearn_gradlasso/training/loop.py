"""The loop over epochs: it decides when training ends and which weights are kept.

It replaces skorch's loops over epochs and batches, so that callbacks and the history of
batches cost nothing if no callback asks for batches.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from threading import Event

import numpy as np
import torch
from skorch.callbacks import Callback, LRScheduler, PassthroughScoring
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from ..objective import average
from .continuing import schedules_kept
from .own_callbacks import what_is_missing_explained
from .readable_rows import ReadableRows
from .rows import Batch, Batches, Rows, StackedRows, read_rows
from .schedules import annealed_share
from .step import TERMS, SteppingNet
from .stopping import Plateau, RunningMean, Snapshot

__all__ = ["ObjectiveNet"]

SHOWN = (
    ("loss", "train_loss"),
    ("penalty", "train_penalty"),
    ("validation score", "valid_score"),
)


class ObjectiveNet(SteppingNet):
    """A skorch net that trains on :class:`Rows` until the objective settles.

    Parameters
    ----------
    module : nn.Module
    plateau : Plateau or None
        It decides when to stop and, with validation rows, which weights are kept.
    average : bool
        Whether the weights of an epoch are their mean over the second half of its
        steps instead of those after its last step. Validation and callbacks use these
        means at the end of the epoch, and the means of the last epoch are the trained
        weights.
    prior_start : int
        Number of epochs before the prior acts. A plateau cannot end training earlier.
    n_cycles : int
        Cycles in each of which the learning rates rise, and fall to 0 by a cosine, see
        :func:`~.schedules.annealed_share`; 0 leaves them as they are. After training
        they are what they were. With an ``LRScheduler`` among the callbacks they are
        left to it.
    rising : float
        Share of the epochs of a cycle in which the rates rise.
    progress : bool
        Whether to show a progress bar over epochs, with the terms of the objective.
    stop : Event or None
        When another thread sets this event, training ends after the current epoch.
    **kwargs
        Parameters of :class:`SteppingNet` and :class:`skorch.NeuralNet`.

    Attributes
    ----------
    ended_by_ : {"max_epochs", "plateau", "callback", "interrupt", "divergence"}
        Why training ended. "divergence" means that a loss or a weight became infinite
        or NaN; the network then has the last finite weights.
    given_callbacks_ : list
        What the user gave for each of ``callbacks_``.
    feature_shape_ : tuple of int or None
        Shape in which the network receives a row; ``None`` for that of X.
    begins_phase_ : bool
        Whether training begins as if there had been no epochs before it.
    n_before_ : int
        Number of epochs in the history when training begins.
    epochs : list of dict
        The entries of the history that this net has added.
    """

    given_callbacks_: list = []
    feature_shape_: tuple[int, ...] | None = None
    begins_phase_ = False
    n_before_ = 0
    ended_by_: str | None = None

    def __init__(
        self,
        module: nn.Module,
        *,
        plateau: Plateau | None = None,
        average: bool = False,
        prior_start: int = 0,
        n_cycles: int = 0,
        rising: float = 0.0,
        progress: bool = False,
        stop: Event | None = None,
        **kwargs,
    ):
        super().__init__(module, **kwargs)
        self.plateau = plateau
        self.average = average
        self.prior_start = prior_start
        self.n_cycles, self.rising = n_cycles, rising
        self.progress = progress
        self.stop = stop

    @property
    def epochs(self) -> list[dict]:
        return list(self.history)[self.n_before_ :]

    @property
    def is_stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()

    def train(self, rows: Rows, valid: Rows | None = None) -> None:
        """Train for at most ``max_epochs``, and set ``ended_by_``.

        Parameters
        ----------
        rows : Rows
        valid : Rows, optional
            Rows that are held out to decide when to stop. The network keeps the
            weights that are best on them, by what the plateau monitors.
        """
        data = [
            None if part is None else ReadableRows(part, self.task)
            for part in (rows, valid)
        ]
        given = {"X": data[0].X, "y": data[0].y} if self.callbacks_ else {}
        try:
            with schedules_kept(self):
                self.notify("on_train_begin", **given)
            self.n_before_ = len(self.history)
            self.fit_loop(rows, valid, data)
            self.notify("on_train_end", **given)
        finally:
            self.optimizer_.zero_grad(set_to_none=True)
            self._set_training(False)

    def fit_loop(self, rows: Rows, valid: Rows | None, data: list) -> None:
        """The epochs of :meth:`train`; ``data`` are the data sets for callbacks."""
        data = dict(zip(("dataset_train", "dataset_valid"), data))
        batches = self.get_iterator(rows, training=True)
        valid_batches = None if valid is None else self.get_iterator(valid)
        state = self.trained_tensors()
        mean = RunningMean(state) if self.average and len(batches) > 1 else None
        self.start(mean)
        finite, best, final = Snapshot(state), None, None
        self.ended_by_ = "max_epochs"
        bar = tqdm(total=self.max_epochs, unit="epoch", disable=not self.progress)
        try:
            for epoch in range(self.max_epochs):
                has_prior = epoch >= self.prior_start
                self.start_epoch(has_prior, epoch)
                before = Snapshot(state)
                self.notify("on_epoch_begin", **data)
                learnable = self.trained_tensors()
                if list(map(id, learnable)) != list(map(id, state)):
                    # Some freeze or thaw. Those that thaw have not changed before.
                    for earlier in (finite, best):
                        if earlier:
                            earlier.cover(learnable)
                    state = learnable
                    before = Snapshot(state)
                    mean = self._mean = mean and RunningMean(state)
                self.run_single_epoch(batches, True, "train", self.train_step)
                left = mean.pop() if mean else None
                if self.is_finite(self._epoch):
                    finite = before
                    with left.in_place() if left else nullcontext():
                        improved = self._end_epoch(valid_batches, data, has_prior)
                        if improved and valid is not None:
                            best = Snapshot(state)
                if not self.is_finite(self._epoch):
                    self.ended_by_ = "divergence"
                    break
                final = left
                self._show(bar)
                if self.is_stopped:
                    self.ended_by_ = "interrupt"
                if self.ended_by_ != "max_epochs":
                    break
        except KeyboardInterrupt:
            self.ended_by_ = "interrupt"
        finally:  # A later pass must not go on with a rate of almost 0.
            self._set_rates(1.0)
        settled = self.plateau is not None and self.plateau.has_settled
        if settled and self.ended_by_ == "max_epochs":
            self.ended_by_ = "plateau"
        bar.total = bar.n
        bar.close()
        if self.ended_by_ == "divergence":
            (before if before.finite else finite).restore()
        elif best or (final and self.ended_by_ != "interrupt"):
            (best or final).restore()
        if not Snapshot(state).finite:
            self.ended_by_ = "divergence"
            finite.restore()

    def get_dataset(self, X, y=None) -> Dataset:
        """Rows for the network; data sets of other packages stay as they are.

        Parameters
        ----------
        X : array-like, Tensor, sparse matrix, frame or Dataset
        y : array-like, optional
            Labels or numbers as in ``fit``.
        """
        if isinstance(X, Dataset):
            return X
        y = None if y is None else self.encoded(y)
        rows = read_rows(self.module_, X, y, self.feature_shape_)
        return ReadableRows(rows, self.task)

    def get_iterator(self, dataset, training=False):
        if isinstance(dataset, ReadableRows):
            dataset = dataset.rows
        if not isinstance(dataset, (Rows, StackedRows)):
            return super().get_iterator(dataset, training)
        return Batches(dataset, self.batch_size, self.generator if training else None)

    def start(self, mean: RunningMean | None) -> None:
        """Prepare for the first epoch; ``mean`` averages weights within an epoch."""
        self._lean = not any(_asks_for_batches(cb) for _, cb in self.callbacks_)
        self._mean, self._lowest = mean, {}
        for epoch in () if self.begins_phase_ else self.history:
            for name in ("train_loss", "valid_loss"):
                value = epoch.get(name, math.nan)
                if value < self._lowest.get(name, math.inf):
                    self._lowest[name] = value
        self._parameters = list(self.module_.parameters())
        is_free = not any(isinstance(cb, LRScheduler) for _, cb in self.callbacks_)
        groups = self.optimizer_.param_groups if self.n_cycles and is_free else ()
        self._rates = [group["lr"] for group in groups]

    def start_epoch(self, has_prior: bool, number: int) -> None:
        """Choose the objectives of the next epoch, and the learning rates of its steps.

        Parameters
        ----------
        has_prior : bool
        number : int
            Number of epochs before it in this training.
        """
        if self._rates:
            self._set_rates(
                annealed_share(number, self.max_epochs, self.n_cycles, self.rising)
            )
        self._objectives = self.objectives_of_step(has_prior)
        self._held_out_objective = self.objective.on_held_out_rows(
            penalised=has_prior and self._monitors_objective
        )

    def _set_rates(self, share: float) -> None:
        """Take a share of the rates of the beginning, if they are to fall."""
        for group, rate in zip(self.optimizer_.param_groups, self._rates):
            group["lr"] = share * rate

    def on_epoch_begin(self, net, **kwargs):
        # Keep the current epoch in an attribute: `self.history[-1]` copies the history.
        # Callbacks may read the entry of the last batch. The lean loop records no
        # batches, so it adds one empty entry.
        batches = [{}] if self._lean else []
        self._epoch = {"batches": batches, "epoch": len(self.history) + 1}
        self.history.append(self._epoch)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        if iterator is None:
            return
        if self.module_.training is not training:
            self._set_training(training)
        if training:
            self._find_learnable()
            if not self._learnable and len(self.epochs) == 1:
                raise ValueError(
                    "callbacks have frozen all parameters of the network, which can "
                    "learn nothing; freeze fewer of them."
                )
        second_half = len(iterator) // 2
        records = []

        def step(batch, **kwargs):
            if self.module_.training is not training:  # A callback has predicted.
                self._set_training(training)
            if training and not self._lean:  # A callback may have frozen weights.
                self._find_learnable()
            result = step_fn(batch, **kwargs)
            records.append(result["record"])
            if training and self._mean and len(records) > second_half:
                self._mean.add()
            return result

        try:
            if self._lean:
                for batch in iterator:
                    step(batch)
            else:
                # A callback may change the batches that it is given.
                copies = map(Batch.copy, iterator)
                super().run_single_epoch(copies, training, prefix, step)
        finally:
            if training and records:  # After an interrupt, record the steps so far.
                self._record_training(records)
        if not training:
            self._record_validation(records)

    def _find_learnable(self) -> None:
        """Note which weights learn; the others forget the gradient of their last step.

        An optimizer moves every weight that has a gradient, also one that is frozen.
        """
        self._learnable = [p for p in self._parameters if p.requires_grad]
        for theta in self._parameters:
            if not theta.requires_grad:
                theta.grad = None

    def trained_tensors(self) -> list[Tensor]:
        """The tensors that training changes: learnable parameters and buffers."""
        learnable = [p for p in self.module_.parameters() if p.requires_grad]
        state = [*learnable, *self.module_.buffers()]
        return [tensor for tensor in state if tensor.is_floating_point()]

    def _end_epoch(
        self, valid_batches: Batches | None, data: dict, counts: bool
    ) -> bool:
        """Validate, notify callbacks; return whether the epoch is the best so far."""
        self.run_single_epoch(valid_batches, False, "valid", self.validation_step)
        improved = False
        if counts and self.plateau is not None and self.is_finite(self._epoch):
            improved = self.plateau.judge(self._epoch)
            self._epoch["kept"] = improved
            if self.plateau.reached:
                self.ended_by_ = "plateau"
        try:
            with what_is_missing_explained(self._epoch, valid_batches is not None):
                self.notify("on_epoch_end", **data)
        except KeyboardInterrupt:  # A skorch callback ends training by raising this.
            self.ended_by_ = "callback"
        return improved

    def _record_training(self, records: list[tuple]) -> None:
        self._epoch["train_batch_count"] = len(records)  # skorch's name
        weights = np.array([float(weight) for weight, *_ in records])
        terms = torch.stack([term for _, *terms in records for term in terms])
        means = weights @ terms.cpu().numpy().reshape(-1, 3) / weights.sum()
        self._epoch.update(zip(TERMS, means.tolist()))
        self._mark_lowest("train_loss")

    def _record_validation(self, records: list[tuple]) -> None:
        outputs, ys, weights, penalties = zip(*records)
        output, y = torch.cat(outputs), torch.cat(ys)
        weight = None if weights[0] is None else torch.cat(weights)
        loss = average(self.objective.loss(output, y), weight)
        self._epoch["valid_loss"] = loss.item()
        if self._monitors_objective:
            total = len(y) if weight is None else weight.sum()
            self._epoch["valid_objective"] = (loss + sum(penalties) / total).item()
        if self.is_finite(self._epoch):
            score = self.task.validation_score(output, y, weight)
            self._epoch["valid_score"] = score
            self._mark_lowest("valid_loss")

    def _mark_lowest(self, name: str) -> None:
        lowest = self._epoch[name] < self._lowest.get(name, math.inf)
        self._epoch[f"{name}_best"] = lowest
        if lowest:
            self._lowest[name] = self._epoch[name]

    def _show(self, bar: tqdm) -> None:
        if self.progress:
            shown = {
                name: self._epoch[key] for name, key in SHOWN if key in self._epoch
            }
            bar.set_postfix(shown, refresh=False)
            bar.update()

    @property
    def _monitors_objective(self) -> bool:
        return self.plateau is not None and self.plateau.monitor == "objective"

    @staticmethod
    def is_finite(epoch: dict) -> bool:
        """Whether an epoch of the history has losses and all of them are finite."""
        losses = [epoch.get("train_total", math.nan)]
        losses += [epoch.get(name, 0.0) for name in ("valid_loss", "valid_objective")]
        return all(map(math.isfinite, losses))


def _asks_for_batches(callback: Callback) -> bool:
    if isinstance(callback, PassthroughScoring):  # It reads them after the epoch.
        return True
    hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return any(getattr(type(callback), h) is not getattr(Callback, h) for h in hooks)
