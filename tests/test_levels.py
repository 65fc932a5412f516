"""Levels of choices: which there are, and which of them is neglected."""

import numpy as np
import pytest
from scipy import stats

from sklearn_btb import FloatHyperParam, IntHyperParam, Tunable, when
from sklearn_btb._levels import at_level, n_levels, neglected_levels
from sklearn_btb._notation import as_hyperparam

NUMBER = FloatHyperParam(0, 1)


def neglected_of(space, configs, enough=100):
    tunable = Tunable(space)
    images = tunable.encode(configs)
    levels = neglected_levels(tunable, images, enough)
    return tunable, levels[0] if levels else None


def values_at(tunable, level, name):
    """The values that a parameter has where a tunable is at a level."""
    images = tunable.sample(300, np.random.default_rng(0))
    configs = tunable.decode(images[at_level(tunable, images, level)])
    return {config[name] for config in configs}


@pytest.mark.parametrize(
    "values, n",
    [
        (["a"], 1),
        (["a", "b"], 2),
        ([True, False], 2),
        (list("abcdefghij"), 10),
        (list("abcdefghijk"), 1),
        ([None, 2, 3, 5], 2),
        (["sqrt", 0.2, 0.5, 1.0, "log2"], 3),
        ([1, 2, 3], 1),
        (NUMBER, 1),
        (IntHyperParam(1, 3), 1),
        (stats.loguniform(1, 10), 1),
    ],
)
def test_a_choice_has_as_many_levels_as_values_without_an_order(values, n):
    assert n_levels(as_hyperparam(values)) == n


def test_a_level_without_a_trial_is_neglected():
    configs = [{"kind": "a", "x": 0.1}, {"kind": "c", "x": 0.2}]
    tunable, level = neglected_of({"x": NUMBER, "kind": list("abc")}, configs)
    assert values_at(tunable, level, "kind") == {"b"}


def test_the_level_furthest_below_the_mean_of_its_choice_is_neglected():
    configs = [
        {"two": "a" if i < 3 else "b", "four": "wxyz"[i % 3], "x": i / 12}
        for i in range(12)
    ]  # a has half of the mean, z nothing
    space = {"two": ["a", "b"], "four": list("wxyz"), "x": NUMBER}
    tunable, level = neglected_of(space, configs)
    assert values_at(tunable, level, "four") == {"z"}
    tunable, level = neglected_of(space | {"four": list("wxy")}, configs)
    assert values_at(tunable, level, "two") == {"a"}


def test_no_level_is_neglected_where_all_have_the_same():
    configs = [{"kind": kind, "x": x} for kind in "ab" for x in (0.1, 0.2)]
    assert neglected_of({"kind": ["a", "b"], "x": NUMBER}, configs)[1] is None


def test_a_level_with_enough_trials_is_not_neglected():
    configs = [{"kind": "ab"[i > 2], "x": i / 20} for i in range(20)]
    space = {"kind": ["a", "b"], "x": NUMBER}
    assert neglected_of(space, configs, enough=4)[1] is not None
    assert neglected_of(space, configs, enough=3)[1] is None


def test_numbers_beside_other_values_are_one_level():
    tunable, level = neglected_of({"depth": [None, 2, 3, 5]}, [{"depth": None}])
    assert values_at(tunable, level, "depth") == {2, 3, 5}
    tunable, level = neglected_of({"depth": [None, 2, 3, 5]}, [{"depth": 3}])
    assert values_at(tunable, level, "depth") == {None}


def test_a_choice_counts_only_where_it_is_active():
    space = {
        "kernel": ["linear", "poly"],
        "degree": when("kernel", "poly", ["two", "three"]),
    }
    configs = [{"kernel": "linear"}] * 3 + [{"kernel": "poly", "degree": "two"}] * 3
    tunable, level = neglected_of(space, configs)
    images = tunable.sample(100, np.random.default_rng(0))
    at = tunable.decode(images[at_level(tunable, images, level)])
    assert at
    assert all(each == {"kernel": "poly", "degree": "three"} for each in at)


def test_the_spaces_of_a_list_are_levels():
    tunable, level = neglected_of([{"x": NUMBER}, {"y": NUMBER}], [{"x": 0.5}])
    images = tunable.sample(100, np.random.default_rng(0))
    at = tunable.decode(images[at_level(tunable, images, level)])
    assert at
    assert all("y" in config for config in at)


def test_without_a_choice_no_level_is_neglected():
    assert neglected_of({"x": NUMBER}, [{"x": 0.5}])[1] is None
    assert neglected_of({}, [{}])[1] is None
