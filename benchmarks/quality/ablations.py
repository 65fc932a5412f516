"""This package without one ingredient each, as peers of `benchmarks.quality.run`."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from unittest.mock import patch

from sklearn_btb import UCB1, GPTuner, Uniform, _output_transforms, _tuners

from .peers import Objective, Spaces, btb


class Unwarped(GPTuner):
    """Without input warping."""

    def __init__(self, tunable: Any, *, random_state: Any = None) -> None:
        super().__init__(tunable, random_state=random_state)
        self._warped[:] = False


class PublishedMaxUCB:
    """`MaxUCB` with the bonus of its paper, (0.5 ln(t) / n)^2."""

    def __init__(self, random_state: Any = None, alpha: float = 0.5) -> None:
        self._alpha = alpha

    def select(self, scores: Mapping[str, Sequence[float]]) -> str:
        t = sum(map(len, scores.values()))

        def index(name: str) -> float:
            arm = scores[name]
            if not arm:
                return math.inf
            return max(arm) + (self._alpha * math.log(t) / len(arm)) ** 2

        return max(scores, key=index)


def changed(module: Any, name: str, value: Any) -> Callable[..., None]:
    """Make the peer for which something in a module is something else."""

    def peer(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
        with patch.object(module, name, value):
            btb()(spaces, objective, n, seed)

    return peer


OF_THE_TUNER: dict[str, Callable[..., None]] = {
    "without warping": btb(tuner=Unwarped),
    "scores standardised": btb(
        tuner=partial(GPTuner, output_transform=_output_transforms.standardize)
    ),
    "scores by a copula": btb(
        tuner=partial(GPTuner, output_transform=_output_transforms.gaussian_copula)
    ),
    "4 initial points": btb(tuner=partial(GPTuner, n_initial=4)),
    "8 initial points": btb(tuner=partial(GPTuner, n_initial=8)),
    "near copies allowed": changed(_tuners, "INDISTINCT", 0.0),
    "levels not kept in play": changed(_tuners, "LEVEL_ENOUGH", 0),
    "fitted at each trial": changed(_tuners, "N_FITTED_EACH", 10**9),
    "half the candidates": changed(_tuners, "N_GLOBAL_CANDIDATES", 500),
}
OF_THE_SELECTOR: dict[str, Callable[..., None]] = {
    "MaxUCB as published": btb(selector=PublishedMaxUCB),
    "published, alpha 0.3": btb(selector=partial(PublishedMaxUCB, alpha=0.3)),
    "UCB1": btb(selector=UCB1),
    "any learner": btb(selector=Uniform),
}
ABLATIONS = OF_THE_TUNER | OF_THE_SELECTOR
