"""What `when` promises: what does not apply is not there, and does not count."""

import itertools
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.decomposition import NMF, PCA
from test_space import cube, equal, finite_values, seeds

from sklearn_btb import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    GPTuner,
    IntHyperParam,
    Tunable,
    UniformTuner,
    when,
)
from sklearn_btb._candidates import identities, neighbours
from sklearn_btb._conditions import values_of
from sklearn_btb._notation import as_hyperparam
from sklearn_btb._values import Lookup

SVM = {
    "kernel": ["linear", "rbf", "poly"],
    "C": stats.loguniform(1e-3, 1e3),
    "gamma": when("kernel", ["rbf", "poly"], stats.loguniform(1e-4, 10)),
    "degree": when("kernel", "poly", stats.randint(2, 6)),
}
SVM_BY_PARTS = [
    {"kernel": ["linear"], "C": stats.loguniform(1e-3, 1e3)},
    {
        "kernel": ["rbf"],
        "C": stats.loguniform(1e-3, 1e3),
        "gamma": stats.loguniform(1e-4, 10),
    },
    {
        "kernel": ["poly"],
        "C": stats.loguniform(1e-3, 1e3),
        "gamma": stats.loguniform(1e-4, 10),
        "degree": stats.randint(2, 6),
    },
]
GRID = {
    "kernel": ["linear", "rbf", "poly"],
    "C": [1, 10],
    "gamma": when("kernel", ["rbf", "poly"], [0.1, 0.2, 0.3]),
    "degree": when("kernel", "poly", [2, 3]),
}


@st.composite
def conditional_parts(draw, values):
    """A dict of values with conditions, a list of names and values of each."""
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
    part, requirements = {}, {}
    for number, name in enumerate(names):
        part[name] = draw(values)
        requirements[name] = []
        finite = [n for n in names[:number] if as_hyperparam_of(part[n]) is not None]
        for _ in range(draw(st.integers(0, 2)) if finite else 0):
            parameter = draw(st.sampled_from(finite))
            possible = values_of(as_hyperparam_of(part[parameter]))
            picked = draw(st.sets(st.sampled_from(range(len(possible))), min_size=1))
            wanted = [possible[place] for place in sorted(picked)]
            part[name] = when(parameter, wanted, part[name])
            requirements[name].append((parameter, wanted))
    order = draw(st.permutations(names))
    return {name: part[name] for name in order}, requirements


def as_hyperparam_of(values):
    while hasattr(values, "then"):
        values = values.then
    hyperparam = as_hyperparam(values)
    return hyperparam if hyperparam.cardinality < 100 else None


def applying(requirements, config):
    def applies(name):
        return all(
            applies(other) and Lookup(wanted).find(config[other]) is not None
            for other, wanted in requirements[name]
        )

    return {name: config[name] for name in config if applies(name)}


def brute_force(part, requirements):
    """List the distinct configurations, by trying all combinations of values."""
    each = [values_of(as_hyperparam_of(values)) for values in part.values()]
    found = []
    for values in itertools.product(*each):
        config = applying(requirements, dict(zip(part, values, strict=True)))
        if not any(equal(config, known) for known in found):
            found.append(config)
    return found


any_part = conditional_parts(
    finite_values | st.sampled_from([FloatHyperParam(0, 1), stats.norm()])
)
finite_part = conditional_parts(finite_values)


def drawn(space, n=3000, seed=0):
    tunable = Tunable(space)
    return tunable.decode(tunable.sample(n, np.random.default_rng(seed)))


