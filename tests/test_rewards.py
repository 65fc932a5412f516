"""How scores of several names become rewards that a selector can compare."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_btb._rewards import scale_rewards
from sklearn_btb._selectors import UCB1

SCORES = {"a": [0.5, 0.75, 0.25], "b": [0.5, 0.625, 0.5, 0.5], "c": [-1.0, 0.875, 0.0]}


def mappings(elements, min_size=0):
    names = st.sampled_from("abcdxyz")
    return st.dictionaries(names, st.lists(elements, max_size=8), min_size=min_size)


def flat_rewards(scores):
    return scale_rewards({"a": scores})["a"]


class TestScaleRewards:
    def test_median_is_0_best_is_1_and_linear_between(self):
        rewards = flat_rewards([0.1, 0.2, 0.5, 0.6, 0.9])
        assert rewards == pytest.approx([0, 0, 0, 0.25, 1])

    def test_the_scale_is_that_of_all_names_together(self):
        rewards = scale_rewards({"a": [0.5, 1.0], "b": [0.0, 0.25, 0.75]})
        assert rewards == {"a": [0.0, 1.0], "b": [0.0, 0.0, 0.5]}

    def test_each_name_weighs_the_same_however_many_scores_it_has(self):
        few = scale_rewards({"a": [0.8, 0.9, 1.0], "b": [0.6, 0.7]})
        many = scale_rewards({"a": [0.8, 0.9, 1.0] * 30, "b": [0.6, 0.7]})
        assert many == {"a": few["a"] * 30, "b": few["b"]}

    def test_a_name_with_nearly_all_trials_leaves_the_others_their_rewards(self):
        leader = np.linspace(0.88, 0.90, 90).tolist()
        others = {"near": [0.5, 0.6, 0.8, 0.87], "far": [0.3, 0.4]}
        rewards = scale_rewards({"leader": leader, **others})
        assert max(rewards["near"]) > 0.5
        assert rewards["far"] == [0.0, 0.0]

    def test_half_of_the_names_may_be_hopeless(self):
        rewards = scale_rewards({"dud": [-1e9, -1e6], "good": [0.5, 0.75, 1.0]})
        assert rewards == {"dud": [0.0, 0.0], "good": [0.0, 0.5, 1.0]}

    def test_the_median_of_an_even_number_is_the_upper_one(self):
        assert flat_rewards([0.0, 1.0, 2.0, 4.0]) == pytest.approx([0, 0, 0, 1])

    def test_outliers_at_the_bad_end_do_not_matter(self):
        good = [0.80, 0.85, 0.90]
        assert flat_rewards([-1e9, -1e6, *good]) == flat_rewards([0.7, 0.75, *good])

    def test_the_smallest_score_is_the_zero_if_the_median_is_the_best(self):
        assert flat_rewards([0.9, 0.5, 0.9, 0.7, 0.9]) == pytest.approx(
            [1, 0, 1, 0.5, 1]
        )

    @pytest.mark.parametrize("score", [-3.0, 0.0, 5e-324, 0.9, 1e308])
    def test_equal_scores_are_all_1(self, score):
        scores = {"a": [score], "b": [score, score, -math.inf]}
        assert scale_rewards(scores) == {"a": [1.0], "b": [1.0, 1.0, 0.0]}

    def test_failures_are_0_and_do_not_move_the_scale(self):
        rewards = flat_rewards([0.0, math.nan, 0.5, -math.inf, 0.75, 1.0, 0.25])
        assert rewards == pytest.approx([0, 0, 0, 0, 0.5, 1, 0])

    def test_infinity_is_1_and_does_not_move_the_scale(self):
        assert flat_rewards([0.0, 0.5, math.inf, 0.75, 0.25, 1.0]) == pytest.approx(
            [0, 0, 1, 0.5, 0, 1]
        )

    def test_nothing_finite(self):
        assert flat_rewards([math.nan, math.inf, -math.inf]) == [0.0, 1.0, 0.0]

    def test_names_without_scores_keep_an_empty_list(self):
        assert scale_rewards({"a": [], "b": [0.5]}) == {"a": [], "b": [1.0]}
        assert scale_rewards({"a": []}) == {"a": []}
        assert scale_rewards({}) == {}

    def test_huge_scores_do_not_overflow(self):
        wide = [-1.6e308, 0.0, 1.6e308, 1.6e308, 1.6e308]
        assert flat_rewards(wide) == [0.0, 0.5, 1.0, 1.0, 1.0]
        upper = [1.0e308, 1.2e308, 1.4e308, 1.6e308, 1.1e308]
        assert flat_rewards(upper) == pytest.approx([0, 0, 0.5, 1, 0])

    def test_takes_tuples_and_arrays_and_gives_lists_of_floats(self):
        rewards = scale_rewards({"a": (0, 2), "b": np.array([1, 3], dtype=np.float32)})
        assert rewards == {"a": [0.0, 0.0], "b": [0.0, 1.0]}
        assert all(type(r) is float for arm in rewards.values() for r in arm)

    def test_leaves_its_input_unchanged(self):
        scores = copy.deepcopy(SCORES)
        scale_rewards(scores)
        assert scores == SCORES

    @given(scores=mappings(st.floats()))
    def test_lies_in_0_1_in_the_same_shape(self, scores):
        rewards = scale_rewards(scores)
        assert list(rewards) == list(scores)
        for name, arm in rewards.items():
            assert len(arm) == len(scores[name])
            assert all(0.0 <= r <= 1.0 for r in arm)

    @given(scores=st.lists(st.floats(allow_nan=False)))
    def test_keeps_the_order(self, scores):
        scores = sorted(scores)
        rewards = flat_rewards(scores)
        assert rewards == sorted(rewards)

    @given(scores=st.lists(st.floats(allow_nan=False, allow_infinity=False)))
    def test_the_best_score_has_the_best_reward(self, scores):
        rewards = flat_rewards([*scores, 0.0])
        assert rewards[int(np.argmax([*scores, 0.0]))] == 1.0

    @given(
        scores=mappings(st.integers(-1000, 1000)),
        factor=st.floats(0.1, 100),
        shift=st.floats(-1000, 1000),
    )
    def test_scale_and_offset_of_the_scores_do_not_matter(self, scores, factor, shift):
        moved = {
            name: [factor * s + shift for s in arm] for name, arm in scores.items()
        }
        rewards = scale_rewards(moved)
        for name, arm in scale_rewards(scores).items():
            assert rewards[name] == pytest.approx(arm, abs=1e-6)

    def test_makes_ucb1_tell_close_scores_apart(self):
        # At face value the small difference drowns in the bonuses.
        rng = np.random.default_rng(0)
        pulls = {}
        for scale in (scale_rewards, dict):
            scores = {"good": [], "poor": []}
            selector = UCB1(random_state=0)
            for _ in range(100):
                name = selector.select(scale(scores))
                mean = 0.90 if name == "good" else 0.80
                scores[name].append(float(rng.normal(mean, 0.02)))
            pulls[scale] = len(scores["good"])
        assert pulls[dict] < 65 < 75 < pulls[scale_rewards]
