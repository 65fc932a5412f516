"""Values of any kind are listed, compared and looked up."""

import copy
import itertools
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from toys import Counted

from sklearn_btb._values import Lookup, as_list, hash_of, same


class TestAsList:
    @pytest.mark.parametrize(
        "values",
        [
            *(
                "abc",
                b"abc",
                5,
                None,
                object(),
                SVC(),
                SVC,
                len,
                RandomForestClassifier(),
            ),
            *({1, 2}, frozenset([1]), {"a": 1}, {"a": 1}.keys()),
            *((n for n in range(3)), iter([1]), map(abs, [1])),
        ],
        ids=repr,
    )
    def test_what_has_no_order_or_length_is_refused(self, values):
        with pytest.raises(TypeError, match="the values must be a list, tuple, range"):
            as_list(values)

    @pytest.mark.parametrize(
        "values", [np.ones((2, 2)), np.array(3), np.ones((1, 1, 1))]
    )
    def test_an_array_of_other_dimensions_is_refused(self, values):
        with pytest.raises(ValueError, match=f"one-dimensional; got {values.ndim}-d"):
            as_list(values)

    @pytest.mark.parametrize("values", [[], (), range(0), np.array([])])
    def test_an_empty_list_is_refused(self, values):
        with pytest.raises(ValueError, match="empty; give at least one value"):
            as_list(values)


class TestSame:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.tuples(inner, inner),
        max_leaves=6,
    )

    @given(values)
    def test_a_copy_is_the_same(self, value):
        assert same(value, copy.deepcopy(value))

    @given(values, values)
    def test_is_symmetric(self, a, b):
        assert same(a, b) == same(b, a)

    @given(values, values)
    def test_is_equality_where_types_agree(self, a, b):
        if repr(a) == repr(b):
            assert same(a, b)
        if a != b and not (a != a and b != b) and "nan" not in repr((a, b)):
            assert not same(a, b)

    def test_a_clone_of_an_estimator_is_the_same(self):
        pipeline = make_pipeline(StandardScaler(), SVC(C=3))
        assert same(pipeline, clone(pipeline))
        assert not same(pipeline, make_pipeline(StandardScaler(), SVC(C=4)))
        assert not same(SVC(), SVC)

    def test_dicts_are_compared_value_by_value(self):
        assert same({"a": np.ones(2)}, {"a": np.ones(2)})
        assert not same({"a": 1}, {"a": 1.0})
        assert not same({"a": 1}, {"b": 1})

    @pytest.mark.parametrize(
        ("one", "other", "alike"),
        [
            (stats.norm(0, 2), stats.norm(0, 2), True),
            (stats.norm(0, 2), stats.norm(0, 3), False),
            (stats.norm(0, scale=2), stats.norm(0, scale=2), True),
            (stats.randint(1, 9), stats.randint(1, 9), True),
            (stats.loguniform(1, 9), stats.uniform(1, 9), False),
            (stats.norm(), stats.norm, False),
            (stats.norm(), "norm", False),
            (
                stats.rv_histogram(([1, 2], [0, 1, 2]))(),
                stats.rv_histogram(([2, 2], [0, 1, 2]))(),
                False,
            ),
            (
                stats.rv_discrete(values=([1, 2], [0.5, 0.5]))(),
                stats.rv_discrete(values=([1, 2], [0.4, 0.6]))(),
                False,
            ),
        ],
    )
    def test_distributions_are_compared_by_family_and_arguments(
        self, one, other, alike
    ):
        assert same(one, other) == same(other, one) == alike
        assert same(one, one)


