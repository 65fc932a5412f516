"""What `BTBSearchCV` tells of its search once it is fitted: tables, and HTML."""

from typing import Any

import pandas as pd
from sklearn import get_config
from sklearn.utils import estimator_html_repr
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._history import decimals, history
from ._html import report_html, report_text, seconds_text
from ._leaderboard import leaderboard, results_frame, steering_metric


def _shows_diagrams(search: Any) -> bool:
    return bool(get_config()["display"] == "diagram")


def _is_fitted(search: Any) -> bool:
    return hasattr(search, "cv_results_")


class ReportMixin:
    """Tables and representations, read off `cv_results_` and `trials_`."""

    @property
    def leaderboard_(self: Any) -> pd.DataFrame:
        """The estimators that were tried, the best first.

        Each by its best candidate, of the metric that steers the search. Index:
        "estimator_name". Columns: "rank"; "best_score", the mean over its folds;
        "standard_error" of that mean (of as many scores as there are folds, which have
        training data in common: a rough measure); "n_candidates"; "n_failed" of them;
        "mean_fit_time" of a fold, in seconds, over all its candidates; "best_params".
        """
        check_is_fitted(self)
        metric = steering_metric(self.cv_results_, self.refit)
        return leaderboard(self.cv_results_, self.trials_, metric)

    def results_frame(self: Any) -> pd.DataFrame:
        """Return `cv_results_` as a tidy table.

        Returns
        -------
        DataFrame
            One row a candidate, in the order of `cv_results_`. Columns: "candidate",
            its number; "estimator_name"; "state" (see `Trial`); of every metric rank,
            mean and deviation; mean times in seconds; "n_splits_evaluated", if not all
            folds of all candidates were run; and the parameters, "param_*", missing
            where one does not apply.
        """
        check_is_fitted(self)
        return results_frame(self.cv_results_, self.trials_)

    def _repr_mimebundle_(self: Any, **kwargs: Any) -> dict[str, str]:
        """Return what a notebook or IPython shows, as scikit-learn's estimators do."""
        bundle = {"text/plain": repr(self)}
        if _is_fitted(self):
            text = report_text(self.leaderboard_, _summary(self))
            bundle["text/plain"] += f"\n\n{text}"
        if _shows_diagrams(self):
            bundle["text/html"] = self._repr_html_()
        return bundle

    @available_if(_shows_diagrams)  # type: ignore[untyped-decorator]
    def _repr_html_(self: Any) -> str:
        """Return scikit-learn's diagram, once fitted below the leaderboard."""
        diagram = str(estimator_html_repr(self))
        if not _is_fitted(self):
            return diagram
        went = history(self.trials_)
        return report_html(self.leaderboard_, went, _summary(self)) + diagram


def _summary(search: Any) -> str:
    """Say in a line what came of a search."""
    board = search.leaderboard_
    best, score = board.index[0], board["best_score"].iloc[0]
    metric = steering_metric(search.cv_results_, search.refit)
    if metric == "score" and isinstance(search.scoring, str):
        metric = search.scoring
    seconds = sum(trial.seconds for trial in search.trials_)
    return (
        f"Best: {best}, {metric} {score:.{decimals([score])}f} over {search.n_splits_} "
        f"folds, of {len(search.trials_)} candidates in {seconds_text(seconds)} of "
        f"fitting and scoring (the end: {search.stop_reason_})"
    )
