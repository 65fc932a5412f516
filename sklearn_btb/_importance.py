"""Importance of hyperparameters: functional ANOVA over a random forest.

How much of the variance of the scores over the whole space is explained by one
hyperparameter, the others being averaged out, and how much by two of them beyond
that (Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing
Hyperparameter Importance", ICML 2014). A tree is a step function on boxes, so that
all averages over it are finite sums.

    symbol      shape    meaning
    X           (n, d)   points of [0, 1]^d; a random configuration is uniform
    low, high   (m, d)   the box of each of m leaves
    values      (m,)     what the tree predicts there
    sides       (m, d)   the lengths of the boxes
"""

import itertools
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._history import shown_range
from ._hyperparams import OrdinalHyperParam
from ._space import Tunable

Array = NDArray[np.float64]
Pair = tuple[int, int]

N_TREES: Final = 48
MOST_LEAVES: Final = 128  # the time for pairs goes with the third power
ROUNDING: Final = 1e-9  # of the scores, which are equal if they differ by no more
MINORITY: Final = 0.2  # of the candidates, whose scores may be hopeless
REACH: Final = 3.0  # of the others, in distances from the best to the lowest of them
NOWHERE: Final = 0.5  # the coordinate of a hyperparameter that does not apply


def coordinates(tunable: Tunable, images: Array) -> tuple[list[str], Array]:
    """Turn images into points with one coordinate a hyperparameter.

    Parameters
    ----------
    tunable : Tunable
    images : ndarray of shape (n, n_dims)

    Returns
    -------
    names : list of d str
        The hyperparameters; "sub-space" where nothing else tells the parts of a union
        apart.
    X : ndarray of shape (n, d)

    Examples
    --------
    >>> tunable = Tunable({"C": [1, 10, 100], "kernel": ["rbf", "poly"]})
    >>> images = tunable.encode([{"C": 100, "kernel": "rbf"}])
    >>> coordinates(tunable, images)
    (['C', 'kernel'], array([[0.83333333, 0.25      ]]))
    """
    columns: dict[str, Array] = {}
    for rows, dimension in tunable.active(images):
        hyperparam = dimension.hyperparam
        if hyperparam.cardinality == 1:
            continue
        points = images[rows, dimension.columns]
        listed = isinstance(hyperparam, OrdinalHyperParam) and hyperparam.uniform
        if listed or not hyperparam.numeric:  # every value has an equal share
            values = (hyperparam.indices(points) + 0.5) / float(hyperparam.cardinality)
        else:
            values = points[:, 0]
        name = "sub-space" if dimension.name is None else dimension.name
        columns.setdefault(name, np.full(len(images), NOWHERE))[rows] = values
    return list(columns), np.array(list(columns.values())).reshape(-1, len(images)).T


def without_hopeless(scores: Array) -> Array:
    """Raise the scores of a hopeless minority: how bad they are hides all else.

    The lowest are raised to three times as far from the best as the lowest fifth is, or
    to the lower end of what plots show, whichever is lower. (A tuner asks most where
    scores are good, so that fewer are bad among the candidates than in the space: by
    their median, half of the space may be hopeless.)

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Finite.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> without_hopeless(np.array([0.9, 0.8, 0.7, 0.8, 0.7, -1000.0])).round(1)
    array([0.9, 0.8, 0.7, 0.8, 0.7, 0.1])
    """
    best = scores.max()
    reach = REACH * (best - np.quantile(scores, MINORITY))
    return np.maximum(scores, min(best - reach, shown_range(scores)[0]))


def importances(
    X: ArrayLike, y: ArrayLike, seed: int = 0
) -> tuple[Array, dict[Pair, Array]]:
    """Return the fractions of variance by single coordinates and by pairs.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Points of the unit cube.
    y : array-like of shape (n,)
    seed : int, default=0
        Of the forest.

    Returns
    -------
    main : ndarray of shape (n_trees, d)
        V_j / V in every tree that is not constant (none is, of equal scores): the
        variance of the mean over all other coordinates, over that of the tree.
    pairs : dict of (int, int) to ndarray of shape (n_trees,)
        What two coordinates explain beyond what each of them does.

    Examples
    --------
    >>> X = np.random.default_rng(0).random((200, 2))
    >>> main, pairs = importances(X, X[:, 0])
    >>> main.mean(axis=0).round(1) + 0.0
    array([1., 0.])
    """
    # takes long, and only this needs it
    from sklearn.ensemble import RandomForestRegressor

    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if np.ptp(y) <= ROUNDING * np.abs(y).max():
        y = np.zeros(len(y))
    forest = RandomForestRegressor(
        N_TREES, max_leaf_nodes=MOST_LEAVES, random_state=seed
    ).fit(X, y)
    main: list[Array] = []
    pairs: dict[Pair, list[float]] = {
        pair: [] for pair in itertools.combinations(range(X.shape[1]), 2)
    }
    for tree in forest.estimators_:
        total, single, joint = variances(*leaves(tree.tree_))
        if total > 0:
            main.append(single / total)
            for pair, variance in joint.items():
                pairs[pair].append(variance / total)
    return (
        np.array(main).reshape(-1, X.shape[1]),
        {pair: np.array(fractions) for pair, fractions in pairs.items()},
    )


def leaves(tree: Any) -> tuple[Array, Array, Array]:
    """Return the boxes (m, d), (m, d) of a tree's leaves and their values (m,)."""
    boxes, values = [], []
    stack = [(0, np.zeros(tree.n_features), np.ones(tree.n_features))]
    while stack:
        node, low, high = stack.pop()
        if tree.children_left[node] < 0:
            boxes.append((low, high))
            values.append(tree.value[node].item())
            continue
        feature, threshold = tree.feature[node], tree.threshold[node]
        left_high, right_low = high.copy(), low.copy()
        left_high[feature] = right_low[feature] = threshold
        stack.append((tree.children_left[node], low, left_high))
        stack.append((tree.children_right[node], right_low, high))
    lows, highs = map(np.array, zip(*boxes, strict=True))
    return lows, highs, np.array(values)


def variances(
    low: Array, high: Array, values: Array
) -> tuple[float, Array, dict[Pair, float]]:
    """Return the variance of a tree, of that by each coordinate, and by each pair.

    The mean over all coordinates but those in U is a step function,
    a_U(x_U) = sum over the leaves whose box has x_U of value times the product of the
    other sides, and V_U the variance of a_U less that of all parts of U.
    """
    sides = high - low
    volumes = np.prod(sides, axis=1)
    mean = float(volumes @ values)
    lengths, inside = [], []
    for j in range(low.shape[1]):
        edges = np.unique(np.concatenate([low[:, j], high[:, j]]))
        middles = (edges[1:] + edges[:-1]) / 2
        lengths.append(np.diff(edges))
        inside.append((low[:, [j]] < middles) & (middles < high[:, [j]]))
    shares = [in_it / sides[:, [j]] for j, in_it in enumerate(inside)]
    weighted = values * volumes
    single = np.array(
        [
            length @ (weighted @ share - mean) ** 2
            for length, share in zip(lengths, shares, strict=True)
        ]
    )
    pairs = {}
    for i, j in itertools.combinations(range(len(lengths)), 2):
        joint = (shares[i] * weighted[:, np.newaxis]).T @ shares[j] - mean
        pairs[i, j] = float(lengths[i] @ joint**2 @ lengths[j] - single[i] - single[j])
    return float(volumes @ (values - mean) ** 2), single, pairs
