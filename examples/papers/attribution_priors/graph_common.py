"""Graph prior: six networks on the same rows, their tests and their picture.

As in the paper's appendix H: the network and its weight L1 come first, stopped where
validation rows are predicted best; the prior is added by fine-tuning, steps on the loss
and on the prior by turns. Weight L1 and lam are chosen on validation rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from lines import Line, mean, values
from networks import perceptron
from scipy.sparse import coo_array, triu
from scipy.stats import ttest_ind, ttest_rel
from sklearn.metrics import r2_score
from skorch.callbacks import Callback

from sklearn_gradlasso import AttributionPriorRegressor
from sklearn_gradlasso.priors import GraphLaplacian

PLAIN, NONE = "no prior, no weight L1", "no prior"
EXTRA = "no prior, extra epochs"
GRAPH, GRADIENTS = "graph, expected gradients", "graph, gradients"
RANDOM = "random graph, expected gradients"
METHODS = (PLAIN, NONE, EXTRA, RANDOM, GRADIENTS, GRAPH)

WEIGHT_L1 = [10.0**e for e in np.arange(-5, -0.5, 0.5)]
LAM = [10.0**e for e in np.arange(-3, 1.5, 0.5)]
PATIENCE = 20
MAX_EPOCHS = 1000
EXPLAINED_ROWS = 500


@dataclass
class Part:
    """Some of the rows, in the precision in which networks compute."""

    X: np.ndarray
    y: np.ndarray

    def __post_init__(self):
        self.X = np.asarray(self.X, dtype=np.float32)


@dataclass
class Data:
    """Rows to train on, to choose by, and to report on."""

    train: Part
    validation: Part
    test: Part


class BestEpoch(Callback):
    """Ends training when validation R2 no longer rises; the best weights are kept.

    Parameters
    ----------
    data : Data
    start : int
        Epochs that do not count.
    """

    def __init__(self, data: Data, start: int):
        mean, scale = data.train.y.mean(), data.train.y.std()
        self.X = torch.from_numpy(data.validation.X)
        self.y = (data.validation.y - mean) / scale
        self.start = start

    def on_train_begin(self, net, **kwargs):
        self.score, self.epoch = -np.inf, self.start

    def on_epoch_end(self, net, **kwargs):
        epoch = len(net.history)
        if epoch <= self.start:
            return
        with torch.no_grad():
            score = r2_score(self.y, net.module_(self.X).numpy())
        if score > self.score:
            self.score, self.epoch = score, epoch
            state = net.module_.state_dict()
            self.weights = {name: tensor.clone() for name, tensor in state.items()}
        elif epoch - self.epoch >= PATIENCE:
            raise KeyboardInterrupt  # asks for the end

    def on_train_end(self, net, **kwargs):
        net.module_.load_state_dict(self.weights)


def network(seed: int, max_iter: int, **params) -> AttributionPriorRegressor:
    return AttributionPriorRegressor(
        n_references=10,
        schedule="alternating",
        tol=0,
        n_iter_no_change=max_iter,
        random_state=seed,
        **perceptron(hidden_layer_sizes=(64, 32), max_iter=max_iter, **params),
    )


@dataclass
class Trained:
    """A network with the R2 on validation rows and the epoch of its weights."""

    model: AttributionPriorRegressor
    validation: float
    epoch: int

    @classmethod
    def on(cls, data: Data, seed: int, start: int = 0, **params) -> Trained:
        course = {"max_iter": start + MAX_EPOCHS, "prior_start": start}
        model = network(seed, callbacks=[BestEpoch(data, start)], **course, **params)
        model.fit(data.train.X, data.train.y)
        ((_, best),) = model.net_.callbacks_
        return cls(model, best.score, best.epoch)

    def described(self, data: Data, adjacency, some: np.ndarray) -> dict:
        X, y = data.test.X, data.test.y
        phi = self.model.explain(
            X[:EXPLAINED_ROWS], target="training", attribution="expected_gradients"
        )
        penalty = GraphLaplacian(adjacency)(torch.from_numpy(phi)).item()
        magnitude = np.abs(phi).mean(axis=0)
        return {
            "R2": self.model.score(X, y),
            "validation R2": self.validation,
            "weight_l1": self.model.weight_l1,
            "lam": self.model.lam,
            "epochs": self.epoch,
            "log10 penalty": np.log10(penalty),
            "share": float(magnitude[some].sum() / magnitude.sum()),
        }


def compare(data: Data, adjacency, some: np.ndarray, seed: int) -> dict:
    """What is found with each method; "share" is the attribution to some features."""
    plain = Trained.on(data, seed, lam=0.0)
    base = _best(Trained.on(data, seed, lam=0.0, weight_l1=l1) for l1 in WEIGHT_L1)
    weight_l1 = base.model.weight_l1

    def tuned(graph, attribution: str) -> Trained:
        params = {"prior": GraphLaplacian(graph), "attribution": attribution}
        return _best(
            Trained.on(data, seed, base.epoch, lam=lam, weight_l1=weight_l1, **params)
            for lam in LAM
        )

    graph = tuned(adjacency, "expected_gradients")
    longer = network(seed, graph.epoch, lam=0.0, weight_l1=weight_l1)
    longer.fit(data.train.X, data.train.y)
    on_validation = longer.score(data.validation.X, data.validation.y)
    trained = {
        PLAIN: plain,
        NONE: base,
        EXTRA: Trained(longer, on_validation, graph.epoch),
        RANDOM: tuned(randomised(adjacency, seed), "expected_gradients"),
        GRADIENTS: tuned(adjacency, "gradients"),
        GRAPH: graph,
    }
    return {
        name: each.described(data, adjacency, some) for name, each in trained.items()
    }


def randomised(adjacency, seed: int):
    """As many edges with the same weights, between random pairs of nodes."""
    rng = np.random.default_rng(seed)
    weights = triu(adjacency, k=1).data
    start, stop = np.triu_indices(adjacency.shape[0], k=1)
    pairs = rng.choice(len(start), size=len(weights), replace=False)
    upper = coo_array((weights, (start[pairs], stop[pairs])), shape=adjacency.shape)
    return upper + upper.T


def lines_of(runs: list[dict]) -> list[Line]:
    """Claims on runs, each a dict of what was found with each method."""
    found = [
        Line(
            f"test R2: {name}",
            f"{mean(runs, name, 'R2'):.3f} +- {np.std(values(runs, name, 'R2')):.3f}",
        )
        for name in METHODS
    ]
    found += [
        Line(
            "graph prior (EG) better than no prior (paper: p = 0.0047)",
            _told(runs, GRAPH, NONE),
            _is_better(runs, GRAPH, NONE),
        ),
        Line(
            "random graph not better than no prior (paper: p = 0.50)",
            _told(runs, RANDOM, NONE),
            not _is_better(runs, RANDOM, NONE),
        ),
    ]
    pairs = {
        "graph prior (EG) against the random graph": (GRAPH, RANDOM),
        "prior on gradients against no prior (paper: no better)": (GRADIENTS, NONE),
        "prior on EG against prior on gradients": (GRAPH, GRADIENTS),
        "extra epochs against no prior (paper: p = 0.76)": (EXTRA, NONE),
    }
    found += [Line(claim, _told(runs, *pair)) for claim, pair in pairs.items()]
    falls = {
        "without the prior over with it (paper: nearly 100)": GRAPH,
        "... prior on gradients": GRADIENTS,
        "... random graph": RANDOM,
    }
    for claim, name in falls.items():
        fall = mean(runs, NONE, "log10 penalty") - mean(runs, name, "log10 penalty")
        found.append(Line(f"graph penalty, {claim}", f"{10**fall:.3g}"))
    return found


def share_line(runs: list[dict], where: str) -> Line:
    shares = [mean(runs, name, "share") for name in (NONE, RANDOM, GRAPH)]
    return Line(
        f"share of attribution {where}: no prior, random graph, graph",
        ", ".join(f"{share:.2f}" for share in shares),
    )


def picture_of(runs: list[dict], title: str):
    """Each run as a point, and their mean."""
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for y, name in enumerate(METHODS):
        scores = values(runs, name, "R2")
        colour = "tab:blue" if name == GRAPH else "tab:grey"
        axes.scatter(scores, np.full(len(scores), y), color=colour, alpha=0.5)
        axes.plot([np.mean(scores)] * 2, [y - 0.35, y + 0.35], color=colour, lw=3)
    axes.set(
        xlabel="test R2; bars are means",
        yticks=range(len(METHODS)),
        yticklabels=METHODS,
        title=f"{title} ({len(runs)} retrainings)",
    )
    return figure


def _best(trained: Iterable[Trained]) -> Trained:
    return max(trained, key=lambda each: each.validation)


def _is_better(runs: list[dict], one: str, other: str) -> bool:
    one, other = values(runs, one, "R2"), values(runs, other, "R2")
    return bool(np.mean(one) > np.mean(other) and ttest_ind(one, other).pvalue < 0.05)


def _told(runs: list[dict], one: str, other: str) -> str:
    """Gain in R2, with p of the two-sample and of the paired t-test."""
    one, other = values(runs, one, "R2"), values(runs, other, "R2")
    gain, p = np.mean(one) - np.mean(other), ttest_ind(one, other).pvalue
    return f"{gain:+.3f}, p = {p:.2g}, paired {ttest_rel(one, other).pvalue:.2g}"
