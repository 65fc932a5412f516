"""The unit of work: fit and score one configuration on one split of the data."""

import numbers
import time
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib.logger import short_format_time
from sklearn.base import clone

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
    n_splits, n_candidates : int
        For the progress messages.
    """

    scorers: Mapping[str, Any]
    fit_params: Mapping[str, Mapping[str, Any]]
    score_params: Mapping[str, Mapping[str, Any]]
    error_score: Any
    return_train_score: bool
    verbose: int
    n_splits: int
    n_candidates: int


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
    train_scores = None
    fit_error = None
    errors: dict[str, str] = {}
    train_errors: dict[str, str] = {}
    with ExitStack() as ending:  # the task of callbacks lasts until all is scored
        try:
            estimator = clone(estimator).set_params(**clone(dict(params), safe=False))
            X_train, y_train = _take(estimator, X, y, train, train)
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
            X_test, y_test = _take(estimator, X, y, test, train)
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
    message.print_end(test_scores, train_scores, fit_time + score_time)
    return FoldResult(
        test_scores,
        train_scores,
        fit_time,
        score_time,
        fit_error,
        score_error=next(iter((errors | train_errors).values()), None),
        unscored=tuple(errors),
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
    estimator: Any, X: Any, y: Any, rows: np.ndarray, train: np.ndarray
) -> tuple[Any, Any]:
    """Select rows; of a precomputed kernel also the columns of the training rows."""
    y_rows = None if y is None else safe_indexing(y, rows)
    if not tags_of(estimator).input_tags.pairwise:
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
            self.progress += f"; {candidate + 1}/{settings.n_candidates}"
        listed = ", ".join(f"{key}={params[key]}" for key in sorted(params))
        several = len(settings.scorers) > 1
        self.params = ": ".join(filter(None, [name, listed])) if several else listed

    def print_start(self) -> None:
        if self.verbose > 9:
            print(f"[CV{self.progress}] START {self.params}".ljust(80, "."))

    def print_end(self, test: Scores, train: Scores | None, seconds: float) -> None:
        if self.verbose <= 1:
            return
        text = f"{self.params};" if self.params else ""
        if self.verbose > 2:
            text += f" {_shown(test, train)}"
        text += f" total time={short_format_time(seconds)}"
        start = f"[CV{self.progress}] END "
        print(start + text.rjust(80 - len(start), "."))


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
