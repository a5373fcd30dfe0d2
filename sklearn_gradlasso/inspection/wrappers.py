"""Wrappers that answer with one network, and what to do about those that do not."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from torch import nn

__all__ = [
    "Unwrapped",
    "check_not_frozen",
    "hint_for",
    "named",
    "steps_before_the_last",
    "unwrapped",
]


class Unwrapped(NamedTuple):
    """The network inside a model, and what a model does before and after it."""

    network: Any
    transformers: list
    transformed_target: bool
    calibrated: bool


def unwrapped(model) -> Unwrapped:
    """Look through wrappers that answer with one network.

    Raises
    ------
    TypeError, NotFittedError
        If one of them is not a fitted estimator.
    """
    last, transformers = model, []
    transformed_target = calibrated = False
    while not isinstance(last, nn.Module) and hasattr(last, "fit"):
        if isinstance(last, FixedThresholdClassifier):
            # It needs no fit if its estimator is fitted.
            last = getattr(last, "estimator_", last.estimator)
            continue
        check_is_fitted(last)
        if isinstance(last, FrozenEstimator):
            last = last.estimator
        elif isinstance(last, TunedThresholdClassifierCV) or _trains_itself(last):
            last = last.estimator_
        elif isinstance(last, TransformedTargetRegressor):
            changes = last.transformer is not None or last.func is not None
            transformed_target = transformed_target or changes
            last = last.regressor_
        elif _calibrated(last) is not None:
            last, calibrated = _calibrated(last), True
        elif _eliminates(last):
            transformers.append(last)
            last = last.estimator_
        elif hasattr(last, "best_estimator_"):  # any search
            last = last.best_estimator_
        elif hasattr(last, "named_steps") and last.steps:  # any Pipeline
            transformers += steps_before_the_last(last)
            last = last.steps[-1][1]
        else:
            break
    return Unwrapped(last, transformers, transformed_target, calibrated)


def _trains_itself(model) -> bool:
    """Whether it is a SelfTrainingClassifier, which is not imported for this."""
    return hasattr(model, "labeled_iter_") and hasattr(model, "estimator_")


def _eliminates(model) -> bool:
    """Whether it is an RFE or RFECV: a selector of columns, and a model of those."""
    return hasattr(model, "ranking_") and hasattr(model, "estimator_")


def _calibrated(model):
    """The estimator of a CalibratedClassifierCV, if it has only one."""
    inside = [each.estimator for each in getattr(model, "calibrated_classifiers_", ())]
    return inside[0] if len({*map(id, inside)}) == 1 else None


def steps_before_the_last(pipeline) -> list:
    """The transformers of a Pipeline as one, if there are any.

    Samplers of imbalanced-learn act in ``fit`` alone, and a slice of its Pipeline that
    ends in one cannot transform.
    """
    steps = pipeline.steps[:-1]
    kept = [(name, step) for name, step in steps if not hasattr(step, "fit_resample")]
    if len(kept) < len(steps):
        return [Pipeline(kept)] if kept else []
    return [pipeline[:-1]] if steps else []


def named(model) -> str:
    """What a model is called in messages."""
    return type(model).__name__ if hasattr(model, "fit") else repr(model)


def hint_for(model) -> str:
    """What a user can do about a model that holds networks, or an empty string."""
    name = type(model).__name__
    if hasattr(model, "calibrated_classifiers_"):
        n = len(model.calibrated_classifiers_)
        return (
            f"It averages {n} networks: open the estimator of one of its "
            "calibrated_classifiers_, or calibrate with ensemble=False. "
        )
    if getattr(model, "refit", True) is False:
        return f"This {name} keeps no network: fit it with refit=True. "
    members = getattr(model, "estimators_", None)
    if members is None:
        return ""
    return (
        "Open the members of an ensemble one by one, if they are networks: they are "
        f"the estimators_ of this {name}, {len(members)} of them. "
    )


def check_not_frozen(estimator, caller: str) -> None:
    """Refuse an estimator that cannot be fitted anew.

    Parameters
    ----------
    estimator : estimator
        What is going to be fitted.
    caller : str
        Who fits it, for the message.

    Raises
    ------
    TypeError
        If its network is in a ``FrozenEstimator``.
    """
    while not isinstance(estimator, FrozenEstimator):
        if hasattr(estimator, "named_steps") and estimator.steps:
            estimator = estimator.steps[-1][1]
            continue
        inner = [getattr(estimator, name, None) for name in ("estimator", "regressor")]
        inner = [each for each in inner if hasattr(each, "fit")]
        if not inner:
            return
        estimator = inner[0]
    raise TypeError(
        f"{caller} fits networks anew, but estimator is frozen, by FrozenEstimator; "
        "give the estimator inside of it."
    )
