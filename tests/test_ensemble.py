"""The ensemble of a search: what it is made of, what it says, what it refuses."""

import pickle
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy.sparse import csr_matrix
from scipy.stats import loguniform, uniform
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, log_loss, r2_score
from sklearn.model_selection import FixedThresholdClassifier, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted
from test_kept import IRIS, SHUFFLED, WORDS, X, Y, keeping, toys

from sklearn_btb import BTBSearchCV, fit_ensemble
from sklearn_btb._ensemble import greedy_counts
from sklearn_btb._sklearn_compat import scorer_accepts_sample_weight

NOISY = make_classification(90, 8, n_informative=4, flip_y=0.2, random_state=0)
NUMBERS = NOISY[0], NOISY[0][:, 0] + np.abs(NOISY[0][:, 1])
CLASSIFIERS = {
    "tree": DecisionTreeClassifier(random_state=0),
    "bayes": GaussianNB(),
    "logistic": LogisticRegression(max_iter=2000),
}
SPACES = {
    "tree": {"max_depth": [1, 2, 3, 4]},
    "bayes": {"var_smoothing": loguniform(1e-9, 1)},
    "logistic": {"C": loguniform(1e-2, 1e2)},
}
REGRESSORS = {"tree": DecisionTreeRegressor(random_state=0), "ridge": Ridge()}
REGRESSOR_SPACES = {"tree": {"max_depth": [2, 3, 4]}, "ridge": {"alpha": [1, 10]}}


def of_classifiers(method="predict_proba", data=NOISY, fit_params=None, **params):
    defaults = {"n_iter": 6, "scoring": "neg_log_loss"} | params
    if method == "predict" and "scoring" not in params:
        defaults["scoring"] = "accuracy"
    search = keeping(CLASSIFIERS, SPACES, method, **defaults)
    return search.fit(*data, **(fit_params or {}))


def of_regressors(**params):
    search = keeping(REGRESSORS, REGRESSOR_SPACES, "predict", n_iter=5, **params)
    return search.fit(*NUMBERS)


@pytest.fixture(scope="module")
def search():
    return of_classifiers()


def ensemble_of(search, X, y, size=8, **params):
    return fit_ensemble(search, X, y, size=size, **params)


def numbers_of(ensemble):
    return [int(name.rpartition("_")[2]) for name, _ in ensemble.estimators]


class TestGreedyCounts:
    TARGET = np.array([1.0, 2.0, 3.0])

    def score(self, mean):
        return -float(np.abs(mean - self.TARGET).sum())

    def test_of_the_best_step_of_all(self):
        off = self.TARGET + 3.0, self.TARGET - 1.0, self.TARGET + 9.0
        counts, score = greedy_counts(off, self.score, 10)
        assert counts.tolist() == [1, 3, 0]
        assert score == 0.0

    def test_end_with_the_first_of_equal_steps(self):
        counts, _ = greedy_counts([self.TARGET] * 3, self.score, 10)
        assert counts.tolist() == [1, 0, 0]

    def test_no_number_is_the_worst_score(self):
        def score(mean):
            return np.nan if mean[0] > 2 else self.score(mean)

        counts, _ = greedy_counts([self.TARGET + 9, self.TARGET + 1], score, 3)
        assert counts.tolist() == [0, 1]

    def test_end_after_ten_steps_without_a_new_best(self):
        def score(mean):
            scored.append(mean)
            return self.score(mean)

        scored = []
        counts, _ = greedy_counts([self.TARGET, self.TARGET + 1], score, 50)
        assert counts.tolist() == [1, 0]
        assert len(scored) == 2 * 11

    def test_change_no_predictions(self):
        predictions = [self.TARGET + 1, self.TARGET - 1]
        before = np.copy(predictions)
        greedy_counts(predictions, self.score, 4)
        np.testing.assert_array_equal(predictions, before)


