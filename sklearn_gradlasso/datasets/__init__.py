"""Data with a known truth, and fetchers of the papers' data."""

from ._adult import fetch_adult
from ._beijing_pm25 import fetch_beijing_pm25
from ._confounded import make_colour_grid, make_decoy, make_iris_cancer
from ._credit_default import fetch_credit_default
from ._graph_regression import make_graph_regression
from ._images import fetch_cifar10_small, fetch_mnist
from ._linear import make_correlated_groups, make_independent_linear
from ._metr_la import fetch_metr_la
from ._newsgroups import fetch_newsgroups_pair
from ._nhanes import fetch_nhanes
from ._sensitivity_regression import make_sensitivity_regression
from ._sentences import fetch_mpqa, fetch_subj, fetch_trec
from ._sparse_regions import make_sparse_regions

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
