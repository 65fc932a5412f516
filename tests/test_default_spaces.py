"""The default spaces: what has one, that all of it works, and how they combine."""

import copy
import importlib
import pickle
import re
import warnings
from pprint import pformat

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import loguniform, uniform
from sklearn import tree
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_transformer,
)
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import (
    PCA,
    KernelPCA,
    LatentDirichletAllocation,
    TruncatedSVD,
)
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel, SelectPercentile
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier, kernels
from sklearn.gaussian_process.kernels import RBF
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import BernoulliNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.semi_supervised import LabelPropagation
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.discovery import all_estimators

from sklearn_btb import BTBSearchCV, Tunable, default_space, when
from sklearn_btb._default_spaces import _table, portfolio
from sklearn_btb._estimators import make_tunables
from sklearn_btb._parameters import lookup
from sklearn_btb._portfolios import PORTFOLIOS
from sklearn_btb._values import described, same

N_CONFIGS = 20
KINDS = dict(all_estimators())
REGRESSORS = dict(all_estimators(type_filter="regressor"))

NOT_COVERED = {
    "ClassicalMDS": "embeds the rows that it is fitted on, and no others",
    "MDS": "embeds the rows that it is fitted on, and no others",
    "SpectralEmbedding": "embeds the rows that it is fitted on, and no others",
    "TSNE": "embeds the rows that it is fitted on, and no others",
    "SpectralBiclustering": "clusters rows together with columns: nothing scores that",
    "SpectralCoclustering": "clusters rows together with columns: nothing scores that",
    "NearestNeighbors": "finds rows: nothing scores that",
    "LabelBinarizer": "transforms a target",
    "LabelEncoder": "transforms a target",
    "MultiLabelBinarizer": "transforms a target",
    "PatchExtractor": "takes images",
}

# Arguments without which a class cannot be made, or warns whatever the space is, or is
# slow. What is set is not in the space.
GIVEN = {
    "AdaBoostClassifier": {"n_estimators": 5},
    "AdaBoostRegressor": {"n_estimators": 5},
    "BaggingClassifier": {"n_estimators": 3},
    "BaggingRegressor": {"n_estimators": 3},
    "BernoulliRBM": {"n_iter": 2},
    "CalibratedClassifierCV": {"cv": 2},
    "DictionaryLearning": {"max_iter": 3},
    "ExtraTreesClassifier": {"n_estimators": 5},
    "ExtraTreesRegressor": {"n_estimators": 5},
    "GradientBoostingClassifier": {"n_estimators": 5},
    "GradientBoostingRegressor": {"n_estimators": 5},
    "HDBSCAN": {"copy": True},
    "HistGradientBoostingClassifier": {"max_iter": 5},
    "HistGradientBoostingRegressor": {"max_iter": 5},
    "IsolationForest": {"n_estimators": 5},
    "LatentDirichletAllocation": {"max_iter": 2},
    "LocalOutlierFactor": {"novelty": True, "n_neighbors": 15},
    "MiniBatchDictionaryLearning": {"max_iter": 3},
    "MiniBatchSparsePCA": {"max_iter": 3},
    "MLPClassifier": {"max_iter": 2},
    "MLPRegressor": {"max_iter": 2},
    "Nystroem": {"n_components": 10},
    "OrdinalEncoder": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
    "OneHotEncoder": {"handle_unknown": "ignore"},
    "QuantileTransformer": {"n_quantiles": 10},
    "RadiusNeighborsClassifier": {"radius": 100.0},
    "RadiusNeighborsRegressor": {"radius": 100.0},
    "RandomForestClassifier": {"n_estimators": 5},
    "RandomForestRegressor": {"n_estimators": 5},
    "RandomTreesEmbedding": {"n_estimators": 5},
    "RFE": {"estimator": Ridge()},
    "SelectFromModel": {"estimator": Ridge()},
    "SelfTrainingClassifier": {"estimator": LogisticRegression()},
    "SequentialFeatureSelector": {"estimator": Ridge(), "cv": 2},
    "SparsePCA": {"max_iter": 3},
    "StackingClassifier": {"estimators": [("it", DecisionTreeClassifier())], "cv": 2},
    "StackingRegressor": {"estimators": [("it", DecisionTreeRegressor())], "cv": 2},
}
FEWER_ROWS = {  # than 500, for those that would take more than a few seconds
    "DictionaryLearning": 100,
    "GaussianProcessClassifier": 100,
    "GaussianProcessRegressor": 100,
    "LatentDirichletAllocation": 100,
    "MiniBatchDictionaryLearning": 100,
    "NuSVR": 200,
    "OPTICS": 200,
    "SVR": 200,
}

