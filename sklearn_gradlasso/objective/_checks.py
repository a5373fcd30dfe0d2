"""Checks of what the nouns of the equation return."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

__all__ = ["check_attribution", "check_differentiable", "left_alone", "shape_of"]

_MUST_COPY = "{} must not change x in place; let it work on a copy, x.clone()."


def check_attribution(phi, x: Tensor) -> None:
    """Raise a ``ValueError`` unless phi has the shape of x, or a last axis more."""
    is_tensor = isinstance(phi, Tensor)
    if not is_tensor or phi.shape[: x.ndim] != x.shape or phi.ndim > x.ndim + 1:
        raise ValueError(
            f"attribution must return a tensor of the shape of x, {tuple(x.shape)}, or "
            f"with a last axis for several scalars, got {shape_of(phi)}."
        )


def check_differentiable(name: str, value: Tensor) -> None:
    """Raise a ``ValueError`` if gradients are enabled and the graph has been lost."""
    if torch.is_grad_enabled() and not value.requires_grad:
        raise ValueError(
            f"{name} must keep the graph while gradients are enabled (no detach, no "
            "data, no numpy), or training has no effect on it."
        )


@contextmanager
def left_alone(name: str, x: Tensor) -> Iterator[None]:
    """Raise a ``ValueError`` if the block changes x in place, or tries to.

    The gradient by x would then be that at other values.
    """
    version = x._version  # the number of changes in place
    try:
        yield
    except (RuntimeError, ValueError) as error:
        refused = isinstance(error, RuntimeError) and "in-place operation" in str(error)
        if x._version == version and not refused:
            raise
        raise ValueError(_MUST_COPY.format(name)) from error
    if x._version != version:
        raise ValueError(_MUST_COPY.format(name))


def shape_of(value) -> tuple | str:
    """The shape of a tensor, or the type of anything else, for error messages."""
    return tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
