"""Many networks of one architecture as one module.

Each parameter and buffer has a first axis for the networks, and each tensor of data has
a second axis for them; :mod:`sklearn_gradlasso.objective` explains this.
``torch.func.stack_module_state`` is not used, because its tensors are not parameters of
a module. Here the optimizer and the module share them, so that networks whose training
has ended can be removed from both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from ..utils.networks import (
    is_category_of,
    n_members_of,
    n_per_column_of,
    raw_scores_of,
)

__all__ = ["Stack", "named_tensors", "put_into"]


class _Vectorised(nn.Module):
    """A module whose parameters and buffers have a first axis for many networks.

    Parameters
    ----------
    network : nn.Module
        A network whose parameters and buffers have this axis. It cannot be called
        directly.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.training = network.training

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of all networks, ``(n, n_networks, ...) -> (n, n_networks, ...)``."""
        return self._of_all(self.network, x)

    @property
    def column_of(self) -> Tensor:
        """The column of each encoding, if the networks encode those of a table."""
        return self.network.column_of[0]

    @property
    def n_per_column(self) -> int | None:
        """Number of encodings of each column, if all have equally many."""
        return n_per_column_of(self.network)

    @property
    def is_category(self) -> Tensor | None:
        """Which columns of that table hold categories."""
        is_category = is_category_of(self.network)
        return None if is_category is None else is_category[0]

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The encodings and directions of all networks, (n, n_networks, p) each."""
        return self._of_all(_Method(self.network, "encode"), x)

    def from_encoded(self, encodings: Tensor) -> Tensor:
        """Outputs of all networks for encodings of shape (n, n_networks, p)."""
        return self._of_all(_Method(self.network, "from_encoded"), encodings)

    @property
    def n_members(self) -> int | None:
        """Number of members of each network."""
        return n_members_of(self.network)

    def with_members(
        self, encodings: Tensor, share: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Outputs of all networks, and of the members of each of them."""
        given = (encodings,) if share is None else (encodings, share)
        return self._of_all(_Method(self.network, "with_members"), *given)

    @staticmethod
    def _of_all(called: nn.Module, *tensors: Tensor):
        def of_one(state, *tensors):
            return functional_call(called, state, tensors)

        in_dims = (0, *(1 for _ in tensors))
        of_all = vmap(of_one, in_dims=in_dims, out_dims=1)
        return of_all(named_tensors(called), *tensors)


class Stack(_Vectorised):
    """Networks of one architecture, evaluated as one by ``torch.func``.

    A stack takes a tensor of shape ``(n, n_networks, *feature_shape)``, which holds n
    rows for each network, and returns ``(n, n_networks, n_outputs)``. The networks
    share nothing, so no network depends on the others.

    Parameters
    ----------
    networks : sequence of nn.Module
        Networks that differ only in the values of their parameters and buffers. They
        are copied.
    """

    def __init__(self, networks: Sequence[nn.Module]):
        super().__init__(deepcopy(networks[0]))
        states = [named_tensors(network) for network in networks]
        for name, tensor in named_tensors(self.network).items():
            tensor.data = torch.stack([state[name].detach() for state in states])

    @property
    def n_networks(self) -> int:
        return len(next(self.network.parameters()))

    @property
    def raw_scores(self) -> nn.Module:
        """The networks without their last activation, if it is a separate layer."""
        raw = raw_scores_of(self.network)
        return self if raw is self.network else _Vectorised(raw)

    def of_each(self, function: Callable[[nn.Module], Tensor]) -> Tensor:
        """Apply a function ``module -> ()`` to each network; returns (n_networks,)."""
        called = _FunctionOfModule(self.network, function)
        named = named_tensors(called)
        states = zip(*(tensor.unbind() for tensor in named.values()))
        # This cannot use vmap: within it no tensor has requires_grad set.
        values = [
            functional_call(called, dict(zip(named, each)), ()) for each in states
        ]
        return torch.stack(values)

    def tensors_of(self, k: int) -> dict[str, Tensor]:
        """Copies of the parameters and buffers of one network, by their names."""
        named = named_tensors(self.network)
        return {name: tensor.detach()[k].clone() for name, tensor in named.items()}

    def keep(self, chosen: Tensor, optimizer: torch.optim.Optimizer) -> None:
        """Keep only some of the networks, and their part of the optimizer's state."""
        for tensor in named_tensors(self.network).values():
            for name, value in optimizer.state.get(tensor, {}).items():
                if getattr(value, "shape", None) == tensor.shape:
                    optimizer.state[tensor][name] = value.index_select(0, chosen)
            tensor.grad = None
            tensor.data = tensor.data.index_select(0, chosen)


class _Method(nn.Module):
    """A method of a network, as a module that ``functional_call`` can call."""

    def __init__(self, network: nn.Module, name: str):
        super().__init__()
        self.network, self.name = network, name
        self.training = network.training

    def forward(self, *tensors: Tensor):
        return getattr(self.network, self.name)(*tensors)


class _FunctionOfModule(nn.Module):
    """A function of a module, as a module that ``functional_call`` can call."""

    def __init__(self, network: nn.Module, function: Callable[[nn.Module], Tensor]):
        super().__init__()
        self.network, self.function = network, function

    def forward(self) -> Tensor:
        return self.function(self.network)


def named_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, including buffers that are not persistent."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def put_into(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copy these values into the parameters and buffers of a module."""
    with torch.no_grad():
        for name, tensor in named_tensors(module).items():
            tensor.copy_(tensors[name])
