"""What a session promises: each sentence of its description has a test here."""

import copy
import logging
import math
import os
import pickle
import random
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from sklearn_btb import (
    UCB1,
    BTBSearchCV,
    BTBSession,
    FloatHyperParam,
    GPTuner,
    IntHyperParam,
    StopTuning,
    Tunable,
    UniformTuner,
)
from sklearn_btb._session import SELECTORS, TUNERS

# `run` says so where a scorer raises
pytestmark = pytest.mark.filterwarnings("ignore:The scorer raised for:UserWarning")

ENDLESS = {"x": FloatHyperParam(0, 1)}
SPACES = {
    "endless": ENDLESS,
    "three": {"k": [1, 2, 3]},
    "single": {"only": ["this"]},
}
FINITE = {"four": {"a": [1, 2], "b": ["x", "y"]}, "three": {"k": [1, 2, 3]}}


def make_session(tunables=SPACES, scorer=None, tuner_class="uniform", **kwargs):
    kwargs = {"random_state": 0} | kwargs
    return BTBSession(tunables, scorer or score_of, tuner_class, **kwargs)


def score_of(name, config):
    """Some score, the same in every process."""
    return math.sin(sum(map(ord, repr((name, config)))))


def fails(name, config):
    raise RuntimeError("no luck")


nothing_is_scored = pytest.mark.filterwarnings("ignore:None of .* could be scored")


def key(name, config):
    return repr((name, sorted(config.items())))


def exhaust(session):
    """All proposals, until the session stops by itself; nothing is recorded."""
    proposals = []
    with pytest.raises(StopTuning):
        for _ in range(1000):
            proposals.append(session.propose())
    return proposals


def history(session):
    return [
        (p["id"], p["name"], p["config"], p.get("score"))
        for p in session.proposals.values()
    ]


# "cost_aware" depends on times, which no seed fixes
UNTIMED_SELECTORS = sorted({*SELECTORS} - {"cost_aware"})


@dataclass
class Spy:
    """A selector that remembers what it was asked, and takes the first name."""

    asked: list

    def __call__(self, random_state):
        return self

    def select(self, scores):
        self.asked.append({name: list(rewards) for name, rewards in scores.items()})
        return next(iter(scores))


class CostSpy(Spy):
    """A cost-aware one that remembers the costs it was told last."""

    cost_aware = True

    def select(self, scores, costs):
        self.told = costs
        return super().select(scores)


class FailingTuner:
    """A tuner with a fault of its own."""

    def __init__(self, tunable, *, random_state):
        self.fault = None

    def propose(self, n=1, *, pending=()):
        raise ZeroDivisionError("in propose")

    def record(self, params, score):
        raise ZeroDivisionError("in record")


class TestTunables:
    @pytest.mark.parametrize(
        "space",
        [
            Tunable({"x": [1, 2]}),
            {"x": [1, 2]},
            {"x": {"type": "int", "range": [1, 2]}},
            {"x": stats.randint(1, 3)},
            {"x": IntHyperParam(1, 2)},
        ],
        ids=["Tunable", "list", "BTB dict", "distribution", "hyperparameter"],
    )
    def test_may_be_tunables_or_dicts(self, space):
        configs = [config for _, config in exhaust(make_session({"a": space}))]
        assert sorted(config["x"] for config in configs) == [1, 2]

    @pytest.mark.parametrize(
        "tunables",
        [
            None,
            [],
            {},
            [Tunable({})],
            Tunable({}),
            {"a": [1]},
            {"a": None},
            {"a": [{"x": [1]}]},
            {"a": {"x": 3}},
            {"a": {1: [1]}},
        ],
    )
    def test_anything_else_is_a_type_error(self, tunables):
        with pytest.raises(TypeError):
            make_session(tunables)

    @pytest.mark.parametrize(
        "space, error", [({"x": []}, ValueError), ({"x": 3}, TypeError)]
    )
    def test_errors_name_the_tunable_and_the_parameter(self, space, error):
        with pytest.raises(error, match="tunable 'b': parameter 'x'"):
            make_session({"a": {}, "b": space})

    @nothing_is_scored
    def test_the_callers_dict_is_never_changed(self):
        tunables = {
            "a": {"x": {"type": "int", "range": [1, 9], "default": 3}},
            "b": {"y": ["u", "v"], "z": [{"nested": [1, 2]}]},
            "c": {},
        }
        before = copy.deepcopy(tunables)
        make_session(tunables, max_errors=2).run(30)
        make_session(tunables, fails).run(30)
        assert tunables == before

    def test_what_the_caller_changes_later_does_not_matter(self):
        tunables = {"a": {"x": [1, 2]}, "b": {"y": [3]}}
        session = make_session(tunables)
        tunables["a"]["x"].append(4)
        tunables["a"].clear()
        tunables.clear()
        assert len(exhaust(session)) == 3

    def test_may_share_a_tunable(self):
        tunable = Tunable({"x": [1, 2]})
        assert len(exhaust(make_session({"a": tunable, "b": tunable}))) == 4

    def test_a_tunable_of_several_parts(self):
        tunable = Tunable([{"x": [1, 2]}, {"y": [1, 2, 3]}, {"x": [2, 3]}])
        proposals = [
            key(*proposal) for proposal in exhaust(make_session({"a": tunable}))
        ]
        assert len(proposals) == len(set(proposals)) == 6


