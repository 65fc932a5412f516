"""What selectors promise: one contract for all, then the rule of each."""

import copy
import math
import pickle
import random
from collections import Counter
from functools import partial
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_btb._selectors import (
    UCB1,
    BestKReward,
    BestKVelocity,
    HierarchicalByAlgorithm,
    MaxUCB,
    PureBestKVelocity,
    RecentKReward,
    RecentKVelocity,
    Selector,
    Uniform,
)

# A new selector joins the contract suite by one line here.
SELECTORS = {
    "Uniform": Uniform,
    "UCB1": UCB1,
    "MaxUCB": MaxUCB,
    "BestKReward": BestKReward,
    "BestKVelocity": BestKVelocity,
    "PureBestKVelocity": PureBestKVelocity,
    "RecentKReward": RecentKReward,
    "RecentKVelocity": RecentKVelocity,
    "HierarchicalByAlgorithm": partial(
        HierarchicalByAlgorithm, {"one": ["a"], "two": ["x", "y"], "gone": ["g"]}
    ),
}
TAKES_K = [
    BestKReward,
    BestKVelocity,
    PureBestKVelocity,
    RecentKReward,
    RecentKVelocity,
]
SCORES = {"a": [0.5, 0.75, 0.25], "b": [0.5, 0.625, 0.5, 0.5], "c": [-1.0, 0.875, 0.0]}
TIES = {"a": [0.5, 0.25, 0.5], "b": [0.5, 0.25, 0.5], "c": [0.5, 0.25, 0.5]}


def selectors(*, but=()):
    kept = {name: make for name, make in SELECTORS.items() if name not in but}
    return pytest.mark.parametrize("make", kept.values(), ids=kept)


def mappings(elements, min_size=0):
    names = st.sampled_from("abcdxyz")
    return st.dictionaries(names, st.lists(elements, max_size=8), min_size=min_size)


def choices(make, scores, times=200):
    """How often equal selectors with different seeds choose each name."""
    return Counter(make(random_state=seed).select(scores) for seed in range(times))


