"""From trials to `cv_results_`, and from that to the winner."""

import math
import numbers
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import FitFailedWarning

from ._trial import FoldResult, Trial
from ._values import nearest

Results = dict[str, Any]


def has_failed(folds: Sequence[FoldResult], metric: str | None) -> bool:
    """Whether one of the folds raised, or their mean score is not a number."""
    return math.isnan(mean_score(folds, metric)) or any(
        _raised(fold, metric) for fold in folds
    )


def _raised(fold: FoldResult, metric: str | None) -> bool:
    """Whether fitting, or scoring by the metric that steers the search, raised."""
    if fold.fit_error is not None:
        return True
    if isinstance(fold.test_scores, dict):
        return (metric or next(iter(fold.test_scores))) in fold.unscored
    return bool(fold.unscored)


def metric_names(folds: Sequence[FoldResult]) -> list[str] | None:
    """Return the metrics that were scored; None if there is one without a name."""
    for fold in folds:
        if isinstance(fold.test_scores, dict):
            return list(fold.test_scores)
    return None


def mean_score(folds: Sequence[FoldResult], metric: str | None) -> float:
    """Return the mean test score over folds, NaN if one of them is NaN.

    Parameters
    ----------
    folds : sequence of FoldResult
    metric : str or None
        Which of several metrics; None takes the first.
    """
    names = metric_names(folds)
    name = metric if names is None or metric in names else names[0]
    with np.errstate(over="ignore", invalid="ignore"):  # huge scores; inf - inf
        return float(np.mean(_values([fold.test_scores for fold in folds], name)))


def make_cv_results(
    trials: Sequence[Trial],
    n_splits: int,
    return_train_score: bool,
    may_skip_folds: bool = False,
) -> Results:
    """Lay trials out as scikit-learn's searches do.

    Parameters
    ----------
    trials : sequence of Trial
        At least one.
    n_splits : int
        The number of folds of each.
    return_train_score : bool
        Whether the folds have training scores.
    may_skip_folds : bool, default=False
        Whether there is a column "n_splits_evaluated" even if every fold was run.

    Returns
    -------
    dict of str to array or list
        The keys, dtypes and masks of `GridSearchCV.cv_results_`, and
        "estimator_name". Where folds were not run, their scores are NaN, means and
        deviations are over those that were, and candidates with all folds rank before
        those without.
    """
    folds = [fold for trial in trials for fold in trial.folds]
    names = metric_names([fold for fold in folds if fold is not None])
    ran = np.array([fold is not None for fold in folds]).reshape(-1, n_splits)
    complete = np.all(ran, axis=1)
    results: Results = {}
    for key in ("fit_time", "score_time"):
        times = np.array([getattr(fold, key, math.nan) for fold in folds])
        results[f"mean_{key}"], results[f"std_{key}"] = _moments(times, ran)
    results |= _param_columns([trial.params for trial in trials])
    results["params"] = [trial.params for trial in trials]
    for name in ["score"] if names is None else names:
        metric = None if names is None else name
        test_scores = [getattr(fold, "test_scores", math.nan) for fold in folds]
        _add_scores(results, f"test_{name}", _values(test_scores, metric), ran)
        means = results[f"mean_test_{name}"]
        results[f"rank_test_{name}"] = rank(means, complete)
        if return_train_score:
            train_scores = [getattr(fold, "train_scores", math.nan) for fold in folds]
            _add_scores(results, f"train_{name}", _values(train_scores, metric), ran)
    if may_skip_folds or not ran.all():
        results["n_splits_evaluated"] = ran.sum(axis=1, dtype=np.int32)
    owners = [trial.estimator_name for trial in trials]
    results["estimator_name"] = np.array(owners, dtype=object)
    return results


def metrics(results: Results) -> list[str]:
    """Return the metrics of `cv_results_`, "score" where there is one without a name.

    Examples
    --------
    >>> metrics({"params": [{}], "mean_test_accuracy": [1], "mean_test_f1": [1]})
    ['accuracy', 'f1']
    """
    prefix = "mean_test_"
    return [key.removeprefix(prefix) for key in results if key.startswith(prefix)]


def named_metric(refit: Any) -> str | None:
    """Return the metric that `refit` names, itself or as a rule; None if it does not.

    Examples
    --------
    >>> from sklearn_btb import fastest_within
    >>> named_metric("r2"), named_metric(fastest_within(0.1, metric="r2"))
    ('r2', 'r2')
    """
    name = refit if isinstance(refit, str) else getattr(refit, "metric", None)
    return name if isinstance(name, str) else None


def which_metric(metric: str | None, names: Sequence[str]) -> str:
    """Return the metric that is named, or the only one there is.

    Raises
    ------
    ValueError
        If there is no such metric, or if there are several and none is named.
    """
    if metric is None and len(names) == 1:
        return names[0]
    if metric is None or metric not in names:
        near = "" if metric is None else nearest(metric, names)
        raise ValueError(f"`metric` must be one of {names}; got {metric!r}{near}")
    return metric


