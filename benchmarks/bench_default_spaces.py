"""Searches without a space: python benchmarks/bench_default_spaces.py [what ...]

    portfolio   the default space with its portfolio against the same without
    written     the default space against a space as tutorials have it, equally tuned
    five        five estimators, no space, against a random search of written spaces

Real fits on the data sets of `benchmarks/quality` that are kept aside (`portfolio`,
`written`) or on three that are not (`five`); as many candidates for both sides. A score
is 0 for the estimator's own parameters and 100 for the best that either side found;
differences are paired by data set and estimator, with 95 % bootstrap intervals.
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from quality.problems import DATA_SETS, FOLDER, FROM_FOLDER, data_of
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.model_selection import KFold, RandomizedSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_btb import BTBSearchCV, Tunable, default_space

N_ITER = 20
AT = (5, 10, 20)
TREES = {"n_estimators": 50, "random_state": 0}
CLASSIFIERS = {
    "logreg": LogisticRegression(max_iter=1000),
    "svc": SVC(),
    "neighbours": KNeighborsClassifier(),
    "tree": DecisionTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(**TREES),
    "boosting": HistGradientBoostingClassifier(random_state=0),
}
REGRESSORS = {
    "elastic": ElasticNet(),
    "svc": SVR(),
    "neighbours": KNeighborsRegressor(),
    "tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestRegressor(**TREES),
    "boosting": HistGradientBoostingRegressor(random_state=0),
}
# as the guides and tutorials of scikit-learn and of its users have them
WRITTEN: dict[str, dict[str, Any]] = {
    "logreg": {"C": [0.001, 0.01, 0.1, 1, 10, 100, 1000]},
    "elastic": {
        "alpha": [0.0001, 0.001, 0.01, 0.1, 1, 10],
        "l1_ratio": [0.1, 0.3, 0.5, 0.7, 0.9],
    },
    "svc": {
        "C": [0.1, 1, 10, 100, 1000],
        "gamma": [1, 0.1, 0.01, 0.001, 0.0001],
    },
    "neighbours": {
        "n_neighbors": [3, 5, 7, 9, 11, 15],
        "weights": ["uniform", "distance"],
        "p": [1, 2],
    },
    "tree": {
        "max_depth": [2, 3, 5, 10, 20],
        "min_samples_split": [2, 5, 10],
        "min_samples_leaf": [1, 5, 10, 20],
    },
    "forest": {
        "max_depth": [5, 10, 20, None],
        "min_samples_split": [2, 5, 10],
        "min_samples_leaf": [1, 2, 4],
        "max_features": ["sqrt", "log2"],
    },
    "boosting": {
        "learning_rate": [0.01, 0.05, 0.1, 0.2],
        "max_iter": [50, 100, 200],
        "max_leaf_nodes": [15, 31, 63],
        "min_samples_leaf": [5, 10, 20],
    },
}
RANDOM: dict[str, dict[str, Any]] = {
    "logreg": {"C": loguniform(1e-3, 1e3)},
    "elastic": {"alpha": loguniform(1e-4, 10), "l1_ratio": [0.1, 0.5, 0.9]},
    "svc": {"C": loguniform(1e-1, 1e3), "gamma": loguniform(1e-4, 1)},
    "neighbours": {"n_neighbors": randint(1, 30), "weights": ["uniform", "distance"]},
    "forest": {"max_features": [0.3, 0.5, 1.0], "min_samples_leaf": randint(1, 20)},
    "boosting": {
        "learning_rate": loguniform(0.01, 0.5),
        "max_iter": randint(50, 300),
        "max_leaf_nodes": randint(4, 64),
    },
}


def is_regression(name: str) -> bool:
    return DATA_SETS[name].scoring in ("r2", "neg_root_mean_squared_error")


def estimators_of(name: str) -> dict[str, BaseEstimator]:
    return REGRESSORS if is_regression(name) else CLASSIFIERS


def splitter(name: str) -> Any:
    kind = KFold if is_regression(name) else StratifiedKFold
    return kind(3, shuffle=True, random_state=0)


def scaled(estimator: BaseEstimator) -> Pipeline:
    return Pipeline([("scale", StandardScaler()), ("model", estimator)])


def prefixed(space: dict[str, Any]) -> dict[str, Any]:
    return {f"model__{name}": values for name, values in space.items()}


def curve(name: str, estimator: Any, space: Any, seed: int) -> np.ndarray:
    """Return the best score after each candidate."""
    X, y = data_of(DATA_SETS[name])
    search = BTBSearchCV(
        estimator,
        space,
        n_iter=N_ITER,
        cv=splitter(name),
        scoring=DATA_SETS[name].scoring,
        refit=False,
        random_state=seed,
    ).fit(X, y)
    best = np.fmax.accumulate(search.cv_results_["mean_test_score"])
    return np.concatenate([best, np.full(N_ITER - len(best), best[-1])])


def pairs(what: str, n_seeds: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield data set, learner, and the curves (2, n_seeds, N_ITER) of both sides."""
    for name, data_set in DATA_SETS.items():
        if not data_set.aside or (name in FROM_FOLDER and FOLDER not in os.environ):
            continue
        for learner, estimator in estimators_of(name).items():
            model = scaled(estimator)
            other = default_space(model)
            if what == "written":
                other = prefixed(WRITTEN[learner])
            curves = [
                [curve(name, model, space, seed) for seed in range(n_seeds)]
                for space in (None, Tunable(other))  # which has no portfolio
            ]
            yield name, learner, np.array(curves)


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(values, size=(2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():+.1f} ({low:+.1f} - {high:+.1f})"


def compare(what: str, n_seeds: int) -> None:
    print(f"\n{what}: ahead by, after {AT} candidates and in the mean of all\n")
    gains = []
    for name, learner, curves in pairs(what, n_seeds):
        zero, best = curves[0, :, 0].mean(), curves.max()
        scores = 100 * (curves - zero) / (best - zero) if best > zero else 0 * curves
        ahead = (np.maximum(scores[0], 0) - np.maximum(scores[1], 0)).mean(axis=0)
        gains.append([*ahead[np.array(AT) - 1], ahead.mean()])
        print(
            f"| {name} | {learner} |", " | ".join(f"{g:+.0f}" for g in gains[-1]), "|"
        )
    cells = [interval(column) for column in np.array(gains).T]
    print("| all | |", " | ".join(cells), "|", flush=True)


def five(n_seeds: int) -> None:
    print("\nfive estimators, 50 candidates: mean cross-validated score\n")
    for name in ("breast-cancer", "diabetes", "digits"):
        X, y = data_of(DATA_SETS[name])
        learners = {k: e for k, e in estimators_of(name).items() if k != "tree"}
        options: dict[str, Any] = {
            "n_iter": 50,
            "cv": splitter(name),
            "scoring": DATA_SETS[name].scoring,
        }
        model = Pipeline([("scale", StandardScaler()), ("model", None)])
        spaces = [
            {"model": [estimator], **prefixed(RANDOM[learner])}
            for learner, estimator in learners.items()
        ]
        found = []
        for seed in range(n_seeds):
            ours = BTBSearchCV(
                {k: make_pipeline(StandardScaler(), e) for k, e in learners.items()},
                random_state=seed,
                **options,
            ).fit(X, y)
            random = RandomizedSearchCV(model, spaces, random_state=seed, **options)
            found.append([ours.best_score_, random.fit(X, y).best_score_])
        ours_mean, random_mean = np.mean(found, axis=0)
        print(f"| {name} | {ours_mean:.4f} | {random_mean:.4f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", default=["portfolio", "written", "five"])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for what in options.what:
        if what == "five":
            five(options.seeds)
        else:
            compare(what, options.seeds)


if __name__ == "__main__":
    main()
