"""What spaces promise: any of them round-trips, counts, samples and explains."""

import copy
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from sklearn_btb import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    IntHyperParam,
    Tunable,
    when,
)
from sklearn_btb._notation import as_hyperparam
from sklearn_btb._values import same


class Hostile:
    """An object that can be neither compared nor hashed."""

    def __eq__(self, other):
        raise RuntimeError("do not compare")

    def __hash__(self):
        raise RuntimeError("do not hash")


OBJECTS = (
    *(None, True, False, 0, 1, 1.0, 0.5, "sqrt", "log2", (1,), (1.0,), len),
    *(Hostile(), SVC(), np.ones(2), np.ones(3), {"a": [1]}, [1, 2]),
)

BTB_SPEC = {
    "criterion": {"type": "str", "default": "gini", "values": ["entropy", "gini"]},
    "loss": {"type": "str", "range": ["hinge", "log_loss"]},
    "max_features": {"type": "str", "default": None, "values": ["sqrt", None]},
    "min_samples_leaf": {"type": "int", "default": 1, "range": [1, 100]},
    "max_iter": {"type": "int", "default": 1000, "values": [1, 5000]},
    "learning_rate": {"type": "float", "default": 0.1, "range": [0, 1]},
    "gamma": {"type": "float", "default": 0, "range": [0, 1]},
    "alpha": {"type": "float", "values": [0, 1]},
    "shuffle": {"type": "bool", "default": True},
    "x": {"type": "int", "range": [-50, 50], "default": None},
    "y": {"type": "bool", "default": None},
    "z": {"type": "str", "values": ["a", "b"], "default": None},
}

small_integers = st.integers(-20, 20)
numbers = st.lists(
    small_integers | st.floats(-1e6, 1e6).map(float), min_size=1, max_size=5
)
objects = st.lists(
    st.sampled_from(range(len(OBJECTS))).map(OBJECTS.__getitem__),
    min_size=1,
    max_size=5,
)
mixed = st.builds(
    lambda numbers, others: [*others[::2], *numbers, *others[1::2]],
    st.lists(small_integers | st.floats(-1e6, 1e6), min_size=3, max_size=5),
    st.lists(st.sampled_from([None, "sqrt", True, (1,)]), min_size=1, max_size=3),
)
ranges = st.tuples(small_integers, st.integers(0, 30)).map(
    lambda pair: IntHyperParam(pair[0], pair[0] + pair[1])
)
finite_values = (
    numbers
    | objects
    | mixed
    | ranges
    | st.builds(BooleanHyperParam)
    | st.builds(range, st.integers(1, 5))
    | st.builds(np.arange, st.integers(1, 5))
    | st.builds(stats.randint, st.just(1), st.integers(2, 30))
    | st.sampled_from([stats.poisson(2), stats.binom(5, 0.5), stats.bernoulli(0.1)])
    | st.just({"type": "str", "values": ["a", None, "b"]})
)
endless_values = st.sampled_from(
    [
        FloatHyperParam(0, 1),
        FloatHyperParam(1e-3, 1e3, log=True),
        stats.uniform(-1, 2),
        stats.loguniform(1e-4, 1e4),
        stats.norm(),
        stats.randint(0, 10**9),
        {"type": "float", "range": [0, 1]},
    ]
)


def parts(values, max_size=3):
    return st.dictionaries(st.sampled_from("abcd"), values, max_size=max_size)


def spaces(values, max_size=3):
    return parts(values, max_size) | st.lists(
        parts(values, max_size), min_size=1, max_size=3
    )


any_space = spaces(finite_values | endless_values)
finite_space = spaces(finite_values, max_size=2)
seeds = st.integers(0, 2**32 - 1)


def cube(tunable, seed, n=20):
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [
            rng.random((n, tunable.n_dims)),
            np.zeros((1, tunable.n_dims)),
            np.ones((1, tunable.n_dims)),
        ]
    )


def identical(a, b):
    return a is b or (type(a) is type(b) and a == b)


def equal(one, other):
    return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)


def sampled(space, n=2000, seed=0):
    tunable = Tunable(space)
    return tunable.decode(tunable.sample(n, np.random.default_rng(seed)))


