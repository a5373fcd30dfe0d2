"""Networks fitted by scikit-learn, skorch or torch, asked like our own estimators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod

import numpy as np
import torch
from scipy.special import expit
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor, nn

from .. import attributions, targets
from ..modules import MLP, LogOdds, LogProbabilities
from ..training.rows import Rows
from ..utils.networks import many_to_many_of
from ..utils.threads import computing
from .evaluation import Explained, evaluating, explanation_of, name_of
from .explainable import Explainable
from .foreign_outputs import Exp, FlatOutput, SkorchAnswer, first_tensor
from .scalars import (
    Scalars,
    scalars_of_classes,
    scalars_of_labels,
    scalars_of_numbers,
)

__all__ = ["ForeignNetwork", "SklearnMLP", "SkorchNet", "TorchModule"]

_FLOATS = (np.float64, np.float32)


class ForeignNetwork(ABC):
    """A fitted network of another package that has the protocol of this wing."""

    n_jobs = None
    _reasons = None

    def __init__(self, model):
        self.model = model

    @property
    def classes_(self):
        """Labels of the classes, or None."""
        return getattr(self.model, "classes_", None)

    @abstractmethod
    def _opened(self, X) -> tuple[nn.Module, Rows, Scalars]:
        """The network as a module, rows for it, and the scalars of its output."""

    def _answering(self, X) -> tuple[nn.Module, Rows, Scalars]:
        """The same with a module whose output is what the model answers."""
        return self._opened(X)

    def _own_answer(self, X, x: np.ndarray) -> np.ndarray | None:
        """What the model itself says of its first rows, in the terms of ``_rebuilt``.

        ``None`` if it has no way of its own to answer.
        """
        return None

    def _rebuilt(self, output: np.ndarray) -> np.ndarray:
        """The same, from the output of the module."""
        return output

    def _check_answer(self, X, module: nn.Module, rows: Rows) -> None:
        """Check on two rows that the module answers what the model answers.

        Raises
        ------
        ValueError
            If it does not, as of a subclass with a ``predict_proba`` of its own.
        """
        x = rows[:2][0]
        # The loaders of skorch draw from torch's global generator.
        with evaluating(module), torch.random.fork_rng(devices=[]):
            own = self._own_answer(X, x.cpu().numpy().copy())
            output = module(x).cpu().numpy()
        if own is None:
            return
        rebuilt, own = self._rebuilt(output), np.reshape(own, (len(x), -1))
        same = rebuilt.shape == own.shape and np.allclose(
            rebuilt, own, rtol=1e-3, atol=1e-5, equal_nan=True
        )
        if not same:
            raise ValueError(
                f"{type(self.model).__name__} answers {own[0].tolist()} for the first "
                f"row, where its network says {rebuilt[0].tolist()}: the explanation "
                "would not be of its answers. Explain the network itself (for skorch, "
                "its module_)."
            )

    def _differentiable(self, X, target=None, in_units=False):
        module, rows, scalars = self._opened(X)
        if target is None:
            return module, rows, scalars.differentiated
        return module, rows, scalars.named(target)

    def _explained(self, X, target=None, attribution=None) -> Explained:
        attribution = _attribution(attribution)
        module, rows, scalars = self._answering(X)
        self._check_answer(X, module, rows)
        target = scalars.explained if target is None else scalars.named(target)
        with computing(self.n_jobs):
            return explanation_of(module, rows, attribution, target)

    def _explainable(self, X, target=None) -> Explainable | None:
        module, rows, scalars = self._answering(X)
        if len(rows.feature_shape) != 1:
            return None
        self._check_answer(X, module, rows)
        target = scalars.reasons if target is None else scalars.named(target)
        return Explainable(module, rows, target, n_jobs=self.n_jobs)

    def _attribution_of_reasons(self) -> str:
        return "expected_gradients"  # The default of ``_explained`` is a slope.


class SklearnMLP(ForeignNetwork):
    """A fitted ``MLPClassifier`` or ``MLPRegressor``.

    It explains the log-odds of two classes, the log-probabilities of more classes, the
    log-odds of each label of a multilabel classifier, and the predictions of a
    regressor.
    """

    def _opened(self, X):
        model = self.model
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
        scalars = scalars_of_numbers(model.n_outputs_)
        if model.out_activation_ == "softmax":
            network, scalars = (
                LogProbabilities(network, model.n_outputs_),
                scalars_of_classes(model.n_outputs_),
            )
        elif model.out_activation_ == "logistic" and model.n_outputs_ == 1:
            network, scalars = LogOdds(network), scalars_of_classes(2)
        elif model.out_activation_ == "logistic":
            scalars = scalars_of_labels()
        elif model.out_activation_ == "exp":  # Poisson regression
            network = nn.Sequential(network, Exp())
        return network, _rows_for(network, X), scalars

    def _own_answer(self, X, x):
        first = _safe_indexing(X, np.arange(len(x)))
        if self._has_classes:
            return self.model.predict_proba(first)
        return self.model.predict(first)

    @property
    def _has_classes(self) -> bool:
        return self.model.out_activation_ in ("softmax", "logistic")

    @property
    def _reasons(self) -> str | None:
        return "log_odds" if self._has_classes else None

    @property
    def _has_labels(self) -> bool:
        """Whether the outputs are labels that do not exclude each other."""
        return self.model.out_activation_ == "logistic" and self.model.n_outputs_ > 1

    def _rebuilt(self, output):
        if not self._has_classes:
            return output
        return expit(output) if self._has_labels else np.exp(output)


class TorchModule(ForeignNetwork):
    """A ``torch.nn.Module``, whose output is taken as it is.

    Parameters
    ----------
    model : nn.Module
    many_to_many : bool
        Whether the module has outputs at every time step. If they have an axis of
        their own, this is found out.
    """

    classes_ = None

    def __init__(self, model, many_to_many: bool = False):
        super().__init__(model)
        self.many_to_many = many_to_many

    @property
    def module(self) -> nn.Module:
        """The network."""
        return self.model

    def _opened(self, X):
        module = self.module
        X = check_array(X, accept_sparse="csr", dtype=_FLOATS, allow_nd=True)
        rows = _rows_for(module, X)
        shape = _answer(module, rows).shape
        at_each_step = X.ndim == 3 and len(shape) == 3 and shape[1] == X.shape[1]
        said = many_to_many_of(module)
        many_to_many = self.many_to_many or at_each_step or bool(said)
        as_many = X.ndim == 3 and shape[1:] == X.shape[1:2] and X.shape[1] > 1
        is_ambiguous = as_many and not many_to_many and said is None
        flat = FlatOutput(module, many_to_many, is_ambiguous)
        several = prod(shape[1:]) > 1 and not many_to_many
        single = targets.predicted_class
        default = single if several else targets.output
        names = {"output": targets.output, single.__name__: single}
        scalars = Scalars(targets.output, default, single, targets.output, names)
        if self._regresses:
            scalars = scalars_of_numbers(prod(shape[1:]))
        return flat, rows, scalars

    @property
    def _regresses(self) -> bool:
        return False


class SkorchNet(TorchModule):
    """A fitted skorch net.

    The output of its ``module_`` is differentiated as it is. What ``predict_proba``
    returns is explained; of a classifier in log-odds or log-probabilities.
    """

    @property
    def module(self):
        """The network."""
        return self.model.module_

    @property
    def classes_(self):
        """Labels of the classes, or None."""
        return getattr(self.model, "classes_", None) if self._classifies else None

    @property
    def _classifies(self) -> bool:
        return hasattr(self.model, "__sklearn_tags__") and is_classifier(self.model)

    @property
    def _regresses(self) -> bool:
        return hasattr(self.model, "__sklearn_tags__") and is_regressor(self.model)

    @property
    def _reasons(self) -> str | None:
        return "log_odds" if self._classifies else None

    def _own_answer(self, X, x):
        return self.model.predict_proba(x)

    def _rebuilt(self, output):
        return np.exp(output) if self._classifies else output

    def _answering(self, X):
        _, rows, scalars = self._opened(X)
        module = SkorchAnswer(self.model, in_logarithms=self._classifies)
        with evaluating(module):
            answer = module(rows[:1][0])[0]
        if self._classifies:
            total = float(answer.exp().sum())
            if not np.isclose(total, 1, rtol=1e-3):
                raise ValueError(
                    f"predict_proba of {type(self.model).__name__} must return the "
                    "probabilities of the classes of a row to be explained, but they "
                    f"add up to {total:.3g}; check criterion and predict_nonlinearity, "
                    "or explain the output of its module_."
                )
            scalars = scalars_of_classes(len(answer))
        elif self._regresses:
            scalars = scalars_of_numbers(len(answer))
        return module, rows, scalars


def _attribution(attribution: str | Callable | None) -> Callable:
    """The attribution to explain with, by default gradients.

    Raises
    ------
    TypeError, ValueError
        If there is no such attribution, or it lacks a background.
    """
    attribution = attributions.by_name(
        "gradients" if attribution is None else attribution
    )
    # Those that compare with rows have a background.
    if getattr(attribution, "background", attribution) is None:
        name, kind = name_of(attribution), type(attribution).__name__
        raise ValueError(
            f"attribution={name!r} compares rows with a background, and "
            "networks that this package has not fitted keep no training data; give "
            "background=rows, as the model takes them, or "
            f"attribution={kind}(background=rows), with rows as the network sees them: "
            "in a Pipeline, model[:-1].transform(X)."
        )
    return attribution


def _rows_for(module: nn.Module, X) -> Rows:
    """Rows in the precision and on the device of the network's parameters."""
    floating = (p for p in module.parameters() if p.is_floating_point())
    like = next(floating, torch.empty(0, dtype=torch.float32))
    return Rows(X, feature_shape=X.shape[1:], dtype=like.dtype, device=like.device)


def _answer(module: nn.Module, rows: Rows) -> Tensor:
    """The output of a network for the first row.

    The first two rows are also put through it together. Each must get the answer that
    it gets alone: a recurrent layer that takes the first axis for time would change
    that of the second row.

    Raises
    ------
    ValueError
        If the network does not take the row, or mixes rows.
    """
    parts = [slice(k, k + 1) for k in range(min(2, len(rows)))]
    try:
        with evaluating(module):
            alone = [first_tensor(module(rows[part][0].clone())) for part in parts]
            together = first_tensor(module(rows[:2][0].clone()))
    except Exception as error:
        raise ValueError(
            f"model cannot take rows of shape {rows.feature_shape} and dtype "
            f"{rows.dtype}; give X as the network takes it, as numbers with which it "
            f"computes (token ids cannot be differentiated). It answered: {error}"
        ) from error
    known = torch.cat(alone)
    alike = known.shape == together.shape and torch.allclose(
        known, together, rtol=1e-2, atol=1e-4, equal_nan=True
    )
    if not alike:
        raise ValueError(
            "model answers a row differently when another row is in the batch; the "
            "first axis must be that of the rows (recurrent layers of torch need "
            "batch_first=True)."
        )
    return alone[0]
