"""The house rules: import direction, length of files, documentation of names."""

import ast
import inspect
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import sklearn_gradlasso

PACKAGE = Path(sklearn_gradlasso.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# What each wing may import of the package: a wing is a folder, or a file beside them.
# ``__init__`` may import everything.
NOUNS = {"targets", "weight_penalties", "priors", "attributions"}
WINGS = {
    "utils": set(),
    "targets": set(),
    "weight_penalties": set(),
    "priors": {"utils"},
    "metrics": set(),
    "datasets": {"utils"},
    "tables": {"utils"},
    "attributions": {"utils"},
    "objective": {"utils"},
    "modules": {"tables", "utils"},
    "training": {"objective", "utils"},
    "inspection": {
        "training",
        "objective",
        "attributions",
        "modules",
        "tables",
        "targets",
        "utils",
    },
    "explanation": {"inspection", "metrics"},
    "sensitivity": {"inspection", "objective", "attributions", "tables", "utils"},
    "paths": {"training", "inspection", "objective", "metrics", "tables", "utils"},
    "estimators": {
        "paths",
        "inspection",
        "training",
        "objective",
        "modules",
        "tables",
        "utils",
        *NOUNS,
    },
}
PRIVATE_WINGS = {"estimators", "inspection", "training", "utils"}
MOST_ENTRIES, MOST_LINES, MOST_FLOORS = 18, 400, 9


def imported_names(path: Path) -> list[tuple[tuple[str, ...], str]]:
    """Names that a file imports from the package, each with where it says they are."""
    here = path.relative_to(PACKAGE).parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) + 1 - node.level]
            base += tuple(node.module.split(".")) if node.module else ()
            found += [(base, alias.name) for alias in node.names]
    return found


def files_of(base: tuple[str, ...], name: str) -> set[tuple[str, ...]]:
    """The files a name comes from; a wing's door passes on the names of its files."""
    for module in (base, (*base, name)):
        if module and PACKAGE.joinpath(*module).with_suffix(".py").exists():
            return {module}
    wing = PACKAGE.joinpath(*base, name, "__init__.py")
    if wing.exists():  # It is imported as a whole.
        return {file for known in imported_names(wing) for file in files_of(*known)}
    door = imported_names(PACKAGE.joinpath(*base, "__init__.py"))
    return {file for known in door if known[1] == name for file in files_of(*known)}


def imports(path: Path) -> set[tuple[str, ...]]:
    """The files of the package that a file imports names from."""
    return {file for name in imported_names(path) for file in files_of(*name)}


def other_packages(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def module_of(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


@pytest.mark.parametrize("wing", [*WINGS])
def test_arrows_between_wings_point_one_way(wing):
    for path in FILES:
        if module_of(path)[:1] == (wing,):
            reached = {parts[0] for parts in imports(path)} - {wing}
            assert reached <= WINGS[wing], f"{path} must not import {reached}"


def test_every_file_lies_in_a_wing():
    assert {module_of(path)[0] for path in FILES if module_of(path)} == set(WINGS)


def test_no_chain_of_imports_is_long_or_comes_back():
    arrows = {module_of(path): imports(path) for path in FILES if not is_door(path)}

    @cache
    def floor(module):  # A circle of imports ends in a RecursionError.
        return 1 + max(map(floor, arrows[module]), default=0)

    assert max(map(floor, arrows)) <= MOST_FLOORS


def is_door(path: Path) -> bool:
    return path.name == "__init__.py"


def test_the_top_of_the_package_is_small():
    entries = [path for path in PACKAGE.iterdir() if path.name[:2] != "__"]
    assert len(entries) + 1 <= MOST_ENTRIES


@pytest.mark.parametrize("package", ["skorch", "accelerate"])
def test_skorch_and_accelerate_are_for_training_alone(package):
    users = {module_of(path)[0] for path in FILES if package in other_packages(path)}
    assert users <= {"training"}


def own_classes(value: type) -> list[type]:
    return [each for each in value.__mro__ if each.__module__.startswith(PACKAGE.name)]


@pytest.mark.parametrize("name", sklearn_gradlasso.__all__)
def test_an_estimator_is_made_of_few_classes(name):
    value = getattr(sklearn_gradlasso, name)
    most = 4 if name in ("GradientLassoClassifier", "GradientLassoRegressor") else 5
    assert not isinstance(value, type) or len(own_classes(value)) <= most


@pytest.mark.parametrize("name", sklearn_gradlasso.__all__)
def test_a_private_method_is_overridden_if_it_is_a_hook(name):
    value = getattr(sklearn_gradlasso, name)
    if not isinstance(value, type):
        return
    defined = {}
    for each in reversed(own_classes(value)):
        for method, function in vars(each).items():
            function = getattr(function, "fget", function)
            if not callable(function) or method[:2] == "__" or method[0] != "_":
                continue
            base = defined.setdefault(method, function)
            is_hook = (base.__doc__ or "").startswith("Hook:")
            assert base is function or is_hook, f"{each.__name__}.{method}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: ".".join(module_of(path)))
def test_a_file_is_one_idea(path):
    assert len(path.read_text().splitlines()) <= MOST_LINES


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
        parts = module_of(path)
        private = parts[:1] and parts[0] in PRIVATE_WINGS
        if private or any(part.startswith("_") for part in parts):
            continue
        name = ".".join(("sklearn_gradlasso", *parts))
        module = import_module(name)
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield pytest.param(value, id=f"{name}.{public}")


@pytest.mark.parametrize("value", list(public_objects()))
def test_public_names_are_documented(value):
    assert inspect.getdoc(value)
    if inspect.isclass(value) and issubclass(value, Warning):
        return  # Its arguments are those of every exception.
    if inspect.isclass(value):
        own = vars(value).items()
        methods = [m for n, m in own if inspect.isfunction(m) and n[0] != "_"]
        assert all(inspect.getdoc(getattr(value, m.__name__)) for m in methods)
        parameters = []
        if not issubclass(value, Warning):  # those have no signature
            given = inspect.signature(value).parameters
            parameters = [name for name in given if name != "self"]
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
