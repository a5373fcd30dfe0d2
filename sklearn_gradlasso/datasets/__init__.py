"""Data with a known truth, and fetchers of the papers' data."""

from ._confounded import make_colour_grid, make_decoy, make_iris_cancer
from ._graph import make_graph_regression
from ._images import fetch_mnist
from ._linear import make_correlated_groups, make_independent_linear
from ._make import make_sparse_regions
from ._sentences import fetch_mpqa, fetch_subj, fetch_trec
from ._survey import fetch_nhanes
from ._tables import fetch_adult
from ._texts import fetch_newsgroups_pair
from ._traffic import fetch_metr_la

__all__ = [
    "fetch_adult",
    "fetch_metr_la",
    "fetch_mnist",
    "fetch_mpqa",
    "fetch_newsgroups_pair",
    "fetch_nhanes",
    "fetch_subj",
    "fetch_trec",
    "make_colour_grid",
    "make_correlated_groups",
    "make_decoy",
    "make_graph_regression",
    "make_independent_linear",
    "make_iris_cancer",
    "make_sparse_regions",
]
