"""``fit`` and ``partial_fit`` of the estimators whose prior takes annotations.

A class uses them as its methods by an assignment, ``fit = annotated.fit``. It also
requests annotations from metadata routing (``REQUEST``).
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from ...training.rows import TrainingData
from ..obedience.reporting import warn_of_disobedience
from .fit_method import GROUPS_DOC, INPUTS_DOC, documented

__all__ = ["REQUEST", "fit", "partial_fit", "partial_fit_classes"]

REQUEST = {"annotations": True}

ANNOTATIONS_DOC = """\
annotations : array-like, sparse matrix, DataFrame, dict or list of str, default=None
        Features that the model must not use, as non-negative weights of the shape
        of X. A weight of 1 marks a feature as irrelevant for a sample, and 0 leaves
        it free. Other weights make the penalty stronger or weaker, because the
        attribution is multiplied by them before it is penalised. A single row
        (shape ``(n_features,)``, such as a boolean vector) applies to all samples,
        and so does a list of names. A DataFrame, or a Series or dict as a single
        row, is aligned by names; features that it lacks are free. Rows are matched
        with those of X by position. A name stands for all that a Pipeline has made
        of a column: ``"job"`` for the one-hot features ``cat__job_clerk`` and
        ``cat__job_nurse``, ``"age"`` for ``num__age`` and its indicator
        ``num__missingindicator_age``. In a Pipeline :func:`annotations_for` makes
        annotations of the names of a table's columns. Names themselves need
        ``set_output(transform="pandas")``, and a name in doubt is an error."""


@documented("fit", inputs=INPUTS_DOC, annotations=ANNOTATIONS_DOC, groups=GROUPS_DOC)
def fit(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
):
    """Train the network.

    Parameters
    ----------
    {inputs}
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Class labels, or an indicator of labels that may occur together (0 and 1, one
        column for each label; also sparse), or target values.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights in the loss and in the penalties. An integer weight has
        the effect of a repeated row. Rows of weight zero are left out,
        but a class that has no other rows stays in ``classes_``.
    {annotations}
    {groups}

    Returns
    -------
    self : object
        The fitted estimator. After a keyboard interrupt it keeps the weights that
        it has reached, can be used, and issues a warning.

    Raises
    ------
    ValueError
        If a parameter or an input is not as described, if the annotations do not
        match the columns that reach the estimator, or if the loss becomes infinite
        or NaN. In the last case the network keeps its last finite weights.

    Warns
    -----
    UserWarning
        If columns of X that the perceptron is given as they are have standard
        deviations more than 1000 times apart.
    """
    data = TrainingData(X, y, sample_weight, annotations, groups)
    self._fit(data, warm=self.warm_start)
    warn_of_disobedience(self)
    return self


@documented("partial_fit", annotations=ANNOTATIONS_DOC)
def partial_fit_classes(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
):
    """Continue training with one pass over the rows.

    Parameters
    ----------
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        Inputs, as in ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Class labels, or an indicator of labels. Classes may be absent from a call.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, as in ``fit``.
    classes : array-like of shape (n_classes,), default=None
        All classes. They are required in the first call. For an indicator of labels
        they are the numbers of its columns.
    {annotations}

    Returns
    -------
    self : object
        The estimator. Its ``feature_importances_`` are computed on the rows of this
        call. ``lam="auto"`` is resolved in the first call that has anything to
        penalise.

    Raises
    ------
    ValueError
        If ``fit`` would raise it, if ``classes`` are missing or change, or if
        ``class_weight="balanced"``, which needs all rows at once.
    """
    return self._one_pass(TrainingData(X, y, sample_weight, annotations), classes)


@documented("partial_fit", annotations=ANNOTATIONS_DOC)
def partial_fit(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
):
    """Continue training with one pass over the rows.

    Parameters
    ----------
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        Inputs, as in ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Target values. The mean and scale by which they are standardised are those
        of the first call.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, as in ``fit``.
    {annotations}

    Returns
    -------
    self : object
        The estimator. Its ``feature_importances_`` are computed on the rows of this
        call. ``lam="auto"`` is resolved in the first call that has anything to
        penalise.

    Raises
    ------
    ValueError
        If ``fit`` would raise it.
    """
    return self._one_pass(TrainingData(X, y, sample_weight, annotations))
