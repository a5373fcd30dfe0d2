"""Priors that can be given by a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from ._of_batch import Gini, GlobalL2
from ._per_sample import L1, L2, Hoyer, TotalVariation

__all__ = ["by_name"]

_NAMED = {
    "gini": Gini,
    "global_l2": GlobalL2,
    "hoyer": Hoyer,
    "l1": L1,
    "l2": L2,
    "total_variation": TotalVariation,
}


def by_name(
    prior: str | Callable, feature_shape: Sequence[int]
) -> Callable[..., Tensor]:
    """A prior given by its name, or as a callable.

    Parameters
    ----------
    prior : str or callable
        "gini", "global_l2", "hoyer", "l1", "l2" or "total_variation"; a callable
        ``phi -> (n,)`` or ``()`` is returned as it is.
    feature_shape : sequence of int
        Shape of a row, for "total_variation".

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is no prior of that name, or it does not suit rows of this shape.
    TypeError
        If it is neither a name nor a callable, or a class instead of an instance.
    """
    if isinstance(prior, type):
        raise TypeError(
            f"prior must be an object, got the class {prior.__name__}; write "
            f"{prior.__name__}()."
        )
    if callable(prior):
        return prior
    if not isinstance(prior, str):
        raise TypeError(
            "prior must be a name or a callable phi -> (n,), got "
            f"{type(prior).__name__}."
        )
    if prior not in _NAMED:
        raise ValueError(
            f"prior must be one of {sorted(_NAMED)}, an object such as "
            f"GraphLaplacian(adjacency), or a callable phi -> (n,), got {prior!r}."
        )
    if prior == "total_variation":
        if len(feature_shape) == 1:
            raise ValueError(
                "prior='total_variation' is about images: give input_shape, or for "
                "a sequence TotalVariation(length)."
            )
        return TotalVariation(tuple(feature_shape))
    return _NAMED[prior]()
