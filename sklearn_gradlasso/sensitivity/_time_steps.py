"""Time steps: which kind of network it is, and what slopes at them stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from ..inspection.open_model import Differentiable
from ._slopes import OfStep

__all__ = ["Reading", "by_lag", "kind_of", "last_output"]

ARCHITECTURES = ("auto", "feed_forward", "many_to_one", "many_to_many")


def kind_of(model: Differentiable, architecture: str) -> str:
    """One of the other architectures where it is "auto".

    Raises
    ------
    ValueError
        If there is no such architecture, or a row is not a sequence.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {list(ARCHITECTURES)}, got {architecture!r}."
        )
    shape = model.rows.feature_shape
    if architecture == "auto":
        recurs = any(isinstance(part, nn.RNNBase) for part in model.module.modules())
        if len(shape) != 2 or not (recurs or model.many_to_many):
            return "feed_forward"
        if model.is_ambiguous:
            raise ValueError(
                f"The network returns {shape[0]} values for {shape[0]} steps: say "
                "architecture='many_to_many' if there is one for each step, or "
                "'many_to_one'."
            )
        return "many_to_many" if model.many_to_many else "many_to_one"
    if architecture != "feed_forward" and len(shape) != 2:
        raise ValueError(
            f"architecture={architecture!r} needs rows of shape (n_steps, n_features), "
            f"got {shape}; give X of shape (n, n_steps, n_features), or "
            "input_shape=(n_steps, n_features) to an estimator."
        )
    return architecture


@dataclass(frozen=True)
class Reading:
    """How slopes of rows become those of features.

    Attributes
    ----------
    model : Differentiable
        With the scalars that are differentiated.
    kind : str
    steps : {"current", "all"}
    """

    model: Differentiable
    kind: str
    steps: str

    @classmethod
    def of(cls, model: Differentiable, architecture: str, steps: str) -> Reading:
        """Raises ValueError if architecture or steps are unknown."""
        if steps not in ("current", "all"):
            raise ValueError(f"steps must be 'current' or 'all', got {steps!r}.")
        kind = kind_of(model, architecture)
        if kind == "many_to_many" and steps == "all":
            model = last_output(model)
        return cls(model, kind, steps)

    @property
    def each_step(self) -> bool:
        """Whether the output of each step is differentiated by its own inputs."""
        return self.kind == "many_to_many" and self.steps == "current"

    def by_feature(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (..., *feature_shape) for each feature."""
        if self.kind == "feed_forward":
            return values
        if self.kind == "many_to_one" and self.steps == "current":
            return values[..., -1, :]
        return values.sum(axis=-2)


def last_output(model: Differentiable) -> Differentiable:
    """The model of which only the outputs of the last step count."""
    n_steps = model.rows.feature_shape[0]
    return replace(model, target=OfStep(model.target, n_steps - 1, n_steps))


def by_lag(table: np.ndarray) -> np.ndarray:
    """Values of shape (..., n_steps, n_features) by their lag: the last step first."""
    return table[..., ::-1, :]
