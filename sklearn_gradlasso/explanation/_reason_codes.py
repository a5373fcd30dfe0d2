"""Reason codes: what a lender must tell an applicant who was declined."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from numbers import Integral

import numpy as np
from scipy.special import expit
from sklearn.utils import check_scalar
from sklearn.utils._optional_dependencies import check_pandas_support

from ..metrics import columns_that_count
from ._explanation import Explanation

__all__ = ["reason_codes"]

WORDS, MISSING = "{column} = {value}", "{column} is missing"


def reason_codes(
    explanation: Explanation,
    k: int = 4,
    *,
    adverse: str | int | None = None,
    words: Mapping[str, str | Mapping | Callable] | None = None,
):
    """The columns that moved each row most towards the adverse class.

    The effect of a column is the probability of the adverse class minus what it would
    be with the effect of the column taken away: ``p(f) - p(f - value)``, where f are
    the log-odds and ``value`` is the effect in log-odds. Only columns that raise the
    probability, and that count at the row (see
    :func:`sklearn_gradlasso.metrics.columns_that_count`), are reasons; a row may
    therefore have fewer than k.

    Parameters
    ----------
    explanation : Explanation
        Effects of a classifier, on its log-odds.
    k : int, default=4
        Largest number of reasons of a row.
    adverse : label, default=None
        The adverse class or label, by default the last of ``classes_``.
    words : dict, default=None
        Words for columns: a text, in which ``{column}`` and ``{value}`` are filled in;
        a dict from the values of a category to texts, where None is for missing ones;
        or a callable ``value -> str``, which is given None for a missing value. Without
        words it is "column = value", and "column is missing" for missing values.

    Returns
    -------
    pandas.DataFrame
        A line for each reason, with columns ``row`` (label in the index of X, or
        position), ``rank`` (from 1), ``column``, ``value`` (as the user gave it;
        missing values say so), ``effect`` (difference in probability, positive) and
        ``words``. Its ``attrs`` name the adverse class.

    Raises
    ------
    ValueError
        If the explanation does not hold effects on log-odds, there is no such class, or
        words are given for an unknown column.
    TypeError
        If k is not an integer, or words are of another kind.

    Warns
    -----
    UserWarning
        If a reason has no words, but a value has that is in no row and differs from it
        in case, blanks or hyphens only.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoClassifier
    >>> from sklearn_gradlasso.explanation import Explanation, reason_codes
    >>> X = np.random.default_rng(0).standard_normal((200, 3))
    >>> declined = np.where(X[:, 0] > 0, "yes", "no")
    >>> model = GradientLassoClassifier(lam=0.1, tol=1e-3, random_state=0)
    >>> explanation = Explanation.from_estimator(model.fit(X, declined), X[:20])
    >>> words = {"x0": "the debts are high"}
    >>> codes = reason_codes(explanation[X[:20, 0] > 0], k=1, words=words)
    >>> codes["words"].unique().tolist()
    ['the debts are high']
    """
    check_scalar(k, "k", Integral, min_val=1)
    pandas = check_pandas_support("reason_codes")
    sign, output, label = _towards(explanation, adverse)
    words = _checked(words, explanation.feature_names)
    values, predictions = explanation.values, explanation.predictions
    counts = columns_that_count(explanation.magnitudes, explanation.deviation)
    if output is not None:
        counts, values = counts[..., output], values[..., output]
        predictions = predictions[..., output]
    values, odds = sign * values, sign * predictions[:, None]
    effects = np.where(counts, expit(odds) - expit(odds - values), 0.0)
    order = np.argsort(-effects, axis=1, kind="stable")[:, :k]
    index, shown = explanation.index, explanation.data_shown()
    missing = np.zeros(shown.shape, bool)
    if explanation.missing is not None:
        missing = explanation.missing
    lines = []
    for i, columns in enumerate(order):
        reasons = [j for j in columns if effects[i, j] > 0]
        for rank, j in enumerate(reasons, start=1):
            name, value = explanation.feature_names[j], shown[i, j]
            lines.append(
                {
                    "row": i if index is None else index[i],
                    "rank": rank,
                    "column": name,
                    "value": value,
                    "effect": effects[i, j],
                    "words": _in_words(
                        words.get(name), name, None if missing[i, j] else value
                    ),
                }
            )
    _warn_of_spelling(words, lines, shown, list(explanation.feature_names))
    names = ["row", "rank", "column", "value", "effect", "words"]
    frame = pandas.DataFrame(lines, columns=names)
    frame = frame.astype({"rank": int, "effect": float})  # also without a line
    frame.attrs.update(adverse=label, unit="probability")
    return frame


def _towards(explanation: Explanation, adverse) -> tuple[int, int | None, str]:
    """Sign, and position among the outputs, of the log-odds of the adverse class."""
    held = (getattr(explanation, name, None) for name in ("attribution", "unit"))
    if tuple(held) != ("effects", "log-odds"):
        raise ValueError(
            "explanation must hold effects on the log-odds of a classifier, got "
            f"{explanation!r}; ask Explanation.from_estimator for "
            "attribution='effects' and no target. (NGSLL and networks of images have "
            "no effects.)"
        )
    labels = explanation.classes.tolist()
    label = labels[-1] if adverse is None else str(adverse)
    if label not in labels:
        raise ValueError(
            f"adverse must be one of the classes {labels}, got {adverse!r}."
        )
    position = labels.index(label)
    if explanation.output_names is not None:
        return 1, position, label
    return (1 if position == 1 else -1), None, label


def _checked(words, names: np.ndarray) -> dict:
    if words is None:
        return {}
    if not isinstance(words, Mapping):
        raise TypeError(
            "words must be a dict from names of columns to texts, got "
            f"{type(words).__name__}."
        )
    unknown = [name for name in words if name not in set(names)]
    if unknown:
        raise ValueError(
            f"words are given for {unknown[:5]}, which are not among the columns "
            f"{names[:5].tolist()}{' ...' * (len(names) > 5)}."
        )
    return {name: _checked_words(name, given) for name, given in words.items()}


def _checked_words(name: str, given):
    """Words of a column; placeholders that are not filled in are refused."""
    texts = list(given.values()) if isinstance(given, Mapping) else [given]
    for text in texts:
        if callable(text):
            continue
        if not isinstance(text, str):
            raise TypeError(
                f"words[{name!r}] must be a text, a dict from values to texts or a "
                f"callable, got {given!r}."
            )
        unknown = set(re.findall(r"{.*?}", text)) - {"{column}", "{value}"}
        if unknown:
            raise ValueError(
                f"words[{name!r}] has {unknown.pop()}, but only {{column}} and "
                "{value} are filled in; give a callable for other forms."
            )
    return given


def _warn_of_spelling(words: dict, lines: list[dict], shown, names: list) -> None:
    """Warn of values of a category whose words are given for another spelling.

    Words may be given for some values only, and for values that no row here has.
    """
    for name, given in words.items():
        if not isinstance(given, Mapping):
            continue
        present = set(shown[:, names.index(name)])
        absent = [key for key in given if key is not None and key not in present]
        written = {_letters(key): key for key in absent}
        reasons = [each["value"] for each in lines if each["column"] == name]
        for value in dict.fromkeys(reasons):
            if value not in given and _letters(value) in written:
                other = written[_letters(value)]
                warnings.warn(
                    f"words[{name!r}] has nothing for {value!r}, which is a reason, "
                    f"but for {other!r}, which no row has. If they are the same, spell "
                    "it as in X.",
                    UserWarning,
                    stacklevel=3,
                )


def _letters(value) -> str:
    """A value without case, blanks and hyphens."""
    return re.sub(r"[\W_]", "", str(value).casefold())


def _in_words(given: str | Mapping | Callable | None, name: str, value) -> str:
    if isinstance(given, Mapping):
        given = given.get(value)
    if callable(given):
        return str(given(value))
    if given is None or (value is None and "{value}" in given):
        given = MISSING if value is None else WORDS
    shown = f"{value:.6g}" if isinstance(value, float) else value
    return given.replace("{column}", name).replace("{value}", str(shown))
