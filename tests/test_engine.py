"""The loop: propose, evaluate on every split, record; one at a time or several."""

import itertools
import os
import sys
import threading
import time
import warnings
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn import config_context, get_config
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from test_search import names_and_params, search_for
from toys import THREE_FOLDS, Log, Toy, X, Y

from sklearn_btb import BTBSession, StopTuning, UniformTuner
from sklearn_btb._engine import Limits, run
from sklearn_btb._evaluation import Problem, Settings

BACKENDS = ["sequential", "threading", "loky"]


class PendingTuner(UniformTuner):
    """Logs how many configurations are pending whenever it is asked."""

    def __init__(self, tunable, *, log, random_state):
        super().__init__(tunable, random_state=random_state)
        self.log = log

    def propose(self, n=1, *, pending=()):
        self.log.append(len(pending))
        return super().propose(n, pending=pending)


def run_engine(estimators, spaces, n_iter, n_jobs=1, metric=None, **settings):
    """Run the engine with nothing around it; return the session and the trials."""
    scorers = {name: check_scoring(toy) for name, toy in estimators.items()}
    defaults = {
        "scorers": scorers,
        "fit_params": {name: {} for name in estimators},
        "score_params": {name: {} for name in estimators},
        "error_score": float("nan"),
        "return_train_score": False,
        "verbose": 0,
        "n_splits": 3,
        "n_candidates": n_iter,
    }
    splits = list(THREE_FOLDS.split(X))
    problem = Problem(estimators, X, Y, splits, Settings(**defaults | settings), metric)
    session = BTBSession(spaces, None, "uniform", "uniform", random_state=0)
    trials = []
    with parallel_config("threading"):
        run(session, problem, trials, Limits(n_iter), n_jobs=n_jobs)
    return session, trials


class TestRun:
    @pytest.mark.parametrize("n_jobs", [1, 2, 5])
    def test_makes_a_trial_of_every_proposal(self, n_jobs):
        estimators = {"a": Toy(), "b": Toy(peak=1)}
        spaces = {"a": {"x": range(4)}, "b": {"x": range(4)}}
        session, trials = run_engine(estimators, spaces, 6, n_jobs)
        assert [trial.number for trial in trials] == list(range(6))
        assert len(session.proposals) == session.iterations == 6
        for trial, proposal in zip(trials, session.proposals.values(), strict=True):
            assert trial.estimator_name == proposal["name"]
            assert trial.params == proposal["config"]
            assert trial.score == proposal["score"]
            assert len(trial.folds) == 3
            assert trial.state == "complete"

    @pytest.mark.parametrize("n_jobs", [1, 2, 5])
    def test_stops_when_nothing_is_left(self, n_jobs):
        session, trials = run_engine({"a": Toy()}, {"a": {"x": range(4)}}, 99, n_jobs)
        assert sorted(trial.params["x"] for trial in trials) == [0, 1, 2, 3]
        with pytest.raises(StopTuning):
            session.propose()

    def test_tells_the_session_of_a_failure(self):
        session, trials = run_engine({"a": Toy(bad=(0,))}, {"a": {"x": [0]}}, 1)
        assert session.errors == {"a": 1}
        assert session.best_proposal is None
        assert trials[0].state == "failed"

    def test_does_not_take_error_score_for_an_earned_score(self):
        estimators, spaces = {"a": Toy(needed_row=0)}, {"a": {"x": [0]}}
        session, trials = run_engine(estimators, spaces, 1, error_score=4.0)
        assert session.errors == {"a": 1}
        assert session.best_score is None
        assert (trials[0].state, trials[0].score) == ("failed", 8.0)

    def test_keeps_the_trials_before_an_exception(self):
        search = search_for(Toy(bad=(2,)), {"x": [1, 2]}, error_score="raise")
        search.set_params(estimator__x=1)
        with pytest.raises(ValueError, match="x must not be 2"):
            search.fit(X, Y)
        assert [trial.params for trial in search.trials_] == [{"x": 1}]


