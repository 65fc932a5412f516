"""Splits: the training and test rows of each round of cross-validation, checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from ._sklearn_compat import num_samples

Split = tuple[np.ndarray, np.ndarray]


def make_splits(
    cv: Any, X: Any, y: Any, classifier: bool, split_params: Mapping[str, Any]
) -> list[Split]:
    """Make the splits of a search.

    Parameters
    ----------
    cv : int, cross-validation generator or iterable
        As in `GridSearchCV`. The rows of an iterable are positions, masks or slices.
    X, y : array-like
    classifier : bool
        Whether a number of folds means stratified ones.
    split_params : dict
        For the splitter.

    Returns
    -------
    list of (train, test)
        Positions of rows, from 0.

    Raises
    ------
    ValueError
        If there are no splits, or not as many as the splitter says. If a part has no
        rows, or rows that X does not have: naming `cv` and the split.
    """
    cv = check_cv(cv, y, classifier=classifier)
    n_splits = cv.get_n_splits(X, y, **split_params)
    splits = list(cv.split(X, y, **split_params))
    if len(splits) != n_splits:
        raise ValueError(
            "cv.split and cv.get_n_splits return inconsistent results. "
            f"Expected {n_splits} splits, got {len(splits)}"
        )
    if not splits:
        raise ValueError(
            "No fits were performed. Was the CV iterator empty? "
            "Were there no candidates?"
        )
    n_rows = num_samples(X)
    checked = []
    for number, split in enumerate(splits):
        if not isinstance(split, tuple | list) or len(split) != 2:
            raise ValueError(
                f"`cv` must give pairs of training and test rows; split {number} is "
                f"{split!r:.80}"
            )
        train, test = (
            _positions(rows, n_rows, f"the {part} rows of split {number} of `cv`")
            for part, rows in zip(("training", "test"), split, strict=True)
        )
        checked.append((train, test))
    return checked


def _positions(rows: Any, n_rows: int, subject: str) -> np.ndarray:
    """Return the positions that a mask, a slice or a list of positions stands for."""
    if isinstance(rows, slice):
        rows = np.arange(n_rows)[rows]
    positions = np.asarray(rows)
    if positions.ndim != 1:
        raise ValueError(
            f"{subject} must be one-dimensional; got an array of shape "
            f"{positions.shape}"
        )
    if positions.dtype.kind == "b":
        if len(positions) != n_rows:
            raise ValueError(
                f"{subject} are a mask, which must be as long as X, {n_rows}; got "
                f"{len(positions)} values"
            )
        positions = np.flatnonzero(positions)
    if not len(positions):
        raise ValueError(f"{subject} must not be empty; there are none")
    if positions.dtype.kind not in "iu":
        raise ValueError(
            f"{subject} must be positions (integers), a mask or a slice; got values "
            f"like {positions[0]!r}: index labels have to be turned into positions"
        )
    outside = (positions < -n_rows) | (positions >= n_rows)
    if outside.any():
        raise ValueError(
            f"{subject} must be positions from 0 to {n_rows - 1}, as X has {n_rows} "
            f"rows; got {positions[outside][0]} ({outside.sum()} of {len(positions)} "
            "lie outside). Index labels have to be turned into positions, and splits "
            "that were made of another table do not fit"
        )
    return np.where(positions < 0, positions + n_rows, positions)
