"""What ``import sklearn_btb`` offers, and that all of it is documented."""

import dataclasses
import importlib.metadata
import inspect
import re
import subprocess
import sys

import pytest

import sklearn_btb

PUBLIC = [
    "AllocationDisplay",
    "BTBSearchCV",
    "BTBSession",
    "BestKReward",
    "BestKVelocity",
    "BooleanHyperParam",
    "CategoricalHyperParam",
    "ConvergenceDisplay",
    "FloatHyperParam",
    "GCPEiTuner",
    "GCPTuner",
    "GPEiTuner",
    "GPTuner",
    "HierarchicalByAlgorithm",
    "ImportanceDisplay",
    "IntHyperParam",
    "MaxUCB",
    "ParallelCoordinatesDisplay",
    "PureBestKVelocity",
    "RecentKReward",
    "RecentKVelocity",
    "Selector",
    "StopTuning",
    "SurrogateDisplay",
    "Trial",
    "Tunable",
    "Tuner",
    "UCB1",
    "Uniform",
    "UniformTuner",
    "__version__",
    "corrected_score",
    "default_space",
    "fastest_within",
    "fit_ensemble",
    "one_standard_error",
    "when",
]
NOT_CALLED_BY_USERS = ["Selector", "StopTuning", "Tuner"]  # protocols and an exception
CALLED_BY_USERS = sorted({*PUBLIC} - {*NOT_CALLED_BY_USERS, "__version__"})


def sections(name):
    """The sections of a numpydoc docstring, by their titles."""
    doc = inspect.getdoc(getattr(sklearn_btb, name)) or ""
    _, *parts = re.split(r"^(\w[\w ]*)\n-{3,}$", doc, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_all_is_pinned():
    assert sorted(sklearn_btb.__all__) == PUBLIC


def test_all_exists():
    missing = [name for name in PUBLIC if not hasattr(sklearn_btb, name)]
    assert not missing, missing


def test_version_is_that_of_the_distribution():
    assert sklearn_btb.__version__ == importlib.metadata.version("sklearn-btb")


@pytest.mark.parametrize("name", NOT_CALLED_BY_USERS)
def test_protocols_and_exceptions_are_documented(name):
    assert getattr(sklearn_btb, name).__doc__, name


@pytest.mark.parametrize("name", CALLED_BY_USERS)
def test_docstring_has_an_example(name):
    assert ">>> " in sections(name).get("Examples", ""), f"{name}: no Examples"


@pytest.mark.parametrize("name", CALLED_BY_USERS)
def test_every_parameter_is_documented(name):
    public = getattr(sklearn_btb, name)
    taken = list(inspect.signature(public).parameters)
    record = dataclasses.is_dataclass(public) and "__call__" not in vars(public)
    text = sections(name).get("Attributes" if record else "Parameters", "")
    documented = re.findall(r"^(\S[^:\n]*?) *(?::.*)?$", text, flags=re.MULTILINE)
    documented = [key.strip(" *") for line in documented for key in line.split(",")]
    assert documented == taken, f"{name}: documented {documented}, taken {taken}"


def test_import_leaves_alone_what_only_some_functions_need():
    code = "import sys, sklearn_btb; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    optional = {"dask", "distributed", "matplotlib", "polars"}
    optional |= {"catboost", "lightgbm", "xgboost"}
    loaded = set(run.stdout.split())
    assert not optional & loaded
    assert not {"sklearn.ensemble", "sklearn.isotonic"} & loaded  # take long
