"""What a search does: its candidates, splits, results, parameters and randomness.

Failures are in test_search_failures.py, kinds of data and values in
test_search_inputs.py.
"""

import os
import pickle
import subprocess
import sys
import time
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, ParameterGrid, ShuffleSplit
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import estimator_html_repr
from toys import THREE_FOLDS, Log, Toy, X, Y, recording_tuner

from sklearn_btb import (
    UCB1,
    BTBSearchCV,
    GPTuner,
    IntHyperParam,
    MaxUCB,
    Tunable,
    UniformTuner,
)
from sklearn_btb._session import SELECTORS, TUNERS


def search_for(estimators, spaces=None, **params):
    """A search that is fast unless a test says otherwise."""
    defaults = {"cv": THREE_FOLDS, "tuner": "uniform", "random_state": 0}
    return BTBSearchCV(estimators, spaces, **defaults | params)


def names_and_params(search):
    results = search.cv_results_
    return list(zip(results["estimator_name"], results["params"], strict=True))


def values_of(search, parameter="x"):
    return [params[parameter] for params in search.cv_results_["params"]]


class TestFirstCandidates:
    def test_are_the_current_parameters_of_each_estimator_in_the_order_given(self):
        search = search_for(
            {"b": Toy(x=7), "a": Toy(x=-3), "c": Toy(x=0.25)},
            {"c": {"x": uniform(0, 1)}, "a": {"x": [5, -3, 4]}, "b": {"x": range(9)}},
            n_iter=5,
        ).fit(X, Y)
        assert names_and_params(search)[:3] == [
            ("b", {"x": 7}),
            ("a", {"x": -3}),
            ("c", {"x": 0.25}),
        ]

    def test_are_the_nearest_in_the_space_where_the_current_ones_lie_outside(self):
        search = search_for(
            {"whole": Toy(x=50), "part": Toy(x=50, peak=3)},
            {
                "whole": {"x": IntHyperParam(0, 10)},
                "part": {"x": [1, 2, 4], "peak": [3, 9]},
            },
            n_iter=2,
        ).fit(X, Y)
        assert names_and_params(search) == [
            ("whole", {"x": 10}),
            ("part", {"x": 4, "peak": 3}),
        ]

    def test_are_the_defaults_that_the_space_itself_gives(self):
        space = {"x": IntHyperParam(0, 10, default=8)}
        search = search_for(Toy(x=1), space, n_iter=1).fit(X, Y)
        assert search.cv_results_["params"] == [{"x": 8}]

    def test_lie_in_the_part_of_a_union_where_the_current_parameters_lie(self):
        space = [{"x": [1, 2]}, {"x": [7], "peak": [0, 1]}]
        search = search_for(Toy(x=7, peak=1), space, n_iter=1).fit(X, Y)
        assert search.cv_results_["params"] == [{"x": 7, "peak": 1}]

    def test_reach_as_far_as_n_iter(self):
        estimators = {"a": Toy(), "b": Toy(), "c": Toy()}
        search = search_for(estimators, {"a": {}, "b": {}, "c": {}}, n_iter=2)
        with pytest.warns(
            UserWarning, match=r"before the estimators \['c'\] were tried"
        ):
            search.fit(X, Y)
        assert names_and_params(search) == [("a", {}), ("b", {})]
        search.set_params(warm_start=True, n_iter=0).fit(X, Y)  # asks for none

    def test_make_the_result_at_least_as_good_as_the_estimators_were(self):
        search = search_for(
            {"poor": Toy(x=5), "good": Toy(x=0)},
            {"poor": {"x": uniform(4, 2)}, "good": {"x": uniform(-9, 18)}},
            n_iter=6,
        ).fit(X, Y)
        assert search.best_score_ == 10.0
        assert search.best_estimator_name_ == "good"
        assert search.best_index_ == 1


lists_of_values = st.lists(st.integers(-3, 3), min_size=1, max_size=4, unique=True)
finite_parts = st.dictionaries(
    st.sampled_from(["x", "peak"]), lists_of_values, max_size=2
)
finite_spaces = st.lists(finite_parts, min_size=1, max_size=3)


def combinations(space):
    """All combinations of a union of grids, in its order, as sorted tuples of items."""
    return [tuple(sorted(params.items())) for params in ParameterGrid(space)]


