"""Methods and attributes that a search has because its estimators have them."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from test_search import search_for
from toys import Toy, X, Y

from sklearn_btb import BTBSearchCV

METHODS = [
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
    "inverse_transform",
]


def available(search):
    return {method for method in [*METHODS, "score"] if hasattr(search, method)}


def search_over(**estimators):
    return search_for(estimators, {name: {} for name in estimators})


class TestBeforeFit:
    @pytest.mark.parametrize(
        ("estimator", "expected"),
        [
            (LogisticRegression(), {*METHODS[:4], "score"}),
            (SVC(), {"predict", "decision_function", "score"}),
            (KMeans(), {"predict", "transform", "score"}),
            (PCA(), {"score_samples", "transform", "inverse_transform", "score"}),
            (KernelDensity(), {"score_samples", "score"}),
            (StandardScaler(), {"transform", "inverse_transform"}),
            (EmpiricalCovariance(), {"score"}),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_are_those_of_a_single_estimator(self, estimator, expected):
        assert available(search_for(estimator, {})) == expected

    def test_are_those_that_every_estimator_has(self):
        search = search_over(logreg=LogisticRegression(), svc=SVC(), toy=Toy())
        assert available(search) == {"predict", "score"}

    def test_follow_the_parameters_of_the_estimators(self):
        search = search_for(StandardScaler(), {})
        assert not hasattr(search, "score")
        search.set_params(scoring=lambda est, X, y: 1.0)
        assert hasattr(search, "score")

    @pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
    def test_raise_that_nothing_is_fitted(self, method):
        with pytest.raises(NotFittedError):
            getattr(search_over(logreg=LogisticRegression()), method)(X)

    @pytest.mark.parametrize("attribute", ["n_features_in_", "classes_"])
    def test_there_are_no_attributes_of_a_winner(self, attribute):
        assert not hasattr(search_over(logreg=LogisticRegression()), attribute)


class TestAfterFit:
    def test_are_those_of_the_winner(self):
        search = search_over(svc=SVC(C=1e-9), knn=KNeighborsClassifier(1))
        assert available(search) == {"predict", "score"}
        search.set_params(scoring=lambda est, X, y: type(est) is SVC)
        assert available(search.fit(X, Y)) == {"predict", "decision_function", "score"}
        search.set_params(scoring=lambda est, X, y: type(est) is not SVC)
        assert available(search.fit(X, Y)) == {
            "predict",
            "predict_proba",
            "score",
        }

    @pytest.mark.parametrize("method", METHODS[:4])
    def test_of_a_classifier_do_as_the_winner_does(self, method):
        search = search_over(logreg=LogisticRegression()).fit(X, Y)
        expected = getattr(search.best_estimator_, method)(X)
        assert np.array_equal(getattr(search, method)(X), expected)

    @pytest.mark.parametrize("method", ["transform", "score_samples"])
    def test_of_a_transformer_do_as_the_winner_does(self, method):
        data = np.column_stack([X, Y])
        search = search_over(pca=PCA(1)).fit(data)
        expected = getattr(search.best_estimator_, method)(data)
        assert np.array_equal(getattr(search, method)(data), expected)
        assert search.inverse_transform(search.transform(data)).shape == (12, 2)

    def test_attributes_are_those_of_the_winner(self):
        search = search_over(logreg=LogisticRegression()).fit(X, Y)
        assert search.classes_.tolist() == [0, 1]
        assert search.n_features_in_ == 1
        assert not hasattr(search, "feature_names_in_")
        assert not hasattr(search_over(toy=Toy()).fit(X, Y), "classes_")

    def test_a_missing_method_is_explained(self):
        search = search_over(svc=SVC()).fit(X, Y)
        with pytest.raises(AttributeError, match="has no attribute 'transform'"):
            search.transform(X)


class TestWithoutRefit:
    @pytest.mark.parametrize("method", [*METHODS, "score"])
    @pytest.mark.parametrize("fitted", [False, True])
    @pytest.mark.parametrize("scoring", [None, "accuracy"])
    def test_there_are_none_and_the_reason_is_given(self, method, fitted, scoring):
        search = search_over(logreg=LogisticRegression())
        search.set_params(refit=False, scoring=scoring)
        if fitted:
            search.fit(X, Y)
        assert not hasattr(search, method)
        with pytest.raises(AttributeError) as caught:
            getattr(search, method)
        message = str(caught.value.__cause__ or caught.value)
        assert "`refit=False`" in message
        assert f"{method} is available only after refitting" in message
        assert "BTBSearchCV" in message


@pytest.mark.parametrize("method", METHODS)
def test_methods_have_names_and_docstrings(method):
    function = getattr(BTBSearchCV, method)
    assert function.__name__ == method
    assert f"Call `{method}` of the winner" in function.__doc__


def test_score_with_several_metrics_and_a_callable_refit_says_what_to_call():
    search = BTBSearchCV(
        LogisticRegression(),
        {"C": [0.1, 1]},
        scoring=["accuracy", "f1_macro"],
        refit=lambda results: 0,
        cv=2,
    ).fit(X, Y)
    with pytest.raises(ValueError, match="call one of `scorer_`"):
        search.score(X, Y)
