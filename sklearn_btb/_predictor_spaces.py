"""Default spaces of classifiers and regressors: data, read by `_default_spaces`.

Sources, by the names that the comments use:

    name           ranges from
    auto-sklearn   Feurer et al., NeurIPS 2015, and the components of its repository
    Bischl         Bischl et al., Hyperparameter optimization, WIREs 2023
    Grinsztajn     Grinsztajn et al., NeurIPS 2022 Datasets and Benchmarks, appendix
    HPOBench       Eggensperger et al., NeurIPS 2021 Datasets and Benchmarks
    Hsu            Hsu, Chang and Lin, guide to support vector classification, 2003
    Kuehn          Kuehn et al., Automatic exploration of ML experiments on OpenML, 2018
    Probst         Probst, Boulesteix and Bischl, Tunability, JMLR 2019
    TabRepo        Salinas and Erickson, AutoML 2024, and its repository
    docs           the estimator's own documentation
    ours           a judgement, where none of these says anything

What holds for all of them:

- Every value is valid with all values of the other parameters, on 16 rows as well as on
  a million: counts of neighbours stay below 16, fractions stand for counts of columns.
- `max_iter` of iterative solvers is not touched. A candidate that does not converge
  warns as it would in any other hand, and is scored as it is.
- The trees of forests are not counted: more are better and slower. Those of boosting
  are, because without early stopping their number and the learning rate only mean
  something together; the studies go up to 5000 or stop early, and 400 here keep a
  candidate within a few times of what the default takes. Whether to stop early stays as
  it is, and nothing here holds out rows for that.
- `class_weight` is tried where auto-sklearn does it: the scoring may ask for it.
- A condition (`when`) may be about a parameter that is not tuned, see
  `_default_spaces`; one that is tuned stands before what depends on it.
"""

from typing import Any, Final

from scipy.stats import loguniform, randint, uniform
from sklearn.ensemble import BaggingClassifier
from sklearn.gaussian_process.kernels import RBF, Matern
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ._conditions import Condition, when


def _is_given(value: Any) -> bool:
    return value is not None


def _in_trees(values: Any) -> Condition:
    return when("booster", [None, "gbtree", "dart"], values)  # not the linear one


BALANCED: Final = {"class_weight": [None, "balanced"]}  # auto-sklearn
AS_IT_IS: Final[dict[str, Any]] = {}

# Kuehn; they are set against a mean over rows, and in the unit of the target
LASSO: Final = {"alpha": loguniform(1e-4, 1e3)}
ELASTIC_NET: Final = {**LASSO, "l1_ratio": uniform(0.01, 0.98)}  # 0 does not converge
# ours, and wider upwards than Kuehn: it is set against a sum over rows
RIDGE: Final = {"alpha": loguniform(1e-3, 1e4)}
# auto-sklearn, all four of its ARD regression
GAMMA_PRIORS: Final = {
    name: loguniform(1e-10, 1e-3) for name in ("alpha_1", "alpha_2", "lambda_1")
} | {"lambda_2": loguniform(1e-10, 1e-3)}
SGD: Final = {  # auto-sklearn
    # the last one needs a ratio
    "penalty": when("l1_ratio", _is_given, ["l2", "l1", "elasticnet"]),
    "alpha": loguniform(1e-7, 1e-1),
    "l1_ratio": when("penalty", "elasticnet", uniform(0, 1)),
    "average": [False, True],
}
PASSIVE_AGGRESSIVE: Final = {  # auto-sklearn
    "C": loguniform(1e-5, 10),
    "average": [False, True],
}
# docs: scikit-learn's GLMs penalise as its ridge, over a mean; the range is ours
GLM: Final = {"alpha": loguniform(1e-4, 1e2)}

# Hsu and auto-sklearn; "scale", the default, is one over the columns where these are
# standardised
GAMMAS: Final = [2.0**exponent for exponent in range(-15, 4)]
GAMMA: Final = {"gamma": when("kernel", ["rbf", "poly", "sigmoid"], ["scale", *GAMMAS])}
WITH_GAMMA: Final = ["rbf", "laplacian", "poly", "polynomial", "sigmoid", "chi2"]
# C: Hsu from below and Probst from above, since beyond 2**10 a fit may take for ever.
# The kernel stays: the studies find little beside rbf, and polynomials can hang.
SVM: Final = {"C": loguniform(2**-5, 2**10), **GAMMA}
LINEAR_SVM: Final = {"C": loguniform(1e-4, 1e3)}  # Kuehn, its linear kernel

