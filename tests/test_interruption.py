"""What is left of a search that ended in the midst of it."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

import numpy as np
import psutil
import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.exceptions import NotFittedError
from test_search import search_for
from toys import Toy, X, Y

from sklearn_btb import BTBSearchCV

ONE_SPLIT = [(np.arange(8), np.arange(8, 12))]
EVERYWHERE = [("sequential", 1), ("threading", 2), ("loky", 2)]


@pytest.fixture(autouse=True)
def heeded_interrupts():
    """Shells let what they run in the background ignore Ctrl-C, and its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Slow(Toy):
    def fit(self, X, y=None):
        time.sleep(0.02)
        return super().fit(X, y)


def interrupt(search, trial):
    if trial.number == 5:
        raise KeyboardInterrupt


def fail(search, trial):
    if trial.number == 5:
        raise ZeroDivisionError("in the callback")


def interrupted_search(backend, n_jobs, callback=interrupt, **params):
    search = search_for(
        {"a": Slow(x=1), "b": Slow(x=2)},
        {"a": {"x": uniform(0, 3)}, "b": {"x": uniform(1, 3)}},
        callback=callback,
        **params,
    )
    expected = KeyboardInterrupt if callback is interrupt else ZeroDivisionError
    with parallel_config(backend, n_jobs=n_jobs), pytest.raises(expected):
        search.fit(X, Y)
    return search


@pytest.mark.parametrize(("backend", "n_jobs"), EVERYWHERE)
@pytest.mark.parametrize("callback", [interrupt, fail])
def test_results_so_far_are_there(backend, n_jobs, callback):
    search = interrupted_search(backend, n_jobs, callback)
    complete = [trial for trial in search.trials_ if trial.state == "complete"]
    assert len(complete) >= 5
    assert len(search.cv_results_["params"]) == len(search.trials_)
    best = max(complete, key=lambda trial: trial.score)
    assert search.best_score_ == best.score
    assert search.best_params_ == best.params
    assert search.best_estimator_name_ == best.estimator_name
    assert search.trials_[search.best_index_] is best
    assert search.stop_reason_ == ("interrupted" if callback is interrupt else "error")
    assert not hasattr(search, "best_estimator_")
    with pytest.raises(NotFittedError, match=r"warm_start=True, n_iter=0\)\.fit"):
        search.predict(X)


@pytest.mark.parametrize("expected", [KeyboardInterrupt, ZeroDivisionError])
def test_candidates_that_came_in_meanwhile_are_kept(expected, tmp_path):
    class Barred(Toy):
        def fit(self, X, y=None):
            if self.x < 4:
                barrier.wait(timeout=30)
            return super().fit(X, y)

    def wait_and_end(search, trial):
        time.sleep(0.3)  # until the others have come in
        raise expected

    barrier = threading.Barrier(4)
    search = search_for(
        Barred(), {"x": range(4)}, cv=ONE_SPLIT, checkpoint=tmp_path / "log"
    )
    search.set_params(callback=wait_and_end)
    with parallel_config("threading", n_jobs=4), pytest.raises(expected):
        search.fit(X, Y)
    assert [trial.state for trial in search.trials_] == ["complete"] * 4
    search.set_params(callback=None, n_iter=0, refit=False).fit(X, Y)
    assert len(search.trials_) == 4  # all of them are in the log


@pytest.mark.parametrize(("backend", "n_jobs"), EVERYWHERE[1:])
def test_folds_of_unfinished_candidates_are_kept(backend, n_jobs):
    def interrupt_at_once(search, trial):
        raise KeyboardInterrupt

    search = search_for(Slow(x=1), {"x": uniform(0, 3)}, callback=interrupt_at_once)
    search.set_params(cv=[(np.arange(8), np.arange(8, 12))] * 5)
    with parallel_config(backend, n_jobs=3), pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    states = [trial.state for trial in search.trials_]
    assert states.count("complete") == 1
    assert set(states) <= {"complete", "interrupted"}
    unfinished = [trial for trial in search.trials_ if trial.state == "interrupted"]
    assert all(0 < len(trial.ran) < 5 for trial in unfinished)


@pytest.mark.parametrize(("backend", "n_jobs"), EVERYWHERE)
def test_n_iter_0_with_warm_start_refits_the_best(backend, n_jobs):
    search = interrupted_search(backend, n_jobs)
    best_params = search.best_params_
    search.set_params(warm_start=True, n_iter=0, callback=None).fit(X, Y)
    assert search.best_params_ == best_params
    assert search.predict(X).tolist() == [best_params["x"]] * 12
    assert {trial.state for trial in search.trials_} == {"complete"}


def test_no_worker_process_is_left():
    before = set(psutil.Process().children(recursive=True))
    search = search_for(
        Slow(x=1), {"x": uniform(0, 3)}, callback=interrupt, n_iter=1000
    )

    class Longer(Slow):
        def fit(self, X, y=None):
            if self.x != 1:
                time.sleep(0.3)  # some fold runs when the search ends
            return super().fit(X, y)

    search.set_params(estimator=Longer(x=1))
    with parallel_config("loky", n_jobs=3), pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    left = set(psutil.Process().children(recursive=True)) - before
    left = {process for process in left if "resource_tracker" not in name(process)}
    assert not left


def name(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return "resource_tracker"  # gone, as it should be


def test_interrupted_while_it_waits_for_workers():
    """A signal comes at any moment, mostly while the loop waits."""
    search = search_for(Slow(x=1), {"x": uniform(0, 3)}, n_iter=10_000)
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    with parallel_config("threading", n_jobs=2):
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, Y)
    assert len(search.trials_) > 5
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])


