"""A network for tables: functions of single columns, and interactions on top."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..utils.networks import has_hooks
from ..utils.validation import check_count, check_hidden_layer_sizes
from ._mlp import applied
from ._table_columns import Columns

__all__ = ["TabularNet"]


class TabularNet(nn.Module):
    """Functions of single columns plus a perceptron; ``module="tabular"``.

    A raw score is ``b + sum_j a_j(x_j) + h(z_1(x_1), ..., z_d(x_d))``. Each ``a_j`` and
    each embedding ``z_j`` is a piecewise linear function of a number, or has a value
    for each level of a category; both have a value of their own for a missing cell. The
    perceptron h is for interactions. Its last layer begins at zero. There are several
    such networks, the members, whose scores are averaged and which learn each by
    itself.

    Parameters
    ----------
    n_features : int
        Number of columns.
    n_outputs : int
        Number of outputs (raw scores; no activation on the last layer).
    columns : Columns
        Description of the columns of the training rows. Estimators make it from the
        training data and pass it on; this network is not made by hand.
    n_members : int, default=4
        Number of networks whose scores are averaged.
    embedding_size : int, default=8
        Number of values in the embedding of each column.
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Units in each hidden layer of the perceptron.
    generator : torch.Generator, optional
        Source of the initial weights; a fresh one with torch's default seed if not
        given.

    Attributes
    ----------
    column_of : Tensor of shape (n_encodings,), int64
        The column that each encoding is of.

    Raises
    ------
    ValueError
        If a size is not a positive integer.

    Notes
    -----
    The functions are linear in the piecewise linear encoding of Gorishniy, Rubachev and
    Babenko (2022), *On Embeddings for Numerical Features in Tabular Deep Learning*.
    They are constant beyond the training values.
    """

    same_in_both_modes = True

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        columns: Columns,
        n_members: int = 4,
        embedding_size: int = 8,
        hidden_layer_sizes: int | Sequence[int] = (64,),
        n_pieces: int | None = None,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        check_count("module_params: n_members", n_members)
        check_count("module_params: embedding_size", embedding_size)
        hidden_layer_sizes = check_hidden_layer_sizes(hidden_layer_sizes)
        generator = torch.Generator() if generator is None else generator
        self.n_members, self.shape = n_members, (n_members, n_outputs)
        n_additive = n_members * n_outputs
        n_embedded = n_members * embedding_size
        self.position = _Position(columns)
        self.additive = _Pieces(columns, n_additive)
        self.embedding = _Pieces(columns, n_embedded, generator)
        self.interactions = _Interactions(
            columns, n_members, embedding_size, n_outputs, hidden_layer_sizes, generator
        )
        self.bias = nn.Parameter(torch.zeros(self.shape, dtype=torch.float32))
        of_column = np.arange(n_features).repeat(n_additive + n_embedded)
        self.register_buffer("column_of", torch.from_numpy(of_column))

    def forward(self, x: Tensor) -> Tensor:
        if self.position.is_watched:
            within = self.position.by_layers(x)
            parts = [each.weighted(within) for each in self._pieces]
            return self.from_encoded(torch.cat(parts, dim=2).flatten(1))
        place, fraction = self.position(x)
        tables = [each.tables()[:2] for each in self._pieces]
        base, rise = _looked_up(place, tables)
        return self.from_encoded((base + rise * fraction[:, :, None]).flatten(1))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values of the functions of the columns, and how a column moves its own.

        Parameters
        ----------
        x : Tensor of shape (n, n_features)
            Rows of a coded table; NaN where a value is missing.

        Returns
        -------
        encodings, directions : Tensor of shape (n, n_encodings)
            The direction is the derivative by a number. For a category and for a
            missing cell it is the difference from the average of the training rows.
        """
        place, fraction = self.position(x)
        tables = [each.tables() for each in self._pieces]
        base, rise, direction = _looked_up(place, tables)
        encodings = base + rise * fraction[:, :, None]
        return encodings.flatten(1), direction.flatten(1)

    def from_encoded(self, encodings: Tensor) -> Tensor:
        """The output for encodings of rows, ``(n, n_encodings) -> (n, n_outputs)``."""
        return self._of_members(encodings).mean(dim=1)

    def with_members(
        self, encodings: Tensor, share: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The output for encodings of rows, and that of each member.

        Parameters
        ----------
        encodings : Tensor of shape (n, n_encodings)
        share : Tensor of shape (n, n_members), optional
            Shares of the members in the output of each row; equal if not given.

        Returns
        -------
        output : Tensor of shape (n, n_outputs)
        of_members : Tensor of shape (n, n_members, n_outputs)
        """
        of_members = self._of_members(encodings)
        if share is None:
            return of_members.mean(dim=1), of_members
        return torch.einsum("nk,nko->no", share, of_members), of_members

    def _of_members(self, encodings: Tensor) -> Tensor:
        n_members, n_outputs = self.shape
        n_additive = n_members * n_outputs
        encodings = encodings.unflatten(1, (self.position.n_columns, -1))
        alone = encodings[:, :, :n_additive].sum(dim=1).unflatten(1, self.shape)
        return self.bias + alone + self.interactions(encodings[:, :, n_additive:])

    @staticmethod
    def optimizer_params(rate: float, is_small: bool) -> dict[str, Any]:
        """Parameters of AdamW with which the network learns well.

        Interactions learn more slowly than functions of single columns, above all from
        few rows.

        Parameters
        ----------
        rate : float
            Learning rate of the functions of single columns.
        is_small : bool
            Whether rows are few, and none of them decides when training stops.
        """
        slow = rate / (10 if is_small else 3)
        groups = [
            ("*additive.*", {"weight_decay": 3.0 if is_small else 0.5}),
            ("*embedding.*", {"lr": slow}),
            ("*interactions.*", {"lr": slow, "weight_decay": 0.2}),
        ]
        return {"weight_decay": 0.0, "param_groups": groups}

    @property
    def _pieces(self) -> tuple[_Pieces, _Pieces]:
        return self.additive, self.embedding


def _looked_up(place: Tensor, tables: Sequence[Sequence[Tensor]]) -> Sequence[Tensor]:
    """Rows of tables at places: those of one kind beside each other."""
    kinds = [torch.cat(of_kind, dim=2) for of_kind in zip(*tables)]
    width = kinds[0].shape[2]
    found = functional.embedding(place, torch.cat(kinds, dim=2).flatten(0, 1))
    return found.split(width, dim=2)


class _Position(nn.Module):
    """Where the values of a row lie: the place in a table of pieces, and the fraction.

    Each column has ``most`` places for its pieces or levels, and one for a missing
    value behind them. ``fraction`` tells how far a number has come within its piece.
    """

    def __init__(self, columns: Columns):
        super().__init__()
        n_pieces, self.n_columns = columns.n_pieces, len(columns.n_pieces)
        most = int(n_pieces.max(initial=1))
        left, width = np.zeros((self.n_columns, most)), np.ones((self.n_columns, most))
        right = np.zeros(self.n_columns)
        is_number = np.array([knots is not None for knots in columns.knots], dtype=bool)
        for j in np.flatnonzero(is_number):
            knots = columns.knots[j]
            left[j, : n_pieces[j]], width[j, : n_pieces[j]] = knots[:-1], np.diff(knots)
            right[j] = knots[-1]
        numbers, others = np.flatnonzero(is_number), np.flatnonzero(~is_number)
        known = {
            "numbers": numbers,
            "others": others,
            "order": np.argsort(np.concatenate([numbers, others])),
            "left": left[numbers],
            "width": width[numbers],
            "right": right[numbers],
            "inner": np.arange(1, most) < n_pieces[numbers, None],
            "last": n_pieces[others] - 1,
            "first": (most + 1) * np.arange(self.n_columns),
        }
        for name, values in known.items():
            self.register_buffer(name, torch.tensor(values))
        self.most = most
        self.left_end, self.right_end = nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Places (int64) and fractions, each of shape (n, n_columns)."""
        x = x.flatten(1)
        is_missing = x.isnan()
        x = x.masked_fill(is_missing, 0.0)
        number, code = x.index_select(1, self.numbers), x.index_select(1, self.others)
        number = torch.minimum(torch.maximum(number, self.left[:, 0]), self.right)
        reached = (number.detach()[:, :, None] >= self.left[:, 1:]) & self.inner
        piece = reached.sum(dim=2)
        left, width = (
            each.expand(len(x), -1, -1).gather(2, piece[:, :, None]).squeeze(2)
            for each in (self.left, self.width)
        )
        fraction = torch.cat([(number - left) / width, torch.zeros_like(code)], dim=1)
        code = torch.minimum(code.detach().long(), self.last)
        place = torch.cat([piece, code], dim=1).index_select(1, self.order)
        fraction = fraction.index_select(1, self.order)
        place = torch.where(is_missing, self.most, place) + self.first
        return place, fraction.masked_fill(is_missing, 0.0)

    @property
    def is_watched(self) -> bool:
        return has_hooks(self.left_end)

    def by_layers(self, x: Tensor) -> Tensor:
        """Activations of all pieces, where layers of torch do all that is not linear.

        DeepLift is exact then. It takes longer, because all pieces are computed.

        Returns
        -------
        Tensor of shape (n, n_columns, most + 1)
        """
        place, _ = self.forward(x)
        within = functional.one_hot(place - self.first, self.most + 1).to(x.dtype)
        number = x.index_select(1, self.numbers)
        known = ~number.isnan()
        number = number.masked_fill(~known, 0.0)
        part = (number[:, :, None] - self.left) / self.width
        part = 1 - self.right_end(1 - self.left_end(part))  # from 0 to 1
        real = functional.pad(self.inner, (1, 0), value=True)
        part = functional.pad(part * real, (0, 1))
        of_numbers = torch.where(
            known[:, :, None], part, within.index_select(1, self.numbers)
        )
        others = within.index_select(1, self.others)
        return torch.cat([of_numbers, others], dim=1).index_select(1, self.order)


class _Pieces(nn.Module):
    """Piecewise linear functions of numbers, and values of levels.

    The parameter ``weight``, of shape (n_columns, most, n_functions), holds the rise of
    each function over each piece of a number, or its value for each level of a
    category; ``missing`` holds what a missing value adds to the value of the median or
    to the average level.

    Parameters
    ----------
    columns : Columns
    n_functions : int
    generator : torch.Generator, optional
        Draws the initial weights; they are zero without it.
    """

    def __init__(
        self,
        columns: Columns,
        n_functions: int,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        n_columns, n_pieces = len(columns.n_pieces), columns.n_pieces
        most = int(n_pieces.max(initial=1))
        is_number = np.array([knots is not None for knots in columns.knots], dtype=bool)
        width = np.ones((n_columns, most))
        mean, if_missing = np.zeros((2, n_columns, most))
        is_unseen = np.zeros((n_columns, most), dtype=bool)
        for j, n in enumerate(n_pieces):
            mean[j, :n], if_missing[j, :n] = columns.mean[j], columns.if_missing[j]
            if is_number[j]:
                width[j, :n] = np.diff(columns.knots[j])
            else:
                is_unseen[j, :n] = columns.mean[j] == 0
        known = {
            "is_number": is_number[:, None, None],
            "is_unseen": is_unseen[:, :, None],
            "width": width[:, :, None],
            "mean": mean,
            "if_missing": if_missing,
            "share_missing": columns.missing[:, None],
        }
        for name, values in known.items():
            self.register_buffer(name, torch.tensor(values))
        shape = n_columns, most, n_functions
        weight = torch.zeros(shape, dtype=torch.float32)
        if generator is not None:
            size = np.where(is_number, n_pieces.clip(min=1) ** -0.5, 1.0)
            weight = torch.randn(shape, generator=generator, dtype=torch.float32)
            weight *= torch.tensor(size[:, None, None], dtype=torch.float32)
        self.weight = nn.Parameter(weight)
        zeros = torch.zeros(n_columns, n_functions, dtype=torch.float32)
        self.missing = nn.Parameter(zeros)

    def tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """What places hold: values at the left, rises, and directions.

        Each has shape (n_columns, most + 1, n_functions). The last row is for missing
        values.
        """
        weight, if_missing = self._weight(), self._if_missing()
        before = weight.cumsum(dim=1) - weight
        base = torch.where(self.is_number, before, weight)
        base = torch.cat([base, if_missing[:, None]], dim=1)
        rise = torch.where(self.is_number, weight, 0.0)
        rise = functional.pad(rise, (0, 0, 0, 1))
        average = torch.einsum("dp,dpc->dc", self.mean, weight)
        average = average + self.share_missing * (if_missing - average)
        away = base - average[:, None]
        slope = torch.where(self.is_number, weight / self.width, away[:, :-1])
        return base, rise, torch.cat([slope, away[:, -1:]], dim=1)

    def weighted(self, within: Tensor) -> Tensor:
        """Values of the functions from activations, (n, n_columns, n_functions)."""
        every = torch.cat([self._weight(), self._if_missing()[:, None]], dim=1)
        return torch.einsum("ndp,dpc->ndc", within, every)

    def _weight(self) -> Tensor:
        """Weights, where a level that no training row has is the average level."""
        average = torch.einsum("dp,dpc->dc", self.mean, self.weight)
        return torch.where(self.is_unseen, average[:, None], self.weight)

    def _if_missing(self) -> Tensor:
        return torch.einsum("dp,dpc->dc", self.if_missing, self.weight) + self.missing


class _Interactions(nn.Module):
    """Perceptrons on the embeddings of all columns, one for each member.

    Columns that share a slot add up: the indicators of one variable.
    """

    def __init__(
        self,
        columns: Columns,
        n_members: int,
        embedding_size: int,
        n_outputs: int,
        hidden_layer_sizes: Sequence[int],
        generator: torch.Generator,
    ):
        super().__init__()
        self.n_members, n_slots = n_members, columns.n_slots
        own = n_slots == len(columns.slot)
        slot = None if own else torch.from_numpy(columns.slot)
        self.register_buffer("slot", slot)
        self.n_slots = n_slots
        zeros = torch.zeros(n_slots, n_members * embedding_size, dtype=torch.float32)
        self.bias = nn.Parameter(zeros)
        self.scale = nn.Parameter(torch.ones(n_slots, n_members, 1))
        sizes = [n_slots * embedding_size, *hidden_layer_sizes]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for fan_in, fan_out in pairwise(sizes):
            shape = n_members, fan_in, fan_out
            weight = torch.randn(shape, generator=generator, dtype=torch.float32)
            self.weights.append(weight * (2 / fan_in) ** 0.5)
            self.biases.append(torch.zeros(n_members, 1, fan_out))
        self.last = nn.Parameter(torch.zeros(n_members, sizes[-1], n_outputs))
        self.activations = nn.ModuleList(nn.ReLU() for _ in sizes)

    def forward(self, embedded: Tensor) -> Tensor:
        """``(n, n_columns, n_members * size) -> (n, n_members, n_outputs)``."""
        if self.slot is not None:
            slots = embedded.new_zeros(len(embedded), self.n_slots, embedded.shape[2])
            embedded = slots.index_add(1, self.slot, embedded)
        first, *others = self.activations
        z = applied(first, embedded + self.bias, self.training)
        z = z.unflatten(2, (self.n_members, -1)) * self.scale
        h = z.permute(2, 0, 1, 3).flatten(2)
        for weight, bias, activation in zip(self.weights, self.biases, others):
            h = applied(activation, torch.bmm(h, weight) + bias, self.training)
        return torch.bmm(h, self.last).transpose(0, 1)
