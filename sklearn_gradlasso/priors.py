"""From an attribution phi to its cost.

A prior is any callable ``phi -> (n,)``, the cost of each sample, which the
objective averages with the sample weights; a callable that returns a scalar is a
cost of the whole batch and is taken as it is. Priors sum over features (and over
explained outputs, if there are several), so that their value does not depend on
the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["L1", "L2", "WrongSign"]


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


@dataclass(frozen=True)
class WrongSign:
    """Sum of the attributions that point the wrong way, ``sum_j max(0, -s_j phi_ij)``.

    The signs that Ross, Hughes and Doshi-Velez (2017), *Right for the Right Reasons*,
    name as future work. It is linear in the wrong part, so that, unlike a square, it
    pulls it to zero and not only near it.

    Parameters
    ----------
    signs : tuple of int
        For each feature (flattened) 1 if its attribution is not to be negative, -1 if
        it is not to be positive, 0 if it is free.
    """

    signs: tuple[int, ...]

    def __call__(self, phi: Tensor) -> Tensor:
        """Cost of each sample.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            Attributions; the signs hold for each of m explained outputs.

        Returns
        -------
        Tensor of shape (n,)
        """
        signs = torch.tensor(self.signs, dtype=phi.dtype, device=phi.device)
        wrong = -signs[:, None] * phi.reshape(len(phi), len(signs), -1)
        return wrong.relu().flatten(1).sum(dim=1)
