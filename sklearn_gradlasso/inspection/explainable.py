"""The scalars of a network that reasons are about, as a function of encoded rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from .. import targets
from ..attributions import Gradients
from ..training.rows import Rows
from ..utils.networks import column_sum_of
from ..utils.threads import computing
from .evaluation import attributions_of, scores_of

__all__ = ["Explainable"]


@dataclass(frozen=True)
class Explainable:
    """A network, its rows, and the scalars of its output that are explained.

    Parameters
    ----------
    module : nn.Module
        ``(n, n_features) -> (n, n_outputs)``.
    rows : Rows
        The rows to explain.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``.
    n_jobs : int or None
        Threads to compute with.
    """

    module: nn.Module
    rows: Rows
    target: Callable[[Tensor, Tensor | None], Tensor]
    n_jobs: int | None = None

    @property
    def is_of_predicted_class(self) -> bool:
        """Whether the scalar is that of whichever class is predicted."""
        return self.target is targets.predicted_class

    @property
    def is_column_sum(self) -> bool:
        """Whether the scores are functions of columns, and what these do together."""
        return column_sum_of(self.module) is not None

    def scores(self, x: np.ndarray) -> np.ndarray:
        """The explained scalars of other rows, of shape (n,) or (n, m).

        Parameters
        ----------
        x : ndarray of shape (n, n_features)
            Rows as the network sees them.
        """
        with computing(self.n_jobs):
            return scores_of(self.module, self.rows_of(x), self.target)

    def gradients(self, x: np.ndarray) -> np.ndarray:
        """Derivatives of the scalars by the features at rows, (n, n_features[, m])."""
        of = self.module, self.rows_of(x), Gradients(), self.target
        with computing(self.n_jobs):
            return attributions_of(*of)

    def rows_of(self, x: np.ndarray) -> Rows:
        """Other rows as they are given to the module."""
        like = self.rows
        form = {"dtype": like.dtype, "device": like.device}
        return Rows(x, feature_shape=like.feature_shape, **form)
