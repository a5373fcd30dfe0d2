"""The one opener of fitted models: the network inside, its rows, and their names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from sklearn.base import is_regressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils import check_array
from sklearn.utils.validation import _check_feature_names, _num_samples
from torch import Tensor, nn

from .. import attributions
from ..tables import TableForm, coded_table
from ..training.rows import Rows
from ..utils.networks import many_to_many_of
from ..utils.torch_modes import default_modes
from ..utils.validation import check_sample_weight
from .background import Background
from .differentiable import DifferentiableNetwork
from .evaluation import Explained
from .explainable import Explainable
from .feature_names import names_after
from .foreign_networks import SklearnMLP, SkorchNet, TorchModule
from .labels import has_labels
from .table_columns import TableColumn
from .tracing.columns import table_columns
from .tracing.values import copied
from .wrappers import hint_for, named, unwrapped

__all__ = ["OpenedModel", "open_model"]


@dataclass(frozen=True)
class OpenedModel:
    """The network inside a fitted model, and rows as they reach it.

    Attributes
    ----------
    network : object
        It has the protocol of this wing.
    rows : array, sparse matrix or DataFrame
        X after the transformers.
    names : ndarray of str
        Names of the network's features, in the shape of a row.
    transformers : list
        What transforms X before it reaches the network.
    X : array, sparse matrix, DataFrame or list
        The rows as the user gave them.
    transformed_target : bool
        Whether the network is the regressor of a ``TransformedTargetRegressor``, whose
        answers are in units of the transformed target.
    calibrated : bool
        Whether the network is that of a ``CalibratedClassifierCV``, whose probabilities
        are not those of the network.
    kept : ndarray or None
        Rows as the network sees them, to differentiate it there instead.
    """

    network: Any
    rows: Any
    names: np.ndarray
    transformers: list
    X: Any
    transformed_target: bool = False
    calibrated: bool = False
    kept: np.ndarray | None = None

    @property
    def form(self) -> TableForm | None:
        """How the network codes the rows, if it reads them as a raw table."""
        return getattr(self.network, "_table_form", None)

    @cached_property
    def columns(self) -> list[TableColumn] | None:
        """The columns of X that the network's features are made of.

        Columns of X come in their order, and behind them what steps have mixed of
        columns, in units of their outputs. Each feature belongs to one column. If X is
        no table (texts, for example), the features are their own columns; if rows of
        the network are images or sequences, there are none.
        """
        first = [*self.transformers, self.network][0]
        given = self.X, first, self.transformers, self.rows, self.names
        return table_columns(*given, self.form)

    @default_modes()
    def explained(self, target=None, attribution=None) -> Explained:
        """Attributions of the rows, with the data and names of what is explained.

        Parameters
        ----------
        target, attribution : optional
            As for ``explain`` of an estimator of this package.

        Raises
        ------
        TypeError, ValueError
            If the rows, target or attribution do not fit the network.
        """
        found = self.network._explained(
            self.rows, target=target, attribution=attribution
        )
        values, predictions = np.asarray(found.values), np.asarray(found.predictions)
        base = None if found.base_values is None else np.asarray(found.base_values)
        data, names = found.data, self.names
        if data is None:
            data = self.seen(self.rows)
        else:
            names = found.feature_names
        name = getattr(found, "attribution", None)
        per_unit = getattr(found, "per_unit", False)
        return Explained(values, predictions, base, data, names, name, per_unit)

    @property
    def reasons(self) -> str | None:
        """Name of the target that reasons are about; None for the network's default."""
        return getattr(self.network, "_reasons", None)

    def attribution_of_reasons(self, attribution=None, given=None) -> tuple[Any, str]:
        """The attribution that a user asks for, or that of reasons without effects.

        Parameters
        ----------
        attribution : str, callable or None
            As the user gave it.
        given : array-like or None
            Rows that attributions compare with, as the model takes them.

        Returns
        -------
        attribution : str, callable or None
        background : str
            The rows that it compares with, in words; empty if it compares with none.
        """
        is_default = attribution is None
        if is_default:
            asked = getattr(self.network, "_attribution_of_reasons", None)
            attribution = None if asked is None else asked()
        if not _compares(attribution):
            return attribution, ""
        own = getattr(attribution, "background", None)
        if own is not None:
            return attribution, f"{len(own)} rows given"
        keeps_rows = getattr(self.network, "_background", None) is not None
        if given is None and not keeps_rows and not is_default:
            return attribution, ""  # The network says what it needs.
        background = self.background(given)
        if given is not None or not keeps_rows:
            attribution = attributions.by_name(attribution).against(background.rows)
        return attribution, f"{len(background.rows)} {background.source}"

    @default_modes()
    def explainable(self, target=None) -> Explainable | None:
        """The scalars whose effects are reasons, or None if rows are no table."""
        asked = getattr(self.network, "_explainable", None)
        return None if asked is None else asked(self.rows, target)

    @default_modes()
    def background(self, given=None) -> Background:
        """Rows to compare with, as the network sees them.

        Parameters
        ----------
        given : array-like, optional
            Rows as the model takes them. By default the training rows that the network
            keeps, or the rows of this record if it keeps none.
        """
        if given is not None:
            rows, names = _transformed(given, self.network, self.transformers)
            if names.size != self.names.size:
                raise ValueError(
                    f"background must have the {self.names.size} features of the "
                    f"network, got {names.size}; give rows of the same table as X."
                )
            if not _num_samples(rows):
                raise ValueError("background has no rows; give one at least.")
            return Background.of(self.seen(rows), "rows given")
        kept = getattr(self.network, "_background", None)
        if kept is None:
            rows = self.seen(self.rows)
            if len(rows) < 2:
                raise ValueError(
                    "background must be given to explain a single row, because this "
                    "network keeps no training rows to compare it with."
                )
            return Background.of(rows, "rows of X")
        rows, weight = kept
        if weight is not None:
            rows, weight = rows[weight > 0], weight[weight > 0]
        return Background(rows, weight, self.network._feature_means, "training rows")

    def at_kept_rows(self) -> tuple[OpenedModel | None, np.ndarray | None]:
        """The model at the training rows that its network keeps, and their weights.

        Both are None if it keeps none.
        """
        kept = getattr(self.network, "_background", None)
        if kept is None:
            return None, None
        rows, weight = kept
        return replace(self, kept=np.asarray(rows)), weight

    def seen(self, rows) -> np.ndarray:
        """Rows after the transformers as the network sees them, in a dense array.

        Raises
        ------
        ValueError
            If a network that reads raw tables was fitted on other columns.
        """
        if self.form is None:
            return dense(rows)
        _check_feature_names(self.network, rows, reset=False)
        coded = coded_table(self.form, rows)
        return coded.toarray() if hasattr(coded, "toarray") else coded

    @property
    def classes(self) -> np.ndarray | None:
        """Labels of the classes of a classifier."""
        return getattr(self.network, "classes_", None)

    @property
    def has_labels(self) -> bool:
        """Whether these are labels that may occur together, each with its log-odds."""
        return has_labels(self.network)

    @property
    def predicts_targets(self) -> bool:
        """Whether the answers are predictions in units of y."""
        model = getattr(self.network, "model", self.network)
        return hasattr(model, "__sklearn_tags__") and is_regressor(model)

    @default_modes()
    def differentiable(
        self, target=None, sample_weight=None, *, in_units: bool = False
    ) -> DifferentiableNetwork:
        """The network, rows for it, and the scalars whose slopes are asked for.

        Parameters
        ----------
        target : str, callable or None
            The defaults are the log-odds for two classes, the log-probability of the
            predicted class for more, and all outputs of a regressor. For a network of
            unknown kind it is the output, or the largest of several.
        sample_weight : array-like of shape (n_samples,), optional
        in_units : bool
            Whether regressors of this package answer in units of y, also by default.

        Raises
        ------
        TypeError
            If the network has no slopes that mean anything.
        ValueError
            If the rows, weights or target do not fit it.
        """
        network = self.network
        module, rows, target = network._differentiable(self.rows, target, in_units)
        if self.kept is not None:
            form = {"dtype": rows.dtype, "device": rows.device}
            rows = Rows(self.kept, feature_shape=rows.feature_shape, **form)
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, rows.X)
            rows.extras["sample_weight"] = torch.from_numpy(weight).to(rows.device)
        return DifferentiableNetwork(
            module,
            rows,
            target,
            n_jobs=getattr(network, "n_jobs", None),
            many_to_many=bool(many_to_many_of(module)),
            is_ambiguous=_has(module, "is_ambiguous"),
            form=self.form,
        )


