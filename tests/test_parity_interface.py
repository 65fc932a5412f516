"""`BTBSearchCV` looks as `GridSearchCV` does: errors, methods, parameters, output."""

import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from parity import (
    CLASSIFIER,
    METHODS,
    Case,
    FailingScorer,
    Minimal,
    MinimalTransformer,
    Sensitive,
    X,
    both,
    fit,
    fitted_with,
    of_classifier,
    of_data,
    two_metrics,
    weights,
    y,
)
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GroupKFold, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from sklearn_btb import BTBSearchCV


class InconsistentKFold(KFold):
    def get_n_splits(self, *args, **kwargs):
        return 1


def of_svc(*data, **grid):
    return lambda: Case(SVC(kernel="precomputed"), grid, data or (X @ X.T, y))


def of_sensitive(grid, **settings):
    return lambda: Case(Sensitive(), grid, (X, y), settings)


REFIT = "For multi-metric scoring, the parameter refit must be set to a scorer key"
NO_FITS = "No fits were performed. Was the CV iterator empty?"
ERRORS = {  # what the messages of both begin with or contain
    "refit: True, many metrics": (of_classifier(scoring=["accuracy"]), REFIT),
    "refit: unknown name": (of_classifier(scoring=["accuracy"], refit="f1"), REFIT),
    "refit: not returned": (of_classifier(scoring=two_metrics, refit="f1"), REFIT),
    "refit: returns no integer": (
        of_classifier(refit=lambda results: 0.0),
        "best_index_ returned is not an integer",
    ),
    "refit: returns too much": (
        of_classifier(refit=lambda results: 3),
        "best_index_ index out of range",
    ),
    "refit: returns too little": (
        of_classifier(refit=lambda results: -1),
        "best_index_ index out of range",
    ),
    "refit: type": (of_classifier(refit=3), "The 'refit' parameter of"),
    "scoring: unknown": (of_classifier(scoring="best"), "The 'scoring' parameter of"),
    "scoring: empty": (of_classifier(scoring=[]), "Empty list was given"),
    "scoring: twice": (of_classifier(scoring=["r2", "r2"]), "Duplicate elements"),
    "scoring: no number": (
        of_classifier(scoring=lambda *_: "good"),
        "scoring must return a number, got good (<class 'str'>) instead.",
    ),
    "scoring: no number among many": (
        of_classifier(scoring=lambda *_: {"a": [1, 2]}, refit="a"),
        "scoring must return a number, got [1, 2] (<class 'list'>) instead. (scorer=a)",
    ),
    "scoring: none at all": (
        lambda: Case(Pipeline([("last", MinimalTransformer())]), {}, (X, y)),
        "If no scoring is specified, the estimator passed should have a 'score' method",
    ),
    "lengths": (of_data(X[1:], y), "Found input variables with inconsistent numbers"),
    "groups: none": (
        of_classifier(cv=GroupKFold(3)),
        "The 'groups' parameter should not be None",
    ),
    "cv: empty": (lambda: of_classifier(cv=iter([]))(), NO_FITS),
    "cv: inconsistent": (
        of_classifier(cv=InconsistentKFold(3)),
        "inconsistent results. Expected 1 splits, got 3",
    ),
    "cv: type": (of_classifier(cv="five"), "The 'cv' parameter of"),
    "cv: too many": (
        of_classifier(cv=100),
        "Cannot have number of splits n_splits=100",
    ),
    "n_jobs: type": (of_classifier(n_jobs="all"), "The 'n_jobs' parameter of"),
    "n_jobs: zero": (of_classifier(n_jobs=0), "n_jobs == 0 in Parallel has no meaning"),
    "verbose": (of_classifier(verbose=-1), "The 'verbose' parameter of"),
    "pre_dispatch": (
        of_classifier(pre_dispatch=[2]),
        "The 'pre_dispatch' parameter of",
    ),
    "error_score": (of_classifier(error_score="nan"), "The 'error_score' parameter of"),
    "return_train_score": (
        of_classifier(return_train_score="yes"),
        "The 'return_train_score' parameter of",
    ),
    "every fit failed": (
        of_sensitive({"fail": [True], "shift": [0.0, 1.0]}),
        "All the 6 fits failed",
    ),
    "every fit failed, function of many metrics": (
        of_sensitive({"fail": [True]}, scoring=two_metrics, refit=False),
        "ZeroDivisionError: fails on request",
    ),
    "a fit failed, error_score: raise": (
        of_sensitive({"fail": [False, True]}, error_score="raise"),
        "fails on request",
    ),
    "a score failed, error_score: raise": (
        lambda: of_classifier(scoring=FailingScorer(), error_score="raise")(),
        "cannot score",
    ),
    "a score of a list failed, error_score: raise": (
        lambda: of_classifier(
            scoring={"a": FailingScorer()}, refit="a", error_score="raise"
        )(),
        "cannot score",
    ),
    "fit parameter unknown": (
        fitted_with(nonsense=1),
        "fit() got an unexpected keyword argument 'nonsense'",
    ),
    "fit parameter too short": (
        fitted_with(sample_weight=weights[:3]),
        "sample_weight.shape == (3,), expected (60,)!",
    ),
    "y missing": (
        lambda: Case(LogisticRegression(), {"C": [1.0]}, (X,)),
        "fit() missing 1 required positional argument: 'y'",
    ),
    "kernel not square": (of_svc(X, y, C=[1]), "square"),
    "kernel a list": (of_svc((X @ X.T).tolist(), y, C=[1]), "sparse matri"),
    "grid: scalar": (of_svc(C=1), "got 1"),
    "grid: string": (of_svc(kernel="rbf"), "got 'rbf'"),
    "grid: empty": (of_svc(C=[]), "empty"),
    "grid: array of two dimensions": (of_svc(C=np.eye(2)), "one-dimensional"),
    "grid: unknown parameter": (of_svc(c=[1]), "nvalid parameter 'c'"),
    "estimator: none": (lambda: Case(None, {}, (X, y)), "an object implementing 'fit'"),
}


