"""Priors: the cost of an attribution phi.

A prior is any callable ``phi -> (n,)``, the cost of each sample, which the objective
averages with the sample weights; or ``phi -> ()``, the cost of the whole batch, which
is taken as it is. phi has the shape of the inputs, ``(n, *feature_shape)``, with a last
axis of length m if m scalars are explained. This wing imports ``utils`` only.

What the package asks of a prior is:

====================  ==============================================  ================
asked                 what it means                                   default
====================  ==============================================  ================
the call              Sums over features, and over explained          (required)
                      scalars, so that its value does not depend on
                      the number of rows. It is finite and keeps the
                      graph, also where phi is zero.
a parameter           The prior is called with the weights of the     the prior is
``sample_weight``     rows, of shape (n,), or with ``None``. A prior  called with phi
                      of the batch needs them, so that an integer     alone
                      weight means repetition.
``exchangeable``      Whether all features are alike to it, in any    ``False``
                      order and number. The estimators may then give
                      it one value for each column of a table that
                      several features encode.
``leaves_inputs``     Whether it never changes phi or weights in      ``False``: it
                      place. Subclasses say so by themselves.         gets copies
====================  ==============================================  ================

:class:`~sklearn_gradlasso.objective.Objective` calls priors, and looks whether they
have that parameter and leave their inputs alone; ``of_columns`` looks whether they are
exchangeable. A prior that can also be given as a string has its name in
:func:`by_name`.

Priors of the batch are about the importance of a feature to all samples, the average
magnitude ``a_j = mean_i |phi_ij|`` (Erion et al. 2019, *Learning Explainable Models
Using Attribution Priors*, section 2.2).
"""

from ._by_name import by_name
from ._of_batch import Gini, GlobalL2, GraphLaplacian
from ._of_columns import OfColumns
from ._per_sample import L1, L2, Hoyer, TotalVariation, WrongSign

__all__ = [
    "L1",
    "L2",
    "Gini",
    "GlobalL2",
    "GraphLaplacian",
    "Hoyer",
    "OfColumns",
    "TotalVariation",
    "WrongSign",
    "by_name",
]
