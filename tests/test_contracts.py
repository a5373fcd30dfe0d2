"""What every noun of the equation promises, checked for every public one."""

import inspect

import pytest
import torch
from torch import nn

from sklearn_gradlasso import attributions, modules, priors, targets, weight_penalties

X = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
Y = torch.tensor([0, 1, 0, 1, 1, 0])


def network():
    body = modules.MLP(4, 2, (5,), "tanh", torch.Generator().manual_seed(0))
    return nn.Sequential(body, nn.LogSoftmax(dim=1)).double()


def public(module, **arguments):
    names = [name for name in module.__all__ if name != "by_name"]
    made = {name: getattr(module, name) for name in names}
    return [
        pytest.param(
            value(*arguments.get(name, ())) if isinstance(value, type) else value,
            id=name,
        )
        for name, value in made.items()
        if not inspect.isabstract(value)
    ]


RING = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
PRIORS = public(
    priors,
    GraphLaplacian=(RING,),
    OfColumns=(priors.L1(), [[0], [3, 1], [2]]),
    TotalVariation=((2, 2),),
    WrongSign=((1, -1, 1, 0),),
)


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("attribution", public(attributions))
def test_the_penalty_reaches_the_weights(prior, attribution):
    net = network()

    def score(x):
        return targets.log_prob_sum(net(x), Y)

    prior(attribution(score, X)).mean().backward()
    gradients = [theta.grad for theta in net[0].parameters()]
    assert gradients[0].abs().max() > 1e-6  # the first layer's weights
    assert all(gradient is None or gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("prior", PRIORS)
def test_priors_are_finite_ignore_the_order_of_rows_and_vanish_at_zero(prior):
    value = prior(X)
    assert value.shape in ((6,), ())
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(prior(X[order]), value[order] if value.ndim else value)
    zero = torch.zeros(6, 4, requires_grad=True)
    cost = prior(zero)
    cost.sum().backward()
    assert not cost.any()
    assert zero.grad.isfinite().all()


@pytest.mark.parametrize("attribution", public(attributions))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_attributions_keep_shape_and_dtype_and_leave_no_trace(attribution, dtype):
    net, x = network().to(dtype), X.to(dtype)
    with torch.no_grad():
        phi = attribution(lambda x: net(x)[:, 0], x)
    assert phi.shape == x.shape
    assert phi.dtype == dtype
    assert not phi.requires_grad
    assert not x.requires_grad and x.grad is None
    assert all(theta.grad is None for theta in net.parameters())
    assert attribution(lambda x: net(x)[:, 0], x).requires_grad


@pytest.mark.parametrize("target", public(targets, ClassK=(1,)))
def test_targets_give_one_or_several_scalars_per_row(target):
    value = target(network()(X), Y)
    assert value.shape in [(6,), (6, 2)]
    value.sum().backward()


@pytest.mark.parametrize("penalty", public(weight_penalties))
def test_weight_penalties_reach_every_parameter(penalty):
    net = network()
    penalty(net).backward()
    assert all(theta.grad.any() for theta in net.parameters())
