"""Attributions that can be given by a name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ._expected_gradients import ExpectedGradients
from ._gradients import Gradients
from ._integrated_gradients import IntegratedGradients
from ._path_integrals import Score

__all__ = ["by_name"]

_NAMED = {
    "expected_gradients": ExpectedGradients,
    "gradients": Gradients,
    "integrated_gradients": IntegratedGradients,
}


def by_name(attribution: str | Callable, **params) -> Callable[[Score, Tensor], Tensor]:
    """An attribution given by its name, or as a callable.

    Parameters
    ----------
    attribution : str or callable
        "expected_gradients", "gradients" or "integrated_gradients"; a callable
        ``(score, x) -> phi`` is returned as it is.
    params : keyword arguments
        For a named attribution that has them.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is no attribution of that name.
    TypeError
        If it is neither a name nor a callable, or a class instead of an instance.
    """
    if isinstance(attribution, str):
        if attribution not in _NAMED:
            raise ValueError(
                f"attribution must be one of {sorted(_NAMED)} or a callable (score, x) "
                f"-> phi, got {attribution!r}."
            )
        kind = _NAMED[attribution]
        known = kind.__dataclass_fields__
        return kind(**{name: params[name] for name in params if name in known})
    if not callable(attribution) or isinstance(attribution, type):
        raise TypeError(
            "attribution must be a name or a callable (score, x) -> phi such as "
            f"Gradients(), got {attribution!r}."
        )
    return attribution