@pytest.mark.skipif(os.name == "nt", reason="no process groups")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_in_a_terminal(tmp_path, n_jobs):
    """There the signal goes to the workers, too."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from scipy.stats import uniform
        from sklearn.datasets import load_iris
        from sklearn.tree import DecisionTreeClassifier
        from sklearn_btb import BTBSearchCV

        def say(search, trial):
            if trial.number == 3:
                print("ready", flush=True)

        search = BTBSearchCV(
            DecisionTreeClassifier(), {{"ccp_alpha": uniform()}}, n_iter=10**6,
            tuner="uniform", n_jobs={n_jobs}, callback=say,
        )
        try:
            search.fit(*load_iris(return_X_y=True))
        except KeyboardInterrupt:
            print(len(search.trials_) > 3, search.best_score_ > 0.5)
            print(search.stop_reason_)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert output.splitlines()[-2:] == ["True True", "interrupted"]


class Mortal(Toy):
    """Ends its process where it is told to."""

    def fit(self, X, y=None):
        if self.x in self.bad:
            os._exit(7)
        return super().fit(X, y)


def test_a_worker_that_dies_costs_its_own_candidate_only():
    search = BTBSearchCV(
        {"a": Toy(), "mortal": Mortal(x=1, bad=(1,)), "b": Toy(x=2)},
        {"a": {"x": range(9)}, "mortal": {}, "b": {"x": range(9)}},
        tuner="uniform",
        n_iter=19,
        random_state=0,
    )
    with (
        parallel_config("loky", n_jobs=2),
        pytest.warns((UserWarning, RuntimeWarning)),
    ):
        search.fit(X, Y)
    states = {(trial.estimator_name, trial.state) for trial in search.trials_}
    assert states == {("a", "complete"), ("mortal", "failed"), ("b", "complete")}
    assert search.trials_[1].error.startswith("the worker died: ")
    assert len(search.trials_) == 19


def test_a_worker_that_dies_once_costs_nothing(tmp_path):
    """As when the system was short of memory for a moment."""
    mark = tmp_path / "died"

    class DiesOnce(Toy):
        def fit(self, X, y=None):
            if not os.path.exists(mark):
                open(mark, "w").close()
                os._exit(7)
            return super().fit(X, y)

    search = search_for(DiesOnce(x=1), {"x": range(6)})
    with parallel_config("loky", n_jobs=2):
        search.fit(X, Y)
    assert mark.exists()
    assert [trial.state for trial in search.trials_] == ["complete"] * 6


def test_the_death_of_a_worker_is_raised_if_errors_are():
    search = search_for(Mortal(x=1, bad=(2,)), {"x": range(1, 4)}, error_score="raise")
    with (
        parallel_config("loky", n_jobs=2),
        pytest.raises(RuntimeError, match="the worker died"),
    ):
        search.fit(X, Y)
    assert search.stop_reason_ == "error"


@pytest.mark.skipif(os.name == "nt", reason="no interval timer")
def test_interrupted_at_any_moment_it_leaves_nothing():
    """Also while workers are being started, and folds handed over."""
    script = """
import signal, sys
import numpy as np
from joblib import parallel_config
sys.path.insert(0, sys.argv[1])
from executors import left_behind, until
from test_interruption import Slow, X, Y, search_for, uniform
from sklearn_btb import _processes

def press_ctrl_c(signum, frame):
    signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGALRM, press_ctrl_c)
rng = np.random.default_rng(0)
for _ in range(12):
    search = search_for(Slow(x=1), {"x": uniform(0, 3)}, n_iter=10_000)
    signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.05, 2.0))
    try:
        with parallel_config("loky", n_jobs=2, temp_folder=sys.argv[2]):
            search.fit(X, Y)
    except KeyboardInterrupt:
        pass
    assert not _processes._idle
until(lambda: not any(left_behind(sys.argv[2])))
print(*left_behind(sys.argv[2]))
"""
    with tempfile.TemporaryDirectory() as folder:
        here = os.path.dirname(__file__)
        output = subprocess.run(
            [sys.executable, "-c", script, here, folder],
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert output.stdout.split() == ["0", "0"], output.stderr


@pytest.mark.parametrize("gap", [0.002, 0.01, 0.03])
def test_interrupted_twice_it_leaves_nothing(gap):
    """Impatience must not keep the first interrupt from ending the workers."""
    script = """
import os, signal, sys, threading, time
from executors import left_behind, until
from joblib import parallel_config
from test_interruption import Slow, X, Y, search_for, uniform

under_way = threading.Event()

def interrupt_twice():
    under_way.wait()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(float(sys.argv[2]))
    os.kill(os.getpid(), signal.SIGINT)

thread = threading.Thread(target=interrupt_twice)
thread.start()
endless = search_for(
    Slow(x=1),
    {"x": uniform(0, 3)},
    n_iter=10_000,
    callback=lambda search, trial: under_way.set() if trial.number == 5 else None,
)
try:
    with parallel_config("loky", n_jobs=2, temp_folder=sys.argv[1]):
        endless.fit(X, Y)
except KeyboardInterrupt:
    pass
try:
    thread.join()
except KeyboardInterrupt:  # it was too late for the search
    pass
assert endless.stop_reason_ == "interrupted"
until(lambda: not any(left_behind(sys.argv[1])))
print(*left_behind(sys.argv[1]))
"""
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            [sys.executable, "-c", script, folder, str(gap)],
            cwd=os.path.dirname(__file__),
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert output.stdout.split() == ["0", "0"], output.stderr
