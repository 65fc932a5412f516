"""What tuners promise: one contract for all, then what the models add."""

import copy
import inspect
import itertools
import math
import os
import pickle
import random
import subprocess
import sys
from collections import Counter
from functools import cache, partial
from statistics import median

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize
from scipy.spatial.distance import pdist

from sklearn_btb import _candidates, _gp, _tuners
from sklearn_btb._acquisition import log_expected_improvement, upper_confidence_bound
from sklearn_btb._conditions import when
from sklearn_btb._hyperparams import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    IntHyperParam,
)
from sklearn_btb._output_transforms import gaussian_copula, standardize, yeo_johnson
from sklearn_btb._space import Tunable
from sklearn_btb._trial import StopTuning
from sklearn_btb._tuners import (
    GCPEiTuner,
    GCPTuner,
    GPEiTuner,
    GPTuner,
    Tuner,
    UniformTuner,
)


def posterior_mean(mean, std, best):
    return mean


def warped_columns(tunable):
    """The columns of numbers are warped, those of choices are not."""
    warped = np.zeros(tunable.n_dims, dtype=bool)
    for block in tunable.blocks:
        warped[block.columns] = block.numeric
    return warped


def expected_improvement(mean, std, best):
    return np.exp(log_expected_improvement(mean, std, best))


# A new tuner joins the contract suite by one line here.
TUNERS = {
    "UniformTuner": UniformTuner,
    "GPTuner": GPTuner,
    "GPEiTuner": GPEiTuner,
    "GCPTuner": GCPTuner,
    "GCPEiTuner": GCPEiTuner,
    "GPTuner-mean": partial(
        GPTuner, acquisition=posterior_mean, output_transform=standardize
    ),
    "GPTuner-ei-copula-2": partial(
        GPTuner,
        acquisition=expected_improvement,
        output_transform=gaussian_copula,
        n_initial=2,
    ),
    "GPTuner-ucb-1": partial(GPTuner, acquisition=upper_confidence_bound, n_initial=1),
}
# What each model-based tuner does once it asks its model.
RULES = {
    "GPTuner": (log_expected_improvement, yeo_johnson),
    "GPEiTuner": (log_expected_improvement, standardize),
    "GCPTuner": (upper_confidence_bound, gaussian_copula),
    "GCPEiTuner": (log_expected_improvement, gaussian_copula),
    "GPTuner-mean": (posterior_mean, standardize),
    "GPTuner-ei-copula-2": (expected_improvement, gaussian_copula),
    "GPTuner-ucb-1": (upper_confidence_bound, yeo_johnson),
}

FINITE = {
    "nothing to tune": {},
    "one value": {"a": ["only"]},
    "one number": {"a": [1]},
    "categories": {"kind": list("abcde")},
    "grid": {"C": [0.01, 0.1, 1, 10], "shrinking": [True, False]},
    "numbers and None": {"depth": [None, 1, 2, 4], "size": ["all", 1, 2, 3, "none"]},
    "integers": {"depth": IntHyperParam(1, 4), "log": IntHyperParam(1, 3, log=True)},
    "any objects": {"f": [len, {"a": 1}, np.arange(3), None, "None", 1, True]},
    "distribution": {"n": stats.randint(3, 8), "flag": BooleanHyperParam()},
    "union": [{"a": [1, 2], "b": ["x", "y"]}, {"a": [1, 2, 3]}, {"c": ["z"]}],
    "overlapping union": [{"x": [1, 2, 3]}, {"x": [2, 3, 4]}, {"x": [1, 4]}],
    "overlap of kinds": [
        {"x": IntHyperParam(1, 5), "y": ["a"]},
        {"x": [4, 5, 6], "y": ["b", "a"]},
    ],
    "equal parts": [{"x": [1, 2], "y": [1, 2]}] * 3,
    "many values": {"layers": [(a, b) for a in range(9) for b in range(9)]},
    "many dicts": [
        *({"x": [i], "y": [i % 3, None]} for i in range(9)),
        *({"x": [3, i], "kind": ["a"]} for i in range(9)),
    ],
}
INFINITE = {
    "float": {"x": FloatHyperParam(-5, 5)},
    "log": {"C": FloatHyperParam(1e-3, 1e3, log=True)},
    "normal": {"x": stats.norm(10, 2)},
    "mixed": {
        "C": stats.loguniform(1e-3, 1e3),
        "depth": IntHyperParam(1, 20),
        "kind": ["a", "b", "c"],
        "flag": [True, False],
    },
    "union": [
        {"kernel": ["linear"], "C": FloatHyperParam(0.1, 1)},
        {"kernel": ["rbf"], "C": FloatHyperParam(0.1, 1), "gamma": stats.norm()},
    ],
    "numbers and None": {
        "depth": [None, 1, 2, 4, 8],
        "features": ["sqrt", 0.1, 0.5, 1.0, "log2"],
        "rate": stats.loguniform(1e-3, 1),
    },
    "partly finite": [{"x": FloatHyperParam(0, 1)}, {"y": [1, 2, 3]}],
    "overlapping union": [{"x": FloatHyperParam(0, 2)}, {"x": FloatHyperParam(1, 3)}],
}
LINE = Tunable({"x": FloatHyperParam(0, 1)})
GRID = Tunable({"C": [0.01, 0.1, 1, 10, 100, 1000], "kind": ["a", "b", "c"]})