class TestArguments:
    @pytest.mark.parametrize("max_errors", [0, -1])
    def test_max_errors_is_at_least_one(self, max_errors):
        with pytest.raises(ValueError, match="`max_errors` must be at least 1; got"):
            make_session(max_errors=max_errors)

    @pytest.mark.parametrize("choice", ["nope", "GPTuner", 3, None])
    @pytest.mark.parametrize(
        "parameter, names", [("tuner_class", TUNERS), ("selector_class", SELECTORS)]
    )
    def test_unknown_classes_are_refused_with_the_names(self, parameter, names, choice):
        with pytest.raises(ValueError, match=f"`{parameter}` must be one of") as caught:
            make_session(**{parameter: choice})
        assert all(repr(name) in str(caught.value) for name in names)
        assert f"got {choice!r}" in str(caught.value)

    @pytest.mark.parametrize("random_state", ["0", 1.5])
    def test_what_is_no_seed_is_refused(self, random_state):
        with pytest.raises(TypeError, match="`random_state` must be"):
            make_session(random_state=random_state)

    @pytest.mark.parametrize("name", TUNERS)
    def test_short_names_are_their_tuners(self, name):
        by_name = make_session(tuner_class=name)
        by_class = make_session(tuner_class=TUNERS[name])
        by_name.run(15)
        by_class.run(15)
        assert history(by_name) == history(by_class)

    @pytest.mark.parametrize("name", UNTIMED_SELECTORS)
    def test_short_names_are_their_selectors(self, name):
        by_name = make_session(selector_class=name)
        by_class = make_session(selector_class=SELECTORS[name])
        by_name.run(25)
        by_class.run(25)
        assert history(by_name) == history(by_class)

    def test_short_names_are_those_of_the_search(self):
        assert set(TUNERS) == {"auto", "uniform", "gp", "gpei", "gcp", "gcpei"}
        assert set(SELECTORS) == {
            "auto",
            "max_ucb",
            "cost_aware",
            "ucb1",
            "best_k_reward",
            "best_k_velocity",
            "pure_best_k_velocity",
            "recent_k_reward",
            "recent_k_velocity",
            "uniform",
        }

    def test_defaults_are_those_of_btb(self):
        plain = BTBSession(SPACES, score_of, random_state=0)
        spelt = BTBSession(
            SPACES,
            score_of,
            tuner_class=GPTuner,
            selector_class=UCB1,
            maximize=True,
            max_errors=1,
            verbose=False,
            random_state=0,
        )
        assert plain.run(12) == spelt.run(12)
        assert history(plain) == history(spelt)

    def test_tuner_class_may_be_any_callable(self):
        made = []

        def make(tunable, *, random_state):
            made.append(tunable)
            return GPTuner(tunable, n_initial=2, random_state=random_state)

        session = make_session(tuner_class=make)
        assert [tunable.names for tunable in made] == [("x",), ("k",), ("only",)]
        assert len(exhaust(make_session(FINITE, tuner_class=make))) == 7
        session.run(5)
        assert session.iterations == 5

    def test_selector_class_may_be_any_callable(self):
        spy = Spy([])
        make_session(selector_class=spy).run(5)
        assert len(spy.asked) == 2  # after three defaults

    @pytest.mark.parametrize("parameter", ["tuner_class", "selector_class"])
    def test_a_callable_of_another_signature_is_told_how_it_is_called(self, parameter):
        with pytest.raises(TypeError, match=f"`{parameter}` is called as"):
            make_session(**{parameter: lambda: None})

    @pytest.mark.parametrize("parameter", ["tuner_class", "selector_class"])
    def test_what_a_callable_makes_is_checked(self, parameter):
        with pytest.raises(TypeError, match=f"`{parameter}` must make something"):
            make_session(**{parameter: lambda *args, **kwargs: object()})

    def test_every_tuner_has_a_seed_of_its_own(self):
        session = make_session({"a": ENDLESS, "b": ENDLESS})
        for _ in range(10):
            session.propose()
        proposals = [p["config"]["x"] for p in list(session.proposals.values())[2:]]
        assert len(set(proposals)) == len(proposals)

    def test_auto_is_what_the_search_uses(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(60, 3))
        y = (X[:, 0] + 0.5 * rng.normal(size=60) > 0).astype(int)
        spaces = {
            "knn": {"n_neighbors": IntHyperParam(1, 20), "p": [1.0, 2.0]},
            "tree": {"ccp_alpha": FloatHyperParam(0, 0.1)},
        }
        search = BTBSearchCV(
            {
                "knn": KNeighborsClassifier(),
                "tree": DecisionTreeClassifier(random_state=0),
            },
            spaces,
            n_iter=14,
            cv=3,
            random_state=0,
        ).fit(X, y)
        first = {trial.estimator_name: trial.params for trial in search.trials_[1::-1]}
        tunables = {name: Tunable(spaces[name], first[name]) for name in spaces}
        session = make_session(tunables, tuner_class="auto", selector_class="auto")
        for trial in search.trials_:
            assert session.propose() == (trial.estimator_name, trial.params)
            session.record(trial.estimator_name, trial.params, trial.score)


