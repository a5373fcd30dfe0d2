"""Time of a training epoch against K: the gate draws K features one after the other.

2,000 images of 28 x 28, z = their 14 x 14 means, so that K may be 50 of 196.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from lines import Line, values
from skorch.callbacks import EpochTimer

from .images import binary_mnist, ngsll, plain

N_SEEDS = 3
K = (1, 2, 5, 10, 20, 50)
EPOCHS = 4


def quarter_means(X: np.ndarray) -> np.ndarray:
    return X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(X), -1)


def run(seed: int) -> dict[str, float]:
    """Seconds of an epoch, the median of a few."""
    X, y = (of[:2000] for of in binary_mnist("train"))
    timed = {"callbacks": [EpochTimer()], "early_stopping": False, "max_iter": EPOCHS}
    models = {
        str(k): ngsll(seed, k, simplify=quarter_means, coarse_max_iter=1, **timed)
        for k in K
    }
    models["plain"] = plain(seed, **timed)
    models["plain"].fit(X[:256], y[:256])  # warms up
    found = {}
    for name in np.random.default_rng(seed).permutation(list(models)):
        history = models[name].fit(X, y).net_.history
        found[str(name)] = float(np.median(history[:, "dur"]))
    return found


def lines(runs: list[dict]) -> list[Line]:
    claim = "epochs of NGSLL / of the plain network: K = " + ", ".join(map(str, K))
    return [Line(claim, ", ".join(f"{ratio:.2f}" for ratio in medians(runs)))]


def medians(runs: list[dict]) -> list[float]:
    plain_epoch = np.array(values(runs, "plain"))
    return [float(np.median(values(runs, str(k)) / plain_epoch)) for k in K]


def pictures(runs: list[dict]) -> dict:
    figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
    axes.plot(K, medians(runs), "o-")
    axes.set(
        xlabel="K",
        ylabel="time of an epoch / plain network",
        title="Training cost of the gate",
        ylim=(0, None),
    )
    return {"training_cost": figure}
