"""What a running search tells: one line on a terminal or in a notebook, and its log.

The terminal is a real one, of a fixed size, whose screen the tests read.
"""

import logging
import multiprocessing
import os
import re
import sys
import threading
import types
import warnings
from pathlib import Path

import pytest
from joblib import parallel_config
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb import BTBSearchCV, BTBSession, Trial, _progress
from sklearn_btb._progress import Progress

STREAMS = ("stdout", "stderr", "__stderr__")
FIRST_LINE = "Fitting 3 folds for each of 6 candidates, totalling 18 fits"
DONE = Trial(0, "a", {}, (), "complete", 1.0)
SPACES = {"a": {"x": range(1, 9)}, "b": {"x": range(1, 9)}}
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")


def without_bar(line):
    return re.sub(r" \|[^|]*\|$", "", line)


class Terminal:
    """A terminal in which stdout and stderr are meanwhile, read when it is closed."""

    def __init__(self, columns=80):
        self._columns = columns
        self._bytes = b""

    def __enter__(self):
        self._outside, inside = os.openpty()
        self._file = os.fdopen(inside, "w", encoding="utf-8")
        self.resize(self._columns)
        self._before = {name: getattr(sys, name) for name in STREAMS}
        for name in STREAMS:
            setattr(sys, name, self._file)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()  # or else the terminal fills up, and writing blocks
        return self

    def __exit__(self, *_):
        for name in STREAMS:
            setattr(sys, name, self._before[name])
        self._file.close()
        self._reader.join()
        os.close(self._outside)

    def resize(self, columns):
        import fcntl
        import struct
        import termios

        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self._file.fileno(), termios.TIOCSWINSZ, size)

    def _read(self):
        try:
            while data := os.read(self._outside, 4096):
                self._bytes += data
        except OSError:  # how Linux says that the other side was closed
            pass

    def output(self):
        return self._bytes.decode().replace("\r\n", "\n")

    def drawings(self):
        """Whatever the lines once were, but for the bar."""
        drawings = re.split("[\r\n]", self.output())
        return [without_bar(drawn.rstrip()) for drawn in drawings]

    def screen(self):
        """The lines as they stand there in the end."""
        lines = []
        for written in self.output().rstrip("\n").split("\n"):
            shown = ""
            for drawn in written.split("\r"):
                shown = drawn + shown[len(drawn) :]
            lines.append(shown.rstrip())
        return lines


class Silent:
    """A callback of scikit-learn that does nothing."""

    def setup(self, estimator, context):
        pass

    on_fit_task_begin = on_fit_task_end = teardown = setup


def search_for(estimators=None, spaces=None, **params):
    estimators = (
        {"a": Toy(x=1), "b": Toy(x=1, peak=1)} if estimators is None else estimators
    )
    spaces = SPACES if spaces is None else spaces
    params = {"cv": THREE_FOLDS, "n_iter": 6, "random_state": 0, "verbose": 1} | params
    return BTBSearchCV(estimators, spaces, **params)


def shown_by(search, columns=80):
    """Let a search run in a terminal, and give that."""
    with Terminal(columns) as terminal:
        search.fit(X, Y)
    return terminal


class Clock:
    """Stands in for the module `time`, and goes on when it is told to."""

    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_progress, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def every_drawing(monkeypatch):
    monkeypatch.setattr(_progress, "INTERVAL", 0.0)


