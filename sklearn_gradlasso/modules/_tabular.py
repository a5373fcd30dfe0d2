"""A network for tables of numbers and categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..utils.networks import has_hooks
from ..utils.validation import check_count, check_hidden_layer_sizes
from ._mlp import MLP, applied
from ._table_columns import Columns

__all__ = ["TabularNet"]


class TabularNet(nn.Module):
    """Embeddings of columns with a perceptron on top; ``module="tabular"``.

    Each numeric column is mapped to ``embedding_size`` learned piecewise linear
    functions of its value. Each group of indicator columns (one variable, one-hot
    encoded) is mapped to as many learned values per category. A ReLU follows both. The
    piecewise linear functions have slopes, so the network has gradients with respect to
    the original columns. The functions are constant beyond their outer edges, which lie
    half a gap outside of the training values.

    Parameters
    ----------
    n_features : int
        Number of values in a row.
    n_outputs : int
        Number of outputs (raw scores; no activation on the last layer).
    columns : Columns
        Description of the columns of the training rows. Estimators make it from the
        training data and pass it on; this network is not made by hand.
    embedding_size : int, default=8
        Number of embedded values of each numeric column and each group.
    hidden_layer_sizes : int or sequence of int, default=(128, 128)
        Units in each hidden layer of the perceptron.
    generator : torch.Generator, optional
        Source of the initial weights; a fresh one with torch's default seed if not
        given.

    Raises
    ------
    ValueError
        If a size is not a positive integer.

    Notes
    -----
    A numeric column with up to 128 different values has one linear piece per value.
    With more values it has up to 32 pieces, which hold about equally many training
    rows. The functions are linear in the piecewise linear encoding of Gorishniy,
    Rubachev and Babenko (2022), *On Embeddings for Numerical Features in Tabular Deep
    Learning*.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        columns: Columns,
        embedding_size: int = 8,
        hidden_layer_sizes: int | Sequence[int] = (128, 128),
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        check_count("module_params: embedding_size", embedding_size)
        hidden_layer_sizes = check_hidden_layer_sizes(hidden_layer_sizes)
        generator = torch.Generator() if generator is None else generator
        self.numbers = _Numbers(columns, embedding_size, generator)
        self.categories = _Categories(columns, embedding_size, generator)
        n_embedded = embedding_size * (len(columns.numeric) + columns.n_groups)
        self.perceptron = MLP(
            n_embedded, n_outputs, hidden_layer_sizes, generator=generator
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        embedded = [self.numbers(x), self.categories(x)]
        return self.perceptron(torch.cat(embedded, dim=1))


class _Numbers(nn.Module):
    """Piecewise linear functions of columns, ``(n, n_features) -> (n, p * size)``.

    The parameter ``rise``, of shape (p, n_pieces, size), holds the difference of each
    function between the two ends of each piece. All columns have as many pieces as the
    one with most; ``inner`` tells the edges of real pieces from those that fill up.
    """

    def __init__(self, columns: Columns, size: int, generator: torch.Generator):
        super().__init__()
        n_bins = np.array([len(each) - 1 for each in columns.edges], dtype=np.int64)
        most = int(n_bins.max(initial=1))
        left, width = np.zeros((len(n_bins), most)), np.ones((len(n_bins), most))
        for j, edges in enumerate(columns.edges):
            left[j, : n_bins[j]], width[j, : n_bins[j]] = edges[:-1], np.diff(edges)
        known = {
            "at": columns.numeric,
            "left": left,
            "width": width,
            "right": np.array([each[-1] for each in columns.edges], dtype=np.float64),
            "inner": np.arange(1, most) < n_bins[:, None],
            "first": most * np.arange(len(n_bins)),
        }
        for name, values in known.items():
            self.register_buffer(name, torch.tensor(values))
        scale = torch.as_tensor(n_bins, dtype=torch.float32).rsqrt()[:, None, None]
        shape = len(n_bins), most, size
        rise = torch.randn(*shape, generator=generator, dtype=torch.float32) * scale
        self.rise = nn.Parameter(rise)
        self.bias = nn.Parameter(torch.zeros(len(n_bins), size, dtype=torch.float32))
        self.activation = nn.ReLU()
        self.left_end, self.right_end = nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = x.index_select(1, self.at)
        if not x.shape[1]:
            return x
        watched = has_hooks(self.left_end)
        values = self._by_layers(x) if watched else self._by_pieces(x)
        return applied(self.activation, values, self.training).flatten(1)

    def _by_pieces(self, x: Tensor) -> Tensor:
        x = torch.minimum(torch.maximum(x, self.left[:, 0]), self.right)
        reached = (x.detach()[:, :, None] >= self.left[:, 1:]) & self.inner
        piece = self.first + reached.sum(dim=2)
        before = self.rise.cumsum(dim=1) - self.rise
        pieces = torch.cat([before, self.rise], dim=2).flatten(0, 1)
        before, rise = functional.embedding(piece, pieces).chunk(2, dim=2)
        left, width = self.left.flatten()[piece], self.width.flatten()[piece]
        return before + rise * ((x - left) / width)[:, :, None] + self.bias

    def _by_layers(self, x: Tensor) -> Tensor:
        """The same values, where layers of torch do all that is not linear.

        DeepLift is exact then. It takes longer, because all pieces are computed.
        """
        position = (x[:, :, None] - self.left) / self.width
        within = 1 - self.right_end(1 - self.left_end(position))  # from 0 to 1
        real = functional.pad(self.inner, (1, 0), value=True)
        return torch.einsum("npk,pks->nps", within * real, self.rise) + self.bias


class _Categories(nn.Module):
    """Sums over groups of embedded indicators, ``(n, n_features) -> (n, g * size)``.

    All groups have as many columns as the largest one; ``counts`` tells real columns
    from those that fill up, which do not contribute.
    """

    def __init__(self, columns: Columns, size: int, generator: torch.Generator):
        super().__init__()
        sizes = np.bincount(columns.group)
        counts = np.arange(sizes.max(initial=0)) < sizes[:, None]
        at = np.zeros(counts.shape, dtype=np.int64)
        at[counts] = columns.two_valued
        self.register_buffer("at", torch.tensor(at))
        self.register_buffer("counts", torch.tensor(counts))
        shape = *counts.shape, size
        weight = torch.randn(*shape, generator=generator, dtype=torch.float32) / 2
        self.weight = nn.Parameter(weight * self.counts[:, :, None])
        self.bias = nn.Parameter(torch.zeros(len(sizes), size, dtype=torch.float32))
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        on = x.index_select(1, self.at.flatten()).unflatten(1, self.at.shape)
        weight = self.weight * self.counts[:, :, None]
        values = torch.einsum("ngj,gjk->ngk", on, weight) + self.bias
        return applied(self.activation, values, self.training).flatten(1)
