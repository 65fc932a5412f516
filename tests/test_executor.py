"""Executors: a contract for every joblib backend, and what is particular to each."""

import contextlib
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import BrokenExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import psutil
import pytest
import sklearn
from joblib import parallel_config
from joblib.parallel import (
    ThreadingBackend,
    get_active_backend,
    register_parallel_backend,
)
from sklearn import config_context, get_config
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import ShuffleSplit
from sklearn.utils.fixes import parse_version
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


register_parallel_backend("batches", Batches)

# a joblib backend and the executor it has to get; a new one joins the suite here
EXECUTORS = {
    "sequential": InlineExecutor,
    "threading": ThreadExecutor,
    "loky": ProcessExecutor,
    "multiprocessing": ProcessExecutor,
    "batches": BatchExecutor,
    "dask": DaskExecutor,
}
IN_PROCESSES = ["loky", "multiprocessing", "dask"]
KEEPS_FILTERS = parse_version(sklearn.__version__) >= parse_version("1.7")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
ONE_SPLIT = ShuffleSplit(1, random_state=0)
TIME_LIMIT = 60  # seconds


@pytest.fixture(autouse=True)
def time_limit():
    """Let what hangs fail, rather than hold up the whole run."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def fail(*_):
        raise TimeoutError(f"the test took longer than {TIME_LIMIT} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(TIME_LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def local_cluster():
    """Start a dask cluster of two processes; give the client."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",  # whatever port is free
            silence_logs="CRITICAL",  # workers that die are what is tested
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


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


@contextlib.contextmanager
def running(backend, shared=None, *, n_jobs=2, kill=False, **options):
    """Give an executor whose tasks are `function(shared, *args)`; close it."""
    with parallel_config(backend, n_jobs=n_jobs, **options):
        executor = make_executor(ask, shared, None, ())
        try:
            yield executor
        finally:
            executor.close(kill=kill)


def ask(shared, function, *args):
    return function(shared, *args)


def answers(executor, *tasks):
    """Run tasks as the engine does: never more of them than there are workers."""
    futures, running = [], set()
    for task in tasks:
        while len(running) >= executor.n_workers:
            running -= executor.wait(running, 1.0)
        futures.append(executor.submit(*task))
        running.add(futures[-1])
    while running:
        running -= executor.wait(running, 1.0)
    return [future.result() for future in futures]


def until(condition, seconds=20.0):
    """Wait until something is true; tell whether it became so."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def add(shared, *args):
    return shared + sum(args)


def fail(shared, *args):
    raise Odd(*args)


def die(shared):
    os._exit(3)


def process_id(shared):
    return os.getpid()


def sleep(shared, folder):
    """Tell the process and sleep longer than any test."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(10 * TIME_LIMIT)


def told_pids(folder):
    return [int(path.name) for path in Path(folder).iterdir() if path.name.isdigit()]


def meet(shared, folder, n):
    """Return once `n` tasks are here at the same time; only then can all return."""
    Path(folder, f"{os.getpid()}-{threading.get_ident()}").touch()
    return until(lambda: len(os.listdir(folder)) >= n)


def meet_process(shared, folder, n):
    return os.getpid() if meet(shared, folder, n) else None


def warn(shared):
    warnings.warn("of the task", FutureWarning, stacklevel=2)
    return "went on"


def setting(shared):
    return get_config()["assume_finite"]


def environment(shared=None):
    return {name: os.environ.get(name) for name in THREADS}


def nested(shared=None):
    """Tell where parallelism inside a task goes, by joblib and by what happens."""
    inner, n_jobs = get_active_backend()
    places = joblib.Parallel(n_jobs=2)(joblib.delayed(place)() for _ in range(4))
    same_process = {pid for pid, _ in places} == {os.getpid()}
    same_thread = {thread for _, thread in places} == {threading.get_ident()}
    return type(inner).__name__, n_jobs, inner.nesting_level, same_process, same_thread


def place():
    time.sleep(0.05)
    return os.getpid(), threading.get_ident()


class Odd(Exception):
    pass


class Parcel:
    """Counts how often it is pickled."""

    n_pickled = 0

    def __reduce__(self):
        Parcel.n_pickled += 1
        return Parcel, ()


