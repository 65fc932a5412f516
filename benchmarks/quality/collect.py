"""Evaluate samples of every learner's space on every data set, once and for all.

    SKLEARN_BTB_DATA=folder python -m benchmarks.quality.collect [--only NAME]

Writes `tables/<data set>.npz`: of every learner the configurations (grid points), the
scores on 5 folds and the CPU seconds a fold took. The first are random, then come ones
near the best so far, in rounds. Without the environment variable only the sets are made
that come with scikit-learn or are computed.
"""

import argparse
import os
import time
import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold

from .problems import (
    DATA_SETS,
    FOLDER,
    FROM_FOLDER,
    REGRESSORS,
    DataSet,
    Learner,
    data_of,
)
from .spaces import N_LEVELS, Choice, decode
from .surrogate import TABLES

N_FOLDS = 5
N_RANDOM = 240
N_ROUNDS = 4
N_NEAR = 35  # a round


def splits_of(data_set, X, y):
    kind = KFold if data_set.learners is REGRESSORS else StratifiedKFold
    return list(kind(N_FOLDS, shuffle=True, random_state=0).split(X, y))


def evaluate(learner, scoring, X, y, splits, levels):
    """Return the scores on all splits, and the CPU seconds of one fold."""
    scorer = get_scorer(scoring)
    config = decode(learner.space, levels)
    scores = []
    start = time.process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for train, test in splits:
            try:
                estimator = learner.make(config).fit(X[train], y[train])
                scores.append(float(scorer(estimator, X[test], y[test])))
            except ValueError:  # a network that diverged, a matrix that is singular
                scores.append(np.nan)
    return scores, (time.process_time() - start) / len(splits)


def nearby(space, best, n, rng):
    """Change one or two coordinates of good configurations, at several scales."""
    levels = best[rng.integers(len(best), size=n)].astype(int)
    for row in levels:
        for place in rng.choice(len(space), size=min(len(space), 2), replace=False):
            step = rng.choice([0.3, 0.1, 0.03]) * N_LEVELS * rng.standard_normal()
            anew = isinstance(list(space.values())[place], Choice)
            row[place] = rng.integers(N_LEVELS) if anew else row[place] + step
    reflected = np.abs(levels)
    reflected = np.where(reflected >= N_LEVELS, 2 * N_LEVELS - 1 - reflected, reflected)
    return np.clip(reflected, 0, N_LEVELS - 1).astype(np.uint16)


def table_of(learner: Learner, data_set: DataSet, X, y, parallel, seed):
    """Return configurations (n, d), scores (n, folds) and seconds (n,)."""
    rng = np.random.default_rng(seed)
    splits = splits_of(data_set, X, y)
    levels = rng.integers(N_LEVELS, size=(N_RANDOM, len(learner.space)))
    levels = levels.astype(np.uint16)
    scores = np.empty((0, N_FOLDS))
    seconds = np.empty(0)

    def add(rows):
        nonlocal scores, seconds
        found = parallel(
            delayed(evaluate)(learner, data_set.scoring, X, y, splits, row)
            for row in rows
        )
        scores = np.concatenate([scores, [fold_scores for fold_scores, _ in found]])
        seconds = np.concatenate([seconds, [cost for _, cost in found]])

    add(levels)
    for _ in range(N_ROUNDS):
        means = np.nan_to_num(scores.mean(axis=1), nan=-np.inf)
        best = levels[np.argsort(-means)[:8]]
        more = nearby(learner.space, best, N_NEAR, rng)
        add(more)
        levels = np.concatenate([levels, more])
    return levels, scores, seconds


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=list(DATA_SETS))
    parser.add_argument("--n-jobs", type=int, default=2)
    options = parser.parse_args()
    TABLES.mkdir(exist_ok=True)
    with Parallel(options.n_jobs) as parallel:
        for name in options.only:
            if name in FROM_FOLDER and FOLDER not in os.environ:
                continue
            start = time.perf_counter()
            data_set = DATA_SETS[name]
            X, y = data_of(data_set)
            columns = {}
            for number, (learner_name, learner) in enumerate(data_set.learners.items()):
                table = table_of(learner, data_set, X, y, parallel, number)
                for part, array in zip(
                    ("levels", "scores", "seconds"), table, strict=True
                ):
                    kept = array if part == "levels" else array.astype(np.float32)
                    columns[f"{learner_name}/{part}"] = kept
            np.savez_compressed(TABLES / f"{name}.npz", **columns)
            print(name, X.shape, f"{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
