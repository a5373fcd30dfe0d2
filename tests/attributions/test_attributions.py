import pytest
import torch

from sklearn_gradlasso.attributions import Gradients

W = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], dtype=torch.float64)
X = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_gradients_of_a_linear_score_are_its_weights():
    phi = Gradients()(lambda x: x @ W[0], X)
    torch.testing.assert_close(phi, W[0].expand(4, 3))


def test_several_scalars_lie_on_the_last_axis():
    phi = Gradients()(lambda x: x @ W.T, X)
    torch.testing.assert_close(phi, W.T.expand(4, 3, 2))


def test_any_shape_of_row():
    x = X.reshape(2, 2, 3)
    phi = Gradients()(lambda x: x.square().sum(dim=(1, 2)), x)
    torch.testing.assert_close(phi, 2 * x)


def test_a_score_without_the_input_has_gradient_zero_and_no_prior():
    def score(x):
        return (W * W[:, :1]).sum(1).requires_grad_()

    with torch.no_grad():
        assert not Gradients()(score, X[:2]).any()
    with pytest.raises(ValueError, match="does not depend on X"):
        Gradients()(score, X[:2])


def test_gradients_can_be_differentiated():
    assert torch.autograd.gradgradcheck(
        lambda x: Gradients()(lambda x: (x.sin() @ W.T).prod(1), x),
        X.clone().requires_grad_(),
    )
