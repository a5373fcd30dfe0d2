"""The contestants of the comparison on raw tables, with their defaults.

Ours, explainable boosting and, with a dtype or the names of the categories, boosting
take a table as it is. The others get it imputed, scaled and encoded. What a package
asks for (no missing categories, the dtype of pandas) is done to its table here.

The networks of pytabkit take the epoch with the fewest errors by default, which costs
AUC and log loss. They are therefore here twice: with the defaults, and as the package
advises for those figures, by the log loss and without label smoothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
from peer_models import CS
from reason_fits import estimator
from reason_tables import CATEGORY, NUMBER, Table, pipeline
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LassoCV, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
)

BY_LOG_LOSS = {"val_metric_name": "cross_entropy"}
MISSING = "missing"  # a category for what is missing


@dataclass(frozen=True)
class Contestant:
    """A model with its settings.

    Parameters
    ----------
    label : str
    make : callable
        ``(table, seed) -> estimator``, which is fitted to rows of the table. Of the
        table only the kinds of its columns and of its target may be used.
    package : str, default="scikit-learn"
        The version of which is recorded.
    time_boxed : bool, default=False
        Whether each fit is a process of its own that is ended when its time is up.
    """

    label: str
    make: Callable[[Table, int], object]
    package: str = "scikit-learn"
    time_boxed: bool = False


def ours(table: Table, seed: int):
    return estimator(
        table, GradientLassoClassifier, GradientLassoRegressor, random_state=seed
    )


def ours_cv(table: Table, seed: int, **params):
    return estimator(
        table,
        GradientLassoClassifierCV,
        GradientLassoRegressorCV,
        random_state=seed,
        **params,
    )


def linear(table: Table, seed: int) -> Pipeline:
    """L1, with the strength that is best in cross-validation."""
    if table.is_regression:
        return pipeline(table, LassoCV(random_state=seed))
    # liblinear is the fastest, and for two classes only.
    solver = "liblinear" if table.y.max() == 1 else "saga"
    logistic = LogisticRegression(
        l1_ratio=1.0, solver=solver, tol=1e-3, max_iter=1_000, random_state=seed
    )
    return pipeline(table, GridSearchCV(logistic, {"C": CS}, scoring="neg_log_loss"))


def hist_boosting(table: Table, seed: int) -> Pipeline:
    trees = estimator(
        table,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        random_state=seed,
    )
    return make_pipeline(_with(table, _as_dtype), trees)


def lightgbm(table: Table, seed: int) -> Pipeline:
    from lightgbm import LGBMClassifier, LGBMRegressor

    trees = estimator(
        table, LGBMClassifier, LGBMRegressor, n_jobs=1, verbose=-1, random_state=seed
    )
    return make_pipeline(_with(table, _as_dtype), trees)


def catboost(table: Table, seed: int) -> Pipeline:
    from catboost import CatBoostClassifier, CatBoostRegressor

    trees = estimator(
        table,
        CatBoostClassifier,
        CatBoostRegressor,
        cat_features=table.of_kind(CATEGORY),
        thread_count=1,
        random_seed=seed,
        allow_writing_files=False,
        verbose=0,
    )
    return make_pipeline(_with(table, _filled), trees)


def mlp(table: Table, seed: int):
    """The regressor gets y on a scale of one, without which it learns nothing."""
    params = {"early_stopping": True, "random_state": seed}
    model = pipeline(table, estimator(table, MLPClassifier, MLPRegressor, **params))
    if table.is_regression:
        return TransformedTargetRegressor(model, transformer=StandardScaler())
    return model


def ebm(table: Table, seed: int):
    from interpret.glassbox import (
        ExplainableBoostingClassifier,
        ExplainableBoostingRegressor,
    )

    return estimator(
        table,
        ExplainableBoostingClassifier,
        ExplainableBoostingRegressor,
        n_jobs=1,
        random_state=seed,
    )


def realmlp(table: Table, seed: int, **of_classes) -> Pipeline:
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    kinds = RealMLP_TD_Classifier, RealMLP_TD_Regressor
    return _of_pytabkit(table, seed, *kinds, of_classes)


def tabm(table: Table, seed: int, **of_classes) -> Pipeline:
    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    return _of_pytabkit(table, seed, TabM_D_Classifier, TabM_D_Regressor, of_classes)


def _of_pytabkit(
    table: Table, seed: int, classifier: type, regressor: type, of_classes: dict
):
    """These scale and encode by themselves, but refuse missing numbers."""
    params = {} if table.is_regression else of_classes
    network = estimator(
        table,
        classifier,
        regressor,
        device="cpu",
        n_threads=1,
        random_state=seed,
        **params,
    )
    number = SimpleImputer(strategy="median", add_indicator=True)
    category = SimpleImputer(strategy="constant", fill_value=MISSING)
    columns = make_column_transformer(
        (number, table.of_kind(NUMBER)),
        (category, table.of_kind(CATEGORY)),
        verbose_feature_names_out=False,
    )
    return make_pipeline(columns.set_output(transform="pandas"), network)


def _with(table: Table, change: Callable) -> FunctionTransformer:
    return FunctionTransformer(change, kw_args={"columns": table.of_kind(CATEGORY)})


def _as_dtype(X: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return X.astype(dict.fromkeys(columns, "category"))


def _filled(X: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return X.fillna(dict.fromkeys(columns, MISSING))


CONTESTANTS = {
    "ours": Contestant("gradient LASSO", ours, "torch"),
    "ours_cv": Contestant("gradient LASSO, CV", ours_cv, "torch"),
    "ours_one_se": Contestant(
        "gradient LASSO, one_se", partial(ours_cv, selection="one_se"), "torch"
    ),
    "linear": Contestant("linear, L1", linear),
    "hist_boosting": Contestant("HistGradientBoosting", hist_boosting),
    "lightgbm": Contestant("LightGBM", lightgbm, "lightgbm"),
    "catboost": Contestant("CatBoost", catboost, "catboost"),
    "mlp": Contestant("MLP", mlp),
    "ebm": Contestant("explainable boosting", ebm, "interpret-core"),
    "realmlp": Contestant("RealMLP-TD", realmlp, "pytabkit", time_boxed=True),
    "realmlp_log_loss": Contestant(
        "RealMLP-TD by log loss",
        partial(realmlp, use_ls=False, **BY_LOG_LOSS),
        "pytabkit",
        time_boxed=True,
    ),
    "tabm": Contestant("TabM-D", tabm, "pytabkit", time_boxed=True),
    "tabm_log_loss": Contestant(
        "TabM-D by log loss", partial(tabm, **BY_LOG_LOSS), "pytabkit", time_boxed=True
    ),
}
