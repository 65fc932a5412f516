"""Run optimisers on the stored problems; one line of JSON a run.

    python -m benchmarks.quality.run --peers random sklearn_btb --out runs.jsonl

Runs that the file already has are not repeated, so that peers from several environments
can share one file, one after the other. `--aside` takes the problems that are kept
aside for the final table instead of those for development.
"""

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed

from .peers import NOT_FOR, PEERS
from .problems import DATA_SETS, Learner
from .surrogate import TABLES, surrogates_of

N_EVALUATIONS = 100
PER_SET = 2  # problems of tuning on each data set, and of choosing from few
FEW = 3


class Problem(NamedTuple):
    """One learner to tune, or several learners of a data set to choose from."""

    data_set: str
    choice: str = "all"  # or names of learners, joined by a "+"

    @property
    def name(self) -> str:
        return f"{self.data_set}/{self.choice}"

    @property
    def learners(self) -> dict[str, Learner]:
        learners = DATA_SETS[self.data_set].learners
        if self.choice == "all":
            return learners
        return {name: learners[name] for name in self.choice.split("+")}


def kind_of(problem: str) -> str:
    """Return the kind of a problem by its name."""
    choice = problem.split("/")[1]
    return "choose" if choice == "all" else "few" if "+" in choice else "tune"


def problems(kind: str, aside: bool) -> Iterator[Problem]:
    """Yield the problems of a kind: "tune", "choose", or "few" to choose from."""
    for number, (name, data_set) in enumerate(DATA_SETS.items()):
        if data_set.aside != aside or not (TABLES / f"{name}.npz").exists():
            continue
        if kind == "choose":
            yield Problem(name)
            continue
        worth = [each for each, one in data_set.learners.items() if len(one.space) > 2]
        worth = [each for each in worth if surrogates_of(name)[each].works]
        size = 1 if kind == "tune" else FEW
        for i in range(PER_SET):  # in turn, so that all learners come up
            first = (PER_SET * number + i) * size
            chosen = [worth[(first + j) % len(worth)] for j in range(size)]
            yield Problem(name, "+".join(chosen))


class Recorder:
    """The objective, with a record of what it was asked."""

    def __init__(self, problem: Problem, n: int) -> None:
        self._surrogates = surrogates_of(problem.data_set)
        self._n = n
        self.scores: list[float] = []
        self.names: list[str] = []
        self.seconds: list[float] = []
        self.proposing: list[float] = []
        self._returned = time.process_time()

    def __call__(self, name: str, config: dict[str, Any]) -> float | None:
        proposing = time.process_time() - self._returned
        scores, seconds = self._surrogates[name].evaluate(config)
        score = None if scores is None else float(np.mean(scores))
        if len(self.scores) < self._n:
            self.scores.append(float("nan") if score is None else score)
            self.names.append(name)
            self.seconds.append(seconds)
            self.proposing.append(proposing)
        self._returned = time.process_time()
        return score


def peer_of(name: str) -> Callable[..., None]:
    """Return a peer, or this package without an ingredient, by its name."""
    if name in PEERS:
        return PEERS[name]
    from .ablations import ABLATIONS  # not every environment has this package

    if name not in ABLATIONS:
        raise SystemExit(f"{name!r} is none of {[*PEERS, *ABLATIONS]}")
    return ABLATIONS[name]


def run(
    problem: Problem, peer: str, seed: int, n: int = N_EVALUATIONS
) -> dict[str, Any]:
    """Let a peer work on a problem; return what it found and what it took."""
    recorder = Recorder(problem, n)
    spaces = {name: learner.space for name, learner in problem.learners.items()}
    peer_of(peer)(spaces, recorder, n, seed)
    return {
        "problem": problem.name,
        "peer": peer,
        "seed": seed,
        "scores": [round(score, 6) for score in recorder.scores],
        "names": recorder.names,
        "seconds": [float(f"{value:.3g}") for value in recorder.seconds],
        "proposing": [float(f"{value:.3g}") for value in recorder.proposing],
    }


def append(path: Path, peer: str, problem: Problem, seed: int, n: int) -> str:
    """Run, and add a line to a file."""
    line = json.dumps(run(problem, peer, seed, n)) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line.encode())  # at once, so that lines of workers stay whole
    os.close(descriptor)
    return problem.name


def load(path: Path) -> list[dict[str, Any]]:
    """Read the runs of a file, which may be compressed."""
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
    with opened as file:
        return [json.loads(line) for line in file]


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with what all scripts on these problems take."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many; 5")
    parser.add_argument("--n-jobs", type=int, default=2, help="processes; 2")
    parser.add_argument(
        "--aside", action="store_true", help="the problems kept aside instead"
    )
    return parser


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--peers", nargs="+", default=["random", "sklearn_btb"])
    parser.add_argument(
        "--kinds", nargs="+", default=["tune", "choose"], choices=[*NOT_FOR]
    )
    parser.add_argument("--n", type=int, default=N_EVALUATIONS, help="evaluations")
    parser.add_argument("--out", type=Path, default=Path("runs.jsonl"))
    options = parser.parse_args()
    for peer in options.peers:
        peer_of(peer)
    done = set()
    if options.out.exists():
        done = {(r["problem"], r["peer"], r["seed"]) for r in load(options.out)}
    tasks = [
        (peer, problem, seed)
        for kind in options.kinds
        for problem in problems(kind, options.aside)
        for peer in options.peers
        for seed in range(options.seeds)
        if (problem.name, peer, seed) not in done and peer not in NOT_FOR[kind]
    ]
    start = time.perf_counter()
    Parallel(options.n_jobs)(
        delayed(append)(options.out, *task, options.n) for task in tasks
    )
    print(f"{len(tasks)} runs in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
