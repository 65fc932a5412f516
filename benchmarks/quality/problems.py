"""Data sets and learners: what is tuned, on what, and which of it is kept aside."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_classification,
    make_friedman1,
    make_friedman3,
    make_hastie_10_2,
    make_moons,
)
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from .spaces import Choice, Float, Int, Space

FOLDER = "SKLEARN_BTB_DATA"  # the environment variable with a folder of CSV files
MOST_ROWS = 500


class Learner(NamedTuple):
    """An estimator without its scaler, the names of its parameters, and its space."""

    estimator: BaseEstimator
    space: Space
    scaled: bool = False

    def make(self, config: dict[str, Any]) -> BaseEstimator:
        """Return an unfitted estimator with these parameters."""
        parameters = dict(config)
        if "hidden" in parameters:
            layers = parameters.pop("n_layers")
            parameters["hidden_layer_sizes"] = (parameters.pop("hidden"),) * layers
        estimator = type(self.estimator)(**self.estimator.get_params() | parameters)
        return make_pipeline(StandardScaler(), estimator) if self.scaled else estimator


class DataSet(NamedTuple):
    """How to get the data, how to score on them, and whether they are kept aside."""

    load: Callable[[], tuple[np.ndarray, np.ndarray]]
    scoring: str
    aside: bool = False

    @property
    def learners(self) -> dict[str, Learner]:
        return REGRESSORS if self.is_regression else CLASSIFIERS

    @property
    def is_regression(self) -> bool:
        return self.scoring in ("r2", "neg_root_mean_squared_error")


TREE: Space = {
    "max_depth": Int(1, 30, log=True),
    "min_samples_leaf": Int(1, 50, log=True),
    "min_samples_split": Float(0.001, 0.3, log=True),
    "max_features": Float(0.1, 1.0),
}
NEIGHBOURS: Space = {
    "n_neighbors": Int(1, 60, log=True),
    "weights": Choice(("uniform", "distance")),
    "p": Float(1.0, 4.0),
}
BOOSTING: Space = {
    "learning_rate": Float(0.005, 1.0, log=True),
    "max_iter": Int(10, 100, log=True),
    "max_leaf_nodes": Int(2, 64, log=True),
    "min_samples_leaf": Int(1, 60, log=True),
    "l2_regularization": Float(1e-6, 100.0, log=True),
    "max_features": Float(0.2, 1.0),
    "max_bins": Choice((15, 63, 255)),
}
NETWORK: Space = {
    "hidden": Int(2, 64, log=True),
    "n_layers": Int(1, 2),
    "activation": Choice(("relu", "tanh", "logistic")),
    "alpha": Float(1e-6, 10.0, log=True),
    "learning_rate_init": Float(1e-4, 0.1, log=True),
    "batch_size": Int(16, 128, log=True),
    "max_iter": Int(5, 40, log=True),
}

CLASSIFIERS = {
    "logreg": Learner(
        LogisticRegression(solver="saga", max_iter=60, random_state=0),
        {
            "C": Float(1e-4, 1e4, log=True),
            "l1_ratio": Float(0.0, 1.0),
            "class_weight": Choice((None, "balanced")),
        },
        scaled=True,
    ),
    "svc": Learner(
        SVC(max_iter=20_000, random_state=0),
        {
            "kernel": Choice(("rbf", "poly", "sigmoid")),
            "C": Float(1e-3, 1e3, log=True),
            "gamma": Float(1e-4, 10.0, log=True),
            "coef0": Float(-1.0, 1.0),
            "degree": Int(2, 4),
            "shrinking": Choice((True, False)),
        },
        scaled=True,
    ),
    "neighbours": Learner(KNeighborsClassifier(), NEIGHBOURS, scaled=True),
    "tree": Learner(
        DecisionTreeClassifier(random_state=0),
        TREE | {"criterion": Choice(("gini", "entropy"))},
    ),
    "forest": Learner(
        RandomForestClassifier(n_estimators=25, random_state=0),
        TREE
        | {
            "criterion": Choice(("gini", "entropy")),
            "bootstrap": Choice((True, False)),
            "class_weight": Choice((None, "balanced")),
        },
    ),
    "boosting": Learner(HistGradientBoostingClassifier(random_state=0), BOOSTING),
    "network": Learner(MLPClassifier(random_state=0), NETWORK, scaled=True),
    "bayes": Learner(GaussianNB(), {"var_smoothing": Float(1e-10, 1.0, log=True)}),
    "qda": Learner(
        QuadraticDiscriminantAnalysis(tol=0.0),
        {"reg_param": Float(1e-3, 1.0, log=True)},
        scaled=True,
    ),
}
REGRESSORS = {
    "elastic": Learner(
        ElasticNet(max_iter=2000),
        {"alpha": Float(1e-4, 10.0, log=True), "l1_ratio": Float(0.0, 1.0)},
        scaled=True,
    ),
    "svr": Learner(
        SVR(max_iter=20_000),
        {
            "kernel": Choice(("rbf", "poly", "sigmoid")),
            "C": Float(1e-3, 1e3, log=True),
            "gamma": Float(1e-4, 10.0, log=True),
            "epsilon": Float(1e-3, 1.0, log=True),
            "coef0": Float(-1.0, 1.0),
        },
        scaled=True,
    ),
    "neighbours": Learner(KNeighborsRegressor(), NEIGHBOURS, scaled=True),
    "tree": Learner(DecisionTreeRegressor(random_state=0), TREE),
    "forest": Learner(
        RandomForestRegressor(n_estimators=25, random_state=0),
        TREE | {"bootstrap": Choice((True, False))},
    ),
    "boosting": Learner(HistGradientBoostingRegressor(random_state=0), BOOSTING),
    "network": Learner(MLPRegressor(random_state=0), NETWORK, scaled=True),
}


def _standard(y: np.ndarray) -> np.ndarray:
    return (y - y.mean()) / y.std()


def _made(function: Callable[..., Any], **options: Any) -> Callable[[], Any]:
    def load() -> tuple[np.ndarray, np.ndarray]:
        X, y = function(**options)
        return X, (_standard(y) if y.dtype.kind == "f" and len(set(y)) > 20 else y)

    return load


def _csv(name: str) -> Callable[[], Any]:
    def load() -> tuple[np.ndarray, np.ndarray]:
        path = Path(os.environ[FOLDER], f"{name}.csv.gz")
        table = pd.read_csv(path, header=None, na_values="?", skipinitialspace=True)
        if len(table) > MOST_ROWS:
            table = table.sample(MOST_ROWS, random_state=0)
        X, y = table.iloc[:, :-1], table.iloc[:, -1]
        texts = list(X.select_dtypes(exclude="number"))
        encoded = make_column_transformer(
            (OrdinalEncoder(), texts), remainder="passthrough"
        ).fit_transform(X)
        X = SimpleImputer(strategy="median").fit_transform(encoded)
        if y.nunique() > 20:
            return X, _standard(y.to_numpy(float))
        return X, y.astype("category").cat.codes.to_numpy()

    return load


BUNDLED = {
    "breast-cancer": DataSet(_made(load_breast_cancer, return_X_y=True), "roc_auc"),
    "digits": DataSet(_made(load_digits, return_X_y=True), "accuracy"),
    "wine": DataSet(_made(load_wine, return_X_y=True), "balanced_accuracy", aside=True),
    "diabetes": DataSet(_made(load_diabetes, return_X_y=True), "r2"),
    "moons": DataSet(
        _made(make_moons, n_samples=300, noise=0.3, random_state=0), "accuracy"
    ),
    "hastie": DataSet(
        _made(make_hastie_10_2, n_samples=500, random_state=0), "roc_auc", aside=True
    ),
    "many-columns": DataSet(
        _made(
            make_classification,
            n_samples=300,
            n_features=60,
            n_informative=6,
            flip_y=0.05,
            random_state=0,
        ),
        "accuracy",
    ),
    "four-classes": DataSet(
        _made(
            make_classification,
            n_samples=500,
            n_features=12,
            n_informative=8,
            n_classes=4,
            class_sep=0.8,
            random_state=1,
        ),
        "f1_macro",
    ),
    "friedman1": DataSet(
        _made(make_friedman1, n_samples=400, noise=1.0, random_state=0), "r2"
    ),
    "friedman3": DataSet(
        _made(make_friedman3, n_samples=300, noise=0.1, random_state=0),
        "r2",
        aside=True,
    ),
}
FROM_FOLDER = {
    "adult": DataSet(_csv("adult"), "roc_auc"),
    "german": DataSet(_csv("german"), "accuracy", aside=True),
    "sonar": DataSet(_csv("sonar"), "accuracy"),
    "ionosphere": DataSet(_csv("ionosphere"), "average_precision"),
    "phoneme": DataSet(_csv("phoneme"), "roc_auc", aside=True),
    "mammography": DataSet(_csv("mammography"), "average_precision"),
    "abalone": DataSet(_csv("abalone"), "r2", aside=True),
    "housing": DataSet(_csv("housing"), "neg_root_mean_squared_error"),
}
DATA_SETS = BUNDLED | FROM_FOLDER


def data_of(data_set: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """Load at most `MOST_ROWS` rows, always the same."""
    X, y = data_set.load()
    if len(X) > MOST_ROWS:
        rows = np.random.default_rng(0).choice(len(X), MOST_ROWS, replace=False)
        X, y = X[rows], y[rows]
    return np.asarray(X, float), np.asarray(y)
