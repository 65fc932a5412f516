"""What reaches whom: metadata of `fit` and `score`, with and without routing.

The rows of X are numbered, and metadata is a function of the number, so that whoever
gets it can tell whether it is that of its rows.
"""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metadata_routing import MetadataRouter
from toys import Log

from sklearn_btb import BTBSearchCV

NUMBERS = np.arange(24)
X = NUMBERS.reshape(-1, 1).astype(float)
y = NUMBERS % 2
WEIGHTS = NUMBERS * 10
SPEEDS = NUMBERS * 100
GROUPS = NUMBERS // 6


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


class Told(ClassifierMixin, BaseEstimator):
    """Writes down what its methods are told, beside the numbers of the rows."""

    def __init__(self, log, answer=0):
        self.log = log
        self.answer = answer

    def _note(self, method, X, **metadata):
        rows = np.asarray(X)[:, 0].astype(int)
        told = {name: value for name, value in metadata.items() if value is not None}
        self.log.append((method, rows, told))

    def predict(self, X):
        return np.full(len(X), self.answer)


class Weighted(Told):
    def fit(self, X, y, sample_weight=None):
        self._note("fit", X, sample_weight=sample_weight)
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y, sample_weight=None):
        self._note("score", X, sample_weight=sample_weight)
        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)


class Hurried(Told):
    def fit(self, X, y, speed=None):
        self._note("fit", X, speed=speed)
        self.classes_ = np.unique(y)
        return self


class Plain(Told):
    def fit(self, X, y):
        self._note("fit", X)
        self.classes_ = np.unique(y)
        return self


def metric_to(log):
    """Make a metric that writes down what it is told; y is the number of the row."""

    def metric(y_true, y_pred, sample_weight=None, speed=None):
        told = {"sample_weight": sample_weight, "speed": speed}
        told = {name: value for name, value in told.items() if value is not None}
        log.append(("metric", np.asarray(y_true), told))
        return 1.0

    return metric


def unweighted_accuracy():
    return make_scorer(accuracy_score).set_score_request(sample_weight=False)


def search_of(estimators, **settings):
    return BTBSearchCV(
        estimators,
        {name: {"answer": [0, 1]} for name in estimators},
        **{"cv": KFold(3), "random_state": 0} | settings,
    )


def assert_told(log, method, **factors):
    """Whatever `method` was told, it was `factors` times the numbers of its rows."""
    calls = [(rows, told) for called, rows, told in log if called == method]
    assert calls
    for rows, told in calls:
        assert set(told) == set(factors)
        for name, factor in factors.items():
            assert_array_equal(told[name], rows * factor)


def test_each_estimator_gets_what_it_asks_for(routing):
    logs = Log(), Log(), Log()
    search = search_of(
        {
            "weighted": Weighted(logs[0]).set_fit_request(sample_weight=True),
            "hurried": Hurried(logs[1]).set_fit_request(speed=True),
            "plain": Plain(logs[2]),
        },
        scoring=unweighted_accuracy(),
    ).fit(X, y, sample_weight=WEIGHTS, speed=SPEEDS)
    assert_told(logs[0], "fit", sample_weight=10)
    assert_told(logs[1], "fit", speed=100)
    assert_told(logs[2], "fit")
    fits = dict.fromkeys(search.estimator, 2 * 3)
    fits[search.best_estimator_name_] += 1
    assert [len(log) for log in logs] == list(fits.values())


def test_the_refit_gets_all_of_it(routing):
    log = Log()
    estimator = Weighted(log).set_fit_request(sample_weight=True)
    search = search_of({"a": estimator}, scoring=unweighted_accuracy())
    search.fit(X, y, sample_weight=WEIGHTS)
    _, rows, told = log[-1]
    assert_array_equal(rows, NUMBERS)
    assert_array_equal(told["sample_weight"], WEIGHTS)


