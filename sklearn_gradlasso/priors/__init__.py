"""From an attribution phi to its cost.

A prior is any callable ``phi -> (n,)``, the cost of each sample, which the
objective averages with the sample weights; a callable that returns a scalar is a
cost of the whole batch and is taken as it is. If it has a parameter
``sample_weight``, it is given the weights, or None. Priors sum over features (and
over explained outputs, if there are several), so that their value does not depend on
the number of rows.

Batch-level priors are about the importance of a feature to all samples, the
average magnitude ``a_j = mean_i |phi_ij|`` (Erion et al. 2019, *Learning Explainable
Models Using Attribution Priors*, section 2.2).
"""

from ._of_batch import Gini, GlobalL2, GraphLaplacian
from ._per_sample import L1, L2, TotalVariation, WrongSign

__all__ = [
    "L1",
    "L2",
    "Gini",
    "GlobalL2",
    "GraphLaplacian",
    "TotalVariation",
    "WrongSign",
]
