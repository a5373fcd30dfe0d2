"""Explanations with names: the answers of a model at rows, and what they are made of.

``Explanation.from_estimator`` opens a fitted model, asks its network for attributions,
and keeps them with the data and the names of the features. It asks a network for
nothing but the protocol of ``inspection``, so that what can be opened can be explained.

May import ``inspection`` and ``utils``.
"""

from ._explanation import Explanation

__all__ = ["Explanation"]
