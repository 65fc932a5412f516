"""When a search ends: budgets of time, patience, a target, a callback, a timeout."""

import threading
import time

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold
from test_search import search_for
from toys import Toy, X, Y

ONE_SPLIT = [(np.arange(8), np.arange(8, 12))]
WITH_WORKERS = [("threading", 2), ("loky", 2)]
EVERYWHERE = [("sequential", 1), *WITH_WORKERS]


class Slow(Toy):
    """Takes 50 ms to fit, or as long as `x` says if that is more than 1."""

    seconds = 0.05

    def fit(self, X, y=None):
        time.sleep(self.x if self.x > 1 else self.seconds)
        return super().fit(X, y)


class Slower(Slow):
    """Takes so long that it does not matter what else a busy machine does."""

    seconds = 0.3


def seconds_of_search(search):
    start = time.monotonic()
    search.fit(X, Y)
    return time.monotonic() - start - search.refit_time_


class TestStopReason:
    def test_n_iter(self):
        assert search_for(Toy(), {"x": uniform()}, n_iter=3).fit(X, Y).stop_reason_ == (
            "n_iter"
        )

    def test_exhausted(self):
        search = search_for(Toy(), {"x": [0, 1]}, n_iter=2).fit(X, Y)
        assert search.stop_reason_ == "n_iter"
        search.set_params(n_iter=3).fit(X, Y)
        assert search.stop_reason_ == "exhausted"
        assert len(search.trials_) == 2

    def test_exhausted_when_every_estimator_was_dropped(self):
        spaces = {"a": {"x": range(9)}, "b": {"x": range(9)}}
        search = search_for({"a": Toy(bad=range(9)), "b": Toy(bad=range(9))}, spaces)
        search.set_params(max_errors=2, n_iter=18)
        with (
            pytest.warns(UserWarning, match="dropped"),
            pytest.raises(ValueError, match="All the 12 fits failed"),
        ):
            search.fit(X, Y)
        assert search.stop_reason_ == "exhausted"
        assert len(search.trials_) == 4

    def test_patience(self):
        search = search_for(Toy(x=5), {"x": [5, *range(6, 30)]}, patience=4).fit(X, Y)
        assert search.stop_reason_ == "patience"
        assert len(search.trials_) == 5  # the first is the best

    def test_patience_counts_from_the_last_improvement(self):
        search = search_for(Toy(x=5), {"x": range(6)}, patience=5, n_iter=50)
        search.fit(X, Y)
        scores = [trial.score for trial in search.trials_]
        improved = [i for i in range(6) if scores[i] > max([-99, *scores[:i]])]
        assert len(scores) == min(6, improved[-1] + 1 + 5)

    def test_target_score(self):
        search = search_for(Toy(x=5), {"x": range(6)}, target_score=9.0).fit(X, Y)
        assert search.stop_reason_ == "target_score"
        *scores, last = [trial.score for trial in search.trials_]
        assert last >= 9.0 > max(scores)

    def test_target_score_that_an_earlier_fit_reached(self):
        search = search_for(Toy(x=5), {"x": range(5, 9)}, n_iter=1, warm_start=True)
        search.fit(X, Y).set_params(target_score=-15.0).fit(X, Y)
        assert search.stop_reason_ == "target_score"
        assert len(search.trials_) == 1

    def test_n_iter_though_the_last_fold_outlasted_the_time_budget(self):
        search = search_for(Slow(x=1.1), {}, n_iter=1, time_budget=1.0, cv=ONE_SPLIT)
        assert search.fit(X, Y).stop_reason_ == "n_iter"

    def test_callback(self):
        def stop_at_three(search, trial):
            seen.append((trial.number, len(search.trials_)))
            return trial.number == 2

        seen = []
        search = search_for(Toy(), {"x": uniform()}, callback=stop_at_three).fit(X, Y)
        assert search.stop_reason_ == "callback"
        assert seen == [(0, 1), (1, 2), (2, 3)]

    def test_callback_is_called_in_the_thread_of_fit(self):
        threads = set()
        search = search_for(
            Toy(),
            {"x": uniform()},
            n_iter=6,
            callback=lambda search, trial: threads.add(threading.get_ident()),
        )
        with parallel_config("threading", n_jobs=3):
            search.fit(X, Y)
        assert threads == {threading.get_ident()}

    @pytest.mark.parametrize(("backend", "n_jobs"), WITH_WORKERS)
    def test_candidates_that_were_begun_are_finished(self, backend, n_jobs):
        search = search_for(Slow(x=0), {"x": uniform()}, target_score=10.0)
        with parallel_config(backend, n_jobs=n_jobs):
            search.fit(X, Y)
        assert search.stop_reason_ == "target_score"
        assert {trial.state for trial in search.trials_} == {"complete"}


