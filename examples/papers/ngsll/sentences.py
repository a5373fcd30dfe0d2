"""Figures 4 and 5: phrases, film reviews and questions, classified by K words.

Five random splits into 80 % training, 10 % validation and 10 % test rows, as in the
paper; stop words and words that occur once are left out. The sentence CNN looks at 1, 2
and 3 words in a row (many stretches are that short without stop words), with 50 filters
each on vectors of length 50.
"""

from __future__ import annotations

import warnings

import matplotlib.pyplot as plt
import numpy as np
from lines import Line, values
from networks import trained
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import Lasso, Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from sklearn_gradlasso import GradientLassoClassifier, NGSLLClassifier, TokenSequencer
from sklearn_gradlasso.datasets import fetch_mpqa, fetch_subj, fetch_trec
from sklearn_gradlasso.modules import SentenceCNN

from .wording import drawn

N_SEEDS = 5
K = (1, 2, 3, 5, 10)
DATA = {"MPQA": fetch_mpqa, "Subj": fetch_subj, "TREC": fetch_trec}
LINEAR = {
    "ridge": GridSearchCV(Ridge(), {"alpha": np.logspace(-1, 3, 9)}, cv=3),
    "lasso": GridSearchCV(Lasso(), {"alpha": np.logspace(-4, -1.5, 6)}, cv=3),
}
WORDS = {"stop_words": "english", "token_pattern": r"(?u)\b\w+\b"}
NETWORK = {"widths": (1, 2, 3), "n_filters": 50, "n_dimensions": 50}
EPOCHS = {"coarse_max_iter": 10, "max_iter": 6}
SHOWN = 8  # test sentences of the first split


def run(seed: int) -> dict:
    return {name: on_data(name, fetch, seed) for name, fetch in DATA.items()}


def on_data(name: str, fetch, seed: int) -> dict:
    texts, y = fetch(return_X_y=True)
    texts, test_texts, y, y_test = train_test_split(
        texts, y, test_size=0.1, random_state=seed, stratify=y
    )
    # The paper counts words over all sentences; here over those for training.
    bag = CountVectorizer(min_df=2, **WORDS)
    tokens = TokenSequencer(min_count=2, vectorizer=bag)
    training = {
        "module": SentenceCNN,
        "batch_size": 64,
        "learning_rate_init": 1e-3,
        "early_stopping": True,
        "validation_fraction": 1 / 9,
        "random_state": seed,
    }
    figures = {"NGSLL": {}, "words": len(bag.fit(texts).vocabulary_), "shown": {}}
    for k in K:
        model = NGSLLClassifier(
            n_nonzero_coefs=k,
            encode=tokens,
            simplify=bag,
            mask_zeros=True,
            module_params=NETWORK,
            **trained(**EPOCHS, **training),
        ).fit(texts, y)
        figures["NGSLL"][str(k)] = model.score(test_texts, y_test)
        if seed == 0 and k in (1, 5):
            figures["shown"][str(k)] = weighted(model, test_texts[:SHOWN])
    n_tokens = tokens.fit(texts).n_tokens_
    plain = make_pipeline(
        tokens,
        GradientLassoClassifier(
            lam=0.0,
            module_params={"n_tokens": n_tokens, **NETWORK},
            **trained(max_iter=EPOCHS["coarse_max_iter"], **training),
        ),
    ).fit(texts, y)
    figures["plain network"] = plain.score(test_texts, y_test)
    Z, Z_test = bag.transform(texts), bag.transform(test_texts)
    return {**figures, **linear(Z, y, Z_test, y_test)}


def linear(Z, y, Z_test, y_test) -> dict:
    """Linear models of the bag of words, and cut to K of their weights."""
    figures, dense = {}, Z_test.toarray()
    classes = np.unique(y)[-1:] if y.max() == 1 else np.unique(y)
    for name, model in LINEAR.items():
        W, b = [], []
        for each in classes:  # against all others
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(Z, np.where(y == each, 1.0, -1.0))
            W.append(model.best_estimator_.coef_)
            b.append(model.best_estimator_.intercept_)
        found = {
            "": {str(k): dense @ np.transpose([largest(w, k) for w in W]) for k in K},
            ", K of the sentence": {
                str(k): np.transpose([largest(dense * w, k).sum(axis=1) for w in W])
                for k in K
            },
            ", all words": {"all": Z_test @ np.transpose(W)},
        }
        for what, scores in found.items():
            figures[name + what] = {
                k: accuracy(of_k + b, y_test) for k, of_k in scores.items()
            }
    return figures


