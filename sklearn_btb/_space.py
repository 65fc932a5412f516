"""Spaces: configurations as estimators take them <-> points of the unit cube.

    symbol    shape       meaning
    configs   n dicts     name -> value, one dict a configuration
    images    (n, d)      the same as points of [0, 1]^d

A row of images identifies its configuration: `decode(encode(configs))` gives back
what went in (see `_hyperparams` for how exactly).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import stats

from ._hyperparams import (
    INACTIVE,
    RESOLUTION,
    UNSET,
    BooleanHyperParam,
    CategoricalHyperParam,
    DistributionHyperParam,
    FloatHyperParam,
    HyperParam,
    IntHyperParam,
    OrdinalHyperParam,
    as_list,
    is_finite_number,
    is_integer,
)

LARGEST_ENUMERATED: Final = 2**16


class Block(NamedTuple):
    """The columns of the images that belong to one hyperparameter."""

    columns: slice
    numeric: bool


class Tunable:
    """A space of configurations: named hyperparameters, or a union of such spaces.

    Parameters
    ----------
    space : dict or list of dict
        Parameter name -> a hyperparameter, a list of values, a frozen distribution
        of `scipy.stats` or a BTB dict. A list of dicts is the union of the spaces
        that they describe.
    defaults : dict, optional
        Values to try first, where they lie in the space and the hyperparameter has
        no default of its own.

    Attributes
    ----------
    names : tuple of str
        All parameter names.
    defaults : dict
        The configuration to try first.
    cardinality : int or float
        The number of configurations, `math.inf` where there is no end of them.
    n_dims : int
        The number of columns of an image.
    blocks : tuple of Block
        The columns that belong together.
    space : dict or list of dict
        As given.

    Raises
    ------
    TypeError, ValueError
        If a name is not a string, or no hyperparameter can be made of its values.

    Examples
    --------
    >>> from sklearn_btb import Tunable, IntHyperParam
    >>> tunable = Tunable({"max_depth": IntHyperParam(1, 4), "splitter": ["best"]})
    >>> tunable.defaults, tunable.cardinality
    ({'max_depth': 3, 'splitter': 'best'}, 4)
    >>> images = tunable.encode([{"max_depth": 2, "splitter": "best"}])
    >>> tunable.decode(images)
    [{'max_depth': 2, 'splitter': 'best'}]
    """

    def __init__(
        self,
        space: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.space = space
        self._parts = _parts(space)
        self.names = tuple(dict.fromkeys(name for part in self._parts for name in part))
        self._branch = CategoricalHyperParam(range(len(self._parts)))
        self._layout, self.blocks = self._lay_out()
        self.n_dims = self.blocks[-1].columns.stop if self.blocks else 0
        self._sizes = [
            math.prod(hyperparam.cardinality for hyperparam in part.values())
            for part in self._parts
        ]
        self.cardinality = self._count()
        self.defaults = self._defaults(defaults or {})

    @classmethod
    def from_dict(cls, spec: Mapping[str, Mapping[str, Any]]) -> "Tunable":
        """Make a tunable of BTB's dict form.

        Parameters
        ----------
        spec : dict of str to dict
            `{name: {"type": "int" | "float" | "str" | "bool", "range" or "values":
            [...], "default": ...}}`.

        Returns
        -------
        Tunable

        Examples
        --------
        >>> from sklearn_btb import Tunable
        >>> spec = {"depth": {"type": "int", "range": [1, 9], "default": 3}}
        >>> Tunable.from_dict(spec).defaults
        {'depth': 3}
        """
        return cls({name: _from_btb_dict(values) for name, values in spec.items()})

    def __repr__(self) -> str:
        return f"Tunable({self.space!r})"

    def encode(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Return the images of configurations.

        Parameters
        ----------
        configs : sequence of n dicts

        Returns
        -------
        ndarray of shape (n, n_dims)

        Raises
        ------
        ValueError
            If a configuration does not belong to the space.
        """
        images = np.full((len(configs), self.n_dims), INACTIVE)
        parts = np.array([self._part_of(config) for config in configs], dtype=int)
        images[:, : self._branch.n_dims] = self._branch.at(parts)
        for rows, columns, name, hyperparam in self._active(parts):
            values = [configs[row][name] for row in rows]
            images[rows, columns] = _naming(name, hyperparam.encode, values)
        return images

    def decode(self, images: np.ndarray) -> list[dict[str, Any]]:
        """Return the configurations nearest to points of the cube.

        Parameters
        ----------
        images : ndarray of shape (n, n_dims)

        Returns
        -------
        list of n dicts
        """
        parts = self._parts_of(images)
        configs: list[dict[str, Any]] = [{} for _ in range(len(images))]
        for rows, columns, name, hyperparam in self._active(parts):
            values = hyperparam.decode(images[rows, columns])
            for row, value in zip(rows, values, strict=True):
                configs[row][name] = value
        return configs

    def snap(self, images: np.ndarray) -> np.ndarray:
        """Move points (n, n_dims) of the cube to the images of configurations."""
        parts = self._parts_of(images)
        snapped = np.full(images.shape, INACTIVE)
        snapped[:, : self._branch.n_dims] = self._branch.at(parts)
        for rows, columns, _, hyperparam in self._active(parts):
            snapped[rows, columns] = hyperparam.snap(images[rows, columns])
        return snapped

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the images (n, n_dims) of n configurations from the prior."""
        if math.isinf(self.cardinality):
            weights = np.ones(len(self._parts))
        else:
            weights = np.array([float(size) for size in self._sizes])
        parts = rng.choice(len(weights), size=n, p=weights / weights.sum())
        images = np.full((n, self.n_dims), INACTIVE)
        images[:, : self._branch.n_dims] = self._branch.at(parts)
        for rows, columns, _, hyperparam in self._active(parts):
            images[rows, columns] = hyperparam.sample(len(rows), rng)
        return images

    def at(self, start: int, stop: int) -> np.ndarray:
        """Return the images of the configurations numbered start ... stop - 1.

        Only for finite spaces; there are as many numbers as the parts of the union
        have configurations together.
        """
        images = np.full((stop - start, self.n_dims), INACTIVE)
        ends = np.cumsum(np.array(self._sizes, dtype=np.int64))
        rest = np.arange(start, stop, dtype=np.int64)
        parts = np.searchsorted(ends, rest, side="right")
        images[:, : self._branch.n_dims] = self._branch.at(parts)
        rest -= (ends - np.array(self._sizes, dtype=np.int64))[parts]
        for rows, columns, _, hyperparam in self._active(parts):
            rest[rows], digits = np.divmod(rest[rows], int(hyperparam.cardinality))
            images[rows, columns] = hyperparam.at(digits)
        return images

    @property
    def n_numbered(self) -> int | float:
        """How many numbers `at` knows; overlapping parts count twice."""
        return sum(self._sizes)

    def _lay_out(self) -> tuple[list[dict[str, slice]], tuple[Block, ...]]:
        start = self._branch.n_dims
        blocks = [Block(slice(0, start), False)] if start else []
        layout = []
        for part in self._parts:
            columns = {}
            for name, hyperparam in part.items():
                columns[name] = slice(start, start + hyperparam.n_dims)
                if hyperparam.n_dims:
                    blocks.append(Block(columns[name], hyperparam.numeric))
                start += hyperparam.n_dims
            layout.append(columns)
        return layout, tuple(blocks)

    def _active(
        self, parts: np.ndarray
    ) -> Iterable[tuple[np.ndarray, slice, str, HyperParam]]:
        """Yield each hyperparameter with the rows of `parts` that have it."""
        for number, part in enumerate(self._parts):
            rows = np.flatnonzero(parts == number)
            if len(rows):
                for name, hyperparam in part.items():
                    yield rows, self._layout[number][name], name, hyperparam

    def _parts_of(self, images: np.ndarray) -> np.ndarray:
        return np.array(self._branch.decode(images[:, : self._branch.n_dims]), int)

    def _part_of(self, config: Mapping[str, Any]) -> int:
        """Number the first part of the union that a configuration belongs to."""
        if len(self._parts) > 1:
            for number, part in enumerate(self._parts):
                if config.keys() == part.keys() and all(
                    part[name].contains(value) for name, value in config.items()
                ):
                    return number
            raise ValueError(f"{dict(config)!r} lies in none of the sub-spaces")
        if config.keys() != self._parts[0].keys():
            raise ValueError(
                f"a configuration has the parameters {list(self.names)}; "
                f"got {list(config)}"
            )
        return 0

    def _count(self) -> int | float:
        total = sum(self._sizes)
        overlapping = len({frozenset(part) for part in self._parts}) < len(self._parts)
        if overlapping and total <= LARGEST_ENUMERATED:
            canonical = self.encode(self.decode(self.at(0, int(total))))
            return len(np.unique(canonical, axis=0))
        return total

    def _defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        def fits(part: dict[str, HyperParam], name: str) -> bool:
            own = part[name].has_own_default
            return not own and name in given and part[name].contains(given[name])

        # the part of the union in which most of the given values lie
        part = max(self._parts, key=lambda part: sum(fits(part, name) for name in part))
        return {
            name: given[name] if fits(part, name) else hyperparam.default
            for name, hyperparam in part.items()
        }


def _parts(space: Any) -> tuple[dict[str, HyperParam], ...]:
    parts = [space] if isinstance(space, Mapping) else space
    if (
        not isinstance(parts, Sequence)
        or not len(parts)
        or not all(isinstance(part, Mapping) for part in parts)
    ):
        raise TypeError(
            "a space must be a dict of parameter names to values, or a list of such "
            f"dicts; got {space!r}"
        )
    for name in (name for part in parts for name in part):
        if not isinstance(name, str):
            raise TypeError(f"a parameter's name must be a string; got {name!r}")
    return tuple(
        {name: _naming(name, as_hyperparam, values) for name, values in part.items()}
        for part in parts
    )


def _naming(name: str, function: Any, values: Any) -> Any:
    """Call `function(values)`; its errors name the parameter."""
    try:
        return function(values)
    except TypeError as error:
        raise TypeError(f"parameter {name!r}: {error}") from error
    except ValueError as error:
        raise ValueError(f"parameter {name!r}: {error}") from error


def as_hyperparam(values: Any) -> HyperParam:
    """Turn what a user wrote for one parameter into a hyperparameter.

    Parameters
    ----------
    values : HyperParam, list, tuple, range, array, distribution or dict
        A list of numbers becomes ordinal on its own scale, any other list
        categorical; a distribution (`scipy.stats`, frozen) goes through its `cdf`
        and `ppf`; a dict is BTB's form, `{"type", "range" or "values", "default"}`.

    Raises
    ------
    TypeError, ValueError
        If nothing can be made of it; the message says what would be valid.
    """
    if isinstance(values, HyperParam):
        return values
    if isinstance(values, Mapping):
        return _from_btb_dict(values)
    if any(hasattr(values, method) for method in ("rvs", "ppf", "pdf", "pmf")):
        return _from_distribution(values)
    choices = as_list(values)
    return _numeric_list(choices) or CategoricalHyperParam(choices)


def _from_btb_dict(spec: Mapping[str, Any]) -> HyperParam:
    kind = spec.get("type")
    unknown = set(spec) - {"type", "range", "values", "default"}
    if kind not in ("int", "float", "str", "bool") or unknown:
        raise ValueError(
            "a dict must have the form {'type': 'int', 'float', 'str' or 'bool', "
            f"'range' or 'values': [...], 'default': ...}}; got {dict(spec)!r}"
        )
    default = spec.get("default", UNSET)
    if kind == "bool":
        return BooleanHyperParam(default)
    if ("range" in spec) == ("values" in spec):
        raise ValueError(f"a dict needs 'range' or 'values'; got {dict(spec)!r}")
    values = as_list(spec["values"] if "values" in spec else spec["range"])
    if kind == "str":
        return CategoricalHyperParam(values, default)
    if "values" in spec:
        ordinal = _numeric_list(values, default)
        return ordinal or CategoricalHyperParam(values, default)
    if len(values) != 2:
        raise ValueError(f"a 'range' must be [low, high]; got {spec['range']!r}")
    bounded = IntHyperParam if kind == "int" else FloatHyperParam
    return bounded(*values, default=default)


def _from_distribution(distribution: Any) -> HyperParam:
    if isinstance(distribution, stats.rv_continuous | stats.rv_discrete):
        if distribution.numargs:
            raise ValueError(
                f"the distribution {distribution.name!r} needs its shape parameters: "
                f"give scipy.stats.{distribution.name}({distribution.shapes})"
            )
        distribution = distribution()  # freeze
    if not (hasattr(distribution, "ppf") and hasattr(distribution, "cdf")):
        raise ValueError(
            f"the distribution {distribution!r} has no `ppf` and `cdf`; give a "
            "frozen one-dimensional distribution of scipy.stats"
        )
    family = getattr(distribution, "dist", distribution)
    discrete = isinstance(family, stats.rv_discrete) or (
        hasattr(distribution, "pmf") and not hasattr(distribution, "pdf")
    )
    if np.ndim(median := distribution.ppf(0.5)) or not np.isfinite(median):
        raise ValueError(
            f"the distribution {_described(distribution)} is not a proper one: its "
            f"median is {median}; are its bounds in order, low before high?"
        )
    support = _support(distribution, family) if discrete else None
    if support is None:
        return DistributionHyperParam(distribution, discrete)
    values, probabilities = support
    return OrdinalHyperParam(
        values, np.cumsum(probabilities) - probabilities / 2, probabilities
    )


def _support(distribution: Any, family: Any) -> tuple[list[Any], np.ndarray] | None:
    """List a discrete distribution's values and probabilities if they are few."""
    if hasattr(family, "xk"):
        points = np.asarray(family.xk, dtype=float)
    else:
        below, last = distribution.ppf([0.0, 1.0])
        if not last - below <= LARGEST_ENUMERATED:  # also if infinite
            return None
        points = np.arange(below + 1, last + 1)
    probabilities = np.asarray(distribution.pmf(points), dtype=float)
    likely = probabilities > RESOLUTION
    points = points[likely]
    whole = bool((points == np.floor(points)).all())
    values = points.astype(np.int64).tolist() if whole else points.tolist()
    return values, probabilities[likely] / probabilities[likely].sum()