class TestAnySpace:
    @given(any_space, seeds)
    def test_configurations_survive_a_round_trip_with_their_types(self, space, seed):
        tunable = Tunable(space)
        configs = tunable.decode(cube(tunable, seed))
        for config, again in zip(
            configs, tunable.decode(tunable.encode(configs)), strict=True
        ):
            # values that two parts of a union share may come from either
            assert equal(config, again)

    @given(parts(finite_values | endless_values), seeds)
    def test_without_a_union_the_very_objects_come_back(self, space, seed):
        tunable = Tunable(space)
        configs = tunable.decode(cube(tunable, seed))
        for config, again in zip(
            configs, tunable.decode(tunable.encode(configs)), strict=True
        ):
            assert list(config) == list(again) == list(space)
            assert all(identical(config[name], again[name]) for name in space)

    @given(parts(finite_values | endless_values), seeds)
    def test_without_a_union_snapping_is_decoding_and_encoding(self, space, seed):
        tunable = Tunable(space)
        images = cube(tunable, seed)
        snapped = tunable.snap(images)
        assert np.array_equal(snapped, tunable.encode(tunable.decode(images)))

    @given(any_space, seeds)
    def test_snapping_and_encoding_are_idempotent(self, space, seed):
        tunable = Tunable(space)
        snapped = tunable.snap(cube(tunable, seed))
        assert np.array_equal(tunable.snap(snapped), snapped)
        encoded = tunable.encode(tunable.decode(snapped))
        assert np.array_equal(tunable.encode(tunable.decode(encoded)), encoded)

    @given(any_space, seeds)
    def test_snapping_does_not_change_what_is_decoded(self, space, seed):
        tunable = Tunable(space)
        images = cube(tunable, seed)
        pairs = zip(
            tunable.decode(images), tunable.decode(tunable.snap(images)), strict=True
        )
        assert all(equal(one, other) for one, other in pairs)

    @given(any_space, seeds)
    def test_images_are_points_of_the_unit_cube(self, space, seed):
        tunable = Tunable(space)
        for images in (
            tunable.snap(cube(tunable, seed)),
            tunable.sample(20, np.random.default_rng(seed)),
        ):
            assert images.shape[1] == tunable.n_dims
            assert ((images >= 0) & (images <= 1)).all()

    @given(any_space, seeds)
    def test_samples_are_images_of_configurations(self, space, seed):
        tunable = Tunable(space)
        drawn = tunable.sample(20, np.random.default_rng(seed))
        assert np.array_equal(drawn, tunable.snap(drawn))

    @given(any_space, seeds)
    def test_equal_images_are_equal_configurations_and_only_those(self, space, seed):
        tunable = Tunable(space)
        configs = tunable.decode(tunable.sample(8, np.random.default_rng(seed)))
        images = tunable.encode(configs)
        for row, config in enumerate(configs):
            for other_row, other in enumerate(configs):
                assert equal(config, other) == np.array_equal(
                    images[row], images[other_row]
                )

    @given(any_space, seeds)
    def test_many_are_encoded_as_they_are_singly(self, space, seed):
        tunable = Tunable(space)
        configs = tunable.decode(cube(tunable, seed, n=5))
        singly = np.concatenate([tunable.encode([config]) for config in configs])
        assert np.array_equal(tunable.encode(configs), singly)

    @given(any_space)
    def test_the_defaults_are_one_of_the_configurations(self, space):
        tunable = Tunable(space)
        again = tunable.decode(tunable.encode([tunable.defaults]))[0]
        assert equal(again, tunable.defaults)

    @given(any_space, seeds)
    def test_a_copy_has_the_same_images(self, space, seed):
        tunable = Tunable(space)
        images = tunable.sample(5, np.random.default_rng(seed))
        copied = copy.deepcopy(tunable)
        assert np.array_equal(copied.snap(images), images)
        assert np.array_equal(
            copied.encode(copied.decode(images)), tunable.encode(tunable.decode(images))
        )
        assert copied.cardinality == tunable.cardinality

    @given(any_space)
    def test_the_caller_keeps_what_he_gave(self, space):
        as_list = space if isinstance(space, list) else [space]
        before = [
            {name: (id(value), repr(value)) for name, value in part.items()}
            for part in as_list
        ]
        tunable = Tunable(space, defaults={"a": 1})
        tunable.decode(tunable.encode([tunable.defaults]))[0].clear()
        assert tunable.space is space
        assert before == [
            {name: (id(value), repr(value)) for name, value in part.items()}
            for part in as_list
        ]

    @given(any_space)
    def test_the_blocks_are_all_columns_in_order(self, space):
        tunable = Tunable(space)
        columns = [
            column
            for block in tunable.blocks
            for column in range(block.columns.start, block.columns.stop)
        ]
        assert columns == list(range(tunable.n_dims))

    def test_numbers_are_a_block_apart_from_the_values_among_them(self):
        tunable = Tunable({"a": ["x", "y"], "b": [None, 1, 2, 3, "auto"], "c": [1, 2]})
        assert tunable.blocks == (
            (slice(0, 1), False),
            (slice(1, 2), True),
            (slice(2, 4), False),
            (slice(4, 5), True),
        )

    def test_the_column_of_numbers_does_not_apply_to_other_values(self):
        tunable = Tunable({"a": [1, 2], "b": [None, 1, 2, 3]})
        images = tunable.encode([{"a": 1, "b": None}, {"a": 1, "b": 2}])
        assert tunable.conditional
        assert np.array_equal(
            tunable.inactive(images), [[False, True, False], [False, False, False]]
        )


