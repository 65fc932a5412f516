"""
From two CSV files to a submission
==================================

A table with numbers, strings and missing values, of which one file has the target and
one does not: read both, search over four kinds of models without writing a space, look
at what came of it, make an ensemble of the best, and write predictions. The files are
made here, so that the example needs nothing else.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from sklearn_btb import BTBSearchCV, default_space, fit_ensemble

# %%
# The files
# ---------
#
# Customers, of whom some leave. The answers for the test rows are kept for the end.


def write_files(folder, n_train=800, n_test=2000):
    random = np.random.default_rng(0)
    n = n_train + n_test
    table = pd.DataFrame(
        {
            "id": np.arange(n),
            "age": random.integers(18, 90, n),
            "income": random.lognormal(10, 0.6, n).round(),
            "visits": random.poisson(6, n),
            "city": random.choice(
                ["Bern", "Lyon", "Oslo", "Porto", "Ghent", "Graz"], n
            ),
            "plan": random.choice(["basic", "family", "premium"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    odds = (
        0.8 * (table["plan"] == "basic")
        - 0.25 * table["visits"]
        + 1.5 * (np.abs(table["age"] - 45) > 20)
        + 1.2 * table["city"].isin(["Lyon", "Graz"]) * (table["income"] < 25_000)
    )
    leaves = random.random(n) < 1 / (1 + np.exp(-odds))
    for column, share in {"age": 0.05, "income": 0.15, "plan": 0.1}.items():
        table[column] = table[column].where(random.random(n) > share)
    train = table[:n_train].assign(leaves=np.where(leaves[:n_train], "yes", "no"))
    train.to_csv(folder / "train.csv", index=False)
    table[n_train:].to_csv(folder / "test.csv", index=False)
    return leaves[n_train:]


files = tempfile.TemporaryDirectory()
folder = Path(files.name)
answers = write_files(folder)

train = pd.read_csv(folder / "train.csv", index_col="id")
test = pd.read_csv(folder / "test.csv", index_col="id")
X, y = train.drop(columns="leaves"), train["leaves"]
print(X.head().to_string())

# %%
# The models
# ----------
#
# Linear models want numbers that are scaled and a column for each string; trees are
# content with a number for each string, and boosting with missing values as well.
numbers = make_column_selector(dtype_include="number")
strings = make_column_selector(dtype_exclude="number")


def for_linear():
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("strings", OneHotEncoder(handle_unknown="ignore"), strings),
        ],
        sparse_threshold=0,  # dense, as naive Bayes wants it
    )


def for_trees(imputer):
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1
    )
    return ColumnTransformer(
        [("numbers", imputer, numbers), ("strings", codes, strings)]
    )


estimators = {
    "logreg": make_pipeline(for_linear(), LogisticRegression(max_iter=1000)),
    "bayes": make_pipeline(for_linear(), GaussianNB()),
    "trees": make_pipeline(
        for_trees(SimpleImputer()), ExtraTreesClassifier(50, random_state=0)
    ),
    "boosting": make_pipeline(
        for_trees("passthrough"), HistGradientBoostingClassifier(random_state=0)
    ),
}

# %%
# No space is given, so each has its default, which reaches into the ColumnTransformer.
for parameter in default_space(estimators["logreg"]):
    print(parameter)

# %%
# The search
# ----------
#
# `keep_predictions` keeps what the models of the folds say of their test rows.
search = BTBSearchCV(
    estimators,
    n_iter=20,
    scoring="roc_auc",
    keep_predictions="predict_proba",
    random_state=0,
).fit(X, y)
board = search.leaderboard_
print(board[["best_score", "standard_error", "n_candidates", "mean_fit_time"]].round(4))

# %%
# The best of many scores is a lucky one. The corrected score is what to expect.
score, low, high = search.corrected_score_
print(f"best score {search.best_score_:.4f}")
print(f"corrected  {score:.4f}, likely between {low:.4f} and {high:.4f}")

# %%
# An ensemble
# -----------
#
# The candidates whose mean prediction scores best, with their weights.
ensemble = fit_ensemble(search, X, y)
for (name, _), weight in zip(ensemble.estimators, ensemble.weights, strict=True):
    print(f"{weight:3} x {name}")

# %%
# The submission
# --------------
leaves = list(ensemble.classes_).index("yes")
submission = pd.DataFrame(
    {"leaves": ensemble.predict_proba(test)[:, leaves]}, index=test.index
)
submission.to_csv(folder / "submission.csv")
print((folder / "submission.csv").read_text()[:60])

# %%
# And what only the organisers know:
winner = search.predict_proba(test)[:, leaves]
print(f"AUC of the winner   {roc_auc_score(answers, winner):.4f}")
print(f"AUC of the ensemble {roc_auc_score(answers, submission['leaves']):.4f}")
files.cleanup()
