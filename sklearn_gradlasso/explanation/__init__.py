"""Explanations with names: the answers of a model at rows, and what they are made of.

``Explanation.from_estimator`` opens a fitted model, computes the effects of the columns
of the user's table on its answer (or asks its network for attributions), and keeps them
with the data and the names of the columns. It asks a network for nothing but the
protocol of ``inspection``, so that what can be opened can be explained.
``reason_codes`` tells each row what moved it most towards a class. ``shape_functions``
and ``pair_effects`` say what a network for tables makes of a column, and of two
columns together, overall.

A display follows scikit-learn's contract: a class with ``from_estimator`` (and
``from_explanation``, where one is enough), and ``plot(ax=None)``, which imports
matplotlib, sets ``ax_`` and ``figure_``, never calls ``show``, and returns the display.

``register_transformer`` says what a transformer of one's own makes of its columns, so
that explanations go through it to the columns of the user's table.

It may import ``inspection`` and ``metrics``.
"""

from ._explanation import Explanation
from ._pair_effects import PairEffects, pair_effects
from ._reason_codes import reason_codes
from ._shape_functions import ShapeFunction, ShapeFunctions, shape_functions
from ._transformers import OutputColumn, register_transformer

__all__ = [
    "Explanation",
    "OutputColumn",
    "PairEffects",
    "ShapeFunction",
    "ShapeFunctions",
    "pair_effects",
    "reason_codes",
    "register_transformer",
    "shape_functions",
]
