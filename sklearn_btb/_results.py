"""From trials to `cv_results_`, and from that to the winner."""

import numbers
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import FitFailedWarning

from ._trial import FoldResult, Trial

Results = dict[str, Any]


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
    trials: Sequence[Trial], n_splits: int, return_train_score: bool
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

    Returns
    -------
    dict of str to array or list
        The keys, dtypes and masks of `GridSearchCV.cv_results_`, and
        "estimator_name".
    """
    folds = [fold for trial in trials for fold in trial.folds]
    names = metric_names(folds)
    shape = (len(trials), n_splits)
    results: Results = {}
    for key in ("fit_time", "score_time"):
        times = np.array([getattr(fold, key) for fold in folds]).reshape(shape)
        results[f"mean_{key}"] = times.mean(axis=1)
        results[f"std_{key}"] = times.std(axis=1)
    results["estimator_name"] = np.array(
        [trial.estimator_name for trial in trials], dtype=object
    )
    results |= _param_columns([trial.params for trial in trials])
    results["params"] = [trial.params for trial in trials]
    for name in ["score"] if names is None else names:
        metric = None if names is None else name
        test = _values([fold.test_scores for fold in folds], metric)
        _add_scores(results, f"test_{name}", test.reshape(shape))
        results[f"rank_test_{name}"] = _rank(results[f"mean_test_{name}"])
        if return_train_score:
            train = _values([fold.train_scores for fold in folds], metric)
            _add_scores(results, f"train_{name}", train.reshape(shape))
    return results


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


def report_failures(trials: Sequence[Trial], error_score: float) -> None:
    """Warn once about the folds that failed, or raise if there are no others.

    Raises
    ------
    ValueError
        If every fit failed; the message quotes the commonest errors first.
    """
    folds = [fold for trial in trials for fold in trial.folds]
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


def warn_if_not_finite(results: Results) -> None:
    """Warn once, of the test scores first, if a mean score is not finite."""
    for part in ("test", "train"):
        for key, means in results.items():
            if key.startswith(f"mean_{part}_") and not np.isfinite(means).all():
                warnings.warn(
                    f"One or more of the {part} scores are non-finite: {means}",
                    UserWarning,
                    stacklevel=2,
                )
                return


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


def _add_scores(results: Results, key: str, scores: np.ndarray) -> None:
    for split, column in enumerate(scores.T):
        results[f"split{split}_{key}"] = column
    with np.errstate(over="ignore", invalid="ignore"):  # as in `mean_score`
        results[f"mean_{key}"] = scores.mean(axis=1)
        results[f"std_{key}"] = scores.std(axis=1)


def _rank(means: np.ndarray) -> np.ndarray:
    """Rank from 1, ties with the smallest rank, NaN last."""
    ranks = rankdata(-means, method="min", nan_policy="omit")
    last = np.count_nonzero(~np.isnan(means)) + 1
    return np.where(np.isnan(means), last, ranks).astype(np.int32)


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
