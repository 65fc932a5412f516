"""Layouts: which columns of the images belong to which hyperparameter, and when.

A space is a list of dimensions. Some apply only where others, further to the front,
have certain values; where they do not, their columns are `INACTIVE`. A union of spaces
is the same: its first dimension says which part it is, and all others depend on it.

    symbol    shape       meaning
    images    (n, d)      points of [0, 1]^d
    digits    (n,)        numbers of values, 0 ... cardinality - 1; -1 where inactive
    table     (c + 1,)    whether each of c digits will do; -1, the last, never does
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from ._conditions import Part, facts_of, values_of
from ._hyperparams import (
    INACTIVE,
    LARGEST_ENUMERATED,
    CategoricalHyperParam,
    HyperParam,
    MixedHyperParam,
    OrdinalHyperParam,
)
from ._notation import as_hyperparam
from ._values import Lookup, distinct, is_finite_number

Rows = slice | np.ndarray
Alternative = dict[int, np.ndarray]  # number of a dimension -> table

LARGEST_COUNTED: Final = 2**60
LARGEST_COMPARED: Final = 2**8  # of values, to see whether two lists share one
EVERYWHERE: Final = slice(None)
BRANCH: Final = 0  # the number of the dimension that tells the parts of a union apart


class Block(NamedTuple):
    """Columns of the images that change together.

    Attributes
    ----------
    columns : slice
    numeric : bool
        Whether small steps on them mean small changes.
    """

    columns: slice
    numeric: bool


class Dimension(NamedTuple):
    """A hyperparameter in its place.

    Attributes
    ----------
    number : int
    name : str or None
        Of the parameter; None if it only says which part of a union it is.
    hyperparam : HyperParam
    columns : slice
        Of the images.
    alternatives : list of dict of int to ndarray
        It applies where all tables of one of them hold; without any, always.
    """

    number: int
    name: str | None
    hyperparam: HyperParam
    columns: slice
    alternatives: list[Alternative]

    @property
    def blocks(self) -> list[Block]:
        """The columns, those of numbers apart from those of other values."""
        start, stop = self.columns.start, self.columns.stop
        if isinstance(self.hyperparam, MixedHyperParam):
            numbers, specials = slice(start, start + 1), slice(start + 1, stop)
            return [Block(numbers, True), Block(specials, False)]
        numeric = self.hyperparam.numeric or self.hyperparam.by_position
        return [Block(self.columns, numeric)] if start < stop else []


class Layout:
    """The dimensions of a space, or of a union of spaces.

    Parameters
    ----------
    parts : sequence of Part

    Attributes
    ----------
    dimensions : list of Dimension
        Each behind those that it depends on.
    n_dims : int
        The number of columns.
    part_weights : ndarray of shape (n_parts,)
        How often each part of a union is drawn, where nothing else tells them apart:
        by its configurations, or in a space without end by its choices that are no
        numbers. It makes no difference whether a part is written as one or as two.
    n_numbered : int or float
        How many configurations there are, infinite if there is no end of them, or
        none in sight. What several parts of a union share counts for each.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.dimensions: list[Dimension] = []
        self.n_dims = 0
        self._alike = Lookup()  # names with facts of hyperparameters
        self._placed: list[list[int]] = []  # the dimensions of each of them
        if len(parts) == 1:
            self._place_part(parts[0], {}, {})
        elif (telling := _telling(parts)) is not None:
            name, hyperparam = telling
            self._place(name, hyperparam, {})
            for part in parts:
                values = values_of(part.hyperparams[name])
                self._place_part(
                    part, {BRANCH: _table(hyperparam, values)}, {name: BRANCH}
                )
        else:
            hyperparam = CategoricalHyperParam(range(len(parts)))
            self._place(None, hyperparam, {})
            for number, part in enumerate(parts):
                self._place_part(part, {BRANCH: _table(hyperparam, [number])}, {})
        for dimension in self.dimensions:
            dimension.alternatives[:] = self._simplified(dimension.alternatives)
        self._controls = {
            control
            for dimension in self.dimensions
            for alternative in dimension.alternatives
            for control in alternative
        }
        self._patterns, sizes = self._count()
        total = sum(sizes)
        self.n_numbered = total if total <= LARGEST_COUNTED else math.inf
        self._sizes = np.array(sizes if total <= LARGEST_COUNTED else [], np.int64)
        self.part_weights = self._weights(parts)

    @property
    def hidden_branch(self) -> bool:
        """Whether no parameter tells the parts of a union apart."""
        return bool(self.dimensions) and self.dimensions[BRANCH].name is None

    def active(self, images: np.ndarray) -> Iterator[tuple[Rows, Dimension]]:
        """Yield each dimension with the rows where it applies.

        The columns of a dimension are read after it was yielded: they may be filled in
        by then.
        """
        digits: dict[int, np.ndarray] = {}
        for number, dimension in enumerate(self.dimensions):
            rows: Rows = EVERYWHERE
            if dimension.alternatives:
                rows = np.flatnonzero(_holds(dimension.alternatives, digits))
            if len(images) if isinstance(rows, slice) else len(rows):
                yield rows, dimension
            if number in self._controls:
                digits[number] = np.full(len(images), -1)
                points = images[rows, dimension.columns]
                digits[number][rows] = dimension.hyperparam.indices(points)

    def inactive(self, images: np.ndarray) -> np.ndarray:
        """Return, (n, d), which columns of images do not apply."""
        columns = np.ones(images.shape, dtype=bool)
        for rows, dimension in self.active(images):
            columns[rows, dimension.columns] = False
            if isinstance(dimension.hyperparam, MixedHyperParam):
                points = images[rows, dimension.columns]
                special = dimension.hyperparam.is_special(points)
                columns[rows, dimension.columns.start] = special
        return columns

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """Return the images of configurations by number, below `n_numbered`."""
        ends = np.cumsum(self._sizes)
        patterns = np.searchsorted(ends, numbers, side="right")
        images = self._patterns[patterns]
        rest = numbers - (ends - self._sizes)[patterns]
        for rows, dimension in self._free(images):
            cardinality = int(dimension.hyperparam.cardinality)
            rest[rows], digits = np.divmod(rest[rows], cardinality)
            images[rows, dimension.columns] = dimension.hyperparam.at(digits)
        return images

    def digits(self, images: np.ndarray) -> np.ndarray:
        """Return, (n, n_dimensions), the number of each value; -1 where inactive.

        Only for spaces that are finite.
        """
        digits = np.full((len(images), len(self.dimensions)), -1)
        for rows, dimension in self.active(images):
            points = images[rows, dimension.columns]
            digits[rows, dimension.number] = dimension.hyperparam.indices(points)
        return digits

    def of_digits(self, digits: np.ndarray) -> np.ndarray:
        """Return the images (n, d) of configurations with values of these numbers."""
        images = np.full((len(digits), self.n_dims), INACTIVE)
        for rows, dimension in self.active(images):
            points = dimension.hyperparam.at(digits[rows, dimension.number])
            images[rows, dimension.columns] = points
        return images

    @property
    def cardinalities(self) -> np.ndarray:
        """How many values each dimension has."""
        return np.array([each.hyperparam.cardinality for each in self.dimensions])

    def _weights(self, parts: Sequence[Part]) -> np.ndarray:
        weights = np.array([_n_choices(part) for part in parts], float)
        if self.hidden_branch and math.isfinite(self.n_numbered):
            branch = self.dimensions[BRANCH]
            numbers = branch.hyperparam.indices(self._patterns[:, branch.columns])
            weights = np.bincount(numbers, self._sizes, len(parts))
        return weights / weights.sum()

    def _free(self, images: np.ndarray) -> Iterator[tuple[Rows, Dimension]]:
        """Yield the active dimensions on which no other depends."""
        for rows, dimension in self.active(images):
            if dimension.number not in self._controls:
                yield rows, dimension

    def _count(self) -> tuple[np.ndarray, list[int]]:
        """List what the controlling dimensions can be together, and how often."""
        controls = sorted(self._controls)
        shape = [int(self.dimensions[c].hyperparam.cardinality) for c in controls]
        n = math.prod(shape)
        if n > LARGEST_ENUMERATED:
            return np.empty((0, self.n_dims)), [2 * LARGEST_COUNTED]
        each = np.unravel_index(np.arange(n), shape) if shape else ()
        digits = dict(zip(controls, each, strict=True))
        patterns = np.full((n, self.n_dims), INACTIVE)
        for rows, dimension in self.active(patterns):
            if dimension.number in digits:
                points = dimension.hyperparam.at(digits[dimension.number][rows])
                patterns[rows, dimension.columns] = points
        patterns = patterns[first_rows(patterns)]
        sizes = np.ones(len(patterns), dtype=object)
        for rows, dimension in self._free(patterns):
            # of integers without an end, and none of them infinite
            counted = min(dimension.hyperparam.cardinality, 2 * LARGEST_COUNTED)
            sizes[rows] = sizes[rows] * counted
        return patterns, list(sizes)

    def _place_part(
        self, part: Part, table: Alternative, known: dict[str, int]
    ) -> None:
        for name in part.order:
            if name in known:
                continue
            alternative = dict(table)
            for parameter, values in part.requirements.get(name, ()):
                control = known[parameter]
                wanted = _table(self.dimensions[control].hyperparam, values.values)
                alternative[control] = alternative.get(control, True) & wanted
            known[name] = self._place(name, part.hyperparams[name], alternative)

    def _place(
        self, name: str | None, hyperparam: HyperParam, alternative: Alternative
    ) -> int:
        """Add a dimension, or find the one that another part of the union has."""
        place = self._alike.number((name, facts_of(hyperparam)))
        self._placed += [[] for _ in range(len(self._alike) - len(self._placed))]
        for number in self._placed[place]:
            if max(alternative, default=BRANCH) < number:
                self.dimensions[number].alternatives.append(alternative)
                return number
        columns = slice(self.n_dims, self.n_dims + hyperparam.n_dims)
        self.n_dims = columns.stop
        number = len(self.dimensions)
        self._placed[place].append(number)
        self.dimensions.append(
            Dimension(number, name, hyperparam, columns, [alternative])
        )
        return number

    def _simplified(self, alternatives: list[Alternative]) -> list[Alternative]:
        """Say the same with fewer tables; nothing at all if that is always."""
        kept: list[Alternative] = []
        for alternative in alternatives:
            for known in kept:
                if _differ_in_branch_alone(known, alternative):
                    known[BRANCH] = known[BRANCH] | alternative[BRANCH]
                    break
            else:
                kept.append(dict(alternative))
        for known in kept:
            for control in list(known):
                free = not self.dimensions[control].alternatives
                if free and known[control][:-1].all():
                    del known[control]
        return kept if all(kept) else []


