"""What a step of a network costs, against rows, columns, width and how many at once.

    python examples/benchmarks/scaling.py

MLP with two hidden layers and gradient L1, batches of 256, on one thread. A step takes
``5 d h + 6 (h h + 2 h)`` multiplications and additions for a row (d columns, h units a
layer): both passes of the loss, and both of the input gradient. Its share of the peak
is relative to a product of two 1,000 x 1,000 matrices, measured in the same round.
Memory is the largest resident size of a process that trains a path, beyond its data,
with scikit-learn's ``working_memory`` at 256 MiB.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import torch
from rounds import Contestant, measured, versions
from sklearn import config_context

from sklearn_gradlasso import GradientLassoClassifier, lambda_path

BATCH, SIDE, BUDGET = 256, 1000, 256
ROWS, COLUMNS, WIDTH = 8192, 89, 50
CASES = {
    "rows": [{"n": n} for n in (2048, 8192, 32768, 131072)],
    "columns": [{"d": d} for d in (10, 30, 89, 300, 1000)],
    "width": [{"h": h} for h in (10, 25, 50, 100, 200, 400)],
    "networks at once": [{"m": m} for m in (1, 2, 5, 10, 20, 50, 100)],
}

# Beyond 32,768 rows in a batch a step of one network alone takes more than the budget.
MEMORY_OF = (2048, 10), (2048, 100), (2048, 1000), (8192, 100), (16384, 100)


def data(n: int, d: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    return X.astype(dtype), X[:, 0] * X[:, 1] > 0


def model(h: int, n_epochs: int, **params) -> GradientLassoClassifier:
    given = {
        "module": "perceptron",
        "hidden_layer_sizes": (h, h),
        "activation": "relu",
        "optimizer": "adam",
        "learning_rate_init": 0.003,
        "batch_size": BATCH,
        "max_iter": n_epochs,
        "tol": 0.0,
        "n_iter_no_change": n_epochs,
        "early_stopping": False,
        "random_state": 0,
    }
    return GradientLassoClassifier(**{**given, **params})


def train(X, y, h: int, m: int, n_epochs: int) -> None:
    lambda_path(model(h, n_epochs), X, y, lams=np.geomspace(1e-3, 1, m))


def seconds_of_step(dtype: str, n_rounds: int, n=ROWS, d=COLUMNS, h=WIDTH, m=1) -> dict:
    """Of one network, and its share of the peak; start and end of training cancel."""
    X, y = data(n, d, dtype)
    matrix = torch.ones(SIDE, SIDE, dtype=getattr(torch, dtype))
    steps = 2 * max(1, n // BATCH)
    times = measured(
        {
            "one epoch": Contestant(partial(train, X, y, h, m, 1)),
            "three epochs": Contestant(partial(train, X, y, h, m, 3)),
            "product": Contestant(partial(torch.mm, matrix, matrix), n_calls=5),
        },
        n_rounds,
    )
    operations = 2 * BATCH * (5 * d * h + 6 * (h * h + 2 * h))
    of_step = [
        (three - one) / (steps * m)
        for one, three in zip(times["one epoch"], times["three epochs"])
    ]
    peaks = [2 * SIDE**3 / seconds for seconds in times["product"]]
    return {
        "ms": 1e3 * statistics.median(of_step),
        "share": statistics.median(
            operations / seconds / peak for seconds, peak in zip(of_step, peaks)
        ),
    }


def memory_of(n: int, m: int) -> dict:
    """Of a path with one batch of all rows, in MiB."""
    X, y = data(n, COLUMNS, "float32")
    train(X[:512], y[:512], WIDTH, 2, 1)  # what is loaded at first use
    before = _largest_size()
    with config_context(working_memory=BUDGET):
        lambda_path(model(WIDTH, 2, batch_size=n), X, y, lams=np.geomspace(1e-3, 1, m))
    return {"MiB": _largest_size() - before, "rows": X.nbytes / 2**20}


def _largest_size() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_a_process(n: int, m: int) -> dict:
    command = [sys.executable, __file__, "--memory-of", str(n), str(m)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"])
    parser.add_argument("--memory-of", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if options.memory_of:
        print(json.dumps(memory_of(*options.memory_of)))
        return
    for dtype in options.dtype:
        for title, cases in CASES.items():
            print(f"\n{dtype}, {title}: ms of a network and step, share of the peak")
            for case in cases:
                found = seconds_of_step(dtype, options.rounds, **case)
                ((_, value),) = case.items()
                print(
                    f"  {value:8}{found['ms']:10.3f}{found['share']:8.1%}", flush=True
                )
    print(f"\nmemory with working_memory={BUDGET}: MiB more, MiB of the rows")
    for n, m in MEMORY_OF:
        found = in_a_process(n, m)
        print(f"  {n:8} rows x {m:5} networks{found['MiB']:10.0f}{found['rows']:10.0f}")
    packages = versions("torch", "scikit-learn", "skorch", "numpy")
    print(f"\n{packages}; one thread")


if __name__ == "__main__":
    main()
