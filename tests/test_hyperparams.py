"""What hyperparameters promise: one contract for all kinds, then each kind's own."""

import copy
import itertools
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_btb import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    IntHyperParam,
)
from sklearn_btb._hyperparams import MixedHyperParam
from sklearn_btb._notation import UniformPrior, as_hyperparam, from_list
from sklearn_btb._values import UNSET, same

NAN = float("nan")


class Hostile:
    """An object that can be neither compared nor hashed."""

    def __eq__(self, other):
        raise RuntimeError("do not compare")

    def __hash__(self):
        raise RuntimeError("do not hash")

    def __repr__(self):
        return "hostile"


class Ambiguous(Hostile):
    """An object whose comparison has no truth value."""

    def __eq__(self, other):
        return np.array([True, False])

    __hash__ = None


# A new kind of hyperparameter joins the contract suite by one line here.
KINDS = {
    "int": IntHyperParam(1, 10),
    "int, one value": IntHyperParam(3, 3),
    "int, negative": IntHyperParam(-7, 4),
    "int, default": IntHyperParam(1, 10, default=9),
    "int, log": IntHyperParam(1, 1000, log=True),
    "int, widest": IntHyperParam(-(2**40), 2**40),
    "int, widest log": IntHyperParam(1, 2**40, log=True),
    "int, narrow log far out": IntHyperParam(2**40 - 9, 2**40, log=True),
    "float": FloatHyperParam(-0.3, 0.7),
    "float, one value": FloatHyperParam(0.1, 0.1),
    "float, log": FloatHyperParam(1e-4, 1e4, log=True),
    "float, widest": FloatHyperParam(-8e307, 8e307),
    "float, widest log": FloatHyperParam(1e-300, 1e300, log=True),
    "float, few floats": FloatHyperParam(1.0, 1.0 + 1e-15),
    "float, few floats log": FloatHyperParam(1e6, 1e6 + 1e-6, log=True),
    "float, two floats log": FloatHyperParam(
        1e300, float(np.nextafter(1e300, math.inf)), log=True
    ),
    "float, denormal": FloatHyperParam(5e-324, 1e-320),
    "float, denormal log": FloatHyperParam(5e-324, 1e-300, log=True),
    "bool": BooleanHyperParam(),
    "categorical": CategoricalHyperParam(["a", "b", "c"], default="c"),
    "one value": ["a"],
    "one number": [5],
    "two values": ["l1", "l2"],
    "bools": [True, False],
    "array of bools": np.array([True, False]),
    "array of strings": np.array(["a", "b", "c"]),
    "numbers that differ in type": [1, 1.0, True],
    "mixed": [None, 1, 1.0, False, "sqrt", NAN, (1, 2), (1.0, 2), len, Fraction(1, 3)],
    "estimators": [SVC(), SVC(), SVC(C=2), "passthrough"],
    "unhashable": [[1], [1, 2], {}, {"a": 1}, {1}],
    "arrays of several sizes": [np.zeros(2), np.zeros(3), np.zeros((2, 2)), np.ones(2)],
    "hostile": [Hostile(), Hostile(), Ambiguous(), Ambiguous()],
    "repeated": ["a", "b", "a", "c", "b"],
    "many values": [f"value {number}" for number in range(300)],
    "many tuples": list(itertools.product(range(5), repeat=3)),
    "many unhashable": [[number] for number in range(65)],
    "many values among numbers": [1, 2.5, 4, *(f"{number}" for number in range(90))],
    "infinite numbers": [0.5, math.inf],
    "integers beyond the floats": [10**400, 1],
    "integers equal as floats": [2**60, 2**60 + 1],
    "complex": [1j, 2j],
    "numbers": [1, 2, 3],
    "numbers, tuple": (1, 2.5),
    "numbers, unsorted": [3, -1, 2.5, 0],
    "numbers, repeated": [1, 2, 2, 1, 3],
    "numbers, log-spaced": [1e-3, 1e-2, 1e-1, 1.0, 10.0],
    "numbers, huge": [2**60, 2**61, 2**62],
    "numbers, far apart": [-1.7e308, 0.0, 1.7e308],
    "numbers, denormal": [5e-324, 1e-323, 2e-323],
    "numbers, neighbours": [1.0, float(np.nextafter(1, 2))],
    "fractions": [Fraction(1, 3), Fraction(1, 2)],
    "numbers and None": [None, 2, 3, 5, 8, 12],
    "numbers and texts": [0.5, "sqrt", 0.1, "log2", 1.0, 0.5, "sqrt", None],
    "numbers and bools": [True, 1, 2, 3, False],
    "numbers and no finite ones": [NAN, 1, 10, 100, math.inf, 10**400],
    "numbers and hostile": [Hostile(), 1, Ambiguous(), 2, 4.5],
    "numbers and estimators": [SVC(), 1, 2, 3, SVC(C=2), SVC()],
    "numbers and unhashable": [[1], 3, 1, 2, {}],
    "numbers, many, and None": [None, *range(1000)],
    "numbers in an array of objects": np.array(["a", 1, None, 2, 3], dtype=object),
    "range": range(2, 30, 3),
    "range, downward": range(10, 0, -3),
    "range, long": range(100_000),
    "array of ints": np.arange(5),
    "array of floats": np.logspace(-4, 4, 9),
    "array of float32": np.linspace(0, 1, 5, dtype=np.float32),
    "array of objects": np.array(["a", None, 1], dtype=object),
    "uniform": stats.uniform(0.1, 0.9),
    "uniform, few floats": stats.uniform(1e15, 1),
    "loguniform": stats.loguniform(1e-4, 1e4),
    "loguniform, widest": stats.loguniform(1e-300, 1e300),
    "norm": stats.norm(),
    "norm, narrow far out": stats.norm(1e9, 1e-3),
    "norm, unfrozen": stats.norm,
    "expon": stats.expon(scale=3),
    "beta": stats.beta(0.5, 0.5),
    "cauchy": stats.cauchy(),
    "truncnorm": stats.truncnorm(-1, 1),
    "histogram": stats.rv_histogram(np.histogram([1, 2, 5], bins=3), density=False),
    "randint": stats.randint(1, 10),
    "randint, one value": stats.randint(1, 2),
    "randint, moved": stats.randint(0, 10, loc=5),
    "randint, longest listed": stats.randint(0, 2**16),
    "randint, too long to list": stats.randint(0, 2**16 + 1),
    "randint, cells as wide as the grid": stats.randint(0, 2**30),
    "randint, cells half as wide": stats.randint(0, 2**31),
    "randint, huge": stats.randint(-(10**12), 10**12),
    "randint, beyond int64": stats.randint(0, 2**62),
    "poisson": stats.poisson(3),
    "poisson, large": stats.poisson(10**6),
    "geom": stats.geom(0.01),
    "geom, rare": stats.geom(1e-8),
    "binom": stats.binom(10, 0.5),
    "binom, improbable values": stats.binom(1000, 0.001),
    "bernoulli": stats.bernoulli(0.3),
    "skellam": stats.skellam(5, 5),
    "rv_discrete": stats.rv_discrete(values=([1, 2, 5], [0.2, 0.3, 0.5])),
    "rv_discrete, frozen": stats.rv_discrete(values=([1, 2], [0.2, 0.8]))(),
    "rv_discrete, moved": stats.rv_discrete(values=([1, 2], [0.2, 0.8]))(loc=9),
    "rv_discrete, floats": stats.rv_discrete(values=([0.1, 0.5], [0.5, 0.5])),
    "btb int": {"type": "int", "range": [1, 9], "default": 3},
    "btb float": {"type": "float", "range": [0, 1], "default": 0.25},
    "btb str": {"type": "str", "values": ["a", None], "default": None},
    "btb bool": {"type": "bool"},
}
HYPERPARAMS = {name: as_hyperparam(values) for name, values in KINDS.items()}
FINITE = {
    name: hyperparam
    for name, hyperparam in HYPERPARAMS.items()
    if hyperparam.cardinality <= 2**17
}
LISTED = {
    name: hyperparam
    for name, hyperparam in FINITE.items()
    if isinstance(KINDS[name], list | tuple | range | np.ndarray)
}

