"""The benchmark on raw tables: its figures by hand, and a run of it."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of the benchmark by name."""
    for folder in ("papers", "benchmarks"):
        monkeypatch.syspath_prepend(EXAMPLES / folder)
    return importlib.import_module


@pytest.fixture
def made(benchmark):
    """A table with numbers, categories and missing values of both, for two classes."""
    rng = np.random.default_rng(0)
    n = 240
    X = pd.DataFrame({"age": rng.uniform(20, 60, n), "job": rng.choice(list("abc"), n)})
    score = (X["age"] - 40) / 8 + X["job"].map({"a": 1.0, "b": 0.0, "c": -2.0})
    y = (score + rng.logistic(size=n) > 0).to_numpy().astype(int)
    X.loc[::9, "age"] = np.nan
    X.loc[::11, "job"] = np.nan
    tables = benchmark("reason_tables")
    return tables.Table(tables.cleaned(X), y)


def answering(p):
    """A model that answers these probabilities."""
    return SimpleNamespace(predict_proba=lambda X: np.asarray(p))


def test_scores_of_two_classes_are_those_by_hand(benchmark):
    scores = benchmark("table_scores").scores
    p = np.repeat([0.2, 0.6], 15)
    y = np.repeat([0, 1], 15)
    y[:3], y[15:18] = 1, 0  # a bin holds two rows that are alike
    found = scores(answering(np.column_stack([1 - p, p])), None, y)
    loss = -(3 * np.log([0.2, 0.4]) + 12 * np.log([0.8, 0.6])).sum() / 30
    assert found["log loss"] == pytest.approx(loss)
    assert found["Brier"] == pytest.approx(np.mean((p - y) ** 2))
    assert found["AUC"] == pytest.approx(0.8)
    below = abs(0.4 - 2) + abs(0.4 - 1) + 5 * 0.4  # bins of two rows
    middle = abs(0.2 + 0.6 - 0)
    above = abs(1.2 - 0) + 6 * abs(1.2 - 2)
    assert found["calibration error"] == pytest.approx((below + middle + above) / 30)


def test_calibration_of_what_is_right_is_zero_also_of_more_classes(benchmark):
    scores = benchmark("table_scores").scores
    y = np.arange(45) % 3
    found = scores(answering(np.eye(3)[y]), None, y)
    assert found == pytest.approx(
        {"AUC": 1.0, "log loss": 0.0, "Brier": 0.0, "calibration error": 0.0}
    )
    wrong = scores(answering(np.eye(3)[(y + 1) % 3]), None, y)
    assert wrong["Brier"] == pytest.approx(2.0)
    assert wrong["calibration error"] > 0 and np.isfinite(wrong["log loss"])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_odds_are_the_same_by_scores_and_by_probabilities(
    benchmark, made, n_classes
):
    truth, models = benchmark("reason_truth"), benchmark("table_models")
    y = made.y + (np.arange(len(made.y)) % 5 == 0) * (n_classes - 2)
    table = benchmark("reason_tables").Table(made.X, y)
    model = models.hist_boosting(table, 0).fit(table.X, y)
    by_scores = truth.decision(model)(made.X)
    logits = model.decision_function(made.X)
    if n_classes == 2:
        assert np.array_equal(by_scores, logits)
    else:
        p = softmax(logits, axis=1)
        assert np.allclose(by_scores, np.log(p / (1 - p)))
    model[-1].__class__ = type(
        "Silent", (type(model[-1]),), {"decision_function": property()}
    )
    assert not hasattr(model, "decision_function")
    assert np.allclose(truth.decision(model)(made.X), by_scores, atol=1e-3)


def test_the_published_split_is_the_first(benchmark, made):
    tables = benchmark("reason_tables")
    test = np.arange(len(made.y)) < 50
    table = tables.Table(made.X, made.y, published=test).without(["job"])
    first = tables.split(table, 0)
    assert first.X_test.index.tolist() == list(range(50)) and list(first.X) == ["age"]
    assert len(tables.split(table, 1).X_test) == 72


