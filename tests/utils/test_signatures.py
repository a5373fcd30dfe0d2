import pytest

from sklearn_gradlasso.priors import L1, Gini
from sklearn_gradlasso.utils.signatures import has_parameter


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (Gini(), True),
        (L1(), False),
        (lambda phi, *, sample_weight: phi, True),
        (lambda phi, **rest: phi, False),
        (dict.pop, False),  # tells nothing about itself
        (3, False),
    ],
)
def test_a_parameter_is_found_by_its_name(function, found):
    assert has_parameter(function, "sample_weight") is found
