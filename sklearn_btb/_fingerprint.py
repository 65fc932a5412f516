"""What a search is, in words: to tell whether earlier results belong to it."""

import copyreg
import functools
import hashlib
import itertools
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any, Final

import joblib
import numpy as np
from scipy import sparse

Facts = dict[str, str]

DEEPEST: Final = 8  # levels of objects within objects
LONGEST: Final = 100  # lists of plain values that are told item by item
SHUFFLED: Final = (
    " (a splitter that shuffles needs a `random_state` to split alike again)"
)
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
    facts |= data_facts(data)
    facts["splits"] = splits_fact(splits)
    parts = [part for each in estimators.values() for part in _nested(each)]
    packages = dict.fromkeys(type(part).__module__.partition(".")[0] for part in parts)
    facts["version of Python"] = ".".join(platform.python_version_tuple()[:2])
    for package in [*packages, "sklearn", "numpy", "sklearn_btb"]:
        version = getattr(sys.modules.get(package), "__version__", None)
        if version is not None:
            facts[f"version of {package}"] = str(version)
    return facts


def data_facts(data: Mapping[str, Any]) -> Facts:
    """Describe arrays and tables by name: their shapes and hashes."""
    return {name: _table(table) for name, table in data.items()}


def splits_fact(splits: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """Describe the splits of a search."""
    digest = hashlib.md5(usedforsecurity=False)
    for part in (part for split in splits for part in split):
        rows = np.asarray(part)
        digest.update(f"{rows.dtype == bool} {rows.shape};".encode())
        digest.update(rows.astype(np.int64).tobytes())
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
    names = [
        name
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    ]
    # a part that differs says nothing more than the whole
    names = [
        name
        for name in names
        if name.removeprefix("sample of ") not in names
        or not name.startswith("sample of ")
    ]
    hints = {"splits": SHUFFLED} if names == ["splits"] else {}
    return [
        f"{name}: {old.get(name, 'nothing')} there, {new.get(name, 'nothing')} here"
        + hints.get(name, "")
        for name in names
    ]


def _nested(estimator: Any) -> list[Any]:
    return [estimator, *estimator.get_params(deep=True).values()]


def _table(table: Any) -> str:
    if table is None:
        return "None"
    shape = getattr(table, "shape", None)
    shape = (len(table),) if shape is None else tuple(shape)
    kind = type(table).__name__
    return f"a {kind} of shape {shape} with the hash {joblib.hash(_content(table))}"


def _content(table: Any) -> Any:
    """Leave out of a table what using it changes: flags, the layout of its memory."""
    if sparse.issparse(table):
        table = table.tocsr(copy=True)
        table.sum_duplicates()
        return table.data, table.indices, table.indptr
    if isinstance(table, np.ma.MaskedArray):
        return table.filled(), np.ma.getmaskarray(table)
    if isinstance(table, np.ndarray):
        return np.ascontiguousarray(table)
    if type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "iloc"):
        frame = table.to_frame() if table.ndim == 1 else table
        columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
        values = [(column.dtype, column.to_numpy()) for column in columns]
        return frame.columns, frame.index, values
    return table