class TestBudget:
    @pytest.mark.parametrize("tuner", TUNERS)
    def test_finite_space_is_searched_once_and_then_the_search_stops(self, tuner):
        space = {"x": [0, 1, 2, 3], "peak": [0, 5]}
        search = search_for(Toy(), space, tuner=tuner, n_iter=50).fit(X, Y)
        expected = [{"peak": peak, "x": x} for peak in (0, 5) for x in range(4)]
        assert search.cv_results_["params"] == expected
        assert len(search.trials_) == 8
        assert search.stop_reason_ == "exhausted"

    @settings(max_examples=25)
    @given(
        first=finite_spaces,
        second=finite_spaces,
        bad=st.lists(st.integers(-3, 3)).map(tuple),
        tuner=st.sampled_from(["uniform", "gp"]),
    )
    def test_finite_unions_of_two_estimators_are_searched_without_a_repeat(
        self, first, second, bad, tuner
    ):
        search = search_for(
            {"first": Toy(x=9, peak=9), "second": Toy(x=9, bad=bad)},
            {"first": first, "second": second},
            tuner=tuner,
            n_iter=1000,
            max_errors=1000,
            error_score=-1000.0,
            cv=KFold(2),
            refit=False,
        )
        # the first estimator never fails, so that the fit as a whole does not
        failing = any(dict(items).get("x", 9) in bad for items in combinations(second))
        warned = pytest.warns(FitFailedWarning) if failing else nullcontext()
        with warned:
            search.fit(X, Y)
        expected = [("first", items) for items in combinations(first)]
        expected += [("second", items) for items in combinations(second)]
        rows = [(name, tuple(p.items())) for name, p in names_and_params(search)]
        assert rows == expected
        searched = [
            (trial.estimator_name, tuple(trial.params.items()))
            for trial in search.trials_
        ]
        assert sorted(searched) == sorted(set(expected))

    @pytest.mark.filterwarnings("ignore:The search ended")
    @pytest.mark.parametrize("n_jobs", [1, 2])
    @pytest.mark.parametrize("n_iter", [1, 2, 5, 13])
    def test_infinite_space_gets_exactly_n_iter_candidates(self, n_iter, n_jobs):
        search = search_for(
            {"a": Toy(), "b": Toy(), "finite": Toy()},
            {"a": {"x": uniform()}, "b": {"x": uniform()}, "finite": {"x": [0, 1]}},
            n_iter=n_iter,
        )
        with parallel_config("threading", n_jobs=n_jobs):
            search.fit(X, Y)
        assert len(search.trials_) == len(search.cv_results_["params"]) == n_iter

    def test_empty_space_is_one_candidate(self):
        search = search_for(
            {"as_it_is": Toy(x=2), "tuned": Toy()},
            {"as_it_is": {}, "tuned": {"x": uniform()}},
            n_iter=8,
        ).fit(X, Y)
        names = search.cv_results_["estimator_name"].tolist()
        assert names.count("as_it_is") == 1
        assert len(names) == 8

    def test_every_candidate_is_fitted_once_a_split_and_the_winner_once_more(self):
        log = Log()
        space = {"x": [0, 1, 2]}
        search = search_for(Toy(log=log), space, cv=KFold(4)).fit(X, Y)
        assert len(log) == 3 * 4 + 1
        assert log[-1] == (search.best_params_["x"], tuple(range(12)))


class TestSplits:
    def test_of_an_unseeded_shuffle_are_the_same_for_all_candidates(self):
        log = Log()
        cv = ShuffleSplit(n_splits=3)
        search_for(
            {"a": Toy(log=log), "b": Toy(log=log)},
            {"a": {"x": [0, 1, 2]}, "b": {"x": [0, 1]}},
            cv=cv,
            refit=False,
        ).fit(X, Y)
        rows = [rows for _, rows in log]
        assert len(rows) == 15
        assert rows == rows[:3] * 5
        assert len(set(rows)) == 3

    def test_are_asked_for_once(self):
        class CountingSplitter(KFold):
            n_asked = 0

            def split(self, *args, **kwargs):
                type(self).n_asked += 1
                return super().split(*args, **kwargs)

        search_for(Toy(), {"x": range(6)}, cv=CountingSplitter(2)).fit(X, Y)
        assert CountingSplitter.n_asked == 1

    def test_may_come_from_a_generator(self):
        search = search_for(Toy(), {"x": range(6)}, cv=KFold(4).split(X)).fit(X, Y)
        assert search.n_splits_ == 4
        assert np.isfinite(search.cv_results_["split3_test_score"]).all()

    @pytest.mark.parametrize("cv", [[], iter(())])
    def test_none_at_all_is_an_error(self, cv):
        search = search_for(Toy(), {"x": range(6)}, cv=cv)
        with pytest.raises(ValueError, match="No fits were performed"):
            search.fit(X, Y)

    def test_fewer_than_announced_is_an_error(self):
        class BrokenSplitter(KFold):
            def get_n_splits(self, *args, **kwargs):
                return 5

        log = Log()
        search = search_for(Toy(log=log), {"x": [0]}, cv=BrokenSplitter(3))
        with pytest.raises(ValueError, match="Expected 5 splits, got 3"):
            search.fit(X, Y)
        assert not log


@pytest.fixture(scope="module")
def two():
    return search_for(
        {"one": Toy(peak=2), "both": Toy(peak=9)},
        {"one": {"x": [0, 1, 2]}, "both": {"x": [0, 1], "peak": [9]}},
    ).fit(X, Y)


