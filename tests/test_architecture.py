"""The floor plan and the rules of style that a machine can check.

A module imports only from lower floors. Everything here reads the source with ``ast``;
nothing of the package is imported.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklearn_btb"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

FLOOR_PLAN = {
    10: ["__init__"],
    9: ["_search"],
    8: ["_engine", "_parameter_plots", "_past", "_surrogate_plot"],
    7: ["_scored", "_session"],
    6: ["_delegation", "_ensemble", "_plotting", "_tuners"],
    5: [
        "_candidates",
        "_levels",
        "_estimators",
        "_executor",
        "_grid",
        "_importance",
        "_journal",
        "_parameter_axes",
        "_starting_points",
        "_surrogate",
    ],
    4: ["_default_spaces", "_space"],
    3: [
        "_foreign",
        "_layout",
        "_listed",
        "_nearest",
        "_parameters",
        "_predictor_spaces",
        "_report",
        "_transformer_spaces",
    ],
    2: [
        "_conditions",
        "_correction",
        "_dask",
        "_evaluation",
        "_html",
        "_leaderboard",
        "_notation",
        "_refit",
        "_scoring",
        "_splits",
    ],
    1: [
        "_gp",
        "_hyperparams",
        "_given",
        "_kept",
        "_processes",
        "_history",
        "_progress",
        "_results",
    ],
    0: [
        "_acquisition",
        "_boosting_facts",
        "_fingerprint",
        "_interrupts",
        "_output_transforms",
        "_portfolios",
        "_racing",
        "_random",
        "_rewards",
        "_selectors",
        "_sklearn_compat",
        "_trial",
        "_values",
        "_warping",
    ],
}
FLOORS = {module: floor for floor, modules in FLOOR_PLAN.items() for module in modules}
LINES_PER_FILE = 450  # without docstrings
LINES_PER_FUNCTION = 70  # without the docstring
MARKS = ("TODO", "FIXME", "XXX", "NotImplementedError")
RANDOMNESS = {"Generator", "PCG64", "RandomState", "SeedSequence", "default_rng"}

SOURCES = {path.stem: path.read_text() for path in sorted(PACKAGE.glob("*.py"))}
TREES = {module: ast.parse(source) for module, source in SOURCES.items()}

each_module = pytest.mark.parametrize("module", SOURCES)


def imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported by `nodes`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            own = "sklearn_btb" if node.level else None
            origin = ".".join(filter(None, [own, node.module]))
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Everything under `node` that runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from run_at_import(child)


def lines_of_docstrings(tree: ast.AST) -> int:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return sum(
        node.body[0].end_lineno - node.body[0].lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    )


def name_and_offenders(module: str, offenders) -> str:
    return f"sklearn_btb/{module}.py: {', '.join(map(str, offenders))}"


def test_every_module_has_a_floor():
    assert not set(SOURCES) - set(FLOORS), "modules without a floor"
    assert not set(FLOORS) - set(SOURCES), "floors without a module"


def test_package_is_flat():
    assert not list(PACKAGE.glob("*/**/*.py")), "subpackages"


@each_module
def test_imports_come_from_lower_floors(module):
    offenders = []
    for line, name in imports(ast.walk(TREES[module])):
        root, _, rest = name.partition(".")
        if root == "sklearn_btb":
            origin = rest.split(".")[0]
            origin = origin if origin in SOURCES else "__init__"
            if FLOORS.get(origin, 0) >= FLOORS.get(module, 0):
                offenders.append(f"line {line} imports {origin}")
    assert not offenders, name_and_offenders(module, offenders)


@each_module
def test_private_scikit_learn_names_stand_in_sklearn_compat_only(module):
    offenders = [
        f"line {line} imports {name}"
        for line, name in imports(ast.walk(TREES[module]))
        if name.startswith("sklearn.") and "._" in name and module != "_sklearn_compat"
    ]
    assert not offenders, name_and_offenders(module, offenders)


@each_module
def test_only_core_dependencies_are_imported_at_the_top(module):
    core = {dependency.partition(">=")[0] for dependency in PROJECT["dependencies"]}
    core |= {"sklearn", "sklearn_btb", *sys.stdlib_module_names}
    offenders = [
        f"line {line} imports {name}"
        for line, name in imports(run_at_import(TREES[module]))
        if name.partition(".")[0] not in core
    ]
    assert not offenders, name_and_offenders(module, offenders)


def test_session_needs_neither_scikit_learn_nor_joblib():
    offenders = [
        f"line {line} imports {name}"
        for line, name in imports(ast.walk(TREES["_session"]))
        if name.partition(".")[0] in ("sklearn", "joblib")
    ]
    assert not offenders, name_and_offenders("_session", offenders)


@each_module
def test_randomness_comes_from_a_generator(module):
    offenders = [
        f"line {line} imports {name}"
        for line, name in imports(ast.walk(TREES[module]))
        if name.partition(".")[0] == "random"
        or (name.startswith("numpy.random.") and name.split(".")[2] not in RANDOMNESS)
    ]
    offenders += [
        f"line {node.lineno} uses {ast.unparse(node)}"
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in ("np.random", "numpy.random")
        and node.attr not in RANDOMNESS
    ]
    assert not offenders, name_and_offenders(module, offenders)


@each_module
def test_nothing_is_left_unfinished(module):
    offenders = [mark for mark in MARKS if mark in SOURCES[module]]
    assert not offenders, name_and_offenders(module, offenders)


def test_own_classes_inherit_once_at_most():
    bases = {
        node.name: [ast.unparse(base).partition("[")[0] for base in node.bases]
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    offenders = [
        f"{name} -> {base} -> {grandparent}"
        for name in bases
        for base in bases[name]
        for grandparent in bases.get(base, [])
        if grandparent in bases
    ]
    assert not offenders, ", ".join(offenders)


@each_module
def test_files_are_short(module):
    lines = len(SOURCES[module].splitlines()) - lines_of_docstrings(TREES[module])
    assert lines <= LINES_PER_FILE, name_and_offenders(module, [f"{lines} lines"])


@each_module
def test_functions_are_short(module):
    offenders = []
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1 - lines_of_docstrings(node)
            if lines > LINES_PER_FUNCTION:
                offenders.append(f"{node.name} has {lines} lines")
    assert not offenders, name_and_offenders(module, offenders)
