"""What an explanation is about, in words: the target, its unit and its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inspection.open_model import OpenedModel

__all__ = ["subject_of"]

# Words and units of the targets of classifiers.
TARGETS = {
    "log_odds": ("log-odds", "log-odds"),
    "log_prob_sum": ("sum of the log-probabilities", "log-probabilities"),
    "output": ("log-probability of each class", "log-probabilities"),
    "predicted": ("log-probability of the predicted class", "log-probabilities"),
    "predicted_class": ("log-probability of the predicted class", "log-probabilities"),
    "probabilities": ("probability of each class", "probabilities"),
    "training": ("target of training", "units of that target"),
}
# The same of classifiers into labels that may occur together.
TARGETS_OF_LABELS = TARGETS | {
    "log_odds": ("log-odds of each label", "log-odds"),
    "log_prob_sum": (
        "sum of the log-probabilities of labels and of their absence",
        "log-probabilities",
    ),
    "output": ("log-odds of each label", "log-odds"),
    "probabilities": ("probability of each label", "probabilities"),
}


def subject_of(opened: OpenedModel, target, outputs: tuple[int, ...]) -> dict[str, Any]:
    """The fields of an ``Explanation`` that say what is explained.

    Parameters
    ----------
    opened : OpenedModel
    target : str, callable or None
        As the user gave it.
    outputs : tuple of int
        The shape of the explained scalars of a row: () or (m,).
    """
    classes = opened.classes
    labels = None
    if classes is not None:
        labels = np.array([str(label) for label in classes], dtype=object)
    has_label_each = labels is not None and outputs == (len(labels),)
    named = (target is None or isinstance(target, str)) and has_label_each
    words, unit = _words(opened, target, labels, outputs)
    words += ", before calibration" if opened.calibrated else ""
    return {
        "classes": labels,
        "output_names": labels if named else None,
        "exclusive": not opened.has_labels,
        "target": words,
        "unit": unit,
    }


def _words(opened: OpenedModel, target, labels, outputs) -> tuple[str, str]:
    if callable(target):
        name = getattr(target, "__name__", type(target).__name__)
        return f"target {name}", "units of the target"
    if labels is None:
        if target not in (None, "predicted", "output"):
            return f"target {target}", "units of the target"
        if not opened.predicts_targets:
            return "output", "its units"
        of = "the transformed target" if opened.transformed_target else "y"
        return "prediction", f"units of {of}"
    target = target or opened.reasons
    if opened.has_labels:
        return TARGETS_OF_LABELS[target or "log_odds"]
    if target is None:
        if outputs:
            return "decision of each class", "units of the decision"
        target = "log_odds"
    words, unit = TARGETS.get(target, (f"target {target}", "units of the target"))
    if target == "log_odds":
        two = f" of {labels[-1]!r}"
        words += two if not outputs else " of each class against the rest"
    return words, unit
