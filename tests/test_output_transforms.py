"""Transforms of scores: what they promise, and that they keep the order."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm, skew, yeojohnson

from sklearn_btb._output_transforms import (
    clip_infinite,
    gaussian_copula,
    standardize,
    yeo_johnson,
)

MODELS = [standardize, yeo_johnson, gaussian_copula]
ALL = [clip_infinite, *MODELS]

finite_scores = arrays(
    float, st.integers(0, 30), elements=st.floats(allow_nan=False, allow_infinity=False)
)
any_scores = arrays(float, st.integers(0, 30), elements=st.floats(allow_nan=False))
separated_scores = st.lists(
    st.integers(-1000, 1000), min_size=1, max_size=30, unique=True
).map(lambda values: np.array(values, dtype=float) / 1000.0)

HUGE = np.finfo(float).max
TINY = np.finfo(float).smallest_subnormal
EXTREMES = [
    np.array([-HUGE, 0.0, HUGE]),
    np.array([1e300, -1e300, 1e-300, 0.0]),
    np.array([0.0, TINY, 2 * TINY]),
    np.array([1.0, 1.0 + 2**-52, 1.0 + 2**-51]),
    np.array([1e-300, 1.0, 1.0, 1.0]),
]


def assert_order_is_kept(scores, transformed):
    order = np.argsort(scores, kind="stable")
    # neighbours may swap by a rounding error, as numpy's powers are not monotone to
    # the last digit
    assert np.all(np.diff(transformed[order]) >= -1e-9)
    ties = scores[order][1:] == scores[order][:-1]
    assert_array_equal(np.diff(transformed[order])[ties], 0.0)


@pytest.mark.parametrize("transform", MODELS)
@given(scores=finite_scores)
@example(scores=EXTREMES[0])
@example(scores=EXTREMES[1])
@example(scores=EXTREMES[2])
@example(scores=EXTREMES[3])
@example(scores=EXTREMES[4])
def test_any_finite_scores_give_finite_ones_in_the_same_order(transform, scores):
    transformed = transform(scores)
    assert transformed.shape == scores.shape
    assert transformed.dtype == np.float64
    assert np.isfinite(transformed).all()
    assert_order_is_kept(scores, transformed)


@pytest.mark.parametrize("transform", ALL)
@given(scores=separated_scores)
def test_separated_scores_stay_strictly_ordered(transform, scores):
    assert np.all(np.diff(transform(np.sort(scores))) > 0.0)


@pytest.mark.parametrize("transform", ALL)
def test_scores_are_not_changed_or_shared(transform):
    scores = (
        np.array([0.5, -np.inf, 0.9]) if transform is clip_infinite else np.arange(3.0)
    )
    before = scores.copy()
    transform(scores)[:] = 7.0
    assert_array_equal(scores, before)


@pytest.mark.parametrize("transform", ALL)
def test_integers_and_lists_are_scores_too(transform):
    assert_array_equal(transform([1, 2, 4]), transform(np.array([1.0, 2.0, 4.0])))


@pytest.mark.parametrize("transform", ALL)
def test_no_scores_give_none(transform):
    assert transform([]).shape == (0,)


@pytest.mark.parametrize("transform", MODELS)
@pytest.mark.parametrize("n", [1, 2, 3, 50])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e300])
def test_equal_scores_give_zeros(transform, n, value):
    assert_array_equal(transform(np.full(n, value)), np.zeros(n))


@pytest.mark.parametrize("transform", MODELS)
@given(scores=separated_scores, exponent=st.integers(-100, 100))
def test_the_unit_of_the_scores_does_not_matter(transform, scores, exponent):
    assert_allclose(transform(scores * 2.0**exponent), transform(scores), rtol=1e-9)


# standardize


@given(scores=finite_scores)
@example(scores=EXTREMES[0])
@example(scores=EXTREMES[2])
@example(scores=EXTREMES[3])
def test_standardized_scores_have_mean_0_and_deviation_1(scores):
    standard = standardize(scores)
    if standard.any():
        assert_allclose(standard.mean(), 0.0, atol=1e-12)
        assert_allclose(standard.std(), 1.0)


def test_standardized_scores_are_an_affine_map_of_the_scores():
    scores = np.array([3.0, -1.0, 0.5, 12.0])
    assert_allclose(standardize(scores), (scores - scores.mean()) / scores.std())


# yeo_johnson


@pytest.mark.parametrize("n", [1, 2])
def test_yeo_johnson_of_less_than_three_scores_standardizes(n):
    scores = np.arange(n) * 3.0
    assert_array_equal(yeo_johnson(scores), standardize(scores))


@given(scores=separated_scores)
def test_yeo_johnson_has_mean_0_and_deviation_1(scores):
    transformed = yeo_johnson(scores)
    if transformed.size > 1:
        assert_allclose(transformed.mean(), 0.0, atol=1e-12)
        assert_allclose(transformed.std(), 1.0)


def test_yeo_johnson_equals_that_of_scipy_where_the_optimum_is_inside_the_bounds():
    scores = np.random.default_rng(0).gamma(2.0, size=100)
    expected, _ = yeojohnson(standardize(scores))
    assert_allclose(yeo_johnson(scores), standardize(expected), atol=1e-4)


def test_yeo_johnson_takes_away_skewness():
    scores = -np.random.default_rng(0).exponential(size=200)
    assert skew(scores) < -1.0
    assert abs(skew(yeo_johnson(scores))) < 0.3


def test_yeo_johnson_spreads_the_good_scores_when_there_are_terrible_ones():
    scores = np.r_[np.linspace(0.8, 0.9, 20), 0.1, 0.2]
    spread = np.ptp(yeo_johnson(scores)[:20])
    assert spread > 1.5 * np.ptp(standardize(scores)[:20])


# gaussian_copula


def test_gaussian_copula_is_the_quantile_of_the_smoothed_distribution():
    scores = np.random.default_rng(0).exponential(size=30)
    bandwidth = 30 ** (-1 / 5) * scores.std()
    smoothed = [np.mean(norm.cdf((s - scores) / bandwidth)) for s in scores]
    assert_allclose(gaussian_copula(scores), norm.ppf(smoothed))


@given(scores=finite_scores)
def test_gaussian_copula_bounds_how_far_an_outlier_is(scores):
    n = max(scores.size, 1)
    bound = norm.ppf(1.0 - 0.5 / n)
    assert np.all(np.abs(gaussian_copula(scores)) <= bound + 1e-9)


# clip_infinite


def test_infinite_scores_become_the_extreme_finite_ones():
    scores = [np.inf, 0.2, -np.inf, 0.7]
    assert_array_equal(clip_infinite(scores), [0.7, 0.2, 0.2, 0.7])


def test_infinite_scores_alone_become_zeros():
    assert_array_equal(clip_infinite([-np.inf, np.inf]), [0.0, 0.0])


@given(scores=finite_scores)
def test_finite_scores_are_not_clipped(scores):
    assert_array_equal(clip_infinite(scores), scores)


@given(scores=any_scores)
def test_clipped_scores_are_finite_and_keep_their_order(scores):
    clipped = clip_infinite(scores)
    assert np.isfinite(clipped).all()
    assert np.all(np.diff(clipped[np.argsort(scores)]) >= 0.0)
