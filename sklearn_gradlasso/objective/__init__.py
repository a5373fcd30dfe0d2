"""The equation every estimator of this package minimises.

    objective = loss(f(x), y)
              + lam * prior(annotations * attribution(target o f, x))
              + weight penalties

Averages over samples are weighted: ``sum(w * v) / sum(w)``, in the loss and in the
prior, so that an integer weight means repetition. This wing imports ``utils`` only: it
takes any callables as its nouns, and asks of them:

loss : ``(output, y) -> (n,)``
    Treats each row by itself. Nothing else is asked of it.
target : ``(output, y) -> (n,)`` or ``(n, m)``
    Treats each row by itself. Three attributes of it, ``ignores_y``,
    ``takes_raw_scores`` and ``leaves_inputs``, are ``False`` unless it has them; see
    :mod:`sklearn_gradlasso.targets`.
attribution : ``(score, x) -> phi``
    ``score`` is a :class:`Score`. An attribution whose attribute ``draws`` is true
    (default ``False``) is not reproducible from x alone; see
    :mod:`sklearn_gradlasso.attributions` for what an estimator asks of it.
prior : ``phi -> (n,)``, a cost of each row, or ``()``, a cost of the batch
    If it has a parameter ``sample_weight``, it is called with the weights of the rows,
    and unless it says ``leaves_inputs``, with copies; see
    :mod:`sklearn_gradlasso.priors`.
exchange : an :class:`Exchange`, or None
    A further cost, of rows with annotations only: the squared change of a target when
    annotated values become those of another row of the batch.
weight penalty : ``module -> ()``
    Nothing else is asked of it.
module : ``x -> (n, n_outputs)``
    Its ``n_networks`` and ``of_each``, ``raw_scores``, ``same_in_both_modes``, and
    ``encode`` with ``column_of`` and ``from_encoded`` are used if it has them; see
    :mod:`sklearn_gradlasso.modules`.

An :class:`Objective` promises:

- It is a frozen record: ``dataclasses.replace`` gives another one, and a copy or pickle
  is equal if its nouns are.
- ``lam`` equal to the number 0 computes no attribution, and neither does a batch that
  the prior leaves alone.
- The network runs once on x, in its own mode, for the loss and for the attribution at
  x. At other points an attribution sees it in evaluation mode; the mode is put back.
- Of a network that encodes the columns of a table, attributions are computed at the
  encodings (targets, attributions and references are given those), and priors see
  one value for each column; see ``_by_column``.
- Every term keeps the graph, and a noun that loses it raises an error instead of having
  no effect.
- The terms of a stack of networks are those of each network alone.
"""

from ._equation import Components, Objective
from ._exchange import Exchange
from ._losses import (
    average,
    cross_entropy,
    labels_cross_entropy,
    poisson_deviance,
    squared_error,
)
from ._score import Score

__all__ = [
    "Components",
    "Exchange",
    "Objective",
    "Score",
    "average",
    "cross_entropy",
    "labels_cross_entropy",
    "poisson_deviance",
    "squared_error",
]
