"""Last layers that turn the scores of a network into log-probabilities."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["LogOdds", "LogProbabilities"]


class LogProbabilities(nn.Sequential):
    """A network of raw scores, followed by their normalisation to log-probabilities.

    Parameters
    ----------
    network : nn.Module
        ``(n, *feature_shape) -> (n, n_classes)``, without a last activation.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network, nn.LogSoftmax(dim=1))

    @property
    def raw_scores(self) -> nn.Module:
        """The network without the normalisation."""
        return self[0]


class LogOdds(nn.Sequential):
    """A network of the log-odds of two classes, followed by their log-probabilities.

    The output has shape ``(n, 2)``.

    Parameters
    ----------
    network : nn.Module
        ``(n, *feature_shape) -> (n, 1)``; positive values favour the second class.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network)

    def forward(self, x: Tensor) -> Tensor:
        log_odds = super().forward(x)
        return functional.logsigmoid(torch.cat([-log_odds, log_odds], dim=1))