class TestFiniteSpace:
    @given(finite_space)
    def test_as_many_images_as_the_cardinality_says(self, space):
        tunable = Tunable(space)
        assume(tunable.n_numbered <= 5000)
        configs = tunable.decode(tunable.at(0, tunable.n_numbered))
        images = tunable.encode(configs)
        assert len(np.unique(images, axis=0)) == tunable.cardinality

    @given(parts(finite_values))
    def test_without_a_union_the_cardinality_is_a_product(self, space):
        sizes = [as_hyperparam(values).cardinality for values in space.values()]
        assert Tunable(space).cardinality == math.prod(sizes)

    @given(finite_space)
    @settings(max_examples=30)
    def test_every_sample_has_a_number(self, space):
        tunable = Tunable(space)
        assume(tunable.n_numbered <= 5000)
        numbered = {row.tobytes() for row in tunable.at(0, tunable.n_numbered)}
        drawn = tunable.sample(50, np.random.default_rng(0))
        assert {row.tobytes() for row in drawn} <= numbered

    @given(finite_space, st.data())
    def test_numbers_may_be_asked_for_in_pieces(self, space, data):
        tunable = Tunable(space)
        assume(tunable.n_numbered <= 5000)
        cut = data.draw(st.integers(0, tunable.n_numbered))
        pieces = [tunable.at(0, cut), tunable.at(cut, tunable.n_numbered)]
        assert np.array_equal(np.concatenate(pieces), tunable.at(0, tunable.n_numbered))


class TestCardinality:
    @pytest.mark.parametrize(
        ("space", "cardinality"),
        [
            ({}, 1),
            ([{}], 1),
            ([{}, {}], 1),
            ([{}, {"a": [1]}], 2),
            ({"a": [1, 2], "b": [3, 4, 5]}, 6),
            ({"a": stats.norm()}, math.inf),
            ({"a": stats.norm(), "b": [1, 2]}, math.inf),
            ([{"a": [1, 2]}, {"a": stats.norm()}], math.inf),
            ([{"a": [1, 2, 3]}, {"a": [3, 4]}], 4),
            ([{"a": [1, 2]}, {"a": [1.0, 2.0]}, {"a": [True]}], 5),
            ([{"a": [1, 2]}, {"b": [1, 2]}], 4),
            ([{"a": IntHyperParam(1, 5)}, {"a": [3, 4, 9]}], 6),
            ([{"a": ["x", None]}, {"a": [None]}], 2),
            ({"a": IntHyperParam(1, 2**20), "b": stats.randint(0, 2**20)}, 2**40),
        ],
        ids=str,
    )
    def test_counts_distinct_configurations(self, space, cardinality):
        assert Tunable(space).cardinality == cardinality

    @pytest.mark.parametrize("tail", [{}, {"z": stats.norm()}])
    def test_what_nobody_can_count_is_endless(self, tail):
        huge = {f"p{number}": stats.randint(0, 10**12) for number in range(60)}
        for space in ({**huge, **tail}, [{**tail, **huge}, {"a": [1]}]):
            tunable = Tunable(space)
            assert tunable.cardinality == math.inf
            images = tunable.sample(5, np.random.default_rng(0))
            assert np.array_equal(tunable.encode(tunable.decode(images)), images)