class SlowToLoad:
    def __reduce__(self):
        return slow_to_load, (1.0,)


def slow_to_load(seconds):
    time.sleep(seconds)
    return "loaded"


class Unsendable:
    """Can be copied, and not be pickled."""

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise TypeError("stays where it is")

    def __call__(self, estimator, X, y=None):
        return 1.0


class Traced(Toy):
    """Leaves a file wherever it is fitted; sleeps from `x=100` on."""

    def __init__(self, x=0, folder=None, extra=None):
        self.x = x
        self.folder = folder
        self.extra = extra

    def fit(self, X, y=None, extra=None):
        Path(self.folder, str(os.getpid())).touch()
        if self.x >= 100:
            time.sleep(10 * TIME_LIMIT)
        return self

    def score(self, X, y=None):
        return 1.0


class Deadly(Toy):
    """Kills its process in `fit` where `x` is 2."""

    def fit(self, X, y=None):
        return os._exit(3) if self.x == 2 else self


def failing_trials(search, backend):
    """Return the trials of a search some of whose fits fail, by their `x`."""
    with (
        parallel_config(backend, n_jobs=2),
        pytest.warns(FitFailedWarning),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "One or more of the test scores")
        search.fit(X, Y)
    return {trial.params["x"]: trial for trial in search.trials_}


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
        if backend in IN_PROCESSES and not KEEPS_FILTERS:
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

    def test_sends_what_is_shared_at_most_once(self, backend):
        before = Parcel.n_pickled
        with running(backend, Parcel()) as executor:
            kinds = answers(executor, *[(type,)] * 6)
        assert kinds == [Parcel] * 6
        assert Parcel.n_pickled - before == (backend in IN_PROCESSES)

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

    @pytest.mark.parametrize("backend", [*IN_PROCESSES, "threading"])
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
from test_executor import *
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


def base_map(array):
    """Return the file mapping under an array, if there is one."""
    while array is not None and not isinstance(array, mmap.mmap):
        if isinstance(array, np.memmap):
            return str(array.filename)
        array = getattr(array, "base", None)
    return None


def mapped_file(shared):
    return base_map(np.asarray(shared))


def own_memory(shared, folder):
    """Read all of an array in two processes at once; tell what is not shared."""
    total = np.asarray(shared).sum()
    meet(shared, folder, 2)
    memory = psutil.Process().memory_info()
    return os.getpid(), memory.rss - memory.shared, total


