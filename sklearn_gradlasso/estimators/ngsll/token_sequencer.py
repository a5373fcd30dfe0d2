"""Texts as sequences of token ids, for networks that read the words in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from ...utils.parameter_names import ExplainedNames
from ...utils.validation import Interval

__all__ = ["TokenSequencer"]

PADDING, UNKNOWN = 0, 1


@dataclass(kw_only=True, eq=False, repr=False)
class TokenSequencer(ExplainedNames, TransformerMixin, BaseEstimator):
    """Turn texts into sequences of token ids of one length.

    As the ``encode`` of an NGSLL estimator it makes the network read the words of a
    text in their order.

    Id 0 is padding, and id 1 stands for every token that is not in the vocabulary. The
    tokens of the vocabulary have ids from 2 on, the most frequent token first.

    Parameters
    ----------
    min_count : int, default=1
        A token that occurs less often than this in all training texts together is not
        in the vocabulary. (``min_df`` of a vectorizer counts texts instead.)
    max_length : int, default=None
        Longest sequence, in tokens; longer texts are cut. ``None`` takes the length of
        the longest training text.
    vectorizer : object with ``build_analyzer``, default=None
        Decides what the tokens of a text are, such as
        ``CountVectorizer(stop_words="english")``: its ``build_analyzer()`` returns a
        function from a text to its tokens. For a scikit-learn vectorizer that is
        preprocessing, tokenization, stop words and n-grams. Its vocabulary and limits
        such as ``min_df`` are not used. ``fit`` works on a copy and leaves the object
        as it is. ``None`` stands for
        :class:`sklearn.feature_extraction.text.CountVectorizer` with its defaults:
        words of two characters or more, in lower case.

    Attributes
    ----------
    vectorizer_ : object
        The copy of ``vectorizer`` whose analyzer finds the tokens.
    vocabulary_ : dict of str to int
        Id of each token.
    n_tokens_ : int
        Number of ids, including those of padding and of unknown tokens.
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
    vectorizer: Any = None

    _parameter_constraints = {
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "vectorizer": [HasMethods(["build_analyzer"]), None],
    }

    def fit(self, X: Sequence[str], y=None):
        """Learn the vocabulary and the length of the sequences.

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
            If a parameter is not as described, X does not consist of texts, or no token
            occurs often enough.
        """
        self._validate_params()
        if isinstance(self.vectorizer, type):
            name = self.vectorizer.__name__
            raise ValueError(f"vectorizer must be an object; write {name}().")
        given = CountVectorizer() if self.vectorizer is None else self.vectorizer
        # Building an analyzer writes to a scikit-learn vectorizer, hence the copy.
        vectorizer = clone(given, safe=False)
        texts = _tokens(X, vectorizer)
        counts = Counter(token for tokens in texts for token in tokens)
        frequent = sorted(
            (-count, token)
            for token, count in counts.items()
            if count >= self.min_count
        )
        if not frequent:
            raise ValueError(
                f"X has no token that occurs min_count={self.min_count} times; lower "
                "min_count, or give a vectorizer that finds other tokens."
            )
        self.vectorizer_ = vectorizer
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
            Texts. Those of more than ``length_`` tokens are cut at the end.

        Returns
        -------
        ndarray of shape (n_samples, length_), int32

        Raises
        ------
        ValueError
            If X does not consist of texts.
        """
        check_is_fitted(self)
        texts = _tokens(X, self.vectorizer_)
        ids = np.full((len(texts), self.length_), PADDING, dtype=np.int32)
        for row, tokens in zip(ids, texts):
            found = [self.vocabulary_.get(t, UNKNOWN) for t in tokens[: self.length_]]
            row[: len(found)] = found
        return ids

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags


def _tokens(X: Sequence[str], vectorizer) -> list[list[str]]:
    """The tokens of each text, in the order in which the vectorizer finds them.

    Raises
    ------
    ValueError
        If X does not consist of texts.
    """
    is_column = not isinstance(X, str) and getattr(X, "ndim", 1) == 1
    texts = list(X) if is_column and not isinstance(X, Mapping) else []
    strange = [text for text in texts if not isinstance(text, str)]
    if strange or not texts:
        raise ValueError(
            "X must be a list, an array or one column of texts, at least one, got "
            f"{repr(strange[0]) + ' in it' if strange else type(X).__name__}."
        )
    analyze = vectorizer.build_analyzer()
    return [list(analyze(text)) for text in texts]
