"""
In the place of a GridSearchCV
==============================

A Pipeline that is tuned by `GridSearchCV`, then the same lines with `BTBSearchCV`, and
then what can be changed after that: ranges for lists, and more than one estimator.
"""

import pandas as pd
from scipy.stats import loguniform, randint
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_btb import BTBSearchCV

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

pipeline = Pipeline(
    [
        ("polynomial", PolynomialFeatures(include_bias=False)),
        ("scale", StandardScaler()),
        ("select", SelectKBest(f_regression)),
        ("ridge", Ridge()),
    ]
)
grid = {
    "polynomial__degree": [1, 2],
    "select__k": [2, 4, 6, 8, 10],
    "ridge__alpha": [0.01, 0.1, 1, 10, 100, 1000],
}
options = {"scoring": ["r2", "neg_mean_absolute_error"], "refit": "r2", "cv": 5}


def report(search):
    """Print what either search has after `fit`: the code around it need not change."""
    results = pd.DataFrame(search.cv_results_)
    error = -results["mean_test_neg_mean_absolute_error"][search.best_index_]
    print(f"{type(search).__name__}: {len(results)} candidates")
    print(f"  {search.best_params_}")
    print(f"  R2 {search.best_score_:.4f}, mean absolute error {error:.2f}")
    print(f"  R2 of rows held out: {search.score(X_test, y_test):.4f}")


# %%
# Before
# ------
report(GridSearchCV(pipeline, grid, **options).fit(X_train, y_train))

# %%
# After
# -----
#
# The name of the class, and how many candidates it may have: a third of the grid. The
# first one is the pipeline as it is. (With `n_iter=60` or more, it would try the whole
# grid, each combination once, and end.)
search = BTBSearchCV(pipeline, grid, n_iter=20, random_state=0, **options)
report(search.fit(X_train, y_train))

# %%
# Ranges in the place of lists
# ----------------------------
#
# Somebody chose the six values of `alpha`. A range costs no more candidates.
space = {
    "polynomial__degree": [1, 2],
    "select__k": randint(2, 11),
    "ridge__alpha": loguniform(1e-2, 1e3),
}
search = BTBSearchCV(pipeline, space, n_iter=20, random_state=0, **options)
report(search.fit(X_train, y_train))

# %%
# Other estimators
# ----------------
#
# They get names, and each its own space; the same number of candidates is shared out
# among them by what they score.
search = BTBSearchCV(
    {
        "ridge": pipeline,
        "forest": RandomForestRegressor(50, random_state=0),
    },
    {
        "ridge": space,
        "forest": {
            "max_features": [0.2, 0.3, 0.5, 1.0],
            "min_samples_leaf": randint(1, 30),
        },
    },
    n_iter=20,
    random_state=0,
    **options,
)
report(search.fit(X_train, y_train))
print(search.leaderboard_[["best_score", "standard_error", "n_candidates"]].round(3))
