"""Gaussian process regression as pure functions on arrays.

================  ========  ====================================================
symbol            shape     meaning
================  ========  ====================================================
``X``             (n, d)    observed points, in the unit cube
``y``             (n,)      observed values, standardised by the caller
``X_new``         (m, d)    points to predict at
``length_scale``  (d,)      distance over which the function varies, per axis
``output_scale``  scalar    prior variance of the latent function, s
``noise``         scalar    variance of the observation noise
``theta``         (d + 2,)  log of (length_scale..., output_scale, noise)
``k(A, B)``       (n, m)    kernel of unit variance
``K``             (n, n)    covariance of y: s k(X, X) + noise I
``cholesky``      (n, n)    L, lower triangular, with L L' = K
``alpha``         (n,)      K^-1 y
================  ========  ====================================================

The prior mean is zero, n is at least 1, d may be 0. [RW] is Rasmussen and Williams,
"Gaussian Processes for Machine Learning" (MIT Press, 2006).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg
from scipy.optimize import minimize
from scipy.spatial.distance import cdist, pdist, squareform

Array = NDArray[np.float64]

MAX_ITERATIONS = 40
MIN_STD = 1e-10

# Box of the search around the prior mode, in prior deviations. It also keeps the
# condition number of K below about 1e11 for n = 300.
BOX = 5.0


class Hyperparameters(NamedTuple):
    """What shapes the prior and the noise; all positive.

    Attributes
    ----------
    length_scale : ndarray of shape (d,)
    output_scale : float
        Prior variance of the latent function.
    noise : float
        Variance of the observation noise.
    """

    length_scale: Array
    output_scale: float
    noise: float


class GaussianProcess(NamedTuple):
    """A Gaussian process conditioned on data.

    Attributes
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
    hyperparameters : Hyperparameters
    cholesky : ndarray of shape (n, n)
        Lower factor of the covariance of `y`.
    alpha : ndarray of shape (n,)
        Inverse covariance of `y`, times `y`.
    """

    X: Array
    y: Array
    hyperparameters: Hyperparameters
    cholesky: Array
    alpha: Array


def matern52(A: ArrayLike, B: ArrayLike, length_scale: ArrayLike) -> Array:
    """Matérn 5/2 kernel of unit variance with one length scale per dimension.

    k = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r), where r is the Euclidean distance
    between the points divided by the length scales ([RW] Equation 4.17).

    Parameters
    ----------
    A : array-like of shape (n, d)
    B : array-like of shape (m, d)
    length_scale : array-like of shape (d,)

    Returns
    -------
    ndarray of shape (n, m)

    Examples
    --------
    >>> matern52([[0.0]], [[0.0], [0.5]], [0.5]).round(3)
    array([[1.   , 0.524]])
    """
    length_scale = np.asarray(length_scale, dtype=float)
    t = np.sqrt(5.0) * cdist(np.divide(A, length_scale), np.divide(B, length_scale))
    return (1.0 + t + t**2 / 3.0) * np.exp(-t)


def condition(
    X: ArrayLike, y: ArrayLike, hyperparameters: Hyperparameters
) -> GaussianProcess:
    """Condition on data, the hyperparameters being given ([RW] Algorithm 2.1).

    A covariance that is not positive definite to working precision gets more noise
    until it is; the hyperparameters of the result hold the noise it got.

    Parameters
    ----------
    X : array-like of shape (n, d)
    y : array-like of shape (n,)
    hyperparameters : Hyperparameters

    Returns
    -------
    GaussianProcess

    Examples
    --------
    >>> gp = condition([[0.0], [1.0]], [-1.0, 1.0], Hyperparameters([0.5], 1.0, 0.01))
    >>> gp.alpha.round(2)
    array([-1.15,  1.15])
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    length_scale, output_scale, noise = hyperparameters
    length_scale = np.asarray(length_scale, dtype=float)
    K = output_scale * matern52(X, X, length_scale) + noise * np.eye(len(X))
    cholesky, jitter = _factorise(K)
    return GaussianProcess(
        X,
        y,
        Hyperparameters(length_scale, float(output_scale), float(noise + jitter)),
        cholesky,
        linalg.cho_solve((cholesky, True), y),
    )


