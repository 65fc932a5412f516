"""How a search went: the best so far, and what of the scores is shown."""

import math
from itertools import combinations

import numpy as np
import pytest

from sklearn_btb import Trial
from sklearn_btb._history import (
    PALETTE,
    best_so_far,
    colours,
    decimals,
    estimator_best,
    history,
    shown_range,
)
from sklearn_btb._trial import FoldResult


def trial(number, name, score, state="complete", seconds=1.0):
    return Trial(number, name, {}, (FoldResult(score, None, seconds, 0),), state, score)


def test_failed_candidates_have_no_score_whatever_the_error_score():
    went = history([trial(0, "a", -1.0, "failed"), trial(1, "a", 1.0)])
    assert math.isnan(went.scores[0]) and went.scores[1] == 1.0
    assert list(went.complete) == [False, True]


def test_best_never_falls_and_begins_with_the_first_that_counts():
    scores = np.array([5.0, np.nan, 1.0, 3.0, 2.0])
    best = best_so_far(scores, np.array([False, False, True, True, True]))
    np.testing.assert_array_equal(best, [np.nan, np.nan, 1.0, 3.0, 3.0])


def test_candidates_that_were_stopped_count_where_there_are_no_others():
    went = history(
        [
            trial(0, "a", 9.0, "stopped"),
            trial(1, "a", 1.0),
            trial(2, "b", 2.0, "stopped"),
        ]
    )
    best, complete = estimator_best(went, "a")
    assert complete and best[-1] == 1.0
    best, complete = estimator_best(went, "b")
    assert not complete and best[-1] == 2.0


def test_hopeless_scores_do_not_press_the_others_together():
    low, high = shown_range(np.array([0.9, 0.91, 0.92, 0.93, -1e6]))
    assert 0.8 < low < 0.9 and 0.93 < high < 0.95


def test_hopeless_scores_do_not_press_the_others_together_where_most_are_equal():
    low, high = shown_range(np.array([1.0] * 21 + [0.9] * 7 + [-1000.0] * 2))
    assert 0 < low < 0.9 and 1.0 < high < 1.1


def test_scores_that_differ_by_rounding_are_not_stretched_out():
    low, high = shown_range(np.array([0.9] * 20 + [0.9 + 1e-12] * 20 + [0.3] * 2))
    assert low < 0.3 and high > 0.9


def test_scores_that_are_not_far_off_are_all_shown():
    low, high = shown_range(np.array([0.7, 0.8, 0.9]))
    assert 0.6 < low < 0.7 and 0.9 < high < 1.0


@pytest.mark.parametrize("scores", [[], [np.nan], [1.0], [0.0, 0.0], [np.inf, 1.0]])
def test_range_is_never_empty(scores):
    low, high = shown_range(np.array(scores))
    assert math.isfinite(low) and low < high


@pytest.mark.parametrize(
    ("values", "expected"), [([0.9, 0.1], 4), ([123456.0], 0), ([], 3), ([1e-9], 6)]
)
def test_numbers_are_written_with_four_digits(values, expected):
    assert decimals(values) == expected


def test_colours_are_given_in_the_order_tried_and_start_again():
    names = [f"e{number}" for number in range(len(PALETTE) + 1)]
    given = colours([*names, "e0"])
    assert list(given) == names
    assert given["e0"] == given[names[-1]] == PALETTE[0]


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
# Color Vision Deficiency" (2009), severity 1.0, on linear RGB
VISION = {
    "normal": np.eye(3),
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def cielab(colour, vision):
    """Return how a colour is seen, as a point in CIELAB."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    xyz = to_xyz @ np.clip(vision @ linear, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", VISION)
def test_any_two_colours_are_told_apart_also_by_the_colour_blind(kind):
    seen = [cielab(colour, np.array(VISION[kind])) for colour in PALETTE]
    distances = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]
    assert min(distances) > 13
