"""What is kept of the best candidates: their predictions and their fold models."""

import pickle
import time
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from test_search import search_for
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb._kept import best_of
from sklearn_btb._trial import Trial

SHUFFLED = KFold(3, shuffle=True, random_state=0)
BINARY = make_classification(60, 5, random_state=0)
IRIS = load_iris(return_X_y=True)
WORDS = IRIS[0], np.array(["one", "three", "two"])[IRIS[1]]
DIABETES = tuple(part[:80] for part in load_diabetes(return_X_y=True))
WEIGHT = np.linspace(0.1, 2, 150)
LOGISTIC = LogisticRegression(max_iter=2000), {"C": loguniform(1e-2, 1e2)}
FOREST = RandomForestClassifier(5, random_state=0), {"max_depth": [2, 3, None]}
CASES = {
    "binary": (*FOREST, *BINARY, "predict_proba", {}),
    "binary decision": (*LOGISTIC, *BINARY, "decision_function", {}),
    "multiclass": (*FOREST, *IRIS, "predict_proba", {}),
    "multiclass decision": (*LOGISTIC, *IRIS, "decision_function", {}),
    "strings": (*FOREST, *WORDS, "predict", {}),
    "strings as probabilities": (*FOREST, *WORDS, "predict_proba", {}),
    "regression": (Ridge(), {"alpha": [0.1, 1]}, *DIABETES, "predict", {}),
    "sparse": (*LOGISTIC, csr_matrix(IRIS[0]), IRIS[1], "predict_proba", {}),
    "tables": (*FOREST, *load_iris(return_X_y=True, as_frame=True), "predict", {}),
    "weights": (*LOGISTIC, *WORDS, "predict_proba", {"sample_weight": WEIGHT}),
    "pairwise": (
        SVC(kernel="precomputed"),
        {"C": [1, 10]},
        rbf_kernel(IRIS[0]),
        IRIS[1],
        "decision_function",
        {},
    ),
    "several outputs": (
        RandomForestRegressor(3, random_state=0),
        {"max_depth": [1, 2]},
        DIABETES[0],
        np.c_[DIABETES[1], -DIABETES[1]],
        "predict",
        {},
    ),
    "several outputs with classes": (
        *FOREST,
        IRIS[0],
        np.c_[IRIS[1], IRIS[1] > 0],
        "predict_proba",
        {},
    ),
    "label indicators": (
        KNeighborsClassifier(),
        {"n_neighbors": [1, 3]},
        IRIS[0],
        np.eye(3, dtype=int)[IRIS[1]],
        "predict_proba",
        {},
    ),
}


def keeping(estimators, spaces=None, method="predict", **params):
    """A search that keeps predictions."""
    defaults = {"keep_predictions": method, "n_iter": 4, "cv": SHUFFLED}
    return search_for(estimators, spaces, **defaults | params)


def toys(**params):
    """A search over toys, of which x = 0 is the best, then 1, then 2."""
    defaults = {"n_iter": 5, "cv": THREE_FOLDS, "n_kept": 3}
    return keeping(Toy(x=4), {"x": range(5)}, **defaults | params)


def assert_kept(search, numbers):
    assert sorted(search.oof_predictions_) == sorted(numbers)
    for number, predictions in search.oof_predictions_.items():
        np.testing.assert_array_equal(predictions, search.trials_[number].params["x"])


def best_numbers(search, n):
    complete = [trial for trial in search.trials_ if trial.state == "complete"]
    return [t.number for t in sorted(complete, key=lambda t: -t.score)[:n]]


def kept_in_folds(search):
    return [fold.kept for trial in search.trials_ for fold in trial.ran]


