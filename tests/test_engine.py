"""The loop: propose, evaluate on every split, record; one at a time or several."""

import os
import threading
import time

import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn import config_context, get_config
from sklearn.metrics import check_scoring
from test_search import names_and_params, search_for
from toys import THREE_FOLDS, Log, Toy, X, Y

from sklearn_btb import BTBSession, StopTuning, UniformTuner
from sklearn_btb._engine import Problem, run
from sklearn_btb._evaluation import Settings

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
        run(
            session,
            problem,
            trials,
            n_iter=n_iter,
            n_jobs=n_jobs,
            pre_dispatch="2*n_jobs",
            search=None,
            context=None,
        )
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
        search.set_params(estimators__x=1)
        with pytest.raises(ValueError, match="x must not be 2"):
            search.fit(X, Y)
        assert [trial.params for trial in search.trials_] == [{"x": 1}]


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

    def test_results_do_not_depend_on_the_backend(self):
        found = []
        for backend in ("threading", "loky"):
            search = search_for(*self.SEARCHED, tuner="gp")
            with parallel_config(backend, n_jobs=2):
                found.append(names_and_params(search.fit(X, Y)))
        assert found[0] == found[1]

    @pytest.mark.parametrize("n_jobs", [2, -1])
    def test_argument_comes_before_the_context(self, n_jobs):
        log = Log()
        search = search_for(
            Toy(),
            {"x": uniform()},
            n_iter=5,
            n_jobs=1,
            tuner=lambda tunable, random_state: PendingTuner(
                tunable, log=log, random_state=random_state
            ),
        )
        with parallel_config("threading", n_jobs=n_jobs):
            search.fit(X, Y)
        assert log == [0] * 4

    def test_none_means_those_of_the_context(self):
        log = Log()
        search = search_for(
            Toy(),
            {"x": uniform()},
            n_iter=7,
            tuner=lambda tunable, random_state: PendingTuner(
                tunable, log=log, random_state=random_state
            ),
        )
        with parallel_config("threading", n_jobs=3):
            search.fit(X, Y)
        assert log == [1, 2, 0, 1, 2, 0]  # the first proposal asks no tuner

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

    @pytest.mark.parametrize("pre_dispatch", ["all", "2*n_jobs", 1, 3])
    def test_pre_dispatch_changes_nothing_but_the_queue(self, pre_dispatch):
        search = search_for(*self.SEARCHED, pre_dispatch=pre_dispatch)
        with parallel_config("threading", n_jobs=2):
            search.fit(X, Y)
        assert len(search.trials_) == 11

    def test_pre_dispatch_reaches_joblib(self):
        search = search_for(*self.SEARCHED, pre_dispatch="2*n_jobs + nonsense")
        with (
            parallel_config("threading", n_jobs=2),
            pytest.raises((ValueError, KeyError, TypeError)),
        ):
            search.fit(X, Y)

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