class TestContract:
    @selectors()
    def test_satisfies_the_protocol(self, make):
        assert isinstance(make(), Selector)

    @selectors()
    def test_returns_one_of_the_names(self, make):
        selector = make(random_state=0)
        assert all(selector.select(SCORES) in SCORES for _ in range(20))

    @selectors()
    @given(scores=mappings(st.floats(), min_size=1))
    def test_returns_one_of_the_names_for_any_numbers(self, make, scores):
        assert make(random_state=0).select(scores) in scores

    @selectors()
    @given(scores=mappings(st.floats(), min_size=1))
    def test_takes_nan_for_minus_infinity(self, make, scores):
        failed = {
            name: [-math.inf if math.isnan(s) else s for s in arm]
            for name, arm in scores.items()
        }
        chosen = make(random_state=0).select(scores)
        assert chosen == make(random_state=0).select(failed)

    @selectors()
    def test_returns_the_only_name(self, make):
        assert make().select({"a": [0.5]}) == "a"
        assert make().select({"a": []}) == "a"

    @selectors()
    def test_returns_the_very_key_not_a_copy_of_another_type(self, make):
        assert type(make().select({"a": [], "b": []})) is str

    @selectors()
    @pytest.mark.parametrize(
        "make_arm", [list, tuple, np.array, partial(np.array, dtype=np.float32)]
    )
    def test_leaves_its_input_unchanged(self, make, make_arm):
        scores = {name: make_arm(arm) for name, arm in SCORES.items()}
        before = copy.deepcopy(scores)
        make(random_state=0).select(scores)
        assert list(scores) == list(before)
        for name, arm in scores.items():
            assert type(arm) is type(before[name])
            np.testing.assert_array_equal(arm, before[name])

    @selectors()
    @pytest.mark.parametrize("make_arm", [tuple, np.array])
    def test_chooses_the_same_from_tuples_and_arrays(self, make, make_arm):
        other = {name: make_arm(arm) for name, arm in SCORES.items()}
        chosen = make(random_state=0).select(SCORES)
        assert make(random_state=0).select(other) == chosen

    @selectors()
    def test_takes_arrays_without_elements(self, make):
        scores = {"a": np.array([]), "b": np.array([])}
        assert make(random_state=0).select(scores) in scores

    @selectors()
    def test_takes_negative_scores(self, make):
        scores = {"a": [-3.0, -1.0, -2.0], "b": [-30.0, -10.0, -20.0]}
        assert make(random_state=0).select(scores) in scores

    @selectors()
    def test_same_random_state_same_sequence(self, make):
        one, two = make(random_state=3), make(random_state=3)
        sequence = [one.select(TIES) for _ in range(30)]
        assert sequence == [two.select(TIES) for _ in range(30)]

    @selectors()
    def test_shares_a_generator_that_it_is_given(self, make):
        rng = np.random.default_rng(3)
        seeded = make(random_state=3)
        first, second = make(random_state=rng), make(random_state=rng)
        expected = [seeded.select(TIES) for _ in range(40)]
        assert [s.select(TIES) for _ in range(20) for s in (first, second)] == expected

    @selectors()
    def test_continues_its_sequence_after_pickling(self, make):
        selector = make(random_state=0)
        selector.select(TIES)
        revived = pickle.loads(pickle.dumps(selector))
        sequence = [selector.select(TIES) for _ in range(30)]
        assert sequence == [revived.select(TIES) for _ in range(30)]

    @selectors()
    def test_leaves_the_global_random_states_alone(self, make):
        numpy_before = pickle.dumps(np.random.get_state())  # noqa: NPY002
        python_before = random.getstate()
        selector = make()
        for _ in range(5):
            selector.select(TIES)
        assert pickle.dumps(np.random.get_state()) == numpy_before  # noqa: NPY002
        assert random.getstate() == python_before

    @selectors()
    def test_refuses_an_empty_mapping(self, make):
        with pytest.raises(ValueError, match="`scores` must hold at least one name"):
            make().select({})

    @selectors()
    @pytest.mark.parametrize("arm", [[], [0.5], [0.5, 0.25, 0.5], [-math.inf] * 4])
    def test_ties_are_broken_evenly(self, make, arm):
        counts = choices(make, {"a": arm, "b": arm, "c": arm}, times=300)
        assert all(60 <= counts[name] <= 140 for name in "abc")

    @selectors()
    def test_repeated_calls_on_ties_reach_every_name(self, make):
        selector = make(random_state=0)
        assert {selector.select(TIES) for _ in range(60)} == {"a", "b", "c"}

    @selectors(but=["Uniform"])
    def test_the_order_of_the_names_does_not_matter(self, make):
        orders = [dict(items) for items in permutations(SCORES.items())]
        assert len({make(random_state=0).select(scores) for scores in orders}) == 1

    @selectors(but=["Uniform"])
    def test_the_order_of_the_names_does_not_bias_ties(self, make):
        worse = {"c": [0.0] * 5}
        tied = {"a": [0.5, 0.75, 1.0], "b": [0.5, 0.75, 1.0]}
        for scores in (tied | worse, worse | dict(reversed(tied.items()))):
            counts = choices(make, scores)
            assert counts["a"] + counts["b"] == 200
            assert 65 <= counts["a"] <= 135

    # The hierarchy looks for unseen names in the algorithm that it has chosen.
    @selectors(but=["Uniform", "HierarchicalByAlgorithm"])
    def test_unseen_names_come_first(self, make):
        scores = {"a": [math.inf] * 3, "new": [], "b": [0.5] * 9, "newer": []}
        counts = choices(make, scores, times=50)
        assert set(counts) == {"new", "newer"}


