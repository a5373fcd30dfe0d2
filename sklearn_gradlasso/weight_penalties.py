"""Costs of the network's weights, whatever the data.

A weight penalty is any callable ``module -> ()``. With ``layers="all"`` all learnable
parameters count, biases included: it is the norm of theta in Ross, Lage and Doshi-Velez
(2017), *The Neural LASSO*, equation 1. With ``layers="first"`` it is the weight matrix
that meets the inputs alone (Erion et al. 2019, *Learning Explainable Models Using
Attribution Priors*, appendix I.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["L1", "L2", "SparseGroupLasso"]


@dataclass(frozen=True)
class L1:
    """Sum of absolute weights, ``sum |theta|``.

    Parameters
    ----------
    layers : {"all", "first"}, default="all"
    """

    layers: str = "all"

    def __post_init__(self):
        _check_layers(self)

    def __call__(self, module: nn.Module) -> Tensor:
        """Cost of the module's learnable parameters.

        Parameters
        ----------
        module : nn.Module

        Returns
        -------
        Tensor of shape ()
        """
        weights = _learnable(module, self.layers)
        return torch.cat([theta.flatten() for theta in weights]).abs().sum()


@dataclass(frozen=True)
class L2:
    """Sum of squared weights, ``sum theta ** 2``.

    Parameters
    ----------
    layers : {"all", "first"}, default="all"
    """

    layers: str = "all"

    def __post_init__(self):
        _check_layers(self)

    def __call__(self, module: nn.Module) -> Tensor:
        """Cost of the module's learnable parameters.

        Parameters
        ----------
        module : nn.Module

        Returns
        -------
        Tensor of shape ()
        """
        weights = _learnable(module, self.layers)
        return torch.cat([theta.flatten() for theta in weights]).square().sum()


@dataclass(frozen=True)
class SparseGroupLasso:
    """L2 norms of what leaves each unit, and L1: whole inputs are to drop out.

    ``sum_layers sum_j ||W_:j||_2 + sum |theta|`` with equal weight on both, W_:j being
    the weights that leave unit (or channel) j of a layer (Scardapane et al. 2017,
    *Group Sparse Regularization for Deep Neural Networks*, as compared in Erion et al.
    2019, *Learning Explainable Models Using Attribution Priors*, appendix I.3). Biases
    have the L1 part only.

    Parameters
    ----------
    layers : {"all", "first"}, default="all"
    """

    layers: str = "all"

    def __post_init__(self):
        _check_layers(self)

    def __call__(self, module: nn.Module) -> Tensor:
        """Cost of the module's learnable parameters.

        Parameters
        ----------
        module : nn.Module

        Returns
        -------
        Tensor of shape ()
        """
        weights = _learnable(module, self.layers)
        groups = [w.transpose(0, 1).flatten(1) for w in weights if w.ndim > 1]
        norms = [torch.linalg.vector_norm(each, dim=1).sum() for each in groups]
        return sum(norms) + L1(self.layers)(module)


def _learnable(module: nn.Module, layers: str) -> list[Tensor]:
    weights = [theta for theta in module.parameters() if theta.requires_grad]
    if layers == "all":
        return weights
    return [theta for theta in weights if theta.ndim > 1][:1] or weights[:1]


def _check_layers(penalty) -> None:
    if penalty.layers not in ("all", "first"):
        raise ValueError(
            f"{type(penalty).__name__}: layers must be 'all' or 'first', got "
            f"{penalty.layers!r}."
        )