class TestAnySpace:
    @given(any_part, seeds)
    def test_configurations_survive_a_round_trip(self, part, seed):
        tunable = Tunable(part[0])
        configs = tunable.decode(cube(tunable, seed))
        again = tunable.decode(tunable.encode(configs))
        assert all(map(equal, configs, again))
        assert list(map(list, configs)) == list(map(list, again))

    @given(any_part, seeds)
    def test_snapping_is_decoding_and_encoding(self, part, seed):
        tunable = Tunable(part[0])
        images = cube(tunable, seed)
        snapped = tunable.snap(images)
        assert np.array_equal(snapped, tunable.encode(tunable.decode(images)))
        assert np.array_equal(tunable.snap(snapped), snapped)

    @given(any_part, seeds)
    def test_what_applies_is_there_and_nothing_else(self, part, seed):
        space, requirements = part
        tunable = Tunable(space)
        defaults = {name: as_hyperparam_of_any(space[name]).default for name in space}
        for config in drawn(tunable.space, n=20, seed=seed):
            assert equal(config, applying(requirements, {**defaults, **config}))

    @given(any_part, seeds)
    def test_equal_images_are_equal_configurations_and_only_those(self, part, seed):
        tunable = Tunable(part[0])
        configs = tunable.decode(tunable.sample(8, np.random.default_rng(seed)))
        images = tunable.encode(configs)
        for one, other in itertools.combinations(range(8), 2):
            assert equal(configs[one], configs[other]) == np.array_equal(
                images[one], images[other]
            )

    @given(any_part, seeds)
    def test_what_does_not_apply_is_the_same_everywhere(self, part, seed):
        tunable = Tunable(part[0])
        images = tunable.sample(10, np.random.default_rng(seed))
        assert (images[tunable.inactive(images)] == 0.5).all()

    def test_where_nothing_more_applies_only_that_varies(self):
        tunable = Tunable(SVM)
        images = tunable.sample(300, np.random.default_rng(0))
        linear = [config["kernel"] == "linear" for config in tunable.decode(images)]
        assert (np.ptp(images[linear], axis=0) > 0).sum() == 1  # C

    @given(any_part, seeds)
    def test_neighbours_are_images_of_configurations(self, part, seed):
        tunable = Tunable(part[0])
        assume(tunable.n_dims)
        rng = np.random.default_rng(seed)
        moved = neighbours(tunable, tunable.sample(3, rng), 20, (0.1,), rng)
        assert np.array_equal(moved, tunable.snap(moved))

    @given(any_part)
    def test_the_defaults_are_one_of_the_configurations(self, part):
        tunable = Tunable(part[0])
        again = tunable.decode(tunable.encode([tunable.defaults]))[0]
        assert equal(again, tunable.defaults)

    @given(any_part, any_part, seeds)
    def test_parts_of_a_union_may_have_conditions(self, one, other, seed):
        tunable = Tunable([one[0], other[0]])
        images = tunable.sample(20, np.random.default_rng(seed))
        configs = tunable.decode(images)
        again = tunable.encode(configs)
        assert np.array_equal(again, images)
        assert all(map(equal, configs, tunable.decode(again)))


def as_hyperparam_of_any(values):
    while hasattr(values, "then"):
        values = values.then
    return as_hyperparam(values)


