"""Grids: finite spaces in the order of scikit-learn's `ParameterGrid`.

In that order, the names of a dict are sorted and the last one changes fastest; the
dicts of a list follow one another. A combination that is written more than once has as
many places.

    symbol    meaning
    place     (number of the dict, position of the value of each name, ...)
    identity  (names, number of the value of each name, ...): the same for all copies
"""

import itertools
import logging
import math
import warnings
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ._conditions import Condition, Part, values_of
from ._foreign import own_values
from ._notation import as_hyperparam
from ._space import Tunable, read_part
from ._trial import Proposal, StopTuning, Trial
from ._values import Lookup, as_list

logger = logging.getLogger("sklearn_btb")

Params = dict[str, Any]
Place = tuple[int, ...]
Identity = tuple[tuple[str, ...], tuple[int | None, ...]]

LARGEST_SMALL: Final = 64  # combinations of a dict, to look up its places


class _Dict(NamedTuple):
    """One dict of a space, its names sorted.

    Attributes
    ----------
    names : tuple of str
    numbers : list of list of int
        The number of the value at each position, a list a name.
    positions : list of dict of (int or None) to list of int
        All positions of the value with a number, a dict a name.
    conditions : Part or None
        Says which parameters are active; None if all are.
    """

    names: tuple[str, ...]
    numbers: list[list[int]]
    positions: list[dict[int | None, list[int]]]
    conditions: Part | None

    @property
    def n_rows(self) -> int:
        """The number of combinations as written, if all parameters are active."""
        return math.prod(map(len, self.numbers))

    def positions_of(self, numbers: Mapping[str, int | None]) -> Iterator[Place]:
        """Yield the positions of values; an inactive parameter has the first one."""
        each = [
            of_name.get(numbers[name], []) if name in numbers else [0]
            for name, of_name in zip(self.names, self.positions, strict=True)
        ]
        yield from itertools.product(*each)


class Grid:
    """The combinations of a finite space.

    Parameters
    ----------
    tunable : Tunable
        Its parameters have a finite number of values.

    Examples
    --------
    >>> grid = Grid(Tunable({"b": [1, 2, 1], "a": ["x", "y"]}))
    >>> list(grid)[:3]
    [{'a': 'x', 'b': 1}, {'a': 'x', 'b': 2}, {'a': 'y', 'b': 1}]
    >>> grid.places({"a": "x", "b": 1})
    [(0, 0, 0), (0, 0, 2)]
    """

    def __init__(self, tunable: Tunable) -> None:
        self._tunable = tunable
        self._lookups = {name: Lookup() for name in tunable.names}
        space = tunable.space
        self._dicts = list(
            map(self._read, [space] if isinstance(space, Mapping) else space)
        )

        # the places of the combinations of small dicts, of which there may be many
        self._places: dict[Hashable, list[Place]] = {}
        for number, each in enumerate(self._dicts):
            if _is_small(each):
                positions = itertools.product(*(range(len(n)) for n in each.numbers))
                rows = itertools.product(*each.numbers)
                for place, row in zip(positions, rows, strict=True):
                    known = self._places.setdefault((each.names, row), [])
                    known.append((number, *place))
        self._large = [n for n, each in enumerate(self._dicts) if not _is_small(each)]

    def __iter__(self) -> Iterator[Params]:
        """Yield each valid combination once, where it comes first."""
        if any(each.conditions is not None for each in self._dicts):
            yield from self._conditional()
            return
        seen: set[Hashable] = set()
        for each in self._dicts:
            values = [self._lookups[name].values for name in each.names]
            for numbers in itertools.product(*each.numbers):
                config = {
                    name: of_name[number]
                    for name, of_name, number in zip(
                        each.names, values, numbers, strict=True
                    )
                }
                identity = each.names, numbers
                if identity not in seen:
                    seen.add(identity)
                    if self._tunable.satisfies(config):
                        yield config

    def _conditional(self) -> Iterator[Params]:
        """Yield the combinations of active parameters, of which there may be few.

        Most combinations of all parameters may differ in inactive ones alone.
        """
        tunable = self._tunable
        configs = tunable.decode(tunable.at(0, int(tunable.n_numbered)))
        distinct = {self.identity(config): config for config in reversed(configs)}
        for config in sorted(distinct.values(), key=lambda each: self.places(each)[0]):
            if tunable.satisfies(config):
                yield dict(sorted(config.items()))

    def identity(self, config: Mapping[str, Any]) -> Identity:
        """Return a key that equal combinations share."""
        names = tuple(sorted(config))
        return names, tuple(self._lookups[name].find(config[name]) for name in names)

    def places(self, config: Mapping[str, Any]) -> list[Place]:
        """Return every place of a combination, the first one first."""
        names, found = identity = self.identity(config)
        numbers = dict(zip(names, found, strict=True))
        places = list(self._places.get(identity, []))
        for number in self._large:
            each = self._dicts[number]
            if each.conditions is None:
                belongs = each.names == names
            else:
                belongs = each.conditions.has(config)
            if belongs:
                places += [(number, *place) for place in each.positions_of(numbers)]
        return sorted(places)

    def _read(self, raw: Mapping[str, Any]) -> _Dict:
        names = tuple(sorted(raw))
        numbers = []
        for name in names:
            lookup = self._lookups[name]
            numbers.append([lookup.number(value) for value in _as_written(raw[name])])
        positions: list[dict[int | None, list[int]]] = [{} for _ in names]
        for of_name, known in zip(numbers, positions, strict=True):
            for position, number in enumerate(of_name):
                known.setdefault(number, []).append(position)
        conditional = any(isinstance(values, Condition) for values in raw.values())
        return _Dict(names, numbers, positions, read_part(raw) if conditional else None)


