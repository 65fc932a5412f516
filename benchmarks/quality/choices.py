"""A choice that traps: one level has a narrow optimum, the others are plateaus.

    python -m benchmarks.quality.choices --seeds 20

A level of a choice that scored badly at its first points may be given up, though the
optimum is there. Each problem is run with 50 candidates. The table says in how many
runs the level of the optimum got fewer than a fifth of the candidates, and the final
score: 0 is the best of all other levels, 100 the best there is. `ahead` is by how much
the score is ahead of random search, paired by seed, with a 95 % bootstrap interval.

The problems are functions, whose optimum depends on the seed, and stored grids of
support vector machines: kernel, C and gamma, drawn as a well-known notebook does.
`--aside` takes the problems that are kept aside for the final table instead of those
for development, `--collect` fits the grids anew.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from joblib import Parallel, delayed
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import expon, loguniform
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from sklearn_btb import FloatHyperParam, GPTuner, Tunable, UniformTuner, _tuners, when

from .problems import DATA_SETS, FOLDER, data_of
from .report import interval, markdown
from .run import arguments

N_CANDIDATES = 50
FEW = 0.2  # of the candidates
GRIDS = Path(__file__).parent / "tables" / "choices.npz"
C_GRID = np.geomspace(20, 200_000, 13)
GAMMA_GRID = np.geomspace(1e-4, 10, 26)
SCALE_OF_TARGET = 100  # the targets of these data sets have a deviation of 1

Config = Mapping[str, Any]


class Game(NamedTuple):
    """A problem at one seed."""

    space: Any
    score: Callable[[Config], float]  # as the tuner sees it
    good: Mapping[str, Any]  # the levels of the optimum
    others: float  # the best score of the other levels
    best: float


class Shape(NamedTuple):
    """A function of numbers in [0, 1] and of choices.

    Where the choices are all "good" it is a Gaussian bump of the height 1 above 0,
    elsewhere about `plateau`.

    Attributes
    ----------
    n_numbers : int
    width : float
        The deviation of the bump.
    choices : tuple of int
        How many levels each has.
    plateau : float
        Its height.
    slope : float
        By how much the plateau falls as the first number grows from 0 to 1.
    noise : float
        Its deviation, on the plateau and off it.
    condition : bool
        Whether all numbers but the first belong to the good level alone.
    parts : bool
        Whether the space is a list of subspaces instead of a choice with a name.
    aside : bool
    """

    n_numbers: int
    width: float
    choices: tuple[int, ...] = (2,)
    plateau: float = 0.6
    slope: float = 0.0
    noise: float = 0.0
    condition: bool = False
    parts: bool = False
    aside: bool = False

    def at(self, seed: int) -> Game:
        rng = np.random.default_rng([seed, self.n_numbers])
        numbers = [f"x{i}" for i in range(self.n_numbers)]
        centre = rng.uniform(0.1, 0.9, self.n_numbers)
        # a plateau is where a list begins; which level is good differs
        levels = {
            f"choice{i}": [f"plateau{j}" for j in range(n - 1)]
            for i, n in enumerate(self.choices)
        }
        for values in levels.values():
            values.insert(int(rng.integers(len(values) + 1)), "good")

        def is_good(config: Config) -> bool:
            return all(config.get(name, "good") == "good" for name in levels)

        def height(config: Config) -> float:
            """Each further level is a plateau that lies lower by 0.1."""
            worst = max(int(config[name][-1:]) for name in bad(config))
            return self.plateau - 0.1 * worst - self.slope * config["x0"]

        def bad(config: Config) -> list[str]:
            return [name for name in levels if config.get(name, "good") != "good"]

        def score(config: Config) -> float:
            if is_good(config):
                point = np.array([config[name] for name in numbers])
                square = np.sum((point - centre) ** 2) / self.width**2
                value = float(np.exp(-0.5 * square))
            else:
                value = height(config)
            if self.noise:  # the same for the same configuration
                digits = [int(config.get(name, 0.5) * 2**30) for name in numbers]
                own = np.random.default_rng([seed, len(bad(config)), *digits])
                value += self.noise * float(own.standard_normal())
            return value

        axes: dict[str, Any] = {name: FloatHyperParam(0.0, 1.0) for name in numbers}
        good = dict.fromkeys(levels, "good")
        return Game(self._space(levels, axes), score, good, self.plateau, 1.0)

    def _space(self, levels: dict[str, list[str]], axes: dict[str, Any]) -> Any:
        first = {name: axes.pop(name) for name in list(axes)[:1]}
        if self.parts:  # the plateau has the first number alone
            return [
                {name: [value]} | first | (axes if value == "good" else {})
                for name, values in levels.items()
                for value in values
            ]
        if self.condition:
            axes = {name: when("choice0", "good", axis) for name, axis in axes.items()}
        return levels | first | axes


class Machine(NamedTuple):
    """A support vector machine on one of the data sets."""

    data_set: str

    @property
    def aside(self) -> bool:
        return DATA_SETS[self.data_set].aside or self.data_set == "housing"

    def at(self, seed: int) -> Game:
        linear, radial = grid_of(self.data_set)
        over_linear = RegularGridInterpolator([np.log(C_GRID)], linear)
        axes = [np.log(C_GRID), np.log(GAMMA_GRID)]
        over_radial = RegularGridInterpolator(axes, radial)

        def score(config: Config) -> float:
            gamma = np.clip(config["gamma"], GAMMA_GRID[0], GAMMA_GRID[-1])
            C = np.clip(config["C"], C_GRID[0], C_GRID[-1])
            if config["kernel"] == "linear":
                return float(over_linear([np.log(C)])[0])
            return float(over_radial([np.log(C), np.log(gamma)])[0])

        space = {
            "kernel": ["linear", "rbf"],
            "C": loguniform(C_GRID[0], C_GRID[-1]),
            "gamma": expon(scale=1.0),
        }
        best = max(linear.max(), radial.max())
        return Game(space, score, {"kernel": "rbf"}, linear.max(), best)


PROBLEMS: dict[str, Shape | Machine] = {
    "1 number, wide": Shape(1, 0.1),
    "1 number, narrow": Shape(1, 0.04),
    "2 numbers": Shape(2, 0.12),
    "2 numbers, noise": Shape(2, 0.15, noise=0.01),
    "2 numbers, slope": Shape(2, 0.15, plateau=0.7, slope=0.4),
    "2 numbers, 3 levels": Shape(2, 0.15, (3,), slope=0.1),
    "2 numbers under a condition": Shape(2, 0.15, condition=True),
    "2 numbers in a list of spaces": Shape(2, 0.15, parts=True),
    "3 numbers, 4 levels": Shape(3, 0.25, (4,), plateau=0.5),
    "4 numbers": Shape(4, 0.35, slope=0.1),
    "2 numbers, 2 choices": Shape(2, 0.2, (2, 2)),
    "SVR, diabetes": Machine("diabetes"),
    "SVR, friedman1": Machine("friedman1"),
    "SVC, digits": Machine("digits"),
    "SVC, many-columns": Machine("many-columns"),
    "SVC, four-classes": Machine("four-classes"),
    # kept aside
    "1 number, 3 levels": Shape(1, 0.06, (3,), slope=0.2, aside=True),
    "2 numbers, low plateau": Shape(2, 0.13, plateau=0.4, noise=0.005, aside=True),
    "2 numbers, high plateau": Shape(2, 0.18, plateau=0.8, aside=True),
    "3 numbers, slope": Shape(3, 0.25, slope=0.3, aside=True),
    "3 numbers under a condition": Shape(3, 0.25, condition=True, aside=True),
    "4 numbers, 4 levels": Shape(4, 0.4, (4,), plateau=0.5, aside=True),
    "2 numbers, 3 x 2 levels": Shape(2, 0.2, (3, 2), aside=True),
    "SVR, friedman3": Machine("friedman3"),
    "SVR, housing": Machine("housing"),
    "SVC, wine": Machine("wine"),
}
WITHOUT = "levels not kept in play"
PEERS: dict[str, Callable[..., Any]] = {
    "random": UniformTuner,
    "sklearn_btb": GPTuner,
    WITHOUT: GPTuner,
}


def grid_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores, (C,) and (C, gamma), of both kernels on a data set."""
    with np.load(GRIDS) as stored:
        return stored[f"{name}/linear"], stored[f"{name}/rbf"]


