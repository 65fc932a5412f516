"""The start of a fit: earlier trials, a session that knows them, a checkpoint."""

import math
import numbers
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final, NamedTuple

from ._evaluation import Problem
from ._fingerprint import Facts, check_same, fingerprint
from ._given import given_to
from ._grid import Grid, GridSession, size_of
from ._journal import Journal, merge
from ._kept import Shelf
from ._random import seed_from
from ._selectors import Selector
from ._session import SELECTORS, TUNERS, BTBSession, maker_of
from ._space import Tunable
from ._starting_points import starting_points
from ._trial import Trial
from ._tuners import Tuner

N_ITER: Final = 50  # candidates, if neither their number nor a time is given


class Past(NamedTuple):
    """The state from which a fit continues.

    Attributes
    ----------
    trials : list of Trial
        Those of earlier fits and of the checkpoint.
    earlier : frozenset of int
        The numbers of those of earlier fits.
    session : BTBSession or GridSession
        It was told of all trials.
    journal : Journal or None
    facts : dict
        The fingerprint of the search.
    shelf : Shelf
    """

    trials: list[Trial]
    earlier: frozenset[int]
    session: BTBSession | GridSession
    journal: Journal | None
    facts: Facts
    shelf: Shelf


def past_of(
    search: Any,
    problem: Problem,
    tunables: Mapping[str, Tunable],
    earlier: list[Trial],
    ending: ExitStack,
) -> Past:
    """Gather what there is already, of this search or in its checkpoint.

    Parameters
    ----------
    search : BTBSearchCV
    problem : Problem
    tunables : dict of str to Tunable
    earlier : list of Trial
        Trials of earlier fits.
    ending : ExitStack
        It closes the checkpoint.

    Raises
    ------
    ValueError, TypeError
        If a parameter is invalid, or what there is belongs to another search.
    """
    initial = starting_points(
        search.initial_params,
        tunables,
        single=given_to(search).single,
        metric=problem.metric,
    )
    seed = seed_from(search.random_state)
    facts = _describe(search, problem, tunables, seed)
    if earlier:
        check_same(search._facts, facts)
    trials, journal = list(earlier), None
    if search.checkpoint is not None:
        n_splits = len(problem.splits)
        journal = Journal(search.checkpoint, facts, tunables, n_splits, seed)
        ending.callback(journal.close)
        seed = journal.seed
        trials = [
            replace(trial, params=dict(sorted(trial.params.items())))
            for trial in merge(trials, journal)
        ]
    if search.n_iter == 0 and not trials:
        raise ValueError(
            "`n_iter` must be at least 1 where there are no trials; 0 refits the "
            "best of an earlier fit, with `warm_start=True`, or of a `checkpoint`"
        )
    session: BTBSession | GridSession
    if is_exhaustive(search, tunables, len(earlier)):
        grids = {name: Grid(tunable) for name, tunable in tunables.items()}
        session = GridSession(grids, max_errors_of(search, tunables))
    else:
        session = BTBSession(
            tunables,
            scorer=None,
            tuner_class=maker_of("tuner", search.tuner, TUNERS, Tuner),
            selector_class=maker_of("selector", search.selector, SELECTORS, Selector),
            max_errors=max_errors_of(search, tunables),  # type: ignore[arg-type]
            initial_configs=initial,
            random_state=seed,
        )
    for trial in trials:
        score = None if trial.state == "failed" else trial.score
        session.record(trial.estimator_name, trial.params, score, cost=trial.seconds)
    trials = sorted(trials, key=lambda trial: trial.number)
    before = getattr(search, "_shelf", None) if earlier else None
    return Past(
        trials,
        frozenset(trial.number for trial in earlier),
        session,
        journal,
        facts,
        Shelf(problem.settings.keep, problem.splits, search.n_kept, before),
    )


def most_new_trials(search: Any) -> float:
    """Return how many candidates a fit may add; infinite without a limit."""
    if search.n_iter is not None:
        return int(search.n_iter)
    return N_ITER if search.time_budget is None else math.inf


def max_errors_of(search: Any, tunables: Mapping[str, Tunable]) -> float:
    """Return after how many failures an estimator is dropped; a single one never is."""
    return search.max_errors if len(tunables) > 1 else math.inf


def is_exhaustive(search: Any, tunables: Mapping[str, Tunable], n_earlier: int) -> bool:
    """Whether a search will try every combination, in whatever order.

    Parameters
    ----------
    search : BTBSearchCV
    tunables : dict of str to Tunable
    n_earlier : int
        The number of trials of earlier fits, which do not count for `n_iter`.
    """
    size = size_of(tunables)
    may_end_it = search.time_budget, search.patience, search.target_score
    return (
        size < math.inf
        and size <= most_new_trials(search) + n_earlier
        and not search.racing
        and search.callback is None
        and all(limit is None for limit in may_end_it)
        and (search.tuner, search.selector) == ("auto", "auto")
    )


def _describe(
    search: Any, problem: Problem, tunables: Mapping[str, Tunable], seed: int
) -> Facts:
    """Return what earlier results must have in common with this search."""
    seeded = isinstance(search.random_state, numbers.Integral)
    all_data = search.warm_start or search.checkpoint is not None
    return fingerprint(
        **problem.facts(all_data=all_data),
        search_spaces={name: tunable.space for name, tunable in tunables.items()},
        constraints={name: each.constraint for name, each in tunables.items()},
        scoring=search.scoring,
        random_state=seed if seeded else None,
    )
