"""Explanations with names: what a model answers at rows, and what it is made of."""

from ._explanation import Explanation

__all__ = ["Explanation"]
