"""Levels: the values of a choice, and which of them has had too few trials.

A choice is a dimension with a few values that have no order: categories, booleans, the
parts of a union. Numbers beside other values, as in `[None, 2, 3, 5]`, are one level
together, and each other value is one more.

    symbol    shape       meaning
    images    (n, d)      points of [0, 1]^d
    levels    (n,)        numbers of the levels of one choice; -1 where it is inactive
"""

from typing import Final, NamedTuple

import numpy as np

from ._hyperparams import HyperParam, MixedHyperParam
from ._space import Tunable

MOST_LEVELS: Final = 10  # a dimension with more values is not a choice


class Level(NamedTuple):
    """A value of a choice.

    Attributes
    ----------
    choice : int
        The number of the dimension.
    number : int
        The number of the level among those of the choice.
    """

    choice: int
    number: int


def n_levels(hyperparam: HyperParam) -> int:
    """Return how many levels a hyperparameter has; 1 if it is not a choice.

    Examples
    --------
    >>> from sklearn_btb import CategoricalHyperParam, IntHyperParam
    >>> n_levels(CategoricalHyperParam(["a", "b"])), n_levels(IntHyperParam(1, 3))
    (2, 1)
    """
    if isinstance(hyperparam, MixedHyperParam):
        n = hyperparam.n_dims  # one column for all numbers, one for each other value
    else:
        n = 1 if hyperparam.numeric else int(hyperparam.cardinality)
    return n if n <= MOST_LEVELS else 1


def neglected_levels(tunable: Tunable, images: np.ndarray, enough: int) -> list[Level]:
    """Return the levels with few trials, compared with the others of their choice.

    The count of each level is divided by the mean count of the levels of its choice.
    The levels with a ratio below 1 are returned, that with the smallest ratio first.

    Parameters
    ----------
    tunable : Tunable
        The space.
    images : ndarray of shape (n, n_dims)
        The trials.
    enough : int
        A level with so many trials is not neglected.

    Returns
    -------
    list of Level

    Examples
    --------
    >>> from sklearn_btb import Tunable
    >>> tunable = Tunable({"kernel": ["linear", "poly", "rbf"], "shrinking": [True]})
    >>> images = tunable.encode([{"kernel": "rbf", "shrinking": True}] * 3)
    >>> neglected_levels(tunable, images, enough=10)
    [Level(choice=0, number=0), Level(choice=0, number=1)]
    """
    ratios: dict[Level, float] = {}
    for rows, dimension in tunable.active(images):
        n = n_levels(dimension.hyperparam)
        if n == 1:
            continue
        levels = _levels(dimension.hyperparam, images[rows, dimension.columns])
        counts = np.bincount(levels, minlength=n)
        for number in np.flatnonzero(counts < min(enough, counts.mean())).tolist():
            level = Level(dimension.number, number)
            ratios[level] = counts[number] / counts.mean()
    return sorted(ratios, key=ratios.__getitem__)


def at_level(tunable: Tunable, images: np.ndarray, level: Level) -> np.ndarray:
    """Return, (n,), which images are at a level."""
    levels = np.full(len(images), -1)
    for rows, dimension in tunable.active(images):
        if dimension.number == level.choice:
            points = images[rows, dimension.columns]
            levels[rows] = _levels(dimension.hyperparam, points)
            break
    return levels == level.number


def _levels(hyperparam: HyperParam, points: np.ndarray) -> np.ndarray:
    """Return the levels of a choice at points of its own columns."""
    # a `MixedHyperParam` counts the numbers behind all other values
    return np.minimum(hyperparam.indices(points), n_levels(hyperparam) - 1)