def builtin_type(error):
    return next(base for base in type(error).__mro__ if base.__module__ == "builtins")


@pytest.mark.parametrize(("make_case", "fact"), ERRORS.values(), ids=ERRORS)
def test_errors(make_case, fact):
    errors = []
    for which in (0, 1):
        case = make_case()
        with pytest.raises(Exception) as raised:
            fit(both(case)[which], case)
        errors.append(raised.value)
    ours, theirs = errors
    assert isinstance(ours, builtin_type(theirs))
    assert fact in str(ours)
    assert fact in str(theirs)


OF_ALL_KINDS = [LogisticRegression(), LocalOutlierFactor(novelty=True), PCA(), SVC()]


def error_of(function, *args):
    with pytest.raises(Exception) as raised:
        function(*args)
    return raised.value


@pytest.mark.parametrize("estimator", OF_ALL_KINDS)
@pytest.mark.parametrize("method", [*METHODS, "score"])
def test_before_fit(estimator, method):
    ours, theirs = both(Case(estimator, {}, ()))
    if not hasattr(estimator, method):
        assert not hasattr(ours, method)
        return
    errors = [error_of(getattr(search, method), X) for search in (ours, theirs)]
    assert [type(error) for error in errors] == [NotFittedError] * 2
    assert str(errors[0]) == str(errors[1]).replace("GridSearchCV", "BTBSearchCV")


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_without_refit(method, fitted):
    searches = both(Case(LogisticRegression(), {}, (X, y), {"refit": False}))
    if fitted:
        searches = [search.fit(X, y) for search in searches]
    errors = [error_of(getattr, search, method) for search in searches]
    assert [type(error) for error in errors] == [AttributeError] * 2
    for message in ((str(error), str(error.__cause__)) for error in errors):
        assert f"has no attribute '{method}'" in message[0]
        assert "`refit=False`" in message[1]
        assert f"{method} is available only after refitting" in message[1]


def test_score_without_refit():
    for search in both(Case(LogisticRegression(), {}, (X, y), {"refit": False})):
        assert (
            type(error_of(lambda s: s.score(X, y), search.fit(X, y))) is AttributeError
        )


def test_missing_method_is_explained():
    ours, theirs = (
        search.fit(X, y) for search in both(Case(DecisionTreeClassifier(), {}, (X, y)))
    )
    for search in (ours, theirs):
        error = error_of(getattr, search, "score_samples")
        name = type(search).__name__
        assert str(error) == f"This {name!r} has no attribute 'score_samples'"
        assert "'DecisionTreeClassifier' object has no" in str(error.__cause__)


def test_methods_follow_the_winner():
    case = Case(SGDClassifier(random_state=0), {"loss": ["log_loss"]}, (X, y))
    for search in both(case):
        assert not hasattr(search, "predict_proba")  # the default loss is another
        assert hasattr(search.fit(X, y), "predict_proba")


