"""Table 2: the time of an explanation, against LIME and KernelSHAP.

One fitted model for all three: NGSLL on images of 28 x 28. LIME and KernelSHAP explain
its probabilities as a function of the 784 pixels, with their own default numbers of
evaluations; KernelSHAP with one background row, the mean image, which is its fastest
case. Medians of interleaved rounds on one thread. The time of a prediction is compared
with that of the network that writes the weights, on the same arrays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from lines import Line, values

from .images import binary_mnist, ngsll

N_SEEDS = 2
K = (1, 5, 10, 25)
N_ROUNDS, N_ROWS = 7, 2000
SPEED, OVERHEAD = 1000, 1.3


def run(seed: int) -> dict:
    import shap
    from lime.lime_tabular import LimeTabularExplainer

    (X, y), (X_test, _) = binary_mnist("train"), binary_mnist("test")
    rng = np.random.default_rng(seed)
    rows = X_test[rng.permutation(len(X_test))[:N_ROWS]]
    few = {"coarse_max_iter": 1, "max_iter": 1, "early_stopping": False}
    models = {k: ngsll(seed, k, **few).fit(X[:5000], y[:5000]) for k in K}
    model, background = models[5], X[:5000]
    lime = LimeTabularExplainer(background, mode="classification", random_state=seed)
    kernel = shap.KernelExplainer(model.predict_proba, background.mean(axis=0)[None])
    generator = model.net_.module_[0].generator

    def network() -> None:
        with torch.no_grad():
            generator(torch.from_numpy(rows))

    contestants = {
        "network": network,
        **{f"predict, K = {k}": partial(m.predict, rows) for k, m in models.items()},
        **{f"explain, K = {k}": partial(m.explain, rows) for k, m in models.items()},
        "explain one row, K = 5": partial(model.explain, rows[:1]),
        "LIME": partial(lime.explain_instance, rows[0], model.predict_proba),
        "KernelSHAP": partial(kernel.shap_values, rows[:1], silent=True),
    }
    times = measured(contestants, rng)
    forward = times["network"]
    figures = {
        f"ms of a row: {name}": 1e3 * float(np.median(seconds)) / n_rows(name)
        for name, seconds in times.items()
    }
    for k in K:
        ratio = times[f"predict, K = {k}"] / forward
        figures[f"predict / network, K = {k}"] = float(np.median(ratio))
    for other in ("LIME", "KernelSHAP"):
        ratio = N_ROWS * times[other] / times["explain, K = 5"]
        figures[f"{other} / explain"] = float(np.median(ratio))
    return figures


def n_rows(name: str) -> int:
    return 1 if "one row" in name or name in ("LIME", "KernelSHAP") else N_ROWS


def measured(contestants: dict[str, Callable], rng) -> dict[str, np.ndarray]:
    """Seconds of each contestant in each round, after one round that warms up."""
    times = {name: [] for name in contestants}
    torch.set_num_threads(1)
    for number in range(-1, N_ROUNDS):
        for name in rng.permutation(list(contestants)):
            start = time.perf_counter()
            contestants[name]()
            if number >= 0:
                times[name].append(time.perf_counter() - start)
    return {name: np.array(seconds) for name, seconds in times.items()}


def lines(runs: list[dict]) -> list[Line]:
    def ms(name: str) -> str:
        return f"{np.median(values(runs, f'ms of a row: {name}')):.3g}"

    found = [
        Line("explanation in ms, in batch: K = 1, 5, 10, 25",
             ", ".join(ms(f"explain, K = {k}") for k in K)
             + " (paper 2.55, 6.19, 10.76)"),
        Line("... of one row alone, K = 5", ms("explain one row, K = 5")),
        Line("LIME, KernelSHAP", f"{ms('LIME')}, {ms('KernelSHAP')} (paper 1110, 700)"),
    ]  # fmt: skip
    for other in ("LIME", "KernelSHAP"):
        ratio = min(values(runs, f"{other} / explain"))
        claim = f"{other} takes at least {SPEED} times as long (lowest of seeds)"
        found.append(Line(claim, f"{ratio:.0f}", ratio >= SPEED))
    ratios = [np.median(values(runs, f"predict / network, K = {k}")) for k in K]
    text = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    claim = f"prediction / network <= {OVERHEAD} and flat: K = 1, 5, 10, 25"
    return [*found, Line(claim, text, max(ratios) <= OVERHEAD)]
