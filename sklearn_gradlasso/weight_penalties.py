"""Weight penalties: costs of the network's weights, whatever the data.

A weight penalty is any callable ``module -> ()``; nothing else is asked of it. It sees
one network at a time, also where many are trained as one. This file imports nothing of
the package.

With ``layers="all"`` all learnable parameters count, including biases. This is the norm
of theta in Ross, Lage and Doshi-Velez (2017), *The Neural LASSO*, equation 1. With
``layers="first"`` only the weight matrix that multiplies the inputs counts, as in Erion
et al. (2019), *Learning Explainable Models Using Attribution Priors*, appendix I.3.
With ``biases=False`` parameters with one axis, such as biases, are free, as with the
``alpha`` of scikit-learn's networks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["L1", "L2", "SparseGroupLasso"]


@dataclass(frozen=True)
class _OfLayers(ABC):
    """A penalty of the learnable parameters of all layers or of the first."""

    layers: str = "all"
    biases: bool = True

    def __post_init__(self):
        if self.layers not in ("all", "first"):
            raise ValueError(
                f"{type(self).__name__}: layers must be 'all' or 'first', got "
                f"{self.layers!r}."
            )

    def __call__(self, module: nn.Module) -> Tensor:
        """Cost of the module's learnable parameters.

        Parameters
        ----------
        module : nn.Module

        Returns
        -------
        Tensor of shape ()
        """
        weights = [theta for theta in module.parameters() if theta.requires_grad]
        if self.layers == "first":
            # Biases, which have one axis, count only if there are no weight matrices.
            weights = [w for w in weights if w.ndim > 1][:1] or weights[:1]
        if not self.biases:
            free = weights[0].new_zeros(1)  # where there are biases only
            weights = [w for w in weights if w.ndim > 1] or [free]
        return self._cost(weights)

    @abstractmethod
    def _cost(self, weights: Sequence[Tensor]) -> Tensor:
        """Cost of these parameters, of shape ()."""


@dataclass(frozen=True)
class L1(_OfLayers):
    """Sum of absolute weights, ``sum |theta|``.

    Parameters
    ----------
    layers : {"all", "first"}, default="all"
        Whose weights count.
    biases : bool, default=True
        Whether parameters with one axis count.
    """

    def _cost(self, weights: Sequence[Tensor]) -> Tensor:
        return _joined(weights).abs().sum()


@dataclass(frozen=True)
class L2(_OfLayers):
    """Sum of squared weights, ``sum theta ** 2``.

    Parameters
    ----------
    layers : {"all", "first"}, default="all"
        Whose weights count.
    biases : bool, default=True
        Whether parameters with one axis count.
    """

    def _cost(self, weights: Sequence[Tensor]) -> Tensor:
        return _joined(weights).square().sum()


@dataclass(frozen=True)
class SparseGroupLasso(_OfLayers):
    """Norms of the weights that leave each unit, plus L1, so that inputs drop out.

    ``sum_layers sum_j ||W_:j||_2 + sum |theta|`` with equal weight on both, W_:j being
    the weights that leave unit (or channel) j of a layer (Scardapane et al. 2017,
    *Group Sparse Regularization for Deep Neural Networks*, as compared in Erion et al.
    2019, *Learning Explainable Models Using Attribution Priors*, appendix I.3). Biases
    contribute to the L1 part only.

    Parameters
    ----------
    layers : {"all", "first"}, default="all"
        Whose weights count.
    biases : bool, default=True
        Whether parameters with one axis count.
    """

    def _cost(self, weights: Sequence[Tensor]) -> Tensor:
        groups = [w.transpose(0, 1).flatten(1) for w in weights if w.ndim > 1]
        norms = [torch.linalg.vector_norm(each, dim=1).sum() for each in groups]
        return sum(norms) + _joined(weights).abs().sum()


def _joined(weights: Sequence[Tensor]) -> Tensor:
    return torch.cat([theta.flatten() for theta in weights])
