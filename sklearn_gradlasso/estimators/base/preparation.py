"""Turns the arguments of ``fit`` into rows and a network to train on them."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from math import prod
from numbers import Integral

import joblib
import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils import check_random_state
from torch import nn

from ...modules import build_module, is_built_in
from ...modules._table_columns import columns_of
from ...tables import TableForm
from ...training.auto_lam import resolve_lam
from ...training.prepared import Candidate, Prepared
from ...training.rows import TrainingData, rows_for
from ...training.training_record import TrainingRecord
from ...utils import validation as check
from ...utils.annotations import check_annotations
from ...utils.held_out_rows import check_groups, hold_out
from ...utils.networks import n_members_of
from ...utils.rows_of_members import held_out_by_members
from ...utils.seeds import spawn_seeds
from .calibration import calibrate
from .params_of_fit import remember_params
from .settings import (
    Settings,
    module_of,
    params_of_module,
    settings_of,
)

__all__ = ["architecture_of", "prepare_fit", "prepare_path"]

# Parameters of the perceptron alone, and what to do with the network for tables.
PERCEPTRON_ONLY = {
    "hidden_layer_sizes": "give them in module_params={'hidden_layer_sizes': ...}, or "
    "use module='perceptron'.",
    "activation": "leave it out, or use module='perceptron'.",
}


def prepare_fit(
    estimator, data: TrainingData, *, warm: bool, one_pass: bool = False, classes=None
) -> Prepared:
    """Check the data of ``fit``, and prepare rows and a network for training.

    This sets fitted attributes on the estimator, such as the number of features.

    Parameters
    ----------
    estimator : NetworkEstimator
        An estimator whose parameters have been validated.
    data : TrainingData
        The user's arguments, which have not been checked.
    warm : bool
        Whether training continues with the fitted network.
    one_pass : bool
        Whether the network is trained for one epoch only, as by ``partial_fit``.
    classes : array-like or None
        All classes, if ``partial_fit`` received them.

    Raises
    ------
    TypeError, ValueError
        If the data, or parameters that depend on them, are not as documented.
    """
    _check_call(estimator, one_pass)
    given = data
    index = data.X.index if hasattr(data.X, "iloc") else None
    checked = estimator._check_inputs(data, reset=not warm)
    names = getattr(estimator, "feature_names_in_", None)
    if checked.places is None:
        checked = replace(checked, places=np.arange(checked.y.shape[0]))
    data = replace(
        checked,
        annotations=check_annotations(
            data.annotations,
            checked.X,
            names,
            index,
            are_columns=estimator._has_raw_table,
        ),
        sample_weight=check.check_sample_weight(checked.sample_weight, checked.X),
    ).present()
    of_present = data.y, data.sample_weight
    y = estimator._learn_task(*of_present, not warm, given.y, classes)
    task = estimator._task
    y, weight = task.encode(y, data.sample_weight)
    check_groups(given.groups, given.X)
    data = replace(data, y=y, sample_weight=weight).present().with_relative_weights()

    _settle(estimator, data, warm, one_pass)
    settings = estimator._settings
    drawn = check_random_state(estimator.random_state).randint(2**31 - 1)
    initial, order, splitting = spawn_seeds(3, drawn)
    device, dtype = check.check_device(estimator.device, data.X.dtype)
    network = _network(estimator, data, initial, warm).to(device, dtype)
    if not warm:
        estimator._splitting = splitting
    n_members = n_members_of(network) or 1
    train, *valid = _parts(estimator, data, task, given, n_members)
    if settings.merges:
        train = _merged(train)
    largest = _largest_batch(settings, len(train.y))
    # Members may tell rows apart that are equal.
    merges = estimator._merges_repeated and train.learns is None
    if merges and not settings.merges and len(train.y) <= largest:
        train = _merged(train)
    shape = estimator._shape_for_network(data.X)
    rows = [rows_for(network, part, shape) for part in (train, *valid)]
    estimator._check_network(network, rows[0][:2][0])
    global_seed = None
    if not is_built_in(estimator._architecture["module"]):
        entropy = drawn, 1 + estimator._n_epochs_before(warm)
        (global_seed,) = spawn_seeds(1, *entropy)
    prepared = Prepared(
        network=network,
        n_outputs=task.n_outputs,
        rows=rows,
        batch_size=min(largest, len(rows[0])),
        seed=order,
        global_seed=global_seed,
        constant_output=task.constant_output,
        shuffle=estimator.shuffle,
        one_pass=one_pass,
    )
    estimator._learn_from(prepared, warm)
    return replace(prepared, options=estimator._net_options(one_pass))


def prepare_path(estimator, data: TrainingData) -> Prepared:
    """Prepare a clone of the estimator for training with many strengths."""
    estimator = clone(estimator)
    estimator._validate_params()
    prepared = prepare_fit(estimator, data, warm=False)
    return replace(prepared, candidate=partial(_candidate, estimator, prepared))


def _candidate(estimator, prepared: Prepared, lam: float | str) -> Candidate:
    """Copy a prepared estimator, and give the copy its own strength."""
    own = copy(estimator)
    # Callbacks and priors may have a state, so each copy needs its own. A module
    # instance is left out, because it is copied later.
    params = clone(estimator).get_params(deep=False)
    vars(own).update({**params, "module": estimator.module, "lam": lam})
    own.lam_, own._found_lam = resolve_lam(lam, own._objective, prepared)
    remember_params(own)

    def fitted(net):
        record = TrainingRecord(n_rows=len(prepared.train))
        record.add(net)
        record.set_on(own)
        calibrate(own, prepared.rows)
        if net.ended_by_ != "divergence":
            own._compute_importances(prepared.rows)
        return own

    return Candidate(
        lam=own.lam_,
        objective=own._objective(own.lam_),
        options=own._net_options(one_pass=False),
        fitted=fitted,
    )


def architecture_of(estimator) -> dict:
    """Arguments of :func:`build_module`, except the seed, from the parameters."""
    module = module_of(estimator)
    return {
        "module": module,
        "n_features": prod(estimator._feature_shape),
        "n_outputs": estimator.n_outputs_,
        "module_params": params_of_module(estimator, module),
        "feature_shape": estimator._feature_shape,
    }


def _check_call(estimator, one_pass: bool) -> None:
    """Check combinations of parameters, and whether they allow ``partial_fit``."""
    random_state = estimator.random_state
    if estimator.accelerator is not None and not isinstance(random_state, Integral):
        raise ValueError(
            "random_state must be an int with an accelerator, so that all its "
            f"processes start alike and take the same rows, got {random_state!r}."
        )
    if estimator.accelerator is not None and estimator.optimizer == "lbfgs":
        raise ValueError(
            "optimizer='lbfgs' trains in one process; use 'adam' with an accelerator."
        )
    for name, value in _of_perceptron(estimator).items():
        raise ValueError(
            f"{name} is a parameter of the perceptron, but module='tabular', got "
            f"{name}={value!r}; {PERCEPTRON_ONLY[name]}"
        )
    if one_pass and estimator.early_stopping is True:
        raise ValueError(
            "partial_fit does not support early_stopping=True, because "
            "partial_fit does not hold rows out; use early_stopping=False with it."
        )


def _of_perceptron(estimator) -> dict:
    """Parameters that were given for a perceptron, where another is asked for."""
    if not (isinstance(estimator.module, str) and estimator.module == "tabular"):
        return {}
    both = {
        name: (getattr(estimator, name), getattr(type(estimator), name))
        for name in PERCEPTRON_ONLY
    }
    return {k: v for k, (v, default) in both.items() if not np.array_equal(v, default)}


def _largest_batch(settings: Settings, n_rows: int) -> int:
    """Largest number of rows of a step; all of them if the optimizer is L-BFGS.

    Raises
    ------
    ValueError
        If torch's own L-BFGS would see several batches.
    """
    largest, optimizer = settings.batch_size, settings.optimizer
    if optimizer == "lbfgs":
        return n_rows
    is_class = isinstance(optimizer, type)
    if is_class and issubclass(optimizer, torch.optim.LBFGS) and largest < n_rows:
        raise ValueError(
            f"optimizer={optimizer.__name__} learns the curvature of one objective, "
            f"but each of its steps would see {largest} of {n_rows} rows; use "
            'optimizer="lbfgs", which takes all of them and searches along lines, or '
            f"batch_size={n_rows}."
        )
    return largest


def _settle(estimator, data: TrainingData, warm: bool, one_pass: bool) -> None:
    """Resolve what "auto" stands for; a network that exists stays what it is."""
    known = estimator._architecture["module_params"] if warm else None
    settings = settings_of(estimator, data.X, data.y, known)
    if one_pass:
        settings = replace(settings, early_stopping=False, n_cycles=0)
    estimator._settings = settings


def _network(estimator, data: TrainingData, seed: int, warm: bool) -> nn.Module:
    requested = estimator._requested_architecture()
    if not warm:
        estimator._architecture = {**requested, "seed": seed}
        form = estimator._table_form
        if requested["module"] == "tabular":
            n_columns = requested["n_features"]
            form = TableForm.of_numbers(n_columns) if form is None else form
            X = data.X[:, :n_columns]
            how = data.sample_weight, requested["module_params"]["n_pieces"]
            estimator._architecture["columns"] = columns_of(X, form, *how)
        elif form is not None:
            estimator._architecture["form"] = form
        return estimator._with_head(build_module(**estimator._architecture))
    known = estimator._architecture
    changed = [
        f"{name}={value!r} and not {known[name]!r}"
        for name, value in requested.items()
        if joblib.hash(value) != joblib.hash(known[name])
    ]
    if changed:
        raise ValueError(
            "partial_fit and warm_start continue with the same network, but parameters "
            f"now ask for {', '.join(changed)} as before. Fit a clone of the estimator "
            "instead."
        )
    return estimator.net_.module_


def _parts(
    estimator, data: TrainingData, task, given: TrainingData, n_members: int
) -> list:
    """The rows of checked data to train on, and those that early stopping holds out."""
    settings, rule = estimator._settings, estimator.validation_split
    if not settings.early_stopping:
        return [data]
    is_random = isinstance(rule, str) and rule == "random"
    if is_random and n_members > 1:
        return _parts_of_members(estimator, data, task, given, n_members)
    parts = _training_and_validation(estimator, data, task, given)
    return [data.take(part) for part in parts]


def _parts_of_members(
    estimator, data: TrainingData, task, given: TrainingData, n_members: int
) -> list:
    """All rows, which some of the members learn from, and those that some do not."""
    groups = check_groups(given.groups, given.X)
    held_out = held_out_by_members(
        n_members,
        estimator.validation_fraction,
        estimator._splitting,
        labels=task.labels_to_stratify_by(data.y),
        groups=None if groups is None else groups[data.places],
        n_rows=len(data.y),
    )
    learns = (~held_out).astype(np.float64)
    n_holding = held_out.sum(axis=1, keepdims=True)
    share = held_out / n_holding.clip(min=1)
    train = replace(data, learns=learns / learns.mean(axis=0))
    return [train, replace(data, held_out=share).take(n_holding.ravel() > 0)]


def _training_and_validation(
    estimator, data: TrainingData, task, given: TrainingData
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the rows to train on, and of those that are held out for all."""
    shape = estimator._feature_shape
    return hold_out(
        estimator.validation_split,
        estimator.validation_fraction,
        estimator._splitting,
        places=data.places,
        labels=task.labels_to_stratify_by(data.y),
        given=(given.X, given.y, given.groups),
        n_steps=shape[0] if len(shape) > 1 else 1,
    )


def _merged(train: TrainingData) -> TrainingData:
    """Merge equal rows, so that a repeated row acts like a row of integer weight."""
    merged = train.merged()
    return train if len(merged.y) == 1 else merged.with_relative_weights()
