"""Long lists of values and of dicts: seconds before the first fit, ms a proposal.

    python benchmarks/bench_large_spaces.py

Each space stands between one that is half as long and one that is twice as long, so
that growth is seen. A search of 30 candidates of a classifier whose fit costs nothing
gives the seconds until its first fit; 50 proposals of a tuner alone, to which scores
are told, the median of the last 30.
"""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import ParameterGrid

from sklearn_btb import BTBSearchCV, GPTuner, Tunable, UniformTuner

N_ITER = 30
N_PROPOSALS = 50
COLUMNS = [f"column {number}" for number in range(13)]
FITS: list[float] = []  # when each fit began


class Quick(ClassifierMixin, BaseEstimator):
    """A classifier that notes when it was fitted."""

    def __init__(self, value: Any = 0, level: int = 0) -> None:
        self.value = value
        self.level = level

    def fit(self, X: Any, y: Any) -> "Quick":
        FITS.append(time.perf_counter())
        self.classes_ = np.unique(y)
        return self

    def score(self, X: Any, y: Any) -> float:
        return -abs(len(str(self.value)) - 8.0) - self.level


def tuples(n: int) -> dict[str, list[Any]]:
    """Sizes of three layers, as `itertools.product` writes them."""
    rows = itertools.product(range(5, 40), repeat=3)
    return {"value": list(itertools.islice(rows, n))}


def subsets(n: int) -> dict[str, list[Any]]:
    """All subsets of some columns, n of them."""
    columns = COLUMNS[: n.bit_length() - 1]
    sizes = range(len(columns) + 1)
    each = (itertools.combinations(columns, size) for size in sizes)
    return {"value": list(itertools.chain.from_iterable(each))}


def strings(n: int) -> dict[str, list[Any]]:
    return {"value": [f"string {number}" for number in range(n)]}


def dicts(n: int) -> list[dict[str, list[Any]]]:
    """The candidates of a grid, a dict each."""
    grid = ParameterGrid({"value": list(range(n // 4)), "level": [0, 1, 2, 3]})
    return [{name: [one] for name, one in point.items()} for point in grid]


def spaces() -> Iterator[tuple[str, Any]]:
    for make, n in ((tuples, 20_000), (subsets, 4096), (strings, 2000), (dicts, 2000)):
        for size in (n // 2, n, 2 * n):
            yield f"{size:,} {make.__name__}", make(size)


def seconds_to_first_fit(space: Any) -> float:
    X, y = np.zeros((20, 2)), np.arange(20) % 2
    FITS.clear()
    start = time.perf_counter()
    BTBSearchCV(Quick(), space, n_iter=N_ITER, cv=2, random_state=0).fit(X, y)
    return FITS[0] - start


def ms_a_proposal(tuner: Any) -> float:
    scores = np.random.default_rng(0).normal(size=N_PROPOSALS)
    spent = []
    for score in scores:
        start = time.perf_counter()
        params = tuner.propose()
        spent.append(time.perf_counter() - start)
        tuner.record(params, score)
    return 1000 * float(np.median(spent[-30:]))


def main() -> None:
    print("| space | before the first fit | `GPTuner` | `UniformTuner` |")
    print("|---|---|---|---|")
    for name, space in spaces():
        seconds = seconds_to_first_fit(space)
        tunable = Tunable(space)
        gp, uniform = (
            ms_a_proposal(make(tunable, random_state=0))
            for make in (GPTuner, UniformTuner)
        )
        print(
            f"| {name} | {seconds:.2f} s | {gp:.1f} ms | {uniform:.2f} ms |", flush=True
        )


if __name__ == "__main__":
    main()
