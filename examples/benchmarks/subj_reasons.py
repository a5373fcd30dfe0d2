"""Reasons of sentences: all words can be reasons, or those that are worth it.

    python examples/benchmarks/subj_reasons.py

NGSLL tells sentences of film reviews (subjective) from sentences of plots (objective)
by at most five words of each. "before": every word can be a reason. "after": only
words of at least ten training sentences and at most a fifth of them, which tell the
classes apart (a chi-squared test). The network reads all words in both. 4,000 sentences
are for training, and "after" was chosen on 2,000 others.

Of the reasons in the remaining sentences, for testing, it prints two shares: of words
that are in fewer than ten training sentences, and of reasons that are borne out: among
the other test sentences the word is more often in the class that it speaks for, by more
than one standard error of the log-odds. The reasons of 30 test sentences are written to
``results/subj_reasons.md``.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectFpr, chi2
from sklearn.pipeline import make_pipeline

from sklearn_gradlasso import Explanation, NGSLLClassifier, TokenSequencer
from sklearn_gradlasso.datasets import fetch_subj

N_TRAIN, N_VALID, N_SHOWN = 4_000, 2_000, 30
RARE = 10  # training sentences
BAGS = {
    "before": CountVectorizer(),
    "after": make_pipeline(CountVectorizer(min_df=RARE, max_df=0.2), SelectFpr(chi2)),
}
RESULTS = Path(__file__).parent / "results"
INTRODUCTION = """\
# Reasons of thirty sentences

`python examples/benchmarks/subj_reasons.py` has made this file. Positive words speak
for "objective", negative ones for "subjective". The last two columns begin
with the predicted class."""


def main(n_train: int, n_epochs: int, out: Path) -> None:
    bunch = fetch_subj()
    order = np.random.default_rng(0).permutation(len(bunch.data))
    texts, y = np.array(bunch.data, dtype=object)[order], bunch.target[order]
    train, test = slice(n_train), slice(N_TRAIN + N_VALID, None)
    names, columns, notes = bunch.target_names, [], []
    for name, bag in BAGS.items():
        model = NGSLLClassifier(
            n_nonzero_coefs=5,
            encode=TokenSequencer(),
            simplify=bag,
            coarse_max_iter=n_epochs,
            max_iter=n_epochs,
            optimizer="adam",
            learning_rate_init=0.003,
            batch_size=256,
            early_stopping=False,
            random_state=0,
        )
        with warnings.catch_warnings():  # The epochs are few.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(texts[train], y[train])
        rare, borne_out, empty = shares(model, texts[train], texts[test], y[test])
        note = (
            f"{name}: test accuracy {model.score(texts[test], y[test]):.3f}; of the "
            f"reasons {rare:.1%} are rare words and {borne_out:.1%} are borne out; "
            f"{empty:.1%} of the sentences have no reason"
        )
        print(note, flush=True)
        notes.append(f"- {note}")
        columns.append(described(model, texts[test][:N_SHOWN], names))
    head = ["sentence", "class", *BAGS]
    classes = [names[k] for k in y[test][:N_SHOWN]]
    sentences = [text.strip().replace("*", r"\*") for text in texts[test][:N_SHOWN]]
    table = [head, ["---"] * len(head), *zip(sentences, classes, *columns)]
    lines = [f"| {' | '.join(row)} |" for row in table]
    out.mkdir(parents=True, exist_ok=True)
    whole = "\n".join([INTRODUCTION, "", *notes, "", *lines, ""])
    (out / "subj_reasons.md").write_text(whole, encoding="utf-8")


def shares(model, train_texts, texts, y) -> tuple[float, float, float]:
    """Reasons that are rare words, or are borne out; sentences without a reason."""
    parts = model.explain(texts, attribution="contributions").tocoo()
    names = model.simplified_feature_names_
    bag = CountVectorizer(vocabulary=names, binary=True)
    n_training = np.asarray(bag.transform(train_texts).sum(axis=0)).ravel()
    has = bag.transform(texts)
    of_class = np.stack([np.asarray(has[y == k].sum(axis=0)).ravel() for k in (0, 1)])
    counts = of_class[:, parts.col] + 0.5
    counts[y[parts.row], np.arange(parts.nnz)] -= 1  # without the sentence itself
    log_odds, error = np.log(counts[1] / counts[0]), np.sqrt((1 / counts).sum(axis=0))
    borne_out = np.sign(parts.data) * log_odds > error
    has_reason = np.bincount(parts.row, minlength=len(texts)) > 0
    rare = n_training[parts.col] < RARE
    return float(rare.mean()), float(borne_out.mean()), float(1 - has_reason.mean())


def described(model, texts, names) -> list[str]:
    """The predicted class of each text, and its words with their contributions."""
    explanation, found = Explanation.from_estimator(model, texts), []
    for k, values in zip(model.predict(texts), explanation.values):
        order = [j for j in np.argsort(-np.abs(values)) if values[j]]
        words = [f"{explanation.feature_names[j]} {values[j]:+.1f}" for j in order]
        found.append(f"{names[k]}: {', '.join(words)}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=N_TRAIN, help="training sentences")
    parser.add_argument("--epochs", type=int, default=8, help="in each phase")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    main(given.rows, given.epochs, given.out)
