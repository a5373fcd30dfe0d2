"""What a forked process computes after its parent has: run by ``test_forks.py``.

    python forked.py

prints the names of what went wrong, if anything. A process that hangs or dies writes
to stderr what its threads do.
"""

import ctypes
import faulthandler
import multiprocessing
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from sklearn_gradlasso import GradientLassoRegressor, GradientLassoRegressorCV
from sklearn_gradlasso.utils.seeds import borrowed_generators
from sklearn_gradlasso.utils.threads import computing

HANGS_AFTER = 60  # seconds

rng = np.random.default_rng(0)
X = rng.standard_normal((1024, 8)).astype(np.float32)
Y = X[:, 0] * X[:, 1]
# Large enough that torch shares its work among threads.
LARGE = {"hidden_layer_sizes": (64,), "batch_size": 1024, "max_iter": 1}


class Plain(nn.Linear):
    """A user's network, for whose sake torch's global generators are locked."""


def fitted(n_jobs, kind=GradientLassoRegressor, **params):
    return kind(n_jobs=n_jobs, random_state=0, **LARGE, **params).fit(X, Y)


def search(n_jobs):
    return fitted(n_jobs, GradientLassoRegressorCV, lams=[0.1], cv=2)


def fitted_together():
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: fitted(None).predict(X), range(2)))


def in_child(function):
    """What a forked process returns; None if it hangs or dies."""

    def answer():
        faulthandler.dump_traceback_later(HANGS_AFTER / 2)
        sender.send(function())

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=answer, daemon=True)
    child.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(HANGS_AFTER) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()


def same_in_child(**functions):
    for name, function in functions.items():
        known = function()
        found = in_child(function)
        if found is None or not np.array_equal(found, known):
            print(name, found if found is None else "differs")


def after_threads():
    """The parent has computed with several threads, in this package."""
    model, alone = fitted(2), fitted(None)
    same_in_child(
        predict=lambda: model.predict(X),
        fit=lambda: fitted(2).predict(X),
        one_thread=lambda: alone.predict(X),
        search=lambda: search(2).predict(X),
        fits_in_threads=fitted_together,
    )


def after_torch():
    """The parent has computed with several threads, in torch alone."""
    torch.set_num_threads(2)
    product = torch.randn(600, 600)
    product @ product.exp()
    model = fitted(None)
    same_in_child(
        predict_alone=lambda: model.predict(X),
        fit_alone=lambda: fitted(None).predict(X),
        threads=lambda: fitted(2).predict(X),
    )


def while_locked():
    """Another thread of the parent trains a user's network at the time of the fork."""
    known = fitted(None, module=Plain).predict(X)
    locked, done = threading.Event(), threading.Event()

    def hold():
        with borrowed_generators(0):
            locked.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait()
    found = in_child(lambda: fitted(None, module=Plain).predict(X))
    done.set()
    holder.join()
    if found is None or not np.array_equal(found, known):
        print("locked", found if found is None else "differs")


def as_a_thread_ends():
    """The system takes a while to end a thread of the parent that has computed."""
    library, key = ctypes.CDLL(None), ctypes.c_ulong()
    library.pthread_key_create(ctypes.byref(key), library.usleep)

    def compute():
        fitted(None)
        library.pthread_setspecific(key, ctypes.c_void_p(500_000))  # microseconds

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    task = f"/proc/{os.getpid()}/task/{thread.native_id}"
    if in_child(lambda: os.path.exists(task)) is not False:
        print("forked as a thread ended")


def without_gradients():
    """Torch makes a new autograd engine before threads can ask for it."""

    def n_saved():
        saved = []
        hooks = saved_tensors_hooks(lambda x: saved.append(x) or x, lambda x: x)
        with hooks, computing(None):
            pass
        return len(saved)

    if n_saved() or not in_child(n_saved):
        print("autograd was not woken once")


if __name__ == "__main__":
    faulthandler.enable()
    warnings.simplefilter("ignore")
    after_torch()
    after_threads()
    while_locked()
    as_a_thread_ends()
    without_gradients()