# Options that change how and not what is fitted, or would take long.
WITHOUT_EFFECT = {"copy", "copy_X", "n_jobs", "random_state", "scoring", "verbose"}
N_VALUES = 6  # of an option that are looked at

COVERED = sorted(name for name in KINDS if lookup(KINDS[name], _table()) is not None)
TUNED = sorted(name for name in COVERED if lookup(KINDS[name], _table()))
IRIS = load_iris(return_X_y=True)

passive_aggressive = (
    pytest.mark.filterwarnings(  # that it is deprecated, whatever it is given
        "ignore:Class PassiveAggressive:FutureWarning"
    )
)


def data_for(name, n_rows):
    """Ordinary data: four scaled columns and a target, of the kind that is needed."""
    rng = np.random.default_rng(n_rows)
    X = rng.normal(size=(n_rows, 4))
    y = X[:, 0] - X[:, 1] + rng.normal(scale=0.3, size=n_rows)
    words = np.array(["one", "two", "three", "four", "five"])
    match name:
        case "CountVectorizer" | "TfidfVectorizer" | "HashingVectorizer":
            return np.array([" ".join(rng.choice(words, 8)) for _ in X]), y
        case "OneHotEncoder" | "OrdinalEncoder" | "TargetEncoder":
            often = rng.choice(words, (n_rows, 2), p=[0.5, 0.3, 0.15, 0.04, 0.01])
            return often, y
        case "CategoricalNB":
            return np.arange(4 * n_rows).reshape(-1, 4) // 3 % 3, y > 0.3
        case "KNNImputer" | "SimpleImputer":
            return np.where(rng.random(X.shape) < 0.1, np.nan, X), y
        case "LabelPropagation" | "LabelSpreading" | "SelfTrainingClassifier":
            return X, np.where(rng.random(n_rows) < 0.3, -1, y > 0.3)
        case "GammaRegressor" | "PoissonRegressor":
            return X, np.exp(y / 2)
        case "NMF" | "LatentDirichletAllocation" | "MultinomialNB" | "ComplementNB":
            return np.abs(X), y > 0.3
        case "AdditiveChi2Sampler" | "SkewedChi2Sampler" | "TfidfTransformer":
            return np.abs(X), y
    if name.startswith(("MultiTask", "PLS", "CCA")):
        return X, np.column_stack([y, y + X[:, 2]])
    return X, y if name in REGRESSORS else (y > 0.3).astype(int)


@pytest.mark.parametrize("name", KINDS)
def test_every_estimator_of_scikit_learn_is_covered_or_left_out_for_a_reason(name):
    assert (name in COVERED) != (name in NOT_COVERED)


@pytest.mark.parametrize("path", [p for p in _table() if p.startswith("sklearn")])
def test_every_path_leads_to_the_class_that_it_is_looked_up_for(path):
    if path == "sklearn.impute.IterativeImputer":  # still an experiment
        importlib.import_module("sklearn.experimental.enable_iterative_imputer")
    module, _, name = path.rpartition(".")
    home = importlib.import_module(module)
    if path == "sklearn.model_selection.BaseSearchCV":  # whose children are public
        assert lookup(GridSearchCV, _table()) is _table()[path]
    else:
        assert lookup(getattr(home, name), _table()) is _table()[path]


def fit_and_use(estimator, X, y):
    """Fit to 4 in 5 rows, and do what it is there for on the rest."""
    n_train = len(X) * 4 // 5
    estimator.fit(X[:n_train], y[:n_train])
    for method in ("predict", "transform", "score_samples"):
        if hasattr(estimator, method):
            getattr(estimator, method)(X[n_train:])
            break


def candidates(estimator, n_configs, seed=0):
    """Yield clones with the default parameters, and with random ones of the space."""
    tunable = Tunable(default_space(estimator), defaults=estimator.get_params())
    images = tunable.sample(n_configs, np.random.default_rng(seed))
    for params in [tunable.defaults, *tunable.decode(images)]:
        params = {name: clone(value, safe=False) for name, value in params.items()}
        yield clone(estimator).set_params(**params)


def fit_all(estimator, X, y, seed=0):
    for candidate in candidates(estimator, N_CONFIGS, seed):
        fit_and_use(candidate, X, y)


# ConvergenceWarning: the spaces leave `max_iter` alone, so a candidate that needs more
# than the user allows says so.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@passive_aggressive
@pytest.mark.parametrize("n_rows", [20, 500])
@pytest.mark.parametrize("name", TUNED)
def test_all_configurations_fit_without_a_warning(name, n_rows):
    X, y = data_for(name, min(n_rows, FEWER_ROWS.get(name, n_rows)))
    fit_all(KINDS[name](**GIVEN.get(name, {})), X, y)


