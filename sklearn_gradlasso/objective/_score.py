"""The explained scalar as a function of the inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..utils.cudnn import differentiable
from ._many_networks import row_by_row

__all__ = ["Score", "shape_of"]


@dataclass(frozen=True)
class Score:
    """The explained scalar as a function of the inputs, ``target o f``.

    Parameters
    ----------
    module : nn.Module
        The network f.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``; see :mod:`sklearn_gradlasso.targets`.
    y : Tensor of shape (n, ...), optional
        Encoded targets of the rows.
    x, output : Tensor, optional
        A batch and ``module(x)``, when it is known: called with this very tensor,
        the score saves the forward pass. At other inputs the network is evaluated in
        its evaluation mode, without dropout.
    sample_weight : Tensor of shape (n,), optional
        Weights of the rows, for an attribution that draws references among them.
    """

    module: nn.Module
    target: Callable[[Tensor, Tensor | None], Tensor]
    y: Tensor | None = None
    x: Tensor | None = None
    output: Tensor | None = None
    sample_weight: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        output = self.output if x is self.x else self._evaluated(x)
        y = None if self.ignores_y else self.y
        if y is not None and len(y) < len(x):  # several copies of the rows
            y = y.repeat(len(x) // len(y), *(1,) * (y.ndim - 1))
        n_networks = getattr(self.module, "n_networks", None)
        value = row_by_row(self.target, output, y, n_networks=n_networks)
        if n_networks:
            # Each row of x holds one for each network, on which it alone depends.
            value = value.sum(dim=1)
        if not isinstance(value, Tensor) or value.shape[:1] != x.shape[:1]:
            raise ValueError(
                "target must return a tensor with one scalar for each row, of shape "
                f"({len(x)},) or ({len(x)}, m), got {shape_of(value)}."
            )
        if value.ndim > 2 or (torch.is_grad_enabled() and not value.requires_grad):
            raise ValueError(
                "target must return (n,) or (n, m) scalars that can be differentiated "
                f"with respect to the network's output, got {shape_of(value)}."
            )
        return value

    @property
    def ignores_y(self) -> bool:
        """Whether any row can be scored, and not only those that ``y`` belongs to."""
        return self.y is None or getattr(self.target, "ignores_y", False)

    def _evaluated(self, x: Tensor) -> Tensor:
        module = self.module
        if getattr(self.target, "takes_raw_scores", False):
            module = getattr(module, "raw_scores", module)
        # Straight into the attributes: torch's way is slow enough to show in a step.
        modes = [
            vars(part)
            for part in module.modules()
            if part.training and not getattr(part, "same_in_both_modes", False)
        ]
        for mode in modes:
            mode["training"] = False
        try:
            with differentiable(module, x):
                return module(x)
        finally:
            for mode in modes:
                mode["training"] = True


def shape_of(value) -> tuple | str:
    """The shape of a tensor, or what it is instead."""
    return tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
