"""What an attribution may be asked, and what it may ask a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "Attribution",
    "Score",
    "encoded",
    "ignores_y",
    "sample_weight_of",
    "typical_row",
]

Score = Callable[[Tensor], Tensor]


class Attribution(ABC):
    """Base of attributions: one abstract call, and seven members with a default.

    A subclass implements ``__call__`` and overrides the members that it has something
    to say about.

    Examples
    --------
    >>> import torch
    >>> from sklearn_gradlasso.attributions import Attribution, Gradients
    >>> class GradientTimesInput(Attribution):
    ...     def __call__(self, score, x):
    ...         return x * Gradients()(score, x)
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> GradientTimesInput()(lambda x: x.square().sum(1), x).tolist()
    [[2.0, 8.0]]
    """

    @abstractmethod
    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Attribute the score of each row to its inputs.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``.
        x : Tensor of shape (n, *feature_shape)

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
        """

    def against(self, background: Any, weight: Any = None) -> Attribution:
        """The attribution that compares with these rows, if it compares with any.

        Parameters
        ----------
        background : array-like of shape (n_background, *feature_shape)
            Rows that stand for the data, as the network sees them.
        weight : array-like of shape (n_background,), optional
            Their weights; equal if not given.

        Returns
        -------
        Attribution
            By default the attribution itself.
        """
        return self

    def with_rows_read(self, read: Callable[[Any], Any]) -> Attribution:
        """The attribution whose rows are as a network sees them, and not as given.

        An estimator that reads tables asks for it, before it asks anything else.

        Parameters
        ----------
        read : callable
            From rows of the user's table, or a number for all of its columns, to rows
            as the network sees them.

        Returns
        -------
        Attribution
            By default the attribution itself, which was given no rows.
        """
        return self

    def drawing_from(
        self,
        generator: torch.Generator | None,
        shuffled: bool = False,
        n_references: int | None = None,
    ) -> Attribution:
        """The attribution for training, which may draw at random to save work.

        Parameters
        ----------
        generator : torch.Generator or None
            Source of the draws; ``None`` asks for the deterministic attribution.
        shuffled : bool, default=False
            Whether the rows of a batch come in random order already.
        n_references : int, optional
            References for each row, if the attribution has no number of its own.

        Returns
        -------
        Attribution
            By default the attribution itself, which does not draw.
        """
        return self

    def base_value(self, score: Score, x: Tensor) -> Tensor | None:
        """The value that attributions add up from, if the attribution is complete.

        A complete attribution promises ``sum_j phi_ij = score(x_i) - base_value``.

        Parameters
        ----------
        score, x
            As in the call; one row of x is enough.

        Returns
        -------
        Tensor of shape () or (m,), or None
            By default ``None``: nothing is promised.
        """
        return None

    @property
    def draws(self) -> bool:
        """Whether references are drawn at random, so that two calls may differ."""
        return False

    @property
    def per_unit(self) -> bool:
        """Whether phi is a slope, in units of the score per unit of the input."""
        return False

    @property
    def additive(self) -> bool:
        """Whether the values are parts of the score, so that they may be added up.

        The sum over the indicator columns of one variable then is the value of that
        variable. A sum of slopes, on the other hand, is no slope of anything.
        """
        return False


def ignores_y(score: Score) -> bool:
    """Whether any rows can be scored, in any number and order."""
    return getattr(score, "ignores_y", False)


def encoded(score: Score, rows: Tensor) -> Tensor:
    """Other rows of the data in the form in which a score takes them."""
    encode = getattr(score, "encoded", None)
    return rows if encode is None else encode(rows)


def sample_weight_of(score: Score) -> Tensor | None:
    """Weights of the rows of x, for an attribution that uses them as references."""
    return getattr(score, "sample_weight", None)


def typical_row(score: Score) -> Tensor | None:
    """A row without information in the form of those of x; None if no score has one."""
    asked = getattr(score, "typical", None)
    return None if asked is None else asked()
