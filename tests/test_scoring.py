"""Scorers of a search, and how the parameters of `fit` are shared out."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from toys import Toy, X, Y

from sklearn_btb import BTBSearchCV
from sklearn_btb._scoring import check_refit_metric, make_scorers, route
from sklearn_btb._sklearn_compat import MultimetricScorer, scorer_accepts_sample_weight

ESTIMATORS = {"tree": DecisionTreeClassifier(), "logreg": LogisticRegression()}
WEIGHTS_REACH_SCORERS = scorer_accepts_sample_weight(get_scorer("accuracy")) is not None


class TestMakeScorers:
    def test_without_scoring_takes_the_score_of_each_estimator(self):
        toys = {"a": Toy(x=1), "b": Toy(x=2)}
        scorers = make_scorers(toys, None, True, np.nan)
        assert [scorers[name](toys[name], X, Y) for name in "ab"] == [9.0, 6.0]

    def test_without_scoring_needs_a_score(self):
        with pytest.raises(TypeError, match="should have a 'score' method"):
            make_scorers({"a": Toy(), "b": StandardScaler()}, None, True, np.nan)

    @pytest.mark.parametrize("scoring", ["accuracy", make_scorer(accuracy_score)])
    def test_one_scoring_is_for_all(self, scoring):
        scorers = make_scorers(ESTIMATORS, scoring, True, np.nan)
        assert list(scorers) == ["tree", "logreg"]
        fitted = DummyClassifier().fit(X, Y)
        assert [scorer(fitted, X, Y) for scorer in scorers.values()] == [0.5, 0.5]

    @pytest.mark.parametrize("several", [list, tuple, set])
    def test_several_metrics_are_scored_together(self, several):
        scoring = several(["accuracy", "f1"])
        scorers = make_scorers(ESTIMATORS, scoring, "f1", np.nan)
        for scorer in scorers.values():
            assert isinstance(scorer, MultimetricScorer)
            scores = scorer(DummyClassifier().fit(X, Y), X, Y)
            assert set(scores) == {"accuracy", "f1"}

    @pytest.mark.parametrize(("error_score", "raises"), [("raise", True), (0, False)])
    def test_several_metrics_raise_if_error_score_says_so(self, error_score, raises):
        scoring = {"bad": lambda est, X, y: 1 / 0}
        scorer = make_scorers(ESTIMATORS, scoring, "bad", error_score)["tree"]
        if raises:
            with pytest.raises(ZeroDivisionError):
                scorer(None, X, Y)
        else:
            assert "ZeroDivisionError" in scorer(None, X, Y)["bad"]

    @pytest.mark.parametrize("refit", [True, "f2", "score"])
    def test_several_metrics_need_to_know_which_one_matters(self, refit):
        with pytest.raises(ValueError, match=r"\['accuracy', 'f1'\].*was passed"):
            make_scorers(ESTIMATORS, ["accuracy", "f1"], refit, np.nan)

    @pytest.mark.parametrize("scoring", ["acc", accuracy_score, [], {}, ["r", "r"]])
    def test_wrong_scoring_is_refused(self, scoring):
        with pytest.raises((ValueError, TypeError)):
            make_scorers(ESTIMATORS, scoring, False, np.nan)


@pytest.mark.parametrize("refit", [False, "a", "b", lambda results: 0])
def test_refit_may_be_a_metric_false_or_a_callable(refit):
    check_refit_metric(refit, ["a", "b"])


def weighing(estimator, X, y, sample_weight=None):
    return 1.0


def blind(estimator, X, y):
    return 1.0


def routed(scoring, **params):
    search = BTBSearchCV(ESTIMATORS, scoring=scoring)
    scorers = make_scorers(ESTIMATORS, scoring, False, np.nan)
    return route(search, scorers, params)


class TestRoute:
    def test_groups_go_to_the_splitter_only(self):
        shared = routed("accuracy", groups=Y, other=1)
        assert shared["split"] == {"groups": Y}
        assert shared["fit"] == {"tree": {"other": 1}, "logreg": {"other": 1}}
        assert shared["score"] == {"tree": {}, "logreg": {}}

    def test_everything_else_goes_to_the_fit_of_every_estimator(self):
        shared = routed("accuracy", one=1, sample_weight=None)
        assert shared["fit"]["tree"] == {"one": 1, "sample_weight": None}
        assert shared["fit"]["logreg"] == {"one": 1, "sample_weight": None}
        assert shared["split"] == {"groups": None}

    @pytest.mark.skipif(not WEIGHTS_REACH_SCORERS, reason="scikit-learn < 1.7")
    def test_weights_go_to_the_scorers_that_take_them(self):
        weight = np.arange(12)
        shared = routed("accuracy", sample_weight=weight)
        for name in ESTIMATORS:
            assert shared["fit"][name]["sample_weight"] is weight
            assert shared["score"][name]["sample_weight"] is weight

    @pytest.mark.skipif(not WEIGHTS_REACH_SCORERS, reason="scikit-learn < 1.7")
    def test_scorers_that_do_not_take_weights_are_warned_about_once(self):
        with pytest.warns(UserWarning, match="does not support sample_weight") as seen:
            shared = routed(blind, sample_weight=Y)
        assert len(seen) == 1
        assert shared["score"] == {"tree": {}, "logreg": {}}

    @pytest.mark.skipif(WEIGHTS_REACH_SCORERS, reason="scikit-learn >= 1.7")
    def test_weights_do_not_reach_scorers_of_old(self):
        assert routed(weighing, sample_weight=Y)["score"] == {"tree": {}, "logreg": {}}

    def test_the_parameters_given_are_not_changed(self):
        params = {"groups": Y, "one": 1}
        search = BTBSearchCV(ESTIMATORS)
        route(search, make_scorers(ESTIMATORS, None, True, np.nan), params)
        assert list(params) == ["groups", "one"]


class TestScorersOfASearch:
    def fit(self, estimators, **params):
        spaces = {name: {} for name in estimators}
        return BTBSearchCV(estimators, spaces, cv=2, **params).fit(X, Y)

    def test_scorer_is_that_of_the_winner(self):
        search = self.fit({"dummy": DummyClassifier(), "toy": Toy()})
        assert search.best_estimator_name_ == "toy"
        assert "Toy" in repr(search.scorer_)
        assert search.score(X, Y) == 10.0

    def test_scorers_by_metric(self):
        scoring = {"one": blind, "two": lambda est, X, y: 2.0}
        search = self.fit(ESTIMATORS, scoring=scoring, refit="two")
        assert list(search.scorer_) == ["one", "two"]
        assert search.score(X, Y) == 2.0

    def test_scorer_that_returns_a_dict(self):
        scoring = lambda est, X, y: {"one": 1.0, "two": 2.0}  # noqa: E731
        search = self.fit({"ridge": Ridge()}, scoring=scoring, refit="two")
        assert search.multimetric_
        assert search.scorer_ is scoring
        assert search.score(X, Y) == 2.0

    def test_one_metric_in_a_list_is_still_several(self):
        search = self.fit(ESTIMATORS, scoring=["accuracy"], refit="accuracy")
        assert search.multimetric_
        assert "mean_test_accuracy" in search.cv_results_
        assert search.score(X, Y) == search.best_estimator_.score(X, Y)