class TestWhatItIs:
    def test_soft_voting_of_candidates_fitted_to_all_the_data(self, search):
        X, y = NOISY
        ensemble = ensemble_of(search, X, y)
        assert isinstance(ensemble, VotingClassifier)
        assert ensemble.voting == "soft"
        shares = []
        for number, (name, member) in zip(
            numbers_of(ensemble), ensemble.estimators, strict=True
        ):
            trial = search.trials_[number]
            assert name == f"{trial.estimator_name}_{number}"
            assert member.get_params().items() >= trial.params.items()
            again = clone(CLASSIFIERS[trial.estimator_name]).set_params(**trial.params)
            shares.append(again.fit(X, y).predict_proba(X))
        expected = np.average(shares, axis=0, weights=ensemble.weights)
        np.testing.assert_allclose(ensemble.predict_proba(X), expected, rtol=1e-12)

    def test_hard_voting_of_labels(self):
        X, y = WORDS
        ensemble = ensemble_of(of_classifiers("predict", WORDS), X, y)
        assert ensemble.voting == "hard"
        assert set(ensemble.predict(X)) == set(y)

    def test_mean_of_numbers(self):
        X, y = NUMBERS
        ensemble = ensemble_of(of_regressors(), X, y)
        assert isinstance(ensemble, VotingRegressor)
        assert r2_score(y, ensemble.predict(X)) > 0.5

    def test_an_estimator_like_any_other(self):
        X, y = WORDS
        ensemble = ensemble_of(of_classifiers(data=WORDS), X, y)
        loaded = pickle.loads(pickle.dumps(ensemble))
        expected = ensemble.predict_proba(X)
        np.testing.assert_array_equal(loaded.predict_proba(X), expected)
        assert loaded.oof_score_ == ensemble.oof_score_
        again = clone(ensemble).fit(X, y)
        np.testing.assert_array_equal(again.predict_proba(X), expected)

    def test_as_many_fits_as_members_and_no_others(self):
        class Counted(GaussianNB):
            n_fits = 0

            def fit(self, X, y, sample_weight=None):
                Counted.n_fits += 1
                return super().fit(X, y, sample_weight)

        space = {"var_smoothing": loguniform(1e-9, 1)}
        search = keeping(Counted(), space, "predict_proba")
        search.fit(*NOISY)
        Counted.n_fits = 0
        ensemble = ensemble_of(search, *NOISY, scoring="neg_log_loss")
        assert Counted.n_fits == len(ensemble.estimators)

    def test_of_the_estimators_that_were_searched_whatever_was_set_since(self):
        search = of_classifiers()
        expected = ensemble_of(search, *NOISY).predict_proba(NOISY[0])
        search.set_params(estimators__tree__random_state=7)
        search.set_params(estimators={"ridge": Ridge()}, search_spaces=None)
        ensemble = ensemble_of(search, *NOISY)
        np.testing.assert_array_equal(ensemble.predict_proba(NOISY[0]), expected)

    def test_by_the_metric_that_steered_the_search_whatever_was_set_since(self):
        search = of_classifiers(scoring=["accuracy", "neg_log_loss"], refit="accuracy")
        expected = ensemble_of(search, *NOISY).oof_score_
        search.set_params(refit="neg_log_loss")
        assert ensemble_of(search, *NOISY).oof_score_ == expected > 0

    def test_fitted_with_as_many_jobs_as_the_search(self):
        assert ensemble_of(of_classifiers(n_jobs=1), *NOISY).n_jobs == 1

    def test_of_sparse_rows(self):
        data = csr_matrix(NOISY[0]), NOISY[1]
        search = keeping(
            {"logistic": LogisticRegression(), "tree": CLASSIFIERS["tree"]},
            {"logistic": SPACES["logistic"], "tree": SPACES["tree"]},
            "predict_proba",
        ).fit(*data)
        assert ensemble_of(search, *data).predict(data[0]).shape == (90,)

    def test_of_a_table(self):
        X, y = load_iris(return_X_y=True, as_frame=True)
        ensemble = ensemble_of(of_classifiers(data=(X, y)), X, y)
        assert list(ensemble.feature_names_in_) == list(X.columns)

    @pytest.mark.parametrize("dtype", [int, str])
    def test_of_a_series_that_was_an_array(self, search, dtype):
        X, y = NOISY[0], NOISY[1].astype(dtype)
        search = of_classifiers(data=(X, y), n_iter=3)
        series = pd.Series(y, index=np.arange(90) + 7)
        assert fit_ensemble(search, X, series).oof_score_ == (
            fit_ensemble(search, X, y).oof_score_
        )

    def test_of_an_estimator_whose_name_ends_in_an_underscore(self):
        search = keeping({"tree_": CLASSIFIERS["tree"]}, {"tree_": {}}).fit(*IRIS)
        assert ensemble_of(search, *IRIS).estimators[0][0] == "tree_0"

    def test_of_candidates_whose_numbers_have_gaps(self):
        class Slow(GaussianNB):
            def fit(self, X, y):
                ended.wait(timeout=30)
                return super().fit(X, y)

        def interrupt(search, trial):
            if trial.number == 3:
                raise KeyboardInterrupt

        ended = threading.Event()
        estimators = {"slow": Slow(), "tree": CLASSIFIERS["tree"]}
        spaces = {"slow": {}, "tree": SPACES["tree"]}
        search = keeping(estimators, spaces, "predict_proba", callback=interrupt)
        with parallel_config("threading", n_jobs=4), pytest.raises(KeyboardInterrupt):
            search.fit(*NOISY)
        ended.set()
        assert [trial.number for trial in search.trials_] == [1, 2, 3]
        depths = {trial.number: trial.params for trial in search.trials_}
        for name, member in ensemble_of(search, *NOISY).estimators:
            own = {"max_depth": member.max_depth}
            assert own == depths[int(name.removeprefix("tree_"))]