def _holds(
    alternatives: list[Alternative], digits: dict[int, np.ndarray]
) -> np.ndarray:
    return np.any(
        [
            np.all([table[digits[c]] for c, table in alternative.items()], axis=0)
            for alternative in alternatives
        ],
        axis=0,
    )


def _table(hyperparam: HyperParam, values: list[Any]) -> np.ndarray:
    table = np.zeros(int(hyperparam.cardinality) + 1, dtype=bool)
    table[hyperparam.indices(hyperparam.images_of(values))] = True
    return table


def _differ_in_branch_alone(one: Alternative, other: Alternative) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[control], other[control])
        for control in one
        if control != BRANCH
    )


def _telling(parts: Sequence[Part]) -> tuple[str, HyperParam] | None:
    """Find a parameter whose value tells the parts of a union apart.

    It has lists of values, of which no two parts share one.
    """
    for name in parts[0].hyperparams:
        each = [part.hyperparams[name] for part in parts if name in part.hyperparams]
        if (
            len(each) == len(parts)
            and not any(name in part.requirements for part in parts)
            and all(map(_is_list, each))
            and (values := _disjoint_values(each)) is not None
        ):
            unordered = any(map(_has_numbers_without_order, each))
            whole = (
                CategoricalHyperParam(values) if unordered else as_hyperparam(values)
            )
            if _has_order(whole) or not any(map(_has_order, each)):
                return name, whole  # and no numbers lose their order
    return None


