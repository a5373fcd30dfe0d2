"""What "auto" and None stand for: settings that depend on the network and the rows.

The figures for the network for tables were found on the development tables of
``examples/benchmarks/tables.py``; ``docs/tabular.md`` has what each of them brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from ...inspection.labels import has_classes
from ...modules import TabularNet
from ...training.own_callbacks import has_schedule
from ...training.rows import bytes_of_rows
from ...utils.validation import check_hidden_layer_sizes

__all__ = [
    "Settings",
    "module_of",
    "n_distinct_rows",
    "params_of_module",
    "prefers_table_net",
    "reads_tables",
    "settings_of",
]

TABULAR = "tabular"
PAPER = (50, 30)  # units of the perceptron, those of Ross et al. (2017)

FULL_BATCH = 256  # rows of a batch of the perceptron, at most
HELD_OUT_FROM = 500  # distinct rows from which the network for tables holds rows out
MOST_COLUMNS = 1000  # columns of a table that the network for tables is the default of
# Steps of the network for tables where nothing is held out: half as many as there are
# distinct rows, or more if there are several outputs, within these limits.
FEWEST_STEPS, MOST_STEPS = 75, 150
ANNEALED_EPOCHS = 20  # at least so many where rows are held out
# At least so many steps there, of a classifier and of a regressor. Squared errors keep
# falling with training, where probabilities become too certain.
ANNEALED_STEPS = {False: 300, True: 600}
# Cycles of annealing at most, of which the second is only taken where the first one
# ends while the loss still falls.
MOST_CYCLES = 2
PATIENCE = 10  # epochs of n_iter_no_change="auto" of other networks, and of one class
# With early stopping other networks also wait for so many steps: the loss on held-out
# rows may rise for a while before it falls, and an epoch of a small table is one step.
VALIDATED_STEPS = 150
# Rows of a batch, and members, of the network for tables up to so many rows.
BATCHES = ((2_000, 64), (10_000, 128), (np.inf, 512))
MEMBERS = ((10_000, 5), (np.inf, 2))
RATES = {False: ((10_000, 0.015), (np.inf, 0.03)), True: ((np.inf, 0.03),)}
# Share of the epochs of a cycle in which the rate rises, where rows are held out. On
# small tables a prior without a scale would decide before anything is learned.
RISING = 0.3
PIECES = ((10_000, 16), (np.inf, 32))
# Distinct rows beyond which more make no difference, and rows compared at a time.
MOST_COUNTED, COUNTED_AT_ONCE = 10_001, 1_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters of training, with numbers in place of "auto" and None.

    Parameters
    ----------
    optimizer, optimizer_params, learning_rate, batch_size, max_iter, early_stopping
        As the parameters of the estimators.
    patience : float
        Epochs without change that are tolerated.
    least_steps : int
        Steps without change that are tolerated in any case.
    n_members : int or None
        Networks whose scores the network for tables averages.
    n_pieces : int or None
        Pieces of a number between quantiles in the network for tables.
    n_cycles : int
        Cycles in which the learning rate falls to 0, see
        :func:`~sklearn_gradlasso.training.schedules.cycle_of`.
    rising : float
        Share of the epochs of a cycle in which the learning rate rises.
    merges : bool
        Whether equal rows are one row with the sum of their weights, also where a step
        does not take all rows.
    """

    optimizer: Any
    optimizer_params: dict[str, Any] | None
    learning_rate: float
    batch_size: int
    max_iter: int
    early_stopping: bool
    patience: float
    least_steps: int
    n_members: int | None = None
    n_pieces: int | None = None
    n_cycles: int = 0
    rising: float = 0.0
    merges: bool = False


def module_of(estimator):
    """The network of an estimator whose rows have been read: None is the default one.

    Returns
    -------
    nn.Module, callable, "tabular" or "perceptron"
    """
    if estimator.module is not None:
        return estimator.module
    is_table = estimator._table_form is not None
    of_tables = is_table and prefers_table_net(estimator, estimator.n_features_in_)
    return TABULAR if of_tables else "perceptron"


def reads_tables(estimator) -> bool:
    """Whether the network of an estimator, whose rows have been read, is for tables."""
    return _is(module_of(estimator), TABULAR)


def prefers_table_net(estimator, n_columns: int) -> bool:
    """Whether the network for tables is the default for so many dense columns.

    ``hidden_layer_sizes`` and ``activation`` are those of a perceptron, so that giving
    one of them asks for it.
    """
    if estimator.module is not None:
        return _is(estimator.module, TABULAR)
    asks = estimator.hidden_layer_sizes is not None or estimator.activation is not None
    is_free = estimator._has_table_net and not asks and estimator.input_shape is None
    return is_free and n_columns <= MOST_COLUMNS


def params_of_module(estimator, module) -> dict[str, Any] | None:
    """Arguments of the network, from all parameters that say something of it."""
    params = estimator.module_params
    if _is(module, TABULAR):
        settings = estimator._settings
        own = {"n_members": settings.n_members, "n_pieces": settings.n_pieces}
        return {**own, **(params or {})}
    if not isinstance(module, str):
        return params
    sizes = estimator.hidden_layer_sizes
    own = {
        "hidden_layer_sizes": check_hidden_layer_sizes(
            PAPER if sizes is None else sizes
        ),
        "activation": estimator.activation or "relu",
    }
    return {**own, **(params or {})}


