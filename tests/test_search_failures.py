"""What a search does about fits and scorings that fail."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import KFold
from sklearn.svm import SVC
from test_search import names_and_params, search_for
from toys import Log, Toy, X, Y, recording_tuner

NON_FINITE = "One or more of the test scores are non-finite"


def fit_with_warnings(search, *args):
    """Fit; return the warnings as (category, message)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(*args or (X, Y))
    return [(warning.category, str(warning.message)) for warning in caught]


def score_by_x(scores):
    """Make a scorer that returns what `scores` has for `x`, or raises it."""

    def scorer(estimator, X, y=None):
        score = scores.get(estimator.x, 1.0)
        if isinstance(score, Exception):
            raise score
        return score

    return scorer


class UnreadySetParams(Toy):
    """Refuses 3 in `set_params`."""

    def set_params(self, **params):
        if params.get("x") == 3:
            raise KeyError("no 3")
        return super().set_params(**params)


class TestFailingFits:
    def test_of_one_candidate_leave_the_others_alone(self):
        search = search_for(Toy(bad=(1,)), {"x": [0, 1, 2]})
        fit_with_warnings(search)
        for params, score, rank in zip(
            search.cv_results_["params"],
            search.cv_results_["mean_test_score"],
            search.cv_results_["rank_test_score"],
            strict=True,
        ):
            expected = {0: (10.0, 1), 1: (math.nan, 3), 2: (6.0, 2)}[params["x"]]
            assert (score, rank) == pytest.approx(expected, nan_ok=True)
        assert search.best_params_ == {"x": 0}

    def test_of_one_fold_keep_the_scores_of_the_other_folds(self):
        estimators = {"needy": Toy(needed_row=0), "other": Toy(peak=1)}
        search = search_for(estimators, {"needy": {}, "other": {}})
        fit_with_warnings(search)
        splits = [search.cv_results_[f"split{k}_test_score"][0] for k in range(3)]
        assert splits == pytest.approx([math.nan, 10.0, 10.0], nan_ok=True)
        assert math.isnan(search.cv_results_["mean_test_score"][0])
        assert search.trials_[0].state == "failed"
        assert search.best_estimator_name_ == "other"

    def test_of_one_estimator_leave_the_others_alone(self):
        estimators = {"broken": Toy(bad=(0,)), "good": Toy()}
        search = search_for(estimators, {"broken": {}, "good": {"x": [0, 1]}})
        fit_with_warnings(search)
        assert search.best_estimator_name_ == "good"
        assert len(search.trials_) == 3

    def test_are_summed_up_in_one_warning_that_quotes_them(self):
        search = search_for(Toy(bad=(1, 2), needed_row=0), {"x": [0, 1, 2, 3]})
        failures = [
            message
            for category, message in fit_with_warnings(search)
            if category is FitFailedWarning
        ]
        assert len(failures) == 1
        assert "8 fits failed out of a total of 12" in failures[0]
        assert "2 fits failed with the following error" in failures[0]
        for error in ("must not be 1", "must not be 2", "row 0 is missing"):
            assert failures[0].count(error) == 1

    def test_may_come_from_set_params(self):
        search = search_for(UnreadySetParams(), {"x": [0, 3]})
        caught = fit_with_warnings(search)
        assert [category for category, _ in caught] == [FitFailedWarning, UserWarning]
        failed = [trial for trial in search.trials_ if trial.state == "failed"]
        assert [trial.params for trial in failed] == [{"x": 3}]
        assert "KeyError: 'no 3'" in failed[0].error

    def test_are_tried_once_each_in_a_finite_space(self):
        log = Log()
        bad = tuple(range(1, 15))
        search = search_for(Toy(bad=bad, log=log), {"x": range(16)}, refit=False)
        fit_with_warnings(search)
        assert sorted(x for x, _ in log) == sorted(list(range(16)) * 3)

    @pytest.mark.parametrize("tuner", ["uniform", "gp", "gpei", "gcp", "gcpei"])
    def test_do_not_disturb_the_tuner(self, tuner):
        class FailsAboveTwo(Toy):
            def fit(self, X, y=None):
                if self.x > 2:
                    raise ValueError("too much")
                return super().fit(X, y)

        space = {"x": uniform(-50, 100)}
        params = {"n_iter": 15, "cv": KFold(2), "tuner": tuner}
        search = search_for(FailsAboveTwo(), space, **params)
        categories = [category for category, _ in fit_with_warnings(search)]
        assert len(search.trials_) == 15
        assert categories == [FitFailedWarning, UserWarning]

    def test_of_the_first_candidates_do_not_end_the_search(self):
        search = search_for(
            {"a": Toy(x=1, bad=(1,)), "b": Toy(x=2, bad=(2,))},
            {name: {"x": range(5)} for name in "ab"},
            tuner="gp",
        )
        fit_with_warnings(search)
        assert [trial.state for trial in search.trials_[:2]] == ["failed"] * 2
        assert search.best_params_ == {"x": 0}
        assert len(search.trials_) == 10


