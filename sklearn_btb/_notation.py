"""Notation: what a user may write for one parameter -> its hyperparameter."""

import copy
import math
import warnings
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import stats

from ._hyperparams import (
    LARGEST_ENUMERATED,
    MOST_COLUMNS,
    RESOLUTION,
    BooleanHyperParam,
    CategoricalHyperParam,
    DistributionHyperParam,
    FloatHyperParam,
    HyperParam,
    IntHyperParam,
    MixedHyperParam,
    OrdinalHyperParam,
)
from ._values import UNSET, as_list, described, is_finite_number, is_integer

CLOSEST: Final = 2.0**-48  # images of numbers that still have a place between them
FEWEST_NUMBERS: Final = 3  # among other values, for their order to tell something
UNIFORM: Final = type(stats.uniform)
LOGUNIFORM: Final = type(stats.loguniform)
N_DRAWN: Final = 2**10  # from what can do nothing else
CLOSEST_DRAWN: Final = 2.0**-32  # relative gap between numbers with others between them
TAIL: Final = 2.0**-16  # of an endless discrete distribution, what is never drawn


class UniformPrior(NamedTuple):
    """A uniform distribution, of numbers or of their logarithms.

    The same as `scipy.stats.uniform` and `loguniform`, ten times as fast.
    """

    low: float
    high: float
    log: bool = False

    def cdf(self, numbers: np.ndarray) -> np.ndarray:
        low, high = np.log((self.low, self.high)) if self.log else self[:2]
        warped = np.log(numbers) if self.log else numbers
        return (warped - low) / (high - low)

    def ppf(self, levels: np.ndarray | list[float]) -> np.ndarray:
        levels = np.asarray(levels)
        low, high = np.log((self.low, self.high)) if self.log else self[:2]
        warped = low + levels * (high - low)
        numbers = np.exp(warped) if self.log else warped
        numbers[levels == 0.0] = self.low  # exactly, whatever was rounded
        numbers[levels == 1.0] = self.high
        return numbers


class EmpiricalPrior(NamedTuple):
    """The distribution of numbers that were drawn, and of all between them.

    Attributes
    ----------
    numbers : ndarray of shape (n,)
        Increasing.
    levels : ndarray of shape (n,)
        The share of the draws up to each of them, from 0 to 1.
    """

    numbers: np.ndarray
    levels: np.ndarray

    def cdf(self, numbers: np.ndarray) -> np.ndarray:
        return np.interp(numbers, self.numbers, self.levels)

    def ppf(self, levels: np.ndarray | list[float]) -> np.ndarray:
        return np.interp(levels, self.levels, self.numbers)


def as_hyperparam(values: Any) -> HyperParam:
    """Turn what a user wrote for one parameter into a hyperparameter.

    Parameters
    ----------
    values : HyperParam, list, tuple, range, array, distribution or dict
        A list of numbers becomes ordinal on its own scale, and so do three or more
        numbers among other values; any other list becomes categorical. A distribution
        (`scipy.stats`, frozen) goes through its `cdf` and `ppf`, and anything else with
        `rvs` through 1,024 values drawn from it; a dict is BTB's form,
        `{"type", "range" or "values", "default"}`.

    Raises
    ------
    TypeError, ValueError
        If nothing can be made of it; the message says what would be valid.
    """
    if isinstance(values, HyperParam):
        return values
    if isinstance(values, Mapping):
        return from_btb_dict(values)
    if any(hasattr(values, method) for method in ("rvs", "ppf", "pdf", "pmf")):
        return _from_distribution(values)
    choices = as_list(values)
    if isinstance(values, tuple) and str(values[-1]) in ("uniform", "log-uniform"):
        raise ValueError(
            f"{values!r} is a dimension of scikit-optimize; give "
            "scipy.stats.loguniform(low, high), uniform(low, high - low) or "
            "randint(low, high + 1)"
        )
    return from_list(choices)


def from_list(values: list[Any], default: Any = UNSET) -> HyperParam:
    """Make numbers ordinal on their own scale, other values categorical, or both."""
    return (
        _numeric_list(values, default)
        or _mixed_list(values, default)
        or CategoricalHyperParam(values, default)
    )


