"""What an explanation of 1,000 rows of Adult costs on one core."""

from __future__ import annotations

import statistics

from lines import Line
from reason_fits import NETWORKS, fitted
from reason_tables import Table, cleaned, pipeline
from rounds import Contestant, measured, ratio

from sklearn_gradlasso import Explanation, GradientLassoClassifier
from sklearn_gradlasso.datasets import fetch_adult

N_ROWS, N_ROUNDS = 1000, 9
SECONDS, RATIO = 5, 1.5


def adult() -> Table:
    bunch = fetch_adult()
    y = (bunch.target == ">50K").astype(int)
    return Table(cleaned(bunch.data), y)


def run(network: str, n_rows: int = N_ROWS, n_rounds: int = N_ROUNDS) -> dict:
    table = adult()
    params = {**NETWORKS[network], "max_iter": 2}
    estimator = GradientLassoClassifier(random_state=0, **params)
    model = fitted(pipeline(table, estimator), table.X, table.y)
    X = table.X.iloc[:n_rows]
    Z = model[:-1].transform(X)
    contestants = {
        "effects": Contestant(lambda: Explanation.from_estimator(model, X)),
        "slopes": Contestant(
            lambda: Explanation.from_estimator(model, X, attribution="gradients")
        ),
        "transform and explain": Contestant(
            lambda: model["network"].explain(model[:-1].transform(X))
        ),
        "explain": Contestant(lambda: model["network"].explain(Z)),
    }
    times = measured(contestants, n_rounds)
    return {
        "seconds": {name: statistics.median(each) for name, each in times.items()},
        "slopes by transform and explain": ratio(
            times, "slopes", "transform and explain"
        ),
        "slopes by explain": ratio(times, "slopes", "explain"),
    }


def lines(found: list[dict]) -> list[Line]:
    seconds = max(each["seconds"]["effects"] for each in found)
    whole = max(each["slopes by transform and explain"] for each in found)
    alone = max(each["slopes by explain"] for each in found)
    return [
        Line(
            f"effects of {N_ROWS} rows of Adult in at most {SECONDS} s",
            f"{seconds:.2f} s",
            seconds <= SECONDS,
        ),
        Line(
            f"slopes take at most {RATIO} times as long as explain",
            f"{whole:.2f} (with the transformation of X in both)",
            whole <= RATIO,
        ),
        Line("... against explain of transformed rows", f"{alone:.2f}"),
    ]