class TestEverythingFailed:
    def test_is_an_error_that_quotes_the_commonest_cause_first(self):
        search = search_for(
            {"rare": Toy(bad=(0,)), "common": Toy(needed_row=99)},
            {"rare": {}, "common": {"x": [1, 2]}},
        )
        with pytest.raises(ValueError, match="All the 9 fits failed") as caught:
            search.fit(X, Y)
        message = str(caught.value)
        assert "6 fits failed with the following error" in message
        assert message.index("row 99 is missing") < message.index("x must not be 0")

    def test_leaves_the_trials_and_no_results(self):
        search = search_for(Toy(bad=(0, 1)), {"x": [0, 1]})
        with pytest.raises(ValueError, match="x must not be"):
            search.fit(X, Y)
        assert [trial.params for trial in search.trials_] == [{"x": 0}, {"x": 1}]
        assert all("x must not be" in trial.error for trial in search.trials_)
        assert not hasattr(search, "cv_results_")
        with pytest.raises(NotFittedError):
            search.predict(X)

    @pytest.mark.parametrize("error_score", [np.nan, 0.0])
    def test_is_an_error_whatever_error_score_says(self, error_score):
        search = search_for(Toy(bad=(0,)), {}, error_score=error_score)
        with pytest.raises(ValueError, match="All the 3 fits failed"):
            search.fit(X, Y)

    def test_is_no_error_if_only_the_scoring_failed(self):
        scoring = score_by_x(dict.fromkeys([0, 1], ValueError("no")))
        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring)
        fit_with_warnings(search)
        assert math.isnan(search.best_score_)
        assert search.best_index_ == 0
        assert search.cv_results_["rank_test_score"].tolist() == [1, 1]


class TestNoCandidateHasAScore:
    SAID = "No candidate has a score that is a number"

    def test_is_said_with_the_first_error(self):
        scoring = score_by_x({0: ValueError("zero\nor so"), 1: TypeError("one")})
        caught = fit_with_warnings(search_for(Toy(), {"x": [0, 1]}, scoring=scoring))
        _, message = caught[-1]
        assert message.startswith(NON_FINITE)
        assert self.SAID in message
        assert message.endswith("the first error was ValueError: zero")

    def test_is_said_where_nothing_was_raised(self):
        scoring = score_by_x({0: math.nan})
        [(_, message)] = fit_with_warnings(search_for(Toy(), {}, scoring=scoring))
        assert self.SAID in message
        assert "nothing was raised" in message

    @pytest.mark.parametrize("score", [5.0, -math.inf])
    def test_is_not_said_where_one_has_a_score(self, score):
        scoring = score_by_x({0: math.nan, 1: score})
        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring)
        [(_, message)] = fit_with_warnings(search)
        assert message.startswith(NON_FINITE)
        assert self.SAID not in message

    def test_is_said_of_the_metric_that_steers_only(self):
        scoring = {"bad": score_by_x({0: math.nan}), "good": score_by_x({})}
        search = search_for(Toy(), {}, scoring=scoring, refit="good")
        [(_, message)] = fit_with_warnings(search)
        assert message.startswith(NON_FINITE)
        assert self.SAID not in message


