"""Forms in which an explanation is given: tables, and the record of shap."""

from __future__ import annotations

from math import prod
from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.feature_names import headings

__all__ = ["data_shown", "frame_of", "shap_of", "top_of", "unit_of"]


def frame_of(explanation):
    """See ``Explanation.to_frame``."""
    pandas = check_pandas_support("Explanation.to_frame")
    columns = headings(explanation.feature_names.ravel())
    if _has_outputs(explanation):
        columns = pandas.MultiIndex.from_product(
            [_outputs(explanation), columns], names=["output", "feature"]
        )
    values = _by_output(explanation).reshape(len(explanation), len(columns))
    frame = pandas.DataFrame(values, index=explanation.index, columns=columns)
    frame.attrs.update(_record(explanation))
    return frame


def top_of(explanation, k: int, output: str):
    """See ``Explanation.top``."""
    check_scalar(k, "k", Integral, min_val=1)
    pandas = check_pandas_support("Explanation.top")
    shown = _shown(explanation, output)
    n, m = shown.shape
    values = np.take_along_axis(_by_output(explanation), shown[:, :, None], axis=1)
    sizes = np.nan_to_num(np.abs(values), nan=-1.0)  # NaN comes last.
    order = np.argsort(-sizes, axis=2, kind="stable")[:, :, :k]
    k = order.shape[2]
    index = explanation.index
    labels = pandas.RangeIndex(n) if index is None else index
    at = np.arange(n).repeat(m * k), order.ravel()
    columns = {
        "row": labels.repeat(m * k),
        "output": _outputs(explanation)[shown].ravel().repeat(k),
        "rank": np.tile(np.arange(1, k + 1), n * m),
        "feature": explanation.feature_names.ravel()[order.ravel()],
        "value": np.take_along_axis(values, order, axis=2).ravel(),
        "data": data_shown(explanation).reshape(n, explanation.feature_names.size)[at],
    }
    if not _has_outputs(explanation):
        del columns["output"]
    frame = pandas.DataFrame(columns)
    # A feature that adds nothing is no reason, as of a row with fewer than k of them.
    frame = frame[frame["value"] != 0].reset_index(drop=True)
    frame.attrs.update(_record(explanation))
    return frame


def data_shown(explanation) -> np.ndarray:
    """See ``Explanation.data_shown``."""
    missing, in_place = explanation.missing, explanation.in_place
    if missing is None or not missing.any():
        return explanation.data
    shown = explanation.data.astype(object)
    for at in zip(*np.nonzero(missing)):
        filled = None if in_place is None else in_place[at]
        if isinstance(filled, float):
            filled = f"{filled:.6g}"
        shown[at] = "missing" if filled is None else f"missing ({filled} in its place)"
    return shown


def shap_of(explanation):
    """See ``Explanation.to_shap``."""
    try:
        import shap
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Explanation.to_shap needs shap, which is not installed: pip install shap."
        ) from error
    base, names = explanation.base_values, None
    if explanation.magnitudes is not None:
        base = None  # shap would show the sum with effects as the prediction.
    if base is not None:
        base = np.broadcast_to(base, explanation.predictions.shape).copy()
    if explanation.data.ndim == 2:
        names = explanation.feature_names.tolist()
    outputs = explanation.output_names
    return shap.Explanation(
        explanation.values,
        base_values=base,
        data=explanation.data,
        feature_names=names,
        output_names=None if outputs is None else [*outputs],
    )


def _has_outputs(explanation) -> bool:
    return explanation.values.ndim > explanation.data.ndim


def _outputs(explanation) -> np.ndarray:
    """Names or numbers of the outputs; a single output has number 0."""
    if explanation.output_names is not None:
        return explanation.output_names
    return np.arange(prod(explanation.values.shape[explanation.data.ndim :]))


def _shown(explanation, output: str) -> np.ndarray:
    """Positions of the outputs that are shown of each row, (n_samples, n_shown)."""
    n, names = len(explanation), _outputs(explanation)
    shows_all = output == "predicted" and not explanation.exclusive
    if explanation.output_names is None or output == "all" or shows_all:
        return np.tile(np.arange(len(names)), (n, 1))
    if output == "predicted":
        return explanation.predictions.argmax(axis=1)[:, None]
    if output not in names.tolist():
        raise ValueError(
            f"output must be 'predicted', 'all' or one of {names.tolist()}, got "
            f"{output!r}."
        )
    return np.full((n, 1), names.tolist().index(output))


def _by_output(explanation) -> np.ndarray:
    """Values of shape (n_samples, n_outputs, n_features)."""
    n_outputs = len(_outputs(explanation))
    shape = (len(explanation), explanation.feature_names.size, n_outputs)
    return explanation.values.reshape(shape).swapaxes(1, 2)


def _record(explanation) -> dict[str, str]:
    """What the values are, in words."""
    names = ("attribution", "target", "unit", "background")
    record = {name: getattr(explanation, name) for name in names}
    return {**record, "unit": unit_of(explanation)}


def unit_of(explanation) -> str:
    """The unit of the values, in words."""
    are_slopes = explanation.slopes is not None and explanation.magnitudes is None
    if are_slopes or explanation.attribution == "gradients":
        return f"{explanation.unit} per unit of a number"
    if explanation.attribution == "weights":  # of NGSLL
        return f"{explanation.unit} per unit of z"
    return explanation.unit
