"""Targets: which scalar of the network's output is explained.

A target is any callable ``(output, y) -> (n,)`` that treats each row by itself.
``output`` has shape ``(n, n_outputs)``: log-probabilities for a classifier, log-odds of
each label for a classifier of several labels, predictions in standardised units for a
regressor. ``y`` holds the encoded targets of the same rows, or is ``None`` when a
fitted model is explained on rows without a target. A target may also return ``(n, m)``.
Each of the m scalars is then explained by itself, and the attribution has a last axis
for them. This file imports nothing of the package.

What the package asks of a target is the call, and three attributes that save work if
they are there and true:

====================  ==============================================  =========
attribute             what it means                                   default
====================  ==============================================  =========
``ignores_y``         The target does not look at y. Any rows can     ``False``
                      then be scored, in any number and order.
``takes_raw_scores``  The target is the same for the scores before    ``False``
                      they are normalised to log-probabilities, so
                      that the normalisation need not be computed.
``leaves_inputs``     The target never changes output or y in place,  ``False``
                      so that it need not be given copies.
                      Subclasses say so by themselves.
====================  ==============================================  =========

:class:`~sklearn_gradlasso.objective.Score` calls targets, and is the one place that
looks at these attributes. A target that can also be given as a string has its name in
:func:`by_name`.

The prior is applied to the attribution of the target; Ross, Lage and Doshi-Velez
(2017), *The Neural LASSO*, section 3, compare the log-probability sum with
probabilities and log-odds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "ClassK",
    "by_name",
    "log_odds",
    "log_prob_sum",
    "output",
    "predicted_class",
    "probabilities",
    "true_class",
]


def log_prob_sum(output: Tensor, y: Tensor | None) -> Tensor:
    """Sum of the log-probabilities over classes, ``sum_k log p_k``.

    Up to sign and scale this is the cross-entropy with a uniform guess. It measures how
    certain the network is (Ross et al. 2017, *The Neural LASSO*, equation 1).

    Parameters
    ----------
    output : Tensor of shape (n, n_classes)
        Log-probabilities.
    y : ignored

    Returns
    -------
    Tensor of shape (n,)
    """
    return output.sum(dim=1)


def log_odds(output: Tensor, y: Tensor | None) -> Tensor:
    """Log-odds of the second of two classes, or of each of several against the rest.

    For two classes ``log p_1 - log p_0``; for more ``log p_k - log(1 - p_k)`` of each
    class k, as one explained scalar per class. A single class has no rest, and 0
    stands for its odds.

    Parameters
    ----------
    output : Tensor of shape (n, n_classes)
        Log-probabilities.
    y : ignored

    Returns
    -------
    Tensor of shape (n,) for one or two classes, (n, n_classes) for more
    """
    n_classes = output.shape[1]
    if n_classes == 1:
        return 0 * output[:, 0]
    if n_classes == 2:
        return output[:, 1] - output[:, 0]
    own = torch.eye(n_classes, dtype=torch.bool, device=output.device)
    others = output.unsqueeze(1).expand(-1, n_classes, -1)
    return output - others.masked_fill(own, -torch.inf).logsumexp(dim=2)


def true_class(output: Tensor, y: Tensor | None) -> Tensor:
    """Log-probability of the true class, ``log p_y``.

    Parameters
    ----------
    output : Tensor of shape (n, n_classes)
        Log-probabilities.
    y : Tensor of shape (n,), int64
        Class codes 0 ... n_classes - 1.

    Returns
    -------
    Tensor of shape (n,)

    Raises
    ------
    ValueError
        If ``y`` is ``None``, as it is for rows that come without their class.
    """
    if y is None:
        raise ValueError(
            "target 'true_class' needs the classes of the rows, which explain(X) "
            "does not have; use target='predicted' or ClassK(k)."
        )
    return output.gather(1, y.unsqueeze(1)).squeeze(1)


def predicted_class(output: Tensor, y: Tensor | None) -> Tensor:
    """Log-probability of the class the network predicts, ``max_k log p_k``.

    Parameters
    ----------
    output : Tensor of shape (n, n_classes)
        Log-probabilities.
    y : ignored

    Returns
    -------
    Tensor of shape (n,)
    """
    return output.max(dim=1).values


def probabilities(output: Tensor, y: Tensor | None) -> Tensor:
    """Probability of each class, as one explained scalar per class.

    Ross et al. (2017) penalised the gradients of probabilities too, and found them to
    work less well than those of log-probabilities.

    Parameters
    ----------
    output : Tensor of shape (n, n_classes)
        Log-probabilities.
    y : ignored

    Returns
    -------
    Tensor of shape (n, n_classes)
    """
    return output.exp()


def output(output: Tensor, y: Tensor | None) -> Tensor:
    """Everything the network returns, as one explained scalar per output.

    Parameters
    ----------
    output : Tensor of shape (n, n_outputs)
        Predictions in standardised units, or log-probabilities.
    y : ignored

    Returns
    -------
    Tensor of shape (n,) for one output, (n, n_outputs) for several
    """
    return output.squeeze(1) if output.shape[1] == 1 else output


@dataclass(frozen=True)
class ClassK:
    """One output: ``log p_k`` of a class, the log-odds of a label, or a prediction.

    Parameters
    ----------
    k : int
        Position of the class or label in ``classes_``, or of the output of a regressor.
    """

    k: int
    ignores_y = leaves_inputs = True  # no annotation, which would make it a field

    def __call__(self, output: Tensor, y: Tensor | None) -> Tensor:
        if not 0 <= self.k < output.shape[1]:
            raise ValueError(
                f"ClassK: k must be in 0 ... {output.shape[1] - 1} for a network "
                f"with {output.shape[1]} outputs, got {self.k}."
            )
        return output[:, self.k]


def _log_prob_sum_of_labels(output: Tensor, y: Tensor | None) -> Tensor:
    """``log_prob_sum`` of log-odds: ``sum_l log p_l + log(1 - p_l)`` over labels."""
    both = functional.logsigmoid(output) + functional.logsigmoid(-output)
    return both.sum(dim=1)


def _probabilities_of_labels(output: Tensor, y: Tensor | None) -> Tensor:
    return output.sigmoid()


_ignoring_y = (log_odds, log_prob_sum, output, predicted_class, probabilities)
for _target in (*_ignoring_y, _log_prob_sum_of_labels, _probabilities_of_labels):
    _target.ignores_y = _target.leaves_inputs = True
true_class.leaves_inputs = True
# The normalisation adds the same number to all log-probabilities.
log_odds.takes_raw_scores = True

_NAMED = (log_odds, log_prob_sum, output, predicted_class, probabilities, true_class)
# What the names mean, by the kind of output.
OF_CLASSIFIERS = {function.__name__: function for function in _NAMED}
OF_LABELS = {
    "log_odds": output,
    "log_prob_sum": _log_prob_sum_of_labels,
    "output": output,
    "probabilities": _probabilities_of_labels,
}
OF_REGRESSORS = {"output": output}


def by_name(
    target: str | Callable, names: Mapping[str, Callable] = OF_CLASSIFIERS
) -> Callable[[Tensor, Tensor | None], Tensor]:
    """A target given by its name, or as a callable.

    Parameters
    ----------
    target : str or callable
        Name of a function of this module, or a callable ``(output, y) -> (n,)``.
    names : dict of str to callable
        Names that make sense for the estimator, and what they mean.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is no target of that name.
    TypeError
        If it is neither a name nor a callable.
    """
    if callable(target):
        return target
    if not isinstance(target, str):
        raise TypeError(
            "target must be a name or a callable (output, y) -> (n,), got "
            f"{type(target).__name__}."
        )
    if target not in names:
        raise ValueError(
            f"target must be one of {list(names)} or a callable, got {target!r}."
        )
    return names[target]