class TestUnion:
    def test_each_part_has_its_own_parameters(self):
        space = [{"kernel": ["linear"]}, {"kernel": ["rbf"], "gamma": stats.expon()}]
        configs = sampled(space, n=50)
        assert {(config["kernel"], "gamma" in config) for config in configs} == {
            ("linear", False),
            ("rbf", True),
        }
        assert Tunable(space).names == ("kernel", "gamma")

    def test_one_name_may_have_other_values_in_another_part(self):
        space = [{"a": ["x", None]}, {"a": stats.uniform(5, 1)}, {"a": [1, 2]}]
        kinds = {type(config["a"]) for config in sampled(space, n=100)}
        assert kinds == {str, type(None), float, int}

    def test_an_integer_is_no_float_of_another_part(self):
        space = [{"max_features": stats.uniform(0.1, 0.9)}, {"max_features": [1, 2]}]
        tunable = Tunable(space)
        decoded = tunable.decode(tunable.encode([{"max_features": 1}]))
        assert identical(decoded[0]["max_features"], 1)

    def test_the_part_that_gives_a_value_back_exactly_has_it(self):
        tunable = Tunable([{"C": FloatHyperParam(0, 1)}, {"C": [0.3, 5.0]}])
        assert tunable.decode(tunable.encode([{"C": 0.3}])) == [{"C": 0.3}]

    def test_what_two_parts_share_has_one_image(self):
        tunable = Tunable([{"a": [1, 2, 3]}, {"a": [2, 3, 4]}])
        decoded = tunable.decode(tunable.at(0, tunable.n_numbered))
        assert [config["a"] for config in decoded] == [1, 2, 3, 4]
        assert len(np.unique(tunable.encode(decoded), axis=0)) == 4

    def test_finite_parts_are_drawn_by_their_size(self):
        space = [{"a": [1]}, {"b": [1, 2, 3]}]
        n_first = sum("a" in config for config in sampled(space, n=1000))
        assert stats.binomtest(n_first, 1000, 1 / 4).pvalue > 0.01

    def test_beside_an_endless_part_all_are_drawn_equally_often(self):
        space = [{"a": [1]}, {"b": stats.norm()}]
        n_first = sum("a" in config for config in sampled(space, n=1000))
        assert stats.binomtest(n_first, 1000, 1 / 2).pvalue > 0.01

    @pytest.mark.parametrize(
        "part",
        [
            {"a": [1]},
            {"a": stats.uniform(0, 1)},
            {"a": IntHyperParam(1, 4)},
            {"k": ["x", "y"], "a": when("k", "x", [1, 2])},
        ],
        ids=["list", "distribution", "hyperparameter", "condition"],
    )
    def test_a_part_written_twice_counts_once(self, part):
        twice = Tunable([part, copy.deepcopy(part), {"b": [1, 2]}])
        once = Tunable([part, {"b": [1, 2]}])
        images = once.sample(20, np.random.default_rng(0))
        assert len(twice.parts) == 2
        assert np.array_equal(twice.sample(20, np.random.default_rng(0)), images)

    def test_parts_that_differ_in_a_value_or_a_condition_are_two(self):
        space = [
            {"k": ["x", "y"], "a": when("k", "x", [1, 2])},
            {"k": ["x", "y"], "a": when("k", "y", [1, 2])},
            {"k": ["x", "y"], "a": when("k", "y", [1, 3])},
            {"k": ["x", "y"], "a": [1, 3]},
        ]
        assert len(Tunable(space).parts) == 4

    def test_the_priors_of_a_part_are_respected(self):
        configs = sampled([{"a": ["x"]}, {"C": stats.loguniform(1e-3, 1e3)}])
        drawn = [config["C"] for config in configs if "C" in config]
        assert stats.kstest(drawn, stats.loguniform(1e-3, 1e3).cdf).pvalue > 0.01

    def test_a_configuration_of_no_part_is_refused(self):
        tunable = Tunable([{"a": [1], "b": [2]}, {"a": [3]}])
        with pytest.raises(
            ValueError, match=r"{'a': 1} lies in none of the sub-spaces"
        ):
            tunable.encode([{"a": 3}, {"a": 1}])


