"""Sensitivity: every table and figure, by one command (see --help)."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from runner import main  # noqa: E402

EXPERIMENTS = ("simulation", "credit_default", "adult", "beijing", "timing")

if __name__ == "__main__":
    main(HERE, EXPERIMENTS, timed=("timing",))