def options(name):
    """Yield an estimator for each option of a class and each other value of it.

    Of its strings, flags and None, as far as scikit-learn lists them for validation.
    """
    kind, given = KINDS[name], GIVEN.get(name, {})
    current = kind(**given).get_params(deep=False)
    seed = {"random_state": 0} if "random_state" in current else {}
    for option, rules in getattr(kind, "_parameter_constraints", {}).items():
        if option not in current or option in WITHOUT_EFFECT:
            continue
        values = []
        for rule in rules:
            values += sorted(getattr(rule, "options", ()), key=str)
            values += {"boolean": [False, True], None: [None]}.get(rule, [])
        others = [value for value in values if not same(value, current[option])]
        for value in others[:N_VALUES]:
            yield kind(**{**seed, **given, option: value})


def messages_of(estimator, X, y):
    """Return how the warnings begin that it gives of what is fitted, not of how."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DataConversionWarning)  # of metrics for flags
        warnings.filterwarnings("ignore", "The problem size 16")  # of lobpcg
        fit_and_use(estimator, X, y)
    return {str(each.message)[:40] for each in caught}


# What an option does not go with, it does not go with by default: only what fits as it
# is has to fit with all that is in its space, with no more warnings.
@passive_aggressive
@pytest.mark.parametrize("name", TUNED)
def test_an_option_that_is_set_leaves_only_what_fits(name):
    X, y = data_for(name, 20)
    for estimator in options(name):
        try:
            usual = messages_of(clone(estimator), X, y)
        except Exception:
            continue
        for candidate in candidates(estimator, n_configs=4):
            try:
                messages = messages_of(candidate, X, y)
            except Exception as error:
                raise AssertionError(f"{candidate!r} does not fit") from error
            assert messages <= usual, candidate


@passive_aggressive
@pytest.mark.parametrize("name", TUNED)
def test_the_search_starts_from_the_defaults(name):
    needed = {"estimator", "estimators"} & GIVEN.get(name, {}).keys()
    estimator = KINDS[name](**{it: GIVEN[name][it] for it in needed})
    current = estimator.get_params()
    tunable = Tunable(default_space(estimator), current)
    assert same(tunable.defaults, {it: current[it] for it in tunable.defaults})


def test_forests_and_early_stopping_are_left_alone():
    for path, space in _table().items():
        assert not {"early_stopping", "n_iter_no_change", "n_jobs"} & set(space), path
        assert "n_estimators" not in space or "Forest" not in path


class TestWhatIsSetStays:
    def test_a_parameter_that_is_set_is_not_in_the_space(self):
        assert list(default_space(SVC())) == ["C", "gamma", "class_weight"]
        assert list(default_space(SVC(gamma=0.1))) == ["C", "class_weight"]

    @pytest.mark.parametrize("C", [1, 1.0, np.float64(1)])
    def test_setting_the_default_is_not_setting(self, C):
        assert "C" in default_space(LogisticRegression(C=C))

    def test_the_strategy_of_an_imputer_of_strings_is_kept(self):
        assert default_space(SimpleImputer(strategy="most_frequent")) == {}

    def test_all_set_is_a_space_of_nothing(self):
        assert default_space(KNeighborsClassifier(3, weights="distance", p=1)) == {}

    def test_an_estimator_of_ones_own_in_a_meta_estimator_is_tuned_instead(self):
        own = AdaBoostClassifier(DecisionTreeClassifier(min_samples_leaf=3))
        space = default_space(own)
        assert "estimator" not in space
        assert "estimator__max_depth" in space
        assert "estimator__min_samples_leaf" not in space

    def test_a_classifier_in_adaboost_does_not_become_one_that_guesses(self):
        boosting = AdaBoostClassifier(DecisionTreeClassifier(), n_estimators=3)
        space = default_space(boosting)
        assert list(space)[1:] == ["estimator__max_depth", "estimator__criterion"]
        turns = np.arange(150).reshape(3, 50).T.ravel()[:30]  # as many of each class
        fit_all(boosting, IRIS[0][turns], IRIS[1][turns])
        assert "estimator__C" not in default_space(AdaBoostClassifier(SVC()))

    def test_the_model_that_selects_columns_keeps_its_penalty(self):
        X, y = load_diabetes(return_X_y=True)
        columns = SelectFromModel(Lasso())
        pipeline = make_pipeline(columns, LinearRegression())
        assert list(default_space(pipeline)) == ["selectfrommodel__threshold"]
        fit_all(pipeline, X[:20], y[:20])


class TestComposition:
    def test_steps_contribute_by_their_names(self):
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("pca", PCA()), ("svc", SVC(C=2))]
        )
        assert list(default_space(pipeline)) == [
            "pca__n_components",
            "pca__whiten",
            "svc__gamma",
            "svc__class_weight",
        ]

    def test_columns_unions_and_pipelines_nest(self):
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        columns = ColumnTransformer(
            [("numbers", numbers, [0]), ("words", OneHotEncoder(), [1])],
            remainder=PCA(whiten=True),
        )
        union = FeatureUnion([("best", SelectPercentile()), ("plain", "passthrough")])
        pipeline = Pipeline(
            [("columns", columns), ("union", union), ("ridge", Ridge())]
        )
        assert set(default_space(pipeline)) == {
            "columns__numbers__simpleimputer__strategy",
            "columns__words__min_frequency",
            "columns__remainder__n_components",
            "union__best__percentile",
            "ridge__alpha",
        }

    @pytest.mark.parametrize("nothing", ["passthrough", "drop", None, TruncatedSVD()])
    def test_a_step_without_parameters_contributes_nothing(self, nothing):
        if nothing == "drop":
            first = FeatureUnion([("it", "drop"), ("pca", TruncatedSVD())])
        else:
            first = nothing
        pipeline = Pipeline([("first", first), ("ridge", Ridge())])
        assert list(default_space(pipeline)) == ["ridge__alpha"]

    @pytest.mark.parametrize(
        ("meta", "names"),
        [
            (OneVsRestClassifier(LogisticRegression()), ["C", "class_weight"]),
            (MultiOutputClassifier(LogisticRegression()), ["C", "class_weight"]),
            (CalibratedClassifierCV(LogisticRegression(), method="isotonic"), ["C"]),
            (TunedThresholdClassifierCV(LogisticRegression()), ["C", "class_weight"]),
            (BaggingRegressor(Lasso(), max_features=0.9), ["alpha"]),
            (RFE(Lasso(), n_features_to_select=0.5), ["alpha"]),
        ],
        ids=lambda it: type(it).__name__,
    )
    def test_meta_estimators_pass_on_what_they_hold(self, meta, names):
        assert {f"estimator__{name}" for name in names} <= set(default_space(meta))

    def test_the_regressor_under_a_transformed_target(self):
        regressor = TransformedTargetRegressor(Ridge(), transformer=StandardScaler())
        assert list(default_space(regressor)) == ["regressor__alpha"]

    def test_members_of_an_ensemble_contribute_by_their_names(self):
        members = [("knn", KNeighborsClassifier(p=1)), ("plain", LinearRegression())]
        assert list(default_space(VotingClassifier(members))) == [
            "knn__n_neighbors",
            "knn__weights",
        ]
        stack = StackingClassifier(members, final_estimator=SVC(C=3, gamma=1))
        assert list(default_space(stack)) == [
            "final_estimator__class_weight",
            "knn__n_neighbors",
            "knn__weights",
        ]

    @pytest.mark.parametrize(
        "sealed",
        [
            FrozenEstimator(SVC()),
            GridSearchCV(SVC(), {"C": [1, 2]}),
            BTBSearchCV({"svc": SVC()}),
        ],
        ids=lambda it: type(it).__name__,
    )
    def test_what_is_frozen_or_tunes_itself_is_not_tuned(self, sealed):
        assert default_space(make_pipeline(PCA(whiten=True), sealed)).keys() == {
            "pca__n_components"
        }
        assert default_space(sealed) == {}

    @pytest.mark.parametrize(
        ("first", "sparse"),
        [
            (TfidfVectorizer(), True),
            (OneHotEncoder(handle_unknown="ignore"), True),
            (OneHotEncoder(sparse_output=False), False),
            (KBinsDiscretizer(encode="ordinal"), False),
            (FeatureUnion([("a", StandardScaler()), ("b", KBinsDiscretizer())]), True),
            (make_column_transformer((OneHotEncoder(), [0])), True),
            (
                make_column_transformer((OneHotEncoder(), [0]), sparse_threshold=0),
                False,
            ),
        ],
        ids=repr,
    )
    def test_pca_takes_no_share_of_the_variance_of_a_sparse_matrix(self, first, sparse):
        scaler = StandardScaler(with_mean=False)
        plain = default_space(make_pipeline(first, scaler, PCA(), Ridge()))
        assert ("pca__n_components" in plain) is not sparse
        assert "pca__whiten" in plain
        nested = default_space(make_pipeline(first, make_pipeline(PCA(), Ridge())))
        assert ("pipeline__pca__n_components" in nested) is not sparse

    def test_a_pca_beside_or_before_a_sparse_matrix_is_tuned(self):
        beside = make_column_transformer((PCA(), [0, 1]), (OneHotEncoder(), [2]))
        space = default_space(make_pipeline(beside, Ridge()))
        assert "columntransformer__pca__n_components" in space
        space = default_space(make_pipeline(PCA(), KBinsDiscretizer(), Ridge()))
        assert "pca__n_components" in space

    def test_texts_in_front_of_a_pca_can_all_be_fitted(self):
        X, y = data_for("TfidfVectorizer", 20)
        fit_all(make_pipeline(TfidfVectorizer(), PCA(), Ridge()), X, y)

    def test_a_kernel_is_not_an_estimator(self):
        assert default_space(GaussianProcessClassifier(RBF())) == {}

    def test_every_name_can_be_set(self):
        X, y = IRIS
        columns = ColumnTransformer(
            [("pca", PCA(), [0, 1])], remainder=StandardScaler()
        )
        pipeline = make_pipeline(columns, SelectPercentile(), LogisticRegression())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit_all(pipeline, X[::3], y[::3])


class Mine(ClassifierMixin, BaseEstimator):
    """A classifier that no table knows."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


