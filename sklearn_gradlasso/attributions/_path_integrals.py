"""Points between rows and their references, and gradients there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

__all__ = [
    "Score",
    "beside",
    "check_batch",
    "gradients_between",
    "input_gradients",
    "like",
    "rolled",
    "sampled",
    "weighted_mean",
]

Score = Callable[[Tensor], Tensor]

VALUES_AT_ONCE = 2**18  # input values in one call of the network


def input_gradients(score: Score, x: Tensor) -> Tensor:
    """Gradient of each score with respect to its row; the graph is kept if enabled."""
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


def rolled(n, weight, n_references, generator) -> Tensor:
    """Which other row of the batch is the reference of each, n_references times."""
    check_batch(n)
    k = min(n_references, n - 1)
    if weight is None:
        shifts = 1 + torch.randperm(n - 1, generator=generator)[:k]
        return (torch.arange(n) + shifts.unsqueeze(1)) % n
    # Rows on a circle, each as long as its weight: an integer weight is repetition.
    weight = weight.cpu().double()
    ends = weight.cumsum(0)
    shifts = torch.rand(k, 1, generator=generator, dtype=torch.float64) * ends[-1]
    places = (ends - weight + shifts) % ends[-1]
    return torch.searchsorted(ends, places, right=True).clamp(max=n - 1)


def sampled(n, weight, n_references, generator) -> Tensor:
    """Rows of a background, drawn by their weights."""
    places = n * n_references
    drawn = torch.multinomial(weight.cpu(), places, True, generator=generator)
    return drawn.reshape(n_references, n)


def gradients_between(
    score: Score, x: Tensor, references: Tensor, alpha: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """Gradients at ``r + alpha (x - r)``, as many references at once as memory allows.

    References have shape (s, n or 1, *feature_shape), alpha (s, n or 1). Yields which
    of the s, and their gradients of shape (., n, *feature_shape) or with a last m.
    """
    size = max(1, VALUES_AT_ONCE // max(1, x.numel()))
    alpha = alpha.reshape(*alpha.shape, *(1,) * (x.ndim - 1))
    for start in range(0, len(alpha), size):
        points = slice(start, start + size)
        z = torch.lerp(references[points], x.detach(), alpha[points])
        gradient = input_gradients(score, z.flatten(0, 1))
        yield points, gradient.unflatten(0, z.shape[:2])


def weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return values.mean(0)
    return torch.tensordot(weight / weight.sum(), values, dims=1)


def like(x: Tensor, values) -> Tensor:
    return torch.as_tensor(values).to(dtype=x.dtype, device=x.device)


def beside(values: Tensor, gradient: Tensor) -> Tensor:
    """Values of inputs, with a last axis where the gradient has one for outputs."""
    return values.unsqueeze(-1) if gradient.ndim > values.ndim else values


def check_batch(n: int) -> int:
    """Raise a ``ValueError`` unless there are other rows in the batch."""
    if n == 1:
        raise ValueError(
            "ExpectedGradients finds the references of a row among the others of its "
            "batch, but a batch has n_samples = 1; use a larger batch_size, give more "
            "rows, or give ExpectedGradients a background."
        )
    return n


def _gradient(value: Tensor, x: Tensor, keep_graph: bool) -> Tensor | None:
    (gradient,) = torch.autograd.grad(
        value.sum(), x, create_graph=keep_graph, retain_graph=True, allow_unused=True
    )
    return gradient
