"""Modules that return what networks of other packages answer.

Such a network may work on its input in place, so that it is given a copy.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Exp", "FlatOutput", "SkorchAnswer", "first_tensor"]


class SkorchAnswer(nn.Module):
    """What ``predict_proba`` of a skorch net returns, of shape ``(n, m)``.

    Parameters
    ----------
    net : NeuralNet
    in_logarithms : bool
        Whether the output is the logarithm of what ``predict_proba`` returns.
    """

    def __init__(self, net, in_logarithms: bool):
        super().__init__()
        self.network = net.module_  # As a part it is put into evaluation mode.
        self.net, self.in_logarithms = net, in_logarithms

    def forward(self, x: Tensor) -> Tensor:
        output = first_tensor(self.net.infer(x.clone()))
        answer = self._logarithms(output) if self.in_logarithms else self._of(output)
        return answer.reshape(len(x), -1)

    def _of(self, output: Tensor) -> Tensor:
        return self.net._get_predict_nonlinearity()(output)  # nothing public does this

    def _logarithms(self, output: Tensor) -> Tensor:
        # Where skorch adds softmax or sigmoid to the network, the logarithm of their
        # result would overflow for confident answers.
        if self.net.predict_nonlinearity == "auto":
            if isinstance(self.net.criterion_, nn.CrossEntropyLoss):
                return functional.log_softmax(output, dim=-1)
            if isinstance(self.net.criterion_, nn.BCEWithLogitsLoss):
                return functional.logsigmoid(torch.stack([-output, output], dim=1))
        return self._of(output).log()


class FlatOutput(nn.Module):
    """A network whose output has one axis besides that of the rows.

    If the network returns a tuple, only its first tensor is used.

    Attributes
    ----------
    many_to_many : bool
        Whether the outputs are those of the time steps, one step after the other.
    is_ambiguous : bool
        Whether there are as many outputs as steps, and nothing says whether each
        belongs to a step.
    """

    def __init__(self, network: nn.Module, many_to_many: bool, is_ambiguous: bool):
        super().__init__()
        self.network = network
        self.many_to_many, self.is_ambiguous = many_to_many, is_ambiguous

    def forward(self, x: Tensor) -> Tensor:
        return first_tensor(self.network(x.clone())).reshape(len(x), -1)


class Exp(nn.Module):
    """The exponential function."""

    def forward(self, x: Tensor) -> Tensor:
        return x.exp()


def first_tensor(output) -> Tensor:
    """The output itself, or the first of a tuple.

    Raises
    ------
    TypeError
        If it is no tensor.
    """
    output = output[0] if isinstance(output, tuple) else output
    if not isinstance(output, Tensor):
        raise TypeError(
            "the network must return a tensor, or a tuple that begins with one, got "
            f"{type(output).__name__}; wrap it in a module that does."
        )
    return output
