"""The record of what is differentiated: a network, rows and scalars of its output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from ..tables import TableForm
from ..training.rows import Rows

__all__ = ["DifferentiableNetwork"]


@dataclass(frozen=True)
class DifferentiableNetwork:
    """A network, rows for it, and the scalars of its output that are differentiated.

    Attributes
    ----------
    module : nn.Module
        ``(n, *feature_shape) -> (n, n_outputs)``.
    rows : Rows
        With ``sample_weight`` among the extras, if there are weights.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``.
    n_jobs : int or None
        Threads to compute with.
    many_to_many : bool
        Whether the outputs are those of the time steps, one step after the other.
    form : TableForm or None
        How the network codes the rows, if it reads them as a raw table. Slopes of the
        rows then are those of columns, per unit of a coded number, and contrasts of
        categories and missing values.
    is_ambiguous : bool
        Whether there are as many outputs as steps, and nothing says whether each
        belongs to a step.
    """

    module: nn.Module
    rows: Rows
    target: Callable[[Tensor, Tensor | None], Tensor]
    n_jobs: int | None = None
    many_to_many: bool = False
    is_ambiguous: bool = False
    form: TableForm | None = None