class TestErrorScore:
    @pytest.mark.parametrize("error_score", [-3.5, 0, np.float32(2), math.inf])
    def test_stands_in_for_what_is_missing(self, error_score):
        estimators = {"needy": Toy(needed_row=0, peak=1), "other": Toy()}
        search = search_for(
            estimators, {"needy": {}, "other": {}}, error_score=error_score
        )
        fit_with_warnings(search)
        splits = [search.cv_results_[f"split{k}_test_score"][0] for k in range(3)]
        assert splits == [error_score, 9.0, 9.0]
        assert search.cv_results_["mean_test_score"][0] == np.mean(splits)
        assert search.trials_[0].state == "failed"

    @pytest.mark.parametrize("returned", [{"a": 1.0, "b": 2.0}, 1.0])
    def test_stands_in_for_every_metric_and_for_train_scores(self, returned):
        search = search_for(
            Toy(bad=(0,)),
            {"x": [0, 1]},
            scoring=lambda estimator, X, y: returned,
            refit="b",
            error_score=-7,
            return_train_score=True,
        )
        fit_with_warnings(search)
        for metric in ["a", "b"] if isinstance(returned, dict) else ["score"]:
            for part in ("test", "train"):
                means = search.cv_results_[f"mean_{part}_{metric}"]
                assert means[0] == -7
                assert means[1] > 0

    @pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
    def test_raise_raises_what_was_raised(self, backend):
        search = search_for(
            {"good": Toy(), "needy": Toy(needed_row=0)},
            {"good": {}, "needy": {}},
            error_score="raise",
        )
        with (
            parallel_config(backend, n_jobs=2),
            pytest.raises(RuntimeError, match=r"^row 0 is missing$"),
        ):
            search.fit(X, Y)
        assert search.stop_reason_ == "error"

    def test_raise_keeps_the_trials_before(self):
        search = search_for(
            {"good": Toy(), "needy": Toy(needed_row=0)},
            {"good": {}, "needy": {}},
            error_score="raise",
        )
        with pytest.raises(RuntimeError):
            search.fit(X, Y)
        assert [trial.estimator_name for trial in search.trials_] == ["good"]

    @pytest.mark.parametrize("several", [False, True])
    def test_raise_raises_what_a_scorer_raised(self, several):
        scorer = score_by_x({1: ZeroDivisionError("in the scorer")})
        scoring = {"one": scorer, "two": scorer} if several else scorer
        search = search_for(
            Toy(), {"x": [0, 1]}, scoring=scoring, refit="one", error_score="raise"
        )
        with pytest.raises(ZeroDivisionError, match="in the scorer"):
            search.fit(X, Y)

    def test_raise_raises_what_set_params_raised(self):
        search = search_for(UnreadySetParams(), {"x": [0, 3]}, error_score="raise")
        with pytest.raises(KeyError, match="no 3"):
            search.fit(X, Y)


