"""The common base of the NGSLL classifier and regressor.

It differs from others in two views of each row (``views``), training in two phases
(``two_phases``), and linear models as predictions (``linear_models``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing, check_array, check_X_y
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from ...inspection.evaluation import Explained, local_models_of
from ...inspection.feature_names import numbered
from ...modules import KHotGate, SentenceCNN, check_output
from ...objective import Objective
from ...training.rows import Rows, TrainingData
from ...utils import validation as check
from ...utils.seeds import spawn_seeds
from ...utils.signatures import has_parameter
from ...utils.threads import computing
from ...utils.validation import Interval
from ..base import layers
from ..base.params_of_fit import as_fitted
from ..base.table_input import read_to_answer
from .documentation import NETWORK_DOC, PARAMETERS_DOC
from .linear_models import LinearModels
from .sparse_local_linear import SparseLocalLinear
from .two_phases import TwoPhases, checked_fine_phase
from .view_layout import Layout
from .views import Views, refuse_text, unfitted, warn_of_few_features
from .zeros import zeros_of

__all__ = ["NGSLLEstimator"]

TARGETS = (None, "predicted")
ATTRIBUTIONS = (None, "weights", "contributions")
POSITIVE_INTEGER = Interval(Integral, 1, None, closed="left")


@dataclass(kw_only=True, eq=False, repr=False)
class NGSLLEstimator(ABC):
    """An estimator whose network generates a sparse linear model for each row."""

    n_nonzero_coefs: int = 5
    simplify: Any = None
    encode: Any = None
    mask_zeros: bool | str = "auto"
    coarse_n_nonzero_coefs: int = 10
    temperature: float = 0.1
    coarse_max_iter: int | None = None
    fine_phase: dict[str, float] | None = None
    hidden_layer_sizes: tuple = (128,)

    # Rows are merged so that the copies of a repeated row share the noise of the gate.
    _merges_repeated = True
    _weighs_columns = True
    _keeps_background = _has_table_net = False
    _reasons = None
    _gate_scale = 1.0
    _shared_doc = {
        "{weights_parameters}": PARAMETERS_DOC,
        "{network_parameters}": NETWORK_DOC,
    }
    _constraints = {
        # The random gate has no line along which its values could be compared.
        "optimizer": [StrOptions({"auto", "adam", "adamw", "sgd"}), callable],
        "n_nonzero_coefs": [POSITIVE_INTEGER],
        "simplify": [HasMethods(["fit", "transform"]), callable, None],
        "encode": [HasMethods(["fit", "transform"]), None],
        "mask_zeros": ["boolean", StrOptions({"auto"})],
        "coarse_n_nonzero_coefs": [POSITIVE_INTEGER],
        "temperature": [Interval(Real, 0, np.inf, closed="neither")],
        "coarse_max_iter": [POSITIVE_INTEGER, None],
        "fine_phase": [dict, None],
    }

    @abstractmethod
    def _in_answers(self, models: LinearModels) -> LinearModels:
        """Hook: convert models from the network's units to those of predictions."""

    @abstractmethod
    def _of_predicted(self, models: LinearModels) -> LinearModels:
        """Hook: reduce models to the predicted class, or to the single output."""

    def explain(
        self, X: ArrayLike, *, target: str | None = None, attribution: str | None = None
    ):
        """Return the linear model that predicts each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows, as in ``predict``.
        target : {None, "predicted"}, default=None
            The values to explain. The default is all values of ``decision_function``
            for classifiers, and of ``predict`` for regressors. "predicted" is the
            decision for the predicted class, or the single output of a regressor.
        attribution : {None, "weights", "contributions"}, default=None
            The default is the weights. "contributions" are the weights times z; their
            sum plus ``intercept_`` is the explained value.

        Returns
        -------
        ndarray of shape (n_samples, d) or (n_samples, d, m), or CSR matrix, float64
            Weights of the d features of z, in units of the explained value per unit of
            z. At most ``n_nonzero_coefs`` features of a row have non-zero weights, and
            unless ``mask_zeros`` is False none of them is 0 in the row. The
            last axis exists only if there are m > 1 values per row; all of them use the
            same features. If z is sparse, the result is a CSR matrix of shape
            (n_samples, d), or a list of m such matrices.

        Raises
        ------
        ValueError
            If target or attribution has another value, or if X is not as in ``fit``.
        """
        models, z = self._models_to_explain(X, target, attribution)
        if sp.issparse(z):
            matrices = models.sparse(z.shape[1])
            return matrices[0] if models.n_outputs == 1 else matrices
        values = self._in_shape_of_view(models)
        return values[..., 0] if models.n_outputs == 1 else values

    def _explained(self, X, target=None, attribution=None, *, with_base=True):
        # An ``Explanation`` holds what adds up to the prediction.
        attribution = "contributions" if attribution is None else attribution
        models, z = self._models_to_explain(X, target, attribution)
        values = self._in_shape_of_view(models)
        m = models.n_outputs
        base = np.broadcast_to(self.intercept_, (m,)).astype(np.float64)
        answers = models.decisions + self.intercept_
        if answers.shape[1] == 1:
            values, answers, base = values[..., 0], answers[:, 0], base[0]
        if attribution != "contributions":
            base = None
        if attribution == "contributions" and not self._views().are_given:
            return Explained(values, answers, base, attribution=attribution)
        # Weights are per unit of z, which is not that of a column of the user's table.
        data = z.toarray() if sp.issparse(z) else z
        shape = values.shape[: 1 + len(self._shape_of_view())]
        names = self.simplified_feature_names_.reshape(shape[1:])
        data = data.reshape(shape)
        return Explained(values, answers, base, data, names, attribution)

    def _explainable(self, X, target=None):
        return None  # The two views of a row cannot be changed column by column.

    def _attribution_of_reasons(self):
        return None  # the own ones, which compare with no rows

    def _differentiable(self, X, target=None, in_units=False):
        views = self._views()
        are_numbers = views.form is None and len(self._feature_shape) == 1
        if views.are_given or not are_numbers:
            raise TypeError(
                f"The sensitivity of {type(self).__name__} is for tables without "
                "encode, simplify, categories and missing values; use "
                "feature_importances_ or explain."
            )
        if target == "training":
            raise ValueError("target='training' has no meaning without a prior.")
        return super()._differentiable(X, target, in_units)

    # Linear models -------------------------------------------------------------------

    def _models_to_explain(self, X, target, attribution) -> tuple:
        if target not in TARGETS:
            raise ValueError(
                f"target must be None or 'predicted', got {target!r}: the linear "
                "models are about the decision itself."
            )
        if attribution not in ATTRIBUTIONS:
            raise ValueError(
                "attribution must be None, 'weights' or 'contributions', got "
                f"{attribution!r}: the network explains itself by its weights."
            )
        models, z = self._models(X)
        models = self._in_answers(models)
        if target == "predicted":
            models = self._of_predicted(models)
        if attribution == "contributions":
            models = models.contributions()
        return models, z

    def _models(self, X) -> tuple[LinearModels, ArrayLike]:
        with computing(self.n_jobs):
            rows, z = self._views_to_answer(X)
            _, index, weights = local_models_of(self.net_.module_[0], rows)
        return LinearModels.of(index, weights, z), z

    def _in_shape_of_view(self, models: LinearModels) -> np.ndarray:
        """Weights of all features in the shape of z, with a last axis for outputs."""
        values = models.dense(self._layout.n_simplified)
        return values.reshape(len(values), *self._shape_of_view(), models.n_outputs)

    def _shape_of_view(self) -> tuple[int, ...]:
        if self.simplify_ is None:
            return self._row_shape
        return (self._layout.n_simplified,)

    def _importances(self, rows):
        total = np.zeros(self._layout.n_simplified)
        for part in rows:
            z, index, weights = local_models_of(self.net_.module_[0], part)
            size = np.abs(z[:, :, None] * weights).sum(axis=2, dtype=np.float64)
            given = part.extras.get("sample_weight")
            if given is not None:
                size *= given.cpu().numpy()[:, None]
            np.add.at(total, index[index >= 0], size[index >= 0])
        return total

    # Training ------------------------------------------------------------------------

    def _requested_lam(self):
        return 0.0  # There is no prior, because the gate makes explanations sparse.

    def _objective(self, lam):
        penalties = self._weight_penalties()
        return Objective(loss=self._task.loss, weight_penalties=penalties)

    def _phases(self, prepared, objective, record):
        warm = record.net is not None
        phases = TwoPhases(
            n_open=self._n_open,
            n_coarse_open=self.coarse_n_nonzero_coefs,
            temperature=self.temperature,
            max_coarse_epochs=self.coarse_max_iter or self._settings.max_iter,
            fine_phase=self._fine_phase,
            is_fine=warm and self._is_fine,
            rate=self._fine_rate if warm else None,
            n_coarse_epochs=self.n_coarse_iter_ if warm else 0,
        )
        gate = prepared.network[0].gate
        n_open = gate.n_nonzero_coefs  # Restore this value if training fails.
        (seed,) = spawn_seeds(1, prepared.seed, 1 + record.n_epochs)
        gate.generator = torch.Generator(prepared.train.device).manual_seed(seed)
        try:
            yield from phases.nets(gate, prepared, objective, record)
            n_open = self._n_open
        finally:
            gate.n_nonzero_coefs, gate.generator = n_open, None
        self._is_fine, self._fine_rate = phases.is_fine, phases.rate
        self.n_coarse_iter_ = phases.n_coarse_epochs

    coefs_ = intercepts_ = n_layers_ = out_activation_ = layers.absent

    # The network ---------------------------------------------------------------------

    def _with_head(self, network):
        gate = KHotGate(self._n_open, scale=self._gate_scale)
        n_vectors = self._task.n_scores
        linear = SparseLocalLinear(network, gate, self._layout, n_vectors)
        head = self._task.head(linear, n_vectors)
        return nn.Sequential(linear) if head is linear else head

    def _requested_architecture(self):
        n_outputs = self._layout.n_simplified * self._task.n_scores
        requested = {**super()._requested_architecture(), "n_outputs": n_outputs}
        n_tokens = self._views().n_tokens
        if n_tokens is None or isinstance(self.module, nn.Module):
            return requested
        if self.module == "tabular":
            raise ValueError(
                "module='tabular' is for columns of a table, but encode makes token "
                "ids; use module=None or modules.SentenceCNN."
            )
        params = self.module_params or {}
        if requested["module"] == "perceptron":
            sizes = requested["module_params"]["hidden_layer_sizes"]
            requested["module"] = SentenceCNN
            params = {"hidden_layer_sizes": sizes, **params}
        if has_parameter(requested["module"], "n_tokens"):
            params = {"n_tokens": n_tokens, **params}
        return {**requested, "module_params": params}

    def _check_network(self, network, x):
        linear = network.eval()[0]
        seen, _ = linear.layout.unpacked(x)
        check_output(linear.generator, seen, self._architecture["n_outputs"])

    # Two views of a row --------------------------------------------------------------

    @property
    def _reads_columns(self):
        return self.encode is None

    def _views(self, fits: bool = False) -> Views:
        return Views(self.encode_, self.simplify_, fits, self._table_form)

    def _check_inputs(self, data, reset):
        data = self._present_to_transformers(data)
        if reset:
            self.encode_ = unfitted("encode", self.encode)
            self.simplify_ = unfitted("simplify", self.simplify)
        self._n_open = self.n_nonzero_coefs
        self._fine_phase = checked_fine_phase(self.fine_phase)
        checked = self._read_to_fit(data, reset)
        x, views = checked.X, self._views(fits=reset)
        n_columns = None if reset else self._layout.n_simplified
        z = views.simplified(data.X, x, data.y, n_columns)
        if z.dtype == np.float64:  # The decision is computed in the precision of z.
            x = x.astype(np.float64)
        if reset:
            shape = check.check_feature_shape(x.shape[1:], self.input_shape)
            self._layout = self._new_layout(shape, z, data)
            warn_of_few_features(self, z.shape[1])
            self.simplified_feature_names_ = self._names_of_view(x.shape[1:])
        return replace(checked, X=self._layout.packed(x, z))

    def _new_layout(self, shape: tuple[int, ...], z, data: TrainingData) -> Layout:
        """Decide how x and z are packed, and which zeros of z get no weight."""
        masks, zeros = self.mask_zeros, None
        self.masked_zeros_ = np.full(z.shape[1], bool(masks))
        if masks == "auto":
            weight = check.check_sample_weight(data.sample_weight, data.X)
            zeros = zeros_of(z, weight)
            self.masked_zeros_ = zeros.absent
            masks = sp.issparse(z) and bool(zeros.absent.all())
        is_x = self.simplify_ is None and self._table_form is None
        kind = "same" if is_x else "dense"
        if sp.issparse(z) and masks:
            kind, zeros = "listed", None
        return Layout(shape, z.shape[1], kind, masks, zeros)

    def _present_to_transformers(self, data: TrainingData) -> TrainingData:
        """Remove rows of weight zero, which the transformers must not see either."""
        transforms = self.simplify is not None or self.encode is not None
        if not transforms or data.sample_weight is None:
            return data
        weight = check.check_sample_weight(data.sample_weight, data.X)
        present = np.arange(len(weight))[check.rows_of_positive_weight(weight)]
        y = data.y.tocsr() if sp.issparse(data.y) else data.y
        given = data.X, y, weight
        X, y, weight = (_safe_indexing(values, present) for values in given)
        return replace(data, X=X, y=y, sample_weight=weight, places=present)

    def _read_to_fit(self, data: TrainingData, reset: bool) -> TrainingData:
        """Return x, the input of the network, and y, both checked for ``fit``."""
        if self.encode_ is None:
            refuse_text(data.X)
            return super()._check_inputs(data, reset)
        if reset:
            self._table_form = None
            vars(self).pop("n_features_in_", None)
        validate_data(self, data.X, reset=reset, skip_check_array=True)
        x = self._views(fits=reset).encoded(data.X, data.y)
        form = {"accept_sparse": "csr", "allow_nd": True, "multi_output": True}
        x, y = check_X_y(x, data.y, **form)
        self._check_row_shape(x.shape[1:], reset)
        return replace(data, X=x, y=y)

    def _read_to_answer(self, X):
        """Return x, the input of the network, checked for a prediction."""
        if self.encode_ is None:
            refuse_text(X)
            return read_to_answer(as_fitted(self), X)
        validate_data(self, X, reset=False, skip_check_array=True)
        form = {"accept_sparse": "csr", "allow_nd": True}
        x = self._views().encoded(X)
        x = check_array(x, input_name="encode(X)", **form)
        self._check_row_shape(x.shape[1:], reset=False)
        return x

    def _names_of_view(self, row_shape: tuple[int, ...]) -> np.ndarray:
        views = self._views()
        if views.are_given:
            return views.names(self._layout.n_simplified)
        names = getattr(self, "feature_names_in_", numbered(row_shape).ravel())
        return np.asarray(names, dtype=object)

    def _views_to_answer(self, X) -> tuple[Rows, Any]:
        """Return rows for the network, and z in its full precision."""
        check_is_fitted(self)
        x = self._read_to_answer(X)
        z = self._views().simplified(X, x, n_columns=self._layout.n_simplified)
        return self._rows(self._layout.packed(x, z)), z

    def _rows_to_answer(self, X):
        rows, _ = self._views_to_answer(X)
        return rows

    def _shape_for_network(self, X):
        # A row holds x and z, and the list of z may differ in length between calls.
        return X.shape[1:]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = self.encode is not None
        return tags
