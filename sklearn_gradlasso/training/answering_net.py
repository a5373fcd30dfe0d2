"""What a net answers when it is asked as skorch's nets are, in the terms of the user.

``predict``, ``predict_proba`` and ``score`` of a net are those of its estimator: they
speak of the labels and units of the user. ``forward``, ``forward_iter`` and ``infer``
return the output of the network, in which it is trained.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags
from skorch import NeuralNet
from skorch.utils import to_numpy, to_tensor
from torch import Tensor, nn

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
    """

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

    def fit(self, X, y=None, **fit_params):
        """Refuse: the estimator knows the rows and the objective."""
        raise TypeError(
            "net_ is trained by its estimator, which prepares the rows and the "
            "objective: call fit or partial_fit of the estimator."
        )

    partial_fit = fit

    def infer(self, x, **fit_params) -> Tensor:
        x = to_tensor(x, device=self.device)
        if isinstance(x, Tensor):
            x = x.to(next(self.module_.parameters()).dtype)
        return super().infer(x, **fit_params)

    def encoded(self, y) -> np.ndarray:
        """Labels or numbers as in ``fit``, as the network is trained on them."""
        y = to_numpy(y) if isinstance(y, Tensor) else np.asarray(y)
        if self.task is None:
            return y
        if not self.task.is_classifier:
            y = y.reshape(len(y), -1)
        elif y.ndim == 1 and not np.isin(y, self.classes_).all():
            unknown = sorted(set(y.tolist()) - set(self.classes_.tolist()))
            raise ValueError(f"y has labels that were not in fit: {unknown}.")
        return self.task.encode(y, None)[0]

    def _output(self, X) -> np.ndarray:
        outputs = [to_numpy(output) for output in self.forward_iter(X)]
        if not outputs:
            raise ValueError("X has no rows; give at least one.")
        return np.concatenate(outputs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.task is not None and self.task.is_classifier:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        elif self.task is not None:
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        return tags