class TestPredictions:
    @pytest.mark.parametrize("case", CASES)
    def test_are_those_of_cross_val_predict_to_the_last_bit(self, case):
        estimator, space, X, y, method, params = CASES[case]
        search = keeping(estimator, space, method, n_iter=2)
        if np.ndim(y) == 2:  # no estimator can score them all
            search.set_params(scoring=lambda *args: 1.0)
        search.fit(X, y, **params)
        assert len(search.oof_predictions_) == 2
        for number, predictions in search.oof_predictions_.items():
            candidate = clone(estimator).set_params(**search.trials_[number].params)
            expected = cross_val_predict(
                candidate, X, y, cv=SHUFFLED, method=method, params=params
            )
            if not isinstance(expected, list):
                predictions, expected = [predictions], [expected]
            for one, other in zip(predictions, expected, strict=True):
                np.testing.assert_array_equal(one, other, strict=True)

    @pytest.mark.filterwarnings("ignore:Number of classes in training fold")
    @pytest.mark.parametrize("labels", ["words", "numbers"])
    def test_are_zero_for_a_class_that_is_missing_in_a_training_fold(self, labels):
        X, y = {"words": WORDS, "numbers": IRIS}[labels]
        args = X, y, KFold(3), "predict_proba"
        search = keeping(GaussianNB(), {}, args[3], n_iter=1, cv=args[2]).fit(X, y)
        (predictions,) = search.oof_predictions_.values()
        expected = cross_val_predict(GaussianNB(), X, y, cv=KFold(3), method=args[3])
        np.testing.assert_array_equal(predictions, expected, strict=True)
        assert (predictions[:50, 0] == 0).all()

    def test_with_worker_processes_are_the_same(self):
        estimator, space = FOREST
        one, two = (
            keeping(estimator, space, "predict_proba", n_iter=3, n_jobs=n_jobs)
            .set_params(keep_estimators=True)
            .fit(*IRIS)
            for n_jobs in (1, 2)
        )
        assert one.oof_predictions_.keys() == two.oof_predictions_.keys()
        for number, predictions in one.oof_predictions_.items():
            np.testing.assert_array_equal(predictions, two.oof_predictions_[number])
        assert [len(each) for each in two.fold_estimators_.values()] == [3] * 3

    def test_change_nothing_about_the_search(self):
        plain = toys(keep_predictions=None).fit(X, Y)
        search = toys().fit(X, Y)
        assert [t.params for t in search.trials_] == [t.params for t in plain.trials_]
        assert [t.score for t in search.trials_] == [t.score for t in plain.trials_]

    def test_take_no_time_of_scoring(self):
        class Slow(Toy):
            def predict(self, X):
                time.sleep(0.05)
                return super().predict(X)

        search = keeping(Slow(), {}, n_iter=1).fit(X, Y)
        assert search.cv_results_["mean_score_time"][0] < 0.05


class TestEstimators:
    def test_are_the_models_of_the_folds(self):
        X, y = IRIS
        search = keeping(*FOREST, "predict_proba", n_iter=2, keep_estimators=True)
        search.fit(X, y)
        for number, models in search.fold_estimators_.items():
            for model, (_, test) in zip(models, SHUFFLED.split(X), strict=True):
                predictions = search.oof_predictions_[number][test]
                np.testing.assert_array_equal(model.predict_proba(X[test]), predictions)

    def test_alone_need_no_partition(self):
        cv = ShuffleSplit(2, random_state=0)
        search = toys(keep_predictions=None, keep_estimators=True, cv=cv).fit(X, Y)
        assert [len(models) for models in search.fold_estimators_.values()] == [2] * 3
        assert not hasattr(search, "oof_predictions_")


class TestWhichAreKept:
    def test_are_the_best(self):
        search = toys().fit(X, Y)
        assert_kept(search, best_numbers(search, 3))

    def test_has_the_best_of_each_estimator(self):
        estimators = {"good": Toy(), "poor": Toy(x=7), "worse": Toy(x=9)}
        spaces = {"good": {"x": range(3)}, "poor": {"x": [7, 8]}, "worse": {}}
        for n_kept in (1, 4):
            search = keeping(estimators, spaces, n_iter=6, n_kept=n_kept).fit(X, Y)
            kept = [search.trials_[number] for number in search.oof_predictions_]
            names = sorted(trial.estimator_name for trial in kept)
            assert names == ["good"] * (n_kept > 1) + ["good", "poor", "worse"]
            assert {0, 7, 9} <= {trial.params.get("x", 9) for trial in kept}

    def test_ties_go_to_the_earlier(self):
        trials = [Trial(number, "a", {}, (), "complete", 1.0) for number in (2, 0, 1)]
        assert [trial.number for trial in best_of(trials, 2)] == [0, 1]

    def test_folds_of_trials_hold_nothing(self):
        search = toys(keep_estimators=True).fit(X, Y)
        assert not any(kept_in_folds(search))

    def test_nothing_unless_asked_for(self):
        search = toys(keep_predictions=None).fit(X, Y)
        assert not hasattr(search, "oof_predictions_")
        assert not hasattr(search, "fold_estimators_")
        assert not any(kept_in_folds(search))

    def test_are_up_to_date_in_callbacks(self):
        seen = []

        def see(search, trial):
            assert trial.ran[0].kept is None
            seen.append(len(search.oof_predictions_))

        toys(callback=see).fit(X, Y)
        assert seen == [1, 2, 3, 3, 3]


