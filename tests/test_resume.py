"""A search that ended, or was ended, goes on as if it had not."""

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import clone
from sklearn.model_selection import KFold
from test_search import names_and_params, search_for
from toys import Toy, X, Y

from sklearn_btb import UniformTuner

KILLS = int(os.environ.get("SKLEARN_BTB_KILLS", "5"))
ESTIMATORS = {"a": Toy(), "b": Toy(peak=1), "bad": Toy(bad=(1,), needed_row=0)}
SPACES = {
    "a": {"x": uniform(-1, 3)},
    "b": {"x": loguniform(0.1, 9), "peak": [0, 1, 2]},
    "bad": {"x": range(9)},
}
SCORED = {
    "scoring": {
        "own": lambda est, X, y: est.score(X),
        "x": lambda est, X, y: est.x,
    },
    "refit": "own",
    "return_train_score": True,
}
CHANGES = {
    "X": {"X": X + np.eye(12, 1)},
    "y": {"y": 1 - Y},
    "search_spaces": {"param_grid": {"x": uniform(-1, 4)}},
    "constraints": {"constraints": lambda params: params["x"] < 1},
    "splits": {"cv": KFold(4)},
    "estimators": {"estimator__peak": 2},
    "scoring": {"scoring": "r2"},
}
fails = pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
not_finite = pytest.mark.filterwarnings("ignore:One or more of the test scores")


def without_times(results):
    return {key: column for key, column in results.items() if "time" not in key}


def assert_same_results(one, other):
    one, other = without_times(one), without_times(other)
    assert list(one) == list(other)
    for key, column in one.items():
        np.testing.assert_array_equal(column, other[key], err_msg=key)
        masks = np.ma.getmaskarray(column), np.ma.getmaskarray(other[key])
        np.testing.assert_array_equal(*masks, err_msg=key)
        assert getattr(column, "dtype", None) == getattr(other[key], "dtype", None)
    kinds = [[type(v) for p in r["params"] for v in p.values()] for r in (one, other)]
    assert kinds[0] == kinds[1]


class Interrupted(Toy):
    """Is interrupted in the fit before which `left` gets to 0."""

    left = -1
    n_fits = 0

    def fit(self, X, y=None):
        Interrupted.left -= 1
        Interrupted.n_fits += 1
        if Interrupted.left == 0:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.fixture
def interrupted():
    """A search of which four candidates are done, and one fold of the fifth."""
    search = search_for(Interrupted(), {"x": uniform(-1, 3)}, n_iter=8, warm_start=True)
    Interrupted.left = 3 * 4 + 2
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    Interrupted.n_fits = 0
    return search


@pytest.mark.parametrize("tuner", ["uniform", "gp"])
@fails
@not_finite
class TestInParts:
    """Ten candidates and ten more are the same as twenty."""

    def test_of_one_object(self, tuner):
        whole = search_for(ESTIMATORS, SPACES, n_iter=20, tuner=tuner, **SCORED)
        search = clone(whole).set_params(warm_start=True, n_iter=10)
        search.fit(X, Y)
        assert len(search.trials_) == 10
        assert_same_results(search.fit(X, Y).cv_results_, whole.fit(X, Y).cv_results_)
        assert search.best_params_ == whole.best_params_
        assert "failed" in {trial.state for trial in search.trials_}

    @pytest.mark.filterwarnings("ignore:The search ended")
    def test_of_a_log(self, tuner, tmp_path):
        whole = search_for(ESTIMATORS, SPACES, n_iter=20, tuner=tuner, **SCORED)
        for n_iter in (1, 10, 20):
            search = clone(whole).set_params(n_iter=n_iter, checkpoint=tmp_path / "log")
            assert len(search.fit(X, Y).trials_) == n_iter
        assert_same_results(search.cv_results_, whole.fit(X, Y).cv_results_)
        assert search.best_params_ == whole.best_params_

    def test_of_an_object_with_a_log(self, tuner, tmp_path):
        whole = search_for(ESTIMATORS, SPACES, n_iter=15, tuner=tuner, **SCORED)
        search = clone(whole).set_params(n_iter=5, warm_start=True)
        search.set_params(checkpoint=str(tmp_path / "log"))
        for _ in range(3):
            search.fit(X, Y)
        assert_same_results(search.cv_results_, whole.fit(X, Y).cv_results_)
        lines = (tmp_path / "log").read_bytes().splitlines()
        numbers = [json.loads(line[9:])["number"] for line in lines[1:]]
        assert numbers == list(range(15))

    def test_of_a_pickled_object(self, tuner):
        whole = search_for(Toy(), SPACES["a"], n_iter=12, tuner=tuner)
        search = clone(whole).set_params(warm_start=True, n_iter=6).fit(X, Y)
        search = pickle.loads(pickle.dumps(search)).fit(X, Y)
        assert_same_results(search.cv_results_, whole.fit(X, Y).cv_results_)


