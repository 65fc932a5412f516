"""Values of any kind are listed and compared without being hashed or sorted."""

import copy

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

from sklearn_btb._values import as_list, same


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
