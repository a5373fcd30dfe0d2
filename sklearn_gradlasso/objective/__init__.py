"""The equation every estimator of this package minimises.

    objective = loss(f(x), y)
              + lam * prior(annotations * attribution(target o f, x))
              + weight penalties

Averages over samples are weighted: ``sum(w * v) / sum(w)``, in the loss and in the
prior, so that an integer weight means repetition.
"""

from ._equation import Components, Objective
from ._losses import average, cross_entropy, squared_error
from ._score import Score

__all__ = [
    "Components",
    "Objective",
    "Score",
    "average",
    "cross_entropy",
    "squared_error",
]
