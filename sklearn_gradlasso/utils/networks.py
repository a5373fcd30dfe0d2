"""What a network may be asked: the one place that looks, with the defaults.

The docstring of :mod:`sklearn_gradlasso.modules` lists the whole protocol of a module.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = [
    "column_sum_of",
    "draws_at_random",
    "encodes_columns",
    "given_copies",
    "has_hooks",
    "is_category_of",
    "is_piecewise_linear",
    "many_to_many_of",
    "n_members_of",
    "n_networks_of",
    "n_per_column_of",
    "outputs_at",
    "raw_scores_of",
    "same_in_both_modes",
]


def n_networks_of(module: nn.Module) -> int | None:
    """Number of networks in a stack; ``None`` for a module that is one network."""
    return getattr(module, "n_networks", None)


def raw_scores_of(module: nn.Module) -> nn.Module:
    """The network without its last activation; by default the module itself."""
    return getattr(module, "raw_scores", module)


def encodes_columns(module: nn.Module) -> bool:
    """Whether a module reads a coded table, by encodings of its columns.

    It then has ``encode``, ``column_of`` and ``from_encoded``.
    """
    members = "encode", "column_of", "from_encoded"
    return all(hasattr(module, name) for name in members)


def n_members_of(module: nn.Module) -> int | None:
    """Number of networks whose scores a module averages, each of which has a loss.

    It then has ``with_members``, and encodes the columns of a table. ``None`` for a
    module that has one loss.
    """
    return getattr(module, "n_members", None)


def n_per_column_of(module: nn.Module) -> int | None:
    """Number of encodings of each column of a table, if they are equally many.

    Those of one column then follow those of the column before. ``None`` if
    ``column_of`` has to be asked.
    """
    return getattr(module, "n_per_column", None)


def column_sum_of(module: nn.Module) -> nn.Module | None:
    """The part whose raw scores are functions of columns, and what these do together.

    It then has ``after_sum`` as well. ``None`` for a module that has no such part.
    """
    return getattr(module, "column_sum", None)


def is_category_of(module: nn.Module) -> Tensor | None:
    """Which columns of a table hold categories; ``None`` if none of them does."""
    return getattr(module, "is_category", None)


def outputs_at(module: nn.Module) -> Callable[[Tensor, Tensor, int], Tensor] | None:
    """The method ``at`` that computes a few outputs only; ``None`` if there is none."""
    return getattr(module, "at", None)


def many_to_many_of(module: nn.Module) -> bool | None:
    """Whether there are outputs at every time step; ``None`` if no part says so.

    A module is many-to-many if it or one of its parts says that it is.
    """
    said = [
        part.many_to_many for part in module.modules() if hasattr(part, "many_to_many")
    ]
    return any(said) if said else None


def same_in_both_modes(part: nn.Module) -> bool:
    """Whether a part computes the same values in training and in evaluation mode."""
    return getattr(part, "same_in_both_modes", False)


def is_piecewise_linear(part: nn.Module) -> bool:
    """Whether a part says that its second derivatives vanish almost everywhere."""
    return getattr(part, "is_piecewise_linear", False)


def given_copies(module: nn.Module) -> nn.Module:
    """The same network, from now on called with a copy of its input.

    A network of the user may work on its input in place, which would change the rows of
    the caller. The copy is part of the graph, so that gradients are those by the input.
    The networks of this package, and no subclasses of them, are known not to do that.
    """
    own = __name__.partition(".")[0]
    known = type(module).__module__.partition(".")[0] == own
    if not known and _copied not in module._forward_pre_hooks.values():
        module.register_forward_pre_hook(_copied)
    return module


def _copied(module: nn.Module, inputs: tuple) -> tuple:
    return tuple(x.clone() if isinstance(x, Tensor) else x for x in inputs)


def draws_at_random(part: nn.Module) -> bool:
    """Whether a part draws from a private generator, such as a gate in training."""
    return isinstance(getattr(part, "generator", None), torch.Generator)


def has_hooks(part: nn.Module) -> bool:
    """Whether a tool watches the calls of a part, or changes its derivative.

    Tools such as DeepLift put a hook on each layer of torch that they know.
    """
    hooks = part._forward_hooks, part._forward_pre_hooks
    return any(hooks) or bool(part._backward_hooks or part._backward_pre_hooks)
