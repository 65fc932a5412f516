"""How good the surrogates are: `SKLEARN_BTB_DATA=folder python -m
benchmarks.quality.check`.

Of every learner and data set, fresh configurations (half of them random, half near the
best of the table) are evaluated and compared with what the surrogate says: Spearman's
rank correlation, and the mean absolute error of the mean score in units of the spread
of good scores (best minus median of the table).
"""

import argparse
import os

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import spearmanr

from .collect import evaluate, nearby, splits_of
from .problems import DATA_SETS, FOLDER, FROM_FOLDER, data_of
from .spaces import N_LEVELS, decode
from .surrogate import TABLES, surrogates_of, tables_of

N_FRESH = 12  # of each kind


def compare(name, learner_name, n_jobs):
    """Return measured and predicted mean scores of fresh configurations."""
    data_set = DATA_SETS[name]
    learner = data_set.learners[learner_name]
    table = tables_of(name)[learner_name]
    rng = np.random.default_rng(99)
    best = np.argsort(-np.nan_to_num(table.scores.mean(axis=1), nan=-np.inf))[:8]
    levels = np.concatenate(
        [
            rng.integers(N_LEVELS, size=(N_FRESH, len(learner.space))),
            nearby(
                learner.space, (table.points[best] * N_LEVELS).astype(int), N_FRESH, rng
            ),
        ]
    )
    X, y = data_of(data_set)
    splits = splits_of(data_set, X, y)
    measured = Parallel(n_jobs)(
        delayed(evaluate)(learner, data_set.scoring, X, y, splits, row)
        for row in levels
    )
    surrogate = surrogates_of(name)[learner_name]
    predicted = [surrogate.evaluate(decode(learner.space, row))[0] for row in levels]
    pairs = [
        (np.mean(scores), np.mean(guess))
        for (scores, _), guess in zip(measured, predicted, strict=True)
        if guess is not None and np.isfinite(scores).all()
    ]
    return np.array(pairs).reshape(-1, 2)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n-jobs", type=int, default=2)
    options = parser.parse_args()
    print("| data set | learner | rank correlation | error in spreads |")
    print("|---|---|---|---|")
    found = []
    for name in DATA_SETS:
        if not (TABLES / f"{name}.npz").exists():
            continue
        if name in FROM_FOLDER and FOLDER not in os.environ:
            continue
        for learner_name, table in tables_of(name).items():
            if not surrogates_of(name)[learner_name].works:
                continue
            measured, predicted = compare(name, learner_name, options.n_jobs).T
            means = table.scores.mean(axis=1)
            spread = np.nanmax(means) - np.nanmedian(means)
            rank = spearmanr(measured, predicted).statistic
            error = np.abs(measured - predicted)
            # a long bad tail is of no interest: count what is better than the median
            good = measured > np.nanmedian(means)
            shown = error[good].mean() / spread if good.any() and spread else np.nan
            print(f"| {name} | {learner_name} | {rank:.2f} | {shown:.2f} |", flush=True)
            found.append((rank, shown))
    for quantile in (0.25, 0.5, 0.75):
        rank, error = np.nanquantile(found, quantile, axis=0)
        print(f"| all | quantile {quantile} | {rank:.2f} | {error:.2f} |")


if __name__ == "__main__":
    main()
