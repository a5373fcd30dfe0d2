"""A network for tables: functions of single columns, and interactions on top."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..utils.validation import check_count, check_hidden_layer_sizes
from ._columns import Columns
from ._mlp import applied
from ._table_pieces import Functions, Lines, Pieces, Position
from ._together import Together

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
    n_members : int, default=5
        Number of networks whose scores are averaged; an estimator passes 5 up to 10,000
        distinct rows, and 2 for more.
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
    is_category : Tensor of shape (n_columns,), bool

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
        n_members: int = 5,
        embedding_size: int = 8,
        hidden_layer_sizes: int | Sequence[int] = (64,),
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        check_count("module_params: n_members", n_members)
        check_count("module_params: embedding_size", embedding_size)
        hidden_layer_sizes = check_hidden_layer_sizes(hidden_layer_sizes)
        generator = torch.Generator() if generator is None else generator
        self.n_members, self.shape = n_members, (n_members, n_outputs)
        self.widths = n_members * n_outputs, n_members * embedding_size
        self.position, self.pieces = Position(columns), Pieces(columns)
        self.additive = Lines(columns, self.widths[0])
        self.embedding = Functions(columns, self.widths[1], generator)
        self.interactions = _Interactions(
            columns, n_members, embedding_size, n_outputs, hidden_layer_sizes, generator
        )
        self.bias = nn.Parameter(torch.zeros(self.shape, dtype=torch.float32))
        of_column = np.arange(n_features).repeat(sum(self.widths))
        self.register_buffer("column_of", torch.from_numpy(of_column))
        self.register_buffer("is_category", torch.tensor(~columns.is_number))

    @property
    def n_per_column(self) -> int:
        return sum(self.widths)

    @property
    def column_sum(self) -> TabularNet:
        """The part that is a sum over columns, and of interactions: itself."""
        return self

    @property
    def after_sum(self) -> nn.Module:
        """What turns the raw scores of the sum into the output: nothing."""
        return nn.Identity()

    @property
    def places(self) -> list[np.ndarray]:
        """Knots of each number, and the codes of each category, in coded units.

        A number that is constant in the training rows has one knot.
        """
        first = self.pieces.averages[:, 0, 0].cpu().numpy()
        is_number = self.pieces.is_piece[:, 0, 0].cpu().numpy()
        return [
            knots[:1] if number and not share and len(knots) == 2 else knots
            for knots, number, share in zip(self.position.knots, is_number, first)
        ]

    def columns_alone(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The functions of single columns, as averages of the members.

        Parameters
        ----------
        x : Tensor of shape (n, n_features)
            Rows of a coded table; NaN where a value is missing.

        Returns
        -------
        alone : Tensor of shape (n, n_features, n_outputs)
            What each column adds to the raw scores by itself.
        embedded : Tensor of shape (n, n_features, n_members * embedding_size)
            What :meth:`together` takes.
        """
        by_column = self.encode(x)[0].unflatten(1, (self.position.n_columns, -1))
        alone, embedded = by_column.split(self.widths, dim=2)
        return alone.unflatten(2, self.shape).mean(dim=2), embedded

    def together(self, embedded: Tensor) -> Together:
        """What columns add together, at rows whose columns may be replaced.

        Parameters
        ----------
        embedded : Tensor of shape (n, n_features, n_members * embedding_size)
        """
        return Together(self.interactions, embedded)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        if self.position.is_watched:
            within = self.position.by_layers(x)
            values = self.pieces.weighted(within, *self._functions())
            return self.from_encoded(values.flatten(1))
        place, fraction = self.position(x)
        tables = self.pieces.tables(*self._functions())
        base, rise = _looked_up(place, tables[:2])
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
            The direction is the derivative by a number; at a knot that of the piece
            above it, and at the last one that of the piece below. For a category and
            for a missing cell it is the difference from the average of the training
            rows.
        """
        place, fraction = self.position(x.flatten(1))
        base, rise, direction = self.pieces.tables(*self._functions())
        # Directions are looked up by themselves: the graph often does not need them.
        (directions,) = _looked_up(place, [direction])
        base, rise = _looked_up(place, [base, rise])
        encodings = base + rise * fraction[:, :, None]
        return encodings.flatten(1), directions.flatten(1)

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
        return (share[:, :, None] * of_members).sum(dim=1), of_members

    def _functions(self) -> tuple[Tensor, Tensor]:
        """Weights of all functions, first those that are additive."""
        parts = self.additive, self.embedding
        weight = torch.cat([part.rises for part in parts], dim=2)
        return weight, torch.cat([part.missing for part in parts], dim=1)

    def _of_members(self, encodings: Tensor) -> Tensor:
        by_column = encodings.unflatten(1, (self.position.n_columns, -1))
        alone, embedded = by_column.split(self.widths, dim=2)
        alone = alone.sum(dim=1).unflatten(1, self.shape)
        return self.bias + alone + self.interactions(embedded)

    @staticmethod
    def optimizer_params(rate: float, is_small: bool) -> dict[str, Any]:
        """Parameters of AdamW with which the network learns well.

        Lines learn faster than the pieces that are added to them, and interactions more
        slowly, above all from few rows.

        Parameters
        ----------
        rate : float
            Learning rate of the functions of single columns.
        is_small : bool
            Whether rows are few, and none of them decides when training stops.
        """
        slow = rate / (10 if is_small else 3)
        groups = [
            ("*additive.line", {"lr": 2 * rate, "weight_decay": 0.1}),
            ("*additive.*", {"weight_decay": 10.0 if is_small else 3.0}),
            ("*embedding.*", {"lr": slow}),
            ("*interactions.*", {"lr": slow, "weight_decay": 0.2}),
        ]
        return {"weight_decay": 0.0, "param_groups": groups}


def _looked_up(place: Tensor, tables: Sequence[Tensor]) -> Sequence[Tensor]:
    """Rows of tables at places, from one look that is made for all of them."""
    width = tables[0].shape[2]
    table = torch.cat(tables, dim=2) if len(tables) > 1 else tables[0]
    return functional.embedding(place, table.flatten(0, 1)).split(width, dim=2)


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
        slot = None if own else torch.tensor(columns.slot)
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
        z = self.activated(self.by_slot(embedded) + self.bias)
        first = self.first_weight().flatten(1, 2)
        if not len(self.biases):
            return torch.bmm(z, first).transpose(0, 1)
        return self.beyond(torch.baddbmm(self.biases[0], z, first))

    def by_slot(self, embedded: Tensor) -> Tensor:
        """Sums of the embeddings of each slot, ``(n, n_slots, n_members * size)``."""
        if self.slot is None:
            return embedded
        slots = embedded.new_zeros(len(embedded), self.n_slots, embedded.shape[2])
        return slots.index_add(1, self.slot, embedded)

    def activated(self, z: Tensor) -> Tensor:
        """What the first layer is given, ``(n_members, n, n_slots * size)``."""
        z = applied(self.activations[0], z, self.training)
        return z.unflatten(2, (self.n_members, -1)).permute(2, 0, 1, 3).flatten(2)

    def first_weight(self) -> Tensor:
        """The weight of the first layer, for embeddings that are not scaled.

        Its shape is (n_members, n_slots, size, fan_out).
        """
        weight = [*self.weights, self.last][0]
        of_slots = weight.unflatten(1, (self.n_slots, -1))
        return of_slots * self.scale.transpose(0, 1)[:, :, :, None]

    def beyond(self, h: Tensor) -> Tensor:
        """The output from sums of the first layer, of shape (n_members, n, fan_out)."""
        if not len(self.biases):
            return h.transpose(0, 1)
        *between, last = [*self.weights, self.last][1:]
        activations = self.activations[1:]
        # Tools such as DeepLift expect rows at the first axis of a layer.
        h = applied(activations[0], h.transpose(0, 1), self.training).transpose(0, 1)
        for weight, bias, activation in zip(between, self.biases[1:], activations[1:]):
            h = torch.baddbmm(bias, h, weight).transpose(0, 1)
            h = applied(activation, h, self.training).transpose(0, 1)
        return torch.bmm(h, last).transpose(0, 1)
