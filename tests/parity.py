"""`BTBSearchCV(estimator, grid)` beside `GridSearchCV(estimator, grid)`.

Both search the same finite grid exhaustively, so that only the order of the rows may
differ. `assert_parity` compares what a user can see of the two.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    clone,
    is_classifier,
    is_clusterer,
    is_outlier_detector,
    is_regressor,
)
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils import Tags, TargetTags, get_tags

from sklearn_btb import BTBSearchCV

METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
    "inverse_transform",
)
ATTRIBUTES = (
    "best_estimator_",
    "best_index_",
    "best_params_",
    "best_score_",
    "classes_",
    "cv_results_",
    "feature_names_in_",
    "multimetric_",
    "n_features_in_",
    "n_splits_",
    "refit_time_",
    "scorer_",
)
OWN_ATTRIBUTES = {"best_estimator_name_", "stop_reason_", "trials_"}

X, y = make_classification(
    90, 6, n_informative=3, n_classes=3, flip_y=0.2, random_state=0
)
X_regression, Y_regression = make_regression(
    60, 5, n_targets=2, noise=60.0, random_state=0
)
weights = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
groups = np.arange(len(y)) % 4
frame = pd.DataFrame(X, columns=list("abcdef")).assign(
    letter=pd.Series(["x", "y", "z"] * 30)
)
texts = np.array(["good day", "bad day", "good old day", "no day", "bad no"] * 8)
moods = np.array([1, 0, 1, 0, 0] * 7 + [0, 1, 0, 1, 1])


class Minimal:
    """As little as scikit-learn's searches need: no base class, no tags of its own."""

    def __init__(self, shift=0):
        self.shift = shift

    def get_params(self, deep=True):
        return {"shift": self.shift}

    def set_params(self, **params):
        for name, value in params.items():
            setattr(self, name, value)
        return self


class MinimalTransformer(Minimal):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X + self.shift

    def fit_transform(self, X, y=None):
        return self.transform(X)


class MinimalRegressor(Minimal):
    def __sklearn_tags__(self):
        return Tags(estimator_type="regressor", target_tags=TargetTags(required=True))

    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_ + self.shift)

    def score(self, X, y):
        return -np.mean((y - self.predict(X)) ** 2)


class Sensitive(ClassifierMixin, BaseEstimator):
    """Fails on request, and checks what its `fit` is told."""

    def __init__(self, shift=0.0, fail=False):
        self.shift = shift
        self.fail = fail

    def fit(self, X, y, scalar=None, array=None, function=None):
        if self.fail:
            raise ZeroDivisionError("fails on request")
        self.classes_ = np.unique(y)
        self.told_ = (scalar, None if array is None else len(array) - len(X), function)
        return self

    def predict(self, X):
        column = np.asarray(X).reshape(len(X), -1)[:, 0]
        return self.classes_[(column > self.shift).astype(int)]


class FailingScorer:
    """Raises, or returns `instead`, on one third of the calls."""

    def __init__(self, instead=None):
        self.instead = instead
        self.calls = 0

    def __call__(self, estimator, X, y):
        self.calls += 1
        if self.calls % 3:
            return estimator.score(X, y)
        if self.instead is None:
            raise KeyError("cannot score")
        return self.instead


@dataclass
class Case:
    estimator: Any
    grid: Any
    data: tuple
    settings: dict = field(default_factory=dict)
    fit_params: dict = field(default_factory=dict)


CLASSIFIER = Case(LogisticRegression(), {"C": [1e-3, 0.1, 10.0]}, (X, y))


def recall_of_0(estimator, X, y):
    return np.mean(estimator.predict(X)[np.asarray(y) == 0] == 0)


def two_metrics(estimator, X, y):
    hit = estimator.predict(X) == np.asarray(y)
    return {"hits": hit.sum(), "first": float(hit[0])}


def least_C(results):
    return int(np.argmin(results["param_C"]))


def of_classifier(**settings):
    return lambda: Case(CLASSIFIER.estimator, CLASSIFIER.grid, (X, y), settings)


def of_data(X, y, estimator=CLASSIFIER.estimator, **grid):
    return lambda: Case(estimator, grid or CLASSIFIER.grid, (X, y))


def fitted_with(scoring=None, **fit_params):
    settings = {
        "scoring": scoring,
        "refit": "accuracy" if isinstance(scoring, list | dict) else True,
    }
    return lambda: Case(
        LogisticRegression(), CLASSIFIER.grid, (X, y), settings, fit_params
    )


