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
``a``, ``b``      (d,)      exponents of the warping of each axis, 1 for none
``theta``         (p,)      log of (length_scale..., output_scale, noise), p = d + 2,
                            and with warping also of (a..., b...), p = 3 d + 2
``Z``             (n, d)    warped points, divided by the length scales
``k(A, B)``       (n, m)    kernel of unit variance, of warped points
``K``             (n, n)    covariance of y: s k(X, X) + noise I
``cholesky``      (n, n)    L, lower triangular, with L L' = K
``alpha``         (n,)      K^-1 y
================  ========  ====================================================

The prior mean is zero, n is at least 1, d may be 0. [RW] is Rasmussen and Williams,
"Gaussian Processes for Machine Learning" (MIT Press, 2006).
"""

import functools
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg
from scipy.optimize import minimize
from scipy.spatial.distance import cdist, pdist, squareform
from threadpoolctl import ThreadpoolController

from ._warping import kumaraswamy, kumaraswamy_gradient

Array = NDArray[np.float64]

MAX_ITERATIONS = 40
MIN_STD = 1e-10

# Box of the search around the prior mode, in prior deviations. It also keeps the
# condition number of K below about 1e11 for n = 300.
BOX = 5.0

NO_WARPING = np.empty(0)


class Hyperparameters(NamedTuple):
    """What shapes the prior and the noise; all positive.

    Attributes
    ----------
    length_scale : ndarray of shape (d,)
    output_scale : float
        Prior variance of the latent function.
    noise : float
        Variance of the observation noise.
    a, b : ndarray of shape (d,), or of shape (0,) without warping
        Exponents of `kumaraswamy`.
    """

    length_scale: Array
    output_scale: float
    noise: float
    a: Array = NO_WARPING
    b: Array = NO_WARPING

    def scaled(self, X: ArrayLike) -> Array:
        """Return points, warped and divided by the length scales."""
        warped = kumaraswamy(X, self.a, self.b) if len(self.a) else np.asarray(X)
        return warped / self.length_scale

    def covariance(self, A: ArrayLike, B: ArrayLike) -> Array:
        """Return the prior covariance, (n, m), of the latent function."""
        return self.output_scale * matern52(self.scaled(A), self.scaled(B))


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


def matern52(A: ArrayLike, B: ArrayLike) -> Array:
    """Matérn 5/2 kernel of unit variance and unit length scale.

    k = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r), where r is the Euclidean distance
    between the points ([RW] Equation 4.17).

    Parameters
    ----------
    A : array-like of shape (n, d)
    B : array-like of shape (m, d)

    Returns
    -------
    ndarray of shape (n, m)

    Examples
    --------
    >>> matern52([[0.0]], [[0.0], [1.0]]).round(3)
    array([[1.   , 0.524]])
    """
    t = np.sqrt(5.0) * cdist(A, B)
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
    hyperparameters = _as_arrays(hyperparameters)
    K = hyperparameters.covariance(X, X)
    K[np.diag_indices_from(K)] += hyperparameters.noise
    cholesky, jitter = _factorise(K)
    return GaussianProcess(
        X,
        y,
        hyperparameters._replace(noise=hyperparameters.noise + jitter),
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
    covariance = gp.hyperparameters.covariance
    X_all, y_all = np.concatenate([gp.X, x]), np.concatenate([gp.y, y])

    K_12 = covariance(gp.X, x)
    K_22 = covariance(x, x) + gp.hyperparameters.noise * np.eye(len(x))
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
    cross = gp.hyperparameters.covariance(gp.X, X_new)
    whitened = linalg.solve_triangular(gp.cholesky, cross, lower=True)
    variance = gp.hyperparameters.output_scale - np.einsum(
        "ij,ij->j", whitened, whitened
    )
    return cross.T @ gp.alpha, np.sqrt(np.maximum(variance, MIN_STD**2))


def distance_to_data(gp: GaussianProcess, X_new: ArrayLike) -> Array:
    """Distance to the nearest observed point, in length scales.

    Parameters
    ----------
    gp : GaussianProcess
    X_new : array-like of shape (m, d)

    Returns
    -------
    ndarray of shape (m,)

    Examples
    --------
    >>> gp = condition([[0.0], [1.0]], [-1.0, 1.0], Hyperparameters([0.5], 1.0, 0.01))
    >>> distance_to_data(gp, [[0.1], [1.0]])
    array([0.2, 0. ])
    """
    scaled = gp.hyperparameters.scaled
    return cdist(scaled(X_new), scaled(gp.X)).min(axis=1)


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
    gp = condition(X, y, hyperparameters)
    return _log_density(gp.y, gp.cholesky, gp.alpha)


def log_marginal_likelihood_and_gradient(
    theta: ArrayLike, X: ArrayLike, y: ArrayLike
) -> tuple[float, Array]:
    """Log marginal likelihood and its gradient in the log hyperparameters.

    d log p(y) / d theta_i = tr(W dK / d theta_i) / 2 with W = alpha alpha' - K^-1
    ([RW] Equation 5.9). In the coordinates of two scaled points y and z at distance r,
    dK / dz_i = 5/3 s (1 + sqrt(5) r) exp(-sqrt(5) r) (y_i - z_i), and the
    coordinates depend on length scales and warping.

    Parameters
    ----------
    theta : array-like of shape (d + 2,) or (3 d + 2,)
        Log of (length_scale..., output_scale, noise), or of these and (a..., b...).
    X : array-like of shape (n, d)
    y : array-like of shape (n,)

    Returns
    -------
    value : float
    gradient : ndarray of the shape of `theta`

    Examples
    --------
    >>> value, gradient = log_marginal_likelihood_and_gradient(
    ...     np.log([0.5, 1.0, 0.1]), [[0.0], [1.0]], [-1.0, 1.0]
    ... )
    >>> round(value, 3), gradient.round(3)
    (-2.965, array([-0.402,  0.024,  0.016]))
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    hyperparameters = _from_theta(np.asarray(theta, dtype=float), X.shape[1])
    length_scale, output_scale, noise, a, b = hyperparameters
    Z = hyperparameters.scaled(X)
    t = np.sqrt(5.0) * pdist(Z)
    decay = output_scale * np.exp(-t)
    prior = (1.0 + t + t**2 / 3.0) * decay
    K = squareform(prior)
    np.fill_diagonal(K, output_scale + noise)
    cholesky, _ = _factorise(K)
    alpha, _ = linalg.lapack.dpotrs(cholesky, y, lower=1)

    # LAPACK fills the lower triangle only, column by column, which read row by row is
    # the upper triangle in the order of pdist.
    inverse, _ = linalg.lapack.dpotri(cholesky, lower=1)
    W_diagonal = alpha**2 - inverse.diagonal()
    W_pairs = squareform(np.outer(alpha, alpha) - inverse.T, checks=False)
    scale_gradient = 0.5 * output_scale * W_diagonal.sum() + W_pairs @ prior
    noise_gradient = 0.5 * noise * W_diagonal.sum()

    # The sum over y of W dK / dz_i, by products of (n, n) and (n, d) matrices instead
    # of the (d, n, n) array of differences.
    M = squareform(W_pairs * (5.0 / 3.0) * (1.0 + t) * decay)
    Z_gradient = M @ Z - M.sum(axis=1, keepdims=True) * Z
    gradients = [-np.sum(Z_gradient * Z, axis=0), [scale_gradient, noise_gradient]]
    if len(a):
        for derivative in kumaraswamy_gradient(X, a, b):
            gradients.append(np.sum(Z_gradient / length_scale * derivative, axis=0))
    return _log_density(y, cholesky, alpha), np.concatenate(gradients)


