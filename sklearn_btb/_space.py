"""Spaces: configurations as estimators take them <-> points of the unit cube.

    symbol    shape       meaning
    configs   n dicts     name -> value, one dict a configuration
    images    (n, d)      the same as points of [0, 1]^d

A row of images identifies its configuration: `decode(encode(configs))` gives back
what went in (see `_hyperparams` for how exactly).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import numpy as np

from ._hyperparams import (
    INACTIVE,
    LARGEST_ENUMERATED,
    UNSET,
    CategoricalHyperParam,
    HyperParam,
)
from ._notation import as_hyperparam, from_btb_dict
from ._values import is_finite_number, same

LARGEST_COUNTED: Final = 2**60


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
        no default of its own; a whole number also where it lies there as an integer
        or as a float.

    Attributes
    ----------
    names : tuple of str
        All parameter names.
    defaults : dict
        The configuration to try first.
    cardinality : int or float
        The number of configurations, `math.inf` where there is no end of them, or
        none in sight (2**60).
    n_dims : int
        The number of columns of an image.
    parts : tuple of dict
        The hyperparameters by name, one dict for each space of a union.
    blocks : tuple of Block
        The columns that belong together.
    overlapping : bool
        Whether a configuration may belong to several parts.
    space, given_defaults : dict or list of dict, dict
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
        self.given_defaults = dict(defaults or {})
        self.parts = _parts(space)
        self.names = tuple(dict.fromkeys(name for part in self.parts for name in part))
        self._branch = CategoricalHyperParam(range(len(self.parts)))
        self._layout, self.blocks = self._lay_out()
        self.n_dims = self.blocks[-1].columns.stop if self.blocks else 0
        self.overlapping = len({frozenset(p) for p in self.parts}) < len(self.parts)
        self._sizes = [_size(part) for part in self.parts]
        self.cardinality = self._count()
        self.defaults = self._defaults(self.given_defaults)

    @classmethod
    def from_dict(cls, spec: Mapping[str, Mapping[str, Any]]) -> "Tunable":
        """Make a tunable of BTB's dict form.

        Parameters
        ----------
        spec : dict of str to dict
            `{name: {"type": "int" | "float" | "str" | "bool", "range" or "values":
            [...], "default": ...}}`. As in BTB, "range" and "values" mean the same:
            the bounds of a number, or the choices of a "str"; a default of None
            that is not among the choices means that there is none.

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
        if not isinstance(spec, Mapping):
            raise TypeError(f"`spec` must be a dict of BTB's form; got {spec!r}")
        return cls(
            {name: _naming(name, from_btb_dict, it) for name, it in spec.items()}
        )

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
        self._check_names(configs)
        parts = np.zeros(len(configs), dtype=int)
        if len(self.parts) > 1:
            parts = self._parts_having(configs)
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
        parts = np.zeros(n, dtype=int)
        if len(self.parts) > 1:
            finite = math.isfinite(self.cardinality)
            weights = np.array([size if finite else 1 for size in self._sizes], float)
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
        for part in self.parts:
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
        for number, part in enumerate(self.parts):
            rows = np.flatnonzero(parts == number)
            if len(rows):
                for name, hyperparam in part.items():
                    yield rows, self._layout[number][name], name, hyperparam

    def _parts_of(self, images: np.ndarray) -> np.ndarray:
        if len(self.parts) == 1:
            return np.zeros(len(images), dtype=int)
        return np.array(self._branch.decode(images[:, : self._branch.n_dims]), int)

    def _parts_having(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Number the part of the union that each configuration belongs to.

        Where several parts have it, one that gives it back exactly comes first.
        """
        numbers = np.full(len(configs), -1)
        exact = np.zeros(len(configs), dtype=bool)
        for number, part in enumerate(self.parts):
            having = np.array([_has(part, config) for config in configs], dtype=bool)
            rows = np.flatnonzero(having & ~exact)
            if len(rows):
                exact[rows] = _gives_back(part, [configs[int(row)] for row in rows])
                numbers[rows[exact[rows] | (numbers[rows] < 0)]] = number
        for number, config in zip(numbers, configs, strict=True):
            if number < 0:
                raise ValueError(f"{dict(config)!r} lies in none of the sub-spaces")
        return numbers

    def _check_names(self, configs: Sequence[Mapping[str, Any]]) -> None:
        for config in configs:
            if not any(config.keys() == part.keys() for part in self.parts):
                names = " or ".join(str(list(part)) for part in self.parts)
                raise ValueError(
                    f"a configuration has the parameters {names}; got {list(config)}"
                )

    def _count(self) -> int | float:
        total = self.n_numbered
        if self.overlapping and total <= LARGEST_ENUMERATED:
            canonical = self.encode(self.decode(self.at(0, int(total))))
            return len(np.unique(canonical, axis=0))
        return total

    def _defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        def fitting(part: dict[str, HyperParam], name: str) -> Any:
            if name not in given or part[name].has_own_default:
                return UNSET
            return next(filter(part[name].contains, _alike(given[name])), UNSET)

        def n_fitting(part: dict[str, HyperParam]) -> tuple[int, int]:
            found = [(fitting(part, name), name) for name in part]
            fits = [(value, name) for value, name in found if value is not UNSET]
            return sum(same(value, given[name]) for value, name in fits), len(fits)

        part = max(self.parts, key=n_fitting)
        found = {name: fitting(part, name) for name in part}
        return {
            name: hyperparam.default
            if found[name] is UNSET
            else hyperparam.own(found[name])
            for name, hyperparam in part.items()
        }


def _alike(value: Any) -> list[Any]:
    """List a value and, of a whole number, the integer and the float."""
    if is_finite_number(value) and float(value).is_integer():
        return [value, int(value), float(value)]
    return [value]


def _size(part: Mapping[str, HyperParam]) -> int | float:
    size: int | float = 1
    for hyperparam in part.values():
        size *= hyperparam.cardinality
        if size > LARGEST_COUNTED:
            return math.inf
    return size


def _has(part: Mapping[str, HyperParam], config: Mapping[str, Any]) -> bool:
    return config.keys() == part.keys() and all(
        part[name].contains(value) for name, value in config.items()
    )


def _gives_back(
    part: Mapping[str, HyperParam], configs: Sequence[Mapping[str, Any]]
) -> np.ndarray:
    """Whether decoding gives back the very values that were encoded."""
    exact = np.ones(len(configs), dtype=bool)
    for name, hyperparam in part.items():
        values = [config[name] for config in configs]
        decoded = hyperparam.decode(hyperparam.images_of(values))
        exact &= np.array(list(map(same, decoded, values)), dtype=bool)
    return exact


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
    with errors_about(f"parameter {name!r}"):
        return function(values)


@contextmanager
def errors_about(subject: str) -> Iterator[None]:
    """Let the message of an invalid value or type begin with what it is about."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"{subject}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{subject}: {error}") from error
