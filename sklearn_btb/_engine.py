"""The engine: one loop that proposes, starts folds, and takes in what came of them.

All decisions are made here, in the caller's thread. A proposal is made when a worker
is free and no fold of an earlier candidate waits for one (in a race: none that will
surely be run), and it knows of every result that has come in by then; so at most
`n_workers - 1` candidates are pending.
"""

import bisect
import itertools
import logging
import math
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np

from ._evaluation import Problem, evaluate, failed_fold
from ._executor import Executor, make_executor
from ._interrupts import interrupts_held_back
from ._progress import Progress
from ._racing import Rule, expected_score
from ._results import has_failed, mean_score
from ._session import BTBSession
from ._sklearn_compat import has_callbacks
from ._space import Tunable
from ._trial import FoldResult, StopTuning, Trial

logger = logging.getLogger("sklearn_btb")

GRACE: Final = 0.05  # of the time budget, for folds that run when it is spent
LONGEST_WAIT: Final = 1.0  # seconds; Windows cannot interrupt an endless one
WORTH_A_TASK: Final = 0.01  # seconds; shorter folds of a candidate share a task


class Limits(NamedTuple):
    """When a search ends.

    Attributes
    ----------
    n_iter : int or float
        How many trials there are in the end; infinite without a limit.
    earlier : set of int
        The numbers of those of an earlier fit, which count for nothing but the best.
    time_budget : float or None
        Seconds after which nothing is started any more.
    fit_timeout : float or None
        Seconds that a fold may take.
    patience : int or None
        Candidates in a row without a new best score.
    target_score : float or None
        The score that is good enough.
    started : float
        When the time began to count, by `time.monotonic`.
    """

    n_iter: float
    earlier: frozenset[int] = frozenset()
    time_budget: float | None = None
    fit_timeout: float | None = None
    patience: int | None = None
    target_score: float | None = None
    started: float = 0.0


@dataclass(eq=False)
class _Candidate:
    """A proposal that is being evaluated."""

    number: int
    name: str
    params: dict[str, Any]
    folds: list[FoldResult | None]
    waiting: deque[int]  # splits not yet started
    n_running: int = 0
    lost: bool = False  # against the incumbent
    suspect: bool = False  # of having killed a worker
    n_deaths: Counter[int] = field(default_factory=Counter)  # of workers, by split

    @property
    def ran(self) -> list[FoldResult]:
        return [fold for fold in self.folds if fold is not None]


class _Task(NamedTuple):
    candidate: _Candidate
    splits: list[int]


def run(
    session: BTBSession,
    problem: Problem,
    trials: list[Trial],
    limits: Limits,
    *,
    n_jobs: int | None = None,
    race: Rule | None = None,
    spaces: Mapping[str, Tunable] | None = None,
    log: Callable[[Trial], None] = lambda trial: None,
    on_trial: Callable[[Trial], bool] | None = None,
    put_away: Callable[[Trial, list[Any]], None] = lambda trial, kept: None,
    context: Any = None,
) -> str:
    """Append trials until there are enough.

    Parameters
    ----------
    session : BTBSession
        Proposes, and is told the scores. Of the `trials` it knows already.
    problem : Problem
    trials : list of Trial
        Sorted by number. Grows by every candidate that is done, and in the end, also
        if that is an exception, by those that were being evaluated.
    limits : Limits
    n_jobs : int or None
        As in `joblib.Parallel`.
    race : callable, optional
        `race(scores, complete) -> bool` as `_racing.has_lost`.
    spaces : dict of str to Tunable, optional
        Checked to be fit for sending where workers are processes.
    log : callable, optional
        Called with every candidate that is done, before anything is decided by it.
    on_trial : callable, optional
        Called with every candidate that is done; a true value ends the search.
    put_away : callable, optional
        Called with every new trial, after it was logged and before `on_trial`, and with
        what each fold that was run brought besides scores. That no trial holds.
    context : CallbackContext, optional
        Where the evaluations tell scikit-learn's callbacks of.

    Returns
    -------
    {"n_iter", "exhausted", "time_budget", "patience", "target_score", "callback"}
        Why it ended.

    Raises
    ------
    Exception
        What `log`, `on_trial` or the session raised, or a fold where
        `error_score="raise"`.
    """
    objects = [problem.search, *problem.estimators.values()]
    if problem.search is None or not any(map(has_callbacks, objects)):
        problem, context = problem._replace(search=None), None
    parts = itertools.chain(problem.parts(), _values(spaces or {}))
    executor = make_executor(evaluate, problem, n_jobs, parts)
    engine = None
    ended = False
    try:
        engine = _Engine(
            session,
            problem,
            trials,
            limits,
            executor,
            race,
            log,
            on_trial,
            put_away,
            context,
        )
        _warn_of_timeouts(executor, limits)
        reason = engine.run()
        ended = not engine.tasks
        return reason
    finally:
        with interrupts_held_back():  # a second one; the first may be why we are here
            try:
                if engine is not None:
                    engine.keep_what_is_known()
            finally:
                executor.close(kill=not ended)


