"""What `BTBSearchCV` tells of its search once it is fitted: tables, and HTML."""

from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ._leaderboard import leaderboard, results_frame, steering_metric


class ReportMixin:
    """Tables and representations, read off `cv_results_` and `trials_`."""

    @property
    def leaderboard_(self: Any) -> pd.DataFrame:
        """The estimators that were tried, the best first.

        Each by its best candidate, of the metric that steers the search. Index:
        "estimator_name". Columns: "rank"; "best_score", the mean over the folds;
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