class TestWarmStart:
    def test_without_it_a_fit_begins_anew(self):
        search = search_for(Toy(), SPACES["a"], n_iter=3).fit(X, Y)
        assert len(search.fit(X, Y).trials_) == 3

    def test_no_more_candidates_just_refit(self):
        search = search_for(Toy(), SPACES["a"], n_iter=5, warm_start=True).fit(X, Y)
        results, best = search.cv_results_, search.best_estimator_
        search.set_params(n_iter=0).fit(X, Y)
        assert_same_results(search.cv_results_, results)
        assert search.best_estimator_ is not best
        assert search.best_estimator_.x == best.x

    def test_an_interrupted_search_can_be_refitted(self, interrupted):
        states = [trial.state for trial in interrupted.trials_]
        assert states == ["complete"] * 4 + ["interrupted"]
        assert interrupted.stop_reason_ == "interrupted"
        interrupted.set_params(n_iter=0).fit(X, Y)
        assert Interrupted.n_fits == 1  # the refit
        assert len(interrupted.cv_results_["params"]) == 4
        assert interrupted.predict(X)[0] == interrupted.best_params_["x"]

    def test_what_was_interrupted_is_run_again(self, interrupted):
        params = interrupted.trials_[4].params
        interrupted.set_params(n_iter=4, refit=False).fit(X, Y)
        assert Interrupted.n_fits == 3 * 4
        assert interrupted.trials_[4].params == params
        whole = search_for(Interrupted(), SPACES["a"], n_iter=8).fit(X, Y)
        assert_same_results(interrupted.cv_results_, whole.cv_results_)

    def test_nothing_to_go_on_with(self):
        search = search_for(Toy(), SPACES["a"], n_iter=0, warm_start=True)
        with pytest.raises(ValueError, match="`n_iter` must be at least 1"):
            search.fit(X, Y)

    def test_a_target_is_the_same_in_another_container(self):
        search = search_for(Toy(), SPACES["a"], n_iter=3, warm_start=True).fit(X, Y)
        series = pd.Series(Y, index=np.arange(len(Y)) + 7)
        assert len(search.set_params(n_iter=2).fit(X, series).trials_) == 5

    def test_a_clone_knows_nothing(self):
        search = search_for(Toy(), SPACES["a"], n_iter=3, warm_start=True).fit(X, Y)
        with pytest.raises(ValueError, match="`n_iter` must be at least 1"):
            clone(search).set_params(n_iter=0).fit(X, Y)

    def test_without_it_no_candidates_are_refused_and_nothing_is_lost(self):
        search = search_for(Toy(), SPACES["a"], n_iter=3).fit(X, Y)
        with pytest.raises(ValueError, match="with `warm_start=True`"):
            search.set_params(n_iter=0).fit(X, Y)
        assert len(search.trials_) == 3

    @pytest.mark.parametrize(
        "change", [{"scoring": "r2"}, {"estimator__peak": 2}, {"X": X + 1}], ids=str
    )
    def test_another_search_is_refused_also_after_a_cold_fit(self, change):
        search = search_for(Toy(), SPACES["a"], n_iter=3).fit(X, Y)
        search.set_params(warm_start=True)
        search.set_params(**{k: v for k, v in change.items() if k != "X"})
        with pytest.raises(ValueError, match="differ in"):
            search.fit(change.get("X", X), Y)

    @pytest.mark.parametrize("what", CHANGES)
    def test_another_search_is_refused(self, what):
        search = search_for(Toy(), SPACES["a"], n_iter=3, warm_start=True).fit(X, Y)
        data = {"X": X, "y": Y}
        changes = CHANGES[what]
        search.set_params(**{k: v for k, v in changes.items() if k not in data})
        data |= {key: changes[key] for key in data if key in changes}
        with pytest.raises(ValueError, match=rf"differ in\n- {what}\b"):
            search.fit(**data)

    @pytest.mark.parametrize("wrong", [{"param_grid": {"x": [7]}}, {"cv": 99}])
    def test_a_refused_fit_loses_nothing(self, wrong):
        search = search_for(Toy(), {"x": uniform()}, n_iter=3, warm_start=True)
        search.fit(X, Y)
        trials = search.trials_
        with pytest.raises(ValueError):
            search.set_params(**wrong).fit(X, Y)
        assert search.trials_ == trials

    def test_that_is_refused_leaves_the_search_as_it_was(self, tmp_path):
        search = search_for(Toy(), {"x": range(3)}, n_iter=2, warm_start=True).fit(X, Y)
        other = tmp_path / "log"
        search_for(Toy(), {"x": range(5)}, n_iter=2, checkpoint=other).fit(X, Y)
        before = dict(vars(search))
        with pytest.raises(ValueError, match="differ in"):
            search.fit(X[:9], Y[:9])
        with pytest.raises(ValueError, match="of another search"):
            search.set_params(checkpoint=other).fit(X, Y)
        assert vars(search.set_params(checkpoint=None)) == before
        assert len(search.predict(X)) == len(X)

    def test_a_generator_may_be_drawn_from_again(self):
        rng = np.random.RandomState(0)
        search = search_for(Toy(), {"x": uniform()}, n_iter=3, random_state=rng)
        search.set_params(warm_start=True).fit(X, Y).fit(X, Y)
        assert len({trial.params["x"] for trial in search.trials_}) == 6

    def test_splits_that_are_shuffled_anew_are_noticed(self):
        cv = KFold(3, shuffle=True)
        search = search_for(Toy(), SPACES["a"], n_iter=3, warm_start=True, cv=cv)
        search.fit(X, Y)
        with pytest.raises(
            ValueError, match=r"differ in\n- splits: 3 with the hash.*`random_state`"
        ):
            search.fit(X, Y)