class TestProcesses:
    def test_that_die_fail_only_their_own_task(self, tmp_path):
        with running("loky", 1) as executor:
            innocent = executor.submit(meet, str(tmp_path), 2)
            dying = executor.submit(die)
            while not dying.done():
                executor.wait({dying}, 1.0)
            assert isinstance(dying.exception(), BrokenExecutor)
            assert not innocent.done()
            later = executor.submit(meet, str(tmp_path), 2)
            assert innocent.result() and later.result()

    def test_that_die_idle_are_replaced(self):
        with running("loky", 1) as executor:
            [pid] = answers(executor, (process_id,))
            psutil.Process(pid).kill()
            assert until(lambda: is_gone(pid))
            time.sleep(0.3)  # until loky has noticed
            assert answers(executor, (add, 1)) == [2]
            [pid] = answers(executor, (process_id,))
        psutil.Process(pid).kill()  # idle between two executors
        assert until(lambda: is_gone(pid))
        time.sleep(0.3)
        with running("loky", 3) as executor:
            assert answers(executor, (add, 1), (add, 2)) == [4, 5]

    def test_that_die_idle_do_not_keep_the_executor_from_closing(self, tmp_path):
        with running("loky", 1, temp_folder=str(tmp_path)) as executor:
            meeting = tmp_path / "meeting"
            meeting.mkdir()
            pids = answers(executor, *[(meet_process, str(meeting), 2)] * 2)
            answers(executor, (add,))  # takes one of them, and the other is free
            for pid in pids:
                psutil.Process(pid).kill()
            assert until(lambda: all(map(is_gone, pids)))
            time.sleep(0.3)  # until loky has noticed
        assert os.listdir(tmp_path) == ["meeting"]

    def test_that_are_given_up_are_killed_and_replaced(self, tmp_path):
        pids, meeting = tmp_path / "pids", tmp_path / "meeting"
        pids.mkdir(), meeting.mkdir()
        with running("loky") as executor:
            assert executor.on_timeout == "killed"
            future = executor.submit(sleep, str(pids))
            assert until(lambda: told_pids(pids))
            executor.abandon(future)
            [pid] = told_pids(pids)
            assert until(lambda: is_gone(pid))
            assert answers(executor, *[(meet, str(meeting), 2)] * 2) == [True] * 2

    def test_may_be_given_up_at_once(self):
        with running("loky", 1) as executor:  # a thread of loky's must not raise
            for _ in range(10):
                executor.abandon(executor.submit(add))
            assert answers(executor, (add, 1)) == [2]

    def test_are_all_gone_if_the_executor_is_told_to_kill(self, tmp_path):
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        # settings that no other test has, so that the workers are new
        with running("loky", kill=True, inner_max_num_threads=11) as executor:
            executor.submit(sleep, str(tmp_path))
            idle = executor.submit(process_id)
            assert until(lambda: told_pids(tmp_path) and idle.done())
            pids = {*told_pids(tmp_path), idle.result()}
            assert len(pids) == 2
            assert not pids & before
        assert until(lambda: all(map(is_gone, pids)))

    def test_running_ones_are_killed_at_the_end_and_others_kept(self, tmp_path):
        with running("loky") as executor:
            executor.submit(sleep, str(tmp_path))
            idle = executor.submit(process_id)
            assert until(lambda: told_pids(tmp_path) and idle.done())
        assert until(lambda: is_gone(told_pids(tmp_path)[0]))
        assert not is_gone(idle.result())

    def test_are_used_again_by_the_next_executor(self, tmp_path):
        used = []
        for n in range(2):
            folder = tmp_path / str(n)
            folder.mkdir()
            with running("loky", n) as executor:
                tasks = [(meet_process, str(folder), 2)] * 2
                used.append(set(answers(executor, *tasks)))
        assert used[0] == used[1]
        assert len(used[0]) == 2

    def test_have_not_started_a_task_while_they_start_themselves(self):
        with running("loky", SlowToLoad(), inner_max_num_threads=12) as executor:
            before = time.monotonic()
            future = executor.submit(str)
            assert executor.started(future) is None
            executor.wait({future}, TIME_LIMIT)
            assert future.result() == "loaded"
            assert executor.started(future) >= before + 1.0
            before = time.monotonic()
            future = executor.submit(str)
            assert until(lambda: executor.started(future) is not None)
            assert before <= executor.started(future) <= time.monotonic()

    def test_have_the_threads_for_blas_that_joblib_gives(self):
        with running("loky") as executor:
            [found] = answers(executor, (environment,))
            joblibs = joblib.Parallel()(joblib.delayed(environment)() for _ in "ab")
        assert found == joblibs[0]
        assert None not in found.values()
        with running("loky", inner_max_num_threads=13) as executor:
            assert answers(executor, (environment,)) == [dict.fromkeys(found, "13")]

    def test_leave_when_their_parent_is_killed(self, tmp_path):
        pids, folders = tmp_path / "pids", tmp_path / "folders"
        pids.mkdir(), folders.mkdir()
        script = f"""
from joblib import parallel_config
from test_executor import *
search = search_for(Traced(x=100, folder={str(pids)!r}), {{"x": [100, 101]}})
with parallel_config("loky", n_jobs=2, temp_folder={str(folders)!r}):
    search.fit(X, Y)
"""
        with subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent,
            stderr=subprocess.DEVNULL,
        ) as parent:
            assert until(lambda: len(told_pids(pids)) == 2, TIME_LIMIT)
            assert os.listdir(folders)
            assert not any(map(is_gone, told_pids(pids)))
            parent.kill()
        assert until(lambda: all(map(is_gone, told_pids(pids))))
        assert until(lambda: not os.listdir(folders))

    def test_kill_a_fold_that_takes_too_long(self, tmp_path):
        search = search_for(
            Traced(folder=str(tmp_path)), {"x": [0, 100, 1]}, fit_timeout=0.5
        )
        trials = failing_trials(search.set_params(cv=ONE_SPLIT), "loky")
        assert [trials[x].state for x in (0, 1, 100)] == [*["complete"] * 2, "failed"]
        assert "took longer than 0.5 s" in trials[100].error
        assert any(map(is_gone, told_pids(tmp_path)))

    def test_fail_the_fold_that_kills_them_and_no_other(self):
        trials = failing_trials(search_for(Deadly(), {"x": range(4)}), "loky")
        assert [trials[x].state for x in (0, 1, 3)] == ["complete"] * 3
        assert trials[2].state == "failed"
        assert "the worker died" in trials[2].error


