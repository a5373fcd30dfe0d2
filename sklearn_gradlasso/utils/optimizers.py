"""Optimizers by their names: those of torch, and L-BFGS with an iteration a step.

The first call of almost any method of torch's own optimizers imports torch's compiler,
``torch._dynamo`` with sympy, only to tell it that it must not compile the method. That
takes longer than a fit of a small table. The optimizers here call the same methods
without that.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature, unwrap
from numbers import Integral

import torch
from torch import Tensor
from torch.optim import Optimizer

__all__ = ["LBFGS", "OPTIMIZERS", "check_optimizer", "kind_of"]

LONGEST_SEARCH = 26  # largest number of evaluations in a step


class WithoutCompiler(Optimizer):
    """An optimizer of torch whose methods do not import torch's compiler.

    The methods are torch's own, beneath their decorators. A method that a version of
    torch does not decorate is taken as it is.
    """

    plain_step: Callable  # torch's ``step``, which needs gradients switched off

    add_param_group = unwrap(Optimizer.add_param_group)
    load_state_dict = unwrap(Optimizer.load_state_dict)
    state_dict = unwrap(Optimizer.state_dict)
    zero_grad = unwrap(Optimizer.zero_grad)

    # torch adds its hooks to the ``step`` of a class when it makes the first instance.
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """One step; ``closure`` computes the objective and its gradients."""
        with torch.set_grad_enabled(self.defaults.get("differentiable", False)):
            return self.plain_step(closure)


class Adam(WithoutCompiler, torch.optim.Adam):
    """Adam of torch."""

    plain_step = unwrap(torch.optim.Adam.step)


class AdamW(WithoutCompiler, torch.optim.AdamW):
    """AdamW of torch."""

    plain_step = unwrap(torch.optim.AdamW.step)


class SGD(WithoutCompiler, torch.optim.SGD):
    """Stochastic gradient descent of torch."""

    plain_step = unwrap(torch.optim.SGD.step)


class LBFGS(WithoutCompiler, torch.optim.LBFGS):
    """L-BFGS with a line search by the strong Wolfe conditions, one iteration a step.

    Every step must be on the same rows. The loop over epochs decides when it ends.

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
        It is not used: the line search finds the length of a step.
    history_size : int, default=10
        Number of earlier iterations that approximate the curvature.
    max_fun : int, default=15000
        Largest number of evaluations of the objective, in all steps.

    Attributes
    ----------
    n_evaluations : int
        Number of evaluations so far.
    gradient_size : float
        Largest absolute gradient by a weight at the beginning of the last step.
    """

    plain_step = unwrap(torch.optim.LBFGS.step)

    def __init__(self, params, lr: float, history_size=10, max_fun=15000):
        for name, given in {"history_size": history_size, "max_fun": max_fun}.items():
            if not isinstance(given, Integral) or given < 1:
                raise ValueError(f"{name} must be a positive integer, got {given!r}")
        # The loop over epochs decides what is too small a gradient or change.
        super().__init__(
            params,
            max_iter=1,
            max_eval=LONGEST_SEARCH,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            history_size=history_size,
            line_search_fn="strong_wolfe",
        )
        self.max_fun = max_fun
        self.forget()

    def forget(self) -> None:
        """Begin anew: the curvature that was learned is that of one objective."""
        self.state.clear()
        self.n_evaluations, self.gradient_size = 0, float("inf")

    def step(self, closure: Callable[[], Tensor]) -> Tensor:
        """One iteration; ``closure`` computes the objective and its gradients."""
        is_first = True

        def counted():
            nonlocal is_first
            value = closure()
            self.n_evaluations += 1
            if is_first:
                grads = [w.grad for g in self.param_groups for w in g["params"]]
                sizes = [grad.abs().max() for grad in grads if grad is not None]
                self.gradient_size = torch.stack(sizes).max().item()
                is_first = False
            return value

        return super().step(counted)


OPTIMIZERS = {"adam": Adam, "adamw": AdamW, "sgd": SGD, "lbfgs": LBFGS}
SAME = {
    Adam: torch.optim.Adam,
    AdamW: torch.optim.AdamW,
    SGD: torch.optim.SGD,
}


def kind_of(optimizer: Optimizer) -> type[Optimizer]:
    """The class of optimizers that take the same steps: torch's, if it has one."""
    kind = type(optimizer)
    return SAME.get(kind, kind)


def check_optimizer(
    optimizer: str | type, params: dict | None
) -> tuple[type[Optimizer], dict]:
    """The optimizer's class and parameters.

    "adam", "adamw" and "sgd" use torch's fused implementation, unless the parameters
    ask for another one. "sgd" has momentum by default.

    Raises
    ------
    TypeError
        If the optimizer is neither a name nor a class of optimizers, or the parameters
        hold the learning rate, or one that the optimizer does not have.
    """
    params = dict(params or {})
    if "lr" in params:
        raise TypeError(
            "optimizer_params must not hold 'lr'; set learning_rate_init instead."
        )
    is_class = isinstance(optimizer, type)
    method = optimizer if is_class else OPTIMIZERS.get(optimizer)
    if method is None or not issubclass(method, Optimizer):
        raise TypeError(
            "optimizer must be 'adam', 'adamw', 'sgd', 'lbfgs' or a subclass of "
            f"torch.optim.Optimizer, got {optimizer!r}."
        )
    if issubclass(method, torch.optim.SparseAdam):
        raise ValueError(
            "optimizer=SparseAdam takes sparse gradients only, which these networks do "
            "not have; use 'adam'."
        )
    _check_names(params, method, method.__name__ if is_class else repr(optimizer))
    if optimizer == "sgd":
        params = {"momentum": 0.9, **params}
        plain = not params["momentum"] or params.get("dampening")
        params = {"nesterov": not plain, **params}
    if optimizer in ("adam", "adamw", "sgd"):
        fused = not (params.get("foreach") or params.get("differentiable"))
        params = {"fused": fused, **params}
    return method, params


def _check_names(params: dict, method: type, name: str) -> None:
    """Check names of parameters, which may be those of another optimizer."""
    taken = signature(method).parameters
    if any(each.kind is Parameter.VAR_KEYWORD for each in taken.values()):
        return
    known = [each for each in taken if each not in ("params", "lr")]
    # skorch reads param_groups before it makes the optimizer.
    unknown = [each for each in params if each not in (*known, "param_groups")]
    if unknown:
        raise TypeError(
            f"optimizer_params do not suit optimizer={name}: it has no parameter "
            f"{unknown[0]!r}, but {known}. Where the optimizer changes, as in a "
            "search, optimizer_params change with it; None is its defaults."
        )
