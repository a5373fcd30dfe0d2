"""Errors about names of parameters: what a name of another package is called here.

A class uses the functions as its methods by assignments, ``__new__ =
parameter_names.new`` and ``set_params = parameter_names.set_params``.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from inspect import Parameter, signature

from sklearn.base import BaseEstimator

__all__ = ["ExplainedNames", "new", "set_params"]

MLP = "from_mlp(estimator) translates a whole MLPClassifier or MLPRegressor."
SGD = 'give optimizer="sgd" and optimizer_params'
# What the names of scikit-learn's networks, skorch, LassoNet and torch are called here:
# the parameter that takes their place, if any, and a sentence. Where a class lacks that
# parameter, the sentence is not said.
ELSEWHERE: dict[str, tuple[str | None, str]] = {
    "alpha": (
        "weight_l2",
        "the alpha of MLPClassifier is weight_l2 = alpha / (2 * batch_size) here, with "
        "penalize_biases=False, because alpha leaves biases alone; for the squared "
        "error of MLPRegressor it is weight_l2 = alpha / batch_size, with "
        f"normalize_y=False. {MLP}",
    ),
    "solver": (
        "optimizer",
        f'it is called optimizer here ("adam", "sgd" or "lbfgs"). {MLP}',
    ),
    "learning_rate": (
        "learning_rate_init",
        "a number is called learning_rate_init here; a schedule is a callback, such as "
        f"skorch.callbacks.LRScheduler. {MLP}",
    ),
    "power_t": (
        "callbacks",
        f"a schedule of the learning rate is a callback here. {MLP}",
    ),
    "momentum": ("optimizer_params", f'{SGD}={{"momentum": ...}}.'),
    "nesterovs_momentum": ("optimizer_params", f'{SGD}={{"nesterov": ...}}.'),
    "beta_1": (
        "optimizer_params",
        'give optimizer_params={"betas": (beta_1, beta_2)}.',
    ),
    "beta_2": (
        "optimizer_params",
        'give optimizer_params={"betas": (beta_1, beta_2)}.',
    ),
    "epsilon": ("optimizer_params", 'give optimizer_params={"eps": epsilon}.'),
    "max_fun": (
        "optimizer_params",
        'give optimizer="lbfgs" and optimizer_params={"max_fun": ...}.',
    ),
    "lambda_": ("lam", "it is called lam here."),
    "lambda_start": (None, "a path of strengths is lambda_path(estimator, X, y)."),
    "lambda_seq": (None, "give the strengths to lambda_path(estimator, X, y, lams)."),
    "path_multiplier": (
        None,
        "give the strengths to lambda_path(estimator, X, y, lams).",
    ),
    "M": (
        None,
        "LassoNet's M limits weights by those of a linear path, which these networks "
        "do not have.",
    ),
    "gamma": ("weight_l2", "it is called weight_l2 here."),
    "hidden_dims": ("hidden_layer_sizes", "it is called hidden_layer_sizes here."),
    "n_iters": ("max_iter", "it is called max_iter here, one number of epochs."),
    "patience": ("n_iter_no_change", "it is called n_iter_no_change here."),
    "val_size": (
        "validation_fraction",
        "give early_stopping=True and validation_fraction.",
    ),
    "backtrack": (
        "early_stopping",
        "early_stopping=True keeps the weights that are best on held-out rows.",
    ),
    "lr": ("learning_rate_init", "it is called learning_rate_init here."),
    "max_epochs": ("max_iter", "it is called max_iter here."),
    "epochs": ("max_iter", "it is called max_iter here."),
    "n_epochs": ("max_iter", "it is called max_iter here."),
    "criterion": (
        None,
        "the loss follows from the task: cross-entropy for a classifier, and what a "
        "regressor's loss says.",
    ),
    "loss": (
        None,
        "the loss follows from the task here.",
    ),
    "train_split": ("early_stopping", "give early_stopping and validation_split."),
    "iterator_train": ("batch_size", "give batch_size and shuffle."),
    "weight_decay": (
        "weight_l2",
        "it is called weight_l2 here, which is half of torch's weight_decay.",
    ),
    "dropout": ("module", "give a module with dropout."),
    "seed": ("random_state", "it is called random_state here."),
    "torch_seed": ("random_state", "it is called random_state here."),
    "annotations": (
        None,
        "annotations belong to the rows: fit(X, y, annotations=...), and in a Pipeline "
        "fit(X, y, name_of_the_step__annotations=...).",
    ),
    "sample_weight": (None, "give it to fit(X, y, sample_weight=...)."),
    "groups": (None, "give them to fit(X, y, groups=...)."),
    "classes": (None, "give them to the first partial_fit(X, y, classes=...)."),
    "Cs": ("lams", "the strengths are called lams here; a larger one is stronger."),
    "alphas": ("lams", "the strengths are called lams here."),
    "lam": ("lams", "here lam is chosen among lams, a number of values or a list."),
    "lams": ("lam", "one fit has one lam; lambda_path and the CV classes take lams."),
}
# Prefixes of skorch, such as optimizer__lr.
PREFIXES = {
    "optimizer__": ("optimizer_params", "give optimizer_params={{{!r}: ...}}."),
    "module__": ("module_params", "give module_params={{{!r}: ...}}."),
    "iterator_train__": ("batch_size", "give batch_size and shuffle."),
    "iterator_valid__": ("batch_size", "give batch_size."),
    "callbacks__": ("callbacks", "give callbacks, a list of skorch callbacks."),
}


def new(cls, *args, **kwargs):
    """``__new__`` of an estimator: it checks the names of the arguments.

    The constructors themselves, and so the signatures from which scikit-learn reads the
    parameters, stay as they are; those of subclasses, too.
    """
    _check_arguments(cls, args, kwargs)
    return object.__new__(cls)


def set_params(self, **params):
    """Set parameters of the estimator, or with ``__`` of a part of it.

    Parameters
    ----------
    **params : dict
        Values by the names of parameters.

    Returns
    -------
    self : object
        The estimator.

    Raises
    ------
    ValueError
        If there is no parameter of such a name.
    """
    known = self.get_params(deep=False)
    for name in params:
        part, is_nested, _ = name.partition("__")
        holds_none = is_nested and not hasattr(known.get(part), "set_params")
        if part not in known or holds_none:
            hint = _hint(name, known)
            raise ValueError(
                f"Invalid parameter {name!r} for estimator {type(self).__name__}: "
                f"{hint} Valid parameters are: {sorted(known)}."
            )
    return BaseEstimator.set_params(self, **params)


class ExplainedNames:
    """A base with these methods, for a class whose own constructor is in its body.

    ``inspect.signature`` would read that of a ``__new__`` beside the constructor.
    """

    __new__, set_params = new, set_params


def _check_arguments(cls: type, args: tuple, kwargs: dict) -> None:
    """Raise a TypeError for arguments that the constructor does not take."""
    if not args and not kwargs:
        return
    _, *parameters = signature(cls.__init__).parameters.values()
    kinds = {each.kind for each in parameters}
    names = [each.name for each in parameters]
    if args and kinds <= {Parameter.KEYWORD_ONLY}:
        layers = "hidden_layer_sizes" in names
        meant = f"hidden_layer_sizes={args[0]!r}" if layers else f"name={args[0]!r}"
        raise TypeError(
            f"{cls.__name__} takes its parameters by name only: write "
            f"{cls.__name__}({meant}), got {args[0]!r} without a name."
        )
    if Parameter.VAR_KEYWORD in kinds:
        return
    for name in kwargs:
        if name not in names:
            raise TypeError(
                f"{cls.__name__} has no parameter {name!r}: {_hint(name, names)}"
            )


def _hint(name: str, known: Collection[str]) -> str:
    """A sentence about what an unknown name may mean."""
    place, hint = ELSEWHERE.get(name, (None, ""))
    for prefix, (of_prefix, text) in PREFIXES.items():
        if name.startswith(prefix):
            place, hint = of_prefix, text.format(name.removeprefix(prefix))
    if name == "optimizer__lr":
        place, hint = ELSEWHERE["lr"]
    if hint and (place is None or place in known):
        return hint
    if name == "lam" and "n_nonzero_coefs" in known:
        return "the gate makes weights sparse here, by n_nonzero_coefs."
    if hint and "estimator" in known:
        return f"give it to the estimator inside, where {hint}"
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "get_params() shows all parameters."