class TestMapping:
    BIG = np.arange(10_000_000.0)  # 80 MB

    def test_of_large_arrays_is_by_file(self, tmp_path):
        small, large = self.BIG[:100], self.BIG[:200_000].copy()
        for form in (np.asarray, lambda array: pd.DataFrame({"a": array, "b": array})):
            with running("loky", form(large), temp_folder=str(tmp_path)) as executor:
                [path] = answers(executor, (mapped_file,))
                assert Path(path).is_relative_to(tmp_path)
            with running("loky", form(small), temp_folder=str(tmp_path)) as executor:
                assert answers(executor, (mapped_file,)) == [None]
            assert not os.listdir(tmp_path)

    @LINUX
    @pytest.mark.parametrize("max_nbytes", ["1M", None])
    def test_leaves_no_copy_in_any_worker(self, max_nbytes, tmp_path):
        memory = []
        for n, shared in enumerate((self.BIG[:100], self.BIG)):
            folder = tmp_path / str(n)
            folder.mkdir()
            with running("loky", shared, max_nbytes=max_nbytes) as executor:
                found = answers(executor, *[(own_memory, str(folder))] * 2)
            assert [total for *_, total in found] == [shared.sum()] * 2
            memory.append({pid: size for pid, size, _ in found})
        assert memory[0].keys() == memory[1].keys()
        for pid in memory[0]:
            copied = memory[1][pid] - memory[0][pid] > self.BIG.nbytes / 2
            assert copied == (max_nbytes is None)

    def test_takes_a_mapping_of_the_user_as_it_is(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        path = tmp_path / "users.npy"
        for array in (self.BIG[:300_000], self.BIG[:300_000].reshape(2, -1, order="F")):
            np.save(path, array)
            users = np.load(path, mmap_mode="r")
            with running("loky", users, temp_folder=str(folder)) as executor:
                assert answers(executor, (mapped_file,)) == [str(path)]
                assert answers(executor, (np.asarray,))[0].tolist() == array.tolist()
                assert not list(folder.rglob("*.npy"))
            view = users[..., 50_000:]  # of which the place in the file is not known
            with running("loky", view, temp_folder=str(folder)) as executor:
                expected = array[..., 50_000:].tolist()
                assert answers(executor, (np.asarray,))[0].tolist() == expected

    def test_keeps_changes_that_are_not_in_the_file(self, tmp_path):
        np.save(tmp_path / "users.npy", self.BIG[:300_000])
        users = np.load(tmp_path / "users.npy", mmap_mode="c")
        users[:3] = -1
        with running("loky", users) as executor:
            [first] = answers(executor, (lambda shared: shared[:4].tolist(),))
        assert first == [-1, -1, -1, 3]

    def test_takes_the_folder_of_the_environment(self, tmp_path, monkeypatch):
        monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
        with running("loky"):
            [folder] = os.listdir(tmp_path)
            assert folder.startswith("sklearn_btb-")
        assert not os.listdir(tmp_path)

    @pytest.mark.parametrize("mode", ["r", "c"])
    def test_is_in_the_mode_of_the_context(self, mode):
        large = self.BIG[:200_000]
        with running("loky", large, mmap_mode=mode) as executor:
            [writable] = answers(executor, (lambda shared: shared.flags.writeable,))
        assert writable == (mode == "c")