class TestArguments:
    @pytest.mark.parametrize("make", TAKES_K)
    @pytest.mark.parametrize("k", [0, -1])
    def test_k_too_small(self, make, k):
        message = f"^`k` must be an integer of at least 1; got {k}$"
        with pytest.raises(ValueError, match=message):
            make(k)

    @pytest.mark.parametrize("make", TAKES_K)
    @pytest.mark.parametrize("k", [2.0, "2", None, True])
    def test_k_not_an_integer(self, make, k):
        with pytest.raises(TypeError, match="`k` must be an integer of at least 1"):
            make(k=k)

    @pytest.mark.parametrize("make", TAKES_K)
    def test_k_may_be_a_numpy_integer(self, make):
        assert make(k=np.int64(4)).k == 4

    @pytest.mark.parametrize("make", TAKES_K)
    def test_k_has_btbs_default(self, make):
        assert make().k == (3 if make is PureBestKVelocity else 2)

    @pytest.mark.parametrize("make", TAKES_K)
    def test_k_of_1_works_with_the_fewest_scores(self, make):
        assert make(k=1).select({"a": [0.5], "b": [0.5, 0.25]}) in "ab"
        assert make(k=1).select({"a": [0.5, 0.25], "b": [0.5, 0.25]}) in "ab"

    @pytest.mark.parametrize("alpha", [-0.1, math.nan, math.inf])
    def test_alpha_out_of_range(self, alpha):
        message = f"^`alpha` must be a finite number of at least 0; got {alpha}$"
        with pytest.raises(ValueError, match=message):
            MaxUCB(alpha)

    @pytest.mark.parametrize("alpha", ["0.5", None, True, 1j])
    def test_alpha_not_a_number(self, alpha):
        with pytest.raises(TypeError, match="`alpha` must be a finite number"):
            MaxUCB(alpha=alpha)

    @pytest.mark.parametrize("by_algorithm", [None, ["a"], "a"])
    def test_by_algorithm_not_a_mapping(self, by_algorithm):
        with pytest.raises(TypeError, match="`by_algorithm` must be a mapping"):
            HierarchicalByAlgorithm(by_algorithm)

    @pytest.mark.parametrize("names", ["rbf", 3, None])
    def test_by_algorithm_without_a_list_of_names(self, names):
        message = r"`by_algorithm\['svm'\]` must be an iterable of names; got"
        with pytest.raises(TypeError, match=message):
            HierarchicalByAlgorithm({"svm": names})

    @pytest.mark.parametrize(
        "by_algorithm", [{"svm": ["a"], "tree": ["b", "a"]}, {"tree": ["a", "a"]}]
    )
    def test_by_algorithm_lists_a_name_twice(self, by_algorithm):
        with pytest.raises(ValueError, match="once; got 'a' again under 'tree'"):
            HierarchicalByAlgorithm(by_algorithm)

    @pytest.mark.parametrize("make", [Uniform, UCB1])
    def test_random_state_goes_by_name(self, make):
        with pytest.raises(TypeError, match="positional"):
            make(0)


class TestUniform:
    def test_pays_no_heed_to_scores(self):
        counts = choices(Uniform, {"a": [1.0] * 9, "b": [-math.inf], "c": []}, 300)
        assert all(60 <= counts[name] <= 140 for name in "abc")


# One arm of 8 scores whose reward is r by the selector's rule, and by no other:
# what the rule must ignore is a great deal worse, or wrong in its order.
ARM_OF_REWARD = {
    UCB1: lambda r: [0, 2 * r] * 4,
    BestKReward: lambda r: [-9, r + 0.1, -9, -9, r - 0.1, -9, -9, -9],
    BestKVelocity: lambda r: [2 * r, -9, -9, 0, r / 2, -9, -9, -9],
    RecentKReward: lambda r: [9, 9, 9, -9, -9, -9, r + 0.1, r - 0.1],
    RecentKVelocity: lambda r: [9, 9, 9, -9, -9, 0, r / 2, 2 * r],
}


