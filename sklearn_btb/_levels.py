"""Levels: the values of choices, and which of them has had too few trials.

A choice is a dimension of a few values without an order: categories, booleans, the
subspaces of a union, or numbers beside other values as in `[None, 2, 3, 5]`, where all
the numbers together are one level.

    symbol    shape       meaning
    images    (n, d)      points of [0, 1]^d
    levels    (n, k)      numbers of the levels of k choices; -1 where not active
"""

from typing import Final, NamedTuple

import numpy as np

from ._hyperparams import HyperParam, MixedHyperParam
from ._space import Tunable

MOST_LEVELS: Final = 10


class Level(NamedTuple):
    """One level of one choice, by their numbers."""

    choice: int
    level: int


def n_levels(hyperparam: HyperParam) -> int:
    """Return how many levels a hyperparameter has; 1 if it is no choice."""
    if isinstance(hyperparam, MixedHyperParam):
        n = hyperparam.n_dims  # one of all numbers, one of each other value
    else:
        n = 1 if hyperparam.numeric else int(hyperparam.cardinality)
    return n if n <= MOST_LEVELS else 1


def levels_of(tunable: Tunable, images: np.ndarray) -> dict[int, np.ndarray]:
    """Return the levels, (n,), of each choice, -1 where it is not active."""
    found = {}
    for rows, dimension in tunable.active(images):
        hyperparam = dimension.hyperparam
        n = n_levels(hyperparam)
        if n > 1:
            numbers = hyperparam.indices(images[rows, dimension.columns])
            column = np.full(len(images), -1)
            column[rows] = np.minimum(numbers, n - 1)
            found[dimension.number] = column, n
    return found


def neglected(tunable: Tunable, images: np.ndarray, share: float) -> Level | None:
    """Return the level with the fewest trials, relative to the mean of its choice.

    None if all have at least `share` of the mean.
    """
    least, neglected = share, None
    for choice, (column, n) in levels_of(tunable, images).items():
        counts = np.bincount(column[column >= 0], minlength=n)
        relative = counts * n / max(counts.sum(), 1)
        level = int(np.argmin(relative))
        if relative[level] < least:
            least, neglected = relative[level], Level(choice, level)
    return neglected


def at_level(tunable: Tunable, images: np.ndarray, level: Level) -> np.ndarray:
    """Return, (n,), which images are at a level."""
    found = levels_of(tunable, images)
    if level.choice not in found:
        return np.zeros(len(images), bool)
    return found[level.choice][0] == level.level
