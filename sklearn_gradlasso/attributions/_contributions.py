"""First-order contributions: gradients times differences from other rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..utils.tensors import as_data
from ._attribution import Attribution, Score
from ._path_integrals import input_gradients, weighted_mean, with_output_axis
from ._references import ComparedWithRows, Drawn

__all__ = ["Contributions"]


@dataclass(frozen=True, eq=False)
class Contributions(ComparedWithRows):
    """Gradient at a row times the difference of the row from the average row.

    ``phi_ij = (x_ij - E r_j) d score(x_i) / d x_ij`` over rows r of the background: to
    first order, how much the score of the row differs because its feature has not the
    average value. For a linear score it is the coefficient times that difference.
    Summed over the indicator columns of a variable it is the contrast ``d_own - sum_k
    p_k d_k`` of the derivative of the row's own category with the average one, where
    p_k are the shares of the categories. A single d_k means nothing, because the
    indicators of a row sum to one.

    In training :meth:`drawing_from` replaces the average row by random other rows of
    the batch. That is an estimate without bias, at the cost of one gradient.

    Parameters
    ----------
    n_references : int, default=None
        References for each row in training. ``None`` means 1, and in the training of an
        estimator its own ``n_references``. Without draws the average is exact.
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

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Multiply gradients by the differences from the average row.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``. Without a background its ``sample_weight``, if
            it has one, weights the rows of x in their average.
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
        average = weighted_mean(*self.weighted_background(score, x))
        gradient = input_gradients(score, x)
        return with_output_axis(as_data(x) - average, gradient) * gradient

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
            Draws the references.
        shuffled : bool, default=False
            Has no effect.
        n_references : int, optional
            Number of references if this object has no number of its own.

        Returns
        -------
        Attribution
        """
        if generator is None:
            return self
        n_references = self.n_references or n_references or 1
        return DrawnContributions(self, generator, shuffled, n_references)


@dataclass(frozen=True, eq=False)
class DrawnContributions(Drawn):
    """Contributions against random rows, for a training step.

    Raises
    ------
    ValueError
        When it is called, if references are to be drawn from a batch of one row.
    """

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        average = self.drawn_references(score, as_data(x)).mean(dim=0)
        gradient = input_gradients(score, x)
        return with_output_axis(as_data(x) - average, gradient) * gradient