def _is_list(hyperparam: HyperParam) -> bool:
    return isinstance(hyperparam, CategoricalHyperParam | MixedHyperParam) or (
        isinstance(hyperparam, OrdinalHyperParam) and hyperparam.uniform
    )


def _has_order(hyperparam: HyperParam) -> bool:
    return hyperparam.numeric or isinstance(hyperparam, MixedHyperParam)


def _has_numbers_without_order(hyperparam: HyperParam) -> bool:
    return (
        not _has_order(hyperparam)
        and hyperparam.cardinality > 1
        and any(map(is_finite_number, values_of(hyperparam)))
    )


def _disjoint_values(those: Sequence[HyperParam]) -> list[Any] | None:
    """List the values of several hyperparameters, None if two of them share one."""
    if sorted(each.cardinality for each in those)[-2] > LARGEST_COMPARED:
        return None
    values = [value for each in those for value in values_of(each)]
    return values if len(distinct(values)) == len(values) else None


def may_overlap(parts: Sequence[Part]) -> bool:
    """Whether a configuration may belong to two parts; True if that is not clear.

    Parts without conditions are told apart by their names at first, then by those
    parameters that have a single value in all of them.
    """
    by_names: dict[Any, list[Part]] = {}
    conditional = any(part.requirements for part in parts)
    for part in parts:
        names = None if conditional else frozenset(part.hyperparams)
        by_names.setdefault(names, []).append(part)
    return any(
        _share_a_configuration(*pair)
        for those in by_names.values()
        for group in _with_the_same_single_values(those)
        for pair in itertools.combinations(group, 2)
    )