class TestParametersThatNameLabels:
    """They mean what they did in the search."""

    DIGITS = make_classification(
        90, 8, n_informative=5, n_classes=3, flip_y=0.1, random_state=0
    )
    CASES = (
        (np.array([1, 2, 3]), {1: 8}),
        (np.array([-1, 0, 7]), {7: 8, -1: 2}),
        (np.array(["maybe", "no", "yes"]), {"maybe": 1, "no": 2, "yes": 8}),
        (np.array([False, True, True]), {True: 8}),
    )

    def search(self, labels, model, method="predict_proba"):
        X, y = self.DIGITS[0], labels[self.DIGITS[1]]
        scoring = "neg_log_loss" if method == "predict_proba" else "accuracy"
        inner = "estimator__" if hasattr(model, "estimator") else ""
        space = {f"{inner}C": [0.01, 0.1, 1, 10]}
        search = keeping(model, space, method, n_iter=4, scoring=scoring)
        return search.fit(X, y), X, y

    @pytest.mark.parametrize("labels, weight", CASES)
    def test_as_in_members_fitted_alone(self, labels, weight):
        model = LogisticRegression(class_weight=weight)
        search, X, y = self.search(labels, model)
        ensemble = ensemble_of(search, X, y)
        alone = [clone(member).fit(X, y) for _, member in ensemble.estimators]
        expected = np.average(
            [member.predict_proba(X) for member in alone],
            axis=0,
            weights=ensemble.weights,
        )
        np.testing.assert_allclose(ensemble.predict_proba(X), expected, rtol=1e-12)
        classes = alone[0].classes_
        np.testing.assert_array_equal(ensemble.classes_, classes)
        np.testing.assert_array_equal(
            ensemble.predict(X), classes[expected.argmax(axis=1)]
        )
        assert ensemble.transform(X).shape == (90, len(alone) * len(classes))

    def test_of_a_threshold(self):
        model = FixedThresholdClassifier(LogisticRegression(), pos_label="yes")
        search, X, y = self.search(np.array(["no", "yes", "no"]), model)
        ensemble = ensemble_of(search, X, y)
        assert accuracy_score(y, ensemble.predict(X)) > 0.7

    @pytest.mark.parametrize(
        "labels, model",
        [
            ([1, 2, 3], LogisticRegression(class_weight={1: 8})),
            (
                ["no", "yes", "no"],
                FixedThresholdClassifier(LogisticRegression(), pos_label="yes"),
            ),
        ],
    )
    def test_refused_where_voting_is_hard_and_encodes_labels(self, labels, model):
        search, X, y = self.search(np.array(labels), model, "predict")
        with pytest.raises(ValueError, match="hard voting needs members that are fit"):
            ensemble_of(search, X, y)

    @pytest.mark.parametrize(
        "labels, model",
        [
            ([0, 1, 2], LogisticRegression(class_weight={1: 8})),
            ([1, 2, 3], LogisticRegression(class_weight="balanced")),
            (["no", "yes", "no"], FixedThresholdClassifier(LogisticRegression())),
            (
                [False, True, False],
                FixedThresholdClassifier(LogisticRegression(), pos_label=True),
            ),
        ],
    )
    def test_hard_voting_where_encoding_changes_nothing(self, labels, model):
        search, X, y = self.search(np.array(labels), model, "predict")
        ensemble = ensemble_of(search, X, y, size=1)
        alone = clone(ensemble.estimators[0][1]).fit(X, y)
        np.testing.assert_array_equal(ensemble.predict(X), alone.predict(X))

    def test_kept_in_files(self, tmp_path):
        model = LogisticRegression(class_weight={"no": 1, "yes": 8})
        search, X, y = self.search(np.array(["no", "yes", "no"]), model)
        ensemble = ensemble_of(search, X, y)
        expected = ensemble.predict(X)
        copy = pickle.loads(pickle.dumps(ensemble))
        np.testing.assert_array_equal(copy.predict(X), expected)
        io = pytest.importorskip("skops.io")
        io.dump(ensemble, tmp_path / "saved")
        unknown = io.get_untrusted_types(file=tmp_path / "saved")
        assert not [name for name in unknown if "sklearn_btb" in name]
        copy = io.load(tmp_path / "saved", trusted=unknown)
        np.testing.assert_array_equal(copy.predict(X), expected)

    def test_in_an_estimator_like_any_other(self):
        X, y = load_iris(return_X_y=True, as_frame=True)
        model = LogisticRegression(max_iter=2000, class_weight={1: 8})
        search = keeping(model, SPACES["logistic"], "predict_proba").fit(X, y)
        ensemble = ensemble_of(search, X, y)
        check_is_fitted(ensemble)
        plain = clone(ensemble).fit(X, y)
        assert set(vars(plain)) | {"oof_score_"} == set(vars(ensemble))
        assert list(ensemble.named_estimators_) == list(plain.named_estimators_)
        assert ensemble.n_features_in_ == 4
        assert ensemble._repr_html_()


