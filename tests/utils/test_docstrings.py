"""Docstrings that share text: what is replaced must be there."""

import pytest

from sklearn_gradlasso import NGSLLClassifier, NGSLLRegressor
from sklearn_gradlasso.utils.docstrings import substituted


def test_every_occurrence_is_replaced():
    assert substituted("a b a", {"a": "x", "b": "y"}) == "x y x"


def test_a_replacement_that_does_nothing_is_an_error():
    with pytest.raises(ValueError, match="does not contain 'c'"):
        substituted("a b", {"a": "x", "c": "y"})


@pytest.mark.parametrize("estimator", [NGSLLClassifier, NGSLLRegressor])
def test_ngsll_documents_its_own_contract_of_a_module(estimator):
    text = " ".join(estimator.__doc__.split())
    assert "to weights of shape ``(n, n_outputs)`` without a last activation" in text
    assert "n_outputs is d times the number of weight vectors" in text
    assert "parameter ``n_tokens``, it is given the number of token ids" in text
    assert "raw scores" not in text
