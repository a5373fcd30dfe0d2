"""Ablation: whose order of the features says most about what the model answers?

Tables 1 and 2 of the paper. It takes sets and measures from Lundberg et al. (2019)
and gives no network; this is the one of their benchmark in the package shap: layers of
32, 20 and 20, 30 epochs of Adam at its usual rate in batches of 32, 100 of 1000 rows
explained. Expected gradients have the paper's 200 references; integrated gradients
start from zero, as usual, which is here the mean of every feature.
"""

from __future__ import annotations

import numpy as np
from lines import Line, mean, values
from networks import perceptron
from sklearn.model_selection import train_test_split

from sklearn_gradlasso import AttributionPriorRegressor
from sklearn_gradlasso.attributions import (
    ExpectedGradients,
    Gradients,
    IntegratedGradients,
)
from sklearn_gradlasso.datasets import make_correlated_groups, make_independent_linear
from sklearn_gradlasso.metrics import ablation_scores

N_SEEDS = 10
SETS = {
    "correlated groups 60": make_correlated_groups,
    "independent linear 60": make_independent_linear,
}
EXPECTED, INTEGRATED, GRADIENTS, RANDOM = METHODS = (
    "expected gradients",
    "integrated gradients",
    "gradients",
    "random",
)
METRICS = (
    *("KPM", "KPR", "KPI", "KNM", "KNR", "KNI", "KAM", "KAR", "KAI"),
    *("RPM", "RPR", "RPI", "RNM", "RNR", "RNI", "RAM", "RAR", "RAI"),
)
PAPER_TEXT = {  # Erion et al. (2019), table 1 (section 4) and table 2 (appendix C.1)
    "correlated groups 60": """
    3.731 3.800 3.973 3.615 3.551 3.873 0.906 0.903 0.919
    3.612 3.575 3.525 3.759 3.830 3.683 0.897 0.885 0.880
    3.667 3.736 3.920 3.543 3.476 3.808 0.905 0.899 0.920
    3.539 3.503 3.365 3.687 3.754 3.543 0.872 0.859 0.822
    0.096 0.122 0.099 0.076 -0.112 0.052 0.838 0.823 0.887
    0.035 -0.098 -0.020 0.110 0.105 0.108 0.729 0.712 0.616
    0.033 0.106 0.077 -0.012 -0.093 -0.053 0.593 0.583 0.715
    -0.053 -0.100 -0.106 0.034 0.092 0.111 0.400 0.400 0.275""",
    "independent linear 60": """
    4.096 4.179 4.264 4.014 3.835 4.153 0.941 0.946 0.938
    4.079 3.941 4.210 4.203 4.260 4.356 0.992 0.977 1.019
    4.055 4.112 4.176 3.949 3.753 4.070 0.941 0.945 0.938
    4.013 3.854 4.113 4.157 4.186 4.259 0.973 0.966 0.995
    0.044 0.107 0.029 0.155 -0.150 0.172 0.902 0.905 0.902
    0.110 -0.125 0.133 0.057 0.080 0.041 0.947 0.936 0.985
    -0.152 0.102 -0.152 0.111 -0.126 0.060 0.470 0.482 0.438
    0.012 -0.124 0.059 0.035 0.101 0.070 0.504 0.521 0.527""",
}
PAPER = {
    name: dict(zip(METHODS, np.array(text.split(), dtype=float).reshape(4, 18)))
    for name, text in PAPER_TEXT.items()
}


def run(seed: int) -> dict:
    return {name: scores(make, seed) for name, make in SETS.items()}


