"""The number of threads of a computation.

A matrix product rounds differently with another number of threads. The number is
therefore a parameter, and does not depend on the calling process: the same seed gives
the same bits serially, in threads and in worker processes. For networks of a few
thousand weights one thread is also the fastest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch
from joblib import cpu_count

from .forks import loaded, openmp, remember_thread, wake_autograd
from .seeds import LockOfProcess
from .torch_modes import default_modes

__all__ = ["computing", "n_threads", "threads"]

_ONE_THREAD = LockOfProcess()


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
def computing(n_jobs: int | None) -> Iterator[None]:
    """Compute with this number of threads, in torch's default modes."""
    with default_modes(), threads(n_jobs):
        yield


@contextmanager
def threads(n_jobs: int | None) -> Iterator[None]:
    """Compute with this number of threads; other Python threads are not affected."""
    number = n_threads(n_jobs)
    remember_thread()
    # In a new thread torch first takes the number that a program has set, and in a
    # forked process it must do so in one thread at a time.
    with _ONE_THREAD.lock:
        torch.get_num_threads()
        wake_autograd()
    with openmp().limit(limits=number):
        set_of_mkl = _mkl()
        before = set_of_mkl(number)
        try:
            yield
        finally:
            set_of_mkl(before)


@cache
def _mkl() -> Callable[[int], int]:
    """Sets the number of threads of torch's matrix products, in this thread alone.

    The MKL inside of torch follows OpenMP until a program calls
    ``torch.set_num_threads``, and after that a number of its own. Where torch has no
    MKL, its matrix products follow OpenMP.
    """
    folder = Path(torch.__file__).parent / "lib"
    for path in folder.glob("*torch_cpu.*"):
        found = getattr(loaded(path), "MKL_Set_Num_Threads_Local", None)
        if found is not None:
            return found
    return lambda number: 0