# Kuehn and Probst: up to 30, which 16 rows do not have; p and weights as auto-sklearn
NEIGHBORS: Final = {
    "n_neighbors": [1, 2, 3, 5, 7, 10, 15],
    "weights": ["uniform", "distance"],
    "p": when("metric", "minkowski", [1, 2]),
}

TREE: Final = {  # Bischl, min_samples_* ; auto-sklearn bounds the depth as well
    "max_depth": [None, 2, 3, 5, 8, 12, 20],
    "min_samples_split": [2, 4, 8, 16, 32, 64, 128],
    "min_samples_leaf": [1, 2, 4, 8, 16, 32, 64],
}
PURITY: Final = {"criterion": ["gini", "entropy"]}  # auto-sklearn
# Bischl has cp from 1e-4; what is smaller than a hundredth hardly differs from 0
PRUNING: Final = {"ccp_alpha": [0.0, 0.003, 0.01, 0.03, 0.1]}
FOREST: Final = {"min_samples_leaf": [1, 2, 3, 5, 10, 20, 40]}  # TabRepo, Grinsztajn
FOREST_OF_CLASSES: Final = {
    **FOREST,
    **PURITY,
    "max_features": ["sqrt", 0.1, 0.25, 0.5, 0.75, 1.0],  # Grinsztajn
    # a forest that is to grow on refuses to weigh the classes by what it sees first
    "class_weight": when("warm_start", False, BALANCED["class_weight"]),
}
FOREST_OF_NUMBERS: Final = {**FOREST, "max_features": uniform(0.1, 0.9)}  # Grinsztajn

N_TREES: Final = [50, 100, 200, 400]
GRADIENT_BOOSTING: Final = {
    "learning_rate": loguniform(0.01, 1),  # auto-sklearn
    "n_estimators": N_TREES,
    "max_depth": [1, 2, 3, 4, 5, 7, 10],  # auto-sklearn
    "min_samples_leaf": [1, 2, 5, 10, 20],  # auto-sklearn
    "subsample": uniform(0.5, 0.5),  # docs: below 1.0 less variance, more bias
    "max_features": [None, "sqrt", 0.25, 0.5, 0.75],  # as in forests
}
HIST_GRADIENT_BOOSTING: Final = {
    "learning_rate": loguniform(0.01, 1),  # auto-sklearn
    "max_iter": N_TREES,
    "max_leaf_nodes": [4, 8, 16, 31, 64, 128],  # HPOBench to 64, TabRepo to 200
    "min_samples_leaf": [2, 5, 10, 20, 40, 80, 160],  # auto-sklearn, 1 to 200
    "l2_regularization": [0.0, 0.1, 0.3, 1.0, 3.0, 10.0],  # HPOBench to 1024
    "max_features": uniform(0.4, 0.6),  # TabRepo, LightGBM's feature_fraction
}
ADABOOST: Final = {  # auto-sklearn
    "n_estimators": N_TREES,
    "learning_rate": loguniform(0.01, 2),
}
BAGGING: Final = {
    # Kuehn, from 0.1, but under 10 rows it warns; what means all depends on the version
    "max_samples": [BaggingClassifier().max_samples, 0.7, 0.85],
    "max_features": uniform(0.4, 0.6),  # ours
    "bootstrap_features": [False, True],  # docs: random patches
}
MLP: Final = {  # auto-sklearn: to 3 layers of 16 to 264 nodes, its higher rates diverge
    "hidden_layer_sizes": [(100,), (32,), (256,), (32, 32), (100, 100), (64, 64, 64)],
    "activation": ["relu", "tanh"],
    "alpha": loguniform(1e-7, 1e-1),
    "learning_rate_init": when("solver", ["adam", "sgd"], loguniform(1e-4, 1e-1)),
}
COUNTS_NAIVE_BAYES: Final = {  # auto-sklearn
    "alpha": loguniform(1e-2, 1e2),
    "fit_prior": when("class_prior", None, [True, False]),
}
# docs, which compare these kernels; None is a radial one whose length is not fitted
KERNEL: Final = {
    "kernel": [None, 1.0 * RBF(), 1.0 * Matern(nu=0.5), 1.0 * Matern(nu=2.5)]
}
RADIUS: Final = {"gamma": when("kernel", "rbf", loguniform(0.1, 30))}  # ours
# ours: more components than the default's may be more than there are columns
COMPONENTS_OF_PLS: Final = {"n_components": [1, 2]}