class TestResults:
    def test_name_the_estimator_of_every_row(self, two):
        names = two.cv_results_["estimator_name"]
        assert names.dtype == object
        assert sorted(names) == ["both"] * 2 + ["one"] * 3

    def test_params_carry_no_prefix_and_belong_to_the_row(self, two):
        for name, params in names_and_params(two):
            assert set(params) == ({"x"} if name == "one" else {"x", "peak"})

    def test_mask_the_parameters_that_a_row_has_not(self, two):
        has_peak = two.cv_results_["estimator_name"] == "both"
        peaks = two.cv_results_["param_peak"]
        assert np.array_equal(np.ma.getmaskarray(peaks), ~has_peak)
        assert peaks.compressed().tolist() == [9, 9]
        assert not np.ma.getmaskarray(two.cv_results_["param_x"]).any()

    def test_columns_of_two_estimators_have_a_common_dtype(self):
        search = search_for(
            {"int": Toy(), "float": Toy(x=0.5)},
            {"int": {"x": [0, 1]}, "float": {"x": [0.5, 1.5], "peak": [0, 1]}},
        ).fit(X, Y)
        assert search.cv_results_["param_x"].dtype == float
        assert search.cv_results_["param_peak"].dtype == np.array([0]).dtype
        values = {
            (name, params["x"], type(params["x"]))
            for name, params in names_and_params(search)
        }
        assert values >= {("int", 1, int), ("float", 0.5, float)}

    def test_rows_are_in_the_order_of_the_estimators_and_their_grids(self, two):
        ordered = sorted(
            two.trials_,
            key=lambda each: (each.estimator_name != "one", each.params["x"]),
        )
        for trial, name, params, mean in zip(
            ordered,
            two.cv_results_["estimator_name"],
            two.cv_results_["params"],
            two.cv_results_["mean_test_score"],
            strict=True,
        ):
            assert (trial.estimator_name, trial.params) == (name, params)
            assert trial.score == mean
        assert [trial.number for trial in two.trials_] == list(range(5))

    def test_name_the_winner(self, two):
        index = two.best_index_
        assert type(index) is int
        assert two.cv_results_["rank_test_score"][index] == 1
        assert two.best_score_ == two.cv_results_["mean_test_score"][index] == 10.0
        assert two.best_estimator_name_ == "one"
        assert two.best_params_ == {"x": 2}
        assert (two.best_estimator_.x, two.best_estimator_.peak) == (2, 2)
        assert two.refit_time_ >= 0

    def test_has_scikit_learns_keys_and_the_estimators_name_only(self, two):
        times = {
            f"{stat}_{time}_time"
            for stat in ("mean", "std")
            for time in ("fit", "score")
        }
        scores = {f"split{split}_test_score" for split in range(3)}
        scores |= {"mean_test_score", "std_test_score", "rank_test_score"}
        own = {"params", "param_x", "param_peak", "estimator_name"}
        assert set(two.cv_results_) == times | scores | own

    def test_of_one_metric_without_refit_still_name_the_best(self):
        search = search_for({"a": Toy(), "b": Toy(peak=1)}, {"a": {}, "b": {}})
        search.set_params(refit=False).fit(X, Y)
        assert search.best_estimator_name_ == "a"
        assert search.best_params_ == {}
        assert not hasattr(search, "best_estimator_")
        assert not hasattr(search, "refit_time_")

    def test_of_several_metrics_without_refit_name_no_best(self):
        scoring = {"up": lambda est, X, y: est.x, "down": lambda est, X, y: -est.x}
        search = search_for(Toy(), {"x": [0, 1]}, scoring=scoring, refit=False)
        search.fit(X, Y)
        assert search.multimetric_
        assert not any(attribute.startswith("best_") for attribute in vars(search))

    def test_a_callable_refit_picks_the_row(self):
        search = search_for(
            {"a": Toy(), "b": Toy()},
            {"a": {"x": [0, 1]}, "b": {"x": [3, 4]}},
            refit=lambda results: int(results["mean_test_score"].argmin()),
        ).fit(X, Y)
        assert (search.best_estimator_name_, search.best_params_) == ("b", {"x": 4})
        assert search.best_estimator_.x == 4
        assert not hasattr(search, "best_score_")

    @pytest.mark.parametrize(
        ("index", "error"), [("0", TypeError), (2, IndexError), (-1, IndexError)]
    )
    def test_a_callable_refit_that_returns_no_row_is_an_error(self, index, error):
        search = search_for(Toy(), {"x": [0, 1]}, refit=lambda results: index)
        with pytest.raises(error, match="best_index_"):
            search.fit(X, Y)
        assert len(search.cv_results_["params"]) == 2

    def test_pickle_with_the_search(self, two):
        copy = pickle.loads(pickle.dumps(two))
        assert copy.trials_ == two.trials_
        assert copy.best_params_ == two.best_params_
        assert np.array_equal(copy.predict(X), two.predict(X))

    def test_trials_are_frozen(self, two):
        with pytest.raises(AttributeError):
            two.trials_[0].score = 11.0
        with pytest.raises(AttributeError):
            two.trials_[0].folds[0].fit_time = 0.0

    def test_trials_keep_the_scores_and_times_of_the_folds(self, two):
        results = two.cv_results_
        for trial in two.trials_:
            row = results["params"].index(trial.params)
            splits = [results[f"split{k}_test_score"][row] for k in range(3)]
            assert list(trial.fold_scores) == splits
            assert np.mean(trial.fit_times) == results["mean_fit_time"][row]
            assert np.mean(trial.score_times) == results["mean_score_time"][row]
            assert (trial.state, trial.error) == ("complete", None)


