"""Processes that are forked after their parent has computed.

A forked process has the memory of its parent, but of its threads only the one that
forked. It waits for ever for a thread of OpenMP that it does not have, and for a lock
that such a thread held. Before a fork, all threads that have computed for this package
and have ended are therefore really gone, and OpenMP keeps none for the thread that
forks. A fork while another thread computes is as dangerous as in any program.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import monotonic, sleep

import torch
from threadpoolctl import ThreadpoolController

from .torch_modes import default_modes

__all__ = ["loaded", "openmp", "remember_thread", "wake_autograd"]

RELEASE = 1  # omp_pause_soft: threads end, settings stay
PATIENCE = 5.0  # seconds; most threads end within a millisecond
_OF_THREAD = threading.local()
_ENDING: set[int] = set()  # native numbers of threads


def remember_thread() -> None:
    """The calling thread computes; a fork after its end waits until it is gone."""
    is_main = threading.get_ident() == threading.main_thread().ident
    if not is_main and not hasattr(_OF_THREAD, "end"):
        _OF_THREAD.end = _End()


@cache
def wake_autograd() -> None:
    """Let torch replace its autograd engine in a forked process; callers hold a lock.

    Torch does so at the first operation that a gradient may be asked of, without a lock
    of its own: if two threads are the first ones, the process may die.
    """
    with default_modes():
        number = torch.ones((), requires_grad=True)
        number.mul(number)


@cache
def openmp() -> ThreadpoolController:
    """The OpenMP libraries of the process."""
    return ThreadpoolController().select(user_api="openmp")


def loaded(path: str | Path) -> ctypes.CDLL | None:
    """A shared library that the process has loaded already; None if it has not."""
    try:
        return ctypes.CDLL(str(path), mode=getattr(os, "RTLD_NOLOAD", 0))
    except OSError:
        return None


class _End:
    """Belongs to a Python thread, which deletes it as one of the last things it does.

    Before Python 3.13 ``Thread.join`` returns soon after. At that time the system still
    ends the thread: MKL frees its memory, with all of its locks closed.
    """

    def __init__(self):
        _still_ending()  # The numbers would add up in a process that never forks.
        self.thread = threading.get_native_id()

    def __del__(self):
        # Another thread deletes it in a forked process, or when Python ends.
        if threading.get_native_id() == self.thread:
            # Otherwise the threads of OpenMP would end later, and nobody would know.
            _release_threads()
        _ENDING.add(self.thread)


def _before_fork() -> None:
    _release_threads()
    _ENDING.discard(threading.get_native_id())  # If it is left, a greenlet has ended.
    end = monotonic() + PATIENCE
    while _still_ending() and monotonic() < end:
        sleep(1e-4)
    _ENDING.clear()  # Numbers that are left belong to new threads.


def _still_ending() -> bool:
    """Whether threads that computed are about to end; only Linux tells of them."""
    threads = _ENDING.copy()
    gone = [each for each in threads if not os.path.exists(f"/proc/self/task/{each}")]
    _ENDING.difference_update(gone)
    return bool(_ENDING)


@cache
def _releases() -> list[Callable[[int], int]]:
    """Functions of the OpenMP libraries that end the threads they keep."""
    name = "omp_pause_resource_all"  # OpenMP 5.0
    libraries = [loaded(each.filepath) for each in openmp().lib_controllers]
    return [getattr(each, name) for each in libraries if hasattr(each, name)]


def _release_threads() -> None:
    """End the threads that OpenMP keeps for the calling thread, and wait until then.

    GNU's OpenMP does not notice that a forked process has none of them. The thread and
    its forked process start new ones when they need them.
    """
    for release in _releases():
        release(RELEASE)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=wake_autograd.cache_clear)