@POSIX
class TestLine:
    def test_is_one_and_stands_below_what_grid_search_prints(self):
        first, line = shown_by(search_for()).screen()
        assert first == FIRST_LINE
        assert without_bar(line) == "6/6, took 00:00 (n_iter), best 10 by b"
        assert re.search(r" \|█+\|$", line)
        assert len(line) == 79  # in the last column the cursor might wrap

    def test_says_how_much_is_done_and_which_estimator_leads(self):
        said = shown_by(search_for()).drawings()
        assert "0/6" in said
        assert "1/6, 00:00 left, best 9 by a" in said
        assert "6/6, 00:00 left, best 10 by b" in said

    def test_says_what_is_left_of_the_budget(self):
        said = shown_by(search_for(time_budget=1000)).drawings()
        assert any(re.fullmatch("0/6, 16:[34].*left", drawn) for drawn in said)

    def test_takes_the_time_left_from_what_this_search_took(self, clock):
        with Terminal() as terminal, Progress(True, n_total=12, n_done=10) as progress:
            clock.now += 60
            progress.tell(DONE)
            progress.show()
        assert "11/12, 01:00 left" in terminal.drawings()

    def test_bar_is_the_share_of_the_budget_where_that_is_more(self, clock):
        with Terminal() as terminal, Progress(True, 9, deadline=clock.now + 80) as it:
            clock.now += 40
            it.show()
        bar = re.findall(r"\|([^|]*)\|", terminal.screen()[-1])[-1]
        assert bar.count("█") == pytest.approx(len(bar) / 2, abs=1)

    def test_is_as_wide_as_the_terminal_has_become(self):
        with Terminal(80) as terminal, Progress(True, n_total=2) as progress:
            terminal.resize(60)
            progress.tell(DONE)
            progress.show()
        assert len(re.split("[\r\n]", terminal.output().rstrip())[-1]) == 59

    def test_is_not_drawn_more_often_than_can_be_seen(self, clock, monkeypatch):
        monkeypatch.setattr(_progress, "INTERVAL", 0.1)
        with Terminal() as terminal, Progress(True, n_total=100) as progress:
            for _ in range(50):
                clock.now += 0.01
                progress.tell(DONE)
                progress.show()
        drawn = {line.partition(",")[0] for line in terminal.drawings()}
        assert 4 <= len(drawn - {"", "0/100"}) <= 6

    def test_says_why_the_search_ended_early(self):
        line = shown_by(search_for(target_score=9.0)).screen()[-1]
        assert without_bar(line) == "1/6, took 00:00 (target_score), best 9 by a"

    def test_counts_what_is_known_from_before(self):
        search = search_for(n_iter=2, verbose=0, warm_start=True).fit(X, Y)
        terminal = shown_by(search.set_params(verbose=1))
        assert "2/4, best 10 by b" in terminal.drawings()
        assert terminal.screen()[-1].startswith("4/4, took")

    def test_ends_before_an_interrupt_goes_on(self):
        def callback(search, trial):
            raise KeyboardInterrupt

        with Terminal() as terminal, pytest.raises(KeyboardInterrupt):
            search_for(callback=callback).fit(X, Y)
        assert terminal.output().endswith("|\n")
        assert len(terminal.screen()) == 2

    def test_the_next_search_has_one_of_its_own(self):
        with Terminal() as terminal:
            search_for().fit(X, Y)
            search_for().fit(X, Y)
        starts = [line[:7] for line in terminal.screen()]
        assert starts == ["Fitting", "6/6, to"] * 2

    def test_of_a_session(self):
        def scorer(name, config):
            return None if config["k"] == 3 else float(config["k"])

        spaces = {"one": {"k": [1]}, "more": {"k": [2, 3]}}
        session = BTBSession(spaces, scorer, "uniform", maximize=False, verbose=True)
        with Terminal() as terminal:
            session.run(2)
            session.run()
        assert [without_bar(line) for line in terminal.screen()] == [
            "2/2, took 00:00 (iterations), best 1 by one",
            "1, took 00:00 (exhausted), best 1 by one",
        ]

    def test_of_a_session_that_is_interrupted_gives_no_reason(self):
        def scorer(name, config):
            raise KeyboardInterrupt

        session = BTBSession({"a": {"k": [1]}}, scorer, verbose=True)
        with Terminal() as terminal, pytest.raises(KeyboardInterrupt):
            session.run(2)
        assert [without_bar(line) for line in terminal.screen()] == ["0/2"]

    @pytest.mark.parametrize(("columns", "width"), [(30, 29), (200, 199), (0, 79)])
    def test_keeps_to_the_width_or_to_80_where_it_is_not_known(self, columns, width):
        name = "the name of an estimator"
        terminal = shown_by(search_for({name: Toy()}, {name: {}}), columns)
        assert len(terminal.screen()) == 2
        drawn = terminal.output().splitlines()[1:]  # which a CR ends as well
        assert max(map(len, drawn)) == width