each_kind = pytest.mark.parametrize(
    "hyperparam", HYPERPARAMS.values(), ids=HYPERPARAMS.keys()
)
each_finite_kind = pytest.mark.parametrize(
    "hyperparam", FINITE.values(), ids=FINITE.keys()
)
few_examples = settings(max_examples=10)  # there are many kinds


def points(hyperparam):
    """Any points of the unit cube, its corners and the middle among them."""
    columns = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
    row = st.lists(columns, min_size=hyperparam.n_dims, max_size=hyperparam.n_dims)
    return st.lists(row, min_size=1, max_size=10).map(
        lambda rows: np.array(rows, dtype=float).reshape(len(rows), -1)
    )


def every_image(hyperparam):
    return hyperparam.at(np.arange(hyperparam.cardinality))


def samples(values, n=2000):
    hyperparam = as_hyperparam(values)
    return hyperparam.decode(hyperparam.sample(n, np.random.default_rng(0)))


def images(hyperparam, values):
    return hyperparam.encode(values).ravel().tolist()


def identical(a, b):
    return a is b or (type(a) is type(b) and a == b)


class TestContract:
    @each_kind
    @few_examples
    @given(data=st.data())
    def test_values_survive_a_round_trip_with_their_types(self, hyperparam, data):
        values = hyperparam.decode(data.draw(points(hyperparam)))
        again = hyperparam.decode(hyperparam.encode(values))
        assert all(map(identical, again, values))

    @each_kind
    @few_examples
    @given(data=st.data())
    def test_snapping_is_decoding_and_encoding(self, hyperparam, data):
        cube = data.draw(points(hyperparam))
        snapped = hyperparam.snap(cube)
        assert np.array_equal(snapped, hyperparam.encode(hyperparam.decode(cube)))
        assert np.array_equal(snapped, hyperparam.snap(snapped))

    @each_kind
    @few_examples
    @given(data=st.data())
    def test_images_are_points_of_the_unit_cube(self, hyperparam, data):
        cube = data.draw(points(hyperparam))
        snapped = hyperparam.snap(cube)
        assert snapped.shape == (len(cube), hyperparam.n_dims)
        assert snapped.dtype == float
        assert ((snapped >= 0) & (snapped <= 1)).all()

    @each_kind
    @few_examples
    @given(data=st.data())
    def test_equal_images_are_equal_values_and_only_those(self, hyperparam, data):
        first, second = hyperparam.snap(data.draw(points(hyperparam)))[[0, -1]]
        one, other = hyperparam.decode(np.array([first, second]))
        assert np.array_equal(first, second) == same(one, other)

    @each_kind
    @few_examples
    @given(data=st.data())
    def test_what_is_decoded_at_once_is_what_is_decoded_singly(self, hyperparam, data):
        cube = data.draw(points(hyperparam))
        singly = [hyperparam.decode(row.reshape(1, -1))[0] for row in cube]
        assert all(map(identical, hyperparam.decode(cube), singly))

    @each_kind
    @few_examples
    @given(data=st.data())
    def test_decoding_changes_no_input(self, hyperparam, data):
        cube = data.draw(points(hyperparam))
        before = cube.copy()
        hyperparam.decode(cube), hyperparam.snap(cube)
        assert np.array_equal(cube, before)

    @each_kind
    def test_samples_are_images_of_values(self, hyperparam):
        drawn = hyperparam.sample(200, np.random.default_rng(0))
        assert drawn.shape == (200, hyperparam.n_dims)
        assert np.array_equal(drawn, hyperparam.snap(drawn))
        assert all(map(hyperparam.contains, hyperparam.decode(drawn)))

    @each_kind
    def test_samples_come_from_the_generator_alone(self, hyperparam):
        first, second = (
            hyperparam.sample(20, np.random.default_rng(1)) for _ in range(2)
        )
        assert np.array_equal(first, second)

    @each_kind
    def test_the_default_is_one_of_the_values(self, hyperparam):
        assert hyperparam.contains(hyperparam.default)
        assert hyperparam.encode([hyperparam.default]).shape == (1, hyperparam.n_dims)

    @each_kind
    def test_nothing_encodes_and_decodes_to_nothing(self, hyperparam):
        assert hyperparam.encode([]).shape == (0, hyperparam.n_dims)
        assert hyperparam.decode(np.empty((0, hyperparam.n_dims))) == []
        assert hyperparam.snap(np.empty((0, hyperparam.n_dims))).shape[0] == 0

    @each_kind
    @pytest.mark.parametrize("value", [object(), "nonsense", [[]], np.ones((3, 3))])
    def test_a_foreign_value_is_refused(self, hyperparam, value):
        assert not hyperparam.contains(value)
        with pytest.raises(ValueError, match=r"is not (one of|an? |True or False)"):
            hyperparam.encode([hyperparam.default, value])

    @each_kind
    @pytest.mark.parametrize("value", [Hostile(), Ambiguous(), [Hostile()]])
    def test_a_value_that_cannot_be_compared_is_foreign(self, hyperparam, value):
        assert not hyperparam.contains(value)

    @each_kind
    @pytest.mark.parametrize("how", [copy.deepcopy, "pickle"])
    def test_a_copy_has_the_same_images(self, hyperparam, how, request):
        if how == "pickle":
            copied = pickle.loads(pickle.dumps(hyperparam))
        else:
            copied = how(hyperparam)
        drawn = hyperparam.sample(50, np.random.default_rng(2))
        assert np.array_equal(copied.snap(drawn), drawn)
        assert np.array_equal(copied.encode(copied.decode(drawn)), drawn)
        assert copied.has_own_default == hyperparam.has_own_default
        assert copied.contains(copied.default)

    @each_finite_kind
    def test_as_many_images_as_the_cardinality_says(self, hyperparam):
        numbered = every_image(hyperparam)
        assert numbered.shape == (hyperparam.cardinality, hyperparam.n_dims)
        assert len(np.unique(numbered, axis=0)) == hyperparam.cardinality

    @each_finite_kind
    def test_every_numbered_image_is_that_of_a_value(self, hyperparam):
        numbered = every_image(hyperparam)
        assert np.array_equal(hyperparam.snap(numbered), numbered)
        assert np.array_equal(hyperparam.encode(hyperparam.decode(numbered)), numbered)

    @pytest.mark.parametrize("name", LISTED)
    def test_listed_values_reach_back_as_the_very_objects(self, name):
        given_values = list(KINDS[name])
        hyperparam = as_hyperparam(given_values)
        decoded = hyperparam.decode(every_image(hyperparam))
        assert {id(value) for value in decoded} <= {id(value) for value in given_values}