class TestFailingScorers:
    def test_are_summed_up_in_one_warning(self):
        scores = {0: ValueError("zero"), 1: TypeError("one")}
        search = search_for(Toy(), {"x": [0, 1, 2]}, scoring=score_by_x(scores))
        caught = fit_with_warnings(search)
        assert [category for category, _ in caught] == [UserWarning] * 2
        assert "Scoring failed on 6 of 9" in caught[0][1]
        assert "ValueError: zero" in caught[0][1]
        assert "TypeError: one" in caught[0][1]
        assert caught[1][1].startswith(NON_FINITE)
        assert search.best_params_ == {"x": 2}

    def test_fail_the_trial_with_a_traceback(self):
        scoring = score_by_x({0: ValueError("zero")})
        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring)
        fit_with_warnings(search)
        failed, complete = search.trials_
        assert (failed.state, complete.state) == ("failed", "complete")
        assert "ValueError: zero" in failed.error
        assert failed.folds[0].fit_error is None

    def test_of_one_metric_leave_the_other_metrics_alone(self):
        scoring = {"bad": score_by_x({0: ValueError("zero")}), "good": score_by_x({})}
        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring, refit="good")
        caught = fit_with_warnings(search)
        assert len(caught) == 2
        assert search.cv_results_["mean_test_good"].tolist() == [1.0, 1.0]
        bad = search.cv_results_["mean_test_bad"].tolist()
        assert bad == pytest.approx([math.nan, 1.0], nan_ok=True)

    def test_of_a_metric_that_does_not_steer_fail_no_trial(self):
        scoring = {"good": score_by_x({}), "bad": score_by_x({0: ValueError("zero")})}
        search = search_for(
            {"a": Toy(), "b": Toy(x=1)},
            {"a": {"x": [0]}, "b": {"x": range(1, 5)}},
            scoring=scoring,
            refit="good",
            max_errors=1,
        )
        caught = fit_with_warnings(search)
        assert {trial.state for trial in search.trials_} == {"complete"}
        assert "ValueError: zero" in search.trials_[0].error
        assert not any("dropped" in message for _, message in caught)

    @pytest.mark.parametrize("steering", ["bad", "good"])
    def test_of_the_metric_that_steers_fail_the_trial(self, steering):
        scoring = {"good": score_by_x({}), "bad": score_by_x({0: ValueError("zero")})}
        search = search_for(Toy(), {"x": [0]}, scoring=scoring, refit=steering)
        fit_with_warnings(search)
        expected = "failed" if steering == "bad" else "complete"
        assert search.trials_[0].state == expected

    @pytest.mark.parametrize("scoring", ["accuracy", ["accuracy", "f1"]])
    def test_may_be_due_to_an_estimator_that_predicts_garbage(self, scoring):
        class Garbage(DummyClassifier):
            def predict(self, X):
                return "garbage"

        search = search_for(
            {"garbage": Garbage(), "dummy": DummyClassifier()},
            {"garbage": {}, "dummy": {}},
            scoring=scoring,
            refit="accuracy",
        )
        fit_with_warnings(search)
        assert search.best_estimator_name_ == "dummy"
        assert search.trials_[0].state == "failed"

    @pytest.mark.parametrize("verbose", [0, 3])
    @pytest.mark.parametrize("fails_on", [4, 8])  # rows of the test, training part
    def test_may_fail_on_one_part_of_the_data_only(self, fails_on, verbose):
        def scoring(estimator, X, y):
            if len(X) == fails_on and estimator.x == 1:
                raise ValueError(f"{fails_on} rows")
            return {"n": len(X)}

        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring, refit="n")
        search.set_params(return_train_score=True, verbose=verbose)
        caught = fit_with_warnings(search)
        part, other = ("test", "train") if fails_on == 4 else ("train", "test")
        assert np.isnan(search.cv_results_[f"mean_{part}_n"]).tolist() == [False, True]
        assert np.isfinite(search.cv_results_[f"mean_{other}_n"]).all()
        assert len(caught) == 2

    @pytest.mark.parametrize("error_score", [np.nan, "raise"])
    @pytest.mark.parametrize(
        ("returned", "shown"),
        [
            ("text", "text"),
            (None, "None"),
            ([1.0, 2.0], r"\[1.0, 2.0\]"),
            ({"a": "text"}, "text"),
            ({"a": None}, "None"),
        ],
    )
    def test_that_return_no_number_end_the_search(self, returned, shown, error_score):
        scoring = score_by_x({0: {"a": 1.0}, 1: returned})
        params = {"scoring": scoring, "refit": "a", "error_score": error_score}
        search = search_for(Toy(), {"x": [0, 1]}, **params)
        message = f"scoring must return a number, got {shown} "
        with pytest.raises(ValueError, match=message):
            search.fit(X, Y)
        assert len(search.trials_) == 1

    @pytest.mark.parametrize("score", [True, np.float32(0.5), np.array(0.5), 3])
    def test_may_return_any_kind_of_number(self, score):
        search = search_for(Toy(), {}, scoring=lambda *args: score).fit(X, Y)
        assert search.best_score_ == float(score)
        assert search.cv_results_["split0_test_score"].dtype == np.float64


