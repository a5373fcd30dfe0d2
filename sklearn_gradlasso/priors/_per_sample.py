"""From an attribution phi to its cost.

A prior is any callable ``phi -> (n,)``, the cost of each sample, which the
objective averages with the sample weights; a callable that returns a scalar is a
cost of the whole batch and is taken as it is. If it has a parameter
``sample_weight``, it is given the weights, or None. Priors sum over features (and
over explained outputs, if there are several), so that their value does not depend on
the number of rows.

Batch-level priors are about the importance of a feature to all samples, the
average magnitude ``a_j = mean_i |phi_ij|`` (Erion et al. 2019, *Learning Explainable
Models Using Attribution Priors*, section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from numbers import Integral

import numpy as np
import torch
from torch import Tensor

__all__ = ["L1", "L2", "TotalVariation", "WrongSign"]


NOTHING = 1e-6  # an attribution


@dataclass(frozen=True)
class L1:
    """Sum of absolute attributions, ``sum_j |phi_ij|``.

    Drives most attributions of a sample towards zero: few features matter at each
    sample, not necessarily the same ones (Ross, Lage and Doshi-Velez 2017, *The
    Neural LASSO*, equation 1). Its average over samples is also the L1 norm of the
    global importances, ``sum_j a_j``.
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


@dataclass(frozen=True)
class TotalVariation:
    """Differences between the attributions of neighbouring pixels.

    ``sum_rc |phi_(r+1)c - phi_rc| + |phi_r(c+1) - phi_rc|`` on maps divided by their
    standard deviation, without which small attributions would do as well as smooth
    ones: the pixel prior of Erion et al. (2019), *Learning Explainable Models Using
    Attribution Priors*, section 2.1 and appendix E.1.

    Parameters
    ----------
    shape : tuple of int
        Of the image in a row of features: ``(height, width)`` or ``(channels, height,
        width)``, or one number for a sequence. Channels are not neighbours.
    standardize : bool, default=True
        Whether to divide the map of each sample (and explained output) by its standard
        deviation (or by 1e-6, if it is smaller, so that a map of rounding errors does
        not count). A constant map costs nothing.
    """

    shape: tuple[int, ...]
    standardize: bool = field(default=True, kw_only=True)

    def __post_init__(self):
        shape = tuple(self.shape) if np.iterable(self.shape) else (self.shape,)
        if len(shape) not in (1, 2, 3) or not all(map(_is_size, shape)):
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
            Attributions, as many to a sample as the image has values.

        Returns
        -------
        Tensor of shape (n,)

        Raises
        ------
        ValueError
            If a sample has another number of attributions than the image values.
        """
        n_values = prod(self.shape)
        if n_values not in (prod(phi.shape[1:]), prod(phi.shape[1:-1])):
            raise ValueError(
                f"TotalVariation: shape={self.shape} has {n_values} values, but a "
                f"sample has attributions of shape {tuple(phi.shape[1:])}."
            )
        maps = phi.reshape(len(phi), n_values, -1)
        if self.standardize:
            # In units of the largest, so that no square is lost or infinite.
            largest = maps.detach().abs().amax(dim=1, keepdim=True).clamp(min=NOTHING)
            maps = maps / largest
            variance = maps.var(dim=1, keepdim=True, correction=0)
            varies = variance > torch.finfo(maps.dtype).eps ** 2
            deviation = torch.where(varies, variance, 1.0).sqrt()
            maps = maps / torch.maximum(deviation, NOTHING / largest)
        maps = maps.reshape(len(phi), *self.shape, -1)
        axes = range(max(1, len(self.shape) - 1), len(self.shape) + 1)
        return sum(maps.diff(dim=axis).abs().flatten(1).sum(dim=1) for axis in axes)


def _is_size(value) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value > 0
