"""Explanations with names: the answers of a model at rows, and what they are made of.

``Explanation.from_estimator`` opens a fitted model, asks its network for attributions,
and keeps them with the data and the names of the features. It asks a network for
nothing but the protocol of ``inspection``, so that what can be opened can be explained.

A display follows scikit-learn's contract: a class with ``from_estimator`` (and
``from_explanation``, where one is enough), and ``plot(ax=None)``, which imports
matplotlib, sets ``ax_`` and ``figure_``, never calls ``show``, and returns the display.

``register_transformer`` says what a transformer of one's own makes of its columns, so
that explanations go through it to the columns of the user's table.

It may import ``inspection``.
"""

from ._explanation import Explanation
from ._transformers import OutputColumn, register_transformer

__all__ = ["Explanation", "OutputColumn", "register_transformer"]
