"""The log of a search: nothing is lost, altered, mistaken or executed."""

import json
import math
import pickle
import subprocess
import sys
import tempfile
import warnings
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.svm import SVC
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb import (
    BooleanHyperParam,
    BTBSearchCV,
    FloatHyperParam,
    IntHyperParam,
    Trial,
    Tunable,
)
from sklearn_btb._journal import Journal
from sklearn_btb._trial import FoldResult

FACTS = {"scoring": "'accuracy'", "X": "a list", "version of numpy": "2.0"}
SEVERAL = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)


def exact(value):
    """Something that is equal only for values of equal types all the way down."""
    kind = type(value)
    if isinstance(value, dict):
        return kind, [(key, exact(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return kind, [exact(part) for part in value]
    if isinstance(value, Trial | FoldResult):
        return kind, [exact(getattr(value, name)) for name in value.__slots__]
    known = isinstance(value, str | int | float | bool | type(None) | np.generic)
    return kind, repr(value) if known else id(value)


class Log:
    """A file to open as a journal, once the tunables are known."""

    def __init__(self, path, tunables, n_splits=3):
        self.path = Path(path)
        self.tunables = tunables
        self.n_splits = n_splits

    def open(self, facts=FACTS, seed=0):
        return closing(Journal(self.path, facts, self.tunables, self.n_splits, seed))

    def write(self, trials):
        with self.open() as journal:
            for trial in trials:
                journal.append(trial)

    def read(self):
        with self.open() as journal:
            return journal.trials


def fold(score=0.5, train_scores=None, fit_time=0.1, **more):
    return FoldResult(score, train_scores, fit_time, 0.2, **more)


TUNABLES = {
    "svc": Tunable(
        {
            "C": FloatHyperParam(1e-3, 1e3, log=True),
            "kernel": ["rbf", "linear", None],
            "degree": IntHyperParam(1, 9),
            "shrinking": BooleanHyperParam(),
            "tol": stats.loguniform(1e-4, 1),
        },
        defaults={"C": 1, "tol": 0.1},
    ),
    "toy": Tunable([{"x": [1, 2.0, 4]}, {"x": [SVC(), len]}]),
}
DRAWN = TUNABLES["svc"].sample(1, np.random.default_rng(0))
MANY = fold({"a": 1.0, "b": 2.0}, train_scores={"a": 0.0, "b": 1.0})
FAILED, UNSCORED = fold(fit_error="E"), fold(unscored=("a",), score_error="E")
TRIALS = [
    Trial(0, "svc", TUNABLES["svc"].defaults, (fold(), fold(), None), "stopped", 0.5),
    Trial(2, "toy", {"x": 2.0}, (FAILED,) * 3, "failed", math.nan),
    Trial(1, "svc", TUNABLES["svc"].decode(DRAWN)[0], (MANY,) * 3, "complete", 1.0),
    Trial(3, "toy", {"x": len}, (UNSCORED,) * 3, "complete", 1.0),
]


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "log", TUNABLES)


@pytest.fixture
def full_log(log):
    log.write(TRIALS)
    return log


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    log = Log(tmp_path_factory.mktemp("log") / "log", TUNABLES)
    log.write(TRIALS)
    return log.path.read_bytes()


def line_of(record):
    """A line whose checksum is right, whatever is in it."""
    text = record if isinstance(record, bytes) else json.dumps(record).encode()
    return b"%08x %s" % (zlib.crc32(text), text)


def refused(log, content, match):
    log.path.write_bytes(content)
    with pytest.raises(ValueError, match=match) as caught:
        log.read()
    assert log.path.read_bytes() == content
    return caught.value


NUMBERS = st.floats(-1e6, 1e6)
VALUES = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(),
    st.booleans(),
    st.none(),
    st.integers(-9, 9).map(np.int64),
    NUMBERS.map(np.float64),
    st.text(max_size=3).map(np.str_),
    st.sampled_from([SVC(), SVC(C=2), len, max, np.log, (1, 2), {"a": 1}, b"bytes"]),
)
DISTRIBUTIONS = [stats.norm(3, 2), stats.loguniform(1e-5, 1e5), stats.gamma(2)]
DISTRIBUTIONS += [stats.randint(-5, 5), stats.poisson(3), stats.randint(0, 2**40)]
SPACES = st.one_of(
    st.builds(
        lambda a, n: IntHyperParam(a, a + n), st.integers(-9, 9), st.integers(0, 99)
    ),
    st.integers(1, 2**20).map(lambda low: IntHyperParam(low, 2 * low, log=True)),
    st.builds(lambda a, n: FloatHyperParam(a, a + n), NUMBERS, st.floats(0, 1e6)),
    st.floats(1e-9, 1e6).map(lambda low: FloatHyperParam(low, 7 * low, log=True)),
    st.booleans().map(BooleanHyperParam),
    st.sampled_from(DISTRIBUTIONS),
    st.lists(st.integers() | NUMBERS, min_size=1, max_size=4, unique=True),
    st.lists(VALUES, min_size=1, max_size=4),
)
SCORES = st.floats()
FOLDS = st.none() | st.builds(
    FoldResult,
    test_scores=SCORES | st.dictionaries(st.text(), SCORES, min_size=1, max_size=2),
    train_scores=st.none() | SCORES | st.dictionaries(st.text(), SCORES, max_size=2),
    fit_time=SCORES,
    score_time=SCORES,
    fit_error=st.none() | st.text(),
    score_error=st.none() | st.text(),
    unscored=st.lists(st.text(), max_size=2).map(tuple),
)


@st.composite
def logged(draw):
    """Tunables, with defaults on and off the grid, and trials of them."""
    space = st.dictionaries(st.text(min_size=1), SPACES, max_size=3)
    tunables = {}
    for name in ("a", "b"):
        parts = draw(st.lists(space, min_size=1, max_size=2))
        seeds = draw(st.dictionaries(st.text(min_size=1), VALUES | NUMBERS, max_size=3))
        names = [name for part in parts for name in part]
        defaults = dict(zip(names, seeds.values(), strict=False))
        tunables[name] = Tunable(parts, defaults)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    trials = []
    for number in draw(st.permutations(range(4))):
        name = draw(st.sampled_from("ab"))
        params = tunables[name].decode(tunables[name].sample(1, rng))[0]
        params = params if draw(st.booleans()) else dict(tunables[name].defaults)
        folds = draw(st.tuples(FOLDS, FOLDS))
        state = draw(st.sampled_from(["complete", "failed", "stopped"]))
        trials.append(Trial(number, name, params, folds, state, draw(SCORES)))
    return tunables, trials


class TestRoundTrip:
    @SEVERAL
    @given(logged())
    def test_a_trial_comes_back_as_it_was(self, drawn):
        tunables, trials = drawn
        with tempfile.TemporaryDirectory() as folder:
            log = Log(Path(folder, "log"), tunables, n_splits=2)
            log.write(trials)
            assert exact(log.read()) == exact(trials)
            assert log.path.read_bytes().count(b"\n") == 1 + len(trials)

    @pytest.mark.parametrize("value", [1, 0.1, np.float64(0.1), np.int64(1)])
    def test_a_default_that_lies_off_the_grid(self, log, value):
        space = {"C": FloatHyperParam(1e-3, 7, log=True), "t": stats.gamma(2)}
        log.tunables = {"a": Tunable(space, {"C": value, "t": value})}
        params = log.tunables["a"].defaults
        assert type(params["t"]) is type(value)  # or nothing is tested
        log.write([Trial(0, "a", params, (None,) * 3, "complete", 0.5)])
        assert exact(log.read()[0].params) == exact(params)

    def test_numbers_of_numpy_among_the_scores_come_back_as_numbers(self, log):
        given = fold(np.float32(0.5), fit_time=np.float64(1)), fold(0.5, fit_time=1.0)
        trials = [
            Trial(0, "toy", {"x": 1}, (each,) * 3, "complete", kind(1))
            for each, kind in zip(given, (np.float64, float), strict=True)
        ]
        log.write(trials[:1])
        assert exact(log.read()) == exact(trials[1:])

    def test_later_trials_are_added(self, full_log):
        trial = Trial(9, "toy", {"x": 1}, (None,) * 3, "complete", 0.5)
        with full_log.open() as journal:
            journal.append(trial)
        assert exact(full_log.read()) == exact([*TRIALS, trial])

    def test_seed_is_that_of_the_beginning(self, log):
        for seed in (2**64 - 1, 5):
            with log.open(seed=seed) as journal:
                assert journal.seed == 2**64 - 1

    def test_is_text(self, content):
        assert content.isascii() and b"sklearn.svm" not in content
        assert content.startswith(b"%08x " % zlib.crc32(content.split(b"\n")[0][9:]))


class TestDuringASearch:
    def test_a_trial_is_there_before_the_next_decision(self, tmp_path):
        path = tmp_path / "log"
        seen = []

        def look(search, trial):
            *lines, last = path.read_bytes().split(b"\n")
            assert last == b""
            seen.append([json.loads(line[9:])["number"] for line in lines[1:]])

        search = BTBSearchCV(Toy(), {"x": range(9)}, n_iter=4, cv=THREE_FOLDS)
        search.set_params(checkpoint=path, callback=look, random_state=0).fit(X, Y)
        assert seen == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]

    def test_no_other_may_write_to_it(self, tmp_path):
        search = BTBSearchCV(Toy(), {"x": range(9)}, n_iter=4, cv=THREE_FOLDS)
        search.set_params(checkpoint=tmp_path / "log", random_state=0)
        other = BTBSearchCV(**search.get_params(deep=False))
        search.callback = lambda *_: other.fit(X, Y) and False
        with pytest.raises(BlockingIOError, match="another search has"):
            search.fit(X, Y)
        assert other.fit(X, Y).n_splits_ == 3  # the first has let go of it


