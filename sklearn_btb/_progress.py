"""What is told of a running search: its log, and one line that is written over.

The line is tqdm's, which knows the width of the terminal and where the bars of others
are. It is imported when there is something to show.
"""

import logging
import math
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

from ._trial import Trial

INTERVAL: Final = 0.1  # seconds from one drawing to the next

logger = logging.getLogger("sklearn_btb")

_has_line = False  # whether some search of this process shows one


class Progress:
    """Candidates done, time left, the best score and whose it is.

    The log has it all. The line is for someone who looks on: there is none unless
    stderr is a terminal or this is a notebook, none within a search that has one, and
    none in worker processes and in threads, of which there may be many.

    Parameters
    ----------
    wanted : bool
        Whether to show a line.
    n_total : int or None
        How many candidates there are to be; None if nobody knows.
    n_done : int, default=0
        How many of them are known from before; they say nothing of the time left.
    deadline : float, default=inf
        When the search ends in any case, by `time.monotonic`.

    Attributes
    ----------
    leader : Trial or None
        The best candidate so far, to be set by whoever judges them.
    reason : str or None
        Why the search ended, to be set when it does.
    """

    def __init__(
        self,
        wanted: bool,
        n_total: int | None,
        n_done: int = 0,
        deadline: float = math.inf,
    ) -> None:
        self.leader: Trial | None = None
        self.reason: str | None = None
        self._wanted = wanted
        self._n_total = n_total
        self._n_done = self._n_before = n_done
        self._deadline = deadline
        self._end = math.inf  # as expected when the last candidate was done
        self._drawn = -math.inf
        self._bar: Any = None

    def __enter__(self) -> "Progress":
        self._began = time.monotonic()
        logger.info("the search begins: %s candidates are done", self._counted())
        self._file = _file_for_line() if self._wanted else None
        if self._file is not None:
            self._bar = _make_bar(self._file, self._counted())
            _note(True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            _note(False)
            if self.reason is not None:
                self._draw(time.monotonic())
            self._bar.close()
            self._bar = None
        reason = self.reason if kind is None else kind.__name__
        done = self._counted()
        logger.info("the search ends by %s: %s candidates are done", reason, done)

    def tell(self, trial: Trial) -> None:
        """Tell that a candidate is done."""
        self._n_done += 1
        if self._n_total is not None:
            now = time.monotonic()
            pace = (now - self._began) / (self._n_done - self._n_before)
            self._end = now + pace * (self._n_total - self._n_done)
        proposal = trial.estimator_name, trial.params
        result = trial.number, trial.state, trial.score
        logger.debug("candidate %d is %s, score %.6g: %r with %r", *result, *proposal)
        if trial.error:
            logger.debug("candidate %d: %s", trial.number, trial.error)
        if trial is self.leader:
            logger.info("new best score %.6g: %r with %r", trial.score, *proposal)

    def show(self) -> None:
        """Draw the line anew, but not more often than can be seen."""
        if self._bar is not None:
            now = time.monotonic()
            if now >= self._drawn + INTERVAL:
                self._draw(now)

    @contextmanager
    def aside(self, loud: bool) -> Iterator[None]:
        """Take the line away while something else is printed.

        Parameters
        ----------
        loud : bool
            Whether that may be more than the log.
        """
        if self._bar is None or not (loud or logger.isEnabledFor(logging.INFO)):
            yield
            return
        self._bar.clear()
        yield
        self._bar.refresh()

    def _draw(self, now: float) -> None:
        part = self._n_done / self._n_total if self._n_total else 0.0
        if self._deadline < math.inf:
            budget = max(self._deadline - self._began, INTERVAL)
            part = max(part, (now - self._began) / budget)
        said = [self._counted()]
        left = min(self._end, self._deadline) - now
        if self.reason is not None:
            took = self._bar.format_interval(now - self._began)
            said.append(f"took {took} ({self.reason})")
        elif left < math.inf:
            said.append(f"{self._bar.format_interval(max(left, 0.0))} left")
        if self.leader is not None:
            said.append(f"best {self.leader.score:.4g} by {self.leader.estimator_name}")
        self._bar.n = min(part, 1.0)
        self._bar.ncols = _width(self._file)
        self._bar.set_description_str(", ".join(said))
        self._drawn = now

    def _counted(self) -> str:
        total = "" if self._n_total is None else f"/{self._n_total}"
        return f"{self._n_done}{total}"


def say(text: str) -> None:
    """Print, and do not tear the line of a search or a loop around this one."""
    if _in_worker() and sys.stdout.isatty():
        # its first process may have a line there, to be written over to its end
        text = "\r" + text.ljust(_width(sys.stdout))
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    write = print if tqdm is None else tqdm.write
    write(text)


def _in_worker() -> bool:
    return multiprocessing.parent_process() is not None


def _note(has_line: bool) -> None:
    global _has_line
    _has_line = has_line


def _make_bar(file: Any, text: str) -> Any:
    from tqdm import tqdm

    # tqdm's own numbers know nothing of budgets; all is said in the description, and
    # what is cut off where it is too long is the name, which comes last
    form = "{desc} |{bar}|"
    size = {"ncols": _width(file), "nrows": 24}
    return tqdm(desc=text, total=1.0, file=file, bar_format=form, delay=0, **size)


def _width(file: Any) -> int:
    """Return the columns of a terminal but for the last, where a cursor may wrap.

    Where nobody knows, as some terminals say by 0, they are taken to be 80.
    """
    try:
        columns = os.get_terminal_size(file.fileno()).columns
    except (AttributeError, OSError):
        columns = 0
    return (columns or 80) - 1


def _file_for_line() -> Any:
    """Return what to write a line to; None if nobody would see it, or it would clash.

    Whoever put something else in the place of stderr, as live displays do, expects
    whole lines.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if _has_line or not in_main_thread or _in_worker():
        return None
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel"):
        return _Cell()
    stderr = sys.stderr
    is_own = stderr is not None and stderr is sys.__stderr__
    return stderr if is_own and stderr.isatty() else None


class _Cell:
    """The output of a notebook's cell as a file that keeps the last line written to it.

    Other output in between leaves it where it is, and it is saved as it is seen.
    """

    encoding = "utf-8"  # by which tqdm chooses how to draw

    def __init__(self) -> None:
        from IPython import display

        shown: Any = display.display  # which has no types
        self._shown = shown({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        if line := text.strip():
            self._shown.update({"text/plain": line}, raw=True)

    def flush(self) -> None:
        pass
