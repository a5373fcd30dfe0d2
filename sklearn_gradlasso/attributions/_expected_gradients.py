"""Expected gradients: integrated gradients without a baseline to choose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor

from ..utils.representatives import representatives
from ..utils.validation import check_count, numbers
from ._path_integrals import (
    Score,
    beside,
    check_batch,
    gradients_between,
    input_gradients,
    like,
    rolled,
    sampled,
    weighted_mean,
)

__all__ = ["ExpectedGradients"]

GOLDEN = (5**0.5 - 1) / 2
REFERENCES = 200


@dataclass(frozen=True, eq=False)
class ExpectedGradients:
    """Integrated gradients, averaged over references from the data.

    ``phi_ij = E [(x_ij - r_j) d_j score(r + alpha (x_i - r))]`` over references r from
    the background and alpha uniform on (0, 1), so that ``sum_j phi_ij = score(x_i) -
    E score(r)`` (Erion et al. 2019, *Learning Explainable Models Using Attribution
    Priors*, section 3).

    Without a generator the average is deterministic: references evenly spaced among the
    rows of the background in the order of their score, alpha a golden-ratio sequence
    beside them, and the known mean of the background as a control variate. It is exact
    where the score is linear.

    With a generator, as in training, it is a random estimate without bias: other rows
    of the batch are the references (the paper's appendix A). Where the score does not
    depend on the targets of the rows, two rows are each other's reference and share a
    gradient, which halves the work.

    Parameters
    ----------
    n_references : int, default=None
        References for each row, k in the paper. ``None`` means 200, and in the training
        of an estimator its own ``n_references``.
    background : array-like of shape (n_background, *feature_shape), default=None
        Rows that stand for the data, as the network sees them; the rows to explain
        themselves if not given.
    background_weight : array-like of shape (n_background,), default=None
        Their weights; equal if not given.
    generator : torch.Generator, default=None
        Draws the references and alpha.
    shuffled : bool, default=False
        Whether the rows come in random order anyway, so that no order is to be drawn.

    Raises
    ------
    ValueError
        If a number is not positive, or the background or its weights are not rows and
        weights of finite numbers.
    """

    n_references: int | None = None
    background: Any = None
    background_weight: Any = None
    generator: torch.Generator | None = None
    shuffled: bool = False

    def __post_init__(self):
        if self.n_references is not None:
            check_count("ExpectedGradients: n_references", self.n_references)
        if self.background is not None:
            rows = numbers("ExpectedGradients: background", self.background)
            if rows.ndim < 2:
                raise ValueError(
                    "ExpectedGradients: background must hold rows, got an array of "
                    f"shape {rows.shape}."
                )
            object.__setattr__(self, "background", rows)
        if self.background_weight is not None:
            self._check_weight()

    def _check_weight(self):
        weight = numbers("ExpectedGradients: background_weight", self.background_weight)
        n_rows = None if self.background is None else len(self.background)
        if weight.shape != (n_rows,) or (weight < 0).any() or not weight.any():
            raise ValueError(
                "ExpectedGradients: background_weight must be a weight for each row of "
                "background, not negative and not all zero, got an array of shape "
                f"{weight.shape} for {n_rows} rows."
            )
        object.__setattr__(self, "background_weight", weight)

    @property
    def _count(self) -> int:
        return self.n_references or REFERENCES

    def against(self, background: Any, weight: Any = None) -> ExpectedGradients:
        """The same against this background, unless it has one."""
        if self.background is not None:
            return self
        return replace(self, background=background, background_weight=weight)

    def drawing_from(
        self,
        generator: torch.Generator | None,
        shuffled: bool = False,
        n_references: int | None = None,
    ) -> ExpectedGradients:
        """The same, with references and alpha drawn at random, or with ``None`` not.

        ``n_references`` is how many if it has no number of its own.
        """
        n_references = self.n_references or n_references
        return replace(
            self, generator=generator, shuffled=shuffled, n_references=n_references
        )

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Attribute to the inputs what the score is above that of the background.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``. Its attribute ``sample_weight``, if it has one,
            weighs the rows of x where they are the references.
        x : Tensor of shape (n, *feature_shape)

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            In units of the score.

        Raises
        ------
        ValueError
            If the background does not fit x, or references are to be drawn from a
            batch of one row.
        """
        background, weight = self._background(score, x)
        if self.generator is not None:
            return self._drawn(score, x.detach(), background, weight)
        return self._spread(score, x.detach(), background, weight)

    def base_value(self, score: Score, x: Tensor) -> Tensor:
        """Mean of the score over the background, of shape () or (m,)."""
        background, weight = self._background(score, x)
        return weighted_mean(score(background), weight)

    def _background(self, score: Score, x: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.background is None:
            return x.detach(), getattr(score, "sample_weight", None)
        rows = like(x, self.background)
        if rows[0].numel() != prod(x.shape[1:]):
            raise ValueError(
                "ExpectedGradients: background must hold rows like those of x, of shape"
                f" {tuple(x.shape[1:])}, got an array of shape {tuple(rows.shape)}."
            )
        weight = self.background_weight
        weight = None if weight is None else like(x, weight)
        return rows.reshape(-1, *x.shape[1:]), weight

    def _spread(self, score, x, background, weight) -> Tensor:
        with torch.no_grad():
            index = representatives(score(background), weight, self._count)
        centre = weighted_mean(background, weight)
        references = (background - centre)[index]
        steps = torch.arange(self._count, dtype=torch.float64) + 0.5
        alpha = like(x, (steps * GOLDEN) % 1)
        n = self._count
        mean = product = 0
        way = background[index].unsqueeze(1)
        for points, gradient in gradients_between(score, x, way, alpha[:, None]):
            mean = mean + gradient.sum(0) / n
            near = beside(references[points].unsqueeze(1), gradient)
            product = product + (near * gradient).sum(0) / n
        # The mean of the references drawn is not quite that of the background.
        x = x - centre + references.mean(0)
        return beside(x, mean) * mean - product

    def _drawn(self, score, x, background, weight) -> Tensor:
        rolls = self.background is None
        if rolls and weight is None and getattr(score, "ignores_y", False):
            return self._paired(score, x)
        if not rolls and weight is None:
            weight = x.new_ones(len(background))
        draw = rolled if rolls else sampled
        index = draw(len(x), weight, self._count, self.generator)
        k = len(index)
        references = background.index_select(0, index.flatten().to(x.device))
        rows = x if k == 1 else x.repeat(k, *(1,) * (x.ndim - 1))
        gradient = self._at_random(score, rows, references, k)
        return _mean_of(k, beside(rows - references, gradient) * gradient)

    def _paired(self, score, x) -> Tensor:
        """Rows two by two, each the reference of the other: they share a gradient.

        What lies alpha of the way from one to the other lies 1 - alpha of the way back.
        """
        n = check_batch(len(x))
        half, k = (n + 1) // 2, min(self._count, n - 1)
        if self.shuffled and k == 1:
            rows, references = x[:half], x[n - half :]
            gradient = self._at_random(score, rows, references, k)
            there = beside(rows - references, gradient) * gradient
            # Of an odd number the one in the middle is in two pairs.
            return torch.cat([there, -there[2 * half - n :]])
        drawn = [torch.randperm(n, generator=self.generator) for _ in range(k)]
        order = torch.stack(drawn).to(x.device)
        places = torch.arange(k * 2 * half, device=x.device).reshape(k, 2 * half)
        place = torch.empty_like(order).scatter_(1, order, places[:, :n])
        if n % 2:  # the first one drawn is in two pairs
            order = torch.cat([order, order[:, :1]], dim=1)
        ends = x.index_select(0, order.flatten()).unflatten(0, (k, 2, half))
        rows, references = ends[:, 0].flatten(0, 1), ends[:, 1].flatten(0, 1)
        gradient = self._at_random(score, rows, references, k)
        there = (beside(rows - references, gradient) * gradient).unflatten(0, (k, half))
        both = torch.cat([there, -there], dim=1).flatten(0, 1)
        return _mean_of(k, both.index_select(0, place.flatten()))

    def _at_random(self, score, rows, references, k: int) -> Tensor:
        """Gradients at random places between rows, k copies, and references."""
        n = len(rows) // k
        alpha = torch.rand(k, n, generator=self.generator, dtype=rows.dtype)
        if k > 1:  # each copy in a stratum of its own
            alpha = (torch.arange(k).unsqueeze(1) + alpha) / k
        alpha = alpha.reshape(k * n, *(1,) * (rows.ndim - 1)).to(rows.device)
        return input_gradients(score, torch.lerp(references, rows, alpha))


def _mean_of(k: int, phi: Tensor) -> Tensor:
    return phi if k == 1 else phi.unflatten(0, (k, -1)).mean(dim=0)
