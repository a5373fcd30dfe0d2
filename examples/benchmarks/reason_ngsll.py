"""Whether the columns that NGSLL names for a row have an effect there."""

from __future__ import annotations

import numpy as np
from lines import Line
from networks import trained
from reason_fits import estimator, fitted
from reason_tables import Table, encoded_positions, pipeline, split

from sklearn_gradlasso import Explanation, NGSLLClassifier, NGSLLRegressor

N_NAMED = 3


def run(table: Table, early_stopping: bool, seed: int, n_rows: int, **params) -> dict:
    """Weights that are not zero name a column; ``z * w`` of it is its effect."""
    parts = split(table, seed)
    network = estimator(
        table,
        NGSLLClassifier,
        NGSLLRegressor,
        n_nonzero_coefs=N_NAMED,
        hidden_layer_sizes=(128,),
        activation="relu",
        random_state=seed,
        **trained(**{"early_stopping": early_stopping, **params}),
    )
    model = fitted(pipeline(table, network), parts.X, parts.y)
    X = parts.X_test.iloc[:n_rows]
    Z = model[:-1].transform(X)
    weights = model["network"].explain(Z)
    weights = weights.reshape(*Z.shape, -1)
    parts_of_sum = weights * Z[..., np.newaxis]
    positions = encoded_positions(model, table).values()
    named = np.column_stack([_any(weights, own) for own in positions])
    has_effect = np.column_stack([_any(parts_of_sum, own) for own in positions])
    by_column = np.stack([parts_of_sum[:, own].sum(axis=1) for own in positions], 1)
    explanation = Explanation.from_estimator(model, X)
    shown = explanation.values.reshape(by_column.shape)
    return {
        "named": int(named.sum()),
        "without effect": float((named & ~has_effect).sum() / max(1, named.sum())),
        "rows without a reason": float((~has_effect.any(axis=1)).mean()),
        "apart from the explanation": float(np.abs(shown - by_column).max()),
        "score": float(model.score(parts.X_test, parts.y_test)),
    }


def _any(values: np.ndarray, positions: list[int]) -> np.ndarray:
    return (values[:, positions] != 0).any(axis=(1, 2))


def lines(found: list[dict]) -> list[Line]:
    without = max(each["without effect"] for each in found)
    rows = max(each["rows without a reason"] for each in found)
    apart = max(each["apart from the explanation"] for each in found)
    score = np.mean([each["score"] for each in found])
    return [
        Line("named columns without effect, share", f"{without:.4f}", without == 0),
        Line("rows without a reason, share", f"{rows:.4f}", rows == 0),
        Line("the explanation holds z * w, largest difference", f"{apart:.1e}"),
        Line("accuracy (or R2)", f"{score:.3f}"),
    ]
