import pytest
import torch

from sklearn_gradlasso import priors

PHI = torch.tensor([[1.0, -2.0], [0.0, 3.0]])


@pytest.mark.parametrize(
    ("prior", "expected"), [(priors.L1(), [3.0, 3.0]), (priors.L2(), [5.0, 9.0])]
)
def test_value(prior, expected):
    torch.testing.assert_close(prior(PHI), torch.tensor(expected))
    several_outputs = PHI.reshape(1, 2, 2)
    assert prior(several_outputs) == sum(expected)
