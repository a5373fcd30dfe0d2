"""Keep the state of an estimator if a call fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["undone_on_failure"]


@contextmanager
def undone_on_failure(estimator) -> Iterator[None]:
    """Restore the attributes of the estimator if the block raises an error."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
