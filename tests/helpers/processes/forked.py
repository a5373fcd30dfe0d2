"""What a forked process computes after its parent has: run by ``test_threads.py``.

    python forked.py

prints the names of what went wrong, if anything.
"""

import multiprocessing
import threading
import warnings

import numpy as np
import torch
from torch import nn

from sklearn_gradlasso import GradientLassoRegressor, GradientLassoRegressorCV
from sklearn_gradlasso.utils.seeds import borrowed_generators

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


def in_child(function):
    """What a forked process returns; None if it hangs or dies."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(function()), daemon=True)
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


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    after_torch()
    after_threads()
    while_locked()
