"""One estimator's candidates that have a score: what its plots are made of."""

from typing import Any, NamedTuple

import numpy as np

from ._history import colours
from ._output_transforms import clip_infinite
from ._parameter_axes import ParameterAxis, parameter_axis
from ._plotting import check_searched
from ._space import Tunable
from ._values import nearest


class Candidates(NamedTuple):
    """One estimator's candidates that have a score.

    Attributes
    ----------
    estimator_name : str
    tunable : Tunable
        Its space.
    configs : list of dict
    scores : ndarray of shape (n_candidates,)
        Finite.
    colour : str
        That of the estimator in all plots of the search.
    """

    estimator_name: str
    tunable: Tunable
    configs: list[dict[str, Any]]
    scores: np.ndarray
    colour: str

    def axis(self, parameter: str) -> ParameterAxis:
        """Make the axis of a parameter; ValueError if no candidate has it."""
        names = self.tunable.names
        if parameter not in names:
            raise ValueError(
                f"`parameters` must be among {list(names)}, the space of "
                f"{self.estimator_name!r}; got {parameter!r}"
                f"{nearest(str(parameter), names)}"
            )
        return parameter_axis(self.tunable, parameter, self.configs)

    def positions(self, axis: ParameterAxis) -> np.ndarray:
        """Return where the candidates lie, NaN where the parameter does not apply."""
        places = np.full(len(self.configs), np.nan)
        has = [axis.parameter in config for config in self.configs]
        there = [config for config in self.configs if axis.parameter in config]
        places[has] = axis.positions(config[axis.parameter] for config in there)
        return places


def scored_candidates(
    search: Any, estimator_name: str | None, owner: str, fewest: int
) -> Candidates:
    """Gather one estimator's candidates, but for those that failed or are unfinished.

    Parameters
    ----------
    search : BTBSearchCV
    estimator_name : str or None
        None is the winner, which a rule for `refit` may have chosen.
    owner : str
        Who asks, for messages.
    fewest : int
        How many candidates it needs.

    Raises
    ------
    ValueError, TypeError
        If there is no such estimator, or it has too few candidates with a score; if it
        is no search that is fitted.
    """
    check_searched(search)
    names = list(dict.fromkeys(trial.estimator_name for trial in search.trials_))
    name = estimator_name
    if name is None:  # with `refit=False` of several metrics there is no best one
        name = getattr(search, "best_estimator_name_", None)
        name = search.leaderboard_.index[0] if name is None else name
    if name not in names:
        raise ValueError(
            f"`estimator_name` must be one of {names}; got {name!r}"
            f"{nearest(str(name), names)}"
        )
    own = [
        trial
        for trial in search.trials_
        if trial.estimator_name == name and trial.state in ("complete", "stopped")
    ]
    if len(own) < fewest:
        raise ValueError(
            f"{owner} needs at least {fewest} candidates of {name!r} with a score; got "
            f"{len(own)}"
        )
    return Candidates(
        name,
        search._tunables[name],
        [trial.params for trial in own],
        clip_infinite([trial.score for trial in own]),
        colours(names)[name],
    )
