"""Listed spaces: unions of many small dicts, read as the configurations that they list.

As a union, each dict would be a value of the dimension that tells them apart, and no
trial of one would say anything about another. Read as a list, all dicts share their
parameters, each with all the values that any of them has for it.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from scipy.spatial import cKDTree

from ._conditions import Part, values_of
from ._hyperparams import (
    LARGEST_ENUMERATED,
    BooleanHyperParam,
    CategoricalHyperParam,
    HyperParam,
    MixedHyperParam,
    OrdinalHyperParam,
)
from ._notation import from_list

MOST_PARTS: Final = 16  # of a union whose parts stay apart


class Listed:
    """The configurations of a list, each once.

    Parameters
    ----------
    digits : ndarray of int, shape (n, n_dimensions)
        The configurations, as `Layout.digits` has them.
    cardinalities : ndarray of shape (n_dimensions,)
        How many values each dimension has.

    Attributes
    ----------
    digits : ndarray of int, shape (m, n_dimensions), m <= n
        In the order given, by which the configurations are numbered.
    """

    def __init__(self, digits: np.ndarray, cardinalities: np.ndarray) -> None:
        self._numbers: dict[bytes, int] = {}
        rows: list[int] = []
        for row, each in enumerate(digits):
            if self._numbers.setdefault(each.tobytes(), len(rows)) == len(rows):
                rows.append(row)
        self.digits = digits[rows]
        self._cardinalities = cardinalities

    def __len__(self) -> int:
        return len(self.digits)

    def find(self, digits: np.ndarray) -> np.ndarray:
        """Return the numbers of n configurations, -1 for one that is not listed."""
        return np.array([self._numbers.get(row.tobytes(), -1) for row in digits], int)

    def nearest(self, digits: np.ndarray) -> np.ndarray:
        """Return the numbers of the configurations that are about the nearest.

        They are at most twice as far away; to be exact would take much longer. What is
        listed is nearest to itself.
        """
        numbers = self.find(digits)
        missing = np.flatnonzero(numbers < 0)
        if len(missing):
            points = digits[missing] / self._cardinalities
            numbers[missing] = self._tree.query(points, eps=1.0)[1]
        return numbers

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.digits / self._cardinalities)


def is_list(parts: Sequence[Part]) -> bool:
    """Whether a union is many dicts of few configurations, and none has a condition."""
    return (
        len(parts) > MOST_PARTS
        and not any(part.requirements for part in parts)
        and all(
            _is_listed(each) for part in parts for each in part.hyperparams.values()
        )
        and sum(map(_n_configs, parts)) <= LARGEST_ENUMERATED
    )


def merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Make one part of all that have the same names.

    Each parameter has all the values that any part has for it, and so has more
    configurations than those that are listed.
    """
    values: dict[str, list[Any]] = {}
    for part in parts:
        for name, hyperparam in part.hyperparams.items():
            values.setdefault(name, []).extend(values_of(hyperparam))
    hyperparams = {name: from_list(those) for name, those in values.items()}
    names = {frozenset(part.hyperparams): part.order for part in reversed(parts)}
    return tuple(
        Part({name: hyperparams[name] for name in order}, {}, order)
        for order in reversed(names.values())
    )


def configs_of(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """List the configurations of finite parts without conditions."""
    for part in parts:
        each = map(values_of, part.hyperparams.values())
        for values in itertools.product(*each):
            yield dict(zip(part.hyperparams, values, strict=True))


def _is_listed(hyperparam: HyperParam) -> bool:
    """Whether it has values that are equally likely, and not numbers of a range."""
    kinds = CategoricalHyperParam | MixedHyperParam | BooleanHyperParam
    return isinstance(hyperparam, kinds) or (
        isinstance(hyperparam, OrdinalHyperParam) and hyperparam.uniform
    )


def _n_configs(part: Part) -> int:
    return math.prod(int(each.cardinality) for each in part.hyperparams.values())
