"""Raw tables: the shadows of their columns, and frames that keep their types."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.base import clone
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import validate_data

from ..inspection.wrappers import unwrapped
from ..tables import is_raw

__all__ = [
    "names_of_shadows",
    "part_of_polars",
    "reads_as_table",
    "side_by_side",
    "takes_missing",
    "with_marked_shadows",
]

MARK = "shadow of "


def part_of_polars(selector, X):
    """The chosen columns of a polars frame, if ``set_output`` asks for such a frame.

    Scikit-learn by itself keeps the types of the columns of pandas only.

    Returns
    -------
    polars.DataFrame or None
        None for other X, or if another kind is asked for.
    """
    asked = _get_output_config("transform", estimator=selector)["dense"]
    if asked != "polars" or not type(X).__module__.startswith("polars"):
        return None
    chosen = selector.get_support(indices=True)
    validate_data(selector, X, reset=False, skip_check_array=True)
    return X[:, chosen.tolist()]


def takes_missing(fitted) -> bool:
    """Whether a fitted model may take missing values.

    Steps before the network may fill them in, and a network that reads raw tables has a
    place for them.
    """
    inside = unwrapped(fitted)
    reads = getattr(inside.network, "_table_form", None) is not None
    return reads or bool(inside.transformers)


def names_of_shadows(names: Sequence[str]) -> list[str]:
    """Names for the shadows of columns, which are names of none of these."""
    mark = MARK
    while any(name.startswith(mark) for name in names):
        mark += MARK
    return [mark + name for name in names]


def side_by_side(X, other, names: list[str]):
    """A frame of any kind with its columns and those of another one, so named."""
    n = X.shape[1]
    frames = [
        nw.from_native(frame).rename(dict(zip(frame.columns, part)))
        for frame, part in ((X, names[:n]), (other, names[n:]))
    ]
    return nw.concat(frames, how="horizontal").to_native()


def reads_as_table(estimator, X) -> bool:
    """Whether an estimator that is not fitted would read X as a raw table."""
    marks = getattr(estimator, "categorical_features", "nothing")
    shape = getattr(estimator, "input_shape", None)
    return not (isinstance(marks, str) and marks == "nothing") and is_raw(
        X, marks, shape
    )


def with_marked_shadows(estimator, X):
    """An estimator for X and its shadows, whose categories are categories as well."""
    marks = getattr(estimator, "categorical_features", None)
    if marks is None or isinstance(marks, str):
        return estimator
    marks = np.asarray(marks)
    if marks.dtype.kind == "b":
        both = np.concatenate([marks, marks])
    elif marks.dtype.kind in "iu":
        both = np.concatenate([marks, marks + X.shape[1]])
    else:
        shadow_of = dict(zip(X.columns, names_of_shadows(X.columns)))
        both = [*marks, *(shadow_of.get(name, name) for name in marks)]
    return clone(estimator).set_params(categorical_features=both)
