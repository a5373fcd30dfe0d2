"""Priors on the attribution of each sample by itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from torch import Tensor

from ..utils.validation import is_count

__all__ = ["L1", "L2", "Hoyer", "TotalVariation", "WrongSign"]


NEGLIGIBLE = 1e-6  # attributions below are treated as rounding errors


@dataclass(frozen=True)
class L1:
    """Sum of absolute attributions, ``sum_j |phi_ij|``.

    Drives most attributions of a sample towards zero: few features matter at each
    sample, not necessarily the same ones (Ross, Lage and Doshi-Velez 2017, *The
    Neural LASSO*, equation 1). Its average over samples is also the L1 norm of the
    global importances, ``sum_j a_j``.
    """

    exchangeable = True
    leaves_inputs = True

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

    exchangeable = True
    leaves_inputs = True

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
class Hoyer:
    """Sum of absolute attributions over their root sum of squares.

    ``sum_j |phi_ij| / sqrt(sum_j phi_ij ** 2)``: 1 if one feature has all of the
    attribution of a sample, and the square root of the number of features if all have
    equally much. This is the ratio in the sparseness of Hoyer (2004), *Non-negative
    Matrix Factorization with Sparseness Constraints*. It does not change with the scale
    of a sample's attributions: unlike the L1 norm it does not shrink those that matter.
    Where the root is below 1e-6 the sum is divided by 1e-6, so that rounding errors
    cost nothing. The ratio is over the attributions of all explained outputs together.
    """

    exchangeable = True
    leaves_inputs = True

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
        phi = phi.flatten(1)
        # Dividing by the largest value first keeps the squares from under- and
        # overflow. It cancels, so its own gradient is not needed.
        largest = phi.detach().abs().amax(dim=1, keepdim=True).clamp(min=NEGLIGIBLE)
        phi = phi / largest
        # The sum of squares is below 1 only where the largest value is negligible.
        return phi.abs().sum(dim=1) / phi.square().sum(dim=1).clamp(min=1).sqrt()


@dataclass(frozen=True)
class WrongSign:
    """Sum of the attributions that have the wrong sign, ``sum_j max(0, -s_j phi_ij)``.

    Ross, Hughes and Doshi-Velez (2017), *Right for the Right Reasons*, name signs as
    future work. The cost is linear in the wrong attribution. Unlike a square it
    therefore pulls that attribution to zero, and not only near zero.

    Parameters
    ----------
    signs : tuple of int
        For each feature (flattened) 1 if its attribution must not be negative, -1 if
        it must not be positive, 0 if it is free.
    """

    signs: tuple[int, ...]
    leaves_inputs = True

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


@dataclass(frozen=True)
class TotalVariation:
    """Differences between the attributions of neighbouring pixels.

    ``sum_rc |phi_(r+1)c - phi_rc| + |phi_r(c+1) - phi_rc|``, the pixel prior of Erion
    et al. (2019), *Learning Explainable Models Using Attribution Priors*, section 2.1
    and appendix E.1. The map of each sample (and explained output) is first divided by
    its standard deviation, because otherwise small attributions would cost as little as
    smooth ones. Where the deviation is below 1e-6 the map is divided by 1e-6, so that a
    map of rounding errors does not count. A constant map costs nothing.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image in a row of features: ``(height, width)`` or ``(channels,
        height, width)``, or one number for a sequence. Values of different channels
        are not neighbours.

    Raises
    ------
    ValueError
        If the shape does not consist of one to three positive integers.
    """

    shape: tuple[int, ...]
    leaves_inputs = True

    def __post_init__(self):
        shape = tuple(self.shape) if np.iterable(self.shape) else (self.shape,)
        if len(shape) not in (1, 2, 3) or not all(map(is_count, shape)):
            raise ValueError(
                "TotalVariation: shape must be (height, width), (channels, height, "
                f"width) or a length, positive integers, got {self.shape!r}."
            )
        object.__setattr__(self, "shape", tuple(map(int, shape)))

    def __call__(self, phi: Tensor) -> Tensor:
        """Cost of each sample.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            Attributions, as many for a sample as the image has values.

        Returns
        -------
        Tensor of shape (n,)

        Raises
        ------
        ValueError
            If a sample has another number of attributions than the image has values.
        """
        n_values = prod(self.shape)
        if n_values not in (prod(phi.shape[1:]), prod(phi.shape[1:-1])):
            raise ValueError(
                f"TotalVariation: shape={self.shape} has {n_values} values, but a "
                f"sample has attributions of shape {tuple(phi.shape[1:])}."
            )
        maps = _standardised(phi.reshape(len(phi), n_values, -1))
        maps = maps.reshape(len(phi), *self.shape, -1)
        axes = range(max(1, len(self.shape) - 1), len(self.shape) + 1)
        return sum(maps.diff(dim=axis).abs().flatten(1).sum(dim=1) for axis in axes)


def _standardised(maps: Tensor) -> Tensor:
    """Maps of shape (n, n_values, m), divided by their standard deviations."""
    # Dividing by the largest value first keeps the squares from under- and overflow.
    largest = maps.detach().abs().amax(dim=1, keepdim=True).clamp(min=NEGLIGIBLE)
    maps = maps / largest
    variance = maps.var(dim=1, keepdim=True, correction=0)
    varies = variance > torch.finfo(maps.dtype).eps ** 2
    deviation = torch.where(varies, variance, 1.0).sqrt()
    return maps / torch.maximum(deviation, NEGLIGIBLE / largest)
