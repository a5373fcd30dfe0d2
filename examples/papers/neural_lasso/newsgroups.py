"""Table 1, newsgroups row: which of 5,000 words tell two newsgroups apart.

Headers, footers and quotes are taken out. The 5,000 words are those with the largest
mean TF-IDF in the training messages; a message is a row of a CSR matrix with a one for
each of its words, and becomes dense batch by batch.

Every word carries a little, so sparsity has its price here, and the usual rule would
leave hundreds of words. The strength of gradient L1 has the best AUC over the folds
among those with at most 35 effective features, as many as the paper has; of weight L1
the strongest is taken whose AUC is at most ``TOLERANCE`` below the best. The whole path
is kept and drawn.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
from lines import Line, mean, values
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from sklearn_gradlasso import lambda_path
from sklearn_gradlasso.datasets import fetch_newsgroups_pair

from .common import AtMost, Task, Within, described, fitted_models, path_of
from .table import claim_lines, table_lines

N_SEEDS = 3
N_WORDS = 5000
TOLERANCE = 0.05
PARTS = ("headers", "footers", "quotes")
PAPER = {
    "linear": (0.891, 14593, 1789),
    "linear, weight L1": (0.798, 128, 38),
    "MLP": (0.900, 9611, 4167),
    "MLP, weight L1": (0.862, 241, 269),
    "MLP, gradient L1": (0.820, 1488, 35),
}


def task(seed: int, n_words: int = N_WORDS) -> Task:
    (texts, y), (texts_test, y_test) = (
        fetch_newsgroups_pair(subset=part, remove=PARTS, return_X_y=True)
        for part in ("train", "test")
    )
    ones = CountVectorizer(
        vocabulary=vocabulary(texts, n_words), binary=True, dtype=np.float32
    )
    return Task(
        X_train=ones.transform(texts),
        X_test=ones.transform(texts_test),
        y_train=y,
        y_test=y_test,
        training={
            "batch_size": 128,
            "learning_rate_init": 0.001,
            "max_iter": 60,
        },
        gradient_l1=(0.003, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12),
        weight_l1=(0.0001, 0.0003, 0.001, 0.003),
        linear_l1=(0.0003, 0.001, 0.003, 0.01),
        gradient_rule=AtMost(35),
        weight_rule=Within(TOLERANCE),
        seed=seed,
    )


def vocabulary(texts: list[str], n_words: int) -> list[str]:
    weights = TfidfVectorizer().fit(texts)
    size = np.asarray(weights.transform(texts).mean(axis=0)).ravel()
    chosen = np.sort(np.argsort(size, kind="stable")[-n_words:])
    return list(weights.get_feature_names_out()[chosen])


def run(seed: int, **given) -> dict:
    data = task(seed, **given)
    models = fitted_models(data)
    search = models["MLP, gradient L1"]
    figures = {
        "models": {name: described(model, data) for name, model in models.items()},
        "path": path_of(search),
    }
    if seed == 0:
        figures["test path"] = on_test_rows(data)
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=fresh) as pool:
            figures["memory"] = pool.submit(memory, data, search.lam_).result()
    return figures


def on_test_rows(data: Task) -> dict[str, list[float]]:
    """What each strength would give; it is shown, and nothing is chosen by it."""
    path = lambda_path(
        data.network(),
        data.X_train,
        data.y_train,
        lams=data.gradient_l1,
        X_test=data.X_test,
        y_test=data.y_test,
        scoring="roc_auc",
    )
    return {"AUC": list(path.scores), "features": list(path.effective_features)}


def memory(data: Task, lam: float) -> dict:
    """What a fit takes in a process of its own, and how many rows it made dense."""
    network = data.network(lam=lam)
    network.fit(data.X_train[::16], data.y_train[::16])  # imports and buffers of torch
    seen: dict[str, int] = {}

    def watched(matrix, *args, **kwargs):
        n_rows = str(matrix.shape[0])
        seen[n_rows] = seen.get(n_rows, 0) + 1
        return toarray(matrix, *args, **kwargs)

    toarray = csr_matrix.toarray
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmHWM")
    with mock.patch.object(csr_matrix, "toarray", watched):
        network.fit(data.X_train, data.y_train)
    return {
        "before the fit, MB": before,
        "peak of the fit, MB": resident("VmHWM"),
        "all rows dense, MB": 4 * np.prod(data.X_train.shape) / 2**20,
        "rows of all": data.X_train.shape[0],
        "times that so many rows were dense": seen,
    }


def resident(name: str) -> float:
    """Resident memory of this process in MB, as Linux counts it."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 2**10


def lines(runs: list[dict]) -> list[Line]:
    ours = values(runs, "models", "MLP, gradient L1")
    text = ", ".join(f"{m['AUC']:.4f} at {m['features']:.0f}" for m in ours)
    met = all(m["AUC"] >= 0.820 and m["features"] <= 35 for m in ours)
    found = [
        Line("AUC >= 0.820 at D_eff <= 35, every seed (paper 0.820, 35)", text, met),
        *claim_lines(runs),
        *table_lines(runs, PAPER),
        *memory_lines(runs[0]["memory"]),
    ]
    paths = {
        "folds, mean of seeds": values(runs, "path"),
        "test rows, first seed": [runs[0]["test path"]],
    }
    for name, each in paths.items():
        auc, used = (np.mean(values(each, key), axis=0) for key in ("AUC", "features"))
        for lam, *pair in zip(runs[0]["path"]["strength"], auc, used):
            text = "{:.3f} at {:.0f}".format(*pair)
            found.append(Line(f"lam {lam:g}: AUC at D_eff, {name}", text))
    return found


def memory_lines(found: dict) -> list[Line]:
    seen = found["times that so many rows were dense"]
    most = max(map(int, seen))
    before, peak = found["before the fit, MB"], found["peak of the fit, MB"]
    return [
        Line(
            f"never all {found['rows of all']} rows dense in a fit",
            f"at most {most}; in a step {max(seen, key=seen.get)}",
            most < found["rows of all"],
        ),
        Line(
            "memory of the process before the fit, and its peak in the fit, MB",
            f"{before:.0f}, {peak:.0f} "
            f"(all rows dense: {found['all rows dense, MB']:.0f})",
        ),
    ]


def pictures(runs: list[dict]) -> dict:
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for part, label in (("path", "folds"), ("test path", "test rows, first seed")):
        paths = [run[part] for run in runs if part in run]
        x, y = (np.mean(values(paths, key), axis=0) for key in ("features", "AUC"))
        axes.plot(x, y, "o-", label=f"gradient L1, {label}", markersize=4)
    for name, marker in zip(PAPER, "xx++*"):
        x, y = (mean(runs, "models", name, key) for key in ("features", "AUC"))
        axes.plot(x, y, marker, color="black", markersize=9)
        left = x > 1000
        axes.annotate(
            name, (x, y), (-7 if left else 7, -3), textcoords="offset points",
            size=8, ha="right" if left else "left",
        )  # fmt: skip
    axes.plot(35, 0.820, "s", color="tab:red", label="the paper, gradient L1")
    axes.set(
        xscale="log",
        xlim=(10, 6000),
        xlabel="effective features of 5,000 words",
        ylabel="AUC",
        title="Newsgroups: what sparsity costs (marks: test rows, mean of seeds)",
    )
    axes.legend(fontsize="small", loc="lower right")
    return {"newsgroups_path": figure}