# The rate and the number of trees: see the top.
LIGHTGBM: Final = {
    # as above; its random forests have none
    "learning_rate": when(
        "boosting_type", ["gbdt", "dart", "goss"], loguniform(0.01, 1)
    ),
    "n_estimators": N_TREES,
    "num_leaves": [4, 8, 16, 31, 64, 128],  # TabRepo, 2 to 200
    "min_child_samples": [1, 2, 5, 10, 20, 40, 60],  # TabRepo, 1 to 64
    "colsample_bytree": uniform(0.4, 0.6),  # TabRepo
    "reg_lambda": [0.0, 0.1, 0.3, 1.0, 3.0, 10.0],  # ours; TabRepo to 2
}
# A parameter that is None has the library's default, see `_boosting_facts`.
XGBOOST: Final = {
    "learning_rate": loguniform(0.01, 1),  # as above
    "n_estimators": N_TREES,
    "max_depth": _in_trees(randint(2, 11)),  # TabRepo, 4 to 10; Grinsztajn, 1 to 11
    # TabRepo from 1e-3, Kuehn to 100
    "min_child_weight": _in_trees(loguniform(1e-2, 1e2)),
    "subsample": _in_trees(uniform(0.5, 0.5)),  # Grinsztajn
    "colsample_bytree": _in_trees(uniform(0.5, 0.5)),  # Grinsztajn
    "reg_lambda": loguniform(1e-3, 1e3),  # Kuehn, from 1e-4
}
XGBOOST_FOREST: Final = {  # ours: as forests, where no learning rate is tuned
    "max_depth": randint(3, 16),
    "min_child_weight": loguniform(1e-2, 1e2),
    "colsample_bynode": uniform(0.1, 0.9),
    "subsample": uniform(0.5, 0.45),
}
# The number of trees stays: it is 1000, and many enough. What is not set is not in
# get_params; the library's defaults stand in `_boosting_facts`.
CATBOOST: Final = {
    "learning_rate": loguniform(0.01, 0.3),  # ours; docs: 0.03 or by the data's size
    "depth": randint(4, 9),  # TabRepo; docs: 4 to 10
    "l2_leaf_reg": loguniform(0.3, 30),  # ours; the default of 3 in the middle
    "random_strength": loguniform(0.1, 10),  # ours; the default of 1 in the middle
}

