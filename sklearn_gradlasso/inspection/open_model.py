"""Whatever a user has fitted, as a network, rows for it and a scalar to differentiate.

Estimators of this package, skorch nets, torch modules and scikit-learn's multi-layer
perceptrons, alone or at the end of a Pipeline or inside a search.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from sklearn.base import is_regressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor, nn

from .. import targets
from ..modules import MLP, LogOdds, LogProbabilities
from ..training.rows import Rows
from ..utils.validation import check_sample_weight
from .evaluation import evaluating
from .pipelines import transformed, unwrapped

__all__ = ["Differentiable", "differentiable_model"]

_FLOATS = (np.float64, np.float32)


@dataclass(frozen=True)
class Differentiable:
    """A network with rows for it.

    Attributes
    ----------
    module : nn.Module
        ``(n, *feature_shape) -> (n, n_outputs)``.
    rows : Rows
        With ``sample_weight`` among the extras, if there are weights.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``, what is differentiated.
    names : ndarray of str
        Of the features, in the shape of a row of what reaches the network.
    transformers : list
        Steps of a Pipeline before the network.
    many_to_many : bool
        Whether the outputs are those of the time steps, one step after the other.
    n_jobs : int or None
        Threads to compute with.
    is_ambiguous : bool
        Whether there are as many outputs as steps, and nothing says what they are.
    """

    module: nn.Module
    rows: Rows
    target: Any
    names: np.ndarray
    transformers: list
    many_to_many: bool = False
    n_jobs: int | None = None
    is_ambiguous: bool = False


def differentiable_model(
    model,
    X,
    target=None,
    sample_weight=None,
    *,
    many_to_many: bool = False,
    in_units: bool = False,
) -> Differentiable:
    """Open a model.

    Parameters
    ----------
    model : estimator, skorch net or nn.Module
    X : array-like of shape (n_samples, ...)
        Rows as the model takes them.
    target : str, callable or None
        By default the log-odds of two classes, the log-probability of the predicted
        one of several classes, all outputs of a regressor; of a network that does not
        say what it is, the output or, of several, the largest.
    sample_weight : array-like of shape (n_samples,), optional
    many_to_many : bool
        Whether a torch module has outputs at every time step; if they have an axis of
        their own, that is seen.
    in_units : bool
        Whether regressors of this package answer in units of y, also by default.

    Raises
    ------
    TypeError
        If the model cannot be differentiated.
    ValueError
        If X or the target does not fit it.
    NotFittedError
    """
    doubt = False
    last, transformers = (
        (model, []) if isinstance(model, nn.Module) else unwrapped(model)
    )
    X = X.detach().cpu().numpy() if isinstance(X, Tensor) else X
    rows, names = transformed(X, last, transformers)
    if hasattr(last, "_differentiable"):
        module, rows, target = last._differentiable(rows, target, in_units)
        many_to_many = any(getattr(m, "many_to_many", False) for m in module.modules())
    elif isinstance(last, (MLPClassifier, MLPRegressor)):
        module, rows, target = _of_mlp(last, rows, target)
    elif isinstance(getattr(last, "module_", last), nn.Module):
        module, rows, target, many_to_many, doubt = _of_torch(
            last, rows, target, many_to_many
        )
    else:
        raise TypeError(
            "model must be a network that can be differentiated: an estimator of this "
            "package, a fitted skorch net, a torch.nn.Module, MLPClassifier or "
            "MLPRegressor, or a Pipeline or search (with refit=True) around one, or "
            "one of the estimators_ of FindAnotherExplanation; got "
            f"{type(last).__name__}. For other models see "
            "sklearn.inspection.permutation_importance."
        )
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, rows.X)
        rows.extras["sample_weight"] = torch.from_numpy(weight).to(rows.device)
    n_jobs = getattr(last, "n_jobs", None)
    opened = module, rows, target, names, transformers
    return Differentiable(*opened, many_to_many, n_jobs, doubt)


def _of_mlp(model, X, target) -> tuple:
    X = validate_data(model, X, reset=False, accept_sparse="csr", dtype=_FLOATS)
    network = MLP(
        model.n_features_in_,
        model.n_outputs_,
        [len(each) for each in model.intercepts_[:-1]],
        model.activation,
    )
    layers = [part for part in network if isinstance(part, nn.Linear)]
    network.to(torch.from_numpy(model.coefs_[0]).dtype)
    with torch.no_grad():
        for layer, coef, bias in zip(layers, model.coefs_, model.intercepts_):
            layer.weight.copy_(torch.from_numpy(coef).T)
            layer.bias.copy_(torch.from_numpy(bias))
    default, names = targets.output, targets.OF_REGRESSORS  # also of many labels
    if model.out_activation_ == "softmax":
        network, default = LogProbabilities(network), targets.predicted_class
        names = targets.OF_CLASSIFIERS
    elif model.out_activation_ == "logistic" and model.n_outputs_ == 1:
        network, default = LogOdds(network), targets.log_odds
        names = targets.OF_CLASSIFIERS
    elif model.out_activation_ == "exp":  # of Poisson regression
        network = nn.Sequential(network, _Exp())
    like = next(network.parameters())
    rows = Rows(X, feature_shape=X.shape[1:], dtype=like.dtype, device=like.device)
    return network, rows, _chosen(target, default, names)


def _of_torch(model, X, target, many_to_many: bool) -> tuple:
    module = getattr(model, "module_", model)
    X = check_array(X, accept_sparse="csr", dtype=_FLOATS, allow_nd=True)
    floating = (p for p in module.parameters() if p.is_floating_point())
    like = next(floating, torch.empty(0))
    rows = Rows(X, feature_shape=X.shape[1:], dtype=like.dtype, device=like.device)
    shape = _answer(module, rows).shape
    at_each_step = X.ndim == 3 and len(shape) == 3 and shape[1] == X.shape[1]
    known = [m.many_to_many for m in module.modules() if hasattr(m, "many_to_many")]
    many_to_many = many_to_many or at_each_step or any(known)
    doubt = X.ndim == 3 and shape[1:] == X.shape[1:2] and not (many_to_many or known)
    doubt = doubt and X.shape[1] > 1
    regresses = hasattr(model, "__sklearn_tags__") and is_regressor(model)
    several = prod(shape[1:]) > 1 and not many_to_many and not regresses
    default = targets.predicted_class if several else targets.output
    target = _chosen(target, default, ("output", "predicted_class"))
    return _Flat(module), rows, target, many_to_many, doubt


def _chosen(target, default, names):
    if target is None:
        return default
    if isinstance(target, str) and target == "predicted":
        target = "predicted_class"
    return targets.by_name(target, names)


class _Exp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.exp()


class _Flat(nn.Module):
    """A network whose output has one axis beside the rows; of a tuple the first."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return _first(self.network(x)).reshape(len(x), -1)


def _first(output) -> Tensor:
    output = output[0] if isinstance(output, tuple) else output
    if not isinstance(output, Tensor):
        raise TypeError(
            "the network must return a tensor, or a tuple that begins with one, got "
            f"{type(output).__name__}; wrap it in a module that does."
        )
    return output


def _answer(module: nn.Module, rows: Rows) -> Tensor:
    """What a network says about one row.

    Raises
    ------
    ValueError
        If it does not take it.
    """
    try:
        with evaluating(module):
            answer, together = (_first(module(rows[:n][0])) for n in (1, 2))
    except Exception as error:
        raise ValueError(
            f"model cannot take rows of shape {rows.feature_shape} and dtype "
            f"{rows.dtype}; give X as the network takes it, as numbers with which it "
            f"computes (token ids cannot be differentiated). It answered: {error}"
        ) from error
    alike = answer.shape[1:] == together.shape[1:] and torch.allclose(
        answer[0], together[0], rtol=1e-2, atol=1e-4, equal_nan=True
    )
    if not alike:
        raise ValueError(
            "model answers a row differently when another row is in the batch; the "
            "first axis must be that of the rows (recurrent layers of torch need "
            "batch_first=True)."
        )
    return answer
