"""From X, y and parameters to tensors and a network to train."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import nullcontext
from functools import partial
from math import prod

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data
from torch import Tensor, nn

from ...modules import build_module, check_output, is_built_in
from ...modules._table_columns import columns_of
from ...utils import validation as check
from ...utils.annotations import check_annotations
from ...utils.seeds import borrowed_generators, spawn_seeds
from .fitted_network import FittedNetwork

__all__ = ["PreparedNetwork"]

FULL_BATCH = 256  # batch_size="auto" takes up to this many rows at once


class PreparedNetwork(FittedNetwork):
    """An estimator that knows what it trains, and on what."""

    _merges_repeated = False  # rows of one batch that holds them all

    @abstractmethod
    def _encode(self, y, sample_weight, reset: bool, **given):
        """Targets as the network is trained on them, and the final weights."""

    @abstractmethod
    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """Labels whose shares a validation split keeps."""

    def _prepare(self, X, y, sample_weight, annotations, warm: bool, **encoding):
        index = X.index if hasattr(X, "iloc") else None
        X, y = self._checked(X, y, reset=not warm)
        names = getattr(self, "feature_names_in_", None)
        annotations = check_annotations(annotations, X, names, index)
        sample_weight = check.check_sample_weight(sample_weight, X)
        X, y, sample_weight, annotations = _present(X, y, sample_weight, annotations)
        y, sample_weight = self._encode(y, sample_weight, reset=not warm, **encoding)
        X, y, sample_weight, annotations = _present(X, y, sample_weight, annotations)
        sample_weight = _relative(sample_weight)

        drawn = check_random_state(self.random_state).randint(2**31 - 1)
        initial, shuffling, splitting = spawn_seeds(3, drawn)
        device, dtype = check.check_device(self.device, X.dtype)
        network = self._network(X, sample_weight, initial, warm).to(device, dtype)
        if not warm:
            self._splitting = splitting
        parts = [slice(None)]
        if self.early_stopping:
            parts = check.hold_out(
                len(y), self.validation_fraction, self._strata(y), self._splitting
            )
        rows = []
        for part in parts:
            of_part = [take_rows(of, part) for of in (X, y, sample_weight, annotations)]
            X_part, y_part, weight, annotated = (
                of_part if rows else self._merged(*of_part)
            )
            extras = {"sample_weight": weight, "annotations": annotated}
            rows.append(self._rows(network, X_part, y_part, **extras))
        self._check_network(network, rows[0][:2][0])
        stray = nullcontext
        if not is_built_in(
            self._architecture["module"]
        ):  # may draw from global generators
            (seed,) = spawn_seeds(1, drawn, 1 + (self.n_iter_ if warm else 0))
            stray = partial(borrowed_generators, seed, device)
        return stray, network, rows, shuffling

    def _checked(self, X, y, reset: bool) -> tuple:
        """What the network takes of X, and y, both as arrays."""
        if self.module is None and getattr(X, "ndim", 2) > 2:
            raise ValueError(
                f"Found array with dim {X.ndim}, but the default network takes X of "
                "shape (n_samples, n_features); flatten the rows, or give a module for "
                "rows of another shape, such as modules.RecurrentNet."
            )
        return validate_data(
            self, X, y, reset=reset, multi_output=True, **self._input_checks()
        )

    def _check_network(self, network: nn.Module, x: Tensor) -> None:
        check_output(network, x, self.n_outputs_)

    def _merged(self, X, y, sample_weight, annotations) -> tuple:
        """Training rows, each once, if references are drawn from one batch of all."""
        given = X, y, sample_weight, annotations
        if not self._merges_repeated or len(y) > self._largest_batch():
            return given
        X, y, sample_weight, annotations = merged(*given)
        if len(y) == 1:
            return given
        return X, y, _relative(sample_weight), annotations

    def _largest_batch(self) -> int:
        return FULL_BATCH if self.batch_size == "auto" else self.batch_size

    def _network(self, X, sample_weight, seed: int, warm: bool) -> nn.Module:
        self._check_row_shape(X.shape[1:], reset=not warm)
        architecture = self._architecture_asked()
        if not warm:
            self._architecture = {**architecture, "seed": seed}
            if self.module == "tabular":
                columns = columns_of(X, architecture["n_features"], sample_weight)
                self._architecture["columns"] = columns
            return self._with_head(build_module(**self._architecture))
        known = {name: self._architecture[name] for name in architecture}
        if joblib.hash(architecture) != joblib.hash(known):
            raise ValueError(
                "partial_fit and warm_start continue with the same network: it was "
                f"{known}, parameters now ask for {architecture}. Fit a clone of the "
                "estimator instead."
            )
        return self.net_.module_

    def _architecture_asked(self) -> dict:
        """What :func:`build_module` is to make, but for the seed."""
        params = self.module_params
        if self.module is None:
            sizes = check.check_hidden_layer_sizes(self.hidden_layer_sizes)
            params = {"hidden_layer_sizes": sizes, "activation": self.activation}
        return {
            "module": self.module,
            "n_features": prod(self._feature_shape),
            "n_outputs": self.n_outputs_,
            "module_params": params,
            "feature_shape": self._feature_shape,
        }


def _relative(sample_weight: np.ndarray | None) -> np.ndarray | None:
    """Weights of mean 1; equal ones give the same bits as none."""
    if sample_weight is None or np.ptp(sample_weight) == 0:
        return None
    return sample_weight / sample_weight.mean()


def _present(*aligned) -> tuple:
    """Rows of X, y, sample weights and annotations whose weight is not zero."""
    index = check.rows_of_positive_weight(aligned[2])
    return tuple(take_rows(values, index) for values in aligned)


def take_rows(values, index):
    """Rows of an array or a CSR matrix; a row that holds for all is not copied."""
    if values is None or (isinstance(index, slice) and index == slice(None)):
        return values
    if sp.issparse(values) or values.strides[0] != 0:
        return values[index]
    n_rows = len(np.empty(len(values), dtype=bool)[index])
    return np.broadcast_to(values[0], (n_rows, *values.shape[1:]))


def merged(X, y, sample_weight, annotations) -> tuple:
    """Rows that are the same, once each, with the sum of their weights.

    In an order that only depends on what they are, so that a row of weight 2 and a row
    that is there twice give the same arrays.

    Parameters
    ----------
    X, y : ndarray or CSR matrix of shape (n, ...)
    sample_weight : ndarray of shape (n,) or None
    annotations : ndarray or CSR matrix of shape (n, ...) or None

    Returns
    -------
    tuple
        The same four; the weights are ``None`` if they were and no row is there twice.
    """
    parts = [_bytes(values) for values in (X, annotations) if values is not None]
    keys = list(zip(*parts, np.reshape(y, (len(y), -1)).tolist()))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    starts = [
        k for k, row in enumerate(order) if not k or keys[row] != keys[order[k - 1]]
    ]
    if len(starts) < len(order) or sample_weight is not None:
        each = np.ones(len(order)) if sample_weight is None else sample_weight
        sample_weight = np.add.reduceat(each[order], starts)
    chosen = np.array(order)[starts]
    return (
        take_rows(X, chosen),
        y[chosen],
        sample_weight,
        take_rows(annotations, chosen),
    )


def _bytes(values) -> list[bytes]:
    rows = values.toarray() if sp.issparse(values) else values
    return [row.tobytes() for row in rows]
