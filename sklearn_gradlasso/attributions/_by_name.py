"""Attributions given by a name, as an object, or as a plain callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from ._attribution import Attribution, Score
from ._contributions import Contributions
from ._expected_gradients import ExpectedGradients
from ._gradients import Gradients
from ._integrated_gradients import IntegratedGradients

__all__ = ["by_name"]

_NAMED = {
    "contributions": Contributions,
    "expected_gradients": ExpectedGradients,
    "gradients": Gradients,
    "integrated_gradients": IntegratedGradients,
}


def by_name(attribution: str | Callable, **params) -> Attribution:
    """An attribution given by its name, as an object or as a callable.

    Parameters
    ----------
    attribution : str, Attribution or callable
        "contributions", "expected_gradients", "gradients" or "integrated_gradients"; or
        an :class:`Attribution`, which is returned as it is; or any other callable
        ``(score, x) -> phi``. The members of an :class:`Attribution` that such a
        callable has are used; the others have their defaults.
    params : keyword arguments
        For a named attribution that has them.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError
        If there is no attribution of that name.
    TypeError
        If it is neither a name nor a callable, or a class instead of an instance.
    """
    if isinstance(attribution, Attribution):
        return attribution
    if isinstance(attribution, str):
        if attribution not in _NAMED:
            raise ValueError(
                f"attribution must be one of {sorted(_NAMED)} or a callable (score, x) "
                f"-> phi, got {attribution!r}."
            )
        kind = _NAMED[attribution]
        known = {field.name for field in fields(kind) if field.init}
        return kind(**{name: params[name] for name in params if name in known})
    if not callable(attribution) or isinstance(attribution, type):
        raise TypeError(
            "attribution must be a name or a callable (score, x) -> phi such as "
            f"Gradients(), got {attribution!r}."
        )
    return _OfCallable(attribution)


@dataclass(frozen=True)
class _OfCallable(Attribution):
    """A user's callable as an attribution; the one place that looks what it has."""

    function: Callable[[Score, Tensor], Tensor]

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        return self.function(score, x)

    def __repr__(self) -> str:
        return repr(self.function)

    def against(self, background: Any, weight: Any = None) -> Attribution:
        return self._answer_of("against", background, weight)

    def with_rows_read(self, read) -> Attribution:
        return self._answer_of("with_rows_read", read)

    def drawing_from(self, generator, shuffled=False, n_references=None) -> Attribution:
        return self._answer_of("drawing_from", generator, shuffled, n_references)

    def base_value(self, score: Score, x: Tensor) -> Tensor | None:
        asked = getattr(self.function, "base_value", None)
        return None if asked is None else asked(score, x)

    @property
    def draws(self) -> bool:
        return getattr(self.function, "draws", False)

    @property
    def per_unit(self) -> bool:
        return getattr(self.function, "per_unit", False)

    @property
    def additive(self) -> bool:
        return getattr(self.function, "additive", False)

    def _answer_of(self, method: str, *arguments) -> Attribution:
        asked = getattr(self.function, method, None)
        return self if asked is None else by_name(asked(*arguments))