class TestPropose:
    def test_first_come_the_defaults_in_the_order_given(self):
        tunables = {
            "z": {"x": IntHyperParam(0, 9, default=7)},
            "a": {"x": ["u", "v"]},
            "m": {"x": {"type": "float", "range": [0, 1], "default": 0.25}},
        }
        session = make_session(tunables)
        assert [session.propose() for _ in range(3)] == [
            ("z", {"x": 7}),
            ("a", {"x": "u"}),
            ("m", {"x": 0.25}),
        ]

    def test_returns_a_name_and_a_configuration(self):
        name, config = proposal = make_session().propose()
        assert (proposal.name, proposal.params) == (name, config)
        assert config == {"x": 0.5}

    def test_a_default_that_was_recorded_before_is_not_proposed(self):
        session = make_session({"a": {"k": [1, 2]}, "b": {"k": [1, 2]}})
        session.record("a", {"k": 1}, 0.5)
        assert session.propose() == ("b", {"k": 1})
        assert session.propose() in [("a", {"k": 2}), ("b", {"k": 2})]

    def test_then_the_selector_picks_among_those_that_are_left(self):
        spy = Spy([])
        session = make_session(selector_class=spy)
        session.run(3)
        assert session.propose().name == "endless"
        assert list(spy.asked[0]) == ["endless", "three", "single"]

    @pytest.mark.parametrize("bad", ["gone", None, 0])
    def test_the_selector_must_pick_one_of_the_names(self, bad):
        class Bad:
            def __init__(self, random_state):
                pass

            def select(self, scores):
                return bad

        session = make_session(selector_class=Bad)
        session.run(3)
        with pytest.raises(ValueError, match="the selector must return one of"):
            session.propose()

    def test_a_cost_aware_selector_is_told_what_each_score_took(self):
        spy = CostSpy([])
        session = make_session(selector_class=spy)
        taken = {"endless": 4.0, "three": None, "single": 1.0}
        for _ in range(3):
            name, config = session.propose()
            session.record(name, config, 0.5, cost=taken[name])
        session.propose()
        # what is not known is taken to be as the others
        assert spy.told == {"endless": [4.0], "three": [2.5], "single": [1.0]}
        session.propose()
        assert spy.told["endless"] == [4.0, 4.0]  # it is pending

    def test_a_failure_is_taken_to_cost_what_is_typical(self):
        spy = CostSpy([])
        session = make_session(selector_class=spy, max_errors=2)
        results = {"endless": (0.5, 4.0), "three": (0.5, 2.0), "single": (None, 0.0)}
        for _ in range(3):
            name, config = session.propose()
            score, cost = results[name]
            session.record(name, config, score, cost=cost)
        session.propose()
        assert spy.told["single"] == [2.0]

    @pytest.mark.parametrize("cost", [-1.0, math.inf, math.nan])
    def test_a_cost_out_of_range_changes_nothing(self, cost):
        session = make_session()
        name, config = session.propose()
        with pytest.raises(ValueError, match="`cost` must be a finite number"):
            session.record(name, config, 0.5, cost=cost)
        assert session.iterations == 0
        session.record(name, config, 0.5)
        assert len(session.proposals) == 1

    def test_run_measures_what_each_score_took(self):
        class Slowest(Spy):
            cost_aware = True

            def select(self, scores, costs):
                return max(costs, key=lambda name: sum(costs[name]))

        def slow_if_endless(name, config):
            time.sleep(0.02 * (name == "endless"))
            return 0.5

        session = BTBSession(SPACES, slow_if_endless, selector_class=Slowest([]))
        session.run(5)
        assert [p["name"] for p in session.proposals.values()][3:] == ["endless"] * 2

    def test_the_same_costs_give_the_same_choices(self):
        def names(cost_of):
            session = make_session(selector_class="cost_aware", random_state=3)
            for _ in range(15):
                name, config = session.propose()
                session.record(name, config, 0.5, cost=cost_of[name])
            return [p["name"] for p in session.proposals.values()]

        fast_endless = {"endless": 1.0, "three": 9.0, "single": 9.0}
        slow_endless = {"endless": 9.0, "three": 1.0, "single": 1.0}
        assert names(fast_endless) == names(fast_endless)
        assert names(fast_endless)[3:6] == ["endless"] * 3
        assert names(slow_endless)[3:5] == ["three"] * 2

    def test_the_tuner_of_the_chosen_name_proposes(self):
        class Last(UniformTuner):
            def propose(self, n=1, *, pending=()):
                return {"k": 3}

        session = make_session({"a": {"k": [1, 2, 3]}}, tuner_class=Last)
        session.propose()
        assert session.propose() == ("a", {"k": 3})

    def test_the_tuner_is_told_the_scores_and_what_is_pending(self):
        told = []

        class Listener(UniformTuner):
            def propose(self, n=1, *, pending=()):
                told.append(list(pending))
                return super().propose(n, pending=pending)

            def record(self, params, score):
                told.append((params, score))
                super().record(params, score)

        session = make_session({"a": {"k": [1, 2, 3]}}, tuner_class=Listener)
        session.propose()
        session.record("a", {"k": 1}, 0.5)
        session.propose()
        assert told == [({"k": 1}, 0.5), [{"k": 2}]]

    def test_a_tunable_that_has_run_out_is_dropped(self):
        spy = Spy([])
        session = make_session(
            {"three": {"k": [1, 2, 3]}, "endless": ENDLESS}, selector_class=spy
        )
        session.run(7)
        names = [p["name"] for p in session.proposals.values()]
        assert names == ["three", "endless", "three", "three", *["endless"] * 3]
        assert [list(asked) for asked in spy.asked[-2:]] == [["endless"]] * 2

    @pytest.mark.parametrize("tuner_class", ["uniform", "gp", "gcp"])
    def test_finite_tunables_are_proposed_completely_and_then_it_stops(
        self, tuner_class
    ):
        session = make_session(FINITE, tuner_class=tuner_class)
        session.run()
        assert Counter(p["name"] for p in session.proposals.values()) == {
            "four": 4,
            "three": 3,
        }
        assert (
            len({key(p["name"], p["config"]) for p in session.proposals.values()}) == 7
        )
        for _ in range(2):
            with pytest.raises(StopTuning):
                session.propose()

    @nothing_is_scored
    @pytest.mark.parametrize("tuner_class", TUNERS)
    @pytest.mark.parametrize("score", [0.5, None, math.nan])
    def test_a_single_configuration_is_scored_once(self, tuner_class, score):
        tunables = {"none": {}, "one": {"a": ["b"]}, "number": {"a": [1]}}
        session = make_session(tunables, lambda *_: score, tuner_class, max_errors=9)
        session.run()
        names = [proposal["name"] for proposal in session.proposals.values()]
        assert names == ["none", "one", "number"]

    @pytest.mark.parametrize("tuner_class", TUNERS)
    def test_may_be_called_several_times_before_anything_is_recorded(self, tuner_class):
        proposals = exhaust(make_session(FINITE, tuner_class=tuner_class))
        assert len({key(*proposal) for proposal in proposals}) == len(proposals) == 7

    def test_several_proposals_are_spread_over_the_tunables(self):
        session = make_session({"a": ENDLESS, "b": ENDLESS}, selector_class="ucb1")
        names = Counter(session.propose().name for _ in range(20))
        assert min(names.values()) >= 8

    def test_changing_a_proposal_does_not_change_the_session(self):
        session = make_session(FINITE)
        _, config = session.propose()
        config["a"] = 99
        assert session.proposals[0]["config"] == {"a": 1, "b": "x"}
        session.record("four", {"a": 1, "b": "x"}, 0.5)
        assert session.best_proposal["id"] == 0
        assert session.propose() == ("three", {"k": 2})

    def test_changing_a_proposal_does_not_change_the_tunable(self):
        tunable = Tunable({"k": [1, 2, 3]})
        make_session({"a": tunable}).propose().params.clear()
        assert tunable.defaults == {"k": 2}