@POSIX
class TestWhatElseIsPrinted:
    def test_by_the_callback_stands_above_the_line(self):
        def callback(search, trial):
            print("seen", trial.number)

        shown = shown_by(search_for(callback=callback)).screen()
        assert shown[1:-1] == [f"seen {number}" for number in range(6)]
        assert shown[-1].startswith("6/6, took")

    def test_by_the_log_stands_above_the_line(self, caplog):
        logger = logging.getLogger("sklearn_btb")
        caplog.set_level(logging.INFO, logger.name)
        with Terminal() as terminal:
            handler = logging.StreamHandler(sys.stderr)
            logger.addHandler(handler)
            search_for().fit(X, Y)
            logger.removeHandler(handler)
        shown = terminal.screen()
        assert shown[2] == "new best score 9: 'a' with {'x': 1}"
        assert shown[-2].startswith("6/6, took")
        assert not any(" left" in line for line in shown)

    def test_by_a_search_in_this_one_is_its_first_line_alone(self):
        inner = search_for(Toy(), {"x": [1, 2]})
        *first_lines, line = shown_by(
            search_for(inner, {"n_iter": [1, 2]}, refit=False)
        ).screen()
        assert len(first_lines) == 1 + 2 * 3
        assert all(each.startswith("Fitting 3 folds for each") for each in first_lines)
        assert line.startswith("2/2, took")

    def test_by_searches_in_threads_is_their_first_lines_alone(self):
        inner = search_for(Toy(), {"x": [1, 2]})
        search = GridSearchCV(inner, {"max_errors": [1, 2]}, cv=3, refit=False)
        with parallel_config("threading", n_jobs=2):
            output = shown_by(search).output()
        line = "Fitting 3 folds for each of 2 candidates, totalling 6 fits"
        assert output.split() == line.split() * 6

    @pytest.mark.skipif(sys.platform != "linux", reason="forks")
    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_by_a_search_in_a_worker_is_its_first_line_alone(self):
        inner = search_for(Toy(), {"x": [1, 2]})
        context = multiprocessing.get_context("fork")
        with Terminal() as terminal:
            print("the line of the process", end="", flush=True)
            worker = context.Process(target=inner.fit, args=(X, Y))
            worker.start()
            worker.join()
        line = "Fitting 3 folds for each of 2 candidates, totalling 6 fits"
        assert terminal.screen() == [line]

    def test_with_a_line_for_every_fold_there_is_no_other(self):
        shown = shown_by(search_for(verbose=2)).screen()
        assert len(shown) == 1 + 6 * 3
        assert all(line.startswith("[CV] END") for line in shown[1:])


class TestNoLine:
    @pytest.mark.parametrize("verbose", [0, 1])
    def test_where_there_is_no_terminal(self, verbose, capfd):
        search_for(verbose=verbose).fit(X, Y)
        BTBSession(SPACES, lambda *_: 1.0, verbose=bool(verbose)).run(2)
        assert capfd.readouterr() == (f"{FIRST_LINE}\n" * verbose, "")

    @POSIX
    def test_where_nobody_asks_for_it(self):
        with Terminal() as terminal:
            search_for(verbose=0).fit(X, Y)
            BTBSession(SPACES, lambda *_: 1.0).run(2)
        assert terminal.output() == ""

    @POSIX
    def test_where_something_else_stands_for_stderr(self):
        with Terminal() as terminal:
            sys.__stderr__ = None
            search_for().fit(X, Y)
        assert terminal.screen() == [FIRST_LINE]

    @POSIX
    def test_beside_callbacks_of_scikit_learn(self):
        pytest.importorskip("sklearn.callback", reason="scikit-learn >= 1.9")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # not passed on to `Toy`
            terminal = shown_by(search_for().set_callbacks(Silent()))
        assert terminal.screen() == [FIRST_LINE]

    def test_tqdm_is_imported_only_where_a_line_is_shown(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm", None)  # an import would raise
        search_for().fit(X, Y)
        for path in Path(_progress.__file__).parent.glob("*.py"):
            assert not re.search("^(import|from) tqdm", path.read_text(), re.M)


def test_in_a_notebook_the_line_is_one_output_that_is_updated(monkeypatch, capsys):
    """`IPython` here has just what is used of it, and keeps the outputs of a cell."""
    outputs = []

    class Shown:
        def __init__(self, data):
            outputs.append([data["text/plain"]])

        def update(self, data, raw):
            outputs[-1].append(data["text/plain"])

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = lambda data, raw, display_id: Shown(data)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    search_for().fit(X, Y)
    assert capsys.readouterr() == (f"{FIRST_LINE}\n", "")
    assert len(outputs) == 1
    assert without_bar(outputs[0][-1]) == "6/6, took 00:00 (n_iter), best 10 by b"
    assert "█" in outputs[0][-1]


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, logger="sklearn_btb")

    def messages(level):
        return [r.getMessage() for r in caplog.records if r.levelno == level]

    return messages


