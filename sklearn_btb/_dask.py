"""Tasks on a `dask.distributed` cluster."""

import io
import os
import pickle
import threading
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Any, Final

from joblib import parallel_config
from joblib.externals.loky.backend.reduction import dump
from joblib.parallel import ThreadingBackend

from ._processes import OnTimeout, check_picklable
from ._sklearn_compat import configured

CLOSED: Final = ("closing", "closed")
LONGEST_ABSENCE: Final = 120.0  # seconds that a cluster may have no worker at all
LONGEST_CANCELLATION: Final = 5.0  # seconds
MOST_LOSSES: Final = 10  # of a task with workers that died of something else
RECOUNT: Final = 2.0  # seconds after which the threads of the cluster are counted anew


class DaskExecutor:
    """Runs tasks on the cluster of a `dask.distributed` client.

    What the tasks share is the result of one task, which every worker gets once, from
    another one, and which the cluster can make again when workers die; scattered data
    would be lost with them. The scheduler keeps its bytes for that. Joblib's own dask
    backend is not used, since it does not notice a task whose worker died for good.

    Parameters
    ----------
    work, shared, parts
        As in `make_executor`.
    backend : DaskDistributedBackend
        Has the client, and what `parallel_config` gave it for `client.submit`.
    n_jobs : int or None
        At most so many tasks at a time; None or less than 1 for as many as the cluster
        has threads, also when it grows or shrinks.
    """

    n_tries = 2  # and each time it may cost two workers
    shares_fate = True

    def __init__(
        self,
        work: Callable[..., Any],
        shared: Any,
        backend: Any,
        n_jobs: int | None,
        parts: Iterable[tuple[str, Any]],
    ) -> None:
        check_picklable(parts)
        self._client = backend.client
        self._most = n_jobs if n_jobs is not None and n_jobs > 0 else None
        self._options = backend.submit_kwargs
        self._check_open()
        backend.effective_n_jobs(n_jobs)  # waits for a worker
        self._threads: dict[str, int] = self._client.ncores()  # by address
        self._counted = self._last_seen = time.monotonic()
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        nannies = all(worker.get("nanny") for worker in workers)
        self.on_timeout: OnTimeout = "killed" if nannies else "abandoned"
        content = io.BytesIO()
        dump((configured(work), shared), content)
        with warnings.catch_warnings():  # of the size: it is known, and sent once
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            self._content = self._submit(pickle.loads, content.getvalue())
        self._tasks: dict[Future[Any], Any] = {}
        self._lock = threading.Lock()  # for a task either given up or submitted again
        self._stuck: dict[Any, str | None] = {}  # given up, may run on; their places
        self._places: dict[Future[Any], str] = {}  # the addresses they were meant for
        self._started: dict[str, float] = {}  # by key; the workers tell
        self._addresses: dict[str, set[str]] = {}  # where a task was started, by key
        self._topic = f"sklearn_btb-{uuid.uuid4().hex}"
        self._client.subscribe_topic(self._topic, self._note_start)

    @property
    def n_workers(self) -> int:
        self._recount()
        # never 0: a worker may be on its way, and the next task waits for it
        n_threads = max(1, self._n_usable_threads())
        return min(n_threads, self._most or n_threads)

    def submit(self, *args: Any) -> Future[Any]:
        done = {future: task for future, task in self._tasks.items() if future.done()}
        # dask would go on with those that were started twice
        unfinished = [task for task in done.values() if not task.done()]
        if unfinished:
            self._client.cancel(unfinished)
        self._forget(done)
        future: Future[Any] = Future()
        self._follow(future, args, MOST_LOSSES)
        return future

    def _follow(self, future: Future[Any], args: tuple[Any, ...], n_left: int) -> None:
        """Submit a task and let `future` have what comes of it."""
        self._tasks[future] = task = self._submit(
            _run, self._content, args, self._topic, **self._place(future)
        )

        def settle(task: Any) -> None:  # in a thread of dask's
            if future not in self._tasks or future.done():
                return  # given up
            try:
                error = task.exception() if task.status == "error" else None
                if type(error).__name__ == "KilledWorker":
                    error = BrokenExecutor(str(error))
                result = task.result() if error is None else None
            except Exception as loss:  # with its worker, through no fault of its own
                with self._lock:
                    if future not in self._tasks or future.done():
                        return
                    if n_left and self._client.status == "running":
                        self._follow(future, args, n_left - 1)
                        return
                result, error = None, BrokenExecutor(f"the task was lost: {loss}")
            self._settle(future, result, error)

        task.add_done_callback(settle)

    def _settle(self, future: Future[Any], result: Any, error: Any) -> None:
        with self._lock:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _place(self, future: Future[Any]) -> dict[str, Any]:
        """Say where a task is to go: where the most threads have nothing to do.

        Dask would send it to where the content is, behind other tasks, and leave it
        there as long as it does not know that such tasks take long.
        """
        if not self._threads or self._options.keys() & {"workers", "resources"}:
            return {}
        n_tasks = Counter([*self._places.values(), *self._stuck.values()])
        free = {place: n - n_tasks[place] for place, n in self._threads.items()}
        self._places[future] = place = max(free, key=free.__getitem__)
        return {"workers": [place], "allow_other_workers": True}

    def started(self, future: Future[Any]) -> float | None:
        task = self._tasks.get(future)
        return None if task is None else self._started.get(task.key)

    def wait(
        self, futures: Collection[Future[Any]], timeout: float
    ) -> set[Future[Any]]:
        done = wait(futures, timeout, FIRST_COMPLETED).done
        if not done:
            self._recount()
            if time.monotonic() - self._last_seen > LONGEST_ABSENCE:
                raise ConnectionError(
                    f"the dask cluster has had no worker for {LONGEST_ABSENCE:.0f} s, "
                    "or only such that hang in folds which took too long. (A cluster "
                    "gives up a worker that is not back after dask's setting "
                    "distributed.deploy.lost-worker-timeout.)"
                )
        return done

    def abandon(self, future: Future[Any]) -> None:
        """Restart the worker of a task; its other tasks start again elsewhere."""
        if self.on_timeout == "abandoned":  # it holds its thread until it ends
            with self._lock:
                self._stuck[self._tasks[future]] = self._places.get(future)
                self._forget([future])
            return
        with self._lock:
            task = self._tasks[future]
            hosts = self._addresses.get(task.key, set())
            self._forget([future])  # first, or it would be taken for lost
        self._client.cancel([task], force=True)
        # once the cancellation has arrived, or the task would start elsewhere
        end = time.monotonic() + LONGEST_CANCELLATION
        while self._is_processing(task.key) and time.monotonic() < end:
            time.sleep(0.01)
        # dask may have moved it on, and forgotten of a thread that still runs it
        hosts |= self._addresses.pop(task.key, set())
        hosts &= set(self._client.ncores())
        # `restart_workers` would wait for the task to end
        self._client.run(_exit, workers=list(hosts), wait=False, on_error="ignore")
        # nothing is to go there meanwhile
        self._threads = {k: n for k, n in self._threads.items() if k not in hosts}
        self._counted = time.monotonic()

    def _n_usable_threads(self) -> int:
        for task in [task for task in self._stuck if task.done()]:
            del self._stuck[task]
        return sum(self._threads.values()) - len(self._stuck)

    def _check_open(self) -> None:
        if self._client.status in CLOSED:
            raise ConnectionError("the dask client was closed, or lost its scheduler")

    def _is_processing(self, key: str) -> bool:
        return any(key in keys for keys in self._client.processing().values())

    def _recount(self) -> None:
        self._check_open()
        now = time.monotonic()
        if now - self._counted > RECOUNT:
            try:
                self._threads = self._client.ncores()
            except OSError as error:
                raise ConnectionError(
                    f"the dask scheduler is out of reach: {error}"
                ) from error
            self._counted = now
        if self._n_usable_threads() > 0:
            self._last_seen = now

    def close(self, *, kill: bool) -> None:
        if self._client.status in CLOSED:
            return  # and what it had is gone
        with self._lock:
            tasks = [*self._tasks.values(), *self._stuck]
            self._forget(list(self._tasks))  # first, or they would be taken for lost
        self._client.cancel(tasks, force=True)
        self._content.release()
        self._client.unsubscribe_topic(self._topic)

    def _submit(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        key = f"sklearn_btb-{uuid.uuid4().hex}"
        options |= self._options
        return self._client.submit(function, *args, key=key, pure=False, **options)

    def _forget(self, futures: Iterable[Future[Any]]) -> None:
        for future in futures:
            key = self._tasks.pop(future).key
            self._started.pop(key, None)
            self._addresses.pop(key, None)
            self._places.pop(future, None)

    def _note_start(self, event: tuple[float, tuple[str, str]]) -> None:
        key, address = event[1]
        if key in self._started:
            # the worker died where it was; dask itself would let it kill four of them,
            # and a cluster whose workers die too often gives them up for good
            for future, task in list(self._tasks.items()):
                if task.key == key:
                    death = BrokenExecutor(" and ".join(self._addresses[key]))
                    self._settle(future, None, death)
        self._started[key] = time.monotonic()
        self._addresses.setdefault(key, set()).add(address)


def _run(content: tuple[Any, Any], args: tuple[Any, ...], topic: str) -> Any:
    from distributed import get_worker

    worker = get_worker()
    worker.log_event(topic, (worker.get_current_task(), worker.address))
    work, shared = content
    # as inside a process of loky: what a fold runs in parallel, it runs in threads
    with parallel_config(ThreadingBackend(nesting_level=1), n_jobs=None):
        return work(shared, *args)


async def _exit() -> None:
    os._exit(1)