BY_X = {"x": lambda est, X, y: est.x, "minus_x": lambda est, X, y: -est.x}


class TestSteering:
    @pytest.mark.parametrize(
        ("refit", "sign"),
        [("x", 1), ("minus_x", -1), (False, 1), (lambda results: 0, 1)],
        ids=["first", "second", "no refit", "callable"],
    )
    def test_metric_is_the_one_of_refit_or_the_first(self, refit, sign):
        tuner, told = recording_tuner()
        search = search_for(
            Toy(), {"x": [1, 2, 3]}, scoring=BY_X, refit=refit, tuner=tuner
        ).fit(X, Y)
        assert len(told) == 3
        assert all(score == sign * params["x"] for params, score in told)
        assert [trial.score for trial in search.trials_] == [s for _, s in told]

    def test_metric_of_a_callable_is_known_after_the_first_trial(self):
        tuner, told = recording_tuner()
        search = search_for(
            Toy(),
            {"x": [1, 2, 3]},
            scoring=lambda est, X, y: {"a": est.x, "b": -2 * est.x},
            refit="b",
            tuner=tuner,
        ).fit(X, Y)
        assert all(score == -2 * params["x"] for params, score in told)
        assert search.best_params_ == {"x": 1}
        assert search.best_score_ == -2

    @pytest.mark.parametrize("tuner", ["auto", "gpei", "gcp", "gcpei"])
    def test_finds_the_peak_where_guessing_does_not(self, tuner):
        def distance(tuner, seed):
            search = search_for(
                Toy(x=90),
                {"x": uniform(-100, 200)},
                tuner=tuner,
                n_iter=20,
                cv=KFold(2),
                random_state=seed,
            ).fit(X, Y)
            return abs(search.best_params_["x"])

        guided = np.median([distance(tuner, seed) for seed in range(5)])
        guessed = np.median([distance("uniform", seed) for seed in range(5)])
        assert guided < min(2, guessed)

    def test_gives_the_better_estimator_more_candidates(self):
        search = search_for(
            {"poor": Toy(peak=90), "good": Toy(peak=0)},
            {"poor": {"x": uniform(-1, 2)}, "good": {"x": uniform(-1, 2)}},
            n_iter=24,
        ).fit(X, Y)
        names = search.cv_results_["estimator_name"].tolist()
        assert names.count("good") > 2 * names.count("poor") > 0


TOYS = {"a": Toy(), "b": Toy(peak=1)}
SPACES = {"a": {"x": uniform(-2, 4)}, "b": {"x": randint(-2, 9), "peak": [0, 1]}}


class TestTunersAndSelectors:
    @pytest.mark.parametrize(
        "tuner", [*TUNERS, GPTuner, lambda tunable, random_state: UniformTuner(tunable)]
    )
    def test_every_tuner_runs(self, tuner):
        search = search_for(TOYS, SPACES, tuner=tuner, n_iter=12)
        assert len(search.fit(X, Y).trials_) == 12

    @pytest.mark.parametrize(
        "selector", [*SELECTORS, UCB1, lambda random_state: MaxUCB()]
    )
    def test_every_selector_runs(self, selector):
        search = search_for(TOYS, SPACES, selector=selector, n_iter=12)
        names = search.fit(X, Y).cv_results_["estimator_name"]
        assert len(names) == 12
        assert set(names) == {"a", "b"}

    @pytest.mark.parametrize("parameter", ["tuner", "selector"])
    def test_errors_about_how_it_is_called_name_the_parameter(self, parameter):
        search = search_for(TOYS, SPACES, **{parameter: lambda: None})
        with pytest.raises(TypeError, match=f"`{parameter}` is called as"):
            search.fit(X, Y)

    def test_a_cost_aware_selector_tries_fast_estimators_more_often(self):
        class Slow(DummyClassifier):
            def fit(self, X, y):
                time.sleep(0.05)
                return super().fit(X, y)

        search = BTBSearchCV(
            {"slow": Slow(), "fast": DummyClassifier()},
            {name: {"random_state": randint(0, 10**6)} for name in ("slow", "fast")},
            selector="cost_aware",
            n_iter=12,
            cv=2,
            random_state=0,
        ).fit(X, Y)
        names = list(search.cv_results_["estimator_name"])
        assert names.count("fast") > 2 * names.count("slow")

    def test_the_tuner_is_made_once_for_every_estimator_with_a_seed_of_its_own(self):
        made = []

        def make_tuner(tunable, random_state):
            made.append((tunable.names, random_state))
            return UniformTuner(tunable, random_state=random_state)

        search = search_for(TOYS, SPACES, tuner=make_tuner, n_iter=3)
        search.fit(X, Y)
        assert [names for names, _ in made] == [("x",), ("x", "peak")]
        assert made[0][1] != made[1][1]


