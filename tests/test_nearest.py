"""The value of a space that is nearest to a number outside."""

import math

import pytest
from scipy import stats

from sklearn_btb import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    IntHyperParam,
)
from sklearn_btb._nearest import nearest_value
from sklearn_btb._notation import as_hyperparam
from sklearn_btb._values import UNSET


def identical(a, b):
    return type(a) is type(b) and a == b


class TestNearest:
    @pytest.mark.parametrize(
        ("values", "number", "nearest"),
        [
            (IntHyperParam(1, 9), 12, 9),
            (IntHyperParam(-5, 9), -12, -5),
            (FloatHyperParam(1, 9), 0.5, 1.0),
            ([10, 20, 30], 5, 10),
            ([30, 10, 20], 14, 10),
            ([30, 10, 20], 16, 20),
            ([10, 20, 30], 100, 30),
            ([1, 10, 100, 1000], 40, 100),
            ([0.01, 0.1, 1.0], 0.03, 0.01),
            ([0.01, 0.1, 1.0], 0.04, 0.1),
            ([0.0, 0.1, 1.0], 0.4, 0.1),
            (stats.randint(2, 50), 100, 49),
            (stats.randint(200, 10**7), 100, 200),
            (["auto", 2, 4, 8], 100, 8),
        ],
        ids=repr,
    )
    def test_is_the_nearest_on_the_scale_of_the_space(self, values, number, nearest):
        assert identical(nearest_value(as_hyperparam(values), number), nearest)

    @pytest.mark.parametrize(
        ("distribution", "number", "end"),
        [
            (stats.uniform(0, 1), 5.0, 1.0),
            (stats.loguniform(1e-5, 1), 0.0, 1e-5),
            (stats.norm(), math.inf, None),
        ],
    )
    def test_is_next_to_the_end_of_a_distribution(self, distribution, number, end):
        nearest = nearest_value(as_hyperparam(distribution), number)
        if end is None:
            assert nearest is UNSET
        else:
            assert nearest != end
            assert nearest == pytest.approx(end)

    @pytest.mark.parametrize(
        ("values", "number"),
        [
            (IntHyperParam(1, 9), 12.0),
            (FloatHyperParam(0, 1), 2),
            ([0.1, 0.5, 1.0], 3),
            ([1, 2, 3], 0.5),
            (stats.uniform(0, 1), 3),
        ],
        ids=repr,
    )
    def test_a_count_is_not_near_to_a_share(self, values, number):
        assert nearest_value(as_hyperparam(values), number) is UNSET

    @pytest.mark.parametrize(
        "values", [IntHyperParam(0, 9), [1, 2, 3], stats.randint(1, 9), [None, 1, 2, 3]]
    )
    def test_minus_one_stands_for_something_else(self, values):
        assert nearest_value(as_hyperparam(values), -1) is UNSET

    @pytest.mark.parametrize("value", [None, "auto", True, math.nan, [1]])
    def test_what_is_no_number_is_not_near(self, value):
        assert nearest_value(as_hyperparam([10, 20, 30]), value) is UNSET

    @pytest.mark.parametrize(
        "hyperparam",
        [
            BooleanHyperParam(),
            CategoricalHyperParam([10, 20, 30]),
            as_hyperparam(["a", "b"]),
        ],
    )
    def test_nothing_is_near_where_values_have_no_order(self, hyperparam):
        assert nearest_value(hyperparam, 7) is UNSET

    @pytest.mark.parametrize(
        ("values", "number", "nearest"),
        [
            ([5e-324, 1e-323, 2e-323], 0.5, 2e-323),
            ([-1.7e308, 0.0, 1.7e308], 1e308, 1.7e308),
            ([-1.7e308, 1.7e308], -0.5, -1.7e308),
            (FloatHyperParam(-8e307, 8e307), 1e308, 8e307),
            (FloatHyperParam(0.1, 0.1), 0.5, 0.1),
            ([2**60, 2**61, 2**62], 7, 2**60),
            (range(100_000), 10**9, 99_999),
            ([10, 20, 30], 10**400, None),
        ],
        ids=lambda it: repr(it)[:40],
    )
    def test_extreme_numbers_are_compared_as_well(self, values, number, nearest):
        found = nearest_value(as_hyperparam(values), number)
        assert found is UNSET if nearest is None else identical(found, nearest)
