"""Searches of spaces with conditions and constraints, as users see them."""

import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from toys import THREE_FOLDS, Log, Toy, X, Y

from sklearn_btb import BTBSearchCV, Tunable, when

SVM = {
    "kernel": ["linear", "rbf", "poly"],
    "C": loguniform(1e-2, 1e2),
    "gamma": when("kernel", ["rbf", "poly"], loguniform(1e-3, 1)),
    "degree": when("kernel", "poly", randint(2, 5)),
}
PAIR = {"low": range(1, 6), "high": range(1, 6)}


class Pair(BaseEstimator):
    """Scores `low + high`, and writes down what it is fitted with."""

    def __init__(self, low=1, high=1, log=None):
        self.low = low
        self.high = high
        self.log = log

    def fit(self, X, y=None):
        self.log.append((self.low, self.high))
        return self

    def score(self, X, y=None):
        return float(self.low + self.high)


def ordered(params):
    return params["low"] < params["high"]


def search_for(estimators, spaces, **params):
    defaults = {"cv": THREE_FOLDS, "random_state": 0}
    return BTBSearchCV(estimators, spaces, **defaults | params)


@pytest.fixture(scope="module")
def search():
    X, y = load_iris(return_X_y=True)
    svc = SVC(degree=4, gamma=0.125)
    return BTBSearchCV(svc, SVM, n_iter=25, cv=3, random_state=0).fit(X, y)


class TestConditions:
    def test_results_mask_what_does_not_apply(self, search):
        results = search.cv_results_
        kernels = results["param_kernel"]
        assert len(set(kernels)) == 3
        assert (results["param_gamma"].mask == (kernels == "linear")).all()
        assert (results["param_degree"].mask == (kernels != "poly")).all()
        assert not results["param_C"].mask.any()
        for kernel, params in zip(kernels, results["params"], strict=True):
            more = {"linear": [], "rbf": ["gamma"], "poly": ["degree", "gamma"]}[kernel]
            assert list(params) == ["C", *more, "kernel"]

    def test_the_estimator_as_it_is_comes_first(self, search):
        first = search.cv_results_["params"][0]
        assert first == {"kernel": "rbf", "C": 1.0, "gamma": 0.125}

    def test_the_winner_keeps_its_own_value_where_a_parameter_does_not_apply(self):
        X, y = load_iris(return_X_y=True)
        space = {**SVM, "kernel": ["linear"]}
        with pytest.raises(ValueError, match=r"'kernel' can have, .*'linear'"):
            search_for(SVC(), space).fit(X, y)
        space = {"kernel": ["linear", "poly"], "degree": when("kernel", "poly", [2])}
        search = search_for(SVC(degree=4), space, cv=3, refit=lambda _: 0).fit(X, y)
        assert search.best_params_ == {"kernel": "linear"}
        assert search.best_estimator_.degree == 4
        assert len(search.trials_) == 2

    def test_trials_keep_the_own_value_as_well(self):
        log = Log()
        space = {"low": [1, 2], "high": when("low", 2, [8, 9])}
        search = search_for(Pair(high=7, log=log), space, refit=False).fit(X, Y)
        assert set(log) == {(1, 7), (2, 8), (2, 9)}
        assert search.stop_reason_ == "exhausted"

    def test_a_step_of_a_pipeline_may_be_passed_through(self):
        X, y = load_iris(return_X_y=True)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("reduce", "passthrough"), ("svc", SVC())]
        )
        space = {
            "reduce": ["passthrough", PCA()],
            "reduce__n_components": when("reduce", PCA, [1, 2, 3]),
            "scale": [StandardScaler(), "passthrough"],
            "scale__with_mean": when(
                "scale", lambda step: step != "passthrough", [True, False]
            ),
        }
        search = search_for(pipeline, space, cv=3).fit(X, y)
        assert search.stop_reason_ == "exhausted"
        assert len(search.trials_) == (1 + 3) * (2 + 1)
        for params in search.cv_results_["params"]:
            reduces = params["reduce"] != "passthrough"
            assert ("reduce__n_components" in params) == reduces
        assert not any(trial.state == "failed" for trial in search.trials_)

    def test_a_mistake_names_the_estimator_and_the_parameter(self):
        space = {"kernel": ["rbf"], "gamma": when("kernal", "rbf", [1, 2])}
        with pytest.raises(
            ValueError,
            match=r"estimator 'svc' \(SVC\): parameter 'gamma': .*got 'kernal'",
        ):
            search_for({"svc": SVC()}, {"svc": space}).fit(X, Y)

    def test_a_mistyped_parameter_is_told_behind_a_condition(self):
        space = {"kernel": ["rbf", "poly"], "gama": when("kernel", "rbf", [1, 2])}
        with pytest.raises(ValueError, match=r"'gama' \(did you mean 'gamma'"):
            search_for({"svc": SVC()}, {"svc": space}).fit(X, Y)

    def test_a_checkpoint_resumes_and_refuses_other_conditions(self, tmp_path):
        space = {"low": [1, 2, 3], "high": when("low", [2, 3], [8, 9])}
        path = tmp_path / "log"
        whole = search_for(Pair(log=Log()), space, refit=False).fit(X, Y)
        for n_iter in (2, 5):
            search = search_for(
                Pair(log=Log()), space, refit=False, n_iter=n_iter, checkpoint=path
            ).fit(X, Y)
        assert search.cv_results_["params"] == whole.cv_results_["params"]
        other = {"low": [1, 2, 3], "high": when("low", 3, [8, 9])}
        with pytest.raises(ValueError, match=r"search_spaces\['pair'\]\['high'\]\.val"):
            search_for(Pair(log=Log()), other, refit=False, checkpoint=path).fit(X, Y)