class TestIntHyperParam:
    @given(st.integers(-(2**40), 2**40), st.integers(0, 2**39), st.data())
    def test_every_integer_of_any_range_survives(self, low, width, data):
        high = min(low + width, 2**40)
        values = data.draw(st.lists(st.integers(low, high), min_size=1))
        hyperparam = IntHyperParam(low, high)
        assert hyperparam.decode(hyperparam.encode(values)) == values

    @given(st.integers(1, 2**40), st.integers(0, 2**39), st.data())
    def test_every_integer_of_any_log_range_survives(self, low, width, data):
        high = min(low + width, 2**40)
        values = data.draw(st.lists(st.integers(low, high), min_size=1))
        hyperparam = IntHyperParam(low, high, log=True)
        assert hyperparam.decode(hyperparam.encode(values)) == values

    def test_decodes_to_python_integers(self):
        decoded = IntHyperParam(1, 5).decode(np.array([[0.0], [1.0]]))
        assert decoded == [1, 5]
        assert {type(value) for value in decoded} == {int}

    def test_every_value_has_a_cell_of_equal_width(self):
        assert images(IntHyperParam(1, 4), [1, 2, 3, 4]) == [0.125, 0.375, 0.625, 0.875]

    def test_log_steps_are_ratios(self):
        hyperparam = IntHyperParam(1, 10**6, log=True)
        steps = np.diff(images(hyperparam, [100, 1000, 10_000, 100_000]))
        assert steps == pytest.approx(steps[0], rel=0.01)

    def test_numpy_integers_are_integers_and_bools_and_floats_are_not(self):
        hyperparam = IntHyperParam(0, 5)
        assert hyperparam.contains(np.int8(3))
        others = [True, np.True_, 3.0, np.float64(3), "3", None, NAN, 6, -1, 10**400]
        assert not any(map(hyperparam.contains, others))

    @pytest.mark.parametrize(
        ("low", "high", "log", "middle"),
        [(0, 10, False, 5), (3, 3, False, 3), (-3, 3, False, 0), (4, 99, True, 19)],
    )
    def test_the_middle_is_the_default(self, low, high, log, middle):
        assert IntHyperParam(low, high, log=log).default == middle

    def test_its_own_default_is_a_python_integer(self):
        hyperparam = IntHyperParam(1, 9, default=np.int64(2))
        assert identical(hyperparam.default, 2)
        assert hyperparam.has_own_default

    @pytest.mark.parametrize("default", [0, 10, 2.0, True, None, "2"])
    def test_a_default_outside_is_refused(self, default):
        with pytest.raises(
            ValueError, match=r"default .* is not an integer from 1 to 9"
        ):
            IntHyperParam(1, 9, default=default)

    @pytest.mark.parametrize("bound", [1.0, True, "1", None, NAN])
    def test_a_bound_that_is_no_integer_is_refused(self, bound):
        with pytest.raises(TypeError, match="`min` must be an integer"):
            IntHyperParam(bound, 10)
        with pytest.raises(TypeError, match="`max` must be an integer"):
            IntHyperParam(0, bound)

    def test_low_above_high_is_refused(self):
        with pytest.raises(ValueError, match=r"`min` must not be greater.*got 2 > 1"):
            IntHyperParam(2, 1)

    def test_a_log_scale_from_zero_is_refused(self):
        with pytest.raises(ValueError, match="`min` must be at least 1; got 0"):
            IntHyperParam(0, 10, log=True)

    @pytest.mark.parametrize("bound", [2**40 + 1, -(2**40) - 1, 10**400])
    def test_a_bound_too_large_to_tell_from_its_neighbours_is_refused(self, bound):
        with pytest.raises(ValueError, match=r"must not exceed 2\*\*40"):
            IntHyperParam(min(bound, 0), max(bound, 0))


