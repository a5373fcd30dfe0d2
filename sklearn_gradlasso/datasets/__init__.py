"""Data with a known truth, and fetchers of the papers' data."""

from ._fetch import fetch_adult
from ._make import make_sparse_regions

__all__ = ["fetch_adult", "make_sparse_regions"]