class Stairs(Mine):
    """Its steps are no estimators."""

    steps = 3


class MyTransformer(BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


class RadialSVC(SVC):
    def __init__(self, gamma="scale"):
        super().__init__(gamma=gamma)


class LessOfAnSVC(SVC):
    def __init__(self, C=1.0):
        super().__init__(C=C)


class TestUnknownEstimators:
    @pytest.mark.parametrize(
        "estimator",
        [
            Mine(),
            make_pipeline(StandardScaler(), Mine()),
            OneVsRestClassifier(Mine()),
            Pipeline([("mine", MyTransformer()), ("it", Mine())]),
        ],
    )
    def test_are_refused_where_there_is_nothing_else_to_tune(self, estimator):
        with pytest.raises(
            ValueError, match="no default search space is known for Mine"
        ):
            default_space(estimator)

    def test_alone_are_refused_also_if_they_transform(self):
        with pytest.raises(ValueError, match="is known for MyTransformer"):
            default_space(MyTransformer())

    def test_as_transformers_contribute_nothing(self):
        pipeline = make_pipeline(MyTransformer(), LogisticRegression(C=3))
        assert list(default_space(pipeline)) == ["logisticregression__class_weight"]
        assert default_space(make_pipeline(MyTransformer(), LinearRegression())) == {}

    def test_need_a_space_also_where_another_step_has_one(self):
        with pytest.raises(ValueError, match="known for Mine"):
            default_space(make_pipeline(PCA(whiten=True), Mine()))

    def test_of_a_known_base_class_have_its_space_as_far_as_it_goes(self):
        assert list(default_space(LessOfAnSVC())) == ["C"]

    def test_the_search_says_what_to_do_before_anything_is_fitted(self):
        search = BTBSearchCV(
            {"svc": SVC(), "own": make_pipeline(PCA(2, whiten=True), Mine())}
        )
        message = (
            "estimator 'own' (Pipeline) has no search space, and no default search "
            "space is known for Mine; give it one, `search_spaces={'own': {parameter: "
            "values}}`, or `{'own': {}}` to compare it as it is"
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            search.fit(*IRIS)


class TestUse:
    def test_a_space_is_a_new_one_each_time(self):
        space = default_space(PCA())
        space["n_components"].append(0.1)
        space["more"] = [1]
        assert default_space(PCA())["n_components"][-1] == 0.99
        assert list(default_space(PCA())) == ["n_components", "whiten"]

    def test_estimators_among_the_values_are_new_ones(self):
        first, second = (default_space(AdaBoostClassifier()) for _ in range(2))
        assert same(first["estimator"], second["estimator"])
        assert first["estimator"][1] is not second["estimator"][1]

    def test_a_space_prints_as_one_would_write_it(self):
        space = default_space(SVR(gamma=0.1))
        space["gamma"] = when("kernel", ["rbf"], uniform(loc=1, scale=2))
        assert repr(space) == (
            "{'C': loguniform(0.03125, 1024),\n"
            " 'epsilon': loguniform(0.001, 1),\n"
            " 'gamma': when('kernel', ['rbf'], uniform(loc=1, scale=2))}"
        )
        assert pformat(space) == repr(space)
        assert repr(default_space(LinearRegression())) == "{}"

    @passive_aggressive
    def test_what_prints_can_be_written(self):
        names = vars(stats) | vars(kernels) | vars(tree) | {"when": when}
        for name in TUNED:
            text = repr(default_space(KINDS[name](**GIVEN.get(name, {}))))
            assert described(eval(text, names)) == text.replace("\n", ""), name

    def test_a_space_is_a_dict_and_copies_and_pickles_as_one(self):
        space = default_space(SVR())
        for copied in (copy.deepcopy(space), pickle.loads(pickle.dumps(space))):
            assert repr(copied) == repr(space)
            assert same(dict(copied), dict(space))
        assert clone(BTBSearchCV(SVR(), space)).param_grid.keys() == space.keys()
        assert default_space(PCA()) == dict(default_space(PCA()))

    def test_the_estimator_is_not_changed(self):
        pipeline = make_pipeline(PCA(), SVC())
        before = repr(pipeline)
        default_space(pipeline)
        assert repr(pipeline) == before

    def test_a_search_needs_no_space(self):
        estimators = {
            "forest": RandomForestClassifier(n_estimators=5, random_state=0),
            "boosting": HistGradientBoostingClassifier(max_iter=5, random_state=0),
            "pipeline": make_pipeline(StandardScaler(), SelectPercentile(), SVC()),
            "plain": make_pipeline(StandardScaler(), SVC()),
        }
        given = {"plain": {"svc__C": loguniform(0.1, 10)}, "forest": None}
        search = BTBSearchCV(estimators, given, n_iter=12, cv=3, random_state=0)
        search.fit(*IRIS)
        assert search.best_score_ > 0.9
        for trial in search.trials_[:2]:  # as they are
            current = estimators[trial.estimator_name].get_params()
            assert trial.params == {name: current[name] for name in trial.params}
        results = pd.DataFrame(search.cv_results_)
        assert results["param_svc__C"].notna().any()
        assert results["param_max_leaf_nodes"].notna().any()

    def test_a_single_estimator_needs_none_either(self):
        search = BTBSearchCV(SVC(), n_iter=5, cv=3, random_state=0).fit(*IRIS)
        assert set(search.best_params_) == {"C", "gamma", "class_weight"}

    def test_an_empty_space_still_tunes_nothing(self):
        search = BTBSearchCV({"svc": SVC()}, {"svc": {}}, cv=3).fit(*IRIS)
        assert len(search.trials_) == 1


class TestOtherLibraries:
    """LightGBM, XGBoost and CatBoost, where they are installed."""

    @pytest.mark.parametrize("n_rows", [20, 500])
    @pytest.mark.parametrize("kind", ["LGBMClassifier", "LGBMRegressor"])
    def test_lightgbm(self, kind, n_rows):
        lightgbm = pytest.importorskip("lightgbm")
        estimator = getattr(lightgbm, kind)(n_estimators=5, n_jobs=1, verbose=-1)
        space = default_space(estimator)
        assert {"learning_rate", "num_leaves"} <= space.keys()
        assert "n_estimators" not in space
        X, y = data_for("Ridge" if "Regressor" in kind else "SVC", n_rows)
        fit_all(estimator, X, y)

    @pytest.mark.parametrize("n_rows", [20, 500])
    @pytest.mark.parametrize(
        "kind", ["XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"]
    )
    def test_xgboost(self, kind, n_rows):
        xgboost = pytest.importorskip("xgboost")
        estimator = getattr(xgboost, kind)(n_estimators=5, n_jobs=1)
        assert "max_depth" in default_space(estimator)
        assert ("learning_rate" in default_space(estimator)) == ("RF" not in kind)
        X, y = data_for("Ridge" if "Regressor" in kind else "SVC", n_rows)
        fit_all(estimator, X, y)

    @pytest.mark.parametrize("n_rows", [20, 500])
    @pytest.mark.parametrize("kind", ["CatBoostClassifier", "CatBoostRegressor"])
    def test_catboost(self, kind, n_rows):
        catboost = pytest.importorskip("catboost")
        quiet = {"iterations": 5, "silent": True, "allow_writing_files": False}
        estimator = getattr(catboost, kind)(**quiet, thread_count=1)
        X, y = data_for("Ridge" if "Regressor" in kind else "SVC", n_rows)
        fit_all(estimator, X, y)
        assert "depth" in default_space(estimator)
        set_otherwise = getattr(catboost, kind)(max_depth=3, reg_lambda=1.0)
        assert list(default_space(set_otherwise)) == [
            "learning_rate",
            "random_strength",
        ]
        search = BTBSearchCV(
            {"it": make_pipeline(StandardScaler(), estimator)}, n_iter=3
        )
        assert len(search.fit(X, y).best_params_) == 4

    def test_what_its_booster_does_not_use_is_not_tuned(self):
        xgboost = pytest.importorskip("xgboost")
        names = ["learning_rate", "n_estimators", "reg_lambda"]
        assert list(default_space(xgboost.XGBRegressor(booster="gblinear"))) == names
        lightgbm = pytest.importorskip("lightgbm")
        assert "learning_rate" not in default_space(
            lightgbm.LGBMClassifier(boosting_type="rf")
        )

    def test_what_is_set_by_another_name_is_set(self):
        lightgbm = pytest.importorskip("lightgbm")
        assert "reg_lambda" not in default_space(lightgbm.LGBMRegressor(lambda_l2=2))


def tried_next(estimator, space=None):
    return make_tunables({"it": estimator}, {"it": space}, False)["it"].portfolio


class TestPortfolio:
    @pytest.mark.parametrize("path", PORTFOLIOS)
    def test_lies_in_the_default_space(self, path):
        module, _, name = path.rpartition(".")
        estimator = getattr(importlib.import_module(module), name)()
        defaults = Tunable(default_space(estimator), estimator.get_params()).defaults
        known = [
            {name: config[name] for name in config if name in defaults}
            for config in portfolio(estimator)
        ]
        assert len(known) == 3
        assert tried_next(estimator) == [{**defaults, **config} for config in known]

    def test_is_tried_after_the_own_parameters(self):
        search = BTBSearchCV(SVC(), n_iter=4, cv=2, random_state=0).fit(*IRIS)
        tried = search.cv_results_["params"]
        own = {"C": 1.0, "gamma": "scale", "class_weight": None}
        assert tried == [own, *tried_next(SVC())]

    def test_has_the_prefix_of_its_step(self):
        known = portfolio(make_pipeline(StandardScaler(), SVC()))
        assert known[0] == {
            "svc__kernel": "rbf",
            "svc__C": 75.0,
            "svc__gamma": 2.0**-7,
        }

    def test_is_left_out_where_the_user_set_a_parameter_of_it(self):
        assert tried_next(SVC(C=3)) == []
        assert len(tried_next(SVC(class_weight="balanced"))) == 3

    @pytest.mark.parametrize("kernel", ["poly", "sigmoid", "linear"])
    def test_is_that_of_one_kernel(self, kernel):
        assert tried_next(SVC(kernel=kernel)) == []
        ranges = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1)}
        assert tried_next(SVC(kernel=kernel), ranges) == []
        assert tried_next(SVC(), {"kernel": [kernel], **ranges}) == []
        assert len(tried_next(SVC(), {"kernel": [kernel, "rbf"], **ranges})) == 3

    def test_stays_in_the_default_space_and_where_it_is_changed(self):
        svc = make_pipeline(StandardScaler(), SVC())
        space = default_space(svc)
        assert tried_next(svc, space) == tried_next(svc)
        space["svc__C"] = loguniform(1, 100)
        space["svc__shrinking"] = [True, False]
        (known,) = tried_next(svc, space)
        assert known == {
            "svc__C": 75.0,
            "svc__gamma": 2.0**-7,
            "svc__class_weight": None,
            "svc__shrinking": True,
        }

    @pytest.mark.parametrize(
        ("space", "n_known"),
        [
            ({"C": [1, 75, 400]}, 0),
            ({"C": [1, 75, 400], "gamma": ["scale", 2.0**-7]}, 1),
            ([{"C": [1]}, {"C": [75.0], "gamma": loguniform(1e-4, 1)}], 1),
            ({"kernel": ["linear"], "C": loguniform(0.1, 99)}, 0),
            (
                {
                    "kernel": ["linear", "rbf"],
                    "C": loguniform(0.01, 99),
                    "gamma": when("kernel", "rbf", loguniform(1e-4, 1)),
                },
                2,
            ),
            (Tunable(default_space(SVC())), 0),
            (Tunable(default_space(SVC()), portfolio=[{"C": 2.0}]), 1),
        ],
    )
    def test_comes_with_a_space_as_far_as_that_has_it(self, space, n_known):
        assert len(tried_next(SVC(), space)) == n_known

    def test_comes_after_what_the_user_wants_first(self):
        mine = {"C": 3.0, "gamma": 2.0**-3}
        search = BTBSearchCV(
            SVC(), default_space(SVC()), initial_params=mine, n_iter=5, cv=2
        ).fit(*IRIS)
        tried = [params["C"] for params in search.cv_results_["params"]]
        assert tried == [1.0, 3.0, 75.0, 0.1, 400.0]

    @pytest.mark.parametrize(
        "estimator",
        [
            LinearRegression(),
            Lasso(),
            BaggingRegressor(DecisionTreeRegressor()),
            make_pipeline(SelectFromModel(RandomForestClassifier()), Ridge()),
            Mine(),
            Stairs(),
            Pipeline([]),
        ],
        ids=lambda it: type(it).__name__,
    )
    def test_is_neither_inherited_nor_that_of_an_inner_estimator(self, estimator):
        assert portfolio(estimator) == []

    def test_what_a_constraint_excludes_is_not_tried(self):
        search = BTBSearchCV(
            SVC(),
            constraints=lambda params: params["C"] < 50,
            n_iter=4,
            cv=2,
            random_state=0,
        ).fit(*IRIS)
        assert max(search.cv_results_["param_C"]) < 50
        assert 0.1 in search.cv_results_["param_C"]