class TestScore:
    def test_is_at_least_that_of_the_best_candidate(self, search):
        ensemble = ensemble_of(search, *NOISY)
        own = [-log_loss(NOISY[1], each) for each in search.oof_predictions_.values()]
        assert ensemble.oof_score_ >= max(own)

    @pytest.mark.parametrize("scoring", ["roc_auc", "neg_brier_score", "f1_macro"])
    def test_is_that_of_the_weighted_mean_by_any_metric(self, search, scoring):
        X, y = NOISY
        ensemble = ensemble_of(search, X, y, scoring=scoring)
        members = [search.oof_predictions_[number] for number in numbers_of(ensemble)]
        mean = np.average(members, axis=0, weights=ensemble.weights)

        class Said(GaussianNB):
            def predict_proba(self, X):
                return mean

            def predict(self, X):
                return mean.argmax(axis=1)

        expected = get_scorer(scoring)(Said().fit(X, y), X, y)
        assert ensemble.oof_score_ == pytest.approx(expected, abs=1e-12)

    def test_of_one_member_is_that_of_cross_val_predict(self):
        X, y = WORDS
        search = of_classifiers("predict", WORDS)
        ensemble = ensemble_of(search, X, y, size=1)
        (member,) = ensemble.estimators
        predicted = cross_val_predict(member[1], X, y, cv=SHUFFLED)
        assert ensemble.oof_score_ == accuracy_score(y, predicted)
        assert ensemble.weights == [1]

    def test_is_the_accuracy_or_r2_where_estimators_score_themselves(self):
        search = of_regressors()
        ensemble = ensemble_of(search, *NUMBERS, size=1)
        (number,) = numbers_of(ensemble)
        predicted = search.oof_predictions_[number]
        assert ensemble.oof_score_ == r2_score(NUMBERS[1], predicted)

    @pytest.mark.parametrize(
        "refit, metric",
        [("a", "accuracy"), ("b", "neg_log_loss"), (lambda results: 0, "accuracy")],
    )
    def test_is_by_the_metric_that_steers_the_search(self, refit, metric):
        scoring = {"a": "accuracy", "b": "neg_log_loss"}
        search = of_classifiers(scoring=scoring, refit=refit)
        expected = ensemble_of(search, *NOISY, scoring=metric)
        assert ensemble_of(search, *NOISY).oof_score_ == expected.oof_score_

    def test_is_by_one_of_the_metrics_of_a_callable(self):
        def several(estimator, X, y):
            return {"one": 1.0, "own": estimator.score(X, y)}

        search = of_classifiers(scoring=several, refit="own")
        expected = ensemble_of(search, *NOISY, scoring="accuracy")
        assert ensemble_of(search, *NOISY).oof_score_ == expected.oof_score_