class TestFloatHyperParam:
    @pytest.mark.parametrize("log", [False, True])
    @given(bounds=st.tuples(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300)))
    def test_the_bounds_survive_exactly(self, bounds, log):
        low, high = min(bounds), max(bounds)
        hyperparam = FloatHyperParam(low, high, log=log)
        decoded = hyperparam.decode(hyperparam.encode([low, high]))
        # two bounds closer than the grid can tell are one value
        assert decoded == [low, high] or low == high

    @given(st.floats(-1e100, 1e100), st.floats(0, 1e100), st.floats(0, 1))
    def test_any_value_survives_to_the_grid(self, low, width, where):
        hyperparam = FloatHyperParam(low, low + width)
        value = min(low + where * width, hyperparam.max)
        decoded = hyperparam.decode(hyperparam.encode([value]))[0]
        ulps = 4 * np.spacing(max(abs(low), abs(low + width)))
        assert abs(decoded - value) <= width * 2.0**-30 + ulps

    @pytest.mark.parametrize("log", [False, True])
    @given(
        low=st.floats(1e-320, 1e300),
        ratio=st.floats(1, 1e6) | st.floats(1, 1 + 1e-9),
        cube=st.lists(st.floats(0, 1), min_size=1),
    )
    def test_snapping_is_idempotent_over_any_range(self, low, ratio, cube, log):
        hyperparam = FloatHyperParam(low, low * ratio, log=log)
        snapped = hyperparam.snap(np.array(cube).reshape(-1, 1))
        assert np.array_equal(hyperparam.snap(snapped), snapped)
        values = hyperparam.decode(snapped)
        assert hyperparam.decode(hyperparam.encode(values)) == values

    def test_the_scale_is_linear(self):
        assert images(FloatHyperParam(-1, 3), [-1, 0, 1, 3]) == [0, 0.25, 0.5, 1]

    def test_log_steps_are_ratios(self):
        hyperparam = FloatHyperParam(0.01, 100, log=True)
        assert images(hyperparam, [0.01, 0.1, 1, 10, 100]) == pytest.approx(
            [0, 0.25, 0.5, 0.75, 1]
        )

    def test_decodes_to_python_floats(self):
        decoded = FloatHyperParam(0, 4).decode(np.array([[0.0], [0.5], [1.0]]))
        assert decoded == [0, 2, 4]
        assert {type(value) for value in decoded} == {float}

    def test_integers_are_numbers_and_bools_are_not(self):
        hyperparam = FloatHyperParam(0, 5)
        assert hyperparam.contains(3) and hyperparam.contains(np.float32(3))
        others = [True, np.False_, "3", None, NAN, math.inf, 5.0000001, -1e-300, 1j]
        assert not any(map(hyperparam.contains, others))

    def test_the_middle_is_the_default(self):
        assert FloatHyperParam(2, 4).default == 3
        assert FloatHyperParam(0.01, 100, log=True).default == pytest.approx(1)

    def test_its_own_default_is_a_python_float(self):
        assert identical(FloatHyperParam(0, 1, default=0).default, 0.0)

    def test_its_own_default_is_kept_to_the_last_digit(self):
        assert FloatHyperParam(0, 1, default=0.1).default == 0.1

    def test_a_default_outside_is_refused(self):
        with pytest.raises(ValueError, match=r"2 is not a number from 0\.0 to 1\.0"):
            FloatHyperParam(0, 1, default=2)

    @pytest.mark.parametrize("bound", [NAN, math.inf, "1", None, True, 10**400])
    def test_a_bound_that_is_no_finite_number_is_refused(self, bound):
        with pytest.raises(TypeError, match="`min` must be a finite number"):
            FloatHyperParam(bound, 10)
        with pytest.raises(TypeError, match="`max` must be a finite number"):
            FloatHyperParam(0, bound)

    def test_low_above_high_is_refused(self):
        with pytest.raises(ValueError, match=r"`min` must not be greater.*got 1 > 0"):
            FloatHyperParam(1, 0)

    @pytest.mark.parametrize("low", [0, -1])
    def test_a_log_scale_from_zero_is_refused(self, low):
        with pytest.raises(ValueError, match="`min` must be greater than 0"):
            FloatHyperParam(low, 1, log=True)

    def test_a_range_wider_than_the_floats_is_refused(self):
        with pytest.raises(ValueError, match="too wide for a float"):
            FloatHyperParam(-1.7e308, 1.7e308)


