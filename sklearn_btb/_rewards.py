"""Rewards: the scores of all tunables on one scale, for a selector to compare."""

import math
import statistics
from collections.abc import Mapping, Sequence


def scale_rewards(scores: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Scale the scores of all names together to rewards in [0, 1].

    The median of all finite scores, and whatever lies below it, becomes 0, the best
    becomes 1, and what is between is linear. So hopeless outliers at the bad end
    do not matter, as long as they are fewer than half of the scores, and the scale
    tells apart the good scores, which is where the choice is made.

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
    If the median equals the best score, the smallest finite score takes its place as
    the zero. If all finite scores are equal, each of them becomes 1.

    Examples
    --------
    >>> from sklearn_btb._rewards import scale_rewards
    >>> scale_rewards({"svm": [-1e6, 0.5, 1.0], "tree": [0.25, 0.75], "knn": []})
    {'svm': [0.0, 0.0, 1.0], 'tree': [0.0, 0.5], 'knn': []}
    """
    flat = [float(s) for arm in scores.values() for s in arm if math.isfinite(s)]
    # A power of two changes no digit, and makes sure that neither the sum of two
    # scores (in the median) nor a difference can overflow.
    unit = 0.25 if max(map(abs, flat), default=0.0) > 1e300 else 1.0
    flat = [s * unit for s in flat]
    best = max(flat, default=0.0)
    zero = statistics.median(flat) if flat else best
    if zero == best:
        zero = min(flat, default=best)

    def reward(score: float) -> float:
        score = float(score) * unit
        if math.isnan(score) or score == -math.inf:
            return 0.0
        if score >= best:
            return 1.0
        return max(0.0, (score - zero) / (best - zero))

    return {name: [reward(s) for s in arm] for name, arm in scores.items()}
