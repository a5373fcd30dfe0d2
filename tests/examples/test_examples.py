"""The examples run and print what they promise."""

import importlib
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(monkeypatch, capsys, script, *arguments):
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    monkeypatch.syspath_prepend(EXAMPLES / Path(script).parent)
    runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    return capsys.readouterr().out


def table(printed):
    """Rows of the quick start's table: AUC, effective features, norm by name."""
    names = ("no penalty", "weight L1", "gradient L1")
    lines = {
        name: line
        for line in printed.splitlines()
        for name in names
        if line.startswith(name + " ")
    }
    return {name: [float(x) for x in line.split()[3:]] for name, line in lines.items()}


@pytest.mark.parametrize(
    "arguments",
    [("--folds", 2, "--strengths", 3), pytest.param((), marks=pytest.mark.slow)],
    ids=["brief", "whole"],
)
def test_quickstart(monkeypatch, capsys, tmp_path, arguments):
    printed = run(monkeypatch, capsys, "quickstart.py", "--out", tmp_path, *arguments)
    rows = table(printed)
    assert rows.keys() == {"no penalty", "weight L1", "gradient L1"}
    auc, used, norm = zip(*rows.values())
    assert min(auc) > 0.95
    assert max(used[1:]) < used[0]
    assert norm[1] < norm[2] < norm[0]
    if not arguments:
        assert used[2] < used[1]
    assert "worst" in printed.split("Top features")[1]
    assert (tmp_path / "quickstart_breast_cancer.png").stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_quickstart_on_adult_reaches_the_paper(
    monkeypatch, capsys, tmp_path, data_folder, seed
):
    arguments = ("--data", "adult", "--seed", seed, "--out", tmp_path)
    auc, used, _ = table(run(monkeypatch, capsys, "quickstart.py", *arguments))[
        "gradient L1"
    ]
    assert auc >= 0.908
    assert used <= 9


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_quickstart_on_sparse_regions_finds_the_two_features(
    monkeypatch, capsys, tmp_path, seed
):
    arguments = ("--data", "sparse_regions", "--seed", seed, "--out", tmp_path)
    rows = table(run(monkeypatch, capsys, "quickstart.py", *arguments))
    auc, used, _ = rows["gradient L1"]
    assert auc >= 0.99
    assert used <= 2.2
    assert rows["no penalty"][1] >= 4
    assert rows["weight L1"][0] < 0.99 or rows["weight L1"][1] > 2.2


