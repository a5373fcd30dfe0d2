"""Last layers that turn the scores of a network into log-probabilities or log-odds.

A function such as ``logsigmoid`` is invisible to DeepLift and other tools that put
hooks on layers of torch. If the layers have hooks, the heads compute the same values by
``nn.Softplus``, which these tools know.
"""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..utils.networks import (
    column_sum_of,
    has_hooks,
    is_category_of,
    n_members_of,
    n_per_column_of,
)

__all__ = ["LogOdds", "LogProbabilities", "Scores"]

# exp(80) is finite in single precision, and softplus is the identity beyond 80.
LARGE = 80


class _Head(nn.Sequential):
    """A network of raw scores and a last layer; columns are encoded by the network.

    Attributes
    ----------
    factor : Tensor of shape () or None
        A positive number by which the scores are multiplied; ``None`` stands for 1.
    """

    def __init__(self, *parts: nn.Module):
        super().__init__(*parts)
        # Training has no factor. Its state, its steps and stacks know nothing of it.
        self.register_buffer("factor", None)

    def multiply_scores(self, factor: float | None) -> None:
        """Multiply the scores by a positive number, or by ``None`` no more."""
        if factor is not None:
            factor = next(self.parameters()).new_tensor(factor)
        self.factor = factor

    @property
    def column_of(self) -> Tensor:
        return self[0].column_of

    @property
    def n_per_column(self) -> int | None:
        return n_per_column_of(self[0])

    @property
    def column_sum(self) -> nn.Module | None:
        return column_sum_of(self[0])

    @property
    def after_sum(self) -> nn.Module:
        """The head without its network, which takes the raw scores instead."""
        head = copy(self)
        head._modules = {**self._modules, "0": nn.Identity()}
        return head

    @property
    def is_category(self) -> Tensor | None:
        return is_category_of(self[0])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self[0].encode(x)

    def from_encoded(self, encodings: Tensor) -> Tensor:
        return self._of_scores(self[0].from_encoded(encodings))

    @property
    def n_members(self) -> int | None:
        return n_members_of(self[0])

    def with_members(
        self, encodings: Tensor, share: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        scores, of_members = self[0].with_members(encodings, share)
        each = self._of_scores(of_members.flatten(0, 1))
        return self._of_scores(scores), each.unflatten(0, of_members.shape[:2])

    def forward(self, x: Tensor) -> Tensor:
        return self._of_scores(self[0](x))

    def _of_scores(self, scores: Tensor) -> Tensor:
        return self.of_scores(scores if self.factor is None else self.factor * scores)

    def of_scores(self, scores: Tensor) -> Tensor:
        """Hook: the output, from the scores and without the factor."""
        return self[1](scores)

    def _load_from_state_dict(self, state_dict, prefix, *args):
        # Other weights have another factor, or none.
        factor = state_dict.get(f"{prefix}factor")
        self.multiply_scores(None if factor is None else float(factor))
        super()._load_from_state_dict(state_dict, prefix, *args)


class Scores(_Head):
    """A network whose raw scores are the output, such as the log-odds of labels.

    Parameters
    ----------
    network : nn.Module
        ``(n, *feature_shape) -> (n, n_outputs)``, without a last activation.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network)

    def of_scores(self, scores: Tensor) -> Tensor:
        return scores


class LogProbabilities(_Head):
    """A network of raw scores, followed by their normalisation to log-probabilities.

    Parameters
    ----------
    network : nn.Module
        ``(n, *feature_shape) -> (n, n_classes)``, without a last activation.
    n_classes : int, default=2
        Number of scores. Tools with hooks need it: if there are more, they see a
        function.
    """

    def __init__(self, network: nn.Module, n_classes: int = 2):
        super().__init__(network, _Normalisation(n_classes))

    @property
    def raw_scores(self) -> nn.Module:
        """The network without the normalisation."""
        if self.factor is None:
            return self[0]
        scores = Scores(self[0])
        scores.factor = self.factor
        return scores


class _Normalisation(nn.Module):
    """``log_softmax`` of scores."""

    def __init__(self, n_classes: int):
        super().__init__()
        n_levels = max(1, (n_classes - 1).bit_length())
        self.levels = nn.ModuleList(
            nn.Softplus(threshold=LARGE) for _ in range(n_levels)
        )

    def forward(self, scores: Tensor) -> Tensor:
        n_classes = scores.shape[1]
        if not has_hooks(self.levels[0]) or n_classes > 2 ** len(self.levels):
            return functional.log_softmax(scores, dim=1)
        # What is added to all scores of a row has no effect, but on rounding.
        scores = scores - scores.detach().amax(dim=1, keepdim=True)
        total = scores  # Pairs of neighbours are added up, as logarithms of sums.
        for softplus in self.levels:
            n = total.shape[1] // 2 * 2
            first, second = total[:, 0:n:2], total[:, 1:n:2]
            sums = first + softplus(second - first)
            total = torch.cat([sums, total[:, n:]], dim=1)
        return scores - total


class LogOdds(_Head):
    """A network of the log-odds of two classes, followed by their log-probabilities.

    The output has shape ``(n, 2)``.

    Parameters
    ----------
    network : nn.Module
        ``(n, *feature_shape) -> (n, 1)``; positive values favour the second class.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network, nn.Softplus(threshold=LARGE))

    def of_scores(self, scores: Tensor) -> Tensor:
        softplus = self[1]
        if has_hooks(softplus):
            return -softplus(torch.cat([scores, -scores], dim=1))
        return functional.logsigmoid(torch.cat([-scores, scores], dim=1))
