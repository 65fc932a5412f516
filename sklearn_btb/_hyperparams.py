"""Hyperparameters: one dimension of a space, values <-> points of the unit cube.

    symbol    shape       meaning
    values    n items     what an estimator receives for the hyperparameter
    images    (n, k)      the same as points of [0, 1]^k

Every value has exactly one image, and `decode(encode(values))` gives back what went
in: discrete values exactly, whatever their type, and continuous ones exactly where
they lie on a grid of 2**-30 of the unit interval, as everything that is sampled or
proposed does. An image therefore identifies its value, and nothing the user puts
into a space has to be hashed, sorted or serialised.
"""

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

RESOLUTION: Final = 2.0**-30
INACTIVE: Final = 0.5  # the image where there is nothing to tell apart
LARGEST_EXACT_INTEGER: Final = 2**53


class _Unset:
    def __repr__(self) -> str:
        return "<unset>"

    def __reduce__(self) -> str:
        return "UNSET"  # pickles and copies to itself


UNSET: Final = _Unset()


class HyperParam(ABC):
    """One hyperparameter: its values, their images and its default.

    Attributes
    ----------
    n_dims : int
        The number of columns of an image.
    cardinality : int or float
        The number of values, `math.inf` where there is no end of them.
    default : object
        The value to try first.
    has_own_default : bool
        Whether the default was given rather than taken from the middle.
    numeric : bool
        Whether nearby images mean similar values.
    """

    n_dims: int = 1
    cardinality: int | float = math.inf
    numeric: bool = True
    default: Any
    has_own_default: bool

    @abstractmethod
    def encode(self, values: Sequence[Any]) -> np.ndarray:
        """Return the images, (n, n_dims); ValueError for a value outside."""

    @abstractmethod
    def decode(self, images: np.ndarray) -> list[Any]:
        """Return the n values nearest to points (n, n_dims) of the cube."""

    @abstractmethod
    def snap(self, images: np.ndarray) -> np.ndarray:
        """Move points (n, n_dims) of the cube to the images of values."""

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n images from the prior."""

    @abstractmethod
    def at(self, indices: np.ndarray) -> np.ndarray:
        """Return the images of the values numbered 0 ... cardinality - 1."""

    def contains(self, value: Any) -> bool:
        """Whether `value` is one of the values of this hyperparameter."""
        try:
            self.encode([value])
        except ValueError:
            return False
        return True

    def _set_default(self, default: Any, middle: Any) -> None:
        self.has_own_default = default is not UNSET
        if self.has_own_default and not self.contains(default):
            raise ValueError(f"the default {default!r} is not among the values")
        self.default = default if self.has_own_default else middle


class IntHyperParam(HyperParam):
    """An integer between two bounds, both included.

    Parameters
    ----------
    min, max : int
        The bounds.
    log : bool, default=False
        Whether steps count as ratios rather than as differences; needs `min >= 1`.
    default : int, optional
        The value to try first; the middle of the range if not given.

    Examples
    --------
    >>> from sklearn_btb import IntHyperParam
    >>> depth = IntHyperParam(1, 8)
    >>> depth.encode([1, 8]).ravel()
    array([0.0625, 0.9375])
    >>> depth.decode(depth.encode([1, 8])), depth.cardinality
    ([1, 8], 8)
    """

    def __init__(
        self, min: int, max: int, *, log: bool = False, default: Any = UNSET
    ) -> None:
        for name, bound in (("min", min), ("max", max)):
            if not is_integer(bound):
                raise TypeError(f"`{name}` must be an integer; got {bound!r}")
            if abs(bound) > LARGEST_EXACT_INTEGER:
                raise ValueError(f"`{name}` must not exceed 2**53; got {bound!r}")
        _check_range(min, max, log, lowest=1)
        self.min = int(min)
        self.max = int(max)
        self.log = bool(log)
        self.cardinality = self.max - self.min + 1
        # the cell of a value reaches half a step to either side
        self._low, self._high = _warped(
            np.array([self.min - 0.5, self.max + 0.5]), self.log
        )
        self._set_default(default, self.decode(np.array([[0.5]]))[0])

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        for value in values:
            if not is_integer(value) or not self.min <= value <= self.max:
                raise ValueError(
                    f"{value!r} is not an integer from {self.min} to {self.max}"
                )
        return self._images(np.array(values, dtype=float))

    def decode(self, images: np.ndarray) -> list[int]:
        return self._integers(images).astype(np.int64).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self._images(self._integers(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return self._images(self.min + np.asarray(indices, dtype=float))

    def _images(self, integers: np.ndarray) -> np.ndarray:
        warped = _warped(integers, self.log)
        return ((warped - self._low) / (self._high - self._low)).reshape(-1, 1)

    def _integers(self, images: np.ndarray) -> np.ndarray:
        warped = self._low + images[:, 0] * (self._high - self._low)
        values = np.exp(warped) if self.log else warped
        return np.clip(np.floor(values + 0.5), self.min, self.max)


class FloatHyperParam(HyperParam):
    """A real number between two bounds, both included.

    Parameters
    ----------
    min, max : float
        The bounds.
    log : bool, default=False
        Whether steps count as ratios rather than as differences; needs `min > 0`.
    default : float, optional
        The value to try first; the middle of the range if not given (with `log`,
        the geometric mean of the bounds).

    Examples
    --------
    >>> from sklearn_btb import FloatHyperParam
    >>> C = FloatHyperParam(0.01, 100, log=True, default=1.0)
    >>> C.encode([0.01, 1, 100]).ravel()
    array([0. , 0.5, 1. ])
    """

    def __init__(
        self, min: float, max: float, *, log: bool = False, default: Any = UNSET
    ) -> None:
        for name, bound in (("min", min), ("max", max)):
            if not is_finite_number(bound):
                raise TypeError(f"`{name}` must be a finite number; got {bound!r}")
        _check_range(min, max, log, lowest=None)
        self.min = float(min)
        self.max = float(max)
        if not math.isfinite(self.max - self.min):
            raise ValueError(f"the range from {min} to {max} is too wide for a float")
        self.log = bool(log)
        self.cardinality = 1 if self.min == self.max else math.inf
        self._low, self._high = _warped(np.array([self.min, self.max]), self.log)
        self._set_default(default, self.decode(np.array([[0.5]]))[0])

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        for value in values:
            if not is_finite_number(value) or not self.min <= value <= self.max:
                raise ValueError(
                    f"{value!r} is not a number from {self.min} to {self.max}"
                )
        if self.cardinality == 1:
            return np.full((len(values), 1), INACTIVE)
        warped = _warped(np.array(values, dtype=float), self.log)
        images = (warped - self._low) / (self._high - self._low)
        return self.snap(images.reshape(-1, 1))

    def decode(self, images: np.ndarray) -> list[float]:
        image = self.snap(images)[:, 0]
        warped = self._low + image * (self._high - self._low)
        values = np.exp(warped) if self.log else warped
        return np.clip(values, self.min, self.max).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        return (
            np.full_like(images, INACTIVE) if self.cardinality == 1 else _grid(images)
        )

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return np.full((len(indices), 1), INACTIVE)


class CategoricalHyperParam(HyperParam):
    """One of several values of any kind, with no order among them.

    The values may be any Python objects; they are handed out as they are and are
    told apart by their place in `choices`. One value takes no column of the image,
    two take one, more take one each (one-hot).

    Parameters
    ----------
    choices : sequence
        The values.
    default : object, optional
        The value to try first; the first choice if not given.

    Examples
    --------
    >>> from sklearn_btb import CategoricalHyperParam
    >>> kernel = CategoricalHyperParam(["linear", "poly", "rbf"], default="rbf")
    >>> kernel.encode(["poly"])
    array([[0., 1., 0.]])
    >>> kernel.default, kernel.cardinality
    ('rbf', 3)
    """

    numeric = False

    def __init__(self, choices: Sequence[Any], default: Any = UNSET) -> None:
        self.choices = as_list(choices)
        self.cardinality = len(self.choices)
        self.n_dims = self.cardinality if self.cardinality > 2 else self.cardinality - 1
        self._set_default(default, self.choices[0])

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        return self.at(np.array([_index_of(value, self.choices) for value in values]))

    def decode(self, images: np.ndarray) -> list[Any]:
        return [self.choices[index] for index in self._indices(images)]

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self.at(self._indices(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.at(rng.integers(len(self.choices), size=n))

    def at(self, indices: np.ndarray) -> np.ndarray:
        columns = np.eye(int(self.cardinality))[np.asarray(indices, dtype=int)]
        return columns[:, self.cardinality - self.n_dims :]  # one of two: one column

    def _indices(self, images: np.ndarray) -> np.ndarray:
        if self.n_dims == 1:
            return (images[:, 0] >= 0.5).astype(int)
        if self.n_dims == 0:
            return np.zeros(len(images), dtype=int)
        return np.argmax(images, axis=1)


class BooleanHyperParam(HyperParam):
    """True or False.

    Parameters
    ----------
    default : bool, default=False
        The value to try first.

    Examples
    --------
    >>> from sklearn_btb import BooleanHyperParam
    >>> BooleanHyperParam(default=True).encode([False, True])
    array([[0.],
           [1.]])
    """

    numeric = False
    cardinality = 2

    def __init__(self, default: Any = UNSET) -> None:
        self._set_default(default, False)

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        for value in values:
            if not isinstance(value, bool | np.bool_):
                raise ValueError(f"{value!r} is neither True nor False")
        return np.array(values, dtype=float).reshape(-1, 1)

    def decode(self, images: np.ndarray) -> list[bool]:
        return (images[:, 0] >= 0.5).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        return (images >= 0.5).astype(float)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return np.asarray(indices, dtype=float).reshape(-1, 1)


class OrdinalHyperParam(HyperParam):
    """Numbers with given images and probabilities: a list, or a small distribution.

    Parameters
    ----------
    values : list of numbers
    images : ndarray of shape (n_values,)
        Distinct points of the unit interval.
    probabilities : ndarray of shape (n_values,)
        The prior from which samples are drawn.
    """

    def __init__(
        self,
        values: list[Any],
        images: np.ndarray,
        probabilities: np.ndarray,
        default: Any = UNSET,
    ) -> None:
        self._values = values
        self._value_images = images.reshape(-1, 1)
        self._probabilities = probabilities / probabilities.sum()
        self._by_image = np.argsort(images)
        ordered = images[self._by_image]
        self._edges = (ordered[1:] + ordered[:-1]) / 2
        self.cardinality = len(values)
        middle = self._by_image[
            np.searchsorted(np.cumsum(self._probabilities[self._by_image]), 0.5 - 1e-9)
        ]
        self._set_default(default, values[middle])

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        return self.at(np.array([_index_of(value, self._values) for value in values]))

    def decode(self, images: np.ndarray) -> list[Any]:
        return [self._values[index] for index in self._indices(images)]

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self.at(self._indices(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.at(rng.choice(self.cardinality, size=n, p=self._probabilities))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return self._value_images[np.asarray(indices, dtype=int)]

    def _indices(self, images: np.ndarray) -> np.ndarray:
        return self._by_image[np.searchsorted(self._edges, images[:, 0], side="right")]


class DistributionHyperParam(HyperParam):
    """A distribution with too many values to list: its cdf is the encoding.

    Parameters
    ----------
    distribution : object with `cdf`, `ppf` and, if it is discrete, `pmf`
    """

    def __init__(self, distribution: Any, discrete: bool) -> None:
        self._distribution = distribution
        self._discrete = discrete
        with np.errstate(all="ignore"):
            low, high = distribution.ppf([0.0, 1.0])
        self.min = int(low) + 1 if discrete and math.isfinite(low) else float(low)
        self.max = int(high) if discrete and math.isfinite(high) else float(high)
        if discrete:
            self.cardinality = self.max - self.min + 1
        # the ends of an unbounded distribution are no values
        self._low_image = 0.0 if math.isfinite(low) else RESOLUTION
        self._high_image = 1.0 if math.isfinite(high) else 1.0 - RESOLUTION
        self._set_default(UNSET, self.decode(np.array([[0.5]]))[0])

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        kind = is_integer if self._discrete else is_finite_number
        for value in values:
            if not kind(value) or not self.min <= value <= self.max:
                what = "an integer" if self._discrete else "a number"
                raise ValueError(
                    f"{value!r} is not {what} from {self.min} to {self.max}"
                )
        return self._images(np.array(values, dtype=float))

    def decode(self, images: np.ndarray) -> list[float] | list[int]:
        points = images[:, 0] if self._discrete else self.snap(images)[:, 0]
        points = np.clip(points, self._low_image, self._high_image)
        with np.errstate(all="ignore"):
            values = self._distribution.ppf(points)
        if self._discrete:
            return np.clip(values, self.min, self.max).astype(np.int64).tolist()
        return np.asarray(values, dtype=float).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        if self._discrete:
            return self._images(np.array(self.decode(images), dtype=float))
        return np.clip(_grid(images), self._low_image, self._high_image)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return self._images(self.min + np.asarray(indices, dtype=float))

    def _images(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            images = np.asarray(self._distribution.cdf(values), dtype=float)
            cells = self._distribution.pmf(values) if self._discrete else 0.0
        if self._discrete:
            middle = images - cells / 2
            return np.clip(middle, self._low_image, self._high_image).reshape(-1, 1)
        return self.snap(images.reshape(-1, 1))


def as_list(values: Any) -> list[Any]:
    unordered = isinstance(values, str | bytes | set | frozenset | Mapping)
    if unordered or not hasattr(values, "__len__") or not hasattr(values, "__iter__"):
        raise TypeError(
            "the values must be a list, tuple, range or one-dimensional array, a "
            "frozen distribution of scipy.stats or a hyperparameter object; got "
            f"{values!r}"
        )
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise ValueError(f"an array must be one-dimensional; got {values.ndim}-d")
    if not len(values):
        raise ValueError("the list of values is empty; give at least one value")
    return list(values)


def _index_of(value: Any, values: list[Any]) -> int:
    for index, candidate in enumerate(values):
        if candidate is value:
            return index
    for index, candidate in enumerate(values):
        if _equal(candidate, value):
            return index
    raise ValueError(f"{value!r} is not one of {values!r}")


def _equal(a: Any, b: Any) -> bool:
    """Compare values of any kind; 1, 1.0 and True are three values."""
    if isinstance(a, bool | np.bool_) or isinstance(b, bool | np.bool_):
        return (
            isinstance(a, bool | np.bool_)
            and isinstance(b, bool | np.bool_)
            and bool(a) == bool(b)
        )
    if isinstance(a, numbers.Real) and isinstance(b, numbers.Real):
        if is_integer(a) != is_integer(b):
            return False
        return bool(a == b) or (a != a and b != b)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and bool(np.array_equal(a, b))
    if not isinstance(a, type(b)) and not isinstance(b, type(a)):
        return False
    try:
        return bool(a == b)
    except Exception:  # a foreign __eq__ may raise or give no truth value: not equal
        return False


def is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(
        value, bool | np.bool_
    )


def is_finite_number(value: Any) -> bool:
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the floats
        return False


def _check_range(low: Any, high: Any, log: bool, lowest: int | None) -> None:
    if low > high:
        raise ValueError(f"`min` must not be greater than `max`; got {low} > {high}")
    if log and (low < lowest if lowest is not None else low <= 0):
        bound = "at least 1" if lowest is not None else "greater than 0"
        raise ValueError(f"with `log=True`, `min` must be {bound}; got {low}")


def _warped(values: np.ndarray, log: bool) -> np.ndarray:
    return np.log(values) if log else values


def _grid(images: np.ndarray) -> np.ndarray:
    return np.round(np.clip(images, 0.0, 1.0) / RESOLUTION) * RESOLUTION