class TestRecord:
    def test_updates_the_best_proposal(self):
        session = make_session(FINITE)
        name, config = session.propose()
        assert session.best_proposal is None
        assert session.best_score is None
        session.record(name, config, 0.25)
        assert session.best_proposal == {
            "id": 0,
            "name": "four",
            "config": {"a": 1, "b": "x"},
            "score": 0.25,
        }
        session.record("three", {"k": 2}, 0.5)
        assert session.best_proposal["id"] == 1
        assert session.best_score == 0.5

    @pytest.mark.parametrize("maximize", [True, False])
    def test_a_worse_or_equal_score_is_not_the_best(self, maximize):
        session = make_session(FINITE, maximize=maximize)
        session.record("three", {"k": 1}, 0.5)
        session.record("three", {"k": 2}, 0.5)
        session.record("three", {"k": 3}, 0.4 if maximize else 0.6)
        assert session.best_proposal["config"] == {"k": 1}

    def test_without_maximize_the_least_score_is_the_best(self):
        session = make_session(
            {"a": {"k": list(range(20))}},
            lambda _, c: (c["k"] - 7) ** 2,
            maximize=False,
        )
        assert session.run()["config"] == {"k": 7}
        assert session.best_score == 0

    @pytest.mark.parametrize("tuner_class", ["uniform", "gp"])
    def test_minimising_is_maximising_the_negative(self, tuner_class):
        up = make_session(SPACES, score_of, tuner_class)
        down = make_session(
            SPACES, lambda *args: -score_of(*args), tuner_class, maximize=False
        )
        assert up.run(20)["id"] == down.run(20)["id"]
        assert [h[:3] for h in history(up)] == [h[:3] for h in history(down)]
        assert up.best_score == -down.best_score

    def test_the_tuner_and_the_selector_see_greater_as_better(self):
        told, spy = [], Spy([])

        class Listener(UniformTuner):
            def record(self, params, score):
                told.append(score)
                super().record(params, score)

        session = make_session(
            {"a": {"k": [1, 2, 3]}, "other": {"k": [9, 9.5]}},
            lambda _, config: config["k"],
            Listener,
            selector_class=spy,
            maximize=False,
        )
        session.run()
        assert sorted(told) == [-9.5, -9, -3, -2, -1]
        assert any(1.0 in asked["a"] for asked in spy.asked if "a" in asked)

    def test_rewards_are_scaled_over_all_tunables(self):
        spy = Spy([])
        session = make_session({"a": ENDLESS, "b": ENDLESS}, selector_class=spy)
        for x, score in ((0.1, 10.0), (0.2, 20.0)):
            session.record("a", {"x": x}, score)
        for x, score in ((0.1, 30.0), (0.2, 40.0), (0.3, None)):
            session.record("b", {"x": x}, score)
        session.propose()  # the default of a; b is dropped
        session.propose()
        assert spy.asked == [{"a": [0.0, 0.0, 0.0]}]

    def test_a_pending_proposal_counts_as_the_mean_of_its_tunable(self):
        spy = Spy([])
        session = make_session({"a": ENDLESS, "b": ENDLESS}, selector_class=spy)
        for score in (1.0, 2.0, 3.0):
            session.record("b", {"x": score / 10}, score)
        assert [session.propose().name for _ in range(2)] == ["a", "b"]
        session.propose()
        assert spy.asked == [{"a": [1 / 3], "b": [0.0, 0.0, 1.0, 1 / 3]}]

    @pytest.mark.parametrize("score", [None, math.nan, np.nan, np.float32("nan")])
    def test_none_and_nan_count_as_errors(self, score):
        session = make_session(FINITE, max_errors=2)
        name, config = session.propose()
        session.record(name, config, score)
        assert session.errors == {"four": 1}
        assert session.proposals[0]["score"] is None
        assert session.best_proposal is None
        assert session.iterations == 1

    @pytest.mark.parametrize("max_errors", [1, 2, 4])
    def test_drops_the_tunable_when_max_errors_is_reached(self, max_errors):
        session = make_session({"a": ENDLESS, "b": ENDLESS}, max_errors=max_errors)
        for number in range(max_errors):
            assert "a" in {session.propose().name for _ in range(6)}
            session.record("a", {"x": number / 10}, None)
        assert {session.propose().name for _ in range(6)} == {"b"}
        assert session.errors == {"a": max_errors}

    @nothing_is_scored
    def test_dropping_is_logged(self, caplog):
        with caplog.at_level("INFO", logger="sklearn_btb"):
            make_session(FINITE, fails).run()
        messages = [record.getMessage() for record in caplog.records]
        assert "'four' is dropped; its errors: 1" in messages
        assert "'three' is dropped; its errors: 1" in messages

    @nothing_is_scored
    def test_a_failed_configuration_is_not_proposed_again(self):
        session = make_session(FINITE, lambda *_: None, max_errors=99)
        session.run()
        assert (
            len({key(p["name"], p["config"]) for p in session.proposals.values()}) == 7
        )
        assert session.iterations == 7

    def test_failures_steer_the_model_away(self):
        def scorer(name, config):
            return None if config["x"] > 0.4 else 1 - (config["x"] - 0.3) ** 2

        scores = []
        for seed in range(3):
            session = make_session(
                {"a": ENDLESS}, scorer, "gp", max_errors=99, random_state=seed
            )
            session.run(30)
            proposals = list(session.proposals.values())
            scores += [proposal["score"] for proposal in proposals[15:]]
        assert scores.count(None) <= 18  # by chance it would be 27 of 45

    def test_what_was_never_proposed_can_be_recorded(self):
        session = make_session(FINITE)
        session.record("three", {"k": 3}, 0.75)
        assert session.proposals == {
            0: {"id": 0, "name": "three", "config": {"k": 3}, "score": 0.75}
        }
        assert session.best_proposal == session.proposals[0]
        assert ("three", {"k": 3}) not in exhaust(session)

    def test_a_dropped_tunable_can_still_be_recorded(self):
        session = make_session(FINITE)
        open_proposal = session.propose()
        session.handle_error("four")
        session.record(*open_proposal, 0.9)
        session.record("four", {"a": 2, "b": "y"}, 0.95)
        assert session.best_score == 0.95
        assert all(name == "three" for name, _ in exhaust(session))

    def test_the_same_configuration_can_be_recorded_twice(self):
        session = make_session(FINITE)
        for score in (0.25, 0.5):
            session.record("three", {"k": 3}, score)
        assert [p["score"] for p in session.proposals.values()] == [0.25, 0.5]
        assert session.best_proposal["id"] == 1

    def test_results_may_come_in_any_order(self):
        session = make_session(FINITE)
        proposals = exhaust(session)
        for name, config in reversed(proposals):
            session.record(name, config, score_of(name, config))
        assert [
            (p["name"], p["config"]) for p in session.proposals.values()
        ] == proposals
        assert session.iterations == 7
        best = max(proposals, key=lambda proposal: score_of(*proposal))
        assert (session.best_proposal["name"], session.best_proposal["config"]) == best

    def test_keeps_a_copy_of_the_configuration(self):
        session = make_session(FINITE)
        config = {"k": 3}
        session.record("three", config, 0.5)
        config["k"] = 1
        assert session.best_proposal["config"] == {"k": 3}

    @pytest.mark.parametrize(
        "name, config",
        [
            ("five", {"k": 1}),
            ("three", {"k": 4}),
            ("three", {}),
            ("three", {"k": 1, "a": 1}),
            ("four", {"k": 1}),
        ],
    )
    @pytest.mark.parametrize("score", [0.5, None])
    def test_refuses_what_is_not_in_the_spaces(self, name, config, score):
        session = make_session(FINITE, score_of)
        session.propose()
        before = pickle.dumps(session)
        with pytest.raises(ValueError):
            session.record(name, config, score)
        assert pickle.dumps(session) == before

    def test_unknown_names_are_answered_with_the_known(self):
        with pytest.raises(ValueError, match=r"one of \['four', 'three'\]; got 'five'"):
            make_session(FINITE).record("five", {}, 0.5)

    @pytest.mark.parametrize("score", ["high", [0.5], {"accuracy": 0.5}])
    def test_refuses_what_is_no_score_and_the_proposal_stays_open(self, score):
        session = make_session(FINITE)
        name, config = session.propose()
        with pytest.raises(TypeError):
            session.record(name, config, score)
        session.record(name, config, 0.5)
        assert session.best_proposal["id"] == 0

    @pytest.mark.parametrize("tuner_class", TUNERS)
    @pytest.mark.parametrize(
        "scores",
        [[math.inf] * 7, [-math.inf] * 7, [-math.inf, 1e308, math.inf, -1e308]],
    )
    @pytest.mark.parametrize("maximize", [True, False])
    def test_infinite_scores_are_scores(self, tuner_class, scores, maximize):
        session = make_session(
            {"a": ENDLESS, "b": FINITE["four"]}, None, tuner_class, maximize=maximize
        )
        for score in [*scores, *scores]:
            name, config = session.propose()
            session.record(name, config, score)
        assert session.best_score == (max if maximize else min)(scores)
        assert not session.errors

    def test_scores_become_plain_numbers(self):
        session = make_session(FINITE)
        session.record("three", {"k": 1}, np.float64(0.5))
        assert type(session.best_score) is float


