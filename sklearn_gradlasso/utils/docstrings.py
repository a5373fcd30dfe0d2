"""Docstrings that share text: the one place where parts of them are replaced."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["substituted"]


def substituted(text: str, replacements: Mapping[str, str]) -> str:
    """The text with each key replaced by its value, wherever it occurs.

    Raises
    ------
    ValueError
        If a key does not occur in the text: a replacement that does nothing would
        publish the wrong documentation without a word.
    """
    for old, new in replacements.items():
        if old not in text:
            raise ValueError(f"The docstring does not contain {old!r}.")
        text = text.replace(old, new)
    return text