def extend(gp: GaussianProcess, x: ArrayLike, y: ArrayLike) -> GaussianProcess:
    """Condition on further data at the same hyperparameters, in O(n^2) a row.

    The new rows of the Cholesky factor are (L^-1 K_12)' and the factor of the Schur
    complement K_22 - K_21 K_11^-1 K_12 (Golub and Van Loan, "Matrix Computations",
    section 4.2).

    Parameters
    ----------
    gp : GaussianProcess
    x : array-like of shape (d,) or (k, d)
    y : float or array-like of shape (k,)

    Returns
    -------
    GaussianProcess
        Of n + k points; equal to `condition` on all of them.

    Examples
    --------
    >>> gp = condition([[0.0]], [1.0], Hyperparameters([0.5], 1.0, 0.01))
    >>> extend(gp, [1.0], 0.0).cholesky.round(2)
    array([[1.  , 0.  ],
           [0.14, 1.  ]])
    """
    x = np.atleast_2d(np.asarray(x, dtype=float))
    y = np.atleast_1d(np.asarray(y, dtype=float))
    if len(x) == 0:
        return gp
    length_scale, output_scale, noise = gp.hyperparameters
    X_all, y_all = np.concatenate([gp.X, x]), np.concatenate([gp.y, y])

    K_12 = output_scale * matern52(gp.X, x, length_scale)
    K_22 = output_scale * matern52(x, x, length_scale) + noise * np.eye(len(x))
    side = linalg.solve_triangular(gp.cholesky, K_12, lower=True)
    try:
        corner = linalg.cholesky(K_22 - side.T @ side, lower=True)
    except linalg.LinAlgError:
        return condition(X_all, y_all, gp.hyperparameters)
    cholesky = np.block([[gp.cholesky, np.zeros_like(side)], [side.T, corner]])
    alpha = linalg.cho_solve((cholesky, True), y_all)
    return GaussianProcess(X_all, y_all, gp.hyperparameters, cholesky, alpha)


def posterior(gp: GaussianProcess, X_new: ArrayLike) -> tuple[Array, Array]:
    """Posterior of the latent function, without the noise ([RW] Algorithm 2.1).

    Parameters
    ----------
    gp : GaussianProcess
    X_new : array-like of shape (m, d)

    Returns
    -------
    mean : ndarray of shape (m,)
    std : ndarray of shape (m,)
        Positive: at least `MIN_STD`.

    Examples
    --------
    >>> gp = condition([[0.0], [1.0]], [-1.0, 1.0], Hyperparameters([0.5], 1.0, 0.01))
    >>> mean, std = posterior(gp, [[0.5], [1.0]])
    >>> mean.round(2) + 0.0, std.round(2)
    (array([0.  , 0.99]), array([0.72, 0.1 ]))
    """
    length_scale, output_scale, _ = gp.hyperparameters
    cross = output_scale * matern52(gp.X, X_new, length_scale)
    whitened = linalg.solve_triangular(gp.cholesky, cross, lower=True)
    variance = output_scale - np.einsum("ij,ij->j", whitened, whitened)
    return cross.T @ gp.alpha, np.sqrt(np.maximum(variance, MIN_STD**2))


def log_marginal_likelihood(
    X: ArrayLike, y: ArrayLike, hyperparameters: Hyperparameters
) -> float:
    """Log density of the values under the prior.

    log p(y) = -(y' K^-1 y + log |K| + n log 2 pi) / 2 ([RW] Equation 2.30).

    Parameters
    ----------
    X : array-like of shape (n, d)
    y : array-like of shape (n,)
    hyperparameters : Hyperparameters

    Returns
    -------
    float

    Examples
    --------
    >>> hyperparameters = Hyperparameters([0.5], 0.9, 0.1)
    >>> round(log_marginal_likelihood([[0.0]], [0.0], hyperparameters), 4)
    -0.9189
    """
    return _log_density(condition(X, y, hyperparameters))


def log_marginal_likelihood_and_gradient(
    theta: ArrayLike, X: ArrayLike, y: ArrayLike
) -> tuple[float, Array]:
    """Log marginal likelihood and its gradient in the log hyperparameters.

    d log p(y) / d theta_i = tr(W dK / d theta_i) / 2 with W = alpha alpha' - K^-1
    ([RW] Equation 5.9). For a length scale, with z the scaled coordinate and r the
    scaled distance of two points a and b,
    dK_ab / d theta_i = 5/3 s (1 + sqrt(5) r) exp(-sqrt(5) r) (z_ai - z_bi)^2.

    Parameters
    ----------
    theta : array-like of shape (d + 2,)
        Log of (length_scale..., output_scale, noise).
    X : array-like of shape (n, d)
    y : array-like of shape (n,)

    Returns
    -------
    value : float
    gradient : ndarray of shape (d + 2,)

    Examples
    --------
    >>> value, gradient = log_marginal_likelihood_and_gradient(
    ...     np.log([0.5, 1.0, 0.1]), [[0.0], [1.0]], [-1.0, 1.0]
    ... )
    >>> round(value, 3), gradient.round(3)
    (-2.965, array([-0.402,  0.024,  0.016]))
    """
    hyperparameters = _from_theta(np.asarray(theta, dtype=float))
    gp = condition(X, y, hyperparameters)
    length_scale, output_scale, noise = hyperparameters

    # LAPACK fills the lower triangle only, column by column, which read row by row is
    # the upper triangle in the order of pdist.
    inverse, _ = linalg.lapack.dpotri(np.asfortranarray(gp.cholesky), lower=1)
    W_diagonal = gp.alpha**2 - inverse.diagonal()
    W_pairs = squareform(np.outer(gp.alpha, gp.alpha) - inverse.T, checks=False)

    Z = gp.X / length_scale
    t = np.sqrt(5.0) * pdist(Z)
    decay = output_scale * np.exp(-t)
    scale_gradient = 0.5 * output_scale * W_diagonal.sum() + W_pairs @ (
        (1.0 + t + t**2 / 3.0) * decay
    )
    noise_gradient = 0.5 * noise * W_diagonal.sum()

    # The sum of M_ab (z_ai - z_bi)^2 over pairs, by products of (n, n) and (n, d)
    # matrices instead of the (d, n, n) array of squared differences.
    M = squareform(W_pairs * (5.0 / 3.0) * (1.0 + t) * decay)
    length_gradient = np.sum(Z * (M.sum(axis=1, keepdims=True) * Z - M @ Z), axis=0)
    gradient = np.concatenate([length_gradient, [scale_gradient, noise_gradient]])
    return _log_density(gp), gradient


