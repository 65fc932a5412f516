"""scikit-learn's callbacks see of `BTBSearchCV` what they see of `GridSearchCV`."""

import json
import pickle
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold

from sklearn_btb import BTBSearchCV

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn >= 1.9")

X = np.random.default_rng(0).normal(size=(30, 2))
y = np.tile([0, 1, 1], 10)
N_SPLITS = 2
GRID = {"steps": [1, 2, 3]}


class Steps(callback.CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Fits in steps, each a task for callbacks."""

    def __init__(self, steps=1, fail=False):
        self.steps = steps
        self.fail = fail

    @callback.with_callbacks
    def fit(self, X, y, sample_weight=None):
        data = {"estimator": self, "X": X, "y": y}
        context = self._init_callback_context(max_subtasks=self.steps)
        context.call_on_fit_task_begin(**data)
        if self.fail:
            raise ZeroDivisionError("fails on request")
        self.classes_ = np.unique(y)
        for step in range(self.steps):
            task = context.subcontext(task_name="step").call_on_fit_task_begin(**data)
            task.call_on_fit_task_end(
                **data, reconstruction_attributes={"steps_": step + 1}
            )
        self.steps_ = self.steps
        context.call_on_fit_task_end(**data)
        return self

    def predict(self, X):
        return np.full(len(X), self.steps_ % 2)


class Silent(ClassifierMixin, BaseEstimator):
    """Knows nothing of callbacks."""

    def __init__(self, steps=1, fail=False):
        self.steps = steps
        self.fail = fail

    def fit(self, X, y, sample_weight=None):
        if self.fail:
            raise ZeroDivisionError("fails on request")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.steps % 2)


class Recorder:
    """Writes every hook to a file, which other processes can do as well."""

    def __init__(self, path):
        self.path = path

    def setup(self, estimator, context):
        self._write("setup", estimator, context)

    def on_fit_task_begin(self, estimator, context, *, X=None, metadata=None):
        self._write("begin", estimator, context, X, metadata)

    def on_fit_task_end(self, estimator, context, *, X=None, metadata=None):
        self._write("end", estimator, context, X, metadata)

    def teardown(self, estimator, context):
        self._write("teardown", estimator, context)

    def _write(self, hook, estimator, context, X=None, metadata=None):
        weights = (metadata or {}).get("sample_weight")
        record = {
            "hook": hook,
            "task": context.task_name,
            "estimator": type(estimator).__name__,
            "id": id(estimator),
            "path": path_of(context),
            "rows": None if X is None else len(X),
            "weights": None if weights is None else list(weights),
        }
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def records(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def count(self, hook, by="task"):
        return Counter(entry[by] for entry in self.records() if entry["hook"] == hook)


class PropagatedRecorder(Recorder):
    max_propagation_depth = None


class Failing(Recorder):
    """Raises at the end of a task."""

    def __init__(self, path, task):
        super().__init__(path)
        self.task = task

    def on_fit_task_end(self, estimator, context, *, X=None, metadata=None):
        super().on_fit_task_end(estimator, context, X=X, metadata=metadata)
        if context.task_name == self.task:
            raise KeyError("the callback fails")


def path_of(context):
    return [] if context is None else [*path_of(context.parent), context.task_id]


both_kinds = pytest.mark.parametrize("kind", [Recorder, PropagatedRecorder])
# scikit-learn says so whenever callbacks cannot be passed on
pytestmark = pytest.mark.filterwarnings("ignore:The estimator Silent does not support")


def both(estimator, grid=GRID, **settings):
    settings = {"cv": N_SPLITS} | settings
    ours = BTBSearchCV(estimator, grid, random_state=0, **settings)
    return ours, GridSearchCV(estimator, grid, **settings)


def without_order(recorder):
    """Count what a recorder saw, whichever search and candidate came when."""
    counts = Counter()
    for record in recorder.records():
        record["estimator"] = record["estimator"].replace("BTBSearch", "GridSearch")
        record["path"] = len(record["path"])
        counts[json.dumps(record | {"id": None})] += 1
    return counts


@both_kinds
@pytest.mark.parametrize("estimator", [Steps(), Silent()])
@pytest.mark.parametrize(
    ("settings", "grid"),
    [
        ({}, GRID),
        ({"refit": False}, GRID),
        ({"scoring": ["r2", "f1"], "refit": "f1", "return_train_score": True}, GRID),
        ({"n_jobs": 2}, GRID),
        ({"refit": False, "error_score": 0.0}, GRID | {"fail": [False, True]}),
    ],
    ids=["default", "no refit", "many metrics", "two jobs", "failures"],
)
@pytest.mark.parametrize("weights", [None, np.arange(30.0)], ids=["", "sample_weight"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_same_hooks_as_grid_search(kind, estimator, settings, grid, weights, tmp_path):
    recorders = kind(tmp_path / "ours"), kind(tmp_path / "theirs")
    searches = both(estimator, grid, **settings)
    for search, recorder in zip(searches, recorders, strict=True):
        search.set_callbacks(recorder).fit(X, y, sample_weight=weights)
    assert without_order(recorders[0]) == without_order(recorders[1])


@both_kinds
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("estimator", [Steps(), Silent()])
def test_one_task_for_each_thing_that_is_done(kind, n_jobs, refit, estimator, tmp_path):
    recorder = kind(tmp_path / "hooks")
    search = BTBSearchCV(estimator, GRID, cv=N_SPLITS, n_jobs=n_jobs, refit=refit)
    search.set_callbacks(recorder).fit(X, y)
    fits = len(search.trials_) * N_SPLITS
    expected = {"fit": 1, "search": 1, "candidate-split-evaluation": fits}
    if refit:
        expected["refit-with-best-params"] = 1
    if kind is PropagatedRecorder and isinstance(estimator, Steps):
        # a fit of `Steps` is the same task as the one of the search around it
        winner = search.best_params_["steps"] if refit else 0
        expected["step"] = N_SPLITS * sum(GRID["steps"]) + winner
        expected["fit"] += expected.pop("candidate-split-evaluation")
        expected["fit"] += expected.pop("refit-with-best-params", 0)
    assert recorder.count("begin") == expected
    assert recorder.count("end") == expected
    assert recorder.count("setup") == recorder.count("teardown") == {"fit": 1}


def test_every_task_has_its_place(tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    search = BTBSearchCV(Silent(), GRID, cv=N_SPLITS).set_callbacks(recorder)
    search.fit(X, y)
    fits = [[0, 0, number] for number in range(len(search.trials_) * N_SPLITS)]
    begun = [entry for entry in recorder.records() if entry["hook"] == "begin"]
    assert [entry["path"] for entry in begun] == [[0], [0, 0], *fits, [0, 1]]


def test_hooks_get_the_search_itself_and_its_data(tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    search = BTBSearchCV(Steps(), GRID, cv=N_SPLITS).set_callbacks(recorder).fit(X, y)
    assert {entry["id"] for entry in recorder.records()} == {id(search)}
    rows = {(entry["task"], entry["rows"]) for entry in recorder.records()}
    assert ("candidate-split-evaluation", len(X) // N_SPLITS) in rows
    assert ("refit-with-best-params", len(X)) in rows


def test_hooks_get_the_sample_weight(tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    weights = np.arange(30.0)
    search = BTBSearchCV(Steps(), GRID, cv=KFold(N_SPLITS)).set_callbacks(recorder)
    search.fit(X, y, sample_weight=weights)
    got = {entry["task"]: entry["weights"] for entry in recorder.records()}
    assert got["candidate-split-evaluation"] == list(weights[:15])  # of the last split
    assert got["refit-with-best-params"] == list(weights)
    assert got["search"] is None


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_failed_fits_are_tasks_as_well(n_jobs, tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    search = BTBSearchCV(
        *(Silent(), {"fail": [False, True]}),
        cv=N_SPLITS,
        error_score=0.0,
        n_jobs=n_jobs,
    ).set_callbacks(recorder)
    with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 4"):
        search.fit(X, y)
    for hook in ("begin", "end"):
        assert recorder.count(hook)["candidate-split-evaluation"] == 4


@pytest.mark.parametrize("which", [0, 1], ids=["ours", "theirs"])
def test_teardown_after_a_failed_search(which, tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    search = both(Silent(), {"fail": [True]}, error_score="raise")[which]
    with pytest.raises(ZeroDivisionError):
        search.set_callbacks(recorder).fit(X, y)
    assert recorder.count("teardown") == {"fit": 1}


@pytest.mark.parametrize("which", [0, 1], ids=["ours", "theirs"])
@pytest.mark.parametrize(
    "task", ["fit", "search", "candidate-split-evaluation", "refit-with-best-params"]
)
def test_errors_of_callbacks_are_raised(which, task, tmp_path):
    recorder = Failing(tmp_path / "hooks", task)
    with pytest.raises(KeyError, match="the callback fails"):
        both(Silent())[which].set_callbacks(recorder).fit(X, y)
    assert recorder.count("end")[task] == 1
    assert recorder.count("teardown") == {"fit": 1}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_of_the_estimators(n_jobs, tmp_path):
    """Set on an estimator, a callback sees its fits as parts of the search."""
    recorders = Recorder(tmp_path / "ours"), Recorder(tmp_path / "theirs")
    for which, recorder in enumerate(recorders):
        estimator = Steps().set_callbacks(recorder)
        search = both(estimator, n_jobs=n_jobs)[which].fit(X, y)
    assert without_order(recorders[0]) == without_order(recorders[1])
    fits = len(search.cv_results_["params"]) * N_SPLITS + 1
    assert recorders[0].count("setup", by="estimator") == {"Steps": fits}
    depths = {len(entry["path"]) for entry in recorders[0].records()}
    assert depths == {2, 3, 4}  # the refit, the evaluations below the search, steps


@pytest.mark.parametrize("which", [0, 1], ids=["ours", "theirs"])
def test_propagated_callbacks_belong_on_the_search(which, tmp_path):
    estimator = Steps().set_callbacks(PropagatedRecorder(tmp_path / "hooks"))
    with pytest.raises(ValueError, match="can't have auto-propagated callbacks"):
        both(estimator)[which].fit(X, y)


def test_of_several_estimators(tmp_path):
    recorder = PropagatedRecorder(tmp_path / "hooks")
    estimators = {"steps": Steps(), "silent": Silent()}
    search = BTBSearchCV(estimators, dict.fromkeys(estimators, GRID), cv=N_SPLITS)
    search.set_callbacks(recorder).fit(X, y)
    ended = recorder.count("end", by="estimator")
    assert ended["Steps"] >= N_SPLITS * (3 + sum(GRID["steps"]))
    assert recorder.count("end")["candidate-split-evaluation"] == 3 * N_SPLITS


def test_of_a_search_in_a_search(tmp_path):
    inner = BTBSearchCV(Silent(), GRID, cv=N_SPLITS)
    recorder = PropagatedRecorder(tmp_path / "hooks")
    outer = BTBSearchCV(inner, {"max_errors": [1, 2]}, cv=N_SPLITS)
    outer.set_callbacks(recorder).fit(X, y)
    assert recorder.count("begin") == recorder.count("end")
    inner_fits = 2 * N_SPLITS + 1
    assert recorder.count("end")["search"] == 1 + inner_fits
    assert recorder.count("setup") == {"fit": 1}


def test_progress_bar(capsys):
    pytest.importorskip("rich")
    for search in both(Silent()):
        search.set_callbacks(callback.ProgressBar()).fit(X, y)
        shown = capsys.readouterr().out
        name = type(search).__name__
        assert f"{name} - fit" in shown
        assert f"{name} - search #0" in shown
        assert shown.count("100%") >= 2


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scoring_monitor(n_jobs):
    logs = []
    for search in both(Steps(), n_jobs=n_jobs):
        monitor = callback.ScoringMonitor(scoring="accuracy")
        search.estimator = Steps().set_callbacks(monitor)
        search.fit(X, y)
        logs.append(monitor.get_logs())
    ours, theirs = (
        sorted((row["task_name"], row["accuracy"]) for row in log.data) for log in logs
    )
    assert len(ours) > N_SPLITS * sum(GRID["steps"])
    assert ours == theirs
    assert logs[0].estimator_name == "BTBSearchCV"


def test_clone_keeps_callbacks_as_grid_search_does(tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    for search in both(Silent()):
        before = sum(recorder.count("setup").values()) if recorder.path.exists() else 0
        clone(search.set_callbacks(recorder)).fit(X, y)
        assert recorder.count("setup") == {"fit": before + 1}


def test_pickled_with_callbacks(tmp_path):
    recorder = Recorder(tmp_path / "hooks")
    search = BTBSearchCV(Silent(), GRID, cv=N_SPLITS).set_callbacks(recorder).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    assert_array_equal(again.predict(X), search.predict(X))
    again.fit(X, y)
    assert recorder.count("setup") == {"fit": 2}
