"""
Choose among four estimators
============================

The breast cancer data of scikit-learn, four estimators (two of them Pipelines) and
one search over all of them, beside a `GridSearchCV` of the best single one with as
many candidates.
"""

import time

from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_btb import BTBSearchCV

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)

# %%
# Estimators by name, and what to try for each of them.
estimators = {
    "logreg": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    "svc": make_pipeline(StandardScaler(), SVC()),
    "trees": ExtraTreesClassifier(50, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
}
search_spaces = {
    "logreg": {"logisticregression__C": loguniform(1e-4, 1e4)},
    "svc": {"svc__C": loguniform(1e-2, 1e4), "svc__gamma": loguniform(1e-5, 1)},
    "trees": {
        "max_features": [0.1, 0.3, 0.5, "sqrt"],
        "min_samples_leaf": randint(1, 20),
    },
    "boosting": {
        "learning_rate": loguniform(1e-2, 1),
        "max_leaf_nodes": randint(4, 64),
    },
}

# %%
# 24 candidates, all estimators together. The first four are the estimators as they
# are; then the search spends its candidates where they promise most.
start = time.perf_counter()
search = BTBSearchCV(
    estimators, search_spaces, n_iter=24, cv=5, n_jobs=-1, random_state=0
).fit(X_train, y_train)
seconds = time.perf_counter() - start

print(search.leaderboard_.drop(columns="best_params").round(4).to_string())
print(f"winner: {search.best_estimator_name_} {search.best_params_}")
print(f"cross-validated accuracy {search.best_score_:.4f} after {seconds:.1f} s")

# %%
# The best of 24 scores is a lucky one; `corrected_score_` takes that into account.
score, low, high = search.corrected_score_
print(f"corrected accuracy {score:.3f}, between {low:.3f} and {min(high, 1):.3f}")
print(f"held-out accuracy {search.score(X_test, y_test):.4f}")

# %%
# A grid of the same size for one estimator, chosen by hand.
grid = GridSearchCV(
    estimators["svc"],
    {
        "svc__C": [0.01, 0.1, 1, 10, 100, 1000],
        "svc__gamma": [1e-4, 1e-3, 0.01, 0.1],
    },
    cv=5,
    n_jobs=-1,
).fit(X_train, y_train)
print(
    f"GridSearchCV of svc: cross-validated {grid.best_score_:.4f}, "
    f"held-out {grid.score(X_test, y_test):.4f}"
)