def open_model(model, X, *, many_to_many: bool = False) -> OpenedModel:
    """Open a fitted model at rows.

    Parameters
    ----------
    model : estimator, skorch net or nn.Module
        A network, or a Pipeline, search or other wrapper around one.
    X : array-like or Tensor of shape (n_samples, ...)
        Rows as the model takes them.
    many_to_many : bool
        Whether a torch module has outputs at every time step. If they have an axis of
        their own, this is found out.

    Raises
    ------
    TypeError
        If there is no network inside.
    NotFittedError
    """
    inside = unwrapped(model)
    network = _asked(inside.network, many_to_many)
    X = X.detach().cpu().numpy() if isinstance(X, Tensor) else X
    rows, names = _transformed(X, inside.network, inside.transformers)
    front, *marks = inside[1:]
    return OpenedModel(network, rows, names, front, X, *marks)


def _asked(network, many_to_many: bool):
    """Give a network the protocol of this wing. Only this function looks what it is.

    Raises
    ------
    TypeError
        If it is not a network that we know.
    """
    if hasattr(network, "_explained"):
        return network
    if isinstance(network, (MLPClassifier, MLPRegressor)):
        return SklearnMLP(network)
    if isinstance(network, nn.Module):
        return TorchModule(network, many_to_many)
    if isinstance(getattr(network, "module_", None), nn.Module):
        return SkorchNet(network, many_to_many)
    raise TypeError(
        "The model must be a fitted network: an estimator of this package, "
        "MLPClassifier, MLPRegressor, a skorch net or a torch.nn.Module; alone or in a "
        "wrapper that answers with one network, such as a Pipeline, a search with "
        f"refit=True or TransformedTargetRegressor; got {named(network)}. "
        f"{hint_for(network)}For other models see "
        "sklearn.inspection.permutation_importance."
    )


def _transformed(X, network, transformers: list) -> tuple:
    """Rows as the network sees them, and the names of their features.

    Returns
    -------
    rows : array, sparse matrix or DataFrame
    names : ndarray of str of the shape of a row
    """
    rows = copied(X) if transformers else X
    for transformer in transformers:
        rows = transformer.transform(rows)
    return rows, names_after(X, transformers, rows, network)


def dense(rows) -> np.ndarray:
    """Rows as a dense array of floating-point numbers."""
    kinds = (np.float64, np.float32)
    rows = check_array(
        rows, accept_sparse=True, dtype=kinds, allow_nd=True, ensure_all_finite=False
    )
    return rows.toarray() if hasattr(rows, "toarray") else rows


def _compares(attribution) -> bool:
    """Whether an attribution compares rows with a background."""
    if isinstance(attribution, str):
        return attribution in ("contributions", "expected_gradients")
    return hasattr(attribution, "background")


def _has(module: nn.Module, name: str) -> bool:
    return bool(getattr(module, name, False))