class TestNonFiniteScores:
    @pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("return_train_score", [False, True])
    def test_are_warned_about_once(self, score, return_train_score):
        scoring = {"one": score_by_x({1: score}), "two": score_by_x({1: score})}
        params = {"refit": "two", "return_train_score": return_train_score}
        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring, **params)
        caught = fit_with_warnings(search)
        assert len(caught) == 1
        assert caught[0][0] is UserWarning
        assert caught[0][1].startswith(NON_FINITE)

    def test_nan_is_last_even_after_minus_infinity(self):
        scoring = score_by_x({0: math.nan, 1: -math.inf, 2: math.inf, 3: 5.0})
        search = search_for(Toy(), {"x": range(4)}, scoring=scoring, refit=False)
        fit_with_warnings(search)
        by_x = dict(
            zip(
                search.cv_results_["param_x"].tolist(),
                search.cv_results_["rank_test_score"].tolist(),
                strict=True,
            )
        )
        assert by_x == {2: 1, 3: 2, 1: 3, 0: 4}
        assert search.best_params_ == {"x": 2}

    def test_nan_fails_a_trial_and_infinity_does_not(self):
        scoring = score_by_x({0: math.nan, 1: -math.inf, 2: math.inf})
        search = search_for(Toy(), {"x": range(3)}, scoring=scoring, refit=False)
        fit_with_warnings(search)
        states = {trial.params["x"]: trial.state for trial in search.trials_}
        assert states == {0: "failed", 1: "complete", 2: "complete"}
        assert all(trial.error is None for trial in search.trials_)

    @settings(max_examples=25)
    @given(
        scores=st.lists(st.floats(), min_size=8, max_size=8),
        tuner=st.sampled_from(["gp", "gpei", "gcp", "gcpei"]),
        selector=st.sampled_from(["max_ucb", "ucb1", "best_k_velocity"]),
    )
    def test_no_score_whatever_disturbs_the_search(self, scores, tuner, selector):
        class Given(Toy):
            def score(self, X, y=None):
                return scores[self.x]

        search = search_for(
            {"a": Given(), "b": Given(x=7)},
            {name: {"x": range(8)} for name in "ab"},
            tuner=tuner,
            selector=selector,
            max_errors=1000,
            cv=KFold(2),
        )
        categories = [category for category, _ in fit_with_warnings(search)]
        means = [(scores[x] + scores[x]) / 2 for x in range(8)]
        assert categories == [UserWarning] * (not np.isfinite(means).all())
        assert len(search.trials_) == 16
        known = [mean for mean in means if not math.isnan(mean)]
        assert search.best_score_ == pytest.approx(
            max(known, default=math.nan), nan_ok=True
        )

    @pytest.mark.parametrize("error_score", [0.0, 100.0, -math.inf])
    def test_error_score_never_reaches_a_tuner(self, error_score):
        tuner, told = recording_tuner()
        params = {"tuner": tuner, "error_score": error_score, "refit": False}
        fit_with_warnings(search_for(Toy(bad=(0, 3)), {"x": range(6)}, **params))
        assert {params["x"] for params, _ in told} == set(range(6))
        assert {score for _, score in told} == {9.0, 6.0, -6.0, -15.0}

    @pytest.mark.parametrize("selector", ["max_ucb", "uniform"])
    def test_nan_never_reaches_a_tuner(self, selector):
        tuner, told = recording_tuner()
        scores = {0: math.nan, 1: ValueError("one"), 5: math.inf, 6: -math.inf}
        search = search_for(
            {"a": Toy(bad=(2,)), "b": Toy(x=7, needed_row=0), "c": Toy()},
            {name: {"x": range(8)} for name in "abc"},
            scoring=score_by_x(scores),
            tuner=tuner,
            selector=selector,
            max_errors=6,
        )
        fit_with_warnings(search)
        assert told
        assert not any(math.isnan(score) for _, score in told)
        assert any(trial.state == "failed" for trial in search.trials_)


