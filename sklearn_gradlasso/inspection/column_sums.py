"""The score of a network for tables, as functions of columns and interactions."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from ..utils.threads import computing
from ..utils.torch_modes import default_modes
from .linear_score import LinearScore

__all__ = ["ColumnSums", "RowsTogether"]

MAX_VALUES = 2**22  # encodings that are computed at once


@dataclass(frozen=True, eq=False)
class ColumnSums:
    """A score ``constant + sum_j alone_j(x_j) + together(x)``, at coded rows.

    It is computed in float64 on the CPU, so that differences of scores are not those of
    rounding.

    Parameters
    ----------
    module : nn.Module
        The ``column_sum`` of a network; see :mod:`sklearn_gradlasso.modules`.
    score : LinearScore
    n_jobs : int or None
        Threads to compute with.
    """

    module: nn.Module
    score: LinearScore
    n_jobs: int | None = None

    @property
    def places(self) -> list[np.ndarray]:
        """Knots of each number and codes of each category, in coded units."""
        return [np.asarray(each, dtype=np.float64) for each in self._net.places]

    def alone(self, x: np.ndarray) -> np.ndarray:
        """What each column adds by itself, of shape (n, n_features, n_scores)."""
        with computing(self.n_jobs), torch.no_grad():
            parts = [self._net.columns_alone(each)[0] for each in self._batches(x)]
            return torch.cat(parts).numpy() @ self.score.weights

    def constant(self) -> np.ndarray:
        """The part that is the same for all rows, of shape (n_scores,)."""
        with computing(self.n_jobs), torch.no_grad():
            bias = self._net.bias.mean(dim=0).numpy()
        return bias @ self.score.weights + self.score.shift

    def at_rows(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of what columns add by themselves, and what they add together.

        Returns
        -------
        alone, together : ndarray of shape (n, n_scores)
        """
        alone, together = [], []
        with computing(self.n_jobs), torch.no_grad():
            for batch in self._batches(x):
                each, embedded = self._net.columns_alone(batch)
                alone.append(each.sum(dim=1))
                together.append(self._net.together(embedded).at_rows())
            parts = [torch.cat(each).numpy() for each in (alone, together)]
        alone, together = (part @ self.score.weights for part in parts)
        return alone, together

    def together_at(self, x: np.ndarray) -> RowsTogether:
        """What columns add together at rows of which some columns are replaced."""
        return RowsTogether(self, x)

    def embedded(self, x: np.ndarray) -> Tensor:
        """Embeddings of the columns, of shape (n, n_features, size)."""
        with computing(self.n_jobs), torch.no_grad():
            return torch.cat(
                [self._net.columns_alone(each)[1] for each in self._batches(x)]
            )

    @cached_property
    def _net(self) -> nn.Module:
        with default_modes():
            return deepcopy(self.module).cpu().double().eval()

    def _batches(self, x: np.ndarray) -> Iterator[Tensor]:
        x = torch.tensor(np.ascontiguousarray(x, dtype=np.float64))
        size = max(1, MAX_VALUES // max(1, x.shape[1] * self._net.n_per_column))
        return iter(x.split(size))


class RowsTogether:
    """What columns add together at rows, if some columns had other values.

    Parameters
    ----------
    sums : ColumnSums
    x : ndarray of shape (n, n_features)
        Coded rows.
    """

    def __init__(self, sums: ColumnSums, x: np.ndarray):
        self.sums = sums
        embedded = sums.embedded(x)
        with computing(sums.n_jobs), torch.no_grad():
            self.rows = sums._net.together(embedded)

    def at_rows(self) -> np.ndarray:
        """At the rows as they are, of shape (n, n_scores)."""
        with computing(self.sums.n_jobs), torch.no_grad():
            return self._scores(self.rows.at_rows())

    def replaced(self, positions: np.ndarray, embedded: Tensor) -> np.ndarray:
        """With other embeddings of some columns, of shape (n, n_scores).

        Parameters
        ----------
        positions : ndarray of int of shape (k,)
        embedded : Tensor of shape (n or 1, n_features, size)
            As :meth:`ColumnSums.embedded` returns them.
        """
        with computing(self.sums.n_jobs), torch.no_grad():
            columns = torch.as_tensor(positions)
            return self._scores(self.rows.replaced(columns, embedded[:, columns]))

    def _scores(self, raw: Tensor) -> np.ndarray:
        return raw.numpy() @ self.sums.score.weights
