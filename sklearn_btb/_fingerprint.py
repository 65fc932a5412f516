"""What a search is, in words: to tell whether earlier results belong to it."""

import functools
import hashlib
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, Final

import joblib
import numpy as np

Facts = dict[str, str]

DEEPEST: Final = 8  # levels of objects within objects
PLAIN: Final = (str, bytes, int, float, complex, bool, type(None), np.generic)


def fingerprint(
    *,
    estimators: Mapping[str, Any],
    search_spaces: Mapping[str, Any],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    data: Mapping[str, Any],
    **options: Any,
) -> Facts:
    """Describe a search so that a difference can be named.

    Parameters
    ----------
    estimators, search_spaces : dict by estimator name
    splits : list of (train, test)
    data : dict of str to object
        Arrays and tables; of these the shape and a hash are taken.
    **options : object
        What else matters.

    Returns
    -------
    dict of str to str
        What it is about, such as "estimators['svc'].C", -> what it is. The same in
        every process.
    """
    facts = dict(_facts("estimators", estimators))
    facts |= _facts("search_spaces", search_spaces)
    for name, option in options.items():
        facts |= _facts(name, option)
    for name, table in data.items():
        facts[name] = _table(table)
    facts["splits"] = splits_fact(splits)
    modules = [type(estimator).__module__ for estimator in estimators.values()]
    packages = dict.fromkeys(module.partition(".")[0] for module in modules)
    facts["version of Python"] = ".".join(platform.python_version_tuple()[:2])
    for package in [*packages, "sklearn", "numpy", "sklearn_btb"]:
        version = getattr(sys.modules.get(package), "__version__", None)
        if version is not None:
            facts[f"version of {package}"] = str(version)
    return facts


def splits_fact(splits: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """Describe the splits of a search."""
    digest = hashlib.md5(usedforsecurity=False)
    for part in (part for split in splits for part in split):
        digest.update(np.ascontiguousarray(part).tobytes())
    return f"{len(splits)} with the hash {digest.hexdigest()}"


def check_same(old: Facts, new: Facts) -> None:
    """Check that a warm start goes on with the search it was; versions may differ.

    Raises
    ------
    ValueError
        Naming what both know of and what differs.
    """
    common = [name for name in old if name in new and not name.startswith("version")]
    named = differences(
        *({name: facts[name] for name in common} for facts in (old, new))
    )
    if named:
        raise ValueError(
            "with `warm_start=True` a fit goes on with the same search; before and now "
            "differ in\n- " + "\n- ".join(named)
        )


def differences(old: Facts, new: Facts) -> list[str]:
    """Name what differs, as far as both sides or one of them know of it."""
    return [
        f"{name}: {old.get(name, 'nothing')} there, {new.get(name, 'nothing')} here"
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    ]


def _table(table: Any) -> str:
    if table is None:
        return "None"
    shape = getattr(table, "shape", None) or (len(table),)
    kind = type(table).__name__
    return f"a {kind} of shape {tuple(shape)} with the hash {joblib.hash(table)}"


def _facts(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield names and texts of all that a value consists of; no memory addresses."""
    inner = functools.partial(_facts, depth=depth + 1)
    kind = type(value)
    named = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, PLAIN):
        yield path, repr(value)
    elif depth > DEEPEST:
        yield path, named
    elif hasattr(value, "shape"):
        yield path, _table(value)
    elif isinstance(value, Mapping):
        yield path, f"{named} of {len(value)}"
        for key, item in value.items():
            yield from inner(f"{path}[{key!r}]", item)
    elif isinstance(value, list | tuple):
        yield path, f"{named} of {len(value)}"
        for index, item in enumerate(value):
            yield from inner(f"{path}[{index}]", item)
    elif isinstance(value, range | slice):
        yield path, repr(value)
    elif hasattr(value, "__qualname__"):  # a class or a function
        code = getattr(value, "__code__", None)
        text = f"{value.__module__}.{value.__qualname__}"
        yield path, text if code is None else f"{text} with the hash {_hash(code)}"
    elif isinstance(value, np.random.RandomState):
        yield from inner(path, value.get_state(legacy=False))
    elif isinstance(value, np.random.Generator):
        yield from inner(path, value.bit_generator.state)
    elif isinstance(value, functools.partial):
        yield from inner(path, (value.func, value.args, value.keywords))
    else:
        yield path, named
        if hasattr(value, "get_params"):
            attributes = value.get_params(deep=False)
        else:
            slots = [getattr(base, "__slots__", ()) for base in kind.__mro__]
            names = [name for own in slots for name in own if isinstance(own, tuple)]
            attributes = {n: getattr(value, n) for n in names if hasattr(value, n)}
            attributes |= getattr(value, "__dict__", {})
        for name, item in sorted(attributes.items()):
            yield from inner(f"{path}.{name}", item)


def _hash(code: CodeType) -> str:
    """Hash what a function does, not where it is written."""
    digest = hashlib.md5(code.co_code, usedforsecurity=False)
    digest.update(repr(code.co_names).encode())
    for constant in code.co_consts:
        known = isinstance(constant, PLAIN)
        text = repr(constant) if known else type(constant).__name__
        text = _hash(constant) if isinstance(constant, CodeType) else text
        digest.update(text.encode())
    return digest.hexdigest()
