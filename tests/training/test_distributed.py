"""Searches in several processes, one network in several processes, many chunks."""

import gc
import json
import os
import pickle
import socket
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from helpers.processes import shared_training
from helpers.processes.dask_searches import scores
from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor

PROCESSES = Path(__file__).parents[1] / "helpers" / "processes"
HANGS_AFTER = 120  # seconds


def started(script: str, *arguments, **environment) -> subprocess.Popen:
    found = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, str(PROCESSES / script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": found, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(*processes: subprocess.Popen) -> list[str]:
    """What the processes said; none may hang, and none is left."""
    try:
        return [each.communicate(timeout=HANGS_AFTER)[0] for each in processes]
    finally:
        for each in processes:
            each.kill()
            each.wait()


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The reports of both processes, which the first worker of pytest-xdist starts."""
    of_all_workers = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        of_all_workers = of_all_workers.parent
    folder = of_all_workers / "two_processes"
    try:
        folder.mkdir()
    except FileExistsError:
        wait_for(folder / "said.txt")
    else:
        (folder / "said.txt").write_text("\n".join(said_by_two_processes(folder)))
    paths = [folder / f"{rank}.pickle" for rank in "01"]
    assert all(path.exists() for path in paths), (folder / "said.txt").read_text()
    return [pickle.loads(path.read_bytes()) for path in paths]


def wait_for(path: Path) -> None:
    ends = time.monotonic() + HANGS_AFTER
    while not path.exists():
        assert time.monotonic() < ends, f"no other worker has written {path}"
        time.sleep(0.1)


def said_by_two_processes(folder: Path) -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return ended(
        *(
            started(
                "shared_training.py",
                folder,
                RANK=rank,
                LOCAL_RANK=rank,
                ACCELERATE_USE_CPU="1",
                **shared,
            )
            for rank in "01"
        )
    )


@pytest.mark.parametrize("case", shared_training.CASES, ids=lambda case: case.__name__)
def test_two_processes_train_what_one_does(case, two_processes):
    first, second = (report["trained"][case.__name__] for report in two_processes)
    alone = shared_training.summary(case(None))
    for name, values in alone.items():
        np.testing.assert_array_equal(first[name], second[name])
        np.testing.assert_allclose(first[name], values, rtol=0, atol=1e-10)


def test_each_process_takes_its_share(two_processes):
    first, second = (report["sizes"] for report in two_processes)
    assert first == [33] * len(first)
    assert second == [34] * len(first)


def test_masks_of_dropout_do_not_part_the_processes(two_processes):
    first, second = (report["dropping"] for report in two_processes)
    np.testing.assert_array_equal(first["theta"], second["theta"])


def test_what_is_no_sum_over_rows_is_refused_by_all(two_processes):
    first, second = (report["refused"] for report in two_processes)
    assert first == second
    for expected, message in first.items():
        assert expected in message


def test_a_pickle_answers_without_the_processes(two_processes):
    first, second = two_processes
    model = pickle.loads(first["model"])
    assert model.accelerator is None
    np.testing.assert_array_equal(
        model.predict_proba(shared_training.X), second["answer"]
    )


def test_the_first_process_alone_writes_files(two_processes):
    first, second = (report["saved"] for report in two_processes)
    assert "params.pt" in first and not second


def test_a_process_that_dies_ends_the_other(two_processes):
    assert two_processes[0]["death"]


def test_an_accelerator_of_one_process_changes_no_bit():
    accelerator = Accelerator(cpu=True)
    for case in (shared_training.weights_of_rows, shared_training.held_out_rows):
        alone, shared = map(shared_training.summary, (case(None), case(accelerator)))
        for name, values in alone.items():
            np.testing.assert_array_equal(shared[name], values)
    model = GradientLassoClassifier(
        module="perceptron", accelerator=accelerator, random_state=0
    )
    assert clone(model).accelerator is accelerator
    X, y = shared_training.X, shared_training.LABELS
    model.set_params(max_iter=3).fit(X, y).set_params(warm_start=True).fit(X, y)
    assert (model.n_iter_, len(model.loss_curve_)) == (3, 6)
    model.set_params(accelerator="cpu")
    with pytest.raises(ValueError, match="'accelerator' parameter"):
        model.fit(X, y)
    accumulating = Accelerator(cpu=True, gradient_accumulation_steps=2)
    with pytest.raises(ValueError, match="gradient_accumulation_steps=1"):
        model.set_params(accelerator=accumulating).fit(X, y)


def test_loky_gives_the_scores_of_a_serial_search():
    with parallel_config(backend="loky"):
        assert scores(n_jobs=2) == scores()


def test_dask_gives_the_scores_of_a_serial_search_though_a_worker_is_killed(tmp_path):
    found = found_by_dask(tmp_path, n_deaths=1)
    assert found == {"scores": scores(), "n_deaths": 1}


@pytest.mark.slow
def test_a_fit_that_kills_its_workers_ends_in_dasks_error(tmp_path):
    assert found_by_dask(tmp_path, n_deaths=100)["error"] == "KilledWorker"


def found_by_dask(folder: Path, n_deaths: int) -> dict:
    said = ended(started("dask_searches.py", folder, n_deaths))
    path = folder / "found.json"
    assert path.exists(), said
    return json.loads(path.read_text())


SLOPES = np.array([1.0, -2.0, 0.5, 0.0, 0.0])


def make_rows(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(3.0, [1, 2, 3, 4, 5], size=(n, 5))
    return X, X @ SLOPES + random.normal(size=n)


class Chunks(IterableDataset):
    """Makes chunks as they are asked for, and counts those that somebody holds."""

    def __init__(self, n_chunks: int):
        self.n_chunks, self.held, self.most = n_chunks, 0, 0

    def __iter__(self):
        for seed in range(self.n_chunks):
            X, y = make_rows(seed)
            self.held += 1
            weakref.finalize(X, self._let_go)
            self.most = max(self.most, self.held)
            yield X, y
            del X, y

    def _let_go(self):
        self.held -= 1


def scaler_of(loader) -> StandardScaler:
    scaler = StandardScaler()
    for X, _ in loader:
        scaler.partial_fit(X.numpy())
    return scaler


def test_chunks_are_learned_as_well_as_all_rows_at_once():
    stream = Chunks(10)
    loader = DataLoader(stream, batch_size=None)
    scaler = scaler_of(loader)
    model = GradientLassoRegressor(module="perceptron", random_state=0)
    for _ in range(8):
        for X, y in loader:
            Z = scaler.transform(X.numpy())
            model.partial_fit(Z, y.numpy())
    scaled = weakref.ref(Z)
    del X, Z, y
    gc.collect()
    assert stream.most <= 2 and stream.held == 0  # the one in use and the next
    assert scaled() is None  # the estimator holds none

    parts = [make_rows(seed) for seed in range(10)]
    X, y = (np.concatenate(each) for each in zip(*parts))
    np.testing.assert_allclose(scaler.mean_, X.mean(axis=0))
    whole = GradientLassoRegressor(module="perceptron", random_state=0, max_iter=50)
    whole.fit(scaler.transform(X), y)
    X, y = make_rows(100, 1000)
    X = scaler.transform(X)
    assert model.score(X, y) > whole.score(X, y) - 0.005 > 0.9


def test_an_indexed_data_set_comes_in_batches_of_its_loader():
    X, y = make_rows(0, 3000)
    rows = TensorDataset(torch.from_numpy(X), torch.from_numpy(y > y.mean()))
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(rows, batch_size=1000, shuffle=True, generator=generator)
    scaler = scaler_of(loader)
    model = GradientLassoClassifier(module="perceptron", random_state=0)
    for _ in range(15):
        for X_chunk, y_chunk in loader:
            model.partial_fit(
                scaler.transform(X_chunk.numpy()),
                y_chunk.numpy(),
                classes=[False, True],
            )
    X = scaler.transform(X)
    best = LogisticRegression().fit(X, y > y.mean())
    assert model.score(X, y > y.mean()) > best.score(X, y > y.mean()) - 0.01
