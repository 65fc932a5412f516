"""A long search in which folds fail, hang and kill their workers, all mixed.

    python benchmarks/soak_engine.py [--n-iter 2000] [--n-jobs 2] [--seed 0]

On loky, 3 folds a candidate. In each fold by its own chance an exception is raised, the
fold hangs until it is timed out, or the worker process ends. The search has to end by
itself with every candidate accounted for; the script checks that, and fails otherwise.
"""

import argparse
import os
import time
import warnings
from collections import Counter

import numpy as np
import psutil
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.base import BaseEstimator

from sklearn_btb import BTBSearchCV


class Unreliable(BaseEstimator):
    """Fails, hangs or dies by a chance that is fixed by `x` and the training rows."""

    def __init__(self, x=0.5):
        self.x = x

    def fit(self, X, y=None):
        chance = np.random.default_rng([int(self.x * 2**40), int(X[0, 0])]).random()
        if chance < 0.010:
            raise ValueError("fails by chance")
        if chance < 0.013:
            time.sleep(10_000)
        if chance < 0.016:
            os._exit(1)
        time.sleep(0.002)
        self.fitted_ = True
        return self

    def score(self, X, y=None):
        return -((self.x - 0.3) ** 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-iter", type=int, default=2000)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    search = BTBSearchCV(
        Unreliable(),
        {"x": uniform()},
        n_iter=arguments.n_iter,
        cv=3,
        tuner="uniform",
        fit_timeout=1.0,
        random_state=arguments.seed,
    )
    X = np.arange(30.0).reshape(-1, 1)
    start = time.monotonic()
    with parallel_config("loky", n_jobs=arguments.n_jobs), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of failures: they are counted below
        try:
            search.fit(X)
        except (ValueError, TypeError) as error:
            print(error)  # the refit may be of those that fail
    seconds = time.monotonic() - start
    numbers = [trial.number for trial in search.trials_]
    assert numbers == list(range(arguments.n_iter)), "candidates lost or repeated"
    assert len({trial.params["x"] for trial in search.trials_}) == len(numbers)
    states = Counter(trial.state for trial in search.trials_)
    reasons = Counter(
        fold.fit_error.strip().splitlines()[-1 if "Traceback" in fold.fit_error else 0]
        for trial in search.trials_
        for fold in trial.folds
        if fold.fit_error is not None
    )
    print(f"{len(numbers)} candidates in {seconds:.0f} s, {search.stop_reason_}")
    print(dict(states))
    for reason, n in reasons.most_common():
        print(f"{n:5d} folds: {reason[:70]}")
    print(f"{len(psutil.Process().children())} child processes, idle")


if __name__ == "__main__":
    main()
