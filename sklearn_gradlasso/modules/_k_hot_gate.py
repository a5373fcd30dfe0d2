"""A gate that opens K features of each row, and through which gradients can flow.

Yoshikawa and Iwata (2020), *Neural Generators of Sparse Local Linear Models for
Achieving both Accuracy and Interpretability*, section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["KHotGate"]


class KHotGate(nn.Module):
    """Opens the K features with the largest weights, among those that are allowed.

    In training, K one-hot vectors are drawn one after the other by Gumbel-softmax and
    added up. The logarithms of the probabilities are the squared weights; features that
    were drawn before or are not allowed take no part. In evaluation the gate opens the
    features with the K largest squared weights, deterministically, in a time that does
    not depend on K. If fewer than K features are allowed, all of them open.

    Parameters
    ----------
    n_nonzero_coefs : int
        Number of features to open, K.
    temperature : float, default=0.1
        Temperature tau of the Gumbel-softmax. The higher it is, the softer is the gate
        in training.
    scale : float, default=1.0
        Factor of the weights before they are squared. It is for weights in a unit so
        small that the noise decides alone, or so large that it has no effect.
    generator : torch.Generator, optional
        Source of the noise, on the device of the weights; torch's global generator if
        not given.

    References
    ----------
    Y. Yoshikawa, T. Iwata (2020). Neural Generators of Sparse Local Linear Models for
    Achieving both Accuracy and Interpretability, equations 4 to 8.
    """

    def __init__(
        self,
        n_nonzero_coefs: int,
        temperature: float = 0.1,
        scale: float = 1.0,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.n_nonzero_coefs = n_nonzero_coefs
        self.temperature, self.scale = temperature, scale
        self.generator = generator

    def forward(self, w: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Compute how far the gate of each feature is open.

        Parameters
        ----------
        w : Tensor of shape (n, d) or (n, d, m)
            Weights. The squares of m weight vectors, which share the gate, are added.
        allowed : Tensor of shape (n, d), bool, optional
            Features that may open; all if not given.

        Returns
        -------
        Tensor of shape (n, d)
            Soft values that add up to K in training, 0 or 1 in evaluation. A feature
            that is not allowed has exactly 0.
        """
        if self.training:
            return self._drawn(w, allowed)
        index, is_open = self.largest(w, allowed)
        return w.new_zeros(w.shape[:2]).scatter(1, index, is_open.to(w.dtype))

    def largest(
        self, w: Tensor, allowed: Tensor | None = None, present: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Find the features that open in evaluation.

        Parameters
        ----------
        w, allowed : Tensor
            As in :meth:`forward`.
        present : Tensor of shape (n, d), bool, optional
            Some of the allowed features, of which at least one opens: if none of them
            is among the K largest, the largest of them is in the place of the last.

        Returns
        -------
        index : Tensor of shape (n, min(K, d)), int64
            Positions of the features with the largest weights.
        is_open : Tensor of shape (n, min(K, d)), bool
            Whether these features are allowed.
        """
        size = w.abs() if w.ndim == 2 else torch.linalg.vector_norm(w, dim=2)
        if allowed is not None:
            size = size.masked_fill(~allowed, -1.0)
        if present is not None:
            first = size.masked_fill(~present, -1.0).argmax(dim=1, keepdim=True)
            size = size.scatter(1, first, torch.inf)
        n_open = min(self.n_nonzero_coefs, w.shape[1])
        index = size.topk(n_open, dim=1, sorted=False).indices
        if allowed is None:
            return index, torch.ones_like(index, dtype=torch.bool)
        return index, allowed.gather(1, index)

    def _drawn(self, w: Tensor, allowed: Tensor | None) -> Tensor:
        square = (self.scale * w).square()
        logits = square if w.ndim == 2 else square.sum(dim=2)
        nothing = torch.finfo(w.dtype).min
        closed = torch.zeros_like(logits, dtype=torch.bool)
        if allowed is not None:
            closed = ~allowed
        total = torch.zeros_like(logits)
        for _ in range(min(self.n_nonzero_coefs, w.shape[1])):
            gumbel = (
                -torch.empty_like(total).exponential_(generator=self.generator).log()
            )
            # The squared weights are not normalised: softmax does not change when a
            # constant is added to all logits.
            drawn = ((logits + gumbel) / self.temperature).masked_fill(closed, nothing)
            drawn = drawn.softmax(dim=1).masked_fill(closed, 0.0)
            total = total + drawn
            closed = closed.scatter(1, drawn.argmax(dim=1, keepdim=True), True)
        return total
