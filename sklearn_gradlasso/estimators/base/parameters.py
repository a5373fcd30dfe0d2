"""The constructor parameters all estimators share: fields, limits, documentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from torch import nn

from ...modules import ACTIVATIONS
from ...utils.docstrings import substituted
from ...utils.validation import OPTIMIZERS

__all__ = ["PARAMETERS_DOC", "NetworkParameters", "parameters_doc"]

MARKER = re.compile(r"\{[a-z]+_[a-z]+\}")  # It stands for text that is shared.

TEMPLATE = """\
weight_l1, weight_l2 : float, default=0.0
        Strength of ``sum |theta|`` and of ``sum theta ** 2`` over all weights and
        biases of the network.
    hidden_layer_sizes : int or sequence of int, {default_sizes}
    activation : {"identity", "logistic", "relu", "softplus", "tanh"}, default="relu"
        Activation of the hidden layers of the default network. "softplus" and
        "tanh" give input gradients without jumps.
    module : "tabular", nn.Module, class or factory, default=None
        Another network. "tabular" is :class:`~sklearn_gradlasso.modules.TabularNet`,
        which learns embeddings of numbers and of one-hot encoded categories, for tables
        on which boosted trees do better than the default network. Or a class or
        factory called with ``(n_features, n_outputs, **module_params)``, n_features
        being the number of values in a row (and with ``feature_shape``, its shape, if
        it has such a parameter), or an instance, which is copied. {module_contract}
    module_params : dict, default=None
        Keyword arguments for "tabular", or a module class or factory.
    input_shape : tuple of int, default=None
        Shape in which the network and the prior see a row of a two-dimensional X,
        such as ``(1, 28, 28)``.
    optimizer : {"adam", "sgd"} or torch.optim.Optimizer class, default="adam"
        Method of minimisation.
    optimizer_params : dict, default=None
        Keyword arguments of the optimizer beside the learning rate.
    learning_rate_init : float, default=0.003
        Learning rate of the optimizer.
    batch_size : int or "auto", default="auto"
        Rows per step; "auto" is ``min(256, n_samples)``.
    max_iter : int, default=200
        Largest number of epochs (passes over the data).
    shuffle : bool, default=True
        Whether the rows come in a new order in each epoch; of no effect when one
        batch holds them all.
    tol : float, default=1e-4
        An epoch that lowers the objective (with ``early_stopping``: raises the
        validation score) by less than this counts as no change.
    n_iter_no_change : int, default=10
        Training ends after more than this many epochs in a row without change.
    early_stopping : bool, default=False
        Whether to hold out rows and to keep the weights with the best score on them
        (accuracy or R2; of equal scores, one with a lower loss).
        The split follows ``random_state``, is stratified for classifiers, and takes
        the sample weights along.
    validation_fraction : float, default=0.1
        Share of the rows held out by ``early_stopping``.
    warm_start : bool, default=False
        Whether ``fit`` continues from the weights that the previous call left, with
        its optimizer's state and validation split. A loaded estimator continues with
        a new optimizer.
    callbacks : list of skorch callbacks, default=None
        See :mod:`skorch.callbacks`. Their history has ``train_loss``,
        ``train_penalty``, ``train_total`` and, with ``early_stopping``,
        ``valid_loss`` and ``valid_score`` of each epoch.
    device : str or torch.device, default="cpu"
        Where to compute, such as "cuda". The computation has the precision of X on
        the CPU (float32 or float64) and is in float32 elsewhere.
    n_jobs : int, default=None
        Threads of one fit or answer on the CPU; ``None`` means 1, -1 all cores. More
        only pays for networks of some 100,000 weights or convolutions. It is not taken
        from the surroundings, because the number of threads changes the rounding.
    accelerator : accelerate.Accelerator, default=None
        Trains the network in several processes, each of which calls ``fit`` with the
        same arguments and takes its share of the rows of every batch. All get what one
        process would, within rounding. ``random_state`` must be an int, ``device`` that
        of the accelerator, and the prior and the network must treat each row by itself.
        A pickle does not hold it.
    random_state : int, RandomState instance or None, default=None
        Decides the initial weights, the order of rows and the validation split. An
        int gives the same bits in every call, process and thread.
    verbose : int, default=0
        Above 0 a progress bar is shown, with the terms of the objective."""


def parameters_doc(default_sizes: str, module_contract: str) -> str:
    """The documentation of the parameters, for a default network and a contract.

    Parameters
    ----------
    default_sizes : str
        Default of ``hidden_layer_sizes``, and what it means.
    module_contract : str
        What a network given as ``module`` maps to what.
    """
    own = {"{default_sizes}": default_sizes, "{module_contract}": module_contract}
    return substituted(TEMPLATE, own)


PARAMETERS_DOC = parameters_doc(
    """default=(50, 30)
        Units in each hidden layer of the default network; the paper's sizes.""",
    """It maps
        ``(n, *feature_shape)`` to raw scores of shape ``(n, n_outputs)`` without a last
        activation; ``hidden_layer_sizes`` and ``activation`` then have no effect, and X
        may have more than two dimensions.""",
)


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkParameters:
    """Parameters of the network and its training, as described above.

    A class that has parameters of its own states their ``_constraints`` and, for text
    that several docstrings share, ``_shared_doc``: from markers such as
    ``{network_parameters}`` to what stands for them. Both are collected over the bases.
    """

    weight_l1: float = 0.0
    weight_l2: float = 0.0
    hidden_layer_sizes: int | Sequence[int] = (50, 30)
    activation: str = "relu"
    module: nn.Module | Callable[..., nn.Module] | str | None = None
    module_params: dict[str, Any] | None = None
    input_shape: tuple[int, ...] | None = None
    optimizer: Any = "adam"
    optimizer_params: dict[str, Any] | None = None
    learning_rate_init: float = 0.003
    batch_size: int | str = "auto"
    max_iter: int = 200
    shuffle: bool = True
    tol: float = 1e-4
    n_iter_no_change: int = 10
    early_stopping: bool = False
    validation_fraction: float = 0.1
    warm_start: bool = False
    callbacks: list | None = None
    device: str = "cpu"
    n_jobs: int | None = None
    accelerator: Any = None
    random_state: int | np.random.RandomState | None = None
    verbose: int = 0

    _constraints = {
        "weight_l1": [Interval(Real, 0, np.inf, closed="left")],
        "weight_l2": [Interval(Real, 0, np.inf, closed="left")],
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "module": [StrOptions({"tabular"}), nn.Module, callable, None],
        "module_params": [dict, None],
        "input_shape": [tuple, list, None],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "optimizer_params": [dict, None],
        "learning_rate_init": [Interval(Real, 0, np.inf, closed="neither")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "tol": [Interval(Real, 0, np.inf, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "device": [str, torch.device],
        "n_jobs": [Integral, None],
        "accelerator": [HasMethods(["gather", "reduce", "wait_for_everyone"]), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    _shared_doc = {"{network_parameters}": PARAMETERS_DOC}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._parameter_constraints = _collected(cls, "_constraints")
        markers = MARKER.findall(cls.__doc__ or "")
        if markers:
            known = _collected(cls, "_shared_doc")
            texts = {marker: known[marker] for marker in markers}
            cls.__doc__ = substituted(cls.__doc__, texts)


def _collected(cls: type, name: str) -> dict[str, Any]:
    """The entries of dictionaries of this name; those of a class replace its bases'."""
    found: dict[str, Any] = {}
    for each in reversed(cls.__mro__):
        found |= vars(each).get(name, {})
    return found
