"""Gradients beside LIME: do they name the same features, and at what cost?"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from lime.lime_tabular import LimeTabularExplainer
from lime.lime_text import LimeTextExplainer
from lines import Line, mean
from networks import perceptron
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import RRRClassifier
from sklearn_gradlasso.datasets import fetch_newsgroups_pair, make_iris_cancer

N_SEEDS = 3
N_TOP = 5
N_DOCUMENTS = 20


def run(seed: int) -> dict:
    return {"iris-cancer": iris_cancer(seed), "newsgroups": newsgroups(seed)}


def iris_cancer(seed: int) -> dict:
    X, y, _ = make_iris_cancer()
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.33, random_state=seed)
    scaler = StandardScaler().fit(X)
    X, X_test = scaler.transform(X), scaler.transform(X_test)
    model = RRRClassifier(**perceptron(random_state=seed)).fit(X, y)
    lime = LimeTabularExplainer(X, discretize_continuous=False, random_state=seed)

    def by_lime(row: np.ndarray) -> np.ndarray:
        weights = np.zeros(len(row))
        found = lime.explain_instance(row, model.predict_proba, num_features=len(row))
        for feature, weight in found.as_map()[1]:
            weights[feature] = weight
        return weights

    return {
        "accuracy": model.score(X_test, y_test),
        **compare(
            list(X_test),
            lambda rows: model.explain(np.array(rows)),
            by_lime,
            [np.arange(X.shape[1])] * len(X_test),
        ),
    }


def newsgroups(seed: int) -> dict:
    parts = ("headers", "footers", "quotes")
    train, test = (
        fetch_newsgroups_pair(subset=part, remove=parts) for part in ("train", "test")
    )
    words = TfidfVectorizer(max_features=5000, stop_words="english", dtype=np.float32)
    X = words.fit_transform(train.data)
    network = RRRClassifier(**perceptron(max_iter=20, random_state=seed))
    network.fit(X, train.target)
    model = make_pipeline(words, network)
    lime = LimeTextExplainer(
        random_state=seed, split_expression=r"\W+", bow=True
    )  # 5,000 samples of a text, LIME's default

    rng = np.random.default_rng(seed)
    known = np.diff(words.transform(test.data).indptr)
    documents = [
        test.data[k] for k in rng.permutation(np.flatnonzero(known >= 2 * N_TOP))
    ][:N_DOCUMENTS]
    in_document = [words.transform([text]).indices for text in documents]

    def by_lime(text: str) -> np.ndarray:
        weights = np.zeros(X.shape[1])
        found = lime.explain_instance(text, model.predict_proba, num_features=10_000)
        for word, weight in found.as_list():
            column = words.vocabulary_.get(word.lower())
            if column is not None:
                weights[column] += weight
        return weights

    def by_gradients(texts: list[str]) -> np.ndarray:
        Z = words.transform(texts)
        # What a word of the text contributes, as LIME takes it out.
        return network.explain(Z) * Z.toarray()

    return {
        "accuracy": model.score(test.data, test.target),
        **compare(documents, by_gradients, by_lime, in_document),
    }


def compare(
    rows: list, by_gradients: Callable, by_lime: Callable, candidates: list[np.ndarray]
) -> dict:
    """Overlap of the largest features of both, and the time for each explanation."""
    start = time.perf_counter()
    gradients = by_gradients(rows)
    in_batch = (time.perf_counter() - start) / len(rows)
    alone = []
    for row in rows:
        start = time.perf_counter()
        by_gradients([row])
        alone.append(time.perf_counter() - start)
    overlaps, signs, by_chance, lime_seconds = [], [], [], []
    for row, gradient, allowed in zip(rows, gradients, candidates):
        start = time.perf_counter()
        weights = by_lime(row)
        lime_seconds.append(time.perf_counter() - start)
        ours, theirs = (
            allowed[np.argsort(-np.abs(values[allowed]))[:N_TOP]]
            for values in (gradient, weights)
        )
        both = np.intersect1d(ours, theirs)
        overlaps.append(len(both) / N_TOP)
        by_chance.append(N_TOP / len(allowed))
        signs += list(np.sign(gradient[both]) == np.sign(weights[both]))
    return {
        "agreement": float(np.mean(overlaps)),
        "agreement by chance": float(np.mean(by_chance)),
        "same sign": float(np.mean(signs)),
        "seconds, gradients, one row": float(np.median(alone)),
        "seconds, gradients, in batch": in_batch,
        "seconds, LIME": float(np.median(lime_seconds)),
    }


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for data in runs[0]:
        agreement, chance, signs = (
            mean(runs, data, name)
            for name in ("agreement", "agreement by chance", "same sign")
        )
        alone, in_batch, lime = (
            1000 * mean(runs, data, f"seconds, {name}")
            for name in ("gradients, one row", "gradients, in batch", "LIME")
        )
        found += [
            Line(
                f"{data}: share of the top {N_TOP} that LIME names too",
                f"{agreement:.2f} (by chance {chance:.2f}; same sign {signs:.2f})",
            ),
            Line(
                f"{data}: ms an explanation: gradients alone, in batch, LIME",
                f"{alone:.2g}, {in_batch:.2g}, {lime:.3g} "
                f"({lime / alone:,.0f} and {lime / in_batch:,.0f} times)",
            ),
        ]
    return found
