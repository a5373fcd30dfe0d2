"""Functions of single columns of a table, which are linear between knots.

Each column has ``most`` places for its pieces or levels, and one for a missing value
behind them. :class:`Position` finds the place of each value, and :class:`Pieces` has
what the functions are there.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..utils.networks import has_hooks
from ._columns import Columns

__all__ = ["Functions", "Lines", "Pieces", "Position"]

OF_LEVELS = 3.0  # values of levels, in units of their weights


class Position(nn.Module):
    """Where the values of a row lie: places, and fractions of numbers within a piece.

    Parameters
    ----------
    columns : Columns
    """

    def __init__(self, columns: Columns):
        super().__init__()
        n_columns, most = columns.n_columns, columns.most
        left, inverse = np.zeros((2, n_columns, most + 1))
        right = (columns.n_pieces - 1).astype(np.float64)
        for j, knots in enumerate(columns.knots):
            n = columns.n_pieces[j]
            if knots is None:
                left[j, :n] = np.arange(n)
            else:
                left[j, :n], right[j] = knots[:-1], knots[-1]
                inverse[j, :n] = 1 / np.diff(knots)
        inner = left[:, 1:most].copy()
        none = np.arange(1, most) >= columns.n_pieces[:, None]
        inner[none] = np.broadcast_to(right[:, None], inner.shape)[none]
        known = {
            "inner": inner,
            "first_left": left[:, 0],
            "right": right,
            "last": columns.n_pieces - 1,
            "offset": (most + 1) * np.arange(n_columns),
            "scales": np.stack([left, inverse], axis=2).reshape(-1, 2),
        }
        for name, values in known.items():
            self.register_buffer(name, torch.tensor(values))
        self.most, self.n_columns = most, n_columns
        self.left_end, self.right_end = nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Places (int64) and fractions, each of shape (n, n_columns).

        Places are numbered through all columns. The fraction is 0 for a category and
        where a value is missing.
        """
        is_missing = x.isnan()
        x = x.masked_fill(is_missing, 0.0).clamp(self.first_left, self.right)
        by_columns = x.detach().T.contiguous()
        place = torch.searchsorted(self.inner, by_columns, right=True).T
        place = torch.minimum(place, self.last)
        place = torch.where(is_missing, self.most, place) + self.offset
        left, inverse = functional.embedding(place, self.scales).unbind(2)
        return place, (x - left) * inverse

    @property
    def knots(self) -> list[np.ndarray]:
        """Knots of each number, and the codes of each category."""
        scales = self.scales.unflatten(0, (self.n_columns, -1)).cpu().numpy()
        ends, lasts = self.right.cpu().numpy(), self.last.cpu().numpy()
        return [
            np.append(left[: n + 1], right) if inverse[0] else left[: n + 1]
            for (left, inverse), n, right in zip(scales.swapaxes(1, 2), lasts, ends)
        ]

    @property
    def is_watched(self) -> bool:
        """Whether a tool has put a hook on its layers."""
        return has_hooks(self.left_end)

    def by_layers(self, x: Tensor) -> Tensor:
        """How much of each piece or level counts, where layers of torch do the rest.

        DeepLift is exact then. It takes longer, because all pieces are computed.

        Returns
        -------
        Tensor of shape (n, n_columns, most + 1)
        """
        place, _ = self(x)
        is_at = functional.one_hot(place - self.offset, self.most + 1).to(x.dtype)
        is_missing = x.isnan()
        left, inverse = self.scales.unflatten(0, (self.n_columns, -1)).unbind(2)
        part = (x.masked_fill(is_missing, 0.0)[:, :, None] - left) * inverse
        part = 1 - self.right_end(1 - self.left_end(part))  # from 0 to 1
        is_number = (inverse[:, :1] > 0) & ~is_missing[:, :, None]
        return torch.where(is_number, part, is_at)


