"""Code that was written for scikit-learn's searches runs with the class swapped.

Each usage is written as textbooks and galleries write it, as a function of the class
of the search. It returns what its author looks at: that has to be equal.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_iris, make_regression
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    fbeta_score,
    make_scorer,
    mean_squared_error,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ParameterGrid,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    train_test_split,
    validation_curve,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_btb import BTBSearchCV

X, y = load_iris(return_X_y=True)
X_frame, y_series = load_iris(return_X_y=True, as_frame=True)
X_numbers, y_numbers = make_regression(60, 4, noise=30.0, random_state=0)
TEXTS = ["a good film", "a bad film", "good good acting", "bad music", "no plot"] * 6
LIKED = np.array([1, 0, 1, 0, 0] * 6)
PASSENGERS = pd.DataFrame(
    {
        "age": [22.0, 38.0, np.nan, 35.0, 54.0, 2.0] * 8,
        "fare": np.linspace(5, 90, 48),
        "sex": ["m", "f", "f", "m"] * 12,
    }
)
SURVIVED = np.array([0, 1, 1, 0, 1, 1] * 8)

OF_GRID_SEARCH = {}
OF_RANDOMIZED_SEARCH = {}


def usage(of):
    """Enter a function of the class of the search into a table of usages."""

    def enter(function):
        of[function.__name__] = function
        return function

    return enter


in_a_grid_search = usage(OF_GRID_SEARCH)
in_a_randomized_search = usage(OF_RANDOMIZED_SEARCH)


def assert_equal(ours, theirs):
    """Compare what two usages returned, to the last bit."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            assert_equal(ours[key], theirs[key])
    elif isinstance(theirs, pd.DataFrame | pd.Series):
        assert theirs.equals(ours)
    elif isinstance(theirs, np.ma.MaskedArray):
        assert_array_equal(np.ma.getmaskarray(ours), np.ma.getmaskarray(theirs))
        assert_array_equal(ours.compressed(), theirs.compressed())
    elif isinstance(theirs, np.ndarray):
        assert_array_equal(ours, theirs)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for pair in zip(ours, theirs, strict=True):
            assert_equal(*pair)
    elif isinstance(theirs, BaseEstimator):
        assert repr(ours) == repr(theirs)
    else:
        assert ours == theirs


# -- the textbook ------------------------------------------------------------------


@in_a_grid_search
def keywords(Search):
    search = Search(estimator=SVC(), param_grid={"C": [0.1, 1, 10]}, cv=3)
    search.fit(X, y)
    return search.best_params_, search.best_score_, search.best_index_


@in_a_grid_search
def held_out_score_and_report(Search):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    grid = {"C": [0.001, 0.01, 0.1, 1, 10, 100], "gamma": [0.001, 0.01, 0.1, 1]}
    search = Search(SVC(), grid, cv=5, return_train_score=True).fit(X_train, y_train)
    predicted = search.predict(X_test)
    return (
        search.score(X_test, y_test),
        search.best_estimator_,
        confusion_matrix(y_test, predicted),
        search.classes_,
    )


@in_a_grid_search
def kernels_as_a_list_of_dicts(Search):
    grid = [
        {"kernel": ["rbf"], "C": [0.001, 0.1, 10], "gamma": [0.001, 0.1, 10]},
        {"kernel": ["linear"], "C": [0.001, 0.1, 10]},
    ]
    search = Search(SVC(), grid, cv=3).fit(X, y)
    return (
        pd.DataFrame(search.cv_results_)
        .filter(regex="param|test")
        .map(str)[
            ["param_C", "param_gamma", "param_kernel", "mean_test_score", "params"]
        ]
    )


@in_a_grid_search
def all_columns_of_the_results(Search):
    search = Search(
        SVC(), {"kernel": ["rbf", "poly"], "C": [1, 10]}, cv=3, return_train_score=True
    ).fit(X, y)
    results = pd.DataFrame(search.cv_results_).drop(
        columns="estimator_name", errors="ignore"
    )
    return list(results.columns), results[results.columns[4:]]