class TestRefused:
    def test_splits_that_are_no_partition(self):
        for cv in (ShuffleSplit(2), RepeatedKFold(n_splits=3, n_repeats=2)):
            with pytest.raises(ValueError, match="only works for partitions: `cv` mus"):
                toys(cv=cv).fit(X, Y)

    def test_an_estimator_without_the_method(self):
        estimators = {"a": Toy(), "b": SVC()}
        search = keeping(estimators, {"a": {}}, "predict_proba")
        with pytest.raises(
            ValueError, match="'a', of type Toy, has no `predict_proba`"
        ):
            search.fit(X, Y)

    def test_sparse_labels_where_predictions_have_a_column_for_each_class(self):
        y = csr_matrix(np.eye(3, dtype=int)[IRIS[1]])
        search = keeping(KNeighborsClassifier(), {}, "predict_proba", n_iter=1)
        search.set_params(scoring=lambda *args: 1.0)
        with pytest.raises(ValueError, match=r"dense y, .* sparse one, of shape \(150"):
            search.fit(IRIS[0], y)
        search.set_params(keep_predictions="predict").fit(IRIS[0], y)
        assert search.oof_predictions_[0].shape == (150, 3)

    def test_an_unknown_method(self):
        with pytest.raises(ValueError, match="'keep_predictions' parameter of BTBSear"):
            toys(keep_predictions="transform").fit(X, Y)


class TestIncompleteCandidates:
    def test_that_lost_a_race_have_none(self):
        search = toys(racing=lambda scores, complete: len(complete) > 1).fit(X, Y)
        assert [trial.state for trial in search.trials_].count("complete") == 2
        assert_kept(search, [0, 1])

    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
    @pytest.mark.filterwarnings("ignore:One or more of the test scores")
    def test_that_failed_have_none(self):
        search = toys(n_kept=9).set_params(estimator__bad=(2, 3)).fit(X, Y)
        assert_kept(search, best_numbers(search, 3))

    def test_that_cannot_predict_so_have_none_and_keep_their_scores(self):
        space = {"loss": ["log_loss", "hinge", "modified_huber"]}
        model = SGDClassifier(loss="log_loss", random_state=0)
        search = keeping(model, space, "predict_proba", n_iter=3)
        with pytest.warns(UserWarning, match="Nothing is kept of candidate") as caught:
            search.fit(*IRIS)
        assert "probability estimates are not available for" in str(caught[0].message)
        hinge = [t for t in search.trials_ if t.params["loss"] == "hinge"]
        assert [trial.state for trial in hinge] == ["complete"]
        assert sorted([hinge[0].number, *search.oof_predictions_]) == [0, 1, 2]

    def test_that_cannot_predict_are_complete_though_warnings_are_errors(self):
        class Mute(Toy):
            def predict(self, X):
                raise RuntimeError("no word")

        search = keeping({"mute": Mute(), "toy": Toy(x=1)}, {"mute": {}, "toy": {}})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(UserWarning, match="estimator 'mute' that fail like"):
                search.fit(X, Y)
        assert [trial.state for trial in search.trials_] == ["complete"] * 2
        assert search.best_score_ == 10
        assert list(search.oof_predictions_) == [1]

    def test_whose_folds_do_not_fit_together_have_none(self, tmp_path):
        class Ragged(Toy):
            def predict(self, X):
                return np.zeros((len(X), 2 + int(X[0, 0])))

        spaces = {"ragged": {"x": [0, 1]}, "toy": {}}
        search = keeping({"ragged": Ragged(), "toy": Toy(x=1)}, spaces, n_iter=3)
        search.set_params(checkpoint=tmp_path / "log")
        with pytest.warns(UserWarning, match="of candidate 0, nor of .*'ragged'") as w:
            search.fit(X, Y)
        assert len(w) == 1
        assert list(search.oof_predictions_) == [1]
        assert len(clone(search).fit(X, Y).trials_) == len(search.trials_) == 3

    def test_that_cannot_predict_so_raise_where_errors_do(self):
        space = {"loss": ["hinge"]}
        search = keeping(SGDClassifier(loss="log_loss"), space, "predict_proba")
        with pytest.raises(AttributeError, match="predict_proba"):
            search.set_params(error_score="raise").fit(*IRIS)

    def test_an_interrupted_search_has_those_of_what_was_done(self):
        def interrupt(search, trial):
            if trial.number == 1:
                raise KeyboardInterrupt

        search = toys(callback=interrupt)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, Y)
        assert_kept(search, [0, 1])


