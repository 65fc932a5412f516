"""Small estimators and data whose scores are known in advance."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from sklearn_btb import UniformTuner

X = np.arange(12.0).reshape(-1, 1)  # a row is known by its only value
Y = np.tile([0, 1], 6)
THREE_FOLDS = KFold(3)  # row 0 is missing from the training part of the first only


class Log(list):
    """A list that `clone` does not copy, so that all clones write to the same one."""

    def __deepcopy__(self, memo):
        return self


class Counted:
    """A value that counts how often it is compared."""

    comparisons = 0

    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        Counted.comparisons += 1
        return self.number == other.number

    def __hash__(self):
        return hash(self.number)


class Toy(BaseEstimator):
    """Scores `10 - (x - peak)**2`, whatever the data; fails where it is told to.

    Parameters
    ----------
    x, peak : float
    bad : tuple
        The values of `x` for which `fit` raises.
    needed_row : int or None
        A row without which `fit` raises.
    log : Log or None
        Gets `(x, training rows)` at every fit.
    """

    def __init__(self, x=0, peak=0, bad=(), needed_row=None, log=None):
        self.x = x
        self.peak = peak
        self.bad = bad
        self.needed_row = needed_row
        self.log = log

    def fit(self, X, y=None):
        rows = tuple(np.asarray(X)[:, 0].astype(int).tolist())
        if self.log is not None:
            self.log.append((self.x, rows))
        if self.x in self.bad:
            raise ValueError(f"x must not be {self.x}")
        if self.needed_row is not None and self.needed_row not in rows:
            raise RuntimeError(f"row {self.needed_row} is missing")
        self.n_features_in_ = 1
        return self

    def predict(self, X):
        return np.full(len(X), self.x)

    def score(self, X, y=None):
        return 10.0 - (self.x - self.peak) ** 2


class Keeper(BaseEstimator):
    """Shows what `value` it got by putting it into a log; all values score the same."""

    def __init__(self, value=None, log=None):
        self.value = value
        self.log = log

    def fit(self, X, y=None):
        self.log.append(self.value)
        return self

    def score(self, X, y=None):
        return 1.0


class Bowl(BaseEstimator):
    """Scores best at `x=10`; the kind makes little of a difference."""

    def __init__(self, x=1.0, kind=None, fixed=0):
        self.x = x
        self.kind = kind
        self.fixed = fixed

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return 10.0 - (np.log10(self.x) - 1) ** 2 + 0.1 * (self.kind == "a")


def recording_tuner():
    """Make a tuner class and the list of all that its instances are told."""
    told = []

    class RecordingTuner(UniformTuner):
        def record(self, params, score):
            told.append((params, score))
            super().record(params, score)

    return RecordingTuner, told