def keeps_everything(search, given):
    return all(getattr(search, name) is value for name, value in given.items())


def print_nothing(search, trial):
    return False


GIVEN = {
    "estimators": {"a": Toy(), "b": Toy(peak=1)},
    "search_spaces": {"a": {"x": [0, 1]}, "b": [{"x": [2]}, {"peak": [1, 2]}]},
    "constraints": {"a": lambda params: params["x"] < 5},
    "initial_params": {"a": [{"x": 1}]},
    "n_iter": 4,
    "scoring": {"x": lambda est, X, y: est.x},
    "n_jobs": 1,
    "refit": "x",
    "cv": KFold(2),
    "verbose": 0,
    "pre_dispatch": "all",
    "random_state": np.random.RandomState(0),
    "error_score": -1.5,
    "return_train_score": True,
    "tuner": UniformTuner,
    "selector": UCB1,
    "max_errors": 3,
    "time_budget": 1e6,
    "fit_timeout": None,
    "patience": 9,
    "target_score": 1e6,
    "racing": True,
    "warm_start": True,
    "checkpoint": None,
    "callback": print_nothing,
    "keep_predictions": "predict",
    "keep_estimators": True,
    "n_kept": 2,
}


class TestParameters:
    def test_are_stored_and_neither_copied_nor_checked(self):
        assert keeps_everything(BTBSearchCV(**GIVEN), GIVEN)
        wrong = {name: object() for name in GIVEN}
        assert keeps_everything(BTBSearchCV(**wrong), wrong)

    def test_are_all_the_state_there_is_before_fit(self):
        assert vars(BTBSearchCV(**GIVEN)).keys() == BTBSearchCV().get_params().keys()

    def test_are_left_alone_by_fit(self):
        search = BTBSearchCV(**GIVEN)
        before = {
            name: pickle.dumps(GIVEN[name])
            for name in ("estimators", "search_spaces", "cv")
        }
        search.fit(X, Y)
        assert keeps_everything(search, GIVEN)
        for name, pickled in before.items():
            assert pickle.dumps(GIVEN[name]) == pickled

    def test_estimators_stay_unfitted_even_the_winner(self):
        toy = Toy()
        search = search_for({"toy": toy}, {"toy": {"x": [0, 1]}}).fit(X, Y)
        assert vars(toy) == vars(Toy())
        assert search.best_estimator_ is not toy

    def test_estimators_as_values_stay_unfitted(self):
        inner = LogisticRegression()
        search_for(
            Keyed(SVC()), {"estimator": [SVC(), inner]}, cv=KFold(2), n_iter=9
        ).fit(X, Y)
        assert vars(inner) == vars(LogisticRegression())

    def test_of_nested_estimators_are_set_by_path(self):
        search = search_for({"a": Toy(), "b": Toy()})
        search.set_params(estimators__a__x=5, estimators__b__peak=6, n_iter=7)
        assert (search.estimator["a"].x, search.estimator["b"].peak) == (5, 6)
        assert search.n_iter == 7
        assert search.get_params()["estimators__a__x"] == 5
        assert "estimators__a__x" not in search.get_params(deep=False)

    def test_an_estimator_is_replaced_by_path_in_a_new_dict(self):
        estimators = {"a": Toy(), "b": Toy()}
        search = search_for(estimators)
        ridge = Ridge()
        search.set_params(estimators__a__alpha=3.0, estimators__a=ridge)
        assert list(search.estimator) == ["a", "b"]
        assert search.estimator["a"] is ridge
        assert ridge.alpha == 3.0
        assert isinstance(estimators["a"], Toy)

    def test_of_a_single_estimator_are_set_by_path(self):
        search = search_for(Toy()).set_params(estimator__x=3)
        assert search.estimator.x == search.get_params()["estimator__x"] == 3

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"estimators__c__x": 1}, "no estimator 'c'"),
            ({"estimators__c": Toy()}, r"valid names are \['a', 'b'\]"),
            ({"estimators__a__y": 1}, "Invalid parameter 'y'"),
            ({"n_trials": 1}, "Invalid parameter 'n_trials'"),
        ],
    )
    def test_unknown_names_are_refused(self, wrong, message):
        with pytest.raises(ValueError, match=message):
            search_for({"a": Toy(), "b": Toy()}).set_params(**wrong)

    def test_clone_has_equal_parameters_and_other_estimators(self):
        search = search_for({"a": Toy(x=4)}, {"a": {"x": [0, 4]}}, n_iter=7)
        copy = clone(search.fit(X, Y))
        assert copy.estimator["a"] is not search.estimator["a"]
        assert copy.estimator["a"].x == 4
        assert copy.param_grid == {"a": {"x": [0, 4]}}
        assert not hasattr(copy, "cv_results_")

    def test_clone_finds_the_same(self):
        search = search_for(
            {"a": Toy(), "b": Toy(peak=1)},
            {"a": {"x": loguniform(1e-3, 1)}, "b": {"x": uniform(-5, 10)}},
            n_iter=12,
            tuner="gp",
        )
        copy = clone(search)
        assert names_and_params(search.fit(X, Y)) == names_and_params(copy.fit(X, Y))