def test_train_step_benchmark_prints_its_ratios(monkeypatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    benchmark = importlib.import_module("train_step")
    monkeypatch.setattr(benchmark, "N_ROWS", 1024)
    monkeypatch.setattr(sys, "argv", ["train_step.py", "--rounds=1", "--epochs=1"])
    benchmark.main()
    printed = capsys.readouterr().out
    ratios = printed.split("ratio of times")[1]
    assert ratios.count("ours, ") == 8
    assert "torch" in ratios


def test_path_benchmark_counts_the_same_fits(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    benchmark = importlib.import_module("path")
    monkeypatch.setattr(benchmark, "LAMS", np.array([0.01, 10.0]))
    monkeypatch.setattr(benchmark, "N_JOBS", 1)
    found = [
        benchmark.contest(n, "cancer", "float32") for n in ("ours", "GridSearchCV")
    ]
    assert found[0]["lam"] == found[1]["lam"] == 0.01
    assert found[0]["test AUC"] == found[1]["test AUC"] > 0.98
    assert found[0]["effective features"] == found[1]["effective features"]


def test_scaling_benchmark_measures_a_step(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    benchmark = importlib.import_module("scaling")
    seconds = {"one epoch": 1.0, "three epochs": 1.8, "product": 0.5}

    def measured(contestants, n_rounds):  # the seconds of a busy machine may be any
        for contestant in contestants.values():
            contestant.run()
        return {name: n_rounds * [seconds[name]] for name in contestants}

    monkeypatch.setattr(benchmark, "measured", measured)
    found = benchmark.seconds_of_step("float32", 2, n=1024, d=10, h=10, m=4)
    n_steps = 4 * 2 * (1024 // benchmark.BATCH)  # four members, two more epochs
    assert found["ms"] == pytest.approx(1e3 * 0.8 / n_steps)
    n_products = benchmark.BATCH * (5 * 10 * 10 + 6 * (10 * 10 + 2 * 10))
    share = 2 * n_products / (0.8 / n_steps) / (2 * benchmark.SIDE**3 / 0.5)
    assert found["share"] == pytest.approx(share)


def test_import_benchmark_prints_the_median_of_its_ratios(monkeypatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    benchmark = importlib.import_module("import_time")
    assert benchmark.seconds("pass") > 0
    warm_up, pairs = [9.0, 99.0], [1.0, 1.5, 2.0, 2.0, 1.0, 1.25]
    times = iter(warm_up + pairs)

    def found(code):
        exec(code, {})  # what is timed can be imported
        return next(times)

    monkeypatch.setattr(benchmark, "seconds", found)
    monkeypatch.setattr(sys, "argv", ["import_time.py", "--rounds=3"])
    benchmark.main()
    assert "ratio 1.25 " in capsys.readouterr().out


@pytest.mark.slow
def test_import_benchmark_runs(monkeypatch, capsys):
    printed = run(monkeypatch, capsys, "benchmarks/import_time.py", "--rounds", 1)
    assert "ratio" in printed


def test_peers_are_compared_and_not_fitted_again(monkeypatch, capsys, tmp_path):
    arguments = ("--data", "breast_cancer", "--splits", 2, "--out", tmp_path)
    arguments += ("--contestant", "l1_logistic")
    printed = run(monkeypatch, capsys, "benchmarks/peers.py", *arguments)
    assert "logistic regression, L1 | 0.9" in printed
    path = tmp_path / "breast_cancer" / "l1_logistic.json"
    recorded = json.loads(path.read_text())
    one = recorded["runs"]["1"]["figures"]
    assert one["per row"] == one["overall"] <= one["read"] < 30
    assert 1 <= one["by effects"] <= one["read"]
    one["auc"] = recorded["runs"]["0"]["figures"]["auc"] = 0.125
    path.write_text(json.dumps(recorded))
    assert "0.1250 ± 0.0000" in run(
        monkeypatch, capsys, "benchmarks/peers.py", *arguments
    )
    assert (tmp_path / "peers.png").stat().st_size > 10_000


def test_a_peer_without_an_answer_in_time_is_not_tried_again(monkeypatch, tmp_path):
    for folder in ("papers", "benchmarks"):
        monkeypatch.syspath_prepend(EXAMPLES / folder)
    peers = importlib.import_module("peers")
    asked = []

    def no_answer(table, contestant, split, seconds):
        asked.append((split, seconds))
        return {"no answer within": seconds}

    monkeypatch.setattr(peers, "figures_in_time", no_answer)
    monkeypatch.setattr(peers, "version", lambda package: "0")
    for seconds in (10, 5, 20):
        peers.run("breast_cancer", "lassonet", 3, tmp_path, seconds)
    assert asked == [(0, 10), (0, 20)]
    (row,) = peers.read(tmp_path, "breast_cancer").values()
    assert row.row(3) == "| LassoNet | no answer within 20 s | | | | | | | |"


def test_parts_of_a_model_are_counted_by_column(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    models = importlib.import_module("peer_models")
    values = np.array([[1.0, -3.0, 2.0], [0.0, 0.0, 0.0]])
    explained = models.Explained(values, [(0,), (1,), (0, 2)])
    assert explained.by_column(np.maximum)[0].tolist() == [2, 3, 2]
    assert explained.by_column(np.add)[0].tolist() == [3, 3, 2]
    assert explained.n_read() == 3


def test_right_reasons_runs_resumes_and_prints_its_lines(monkeypatch, capsys, tmp_path):
    script = "papers/right_reasons/run.py"
    arguments = ("--only", "iris_cancer", "--seeds", 1, "--out", tmp_path)
    printed = run(monkeypatch, capsys, script, *arguments)
    assert "iris_cancer (1 seeds)" in printed
    assert printed.count("met") >= 3
    recorded = json.loads((tmp_path / "iris_cancer.json").read_text())
    (one,) = recorded["runs"].values()
    assert one["versions"]["torch"] and one["date"]
    one["figures"]["default"]["accuracy"] = 0.125
    (tmp_path / "iris_cancer.json").write_text(json.dumps(recorded))
    again = run(monkeypatch, capsys, script, *arguments)
    assert "0.125" in again, "what is there is not run again"


def test_monotone_experiment_on_few_rows(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    experiment = importlib.import_module("right_reasons.monotone")
    monkeypatch.setattr(experiment, "GRID", (1.0,))
    figures = experiment.run(0, n_train=300, n_test=500)
    assert figures["signs"]["wrong"] < 0.03 < 0.1 < figures["default"]["wrong"]
    assert all(str(line) for line in experiment.lines([figures]))


@pytest.mark.slow
def test_right_reasons_on_the_colour_grid(monkeypatch, capsys, tmp_path):
    script = "papers/right_reasons/run.py"
    arguments = ("--only", "colour_grid", "--seeds", 1, "--out", tmp_path)
    printed = run(monkeypatch, capsys, script, *arguments)
    assert "NOT MET" not in printed
    assert (tmp_path / "annotated_rows.png").stat().st_size > 10_000


@pytest.mark.slow
def test_right_reasons_on_decoy_mnist(monkeypatch, capsys, tmp_path, data_folder):
    script = "papers/right_reasons/run.py"
    arguments = ("--only", "decoy_mnist", "--seeds", 1, "--out", tmp_path)
    assert "NOT MET" not in run(monkeypatch, capsys, script, *arguments)


def test_strength_sweep_at_its_ends(monkeypatch, data_folder):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    sweep = importlib.import_module("attribution_priors.strength_sweep")
    monkeypatch.setattr(sweep, "STRENGTHS", (1e-10, 1e3))
    figures = sweep.run(0)
    assert len(figures) == 12
    assert all(line.met for line in sweep.lines([figures]))


@pytest.mark.slow
def test_expected_gradients_benchmark_prints_its_ratios(monkeypatch, capsys):
    pytest.importorskip("shap", reason="shap is not installed")
    pytest.importorskip("captum", reason="captum is not installed")
    script = "benchmarks/expected_gradients.py"
    printed = run(monkeypatch, capsys, script, "--rounds", 1)
    assert "shap" in printed and "captum" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n_seeds"),
    [("ablation", 1), ("sampling", 1), ("graph_simulated", 2)],  # which has a t-test
)
def test_attribution_priors_runs(monkeypatch, capsys, tmp_path, name, n_seeds):
    script = "papers/attribution_priors/run.py"
    arguments = ("--only", name, "--seeds", n_seeds, "--out", tmp_path)
    printed = run(monkeypatch, capsys, script, *arguments)
    assert f"{name} ({n_seeds} seeds)" in printed
    assert list(tmp_path.glob("*.png"))


def test_sentences_experiment_on_few_rows(monkeypatch, data_folder):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    experiment = importlib.import_module("ngsll.sentences")
    few = {
        name: lambda fetch=fetch, **options: thinned(fetch, **options)
        for name, fetch in experiment.DATA.items()
    }
    monkeypatch.setattr(experiment, "DATA", few)
    monkeypatch.setattr(experiment, "K", (1, 5))
    monkeypatch.setattr(experiment, "EPOCHS", {"coarse_max_iter": 1, "max_iter": 1})
    figures = experiment.run(0)
    assert all(len(found["NGSLL"]) == 2 for found in figures.values())
    assert all(str(line) for line in experiment.lines([figures]))
    pictures = experiment.pictures([figures])
    assert {"sentences_accuracy", "trec_words"} <= pictures.keys()


@pytest.mark.slow
def test_reasons_of_sentences_on_few_rows(monkeypatch, capsys, tmp_path, data_folder):
    few = ("--rows", 500, "--epochs", 1, "--out", tmp_path)
    printed = run(monkeypatch, capsys, "benchmarks/subj_reasons.py", *few)
    assert "after: test accuracy" in printed
    written = (tmp_path / "subj_reasons.md").read_text(encoding="utf-8")
    assert written.count("| subjective |") + written.count("| objective |") == 30


def thinned(fetch, *, return_X_y=False):
    bunch = fetch()
    step = len(bunch.data) // 300
    bunch.update(data=bunch.data[::step], target=bunch.target[::step])
    return (bunch.data, bunch.target) if return_X_y else bunch


def test_sparse_regions_on_few_rows(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    experiment = importlib.import_module("neural_lasso.sparse_regions")
    figures = experiment.run(0, n_samples=600, max_iter=1)
    assert figures["models"]["MLP, weight L1"]["strength"] > 0
    assert len(figures["path"]["AUC"]) == len(figures["path"]["features"])
    assert all(str(line) for line in experiment.lines([figures]))
    assert experiment.pictures([figures])


def test_simulation_on_few_rows(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    experiment = importlib.import_module("sensitivity.simulation")
    figures = experiment.run(0, n_samples=600, n_epochs=15)
    assert np.argmax(figures["importances"]) == 2
    assert all(str(line) for line in experiment.lines([figures]))
    assert experiment.pictures([figures])


def test_beijing_on_few_rows(monkeypatch, data_folder):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    experiment = importlib.import_module("sensitivity.beijing")
    figures = experiment.run(0, max_iter=1, n_rows=1800)
    assert figures["weather alone"]["columns"][-1] == experiment.WIND
    assert all(str(line) for line in experiment.lines([figures]))
    assert experiment.pictures([figures])


def test_adult_selection_in_one_epoch(monkeypatch, data_folder):
    monkeypatch.syspath_prepend(EXAMPLES / "papers")
    experiment = importlib.import_module("sensitivity.adult")
    monkeypatch.setattr(experiment, "SHARES", (0.9,))
    figures = experiment.run(0, max_iter=1)
    assert figures["all"]["columns"] == 108
    assert all(str(line) for line in experiment.lines([figures]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["credit_default", "timing"])
def test_sensitivity_runs(monkeypatch, capsys, tmp_path, data_folder, name):
    pytest.importorskip("lime", reason="lime is not installed")
    script = "papers/sensitivity/run.py"
    arguments = ("--only", name, "--seeds", 1, "--out", tmp_path)
    assert f"{name} (1 seeds)" in run(monkeypatch, capsys, script, *arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["timing", "training_cost"])
def test_ngsll_timings_run(monkeypatch, capsys, tmp_path, data_folder, name):
    pytest.importorskip("lime", reason="lime is not installed")
    script = "papers/ngsll/run.py"
    arguments = ("--only", name, "--seeds", 1, "--out", tmp_path)
    assert f"{name} (1 seeds)" in run(monkeypatch, capsys, script, *arguments)
