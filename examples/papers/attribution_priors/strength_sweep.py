"""The sweep over 131 strengths from 1e-10 to 1e3: is every model finite?

The paper's sweep (appendix I.4) gave NaN for the sparse prior, the mixed, the gradient
and the sparse group lasso penalties at some strengths.
"""

from __future__ import annotations

import numpy as np
from attribution_priors.nhanes_common import PENALTIES, drawn, fitted, mixed
from lines import Line

N_SEEDS = 1
STRENGTHS = np.logspace(-10, 3, 131)


def finite(params: dict, seed: int) -> bool:
    train, valid, _ = drawn(seed)
    try:
        model = fitted(params, *train, seed)
        answers = model.decision_function(valid[0]), model.explain(valid[0])
    except ValueError:
        return False
    return all(np.isfinite(each).all() for each in (*answers, model.loss_))


def run(seed: int) -> dict:
    penalties = {**PENALTIES, "mixed L1 and sparse prior": lambda lam: mixed(lam, lam)}
    return {
        name: [float(lam) for lam in STRENGTHS if not finite(params(lam), seed)]
        for name, params in penalties.items()
    }


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for name in runs[0]:
        bad = sum(len(run[name]) for run in runs)
        n_fits = len(runs) * len(STRENGTHS)
        claim = f"non-finite models, {name}, 131 strengths"
        found.append(Line(claim, f"{bad} of {n_fits}", bad == 0))
    return found
