"""The constructor parameters that all estimators share: fields, limits, documentation.

The documentation is stored once and inserted into the docstring of each estimator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Options, StrOptions
from torch import nn

from ...modules import ACTIVATIONS
from ...utils import parameter_names
from ...utils.docstrings import substituted
from ...utils.optimizers import OPTIMIZERS
from ...utils.validation import Interval

__all__ = ["PARAMETERS_DOC", "NetworkParameters", "parameters_doc"]

MARKER = re.compile(r"\{[a-z]+_[a-z]+\}")  # placeholder of shared text in a docstring

TEMPLATE = """\
weight_l1, weight_l2 : float, default=0.0
        Strengths of the penalties ``sum |theta|`` and ``sum theta ** 2`` over all
        weights and biases of the network.
    penalize_biases : bool, default=True
        Whether these two penalties act on biases, as in the paper of the gradient
        LASSO, or on weights only, as ``alpha`` of scikit-learn's networks.
    hidden_layer_sizes : int or sequence of int, {default_sizes}
    activation : {"identity", "logistic", "relu", "softplus", "tanh"}, default=None
        Activation of the hidden layers of the perceptron; ``None`` is "relu".
        "softplus" and "tanh" give continuous input gradients.{activation_asks}
    module : "tabular", "perceptron", nn.Module, class or factory, default=None
        The network. {default_module} "tabular" is
        :class:`~sklearn_gradlasso.modules.TabularNet`: the sum of a function of each
        column and of a network for interactions, as the average of several members. It
        takes a table as it is, also a CSR matrix, and scales it inside. "perceptron"
        is :class:`~sklearn_gradlasso.modules.MLP`. A class or factory is called with
        ``(n_features, n_outputs, **module_params)``, where n_features is the number of
        values in a row; if it has a parameter ``feature_shape``, it also receives the
        shape of a row. An instance is copied. {module_contract}
    module_params : dict, default=None
        Keyword arguments for the network, but for an instance, such as ``{"n_members":
        8}`` of "tabular", to which also its ``hidden_layer_sizes`` are given here.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Which columns of a raw table are categories. "from_dtype": the columns of a
        DataFrame (of pandas or polars) of categories, strings or bools, and of objects
        that are not all numbers; those of an array are numbers. Otherwise positions or
        names of columns, or a mask of shape (n_features,); all other columns, or with
        ``None`` all, are numbers. X is read as a raw table for the network "tabular",
        and for the others if there are categories, or if a value is missing (NaN, None
        or NA) in the first call of ``fit``. A number
        is then measured from the median in standard deviations (between the percentiles
        1 and 99), and large ones are bounded smoothly; a missing number, and a missing
        category, have a place of their own. Levels that fewer than 5 rows have, by
        weight, more than 254 levels, and unknown ones share a place. A DataFrame with
        other columns than numbers is computed in float32. Values of objects of several
        types are one level if they are written alike, such as 1 and "1".
    input_shape : tuple of int, default=None
        Shape to which each row of a two-dimensional X is reshaped for the network and
        the prior, such as ``(1, 28, 28)``.
    optimizer : {"auto", "adam", "adamw", "sgd", "lbfgs"} or class, default="auto"
        Optimizer that minimises the objective; a class is one of torch. "auto" is
        "adamw" for the network "tabular" and "adam" for others. "adamw" lets weights
        decay; without ``optimizer_params`` each part of "tabular" has a rate and a
        decay of its own. The learning rate of "tabular" falls to 0 by a cosine over
        ``max_iter`` epochs ("auto": in each of its cycles), except with "lbfgs"; with
        ``early_stopping`` it rises before, in the first 0.3 of the epochs.
        "sgd" has Nesterov's momentum of 0.9.
        "lbfgs" is for small tables: a step is an iteration of L-BFGS with a line search
        on all rows at once, and ``batch_size``, ``shuffle`` and ``learning_rate_init``
        have no effect. Without ``early_stopping`` training ends when no gradient by a
        weight exceeds ``tol``, or when the objective no longer falls, and
        ``n_iter_no_change`` has no effect. It has no ``partial_fit``, and it needs an
        objective that is not random, as dropout, the gate of NGSLL, expected gradients
        and the exchanges of ``obedience`` with annotations are. It takes no
        ``monotonic_cst``, and at the kinks of an L1 penalty on gradients it may end
        early.
    optimizer_params : dict, default=None
        Keyword arguments of the optimizer, except the learning rate, such as
        ``{"momentum": 0.0}`` of "sgd". Those of "lbfgs" are ``history_size=10`` and
        ``max_fun=15000``, the largest number of evaluations of the objective.
    learning_rate_init : float or "auto", default="auto"
        Learning rate of the optimizer. "auto" is 0.015 for the network "tabular" up to
        10,000 distinct rows, 0.03 for more (and of a regressor), and 0.003 for other
        networks. NGSLL divides that of "tabular" by twice the number of
        columns, because a step moves the weights of all of them.
    batch_size : int or "auto", default="auto"
        Number of rows per step. "auto" is ``min(256, n_samples)``. For the network
        "tabular" it is 64 up to 2,000 distinct rows, 128 up to 10,000 and 512 for more;
        without ``early_stopping`` it is a quarter of the rows, and all of at most 256.
    max_iter : int or "auto", default="auto"
        Largest number of epochs (passes over the data), or iterations of "lbfgs".
        "auto" is 200. For the network "tabular" it is as many as make 300 steps (600 of
        a regressor), and 20 at least. With ``early_stopping`` and
        ``n_iter_no_change="auto"`` twice as many follow in a second cycle of the
        learning rate, if the loss on held-out rows has fallen by 5 % in the second half
        of the first one (not for NGSLL, and not with an ``LRScheduler``). Without
        ``early_stopping`` it is as many as make a step for two distinct rows, 75 to
        150.
    shuffle : bool, default=True
        Whether the rows are shuffled in each epoch. It has no effect if one batch holds
        all rows.
    tol : float, default=1e-4
        An epoch counts as no change if it lowers the objective by less than this. With
        ``early_stopping`` it is the value on the held-out rows that ``monitor`` names
        (a score must rise). It has no effect where ``n_iter_no_change`` is infinite.
    n_iter_no_change : int, "auto" or np.inf, default="auto"
        Training ends after more than this many consecutive epochs without change.
        "auto" is 10. With ``early_stopping`` it is at least as many as have 150 steps,
        because values on held-out rows may rise before they fall, and an epoch of a
        small table has one step. For the network "tabular", whose learning rate falls
        in ``max_iter`` epochs, "auto" takes all epochs of a cycle, unless there is only
        one class. np.inf takes all epochs, of one cycle.
    early_stopping : bool or "auto", default="auto"
        Whether to hold out rows for validation, and to keep the weights that are best
        on them, as ``monitor`` says. "auto" does so for the network "tabular" from 500
        distinct rows of positive weight on, and not for other networks. There each
        member holds out its own share, so that together they learn from all rows; the
        best epoch is that of their average.
    monitor : {"objective", "loss", "score"}, default="objective"
        What ``early_stopping`` watches on the held-out rows. "objective" is the loss
        plus ``lam`` times the prior and constraints, with the annotations of these
        rows, so that neither a prior nor annotations are undone; where nothing is
        penalised, it is the loss. Constraints (signs) count a twentieth there, because
        a strength at which they hold would let a few rows decide. Penalties of the
        weights are left out, because they do not depend on rows, and random
        attributions have the same draws in every epoch. "loss" is the log loss, or the
        squared error in standardised units. "score" is accuracy or R2; of equal scores
        the lowest loss decides. All of them use the sample weights. With "loss" and
        "score" weights from before a penalty has taken effect may be kept.
    validation_fraction : float, default=0.1
        Fraction of the rows that ``early_stopping`` holds out, which are at least two.
        Each member of the network "tabular" holds out this fraction, of other rows than
        the others as far as it is at most one over their number, unless
        ``validation_split`` names the rows.
    validation_split : {"random", "last"} or splitter, default="random"
        Which rows ``early_stopping`` holds out. "random" depends on ``random_state``
        and is stratified for classifiers, as far as the numbers of rows allow: each
        class keeps a row to train on. If ``fit`` is given ``groups``, it holds out
        whole groups, as many as are nearest to ``validation_fraction`` of them. "last"
        holds out the last rows in the order of X, for rows that are ordered in time. If
        a row is a sequence of T steps (T is the first axis of its shape), the T - 1
        rows before them are not trained on either, because sliding windows share
        steps; neither are rows of their groups. A splitter of scikit-learn, such as
        ``GroupKFold()``, is called with X, y and groups; its first split is used and
        ``validation_fraction`` is not.
    warm_start : bool, default=False
        Whether ``fit`` continues from the weights of the previous call, with the state
        of its optimizer and callbacks, and with its validation split. An estimator that
        was loaded from a pickle continues in the same way.
    callbacks : list of skorch callbacks, default=None
        See :mod:`skorch.callbacks`. They are copied, and the copies are
        ``net_.callbacks_``. Their history has ``train_loss``,
        ``train_penalty``, ``train_total`` and, with ``early_stopping``,
        ``valid_loss``, ``valid_score`` and (if it is monitored) ``valid_objective`` of
        each epoch.
    device : str or torch.device, default="cpu"
        Device of the computation, such as "cuda". On the CPU the computation has the
        precision of X (float32 or float64); on other devices it is in float32.
    n_jobs : int, default=None
        Number of CPU threads of a fit or a prediction; ``None`` means 1, and -1 means
        all cores. More threads are only faster for convolutions or for networks of
        about 100,000 weights or more. Where many networks are trained as one (paths and
        searches over ``lam``) it is the number of groups that are trained at a time,
        and each network has one thread. The default does not depend on the environment,
        because the number of threads changes the rounding.
    accelerator : accelerate.Accelerator, default=None
        Trains the network in several processes. Each of them calls ``fit`` with the
        same arguments and computes on its share of the rows of every batch. Within
        rounding, all processes get the network that a single process would get.
        ``random_state`` must be an int, ``device`` must be the device of the
        accelerator, and the prior and the network must treat each row separately. The
        accelerator is not pickled.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the rows and the validation split.
        An int gives the same bits in every call, process and thread.
    verbose : int, default=0
        If it is above 0, a progress bar shows the terms of the objective, and callbacks
        print their messages."""


def parameters_doc(
    default_sizes: str, activation_asks: str, default_module: str, module_contract: str
) -> str:
    """Documentation of the parameters for a default network and a module contract.

    Parameters
    ----------
    default_sizes : str
        The default of ``hidden_layer_sizes``, and its meaning.
    activation_asks : str
        What else follows if an activation is given.
    default_module : str
        A sentence about ``module=None``.
    module_contract : str
        Sentences about the inputs and outputs of a network given as ``module``.
    """
    own = {
        "{default_sizes}": default_sizes,
        "{activation_asks}": activation_asks,
        "{default_module}": default_module,
        "{module_contract}": module_contract,
    }
    return substituted(TEMPLATE, own)


PARAMETERS_DOC = parameters_doc(
    """default=None
        Number of units in each hidden layer of the perceptron; ``None`` is (50, 30),
        that of the paper. With sizes and no ``module`` the network is the
        perceptron.""",
    """ With an activation
        and no ``module`` the network is the perceptron.""",
    """``None`` is "tabular" for a dense table of at most 1000 columns, unless
        ``hidden_layer_sizes``, ``activation`` or ``input_shape`` is given, and
        otherwise "perceptron".""",
    """The
        network must map ``(n, *feature_shape)`` to raw scores of shape ``(n,
        n_outputs)``, without a last activation. With "tabular" ``hidden_layer_sizes``
        and ``activation`` are refused. With a network of one's own they have no effect,
        and X may have more than two dimensions. If X is read as a raw table, such a
        network and the perceptron are given numbers of bounded size and indicators of
        categories and of missing values, and n_features is their number.""",
)


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkParameters:
    """The fields of the parameters that are documented in ``TEMPLATE``.

    A subclass states the limits of its own parameters in ``_constraints``. If several
    docstrings share text, ``_shared_doc`` maps markers such as
    ``{network_parameters}`` to this text. Both dictionaries are merged over the bases.
    """

    weight_l1: float = 0.0
    weight_l2: float = 0.0
    penalize_biases: bool = True
    hidden_layer_sizes: int | Sequence[int] | None = None
    activation: str | None = None
    module: nn.Module | Callable[..., nn.Module] | str | None = None
    module_params: dict[str, Any] | None = None
    categorical_features: Any = "from_dtype"
    input_shape: tuple[int, ...] | None = None
    optimizer: Any = "auto"
    optimizer_params: dict[str, Any] | None = None
    learning_rate_init: float | str = "auto"
    batch_size: int | str = "auto"
    max_iter: int | str = "auto"
    shuffle: bool = True
    tol: float = 1e-4
    n_iter_no_change: int | float | str = "auto"
    early_stopping: bool | str = "auto"
    monitor: str = "objective"
    validation_fraction: float = 0.1
    validation_split: Any = "random"
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
        "penalize_biases": ["boolean"],
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "activation": [StrOptions(set(ACTIVATIONS)), None],
        "module": [StrOptions({"tabular", "perceptron"}), nn.Module, callable, None],
        "module_params": [dict, None],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
        "input_shape": [tuple, list, None],
        "optimizer": [StrOptions({"auto", *OPTIMIZERS}), callable],
        "optimizer_params": [dict, None],
        "learning_rate_init": [
            StrOptions({"auto"}),
            Interval(Real, 0, np.inf, closed="neither"),
        ],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "tol": [Interval(Real, 0, np.inf, closed="left")],
        "n_iter_no_change": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "early_stopping": ["boolean", StrOptions({"auto"})],
        "monitor": [StrOptions({"objective", "loss", "score"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_split": [
            StrOptions({"random", "last"}),
            HasMethods(["split", "get_n_splits"]),  # a string has split, too
        ],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "device": [str, torch.device],
        "n_jobs": [Interval(Integral, None, None, closed="neither"), None],
        "accelerator": [HasMethods(["gather", "reduce", "wait_for_everyone"]), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    _shared_doc = {"{network_parameters}": PARAMETERS_DOC}

    __new__, set_params = parameter_names.new, parameter_names.set_params

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # A class outside of the package may state scikit-learn's name instead.
        stated = vars(cls).get("_parameter_constraints", {})
        inherited = _collected(cls, "_parameter_constraints")
        own = _collected(cls, "_constraints")
        cls._parameter_constraints = {**inherited, **own, **stated}
        known = _collected(cls, "_shared_doc")
        markers = MARKER.findall(cls.__doc__ or "")
        texts = {marker: known[marker] for marker in markers if marker in known}
        if texts:
            cls.__doc__ = substituted(cls.__doc__, texts)


def _collected(cls: type, name: str) -> dict[str, Any]:
    """Merge the dictionaries of this name; entries of a class replace its bases'."""
    found: dict[str, Any] = {}
    for each in reversed(cls.__mro__):
        found |= vars(each).get(name, {})
    return found