class TestUpperConfidenceBounds:
    """Against an arm of two zeros: t = 10 pulls in all, n = 8 and n = 2.

    The bonuses are sqrt(2 ln(10) / 8) = 0.7587 and sqrt(2 ln(10) / 2) = 1.5174, so
    that the first arm needs a reward of more than 0.7587 to be chosen.
    """

    @pytest.mark.parametrize("make", ARM_OF_REWARD)
    @pytest.mark.parametrize(("reward", "chosen"), [(0.755, "few"), (0.762, "many")])
    def test_reward_and_bonus(self, make, reward, chosen):
        scores = {"many": ARM_OF_REWARD[make](reward), "few": [0.0, 0.0]}
        assert make(random_state=0).select(scores) == chosen

    @given(scores=mappings(st.floats(-1, 1), min_size=1))
    def test_ucb1_is_auers_index(self, scores):
        scores = {name: arm for name, arm in scores.items() if arm} or {"a": [1.0]}
        t = sum(len(arm) for arm in scores.values())
        index = {
            name: np.mean(arm) + np.sqrt(2 * np.log(t) / len(arm))
            for name, arm in scores.items()
        }
        chosen = UCB1(random_state=0).select(scores)
        assert index[chosen] == pytest.approx(max(index.values()), abs=1e-9)

    # In each case the rule itself would choose "rule"; the means say "mean".
    @pytest.mark.parametrize(
        ("make", "rule", "mean"),
        [
            (BestKReward, [0.0, 0.0, 0.9, 0.9], [0.6, 0.6, 0.6, 0.6]),
            (BestKVelocity, [1.0, -1.0, 0.0, -2.0], [0.9, 0.9, 0.9, 0.9]),
            (RecentKReward, [0.1, 0.1, 0.5, 0.5], [0.9, 0.9, 0.4, 0.4]),
            (RecentKVelocity, [-2.0, -1.0, 0.0, 1.0], [0.9, 0.9, 0.9, 0.9]),
        ],
    )
    def test_plain_ucb1_while_a_name_has_fewer_than_two_scores(self, make, rule, mean):
        scores = {"rule": rule, "mean": mean}
        assert make(random_state=0).select(scores) == "rule"
        assert make(random_state=0).select(scores | {"new": [-9]}) == "mean"
        assert make(random_state=0).select(scores | {"new": [-9, -9]}) == "rule"

    @pytest.mark.parametrize(
        ("make", "often", "seldom"),
        [
            (BestKReward, [0.9, 0.9] + [0.0] * 18, [0.8, 0.8]),
            (BestKVelocity, [0.5, 0.3, 0.1] + [0.0] * 17, [0.5, 0.4, 0.3]),
            (RecentKReward, [0.0] * 18 + [0.9, 0.9], [0.8, 0.8]),
            (RecentKVelocity, [0.0] * 17 + [0.1, 0.3, 0.5], [0.3, 0.4, 0.5]),
        ],
    )
    def test_all_scores_count_as_pulls(self, make, often, seldom):
        scores = {"often": often, "seldom": seldom}
        assert make(random_state=0).select(scores) == "seldom"


class TestBestK:
    def test_reward_pays_no_heed_to_a_bad_tail(self):
        scores = {"erratic": [0.9, 0.0, 0.0, 0.9], "steady": [0.6, 0.6, 0.6, 0.6]}
        assert UCB1(random_state=0).select(scores) == "steady"
        assert BestKReward(random_state=0).select(scores) == "erratic"

    def test_k_is_the_number_of_scores_averaged(self):
        scores = {"peak": [0.9, 0.1, 0.1, 0.1], "plateau": [0.6, 0.6, 0.6, 0.1]}
        assert BestKReward(k=1, random_state=0).select(scores) == "peak"
        assert BestKReward(k=2, random_state=0).select(scores) == "plateau"

    def test_reward_averages_over_what_there_is(self):
        # Padded with zeros to k = 4, "two" would have 0.45.
        scores = {"two": [0.9, 0.9], "four": [0.8, 0.8, 0.8, 0.8]}
        assert BestKReward(k=4, random_state=0).select(scores) == "two"

    def test_velocity_is_of_the_sorted_scores(self):
        scores = {"falling": [0.9, 0.5, 0.1], "rising": [0.1, 0.2, 0.3]}
        assert BestKVelocity(random_state=0).select(scores) == "falling"

    def test_k_is_the_number_of_velocities_averaged(self):
        scores = {"leap": [0.9, 0.4, 0.4, 0.4], "steps": [0.9, 0.6, 0.3, 0.0]}
        assert BestKVelocity(k=1, random_state=0).select(scores) == "leap"
        assert BestKVelocity(k=2, random_state=0).select(scores) == "steps"


