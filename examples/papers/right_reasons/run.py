"""Right for the Right Reasons: every table and figure, by one command (see --help)."""

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
    main(HERE, EXPERIMENTS, timed=("lime_agreement",), draw=draw)