class TestCategoricalHyperParam:
    @pytest.mark.parametrize(("n", "n_dims"), [(1, 0), (2, 1), (3, 3), (7, 7)])
    def test_columns(self, n, n_dims):
        assert CategoricalHyperParam(list("abcdefg")[:n]).n_dims == n_dims

    def test_more_than_two_values_are_one_hot(self):
        hyperparam = CategoricalHyperParam(["a", "b", "c"])
        assert np.array_equal(hyperparam.encode(["a", "b", "c"]), np.eye(3))

    def test_the_nearest_corner_is_decoded(self):
        hyperparam = CategoricalHyperParam(["a", "b", "c"])
        assert hyperparam.decode(np.array([[0.2, 0.9, 0.8]])) == ["b"]

    def test_the_first_choice_is_the_default(self):
        hyperparam = CategoricalHyperParam(["a", "b"])
        assert hyperparam.default == "a"
        assert not hyperparam.has_own_default

    @pytest.mark.parametrize("default", [None, "b", False])
    def test_its_own_default_may_be_any_choice(self, default):
        hyperparam = CategoricalHyperParam(["a", "b", None, False], default=default)
        assert hyperparam.default is default
        assert hyperparam.has_own_default

    def test_a_default_outside_is_refused(self):
        with pytest.raises(ValueError, match=r"'d' is not one of \['a', 'b'\]"):
            CategoricalHyperParam(["a", "b"], default="d")

    def test_more_than_64_take_one_column_in_the_order_as_written(self):
        choices = [f"{number}" for number in range(100)]
        hyperparam = CategoricalHyperParam(choices)
        assert hyperparam.by_position
        assert hyperparam.encode(choices) == pytest.approx(
            (np.arange(100)[:, np.newaxis] + 0.5) / 100
        )
        assert not CategoricalHyperParam(choices[:64]).by_position

    def test_of_many_each_has_a_cell_of_equal_width(self):
        hyperparam = CategoricalHyperParam([f"{number}" for number in range(100)])
        images = np.array([[0.0], [0.00999], [0.01001], [0.5001], [1.0]])
        assert hyperparam.decode(images) == ["0", "0", "1", "50", "99"]

    def test_equal_choices_count_once(self):
        assert CategoricalHyperParam(["a", "b", "a"]).choices == ["a", "b"]

    def test_equal_estimators_count_once(self):
        assert CategoricalHyperParam([SVC(), SVC(), SVC(C=2)]).cardinality == 2

    def test_a_clone_of_a_choice_is_that_choice(self):
        choices = [SVC(), make_pipeline(StandardScaler(), SVC(C=2))]
        hyperparam = CategoricalHyperParam(choices)
        image = hyperparam.encode([clone(choices[1])])
        assert hyperparam.decode(image)[0] is choices[1]

    @pytest.mark.parametrize(
        "choices",
        [
            [1, 1.0, True],
            [0, 0.0, False],
            [(1,), (1.0,), (True,), [1]],
            [np.array([1]), np.array([1.0]), np.array([True])],
            ["1", 1, b"1"],
            [None, NAN, "nan"],
        ],
    )
    def test_values_that_differ_in_type_are_told_apart(self, choices):
        hyperparam = CategoricalHyperParam(choices)
        assert hyperparam.cardinality == len(choices)
        decoded = hyperparam.decode(hyperparam.encode(choices))
        assert all(map(identical, decoded, choices))

    @pytest.mark.parametrize(
        ("choice", "value"),
        [
            (1, np.int64(1)),
            (0.5, np.float64(0.5)),
            (True, np.True_),
            ("a", np.str_("a")),
            (NAN, np.nan),
            ((1, NAN), (1, float("nan"))),
            ([1, 2], [1, 2]),
            (np.arange(3), np.arange(3)),
            ((np.arange(3), "a"), (np.arange(3), "a")),
            ({"a": 1}, {"a": 1}),
        ],
        ids=repr,
    )
    def test_an_equal_value_is_the_choice_itself(self, choice, value):
        hyperparam = CategoricalHyperParam(["other", choice])
        assert hyperparam.decode(hyperparam.encode([value]))[0] is choice

    def test_all_choices_are_drawn_equally_often(self):
        drawn = samples(["a", "b", "c"], n=3000)
        counts = [drawn.count(choice) for choice in "abc"]
        assert stats.chisquare(counts).pvalue > 0.01


