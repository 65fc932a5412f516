"""Executors whose workers are processes of loky: their lives, and arrays they share."""

import mmap
import os
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import psutil
import pytest
from executors import (
    LINUX,
    ONE_SPLIT,
    TIME_LIMIT,
    Deadly,
    SlowToLoad,
    Traced,
    add,
    answers,
    die,
    environment,
    failing_trials,
    is_gone,
    meet,
    meet_process,
    process_id,
    running,
    sleep,
    told_pids,
    until,
)
from executors import time_limit as time_limit  # a fixture
from test_search import search_for


def base_map(array):
    """Return the file mapping under an array, if there is one."""
    while array is not None and not isinstance(array, mmap.mmap):
        if isinstance(array, np.memmap):
            return str(array.filename)
        array = getattr(array, "base", None)
    return None


def mapped_file(shared):
    return base_map(np.asarray(shared))


def own_memory(shared, folder):
    """Read all of an array in two processes at once; tell what is not shared."""
    total = np.asarray(shared).sum()
    meet(shared, folder, 2)
    memory = psutil.Process().memory_info()
    return os.getpid(), memory.rss - memory.shared, total


class TestProcesses:
    def test_that_die_fail_only_their_own_task(self, tmp_path):
        with running("loky", 1) as executor:
            innocent = executor.submit(meet, str(tmp_path), 2)
            dying = executor.submit(die)
            while not dying.done():
                executor.wait({dying}, 1.0)
            assert isinstance(dying.exception(), BrokenExecutor)
            assert not innocent.done()
            later = executor.submit(meet, str(tmp_path), 2)
            assert innocent.result() and later.result()

    def test_that_die_idle_are_replaced(self):
        with running("loky", 1) as executor:
            [pid] = answers(executor, (process_id,))
            psutil.Process(pid).kill()
            assert until(lambda: is_gone(pid))
            time.sleep(0.3)  # until loky has noticed
            assert answers(executor, (add, 1)) == [2]
            [pid] = answers(executor, (process_id,))
        psutil.Process(pid).kill()  # idle between two executors
        assert until(lambda: is_gone(pid))
        time.sleep(0.3)
        with running("loky", 3) as executor:
            assert answers(executor, (add, 1), (add, 2)) == [4, 5]

    def test_that_die_idle_do_not_keep_the_executor_from_closing(self, tmp_path):
        with running("loky", 1, temp_folder=str(tmp_path)) as executor:
            meeting = tmp_path / "meeting"
            meeting.mkdir()
            pids = answers(executor, *[(meet_process, str(meeting), 2)] * 2)
            answers(executor, (add,))  # takes one of them, and the other is free
            for pid in pids:
                psutil.Process(pid).kill()
            assert until(lambda: all(map(is_gone, pids)))
            time.sleep(0.3)  # until loky has noticed
        assert os.listdir(tmp_path) == ["meeting"]

    def test_that_are_given_up_are_killed_and_replaced(self, tmp_path):
        pids, meeting = tmp_path / "pids", tmp_path / "meeting"
        pids.mkdir(), meeting.mkdir()
        with running("loky") as executor:
            assert executor.on_timeout == "killed"
            future = executor.submit(sleep, str(pids))
            assert until(lambda: told_pids(pids))
            executor.abandon(future)
            [pid] = told_pids(pids)
            assert until(lambda: is_gone(pid))
            assert answers(executor, *[(meet, str(meeting), 2)] * 2) == [True] * 2

    def test_may_be_given_up_at_once(self):
        with running("loky", 1) as executor:  # a thread of loky's must not raise
            for _ in range(10):
                executor.abandon(executor.submit(add))
            assert answers(executor, (add, 1)) == [2]

    def test_are_all_gone_if_the_executor_is_told_to_kill(self, tmp_path):
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        # settings that no other test has, so that the workers are new
        with running("loky", kill=True, inner_max_num_threads=11) as executor:
            executor.submit(sleep, str(tmp_path))
            idle = executor.submit(process_id)
            assert until(lambda: told_pids(tmp_path) and idle.done())
            pids = {*told_pids(tmp_path), idle.result()}
            assert len(pids) == 2
            assert not pids & before
        assert until(lambda: all(map(is_gone, pids)))

    def test_running_ones_are_killed_at_the_end_and_others_kept(self, tmp_path):
        with running("loky") as executor:
            executor.submit(sleep, str(tmp_path))
            idle = executor.submit(process_id)
            assert until(lambda: told_pids(tmp_path) and idle.done())
        assert until(lambda: is_gone(told_pids(tmp_path)[0]))
        assert not is_gone(idle.result())

    def test_are_used_again_by_the_next_executor(self, tmp_path):
        used = []
        for n in range(2):
            folder = tmp_path / str(n)
            folder.mkdir()
            with running("loky", n) as executor:
                tasks = [(meet_process, str(folder), 2)] * 2
                used.append(set(answers(executor, *tasks)))
        assert used[0] == used[1]
        assert len(used[0]) == 2

    def test_of_other_settings_do_not_pile_up(self):
        pids = []
        for n_threads in (3, 4, 5):
            with running("loky", 1, inner_max_num_threads=n_threads) as executor:
                pids.append(set(answers(executor, *[(process_id,)] * 4)))
        assert until(lambda: all(map(is_gone, pids[0] | pids[1])))
        assert not any(map(is_gone, pids[2]))

    def test_have_not_started_a_task_while_they_start_themselves(self):
        with running("loky", SlowToLoad(), inner_max_num_threads=12) as executor:
            before = time.monotonic()
            future = executor.submit(str)
            assert executor.started(future) is None
            executor.wait({future}, TIME_LIMIT)
            assert future.result() == "loaded"
            assert executor.started(future) >= before + 1.0
            before = time.monotonic()
            future = executor.submit(str)
            assert until(lambda: executor.started(future) is not None)
            assert before <= executor.started(future) <= time.monotonic()

    def test_have_the_threads_for_blas_that_joblib_gives(self):
        with running("loky") as executor:
            [found] = answers(executor, (environment,))
            joblibs = joblib.Parallel()(joblib.delayed(environment)() for _ in "ab")
        assert found == joblibs[0]
        assert None not in found.values()
        with running("loky", inner_max_num_threads=13) as executor:
            assert answers(executor, (environment,)) == [dict.fromkeys(found, "13")]

    def test_leave_when_their_parent_is_killed(self, tmp_path):
        pids, folders = tmp_path / "pids", tmp_path / "folders"
        pids.mkdir(), folders.mkdir()
        script = f"""
from joblib import parallel_config
from executors import *
from test_search import search_for
search = search_for(Traced(x=100, folder={str(pids)!r}), {{"x": [100, 101]}})
with parallel_config("loky", n_jobs=2, temp_folder={str(folders)!r}):
    search.fit(X, Y)
"""
        with subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent,
            stderr=subprocess.DEVNULL,
        ) as parent:
            assert until(lambda: len(told_pids(pids)) == 2, TIME_LIMIT)
            assert os.listdir(folders)
            assert not any(map(is_gone, told_pids(pids)))
            parent.kill()
        assert until(lambda: all(map(is_gone, told_pids(pids))))
        assert until(lambda: not os.listdir(folders))

    def test_kill_a_fold_that_takes_too_long(self, tmp_path):
        search = search_for(
            Traced(folder=str(tmp_path)), {"x": [0, 100, 1]}, fit_timeout=0.5
        )
        trials = failing_trials(search.set_params(cv=ONE_SPLIT), "loky")
        assert [trials[x].state for x in (0, 1, 100)] == [*["complete"] * 2, "failed"]
        assert "took longer than 0.5 s" in trials[100].error
        assert any(map(is_gone, told_pids(tmp_path)))

    def test_fail_the_fold_that_kills_them_and_no_other(self, caplog):
        trials = failing_trials(search_for(Deadly(), {"x": range(4)}), "loky")
        assert [trials[x].state for x in (0, 1, 3)] == ["complete"] * 3
        assert trials[2].state == "failed"
        assert "the worker died" in trials[2].error
        number = trials[2].number
        assert f"a worker died while candidate {number} ran" in caplog.messages


