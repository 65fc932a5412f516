"""What the Gaussian process makes of one estimator's trials, in units of the score."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _gp
from ._layout import Dimension
from ._output_transforms import clip_infinite, yeo_johnson
from ._space import Tunable

Array = NDArray[np.float64]

MOST_FITTED: Final = 300  # trials that the hyperparameters are fitted to
WIDTH: Final = 2.0  # of the band to either side, in deviations


class Surrogate(NamedTuple):
    """A Gaussian process of transformed scores, and the way back.

    Attributes
    ----------
    gp : GaussianProcess
        Of the transformed scores, on images.
    transformed, scores : ndarray of shape (n_distinct,)
        Increasing: the scores that were seen, and what they were transformed to.
    """

    gp: _gp.GaussianProcess
    transformed: Array
    scores: Array


class Prediction(NamedTuple):
    """The predicted scores at n points, each of shape (n,).

    Attributes
    ----------
    middle : ndarray
        The median; half of the scores are expected above it.
    low, high : ndarray
        The band of two deviations to either side in which scores are expected, those of
        the process and of the noise together.
    doubt : ndarray
        The deviation as a fraction of what it is without any trial, from 0 to 1.
    """

    middle: Array
    low: Array
    high: Array
    doubt: Array


def fit_surrogate(
    tunable: Tunable, configs: Sequence[Mapping[str, Any]], scores: ArrayLike
) -> Surrogate:
    """Fit the model of `GPTuner` to scored configurations.

    Parameters
    ----------
    tunable : Tunable
    configs : sequence of n dicts
    scores : array-like of shape (n,)
        Not NaN.

    Returns
    -------
    Surrogate
    """
    images = tunable.encode(configs)
    clipped = clip_infinite(scores)
    y = yeo_johnson(clipped)
    warped = np.zeros(tunable.n_dims, dtype=bool)
    for block in tunable.blocks:
        warped[block.columns] = block.numeric
    step = -(-len(y) // MOST_FITTED)
    with _gp.one_thread():
        fitted = _gp.fit(images[::step], y[::step], warped=warped)
        gp = _gp.condition(images, y, fitted.hyperparameters)
    distinct, first = np.unique(clipped, return_index=True)
    return Surrogate(gp, y[first], distinct)


def predict(surrogate: Surrogate, images: Array) -> Prediction:
    """Predict the scores at images (n, n_dims)."""
    with _gp.one_thread():
        mean, std = _gp.posterior(surrogate.gp, images)
    reach = WIDTH * np.sqrt(std**2 + surrogate.gp.hyperparameters.noise)
    low, middle, high = (
        _untransformed(surrogate, mean + side * reach) for side in (-1, 0, 1)
    )
    prior = np.sqrt(surrogate.gp.hyperparameters.output_scale)
    return Prediction(middle, low, high, np.clip(std / prior, 0.0, 1.0))


def _untransformed(surrogate: Surrogate, values: Array) -> Array:
    """Map back by interpolation, beyond what was seen by the slope of its halves.

    A transform is known at the scores that were seen only.
    """
    y, scores = surrogate.transformed, surrogate.scores
    back = np.interp(values, y, scores)
    if len(y) < 2:
        return back + values - y  # nothing is known of the scale
    n = len(y)
    for end, half, beyond in (
        (0, n // 2, values < y[0]),
        (-1, (n - 1) // 2, values > y[-1]),
    ):
        slope = (scores[end] - scores[half]) / (y[end] - y[half])
        back[beyond] = scores[end] + slope * (values[beyond] - y[end])
    return back


def dimensions_at(tunable: Tunable, config: Mapping[str, Any]) -> dict[str, Dimension]:
    """Return the dimensions that apply in a configuration, by parameter."""
    return {
        each.name: each
        for _, each in tunable.active(tunable.encode([config]))
        if each.name is not None
    }


def slice_through(
    tunable: Tunable, config: Mapping[str, Any], values: Mapping[str, Sequence[Any]]
) -> tuple[Array, NDArray[np.bool_]]:
    """Return the images of all combinations of some values, all else as in `config`.

    Parameters
    ----------
    tunable : Tunable
    config : dict
        A configuration in which the parameters apply.
    values : dict of str to sequence
        By parameter; the first varies slowest. What comes to apply through a value is
        in the middle of its range.

    Returns
    -------
    images : ndarray of shape (n, n_dims)
    valid : ndarray of shape (n,)
        Which of them are valid, and have all these parameters.
    """
    dimensions = dimensions_at(tunable, config)
    images = tunable.encode([config])
    for name, those in values.items():
        dimension = dimensions[name]
        points = dimension.hyperparam.encode(those)
        images = np.repeat(images, len(points), axis=0)
        images[:, dimension.columns] = np.tile(points, (len(images) // len(points), 1))
    images = tunable.snap(images)
    configs = tunable.decode(images)
    valid = [
        values.keys() <= each.keys() and tunable.satisfies(each) for each in configs
    ]
    return images, np.array(valid)