class TestBooleanHyperParam:
    def test_false_is_the_default(self):
        assert BooleanHyperParam().default is False

    def test_decodes_to_python_bools(self):
        assert BooleanHyperParam().decode(np.array([[0.2], [0.7]])) == [False, True]

    def test_takes_numpy_bools(self):
        assert BooleanHyperParam(default=np.True_).contains(np.False_)

    @pytest.mark.parametrize("value", [0, 1, 1.0, None, "True"])
    def test_numbers_are_no_bools(self, value):
        assert not BooleanHyperParam().contains(value)
        with pytest.raises(ValueError, match="is not True or False"):
            BooleanHyperParam(default=value)

    def test_both_are_drawn_equally_often(self):
        n_true = sum(samples(BooleanHyperParam(), n=1000))
        assert stats.binomtest(n_true, 1000).pvalue > 0.01


class TestNumericLists:
    @given(st.lists(st.integers() | st.floats(allow_nan=False), min_size=1))
    def test_any_numbers_survive(self, numbers):
        hyperparam = as_hyperparam(numbers)
        decoded = hyperparam.decode(hyperparam.encode(numbers))
        assert all(map(same, decoded, numbers))

    def test_keep_their_linear_scale(self):
        assert images(as_hyperparam([0, 1, 4]), [0, 1, 4]) == [0, 0.25, 1]

    @pytest.mark.parametrize(
        "numbers", [[1e-4, 1e-2, 1, 100], [1, 2, 4, 8], [0.001, 0.01, 0.1]]
    )
    def test_log_spaced_ones_are_encoded_by_their_logarithms(self, numbers):
        even = np.linspace(0, 1, len(numbers))
        assert images(as_hyperparam(numbers), numbers) == pytest.approx(even)

    @pytest.mark.parametrize("numbers", [[1, 2, 3, 4], [0.1, 0.5, 1], [5, 10, 15]])
    def test_evenly_spaced_ones_are_encoded_as_they_are(self, numbers):
        spacing = (np.array(numbers) - numbers[0]) / (numbers[-1] - numbers[0])
        assert images(as_hyperparam(numbers), numbers) == pytest.approx(spacing)

    @pytest.mark.parametrize("numbers", [[0, 1e-3, 1e-2, 1e-1], [-1, 1, 10, 100]])
    def test_have_no_log_scale_from_zero(self, numbers):
        order = images(as_hyperparam(numbers), numbers)
        assert order[1] < 0.02

    def test_an_unsorted_list_is_ordered_by_size(self):
        assert images(as_hyperparam([30, 10, 20]), [10, 20, 30]) == [0, 0.5, 1]

    def test_repeated_numbers_count_once(self):
        assert as_hyperparam([1, 2, 1, 1]).cardinality == 2

    def test_the_middle_one_is_the_default(self):
        assert as_hyperparam([100, 1, 10]).default == 10

    @given(st.integers(1, 100))
    def test_of_two_in_the_middle_the_smaller_is_the_default(self, half):
        assert as_hyperparam(range(1, 2 * half + 1)).default == half

    def test_all_are_drawn_equally_often(self):
        drawn = samples([1, 2, 1000], n=3000)
        counts = [drawn.count(number) for number in (1, 2, 1000)]
        assert stats.chisquare(counts).pvalue > 0.01

    @pytest.mark.parametrize(
        "values", [[1, 1.0, 2], [True, False], [1, None], [1, NAN]]
    )
    def test_a_list_with_no_order_is_categorical(self, values):
        assert not as_hyperparam(values).numeric

    @pytest.mark.parametrize("value", [2.0, True, 4, NAN, math.inf, 10**400, "2"])
    def test_other_values_are_refused(self, value):
        with pytest.raises(ValueError, match=r"is not one of \[1, 2, 3\]"):
            as_hyperparam([1, 2, 3]).encode([value])


