"""Figures 2 to 4 and Table 1: who does not pay next month?

25,000 clients for training and 5,000 for testing, the same split throughout; each seed
is a refit of all networks. One tanh layer of 64 units, Adam at 2e-3, early stopping
within 100 epochs. The strength of the L1 penalty on the weights is the one of four with
the best score on the rows held out; what the paper's 0.01 means depends on how its
software counts. Its decay of the learning rate is left out.
"""

from __future__ import annotations

import warnings

import matplotlib.pyplot as plt
import numpy as np
from lime.lime_tabular import LimeTabularExplainer
from lines import Line, mean, values
from networks import perceptron
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_gradlasso import GradientLassoClassifier, SensitivitySelector
from sklearn_gradlasso.datasets import fetch_credit_default

N_SEEDS = 30
STRENGTHS = (1e-5, 1e-4, 3e-4, 1e-3)
OF_PAPER = ("PAY_0", "PAY_AMT1", "LIMIT_BAL", "PAY_AMT2", "PAY_3")
LIME_ROWS, LIME_FEATURES = 100, 5


def network(seed: int, n_units: int = 64, weight_l1: float = 0.0, **params):
    return GradientLassoClassifier(
        lam=0.0,
        weight_l1=weight_l1,
        random_state=seed,
        **perceptron(
            hidden_layer_sizes=(n_units,),
            activation="tanh",
            learning_rate_init=2e-3,
            max_iter=100,
            early_stopping=True,
            calibrate=False,
            **params,
        ),
    )


def data() -> tuple:
    X, y = fetch_credit_default(return_X_y=True)
    parts = train_test_split(X, y, train_size=25_000, random_state=0)
    scaler = StandardScaler().set_output(transform="pandas").fit(parts[0])
    return scaler.transform(parts[0]), scaler.transform(parts[1]), *parts[2:]


def run(seed: int) -> dict:
    parts = data()
    by_strength, fitted = {}, {}
    for strength in STRENGTHS:
        fitted[strength] = network(seed, 64, strength).fit(parts[0], parts[2])
        by_strength[f"{strength:g}"] = selected(fitted[strength], seed, *parts)
    strength = max(STRENGTHS, key=lambda l1: fitted[l1].best_validation_score_)
    figures = {"by strength": by_strength, "chosen": f"{strength:g}"}
    if seed == 0:
        figures["others"] = others(parts[0], parts[2], fitted[strength])
    return figures


def selected(full, seed: int, X, X_test, y, y_test) -> dict:
    """The network with all features, and a smaller one with those it holds to."""
    selector = SensitivitySelector(full, prefit=True).fit(X)
    selector.set_output(transform="pandas")
    some, some_test = selector.transform(X), selector.transform(X_test)
    small = network(seed, 32).fit(some, y)
    return {
        "test error": {
            "all": 1 - full.score(X_test, y_test),
            "selected": 1 - small.score(some_test, y_test),
        },
        "training error": {
            "all": 1 - full.score(X, y),
            "selected": 1 - small.score(some, y),
        },
        "selected": list(some.columns),
        "importances": dict(zip(X.columns, selector.importances_.tolist())),
    }


def others(X, y, model) -> dict:
    """Importances of a tree, of a lasso, and of LIME about the same network."""
    tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, y)
    lasso = LogisticRegression(l1_ratio=1.0, C=0.01, solver="saga", max_iter=1000)
    coef = np.abs(lasso.fit(X, y).coef_[0])
    rows = X.to_numpy()
    explainer = LimeTabularExplainer(rows, mode="classification", random_state=0)

    def predict(Z):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # arrays have no names
            return model.predict_proba(Z)

    chosen = np.zeros(X.shape[1])
    for row in rows[:LIME_ROWS]:
        found = explainer.explain_instance(row, predict, num_features=LIME_FEATURES)
        chosen[[k for k, _ in found.as_map()[1]]] += 1
    shares = {
        "tree": tree.feature_importances_,
        "logistic lasso": coef / coef.sum(),
        "LIME": chosen / chosen.sum(),
    }
    return {name: dict(zip(X.columns, each.tolist())) for name, each in shares.items()}


def ranking(importances: dict) -> list[str]:
    return sorted(importances, key=importances.get, reverse=True)


def average(runs: list[dict]) -> dict:
    names = runs[0]["importances"]
    return {name: mean(runs, "importances", name) for name in names}


def chosen(runs: list[dict]) -> list[dict]:
    """Of every refit, what was found at the strength that validation chose."""
    return [run["by strength"][run["chosen"]] for run in runs]


def told(runs: list[dict], part: str, kind: str) -> str:
    errors = 100 * np.array(values(runs, part, kind))
    return f"{errors.mean():.2f} % +- {errors.std():.2f}"


def lines(runs: list[dict]) -> list[Line]:
    best = chosen(runs)
    order = ranking(average(best))
    always = [name for name in OF_PAPER if all(name in run["selected"] for run in best)]
    places = {name: order.index(name) + 1 for name in OF_PAPER}
    sizes = [len(run["selected"]) for run in best]
    gain = mean(best, "test error", "all") - mean(best, "test error", "selected")
    found = [
        Line("test error, all 23 (paper 18.66 %)", told(best, "test error", "all")),
        Line(
            "test error, selected (paper 18.47 %): not worse",
            told(best, "test error", "selected"),
            bool(gain >= 0),
        ),
        Line(
            "training error, all (paper 17.93 %)", told(best, "training error", "all")
        ),
        Line(
            "training error, selected (paper 17.89 %)",
            told(best, "training error", "selected"),
        ),
        Line("selected features (paper: about 10)", f"{min(sizes)} to {max(sizes)}"),
        Line(
            "the paper's top five are selected in every refit",
            f"{len(always)} of 5",
            len(always) == 5,
        ),
        Line("... their places in our order", str(places)),
        Line("our first seven", ", ".join(order[:7])),
    ]
    for strength in runs[0]["by strength"]:
        each = values(runs, "by strength", strength)
        errors = [told(each, "test error", kind) for kind in ("all", "selected")]
        n_chosen = sum(run["chosen"] == strength for run in runs)
        first = ", ".join(ranking(average(each))[:5])
        found += [
            Line(
                f"weight L1 {strength} (chosen {n_chosen} times): test error",
                " -> ".join(errors),
            ),
            Line("... first five", first),
        ]
    for name, importances in runs[0]["others"].items():
        found.append(Line(f"first five, {name}", ", ".join(ranking(importances)[:5])))
    return found


def pictures(runs: list[dict]) -> dict:
    of_network = average(chosen(runs))
    shown = {f"network (mean of {len(runs)})": of_network, **runs[0]["others"]}
    figure, row = plt.subplots(1, 4, figsize=(13, 5), layout="constrained")
    order = ranking(of_network)[::-1]
    for axes, (name, importances) in zip(row, shown.items()):
        axes.barh(order, [100 * importances[each] for each in order])
        axes.set(title=name, xlabel="importance, %")
        if axes is not row[0]:
            axes.set_yticklabels([])
    figure.suptitle("Credit default: in the order of the network's sensitivity")
    return {"credit_default": figure}
