"""What stands by class in a table holds for subclasses as far as they have it."""

import importlib
import inspect

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from sklearn_btb import BTBSearchCV, default_space
from sklearn_btb._boosting_facts import IMPLIED, SYNONYMS
from sklearn_btb._default_spaces import HOLDERS, NOT_SPARSE, SPARSE, _table
from sklearn_btb._estimators import make_tunables
from sklearn_btb._portfolios import PORTFOLIOS


def tunable(estimator, space):
    return make_tunables({"it": estimator}, {"it": space}, single=False)["it"]


CLASSES = sorted(
    {path for table in (_table(), PORTFOLIOS, SPARSE, NOT_SPARSE) for path in table}
    | HOLDERS.keys()
    | SYNONYMS.keys()
    | IMPLIED.keys()
)
NEEDED = {
    "steps": [("scale", StandardScaler()), ("ridge", Ridge())],
    "transformers": [("scale", StandardScaler(), [0])],
    "transformer_list": [("scale", StandardScaler())],
    "estimators": [("ridge", Ridge())],
    "estimator": LogisticRegression(),
    "base_estimator": LogisticRegression(),
    "param_grid": {"C": [1, 2]},
    "dictionary": np.eye(2),
}


def class_at(path):
    module, _, name = path.rpartition(".")
    if not path.startswith("sklearn"):
        pytest.importorskip(module.partition(".")[0])
    if name == "IterativeImputer":  # still an experiment
        importlib.import_module("sklearn.experimental.enable_iterative_imputer")
    if name == "BaseSearchCV":  # whose children are public
        return GridSearchCV
    return getattr(importlib.import_module(module), name)


def arguments_of(kind):
    if kind is BTBSearchCV:
        return {"estimators": LogisticRegression()}
    parameters = inspect.signature(kind.__init__).parameters.values()
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        each.name: NEEDED[each.name]
        for each in parameters
        if each.name != "self" and each.default is each.empty and each.kind in plain
    }


def subclasses(kind):
    """Return subclasses with no parameters, with another one, and with an estimator."""

    class Fewer(kind):
        def __init__(self):
            super().__init__(**arguments_of(kind))

    class Other(kind):
        def __init__(self, special=1):
            super().__init__(**arguments_of(kind))
            self.special = special

    class Holder(kind):
        def __init__(self, special=None):
            super().__init__(**arguments_of(kind))
            self.special = PCA() if special is None else special

    return [Fewer, Other, Holder]


@pytest.mark.filterwarnings("ignore:Class PassiveAggressive:FutureWarning")
@pytest.mark.filterwarnings("ignore:.* is the only candidate:UserWarning")
class TestSubclasses:
    @pytest.mark.parametrize("path", CLASSES)
    def test_of_a_known_class_may_have_other_parameters(self, path):
        for kind in subclasses(class_at(path)):
            estimator = kind()
            listed = estimator.get_params()
            for one, prefix in [
                (estimator, ""),
                (Pipeline([("first", PCA()), ("it", estimator)]), "it__"),
                (Pipeline([("it", estimator), ("last", PCA())]), "it__"),
            ]:
                names = one.get_params()
                assert set(default_space(one)) <= names.keys() or "catboost" in path
                tunable(one, None)
                tunable(one, {})
                if "special" in listed:
                    values = [1, 2] if kind.__name__ == "Other" else [PCA(), "drop"]
                    assert tunable(one, {f"{prefix}special": values}).cardinality == 2

    @pytest.mark.parametrize("path", PORTFOLIOS)
    def test_are_not_given_what_they_cannot_be_set_to(self, path):
        kind = subclasses(class_at(path))[1]
        assert tunable(kind(), None).portfolio == []
        assert tunable(make_pipeline(kind()), {"other__special": [1]}).portfolio == []

    def test_have_the_portfolio_as_far_as_they_have_its_parameters(self):
        class Own(LogisticRegression):
            def __init__(self, special=None, C=1.0):
                super().__init__(C=C)
                self.special = special

        known = tunable(Own(), {"C": loguniform(1e-4, 1e4)}).portfolio
        assert known == [{"C": 0.4}]
        assert tunable(Own(), {"special": [1, 2]}).portfolio == []

    @pytest.mark.parametrize("sparse", [True, False])
    def test_may_fix_whether_they_make_a_sparse_matrix(self, sparse):
        class Encoder(OneHotEncoder):
            def __init__(self):
                super().__init__(sparse_output=sparse)

        space = default_space(make_pipeline(Encoder(), PCA()))
        assert ("pca__n_components" in space) is not sparse

    def test_are_fitted_in_a_search(self):
        class Radial(SVC):
            def __init__(self, C=1.0, gamma="scale"):
                super().__init__(C=C, gamma=gamma)

        X, y = load_iris(return_X_y=True)
        search = BTBSearchCV(Radial(), {"C": [0.1, 1]}, cv=2).fit(X, y)
        assert len(search.trials_) == 2
