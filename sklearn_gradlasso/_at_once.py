"""How many networks are trained as one."""

from __future__ import annotations

import math
import warnings
from math import ceil

import numpy as np
from sklearn import get_config

from ._likeness import bytes_of_step, obstacle_to_stacking
from ._parts import Part
from ._threads import threads

__all__ = ["AtOnce"]

LARGEST = 256 * 2**20  # bytes on a CPU: more networks at once are no faster
STATES = 10  # of a network: weights, gradients, the optimizer's, those to go back to


class AtOnce:
    """Limits by memory, and by what can be trained as one at all.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
    n_parts : int
    n_workers : int
        Groups of networks that are trained at a time.
    """

    def __init__(self, lams: np.ndarray, n_parts: int, n_workers: int):
        self.lams, self.n_parts, self.n_workers = lams, n_parts, n_workers
        self.memory = 2**20 * get_config()["working_memory"]
        self._known: dict[tuple, int] = {}

    def networks(self, part: Part) -> int:
        """Networks in a group, on parts like this one; 1 if there can be no groups."""
        if part.form not in self._known:
            with threads(None):
                self._known[part.form] = self._networks(part)
        return self._known[part.form]

    def parts(self, part: Part) -> int:
        """Parts that are prepared at a time, if all are like this one."""
        held = max(1, int(self.memory / part.n_bytes))
        busy = self.n_workers * self.networks(part)
        return min(held, ceil(busy / len(self.lams)))

    def _networks(self, part: Part) -> int:
        if len(self.lams) * self.n_parts == 1:
            return 1
        ends = float(self.lams.min()), float(self.lams.max())
        weakest, strongest = (part.estimator_with(lam) for lam in ends)
        on_cpu = part.rows[0].device.type == "cpu"
        # The other half is for what surrounds a step, and for the results.
        memory = self.memory / 2 / self.n_workers
        memory = min(memory, LARGEST if on_cpu else math.inf)
        weights = sum(value.nbytes for value in part.network.state_dict().values())
        of_network = bytes_of_step(part, strongest) + STATES * weights
        if memory < 2 * of_network:
            return 1
        reason = obstacle_to_stacking(part, weakest, strongest)
        if reason:
            warnings.warn(
                f"{type(part.estimator).__name__}: networks are trained one by one and "
                f"not as one, which takes longer: {reason}",
                stacklevel=2,
            )
            return 1
        return int(memory / of_network)
