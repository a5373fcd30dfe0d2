"""Texts as sequences of token ids, for networks that read words in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

__all__ = ["TokenSequencer"]

PADDING, UNKNOWN = 0, 1


@dataclass(kw_only=True, eq=False, repr=False)
class TokenSequencer(TransformerMixin, BaseEstimator):
    """Raw strings to padded sequences of token ids.

    For the ``encode`` of an NGSLL estimator, which then has a network that reads words.

    Id 0 is padding, id 1 stands for every token that is not in the vocabulary, and the
    tokens of the vocabulary have ids from 2, the most frequent first. With the same
    parameters it finds the same tokens as
    :class:`sklearn.feature_extraction.text.CountVectorizer`, whose ``min_df`` counts
    texts with a token where ``min_count`` counts how often it occurs.

    Parameters
    ----------
    min_count : int, default=1
        Tokens that occur less often than this in the training texts are unknown.
    max_length : int, default=None
        Number of tokens that a text is cut to; ``None``: of the longest training text.
    lowercase : bool, default=True
        Whether to convert texts to lower case.
    stop_words : "english" or list of str, default=None
        Tokens that are left out.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a token; the default takes words of two letters or more.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        Id of each token.
    n_tokens_ : int
        Number of ids, with those of padding and unknown tokens.
    length_ : int
        Number of ids in a sequence.

    Examples
    --------
    >>> from sklearn_gradlasso import TokenSequencer
    >>> sequencer = TokenSequencer().fit(["to be or not to be", "not now"])
    >>> sequencer.transform(["to be not here", ""]).tolist()
    [[4, 2, 3, 1, 0, 0], [0, 0, 0, 0, 0, 0]]
    """

    min_count: int = 1
    max_length: int | None = None
    lowercase: bool = True
    stop_words: Any = None
    token_pattern: str = r"(?u)\b\w\w+\b"

    _parameter_constraints = {
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "lowercase": ["boolean"],
        "stop_words": [StrOptions({"english"}), list, None],
        "token_pattern": [str],
    }

    def fit(self, X: Sequence[str], y=None):
        """Learn the vocabulary and the length of sequences.

        Parameters
        ----------
        X : sequence of str
            Texts.
        y : ignored

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is not as described, X is not texts, or no token is frequent
            enough.
        """
        self._validate_params()
        texts = self._tokens(X)
        counts = Counter(token for tokens in texts for token in tokens)
        frequent = sorted(
            (-count, token)
            for token, count in counts.items()
            if count >= self.min_count
        )
        if not frequent:
            raise ValueError(
                f"X has no token that occurs min_count={self.min_count} times; lower "
                "min_count, or change token_pattern or stop_words."
            )
        self.vocabulary_ = {
            token: id_ for id_, (_, token) in enumerate(frequent, UNKNOWN + 1)
        }
        self.n_tokens_ = len(self.vocabulary_) + UNKNOWN + 1
        self.length_ = self.max_length or max(map(len, texts))
        return self

    def transform(self, X: Sequence[str]) -> np.ndarray:
        """Sequences of token ids.

        Parameters
        ----------
        X : sequence of str
            Texts; what is longer than ``length_`` tokens is cut at the end.

        Returns
        -------
        ndarray of shape (n_samples, length_), int32

        Raises
        ------
        ValueError
            If X is not texts.
        """
        check_is_fitted(self)
        texts = self._tokens(X)
        ids = np.full((len(texts), self.length_), PADDING, dtype=np.int32)
        for row, tokens in zip(ids, texts):
            found = [self.vocabulary_.get(t, UNKNOWN) for t in tokens[: self.length_]]
            row[: len(found)] = found
        return ids

    def _tokens(self, X: Sequence[str]) -> list[list[str]]:
        is_column = not isinstance(X, str) and getattr(X, "ndim", 1) == 1
        texts = list(X) if is_column and not isinstance(X, Mapping) else []
        strange = [text for text in texts if not isinstance(text, str)]
        if strange or not texts:
            raise ValueError(
                "X must be a list, an array or one column of texts, at least one, got "
                f"{repr(strange[0]) + ' in it' if strange else type(X).__name__}."
            )
        analyze = CountVectorizer(
            lowercase=self.lowercase,
            stop_words=self.stop_words,
            token_pattern=self.token_pattern,
        ).build_analyzer()
        return [analyze(text) for text in texts]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags
