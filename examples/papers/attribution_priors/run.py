"""Attribution priors: every table and figure, by one command (see --help)."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from runner import main  # noqa: E402

EXPERIMENTS = (
    "ablation",
    "sampling",
    "graph_simulated",
    "graph_traffic",
    "mnist_smooth",
    "nhanes_sparse",
    "strength_sweep",
)

if __name__ == "__main__":
    main(HERE, EXPERIMENTS)
