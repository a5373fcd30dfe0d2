"""How well a model's answers to test rows agree with what was observed there."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reason_truth import LEAST
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score

N_BINS = 15


def scores(model, X: pd.DataFrame, y: np.ndarray) -> dict[str, float]:
    """R2 of a regressor; AUC, log loss, Brier score and calibration error of classes.

    Parameters
    ----------
    model : object
        With ``predict`` if y are floats, with ``predict_proba`` if they are codes.
    X : DataFrame of shape (n_samples, n_columns)
    y : ndarray of shape (n_samples,)
        Floats, or codes from 0 to n_classes - 1.

    Returns
    -------
    dict of str to float
    """
    if y.dtype.kind == "f":
        return {"R2": float(r2_score(y, model.predict(X)))}
    p = _probabilities(model, X)
    of_true = p[np.arange(len(y)), y]
    return {
        "AUC": _auc(y, p),
        "log loss": float(-np.log(np.maximum(of_true, LEAST)).mean()),
        "Brier": float(brier_score_loss(y, p[:, 1] if p.shape[1] == 2 else p)),
        "calibration error": calibration_error(y, p),
    }


def auc_or_r2(model, X: pd.DataFrame, y: np.ndarray) -> float:
    if y.dtype.kind == "f":
        return float(r2_score(y, model.predict(X)))
    return _auc(y, _probabilities(model, X))


def calibration_error(y: np.ndarray, p: np.ndarray) -> float:
    """``sum_b n_b / n * |mean p - share of the class|`` over bins of equal counts.

    There are 15 bins. Of two classes it is that of the second, of more the mean over
    the classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Codes of classes.
    p : ndarray of shape (n_samples, n_classes)

    Returns
    -------
    float
    """
    classes = [1] if p.shape[1] == 2 else range(p.shape[1])
    return float(np.mean([_of_class(y == k, p[:, k]) for k in classes]))


def _of_class(is_class: np.ndarray, p: np.ndarray) -> float:
    bins = np.array_split(np.argsort(p, kind="stable"), N_BINS)
    apart = [abs(np.sum(p[rows] - is_class[rows])) for rows in bins]
    return sum(apart) / len(p)


def _auc(y: np.ndarray, p: np.ndarray) -> float:
    """Of more than two classes the mean of each against the rest."""
    answers = p[:, 1] if p.shape[1] == 2 else p
    return float(roc_auc_score(y, answers, multi_class="ovr"))


def _probabilities(model, X: pd.DataFrame) -> np.ndarray:
    p = np.asarray(model.predict_proba(X), dtype=np.float64)
    return p / p.sum(axis=1, keepdims=True)  # those of float32 do not quite add to 1