def test_methods_of_several_estimators():
    estimators = {"svc": LinearSVC(dual=False), "nb": GaussianNB()}
    search = BTBSearchCV(estimators, {"svc": {}, "nb": {}})
    assert hasattr(search, "predict")
    assert not hasattr(search, "predict_proba")  # not of all
    assert not hasattr(search, "decision_function")
    search.fit(X, y)
    winner_is_svc = search.best_estimator_name_ == "svc"
    assert hasattr(search, "decision_function") == winner_is_svc
    assert hasattr(search, "predict_proba") != winner_is_svc


def test_tags_of_several_estimators():
    """A capability holds if all have it."""
    both_can = get_tags(BTBSearchCV({"a": SVC(), "b": LogisticRegression()}, {}))
    one_can = get_tags(BTBSearchCV({"a": SVC(), "b": GaussianNB()}, {}))
    assert [tags.input_tags.sparse for tags in (both_can, one_can)] == [True, False]
    assert [tags.estimator_type for tags in (both_can, one_can)] == ["classifier"] * 2
    kernel = SVC(kernel="precomputed")
    for other in (SVC(), kernel):
        tags = get_tags(BTBSearchCV({"a": kernel, "b": other}, {}))
        assert tags.input_tags.pairwise == (other is kernel)
    trees = {"a": DecisionTreeClassifier(), "b": LogisticRegression()}
    assert not get_tags(BTBSearchCV(trees, {})).target_tags.multi_output
    assert get_tags(BTBSearchCV(trees["a"], {})).target_tags.multi_output


def test_tags_of_transformers():
    searches = BTBSearchCV(PCA(), {}), BTBSearchCV({"a": PCA(), "b": SVC()}, {})
    assert get_tags(searches[0]).transformer_tags.preserves_dtype == [
        "float32",
        "float64",
    ]
    assert get_tags(searches[1]).transformer_tags is None


def test_classifiers_and_regressors_do_not_mix():
    search = BTBSearchCV({"c": SVC(), "r": Ridge()}, {"c": {}, "r": {}})
    with pytest.raises(ValueError, match="'c' is a classifier, 'r' is a regressor"):
        search.fit(X, y)


def test_errors_of_array_namespaces_name_the_search():
    class OnGPU(DummyClassifier):
        def predict(self, X):
            raise ValueError("X of OnGPU.decide() must use the same namespace")

    search = BTBSearchCV(OnGPU(), {}, scoring=lambda *_: 0.0).fit(X, y)
    with pytest.raises(ValueError, match=r"^X of BTBSearchCV\.predict\(\) must"):
        search.predict(X)


def test_scoring_stands_in_for_score():
    """An estimator without `score` can be scored if `scoring` is given."""

    class WithoutScore(LinearSVC):
        @property
        def score(self):
            raise AttributeError("no score")

    case = Case(WithoutScore(dual=False), {}, (X, y), {"scoring": "accuracy"})
    ours, theirs = (search.fit(X, y) for search in both(case))
    assert ours.score(X, y) == theirs.score(X, y)
    ours.scoring = None
    assert not hasattr(ours, "score")


def test_estimator_without_any_tags():
    """What has only `fit`, `predict` and `score` can be searched."""

    class Bare(Minimal):
        def fit(self, X, y):
            self.fitted_ = True

        def predict(self, X):
            return np.full(len(X), self.shift)

        def score(self, X, y):
            return np.mean(self.predict(X) == y)

    search = BTBSearchCV(Bare(), {"shift": [0, 1, 2, 3]}, cv=3).fit(X, y)
    assert search.best_params_["shift"] == np.argmax(np.bincount(y))
    assert len(search.predict(X)) == len(X)
    assert search.score(X, y) == np.bincount(y).max() / len(y)
    assert not is_classifier(search)


def test_nothing_given_is_changed():
    estimator, grid = LogisticRegression(C=5.0), {"C": [0.1, 1.0]}
    search = BTBSearchCV(estimator, grid).fit(X, y)
    assert search.estimator is estimator
    assert search.param_grid is grid
    assert grid == {"C": [0.1, 1.0]}
    assert vars(estimator) == vars(LogisticRegression(C=5.0))


def test_estimators_as_values_are_not_fitted():
    values = [LogisticRegression(), GaussianNB()]
    search = BTBSearchCV(Pipeline([("clf", SVC())]), {"clf": values}).fit(X, y)
    for value in values:
        assert not [name for name in vars(value) if name.endswith("_")]
    assert any(search.best_params_["clf"] is value for value in values)
    assert search.best_estimator_["clf"] is not search.best_params_["clf"]


