"""The Gaussian process in units of the score, and slices through a configuration."""

import numpy as np
import pytest

from sklearn_btb import FloatHyperParam, Tunable, when
from sklearn_btb._surrogate import fit_surrogate, predict, slice_through

LINE = Tunable({"x": FloatHyperParam(0, 1)})


def surrogate_of(function, n=15):
    configs = [{"x": x} for x in np.linspace(0, 1, n)]
    scores = [function(config["x"]) for config in configs]
    return fit_surrogate(LINE, configs, scores)


def test_predicts_what_was_seen_in_units_of_the_score():
    surrogate = surrogate_of(lambda x: 100 - 50 * (x - 0.3) ** 2)
    images = LINE.encode([{"x": 0.0}, {"x": 0.33}, {"x": 1.0}])
    expected = [95.5, 100 - 50 * 0.03**2, 75.5]
    np.testing.assert_allclose(predict(surrogate, images).middle, expected, atol=0.5)


def test_band_is_about_the_middle_and_wider_away_from_trials():
    configs = [{"x": x} for x in (0.0, 0.05, 0.1, 0.15, 0.2)]
    surrogate = fit_surrogate(LINE, configs, [1.0, 1.2, 1.1, 1.3, 1.2])
    near, far = LINE.encode([{"x": 0.1}]), LINE.encode([{"x": 1.0}])
    near, far = predict(surrogate, near), predict(surrogate, far)
    for each in (near, far):
        assert each.low <= each.middle <= each.high
    assert far.high - far.low > near.high - near.low
    assert 0 <= near.doubt[0] < far.doubt[0] <= 1


def test_terrible_scores_do_not_hide_the_others():
    surrogate = surrogate_of(lambda x: -10 if x > 0.9 else 1 - (x - 0.3) ** 2)
    images = LINE.encode([{"x": 0.3}, {"x": 0.0}])
    best, other = predict(surrogate, images).middle
    assert best == pytest.approx(1.0, abs=0.05) and best > other > 0.8


@pytest.mark.parametrize("scores", [[1.0] * 5, [1.0, 2.0, 1.0, 2.0, 1.0]])
def test_few_distinct_scores_will_do(scores):
    configs = [{"x": x} for x in np.linspace(0, 1, 5)]
    predicted = predict(fit_surrogate(LINE, configs, scores), LINE.encode(configs))
    assert np.isfinite(predicted).all()


class TestSlice:
    def test_changes_what_was_asked_and_nothing_else(self):
        tunable = Tunable({"x": [1, 2, 3], "y": ["a", "b"], "z": [0.1, 0.2, 0.3]})
        start = {"x": 1, "y": "a", "z": 0.3}
        images, valid = slice_through(tunable, start, {"x": [1, 3], "y": ["b", "a"]})
        assert valid.all()
        assert tunable.decode(images) == [
            {"x": x, "y": y, "z": 0.3} for x in (1, 3) for y in ("b", "a")
        ]

    def test_puts_what_comes_to_apply_in_its_middle(self):
        tunable = Tunable({"on": [False, True], "x": when("on", True, [1, 2, 3])})
        images, _ = slice_through(tunable, {"on": False}, {"on": [False, True]})
        assert tunable.decode(images) == [{"on": False}, {"on": True, "x": 2}]

    def test_tells_what_the_constraint_excludes(self):
        tunable = Tunable(
            {"x": [1, 2, 3], "y": [1, 2, 3]}, constraint=lambda c: c["x"] <= c["y"]
        )
        _, valid = slice_through(tunable, {"x": 1, "y": 2}, {"x": [1, 2, 3]})
        assert valid.tolist() == [True, True, False]

    def test_has_no_parameter_that_another_value_takes_away(self):
        tunable = Tunable({"on": [False, True], "x": when("on", True, [1, 2])})
        start = {"on": True, "x": 1}
        _, valid = slice_through(tunable, start, {"on": [False, True], "x": [1, 2]})
        assert valid.tolist() == [False, False, True, True]
