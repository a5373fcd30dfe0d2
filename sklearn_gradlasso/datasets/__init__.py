"""Data with a known truth, and fetchers of the papers' data."""

from ._confounded import make_colour_grid, make_decoy, make_iris_cancer
from ._credit import fetch_credit_default
from ._graph import make_graph_regression
from ._images import fetch_cifar10_small, fetch_mnist
from ._linear import make_correlated_groups, make_independent_linear
from ._make import make_sparse_regions
from ._sensitivity import make_sensitivity_regression
from ._sentences import fetch_mpqa, fetch_subj, fetch_trec
from ._survey import fetch_nhanes
from ._tables import fetch_adult
from ._texts import fetch_newsgroups_pair
from ._traffic import fetch_metr_la
from ._weather import fetch_beijing_pm25

__all__ = [
    "fetch_adult",
    "fetch_beijing_pm25",
    "fetch_cifar10_small",
    "fetch_credit_default",
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
    "make_sensitivity_regression",
    "make_sparse_regions",
]