class _Engine:
    """The state of one run, and its steps."""

    def __init__(
        self,
        session: BTBSession,
        problem: Problem,
        trials: list[Trial],
        limits: Limits,
        executor: Executor,
        race: Rule | None,
        log: Callable[[Trial], None],
        on_trial: Callable[[Trial], bool] | None,
        put_away: Callable[[Trial, list[Any]], None],
        context: Any,
    ) -> None:
        self.tasks: dict[Future[Any], _Task] = {}
        self._session = session
        self._problem = problem
        self._trials = trials
        self._limits = limits
        self._executor = executor
        self._race = race
        self._log = log
        self._on_trial = on_trial
        self._put_away = put_away
        self._context = context
        self._deadline = limits.started + (limits.time_budget or math.inf)
        self._reason: str | None = None
        self._open: list[_Candidate] = []  # in the order of their numbers
        self._seconds: dict[str, float] = {}  # what a fold of each estimator took
        self._best = -math.inf
        self._n_in_vain = 0
        # fold scores of those that were run on all splits, for racing
        self._complete = np.empty((0, len(problem.splits)))
        taken = {trial.number for trial in trials}
        self._numbers = itertools.filterfalse(taken.__contains__, itertools.count())
        n_total = problem.settings.n_candidates
        # scikit-learn's callbacks may show progress of their own
        wanted = problem.settings.verbose == 1 and problem.search is None
        self._progress = Progress(wanted, n_total, len(trials), self._deadline)
        for trial in trials:
            self._judge(trial)

    def run(self) -> str:
        """Go on until there is a reason to end."""
        with self._progress:
            self._progress.reason = self._run()
        return self._progress.reason

    def _run(self) -> str:
        grace = GRACE * (self._limits.time_budget or 0.0)
        while True:
            self._progress.show()
            self._fill()
            if not self.tasks:
                return self._reason or "n_iter"
            if time.monotonic() > self._deadline + grace:
                self._take_in([future for future in self.tasks if future.done()])
                if self.tasks:
                    return "time_budget"
                continue
            self._take_in(self._executor.wait(self.tasks, self._wait_time(grace)))
            self._give_up_overdue()

    def keep_what_is_known(self) -> None:
        """Make trials of the candidates that were not concluded."""
        for future, task in self.tasks.items():  # of which some may have come in
            if future.done() and not future.cancelled() and not future.exception():
                for split, fold in zip(task.splits, future.result(), strict=True):
                    task.candidate.folds[split] = fold
        ran = [candidate for candidate in self._open if candidate.ran]
        trials = [self._keep(each) for each in ran]
        for trial in trials:
            if trial.state != "interrupted":
                self._log(trial)
        for candidate, trial in zip(ran, trials, strict=True):
            self._put_away(trial, [fold.kept for fold in candidate.ran])

    def _fill(self) -> None:
        """Give every free worker something to do."""
        while len(self.tasks) < self._executor.n_workers:
            self._take_in([future for future in self.tasks if future.done()])
            candidate = self._next_candidate()
            if candidate is None:
                return
            self._start(candidate)

    def _next_candidate(self) -> _Candidate | None:
        """Return whose folds to start: the eldest's, or those of a new one."""
        n_begun = len(self._trials) + len(self._open)
        if time.monotonic() > self._deadline:
            if any(each.waiting for each in self._open):
                self._reason = "time_budget"
            elif self._reason is None and n_begun < self._limits.n_iter:
                self._reason = "time_budget"
            return None
        waiting = [candidate for candidate in self._open if candidate.waiting]
        if self._executor.shares_fate:
            suspects = [candidate for candidate in self._open if candidate.suspect]
            if suspects:  # one fold at a time, and no other, shows who is to blame
                return None if self.tasks else suspects[0]
        for candidate in waiting:
            if self._race is None or _next_fold_is_sure(candidate):
                return candidate
        if self._reason is None:
            if n_begun >= self._limits.n_iter:
                self._reason = "n_iter"
            else:
                return self._propose() or next(iter(waiting), None)
        return next(iter(waiting), None)

    def _propose(self) -> _Candidate | None:
        try:
            name, params = self._session.propose()
        except StopTuning:
            self._reason = "exhausted"
            return None
        n_splits = len(self._problem.splits)
        candidate = _Candidate(
            number=next(self._numbers),
            name=name,
            params=dict(sorted(params.items())),  # as in scikit-learn's searches
            folds=[None] * n_splits,
            waiting=deque(range(n_splits)),
        )
        bisect.insort(self._open, candidate, key=lambda candidate: candidate.number)
        return candidate

    def _start(self, candidate: _Candidate) -> None:
        splits = [candidate.waiting.popleft()]
        if self._may_share(candidate):
            n_more = int(WORTH_A_TASK / max(self._seconds[candidate.name], 1e-6)) - 1
            while candidate.waiting and n_more > 0:
                splits.append(candidate.waiting.popleft())
                n_more -= 1
        number = candidate.number
        contexts = [self._subcontext(number, split) for split in splits]
        proposal = candidate.name, candidate.params
        future = self._executor.submit(*proposal, number, splits, contexts)
        self.tasks[future] = _Task(candidate, splits)
        candidate.n_running += len(splits)

    def _may_share(self, candidate: _Candidate) -> bool:
        """Whether several folds may go to a worker as one task."""
        return (
            self._executor.n_workers > 1
            and self._race is None
            and self._limits.fit_timeout is None
            and not candidate.suspect
            and candidate.name in self._seconds
        )

    def _subcontext(self, number: int, split: int) -> Any:
        if self._context is None:
            return None
        return self._context.subcontext(
            task_name="candidate-split-evaluation",
            task_id=number * len(self._problem.splits) + split,
        )

    def _wait_time(self, grace: float) -> float:
        """Return the seconds until something has to be looked at."""
        now = time.monotonic()
        ends = [now + LONGEST_WAIT, self._deadline + grace]
        if self._limits.fit_timeout is not None:
            begun = [self._executor.started(future) for future in self.tasks]
            # of those that have not started it is seen then whether they have
            ends += [(t or now) + self._limits.fit_timeout for t in begun]
        return max(0.0, min(ends) - now)

    def _take_in(self, done: Iterable[Future[Any]]) -> None:
        for future in done:
            task = self.tasks.pop(future)
            task.candidate.n_running -= len(task.splits)
            error = future.exception()
            if error is None:
                self._learn_seconds(task.candidate.name, future.result())
                self._add(task, future.result())
            elif isinstance(error, BrokenExecutor) and self._executor.n_tries > 1:
                self._repeat(task, error)
            elif isinstance(error, SystemExit):  # in a worker, where nobody meant it
                failure = RuntimeError(f"the fold called sys.exit({error.code!r})")
                self._spare_the_rest(task.candidate, failure)
                self._fail(task, failure, 0.0)
            else:
                raise error

    def _give_up_overdue(self) -> None:
        limit = self._limits.fit_timeout
        if limit is None:
            return
        for future, task in list(self.tasks.items()):
            begun = self._executor.started(future)
            seconds = 0.0 if begun is None else time.monotonic() - begun
            if seconds > limit and not future.done():
                self._executor.abandon(future)
                del self.tasks[future]
                task.candidate.n_running -= len(task.splits)
                error = TimeoutError(f"timed out: a fold took longer than {limit} s")
                self._spare_the_rest(task.candidate, error)
                self._fail(task, error, seconds)

    def _repeat(self, task: _Task, error: BrokenExecutor) -> None:
        """Start folds again whose worker died, unless that happened too often."""
        candidate, splits = task
        logger.warning("a worker died while candidate %d ran", candidate.number)
        candidate.suspect = True
        candidate.n_deaths.update(splits)
        if candidate.lost:  # and so are these folds
            splits = []
        candidate.waiting.extendleft(reversed(splits))
        if len(splits) == 1 and candidate.n_deaths[splits[0]] >= self._executor.n_tries:
            self._spare_the_rest(candidate, RuntimeError(f"the worker died: {error}"))
        self._conclude_if_done(candidate)

    def _spare_the_rest(self, candidate: _Candidate, error: Exception) -> None:
        """Let the folds not yet run fail as well: each would cost as much again."""
        rest = _Task(candidate, list(candidate.waiting))
        candidate.waiting.clear()
        if rest.splits:
            candidate.n_running += 1  # it is concluded by its last fold
            self._fail(rest, error, 0.0)
            candidate.n_running -= 1

    def _fail(self, task: _Task, error: Exception, seconds: float) -> None:
        name = task.candidate.name
        fold = failed_fold(self._problem.settings, name, error, seconds)
        self._add(task, [fold] * len(task.splits))

    def _add(self, task: _Task, folds: list[FoldResult]) -> None:
        candidate = task.candidate
        for split, fold in zip(task.splits, folds, strict=True):
            candidate.folds[split] = fold
        if self._race is not None and candidate.waiting:
            failed = has_failed(candidate.ran, self._problem.metric)
            scores = self._scores(candidate.folds)
            if failed or self._race(scores, self._complete):
                candidate.lost = True
                candidate.waiting.clear()
        candidate.suspect = any(s in candidate.n_deaths for s in candidate.waiting)
        self._conclude_if_done(candidate)

    def _learn_seconds(self, name: str, folds: list[FoldResult]) -> None:
        for fold in folds:
            if fold.fit_error is None:
                seconds = fold.fit_time + fold.score_time
                before = self._seconds.get(name, seconds)
                self._seconds[name] = 0.8 * before + 0.2 * seconds

    def _conclude_if_done(self, candidate: _Candidate) -> None:
        if not candidate.waiting and not candidate.n_running:
            self._conclude(candidate)

    def _conclude(self, candidate: _Candidate) -> None:
        self._open.remove(candidate)
        trial = self._keep(candidate)
        self._log(trial)
        self._put_away(trial, [fold.kept for fold in candidate.ran])
        # whatever `error_score` stood in for what is missing, it was not earned
        score = None if trial.state == "failed" else trial.score
        with self._progress.aside(loud=self._on_trial is not None):
            self._session.record(
                candidate.name, candidate.params, score, cost=trial.seconds
            )
            self._judge(trial)
            self._progress.tell(trial)
            if self._on_trial is not None and self._on_trial(trial):
                self._reason = self._reason or "callback"

    def _state_of(self, candidate: _Candidate) -> Any:
        complete = None not in candidate.folds
        if not complete and (candidate.waiting or not candidate.lost):
            return "interrupted"
        if has_failed(candidate.ran, self._problem.metric):
            return "failed"
        return "complete" if complete else "stopped"

    def _keep(self, candidate: _Candidate) -> Trial:
        state = self._state_of(candidate)
        if state == "stopped":
            scores = self._scores(candidate.folds)
            score = expected_score(scores, self._complete)
        else:
            score = mean_score(candidate.ran, self._problem.metric)
        folds = tuple(fold and replace(fold, kept=None) for fold in candidate.folds)
        trial = Trial(
            candidate.number, candidate.name, candidate.params, folds, state, score
        )
        bisect.insort(self._trials, trial, key=lambda trial: trial.number)
        return trial

    def _judge(self, trial: Trial) -> None:
        """Compare with the best so far, and see whether the search may end."""
        counts = trial.number not in self._limits.earlier
        if trial.state == "complete" and trial.score > self._best:
            self._best = trial.score
            self._progress.leader = trial
            self._n_in_vain = 0
        elif counts:
            self._n_in_vain += 1
        if self._race is not None and trial.state == "complete":
            scores = self._scores(trial.folds)
            if np.isfinite(scores).all():
                self._complete = np.concatenate([self._complete, [scores]])
        target, patience = self._limits.target_score, self._limits.patience
        if target is not None and self._best >= target:
            self._reason = self._reason or "target_score"
        if patience is not None and self._n_in_vain >= patience:
            self._reason = self._reason or "patience"

    def _scores(self, folds: Iterable[FoldResult | None]) -> np.ndarray:
        """Return the fold scores of the metric that steers the search."""
        metric = self._problem.metric
        return np.array(
            [math.nan if fold is None else mean_score([fold], metric) for fold in folds]
        )


def _next_fold_is_sure(candidate: _Candidate) -> bool:
    """Whether racing would not spare the next fold, or waits for nothing."""
    n_begun = candidate.n_running + len(candidate.ran)
    return n_begun < 2 or not candidate.n_running


def _values(spaces: Mapping[str, Tunable]) -> Iterable[tuple[str, Any]]:
    for name, tunable in spaces.items():
        for part in tunable.parts:
            for parameter, hyperparam in part.items():
                yield f"parameter {parameter!r} of estimator {name!r}", hyperparam


def _warn_of_timeouts(executor: Executor, limits: Limits) -> None:
    if limits.fit_timeout is None or executor.on_timeout == "killed":
        return
    what = {
        "ignored": "a fold that runs in this process, or in a batch of others, cannot "
        "be ended, and `fit_timeout` has no effect",
        "abandoned": "a fold that takes too long counts as failed, but its thread "
        "cannot be ended and runs on",
    }[executor.on_timeout]
    warnings.warn(
        f"With the active joblib backend and n_jobs, {what}; with n_jobs=2 or more and "
        "the loky backend its process is killed.",
        UserWarning,
        stacklevel=2,
    )
