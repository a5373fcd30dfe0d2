"""The Neural LASSO: every row and figure, by one command (see --help)."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from runner import main  # noqa: E402

EXPERIMENTS = (
    "sparse_regions",
    "adult",
    "newsgroups",
    "mnist",
    "cifar10",
    "nhanes",
    "targets",
    "certainty",
)

if __name__ == "__main__":
    main(HERE, EXPERIMENTS)
