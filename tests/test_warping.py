"""Warping keeps the order and the ends of every column."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_btb._warping import kumaraswamy, kumaraswamy_gradient

COLUMNS = arrays(float, (7, 2), elements=st.floats(0.0, 1.0))
EXPONENTS = arrays(float, 2, elements=st.floats(0.05, 20.0))


@given(COLUMNS)
def test_exponents_of_one_change_nothing(X):
    assert_allclose(kumaraswamy(X, 1.0, 1.0), X, atol=1e-15)


@given(COLUMNS, EXPONENTS, EXPONENTS)
def test_order_is_kept(X, a, b):
    warped = kumaraswamy(np.sort(X, axis=0), a, b)
    assert np.all(np.diff(warped, axis=0) >= -1e-12)


@given(EXPONENTS, EXPONENTS)
def test_ends_stay_where_they_are(a, b):
    ends = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert_array_equal(kumaraswamy(ends, a, b), ends)
    for derivative in kumaraswamy_gradient(ends, a, b):
        assert_array_equal(derivative, np.zeros((2, 2)))


@given(
    arrays(float, (7, 2), elements=st.floats(0.01, 0.99)),
    arrays(float, 2, elements=st.floats(0.2, 5.0)),
    arrays(float, 2, elements=st.floats(0.2, 5.0)),
)
def test_gradient_equals_central_finite_differences(X, a, b):
    up, down = np.exp(1e-6), np.exp(-1e-6)
    in_log_a, in_log_b = kumaraswamy_gradient(X, a, b)
    by_a = (kumaraswamy(X, a * up, b) - kumaraswamy(X, a * down, b)) / 2e-6
    by_b = (kumaraswamy(X, a, b * up) - kumaraswamy(X, a, b * down)) / 2e-6
    assert_allclose(in_log_a, by_a, atol=1e-7)
    assert_allclose(in_log_b, by_b, atol=1e-7)


@given(COLUMNS, EXPONENTS, EXPONENTS)
def test_gradient_is_finite_up_to_the_ends(X, a, b):
    assert np.isfinite(kumaraswamy_gradient(X, a, b)).all()
