"""Everything that training needs except the objective: network, rows and options.

``fit`` and the paths over many strengths both start from :class:`Prepared`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor, nn

from ..utils.optimizers import check_optimizer
from ..utils.seeds import borrowed_generators
from .continuing import continue_from
from .loop import ObjectiveNet
from .own_callbacks import own_callbacks
from .rows import Rows, TrainingData

__all__ = [
    "Candidate",
    "Prepared",
    "can_be_prepared",
    "codes_columns",
    "initialized_net",
    "prepare",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A network and the rows that it will be trained on.

    Parameters
    ----------
    network : nn.Module
        The network, already on its device and in its precision.
    n_outputs : int
        Number of columns of the network's output.
    rows : list of Rows
        Training rows, followed by validation rows if some are held out.
    batch_size : int
        Number of rows of a training step.
    seed : int
        Seed of the order of the rows.
    global_seed : int or None
        Seed of torch's global generators, because a user's network may draw from them.
        It is ``None`` for the networks of this package, which have their own
        generators.
    constant_output : callable
        ``(y, sample_weight) -> (n_outputs,)``, the best output among those that are
        the same for all rows.
    shuffle : bool
        Whether the rows are shuffled in each epoch.
    one_pass : bool
        Whether the network is trained for one epoch only, as by ``partial_fit``.
    options : dict
        Keyword arguments of every net: those of :class:`ObjectiveNet` and of
        :func:`initialized_net`.
    candidate : callable or None
        ``(lam) -> Candidate``; only the paths need it.
    """

    network: nn.Module
    n_outputs: int
    rows: list[Rows]
    batch_size: int
    seed: int
    global_seed: int | None
    constant_output: Callable[[Tensor, Tensor | None], Tensor]
    shuffle: bool
    one_pass: bool
    options: dict[str, Any] = field(default_factory=dict)
    candidate: Callable[[float | str], Candidate] | None = None

    @property
    def train(self) -> Rows:
        return self.rows[0]

    @property
    def n_bytes(self) -> int:
        """Memory of the rows, in bytes."""
        return sum(rows.n_bytes for rows in self.rows)

    @property
    def form(self) -> tuple:
        """Shapes of the tensors, names of the extras, and what rows decide of training.

        Networks can be trained as one only if this is equal.
        """
        state = *self.network.named_parameters(), *self.network.named_buffers()
        rows = ((len(each), *each.extras) for each in self.rows)
        # Parts of one size may have other numbers of different rows.
        numbers = (self.options[name] for name in ("max_epochs", "learning_rate"))
        course = self.batch_size, *numbers
        return tuple((name, *value.shape) for name, value in state), course, *rows

    def global_rng(self, seed: int | None = None) -> AbstractContextManager:
        """A context in which torch's global generators are seeded.

        They are restored at the end. The context does nothing if ``global_seed`` is
        ``None``.

        Parameters
        ----------
        seed : int, optional
            A seed to use instead of ``global_seed``.
        """
        if self.global_seed is None:
            return nullcontext()
        seed = self.global_seed if seed is None else seed
        return borrowed_generators(seed, self.train.device)

    def order(self) -> torch.Generator | None:
        """A new generator for the order of the rows, or ``None`` without shuffling."""
        return torch.Generator().manual_seed(self.seed) if self.shuffle else None

    def net(
        self,
        objective: Callable,
        network: nn.Module | None = None,
        *,
        previous: ObjectiveNet | None = None,
        begins_phase: bool = False,
        **options,
    ) -> ObjectiveNet:
        """Make a net that is ready to be trained.

        Parameters
        ----------
        objective : callable
            An :class:`~sklearn_gradlasso.objective.Objective`.
        network : nn.Module, optional
            A network of the same architecture to train instead of the prepared one.
        previous : ObjectiveNet, optional
            A net whose training is continued: see :mod:`.continuing`. The new net also
            takes over its generator of row orders.
        begins_phase : bool
            Whether callbacks and schedules of the learning rate begin anew.
        **options
            These replace ``self.options`` of the same name.
        """
        options = {**self.options, **options}
        # A plateau counts the epochs of one net, so every net needs its own copy.
        options["plateau"] = copy(options.get("plateau"))
        order = previous.generator if previous else None
        net = initialized_net(
            self.network if network is None else network,
            objective,
            batch_size=self.batch_size,
            generator=(order or self.order()) if self.shuffle else None,
            **options,
        )
        net.feature_shape_ = self.train.feature_shape
        if previous:
            continue_from(net, previous, begins_phase)
        return net

    def net_of(self, candidate: Candidate, network: nn.Module, **options):
        """Make a net that will train a network with the objective of a candidate."""
        options = {**candidate.options, **options}
        objective = options.pop("objective", candidate.objective)
        return self.net(objective, network, **options)

    def trial_net(self, objective: Callable, network: nn.Module) -> ObjectiveNet:
        """Make a net that has the same optimizer, but no callbacks and no plateau."""
        names = "optimizer", "optimizer_params", "learning_rate", "task"
        known = {name: self.options[name] for name in names}
        return initialized_net(network, objective, **known)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A copy of an estimator that will be trained with its own strength.

    Parameters
    ----------
    lam : float
        The strength of the prior, after "auto" has been resolved.
    objective : callable
        An :class:`~sklearn_gradlasso.objective.Objective`.
    options : dict
        Options that replace those of ``Prepared.options``, because they have a state
        that copies must not share, such as callbacks.
    fitted : callable
        ``(net) -> estimator``: returns the copy as fitted by the trained net. After a
        divergence it has no ``feature_importances_``.
    """

    lam: float
    objective: Callable
    options: dict[str, Any]
    fitted: Callable[[ObjectiveNet], Any]


@singledispatch
def prepare(estimator, data: TrainingData) -> Prepared:
    """Make the network, the rows and the candidates of an estimator, for the paths.

    The wing of the estimators registers its base class here, so that the paths need no
    other method of an estimator. The estimator is not changed. The caller sets the
    number of threads and torch's modes, by ``computing``.

    Raises
    ------
    TypeError
        If the estimator is not one of this package.
    """
    raise TypeError(f"{type(estimator).__name__} cannot be prepared for training.")


@singledispatch
def codes_columns(estimator, X) -> bool:
    """Whether an estimator that is prepared brings the columns of X to one scale.

    The wing of the estimators registers this as well. By default it is not so.
    """
    return False


def can_be_prepared(estimator) -> bool:
    """Whether :func:`prepare` supports the estimator."""
    return prepare.dispatch(type(estimator)) is not prepare.dispatch(object)


def initialized_net(
    network: nn.Module,
    objective: Callable,
    *,
    optimizer: str | type,
    optimizer_params: dict | None,
    learning_rate: float,
    kind: type[ObjectiveNet] = ObjectiveNet,
    callbacks: Sequence = (),
    **options,
) -> ObjectiveNet:
    """Make a net and let skorch initialize it with its optimizer.

    Parameters
    ----------
    network : nn.Module
    objective : callable
        An :class:`~sklearn_gradlasso.objective.Objective`.
    optimizer, optimizer_params, learning_rate
        See the parameters of the estimators (``learning_rate_init``).
    kind : type
        The class of the net.
    callbacks : sequence of callbacks
        The net gets copies of them.
    **options
        Keyword arguments of ``kind``.

    Raises
    ------
    TypeError, ValueError
        If the optimizer is unknown or does not take its parameters.
    """
    method, params = check_optimizer(optimizer, optimizer_params)
    net = kind(
        network,
        objective=objective,
        optimizer=method,
        **{f"optimizer__{name}": value for name, value in params.items()},
        lr=learning_rate,
        device=next(network.parameters()).device,
        callbacks=own_callbacks(callbacks, options.get("task")),
        **options,
    )
    net.given_callbacks_ = list(callbacks)
    net.built_from_ = {
        "optimizer": optimizer,
        "optimizer_params": optimizer_params,
        "learning_rate": learning_rate,
    }
    return net.initialize()