MIXED = [
    *(None, True, False, np.True_, 0, 1, 2, 1.0, 0.0, -0.0, 0.5, Fraction(1, 2)),
    *(np.int64(1), np.uint8(2), np.float32(0.5), np.float64(1), np.float32(0.1), 0.1),
    *(float("nan"), np.float64("nan"), float("inf"), 10**400, 2**53, 2.0**53, 1j),
    *("a", "b", np.str_("a"), b"a", "1", "None", (), [], {}, set(), frozenset()),
    *((1, 2), [1, 2], (1, 2.0), (True, 2), [np.int64(1), 2], ((1,), [2]), ["a"], [[1]]),
    *({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1.0, "b": 2}, {1: "a"}, {1, 2}),
    *(np.array([0.0, 1.0]), np.array([-0.0, 1.0]), np.array([0, 1]), np.zeros((1, 2))),
    *(np.array([False, True]), np.array(["a"]), np.array([1, None]), np.array([None])),
    *(np.datetime64("2000-01-01"), np.datetime64("2000-01-01T00"), range(3), range(2)),
    *(np.timedelta64(1, "h"), np.timedelta64(60, "m"), slice(1), len, max, int, SVC),
    *(SVC(), SVC(C=1), SVC(C=2), make_pipeline(SVC(C=2)), StandardScaler()),
    *(stats.norm(0, 1), stats.norm(0, scale=1), stats.norm, stats.uniform(0, 1)),
    *(stats.randint(1, 9), stats.rv_histogram(([1, 2], [0, 1, 2]))(), object()),
]


class TestLookup:
    values = st.recursive(
        st.sampled_from(MIXED),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.tuples(inner, inner)
            | st.dictionaries(st.sampled_from("ab"), inner)
        ),
        max_leaves=4,
    )

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            pair
            for pair in itertools.product(MIXED, copy.deepcopy(MIXED))
            if same(*pair)
        ],
        ids=repr,
    )
    def test_what_is_the_same_has_the_same_hash(self, one, other):
        assert hash_of(one) == hash_of(other)

    @given(st.lists(values), values)
    def test_numbers_are_those_that_a_comparison_with_all_finds(self, values, sought):
        found = []
        for value in values:
            if not any(same(known, value) for known in found):
                found.append(value)
        lookup = Lookup(values)
        assert len(lookup.values) == len(lookup) == len(found)
        assert all(map(same, lookup.values, found))
        for value in [*values, sought]:
            places = [n for n, known in enumerate(found) if same(known, value)]
            assert lookup.find(value) == (places[0] if places else None)

    def test_the_first_of_equal_values_is_kept_as_an_object(self):
        first, second = [1, 2], [1, 2]
        assert Lookup([first, second]).values[0] is first

    def test_a_value_that_is_new_gets_the_next_number(self):
        lookup = Lookup(["a"])
        assert [lookup.number(value) for value in ("a", [1], "a", [1])] == [0, 1, 0, 1]
        assert lookup.values == ["a", [1]]

    def test_an_object_is_found_after_it_was_changed(self):
        svc = SVC()
        lookup = Lookup([svc])
        svc.set_params(C=100)
        assert lookup.find(svc) == 0

    def test_a_copy_finds_what_the_original_finds(self):
        lookup = Lookup([(1, "a"), "b", SVC])
        for twin in (copy.deepcopy(lookup), pickle.loads(pickle.dumps(lookup))):
            assert [twin.find(value) for value in ((1, "a"), "b", SVC, 1)] == [
                *(0, 1, 2),
                None,
            ]

    def test_hashes_are_not_pickled(self):
        assert Lookup(["a"]).__reduce__() == (Lookup, (["a"],))

    def test_values_are_compared_as_often_as_they_are_there(self):
        values = [Counted(number) for number in range(500)]
        Counted.comparisons = 0
        lookup = Lookup(values)
        assert Counted.comparisons == 0
        for number in range(500):
            lookup.find(Counted(number))
        assert Counted.comparisons == 500

    def test_what_cannot_be_hashed_is_found_all_the_same(self):
        class Unhashable:
            def __init__(self, number):
                self.number = number

            def __eq__(self, other):
                return self.number == other.number

        lookup = Lookup(map(Unhashable, range(5)))
        assert lookup.find(Unhashable(3)) == 3
        assert lookup.find(Unhashable(5)) is None


def test_a_value_whose_parameters_cannot_be_asked_for_equals_itself_alone():
    class Odd:
        def get_params(self):
            return {}

    one, other = Odd(), Odd()
    lookup = Lookup([one, other])
    assert len(lookup) == 2
    assert lookup.find(other) == 1
