"""Gradients at the rows, and at points between rows and their references."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

__all__ = [
    "gradients_between",
    "input_gradients",
    "tensor_like",
    "weighted_mean",
    "with_output_axis",
]

Score = Callable[[Tensor], Tensor]

VALUES_AT_ONCE = 2**18  # input values in one call of the network; bounds its memory


def input_gradients(score: Score, x: Tensor) -> Tensor:
    """Gradient of the score of each row with respect to that row.

    The graph is kept if gradients are enabled. Inference mode, which would compute
    none, is left for the moment. If the score has m scalars, a last axis
    holds the gradient of each.

    Raises
    ------
    ValueError
        If gradients are enabled and no score depends on x.
    """
    keep_graph = torch.is_grad_enabled()
    infers = torch.is_inference_mode_enabled()
    with torch.inference_mode(False) if infers else torch.enable_grad():
        x = x.clone() if x.is_inference() else x
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


def gradients_between(
    score: Score, x: Tensor, references: Tensor, alpha: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """Gradients at ``r + alpha (x - r)`` for s references of each row.

    As many points are evaluated in one call as memory allows.

    Parameters
    ----------
    score : callable
    x : Tensor of shape (n, *feature_shape)
        As :func:`~sklearn_gradlasso.utils.tensors.as_data` returns it.
    references : Tensor of shape (s, n or 1, *feature_shape)
    alpha : Tensor of shape (s, n or 1)

    Yields
    ------
    points : slice
        Which of the s points were evaluated.
    gradient : Tensor of shape (n_points, n, *feature_shape) or with a last axis m
    """
    size = max(1, VALUES_AT_ONCE // max(1, x.numel()))
    alpha = alpha.reshape(*alpha.shape, *(1,) * (x.ndim - 1))
    for start in range(0, len(alpha), size):
        points = slice(start, start + size)
        z = torch.lerp(references[points], x, alpha[points])
        gradient = input_gradients(score, z.flatten(0, 1))
        yield points, gradient.unflatten(0, z.shape[:2])


def weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Mean over the first axis."""
    if weight is None:
        return values.mean(0)
    weight = weight.to(values.dtype)
    return torch.tensordot(weight / weight.sum(), values, dims=1)


def tensor_like(values, x: Tensor) -> Tensor:
    """The values as a tensor with the dtype and device of x."""
    return torch.as_tensor(values).to(dtype=x.dtype, device=x.device)


def with_output_axis(values: Tensor, gradient: Tensor) -> Tensor:
    """Values of inputs in a shape that multiplies gradients of one or m scalars."""
    return values.unsqueeze(-1) if gradient.ndim > values.ndim else values


def _gradient(value: Tensor, x: Tensor, keep_graph: bool) -> Tensor | None:
    (gradient,) = torch.autograd.grad(
        value.sum(), x, create_graph=keep_graph, retain_graph=True, allow_unused=True
    )
    return gradient