def pending_when_asked(n_jobs, n_iter=9, cv=((range(8), range(8, 12)),)):
    """Run a search; return how many candidates were pending at each proposal."""

    class Slow(Toy):
        def fit(self, X, y=None):
            time.sleep(0.03 + 0.03 * abs(self.x))
            return super().fit(X, y)

    log = Log()
    search = search_for(
        Slow(x=0.5),
        {"x": uniform()},
        n_iter=n_iter,
        n_jobs=n_jobs,
        cv=[(np.array(train), np.array(test)) for train, test in cv],
        tuner=lambda tunable, random_state: PendingTuner(
            tunable, log=log, random_state=random_state
        ),
    )
    search.fit(X, Y)
    assert len(log) == n_iter - 1  # the first proposal asks no tuner
    return list(log)


class TestJobs:
    SEARCHED = (
        {"a": Toy(), "b": Toy(peak=1), "c": Toy()},
        {"a": {"x": range(4)}, "b": {"x": range(3), "peak": [0, 1]}, "c": {}},
    )

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_results_are_complete_and_right(self, backend):
        search = search_for(*self.SEARCHED, return_train_score=True)
        with parallel_config(backend, n_jobs=2):
            search.fit(X, Y)
        assert len(search.trials_) == 11
        assert len({str(row) for row in names_and_params(search)}) == 11
        peaks = {"a": 0, "b": 1, "c": 0}
        for trial in search.trials_:
            peak = trial.params.get("peak", peaks[trial.estimator_name])
            score = 10 - (trial.params.get("x", 0) - peak) ** 2
            assert trial.fold_scores == (score,) * 3
        assert search.best_score_ == 10
        assert search.predict(X).tolist() == [search.best_estimator_.x] * 12

    def test_none_and_one_mean_no_pending_candidate(self):
        assert pending_when_asked(n_jobs=None) == [0] * 8

    def test_none_means_those_of_the_context(self):
        with parallel_config("threading", n_jobs=3):
            assert max(pending_when_asked(n_jobs=None)) == 2

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_argument_comes_before_the_context(self, n_jobs):
        with parallel_config("threading", n_jobs=5):
            assert max(pending_when_asked(n_jobs=n_jobs)) == n_jobs - 1

    def test_evaluate_several_candidates_at_the_same_time(self):
        barrier = threading.Barrier(2)

        class Meeting(Toy):
            def fit(self, X, y=None):
                barrier.wait(timeout=30)  # breaks unless another fit comes
                return super().fit(X, y)

        search = search_for(Meeting(), {"x": range(4)}, cv=[([0, 1], [2])])
        search.set_params(error_score="raise", refit=False)
        with parallel_config("threading", n_jobs=2):
            search.fit(X, Y)
        assert len(search.trials_) == 4

    def test_rows_are_in_the_order_of_proposal_whoever_is_first(self):
        class Slow(Toy):
            def fit(self, X, y=None):
                time.sleep(0.2 if self.x == 1 else 0)
                log.append(self.x)
                return super().fit(X, y)

        log = Log()
        search = search_for(Slow(x=1), {"x": [1, 2]}, cv=[([0, 1], [2])], refit=False)
        with parallel_config("threading", n_jobs=2):
            search.fit(X, Y)
        assert log == [2, 1]
        assert [params["x"] for params in search.cv_results_["params"]] == [1, 2]

    @pytest.mark.parametrize("pre_dispatch", ["all", "2*n_jobs", 1])
    def test_pre_dispatch_changes_nothing(self, pre_dispatch):
        search = search_for(*self.SEARCHED, pre_dispatch=pre_dispatch)
        with parallel_config("threading", n_jobs=2):
            search.fit(X, Y)
        assert len(search.trials_) == 11

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_work_under_the_configuration_of_the_caller(self, backend):
        class Configured(Toy):
            def score(self, X, y=None):
                return float(get_config()["assume_finite"])

        search = search_for(Configured(), {"x": [0, 1]})
        with parallel_config(backend, n_jobs=2), config_context(assume_finite=True):
            search.fit(X, Y)
        assert search.cv_results_["mean_test_score"].tolist() == [1.0, 1.0]

    def test_of_loky_are_other_processes(self):
        class ProcessId(Toy):
            def score(self, X, y=None):
                return float(os.getpid())

        search = search_for(ProcessId(), {"x": range(3)})
        with parallel_config("loky", n_jobs=2):
            search.fit(X, Y)
        assert os.getpid() not in search.cv_results_["split0_test_score"]