def _with_the_same_single_values(parts: Sequence[Part]) -> list[list[Part]]:
    single = [
        name
        for name in parts[0].hyperparams
        if all(_is_single(part, name) for part in parts)
    ]
    keys = Lookup()
    groups: list[list[Part]] = []
    for part in parts:
        key = [values_of(part.hyperparams[name]) for name in single]
        if (number := keys.number(key)) == len(groups):
            groups.append([])
        groups[number].append(part)
    return groups


def _is_single(part: Part, name: str) -> bool:
    """Whether a parameter always applies, and has one value."""
    hyperparam = part.hyperparams.get(name)
    free = name not in part.requirements
    return free and hyperparam is not None and hyperparam.cardinality == 1


def _share_a_configuration(one: Part, other: Part) -> bool:
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


def are_disjoint(one: HyperParam, other: HyperParam) -> bool:
    """Whether two hyperparameters surely have no value in common."""
    fewer, more = sorted((one, other), key=lambda each: each.cardinality)
    return fewer.cardinality <= LARGEST_COMPARED and not any(
        map(more.contains, values_of(fewer))
    )


def first_rows(images: np.ndarray) -> list[int]:
    """Return where each distinct row is for the first time."""
    rows: dict[bytes, int] = {}
    for index, row in enumerate(images):
        rows.setdefault(row.tobytes(), index)
    return list(rows.values())


def _n_choices(part: Part) -> int:
    """Count the combinations of what is no number, and always applies."""
    n = math.prod(
        int(hyperparam.cardinality)
        for name, hyperparam in part.hyperparams.items()
        if not hyperparam.numeric and name not in part.requirements
    )
    return min(n, LARGEST_COUNTED)
