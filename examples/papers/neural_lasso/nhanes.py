"""Figure 2 on a health survey, in place of the paper's intensive care data.

Did a person die within ten years of the examination? 18 columns, a quarter of the
people for the test; missing entries are medians. Four measurements with their normal
ranges: does the gradient change its sign where it should?
"""

from __future__ import annotations

import numpy as np
from lines import Line
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso.datasets import fetch_nhanes

from .common import Task, described, fitted_models, path_of
from .slopes import Column, drawn, stored
from .table import claim_lines, table_lines

N_SEEDS = 1
SHOWN = (
    Column("Systolic BP", "mmHg", normal=(90, 120)),
    Column("BMI", "kg/m²", normal=(18.5, 25)),
    Column("Serum Cholesterol", "mg/dl", normal=(125, 200)),
    Column("Serum Albumin", "g/dl", normal=(3.5, 5.0)),
)


def split(seed: int):
    X, y = fetch_nhanes(return_X_y=True)
    return train_test_split(X, y, stratify=y, random_state=seed)


def task(seed: int) -> Task:
    X_train, X_test, y_train, y_test = split(seed)
    prepare = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return Task(
        X_train=prepare.fit_transform(X_train).astype(np.float32),
        X_test=prepare.transform(X_test).astype(np.float32),
        y_train=y_train,
        y_test=y_test,
        training={"max_iter": 30},
        gradient_l1=(0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1),
        weight_l1=(0.0001, 0.0003, 0.001, 0.003, 0.01),
        linear_l1=(0.0001, 0.001, 0.003, 0.01, 0.03),
        seed=seed,
    )


def run(seed: int) -> dict:
    data = task(seed)
    models = fitted_models(data)
    figures = {
        "models": {name: described(model, data) for name, model in models.items()},
        "path": path_of(models["MLP, gradient L1"]),
    }
    if seed == 0:
        X_test = split(seed)[1]
        names = [column.name for column in SHOWN]
        positions = [list(X_test.columns).index(name) for name in names]
        figures["slopes"] = stored(
            models, data.X_test, X_test[names].to_numpy(), positions
        )
    return figures


def lines(runs: list[dict]) -> list[Line]:
    return [*claim_lines(runs), *table_lines(runs, {})]


def pictures(runs: list[dict]) -> dict:
    title = (
        "NHANES: gradient of the log-probability of a death within ten years, by a "
        "standard deviation\n(shaded: the normal range; scales differ)"
    )
    return {"figure_2_nhanes": drawn(runs[0]["slopes"], SHOWN, title)}
