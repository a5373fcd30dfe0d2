"""Runs the experiments of one paper, seed by seed, and prints what they found."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import pictures
from joblib import Parallel, delayed
from results import Results
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

WHAT = (
    "Runs the experiments of a paper. Each keeps its results in results/<name>.json, "
    "seed by seed; seeds that are there are not run again. At the end every claim is "
    "printed with what was found, and the pictures are drawn."
)
PAPERS = Path(__file__).resolve().parent


def run(name: str, seed: int) -> tuple[int, dict]:
    sys.path.insert(0, str(PAPERS))  # a worker of joblib starts without
    warnings.simplefilter("ignore", ConvergenceWarning)
    return seed, import_module(name).run(seed)


def main(
    here: Path,
    experiments: Sequence[str],
    timed: Sequence[str] = (),
    draw: Callable[[Path], None] | None = None,
) -> None:
    """The command line of a paper.

    Parameters
    ----------
    here : Path
        Folder of the paper: a module for each experiment with ``N_SEEDS``,
        ``run(seed) -> figures``, ``lines(runs)`` and, where there is something to see,
        ``pictures(runs) -> {name: figure}``.
    experiments : sequence of str
    timed : sequence of str
        Experiments that take times, and therefore run one seed at a time.
    draw : callable, default=None
        ``folder -> None``, draws in place of ``pictures`` of each experiment.
    """
    parser = argparse.ArgumentParser(description=WHAT)
    parser.add_argument("--only", nargs="+", choices=experiments, default=experiments)
    parser.add_argument("--seeds", type=int, help="runs of each experiment, if fewer")
    parser.add_argument("--n-jobs", type=int, default=1, help="seeds to run at once")
    parser.add_argument(
        "--out", type=Path, default=here / "results", help="folder of results"
    )
    arguments = parser.parse_args()
    for name in arguments.only:
        experiment = import_module(f"{here.name}.{name}")
        results = Results(arguments.out / f"{name}.json")
        n_seeds = min(arguments.seeds or experiment.N_SEEDS, experiment.N_SEEDS)
        missing = results.missing(n_seeds)
        n_jobs = 1 if name in timed else arguments.n_jobs
        runs = Parallel(n_jobs, return_as="generator_unordered")(
            delayed(run)(f"{here.name}.{name}", seed) for seed in missing
        )
        for seed, figures in tqdm(runs, total=len(missing), desc=name, unit="seed"):
            results.add(seed, figures, n_jobs)
        print(f"\n{name} ({len(results.runs)} seeds)")
        for line in experiment.lines(results.figures()):
            print(f"  {line}", flush=True)
    (draw or partial(pictures.draw, here.name))(arguments.out)