class TestMixedLists:
    @given(
        st.lists(st.integers(-9, 9) | st.floats(-9, 9) | st.booleans(), min_size=1),
        st.lists(st.sampled_from([None, "a", "b", NAN, math.inf, (1,), SVC()])),
        st.randoms(),
    )
    def test_any_values_survive(self, numbers, specials, random):
        values = [*numbers, *specials]
        random.shuffle(values)
        hyperparam = as_hyperparam(values)
        decoded = hyperparam.decode(hyperparam.encode(values))
        assert all(map(same, decoded, values))

    def test_more_than_64_special_values_leave_no_room_for_the_numbers_scale(self):
        values = [1, 2, 3, *map(str, range(65))]
        assert isinstance(as_hyperparam(values[:-1]), MixedHyperParam)
        assert isinstance(as_hyperparam(values), CategoricalHyperParam)
        assert as_hyperparam(values).n_dims == 1

    def test_one_special_value_takes_one_column_more(self):
        hyperparam = as_hyperparam([None, 1, 3, 2])
        assert np.array_equal(
            hyperparam.encode([None, 1, 2, 3]),
            [[0.5, 1.0], [0.0, 0.0], [0.5, 0.0], [1.0, 0.0]],
        )

    def test_several_take_one_column_more_each(self):
        hyperparam = as_hyperparam([2, "a", 1, "b", 3])
        assert np.array_equal(
            hyperparam.encode(["a", "b", 1]),
            [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0], [0.0, 0.0, 0.0]],
        )

    @pytest.mark.parametrize("numbers", [[0, 1, 4], [1e-3, 0.01, 0.1, 1], range(2, 9)])
    def test_the_numbers_have_the_scale_that_they_have_alone(self, numbers):
        mixed = as_hyperparam(["scale", *numbers, "auto"]).encode(list(numbers))
        assert np.array_equal(mixed[:, :1], as_hyperparam(numbers).encode(numbers))

    @pytest.mark.parametrize(
        "values",
        [
            [None, 1],
            [None, 1, 2],
            [None, 1, 1, 2, 2],
            [None, True, False, 1, 2],
            [None, 1, 1.0, 2, 3],
            [None, 1, 2, NAN, math.inf],
            CategoricalHyperParam([None, 1, 2, 3]),
            {"type": "str", "values": [None, 1, 2, 3]},
        ],
        ids=repr,
    )
    def test_fewer_than_three_or_without_an_order_are_categorical(self, values):
        assert isinstance(as_hyperparam(values), CategoricalHyperParam)

    def test_true_and_false_are_no_numbers(self):
        hyperparam = as_hyperparam([True, 0, 1, 2])
        assert (hyperparam.cardinality, hyperparam.n_dims) == (4, 2)
        assert hyperparam.contains(np.True_)
        assert not hyperparam.contains(False)

    def test_the_first_one_is_the_default(self):
        assert as_hyperparam([None, 1, 2, 3]).default is None
        assert as_hyperparam([2, None, 1, 3]).default == 2
        assert not as_hyperparam([2, None, 1, 3]).has_own_default

    @pytest.mark.parametrize("default", [None, 3])
    def test_its_own_default_may_be_any_of_them(self, default):
        hyperparam = from_list([2, None, 1, 3], default)
        assert hyperparam.default is default
        assert hyperparam.has_own_default

    @pytest.mark.parametrize(
        "values", [[None, 1, 2, 100], ["a", 1, "b", 2, None, 3, "c"]]
    )
    def test_all_are_drawn_equally_often(self, values):
        drawn = samples(values, n=3000)
        counts = [drawn.count(value) for value in values]
        assert stats.chisquare(counts).pvalue > 0.01

    @pytest.mark.parametrize("specials", [[None], ["a", "b"], list("abcdefg")], ids=len)
    def test_random_points_are_special_as_often_as_samples(self, specials):
        hyperparam = as_hyperparam([*specials, 1, 2, 3, 4, 5])
        cube = np.random.default_rng(0).random((5000, hyperparam.n_dims))
        decoded = hyperparam.decode(cube)
        counts = [decoded.count(special) for special in specials]
        counts.append(len(cube) - sum(counts))
        shares = np.array([1] * len(specials) + [5]) / (len(specials) + 5)
        assert stats.chisquare(counts, len(cube) * shares).pvalue > 0.01

    def test_a_value_comes_back_as_the_object_in_the_list(self):
        choices = [SVC(), SVC(C=2), 1, 2, 3]
        hyperparam = as_hyperparam(choices)
        assert hyperparam.own(SVC(C=2)) is choices[1]
        assert identical(hyperparam.own(np.int64(2)), 2)

    @pytest.mark.parametrize("value", [2.0, True, 4, NAN, math.inf, "None", "2"])
    def test_other_values_are_refused(self, value):
        with pytest.raises(ValueError, match=r"is not one of \[None, 1, 2, 3\]"):
            as_hyperparam([3, 2, None, 1]).encode([value])


def agrees_with_scipy(distribution, levels):
    hyperparam = as_hyperparam(distribution)
    levels = np.clip(levels, 1e-6, 1 - 1e-6)
    values = hyperparam.decode(levels.reshape(-1, 1))
    assert distribution.cdf(values) == pytest.approx(levels, abs=1e-6)
    assert images(hyperparam, distribution.ppf(levels)) == pytest.approx(
        levels, abs=1e-6
    )


