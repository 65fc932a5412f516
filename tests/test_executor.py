"""Executors: a contract for every joblib backend, and what is particular to each."""

import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import joblib
import pytest
from executors import (
    IN_PROCESSES,
    KEEPS_FILTERS,
    TIME_LIMIT,
    Deadly,
    Odd,
    Parcel,
    Traced,
    Unsendable,
    add,
    answers,
    ask,
    fail,
    failing_trials,
    local_cluster,
    meet,
    nested,
    process_id,
    running,
    setting,
    told_pids,
    until,
    warn,
)
from executors import time_limit as time_limit  # a fixture
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import (
    LokyBackend,
    MultiprocessingBackend,
    ThreadingBackend,
    register_parallel_backend,
)
from sklearn import config_context
from test_search import search_for
from toys import Toy, X, Y

from sklearn_btb._dask import DaskExecutor
from sklearn_btb._executor import (
    BatchExecutor,
    InlineExecutor,
    ThreadExecutor,
    make_executor,
)
from sklearn_btb._processes import ProcessExecutor


class Batches(ThreadingBackend):
    """A backend of which the package knows nothing."""


class ProcessBatches(LokyBackend):
    """Another one, in other processes."""


class ForkBatches(MultiprocessingBackend):
    """Another one, with a pool that belongs to the instance, as Ray's has."""


register_parallel_backend("batches", Batches)
register_parallel_backend("batches in processes", ProcessBatches)
register_parallel_backend("batches in a pool", ForkBatches)

# a joblib backend and the executor it has to get; a new one joins the suite here
EXECUTORS = {
    "sequential": InlineExecutor,
    "threading": ThreadExecutor,
    "loky": ProcessExecutor,
    "multiprocessing": ProcessExecutor,
    "batches": BatchExecutor,
    "batches in processes": BatchExecutor,
    "dask": DaskExecutor,
}


@pytest.fixture(scope="module")
def cluster():
    with local_cluster() as client:
        yield client


@pytest.fixture(params=EXECUTORS)
def backend(request):
    """The name of a joblib backend that can be used."""
    if request.param == "dask":
        request.getfixturevalue("cluster")
    return request.param


class TestEveryExecutor:
    def test_is_that_of_the_active_backend(self, backend):
        with running(backend) as executor:
            assert type(executor) is EXECUTORS[backend]
            assert executor.n_workers == (1 if backend == "sequential" else 2)

    def test_calls_the_work_with_what_is_shared(self, backend):
        with running(backend, 10) as executor:
            tasks = [(add, n, n) for n in range(7)]
            assert answers(executor, *tasks) == [10, 12, 14, 16, 18, 20, 22]

    def test_exceptions_of_a_task_come_back_as_they_were(self, backend):
        with running(backend, 1) as executor:
            with pytest.raises(Odd) as caught:
                answers(executor, (fail, 1, "two"))
            assert caught.value.args == (1, "two")
            assert answers(executor, (add, 1)) == [2]

    def test_wait_returns_the_futures_that_are_done(self, backend):
        with running(backend, 0) as executor:
            future = executor.submit(add, 1)
            done = set()
            while not done:
                done = executor.wait({future}, 1.0)
            assert done == {future}
            assert future.done()

    def test_works_under_the_configuration_of_the_caller(self, backend):
        for value in (True, False):
            with config_context(assume_finite=value), running(backend) as executor:
                assert answers(executor, (setting,), (setting,)) == [value, value]

    def test_works_under_the_warning_filters_of_the_caller(self, backend):
        in_processes = [*IN_PROCESSES, "batches in processes"]
        if backend in in_processes and not KEEPS_FILTERS:
            pytest.skip("scikit-learn >= 1.7")
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            with (
                running(backend) as executor,
                pytest.raises(FutureWarning, match="of the task"),
            ):
                answers(executor, (warn,))
            warnings.simplefilter("ignore", FutureWarning)
            with running(backend) as executor:
                assert answers(executor, (warn,)) == ["went on"]

    def test_runs_as_many_tasks_at_a_time_as_it_has_workers(self, backend, tmp_path):
        with running(backend) as executor:
            n = executor.n_workers
            assert answers(executor, *[(meet, str(tmp_path), n)] * n) == [True] * n

    def test_sends_what_is_shared_once_if_it_knows_the_backend(self, backend):
        before = Parcel.n_pickled
        with running(backend, Parcel()) as executor:
            kinds = answers(executor, *[(type,)] * 6)
        assert kinds == [Parcel] * 6
        expected = 6 if backend == "batches in processes" else backend in IN_PROCESSES
        assert Parcel.n_pickled - before == expected

    def test_may_be_closed_before_it_got_anything_to_do(self, backend):
        for kill in (False, True):
            with running(backend, kill=kill):
                pass

    def test_is_followed_by_another_with_other_contents(self, backend):
        for shared in (1, 2):
            with running(backend, shared) as executor:
                assert set(answers(executor, *[(add,)] * 3)) == {shared}

    def test_gives_the_search_complete_and_right_results(self, backend):
        spaces = {"a": {"x": range(4)}, "b": {"x": range(3), "peak": [0, 1]}}
        search = search_for({"a": Toy(), "b": Toy(peak=1)}, spaces)
        with parallel_config(backend, n_jobs=2):
            search.fit(X, Y)
        assert len({str(trial.params) for trial in search.trials_}) == 10
        for trial in search.trials_:
            peak = trial.params.get("peak", 0)
            assert trial.fold_scores == (10 - (trial.params["x"] - peak) ** 2,) * 3
        assert search.best_score_ == 10

    def test_lets_the_search_raise_what_a_fold_raised(self, backend):
        search = search_for(Toy(bad=(2,)), {"x": range(4)}, error_score="raise")
        with (
            parallel_config(backend, n_jobs=2),
            pytest.raises(ValueError, match="x must not be 2"),
        ):
            search.fit(X, Y)


