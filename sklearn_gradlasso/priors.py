"""From an attribution phi to its cost.

A prior is any callable ``phi -> (n,)``, the cost of each sample, which the
objective averages with the sample weights; a callable that returns a scalar is a
cost of the whole batch and is taken as it is. Priors sum over features (and over
explained outputs, if there are several), so that their value does not depend on
the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["L1", "L2"]


@dataclass(frozen=True)
class L1:
    """Sum of absolute attributions, ``sum_j |phi_ij|``.

    Drives most attributions of a sample towards zero: few features matter at each
    sample, not necessarily the same ones (Ross, Lage and Doshi-Velez 2017, *The
    Neural LASSO*, equation 1).
    """

    def __call__(self, phi: Tensor) -> Tensor:
        """Cost of each sample.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape)
            Attributions.

        Returns
        -------
        Tensor of shape (n,)
        """
        return phi.abs().flatten(1).sum(dim=1)


@dataclass(frozen=True)
class L2:
    """Sum of squared attributions, ``sum_j phi_ij ** 2``.

    Shrinks attributions without making them sparse; with annotations it is the
    explanation term of Ross, Hughes and Doshi-Velez (2017), *Right for the Right
    Reasons*, section 3.
    """

    def __call__(self, phi: Tensor) -> Tensor:
        """Cost of each sample.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape)
            Attributions.

        Returns
        -------
        Tensor of shape (n,)
        """
        return phi.square().flatten(1).sum(dim=1)