class TestDistributions:
    @pytest.mark.parametrize(
        "distribution",
        [
            stats.uniform(-3, 7),
            stats.loguniform(1e-4, 1e4),
            stats.norm(5, 0.1),
            stats.expon(),
            stats.beta(0.5, 0.5),
            stats.gamma(2),
        ],
        ids=lambda distribution: distribution.dist.name,
    )
    def test_a_continuous_prior_is_respected(self, distribution):
        assert stats.kstest(samples(distribution), distribution.cdf).pvalue > 0.01

    @pytest.mark.parametrize(
        "distribution",
        [
            stats.randint(3, 9),
            stats.poisson(3),
            stats.geom(0.3),
            stats.binom(10, 0.2),
            stats.rv_discrete(values=([1, 2, 5], [0.2, 0.3, 0.5])),
            stats.rv_discrete(values=([1, 2, 5], [0.2, 0.3, 0.5]))(loc=3),
        ],
    )
    def test_a_discrete_prior_is_respected(self, distribution):
        drawn = np.array(samples(distribution, n=3000))
        common = [v for v in range(40) if distribution.pmf(v) > 0.01]
        counts = [np.sum(drawn == value) for value in common]
        counts += [len(drawn) - sum(counts)]
        expected = [distribution.pmf(value) * len(drawn) for value in common]
        expected += [len(drawn) - sum(expected)]
        some = np.array(expected) > 1
        assert np.sum(np.array(counts)[~some]) == 0
        test = stats.chisquare(
            np.array(counts)[some],
            np.array(expected)[some]
            * np.sum(counts)
            / np.sum(np.array(expected)[some]),
        )
        assert test.pvalue > 0.01

    def test_a_large_discrete_prior_is_respected(self):
        drawn = samples(stats.randint(0, 10**9))
        assert stats.kstest(drawn, stats.uniform(0, 10**9).cdf).pvalue > 0.01

    def test_the_cdf_is_the_image(self):
        prior = stats.norm(3, 2)
        assert images(as_hyperparam(prior), [1, 3, 4]) == pytest.approx(
            prior.cdf([1, 3, 4]), abs=1e-9
        )

    def test_loguniform_is_a_log_scale(self):
        hyperparam = as_hyperparam(stats.loguniform(0.01, 100))
        assert images(hyperparam, [0.01, 0.1, 1, 10, 100]) == pytest.approx(
            [0, 0.25, 0.5, 0.75, 1], abs=1e-9
        )

    @given(
        st.floats(-1e6, 1e6),
        st.floats(1e-3, 1e6),
        st.lists(st.floats(0, 1), min_size=1),
    )
    def test_uniform_is_what_scipy_says(self, low, width, levels):
        agrees_with_scipy(stats.uniform(low, width), levels)

    @given(
        st.floats(1e-6, 1e3),
        st.floats(1.01, 1e9),
        st.sampled_from([{}, {"scale": 3}, {"loc": 1, "scale": 2}]),
        st.lists(st.floats(0, 1), min_size=1),
    )
    def test_loguniform_is_what_scipy_says(self, low, ratio, moved, levels):
        agrees_with_scipy(stats.loguniform(low, low * ratio, **moved), levels)

    def test_where_scipy_is_slow_its_formula_is_used(self):
        for prior in (stats.uniform(1, 2), stats.loguniform(1, 5, scale=2)):
            assert isinstance(as_hyperparam(prior)._distribution, UniformPrior)
        moved = stats.loguniform(1, 5, loc=2)  # is none any more
        assert as_hyperparam(moved)._distribution is moved

    def test_integers_stay_python_integers(self):
        for distribution in (stats.randint(1, 9), stats.randint(1, 10**6)):
            assert {type(value) for value in samples(distribution, n=20)} == {int}

    def test_floats_are_python_floats(self):
        assert {type(value) for value in samples(stats.norm(), n=20)} == {float}

    def test_the_median_is_the_default(self):
        assert as_hyperparam(stats.norm(3)).default == 3
        assert as_hyperparam(stats.randint(0, 101)).default == 50
        assert as_hyperparam(stats.randint(0, 10**6 + 1)).default == 500_000
        assert as_hyperparam(stats.loguniform(0.01, 100)).default == pytest.approx(1)

    @pytest.mark.parametrize("low_high", [(1, 10), (-5, 5), (0, 10**6), (-7, 10**9)])
    def test_randint_has_the_cardinality_and_bounds_of_its_range(self, low_high):
        hyperparam = as_hyperparam(stats.randint(*low_high))
        low, high = low_high
        assert hyperparam.cardinality == high - low
        assert hyperparam.contains(low) and hyperparam.contains(high - 1)
        assert not hyperparam.contains(low - 1) and not hyperparam.contains(high)
        assert hyperparam.decode(hyperparam.encode([low, high - 1])) == [low, high - 1]

    def test_an_endless_discrete_one_ends_where_nothing_is_drawn(self):
        hyperparam = as_hyperparam(stats.poisson(3))
        assert hyperparam.contains(0) and hyperparam.contains(10)
        assert not hyperparam.contains(100)
        assert hyperparam.cardinality < 30

    @pytest.mark.parametrize(
        "prior", [stats.norm(), stats.expon(), stats.cauchy(), stats.lognorm(500)]
    )
    def test_an_endless_continuous_one_never_gives_infinity(self, prior):
        decoded = as_hyperparam(prior).decode(np.array([[0.0], [1.0]]))
        assert np.isfinite(decoded).all()

    def test_values_without_probability_are_no_values(self):
        prior = stats.rv_discrete(values=([1, 2, 3], [0.5, 0.0, 0.5]))
        hyperparam = as_hyperparam(prior)
        assert hyperparam.cardinality == 2
        assert not hyperparam.contains(2)

    def test_a_class_of_ones_own_with_cdf_and_ppf_will_do(self):
        class Triangle:
            def cdf(self, x):
                return np.clip(x, 0, 1) ** 2

            def ppf(self, q):
                return np.sqrt(q)

        prior = Triangle()
        assert stats.kstest(samples(prior), prior.cdf).pvalue > 0.01


class TestUnset:
    @pytest.mark.parametrize(
        "copied",
        [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_stays_itself_in_copies(self, copied):
        assert copied(UNSET) is UNSET
        assert copied([UNSET])[0] is UNSET

    def test_stays_itself_in_clones(self):
        assert clone({"default": UNSET}, safe=False)["default"] is UNSET

    def test_shows_what_it_is(self):
        assert repr(UNSET) == "<unset>"
