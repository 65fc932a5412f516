"""What is tried first: configurations given, or those of an earlier search."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import loguniform, randint
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from test_foreign import library

from sklearn_btb import BTBSearchCV, BTBSession, FloatHyperParam, Tunable, when
from sklearn_btb._starting_points import starting_points

X, Y = load_iris(return_X_y=True)
SPACES = {
    "svc": {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 10)},
    "tree": {"max_depth": randint(1, 20), "criterion": ["gini", "entropy"]},
}
ESTIMATORS = {"svc": SVC(gamma=0.1), "tree": DecisionTreeClassifier(random_state=0)}


SEARCH = GridSearchCV(SVC(), {"C": [2.0]}, refit=False).fit(X, Y)
PARAMS = [{"C": 10.0**e, "gamma": 0.1} for e in range(-3, 3)]
SPACE = {"x": FloatHyperParam(0, 1)}


def tunables():
    return {name: Tunable(space) for name, space in SPACES.items()}


def points_of(initial_params, single=False, **options):
    spaces = tunables()
    if single:
        spaces.pop("tree")
    return starting_points(initial_params, spaces, single, **options)


def search_for(initial_params, estimators=ESTIMATORS, spaces=SPACES, **options):
    return BTBSearchCV(
        estimators,
        spaces,
        initial_params=initial_params,
        **{"n_iter": 8, "cv": 3, "random_state": 0, **options},
    )


def results(params, scores, names=None, key="mean_test_score"):
    table = {"params": params, key: np.array(scores, dtype=float)}
    return table if names is None else {**table, "estimator_name": np.array(names)}


class TestConfigurations:
    def test_none_are_none(self):
        assert points_of(None) == {}

    def test_one_or_several_by_name(self):
        points = points_of(
            {
                "svc": {"C": 10.0, "gamma": 0.5},
                "tree": [
                    {"max_depth": 3, "criterion": "gini"},
                    {"max_depth": 5, "criterion": "entropy"},
                ],
            }
        )
        assert points["svc"] == [{"C": 10.0, "gamma": 0.5}]
        assert [point["max_depth"] for point in points["tree"]] == [3, 5]

    def test_what_is_left_out_is_at_its_default(self):
        spaces = {"tree": Tunable(SPACES["tree"], {"max_depth": 7})}
        points = starting_points({"tree": {"criterion": "entropy"}}, spaces, False)
        assert points == {"tree": [{"max_depth": 7, "criterion": "entropy"}]}

    def test_a_single_estimator_needs_no_name(self):
        assert points_of([{"C": 2.0}, {"C": 3.0}], single=True).keys() == {"svc"}
        assert points_of({"C": 2.0}, single=True)["svc"][0]["C"] == 2.0

    def test_a_whole_number_may_stand_for_a_float_or_an_integer(self):
        point = points_of({"svc": {"C": 10}, "tree": {"max_depth": 4.0}})
        assert point["tree"][0]["max_depth"] == 4
        assert isinstance(point["tree"][0]["max_depth"], int)

    @pytest.mark.parametrize(
        ("initial_params", "error", "message"),
        [
            ({"svm": {}}, ValueError, r"names of the estimators.*did you mean 'svc'"),
            ({"svc": {"C": -1}}, ValueError, "'svc': parameter 'C': -1 is not"),
            ({"svc": {"c": 1}}, ValueError, "'svc': invalid parameter 'c'.*'C'"),
            ({"svc": 3}, TypeError, "'svc': must be a dict of parameters"),
            ({"svc": [3]}, TypeError, "'svc': must be a dict of parameters"),
            ([{"C": 1}], TypeError, "must be a dict of estimator names"),
            ({"svc": ""}, TypeError, "got '': read the file first"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, initial_params, error, message):
        with pytest.raises(error, match=message):
            points_of(initial_params)

    @pytest.mark.parametrize("single", [True, False])
    @pytest.mark.parametrize(
        ("given", "instead"),
        [
            (SEARCH, "a GridSearchCV: give its `cv_results_`"),
            ("results.csv", "'results.csv': read the file first; a log is given as"),
            (Path("log"), "Path('log'): read the file first; a log is given as `che"),
            (pd.Series({"C": 1.0}), "a Series: give its `to_dict()`"),
            (pd.Series({"params": {"C": 1.0}}), "a Series: give its `['params']`"),
            (pd.DataFrame({"C": [1.0]}), "a DataFrame with the columns ['C']"),
        ],
        ids=["search", "text", "path", "series", "row", "frame"],
    )
    def test_what_is_near_is_refused_with_what_to_give(self, given, instead, single):
        with pytest.raises(TypeError, match=re.escape(instead)):
            points_of(given, single)
        with pytest.raises(TypeError, match=re.escape(instead)):
            points_of({"svc": given})

    def test_of_a_study_of_optuna_are_its_best_trials(self):
        optuna = library("optuna")
        study = optuna.create_study()
        space = {"C": optuna.distributions.FloatDistribution(1, 9)}
        trial = optuna.create_trial(params={"C": 2}, distributions=space, value=0.5)
        study.add_trial(trial)
        with pytest.raises(TypeError, match=r"a Study: give its `best_params`, or `\["):
            points_of(study, single=True)
        best = [trial.params for trial in study.best_trials]
        for advised in (study.best_params, best):
            assert points_of(advised, single=True)["svc"][0]["C"] == 2.0

    def test_what_does_not_apply_is_refused(self):
        space = {"kernel": ["linear", "rbf"], "gamma": when("kernel", "rbf", [1, 2, 3])}
        tunable = Tunable(space)
        assert tunable.complete({"gamma": 2, "kernel": "rbf"})["gamma"] == 2
        with pytest.raises(ValueError, match="'gamma' does not apply in"):
            tunable.complete({"gamma": 2, "kernel": "linear"})

    def test_what_breaks_the_constraint_is_refused(self):
        tunable = Tunable({"a": [1, 2, 3]}, constraint=lambda config: config["a"] > 1)
        assert not tunable.satisfies(tunable.complete({"a": 1}))
        with pytest.raises(ValueError, match="does not satisfy the constraint"):
            starting_points({"name": {"a": 1}}, {"name": tunable}, False)

    def test_what_was_filled_in_and_breaks_the_constraint_is_named(self):
        tunable = Tunable(
            {"a": [1, 2, 3], "b": [1, 2, 3]},
            {"a": 1, "b": 2},
            constraint=lambda config: config["a"] < config["b"],
        )
        said = (
            "{'a': 3, 'b': 2} does not satisfy the constraint; {'b': 2} was left out "
            "and is at its default"
        )
        with pytest.raises(ValueError, match=re.escape(said)):
            starting_points({"name": {"a": 3}}, {"name": tunable}, False)
        with pytest.raises(ValueError, match=re.escape(said)):
            BTBSession({"name": tunable}, None, initial_configs={"name": [{"a": 3}]})
        with pytest.raises(ValueError, match=r"satisfy the constraint$"):
            starting_points({"name": {"a": 3, "b": 2}}, {"name": tunable}, False)

    def test_a_whole_configuration_stays_whole_in_any_part_of_a_union(self):
        tunable = Tunable([{"C": [1, 2, 3], "gamma": [1, 2]}, {"C": [1, 2, 3]}])
        assert tunable.complete({"C": 2}) == {"C": 2}
        assert tunable.complete({"gamma": 2}) == {"C": 2, "gamma": 2}

    def test_parameters_of_different_sub_spaces_are_refused(self):
        tunable = Tunable([{"a": [1, 2]}, {"b": [1, 2]}])
        assert tunable.complete({"b": 2}) == {"b": 2}
        with pytest.raises(ValueError, match="not all parameters of one sub-space"):
            tunable.complete({"a": 1, "b": 2})

    @given(seed=st.integers(0, 99))
    def test_a_whole_configuration_is_complete(self, seed):
        tunable = Tunable(SPACES["tree"])
        config = tunable.decode(tunable.sample(1, np.random.default_rng(seed)))[0]
        assert tunable.complete(config) == config


class TestEarlierResults:
    def test_the_best_is_tried(self):
        scores = [0.1, 0.2, 0.9, 0.3, 0.4, 0.5]
        points = points_of({"svc": results(PARAMS, scores)})
        assert points["svc"] == [PARAMS[2]]

    @given(scores=st.lists(st.floats(0, 1), min_size=1, max_size=40))
    def test_only_the_best_is_tried_the_first_of_equal_ones(self, scores):
        tunable = Tunable(SPACES["svc"])
        images = tunable.sample(len(scores), np.random.default_rng(0))
        configs = tunable.decode(images)
        points = starting_points(results(configs, scores), {"svc": tunable}, True)
        assert points == {"svc": [configs[int(np.argmax(scores))]]}

    def test_without_a_score_they_do_not_count(self):
        points = points_of({"svc": results(PARAMS[:2], [math.nan, 0.1])})
        assert points["svc"] == [PARAMS[1]]

    def test_outside_of_the_space_they_do_not_count(self):
        outside = [{"C": 1e9, "gamma": 0.1}, *PARAMS[:1]]
        points = points_of({"svc": results(outside, [0.9, 0.1])})
        assert points["svc"] == PARAMS[:1]

    def test_a_parameter_that_the_space_does_not_have_is_left_out(self):
        params = [{"C": 10.0, "gamma": 1.0, "kernel": "poly"}]
        assert points_of({"svc": results(params, [1])})["svc"] == [
            {"C": 10.0, "gamma": 1.0}
        ]
        with pytest.raises(ValueError, match="invalid parameter 'kernel'"):
            points_of({"svc": results([{"kernel": "poly"}], [1])})

    def test_a_candidate_without_all_its_folds_does_not_count(self):
        table = results(PARAMS[:2], [0.99, 0.9])
        table["n_splits_evaluated"] = np.array([1, 5])
        assert points_of({"svc": table})["svc"] == [PARAMS[1]]

    @pytest.mark.parametrize("refit", [False, lambda results: 0])
    def test_the_best_is_so_by_the_first_metric_where_none_is_named(self, refit):
        table = results(PARAMS[:2], [1, 0], key="mean_test_b")
        table |= results(PARAMS[:2], [0, 1], key="mean_test_a")
        search = search_for(
            table,
            SVC(),
            SPACES["svc"],
            scoring={"a": "accuracy", "b": "balanced_accuracy"},
            refit=refit,
            n_iter=2,
        ).fit(X, Y)
        assert search.cv_results_["params"][1] == PARAMS[1]

    def test_none_inside_is_an_error(self):
        message = r"'svc': none of 1 earlier candidates .* lies in the space; .*'C'"
        with pytest.raises(ValueError, match=message):
            points_of({"svc": results([{"C": 1e9}], [0.9])})

    def test_go_to_the_estimators_that_they_name(self):
        params = [{"C": 1.0}, {"max_depth": 3}, {"k": 1}]
        points = points_of(results(params, [0.5, 0.9, 1.0], ["svc", "tree", "knn"]))
        assert points["svc"][0]["C"] == 1.0
        assert points["tree"][0]["max_depth"] == 3

    def test_of_other_estimators_only_are_an_error(self):
        with pytest.raises(ValueError, match=r"results of \['svc', 'tree'\].*'knn'"):
            points_of(results([{"k": 1}], [1.0], ["knn"]))

    def test_of_one_estimator_go_to_an_only_one_whatever_its_name(self):
        table = results([{"C": 1.0}, {"C": 2.0}], [0.5, 0.9], ["model", "model"])
        assert points_of(table, single=True)["svc"][0]["C"] == 2.0

    def test_of_several_do_not_go_to_an_only_one_of_another_name(self):
        table = results([{"C": 1.0}, {"C": 2.0}], [0.5, 0.9], ["model", "other"])
        with pytest.raises(ValueError, match=r"by name, those of \['model', 'other'\]"):
            points_of(table, single=True)

    def test_of_an_estimator_that_failed_are_passed_over(self):
        params = [{"C": 1.0}, {"max_depth": 3}]
        points = points_of(results(params, [0.5, math.nan], ["svc", "tree"]))
        assert points.keys() == {"svc"}
        with pytest.raises(
            ValueError, match=r"'tree': none of 1.*no finite score|has a"
        ):
            points_of(results(params[1:], [math.nan], ["tree"]))

    def test_under_a_name_are_those_of_that_name(self):
        params = [{"C": 1.0}, {"C": 2.0}]
        table = results(params, [0.5, 0.9], ["svc", "other"])
        assert [point["C"] for point in points_of({"svc": table})["svc"]] == [1.0]

    def test_of_a_column_of_dicts_are_refused(self):
        table = pd.DataFrame(results(PARAMS, [0.1] * 6)).to_dict()
        with pytest.raises(TypeError, match="give the DataFrame itself"):
            points_of({"svc": table})

    def test_without_names_belong_to_a_single_estimator_only(self):
        table = results(PARAMS, [0.1] * 6)
        assert points_of(table, single=True)["svc"] == PARAMS[:1]
        with pytest.raises(ValueError, match="must say whose results these are"):
            points_of(table)

    def test_are_good_by_the_metric_of_refit(self):
        table = results(PARAMS[:2], [0.1, 0.9], key="mean_test_recall")
        points = points_of({"svc": table}, metric="recall")
        assert points["svc"][0] == PARAMS[1]

    @pytest.mark.parametrize("metric", [None, "accuracy"])
    def test_are_good_by_the_first_metric_otherwise(self, metric):
        for key in ("mean_test_score", "mean_test_recall"):
            table = results(PARAMS[:2], [0.1, 0.9], key=key)
            table["mean_test_zero"] = np.array([1.0, 0.0])
            points = points_of({"svc": table}, metric=metric)
            assert points["svc"][0] == PARAMS[1]

    def test_as_texts_are_refused(self):
        with pytest.raises(TypeError, match="must be dicts"):
            points_of({"svc": results(["{'C': 1}"], [0.9])})

    def test_may_be_a_data_frame_of_a_grid_search(self):
        grid = GridSearchCV(SVC(), {"C": [0.1, 1, 10], "gamma": [0.1, 1]}, cv=3)
        grid.fit(X, Y)
        points = points_of(pd.DataFrame(grid.cv_results_), single=True)
        assert points["svc"][0] == grid.best_params_


class TestSession:
    def test_tries_them_after_the_defaults_and_before_the_tuner(self):
        configs = [{"x": 0.125}, {"x": 0.875}, {"x": 0.125}]
        session = BTBSession(
            {"a": SPACE}, None, initial_configs={"a": configs}, random_state=0
        )
        assert [session.propose()[1]["x"] for _ in range(3)] == [0.5, 0.125, 0.875]
        assert session.propose()[1]["x"] not in (0.5, 0.125, 0.875)

    def test_tries_those_of_an_estimator_when_it_is_picked(self):
        session = BTBSession(
            {"good": SPACE, "bad": SPACE},
            lambda name, config: float(name == "good"),
            selector_class="max_ucb",
            initial_configs={"bad": [{"x": 0.125}, {"x": 0.25}, {"x": 0.75}]},
            random_state=0,
        )
        session.run(5)
        bad = [
            p["config"]["x"] for p in session.proposals.values() if p["name"] == "bad"
        ]
        assert bad == [0.5, 0.125, 0.25, 0.75][: len(bad)]
        assert len(bad) < 4

    def test_does_not_repeat_what_was_recorded(self):
        session = BTBSession({"a": SPACE}, None, initial_configs={"a": [{"x": 0.125}]})
        session.record("a", {"x": 0.125}, 1.0)
        assert session.propose()[1]["x"] == 0.5
        assert session.propose()[1]["x"] != 0.125

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(ValueError, match=r"one of \['a'\]; got 'b'"):
            BTBSession({"a": SPACE}, None, initial_configs={"b": []})

    @pytest.mark.parametrize("wrong", [{"x": 0.5}, [[0.5]], None])
    def test_what_is_no_list_of_configurations_is_refused(self, wrong):
        with pytest.raises(TypeError, match="'a': must be a list of configurations"):
            BTBSession({"a": SPACE}, None, initial_configs={"a": wrong})

    def test_one_that_breaks_the_constraint_is_refused(self):
        space = Tunable(SPACE, constraint=lambda config: config["x"] < 0.9)
        with pytest.raises(ValueError, match="does not satisfy the constraint"):
            BTBSession({"a": space}, None, initial_configs={"a": [{"x": 0.95}]})

    def test_a_configuration_outside_is_refused(self):
        with pytest.raises(ValueError, match=r"initial configurations of 'a'.*'x'"):
            BTBSession({"a": SPACE}, None, initial_configs={"a": [{"x": 2.0}]})


class TestSearch:
    def test_tries_the_own_parameters_first_and_then_these(self):
        search = search_for(
            [{"C": 7.0}, {"gamma": 0.5}], SVC(gamma=0.1), SPACES["svc"], n_iter=4
        ).fit(X, Y)
        params = search.cv_results_["params"]
        assert params[:3] == [
            {"C": 1.0, "gamma": 0.1},
            {"C": 7.0, "gamma": 0.1},
            {"C": 1.0, "gamma": 0.5},
        ]

    def test_goes_on_from_another_search(self):
        earlier = search_for(None).fit(X[::2], Y[::2])
        for results in (earlier.cv_results_, pd.DataFrame(earlier.cv_results_)):
            search = search_for(results, n_iter=3).fit(X, Y)
            name = search.cv_results_["estimator_name"][2]
            rows = earlier.cv_results_["estimator_name"] == name
            scores = np.where(rows, earlier.cv_results_["mean_test_score"], -1)
            best = earlier.cv_results_["params"][int(np.argmax(scores))]
            tried = [trial.params for trial in search.trials_]
            assert best in tried

    def test_refuses_bad_ones_before_any_fit(self):
        search = search_for({"tree": {"max_depth": 99}})
        with pytest.raises(ValueError, match="'tree': parameter 'max_depth': 99"):
            search.fit(X, Y)
        assert not hasattr(search, "trials_")

    def test_an_interrupted_search_goes_on_with_them(self, tmp_path):
        points = {"svc": [{"C": 7.0}, {"C": 8.0}], "tree": {"max_depth": 3}}
        whole = search_for(points).fit(X, Y)
        search_for(points, checkpoint=tmp_path / "log", n_iter=4).fit(X, Y)
        rest = search_for(points, checkpoint=tmp_path / "log").fit(X, Y)
        assert rest.cv_results_["params"] == whole.cv_results_["params"]
