"""Tables of evaluations as functions of a configuration, everywhere.

A table has a few hundred configurations. Between them an ensemble of extremely
randomised trees (Geurts, Ernst and Wehenkel, 2006) without bootstrap interpolates: at a
configuration of the table it returns what was measured there. Scores have long bad
tails, so the trees see their normal quantiles, which are turned back by interpolation.
"""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.ensemble import ExtraTreesRegressor

from .problems import DATA_SETS
from .spaces import N_LEVELS, Space, encode, features

TABLES = Path(__file__).parent / "tables"
N_TREES = 60


class Table(NamedTuple):
    """What was measured of one learner on one data set."""

    space: Space
    points: np.ndarray  # (n, d) in the unit cube
    scores: np.ndarray  # (n, folds); NaN where an evaluation failed
    seconds: np.ndarray  # (n,) of a fold


class Surrogate:
    """The fold scores and the seconds of one learner at any configuration."""

    def __init__(self, table: Table) -> None:
        self.space = table.space
        worked = np.isfinite(table.scores).all(axis=1)
        self.works = worked.mean() > 0.5
        if not self.works:
            self.seconds_failed = float(np.median(table.seconds))
            return
        inputs = features(table.space, table.points)
        scores = table.scores[worked].astype(float)
        self._sorted = np.unique(scores)
        ranks = (np.arange(len(self._sorted)) + 0.5) / len(self._sorted)
        self._quantiles = norm.ppf(ranks)
        targets = np.interp(scores, self._sorted, self._quantiles)
        costs = np.log(np.maximum(table.seconds[worked], 1e-5))
        self._model = ExtraTreesRegressor(
            N_TREES, random_state=0, min_samples_split=2
        ).fit(inputs[worked], np.column_stack([targets, costs]))
        # a configuration that failed where others work fails around it as well
        self._fails = None
        if not worked.all():
            self._fails = ExtraTreesRegressor(N_TREES, random_state=0).fit(
                inputs, ~worked
            )

    def evaluate(self, config: dict[str, Any]) -> tuple[np.ndarray | None, float]:
        """Return the fold scores, None for a failure, and the seconds of a fold."""
        if not self.works:
            return None, self.seconds_failed
        inputs = features(self.space, encode(self.space, config)[None])
        *targets, cost = predict(self._model, inputs)[0]
        if self._fails is not None and predict(self._fails, inputs)[0, 0] > 0.5:
            return None, float(np.exp(cost))
        scores = np.interp(targets, self._quantiles, self._sorted)
        return scores, float(np.exp(cost))


def predict(model: ExtraTreesRegressor, inputs: np.ndarray) -> np.ndarray:
    """Return what the trees say, (n, outputs), without the cost of `predict`."""
    inputs = np.ascontiguousarray(inputs, dtype=np.float32)
    trees = [tree.tree_ for tree in model.estimators_]
    return np.mean([tree.predict(inputs).reshape(len(inputs), -1) for tree in trees], 0)


def tables_of(data_set: str) -> dict[str, Table]:
    """Load the tables of a data set, by learner."""
    with np.load(TABLES / f"{data_set}.npz") as stored:
        return {
            name: Table(
                learner.space,
                (stored[f"{name}/levels"].astype(float) + 0.5) / N_LEVELS,
                stored[f"{name}/scores"],
                stored[f"{name}/seconds"],
            )
            for name, learner in DATA_SETS[data_set].learners.items()
        }


@cache
def surrogates_of(data_set: str) -> dict[str, Surrogate]:
    """Make the surrogates of a data set, by learner."""
    return {name: Surrogate(table) for name, table in tables_of(data_set).items()}
