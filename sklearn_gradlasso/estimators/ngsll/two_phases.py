"""Training in two phases: many soft gates first, then the few that are wanted.

Yoshikawa and Iwata (2020), *Neural Generators of Sparse Local Linear Models for
Achieving both Accuracy and Interpretability*, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils._param_validation import Interval
from torch import nn

from ...objective import Objective
from ...training.stopping import Snapshot
from ...utils.seeds import spawn_seeds
from ..base.parameters import parameters_doc
from .two_views import TwoViews

__all__ = ["NETWORK_DOC", "PARAMETERS_DOC", "CoarseToFine"]

ATTEMPTS = 6  # at the fine phase
SMALLER = 0.1  # the rate of another fine phase, after one that blew up
BLOWN_UP = 10.0  # times the loss of the first epoch

PARAMETERS_DOC = """\
n_nonzero_coefs : int, default=5
        Features that the linear model of a row has, the paper's K. If fewer are
        allowed, it has all of them.
    simplify : transformer or callable, default=None
        From X to z, the features that the linear models are about, of shape
        ``(n_samples, d)``; for example ``CountVectorizer()`` for texts. ``None``: z is
        what the network reads, flattened. A z in float64 is computed with in float64.
    encode : transformer, default=None
        From X to what the network reads, for example ``TokenSequencer()`` for texts.
        ``None``: X itself, as numbers. Both transformers are fitted on all rows that
        ``fit`` is given, also those that ``early_stopping`` holds out.
    mask_zeros : bool, default=False
        Whether features that are 0 in z have no weight, such as the words that a text
        does not contain.
    coarse_n_nonzero_coefs : int, default=10
        Features in the coarse phase of training; ``n_nonzero_coefs``, if that is more.
    temperature : float, default=0.1
        Softness of the gate in the fine phase, the paper's tau.
    coarse_temperature : float, default=1.0
        Softness of the gate in the coarse phase.
    coarse_max_iter : int, default=None
        Largest number of epochs of the coarse phase, which ends before when the loss
        has settled; ``None`` means ``max_iter``. The fine phase then has ``max_iter``
        epochs at most, and ends by the same rule.
    fine_learning_rate_ratio : float, default=0.1
        Learning rate of the fine phase, by momentum SGD, as a share of the final one of
        the coarse phase. Where the loss grows tenfold beyond that of the first epoch,
        the phase begins anew with a tenth of the rate, up to five times.
    fine_momentum : float, default=0.9
        Momentum of the fine phase."""

NETWORK_DOC = parameters_doc(
    """default=(128,)
        Units in each hidden layer of the default network. Where ``encode`` is, or ends
        in, a ``TokenSequencer``, that is ``modules.SentenceCNN``, which takes
        ``module_params`` but no ``activation``.""",
    """It maps
        ``(n, *feature_shape)`` to weights of shape ``(n, n_outputs)`` without a last
        activation, n_outputs being d times the number of weight vectors. If it has a
        parameter ``n_tokens``, it is given the number of token ids. ``activation`` then
        has no effect, and X may have more than two dimensions.""",
)


@dataclass(kw_only=True, eq=False, repr=False)
class CoarseToFine(TwoViews):
    """An estimator whose network generates weights and learns which to leave."""

    n_nonzero_coefs: int = 5
    coarse_n_nonzero_coefs: int = 10
    temperature: float = 0.1
    coarse_temperature: float = 1.0
    coarse_max_iter: int | None = None
    fine_learning_rate_ratio: float = 0.1
    fine_momentum: float = 0.9
    hidden_layer_sizes: tuple = (128,)

    _merges_repeated = True  # the noise of repeated rows is that of one row
    _constraints = {
        **TwoViews._constraints,
        "n_nonzero_coefs": [Interval(Integral, 1, None, closed="left")],
        "coarse_n_nonzero_coefs": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, np.inf, closed="neither")],
        "coarse_temperature": [Interval(Real, 0, np.inf, closed="neither")],
        "coarse_max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "fine_learning_rate_ratio": [Interval(Real, 0, np.inf, closed="neither")],
        "fine_momentum": [Interval(Real, 0, 1, closed="left")],
    }

    def _objective(self):
        return Objective(loss=self._loss, weight_penalties=self._weight_penalties())

    def _prepare(self, *data, **encoding):
        self._n_open = self.n_nonzero_coefs
        return super()._prepare(*data, **encoding)

    def _strength(self, *_):
        return 0.0  # no prior: the gate makes explanations sparse

    def _nets_to_train(self, network, size, seed, warm, one_pass):
        gate = network[0].gate
        n_open = gate.n_nonzero_coefs  # stays, if training fails
        gate.generator = _noise(network, seed, 1 + (self.n_iter_ if warm else 0))
        try:
            yield from self._phases(gate, network, size, seed, warm, one_pass)
            n_open = self._n_open
        finally:
            gate.n_nonzero_coefs, gate.generator = n_open, None

    def _phases(self, gate, network, size, seed, warm, one_pass):
        how = network, size, seed
        if not (warm and self._is_fine):
            self._is_fine = False
            n_coarse = self.coarse_max_iter or self.max_iter
            gate.temperature = self.coarse_temperature
            gate.n_nonzero_coefs = max(self._n_open, self.coarse_n_nonzero_coefs)
            phase = {} if one_pass else {"max_epochs": n_coarse}
            net = self._net_to_train(*how, warm, one_pass, **phase)
            yield net
            self.n_coarse_iter_ = self.n_iter_
            rate = net.optimizer_.param_groups[0]["lr"]
            self._fine_rate = self.fine_learning_rate_ratio * rate
            cut_short = net.ended_by_ in ("divergence", "interrupt")
            self._is_fine = not cut_short and (not one_pass or self.n_iter_ >= n_coarse)
            if one_pass or cut_short:
                return
        gate.temperature, gate.n_nonzero_coefs = self.temperature, self._n_open
        before, n_before = self.net_, self.n_iter_
        weights = Snapshot(before.trained_tensors())
        for attempt in range(ATTEMPTS):
            descent = "sgd", {"momentum": self.fine_momentum}, self._fine_rate
            net = self._net_to_train(*how, True, one_pass, optimization=descent)
            yield net
            was_ended = net.ended_by_ in ("interrupt", "callback")
            is_last = attempt + 1 == ATTEMPTS or was_ended
            if is_last or not self._has_blown_up(net):
                return
            weights.restore()
            self.net_ = before  # with its optimizer's state
            self._forget(n_before)
            self._fine_rate *= SMALLER

    def _has_blown_up(self, net) -> bool:
        """Whether training ended further from the data than it began."""
        diverged = net.ended_by_ == "divergence"
        return diverged or self.loss_curve_[-1] > BLOWN_UP * self.loss_curve_[0]

    def _forget(self, n_epochs: int) -> None:
        """Leave out what came after so many epochs."""
        curves = self.loss_curve_, self.penalty_curve_, self.validation_scores_
        for curve in curves:
            del curve[n_epochs:]
        self.n_iter_ = n_epochs


def _noise(network: nn.Module, *entropy: int) -> torch.Generator:
    (seed,) = spawn_seeds(1, *entropy)
    device = next(network.parameters()).device
    return torch.Generator(device).manual_seed(seed)
