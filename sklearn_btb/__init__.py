"""sklearn_btb: the best estimator with the best hyperparameters."""

from importlib.metadata import version

from ._conditions import when
from ._default_spaces import default_space
from ._hyperparams import (
    BooleanHyperParam,
    CategoricalHyperParam,
    FloatHyperParam,
    IntHyperParam,
)
from ._parameter_plots import ImportanceDisplay, ParallelCoordinatesDisplay
from ._plotting import AllocationDisplay, ConvergenceDisplay
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
    "default_space",
    "when",
]