class TestPureBestKVelocity:
    def test_takes_the_fewest_scores_while_some_name_has_fewer_than_k(self):
        scores = {"a": [0.9, 0.5, 0.1], "b": [0.0, 0.0], "c": [0.0]}
        assert PureBestKVelocity().select(scores) == "c"
        scores["c"] = [0.0, 0.0, 0.0]
        assert PureBestKVelocity().select(scores) == "b"
        scores["b"] = [0.0, 0.0, 0.0]
        assert PureBestKVelocity().select(scores) == "a"

    def test_the_threshold_follows_k(self):
        scores = {"a": [0.9, 0.7, 0.5, 0.3, 0.1], "b": [0.0] * 4}
        assert PureBestKVelocity(k=4).select(scores) == "a"
        assert PureBestKVelocity(k=5).select(scores) == "b"

    def test_a_velocity_takes_two_scores(self):
        scores = {"a": [0.9, 0.5], "b": [0.0]}
        assert PureBestKVelocity(k=1).select(scores) == "b"

    def test_has_no_bonus_for_what_was_seldom_tried(self):
        scores = {"often": [0.9, 0.6, 0.3] + [0.0] * 5, "seldom": [0.5, 0.45, 0.4, 0.4]}
        assert BestKVelocity(k=3, random_state=0).select(scores) == "seldom"
        assert PureBestKVelocity().select(scores) == "often"

    def test_all_scores_divide_the_velocity(self):
        # best minus fourth best over n: 0.9 / 30 = 0.03 against 0.2 / 4 = 0.05
        scores = {"stuck": [0.9] + [0.0] * 29, "fresh": [0.2, 0.0, 0.0, 0.0]}
        assert PureBestKVelocity().select(scores) == "fresh"

    def test_does_not_choose_one_name_for_ever(self):
        scores = {"stuck": [0.9, 0.0, 0.0, 0.0], "other": [0.1, 0.0, 0.0, 0.0]}
        selector = PureBestKVelocity(random_state=0)
        for _ in range(100):
            scores[selector.select(scores)].append(0.0)
        assert len(scores["other"]) > 4


class TestRecentK:
    def test_reward_prefers_what_has_lately_improved(self):
        # The k oldest, which is what BTB's code keeps, and the mean say "falling".
        scores = {"falling": [0.9, 0.9, 0.9, 0.2, 0.2], "rising": [0.1] * 3 + [0.6] * 2}
        assert UCB1(random_state=0).select(scores) == "falling"
        assert RecentKReward(random_state=0).select(scores) == "rising"

    def test_k_is_the_number_of_scores_averaged(self):
        scores = {"a": [0.1, 0.1, 0.9], "b": [0.1, 0.7, 0.7]}
        assert RecentKReward(k=1, random_state=0).select(scores) == "a"
        assert RecentKReward(k=2, random_state=0).select(scores) == "b"

    def test_velocity_follows_time(self):
        scores = {"falling": [0.9, 0.5, 0.1], "rising": [0.1, 0.2, 0.3]}
        assert RecentKVelocity(random_state=0).select(scores) == "rising"

    def test_velocity_is_of_the_last_scores_only(self):
        scores = {"stuck": [0.0, 0.9, 0.9, 0.9], "moving": [0.5, 0.5, 0.6, 0.7]}
        assert RecentKVelocity(random_state=0).select(scores) == "moving"
        assert RecentKVelocity(k=3, random_state=0).select(scores) == "stuck"