def accuracy(scores: np.ndarray, y: np.ndarray) -> float:
    predicted = scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0
    return float((predicted == y).mean())


def largest(values: np.ndarray, k: int) -> np.ndarray:
    """The K entries with the largest magnitude (of each row), and zeros."""
    kept = np.argpartition(-np.abs(values), k, axis=-1)[..., :k]
    sparse = np.zeros_like(values, dtype=float)
    taken = np.take_along_axis(values, kept, -1)
    np.put_along_axis(sparse, kept, taken, -1)
    return sparse


def weighted(model: NGSLLClassifier, texts: list[str]) -> list:
    """Sentences, the predicted classes, and the words that have a weight for it."""
    weights = model.explain(texts, target="predicted")
    names = model.simplified_feature_names_
    known = model.simplify_.vocabulary_
    return [
        {
            "text": text,
            "predicted": int(predicted),
            "weights": {names[j]: round(float(row[0, j]), 3) for j in row.indices},
            "unknown": [w for w in text.split() if w.lower() not in known],
        }
        for text, predicted, row in zip(texts, model.predict(texts), weights)
    ]


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for data in DATA:
        for k in K:
            ours = np.array(values(runs, data, "NGSLL", str(k)))
            others = {n: np.mean(values(runs, data, n, str(k))) for n in LINEAR}
            inside = {
                n: np.mean(values(runs, data, f"{n}, K of the sentence", str(k)))
                for n in LINEAR
            }
            text = (
                f"{ours.mean():.3f} ± {ours.std(ddof=min(1, len(ours) - 1)):.3f}; "
                + ", ".join(f"{n} {value:.3f}" for n, value in others.items())
            )
            claim = f"{data}, K = {k}: NGSLL above ridge and lasso"
            found.append(Line(claim, text, ours.mean() > max(others.values())))
            text = ", ".join(f"{n} {value:.3f}" for n, value in inside.items())
            found.append(Line("... the K largest weights of each sentence", text))
        network = np.mean(values(runs, data, "plain network"))
        gaps = [np.mean(values(runs, data, "NGSLL", str(k))) - network for k in K]
        found.append(
            Line(
                f"{data}: plain network, and NGSLL's gap to it at each K",
                f"{network:.3f}; " + ", ".join(f"{gap:+.3f}" for gap in gaps),
            )
        )
        whole = [np.mean(values(runs, data, f"{n}, all words", "all")) for n in LINEAR]
        found.append(
            Line(
                f"{data}: ridge and lasso with all words",
                f"{whole[0]:.3f}, {whole[1]:.3f}",
            )
        )
    return found


def pictures(runs: list[dict]) -> dict:
    found = {"sentences_accuracy": accuracies(runs)}
    for data, fetch in DATA.items():
        names = fetch().target_names
        found[f"{data.lower()}_words"] = drawn(runs[0][data]["shown"], names, data)
    return found


def accuracies(runs: list[dict]):
    figure, grid = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    looks = {
        "NGSLL": ("tab:red", "-"),
        "ridge": ("tab:blue", ":"),
        "lasso": ("tab:green", ":"),
        "ridge, K of the sentence": ("tab:blue", "--"),
        "lasso, K of the sentence": ("tab:green", "--"),
    }
    for data, axes in zip(DATA, grid):
        for name, (colour, style) in looks.items():
            each = np.array([values(runs, data, name, str(k)) for k in K])
            spread = each.std(axis=1)
            axes.errorbar(
                K, each.mean(axis=1), spread, color=colour, ls=style, label=name
            )
        plain = np.mean(values(runs, data, "plain network"))
        axes.axhline(plain, color="black", label="plain network")
        axes.set(title=data, xlabel="K", xticks=K)
    grid[0].set_ylabel(f"test accuracy (splits: {len(runs)})")
    grid[-1].legend(fontsize="small")
    return figure
