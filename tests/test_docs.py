"""What the documentation shows runs, and says what the code says."""

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

import sklearn_gradlasso
from sklearn_gradlasso.estimators.base.parameters import NetworkParameters

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


# What a page shows must train to the end.
@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page):
    code = "\n".join(BLOCK.findall(page.read_text()))
    exec(compile(code, str(page), "exec"), {"__name__": page.stem})


@pytest.mark.parametrize("page", ["README.md", "docs/right_reasons.md"])
def test_accuracies_beside_the_code_are_those_it_has(page):
    blocks = BLOCK.findall((ROOT / page).read_text())
    (code,) = [block for block in blocks if "make_iris_cancer(" in block]
    found = {}
    exec(compile(code, page, "exec"), found)
    written = re.findall(r"^(\w+) = .*# (0\.\d+), of (\d+) rows$", code, re.MULTILINE)
    assert [name for name, _, _ in written] == ["unaware", "aware"]
    for name, figure, n_rows in written:
        assert float(figure) == pytest.approx(found[name])
        assert int(n_rows) == len(found["y_test"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_contributing_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) < 60


ESTIMATORS = [
    name
    for name in sklearn_gradlasso.__all__
    if hasattr(getattr(sklearn_gradlasso, name), "fit")
]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documented_defaults_are_the_defaults(name):
    estimator = getattr(sklearn_gradlasso, name)
    documented = {}
    entry = re.compile(r"^([\w, ]+) : .*default=(.+)$", re.MULTILINE)
    for names, default in entry.findall(inspect.getdoc(estimator)):
        documented |= {each.strip(): default for each in names.split(",")}
    parameters = dict(inspect.signature(estimator).parameters)
    for name, parameter in list(parameters.items()):
        if parameter.default is inspect.Parameter.empty:
            del parameters[name]
    assert documented.keys() == parameters.keys()
    for parameter, default in documented.items():
        assert ast.literal_eval(default) == parameters[parameter].default, parameter


def test_every_shared_parameter_has_its_limits():
    names = {field.name for field in fields(NetworkParameters)}
    assert names == set(NetworkParameters._constraints)


def test_the_version_is_the_one_to_cite():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert cited[1] == sklearn_gradlasso.__version__