class GridSession:
    """Proposes every combination of several grids, one grid after the other.

    It has what the engine needs of a `BTBSession`, and learns nothing.

    Parameters
    ----------
    grids : dict of str to Grid
    max_errors : int or float
        A grid is dropped after so many failures.

    Attributes
    ----------
    errors : collections.Counter
        Failures by name.
    """

    def __init__(self, grids: Mapping[str, Grid], max_errors: float) -> None:
        self._grids = grids
        self._max_errors = max_errors
        self._known: set[Hashable] = set()
        self._proposals = (
            Proposal(name, config) for name, grid in grids.items() for config in grid
        )
        self.errors: Counter[str] = Counter()

    def propose(self) -> Proposal:
        """Return the next combination; StopTuning after the last one."""
        for name, config in self._proposals:
            known = (name, self._grids[name].identity(config)) in self._known
            if not known and self.errors[name] < self._max_errors:
                return Proposal(name, config)
        raise StopTuning("every combination was proposed")

    def record(
        self,
        name: str,
        config: Mapping[str, Any],
        score: float | None,
        *,
        cost: float | None = None,
    ) -> None:
        """Count a failure; a combination recorded before its turn is not proposed."""
        self._known.add((name, self._grids[name].identity(config)))
        if score is None or score != score:
            self.errors[name] += 1
            if self.errors[name] == self._max_errors:
                logger.info("%r is dropped; its errors: %d", name, self.errors[name])


def size_of(tunables: Mapping[str, Tunable]) -> float:
    """Return the number of combinations of all spaces; infinite if there is no end."""
    return sum(tunable.cardinality for tunable in tunables.values())


def is_listed(tunable: Tunable) -> bool:
    """Whether every parameter of a space has a list of values, as in a grid."""
    space = tunable.space
    dicts = [space] if isinstance(space, Mapping) else space
    return all(_is_list(_unwrapped(values)) for one in dicts for values in one.values())


def in_order_of_rows(
    trials: Sequence[Trial], tunables: Mapping[str, Tunable]
) -> list[Trial]:
    """Return the trial of each row of `cv_results_`.

    Parameters
    ----------
    trials : sequence of Trial
        In the order in which they were proposed.
    tunables : dict of str to Tunable
        By name of the estimator, in its order.

    Returns
    -------
    list of Trial
        In that order; but if all parameters of all spaces have lists of values, in the
        order of `GridSearchCV`, with a row for each place of a combination.
    """
    if not all(map(is_listed, tunables.values())):
        return list(trials)
    grids = {name: Grid(tunable) for name, tunable in tunables.items()}
    order = {name: number for number, name in enumerate(grids)}
    placed = [
        ((order[trial.estimator_name], *place), trial)
        for trial in trials
        for place in grids[trial.estimator_name].places(trial.params)
    ]
    return [trial for _, trial in sorted(placed, key=lambda pair: pair[0])]


def warn_of_cut_grid(n_tried: int, tunables: Mapping[str, Tunable]) -> None:
    """Warn if spaces are grids, of which only some combinations were tried."""
    size = size_of(tunables)
    if all(map(is_listed, tunables.values())) and n_tried < size < math.inf:
        warnings.warn(
            f"{n_tried} of {size:,} combinations were tried, since `n_iter` was not "
            f"given; `n_iter={size}` tries all, and `n_iter={n_tried}` only so many, "
            "without this warning.",
            UserWarning,
            stacklevel=2,
        )


def _as_written(values: Any) -> list[Any]:
    """List values in the order in which they are written, each as often."""
    values = _unwrapped(values)
    if _is_list(values):
        return as_list(values)
    return values_of(as_hyperparam(own_values(values)))


def _is_small(each: _Dict) -> bool:
    return each.conditions is None and each.n_rows <= LARGEST_SMALL


def _is_list(values: Any) -> bool:
    if isinstance(values, str | bytes):
        return False
    return isinstance(values, Sequence) or getattr(values, "ndim", None) == 1


def _unwrapped(values: Any) -> Any:
    """Return the values of a parameter without the conditions around them."""
    while isinstance(values, Condition):
        values = values.then
    return values
