"""Data whose truth is known, and the real data of the papers.

``make_...`` draws data from ``random_state`` and returns X, y and the truth: which
features matter, or how much. ``fetch_...`` returns a scikit-learn ``Bunch`` (with
``return_X_y=True``, where it is offered, ``(data, target)``) from a prepared file, or
from a public source through scikit-learn's own downloaders. Files of this folder may
import ``utils`` and nothing else of the package.

To add a data set:

1. Write one file ``_name.py``, named after the data; a fetcher uses ``_files.py``.
2. Import its function here and add the name to ``__all__``.
3. Test it in ``tests/datasets/``: a maker against its formula, a fetcher on a file that
   the test writes.
"""

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