class TestCheckpoint:
    def search(self, tmp_path, **params):
        given = {"n_iter": 4, "checkpoint": tmp_path / "log"} | params
        return search_for(Toy(), SPACES["a"], **given)

    def test_what_is_done_is_not_done_again(self, tmp_path):
        Interrupted.n_fits = 0
        params = {"n_iter": 4, "checkpoint": tmp_path / "log"}
        search = search_for(Interrupted(), SPACES["a"], **params, refit=False)
        results = search.fit(X, Y).cv_results_
        assert Interrupted.n_fits == 3 * 4
        again = clone(search).fit(X, Y)
        assert Interrupted.n_fits == 3 * 4
        assert_same_results(again.cv_results_, results)
        assert (
            again.cv_results_["mean_fit_time"].tolist()
            == results["mean_fit_time"].tolist()
        )

    def test_no_more_candidates_just_refit(self, tmp_path, capsys):
        path = tmp_path / "log"
        search = search_for(Toy(), {"x": uniform()}, n_iter=5, checkpoint=path)
        best = search.fit(X, Y).best_params_
        other = clone(search).set_params(n_iter=0, verbose=1).fit(X, Y)
        assert other.best_params_ == best
        assert "0 candidates, totalling 0 fits" in capsys.readouterr().out

    def test_a_log_given_later_gets_the_candidates_before_it(self, tmp_path):
        search = search_for(Toy(), {"x": uniform()}, n_iter=4, warm_start=True)
        search.fit(X, Y).set_params(checkpoint=tmp_path / "log").fit(X, Y)
        resumed = clone(search).set_params(n_iter=8).fit(X, Y)
        assert_same_results(resumed.cv_results_, search.cv_results_)

    def test_of_other_candidates_is_refused_by_a_warm_start(self, tmp_path):
        path = tmp_path / "log"
        common = {"n_iter": 4, "random_state": None, "warm_start": True}
        search_for(Toy(), {"x": uniform()}, checkpoint=path, **common).fit(X, Y)
        search = search_for(Toy(), {"x": uniform()}, **common).fit(X, Y)
        with pytest.raises(ValueError, match="has another candidate 1 than"):
            search.set_params(checkpoint=path).fit(X, Y)

    def test_has_what_the_tuner_stumbled_over(self, tmp_path):
        class Stumbling(UniformTuner):
            def record(self, params, score):
                super().record(params, score)
                if self._n_recorded == 3:
                    raise ZeroDivisionError

        search = self.search(tmp_path, tuner=Stumbling)
        with pytest.raises(ZeroDivisionError):
            search.fit(X, Y)
        kept = names_and_params(search)
        assert len(kept) == 3
        resumed = self.search(tmp_path, n_iter=0).fit(X, Y)
        assert names_and_params(resumed) == kept

    def test_path_may_be_of_any_kind(self, tmp_path):
        kept = names_and_params(self.search(tmp_path).fit(X, Y))
        named = str(tmp_path / "log")
        assert (
            names_and_params(self.search(tmp_path, checkpoint=named).fit(X, Y)) == kept
        )

    def test_no_seed_means_that_of_the_log(self, tmp_path):
        seeds = []

        def tuner(tunable, random_state):
            seeds.append(random_state)
            return UniformTuner(tunable, random_state=random_state)

        params = {"random_state": None, "tuner": tuner}
        first = self.search(tmp_path, **params).fit(X, Y)
        second = self.search(tmp_path, **params, n_iter=8).fit(X, Y)
        assert seeds[0] == seeds[1]
        assert names_and_params(second)[:4] == names_and_params(first)

    def test_times_go_on_to_a_cost_aware_selector(self, tmp_path):
        class Listener:
            cost_aware = True

            def __init__(self, random_state):
                pass

            def select(self, scores, costs):
                Listener.told = costs
                return "a"

        search = search_for(
            {"a": Toy(), "b": Toy()},
            {"a": SPACES["a"], "b": {"x": [0, 1]}},
            selector=Listener,
            checkpoint=tmp_path / "log",
        )
        clone(search).set_params(n_iter=3).fit(X, Y)
        again = search.set_params(n_iter=4).fit(X, Y)
        first, second, third, _ = [trial.seconds for trial in again.trials_]
        assert Listener.told == {"a": [first, third], "b": [second]}

    def test_patience_goes_on(self, tmp_path):
        params = {"checkpoint": tmp_path / "log", "patience": 4}
        search = search_for(Toy(x=0), {"x": range(9)}, **params, n_iter=3)
        assert search.fit(X, Y).stop_reason_ == "n_iter"
        search = clone(search).set_params(n_iter=9).fit(X, Y)
        assert (len(search.trials_), search.stop_reason_) == (5, "patience")
        assert search.best_index_ == 0

    @pytest.mark.parametrize("what", CHANGES)
    def test_log_of_another_search_is_refused(self, tmp_path, what):
        self.search(tmp_path).fit(X, Y)
        before = (tmp_path / "log").read_bytes()
        changes = CHANGES[what]
        data = {"X": changes.get("X", X), "y": changes.get("y", Y)}
        search = self.search(tmp_path)
        search.set_params(**{k: v for k, v in changes.items() if k not in data})
        with pytest.raises(ValueError, match=rf"another search:\n- {what}\b"):
            search.fit(**data)
        assert (tmp_path / "log").read_bytes() == before

    @fails
    def test_failures_count_from_the_beginning(self, tmp_path):
        params = {"checkpoint": tmp_path / "log", "max_errors": 3}
        params |= {"selector": "uniform", "error_score": 5.0}  # which is not earned
        whole = {"a": Toy(), "bad": Toy(x=1, bad=(1, 2, 3, 4, 5))}
        spaces = {"a": {"x": uniform(-1, 3)}, "bad": {"x": [1, 2, 3, 4, 5]}}
        search_for(whole, spaces, n_iter=3, **params).fit(X, Y)
        search = search_for(whole, spaces, n_iter=20, **params)
        with pytest.warns(UserWarning, match="'bad' was dropped"):
            search.fit(X, Y)
        names = search.cv_results_["estimator_name"].tolist()
        assert (len(names), names.count("bad")) == (20, 3)

    def test_can_be_cloned_and_pickled(self, tmp_path):
        search = self.search(tmp_path).fit(X, Y)
        assert clone(search).checkpoint == tmp_path / "log"
        kept = pickle.loads(pickle.dumps(search))
        assert names_and_params(kept) == names_and_params(search)
        assert len(kept.set_params(n_iter=6).fit(X, Y).trials_) == 6


