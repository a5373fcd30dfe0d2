"""Time of expected gradients: to explain rows, and as a prior in a training step.

    pip install shap captum
    python examples/benchmarks/expected_gradients.py

Explaining: 500 rows x 200 references x 60 features in float32, MLP 60-50-30-1, by
``explain``, captum's GradientShap and shap's GradientExplainer, on the same network.
Training: 8,192 x 60 rows in float32, batches of 256, k = 1 reference, against the same
estimator with ``lam=0``. All on one thread of the CPU. In every round each contestant
runs, in an order drawn anew, and a ratio is the median of its values in the rounds: a
slow moment of the machine meets both sides of it.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from rounds import Contestant, measured, quartiles, ratio, versions

from sklearn_gradlasso import AttributionPriorClassifier, AttributionPriorRegressor
from sklearn_gradlasso.training.rows import TrainingData, rows_for

N_ROWS, N_FEATURES, BATCH = 8_192, 60, 256
N_EXPLAINED, N_REFERENCES = 500, 200
NETWORKS = ((50, 30), (512, 128, 32))
TRAINING = {
    "module": "perceptron",
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate_init": 0.003,
    "batch_size": BATCH,
    "early_stopping": False,
    "random_state": 0,
}
EPOCHS = 5  # of training, in the time of one round of explaining
PRIORS = {
    "no prior": {"lam": 0},
    "l1": {"prior": "l1", "lam": 0.01},
    "gini": {},
    "l1 of gradients": {"prior": "l1", "lam": 0.01, "attribution": "gradients"},
}


class Ratio(NamedTuple):
    """Of two contestants, with its bar: ``(">=", 10)``, or None."""

    above: str
    below: str
    bar: tuple[str, float] | None = None

    def __str__(self) -> str:
        return f"{self.above} / {self.below}"

    def verdict(self, ratio: float) -> str:
        if self.bar is None:
            return ""
        sign, bar = self.bar
        met = ratio >= bar if sign == ">=" else ratio <= bar
        return f"bar {sign} {bar:g}: {'met' if met else 'NOT MET'}"


def explainers(X: np.ndarray, y: np.ndarray) -> dict[str, Contestant]:
    try:
        import captum.attr
        import shap
    except ModuleNotFoundError as error:
        sys.exit(f"This needs {error.name}: pip install shap captum.")
    model = AttributionPriorRegressor(
        lam=0, hidden_layer_sizes=NETWORKS[0], max_iter=5, **TRAINING
    ).fit(X, y)
    module = model.net_.module_
    rows, background = X[:N_EXPLAINED], torch.from_numpy(X[-N_REFERENCES:])
    of_captum = captum.attr.GradientShap(module)
    of_shap = shap.GradientExplainer(module, background)

    def captum_shap() -> np.ndarray:
        options = {"n_samples": N_REFERENCES, "stdevs": 0.0, "target": 0}
        phi = of_captum.attribute(torch.from_numpy(rows), background, **options)
        return phi.numpy()

    def shap_values() -> np.ndarray:
        phi = of_shap.shap_values(torch.from_numpy(rows), nsamples=N_REFERENCES)
        return phi[..., 0]

    return {
        "ours": Contestant(partial(model.explain, rows), n_calls=10),
        "captum": Contestant(captum_shap),
        "shap": Contestant(shap_values),
    }


def trainers(kind: type, sizes: tuple[int, ...], X, y) -> dict[str, Contestant]:
    """An epoch with each prior."""
    labels, first = y, {}
    targets = y[:, None]
    if kind is AttributionPriorClassifier:
        labels = targets = (y > 0).astype(np.int64)
        first = {"classes": [0, 1]}
    contestants = {}
    for name, options in PRIORS.items():
        model = kind(hidden_layer_sizes=sizes, **TRAINING, **options)
        model.partial_fit(X[: 2 * BATCH], labels[: 2 * BATCH], **first)
        data, row_shape = TrainingData(X, targets), X.shape[1:]
        rows = rows_for(model.net_.module_, data, row_shape)
        contestants[name] = Contestant(partial(model.net_.train, rows))
    return contestants


def report(title: str, times: dict[str, list], ratios: list[Ratio]) -> None:
    print(f"\n{title}, {len(times[ratios[0].below])} rounds")
    for name, seconds in times.items():
        print(f"  {name:28}{quartiles(seconds)}")
    for each in ratios:
        value = ratio(times, each.above, each.below)
        print(f"  {each!s:28}{value:10.2f}     {each.verdict(value)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    n_rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)

    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_ROWS, N_FEATURES), dtype=np.float32)
    y = X[:, 0] + X[:, 1] * X[:, 2]
    contestants = explainers(X, y)
    phi = {name: contestant.run() for name, contestant in contestants.items()}
    same = np.corrcoef([values.ravel() for values in phi.values()])[0]
    title = f"explaining {N_EXPLAINED} rows x {N_REFERENCES} references"
    ratios = [
        Ratio("captum", "ours", (">=", 10.0)),
        Ratio("shap", "ours", (">=", 100.0)),
    ]
    report(title, measured(contestants, n_rounds), ratios)
    print(f"  correlation of ours with {', '.join(phi)}: {same.round(3).tolist()}")

    plain, *priors = PRIORS
    bars = {"l1": ("<=", 2.2), "gini": ("<=", 2.2)}
    for kind in (AttributionPriorRegressor, AttributionPriorClassifier):
        for sizes in NETWORKS:
            times = measured(trainers(kind, sizes, X, y), EPOCHS * n_rounds)
            title = f"an epoch of {kind.__name__}, {N_ROWS} rows, network {sizes}"
            report(title, times, [Ratio(p, plain, bars.get(p)) for p in priors])
    packages = versions("torch", "numpy", "shap", "captum")
    print(f"\n{packages}; torch threads {torch.get_num_threads()}, ours 1")


if __name__ == "__main__":
    main()
