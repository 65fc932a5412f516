"""Rules for `refit`: a simpler or faster candidate that scores about like the best.

    symbol    shape     meaning
    scores    (m, K)    of m candidates on each of K splits, NaN where there is none
    losses    (m, K)    by how much the best scored more on the same split
    sizes     (m,)      what is to be small: seconds, a parameter, a count

Candidates are compared on the same splits: what makes a split hard for all of them is
no difference between them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final

import numpy as np

from ._results import Results, fold_scores, which_metric
from ._sklearn_compat import MultimetricScorer
from ._values import is_finite_number, nearest

By = str | Callable[[dict[str, Any]], float]

RULES: Final = ("one_standard_error", "fastest_within")
TIMES: Final = ("mean_fit_time", "mean_score_time", "std_fit_time", "std_score_time")


@dataclass(frozen=True)
class one_standard_error:
    """Let `refit` take the simplest candidate within one standard error of the best.

    If a candidate scores d_1, ..., d_K less than the best on the K splits, it counts
    as no worse where

        mean(d) <= std(d) / sqrt(K),

    the standard deviation with K - 1 degrees of freedom. Of those the one with the
    smallest `by` is taken, and the better one of two that are equal in that.

    Parameters
    ----------
    by : str or callable, default="mean_fit_time"
        What is to be small: a column of `cv_results_` ("mean_score_time",
        "param_max_depth") or a function of the parameters, `by(params) -> float`.
        A candidate that has no number there, or a masked one, is taken only if it is
        the best. Seconds are measured, so no seed fixes which candidate is the fastest.
    metric : str, default=None
        The metric that counts, where there are several; it then steers the search.

    See Also
    --------
    fastest_within : The same with a tolerance of one's own.

    Notes
    -----
    A function for `refit` as scikit-learn's searches take it, `GridSearchCV` as well;
    as with any, there is no `best_score_`. A candidate without a finite score on every
    split is never taken.

    The rule is that of Breiman, Friedman, Olshen and Stone (Classification and
    Regression Trees, 1984, section 3.4.3). There the standard error is that of the
    best score; here it is that of the difference, which is what has to be judged.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklearn_btb import BTBSearchCV, one_standard_error
    >>> X, y = load_wine(return_X_y=True)
    >>> search = BTBSearchCV(
    ...     DecisionTreeClassifier(random_state=0),
    ...     {"max_depth": range(1, 10)},
    ...     refit=one_standard_error(by="param_max_depth"),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> best = search.cv_results_["mean_test_score"].argmax()
    >>> depth = search.cv_results_["params"][best]["max_depth"]
    >>> search.best_params_["max_depth"] < depth
    True
    """

    by: By = "mean_fit_time"
    _: KW_ONLY
    metric: str | None = None

    def __post_init__(self) -> None:
        _check_types(self.by, self.metric)

    def __call__(self, results: Results) -> int:
        """Return the row of the candidate to refit."""
        losses = _losses(fold_scores(results, self.metric))
        means, n_splits = losses.mean(axis=1), losses.shape[1]
        if n_splits == 1:  # of one split there is no deviation
            return _smallest(_sizes(results, self.by), means, 0.0)
        errors = losses.std(axis=1, ddof=1) / np.sqrt(n_splits)
        return _smallest(_sizes(results, self.by), means, errors)


@dataclass(frozen=True)
class fastest_within:
    """Let `refit` take the fastest of the candidates that score about like the best.

    Parameters
    ----------
    tolerance : float
        By how much the mean score may be less than the best one, in units of the
        score: 0.01 of accuracy is one percentage point, whatever the best is.
    by : str or callable, default="mean_fit_time"
        What counts as fast: a column of `cv_results_`, such as "mean_score_time" for
        fast predictions, or a function of the parameters, `by(params) -> float`. See
        `one_standard_error`.
    metric : str, default=None
        The metric that counts, where there are several; it then steers the search.

    See Also
    --------
    one_standard_error : Lets the folds say what the tolerance is.

    Notes
    -----
    Works in scikit-learn's searches as well; see `one_standard_error`.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_btb import fastest_within
    >>> search = GridSearchCV(
    ...     RandomForestClassifier(random_state=0),
    ...     {"n_estimators": [1, 5, 25]},
    ...     refit=fastest_within(0.5),
    ... ).fit(*load_wine(return_X_y=True))
    >>> search.best_params_
    {'n_estimators': 1}
    """

    tolerance: float
    by: By = "mean_fit_time"
    _: KW_ONLY
    metric: str | None = None

    def __post_init__(self) -> None:
        if not (is_finite_number(self.tolerance) and self.tolerance >= 0):
            raise ValueError(
                "`tolerance` must be a number of at least 0, in units of the score; "
                f"got {self.tolerance!r}"
            )
        _check_types(self.by, self.metric)

    def __call__(self, results: Results) -> int:
        """Return the row of the candidate to refit."""
        means = _losses(fold_scores(results, self.metric)).mean(axis=1)
        return _smallest(_sizes(results, self.by), means, self.tolerance)


def check_rule(
    refit: Any, scoring: Any, scorers: Mapping[str, Any], tunables: Mapping[str, Any]
) -> None:
    """Check before a search what a rule will ask of its results.

    Parameters
    ----------
    refit, scoring
        As in `BTBSearchCV`.
    scorers : dict of str to scorer
        By estimator name.
    tunables : dict of str to Tunable

    Raises
    ------
    TypeError
        If `refit` is a class instead of a rule.
    ValueError
        If the rule names a metric or a column that there will not be, or `refit` is the
        name of a rule.
    """
    if isinstance(refit, str) and refit in RULES:
        raise ValueError(
            f"`refit` must be the rule itself, `{refit}(...)`, not its name"
        )
    if isinstance(refit, type):
        name = refit.__name__
        raise TypeError(
            f"`refit` must be a rule, such as `{name}(...)`; got the class {name}"
        )
    if not isinstance(refit, one_standard_error | fastest_within):
        return
    metrics = _metrics_of(scoring, next(iter(scorers.values())))
    if metrics and (refit.metric is not None or len(metrics) > 1):
        alias = [scoring] if isinstance(scoring, str) else []
        which_metric(refit.metric, [*metrics, *alias])
    parameters = [f"param_{name}" for each in tunables.values() for name in each.names]
    if isinstance(refit.by, str) and refit.by not in [*TIMES, *parameters]:
        _check_score_column(refit.by, metrics, parameters)


def _metrics_of(scoring: Any, scorer: Any) -> list[str]:
    """Return what `cv_results_` will call the metrics; none where nobody knows."""
    if isinstance(scorer, MultimetricScorer):
        return list(scorer._scorers)
    return [] if callable(scoring) else ["score"]


def _check_score_column(
    by: str, metrics: Sequence[str], parameters: Sequence[str]
) -> None:
    named = re.fullmatch(r"(?:mean|std|rank|split\d+)_(?:test|train)_(.+)", by)
    if named is None or (metrics and named[1] not in metrics):
        means = [f"mean_test_{metric}" for metric in metrics]
        raise ValueError(
            "`by` must be callable or a column of `cv_results_`: one of scores, one of "
            f"the parameters that are searched, or one of {list(TIMES)}; got {by!r}"
            f"{nearest(by, [*TIMES[:2], *means, *parameters])}"
        )


def _check_types(by: Any, metric: Any) -> None:
    if not (isinstance(by, str) or callable(by)):
        raise TypeError(
            "`by` must be a column of `cv_results_` or callable; got "
            f"{type(by).__name__}"
        )
    if not (metric is None or isinstance(metric, str)):
        raise TypeError(f"`metric` must be the name of a metric; got {metric!r}")


def _losses(scores: np.ndarray) -> np.ndarray:
    """Return by how much each candidate is below the best, NaN where one is not whole.

    Raises
    ------
    ValueError
        If none has a finite score on every split.
    """
    whole = np.isfinite(scores).all(axis=1)
    if not whole.any():
        raise ValueError(
            "`refit` has nothing to choose from: no candidate has a finite score on "
            f"all {scores.shape[1]} splits"
        )
    scores = np.where(whole[:, None], scores, np.nan)
    return scores[np.nanargmax(scores.mean(axis=1))] - scores


def _smallest(
    sizes: np.ndarray, losses: np.ndarray, allowed: np.ndarray | float
) -> int:
    """Return the row with the smallest size among those that lose no more than allowed.

    Parameters
    ----------
    sizes, losses : ndarray of shape (m,)
    allowed : float or ndarray of shape (m,)
    """
    rounding = 1e-12  # 0.9 - 0.89 is more than 0.01
    near = np.flatnonzero(losses <= allowed + rounding)
    return int(near[np.lexsort((losses[near], sizes[near]))[0]])


def _sizes(results: Results, by: By) -> np.ndarray:
    """Return what is to be small, infinity where it is masked or not a number.

    Raises
    ------
    ValueError
        If there is no such column, or if it has values other than numbers and None.
    """
    if callable(by):
        column = _computed_sizes(by, results["params"])
    elif by not in results:
        raise ValueError(
            f"`by` must be a column of `cv_results_` or callable; got {by!r}"
            f"{nearest(by, results)}"
        )
    else:
        try:
            column = np.ma.filled(np.ma.asarray(results[by]).astype(float), np.inf)
        except (TypeError, ValueError):
            raise ValueError(
                f"`by` must be a column of numbers; {by!r} has others as well"
            ) from None
    return np.where(np.isnan(column), np.inf, column)


def _computed_sizes(
    by: Callable[[dict[str, Any]], float], params: Sequence[dict[str, Any]]
) -> np.ndarray:
    """Return `by(params)` of every candidate, NaN where one lacks a parameter.

    Raises
    ------
    KeyError
        If all of them do: then its name is wrong.
    """
    sizes = np.full(len(params), np.nan)
    missing = None
    for row, each in enumerate(params):
        try:
            sizes[row] = by(each)
        except KeyError as error:  # of another estimator
            missing = error
    if missing is not None and np.isnan(sizes).all():
        raise missing
    return sizes