PREDICTORS: Final[dict[str, dict[str, Any]]] = {
    # linear
    "sklearn.linear_model.LogisticRegression": {
        # docs, the grid of LogisticRegressionCV
        "C": when("penalty", _is_given, loguniform(1e-4, 1e4)),
        **BALANCED,
    },
    "sklearn.linear_model.RidgeClassifier": {**RIDGE, **BALANCED},
    "sklearn.linear_model.Ridge": RIDGE,
    "sklearn.linear_model.Lasso": LASSO,
    "sklearn.linear_model.ElasticNet": ELASTIC_NET,
    "sklearn.linear_model.MultiTaskLasso": LASSO,
    "sklearn.linear_model.MultiTaskElasticNet": ELASTIC_NET,
    "sklearn.linear_model.LassoLars": LASSO,
    "sklearn.linear_model.LassoLarsIC": {"criterion": ["aic", "bic"]},  # docs
    "sklearn.linear_model.Lars": {
        "n_nonzero_coefs": [1, 2, 5, 10, 20, 50, 500]
    },  # ours
    "sklearn.linear_model.BayesianRidge": GAMMA_PRIORS,
    "sklearn.linear_model.ARDRegression": {
        **GAMMA_PRIORS,
        "threshold_lambda": loguniform(1e3, 1e5),  # auto-sklearn
    },
    "sklearn.linear_model.HuberRegressor": {
        "epsilon": uniform(1.01, 1.99),  # ours; docs: 1.35 for 95% efficiency
        "alpha": loguniform(1e-6, 1e2),  # ours
    },
    "sklearn.linear_model.QuantileRegressor": {"alpha": loguniform(1e-4, 1e1)},  # ours
    "sklearn.linear_model.PoissonRegressor": GLM,
    "sklearn.linear_model.GammaRegressor": GLM,
    "sklearn.linear_model.TweedieRegressor": GLM,  # the power belongs to the target
    "sklearn.linear_model.SGDClassifier": {
        "loss": when(  # auto-sklearn; passive-aggressive steps are for the hinge
            "learning_rate",
            ["optimal", "constant", "invscaling", "adaptive"],
            ["hinge", "log_loss", "modified_huber"],
        ),
        **SGD,
        **BALANCED,
    },
    "sklearn.linear_model.SGDRegressor": {
        "loss": ["squared_error", "huber", "epsilon_insensitive"],  # auto-sklearn
        **SGD,
        "alpha": when("penalty", _is_given, SGD["alpha"]),
        "eta0": when(  # auto-sklearn to 1e-1, where steps diverge
            "learning_rate",
            ["invscaling", "constant", "adaptive", "pa1", "pa2"],
            loguniform(1e-4, 3e-2),
        ),
    },
    "sklearn.linear_model.Perceptron": {
        "penalty": [None, "l2", "l1", "elasticnet"],  # docs
        "alpha": when("penalty", _is_given, loguniform(1e-7, 1e-1)),  # as SGD
        **BALANCED,
    },
    "sklearn.linear_model.PassiveAggressiveClassifier": {
        "loss": ["hinge", "squared_hinge"],
        **PASSIVE_AGGRESSIVE,
        **BALANCED,
    },
    "sklearn.linear_model.PassiveAggressiveRegressor": {
        "loss": ["epsilon_insensitive", "squared_epsilon_insensitive"],
        **PASSIVE_AGGRESSIVE,
    },
    # nothing to tune: exact, or a count of columns that only the user knows
    "sklearn.linear_model.LinearRegression": AS_IT_IS,
    "sklearn.linear_model.OrthogonalMatchingPursuit": AS_IT_IS,
    "sklearn.linear_model.TheilSenRegressor": AS_IT_IS,
    "sklearn.linear_model.RANSACRegressor": AS_IT_IS,  # in the unit of the residuals
    "sklearn.isotonic.IsotonicRegression": AS_IT_IS,
    # they tune themselves
    "sklearn.linear_model.LogisticRegressionCV": AS_IT_IS,
    "sklearn.linear_model.RidgeClassifierCV": AS_IT_IS,
    "sklearn.linear_model.RidgeCV": AS_IT_IS,
    "sklearn.linear_model.LassoCV": AS_IT_IS,
    "sklearn.linear_model.ElasticNetCV": AS_IT_IS,
    "sklearn.linear_model.MultiTaskLassoCV": AS_IT_IS,
    "sklearn.linear_model.MultiTaskElasticNetCV": AS_IT_IS,
    "sklearn.linear_model.LarsCV": AS_IT_IS,
    "sklearn.linear_model.LassoLarsCV": AS_IT_IS,
    "sklearn.linear_model.OrthogonalMatchingPursuitCV": AS_IT_IS,
    # baselines
    "sklearn.dummy.DummyClassifier": AS_IT_IS,
    "sklearn.dummy.DummyRegressor": AS_IT_IS,
    # support vectors and other kernels
    "sklearn.svm.SVC": {**SVM, **BALANCED},
    "sklearn.svm.SVR": {**SVM, "epsilon": loguniform(1e-3, 1)},  # auto-sklearn
    # a nu above the default's is infeasible where the classes are not balanced
    "sklearn.svm.NuSVC": {"nu": uniform(0.05, 0.45), **GAMMA, **BALANCED},  # ours
    "sklearn.svm.NuSVR": {**SVM, "nu": uniform(0.05, 0.9)},  # ours
    "sklearn.svm.LinearSVC": {
        # auto-sklearn; what solves the primal, or for the l1 penalty, has but one
        "loss": when(
            "dual",
            ["auto", True],
            when(
                "penalty", "l2", when("multi_class", "ovr", ["squared_hinge", "hinge"])
            ),
        ),
        **LINEAR_SVM,
        **BALANCED,
    },
    "sklearn.svm.LinearSVR": {
        "loss": when(  # auto-sklearn; the primal has but one
            "dual",
            ["auto", True],
            ["epsilon_insensitive", "squared_epsilon_insensitive"],
        ),
        **LINEAR_SVM,
    },
    "sklearn.kernel_ridge.KernelRidge": {
        "kernel": ["linear", "rbf", "laplacian"],  # docs
        "alpha": loguniform(1e-3, 1e3),  # as ridge
        "gamma": when("kernel", WITH_GAMMA, [None, *GAMMAS]),
    },
    "sklearn.gaussian_process.GaussianProcessClassifier": KERNEL,
    "sklearn.gaussian_process.GaussianProcessRegressor": {
        **KERNEL,
        "alpha": loguniform(1e-10, 1),  # auto-sklearn, from 1e-14
        "normalize_y": [False, True],  # docs
    },
    # neighbours
    "sklearn.neighbors.KNeighborsClassifier": NEIGHBORS,
    "sklearn.neighbors.KNeighborsRegressor": NEIGHBORS,
    # the radius is in the unit of the columns, and one too small has no neighbours
    "sklearn.neighbors.RadiusNeighborsClassifier": {"weights": ["uniform", "distance"]},
    "sklearn.neighbors.RadiusNeighborsRegressor": {"weights": ["uniform", "distance"]},
    "sklearn.neighbors.NearestCentroid": {
        "shrink_threshold": [None, 0.05, 0.1, 0.2, 0.5]  # ours; docs: 0.2
    },
    # trees
    "sklearn.tree.DecisionTreeClassifier": {**TREE, **PURITY, **PRUNING, **BALANCED},
    "sklearn.tree.DecisionTreeRegressor": TREE,  # ccp_alpha is in the target's unit
    "sklearn.tree.ExtraTreeClassifier": {**TREE, **PURITY, **PRUNING, **BALANCED},
    "sklearn.tree.ExtraTreeRegressor": TREE,
    "sklearn.ensemble.RandomForestClassifier": FOREST_OF_CLASSES,
    "sklearn.ensemble.RandomForestRegressor": FOREST_OF_NUMBERS,
    "sklearn.ensemble.ExtraTreesClassifier": FOREST_OF_CLASSES,
    "sklearn.ensemble.ExtraTreesRegressor": FOREST_OF_NUMBERS,
    "sklearn.ensemble.GradientBoostingClassifier": GRADIENT_BOOSTING,
    "sklearn.ensemble.GradientBoostingRegressor": GRADIENT_BOOSTING,
    "sklearn.ensemble.HistGradientBoostingClassifier": {
        **HIST_GRADIENT_BOOSTING,
        **BALANCED,
    },
    "sklearn.ensemble.HistGradientBoostingRegressor": HIST_GRADIENT_BOOSTING,
    "sklearn.ensemble.AdaBoostClassifier": {
        **ADABOOST,  # None is a tree of depth 1; auto-sklearn: 1 to 10
        "estimator": [None, *(DecisionTreeClassifier(max_depth=d) for d in (2, 4, 8))],
    },
    "sklearn.ensemble.AdaBoostRegressor": {
        **ADABOOST,  # None is a tree of depth 3; auto-sklearn: 1 to 10
        "estimator": [None, *(DecisionTreeRegressor(max_depth=d) for d in (1, 6, 10))],
        "loss": ["linear", "square", "exponential"],  # auto-sklearn
    },
    "sklearn.ensemble.BaggingClassifier": BAGGING,
    "sklearn.ensemble.BaggingRegressor": BAGGING,
    # neural networks
    "sklearn.neural_network.MLPClassifier": MLP,
    "sklearn.neural_network.MLPRegressor": MLP,
    # naive Bayes and discriminants
    "sklearn.naive_bayes.GaussianNB": {"var_smoothing": loguniform(1e-12, 1)},  # ours
    "sklearn.naive_bayes.BernoulliNB": COUNTS_NAIVE_BAYES,
    "sklearn.naive_bayes.CategoricalNB": COUNTS_NAIVE_BAYES,
    "sklearn.naive_bayes.MultinomialNB": COUNTS_NAIVE_BAYES,
    "sklearn.naive_bayes.ComplementNB": {
        "alpha": loguniform(1e-2, 1e2),
        "norm": [False, True],  # docs
    },
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": {
        "solver": ["svd", "eigen"],  # lsqr cannot transform
        # auto-sklearn, None to 1; without any, the columns have to be independent
        "shrinkage": when(
            "covariance_estimator",
            None,
            when("solver", "eigen", ["auto", 0.01, 0.1, 0.5]),
        ),
    },
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": {
        "reg_param": when("solver", "svd", uniform(0, 1))  # auto-sklearn
    },
    # projections
    "sklearn.cross_decomposition.PLSRegression": COMPONENTS_OF_PLS,
    "sklearn.cross_decomposition.PLSCanonical": COMPONENTS_OF_PLS,
    "sklearn.cross_decomposition.PLSSVD": COMPONENTS_OF_PLS,
    "sklearn.cross_decomposition.CCA": COMPONENTS_OF_PLS,
    # with labels for some rows only
    "sklearn.semi_supervised.LabelPropagation": RADIUS,
    "sklearn.semi_supervised.LabelSpreading": {
        **RADIUS,
        "alpha": uniform(0.05, 0.9),  # docs: in (0, 1)
    },
    "sklearn.semi_supervised.SelfTrainingClassifier": {
        # docs, an example from 0.4 to 1
        "threshold": when("criterion", "threshold", uniform(0.5, 0.45))
    },
    # other libraries, by their common base classes
    "lightgbm.sklearn.LGBMModel": LIGHTGBM,
    "xgboost.sklearn.XGBModel": XGBOOST,
    "xgboost.sklearn.XGBRFClassifier": XGBOOST_FOREST,
    "xgboost.sklearn.XGBRFRegressor": XGBOOST_FOREST,
    "catboost.core.CatBoost": CATBOOST,
}
