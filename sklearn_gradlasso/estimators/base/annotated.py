"""``fit`` and ``partial_fit`` of the estimators whose prior takes annotations.

A class takes them over by name: ``fit = annotated.fit``. It also says that it wants
the annotations that metadata routing brings (``REQUEST``).
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from ...training.training_data import TrainingData
from ...utils.docstrings import substituted

__all__ = ["REQUEST", "fit", "partial_fit", "partial_fit_classes"]

REQUEST = {"annotations": True}

ANNOTATIONS_DOC = """\
annotations : array-like, sparse matrix, DataFrame, dict or list of str, default=None
        What the model must not use. Non-negative weights of the shape of X: 1 for
        a feature that is irrelevant at a sample, 0 for one that is free; other
        weights are stronger or weaker: the attribution is multiplied by them
        before the penalty sees it. One row (shape ``(n_features,)``, such as a
        boolean vector) holds for all samples, and so does a list of feature names.
        A DataFrame, or a Series or dict as one row, is aligned by names; columns it
        lacks are free. Rows correspond to those of X by position."""


def _method(name: str):
    """Name a function as its classes will, and document its annotations."""

    def decorate(function):
        function.__name__ = function.__qualname__ = name
        replacements = {"{annotations}": ANNOTATIONS_DOC}
        function.__doc__ = substituted(function.__doc__, replacements)
        return function

    return decorate


@_method("fit")
def fit(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
):
    """Train the network.

    Parameters
    ----------
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        Inputs, best on a common scale; with a ``module`` also of shape
        ``(n_samples, *feature_shape)``. CSR rows become dense batch by batch.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Class labels, or target values (several columns for a regressor only).
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights in the loss and in the penalties; an integer weight
        means repetition. Rows of weight zero are left out.
    {annotations}

    Returns
    -------
    self : object
        The fitted estimator. After an interrupt from the keyboard it is usable
        with what it has learned, and a warning says so.

    Raises
    ------
    ValueError
        If a parameter or an input is not as described, if the annotations do not
        fit the columns that reach the estimator, or if the loss becomes infinite
        or NaN; in that case the last finite weights are in place.
    """
    data = TrainingData(X, y, sample_weight, annotations)
    return self._fit(data, warm=self.warm_start)


@_method("partial_fit")
def partial_fit_classes(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
):
    """Train for one pass over the rows, from where training stands.

    Parameters
    ----------
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        Class labels; not all classes need to be there.
    sample_weight : array-like of shape (n_samples,), default=None
        As in ``fit``.
    classes : array-like of shape (n_classes,), default=None
        All classes; required in the first call.
    {annotations}

    Returns
    -------
    self : object
        ``feature_importances_`` are over the rows of this call; ``lam="auto"`` is
        settled by the first call that penalises anything.

    Raises
    ------
    ValueError
        As in ``fit``, if ``classes`` are missing or change, or if
        ``class_weight="balanced"``, which needs all rows.
    """
    return self._one_pass(TrainingData(X, y, sample_weight, annotations), classes)


@_method("partial_fit")
def partial_fit(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
):
    """Train for one pass over the rows, from where training stands.

    Parameters
    ----------
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The first call decides the mean and scale by which targets are
        standardised.
    sample_weight : array-like of shape (n_samples,), default=None
        As in ``fit``.
    {annotations}

    Returns
    -------
    self : object
        ``feature_importances_`` are over the rows of this call; ``lam="auto"`` is
        settled by the first call that penalises anything.

    Raises
    ------
    ValueError
        As in ``fit``.
    """
    return self._one_pass(TrainingData(X, y, sample_weight, annotations))