class Functions(nn.Module):
    """Parameters of functions of the columns.

    ``weight`` holds the rise of each function over each piece of a number, or its value
    for each level of a category. ``missing`` holds what a missing value adds to the
    value of the median or to the average level.

    Parameters
    ----------
    columns : Columns
    n_functions : int
    generator : torch.Generator, optional
        Draws the initial weights; they are zero without it.

    Attributes
    ----------
    weight : Parameter of shape (n_columns, most, n_functions)
    missing : Parameter of shape (n_columns, n_functions)
    """

    def __init__(
        self,
        columns: Columns,
        n_functions: int,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        shape = columns.n_columns, columns.most, n_functions
        weight = torch.zeros(shape, dtype=torch.float32)
        if generator is not None:
            size = np.where(columns.is_number, columns.n_pieces**-0.5, 1.0)
            weight = torch.randn(shape, generator=generator, dtype=torch.float32)
            weight *= torch.tensor(size[:, None, None], dtype=torch.float32)
        self.weight = nn.Parameter(weight)
        zeros = torch.zeros(columns.n_columns, n_functions, dtype=torch.float32)
        self.missing = nn.Parameter(zeros)

    @property
    def rises(self) -> Tensor:
        """What :class:`Pieces` takes, of shape (n_columns, most, n_functions)."""
        return self.weight


class Lines(Functions):
    """Functions that are a straight line for each number, and what pieces add to it.

    All of them begin at zero. Lines learn from few rows, pieces need more: pieces can
    be shrunk without shrinking lines. Values of levels are three times their weights,
    so that they are shrunk less than pieces: no line is below them. Indicators of the
    levels of one variable are levels, too: with lines, rare levels would be overfitted.

    Parameters
    ----------
    columns : Columns
    n_functions : int

    Attributes
    ----------
    line : Parameter of shape (n_columns, n_functions)
        Rises of the lines over the spread of a number.
    """

    def __init__(self, columns: Columns, n_functions: int):
        super().__init__(columns, n_functions)
        zeros = torch.zeros(columns.n_columns, n_functions, dtype=torch.float32)
        self.line = nn.Parameter(zeros)
        widths = np.zeros((columns.n_columns, columns.most))
        is_level = columns.is_level
        for j, knots in enumerate(columns.knots):
            if not is_level[j]:
                widths[j, : len(knots) - 1] = np.diff(knots) / columns.spread[j]
        self.register_buffer("widths", torch.tensor(widths[:, :, None]))
        sizes = np.where(is_level, OF_LEVELS, 1.0)
        self.register_buffer("sizes", torch.tensor(sizes[:, None, None]))

    @property
    def rises(self) -> Tensor:
        return self.sizes * self.weight + self.line[:, None] * self.widths


class Pieces(nn.Module):
    """What functions of the columns are at each place.

    Parameters
    ----------
    columns : Columns
    """

    def __init__(self, columns: Columns):
        super().__init__()
        n_columns, most = columns.n_columns, columns.most
        known, if_missing = np.zeros((2, n_columns, most))
        inverse = np.zeros((n_columns, most + 1))
        is_piece = np.zeros((n_columns, most + 1), dtype=bool)
        is_unseen = np.zeros((n_columns, most), dtype=bool)
        for j, n in enumerate(columns.n_pieces):
            known[j, :n], if_missing[j, :n] = columns.mean[j], columns.if_missing[j]
            if columns.is_number[j]:
                inverse[j, :n] = 1 / np.diff(columns.knots[j])
                is_piece[j, :most] = True
            else:
                is_unseen[j, :n] = columns.mean[j] == 0
        share = columns.missing[:, None]
        every = known + share * (if_missing - known)
        buffers = {
            "averages": np.stack([known, if_missing, every], axis=1),
            "inverse": inverse[:, :, None],
            "is_piece": is_piece[:, :, None],
            "is_unseen": is_unseen[:, :, None],
            "share_missing": share,
        }
        for name, values in buffers.items():
            self.register_buffer(name, torch.tensor(values))

    def tables(self, weight: Tensor, missing: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What functions are at each place, the last of which is a missing value.

        Parameters
        ----------
        weight : Tensor of shape (n_columns, most, n_functions)
        missing : Tensor of shape (n_columns, n_functions)

        Returns
        -------
        base, rise, direction : Tensor of shape (n_columns, most + 1, n_functions)
            Values at the left of a place, and how far they rise in it, which counts for
            numbers only. The direction is the slope of a number, and the difference
            from the average of the training rows for a category and a missing value.
        """
        rise, average = self._each(weight, missing)
        base = torch.where(self.is_piece, rise.cumsum(dim=1) - rise, rise)
        away = base - average[:, None]
        return base, rise, torch.where(self.is_piece, rise * self.inverse, away)

    def weighted(self, within: Tensor, weight: Tensor, missing: Tensor) -> Tensor:
        """Values from what :meth:`Position.by_layers` gives."""
        return torch.einsum("ndp,dpc->ndc", within, self._each(weight, missing)[0])

    def _each(self, weight: Tensor, missing: Tensor) -> tuple[Tensor, Tensor]:
        """Rises of numbers, values of levels and missing values, and averages.

        A level that no training row has is the average level.
        """
        known, if_missing, every = torch.bmm(self.averages, weight).unbind(1)
        weight = torch.where(self.is_unseen, known[:, None], weight)
        each = torch.cat([weight, (if_missing + missing)[:, None]], dim=1)
        return each, every + self.share_missing * missing
