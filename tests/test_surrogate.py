"""The Gaussian process in units of the score, and slices through a configuration."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_btb import FloatHyperParam, Tunable, _gp, when
from sklearn_btb._surrogate import (
    MOST_FITTED,
    dimensions_at,
    fit_surrogate,
    predict,
    slice_through,
)

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


def test_band_is_two_deviations_to_either_side():
    surrogate = surrogate_of(lambda x: x, n=5)  # which a transform leaves a line
    images = LINE.encode([{"x": 0.1}])
    (mean,), (std,) = _gp.posterior(surrogate.gp, images)
    reach = 2 * np.hypot(std, np.sqrt(surrogate.gp.hyperparameters.noise))
    expected = np.interp(
        [mean - reach, mean, mean + reach], surrogate.transformed, surrogate.scores
    )
    predicted = predict(surrogate, images)
    band = [predicted.low[0], predicted.middle[0], predicted.high[0]]
    np.testing.assert_allclose(band, expected)


def spied(monkeypatch, name, look):
    """Let a function of the process note what `look` makes of its arguments."""
    seen, function = [], getattr(_gp, name)

    def spy(*args, **kwargs):
        seen.append(look(*args))
        return function(*args, **kwargs)

    monkeypatch.setattr(_gp, name, spy)
    return seen


def test_of_many_trials_hyperparameters_are_fitted_to_some(monkeypatch):
    fitted = spied(monkeypatch, "fit", lambda X, y: len(X))
    conditioned = spied(monkeypatch, "condition", lambda X, y, _: len(X))
    n = 2 * MOST_FITTED
    surrogate_of(lambda x: x, n)
    assert fitted == [MOST_FITTED]
    assert conditioned[-1] == n


def blas_threads(*_):
    return {
        each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"
    }


def test_keeps_blas_to_one_thread(monkeypatch):
    names = "fit", "condition", "posterior"
    seen = {name: spied(monkeypatch, name, blas_threads) for name in names}
    with threadpool_limits(2, user_api="blas"):
        predict(surrogate_of(lambda x: x, n=5), LINE.encode([{"x": 0.1}]))
    for name in names:
        assert seen[name] and all(each == {1} for each in seen[name]), name


def test_dimensions_are_those_that_apply():
    tunable = Tunable({"on": [False, True], "x": when("on", True, [1, 2, 3])})
    assert dimensions_at(tunable, {"on": False}).keys() == {"on"}
    assert dimensions_at(tunable, {"on": True, "x": 2}).keys() == {"on", "x"}


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
