"""Gaussian process regression, checked against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from sklearn_btb._gp import (
    MIN_STD,
    Hyperparameters,
    condition,
    extend,
    fit,
    log_marginal_likelihood,
    log_marginal_likelihood_and_gradient,
    matern52,
    posterior,
)

HYPERPARAMETERS = Hyperparameters(np.array([0.3, 0.7, 2.0]), 1.7, 0.02)


def sample(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((n, d)), rng.standard_normal(n)


def to_theta(hyperparameters):
    return np.log(np.hstack(hyperparameters))


def from_theta(theta, d):
    values = np.exp(theta)
    warping = values[d + 2 :].reshape(2, -1)
    return Hyperparameters(values[:d], values[d], values[d + 1], *warping)


def sklearn_gp(X, y, hyperparameters):
    kernel = ConstantKernel(hyperparameters.output_scale) * Matern(
        hyperparameters.length_scale, nu=2.5
    ) + WhiteKernel(hyperparameters.noise)
    return GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(X, y)


@st.composite
def problems(draw):
    n, d = draw(st.integers(1, 12)), draw(st.integers(0, 4))
    X, y = sample(n, d, seed=draw(st.integers(0, 2**32 - 1)))
    low, high = np.log([0.1, 1e-3]), np.log([3.0, 3.0])
    size = d + 2 + draw(st.sampled_from([0, 2 * d]))  # without warping, with it
    units = draw(st.lists(st.floats(0.0, 1.0), min_size=size, max_size=size))
    floor = np.r_[np.full(d + 1, low[0]), low[1], np.full(size - d - 2, low[0])]
    return floor + np.array(units) * (high[0] - floor), X, y


# The kernel


def test_kernel_equals_that_of_sklearn():
    A, B = sample(7, 3)[0], sample(5, 3, seed=1)[0]
    assert_allclose(matern52(A, B), Matern(nu=2.5)(A, B), rtol=1e-12)


def test_kernel_is_one_at_distance_zero():
    X, _ = sample(4, 3)
    assert_array_equal(matern52(X, X).diagonal(), np.ones(4))


def test_kernel_of_no_dimensions_is_one():
    assert_array_equal(matern52(np.empty((2, 0)), np.empty((3, 0))), np.ones((2, 3)))


# Posterior and likelihood


@pytest.mark.parametrize("n", [1, 2, 40])
def test_posterior_equals_that_of_sklearn(n):
    X, y = sample(n, 3)
    X_new, _ = sample(30, 3, seed=1)
    mean, std = posterior(condition(X, y, HYPERPARAMETERS), X_new)
    expected_mean, noisy_std = sklearn_gp(X, y, HYPERPARAMETERS).predict(
        X_new, return_std=True
    )
    assert_allclose(mean, expected_mean, rtol=1e-6, atol=1e-9)
    assert_allclose(np.sqrt(std**2 + HYPERPARAMETERS.noise), noisy_std, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 40])
def test_log_marginal_likelihood_equals_that_of_sklearn(n):
    X, y = sample(n, 3)
    expected = sklearn_gp(X, y, HYPERPARAMETERS).log_marginal_likelihood_value_
    value = log_marginal_likelihood(X, y, HYPERPARAMETERS)
    assert isinstance(value, float)
    assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 40])
def test_gradient_equals_that_of_sklearn(n):
    X, y = sample(n, 3)
    reference = sklearn_gp(X, y, HYPERPARAMETERS)
    value, gradient = reference.log_marginal_likelihood(
        reference.kernel_.theta, eval_gradient=True
    )
    scale_first = np.r_[gradient[1:4], gradient[0], gradient[4]]
    result = log_marginal_likelihood_and_gradient(to_theta(HYPERPARAMETERS), X, y)
    assert_allclose(result[0], value, rtol=1e-6)
    assert_allclose(result[1], scale_first, rtol=1e-6, atol=1e-9)


@given(problems())
def test_gradient_equals_central_finite_differences(problem):
    theta, X, y = problem
    _, gradient = log_marginal_likelihood_and_gradient(theta, X, y)

    def value(theta):
        return log_marginal_likelihood_and_gradient(theta, X, y)[0]

    step = 1e-5
    differences = [
        (value(theta + e) - value(theta - e)) / (2 * step)
        for e in step * np.eye(len(theta))
    ]
    scale = 1.0 + abs(value(theta))
    assert_allclose(gradient, differences, rtol=1e-5, atol=1e-7 * scale)


def test_gradient_is_exact_for_duplicated_rows_and_little_noise():
    X, y = sample(6, 2)
    X, y = np.repeat(X, 3, axis=0), np.repeat(y, 3)
    theta = np.log([0.5, 0.5, 1.0, 1e-5])
    _, gradient = log_marginal_likelihood_and_gradient(theta, X, y)
    kernel = sklearn_gp(X, y, Hyperparameters(np.full(2, 0.5), 1.0, 1e-5))
    _, expected = kernel.log_marginal_likelihood(
        kernel.kernel_.theta, eval_gradient=True
    )
    assert_allclose(gradient, np.r_[expected[1:3], expected[0], expected[3]], rtol=1e-5)


def test_posterior_is_of_the_latent_function_without_noise():
    gp = condition(np.zeros((100, 1)), np.zeros(100), Hyperparameters([1.0], 1.0, 1.0))
    _, std = posterior(gp, [[0.0]])
    assert_allclose(std, np.sqrt(1.0 / 101.0))


def test_posterior_far_from_the_data_is_the_prior():
    mean, std = posterior(
        condition(*sample(5, 3), HYPERPARAMETERS), np.full((1, 3), 1e3)
    )
    assert_allclose(mean, 0.0, atol=1e-12)
    assert_allclose(std, np.sqrt(HYPERPARAMETERS.output_scale))


def test_std_is_positive_even_at_noiseless_data():
    X, y = sample(5, 2)
    _, std = posterior(condition(X, y, Hyperparameters([1.0, 1.0], 1.0, 1e-14)), X)
    assert np.all(std >= MIN_STD)


def test_posterior_at_no_points_is_empty():
    mean, std = posterior(condition(*sample(5, 3), HYPERPARAMETERS), np.empty((0, 3)))
    assert mean.shape == std.shape == (0,)


# Conditioning on more data


@given(problems(), st.integers(1, 5))
def test_extend_equals_condition_on_all_data(problem, k):
    theta, X, y = problem
    hyperparameters = from_theta(theta, X.shape[1])
    x, values = sample(k, X.shape[1], seed=1)
    extended = extend(condition(X, y, hyperparameters), x, values)
    whole = condition(np.vstack([X, x]), np.r_[y, values], hyperparameters)
    assert_array_equal(extended.X, whole.X)
    assert_array_equal(extended.y, whole.y)
    assert_allclose(extended.cholesky, whole.cholesky, atol=1e-10)
    # alpha amplifies the rounding of K by its condition number
    assert_allclose(extended.alpha, whole.alpha, rtol=1e-8, atol=1e-8)


def test_extend_row_by_row_equals_condition_on_all_data():
    X, y = sample(30, 3)
    gp = condition(X[:1], y[:1], HYPERPARAMETERS)
    for row, value in zip(X[1:], y[1:], strict=True):
        gp = extend(gp, row, value)
    whole = condition(X, y, HYPERPARAMETERS)
    assert_allclose(gp.cholesky, whole.cholesky, atol=1e-10)
    assert_allclose(gp.alpha, whole.alpha, rtol=1e-10, atol=1e-10)


def test_extend_by_nothing_changes_nothing():
    gp = condition(*sample(5, 3), HYPERPARAMETERS)
    assert extend(gp, np.empty((0, 3)), np.empty(0)) is gp


def test_extend_by_a_singular_row_equals_condition_on_all_data():
    hyperparameters = Hyperparameters([1.0], 1.0, 1e-300)
    gp = extend(condition([[0.5]], [1.0], hyperparameters), [0.5], 2.0)
    whole = condition([[0.5], [0.5]], [1.0, 2.0], hyperparameters)
    assert_array_equal(gp.cholesky, whole.cholesky)
    assert_array_equal(gp.alpha, whole.alpha)


# Conditioning on difficult data


def test_a_singular_covariance_gets_the_noise_it_needs():
    gp = condition(np.zeros((3, 1)), [1.0, 2.0, 3.0], Hyperparameters([1.0], 1.0, 0.0))
    assert 0.0 < gp.hyperparameters.noise < 1e-6
    assert np.isfinite(gp.alpha).all()


def test_a_regular_covariance_keeps_its_noise():
    gp = condition(*sample(5, 3), HYPERPARAMETERS)
    assert gp.hyperparameters.noise == HYPERPARAMETERS.noise


def test_data_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        condition([[np.nan]], [0.0], Hyperparameters([1.0], 1.0, 0.1))


# Fit


@pytest.mark.parametrize(
    ("X", "y"),
    [
        pytest.param([[0.5, 0.5]], [1.0], id="one point"),
        pytest.param(np.empty((1, 0)), [0.0], id="one point, no dimensions"),
        pytest.param(np.empty((4, 0)), [-1.0, 0.0, 0.0, 1.0], id="no dimensions"),
        pytest.param(np.full((4, 2), 0.5), [-1.0, 0.0, 0.0, 1.0], id="one place"),
        pytest.param(
            np.repeat([[0.1], [0.9]], 50, axis=0), np.arange(100) % 7, id="ties"
        ),
        pytest.param(sample(9, 2)[0], np.zeros(9), id="all zero"),
        pytest.param(sample(9, 2)[0], np.ones(9), id="constant"),
        pytest.param(sample(9, 2)[0], np.r_[np.zeros(8), 1e6], id="far outlier"),
        pytest.param(
            sample(9, 20)[0], np.arange(9.0), id="fewer points than dimensions"
        ),
    ],
)
def test_fit_is_finite_on_difficult_data(X, y):
    gp = fit(X, y)
    mean, std = posterior(gp, np.asarray(X)[:1])
    assert np.isfinite(np.hstack(gp.hyperparameters)).all()
    assert np.isfinite(mean).all()
    assert np.all(std > 0.0)


def test_fit_without_information_stays_near_the_mode_of_the_prior():
    gp = fit([[0.5] * 16], [1.0])
    length_scale, output_scale, noise, *_ = gp.hyperparameters
    assert_allclose(length_scale, 0.5 * 16**0.25)
    assert_allclose(output_scale, 1.0, rtol=0.1)
    assert_allclose(noise, 0.005, rtol=0.1)


def test_fit_finds_the_relevant_dimension():
    X, _ = sample(40, 3)
    y = np.sin(6.0 * X[:, 1])
    length_scale = fit(X, y / y.std()).hyperparameters.length_scale
    assert length_scale[1] < 0.5 * min(length_scale[0], length_scale[2])


def test_fit_finds_the_noise():
    X, noise = sample(200, 1)
    gp = fit(X, np.sin(6.0 * X[:, 0]) + 0.3 * noise)
    assert_allclose(gp.hyperparameters.noise, 0.09, rtol=0.25)


def test_fit_predicts_a_smooth_function():
    X, _ = sample(60, 2)
    X_new, _ = sample(50, 2, seed=1)

    def function(X):
        return np.sin(6.0 * X[:, 0]) + X[:, 1] ** 2

    mean, std = posterior(fit(X, function(X)), X_new)
    error = mean - function(X_new)
    assert np.sqrt(np.mean(error**2)) < 0.05
    assert np.mean(np.abs(error) < 3.0 * std) > 0.95


def test_fit_is_a_maximum_of_likelihood_times_prior():
    X, y = sample(20, 2)
    gp = fit(X, y)
    theta = to_theta(gp.hyperparameters)
    mode = np.log([0.5 * 2**0.25, 0.5 * 2**0.25, 1.0, 0.005])
    deviation = np.array([0.8, 0.8, 1.0, 1.5])
    _, gradient = log_marginal_likelihood_and_gradient(theta, X, y)
    assert_allclose(gradient - (theta - mode) / deviation**2, 0.0, atol=0.01)


def test_fit_warps_the_columns_it_is_told_to():
    X, y = sample(20, 3)
    hyperparameters = fit(X, y, warped=[True, False, True]).hyperparameters
    for exponents in (hyperparameters.a, hyperparameters.b):
        assert exponents[1] == 1.0
        assert np.all(exponents[[0, 2]] != 1.0)


def test_fit_without_a_warped_column_is_fit_without_warping():
    X, y = sample(20, 3)
    assert_array_equal(fit(X, y, warped=[False] * 3).alpha, fit(X, y).alpha)


def test_warping_predicts_better_what_falls_off_at_one_end():
    X, _ = sample(25, 1)
    X_new = np.linspace(0.0, 1.0, 101)[:, np.newaxis]

    def function(X):
        return np.exp(-30.0 * X[:, 0])

    def error(gp):
        return np.abs(posterior(gp, X_new)[0] - function(X_new)).mean()

    y = function(X)
    assert error(fit(X, y, warped=[True])) < 0.5 * error(fit(X, y))


def test_fit_is_deterministic():
    X, y = sample(20, 3)
    assert_array_equal(fit(X, y).alpha, fit(X, y).alpha)


def test_inputs_are_not_changed():
    X, y = sample(10, 2)
    given = Hyperparameters(np.array([0.5, 0.5]), 1.0, 0.01)
    X_new, theta = np.full((3, 2), 0.5), to_theta(given)
    inputs = [X, y, X_new, theta, given.length_scale]
    before = [array.copy() for array in inputs]
    gp = fit(X, y)
    fields = [gp.cholesky.copy(), gp.alpha.copy()]
    posterior(extend(gp, X_new, np.zeros(3)), X_new)
    log_marginal_likelihood(X, y, given)
    log_marginal_likelihood_and_gradient(theta, X, y)
    for array, copy in zip(inputs, before, strict=True):
        assert_array_equal(array, copy)
    assert_array_equal(gp.cholesky, fields[0])
    assert_array_equal(gp.alpha, fields[1])