class Keyed(Toy):
    """A toy around an estimator."""

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y=None):
        self.estimator_ = clone(self.estimator).fit(X, y)
        return self

    def score(self, X, y=None):
        return self.estimator_.score(X, y)


class TestRefitting:
    def test_forgets_what_no_longer_holds(self):
        search = search_for({"a": Toy(), "b": Toy()}, {"a": {}, "b": {}}).fit(X, Y)
        assert search.best_estimator_
        scoring = {"x": lambda est, X, y: est.x, "y": lambda est, X, y: 0}
        search.set_params(scoring=scoring, refit=False).fit(X, Y)
        stale = [name for name in vars(search) if name.startswith(("best_", "refit_"))]
        assert not stale
        assert set(search.scorer_) == {"x", "y"}

    def test_follows_changed_estimators_and_spaces(self):
        search = search_for({"a": Toy()}, {"a": {"x": [1, 2]}}).fit(X, Y)
        search.set_params(
            estimator={"b": Toy(), "c": Toy()},
            param_grid={"b": {"x": [3]}, "c": {}},
        ).fit(X, Y)
        assert names_and_params(search) == [("b", {"x": 3}), ("c", {})]

    def test_that_fails_leaves_no_result_of_an_earlier_fit(self):
        search = search_for({"a": Toy()}, {"a": {"x": [1, 2]}}).fit(X, Y)
        search.set_params(estimators__a__bad=(1, 2))
        with pytest.raises(ValueError, match="All the 6 fits failed"):
            search.fit(X, Y)
        for attribute in ("cv_results_", "best_estimator_", "best_params_"):
            assert not hasattr(search, attribute)

    def test_is_the_same_as_fitting_anew(self):
        search = search_for(Toy(), {"x": uniform()}, n_iter=6)
        assert values_of(search.fit(X, Y)) == values_of(search.fit(X, Y))


PROGRAM = """
import numpy as np
from scipy.stats import loguniform, randint
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn_btb import BTBSearchCV
search = BTBSearchCV(
    {"tree": DecisionTreeClassifier(random_state=0),
     "logreg": LogisticRegression(max_iter=30, tol=0.1)},
    {"tree": [{"max_depth": randint(1, 9), "criterion": ["gini", "entropy"]},
              {"min_samples_leaf": [1, 2, 4]}],
     "logreg": {"C": loguniform(1e-4, 1e4), "fit_intercept": [True, False]}},
    n_iter=14, cv=3, random_state=7)
X, y = load_iris(return_X_y=True)
search.fit(X, y)
print(search.cv_results_["estimator_name"].tolist(), search.cv_results_["params"])
print(search.cv_results_["mean_test_score"].tolist())
print(search.best_estimator_name_, search.best_params_, search.best_score_)
"""


