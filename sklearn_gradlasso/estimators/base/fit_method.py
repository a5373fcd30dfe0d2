"""``fit`` of the estimators without annotations, and what all ``fit`` methods document.

A class uses the function as its method by an assignment, ``fit = fit_method.fit``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType

from numpy.typing import ArrayLike

from ...training.rows import TrainingData
from ...utils.docstrings import substituted

__all__ = ["GROUPS_DOC", "INPUTS_DOC", "REQUEST", "documented", "fit", "in_passes"]

REQUEST = {"groups": True}  # from metadata routing

INPUTS_DOC = """\
X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        Inputs. A table may have columns of categories (``categorical_features``) and
        missing values (NaN, None or NA), and is scaled inside. The perceptron and a
        ``module`` are given numbers as they are if none is missing, and CSR rows too:
        scale these to a common scale. With a ``module`` the shape may also be
        ``(n_samples, *feature_shape)``. CSR rows become dense batch by batch."""

GROUPS_DOC = """\
groups : array-like of shape (n_samples,), default=None
        Group of each row, such as the patient. ``early_stopping`` does not split a
        group: see ``validation_split``. Without it they are not used."""


class in_passes:
    """A decorator of ``partial_fit``: there is none if the optimizer needs all rows."""

    def __init__(self, function: Callable):
        self.function = function

    def __get__(self, estimator, owner=None):
        if estimator is None:
            return self.function  # A pickle finds it by its name.
        if estimator.optimizer == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers, but "
                "optimizer='lbfgs' needs all rows at once; use 'adam' or 'sgd'."
            )
        return MethodType(self.function, estimator)


def documented(name: str, **texts: str):
    """Give a function the name of its method, and document its shared parameters.

    Parameters
    ----------
    name : str
        Name of the method.
    **texts : str
        Texts by the markers in the docstring that they replace.
    """

    def decorate(function):
        function.__name__ = name  # A pickle finds it by its __qualname__, which stays.
        replacements = {f"{{{name}}}": text for name, text in texts.items()}
        function.__doc__ = substituted(function.__doc__, replacements)
        return function

    return decorate


@documented("fit", inputs=INPUTS_DOC, groups=GROUPS_DOC)
def fit(
    self,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
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
        Non-negative weights in the loss and in the prior. An integer weight has the
        effect of a repeated row. Rows of weight zero are left out,
        but a class that has no other rows stays in ``classes_``.
    {groups}

    Returns
    -------
    self : object
        The fitted estimator. After a keyboard interrupt it keeps the weights that it
        has reached, can be used, and issues a warning.

    Raises
    ------
    ValueError
        If a parameter or an input is not as described, or if the loss becomes infinite
        or NaN. In the latter case the network keeps its last finite weights.

    Warns
    -----
    UserWarning
        If columns of X that the perceptron is given as they are have standard
        deviations more than 1000 times apart.
    """
    data = TrainingData(X, y, sample_weight, groups=groups)
    return self._fit(data, warm=self.warm_start)
