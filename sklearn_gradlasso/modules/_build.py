"""How an estimator's ``module`` parameter becomes a network."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..tables import TableForm
from ..utils.networks import given_copies
from ..utils.seeds import borrowed_generators, float32_by_default
from ..utils.signatures import has_parameter
from ._columns import Columns
from ._mlp import MLP
from ._table_front import Fronted, TableFront
from ._tabular import TabularNet

__all__ = ["build_module", "check_output", "is_built_in"]


BUILT_IN: dict[str | None, type[nn.Module]] = {
    None: MLP,
    "perceptron": MLP,
    "tabular": TabularNet,
}


def is_built_in(module) -> bool:
    """Whether a network is the package's own.

    Such a network draws from a private generator only, where a user's network may draw
    from torch's global generators.

    Parameters
    ----------
    module : nn.Module, callable, str or None
        As in :func:`build_module`.
    """
    return module is None or isinstance(module, str)


def build_module(
    module: nn.Module | Callable[..., nn.Module] | str | None,
    n_features: int,
    n_outputs: int,
    *,
    module_params: dict[str, Any] | None,
    seed: int,
    feature_shape: Sequence[int] = (),
    columns: Columns | None = None,
    form: TableForm | None = None,
) -> nn.Module:
    """Make the network that an estimator's ``module`` parameter stands for.

    Parameters
    ----------
    module : nn.Module, callable, "tabular" or None
        An instance is copied; a class or factory is called with ``(n_features,
        n_outputs, **module_params)``; "tabular" stands for :class:`TabularNet` and
        ``None`` for :class:`MLP`. A network that is not of this package receives copies
        of its inputs, because it may work on them in place.
    n_features, n_outputs : int
        Number of values in a row, and of outputs.
    module_params : dict or None
        Keyword arguments for a class or factory. Those of "tabular" may have
        ``n_pieces``, with which its columns were described (:func:`columns_of`).
    seed : int
        Seed of the initial weights. The state of torch's global generator is put back.
    feature_shape : tuple of int
        Shape of a row, for a class or factory that has a parameter of this name.
    columns : Columns, optional
        Description of the columns of the training rows, for "tabular".
    form : TableForm, optional
        What is known of the columns, if rows are those of a coded table. All networks
        but "tabular" then stand behind a :class:`TableFront`: a class or factory gets
        the number of encodings as ``n_features``, and an instance rows of that width.

    Returns
    -------
    nn.Module

    Raises
    ------
    TypeError
        If the factory does not take these arguments or does not return a module, or
        an instance comes with ``module_params``.
    ValueError
        If no parameter of the module requires gradients.
    """
    params = dict(module_params or {})
    front = None
    if form is not None and module != "tabular":
        front = TableFront(form)
        n_features, feature_shape = front.n_encodings, (front.n_encodings,)
    if isinstance(module, nn.Module):
        if params:
            raise TypeError(
                "module_params only go with a module class or factory, but module is "
                f"an instance of {type(module).__name__}; pass the class instead."
            )
        network = copy.deepcopy(module)
    elif is_built_in(module):
        known = {"generator": torch.Generator().manual_seed(seed)}
        if module == "tabular":
            known["columns"] = columns
            params.pop("n_pieces", None)  # The columns are described with it.
        if not known.keys().isdisjoint(params):
            raise TypeError(
                f"module_params must not have {sorted(known)}, which follow from "
                "random_state and the training rows."
            )
        kind = BUILT_IN[module]
        make = partial(kind, **known)
        network = _called(make, kind.__name__, n_features, n_outputs, params)
    else:
        if has_parameter(module, "feature_shape"):
            params = {"feature_shape": tuple(feature_shape), **params}
        network = _from_factory(module, n_features, n_outputs, params, seed)
    if not any(theta.requires_grad for theta in network.parameters()):
        raise ValueError(
            f"module: {type(network).__name__} has no learnable parameters; give a "
            "network with weights that require gradients."
        )
    network = given_copies(network)
    return network if front is None else Fronted(front, network)


def _from_factory(factory, n_features, n_outputs, params, seed) -> nn.Module:
    name = getattr(factory, "__name__", type(factory).__name__)
    with borrowed_generators(seed), float32_by_default():
        network = _called(factory, name, n_features, n_outputs, params)
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"module: {name} must return a torch.nn.Module, got "
            f"{type(network).__name__}."
        )
    return network


def _called(factory, name: str, n_features: int, n_outputs: int, params: dict) -> Any:
    try:
        return factory(n_features, n_outputs, **params)
    except TypeError as error:
        raise TypeError(
            f"module: {name} is called as module(n_features, n_outputs, "
            f"**module_params), here ({n_features}, {n_outputs}, **{params}), and "
            f"answered: {error}"
        ) from error


def check_output(network: nn.Module, x: Tensor, n_outputs: int) -> None:
    """Check the shape of the network's output by one forward pass.

    Parameters
    ----------
    network : nn.Module
    x : Tensor of shape (n, *feature_shape)
    n_outputs : int

    Raises
    ------
    ValueError
        If the network cannot take x, does not return ``(n, n_outputs)``, or has an
        output that depends on none of its parameters.
    """
    try:
        with torch.enable_grad():
            output = network.eval()(x)
    except Exception as error:
        raise ValueError(
            f"module cannot take a batch of shape {tuple(x.shape)} and dtype "
            f"{x.dtype}; check its input layer, or reshape the rows with input_shape. "
            f"It answered: {error}"
        ) from error
    found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if found != (len(x), n_outputs):
        raise ValueError(
            f"module must return a tensor of shape (n_rows, {n_outputs}), but returned "
            f"{found} for {len(x)} rows; end it with a layer of {n_outputs} units and "
            "no activation."
        )
    if not output.requires_grad:
        raise ValueError(
            "module: its output depends on none of its parameters that require "
            "gradients, so that it can learn nothing."
        )
