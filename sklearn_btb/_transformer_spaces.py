"""Default spaces of what transforms or needs no target: data, for `_default_spaces`.

The sources have the names that `_predictor_spaces` gives them. Transformers come with
the predictor that they stand before, so most have nothing to tune: a scaler is either
there or not, and a number of components counts columns that only the user knows
(`PCA` can take a fraction of the variance instead).
"""

from typing import Any, Final

from scipy.stats import loguniform, randint, uniform

from ._conditions import when

AS_IT_IS: Final[dict[str, Any]] = {}
GAMMAS: Final = [2.0**exponent for exponent in range(-15, 4)]  # as in SVC
RADIAL: Final = {
    "gamma": when(
        "kernel",
        ["rbf", "laplacian", "poly", "polynomial", "sigmoid", "chi2"],
        [None, *GAMMAS],
    )
}
# as many as one likes, and as slow; auto-sklearn: 50 to 10000
RANDOM_FEATURES: Final = {"n_components": [50, 100, 200, 400]}
INFREQUENT: Final = {"min_frequency": [None, 0.01, 0.02, 0.05, 0.1]}  # auto-sklearn
WORDS: Final = {  # docs, the grid of the text example
    "ngram_range": when("analyzer", str, [(1, 1), (1, 2)])
}
TERM_WEIGHTS: Final = {  # docs
    "sublinear_tf": when("binary", False, [False, True]),
    "use_idf": [True, False],
}
# docs: sparser with larger ones; ours
SPARSITY: Final = {"alpha": loguniform(0.1, 10)}