def fold_scores(results: Results, metric: str | None) -> np.ndarray:
    """Return the test scores, a row a candidate and a column a split.

    Parameters
    ----------
    results : dict
        As `cv_results_`, also of scikit-learn's searches.
    metric : str or None
        None takes the only one; of one without a name, any will do.

    Returns
    -------
    ndarray of shape (n_candidates, n_splits)

    Raises
    ------
    ValueError
        If there is no such metric, or if there are several and none is named; if the
        scores on the splits are not there, as in a table of means.
    """
    names = metrics(results)
    # by that name the results go of a metric without one, whichever it is
    metric = "score" if names == ["score"] else which_metric(metric, names)
    columns: list[np.ndarray] = []
    while (key := f"split{len(columns)}_test_{metric}") in results:
        columns.append(results[key])
    if not columns:
        raise ValueError(
            "the scores on every split are needed, as `cv_results_` has them; got no "
            f"column {key!r}"
        )
    return np.column_stack(columns)


def best_index(
    results: Results, refit: str | bool | Callable[[Results], int], metric: str
) -> int:
    """Return the row of the winner.

    Parameters
    ----------
    results : dict
        As `cv_results_`.
    refit : bool, str or callable
        A callable gets `results` and returns the row.
    metric : str
        By whose rank the winner is chosen otherwise.

    Raises
    ------
    TypeError
        If the callable does not return an integer.
    IndexError
        If there is no such row.
    """
    if not callable(refit):
        return int(results[f"rank_test_{metric}"].argmin())
    index = refit(results)
    if not isinstance(index, numbers.Integral):
        raise TypeError(f"best_index_ returned is not an integer: {index!r}")
    if not 0 <= index < len(results["params"]):
        raise IndexError(f"best_index_ index out of range: {index}")
    return int(index)


def check_not_empty(trials: Sequence[Trial], stop_reason: str) -> None:
    """Check that a search found anything.

    Raises
    ------
    ValueError
        If it ended before the first fold did.
    """
    if not trials:
        raise ValueError(
            f"the search ended ({stop_reason}) before a single fold was evaluated (the "
            "start of worker processes takes its time as well)"
        )


def check_complete(trial: Trial, trials: Sequence[Trial], stop_reason: str) -> None:
    """Check that the winner was evaluated on every split.

    Raises
    ------
    ValueError
        If it was not.
    """
    n_splits = len(trial.folds)
    if all(None in each.folds for each in trials):
        raise ValueError(
            f"no candidate was evaluated on all {n_splits} splits before the search "
            f"ended ({stop_reason}); `cv_results_` and `trials_` have what was. "
            "(A rule given as `racing` must not stop every candidate.)"
        )
    if None in trial.folds:
        raise ValueError(
            f"candidate {trial.number} cannot be the best: it was evaluated on "
            f"{len(trial.ran)} of {n_splits} splits (`n_splits_evaluated`); `refit` "
            "chose this row"
        )


def report_failures(trials: Sequence[Trial], error_score: float) -> None:
    """Warn once about the folds that failed, or raise if there are no others.

    Raises
    ------
    ValueError
        If every fit failed; the message quotes the commonest errors first.
    """
    folds = [fold for trial in trials for fold in trial.ran]
    errors = Counter(fold.fit_error for fold in folds if fold.fit_error)
    n_failed = errors.total()
    if n_failed == len(folds):
        raise ValueError(
            f"\nAll the {n_failed} fits failed; the estimators or their parameters "
            "are probably misconfigured. With error_score='raise' the first error is "
            f"raised where it happens.\n\n{_quoted(errors, 'fits')}"
        )
    if n_failed:
        warnings.warn(
            f"\n{n_failed} fits failed out of a total of {len(folds)}. Their scores "
            f"are set to {error_score}; `trials_` keeps every traceback.\n\n"
            f"{_quoted(errors, 'fits')}",
            FitFailedWarning,
            stacklevel=2,
        )
    scoring = Counter(fold.score_error for fold in folds if fold.score_error)
    if scoring:
        warnings.warn(
            f"Scoring failed on {scoring.total()} of {len(folds)} train-test "
            f"partitions. Their scores are set to {error_score}; `trials_` keeps every "
            f"traceback.\n\n{_quoted(scoring, 'scorings')}",
            UserWarning,
            stacklevel=2,
        )


def warn_of_dropped(n_errors: Mapping[str, int], max_errors: float) -> None:
    """Warn once of every estimator that was dropped from the search."""
    for name, n_failed in n_errors.items():
        if n_failed >= max_errors:
            warnings.warn(
                f"Estimator {name!r} was dropped from the search: {n_failed} of its "
                "candidates failed, or had no score that is a number. `trials_` has "
                "them, with their tracebacks; `max_errors` sets the limit.",
                UserWarning,
                stacklevel=2,
            )