class TestReproducibility:
    def search(self, **params):
        return search_for(TOYS, SPACES, n_iter=10, **params)

    def test_equal_seeds_give_equal_searches_in_any_process(self):
        runs = [
            subprocess.run(
                [sys.executable, "-c", PROGRAM],
                env={**os.environ, "PYTHONHASHSEED": hash_seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for hash_seed in ("1", "2")
        ]
        assert runs[0] == runs[1]
        assert len(runs[0].splitlines()) == 3

    @pytest.mark.parametrize("tuner", ["uniform", "gp"])
    def test_the_global_seed_plays_no_part(self, tuner):
        found = []
        for seed in (0, 1):
            np.random.seed(seed)  # noqa: NPY002
            search = self.search(tuner=tuner, random_state=3).fit(X, Y)
            found.append(names_and_params(search))
        assert found[0] == found[1]

    @pytest.mark.parametrize("random_state", [None, 0])
    def test_the_global_state_is_not_touched(self, random_state):
        before = np.random.get_state()  # noqa: NPY002
        self.search(random_state=random_state, tuner="gp").fit(X, Y)
        after = np.random.get_state()  # noqa: NPY002
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))

    def test_without_a_seed_two_searches_differ_whatever_the_global_seed(self):
        found = []
        for _ in range(2):
            np.random.seed(0)  # noqa: NPY002
            found.append(names_and_params(self.search(random_state=None).fit(X, Y)))
        assert found[0] != found[1]

    def test_other_seeds_give_other_candidates(self):
        one, two = (self.search(random_state=seed).fit(X, Y) for seed in (1, 2))
        assert names_and_params(one) != names_and_params(two)

    def test_a_random_state_instance_is_drawn_from(self):
        one, same = (
            self.search(random_state=np.random.RandomState(5)).fit(X, Y)
            for _ in range(2)
        )
        assert names_and_params(one) == names_and_params(same)
        shared = np.random.RandomState(5)
        first = names_and_params(self.search(random_state=shared).fit(X, Y))
        second = names_and_params(self.search(random_state=shared).fit(X, Y))
        assert first == names_and_params(one) != second


class TestValidation:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"n_iter": 0},
            {"n_iter": 2.5},
            {"scoring": "acuracy"},
            {"scoring": 3},
            {"scoring": []},
            {"n_jobs": 1.5},
            {"n_jobs": 0},
            {"refit": 3},
            {"refit": None},
            {"cv": "five"},
            {"cv": 1},
            {"verbose": -1},
            {"pre_dispatch": 1.5},
            {"random_state": -1},
            {"random_state": "seed"},
            {"error_score": "nan"},
            {"error_score": None},
            {"return_train_score": "yes"},
            {"tuner": "gpp"},
            {"tuner": 3},
            {"tuner": UniformTuner(Tunable({}))},
            {"tuner": lambda tunable: UniformTuner(tunable)},
            {"tuner": lambda tunable, random_state: None},
            {"selector": "ucb2"},
            {"selector": None},
            {"selector": lambda: MaxUCB()},
            {"selector": lambda random_state: None},
            {"max_errors": 0},
            {"max_errors": 1.5},
            {"search_spaces": None},
            {"search_spaces": [{"x": [0]}]},
            {"search_spaces": {"a": {"x": [0]}, "c": {}}},
            {"search_spaces": {"a": {"x": []}}},
            {"search_spaces": {"a": {"x": 3}}},
            {"search_spaces": {"a": {"xx": [1, 2]}}},
            {"search_spaces": {"a": {"x": uniform}, "b": {"x": {"type": "int"}}}},
            {"estimators": {}},
            {"estimators": [("a", Toy())]},
            {"estimators": {"a": Toy}},
            {"estimators": {"a": "toy"}},
            {"estimators": {"a__b": Toy()}},
            {"estimators": {3: Toy()}},
            {"estimators": {"a": SVC(), "b": Ridge()}},
            {"scoring": {"x": "accuracy", "y": "r2"}, "refit": True},
            {"scoring": ["accuracy", "r2"], "refit": "f1"},
        ],
        ids=str,
    )
    def test_wrong_parameters_are_refused_before_anything_is_fitted(self, wrong):
        log = Log()
        right = {
            "estimators": {"a": Toy(log=log), "b": Toy(log=log)},
            "search_spaces": {"a": {"x": [0, 1]}, "b": {}},
        }
        with pytest.raises((ValueError, TypeError)):
            search_for(**right | wrong).fit(X, Y)
        assert not log

    def test_the_same_without_a_mistake_is_accepted(self):
        log = Log()
        estimators = {"a": Toy(log=log), "b": Toy(log=log)}
        search_for(estimators, {"a": {"x": [0, 1]}, "b": {}}).fit(X, Y)
        assert log

    @pytest.mark.parametrize(
        ("search_spaces", "message"),
        [
            (
                {"a": {"xx": [1, 2]}, "b": {}},
                r"estimator 'a' \(Toy\).*invalid parameter 'xx'.*did you mean 'x'",
            ),
            ({"a": {"x": []}, "b": {}}, r"estimator 'a' \(Toy\).*'x'.*empty"),
            ({"a": {}}, r"estimator 'b' \(Toy\) has no search space"),
            ({"a": {}, "bb": {}}, r"'bb'.*not among.*did you mean 'b'"),
        ],
    )
    def test_messages_name_the_estimator_and_the_parameter(
        self, search_spaces, message
    ):
        search = search_for({"a": Toy(), "b": Toy()}, search_spaces)
        with pytest.raises(ValueError, match=message):
            search.fit(X, Y)

    def test_an_estimator_that_cannot_be_cloned_is_refused(self):
        class Rounding(Toy):
            def __init__(self, x=0.5):
                self.x = round(x, 1) + 0.0

        log = Log()
        search = search_for({"a": Toy(log=log), "b": Rounding()}, {"a": {}, "b": {}})
        with pytest.raises(RuntimeError, match="Cannot clone object"):
            search.fit(X, Y)
        assert not log

    def test_an_estimator_without_a_score_needs_scoring(self):
        class Scoreless(Toy):
            score = property()

        search = search_for({"a": Toy(), "b": Scoreless()}, {"a": {}, "b": {}})
        with pytest.raises(TypeError, match=r"should have a 'score' method.*Scoreless"):
            search.fit(X, Y)
        search.set_params(scoring=lambda est, X, y: 1.0).fit(X, Y)
        assert search.best_score_ == 1.0


