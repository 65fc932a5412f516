"""Racing beside no racing: candidates and final scores for equal numbers of fits.

    python benchmarks/bench_racing.py [--seeds 3] [--n-jobs 2] [--data folder]

Six classification sets times four estimators, 5 and 10 folds. Every search may fit as
many folds as 25 candidates have. The score is the cross-validated accuracy of the best
candidate with all its folds. `--data` takes the sets from a folder of CSV files (no
header, target last, "?" for missing) instead of those that come with scikit-learn or
are made.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
    make_moons,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_btb import BTBSearchCV

N_CANDIDATES = 25
MOST_ROWS = 500

ESTIMATORS = {
    "logreg": (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        {
            "logisticregression__C": loguniform(1e-4, 1e4),
            "logisticregression__class_weight": [None, "balanced"],
        },
    ),
    "svc": (
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": loguniform(1e-3, 1e3), "svc__gamma": loguniform(1e-4, 10)},
    ),
    "forest": (
        RandomForestClassifier(n_estimators=20, random_state=0),
        {
            "max_features": uniform(0.05, 0.95),
            "min_samples_leaf": randint(1, 30),
            "max_depth": randint(1, 20),
        },
    ),
    "neighbours": (
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        {
            "kneighborsclassifier__n_neighbors": randint(1, 50),
            "kneighborsclassifier__weights": ["uniform", "distance"],
            "kneighborsclassifier__p": [1, 2],
        },
    ),
}


def bundled_sets():
    made = make_classification(400, 20, n_informative=4, flip_y=0.1, random_state=0)
    hard = make_classification(300, 30, n_informative=10, class_sep=0.5, random_state=1)
    return {
        "breast cancer": load_breast_cancer(return_X_y=True),
        "digits": load_digits(return_X_y=True),
        "wine": load_wine(return_X_y=True),
        "moons": make_moons(400, noise=0.35, random_state=0),
        "made": made,
        "made, hard": hard,
    }


def sets_of(folder):
    sets = {}
    for path in sorted(Path(folder).glob("*.csv*")):
        table = pd.read_csv(path, header=None, na_values="?", skipinitialspace=True)
        table = table.dropna()
        if table.iloc[:, -1].nunique() > 10:
            continue  # a regression
        X = table.iloc[:, :-1].apply(
            lambda column: (
                column
                if column.dtype.kind in "fi"
                else column.astype("category").cat.codes
            )
        )
        y = table.iloc[:, -1].astype("category").cat.codes
        sets[path.name.partition(".")[0]] = X.to_numpy(float), y.to_numpy()
    return sets


def sample(X, y):
    if len(X) <= MOST_ROWS:
        return X, y
    rows = np.random.default_rng(0).choice(len(X), MOST_ROWS, replace=False)
    return X[rows], y[rows]


def run(name, data, n_splits, seed, racing):
    """Return how many candidates were begun, and the best full score."""
    estimator, space = ESTIMATORS[name]
    X, y = sample(*data)
    n_fits = N_CANDIDATES * n_splits

    def spent(search, trial):
        return sum(len(trial.ran) for trial in search.trials_) >= n_fits

    search = BTBSearchCV(
        estimator,
        space,
        n_iter=n_fits,
        cv=StratifiedKFold(n_splits, shuffle=True, random_state=seed),
        scoring="accuracy",
        racing=racing,
        refit=True,
        callback=spent,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rare classes in small folds
        search.fit(X, y)
    return len(search.trials_), search.best_score_


def forgiving(scores, complete):
    """The rule of Bergman, Purucker and Hutter (AutoML 2024)."""
    ran = ~np.isnan(scores)
    if not len(complete) or ran.all():
        return False
    incumbent = complete[complete.mean(axis=1).argmax()]
    return bool(scores[ran].mean() < incumbent.min())


RULES = {"none": False, "racing=True": True, "forgiving": forgiving}


def interval(values, rng):
    means = rng.choice(values, size=(10_000, len(values))).mean(axis=1)
    return np.quantile(means, [0.025, 0.975])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--folds", type=int, nargs="+", default=[5, 10])
    parser.add_argument("--data", help="a folder of CSV files")
    arguments = parser.parse_args()
    sets = sets_of(arguments.data) if arguments.data else bundled_sets()
    cases = [(name, data) for name in ESTIMATORS for data in sets]
    print(f"{len(sets)} sets ({', '.join(sets)}) x {len(ESTIMATORS)} estimators")
    print(f"x {arguments.seeds} seeds; intervals over sets and estimators\n")
    print(
        "| folds | rule | candidates, ratio to none | score - score of none, in 1e-4 |"
    )
    print("|---|---|---|---|")
    rng = np.random.default_rng(0)
    for n_splits in arguments.folds:
        jobs = [
            (name, sets[data], n_splits, seed, rule)
            for name, data in cases
            for seed in range(arguments.seeds)
            for rule in RULES.values()
        ]
        results = Parallel(n_jobs=arguments.n_jobs)(delayed(run)(*job) for job in jobs)
        shape = len(cases), arguments.seeds, len(RULES), 2
        table = np.array(results).reshape(shape).mean(axis=1)
        for number, rule in enumerate(RULES):
            ratios = table[:, number, 0] / table[:, 0, 0]
            gains = 1e4 * (table[:, number, 1] - table[:, 0, 1])
            (low, high), (worst, best) = interval(ratios, rng), interval(gains, rng)
            print(
                f"| {n_splits} | {rule} | {ratios.mean():.2f} ({low:.2f} - {high:.2f}) "
                f"| {gains.mean():+.1f} ({worst:+.1f} - {best:+.1f}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