def collect() -> None:
    """Fit the support vector machines of all grids, and store their scores."""
    found = {}
    for problem in PROBLEMS.values():
        if isinstance(problem, Machine):
            linear, radial = _fitted(problem.data_set)
            found[f"{problem.data_set}/linear"] = linear.astype(np.float32)
            found[f"{problem.data_set}/rbf"] = radial.astype(np.float32)
    np.savez_compressed(GRIDS, **found)


def _fitted(name: str) -> tuple[np.ndarray, np.ndarray]:
    data_set = DATA_SETS[name]
    X, y = data_of(data_set)
    make = partial(SVC, random_state=0)
    if data_set.is_regression:
        make, y = SVR, SCALE_OF_TARGET * y

    def score(**parameters: Any) -> float:
        machine = make(max_iter=20_000, **parameters)
        pipeline = make_pipeline(StandardScaler(), machine)
        scoring = "r2" if data_set.is_regression else data_set.scoring
        return float(cross_val_score(pipeline, X, y, scoring=scoring).mean())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        linear = [score(kernel="linear", C=C) for C in C_GRID]
        radial = [
            [score(kernel="rbf", C=C, gamma=gamma) for gamma in GAMMA_GRID]
            for C in C_GRID
        ]
    return np.array(linear), np.array(radial)


