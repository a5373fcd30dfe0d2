"""The house rules: import direction, length of files, documentation of names."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_gradlasso

PACKAGE = Path(sklearn_gradlasso.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Each module may import those before it in this order, and only these; "leaf" modules
# may import no other module of the package.
LEAVES = {
    "_aligned",
    "_annotations",
    "_columns",
    "_docstrings",
    "_extractors",
    "_features",
    "_gate",
    "_global_priors",
    "_importances",
    "_layout",
    "_masks",
    "_mlp",
    "_paths",
    "_randomness",
    "_recurrent",
    "_rows",
    "_side_by_side",
    "_stack",
    "_stand_ins",
    "_threads",
    "_weights",
    "_validation",
    "targets",
    "token_sequencer",
    "weight_penalties",
}
LAYERS = [
    LEAVES,
    {"_ablation", "_groups", "_local_linear", "_score", "_tabular", "priors"},
    {"_expected_gradients", "explanation"},
    {"attributions", "metrics", "objective"},
    {"_inference", "_steps", "modules"},
    {"_balance", "_differentiable", "_net"},
    {"_data_parallel", "_slopes"},
    {"_interactions", "_sequences", "_shares"},
    {"_noise"},
    {"sensitivity"},
    {"selection"},
    {"_parameters"},
    {"_fitted"},
    {"_preparation"},
    {"_base"},
    {"_classifier", "_gradient_penalised", "_regressor", "_two_views"},
    {"_annotated", "_coarse_to_fine", "_prior_training", "gradient_lasso"},
    {"_generated_weights"},
    {"attribution_prior", "ngsll", "right_reasons"},
    {"find_another_explanation"},
    {"_likeness", "_parts", "_stack_net"},
    {"_at_once", "_training"},
    {"_together"},
    {"_lambda_grid"},
    {"path"},
    {"_lambda_search", "stability"},
    {"gradient_lasso_cv"},
]


def imports(path: Path) -> tuple[set[str], set[str]]:
    """Modules of the package, and other packages, that a file imports at the top."""
    ours, others = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            ours |= {node.module} if node.module else {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            others.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
    return ours, others


def test_arrows_point_one_way():
    allowed = set()
    for layer in LAYERS:
        for name in layer:
            ours, _ = imports(PACKAGE / f"{name}.py")
            assert ours <= allowed, f"{name} must not import {ours - allowed}"
        allowed |= layer
    assert "gradient_lasso" not in imports(PACKAGE / "right_reasons.py")[0]
    named = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert named == allowed, "every module has its place in LAYERS"


def test_two_files_import_skorch():
    users = {path.stem for path in FILES if "skorch" in imports(path)[1]}
    # The second is the seam to skorch's mixin for accelerate.
    assert users == {"_steps", "_data_parallel"}


def test_data_sets_import_nothing_of_ours():
    paths = list((PACKAGE / "datasets").glob("*.py"))
    for path in paths:
        assert imports(path)[0] <= {each.stem for each in paths}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_one_idea(path):
    assert len(path.read_text().splitlines()) <= 300


def test_importing_the_package_loads_nothing_but_its_foundations():
    code = (
        "import sys, torch, sklearn.datasets, sklearn.model_selection, skorch; "
        "tops = lambda: {name.split('.')[0] for name in sys.modules}; "
        "before = tops(); import sklearn_gradlasso; print(*(tops() - before))"
    )
    added = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert set(added) - sys.stdlib_module_names == {"sklearn_gradlasso"}


def public_objects():
    for path in FILES:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if any(part.startswith("_") and part != "__init__" for part in parts):
            continue
        name = ".".join(("sklearn_gradlasso", *parts)).removesuffix(".__init__")
        module = sys.modules.get(name) or __import__(name, fromlist=["_"])
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield pytest.param(value, id=f"{name}.{public}")


@pytest.mark.parametrize("value", list(public_objects()))
def test_public_names_are_documented(value):
    assert inspect.getdoc(value)
    if inspect.isclass(value):
        own = vars(value).items()
        methods = [m for n, m in own if inspect.isfunction(m) and n[0] != "_"]
        assert all(inspect.getdoc(getattr(value, m.__name__)) for m in methods)
        parameters = [p for p in inspect.signature(value).parameters if p != "self"]
    else:
        parameters = list(inspect.signature(value).parameters)
    missing = [
        name for name in parameters if f"{name} :" not in doc_of(value, parameters)
    ]
    assert not missing, f"{missing} have no entry in the docstring"


def doc_of(value, parameters) -> str:
    """The docstring, with ``a, b : type`` written out as two entries."""
    lines = []
    for line in inspect.getdoc(value).splitlines():
        names, colon, rest = line.partition(" :")
        each = [name.strip() for name in names.split(",")]
        if colon and set(each) <= set(parameters):
            lines += [f"{name} :{rest}" for name in each]
        lines.append(line)
    return "\n".join(lines)
