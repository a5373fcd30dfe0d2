"""Searches in a dask cluster of two processes: run by ``test_distributed.py``.

    python dask_searches.py FOLDER [N_DEATHS]

One candidate kills the process it is in, N_DEATHS times. Writes the scores of the
search, or its error, as JSON.
"""

import json
import os
import re
import signal
import sys
import warnings
from pathlib import Path

from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sklearn_gradlasso import GradientLassoClassifier

PAGE = Path(__file__).parents[3] / "docs" / "scaling.md"


class Score:
    """Accuracy, of which one kills the process that computes it."""

    def __init__(self, folder: Path, n_deaths: int):
        self.folder, self.n_deaths, self.main = folder, n_deaths, os.getpid()

    def __call__(self, model, X, y):
        if model.lam == 0.1 and os.getpid() != self.main and self._is_to_die():
            os.kill(os.getpid(), signal.SIGKILL)
        return model.score(X, y)

    def _is_to_die(self) -> bool:
        """Whether this process has taken one of the deaths, before all others."""
        for k in range(self.n_deaths):
            try:
                (self.folder / f"death_{k}").touch(exist_ok=False)
            except FileExistsError:
                continue
            return True
        return False


def scores(scoring=None, n_jobs=None) -> list:
    X, y = make_classification(120, 6, random_state=0)
    model = GradientLassoClassifier(learning_rate_init=0.03, max_iter=5, random_state=0)
    grid = {"lam": [0.0, 0.1, 1.0]}
    search = GridSearchCV(
        model, grid, scoring=scoring, cv=2, refit=False, n_jobs=n_jobs
    )
    search.fit(X, y)
    names = ("split0_test_score", "split1_test_score")
    return [search.cv_results_[name].tolist() for name in names]


def raising_backend():
    """The one that the page shows."""
    (code,) = re.findall(
        r"```python\n(from joblib._dask.*?)```", PAGE.read_text(), re.S
    )
    shown = {"__name__": __name__}
    exec(code, shown)
    return shown["RaisingDaskBackend"]()


def main(folder: Path, n_deaths: int) -> None:
    import joblib
    from distributed import Client, LocalCluster

    local = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    found = {}
    cluster = LocalCluster(**local, dashboard_address=None)
    with cluster, Client(cluster):
        if n_deaths > 1:
            cluster.scheduler.allowed_failures = 0
            backend = raising_backend()
        else:
            backend = "dask"
        with joblib.parallel_config(backend=backend):
            try:
                found["scores"] = scores(Score(folder, n_deaths))
            except Exception as error:
                found["error"] = type(error).__name__
    found["n_deaths"] = len(list(folder.glob("death_*")))
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main(Path(sys.argv[1]), int(*sys.argv[2:]))