class TestConstraints:
    @pytest.mark.parametrize("tuner", ["auto", "uniform"])
    def test_only_what_is_valid_is_tried_and_all_of_it(self, tuner):
        log = Log()
        search = search_for(Pair(log=log), PAIR, constraints=ordered, tuner=tuner).fit(
            X, Y
        )
        assert set(log) == {(low, high) for high in range(6) for low in range(1, high)}
        assert len(search.trials_) == 10
        assert search.stop_reason_ == "exhausted"
        assert search.best_params_ == {"low": 4, "high": 5}

    def test_they_may_be_given_by_name_and_in_a_tunable(self):
        search = search_for(
            {"free": Pair(log=Log()), "a": Pair(log=Log()), "b": Pair(log=Log())},
            {
                "free": PAIR,
                "a": PAIR,
                "b": Tunable(PAIR, constraint=lambda params: params["low"] == 2),
            },
            constraints={"a": ordered, "free": None},
        ).fit(X, Y)
        names = list(search.cv_results_["estimator_name"])
        assert [names.count(name) for name in ("free", "a", "b")] == [25, 10, 5]

    def test_what_is_valid_may_be_rare(self):
        search = search_for(
            Toy(x=0.5, peak=0.7),
            {"x": uniform(0, 1), "peak": uniform(0, 1)},
            constraints=lambda params: params["x"] < 0.1 and params["peak"] < 0.1,
            n_iter=15,
        ).fit(X, Y)
        tried = search.cv_results_["params"]
        assert len(tried) == 15
        assert max(value for params in tried for value in params.values()) < 0.1

    def test_parameters_that_do_not_apply_are_not_there(self):
        X, y = load_iris(return_X_y=True)
        search = search_for(
            SVC(),
            SVM,
            constraints=lambda params: params.get("degree", 2) < 4 or params["C"] < 1,
            n_iter=8,
            cv=3,
        ).fit(X, y)
        assert len(search.trials_) == 8

    @pytest.mark.parametrize("space", [PAIR, {"low": uniform(0, 1)}])
    def test_what_cannot_be_satisfied_is_told_before_anything_is_fitted(self, space):
        def never(params):
            return False

        log = Log()
        with pytest.raises(
            ValueError,
            match=r"estimator 'b' \(Pair\): the constraint .*never must be satis",
        ):
            search_for(
                {"a": Pair(log=log), "b": Pair(log=log)},
                {"a": {}, "b": space},
                constraints={"b": never},
            ).fit(X, Y)
        assert not log

    def test_one_that_raises_is_named_with_its_estimator(self):
        with pytest.raises(ValueError, match=r"'it' .*<lambda> must not raise; .*Key"):
            search_for(
                {"it": Pair(log=Log())},
                {"it": PAIR},
                constraints=lambda params: params["hihg"] > 1,
            ).fit(X, Y)

    @pytest.mark.parametrize(
        ("constraints", "error", "message"),
        [
            ({"its": ordered}, ValueError, r"\['it'\]; got 'its' \(did you mean 'it'"),
            ({"it": 5}, TypeError, "constraint of 'it' must be a function .* got 5"),
            (
                "low < high",
                ValueError,
                "'constraints' parameter of BTBSearchCV must be",
            ),
        ],
    )
    def test_what_is_no_constraint(self, constraints, error, message):
        with pytest.raises(error, match=message):
            search_for(
                {"it": Pair(log=Log())}, {"it": PAIR}, constraints=constraints
            ).fit(X, Y)

    def test_two_for_one_estimator_are_refused(self):
        space = Tunable(PAIR, constraint=ordered)
        with pytest.raises(ValueError, match=r"'it' .* must have one constraint; got"):
            search_for({"it": Pair(log=Log())}, {"it": space}, constraints=ordered).fit(
                X, Y
            )

    def test_they_are_a_parameter_like_others(self):
        search = search_for(Toy(), {"x": [1, 2]}, constraints=ordered)
        assert search.get_params()["constraints"] is ordered
        assert clone(search).constraints is ordered

    def test_a_checkpoint_refuses_another_one(self, tmp_path):
        def search(constraints):
            return search_for(
                Pair(log=Log()),
                PAIR,
                constraints=constraints,
                checkpoint=tmp_path / "log",
                refit=False,
            )

        first = search(lambda params: params["low"] > 1).set_params(n_iter=3).fit(X, Y)
        again = search(lambda params: params["low"] > 1).fit(X, Y)
        assert len(first.trials_) == 3
        assert len(again.trials_) == 20
        for other in (None, lambda params: params["low"] > 2):
            with pytest.raises(ValueError, match=r"another search:\n- constraints"):
                search(other).fit(X, Y)