HOLDER = """
import sys
from test_journal import TUNABLES, Log
with Log(sys.argv[1], TUNABLES).open():
    print("ready", flush=True)
    sys.stdin.read()
"""


class TestLock:
    def test_within_a_process(self, full_log):
        with full_log.open():
            before = full_log.path.read_bytes()
            with pytest.raises(BlockingIOError, match="another search has"):
                full_log.read()
        assert full_log.path.read_bytes() == before
        assert len(full_log.read()) == 4

    @pytest.mark.parametrize("end", ["close", "kill"])
    def test_between_processes(self, full_log, end):
        command = [sys.executable, "-c", HOLDER, full_log.path]
        pipes = dict.fromkeys(["stdin", "stdout"], subprocess.PIPE)
        with subprocess.Popen(command, cwd=Path(__file__).parent, **pipes) as other:
            assert other.stdout.readline().strip() == b"ready"
            with pytest.raises(BlockingIOError):
                full_log.read()
            if end == "kill":
                other.kill()
        assert len(full_log.read()) == 4


FOREIGN = [
    "Dear diary",
    "Dear\ndiary\n",
    "a,b\n1,2\n",
    "{}",
    "\n",
    "\0" * 99,
    "12345678 {",
]


class TestDamage:
    @pytest.mark.parametrize("line", range(5))
    def test_a_line_that_misses_a_part(self, log, content, line):
        lines = content.split(b"\n")
        lines[line] = lines[line][:-7]
        refused(log, b"\n".join(lines), rf"line {line + 1} of .*checksum is wrong")

    @SEVERAL
    @given(st.data())
    def test_a_flipped_bit_is_noticed_wherever_it_is(self, content, data):
        place = data.draw(st.integers(0, len(content) - 2))  # not the last line's end
        flipped = bytearray(content)
        flipped[place] ^= 1 << data.draw(st.integers(0, 7))
        n_before = content[:place].count(b"\n")
        with tempfile.TemporaryDirectory() as folder:
            log = Log(Path(folder, "log"), TUNABLES)
            refused(log, bytes(flipped), rf"line {n_before + 1} of the checkpoint")

    @pytest.mark.parametrize("line", range(1, 6))
    def test_a_line_of_garbage(self, log, content, line):
        for garbage in (b"", b"\x00\xff\x80", b"a,b,c"):
            lines = content.split(b"\n")
            lines.insert(line, garbage)
            refused(log, b"\n".join(lines), rf"line {line + 1} of")

    def test_a_trial_that_is_there_twice(self, log, content):
        line = content.split(b"\n")[2]
        refused(log, content + line + b"\n", "line 6 of .*trial 2 is there twice")

    @pytest.mark.parametrize("text", FOREIGN)
    def test_a_file_that_is_no_log(self, log, text):
        refused(log, text.encode(), "line 1 of .* cannot be read.*Nothing was changed")

    def test_nothing_is_executed(self, log, tmp_path):
        class Bomb:
            def __reduce__(self):
                return Path.touch, (tmp_path / "executed",)

        refused(log, pickle.dumps(Bomb()), "line 1")
        assert not (tmp_path / "executed").exists()

    def test_a_log_of_another_format(self, log):
        header = {"format": "sklearn_btb search, format 2", "seed": 0, "search": FACTS}
        refused(log, line_of(header) + b"\n", "line 1 of .*the format must not be")

    @pytest.mark.parametrize("name", FACTS)
    def test_a_log_of_another_search(self, log, content, name):
        log.path.write_bytes(content)
        with pytest.raises(ValueError, match="is of another search") as caught:
            log.open({**FACTS, name: "other"})
        named = [row for row in str(caught.value).split("\n") if row.startswith("- ")]
        assert named == [f"- {name}: {FACTS[name]} there, other here"]
        assert log.path.read_bytes() == content

    @SEVERAL
    @given(st.data())
    def test_what_was_being_written_is_dropped(self, content, data):
        lines = content.split(b"\n")
        n_kept = data.draw(st.integers(0, 4))
        kept = b"".join(line + b"\n" for line in lines[:n_kept])
        least = 60 if n_kept == 0 else 0  # less of a first line could be anything
        torn = lines[n_kept][: data.draw(st.integers(least, len(lines[n_kept])))]
        with tempfile.TemporaryDirectory() as folder:
            log = Log(Path(folder, "log"), TUNABLES)
            log.path.write_bytes(kept + torn)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                log.write(TRIALS[max(0, n_kept - 1) :])
            assert [each.category for each in caught] == [UserWarning] * bool(torn)
            assert log.path.read_bytes() == content
            assert exact(log.read()) == exact(TRIALS)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**30), 2**63, 0, 1, 0.0, 1.0, -1.0, "", "1", "nan"])
    | st.floats()
    | st.sampled_from(["__class__", "__init__", "svc", "toy", "C", "x", "complete"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=5) | st.just("__class__"), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw, record):
    """A record with something else at some place, or without it, or with more."""
    record = json.loads(record)
    places = [(record, key) for key in record]
    for container, key in places:
        inner = container[key]
        if isinstance(inner, dict | list):
            keys = inner if isinstance(inner, dict) else range(len(inner))
            places += [(inner, key) for key in keys]
    for _ in range(draw(st.integers(1, 2))):
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "remove" if isinstance(container, dict):
                container.pop(key, None)
            case "add" if isinstance(container, dict):
                container[draw(st.text(max_size=3) | st.just("__class__"))] = draw(JSON)
            case _ if isinstance(container, dict) or key < len(container):
                container[key] = draw(JSON)
    return record


