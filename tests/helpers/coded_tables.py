"""Coded tables whose networks are known by hand."""

import numpy as np
import torch
from torch import nn

from sklearn_gradlasso.modules import Fronted, TableFront
from sklearn_gradlasso.tables import TableForm

NUMBER, MARKED, COLOUR, SHAPE = range(4)


def form_of_four_columns() -> TableForm:
    """A number, one with missing values, a category, and one with missing values."""
    return TableForm(
        names=np.array(["number", "marked", "colour", "shape"], dtype=object),
        n_levels=np.array([0, 0, 3, 2]),
        levels=(None, None, np.array(["red", "blue"]), np.array(["round"])),
        shares=(None, None, np.array([0.5, 0.3, 0.2]), np.array([0.75, 0.25])),
        missing=np.array([0.0, 0.25, 0.0, 0.2]),
        center=np.array([10.0, 0.0, 0.0, 0.0]),
        scale=np.array([4.0, 2.0, 1.0, 1.0]),
    )


def coded_rows(n: int, seed: int = 0, dtype=torch.float64) -> torch.Tensor:
    """Rows of that form, some of whose values are missing."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 4))
    rows[:, COLOUR] = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    rows[:, SHAPE] = rng.choice(2, n, p=[0.75, 0.25])
    rows[rng.random(n) < 0.25, MARKED] = np.nan
    rows[rng.random(n) < 0.2, SHAPE] = np.nan
    return torch.tensor(rows, dtype=dtype)


def fronted(body: nn.Module, form: TableForm | None = None) -> Fronted:
    form = form_of_four_columns() if form is None else form
    return Fronted(TableFront(form), body)


class LearnedTable(nn.Module):
    """A network whose encodings, and their directions, depend on parameters.

    A number z is ``tanh(a z) + b z``, a category a learned value, and a missing one 0.
    """

    def __init__(self, n_outputs: int = 1, seed: int = 0):
        super().__init__()
        form, generator = form_of_four_columns(), torch.Generator().manual_seed(seed)

        def drawn(*shape):
            values = torch.randn(*shape, generator=generator, dtype=torch.float64)
            return nn.Parameter(values)

        self.bend, self.rise, self.none = drawn(2), drawn(2), drawn(2)
        self.colours, self.shapes = drawn(3), drawn(2)
        self.first, self.last = drawn(4, 5), drawn(5, n_outputs)
        shares = form.shares
        self.register_buffer("of_colours", torch.tensor(shares[COLOUR]))
        self.register_buffer("of_shapes", torch.tensor(shares[SHAPE]))
        self.register_buffer("column_of", torch.tensor([MARKED, NUMBER, COLOUR, SHAPE]))

    def encode(self, x):
        z = x[:, [MARKED, NUMBER]]
        missing = z.isnan()
        z = z.nan_to_num()
        bent = torch.tanh(self.bend * z)
        numbers = torch.where(missing, self.none, bent + self.rise * z)
        slopes = self.bend * (1 - bent**2) + self.rise
        slopes = torch.where(missing, self.none, slopes)
        colour = self.colours[x[:, COLOUR].long()]
        known = ~x[:, SHAPE].isnan()
        shape = known * self.shapes[x[:, SHAPE].nan_to_num().long()]
        encodings = torch.cat([numbers, torch.stack([colour, shape], 1)], dim=1)
        away = colour - self.of_colours @ self.colours
        from_shape = shape - 0.8 * self.of_shapes @ self.shapes
        directions = torch.cat([slopes, torch.stack([away, from_shape], 1)], dim=1)
        return encodings, directions

    def from_encoded(self, encodings):
        return torch.tanh(encodings @ self.first) @ self.last

    def forward(self, x):
        return self.from_encoded(self.encode(x)[0])
