"""Choices about the output of networks whose output is the answer.

These are what the networks of scikit-learn do; our defaults are those of the papers.
"""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.utils._param_validation import StrOptions

from .layers import LayersAsArrays
from .regression import PoissonRegression, Regression

__all__ = ["ChosenLoss", "OutputUnits"]

UNITS_DOC = """\
single_logit : bool, default=False
        Whether a network for two classes has one output unit, their log-odds, as
        scikit-learn's has, and not a unit for each class as in the paper. A ``module``
        then has ``n_outputs=1``. More classes and labels have a unit each."""
LOSS_DOC = """\
loss : {"squared_error", "poisson"}, default="squared_error"
        "poisson" is half the deviance of counts or rates, which must not be negative.
        The network then computes the logarithm of the prediction; that is the output
        whose gradient a prior penalises, and what ``target="training"`` explains.
        ``predict``, ``explain`` and effects are in the units of y.
    normalize_y : bool, default=True
        Whether the network learns y in units of its standard deviation, from its mean,
        or with ``loss="poisson"`` in units of its mean. Penalties then mean the same
        for every unit of y. Without it the loss is that of y as it is."""
LOSSES = {"squared_error": Regression, "poisson": PoissonRegression}


@dataclass(kw_only=True, eq=False, repr=False)
class OutputUnits(LayersAsArrays):
    """How many units a classifier's network has for two classes."""

    single_logit: bool = False

    _constraints = {"single_logit": ["boolean"]}
    _shared_doc = {"{output_units}": UNITS_DOC}

    @property
    def out_activation_(self) -> str:
        """Activation of the output: "logistic" or "softmax"."""
        n_units = len(self._layers("out_activation_")[-1].bias)
        return "logistic" if n_units < self.n_outputs_ else self._task.out_activation

    def _n_units(self) -> int:
        # One class only has one score, which no unit can lack.
        takes_one = self.single_logit and self.n_outputs_ > 1
        return self._task.n_scores if takes_one else self.n_outputs_

    def _requested_architecture(self):
        return {**super()._requested_architecture(), "n_outputs": self._n_units()}

    def _with_head(self, network):
        return self._task.head(network, self._n_units())


@dataclass(kw_only=True, eq=False, repr=False)
class ChosenLoss(LayersAsArrays):
    """Which loss a regressor has, and in which units of y."""

    loss: str = "squared_error"
    normalize_y: bool = True

    _constraints = {"loss": [StrOptions(set(LOSSES))], "normalize_y": ["boolean"]}
    _shared_doc = {"{regressor_loss}": LOSS_DOC}

    @property
    def out_activation_(self) -> str:
        """Activation of the output: "identity" or "exp"."""
        self._layers("out_activation_")
        return self._task.out_activation

    def _kind_of_task(self):
        return LOSSES[self.loss], self.normalize_y