class TestEncode:
    def test_other_names_are_refused(self):
        tunable = Tunable({"a": [1], "b": [2]})
        for config in ({"a": 1}, {"a": 1, "b": 2, "c": 3}, {}):
            with pytest.raises(ValueError, match=r"the parameters \['a', 'b'\]; got"):
                tunable.encode([config])

    def test_names_of_no_part_are_refused(self):
        with pytest.raises(ValueError, match=r"\['a'\] or \['b', 'c'\]; got \['b'\]"):
            Tunable([{"a": [1]}, {"b": [1], "c": [2]}]).encode([{"b": 1}])

    def test_a_value_outside_is_refused_by_name(self):
        with pytest.raises(ValueError, match=r"'b': 3 is not one of \[1, 2\]"):
            Tunable({"a": [1], "b": [1, 2]}).encode([{"a": 1, "b": 3}])

    def test_the_order_of_names_does_not_matter(self):
        tunable = Tunable({"a": [1, 2], "b": [1, 2]})
        one, other = tunable.encode([{"a": 1, "b": 2}, {"b": 2, "a": 1}])
        assert np.array_equal(one, other)

    def test_an_empty_space_has_one_configuration(self):
        tunable = Tunable({})
        assert tunable.n_dims == 0
        assert tunable.blocks == ()
        assert tunable.defaults == {}
        assert tunable.decode(tunable.encode([{}, {}])) == [{}, {}]


class TestDefaults:
    def test_its_own_default_wins_over_a_given_one(self):
        space = {"C": FloatHyperParam(0, 10, default=2.0), "k": IntHyperParam(1, 9)}
        assert Tunable(space, {"C": 1.0, "k": 3}).defaults == {"C": 2.0, "k": 3}

    def test_a_given_one_outside_gives_way_to_the_nearest_or_the_middle(self):
        space = {"C": [1, 10, 100], "k": stats.randint(0, 11), "s": ["a", "b"]}
        defaults = Tunable(space, {"C": 5, "k": 11, "s": None}).defaults
        assert defaults == {"C": 10, "k": 10, "s": "a"}
        defaults = Tunable(space, {"C": "auto", "k": None}).defaults
        assert defaults == {"C": 10, "k": 5, "s": "a"}

    @pytest.mark.parametrize(
        ("values", "given_value", "taken"),
        [
            ([1, 2, 3], 1, True),
            ([1, 2, 3], np.int64(1), True),
            ([1, 2, 3], 1.0, False),
            ([1, 2, 3], True, False),
            ([0.5, 1.0, 1.5], 1, False),
            ([0.5, 1.0, 1.5], np.float64(1.5), True),
            ([True, False, None], False, True),
            ([True, False, None], np.False_, True),
            ([True, False, None], 0, False),
            (["a", 1, None], None, True),
            (["a", "b"], np.str_("b"), True),
            ([1, float("nan")], np.nan, True),
            (stats.loguniform(1e-4, 1e4), 1, True),
            (stats.loguniform(1e-4, 1e4), 1e5, False),
            (stats.loguniform(1e-4, 1e4), True, False),
            (stats.loguniform(1e-4, 1e4), "scale", False),
            (stats.randint(1, 10), np.int32(9), True),
            (stats.randint(1, 10), 9.0, False),
            (IntHyperParam(1, 10), True, False),
            (BooleanHyperParam(), 1, False),
            (CategoricalHyperParam([0, 1]), 1, True),
            ([np.ones(2), np.ones(3)], np.ones(3), True),
            ([None, 1, 2, 3], None, True),
            ([None, 1, 2, 3], np.int64(3), True),
            ([None, 1, 2, 3], 4, False),
            (["sqrt", 0.5, 1.0, 2.0], 1, False),
            ([Hostile(), 3], 3, True),
            ([Hostile(), 3], Hostile(), False),
        ],
    )
    def test_a_given_one_is_taken_if_it_is_of_value_and_type(
        self, values, given_value, taken
    ):
        default = Tunable({"a": values}, {"a": given_value}).defaults["a"]
        assert same(default, given_value) == taken
        assert Tunable({"a": values}).encode([{"a": default}]).shape[0] == 1

    @pytest.mark.parametrize(
        ("values", "current", "default"),
        [
            ([1, 10, 100], 1.0, 1),
            ([0.01, 1.0, 100.0], 1, 1.0),
            (["balanced", 5, 1], 1.0, 1),
            ([None, 5, 3, 1], 1.0, 1),
            (["sqrt", 0.5, 1.0, 2.0], 1, 1.0),
            (stats.randint(1, 9), 1.0, 1),
            (IntHyperParam(1, 9), 8.0, 8),
            (range(1, 9), 2.5, 4),
        ],
    )
    def test_a_whole_number_is_taken_as_an_integer_or_as_a_float(
        self, values, current, default
    ):
        assert same(Tunable({"C": values}, {"C": current}).defaults["C"], default)

    def test_a_choice_is_the_object_in_the_space(self):
        choices = [SVC(), SVC(C=2)]
        tunable = Tunable({"model": choices}, {"model": SVC(C=2)})
        assert tunable.defaults["model"] is choices[1]

    def test_names_outside_the_space_do_not_matter(self):
        assert Tunable({"a": [1]}, {"b": 2, "a": 1}).defaults == {"a": 1}

    def test_the_part_in_which_most_given_values_lie_comes_first(self):
        space = [
            {"kernel": ["linear"], "C": [1, 2]},
            {"kernel": ["rbf"], "C": [1, 2], "gamma": stats.expon()},
        ]
        defaults = Tunable(space, {"kernel": "rbf", "C": 2, "gamma": "scale"}).defaults
        assert defaults["kernel"] == "rbf"
        assert defaults["C"] == 2
        assert defaults["gamma"] == pytest.approx(math.log(2))

    def test_without_any_the_first_part_comes_first(self):
        assert Tunable([{"a": [1]}, {"b": [2]}]).defaults == {"a": 1}


