"""Grids in the order of `ParameterGrid`, and searches that try all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import randint, uniform
from sklearn.model_selection import KFold, ParameterGrid
from sklearn.svm import SVC
from toys import THREE_FOLDS, Log, Toy, X, Y

from sklearn_btb import BooleanHyperParam, BTBSearchCV, IntHyperParam, Tunable, when
from sklearn_btb._grid import Grid, GridSession, in_order_of_rows, is_listed
from sklearn_btb._trial import StopTuning, Trial

VALUES = st.lists(
    st.sampled_from([0, 1, 1.0, True, None, "a", (1, 2)]), min_size=1, max_size=4
)
DICTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)
SPACES = st.one_of(DICTS, st.lists(DICTS, min_size=1, max_size=4))


def typed(params):
    return tuple((name, type(value), value) for name, value in params.items())


def trials_of(configs, name="it"):
    return [
        Trial(number, name, config, folds=(), state="complete", score=0.0)
        for number, config in enumerate(configs)
    ]


class TestGrid:
    @given(SPACES)
    def test_lists_the_combinations_of_parameter_grid_each_once(self, space):
        expected = list(dict.fromkeys(map(typed, ParameterGrid(space))))
        assert [typed(config) for config in Grid(Tunable(space))] == expected

    @given(SPACES)
    def test_has_a_place_for_every_row_of_parameter_grid(self, space):
        grid = Grid(Tunable(space))
        configs = list(grid)
        places = [(place, c) for c in configs for place in grid.places(c)]
        rows = [config for _, config in sorted(places, key=lambda pair: pair[0])]
        assert list(map(typed, rows)) == list(map(typed, ParameterGrid(space)))

    def test_lists_integers_of_ranges_in_their_order(self):
        space = {
            "a": randint(3, 6),
            "b": IntHyperParam(1, 2),
            "c": BooleanHyperParam(),
            "d": {"type": "str", "values": ["x"]},
        }
        listed = list(Grid(Tunable(space)))
        assert [(c["a"], c["b"], c["c"]) for c in listed[:5]] == [
            (3, 1, False),
            (3, 1, True),
            (3, 2, False),
            (3, 2, True),
            (4, 1, False),
        ]
        assert len(listed) == 12

    def test_leaves_out_inactive_parameters(self):
        space = {
            "kernel": ["linear", "poly"],
            "degree": when("kernel", "poly", [2, 3]),
            "C": [1, 10],
        }
        grid = Grid(Tunable(space))
        assert list(grid) == [
            {"C": 1, "kernel": "linear"},
            {"C": 1, "degree": 2, "kernel": "poly"},
            {"C": 1, "degree": 3, "kernel": "poly"},
            {"C": 10, "kernel": "linear"},
            {"C": 10, "degree": 2, "kernel": "poly"},
            {"C": 10, "degree": 3, "kernel": "poly"},
        ]
        assert [len(grid.places(config)) for config in grid] == [1] * 6

    def test_of_exclusive_conditions_has_no_more_than_the_active_parameters(self):
        space = {"kind": list(range(10))}
        for kind in range(10):  # 50 combinations; of all parameters, 97,656,250
            space[f"p{kind}"] = when("kind", kind, [1, 2, 3, 4, 5])
        grid = Grid(Tunable(space))
        listed = list(grid)
        assert listed[0] == {"kind": 0, "p0": 1}
        assert len(listed) == 50
        assert all(len(grid.places(config)) == 1 for config in listed)

    def test_finds_the_places_in_dicts_large_and_small(self):
        small = [{"a": [value], "b": [0]} for value in range(30)]
        large = {"a": range(20), "b": range(10)}
        grid = Grid(Tunable([*small, large, {"b": [0], "a": [5, 5]}]))
        assert grid.places({"a": 5, "b": 0}) == [
            (5, 0, 0),
            (30, 5, 0),
            (31, 0, 0),
            (31, 1, 0),
        ]
        assert grid.places({"a": 25, "b": 0}) == [(25, 0, 0)]
        assert len(list(grid)) == 200 + 10

    def test_leaves_out_what_the_constraint_excludes(self):
        tunable = Tunable(
            {"a": [1, 2], "b": [1, 2]}, constraint=lambda c: c["a"] < c["b"]
        )
        assert list(Grid(tunable)) == [{"a": 1, "b": 2}]

    def test_knows_estimators_by_their_parameters(self):
        grid = Grid(Tunable({"est": [SVC(C=1), SVC(C=2), SVC(C=1)]}))
        assert len(list(grid)) == 2
        assert grid.places({"est": SVC(C=1)}) == [(0, 0), (0, 2)]


class TestIsListed:
    @pytest.mark.parametrize(
        "values", [[1, 2], (1, 2, 3), range(3), np.arange(3), when("k", 1, [1])]
    )
    def test_of_lists(self, values):
        assert is_listed(Tunable({"k": [1, 2], "a": values}))

    @pytest.mark.parametrize("values", [randint(1, 3), IntHyperParam(1, 2), uniform()])
    def test_not_of_distributions(self, values):
        assert not is_listed(Tunable([{"k": [1, 2]}, {"a": values}]))


class TestGridSession:
    @pytest.fixture
    def session(self):
        grids = {n: Grid(Tunable({"x": [1, 2, 3]})) for n in ("one", "other")}
        return GridSession(grids, max_errors=2)

    def test_proposes_one_grid_after_the_other(self, session):
        proposed = [session.propose() for _ in range(6)]
        assert [name for name, _ in proposed] == ["one"] * 3 + ["other"] * 3
        assert [config["x"] for _, config in proposed] == [1, 2, 3] * 2
        with pytest.raises(StopTuning):
            session.propose()

    def test_does_not_propose_what_is_recorded(self, session):
        session.record("one", {"x": 2}, 0.5)
        assert [session.propose().params["x"] for _ in range(2)] == [1, 3]

    def test_drops_a_grid_that_failed_too_often(self, session):
        session.record("one", session.propose().params, None)
        session.record("one", session.propose().params, np.nan)
        assert session.errors == {"one": 2}
        assert session.propose() == ("other", {"x": 1})


class TestInOrderOfRows:
    def test_sorts_by_estimator_and_grid(self):
        tunables = {"b": Tunable({"x": [2, 1]}), "a": Tunable({"x": [1]})}
        trials = trials_of([{"x": 1}], "a") + trials_of([{"x": 1}, {"x": 2}], "b")
        rows = in_order_of_rows(trials, tunables)
        assert [(row.estimator_name, row.params["x"]) for row in rows] == [
            ("b", 2),
            ("b", 1),
            ("a", 1),
        ]

    def test_keeps_the_order_of_trials_where_there_are_distributions(self):
        tunables = {"it": Tunable({"x": [1, 2], "y": uniform()})}
        trials = trials_of([{"x": 2, "y": 0.5}, {"x": 1, "y": 0.1}])
        assert in_order_of_rows(trials, tunables) == trials


def search_for(space, **params):
    return BTBSearchCV(
        Toy(x=2), space, **{"cv": THREE_FOLDS, "random_state": 0} | params
    )


class TestExhaustiveSearch:
    GRID = {"x": [3, 1, 2], "peak": [0, 5]}  # noqa: RUF012

    def test_tries_the_combinations_in_order_whatever_the_seed(self):
        for seed in (0, 1):
            search = search_for(self.GRID, random_state=seed).fit(X, Y)
            assert [t.params for t in search.trials_] == list(ParameterGrid(self.GRID))
            assert search.stop_reason_ == "exhausted"

    def test_fits_a_combination_once_however_often_it_is_written(self):
        log = Log()
        search = BTBSearchCV(
            Toy(log=log), [{"x": [1, 1]}, {"x": [2, 1]}], cv=KFold(2), refit=False
        ).fit(X, Y)
        assert [x for x, _ in log] == [1, 1, 2, 2]
        assert [p["x"] for p in search.cv_results_["params"]] == [1, 1, 2, 1]
        assert len(search.trials_) == 2

    def test_counts_a_candidate_once_in_the_leaderboard(self):
        search = BTBSearchCV(Toy(), {"x": [3, 1, 1, 3]}, cv=KFold(2)).fit(X, Y)
        assert search.leaderboard_["n_candidates"].tolist() == [2]
        assert search.results_frame()["candidate"].tolist() == [0, 1, 1, 0]

    def test_of_drawn_values_goes_on_from_a_checkpoint(self, tmp_path):
        class Counter:
            def __init__(self):
                self.n = 0

            def rvs(self, random_state=None):
                self.n += 1
                return self.n % 5

        options = {"checkpoint": tmp_path / "log", "random_state": 3}
        first = search_for({"x": Counter()}, n_iter=3, **options).fit(X, Y)
        second = search_for({"x": Counter()}, n_iter=5, **options).fit(X, Y)
        assert second.trials_[:3] == first.trials_
        assert {trial.params["x"] for trial in second.trials_} == set(range(5))

    def test_goes_on_where_another_fit_ended(self):
        search = search_for(self.GRID, n_iter=2, warm_start=True).fit(X, Y)
        search.set_params(n_iter=10).fit(X, Y)
        assert search.cv_results_["params"] == list(ParameterGrid(self.GRID))
        assert len(search.trials_) == 6

    def test_goes_on_from_a_checkpoint(self, tmp_path):
        options = {"checkpoint": tmp_path / "log", "random_state": 3}
        first = search_for(self.GRID, n_iter=3, **options).fit(X, Y)
        second = search_for(self.GRID, **options).fit(X, Y)
        assert second.trials_[:3] == first.trials_
        assert second.cv_results_["params"] == list(ParameterGrid(self.GRID))

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_has_the_rows_of_the_grid_with_several_jobs(self, n_jobs):
        search = search_for(self.GRID, n_jobs=n_jobs).fit(X, Y)
        assert search.cv_results_["params"] == list(ParameterGrid(self.GRID))

    @pytest.mark.parametrize(
        "option",
        [
            {"time_budget": 1e6},
            {"patience": 100},
            {"target_score": 1e6},
            {"racing": True},
            {"callback": lambda search, trial: False},
            {"tuner": "uniform"},
            {"selector": "uniform"},
            {"n_iter": 5},
        ],
        ids=lambda option: next(iter(option)),
    )
    def test_is_none_where_the_order_counts(self, option):
        search = search_for(self.GRID, **option).fit(X, Y)
        first = search.trials_[0].params
        assert first == {"peak": 0, "x": 2}  # the estimator as it is
        rows = search.cv_results_["params"]
        assert rows == [p for p in ParameterGrid(self.GRID) if p in rows]


class TestDefaultNumberOfCandidates:
    LARGE = {"x": list(range(10)), "peak": list(range(8))}  # noqa: RUF012

    def test_is_50_with_a_warning_of_a_grid_that_is_cut(self):
        with pytest.warns(UserWarning, match=r"50 of 80 combinations .*`n_iter=80`"):
            search = search_for(self.LARGE).fit(X, Y)
        assert len(search.trials_) == 50

    @pytest.mark.parametrize(
        "given",
        [
            {"param_grid": LARGE, "n_iter": 50},
            {"param_distributions": LARGE},
            {"param_grid": {"x": uniform(), "peak": [1, 2]}},
        ],
        ids=["n_iter is given", "sampling is asked for", "it is no grid"],
    )
    def test_is_told_of_no_one_else(self, given):
        search = BTBSearchCV(Toy(), cv=THREE_FOLDS, tuner="uniform", **given).fit(X, Y)
        assert len(search.trials_) == 50

    def test_is_without_limit_within_a_time_budget(self, capsys):
        search = BTBSearchCV(
            Toy(), {"x": uniform()}, time_budget=0.7, tuner="uniform", cv=2, verbose=1
        ).fit(X, Y)
        assert search.stop_reason_ == "time_budget"
        assert len(search.trials_) > 50
        assert (
            "Fitting 2 folds for each candidate, for 0.7 s" in capsys.readouterr().out
        )
