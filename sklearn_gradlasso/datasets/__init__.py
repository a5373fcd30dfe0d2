"""Data with a known truth, and fetchers of the papers' data."""

from ._confounded import make_colour_grid, make_decoy, make_iris_cancer
from ._fetch import fetch_adult
from ._make import make_sparse_regions

__all__ = [
    "fetch_adult",
    "make_colour_grid",
    "make_decoy",
    "make_iris_cancer",
    "make_sparse_regions",
]
