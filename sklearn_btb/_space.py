"""Spaces: configurations as estimators take them <-> points of the unit cube.

    symbol    shape       meaning
    configs   n dicts     name -> value, one dict a configuration
    images    (n, d)      the same as points of [0, 1]^d

A row of images identifies its configuration: `decode(encode(configs))` gives back
what went in (see `_hyperparams` for how exactly).
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from ._conditions import Condition, Part, in_order, requirement
from ._foreign import own_space, own_values
from ._hyperparams import INACTIVE, LARGEST_ENUMERATED, HyperParam
from ._layout import Dimension, Layout, Rows, first_rows, may_overlap
from ._listed import Listed, configs_of, is_list, merged
from ._nearest import nearest_value
from ._notation import as_hyperparam, from_btb_dict, warn_if_like_a_range
from ._random import generator_at
from ._values import UNSET, Lookup, alike, described, nearest, same

MOST_DRAWN: Final = 2**14  # for a few valid configurations
MOST_DRAWN_ONCE: Final = 2**17  # before a constraint counts as unsatisfiable
MOST_KNOWN: Final = 1000


class Tunable:
    """A space of configurations: named hyperparameters, or a union of such spaces.

    Parameters
    ----------
    space : dict or list of dict
        Parameter name -> a hyperparameter, a list of values, a frozen distribution
        of `scipy.stats`, a BTB dict, what Optuna, scikit-optimize, ConfigSpace and
        skrub have for one parameter, or any of these under a condition (`when`). Of any
        other object with `rvs(random_state=...)`, 1,024 values are drawn once: real
        numbers stand for all between them, other values for themselves. A
        list of dicts is the union of the spaces that they describe. Instead of a dict
        there may be a `ConfigurationSpace` of ConfigSpace, whose forbidden clauses
        become part of the constraint, or named dimensions of scikit-optimize.
    defaults : dict, optional
        Values to try first, where the hyperparameter has no default of its own and
        they lie in the space; a whole number also where it lies there as an integer or
        as a float. In the place of a number outside, the nearest is tried first, if
        both are integers or both are not (a negative one is near to none if all of the
        space are positive or zero).
    constraint : callable, optional
        `constraint(configuration) -> bool`, whether a configuration, a dict without
        what does not apply in it, is valid. Only valid ones are drawn, numbered and
        counted, but any can be encoded. If the defaults are not valid, the nearest
        known valid configuration is tried first.
    portfolio : sequence of dict, optional
        Configurations to try after the defaults, such as are known to do well. What one
        leaves out is at its default; one that the constraint excludes is left out.

    Attributes
    ----------
    names : tuple of str
        All parameter names.
    defaults : dict
        The configuration to try first.
    cardinality : int or float
        The number of valid configurations, `math.inf` where there is no end of them,
        or none in sight (2**60). Above 65,536 configurations, those that a constraint
        excludes, and those that several parts of a union have, are not sorted out.
    n_dims : int
        The number of columns of an image.
    parts : tuple of dict
        The hyperparameters by name, one dict for each space of a union, as written.
    blocks : tuple of Block
        The columns that belong together.
    conditional : bool
        Whether some columns do not always apply.
    overlapping : bool
        Whether a configuration may belong to several parts.
    n_numbered : int or float
        How many numbers `at` knows: the cardinality, where that is finite.
    portfolio : list of dict
        Configurations to try next.
    space, given_defaults, constraint : dict or list of dict, dict, callable or None
        As given, or, in place of a foreign space, what it became.

    Raises
    ------
    TypeError, ValueError
        If a name is not a string, no hyperparameter can be made of its values, or the
        constraint raises or is satisfied by nothing that was drawn (131,072 times).

    Notes
    -----
    Samples are drawn parameter by parameter, each from its own prior, as far as it
    applies. Where a list of values tells the parts of a union apart (of "kernel", say,
    ["linear"] here and ["rbf", "poly"] there), it is drawn first, as if the union were
    one dict with `when`; otherwise parts are drawn by the number of their
    configurations, or in a space without end by their combinations of values that are
    no numbers. What parts have alike has the same columns in all of them.

    More than 16 dicts without conditions, whose parameters all have lists of values,
    and which have at most 65,536 configurations together, are a list of these: every
    configuration is drawn as often. Each parameter is then encoded once, with all the
    values that any of the dicts has for it, so that the trials of one dict say
    something about the others.

    Examples
    --------
    >>> from sklearn_btb import Tunable, IntHyperParam
    >>> tunable = Tunable({"max_depth": IntHyperParam(1, 4), "splitter": ["best"]})
    >>> tunable.defaults, tunable.cardinality
    ({'max_depth': 3, 'splitter': 'best'}, 4)
    >>> images = tunable.encode([{"max_depth": 2, "splitter": "best"}])
    >>> tunable.decode(images)
    [{'max_depth': 2, 'splitter': 'best'}]

    >>> tunable = Tunable(
    ...     {"min": IntHyperParam(1, 4), "max": IntHyperParam(1, 4)},
    ...     constraint=lambda config: config["min"] < config["max"],
    ... )
    >>> tunable.cardinality
    6
    """

    def __init__(
        self,
        space: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        defaults: Mapping[str, Any] | None = None,
        constraint: Callable[[dict[str, Any]], bool] | None = None,
        portfolio: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if constraint is not None and not callable(constraint):
            raise TypeError(
                "`constraint` must be a function that is called with a configuration; "
                f"got {constraint!r}"
            )
        space, constraint = own_space(space, constraint)
        self.space = space
        self.constraint = constraint
        self.given_defaults = dict(defaults or {})
        self._parts = _read(space)
        self.parts = tuple(part.hyperparams for part in self._parts)
        self.names = tuple(dict.fromkeys(name for part in self.parts for name in part))
        listed = is_list(self._parts)
        self._groups = merged(self._parts) if listed else self._parts
        self._group_numbers = {
            frozenset(group.hyperparams): number
            for number, group in enumerate(self._groups if listed else ())
        }
        self._layout = Layout(self._groups)
        self.n_dims = self._layout.n_dims
        self.blocks = tuple(
            block for each in self._layout.dimensions for block in each.blocks
        )
        self.conditional = any(
            each.alternatives or len(each.blocks) > 1
            for each in self._layout.dimensions
        )
        self._listed = self._list() if listed else None
        self.overlapping = (
            not listed and self._layout.hidden_branch and may_overlap(self._parts)
        )
        self._numbers = self._distinct_numbers()
        self.n_numbered = self._n_written()
        if self._numbers is not None:
            self.n_numbered = len(self._numbers)
        self.cardinality = self.n_numbered
        self.defaults = self._defaults(self.given_defaults)
        if constraint is not None:
            self._known = self._known_valid()
            self.defaults = self._valid_defaults()
        self.portfolio = []
        for known in map(self.complete, portfolio):
            if self.satisfies(known):
                self.portfolio.append(known)

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
        return f"Tunable({described(self.space)})"

    def encode(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Return the images of configurations.

        Parameters
        ----------
        configs : sequence of n dicts
            Without a union of spaces, values for parameters that do not apply are
            ignored.

        Returns
        -------
        ndarray of shape (n, n_dims)

        Raises
        ------
        ValueError
            If a configuration does not belong to the space.
        """
        images = self._images_of(configs)
        if self._listed is not None:
            numbers = self._listed.find(self._layout.digits(images))
            for row in np.flatnonzero(numbers < 0)[:1]:
                raise _outside(configs[row])
        return images

    def _images_of(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        self._check_names(configs)
        numbers = self._numbers_of_parts(configs)
        images = np.full((len(configs), self.n_dims), INACTIVE)
        for rows, dimension in self._layout.active(images):
            name, hyperparam = dimension.name, dimension.hyperparam
            if name is None:
                points = hyperparam.at(numbers)
            else:
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
        if self._listed is not None:
            images = self.snap(images)
        columns: dict[str, list[tuple[Rows, list[Any]]]] = {n: [] for n in self.names}
        for rows, dimension in self._layout.active(images):
            if dimension.name is not None:
                points = images[rows, dimension.columns]
                values = dimension.hyperparam.decode(points)
                columns[dimension.name].append((rows, values))
        configs: list[dict[str, Any]] = [{} for _ in range(len(images))]
        for name, found in columns.items():  # in the order of the space
            for rows, values in found:
                there = configs if isinstance(rows, slice) else _picked(configs, rows)
                for config, value in zip(there, values, strict=True):
                    config[name] = value
        return configs

    def complete(self, partial: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration with these values, and defaults for the others.

        Parameters
        ----------
        partial : dict
            Values of some parameters; a whole number may stand for an integer or for a
            float.

        Returns
        -------
        dict

        Raises
        ------
        ValueError
            If there is none: a parameter is unknown or does not apply, or a value lies
            outside of the space. The constraint plays no part, see `satisfies`.

        Examples
        --------
        >>> from sklearn_btb import Tunable
        >>> Tunable({"C": [1, 10, 100], "kernel": ["rbf", "poly"]}).complete({"C": 10})
        {'C': 10, 'kernel': 'rbf'}
        """
        for name in partial:
            if name not in self.names:
                raise ValueError(
                    f"invalid parameter {name!r}{nearest(name, self.names)}; the space "
                    f"has {list(self.names)}"
                )
        for part in self._parts:
            if part.has(partial):
                return {name: partial[name] for name in part.applying(partial)}
        refusal: Exception = ValueError(
            f"{list(partial)} are not all parameters of one sub-space"
        )
        for part in self._parts:
            if partial.keys() <= part.hyperparams.keys():
                try:
                    return self._complete_in(part, partial)
                except ValueError as error:
                    refusal = error
        raise refusal

    def snap(self, images: np.ndarray) -> np.ndarray:
        """Move points (n, n_dims) of the cube to the images of configurations."""
        if self._listed is not None:
            return self._written_at(self._listed.nearest(self._layout.digits(images)))
        snapped = np.full(images.shape, INACTIVE)
        for rows, dimension in self._layout.active(snapped):
            points = dimension.hyperparam.snap(images[rows, dimension.columns])
            snapped[rows, dimension.columns] = points
        return snapped

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the images (n, n_dims) of n valid configurations from the prior.

        Where few are valid, known ones take the place of what was not found.
        """
        if self.constraint is None:
            return self._draw(n, rng)
        drawn = self._draw_valid(n, max(n, MOST_DRAWN), rng)
        known = self._known[rng.integers(len(self._known), size=n - len(drawn))]
        return np.concatenate([drawn, known])

    def valid(self, images: np.ndarray) -> np.ndarray:
        """Return those rows of images whose configurations satisfy the constraint."""
        if self.constraint is None:
            return images
        return images[[self.satisfies(config) for config in self.decode(images)]]

    def at(self, start: int, stop: int) -> np.ndarray:
        """Return the images of the configurations numbered start ... stop - 1.

        Only for finite spaces; there are `n_numbered`.
        """
        if self._numbers is None:
            return self._written_at(np.arange(start, stop, dtype=np.int64))
        return self._written_at(self._numbers[start:stop])

    def inactive(self, images: np.ndarray) -> np.ndarray:
        """Return, (n, n_dims), which columns do not apply to these configurations."""
        return self._layout.inactive(images)

    def active(self, images: np.ndarray) -> Iterator[tuple[Rows, Dimension]]:
        """Yield each dimension with the rows of images (n, n_dims) where it applies."""
        return self._layout.active(images)

    def canonical(self, images: np.ndarray) -> np.ndarray:
        """Keep one point a configuration; overlapping parts of a union have several."""
        return self.encode(self.decode(images)) if self.overlapping else images

    def _list(self) -> Listed:
        configs = configs_of(self._parts)
        digits = []
        while some := list(itertools.islice(configs, MOST_KNOWN)):
            digits.append(self._layout.digits(self._images_of(some)))
        return Listed(np.concatenate(digits), self._layout.cardinalities)

    def _n_written(self) -> int | float:
        """Count the configurations as written, whether they are valid or not."""
        return self._layout.n_numbered if self._listed is None else len(self._listed)

    def _written_at(self, numbers: np.ndarray) -> np.ndarray:
        if self._listed is not None:
            return self._layout.of_digits(self._listed.digits[numbers])
        return self.canonical(self._layout.at(numbers))

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        if self._listed is not None:
            return self._written_at(rng.integers(len(self._listed), size=n))
        images = np.full((n, self.n_dims), INACTIVE)
        for rows, dimension in self._layout.active(images):
            hyperparam = dimension.hyperparam
            if dimension.name is None:
                weights = self._layout.part_weights
                points = hyperparam.at(rng.choice(len(weights), size=n, p=weights))
            else:
                size = n if isinstance(rows, slice) else len(rows)
                points = hyperparam.sample(size, rng)
            images[rows, dimension.columns] = points
        return self.canonical(images)

    def _draw_valid(self, n: int, most: int, rng: np.random.Generator) -> np.ndarray:
        """Draw until n configurations are valid, or `most` were drawn."""
        drawn = [np.empty((0, self.n_dims))]
        size = n
        while n > sum(map(len, drawn)) and most > 0:
            drawn.append(self.valid(self._draw(min(size, most), rng)))
            most -= size
            size *= 2
        return np.concatenate(drawn)[:n]

    def satisfies(self, config: Mapping[str, Any]) -> bool:
        """Whether the constraint, if there is one, allows a configuration."""
        if self.constraint is None:
            return True
        try:
            verdict = self.constraint(dict(config))
        except Exception as error:
            raise ValueError(
                f"{self._constraint_named()} must not raise; for {config!r} it raised "
                f"{type(error).__name__}: {error}"
            ) from error
        if not isinstance(verdict, bool | np.bool_):
            raise TypeError(
                f"{self._constraint_named()} must return True or False; got "
                f"{verdict!r} for {config!r}"
            )
        return bool(verdict)

    def _constraint_named(self) -> str:
        name = getattr(self.constraint, "__qualname__", repr(self.constraint))
        return f"the constraint {name}"

    def _known_valid(self) -> np.ndarray:
        """Return some valid configurations, the same for equal spaces."""
        if self._numbers is not None:
            n_looked_at, n = self._n_written(), len(self._numbers)
            steps = np.linspace(0, n - 1, min(n, MOST_KNOWN)).astype(int)
            known = self._written_at(self._numbers[steps])
        else:
            n_looked_at = MOST_DRAWN_ONCE
            known = self._draw_valid(MOST_KNOWN, n_looked_at, generator_at(0))
        if not len(known):
            known = self.valid(self.encode([self.defaults]))
        if not len(known):
            raise ValueError(
                f"{self._constraint_named()} must be satisfied by some configurations; "
                f"none of {n_looked_at} is valid"
            )
        return known

    def _valid_defaults(self) -> dict[str, Any]:
        if self.satisfies(self.defaults):
            return self.defaults
        distances = np.sum((self._known - self.encode([self.defaults])) ** 2, axis=1)
        return self.decode(self._known[[np.argmin(distances)]])[0]

    def _distinct_numbers(self) -> np.ndarray | None:
        """List the numbers of the layout that count, None if that is all of them."""
        total = self._n_written()
        all_count = not self.overlapping and self.constraint is None
        if all_count or total > LARGEST_ENUMERATED:
            return None
        numbers = np.arange(int(total), dtype=np.int64)
        images = self._written_at(numbers)
        first = first_rows(images)
        if self.constraint is None:
            return numbers[first]
        configs = self.decode(images[first])
        return numbers[first][[self.satisfies(config) for config in configs]]

    def _numbers_of_parts(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Number the part of the union that each configuration belongs to.

        Where several parts have it, one that gives it back exactly comes first.
        """
        if len(self._groups) == 1:
            return np.zeros(len(configs), dtype=int)
        if self._group_numbers:
            those = [self._group_numbers[frozenset(config)] for config in configs]
            return np.array(those, dtype=int)
        numbers = np.full(len(configs), -1)
        exact = np.zeros(len(configs), dtype=bool)
        for number, part in enumerate(self._parts):
            having = np.array([part.has(config) for config in configs], dtype=bool)
            rows = np.flatnonzero(having & ~exact)
            if len(rows):
                exact[rows] = part.gives_back(_picked(configs, rows))
                numbers[rows[exact[rows] | (numbers[rows] < 0)]] = number
        for number, config in zip(numbers, configs, strict=True):
            if number < 0:
                raise _outside(config)
        return numbers

    def _check_names(self, configs: Sequence[Mapping[str, Any]]) -> None:
        for config in configs:
            if frozenset(config) in self._group_numbers:
                continue
            if not any(part.has_names_of(config) for part in self._groups):
                texts = dict.fromkeys(group.names_text() for group in self._groups)
                names = " or ".join(texts)
                raise ValueError(
                    f"a configuration has the parameters {names}; got {list(config)}"
                )

    def _defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part's defaults in which most given values lie."""

        def n_fitting(part: Part) -> tuple[int, int]:
            found = [(_fitting(part, name, given), name) for name in starting(part)]
            fits = [(value, name) for value, name in found if value is not UNSET]
            return sum(same(value, given[name]) for value, name in fits), len(fits)

        def starting(part: Part) -> dict[str, Any]:
            return _applying(part, _defaults_of(part, given))

        return starting(max(self._parts, key=n_fitting))

    def _complete_in(self, part: Part, partial: Mapping[str, Any]) -> dict[str, Any]:
        config = _defaults_of(part, self.given_defaults)
        for name, value in partial.items():
            hyperparam = part.hyperparams[name]
            fitting = next(filter(hyperparam.contains, alike(value)), value)
            _naming(name, hyperparam.encode, [fitting])
            config[name] = hyperparam.own(fitting)
        config = _applying(part, config)
        for name in partial:
            if name not in config:
                raise ValueError(f"parameter {name!r} does not apply in {config!r}")
        return config


def _fitting(part: Part, name: str, given: Mapping[str, Any]) -> Any:
    """Return the given value, UNSET if there is none that fits or needs to."""
    hyperparam = part.hyperparams[name]
    if name not in given or hyperparam.has_own_default:
        return UNSET
    return next(filter(hyperparam.contains, alike(given[name])), UNSET)


def _defaults_of(part: Part, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of all parameters, those that do not apply included."""
    config = {}
    for name, hyperparam in part.hyperparams.items():
        value = _fitting(part, name, given)
        if value is UNSET and name in given and not hyperparam.has_own_default:
            value = nearest_value(hyperparam, given[name])
        config[name] = hyperparam.default if value is UNSET else hyperparam.own(value)
    return config


def _applying(part: Part, config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in part.applying(config)}


def _picked(configs: Sequence[Any], rows: np.ndarray) -> list[Any]:
    return [configs[row] for row in rows.tolist()]


def _outside(config: Mapping[str, Any]) -> ValueError:
    return ValueError(f"{dict(config)!r} lies in none of the sub-spaces")


def _read(space: Any) -> tuple[Part, ...]:
    parts = [space] if isinstance(space, Mapping) else space
    if (
        not isinstance(parts, Sequence)
        or not len(parts)
        or not all(isinstance(part, Mapping) for part in parts)
    ):
        raise TypeError(
            "a space must be a dict of parameter names to values, or a list of such "
            f"dicts; got {described(space)}"
        )
    for name in (name for part in parts for name in part):
        if not isinstance(name, str):
            raise TypeError(f"a parameter's name must be a string; got {name!r}")
    kept: list[Part] = []
    facts = Lookup()
    for part in map(read_part, parts):
        if facts.number(part.facts()) == len(kept):
            kept.append(part)  # or what is written twice is drawn twice as often
    return tuple(kept)


def read_part(part: Mapping[str, Any]) -> Part:
    hyperparams: dict[str, HyperParam] = {}
    conditions: dict[str, list[Condition]] = {}
    for name, values in part.items():
        while isinstance(values, Condition):
            conditions.setdefault(name, []).append(values)
            values = values.then
        if isinstance(values, list | tuple):
            _naming(name, _check_no_condition, values)
        values = _naming(name, own_values, values)
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


def valid_completion(tunable: Tunable, partial: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a configuration; it is an error if the constraint does not allow it."""
    config = tunable.complete(partial)
    if tunable.satisfies(config):
        return config
    filled_in = {name: config[name] for name in config if name not in partial}
    advice = f"; {filled_in!r} was left out and is at its default: give valid values"
    raise ValueError(
        f"{config!r} does not satisfy the constraint{advice if filled_in else ''}"
    )


def warn_of_ranges(space: Mapping[str, Any] | Sequence[Any], subject: str) -> None:
    """Warn of tuples of two numbers: other libraries take them for a range.

    Parameters
    ----------
    space : dict or list of dict
        As a `Tunable` has it.
    subject : str
        Whose it is, for the message.
    """
    for part in [space] if isinstance(space, Mapping) else space:
        for name, values in part.items():
            while isinstance(values, Condition):
                values = values.then
            warn_if_like_a_range(values, f"{subject}: parameter {name!r}")


def _check_no_condition(values: Sequence[Any]) -> None:
    if any(isinstance(value, Condition) for value in values):
        raise TypeError(
            "`when` must not be one of a list of values; a list of dicts gives a "
            f"parameter other values under other conditions; got {values!r}"
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
