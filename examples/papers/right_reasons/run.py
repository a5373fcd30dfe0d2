"""Right for the Right Reasons: every figure of the README, by one command.

    python examples/papers/right_reasons/run.py
    python examples/papers/right_reasons/run.py --only colour_grid iris_cancer
    python examples/papers/right_reasons/run.py --n-jobs 2

Each experiment keeps its results in ``results/<name>.json``, seed by seed; seeds that
are there are not run again. At the end every claim is printed with what was found, and
the pictures are drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from right_reasons.pictures import draw  # noqa: E402
from runner import main  # noqa: E402

EXPERIMENTS = (
    "iris_cancer",
    "monotone",
    "fewer_examples",
    "lime_agreement",
    "colour_grid",
    "decoy_mnist",
)

if __name__ == "__main__":
    main(HERE, EXPERIMENTS, __doc__, timed=("lime_agreement",), draw=draw)