class TestValues:
    def test_any_object_reaches_back_as_it_is(self):
        values = [*OBJECTS, lambda: None, float("nan"), {1}]
        tunable = Tunable({"a": values})
        decoded = tunable.decode(tunable.at(0, len(values)))
        assert all(
            config["a"] is value for config, value in zip(decoded, values, strict=True)
        )

    @pytest.mark.parametrize(
        "values",
        [
            [SVC()],
            [1, 2],
            np.arange(3),
            stats.norm(),
            IntHyperParam(1, 3),
            {"type": "bool"},
        ],
        ids=lambda values: type(values).__name__,
    )
    def test_what_search_classes_take_can_be_pickled(self, values):
        tunable = pickle.loads(pickle.dumps(Tunable({"a": values})))
        images = tunable.sample(3, np.random.default_rng(0))
        assert np.array_equal(tunable.snap(images), images)

    def test_a_clone_keeps_what_is_not_given_apart_from_what_is(self):
        space = {"a": IntHyperParam(1, 9), "b": IntHyperParam(1, 9, default=2)}
        cloned = clone(Tunable(space, {"a": 7, "b": 7}), safe=False)
        assert cloned.defaults == {"a": 7, "b": 2}
        rebuilt = Tunable(cloned.space, {"a": 3, "b": 3})
        assert rebuilt.defaults == {"a": 3, "b": 2}

    def test_repr_shows_the_space(self):
        assert repr(Tunable({"a": [1, 2]})) == "Tunable({'a': [1, 2]})"
        union = Tunable([{"a": stats.uniform(0, 1)}, {"b": stats.randint(1, high=3)}])
        assert (
            repr(union) == "Tunable([{'a': uniform(0, 1)}, {'b': randint(1, high=3)}])"
        )


