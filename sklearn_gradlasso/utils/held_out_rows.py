"""Which rows early stopping holds out: random ones, whole groups, or the last."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from math import ceil, floor
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import _num_samples

__all__ = [
    "cannot_hold_out",
    "check_groups",
    "hold_out",
    "in_one_axis",
    "needs_groups",
    "warn_of_one_class",
]

# What to do if the rows held out are of one class, by the rule that chose them.
OF_ONE_CLASS = {
    "random": "Raise validation_fraction, to hold out more rows or more groups.",
    "last": (
        "Raise validation_fraction, or use validation_split='random' if the rows are "
        "not in the order of time."
    ),
}
OF_A_SPLITTER = (
    "Use a splitter that looks at y, such as StratifiedKFold or StratifiedGroupKFold."
)
DRAWS = 20  # number of random choices of groups, of which the best balanced is taken

Parts = tuple[np.ndarray, np.ndarray]


def check_groups(groups, X) -> np.ndarray | None:
    """The groups of the rows of X as integers.

    Raises
    ------
    ValueError
        If there is not one group for each row, if a label is missing, or if labels
        cannot be compared.
    """
    if groups is None:
        return None
    wanted = "groups must be one label for each row of X, all of one type"
    try:
        groups = column_or_1d(groups)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{wanted}: {error}") from error
    if len(groups) != _num_samples(X):
        raise ValueError(
            f"groups have {len(groups)} labels, but X has {_num_samples(X)} rows; "
            "give the group of each row."
        )
    absent = np.count_nonzero(_missing(groups))
    if absent:
        raise ValueError(
            f"groups has missing labels, at {absent} of {len(groups)} rows; give a row "
            "without a known group a label of its own, or leave it out."
        )
    try:
        return np.unique(groups, return_inverse=True)[1]
    except TypeError as error:
        raise ValueError(f"{wanted}: {error}") from error


def in_one_axis(groups):
    """Groups that have been checked, as splitters of scikit-learn take them."""
    return column_or_1d(groups) if np.ndim(groups) > 1 else groups


def needs_groups(splitter) -> bool:
    """Whether a splitter says that it uses groups; other objects say nothing."""
    routing = get_routing_for_object(splitter)
    return bool(routing.consumes("split", ["groups"]))


def hold_out(
    rule: str | Any,
    fraction: float,
    seed: int,
    *,
    places: np.ndarray,
    labels: np.ndarray | None,
    given: Sequence,
    n_steps: int = 1,
) -> Parts:
    """Indices of training and validation rows, both in increasing order.

    Parameters
    ----------
    rule : {"random", "last"} or splitter
        The parameter ``validation_split`` of the estimators.
    fraction : float
        Share of the rows that are held out, without a splitter. With groups and
        "random" it is the share of the groups.
    seed : int
    places : ndarray of shape (n_rows,), int
        Places of the rows among those given to ``fit``, in increasing order.
    labels : ndarray of shape (n_rows,) or None
        Classes. With "random" their shares are the same in both parts, as far as the
        numbers of rows allow: each class keeps at least one row in training, so that a
        class with a single row is not held out.
    given : sequence
        X, y and groups as they were given to ``fit``; groups may be ``None``.
    n_steps : int
        With "last", number of consecutive rows that share a time step, as sliding
        windows of that length do.

    Raises
    ------
    ValueError
        If there are too few rows or groups to split; if a class would have no row to
        train on; or if the splitter refuses the rows, or its parts do not belong to
        them.

    Warns
    -----
    UserWarning
        If the rows held out are of one class only.
    """
    n_rows = len(places)
    groups = check_groups(given[2], given[0])
    own = None if groups is None else groups[places]
    if rule == "random":
        how = f"validation_fraction={fraction}"
        parts = _random, (n_rows, fraction, seed, labels, own)
    elif rule == "last":
        how = f"validation_fraction={fraction}, validation_split='last'"
        parts = _last, (places, fraction, own, n_steps)
    else:
        how = f"validation_split={rule}"
        given = *given[:2], in_one_axis(given[2])
        parts = _of_splitter, (rule, places, seed, given)
    try:
        choose, arguments = parts
        train, valid = choose(*arguments)
        _check_parts(train, valid, labels)
    except ValueError as error:
        raise ValueError(cannot_hold_out(n_rows, how, error)) from error
    if labels is not None:
        warn_of_one_class(labels, valid, rule, how)
    return np.sort(train), np.sort(valid)


def _random(n_rows: int, fraction: float, seed: int, labels, groups) -> Parts:
    codes = None if labels is None else np.unique(labels, return_inverse=True)[1]
    if groups is not None:
        return _random_groups(fraction, seed, codes, groups)
    n_valid = _number_held_out(n_rows, fraction)
    if n_valid >= n_rows:
        raise ValueError("no rows are left to train on.")
    if codes is not None and not _can_be_stratified(codes, n_valid):
        return _nearly_stratified(codes, n_valid, seed)
    options = {"random_state": seed, "stratify": codes}
    train, valid = train_test_split(np.arange(n_rows), test_size=n_valid, **options)
    if codes is not None and _n_missing(codes, train):
        return _nearly_stratified(codes, n_valid, seed)
    return train, valid


def _number_held_out(n_rows: int, fraction: float) -> int:
    """At least two if the fraction rounds to a row: one row alone says too little."""
    n_valid = ceil(fraction * n_rows)
    least = 2 if floor(fraction * n_rows + 0.5) else 1
    return min(max(n_valid, least), n_rows)


def _can_be_stratified(codes: np.ndarray, n_valid: int) -> bool:
    """Whether scikit-learn can do it, with two rows of each class at least."""
    counts = np.bincount(codes)
    return counts.min() > 1 and len(counts) <= min(n_valid, len(codes) - n_valid)


def _nearly_stratified(codes: np.ndarray, n_valid: int, seed: int) -> Parts:
    """Hold out of each class its share of the rows, but never all of its rows."""
    random = check_random_state(seed)
    most = np.bincount(codes) - 1
    n_valid = min(n_valid, most.sum())
    if most.sum() < 2:
        raise ValueError(
            f"each of {len(most)} classes needs a row to train on, and at least two "
            "rows must be held out."
        )
    wanted = n_valid * (most + 1) / len(codes)
    counts = np.minimum(np.floor(wanted).astype(int), most)
    order = random.permutation(len(counts))  # decides between equal claims
    while counts.sum() < n_valid:
        claims = np.where(counts < most, wanted - counts, -np.inf)
        counts[order[claims[order].argmax()]] += 1
    rows = random.permutation(len(codes))
    of_class = [rows[codes[rows] == k] for k in range(len(counts))]
    valid = np.concatenate([of[:count] for of, count in zip(of_class, counts)])
    return np.setdiff1d(rows, valid), valid


def _random_groups(fraction: float, seed: int, codes, groups) -> Parts:
    if groups.min() == groups.max():
        raise ValueError("all rows have one group, which cannot be divided.")
    n_draws = 1 if codes is None else DRAWS
    splitter = GroupShuffleSplit(n_draws, test_size=fraction, random_state=seed)
    draws = splitter.split(groups, groups=groups)
    if codes is None:
        return next(draws)
    parts = min(draws, key=lambda parts: _imbalance(codes, *parts))
    if _n_missing(codes, parts[0]):
        n_valid = len(np.unique(groups[parts[1]]))
        return _groups_without_a_whole_class(n_valid, seed, codes, groups)
    return parts


def _groups_without_a_whole_class(n_valid: int, seed: int, codes, groups) -> Parts:
    """Up to ``n_valid`` groups, after which training still has all classes."""
    valid = np.zeros(len(groups), dtype=bool)
    for group in check_random_state(seed).permutation(np.unique(groups)):
        more = valid | (groups == group)
        if not n_valid:
            break
        if not _n_missing(codes, ~more):
            valid, n_valid = more, n_valid - 1
    if not valid.any():
        raise ValueError("every group has all rows of a class, which training needs.")
    return np.flatnonzero(~valid), np.flatnonzero(valid)


def _imbalance(codes: np.ndarray, train: np.ndarray, valid: np.ndarray) -> tuple:
    """Number of classes that training lacks, and distance between class shares."""
    n_classes = codes.max() + 1
    counts = [np.bincount(codes[part], minlength=n_classes) for part in (train, valid)]
    shares = [count / count.sum() for count in counts]
    return _n_missing(codes, train), abs(shares[0] - shares[1]).sum()


def _n_missing(codes: np.ndarray, train: np.ndarray) -> int:
    """Number of classes that training lacks; ``train`` are indices or a mask."""
    return (np.bincount(codes[train], minlength=codes.max() + 1) == 0).sum()


def _last(places: np.ndarray, fraction: float, groups, n_steps: int) -> Parts:
    n_valid = _number_held_out(len(places), fraction)
    valid = np.arange(len(places) - n_valid, len(places))
    apart = places <= places[valid[0]] - n_steps
    if groups is not None:
        apart &= ~np.isin(groups, groups[valid])
    return np.flatnonzero(apart), valid


def _of_splitter(splitter, places: np.ndarray, seed: int, given: Sequence) -> Parts:
    if getattr(splitter, "random_state", seed) is None:
        splitter = copy(splitter)
        splitter.random_state = seed
    X, _, groups = given
    if groups is None and needs_groups(splitter):
        raise ValueError("it needs groups; give them to fit, groups=g.")
    first = next(iter(splitter.split(*given)), None)
    if first is None:
        raise ValueError("it gives no split.")
    train, valid = map(np.asarray, first)
    n_given = _num_samples(X)
    for part in (train, valid):
        if part.size and not (part.min() >= 0 and part.max() < n_given):
            raise ValueError(f"its split is not one of {n_given} rows.")
    if np.isin(train, valid).any():
        raise ValueError("it holds out rows that it trains on.")
    return tuple(np.flatnonzero(np.isin(places, part)) for part in (train, valid))


def _missing(labels: np.ndarray) -> np.ndarray | list[bool]:
    """Where a label is None, NaN, NaT or pandas' NA."""
    if labels.dtype.kind in "mM":
        return np.isnat(labels)
    return [_is_missing(label) for label in labels.tolist()]