class TestMaxErrors:
    BROKEN = Toy(bad=tuple(range(50)))

    def search(self, max_errors, **params):
        return search_for(
            {"broken": self.BROKEN, "good": Toy()},
            {"broken": {"x": range(50)}, "good": {"x": uniform()}},
            selector="uniform",
            n_iter=40,
            max_errors=max_errors,
            **params,
        )

    @pytest.mark.parametrize("max_errors", [1, 2, 5])
    def test_drop_an_estimator_and_the_others_go_on(self, max_errors):
        search = self.search(max_errors)
        fit_with_warnings(search)
        names = search.cv_results_["estimator_name"].tolist()
        assert names.count("broken") == max_errors
        assert len(names) == 40

    @pytest.mark.parametrize("error_score", [np.nan, -1.0])
    def test_are_warned_about_once_an_estimator(self, error_score):
        caught = fit_with_warnings(self.search(3, error_score=error_score))
        dropped = [message for _, message in caught if "was dropped" in message]
        assert len(dropped) == 1
        assert "'broken' was dropped from the search: 3 of its" in dropped[0]

    def test_count_candidates_and_not_folds(self):
        search = search_for(
            {"needy": Toy(needed_row=0), "good": Toy()},
            {"needy": {"x": range(4)}, "good": {}},
            max_errors=5,
        )
        fit_with_warnings(search)
        assert len(search.trials_) == 5

    def test_that_are_not_reached_drop_nothing(self):
        search = search_for(
            {"some": Toy(bad=(1, 2)), "good": Toy()},
            {"some": {"x": range(9)}, "good": {}},
            max_errors=3,
        )
        caught = fit_with_warnings(search)
        assert len(search.trials_) == 10
        assert not any("dropped" in message for _, message in caught)

    def test_of_all_estimators_end_the_search(self):
        search = search_for(
            {"a": self.BROKEN, "b": self.BROKEN},
            {name: {"x": range(50)} for name in "ab"},
            max_errors=2,
        )
        with (
            pytest.warns(UserWarning, match="'[ab]' was dropped"),
            pytest.raises(ValueError, match="All the 12 fits failed"),
        ):
            search.fit(X, Y)
        assert len(search.trials_) == 4

    @pytest.mark.parametrize("as_dict", [False, True])
    def test_never_drop_a_single_estimator(self, as_dict):
        toy, space = Toy(bad=tuple(range(19))), {"x": range(20)}
        given_ = ({"toy": toy}, {"toy": space}) if as_dict else (toy, space)
        search = search_for(*given_, max_errors=2)
        caught = fit_with_warnings(search)
        assert len(search.trials_) == 20
        assert search.best_params_ == {"x": 19}
        assert not any("dropped" in message for _, message in caught)

    def test_do_not_depend_on_the_number_of_jobs_beyond_what_is_pending(self):
        search = self.search(1)
        with parallel_config("threading", n_jobs=4):
            fit_with_warnings(search)
        names = search.cv_results_["estimator_name"].tolist()
        assert 1 <= names.count("broken") <= 4
        assert len(names) == 40


class TestTrialsOfFailures:
    def test_keep_every_traceback(self):
        search = search_for(
            {"all": Toy(bad=(0,)), "one": Toy(needed_row=0), "none": Toy()},
            {"all": {}, "one": {}, "none": {}},
        )
        fit_with_warnings(search)
        errors = [
            [fold.fit_error is not None for fold in trial.folds]
            for trial in search.trials_
        ]
        assert errors == [[True] * 3, [True, False, False], [False] * 3]
        every, one, none = search.trials_
        assert "Traceback" in every.error and "toys.py" in every.error
        assert one.error == one.folds[0].fit_error
        assert none.error is None

    def test_pickle(self):
        search = search_for(Toy(bad=(0,)), {"x": [0, 1]})
        fit_with_warnings(search)
        copies = pickle.loads(pickle.dumps(search.trials_))
        assert [copy.error for copy in copies] == [t.error for t in search.trials_]
        assert copies[1] == search.trials_[1]

    def test_are_there_after_an_interruption(self):
        class Interrupted(Toy):
            def fit(self, X, y=None):
                if self.x == 2:
                    raise KeyboardInterrupt
                return super().fit(X, y)

        search = search_for(Interrupted(), {"x": [2, 0, 1, 3]}, random_state=1)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, Y)
        assert 1 <= len(search.trials_) <= 3
        assert all(trial.state == "complete" for trial in search.trials_)


