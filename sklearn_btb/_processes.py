"""Tasks in worker processes: one loky executor with one process a worker.

A pool of several processes breaks as a whole when one of them dies, and takes the
tasks of the others along. With a pool of its own, every worker can be killed, and can
die, alone.
"""

import contextlib
import functools
import itertools
import mmap
import os
import pickle
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Any, Final, Literal

import numpy as np
from joblib import parallel_config
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.backend import resource_tracker
from joblib.externals.loky.backend.reduction import dump, dumps

from ._interrupts import interrupts_held_back
from ._sklearn_compat import configured

OnTimeout = Literal["killed", "abandoned", "ignored"]

IDLE_TIMEOUT: Final = 300  # seconds after which an idle worker leaves, as in joblib
LONGEST_HANDOVER: Final = 1.0  # seconds

_idle_lock = threading.Lock()
_idle: list[tuple[Any, ProcessPoolExecutor]] = []  # workers of earlier searches


class ProcessExecutor:
    """Runs tasks in processes, each of which can be killed alone.

    Workers stay for the next search, as those of joblib do.

    Parameters
    ----------
    work, shared, parts
        As in `make_executor`.
    n_workers : int
    backend : LokyBackend
        Says how many threads the BLAS of a worker may use, and where parallelism
        inside a task goes.
    options : dict
        `temp_folder`, `max_nbytes` (arrays from this size on are memory-mapped) and
        `mmap_mode` as in `joblib.parallel_config`.
    """

    n_tries = 2
    shares_fate = False
    on_timeout: OnTimeout = "killed"

    def __init__(
        self,
        work: Callable[..., Any],
        shared: Any,
        n_workers: int,
        backend: Any,
        options: Mapping[str, Any],
        parts: Iterable[tuple[str, Any]],
    ) -> None:
        check_picklable(parts)
        self.n_workers = n_workers
        self._env = backend._prepare_worker_env(n_jobs=n_workers)
        root = options.get("temp_folder") or os.environ.get("JOBLIB_TEMP_FOLDER")
        self._folder = tempfile.mkdtemp(prefix="sklearn_btb-", dir=root)
        # should this process be killed, joblib's tracker removes the folder
        resource_tracker.register(self._folder, "folder")
        self._workers: list[ProcessPoolExecutor] = []  # all, whatever they do
        self._free: list[ProcessPoolExecutor] = []
        self._running: dict[Future[Any], ProcessPoolExecutor] = {}
        self._submitted: dict[Future[Any], tuple[str, float]] = {}  # mark, when
        self._marks = itertools.count()
        try:
            content = configured(work), shared, backend.get_nested_backend()
            _store(content, self._folder, options["max_nbytes"], options["mmap_mode"])
        except BaseException:
            self._remove_folder()
            raise

    def submit(self, *args: Any) -> Future[Any]:
        with interrupts_held_back():  # or a worker could be lost sight of
            for done in [future for future in self._running if future.done()]:
                self._release(done)
            while True:
                worker = self._free.pop() if self._free else self._new_worker()
                try:
                    return self._start(worker, args)
                except BrokenExecutor:  # it died while idle, and nothing was lost
                    self._kill(worker)

    def started(self, future: Future[Any]) -> float | None:
        # the imports of a new process do not count as time of its first task
        mark, submitted = self._submitted.get(future, ("", 0.0))
        try:
            age = time.time() - os.stat(mark).st_mtime
        except FileNotFoundError:  # not yet, or not any more
            return None
        return max(submitted, time.monotonic() - max(0.0, age))

    def wait(
        self, futures: Collection[Future[Any]], timeout: float
    ) -> set[Future[Any]]:
        return wait(futures, timeout, FIRST_COMPLETED).done

    def abandon(self, future: Future[Any]) -> None:
        # loky's thread would stumble over a task that it has yet to take
        end = time.monotonic() + LONGEST_HANDOVER
        while not (future.running() or future.done()) and time.monotonic() < end:
            time.sleep(0.001)
        with interrupts_held_back():
            self._kill(self._running[future])
            self._forget(future)

    def close(self, *, kill: bool) -> None:
        with interrupts_held_back():
            for future in list(self._running):
                if future.done() and not kill:
                    self._release(future)
                else:
                    self.abandon(future)
            for worker in list(self._workers):
                if kill or worker not in self._free:
                    self._kill(worker)
                    continue
                with contextlib.suppress(BrokenExecutor):  # it may have died idle
                    worker.submit(_load.cache_clear)
                    with _idle_lock:
                        _idle.append((self._kind, worker))
            self._workers.clear()
            self._free.clear()
            self._remove_folder()

    @property
    def _kind(self) -> Any:
        return os.getpid(), tuple(sorted(self._env.items()))

    def _start(self, worker: ProcessPoolExecutor, args: tuple[Any, ...]) -> Future[Any]:
        mark = os.path.join(self._folder, f"task {next(self._marks)}")
        future: Future[Any] = worker.submit(_run, self._folder, mark, args)
        self._running[future] = worker
        self._submitted[future] = mark, time.monotonic()
        return future

    def _new_worker(self) -> ProcessPoolExecutor:
        with _idle_lock:
            while _idle:
                kind, worker = _idle.pop()
                if kind == self._kind:
                    self._workers.append(worker)
                    return worker
                if kind[0] == os.getpid():  # and not of a parent that was forked
                    worker.shutdown(wait=False)  # or they would pile up
        worker = ProcessPoolExecutor(
            1,
            timeout=IDLE_TIMEOUT,
            initializer=_leave_with,
            initargs=(os.getpid(),),
            env=self._env,
        )
        self._workers.append(worker)  # before it has a process
        return worker

    def _kill(self, worker: ProcessPoolExecutor) -> None:
        worker.shutdown(kill_workers=True)
        self._workers.remove(worker)

    def _release(self, future: Future[Any]) -> None:
        worker = self._running[future]
        self._forget(future)
        if isinstance(future.exception(), BrokenExecutor):
            self._kill(worker)
        else:
            self._free.append(worker)

    def _forget(self, future: Future[Any]) -> None:
        mark, _ = self._submitted.pop(future)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(mark)
        del self._running[future]

    def _remove_folder(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        resource_tracker.unregister(self._folder, "folder")


def check_picklable(parts: Iterable[tuple[str, Any]]) -> None:
    """Check that parts can be sent to another process.

    Parameters
    ----------
    parts : iterable of (str, object)
        What to call a part, and the part.

    Raises
    ------
    TypeError
        Naming the first that cannot be.
    """
    for what, part in parts:
        try:
            dumps(part)
        except Exception as error:
            raise TypeError(
                f"{what} cannot be sent to another process, as the active joblib "
                f"backend needs: {error}. With n_jobs=1 or "
                "joblib.parallel_config('threading') it need not be."
            ) from error


def _store(
    content: Any, folder: str, max_nbytes: int | None, mmap_mode: str | None
) -> None:
    """Pickle into a folder, large arrays into files of their own."""
    n_files = 0

    def reduce_array(array: Any) -> Any:
        nonlocal n_files
        if (
            max_nbytes is None
            or mmap_mode is None
            or array.dtype.hasobject
            or array.nbytes <= max_nbytes
        ):
            return np.asarray(array).__reduce__()
        if _is_file(array):
            order = "F" if array.flags.f_contiguous else "C"
            place = array.filename, array.dtype, mmap_mode, array.offset
            return np.memmap, (*place, array.shape, order)
        path = os.path.join(folder, f"{n_files}.npy")
        n_files += 1
        np.save(path, array, allow_pickle=False)
        return np.load, (path, mmap_mode)

    reducers = {np.ndarray: reduce_array, np.memmap: reduce_array}
    with open(os.path.join(folder, "content.pkl"), "wb") as file:
        dump(content, file, reducers=reducers)


def _is_file(array: Any) -> bool:
    """Whether an array is what a file holds from a known place on."""
    return (
        isinstance(array, np.memmap)
        and isinstance(array.base, mmap.mmap)  # and not a part of another array
        and array.filename is not None
        and array.mode != "c"  # which keeps changes in memory
    )


@functools.lru_cache(maxsize=1)
def _load(folder: str) -> Any:
    with open(os.path.join(folder, "content.pkl"), "rb") as file:
        return pickle.load(file)


def _run(folder: str, mark: str, args: tuple[Any, ...]) -> Any:
    work, shared, (backend, n_jobs) = _load(folder)
    open(mark, "x").close()  # the task has started
    with parallel_config(backend, n_jobs=n_jobs):
        return work(shared, *args)


def _leave_with(parent: int) -> None:
    """Let this process end when its parent does, also in the midst of a task."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