def _numeric_list(values: list[Any], default: Any = UNSET) -> HyperParam | None:
    """Make an ordinal hyperparameter of a list of numbers, None of any other list."""
    if not all(is_finite_number(value) for value in values):
        return None
    distinct = {(is_integer(value), value): value for value in reversed(values)}
    values = list(reversed(distinct.values()))  # the first of equals, in order
    points = np.array([float(value) for value in values])
    if len(np.unique(points)) < len(points):  # 1 and 1.0 mean different things
        return None
    if len(points) == 1:
        images = np.array([INACTIVE])
    else:
        images = _unit_interval(points)
        if points.min() > 0:
            logs = _unit_interval(np.log(points))
            images = min(images, logs, key=_unevenness)
        if len(np.unique(images)) < len(images):
            return None
    return OrdinalHyperParam(values, images, np.ones(len(values)), default)


def _unit_interval(points: np.ndarray) -> np.ndarray:
    return (points - points.min()) / (points.max() - points.min())


def _unevenness(images: np.ndarray) -> float:
    return float(np.std(np.diff(np.sort(images))))


def _described(distribution: Any) -> str:
    family = getattr(distribution, "dist", None)
    if family is None:
        return repr(distribution)
    arguments = [repr(argument) for argument in distribution.args]
    arguments += [f"{name}={value!r}" for name, value in distribution.kwds.items()]
    return f"{family.name}({', '.join(arguments)})"