class FailsOnAllRows(Toy):
    def fit(self, X, y=None):
        if len(X) == 12:
            raise MemoryError("all rows are too many")
        return super().fit(X, y)


class TestFailingRefit:
    def test_leaves_the_results_and_the_best_parameters(self):
        search = search_for({"toy": FailsOnAllRows()}, {"toy": {"x": [0, 1]}})
        with pytest.raises(MemoryError, match="too many"):
            search.fit(X, Y)
        assert len(search.cv_results_["params"]) == 2
        assert search.best_params_ == {"x": 0}
        assert search.best_estimator_name_ == "toy"
        assert search.best_score_ == 10.0

    def test_leaves_nothing_to_predict_with(self):
        search = search_for(FailsOnAllRows(), {})
        with pytest.raises(MemoryError):
            search.fit(X, Y)
        assert not hasattr(search, "best_estimator_")
        assert not hasattr(search, "refit_time_")
        with pytest.raises(NotFittedError):
            search.predict(X)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_failures_in_other_threads_and_processes_are_recorded_alike(backend):
    search = search_for(
        {"some": Toy(bad=(1, 2)), "needy": Toy(needed_row=0), "good": Toy()},
        {"some": {"x": range(4)}, "needy": {}, "good": {}},
    )

    def states():
        rows = zip(names_and_params(search), search.trials_, strict=True)
        return {str(row): trial.state for row, trial in rows}

    alone = fit_with_warnings(search), states()
    with parallel_config(backend, n_jobs=2):
        together = fit_with_warnings(search), states()
    assert together[1] == alone[1]
    assert [kind for kind, _ in together[0]] == [kind for kind, _ in alone[0]]
    assert "x must not be 1" in "".join(trial.error or "" for trial in search.trials_)


def test_a_square_matrix_is_needed_for_a_precomputed_kernel():
    search = search_for(SVC(kernel="precomputed"), {"C": [1, 2]})
    with pytest.raises(ValueError, match=r"must be a square array.*shape \(12, 1\)"):
        search.fit(X, Y)


class TestSteeringMetric:
    @staticmethod
    def search(refit):
        def broken(estimator, X, y=None):
            raise ValueError("not to be scored")

        def working(estimator, X, y=None):
            return estimator.score(X)

        scoring = {"broken": broken, "working": working}
        return search_for(
            Toy(), {"x": [0, 1, 2]}, scoring=scoring, refit=refit, error_score=0
        )

    @pytest.mark.parametrize(
        ("refit", "state"), [("broken", "failed"), ("working", "complete")]
    )
    def test_says_whether_a_candidate_has_failed(self, refit, state):
        search = self.search(refit)
        fit_with_warnings(search)
        assert {trial.state for trial in search.trials_} == {state}

    def test_a_failure_on_the_training_part_alone_is_none_of_the_candidate(self):
        def scorer(estimator, X, y=None):
            if len(X) > 6:  # of 12 rows in three folds
                raise ValueError("these rows were trained on")
            return 0.5

        search = search_for(
            Toy(), {"x": [0, 1]}, scoring=scorer, return_train_score=True
        )
        messages = [message for _, message in fit_with_warnings(search)]
        assert {trial.state for trial in search.trials_} == {"complete"}
        assert any("Scoring failed" in message for message in messages)


def test_values_are_not_turned_into_text_unless_asked():
    class Shy:
        def __repr__(self):
            raise RuntimeError("no text")

        def __rsub__(self, other):
            return 1.0

        __sub__ = __rsub__

    search = search_for(Toy(), {"x": [Shy(), Shy()]}).fit(X, Y)
    assert len(search.trials_) == 2
