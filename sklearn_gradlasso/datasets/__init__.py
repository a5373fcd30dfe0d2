"""Data with a known truth, and fetchers of the papers' data."""

from ._confounded import make_colour_grid, make_decoy, make_iris_cancer
from ._images import fetch_mnist
from ._make import make_sparse_regions
from ._tables import fetch_adult
from ._texts import fetch_newsgroups_pair

__all__ = [
    "fetch_adult",
    "fetch_mnist",
    "fetch_newsgroups_pair",
    "make_colour_grid",
    "make_decoy",
    "make_iris_cancer",
    "make_sparse_regions",
]
