"""`BTBSearchCV` as an estimator among others: scikit-learn's checks, and inside others.

scikit-learn expects some of its checks to fail for its own searches. Those, and no
others, are expected to fail for `BTBSearchCV`.
"""

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_outlier_detector
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

from sklearn_btb import BTBSearchCV


def share_of_inliers(estimator, X, y=None):
    return (estimator.predict(X) == 1).mean()


SINGLE = {
    "classifier": (LogisticRegression(), {"C": [0.1, 1.0]}),
    "regressor": (Ridge(), {"alpha": [0.1, 1.0]}),
    "Pipeline": (
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
    ),
    "outlier detector": (
        LocalOutlierFactor(novelty=True),
        {"n_neighbors": [2, 3]},
        {"scoring": share_of_inliers},
    ),
    "transformer": (PCA(), {"whiten": [False, True]}),
}
SEVERAL = {
    "classifiers": (
        {"logreg": LogisticRegression(), "svc": SVC()},
        {"logreg": {"C": [0.1, 1.0]}, "svc": {}},
    ),
    "regressors": (
        {"lasso": Lasso(), "ridge": Ridge()},
        {"lasso": {"alpha": [1e-3, 1.0]}, "ridge": {"alpha": [0.1, 1.0]}},
    ),
}
# by what the search has from its estimator; scikit-learn's own searches fail likewise
EXPECTED_FAILURES = {
    "offset_": {"check_outliers_train": "`offset_` is not an attribute of searches"},
    "transform": dict.fromkeys(
        [
            "check_transformer_data_not_an_array",
            "check_transformer_general",
            "check_transformer_preserve_dtypes",
        ],
        "searches have no `fit_transform`",
    ),
}


def of_single(kind, search_class=BTBSearchCV, **settings):
    estimator, space, *scoring = SINGLE[kind]
    return search_class(estimator, space, cv=2, **dict(*scoring), **settings)


def of_several(kind):
    return BTBSearchCV(*SEVERAL[kind], cv=2, n_iter=3, random_state=0)


def expected_failures(search):
    if hasattr(search, "transform"):
        return EXPECTED_FAILURES["transform"]
    return EXPECTED_FAILURES["offset_"] if is_outlier_detector(search) else {}


CHECKS = parametrize_with_checks(
    [of_single(kind, n_iter=3, random_state=0) for kind in SINGLE]
    + [of_several(kind) for kind in SEVERAL],
    expected_failed_checks=expected_failures,
)


# some checks fit data that an estimator must refuse, and only some folds have it
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:Scoring failed")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
# a list instead of the generator of older scikit-learn, which pytest warns of
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", ["outlier detector", "transformer"])
def test_expected_failures_are_those_of_grid_search(kind):
    theirs = of_single(kind, GridSearchCV)
    compared = set()
    for ours, check in estimator_checks_generator(of_single(kind)):
        if (name := check.func.__name__) in expected_failures(ours):
            with pytest.raises(AttributeError):
                check(theirs)
            compared.add(name)
    assert compared == set(expected_failures(of_single(kind)))


X, y = make_classification(
    120, 6, n_informative=4, n_redundant=0, n_classes=3, flip_y=0.2, random_state=0
)


def search_of_two(**settings):
    return BTBSearchCV(
        {
            "logreg": make_pipeline(StandardScaler(), LogisticRegression()),
            "forest": RandomForestClassifier(5, random_state=0),
        },
        {
            "logreg": {"logisticregression__C": [0.01, 1.0]},
            "forest": {"max_depth": [1, 3, None]},
        },
        **{"n_iter": 4, "cv": 2, "random_state": 0} | settings,
    )


def test_as_the_last_step_of_a_pipeline():
    model = make_pipeline(StandardScaler(), search_of_two()).fit(X, y)
    search = search_of_two().fit(StandardScaler().fit_transform(X), y)
    assert_array_equal(model.predict_proba(X), search.predict_proba(scale(X)))
    assert model.score(X, y) == search.score(scale(X), y)
    assert_array_equal(model.classes_, search.classes_)


def test_as_a_transformer_in_a_pipeline():
    search = BTBSearchCV(PCA(), {"n_components": [1, 2, 4]}, cv=2)
    model = make_pipeline(search, LogisticRegression()).fit(X, y)
    assert model[0].best_params_ == clone(search).fit(X).best_params_
    assert model[1].n_features_in_ == model[0].best_params_["n_components"]


def test_nested_cross_validation():
    result = cross_validate(search_of_two(), X, y, cv=3, return_estimator=True)
    for (train, test), search, score in zip(
        StratifiedKFold(3).split(X, y),
        result["estimator"],
        result["test_score"],
        strict=True,
    ):
        alone = search_of_two().fit(X[train], y[train])
        assert search.best_params_ == alone.best_params_
        assert score == alone.score(X[test], y[test])


def test_in_stacking():
    names = ["search", "nb"]
    stack = StackingClassifier(
        [("search", search_of_two()), ("nb", GaussianNB())], cv=2
    )
    stack.fit(X, y)
    assert list(stack.named_estimators_) == names
    assert stack.transform(X).shape == (len(X), 2 * 3)
    assert stack.named_estimators_["search"].best_score_ > 0.4
    assert stack.predict(X).shape == y.shape


def test_in_calibration():
    calibrated = CalibratedClassifierCV(search_of_two(), cv=2).fit(X, y)
    assert calibrated.predict_proba(X).sum(axis=1) == pytest.approx(1.0)
    assert len(calibrated.calibrated_classifiers_) == 2


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_in_grid_search(n_jobs):
    outer = GridSearchCV(
        search_of_two(),
        {"n_iter": [2], "estimators__forest__max_features": [1, 6]},
        cv=2,
        n_jobs=n_jobs,
    ).fit(X, y)
    assert set(outer.best_params_) == {"n_iter", "estimators__forest__max_features"}
    best = outer.best_params_["estimators__forest__max_features"]
    winner = outer.best_estimator_
    assert winner.estimator["forest"].max_features == best
    assert len(winner.trials_) == 2
    assert outer.estimator.estimator["forest"].max_features == "sqrt"  # as it was


def test_in_another_search():
    outer = BTBSearchCV(
        {"search": search_of_two(), "nb": GaussianNB()},
        {"search": {"estimators__logreg__logisticregression__C": [1.0, 2.0]}, "nb": {}},
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert outer.cv_results_["estimator_name"].tolist().count("search") == 2
    assert_array_equal(outer.predict(X), outer.best_estimator_.predict(X))


def test_clone_after_set_params_on_a_nested_estimator():
    search = search_of_two().set_params(
        estimators__forest__max_depth=7, estimators__logreg__logisticregression__C=3.0
    )
    copy = clone(search)
    search.set_params(estimators__forest__max_depth=1)
    assert copy.estimator["forest"].max_depth == 7
    assert copy.estimator["logreg"][-1].C == 3.0
    copy.set_params(param_grid={"forest": {}, "logreg": {}}).fit(X, y)
    assert {trial.estimator_name for trial in copy.trials_} == {"forest", "logreg"}
    assert copy.best_estimator_.get_params().get("max_depth", 7) == 7
