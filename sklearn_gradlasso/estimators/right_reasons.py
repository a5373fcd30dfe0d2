"""Right for the Right Reasons: networks that ignore features an expert rules out.

    objective = loss + lam * mean_i sum_j (A_ij d target / d x_ij) ** 2
                     + lam * mean_i (decision(x_i) - decision(x_i')) ** 2
                     + lam * mean_i sum_j max(0, -s_j d decision / d x_ij)
                     + weight penalties

The first penalty is that of Ross, Hughes and Doshi-Velez (2017), *Right for the Right
Reasons: Training Differentiable Models by Constraining their Explanations*. The second
is the same over a finite distance: x_i' has the annotated values of another row. It is
needed because the first leaves the decision free where it matters most (see
``docs/right_reasons.md``), and it is left out with ``obedience=None``.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_monotonic_cst

from ..attributions import Gradients
from ..inspection.labels import has_classes
from ..objective import Exchange, Objective
from ..priors import L2, WrongSign
from ..utils.feature_positions import HOW_NAMES_REACH, signs_by_feature
from ..utils.seeds import spawn_seeds
from ..utils.validation import Interval
from .base import annotated
from .base.calibration import CALIBRATE, temperature_
from .base.classifier import UNITS, NetworkClassifier
from .base.fit_method import in_passes
from .base.regressor import LOSS, NetworkRegressor
from .obedience.raising import nets_until_obeyed
from .obedience.reporting import checked_by_name, measurement_of, set_obedience
from .obedience.ruled_out import check_something_is_free

__all__ = ["RRRClassifier", "RRRRegressor"]


@dataclass(kw_only=True, eq=False, repr=False)
class RightReasons:
    """Parameters and objective of a network that is trained with annotations."""

    lam: float | str = "auto"
    monotonic_cst: ArrayLike | dict[str, int] | None = None
    obedience: float | None = 0.01

    __metadata_request__fit = annotated.REQUEST
    __metadata_request__partial_fit = annotated.REQUEST
    _constraints = {
        "lam": [Interval(Real, 0, np.inf, closed="left"), StrOptions({"auto"})],
        "monotonic_cst": ["array-like", dict, None],
        "obedience": [Interval(Real, 0, 1, closed="neither"), None],
    }
    fit = annotated.fit

    def _check_inputs(self, data, reset):
        return checked_by_name(self, data, super()._check_inputs(data, reset))

    def _learn_from(self, prepared, warm):
        self._signs = self._checked_signs(prepared.train)
        check_something_is_free(prepared.train)
        # When training continues, other rows must be exchanged.
        entropy = prepared.seed, 1 + self._n_epochs_before(warm)
        self._exchange_seed, self._measuring_seed = spawn_seeds(2, *entropy)

    def _phases(self, prepared, objective, record):
        raises = self.lam == "auto" and self.obedience is not None
        if not (raises and objective.penalises) or prepared.one_pass:
            yield from super()._phases(prepared, objective, record)
            return
        nets = nets_until_obeyed(
            prepared,
            record,
            objective.lam,
            self._objective,
            lambda net: measurement_of(self, net, prepared.train),
            self.obedience,
        )
        for net, lam in nets:
            terms, _ = self._found_lam
            self.lam_, self._found_lam = lam, (terms, lam)
            if net is not None:
                yield net

    def _compute_importances(self, rows):
        super()._compute_importances(rows)
        if self.obedience is None:
            vars(self).pop("obedience_", None)
        else:
            set_obedience(self, rows[0], self.obedience)

    def _checked_signs(self, rows) -> tuple[int, ...]:
        """The sign of each feature, or an empty tuple if all features are free."""
        if self.monotonic_cst is None:
            return ()
        if has_classes(self) and self.n_outputs_ > 2:
            raise ValueError(
                "monotonic_cst is about the probability of the second of two classes, "
                f"but y has {self.n_outputs_} classes."
            )
        if len(self._row_shape) > 1:
            raise ValueError(
                "monotonic_cst needs X with two dimensions, got rows of shape "
                f"{self._row_shape}; flatten them and use input_shape."
            )
        signs = self.monotonic_cst
        if isinstance(signs, dict):
            X = None  # The columns of a raw table have their own names.
            if not self._has_raw_table:
                X = rows.X
                X = X if sp.issparse(X) else X.flatten(1).numpy(force=True)
            names = getattr(self, "feature_names_in_", None)
            signs = signs_by_feature(signs, names, X)
        elif np.ndim(signs) == 1 and len(signs) != self.n_features_in_:
            raise ValueError(
                f"monotonic_cst has shape ({len(signs)},), but X has "
                f"{self.n_features_in_} features at the estimator. {HOW_NAMES_REACH}"
            )
        try:
            signs = _check_monotonic_cst(self, signs)
        except TypeError as error:
            raise ValueError(
                "monotonic_cst must be -1, 0 or 1 for each feature, got "
                f"{self.monotonic_cst!r}."
            ) from error
        if signs.ndim != 1:
            raise ValueError(
                f"monotonic_cst must have shape ({self.n_features_in_},), got "
                f"{signs.shape}."
            )
        if self._table_form is not None:
            unordered = np.flatnonzero(self._table_form.is_category & (signs != 0))
            if len(unordered):
                named = [str(self._table_form.names[k]) for k in unordered[:5]]
                raise ValueError(
                    f"monotonic_cst: the columns {named} hold categories, which have "
                    "no order, so no sign holds for them; leave them out, or 0."
                )
        return tuple(signs.tolist()) if signs.any() else ()

    def _objective(self, lam):
        task = self._task
        constraint = (WrongSign(self._signs), task.decision_target())
        return Objective(
            loss=task.loss,
            lam=lam,
            prior=L2(),
            attribution=Gradients(),
            target=task.training_target(None),
            weight_penalties=self._weight_penalties(),
            annotated_only=True,
            constraints=(constraint,) if self._signs else (),
            exchange=self._exchange(),
        )

    def _exchange(self) -> Exchange | None:
        """The cost of a decision that changes; None where obedience is not asked."""
        if self.obedience is None:
            return None
        return Exchange(
            target=self._task.decision_target(),
            generator=torch.Generator().manual_seed(self._exchange_seed),
            tolerated=self.obedience / 2,  # so that other rows than those obey, too
        )


@dataclass(kw_only=True, eq=False, repr=False)
class RRRClassifier(RightReasons, NetworkClassifier):
    """Neural network classifier that does not use features an expert rules out.

    ``fit(X, y, annotations=A)`` minimises ``cross-entropy + lam * mean_i sum_j (A_ij
    d/dx_ij sum_k log p_k(x_i)) ** 2 + lam * mean_i (d(x_i) - d(x_i')) ** 2``. The first
    penalty is the paper's, and makes the network flat in the features that are
    annotated as irrelevant. In the second, d is the decision (log-odds, or the
    log-probabilities of more than two classes), and x_i' has the annotated values of
    another row; it is absent with ``obedience=None``. If y is an indicator of labels, d
    are the log-odds of each label, and the sum over classes is ``sum_l log p_l + log(1
    - p_l)``. Without annotations and ``monotonic_cst`` the estimator is a plain
    network.

    Parameters
    ----------
    lam : float or "auto", default="auto"
        Strength of the penalties, which are summed over features and averaged over
        samples; 0 switches them off. It is the paper's lambda_1, except that the paper
        sums over samples in the loss and in the penalty. "auto" chooses the strength
        from the data, so that the network obeys (see ``obedience``): a copy of the
        network is trained for 100 steps without penalties, and ``lam`` is such that no
        change of the decision by exchanges of values is worth its penalty, if it is
        more than ``obedience`` tolerates. With ``monotonic_cst`` it is at least the
        strength at which few gradients keep the wrong sign. If the trained network
        disobeys even so, its training continues with three times that strength, and so
        on, as long as that helps; each time it may take ``max_iter`` epochs more. With
        ``obedience=None`` the penalty of the gradients equals the loss of a constant
        prediction, at the point where the loss is half of that. The last value is
        stored in ``lam_``. Do not choose ``lam`` by validation accuracy, because the
        validation rows contain the same wrong reasons.
    monotonic_cst : array-like of int or dict of str to int, default=None
        A sign for each feature, or for features by name: 1 if the feature may only
        raise the probability of ``classes_[1]``, -1 if it may only lower it, 0 if it
        is free. Gradients of the log-odds with the wrong sign are penalised at the
        training samples. Only two classes are supported, or labels, all of which a sign
        is about. Annotations do not switch this penalty off. Names are taken as in
        ``annotations``, but categories have no sign. A sign is that of the feature as
        it reaches the estimator; :func:`monotonic_cst_for` makes it from that of a
        column of X.
    obedience : float or None, default=0.01
        Share of the decisions on training rows that may change when all features that
        annotations rule out are permuted together, and share of the rows at which a
        gradient may have the wrong sign. ``lam="auto"`` aims at less than that, so that
        other rows obey as well. A network that misses it after ``fit`` issues an
        :class:`~sklearn_gradlasso.ObedienceWarning` with the figure. With ``None`` the
        penalty is that of the paper alone, nothing is measured, and nothing is
        promised.
    {network_parameters}
    {class_weight}
    {output_units}
    {calibration_doc}

    Attributes
    ----------
    {fitted_attributes}
    obedience_ : Obedience
        What the network still does with features that annotations rule out, and the
        share of wrong signs; see its docstring and ``obedience_.to_frame()``. It exists
        after a fit with annotations or signs, unless ``obedience=None``.

    See Also
    --------
    RRRRegressor : The same method for regression.
    FindAnotherExplanation : Several accurate models, for problems without an expert.

    Notes
    -----
    Annotations refer to the columns that reach the estimator. In a Pipeline, pass them
    as ``rrrclassifier__annotations``, or as ``annotations`` if metadata routing is
    enabled. Searches split them together with the rows.

    References
    ----------
    A. S. Ross, M. C. Hughes, F. Doshi-Velez (2017). Right for the Right Reasons:
    Training Differentiable Models by Constraining their Explanations, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import RRRClassifier
    >>> from sklearn_gradlasso.datasets import make_iris_cancer
    >>> X, y, decoy = make_iris_cancer()
    >>> without_flowers = np.where(decoy, X.mean(axis=0), X)
    >>> model = RRRClassifier(random_state=0).fit(X, y, annotations=decoy)
    >>> model.score(without_flowers, y) > 0.95
    True
    """

    single_logit: bool = False
    calibrate: bool = True

    _constraints = {**UNITS, **CALIBRATE}
    temperature_ = temperature_
    partial_fit = in_passes(annotated.partial_fit_classes)


@dataclass(kw_only=True, eq=False, repr=False)
class RRRRegressor(RightReasons, NetworkRegressor):
    """Neural network regressor that does not use features an expert rules out.

    ``fit(X, y, annotations=A)`` minimises ``mean squared error + lam * mean_i sum_j
    (A_ij d f(x_i) / dx_ij) ** 2 + lam * mean_i (f(x_i) - f(x_i')) ** 2``, in units of
    the standard deviation of y. The penalties make the prediction flat in the features
    that are annotated as irrelevant; x_i' has the annotated values of another row. The
    last one is absent with ``obedience=None``. With several outputs the penalties are
    sums over them. Without annotations and ``monotonic_cst`` the estimator is a plain
    network.

    Parameters
    ----------
    lam : float or "auto", default="auto"
        Strength of the penalties, which are summed over features and averaged over
        samples; 0 switches them off. "auto" chooses the strength
        from the data, so that the network obeys (see ``obedience``): a copy of the
        network is trained for 100 steps without penalties, and ``lam`` is such that no
        change of the prediction by exchanges of values is worth its penalty, if it is
        more than ``obedience`` tolerates. With ``monotonic_cst`` it is at least the
        strength at which few gradients keep the wrong sign. If the trained network
        disobeys even so, its training continues with three times that strength, and so
        on, as long as that helps; each time it may take ``max_iter`` epochs more. With
        ``obedience=None`` the penalty of the gradients equals the loss of a constant
        prediction, at the point where the loss is half of that. The last value is
        stored in ``lam_``. Do not choose ``lam`` by validation R2, because the
        validation rows contain the same wrong reasons.
    monotonic_cst : array-like of int or dict of str to int, default=None
        A sign for each feature, or for features by name: 1 if the prediction may only
        rise with the feature, -1 if it may only fall, 0 if the feature is free.
        Gradients with the wrong sign are penalised at the training samples. Annotations
        do not switch this penalty off. Names are taken as in ``annotations``, but
        categories have no sign. A sign is that of the feature as it reaches the
        estimator; :func:`monotonic_cst_for` makes it from that of a column of X.
    obedience : float or None, default=0.01
        Average change of the prediction, in standard deviations of the predictions, on
        training rows when all features that annotations rule out are permuted together;
        and share of the rows at which a gradient may have the wrong sign.
        ``lam="auto"`` aims at less than that, so that other rows obey as well. A
        network that misses it after ``fit`` issues an
        :class:`~sklearn_gradlasso.ObedienceWarning` with the figure. With ``None`` the
        penalty is that on gradients alone, nothing is measured, and nothing is
        promised.
    {regressor_loss}
    {network_parameters}

    Attributes
    ----------
    {fitted_attributes}
    obedience_ : Obedience
        What the network still does with features that annotations rule out, and the
        share of wrong signs; see its docstring and ``obedience_.to_frame()``. It exists
        after a fit with annotations or signs, unless ``obedience=None``.

    See Also
    --------
    RRRClassifier : The paper's method, for classification.
    FindAnotherExplanation : Several accurate models, for problems without an expert.

    Notes
    -----
    The paper is about classification. The penalty on the gradient of the output is the
    same idea for regression. The paper names constraints on signs as future work.

    References
    ----------
    A. S. Ross, M. C. Hughes, F. Doshi-Velez (2017). Right for the Right Reasons:
    Training Differentiable Models by Constraining their Explanations, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import RRRRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 3))
    >>> y = np.exp(X[:, 0]) + rng.standard_normal(300)
    >>> model = RRRRegressor(monotonic_cst=[1, 0, 0], random_state=0)
    >>> model = model.fit(X, y)
    >>> (model.explain(X)[:, 0] < 0).mean() < 0.01
    np.True_
    """

    loss: str = "squared_error"
    normalize_y: bool = True

    _constraints = LOSS
    partial_fit = in_passes(annotated.partial_fit)