class TestFiniteSpace:
    @given(finite_part)
    def test_the_numbers_are_the_distinct_configurations(self, part):
        sizes = [as_hyperparam_of(values).cardinality for values in part[0].values()]
        assume(math.prod(sizes) <= 300)
        tunable = Tunable(part[0])
        expected = brute_force(*part)
        assert tunable.cardinality == tunable.n_numbered == len(expected)
        images = tunable.at(0, tunable.n_numbered)
        assert len(identities(images)) == len(images)
        assert np.array_equal(tunable.snap(images), images)
        for config in tunable.decode(images):
            assert any(equal(config, known) for known in expected)

    @given(finite_part, finite_part)
    def test_those_of_a_union_are_distinct_as_well(self, one, other):
        expected = []
        for part in (one, other):
            sizes = [as_hyperparam_of(each).cardinality for each in part[0].values()]
            assume(math.prod(sizes) <= 60)
            for config in brute_force(*part):
                if not any(equal(config, known) for known in expected):
                    expected.append(config)
        tunable = Tunable([one[0], other[0]])
        assert tunable.cardinality == tunable.n_numbered == len(expected)
        images = tunable.at(0, tunable.n_numbered)
        assert len(identities(images)) == len(expected)

    @given(finite_part, st.data())
    def test_numbers_may_be_asked_for_in_pieces(self, part, data):
        tunable = Tunable(part[0])
        assume(tunable.n_numbered <= 5000)
        cut = data.draw(st.integers(0, tunable.n_numbered))
        pieces = [tunable.at(0, cut), tunable.at(cut, tunable.n_numbered)]
        assert np.array_equal(np.concatenate(pieces), tunable.at(0, tunable.n_numbered))

    def test_a_grid_is_counted(self):
        assert Tunable(GRID).cardinality == 2 * (1 + 3 + 3 * 2)

    def test_more_combinations_than_anyone_lists_are_endless(self):
        flags = {f"flag{number}": [False, True] for number in range(17)}
        space = flags | {f"x{n}": when(f"flag{n}", True, [1, 2]) for n in range(17)}
        tunable = Tunable(space)
        assert tunable.cardinality == math.inf
        images = tunable.sample(5, np.random.default_rng(0))
        assert np.array_equal(tunable.encode(tunable.decode(images)), images)


class TestValues:
    @pytest.mark.parametrize(
        ("wanted", "n_configs"),
        [
            ("rbf", 4),
            (["rbf"], 4),
            (("rbf", "poly"), 5),
            ({"rbf", "poly", "linear"}, 6),
            (np.array(["rbf"]), 4),
            (lambda kernel: kernel > "p", 5),
            (str, 6),
        ],
        ids=str,
    )
    def test_one_several_a_class_or_a_function(self, wanted, n_configs):
        space = {"kernel": ["linear", "rbf", "poly"]}
        space["b"] = when("kernel", wanted, ["x", "y"])
        assert Tunable(space).cardinality == n_configs

    @pytest.mark.parametrize(
        ("wanted", "counting"),
        [
            (None, [None]),
            (3, [3]),
            (3.0, [3]),
            ([None, 5], [None, 5]),
            (int, [2, 3, 5]),
            (lambda depth: depth is None or depth > 2, [None, 3, 5]),
        ],
    )
    def test_of_numbers_among_other_values(self, wanted, counting):
        tunable = Tunable(
            {"depth": [2, None, 3, 5], "leaves": when("depth", wanted, [1, 2])}
        )
        configs = tunable.decode(tunable.at(0, tunable.n_numbered))
        found = [config["depth"] for config in configs if "leaves" in config]
        assert len(configs) == tunable.cardinality == 4 + len(counting)
        assert sorted(map(str, found)) == sorted(map(str, 2 * counting))

    @pytest.mark.parametrize(
        ("values", "wanted", "n_counting"),
        [
            ([1, 2, 3], 2, 1),
            ([1, 2, 3], 2.0, 1),
            ([1.0, 2.0], 2, 1),
            ([1, 1.0, True], True, 1),
            ([1, 1.0, True], 1, 1),
            ([None, 1], None, 1),
            ([(50,), (100,)], (50,), 1),
            ([(50,), (100,), (50, 50)], [(50,), (100,)], 2),
            (IntHyperParam(1, 9), [1, 2, 5], 3),
            (IntHyperParam(1, 9), lambda n: n >= 3, 7),
            (BooleanHyperParam(), True, 1),
            (stats.randint(0, 5), range(3), 3),
            (["passthrough", PCA(2), PCA(3)], "passthrough", 1),
            (["passthrough", PCA(2), PCA(3)], PCA(3), 1),
            (["passthrough", PCA(2), NMF()], PCA, 1),
            (["passthrough", PCA(2), NMF()], [PCA, NMF], 2),
            (["passthrough", PCA(2), NMF()], lambda step: step != "passthrough", 2),
            ([len, max, min], len, 1),
            ([int, float, str], [int, str], 2),
            ({"type": "bool"}, False, 1),
        ],
        ids=str,
    )
    def test_of_any_kind(self, values, wanted, n_counting):
        cardinality = as_hyperparam(values).cardinality
        tunable = Tunable({"b": when("a", wanted, [0, 1]), "a": values})
        assert tunable.cardinality == cardinality + n_counting

    @pytest.mark.parametrize(
        "then",
        [
            [1, 2],
            np.arange(3),
            stats.norm(),
            stats.randint(1, 9),
            CategoricalHyperParam(["a", "b"]),
            {"type": "int", "range": [1, 9]},
            when("c", 1, [1, 2]),
        ],
        ids=lambda then: type(then).__name__,
    )
    def test_then_comes_whatever_a_space_has(self, then):
        tunable = Tunable({"a": ["x", "y"], "c": [1, 2], "b": when("a", "x", then)})
        for config in tunable.decode(tunable.sample(50, np.random.default_rng(0))):
            both = not hasattr(then, "then") or config["c"] == 1
            assert ("b" in config) == (config["a"] == "x" and both)

    def test_what_depends_on_something_that_does_not_apply_does_not_apply(self):
        space = {
            "c": when("b", 1, [7, 8]),
            "b": when("a", "x", [1, 2]),
            "a": ["x", "y"],
        }
        tunable = Tunable(space)
        assert tunable.names == ("c", "b", "a")
        configs = tunable.decode(tunable.at(0, tunable.n_numbered))
        assert sorted(map(len, configs)) == [1, 2, 3, 3]

    def test_all_of_several_conditions_must_hold(self):
        space = {
            "a": [1, 2, 3],
            "b": [1, 2],
            "c": when("a", [1, 2], when("a", [2, 3], when("b", 2, [5, 6]))),
        }
        with_c = [config for config in drawn(space, n=100) if "c" in config]
        assert {(config["a"], config["b"]) for config in with_c} == {(2, 2)}


