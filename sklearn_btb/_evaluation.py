"""The unit of work: fit and score one configuration on one split of the data."""

import numbers
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib.logger import short_format_time
from sklearn.base import clone

from ._kept import Keep, brought
from ._progress import say
from ._sklearn_compat import (
    MultimetricScorer,
    check_method_params,
    safe_indexing,
    tags_of,
)
from ._trial import FoldResult

Scores = float | dict[str, float]


@dataclass(frozen=True)
class Settings:
    """What all evaluations of a search have in common.

    Attributes
    ----------
    fit_params, score_params : dict by estimator name
        Keyword arguments of `fit` and of the scorer; arrays as long as X are split.
    scorers : dict by estimator name
    error_score : "raise" or float
    return_train_score : bool
    verbose : int
    n_splits : int
        For the progress messages.
    n_candidates : int or None
        How many there are in the end at most; None without a limit.
    keep : Keep or None
        What folds bring besides their scores.
    """

    scorers: Mapping[str, Any]
    fit_params: Mapping[str, Mapping[str, Any]]
    score_params: Mapping[str, Mapping[str, Any]]
    error_score: Any
    return_train_score: bool
    verbose: int
    n_splits: int
    n_candidates: int | None
    keep: Keep | None = None


class Problem(NamedTuple):
    """What a search evaluates; the same for all of its tasks.

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
    search : BTBSearchCV or None
        Whom to tell scikit-learn's callbacks about; None where there are none.
    """

    estimators: dict[str, Any]
    X: Any
    y: Any
    splits: list[tuple[np.ndarray, np.ndarray]]
    settings: Settings
    metric: str | None
    search: Any = None

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Yield what users give that it may not be possible to send to a process."""
        for name, estimator in self.estimators.items():
            yield f"estimator {name!r} ({type(estimator).__name__})", estimator
        scorers = self.settings.scorers
        for name, scorer in scorers.items():
            for metric, part in getattr(scorer, "_scorers", {"": scorer}).items():
                named = f"the scorer {metric!r}" if metric else "the scorer"
                yield f"{named} of estimator {name!r}", part
        settings = self.settings
        given = {"fit": settings.fit_params, "score": settings.score_params}
        for method, all_params in given.items():
            for name, params in all_params.items():
                for key, value in params.items():
                    yield f"the {method} parameter {key!r} of estimator {name!r}", value
        if self.search is not None:
            yield "the search with its callbacks", self.search

    def facts(self, all_data: bool) -> dict[str, Any]:
        """Return what another problem may differ in.

        Of the data these are up to 100 rows of each table, and all of it, which takes a
        while to compare, if `all_data`.
        """
        data = {"X": self.X, "y": _values(self.y)} if all_data else {}
        data |= samples_of(self.X, self.y)
        return {
            "estimators": self.estimators,
            "splits": self.splits,
            "data": data,
            "metric": self.metric,
            "fit_params": self.settings.fit_params,
            "score_params": self.settings.score_params,
            "error_score": self.settings.error_score,
            "return_train_score": self.settings.return_train_score,
        }


def samples_of(X: Any, y: Any) -> dict[str, Any]:
    """Take up to 100 rows of each table, by which data can be told from others."""
    samples = {"sample of X": X, "sample of y": y}
    for name, table in samples.items():
        if table is not None:
            n_rows = table.shape[0] if hasattr(table, "shape") else len(table)
            rows = np.linspace(0, n_rows - 1, min(n_rows, 100)).astype(int)
            samples[name] = safe_indexing(table, rows)
    samples["sample of y"] = _values(samples["sample of y"])
    return {name: table for name, table in samples.items() if table is not None}


def _values(y: Any) -> Any:
    """Return the values of a target: a Series is the same search as its array."""
    values = y.to_numpy() if hasattr(y, "to_numpy") else y
    texts = isinstance(values, np.ndarray) and values.dtype.kind == "U"
    return values.astype(object) if texts else values


def evaluate(
    problem: Problem,
    name: str,
    params: Mapping[str, Any],
    candidate: int,
    splits: Sequence[int],
    contexts: Sequence[Any],
) -> list[FoldResult]:
    """Evaluate some folds of a candidate, one after the other.

    Parameters
    ----------
    problem : Problem
    name, params : str and dict
        The proposal.
    candidate : int
        Its number.
    splits : sequence of int
        Which folds.
    contexts : sequence of (CallbackContext or None)
        One a fold.
    """
    return [
        evaluate_fold(
            problem.estimators[name],
            problem.X,
            problem.y,
            *problem.splits[split],
            name=name,
            params=params,
            settings=problem.settings,
            candidate=candidate,
            split=split,
            search=None if context is None else problem.search,
            context=context,
        )
        for split, context in zip(splits, contexts, strict=True)
    ]


def failed_fold(
    settings: Settings, name: str, error: Exception, seconds: float
) -> FoldResult:
    """Return the result of a fold that brought none: of a worker that died, say.

    Raises
    ------
    Exception
        `error`, if `error_score` is "raise".
    """
    if settings.error_score == "raise":
        raise error
    scores = _error_scores(settings.scorers[name], settings.error_score)
    train_scores = scores if settings.return_train_score else None
    return FoldResult(scores, train_scores, seconds, 0.0, fit_error=str(error))


def evaluate_fold(
    estimator: Any,
    X: Any,
    y: Any,
    train: np.ndarray,
    test: np.ndarray,
    *,
    name: str,
    params: Mapping[str, Any],
    settings: Settings,
    candidate: int,
    split: int,
    search: Any = None,
    context: Any = None,
) -> FoldResult:
    """Fit a clone of an estimator on the training part and score it on the test part.

    Parameters
    ----------
    estimator : estimator
        Left as it is.
    X : array-like of shape (n_samples, ...)
    y : array-like of shape (n_samples, ...) or None
    train, test : ndarray of int
        The rows of the two parts.
    name : str
        The estimator's name in the search.
    params : dict
        What to set on the clone; estimators among the values are cloned.
    settings : Settings
    candidate, split : int
        For the progress messages.
    search, context : BTBSearchCV and CallbackContext, optional
        Whom to tell scikit-learn's callbacks about, if there are any.

    Returns
    -------
    FoldResult
        Anything that `set_params`, `fit` or the scorer raises is in it as text,
        with `error_score` as the score.

    Raises
    ------
    Exception
        What was raised, if `error_score` is "raise".
    ValueError
        If the scorer returns something that is not a number.
    """
    scorer = settings.scorers[name]
    message = _Message(name, params, settings, candidate, split)
    message.print_start()
    fit_params = check_method_params(X, settings.fit_params[name], indices=train)
    start = time.perf_counter()
    train_scores = fit_error = kept = None
    errors: dict[str, str] = {}
    train_errors: dict[str, str] = {}
    with ExitStack() as ending:  # the task of callbacks lasts until all is scored
        try:
            estimator = clone(estimator).set_params(**clone(dict(params), safe=False))
            pairwise = tags_of(estimator).input_tags.pairwise
            X_train, y_train = _take(pairwise, X, y, train, train)
            _fit(estimator, X_train, y_train, fit_params, search, context, ending)
        except Exception:
            if settings.error_score == "raise":
                raise
            fit_error = traceback.format_exc()
            test_scores = _error_scores(scorer, settings.error_score)
            train_scores = test_scores if settings.return_train_score else None
            fit_time, score_time = time.perf_counter() - start, 0.0
        else:
            fit_time = time.perf_counter() - start
            X_test, y_test = _take(pairwise, X, y, test, train)
            score_params = settings.score_params[name]
            test_params = check_method_params(X, score_params, indices=test)
            test_scores, errors = _score(
                estimator, X_test, y_test, scorer, test_params, settings.error_score
            )
            score_time = time.perf_counter() - start - fit_time
            if settings.return_train_score:
                train_params = check_method_params(X, score_params, indices=train)
                train_scores, train_errors = _score(
                    estimator,
                    X_train,
                    y_train,
                    scorer,
                    train_params,
                    settings.error_score,
                )
            if settings.keep is not None:
                kept = brought(settings.keep, estimator, X_test, settings.error_score)
    message.print_end(test_scores, train_scores, fit_time + score_time)
    return FoldResult(
        test_scores,
        train_scores,
        fit_time,
        score_time,
        fit_error,
        score_error=next(iter((errors | train_errors).values()), None),
        unscored=tuple(errors),
        kept=kept,
    )


def _fit(
    estimator: Any,
    X: Any,
    y: Any,
    fit_params: Any,
    search: Any,
    context: Any,
    ending: ExitStack,
) -> None:
    targets = () if y is None else (y,)
    if context is None:
        estimator.fit(X, *targets, **fit_params)
        return
    weight = fit_params.get("sample_weight")
    metadata = None if weight is None else {"sample_weight": weight}
    task = {"estimator": search, "X": X, "y": y, "metadata": metadata}
    ending.callback(context.call_on_fit_task_end, **task)
    with context.propagate_callback_context(estimator):
        context.call_on_fit_task_begin(**task)
        estimator.fit(X, *targets, **fit_params)


def _take(
    pairwise: bool, X: Any, y: Any, rows: np.ndarray, train: np.ndarray
) -> tuple[Any, Any]:
    """Select rows; of a precomputed kernel also the columns of the training rows."""
    y_rows = None if y is None else safe_indexing(y, rows)
    if not pairwise:
        return safe_indexing(X, rows), y_rows
    if not hasattr(X, "shape") or len(X.shape) != 2 or X.shape[0] != X.shape[1]:
        raise ValueError(
            "a precomputed kernel or distance matrix must be a square array or "
            f"sparse matrix; got {type(X).__name__} of shape {np.shape(X)}"
        )
    return X[np.ix_(rows, train)], y_rows


def _score(
    estimator: Any, X: Any, y: Any, scorer: Any, score_params: Any, error_score: Any
) -> tuple[Scores, dict[str, str]]:
    """Return the scores, and the tracebacks of the metrics that raised."""
    targets = () if y is None else (y,)
    errors = {}
    try:
        scores = scorer(estimator, X, *targets, **score_params)
    except Exception:
        if error_score == "raise":
            raise
        scores = _error_scores(scorer, error_score)
        metrics = scores if isinstance(scores, dict) else ["score"]
        errors = dict.fromkeys(metrics, traceback.format_exc())
    if not isinstance(scores, dict):
        return _as_number(scores, scorer), errors
    reports_errors = isinstance(scorer, MultimetricScorer) and error_score != "raise"
    numbers_ = {}
    for metric, score in scores.items():
        if reports_errors and isinstance(score, str):  # the traceback of what raised
            score, errors[metric] = error_score, score
        numbers_[metric] = _as_number(score, metric)
    return numbers_, errors


def _as_number(score: Any, scorer: Any) -> float:
    if hasattr(score, "item") and np.size(score) == 1:
        score = score.item()
    if not isinstance(score, numbers.Number):
        raise ValueError(
            f"scoring must return a number, got {score} ({type(score)}) instead. "
            f"(scorer={scorer})"
        )
    return score  # type: ignore[return-value]


def _error_scores(scorer: Any, error_score: float) -> Scores:
    if isinstance(scorer, MultimetricScorer):
        return dict.fromkeys(scorer._scorers, error_score)
    return error_score


class _Message:
    """What scikit-learn's searches print about a fold, with the estimator's name."""

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any],
        settings: Settings,
        candidate: int,
        split: int,
    ) -> None:
        self.verbose = settings.verbose
        if self.verbose <= 1:
            return  # a value's text may be costly
        self.progress = f" {split + 1}/{settings.n_splits}" if self.verbose > 2 else ""
        if self.verbose > 9:
            self.progress += f"; {candidate + 1}/{settings.n_candidates or '?'}"
        listed = ", ".join(f"{key}={params[key]}" for key in sorted(params))
        several = len(settings.scorers) > 1
        self.params = ": ".join(filter(None, [name, listed])) if several else listed

    def print_start(self) -> None:
        if self.verbose > 9:
            say(f"[CV{self.progress}] START {self.params}".ljust(80, "."))

    def print_end(self, test: Scores, train: Scores | None, seconds: float) -> None:
        if self.verbose <= 1:
            return
        text = f"{self.params};" if self.params else ""
        if self.verbose > 2:
            text += f" {_shown(test, train)}"
        text += f" total time={short_format_time(seconds)}"
        start = f"[CV{self.progress}] END "
        say(start + text.rjust(80 - len(start), "."))


def _shown(test: Scores, train: Scores | None) -> str:
    named = next((each for each in (test, train) if isinstance(each, dict)), None)
    if named is None:
        if train is None:
            return f"score={test:.3f}"
        return f"score=(train={train:.3f}, test={test:.3f})"
    shown = []
    for metric in sorted(named):
        before = "" if train is None else f"train={_of_metric(train, metric):.3f}, "
        shown.append(f"{metric}: ({before}test={_of_metric(test, metric):.3f})")
    return " ".join(shown)


def _of_metric(scores: Scores, metric: str) -> float:
    """Pick a metric; a number stands for all of them."""
    return scores[metric] if isinstance(scores, dict) else scores