SCRIPT = """
import pickle, sys, time, warnings
import numpy as np
import pandas as pd
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold
from sklearn_btb import BTBSearchCV

class Slow(BaseEstimator):
    def __init__(self, x=1.0, kind="a", pause=0.0, fails=False):
        self.x, self.kind, self.pause, self.fails = x, kind, pause, fails

    def fit(self, X, y=None):
        time.sleep(self.pause * (1 + X[0, 0] % 2))
        if self.fails:
            raise RuntimeError(f"never works, x={self.x}")
        return self

    def score(self, X, y=None):
        return -((self.x - 0.3) ** 2) - X[:, 0].mean() / 99 - (self.kind == "b")

if __name__ == "__main__":
    log, results, n_jobs = sys.argv[1:]
    warnings.simplefilter("ignore")
    X = np.arange(12.0).reshape(-1, 1)
    search = BTBSearchCV(
        {
            "quick": Slow(pause=0.002),
            "slow": Slow(pause=0.012),
            "never": Slow(fails=True),
        },
        {
            "quick": {"x": uniform(0, 1), "kind": ["a", "b", None]},
            "slow": {"x": loguniform(0.01, 10)},
            "never": {"x": uniform(0, 1)},
        },
        n_iter=40, cv=KFold(3), random_state=0, n_jobs=int(n_jobs), checkpoint=log,
    )
    print("ready", flush=True)
    search.fit(X)
    kept = {k: v for k, v in search.cv_results_.items() if "time" not in k}
    with open(results, "wb") as file:
        pickle.dump(kept, file)
"""