class Timed(Toy):
    """Sleeps `x` seconds in `fit`, and logs when it began and ended."""

    def fit(self, X, y=None):
        start = time.monotonic()
        time.sleep(self.x)
        super().fit(X, y)
        times.append((start, time.monotonic()))
        return self


times: list[tuple[float, float]] = []


class TestAsynchronous:
    @pytest.mark.parametrize("n_jobs", [2, 3, 8])
    @pytest.mark.parametrize("n_splits", [1, 3])
    def test_proposals_are_at_most_n_jobs_minus_1_results_behind(
        self, n_jobs, n_splits
    ):
        cv = [(range(8), range(8, 12))] * n_splits
        with parallel_config("threading"):
            pending = pending_when_asked(n_jobs, n_iter=40, cv=cv)
        assert max(pending) <= n_jobs - 1
        assert n_splits > 1 or max(pending) >= 1

    def test_there_is_no_barrier(self):
        """A slow fold holds up nobody but its own candidate."""

        class OneSlow(Toy):
            def fit(self, X, y=None):
                if self.x == 0:
                    assert finished.wait(timeout=30)  # until all others are done
                return super().fit(X, y)

        finished = threading.Event()

        def note(search, trial):
            done.append(trial.params["x"])
            if len(done) == 9:
                finished.set()

        done = []
        search = search_for(OneSlow(), {"x": range(10)}, n_iter=10, callback=note)
        search.set_params(cv=[(np.arange(8), np.arange(8, 12))], refit=False)
        with parallel_config("threading", n_jobs=2):
            search.fit(X, Y)
        assert done[-1] == 0
        assert search.cv_results_["params"][0] == {"x": 0}  # in the order of proposal

    def test_folds_of_one_candidate_run_side_by_side(self):
        class Meeting(Toy):
            def fit(self, X, y=None):
                barrier.wait(timeout=30)  # breaks unless two others come
                return super().fit(X, y)

        barrier = threading.Barrier(3)
        search = search_for(Meeting(), {}, error_score="raise", refit=False)
        with parallel_config("threading", n_jobs=3):
            search.fit(X, Y)
        assert search.cv_results_["mean_test_score"].tolist() == [10.0]

    def test_workers_are_busy_though_tasks_differ_fifty_fold(self):
        times.clear()
        lengths = np.geomspace(0.02, 1.0, 60).tolist()
        search = search_for(Timed(x=lengths[30]), {"x": lengths}, n_iter=60)
        search.set_params(cv=[(np.arange(8), np.arange(8, 12))], refit=False)
        with parallel_config("threading", n_jobs=8):
            search.fit(X, Y)
        starts, ends = np.array(sorted(times)).T
        first, last = starts[0], starts[-1]
        busy = np.clip(ends, None, last) - np.clip(starts, None, last)
        assert len(starts) == 60
        assert busy.sum() >= 0.95 * 8 * (last - first)

    def test_a_proposal_knows_all_that_had_come_in(self):
        """However long proposals take, results are taken in between them."""

        class SlowTuner(UniformTuner):
            def propose(self, n=1, *, pending=()):
                seen.append((time.monotonic(), self._n_recorded))
                time.sleep(0.1)
                return super().propose(n, pending=pending)

        times.clear()
        seen = []
        search = search_for(Timed(x=0.01), {"x": uniform(0, 0.03)}, tuner=SlowTuner)
        search.set_params(cv=[(np.arange(8), np.arange(8, 12))], n_iter=12, refit=False)
        with parallel_config("threading", n_jobs=4):
            search.fit(X, Y)
        ends = sorted(end for _, end in times)
        for asked, n_recorded in seen:
            margin = 0.02  # from the end of a fit to the end of its scoring
            assert n_recorded >= sum(end < asked - margin for end in ends)

    @pytest.mark.parametrize("backend", ["threading", "loky"])
    def test_short_folds_share_a_task_and_are_all_there(self, backend):
        search = search_for(Toy(x=1), {"x": uniform(-1, 3)}, n_iter=40)
        with parallel_config(backend, n_jobs=2):
            search.fit(X, Y)
        assert [trial.number for trial in search.trials_] == list(range(40))
        for trial in search.trials_:
            assert trial.fold_scores == (10 - trial.params["x"] ** 2,) * 3