class TestHandleError:
    def test_counts_and_drops(self):
        session = make_session(FINITE, max_errors=2)
        session.handle_error("four")
        assert session.errors == {"four": 1}
        assert session.propose().name == "four"
        session.handle_error("four")
        assert session.errors == {"four": 2}
        assert all(name == "three" for name, _ in exhaust(session))

    def test_is_no_result(self):
        session = make_session(FINITE)
        session.handle_error("four")
        assert session.iterations == 0
        assert session.proposals == {}

    def test_goes_on_counting_after_the_drop(self):
        session = make_session(FINITE)
        for _ in range(3):
            session.handle_error("three")
        assert session.errors == {"three": 3}

    def test_refuses_unknown_names(self):
        session = make_session(FINITE)
        with pytest.raises(ValueError, match="`name` must be one of"):
            session.handle_error("five")
        assert not session.errors

    def test_counts_together_with_failed_scores(self):
        session = make_session(FINITE, max_errors=2)
        session.record("three", {"k": 1}, None)
        session.handle_error("three")
        assert all(name == "four" for name, _ in exhaust(session))


class TestRun:
    @pytest.mark.parametrize("iterations", [0, 1, 5])
    def test_runs_so_many_iterations(self, iterations):
        session = make_session()
        best = session.run(iterations)
        assert session.iterations == len(session.proposals) == iterations
        assert best is session.best_proposal

    def test_without_a_number_runs_until_exhausted(self):
        session = make_session(FINITE)
        best = session.run()
        assert session.iterations == 7
        assert best["score"] == max(p["score"] for p in session.proposals.values())

    def test_a_larger_number_than_there_are_configurations_stops_early(self):
        session = make_session(FINITE)
        session.run(100)
        assert session.iterations == 7

    def test_can_go_on(self):
        once, twice = make_session(), make_session()
        once.run(12)
        twice.run(5)
        twice.run(7)
        assert history(once) == history(twice)

    def test_hands_name_and_configuration_to_the_scorer(self):
        calls = []

        def scorer(name, config):
            calls.append((name, config))
            return 0.5

        session = make_session(FINITE, scorer)
        session.run(4)
        assert calls == [(p["name"], p["config"]) for p in session.proposals.values()]

    def test_the_scorer_may_take_the_configuration_apart(self):
        def scorer(name, config):
            while config:
                config.popitem()
            return 0.5

        session = make_session(FINITE, scorer)
        session.run()
        assert session.iterations == 7
        assert session.best_proposal["config"] == {"a": 1, "b": "x"}

    def test_is_the_same_as_proposing_and_recording(self):
        ran, driven = make_session(), make_session()
        ran.run(12)
        for _ in range(12):
            name, config = driven.propose()
            driven.record(name, config, score_of(name, config))
        assert history(ran) == history(driven)

    @nothing_is_scored
    def test_an_exception_of_the_scorer_is_logged_with_the_configuration(self, caplog):
        make_session({"a": {"k": ["needle"]}}, fails).run()
        [record] = [r for r in caplog.records if r.levelno == logging.ERROR]
        assert "'a'" in record.getMessage()
        assert "{'k': 'needle'}" in record.getMessage()
        assert "RuntimeError: no luck" in caplog.text
        assert record.name == "sklearn_btb"

    def test_an_exception_of_the_scorer_is_an_error_and_the_loop_goes_on(self):
        def scorer(name, config):
            return fails(name, config) if config["k"] == 2 else float(config["k"])

        session = make_session({"a": {"k": [1, 2, 3]}}, scorer, max_errors=2)
        assert session.run()["config"] == {"k": 3}
        assert session.errors == {"a": 1}
        assert session.iterations == 3

    @pytest.mark.parametrize("failure", [None, math.nan])
    def test_the_scorer_may_return_none_or_nan(self, failure):
        session = make_session(FINITE, lambda *_: failure, max_errors=9)
        with pytest.warns(UserWarning, match="the scorer returned no number$"):
            assert session.run() is None
        assert session.errors == {"four": 4, "three": 3}

    def test_that_scores_nothing_warns_with_the_first_failure(self):
        session = make_session({"a": {"k": [3]}, "b": {"k": [4]}}, fails)
        said = (
            "None of 2 configurations could be scored, so there is no best one: the "
            "scorer raised, first for 'a' with {'k': 3}: RuntimeError('no luck')"
        )
        with pytest.warns(UserWarning, match=re.escape(said)) as caught:
            session.run()
        assert caught[0].filename == __file__

    def test_that_scores_something_warns_of_nothing(self):
        def scorer(name, config):
            return 1.0 if config["k"] == 2 else None

        session = make_session({"a": {"k": [1, 2, 3]}}, scorer, max_errors=9)
        assert session.run() == session.run(0) == session.best_proposal

    @pytest.mark.parametrize("scorer", [lambda config: 1.0, lambda: 1.0, len])
    def test_refuses_a_scorer_of_another_signature(self, scorer):
        session = make_session(scorer=scorer)
        with pytest.raises(TypeError, match=r"called as `scorer\(name, config\)`"):
            session.run()
        assert not session.proposals

    def test_needs_a_scorer(self):
        session = BTBSession(FINITE, None)
        assert session.propose().name == "four"
        with pytest.raises(TypeError, match=r"`run` needs a `scorer`.*got None"):
            session.run()

    def test_takes_a_scorer_whose_signature_is_not_known(self):
        session = make_session({"a": {"k": [3]}}, max)  # which cannot be asked
        with pytest.warns(UserWarning, match="'a'.*TypeError"):
            session.run()

    def test_warns_once_if_the_scorer_raised(self):
        def scorer(name, config):
            return 1 / config["k"]

        session = make_session({"a": {"k": [1, 0, 2]}}, scorer, max_errors=9)
        said = r"raised for 1 configurations, first for 'a' with {'k': 0}: ZeroDivision"
        with pytest.warns(UserWarning, match=said):
            session.run()