def test_one_name_for_each_estimator(routing):
    logs = Log(), Log(), Log()
    search_of(
        {
            "light": Weighted(logs[0]).set_fit_request(sample_weight="light"),
            "heavy": Weighted(logs[1]).set_fit_request(sample_weight="heavy"),
            "without": Weighted(logs[2]).set_fit_request(sample_weight=False),
        },
        scoring="accuracy",
    ).fit(X, y, light=NUMBERS, heavy=WEIGHTS)
    assert_told(logs[0], "fit", sample_weight=1)
    assert_told(logs[1], "fit", sample_weight=10)
    assert_told(logs[2], "fit")


def test_a_scorer_gets_what_it_asks_for(routing):
    log, of_fits = Log(), Log()
    scorer = make_scorer(metric_to(log)).set_score_request(
        sample_weight="heavy", speed=True
    )
    estimator = Hurried(of_fits).set_fit_request(speed=False)
    search = search_of({"a": estimator}, scoring=scorer, return_train_score=True)
    search.fit(X, NUMBERS, heavy=WEIGHTS, speed=SPEEDS)
    assert_told(log, "metric", sample_weight=10, speed=100)
    assert_told(of_fits, "fit")
    log.clear()
    search.score(X[:5], NUMBERS[:5], heavy=WEIGHTS[:5], speed=SPEEDS[:5])
    assert_told(log, "metric", sample_weight=10, speed=100)


def test_each_of_many_metrics_gets_what_it_asks_for(routing):
    logs = Log(), Log(), Log()
    scorers = [make_scorer(metric_to(log)) for log in logs]
    scoring = {
        "weighted": scorers[0].set_score_request(sample_weight=True, speed=False),
        "hurried": scorers[1].set_score_request(sample_weight=False, speed=True),
        "plain": scorers[2].set_score_request(sample_weight=False, speed=False),
    }
    search = search_of({"a": Plain(Log())}, scoring=scoring, refit="weighted")
    search.fit(X, NUMBERS, sample_weight=WEIGHTS, speed=SPEEDS)
    assert_told(logs[0], "metric", sample_weight=10)
    assert_told(logs[1], "metric", speed=100)
    assert_told(logs[2], "metric")


def test_the_estimators_own_score_gets_what_it_asks_for(routing):
    logs = Log(), Log()
    estimators = {
        "weighted": Weighted(logs[0])
        .set_fit_request(sample_weight=False)
        .set_score_request(sample_weight=True),
        "without": Weighted(logs[1])
        .set_fit_request(sample_weight=True)
        .set_score_request(sample_weight=False),
    }
    search = search_of(estimators).fit(X, y, sample_weight=WEIGHTS)
    assert_told(logs[0], "score", sample_weight=10)
    assert_told(logs[0], "fit")
    assert_told(logs[1], "score")
    assert_told(logs[1], "fit", sample_weight=10)
    for log in logs:
        log.clear()
    search.score(X, y, sample_weight=WEIGHTS)
    is_weighted = search.best_estimator_name_ == "weighted"
    asked = {"sample_weight": 10} if is_weighted else {}
    assert_told(logs[0 if is_weighted else 1], "score", **asked)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_step_of_a_pipeline_gets_what_it_asks_for(routing, n_jobs):
    steps = [
        ("scale", StandardScaler().set_fit_request(sample_weight="heavy")),
        ("clf", LogisticRegression().set_fit_request(sample_weight=True)),
    ]
    settings = {"scoring": unweighted_accuracy(), "cv": KFold(3)}
    grid = {"clf__C": [0.1]}
    searches = (
        BTBSearchCV(Pipeline(steps), grid, n_jobs=n_jobs, **settings),
        GridSearchCV(Pipeline(steps), grid, **settings),
    )
    ours, theirs = (
        search.fit(X, y, sample_weight=WEIGHTS, heavy=SPEEDS) for search in searches
    )
    assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.best_score_ == theirs.best_score_
    assert ours.best_estimator_["scale"].mean_ == np.average(NUMBERS, weights=SPEEDS)


def test_in_cross_validate(routing):
    log = Log()
    estimator = Weighted(log).set_fit_request(sample_weight=True)
    search = search_of({"a": estimator}, scoring=unweighted_accuracy())
    metadata = {"sample_weight": WEIGHTS, "groups": GROUPS}
    cross_validate(search, X, y, cv=GroupKFold(2), params=metadata)
    assert_told(log, "fit", sample_weight=10)


