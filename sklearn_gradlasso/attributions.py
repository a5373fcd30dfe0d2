"""From a score and the inputs to phi, the attribution of each input.

An attribution is any callable ``(score, x) -> phi``. ``score`` maps a batch of
inputs to the explained scalars, shape ``(n,)`` or ``(n, m)``; ``phi`` has the
shape of ``x``, with a last axis of length m in the second case. The graph is kept
exactly when gradients are enabled, so that one implementation serves the prior
during training and ``explain`` afterwards (inside ``torch.no_grad()``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Gradients"]


@dataclass(frozen=True)
class Gradients:
    """Input gradients, ``phi_ij = d score(x_i) / d x_ij``.

    The attribution of Ross, Lage and Doshi-Velez (2017), *The Neural LASSO*,
    section 3. The parameters' ``.grad`` and the tensor ``x`` are left untouched.
    """

    def __call__(self, score: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Differentiate the score with respect to the inputs.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``; the rows must not influence each other.
        x : Tensor of shape (n, *feature_shape)
            Inputs, floating point.

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            Gradients, in units of the score per unit of the input; zero where the
            score does not depend on the input.

        Raises
        ------
        ValueError
            If gradients are enabled, as in training, and no score depends on x.
        """
        keep_graph = torch.is_grad_enabled()
        with torch.enable_grad():
            if not x.requires_grad:
                x = x.detach().requires_grad_()
            value = score(x)
            columns = [value] if value.ndim == 1 else value.unbind(dim=1)
            gradients = [_gradient(column, x, keep_graph) for column in columns]
            if keep_graph and all(gradient is None for gradient in gradients):
                raise ValueError(
                    "The network's output does not depend on X in a way that can be "
                    "differentiated, so that a prior has no effect; check module, or "
                    "use lam=0."
                )
            phi = [torch.zeros_like(x) if g is None else g for g in gradients]
            return phi[0] if value.ndim == 1 else torch.stack(phi, dim=-1)


def _gradient(value: Tensor, x: Tensor, keep_graph: bool) -> Tensor | None:
    (gradient,) = torch.autograd.grad(
        value.sum(), x, create_graph=keep_graph, retain_graph=True, allow_unused=True
    )
    return gradient
