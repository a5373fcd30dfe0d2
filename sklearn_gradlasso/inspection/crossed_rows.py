"""Scalars of a network for tables at rows that get columns of other rows.

Each row is crossed with each of the other rows. The whole network would be asked for
all of these rows; here only what a column gives to the first layer is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from sklearn.utils import gen_batches
from torch import Tensor

from ..modules._together import Together
from ..objective import Score
from ..utils.networks import column_sum_of
from ..utils.threads import computing
from .evaluation import evaluating, finite
from .explainable import Explainable

__all__ = ["CrossedRows"]

# Encodings of rows, and answers to crossed rows, that are computed for a column.
MAX_ENCODINGS, MAX_ANSWERS = 2**20, 2**20
MAX_UNITS = 2**19  # units of the first layer that are computed at once, in the cache


class CrossedRows:
    """A network at rows, at other rows, and at rows with columns of the other rows.

    Parameters
    ----------
    network : Explainable
        Its module is a sum over columns, and of what they do together.
    x, others : ndarray of shape (n, n_features)
        Rows as the network sees them.

    Attributes
    ----------
    at_rows, at_background : ndarray of shape (n,) or (n, m)
        The scalars at x and at the other rows, float64.
    """

    def __init__(self, network: Explainable, x: np.ndarray, others: np.ndarray):
        self.network, self.x = network, x
        self.at_rows = network.scores(x).astype(np.float64)
        self.at_background = network.scores(others).astype(np.float64)
        self.sum = column_sum_of(network.module)
        self.score = Score(network.module.after_sum, network.target)
        with self._computing():
            parts = [self._encoded(others[rows]) for rows in self._parts(len(others))]
            self.others = [torch.cat(each) for each in zip(*parts)]

    def moved(
        self, replaced: Sequence[tuple[Sequence[int], np.ndarray]]
    ) -> Iterator[tuple[int, slice, np.ndarray]]:
        """How far the scalars move when columns get other values.

        Parameters
        ----------
        replaced : sequence of (positions, chosen)
            For each column the positions of its features, and those of k other rows.

        Yields
        ------
        j : int
            Position in ``replaced``.
        rows : slice
        moved : ndarray of shape (n_rows, k) or (n_rows, k, m)
            ``f(x_i) - f(x_i; j <- x_bj)``, float64.

        Raises
        ------
        ValueError
            If a scalar is infinite or NaN.
        """
        longest = max((len(chosen) for _, chosen in replaced), default=1)
        most = MAX_ANSWERS // (longest * self.sum.shape[1])
        for rows in self._parts(len(self.x), most):
            with self._computing():
                alone, embedded = self._encoded(self.x[rows])
                together = self.sum.together(embedded)
            for j, (positions, chosen) in enumerate(replaced):
                with self._computing():
                    moved = self._moved(alone, together, positions, chosen)
                yield j, rows, finite(moved, "output")

    def _moved(
        self,
        alone: Tensor,
        together: Together,
        positions: Sequence[int],
        chosen: np.ndarray,
    ) -> Tensor:
        columns, chosen = (
            torch.as_tensor(each, device=alone.device) for each in (positions, chosen)
        )
        other_alone, other_embedded = (each[chosen][:, columns] for each in self.others)
        own, other = alone[:, columns].sum(dim=1), other_alone.sum(dim=1)
        crossed = together.crossed(columns, other_embedded)
        # What does not change comes first, so that equal values move nothing.
        base = self.sum.bias.mean(dim=0) + alone.sum(dim=1)
        scores = self.score(base + together.at_rows()).double()
        moved, n_units = [], together.first[:, 0].numel() * len(chosen)
        for rows in gen_batches(len(alone), max(1, MAX_UNITS // n_units)):
            raw = base[rows, None] + (other - own[rows, None]) + crossed.at(rows)
            found = self.score(raw.flatten(0, 1)).unflatten(0, raw.shape[:2])
            moved.append(scores[rows, None] - found.double())
        return torch.cat(moved).cpu()

    def _encoded(self, x: np.ndarray) -> tuple[Tensor, Tensor]:
        return self.sum.columns_alone(self.network.rows_of(x)[:][0])

    def _parts(self, n: int, most: int = MAX_ANSWERS) -> Iterator[slice]:
        """Groups of rows whose encodings are kept at once."""
        size = MAX_ENCODINGS // max(1, self.x.shape[1] * self.sum.n_per_column)
        return gen_batches(n, max(1, min(size, most)))

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with computing(self.network.n_jobs), evaluating(self.network.module):
            yield
