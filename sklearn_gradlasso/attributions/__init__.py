"""Attributions: how much each input contributes to the explained scalar.

An attribution maps ``(score, x)`` to ``phi``. ``score`` maps a batch of inputs to the
explained scalars, of shape ``(n,)`` or ``(n, m)``; ``phi`` has the shape of ``x``, with
a last axis of length m in the second case. This wing imports ``utils`` only: it knows
neither networks nor targets.

What the package asks of an attribution is one call and seven members that have a
default. An author of an attribution inherits from :class:`Attribution` and overrides
what differs, or gives a plain callable ``(score, x) -> phi``, which stands for an
attribution with all the defaults:

==================  ================================================  ============
member              what it answers                                   default
==================  ================================================  ============
``__call__``        phi of the rows of x; the graph is kept exactly   (abstract)
                    when gradients are enabled, so that one
                    implementation serves the prior in training and
                    ``explain`` inside ``torch.no_grad()``
``against``         the attribution that compares with given          itself
                    background rows
``with_rows_read``  the attribution whose rows of the user's table    itself
                    are read as its network reads them
``drawing_from``    the attribution that draws its references from    itself
                    a generator, as training wants it
``base_value``      the b of ``sum_j phi_ij = score(x_i) - b``,       ``None``
                    if the attribution is complete
``draws``           whether it draws its references at random         ``False``
``per_unit``        whether phi is a slope, per unit of the input     ``False``
``additive``        whether its values are parts of the score, so     ``False``
                    that those of the indicator columns of one
                    variable may be added up
==================  ================================================  ============

An attribution may evaluate ``score`` at other points than x: several copies of the
rows, one after the other, ``(c * n, *feature_shape)``. It may ask a score for four
attributes, which a plain callable need not have:

=================  =================================================  ============
attribute          what it answers                                    default
=================  =================================================  ============
``ignores_y``      whether the score of a row depends on that row     ``False``
                   alone, so that any number of rows in any order
                   can be scored; else row i of each copy is scored
                   with the target of row i
``sample_weight``  weights of the rows of x, of shape (n,), for an    ``None``
                   attribution whose references are those rows
``encoded``        a method: other rows of the data in the form of    the rows
                   those of x, which are encodings if the network
                   encodes the columns of a table
``typical``        a method: a row that stands for no information,    zeros
                   as encodings; ``None`` if it encodes no columns
=================  =================================================  ============

:func:`by_name` is the one place that looks which of these members a callable has.
"""

from ._attribution import Attribution
from ._by_name import by_name
from ._contributions import Contributions
from ._expected_gradients import ExpectedGradients
from ._gradients import Gradients
from ._integrated_gradients import IntegratedGradients

__all__ = [
    "Attribution",
    "Contributions",
    "ExpectedGradients",
    "Gradients",
    "IntegratedGradients",
    "by_name",
]
