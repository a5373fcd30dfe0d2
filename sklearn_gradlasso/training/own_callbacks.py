"""Copies of the user's callbacks for one net, so that ``fit`` changes none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from skorch.callbacks import Callback, LRScheduler, PrintLog, TrainEndCheckpoint
from skorch.callbacks.scoring import ScoringBase
from skorch.exceptions import SkorchException
from skorch.utils import to_numpy
from torch import Tensor

__all__ = [
    "Decoded",
    "copies_of",
    "has_schedule",
    "own_callbacks",
    "printed",
    "unnamed",
    "what_is_missing_explained",
]


def printed(text: str) -> None:
    """Print a line of a ``PrintLog``, which otherwise prints only if verbose."""
    print(text, flush=True)


@dataclass(frozen=True)
class Decoded:
    """Targets as scorers are given them: labels or numbers as in ``fit``.

    Parameters
    ----------
    task : object
        ``task.decoded`` turns encoded targets into those of the user.
    """

    task: Any

    def __call__(self, y) -> np.ndarray:
        return self.task.decoded(to_numpy(y)) if isinstance(y, Tensor) else y


def own_callbacks(given: Sequence, task: Any) -> list:
    """Copy callbacks for a net, and let them speak to the user.

    Callables that a callback was given, such as a ``sink`` or a scoring function, are
    shared, and so is what cannot be copied, such as the writer of a log.

    Parameters
    ----------
    given : sequence of callbacks, classes of them, or (name, callback)
    task : object or None
        Where scorers find the user's labels and units.

    Raises
    ------
    TypeError
        If something else than skorch's callbacks is given.
    """
    for each in given:
        callback = unnamed(each)
        kind = callback if isinstance(callback, type) else type(callback)
        if not issubclass(kind, Callback):
            raise TypeError(
                "callbacks must be a list of skorch callbacks or of (name, "
                f"callback) pairs, got {each!r} in it."
            )
    own = copies_of(list(given))
    for callback in map(unnamed, own):
        saved = getattr(callback, "checkpoint", None)
        if isinstance(saved, TrainEndCheckpoint):  # The fit that saved it used a copy.
            saved.initialize()
        if isinstance(callback, PrintLog) and callback.sink is print:
            callback.sink = printed
        is_default = getattr(callback, "target_extractor", None) is to_numpy
        if isinstance(callback, ScoringBase) and is_default and task is not None:
            callback.target_extractor = Decoded(task)
    return own


@contextmanager
def what_is_missing_explained(epoch: dict, validates: bool) -> Iterator[None]:
    """A context for callbacks, whose errors about the history say what it has.

    Parameters
    ----------
    epoch : dict
        The record of the epoch.
    validates : bool
        Whether there are held-out rows.

    Raises
    ------
    KeyError, ValueError, SkorchException
        That of the callback, with more words.
    """
    try:
        yield
    except (KeyError, ValueError, SkorchException) as error:
        said = str(error.args[0]) if error.args else ""
        if "was not found in history" not in said:
            raise
        known = sorted(epoch.keys() - {"batches"})
        held_out = (
            ""
            if validates
            else " No rows are held out: give early_stopping=True, or a callback that "
            "monitors 'train_loss' (Checkpoint: 'train_loss_best')."
        )
        raise type(error)(f"{said}{held_out} An epoch has {known}.") from error


def copies_of(callbacks: list) -> list:
    """Deep copies of callbacks that may refer to each other."""
    instances = [each for each in map(unnamed, callbacks) if isinstance(each, Callback)]
    memo = {
        id(value): value
        for callback in instances
        for value in vars(callback).values()
        if callable(value) or isinstance(value, type)
    }
    try:
        return deepcopy(callbacks, dict(memo))
    except Exception:  # Objects refuse to be copied by errors of many kinds.
        shared = {id(value): value for value in _uncopied(instances, memo)}
    try:
        return deepcopy(callbacks, {**memo, **shared})
    except Exception as error:  # See above.
        raise TypeError(
            "callbacks are copied, so that fit does not change those that are given, "
            f"but one of {callbacks!r} cannot be copied: {error}"
        ) from error


def _uncopied(callbacks: list[Callback], memo: dict) -> Iterator[Any]:
    """The attributes of callbacks that cannot be copied."""
    for callback in callbacks:
        for value in vars(callback).values():
            try:
                deepcopy(value, dict(memo))
            except Exception:  # See above.
                yield value


def has_schedule(callbacks: Iterable | None) -> bool:
    """Whether a schedule of the rate is among the callbacks that a user gives."""
    given = map(unnamed, callbacks or ())
    kinds = (each if isinstance(each, type) else type(each) for each in given)
    return any(issubclass(kind, LRScheduler) for kind in kinds)


def unnamed(given) -> Any:
    """A callback, or its class, that was given alone or as (name, callback)."""
    return given[-1] if isinstance(given, tuple) else given