class Interrupted:
    """A scorer that is interrupted once, at its n-th call."""

    def __init__(self, n, interrupt=KeyboardInterrupt):
        self.left = n
        self.interrupt = interrupt

    def __call__(self, name, config):
        self.left -= 1
        if self.left == 0:
            raise self.interrupt
        return score_of(name, config)


class TestInterrupt:
    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
    @pytest.mark.parametrize("iterations", [None, 20])
    def test_gets_out_and_leaves_everything_recorded(self, interrupt, iterations):
        session = make_session(SPACES, Interrupted(8, interrupt))
        with pytest.raises(interrupt):
            session.run(iterations)
        assert session.iterations == len(session.proposals) == 7
        assert all("score" in proposal for proposal in session.proposals.values())
        assert session.best_score == max(p["score"] for p in session.proposals.values())
        assert not session.errors

    @pytest.mark.parametrize("n", [1, 2, 3, 4, 9])
    @pytest.mark.parametrize("tuner_class", ["uniform", "gp"])
    def test_the_run_goes_on_as_if_nothing_had_happened(self, n, tuner_class):
        smooth = make_session(SPACES, None, tuner_class)
        broken = make_session(SPACES, Interrupted(n), tuner_class)
        smooth.run(12)
        with pytest.raises(KeyboardInterrupt):
            broken.run(12)
        broken.run(12 - broken.iterations)
        assert history(broken) == history(smooth)

    @pytest.mark.parametrize("n", range(1, 8))
    def test_no_configuration_of_a_finite_space_is_lost(self, n):
        session = make_session(FINITE, Interrupted(n))
        with pytest.raises(KeyboardInterrupt):
            session.run()
        session.run()
        assert (
            len({key(p["name"], p["config"]) for p in session.proposals.values()}) == 7
        )
        assert session.iterations == len(session.proposals) == 7

    def test_other_open_proposals_stay_open(self):
        session = make_session(FINITE, Interrupted(1))
        opened = [session.propose() for _ in range(3)]
        with pytest.raises(KeyboardInterrupt):
            session.run()
        rest = exhaust(session)
        assert len({key(*proposal) for proposal in opened + rest}) == 7
        for proposal in opened:
            session.record(*proposal, 0.5)
        assert [p["id"] for p in session.proposals.values() if "score" in p] == [
            0,
            1,
            2,
        ]


