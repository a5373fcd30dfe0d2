"""The category of warnings about annotations and signs that a network disobeys."""

from __future__ import annotations

__all__ = ["ObedienceWarning"]


class ObedienceWarning(UserWarning):
    """A trained network depends on what annotations rule out, or breaks a sign.

    The figures are in ``obedience_`` of the estimator.
    """
