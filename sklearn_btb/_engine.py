"""The engine: propose, evaluate on every split, record, until there is enough."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed

from ._evaluation import Settings, evaluate_fold
from ._results import mean_score
from ._session import BTBSession
from ._sklearn_compat import has_callbacks
from ._trial import FoldResult, Proposal, StopTuning, Trial


class Problem(NamedTuple):
    """What is evaluated.

    Attributes
    ----------
    estimators : dict of str to estimator
    X : array-like of shape (n_samples, ...)
    y : array-like of shape (n_samples, ...) or None
    splits : list of (train, test)
        Index arrays, the same for every candidate.
    settings : Settings
    metric : str or None
        Which of several metrics steers the search; None for the first.
    """

    estimators: dict[str, Any]
    X: Any
    y: Any
    splits: list[tuple[np.ndarray, np.ndarray]]
    settings: Settings
    metric: str | None


def run(
    session: BTBSession,
    problem: Problem,
    trials: list[Trial],
    *,
    n_iter: int,
    n_jobs: int | None,
    pre_dispatch: int | str,
    search: Any,
    context: Any,
) -> None:
    """Append up to `n_iter` trials.

    With one worker a candidate is proposed when the one before it is known. With
    more, as many candidates as there are workers are proposed at a time, the session
    knowing which are pending, and all their folds are evaluated side by side.

    Parameters
    ----------
    session : BTBSession
        Proposes, and is told the scores.
    problem : Problem
    trials : list of Trial
        Grows by every candidate that is done, so that nothing is lost if an
        exception ends the run.
    n_iter : int
    n_jobs, pre_dispatch
        As in `joblib.Parallel`.
    search, context : BTBSearchCV and CallbackContext
        Passed on to the evaluations where there are callbacks.
    """
    with_callbacks = has_callbacks(search) or any(
        has_callbacks(estimator) for estimator in problem.estimators.values()
    )
    width = effective_n_jobs(n_jobs)
    with Parallel(n_jobs=n_jobs, pre_dispatch=pre_dispatch) as parallel:
        while len(trials) < n_iter:
            proposals = _propose(session, min(width, n_iter - len(trials)))
            if not proposals:
                break
            calls = [
                _call(
                    problem,
                    proposal,
                    len(trials) + offset,
                    split,
                    search if with_callbacks else None,
                    context if with_callbacks else None,
                )
                for offset, proposal in enumerate(proposals)
                for split in range(len(problem.splits))
            ]
            if width == 1:
                folds = [evaluate_fold(*args, **kwargs) for args, kwargs in calls]
            else:
                folds = parallel(
                    delayed(evaluate_fold)(*args, **kwargs) for args, kwargs in calls
                )
            _absorb(session, problem, proposals, folds, trials)


def _propose(session: BTBSession, n: int) -> list[Proposal]:
    proposals: list[Proposal] = []
    try:
        while len(proposals) < n:
            proposals.append(session.propose())
    except StopTuning:
        pass  # the caller sees that there are fewer
    return proposals


def _call(
    problem: Problem,
    proposal: Proposal,
    number: int,
    split: int,
    search: Any,
    context: Any,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of `evaluate_fold`."""
    n_splits = len(problem.splits)
    if context is not None:
        context = context.subcontext(
            task_name="candidate-split-evaluation", task_id=number * n_splits + split
        )
    args = (
        problem.estimators[proposal.name],
        problem.X,
        problem.y,
        *problem.splits[split],
    )
    return args, {
        "name": proposal.name,
        "params": proposal.params,
        "settings": problem.settings,
        "candidate": number,
        "split": split,
        "search": search,
        "context": context,
    }


def _absorb(
    session: BTBSession,
    problem: Problem,
    proposals: Sequence[Proposal],
    folds: Sequence[FoldResult],
    trials: list[Trial],
) -> None:
    n_splits = len(problem.splits)
    for offset, (name, params) in enumerate(proposals):
        own = tuple(folds[offset * n_splits : (offset + 1) * n_splits])
        score = mean_score(own, problem.metric)
        failed = math.isnan(score) or any(_raised(fold, problem.metric) for fold in own)
        state = "failed" if failed else "complete"
        trials.append(Trial(len(trials), name, params, own, state, score))
        # whatever `error_score` stood in for what is missing, it was not earned
        session.record(name, params, None if failed else score)


def _raised(fold: FoldResult, metric: str | None) -> bool:
    """Whether fitting, or scoring by the metric that steers the search, raised."""
    if fold.fit_error is not None:
        return True
    if isinstance(fold.test_scores, dict):
        return (metric or next(iter(fold.test_scores))) in fold.unscored
    return bool(fold.unscored)
