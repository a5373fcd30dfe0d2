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
