"""What the best candidates leave besides their scores, where that is asked for.

A fold brings its predictions of the test rows, its fitted estimator, or both. The shelf
keeps them of the best complete candidates; no trial holds them.
"""

import traceback
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse, vstack

from ._sklearn_compat import in_order_of_classes
from ._trial import Trial

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


class Keep(NamedTuple):
    """What to keep.

    Attributes
    ----------
    method : str or None
        Whose predictions.
    estimators : bool
    classes : ndarray, list of ndarray or None
        The sorted classes, of several outputs a list; None where predictions have no
        column for each.
    """

    method: str | None
    estimators: bool
    classes: Any


class Kept(NamedTuple):
    """What one fold brings.

    Attributes
    ----------
    predictions : array-like or None
        Of the test rows, a column for each class of all the data.
    estimator : estimator or None
        As fitted to the training rows.
    error : str or None
        The traceback, if predicting raised.
    """

    predictions: Any
    estimator: Any
    error: str | None


def what_to_keep(
    method: str | None,
    fold_estimators: bool,
    estimators: Mapping[str, Any],
    X: Any,
    y: Any,
    splits: Splits,
) -> Keep | None:
    """Return what to keep; None for nothing.

    Raises
    ------
    ValueError
        If an estimator has no such method, a row is not tested exactly once, or y is
        sparse where predictions have a column for each class.
    """
    if method is None:
        return Keep(None, True, None) if fold_estimators else None
    for name, estimator in estimators.items():
        if not hasattr(estimator, method):
            raise ValueError(
                f"`keep_predictions` must be a method that every estimator has; "
                f"{name!r}, of type {type(estimator).__name__}, has no `{method}`"
            )
    if issparse(y) and method != "predict":  # of which `classes_` makes no sense
        raise ValueError(
            f"`keep_predictions={method!r}` needs a dense y, `y.toarray()`; got a "
            f"sparse one, of shape {y.shape}"
        )
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    tested = np.sort(np.concatenate([test for _, test in splits]))
    if not np.array_equal(tested, np.arange(n_rows)):
        raise ValueError(
            "`keep_predictions` only works for partitions: `cv` must have every row in "
            f"exactly one test set; got {len(tested)} test rows, "
            f"{len(np.unique(tested))} of them different, of {n_rows} rows"
        )
    return Keep(method, fold_estimators, None if method == "predict" else _classes(y))


def brought(keep: Keep, estimator: Any, X: Any, error_score: Any) -> Kept:
    """Return what a fold brings.

    Parameters
    ----------
    keep : Keep
    estimator : estimator
        Fitted to the training rows.
    X : array-like
        The test rows.
    error_score : "raise" or float

    Raises
    ------
    Exception
        What predicting raised, if `error_score` is "raise".
    """
    predictions = error = None
    try:
        if keep.method is not None:
            predictions = getattr(estimator, keep.method)(X)
            predictions = _aligned(predictions, estimator, keep)
    except Exception:
        if error_score == "raise":
            raise
        error = traceback.format_exc()
    return Kept(predictions, estimator if keep.estimators else None, error)


def joined(parts: Sequence[Any], order: np.ndarray) -> Any:
    """Put the predictions of the folds together, and in order.

    Parameters
    ----------
    parts : sequence of array-like
        One a fold.
    order : ndarray of int
        What sorts the rows of the test sets, one after the other.
    """
    if isinstance(parts[0], list):  # an array for each output
        return [joined(each, order) for each in zip(*parts, strict=True)]
    if issparse(parts[0]):
        return vstack(parts, format=parts[0].format)[order]
    return np.concatenate(parts)[order]


def best_of(trials: Iterable[Trial], n: int) -> list[Trial]:
    """Return the best trial of each estimator, and the best of the others up to n."""
    ranked = sorted(trials, key=lambda trial: (-trial.score, trial.number))
    first = {trial.estimator_name: trial.number for trial in reversed(ranked)}.values()
    ranked.sort(key=lambda trial: trial.number not in first)
    return ranked[: max(n, len(first))]