@in_a_grid_search
def means_and_deviations_are_printed(Search):
    search = Search(SVC(), {"kernel": ["rbf"], "gamma": [1e-3, 1e-4], "C": [1, 10]})
    search.fit(X, y)
    means = search.cv_results_["mean_test_score"]
    stds = search.cv_results_["std_test_score"]
    lines = []
    for mean, std, params in zip(
        means, stds, search.cv_results_["params"], strict=True
    ):
        lines.append(f"{mean:0.3f} (+/-{std * 2:0.03f}) for {params!r}")
    return lines


# -- pictures ------------------------------------------------------------------------


@in_a_grid_search
def heatmap_by_reshape(Search):
    C, gamma = np.logspace(-2, 3, 6), np.logspace(-4, 0, 5)
    search = Search(SVC(), {"gamma": gamma, "C": C}, cv=3).fit(X, y)
    return search.cv_results_["mean_test_score"].reshape(len(C), len(gamma))


@in_a_grid_search
def heatmap_by_pivot(Search):
    search = Search(SVC(), {"C": [0.1, 1, 10], "gamma": [0.1, 1]}, cv=3).fit(X, y)
    results = pd.DataFrame(search.cv_results_)
    return results.pivot(
        index="param_gamma", columns="param_C", values="mean_test_score"
    ).astype(float)


@in_a_grid_search
def line_over_a_parameter(Search):
    search = Search(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": range(1, 6)},
        scoring={"AUC": "roc_auc_ovr", "Accuracy": make_scorer(accuracy_score)},
        refit="AUC",
        return_train_score=True,
    ).fit(X, y)
    results = search.cv_results_
    depths = np.array(results["param_max_depth"].data, dtype=float)
    best = np.nonzero(results["rank_test_AUC"] == 1)[0][0]
    return (
        depths,
        results["mean_train_Accuracy"],
        results["mean_test_AUC"],
        results["std_test_AUC"],
        best,
        results["mean_test_AUC"][best],
    )


@in_a_grid_search
def labels_of_bars(Search):
    search = Search(SVC(), {"kernel": ["poly"], "degree": [2, 3], "C": [1, 10]}, cv=3)
    search.fit(X, y)
    results = pd.DataFrame(search.cv_results_).sort_values(by=["rank_test_score"])
    results = results.set_index(
        results["params"].apply(lambda x: "_".join(str(val) for val in x.values()))
    ).rename_axis("kernel")
    return results[["params", "rank_test_score", "mean_test_score"]]


@in_a_grid_search
def reducers_side_by_side(Search):
    pipe = Pipeline(
        [
            ("scaling", StandardScaler(with_mean=False)),
            ("reduce_dim", "passthrough"),
            ("classify", SVC(kernel="linear")),
        ]
    )
    counts, costs = [1, 2], [1, 10, 100]
    grid = [
        {
            "reduce_dim": [PCA(), TruncatedSVD()],
            "reduce_dim__n_components": counts,
            "classify__C": costs,
        },
        {
            "reduce_dim": [SelectKBest(f_classif)],
            "reduce_dim__k": counts,
            "classify__C": costs,
        },
    ]
    search = Search(pipe, n_jobs=1, param_grid=grid, cv=3).fit(X, y)
    scores = np.array(search.cv_results_["mean_test_score"])
    scores = scores.reshape(len(costs), -1, len(counts)).max(axis=0)
    return scores, search.best_params_


@in_a_grid_search
def scores_of_each_split(Search):
    search = Search(
        SVC(),
        {"kernel": ["linear", "rbf"], "C": [1.0]},
        cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    ).fit(X, y)
    results = pd.DataFrame(search.cv_results_).sort_values(by="rank_test_score")
    return results.filter(regex=r"split\d*_test_score").corr()


# -- ties and copies -----------------------------------------------------------------


@in_a_grid_search
def first_of_equal_candidates_wins(Search):
    grid = {"C": [100, 10, 1], "kernel": ["linear", "rbf"]}
    search = Search(SVC(), grid, cv=3, scoring=lambda *_: 0.5).fit(X, y)
    return search.best_params_, search.best_index_, search.cv_results_["params"]


@in_a_grid_search
def a_value_is_written_twice(Search):
    search = Search(SVC(), {"C": [1, 1, 10], "degree": [2, 3]}, cv=3).fit(X, y)
    return (
        search.cv_results_["params"],
        search.cv_results_["mean_test_score"],
        search.cv_results_["rank_test_score"],
    )


