"""Sampling: how many references do expected gradients need?

Figure 4 of the paper, with a bar: what ``explain`` returns against plain Monte Carlo,
which draws a reference and a place on the way for each row and sample. Errors are mean
absolute differences of attributions, to 20,000 samples of plain Monte Carlo and to what
they estimate: all references, 16 Gauss-Legendre nodes on each way.

As in the paper, network, rows and background come from the same rows. The background
are 500 of them, given to both. In ``kept`` the model explains by the rows it has kept,
plain Monte Carlo draws from all rows, and all rows are the truth.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from lines import Line, mean, values
from networks import perceptron
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import AttributionPriorClassifier, AttributionPriorRegressor
from sklearn_gradlasso.attributions import ExpectedGradients
from sklearn_gradlasso.datasets import make_correlated_groups
from sklearn_gradlasso.explanation import Explanation

N_SEEDS = 10
SIZES = (10, 25, 50, 100, 200, 500)
MANY, BAR_SIZE, BAR = 20_000, "100", 0.5
N_BACKGROUND, N_EXPLAINED, N_NODES = 500, 200, 16
SETS = {
    "breast cancer": "log-odds",
    "correlated groups 60": "units of y",
}


def run(seed: int) -> dict:
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    plain = perceptron(lam=0, random_state=seed)
    cancer = AttributionPriorClassifier(**plain).fit(X, y)
    X_groups, y, _ = make_correlated_groups(random_state=seed)
    groups = AttributionPriorRegressor(**plain).fit(X_groups, y)
    return dict(
        zip(
            SETS,
            (
                errors(cancer, X, cancer.decision_function, seed),
                errors(groups, X_groups, groups.predict, seed),
            ),
        )
    )


def errors(model, X: np.ndarray, output, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    background = X[rng.permutation(len(X))[:N_BACKGROUND]]
    rows = X[rng.permutation(len(X))[:N_EXPLAINED]]
    generator = torch.Generator().manual_seed(seed)

    def plain(size: int, background=background) -> np.ndarray:
        draw = partial(
            monte_carlo, background=background, size=size, generator=generator
        )
        return model.explain(rows, attribution=draw)

    def exact(background) -> np.ndarray:
        attribution = partial(quadrature, background=background)
        return model.explain(rows, attribution=attribution)

    many, truth, truth_of_all = plain(MANY), exact(background), exact(X)
    found = {"20,000 samples": distance(many, truth), "size": np.abs(truth).mean()}
    for size in SIZES:
        attribution = ExpectedGradients(size, background=background)
        explained = Explanation.from_estimator(model, rows, attribution=attribution)
        ours, theirs = explained.values, plain(size)
        kept = model.explain(rows, attribution=ExpectedGradients(size))
        rise = output(rows) - output(background).mean()
        gap = rise - ours.sum(axis=1)
        found[str(size)] = {
            "ours": distance(ours, many),
            "plain": distance(theirs, many),
            "ours, exact": distance(ours, truth),
            "plain, exact": distance(theirs, truth),
            "ours, kept": distance(kept, truth_of_all),
            "plain, kept": distance(plain(size, X), truth_of_all),
            "gap": np.abs(gap).mean() / np.abs(rise).mean(),
            "gap, plain": np.abs(rise - theirs.sum(axis=1)).mean()
            / np.abs(rise).mean(),
            "reported less measured": np.abs(explained.additivity_gap - gap).max(),
        }
    return found


def monte_carlo(score, x, *, background, size: int, generator, at_once: int = 50):
    """Average over references and places on the way, all drawn independently."""
    background = torch.as_tensor(background, dtype=x.dtype)
    total = torch.zeros_like(x)
    for start in range(0, size, at_once):
        shape = (min(at_once, size - start), len(x))
        drawn = torch.randint(len(background), shape, generator=generator)
        alpha = torch.rand(shape, generator=generator, dtype=x.dtype)
        total += products(score, x, background[drawn], alpha.unsqueeze(2)).sum(dim=0)
    return total / size


def quadrature(score, x, *, background, at_once: int = 50):
    """Average over all references, by nodes on the way from each."""
    background = torch.as_tensor(background, dtype=x.dtype).unsqueeze(1)
    total = torch.zeros_like(x)
    for node, weight in zip(*np.polynomial.legendre.leggauss(N_NODES)):
        alpha = x.new_tensor((node + 1) / 2)
        for references in background.split(at_once):
            total += weight / 2 * products(score, x, references, alpha).sum(dim=0)
    return total / len(background)


def products(score, x, references, alpha):
    """``(x - r) * gradient at r + alpha (x - r)`` of shape (n_references, n, d)."""
    way = x - references
    with torch.enable_grad():
        z = (references + alpha * way).requires_grad_()
        (gradient,) = torch.autograd.grad(score(z.flatten(0, 1)).sum(), z)
    return way * gradient


def distance(phi: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(phi - truth).mean())


def lines(runs: list[dict]) -> list[Line]:
    return [line for name in SETS for line in lines_of(name, values(runs, name))]


def lines_of(name: str, runs: list[dict]) -> list[Line]:
    def ratios(beside: str = "") -> np.ndarray:
        pairs = [
            [mean(runs, str(n), kind + beside) for n in SIZES]
            for kind in ("ours", "plain")
        ]
        return np.divide(*pairs)

    def ratio(run: dict) -> float:
        return run[BAR_SIZE]["ours"] / run[BAR_SIZE]["plain"]

    def curve(key: str, form: str = ".4f") -> str:
        return ", ".join(format(mean(runs, str(n), key), form) for n in SIZES)

    def shown(numbers) -> str:
        return ", ".join(f"{number:.2f}" for number in numbers)

    each = [ratio(run) for run in runs]
    differ = max(max(values(runs, str(n), "reported less measured")) for n in SIZES)
    return [
        Line(
            f"{name}: ours / plain Monte Carlo at 100 samples <= 0.5",
            f"{np.mean(each):.2f} (worst seed {max(each):.2f})",
            bool(np.mean(each) <= BAR),
        ),
        Line(f"... error of ours at {list(SIZES)}, {SETS[name]}", curve("ours")),
        Line("... of plain Monte Carlo", curve("plain")),
        Line(
            "... of the 20,000 samples; mean magnitude of an attribution",
            f"{mean(runs, '20,000 samples'):.5f}; {mean(runs, 'size'):.4f}",
        ),
        Line("... ours / plain", shown(ratios())),
        Line("... ours / plain against the exact truth", shown(ratios(", exact"))),
        Line("... with the rows kept, truth of all rows", shown(ratios(", kept"))),
        Line("... error of ours with the rows kept", curve("ours, kept")),
        Line("... completeness gap of ours, share of f - E f", curve("gap", ".1%")),
        Line("... of plain Monte Carlo", curve("gap, plain", ".1%")),
        Line("... gap that is reported less gap measured, largest", f"{differ:.1e}"),
    ]


def pictures(runs: list[dict]) -> dict:
    import matplotlib.pyplot as plt

    figure, row = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
    for axes, name in zip(row, SETS):
        found = values(runs, name)
        for kind, colour in (("ours", "tab:blue"), ("plain", "tab:red")):
            label = {"ours": "explain", "plain": "plain Monte Carlo"}[kind]
            for beside, style in (("", "o-"), (", exact", ":")):
                curve = [mean(found, str(n), kind + beside) for n in SIZES]
                label += ", to the exact truth" if beside else ""
                axes.plot(SIZES, curve, style, color=colour, label=label)
        axes.axhline(
            mean(found, "20,000 samples"),
            color="tab:grey",
            linestyle="--",
            label="error of the 20,000 samples",
        )
        axes.set(
            xscale="log",
            yscale="log",
            title=name,
            xlabel="references",
            ylabel=f"mean absolute error, {SETS[name]}",
        )
        axes.set_xticks(SIZES, SIZES)
        axes.tick_params(axis="x", which="minor", bottom=False)
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=3
    )
    figure.suptitle(f"Error against 20,000 samples ({len(runs)} seeds)")
    return {"sampling_error": figure}
