"""Values of any kind: listed, compared and looked up, and never sorted.

The user may put anything into a space, also what cannot be hashed. Values count as one
if they are the `same`, and `hash_of` is a hash that goes with that.
"""

import difflib
import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from scipy import stats


class _Unset:
    def __repr__(self) -> str:
        return "<unset>"

    def __reduce__(self) -> str:
        return "UNSET"  # pickles and copies to itself


UNSET: Final = _Unset()
UNHASHABLE: Final = 0  # the hash of what has none, or one that does not go with `==`


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


class Lookup:
    """Values of any kind, each once, which are found in constant time.

    Parameters
    ----------
    values : iterable, default=()
        Their first ones; of those that are the same only the first is kept.

    Attributes
    ----------
    values : list
        In the order in which they came; a value's number is its place in here.

    Examples
    --------
    >>> lookup = Lookup([(5, 5), [1], (5, 5), 1, 1.0])
    >>> lookup.values
    [(5, 5), [1], 1, 1.0]
    >>> lookup.find([1]), lookup.find([2])
    (1, None)
    >>> lookup.number([2]), len(lookup)
    (4, 5)
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.values: list[Any] = []
        self._by_identity: dict[int, int] = {}  # also if the object was changed since
        self._by_hash: dict[int, list[int]] = {}
        for value in values:
            self.number(value)

    def __len__(self) -> int:
        return len(self.values)

    def __reduce__(self) -> Any:
        return Lookup, (self.values,)  # hashes differ from process to process

    def find(self, value: Any) -> int | None:
        """Return the number of a value, None if it is not there."""
        number = self._by_identity.get(id(value))
        if number is None:
            number = self._first_same(value, self._by_hash.get(hash_of(value), ()))
        return number

    def number(self, value: Any) -> int:
        """Return the number of a value, which is added if it is not there."""
        number = self._by_identity.get(id(value))
        if number is None:
            others = self._by_hash.setdefault(hash_of(value), [])
            number = self._first_same(value, others)
            if number is None:
                number = len(self.values)
                self.values.append(value)
                self._by_identity[id(value)] = number
                others.append(number)
        return number

    def _first_same(self, value: Any, numbers: Iterable[int]) -> int | None:
        return next((n for n in numbers if same(self.values[n], value)), None)


def distinct(values: Iterable[Any]) -> list[Any]:
    """Keep the first of values that are the same."""
    return Lookup(values).values


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
    if isinstance(a, np.timedelta64) != isinstance(b, np.timedelta64):
        return False  # numpy lets one hour equal the integer 1
    if isinstance(a, numbers.Real) and isinstance(b, numbers.Real):
        return is_integer(a) == is_integer(b) and _are_equal_numbers(a, b)
    if not isinstance(a, type(b)) and not isinstance(b, type(a)):
        return False
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if hasattr(a, "dist") and _are_of_one_family(a, b):
        return same((a.args, a.kwds), (b.args, b.kwds))
    try:
        if type(a) is type(b) and hasattr(a, "get_params") and not isinstance(a, type):
            return same(a.get_params(deep=False), b.get_params(deep=False))
        if isinstance(a, np.ndarray):
            return a.dtype == b.dtype and bool(np.array_equal(a, b))
        return bool(a == b)
    except Exception:  # foreign methods may raise, or give no truth value: not equal
        return False


def _are_equal_numbers(a: Any, b: Any) -> bool:
    """Compare exactly: numpy 2 rounds 0.1 to 32 bits to compare it with such floats."""
    a, b = (float(n) if isinstance(n, np.float16 | np.float32) else n for n in (a, b))
    try:
        return bool(a == b) or bool(a != a and b != b)
    except OverflowError:  # an integer beyond the floats of numpy
        return False


def hash_of(value: Any) -> int:
    """Hash a value of any kind, so that values which are the `same` have one hash.

    Examples
    --------
    >>> import numpy as np
    >>> hash_of([1, {"a": None}]) == hash_of([np.int64(1), {"a": None}])
    True
    """
    if isinstance(value, str):
        return str.__hash__(value)
    if isinstance(value, np.datetime64 | np.timedelta64):
        return UNHASHABLE  # hours may equal minutes, and have another hash
    if isinstance(value, list | tuple):
        return hash(tuple(map(hash_of, value)))
    if isinstance(value, dict):
        return hash(frozenset((key, hash_of(item)) for key, item in value.items()))
    if isinstance(value, np.ndarray):
        return _hash_of_array(value)
    if isinstance(value, set):
        return hash(frozenset(value))
    if hasattr(value, "dist") and _are_of_one_family(value, value):
        return hash((type(value.dist), hash_of((value.args, value.kwds))))
    try:
        if hasattr(value, "get_params") and not isinstance(value, type):
            return hash((type(value), hash_of(value.get_params(deep=False))))
        is_nan = isinstance(value, numbers.Real) and value != value
        return UNHASHABLE if is_nan else hash(value)
    except Exception:  # foreign methods may raise anything
        return UNHASHABLE


def _hash_of_array(array: np.ndarray) -> int:
    array = np.asarray(array)
    if array.dtype.kind not in "biufcSU":
        return hash(array.shape)
    whole = array if array.dtype.kind in "SU" else array + 0  # -0.0 equals 0.0
    return hash((array.shape, whole.tobytes()))


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


def alike(value: Any) -> list[Any]:
    """List a value and, of a whole number, the integer and the float."""
    if is_finite_number(value) and float(value).is_integer():
        return [value, int(value), float(value)]
    return [value]


def nearest(name: str, names: Iterable[str]) -> str:
    """Ask whether the nearest valid name was meant, if one is near."""
    folded = {valid.lower(): valid for valid in names}
    deeper = [valid for valid in folded.values() if valid.endswith(f"__{name}")]
    close = difflib.get_close_matches(str(name).lower(), folded, n=1)
    near = deeper or [folded[match] for match in close]
    return f" (did you mean {near[0]!r}?)" if near else ""
