"""Acquisition functions: how much a point promises, from its posterior.

Each is a pure function ``(mean, std, best) -> value``, elementwise over arrays that
broadcast; greater is better. ``std`` is positive and ``best`` is the greatest value so
far, on the scale of ``mean``.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, ndtr

Array = NDArray[np.float64]

HALF_LOG_2_PI = 0.5 * np.log(2.0 * np.pi)

# Below this z, the asymptotic series of log h is more accurate than erfcx. Ament et al.
# switch at -1 / sqrt(machine epsilon) to its first term, where erfcx has no digit left;
# here both forms are good to about 1e-12.
SERIES_BELOW = -100.0


def log_expected_improvement(mean: ArrayLike, std: ArrayLike, best: ArrayLike) -> Array:
    """Logarithm of the expected improvement, without underflow.

    log EI = log std + log h(z), where z = (mean - best) / std and
    h(z) = phi(z) + z Phi(z) (Ament et al. 2023, "Unexpected Improvements to Expected
    Improvement for Bayesian Optimization", arXiv 2310.20708, Section 4.1).

    Parameters
    ----------
    mean, std, best : array-like of shape (m,) or scalar

    Returns
    -------
    ndarray of shape (m,)

    Examples
    --------
    >>> log_expected_improvement([-20.0, -50.0], 1.0, 0.0).round(2)
    array([ -206.92, -1258.74])
    """
    z = np.divide(np.subtract(mean, best), std)
    return np.log(std) + _log_h(z)


def upper_confidence_bound(
    mean: ArrayLike, std: ArrayLike, best: ArrayLike, beta: float = 2.0
) -> Array:
    """Optimistic bound on the value (Srinivas et al. 2010, arXiv 0912.3995, Eq. 6).

    Parameters
    ----------
    mean, std : array-like of shape (m,) or scalar
    best : array-like of shape (m,) or scalar
        Not used.
    beta : float, default=2.0
        Number of deviations above the mean; sqrt(beta_t) in the paper.

    Returns
    -------
    ndarray of shape (m,)

    Examples
    --------
    >>> upper_confidence_bound([0.0, 0.5], [1.0, 0.1], 0.0)
    array([2. , 0.7])
    """
    return np.add(mean, beta * np.asarray(std, dtype=float))


def _log_h(z: Array) -> Array:
    """Logarithm of phi(z) + z Phi(z), in three pieces.

    Each piece is computed everywhere, on z clipped to where it is accurate.
    """
    near = np.maximum(z, -1.0)
    log_h_near = np.log(np.exp(-0.5 * near**2 - HALF_LOG_2_PI) + near * ndtr(near))

    # h = phi (1 - |z| Phi(z) / phi(z)), the ratio being a scaled erfc.
    middle = np.clip(z, SERIES_BELOW, -1.0)
    mills = np.sqrt(0.5 * np.pi) * erfcx(-middle / np.sqrt(2.0))
    log_h_middle = np.log1p(middle * mills) - 0.5 * middle**2 - HALF_LOG_2_PI

    # h ~ phi / z^2 (1 - 3 / z^2 + 15 / z^4 - 105 / z^6 + ...)
    far = np.minimum(z, SERIES_BELOW)
    u = (1.0 / far) ** 2
    series = np.log1p(u * (-3.0 + u * (15.0 - u * 105.0)))
    log_h_far = series - 2.0 * np.log(-far) - 0.5 * far**2 - HALF_LOG_2_PI

    return np.where(
        z > -1.0, log_h_near, np.where(z > SERIES_BELOW, log_h_middle, log_h_far)
    )
