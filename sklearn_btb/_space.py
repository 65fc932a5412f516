"""Spaces: configurations as estimators take them <-> points of the unit cube.

    symbol    shape       meaning
    configs   n dicts     name -> value, one dict a configuration
    images    (n, d)      the same as points of [0, 1]^d

A row of images identifies its configuration: `decode(encode(configs))` gives back
what went in (see `_hyperparams` for how exactly).
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ._conditions import Condition, Part, in_order, requirement
from ._hyperparams import INACTIVE, LARGEST_ENUMERATED, UNSET, HyperParam
from ._layout import Layout, are_disjoint, first_rows
from ._notation import as_hyperparam, from_btb_dict
from ._values import is_finite_number, same


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
    conditional : bool
        Whether some parameters do not always apply.
    overlapping : bool
        Whether a configuration may belong to several parts.
    n_numbered : int or float
        How many numbers `at` knows: the cardinality, where that is finite.
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
        self._parts = _read(space)
        self.parts = tuple(part.hyperparams for part in self._parts)
        self.names = tuple(dict.fromkeys(name for part in self.parts for name in part))
        self._layout = Layout(self._parts)
        self.n_dims = self._layout.n_dims
        self.blocks = tuple(
            Block(dimension.columns, dimension.hyperparam.numeric)
            for dimension in self._layout.dimensions
            if dimension.hyperparam.n_dims
        )
        self.conditional = any(each.alternatives for each in self._layout.dimensions)
        self.overlapping = self._layout.branch is not None and any(
            _may_overlap(*pair) for pair in itertools.combinations(self._parts, 2)
        )
        self._numbers = self._distinct_numbers()
        self.n_numbered = (
            self._layout.n_numbered if self._numbers is None else len(self._numbers)
        )
        self.cardinality = self.n_numbered
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
        self._check_names(configs)
        numbers = self._numbers_of_parts(configs)
        images = np.full((len(configs), self.n_dims), INACTIVE)
        for rows, dimension in self._layout.active(images):
            hyperparam = dimension.hyperparam
            if dimension is self._layout.branch:
                points = hyperparam.at(numbers)
            else:
                name = dimension.name
                there = configs if isinstance(rows, slice) else _picked(configs, rows)
                values = [config[name] for config in there]
                points = _naming(name, hyperparam.encode, values)
            images[rows, dimension.columns] = points
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
        decoded = [
            (rows, dimension.name, dimension.hyperparam.decode(images[rows, columns]))
            for rows, dimension in self._layout.active(images)
            if dimension is not self._layout.branch
            for columns in [dimension.columns]
        ]
        configs: list[dict[str, Any]] = [{} for _ in range(len(images))]
        for rows, name, values in sorted(decoded, key=self._place_of_name):
            there = configs if isinstance(rows, slice) else _picked(configs, rows)
            for config, value in zip(there, values, strict=True):
                config[name] = value
        return configs

    def snap(self, images: np.ndarray) -> np.ndarray:
        """Move points (n, n_dims) of the cube to the images of configurations."""
        snapped = np.full(images.shape, INACTIVE)
        for rows, dimension in self._layout.active(snapped):
            points = dimension.hyperparam.snap(images[rows, dimension.columns])
            snapped[rows, dimension.columns] = points
        return snapped

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the images (n, n_dims) of n configurations from the prior."""
        images = np.full((n, self.n_dims), INACTIVE)
        for rows, dimension in self._layout.active(images):
            hyperparam = dimension.hyperparam
            if dimension is self._layout.branch:
                weights = self._layout.part_weights(self._parts)
                points = hyperparam.at(rng.choice(len(weights), size=n, p=weights))
            else:
                size = n if isinstance(rows, slice) else len(rows)
                points = hyperparam.sample(size, rng)
            images[rows, dimension.columns] = points
        return self.canonical(images)

    def at(self, start: int, stop: int) -> np.ndarray:
        """Return the images of the configurations numbered start ... stop - 1.

        Only for finite spaces; there are `n_numbered`.
        """
        if self._numbers is None:
            return self._layout.at(np.arange(start, stop, dtype=np.int64))
        return self.canonical(self._layout.at(self._numbers[start:stop]))

    def inactive(self, images: np.ndarray) -> np.ndarray:
        """Return, (n, n_dims), which columns do not apply to these configurations."""
        return self._layout.inactive(images)

    def canonical(self, images: np.ndarray) -> np.ndarray:
        """Keep one point a configuration; overlapping parts of a union have several."""
        return self.encode(self.decode(images)) if self.overlapping else images

    def _place_of_name(self, decoded: tuple[Any, str, Any]) -> int:
        return self.names.index(decoded[1])

    def _distinct_numbers(self) -> np.ndarray | None:
        """List the numbers of the layout that count, None if that is all of them."""
        total = self._layout.n_numbered
        if not self.overlapping or total > LARGEST_ENUMERATED:
            return None
        numbers = np.arange(int(total), dtype=np.int64)
        return numbers[first_rows(self.canonical(self._layout.at(numbers)))]

    def _numbers_of_parts(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Number the part of the union that each configuration belongs to.

        Where several parts have it, one that gives it back exactly comes first.
        """
        if len(self._parts) == 1:
            return np.zeros(len(configs), dtype=int)
        numbers = np.full(len(configs), -1)
        exact = np.zeros(len(configs), dtype=bool)
        for number, part in enumerate(self._parts):
            having = np.array([part.has(config) for config in configs], dtype=bool)
            rows = np.flatnonzero(having & ~exact)
            if len(rows):
                exact[rows] = _gives_back(part, _picked(configs, rows))
                numbers[rows[exact[rows] | (numbers[rows] < 0)]] = number
        for number, config in zip(numbers, configs, strict=True):
            if number < 0:
                raise ValueError(f"{dict(config)!r} lies in none of the sub-spaces")
        return numbers

    def _check_names(self, configs: Sequence[Mapping[str, Any]]) -> None:
        for config in configs:
            if not any(part.has_names_of(config) for part in self._parts):
                names = " or ".join(map(_names_text, self._parts))
                raise ValueError(
                    f"a configuration has the parameters {names}; got {list(config)}"
                )

    def _defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part's defaults in which most given values lie."""

        def fitting(part: Part, name: str) -> Any:
            hyperparam = part.hyperparams[name]
            if name not in given or hyperparam.has_own_default:
                return UNSET
            return next(filter(hyperparam.contains, _alike(given[name])), UNSET)

        def starting(part: Part) -> dict[str, Any]:
            config = {}
            for name, hyperparam in part.hyperparams.items():
                value = fitting(part, name)
                config[name] = (
                    hyperparam.default if value is UNSET else hyperparam.own(value)
                )
            return {name: config[name] for name in part.applying(config)}

        def n_fitting(part: Part) -> tuple[int, int]:
            found = [(fitting(part, name), name) for name in starting(part)]
            fits = [(value, name) for value, name in found if value is not UNSET]
            return sum(same(value, given[name]) for value, name in fits), len(fits)

        return starting(max(self._parts, key=n_fitting))


def _picked(configs: Sequence[Any], rows: np.ndarray) -> list[Any]:
    return [configs[row] for row in rows.tolist()]


def _alike(value: Any) -> list[Any]:
    """List a value and, of a whole number, the integer and the float."""
    if is_finite_number(value) and float(value).is_integer():
        return [value, int(value), float(value)]
    return [value]


def _gives_back(part: Part, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Whether decoding gives back the very values that were encoded."""
    applying = [part.applying(config) for config in configs]
    exact = np.ones(len(configs), dtype=bool)
    for name, hyperparam in part.hyperparams.items():
        rows = np.flatnonzero([name in names for names in applying])
        if len(rows):
            values = [config[name] for config in _picked(configs, rows)]
            decoded = hyperparam.decode(hyperparam.images_of(values))
            exact[rows] &= np.array(list(map(same, decoded, values)), dtype=bool)
    return exact


def _may_overlap(one: Part, other: Part) -> bool:
    """Whether a configuration may belong to both; True if that is not clear."""
    always = [
        {name for name in part.hyperparams if name not in part.requirements}
        for part in (one, other)
    ]
    if not always[0] <= other.hyperparams.keys():
        return False
    if not always[1] <= one.hyperparams.keys():
        return False
    return not any(
        are_disjoint(one.hyperparams[name], other.hyperparams[name])
        for name in always[0] | always[1]
    )


def _names_text(part: Part) -> str:
    always = [name for name in part.hyperparams if name not in part.requirements]
    text = str(always)
    if part.requirements:
        text += f" and, where they apply, {list(part.requirements)}"
    return text


def _read(space: Any) -> tuple[Part, ...]:
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
    return tuple(map(_read_part, parts))


def _read_part(part: Mapping[str, Any]) -> Part:
    hyperparams: dict[str, HyperParam] = {}
    conditions: dict[str, list[Condition]] = {}
    for name, values in part.items():
        while isinstance(values, Condition):
            conditions.setdefault(name, []).append(values)
            values = values.then
        hyperparams[name] = _naming(name, as_hyperparam, values)
    requirements = {
        name: [
            _naming(name, lambda one: requirement(one, hyperparams), condition)
            for condition in those
        ]
        for name, those in conditions.items()
    }
    order = in_order(hyperparams, requirements)
    return Part(hyperparams, requirements, order)


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
