"""Tables of a finished search: its estimators compared, its candidates one by one."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ._results import Results, fold_scores, metrics, named_metric, rank
from ._trial import Trial


class Steering(NamedTuple):
    """By which score a search went.

    Attributes
    ----------
    metric : str
        Its name in `cv_results_`, "score" where it has none.
    label : str
        What to call it for a reader.
    """

    metric: str
    label: str


def steering(results: Results, refit: Any, scoring: Any) -> Steering:
    """Return by which score a search went.

    Parameters
    ----------
    results : dict
        As `cv_results_`.
    refit : bool, str or callable
        The parameter of the search.
    scoring : object
        The parameter of the search; a str names the only metric.

    Examples
    --------
    >>> steering({"mean_test_score": [1]}, True, "r2")
    Steering(metric='score', label='r2')
    """
    names = metrics(results)
    wanted = named_metric(refit)
    metric = wanted if wanted in names else names[0]
    named = metric == "score" and isinstance(scoring, str)
    return Steering(metric, scoring if named else metric)


def without_copies(
    results: Results, trials: Sequence[Trial]
) -> tuple[Results, list[Trial]]:
    """Keep the first row of each trial: a combination may be written more than once."""
    rows = {trial.number: row for row, trial in reversed(list(enumerate(trials)))}
    kept = sorted(rows.values())
    if len(kept) == len(trials):
        return results, list(trials)
    return (
        {
            key: [column[row] for row in kept] if key == "params" else column[kept]
            for key, column in results.items()
        },
        [trials[row] for row in kept],
    )


def leaderboard(results: Results, trials: Sequence[Trial], metric: str) -> pd.DataFrame:
    """Compare the estimators of a search, each by its best candidate.

    Parameters
    ----------
    results : dict
        As `cv_results_`.
    trials : sequence of Trial
        One a row of `results`.
    metric : str
        By which candidates are compared.

    Returns
    -------
    DataFrame
        See `BTBSearchCV.leaderboard_`.
    """
    names = results["estimator_name"]
    failed, complete = (
        np.array([trial.state == state for trial in trials])
        for state in ("failed", "complete")
    )
    distinct = list(dict.fromkeys(names))
    of_each = [np.flatnonzero(names == name) for name in distinct]
    times = results["mean_fit_time"]
    # the folds of a stopped candidate may have been the easy ones; a number for
    # `error_score` is no score that was earned
    expected = np.array([trial.score for trial in trials])
    means = np.where(complete, results[f"mean_test_{metric}"], expected)
    scores = np.where(failed, np.nan, means)
    ranks = rank(scores, complete)
    best = np.array([rows[ranks[rows].argmin()] for rows in of_each])
    table = pd.DataFrame(
        {
            "rank": rankdata(ranks[best], method="min").astype(int),
            "best_score": scores[best],
            "standard_error": np.where(
                complete[best], _standard_errors(results, metric)[best], np.nan
            ),
            "n_candidates": [len(rows) for rows in of_each],
            "n_failed": [int(failed[rows].sum()) for rows in of_each],
            "mean_fit_time": [times[rows].mean() for rows in of_each],
            "best_params": [results["params"][row] for row in best],
        },
        index=pd.Index(distinct, name="estimator_name", dtype=object),
    )
    return table.sort_values("rank", kind="stable")


def results_frame(results: Results, trials: Sequence[Trial]) -> pd.DataFrame:
    """Lay `cv_results_` out as a tidy table, one row a candidate.

    Parameters
    ----------
    results : dict
        As `cv_results_`.
    trials : sequence of Trial
        One a row of `results`.

    Returns
    -------
    DataFrame
        See `BTBSearchCV.results_frame`.
    """
    columns = {
        "candidate": [trial.number for trial in trials],
        "estimator_name": results["estimator_name"],
        "state": [trial.state for trial in trials],
    }
    for metric in metrics(results):
        parts = ("rank_test", "mean_test", "std_test", "mean_train", "std_train")
        columns |= _present(results, [f"{part}_{metric}" for part in parts])
    columns |= _present(
        results, ["mean_fit_time", "mean_score_time", "n_splits_evaluated"]
    )
    if "n_splits_evaluated" in results:
        columns["expected_score"] = [trial.score for trial in trials]
    for key, values in results.items():
        if key.startswith("param_"):
            columns[key] = _with_missing(values)
    return pd.DataFrame(columns)


def _present(results: Results, keys: Sequence[str]) -> dict[str, Any]:
    return {key: results[key] for key in keys if key in results}


def _standard_errors(results: Results, metric: str) -> np.ndarray:
    """Return the standard errors of the mean scores over the folds, (n_candidates,)."""
    scores = fold_scores(results, metric)
    if scores.shape[1] < 2:
        return np.full(len(scores), np.nan)
    with np.errstate(invalid="ignore"):  # of infinite scores
        return scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])


def _with_missing(values: np.ma.MaskedArray) -> pd.Series:
    """Make a column of a masked array, without turning integers into floats."""
    column = pd.Series(values.data, dtype=values.dtype)  # None is a value here
    nullable = {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(values.dtype.kind)
    if values.mask.any() and nullable is not None:
        column = column.astype(nullable)
    return column.mask(values.mask)