class TestReproducibility:
    @pytest.mark.parametrize("tuner_class", ["uniform", "gp"])
    def test_equal_seeds_run_equally(self, tuner_class):
        one = make_session(tuner_class=tuner_class, random_state=5)
        other = make_session(tuner_class=tuner_class, random_state=5)
        assert one.run(15) == other.run(15)
        assert history(one) == history(other)

    def test_different_seeds_run_differently(self):
        runs = [make_session(random_state=seed) for seed in range(5)]
        assert len({repr((run.run(8), history(run))) for run in runs}) == 5

    def test_global_random_state_is_untouched(self):
        def state():
            return random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002

        before = state()
        make_session(tuner_class="gp", random_state=None).run(12)
        assert state() == before

    def test_runs_are_equal_in_every_process(self):
        program = (
            "import test_session as t\n"
            "for selector in ('ucb1', 'uniform', 'max_ucb'):\n"
            "    s = t.make_session(tuner_class='gp', selector_class=selector)\n"
            "    s.run(12); print(t.history(s))\n"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program],
                env=os.environ | {"PYTHONHASHSEED": seed},
                cwd=os.path.dirname(__file__),
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        here = ""
        for selector in ("ucb1", "uniform", "max_ucb"):
            session = make_session(tuner_class="gp", selector_class=selector)
            session.run(12)
            here += f"{history(session)}\n"
        assert outputs == {here}

    @pytest.mark.parametrize("tuner_class", ["uniform", "gp"])
    @pytest.mark.parametrize("selector_class", UNTIMED_SELECTORS)
    @pytest.mark.parametrize("n", [0, 2, 7])
    def test_a_pickled_session_goes_on_identically(
        self, tuner_class, selector_class, n
    ):
        session = make_session(SPACES, None, tuner_class, selector_class=selector_class)
        session.run(n)
        session.propose()
        twin = pickle.loads(pickle.dumps(session))
        session.run(5)
        twin.run(5)
        assert history(twin) == history(session)
        assert twin.best_proposal == session.best_proposal
        assert twin.errors == session.errors


class TestFaultsOfTheOriginal:
    @pytest.mark.parametrize("selector_class", SELECTORS)
    @pytest.mark.parametrize("tuner_class", TUNERS)
    def test_no_crash_when_the_first_trials_all_fail(self, tuner_class, selector_class):
        calls = iter(range(100))

        def scorer(name, config):
            return fails(name, config) if next(calls) < 8 else score_of(name, config)

        session = make_session(
            {"a": ENDLESS, "b": ENDLESS},
            scorer,
            tuner_class,
            selector_class=selector_class,
            max_errors=9,
        )
        assert session.run(12)["score"] == session.best_score
        assert session.errors.total() == 8

    @nothing_is_scored
    def test_no_crash_when_everything_fails(self):
        session = make_session(FINITE, fails)
        assert session.run(10) is None
        assert session.best_score is None
        assert session.iterations == 2

    def test_the_selector_is_never_offered_dropped_names(self):
        spy = Spy([])
        tunables = {"fails": ENDLESS, "ends": {"k": [1, 2]}, "lasts": ENDLESS}

        def scorer(name, config):
            return fails(name, config) if name == "fails" else 0.5

        make_session(tunables, scorer, selector_class=spy).run(10)
        offered = [tuple(asked) for asked in spy.asked]
        assert set(offered) == {("ends", "lasts"), ("lasts",)}

    def test_stop_tuning_when_every_tunable_is_gone(self):
        session = make_session(FINITE)
        session.handle_error("four")
        session.handle_error("three")
        for _ in range(2):
            with pytest.raises(StopTuning, match="no tunable is left"):
                session.propose()
        assert session.run(3) is None

    @pytest.mark.parametrize("maximize", [True, False])
    @pytest.mark.parametrize("close", [(0.90, 0.80), (0.901, 0.900), (1e6 + 2, 1e6)])
    def test_ucb1_prefers_the_better_of_close_scores(self, close, maximize):
        spread = close[0] - close[1]

        def scorer(name, config):
            score = close[0] if name == "better" else close[1]
            score += 0.2 * spread * config["x"]
            return score if maximize else -score

        session = make_session(
            {"better": ENDLESS, "worse": ENDLESS},
            scorer,
            selector_class=UCB1,
            maximize=maximize,
        )
        session.run(100)
        names = Counter(proposal["name"] for proposal in session.proposals.values())
        assert names["better"] >= 75

    def test_errors_of_the_tuner_in_propose_get_out(self):
        session = make_session({"a": ENDLESS}, tuner_class=FailingTuner)
        session.propose()
        with pytest.raises(ZeroDivisionError, match="in propose"):
            session.propose()

    def test_errors_of_the_tuner_in_record_get_out(self):
        session = make_session({"a": ENDLESS}, tuner_class=FailingTuner)
        with pytest.raises(ZeroDivisionError, match="in record"):
            session.run(1)
        assert not session.errors

    @pytest.mark.parametrize("tuner_class", TUNERS)
    def test_values_that_json_cannot_hold(self, tuner_class):
        values = [Ridge(), len, np.arange(3), np.arange(2), {1: {2}}, None, object, 1j]
        seen = []

        def scorer(name, config):
            seen.append(config["value"])
            return float(len(seen))

        tunables = {"a": {"value": values, "flag": [True, False]}}
        make_session(tunables, scorer, tuner_class).run()
        assert Counter(map(id, seen)) == dict.fromkeys(map(id, values), 2)

    def test_nothing_is_recorded_by_proposing(self):
        session = make_session(FINITE)
        exhaust(session)
        assert session.iterations == 0
        assert session.best_proposal is None
        assert not session.errors
        assert not any("score" in proposal for proposal in session.proposals.values())


CONFIGS = {
    "four": [{"a": a, "b": b} for a in (1, 2) for b in ("x", "y")],
    "single": [{}],
    "union": [{"k": 1}, {"k": 2}, {"k": 3}, {"m": 1}],
    "endless": [{"x": x / 8} for x in range(9)],
}
SCORES = st.one_of(
    st.none(),
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6),
    st.sampled_from([math.nan, math.inf, -math.inf]),
)
MAX_ERRORS = 3
SCRIPT = []  # what the scorer of the machine at work does


