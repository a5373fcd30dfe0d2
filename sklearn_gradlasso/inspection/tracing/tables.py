"""A table on its way through transformers: where its columns come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import _safe_indexing

from .registry import OutputColumn, checked, function_of
from .values import as_values, column_of, copied, is_missing, matches

__all__ = ["Feature", "Origin", "TracedTable"]


def _same(values):
    return values


@dataclass(eq=False)
class Origin:
    """A column that features are made of: one of X, or one that a step has mixed.

    Attributes
    ----------
    name : str
    read : callable
        ``() -> ndarray or other column``, called once, when values are needed.
    marked : ndarray of bool or False
        Where an imputer or an indicator took the value for missing.
    filled : ndarray or None
        The values with those that an imputer put in their place.
    shared : ndarray of bool or bool
        Where another column is made of this one as well.
    moves_others : bool
        Whether a change of it may move features of other columns.
    made_by : str or None
        The kind of the step that made it of several columns; None for a column of X.
    """

    name: str
    read: Callable[[], Any]
    marked: Any = False
    filled: np.ndarray | None = None
    shared: Any = False
    moves_others: bool = False
    made_by: str | None = None

    @cached_property
    def values(self) -> np.ndarray:
        return as_values(self.read())

    @cached_property
    def empty(self) -> np.ndarray:
        """Where there is no value, whatever imputers say."""
        return is_missing(self.values)

    @property
    def is_numeric(self) -> bool:
        return self.values.dtype.kind == "f"

    def fill(self, where: np.ndarray, by) -> None:
        """Keep what an imputer puts in place; if several do, what the first does."""
        done = self.marked if self.filled is not None else False
        filled = self.values if self.filled is None else self.filled
        new = where & ~np.broadcast_to(done, where.shape)
        self.filled = _filled(filled, new, by)


@dataclass(frozen=True, eq=False, kw_only=True)
class Feature:
    """A column of a traced table.

    Attributes
    ----------
    origin : Origin
    derivative : ndarray of shape (n_samples,) or float
        By the origin.
    is_smooth : bool
        Whether every step on the way keeps a derivative.
    is_origin : bool
        Whether its values are those of the origin, ``filled`` where an imputer was.
    filled : ndarray or None
    back : callable or None
        From values of the feature to values of the origin, if the way is known.
    empty : callable or None
        ``() -> ndarray of bool``: where it is NaN; None if only its values tell.
    is_onehot : bool
        Whether it is one of the features that a ``OneHotEncoder`` makes of a column.
    unread : tuple or None
        Where an imputer put values in place, and ``() -> ndarray``: the column after
        it, in units of the origin; if nothing has asked for it yet.
    """

    origin: Origin
    derivative: Any = 1.0
    is_smooth: bool = True
    is_origin: bool = True
    filled: np.ndarray | None = None
    back: Callable | None = _same
    empty: Callable | None = None
    is_onehot: bool = False
    unread: tuple | None = None


@dataclass(eq=False)
class TracedTable:
    """What a step of a Pipeline is given, with the origin of each column.

    Attributes
    ----------
    features : list of Feature
    read : callable
        ``() -> array, sparse matrix or DataFrame``, called once, when a step needs it.
    read_names : callable
        ``() -> list of str or None``: the names that scikit-learn gives the columns.
    n_rows : int
    labels : list or None
        The labels of the columns of a DataFrame that a user gave, which may have more
        columns, or in another order, than in ``fit``.
    """

    features: list[Feature]
    read: Callable[[], Any]
    read_names: Callable[[], Any]
    n_rows: int
    labels: list | None = None
    _columns: dict = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def values(self):
        """The table as the step gets it."""
        return self.read()

    @cached_property
    def names(self) -> list | None:
        names = self.read_names()
        return None if names is None else [*names]

    def numbers(self, j: int) -> np.ndarray:
        """Column j as floats, of shape (n_samples,).

        Raises
        ------
        ValueError, TypeError
            If it does not hold numbers.
        """
        return np.asarray(self.column(j), dtype=np.float64)

    def column(self, j: int) -> np.ndarray:
        """Column j, read from the origin where the two are the same."""
        feature = self.features[j]
        if feature.is_origin:
            return feature.origin.values if feature.filled is None else feature.filled
        if j not in self._columns:
            if sp.issparse(self.values):
                self.values = self.values.tocsc()
            self._columns[j] = as_values(column_of(self.values, j))
        return self._columns[j]

    def missing(self, j: int, marker=np.nan) -> np.ndarray:
        """Where column j has the marker of missing values, of shape (n_samples,)."""
        feature = self.features[j]
        if feature.empty is not None and isinstance(marker, float) and marker != marker:
            known = feature.empty()
            if not known.any() or not feature.is_origin:
                return known
        return matches(self.column(j), marker)

    def part(self, positions, alone: bool = False) -> TracedTable:
        """Some of the columns; ``alone`` if a step is given one as an array (n,)."""

        def read():
            keys = positions[0] if alone else [*positions]
            return _safe_indexing(self.values, keys, axis=1)

        def names():
            return None if self.names is None else [self.names[k] for k in positions]

        return TracedTable(
            [self.features[k] for k in positions],
            read,
            names,
            self.n_rows,
            None if self.labels is None else [self.labels[k] for k in positions],
        )

    def through(self, step) -> TracedTable:
        """What a fitted step makes of the table, by what is known of its kind."""
        if step is None or (isinstance(step, str) and step == "passthrough"):
            return self
        function = function_of(step)
        outputs = None if function is None else function(step, self)
        if isinstance(outputs, TracedTable):
            return outputs
        return self.after(step, checked(outputs, step, len(self), self.n_rows))

    def after(self, step, outputs: list[OutputColumn] | None) -> TracedTable:
        """What a fitted step makes of the table.

        Parameters
        ----------
        step : transformer
        outputs : list of OutputColumn, or None
            What each of its outputs is made of. None if all are mixed.
        """
        made = TracedTable(
            [],
            lambda: step.transform(copied(self.values)),
            lambda: _names_out(step, self.names) or _labels(made.values),
            self.n_rows,
        )
        if outputs is None:
            n_outputs = _n_outputs(step, made)
            outputs = [OutputColumn(None)] * n_outputs
        if any(output.source is None for output in outputs):
            for feature in self.features:
                feature.origin.shared = feature.origin.moves_others = True
        alike: dict[int, Feature] = {}  # The outputs of a one-hot encoder are many.
        for k, output in enumerate(outputs):
            if output.source is None:
                made.features.append(_mixed(made, k, step))
                continue
            if id(output) not in alike:
                alike[id(output)] = self._made(output)
            made.features.append(alike[id(output)])
        return made

    def made(self, outputs: list[OutputColumn]) -> list[Feature]:
        """Features of outputs that have one source each."""
        return [self._made(output) for output in outputs]

    def _made(self, output: OutputColumn) -> Feature:
        before = self.features[output.source]
        changes = self._imputed(output, before)
        if output.is_same:
            return replace(before, **changes)
        keeps = output.derivative is not None and before.is_smooth
        inverse, back = output.inverse, before.back
        known = inverse is not None and back is not None
        return replace(
            before,
            derivative=_chained(before.derivative, output.derivative) if keeps else 0.0,
            is_smooth=keeps,
            is_origin=False,
            filled=None,
            back=(lambda values: back(inverse(values))) if known else None,
            empty=self._empty(output),
            is_onehot=before.is_onehot or output.is_onehot,
        )

    def _empty(self, output: OutputColumn) -> Callable | None:
        if output.keeps_nan is None:
            return None
        if output.keeps_nan:
            return self.features[output.source].empty
        return lambda: np.zeros(self.n_rows, dtype=bool)

    def _imputed(self, output: OutputColumn, before: Feature) -> dict:
        """Mark the origin where values are replaced, and keep what replaced them."""
        where, by, origin = output.replaced, output.in_place, before.origin
        if where is None:
            return {}
        if not where.any():
            return {"empty": lambda: where} if output.is_same else {}
        changes = {}
        if output.is_same:
            changes["empty"] = lambda: np.zeros_like(where)
        if callable(by):
            back = before.back
            changes["is_origin"] = False
            if back is not None:
                changes["unread"] = where, lambda: back(by())
        elif output.is_same:
            if before.is_origin:
                changes["filled"] = _filled(self.column(output.source), where, by)
            if before.back is not None:
                origin.fill(where, before.back(np.full(1, by, dtype=_kind(by)))[0])
        origin.marked = origin.marked | where
        return changes


def _chained(first, second):
    """The product of derivatives; a flat step stays flat behind or before a jump."""
    if np.isfinite(first).all() and np.isfinite(second).all():
        return first * second
    with np.errstate(invalid="ignore"):
        product = np.asarray(first * second)
    return np.where((first == 0) | (second == 0), 0.0, product)


def _kind(value) -> type:
    return float if isinstance(value, (int, float, np.number)) else object


def _filled(values: np.ndarray, where: np.ndarray, by) -> np.ndarray:
    kind = np.result_type(values, np.asarray(by))
    filled = values.astype(kind if kind.kind == "f" else object)
    filled[where] = by[where] if isinstance(by, np.ndarray) and by.ndim else by
    return filled


def _mixed(made: TracedTable, k: int, step) -> Feature:
    """A column with its own name and units, as a step has made it."""
    names = made.names
    name = f"x{k}" if names is None else str(names[k])
    kind = type(step).__name__.lower()
    origin = Origin(name, lambda: column_of(made.values, k), made_by=kind)
    return Feature(origin=origin, empty=lambda: origin.empty)


def _n_outputs(step, made: TracedTable) -> int:
    """How many outputs a step has, without a transform if it says so."""
    if made.names is not None:
        return len(made.names)
    n_outputs = getattr(step, "_n_features_out", None)
    return made.values.shape[1] if n_outputs is None else int(n_outputs)


def _names_out(step, names) -> list | None:
    """Names that a step gives its outputs, if it does."""
    for given in (names, None):
        try:
            return [*step.get_feature_names_out(given)]
        except (AttributeError, ValueError, TypeError):
            continue
    return None


def _labels(values) -> list | None:
    """Labels of a DataFrame that a step returned, if they are names."""
    labels = [*getattr(values, "columns", ())]
    named = labels and all(isinstance(each, str) for each in labels)
    return labels if named else None
