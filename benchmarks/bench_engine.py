"""What the search itself costs, beside `RandomizedSearchCV`.

    python benchmarks/bench_engine.py            # all parts, about 10 minutes
    python benchmarks/bench_engine.py seconds    # or: grid, memory, sharing

- seconds: 500 random candidates of a trivial classifier on 5 folds, both searches in
  turn, with one job and with two.
- grid: CPU of a grid of 400 combinations on 5 folds beside `GridSearchCV`, all of it
  tried, with fits of 1 ms and with fits that take no time.
- memory: how much the process grows over 10,000 candidates x 5 folds.
- sharing: memory of two workers that evaluate folds of a 500 MB array.
"""

import argparse
import subprocess
import sys
import time

import numpy as np
import psutil
from scipy.stats import uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from sklearn_btb import BTBSearchCV

MB = 2**20
N_PAIRS = 15


class Trivial(ClassifierMixin, BaseEstimator):
    """Does next to nothing, so that what is measured is the search."""

    def __init__(self, x=0.0):
        self.x = x

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class Busy(Trivial):
    """Takes so many milliseconds of CPU to be fitted."""

    def __init__(self, x=0.0, milliseconds=0.0):
        super().__init__(x)
        self.milliseconds = milliseconds

    def fit(self, X, y):
        end = time.thread_time() + self.milliseconds / 1e3
        while time.thread_time() < end:
            pass
        return super().fit(X, y)


class Memory(Trivial):
    """Scores by the memory that its own process has for itself, in MB."""

    def fit(self, X, y):
        self.sum_ = X[:, 0].sum()  # touches every page of the array
        return super().fit(X, y)

    def score(self, X, y):
        del X, y
        return psutil.Process().memory_full_info().uss / MB


def randomized(n_iter, n_jobs):
    return RandomizedSearchCV(
        Trivial(), {"x": uniform()}, n_iter=n_iter, n_jobs=n_jobs, random_state=0
    )


def btb(n_iter, n_jobs):
    return BTBSearchCV(
        Trivial(),
        {"x": uniform()},
        n_iter=n_iter,
        n_jobs=n_jobs,
        random_state=0,
        tuner="uniform",
    )


SEARCHES = {"RandomizedSearchCV": randomized, "BTBSearchCV": btb}


def small_data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(100, 5)), np.tile([0, 1], 50)


def seconds_of(search):
    X, y = small_data()
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start


def bench_seconds():
    print(f"seconds, 500 candidates x 5 folds, {N_PAIRS} pairs of runs in turn\n")
    print("| n_jobs | RandomizedSearchCV | BTBSearchCV | ratio | 95 % interval |")
    print("|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for n_jobs in (1, 2):
        for make in SEARCHES.values():
            seconds_of(make(20, n_jobs))  # starts the workers
        pairs = np.array(
            [
                [seconds_of(make(500, n_jobs)) for make in SEARCHES.values()]
                for _ in range(N_PAIRS)
            ]
        )
        print(f"| {n_jobs} | {compared(pairs, rng)} |")


def compared(pairs, rng):
    """Return medians of both, of the ratio, and its bootstrap interval, as cells."""
    ratios = pairs[:, 1] / pairs[:, 0]
    again = rng.choice(ratios, size=(10_000, len(ratios)))
    low, high = np.quantile(np.median(again, axis=1), [0.025, 0.975])
    theirs, ours = np.median(pairs, axis=0)
    return (
        f"{theirs:.2f} | {ours:.2f} | {np.median(ratios):.2f} | {low:.2f} - {high:.2f}"
    )


def cpu_seconds():
    """Return the CPU time of this process and of its workers so far."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def cpu_of_grid(Search, milliseconds, n_jobs):
    X, y = small_data()
    different = [milliseconds + 1e-9 * i for i in range(10)]
    grid = {"x": list(range(40)), "milliseconds": different}
    search = Search(Busy(), grid, cv=5, n_jobs=n_jobs, refit=False)
    if Search is BTBSearchCV:
        search.set_params(n_iter=400)
    start = cpu_seconds()
    search.fit(X, y)
    return cpu_seconds() - start


def bench_grid():
    print(f"\nCPU seconds, 400 combinations x 5 folds, {N_PAIRS} pairs of runs\n")
    print("| ms a fit | n_jobs | GridSearchCV | BTBSearchCV | ratio | 95 % interval |")
    print("|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    searches = GridSearchCV, BTBSearchCV
    for milliseconds in (0.0, 1.0):
        for n_jobs in (1, 2):
            for Search in searches:
                cpu_of_grid(Search, 0.0, n_jobs)  # starts the workers
            pairs = [
                [cpu_of_grid(Search, milliseconds, n_jobs) for Search in searches]
                for _ in range(N_PAIRS)
            ]
            cells = compared(np.array(pairs), rng)
            print(f"| {milliseconds:.0f} | {n_jobs} | {cells} |", flush=True)


def bench_memory():
    print("\ngrowth of the process in MB over 10,000 candidates x 5 folds\n")
    print("| search | at its peak |\n|---|---|")
    for name in SEARCHES:  # each in a process of its own
        command = [sys.executable, __file__, "--grow", name]
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"| {name} | {float(output.stdout):.0f} |")


def grow(name):
    import resource

    X, y = small_data()
    SEARCHES[name](20, 1).fit(X, y)
    before = psutil.Process().memory_info().rss / MB
    SEARCHES[name](10_000, 1).fit(X, y)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before)


def bench_sharing():
    X = np.ones((500 * MB // 80, 10))
    y = np.tile([0, 1], len(X) // 2)
    half = len(X) // 2
    split = np.arange(half), np.arange(half, half + 100)
    options = {"n_iter": 20, "cv": [split], "refit": False, "n_jobs": 2}
    searches = {
        "RandomizedSearchCV": RandomizedSearchCV(Memory(), {"x": uniform()}, **options),
        "BTBSearchCV": BTBSearchCV(
            Memory(), {"x": uniform()}, tuner="uniform", **options
        ),
    }
    print(
        f"\nmemory of a worker's own in MB, over 20 folds of a {X.nbytes / MB:.0f} MB "
        f"array, the {X[:half].nbytes / MB:.0f} MB of its training rows included\n"
    )
    print("| search | first fold | largest | last |\n|---|---|---|---|")
    for name, search in searches.items():
        own = search.fit(X, y).cv_results_["split0_test_score"]
        print(f"| {name} | {own[0]:.0f} | {own.max():.0f} | {own[-1]:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parts = {
        "seconds": bench_seconds,
        "grid": bench_grid,
        "memory": bench_memory,
        "sharing": bench_sharing,
    }
    parser.add_argument("part", nargs="?", choices=parts)
    parser.add_argument("--grow", choices=SEARCHES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.grow:
        return grow(arguments.grow)
    for name, part in parts.items():
        if arguments.part in (None, name):
            part()


if __name__ == "__main__":
    main()
