"""Searches without a space: python benchmarks/bench_default_spaces.py [what ...]

    portfolio   the default space with its portfolio against the same without
    written     the default space against a grid as tutorials have it, equally tuned
    published   the default space against that of a study or a system, equally tuned
    five        five estimators, no space, against a random search of written spaces

Real fits on the data sets of `benchmarks/quality` that are kept aside, or (`five`) on
three that are not; as many candidates for both sides. A score is 0 for the estimator's
own parameters and 100 for the best that either side found; differences are paired by
data set and estimator, with 95 % bootstrap intervals over both.
"""

import argparse
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from joblib import Memory
from quality.problems import DATA_SETS, FOLDER, FROM_FOLDER, data_of
from scipy.stats import loguniform, randint, uniform
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

from sklearn_btb import BTBSearchCV, Tunable, default_space, when

WHAT = ("portfolio", "written", "published", "five")
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
PUBLISHED: dict[str, dict[str, Any]] = {
    "logreg": {"C": uniform(0.1, 999.9)},  # TabRepo, the L2 part of it
    "elastic": {"alpha": loguniform(1e-4, 1e3), "l1_ratio": uniform(0, 1)},  # YAHPO
    "svc": {  # auto-sklearn's libsvm_svc; some of its fits would never end
        "kernel": ["rbf", "poly", "sigmoid"],
        "C": loguniform(2**-5, 2**15),
        "gamma": loguniform(2**-15, 8),
        "degree": when("model__kernel", "poly", randint(2, 6)),
        "coef0": when("model__kernel", ["poly", "sigmoid"], uniform(-1, 2)),
        "shrinking": [True, False],
        "tol": loguniform(1e-5, 1e-1),
        "max_iter": [20_000],
    },
    "neighbours": {  # TabRepo
        "n_neighbors": [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 20, 30, 40, 50],
        "weights": ["uniform", "distance"],
        "p": [1, 2],
    },
    "tree": {  # auto-sklearn, where the depth is at most twice the number of columns
        "max_depth": randint(1, 33),
        "min_samples_split": randint(2, 21),
        "min_samples_leaf": randint(1, 21),
    },
    "forest": {  # TabRepo, whose limit of leaves has no effect here
        "min_samples_leaf": [1, 2, 3, 4, 5, 10, 20, 40, 80],
        "max_features": ["sqrt", "log2", 0.5, 0.75, 1.0],
    },
    "boosting": {  # auto-sklearn, without early stopping
        "learning_rate": loguniform(0.01, 1),
        "max_iter": randint(32, 513),
        "min_samples_leaf": [1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200],
        "max_leaf_nodes": [3, 6, 12, 24, 48, 96, 192, 384, 768, 1536],
        "l2_regularization": loguniform(1e-10, 1),
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


Curve = Callable[[str, str, str, int], np.ndarray]


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


def space_of(what: str, learner: str, model: BaseEstimator) -> Any:
    if what == "default":
        return None
    if what == "portfolio":
        return Tunable(default_space(model))  # which has none
    space = dict((WRITTEN if what == "written" else PUBLISHED)[learner])
    if isinstance(model["model"], SVR):
        space["epsilon"] = {"written": [0.01, 0.1, 1]}.get(what, loguniform(1e-3, 1))
    return Tunable(prefixed(space))


def curve(name: str, learner: str, what: str, seed: int) -> np.ndarray:
    """Return the best score after each candidate."""
    model = scaled(estimators_of(name)[learner])
    X, y = data_of(DATA_SETS[name])
    search = BTBSearchCV(
        model,
        space_of(what, learner, model),
        n_iter=N_ITER,
        cv=splitter(name),
        scoring=DATA_SETS[name].scoring,
        refit=False,
        random_state=seed,
    ).fit(X, y)
    best = np.fmax.accumulate(search.cv_results_["mean_test_score"])
    return np.concatenate([best, np.full(N_ITER - len(best), best[-1])])


def pairs(
    what: str, n_seeds: int, curve: Curve
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield data set, learner, and the curves (2, n_seeds, N_ITER) of both sides."""
    for name, data_set in DATA_SETS.items():
        if not data_set.aside or (name in FROM_FOLDER and FOLDER not in os.environ):
            continue
        for learner in estimators_of(name):
            curves = [
                [curve(name, learner, side, seed) for seed in range(n_seeds)]
                for side in ("default", what)
            ]
            yield name, learner, np.array(curves)


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(values, size=(2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():+.1f} ({low:+.1f} - {high:+.1f})"


def compare(what: str, n_seeds: int, curve: Curve) -> None:
    print(f"\n{what}: ahead by, after {AT} candidates and in the mean of all\n")
    gains = []
    for name, learner, curves in pairs(what, n_seeds, curve):
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
    parser.add_argument("what", nargs="*", default=list(WHAT))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cache", help="a folder that keeps what was computed")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    memory = Memory(options.cache, verbose=0)
    for what in options.what:
        if what == "five":
            five(options.seeds)
        else:
            compare(what, options.seeds, memory.cache(curve))


if __name__ == "__main__":
    main()
