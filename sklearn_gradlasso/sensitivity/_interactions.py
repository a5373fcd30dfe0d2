"""Interactions of pairs of features: second derivatives of a network."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from numbers import Real

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_scalar
from torch import Tensor, nn

from ..attributions import Gradients
from ..inspection.differentiable import DifferentiableNetwork
from ..inspection.evaluation import batches, finite
from ..inspection.feature_names import numbered
from ..inspection.open_model import open_model
from ..objective import Score
from ..objective._by_column import Inputs
from ..tables import TableForm
from ..utils.networks import is_piecewise_linear
from ._results import InteractionImportance
from ._slopes import computing_slopes

__all__ = ["interaction_importance"]

_PIECEWISE_LINEAR = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.Hardtanh, nn.Threshold),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d),
)


def interaction_importance(
    model,
    X: ArrayLike,
    *,
    target=None,
    sample_weight: ArrayLike | None = None,
    finite_difference: float | None = None,
) -> InteractionImportance:
    """Root mean square over rows of the second derivatives of a network's answer.

    ``h_jk = sqrt(mean_i (d^2 f(x_i) / d x_ij d x_ik) ** 2)``: two features interact
    where the slope of one depends on the other. Derivatives are exact for networks with
    smooth activations, such as "softplus" and "tanh". They take a backward pass for
    each feature, and memory for one batch of rows.

    The slope of a category of a raw table is its contrast with the average category,
    whose derivatives by numbers are interactions. There are none of two categories, for
    which the result is NaN. For the network for tables, which is piecewise linear, see
    :func:`sklearn_gradlasso.explanation.pair_effects`.

    Horel et al. (2018), section 5, name second derivatives as future work.

    Parameters
    ----------
    model : estimator, Pipeline, search, skorch net or nn.Module
        A fitted network, or a wrapper around one; see
        :mod:`sklearn_gradlasso.sensitivity`.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Rows as the model takes them. The values of an image or a sequence are numbered
        from the first to the last.
    target : str or callable, default=None
        What is differentiated, as for :func:`global_importance`.
    sample_weight : array-like of shape (n_samples,), default=None
    finite_difference : float, default=None
        Distance to both sides, in standard deviations of each feature, over which the
        change of the slopes is taken in place of exact derivatives; for example 0.5.
        For networks whose slopes change in steps (ReLU).

    Returns
    -------
    InteractionImportance

    Raises
    ------
    ValueError
        If the network is piecewise linear, so that its second derivatives are zero,
        and there is no ``finite_difference``; or as for :func:`global_importance`.
    TypeError, sklearn.exceptions.NotFittedError
        As for :func:`global_importance`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.sensitivity import interaction_importance
    >>> X = np.random.default_rng(0).standard_normal((1000, 4))
    >>> y = X[:, 0] * X[:, 1] + X[:, 2]
    >>> model = GradientLassoRegressor(activation="tanh", tol=1e-3, random_state=0)
    >>> found = interaction_importance(model.fit(X, y), X)
    >>> found.top(1)[["first", "second"]].values.tolist()
    [['x0', 'x1']]
    """
    opened = open_model(model, X)
    network = opened.differentiable(target, sample_weight, in_units=True)
    d = prod(network.rows.feature_shape)
    names = opened.names.ravel()
    names = names if names.size == d else numbered((d,))
    with computing_slopes(network):
        if finite_difference is None:
            _refuse_piecewise_linear(network.module)
            means = _exact(network, d)
        else:
            bounds = {"min_val": 0, "include_boundaries": "neither"}
            check_scalar(finite_difference, "finite_difference", Real, **bounds)
            means = _by_differences(network, d, finite_difference)
    if network.form is not None:
        by_number = means if finite_difference is not None else means.T
        means = _of_table(by_number, network.form)
    elif finite_difference is not None:
        means = (means + means.T) / 2
    return InteractionImportance(importances=np.sqrt(means), feature_names=names)


def _of_table(means: np.ndarray, form: TableForm) -> np.ndarray:
    """Mean squares per unit of the user; derivatives by a category are not there.

    Entry (k, j) is the square of the derivative of slope or contrast j by number k.
    """
    is_category = form.is_category
    both_ways = np.where(is_category[:, None], means.T, means)
    means = (both_ways + both_ways.T) / 2
    means[np.ix_(is_category, is_category)] = np.nan
    return means / np.square(np.multiply.outer(form.scale, form.scale))


def _refuse_piecewise_linear(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, _PIECEWISE_LINEAR) or is_piecewise_linear(part):
            raise ValueError(
                f"The network has {type(part).__name__.lstrip('_')} layers: it is "
                "piecewise linear, and its second derivatives are zero or undefined. "
                "Give finite_difference, for example 0.5, or fit the perceptron with "
                "activation='softplus' or 'tanh'. For the network for tables use "
                "explanation.pair_effects."
            )


def _slopes(
    network: DifferentiableNetwork, x: Tensor, y, create_graph: bool
) -> list[Tensor]:
    """Gradients of each scalar of the rows, of shape (n, d)."""
    inputs = Inputs(x, x)
    if network.form is not None:
        inputs = Inputs.of(network.module, x).with_gradients()
    score = Score(network.module, network.target, y, n_columns=inputs.n_columns)
    value = score(inputs.at)
    scalars = [value] if value.ndim == 1 else value.unbind(dim=1)
    slopes = []
    for scalar in scalars:
        (g,) = torch.autograd.grad(
            scalar.sum(), inputs.at, create_graph=create_graph, retain_graph=True
        )
        slopes.append(inputs.by_column(g, Gradients()).flatten(1))
    return slopes


def _weighted(
    network: DifferentiableNetwork,
) -> Iterator[tuple[Tensor, Tensor | None, Tensor]]:
    """Batches of rows and targets, with a weight for each row."""
    for batch in batches(network.rows):
        x, y = batch
        weight = batch.extras.get("sample_weight")
        weight = torch.ones(len(x)) if weight is None else weight.cpu()
        yield x.detach(), y, weight.double()


def _exact(network: DifferentiableNetwork, d: int) -> np.ndarray:
    """Mean squares of the second derivatives, of shape (d, d)."""
    total, n, varied, first = torch.zeros(d, d, dtype=torch.float64), 0.0, False, None
    for x, y, weight in _weighted(network):
        with torch.enable_grad():
            x = x.requires_grad_()
            for g in _slopes(network, x, y, create_graph=True):
                first = g[0].detach() if first is None else first
                varied = varied or not _same(g.detach(), first)
                if not g.requires_grad:  # the slopes do not depend on x
                    continue
                for j in range(d):
                    (h,) = torch.autograd.grad(
                        g[:, j].sum(), x, retain_graph=True, materialize_grads=True
                    )
                    finite(h.cpu(), "second derivative")
                    total[j] += weight @ h.flatten(1).cpu().double().square()
        n += float(weight.sum())
    if varied and not total.any():
        raise ValueError(
            "All second derivatives are exactly zero although the slopes differ from "
            "row to row: the network is piecewise linear. Give finite_difference, for "
            "example 0.5, or fit a network with a smooth activation."
        )
    return (total / n).numpy()


def _same(slopes: Tensor, first: Tensor) -> bool:
    """Whether the slopes of all rows are those of the first, up to rounding."""
    error = 1e3 * torch.finfo(slopes.dtype).eps
    size = float(first.abs().max())
    return torch.allclose(
        slopes, first.expand_as(slopes), rtol=error, atol=error * size
    )


def _by_differences(network: DifferentiableNetwork, d: int, step: float) -> np.ndarray:
    """Mean squares of central differences of the slopes, of shape (d, d)."""
    total, n = torch.zeros(d, d, dtype=torch.float64), 0.0
    scale = _deviations(network)
    for x, y, weight in _weighted(network):
        for k in range(d):
            way = torch.zeros(d, dtype=x.dtype, device=x.device)
            way[k] = step * scale[k]
            if not way[k]:  # the column is constant
                continue
            ends = []
            for sign in (1, -1):
                with torch.enable_grad():
                    moved = (x.flatten(1) + sign * way).reshape(x.shape)
                    at = _slopes(network, moved.requires_grad_(), y, create_graph=False)
                ends.append([each.detach() for each in at])
            for ahead, behind in zip(*ends):
                h = finite((ahead - behind).cpu(), "slope") / (2 * float(way[k]))
                total[k] += weight @ torch.from_numpy(h).double().square()
        n += float(weight.sum())
    return (total / n).numpy()


def _deviations(network: DifferentiableNetwork) -> np.ndarray:
    """Standard deviation of each value of a row; 0 for categories of a table."""
    scaler = StandardScaler()
    for x, _, weight in _weighted(network):
        rows = x.flatten(1).cpu().double().numpy()
        if weight.any():
            # The variance of a constant value may be rounded to less than zero.
            with np.errstate(invalid="ignore"):
                scaler.partial_fit(rows, sample_weight=weight.numpy())
    deviations = np.sqrt(scaler.var_.clip(min=0))
    if network.form is not None:
        deviations = np.where(network.form.is_category, 0.0, np.nan_to_num(deviations))
    return deviations
