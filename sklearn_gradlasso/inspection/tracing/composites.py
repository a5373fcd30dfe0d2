"""Steps that are made of other steps."""

from __future__ import annotations

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from .registry import OutputColumn, register
from .tables import TracedTable

__all__: list[str] = []


def _pipeline(step, table: TracedTable) -> TracedTable:
    for _, each in step.steps:
        if not hasattr(each, "fit_resample"):  # Samplers act in ``fit`` alone.
            table = table.through(each)
    return table


def _frozen(step, table: TracedTable) -> TracedTable:
    return table.through(step.estimator)


def _column_transformer(step, table: TracedTable) -> TracedTable:
    whole, taken = table.after(step, []), step._transformer_to_input_indices
    n_outputs = max((part.stop for part in step.output_indices_.values()), default=0)
    features = [None] * n_outputs
    for key, each, columns in step.transformers_:
        part = step.output_indices_[key]
        if part.start == part.stop:
            continue
        positions = _positions(step, taken[key], table)
        branch = table.part(positions, alone=np.isscalar(columns))
        made = _branch(each, branch, part.stop - part.start)
        weight = (step.transformer_weights or {}).get(key)
        prefix = _prefix(step.verbose_feature_names_out, key)
        features[part] = _out(made, branch, weight, prefix)
    whole.features = features
    return whole


def _feature_union(step, table: TracedTable) -> TracedTable:
    whole, prefixed = table.after(step, []), step.verbose_feature_names_out
    for key, each in step.transformer_list:
        if isinstance(each, str) and each == "drop":
            continue
        weight = (step.transformer_weights or {}).get(key)
        made = table.through(each)
        whole.features += _out(made, table, weight, _prefix(prefixed, key))
    return whole


def _positions(step, positions, table: TracedTable) -> list[int]:
    """Where columns are in the table, whose DataFrame may be in another order."""
    names = getattr(step, "feature_names_in_", None)
    if names is None or table.labels is None:
        return [*positions]
    return [table.labels.index(names[k]) for k in positions]


def _branch(each, branch: TracedTable, n_outputs: int) -> TracedTable:
    made = branch.through(each)
    if len(made) == n_outputs:
        return made
    # What is known of the step does not fit what it does.
    return branch.after(each, [OutputColumn(None)] * n_outputs)


def _prefix(verbose, key: str) -> str:
    return f"{key}__" if verbose else ""


def _out(made: TracedTable, given: TracedTable, weight, prefix: str) -> list:
    """The features of a branch, with its name before those of the columns it mixed."""
    before = {feature.origin for feature in given.features}
    for origin in {feature.origin for feature in made.features} - before:
        origin.name = prefix + origin.name
    if weight is None:
        return made.features
    return made.made(
        [
            OutputColumn(k, weight, inverse=lambda z: z / weight, keeps_nan=True)
            for k in range(len(made))
        ]
    )


register(Pipeline, _pipeline)
register("imblearn.Pipeline", _pipeline)
register(FrozenEstimator, _frozen)
register(ColumnTransformer, _column_transformer)
register(FeatureUnion, _feature_union)
