"""Attributions that compare a row with the rows of a background."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..utils.tensors import as_data
from ..utils.validation import check_count
from ._attribution import Attribution, Score, encoded, sample_weight_of
from ._path_integrals import tensor_like
from ._random_references import other_rows, rows_of_background
from ._rows_given import HOLDS_NUMBERS, as_given, as_numbers, finite_array, read_by

__all__ = ["ComparedWithRows", "Drawn"]


@dataclass(frozen=True, eq=False)
class ComparedWithRows(Attribution):
    """Base of attributions that compare with background rows, drawn in training.

    Parameters
    ----------
    n_references : int, default=None
        References for each row in training; ``None`` leaves it to the estimator.
    background : {array-like, DataFrame} of shape (n_background, ...), default=None
        Rows that stand for the data. An estimator that reads tables reads them as it
        reads X; other networks are given them as they are. Without them the rows to
        explain are used.

    Raises
    ------
    ValueError
        If ``n_references`` is not a positive integer, or the background does not
        consist of rows.
    """

    n_references: int | None = None
    background: Any = None
    # Weights of the rows of the background; `against` sets them.
    _weight: Any = field(default=None, init=False, repr=False)
    # The background as numbers, with NaN where one is missing; None if it has texts.
    _rows: Any = field(default=None, init=False, repr=False)
    # Whether they are rows as the network sees them, and not those of a user.
    _is_read: bool = field(default=False, init=False, repr=False)
    additive = True

    def __post_init__(self):
        name = type(self).__name__
        if self.n_references is not None:
            check_count(f"{name}: n_references", self.n_references)
        if self.background is not None:
            background = as_given(self._named, self.background)
            object.__setattr__(self, "background", background)
            try:
                rows = as_numbers(self._named, background)
            except ValueError:
                return  # They are those of a raw table.
            self._set_rows(rows)

    def against(self, background: Any, weight: Any = None) -> ComparedWithRows:
        """The same with this background, unless it has one already.

        Parameters
        ----------
        background : array-like of shape (n_background, *feature_shape)
            Rows as the network sees them. Values are NaN where those of a table are
            missing, if the network encodes its columns.
        weight : array-like of shape (n_background,), optional
            Weights of the rows of the background; equal if not given.

        Returns
        -------
        ComparedWithRows

        Raises
        ------
        ValueError
            If the rows or their weights are not finite numbers, or do not fit each
            other.
        """
        if self.background is not None:
            return self
        attribution = copy(self)
        if background is not None:
            attribution._set_read(as_numbers(self._named, background))
        if weight is not None:
            weight = attribution._checked(weight)
            object.__setattr__(attribution, "_weight", weight)
        return attribution

    def with_rows_read(self, read: Callable[[Any], Any]) -> ComparedWithRows:
        if self.background is None or self._is_read:
            return self
        attribution = copy(self)
        attribution._set_read(read_by(read, self._named, self.background))
        return attribution

    def weighted_background(
        self, score: Score, x: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """The background in the shape of rows of x, and the weights of its rows.

        Parameters
        ----------
        score, x
            As in the call. Without a background x and the weights of the score are
            returned.

        Raises
        ------
        ValueError
            If the rows of the background have another number of values than those of
            x, or texts or NaN where the network has no place for them.
        """
        if self.background is None:
            return as_data(x), sample_weight_of(score)
        if self._rows is None:  # The error of what cannot be numbers.
            as_numbers(self._named, self.background)
        rows = encoded(score, tensor_like(self._rows, x))
        if rows[0].numel() != prod(x.shape[1:]):
            raise ValueError(
                f"{type(self).__name__}: background must hold rows like those of x, of "
                f"shape {tuple(x.shape[1:])}, got an array of shape "
                f"{tuple(rows.shape)}."
            )
        if np.isnan(self._rows).any() and rows.isnan().any():
            raise ValueError(f"{self._named} {HOLDS_NUMBERS}.")
        weight = None if self._weight is None else tensor_like(self._weight, x)
        return rows.reshape(-1, *x.shape[1:]), weight

    @property
    def _named(self) -> str:
        return f"{type(self).__name__}: background"

    def _set_read(self, rows: np.ndarray) -> None:
        object.__setattr__(self, "background", rows)
        object.__setattr__(self, "_is_read", True)
        self._set_rows(rows)

    def _set_rows(self, rows: np.ndarray) -> None:
        if rows.ndim < 2:
            raise ValueError(
                f"{self._named} must hold rows, got an array of shape {rows.shape}."
            )
        object.__setattr__(self, "_rows", rows)

    def _checked(self, weight: Any):
        name = type(self).__name__
        weight = finite_array(f"{name}: weight of the background", weight)
        n_rows = None if self.background is None else len(self.background)
        if weight.shape != (n_rows,) or (weight < 0).any() or not weight.any():
            raise ValueError(
                f"{name}: weight must hold a weight for each row of the "
                "background, not negative and not all zero, got an array of shape "
                f"{weight.shape} for {n_rows} rows."
            )
        return weight


@dataclass(frozen=True, eq=False)
class Drawn(Attribution):
    """Base of random estimates of such an attribution, without bias, for training.

    Without a background the references of a row are other rows of its batch.

    Parameters
    ----------
    expected : ComparedWithRows
        What is estimated.
    generator : torch.Generator
        Source of the draws.
    shuffled : bool
        Whether the rows come in random order already.
    n_references : int
        References for each row.
    """

    expected: ComparedWithRows
    generator: torch.Generator
    shuffled: bool
    n_references: int
    draws = True
    additive = True

    def against(self, background: Any, weight: Any = None) -> Drawn:
        return replace(self, expected=self.expected.against(background, weight))

    def with_rows_read(self, read: Callable[[Any], Any]) -> Drawn:
        return replace(self, expected=self.expected.with_rows_read(read))

    def drawing_from(self, generator, shuffled=False, n_references=None) -> Attribution:
        n_references = n_references or self.n_references
        return self.expected.drawing_from(generator, shuffled, n_references)

    def base_value(self, score: Score, x: Tensor) -> Tensor | None:
        return self.expected.base_value(score, x)

    def drawn_references(self, score: Score, x: Tensor) -> Tensor:
        """Drawn references of each row, of shape (k, n, *feature_shape).

        Raises
        ------
        ValueError
            If references are to be drawn from a batch of one row.
        """
        background, weight = self.expected.weighted_background(score, x)
        in_batch = self.expected.background is None
        if not in_batch and weight is None:
            weight = x.new_ones(len(background))
        draw = other_rows if in_batch else rows_of_background
        index = draw(len(x), weight, self.n_references, self.generator).to(x.device)
        if index.ndim > 2:  # The networks of a stack have other weights.
            return background[index, torch.arange(index.shape[2], device=x.device)]
        chosen = background.index_select(0, index.flatten())
        return chosen.unflatten(0, index.shape)
