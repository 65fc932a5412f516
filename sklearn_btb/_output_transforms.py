"""Monotone transforms of scores, applied before a Gaussian process sees them.

Each is a pure function ``(n,) -> (n,)`` that keeps the order of the scores. All but
`clip_infinite` expect finite scores.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import boxcox1p, ndtr, ndtri

Array = NDArray[np.float64]

# The likelihood can be unbounded in lambda (when all scores but one are equal, say),
# and beyond about 5 the transform is a step function.
LAMBDA_BOUNDS = (-5.0, 5.0)


def clip_infinite(scores: ArrayLike) -> Array:
    """Replace -inf by the least finite score and +inf by the greatest.

    Parameters
    ----------
    scores : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
        Zeros if no score is finite.

    Examples
    --------
    >>> clip_infinite([0.5, -np.inf, 0.9, np.inf])
    array([0.5, 0.5, 0.9, 0.9])
    """
    scores = np.asarray(scores, dtype=float)
    finite = scores[np.isfinite(scores)]
    if finite.size == 0:
        return np.zeros_like(scores)
    return np.clip(scores, finite.min(), finite.max())


def standardize(scores: ArrayLike) -> Array:
    """Shift and scale to mean 0 and deviation 1.

    Parameters
    ----------
    scores : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
        Zeros if the scores are all equal.

    Examples
    --------
    >>> standardize([1.0, 3.0])
    array([-1.,  1.])
    """
    scores = np.asarray(scores, dtype=float)
    if np.unique(scores).size < 2:
        return np.zeros_like(scores)
    # Scaling by a power of two is exact, and the differences then neither overflow
    # nor underflow; from the least score, they are also exact for nearly equal scores.
    _, exponent = np.frexp(np.abs(scores).max())
    scaled = np.ldexp(scores, -exponent)
    centred = scaled - scaled.min()
    centred -= centred.mean()
    return centred / centred.std()


def yeo_johnson(scores: ArrayLike) -> Array:
    """Make the scores as normal as a power transform can.

    The transform of Yeo and Johnson ("A new family of power transformations to improve
    normality or symmetry", Biometrika 87, 2000, Equation 2.1) on standardised scores,
    its exponent that of maximum likelihood within `LAMBDA_BOUNDS`, and the result
    standardised; so does HEBO (Cowen-Rivers et al. 2022, arXiv 2012.03826).

    Parameters
    ----------
    scores : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
        As `standardize` for less than 3 scores or equal ones.

    Examples
    --------
    >>> standardize([0.0, 0.8, 0.85, 0.9]).round(2)
    array([-1.72,  0.44,  0.57,  0.71])
    >>> yeo_johnson([0.0, 0.8, 0.85, 0.9]).round(2)
    array([-1.63,  0.07,  0.51,  1.04])
    """
    standard = standardize(scores)
    if standard.size < 3 or not standard.any():
        return standard
    sizes, positive = np.abs(standard), standard >= 0
    log_jacobian = np.copysign(np.log1p(sizes), standard).sum()

    def transformed(lmbda: float) -> Array:
        powers = boxcox1p(sizes, np.where(positive, lmbda, 2.0 - lmbda))
        return np.copysign(powers, standard)

    def negative_log_likelihood(lmbda: float) -> float:
        log_variance = np.log(transformed(lmbda).var())
        return float(0.5 * standard.size * log_variance - (lmbda - 1.0) * log_jacobian)

    optimum = minimize_scalar(
        negative_log_likelihood, bounds=LAMBDA_BOUNDS, method="bounded"
    )
    return standardize(transformed(optimum.x))


def gaussian_copula(scores: ArrayLike) -> Array:
    """Map the scores through their own smoothed distribution to normal ones.

    y -> Phi^-1(F(y)), as the Gaussian copula process of BTB does (Anderson et al. 2017,
    "Sample, Estimate, Tune: Scaling Bayesian Auto-Tuning of Data Science Pipelines").
    F is the distribution function of a Gaussian kernel density estimate,
    F(y) = mean_j Phi((y - y_j) / h), with the bandwidth h = n^(-1/5) deviations (Scott
    1992). It is at least 1 / 2n from 0 and from 1 at every score, so that the result is
    finite.

    Parameters
    ----------
    scores : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> gaussian_copula([0.0, 1.0, 100.0]).round(2)
    array([-0.44, -0.42,  0.96])
    """
    standard = standardize(scores)
    if standard.size == 0:
        return standard
    bandwidth = standard.size**-0.2
    return ndtri(ndtr((standard[:, np.newaxis] - standard) / bandwidth).mean(axis=1))
