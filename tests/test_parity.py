"""`BTBSearchCV(estimator, grid)` behaves as `GridSearchCV(estimator, grid)` does.

Both search the same finite grid exhaustively, so that only the order of the rows may
differ. Every case compares what a user can see: methods and attributes before and
after `fit`, `cv_results_` cell by cell, the winner, warnings and errors.
"""

import numpy as np
import pandas as pd
import pytest
from parity import (
    CLASSIFIER,
    Case,
    FailingScorer,
    MinimalRegressor,
    MinimalTransformer,
    Sensitive,
    X,
    X_regression,
    Y_regression,
    assert_parity,
    both,
    fit,
    fitted_with,
    frame,
    groups,
    least_C,
    moods,
    of_classifier,
    of_data,
    recall_of_0,
    texts,
    two_metrics,
    weights,
    y,
)
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

ESTIMATORS = {
    "classifier": CLASSIFIER,
    "tree with None among the values": Case(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [None, 1, 3], "splitter": ["best", "random"]},
        (X, y),
    ),
    "regressor": Case(Ridge(), {"alpha": [0.1, 1, 10]}, (X_regression, Y_regression)),
    "regressor of several outputs": Case(
        MultiOutputRegressor(Ridge()),
        {"estimator__alpha": [0.1, 50.0], "estimator__fit_intercept": [True, False]},
        (X_regression, Y_regression),
    ),
    "classifier of several labels": Case(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 4]},
        (X, np.c_[y == 0, y == 1].astype(int)),
    ),
    "Pipeline, union of grids": Case(
        Pipeline([("scale", StandardScaler()), ("svc", SVC())]),
        [
            {"svc__kernel": ["rbf"], "svc__C": [0.1, 10], "svc__gamma": [0.01, 0.3]},
            {"svc__kernel": ["poly"], "svc__degree": [2, 3]},
        ],
        (X, y),
    ),
    "ColumnTransformer": Case(
        make_pipeline(
            ColumnTransformer(
                [
                    ("n", StandardScaler(), ["a", "b"]),
                    ("l", OneHotEncoder(), ["letter"]),
                ]
            ),
            LogisticRegression(),
        ),
        {
            "columntransformer__n__with_mean": [True, False],
            "logisticregression__C": [0.01, 1],
        },
        (frame, pd.Series(y)),
    ),
    "estimators as values": Case(
        Pipeline([("clf", DummyClassifier())]),
        [
            {
                "clf": [DummyClassifier()],
                "clf__strategy": ["prior", "stratified"],
                "clf__random_state": [0],
            },
            {
                "clf": [LinearSVC(dual=False), LogisticRegression()],
                "clf__C": [0.1, 1.0],
            },
        ],
        (X, y),
    ),
    "outlier detector": Case(
        LocalOutlierFactor(novelty=True),
        {"n_neighbors": [3, 10], "contamination": [0.1, 0.4]},
        (X, np.where(y == 0, -1, 1)),
        {"scoring": "f1"},
    ),
    "clusterer": Case(
        KMeans(random_state=0, n_init=1), {"n_clusters": [2, 3, 5]}, (X,)
    ),
    "transformer": Case(PCA(), {"n_components": [1, 2, 3]}, (X,)),
    "density": Case(KernelDensity(), {"bandwidth": [0.5, 1.0, 3.0]}, (X,)),
    "text": Case(
        make_pipeline(TfidfVectorizer(), MultinomialNB()),
        {
            "tfidfvectorizer__ngram_range": [(1, 1), (1, 2)],
            "multinomialnb__alpha": [0.1, 5],
        },
        (texts, moods),
    ),
    "precomputed kernel": Case(
        SVC(kernel="precomputed"), {"C": [0.01, 0.1, 1.0]}, (X @ X.T, y)
    ),
    "minimal estimators": Case(
        Pipeline([("shift", MinimalTransformer()), ("mean", MinimalRegressor())]),
        {"shift__shift": [1, 2], "mean__shift": [0, 5]},
        (X_regression, Y_regression[:, 0]),
    ),
    "nothing to tune": Case(LogisticRegression(), {}, (X, y)),
}


@pytest.mark.parametrize("case", ESTIMATORS.values(), ids=ESTIMATORS)
def test_estimators(case):
    assert_parity(lambda: case)