# cardinality 400, but 4,400 points: too many for the tuner to compare in full
MANY_POINTS = Tunable([{"x": IntHyperParam(1, 400)}] * 11)


def tuners(*, but=()):
    kept = {name: make for name, make in TUNERS.items() if name not in but}
    return pytest.mark.parametrize("make", kept.values(), ids=kept)


def spaces(named):
    return pytest.mark.parametrize("space", named.values(), ids=named)


PRESETS = [GPTuner, GPEiTuner, GCPTuner, GCPEiTuner]
model_based = tuners(but=["UniformTuner"])
exploring = tuners(but=["UniformTuner", "GPTuner-mean"])
some_spaces = spaces(
    {
        name: FINITE[name]
        for name in ["nothing to tune", "any objects", "overlap of kinds"]
    }
    | {name: INFINITE[name] for name in ["mixed", "union"]}
)
all_spaces = spaces(FINITE | {f"infinite {name}": s for name, s in INFINITE.items()})


def key(params):
    """Configurations are equal if they look it: 1, 1.0 and True are three values."""
    return repr(sorted(params.items()))


def keys(configs):
    return Counter(map(key, configs))


def listed(values):
    """All values of a finite hyperparameter, found without the code under test."""
    if isinstance(values, IntHyperParam):
        return range(values.min, values.max + 1)
    if isinstance(values, BooleanHyperParam):
        return [False, True]
    if hasattr(values, "rvs"):
        return range(*map(int, values.support() + np.array([0, 1])))
    return values


def configurations(space):
    """All different configurations of a finite space."""
    parts = [space] if isinstance(space, dict) else space
    configs = {}
    for part in parts:
        for values in itertools.product(*map(listed, part.values())):
            config = dict(zip(part, values, strict=True))
            configs.setdefault(key(config), config)
    return list(configs.values())


def allows(values, value):
    if isinstance(values, FloatHyperParam):
        return isinstance(value, float) and values.min <= value <= values.max
    if hasattr(values, "rvs") and not hasattr(values, "pmf"):
        low, high = values.support()
        return isinstance(value, float) and low <= value <= high
    return any(repr(value) == repr(allowed) for allowed in listed(values))


def lies_in(params, space):
    parts = [space] if isinstance(space, dict) else space
    return any(
        params.keys() == part.keys()
        and all(allows(part[name], value) for name, value in params.items())
        for part in parts
    )


def score_of(params):
    """Some score, the same in every process, seldom equal for two configurations."""
    return math.sin(sum(map(ord, key(params))))


def record_all(tuner, history):
    for params, score in history:
        tuner.record(params, score)
    return tuner


def tuned(make, tunable, n, objective=score_of, random_state=0):
    """A tuner after n rounds, and what it proposed with the scores."""
    tuner = make(tunable, random_state=random_state)
    history = []
    for _ in range(n):
        params = tuner.propose()
        history.append((params, objective(params)))
        tuner.record(*history[-1])
    return tuner, history


def exhausted(make, tunable, limit):
    """All that a tuner proposes until it stops by itself."""
    tuner = make(tunable, random_state=0)
    proposed = []
    with pytest.raises(StopTuning):
        for _ in range(limit + 1):
            proposed.append(tuner.propose())
            tuner.record(proposed[-1], score_of(proposed[-1]))
    return proposed


def global_random_state():
    return random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002


@st.composite
def finite_spaces(draw):
    """Small spaces and unions of them, whose parts often overlap."""
    values = st.one_of(
        st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=3, unique=True),
        st.lists(st.sampled_from(["a", "b", None, True]), min_size=1, max_size=3),
        st.sampled_from([1, 2]).map(lambda low: IntHyperParam(low, low + 2)),
    )
    values = values.map(lambda v: list(dict.fromkeys(v)) if isinstance(v, list) else v)
    part = st.dictionaries(st.sampled_from(["x", "y"]), values, max_size=2)
    return draw(st.lists(part, min_size=1, max_size=3))


