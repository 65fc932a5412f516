"""Where the values of a hyperparameter lie on the axis of a plot."""

import numpy as np
import pytest
from scipy.stats import expon, lognorm, loguniform, norm, randint, uniform
from sklearn.preprocessing import StandardScaler

from sklearn_btb import FloatHyperParam, IntHyperParam, Tunable, when
from sklearn_btb._parameter_axes import labels, parameter_axis, short_names


def axis_of(values, *tried):
    tunable = Tunable({"x": values})
    return parameter_axis(tunable, "x", [{"x": value} for value in tried])


@pytest.mark.parametrize(
    ("values", "tried"),
    [
        (loguniform(1e-3, 1e3), 1.0),
        (lognorm(2), 1.0),
        (FloatHyperParam(1, 100, log=True), 1.0),
        (IntHyperParam(1, 1000, log=True), 1),
        (FloatHyperParam(1, 10, log=True), 1.0),
        ([0.01, 0.1, 1.0, 10.0], 1.0),
        ([1, 2, 4, 8, 16, 32], 1),
    ],
)
def test_is_logarithmic_where_the_space_is(values, tried):
    assert axis_of(values, tried).log


@pytest.mark.parametrize(
    ("values", "tried"),
    [
        (uniform(1, 1000), 1.5),
        (randint(1, 1000), 1),
        (norm(0, 1), 0.5),
        (FloatHyperParam(1, 100), 1.0),
        ([1, 2, 3, 4, 5], 1),
        (FloatHyperParam(1, 6, log=True), 1.5),
    ],
)
def test_is_linear_elsewhere(values, tried):
    assert not axis_of(values, tried).log


def test_ends_with_the_range():
    axis = axis_of(loguniform(1e-3, 1e3), 1.0)
    assert (axis.low, axis.high) == pytest.approx((1e-3, 1e3))


def test_leaves_out_the_tails_of_a_distribution_but_not_what_was_tried():
    assert axis_of(expon(), 1.0).high < 8
    assert axis_of(expon(), 1.0, 20.0).high == 20.0


def test_has_categories_in_the_order_given():
    axis = axis_of(["b", None, "a"], "a")
    assert axis.categories == ["b", None, "a"]
    assert list(axis.positions(["a", "b", None])) == [2, 0, 1]
    assert axis.ticks()[1] == ["b", "None", "a"]


def test_has_numbers_among_other_values_as_categories():
    axis = axis_of([None, 2, 3, 5], 2)
    assert axis.categories == [None, 2, 3, 5]


def test_of_many_categories_has_those_that_were_tried():
    axis = axis_of([*"abcdefghijklmnop"], "c", "p", "c")
    assert axis.categories == ["c", "p"]


def test_has_a_tick_for_each_of_a_few_numbers():
    places, texts = axis_of([0.1, 0.25, 0.9], 0.1).ticks()
    assert list(places) == [0.1, 0.25, 0.9]
    assert texts == ["0.1", "0.25", "0.9"]


def test_of_a_few_numbers_those_with_room_have_a_tick():
    axis = axis_of([0.001, 0.0011, 0.0012, 1.0, 1.01, 100.0], 1.0)
    assert axis.ticks()[1] == ["0.001", "1", "100"]


def test_side_by_side_long_texts_need_more_room_than_short_ones():
    short = axis_of([1, 2, 4, 8, 16, 32], 1)
    assert len(short.ticks(side_by_side=True)[0]) == 6
    long = axis_of([1.001, 1.101, 1.201, 1.301, 1.401, 2.001], 1.001)
    assert len(long.ticks()[0]) == 6
    assert long.ticks(side_by_side=True)[1] == ["1.001", "1.201", "1.401", "2.001"]


def test_the_only_number_has_a_tick():
    assert axis_of([3], 3).ticks()[1] == ["3"]


def test_spans_the_parts_of_a_union():
    tunable = Tunable([{"x": uniform(0, 1)}, {"x": uniform(2, 3), "y": [1, 2]}])
    axis = parameter_axis(tunable, "x", [{"x": 0.5}, {"x": 4.0, "y": 1}])
    assert (axis.low, axis.high) == pytest.approx((0, 5), abs=0.01)


def test_of_a_parameter_that_never_applied_there_is_none():
    tunable = Tunable({"on": [True, False], "x": when("on", True, [1, 2])})
    with pytest.raises(ValueError, match="no candidate has the parameter 'x'"):
        parameter_axis(tunable, "x", [{"on": False}])


@pytest.mark.parametrize(
    ("values", "tried", "expected"),
    [
        (loguniform(1e-3, 1e4), 1.0, [10.0**k for k in range(-3, 5)]),
        (loguniform(2, 90), 3.0, [2, 5, 10, 20, 50]),
        (uniform(0, 1), 0.5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (randint(1, 50), 3, [1, 10, 20, 30, 40]),
        (uniform(-1, 2), 0.5, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round(values, tried, expected):
    places, texts = axis_of(values, tried).ticks()
    np.testing.assert_allclose(places, expected, atol=1e-12)
    assert "-0" not in texts


def test_powers_of_ten_are_written_as_such():
    _, texts = axis_of(loguniform(1e-6, 1), 0.1).ticks()
    assert texts[0] == "$10^{-6}$" and texts[-1] == "1"


def test_scaled_positions_run_from_zero_to_one():
    axis = axis_of(FloatHyperParam(1, 100, log=True), 1.0)
    np.testing.assert_allclose(
        axis.scaled(np.array([1, 10, 100, np.nan]))[:3], [0, 0.5, 1]
    )
    assert np.isnan(axis.scaled(np.array([np.nan]))).all()


def test_labels_are_short_and_differ():
    scalers = [StandardScaler(), StandardScaler(), StandardScaler(with_mean=False)]
    texts = labels([*scalers, len, 0.1 + 0.2, None])
    assert len(set(texts)) == len(texts)
    assert max(map(len, texts)) < 24
    assert texts[-3:] == ["len", "0.3", "None"]


def test_names_lose_what_they_have_in_common():
    assert short_names(["a__x__C", "b__x__C", "b__D"]) == {
        "a__x__C": "a__x__C",
        "b__x__C": "b__x__C",
        "b__D": "D",
    }
    assert short_names(["C", "svc__C"]) == {"C": "C", "svc__C": "svc__C"}
