"""What a net answers when it is asked as skorch's nets are, in the terms of the user.

``predict``, ``predict_proba`` and ``score`` of a net are those of its estimator: classes
are the user's labels, and numbers have the user's units. ``forward``, ``forward_iter``
and ``infer`` return the output of the network, in which it is trained.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags
from skorch import NeuralNet
from skorch.utils import is_dataset, to_numpy, to_tensor
from torch import Tensor, nn
from torch.utils.data import Dataset

from .readable_rows import ReadableRows
from .rows import Batches, Rows, StackedRows

__all__ = ["AnsweringNet"]


class AnsweringNet(NeuralNet):
    """A skorch net that answers rows of any number, precision and kind.

    Parameters
    ----------
    module : nn.Module
    task : object or None
        The meaning of the output: ``predicted``, ``probabilities`` (of a classifier),
        ``decoded`` and ``is_classifier``. Without it, an answer is the output itself.
    **kwargs
        Parameters of :class:`skorch.NeuralNet`.

    Attributes
    ----------
    feature_shape_ : tuple of int or None
        Shape in which the network receives a row; ``None`` for that of X.
    """

    feature_shape_: tuple[int, ...] | None = None

    def __init__(self, module: nn.Module, *, task: Any = None, **kwargs):
        super().__init__(module, **kwargs)
        self.task = task

    @property
    def classes_(self) -> np.ndarray:
        """The user's labels, in the order of the columns of the output."""
        if not hasattr(self.task, "classes"):
            raise AttributeError("Only the net of a classifier has classes_.")
        return self.task.classes

    def predict(self, X) -> np.ndarray:
        """Return what ``predict`` of the estimator returns.

        Parameters
        ----------
        X : array-like, Tensor, CSR matrix or Dataset
            Rows as they reach the network, with or without its feature shape.
        """
        output = self._output(X)
        return output if self.task is None else self.task.predicted(output)

    def predict_proba(self, X) -> np.ndarray:
        """Return the probabilities of a classifier; otherwise ``predict``."""
        if self.task is None or not self.task.is_classifier:
            return self.predict(X)
        return self.task.probabilities(self._output(X))

    def score(self, X, y=None, sample_weight=None) -> float:
        """Accuracy of a classifier, or R2.

        Parameters
        ----------
        X : array-like, Tensor, CSR matrix or Dataset
        y : array-like, optional
            Labels or numbers as in ``fit``. They may be absent if X is a data set that
            was handed to a callback.
        sample_weight : array-like of shape (n_samples,), optional
        """
        y = X.y if y is None else y
        y = to_numpy(y) if isinstance(y, Tensor) else y
        metric = accuracy_score if self.task.is_classifier else r2_score
        return float(metric(y, self.predict(X), sample_weight=sample_weight))

    def infer(self, x, **fit_params) -> Tensor:
        x = to_tensor(x, device=self.device)
        if isinstance(x, Tensor):
            x = x.to(next(self.module_.parameters()).dtype)
        return super().infer(x, **fit_params)

    def get_dataset(self, X, y=None) -> Dataset:
        """X as rows for the network; data sets of other packages stay as they are."""
        if isinstance(X, ReadableRows):
            return X.rows
        return X if is_dataset(X) else self._rows(X)

    def get_iterator(self, dataset, training=False):
        if isinstance(dataset, (Rows, StackedRows)):
            return Batches(dataset, self.batch_size)
        return super().get_iterator(dataset, training)

    def _output(self, X) -> np.ndarray:
        outputs = [to_numpy(output) for output in self.forward_iter(X)]
        if not outputs:
            raise ValueError("X has no rows; give at least one.")
        return np.concatenate(outputs)

    def _rows(self, X) -> Rows:
        X = to_numpy(X) if isinstance(X, Tensor) else X
        X = X.tocsr() if sp.issparse(X) else np.asarray(X)
        X = X if X.dtype.kind == "f" else X.astype(np.float64)
        shape = X.shape[1:]
        if self.feature_shape_ is not None and prod(shape) == prod(self.feature_shape_):
            shape = self.feature_shape_
        like = next(self.module_.parameters())
        form = {"feature_shape": shape, "dtype": like.dtype, "device": like.device}
        return Rows(X, **form)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.task is not None and self.task.is_classifier:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        elif self.task is not None:
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        return tags
