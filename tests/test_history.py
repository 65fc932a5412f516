"""How a search went: the best so far, and what of the scores is shown."""

import math

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
