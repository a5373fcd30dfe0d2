"""``obedience_`` of an estimator, and the warning if it is not what was asked."""

from __future__ import annotations

import sys
import warnings

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection._search import BaseSearchCV

from ...inspection.labels import has_labels
from ...training.rows import Rows, TrainingData
from ...utils.annotations import columns_annotated
from ...utils.obedience_warning import ObedienceWarning
from .measuring import Measurement

__all__ = [
    "checked_by_name",
    "measurement_of",
    "set_obedience",
    "warn_of_disobedience",
]


def checked_by_name(estimator, given: TrainingData, checked: TrainingData):
    """Remember the columns that annotations name; return the checked data.

    Raises
    ------
    ValueError
        If annotations name columns that X does not have.
    """
    names = getattr(estimator, "feature_names_in_", None)
    found = columns_annotated(
        given.annotations, checked.X, names, estimator._has_raw_table
    )
    estimator._annotated_columns = found
    return checked


def measurement_of(estimator, net, rows: Rows) -> Measurement:
    """What a net of the estimator does on rows with what it must not use."""
    return Measurement(
        module=net.module_,
        rows=rows,
        is_classifier=is_classifier(estimator),
        has_labels=has_labels(estimator),
        signs=getattr(estimator, "_signs", ()),
        seed=estimator._measuring_seed,
        are_columns=estimator._has_raw_table,
    )


def set_obedience(estimator, rows: Rows, tolerated: float | None) -> None:
    """Set ``obedience_``, or remove it if rows have no annotations and no signs."""
    vars(estimator).pop("obedience_", None)
    if "annotations" not in rows.extras and not getattr(estimator, "_signs", ()):
        return
    estimator.obedience_ = measurement_of(estimator, estimator.net_, rows).record(
        estimator.feature_importances_,
        getattr(estimator, "feature_names_in_", None),
        estimator._annotated_columns,
        tolerated,
    )


def warn_of_disobedience(estimator) -> None:
    """Warn if the fitted estimator does not obey as it was asked to.

    In the folds of a search that fits the best candidate again, only that last fit
    warns: its model is the one that is used.
    """
    record = getattr(estimator, "obedience_", None)
    if record is None or record.reached:
        return
    in_fold, is_fitted_again = _cross_validation()
    if is_fitted_again:
        return
    name, tolerated = type(estimator).__name__, record.tolerated
    if in_fold:
        # Without figures the text is the same in all folds, and Python shows it once.
        message = (
            f"{name}: on the rows of a fold, the network does not obey its annotations "
            f"or signs as obedience={tolerated} asks. Fit it to all rows, and look at "
            "obedience_."
        )
    else:
        message = f"{name}: {_broken(record)}. {_advice(estimator)}"
    # The caller of ``fit`` is two levels up: this function, then ``fit``.
    warnings.warn(message, ObedienceWarning, stacklevel=3)


def _broken(record) -> str:
    """What is not obeyed, with the figures."""
    said, tolerated = [], record.tolerated
    n = int(record.ruled_out.sum())
    features = "the feature" if n == 1 else f"the {n} features"
    figure = record.joint_changed_decisions
    if figure is None:
        if record.joint_change > tolerated:
            said.append(
                f"permuting {features} that annotations rule out changes the "
                f"prediction by {record.joint_change:.3g} of its standard deviations "
                f"on training rows, and obedience={tolerated} was asked"
            )
    elif figure > tolerated:
        said.append(
            f"permuting {features} that annotations rule out changes {figure:.1%} of "
            f"the decisions on training rows, and obedience={tolerated} was asked"
        )
    shares = np.nan_to_num(record.wrong_signs)
    if shares.max(initial=0.0) > tolerated:
        worst = int(shares.argmax())
        said.append(
            f"the gradient of {record.feature_names[worst]!r} has the wrong sign at "
            f"{shares[worst]:.1%} of the training rows, and obedience={tolerated} was "
            "asked"
        )
    return "; ".join(said)


def _advice(estimator) -> str:
    lam = estimator.lam
    if lam == 0:
        advice = 'lam=0 switches the penalty off; use lam="auto"'
    elif lam != "auto":
        advice = f'lam={lam} is too small; use lam="auto", or a larger number'
    else:
        advice = (
            f'lam="auto" has raised the strength to {estimator.lam_:.3g}; raise '
            "max_iter, drop columns that must not matter at any row, take back a sign "
            "that the data contradict, or ask for less by a larger obedience"
        )
    return f"{advice}. The figures of each feature are in obedience_."


def _cross_validation() -> tuple[bool, bool]:
    """Whether this is a fold of scikit-learn's, and of a search that will fit again.

    Nothing tells an estimator that it is fitted in a fold, so the callers are asked. In
    another thread or process the search is out of sight, and a fold speaks for itself.
    """
    in_fold, frame = False, sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "_fit_and_score":
            in_fold = True
        elif in_fold and frame.f_code.co_name == "fit":
            search = frame.f_locals.get("self")
            if isinstance(search, BaseSearchCV) and search.refit:
                return True, True
        frame = frame.f_back
    return in_fold, False