def scores(make, seed: int) -> dict:
    X, y, _ = make(random_state=seed)
    X, X_test, y, y_test = train_test_split(X, y, test_size=100, random_state=seed)
    model = AttributionPriorRegressor(
        **perceptron(
            lam=0,
            hidden_layer_sizes=(32, 20, 20),
            batch_size=32,
            learning_rate_init=1e-3,
            max_iter=30,
            random_state=seed,
        )
    ).fit(X, y)
    phi = {
        EXPECTED: model.explain(X_test, attribution=ExpectedGradients()),
        INTEGRATED: model.explain(X_test, attribution=IntegratedGradients()),
        GRADIENTS: model.explain(X_test, attribution=Gradients()),
        RANDOM: np.random.default_rng(seed).standard_normal(X_test.shape),
    }
    found = {
        method: ablation_scores(
            model.predict,
            X_test,
            phi[method],
            background=X,
            y=y_test,
            random_state=seed,
        )
        for method in METHODS
    }
    return {"R2": model.score(X_test, y_test), **found}


def lines(runs: list[dict]) -> list[Line]:
    return [line for name in SETS for line in lines_of(name, values(runs, name))]


def lines_of(name: str, runs: list[dict]) -> list[Line]:
    ours = {method: table(runs, method).mean(axis=0) for method in METHODS}
    best = is_best(ours)
    lost = [metric for metric, won in zip(METRICS, best) if not won]
    of_paper = is_best(PAPER[name])
    per_seed = [
        is_best({method: table([run], method)[0] for method in METHODS}).sum()
        for run in runs
    ]
    gain, error = gains(runs)
    found = [
        Line(
            f"{name}: expected gradients best in >= 16 of 18",
            f"{best.sum()}, paper {of_paper.sum()}; not in {' '.join(lost) or 'none'}",
            bool(best.sum() >= 16),
        ),
        Line("... seed by seed", ", ".join(map(str, per_seed))),
        Line("... R2 of the networks on the rows explained", f"{mean(runs, 'R2'):.3f}"),
        Line(
            "... ours (the paper's): expected, integrated, gradients, random",
            "expected - integrated, standard error",
        ),
    ]
    for k, metric in enumerate(METRICS):
        pairs = [f"{ours[m][k]:.3f} ({PAPER[name][m][k]:.3f})" for m in METHODS]
        found.append(
            Line(
                f"    {metric} {'  '.join(pairs)}", f"{gain[k]:+.4f} +- {error[k]:.4f}"
            )
        )
    return found


def table(runs: list[dict], method: str) -> np.ndarray:
    """Scores of shape (n_runs, 18)."""
    return np.array([[run[method][metric] for metric in METRICS] for run in runs])


def is_best(scores: dict[str, np.ndarray]) -> np.ndarray:
    """Metrics in which no other method is above expected gradients."""
    return scores[EXPECTED] >= np.max([scores[m] for m in METHODS[1:]], axis=0)


def gains(runs: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Expected less integrated gradients: mean over runs, and its standard error."""
    gain = table(runs, EXPECTED) - table(runs, INTEGRATED)
    error = gain.std(axis=0, ddof=min(1, len(runs) - 1)) / np.sqrt(len(runs))
    return gain.mean(axis=0), error


def pictures(runs: list[dict]) -> dict:
    import matplotlib.pyplot as plt

    figure, row = plt.subplots(
        2, 1, figsize=(8, 5.4), sharex=True, layout="constrained"
    )
    places = np.arange(len(METRICS))
    for axes, name in zip(row, SETS):
        scale = table(values(runs, name), INTEGRATED).mean(axis=0) / 100
        gain, error = (part / scale for part in gains(values(runs, name)))
        axes.bar(places, gain, yerr=error, color="tab:blue", label="ours")
        paper = PAPER[name]
        gain = 100 * (paper[EXPECTED] / paper[INTEGRATED] - 1)
        axes.plot(places, gain, "kx", label="paper")
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set(title=f"{name} ({len(runs)} seeds)", ylabel="better by, %")
    row[0].legend()
    row[1].set_xticks(places, METRICS, rotation=60)
    figure.suptitle("Expected gradients against integrated gradients")
    return {"ablation": figure}
