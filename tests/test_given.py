"""The names under which a search takes estimators and spaces."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.utils.metadata_routing import get_routing_for_object

from sklearn_btb import BTBSearchCV
from sklearn_btb._given import ESTIMATOR_NAMES, FOREIGN_KEYWORDS, SPACE_NAMES, given_to
from sklearn_btb._sklearn_compat import BaseSearchCV

X, y = load_iris(return_X_y=True)
GRID = {"C": [1, 10]}
TWO = {"svc": SVC(), "forest": RandomForestClassifier(3, random_state=0)}
GRIDS = {"svc": GRID, "forest": {"max_depth": [1, 2]}}


class TestNames:
    @pytest.mark.parametrize("of_space", SPACE_NAMES)
    @pytest.mark.parametrize("of_estimator", ESTIMATOR_NAMES)
    def test_all_take_a_single_estimator(self, of_estimator, of_space):
        search = BTBSearchCV(**{of_estimator: SVC(), of_space: GRID}, cv=3).fit(X, y)
        assert search.cv_results_["params"] == [{"C": 1}, {"C": 10}]

    @pytest.mark.parametrize("of_space", SPACE_NAMES)
    @pytest.mark.parametrize("of_estimator", ESTIMATOR_NAMES)
    def test_all_take_a_dict(self, of_estimator, of_space):
        search = BTBSearchCV(**{of_estimator: TWO, of_space: GRIDS}, cv=3).fit(X, y)
        assert (
            list(search.cv_results_["estimator_name"]) == ["svc"] * 2 + ["forest"] * 2
        )

    def test_in_front_are_those_of_grid_search(self):
        ours, theirs = (
            list(inspect.signature(search).parameters)[:2]
            for search in (BTBSearchCV, GridSearchCV)
        )
        assert ours == theirs == ["estimator", "param_grid"]

    def test_others_are_keywords_only(self):
        with pytest.raises(TypeError, match="positional"):
            BTBSearchCV(SVC(), GRID, TWO)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (
                {"estimator": SVC(), "estimators": TWO},
                "`estimator` and `estimators` .* write only `estimator`",
            ),
            (
                {"estimator": TWO, "estimators": TWO},
                "`estimator` and `estimators` .* write only `estimators`",
            ),
            (
                {"estimator": SVC(), "param_grid": GRID, "search_spaces": GRID},
                "`param_grid` and `search_spaces` .* write only `param_grid`",
            ),
            (
                {"estimators": TWO, "param_grid": GRIDS, "param_distributions": GRIDS},
                "`param_grid` and `param_distributions` .* only `search_spaces`",
            ),
        ],
    )
    def test_two_of_one_thing_are_refused_at_fit(self, given, message):
        search = BTBSearchCV(**given)
        with pytest.raises(ValueError, match=message):
            search.fit(X, y)
        assert not hasattr(search, "trials_")

    def test_none_at_all_is_refused_at_fit(self):
        with pytest.raises(ValueError, match="'estimator' parameter of BTBSearchCV"):
            BTBSearchCV().fit(X, y)

    def test_are_parameters_that_a_clone_has(self):
        search = BTBSearchCV(estimators=TWO, param_distributions=GRIDS)
        params = clone(search).get_params(deep=False)
        assert set(params["estimators"]) == set(TWO)
        assert params["param_distributions"] == GRIDS
        assert params["estimator"] is params["param_grid"] is None

    def test_that_were_not_used_are_not_printed(self):
        assert repr(BTBSearchCV(SVC(), GRID)) == (
            "BTBSearchCV(estimator=SVC(), param_grid={'C': [1, 10]})"
        )


class TestUnknownKeywords:
    @pytest.mark.parametrize("theirs", FOREIGN_KEYWORDS)
    def test_of_other_searches_are_refused_by_naming_ours(self, theirs):
        ours = FOREIGN_KEYWORDS[theirs]
        message = rf"BTBSearchCV\(\) got an .* '{theirs}'; here it is `{ours}`"
        with pytest.raises(TypeError, match=message):
            BTBSearchCV(SVC(), GRID, **{theirs: 1})

    def test_name_parameters_that_there_are(self):
        assert set(FOREIGN_KEYWORDS.values()) <= set(BTBSearchCV().get_params())
        assert not set(FOREIGN_KEYWORDS) & set(BTBSearchCV().get_params())

    def test_that_are_mistyped_are_refused_with_the_nearest(self):
        with pytest.raises(TypeError, match=r"'n_job' \(did you mean 'n_jobs'\?\)"):
            BTBSearchCV(SVC(), GRID, n_job=2)

    def test_of_a_subclass_are_its_own(self):
        class Search(BTBSearchCV):
            def __init__(self, estimator=None, param_grid=None, n_trials=3):
                super().__init__(estimator, param_grid, n_iter=n_trials)
                self.n_trials = n_trials

        assert Search(SVC(), GRID, n_trials=1).n_iter == 1


class TestSingleEstimator:
    def test_is_reached_by_the_prefix_of_grid_search(self):
        search = BTBSearchCV(SVC(), GRID)
        theirs = GridSearchCV(SVC(), GRID).get_params()
        deep = {name for name in theirs if name.startswith("estimator__")}
        assert deep <= set(search.get_params())
        assert search.set_params(estimator__gamma=0.5).estimator.gamma == 0.5

    @pytest.mark.parametrize("of_estimator", ESTIMATOR_NAMES)
    @pytest.mark.parametrize("prefix", ESTIMATOR_NAMES)
    def test_is_set_by_either_prefix(self, of_estimator, prefix):
        search = BTBSearchCV(**{of_estimator: SVC()})
        search.set_params(**{f"{prefix}__C": 3})
        assert getattr(search, of_estimator).C == 3

    def test_is_called_estimator_by_the_router(self):
        ours, theirs = (
            set(get_routing_for_object(search)._route_mappings)
            for search in (BTBSearchCV(SVC(), GRID), GridSearchCV(SVC(), GRID))
        )
        assert ours == theirs == {"estimator", "scorer", "splitter"}

    def test_of_a_dict_is_called_by_its_name(self):
        routed = set(get_routing_for_object(BTBSearchCV(TWO, GRIDS))._route_mappings)
        assert {"estimators__svc", "estimators__forest", "scorer__svc"} <= routed


class TestDictOfEstimators:
    @pytest.mark.parametrize("of_estimator", ESTIMATOR_NAMES)
    def test_is_reached_by_one_prefix_whatever_its_name(self, of_estimator):
        search = BTBSearchCV(**{of_estimator: TWO}).set_params(estimators__svc__C=3)
        assert search.get_params()["estimators__svc__C"] == 3
        replaced = search.set_params(estimators__svc=SVC(C=7))
        assert getattr(replaced, of_estimator)["svc"].C == 7
        TWO["svc"].C = 1.0

    def test_is_set_by_either_prefix(self):
        search = BTBSearchCV({"svc": SVC()}).set_params(estimator__svc__C=3)
        assert search.estimator["svc"].C == 3

    def test_is_spoken_of_by_the_name_of_its_spaces(self):
        with pytest.raises(
            ValueError, match="`param_grid` has a space for 'max_depth'"
        ):
            BTBSearchCV(TWO, param_grid={"max_depth": [1]}).fit(X, y)


class TestBaseSearchCV:
    def test_counts_a_search_as_one_of_its_own(self):
        assert isinstance(BTBSearchCV(SVC(), GRID), BaseSearchCV)
        assert issubclass(BTBSearchCV, BaseSearchCV)

    def test_finds_what_its_users_read(self):
        search = BTBSearchCV(SVC(), GRID, cv=3).fit(X, y)
        row = search.cv_results_["mean_test_score"][search.best_index_]
        assert row == search.best_score_
        assert isinstance(search.estimator, SVC)


def test_given_of_nothing_is_empty():
    given = given_to(BTBSearchCV())
    assert given.single
    assert given.each == []
    assert given.spaces is None
    assert not np.any([given.estimators])
