"""Rewards: the scores of all tunables on one scale, for a selector to compare."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

ROUNDING: Final = 1e-9  # of a sum of weights


def scale_rewards(scores: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Scale the scores of all names together to rewards in [0, 1].

    The median of all finite scores, each name counting the same however many it has,
    and whatever lies below it, becomes 0, the best becomes 1, and what is between is
    linear. So hopeless outliers at the bad end do not matter, as long as they are
    fewer than half, and the scale tells apart the good scores, which is where the
    choice is made. A name that got most of the trials does not move the zero to where
    its own scores are, which would make all others look worthless.

    Parameters
    ----------
    scores : mapping of str to sequence of float
        The scores of each name, greater is better. It is not changed.

    Returns
    -------
    dict of str to list of float
        A reward for each score, in the same order. A failure (``-inf`` or NaN) is 0
        and ``+inf`` is 1.

    Notes
    -----
    Of the scores in the order of their size, the median is the first one by which more
    than half of the weight is reached; a score's weight is one by the number of finite
    scores of its name. If the median equals the best score, the smallest finite score
    takes its place as the zero. If all finite scores are equal, each becomes 1.

    Examples
    --------
    >>> from sklearn_btb._rewards import scale_rewards
    >>> scale_rewards({"svm": [-1e6, 0.5, 1.0], "tree": [0.25, 0.75], "knn": []})
    {'svm': [0.0, 0.0, 1.0], 'tree': [0.0, 0.5], 'knn': []}
    >>> scale_rewards({"svm": [0.75, 1.0, 1.0, 1.0], "tree": [0.5]})
    {'svm': [0.0, 1.0, 1.0, 1.0], 'tree': [0.0]}
    """
    finite = [[float(s) for s in arm if math.isfinite(s)] for arm in scores.values()]
    flat = [score for arm in finite for score in arm]
    # A power of two changes no digit, and makes sure that no difference can overflow.
    unit = 0.25 if max(map(abs, flat), default=0.0) > 1e300 else 1.0
    best = max(flat, default=0.0) * unit
    zero = _balanced_median(finite) * unit
    if zero == best:
        zero = min(flat, default=0.0) * unit

    def reward(score: float) -> float:
        score = float(score) * unit
        if math.isnan(score) or score == -math.inf:
            return 0.0
        if score >= best:
            return 1.0
        return max(0.0, (score - zero) / (best - zero))

    return {name: [reward(s) for s in arm] for name, arm in scores.items()}


def _balanced_median(arms: Sequence[Sequence[float]]) -> float:
    """Return the (upper) median of all scores, all arms having the same weight."""
    weighted = sorted((score, 1.0 / len(arm)) for arm in arms for score in arm)
    half = sum(bool(arm) for arm in arms) / 2 + ROUNDING
    reached = 0.0
    for score, weight in weighted:
        reached += weight
        if reached > half:
            return score
    return 0.0
