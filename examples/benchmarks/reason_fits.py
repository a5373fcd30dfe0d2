"""A network fitted to a split of a table, its explanation, and the truth beside it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from networks import perceptron
from reason_tables import Split, Table, pipeline, split
from reason_truth import decision
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from sklearn_gradlasso import (
    Explanation,
    GradientLassoClassifier,
    GradientLassoRegressor,
)
from sklearn_gradlasso.metrics import Effects, effects

NETWORKS = {
    "default": perceptron(),  # the name by which results are recorded
    "tabular": {"module": "tabular"},
    "tanh": perceptron(activation="tanh"),
}
N_BACKGROUND = 256
OTHER_SEED = 1000  # of the background rows that the explanation does not use


def estimator(table: Table, classifier: type, regressor: type, **params):
    """The one of two estimators that fits the target."""
    return (regressor if table.is_regression else classifier)(**params)


def fitted(model: Pipeline, X, y, **options) -> Pipeline:
    """Fit without a word on how many epochs there were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, **options)


@dataclass(frozen=True)
class Fit:
    """A gradient LASSO in a Pipeline, and test rows that are explained.

    Parameters
    ----------
    table : Table
    network : str
        Key of ``NETWORKS``.
    early_stopping : bool
    seed : int
        Of the split and of the network.
    n_rows : int
        Number of test rows that are explained, if there are more.
    params : dict, default={}
        Other parameters of the estimator.
    """

    table: Table
    network: str
    early_stopping: bool
    seed: int
    n_rows: int
    params: tuple = ()

    @cached_property
    def split(self) -> Split:
        return split(self.table, self.seed)

    @cached_property
    def X(self) -> pd.DataFrame:
        """The rows that are explained."""
        return self.split.X_test.iloc[: self.n_rows]

    @cached_property
    def background(self) -> pd.DataFrame:
        """Training rows that the truth takes other values from."""
        rng = np.random.default_rng(OTHER_SEED + self.seed)
        n = len(self.split.X)
        drawn = rng.choice(n, min(n, N_BACKGROUND), replace=False)
        return self.split.X.iloc[drawn]

    @cached_property
    def model(self) -> Pipeline:
        network = estimator(
            self.table,
            GradientLassoClassifier,
            GradientLassoRegressor,
            random_state=self.seed,
            **{
                **NETWORKS[self.network],
                "early_stopping": self.early_stopping,
                **dict(self.params),
            },
        )
        return fitted(pipeline(self.table, network), self.split.X, self.split.y)

    @cached_property
    def f(self) -> Callable:
        return decision(self.model)

    @cached_property
    def explanation(self) -> Explanation:
        explanation = Explanation.from_estimator(self.model, self.X)
        if list(explanation.feature_names) != list(self.X):
            raise ValueError(
                "the explanation must speak of the columns of the table, got "
                f"{list(explanation.feature_names)}."
            )
        return explanation

    @cached_property
    def truth(self) -> Effects:
        """Effects on other background rows, by the Pipeline's answers to the table."""
        return effects(self.f, self.X, self.background, n_background=N_BACKGROUND)

    @cached_property
    def weights(self) -> np.ndarray:
        """Standard deviation of each column's effect, as a share of that of f.

        Of shape (n_columns,), or (n_columns, n_classes).
        """
        return self.truth.values.std(axis=0) / self.truth.predictions.std(axis=0)
