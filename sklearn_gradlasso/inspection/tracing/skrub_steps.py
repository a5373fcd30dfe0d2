"""Transformers of skrub, which is not imported: they treat columns one by one."""

from __future__ import annotations

from sklearn.preprocessing import OneHotEncoder

from .registry import OutputColumn, register
from .tables import Feature, TracedTable

__all__: list[str] = []

# What these make of a column of numbers is the same numbers, in float32.
_SAME = {"CleanNullStrings", "DropUninformative", "PassThrough", "ToFloat", "ToFloat32"}


def _table_vectorizer(step, table: TracedTable) -> TracedTable:
    made_of = {
        output: name for name, each in step.input_to_outputs_.items() for output in each
    }
    position = _positions(step, table)
    chains = {}  # features of each column, in the order in which they come out
    features = []
    for output in step.all_outputs_:
        name = made_of[output]
        if name not in chains:
            outputs = [each for each in step.input_to_outputs_[name]]
            chain = _of_column(step, name, table, position[name], len(outputs))
            chains[name] = dict(zip(outputs, chain))
        features.append(chains[name][output])
    whole = table.after(step, [])
    whole.features = features
    return whole


def _of_column(step, name, table, j: int, n_outputs: int) -> list[Feature]:
    """The features that are made of one column, of which skrub mixes none."""
    main = step.transformers_.get(name)
    chain = [each for each in step.all_processing_steps_[name] if each is not main]
    is_number = table.column(j).dtype.kind == "f"
    if is_number and main is not None and _are_same(chain):
        known = [OutputColumn(j, 1.0, is_same=True)]
        if _are_same([main]):
            return table.made(known)
        made = table.part([j]).through(main).features
        own = table.features[j].origin
        if len(made) == n_outputs and all(each.origin is own for each in made):
            return made
    onehot = isinstance(main, OneHotEncoder)
    output = OutputColumn(j, keeps_nan=False if onehot else None, is_onehot=onehot)
    return table.made([output] * n_outputs)


def _cleaner(step, table: TracedTable) -> TracedTable:
    position, outputs = _positions(step, table), []
    for name in step.all_outputs_:
        j = position[name]
        same = _are_same(step.all_processing_steps_[name])
        if same and table.column(j).dtype.kind == "f":
            outputs.append(OutputColumn(j, 1.0, is_same=True))
        else:
            outputs.append(OutputColumn(j))
    return table.after(step, outputs)


def _are_same(steps: list) -> bool:
    """Whether steps leave numbers as they are; a dict casts each output to float32."""
    return all(hasattr(each, "keys") or type(each).__name__ in _SAME for each in steps)


def _positions(step, table: TracedTable) -> dict[str, int]:
    """Where the columns that a step knows by name are in the table."""
    names = [*step.all_processing_steps_]
    labels = [str(label) for label in table.labels or ()]
    if set(names) <= set(labels):
        return {name: labels.index(name) for name in names}
    return {name: j for j, name in enumerate(names)}


register("skrub.TableVectorizer", _table_vectorizer)
register("skrub.Cleaner", _cleaner)