class TestContract:
    @tuners()
    def test_satisfies_the_protocol(self, make):
        assert isinstance(make(LINE), Tuner)

    @tuners()
    @all_spaces
    def test_proposals_lie_in_the_space(self, make, space):
        tuner = make(Tunable(space), random_state=0)
        for _ in range(6):
            try:
                params = tuner.propose()
            except StopTuning:
                break
            assert lies_in(params, space)
            tuner.record(params, score_of(params))

    @tuners()
    @spaces(FINITE)
    def test_finite_spaces_are_proposed_exactly_once_each(self, make, space):
        configs = configurations(space)
        assert keys(exhausted(make, Tunable(space), len(configs))) == keys(configs)

    @tuners()
    @given(space=finite_spaces())
    @settings(max_examples=10)
    def test_any_finite_space_is_proposed_exactly_once(self, make, space):
        configs = configurations(space)
        assert keys(exhausted(make, Tunable(space), len(configs))) == keys(configs)

    @tuners()
    @spaces(FINITE)
    def test_many_at_once_are_all_there_are_and_no_more(self, make, space):
        configs = configurations(space)
        proposed = make(Tunable(space), random_state=0).propose(len(configs) + 5)
        assert keys(proposed) == keys(configs)

    @tuners()
    @given(space=finite_spaces(), data=st.data())
    @settings(max_examples=10)
    def test_proposes_what_is_neither_recorded_nor_pending(self, make, space, data):
        tuner = make(Tunable(space), random_state=0)
        left = data.draw(st.permutations(configurations(space)))
        n_recorded = data.draw(st.integers(0, len(left)))
        n_pending = data.draw(st.integers(0, len(left) - n_recorded))
        recorded, left = left[:n_recorded], left[n_recorded:]
        pending, left = left[:n_pending], left[n_pending:]
        record_all(tuner, ((params, score_of(params)) for params in recorded))
        if left:
            proposed = tuner.propose(len(left) + 1, pending=pending)
            assert keys(proposed) == keys(left)
        else:
            with pytest.raises(StopTuning):
                tuner.propose(pending=pending)

    @tuners()
    def test_finds_the_last_ones_of_a_large_finite_space(self, make):
        space = {"a": IntHyperParam(0, 99), "b": IntHyperParam(0, 49)}
        configs = np.random.default_rng(0).permutation(configurations(space)).tolist()
        taken, left = configs[3:], configs[:3]
        proposed = make(Tunable(space), random_state=0).propose(9, pending=taken)
        assert keys(proposed) == keys(left)

    @tuners()
    def test_finds_the_last_ones_among_many_equal_points(self, make):
        tuner = make(MANY_POINTS, random_state=0)
        configs = [{"x": x} for x in range(1, 401)]
        record_all(tuner, ((params, score_of(params)) for params in configs[::50]))
        taken = [params for params in configs if params["x"] not in (7, 70, 333)]
        proposed = tuner.propose(9, pending=[p for p in taken if p["x"] % 50 != 1])
        assert keys(proposed) == keys([{"x": 7}, {"x": 70}, {"x": 333}])

    @tuners()
    def test_a_part_of_a_space_that_is_rarely_drawn_is_found(self, make):
        likely = stats.binom(40, 1e-4)  # 0 has a probability of .996
        tunable = Tunable({"n": likely})
        n_configs = tunable.cardinality
        assert n_configs > 1
        assert len(exhausted(make, tunable, n_configs)) == n_configs

    @tuners()
    def test_goes_on_where_a_continuum_has_hardly_any_numbers(self, make):
        space = {"x": FloatHyperParam(1.0, 1.0 + 2**-51)}  # three floats
        tuner, _ = tuned(make, Tunable(space), 6)
        assert lies_in(tuner.propose(), space)

    @tuners()
    @spaces(INFINITE)
    def test_does_not_repeat_itself_in_infinite_spaces(self, make, space):
        _, history = tuned(make, Tunable(space), 7)
        assert max(keys(params for params, _ in history).values()) == 1

    @tuners()
    @some_spaces
    @pytest.mark.parametrize("n_recorded", [0, 6])
    def test_proposing_changes_nothing(self, make, space, n_recorded):
        tunable = Tunable(space)
        n_recorded = min(n_recorded, tunable.cardinality - 1)
        tuner, _ = tuned(make, tunable, n_recorded)
        first = tuner.propose()  # which may fit a model to what was recorded
        before = pickle.dumps(tuner)
        several = tuner.propose(3)
        assert pickle.dumps(tuner) == before
        assert key(tuner.propose()) == key(first)
        again = tuner.propose(3)
        assert list(map(key, again)) == list(map(key, several))

    @tuners()
    def test_pending_configurations_are_not_remembered(self, make):
        tuner, _ = tuned(make, LINE, 6)
        free = tuner.propose()
        assert tuner.propose(pending=[free]) != free
        assert tuner.propose() == free

    @tuners()
    def test_arguments_are_left_as_they_are(self, make):
        tuner, history = tuned(make, GRID, 5)
        pending = [tuner.propose()]
        params = history[0][0]
        before = pickle.dumps((pending, params))
        tuner.propose(2, pending=pending)
        tuner.record(params, 0.5)
        assert pickle.dumps((pending, params)) == before

    @tuners()
    @spaces(INFINITE)
    @pytest.mark.parametrize("n", [2, 7])
    def test_replaying_the_records_rebuilds_the_tuner(self, make, space, n):
        tuner, history = tuned(make, Tunable(space), n)
        rebuilt = record_all(make(Tunable(space), random_state=0), history)
        assert key(rebuilt.propose()) == key(tuner.propose())

    @tuners()
    @pytest.mark.parametrize("copied", [copy.deepcopy, None], ids=["copy", "pickle"])
    def test_copies_go_on_in_the_same_way(self, make, copied):
        copied = copied or (lambda tuner: pickle.loads(pickle.dumps(tuner)))
        tuner, _ = tuned(make, Tunable(INFINITE["mixed"]), 7)
        twin = copied(tuner)
        assert twin.propose() == tuner.propose()

    @tuners()
    def test_changing_a_proposal_does_not_change_the_tuner(self, make):
        tuner, _ = tuned(make, GRID, 6)
        params = tuner.propose()
        tuner.propose().clear()
        tuner.record(dict(params), 0.5)
        assert key(tuner.propose()) != key(params)

    @tuners()
    def test_equal_seeds_propose_the_same(self, make):
        one, other = (tuned(make, LINE, 7, random_state=3)[1] for _ in range(2))
        assert one == other

    @tuners()
    def test_different_seeds_propose_differently(self, make):
        first = {make(LINE, random_state=seed).propose()["x"] for seed in range(10)}
        assert len(first) == 10

    @tuners()
    def test_without_a_seed_every_tuner_is_different(self, make):
        assert len({make(LINE).propose()["x"] for _ in range(5)}) == 5

    @tuners()
    @pytest.mark.parametrize(
        "generator", [np.random.default_rng, np.random.RandomState]
    )
    def test_generators_are_seeds(self, make, generator):
        one, other = (make(LINE, random_state=generator(0)) for _ in range(2))
        assert one.propose() == other.propose()

    @tuners()
    def test_global_random_state_is_untouched(self, make):
        before = global_random_state()
        tuned(make, Tunable(INFINITE["mixed"]), 7, random_state=None)
        assert global_random_state() == before

    @tuners()
    @pytest.mark.parametrize("n_recorded", [0, 6])
    def test_one_is_a_dict_and_several_are_a_list(self, make, n_recorded):
        tuner, _ = tuned(make, GRID, n_recorded)
        assert isinstance(tuner.propose(1), dict)
        several = tuner.propose(5)
        assert isinstance(several, list)
        assert len(several) == 5

    @tuners()
    @spaces(INFINITE)
    @pytest.mark.parametrize("n_recorded", [2, 6])
    def test_several_are_different_and_new(self, make, space, n_recorded):
        tuner, history = tuned(make, Tunable(space), n_recorded)
        old = keys(params for params, _ in history)
        several = keys(tuner.propose(5))
        assert len(several) == 5
        assert not several & old

    @tuners()
    @pytest.mark.parametrize("n", [0, -1])
    def test_less_than_one_is_refused(self, make, n):
        with pytest.raises(ValueError, match="`n` must be at least 1; got"):
            make(LINE).propose(n)

    @tuners()
    @pytest.mark.parametrize("n", [1.5, "2", None])
    def test_what_is_no_number_of_proposals_is_refused(self, make, n):
        with pytest.raises(TypeError, match="`n` must be an integer; got"):
            make(LINE).propose(n)

    @tuners()
    @pytest.mark.parametrize("nan", [math.nan, np.float64("nan"), np.float32("nan")])
    def test_nan_is_refused_and_leaves_no_trace(self, make, nan):
        tuner, _ = tuned(make, LINE, 2)
        before = pickle.dumps(tuner)
        with pytest.raises(ValueError, match="NaN"):
            tuner.record({"x": 0.5}, nan)
        assert pickle.dumps(tuner) == before

    @tuners()
    @pytest.mark.parametrize(
        "outside", [{"x": 2.0}, {"x": "a"}, {}, {"y": 0.5}, {"x": 0.5, "y": 0.5}]
    )
    def test_foreign_configurations_are_refused_and_leave_no_trace(self, make, outside):
        tuner, _ = tuned(make, LINE, 2)
        before = pickle.dumps(tuner)
        with pytest.raises(ValueError):
            tuner.record(outside, 1.0)
        with pytest.raises(ValueError):
            tuner.propose(pending=[outside])
        assert pickle.dumps(tuner) == before

    @tuners()
    def test_configurations_may_be_recorded_without_being_proposed(self, make):
        tuner = make(Tunable({"x": [1, 2, 3]}), random_state=0)
        record_all(tuner, [({"x": 2}, 0.5), ({"x": 1}, 0.7)])
        assert tuner.propose() == {"x": 3}

    @tuners()
    def test_the_same_configuration_may_be_recorded_twice(self, make):
        tuner = make(Tunable({"x": [1, 2, 3]}), random_state=0)
        record_all(tuner, [({"x": 2}, 0.5), ({"x": 2}, 0.6), ({"x": 1}, 0.7)] * 3)
        assert tuner.propose() == {"x": 3}
        with pytest.raises(StopTuning):
            tuner.propose(pending=[{"x": 3}, {"x": 3}])

    @tuners()
    @given(scores=st.lists(st.floats(allow_nan=False), min_size=4, max_size=8))
    @example(scores=[0.5] * 8)
    @example(scores=[-math.inf] * 6)
    @example(scores=[math.inf, -math.inf] * 3)
    @example(scores=[1e308, -1e308, 0.0, math.inf, 1e-308, 5e-324])
    @example(scores=[1.0, 1.0 + 2**-52] * 4)
    @example(scores=[0.9, 0.91, 0.92, -1e300, 0.93])
    @settings(max_examples=8)
    def test_any_scores_are_taken_without_a_warning(self, make, scores):
        tuner = make(Tunable(INFINITE["mixed"]), random_state=0)
        for score in scores:
            tuner.record(tuner.propose(), score)
        assert lies_in(tuner.propose(), INFINITE["mixed"])

    @tuners()
    @pytest.mark.parametrize("number", [int, np.float32, np.int64, bool])
    def test_any_kind_of_number_is_a_score(self, make, number):
        tuner, _ = tuned(make, GRID, 6, lambda params: number(params["C"] > 1))
        assert lies_in(tuner.propose(), GRID.space)

    @tuners()
    def test_every_part_of_a_union_is_explored(self, make):
        space = INFINITE["union"]
        _, history = tuned(make, Tunable(space), 12, lambda params: params["C"])
        assert {params["kernel"] for params, _ in history} == {"linear", "rbf"}

    def test_proposals_are_the_same_in_every_process(self):
        program = (
            "import test_tuners as t\n"
            "for make in t.TUNERS.values():\n"
            "    tunable = t.Tunable(t.INFINITE['mixed'])\n"
            "    print(t.tuned(make, tunable, 6)[1])\n"
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
        tunable = Tunable(INFINITE["mixed"])
        here = (str(tuned(make, tunable, 6)[1]) for make in TUNERS.values())
        assert outputs == {"\n".join(here) + "\n"}

    @tuners()
    @pytest.mark.parametrize("random_state", ["0", 0.5, [1]])
    def test_what_is_no_seed_is_refused(self, make, random_state):
        with pytest.raises(TypeError, match="`random_state` must be"):
            make(LINE, random_state=random_state)

    @tuners()
    def test_negative_seeds_are_refused(self, make):
        with pytest.raises(ValueError, match="`random_state` must not be negative"):
            make(LINE, random_state=-1)


def test_every_public_tuner_is_in_the_contract_suite():
    public = {
        name
        for name, thing in vars(_tuners).items()
        if inspect.isclass(thing)
        and name.endswith("Tuner")
        and thing.__module__ == _tuners.__name__
    }
    assert public - {"Tuner"} <= TUNERS.keys()


def random_history(n, seed):
    rng = np.random.default_rng(seed)
    configs = configurations(GRID.space)
    chosen = rng.choice(len(configs), size=n, replace=False)
    return [
        (configs[index], float(score))
        for index, score in zip(chosen, rng.exponential(size=n), strict=True)
    ]


def camel(params):
    """Its maximum is 1.0316 (the six-hump camel of Dixon and Szego 1978)."""
    x, y = params["x"], params["y"]
    return -(4 - 2.1 * x**2 + x**4 / 3) * x**2 - x * y + (4 - 4 * y**2) * y**2


def mixed(params):
    """Its maximum is 0.5, at kind b, C = 10 and depth 7."""
    gain = {"a": 0.0, "b": 0.5, "c": -1.0}[params["kind"]]
    return gain - (math.log10(params["C"]) - 1) ** 2 - 0.1 * abs(params["depth"] - 7)


def conditional(params):
    """Its maximum is 1, at kernel rbf and gamma = 0.3."""
    if params["kernel"] == "linear":
        return 0.5 - (params["C"] - 0.8) ** 2
    return 1 - 4 * (params["gamma"] - 0.3) ** 2 - (params["degree"] == 3)


PROBLEMS = {
    "camel": (
        {"x": FloatHyperParam(-2, 2), "y": FloatHyperParam(-1, 1)},
        camel,
        1.031628,
    ),
    "mixed": (
        {
            "kind": ["c", "a", "b"],
            "C": FloatHyperParam(1e-4, 1e4, log=True),
            "depth": IntHyperParam(1, 20),
        },
        mixed,
        0.5,
    ),
    "conditional": (
        [
            {"kernel": ["linear"], "C": FloatHyperParam(0, 1)},
            {
                "kernel": ["rbf"],
                "gamma": FloatHyperParam(0, 10),
                "degree": CategoricalHyperParam([3, 2]),
            },
        ],
        conditional,
        1.0,
    ),
}


def regret(make, problem, seed):
    space, objective, optimum = PROBLEMS[problem]
    _, history = tuned(make, Tunable(space), 25, objective, random_state=seed)
    return optimum - max(score for _, score in history)


@cache
def regret_by_chance(problem):
    return median(regret(UniformTuner, problem, seed) for seed in range(40))


class TestModelBased:
    @pytest.mark.parametrize("problem", PROBLEMS)
    def test_the_default_comes_fifty_times_closer_than_chance(self, problem):
        ours = median(regret(GPTuner, problem, seed) for seed in range(5))
        assert ours < regret_by_chance(problem) / 50

    @pytest.mark.parametrize("make", PRESETS)
    @pytest.mark.parametrize("problem", PROBLEMS)
    def test_comes_closer_than_chance(self, make, problem):
        ours = median(regret(make, problem, seed) for seed in range(5))
        assert ours < regret_by_chance(problem)

    def test_what_was_asked_before_does_not_matter(self):
        tunable = Tunable({name: FloatHyperParam(0, 1) for name in "xy"})
        asked, history = tuned(GPTuner, tunable, 40, camel)
        told = record_all(GPTuner(tunable, random_state=0), history)
        assert told.propose() == asked.propose()

    @pytest.mark.parametrize("n", [299, 301, 600])
    def test_the_model_remembers_the_best_of_many(self, n):
        tunable = Tunable({name: FloatHyperParam(0, 1) for name in "xy"})
        rng = np.random.default_rng(0)
        images = tunable.sample(n, rng)
        scores = rng.standard_normal(n)
        tuner = GPTuner(tunable, output_transform=lambda scores: scores)
        record_all(tuner, zip(tunable.decode(images), scores, strict=True))
        model = tuner._model()
        assert len(model.y) == min(n, 300)
        best = np.sort(scores)[-100:]
        assert np.sort(model.y)[-100:].tolist() == best.tolist()
        assert len(np.unique(model.X, axis=0)) == len(model.X)

    def test_on_a_plateau_it_does_not_ask_for_the_same_again(self):
        def plateau(params):
            return float(params["x"] < 0.6)

        tunable = Tunable({name: FloatHyperParam(0, 1) for name in "xy"})
        _, history = tuned(GPTuner, tunable, 40, plateau)
        images = tunable.encode([params for params, _ in history])
        assert pdist(images, "chebyshev").min() > 0.01

    @pytest.mark.parametrize("name", RULES)
    @pytest.mark.parametrize("n_recorded", [4, 9])
    def test_proposes_the_greatest_acquisition_value(self, name, n_recorded):
        acquisition, transform = RULES[name]
        history = random_history(n_recorded, seed=n_recorded)
        images = GRID.encode([params for params, _ in history])
        transformed = transform([score for _, score in history])
        model = _gp.fit(images, transformed, warped=warped_columns(GRID))
        left = [
            params
            for params in configurations(GRID.space)
            if key(params) not in keys(params for params, _ in history)
        ]
        values = acquisition(*_gp.posterior(model, GRID.encode(left)), model.y.max())
        tuner = record_all(TUNERS[name](GRID, random_state=0), history)
        assert tuner.propose() == left[np.argmax(values)]

    def test_comes_close_to_the_greatest_acquisition_value_of_a_continuum(self):
        tunable = Tunable({name: FloatHyperParam(0, 1) for name in "xyz"})
        gaps = []
        for seed in range(5):
            images = tunable.sample(12, np.random.default_rng(seed))
            scores = -((images - 0.4) ** 2).sum(axis=1)
            tuner = TUNERS["GPTuner-mean"](tunable, random_state=seed)
            record_all(tuner, zip(tunable.decode(images), scores, strict=True))
            model = _gp.fit(images, standardize(scores), warped=[True] * 3)

            def depth(image, model=model):
                return -_gp.posterior(model, [image])[0][0]

            minima = [minimize(depth, x, bounds=[(0, 1)] * 3).fun for x in images]
            [proposed] = tunable.encode([tuner.propose()])
            gaps.append(depth(proposed) - min(minima))
        assert median(gaps) < 0.003  # deviations of the scores

    @pytest.mark.parametrize("one, other", list(itertools.combinations(PRESETS, 2)))
    def test_the_presets_are_different_tuners(self, one, other):
        histories = [random_history(8, seed) for seed in range(40)]
        proposals = [
            [record_all(make(GRID, random_state=0), h).propose() for h in histories]
            for make in (one, other)
        ]
        assert proposals[0] != proposals[1]

    @pytest.mark.parametrize("n_initial", [0, 1, 3, 6, 11])
    def test_asks_the_model_from_n_initial_on(self, n_initial):
        asked = []

        def spy(mean, std, best):
            asked.append(best)
            return mean

        tuner = GPTuner(LINE, acquisition=spy, n_initial=n_initial, random_state=0)
        for n_recorded in range(13):
            asked.clear()
            params = tuner.propose()
            # without any score there is nothing to fit
            assert bool(asked) == (n_recorded >= max(n_initial, 1))
            tuner.record(params, params["x"])

    def test_pending_and_foreign_configurations_count_as_initial(self):
        asked = []

        def spy(mean, std, best):
            asked.append(best)
            return mean

        tuner = GPTuner(LINE, acquisition=spy, n_initial=4, random_state=0)
        record_all(tuner, [({"x": 0.1}, 1.0), ({"x": 0.2}, 2.0)])
        tuner.propose(pending=[{"x": 0.3}])
        assert not asked
        tuner.propose(pending=[{"x": 0.3}, {"x": 0.4}])
        assert asked

    def test_the_acquisition_sees_transformed_scores(self):
        seen = []

        def spy(mean, std, best):
            seen.append((mean, std, best))
            return mean

        def shifted(scores):
            return standardize(scores) + 100.0

        tuner = GPTuner(GRID, acquisition=spy, output_transform=shifted)
        history = random_history(8, seed=0)
        record_all(tuner, history).propose()
        [(mean, std, best)] = seen
        assert best == max(shifted([score for _, score in history]))
        assert mean.shape == std.shape == (18 - 8,)
        assert (std > 0).all()

    @model_based
    def test_an_infinite_score_is_as_good_as_the_extreme_finite_one(self, make):
        history = random_history(8, seed=1)
        scores = [score for _, score in history]
        [left, right] = [params for params, _ in random_history(18, seed=1)[8:10]]
        finite = [*history, (left, min(scores)), (right, max(scores))]
        infinite = [*history, (left, -math.inf), (right, math.inf)]
        expected = record_all(make(GRID, random_state=0), finite).propose()
        assert record_all(make(GRID, random_state=0), infinite).propose() == expected

    @pytest.mark.parametrize("n_dims", [1, 3])
    def test_the_first_eight_cover_the_space(self, n_dims):
        names = [f"x{i}" for i in range(n_dims)]
        tunable = Tunable({name: FloatHyperParam(0, 8) for name in names})
        _, history = tuned(partial(GPTuner, n_initial=8), tunable, 8)
        for name in names:
            cells = sorted(math.floor(params[name]) for params, _ in history)
            assert cells == list(range(8))

    @exploring
    @pytest.mark.parametrize("seed", range(5))
    def test_pending_configurations_repel(self, make, seed):
        tuner = make(LINE, random_state=seed)
        for x in np.random.default_rng(seed).random(6):
            tuner.record({"x": x}, math.sin(9 * x) + 0.3 * math.sin(31 * x))
        best = tuner.propose()
        other = tuner.propose(pending=[best])
        assert abs(best["x"] - other["x"]) > 0.03

    @exploring
    def test_several_at_once_are_spread(self, make):
        tuner = make(Tunable(PROBLEMS["camel"][0]), random_state=0)
        record_all(tuner, ((params, camel(params)) for params in tuner.propose(8)))
        images = tuner.tunable.encode(tuner.propose(4))
        gaps = [abs(a - b).max() for a, b in itertools.combinations(images, 2)]
        assert min(gaps) > 0.001

    @exploring
    def test_parameters_of_another_part_do_not_matter(self, make):
        # part b has four parameters more; part a must be tuned as if it were alone
        others = {f"y{i}": FloatHyperParam(0, 1) for i in range(4)}
        tunable = Tunable([{"x": FloatHyperParam(0, 1)}, others])

        def objective(params):
            return -((params["x"] - 0.3) ** 2) if "x" in params else -1.0

        _, history = tuned(make, tunable, 25, objective)
        best, _ = max(history, key=lambda pair: pair[1])
        assert abs(best["x"] - 0.3) < 0.05

    @model_based
    def test_mean_is_climbed(self, make):
        history = [({"C": C, "kind": "a"}, C) for C in (0.01, 0.1, 1, 10, 100)]
        tuner = record_all(make(GRID, random_state=0), history)
        assert tuner.propose()["C"] == 1000


TRAPS = {
    "plain": {"kernel": ["linear", "rbf"], "C": FloatHyperParam(0, 1)},
    "three levels": {"kernel": ["linear", "none", "rbf"], "C": FloatHyperParam(0, 1)},
    "list of spaces": [
        {"kernel": ["linear"], "C": FloatHyperParam(0, 1)},
        {"kernel": ["rbf"], "C": FloatHyperParam(0, 1)},
    ],
    "numbers and None": {"kernel": [None, 1, 2, 3], "C": FloatHyperParam(0, 1)},
}


def narrow(params):
    """A plateau at linear, and at rbf a maximum of 1 at C = 0.7."""
    if params["kernel"] not in ("rbf", None):
        return 0.6
    return math.exp(-0.5 * ((params["C"] - 0.7) / 0.04) ** 2)


def n_at_the_optimum(history):
    return sum(params["kernel"] in ("rbf", None) for params, _ in history)


class TestLevels:
    @spaces(TRAPS)
    def test_the_level_of_a_narrow_optimum_is_not_given_up(self, space):
        found = {}
        for make in (GPTuner, UniformTuner):
            runs = [
                tuned(make, Tunable(space), 40, narrow, random_state=seed)[1]
                for seed in range(6)
            ]
            found[make] = sum(max(score for _, score in run) > 0.99 for run in runs)
            if make is GPTuner:
                assert all(n_at_the_optimum(run) >= 5 for run in runs)
        assert found[GPTuner] > found[UniformTuner]

    @pytest.mark.parametrize("make", PRESETS)
    def test_each_level_of_each_choice_gets_some_trials(self, make):
        space = {"one": list("abc"), "two": list("xyz"), "x": FloatHyperParam(0, 1)}

        def score(params):
            return (params["one"] == "b") + (params["two"] == "z") + params["x"]

        _, history = tuned(make, Tunable(space), 50, score)
        for name in ("one", "two"):
            counts = Counter(params[name] for params, _ in history)
            assert min(counts.values()) >= 3

    def test_a_proposal_at_a_neglected_level_depends_on_its_trials_alone(self):
        tunable = Tunable({"kind": ["a", "b"], "x": FloatHyperParam(0, 1)})
        few = [({"kind": "b", "x": x}, -x) for x in (0.2, 0.8)]
        proposed = []
        for scores in ([0.5] * 9, range(9)):
            many = [({"kind": "a", "x": i / 9}, s) for i, s in enumerate(scores)]
            tuner = record_all(GPTuner(tunable, random_state=0), few + many)
            proposed.append(tuner.propose())
        assert proposed[0]["kind"] == "b"
        assert proposed[0] == proposed[1]

    def test_pending_configurations_count_for_their_levels(self):
        tunable = Tunable({"kind": ["a", "b"], "x": FloatHyperParam(0, 1)})
        tuner = GPTuner(tunable, random_state=0)
        record_all(tuner, [({"kind": "a", "x": i / 9}, 0.5) for i in range(3)])
        assert tuner.propose()["kind"] == "b"
        pending = [{"kind": "b", "x": i / 9} for i in range(4)]
        assert tuner.propose(pending=pending)["kind"] == "a"

    def test_a_level_that_the_constraint_excludes_is_passed_over(self):
        tunable = Tunable(
            {"kind": ["a", "b"], "x": FloatHyperParam(0, 1)},
            constraint=lambda params: params["kind"] == "a",
        )
        _, history = tuned(GPTuner, tunable, 12, lambda params: params["x"])
        assert {params["kind"] for params, _ in history} == {"a"}

    def test_a_level_with_nothing_left_does_not_take_the_turn_of_another(self):
        number = FloatHyperParam(0, 1)
        tunable = Tunable(
            {
                "kernel": ["linear", "none", "rbf"],
                "C": when("kernel", ["linear", "rbf"], number),
            }
        )

        def score(params):
            return {"linear": 0.6, "none": 0.0, "rbf": -1.0}[params["kernel"]]

        _, history = tuned(GPTuner, tunable, 40, score)
        counts = Counter(params["kernel"] for params, _ in history)
        assert counts["none"] == 1
        assert counts["rbf"] >= 8

    def test_a_transform_never_gets_a_single_score_of_a_level(self):
        sizes = []

        def transform(scores):
            sizes.append(len(scores))
            return standardize(scores)

        make = partial(GPTuner, output_transform=transform)
        tunable = Tunable({"kind": list("abcde"), "x": FloatHyperParam(0, 1)})
        tuned(make, tunable, 20, lambda params: params["x"])
        assert min(sizes) == 2


class TestDraws:
    @given(space=finite_spaces(), n=st.integers(1, 20), seed=st.integers(0, 99))
    def test_draw_untaken_gives_new_configurations_each_once(self, space, n, seed):
        tunable = Tunable(space)
        configs = configurations(space)
        taken = tunable.encode(configs[::2])
        images = _candidates.draw_untaken(
            tunable, {row.tobytes() for row in taken}, n, np.random.default_rng(seed)
        )
        drawn = keys(tunable.decode(images))
        assert len(drawn) == min(n, len(configs[1::2]))
        assert drawn <= keys(configs[1::2])

    @given(n=st.integers(1, 30), seed=st.integers(0, 99), start=st.integers(0, 99))
    def test_neighbours_are_configurations(self, n, seed, start):
        tunable = Tunable(INFINITE["mixed"])
        images = tunable.sample(3, np.random.default_rng(start))
        rng = np.random.default_rng(seed)
        near = _candidates.neighbours(tunable, images, n, [0.1], rng)
        assert near.shape == (n, tunable.n_dims)
        assert all(lies_in(p, INFINITE["mixed"]) for p in tunable.decode(near))
        assert np.array_equal(tunable.encode(tunable.decode(near)), near)

    def test_neighbours_of_small_steps_are_near(self):
        start = np.array([[0.5]])
        rng = np.random.default_rng(0)
        near = _candidates.neighbours(LINE, start, 100, [0.01], rng)
        assert 0 < np.abs(near - start).max() < 0.06

    def test_neighbours_change_every_kind_of_parameter(self):
        tunable = Tunable(INFINITE["mixed"])
        start = tunable.encode(
            [{"C": 1.0, "depth": 10, "kind": "a", "flag": True}],
        )
        rng = np.random.default_rng(0)
        configs = tunable.decode(
            _candidates.neighbours(tunable, start, 200, [0.2], rng)
        )
        [origin] = tunable.decode(start)
        n_changed = [sum(p[name] != origin[name] for name in p) for p in configs]
        for name in origin:
            assert len({params[name] for params in configs}) > 1, name
        assert median(n_changed) <= 2

    def test_neighbours_of_a_number_among_other_values_are_the_next_ones(self):
        tunable = Tunable({"depth": [None, *range(1, 41)]})
        start = tunable.encode([{"depth": 20}])
        rng = np.random.default_rng(0)
        near = tunable.decode(_candidates.neighbours(tunable, start, 2000, [0.02], rng))
        depths = [params["depth"] for params in near]
        numbers = [depth for depth in depths if depth is not None]
        assert stats.binomtest(depths.count(None), 2000, 1 / 41).pvalue > 0.01
        assert 17 <= min(numbers) < 20 < max(numbers) <= 23

    def test_neighbours_of_a_value_among_numbers_are_any_of_them(self):
        numbers = list(range(2, 12))
        tunable = Tunable(
            {"depth": [None, "auto", *numbers], "x": FloatHyperParam(0, 1)}
        )
        start = tunable.encode([{"depth": None, "x": 0.5}])
        rng = np.random.default_rng(0)
        near = tunable.decode(_candidates.neighbours(tunable, start, 3000, [0.02], rng))
        depths = [params["depth"] for params in near]
        assert {None, "auto", *numbers} == set(depths)
        # of an ordinal column the values at the ends have half a cell each
        counts = [depths.count(number) for number in numbers[1:-1]]
        assert stats.chisquare(counts).pvalue > 0.01

    def test_only_the_numbers_among_other_values_are_warped(self):
        tunable = Tunable({"depth": [None, "auto", 1, 2, 3], "kind": ["a", "b"]})
        tuner = GPTuner(tunable, random_state=0)
        assert tuner._warped.tolist() == [True, False, False, False]


class TestEnds:
    @pytest.mark.parametrize("make", [UniformTuner, GPTuner, GCPTuner])
    @pytest.mark.parametrize(
        "distribution",
        [
            stats.expon(scale=100),
            stats.uniform(0, 1),
            stats.beta(2, 3),
            stats.gamma(2),
            stats.lognorm(1),
            stats.loguniform(1e-3, 1e3),
        ],
        ids=lambda distribution: distribution.dist.name,
    )
    def test_the_ends_of_a_distribution_are_never_proposed(self, make, distribution):
        # the best lies at one end, so that a tuner is drawn to it
        tuner = make(Tunable({"x": distribution}), random_state=0)
        low, high = distribution.ppf([0, 1])
        for _ in range(15):
            x = tuner.propose()["x"]
            assert low < x < high
            tuner.record({"x": x}, -x)

    def test_the_ends_of_a_range_are_not_drawn_more_often_than_others(self):
        square = Tunable({"x": FloatHyperParam(0, 1), "y": FloatHyperParam(0, 1)})
        start = square.encode([{"x": 0.01, "y": 0.99}])
        near = _candidates.neighbours(
            square, start, 500, [0.2], np.random.default_rng(0)
        )
        assert np.mean((near == 0) | (near == 1)) < 0.01
