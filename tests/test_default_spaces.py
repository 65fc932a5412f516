"""The default spaces: what has one, and that everything in it works."""

import inspect
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.discovery import all_estimators

from sklearn_btb import Tunable, default_space

N_CONFIGS = 20
KINDS = {name: kind for name, kind in all_estimators()}

NOT_COVERED = {
    "ClassicalMDS": "embeds the rows it was fitted on, and no others",
    "MDS": "embeds the rows it was fitted on, and no others",
    "SpectralEmbedding": "embeds the rows it was fitted on, and no others",
    "TSNE": "embeds the rows it was fitted on, and no others",
    "SpectralBiclustering": "clusters rows and columns: nothing scores that",
    "SpectralCoclustering": "clusters rows and columns: nothing scores that",
    "NearestNeighbors": "finds rows: nothing scores that",
    "LabelBinarizer": "transforms a target",
    "LabelEncoder": "transforms a target",
    "MultiLabelBinarizer": "transforms a target",
    "PatchExtractor": "takes images",
}

# Arguments without which a class cannot be made, warns by itself, or is slow. They are
# not in the space, or leave it: what is set stays.
GIVEN = {
    "AdaBoostClassifier": {"n_estimators": 5},
    "AdaBoostRegressor": {"n_estimators": 5},
    "BaggingClassifier": {"n_estimators": 3},
    "BaggingRegressor": {"n_estimators": 3},
    "BernoulliRBM": {"n_iter": 2},
    "CalibratedClassifierCV": {"cv": 2},
    "ClassifierChain": {"estimator": LogisticRegression()},
    "DictionaryLearning": {"max_iter": 3},
    "ExtraTreesClassifier": {"n_estimators": 5},
    "ExtraTreesRegressor": {"n_estimators": 5},
    "FeatureUnion": {"transformer_list": [("nothing", "passthrough")]},
    "FixedThresholdClassifier": {"estimator": LogisticRegression()},
    "FrozenEstimator": {"estimator": LogisticRegression()},
    "GaussianRandomProjection": {"n_components": 2},
    "GradientBoostingClassifier": {"n_estimators": 5},
    "GradientBoostingRegressor": {"n_estimators": 5},
    "GridSearchCV": {"estimator": LogisticRegression(), "param_grid": {"C": [1]}},
    "HDBSCAN": {"copy": True},
    "HistGradientBoostingClassifier": {"max_iter": 5},
    "HistGradientBoostingRegressor": {"max_iter": 5},
    "IsolationForest": {"n_estimators": 5},
    "LatentDirichletAllocation": {"max_iter": 2},
    "LocalOutlierFactor": {"novelty": True},
    "LogisticRegressionCV": {"cv": 2, "Cs": 2},
    "MiniBatchDictionaryLearning": {"max_iter": 3},
    "MiniBatchSparsePCA": {"max_iter": 3},
    "MLPClassifier": {"max_iter": 2},
    "MLPRegressor": {"max_iter": 2},
    "MultiOutputClassifier": {"estimator": LogisticRegression()},
    "MultiOutputRegressor": {"estimator": Ridge()},
    "Nystroem": {"n_components": 10},
    "OneVsOneClassifier": {"estimator": LogisticRegression()},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "OutputCodeClassifier": {"estimator": LogisticRegression()},
    "Pipeline": {"steps": [("it", LogisticRegression())]},
    "QuantileTransformer": {"n_quantiles": 10},
    "RFE": {"estimator": Ridge()},
    "RFECV": {"estimator": Ridge(), "cv": 2},
    "RandomForestClassifier": {"n_estimators": 5},
    "RandomForestRegressor": {"n_estimators": 5},
    "RandomTreesEmbedding": {"n_estimators": 5},
    "RandomizedSearchCV": {
        "estimator": LogisticRegression(),
        "param_distributions": {"C": [1]},
        "n_iter": 1,
    },
    "RegressorChain": {"estimator": Ridge()},
    "SelectFromModel": {"estimator": Ridge()},
    "SelfTrainingClassifier": {"estimator": LogisticRegression()},
    "SequentialFeatureSelector": {"estimator": Ridge(), "cv": 2},
    "SparseCoder": {"dictionary": np.eye(4)},
    "SparsePCA": {"max_iter": 3},
    "SparseRandomProjection": {"n_components": 2},
    "StackingClassifier": {"estimators": [("tree", DecisionTreeClassifier())]},
    "StackingRegressor": {"estimators": [("tree", DecisionTreeRegressor())]},
    "TheilSenRegressor": {"max_subpopulation": 100},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression(), "cv": 2},
    "VotingClassifier": {"estimators": [("tree", DecisionTreeClassifier())]},
    "VotingRegressor": {"estimators": [("tree", DecisionTreeRegressor())]},
    "ColumnTransformer": {"transformers": [("nothing", "passthrough", [0])]},
    "RadiusNeighborsClassifier": {"radius": 100.0},
    "RadiusNeighborsRegressor": {"radius": 100.0},
    "RadiusNeighborsTransformer": {"radius": 100.0},
    "Isomap": {"n_neighbors": 15},
}


