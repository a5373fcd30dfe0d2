"""The ablation of the network for tables: what a variant lacks, and its figures."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def ablation(monkeypatch):
    for folder in ("papers", "benchmarks"):
        monkeypatch.syspath_prepend(EXAMPLES / folder)
    return importlib.import_module("table_ablation")


@pytest.fixture
def fitted(ablation, monkeypatch):
    """Fits a variant to a made table; returns the model and its figures."""
    tables = importlib.import_module("reason_tables")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((70, 2)), columns=list("ab"))
    X["job"] = rng.choice(["x", "y"], len(X))
    y = (X["a"] + X["b"] * X["a"] + (X["job"] == "x") > 0).to_numpy().astype(int)
    made, models = tables.Table(tables.cleaned(X), y), []
    monkeypatch.setattr(ablation, "loaded", lambda name: made)
    own = ablation.estimator

    def kept(*args, **params):
        models.append(own(*args, **params))
        return models[-1]

    monkeypatch.setattr(ablation, "estimator", kept)

    def fit(name):
        figures = ablation.fit("made", ablation.VARIANTS[name], 0)
        return models[-1], figures

    return fit


def parts(model):
    """Largest absolute weights of the parts of the network."""
    sizes = {}
    for name, weight in model.net_.module_.named_parameters():
        for part in ("additive.line", "additive.weight", "interactions"):
            if part in name and weight.numel():
                sizes.setdefault(part, []).append(weight.abs().max().item())
    return {part: max(found) for part, found in sizes.items()}


def test_what_is_left_out_learns_nothing(ablation, fitted):
    models = {}
    for name in ablation.VARIANTS:
        models[name], figures = fitted(name)
        assert {"AUC", "log loss", "fit seconds"} <= set(figures)
        assert 0.5 < figures["AUC"] <= 1, name
    assert min(parts(models["default"]).values()) > 0
    no_backbone = parts(models["no_backbone"])
    assert no_backbone["additive.line"] == no_backbone["additive.weight"] == 0
    no_lines = parts(models["no_lines"])
    assert no_lines["additive.line"] == 0 < no_lines["additive.weight"]
    assert models["one_member"].net_.module_[0].n_members == 1
    X = pd.DataFrame({"a": [0.0, 1, 0, 1], "b": [0.0, 0, 1, 1], "job": 4 * ["x"]})
    first, second, third, fourth = models["no_interactions"].decision_function(X)
    assert fourth - third == pytest.approx(second - first, abs=1e-5)


def test_differences_are_paired_by_seed(ablation, monkeypatch, tmp_path, capsys):
    losses = {"default": [0.5, 0.3, 0.9], "no_lines": [0.4, 0.4]}
    for name, found in losses.items():
        for table in ("OJ", "HMDA"):
            runs = {
                str(seed): {
                    "figures": {"AUC": 0.8, "log loss": loss, "fit seconds": 2.0}
                }
                for seed, loss in enumerate(found)
            }
            path = tmp_path / table / f"{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({"runs": runs}))
    asked = ["--splits=0", f"--out={tmp_path}"]
    monkeypatch.setattr(sys, "argv", ["table_ablation.py", *asked])
    ablation.main()
    printed = capsys.readouterr().out.splitlines()
    assert (
        "| lines under the pieces | +0.0000 ± 0.0000 |  | +0.0000 ± 0.0000 | 1.00 |"
        in printed
    )
    assert len(printed) == 4  # a head of two lines, and the variants that are there