class TestGoingOn:
    def test_kept_ones_stay(self):
        search = toys(n_iter=2, warm_start=True).fit(X, Y)
        first = dict(search.oof_predictions_)
        search = pickle.loads(pickle.dumps(search)).set_params(n_kept=5).fit(X, Y)
        assert_kept(search, range(4))
        for number, predictions in first.items():
            np.testing.assert_array_equal(search.oof_predictions_[number], predictions)

    def test_fewer_stay_where_fewer_are_to_be_kept(self):
        search = toys(warm_start=True).fit(X, Y).set_params(n_iter=0, n_kept=1)
        assert_kept(search.fit(X, Y), best_numbers(search, 1))

    def test_those_by_another_method_go(self):
        search = keeping(*LOGISTIC, "predict", n_iter=2, warm_start=True).fit(*BINARY)
        search.set_params(keep_predictions="predict_proba").fit(*BINARY)
        assert sorted(search.oof_predictions_) == [2, 3]
        search.set_params(keep_predictions=None, n_iter=0).fit(*BINARY)
        assert not hasattr(search, "oof_predictions_")

    def test_those_that_lack_something_leave_room_for_new_ones(self):
        search = toys(keep_predictions=None, keep_estimators=True, warm_start=True)
        search.set_params(n_iter=2, n_kept=2, estimator__x=0).fit(X, Y)
        assert len(search.fold_estimators_) == 2
        search.set_params(keep_predictions="predict").fit(X, Y)
        assert sorted(search.oof_predictions_) == [2, 3]
        assert sorted(search.fold_estimators_) == [2, 3]

    def test_fewer_things_stay_where_fewer_are_to_be_kept(self):
        search = toys(keep_estimators=True, warm_start=True).fit(X, Y)
        kept = set(search.oof_predictions_)
        search.set_params(keep_estimators=False, n_iter=0).fit(X, Y)
        assert_kept(search, kept)
        assert not hasattr(search, "fold_estimators_")

    def test_a_fit_that_begins_anew_forgets_them(self):
        search = toys().fit(X, Y)
        assert_kept(search.set_params(n_iter=1).fit(X, Y), [0])

    def test_candidates_of_a_log_have_none(self, tmp_path):
        toys(n_iter=2, checkpoint=tmp_path / "log").fit(X, Y)
        search = toys(checkpoint=tmp_path / "log").fit(X, Y)
        assert_kept(search, [2, 3, 4])
        assert b"kept" not in (tmp_path / "log").read_bytes()


class TestSaving:
    """A fitted search holds no copy of the data."""

    BIG = np.random.default_rng(0).normal(size=(2000, 100))

    def fitted(self):
        y = (self.BIG[:, 0] > 0).astype(int)
        tree = DecisionTreeClassifier(max_depth=1)
        return search_for(tree, {"max_depth": [1, 2]}, n_iter=2).fit(self.BIG, y)

    def test_its_pickle_is_small_next_to_the_data(self):
        assert len(pickle.dumps(self.fitted())) < self.BIG.nbytes / 50

    def test_joblib_loads_what_it_dumped(self, tmp_path):
        search = self.fitted()
        joblib.dump(search, tmp_path / "search")
        loaded = joblib.load(tmp_path / "search")
        expected = search.predict_proba(self.BIG)
        np.testing.assert_array_equal(loaded.predict_proba(self.BIG), expected)
        assert pd.DataFrame(loaded.cv_results_).equals(pd.DataFrame(search.cv_results_))

    def test_skops_loads_what_it_dumped(self, tmp_path):
        io = pytest.importorskip("skops.io")
        search = self.fitted()
        for saved in (search.best_estimator_, search):
            io.dump(saved, tmp_path / "saved")
            unknown = io.get_untrusted_types(file=tmp_path / "saved")
            loaded = io.load(tmp_path / "saved", trusted=unknown)
            expected = saved.predict(self.BIG)
            np.testing.assert_array_equal(loaded.predict(self.BIG), expected)
