"""Texts to token ids."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import StandardScaler

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
    words = CountVectorizer(stop_words=["the"])
    sequencer = TokenSequencer(min_count=2, max_length=3, vectorizer=words)
    assert sequencer.fit_transform(TEXTS).tolist() == [[3, 1, 2], [2, 2, 0], [3, 0, 0]]
    assert sequencer.length_ == 3


@pytest.mark.parametrize(
    "bag",
    [
        CountVectorizer(),
        CountVectorizer(lowercase=False, token_pattern=r"\S+"),
        TfidfVectorizer(ngram_range=(1, 2), stop_words="english"),
        CountVectorizer(analyzer=lambda text: (c for c in text if c != " ")),
    ],
)
def test_tokens_are_those_of_the_vectorizer(bag):
    sequencer = TokenSequencer(vectorizer=bag).fit(TEXTS)
    assert set(sequencer.vocabulary_) == set(clone(bag).fit(TEXTS).vocabulary_)


def test_of_the_vectorizer_only_the_analyzer_is_used():
    plain = TokenSequencer().fit_transform(TEXTS)
    limited = CountVectorizer(min_df=3, max_features=1, vocabulary=["bird"])
    sequencer = TokenSequencer(vectorizer=limited)
    np.testing.assert_array_equal(sequencer.fit_transform(TEXTS), plain)


class Letters:
    """A vectorizer that scikit-learn cannot clone: it has no get_params."""

    def build_analyzer(self):
        return list


def test_any_object_with_an_analyzer_will_do():
    sequencer = TokenSequencer(vectorizer=Letters()).fit(["aab", "b"])
    assert sequencer.vocabulary_ == {"a": 2, "b": 3}
    assert sequencer.transform(["bac"]).tolist() == [[3, 2, 1]]


def test_the_vectorizer_is_left_as_it_is():
    words = CountVectorizer(stop_words=["the"])
    before = dict(vars(words))
    sequencer = TokenSequencer(vectorizer=words).fit(TEXTS)
    expected = sequencer.transform(TEXTS)
    assert sequencer.vectorizer is words and vars(words) == before
    words.set_params(stop_words=None)  # what is done to it later has no effect
    np.testing.assert_array_equal(sequencer.transform(TEXTS), expected)


def test_parameters_of_the_vectorizer_can_be_set():
    sequencer = TokenSequencer(vectorizer=CountVectorizer())
    assert sequencer.get_params()["vectorizer__lowercase"] is True
    sequencer.set_params(vectorizer__lowercase=False, max_length=4)
    again = clone(sequencer)
    assert again.vectorizer is not sequencer.vectorizer
    assert set(again.fit(TEXTS).vocabulary_) >= {"The", "the", "DOG", "dog"}
    assert again.length_ == 4


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
    for given in (3, "english", StandardScaler()):
        with pytest.raises(ValueError, match="'vectorizer'.*'build_analyzer' or None"):
            TokenSequencer(vectorizer=given).fit(TEXTS)
    with pytest.raises(ValueError, match=r"must be an object; write CountVectorizer\("):
        TokenSequencer(vectorizer=CountVectorizer).fit(TEXTS)
    with pytest.raises(NotFittedError):
        TokenSequencer().transform(TEXTS)
