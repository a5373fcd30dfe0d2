"""Rows that are sequences: the kind of network, and slopes of features and lags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor, nn

from ..inspection.differentiable import DifferentiableNetwork

__all__ = ["FeatureSlopes", "TargetOfStep", "architecture_of", "by_lag", "last_output"]

ARCHITECTURES = ("auto", "feed_forward", "many_to_one", "many_to_many")


def architecture_of(network: DifferentiableNetwork, architecture: str) -> str:
    """The architecture asked for, or that of the network if this is "auto".

    Returns
    -------
    {"feed_forward", "many_to_one", "many_to_many"}

    Raises
    ------
    ValueError
        If there is no such architecture, or a row is not a sequence.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {list(ARCHITECTURES)}, got {architecture!r}."
        )
    shape = network.rows.feature_shape
    if architecture == "auto":
        recurs = any(isinstance(m, nn.RNNBase) for m in network.module.modules())
        if len(shape) != 2 or not (recurs or network.many_to_many):
            return "feed_forward"
        if network.is_ambiguous:
            raise ValueError(
                f"The network returns {shape[0]} values for {shape[0]} steps: say "
                "architecture='many_to_many' if there is one for each step, or "
                "'many_to_one'."
            )
        return "many_to_many" if network.many_to_many else "many_to_one"
    if architecture != "feed_forward" and len(shape) != 2:
        raise ValueError(
            f"architecture={architecture!r} needs rows of shape (n_steps, n_features), "
            f"got {shape}; give X of shape (n, n_steps, n_features), or "
            "input_shape=(n_steps, n_features) to an estimator."
        )
    return architecture


@dataclass(frozen=True)
class FeatureSlopes:
    """Which slopes of a network count for a feature, also where rows are sequences.

    Attributes
    ----------
    network : DifferentiableNetwork
        With the scalars that are differentiated.
    architecture : {"feed_forward", "many_to_one", "many_to_many"}
    steps : {"current", "all"}
        As for ``global_importance``.
    """

    network: DifferentiableNetwork
    architecture: str
    steps: str

    @classmethod
    def of(
        cls, network: DifferentiableNetwork, architecture: str, steps: str
    ) -> FeatureSlopes:
        """The slopes that a user asks for.

        Raises
        ------
        ValueError
            If architecture or steps are unknown, or do not fit the network.
        """
        if steps not in ("current", "all"):
            raise ValueError(f"steps must be 'current' or 'all', got {steps!r}.")
        architecture = architecture_of(network, architecture)
        if architecture == "many_to_many" and steps == "all":
            network = last_output(network)
        return cls(network, architecture, steps)

    @property
    def of_sequences(self) -> bool:
        """Whether a row is a sequence, and a feature one of the values at each step."""
        return self.architecture != "feed_forward"

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """Shape of the features, without the axis of the steps."""
        return self.network.rows.feature_shape[int(self.of_sequences) :]

    @property
    def each_step(self) -> bool:
        """Whether the outputs of a step are differentiated by the inputs of it."""
        return self.architecture == "many_to_many" and self.steps == "current"

    def by_feature(self, values: np.ndarray) -> np.ndarray:
        """From values of shape (..., *shape of a row) to (..., *feature_shape)."""
        if not self.of_sequences:
            return values
        if self.architecture == "many_to_one" and self.steps == "current":
            return values[..., -1, :]
        return values.sum(axis=-2)


@dataclass(frozen=True)
class TargetOfStep:
    """The scalars of one step, of a target that gives those of all steps.

    Parameters
    ----------
    target : callable
        ``(output, y) -> (n, n_steps * m)``, one step after the other.
    k, n_steps : int
        The step, and the number of steps.
    """

    target: Callable
    k: int
    n_steps: int

    def __call__(self, output: Tensor, y: Tensor | None) -> Tensor:
        values = self.target(output, y)
        if values.ndim == 1:
            values = values[:, None]
        if values.shape[1] % self.n_steps:
            raise ValueError(
                "target must return a scalar for every output of a many-to-many "
                f"network, such as 'output', but returned {values.shape[1]} for "
                f"{self.n_steps} steps."
            )
        return values.reshape(len(values), self.n_steps, -1)[:, self.k]


def last_output(network: DifferentiableNetwork) -> DifferentiableNetwork:
    """The network with only the outputs of its last step as scalars."""
    n_steps = network.rows.feature_shape[0]
    return replace(network, target=TargetOfStep(network.target, n_steps - 1, n_steps))


def by_lag(values: np.ndarray) -> np.ndarray:
    """Values of shape (..., n_steps, n_features) by their lag: the last step first."""
    return values[..., ::-1, :]