@in_a_grid_search
def dicts_overlap(Search):
    grid = [{"C": [1, 10]}, {"C": [10, 100], "gamma": ["scale"]}, {"C": [10]}]
    search = Search(SVC(), grid, cv=3).fit(X, y)
    return search.cv_results_["params"], search.cv_results_["mean_test_score"]


@in_a_grid_search
def a_grid_is_written_out(Search):
    grid = [{"C": [C], "gamma": [0.1 / C]} for C in np.logspace(-2, 2, 9)]
    search = Search(SVC(), grid, cv=3).fit(X, y)
    return search.cv_results_["params"], search.cv_results_["mean_test_score"]


@in_a_grid_search
def rows_are_those_of_parameter_grid(Search):
    grid = {"p": [1, 2], "n_neighbors": np.arange(1, 8, 2), "weights": ["uniform"]}
    search = Search(KNeighborsClassifier(), grid, cv=3).fit(X, y)
    return search.cv_results_["params"] == list(ParameterGrid(grid))


# -- a search inside of something, and something inside of a search ------------------


@in_a_grid_search
def nested_cross_validation(Search):
    inner = KFold(n_splits=3, shuffle=True, random_state=1)
    outer = KFold(n_splits=3, shuffle=True, random_state=1)
    search = Search(
        estimator=SVC(), param_grid={"C": [1, 10], "gamma": [0.1]}, cv=inner
    )
    return cross_val_score(search, X=X, y=y, cv=outer)


@in_a_grid_search
def parameters_of_each_outer_fold(Search):
    search = Search(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1, 10]})
    found = cross_validate(search, X, y, cv=3, return_estimator=True)
    return [each.best_params_ for each in found["estimator"]], found["test_score"]


@in_a_grid_search
def validation_curve_of_a_search(Search):
    search = Search(SVC(), {"gamma": [0.01, 0.1]}, cv=3)
    return validation_curve(
        search, X, y, param_name="estimator__C", param_range=[0.1, 1, 10], cv=3
    )


@in_a_grid_search
def learning_curve_of_a_search(Search):
    search = Search(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=3)
    sizes = np.linspace(0.3, 1.0, 3)
    return learning_curve(search, X_numbers, y_numbers, train_sizes=sizes, cv=3)


@in_a_grid_search
def parameters_of_the_inner_estimator(Search):
    search = Search(SVC(), {"gamma": [0.01, 0.1]}, cv=3).set_params(estimator__C=3)
    again = clone(search)
    return (
        again.estimator.C,
        again.get_params()["estimator__C"],
        again.param_grid,
        again.fit(X, y).best_estimator_,
    )


@in_a_grid_search
def a_search_as_the_last_step(Search):
    pipe = make_pipeline(
        StandardScaler(), Search(LogisticRegression(), {"C": [0.1, 1]}, cv=3)
    ).fit(X, y)
    return pipe[-1].best_params_, pipe.score(X, y)


@in_a_grid_search
def searches_that_vote(Search):
    voting = VotingClassifier(
        [
            ("svc", Search(SVC(), {"C": [1, 10]}, cv=3)),
            (
                "tree",
                Search(DecisionTreeClassifier(random_state=0), {"max_depth": [2]}),
            ),
        ]
    ).fit(X, y)
    return voting.predict(X)


@in_a_grid_search
def an_estimator_of_the_estimator(Search):
    bagging = BaggingClassifier(SVC(), n_estimators=3, random_state=0)
    search = Search(bagging, {"estimator__C": [0.01, 1], "max_samples": [0.5]}, cv=3)
    search.fit(X, y)
    return search.best_params_, search.cv_results_["mean_test_score"]


@in_a_grid_search
def a_search_within_a_search(Search):
    inner = Search(SVC(), {"C": [1, 10]}, cv=3)
    outer = Search(inner, {"estimator__kernel": ["linear", "rbf"]}, cv=3).fit(X, y)
    return outer.best_params_, outer.best_estimator_.best_params_


@in_a_grid_search
def predictions_for_a_plot(Search):
    search = Search(SVC(), {"C": [1, 10]}, cv=3)
    return cross_val_predict(search, X, y, cv=3, method="decision_function")


# -- Pipelines ---------------------------------------------------------------------


