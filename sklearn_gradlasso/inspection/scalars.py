"""The scalars of a network's output that can be explained or differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor

from .. import targets

__all__ = ["Scalars", "scalars_of_classes", "scalars_of_labels", "scalars_of_numbers"]

Target = Callable[[Tensor, Tensor | None], Tensor]


class Scalars(NamedTuple):
    """The scalars of a network's output that can be asked for.

    Attributes
    ----------
    explained, differentiated : callable
        The targets of ``_explained`` and ``_differentiable`` if none is given.
    predicted : callable or None
        The target behind "predicted", one scalar per row; None if there are several.
    reasons : callable
        The target of an ``Explanation`` if none is given.
    names : dict of str to callable
        The targets that can be given by name.
    """

    explained: Target
    differentiated: Target
    predicted: Target | None
    reasons: Target
    names: Mapping[str, Target]

    def named(self, target: str | Target) -> Target:
        """A target by its name, or the callable itself.

        Raises
        ------
        TypeError, ValueError
            If it is neither, or has no meaning for this network.
        """
        if not isinstance(target, str) or target != "predicted":
            return targets.by_name(target, self.names)
        if self.predicted is None:
            raise ValueError(
                "target='predicted' is one scalar per row, but there are several "
                "outputs; use ClassK(k) for output k, or the default for all."
            )
        return self.predicted


def scalars_of_classes(n_classes: int) -> Scalars:
    """Of log-probabilities: two classes are explained by their log-odds."""
    single, names = targets.predicted_class, targets.OF_CLASSIFIERS
    odds = targets.log_odds
    if n_classes == 2:
        return Scalars(odds, odds, single, odds, names)
    return Scalars(targets.output, single, single, odds, names)


def scalars_of_numbers(n_outputs: int) -> Scalars:
    """Of outputs that are numbers, each explained by itself."""
    single = targets.output if n_outputs == 1 else None
    every, names = targets.output, targets.OF_REGRESSORS
    return Scalars(every, every, single, every, names)


def scalars_of_labels() -> Scalars:
    """Of the log-odds of labels, each explained by itself."""
    every, names = targets.output, targets.OF_LABELS
    return Scalars(every, every, None, every, names)