class TestRefusedSpaces:
    @pytest.mark.parametrize(
        "space", [None, 5, "abc", [], (), [1], [{}, "a"], [["a"]], {1, 2}, iter([{}])]
    )
    def test_what_is_neither_a_dict_nor_a_list_of_them(self, space):
        with pytest.raises(
            TypeError, match="a space must be a dict of parameter names"
        ):
            Tunable(space)

    @pytest.mark.parametrize("name", [1, None, ("a",), b"a"])
    def test_a_name_that_is_no_string(self, name):
        with pytest.raises(TypeError, match="a parameter's name must be a string"):
            Tunable([{"a": [1]}, {name: [1]}])

    @pytest.mark.parametrize(
        ("values", "error", "message"),
        [
            ([], ValueError, "empty; give at least one value"),
            ("abc", TypeError, "must be a list, tuple, range or .* array.*got 'abc'"),
            (5, TypeError, "must be a list, tuple, range or .* array.*got 5"),
            (None, TypeError, "got None"),
            ({1, 2}, TypeError, "must be a list"),
            ((n for n in [1]), TypeError, "must be a list"),
            (RandomForestClassifier(), TypeError, "must be a list"),
            (np.ones((2, 2)), ValueError, "must be one-dimensional; got 2-d"),
            (
                stats.loguniform(1, 0.1),
                ValueError,
                r"loguniform\(1, 0.1\) is not a prop",
            ),
            (stats.uniform(0, -1), ValueError, "not a proper one.*low before high"),
            (stats.randint(5, 1), ValueError, r"randint\(5, 1\) is not a proper one"),
            (stats.randint(1, 1), ValueError, "not a proper one"),
            (stats.norm(np.nan), ValueError, "not a proper one"),
            (stats.norm([0, 1]), ValueError, "not a proper one"),
            (stats.norm(scale=-1), ValueError, r"norm\(scale=-1\) is not a proper one"),
            (stats.gamma, ValueError, r"'gamma' needs its shape .*stats\.gamma\(a\)"),
            (stats.randint, ValueError, r"needs its shape .*randint\(low, high\)"),
            (stats.gaussian_kde([1, 2, 4]), ValueError, "has no `ppf` and `cdf`; give"),
            (stats.multivariate_normal([0, 0]), ValueError, "has no `ppf` and `cdf`"),
            ({}, ValueError, "must have the form {'type'"),
            (
                {"type": "intt"},
                ValueError,
                "must have the form {'type': 'int', 'float'",
            ),
            ({"type": ["int"]}, ValueError, "must have the form {'type'"),
            ({"type": "int", "rnage": [1, 2]}, ValueError, "must have the form"),
            ({"type": "int", 5: [1, 2]}, ValueError, "must have the form"),
            ({"type": "int"}, ValueError, "needs 'range' or 'values'"),
            (
                {"type": "int", "range": [1, 2], "values": [1]},
                ValueError,
                "needs 'range",
            ),
            ({"type": "int", "range": [2, 1]}, ValueError, "`min` must not be greater"),
            (
                {"type": "int", "range": [1, 2, 3]},
                ValueError,
                r"\[low, high\].*plain list",
            ),
            (
                {"type": "float", "values": [1]},
                ValueError,
                r"by its bounds, \[low, high\]",
            ),
            ({"type": "int", "range": [0.5, 2]}, TypeError, "must be an integer"),
            ({"type": "int", "range": [1, 5], "default": 9}, ValueError, "default 9"),
            ({"type": "str", "values": []}, ValueError, "empty"),
            (
                {"type": "str", "values": ["a"], "default": "b"},
                ValueError,
                "default 'b'",
            ),
            ({"type": "bool", "default": 1}, ValueError, "is not True or False"),
        ],
    )
    def test_values_of_which_no_hyperparameter_can_be_made(
        self, values, error, message
    ):
        with pytest.raises(error, match=f"parameter 'bad': .*{message}"):
            Tunable({"good": [1], "bad": values})

    def test_a_distribution_of_ones_own_without_a_median(self):
        class Nowhere:
            def cdf(self, x):
                return np.full(np.shape(x), np.nan)

            def ppf(self, q):
                return np.full(np.shape(q), np.nan)

            def __repr__(self):
                return "Nowhere()"

        with pytest.raises(ValueError, match=r"Nowhere\(\) is not a proper one"):
            Tunable({"a": Nowhere()})


class Sampler:
    """All that `RandomizedSearchCV` needs of a distribution."""

    def __init__(self, draw):
        self.draw = draw

    def rvs(self, random_state=None):
        return self.draw(random_state)