def check_types(trial):
    """Check that a trial has the types that one has that was never in a file."""
    assert type(trial.number) is int and type(trial.score) is float
    assert trial.state in ("complete", "failed", "stopped")
    tunable = TUNABLES[trial.estimator_name]
    image = tunable.encode([trial.params])
    kinds = {name: {type(value)} for name, value in tunable.decode(image)[0].items()}
    for name, value in trial.params.items():
        assert type(value) in kinds[name] | {type(tunable.defaults.get(name))}
    assert type(trial.folds) is tuple and len(trial.folds) == 3
    for each in trial.ran:
        assert type(each) is FoldResult and type(each.unscored) is tuple
        for scores in (each.test_scores, each.train_scores or 0.0):
            scores = scores if type(scores) is dict else {"score": scores}
            assert {type(score) for score in scores.values()} <= {float}
        assert type(each.fit_time) is type(each.score_time) is float
        texts = [each.fit_error, each.score_error, *each.unscored]
        assert all(text is None or type(text) is str for text in texts)


WRONG_BY_KEY = {
    "number": ["2", 2.0, True, -1, math.inf],
    "name": ["__class__", ["svc"]],
    "params": [
        {"__class__": 1},
        {"C": {}},
        {"C": "1"},
        {"C": True},
        {"C": 10**400},
        [],
    ],
    "params of another image": [{"kernel": "linear"}, {"kernel": "x"}, {"degree": 5.0}],
    "image": [[0.5], [10**400] * 7, [math.nan] * 7, [2.0] * 7, "0.5", None],
    "score": ["0.5", 10**400],
    "state": ["interrupted", ["complete"]],
    "folds": [[None] * 2, [0] * 3, [{}] * 3, "abc", {"0": None, "1": None, "2": None}],
}
WRONG = [
    (key.split()[0], value) for key, values in WRONG_BY_KEY.items() for value in values
]


