"""What the tests of executors share: tasks, estimators that hang or kill, clusters."""

import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

import joblib
import psutil
import pytest
import sklearn
from joblib import parallel_config
from joblib.parallel import get_active_backend
from sklearn import get_config
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import ShuffleSplit
from sklearn.utils.fixes import parse_version
from toys import Toy, X, Y

from sklearn_btb._executor import make_executor

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
    while not (true := bool(condition())) and time.monotonic() < end:
        time.sleep(0.02)
    return true


def left_behind(folder):
    """Count the workers of this process that live, and the files in a folder."""
    children = psutil.Process().children(recursive=True)
    workers = [child for child in children if "LokyProcess" in command_of(child)]
    return len(workers), len(os.listdir(folder))


def command_of(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # or a zombie
        return ""


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