def from_btb_dict(spec: Mapping[str, Any]) -> HyperParam:
    """Turn BTB's form of one parameter into a hyperparameter."""
    known = ("type", "range", "values", "default")
    if (
        not isinstance(spec, Mapping)
        or not all(key in known for key in spec)
        or (kind := spec.get("type")) not in ("int", "float", "str", "bool")
    ):
        raise ValueError(
            "a dict must have the form {'type': 'int', 'float', 'str' or 'bool', "
            f"'range' or 'values': [...], 'default': ...}}; got {spec!r}"
        )
    default = UNSET if spec.get("default") is None else spec["default"]
    if kind == "bool":
        return BooleanHyperParam(default)
    if ("range" in spec) == ("values" in spec):
        raise ValueError(f"a dict needs 'range' or 'values'; got {spec!r}")
    values = as_list(spec["values"] if "values" in spec else spec["range"])
    if kind == "str":
        if default is UNSET and any(value is None for value in values):
            default = spec.get("default", UNSET)
        return CategoricalHyperParam(values, default)
    if len(values) != 2:
        raise ValueError(
            f"a number of type {kind!r} is given by its bounds, [low, high]; got "
            f"{values!r} (a plain list instead of the dict tries just its values)"
        )
    bounded = IntHyperParam if kind == "int" else FloatHyperParam
    return bounded(*values, default=default)


def warn_if_like_a_range(values: Any, subject: str) -> None:
    """Warn of a tuple of two numbers, which other libraries take for a range."""
    if not (
        isinstance(values, tuple)
        and len(values) == 2
        and all(map(is_finite_number, values))
        and values[0] < values[1]
    ):
        return
    low, high = values
    if is_integer(low) and is_integer(high):
        range_ = f"scipy.stats.randint({low}, {high + 1})"
    else:
        range_ = f"scipy.stats.uniform({low}, {high - low:.6g})"
        range_ += f" or loguniform({low}, {high})" if low > 0 else ""
    warnings.warn(
        f"{subject}: ({low}, {high}) means these two values, as in GridSearchCV; write "
        f"[{low}, {high}] for them, or {range_} for the range between them",
        UserWarning,
        stacklevel=2,
    )


def _from_distribution(distribution: Any) -> HyperParam:
    if isinstance(distribution, stats.rv_continuous | stats.rv_discrete):
        if distribution.numargs:
            raise ValueError(
                f"the distribution {distribution.name!r} needs its shape parameters: "
                f"give scipy.stats.{distribution.name}({distribution.shapes})"
            )
        distribution = distribution()  # freeze
    if not (hasattr(distribution, "ppf") and hasattr(distribution, "cdf")):
        of_scipy = type(distribution).__module__.startswith("scipy.")
        if hasattr(distribution, "rvs") and not of_scipy:
            return _of_draws(_draws(distribution))
        raise ValueError(
            f"the distribution {distribution!r} has no `ppf` and `cdf`; give a "
            "frozen one-dimensional distribution of scipy.stats"
        )
    family = getattr(distribution, "dist", distribution)
    if np.ndim(median := distribution.ppf(0.5)) or not np.isfinite(median):
        raise ValueError(
            f"the distribution {described(distribution)} is not a proper one: its "
            f"median is {median}; are its bounds in order, low before high?"
        )
    discrete = isinstance(family, stats.rv_discrete) or (
        hasattr(distribution, "pmf") and not hasattr(distribution, "pdf")
    )
    if not discrete:
        prior = _uniform_prior(distribution, family)
        return DistributionHyperParam(prior or distribution)
    points = _support(distribution, family)
    if isinstance(points, tuple):
        return DistributionHyperParam(distribution, points)
    probabilities = np.asarray(distribution.pmf(points), dtype=float)
    likely = probabilities > RESOLUTION
    points, probabilities = points[likely], probabilities[likely]
    probabilities /= probabilities.sum()
    whole = bool((points == np.floor(points)).all())
    values = [int(point) for point in points] if whole else points.tolist()
    images = np.cumsum(probabilities) - probabilities / 2
    return OrdinalHyperParam(values, images, probabilities)


def _draws(distribution: Any) -> list[Any]:
    """Draw values, the same ones whatever the seed of a search is."""
    rng = np.random.RandomState(0)
    try:
        distribution = copy.deepcopy(distribution)  # drawing may change it
        return [distribution.rvs(random_state=rng) for _ in range(N_DRAWN)]
    except Exception as error:
        raise ValueError(
            f"{distribution!r} must return a value from `rvs(random_state=...)`, which "
            f"raised {type(error).__name__}: {error}"
        ) from error


