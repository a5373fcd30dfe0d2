"""Whether effects, slopes and counts of explanations are true of the Pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from lines import Line
from reason_fits import Fit
from reason_tables import CATEGORY, NUMBER
from reason_truth import STEPS, agreement, changes, slopes_by_hand, steps_of

from sklearn_gradlasso import Explanation

MATTERS = 0.01  # standard deviation of a column's effect, as a share of that of f
HAVE_STEP = 0.1  # share of rows; a step that fewer can make is recorded, not judged
SIGN, CORRELATION = 0.97, 0.95
COUNTS = 0.3
UNITS = 1e-4
FIRST_ORDER = {"contrast": "gradients", "expected gradients": "expected_gradients"}


def effects_section(fit: Fit) -> dict:
    """Effects of each column that matters against those on other background rows."""
    shown = {"values": fit.explanation.values}
    for name, attribution in FIRST_ORDER.items():
        found = Explanation.from_estimator(fit.model, fit.X, attribution=attribution)
        shown[name] = found.values
    columns = []
    for j, k, name in _that_matter(fit):
        kind = fit.table.kinds[name]
        truth = _at(fit.truth.values, j, k)
        compared = {
            way: agreement(_at(values, j, k), truth)
            for way, values in shown.items()
            if way != "contrast" or kind == CATEGORY  # a number's is a slope
        }
        columns.append({"column": name, "output": k, "kind": kind, **compared})
    return {"columns": columns}


def slopes_section(fit: Fit) -> dict:
    """Slopes times three steps against what the steps change."""
    columns = []
    for name in fit.table.of_kind(NUMBER):
        j = fit.X.columns.get_loc(name)
        outputs = [k for at, k, _ in _that_matter(fit) if at == j]
        steps = steps_of(fit.split.X, fit.X, name) if outputs else {}
        for size, step in steps.items():
            change = changes(fit.f, fit.X, name, step)
            for k in outputs:
                slope = _at(fit.explanation.slopes, j, k)
                truth = _of_output(change, k)
                asked = np.isfinite(truth)
                hidden = float(np.isnan(slope[asked]).mean()) if asked.any() else 0.0
                columns.append(
                    {
                        "column": name,
                        "output": k,
                        "step": size,
                        "rows with the step": float(asked.mean()),
                        "not shown": hidden,
                        "values": agreement(slope * step, truth),
                    }
                )
    return {"columns": columns}


def counts_section(fit: Fit) -> dict:
    """Effective columns at a row, by the explanation and on other background rows."""
    return {
        "by values": float(np.mean(fit.explanation.effective_columns)),
        "by other rows": fit.truth.effective_columns,
    }


def units_section(fit: Fit) -> dict:
    """Derivatives against finite differences in the unit of each column.

    An entry's error is relative to it, or to a thousandth of the column's root mean
    square, where that is larger. Entries at which a finite difference depends on its
    step, because f has a kink there, are counted and left out. For categories and
    missing values there may be no derivative.
    """
    found = Explanation.from_estimator(fit.model, fit.X, attribution="gradients")
    missing = fit.X.isna().to_numpy()
    errors, kinks, kept_back = [], [], []
    for j, name in enumerate(fit.X):
        has_none = missing[:, j] | (fit.table.kinds[name] == CATEGORY)
        for slopes in (found.slopes, fit.explanation.slopes):
            kept_back.append(np.isnan(slopes[has_none, j]).ravel())
        if has_none.all() or fit.X[name].nunique() < 2:
            continue
        truth, of_half = slopes_by_hand(fit.f, fit.X, name)[:, ~has_none]
        scale = np.maximum(np.abs(truth), 1e-3 * np.sqrt(np.mean(truth**2)))
        scale[scale == 0] = 1.0  # a column without effect
        kink = np.abs(truth - of_half) > UNITS / 2 * scale
        error = np.abs(found.slopes[~has_none, j] - truth) / scale
        errors.append(error[~kink])
        kinks.append(kink.ravel())
    errors = np.nan_to_num(np.concatenate(errors), nan=np.inf)
    kept_back = np.concatenate(kept_back)
    return {
        "entries": len(errors),
        "kinks": float(np.concatenate(kinks).mean()),
        "within": float((errors <= UNITS).mean()),
        "median error": float(np.median(errors)),
        "largest error": min(float(errors.max()), 1e300),  # JSON has no infinity
        "without a number": len(kept_back),
        "not shown": float(kept_back.mean()) if len(kept_back) else 1.0,
        "missing are marked": bool(
            np.array_equal(found.missing, missing)
            and np.array_equal(fit.explanation.missing, missing)
        ),
    }


def effects_lines(found: list[dict]) -> list[Line]:
    columns = [each for figures in found for each in figures["columns"]]
    lines = _agreement_lines("effects", [each["values"] for each in columns])
    for way in FIRST_ORDER:
        compared = [each[way] for each in columns if way in each]
        if compared:
            of = "categories" if way == "contrast" else "all columns"
            lines.append(Line(f"... {way}, {of}", _summary(compared)))
    return lines


def slopes_lines(found: list[dict]) -> list[Line]:
    columns = [each for figures in found for each in figures["columns"]]
    lines = []
    for step in STEPS:
        of_step = [
            each
            for each in columns
            if each["step"] == step and each["rows with the step"] >= HAVE_STEP
        ]
        if not of_step:
            continue
        lines += _agreement_lines(
            f"slopes, {step}", [each["values"] for each in of_step]
        )
        hidden = np.mean([each["not shown"] for each in of_step])
        lines.append(Line(f"... {step}: share that is not shown", f"{hidden:.3f}"))
    return lines


def counts_lines(found: list[dict]) -> list[Line]:
    differences = [each["by values"] - each["by other rows"] for each in found]
    largest = float(np.abs(differences).max())
    ours, other = (
        np.mean([each[of] for each in found]) for of in ("by values", "by other rows")
    )
    return [
        Line(
            f"effective columns on other rows differ by at most {COUNTS}",
            f"{largest:.2f} ({ours:.1f} and {other:.1f} on average)",
            largest <= COUNTS,
        )
    ]


def units_lines(found: list[dict]) -> list[Line]:
    within = np.average(
        [each["within"] for each in found], weights=[each["entries"] for each in found]
    )
    hidden = min(each["not shown"] for each in found)
    marked = sum(each["missing are marked"] for each in found)
    largest = max(each["largest error"] for each in found)
    kinks = max(each["kinks"] for each in found)
    return [
        Line(
            f"derivatives are finite differences to {UNITS:g}, share",
            f"{within:.4f} (largest error {largest:.2g}; kinks {kinks:.4f})",
            bool(within == 1),
        ),
        Line("no slope where there is no number, share", f"{hidden:.3f}", hidden == 1),
        Line(
            "missing values are marked",
            f"{marked} of {len(found)}",
            marked == len(found),
        ),
    ]


def _that_matter(fit: Fit) -> Iterator[tuple[int, int | None, str]]:
    """Position, output (None if there is one) and name of columns that matter."""
    for j, name in enumerate(fit.X):
        for k, weight in enumerate(np.atleast_1d(fit.weights[j])):
            if weight >= MATTERS:
                yield j, k if fit.weights.ndim == 2 else None, name


def _at(values: np.ndarray, j: int, k: int | None) -> np.ndarray:
    return _of_output(values[:, j], k)


def _of_output(values: np.ndarray, k: int | None) -> np.ndarray:
    return values if k is None else values[:, k]


def _agreement_lines(what: str, compared: list[dict]) -> list[Line]:
    """Columns without a truth of another size than zero are not judged."""
    judged = [each for each in compared if "sign" in each]
    signs = [each["sign"] for each in judged]
    varied = [each["correlation"] for each in judged if "correlation" in each]
    lines = []
    for name, figures, bar in (
        ("signs", signs, SIGN),
        ("correlation", varied, CORRELATION),
    ):
        if figures:
            low = sum(figure < bar for figure in figures)
            lines.append(
                Line(
                    f"{what}: {name} of every column at least {bar}",
                    f"lowest {min(figures):.3f}, median {np.median(figures):.3f}, "
                    f"{low} of {len(figures)} below",
                    low == 0,
                )
            )
    return lines


def _summary(compared: list[dict]) -> str:
    signs = [each["sign"] for each in compared if "sign" in each]
    varied = [each["correlation"] for each in compared if "correlation" in each]
    return (
        f"signs from {min(signs, default=np.nan):.3f}, "
        f"correlation from {min(varied, default=np.nan):.3f}, "
        f"median {np.median(varied) if varied else np.nan:.3f}"
    )