class TestMaxUCB:
    """Against an arm of two zeros: n = 8 and n = 2 pulls, m = 5 in the mean.

    With alpha = 0.4 the bonuses are (0.4 * 5 / 8)^2 = 0.0625 and (0.4 * 5 / 2)^2 = 1,
    with alpha = 0.8 they are 4 times as large.
    """

    @pytest.mark.parametrize(
        ("alpha", "best", "chosen"),
        [
            (0.4, 0.937, "few"),
            (0.4, 0.938, "many"),
            (0.8, 3.749, "few"),
            (0.8, 3.751, "many"),
            (0.0, -0.001, "few"),
            (0.0, 0.001, "many"),
        ],
    )
    def test_reward_and_bonus(self, alpha, best, chosen):
        scores = {"many": [-9, -9, best, -9, -9, -9, -9, -9], "few": [0.0, 0.0]}
        assert MaxUCB(alpha, random_state=0).select(scores) == chosen

    def test_alpha_is_three_tenths_by_default(self):
        assert MaxUCB().alpha == 0.3

    @pytest.mark.parametrize("n_trials", [100, 1000])
    @pytest.mark.parametrize("n_duds", [1, 2, 7])
    def test_what_earns_nothing_keeps_a_share(self, n_trials, n_duds):
        """In the end 1 + (alpha m / n_good)^2 equals (alpha m / n_dud)^2."""
        scores = {"good": [1.0], **{f"dud{i}": [0.0] for i in range(n_duds)}}
        selector = MaxUCB(random_state=0)
        for _ in range(n_trials):
            name = selector.select(scores)
            scores[name].append(scores[name][0])
        mean = (n_trials + n_duds + 1) / (n_duds + 1)
        bonus = (0.3 * mean / len(scores["good"])) ** 2
        expected = 0.3 * mean / np.sqrt(1 + bonus)
        for i in range(n_duds):
            assert len(scores[f"dud{i}"]) == pytest.approx(expected, abs=1)

    def test_an_arm_close_behind_gets_nearly_as_many_pulls(self):
        scores = {"leader": [1.0], "close": [0.98]}
        selector = MaxUCB(random_state=0)
        for _ in range(100):
            name = selector.select(scores)
            scores[name].append(scores[name][0])
        assert len(scores["close"]) > 40

    def test_costs_play_no_part_unless_asked_for(self):
        scores = {"slow": [0.6, 0.5], "fast": [0.5, 0.5]}
        costs = {"slow": [1e9, 1e9], "fast": [1.0, 1.0]}
        assert MaxUCB(random_state=0).select(scores, costs) == "slow"
        assert MaxUCB(cost_aware=True, random_state=0).select(scores, costs) == "fast"

    def test_a_cost_aware_one_needs_costs(self):
        with pytest.raises(ValueError, match="`costs` are needed"):
            MaxUCB(cost_aware=True).select({"a": [0.5]})

    @given(scores=mappings(st.floats(0, 1), min_size=1), cost=st.floats(0, 1e9))
    def test_equal_costs_are_as_good_as_none(self, scores, cost):
        costs = {name: [cost] * len(arm) for name, arm in scores.items()}
        plain = MaxUCB(random_state=0).select(scores)
        aware = MaxUCB(cost_aware=True, random_state=0).select(scores, costs)
        assert aware == plain

    @pytest.mark.parametrize(
        "costs", [{"a": [1.0]}, {"a": [1.0], "b": []}, {"a": [1.0], "b": [1.0, 2.0]}]
    )
    def test_every_score_needs_its_cost(self, costs):
        with pytest.raises(ValueError, match="one value for each score of 'b'"):
            MaxUCB(cost_aware=True).select({"a": [0.5], "b": [0.5]}, costs)

    @pytest.mark.parametrize("cost", [-1.0, math.inf, math.nan])
    def test_costs_out_of_range(self, cost):
        with pytest.raises(ValueError, match=r"finite and at least 0.* of 'a'"):
            MaxUCB(cost_aware=True).select({"a": [0.5]}, {"a": [cost]})

    def test_a_hopeless_arm_is_no_bargain_however_cheap(self):
        price = {"dud": 1e-6, "good": 1.0, "better": 9.0}
        scores = {"dud": [0.0], "good": [0.8], "better": [1.0]}
        selector = MaxUCB(cost_aware=True, random_state=0)
        for _ in range(50):
            costs = {name: [price[name]] * len(arm) for name, arm in scores.items()}
            chosen = selector.select(scores, costs)
            scores[chosen].append(scores[chosen][0])
        assert len(scores["dud"]) < 30

    def test_prefers_one_good_trial_to_a_good_mean(self):
        scores = {"steady": [0.8, 0.8, 0.8], "lucky": [0.0, 0.9, 0.0]}
        assert UCB1(random_state=0).select(scores) == "steady"
        assert MaxUCB(random_state=0).select(scores) == "lucky"

    def test_a_failure_does_not_count_against_the_best(self):
        scores = {"a": [0.8, 0.8, 0.8], "b": [-math.inf, 0.9, math.nan]}
        assert MaxUCB(random_state=0).select(scores) == "b"

    def test_an_alpha_beyond_all_measure_does_not_overflow(self):
        assert MaxUCB(alpha=1e300).select({"a": [0.5], "b": [0.5]}) in "ab"

    @given(scores=mappings(st.floats(0, 1), min_size=1), alpha=st.floats(0, 4))
    def test_chooses_the_greatest_index(self, scores, alpha):
        scores = {name: arm for name, arm in scores.items() if arm} or {"a": [1.0]}
        mean = np.mean([len(arm) for arm in scores.values()])
        index = {
            name: np.max(arm) + (alpha * mean / len(arm)) ** 2
            for name, arm in scores.items()
        }
        chosen = MaxUCB(alpha, random_state=0).select(scores)
        assert index[chosen] == pytest.approx(max(index.values()), abs=1e-9)