def estimator_of(name):
    return KINDS[name](**GIVEN.get(name, {}))


covered = sorted(set(KINDS) - set(NOT_COVERED))
rng = np.random.default_rng(0)


def data_for(name, n_rows):
    """Ordinary data: four scaled columns, a target of the estimator's kind."""
    rng = np.random.default_rng(n_rows)
    X = rng.normal(size=(n_rows, 4))
    signal = X[:, 0] - X[:, 1] + rng.normal(scale=0.3, size=n_rows)
    words = np.array(["one", "two", "three", "four", "five"])
    match name:
        case "IsotonicRegression":
            return X[:, :1], signal
        case "CountVectorizer" | "TfidfVectorizer" | "HashingVectorizer":
            return [" ".join(rng.choice(words, 8)) for _ in X], signal
        case "DictVectorizer" | "FeatureHasher":
            return [{"a": row[0], "b": row[1]} for row in X], signal
        case "OneHotEncoder" | "OrdinalEncoder" | "TargetEncoder":
            return rng.choice(
                words, (n_rows, 2), p=[0.6, 0.3, 0.06, 0.03, 0.01]
            ), signal
        case "CategoricalNB":
            return rng.integers(3, size=X.shape), signal > 0
        case "KNNImputer" | "SimpleImputer" | "MissingIndicator" | "IterativeImputer":
            return np.where(rng.random(X.shape) < 0.1, np.nan, X), signal
        case "LabelPropagation" | "LabelSpreading" | "SelfTrainingClassifier":
            return X, np.where(rng.random(n_rows) < 0.3, -1, signal > 0)
        case "GammaRegressor" | "PoissonRegressor":
            return X, np.exp(signal / 2)
        case "MultiOutputClassifier" | "ClassifierChain":
            return X, np.column_stack([signal > 0, X[:, 2] > 0])
    kind = KINDS[name]
    if name.startswith(("MultiTask", "MultiOutput", "RegressorChain", "PLS", "CCA")):
        return X, np.column_stack([signal, X[:, 2] + signal])
    if name in (
        "AdditiveChi2Sampler ComplementNB LatentDirichletAllocation MiniBatchNMF "
        "MultinomialNB NMF SkewedChi2Sampler TfidfTransformer"
    ):
        X = np.abs(X)
    if getattr(kind, "_estimator_type", None) == "classifier" or hasattr(
        kind, "predict_proba"
    ):
        return X, (signal > 0.3).astype(int)
    from sklearn.base import ClassifierMixin, MetaEstimatorMixin

    classes = issubclass(kind, ClassifierMixin) or name.endswith(("Classifier", "CV"))
    classes &= not name.startswith(("Lasso", "Elastic", "Ridge", "RFE", "Lars", "Orth"))
    return X, (signal > 0.3).astype(int) if classes else signal


@pytest.mark.parametrize("n_rows", [20, 500])
@pytest.mark.parametrize("name", covered)
def test_every_configuration_fits(name, n_rows):
    estimator = estimator_of(name)
    X, y = data_for(name, n_rows)
    tunable = Tunable(default_space(estimator))
    images = tunable.sample(N_CONFIGS, np.random.default_rng(0))
    if tunable.cardinality == 1:
        images = images[:1]
    for params in [tunable.defaults] + tunable.decode(images):
        candidate = clone(estimator).set_params(**clone(params, safe=False))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            candidate.fit(X, y)
            for method in ("predict", "transform"):
                if hasattr(candidate, method):
                    getattr(candidate, method)(X)
                    break
