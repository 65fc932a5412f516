"""The value of a space that is nearest to a number outside."""

import math
from bisect import bisect_left
from typing import Any

import numpy as np

from ._hyperparams import HyperParam, MixedHyperParam, OrdinalHyperParam
from ._values import UNSET, is_finite_number, is_integer


def nearest_value(hyperparam: HyperParam, number: Any) -> Any:
    """Return the value nearest to a number that a hyperparameter does not contain.

    An integer is near to integers only, and any other number to others: 1 row is not a
    share of 1.0. A negative number is not near to numbers that are all positive or
    zero, since -1 often stands for something else.

    Parameters
    ----------
    hyperparam : HyperParam
    number : object
        Anything but a finite number is near to nothing.

    Returns
    -------
    object
        It is `UNSET` if no value is near.

    Examples
    --------
    >>> from sklearn_btb import IntHyperParam
    >>> nearest_value(IntHyperParam(2, 9), 12), nearest_value(IntHyperParam(2, 9), 0.5)
    (9, <unset>)
    """
    if not is_finite_number(number):
        return UNSET
    values, log = _numbers(hyperparam)
    if not values or all(map(is_integer, values)) != is_integer(number):
        return UNSET
    if number < 0 <= values[0]:
        return UNSET
    above = min(bisect_left(values, number), len(values) - 1)
    below = max(above - 1, 0)
    low, high = float(values[below]), float(values[above])
    middle = math.sqrt(low) * math.sqrt(high) if log else low / 2 + high / 2
    return values[below if number <= middle else above]


def _numbers(hyperparam: HyperParam) -> tuple[list[Any], bool]:
    """Return sorted numbers, and whether they are encoded by their logarithms.

    They are all the numbers of a list, and the ends of a range. A distribution is
    decoded just inside its ends, where no estimator fails.
    """
    if not isinstance(hyperparam, OrdinalHyperParam | MixedHyperParam):
        ends = np.array([[0.0], [1.0]])
        return (hyperparam.decode(ends) if hyperparam.numeric else []), False
    images = hyperparam.at(np.arange(int(hyperparam.cardinality)))
    if isinstance(hyperparam, MixedHyperParam):
        images = images[~hyperparam.is_special(images)]
    values = hyperparam.decode(images)
    if len(values) < 3 or values[0] <= 0:
        return values, False
    logs = np.log(np.array(values, dtype=float))
    scaled = (logs - logs[0]) / (logs[-1] - logs[0])
    return values, np.allclose(images[:, 0], scaled)
