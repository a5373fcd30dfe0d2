"""What "auto" and None stand for: settings that depend on the network and the rows.

The figures for the network for tables were found on the development tables of
``examples/benchmarks/tables.py``; ``docs/tabular.md`` has what each of them brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from ...modules import ACTIVATIONS, TabularNet

__all__ = ["Settings", "is_default_table_net", "n_distinct_rows", "settings_of"]

FULL_BATCH = 256  # rows of a batch of the perceptron, at most
HELD_OUT_FROM = 500  # distinct rows from which the network for tables holds rows out
MOST_COLUMNS = 1000  # columns of a table that the network for tables is the default of
FIXED_STEPS = 100  # steps of the network for tables where nothing is held out
PATIENCE = 10  # epochs of n_iter_no_change="auto" of other networks
PATIENT_STEPS = 100  # of the network for tables, and at least so many epochs:
PATIENT_EPOCHS = 3
# With early stopping other networks also wait for so many steps: the loss on held-out
# rows may rise for a while before it falls, and an epoch of a small table is one step.
VALIDATED_STEPS = 150
# Rows of a batch, and members, of the network for tables up to so many rows.
BATCHES = ((2_000, 64), (10_000, 128), (np.inf, 512))
MEMBERS = ((2_000, 8), (10_000, 5), (np.inf, 2))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The parameters of an estimator with numbers in place of "auto" and None.

    Parameters
    ----------
    module : nn.Module, callable or str
    module_params : dict or None
    optimizer : str or type
    optimizer_params : dict or None
    learning_rate, batch_size, max_iter, early_stopping
        As the parameters of the estimators.
    patience : float
        Epochs without change that are tolerated.
    least_steps : int
        Steps without change that are tolerated in any case.
    anneals : bool
        Whether the learning rate falls to 0 over ``max_iter`` epochs, which then are
        all that training takes.
    """

    module: Any
    module_params: dict[str, Any] | None
    optimizer: Any
    optimizer_params: dict[str, Any] | None
    learning_rate: float
    batch_size: int
    max_iter: int
    early_stopping: bool
    patience: float
    least_steps: int
    anneals: bool = False


def is_default_table_net(estimator, n_columns: int) -> bool:
    """Whether the default network of a table with so many columns is that for tables.

    ``hidden_layer_sizes`` and ``activation`` are those of a perceptron, so that giving
    one of them asks for it.
    """
    asks = estimator.hidden_layer_sizes is not None or estimator.activation is not None
    is_free = estimator.module is None and not asks and estimator.input_shape is None
    return is_free and n_columns <= MOST_COLUMNS


def n_distinct_rows(*arrays: np.ndarray) -> int:
    """Number of different rows of several arrays beside each other."""
    parts = [np.ascontiguousarray(a).reshape(len(a), -1) for a in arrays]
    rows = np.hstack([part.view(np.uint8).reshape(len(part), -1) for part in parts])
    return len(np.unique(rows.view(np.dtype((np.void, rows.shape[1])))))


def settings_of(estimator, module, n_rows: int, n_distinct: int) -> Settings:
    """Resolve the parameters of an estimator.

    Parameters
    ----------
    estimator : NetworkEstimator
    module : nn.Module, callable, "tabular" or "perceptron"
        The network to be trained.
    n_rows : int
        Number of rows of positive weight.
    n_distinct : int
        Number of different ones among them, so that repeated rows change nothing.
    """
    if isinstance(module, str) and module == "tabular":
        return _of_tables(estimator, n_rows, n_distinct)
    params = estimator.module_params
    if isinstance(module, str):
        sizes, activation = estimator.hidden_layer_sizes, estimator.activation
        own = {
            "hidden_layer_sizes": (50, 30) if sizes is None else sizes,
            "activation": activation or next(iter(ACTIVATIONS)),
        }
        params = {**own, **(params or {})}
    early = estimator.early_stopping is True
    return Settings(
        module=module,
        module_params=params,
        optimizer=_given(estimator.optimizer, "adam"),
        optimizer_params=estimator.optimizer_params,
        learning_rate=_given(estimator.learning_rate_init, 0.003),
        batch_size=_given(estimator.batch_size, FULL_BATCH),
        max_iter=_given(estimator.max_iter, 200),
        early_stopping=early,
        patience=_given(estimator.n_iter_no_change, PATIENCE),
        least_steps=VALIDATED_STEPS * early * (estimator.n_iter_no_change == "auto"),
    )


def _of_tables(estimator, n_rows: int, n_distinct: int) -> Settings:
    early = _given(estimator.early_stopping, n_distinct >= HELD_OUT_FROM)
    batch_size = _given(estimator.batch_size, _up_to(BATCHES, n_distinct))
    if not early and estimator.batch_size == "auto":
        batch_size = n_rows if n_distinct <= FULL_BATCH else ceil(n_rows / 4)
    n_steps = max(1, n_rows // batch_size)
    anneals = not early and estimator.max_iter == "auto"
    patience, least_steps = estimator.n_iter_no_change, 0
    if patience == "auto":
        patience, least_steps = PATIENT_EPOCHS, PATIENT_STEPS
    optimizer = _given(estimator.optimizer, "adamw")
    params = estimator.optimizer_params
    rate = _given(estimator.learning_rate_init, 0.015)
    if optimizer == "adamw" and params is None:
        params = TabularNet.optimizer_params(rate, is_small=not early)
    members = {"n_members": _up_to(MEMBERS, n_distinct)}
    return Settings(
        module="tabular",
        module_params={**members, **(estimator.module_params or {})},
        optimizer=optimizer,
        optimizer_params=params,
        learning_rate=rate,
        batch_size=batch_size,
        max_iter=_given(estimator.max_iter, ceil(FIXED_STEPS / n_steps) if anneals else 200),
        early_stopping=early,
        patience=patience,
        least_steps=least_steps,
        anneals=anneals,
    )


def _given(value, default):
    """The value, or a default in place of "auto"."""
    return default if isinstance(value, str) and value == "auto" else value


def _up_to(steps, n: int) -> int:
    """The value of the first step whose limit is not below n."""
    return next(value for limit, value in steps if n <= limit)