def _facts(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield names and texts of all that a value consists of; no memory addresses."""
    inner = functools.partial(_facts, depth=depth + 1)
    kind = type(value)
    named = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, PLAIN):
        known = kind.__module__ == "builtins"
        yield path, repr(value) if known else f"{named}: {value!r}"
    elif isinstance(value, type):
        yield path, f"{value.__module__}.{value.__qualname__}"
    elif depth > DEEPEST:
        yield path, named
    elif isinstance(value, ModuleType):
        yield path, value.__name__
    elif not hasattr(value, "get_params") and _is_table(value):
        yield path, _table(value)
    elif isinstance(value, Mapping) and len(value) > LONGEST and _is_plain(value):
        yield path, _table(list(value.items()))
    elif isinstance(value, Mapping):  # the order of parameters is that of images
        keys = [_key(key) for key in value]
        yield path, f"{named} of {', '.join(keys) or 'nothing'}"
        for key, item in zip(keys, value.values(), strict=True):
            yield from inner(f"{path}[{key}]", item)
    elif isinstance(value, list | tuple):
        if len(value) > LONGEST and all(isinstance(item, PLAIN) for item in value):
            yield path, _table(value)
            return
        if len(value) > LONGEST and all(map(_is_nested_plain, value)):
            digest = hashlib.md5(repr(value).encode(), usedforsecurity=False)
            yield path, f"{named} of {len(value)} with the hash {digest.hexdigest()}"
            return
        yield path, f"{named} of {len(value)}"
        for index, item in enumerate(value):
            yield from inner(f"{path}[{index}]", item)
    elif isinstance(value, set | frozenset):
        texts = sorted(str(dict(inner("", item))) for item in value)
        yield path, f"{named} of {', '.join(texts) or 'nothing'}"
    elif isinstance(value, range | slice):
        yield path, repr(value)
    elif hasattr(value, "__qualname__") or isinstance(value, np.ufunc):
        yield from _function_facts(path, value, depth)
    elif isinstance(value, np.random.RandomState):
        yield from inner(path, value.get_state(legacy=False))
    elif isinstance(value, np.random.Generator):
        yield from inner(path, value.bit_generator.state)
    elif isinstance(value, functools.partial):
        yield from inner(path, (value.func, value.args, value.keywords))
    else:
        yield path, named
        for name, item in sorted(_attributes(value).items()):
            yield from inner(f"{path}.{name}", item)


def _is_table(value: Any) -> bool:
    return isinstance(getattr(value, "shape", None), tuple)


def _is_plain(value: Mapping[Any, Any]) -> bool:
    return all(isinstance(part, PLAIN) for item in value.items() for part in item)


def _is_nested_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(_is_nested_plain, value))
    if type(value) is dict:
        return all(map(_is_nested_plain, itertools.chain.from_iterable(value.items())))
    return isinstance(value, PLAIN)


def _key(key: Any) -> str:
    return repr(key) if isinstance(key, (*PLAIN, tuple)) else type(key).__name__


def _function_facts(path: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the facts of a function: its name, its code, and what it brings along."""
    inner = functools.partial(_facts, depth=depth + 1)
    code = getattr(value, "__code__", None)
    module = getattr(value, "__module__", type(value).__module__)
    text = f"{module}.{getattr(value, '__qualname__', value.__name__)}"
    yield path, text if code is None else f"{text} with the hash {_hash(code)}"
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        yield from inner(f"{path}.__self__", owner)
    if code is None:
        return
    defaults = value.__defaults__ or (), value.__kwdefaults__ or {}
    if any(defaults):
        yield from inner(f"{path}.__defaults__", defaults)
    for name, cell in zip(code.co_freevars, value.__closure__ or (), strict=True):
        try:
            content = cell.cell_contents
        except ValueError:  # of a variable without a value
            continue
        if content is not value:  # which calls itself
            yield from inner(f"{path}.{name}", content)


def _attributes(value: Any) -> dict[str, Any]:
    """Return the parameters of an estimator; of others what pickle would keep."""
    if hasattr(value, "get_params"):
        return dict(value.get_params(deep=False))
    reduce = copyreg.dispatch_table.get(type(value))
    try:
        reduced = value.__reduce_ex__(4) if reduce is None else reduce(value)
    except Exception:  # of a lock, say
        return {}
    if isinstance(reduced, str):
        return {"name": reduced}
    _, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    attributes: dict[str, Any] = {}
    for each in state if isinstance(state, tuple) else (state,):
        if isinstance(each, dict):
            attributes |= each
        elif each is not None:
            attributes["state"] = state
    attributes.pop("__doc__", None)
    if hasattr(value, "rvs"):  # nothing is drawn by a distribution's own generator
        attributes.pop("_random_state", None)
    if arguments and arguments[0] is not type(value):
        attributes["arguments"] = arguments
    for name, iterator in (("items", items), ("pairs", pairs)):
        if iterator is not None:
            attributes[name] = list(iterator)
    return {str(name): part for name, part in attributes.items()}


def _hash(code: CodeType) -> str:
    """Hash what a function does, not where it is written."""
    constants = [_constant_text(constant) for constant in code.co_consts]
    names = code.co_names, code.co_varnames, code.co_freevars
    counts = code.co_argcount, code.co_kwonlyargcount, code.co_flags
    digest = hashlib.md5(code.co_code, usedforsecurity=False)
    digest.update(repr((constants, names, counts)).encode())
    return digest.hexdigest()


def _constant_text(constant: Any) -> str:
    if isinstance(constant, CodeType):
        return _hash(constant)
    if isinstance(constant, tuple | frozenset):  # of no order that is the same always
        texts = [_constant_text(part) for part in constant]
        texts = texts if isinstance(constant, tuple) else sorted(texts)
        return f"{type(constant).__name__} of {', '.join(texts)}"
    return repr(constant)