PREPROCESSORS: Final[dict[str, dict[str, Any]]] = {
    # no study tunes `add_indicator`, which changes nothing where nothing is missing
    "sklearn.impute.SimpleImputer": {
        "strategy": ["mean", "median"]  # auto-sklearn
    },
    "sklearn.impute.KNNImputer": {
        "n_neighbors": [1, 2, 3, 5, 7, 10, 15],  # as for predicting
        "weights": ["uniform", "distance"],
    },
    "sklearn.impute.IterativeImputer": {
        "initial_strategy": ["mean", "median"]  # as above
    },
    "sklearn.impute.MissingIndicator": AS_IT_IS,
    "sklearn.preprocessing.OneHotEncoder": INFREQUENT,
    "sklearn.preprocessing.OrdinalEncoder": INFREQUENT,
    "sklearn.preprocessing.TargetEncoder": {
        "smooth": ["auto", 1.0, 10.0, 100.0]  # ours; docs: more is nearer to the mean
    },
    "sklearn.preprocessing.KBinsDiscretizer": {
        "n_bins": when(  # ours; of this method, few rows and many bins are too much
            "quantile_method",
            lambda method: method != "closest_observation",
            [3, 5, 8, 12],
        ),
        "strategy": ["quantile", "uniform"],  # docs
    },
    "sklearn.preprocessing.SplineTransformer": {
        "n_knots": when(  # ours; periodic splines have more knots than degrees
            "extrapolation",
            ["error", "constant", "linear", "continue"],
            when("knots", ["uniform", "quantile"], [3, 5, 8, 12]),
        ),
        "degree": [1, 2, 3],  # docs: splines of higher degrees oscillate
    },
    "sklearn.preprocessing.PolynomialFeatures": {
        "degree": [1, 2],  # auto-sklearn to 3, where 100 columns become 177,000
        "interaction_only": when(  # auto-sklearn
            "degree", lambda degree: degree != 1, [False, True]
        ),
    },
    "sklearn.preprocessing.QuantileTransformer": {
        "output_distribution": ["uniform", "normal"]  # auto-sklearn
    },
    "sklearn.preprocessing.RobustScaler": {
        "quantile_range": when(  # auto-sklearn: 0.1-30% to 70-99.9%
            "with_scaling",
            True,
            [(25.0, 75.0), (10.0, 90.0), (5.0, 95.0), (1.0, 99.0)],
        )
    },
    "sklearn.preprocessing.Normalizer": {"norm": ["l2", "l1", "max"]},  # docs
    "sklearn.preprocessing.StandardScaler": AS_IT_IS,
    "sklearn.preprocessing.MinMaxScaler": AS_IT_IS,
    "sklearn.preprocessing.MaxAbsScaler": AS_IT_IS,
    "sklearn.preprocessing.PowerTransformer": AS_IT_IS,
    "sklearn.preprocessing.FunctionTransformer": AS_IT_IS,
    "sklearn.preprocessing.KernelCenterer": AS_IT_IS,
    "sklearn.preprocessing.Binarizer": AS_IT_IS,  # in the unit of the columns
    # selection
    "sklearn.feature_selection.SelectPercentile": {
        "percentile": [2, 5, 10, 20, 35, 50, 75, 100]  # auto-sklearn, 1 to 99
    },
    "sklearn.feature_selection.SelectFromModel": {
        "threshold": [None, "0.5*mean", "mean", "median"]  # docs
    },
    "sklearn.feature_selection.RFE": {  # None is half of them; ours
        "n_features_to_select": [None, 0.6, 0.7, 0.8, 0.9]  # less of 2 would be none
    },
    "sklearn.feature_selection.SequentialFeatureSelector": {
        "direction": ["forward", "backward"]  # docs
    },
    "sklearn.feature_selection.RFECV": AS_IT_IS,  # tunes itself
    "sklearn.feature_selection.SelectKBest": AS_IT_IS,  # counts columns
    "sklearn.feature_selection.GenericUnivariateSelect": AS_IT_IS,  # as its mode says
    # stricter ones may leave no column
    "sklearn.feature_selection.VarianceThreshold": AS_IT_IS,
    "sklearn.feature_selection.SelectFpr": AS_IT_IS,
    "sklearn.feature_selection.SelectFdr": AS_IT_IS,
    "sklearn.feature_selection.SelectFwe": AS_IT_IS,
    # decomposition
    "sklearn.decomposition.PCA": {
        "n_components": when(  # auto-sklearn; the other solvers need a whole number
            "svd_solver",
            ["auto", "full", "covariance_eigh"],
            [None, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99],
        ),
        "whiten": [False, True],  # auto-sklearn
    },
    "sklearn.decomposition.KernelPCA": {
        # auto-sklearn, which has "cosine" as well: of one column nothing is left by it
        "kernel": ["linear", "rbf"],
        **RADIAL,
    },
    "sklearn.decomposition.FastICA": {
        "algorithm": ["parallel", "deflation"],  # auto-sklearn
        "fun": ["logcosh", "exp", "cube"],  # auto-sklearn
    },
    "sklearn.decomposition.LatentDirichletAllocation": {
        "n_components": [5, 10, 20, 40],  # ours
        "learning_decay": when(  # docs: above 0.5 it converges
            "learning_method", "online", uniform(0.51, 0.48)
        ),
    },
    "sklearn.decomposition.SparsePCA": SPARSITY,
    "sklearn.decomposition.MiniBatchSparsePCA": SPARSITY,
    "sklearn.decomposition.DictionaryLearning": SPARSITY,
    "sklearn.decomposition.MiniBatchDictionaryLearning": SPARSITY,
    # nothing but a number of components; penalties of NMF are in the unit of the
    # columns, and may leave none
    "sklearn.decomposition.NMF": AS_IT_IS,
    "sklearn.decomposition.MiniBatchNMF": AS_IT_IS,
    "sklearn.decomposition.TruncatedSVD": AS_IT_IS,
    "sklearn.decomposition.IncrementalPCA": AS_IT_IS,
    "sklearn.decomposition.FactorAnalysis": AS_IT_IS,
    "sklearn.decomposition.SparseCoder": AS_IT_IS,
    "sklearn.neighbors.NeighborhoodComponentsAnalysis": AS_IT_IS,
    "sklearn.random_projection.GaussianRandomProjection": AS_IT_IS,
    "sklearn.random_projection.SparseRandomProjection": AS_IT_IS,
    "sklearn.manifold.Isomap": AS_IT_IS,  # fewer neighbours may split the graph
    "sklearn.manifold.LocallyLinearEmbedding": {"reg": loguniform(1e-4, 1e-1)},  # ours
    # kernels and trees as columns
    "sklearn.kernel_approximation.Nystroem": RADIAL,
    "sklearn.kernel_approximation.RBFSampler": {
        "gamma": loguniform(2**-15, 2**3),  # auto-sklearn, its kitchen sinks
        **RANDOM_FEATURES,
    },
    "sklearn.kernel_approximation.SkewedChi2Sampler": {
        "skewedness": loguniform(0.1, 10),  # ours
        **RANDOM_FEATURES,
    },
    "sklearn.kernel_approximation.AdditiveChi2Sampler": {
        "sample_steps": [1, 2, 3]  # docs
    },
    "sklearn.kernel_approximation.PolynomialCountSketch": {
        "degree": [1, 2, 3],  # ours
        **RANDOM_FEATURES,
    },
    "sklearn.ensemble.RandomTreesEmbedding": {
        "max_depth": randint(2, 9)
    },  # auto-sklearn
    "sklearn.neural_network.BernoulliRBM": {
        "learning_rate": loguniform(1e-3, 1),  # docs
        "n_components": [64, 128, 256, 512],  # ours
    },
    "sklearn.cluster.FeatureAgglomeration": {
        "linkage": ["ward", "complete", "average"]  # auto-sklearn
    },
    # text: to drop rare or common words may leave none
    "sklearn.feature_extraction.text.CountVectorizer": {
        **WORDS,
        "binary": [False, True],  # docs
    },
    "sklearn.feature_extraction.text.TfidfVectorizer": {**WORDS, **TERM_WEIGHTS},
    "sklearn.feature_extraction.text.TfidfTransformer": TERM_WEIGHTS,
    "sklearn.feature_extraction.text.HashingVectorizer": WORDS,
    "sklearn.feature_extraction.DictVectorizer": AS_IT_IS,
    "sklearn.feature_extraction.FeatureHasher": AS_IT_IS,
    # as transformers: the edges of a graph
    "sklearn.neighbors.KNeighborsTransformer": AS_IT_IS,
    "sklearn.neighbors.RadiusNeighborsTransformer": AS_IT_IS,
}

