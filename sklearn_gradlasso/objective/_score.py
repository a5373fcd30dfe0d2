"""The explained scalar as a function of the inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..utils.cudnn import twice_differentiable
from ..utils.networks import (
    is_category_of,
    n_networks_of,
    raw_scores_of,
    same_in_both_modes,
)
from ..utils.signatures import leaves_inputs
from ._checks import shape_of
from ._many_networks import row_by_row

__all__ = ["Score", "evaluated"]


@dataclass(frozen=True)
class Score:
    """The explained scalar as a function of the inputs, ``target o f``.

    This is the one place that looks which attributes a target has.

    Parameters
    ----------
    module : nn.Module
        The network f.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``; see :mod:`sklearn_gradlasso.targets`.
    y : Tensor of shape (n, ...), optional
        Encoded targets of the rows.
    x, output : Tensor, optional
        A batch and ``module(x)``, if it is known: when the score is called with this
        very tensor, it saves the forward pass. At other inputs the network runs in
        evaluation mode, without dropout.
    sample_weight : Tensor of shape (n,), optional
        Weights of the rows, for an attribution whose references are among them.
    n_columns : int, optional
        Number of columns of a table, if the score is a function of the encodings of
        rows instead of the rows.
    """

    module: nn.Module
    target: Callable[[Tensor, Tensor | None], Tensor]
    y: Tensor | None = None
    x: Tensor | None = None
    output: Tensor | None = None
    sample_weight: Tensor | None = None
    n_columns: int | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """Scores of rows, or of several copies of the rows one after the other.

        Parameters
        ----------
        x : Tensor of shape (n, *feature_shape) or (c * n, *feature_shape)

        Returns
        -------
        Tensor of shape (len(x),) or (len(x), m)

        Raises
        ------
        ValueError
            If the target returns something else, or loses the graph.
        """
        output = self.output if x is self.x else self._evaluated(x)
        y = None if self.ignores_y else self.y
        if y is not None and len(y) < len(x):  # several copies of the rows
            y = y.repeat(len(x) // len(y), *(1,) * (y.ndim - 1))
        if not leaves_inputs(self.target):
            output, y = output.clone(), None if y is None else y.clone()
        n_networks = n_networks_of(self.module)
        value = row_by_row(self.target, output, y, n_networks=n_networks)
        if n_networks:
            # Row i of x is a stack with one input per network. The outputs of other
            # networks do not depend on it, so the sum has the right gradient.
            value = value.sum(dim=1)
        if not isinstance(value, Tensor) or value.shape[:1] != x.shape[:1]:
            raise ValueError(
                "target must return a tensor with one scalar for each row, of shape "
                f"({len(x)},) or ({len(x)}, m), got {shape_of(value)}."
            )
        if value.ndim > 2 or (torch.is_grad_enabled() and not value.requires_grad):
            raise ValueError(
                "target must return (n,) or (n, m) scalars that can be differentiated "
                f"with respect to the network's output, got {shape_of(value)}."
            )
        return value

    def encoded(self, rows: Tensor) -> Tensor:
        """Other rows of the data in the form in which the score takes them.

        Parameters
        ----------
        rows : Tensor of shape (n, *feature_shape)

        Returns
        -------
        Tensor
            The rows themselves, or their encodings.

        Raises
        ------
        ValueError
            If they are no rows of the table.
        """
        if self.n_columns is None:
            return rows
        if rows.shape[1:] != (self.n_columns,):
            raise ValueError(
                f"rows to compare with must have the {self.n_columns} columns of the "
                f"table, coded as the network reads them, got {tuple(rows.shape)}."
            )
        return self.module.encode(rows)[0]

    def typical(self) -> Tensor | None:
        """A row that stands for no information, if columns of a table are encoded.

        Returns
        -------
        Tensor of shape (n_encodings,) or (n_networks, n_encodings), or None
            Encodings of the median of numbers, which is coded as 0, and the average
            encodings of categories over the training rows.
        """
        if self.n_columns is None:
            return None
        n_networks = n_networks_of(self.module)
        shape = (n_networks,) if n_networks else ()
        like = next(self.module.parameters())
        codes = like.new_zeros(1, *shape, self.n_columns)
        (encodings,), (away,) = self.module.encode(codes)
        is_category = is_category_of(self.module)
        if is_category is None:
            return encodings
        is_category = is_category[self.module.column_of]
        return torch.where(is_category, encodings - away, encodings)

    @property
    def ignores_y(self) -> bool:
        """Whether any row can be scored, and not only those that ``y`` belongs to."""
        return self.y is None or getattr(self.target, "ignores_y", False)

    @property
    def _takes_raw_scores(self) -> bool:
        return getattr(self.target, "takes_raw_scores", False)

    def _evaluated(self, x: Tensor) -> Tensor:
        module = raw_scores_of(self.module) if self._takes_raw_scores else self.module
        return evaluated(module, x, is_encoded=self.n_columns is not None)


def evaluated(module: nn.Module, x: Tensor, *, is_encoded: bool = False) -> Tensor:
    """Output of the network in evaluation mode; its modes are put back.

    Parameters
    ----------
    module : nn.Module
    x : Tensor
        Rows, or encodings of their columns.
    is_encoded : bool
    """
    # `part.training = ...` goes through torch's __setattr__, which is slow enough to
    # show in the time of a training step.
    modes = [
        vars(part)
        for part in module.modules()
        if part.training and not same_in_both_modes(part)
    ]
    for mode in modes:
        mode["training"] = False
    try:
        with twice_differentiable(module, x):
            return module.from_encoded(x) if is_encoded else module(x)
    finally:
        for mode in modes:
            mode["training"] = True
