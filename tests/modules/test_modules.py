import pytest
import torch
from torch import nn

from sklearn_gradlasso.modules import ACTIVATIONS, MLP, build_module, check_output


def build(module, **params):
    return build_module(module, 3, 2, module_params=params or None, seed=7)


def parameters(network):
    return nn.utils.parameters_to_vector(network.parameters())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp_maps_rows_of_any_shape_to_outputs(activation):
    assert MLP(12, 2, (5, 4), activation)(torch.zeros(7, 3, 4)).shape == (7, 2)


def test_mlp_without_hidden_layers_is_linear():
    net = MLP(3, 1, ())
    x = torch.randn(4, 3)
    torch.testing.assert_close(net(x), x @ net[0].weight.T + net[0].bias)


@pytest.mark.parametrize("module", [None, nn.Linear])
def test_initial_weights_follow_the_seed_and_not_the_global_generator(module):
    torch.manual_seed(0)
    first = build(module)
    untouched = torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.equal(parameters(first), parameters(build(module)))
    torch.manual_seed(0)
    assert torch.equal(torch.get_rng_state(), untouched)


def test_initial_weights_are_spread_like_torch_spreads_them():
    weight = MLP(400, 2, (300,))[0].weight
    assert weight.abs().max() <= 1 / 20
    assert weight.std().item() == pytest.approx(1 / 20 / 3**0.5, rel=0.01)


def test_an_instance_is_copied():
    given = nn.Linear(3, 2)
    made = build(given)
    assert made is not given
    assert torch.equal(parameters(made), parameters(given))


def test_a_factory_gets_the_sizes_and_the_parameters():
    def factory(n_features, n_outputs, bias):
        return nn.Linear(n_features, n_outputs, bias=bias)

    assert build(factory, bias=False).bias is None


def test_errors_name_the_module():
    with pytest.raises(TypeError, match="module_params only go with a module class"):
        build(nn.Linear(3, 2), bias=False)
    with pytest.raises(TypeError, match=r"module: ReLU is called as module\("):
        build(nn.ReLU, width=3)
    with pytest.raises(TypeError, match="must return a torch.nn.Module, got int"):
        build(lambda n_features, n_outputs: 3)
    with pytest.raises(ValueError, match="module: Flatten has no learnable"):
        build(lambda n_features, n_outputs: nn.Flatten())
    with pytest.raises(ValueError, match=r"\(n_rows, 2\).*\(4, 5\) for 4 rows"):
        check_output(nn.Linear(3, 5), torch.zeros(4, 3), 2)
    with pytest.raises(ValueError, match=r"cannot take a batch of shape \(4, 6\)"):
        check_output(nn.Linear(3, 2), torch.zeros(4, 6), 2)
    with pytest.raises(ValueError, match="returned tuple"):
        check_output(nn.LSTM(3, 2), torch.zeros(4, 3), 2)
