"""Executors: the active joblib backend as something that takes one task at a time.

A task is a call of `work(shared, *args)`. What all tasks share goes to a worker once;
a task itself carries little. `joblib.Parallel` takes an iterable and gives back
results, which leaves no say in what is started when; here the caller decides after
every result.
"""

import contextvars
import copy
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Any, Protocol

from joblib import Parallel as JoblibParallel
from joblib import parallel_config
from joblib.parallel import (
    LokyBackend,
    MultiprocessingBackend,
    SequentialBackend,
    ThreadingBackend,
    get_active_backend,
)
from sklearn import config_context, get_config
from sklearn.utils.parallel import Parallel, delayed

from ._dask import DaskExecutor
from ._processes import OnTimeout, ProcessExecutor, check_picklable

Work = Callable[..., Any]
Parts = Iterable[tuple[str, Any]]


class Executor(Protocol):
    """What the engine needs of a backend.

    Attributes
    ----------
    n_workers : int
        How many tasks run at the same time.
    n_tries : int
        How often to submit a task whose worker dies every time; 1 if none can die.
    shares_fate : bool
        Whether a task whose worker died may have been only near the culprit.
    on_timeout : {"killed", "abandoned", "ignored"}
        What `abandon` does to a running task: end it; leave it to itself, out of
        reach (where workers are threads of this process, with a new one in its
        place); or nothing.
    """

    @property
    def n_workers(self) -> int: ...

    @property
    def n_tries(self) -> int: ...

    @property
    def shares_fate(self) -> bool: ...

    @property
    def on_timeout(self) -> OnTimeout: ...

    def submit(self, *args: Any) -> Future[Any]:
        """Start `work(shared, *args)`; only while there is a free worker.

        If its worker dies, the future has a `concurrent.futures.BrokenExecutor`.
        """

    def started(self, future: Future[Any]) -> float | None:
        """When a task began by `time.monotonic`; None if it has not, or who knows."""

    def wait(
        self, futures: Collection[Future[Any]], timeout: float
    ) -> set[Future[Any]]:
        """Return those that are done, as soon as there is one; wait `timeout` seconds.

        Raises
        ------
        Exception
            If the workers are out of reach for good.
        """

    def abandon(self, future: Future[Any]) -> None:
        """Give up a running task; its worker is free, or there is another."""

    def close(self, *, kill: bool) -> None:
        """Let go of the workers, and end what still runs where that can be done."""


def make_executor(
    work: Work, shared: Any, n_jobs: int | None, parts: Parts
) -> Executor:
    """Make the executor of the active joblib backend.

    Parameters
    ----------
    work : callable
        `work(shared, *args)`; it can be imported.
    shared : object
        Sent to every worker once (with every task if nothing is known of the
        backend). Where workers are processes, its large arrays are memory-mapped from
        files that all of them share.
    n_jobs : int or None
        As in `joblib.Parallel`.
    parts : iterable of (str, object)
        The parts of `shared` and of the tasks that it may not be possible to send to
        another process, with what to call them.

    Raises
    ------
    TypeError
        If a part would have to be sent to another process and cannot be.
    """
    backend, active_n_jobs = get_active_backend()
    n_jobs = active_n_jobs if n_jobs is None else n_jobs
    kind = type(backend)
    if kind.__name__ == "DaskDistributedBackend":
        return DaskExecutor(work, shared, backend, n_jobs, parts)
    n_workers = backend.effective_n_jobs(n_jobs)
    if n_workers == 1 or kind is SequentialBackend:
        return InlineExecutor(work, shared)
    if kind is ThreadingBackend:
        return ThreadExecutor(work, shared, n_workers, backend.get_nested_backend())
    if kind in (LokyBackend, MultiprocessingBackend):
        # the workers of the old multiprocessing backend are forked, which is not safe
        # once there are threads, as there are here: it gets those of loky as well
        settings = JoblibParallel(n_jobs=n_jobs)
        options = getattr(settings, "_backend_kwargs", None) or settings._backend_args
        return ProcessExecutor(work, shared, n_workers, backend, options, parts)
    if not getattr(backend, "supports_sharedmem", False):
        check_picklable(parts)
    return BatchExecutor(work, shared, backend, n_jobs, n_workers)