def both(case):
    """Return our search and scikit-learn's of the same grid, not fitted."""
    settings = {"cv": 3} | case.settings
    ours = BTBSearchCV(
        case.estimator, case.grid, n_iter=1000, random_state=0, **settings
    )
    return ours, GridSearchCV(case.estimator, case.grid, **settings)


def fit(search, case):
    """Fit, and return what was warned about."""
    np.random.seed(0)  # noqa: NPY002 - what splitters without a seed draw from
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(*case.data, **case.fit_params)
    return caught


def public(search):
    return {name for name in vars(search) if name.endswith("_") and name[0] != "_"}


def assert_same_interface(ours, theirs):
    names = METHODS + ATTRIBUTES
    assert [hasattr(ours, name) for name in names] == [
        hasattr(theirs, name) for name in names
    ]
    for kind in (is_classifier, is_regressor, is_outlier_detector, is_clusterer):
        assert kind(ours) == kind(theirs)
    for part in ("input_tags", "classifier_tags", "regressor_tags"):
        assert getattr(get_tags(ours), part) == getattr(get_tags(theirs), part)


def assert_same_results(ours, theirs):
    """Compare `cv_results_`, whose rows may come in another order."""
    assert set(ours) - {"estimator_name"} == set(theirs)
    assert len(ours["params"]) == len(theirs["params"])
    rows = [theirs["params"].index(params) for params in ours["params"]]
    assert sorted(rows) == list(range(len(rows)))
    for key, column in theirs.items():
        if key == "params":
            continue
        assert type(ours[key]) is type(column), key
        assert ours[key].dtype == column.dtype, key
        pair = ours[key], column[rows]
        if key.startswith("mean_") and key.endswith("_time"):
            assert_array_equal(*(times > 0 for times in pair), err_msg=key)
        elif not key.endswith("_time"):
            assert_array_equal(*map(np.ma.getmaskarray, pair), err_msg=key)
            assert_array_equal(*map(np.ma.compressed, pair), err_msg=key)


def assert_same_winner(ours, theirs, case):
    """Compare what follows from the best row; among equals each may have its own."""
    for name in ("multimetric_", "n_splits_"):
        assert getattr(ours, name) == getattr(theirs, name)
    if not hasattr(theirs, "best_index_"):
        return
    assert ours.best_params_ is ours.cv_results_["params"][ours.best_index_]
    metric = ours.refit if ours.multimetric_ else "score"
    if callable(ours.refit):
        assert ours.best_params_ == theirs.best_params_
    else:
        assert ours.cv_results_[f"rank_test_{metric}"][ours.best_index_] == 1
        assert_array_equal(ours.best_score_, theirs.best_score_)
    if theirs.refit:
        assert type(ours.refit_time_) is float
        theirs.best_estimator_ = refitted(case, ours.best_params_)
        assert_same_answers(ours, theirs, case.data)


def refitted(case, params):
    fit_params = {k: v for k, v in case.fit_params.items() if k != "groups"}
    estimator = clone(case.estimator).set_params(**clone(params, safe=False))
    return estimator.fit(*case.data, **fit_params)


@np.errstate(divide="ignore")  # of the logarithm of a probability
def assert_same_answers(ours, theirs, data):
    for method in METHODS:
        if hasattr(theirs, method):
            asked = theirs.transform(data[0]) if "inverse" in method else data[0]
            answers = [getattr(search, method)(asked) for search in (ours, theirs)]
            assert_array_equal(*answers, err_msg=method)
    for name in ("classes_", "n_features_in_", "feature_names_in_"):
        if hasattr(theirs, name):
            assert_array_equal(getattr(ours, name), getattr(theirs, name))
    if not (callable(ours.refit) and ours.multimetric_):
        assert ours.score(*data) == theirs.score(*data)


def assert_parity(make_case):
    case = make_case()
    ours, theirs = both(case)[0], both(make_case())[1]
    assert_same_interface(ours, theirs)
    ours_warned, theirs_warned = fit(ours, case), fit(theirs, case)
    categories = {w.category for w in theirs_warned} - {RuntimeWarning}  # of inf - inf
    assert {w.category for w in ours_warned} == categories
    assert len(ours_warned) <= len(theirs_warned)
    assert public(ours) - OWN_ATTRIBUTES == public(theirs)
    assert_same_interface(ours, theirs)
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    assert_same_winner(ours, theirs, case)
    return ours, theirs
