"""Torch networks, and how an estimator's ``module`` parameter becomes one."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._extractors import SentenceCNN, SmallCNN, WeightGenerator
from ._gate import KHotGate
from ._randomness import borrowed_generators
from ._recurrent import RecurrentNet

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "KHotGate",
    "LogOdds",
    "LogProbabilities",
    "RecurrentNet",
    "SentenceCNN",
    "SmallCNN",
    "WeightGenerator",
    "build_module",
    "check_output",
]


class _ReLU(nn.Module):
    """``max(x, 0)``, in training written so that its second derivative is not computed.

    It is zero, but torch's own activation would send it through the whole network when
    a gradient is differentiated.
    """

    same_in_both_modes = True
    is_piecewise_linear = True

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return torch.relu(x)
        # x where x > 0, else 0; differentiable with respect to the first x alone
        return torch.ops.aten.threshold_backward(x, x.detach(), 0)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "relu": _ReLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


class MLP(nn.Sequential):
    """Multi-layer perceptron, ``(n, *feature_shape) -> (n, n_outputs)``.

    Rows of any shape are flattened. Weights and biases are uniform in
    ``+-1 / sqrt(fan_in)`` and drawn from ``generator`` alone: torch's global
    generator is neither read nor advanced.

    Parameters
    ----------
    n_features : int
        Number of values in a row.
    n_outputs : int
        Number of outputs (raw scores; no activation on the last layer).
    hidden_layer_sizes : sequence of int, default=(50, 30)
        Units in each hidden layer; empty for a linear network. The default is the
        network of Ross et al. (2017).
    activation : {"identity", "logistic", "relu", "softplus", "tanh"}, default="relu"
        Activation of the hidden layers. "softplus" and "tanh" are smooth: their
        input gradients have no jumps.
    generator : torch.Generator, optional
        Source of the initial weights; a fresh one with torch's default seed if not
        given.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        hidden_layer_sizes: Sequence[int] = (50, 30),
        activation: str = "relu",
        generator: torch.Generator | None = None,
    ):
        generator = torch.Generator() if generator is None else generator
        sizes = [n_features, *hidden_layer_sizes]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(sizes):
            layers += [_linear(fan_in, fan_out, generator), ACTIVATIONS[activation]()]
        super().__init__(*layers, _linear(sizes[-1], n_outputs, generator))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(1))


class LogProbabilities(nn.Sequential):
    """A network with raw scores, and the log-probabilities of classes after it.

    Parameters
    ----------
    network : nn.Module
        ``(n, *feature_shape) -> (n, n_classes)``, without a last activation.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network, nn.LogSoftmax(dim=1))

    @property
    def raw_scores(self) -> nn.Module:
        """The network alone."""
        return self[0]


class LogOdds(nn.Sequential):
    """A network with the log-odds of two classes, and their log-probabilities after it.

    The output has shape ``(n, 2)``.

    Parameters
    ----------
    network : nn.Module
        ``(n, ...) -> (n, 1)``, positive for the second class.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network)

    def forward(self, x: Tensor) -> Tensor:
        log_odds = super().forward(x)
        return functional.logsigmoid(torch.cat([-log_odds, log_odds], dim=1))


def _linear(fan_in: int, fan_out: int, generator: torch.Generator) -> nn.Linear:
    layer = nn.utils.skip_init(nn.Linear, fan_in, fan_out, dtype=torch.float32)
    bound = 1 / math.sqrt(fan_in)
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer


def build_module(
    module: nn.Module | Callable[..., nn.Module] | None,
    n_features: int,
    n_outputs: int,
    *,
    module_params: dict[str, Any] | None,
    seed: int,
    feature_shape: Sequence[int] = (),
) -> nn.Module:
    """Make a network from what the user gave.

    Parameters
    ----------
    module : nn.Module, callable or None
        An instance is copied; a class or factory is called with ``(n_features,
        n_outputs, **module_params)``; ``None`` stands for :class:`MLP`.
    n_features, n_outputs : int
        Number of values in a row, and of outputs.
    module_params : dict or None
        Keyword arguments for a class or factory.
    seed : int
        Decides the initial weights; torch's global generator is left as found.
    feature_shape : tuple of int
        Shape of a row, for a class or factory that has a parameter of this name.

    Returns
    -------
    nn.Module

    Raises
    ------
    TypeError
        If the factory does not take these arguments or does not return a module, or
        an instance comes with ``module_params``.
    ValueError
        If there is nothing to learn in the module.
    """
    params = dict(module_params or {})
    if isinstance(module, nn.Module):
        if params:
            raise TypeError(
                "module_params only go with a module class or factory, but module is "
                f"an instance of {type(module).__name__}; pass the class instead."
            )
        network = copy.deepcopy(module)
    elif module is None:
        generator = torch.Generator().manual_seed(seed)
        network = MLP(n_features, n_outputs, **params, generator=generator)
    else:
        if _asks_for_shape(module):
            params = {"feature_shape": tuple(feature_shape), **params}
        network = _construct(module, n_features, n_outputs, params, seed)
    if not any(theta.requires_grad for theta in network.parameters()):
        raise ValueError(
            f"module: {type(network).__name__} has no learnable parameters; give a "
            "network with weights that require gradients."
        )
    return network


def _asks_for_shape(factory) -> bool:
    try:
        return "feature_shape" in inspect.signature(factory).parameters
    except (TypeError, ValueError):  # a callable without a signature
        return False


def _construct(factory, n_features, n_outputs, params, seed) -> nn.Module:
    name = getattr(factory, "__name__", type(factory).__name__)
    with borrowed_generators(seed):
        try:
            network = factory(n_features, n_outputs, **params)
        except TypeError as error:
            raise TypeError(
                f"module: {name} is called as module(n_features, n_outputs, "
                f"**module_params), here ({n_features}, {n_outputs}, **{params}), "
                f"and answered: {error}"
            ) from error
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"module: {name} must return a torch.nn.Module, got "
            f"{type(network).__name__}."
        )
    return network


def check_output(network: nn.Module, x: Tensor, n_outputs: int) -> None:
    """Check the shape of what the network returns, without training it.

    Parameters
    ----------
    network : nn.Module
    x : Tensor of shape (n, *feature_shape)
    n_outputs : int

    Raises
    ------
    ValueError
        If the network cannot take x, or does not return ``(n, n_outputs)``.
    """
    try:
        with torch.no_grad():
            output = network.eval()(x)
    except Exception as error:
        raise ValueError(
            f"module cannot take a batch of shape {tuple(x.shape)} and dtype "
            f"{x.dtype}; check its input layer, or reshape the rows with input_shape. "
            f"It answered: {error}"
        ) from error
    found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if found != (len(x), n_outputs):
        raise ValueError(
            f"module must return a tensor of shape (n_rows, {n_outputs}), but returned "
            f"{found} for {len(x)} rows; end it with a layer of {n_outputs} units and "
            "no activation."
        )
