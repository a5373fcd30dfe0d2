"""Time of an epoch: ours, loops written by hand, skorch's default, scikit-learn's MLP.

    python examples/benchmarks/train_step.py

32,768 x 89 rows in float32, MLP 89-50-30-2, batches of 256, on the CPU. All minimise
the same objective. In every round each contestant trains once, in an order drawn anew,
and a ratio is the median of its values in the rounds: a slow moment of the machine
meets both sides of it.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial

import numpy as np
import torch
from rounds import Contestant, measured, quartiles, ratio, versions
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNetClassifier
from torch import nn
from torch.nn import functional

from sklearn_gradlasso import GradientLassoClassifier

N_ROWS, N_FEATURES, BATCH, RATE, LAM = 32_768, 89, 256, 1e-3, 0.01


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(N_FEATURES, 50),
        nn.ReLU(),
        nn.Linear(50, 30),
        nn.ReLU(),
        nn.Linear(30, 2),
    )


def by_hand(X: np.ndarray, y: np.ndarray, lam: float, n_epochs: int, **adam) -> None:
    """Cross-entropy plus gradient L1 as one writes it in torch."""
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, **adam)
    for _ in range(n_epochs):
        order = torch.randperm(len(X))
        for start in range(0, len(X), BATCH):
            rows = order[start : start + BATCH]
            x = X[rows]
            optimizer.zero_grad()
            if lam:
                x.requires_grad_()
            output = model(x)
            loss = functional.cross_entropy(output, y[rows])
            if lam:
                score = functional.log_softmax(output, dim=1).sum()
                (gradient,) = torch.autograd.grad(score, x, create_graph=True)
                loss = loss + lam * gradient.abs().sum(dim=1).mean()
            loss.backward()
            optimizer.step()


def ours(X: np.ndarray, y: np.ndarray, lam: float, n_epochs: int) -> None:
    GradientLassoClassifier(
        lam=lam,
        module="perceptron",
        hidden_layer_sizes=(50, 30),
        activation="relu",
        optimizer="adam",
        learning_rate_init=RATE,
        batch_size=BATCH,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs,
        early_stopping=False,
        random_state=0,
    ).fit(X, y)


def skorch_default(X: np.ndarray, y: np.ndarray, n_epochs: int) -> None:
    """skorch as it comes: its loader, its callbacks, a fifth of the rows held out."""
    NeuralNetClassifier(
        network,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=RATE,
        batch_size=BATCH,
        max_epochs=n_epochs,
        verbose=0,
    ).fit(X, y)


def mlp_classifier(X: np.ndarray, y: np.ndarray, n_epochs: int) -> None:
    """scikit-learn's network, which has no penalty on gradients."""
    MLPClassifier(
        (50, 30),
        learning_rate_init=RATE,
        batch_size=BATCH,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs,
        random_state=0,
    ).fit(X, y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_ROWS, N_FEATURES), dtype=np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    trainers = {
        "skorch default, no penalty": partial(skorch_default, X, y),
        "scikit-learn's MLP, no penalty": partial(mlp_classifier, X, y),
    }
    for name, lam in (("no penalty", 0.0), ("gradient L1", LAM)):
        trainers |= {
            f"ours, {name}": partial(ours, X, y, lam),
            f"by hand, {name}": partial(by_hand, X, y, lam),
            f"by hand with fused Adam, {name}": partial(by_hand, X, y, lam, fused=True),
        }
    times = measured(
        {
            name: Contestant(partial(train, n_epochs=options.epochs))
            for name, train in trainers.items()
        },
        options.rounds,
    )
    print(f"\n{N_ROWS} x {N_FEATURES}, batch {BATCH}, float32, ", end="")
    print(f"{options.rounds} rounds of {options.epochs} epochs")
    for name, seconds in times.items():
        of_epoch = [each / options.epochs for each in seconds]
        print(f"  {name:40}{quartiles(of_epoch)} an epoch")
    print(f"\n{'ratio of times per epoch':70}{'bar':>5}{'median':>8}")
    for above, below, bar in (
        ("ours, no penalty", "by hand, no penalty", 0.95),
        ("ours, gradient L1", "by hand, gradient L1", 0.95),
        ("ours, no penalty", "by hand with fused Adam, no penalty", 1.10),
        ("ours, gradient L1", "by hand with fused Adam, gradient L1", 1.10),
        ("ours, no penalty", "skorch default, no penalty", 0.80),
        ("ours, gradient L1", "skorch default, no penalty", 0.80),
        ("ours, no penalty", "scikit-learn's MLP, no penalty", None),
        ("ours, gradient L1", "scikit-learn's MLP, no penalty", None),
    ):
        shown = "" if bar is None else f"{bar:.2f}"
        found = ratio(times, above, below)
        print(f"  {above + ' / ' + below:68}{shown:>5}{found:>8.2f}")
    packages = versions("torch", "skorch", "scikit-learn", "numpy")
    print(f"\n{packages}; torch threads {torch.get_num_threads()}, ours 1")


if __name__ == "__main__":
    main()