def scripted(name, config):
    return SCRIPT[-1](name, config)


class SessionMachine(RuleBasedStateMachine):
    """Any sequence of propose, record, error and run, against a simple model."""

    @initialize(
        maximize=st.booleans(),
        seed=st.integers(0, 9),
        tuner_class=st.sampled_from(["uniform", "gp"]),
        selector_class=st.sampled_from(sorted(SELECTORS)),
        names=st.lists(st.sampled_from(sorted(CONFIGS)), min_size=1, unique=True),
    )
    def start(self, maximize, seed, tuner_class, selector_class, names):
        spaces = {
            "four": {"a": [1, 2], "b": ["x", "y"]},
            "single": {},
            "union": Tunable([{"k": [1, 2]}, {"k": [2, 3]}, {"m": [1]}]),
            "endless": ENDLESS,
        }
        self.sign = 1 if maximize else -1
        self.names = names
        self.session = BTBSession(
            {name: spaces[name] for name in names},
            scripted,
            tuner_class,
            selector_class,
            maximize,
            MAX_ERRORS,
            random_state=seed,
        )
        self.expected = []  # [name, config, score]; open proposals have no score
        self.seen = set()
        self.errors = Counter()
        self.n_recorded = 0

    def left(self, name):
        """Whether a tunable has something to propose."""
        if self.errors[name] >= MAX_ERRORS:
            return False
        configs = {key(name, config) for config in CONFIGS[name]}
        return name == "endless" or not configs <= self.seen

    def default_due(self):
        for name in self.names:
            default = {"x": 0.5} if name == "endless" else CONFIGS[name][0]
            if self.left(name) and key(name, default) not in self.seen:
                return name, default
        return None

    def check_proposal(self, name, config):
        due = self.default_due()
        assert due is None or (name, config) == due
        assert self.left(name)
        assert key(name, config) not in self.seen
        if name == "endless":
            assert 0 <= config["x"] <= 1
        else:
            assert config in CONFIGS[name]

    def note_recorded(self, name, config, score):
        self.seen.add(key(name, config))
        failed = score is None or math.isnan(score)
        entry = next(
            (e for e in self.expected if e[:2] == [name, config] and len(e) == 2), None
        )
        if entry is None:
            entry = [name, config]
            self.expected.append(entry)
        entry.append(None if failed else score)
        self.n_recorded += 1
        self.errors[name] += failed

    def note_proposed(self, name, config):
        self.check_proposal(name, config)
        self.seen.add(key(name, config))
        self.expected.append([name, config])

    @rule()
    def propose(self):
        if any(map(self.left, self.names)):
            self.note_proposed(*self.session.propose())
        else:
            with pytest.raises(StopTuning):
                self.session.propose()

    @rule(data=st.data(), score=SCORES)
    def record_an_open_proposal(self, data, score):
        opened = [entry for entry in self.expected if len(entry) == 2]
        if opened:
            name, config = data.draw(st.sampled_from(opened))
            self.session.record(name, dict(config), score)
            self.note_recorded(name, config, score)

    @rule(data=st.data(), score=SCORES)
    def record_anything(self, data, score):
        name = data.draw(st.sampled_from(self.names))
        config = data.draw(st.sampled_from(CONFIGS[name]))
        self.session.record(name, dict(config), score)
        self.note_recorded(name, config, score)

    @rule(data=st.data(), score=SCORES)
    def record_nonsense(self, data, score):
        name = data.draw(st.sampled_from([*self.names, "unknown"]))
        with pytest.raises(ValueError):
            self.session.record(name, {"nonsense": 1}, score)

    @rule(data=st.data())
    def handle_error(self, data):
        name = data.draw(st.sampled_from(self.names))
        self.session.handle_error(name)
        self.errors[name] += 1

    @rule(
        outcomes=st.lists(SCORES | st.sampled_from(["raise", "interrupt"]), max_size=4)
    )
    def run(self, outcomes):
        ahead = iter(outcomes)

        def scorer(name, config):
            self.check_proposal(name, config)
            outcome = next(ahead)
            if outcome == "interrupt":
                raise KeyboardInterrupt
            score = None if outcome == "raise" else outcome
            self.note_recorded(name, dict(config), score)
            return fails(name, config) if outcome == "raise" else score

        SCRIPT[:] = [scorer]
        try:
            self.session.run(len(outcomes))
        except KeyboardInterrupt:
            pass
        else:
            assert next(ahead, None) is None or not any(map(self.left, self.names))

    @rule()
    def pickle(self):
        self.session = pickle.loads(pickle.dumps(self.session))

    @precondition(lambda self: hasattr(self, "session"))
    @invariant()
    def every_proposal_is_held_by_id(self):
        proposals = self.session.proposals
        assert list(proposals) == list(range(len(self.expected)))
        for number, (name, config, *score) in enumerate(self.expected):
            entry = {"id": number, "name": name, "config": config}
            assert proposals[number] == entry | ({"score": score[0]} if score else {})

    @precondition(lambda self: hasattr(self, "session"))
    @invariant()
    def best_proposal_is_the_best_recorded(self):
        scored = [
            p for p in self.session.proposals.values() if p.get("score") is not None
        ]
        best = self.session.best_proposal
        if scored:
            assert self.sign * best["score"] == max(
                self.sign * p["score"] for p in scored
            )
            assert best == self.session.proposals[best["id"]]
            assert self.session.best_score == best["score"]
        else:
            assert best is None
            assert self.session.best_score is None

    @precondition(lambda self: hasattr(self, "session"))
    @invariant()
    def counts_are_right(self):
        assert self.session.iterations == self.n_recorded
        assert self.session.errors == self.errors


TestSessionMachine = nothing_is_scored(SessionMachine.TestCase)
TestSessionMachine.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None
)
