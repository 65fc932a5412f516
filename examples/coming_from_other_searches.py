"""
Coming from other searches
==========================

One estimator, tuned with `GridSearchCV`, `RandomizedSearchCV`, `BayesSearchCV` and
Optuna, each beside the same search with `BTBSearchCV`. The parts about libraries that
are not installed are passed over.
"""

import warnings
from importlib.util import find_spec

from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_btb import BTBSearchCV

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
svc = make_pipeline(StandardScaler(), SVC())


def show(search):
    best = ", ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in sorted(search.best_params_.items())
    )
    print(f"{type(search).__name__:20} {search.best_score_:.4f} {best}")


# %%
# From GridSearchCV
# -----------------
#
# The grid stays as it is. Lists of numbers keep their order and their scale, so that
# what is learned about 10 says something about 100. `n_iter` says how many of the
# combinations are tried; when all of them were, the search ends, whatever `n_iter` is.
grid = {"svc__C": [0.1, 1, 10, 100, 1000], "svc__gamma": [1e-4, 1e-3, 0.01, 0.1]}

show(GridSearchCV(svc, grid, cv=3).fit(X, y))
show(BTBSearchCV(svc, grid, n_iter=10, cv=3, random_state=0).fit(X, y))

# %%
# From RandomizedSearchCV
# -----------------------
#
# Distributions and `n_iter` stay as they are. The first candidate is the pipeline with
# the parameters that it has, where they lie in the space; the others learn from it.
distributions = {"svc__C": loguniform(1e-2, 1e4), "svc__gamma": loguniform(1e-5, 1)}

show(RandomizedSearchCV(svc, distributions, n_iter=15, cv=3, random_state=0).fit(X, y))
show(BTBSearchCV(svc, distributions, n_iter=15, cv=3, random_state=0).fit(X, y))

# %%
# From BayesSearchCV
# ------------------
#
# `Real`, `Integer` and `Categorical` are values here, too; only a bare tuple (low,
# high) is a list of two values, as in `GridSearchCV`.
#
# - `n_iter` means the same. A list of (space, number) becomes a list of spaces with one
#   `n_iter`, or several estimators by name: the bandit shares out the candidates.
# - `n_points` is not needed: with `n_jobs` workers, as many candidates are under way.
# - `optimizer_kwargs` becomes `tuner`, and `optimizer_results_` becomes `trials_`.
# - `DeadlineStopper` becomes `time_budget`, in seconds; `DeltaYStopper` is near to
#   `patience`; another `callback` is called as `callback(search, trial)`, and a true
#   value ends the search.
if find_spec("skopt"):
    from skopt import BayesSearchCV
    from skopt.space import Real

    dimensions = {
        "svc__C": Real(1e-2, 1e4, prior="log-uniform"),
        "svc__gamma": Real(1e-5, 1, prior="log-uniform"),
    }
    show(BayesSearchCV(svc, dimensions, n_iter=15, cv=3, random_state=0).fit(X, y))
    show(BTBSearchCV(svc, dimensions, n_iter=15, cv=3, random_state=0).fit(X, y))

# %%
# From OptunaSearchCV
# -------------------
#
# Optuna's distributions are values here, too.
#
# - `n_trials` becomes `n_iter`, `timeout` becomes `time_budget`, and `callbacks` become
#   one `callback`.
# - `enable_pruning`, which needs `partial_fit`, becomes `racing`, which spares folds.
# - `study` in a database becomes `checkpoint`, a file from which the same search goes
#   on.
# - `study_.trials` becomes `trials_`, and `trials_dataframe()` becomes
#   `pd.DataFrame(search.cv_results_)`.
if find_spec("optuna"):
    import optuna
    from optuna.distributions import FloatDistribution

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {
        "svc__C": FloatDistribution(1e-2, 1e4, log=True),
        "svc__gamma": FloatDistribution(1e-5, 1, log=True),
    }
    if find_spec("optuna_integration"):
        from optuna_integration import OptunaSearchCV

        with warnings.catch_warnings(action="ignore"):  # it is experimental, it says
            show(OptunaSearchCV(svc, distributions, n_trials=15, cv=3).fit(X, y))
    show(BTBSearchCV(svc, distributions, n_iter=15, cv=3, random_state=0).fit(X, y))

# %%
# From a study of one's own
# -------------------------
#
# An objective that suggests an estimator's name first, and then parameters by that
# name, is several estimators here. Its `suggest_float` and `suggest_int` become
# distributions; a parameter that depends on another one of the same estimator stands in
# `when`.


def objective(trial):
    if trial.suggest_categorical("estimator", ["svc", "boosting"]) == "svc":
        C = trial.suggest_float("C", 1e-2, 1e4, log=True)
        estimator = make_pipeline(StandardScaler(), SVC(C=C))
    else:
        leaves = trial.suggest_int("leaves", 4, 32)
        estimator = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=leaves)
    return cross_val_score(estimator, X, y, cv=3).mean()


if find_spec("optuna"):
    sampler = optuna.samplers.TPESampler(seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=10)
    print(f"{'a study':20} {study.best_value:.4f} {study.best_params}")

show(
    BTBSearchCV(
        {"svc": svc, "boosting": HistGradientBoostingClassifier(max_iter=20)},
        {
            "svc": {"svc__C": loguniform(1e-2, 1e4)},
            "boosting": {"max_leaf_nodes": randint(4, 33)},
        },
        n_iter=10,
        cv=3,
        random_state=0,
    ).fit(X, y)
)

# %%
# From ConfigSpace
# ----------------
#
# A whole `ConfigurationSpace` is a space here: its conditions decide which parameters a
# candidate has, and what it forbids is not tried. A default that was chosen goes first.
if find_spec("ConfigSpace"):
    from ConfigSpace import ConfigurationSpace, EqualsCondition, Float, Integer

    space = ConfigurationSpace({"svc__kernel": ["rbf", "poly"]})
    space.add(Float("svc__C", (1e-2, 1e4), log=True, default=10))
    space.add(Integer("svc__degree", (2, 5)))
    space.add(EqualsCondition(space["svc__degree"], space["svc__kernel"], "poly"))
    show(BTBSearchCV(svc, space, n_iter=15, cv=3, random_state=0).fit(X, y))