class TestTimeBudget:
    @pytest.mark.parametrize(("backend", "n_jobs"), EVERYWHERE)
    def test_ends_the_search_and_not_the_refit(self, backend, n_jobs):
        search = search_for(Slow(), {"x": uniform()}, n_iter=10_000, time_budget=2.0)
        with parallel_config(backend, n_jobs=n_jobs):
            seconds = seconds_of_search(search)
        assert search.stop_reason_ == "time_budget"
        assert 2.0 <= seconds < 2.1 + 0.05 + 0.5  # the rest for what is no fold
        assert search.best_estimator_.n_features_in_ == 1
        complete = [trial for trial in search.trials_ if trial.state == "complete"]
        assert len(complete) >= 2
        assert search.trials_[search.best_index_] in complete

    @pytest.mark.parametrize(("backend", "n_jobs"), WITH_WORKERS)
    def test_does_not_wait_for_folds_that_outlast_the_grace(self, backend, n_jobs):
        search = search_for(Slow(), {"x": [0, 60.0]}, time_budget=3.0, cv=ONE_SPLIT)
        with parallel_config(backend, n_jobs=n_jobs):
            assert seconds_of_search(search) < 5
        assert search.best_params_ == {"x": 0}
        assert [trial.params["x"] for trial in search.trials_] == [0]

    def test_keeps_the_folds_of_a_candidate_that_was_not_finished(self):
        search = search_for(Slower(x=0), {"x": [0, 0.5]}, time_budget=1.3).fit(X, Y)
        first, second = search.trials_
        assert (first.state, second.state) == ("complete", "interrupted")
        assert 0 < len(second.ran) < 3
        assert search.cv_results_["n_splits_evaluated"].tolist() == [3, len(second.ran)]
        assert search.best_index_ == 0

    def test_an_unfinished_candidate_cannot_win(self):
        search = search_for(Slower(x=1), {"x": [1, 0]}, time_budget=1.3).fit(X, Y)
        results = search.cv_results_
        assert results["mean_test_score"][1] > results["mean_test_score"][0]
        assert search.best_params_ == {"x": 1}
        assert results["rank_test_score"].tolist() == [1, 2]

    def test_counts_from_the_start_of_fit(self):
        class SlowSplits(KFold):
            def split(self, X, y=None, groups=None):
                time.sleep(1.0)
                return super().split(X, y, groups)

        search = search_for(Slow(x=0), {"x": uniform()}, n_iter=1000, time_budget=1.3)
        assert seconds_of_search(search.set_params(cv=SlowSplits(3))) < 1.3 * 1.05 + 0.5

    def test_too_short_for_one_candidate(self):
        search = search_for(Slow(x=1.5), {"x": [1.5]}, time_budget=1)
        with pytest.raises(
            ValueError, match=r"no candidate .* all 3 splits .*time_budget"
        ):
            search.fit(X, Y)
        assert search.cv_results_["n_splits_evaluated"].tolist() == [1]

    def test_too_short_for_one_fold(self):
        search = search_for(Slow(), {"x": uniform()}, time_budget=1e-9)
        with pytest.raises(ValueError, match=r"\(time_budget\) before a single fold"):
            search.fit(X, Y)


class TestFitTimeout:
    SEARCHED = (
        {"good": Slow(), "hung": Slow(x=60.0)},
        {"good": {"x": [0, 1]}, "hung": {}},
    )

    def test_on_loky_kills_the_worker_and_goes_on(self):
        search = search_for(*self.SEARCHED, fit_timeout=0.4)
        with (
            parallel_config("loky", n_jobs=2),
            pytest.warns((FitFailedWarning, UserWarning)),
        ):
            assert seconds_of_search(search) < 50
        states = {trial.estimator_name: trial.state for trial in search.trials_}
        assert states == {"good": "complete", "hung": "failed"}
        hung = search.trials_[1]
        assert "timed out: a fold took longer than 0.4 s" in hung.error
        assert 0.4 < max(hung.fit_times) < 5
        assert all(fold.fit_error == hung.error for fold in hung.folds)
        assert search.best_params_ in ({"x": 0}, {"x": 1})

    def test_in_threads_goes_on_and_says_first_that_the_thread_runs_on(self):
        search = search_for(*self.SEARCHED, fit_timeout=0.4)
        search.set_params(estimators__hung=Slow(x=4.0))
        with (
            parallel_config("threading", n_jobs=2),
            pytest.warns((UserWarning, FitFailedWarning)) as warned,
        ):
            assert seconds_of_search(search) < 3.9
        assert "its thread cannot be ended" in str(warned[0].message)
        assert search.trials_[1].state == "failed"

    def test_with_one_job_says_first_that_there_is_none(self):
        search = search_for(Slow(), {"x": [0, 1]}, fit_timeout=0.01)
        with pytest.warns(UserWarning, match="`fit_timeout` has no effect"):
            search.fit(X, Y)
        assert {trial.state for trial in search.trials_} == {"complete"}

    def test_is_raised_if_errors_are(self):
        search = search_for(*self.SEARCHED, fit_timeout=0.4, error_score="raise")
        with (
            parallel_config("loky", n_jobs=2),
            pytest.raises(TimeoutError, match="timed out"),
        ):
            search.fit(X, Y)
        assert search.stop_reason_ == "error"


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_budget": 0},
        {"time_budget": "1 h"},
        {"fit_timeout": -1},
        {"patience": 0},
        {"target_score": "best"},
        {"target_score": np.nan},
        {"racing": 3},
        {"n_iter": -1},
        {"warm_start": "yes"},
        {"checkpoint": 3},
        {"callback": 3},
    ],
    ids=str,
)
def test_invalid_parameters_are_named(wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
        search_for(Toy(), {"x": [0]}, **wrong).fit(X, Y)
