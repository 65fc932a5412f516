"""Spaces in a form that belongs to no library; every peer gets them in its own words.

A configuration is a row of the unit cube on a grid of 2**16 points a side, so that a
table of them is small and can be read back exactly.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

N_LEVELS = 2**16


@dataclass(frozen=True)
class Float:
    """A real number between two bounds, on a linear or a logarithmic scale."""

    low: float
    high: float
    log: bool = False

    def at(self, u: float) -> float:
        if self.log:
            return float(self.low * (self.high / self.low) ** u)
        return float(self.low + u * (self.high - self.low))

    def position(self, value: float) -> float:
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Int:
    """An integer between two bounds, both included."""

    low: int
    high: int
    log: bool = False

    def _continuous(self) -> Float:
        return Float(self.low - 0.5, self.high + 0.5, self.log)

    def at(self, u: float) -> int:
        value = math.floor(self._continuous().at(u) + 0.5)
        return min(max(value, self.low), self.high)

    def position(self, value: int) -> float:
        return self._continuous().position(value)


@dataclass(frozen=True)
class Choice:
    """One of several values without an order."""

    values: tuple[Any, ...]

    def at(self, u: float) -> Any:
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def position(self, value: Any) -> float:
        return (self.values.index(value) + 0.5) / len(self.values)


Space = Mapping[str, Float | Int | Choice]


def decode(space: Space, levels: np.ndarray) -> dict[str, Any]:
    """Turn a row of grid points, (d,) of uint16, into a configuration."""
    points = (np.asarray(levels, dtype=float) + 0.5) / N_LEVELS
    return {
        name: dim.at(float(u))
        for (name, dim), u in zip(space.items(), points, strict=True)
    }


def encode(space: Space, config: Mapping[str, Any]) -> np.ndarray:
    """Return the point of the unit cube, (d,), in the middle of what gives `config`."""
    return np.array([dim.position(config[name]) for name, dim in space.items()])


def features(space: Space, points: np.ndarray) -> np.ndarray:
    """Return what a model of the scores sees of points (n, d): choices one-hot.

    Integers are moved to the middle of their cells, so that equal configurations are
    equal.
    """
    columns = []
    for (_, dim), column in zip(
        space.items(), np.asarray(points, float).T, strict=True
    ):
        if isinstance(dim, Choice):
            n = len(dim.values)
            index = np.minimum((column * n).astype(int), n - 1)
            columns += [index == i for i in range(n)]
        elif isinstance(dim, Int):
            columns.append(np.array([dim.position(dim.at(u)) for u in column]))
        else:
            columns.append(column)
    return np.column_stack(columns).astype(np.float32)