class TestConfigurations:
    def test_two_that_differ_in_what_does_not_apply_are_one(self):
        images = Tunable(SVM).encode(
            [
                {"kernel": "linear", "C": 1.0},
                {"kernel": "linear", "C": 1.0, "gamma": 0.1},
                {"kernel": "linear", "C": 1.0, "gamma": "any", "degree": 3},
            ]
        )
        assert len(identities(images)) == 1
        assert Tunable(SVM).decode(images)[2].keys() == {"kernel", "C"}

    def test_what_applies_must_be_there(self):
        message = r"\['kernel', 'C'\] and, where they apply, \['gamma', 'degree'\]; got"
        for config in (
            {"kernel": "rbf", "C": 1.0},
            {"C": 1.0},
            {"kernel": "linear", "C": 1.0, "coef0": 1},
        ):
            with pytest.raises(ValueError, match=message):
                Tunable(SVM).encode([config])

    def test_a_value_outside_is_refused_by_name(self):
        with pytest.raises(ValueError, match=r"'degree': 9 is not one of \[2, 3"):
            config = {"kernel": "poly", "C": 1.0, "gamma": 0.1, "degree": 9}
            Tunable(SVM).encode([config])

    def test_parameters_come_in_the_order_of_the_space(self):
        space = {"b": when("a", 1, [1]), "c": [1], "a": [1, 2]}
        tunable = Tunable(space)
        assert list(tunable.decode(tunable.at(0, 1))[0]) == ["b", "c", "a"]

    def test_defaults_are_those_that_apply(self):
        given = {"kernel": "rbf", "C": 2, "gamma": 0.5, "degree": 3}
        assert Tunable(SVM, given).defaults == {"kernel": "rbf", "C": 2, "gamma": 0.5}
        assert Tunable(SVM).defaults.keys() == {"kernel", "C"}

    def test_priors_are_respected_where_they_apply(self):
        configs = drawn(SVM)
        gammas = [config["gamma"] for config in configs if "gamma" in config]
        prior = stats.loguniform(1e-4, 10)
        assert stats.kstest(gammas, prior.cdf).pvalue > 0.01
        n_linear = sum(config["kernel"] == "linear" for config in configs)
        assert stats.binomtest(n_linear, len(configs), 1 / 3).pvalue > 0.01

    def test_a_parameter_that_comes_to_apply_is_drawn_anew(self):
        tunable = Tunable(SVM)
        rng = np.random.default_rng(0)
        start = tunable.encode([{"kernel": "linear", "C": 1.0}])
        moved = tunable.decode(neighbours(tunable, start, 2000, (0.02,), rng))
        gammas = [config["gamma"] for config in moved if "gamma" in config]
        assert stats.kstest(gammas, stats.loguniform(1e-4, 10).cdf).pvalue > 0.01