def settings_of(
    estimator, X, y: np.ndarray, known: dict[str, Any] | None = None
) -> Settings:
    """Resolve the parameters of an estimator.

    Parameters
    ----------
    estimator : NetworkEstimator
    X : ndarray or CSR matrix of shape (n, ...)
        Rows of positive weight. How many of them differ is what counts, so that
        repeated rows change nothing.
    y : ndarray of shape (n, ...)
    known : dict or None
        Arguments of a network that is trained further.
    """
    if reads_tables(estimator):
        return _of_tables(estimator, len(y), n_distinct_rows(X, y), known or {})
    early = estimator.early_stopping is True
    waits = early and estimator.n_iter_no_change == "auto"
    return Settings(
        optimizer=_given(estimator.optimizer, "adam"),
        optimizer_params=estimator.optimizer_params,
        learning_rate=_given(estimator.learning_rate_init, 0.003),
        batch_size=_given(estimator.batch_size, FULL_BATCH),
        max_iter=_given(estimator.max_iter, 200),
        early_stopping=early,
        patience=_given(estimator.n_iter_no_change, PATIENCE),
        least_steps=VALIDATED_STEPS if waits else 0,
    )


def _of_tables(
    estimator, n_rows: int, n_distinct: int, known: dict[str, Any]
) -> Settings:
    early = bool(_given(estimator.early_stopping, n_distinct >= HELD_OUT_FROM))
    # Copies of a row would come in other steps than a row of integer weight does.
    # Merged rows are in another order, which is the user's without shuffling.
    # One row alone has no others to compare with.
    merges = not early and estimator.shuffle and 1 < n_distinct < MOST_COUNTED
    n_rows = n_distinct if merges else n_rows
    batch_size = _given(estimator.batch_size, _up_to(BATCHES, n_distinct))
    if not early and estimator.batch_size == "auto":
        batch_size = n_rows if n_distinct <= FULL_BATCH else ceil(n_rows / 4)
    n_steps = ceil(n_rows / batch_size)
    regresses = is_regressor(estimator)
    fixed = n_distinct * max(2, estimator.n_outputs_) // 4
    fixed = min(max(FEWEST_STEPS, fixed), MOST_STEPS)
    wanted = ceil((ANNEALED_STEPS[regresses] if early else fixed) / n_steps)
    max_iter = max(ANNEALED_EPOCHS, wanted) if early else wanted
    optimizer = _given(estimator.optimizer, "adamw")
    asked = {**(estimator.module_params or {}), **known}
    params = estimator.optimizer_params
    rate = _up_to(RATES[regresses], n_distinct)
    if estimator._weighs_columns:
        # A step moves all weights, and a prediction by their sum. With the whole rate
        # training diverges; with it over the number of columns it nearly does. Rows
        # that are encoded before have no columns.
        rate /= 2 * getattr(estimator, "n_features_in_", 1)
    rate = _given(estimator.learning_rate_init, rate)
    if optimizer == "adamw" and params is None:
        params = TabularNet.optimizer_params(rate, is_small=not early)
    # The network of a single class is constant.
    is_constant = has_classes(estimator) and estimator.n_outputs_ == 1
    patience = PATIENCE if is_constant else np.inf
    n_cycles = 0 if optimizer == "lbfgs" else 1
    is_free = early and estimator.max_iter == estimator.n_iter_no_change == "auto"
    # NGSLL has a second phase instead of a second cycle.
    is_free = (
        is_free
        and not has_schedule(estimator.callbacks)
        and not estimator._weighs_columns
    )
    if is_free and n_cycles and not is_constant:
        n_cycles = MOST_CYCLES
        max_iter *= 2**MOST_CYCLES - 1
    return Settings(
        optimizer=optimizer,
        optimizer_params=params,
        learning_rate=rate,
        batch_size=batch_size,
        max_iter=_given(estimator.max_iter, max_iter),
        early_stopping=early,
        patience=_given(estimator.n_iter_no_change, patience),
        least_steps=0,
        n_members=asked.get("n_members", _up_to(MEMBERS, n_distinct)),
        n_pieces=asked.get("n_pieces", _up_to(PIECES, n_distinct)),
        n_cycles=n_cycles,
        rising=RISING if early else 0.0,
        merges=merges,
    )


def n_distinct_rows(X, y: np.ndarray) -> int:
    """Number of different pairs of rows, as far as it matters: more count as 10,001.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, ...)
    y : ndarray of shape (n, ...)
    """
    found: set = set()
    for start in range(0, len(y), COUNTED_AT_ONCE):
        part = slice(start, start + COUNTED_AT_ONCE)
        rows, answers = bytes_of_rows(X[part]), bytes_of_rows(y[part])
        found.update(zip(rows, answers))
        if len(found) >= MOST_COUNTED:
            return MOST_COUNTED
    return len(found)


def _is(module, name: str) -> bool:
    return isinstance(module, str) and module == name


def _given(value, default):
    """The value, or a default in place of "auto"."""
    return default if isinstance(value, str) and value == "auto" else value


def _up_to(steps, n: int) -> int:
    """The value of the first step whose limit is not below n."""
    return next(value for limit, value in steps if n <= limit)