class TestWhatIsSet:
    """No parameter is in the space that a value which was chosen makes void."""

    @pytest.mark.parametrize(
        ("estimator", "left"),
        [
            (SVC(kernel="linear"), ["C", "class_weight"]),
            (SVC(kernel="poly"), ["C", "gamma", "class_weight"]),
            (LinearSVC(dual=False), ["C", "class_weight"]),
            (LinearSVC(penalty="l1", dual=False), ["C", "class_weight"]),
            (LinearSVC(multi_class="crammer_singer"), ["C", "class_weight"]),
            (PCA(svd_solver="randomized"), ["whiten"]),
            (PCA(svd_solver="covariance_eigh"), ["n_components", "whiten"]),
            (KNeighborsClassifier(metric="cosine"), ["n_neighbors", "weights"]),
            (SplineTransformer(extrapolation="periodic"), ["degree"]),
            (SplineTransformer(knots=np.ones((5, 1))), ["degree"]),
            (
                MLPClassifier(solver="lbfgs"),
                ["hidden_layer_sizes", "activation", "alpha"],
            ),
            (KernelPCA(kernel="rbf"), ["gamma"]),
            (KernelPCA(kernel="cosine"), []),
            (LabelPropagation(kernel="knn"), []),
            (PolynomialFeatures(degree=3), ["interaction_only"]),
            (PolynomialFeatures(degree=1), []),
            (KMeans(init=np.zeros((8, 2))), []),
            (GaussianMixture(means_init=[[0.0]]), ["covariance_type", "reg_covar"]),
            (BernoulliNB(class_prior=[0.5, 0.5]), ["alpha"]),
            (TfidfVectorizer(analyzer=str.split), ["sublinear_tf", "use_idf"]),
            (RobustScaler(with_scaling=False), []),
            (LatentDirichletAllocation(), ["n_components"]),
            (LinearDiscriminantAnalysis(solver="lsqr"), []),
            (
                SGDClassifier(learning_rate="pa1", penalty=None),
                ["alpha", "average", "class_weight"],
            ),
            (
                SGDRegressor(penalty="elasticnet", learning_rate="optimal"),
                ["loss", "alpha", "l1_ratio", "average"],
            ),
        ],
        ids=lambda it: type(it).__name__,
    )
    def test_parameters_that_are_left(self, estimator, left):
        assert list(default_space(estimator)) == left

    def test_what_is_no_estimator_is_refused(self):
        for wrong in (SVC, "svc", None):
            with pytest.raises(TypeError, match="`estimator` must be one estimator"):
                default_space(wrong)


class TestConditions:
    def test_name_the_parameter_with_its_prefix(self):
        space = default_space(make_pipeline(StandardScaler(), SGDRegressor()))
        assert repr(space["sgdregressor__l1_ratio"]) == (
            "when('sgdregressor__penalty', ['elasticnet'], uniform(0, 1))"
        )

    def test_speak_only_of_values_that_are_in_the_space(self):
        space = default_space(KernelRidge())
        assert space["gamma"].values == ["rbf", "laplacian"]

    def test_shrinkage_is_tuned_where_the_solver_can_shrink(self):
        tunable = Tunable(default_space(LinearDiscriminantAnalysis()))
        solvers = [config["solver"] for config in tunable.decode(tunable.at(0, 5))]
        assert solvers == ["svd", *["eigen"] * 4]

    def test_of_a_parameter_that_a_subclass_does_not_have_hold(self):
        assert "gamma" in default_space(RadialSVC())
