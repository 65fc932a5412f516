"""
Look at a search
================

A search over three classifiers, as tables and as plots. In a notebook, ``search`` at
the end of a cell shows its leaderboard and a curve. The plots need matplotlib
(``pip install ".[plot]"``). Every estimator has the same colour in all of them.
"""

import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_btb import (
    AllocationDisplay,
    BTBSearchCV,
    ConvergenceDisplay,
    ImportanceDisplay,
    ParallelCoordinatesDisplay,
    SurrogateDisplay,
    when,
)

X, y = load_digits(return_X_y=True, as_frame=True)
X, y = X[:600], y[:600]

search = BTBSearchCV(
    {
        "logreg": make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)),
        "svc": make_pipeline(StandardScaler(), SVC()),
        "trees": ExtraTreesClassifier(50, random_state=0),
    },
    {
        "logreg": {"logisticregression__C": loguniform(1e-4, 100)},
        "svc": {
            "svc__kernel": ["rbf", "poly", "sigmoid"],
            "svc__C": loguniform(1e-2, 1e4),
            "svc__gamma": loguniform(1e-5, 1),
            "svc__degree": when("svc__kernel", "poly", [2, 3, 4]),
        },
        "trees": {
            "max_features": [0.05, 0.1, 0.2, 0.5],
            "min_samples_leaf": randint(1, 20),
        },
    },
    n_iter=45,
    cv=3,
    random_state=0,
).fit(X, y)

# %%
# The estimators, the best first, and the candidates.
print(search.leaderboard_.drop(columns="best_params").round(3).to_string())
print(search.results_frame().nsmallest(5, "rank_test_score").iloc[:, :8].to_string())

# %%
# How the search went: the best score so far of every estimator, and how the bandit
# shared out the candidates. `x="time"` shows both against the time that was spent.
figure, (above, below) = plt.subplots(2, figsize=(8, 8), layout="constrained")
ConvergenceDisplay.from_estimator(search, ax=above)
AllocationDisplay.from_estimator(search, ax=below)

# %%
# The candidates of one estimator, each a line across its parameters to its score.
ParallelCoordinatesDisplay.from_estimator(search, estimator_name="svc")

# %%
# Which of its hyperparameters matter, over the whole space.
ImportanceDisplay.from_estimator(search, estimator_name="svc")

# %%
# And how: what the Gaussian process of the search predicts, along one or two of them
# through the best candidate.
figure, axes = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
for ax, parameters in zip(
    axes, ["svc__C", "svc__kernel", ["svc__C", "svc__gamma"]], strict=True
):
    SurrogateDisplay.from_estimator(search, parameters, estimator_name="svc", ax=ax)

plt.show()
