"""A regression in which neighbours in a graph are equally important."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from sklearn.utils import check_random_state

from ..utils.validation import check_count
from ._checks import check_between

__all__ = ["make_graph_regression"]

P_WITHIN = 0.8  # probability of a link between two features of a module
N_BETWEEN = 0.5  # average number of links of a feature to other modules


def make_graph_regression(
    n_samples: int = 300,
    n_features: int = 150,
    *,
    module_size: int = 15,
    n_relevant: int = 2,
    correlation: float = 0.1,
    nonlinearity: float = 0.1,
    noise: float = 0.5,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray, csr_array, np.ndarray]:
    """A regression in which all features of a module of a graph matter or none does.

    The data stand in for gene expression, the response to a drug and a network of
    genes. Features ``module_size * m`` to ``module_size * (m + 1) - 1`` form module m.
    The graph links about four of five pairs in each module, with weights from 0.5 to 1,
    and each module is connected. The graph is not perfect: about every second feature
    has a link to a feature of another module, with a weight from 0.1 to 0.5.

    X is standard normal. It hardly shows the modules, because two features of a module
    have a small correlation (features of different modules have none). ``n_relevant``
    modules, which are drawn at random, make the label. With ``q = nonlinearity`` and K
    relevant modules::

        u_m = sum of +-x_j over module m, with variance 1
        f   = sum over m of (sqrt(1 - q) u_m + sqrt(q / 2) (u_m ** 2 - 1)) / sqrt(K)
        y   = f + noise * normal

    f has mean 0 and variance 1, and a linear function of X explains the share ``1 - q``
    of its variance. The features of a relevant module are equally important, but each
    has a random sign: the graph says something about magnitudes only. That suits a
    prior on the mean absolute attribution, and not a prior on signed coefficients.

    The data follow the setting of Erion et al. (2019), *Learning Explainable Models
    Using Attribution Priors*, section 4.2, where they are data of patients.

    Parameters
    ----------
    n_samples : int, default=300
        The default is small for the number of features, so that the graph helps.
    n_features : int, default=150
        Features after the last whole module belong to no module; their only links are
        those between modules.
    module_size : int, default=15
        Time and memory for the graph grow with ``n_features * module_size``.
    n_relevant : int, default=2
        Number of modules that make the label.
    correlation : float, default=0.1
        Correlation of two features of a module, from 0 to 0.99.
    nonlinearity : float, default=0.1
        Share of the variance of f that no linear function explains, from 0 to 1. At 1
        ``coef`` is 0.
    noise : float, default=0.5
        Standard deviation of the noise, relative to that of f. No model can have an
        expected R2 above ``1 / (1 + noise ** 2)``.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    adjacency : csr_array of shape (n_features, n_features)
        Symmetric weights from 0 to 1, with nothing on the diagonal.
    coef : ndarray of shape (n_features,)
        The truth: the expected gradient of f, which is also the vector of its best
        linear coefficients. The magnitude of an entry is the importance of the feature;
        it is 0 outside of the relevant modules.

    Raises
    ------
    ValueError
        If a number is out of its range, or if there are fewer whole modules than
        relevant ones.

    Examples
    --------
    >>> X, y, adjacency, coef = make_graph_regression(random_state=0)
    >>> X.shape, adjacency.shape, (coef != 0).sum()
    ((300, 150), (150, 150), np.int64(30))
    """
    check_count("n_samples", n_samples)
    check_count("n_features", n_features)
    check_count("module_size", module_size)
    check_count("n_relevant", n_relevant)
    check_between(0, 0.99, correlation=correlation)
    check_between(0, 1, nonlinearity=nonlinearity)
    check_between(0, np.inf, noise=noise)
    n_modules = n_features // module_size
    if n_relevant > n_modules:
        raise ValueError(
            f"n_relevant must be at most {n_modules}, the modules of {module_size} in "
            f"n_features={n_features}, got {n_relevant}."
        )
    rng = check_random_state(random_state)
    adjacency = _modular_graph(n_features, module_size, rng)
    n_grouped = n_modules * module_size
    X = rng.standard_normal((n_samples, n_features))
    shared = rng.standard_normal((n_samples, n_modules))
    X[:, :n_grouped] *= np.sqrt(1 - correlation)
    X[:, :n_grouped] += np.sqrt(correlation) * shared.repeat(module_size, axis=1)

    relevant = np.sort(rng.permutation(n_modules)[:n_relevant])
    features = relevant[:, None] * module_size + np.arange(module_size)
    signs = rng.choice([-1.0, 1.0], size=features.shape)
    variance = (1 - correlation) * module_size + correlation * signs.sum(axis=1) ** 2
    weights = signs / np.sqrt(variance)[:, None]
    sums = np.einsum("nkj,kj->nk", X[:, features], weights)
    curve = np.sqrt(nonlinearity / 2) * (sums**2 - 1)
    f = (np.sqrt(1 - nonlinearity) * sums + curve).sum(axis=1) / np.sqrt(n_relevant)
    coef = np.zeros(n_features)
    coef[features] = np.sqrt((1 - nonlinearity) / n_relevant) * weights
    return X, f + noise * rng.standard_normal(n_samples), adjacency, coef


def _modular_graph(n_features: int, size: int, rng) -> csr_array:
    """A graph with many links in modules of ``size`` features and few between them."""
    rows, columns = np.triu_indices(size, 1)
    kept = rng.random_sample((n_features // size, len(rows))) < P_WITHIN
    kept[:, columns == rows + 1] = True  # a path, which keeps each module connected
    module, pair = kept.nonzero()
    rows, columns = module * size + rows[pair], module * size + columns[pair]

    n_between = round(N_BETWEEN * n_features / 2)
    between = np.sort(rng.randint(n_features, size=(n_between, 2)), axis=1)
    crosses = (between[:, 0] // size) != (between[:, 1] // size)
    between = np.unique(between[crosses], axis=0)
    weights = [
        rng.uniform(0.5, 1, size=len(rows)),
        rng.uniform(0.1, 0.5, size=len(between)),
    ]
    ends = np.hstack([[rows, columns], between.T]).astype(np.int32)
    upper = coo_array(
        (np.concatenate(weights), (ends[0], ends[1])), shape=(n_features, n_features)
    )
    return csr_array(upper + upper.T)
