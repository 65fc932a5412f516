"""Input warping: monotone maps of the unit interval, one per column.

A Gaussian process with one length scale a column takes it that the function varies as
fast everywhere. Scores of hyperparameters seldom do so: they are flat over most of a
range and fall off at one end of it. Warping stretches a column where the function
varies and compresses it where it does not (Snoek et al. 2014, "Input Warping for
Bayesian Optimization of Non-Stationary Functions", arXiv 1402.0929).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def kumaraswamy(X: ArrayLike, a: ArrayLike, b: ArrayLike) -> Array:
    """Map each column by a distribution function of the Kumaraswamy family.

    w(x) = 1 - (1 - x^a)^b, which is the identity for a = b = 1 (Kumaraswamy 1980, "A
    generalized probability density function for double-bounded random processes").

    Parameters
    ----------
    X : array-like of shape (n, d)
        In the unit cube.
    a, b : array-like of shape (d,) or scalar
        Positive.

    Returns
    -------
    ndarray of shape (n, d)
        In the unit cube, in the same order along each column.

    Examples
    --------
    >>> kumaraswamy([[0.0, 0.5], [0.5, 0.5], [1.0, 0.5]], [2.0, 1.0], [1.0, 3.0])
    array([[0.   , 0.875],
           [0.25 , 0.875],
           [1.   , 0.875]])
    """
    return 1.0 - np.power(1.0 - np.power(X, a), b)


def kumaraswamy_gradient(
    X: ArrayLike, a: ArrayLike, b: ArrayLike
) -> tuple[Array, Array]:
    """Derivatives of `kumaraswamy` in log a and log b.

    Parameters
    ----------
    X : array-like of shape (n, d)
        In the unit cube.
    a, b : array-like of shape (d,) or scalar
        Positive.

    Returns
    -------
    in_log_a, in_log_b : ndarray of shape (n, d)

    Examples
    --------
    >>> in_log_a, in_log_b = kumaraswamy_gradient([[0.0], [0.5], [1.0]], 1.0, 1.0)
    >>> in_log_a.round(3).ravel(), in_log_b.round(3).ravel()
    (array([ 0.   , -0.347,  0.   ]), array([0.   , 0.347, 0.   ]))
    """
    X, a, b = (np.asarray(values, dtype=float) for values in (X, a, b))
    inside = (X > 0.0) & (X < 1.0)  # the ends stay where they are
    log_x = np.log(np.where(inside, X, 0.5))
    log_rest = np.log(-np.expm1(a * log_x))  # of 1 - x^a
    power = np.exp(b * log_rest)
    in_log_a = a * b * np.exp((b - 1.0) * log_rest + a * log_x) * log_x
    in_log_b = -b * power * log_rest
    return np.where(inside, in_log_a, 0.0), np.where(inside, in_log_b, 0.0)
