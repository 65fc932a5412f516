"""BTBSearchCV beside GridSearchCV on a census table with mixed types and gaps.

    python benchmarks/bench_adult.py path/to/adult.csv.gz [--seed 0] [--n-jobs 2]

The file is UCI's adult data set as a CSV without a header, target last, missing
values as "?". Both searches fit three kinds of model inside one Pipeline with a
ColumnTransformer, 30 candidates on 3 folds, and are scored on a held-out third.
"""

import argparse
import time

import pandas as pd
from scipy.stats import loguniform, randint, uniform
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_btb import BTBSearchCV


def pipeline(model):
    prepare = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            make_pipeline(
                SimpleImputer(strategy="most_frequent"),
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist",
                    min_frequency=20,
                    sparse_output=False,
                ),
            ),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    return Pipeline([("prepare", prepare), ("model", model)])


def models(seed):
    return {
        "logreg": LogisticRegression(max_iter=1000),
        "forest": RandomForestClassifier(n_estimators=100, random_state=seed),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
    }


def btb_search(seed, n_jobs):
    spaces = {
        "logreg": {"model__C": loguniform(1e-3, 1e3)},
        "forest": {
            "model__max_features": uniform(0.05, 0.9),
            "model__min_samples_leaf": randint(1, 30),
        },
        "boosting": {
            "model__learning_rate": loguniform(0.01, 1),
            "model__max_leaf_nodes": randint(4, 128),
            "model__min_samples_leaf": randint(5, 100),
            "model__l2_regularization": loguniform(1e-4, 10),
        },
    }
    return BTBSearchCV(
        {name: pipeline(model) for name, model in models(seed).items()},
        spaces,
        n_iter=30,
        cv=3,
        n_jobs=n_jobs,
        random_state=seed,
    )


def grid_search(seed, n_jobs):
    parts = models(seed)
    grid = [
        {
            "model": [parts["logreg"]],
            "model__C": [1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3, 10, 100, 1000],
        },
        {
            "model": [parts["forest"]],
            "model__max_features": [0.1, "sqrt", 0.3, 0.5, 0.9],
            "model__min_samples_leaf": [1, 5],
        },
        {
            "model": [parts["boosting"]],
            "model__learning_rate": [0.02, 0.05, 0.1, 0.2, 0.5],
            "model__max_leaf_nodes": [15, 31],
        },
    ]
    return GridSearchCV(pipeline(parts["logreg"]), grid, cv=3, n_jobs=n_jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    table = pd.read_csv(args.path, header=None, na_values="?", skipinitialspace=True)
    X, y = table.iloc[:, :-1], table.iloc[:, -1]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=1 / 3, stratify=y, random_state=args.seed
    )
    print(f"{len(X_train)} rows to search on, {len(X_test)} held out")
    for search in (
        btb_search(args.seed, args.n_jobs),
        grid_search(args.seed, args.n_jobs),
    ):
        start = time.perf_counter()
        search.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        name = getattr(search, "best_estimator_name_", None)
        print(
            f"{type(search).__name__}: {len(search.cv_results_['params'])} candidates, "
            f"{seconds:.0f} s, cross-validated {search.best_score_:.4f}, held-out "
            f"{search.score(X_test, y_test):.4f}, winner {name or ''} "
            f"{search.best_params_}"
        )
        if name:
            results = pd.DataFrame(search.cv_results_)
            scores = results.groupby("estimator_name")["mean_test_score"]
            print(scores.agg(["count", "min", "max"]).round(4).to_string())


if __name__ == "__main__":
    main()
