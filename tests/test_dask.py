"""What is particular to a cluster of dask; `test_executor.py` has what is not."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import BrokenExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from executors import (
    ONE_SPLIT,
    Deadly,
    Traced,
    add,
    answers,
    ask,
    die,
    failing_trials,
    is_gone,
    local_cluster,
    meet,
    nested,
    process_id,
    running,
    sleep,
    told_pids,
    until,
)
from executors import time_limit as time_limit  # a fixture
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.exceptions import FitFailedWarning
from test_engine import PendingTuner
from test_search import search_for
from toys import Log, Toy, X, Y

from sklearn_btb import _dask
from sklearn_btb._executor import make_executor

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    scheduler = {
        # one death of a worker is enough to give up a task: each costs seconds here
        "distributed.scheduler.allowed-failures": 0,
        # would now and then, by its own clock, take data away from an idle worker
        "distributed.scheduler.active-memory-manager.start": False,
    }
    with (
        dask.config.set(scheduler),
        local_cluster() as client,
    ):
        yield client


@pytest.fixture
def whole(client):
    """The client of a cluster in which all workers are there."""
    try:
        client.wait_for_workers(2, timeout=6)
    except TimeoutError:  # a nanny whose worker dies while it starts gives up
        client.cluster.scale(0)
        until(lambda: not client.cluster.workers)
        client.cluster.scale(2)
        client.wait_for_workers(2, timeout=40)
    return client


@contextlib.contextmanager
def another_client(client):
    with distributed.Client(client.scheduler.address, set_as_default=False) as other:
        yield other


def held(client):
    """Return the keys of this package that the scheduler still knows."""
    keys = client.run_on_scheduler(lambda dask_scheduler: [*dask_scheduler.tasks])
    return [key for key in keys if str(key).startswith("sklearn_btb")]


def identity(shared):
    return os.getpid(), id(shared)


class Counted(np.ndarray):
    """Counts how often arrays of this kind are pickled in this process."""

    n_pickled = 0

    def __reduce__(self):
        Counted.n_pickled += 1
        return super().__reduce__()


class Width(Toy):
    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return float(X.shape[1])


class ProcessId(Toy):
    def score(self, X, y=None):
        time.sleep(0.1)
        return float(os.getpid())


class Waiting(Toy):
    """Takes `x` seconds to fit."""

    def fit(self, X, y=None):
        time.sleep(self.x)
        return super().fit(X, y)


class Alone(Toy):
    """Fails if it is fitted while another is."""

    def __init__(self, x=0, path=None):
        self.x = x
        self.path = path

    def fit(self, X, y=None):
        with open(self.path, "x"):
            time.sleep(0.02)
        os.remove(self.path)
        return self

    def score(self, X, y=None):
        return 1.0


class TestExecutor:
    def test_has_as_many_workers_as_the_cluster_has_threads(self, whole):
        for n_jobs, expected in [(None, 2), (-1, 2), (1, 1), (2, 2), (9, 2)]:
            with parallel_config("dask"):
                executor = make_executor(ask, None, n_jobs, ())
            assert executor.n_workers == expected
            executor.close(kill=False)

    def test_keeps_all_of_them_busy_after_short_tasks(self, whole, tmp_path):
        # dask would send all to the one that has the data, and not move short tasks
        with running("dask", 1) as executor:
            assert answers(executor, *[(add,)] * 6) == [1] * 6
            futures = [executor.submit(meet, str(tmp_path), 3) for _ in "ab"]
            placed = []
            while sum(placed) < 2:
                placed = [len(tasks) for tasks in whole.processing().values()]
            assert placed == [1, 1]  # at once, and not after it moved one of them
            Path(tmp_path, "another").touch()
            assert [future.result(20) for future in futures] == [True, True]

    def test_unpacks_what_is_shared_once_a_worker(self, whole):
        with running("dask", [1, 2, 3]) as executor:
            found = set(answers(executor, *[(identity,)] * 8))
        assert len(found) == len({pid for pid, _ in found})

    def test_hands_over_what_parallel_config_has_for_it(self, whole):
        address, other = whole.ncores()
        pids = whole.run(os.getpid)
        for place in (address, other):
            with running("dask", workers=[place]) as executor:
                tasks = [(process_id,)] * 4
                assert set(answers(executor, *tasks)) == {pids[place]}

    def test_nested_parallelism_is_in_threads(self, whole):
        with running("dask") as executor:
            [found] = answers(executor, (nested,))
        assert found == ("ThreadingBackend", None, 1, True, False)

    def test_tells_when_a_task_started(self, whole, tmp_path):
        with running("dask") as executor:
            before = time.monotonic()
            future = executor.submit(meet, str(tmp_path), 2)
            assert until(lambda: executor.started(future) is not None)
            assert before <= executor.started(future) <= time.monotonic()
            assert not future.done()
            Path(tmp_path, "another").touch()
            assert future.result(20)

    def test_leaves_nothing_on_the_cluster(self, whole, tmp_path):
        with running("dask") as executor:
            executor.submit(meet, str(tmp_path), 2)
            assert until(lambda: os.listdir(tmp_path))  # it runs
            assert held(whole)
        Path(tmp_path, "another").touch()
        assert until(lambda: not held(whole))

    def test_fails_the_task_of_a_worker_that_died_and_goes_on(self, whole):
        with running("dask", 1) as executor:
            future = executor.submit(die)
            while not future.done():
                executor.wait({future}, 1.0)
            assert isinstance(future.exception(), BrokenExecutor)
            assert answers(executor, (add, 1), (add, 2)) == [2, 3]

    def test_makes_what_is_shared_again_where_it_was_lost(self, whole):
        with running("dask", 1) as executor:
            places = whole.run(os.getpid)
            answers(executor, *[(add,)] * 4)
            for pid in places.values():
                psutil.Process(pid).kill()
            assert until(lambda: not places.keys() & whole.ncores().keys())
            assert answers(executor, (add, 1), (add, 2)) == [2, 3]

    def test_kills_the_worker_of_a_task_that_is_given_up(self, whole, tmp_path):
        with running("dask", 1) as executor:
            assert executor.on_timeout == "killed"
            future = executor.submit(sleep, str(tmp_path))
            assert until(lambda: executor.started(future) is not None)
            assert until(lambda: told_pids(tmp_path))
            executor.abandon(future)
            [pid] = told_pids(tmp_path)
            assert until(lambda: is_gone(pid))
            assert answers(executor, (add, 1), (add, 2)) == [2, 3]
            assert told_pids(tmp_path) == [pid]  # it did not start elsewhere

    def test_does_not_kill_this_process_where_that_is_the_worker(self, tmp_path):
        with (
            distributed.LocalCluster(
                n_workers=1,
                threads_per_worker=2,
                processes=False,
                dashboard_address=":0",
            ) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
            running("dask", 1, client=client) as executor,
        ):
            assert executor.on_timeout == "abandoned"
            future = executor.submit(meet, str(tmp_path), 2)
            assert until(lambda: executor.started(future) is not None)
            executor.abandon(future)
            assert answers(executor, (add, 1)) == [2]
            Path(tmp_path, "another").touch()


class TestWithoutNannies:
    """A thread that hangs in a fold which was given up holds the worker it is in."""

    @pytest.fixture
    def in_process(self):
        with (
            distributed.LocalCluster(
                n_workers=1,
                threads_per_worker=1,
                processes=False,
                dashboard_address=":0",
            ) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client

    def test_the_search_goes_on_when_the_thread_is_free_again(self, in_process):
        search = search_for(Waiting(x=2), {"x": [2, 0]}, cv=ONE_SPLIT, fit_timeout=0.5)
        with (
            parallel_config("dask", client=in_process),
            pytest.warns(UserWarning, match="cannot be ended"),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", FitFailedWarning)
            warnings.filterwarnings("ignore", "One or more of the test scores")
            search.fit(X, Y)
        assert [trial.state for trial in search.trials_] == ["failed", "complete"]

    def test_the_search_ends_if_no_thread_is_left(self, in_process, monkeypatch):
        monkeypatch.setattr(_dask, "LONGEST_ABSENCE", 2.0)
        search = search_for(
            Waiting(x=0), {"x": [0, 8, 9]}, cv=ONE_SPLIT, fit_timeout=0.5
        )
        with (
            parallel_config("dask", client=in_process),
            pytest.warns(UserWarning, match="cannot be ended"),
            pytest.raises(ConnectionError, match="hang in folds"),
        ):
            search.fit(X, Y)
        assert search.best_params_ == {"x": 0}


class TestSearch:
    def test_runs_in_all_processes_of_the_cluster(self, whole):
        search = search_for(ProcessId(), {"x": range(4)}, refit=False)
        with parallel_config(backend="dask"):
            search.fit(X, Y)
        scores = {score for trial in search.trials_ for score in trial.fold_scores}
        assert scores == {float(pid) for pid in whole.run(os.getpid).values()}

    def test_sends_the_data_once(self, whole):
        data = np.random.default_rng(0).normal(size=(12, 10_000)).view(Counted)
        search = search_for(Width(), {"x": range(6)})
        before = Counted.n_pickled
        with parallel_config(backend="dask"):
            search.fit(data, Y)
        assert search.cv_results_["mean_test_score"].tolist() == [10_000.0] * 6
        assert Counted.n_pickled - before == 1

    def test_of_one_job_runs_one_fold_at_a_time(self, whole, tmp_path):
        path = str(tmp_path / "busy")
        search = search_for(Alone(path=path), {"x": range(4)}, error_score="raise")
        with parallel_config(backend="dask"):
            search.set_params(n_jobs=1, refit=False).fit(X, Y)
        assert len(search.trials_) == 4

    def test_fails_the_fold_that_kills_its_worker_and_no_other(self, whole):
        search = search_for(Deadly(), {"x": range(4)}, cv=ONE_SPLIT)
        trials = failing_trials(search, "dask")
        assert [trials[x].state for x in (0, 1, 3)] == ["complete"] * 3
        assert trials[2].state == "failed"
        assert "the worker died" in trials[2].error

    def test_kills_a_fold_that_takes_too_long(self, whole, tmp_path):
        search = search_for(
            Traced(folder=str(tmp_path)),
            {"x": [0, 100, 1, 2]},
            cv=ONE_SPLIT,
            fit_timeout=1.0,
        )
        trials = failing_trials(search, "dask")
        assert [trials[x].state for x in (0, 1, 2)] == ["complete"] * 3
        assert "took longer than 1.0 s" in trials[100].error
        assert until(lambda: any(map(is_gone, told_pids(tmp_path))))

    @pytest.mark.parametrize("when", ["before", "during"])
    def test_raises_where_the_client_is_closed(self, whole, when):
        with another_client(whole) as other:
            search = search_for(
                ProcessId(), {"x": range(9)}, callback=lambda *_: other.close()
            )
            with parallel_config("dask", client=other):
                if when == "before":
                    other.close()
                with pytest.raises(Exception, match="closed") as caught:
                    search.fit(X, Y)
        assert isinstance(caught.value, ConnectionError)
        assert bool(search.trials_) == (when == "during")

    def test_raises_where_the_scheduler_is_killed_and_keeps_what_it_had(self):
        script = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as it:
        print(it.scheduler_address, flush=True)
        time.sleep(600)
"""

        def kill_at_the_third(search, trial):
            if len(search.trials_) == 3:
                os.killpg(server.pid, signal.SIGKILL)

        with (
            subprocess.Popen(
                [sys.executable, "-c", script],
                cwd=Path(__file__).parent,  # for the workers to find the toys
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            ) as server,
            dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        ):
            try:
                address = server.stdout.readline().strip()
                search = search_for(
                    Toy(), {"x": range(500)}, n_iter=500, callback=kill_at_the_third
                )
                with (
                    distributed.Client(address, set_as_default=False) as client,
                    parallel_config("dask", client=client),
                    pytest.raises(ConnectionError, match="scheduler"),
                ):
                    search.fit(X, Y)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGKILL)
        assert len(search.trials_) >= 3
        assert search.best_score_ <= 10.0

    def test_keeps_to_its_time_budget(self, whole):
        search = search_for(
            Waiting(), {"x": uniform(0.02, 0.06)}, n_iter=10_000, time_budget=2.0
        )
        with parallel_config("dask"):
            start = time.monotonic()
            search.fit(X, Y)
        assert 2.0 <= time.monotonic() - start < 2.0 * 1.05 + 0.08 + 1.0  # and a refit
        assert search.stop_reason_ == "time_budget"
        assert len(search.trials_) > 2

    def test_leaves_a_fold_that_outlasts_the_budget_and_its_grace(self, whole):
        search = search_for(Waiting(x=0), {"x": [0, 6]}, time_budget=1.0, cv=ONE_SPLIT)
        with parallel_config("dask"):
            start = time.monotonic()
            search.fit(X, Y)
        assert time.monotonic() - start < 5
        assert [trial.params["x"] for trial in search.trials_] == [0]
        assert until(lambda: not held(whole))

    def test_proposals_are_at_most_one_result_behind_two_workers(self, whole):
        log = Log()
        search = search_for(
            Waiting(x=0.05),
            {"x": uniform(0.02, 0.08)},
            n_iter=20,
            cv=ONE_SPLIT,
            tuner=lambda tunable, random_state: PendingTuner(
                tunable, log=log, random_state=random_state
            ),
        )
        with parallel_config("dask"):
            search.fit(X, Y)
        assert len(log) == 19
        assert max(log) == 1
