"""Portfolios: what is known to do well, to be tried right after the defaults. Data.

Three configurations of each default space that complement one another: chosen greedily
(as in Feurer et al., Auto-sklearn 2.0, JMLR 2022), of 400 random ones, to add most to
the mean over data sets of the best normalised score, beginning with the defaults.
Measured on stored evaluations of nine data sets of classification and three of
regression with up to 500 rows, columns standardised where distances matter; those of
`benchmarks/quality` that are kept aside had no part in it. Numbers are rounded, and
`gamma` to powers of two. What an entry says of a parameter that is not searched (the
kernel, as a rule) is what the estimator must have for it.
"""

from typing import Any, Final

PORTFOLIOS: Final[dict[str, list[dict[str, Any]]]] = {
    "sklearn.linear_model.LogisticRegression": [
        {"C": 0.013, "class_weight": "balanced"},
        {"C": 0.4},
        {"C": 10.0, "class_weight": "balanced"},
    ],
    "sklearn.svm.SVC": [
        {"kernel": "rbf", "C": 75.0, "gamma": 2.0**-7},
        {"kernel": "rbf", "C": 0.1, "gamma": 2.0**-1},
        {"kernel": "rbf", "C": 400.0, "gamma": 2.0**-2},
    ],
    "sklearn.neighbors.KNeighborsClassifier": [
        {"n_neighbors": 15, "weights": "distance", "p": 1},
        {"n_neighbors": 3, "weights": "distance", "p": 1},
        {"n_neighbors": 10, "weights": "distance", "p": 2},
    ],
    "sklearn.tree.DecisionTreeClassifier": [
        {"max_depth": 5, "min_samples_split": 128, "min_samples_leaf": 16},
        {
            "max_depth": 8,
            "min_samples_split": 8,
            "criterion": "entropy",
            "class_weight": "balanced",
        },
        {"max_depth": 8, "min_samples_split": 64, "min_samples_leaf": 2},
    ],
    "sklearn.ensemble.RandomForestClassifier": [
        {"min_samples_leaf": 3, "criterion": "entropy", "max_features": 0.1},
        {"criterion": "entropy", "max_features": 0.75},
        {
            "min_samples_leaf": 3,
            "criterion": "entropy",
            "max_features": 0.1,
            "class_weight": "balanced",
        },
    ],
    "sklearn.ensemble.HistGradientBoostingClassifier": [
        {
            "learning_rate": 0.17,
            "max_iter": 50,
            "max_leaf_nodes": 8,
            "min_samples_leaf": 2,
            "max_features": 0.83,
        },
        {
            "learning_rate": 0.25,
            "max_leaf_nodes": 16,
            "min_samples_leaf": 10,
            "l2_regularization": 0.1,
            "max_features": 0.55,
        },
        {
            "learning_rate": 0.06,
            "max_iter": 50,
            "max_leaf_nodes": 4,
            "min_samples_leaf": 2,
            "max_features": 0.46,
        },
    ],
    "sklearn.linear_model.ElasticNet": [
        {"alpha": 0.015, "l1_ratio": 0.05},
        {"alpha": 0.015, "l1_ratio": 0.77},
        {"alpha": 0.004, "l1_ratio": 0.52},
    ],
    "sklearn.svm.SVR": [
        {"kernel": "rbf", "C": 13.0, "gamma": 2.0**-5, "epsilon": 0.26},
        {"kernel": "rbf", "C": 0.87, "gamma": 2.0**-6, "epsilon": 0.034},
        {"kernel": "rbf", "C": 14.0, "gamma": 2.0**-4, "epsilon": 0.034},
    ],
    "sklearn.neighbors.KNeighborsRegressor": [
        {"n_neighbors": 15, "weights": "distance", "p": 2},
        {"n_neighbors": 3, "weights": "distance", "p": 1},
        {"n_neighbors": 7, "weights": "distance", "p": 1},
    ],
    "sklearn.tree.DecisionTreeRegressor": [
        {"max_depth": 8, "min_samples_split": 16, "min_samples_leaf": 16},
        {"max_depth": 12, "min_samples_leaf": 8},
        {"max_depth": 20, "min_samples_split": 16, "min_samples_leaf": 2},
    ],
    "sklearn.ensemble.RandomForestRegressor": [
        {"min_samples_leaf": 10, "max_features": 0.62},
        {"max_features": 0.57},
        {"min_samples_leaf": 3, "max_features": 0.9},
    ],
    "sklearn.ensemble.HistGradientBoostingRegressor": [
        {
            "learning_rate": 0.06,
            "max_leaf_nodes": 4,
            "min_samples_leaf": 80,
            "l2_regularization": 0.1,
        },
        {
            "learning_rate": 0.23,
            "max_leaf_nodes": 8,
            "min_samples_leaf": 2,
            "l2_regularization": 0.1,
            "max_features": 0.73,
        },
        {
            "learning_rate": 0.15,
            "min_samples_leaf": 2,
            "l2_regularization": 3.0,
            "max_features": 0.68,
        },
    ],
}
