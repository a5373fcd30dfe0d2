"""The number of threads of a computation.

A matrix product rounds differently with another number of threads. The number is
therefore a parameter, and does not depend on the calling process: the same seed gives
the same bits serially, in threads and in worker processes. For networks of a few
thousand weights one thread is also the fastest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from joblib import cpu_count
from threadpoolctl import ThreadpoolController

__all__ = ["n_threads", "threads"]


def n_threads(n_jobs: int | None) -> int:
    """Number of threads that ``n_jobs`` stands for: ``None`` is one, -1 all cores.

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
    """Compute with this number of threads; other Python threads are not affected."""
    # After torch.set_num_threads, torch sets this number once in each thread, at its
    # first computation there. Let it do so before the limit and not after.
    torch.get_num_threads()
    with _openmp().limit(limits=n_threads(n_jobs)):
        yield


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")
