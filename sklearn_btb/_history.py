"""How a search went: what each candidate scored and took, and the best so far."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._trial import Trial

# The palette of Okabe and Ito ("Color Universal Design", 2008) without black, which
# text has, and yellow, which no line has on white; then four of Paul Tol's.
PALETTE: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#882255",
    "#999933",
    "#332288",
    "#666633",
)

ROUNDING: Final = 1e-9  # of the range of scores
FARTHEST: Final = 5.0  # that is shown from the best score, in distances of the median


class History(NamedTuple):
    """The candidates of a search in the order of proposal.

    Attributes
    ----------
    estimator_names : ndarray of shape (n_candidates,)
    scores : ndarray of shape (n_candidates,)
        Of the metric that steers the search; NaN for a candidate that failed.
    complete : ndarray of shape (n_candidates,)
        Whether all folds were run, and none failed: only these can be the best.
    seconds : ndarray of shape (n_candidates,)
        What their folds took, all workers together.
    """

    estimator_names: NDArray[np.object_]
    scores: NDArray[np.float64]
    complete: NDArray[np.bool_]
    seconds: NDArray[np.float64]


def history(trials: Sequence[Trial]) -> History:
    """Read the history of a search off its trials."""
    failed = np.array([trial.state == "failed" for trial in trials])
    scores = np.array([trial.score for trial in trials], dtype=float)
    return History(
        np.array([trial.estimator_name for trial in trials], dtype=object),
        np.where(failed, np.nan, scores),
        np.array([trial.state == "complete" for trial in trials]),
        np.array([trial.seconds for trial in trials], dtype=float),
    )


def best_so_far(scores: NDArray[np.float64], counts: NDArray[np.bool_]) -> np.ndarray:
    """Return the best score up to each candidate, NaN before the first that counts.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates,)
    counts : ndarray of bool of shape (n_candidates,)
        Which of them can be the best.

    Returns
    -------
    ndarray of shape (n_candidates,)

    Examples
    --------
    >>> scores = np.array([0.5, 0.9, 0.7, 0.8])
    >>> best_so_far(scores, np.array([False, False, True, True]))
    array([nan, nan, 0.7, 0.8])
    """
    best = np.maximum.accumulate(np.where(counts, scores, -np.inf))
    return np.where(np.maximum.accumulate(counts), best, np.nan)


def estimator_best(went: History, name: str) -> tuple[NDArray[np.float64], bool]:
    """Return an estimator's best score up to each candidate of the search.

    Parameters
    ----------
    went : History
    name : str

    Returns
    -------
    best : ndarray of shape (n_candidates,)
        NaN before its first. Of those with all folds if there are any, or else of all.
    complete : bool
        Whether there are any.
    """
    own = went.estimator_names == name
    complete = bool((went.complete & own).any())
    counts = own & (went.complete if complete else ~np.isnan(went.scores))
    return best_so_far(went.scores, counts), complete


def shown_range(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Return the range of scores that is worth showing.

    Hopeless ones must not press the others together, so it ends where the distance from
    the best is five times that of the median of the distinct scores.
    """
    known = scores[np.isfinite(scores)]
    if not len(known):
        return 0.0, 1.0
    high, low = known.max(), known.min()
    median = np.median(_distinct(known))  # many may be the best
    if high - median > ROUNDING * (high - low):
        low = max(low, high - FARTHEST * (high - median))
    margin = 0.06 * (high - low) or 0.01 * (abs(high) or 1.0)
    return float(low - 1.5 * margin), float(high + margin)


def _distinct(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sort scores and leave out those that differ by rounding alone."""
    ordered = np.sort(scores)
    apart = np.diff(ordered) > ROUNDING * (ordered[-1] - ordered[0])
    return ordered[np.append(True, apart)]


def decimals(values: Iterable[float]) -> int:
    """Return how many decimals to write: the largest number gets four digits.

    Examples
    --------
    >>> decimals([0.91, 0.5]), decimals([-12.3]), decimals([12345.0])
    (4, 2, 0)
    """
    finite = [abs(value) for value in values if np.isfinite(value) and value]
    largest = max(finite, default=1.0)
    return int(np.clip(3 - np.floor(np.log10(largest)), 0, 6))


def colours(estimator_names: Iterable[str]) -> dict[str, str]:
    """Give every estimator its colour, in the order in which they were first tried.

    The eleventh gets that of the first again, and so on.

    Examples
    --------
    >>> colours(["svc", "forest", "svc"])
    {'svc': '#0072B2', 'forest': '#D55E00'}
    """
    distinct = dict.fromkeys(estimator_names)
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(distinct)}