GROUPS = {"svm": ["rbf", "poly", "linear"], "tree": ["cart"]}


class TestHierarchicalByAlgorithm:
    def choose(self, scores, by_algorithm=GROUPS):
        return HierarchicalByAlgorithm(by_algorithm, random_state=0).select(scores)

    def test_algorithms_compete_on_their_pooled_scores(self):
        # One by one, the bonus of the three that were tried once is far greater.
        scores = {"rbf": [0.5], "poly": [0.5], "linear": [0.5], "cart": [0.6] * 3}
        assert UCB1(random_state=0).select(scores) != "cart"
        assert self.choose(scores) == "cart"

    def test_names_compete_within_the_chosen_algorithm(self):
        scores = {"rbf": [0.5], "poly": [0.9], "linear": [0.7], "cart": [0.1] * 3}
        assert self.choose(scores) == "poly"

    def test_the_bonus_within_an_algorithm_counts_its_own_pulls_only(self):
        # "rbf" has n = 8, "poly" n = 2: with t = 10 the difference of the bonuses is
        # 0.7587, with the t = 60 of all algorithms it would be 1.0117.
        scores = {"rbf": [0.8] * 8, "poly": [0.0] * 2, "cart": [0.1] * 50}
        assert self.choose(scores) == "rbf"

    def test_an_unseen_algorithm_comes_first(self):
        scores = {"rbf": [0.9] * 5, "poly": [], "cart": []}
        assert self.choose(scores) == "cart"

    def test_an_unseen_name_comes_first_within_its_algorithm(self):
        scores = {"rbf": [0.9] * 5, "poly": [], "linear": [0.9] * 5, "cart": [0.1] * 10}
        assert self.choose(scores) == "poly"

    def test_an_unseen_name_waits_for_its_algorithm(self):
        scores = {"rbf": [0.1] * 5, "poly": [], "cart": [0.9] * 5}
        assert self.choose(scores) == "cart"

    def test_scores_may_all_be_empty(self):
        make = partial(HierarchicalByAlgorithm, GROUPS)
        counts = choices(make, {"rbf": [], "cart": []})
        assert 65 <= counts["rbf"] <= 135

    def test_a_name_that_is_gone_is_passed_over(self):
        assert self.choose({"poly": [0.5], "cart": [0.4]}) == "poly"
        assert self.choose({"poly": [0.5]}) == "poly"

    def test_names_under_no_algorithm_form_one_of_their_own(self):
        scores = {"rbf": [0.5] * 3, "knn": [0.6] * 3, "bayes": [0.4] * 3}
        assert self.choose(scores) == "knn"
        assert self.choose(scores, by_algorithm={}) == "knn"

    def test_an_algorithm_is_no_name(self):
        # If "tree" fell in with the group of that name, "poly" would be chosen.
        groups = {"tree": ["rbf", "poly"], "none": []}
        scores = {"rbf": [0.1] * 3, "poly": [], "tree": [0.9] * 3}
        assert self.choose(scores, groups) == "tree"

    def test_takes_its_own_copy_of_the_groups(self):
        groups = {"svm": ["rbf", "poly"], "tree": (name for name in ["cart"])}
        selector = HierarchicalByAlgorithm(groups, random_state=0)
        groups["svm"].clear()
        assert selector.by_algorithm == {"svm": ("rbf", "poly"), "tree": ("cart",)}
        assert selector.select({"rbf": [0.5], "poly": [0.5], "cart": [0.6] * 2})
