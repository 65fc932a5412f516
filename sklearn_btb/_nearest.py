"""The value of a hyperparameter that is nearest to a number outside."""

import math
from bisect import bisect
from typing import Any

import numpy as np

from ._conditions import values_of
from ._hyperparams import UNSET, HyperParam, MixedHyperParam
from ._notation import as_hyperparam
from ._values import is_finite_number, is_integer


def nearest_value(hyperparam: HyperParam, number: Any) -> Any:
    """Return the value nearest to a number that lies outside, on the scale of the space.

    An integer is near to integers only, and any other number to others: 1 column is not
    a share of 1.0. A negative number is not near to positive ones: -1 often stands for
    something else.

    Parameters
    ----------
    hyperparam : HyperParam
    number : object
        Anything that it does not contain.

    Returns
    -------
    object
        One of its values, as it would be drawn; UNSET if none is near.
    """
    if isinstance(hyperparam, MixedHyperParam):
        hyperparam = as_hyperparam(
            list(filter(is_finite_number, values_of(hyperparam)))
        )
    if not hyperparam.numeric or not is_finite_number(number):
        return UNSET
    low, high = hyperparam.decode(np.array([[0.0], [1.0]]))
    if is_integer(low) != is_integer(number) or number < 0 <= low:
        return UNSET
    if number <= low:
        return low
    if number >= high:
        return high
    return _nearest_in_gap(values_of(hyperparam), hyperparam, number)


def _nearest_in_gap(values: list[Any], hyperparam: HyperParam, number: Any) -> Any:
    above = bisect([float(value) for value in values], number)
    low, high = values[above - 1], values[above]
    if _on_log_scale(values, hyperparam):
        closer_to_low = 2 * math.log(number) <= math.log(low) + math.log(high)
    else:
        closer_to_low = number - low <= high - number
    return low if closer_to_low else high


def _on_log_scale(values: list[Any], hyperparam: HyperParam) -> bool:
    """Whether the images of three or more values follow their logarithms."""
    if len(values) < 3 or values[0] <= 0:
        return False
    logs = np.log(np.array(values, dtype=float))
    images = hyperparam.at(np.arange(len(values)))[:, 0]
    return bool(np.allclose(images, (logs - logs[0]) / (logs[-1] - logs[0])))