class InlineExecutor:
    """Runs a task in this thread, at once."""

    n_workers = 1
    n_tries = 1
    shares_fate = False
    on_timeout: OnTimeout = "ignored"

    def __init__(self, work: Work, shared: Any) -> None:
        self._work = work
        self._shared = shared

    def submit(self, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(self._work(self._shared, *args))
        except Exception as error:
            future.set_exception(error)
        return future

    def started(self, future: Future[Any]) -> float | None:
        return None

    def wait(
        self, futures: Collection[Future[Any]], timeout: float
    ) -> set[Future[Any]]:
        return set(futures)

    def abandon(self, future: Future[Any]) -> None:
        pass  # whatever was submitted is done

    def close(self, *, kill: bool) -> None:
        pass


class ThreadExecutor:
    """Runs tasks in threads of its own.

    A thread cannot be ended. One that is given up stays until its task is done; it is
    a daemon, so that the interpreter does not wait for it.
    """

    n_tries = 1
    shares_fate = False
    on_timeout: OnTimeout = "abandoned"

    def __init__(
        self, work: Work, shared: Any, n_workers: int, nested: tuple[Any, int | None]
    ) -> None:
        self.n_workers = n_workers
        self._work = work
        self._shared = shared
        self._nested = nested
        self._free: list[queue.SimpleQueue[Any]] = []  # what each thread takes from
        self._running: dict[Future[Any], queue.SimpleQueue[Any]] = {}
        self._started: dict[Future[Any], float] = {}

    def submit(self, *args: Any) -> Future[Any]:
        for done in [future for future in self._running if future.done()]:
            self._free.append(self._running.pop(done))
            del self._started[done]
        tasks = self._free.pop() if self._free else self._new_thread()
        future: Future[Any] = Future()
        self._running[future] = tasks
        self._started[future] = time.monotonic()
        tasks.put((future, args))
        return future

    def started(self, future: Future[Any]) -> float | None:
        return self._started.get(future)

    def wait(
        self, futures: Collection[Future[Any]], timeout: float
    ) -> set[Future[Any]]:
        return wait(futures, timeout, FIRST_COMPLETED).done

    def abandon(self, future: Future[Any]) -> None:
        self._running.pop(future).put(None)
        del self._started[future]

    def close(self, *, kill: bool) -> None:
        for tasks in [*self._free, *self._running.values()]:
            tasks.put(None)

    def _new_thread(self) -> queue.SimpleQueue[Any]:
        tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # a copy of the context brings the warning filters of newer Pythons
        run = contextvars.copy_context().run
        target = (self._serve, tasks, get_config())
        threading.Thread(target=run, args=target, daemon=True).start()
        return tasks

    def _serve(self, tasks: queue.SimpleQueue[Any], config: dict[str, Any]) -> None:
        backend, n_jobs = self._nested
        with config_context(**config), parallel_config(backend, n_jobs=n_jobs):
            while (task := tasks.get()) is not None:
                future, args = task
                try:
                    future.set_result(self._work(self._shared, *args))
                except BaseException as error:  # for the caller to raise
                    future.set_exception(error)
                del future, args, task


class BatchExecutor:
    """Runs what was submitted through `joblib.Parallel`, a batch at a time.

    For every backend of which no more is known than that it is one (Ray's is). Its
    workers are kept from one batch to the next.
    """

    n_tries = 2
    shares_fate = True
    on_timeout: OnTimeout = "ignored"

    def __init__(
        self, work: Work, shared: Any, backend: Any, n_jobs: int | None, n_workers: int
    ) -> None:
        self.n_workers = n_workers
        self._work = work
        self._shared = shared
        # its own, or whatever else uses the active one would end its workers
        self._parallel = Parallel(n_jobs=n_jobs, backend=copy.copy(backend))
        self._parallel.__enter__()
        self._batch: list[tuple[Future[Any], tuple[Any, ...]]] = []

    def submit(self, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._batch.append((future, args))
        return future

    def started(self, future: Future[Any]) -> float | None:
        return None

    def wait(
        self, futures: Collection[Future[Any]], timeout: float
    ) -> set[Future[Any]]:
        batch, self._batch = self._batch, []
        try:
            outcomes = self._parallel(
                delayed(_outcome)(self._work, self._shared, args) for _, args in batch
            )
        except BrokenExecutor as death:
            outcomes = [(None, death)] * len(batch)
            self._parallel.__exit__(None, None, None)
            self._parallel.__enter__()
        for (future, _), (result, error) in zip(batch, outcomes, strict=True):
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        return {future for future, _ in batch}

    def abandon(self, future: Future[Any]) -> None:
        pass

    def close(self, *, kill: bool) -> None:
        self._parallel.__exit__(None, None, None)


def _outcome(work: Work, shared: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    try:
        return work(shared, *args), None
    except Exception as error:
        return None, error