def fit(
    X: ArrayLike, y: ArrayLike, *, warped: ArrayLike | None = None
) -> GaussianProcess:
    """Condition on data at the most probable hyperparameters.

    Maximises the log marginal likelihood plus a normal log prior on `theta` (so each
    hyperparameter is log-normal a priori), by L-BFGS-B from the mode of the prior.

    Parameters
    ----------
    X : array-like of shape (n, d)
    y : array-like of shape (n,)
    warped : array-like of bool of shape (d,), optional
        The columns that are to be warped; by default none.

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
    d = X.shape[1]
    mode, deviation = _prior(d)
    free = np.ones(d + 2, dtype=bool)
    if warped is not None and np.any(warped):
        free = np.concatenate([free, warped, warped])
    else:
        mode = mode[: d + 2]
    deviation = deviation[: len(mode)][free]
    lower, upper = mode[free] - BOX * deviation, mode[free] + BOX * deviation

    def theta_at(values: Array) -> Array:
        theta = mode.copy()
        theta[free] = values
        return theta

    def objective(values: Array) -> tuple[float, Array]:
        value, gradient = log_marginal_likelihood_and_gradient(theta_at(values), X, y)
        z = (values - mode[free]) / deviation
        return float(0.5 * z @ z) - value, z / deviation - gradient[free]

    optimum = minimize(
        objective,
        mode[free],
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower, upper, strict=True)),
        options={"maxiter": MAX_ITERATIONS},
    )
    return condition(X, y, _from_theta(theta_at(optimum.x), d))


def one_thread() -> AbstractContextManager[object]:
    """Keep BLAS to one thread, as long as the context lasts.

    The matrices are so small that threads gain little, and where other processes keep
    the cores busy, waiting for each other they take a hundred times as long.
    """
    return _blas().limit(limits=1, user_api="blas")


@functools.cache
def _blas() -> ThreadpoolController:
    """Find the BLAS libraries of this process, once."""
    return ThreadpoolController()


def _prior(d: int) -> tuple[Array, Array]:
    """Mode and deviation of the normal prior on theta, each of shape (3 d + 2,).

    Distances in the unit cube grow as sqrt(d). Length scales that grew as fast would
    hold the correlation of two random points constant (Hvarfner et al. 2024, arXiv
    2402.02229); at d**0.25 they go half of that way.
    """
    mode = np.log([*[0.5 * d**0.25] * d, 1.0, 0.005, *[1.0] * 2 * d])
    deviation = np.array([*[0.8] * d, 1.0, 1.5, *[0.5] * 2 * d])
    return mode, deviation


def _from_theta(theta: Array, d: int) -> Hyperparameters:
    values = np.exp(theta)
    length_scale, (output_scale, noise) = values[:d], values[d : d + 2]
    a, b = values[d + 2 :].reshape(2, -1)
    return Hyperparameters(length_scale, float(output_scale), float(noise), a, b)


def _as_arrays(hyperparameters: Hyperparameters) -> Hyperparameters:
    length_scale, output_scale, noise, a, b = hyperparameters
    return Hyperparameters(
        np.asarray(length_scale, dtype=float),
        float(output_scale),
        float(noise),
        np.asarray(a, dtype=float),
        np.asarray(b, dtype=float),
    )


def _factorise(K: Array) -> tuple[Array, float]:
    """Lower Cholesky factor of K + jitter I at the first jitter that allows one.

    It ends: a finite matrix is diagonally dominant at some jitter, and a matrix that
    is not finite raises ValueError at once.
    """
    jitter = 0.0
    while True:
        # not by `linalg.cholesky`, whose checks take as long as a small factor
        cholesky, failed = linalg.lapack.dpotrf(K + jitter * np.eye(len(K)), lower=1)
        if not failed and np.isfinite(cholesky[-1, -1]):
            return cholesky, jitter
        if not np.isfinite(K).all():
            raise ValueError("the covariance is not finite")
        jitter = 10.0 * jitter or 1e-10 * (1.0 + abs(K[0, 0]))


def _log_density(y: Array, cholesky: Array, alpha: Array) -> float:
    half_log_determinant = np.log(cholesky.diagonal()).sum()
    return float(
        -0.5 * y @ alpha - half_log_determinant - 0.5 * len(y) * np.log(2.0 * np.pi)
    )