@pytest.mark.parametrize("enabled", [False, True])
def test_groups_go_to_the_splitter(enabled):
    log = Log()
    search = search_of({"a": Plain(log)}, cv=GroupKFold(4))
    with config_context(enable_metadata_routing=enabled):
        search.fit(X, y, groups=GROUPS)
    for _, rows, told in log[:-1]:
        left_out = set(NUMBERS) - set(rows)
        assert len(left_out) == 6
        assert len(set(GROUPS[sorted(left_out)])) == 1
        assert not told


def test_groups_that_no_splitter_asks_for(routing):
    with pytest.raises(TypeError, match=r"unexpected argument.*groups"):
        search_of({"a": Plain(Log())}).fit(X, y, groups=GROUPS)


@pytest.mark.parametrize("of_scorer", [False, True])
def test_what_nobody_decided_on_is_refused(routing, of_scorer):
    """As `GridSearchCV` does, naming who could take it."""
    scorer = make_scorer(accuracy_score)
    scorer.set_score_request(sample_weight=None if of_scorer else True)
    estimator = Weighted(Log())
    estimator.set_fit_request(sample_weight=True if of_scorer else None)
    name = r"accuracy_score|_Scorer\.score" if of_scorer else r"Weighted\.fit"
    for search in (
        search_of({"a": estimator}, scoring=scorer),
        GridSearchCV(estimator, {"answer": [0, 1]}, scoring=scorer),
    ):
        with pytest.raises(UnsetMetadataPassedError, match=name) as raised:
            search.fit(X, y, sample_weight=WEIGHTS)
        assert "[sample_weight] are passed but are not explicitly" in str(raised.value)


def test_one_estimator_that_did_not_decide_is_enough_to_refuse(routing):
    decided = Weighted(Log()).set_fit_request(sample_weight=True)
    search = search_of(
        {"decided": decided, "undecided": Weighted(Log())},
        scoring=unweighted_accuracy(),
    )
    with pytest.raises(UnsetMetadataPassedError, match=r"Weighted\.fit"):
        search.fit(X, y, sample_weight=WEIGHTS)


def test_what_nobody_takes_is_refused(routing):
    search = search_of({"a": Plain(Log())})
    with pytest.raises(TypeError, match=r"fit got unexpected .*'speed'"):
        search.fit(X, y, speed=SPEEDS)
    with pytest.raises(TypeError, match=r"score got unexpected .*'speed'"):
        search.fit(X, y).score(X, y, speed=SPEEDS)


def test_requests_can_be_asked_for_before_fit(routing):
    weighted = Weighted(Log()).set_fit_request(sample_weight="heavy")
    search = search_of({"weighted": weighted, "plain": Plain(Log())})
    router = search.get_metadata_routing()
    assert isinstance(router, MetadataRouter)
    assert router.consumes("fit", ["heavy", "sample_weight", "speed"]) == {"heavy"}
    assert not router.consumes("score", ["heavy", "speed"])
    assert clone(search).get_metadata_routing().consumes("fit", ["heavy"]) == {"heavy"}


def test_without_routing_every_estimator_gets_every_fit_parameter():
    logs = Log(), Log()
    search = search_of({"a": Weighted(logs[0]), "b": Weighted(logs[1])})
    search.fit(X, y, sample_weight=WEIGHTS)
    for log in logs:
        assert_told(log, "fit", sample_weight=10)


def test_without_routing_score_takes_no_metadata():
    search = search_of({"a": Plain(Log())}).fit(X, y)
    theirs = GridSearchCV(Plain(Log()), {}).fit(X, y)
    messages = []
    for each in (search, theirs):
        with pytest.raises(ValueError, match="is only supported if") as raised:
            each.score(X, y, sample_weight=WEIGHTS)
        messages.append(str(raised.value).replace("GridSearchCV", "BTBSearchCV"))
    assert messages[0] == messages[1]