def _of_draws(draws: list[Any]) -> HyperParam:
    """Make a hyperparameter of values that were drawn, by how often each was."""
    if not all(map(is_finite_number, draws)):
        return CategoricalHyperParam(draws)
    whole = all(map(is_integer, draws))
    numbers, counts = np.unique(np.array(draws, dtype=float), return_counts=True)
    shares = counts / len(draws)
    middles = np.cumsum(shares) - shares / 2
    gaps = np.diff(numbers)
    if (
        whole
        or len(numbers) <= len(draws) // 2
        or (gaps < CLOSEST_DRAWN * np.abs(numbers[1:])).any()
    ):
        values = [int(number) for number in numbers] if whole else numbers.tolist()
        return OrdinalHyperParam(values, middles, shares)
    levels = (middles - middles[0]) / (middles[-1] - middles[0])
    return DistributionHyperParam(EmpiricalPrior(numbers, levels))


def _uniform_prior(distribution: Any, family: Any) -> UniformPrior | None:
    """Return a uniform or log-uniform distribution in a form that is fast."""
    if not isinstance(family, UNIFORM | LOGUNIFORM):
        return None
    low, high = map(float, distribution.support())
    prior = UniformPrior(low, high, log=isinstance(family, LOGUNIFORM))
    levels = [0.25, 0.5, 0.75]
    # not so if a `loc` moves a log-uniform one, or a range is too narrow for a float
    same_everywhere = low < high and np.allclose(
        distribution.cdf(prior.ppf(levels)), levels, rtol=0.0, atol=1e-9
    )
    return prior if same_everywhere else None


def _support(distribution: Any, family: Any) -> np.ndarray | tuple[int, int]:
    """List a discrete distribution's values, or its bounds if they are too many."""
    if hasattr(family, "xk"):
        listed = np.unique(np.asarray(family.xk, dtype=float))
        return listed + (distribution.ppf(1.0) - listed[-1])  # moved by `loc`
    below, last = distribution.ppf([0.0, 1.0])
    first = below + 1 if math.isfinite(below) else distribution.ppf(TAIL)
    last = last if math.isfinite(last) else distribution.ppf(1.0 - TAIL)
    if last - first >= LARGEST_ENUMERATED:
        return int(first), int(last)
    return np.arange(first, last + 1)


def _numeric_list(values: list[Any], default: Any = UNSET) -> OrdinalHyperParam | None:
    """Make an ordinal hyperparameter of a list of numbers, None of any other list."""
    if not all(is_finite_number(value) for value in values):
        return None
    distinct = {(is_integer(value), value): value for value in reversed(values)}
    values = list(reversed(distinct.values()))  # the first of equals, in order
    points = np.array([float(value) for value in values])
    if len(points) < 2 or len(np.unique(points)) < len(points):
        return None  # nothing to order, or values like 1 and 1.0, told apart by type
    images = _unit_interval(points)
    if points.min() > 0:
        images = min(images, _unit_interval(np.log(points)), key=_unevenness)
    if np.diff(np.sort(images)).min() < CLOSEST:
        return None
    return OrdinalHyperParam(values, images, np.ones(len(values)), default)


def _mixed_list(values: list[Any], default: Any) -> MixedHyperParam | None:
    """Keep the order of the numbers in a list, None if they are few or have none.

    None also if there are so many other values that these cannot have a column each.
    """
    numbers = _numeric_list([value for value in values if is_finite_number(value)])
    if numbers is None or numbers.cardinality < FEWEST_NUMBERS:
        return None
    mixed = MixedHyperParam(values, numbers, default)
    return mixed if mixed.n_dims <= 1 + MOST_COLUMNS else None


def _unit_interval(points: np.ndarray) -> np.ndarray:
    # by an exact power of two, or the difference of the largest might overflow
    points = np.ldexp(points, -np.frexp(np.abs(points).max())[1])
    return (points - points.min()) / (points.max() - points.min())


def _unevenness(images: np.ndarray) -> float:
    return float(np.std(np.diff(np.sort(images))))