class TestWeights:
    """Sample weights reach the members and the scorer."""

    W = np.where(NOISY[1] == 1, 5.0, 0.2)

    def test_reach_the_members(self):
        search = of_classifiers(fit_params={"sample_weight": self.W})
        plain = ensemble_of(search, *NOISY, size=1)
        ensemble = ensemble_of(search, *NOISY, size=1, sample_weight=self.W)
        mean = ensemble.predict_proba(NOISY[0])[:, 1].mean()
        assert mean > plain.predict_proba(NOISY[0])[:, 1].mean()

    def test_reach_the_scorer(self):
        search = of_classifiers(fit_params={"sample_weight": self.W})
        ensemble = ensemble_of(search, *NOISY, size=1, sample_weight=self.W)
        predictions = search.oof_predictions_[numbers_of(ensemble)[0]]
        taken = scorer_accepts_sample_weight(get_scorer("neg_log_loss"))
        weight = self.W if taken else None  # not before scikit-learn 1.7
        expected = -log_loss(NOISY[1], predictions, sample_weight=weight)
        assert ensemble.oof_score_ == pytest.approx(expected)

    @config_context(enable_metadata_routing=True)
    @pytest.mark.parametrize("requested", [True, False])
    def test_go_where_routing_sends_them(self, requested):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=requested)
        search = keeping(model, {"C": [1, 10]}, "predict_proba", scoring=scorer)
        search.fit(*NOISY, sample_weight=self.W)
        ensemble = ensemble_of(search, *NOISY, sample_weight=self.W, size=1)
        predictions = search.oof_predictions_[numbers_of(ensemble)[0]]
        weight = self.W if requested else None
        expected = -log_loss(NOISY[1], predictions, sample_weight=weight)
        assert ensemble.oof_score_ == pytest.approx(expected)
        again = clone(ensemble.estimators[0][1]).fit(*NOISY, sample_weight=self.W)
        expected = again.predict_proba(NOISY[0])
        np.testing.assert_array_equal(ensemble.predict_proba(NOISY[0]), expected)


