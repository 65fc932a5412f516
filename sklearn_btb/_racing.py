"""Racing: when a candidate has surely lost, and what it would have scored.

    symbol    shape       meaning
    scores    (K,)        a candidate's score on each of K splits, NaN where not yet run
    complete  (m, K)      those of all candidates with a finite score on every split

Greater scores are better. Candidates are compared on the same splits, since splits
differ in difficulty far more than good candidates differ from each other.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.stats import t as student

Rule = Callable[[np.ndarray, np.ndarray], bool]

SURE: Final = 0.1  # the chance of a stopped candidate to be the best after all
GROSS: Final = 0.05  # the same where only one fold was run
PRIOR_FOLDS: Final = 4.0  # how many folds what is known of other candidates counts for


def has_lost(scores: np.ndarray, complete: np.ndarray) -> bool:
    """Tell whether a candidate will hardly beat the incumbent on all splits.

    On the n splits that were run, it differs from the incumbent (the best of
    `complete`) by d_1, ..., d_n. If all K differences are draws from one normal
    distribution of variance s^2, their mean over all K is, given the n,

        mean(d) + s sqrt((K - n) / (n K)) T,

    T of Student's t distribution. The candidate has lost if that is positive with a
    probability of less than 10 %, and after only one fold 5 %. The variance is that
    of the d's, shrunk to the median variance among the other complete candidates, as
    if that were known from four folds more.

    Parameters
    ----------
    scores : ndarray of shape (K,)
    complete : ndarray of shape (m, K)

    Returns
    -------
    bool
        False as long as no candidate is complete.

    Notes
    -----
    The rule of Bergman, Purucker and Hutter ("Don't Waste Your Time: Early Stopping
    Cross-Validation", AutoML 2024, section 3), which is to stop a candidate whose mean
    is below the worst fold of the incumbent, compares different splits with each
    other. Comparing in pairs spares more folds, the more the more splits there are;
    the final scores do not differ beyond chance (`benchmarks/README.md`).
    """
    ran = ~np.isnan(scores)
    n, n_splits = int(ran.sum()), len(scores)
    if not len(complete) or n in (0, n_splits):
        return False
    if not np.isfinite(scores[ran]).all():
        return bool(np.isneginf(scores[ran]).any())
    means = complete.mean(axis=1)
    incumbent = complete[means.argmax()]
    differences = (scores - incumbent)[ran]
    variance, n_known = _usual_variance(complete, incumbent)
    weight = min(PRIOR_FOLDS, float(n_known))
    squares = float(((differences - differences.mean()) ** 2).sum())
    freedom = weight + n - 1
    variance = (weight * variance + squares) / freedom
    if variance == 0.0:
        return bool(differences.mean() < 0.0)
    deviation = np.sqrt(variance * (n_splits - n) / (n * n_splits))
    chance = student.sf(-differences.mean() / deviation, freedom)
    return bool(chance < (SURE if n > 1 else GROSS))


def expected_score(scores: np.ndarray, complete: np.ndarray) -> float:
    """Estimate the mean score over all splits from those that were run.

    Complete candidates tell how much easier or harder each split is than the mean of
    all; the median of that is taken from the scores before they are averaged.

    Parameters
    ----------
    scores : ndarray of shape (K,)
        At least one of them not NaN.
    complete : ndarray of shape (m, K)

    Returns
    -------
    float
    """
    ran = ~np.isnan(scores)
    if len(complete):
        scores = scores - np.median(
            complete - complete.mean(axis=1, keepdims=True), axis=0
        )
    return float(scores[ran].mean())


def _usual_variance(complete: np.ndarray, incumbent: np.ndarray) -> tuple[float, int]:
    """Return the variance of differences to the incumbent, and from how many folds.

    Of the incumbent alone, its own variance over the splits stands in, which is
    larger: what is the same for all candidates does not cancel out.
    """
    if len(complete) == 1:
        return float(incumbent.var(ddof=1)), len(incumbent)
    variances = (complete - incumbent).var(axis=1, ddof=1)
    others = np.delete(variances, complete.mean(axis=1).argmax())
    return float(np.median(others)), complete.size