class TestRefused:
    @pytest.mark.parametrize(
        ("space", "message"),
        [
            (
                {"kernel": ["a"], "b": when("kernal", "a", [1])},
                r"parameter 'b': .*same dict.*\['kernel', 'b'\]; got 'kernal' "
                r"\(did you mean 'kernel'\?\)",
            ),
            (
                {"kernel": ["rbf", "linear"], "b": when("kernel", "rfb", [1])},
                r"'kernel' can have, one of \['rbf', 'linear'\]; got 'rfb' "
                r"\(did you mean 'rbf'\?\)",
            ),
            ({"a": [1, 2], "b": when("a", [1, 3], [1])}, "can have, .*; got 3"),
            ({"a": [1, 2], "b": when("a", [], [1])}, "must have values of 'a'"),
            ({"a": [1, 2], "b": when("a", str, [1])}, "can have, .*; got <class 'str"),
            ({"a": [1, 2], "b": when("a", lambda a: a > 2, [1])}, "; got <function"),
            (
                {"C": stats.norm(), "b": when("C", 1, [1])},
                "'b': `when` must name a parameter with a finite number of values .*; "
                "got 'C', a number",
            ),
            ({"a": when("a", 1, [1])}, r"circle; got 'a' -> 'a'"),
            (
                {
                    "a": when("b", 1, [1]),
                    "b": when("c", 1, [1]),
                    "c": when("a", 1, [1]),
                },
                r"circle; got '[abc]' -> '[abc]' -> '[abc]' -> '[abc]'",
            ),
            ({"a": [1], "b": when("a", 1, [])}, "parameter 'b': the list .* empty"),
            ({"a": [1], "b": when("a", 1, when("z", 1, [1]))}, "parameter 'b'.*'z'"),
            (
                [{"a": [1, 2]}, {"b": when("a", 1, [1])}],
                r"same dict, one of \['b'\]; got 'a'",
            ),
        ],
        ids=lambda value: None if isinstance(value, str) else repr(value)[:40],
    )
    def test_what_cannot_be(self, space, message):
        with pytest.raises(ValueError, match=message):
            Tunable(space)

    def test_one_among_other_values(self):
        with pytest.raises(TypeError, match="parameter 'b': `when` must not be one of"):
            Tunable({"a": [1, 2], "b": [when("a", 1, [1]), when("a", 2, [3])]})

    def test_what_is_no_name(self):
        with pytest.raises(TypeError, match=re.escape("name of one; got ['a']")):
            when(["a"], 1, [1])


