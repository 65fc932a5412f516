"""Settings that all tests share, and a search that several plot."""

import pytest
from hypothesis import settings
from scipy.stats import loguniform, randint
from toys import THREE_FOLDS, Bowl, X, Y

from sklearn_btb import BTBSearchCV, when

# machines are shared and noisy: how long one example takes says nothing
settings.register_profile("no_deadline", deadline=None)
settings.register_profile("some_examples", deadline=None, max_examples=40)
settings.register_profile("few_examples", deadline=None, max_examples=15)
settings.load_profile("no_deadline")


@pytest.fixture(scope="session")
def search_over_bowls():
    """A search of one estimator of which `x` matters, and one with a condition."""
    return BTBSearchCV(
        {"plain": Bowl(), "tied": Bowl()},
        {
            "plain": {
                "x": loguniform(0.1, 100),
                "kind": [None, "a", "b"],
                "fixed": [0],
            },
            "tied": {"kind": ["a", "b"], "x": when("kind", "a", randint(1, 10))},
        },
        n_iter=30,
        selector="uniform",
        cv=THREE_FOLDS,
        random_state=0,
    ).fit(X, Y)
