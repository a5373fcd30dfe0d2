"""Sensitivity: every table and figure of the README, by one command.

    python examples/papers/sensitivity/run.py
    python examples/papers/sensitivity/run.py --only simulation timing
    python examples/papers/sensitivity/run.py --n-jobs 2

Each experiment keeps its results in ``results/<name>.json``, seed by seed; seeds that
are there are not run again. At the end every claim is printed with what was found, and
the pictures are drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from runner import main  # noqa: E402

EXPERIMENTS = ("simulation", "credit_default", "adult", "beijing", "timing")

if __name__ == "__main__":
    main(HERE, EXPERIMENTS, __doc__, timed=("timing",))
