"""Right for the Right Reasons: every figure of the README, by one command.

    python examples/papers/right_reasons/run.py
    python examples/papers/right_reasons/run.py --only colour_grid iris_cancer
    python examples/papers/right_reasons/run.py --n-jobs 2

Each experiment keeps its results in ``results/<name>.json``, seed by seed; seeds that
are there are not run again. At the end every claim is printed with what was found, and
the pictures are drawn.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from importlib import import_module
from pathlib import Path

from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from results import Results  # noqa: E402

EXPERIMENTS = (
    "iris_cancer",
    "monotone",
    "fewer_examples",
    "lime_agreement",
    "colour_grid",
    "decoy_mnist",
)


def run(name: str, seed: int) -> tuple[int, dict]:
    sys.path[:0] = [str(HERE), str(HERE.parent)]  # a worker of joblib starts without
    warnings.simplefilter("ignore", ConvergenceWarning)
    return seed, import_module(name).run(seed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=EXPERIMENTS)
    parser.add_argument("--seeds", type=int, help="runs of each experiment, if fewer")
    parser.add_argument("--n-jobs", type=int, default=1, help="seeds to run at once")
    parser.add_argument(
        "--out", type=Path, default=HERE / "results", help="folder of results"
    )
    arguments = parser.parse_args()
    for name in arguments.only:
        experiment = import_module(name)
        results = Results(arguments.out / f"{name}.json")
        n_seeds = min(arguments.seeds or experiment.N_SEEDS, experiment.N_SEEDS)
        missing = results.missing(n_seeds)
        # Times are taken one at a time.
        n_jobs = 1 if name == "lime_agreement" else arguments.n_jobs
        runs = Parallel(n_jobs, return_as="generator_unordered")(
            delayed(run)(name, seed) for seed in missing
        )
        for seed, figures in tqdm(runs, total=len(missing), desc=name, unit="seed"):
            results.add(seed, figures, n_jobs)
        print(f"\n{name} ({len(results.runs)} seeds)")
        for line in experiment.lines(results.figures()):
            print(f"  {line}", flush=True)
    from pictures import draw

    draw(arguments.out)


if __name__ == "__main__":
    main()
