"""Estimators whose prediction is their explanation: a linear model for each row."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from ...inspection.evaluation import local_models_of
from ...modules import KHotGate, check_output
from ...utils.threads import threads
from ..base.fitted_network import Explained
from .sparse_local_linear import SparseLocalLinear
from .two_phases import CoarseToFine

__all__ = ["ATTRIBUTES_DOC", "GeneratesWeights", "LinearModels"]

ATTRIBUTES_DOC = """\
feature_importances_ : ndarray of shape (d,)
        Average magnitude over the training data of what each feature of z contributes
        to the decision, ``z_j w_j`` (summed over outputs); sums to 1.
    simplified_feature_names_ : ndarray of str of shape (d,)
        Names of the features of z.
    simplify_, encode_ : object
        The transformers as fitted.
    loss_curve_ : list of float
        {loss} of each epoch, of the coarse phase and then of the fine one. In training
        the gate is soft and random.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``.
    validation_scores_ : list of float
        {score} on the rows held out after each epoch, with ``early_stopping``.
    best_validation_score_ : float or None
        The highest of them in the last phase, that of the weights kept.
    n_iter_, n_coarse_iter_ : int
        Number of epochs, and of those of the coarse phase.
    n_features_in_ : int
        Number of features of X, if it is a table.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the features of X, if it is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_[0].generator`` maps what is read to weights."""

TARGETS = (None, "predicted")
ATTRIBUTIONS = (None, "weights", "contributions")


class LinearModels(NamedTuple):
    """Linear models of rows: features, -1 where there is none, and their weights.

    index (n, k), weights (n, k, m), z (n, k) of the features, decisions (n, m).
    """

    index: np.ndarray
    weights: np.ndarray
    z: np.ndarray
    decisions: np.ndarray


@dataclass(kw_only=True, eq=False, repr=False)
class GeneratesWeights(CoarseToFine):
    """An estimator whose network writes a sparse linear model for each row."""

    _keeps_background = False
    _gate_scale = 1.0

    @abstractmethod
    def _n_vectors(self) -> int:
        """Number of weight vectors of a row."""

    @abstractmethod
    def _in_answers(self, models: LinearModels) -> LinearModels:
        """Linear models in units of the answer, from those of the network."""

    @abstractmethod
    def _of_predicted(self, models: LinearModels) -> LinearModels:
        """Linear models of the decision for what is predicted."""

    def explain(
        self, X: ArrayLike, *, target: str | None = None, attribution: str | None = None
    ):
        """The linear model by which each row is answered.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows as ``predict`` takes them.
        target : {None, "predicted"}, default=None
            By default everything that ``decision_function`` (classifiers) or
            ``predict`` (regressors) returns; "predicted" is the decision for the
            predicted class, or a regressor's single output.
        attribution : {None, "weights", "contributions"}, default=None
            By default the weights; "contributions" are the weights times z, which add
            up to the answer but for ``intercept_``.

        Returns
        -------
        ndarray of shape (n_samples, d) or (n_samples, d, m), or CSR matrix, float64
            Weights of the d features of z, at most ``n_nonzero_coefs`` of a row not
            zero, in units of the answer per unit of z; the last axis only where the
            answer has m > 1 columns, whose weights are of the same features. If z is
            sparse, a CSR matrix of shape (n_samples, d), or a list of m of them.

        Raises
        ------
        ValueError
            If target or attribution is something else, or X is not as in ``fit``.
        """
        models, z = self._asked(X, target, attribution)
        m = models.weights.shape[2]
        if not sp.issparse(z):
            values = self._spread(models)
            return values[..., 0] if m == 1 else values
        row, kept = np.nonzero(models.index >= 0)
        where = row, models.index[row, kept]
        matrices = [
            sp.csr_matrix((models.weights[row, kept, k], where), shape=z.shape)
            for k in range(m)
        ]
        return matrices[0] if m == 1 else matrices

    def _explained(self, X, target=None, attribution=None, *, with_base=True):
        models, z = self._asked(X, target, attribution)
        values = self._spread(models)
        m = models.weights.shape[2]
        base = np.broadcast_to(self.intercept_, (m,)).astype(np.float64)
        answers = models.decisions + self.intercept_
        if answers.shape[1] == 1:
            values, answers, base = values[..., 0], answers[:, 0], base[0]
        if attribution != "contributions":
            base = None
        if self.simplify_ is None and self.encode_ is None:
            return Explained(values, answers, base)
        data = z.toarray() if sp.issparse(z) else z
        shape = values.shape[: 1 + len(self._simplified_shape())]
        names = self.simplified_feature_names_.reshape(shape[1:])
        return Explained(values, answers, base, data.reshape(shape), names)

    def _differentiable(self, X, target=None, in_units=False):
        views = self.simplify_ is not None or self.encode_ is not None
        if views or len(self._feature_shape) > 1:
            raise TypeError(
                f"The sensitivity of {type(self).__name__} is for tables without "
                "encode and simplify; use feature_importances_ or explain."
            )
        if target == "training":
            raise ValueError("target='training' is of no meaning here: no prior.")
        return super()._differentiable(X, target, in_units)

    def _asked(self, X, target, attribution) -> tuple[LinearModels, ArrayLike]:
        if target not in TARGETS:
            raise ValueError(
                f"target must be None or 'predicted', got {target!r}: the linear "
                "models are about the decision itself."
            )
        if attribution not in ATTRIBUTIONS:
            raise ValueError(
                "attribution must be None, 'weights' or 'contributions', got "
                f"{attribution!r}: the network explains itself by its weights."
            )
        models, z = self._models(X)
        models = self._in_answers(models)
        if target == "predicted":
            models = self._of_predicted(models)
        if attribution == "contributions":
            models = models._replace(weights=models.weights * models.z[:, :, None])
        return models, z

    def _models(self, X) -> tuple[LinearModels, ArrayLike]:
        rows, z = self._views_to_answer(X)
        with threads(self.n_jobs):
            _, index, weights = local_models_of(self.net_.module_[0], rows)
        weights = weights.astype(np.float64)
        at = np.maximum(index, 0)
        if sp.issparse(z):
            row = np.arange(len(index)).repeat(index.shape[1])
            z_at = np.asarray(z.tocsr()[row, at.ravel()]).reshape(at.shape)
        else:
            z_at = np.take_along_axis(z, at, axis=1)
        decisions = np.einsum("nk,nkm->nm", z_at, weights)
        return LinearModels(index, weights, z_at, decisions), z

    def _spread(self, models: LinearModels) -> np.ndarray:
        """Weights of all features of z, in its shape."""
        n, _, m = models.weights.shape
        values = np.zeros((n, self._layout.n_simplified, m))
        row, kept = np.nonzero(models.index >= 0)
        values[row, models.index[row, kept]] = models.weights[row, kept]
        return values.reshape(n, *self._simplified_shape(), m)

    def _simplified_shape(self) -> tuple:
        return (
            self._row_shape if self.simplify_ is None else (self._layout.n_simplified,)
        )

    def _importances(self, rows):
        total = np.zeros(self._layout.n_simplified)
        for part in rows:
            z, index, weights = local_models_of(self.net_.module_[0], part)
            size = np.abs(z[:, :, None] * weights).sum(axis=2, dtype=np.float64)
            given = part.extras.get("sample_weight")
            if given is not None:
                size *= given.cpu().numpy()[:, None]
            np.add.at(total, index[index >= 0], size[index >= 0])
        return total

    def _local_linear(self, generator) -> SparseLocalLinear:
        gate = KHotGate(self._n_open, scale=self._gate_scale)
        return SparseLocalLinear(generator, gate, self._layout, self._n_vectors())

    def _architecture_asked(self):
        asked = super()._architecture_asked()
        return {**asked, "n_outputs": self._layout.n_simplified * self._n_vectors()}

    def _check_network(self, network, x):
        linear = network.eval()[0]
        seen, _ = linear.layout.unpacked(x)
        check_output(linear.generator, seen, self._architecture["n_outputs"])
