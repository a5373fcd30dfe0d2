"""Costs of the network's weights, whatever the data.

A weight penalty is any callable ``module -> ()``. All learnable parameters count,
biases included: it is the norm of theta in Ross, Lage and Doshi-Velez (2017),
*The Neural LASSO*, equation 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["L1", "L2"]


@dataclass(frozen=True)
class L1:
    """Sum of absolute weights, ``sum |theta|``."""

    def __call__(self, module: nn.Module) -> Tensor:
        """Cost of the module's learnable parameters.

        Parameters
        ----------
        module : nn.Module

        Returns
        -------
        Tensor of shape ()
        """
        return torch.cat([theta.flatten() for theta in _learnable(module)]).abs().sum()


@dataclass(frozen=True)
class L2:
    """Sum of squared weights, ``sum theta ** 2``."""

    def __call__(self, module: nn.Module) -> Tensor:
        """Cost of the module's learnable parameters.

        Parameters
        ----------
        module : nn.Module

        Returns
        -------
        Tensor of shape ()
        """
        return (
            torch.cat([theta.flatten() for theta in _learnable(module)]).square().sum()
        )


def _learnable(module: nn.Module) -> list[Tensor]:
    return [theta for theta in module.parameters() if theta.requires_grad]