@in_a_grid_search
def text(Search):
    pipe = Pipeline(
        [
            ("vect", CountVectorizer()),
            ("tfidf", TfidfTransformer()),
            ("clf", SGDClassifier(random_state=0)),
        ]
    )
    grid = {
        "vect__ngram_range": ((1, 1), (1, 2)),
        "tfidf__norm": ("l1", "l2"),
        "clf__alpha": (1e-2, 1e-3, 1e-4),
    }
    search = Search(pipe, grid, cv=3).fit(TEXTS, LIKED)
    best = search.best_estimator_.get_params()
    return {name: best[name] for name in sorted(grid)}, search.predict(["good plot"])


@in_a_grid_search
def mixed_columns(Search):
    numeric = Pipeline([("imputer", SimpleImputer()), ("scaler", StandardScaler())])
    preprocessor = ColumnTransformer(
        [
            ("num", numeric, make_column_selector(dtype_include=np.number)),
            ("cat", OneHotEncoder(handle_unknown="ignore"), ["sex"]),
        ]
    )
    pipe = Pipeline([("prep", preprocessor), ("clf", LogisticRegression())])
    grid = {
        "prep__num__imputer__strategy": ["mean", "median"],
        "clf__C": [0.1, 1.0, 10],
    }
    search = Search(pipe, grid, cv=3).fit(PASSENGERS, SURVIVED)
    columns = [f"param_{name}" for name in grid] + ["mean_test_score"]
    return pd.DataFrame(search.cv_results_)[columns], search.feature_names_in_


@in_a_grid_search
def classifiers_as_a_step(Search):
    pipe = Pipeline([("preprocessing", StandardScaler()), ("classifier", SVC())])
    grid = [
        {
            "classifier": [SVC()],
            "preprocessing": [StandardScaler(), None],
            "classifier__gamma": [0.01, 0.1],
            "classifier__C": [0.1, 1],
        },
        {
            "classifier": [RandomForestClassifier(n_estimators=5, random_state=0)],
            "preprocessing": [None],
            "classifier__max_features": [1, 2],
        },
    ]
    search = Search(pipe, grid, cv=3).fit(X, y)
    return search.best_params_, search.cv_results_["mean_test_score"]


@in_a_grid_search
def degree_of_polynomials(Search):
    pipe = make_pipeline(PolynomialFeatures(), Ridge())
    grid = {
        "polynomialfeatures__degree": [1, 2, 3],
        "ridge__alpha": [0.001, 0.01, 0.1, 1, 10],
    }
    search = Search(pipe, param_grid=grid, cv=3, n_jobs=1).fit(X_numbers, y_numbers)
    image = search.cv_results_["mean_test_score"].reshape(3, -1)
    return image, search.best_estimator_.named_steps["ridge"].coef_


# -- scoring and refitting -----------------------------------------------------------


@in_a_grid_search
def a_callable_refit(Search):
    def lower_bound(results):
        best = np.argmax(results["mean_test_score"])
        return results["mean_test_score"][best] - results["std_test_score"][best]

    def simplest(results):
        candidates = np.flatnonzero(results["mean_test_score"] >= lower_bound(results))
        counts = results["param_reduce_dim__n_components"]
        return candidates[counts[candidates].argmin()]

    pipe = Pipeline([("reduce_dim", PCA(random_state=0)), ("clf", GaussianNB())])
    search = Search(pipe, {"reduce_dim__n_components": [4, 3, 2, 1]}, refit=simplest)
    search.fit(X, y)
    return search.best_index_, search.best_params_, search.score(X, y)


@in_a_grid_search
def several_metrics(Search):
    scoring = {
        "f2": make_scorer(fbeta_score, beta=2, average="macro"),
        "acc": "accuracy",
    }
    search = Search(KNeighborsClassifier(), {"n_neighbors": [1, 5]}, scoring=scoring)
    search.set_params(refit="f2").fit(X, y)
    results = pd.DataFrame(search.cv_results_).filter(regex="mean_test|rank")
    return results, search.score(X, y), sorted(search.scorer_)


@in_a_grid_search
def a_loss_without_refit(Search):
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    search = Search(
        Lasso(), {"alpha": np.logspace(-2, 1, 10)}, scoring=scorer, cv=5, refit=False
    ).fit(X_numbers, y_numbers)
    rmse = np.sqrt(-search.cv_results_["mean_test_score"])
    return rmse, hasattr(search, "best_estimator_"), search.best_params_


