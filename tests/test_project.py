"""The project's files agree with each other, and the README's code runs."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("dependency", PROJECT["dependencies"])
def test_every_dependency_states_its_oldest_version_alone(dependency):
    assert re.fullmatch(r"[a-z-]+>=\d+(\.\d+)+", dependency), dependency


def test_changelog_has_the_current_version():
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_files_and_extras_named_in_the_readme_exist():
    files = re.findall(r"\b(?:examples|benchmarks)/[\w/]+\.\w+\b", README)
    missing = [name for name in files if not (ROOT / name).is_file()]
    extras = re.findall(r"\[(\w+)\]\"", README)
    missing += [name for name in extras if name not in PROJECT["optional-dependencies"]]
    assert not missing, missing


def test_every_example_is_listed_in_the_readme():
    examples = {path.name for path in (ROOT / "examples").glob("*.*")}
    assert examples == set(re.findall(r"\(examples/([\w.]+)\)", README))


def test_notebooks_have_no_outputs():
    notebook = json.loads((ROOT / "examples" / "tour.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)


def test_python_blocks_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # they write files
    blocks = list(re.finditer(r"(?<=^```python\n).*?(?=^```)", README, re.M | re.S))
    assert blocks
    names = {"__name__": "readme"}
    for block in blocks:
        lines_above = "\n" * README.count("\n", 0, block.start())
        exec(compile(lines_above + block.group(), "README.md", "exec"), names)