class TestMapping:
    BIG = np.arange(10_000_000.0)  # 80 MB

    def test_of_large_arrays_is_by_file(self, tmp_path):
        small, large = self.BIG[:100], self.BIG[:200_000].copy()
        for form in (np.asarray, lambda array: pd.DataFrame({"a": array, "b": array})):
            with running("loky", form(large), temp_folder=str(tmp_path)) as executor:
                [path] = answers(executor, (mapped_file,))
                assert Path(path).is_relative_to(tmp_path)
            with running("loky", form(small), temp_folder=str(tmp_path)) as executor:
                assert answers(executor, (mapped_file,)) == [None]
            assert not os.listdir(tmp_path)

    @LINUX
    @pytest.mark.parametrize("max_nbytes", ["1M", None])
    def test_leaves_no_copy_in_any_worker(self, max_nbytes, tmp_path):
        memory = []
        for n, shared in enumerate((self.BIG[:100], self.BIG)):
            folder = tmp_path / str(n)
            folder.mkdir()
            with running("loky", shared, max_nbytes=max_nbytes) as executor:
                found = answers(executor, *[(own_memory, str(folder))] * 2)
            assert [total for *_, total in found] == [shared.sum()] * 2
            memory.append({pid: size for pid, size, _ in found})
        assert memory[0].keys() == memory[1].keys()
        for pid in memory[0]:
            copied = memory[1][pid] - memory[0][pid] > self.BIG.nbytes / 2
            assert copied == (max_nbytes is None)

    def test_takes_a_mapping_of_the_user_as_it_is(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        path = tmp_path / "users.npy"
        for array in (self.BIG[:300_000], self.BIG[:300_000].reshape(2, -1, order="F")):
            np.save(path, array)
            users = np.load(path, mmap_mode="r")
            with running("loky", users, temp_folder=str(folder)) as executor:
                assert answers(executor, (mapped_file,)) == [str(path)]
                assert answers(executor, (np.asarray,))[0].tolist() == array.tolist()
                assert not list(folder.rglob("*.npy"))
            view = users[..., 50_000:]  # of which the place in the file is not known
            with running("loky", view, temp_folder=str(folder)) as executor:
                expected = array[..., 50_000:].tolist()
                assert answers(executor, (np.asarray,))[0].tolist() == expected

    def test_keeps_changes_that_are_not_in_the_file(self, tmp_path):
        np.save(tmp_path / "users.npy", self.BIG[:300_000])
        users = np.load(tmp_path / "users.npy", mmap_mode="c")
        users[:3] = -1
        with running("loky", users) as executor:
            [first] = answers(executor, (lambda shared: shared[:4].tolist(),))
        assert first == [-1, -1, -1, 3]

    def test_takes_the_folder_of_the_environment(self, tmp_path, monkeypatch):
        monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
        with running("loky"):
            [folder] = os.listdir(tmp_path)
            assert folder.startswith("sklearn_btb-")
        assert not os.listdir(tmp_path)

    @pytest.mark.parametrize("mode", ["r", "c"])
    def test_is_in_the_mode_of_the_context(self, mode):
        large = self.BIG[:200_000]
        with running("loky", large, mmap_mode=mode) as executor:
            [writable] = answers(executor, (lambda shared: shared.flags.writeable,))
        assert writable == (mode == "c")