def run(problem: str, peer: str, seed: int) -> tuple[float, float]:
    """Return the share of the candidates at the good level, and the final score.

    With several choices it is the share of the one where it is least.
    """
    enough = 0 if peer == WITHOUT else _tuners.LEVEL_ENOUGH
    with patch.object(_tuners, "LEVEL_ENOUGH", enough):
        return play(PROBLEMS[problem].at(seed), PEERS[peer], seed)


def play(game: Game, make: Callable[..., Any], seed: int) -> tuple[float, float]:
    """Let a tuner work; return what `run` does."""
    tuner = make(Tunable(game.space), random_state=seed)
    n_good = dict.fromkeys(game.good, 0)
    best = -np.inf
    for _ in range(N_CANDIDATES):
        config = tuner.propose()
        score = game.score(config)
        tuner.record(config, score)
        for name, level in game.good.items():
            n_good[name] += config[name] == level
        best = max(best, score)
    gain = (best - game.others) / (game.best - game.others)
    return min(n_good.values()) / N_CANDIDATES, 100 * min(max(gain, 0.0), 1.0)


def rows(
    found: dict[tuple[str, str], np.ndarray], peers: list[str]
) -> Iterator[list[str]]:
    """Yield the rows of the table, problem by problem, then all together."""
    rng = np.random.default_rng(0)
    names = list(dict.fromkeys(problem for problem, _ in found))
    for title, members in [*((name, [name]) for name in names), ("all", names)]:
        each = {p: np.array([found[name, p] for name in members]) for p in peers}
        for peer in peers:
            shares, scores = each[peer][..., 0], each[peer][..., 1]
            cells = [f"{100 * np.mean(shares < FEW):.0f} %", f"{scores.mean():.1f}"]
            ahead = (scores - each["random"][..., 1]).ravel()
            low, high = interval(ahead, rng)
            cells.append(f"{ahead.mean():+.1f} ({low:+.1f} - {high:+.1f})")
            cells.append(f"{100 * np.mean(ahead < 0):.0f} %")
            yield [title, peer, *cells]


def main() -> None:
    parser = arguments(__doc__)
    parser.set_defaults(seeds=20)
    parser.add_argument("--peers", nargs="+", default=[WITHOUT, "sklearn_btb"])
    parser.add_argument("--collect", action="store_true", help=f"needs {FOLDER}")
    options = parser.parse_args()
    if options.collect:
        collect()
        return
    peers = list(dict.fromkeys(["random", *options.peers]))
    names = [name for name, each in PROBLEMS.items() if each.aside == options.aside]
    tasks = [(name, peer) for name in names for peer in peers]
    results = Parallel(options.n_jobs)(
        delayed(run)(*task, seed) for task in tasks for seed in range(options.seeds)
    )
    runs = np.array(results).reshape(len(tasks), options.seeds, 2)
    found = dict(zip(tasks, runs, strict=True))
    heads = ["peer", "few at the optimum's level", "score", "ahead", "behind random"]
    print(markdown(heads, list(rows(found, peers))))


if __name__ == "__main__":
    main()