@in_a_grid_search
def some_candidates_fail(Search):
    search = Search(LogisticRegression(), {"C": [-1.0, 1.0], "max_iter": [200]}, cv=3)
    with pytest.warns((FitFailedWarning, UserWarning)):
        search.fit(X, y)
    return (
        search.cv_results_["mean_test_score"],
        search.cv_results_["rank_test_score"],
        search.best_params_,
    )


# -- splits and data -----------------------------------------------------------------


@in_a_grid_search
def groups(Search):
    search = Search(SVC(), {"C": [1, 10]}, cv=GroupKFold(3))
    search.fit(X, y, groups=np.arange(len(y)) % 10)
    return search.cv_results_["split2_test_score"]


@in_a_grid_search
def time_series(Search):
    search = Search(
        DecisionTreeRegressor(random_state=0),
        {"max_depth": [None, 2, 4]},
        cv=TimeSeriesSplit(n_splits=3),
        scoring="neg_root_mean_squared_error",
    ).fit(X_numbers, y_numbers)
    return search.best_params_, search.best_score_


@in_a_grid_search
def a_predefined_split(Search):
    fold = np.where(np.arange(len(y)) % 4 == 0, 0, -1)
    search = Search(SVC(), {"C": [0.1, 1, 10]}, cv=PredefinedSplit(fold)).fit(X, y)
    return search.n_splits_, search.cv_results_["std_test_score"]


@in_a_grid_search
def no_split_at_all(Search):
    everything = np.arange(len(y))
    search = Search(SVC(), {"C": [0.1, 1, 10]}, cv=[(everything, everything)])
    return search.fit(X, y).cv_results_["mean_test_score"]


@in_a_grid_search
def masks_as_splits(Search):
    first = np.arange(len(y)) % 2 == 0
    search = Search(SVC(), {"C": [0.1, 1]}, cv=[(first, ~first), (~first, first)])
    return search.fit(X, y).cv_results_["split1_test_score"]


@in_a_grid_search
def frames(Search):
    search = Search(
        RandomForestClassifier(n_estimators=5, random_state=0),
        {"max_features": ["sqrt", None], "max_depth": [2, None]},
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
    ).fit(X_frame, y_series)
    importances = pd.Series(
        search.best_estimator_.feature_importances_, search.feature_names_in_
    )
    return importances, search.n_features_in_


@in_a_grid_search
def weights(Search):
    search = Search(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, cv=3)
    search.fit(X, y, sample_weight=np.linspace(0.1, 1, len(y)))
    return search.best_estimator_.coef_


@in_a_grid_search
def without_a_target(Search):
    search = Search(KernelDensity(), {"bandwidth": np.logspace(-1, 1, 9)}).fit(X)
    clusters = Search(
        KMeans(n_init=1, random_state=0), {"n_clusters": range(2, 5)}, cv=3
    ).fit(X)
    return search.best_estimator_.bandwidth, clusters.predict(X)


@in_a_grid_search
def several_jobs_and_a_pickle(Search):
    grid = {"alpha": [0.01, 0.1, 1.0], "fit_prior": [True, False]}
    search = Search(MultinomialNB(), grid, cv=3, n_jobs=2, verbose=0).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    return again.predict(X), again.cv_results_["params"], again.best_index_


# -- estimators of other libraries ---------------------------------------------------


class Net(ClassifierMixin, BaseEstimator):
    """Takes parameters of its module by prefix, as skorch's nets do."""

    def __init__(self, module=None, lr=0.01, **kwargs):
        self.module = module
        self.lr = lr
        vars(self).update(kwargs)

    def get_params(self, deep=True):
        return {"module": self.module, "lr": self.lr} | self._of_module()

    def set_params(self, **params):
        for name in params:
            if name not in ("module", "lr") and not name.startswith("module__"):
                raise ValueError(f"unexpected parameter {name!r}")
        vars(self).update(params)
        return self

    def _of_module(self):
        return {k: v for k, v in vars(self).items() if k.startswith("module__")}

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        hidden = getattr(self, "module__hidden", 10)
        return self.classes_[(X[:, 0] * self.lr * hidden).astype(int) % 3]


@in_a_grid_search
def a_net(Search):
    grid = {"module__hidden": [10, 20, 30], "lr": [0.01, 0.02]}
    search = Search(make_pipeline(StandardScaler(), Net()), prefixed("net__", grid))
    search.fit(X, y)
    return search.best_params_, search.cv_results_["mean_test_score"]


