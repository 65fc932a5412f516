"""`fit_ensemble` beside the single best candidate of the same search, on rows held out.

    python benchmarks/bench_ensemble.py [--seeds 2] [--n-jobs 1]

Nested cross-validation: in each of 5 outer folds a search of 20 candidates over four
estimators, by log-loss or R^2 on 5 inner folds, then its winner, its ensemble and, as a
plain alternative, the mean of its five best candidates on the outer test rows. At most
400 rows of each set. Without the variable SKLEARN_BTB_DATA, a folder of CSV files (no
header, target last, "?" for missing), only the sets that come with scikit-learn or are
made.
"""

import argparse
import itertools
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_classification,
    make_friedman1,
    make_moons,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_btb import BTBSearchCV, fit_ensemble

N_CANDIDATES = 20
MOST_ROWS = 400
CSV_FILES = ("german", "ionosphere", "phoneme", "winequality-white", "abalone")
FOREST = {"max_features": uniform(0.05, 0.95), "min_samples_leaf": randint(1, 20)}
BOOSTING = {"learning_rate": loguniform(0.02, 0.5), "max_leaf_nodes": randint(3, 32)}


def searched(regression, seed):
    """Return estimators and spaces."""
    if regression:
        linear, alpha = Ridge(), {"ridge__alpha": loguniform(1e-3, 1e4)}
        neighbours, forest = KNeighborsRegressor(), ExtraTreesRegressor
        boosting = HistGradientBoostingRegressor
    else:
        linear = LogisticRegression(max_iter=500)
        alpha = {"logisticregression__C": loguniform(1e-4, 1e3)}
        neighbours, forest = KNeighborsClassifier(), ExtraTreesClassifier
        boosting = HistGradientBoostingClassifier
    kind = type(neighbours).__name__.lower()
    estimators = {
        "linear": make_pipeline(StandardScaler(), linear),
        "neighbours": make_pipeline(StandardScaler(), neighbours),
        "forest": forest(20, random_state=seed),
        "boosting": boosting(max_iter=30, random_state=seed),
    }
    spaces = {
        "linear": alpha,
        "neighbours": {
            f"{kind}__n_neighbors": randint(1, 60),
            f"{kind}__weights": ["uniform", "distance"],
        },
        "forest": FOREST,
        "boosting": BOOSTING,
    }
    return estimators, spaces


def bundled_sets():
    return {
        "breast cancer": load_breast_cancer(return_X_y=True),
        "digits": load_digits(return_X_y=True),
        "wine": load_wine(return_X_y=True),
        "moons": make_moons(400, noise=0.35, random_state=0),
        "made": make_classification(
            400, 20, n_informative=6, flip_y=0.1, class_sep=0.7, random_state=1
        ),
        "diabetes": load_diabetes(return_X_y=True),
        "friedman1": make_friedman1(400, noise=2.0, random_state=0),
    }


def csv_sets(folder):
    sets = {}
    for name in CSV_FILES:
        path = Path(folder) / f"{name}.csv.gz"
        table = pd.read_csv(path, header=None, na_values="?").dropna()
        target = table.pop(table.columns[-1])
        if name in ("german", "ionosphere", "phoneme"):
            target = target.astype("category").cat.codes
        sets[name] = pd.get_dummies(table).to_numpy(float), target.to_numpy()
    return sets


def sample(X, y):
    if len(X) <= MOST_ROWS:
        return X, y
    rows = np.random.default_rng(0).choice(len(X), MOST_ROWS, replace=False)
    return X[rows], y[rows]


def best_five(search, X, y, regression):
    """Fit the mean of the five best candidates."""
    ranks = search.cv_results_["rank_test_score"]
    members = [
        (
            f"member_{row}",
            clone(search.estimators[search.trials_[row].estimator_name]).set_params(
                **search.trials_[row].params
            ),
        )
        for row in np.argsort(ranks, kind="stable")[:5]
    ]
    if regression:
        return VotingRegressor(members).fit(X, y)
    return VotingClassifier(members, voting="soft").fit(X, y)


def run(X, y, regression, seed):
    """Return the held-out scores: an array of folds x models x metrics."""
    metrics = ["r2"] if regression else ["neg_log_loss", "roc_auc_ovr"]
    outer = (KFold if regression else StratifiedKFold)(
        5, shuffle=True, random_state=seed
    )
    inner = (KFold if regression else StratifiedKFold)(5, shuffle=True, random_state=9)
    scores, members = [], []
    warnings.simplefilter("ignore")  # rare classes in small folds
    for train, test in outer.split(X, y):
        search = BTBSearchCV(
            *searched(regression, seed),
            n_iter=N_CANDIDATES,
            scoring=metrics[0],
            cv=inner,
            keep_predictions="predict" if regression else "predict_proba",
            random_state=seed,
        ).fit(X[train], y[train])
        ensemble = fit_ensemble(search, X[train], y[train])
        members.append(len(ensemble.estimators))
        models = (
            search.best_estimator_,
            ensemble,
            best_five(search, X[train], y[train], regression),
        )
        scores.append(
            [
                [get_scorer(metric)(model, X[test], y[test]) for metric in metrics]
                for model in models
            ]
        )
    return np.array(scores), members


def interval(differences):
    """Return the mean and a 95 % bootstrap interval of it, as text."""
    rng = np.random.default_rng(0)
    means = rng.choice(differences, size=(10_000, len(differences))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{np.mean(differences):+.4f} ({low:+.4f} - {high:+.4f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--n-jobs", type=int, default=1)
    arguments = parser.parse_args()
    sets = bundled_sets()
    if "SKLEARN_BTB_DATA" in os.environ:
        sets |= csv_sets(os.environ["SKLEARN_BTB_DATA"])
    print("| set | metric | best | ensemble - best | five best - best | members |")
    print("|---|---|---|---|---|---|")
    gains = {}
    regressions = {name for name, (_, y) in sets.items() if len(np.unique(y)) > 20}
    regressions.add("winequality-white")
    jobs = [
        delayed(run)(*sample(*data), name in regressions, seed)
        for name, data in sets.items()
        for seed in range(arguments.seeds)
    ]
    runs = Parallel(arguments.n_jobs, return_as="generator")(jobs)
    for name in sets:
        scores, members = zip(*itertools.islice(runs, arguments.seeds), strict=True)
        metrics = ["R^2"] if name in regressions else ["-log-loss", "AUC"]
        for metric, each in zip(metrics, np.concatenate(scores).T, strict=True):
            best, ensemble, five = each
            gains.setdefault(metric, []).append(
                [(ensemble - best).mean(), (five - best).mean()]
            )
            print(
                f"| {name} | {metric} | {best.mean():.4f} "
                f"| {interval(ensemble - best)} | {interval(five - best)} "
                f"| {np.mean(members):.1f} |",
                flush=True,
            )
    for metric, each in gains.items():
        ours, fives = np.array(each).T
        print(
            f"| mean of {len(each)} sets | {metric} | | {interval(ours)} "
            f"| {interval(fives)} | |"
        )


if __name__ == "__main__":
    main()
