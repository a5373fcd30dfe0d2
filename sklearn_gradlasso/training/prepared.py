"""What training needs beside the equation: a network, rows, and how to train.

``fit`` and the paths of many strengths both start from :class:`Prepared`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor, nn

from ..utils.seeds import borrowed_generators
from ..utils.validation import check_optimizer
from .loop import ObjectiveNet
from .rows import Rows
from .training_data import TrainingData

__all__ = [
    "Candidate",
    "Prepared",
    "can_be_prepared",
    "initialized_net",
    "prepare",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A network and the rows it is to be trained on.

    Parameters
    ----------
    network : nn.Module
        On its device, in its precision.
    n_outputs : int
        Number of columns of its output.
    rows : list of Rows
        Training rows and, if some are held out, validation rows.
    batch_size : int
        Rows of a training step.
    seed : int
        Decides the order of the rows.
    global_seed : int or None
        Seed of torch's global generators, for a network that may draw from them;
        ``None`` for the networks of this package, which have generators of their own.
    constant_output : callable
        ``(y, sample_weight) -> (n_outputs,)``, the best output that is the same for
        all rows.
    shuffle : bool
        Whether the rows come in a new order in each epoch.
    one_pass : bool
        Whether one epoch is to be trained, as by ``partial_fit``.
    options : dict
        Keyword arguments of every net: of :class:`ObjectiveNet`, and those of
        :func:`initialized_net`.
    candidate : callable or None
        ``(lam) -> Candidate``, for the paths.
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
        """Memory that the rows take."""
        return sum(rows.n_bytes for rows in self.rows)

    @property
    def form(self) -> tuple:
        """The same for what networks take the same steps on: shapes, and extras."""
        state = *self.network.named_parameters(), *self.network.named_buffers()
        rows = ((len(each), *each.extras) for each in self.rows)
        return tuple((name, *value.shape) for name, value in state), *rows

    def global_rng(self, seed: int | None = None) -> AbstractContextManager:
        """Torch's global generators, seeded, and put back at the end.

        Parameters
        ----------
        seed : int, optional
            Another seed than ``global_seed``.
        """
        if self.global_seed is None:
            return nullcontext()
        seed = self.global_seed if seed is None else seed
        return borrowed_generators(seed, self.train.device)

    def order(self) -> torch.Generator | None:
        """A generator that shuffles the rows from the first epoch on."""
        return torch.Generator().manual_seed(self.seed) if self.shuffle else None

    def net(
        self,
        objective: Callable,
        network: nn.Module | None = None,
        *,
        previous: ObjectiveNet | None = None,
        **options,
    ) -> ObjectiveNet:
        """A net that is about to be trained.

        Parameters
        ----------
        objective : callable
            An :class:`~sklearn_gradlasso.objective.Objective`.
        network : nn.Module, optional
            Another network than the one prepared, of the same architecture.
        previous : ObjectiveNet, optional
            A net whose training is continued: its order of rows, and the state of its
            optimizer if both have one of the same kind.
        **options
            Replace ``options`` of the same name.
        """
        options = {**self.options, **options}
        # A plateau counts the epochs of one net.
        options["plateau"] = copy(options.get("plateau"))
        order = previous.generator if previous else None
        net = initialized_net(
            self.network if network is None else network,
            objective,
            batch_size=self.batch_size,
            generator=(order or self.order()) if self.shuffle else None,
            **options,
        )
        if previous:
            net.continue_from(previous)
        return net

    def net_of(self, candidate: Candidate, network: nn.Module, **options):
        """A net that is about to train a network for a candidate."""
        options = {**candidate.options, **options}
        objective = options.pop("objective", candidate.objective)
        return self.net(objective, network, **options)

    def trial_net(self, objective: Callable, network: nn.Module) -> ObjectiveNet:
        """A net with the same optimizer and nothing else, for a trial."""
        names = "optimizer", "optimizer_params", "learning_rate", "validation_score"
        known = {name: self.options[name] for name in names}
        return initialized_net(network, objective, callbacks=[], **known)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A copy of an estimator with a strength of its own, about to be trained.

    Parameters
    ----------
    lam : float
        The strength; "auto" has been resolved.
    objective : callable
        An :class:`~sklearn_gradlasso.objective.Objective`.
    options : dict
        Those of ``Prepared.options`` that are this copy's own, such as callbacks,
        which have a state.
    fitted : callable
        ``(net) -> estimator``: the copy, fitted by what the trained net has learned.
        After a divergence it has no ``feature_importances_``.
    """

    lam: float
    objective: Callable
    options: dict[str, Any]
    fitted: Callable[[ObjectiveNet], Any]


@singledispatch
def prepare(estimator, data: TrainingData) -> Prepared:
    """What the paths ask of an estimator: rows, a network, and candidates.

    The wing of the estimators registers its base class here, so that the paths know
    nothing else of an estimator. The estimator is not changed.

    Raises
    ------
    TypeError
        If it is not an estimator of this package.
    """
    raise TypeError(f"{type(estimator).__name__} cannot be prepared for training.")


def can_be_prepared(estimator) -> bool:
    """Whether :func:`prepare` knows the estimator."""
    return prepare.dispatch(type(estimator)) is not prepare.dispatch(object)


def initialized_net(
    network: nn.Module,
    objective: Callable,
    *,
    optimizer: str | type,
    optimizer_params: dict | None,
    learning_rate: float,
    kind: type[ObjectiveNet] = ObjectiveNet,
    **options,
) -> ObjectiveNet:
    """A net with its optimizer, as skorch makes it.

    Parameters
    ----------
    network : nn.Module
    objective : callable
        An :class:`~sklearn_gradlasso.objective.Objective`.
    optimizer, optimizer_params, learning_rate
        As the parameters of the estimators.
    kind : type
        Class of the net.
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
        **options,
    )
    return net.initialize()
