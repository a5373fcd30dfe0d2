"""Multi-layer perceptrons, whose layers are torch's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..utils.networks import has_hooks

__all__ = ["ACTIVATIONS", "MLP", "applied"]


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "relu": nn.ReLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def applied(part: nn.Module, x: Tensor, training: bool) -> Tensor:
    """Values of a layer, where in training the second derivative of a ReLU is left out.

    This derivative is zero. When a gradient is differentiated, torch's own ReLU would
    nevertheless propagate these zeros through the whole network. The layers stay those
    of torch, because other packages know layers by their class, and a layer with hooks
    is called.

    Parameters
    ----------
    part : nn.Module
        Any layer.
    x : Tensor
    training : bool
        Whether the network is in training mode.
    """
    if training and type(part) is nn.ReLU and not has_hooks(part):
        # This is x where x > 0, else 0, with a derivative by its first argument only.
        return torch.ops.aten.threshold_backward(x, x.detach(), 0)
    return part(x)


class MLP(nn.Sequential):
    """Multi-layer perceptron, ``(n, *feature_shape) -> (n, n_outputs)``.

    Rows of any shape are flattened. Weights and biases are drawn uniformly by
    ``generator`` alone: torch's global generator is neither read nor advanced.

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
    init : {"fan_in", "glorot"}, default="fan_in"
        Largest size of an initial weight or bias: ``1 / sqrt(fan_in)``, as torch has
        it, or that of Glorot and Bengio as scikit-learn has it, ``sqrt(6 / (fan_in +
        fan_out))`` and for "logistic" ``sqrt(2 / (fan_in + fan_out))``.
    """

    same_in_both_modes = True

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        hidden_layer_sizes: Sequence[int] = (50, 30),
        activation: str = "relu",
        generator: torch.Generator | None = None,
        init: str = "fan_in",
    ):
        if init not in ("fan_in", "glorot"):
            raise ValueError(f"init must be 'fan_in' or 'glorot', got {init!r}.")
        generator = torch.Generator() if generator is None else generator
        factor = 2.0 if activation == "logistic" else 6.0

        def linear(fan_in, fan_out):
            of_glorot = math.sqrt(factor / (fan_in + fan_out))
            bound = 1 / math.sqrt(fan_in) if init == "fan_in" else of_glorot
            return _linear(fan_in, fan_out, bound, generator)

        sizes = [n_features, *hidden_layer_sizes]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(sizes):
            layers += [linear(fan_in, fan_out), ACTIVATIONS[activation]()]
        super().__init__(*layers, linear(sizes[-1], n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for part in self:
            x = applied(part, x, self.training)
        return x


def _linear(
    fan_in: int, fan_out: int, bound: float, generator: torch.Generator
) -> nn.Linear:
    # On "meta" torch draws nothing. ``skip_init`` would import sympy, which takes
    # longer than the fit of a small table.
    layer = nn.Linear(fan_in, fan_out, device="meta")
    for name in ("weight", "bias"):
        shape = getattr(layer, name).shape
        values = torch.empty(shape, device="cpu", dtype=torch.float32)
        values.uniform_(-bound, bound, generator=generator)
        setattr(layer, name, nn.Parameter(values))
    return layer
