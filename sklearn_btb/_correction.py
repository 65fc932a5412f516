"""What the best of many candidates scores, corrected for its having been chosen.

    symbol    shape    meaning
    scores    (m, K)   of m candidates on each of K splits
    choosing  (n, K)   in n ways to halve the splits, those that choose
    held_out  (K,)     on each split, of what was chosen without it

Greater scores are better.
"""

import math
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.stats import t as student
from sklearn.utils.validation import check_is_fitted

from ._random import generator_at
from ._results import Results, fold_scores

N_HALVES: Final = 252  # all there are of ten splits


class CorrectedScore(NamedTuple):
    """A score with its 95 % interval."""

    score: float
    low: float
    high: float


def corrected_score(results: Results, metric: str | None = None) -> CorrectedScore:
    """Estimate what the best candidate of a search scores on new data.

    The mean score of the winner is optimistic: among many candidates, the best is
    also the one whose folds were lucky. Here one half of the folds chooses the best,
    and the others judge it; the mean over all ways to halve them (some hundreds where
    there are more than ten) is the score. It is never more than the best mean score,
    and equal to it if every half chooses the same.

    Parameters
    ----------
    results : dict
        `cv_results_` of a search with at least two splits, also of `GridSearchCV`. Only
        candidates with a finite score on every split count.
    metric : str, default=None
        The metric by which the best was chosen, where there are several; `cv_results_`
        has no name for a single one, so that any will do.

    Returns
    -------
    CorrectedScore
        A tuple with the fields `score`, `low` and `high`, the ends of a 95 % interval,
        which may lie beyond what the metric can be. NaN where no candidate has all its
        scores, or where there is only one split.

    Raises
    ------
    TypeError
        If it is given a search.
    ValueError
        If none of several metrics is named so, or there are no scores on every split.

    Notes
    -----
    The idea is that of BBC-CV (Tsamardinos, Greasidou and Borboudakis, Machine Learning
    107, 2018, section 3), which chooses on a bootstrap sample of the rows and scores on
    the others, and for that keeps the predictions of all candidates. With folds in the
    place of rows nothing but the scores is needed. The interval is Student's,

        score +- t std(held_out) sqrt(1 / K + 1 / (K - 1)),

    t with K - 1 degrees of freedom, `held_out` the K mean scores on each fold of what
    was chosen without it. The second term (Nadeau and Bengio, Machine Learning 52,
    2003) is there because the folds share their training rows. Both take the splits for
    those of K folds: repeated ones share test rows as well, so that the score comes out
    too good and the interval too narrow.

    What is not corrected: luck that all folds share, as they are parts of one sample;
    that a search which learns proposes its candidates knowing the scores on all folds;
    and that the winner is refitted to more rows than each of the folds had. How much
    is left, and how often the interval is right, is measured in `benchmarks/README.md`
    (`bench_corrected_score.py`). After a search with `racing`, the score is corrected
    by little more than half as much: only candidates with all folds count, and those
    that were stopped are the ones that other halves would have chosen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklearn_btb import corrected_score
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 9)), rng.integers(2, size=60)  # noise
    >>> search = GridSearchCV(
    ...     DecisionTreeClassifier(), {"max_depth": [1, 3], "random_state": range(20)}
    ... ).fit(X, y)
    >>> score, low, high = corrected_score(search.cv_results_)
    >>> bool(score < search.best_score_), low < 0.5 < high
    (True, True)
    """
    if hasattr(results, "cv_results_"):
        raise TypeError("`results` must be `cv_results_` of a search, not the search")
    scores = fold_scores(results, metric)
    scores = scores[np.isfinite(scores).all(axis=1)]
    n_candidates, n_splits = scores.shape
    if not n_candidates or n_splits == 1:
        return CorrectedScore(np.nan, np.nan, np.nan)
    held_out = _held_out(scores)
    score = float(held_out.mean())
    deviation = held_out.std(ddof=1) * np.sqrt(1 / n_splits + 1 / (n_splits - 1))
    reach = float(student.ppf(0.975, n_splits - 1) * deviation)
    return CorrectedScore(score, score - reach, score + reach)


def corrected_score_of(search: Any) -> CorrectedScore:
    """`best_score_`, corrected for the choice; see `corrected_score`.

    Raises
    ------
    NotFittedError
        Before `fit`.
    AttributeError
        Where there is no `best_score_`.
    """
    check_is_fitted(search)
    if not hasattr(search, "best_score_"):
        raise AttributeError(
            "`corrected_score_` is there where `best_score_` is: not with a callable "
            "`refit`, nor before a candidate is complete"
        )
    return corrected_score(search.cv_results_, search._steering.metric)


def _held_out(scores: np.ndarray) -> np.ndarray:
    """Return the mean score on each split of what was chosen without it.

    Of candidates that tie for the best, the mean counts.

    Parameters
    ----------
    scores : ndarray of shape (m, K)

    Returns
    -------
    ndarray of shape (K,)
    """
    choosing = _halves(scores.shape[1])
    totals = scores @ choosing.T
    best = np.isclose(totals, totals.max(axis=0), rtol=1e-9, atol=1e-12)
    judged = (best / best.sum(axis=0)).T @ scores
    return np.mean(judged, axis=0, where=~choosing)


def _halves(n_splits: int) -> np.ndarray:
    """Return ways to halve the splits such that all splits choose equally often.

    Of an odd number, the smaller part chooses.

    Returns
    -------
    ndarray of bool, shape (n, K)
    """
    n_choosing, splits = n_splits // 2, range(n_splits)
    if math.comb(n_splits, n_choosing) <= N_HALVES:
        halves = np.array(list(combinations(splits, n_choosing)))
    else:
        rng = generator_at(0)  # equal results are corrected equally
        some = [
            rng.permutation(n_splits)[:n_choosing]
            for _ in range(math.ceil(N_HALVES / n_splits))
        ]
        halves = np.array(
            [(half + shift) % n_splits for half in some for shift in splits]
        )
    choosing = np.zeros((len(halves), n_splits), dtype=bool)
    np.put_along_axis(choosing, halves, True, axis=1)
    return choosing