def test_an_answer_that_is_late_is_told_as_far_as_it_is_known(benchmark, tmp_path):
    time_box = benchmark("time_box")
    script = tmp_path / "slow.py"
    slow = "import sys, time\nprint('{\"AUC\": ', sys.argv[1], '}', flush=True)\n"
    script.write_text(slow + "time.sleep(float(sys.argv[2]))\n")
    answer = time_box.answer_in_time
    assert answer(str(script), [0.75, 0], 60) == {"AUC": 0.75}
    assert answer(str(script), [0.75, 60], 3) == {"AUC": 0.75, "not finished within": 3}
    script.write_text("import json, table_fit\nprint(json.dumps({'AUC': 0.5}))\n")
    assert answer(str(script), [], 60) == {"AUC": 0.5}  # It finds what we can import.
    script.write_text("import time\ntime.sleep(60)\n")
    assert answer(str(script), [], 1) == {"no answer within": 1}


def test_ranks_and_gaps_are_those_by_hand(benchmark):
    report = benchmark("table_report")

    def fits(*values, key="AUC"):
        return {str(split): {key: each} for split, each in enumerate(values)}

    found = report.Comparison(
        {
            "one": {"linear": fits(0.8, 0.9), "mlp": fits(0.7, 0.84)},
            "two": {"linear": fits(0.5, key="R2"), "mlp": fits(0.6, key="R2")},
            "three": {"mlp": fits(0.9)},
        }
    )
    assert found.names == ["linear", "mlp"]
    assert (found.rank("linear"), found.rank("mlp")) == (1.5, pytest.approx(4 / 3))
    gap = found.gap("one", "mlp")
    assert gap.best == "linear"
    assert (gap.mean, gap.error) == pytest.approx((-0.08, 0.02))
    assert found.gap("three", "mlp").mean == 0
    printed = "\n".join(report.lines("seen", found))
    assert "- MLP: one AUC -0.0800 ± 0.0200 (linear, L1)" in printed
    assert "- linear, L1: two R2 -0.1000 (MLP)" in printed
    assert (
        "| linear, L1 | 2 of 3 | 1.5 | -0.0500 ± 0.0500 | 0.8500 | 0.5000 |" in printed
    )


def test_a_run_on_a_made_table_resumes(benchmark, made, monkeypatch, capsys, tmp_path):
    tables, data = benchmark("tables"), benchmark("table_data")
    made_table = {"made": lambda: made}
    monkeypatch.setattr(tables, "HALVES", {"seen": made_table, "unseen": {}})
    monkeypatch.setitem(data.TABLES, "made", lambda: made)
    contestants = ["linear", "hist_boosting", "mlp"]
    arguments = ["--half", "seen", "unseen", "--table", "made", "--splits", "2"]
    arguments += ["--contestant", *contestants, "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["tables.py", *arguments])
    tables.main()
    printed = capsys.readouterr().out
    assert "seen: 1 tables" in printed and "both: 1 tables" in printed
    paths = {name: tmp_path / "made" / f"{name}.json" for name in contestants}
    for path in paths.values():
        runs = json.loads(path.read_text())["runs"]
        assert set(runs) == {"0", "1"}
        for run in runs.values():
            assert run["commit"] and run["versions"]["torch"] and run["date"]
            assert 0.5 < run["figures"]["AUC"] <= 1
            assert 1 <= run["figures"]["columns per row"] <= 2
    recorded = json.loads(paths["mlp"].read_text())
    for run in recorded["runs"].values():
        run["figures"]["AUC"] = 0.125
    paths["mlp"].write_text(json.dumps(recorded))
    tables.main()
    assert "| 0.1250 |" in capsys.readouterr().out, "what is there is not run again"
    assert (tmp_path / "tables.png").stat().st_size > 10_000


def test_a_contestant_that_fails_does_not_end_the_run(
    benchmark, made, monkeypatch, capsys, tmp_path
):
    tables, data = benchmark("tables"), benchmark("table_data")
    monkeypatch.setattr(tables, "HALVES", {"seen": {"made": None}, "unseen": {}})
    monkeypatch.setitem(data.TABLES, "made", lambda: made)
    models = benchmark("table_models").CONTESTANTS

    def fail(table, seed):
        raise ValueError("no such table")

    monkeypatch.setitem(models, "mlp", models["mlp"].__class__("MLP", fail))
    arguments = ["--table", "made", "--splits", "1", "--contestant", "mlp", "linear"]
    monkeypatch.setattr(sys, "argv", ["tables.py", *arguments, "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="mlp on made"):
        tables.main()
    told = capsys.readouterr()
    assert "no such table" in told.err and "linear, L1 | 1 of 1" in told.out
