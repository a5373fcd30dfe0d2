"""Sentences with their weighted words in colour."""

from __future__ import annotations

import re

import matplotlib
import matplotlib.pyplot as plt


def drawn(shown: dict[str, list], names: list[str], title: str):
    """A picture with a line for each sentence and K.

    Red words speak for the predicted class, blue ones against it; grey words are not in
    the vocabulary.
    """
    n_lines = sum(len(sentences) + 1 for sentences in shown.values())
    figure = plt.figure(figsize=(11, 0.3 * n_lines + 0.7))
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.9))
    axes.set(xlim=(0, 1), ylim=(n_lines, -0.5))
    axes.axis("off")
    figure.suptitle(f"{title}: words for (red) and against (blue) the predicted class")
    line = 0
    for k, sentences in shown.items():
        axes.text(0, line, f"K = {k}", weight="bold", va="center")
        line += 1
        for sentence in sentences:
            axes.text(0, line, names[sentence["predicted"]], va="center", size=9)
            words(axes, sentence, line)
            line += 1
    return figure


def words(axes, sentence: dict, line: int, n_characters: int = 150) -> None:
    colours = matplotlib.colormaps["RdBu_r"]
    weights = sentence["weights"]
    limit = max(map(abs, weights.values()), default=1.0) or 1.0
    place = 0.11
    text = sentence["text"]
    for word in (
        text if len(text) < n_characters else text[:n_characters] + " ..."
    ).split():
        found = [weights[p] for p in re.findall(r"\w+", word.lower()) if p in weights]
        box = None
        if found:
            shade = colours(0.5 + 0.4 * found[0] / limit)
            box = {"facecolor": shade, "edgecolor": "none", "pad": 1.5}
        grey = word in sentence["unknown"] and not found
        drawn_word = axes.text(
            place, line, word, va="center", size=9, bbox=box,
            color="0.6" if grey else "black",
        )  # fmt: skip
        place += width(axes, drawn_word) + 0.006


def width(axes, text) -> float:
    """Width of a text in units of the axes."""
    renderer = axes.figure.canvas.get_renderer()
    box = text.get_window_extent(renderer).transformed(axes.transData.inverted())
    return box.width
