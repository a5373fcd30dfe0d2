"""Parts of the data, each prepared for networks to be trained on it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _check_method_params
from torch import nn

from ..training.loop import ObjectiveNet
from ._stack import named_tensors, put_into

__all__ = ["Data", "Part"]


@dataclass(frozen=True)
class Data:
    """What ``fit`` takes; ``fit_params`` are sample weights and annotations."""

    X: Any
    y: Any
    fit_params: dict[str, Any]

    @classmethod
    def of(cls, X, y, sample_weight=None, annotations=None) -> Data:
        """With what is given of the two; X and y as something that has rows."""
        given = {"sample_weight": sample_weight, "annotations": annotations}
        fit_params = {name: value for name, value in given.items() if value is not None}
        return cls(*indexable(X, y), fit_params)

    def __getitem__(self, index: np.ndarray) -> Data:
        X, y = (_safe_indexing(values, index) for values in (self.X, self.y))
        return Data(X, y, _check_method_params(self.X, self.fit_params, index))


class Part:
    """A part of the data, prepared: rows, a network, and a copy of the estimator.

    Parameters
    ----------
    number : int
    estimator : NetworkEstimator
    data : Data
    initial : dict of str to Tensor, optional
        Parameters and buffers to start from.
    """

    def __init__(self, number: int, estimator, data: Data, initial=None):
        given = (data.fit_params.get(name) for name in ("sample_weight", "annotations"))
        self.number, self.estimator = number, clone(estimator)
        self.estimator._validate_params()
        prepared = self.estimator._prepare(data.X, data.y, *given, False)
        self.stray, self.network, self.rows, self.seed = prepared
        self.size = min(self.estimator._largest_batch(), len(self.rows[0]))
        if initial is not None:
            put_into(self.network, initial)

    @property
    def n_bytes(self) -> int:
        return sum(rows.n_bytes for rows in self.rows)

    @property
    def form(self) -> tuple:
        """The same for parts on which networks take the same steps."""
        state = named_tensors(self.network).items()
        rows = ((len(each), *each.extras) for each in self.rows)
        return tuple((name, *value.shape) for name, value in state), *rows

    def estimator_with(self, lam: float | str):
        """A copy of the estimator, about to be trained with this strength."""
        estimator = copy(self.estimator)
        own = clone(self.estimator).get_params(deep=False)  # callbacks have a state
        vars(estimator).update({**own, "module": estimator.module, "lam": lam})
        how = self.network, self.rows[0], self.size, self.seed, False
        estimator.lam_ = estimator._strength(*how)
        return estimator

    def net_for(self, estimator, network: nn.Module, **how) -> ObjectiveNet:
        """A net that is to train this network."""
        how = {"warm": False, "one_pass": False, **how}
        return estimator._net_to_train(network, self.size, self.seed, **how)
