"""What `BTBSearchCV` tells of its search once it is fitted: tables, and HTML.

The functions are attributes of the class, and `search` is its `self`; for `help`, the
one that users call as a method says so.
"""

from typing import Any, NamedTuple

import pandas as pd
from sklearn import get_config
from sklearn.utils import estimator_html_repr
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from . import _leaderboard
from ._history import decimals, history
from ._html import report_html, report_text, seconds_text


class _Report(NamedTuple):
    board: pd.DataFrame
    summary: str
    chosen: str  # the estimator of which the summary tells


def leaderboard(search: Any) -> pd.DataFrame:
    """The estimators that were tried, the best first.

    Each by its best candidate, of the metric that steers the search. Index:
    "estimator_name". Columns: "rank"; "best_score", the mean over its folds, NaN if all
    its candidates failed; "standard_error" of that mean (of as many scores as there are
    folds, which have training data in common: a rough measure); "n_candidates";
    "n_failed" of them; "mean_fit_time" of a fold, in seconds, over all its candidates;
    "best_params".

    An estimator none of whose candidates was run on all folds comes after the others,
    by the score that is expected over all folds (see `Trial`), without standard error.
    """
    check_is_fitted(search)
    metric = search._steering.metric
    results, trials = _leaderboard.without_copies(search.cv_results_, search._rows)
    return _leaderboard.leaderboard(results, trials, metric)


def results_frame(self: Any) -> pd.DataFrame:
    """Return `cv_results_` as a tidy table.

    Returns
    -------
    DataFrame
        One row a candidate, in the order of `cv_results_`. Columns: "candidate",
        its number; "estimator_name"; "state" (see `Trial`); of every metric rank,
        mean and deviation; mean times in seconds; if not all folds of all candidates
        were run, "n_splits_evaluated" and "expected_score", the score over all folds
        by which leaderboard and plots go (see `Trial`); and the parameters, "param_*",
        missing where one does not apply.
    """
    check_is_fitted(self)
    return _leaderboard.results_frame(self.cv_results_, self._rows)


def mimebundle(search: Any, **kwargs: Any) -> dict[str, str]:
    """Return what a notebook or IPython shows, as scikit-learn's estimators do."""
    report = _report_of(search)
    bundle = {"text/plain": repr(search)}
    if report is not None:
        bundle["text/plain"] += f"\n\n{report_text(report.board, report.summary)}"
    if _shows_diagrams(search):
        bundle["text/html"] = _html(search, report)
    return bundle


def _shows_diagrams(search: Any) -> bool:
    return bool(get_config()["display"] == "diagram")


@available_if(_shows_diagrams)  # type: ignore[untyped-decorator]
def diagram(search: Any) -> str:
    """Return scikit-learn's diagram, once fitted below the leaderboard."""
    return _html(search, _report_of(search))


def _html(search: Any, report: _Report | None) -> str:
    below = str(estimator_html_repr(search))
    if report is None:
        return below
    return report_html(report.board, history(search.trials_), *report[1:]) + below


def _report_of(search: Any) -> _Report | None:
    """Say in a line and a table what came of a search; None if it is not fitted."""
    if not hasattr(search, "cv_results_"):
        return None
    board = search.leaderboard_
    head, chosen, score = "Best", board.index[0], board["best_score"].iloc[0]
    aside = ""
    metric, label = search._steering
    if hasattr(search, "best_index_"):
        chosen = search.best_estimator_name_
        score = search.cv_results_[f"mean_test_{metric}"][search.best_index_]
        if not hasattr(search, "best_score_"):
            head = "Chosen by `refit`"
        if search._rows[search.best_index_].state == "failed":
            aside = " (failed)"  # and `error_score` is better than what others scored
    seconds = sum(trial.seconds for trial in search.trials_)
    summary = (
        f"{head}: {chosen}{aside}, {label} {score:.{decimals([score])}f} over "
        f"{search.n_splits_} folds, of {len(search.trials_)} candidates in "
        f"{seconds_text(seconds)} of fitting and scoring (the end: "
        f"{search.stop_reason_})"
    )
    return _Report(board, summary, chosen)