class TestSamplers:
    @pytest.mark.parametrize(
        "draw",
        [
            lambda rng: 10 ** rng.uniform(-3, 3),
            lambda rng: rng.normal(100, 1),
            lambda rng: rng.choice([0.1, 0.5]),
            lambda rng: rng.randint(1, 100),
            lambda rng: ("a", rng.randint(3)),
            lambda rng: 1e9 + 1e-6 * rng.normal(),
            lambda rng: 3,
        ],
    )
    def test_what_is_drawn_is_encoded_and_decoded(self, draw):
        tunable = Tunable({"a": Sampler(draw)})
        images = tunable.sample(200, np.random.default_rng(0))
        configs = tunable.decode(images)
        assert np.array_equal(tunable.encode(configs), images)
        assert tunable.decode(tunable.encode(configs)) == configs

    def test_real_numbers_have_the_distribution_of_the_draws(self):
        tunable = Tunable({"a": Sampler(lambda rng: 10 ** rng.uniform(-3, 3))})
        images = tunable.sample(4000, np.random.default_rng(0))
        values = np.log10([config["a"] for config in tunable.decode(images)])
        assert stats.kstest(values, stats.uniform(-3, 6).cdf).statistic < 0.05
        assert len(np.unique(values)) > 3000  # also what was not drawn

    def test_few_numbers_are_as_frequent_as_drawn(self):
        tunable = Tunable(
            {"a": Sampler(lambda rng: rng.choice([1.5, 2.5], p=[0.9, 0.1]))}
        )
        assert tunable.cardinality == 2
        images = tunable.sample(2000, np.random.default_rng(0))
        share = np.mean([config["a"] == 1.5 for config in tunable.decode(images)])
        assert 0.85 < share < 0.95

    def test_integers_stay_integers(self):
        tunable = Tunable({"a": Sampler(lambda rng: rng.randint(0, 10**6))})
        configs = tunable.decode(tunable.sample(50, np.random.default_rng(0)))
        assert all(type(config["a"]) is int for config in configs)

    def test_other_values_are_choices(self):
        tunable = Tunable({"a": Sampler(lambda rng: (rng.randint(2), None))})
        assert tunable.cardinality == 2
        assert tunable.encode([{"a": (0, None)}]).shape == (1, 1)

    def test_equal_samplers_make_equal_spaces(self):
        one, other = (
            Tunable({"a": Sampler(lambda rng: rng.uniform())}) for _ in range(2)
        )
        images = one.sample(20, np.random.default_rng(0))
        assert one.decode(images) == other.decode(images)

    def test_one_that_raises_is_named(self):
        class Broken:
            def rvs(self, random_state=None):
                raise KeyError("scale")

            def __repr__(self):
                return "Broken()"

        message = (
            r"parameter 'a': Broken\(\) must return a value from "
            r"`rvs\(random_state=...\)`, which raised KeyError: 'scale'"
        )
        with pytest.raises(ValueError, match=message):
            Tunable({"a": Broken()})


class TestFromDict:
    def test_takes_what_users_of_btb_write(self):
        assert Tunable.from_dict(BTB_SPEC).defaults == {
            "criterion": "gini",
            "loss": "hinge",
            "max_features": None,
            "min_samples_leaf": 1,
            "max_iter": 1000,
            "learning_rate": 0.1,
            "gamma": 0.0,
            "alpha": 0.5,
            "shuffle": True,
            "x": 0,
            "y": False,
            "z": "a",
        }

    def test_is_what_the_same_space_gives_directly(self):
        images = Tunable.from_dict(BTB_SPEC).sample(10, np.random.default_rng(0))
        direct = Tunable(BTB_SPEC).sample(10, np.random.default_rng(0))
        assert np.array_equal(images, direct)

    def test_values_of_a_number_are_its_bounds_as_in_btb(self):
        tunable = Tunable.from_dict({"n": {"type": "int", "values": [1, 5000]}})
        assert tunable.cardinality == 5000

    def test_the_dict_given_stays_as_it_is(self):
        spec = copy.deepcopy(BTB_SPEC)
        Tunable.from_dict(spec)
        assert spec == BTB_SPEC

    @pytest.mark.parametrize("spec", [None, [1], "abc", [{"a": {"type": "bool"}}]])
    def test_anything_but_a_dict_is_refused(self, spec):
        with pytest.raises(TypeError, match=f"form; got {re.escape(repr(spec))}"):
            Tunable.from_dict(spec)

    @pytest.mark.parametrize(
        "values", [[1, 2], 5, None, stats.norm(), {"range": [1, 2]}]
    )
    def test_any_other_values_are_refused_by_name(self, values):
        with pytest.raises(
            ValueError, match="parameter 'a': a dict must have the form"
        ):
            Tunable.from_dict({"a": values})
