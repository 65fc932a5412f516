"""Estimators say themselves what parameters they have.

Classes here stand for those of other libraries: `Net` for skorch's and scikeras's,
`Lazy` for CatBoost's, `Open` for LightGBM's and XGBoost's, `Minimal` for the least that
scikit-learn's searches can do with.
"""

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor, kernels
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

from sklearn_btb import BTBSearchCV, FloatHyperParam, when
from sklearn_btb._estimators import make_tunables

IRIS = load_iris(return_X_y=True)


def tunable(estimator, space):
    return make_tunables({"it": estimator}, {"it": space}, single=False)["it"]


def start(estimator, space):
    """Return what the search begins with."""
    return tunable(estimator, space).defaults


class Guess(ClassifierMixin, BaseEstimator):
    """Guesses the class 0; its subclasses differ in how they take parameters."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Net(Guess):
    """Hands on what has a prefix that it knows, and lists only what was set."""

    def __init__(self, module=None, lr=0.01, **routed):
        self.module = module
        self.lr = lr
        self.routed = routed

    def get_params(self, deep=True):
        return {"module": self.module, "lr": self.lr, **self.routed}

    def set_params(self, **params):
        for name, value in params.items():
            if name in ("module", "lr"):
                setattr(self, name, value)
            elif name.startswith(("module__", "optimizer__")):
                self.routed[name] = value
            else:
                raise ValueError(f"unexpected argument(s) {name}. Is it a typo?")
        return self


class Lazy(Guess):
    """Lists only what was set, and leaves it to its constructor to refuse a name."""

    def __init__(self, depth=None, rate=None):
        self.given = {"depth": depth, "rate": rate}
        self.given = {n: value for n, value in self.given.items() if value is not None}

    def get_params(self, deep=True):
        return dict(self.given)

    def set_params(self, **params):
        self.given.update(params)
        return self


class Open(Guess):
    """Takes parameters of any name."""

    def __init__(self, depth=3, **others):
        self.depth = depth
        self.others = others

    def get_params(self, deep=True):
        return {"depth": self.depth, **self.others}

    def set_params(self, **params):
        self.depth = params.pop("depth", self.depth)
        self.others.update(params)
        return self


class Fussy(Guess):
    """Has one parameter, which has to be positive, and lists none."""

    def __init__(self, error=ValueError):
        self.error = error

    def get_params(self, deep=True):
        return {"error": self.error}

    def set_params(self, **params):
        for name, value in params.items():
            if name != "size":
                raise self.error(f"nothing is called {name}")
            if value <= 0:
                raise self.error(f"{name} has to be positive")
            self.size = value
        return self


class Minimal:
    """Can be cloned and takes any parameter, and does not list what it was given."""

    def __init__(self, param=None):
        self.param = param

    def get_params(self, deep=True):
        return {"param": self.param}

    def set_params(self, **params):
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self):
        return hasattr(self, "fitted_")

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def __sklearn_tags__(self):
        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=None,
            regressor_tags=None,
            classifier_tags=None,
        )


class MinimalTransformer(Minimal):
    def transform(self, X):
        return X

    def fit_transform(self, X, y=None):
        return self.fit(X, y).transform(X)


class MinimalClassifier(Minimal):
    def fit(self, X, y):
        values, counts = np.unique(y, return_counts=True)
        self.classes_ = values
        self.most_ = values[counts.argmax()]
        return super().fit(X)

    def predict(self, X):
        return np.full(len(X), self.most_)

    def score(self, X, y):
        return accuracy_score(y, self.predict(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        return tags


class MinimalRegressor(Minimal):
    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return super().fit(X)

    def predict(self, X):
        return np.full(len(X), self.mean_)

    def score(self, X, y):
        return r2_score(y, self.predict(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        return tags


class Asked(Minimal):
    """Writes down every name that it is asked to set."""

    def __init__(self, param=None, log=None):
        self.param = param
        self.log = log

    def get_params(self, deep=True):
        return {"param": self.param, "log": self.log}

    def set_params(self, **params):
        self.log.append(list(params))
        return self


class Log(list):
    """A list that `clone` does not copy."""

    def __deepcopy__(self, memo):
        return self


def prefixed(prefix, space):
    return {f"{prefix}__{name}": values for name, values in space.items()}


class TestSetParamsDecides:
    @pytest.mark.parametrize(
        ("estimator", "space"),
        [
            (Net(), {"module__hidden": [4, 8], "optimizer__decay": uniform(0, 1)}),
            (Net("a"), {"module": ["a", "b"], "module__hidden": [4, 8], "lr": [1, 2]}),
            (Lazy(), {"depth": randint(2, 9), "rate": loguniform(0.01, 1)}),
            (Open(), {"depth": [1, 2], "feature_fraction": [0.5, 1.0]}),
            (Fussy(), {"size": [1, 2]}),
            (MinimalClassifier(), {"parama": [1, 10]}),
        ],
        ids=lambda it: type(it).__name__,
    )
    def test_what_get_params_does_not_list_can_be_searched(self, estimator, space):
        for one, its in [
            (estimator, space),
            (Pipeline([("a", StandardScaler()), ("b", estimator)]), None),
        ]:
            its = its or prefixed("b", space)
            search = BTBSearchCV(one, its, n_iter=3, cv=2, random_state=0).fit(*IRIS)
            assert search.best_params_.keys() == its.keys()
            assert len(search.trials_) > 1

    def test_the_estimator_is_not_changed(self):
        net = Net()
        tunable(net, {"module__hidden": [4, 8], "lr": [0.1, 0.2]})
        assert net.get_params() == {"module": None, "lr": 0.01}

    def test_nothing_is_asked_for_what_is_listed(self):
        log = Log()
        tunable(Asked(log=log), {"param": [1, 2, 3]})
        tunable(make_pipeline(Asked(log=log)), {"asked__param": [1, 2, 3]})
        assert log == []

    def test_what_is_accepted_once_is_not_asked_for_again(self):
        log = Log()
        tunable(Asked(log=log), [{"other": [1], "param": [n]} for n in range(20)])
        assert log == [["other"]]

    def test_one_value_that_it_takes_is_enough(self):
        space = {"size": FloatHyperParam(-1, 100, default=-1)}
        assert tunable(Fussy(), space).names == ("size",)

    @pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError, TypeError])
    def test_a_value_that_it_refuses_is_told_apart_from_a_name(self, error):
        message = f"parameter 'size' cannot be set to -2; .*{error.__name__}.*positive"
        with pytest.raises(ValueError, match=message):
            tunable(Fussy(error), {"size": [-2, -1]})
        message = f"invalid parameter 'seize'; .*{error.__name__}.* called seize"
        with pytest.raises(ValueError, match=message):
            tunable(Fussy(error), {"seize": [1, 2]})

    @pytest.mark.parametrize(
        ("estimator", "parameter", "meant"),
        [
            (Net(), "l_r", "lr"),
            (Net(module=3), "modul", "module"),
            (Lazy(), "dept", "depth"),
            (Lazy(depth=3), "deepth", "depth"),
            (make_pipeline(Lazy()), "lazy__dept", "lazy__depth"),
            (make_pipeline(Net()), "net__modul", "net__module"),
        ],
    )
    def test_a_mistyped_name_is_refused_with_the_nearest(
        self, estimator, parameter, meant
    ):
        message = rf"invalid parameter '{parameter}' \(did you mean '{meant}'\?\)"
        with pytest.raises(ValueError, match=message):
            tunable(estimator, {parameter: [1, 2]})

    def test_what_the_estimator_said_of_the_name_is_told(self):
        message = r"; it raised ValueError: unexpected argument\(s\) lrr. Is it a typo"
        with pytest.raises(ValueError, match=message):
            tunable(Net(), {"lrr": [1, 2]})

    def test_scikit_learn_is_not_repeated(self):
        with pytest.raises(ValueError, match=r"valid parameters are \[.*\]$"):
            tunable(SVC(), {"c": [1, 2]})


class TestEstimatorsAmongTheValues:
    PIPELINE = Pipeline([("reduce", "passthrough"), ("clf", "passthrough")])

    @pytest.mark.parametrize(
        ("space", "parameter"),
        [
            ({"reduce": ["passthrough", PCA()]}, "reduce__n_components"),
            ({"clf": [SVC(), Open()]}, "clf__feature_fraction"),
            ({"clf": [Lazy(), SVC()]}, "clf__depth"),
            ({"clf": [make_pipeline(Net())]}, "clf__net__module__hidden"),
            ({"reduce": [PCA()], "clf": [Fussy()]}, "clf__size"),
        ],
    )
    def test_are_asked_until_one_accepts(self, space, parameter):
        assert parameter in tunable(self.PIPELINE, {**space, parameter: [1, 2]}).names

    def test_need_not_be_able_to_fit(self):
        space = {
            "kernel": [kernels.RBF(), kernels.Matern()],
            "kernel__length_scale": [1.0, 2.0],
        }
        assert tunable(GaussianProcessRegressor(), space).cardinality == 4

    def test_may_be_told_by_a_condition(self):
        space = {
            "clf": [Open(), SVC()],
            "clf__feature_fraction": when("clf", Open, [0.5, 1.0]),
        }
        assert tunable(self.PIPELINE, space).cardinality == 3

    def test_are_refused_what_none_of_them_has(self):
        with pytest.raises(ValueError, match="invalid parameter 'clf__depth'"):
            tunable(self.PIPELINE, {"clf": [SVC(), Net()], "clf__depth": [1, 2]})

    def test_are_not_changed(self):
        clf = Open()
        tunable(self.PIPELINE, {"clf": [clf], "clf__feature_fraction": [0.5, 1.0]})
        assert clf.get_params() == {"depth": 3}


class TestMinimalEstimators:
    @pytest.mark.parametrize(
        ("kind", "score"),
        [(MinimalClassifier, accuracy_score), (MinimalRegressor, r2_score)],
    )
    def test_are_searched_in_a_pipeline_as_by_grid_search(self, kind, score):
        X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], (6, 24))
        model = Pipeline([("first", MinimalTransformer()), ("last", kind())])
        grid = {"first__param": [1, 10], "last__unlisted": [1, 10]}
        search = BTBSearchCV(model, grid, error_score="raise").fit(X, y)
        expected = GridSearchCV(model, grid, error_score="raise").fit(X, y)
        assert search.best_params_ == expected.best_params_
        assert search.best_estimator_["last"].unlisted == 1
        assert (search.predict(X) == expected.predict(X)).all()
        assert search.score(X, y) == pytest.approx(score(y, expected.predict(X)))
