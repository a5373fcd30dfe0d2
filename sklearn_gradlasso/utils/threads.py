"""How many threads a computation takes, whoever calls it.

A matrix product rounds differently when it is shared among another number of threads.
The number is therefore a parameter and not what the calling process happens to allow:
the same seed gives the same bits serially, in threads and in worker processes. On
networks of a few thousand weights one thread is also the fastest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

__all__ = ["n_threads", "threads"]


def n_threads(n_jobs: int | None) -> int:
    """Number of threads that ``n_jobs`` stands for; ``None`` is 1, -1 all cores.

    Raises
    ------
    ValueError
        If ``n_jobs`` is 0.
    """
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0; use None for one thread, -1 for all.")
    return n_jobs if n_jobs > 0 else max(1, cpu_count() + 1 + n_jobs)


@contextmanager
def threads(n_jobs: int | None) -> Iterator[None]:
    """Compute with that many threads; other Python threads are not affected."""
    with _openmp().limit(limits=n_threads(n_jobs)):
        yield


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")
