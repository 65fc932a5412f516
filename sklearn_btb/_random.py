"""Seeds and generators: every random number comes from one seed and a key.

The number of a decision is its key, so that the decision does not depend on how
many random numbers were drawn before it. Nothing here touches the global state of
`numpy.random`.
"""

import numbers
from typing import Any

import numpy as np


def seed_from(random_state: Any) -> int:
    """Turn a `random_state` as users give it into one integer seed.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator or numpy.random.RandomState
        None takes fresh entropy from the operating system; a generator is drawn
        from once.

    Returns
    -------
    int
        A non-negative seed.

    Raises
    ------
    TypeError
        If `random_state` is something else.
    ValueError
        If it is a negative integer.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(random_state, numbers.Integral):
        if random_state < 0:
            raise ValueError(f"`random_state` must not be negative; got {random_state}")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    raise TypeError(
        "`random_state` must be None, an integer, a numpy Generator or a numpy "
        f"RandomState; got {random_state!r}"
    )


def bit_generator_at(seed: int, *key: int) -> np.random.PCG64:
    """Return the bit generator that belongs to the decision named by `key`."""
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))


def generator_at(seed: int, *key: int) -> np.random.Generator:
    """Return the generator that belongs to the decision named by `key`."""
    return np.random.Generator(bit_generator_at(seed, *key))


def child_seed(seed: int, *key: int) -> int:
    """Return a seed of its own for the part named by `key`."""
    sequence = np.random.SeedSequence(seed, spawn_key=key)
    return int(sequence.generate_state(1, np.uint64)[0])