class TestRefused:
    def test_a_search_that_is_not_fitted(self):
        with pytest.raises(ValueError, match="not fitted yet"):
            ensemble_of(BTBSearchCV(GaussianNB()), *IRIS)

    @pytest.mark.parametrize("method", [None, "decision_function"])
    def test_a_search_without_predictions_to_average(self, method):
        search = keeping(LogisticRegression(), {"C": [0.1, 1]}, method).fit(*NOISY)
        with pytest.raises(
            ValueError, match=f"fitted with keep_predictions={method!r}"
        ):
            ensemble_of(search, *NOISY)

    def test_a_search_of_which_all_candidates_come_from_a_log(self, tmp_path):
        search = of_classifiers(checkpoint=tmp_path / "log")
        search = clone(search).fit(*NOISY)
        with pytest.raises(ValueError, match="none of the 6 candidates has predict"):
            ensemble_of(search, *NOISY)
        search.set_params(n_iter=8).fit(*NOISY)
        assert set(numbers_of(ensemble_of(search, *NOISY))) <= {6, 7}

    def test_a_search_that_kept_something_else_when_it_found_its_candidates(self):
        search = of_classifiers(None, keep_estimators=True, warm_start=True)
        search.set_params(keep_predictions="predict", n_iter=0).fit(*NOISY)
        with pytest.raises(ValueError, match="from an earlier fit that kept something"):
            ensemble_of(search, *NOISY)

    def test_other_data(self, search):
        X, y = NOISY
        said = "what the search was fitted to.*\n- sample of "
        for others in ((X[::-1], y[::-1]), (X, 1 - y)):
            with pytest.raises(ValueError, match=said):
                ensemble_of(search, *others)

    def test_other_rows(self, search):
        with pytest.raises(ValueError, match="it had 90 rows, here are 40"):
            fit_ensemble(search, NOISY[0][:40], NOISY[1][:40])

    def test_several_targets(self):
        X, y = NUMBERS
        search = keeping(Ridge(), {"alpha": uniform(1, 2)}).fit(X, np.c_[y, y])
        with pytest.raises(ValueError, match=r"one target; got y of shape \(90, 2\)"):
            ensemble_of(search, X, np.c_[y, y])

    def test_what_is_neither_a_classifier_nor_a_regressor(self):
        clusters = keeping(KMeans(random_state=0), {"n_clusters": [2, 3]}).fit(*IRIS)
        for search, data in ((clusters, IRIS), (toys().fit(X, Y), (X, Y))):
            with pytest.raises(ValueError, match="needs classifiers or regressors"):
                ensemble_of(search, *data)

    @pytest.mark.parametrize(
        "params, message",
        [
            ({"size": 0}, "`size` must be an integer of at least 1; got 0"),
            ({"size": 1.5}, "`size` must be an integer of at least 1; got 1.5"),
            ({"scoring": ["r2"]}, r"`scoring` must be .* got \['r2'\]"),
            ({"scoring": "neg_log_los"}, "neg_log_los"),
            ({"weight": 1}, "extra keyword arguments to VotingClassifier.fit"),
        ],
    )
    def test_invalid_parameters(self, search, params, message):
        call = partial(ensemble_of, search, *NOISY, **params)
        with pytest.raises((TypeError, ValueError), match=message):
            call()

    def test_a_scorer_of_several_metrics(self, search):
        def several(estimator, X, y):
            return {"own": estimator.score(X, y)}

        with pytest.raises(TypeError, match=r"one number; got a dict with \['own'\]"):
            ensemble_of(search, *NOISY, scoring=several)

    def test_a_metric_that_needs_what_was_not_kept(self):
        search = of_classifiers("predict")
        with pytest.raises(ValueError, match="needs more than predicted labels"):
            ensemble_of(search, *NOISY, scoring="neg_log_loss")