def _is_missing(label) -> bool:
    try:
        return label is None or bool(label != label)
    except TypeError:  # NA does not say whether it equals itself.
        return True


def cannot_hold_out(n_rows: int, how: str, why: ValueError) -> str:
    """What an error says, with the parameters in ``how``."""
    return (
        f"early_stopping cannot hold out rows of n_samples={n_rows} with {how}: {why} "
        "Change validation_fraction or validation_split, or give more rows."
    )


def warn_of_one_class(labels: np.ndarray, valid: np.ndarray, rule, how: str) -> None:
    """Warn at the caller of ``fit`` if the rows held out are of one of the classes."""
    held_out = np.unique(labels[valid]).tolist()
    if len(held_out) > 1 or (labels == held_out[0]).all():
        return
    advice = OF_ONE_CLASS[rule] if isinstance(rule, str) else OF_A_SPLITTER
    warnings.warn(
        f"early_stopping holds out {len(valid)} rows of one class only, "
        f"{held_out[0]!r}, with {how}. Their loss says nothing about other classes, "
        f"and ends training too early or too late. {advice}",
        UserWarning,
        stacklevel=8,  # It is the caller of ``fit``, if ``fit`` was called directly.
    )


def _check_parts(train: np.ndarray, valid: np.ndarray, labels) -> None:
    if len(valid) < 2:
        raise ValueError("at least two rows must be held out.")
    if not len(train):
        raise ValueError("no rows are left to train on.")
    if labels is not None:
        absent = np.setdiff1d(labels, labels[train]).tolist()
        if absent:
            raise ValueError(f"no rows of the classes {absent} are left to train on.")
