"""Tables, transformers drawn at random for them, and slopes by finite differences."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from sklearn_gradlasso.inspection.tracing.columns import table_columns

NUMBERS, CODES = ["age", "income", "height", "weight"], ["job", "town"]


class Reversed(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """It swaps columns, and gives them the names of those that stood there before."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X):
        return np.asarray(X)[:, ::-1]


def make_table(rng, n_rows=24, missing=0.15):
    """Numbers of different units and shapes, and categories; all with gaps."""
    X = pd.DataFrame(
        {
            "age": 40 + 10 * rng.standard_normal(n_rows),
            "job": rng.choice(["a", "b", "c"], n_rows),
            "income": 1e4 * rng.lognormal(size=n_rows),
            "height": rng.standard_normal(n_rows),
            "town": rng.choice(["u", "v"], n_rows),
            "weight": 0.01 * rng.exponential(size=n_rows),
        }
    )
    return X.mask(rng.random(X.shape) < missing)


def dense(rows):
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows, dtype=float)


def traced_columns(transformer, X, names=None):
    """The columns that a fitted transformer's outputs are traced to."""
    rows = transformer.transform(X)
    shape = dense(rows).shape
    names = np.array([f"f{k}" for k in range(shape[1])] if names is None else names)
    return table_columns(X, transformer, [transformer], rows, names.astype(object))


def finite_differences(transformer, X, columns, step=1e-6):
    """Central differences of all outputs by each column, from one transform.

    Returns
    -------
    dict from a column to an ndarray of shape (n_samples, n_outputs)
    """
    tables, steps = [], {}
    for column in columns:
        values = np.asarray(X[column], dtype=float)
        steps[column] = step * (np.nanstd(values) or 1.0)
        tables += [
            X.assign(**{column: values + way * steps[column]}) for way in (-1, 1)
        ]
    made = dense(transformer.transform(pd.concat(tables, ignore_index=True)))
    made = made.reshape(len(columns), 2, len(X), -1)
    return {
        column: (made[j, 1] - made[j, 0]) / (2 * steps[column])
        for j, column in enumerate(columns)
    }


def random_pipeline(rng):
    """Numbers and categories through nested steps, the first of which may be given."""
    numbers = rng.permutation(NUMBERS)[: rng.integers(1, 5)].tolist()
    branches = [("numbers", numeric_steps(rng, len(numbers)), numbers)]
    if rng.random() < 0.5:
        branches.append(("codes", coded_steps(rng), CODES[: rng.integers(1, 3)]))
    if rng.random() < 0.3:
        branches.append(("again", numeric_steps(rng, 2), NUMBERS[:2]))
    order = rng.permutation(len(branches))
    columns = ColumnTransformer(
        [branches[k] for k in order],
        transformer_weights={"numbers": 0.5} if rng.random() < 0.2 else None,
        sparse_threshold=0,
    )
    steps = [("columns", columns)]
    if rng.random() < 0.4:
        steps.append(("last", one_to_one(rng)))
    pipeline = Pipeline(steps)
    return pipeline.set_output(transform="pandas") if rng.random() < 0.15 else pipeline


def numeric_steps(rng, n_columns):
    imputers = [
        SimpleImputer(strategy="median", add_indicator=rng.random() < 0.3),
        SimpleImputer(strategy="constant", fill_value=2.0, keep_empty_features=True),
        KNNImputer(n_neighbors=2),
    ]
    steps = [scaler(rng)] if rng.random() < 0.2 else []
    steps.append(imputers[rng.integers(3)])
    steps += [one_to_one(rng) for _ in range(rng.integers(0, 3))]
    kind = rng.random()
    if kind < 0.15:
        steps.append(mixing(rng))
    elif kind < 0.3:
        both = [("left", one_to_one(rng)), ("right", one_to_one(rng))]
        steps.append(FeatureUnion(both))
    elif kind < 0.45:
        inner = [("first", one_to_one(rng), [0])]
        rest = ["passthrough", "drop", one_to_one(rng)][rng.integers(3)]
        steps.append(ColumnTransformer(inner, remainder=rest))
    elif kind < 0.6:
        steps.append(SplineTransformer(n_knots=3, extrapolation="linear"))
    elif kind < 0.7:
        steps.append(KBinsDiscretizer(3, encode="onehot-dense"))
    return Pipeline([(f"step {k}", step) for k, step in enumerate(steps)])


def coded_steps(rng):
    kinds = [
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        OneHotEncoder(drop="first", handle_unknown="ignore", sparse_output=False),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ]
    imputer = SimpleImputer(strategy="most_frequent")
    return Pipeline([("impute", imputer), ("code", kinds[rng.integers(3)])])


def scaler(rng):
    kinds = [StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler()]
    return kinds[rng.integers(4)]


def one_to_one(rng):
    kinds = [
        scaler(rng),
        "passthrough",
        MinMaxScaler(clip=True),
        PowerTransformer(standardize=rng.random() < 0.5),
        QuantileTransformer(n_quantiles=7),
        QuantileTransformer(n_quantiles=7, output_distribution="normal"),
        FunctionTransformer(np.arctan, feature_names_out="one-to-one"),
        FunctionTransformer(softsign, feature_names_out="one-to-one"),
        VarianceThreshold(1e-12),
        Pipeline([("scale", scaler(rng)), ("nothing", None)]),
    ]
    return kinds[rng.integers(len(kinds))]


def softsign(x):
    return x / (1 + abs(x))


def mixing(rng):
    kinds = [PCA(1), PolynomialFeatures(include_bias=False), Reversed()]
    return kinds[rng.integers(3)]
