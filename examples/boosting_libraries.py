"""
LightGBM, XGBoost and CatBoost in one search
============================================

Which boosting is best on these data, each with the parameters that suit it? Their
scikit-learn classes are estimators like any other and have default spaces here. The
ones that are not installed (``pip install lightgbm xgboost catboost``) are left out;
scikit-learn's own always takes part.
"""

from importlib.util import find_spec

from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from sklearn_btb import BTBSearchCV, default_space

X, y = make_classification(
    800, 15, n_informative=6, n_clusters_per_class=3, flip_y=0.1, random_state=0
)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)

# %%
# The estimators
# --------------
#
# `n_jobs` of the search runs folds side by side, so each fit has one thread. What is
# set here is not tuned: CatBoost has 100 trees instead of 1,000.
estimators = {"sklearn": HistGradientBoostingClassifier(random_state=0)}
if find_spec("lightgbm"):
    from lightgbm import LGBMClassifier

    estimators["lightgbm"] = LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)
if find_spec("xgboost"):
    from xgboost import XGBClassifier

    estimators["xgboost"] = XGBClassifier(random_state=0, n_jobs=1)
if find_spec("catboost"):
    from catboost import CatBoostClassifier

    estimators["catboost"] = CatBoostClassifier(
        iterations=100,
        random_state=0,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
    )

missing = {"lightgbm", "xgboost", "catboost"} - set(estimators)
if missing:
    print(f"not installed, so left out: {', '.join(sorted(missing))}")

# %%
# What is searched for each of them.
for name, estimator in estimators.items():
    print(f"{name}: {', '.join(default_space(estimator))}")

# %%
# The search
# ----------
#
# They are of unequal speed. With `selector="cost_aware"` and a `time_budget`, time is
# shared out among them instead of candidates; `racing` spares the folds of candidates
# that have surely lost.
search = BTBSearchCV(
    estimators,
    n_iter=500,
    time_budget=10,
    selector="cost_aware",
    racing=True,
    cv=3,
    scoring="neg_log_loss",
    random_state=0,
)
search.fit(X_train, y_train)
board = search.leaderboard_
print(board[["best_score", "standard_error", "n_candidates", "mean_fit_time"]].round(3))
print(f"{search.best_estimator_name_}: {search.best_params_}")
print(f"log-loss of rows held out: {-search.score(X_test, y_test):.3f}")
