"""Values of any kind: listed and compared, not sorted, and only plain ones hashed."""

import difflib
import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import stats

PLAIN = (str, int, bool, type(None))  # cheap to hash, and equal only to their like


def as_list(values: Any) -> list[Any]:
    """List the values of a sequence or of a one-dimensional array.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or empty.
    """
    n_dims = getattr(values, "ndim", 1 if isinstance(values, Sequence) else None)
    if n_dims is None or isinstance(values, str | bytes):
        raise TypeError(
            "the values must be a list, tuple, range or one-dimensional array, a "
            "frozen distribution of scipy.stats or a hyperparameter object; got "
            f"{values!r}"
        )
    if n_dims != 1:
        raise ValueError(f"an array must be one-dimensional; got {n_dims}-d")
    if not len(values):
        raise ValueError("the list of values is empty; give at least one value")
    return list(values)


def short_float(value: Any) -> str:
    """Write a float with four digits, and so that it does not look like an integer.

    Examples
    --------
    >>> [short_float(value) for value in (0.29536337, 1.0, 1e-5, 12345.0)]
    ['0.2954', '1.0', '1e-05', '1.234e+04']
    """
    text = f"{value:.4g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def distinct(values: list[Any]) -> list[Any]:
    """Keep the first of values that are the same."""
    if all(type(value) in PLAIN for value in values):
        return [value for _, value in dict.fromkeys((type(v), v) for v in values)]
    kept: list[Any] = []
    for value in values:
        if index_of(value, kept) is None:
            kept.append(value)
    return kept


def index_of(value: Any, values: list[Any]) -> int | None:
    """Find a value, None if it is not there."""
    for index, known in enumerate(values):
        if known is value:
            return index
    return next((i for i, known in enumerate(values) if same(known, value)), None)


def same(a: Any, b: Any) -> bool:
    """Compare values of any kind.

    1, 1.0 and True are three values; estimators are compared by their parameters, so
    that a clone is the same, and so are frozen distributions of `scipy.stats`.
    """
    if a is b:
        return True
    boolean = [isinstance(value, bool | np.bool_) for value in (a, b)]
    if any(boolean):
        return all(boolean) and bool(a) == bool(b)
    if isinstance(a, numbers.Real) and isinstance(b, numbers.Real):
        both_nan = a != a and b != b
        return is_integer(a) == is_integer(b) and (bool(a == b) or both_nan)
    if not isinstance(a, type(b)) and not isinstance(b, type(a)):
        return False
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if type(a) is type(b) and hasattr(a, "get_params") and not isinstance(a, type):
        return same(a.get_params(deep=False), b.get_params(deep=False))
    if hasattr(a, "dist") and _are_of_one_family(a, b):
        return same((a.args, a.kwds), (b.args, b.kwds))
    try:
        if isinstance(a, np.ndarray):
            return a.dtype == b.dtype and bool(np.array_equal(a, b))
        return bool(a == b)
    except Exception:  # a foreign __eq__ may raise or give no truth value: not equal
        return False


def _are_of_one_family(a: Any, b: Any) -> bool:
    """Whether both are frozen distributions, of a family that scipy.stats has."""
    families = [getattr(frozen, "dist", None) for frozen in (a, b)]
    known = getattr(stats, str(getattr(families[0], "name", "")), None)
    return known is not None and all(type(each) is type(known) for each in families)


def described(value: Any) -> str:
    """Write a value as its user would have; a frozen distribution does not by itself.

    Inside of dicts and lists as well, so that a space can be read.
    """
    if isinstance(value, dict):
        items = [f"{name!r}: {described(one)}" for name, one in value.items()]
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(described, value))}]"
    family = getattr(getattr(value, "dist", None), "name", None)
    if family is None:
        return repr(value)
    arguments = [repr(argument) for argument in value.args]
    arguments += [f"{name}={one!r}" for name, one in value.kwds.items()]
    return f"{family}({', '.join(arguments)})"


def is_integer(value: Any) -> bool:
    """Whether it is an integer of any type, and not True or False."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_finite_number(value: Any) -> bool:
    """Whether it is a real number that a float can hold, and not True or False."""
    try:
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return real and math.isfinite(value)
    except OverflowError:  # an integer beyond the floats
        return False


def nearest(name: str, names: Iterable[str]) -> str:
    """Ask whether the nearest valid name was meant, if one is near."""
    folded = {valid.lower(): valid for valid in names}
    deeper = [valid for valid in folded.values() if valid.endswith(f"__{name}")]
    close = difflib.get_close_matches(str(name).lower(), folded, n=1)
    near = deeper or [folded[match] for match in close]
    return f" (did you mean {near[0]!r}?)" if near else ""
