"""The state of an estimator, kept where a call fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["undone_on_failure"]


@contextmanager
def undone_on_failure(estimator) -> Iterator[None]:
    """A context after whose failure the estimator has the state of before."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
