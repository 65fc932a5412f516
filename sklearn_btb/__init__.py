"""sklearn_btb: the best estimator with the best hyperparameters."""

import logging
from importlib.metadata import version

from ._conditions import when
from ._correction import corrected_score
from ._default_spaces import default_space
from ._ensemble import fit_ensemble
from ._hyperparams import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    IntHyperParam,
)
from ._parameter_plots import ImportanceDisplay, ParallelCoordinatesDisplay
from ._plotting import AllocationDisplay, ConvergenceDisplay
from ._refit import fastest_within, one_standard_error
from ._search import BTBSearchCV
from ._selectors import (
    UCB1,
    BestKReward,
    BestKVelocity,
    HierarchicalByAlgorithm,
    MaxUCB,
    PureBestKVelocity,
    RecentKReward,
    RecentKVelocity,
    Selector,
    Uniform,
)
from ._session import BTBSession
from ._space import Tunable
from ._surrogate_plot import SurrogateDisplay
from ._trial import StopTuning, Trial
from ._tuners import (
    GCPEiTuner,
    GCPTuner,
    GPEiTuner,
    GPTuner,
    Tuner,
    UniformTuner,
)

__version__ = version("sklearn-btb")

logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "UCB1",
    "AllocationDisplay",
    "BTBSearchCV",
    "BTBSession",
    "BestKReward",
    "BestKVelocity",
    "BooleanHyperParam",
    "CategoricalHyperParam",
    "ConvergenceDisplay",
    "FloatHyperParam",
    "GCPEiTuner",
    "GCPTuner",
    "GPEiTuner",
    "GPTuner",
    "HierarchicalByAlgorithm",
    "ImportanceDisplay",
    "IntHyperParam",
    "MaxUCB",
    "ParallelCoordinatesDisplay",
    "PureBestKVelocity",
    "RecentKReward",
    "RecentKVelocity",
    "Selector",
    "StopTuning",
    "SurrogateDisplay",
    "Trial",
    "Tunable",
    "Tuner",
    "Uniform",
    "UniformTuner",
    "__version__",
    "corrected_score",
    "default_space",
    "fastest_within",
    "fit_ensemble",
    "one_standard_error",
    "when",
]
