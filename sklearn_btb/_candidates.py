"""Candidates: images of configurations, drawn, told apart and changed a little."""

import math
from collections.abc import Sequence

import numpy as np

from ._hyperparams import LARGEST_ENUMERATED
from ._layout import first_rows
from ._space import Tunable


def draw_untaken(
    tunable: Tunable, taken: set[bytes], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw up to n different configurations that are not taken.

    Parameters
    ----------
    tunable : Tunable
        The space.
    taken : set of bytes
        The rows of images that must not be drawn.
    n : int
        How many to draw.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (m, n_dims), m <= n
        Fewer than n only where a finite space has no more, or where some ten thousand
        draws had none that is new and satisfies the constraint. A space without end
        or constraint in which new values are very rare may repeat one.
    """
    finite = math.isfinite(tunable.cardinality)
    if finite and len(taken) >= tunable.cardinality:
        return np.empty((0, tunable.n_dims))
    drawn = np.empty((0, tunable.n_dims))
    for size in (n, 16 * n, 256 * n):
        more = tunable.sample(size, rng)
        drawn = untaken(np.concatenate([drawn, more]), taken)[:n]
        if len(drawn) == n:
            return drawn
    if tunable.constraint is not None and tunable.n_numbered > LARGEST_ENUMERATED:
        return drawn
    if not finite:
        return tunable.sample(n, rng)
    for start in range(0, int(tunable.n_numbered), LARGEST_ENUMERATED):
        stop = min(start + LARGEST_ENUMERATED, int(tunable.n_numbered))
        more = rng.permutation(tunable.at(start, stop))
        drawn = untaken(np.concatenate([drawn, more]), taken)[:n]
        if len(drawn) == n:
            break
    return drawn


def neighbours(
    tunable: Tunable,
    images: np.ndarray,
    n: int,
    steps: Sequence[float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw up to n configurations that differ from given ones in few hyperparameters.

    Parameters
    ----------
    tunable : Tunable
        The space.
    images : ndarray of shape (m, n_dims)
        Where to start from, each about as often.
    n : int
        How many to draw; those that the constraint excludes are not returned.
    steps : sequence of float
        Deviations of the normal steps of numeric columns, one drawn a neighbour;
        other hyperparameters are drawn anew.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (m, n_dims), m <= n
    """
    moved = np.resize(images, (n, tunable.n_dims))
    if tunable.conditional:  # what comes to apply is drawn, not left in the middle
        moved = np.where(tunable.inactive(moved), rng.random(moved.shape), moved)
    scale = rng.choice(steps, size=(n, 1))
    n_blocks = len(tunable.blocks)
    changed = rng.random((n, n_blocks)) < min(1.0, 2.0 / n_blocks)
    changed[np.arange(n), rng.integers(n_blocks, size=n)] = True
    for block, rows in zip(tunable.blocks, changed.T, strict=True):
        part = moved[rows, block.columns]
        noise = rng.standard_normal(part.shape) * scale[rows]
        anew = rng.random(part.shape)
        moved[rows, block.columns] = part + noise if block.numeric else anew
    # reflected rather than clipped, or the ends would be drawn far too often
    return tunable.valid(tunable.snap(1.0 - np.abs(1.0 - np.abs(moved))))


def identities(images: np.ndarray) -> set[bytes]:
    """Return what tells the rows apart."""
    return {row.tobytes() for row in images}


def untaken(images: np.ndarray, taken: set[bytes]) -> np.ndarray:
    """Keep the rows that are not taken, each once, in their order."""
    first = images[first_rows(images)]
    return first[[row.tobytes() not in taken for row in first]]