def of_two():
    return BTBSearchCV(
        {
            "forest": RandomForestClassifier(5, random_state=0),
            "logreg": LogisticRegression(),
        },
        {"forest": {"max_depth": [1, 2]}, "logreg": {"C": [0.1, 1.0]}},
        random_state=0,
        cv=2,
    )


def test_get_params_reaches_every_estimator():
    params = of_two().get_params()
    assert params["estimators__forest__n_estimators"] == 5
    assert isinstance(params["estimators__logreg"], LogisticRegression)
    assert "estimators__forest" not in of_two().get_params(deep=False)
    one, theirs = both(CLASSIFIER)
    deep = {key for key in theirs.get_params() if key.startswith("estimator__")}
    assert deep <= set(one.get_params())


def test_set_params_reaches_every_estimator():
    search = of_two().set_params(
        estimators__forest__max_features=None,
        estimators__logreg=GaussianNB(),
        estimators__logreg__var_smoothing=0.5,
        param_grid={"forest": {}, "logreg": {}},
        n_iter=7,
    )
    for fresh in (search, clone(search)):
        assert fresh.estimator["forest"].max_features is None
        assert fresh.estimator["logreg"].var_smoothing == 0.5
        assert fresh.n_iter == 7
        assert len(fresh.fit(X, y).trials_) == 2
    one = both(CLASSIFIER)[0].set_params(estimator__fit_intercept=False)
    assert clone(one).estimator.fit_intercept is False


def test_set_params_after_fit_counts_at_the_next_fit():
    search = of_two().fit(X, y)
    assert {trial.estimator_name for trial in search.trials_} == {"forest", "logreg"}
    search.set_params(estimator={"nb": GaussianNB()}, param_grid={"nb": {}})
    assert search.fit(X, y).best_estimator_name_ == "nb"
    assert not hasattr(search.set_params(refit=False).fit(X, y), "best_estimator_")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("estimators__tree__max_depth", r"no estimator 'tree'.*\['forest', 'logreg'\]"),
        ("estimators__forest__depth", "Invalid parameter 'depth'"),
        ("niter", "Invalid parameter 'niter'"),
    ],
)
def test_set_params_of_unknown_names(wrong, message):
    with pytest.raises(ValueError, match=message):
        of_two().set_params(**{wrong: 3})


@pytest.mark.parametrize("make", [of_two, lambda: both(CLASSIFIER)[0]])
def test_clone_and_pickle(make):
    search = make()
    same = clone(search)
    assert repr(same) == repr(search)
    fitted = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(search)).fit(X, y)))
    same.fit(X, y)
    assert_array_equal(fitted.predict(X), same.predict(X))
    assert fitted.cv_results_["params"] == same.cv_results_["params"]
    assert [t.score for t in fitted.trials_] == [t.score for t in same.trials_]
    assert not hasattr(clone(fitted), "cv_results_")


def test_html_shows_the_estimators_and_then_the_winner():
    search = of_two()
    with config_context(display="diagram"):
        before = search._repr_html_()
        after = search.fit(X, y)._repr_html_()
    for text in ("forest", "logreg", "RandomForestClassifier", "LogisticRegression"):
        assert text in before
    assert f"best_estimator_: {search.best_estimator_name_}" in after
    loser = {"forest": "logreg", "logreg": "forest"}[search.best_estimator_name_]
    assert f"<div>{loser}</div>" not in after


@pytest.mark.parametrize("verbose", [0, 1, 2, 3, 10])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"return_train_score": True},
        {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"},
    ],
    ids=["test", "train", "many metrics"],
)
def test_verbose_prints_the_same_lines(verbose, settings, capsys):
    grid = {"C": [0.1], "tol": [0.1]}  # one candidate: there is no other order
    case = Case(LogisticRegression(), grid, (X, y), settings | {"verbose": verbose})
    dots_and_time = re.compile(r"(?<= )\.+|\.+$| total time=.*", re.MULTILINE)
    printed = []
    for search in both(case):
        search.fit(X, y)
        lines = dots_and_time.sub("", capsys.readouterr().out)
        printed.append(lines.replace(";, score", "; score").splitlines())
    assert printed[0] == printed[1]
    assert len(printed[0]) == {0: 0, 1: 1, 2: 4, 3: 4, 10: 7}[verbose]
