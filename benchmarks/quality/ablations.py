"""This package without one ingredient each, as peers of `benchmarks.quality.run`."""

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

from sklearn_btb import UCB1, GPTuner, MaxUCB, Uniform, _output_transforms, _tuners

from .peers import Objective, Spaces, btb


class Unwarped(GPTuner):
    """Without input warping."""

    def __init__(self, tunable: Any, *, random_state: Any = None) -> None:
        super().__init__(tunable, random_state=random_state)
        self._warped[:] = False


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
    "fitted at each trial": changed(_tuners, "N_FITTED_EACH", 10**9),
    "half the candidates": changed(_tuners, "N_GLOBAL_CANDIDATES", 500),
}
OF_THE_SELECTOR: dict[str, Callable[..., None]] = {
    "MaxUCB as published": btb(selector=partial(MaxUCB, 0.5, patience=None)),
    "without patience": btb(selector=partial(MaxUCB, patience=None)),
    "UCB1": btb(selector=UCB1),
    "any learner": btb(selector=Uniform),
}
ABLATIONS = OF_THE_TUNER | OF_THE_SELECTOR
