"""What a search passes on: values of any kind, data of any kind, steps of Pipelines."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from test_search import search_for
from toys import THREE_FOLDS, Keeper, Log, Toy, X, Y

from sklearn_btb import BTBSearchCV, IntHyperParam, Tunable


class Hostile:
    """Can neither be compared, nor hashed, nor asked for its truth."""

    __hash__ = None
    _data = "not the object itself"

    def __eq__(self, other):
        raise RuntimeError("compared")

    def __bool__(self):
        raise RuntimeError("asked for truth")


VALUES = {
    "mixed": [None, "text", 1, 1.0, True, (1, 2), b"bytes"],
    "lists": [[1], [1, 2], []],
    "dicts": [{"a": 1}, {"b": [2]}, {}],
    "arrays": [np.arange(3), np.arange(2), np.zeros((2, 2)), np.array(5)],
    "equal_shapes": [np.zeros(2), np.ones(2)],
    "functions": [len, np.mean, lambda x: x],
    "classes": [int, SVC, Toy],
    "hostile": [Hostile(), Hostile()],
    "frames": [pd.DataFrame({"a": [1]}), pd.Series([1, 2]), None],
    "not_a_number": [np.nan, -1],
    "infinite": [np.inf, 1],
    "texts": ["a", "b", ""],
    "booleans": [True, False],
    "times": [pd.Timestamp("2020"), np.datetime64("2021")],
    "complex": [1j, 2],
    "big": [2**70, -(2**70)],
}


class TestValues:
    @pytest.mark.parametrize("tuner", ["uniform", "gp"])
    @pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
    def test_of_any_kind_reach_the_estimator_each_once(self, values, tuner):
        log = Log()
        search = search_for(
            Keeper(value=values[-1], log=log),
            {"value": values},
            tuner=tuner,
            refit=False,
            cv=[([0, 1], [2, 3])],
        ).fit(X, Y)
        assert len(log) == len(values)
        assert sorted(map(repr_of, log)) == sorted(map(repr_of, values))

        assert search.trials_[0].params["value"] is values[-1]
        params = [params["value"] for params in search.cv_results_["params"]]
        assert list(map(id, params)) == list(map(id, values))
        column = search.cv_results_["param_value"]
        assert column.shape == (len(values),)
        if column.dtype == object:
            assert all(one is two for one, two in zip(column.data, params, strict=True))

    @pytest.mark.parametrize(
        "values",
        [
            [1, 2, 4],
            range(3),
            randint(1, 4),
            randint(1, 10**9),
            IntHyperParam(1, 3),
            IntHyperParam(1, 10**6, log=True),
            {"type": "int", "range": [1, 3]},
            {"type": "int", "values": [1, 3]},
        ],
    )
    def test_ints_stay_ints(self, values):
        log = Log()
        search = search_for(Keeper(log=log), {"value": values}, n_iter=3).fit(X, Y)
        assert {type(value) for value in log} == {int}
        assert search.cv_results_["param_value"].dtype == np.array([1]).dtype

    def test_numbers_of_different_types_keep_theirs(self):
        log = Log()
        values = [1, 0.5, np.int32(7), np.float32(0.25)]
        search_for(Keeper(log=log), {"value": values}).fit(X, Y)
        assert {(float(value), type(value)) for value in log} == {
            (float(value), type(value)) for value in values
        }

    def test_that_are_estimators_are_cloned(self):
        log = Log()
        inner = SVC(C=3)
        search = search_for(Keeper(log=log), {"value": [inner, Ridge()]}).fit(X, Y)
        assert all(got is not inner for got in log)
        assert all(got.C == 3 for got in log if isinstance(got, SVC))
        assert len(set(map(id, log))) == len(log) == 7
        assert search.best_params_["value"] is not search.best_estimator_.value

    def test_that_an_estimator_changes_are_given_afresh_to_the_next_fold(self):
        class Changing(Keeper):
            def fit(self, X, y=None):
                self.log.append(len(self.value))
                self.value.append("changed")
                return self

        log, values = Log(), [[], ["a"]]
        search_for(Changing(log=log), {"value": values}, refit=False).fit(X, Y)
        assert sorted(log) == [0] * 3 + [1] * 3
        assert values == [[], ["a"]]

    def test_that_cannot_be_copied_fail_their_candidate_only(self):
        values = [1, (n for n in range(3))]
        search = search_for(Keeper(log=Log()), {"value": values})
        with pytest.warns(FitFailedWarning, match="cannot pickle 'generator'"):
            with pytest.warns(UserWarning, match="non-finite"):
                search.fit(X, Y)
        assert search.best_params_ == {"value": 1}

    def test_spaces_are_left_as_they_were(self):
        space = [{"value": [[1], None]}, {"value": [{"a": [1]}], "log": [Log()]}]
        kept = [{name: list(values) for name, values in part.items()} for part in space]
        search_for({"k": Keeper(log=Log())}, {"k": space}).fit(X, Y)
        assert space == kept


def repr_of(value):
    return type(value).__name__ if isinstance(value, Hostile) else repr(value)


class TestSpaces:
    def test_of_a_single_estimator_may_be_a_list_of_dicts(self):
        search = BTBSearchCV(
            SVC(),
            [
                {"kernel": ["linear"], "C": [1, 10]},
                {"kernel": ["rbf"], "gamma": loguniform(1e-3, 1)},
            ],
            n_iter=8,
            random_state=0,
        ).fit(X, Y)
        keys = {
            (params["kernel"], *sorted(params))
            for params in search.cv_results_["params"]
        }
        assert keys == {("linear", "C", "kernel"), ("rbf", "gamma", "kernel")}
        assert search.best_estimator_name_ == "svc"

    def test_may_be_a_tunable(self):
        space = Tunable({"x": [1, 2, 3]})
        search = search_for({"toy": Toy(x=3)}, {"toy": space}).fit(X, Y)
        assert search.trials_[0].params == {"x": 3}
        assert search.cv_results_["params"] == [{"x": 1}, {"x": 2}, {"x": 3}]


class Shapes(BaseEstimator):
    """Logs the type of what it gets and the shape of a row."""

    def __init__(self, x=0, log=None):
        self.x = x
        self.log = log

    def fit(self, X, y=None):
        shape = np.shape(X)[1:] if isinstance(X, list) else X.shape[1:]
        self.log.append((type(X), shape, type(y)))
        return self

    def score(self, X, y=None):
        return 0.0


FRAME = pd.DataFrame({"a": X[:, 0], "b": list("xyz" * 4)})
DATA = {
    "array": (X, Y),
    "list": (X.tolist(), Y.tolist()),
    "text": (list("abcdefghijkl"), list("xy" * 6)),
    "three_dimensions": (np.zeros((12, 3, 2)), Y),
    "several_targets": (X, np.column_stack([Y, Y])),
    "csr": (sparse.csr_matrix(X), Y),
    "csc_array": (sparse.csc_array(X), Y),
    "pandas": (FRAME, pd.Series(Y)),
    "objects": (np.array([None, "a", 1, {}] * 3, dtype=object), Y),
    "nothing_to_predict": (X, None),
}


SPARSE = (sparse.csr_matrix, sparse.csr_array)  # what can be split


class TestData:
    @pytest.mark.parametrize(("data", "target"), DATA.values(), ids=DATA)
    def test_reaches_the_estimator_as_it_is(self, data, target):
        log = Log()
        search_for(Shapes(log=log), {"x": [0, 1]}).fit(data, target)
        shape = data.shape if hasattr(data, "shape") else np.shape(data)
        assert len(log) == 7
        for got, row_shape, target_type in log:
            assert got is type(data) or (sparse.issparse(data) and got in SPARSE)
            assert row_shape == shape[1:]
            assert target_type is type(target)

    def test_may_be_a_polars_frame(self):
        log = Log()
        frame = pl.DataFrame({"a": X[:, 0], "b": list("xyz" * 4)})
        search_for(Shapes(log=log), {"x": [0, 1]}).fit(frame, pl.Series(Y))
        assert set(log) == {(pl.DataFrame, (2,), pl.Series)}

    def test_may_be_sparse_for_real_estimators(self):
        search = search_for(
            {"logreg": LogisticRegression(), "svc": SVC()},
            {"logreg": {"C": [1, 10]}, "svc": {"C": [1, 10]}},
        ).fit(sparse.csr_matrix(X), Y)
        assert search.predict(sparse.csr_matrix(X)).shape == (12,)

    def test_may_be_text(self):
        texts = ["good day", "bad day", "good night", "bad luck"] * 3
        labels = ["yes", "no"] * 6
        search = search_for(
            make_pipeline(CountVectorizer(), LogisticRegression()),
            {"countvectorizer__ngram_range": [(1, 1), (1, 2)]},
        ).fit(texts, labels)
        assert search.best_score_ == 1.0
        assert search.predict(["good", "bad"]).tolist() == ["yes", "no"]
        assert search.classes_.tolist() == ["no", "yes"]

    def test_may_be_a_frame_with_columns_of_several_kinds(self):
        columns = make_column_transformer(
            (StandardScaler(), ["a"]), (OneHotEncoder(), ["b"])
        )
        search = search_for(
            make_pipeline(columns, KNeighborsClassifier(3)),
            {
                "columntransformer__standardscaler__with_mean": [True, False],
                "kneighborsclassifier__n_neighbors": [1, 3],
            },
        ).fit(FRAME, Y)
        assert len(search.trials_) == 4
        assert search.feature_names_in_.tolist() == ["a", "b"]
        assert search.n_features_in_ == 2

    def test_needs_no_target(self):
        search = search_for(
            {"few": KMeans(2, random_state=0), "more": KMeans(3, random_state=0)},
            {"few": {}, "more": {"n_clusters": [3, 4]}},
        ).fit(X)
        assert search.best_estimator_name_ == "more"
        assert search.predict(X).shape == (12,)

    def test_of_different_lengths_is_refused(self):
        log = Log()
        search = search_for(Shapes(log=log), {})
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            search.fit(X, Y[:5])
        assert not log


class TestSteps:
    PIPELINE = Pipeline([("scale", StandardScaler()), ("model", SVC())])

    def test_may_be_swapped_and_left_out(self):
        search = search_for(
            self.PIPELINE,
            {
                "scale": ["passthrough", StandardScaler(), FunctionTransformer()],
                "model": [SVC(), LogisticRegression()],
            },
        ).fit(X, Y)
        assert len(search.trials_) == 6
        assert {trial.state for trial in search.trials_} == {"complete"}
        tried = {
            (str(params["scale"]), str(params["model"]))
            for params in search.cv_results_["params"]
        }
        assert len(tried) == 6

    def test_that_are_swapped_take_nested_parameters(self):
        search = search_for(
            {"pipe": self.PIPELINE},
            {
                "pipe": [
                    {"model": [KNeighborsClassifier()], "model__n_neighbors": [1, 3]},
                    {"model": [SVC(C=2)], "model__gamma": loguniform(0.1, 1)},
                    {"scale": [PCA()], "scale__n_components": [None, 1]},
                ]
            },
            n_iter=12,
        ).fit(X, Y)
        assert {trial.state for trial in search.trials_} == {"complete"}
        model = search.best_estimator_.named_steps["model"]
        for name, value in search.best_params_.items():
            if name.startswith("model__"):
                assert getattr(model, name.removeprefix("model__")) == value

    def test_without_the_nested_parameter_fail_their_candidate_only(self):
        space = {"model": [SVC(), LogisticRegression()], "model__gamma": [0.1, 1.0]}
        search = search_for(self.PIPELINE, space)
        with (
            pytest.warns(FitFailedWarning, match="Invalid parameter 'gamma'"),
            pytest.warns(UserWarning, match="non-finite"),
        ):
            search.fit(X, Y)
        states = {
            (type(trial.params["model"]).__name__, trial.state)
            for trial in search.trials_
        }
        assert states == {("SVC", "complete"), ("LogisticRegression", "failed")}

    def test_given_as_values_are_not_fitted(self):
        steps = [StandardScaler(with_mean=False), FunctionTransformer()]
        before = [dict(vars(step)) for step in steps]
        search_for(self.PIPELINE, {"scale": steps}).fit(X, Y)
        assert [vars(step) for step in steps] == before

    def test_that_no_value_has_are_refused(self):
        space = {"model": [LogisticRegression()], "model__C_": [1]}
        with pytest.raises(ValueError, match="invalid parameter 'model__C_'"):
            search_for(self.PIPELINE, space).fit(X, Y)

    def test_start_from_the_step_that_is_there(self):
        current = LogisticRegression()
        pipeline = Pipeline([("scale", "passthrough"), ("model", current)])
        space = {"scale": [StandardScaler(), "passthrough"], "model": [SVC(), current]}
        search = search_for(pipeline, space, n_iter=1).fit(X, Y)
        assert search.best_params_ == {"scale": "passthrough", "model": current}


def test_folds_are_the_same_for_data_of_every_kind():
    log = Log()
    for data in (X, pd.DataFrame(X), sparse.csr_matrix(X).toarray()):
        search_for(Toy(log=log), {}, cv=THREE_FOLDS, refit=False).fit(data, Y)
    assert log[:3] == log[3:6] == log[6:]