def fit(
    X: ArrayLike, y: ArrayLike, *, start: Hyperparameters | None = None
) -> GaussianProcess:
    """Condition on data at the most probable hyperparameters.

    Maximises the log marginal likelihood plus a normal log prior on `theta` (so each
    hyperparameter is log-normal a priori), by L-BFGS-B from the mode of the prior and
    from `start`, and takes the better optimum.

    Parameters
    ----------
    X : array-like of shape (n, d)
    y : array-like of shape (n,)
    start : Hyperparameters, optional
        Where else to start, such as the last optimum on fewer data.

    Returns
    -------
    GaussianProcess

    Examples
    --------
    >>> X = np.linspace(0.0, 1.0, 20)[:, np.newaxis]
    >>> gp = fit(X, np.sin(6.0 * X[:, 0]))
    >>> mean, _ = posterior(gp, [[0.25]])
    >>> bool(abs(mean[0] - np.sin(1.5)) < 0.01)
    True
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    mode, deviation = _prior(X.shape[1])
    lower, upper = mode - BOX * deviation, mode + BOX * deviation

    def objective(theta: Array) -> tuple[float, Array]:
        value, gradient = log_marginal_likelihood_and_gradient(theta, X, y)
        z = (theta - mode) / deviation
        return float(0.5 * z @ z) - value, z / deviation - gradient

    starts = [mode]
    if start is not None:
        values = np.concatenate([start.length_scale, [start.output_scale, start.noise]])
        starts.append(np.log(np.clip(values, np.exp(lower), np.exp(upper))))
    optima = [
        minimize(
            objective,
            theta,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(lower, upper, strict=True)),
            options={"maxiter": MAX_ITERATIONS},
        )
        for theta in starts
    ]
    best = min(optima, key=lambda optimum: optimum.fun)
    return condition(X, y, _from_theta(best.x))


def _prior(d: int) -> tuple[Array, Array]:
    """Mode and deviation of the normal prior on theta, each of shape (d + 2,).

    Distances in the unit cube grow as sqrt(d). Length scales that grew as fast would
    hold the correlation of two random points constant (Hvarfner et al. 2024, arXiv
    2402.02229); at d**0.25 they go half of that way.
    """
    mode = np.log([*[0.5 * d**0.25] * d, 1.0, 0.005])
    deviation = np.array([*[0.8] * d, 1.0, 1.5])
    return mode, deviation


def _from_theta(theta: Array) -> Hyperparameters:
    *length_scale, output_scale, noise = np.exp(theta)
    return Hyperparameters(np.array(length_scale), float(output_scale), float(noise))


def _factorise(K: Array) -> tuple[Array, float]:
    """Lower Cholesky factor of K + jitter I at the first jitter that allows one.

    It ends: a finite matrix is diagonally dominant at some jitter, and a matrix that
    is not finite raises ValueError at once.
    """
    jitter = 0.0
    while True:
        try:
            return linalg.cholesky(K + jitter * np.eye(len(K)), lower=True), jitter
        except linalg.LinAlgError:
            jitter = 10.0 * jitter or 1e-10 * (1.0 + abs(K[0, 0]))


def _log_density(gp: GaussianProcess) -> float:
    half_log_determinant = np.log(gp.cholesky.diagonal()).sum()
    n = len(gp.y)
    return float(
        -0.5 * gp.y @ gp.alpha - half_log_determinant - 0.5 * n * np.log(2.0 * np.pi)
    )
