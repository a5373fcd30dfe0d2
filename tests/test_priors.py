import pytest
import torch

from sklearn_gradlasso import priors

PHI = torch.tensor([[1.0, -2.0], [0.0, 3.0]])


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        (priors.L1(), [3.0, 3.0]),
        (priors.L2(), [5.0, 9.0]),
        (priors.WrongSign((1, 1)), [2.0, 0.0]),
        (priors.WrongSign((-1, 0)), [1.0, 0.0]),
    ],
)
def test_value(prior, expected):
    torch.testing.assert_close(prior(PHI), torch.tensor(expected))
    twice = torch.stack([PHI, PHI], dim=-1)  # two explained outputs
    torch.testing.assert_close(prior(twice), 2 * torch.tensor(expected))


def test_signs_belong_to_features_of_any_shape():
    phi = torch.arange(-4.0, 4).reshape(1, 2, 2, 2)  # one 2 x 2 sample, two outputs
    cost = priors.WrongSign((0, 1, -1, 0))(phi)
    assert cost.tolist() == [2 + 1 + 0 + 1]
