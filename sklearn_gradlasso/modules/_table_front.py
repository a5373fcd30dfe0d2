"""What stands in front of a network that reads the rows of a coded table."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..tables import TableForm

__all__ = ["Fronted", "TableFront"]

MOST = 3.0  # encoded numbers lie between -3 and 3


class TableFront(nn.Module):
    """Numbers of bounded size, and indicators, in place of the columns of a table.

    A number z becomes ``z / sqrt(1 + (z / 3) ** 2)``, whose slope is at most 1, and a
    missing one 0, which is the code of the median. A column of numbers with missing
    values in the training rows also has an indicator of these. A category becomes an
    indicator of each of its codes, and of a missing value if the training rows have
    some; otherwise a missing value has only zeros. All numbers come first, then the
    indicators of missing numbers, then those of categories.

    Nothing is learned here.

    Parameters
    ----------
    form : TableForm
        What is known of the columns.

    Attributes
    ----------
    column_of : Tensor of shape (n_encodings,), int64
        The column that each encoding is of.
    is_category : Tensor of shape (n_columns,), bool
    """

    same_in_both_modes = True

    def __init__(self, form: TableForm):
        super().__init__()
        is_category, has_missing = form.is_category, form.missing > 0
        numbers = np.flatnonzero(~is_category)
        marked = np.flatnonzero(~is_category & has_missing)
        categories = np.flatnonzero(is_category)
        # A missing category has the code that follows the last. If there was none in
        # training it is marked in one more column, which is left out.
        n_codes = (form.n_levels + has_missing)[categories]
        first = np.cumsum(n_codes) - n_codes
        outside = n_codes.sum() - first
        in_place = np.zeros_like(form.n_levels)
        in_place[categories] = np.where(has_missing[categories], n_codes - 1, outside)
        shares = [
            np.append(share * (1 - missing), [missing] if missing else [])
            for share, missing in zip(form.shares, form.missing)
            if share is not None
        ]
        # The average number is taken to be the median, whose encoding is 0.
        mean = [np.zeros(len(numbers)), form.missing[marked], *shares]
        coded = np.repeat(categories, n_codes)
        known = {
            "column_of": np.concatenate([numbers, marked, coded]),
            "numbers": numbers,
            "marked": marked,
            "categories": categories,
            "first": first,
            "in_place": in_place,
            "mean": np.concatenate(mean),
        }
        for name, values in known.items():
            kind = np.float64 if name == "mean" else np.int64
            self.register_buffer(name, torch.tensor(values.astype(kind)))
        self.register_buffer("is_category", torch.tensor(is_category))
        self.n_indicators = len(coded)

    @property
    def n_encodings(self) -> int:
        return self.column_of.shape[-1]

    def forward(self, x: Tensor) -> Tensor:
        """The encodings of rows.

        Parameters
        ----------
        x : Tensor of shape (n, n_columns)
            Rows of a coded table; NaN where a value is missing.

        Returns
        -------
        Tensor of shape (n, n_encodings)
        """
        value, _, indicators = self._parts(x)
        shrunk = torch.rsqrt(1 + (value / MOST).square())
        return torch.cat([value * shrunk, *indicators], dim=1)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The encodings, and the direction in which each column moves its own.

        The direction is the derivative by a number. For a category and for a missing
        value it is the difference from the average of the training rows.

        Parameters
        ----------
        x : Tensor of shape (n, n_columns)

        Returns
        -------
        encodings, directions : Tensor of shape (n, n_encodings)
        """
        value, is_missing, indicators = self._parts(x)
        shrunk = torch.rsqrt(1 + (value / MOST).square())
        encodings = torch.cat([value * shrunk, *indicators], dim=1)
        n = value.shape[1]
        slopes = torch.where(is_missing, -self.mean[:n], shrunk**3)
        away = encodings[:, n:] - self.mean[n:]
        marks = indicators[0]
        m = marks.shape[1]
        directions = [slopes, torch.where(marks > 0, away[:, :m], 0.0), away[:, m:]]
        return encodings, torch.cat(directions, dim=1)

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Numbers with 0 where missing, where that is, and both kinds of indicators."""
        is_missing = x.isnan()
        x = torch.where(is_missing, self.in_place, x)
        at = self.first + x.index_select(1, self.categories).long()
        codes = x.new_zeros(len(x), self.n_indicators + 1).scatter(1, at, 1.0)
        marks = is_missing.index_select(1, self.marked).to(x.dtype)
        value = x.index_select(1, self.numbers)
        of_numbers = is_missing.index_select(1, self.numbers)
        return value, of_numbers, [marks, codes[:, : self.n_indicators]]


class Fronted(nn.Module):
    """A network for rows of numbers, which reads a coded table through a front.

    Parameters
    ----------
    front : TableFront
    body : nn.Module
        ``(n, n_encodings) -> (n, n_outputs)``.
    """

    same_in_both_modes = True

    def __init__(self, front: TableFront, body: nn.Module):
        super().__init__()
        self.front = front
        self.body = body

    @property
    def column_of(self) -> Tensor:
        return self.front.column_of

    @property
    def is_category(self) -> Tensor:
        return self.front.is_category

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`TableFront.encode`."""
        return self.front.encode(x)

    def from_encoded(self, encodings: Tensor) -> Tensor:
        """The output for encodings of rows."""
        return self.body(encodings)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.front(x))
