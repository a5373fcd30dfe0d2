"""Input gradients."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ._attribution import Attribution, Score
from ._path_integrals import input_gradients

__all__ = ["Gradients"]


@dataclass(frozen=True)
class Gradients(Attribution):
    """Input gradients, ``phi_ij = d score(x_i) / d x_ij``.

    The attribution of Ross, Lage and Doshi-Velez (2017), *The Neural LASSO*,
    section 3. The parameters' ``.grad`` and the tensor ``x`` are left untouched.
    """

    per_unit = True  # no annotation, which would make it a field

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Differentiate the score with respect to the inputs.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``; the rows must not influence each other.
        x : Tensor of shape (n, *feature_shape)
            Inputs, floating point.

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            Gradients, in units of the score per unit of the input; zero where the
            score does not depend on the input.

        Raises
        ------
        ValueError
            If gradients are enabled, as in training, and no score depends on x.
        """
        return input_gradients(score, x)
