"""Bootstrap intervals over rows, or over blocks of rows that follow each other."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state, check_scalar

__all__ = ["BlockBootstrap", "bootstrap", "interval"]

MIN_BLOCKS = 10


class BlockBootstrap:
    """Poisson bootstrap of blocks of rows that follow each other.

    Each block counts in each resample as often as a Poisson variable of mean 1. For
    many blocks this is the ordinary bootstrap, but counts can be drawn batch by batch.

    Parameters
    ----------
    n_resamples : int
    block_length : int
        Rows of a block.
    generator : np.random.Generator
    """

    def __init__(
        self, n_resamples: int, block_length: int, generator: np.random.Generator
    ):
        self.n_resamples = n_resamples
        self.block_length = block_length
        self.generator = generator
        # A block may continue in the next batch, so its counts are kept.
        self._drawn = np.empty((n_resamples, 0))
        self._first = 0  # block of the first column

    def counts(self, start: int, stop: int) -> np.ndarray:
        """How often the rows start ... stop - 1 count in each resample.

        Batches of rows must be asked for in their order.

        Returns
        -------
        ndarray of shape (n_resamples, stop - start)
        """
        first, last = start // self.block_length, -(-stop // self.block_length)
        n_new = last - self._first - self._drawn.shape[1]
        new = self.generator.poisson(1.0, (self.n_resamples, n_new))
        self._drawn = np.hstack([self._drawn[:, first - self._first :], new])
        self._first = first
        return self._drawn[:, np.arange(start, stop) // self.block_length - first]


def bootstrap(
    n_rows: int, confidence_level, n_resamples, block_length, random_state
) -> BlockBootstrap | None:
    """The bootstrap that a user asks for; None without a confidence level.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or there are fewer than 10 blocks.
    """
    if confidence_level is None:
        return None
    bounds = {"min_val": 0, "max_val": 1, "include_boundaries": "neither"}
    check_scalar(confidence_level, "confidence_level", Real, **bounds)
    check_scalar(n_resamples, "n_resamples", Integral, min_val=2)
    check_scalar(block_length, "block_length", Integral, min_val=1)
    if n_rows < MIN_BLOCKS * block_length:
        raise ValueError(
            f"confidence_level needs {MIN_BLOCKS} blocks of rows at least, but "
            f"{n_rows} rows make fewer with block_length={block_length}; give more "
            "rows, shorter blocks, or no confidence_level."
        )
    seed = check_random_state(random_state).randint(2**31 - 1)
    return BlockBootstrap(n_resamples, block_length, np.random.default_rng(seed))


def interval(resampled: np.ndarray | None, level: float | None) -> np.ndarray | None:
    """Percentile interval over the first axis; its ends are on a new last axis."""
    if resampled is None:
        return None
    ends = [(1 - level) / 2, (1 + level) / 2]
    return np.moveaxis(np.quantile(resampled, ends, axis=0), 0, -1)
