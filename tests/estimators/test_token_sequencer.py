"""Texts to token ids."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_gradlasso import TokenSequencer

TEXTS = ["The cat saw the dog", "a dog, the DOG!", "cat"]


def test_ids_follow_frequency_and_then_the_alphabet():
    sequencer = TokenSequencer().fit(TEXTS)
    assert sequencer.vocabulary_ == {"dog": 2, "the": 3, "cat": 4, "saw": 5}
    assert (sequencer.n_tokens_, sequencer.length_) == (6, 5)
    ids = sequencer.transform(["the bird saw", "", "dog " * 9])
    assert ids.tolist() == [[3, 1, 5, 0, 0], [0] * 5, [2] * 5]
    assert ids.dtype == np.int32


def test_rare_tokens_are_unknown_and_stop_words_are_gone():
    sequencer = TokenSequencer(min_count=2, stop_words=["the"], max_length=3)
    assert sequencer.fit_transform(TEXTS).tolist() == [[3, 1, 2], [2, 2, 0], [3, 0, 0]]
    assert sequencer.length_ == 3


def test_tokens_are_those_of_count_vectorizer():
    for given in ({}, {"lowercase": False, "token_pattern": r"\S+"}):
        bag = CountVectorizer(**given).fit(TEXTS)
        assert set(TokenSequencer(**given).fit(TEXTS).vocabulary_) == set(
            bag.vocabulary_
        )


def test_lists_and_arrays_of_texts_will_do():
    expected = TokenSequencer().fit_transform(TEXTS)
    for texts in (np.array(TEXTS), np.array(TEXTS, dtype=object)):
        np.testing.assert_array_equal(TokenSequencer().fit_transform(texts), expected)
    again = pickle.loads(pickle.dumps(TokenSequencer().fit(TEXTS)))
    np.testing.assert_array_equal(again.transform(TEXTS), expected)
    assert clone(TokenSequencer(min_count=3)).min_count == 3


@pytest.mark.parametrize(
    "X",
    [
        "one text",
        [],
        [1, 2],
        [["a"], ["b"]],
        ["a", None],
        {"a": 1},
        pd.DataFrame({"a": ["b"]}),
    ],
)
def test_what_is_not_texts_is_refused(X):
    with pytest.raises(
        ValueError, match="X must be a list, an array or one column of texts.*got"
    ):
        TokenSequencer().fit(X)


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="min_count=9 times; lower"):
        TokenSequencer(min_count=9).fit(TEXTS)
    with pytest.raises(ValueError, match="'min_count' parameter"):
        TokenSequencer(min_count=0).fit(TEXTS)
    with pytest.raises(NotFittedError):
        TokenSequencer().transform(TEXTS)