@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_an_exception_of_a_pool_inside_a_fold_is_no_death_of_a_worker(backend):
    class Pooled(Toy):
        def fit(self, X, y=None):
            raise BrokenProcessPool("of the estimator's own")

    search = search_for(Pooled(), {"x": [0, 1]}, error_score="raise")
    with (
        parallel_config(backend, n_jobs=2),
        pytest.raises(BrokenProcessPool, match="of the estimator's own"),
    ):
        search.fit(X, Y)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_fold_that_exits_costs_its_own_candidate_only(backend):
    class Exiting(Toy):
        def fit(self, X, y=None):
            return sys.exit(3) if self.x == 1 else super().fit(X, y)

    search = search_for(Exiting(), {"x": range(3)})
    with (
        parallel_config(backend, n_jobs=2),
        pytest.warns(FitFailedWarning, match=r"called sys.exit\(3\)"),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "One or more of the test scores")
        search.fit(X, Y)
    states = {trial.params["x"]: trial.state for trial in search.trials_}
    assert states == {0: "complete", 1: "failed", 2: "complete"}


def test_folds_that_never_ran_say_nothing_of_how_long_others_take():
    """Or the folds of the next candidates would go to one worker as one task."""

    class Varied(Toy):
        def fit(self, X, y=None):
            if self.x == 0:
                os._exit(3)
            time.sleep(0.2)
            return super().fit(X, y)

        def score(self, X, y=None):
            return float(os.getpid())

    search = search_for(Varied(x=0), {"x": [0, 1]}, refit=False)
    with (
        parallel_config("loky", n_jobs=2),
        pytest.warns(FitFailedWarning),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "One or more of the test scores")
        search.fit(X, Y)
    died, other = search.trials_
    assert died.state == "failed"
    assert len(set(other.fold_scores)) == 2  # processes


def test_numbers_of_lost_candidates_are_filled():
    """As after a resume of a search that had several workers."""
    session = BTBSession({"a": {"x": range(9)}}, None, "uniform", random_state=0)
    _, trials = run_engine({"a": Toy()}, {"a": {"x": range(9)}}, 6)
    del trials[1], trials[3]
    for trial in trials:
        session.record("a", trial.params, trial.score)
    settings = Settings(
        {"a": check_scoring(Toy())}, {"a": {}}, {"a": {}}, np.nan, False, 0, 3, 6
    )
    problem = Problem({"a": Toy()}, X, Y, list(THREE_FOLDS.split(X)), settings, None)
    assert run(session, problem, trials, Limits(6)) == "n_iter"
    assert [trial.number for trial in trials] == list(range(6))
    pairs = itertools.combinations(trials, 2)
    assert all(one.params != other.params for one, other in pairs)
