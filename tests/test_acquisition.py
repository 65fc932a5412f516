"""Acquisition functions, checked against quadrature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.stats import norm

from sklearn_btb._acquisition import log_expected_improvement, upper_confidence_bound

ALL = [log_expected_improvement, upper_confidence_bound]
moderate = st.floats(-100.0, 100.0)
deviations = st.floats(1e-3, 100.0)


def log_h_by_quadrature(z):
    """Log of the integral of t phi(t - z) over t > 0, exp(-z^2 / 2) taken out."""
    if z > 0.0:
        # by symmetry: h(z) = z + h(-z)
        return np.log(z + np.exp(log_h_by_quadrature(-z)))
    # The integrand is about t exp(z t) / sqrt(2 pi); t = u / (1 - z) scales its width.
    width = 1.0 / (1.0 - z)
    integral, _ = quad(
        lambda u: u * np.exp(z * width * u - 0.5 * (width * u) ** 2),
        0.0,
        60.0,
        epsabs=0.0,
        epsrel=1e-13,
        limit=200,
    )
    return np.log(integral * width**2) - 0.5 * z**2 - 0.5 * np.log(2.0 * np.pi)


@pytest.mark.parametrize(
    "z",
    [30, 5, 1, 0, -0.5, -0.999, -1, -1.001, -10, -50, -99.9, -100, -100.1, -1e4, -1e6],
)
def test_log_ei_equals_quadrature(z):
    assert_allclose(
        log_expected_improvement(z, 1.0, 0.0),
        log_h_by_quadrature(z),
        rtol=1e-11,
        atol=1e-11,
    )


@given(st.floats(-5.0, 5.0), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_log_ei_is_the_log_of_the_closed_form(mean, std, best):
    gain = mean - best
    closed_form = gain * norm.cdf(gain / std) + std * norm.pdf(gain / std)
    # far below the best, the closed form loses its digits by cancellation
    ei = np.exp(log_expected_improvement(mean, std, best))
    assert_allclose(ei, closed_form, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("distance", [50.0, 1e3, 1e6, 1e9, 1e12])
def test_log_ei_is_finite_far_below_the_best(distance):
    assert np.isfinite(log_expected_improvement(-distance, 1.0, 0.0))


@given(st.floats(-1e9, 1e3), st.floats(1e-6, 1e3))
def test_log_ei_increases_with_the_mean(mean, step):
    low, high = log_expected_improvement([mean, mean + step], 1.0, 0.0)
    assert low < high or np.isclose(mean, mean + step, rtol=1e-10)


@given(st.floats(-1e3, 10.0), st.floats(0.1, 10.0), st.floats(1e-3, 10.0))
def test_log_ei_increases_with_the_deviation(mean, std, step):
    low, high = log_expected_improvement(mean, [std, std + step], 0.0)
    # far above the best, improvement is sure and the deviation adds nothing
    assert low < high or (mean / (std + step) > 3.0 and np.isclose(low, high))


@pytest.mark.parametrize("junction", [-1.0, -100.0])
def test_log_ei_has_no_step_where_its_formulas_meet(junction):
    below, above = log_expected_improvement(
        [np.nextafter(junction, -np.inf), np.nextafter(junction, np.inf)], 1.0, 0.0
    )
    assert_allclose(below, above, rtol=1e-14, atol=1e-14)


@given(moderate, deviations, moderate, st.floats(0.01, 100.0))
def test_ei_scales_with_its_arguments(mean, std, best, factor):
    assert_allclose(
        log_expected_improvement(factor * mean, factor * std, factor * best),
        np.log(factor) + log_expected_improvement(mean, std, best),
        rtol=1e-9,
        atol=1e-9,
    )


def test_upper_confidence_bound_is_beta_deviations_above_the_mean():
    mean, std = np.array([0.0, 1.0]), np.array([1.0, 0.5])
    assert_array_equal(upper_confidence_bound(mean, std, 0.0), [2.0, 2.0])
    assert_array_equal(upper_confidence_bound(mean, std, 0.0, beta=3.0), [3.0, 2.5])


@pytest.mark.parametrize("acquisition", ALL)
def test_acquisitions_are_elementwise(acquisition):
    mean, std = np.linspace(-60.0, 3.0, 8), np.linspace(0.1, 2.0, 8)
    values = acquisition(mean, std, 0.5)
    assert values.shape == (8,)
    assert_allclose(
        values,
        [float(acquisition(m, s, 0.5)) for m, s in zip(mean, std, strict=True)],
        rtol=1e-12,
    )


@pytest.mark.parametrize("acquisition", ALL)
def test_acquisitions_do_not_change_or_share_their_arguments(acquisition):
    mean, std = np.array([0.0, 1.0]), np.array([1.0, 0.5])
    values = acquisition(mean, std, 0.0)
    values += 1.0
    assert_array_equal(mean, [0.0, 1.0])
    assert_array_equal(std, [1.0, 0.5])


@pytest.mark.parametrize("acquisition", ALL)
def test_acquisitions_of_no_points_are_empty(acquisition):
    assert acquisition(np.empty(0), np.empty(0), 0.0).shape == (0,)