# made anew for each search: some can be used only once
SETTINGS = {
    "scoring: name": of_classifier(scoring="neg_log_loss"),
    "scoring: scorer": of_classifier(
        scoring=make_scorer(accuracy_score, normalize=False)
    ),
    "scoring: function": of_classifier(scoring=recall_of_0),
    "scoring: list": of_classifier(scoring=["accuracy", "f1_macro"], refit="f1_macro"),
    "scoring: tuple": of_classifier(scoring=("accuracy",), refit="accuracy"),
    "scoring: dict": of_classifier(
        scoring={"a": "accuracy", "b": recall_of_0}, refit="b"
    ),
    "scoring: function of many": of_classifier(scoring=two_metrics, refit="hits"),
    "refit: False": of_classifier(refit=False),
    "refit: False, many metrics": of_classifier(
        scoring=["accuracy", "f1_macro"], refit=False
    ),
    "refit: name, one metric": of_classifier(scoring="accuracy", refit="accuracy"),
    "refit: function": of_classifier(refit=least_C),
    "refit: function, many metrics": of_classifier(scoring=two_metrics, refit=least_C),
    "return_train_score": of_classifier(return_train_score=True),
    "return_train_score, many metrics": of_classifier(
        return_train_score=True, scoring=["accuracy", "f1_macro"], refit="accuracy"
    ),
    "error_score": of_classifier(error_score=0),
    "error_score: raise": of_classifier(error_score="raise"),
    "cv: None": of_classifier(cv=None),
    "cv: splitter": of_classifier(cv=KFold(4)),
    "cv: shuffled without a seed": of_classifier(cv=StratifiedKFold(3, shuffle=True)),
    "cv: random splits": of_classifier(cv=ShuffleSplit(4, test_size=0.3)),
    "cv: list": of_classifier(cv=list(KFold(2).split(X))),
    "cv: generator": lambda: of_classifier(cv=KFold(3).split(X))(),
    "cv: GroupKFold": lambda: Case(
        *(CLASSIFIER.estimator, CLASSIFIER.grid, (X, y), {"cv": GroupKFold(2)}),
        {"groups": groups},
    ),
    "cv: LeaveOneGroupOut": lambda: Case(
        *(CLASSIFIER.estimator, CLASSIFIER.grid, (X, y), {"cv": LeaveOneGroupOut()}),
        {"groups": list(groups)},
    ),
    "sample_weight": fitted_with(sample_weight=weights),
    "sample_weight: None": fitted_with(sample_weight=None),
    "sample_weight, scoring: name": fitted_with(
        "accuracy", sample_weight=list(weights)
    ),
    "sample_weight, scoring: function without it": fitted_with(
        recall_of_0, sample_weight=weights
    ),
    "sample_weight, scoring: list": fitted_with(
        ["accuracy", "f1_macro"], sample_weight=weights
    ),
    "sample_weight, scoring: one without it": fitted_with(
        {"accuracy": "accuracy", "hinge": make_scorer(lambda y, p: np.mean(y != p))},
        sample_weight=weights,
    ),
    "fit parameters": lambda: Case(
        *(Sensitive(), {"shift": [-1.0, 0.0, 1.0]}, (X, y), {}),
        {"scalar": 3, "array": weights, "function": len},
    ),
    "lists": of_data(X.tolist(), y.tolist(), Sensitive(), shift=[-1.0, 0.0]),
    "strings as classes": of_data(X, np.array(["no", "yes", "maybe"])[y]),
    "sparse matrix": of_data(sparse.coo_matrix(X), y),
    "sparse array": of_data(sparse.csr_array(X), y),
    "many dimensions": of_data(
        X.reshape(90, 3, 2, 1), y, Sensitive(), shift=[-1.0, 0.0]
    ),
    "many dimensions of y": of_data(
        X, np.ones((90, 2, 3)), KernelDensity(), bandwidth=[0.5, 2.0]
    ),
    "pandas": of_data(frame[["a", "b"]], pd.Series(y, index=range(5, 95))),
    "n_jobs: 2": of_classifier(n_jobs=2),
    "pre_dispatch": of_classifier(pre_dispatch=1),
}


@pytest.mark.parametrize("make_case", SETTINGS.values(), ids=SETTINGS)
def test_settings(make_case):
    assert_parity(make_case)


def test_polars():
    polars = pytest.importorskip("polars")
    data = polars.DataFrame(frame[["a", "b"]].to_dict("list")), polars.Series(y)
    assert_parity(lambda: Case(CLASSIFIER.estimator, CLASSIFIER.grid, data))


FAILING = {
    "fits": ({"shift": [-1.0, 1.0], "fail": [False, True]}, {}),
    "fits, error_score": ({"fail": [True, False]}, {"error_score": -7.0}),
    "fits, train scores": ({"fail": [True, False]}, {"return_train_score": True}),
    "fits, list of metrics": (
        {"fail": [True, False]},
        {"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro"},
    ),
    "fits, function of many metrics": (
        {"fail": [True, False]},
        {"scoring": two_metrics, "refit": False, "error_score": 0.1},
    ),
}


@pytest.mark.parametrize(("grid", "settings"), FAILING.values(), ids=FAILING)
def test_failed_fits(grid, settings):
    case = Case(Sensitive(), grid, (X, y), settings)
    assert_parity(lambda: case)
    ours, theirs = both(case)
    warned, reference = fit(ours, case), fit(theirs, case)
    of_fits = [str(w.message) for w in warned if w.category is FitFailedWarning]
    assert len(of_fits) == 1
    for fact in (
        "fits failed out of a total of",
        "ZeroDivisionError: fails on request",
    ):
        assert fact in of_fits[0]
        assert fact in str(reference[0].message)
    assert of_fits[0].split(".")[0] == str(reference[0].message).split(".")[0]


@pytest.mark.parametrize(
    "instead", [None, np.nan, np.inf], ids=["raises", "nan", "inf"]
)
@pytest.mark.parametrize("train", [False, True], ids=["test", "train"])
def test_failed_scores(instead, train):
    settings = {"return_train_score": train, "cv": 4 + train}

    def make_case():
        return Case(
            *(LogisticRegression(), {"C": [1.0]}, (X, y)),
            settings | {"scoring": FailingScorer(instead)},
        )

    assert_parity(make_case)
