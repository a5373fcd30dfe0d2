"""Expected gradients: integrated gradients without a baseline to choose."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..utils.representatives import representatives
from ..utils.tensors import as_data
from ._attribution import Attribution, Score, ignores_y
from ._path_integrals import (
    gradients_between,
    input_gradients,
    tensor_like,
    weighted_mean,
    with_output_axis,
)
from ._random_references import check_has_other_rows
from ._references import ComparedWithRows, Drawn

__all__ = ["ExpectedGradients"]

GOLDEN = (5**0.5 - 1) / 2
REFERENCES = 200


@dataclass(frozen=True, eq=False)
class ExpectedGradients(ComparedWithRows):
    """Integrated gradients, averaged over references from the data.

    ``phi_ij = E [(x_ij - r_j) d_j score(r + alpha (x_i - r))]`` over references r from
    the background and alpha uniform on (0, 1), so that ``sum_j phi_ij = score(x_i) -
    E score(r)`` (Erion et al. 2019, *Learning Explainable Models Using Attribution
    Priors*, section 3).

    The average is deterministic: the references are evenly spaced among the rows of
    the background in the order of their score, each with its alpha from a golden-ratio
    sequence, and the known mean of the background serves as a control variate. It is
    exact where the score is linear.

    In training :meth:`drawing_from` replaces it by a random estimate without bias,
    whose references are other rows of the batch (the paper's appendix A).

    Parameters
    ----------
    n_references : int, default=None
        References for each row, k in the paper. ``None`` means 200, and in the training
        of an estimator its own ``n_references``.
    background : {array-like, DataFrame} of shape (n_background, ...), default=None
        Rows that stand for the data, like those that the estimator is given: in a
        Pipeline, those that its transformers return. An estimator that reads tables
        reads them as it reads X, with texts and missing values. Other networks are
        given them as they are, and need finite numbers. Without them the rows to
        explain are used.

    Raises
    ------
    ValueError
        If ``n_references`` is not a positive integer, or the background does not
        consist of rows.
    """

    def drawing_from(
        self,
        generator: torch.Generator | None,
        shuffled: bool = False,
        n_references: int | None = None,
    ) -> Attribution:
        """A random estimator of this attribution; itself if the generator is ``None``.

        Parameters
        ----------
        generator : torch.Generator or None
            Draws the references and alpha.
        shuffled : bool, default=False
            Whether the rows come in random order already, so that no order needs to be
            drawn.
        n_references : int, optional
            Number of references if this object has no number of its own.

        Returns
        -------
        Attribution
        """
        if generator is None:
            return self
        n_references = self.n_references or n_references or REFERENCES
        return DrawnExpectedGradients(self, generator, shuffled, n_references)

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Attribute the difference between the scores of a row and of the background.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``. Without a background its ``sample_weight``, if
            it has one, weights the rows of x, which then are the references.
        x : Tensor of shape (n, *feature_shape)

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            In units of the score.

        Raises
        ------
        ValueError
            If the background does not fit x.
        """
        x, n = as_data(x), self.n_references or REFERENCES
        background, weight = self.weighted_background(score, x)
        with torch.no_grad():
            index = representatives(score(background), weight, n)
        centre = weighted_mean(background, weight)
        references = (background - centre)[index]
        steps = torch.arange(n, dtype=torch.float64) + 0.5
        alpha = tensor_like((steps * GOLDEN) % 1, x)
        mean = product = 0
        starts = background[index].unsqueeze(1)
        for points, gradient in gradients_between(score, x, starts, alpha[:, None]):
            mean = mean + gradient.sum(0) / n
            centred = with_output_axis(references[points].unsqueeze(1), gradient)
            product = product + (centred * gradient).sum(0) / n
        # The chosen rows have another mean than the background. The mean of the
        # background is known, so the error is corrected to first order.
        x = x - centre + references.mean(0)
        return with_output_axis(x, mean) * mean - product

    def base_value(self, score: Score, x: Tensor) -> Tensor:
        """Mean of the score over the background, of shape () or (m,)."""
        background, weight = self.weighted_background(score, x)
        return weighted_mean(score(background), weight)


@dataclass(frozen=True, eq=False)
class DrawnExpectedGradients(Drawn):
    """A random estimate of expected gradients, without bias, for a training step.

    If the references are other rows of the batch, the score needs no targets and the
    rows have no weights, two rows are each other's reference and share a gradient,
    which halves the work.

    Raises
    ------
    ValueError
        When it is called, if references are to be drawn from a batch of one row.
    """

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        x = as_data(x)
        weight = self.expected.weighted_background(score, x)[1]
        in_batch = self.expected.background is None
        if in_batch and weight is None and ignores_y(score):
            return self._in_pairs(score, x)
        references = self.drawn_references(score, x)
        k = len(references)
        references = references.flatten(0, 1)
        rows = x if k == 1 else x.repeat(k, *(1,) * (x.ndim - 1))
        gradient = self._gradient_at_random_points(score, rows, references, k)
        phi = with_output_axis(rows - references, gradient) * gradient
        return _mean_of_copies(k, phi)

    def _in_pairs(self, score: Score, x: Tensor) -> Tensor:
        """Phi with the two rows of a pair as each other's reference.

        The point that lies alpha of the way from one row to the other lies 1 - alpha of
        the way back, so that one gradient serves both rows, with opposite signs of
        their difference.
        """
        n = check_has_other_rows(len(x))
        half, k = (n + 1) // 2, min(self.n_references, n - 1)
        if self.shuffled and k == 1:
            rows, references = x[:half], x[n - half :]
            gradient = self._gradient_at_random_points(score, rows, references, k)
            phi = with_output_axis(rows - references, gradient) * gradient
            # With an odd number of rows the middle row is in two pairs; its second
            # attribution is left out.
            return torch.cat([phi, -phi[2 * half - n :]])
        drawn = [torch.randperm(n, generator=self.generator) for _ in range(k)]
        order = torch.stack(drawn).to(x.device)
        places = torch.arange(k * 2 * half, device=x.device).reshape(k, 2 * half)
        place = torch.empty_like(order).scatter_(1, order, places[:, :n])
        if n % 2:  # the first row of the order is paired twice
            order = torch.cat([order, order[:, :1]], dim=1)
        ends = x.index_select(0, order.flatten()).unflatten(0, (k, 2, half))
        rows, references = ends[:, 0].flatten(0, 1), ends[:, 1].flatten(0, 1)
        gradient = self._gradient_at_random_points(score, rows, references, k)
        phi = with_output_axis(rows - references, gradient) * gradient
        phi = phi.unflatten(0, (k, half))
        both = torch.cat([phi, -phi], dim=1).flatten(0, 1)
        return _mean_of_copies(k, both.index_select(0, place.flatten()))

    def _gradient_at_random_points(self, score, rows, references, k: int) -> Tensor:
        """Gradients at random points between k copies of rows and their references."""
        n = len(rows) // k
        alpha = torch.rand(k, n, generator=self.generator, dtype=rows.dtype)
        if k > 1:  # Copy c draws alpha from the c-th of k equal intervals.
            alpha = (torch.arange(k).unsqueeze(1) + alpha) / k
        alpha = alpha.reshape(k * n, *(1,) * (rows.ndim - 1)).to(rows.device)
        return input_gradients(score, torch.lerp(references, rows, alpha))


def _mean_of_copies(k: int, phi: Tensor) -> Tensor:
    return phi if k == 1 else phi.unflatten(0, (k, -1)).mean(dim=0)