class TestUnion:
    """A list of dicts is the same as conditions, however it is cut."""

    @pytest.mark.parametrize("union", [SVM_BY_PARTS, SVM_BY_PARTS[::-1]])
    def test_is_the_same_as_conditions(self, union):
        kernels = [part["kernel"][0] for part in union]
        tunable, other = Tunable(union), Tunable({**SVM, "kernel": kernels})
        assert tunable.n_dims == other.n_dims
        assert not tunable.overlapping
        counts = []
        for each in (tunable, other):
            configs = each.decode(each.sample(3000, np.random.default_rng(0)))
            names = [tuple(sorted(config)) for config in configs]
            counts.append([names.count(name) for name in sorted(set(names))])
        assert stats.chi2_contingency(counts).pvalue > 0.01

    def test_has_the_same_images_as_conditions(self):
        tunable, other = Tunable(SVM_BY_PARTS), Tunable(SVM)
        images = tunable.sample(50, np.random.default_rng(0))
        assert np.array_equal(images, other.sample(50, np.random.default_rng(0)))
        assert tunable.decode(images) == other.decode(images)
        given = {"kernel": "rbf", "C": 2, "gamma": "scale"}
        assert Tunable(SVM_BY_PARTS, given).defaults == Tunable(SVM, given).defaults

    @pytest.mark.parametrize("tuner_class", [UniformTuner, GPTuner])
    def test_has_the_same_proposals_as_conditions(self, tuner_class):
        tuners = [
            tuner_class(Tunable(space), random_state=0) for space in (SVM, SVM_BY_PARTS)
        ]
        for number in range(12):
            one, other = (tuner.propose() for tuner in tuners)
            assert one == other
            for tuner in tuners:
                tuner.record(one, float(number % 5))

    @pytest.mark.parametrize(
        ("apart", "together"),
        [
            (
                [{"k": ["x"]}, {"k": ["y"], "g": [1, 2]}, {"k": ["z"], "g": [1, 2]}],
                [{"k": ["x"]}, {"k": ["y", "z"], "g": [1, 2]}],
            ),
            (
                [{"k": ["x"]}, {"k": ["y"], "g": stats.norm()}, {"k": ["z"]}],
                [{"k": ["x", "z"]}, {"k": ["y"], "g": stats.norm()}],
            ),
            ([{"n": [1, 2]}, {"n": [3]}], [{"n": [1, 2, 3]}]),
            (
                [{"a": ["p"]}, {"b": ["q"]}, {"b": ["r"]}],
                [{"a": ["p"]}, {"b": ["q", "r"]}],
            ),
            (
                [{"a": stats.norm()}, {"b": ["q"]}, {"b": ["r"]}],
                [{"a": stats.norm()}, {"b": ["q", "r"]}],
            ),
        ],
    )
    def test_a_part_has_no_more_weight_for_being_written_as_two(self, apart, together):
        counts = []
        for space in (apart, together):
            texts = [
                str({k: v for k, v in config.items() if isinstance(v, str | int)})
                for config in drawn(space)
            ]
            counts.append(texts)
        kinds = sorted({text for texts in counts for text in texts})
        table = [[texts.count(kind) for kind in kinds] for texts in counts]
        assert stats.chi2_contingency(table).pvalue > 0.01

    def test_what_parts_have_alike_shares_its_columns(self):
        tunable = Tunable(SVM_BY_PARTS)
        images = tunable.encode(
            [
                {"kernel": "linear", "C": 1.0},
                {"kernel": "rbf", "C": 1.0, "gamma": 0.1},
                {"kernel": "poly", "C": 1.0, "gamma": 0.1, "degree": 3},
            ]
        )
        assert tunable.n_dims == 3 + 1 + 1 + 1
        assert (images[:, 3] == 0.5).all()
        assert images[1, 4] == images[2, 4] != images[0, 4]

    @pytest.mark.parametrize(
        "values",
        [
            [1, 2, 4],
            ["a", "b", None],
            [None, 1, 2, 4],
            ["scale", 0.1, 1.0, PCA(2), 10.0],
            stats.norm(2, 1),
            stats.randint(0, 10**9),
            IntHyperParam(1, 9),
            FloatHyperParam(0, 1),
            {"type": "bool"},
            [PCA(2), "passthrough", NMF()],
        ],
        ids=lambda values: type(values).__name__,
    )
    def test_equal_values_written_twice_are_alike(self, values):
        again = clone(values, safe=False)
        tunable = Tunable([{"x": values}, {"x": again, "y": stats.norm()}])
        assert tunable.n_dims == 1 + as_hyperparam(values).n_dims + 1

    def test_other_values_have_columns_of_their_own(self):
        for one, other in [
            (stats.norm(), stats.norm(1)),
            (stats.norm(), stats.uniform()),
            (IntHyperParam(1, 9), IntHyperParam(1, 9, log=True)),
            ([1, 2, 3], [1, 2, 4]),
            (
                stats.rv_histogram(([1, 2], [0, 1, 2])),
                stats.rv_histogram(([5, 2], [0, 1, 2])),
            ),
        ]:
            tunable = Tunable([{"x": one, "z": [1]}, {"x": other, "y": [1]}])
            assert tunable.n_dims == 3

    def test_the_order_of_numbers_among_other_values_does_not_matter(self):
        parts = [{"x": [None, 1, 2, 4], "z": [1]}, {"x": [4, 2, 1, None], "y": [1]}]
        assert Tunable(parts).n_dims == 1 + 2
        for other in ([None, 1, 2, 3], ["a", 1, 2, 4], [None, 1, 2, 4.0]):
            parts[1]["x"] = other
            assert Tunable(parts).n_dims == 1 + 2 + 2

    @pytest.mark.parametrize(
        ("one", "other", "n_dims"),
        [
            ([None], [2, 3, 5], 2),
            (["sqrt", "log2"], [0.1, 0.5, 1.0], 3),
            ([None, 1, 2, 3], ["a"], 3),
        ],
    )
    def test_numbers_and_other_values_tell_its_parts_apart(self, one, other, n_dims):
        tunable = Tunable([{"x": one}, {"x": other, "y": [1, 2]}])
        assert tunable.n_dims == n_dims + 1  # of y
        assert tunable.cardinality == len(one) + 2 * len(other)
        assert not tunable.overlapping

    def test_conditions_of_its_parts_may_run_against_each_other(self):
        one = {"a": [1, 2], "b": when("a", 1, [1, 2])}
        other = {"b": [1, 2], "a": when("b", 1, [1, 2]), "z": [0]}
        tunable = Tunable([one, other])
        assert tunable.cardinality == 6
        configs = tunable.decode(tunable.at(0, 6))
        assert np.array_equal(tunable.encode(configs), tunable.at(0, 6))

    def test_a_configuration_of_no_part_is_refused(self):
        tunable = Tunable(SVM_BY_PARTS)
        with pytest.raises(ValueError, match="lies in none of the sub-spaces"):
            tunable.encode([{"kernel": "linear", "C": 1.0, "gamma": 0.1}])


def test_a_space_with_conditions_can_be_pickled_and_cloned():
    space = {**SVM, "degree": when("kernel", "poly", [2, 3])}
    for again in (pickle.loads(pickle.dumps(space)), clone(space, safe=False)):
        images = Tunable(again).sample(5, np.random.default_rng(0))
        expected = Tunable(space).sample(5, np.random.default_rng(0))
        assert np.array_equal(images, expected)


def test_it_is_shown_as_it_is_written():
    assert repr(when("a", {1}, [2])) == "when('a', {1}, [2])"
    twice = when("a", 1, when("b", 2, stats.loguniform(0.1, 2.0)))
    assert repr(twice) == "when('a', 1, when('b', 2, loguniform(0.1, 2.0)))"


def test_a_thousand_flags_are_endless():
    flags = {f"flag{number}": [False, True] for number in range(1100)}
    for space in (flags, [flags, {"a": [1]}]):
        assert Tunable(space).cardinality == math.inf
        assert len(Tunable(space).sample(3, np.random.default_rng(0))) == 3
