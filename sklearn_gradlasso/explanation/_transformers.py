"""What a transformer of a user makes of its columns."""

from __future__ import annotations

from collections.abc import Callable

from ..inspection.tracing.functions import elementwise
from ..inspection.tracing.registry import OutputColumn, register

__all__ = ["OutputColumn", "register_transformer"]


def register_transformer(kind: type, function: Callable | None = None) -> None:
    """Say of a kind of transformer which output is made of which input.

    Explanations then speak of the inputs, in their units. Without that, what the
    transformer makes are columns with their own names and units. It holds for
    subclasses with the same ``transform``, and until Python ends.

    Parameters
    ----------
    kind : type
        Class of the transformer.
    function : callable or None, default=None
        ``(step, table) -> list of OutputColumn``, with one for each output of the
        fitted transformer ``step``, in order. ``len(table)`` is the number of inputs,
        and ``table.numbers(j)`` are the values of one, an array of shape
        (n_samples,). It may return None if no output is made of one input alone. By
        default each output is a function of the input in its place, and its derivative
        is taken by differences; that no output depends on another input or row is
        checked at some rows, and if one does, none is traced.

    Raises
    ------
    TypeError
        If ``kind`` is not a class with ``transform``, or ``function`` not callable.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, TransformerMixin
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.explanation import OutputColumn, register_transformer
    >>> class Squares(TransformerMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.n_features_in_ = X.shape[1]
    ...         return self
    ...     def transform(self, X):
    ...         return X**2
    >>> def of_squares(step, table):
    ...     return [OutputColumn(j, 2 * table.numbers(j)) for j in range(len(table))]
    >>> register_transformer(Squares, of_squares)
    """
    if not isinstance(kind, type) or not callable(getattr(kind, "transform", None)):
        raise TypeError(f"kind must be a class with transform, got {kind!r}.")
    if function is not None and not callable(function):
        raise TypeError(
            "function must be a callable (step, table) -> list of OutputColumn, or "
            f"None, got {function!r}."
        )
    register(kind, elementwise if function is None else function)
