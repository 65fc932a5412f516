"""The records that a search passes around: proposals, fold results, trials."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple


class StopTuning(Exception):
    """Nothing is left to propose.

    Raised by `BTBSession.propose` and by the tuners once every configuration of a
    finite space has been proposed, or once every tunable has been dropped.
    """


class Proposal(NamedTuple):
    """What to try next: a tunable's name and a configuration of it."""

    name: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What came of fitting and scoring one configuration on one split.

    Attributes
    ----------
    test_scores : float or dict of str to float
        The score on the test part; a dict by metric where there are several.
        `error_score` where fitting or scoring failed.
    train_scores : float, dict of str to float or None
        The same on the training part, if it was asked for.
    fit_time, score_time : float
        Seconds.
    fit_error, score_error : str or None
        The traceback, if fitting or scoring raised.
    unscored : tuple of str
        The metrics that raised on the test part; "score" where they have no names.
    kept : Kept or None
        What it brings besides, of which the folds of a trial have nothing any more.
    """

    test_scores: float | dict[str, float]
    train_scores: float | dict[str, float] | None
    fit_time: float
    score_time: float
    fit_error: str | None = None
    score_error: str | None = None
    unscored: tuple[str, ...] = ()
    kept: Any = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluated candidate of a search.

    Attributes
    ----------
    number : int
        Counts the candidates from 0 in the order in which they were proposed. Those
        that had no fold when the search ended are missing.
    estimator_name : str
        The name of the estimator.
    params : dict of str to object
        The parameters that were set on it.
    folds : tuple of (FoldResult or None)
        One record a split, in the order of the splits, each with the attributes
        `test_scores`, `train_scores`, `fit_time`, `score_time` (seconds),
        `fit_error` and `score_error` (tracebacks). None where the fold was not run.
    state : {"complete", "failed", "stopped", "interrupted"}
        "failed" if a fit or the scorer raised, or the mean score is not a number;
        not if the scoring by a metric failed that does not steer the search.
        "stopped" if racing spared the remaining folds, "interrupted" if the search
        ended before they were run.
    score : float
        The mean test score over the folds, of the metric that steers the search. Of a
        stopped candidate it is what is expected over all folds, by how hard others
        found those that were run.

    Examples
    --------
    >>> from sklearn_btb import Trial
    >>> trial = Trial(0, "svc", {"C": 1.0}, folds=(), state="complete", score=0.9)
    >>> trial.estimator_name, trial.state, trial.error
    ('svc', 'complete', None)
    """

    number: int
    estimator_name: str
    params: dict[str, Any]
    folds: tuple[FoldResult | None, ...]
    state: Literal["complete", "failed", "stopped", "interrupted"]
    score: float

    @property
    def ran(self) -> tuple[FoldResult, ...]:
        """The folds that were run."""
        return tuple(fold for fold in self.folds if fold is not None)

    @property
    def error(self) -> str | None:
        """The traceback of the first fold that raised, or None."""
        for fold in self.ran:
            if error := fold.fit_error or fold.score_error:
                return error
        return None

    @property
    def fold_scores(self) -> tuple[float | dict[str, float], ...]:
        """The test scores, one a fold that was run."""
        return tuple(fold.test_scores for fold in self.ran)

    @property
    def seconds(self) -> float:
        """Seconds that its folds took together, but for those whose worker died."""
        return sum(self.fit_times) + sum(self.score_times)

    @property
    def fit_times(self) -> tuple[float, ...]:
        """Seconds that each fit took, one a fold that was run."""
        return tuple(fold.fit_time for fold in self.ran)

    @property
    def score_times(self) -> tuple[float, ...]:
        """Seconds that each scoring took, one a fold that was run."""
        return tuple(fold.score_time for fold in self.ran)