class TestMakeExecutor:
    @pytest.mark.parametrize("n_jobs", [None, 1])
    @pytest.mark.parametrize("backend", ["threading", "loky", "batches"])
    def test_one_job_needs_no_worker(self, backend, n_jobs):
        with parallel_config(backend):
            executor = make_executor(ask, None, n_jobs, [("lock", threading.Lock())])
        assert type(executor) is InlineExecutor

    def test_without_a_backend_it_is_loky(self):
        executor = make_executor(ask, None, 2, ())
        executor.close(kill=True)
        assert type(executor) is ProcessExecutor

    @pytest.mark.parametrize("backend", ["threading", "loky", "batches"])
    def test_argument_comes_before_the_context(self, backend):
        with parallel_config(backend, n_jobs=2):
            executors = [make_executor(ask, None, n, ()) for n in (None, 3, -1)]
        for executor in executors:
            executor.close(kill=True)
        expected = [2, 3, joblib.cpu_count()]
        assert [executor.n_workers for executor in executors] == expected

    @pytest.mark.parametrize("backend", ["threading", "loky"])
    def test_parallelism_in_a_task_goes_where_joblib_lets_it(self, backend):
        with running(backend) as executor:
            expected = joblib.Parallel()(joblib.delayed(nested)() for _ in range(2))
            assert answers(executor, (nested,)) == expected[:1]
            assert expected[0][3:] == (True, False)  # other threads of that process

    @pytest.mark.parametrize(
        "backend", [*IN_PROCESSES, "batches in processes", "threading"]
    )
    @pytest.mark.parametrize(
        ("what", "changes"),
        [
            (r"estimator 'a' \(Traced\)", {"estimator": True}),
            ("scorer of estimator 'a'", {"scoring": Unsendable()}),
            ("scorer 'odd' of estimator 'a'", {"scoring": {"odd": Unsendable()}}),
            ("parameter 'extra' of estimator 'a'", {"space": [Unsendable(), None]}),
            ("fit parameter 'extra' of estimator 'a'", {"fit": Unsendable()}),
        ],
    )
    def test_names_what_cannot_be_sent_before_any_fit(
        self, backend, what, changes, tmp_path, request
    ):
        if backend == "dask":
            request.getfixturevalue("cluster")
        extra = Unsendable() if "estimator" in changes else None
        search = search_for(
            {"a": Traced(folder=str(tmp_path), extra=extra)},
            {"a": {"x": [0, 1], "extra": changes.get("space", [extra])}},
            scoring=changes.get("scoring"),
            refit=False,
        )
        params = {"extra": changes["fit"]} if "fit" in changes else {}
        with parallel_config(backend, n_jobs=2):
            if backend == "threading":
                assert len(search.fit(X, Y, **params).trials_) >= 2
                return
            with pytest.raises(TypeError, match=f"{what} cannot be sent"):
                search.fit(X, Y, **params)
        assert not told_pids(tmp_path)

    def test_names_callbacks_that_cannot_be_sent(self, tmp_path):
        callback = pytest.importorskip("sklearn.callback", reason="scikit-learn >= 1.9")

        class Fixed(callback.ProgressBar):
            def __reduce__(self):
                raise TypeError("stays where it is")

        search = search_for(Traced(folder=str(tmp_path)), {"x": [0, 1]})
        search.set_callbacks(Fixed())
        with (
            parallel_config("loky", n_jobs=2),
            pytest.raises(TypeError, match="the search with its callbacks cannot"),
        ):
            search.fit(X, Y)
        assert not told_pids(tmp_path)