# How many clusters is what people search; it takes a `scoring` that does not grow with
# their number, which the clusterers' own `score` does.
CLUSTERS: Final = {  # ours: 16 rows have no more; centres that are given are counted
    "n_clusters": when("init", [str, callable], randint(2, 16))
}
MIXTURE: Final = {  # what is given for components fits their number and covariances
    "n_components": when(  # docs, an example from 1 to 6
        "weights_init",
        None,
        when("means_init", None, when("precisions_init", None, [1, 2, 3, 4, 6, 8, 10])),
    ),
    "covariance_type": when(  # docs
        "precisions_init",
        None,
        when("covariance_prior", None, ["full", "tied", "diag", "spherical"]),
    ),
    "reg_covar": loguniform(1e-6, 1e-1),  # ours
}
SHARE: Final = {"contamination": ["auto", 0.01, 0.05, 0.1, 0.2]}  # docs: to 0.5
# distances in the data's unit: ours, for columns that are scaled
DISTANCE: Final = loguniform(0.1, 10)

UNSUPERVISED: Final[dict[str, dict[str, Any]]] = {
    # clusters
    "sklearn.cluster.KMeans": CLUSTERS,
    "sklearn.cluster.MiniBatchKMeans": CLUSTERS,
    "sklearn.cluster.BisectingKMeans": CLUSTERS,
    "sklearn.cluster.Birch": {**CLUSTERS, "threshold": loguniform(0.05, 1)},  # ours
    "sklearn.cluster.AgglomerativeClustering": {
        **CLUSTERS,
        "linkage": ["ward", "complete", "average", "single"],  # docs
    },
    "sklearn.cluster.SpectralClustering": {
        "n_clusters": [2, 3, 4, 5, 6, 8],  # ours; the default's 8 are slow enough
        "gamma": when(  # ours: larger ones cut the graph into pieces
            "affinity", ["rbf", "laplacian"], loguniform(0.01, 3)
        ),
    },
    "sklearn.cluster.AffinityPropagation": {"damping": uniform(0.5, 0.45)},  # docs
    "sklearn.cluster.DBSCAN": {
        "eps": DISTANCE,
        "min_samples": [3, 5, 8, 12],  # ours
    },
    "sklearn.cluster.OPTICS": {
        "min_samples": [3, 5, 8, 12],  # ours
        "xi": when("cluster_method", "xi", loguniform(0.01, 0.3)),  # ours
    },
    "sklearn.cluster.HDBSCAN": {
        "min_cluster_size": [3, 5, 8, 12],  # ours
        "cluster_selection_method": ["eom", "leaf"],  # docs
    },
    "sklearn.cluster.MeanShift": AS_IT_IS,  # its bandwidth is found from the data
    "sklearn.mixture.GaussianMixture": MIXTURE,
    "sklearn.mixture.BayesianGaussianMixture": MIXTURE,
    # densities and covariances, which score a likelihood
    "sklearn.neighbors.KernelDensity": {
        "bandwidth": DISTANCE,  # docs, an example from 0.1 to 10
        "kernel": ["gaussian", "exponential"],  # those that are nowhere zero
    },
    "sklearn.covariance.ShrunkCovariance": {"shrinkage": uniform(0, 1)},  # docs
    "sklearn.covariance.GraphicalLasso": {"alpha": loguniform(0.01, 1)},  # ours
    "sklearn.covariance.EmpiricalCovariance": AS_IT_IS,
    "sklearn.covariance.LedoitWolf": AS_IT_IS,
    "sklearn.covariance.OAS": AS_IT_IS,
    "sklearn.covariance.MinCovDet": AS_IT_IS,
    "sklearn.covariance.GraphicalLassoCV": AS_IT_IS,  # tunes itself
    # outliers
    "sklearn.ensemble.IsolationForest": {
        **SHARE,
        "max_samples": ["auto", 0.25, 0.5, 1.0],  # docs: "auto" is 256 rows at most
        "max_features": uniform(0.4, 0.6),  # ours
    },
    "sklearn.neighbors.LocalOutlierFactor": {
        **SHARE,
        "n_neighbors": [5, 10, 15, 20],  # docs: 20; more are capped, and warn
    },
    "sklearn.svm.OneClassSVM": {
        "nu": uniform(0.01, 0.5),  # docs: a bound of the share of outliers
        "gamma": when("kernel", ["rbf", "poly", "sigmoid"], ["scale", *GAMMAS]),
    },
    "sklearn.linear_model.SGDOneClassSVM": {"nu": uniform(0.01, 0.5)},  # docs
    "sklearn.covariance.EllipticEnvelope": {
        "contamination": uniform(0.01, 0.29)  # ours; docs: to 0.5
    },
}