class Runs:
    """Runs of the script above in a folder, from the beginning or from its log."""

    def __init__(self, folder, script, n_jobs):
        folder.mkdir()
        self.log, self.results = folder / "log", folder / "results"
        self.errors = folder / "errors"
        self.command = [sys.executable, script, self.log, self.results, str(n_jobs)]

    def run(self, wait=lambda process: process.wait(), from_start=False):
        """Run it to its end, or until it is killed after `wait`; return if it ended."""
        with (
            open(self.errors, "wb") as errors,
            subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=errors
            ) as process,
        ):
            if not from_start:
                assert process.stdout.readline() == b"ready\n", self.errors.read_text()
            wait(process)
            process.send_signal(signal.SIGKILL)
        if process.returncode == -signal.SIGKILL:
            return False
        assert process.returncode == 0, self.errors.read_text()
        return True

    def wait_for_lines(self, process, n_more):
        """Wait until the log has more lines, or the process has ended."""
        n_lines = len(self.lines()) + n_more
        while process.poll() is None and len(self.lines()) < n_lines:
            time.sleep(0.002)

    def lines(self):
        """The whole lines of the log."""
        content = self.log.read_bytes() if self.log.exists() else b""
        return content.split(b"\n")[:-1]

    def kept(self):
        return pickle.loads(self.results.read_bytes())


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_that_is_killed_again_and_again(tmp_path, n_jobs):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    whole = Runs(tmp_path / "whole", script, n_jobs)
    assert n_jobs > 1 or whole.run()
    rng = random.Random(n_jobs)
    n_killed = n_rounds = 0
    while n_killed < KILLS:
        killed = Runs(tmp_path / f"killed {n_rounds}", script, n_jobs)
        n_rounds += 1
        known, ended = [], False
        while not ended:
            ended = killed.run(**a_moment(rng, killed, n_killed))
            n_killed += not ended
            lines = killed.lines()
            assert lines[: len(known)] == known  # nothing is lost
            known = lines
        trials = [json.loads(line[9:]) for line in lines[1:]]
        assert sorted(trial["number"] for trial in trials) == list(range(40))
        assert len({(t["name"], str(t["image"])) for t in trials}) == 40
        if n_jobs == 1:
            assert_same_results(killed.kept(), whole.kept())
        else:
            trials.sort(key=lambda trial: trial["number"])
            kept = killed.kept()["params"]
            assert [trial["params"] for trial in trials] == kept
    print(f"killed {n_killed} times in {n_rounds} rounds")


def a_moment(rng, runs, n_killed):
    """When to kill a run: while it starts, when it has come some way, or never."""
    if n_killed >= KILLS:
        return {}
    longest = rng.choice([0.001, 0.05, 0.5])
    n_more = rng.randint(1, 9)

    def wait(process):
        if n_killed % 5 not in (0, 1):
            runs.wait_for_lines(process, n_more)
        time.sleep(rng.uniform(0, longest))

    return {"wait": wait, "from_start": n_killed % 5 == 0}
