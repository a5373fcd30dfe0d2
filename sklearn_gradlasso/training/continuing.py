"""How a net goes on where another one of the same network has ended.

Every call of ``fit`` and ``partial_fit`` makes a net of its own. What a net of skorch
keeps between its calls is passed on here: history, callbacks, the optimizer with its
state, and schedules of the learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler, PassthroughScoring
from skorch.callbacks.scoring import ScoringBase
from skorch.history import History
from torch.optim import Optimizer

from ..utils.optimizers import kind_of
from .own_callbacks import unnamed

__all__ = ["continue_from", "resume_schedules", "schedule_states", "schedules_kept"]

WITH_A_BEST = ScoringBase, PassthroughScoring


def continue_from(net: NeuralNet, previous: NeuralNet, begins_phase: bool) -> None:
    """Pass on what a net has besides its network.

    Parameters
    ----------
    net : NeuralNet
        An initialized net of the same network that has not been trained.
    previous : NeuralNet
    begins_phase : bool
        Whether schedules of the learning rate and the best scores begin anew, because
        the objective or the network has changed. Everything else is passed on in any
        case.
    """
    net.history.extend(previous.history)
    same_kind = kind_of(previous.optimizer_) is kind_of(net.optimizer_)
    begins_phase = begins_phase or not same_kind
    known = {(key, id(of)): cb for (key, cb), of in _with_origin(previous)}
    net.callbacks_ = [
        (key, known.get((key, id(of)), cb)) for (key, cb), of in _with_origin(net)
    ]
    net.begins_phase_ = begins_phase
    for _, callback in net.callbacks_ if begins_phase else ():
        if isinstance(callback, WITH_A_BEST):
            callback.initialize()
    rate_goes_on = (
        not begins_phase
        and joblib.hash(_settings(net)) == joblib.hash(_settings(previous))
        and _schedules(net) == _schedules(previous)
    )
    if rate_goes_on and net.lr == previous.lr and net.module_ is previous.module_:
        net.optimizer_ = previous.optimizer_  # Callbacks may refer to it.
        return
    if not rate_goes_on:
        for callback in _schedules(net).values():
            callback.initialize()
    if not same_kind:
        return
    state = previous.optimizer_.state_dict()
    groups = net.optimizer_.state_dict()["param_groups"]
    if rate_goes_on:
        groups = [dict(group) for group in state["param_groups"]]
        for group in groups:
            _scale(group, previous.lr, net.lr)
        for callback in _schedules(net).values():
            # The history shows the rate that a schedule remembers.
            schedule, ratio = callback.lr_scheduler_, net.lr / previous.lr
            if hasattr(schedule, "_last_lr"):
                schedule._last_lr = [rate * ratio for rate in schedule._last_lr]
    net.optimizer_.load_state_dict({**state, "param_groups": groups})


@contextmanager
def schedules_kept(net: NeuralNet) -> Iterator[None]:
    """A context for ``on_train_begin``, in which skorch begins schedules anew.

    Afterwards those that had begun before go on where they were. If one begins, or a
    phase, callbacks do not see the epochs before.
    """
    earlier, states = net.history, schedule_states(net)
    begins = net.begins_phase_ or len(states) < len(_schedules(net))
    if begins:
        net.history = History()
    shown = net.history
    optimizer, groups = net.optimizer_, _copied_groups(net.optimizer_)
    for group in optimizer.param_groups if earlier and not begins else ():
        group.setdefault("initial_lr", group["lr"])
    yield
    if begins and not net.history:
        net.history = earlier
    if states and not begins and net.history is shown:  # not loaded by a callback
        _put_back(optimizer, groups)
        _load(net, states)


def schedule_states(net: NeuralNet) -> dict[str, dict]:
    """The states of the schedules that have begun, by the names of their callbacks."""
    return {
        name: callback.lr_scheduler_.state_dict()
        for name, callback in _schedules(net).items()
        if callback.lr_scheduler_ is not None
    }


def resume_schedules(net: NeuralNet, states: dict[str, dict]) -> None:
    """Make the schedules of a net that was stored, with these states."""
    optimizer, groups = net.optimizer_, _copied_groups(net.optimizer_)
    history, net.history = net.history, History()
    for name, callback in _schedules(net).items():
        callback.policy_ = callback._get_policy_cls()
        if name in states:
            callback.on_train_begin(net)
    net.history = history
    _put_back(optimizer, groups)
    _load(net, states)


def _with_origin(net: NeuralNet) -> Iterator[tuple[tuple[str, Callback], Any]]:
    """The callbacks by name, each with what the user gave for it."""
    return zip(net.callbacks_, map(unnamed, net.given_callbacks_))


def _schedules(net: NeuralNet) -> dict[str, LRScheduler]:
    return {key: cb for key, cb in net.callbacks_ if isinstance(cb, LRScheduler)}


def _settings(net: NeuralNet) -> dict[str, Any]:
    return net.get_params_for("optimizer")


def _scale(group: dict, old: float, new: float) -> None:
    """Replace the learning rate that a group began with, and scale that of now."""
    for name in ("lr", "initial_lr"):
        if name in group:
            group[name] = new if group[name] == old else group[name] * (new / old)


def _copied_groups(optimizer: Optimizer) -> list[dict]:
    return [dict(group) for group in optimizer.param_groups]


def _put_back(optimizer: Optimizer, groups: list[dict]) -> None:
    for group, before in zip(optimizer.param_groups, groups):
        group.clear()
        group.update(before)


def _load(net: NeuralNet, states: dict[str, dict]) -> None:
    for name, state in states.items():
        schedule = _schedules(net)[name].lr_scheduler_
        schedule.load_state_dict(state)
        if hasattr(schedule, "base_lrs"):  # The user may have changed the rate.
            groups = net.optimizer_.param_groups
            rates = [group.get("initial_lr") for group in groups]
            if None not in rates:
                schedule.base_lrs = rates
