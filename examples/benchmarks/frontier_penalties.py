"""Penalties that are compared with those of the package, and are not part of it."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_gradlasso.priors import OfColumns

__all__ = ["DrawnEffects", "LogPenalty", "RowGini"]


class LogPenalty(OfColumns):
    """``sum_j log(1 + |c_ij| / s) * s`` of columns: what a reweighted L1 minimises.

    Candes, Wakin and Boyd (2008), *Enhancing Sparsity by Reweighted l1 Minimization*,
    section 2.2. With weights ``1 / (|c| + s)`` that are held fixed, a training step has
    the same gradient.
    """

    def __init__(self, columns: list):
        super().__init__(_log, columns)


def _log(phi: Tensor, s: float = 0.1) -> Tensor:
    return s * torch.log1p(phi.abs() / s).sum(dim=1)


class RowGini(OfColumns):
    """Minus twice the Gini index of the magnitudes of columns within a row."""

    def __init__(self, columns: list):
        super().__init__(_row_gini, columns)


def _row_gini(phi: Tensor) -> Tensor:
    a = phi.abs().sort(dim=1).values
    p = a.shape[1]
    slope = torch.arange(p - 1, -p, -2, dtype=a.dtype, device=a.device) * (2 / p)
    return (a @ slope) / a.sum(dim=1).clamp(min=1e-3)


class DrawnEffects:
    """Changes of the score when a column gets the value of another row of the batch.

    They need as many forward passes as there are columns, and no gradient with respect
    to the inputs. To save work only each fourth row of a batch, in random order, is
    changed; the others cost nothing, so a strength acts like a fourth of it. The change
    of a column stands at the first of its features.
    """

    additive = True
    draws = True

    def __init__(self, columns: list, seed: int):
        self.columns = columns
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, score, x: Tensor) -> Tensor:
        x, n = x.detach(), len(x)
        some = x[: max(1, n // 4)]
        shift = 1 + int(torch.randint(n - 1, (1,), generator=self.generator))
        others = x.roll(shift, 0)[: len(some)]
        copies = [some]
        for positions in self.columns:
            changed = some.clone()
            changed[:, positions] = others[:, positions]
            copies.append(changed)
        scores = score(torch.cat(copies)).unflatten(0, (len(copies), -1))
        effects = (scores[:1] - scores[1:]).T
        first = torch.tensor([positions[0] for positions in self.columns])
        phi = torch.zeros_like(some).index_copy(1, first, effects)
        return torch.cat([phi, phi.new_zeros(n - len(some), *phi.shape[1:])])