@in_a_grid_search
def lightgbm(Search):
    from lightgbm import LGBMClassifier

    estimator = LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1, random_state=0)
    grid = {"num_leaves": [4, 16], "feature_fraction": [0.5, 1.0], "max_bin": [15]}
    search = Search(estimator, grid, cv=3).fit(X, y)
    return search.best_params_, search.cv_results_["mean_test_score"]


@in_a_grid_search
def xgboost(Search):
    from xgboost import XGBClassifier

    estimator = XGBClassifier(n_estimators=5, n_jobs=1, random_state=0)
    grid = {"eta": [0.1, 0.3], "max_depth": [2, 4], "subsample": [0.5, 1.0]}
    search = Search(estimator, grid, cv=3, scoring="neg_log_loss").fit(X, y)
    return search.best_params_, search.cv_results_["mean_test_score"]


def prefixed(prefix, grid):
    return {prefix + name: values for name, values in grid.items()}


# -- randomized searches -------------------------------------------------------------


@in_a_randomized_search
def distributions_by_keyword(Search):
    search = Search(
        estimator=LogisticRegression(max_iter=2000),
        param_distributions={"C": uniform(loc=0.1, scale=4), "class_weight": [None]},
        n_iter=6,
        random_state=0,
        cv=3,
    ).fit(X, y)
    results = search.cv_results_
    assert 0.1 <= search.best_params_["C"] <= 4.1
    return (
        len(results["params"]),
        [key for key in results if key != "estimator_name"],
        sorted(search.best_params_),
    )


@in_a_randomized_search
def report_of_the_top(Search):
    def report(results, n_top=3):
        ranks = []
        for i in range(1, n_top + 1):
            for candidate in np.flatnonzero(results["rank_test_score"] == i):
                assert results["mean_test_score"][candidate] > 0.3
                assert results["params"][candidate]["alpha"] > 0
                ranks.append(i)
        return ranks[0]

    clf = SGDClassifier(loss="hinge", penalty="elasticnet", random_state=0)
    search = Search(
        clf,
        param_distributions={
            "average": [True, False],
            "l1_ratio": uniform(0, 1),
            "alpha": loguniform(1e-2, 1e0),
        },
        n_iter=8,
        random_state=0,
    ).fit(X, y)
    return report(search.cv_results_)


@in_a_randomized_search
def distributions_in_a_list(Search):
    search = Search(
        SVC(),
        [
            {"kernel": ["rbf"], "C": loguniform(0.1, 10), "gamma": loguniform(0.01, 1)},
            {"kernel": ["poly"], "degree": randint(2, 4)},
        ],
        n_iter=7,
        cv=3,
        random_state=0,
    ).fit(X, y)
    kernels = {params["kernel"] for params in search.cv_results_["params"]}
    return kernels, len(search.cv_results_["mean_test_score"])


@in_a_randomized_search
def as_many_as_there_are(Search):
    search = Search(
        SVC(), {"C": [1, 10], "kernel": ["rbf", "linear"]}, n_iter=4, random_state=1
    ).fit(X, y)
    results = pd.DataFrame(search.cv_results_).sort_values(["param_C", "param_kernel"])
    return results["mean_test_score"].to_numpy(), search.best_score_


@in_a_randomized_search
def something_with_rvs(Search):
    class LogUniform:
        def rvs(self, random_state=None):
            return 10 ** random_state.uniform(-2, 2)

    search = Search(SVC(), {"C": LogUniform()}, n_iter=5, cv=3, random_state=0)
    drawn = search.fit(X, y).cv_results_["param_C"]
    return len(set(drawn)), bool(np.all((drawn >= 0.01) & (drawn <= 100)))


@pytest.mark.parametrize("name", OF_GRID_SEARCH)
def test_a_usage_of_grid_search_gives_the_same(name):
    function = OF_GRID_SEARCH[name]
    assert_equal(function(BTBSearchCV), function(GridSearchCV))


@pytest.mark.parametrize("name", OF_RANDOMIZED_SEARCH)
def test_a_usage_of_randomized_search_gives_the_like(name):
    function = OF_RANDOMIZED_SEARCH[name]
    assert_equal(function(BTBSearchCV), function(RandomizedSearchCV))
