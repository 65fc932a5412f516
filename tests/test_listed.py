"""A union of many small dicts is the list of its configurations."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.model_selection import ParameterGrid
from sklearn.svm import SVC
from toys import Counted

from sklearn_btb import (
    FloatHyperParam,
    GPTuner,
    IntHyperParam,
    Tunable,
    UniformTuner,
    when,
)
from sklearn_btb._trial import StopTuning
from sklearn_btb._values import Lookup

MANY = 20  # more than stay apart

values = st.sampled_from(
    [*range(8), 0.5, 1.0, None, True, "a", "b", (1, 2), (1, 2.0), [1], {"a": 1}, SVC()]
)
dicts = st.dictionaries(
    st.sampled_from("abc"), st.lists(values, min_size=1, max_size=3), max_size=3
)
# the number of a dict makes sure that there are enough which differ
lists_of_dicts = st.lists(dicts, min_size=MANY, max_size=MANY + 5).map(
    lambda those: [{**each, "d": [number]} for number, each in enumerate(those)]
)
overlapping = st.lists(dicts, min_size=MANY, max_size=MANY + 20)


def listed(space):
    """The configurations of a list of dicts, each once, by comparing."""
    return Lookup(
        dict(zip(each, row, strict=True))
        for each in space
        for row in itertools.product(*each.values())
    )


def one_by_one(n):
    """The candidates of a grid, written out."""
    grid = ParameterGrid({"a": list(range(n // 4)), "b": ["w", "x", "y", "z"]})
    return [{name: [value] for name, value in point.items()} for point in grid]


class TestConfigurations:
    @settings(deadline=None, max_examples=25)
    @given(lists_of_dicts | overlapping)
    def test_are_those_that_the_dicts_list_and_each_counts_once(self, space):
        tunable = Tunable(space)
        expected = listed(space)
        configs = tunable.decode(tunable.at(0, tunable.n_numbered))
        assert tunable.cardinality == tunable.n_numbered == len(expected)
        numbers = [expected.find(config) for config in configs]
        assert sorted(numbers) == list(range(len(expected)))

    @settings(deadline=None, max_examples=25)
    @given(lists_of_dicts)
    def test_are_encoded_and_decoded(self, space):
        tunable = Tunable(space)
        configs = listed(space).values
        images = tunable.encode(configs)
        assert len(np.unique(images, axis=0)) == len(configs)
        assert Lookup(tunable.decode(images)).values == Lookup(configs).values
        assert np.array_equal(tunable.snap(images), images)

    @settings(deadline=None, max_examples=25)
    @given(lists_of_dicts, st.integers(0, 2**32 - 1))
    def test_any_point_is_moved_to_one_of_them(self, space, seed):
        tunable = Tunable(space)
        points = np.random.default_rng(seed).random((20, tunable.n_dims))
        images = tunable.snap(points)
        configs = tunable.decode(points)
        assert np.array_equal(tunable.encode(configs), images)
        assert all(listed(space).find(config) is not None for config in configs)

    @settings(deadline=None, max_examples=25)
    @given(lists_of_dicts)
    def test_the_default_is_one_of_them(self, space):
        defaults = Tunable(space, {"a": 3, "b": None}).defaults
        assert listed(space).find(defaults) is not None

    def test_all_are_drawn_equally_often(self):
        space = [{"a": list(range(n, n + 2))} for n in range(MANY)]
        tunable = Tunable(space)
        images = tunable.sample(21_000, np.random.default_rng(0))
        drawn = [config["a"] for config in tunable.decode(images)]
        counts = np.bincount(drawn)
        assert len(counts) == tunable.cardinality == MANY + 1
        assert stats.chisquare(counts).pvalue > 0.001

    def test_one_that_is_not_listed_is_refused(self):
        tunable = Tunable([{"a": [i], "b": [i]} for i in range(MANY)])
        with pytest.raises(ValueError, match="'b': 2} lies in none of the sub-spaces"):
            tunable.encode([{"a": 1, "b": 1}, {"a": 1, "b": 2}])

    def test_a_value_that_none_has_is_refused_by_name(self):
        tunable = Tunable([{"a": [i]} for i in range(MANY)])
        with pytest.raises(ValueError, match="parameter 'a': 99 is not one of"):
            tunable.encode([{"a": 99}])

    def test_names_that_none_has_are_refused(self):
        tunable = Tunable([{"a": [i]} for i in range(MANY)])
        with pytest.raises(ValueError, match=r"parameters \['a'\]; got \['b'\]"):
            tunable.encode([{"b": 1}])

    def test_an_error_in_one_dict_names_the_parameter(self):
        space = [{"a": [i], "b": [1]} for i in range(MANY)]
        space[7]["b"] = []
        with pytest.raises(ValueError, match="parameter 'b': the list of values is em"):
            Tunable(space)

    def test_a_partial_one_is_completed_to_one_that_is_listed(self):
        tunable = Tunable([{"a": [i], "b": [-i, 7]} for i in range(MANY)])
        assert tunable.complete({"a": 3}) == {"a": 3, "b": -3}
        assert tunable.complete({"b": -5}) == {"a": 5, "b": -5}

    def test_a_constraint_leaves_out_some(self):
        tunable = Tunable(
            [{"a": [i, -i - 1]} for i in range(MANY)],
            {"a": -3},
            constraint=lambda config: config["a"] >= 0,
        )
        assert tunable.cardinality == MANY
        assert tunable.defaults["a"] >= 0
        images = tunable.sample(500, np.random.default_rng(0))
        assert {c["a"] for c in tunable.decode(images)} == set(range(MANY))

    def test_their_objects_are_handed_out_as_they_are(self):
        estimators = [SVC(C=number + 1) for number in range(MANY)]
        tunable = Tunable([{"a": [each]} for each in estimators])
        configs = tunable.decode(tunable.at(0, MANY))
        assert all(
            config["a"] is each
            for config, each in zip(configs, estimators, strict=True)
        )

    def test_a_copy_has_the_same(self):
        tunable = Tunable(one_by_one(40))
        tunable.snap(np.full((1, tunable.n_dims), 0.3))
        twin = pickle.loads(pickle.dumps(tunable))
        points = np.random.default_rng(0).random((50, tunable.n_dims))
        assert np.array_equal(twin.snap(points), tunable.snap(points))
        assert twin.decode(points) == tunable.decode(points)


class TestColumns:
    def test_dicts_share_those_of_their_parameters(self):
        assert Tunable(one_by_one(40)).n_dims == 1 + 4

    def test_numbers_of_all_dicts_are_on_one_scale(self):
        tunable = Tunable([{"a": [2**i]} for i in range(MANY)])
        images = tunable.encode([{"a": 2**i} for i in range(MANY)])
        assert images[:, 0] == pytest.approx(np.linspace(0, 1, MANY))

    def test_a_parameter_has_the_same_ones_beside_other_parameters(self):
        space = [{"a": [i], **({"b": [i]} if i % 2 else {})} for i in range(MANY)]
        tunable = Tunable(space)
        assert tunable.n_dims == 3  # a, b, and which names there are
        with_b, without = tunable.encode([{"a": 1, "b": 1}, {"a": 2}])
        assert (with_b != without).sum() == 3


class TestUnionsThatStayApart:
    def test_one_of_few_dicts(self):
        tunable = Tunable([{"a": [i], "b": [i]} for i in range(16)])
        assert tunable.n_dims == 1  # "a" tells them apart

    @pytest.mark.parametrize(
        "values", [FloatHyperParam(0, 1), stats.loguniform(1, 9), IntHyperParam(1, 9)]
    )
    def test_one_with_a_range(self, values):
        tunable = Tunable([{"a": [i], "b": values} for i in range(MANY)])
        assert tunable.sample(100, np.random.default_rng(0)).shape == (100, 2)
        assert tunable.cardinality == MANY * as_count(values)

    def test_one_with_conditions(self):
        tunable = Tunable(
            [{"a": [i, -1 - i], "b": when("a", i, [1, 2])} for i in range(MANY)]
        )
        assert tunable.cardinality == 3 * MANY

    def test_one_with_too_many_configurations_to_list(self):
        tunable = Tunable([{"a": [i], "b": list(range(4000))} for i in range(MANY)])
        assert tunable.cardinality == MANY * 4000


def as_count(values):
    return 9 if isinstance(values, IntHyperParam) else np.inf


class TestTuners:
    @pytest.mark.parametrize("make", [GPTuner, UniformTuner])
    def test_propose_each_configuration_once(self, make):
        space = [{"a": [i % 7, 99], "b": [i]} for i in range(MANY)]
        tunable = Tunable(space)
        tuner = make(tunable, random_state=0)
        proposed = []
        for _ in range(tunable.cardinality):
            proposed.append(tuner.propose())
            tuner.record(proposed[-1], -abs(proposed[-1]["b"] - 5))
        assert len(Lookup(proposed)) == len(listed(space)) == tunable.cardinality
        with pytest.raises(StopTuning):
            tuner.propose()

    def test_learn_across_dicts(self):
        tunable = Tunable(one_by_one(6000))
        tuner = GPTuner(tunable, random_state=0)
        best = -np.inf
        for _ in range(40):
            config = tuner.propose()
            score = -abs(config["a"] - 1000) / 1500 - (config["b"] != "y")
            best = max(best, score)
            tuner.record(config, score)
        assert best > -0.02


class TestGrowth:
    """Values are compared as often as they are written, give or take a factor."""

    @staticmethod
    def comparisons(make, n):
        Counted.comparisons = 0
        tunable = Tunable(make(n))
        tuner = GPTuner(tunable, random_state=0)
        for number in range(4):
            tuner.record(tuner.propose(), number)
        assert tunable.cardinality == n
        return Counted.comparisons

    @pytest.mark.parametrize(
        "make",
        [
            lambda n: {"a": [Counted(i) for i in range(n)]},
            lambda n: {"a": [(Counted(i), i) for i in range(n)]},
            lambda n: {"a": [1, 2, 3, *(Counted(i) for i in range(n - 3))]},
            lambda n: [{"a": [Counted(i)]} for i in range(n)],
            lambda n: [{"a": [Counted(i), Counted(i + 1)]} for i in range(n - 1)],
            lambda n: [{"a": [Counted(i // 4)], "b": [i % 4]} for i in range(n)],
        ],
    )
    def test_twice_as_many_take_twice_as_many_comparisons(self, make):
        few, many = (self.comparisons(make, n) for n in (400, 800))
        assert many <= 2.5 * few + 100
        assert many <= 20 * 800

    def test_dicts_with_ranges_are_compared_with_few_others(self):
        def comparisons(n):
            Counted.comparisons = 0
            Tunable(
                [
                    {"a": [Counted(i // 4)], "b": [i % 4], "c": FloatHyperParam(0, 1)}
                    for i in range(n)
                ]
            )
            return Counted.comparisons

        few, many = comparisons(100), comparisons(200)
        assert many <= 2.5 * few + 100
