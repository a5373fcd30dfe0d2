"""A network that generates a sparse linear model for each row and evaluates it."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from ...modules import KHotGate
from ...utils.networks import outputs_at
from .view_layout import Layout, Simplified

__all__ = ["SparseLocalLinear"]

# If fewer than 1/8 of z is non-zero, generate only those weights.
FEW = 8


class SparseLocalLinear(nn.Module):
    """``z^T (g * w(x))``: features z with weights of x, K of which a gate g selects.

    Parameters
    ----------
    generator : nn.Module
        ``(n, *feature_shape) -> (n, d * m)``, the weights of d features in m outputs.
        If it has a method ``at`` like :class:`WeightGenerator`, only the weights of
        non-zero features are generated when z is sparse and its zeros are masked.
    gate : KHotGate
        The gate, which selects the same features for all m outputs.
    layout : Layout
        The positions of x and z in the input.
    n_vectors : int
        Number of weight vectors, m.

    References
    ----------
    Y. Yoshikawa, T. Iwata (2020). Neural Generators of Sparse Local Linear Models for
    Achieving both Accuracy and Interpretability, equations 2 and 3.
    """

    def __init__(
        self, generator: nn.Module, gate: KHotGate, layout: Layout, n_vectors: int
    ):
        super().__init__()
        self.generator, self.gate = generator, gate
        self.layout, self.n_vectors = layout, n_vectors
        limits, allowed_at_zero = None, None
        if layout.zeros is not None:
            limits = torch.from_numpy(layout.zeros.limits)
            allowed_at_zero = torch.from_numpy(~layout.zeros.absent)
        # They belong to the layout, with which they are stored.
        self.register_buffer("limits", limits, persistent=False)
        self.register_buffer("allowed_at_zero", allowed_at_zero, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Decisions of shape (n, m)."""
        if not self.training:
            z, _, weights = self.local_models(inputs)
        else:
            z, weights = self._dense(inputs)
            z, allowed = z.values, z.allowed
            z = self.gate(weights, allowed) * z
        return torch.einsum("nk,nkm->nm", z, weights)

    def local_models(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The linear models of rows in evaluation, where the gate is not random.

        Returns
        -------
        z : Tensor of shape (n, k)
            Values of the features that the gate selects.
        index : Tensor of shape (n, k), int64
            Indices of these features; -1 if a row has fewer than k allowed features, or
            if the value counts as 0.
        weights : Tensor of shape (n, k, m)
            Weights of these features; 0 where the index is -1.
        """
        z, weights = self._dense(inputs)
        chosen, is_open = self.gate.largest(weights, z.allowed, z.present)
        if z.present is not None:
            is_open = is_open & z.present.gather(1, chosen)
        weights = _at(weights, chosen) * is_open.unsqueeze(2)
        index = chosen if z.positions is None else z.positions.gather(1, chosen)
        index = index.masked_fill(~is_open, -1)
        return z.values.gather(1, chosen), index, weights

    def _dense(self, inputs: Tensor) -> tuple[Simplified, Tensor]:
        """Return z, and the weights of its l values before the gate, (n, l, m)."""
        x, z = self.layout.unpacked(inputs)
        if self.limits is not None:
            present = z.values.abs() > self.limits
            allowed = present | self.allowed_at_zero
            z = replace(z, allowed=allowed, present=present)
        listed, shape = z.positions, (-1, self.n_vectors)
        if listed is None:
            return z, self.generator(x).unflatten(1, shape)
        few = listed.shape[1] * FEW < self.layout.n_simplified
        generated_at = outputs_at(self.generator)
        if few and generated_at is not None:
            return z, generated_at(x.clone(), listed, self.n_vectors)
        return z, _at(self.generator(x).unflatten(1, shape), listed)


def _at(weights: Tensor, index: Tensor) -> Tensor:
    return weights.gather(1, index.unsqueeze(2).expand(-1, -1, weights.shape[2]))
