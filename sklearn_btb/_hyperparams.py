"""Hyperparameters: one dimension of a space, values <-> points of the unit cube.

    symbol    shape       meaning
    values    n items     what an estimator receives for the hyperparameter
    images    (n, k)      the same as points of [0, 1]^k

Every value has exactly one image, and `decode(encode(values))` gives back what went
in: discrete values exactly, whatever their type, and continuous ones (and integers
of a distribution over billions) exactly where they lie on a grid of 2**-30 of the
unit interval, as everything that is sampled or proposed does. (The ends of a
continuous distribution do not: they are encoded as the points next to them.) An image
therefore identifies its value, and nothing the user puts into a space has to be
sorted, serialised or hashed.
"""

import math
import reprlib
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ._values import UNSET, Lookup, as_list, is_finite_number, is_integer, same

RESOLUTION: Final = 2.0**-30
INACTIVE: Final = 0.5  # the image where there is nothing to tell apart
LARGEST_ENUMERATED: Final = 2**16  # of what is finite, as much is listed
MOST_COLUMNS: Final = 64  # of one hyperparameter; the model's time goes with them
LARGEST_INTEGER: Final = 2**40  # up to here neighbours differ also in logarithms


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
        Whether the values are numbers, and nearby images mean similar ones.
    by_position : bool
        Whether the image of values that are no numbers is their place in a long list.
    valid : str
        What the values are, for messages.
    """

    n_dims: int = 1
    cardinality: int | float = math.inf
    numeric: bool = True
    by_position: bool = False
    default: Any
    has_own_default: bool
    valid: str

    def __repr__(self) -> str:
        default = f", default {self.default!r}" if self.has_own_default else ""
        return f"<{type(self).__name__}: {self.valid}{default}>"

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Whether `value` is one of the values of this hyperparameter."""

    @abstractmethod
    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        """Return the images, (n, n_dims), of n values that it contains."""

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

    @abstractmethod
    def indices(self, images: np.ndarray) -> np.ndarray:
        """Return the numbers of the n values nearest to points, if it is finite."""

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        """Return the images, (n, n_dims); ValueError for a value outside."""
        for value in values:
            if not self.contains(value):
                raise ValueError(f"{value!r} is not {self.valid}")
        return self.images_of(values)

    def own(self, value: Any) -> Any:
        """Return the object of its own that is the same as a value it contains."""
        return value if self.numeric else self.decode(self.images_of([value]))[0]

    def _set_default(self, default: Any, middle: Any) -> None:
        self.has_own_default = default is not UNSET
        if self.has_own_default and not self.contains(default):
            raise ValueError(f"the default {default!r} is not {self.valid}")
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
            if abs(bound) > LARGEST_INTEGER:
                raise ValueError(f"`{name}` must not exceed 2**40; got {bound!r}")
        _check_range(min, max, log, lowest=1)
        self.min = int(min)
        self.max = int(max)
        self.log = bool(log)
        self.cardinality = self.max - self.min + 1
        self.valid = f"an integer from {self.min} to {self.max}"
        # the cell of a value reaches half a step to either side
        self._low, self._high = _warped(
            np.array([self.min - 0.5, self.max + 0.5]), self.log
        )
        self._set_default(default, self.decode(np.array([[0.5]]))[0])
        self.default = int(self.default)

    def contains(self, value: Any) -> bool:
        return is_integer(value) and bool(self.min <= value <= self.max)

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return self._images(np.array(values, dtype=float))

    def decode(self, images: np.ndarray) -> list[int]:
        return self._integers(images).astype(np.int64).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self._images(self._integers(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return self._images(self.min + np.asarray(indices, dtype=float))

    def indices(self, images: np.ndarray) -> np.ndarray:
        return (self._integers(images) - self.min).astype(np.int64)

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
        self.valid = f"a number from {self.min} to {self.max}"
        # over a narrow range a logarithm is a straight line, and too coarse
        self._warps = self.log and self.max > 1.001 * self.min
        self._low, self._high = _warped(np.array([self.min, self.max]), self._warps)
        self._set_default(default, self.decode(np.array([[0.5]]))[0])
        self.default = float(self.default)

    def contains(self, value: Any) -> bool:
        return is_finite_number(value) and bool(self.min <= value <= self.max)

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return self._images(np.array(values, dtype=float))

    def decode(self, images: np.ndarray) -> list[float]:
        return self._numbers(images).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self._images(self._numbers(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return np.full((len(indices), 1), INACTIVE)

    def indices(self, images: np.ndarray) -> np.ndarray:
        return np.zeros(len(images), dtype=np.int64)

    def _images(self, numbers: np.ndarray) -> np.ndarray:
        if self.cardinality == 1:
            return np.full((len(numbers), 1), INACTIVE)
        warped = _warped(numbers, self._warps)
        return _grid((warped - self._low) / (self._high - self._low)).reshape(-1, 1)

    def _numbers(self, images: np.ndarray) -> np.ndarray:
        image = _grid(images[:, 0])
        warped = self._low + image * (self._high - self._low)
        numbers = np.exp(warped) if self._warps else warped
        numbers[image == 0.0] = self.min  # exactly, whatever was rounded
        numbers[image == 1.0] = self.max
        return np.clip(numbers, self.min, self.max)


class CategoricalHyperParam(HyperParam):
    """One of several values of any kind, with no order among them.

    The values may be any Python objects; they are handed out as they are and are
    told apart by their place in `choices`; of equal ones only the first counts. One
    value takes no column of the image, two take one, more take one each (one-hot).

    More than 64 values take a single column, their place in `choices`. So many levels
    cannot be learned one by one; but lists as `itertools.product` or `combinations`
    write them have an order in which neighbours are alike, and a model of the scores
    can use that. Where the order says nothing, its length scale becomes short.

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
        self._lookup = Lookup(as_list(choices))
        self.cardinality = len(self._lookup)
        self.valid = f"one of {reprlib.repr(self.choices)}"
        self.by_position = self.cardinality > MOST_COLUMNS
        self.n_dims = self.cardinality if self.cardinality > 2 else self.cardinality - 1
        self.n_dims = 1 if self.by_position else self.n_dims
        self._set_default(default, self.choices[0])

    @property
    def choices(self) -> list[Any]:
        """The values, each once."""
        return self._lookup.values

    def contains(self, value: Any) -> bool:
        return self._lookup.find(value) is not None

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return self.at(np.array([self._lookup.find(value) for value in values], int))

    def decode(self, images: np.ndarray) -> list[Any]:
        return [self.choices[index] for index in self.indices(images)]

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self.at(self.indices(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.at(rng.integers(len(self.choices), size=n))

    def at(self, indices: np.ndarray) -> np.ndarray:
        if self.by_position:  # the middles of equal cells
            return ((np.asarray(indices) + 0.5) / self.cardinality).reshape(-1, 1)
        columns = np.zeros((len(indices), len(self.choices)))
        columns[np.arange(len(indices)), np.asarray(indices, dtype=int)] = 1.0
        return columns[:, self.cardinality - self.n_dims :]  # one of two: one column

    def indices(self, images: np.ndarray) -> np.ndarray:
        if self.by_position:
            cells = np.floor(images[:, 0] * self.cardinality).astype(int)
            return np.clip(cells, 0, self.cardinality - 1)
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
    valid = "True or False"

    def __init__(self, default: Any = UNSET) -> None:
        self._set_default(default, False)

    def contains(self, value: Any) -> bool:
        return isinstance(value, bool | np.bool_)

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return np.array(values, dtype=float).reshape(-1, 1)

    def decode(self, images: np.ndarray) -> list[bool]:
        return (images[:, 0] >= 0.5).tolist()

    def snap(self, images: np.ndarray) -> np.ndarray:
        return (images >= 0.5).astype(float)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return np.asarray(indices, dtype=float).reshape(-1, 1)

    def indices(self, images: np.ndarray) -> np.ndarray:
        return (images[:, 0] >= 0.5).astype(np.int64)


class OrdinalHyperParam(HyperParam):
    """Numbers with given images and probabilities: a list, or a small distribution.

    Parameters
    ----------
    values : list of numbers
        Distinct also as floats.
    images : ndarray of shape (n_values,)
        Distinct points of the unit interval, in the order of the values' sizes.
    probabilities : ndarray of shape (n_values,)
        The prior from which samples are drawn.
    default : number, optional
        The value to try first; the median if not given.

    Attributes
    ----------
    uniform : bool
        Whether all values are equally likely.
    """

    def __init__(
        self,
        values: list[Any],
        images: np.ndarray,
        probabilities: np.ndarray,
        default: Any = UNSET,
    ) -> None:
        order = np.argsort(images)
        self._values = [values[index] for index in order]
        self._sizes = [float(value) for value in self._values]
        self._value_images = images[order].reshape(-1, 1)
        self._edges = (images[order][1:] + images[order][:-1]) / 2
        self._probabilities = probabilities[order] / probabilities.sum()
        self.uniform = bool(np.allclose(probabilities, probabilities[0]))
        self.cardinality = len(values)
        self.valid = f"one of {reprlib.repr(self._values)}"
        middle = np.searchsorted(np.cumsum(self._probabilities), 0.5 - 1e-9)
        self._set_default(default, self._values[middle])

    def contains(self, value: Any) -> bool:
        return is_finite_number(value) and same(
            self._values[self.index_of(value)], value
        )

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return self.at(np.array([self.index_of(value) for value in values]))

    def decode(self, images: np.ndarray) -> list[Any]:
        return [self._values[index] for index in self.indices(images)]

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self.at(self.indices(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.at(rng.choice(self.cardinality, size=n, p=self._probabilities))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return self._value_images[np.asarray(indices, dtype=int)]

    def indices(self, images: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._edges, images[:, 0], side="right")

    def index_of(self, value: Any) -> int:
        """Return the place of a value, or of the next larger one up to the last."""
        return min(bisect_left(self._sizes, float(value)), len(self._sizes) - 1)


class MixedHyperParam(HyperParam):
    """Numbers and values that are none, as in `[None, 2, 3, 5]`.

    The first column is the numbers' own; for any other, *special* value it is
    `INACTIVE`. Each special value has one more column, which is 1 for it and 0 for all
    others, so that a number is where all of these are 0.

    Parameters
    ----------
    choices : list
        The values; of equal ones only the first counts.
    numbers : OrdinalHyperParam
        Those that are numbers; there has to be at least one that is not.
    default : object, optional
        The value to try first; the first choice if not given.
    """

    numeric = False

    def __init__(
        self, choices: list[Any], numbers: OrdinalHyperParam, default: Any = UNSET
    ) -> None:
        self._numbers = numbers
        self._specials = Lookup(it for it in choices if not numbers.contains(it))
        places = np.arange(numbers.cardinality)
        self._values = [*self._specials.values, *numbers.decode(numbers.at(places))]
        self.cardinality = len(self._values)
        self.n_dims = 1 + len(self._specials)
        self.valid = f"one of {reprlib.repr(self._values)}"
        # a random point is a special value as often as a random value is
        share = len(places) / self.cardinality
        self._edge = share ** (1 / len(self._specials))
        self._set_default(default, choices[0])

    def contains(self, value: Any) -> bool:
        return self._index_of(value) is not None

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return self.at(np.array([self._index_of(value) for value in values], int))

    def decode(self, images: np.ndarray) -> list[Any]:
        return [self._values[index] for index in self.indices(images)]

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self.at(self.indices(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.at(rng.integers(len(self._values), size=n))

    def at(self, indices: np.ndarray) -> np.ndarray:
        places = np.asarray(indices, dtype=int) - len(self._specials)
        special = places < 0
        columns = np.zeros((len(places), self.n_dims))
        columns[special, 0] = INACTIVE
        columns[special, places[special]] = 1.0  # they are the last columns
        columns[~special, :1] = self._numbers.at(places[~special])
        return columns

    def indices(self, images: np.ndarray) -> np.ndarray:
        numbers = len(self._specials) + self._numbers.indices(images)
        specials = np.argmax(images[:, 1:], axis=1)
        return np.where(self.is_special(images), specials, numbers)

    def is_special(self, images: np.ndarray) -> np.ndarray:
        """Return, (n,), which points are nearest to a value that is no number."""
        return (images[:, 1:] >= self._edge).any(axis=1)

    def _index_of(self, value: Any) -> int | None:
        if self._numbers.contains(value):
            return len(self._specials) + self._numbers.index_of(value)
        return self._specials.find(value)


class DistributionHyperParam(HyperParam):
    """A distribution with too many values to list: its cdf is the encoding.

    Parameters
    ----------
    distribution : object with `cdf`, `ppf` and, if it is discrete, `pmf`
    integers : tuple of int, optional
        The least and the greatest value if the distribution is one of integers.
    """

    def __init__(
        self, distribution: Any, integers: tuple[int, int] | None = None
    ) -> None:
        self._distribution = distribution
        self._discrete = integers is not None
        with np.errstate(all="ignore"):
            low, middle, high = (float(end) for end in distribution.ppf([0, 0.5, 1]))
        self.min: float
        self.max: float
        self.min, self.max = integers or (low, high)
        if integers is not None:
            self.cardinality = self.max - self.min + 1
        kind = "an integer" if self._discrete else "a number"
        self.valid = f"{kind} from {self.min} to {self.max}"
        self._set_default(UNSET, int(middle) if self._discrete else middle)

    def contains(self, value: Any) -> bool:
        kind = is_integer if self._discrete else is_finite_number
        return kind(value) and bool(self.min <= value <= self.max)

    def images_of(self, values: Sequence[Any]) -> np.ndarray:
        return self._images(np.array(values, dtype=float))

    def decode(self, images: np.ndarray) -> list[float] | list[int]:
        numbers = self._numbers(images).tolist()
        return [int(number) for number in numbers] if self._discrete else numbers

    def snap(self, images: np.ndarray) -> np.ndarray:
        return self._images(self._numbers(images))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.snap(rng.random((n, 1)))

    def at(self, indices: np.ndarray) -> np.ndarray:
        return self._images(self.min + np.asarray(indices, dtype=float))

    def indices(self, images: np.ndarray) -> np.ndarray:
        return (self._numbers(images) - self.min).astype(np.int64)

    def _images(self, numbers: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            images = np.asarray(self._distribution.cdf(numbers), dtype=float)
            if self._discrete:  # the middle of the value's cell
                images = images - self._distribution.pmf(numbers) / 2
        return self._points(images).reshape(-1, 1)

    def _numbers(self, images: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            numbers = self._distribution.ppf(self._points(images[:, 0]))
        numbers = np.nan_to_num(np.asarray(numbers, dtype=float))  # inf -> the largest
        return np.clip(numbers, float(self.min), float(self.max))

    def _points(self, images: np.ndarray) -> np.ndarray:
        if self._discrete:  # steps of a cdf may lie on the grid: take its middles
            steps = np.floor(np.clip(images, 0.0, 1.0 - RESOLUTION) / RESOLUTION)
            return (steps + 0.5) * RESOLUTION
        # no draw from a distribution hits its ends, where estimators may fail
        return np.clip(_grid(images), RESOLUTION, 1.0 - RESOLUTION)


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
