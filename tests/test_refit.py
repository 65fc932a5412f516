"""Rules for `refit`: which of the candidates that score about alike is taken."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GridSearchCV
from toys import THREE_FOLDS, Log, Toy, X, Y

from sklearn_btb import BTBSearchCV, fastest_within, one_standard_error

BEST = [0.8, 0.9, 1.0, 0.9]


def results_of(scores, seconds=None, metric="score", **columns):
    """What the rules read of `cv_results_`; the later a candidate, the faster."""
    scores = np.array(scores, dtype=float)
    if seconds is None:
        seconds = range(len(scores), 0, -1)
    return {
        "mean_fit_time": np.array(seconds, dtype=float),
        "params": [{"x": row} for row in range(len(scores))],
        **{f"split{k}_test_{metric}": column for k, column in enumerate(scores.T)},
        f"mean_test_{metric}": scores.mean(axis=1),
        **columns,
    }


def lower(scores, *by):
    return [score - loss for score, loss in zip(scores, by, strict=True)]


class TestOneStandardError:
    def test_takes_the_fastest_that_is_no_surer_worse_than_chance(self):
        noisy = lower(BEST, 0.3, -0.1, 0.1, -0.1)  # mean 0.05, standard error 0.096
        worse = lower(BEST, 0.5, 0.1, 0.3, 0.1)  # mean 0.25, standard error 0.096
        assert one_standard_error()(results_of([BEST, noisy, worse])) == 1

    def test_compares_on_the_same_folds(self):
        # the folds differ by 0.2, but this one is below the best on each of them
        always_worse = lower(BEST, 0.01, 0.011, 0.009, 0.01)
        assert one_standard_error()(results_of([BEST, always_worse])) == 0

    def test_of_one_split_takes_only_what_ties_with_the_best(self):
        assert one_standard_error()(results_of([[0.9], [0.9], [0.89]])) == 1

    def test_of_equally_simple_ones_takes_the_better(self):
        near, nearer = lower(BEST, 0.3, 0, 0, 0), lower(BEST, 0.2, 0, 0, 0)
        results = results_of([BEST, near, nearer], seconds=[2, 1, 1])
        assert one_standard_error()(results) == 2


class TestFastestWithin:
    @pytest.mark.parametrize(("tolerance", "row"), [(0, 0), (0.01, 1), (0.3, 2)])
    def test_takes_the_fastest_that_loses_no_more(self, tolerance, row):
        scores = [[0.9, 0.9], [0.9, 0.88], [0.7, 0.7]]
        assert fastest_within(tolerance)(results_of(scores)) == row

    @pytest.mark.parametrize("tolerance", [-0.1, np.nan, "0.01", None, True])
    def test_refuses_other_tolerances(self, tolerance):
        with pytest.raises(ValueError, match="`tolerance` must be"):
            fastest_within(tolerance)


class TestBeforeTheSearch:
    def refused(self, refit, error=ValueError, **params):
        """What `fit` says, without having fitted anything."""
        log = Log()
        search = BTBSearchCV(Toy(log=log), {"x": [0, 1]}, refit=refit, **params)
        with pytest.raises(error) as caught:
            search.fit(X, Y)
        assert not log and not hasattr(search, "trials_")
        return str(caught.value)

    @pytest.mark.parametrize("rule", [one_standard_error, fastest_within])
    def test_a_class_is_no_rule(self, rule):
        assert f"such as `{rule.__name__}(...)`" in self.refused(rule, TypeError)

    def test_a_name_is_no_rule(self):
        message = self.refused("fastest_within")
        assert "must be the rule itself, `fastest_within(...)`" in message

    @pytest.mark.parametrize(
        ("by", "near"),
        [("fit_time", "mean_fit_time"), ("params", "param_x")],
    )
    def test_a_column_has_to_be_one_of_numbers(self, by, near):
        assert f"did you mean {near!r}" in self.refused(one_standard_error(by))

    @pytest.mark.parametrize(
        "by",
        ["mean_test_acuracy", "mean_test_r2", "param_test_x", "x_test_accuracy"],
    )
    def test_a_column_of_scores_has_to_be_one_of_those_scored(self, by):
        rule = one_standard_error(by, metric="f1")
        assert f"got {by!r}" in self.refused(rule, scoring=["accuracy", "f1"])

    @pytest.mark.parametrize("scoring", [None, {"score": "accuracy"}])
    def test_no_other_name_will_do_where_none_was_given(self, scoring):
        rule = fastest_within(0.1, metric="nonsense")
        assert "one of ['score']; got 'nons" in self.refused(rule, scoring=scoring)

    @pytest.mark.parametrize("by", ["std_score_time", "param_x", "std_test_score"])
    def test_any_column_of_numbers_will_do(self, by):
        search = BTBSearchCV(Toy(), {"x": [1, 2]}, refit=one_standard_error(by))
        assert search.fit(X, Y).best_index_ in (0, 1)

    def test_a_parameter_has_to_be_searched(self):
        message = self.refused(one_standard_error("param_X"))
        assert "got 'param_X'" in message and "did you mean 'param_x'" in message

    @pytest.mark.parametrize("metric", [None, "r3"])
    def test_a_metric_has_to_be_one_of_several(self, metric):
        rule = fastest_within(0.1, metric=metric)
        message = self.refused(rule, scoring=["r2", "neg_max_error"])
        assert f"one of ['r2', 'neg_max_error']; got {metric!r}" in message

    def test_a_single_metric_has_the_name_it_was_given(self):
        rule = one_standard_error(metric="r3")
        assert "one of ['score', 'r2']; got 'r3'" in self.refused(rule, scoring="r2")

    def test_a_single_metric_may_be_named(self):
        rule = one_standard_error("param_x", metric="r2")
        scoring = "neg_max_error"
        assert "['score', 'neg_max_error']" in self.refused(rule, scoring=scoring)
        rule = one_standard_error("param_x", metric=scoring)
        space = {"strategy": ["mean", "median"]}
        search = BTBSearchCV(DummyRegressor(), space, scoring=scoring)
        for name in (scoring, "score"):
            rule = one_standard_error(by=len, metric=name)
            assert search.set_params(refit=rule).fit(X, Y).best_params_

    def test_what_a_function_scores_is_not_known(self):
        rule = one_standard_error("param_x", metric="b")
        search = BTBSearchCV(
            Toy(),
            {"x": [0, 1]},
            scoring=lambda model, X, y: {"a": 0, "b": 1},
            refit=rule,
            cv=THREE_FOLDS,
        ).fit(X, Y)
        assert search.best_params_ == {"x": 0}


ALL_RULES = pytest.mark.parametrize(
    "rule", [one_standard_error, lambda **arguments: fastest_within(0.5, **arguments)]
)


@ALL_RULES
class TestEveryRule:
    scores = np.array([BEST, lower(BEST, 0.3, -0.1, 0, 0), lower(BEST, 0.2, 0, 0, 0)])

    @pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
    def test_never_takes_a_candidate_without_all_scores(self, rule, missing):
        scores = self.scores.copy()
        scores[2, 1] = missing
        assert rule()(results_of(scores)) == 1

    def test_has_nothing_to_take_where_no_candidate_has_all_scores(self, rule):
        with pytest.raises(ValueError, match="no candidate has a finite score on all"):
            rule()(results_of([[0.5, np.nan]]))

    def test_takes_what_is_small_from_a_function(self, rule):
        by = {0: 5, 1: 3, 2: 4}.__getitem__
        assert rule(by=lambda params: by(params["x"]))(results_of(self.scores)) == 1

    @pytest.mark.parametrize(
        "column",
        [
            np.ma.array([9, 1, 0], mask=[False, False, True]),
            np.ma.array([9, 1, None], mask=False, dtype=object),
            np.array([9, 1, np.nan]),
        ],
        ids=["masked", "None", "NaN"],
    )
    def test_takes_what_is_small_from_a_column_with_gaps(self, rule, column):
        results = results_of(self.scores, param_depth=column)
        assert rule(by="param_depth")(results) == 1

    def test_takes_the_best_where_no_candidate_has_the_parameter(self, rule):
        nowhere = np.ma.masked_all(3)
        assert rule(by="param_a")(results_of(self.scores, param_a=nowhere)) == 0

    def test_lets_a_function_ask_for_what_not_all_estimators_have(self, rule):
        results = results_of(self.scores)
        results["params"] = [{"x": 2}, {"x": 1}, {"y": 0}]
        assert rule(by=lambda params: params["x"])(results) == 1

    def test_lets_a_function_not_ask_for_what_none_has(self, rule):
        with pytest.raises(KeyError, match="depth"):
            rule(by=lambda params: params["depth"])(results_of(self.scores))

    def test_refuses_a_column_that_is_none(self, rule):
        with pytest.raises(ValueError, match="did you mean 'mean_fit_time'"):
            rule(by="fit_time")(results_of(self.scores))

    def test_refuses_a_column_of_other_things(self, rule):
        with pytest.raises(ValueError, match="'params' has others"):
            rule(by="params")(results_of(self.scores))

    def test_reads_the_metric_it_is_told(self, rule):
        other = results_of(self.scores[::-1], metric="test_r2", seconds=[1, 9, 9])
        results = results_of(self.scores, metric="r2", seconds=[1, 9, 9]) | other
        assert rule(metric="r2", by=lambda params: 0)(results) == 0
        assert rule(metric="test_r2", by=lambda params: 0)(results) == 2

    def test_needs_no_name_of_a_single_metric(self, rule):
        assert rule()(results_of(self.scores, metric="r2")) == 2

    @pytest.mark.parametrize("metric", [None, "r3"])
    def test_refuses_a_metric_that_is_none(self, rule, metric):
        results = results_of(self.scores, metric="r2")
        results |= results_of(self.scores, metric="mse")
        with pytest.raises(ValueError, match=r"one of \['r2', 'mse'\]; got "):
            rule(metric=metric)(results)

    @pytest.mark.parametrize("wrong", [{"by": 3}, {"by": None}, {"metric": 3}])
    def test_refuses_other_types(self, rule, wrong):
        (name,) = wrong
        with pytest.raises(TypeError, match=f"`{name}` must be"):
            rule(**wrong)

    def test_works_in_both_searches(self, rule):
        space = {"x": [0, 0.01, 0.02]}
        refit = rule(by=lambda params: -params["x"])
        for search in (
            GridSearchCV(Toy(), space, cv=THREE_FOLDS, refit=refit),
            BTBSearchCV(Toy(), space, cv=THREE_FOLDS, refit=refit),
        ):
            search.fit(X, Y)
            within = 0 if rule is one_standard_error else 0.02
            assert search.best_params_ == {"x": within}
            assert search.best_estimator_.x == within

    def test_never_takes_what_racing_stopped(self, rule):
        search = BTBSearchCV(
            Toy(),
            {"x": [0, 0.1, 0.2]},
            cv=THREE_FOLDS,
            racing=lambda scores, complete: bool(len(complete)),
            refit=rule(by=lambda params: -params["x"]),
        ).fit(X, Y)
        assert search.cv_results_["n_splits_evaluated"].tolist() == [3, 1, 1]
        assert search.best_index_ == 0


def test_metric_of_a_rule_steers_the_search():
    search = BTBSearchCV(
        Toy(),
        {"x": [0, 1]},
        scoring={
            "low": lambda model, X, y: -model.x,
            "high": lambda model, X, y: model.x,
        },
        refit=one_standard_error(by=len, metric="high"),
        cv=THREE_FOLDS,
    ).fit(X, Y)
    assert [trial.score for trial in search.trials_] == [0, 1]
    assert search.leaderboard_["best_score"].tolist() == [1]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            one_standard_error(by="param_x"),
            "one_standard_error(by='param_x', metric=None)",
        ),
        (
            fastest_within(0.01, metric="r2"),
            "fastest_within(tolerance=0.01, by='mean_fit_time', metric='r2')",
        ),
    ],
)
def test_rules_are_values(rule, text):
    assert repr(rule) == text
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert clone(BTBSearchCV(Toy(), refit=rule)).refit == rule
