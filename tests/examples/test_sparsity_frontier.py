"""The benchmark of penalties: its own penalties, what it records and chooses."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_gradlasso.metrics import gini_index

BENCHMARKS = Path(__file__).parents[2] / "examples" / "benchmarks"


@pytest.fixture
def imported(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def test_the_log_penalty_has_the_gradient_of_a_reweighted_l1(imported):
    penalty = imported("frontier_penalties").LogPenalty([[0, 1], [2]])
    phi = torch.tensor([[0.3, -0.1, -0.05]], dtype=torch.float64, requires_grad=True)
    penalty(phi).sum().backward()
    # By hand: columns 0.2 and -0.05, weights s / (|c| + s) with s = 0.1.
    expected = [0.1 / 0.3, 0.1 / 0.3, -0.1 / 0.15]
    assert phi.grad[0].tolist() == pytest.approx(expected)


def test_the_gini_of_a_row_is_that_of_the_metrics(imported):
    penalty = imported("frontier_penalties").RowGini([[0], [1], [2], [3]])
    phi = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    expected = [-2 * gini_index(row.abs().numpy()) for row in phi]
    assert penalty(phi).tolist() == pytest.approx(expected, rel=1e-5)


def test_drawn_effects_replace_the_features_of_a_column(imported):
    attribution = imported("frontier_penalties").DrawnEffects([[0, 2], [1]], seed=0)
    x = torch.arange(24.0).reshape(8, 3)
    phi = attribution(lambda x: x @ torch.tensor([1.0, 10.0, 100.0]), x)
    assert phi.shape == x.shape and not phi[2:].any() and not phi[:, 2].any()
    shift = 1 + int(torch.randint(7, (1,), generator=torch.Generator().manual_seed(0)))
    moved = (x - x.roll(shift, 0))[:2]
    expected = torch.stack([101 * moved[:, 0], 10 * moved[:, 1]], dim=1)
    torch.testing.assert_close(phi[:2, :2], expected)


def test_a_strength_is_chosen_on_validation_rows_alone(imported):
    report = imported("frontier_report")

    def run(columns, auc, of_test, seed=0):
        found = {"validation": {"columns": columns, "auc": auc}, "seed": seed}
        return found | {"test": {"auc": of_test}}

    runs = [run(2.0, 0.7, 0.6), run(4.9, 0.8, 0.65), run(6.0, 0.9, 0.9)]
    assert report.worth(runs, 5) == 0.65
    assert np.isnan(report.worth([*runs, run(5.5, 0.9, 0.9, seed=1)], 5))


def test_between_strengths_the_frontier_is_a_line(imported):
    between = imported("frontier_report").between
    points = [(2.0, 0.6), (4.0, 0.8), (5.0, 0.7), (6.0, 0.9)]
    runs = [{"seed": 0, "test": {"columns": c, "auc": a}} for c, a in points]
    assert between(runs, 3) == pytest.approx(0.7)
    assert between(runs, 5) == pytest.approx(0.85)  # 0.7 at 5 is beaten by 0.8 at 4
    assert between(runs, 9) == 0.9 and np.isnan(between(runs, 1))


def test_fits_are_recorded_and_not_made_again(monkeypatch, capsys, tmp_path, imported):
    script = imported("sparsity_frontier")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.standard_normal(300), "b": rng.choice(["x", "y"], 300)})
    X["c"] = X["a"].where(X["a"] < 1)  # missing values
    y = (X["a"] + (X["b"] == "x") > 0).to_numpy().astype(int)
    rows = np.split(np.arange(300), [240])
    monkeypatch.setattr(script, "_rows", lambda *_: (script.Table(X, y), rows))
    monkeypatch.setattr(script, "STEPS", 4)
    out = tmp_path / "frontier.jsonl"
    arguments = ["--tables", "made", "--seeds", "0", "--modules", "default"]
    arguments += ["--train-rows", "120", "--out", str(out), "--penalties"]
    arguments += ["gradients, L1", "contributions, hoyer", "effects, L1"]
    monkeypatch.setattr(sys, "argv", ["sparsity_frontier.py", *arguments])
    script.main()
    assert "test AUC of the strength chosen" in capsys.readouterr().out
    runs = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(runs) == 15 and {run["rows"] for run in runs} == {120}
    assert all(1 <= run["test"]["columns"] <= 3 for run in runs)
    assert set(runs[0]) >= {"commit", "versions", "threads", "date", "lam", "epochs"}
    monkeypatch.setattr(script, "fitted", None)
    script.main()
    assert len(out.read_text().splitlines()) == 15