class TestHostileLogs:
    """The checksum is right, and what it vouches for is not."""

    def check(self, content, line, text):
        lines = content.split(b"\n")
        lines[line] = line_of(text)
        with tempfile.TemporaryDirectory() as folder:
            log = Log(Path(folder, "log"), TUNABLES)
            log.path.write_bytes(b"\n".join(lines))
            try:
                trials = log.read()
            except ValueError as error:
                foreign = line == 0 and "is of another search" in str(error)
                assert foreign or f"line {line + 1} of" in str(error)
            else:
                for trial in trials:
                    check_types(trial)
            assert log.path.read_bytes() == b"\n".join(lines)

    @settings(SEVERAL, max_examples=300)
    @given(st.data())
    def test_a_record_with_other_parts(self, content, data):
        line = data.draw(st.integers(0, 4))
        record = content.split(b"\n")[line][9:]
        self.check(content, line, data.draw(mutated(record)))

    @settings(SEVERAL, max_examples=100)
    @given(
        st.integers(0, 4), JSON | st.binary(max_size=9).filter(lambda b: b"\n" not in b)
    )
    def test_no_record_at_all(self, content, line, text):
        self.check(content, line, text)

    @pytest.mark.parametrize("line", [0, 1])
    @pytest.mark.parametrize(
        "text", [b"[" * 99999, b"9" * 9999, b'"\xff"', b"\xff\xfe"]
    )
    def test_a_text_that_upsets_the_parser(self, log, content, line, text):
        lines = content.split(b"\n")
        lines[line] = line_of(text)
        refused(log, b"\n".join(lines), f"line {line + 1} of")

    def test_a_value_that_is_equal_but_of_another_type(self, log):
        log.tunables = {"a": Tunable({"x": [np.int64(4), 5]})}
        log.write([Trial(0, "a", {"x": np.int64(4)}, (None,) * 3, "complete", 0.5)])
        header, line, _ = log.path.read_bytes().split(b"\n")
        line = line_of({**json.loads(line[9:]), "params": {"x": 4}})
        refused(log, header + b"\n" + line + b"\n", "line 2 of .* cannot be read")

    @pytest.mark.parametrize(("key", "value"), WRONG)
    def test_one_value_of_a_wrong_kind(self, log, content, key, value):
        lines = content.split(b"\n")
        record = json.loads(lines[1][9:])
        lines[1] = line_of({**record, key: value})
        refused(log, b"\n".join(lines), "line 2 of .* cannot be read")
