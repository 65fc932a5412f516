"""Tables of a finished search: its estimators compared, its candidates one by one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ._results import Results
from ._trial import Trial


def steering_metric(results: Results, refit: Any) -> str:
    """Return the metric that steers a search, "score" where it has no name.

    Parameters
    ----------
    results : dict
        As `cv_results_`.
    refit : bool, str or callable
        The parameter of the search.
    """
    names = metrics(results)
    return refit if isinstance(refit, str) and refit in names else names[0]


def metrics(results: Results) -> list[str]:
    """Return the metrics of `cv_results_`, "score" where there is one without a name.

    Examples
    --------
    >>> metrics({"params": [{}], "rank_test_accuracy": [1], "rank_test_f1": [1]})
    ['accuracy', 'f1']
    """
    prefix = "rank_test_"
    return [key.removeprefix(prefix) for key in results if key.startswith(prefix)]


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
    failed = np.array([trial.state == "failed" for trial in trials])
    distinct = list(dict.fromkeys(names))
    of_each = [np.flatnonzero(names == name) for name in distinct]
    times = results["mean_fit_time"]
    ranks = results[f"rank_test_{metric}"]
    best = np.array([rows[ranks[rows].argmin()] for rows in of_each])
    table = pd.DataFrame(
        {
            "rank": rankdata(ranks[best], method="min").astype(int),
            "best_score": results[f"mean_test_{metric}"][best],
            "standard_error": [_standard_error(results, metric, row) for row in best],
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
    for key, values in results.items():
        if key.startswith("param_"):
            columns[key] = _with_missing(values)
    return pd.DataFrame(columns)


def _present(results: Results, keys: Sequence[str]) -> dict[str, Any]:
    return {key: results[key] for key in keys if key in results}


def _standard_error(results: Results, metric: str, row: int) -> float:
    """Return the standard error of a mean score over the folds that were run."""
    columns: list[float] = []
    while (key := f"split{len(columns)}_test_{metric}") in results:
        columns.append(results[key][row])
    scores = np.array(columns)
    scores = scores[~np.isnan(scores)]
    if len(scores) < 2:
        return float("nan")
    with np.errstate(invalid="ignore"):  # of infinite scores
        return float(scores.std(ddof=1) / np.sqrt(len(scores)))


def _with_missing(values: np.ma.MaskedArray) -> pd.Series:
    """Make a column of a masked array, without turning integers into floats."""
    column = pd.Series(values.data, dtype=values.dtype)  # None is a value here
    nullable = {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(values.dtype.kind)
    if values.mask.any() and nullable is not None:
        column = column.astype(nullable)
    return column.mask(values.mask)
