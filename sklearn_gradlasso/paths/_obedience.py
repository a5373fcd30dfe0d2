"""One warning for all networks of a path that disobey annotations or signs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing

from ..utils.obedience_warning import ObedienceWarning
from ._train_group import Fit

__all__ = ["judged"]


def judged(fits: Iterator[Fit]) -> Iterator[Fit]:
    """Yield the fits, and warn at the end about the strengths that are too small."""
    disobedient, n_fits = {}, 0
    with closing(fits):
        for fit in fits:
            n_fits += 1
            record = getattr(fit.estimator, "obedience_", None)
            if record is not None and not record.reached:
                disobedient[fit.estimator.lam_] = record
            yield fit
    if disobedient:
        low, high = min(disobedient), max(disobedient)
        tolerated = disobedient[low].tolerated
        warnings.warn(
            f"{len(disobedient)} of {n_fits} networks, with lam from {low:.3g} to "
            f"{high:.3g}, do not obey annotations or signs as obedience={tolerated} "
            f"asks: {disobedient[high].violation:.3g} with the largest of these. Use a "
            "larger lam; the figures are in obedience_ of each estimator "
            "(return_estimators=True).",
            ObedienceWarning,
            stacklevel=5,
        )