class TestThreads:
    def test_that_are_given_up_are_replaced(self, tmp_path):
        release = threading.Event()
        with running("threading") as executor:
            stuck = [executor.submit(lambda _: release.wait(TIME_LIMIT)) for _ in "ab"]
            for future in stuck:
                executor.abandon(future)
            assert executor.n_workers == 2
            assert answers(executor, *[(meet, str(tmp_path), 2)] * 2) == [True] * 2
            assert not any(future.done() for future in stuck)  # they run on
        release.set()
        assert all(future.result(TIME_LIMIT) for future in stuck)

    def test_end_with_the_executor(self):
        before = set(threading.enumerate())
        with running("threading") as executor:
            answers(executor, *[(process_id,)] * 4)
            assert len(set(threading.enumerate()) - before) in (1, 2)
        assert until(lambda: not set(threading.enumerate()) - before)

    def test_tell_when_a_task_started(self):
        with running("threading") as executor:
            before = time.monotonic()
            future = executor.submit(process_id)
            assert before <= executor.started(future) <= time.monotonic()

    def test_that_are_stuck_do_not_keep_the_interpreter(self, tmp_path):
        script = f"""
from joblib import parallel_config
from executors import *
from test_search import search_for
search = search_for(
    Traced(folder={str(tmp_path)!r}), {{"x": [0, 100]}}, cv=ONE_SPLIT, fit_timeout=0.2
)
with parallel_config("threading", n_jobs=2):
    print(sorted(trial.state for trial in search.fit(X, Y).trials_))
"""
        ended = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
        )
        assert ended.stdout == "['complete', 'failed']\n"


class TestBatches:
    def test_run_when_they_are_waited_for(self):
        with running("batches", 1) as executor:
            futures = [executor.submit(add, n) for n in range(2)]
            assert not any(future.done() for future in futures)
            assert executor.wait(futures, 0.0) == set(futures)
            assert [future.result() for future in futures] == [1, 2]

    def test_run_in_the_backend(self):
        with running("batches") as executor:
            [(name, *_)] = answers(executor, (nested,))
            threads = answers(executor, *[(lambda _: threading.get_ident(),)] * 2)
        assert name == "ThreadingBackend"  # what is nested in a backend of threads
        assert threading.get_ident() not in threads

    @pytest.mark.parametrize("backend", ["batches in processes", "batches in a pool"])
    def test_share_no_workers_with_what_else_is_parallel(self, backend):
        def use_joblib(search, trial):
            Parallel(n_jobs=2)(delayed(process_id)(None) for _ in range(2))

        search = search_for(Toy(), {"x": range(4)}, callback=use_joblib)
        with parallel_config(backend, n_jobs=2):
            search.fit(X, Y)
        assert len(search.trials_) == 4

    def test_whose_worker_dies_fail_the_fold_that_killed_it(self):
        trials = failing_trials(
            search_for(Deadly(), {"x": range(4)}), "batches in processes"
        )
        assert [trials[x].state for x in (0, 1, 3)] == ["complete"] * 3
        assert trials[2].state == "failed"
        assert "the worker died" in trials[2].error

    def test_run_on_ray_in_the_same_workers(self):
        ray = pytest.importorskip("ray")
        from ray.util.joblib import register_ray

        where = {"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}}
        ray.init(num_cpus=2, include_dashboard=False, runtime_env=where)
        try:
            register_ray()
            with running("ray", 1) as executor:
                assert answers(executor, (add, 1), (add, 2)) == [2, 3]
                pids = set(answers(executor, *[(process_id,)] * 12))
            assert os.getpid() not in pids
            assert len(pids) <= 2  # in six batches
        finally:
            ray.shutdown()
