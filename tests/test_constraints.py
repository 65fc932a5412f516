"""What a constraint promises: nothing that it excludes is tried, and all else is."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from test_conditions import brute_force, finite_part
from test_space import equal, seeds
from test_tuners import TUNERS

from sklearn_btb import (
    BTBSession,
    FloatHyperParam,
    IntHyperParam,
    StopTuning,
    Tunable,
    when,
)
from sklearn_btb._candidates import identities, neighbours

PAIR = {"low": IntHyperParam(1, 9), "high": IntHyperParam(1, 9)}
SQUARE = {"x": FloatHyperParam(0, 1), "y": FloatHyperParam(0, 1)}


def ordered(config):
    return config["low"] < config["high"]


def in_the_corner(config):
    """Of the square, one percent."""
    return config["x"] < 0.1 and config["y"] < 0.1


def never(config):
    return False


def excluding(wanted):
    """A constraint that has no structure: about a half of everything."""

    def constraint(config):
        return sum(map(len, map(repr, config.values()))) % 2 == wanted

    return constraint


class TestFiniteSpace:
    @given(finite_part, st.integers(0, 1))
    def test_the_numbers_are_the_valid_configurations(self, part, wanted):
        constraint = excluding(wanted)
        assume(Tunable(part[0]).cardinality <= 300)
        expected = [config for config in brute_force(*part) if constraint(config)]
        assume(expected)
        tunable = Tunable(part[0], constraint=constraint)
        assert tunable.cardinality == tunable.n_numbered == len(expected)
        images = tunable.at(0, tunable.n_numbered)
        assert len(identities(images)) == len(expected)
        for config in tunable.decode(images):
            assert any(equal(config, known) for known in expected)

    @given(finite_part, st.integers(0, 1), seeds)
    def test_what_is_drawn_is_valid_and_so_are_the_defaults(self, part, wanted, seed):
        constraint = excluding(wanted)
        space = Tunable(part[0])
        assume(space.cardinality <= 2000)
        assume(any(map(constraint, space.decode(space.at(0, space.n_numbered)))))
        tunable = Tunable(part[0], constraint=constraint)
        rng = np.random.default_rng(seed)
        images = tunable.sample(30, rng)
        assert len(images) == 30
        moved = neighbours(tunable, images, 20, (0.1,), rng) if tunable.n_dims else []
        for config in [*tunable.decode(np.array([*images, *moved])), tunable.defaults]:
            assert constraint(config)

    @pytest.mark.parametrize("make", TUNERS.values(), ids=TUNERS)
    def test_every_tuner_ends_when_all_that_is_valid_was_scored(self, make):
        tunable = Tunable(PAIR, constraint=ordered)
        assert tunable.cardinality == 36
        tuner = make(tunable, random_state=0)
        seen = []
        for _ in range(36):
            config = tuner.propose()
            assert ordered(config)
            assert config not in seen
            seen.append(config)
            tuner.record(config, float(config["low"]))
        with pytest.raises(StopTuning):
            tuner.propose()

    def test_a_union_counts_what_its_parts_share_once(self):
        space = [{"a": [1, 2, 3]}, {"a": [2, 3, 4]}]
        tunable = Tunable(space, constraint=lambda config: config["a"] % 2 == 0)
        assert tunable.cardinality == 2
        assert tunable.decode(tunable.at(0, 2)) == [{"a": 2}, {"a": 4}]

    def test_larger_ones_count_what_is_not_valid_as_well(self):
        space = {"low": IntHyperParam(1, 1000), "high": IntHyperParam(1, 1000)}
        tunable = Tunable(space, constraint=ordered)
        assert tunable.cardinality == 10**6
        drawn = tunable.decode(tunable.sample(500, np.random.default_rng(0)))
        assert all(map(ordered, drawn))

    @pytest.mark.parametrize("tuner", ["uniform", "gp"])
    def test_larger_ones_end_when_nothing_new_is_found(self, tuner):
        space = {"low": IntHyperParam(1, 1000), "high": IntHyperParam(1, 1000)}

        def constraint(config):
            return config["low"] == 7 and config["high"] <= 30

        tunable = Tunable(space, {"low": 7, "high": 1}, constraint)
        session = BTBSession(
            {"it": tunable}, lambda *_: 1.0, tuner_class=tuner, random_state=0
        )
        session.run(40)
        configs = [proposal["config"] for proposal in session.proposals.values()]
        assert all(map(constraint, configs))
        assert 1 <= len({config["high"] for config in configs}) == len(configs) <= 30


class TestRareValidity:
    @pytest.mark.parametrize("make", TUNERS.values(), ids=TUNERS)
    def test_every_tuner_proposes_what_is_valid_and_new(self, make):
        tuner = make(Tunable(SQUARE, constraint=in_the_corner), random_state=0)
        seen = []
        for _ in range(12):
            config = tuner.propose(pending=seen[-1:])
            assert in_the_corner(config)
            assert config not in seen
            seen.append(config)
            tuner.record(config, -config["x"])

    def test_a_model_still_finds_the_best(self):
        best = BTBSession(
            {"it": Tunable(SQUARE, constraint=in_the_corner)},
            lambda name, config: -((config["x"] - 0.07) ** 2) - config["y"],
            tuner_class="gp",
            random_state=0,
        ).run(30)
        assert best["score"] > -0.01

    def test_a_proposal_asks_a_bounded_number_of_times(self):
        asked = []

        def counting(config):
            asked.append(config)
            return in_the_corner(config)

        for make in (TUNERS["UniformTuner"], TUNERS["GPTuner"]):
            tuner = make(Tunable(SQUARE, constraint=counting), random_state=0)
            for number in range(6):
                asked.clear()
                tuner.record(tuner.propose(), float(number))
                assert len(asked) < 20_000

    def test_samples_lie_evenly_in_what_is_valid(self):
        tunable = Tunable(SQUARE, constraint=in_the_corner)
        drawn = tunable.decode(tunable.sample(100, np.random.default_rng(1)))
        for name in SQUARE:
            values = [config[name] for config in drawn]
            assert stats.kstest(values, stats.uniform(0, 0.1).cdf).pvalue > 0.01

    def test_the_same_seed_gives_the_same_samples(self):
        one, other = (Tunable(SQUARE, constraint=in_the_corner) for _ in range(2))
        assert np.array_equal(
            one.sample(500, np.random.default_rng(0)),
            other.sample(500, np.random.default_rng(0)),
        )


class TestDefaults:
    def test_valid_ones_stay(self):
        given = {"low": 3, "high": 8}
        assert Tunable(PAIR, given, constraint=ordered).defaults == given

    def test_others_give_way_to_the_nearest_valid_ones(self):
        defaults = Tunable(PAIR, {"low": 5, "high": 5}, constraint=ordered).defaults
        assert ordered(defaults)
        assert abs(defaults["low"] - 5) + abs(defaults["high"] - 5) == 1

    def test_valid_ones_suffice(self):
        space = {"x": FloatHyperParam(0, 1)}
        tunable = Tunable(space, {"x": 0.5}, lambda config: config["x"] == 0.5)
        drawn = tunable.decode(tunable.sample(3, np.random.default_rng(0)))
        assert drawn == [{"x": 0.5}] * 3

    def test_a_session_starts_with_valid_ones(self):
        session = BTBSession({"it": Tunable(PAIR, None, ordered)}, lambda *_: 1.0)
        _, config = session.propose()
        assert ordered(config)


class TestWithConditions:
    def test_what_does_not_apply_is_not_there(self):
        seen = []

        def constraint(config):
            seen.append(config)
            return config.get("degree", 0) < 5 or config["C"] == 1

        space = {
            "kernel": ["linear", "poly"],
            "degree": when("kernel", "poly", IntHyperParam(1, 9)),
            "C": [1, 10, 100],
        }
        tunable = Tunable(space, constraint=constraint)
        assert tunable.cardinality == 3 + 4 * 3 + 5
        assert {"degree" in config for config in seen} == {True, False}
        assert all("degree" not in c for c in seen if c["kernel"] == "linear")

    def test_what_is_not_valid_can_be_encoded(self):
        tunable = Tunable(PAIR, constraint=ordered)
        images = tunable.encode([{"low": 5, "high": 2}])
        assert tunable.decode(images) == [{"low": 5, "high": 2}]
        assert not len(tunable.valid(images))


class TestRefused:
    @pytest.mark.parametrize(
        ("space", "n"),
        [
            (PAIR, 81),
            (SQUARE, 131072),
            ({"a": IntHyperParam(1, 10**6)}, 131072),
            ({}, 1),
            ([{"a": [1]}, {"a": [1, 2]}], 3),
        ],
    )
    def test_what_nothing_satisfies(self, space, n):
        with pytest.raises(
            ValueError, match=f"constraint never must be .*; none of {n} is valid"
        ):
            Tunable(space, constraint=never)

    def test_what_is_no_function(self):
        message = "`constraint` must be a function that .*; got 'a < b'"
        with pytest.raises(TypeError, match=message):
            Tunable(PAIR, constraint="a < b")

    def test_what_says_neither_yes_nor_no(self):
        message = r"<lambda> must return True or False; got None for \{"
        with pytest.raises(TypeError, match=message):
            Tunable(PAIR, constraint=lambda config: None)

    def test_what_raises(self):
        def wrong(config):
            return config["max"] > 3

        message = r"wrong must not raise; for \{'low': .* it raised KeyError: 'max'"
        with pytest.raises(ValueError, match=message) as raised:
            Tunable(PAIR, constraint=wrong)
        assert isinstance(raised.value.__cause__, KeyError)


def test_numpy_may_say_it():
    constraint = lambda config: np.less(config["low"], config["high"])  # noqa: E731
    assert Tunable(PAIR, constraint=constraint).cardinality == 36


def test_a_constrained_space_can_be_pickled():
    tunable = pickle.loads(pickle.dumps(Tunable(PAIR, constraint=ordered)))
    assert tunable.cardinality == 36
    pairs = itertools.combinations(range(1, 10), 2)
    expected = [{"low": low, "high": high} for low, high in pairs]
    configs = tunable.decode(tunable.at(0, 36))
    assert sorted(configs, key=repr) == sorted(expected, key=repr)
