"""From the name of a column to the features that are made of it.

An estimator in a Pipeline sees names and values of its features, and no transformer.
A name alone is never enough: that features are the categories of a column is taken from
their values, and what stays doubtful is an error.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import scipy.sparse as sp

from .indicator_blocks import as_indicators, indicator_blocks, is_indicator_block

__all__ = ["HOW_NAMES_REACH", "NamedFeatures", "features_named", "signs_by_feature"]

HOW_NAMES_REACH = (
    "In a Pipeline give the array that sklearn_gradlasso.annotations_for(pipeline, X, "
    "names) or monotonic_cst_for makes of names of columns of X: they follow the "
    "columns through the transformers. Or call set_output(transform='pandas') on the "
    "Pipeline, so that names reach its last step; a OneHotEncoder needs "
    "sparse_output=False for that."
)


@dataclass(frozen=True)
class NamedFeatures:
    """The features that a name stands for, as positions.

    Parameters
    ----------
    name : str
    feature : int or None
        The feature that has the name, if there is one.
    categories : list of int
        Indicators of the categories of the column.
    missing : list of int
        Indicators of a missing value of the column.
    """

    name: str
    feature: int | None = None
    categories: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        own = [] if self.feature is None else [self.feature]
        return [*own, *self.categories, *self.missing]


def features_named(given: list, names, X, argument: str) -> list[NamedFeatures]:
    """What each of the given names stands for.

    A name is that of a feature, with or without the prefix of a ``ColumnTransformer``
    or ``FeatureUnion`` (``age`` for ``num__age``), or that of a column of which an
    encoder has made features (``job`` for ``job_clerk`` and ``job_nurse``). These must
    be one whole block of indicators in X. The indicator of missing values that a
    ``SimpleImputer`` adds belongs to its column. What a longer one of the given names
    stands for does not belong to a shorter one: of ``job`` and ``job_title`` each has
    its own features if both are given.

    Parameters
    ----------
    given : list of str
    names : array-like of str of shape (n_features,), or None
        Names of all features.
    X : {ndarray, CSR matrix} of shape (n_samples, n_features), or None
        Values of the features. None says that they are columns of the user, so that a
        name is exactly that of a column.
    argument : str
        What a message calls the argument that holds the given names.

    Raises
    ------
    ValueError
        If a name is unknown or ambiguous, or if two of them stand for one feature.
    """
    wrong = [name for name in given if not isinstance(name, str)]
    if wrong:
        raise ValueError(
            f"{argument}: features must be named by strings, got {wrong[0]!r}. "
            f"{HOW_NAMES_REACH}"
        )
    if given and names is None:
        raise ValueError(
            f"{argument}: features are named, but X has no column names at the "
            f"estimator. Fit on a DataFrame. {HOW_NAMES_REACH}"
        )
    if not given:
        return []
    features = _Features([str(name) for name in names], X)
    found: list[NamedFeatures] = []
    try:
        features.check_known(given)
        if X is None:
            found = [NamedFeatures(name, features.column(name)) for name in given]
        else:
            for name in sorted(given, key=len, reverse=True):
                claimed = {k for each in found for k in each.positions}
                found.append(features.of(name, claimed))
    except _Doubt as doubt:
        raise ValueError(f"{argument}: {doubt} {HOW_NAMES_REACH}") from None
    _check_disjoint(found, features.names, argument)
    return sorted(found, key=lambda each: given.index(each.name))


def signs_by_feature(signs: dict, names, X) -> dict[str, int]:
    """Signs by the full name of the feature that the name of a column stands for.

    Parameters
    ----------
    signs : dict of str to int
        They are not checked here.
    names, X
        As for :func:`features_named`.

    Raises
    ------
    ValueError
        If a name is unknown or ambiguous, or stands for categories.
    """
    found = features_named(list(signs), names, X, "monotonic_cst")
    for each in found:
        if each.categories and signs[each.name] != 0:
            features = [str(names[k]) for k in each.categories[:5]]
            raise ValueError(
                f"monotonic_cst: {each.name!r} stands for the categories {features}, "
                "which have no order, so no sign holds for it; leave it out, or name "
                "single features."
            )
    numbers = [each for each in found if each.feature is not None]
    return {str(names[each.feature]): signs[each.name] for each in numbers}


class _Doubt(Exception):
    """Why a name cannot be resolved."""


class _Features:
    """Features by name. A full name has the prefix of its transformer, if any has."""

    def __init__(self, names: list[str], X):
        self.names, self.X = names, X
        self.views = [names]
        if X is not None and all("__" in name for name in names):
            self.views.append([name.partition("__")[2] for name in names])

    def check_known(self, given: list[str]) -> None:
        known = {each for view in self.views for each in view}
        fits = operator.eq if self.X is None else _fits
        unknown = [
            name for name in given if not any(fits(each, name) for each in known)
        ]
        if not unknown:
            return
        similar = [
            each
            for name in unknown
            for each in self.names
            if name in each or get_close_matches(name, [each], cutoff=0.8)
        ]
        meant = f" Did you mean {similar[:5]}?" if similar else ""
        raise _Doubt(
            f"no feature has a name {unknown[:5]}: it is not among the columns of X at "
            f"the estimator, {self._some(range(len(self.names)))}.{meant} A step "
            "before it that makes other columns (a PCA, a one-hot encoder, a selector) "
            "is the likely cause."
        )

    def column(self, name: str) -> int:
        """The column of the user that has a known name."""
        if self.names.count(name) > 1:
            raise _Doubt(f"two columns have the name {name!r}; rename one of them.")
        return self.names.index(name)

    def of(self, name: str, claimed: set[int]) -> NamedFeatures:
        """What a known name stands for, without what other given names stand for."""
        view = next(
            view for view in self.views if any(_fits(each, name) for each in view)
        )
        same = [k for k, each in enumerate(view) if each == name]
        if len({self.names[k] for k in same}) < len(same):
            raise _Doubt(f"two features have the name {name!r}; rename one of them.")
        if len(same) > 1:
            raise _Doubt(
                f"{name!r} may be any of {self._some(same)}; give the full names of "
                "those that are meant."
            )
        longer = [
            k for k, each in enumerate(view) if _fits(each, name) and each != name
        ]
        if same:
            feature = same[0]
            free = [k for k in longer if k not in claimed]
            categories = self._beside(name, feature, free, view, claimed)
        else:
            feature = None
            categories = self._encoded(name, longer, view, claimed)
        marks = set(_names_of_indicators(name))
        missing = [k for k, each in enumerate(view) if each in marks]
        missing = [k for k in missing if k not in claimed]
        return NamedFeatures(name, feature, categories, missing)

    def _encoded(self, name: str, longer: list[int], view, claimed) -> list[int]:
        """The features of a column that are one block of indicators."""
        free = [k for k in longer if k not in claimed]
        if longer and not free:
            raise _Doubt(
                f"do not name a feature twice; all that {name!r} stands for, such as "
                f"{self.names[longer[0]]!r}, is named otherwise."
            )
        for block in (longer, free):  # The user may have named one category by itself.
            whole = is_indicator_block(self.X, block)
            if whole and _stem([view[k] for k in block]) == name:
                return free
        raise _Doubt(
            f"{name!r} is no feature at the estimator, and {self._some(free)} are not "
            "for certain the categories of this column alone: they may be of several "
            "columns, or the encoder has left a category out, or all categories begin "
            "with the same word. Name those features that are meant, or name the other "
            "column as well (in a dict with the value 0 if it is free)."
        )

    def _beside(self, name, own: int, longer: list[int], view, claimed) -> list[int]:
        """The categories of a column that is also a feature of its own."""
        names, full = set(self.names), self.names[own]
        doubtful = [
            k
            for k, each in enumerate(self.names)
            if full in each and k not in claimed and _is_product(each, full, names)
        ]
        made = []
        for block in self._blocks(longer):
            stem = _stem([view[k] for k in block])
            is_block = is_indicator_block(self.X, block)
            if is_block and stem == name and len(block) == len(longer):
                made = block
            elif not is_block or stem == name:
                doubtful += [k for k in block if self._may_be_made_of(own, k, view)]
        if made and self._n_values(own) == 2:  # It may be a category of another column.
            doubtful += made
        if doubtful:
            raise _Doubt(
                f"{name!r} is a feature at the estimator, but {self._some(doubtful)} "
                "may be made of the same column. Name these features as well (in a "
                "dict with the value 0 if they are free)."
            )
        return made

    def _blocks(self, positions: list[int]) -> list[list[int]]:
        """Blocks of indicators among these features, and the others alone."""
        if is_indicator_block(self.X, positions):
            return [positions]
        if not positions:
            return []
        found = indicator_blocks(as_indicators(_dense(self.X, positions)))
        return [[positions[k] for k in block] for block in found]

    def _may_be_made_of(self, own: int, k: int, view: list[str]) -> bool:
        """Whether a feature with a longer name may be made of the same column.

        Numbers such as ``temp`` and ``temp_min`` are different columns of a table, if
        they come from the same transformer. What two encoders, a spline or an encoder
        that has left a category out make of one column looks different.
        """
        prefix = [self.names[j][: -len(view[j])] for j in (own, k)]
        if prefix[0] != prefix[1] or re.search(r"_sp_\d+$", view[k]):
            return True
        return self._n_values(k) == 2

    def _n_values(self, k: int) -> int:
        return len(np.unique(_dense(self.X, [k])))

    def _some(self, positions: list[int]) -> str:
        names = [self.names[k] for k in positions]
        return f"{names[:5]}{' ...' * (len(names) > 5)}"


def _fits(feature: str, name: str) -> bool:
    """Whether a feature has this name, or that of a category (``name__`` is a prefix).

    Both may be wrong: values decide.
    """
    begins = feature.startswith(f"{name}_") and not feature.startswith(f"{name}__")
    return begins or feature == name


def _stem(names: list[str]) -> str:
    """The longest name of a column of which all these may be categories."""
    shortest, longest = min(names), max(names)
    same = 0
    while same < min(len(shortest), len(longest)) and shortest[same] == longest[same]:
        same += 1
    return shortest[:same].rpartition("_")[0]


def _names_of_indicators(name: str) -> Iterator[str]:
    """Names that scikit-learn gives to the indicator of a missing value.

    A ``SimpleImputer`` says ``missingindicator_age``, and a ``OneHotEncoder`` behind it
    makes two features of that. The prefixes of transformers come first.
    """
    parts = name.split("__")
    for k in range(len(parts)):
        column = "missingindicator_" + "__".join(parts[k:])
        stem = "__".join([*parts[:k], column])
        yield stem
        yield from (f"{stem}_{value}" for value in (False, True, 0.0, 1.0, 0, 1))


def _is_product(feature: str, factor: str, names: set[str]) -> bool:
    """Whether a name is that of a product or power, as of ``PolynomialFeatures``."""
    if feature == factor:
        return False
    words = re.sub(r"\^\d+( |$)", r"\1", feature).split(" ")
    reached = {0: False}  # ends of factors, and whether ours is among these
    for stop in range(1, len(words) + 1):
        ours = [
            reached[start] or part == factor
            for start in reached
            if (part := " ".join(words[start:stop])) in names
        ]
        if ours:
            reached[stop] = any(ours)
    return reached.get(len(words), False)


def _check_disjoint(found: list[NamedFeatures], names: list[str], argument: str):
    seen: dict[int, str] = {}
    for each in found:
        for k in each.positions:
            if k in seen:
                raise ValueError(
                    f"{argument}: do not name a feature twice; {seen[k]!r} and "
                    f"{each.name!r} both stand for {names[k]!r}."
                )
            seen[k] = each.name


def _dense(X, positions: list[int]) -> np.ndarray:
    columns = X[:, positions]
    return columns.toarray() if sp.issparse(columns) else np.asarray(columns)
