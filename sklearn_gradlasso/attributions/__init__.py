"""From a score and the inputs to phi, the attribution of each input.

An attribution is any callable ``(score, x) -> phi``. ``score`` maps a batch of
inputs to the explained scalars, shape ``(n,)`` or ``(n, m)``; ``phi`` has the
shape of ``x``, with a last axis of length m in the second case. The graph is kept
exactly when gradients are enabled, so that one implementation serves the prior
during training and ``explain`` afterwards (inside ``torch.no_grad()``).

``score`` also takes several copies of the rows, one after the other, moved to other
points: ``(c * n, *feature_shape)``. An attribution that promises completeness,
``sum_j phi_ij = score(x_i) - base_value``, has a method ``base_value(score, x)``.
"""

from ._by_name import by_name
from ._expected_gradients import ExpectedGradients
from ._gradients import Gradients
from ._integrated_gradients import IntegratedGradients

__all__ = ["ExpectedGradients", "Gradients", "IntegratedGradients", "by_name"]