class Shelf:
    """Keeps what the best candidates left.

    Parameters
    ----------
    keep : Keep or None
    splits : list of (train, test)
    n_kept : int
        Of how many candidates, or of as many as there are estimators if that is more.
    before : Shelf or None
        Of the fit that goes on. Those of its trials stay of which it has all that is
        to be kept; others would only crowd out new ones.

    Attributes
    ----------
    keep : Keep or None
    predictions : dict of int to array
        By the number of the trial.
    estimators : dict of int to list of estimator
    """

    def __init__(
        self, keep: Keep | None, splits: Splits, n_kept: int, before: "Shelf | None"
    ) -> None:
        self.keep = keep
        self.predictions: dict[int, Any] = {}
        self.estimators: dict[int, list[Any]] = {}
        self._n_kept = n_kept
        self._trials: dict[int, Trial] = {}
        # by estimator, the first candidate that nothing can be kept of, and why
        self._refused: dict[str, tuple[int, str]] = {}
        if keep is None:
            return
        self._order = np.argsort(np.concatenate([test for _, test in splits]))
        if before is None:
            return
        lacks_some = keep.method not in (None, before.method) or (
            keep.estimators and not before.estimators
        )
        if lacks_some:
            return
        self._trials |= before._trials
        if keep.method is not None:
            self.predictions |= before.predictions
        if keep.estimators:
            self.estimators |= before.estimators
        self._drop_the_others(best_of(self._trials.values(), n_kept))

    @property
    def method(self) -> str | None:
        """Whose predictions are kept."""
        return None if self.keep is None else self.keep.method

    @property
    def attributes(self) -> dict[str, Any]:
        """What a search shows of it."""
        shown: dict[str, Any] = {}
        if self.method is not None:
            shown["oof_predictions_"] = self.predictions
        if self.keep is not None and self.keep.estimators:
            shown["fold_estimators_"] = self.estimators
        return shown

    def put(self, trial: Trial, folds: Sequence[Kept]) -> None:
        """Keep what the folds of a trial brought, if it is good.

        Of one that was not run on all splits, or failed, nothing is kept, nor of one
        whose folds do not fit together: that is noted, and never raises.
        """
        if self.keep is None or trial.state != "complete":
            return
        best = best_of([*self._trials.values(), trial], self._n_kept)
        error = next((fold.error for fold in folds if fold.error), None)
        if error is None and trial.number in {each.number for each in best}:
            try:
                self._put(trial, folds, self.keep)
                self._drop_the_others(best)
            except Exception:  # a whole search is not lost for it
                error = traceback.format_exc()
        if error is not None:
            self._refused.setdefault(trial.estimator_name, (trial.number, error))

    def warn_of_refusals(self) -> None:
        """Tell of candidates that nothing is kept of, once an estimator."""
        for name, (number, error) in self._refused.items():
            warnings.warn(
                f"Nothing is kept of candidate {number}, nor of others of "
                f"estimator {name!r} that fail like this:\n{error}",
                UserWarning,
                stacklevel=3,
            )

    def _put(self, trial: Trial, folds: Sequence[Kept], keep: Keep) -> None:
        if keep.method is not None:  # first, as it may raise
            parts = [fold.predictions for fold in folds]
            self.predictions[trial.number] = joined(parts, self._order)
        if keep.estimators:
            self.estimators[trial.number] = [fold.estimator for fold in folds]
        self._trials[trial.number] = trial

    def _drop_the_others(self, best: Iterable[Trial]) -> None:
        numbers = {trial.number for trial in best}
        for kept in (self._trials, self.predictions, self.estimators):
            for number in kept.keys() - numbers:
                del kept[number]


def _classes(y: Any) -> Any:
    if y is None or np.ndim(y) == 1:
        return None if y is None else np.unique(y)
    return [np.unique(column) for column in np.asarray(y).T]


def _aligned(predictions: Any, estimator: Any, keep: Keep) -> Any:
    """Give predictions a column for each class, as `cross_val_predict` does."""
    classes, method = keep.classes, keep.method
    if classes is None:
        return predictions
    if isinstance(predictions, list):
        each = zip(predictions, classes, estimator.classes_, strict=True)
        return [_filled(part, every, own, method) for part, every, own in each]
    if isinstance(classes, list):  # of a label indicator matrix
        columns = np.arange(len(classes))
        return _filled(predictions, columns, estimator.classes_, method)
    return _filled(predictions, classes, estimator.classes_, method)


def _filled(predictions: Any, classes: Any, own: Any, method: str | None) -> Any:
    columns = np.searchsorted(classes, own)
    return in_order_of_classes(columns, predictions, len(classes), method)