class TestVerbose:
    def output(self, capsys, verbose, **params):
        search_for(Toy(), {"x": [0, 1]}, verbose=verbose, **params).fit(X, Y)
        return capsys.readouterr().out.splitlines()

    def test_0_prints_nothing(self, capsys):
        assert self.output(capsys, 0) == []

    def test_1_prints_the_totals(self, capsys):
        assert self.output(capsys, 1) == [
            "Fitting 3 folds for each of 2 candidates, totalling 6 fits"
        ]

    def test_1_counts_what_a_finite_space_has(self, capsys):
        lines = self.output(capsys, 1, n_iter=1)
        assert lines == ["Fitting 3 folds for each of 1 candidates, totalling 3 fits"]

    def test_2_prints_the_end_of_every_fold(self, capsys):
        lines = self.output(capsys, 2)[1:]
        assert len(lines) == 6
        assert all(line.startswith("[CV] END ...") for line in lines)
        assert [line.count("x=0; total time=") for line in lines] == [1] * 3 + [0] * 3
        assert {len(line) for line in lines} == {80}

    def test_3_adds_the_split_and_the_score(self, capsys):
        lines = self.output(capsys, 3)[1:]
        assert lines[0].startswith("[CV 1/3] END ")
        assert lines[-1].startswith("[CV 3/3] END ")
        assert "x=0; score=10.000 total time=" in lines[0]
        assert "x=1; score=9.000 total time=" in lines[-1]

    def test_10_adds_the_candidate_and_the_start(self, capsys):
        lines = self.output(capsys, 10)[1:]
        assert len(lines) == 12
        assert lines[0] == "[CV 1/3; 1/2] START x=0".ljust(80, ".")
        assert lines[-1].startswith("[CV 3/3; 2/2] END ")

    def test_train_scores_and_several_metrics_are_shown(self, capsys):
        scoring = {"b": lambda est, X, y: 2, "a": lambda est, X, y: len(X)}
        params = {"scoring": scoring, "refit": "a", "return_train_score": True}
        line = self.output(capsys, 3, **params)[1]
        assert "x=0; a: (train=8.000, test=4.000) b: (train=2.000, test=2.000)" in line

    def test_estimators_are_named_where_there_are_several(self, capsys):
        search_for({"a": Toy(), "b": Toy()}, {"a": {"x": [0]}, "b": {}}, verbose=2).fit(
            X, Y
        )
        lines = capsys.readouterr().out.splitlines()
        assert "a: x=0; total time=" in lines[1]
        assert "..b; total time=" in lines[4]


REGRESSORS = {"tree": DecisionTreeRegressor(max_depth=3), "ridge": Ridge()}


class TestRepresentation:
    def test_html_shows_every_estimator(self):
        search = search_for(REGRESSORS, {"tree": {}, "ridge": {}})
        html = estimator_html_repr(search)
        for shown in ("BTBSearchCV", "tree", "DecisionTreeRegressor", "ridge", "Ridge"):
            assert shown in html

    def test_html_shows_the_winner_once_fitted(self):
        search = search_for(REGRESSORS, {"tree": {}, "ridge": {}}).fit(X, X[:, 0])
        html = estimator_html_repr(search)
        assert "best_estimator_: ridge" in html
        assert "best_estimator_: tree" not in html

    def test_html_shows_a_single_estimator(self):
        search = search_for(DecisionTreeClassifier(max_depth=3), {})
        assert "estimator: DecisionTreeClassifier" in estimator_html_repr(search)

    @pytest.mark.parametrize("estimators", [{}, None, {"a": None}, [Toy()]])
    def test_wrong_parameters_can_still_be_shown(self, estimators):
        assert "BTBSearchCV" in estimator_html_repr(search_for(estimators))
        assert "BTBSearchCV" in repr(search_for(estimators))

    @pytest.mark.parametrize("estimators", [{}, {"a": None}, {"a": Toy}, [Toy()]])
    def test_parameters_of_wrong_estimators_can_still_be_got(self, estimators):
        assert search_for(estimators).get_params()["estimator"] is estimators
