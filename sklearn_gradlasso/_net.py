"""The training loop: a skorch net that minimises an :class:`Objective`.

Of skorch's ladder two rungs are replaced: ``train_step_single``, because
``get_loss`` does not see the tensor the network received, and the epoch loop, which
does nothing per batch that no callback asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.helper import predefined_split
from torch import nn
from tqdm.auto import tqdm

from ._rows import Batches, Rows
from ._weights import Plateau, RunningMean, Snapshot
from .objective import Objective, average

__all__ = ["ObjectiveNet"]

SHOWN = (
    ("loss", "train_loss"),
    ("penalty", "train_penalty"),
    ("validation score", "valid_score"),
)


class ObjectiveNet(NeuralNet):
    """A skorch net that trains on :class:`Rows` with an :class:`Objective`.

    Parameters
    ----------
    module : nn.Module
    objective : Objective
    generator : torch.Generator or None
        Shuffles the rows of each epoch; ``None`` keeps their order.
    plateau : Plateau or None
        When to stop: watches the validation score if there are validation rows, else
        the objective.
    average : bool
        Whether training leaves, and validation sees, the mean of the weights over
        the steps of the second half of an epoch, rather than those after its last
        step.
    progress : bool
        Whether to show a bar of epochs, with the terms of the objective.
    validation_score : callable or None
        ``(output, y, sample_weight) -> float`` on tensors, larger is better.
    **kwargs
        Parameters of :class:`skorch.NeuralNet`.

    Attributes
    ----------
    ended_by_ : {"max_epochs", "plateau", "callback", "interrupt", "divergence"}
        Why training ended. After a divergence, a loss or weight that is no longer
        finite, the last finite weights are in place.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        objective: Objective,
        generator: torch.Generator | None = None,
        plateau: Plateau | None = None,
        average: bool = False,
        progress: bool = False,
        validation_score: Callable | None = None,
        **kwargs,
    ):
        super().__init__(
            module,
            criterion=nn.Identity,  # the loss is part of the objective
            train_split=None,
            verbose=0,
            **kwargs,
        )
        self.objective = objective
        self.generator = generator
        self.plateau = plateau
        self.average = average
        self.progress = progress
        self.validation_score = validation_score

    @property
    def _default_callbacks(self):
        return []

    def train(self, rows: Rows, valid: Rows | None = None) -> None:
        """Train for at most ``max_epochs``; says in ``ended_by_`` why it ended.

        Parameters
        ----------
        rows : Rows
        valid : Rows, optional
            Held out to decide when to stop; the best weights are kept.
        """
        self.train_split = None if valid is None else predefined_split(valid)
        try:
            self.partial_fit(rows)
        finally:
            self.train_split = None  # it holds the validation rows
            self.optimizer_.zero_grad(set_to_none=True)
            self._set_training(False)

    def continue_from(self, net: ObjectiveNet) -> None:
        """Take over the optimizer's state of another net with the same module.

        Its learning rate and other settings are this net's own.
        """
        if type(net.optimizer_) is type(self.optimizer_):
            state = net.optimizer_.state_dict()
            state["param_groups"] = self.optimizer_.state_dict()["param_groups"]
            self.optimizer_.load_state_dict(state)

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
        except (TypeError, ValueError) as error:
            message = f"optimizer_params do not suit {self.optimizer.__name__}: {error}"
            raise type(error)(message) from error

    def get_dataset(self, X, y=None):
        return X

    def get_iterator(self, dataset, training=False):
        return Batches(dataset, self.batch_size, self.generator if training else None)

    def on_epoch_begin(self, net, **kwargs):
        # At hand for the rest of the epoch: looking it up copies the whole history.
        self._epoch = {"batches": [], "epoch": len(self.history) + 1}
        self.history.append(self._epoch)

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        rows, valid = self.get_split_datasets(X)
        data = {"dataset_train": rows, "dataset_valid": valid}
        self._lean = not any(_asks_for_batches(cb) for _, cb in self.callbacks_)
        batches = self.get_iterator(rows, training=True)
        valid_batches = None if valid is None else self.get_iterator(valid)
        self._learnable = [p for p in self.module_.parameters() if p.requires_grad]
        state = [*self.module_.parameters(), *self.module_.buffers()]
        state = [tensor for tensor in state if tensor.is_floating_point()]
        self._mean = RunningMean(state) if self.average and len(batches) > 1 else None
        finite, kept = Snapshot(state), None
        self.ended_by_ = "max_epochs"
        n_epochs = epochs or self.max_epochs
        bar = tqdm(total=n_epochs, unit="epoch", disable=not self.progress)
        for _ in range(n_epochs):
            before = Snapshot(state)
            try:
                self.notify("on_epoch_begin", **data)
                self.run_single_epoch(batches, True, "train", self.train_step)
                mean = self._mean.pop() if self._mean else None
                if valid is not None:
                    mean = mean or Snapshot(state)
                    self._validate(valid_batches, mean)
            except KeyboardInterrupt:
                self.ended_by_ = "interrupt"
                break
            if not self.is_finite(self._epoch):
                self.ended_by_ = "divergence"
                kept = before if before.finite else finite
                break
            finite = before
            if self._improves() or valid is None:
                kept = mean
            self._show(bar)
            try:
                self.notify("on_epoch_end", **data)
            except KeyboardInterrupt:  # how skorch's callbacks ask for the end
                self.ended_by_ = "callback"
                break
            if self.plateau is not None and self.plateau.reached:
                self.ended_by_ = "plateau"
                break
        bar.close()
        if kept and (valid is not None or self.ended_by_ != "interrupt"):
            kept.restore()
        if not Snapshot(state).finite:
            self.ended_by_ = "divergence"
            finite.restore()
        return self

    def _show(self, bar: tqdm) -> None:
        if self.progress:
            shown = {
                name: self._epoch[key] for name, key in SHOWN if key in self._epoch
            }
            bar.set_postfix(shown, refresh=False)
            bar.update()

    def _validate(self, batches: Batches, mean: Snapshot) -> None:
        now = Snapshot(mean.tensors)
        mean.restore()
        self.run_single_epoch(batches, False, "valid", self.validation_step)
        now.restore()

    def _improves(self) -> bool:
        if self.plateau is None:
            return False
        if "valid_score" in self._epoch:
            return self.plateau.update(-self._epoch["valid_score"])
        return self.plateau.update(self._epoch["train_total"])

    @staticmethod
    def is_finite(epoch: dict) -> bool:
        """Whether an epoch of the history has a loss, and finite ones only."""
        losses = (epoch.get("train_total", math.nan), epoch.get("valid_loss", 0.0))
        return all(map(math.isfinite, losses))

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        if self.module_.training is not training:
            self._set_training(training)
        kept = []
        second_half = len(iterator) // 2

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
            if kept:
                record = self._record_training if training else self._record_validation
                record(kept)

    def train_step(self, batch, **fit_params):
        if not self._lean:
            return super().train_step(batch, **fit_params)
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
        terms = self.objective(self.module_, x, y, **batch.extras)
        # With a prior x is a leaf too, but its gradient is not wanted.
        terms.total.backward(inputs=self._learnable if self.objective.lam else None)
        kept = (len(x), terms.data.detach(), terms.prior.detach(), terms.total.detach())
        return {"loss": terms.total, "y_pred": terms.output, "kept": kept}

    def validation_step(self, batch, **fit_params):
        x, y = batch
        with torch.no_grad():
            output = self.module_(x)
            weight = batch.extras.get("sample_weight")
            loss = average(self.objective.loss(output, y), weight)
        return {"loss": loss, "y_pred": output, "kept": (output, y, weight)}

    def _record_training(self, kept: list[tuple]) -> None:
        n_rows = np.array([n for n, *_ in kept])
        terms = torch.stack([term for _, *terms in kept for term in terms])
        means = n_rows @ terms.cpu().numpy().reshape(-1, 3) / n_rows.sum()
        names = ("train_loss", "train_penalty", "train_total")
        self._epoch.update(zip(names, means.tolist()))

    def _record_validation(self, kept: list[tuple]) -> None:
        outputs, ys, weights = zip(*kept)
        output, y = torch.cat(outputs), torch.cat(ys)
        weight = None if weights[0] is None else torch.cat(weights)
        loss = average(self.objective.loss(output, y), weight).item()
        score = self.validation_score(output, y, weight)
        self._epoch.update(valid_loss=loss, valid_score=score)


def _asks_for_batches(callback: Callback) -> bool:
    hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return any(getattr(type(callback), h) is not getattr(Callback, h) for h in hooks)