def warn_of_untried(
    trials: Sequence[Trial], names: Iterable[str], stop_reason: str
) -> None:
    """Warn of estimators for which there was no room."""
    tried = {trial.estimator_name for trial in trials}
    untried = [name for name in names if name not in tried]
    if trials and untried and stop_reason in ("n_iter", "time_budget", "patience"):
        warnings.warn(
            f"The search ended (`{stop_reason}`) before the estimators {untried} were "
            "tried. Each is tried as it is, in the order given, before any is tuned: "
            f"`{stop_reason}` must leave room for that.",
            UserWarning,
            stacklevel=2,
        )


def warn_of_cut_grid(n_tried: int, size: int | float) -> None:
    """Warn that a grid was not tried as a whole, because `n_iter` was not given."""
    warnings.warn(
        f"{n_tried} of {size:,} combinations were tried, as `n_iter` was not given; "
        f"`n_iter={size}` tries all, and `n_iter={n_tried}` only so many, without "
        "this warning.",
        UserWarning,
        stacklevel=2,
    )


def warn_if_not_finite(results: Results, trials: Sequence[Trial]) -> None:
    """Warn once, of the test scores first, if a mean score is not finite."""
    for part in ("test", "train"):
        for key, means in results.items():
            if key.startswith(f"mean_{part}_") and not np.isfinite(means).all():
                warnings.warn(
                    f"One or more of the {part} scores are non-finite: {means}"
                    f"{_if_none_has_a_score(trials)}",
                    UserWarning,
                    stacklevel=2,
                )
                return


def _if_none_has_a_score(trials: Sequence[Trial]) -> str:
    """Say that there is no winner, and why; nothing if some candidate has a score."""
    if not all(math.isnan(trial.score) for trial in trials):
        return ""
    error = next((trial.error for trial in trials if trial.error), None)
    reason = (
        "nothing was raised, the scorer returned no numbers"
        if error is None
        else f"the first error was {_what_was_raised(error)}"
    )
    return (
        "\nNo candidate has a score that is a number, so the winner is no better than "
        f"any other: {reason}"
    )


def _what_was_raised(error: str) -> str:
    """Pick the line of a traceback that says what was raised in the end."""
    *_, last = error.split("Traceback (most recent call last):")
    return next((line for line in last.splitlines() if line[:1].strip()), "")


def _quoted(errors: Counter[str], what: str) -> str:
    return "\n".join(
        f"{'-' * 80}\n{n} {what} failed with the following error:\n{error}"
        for error, n in errors.most_common()
    )


def _values(scores: Sequence[Any], metric: str | None) -> np.ndarray:
    """Pick a metric; a number that stands for all of them is an error score."""
    return np.array(
        [score[metric] if isinstance(score, dict) else score for score in scores],
        dtype=np.float64,
    )


def _add_scores(
    results: Results, key: str, scores: np.ndarray, ran: np.ndarray
) -> None:
    for split, column in enumerate(scores.reshape(ran.shape).T):
        results[f"split{split}_{key}"] = column
    results[f"mean_{key}"], results[f"std_{key}"] = _moments(scores, ran)


def _moments(values: np.ndarray, ran: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each row, over the folds that were run."""
    values = values.reshape(ran.shape)
    with np.errstate(over="ignore", invalid="ignore"):  # as in `mean_score`
        means, deviations = values.mean(axis=1), values.std(axis=1)
        for row in np.flatnonzero(~ran.all(axis=1)):
            present = values[row, ran[row]]
            means[row], deviations[row] = present.mean(), present.std()
    return means, deviations


def rank(means: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """Rank from 1, ties with the smallest rank; first the complete, last NaN."""
    known = ~np.isnan(means)
    ranks = np.zeros(len(means), dtype=np.int32)
    n_before = 0
    for group in (known & complete, known & ~complete):
        ranks[group] = n_before + rankdata(
            -means[group], method="min", nan_policy="omit"
        )
        n_before += int(np.count_nonzero(group))
    ranks[~known] = n_before + 1
    return ranks


def _param_columns(all_params: Sequence[dict[str, Any]]) -> Results:
    """Make a masked column of every parameter, masked where a row has it not."""
    columns: Results = {}
    for name in dict.fromkeys(name for params in all_params for name in params):
        rows = [row for row, params in enumerate(all_params) if name in params]
        values = [all_params[row][name] for row in rows]
        column = np.empty(len(all_params), dtype=_column_dtype(values))
        for row, value in zip(rows, values, strict=True):
            column[row] = value
        mask = np.isin(range(len(all_params)), rows, invert=True)
        columns[f"param_{name}"] = np.ma.MaskedArray(column, mask)
    return columns


def _column_dtype(values: list[Any]) -> np.dtype:
    if all(isinstance(value, numbers.Number | np.bool_) for value in values):
        return np.array(values).dtype
    return np.dtype(object)