class TestLog:
    def test_info_is_the_begin_the_end_and_every_new_best(self, log):
        search_for(verbose=0).fit(X, Y)
        assert log(logging.INFO) == [
            "the search begins: 0/6 candidates are done",
            "new best score 9: 'a' with {'x': 1}",
            "new best score 10: 'b' with {'x': 1}",
            "the search ends by n_iter: 6/6 candidates are done",
        ]

    def test_debug_is_every_candidate(self, log):
        search = search_for(
            Toy(x=1, bad=(2,)), {"x": [1, 2]}, error_score=0.0, verbose=0
        )
        with pytest.warns(FitFailedWarning):
            search.fit(X, Y)
        first, second, error = log(logging.DEBUG)
        assert first == "candidate 0 is complete, score 9: 'toy' with {'x': 1}"
        assert second == "candidate 1 is failed, score 0: 'toy' with {'x': 2}"
        assert error.endswith("ValueError: x must not be 2\n")

    def test_scores_are_told_to_six_digits(self, log):
        search = search_for(Toy(x=1.23456789), {}, verbose=0).fit(X, Y)
        assert search.best_score_ != 8.47584
        assert log(logging.INFO)[1] == "new best score 8.47584: 'toy' with {}"

    def test_a_dropped_estimator_is_told(self, log):
        estimators = {"good": Toy(), "bad": Toy(bad=(0,))}
        search = search_for(estimators, {"good": {"x": [0, 1]}, "bad": {}}, verbose=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            search.set_params(max_errors=1).fit(X, Y)
        assert "'bad' is dropped; its errors: 1" in log(logging.INFO)

    def test_an_exception_ends_the_search_as_well(self, log):
        search = search_for(Toy(bad=(0,)), {}, error_score="raise")
        with pytest.raises(ValueError, match="x must not be 0"):
            search.fit(X, Y)
        end = "the search ends by ValueError: 0/1 candidates are done"
        assert log(logging.INFO)[-1] == end

    def test_what_was_found_before_is_no_news(self, log, caplog):
        search = search_for(n_iter=2, warm_start=True).fit(X, Y)
        caplog.clear()
        search.fit(X, Y)
        assert log(logging.INFO) == [
            "the search begins: 2/4 candidates are done",
            "the search ends by n_iter: 4/4 candidates are done",
        ]

    def test_a_candidate_that_racing_stopped_is_never_the_best(self, log):
        def stop_others(scores, complete):
            return len(complete) > 0

        spaces = {"x": [2, 1, 0]}
        search_for(Toy(x=2), spaces, racing=stop_others, verbose=0).fit(X, Y)
        best = [message for message in log(logging.INFO) if "new best" in message]
        assert best == ["new best score 6: 'toy' with {'x': 2}"]
        assert sum("is stopped" in message for message in log(logging.DEBUG)) == 2

    def test_of_a_session(self, log):
        BTBSession({"a": {"k": [1]}}, lambda _, config: float(config["k"])).run()
        assert log(logging.INFO)[0] == "the search begins: 0 candidates are done"
        assert log(logging.INFO)[1] == "new best score 1: 'a' with {'k': 1}"
        assert len(log(logging.DEBUG)) == 1

    def test_shows_nothing_unless_asked_for(self, capfd):
        def fails(name, config):
            raise RuntimeError("no luck")

        with pytest.warns(UserWarning, match=r"None of 1 .*'a'.*no luck"):
            BTBSession({"a": {"k": [1]}}, fails).run()
        search_for(verbose=0).fit(X, Y)
        assert capfd.readouterr() == ("", "")
