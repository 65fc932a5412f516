"""Tables and figures of the runs: `python -m benchmarks.quality.report runs.jsonl`.

The normalised score of a run after k evaluations is

    100 * max(0, best so far - median random) / (best known - median random)

with the median of the random part of the stored tables, and the best of tables and
runs. Intervals are 95 % bootstrap intervals over data sets, of means over seeds.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from .collect import N_FOLDS, N_RANDOM
from .problems import DATA_SETS
from .run import kind_of, load
from .surrogate import surrogates_of, tables_of

CHECKPOINTS = (10, 25, 50, 100)
OURS = "sklearn_btb"
N_BOOTSTRAP = 2000
FEW_FOR_AN_INTERVAL = 6
FEW_ROWS = ("wine", "moons", "many-columns", "friedman3", "sonar", "ionosphere")


def best_so_far(scores: list[float]) -> np.ndarray:
    return np.fmax.accumulate(np.array(scores, dtype=float))


def scale_of(problem: str, runs: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the median random score and the best known one."""
    data_set, choice = problem.split("/")
    tables, surrogates = tables_of(data_set), surrogates_of(data_set)
    names = list(tables) if choice == "all" else choice.split("+")
    # what always fails has neither a median nor a best
    chosen = [tables[name] for name in names if surrogates[name].works]
    random = np.concatenate([table.scores[:N_RANDOM].mean(axis=1) for table in chosen])
    best = [np.nanmax(table.scores.mean(axis=1)) for table in chosen]
    # a run may have had nothing but failures
    best += [np.nanmax([*run["scores"], -np.inf]) for run in runs]
    return float(np.nanmedian(random)), float(max(best))


def curves(runs: list[dict[str, Any]]) -> dict[str, dict[str, np.ndarray]]:
    """Return the normalised curves, mean over seeds, by problem and peer."""
    by_problem = defaultdict(list)
    for run in runs:
        by_problem[run["problem"]].append(run)
    result: dict[str, dict[str, np.ndarray]] = {}
    for problem, group in by_problem.items():
        low, high = scale_of(problem, group)
        of_peer = defaultdict(list)
        for run in group:
            curve = (best_so_far(run["scores"]) - low) / (high - low)
            of_peer[run["peer"]].append(
                100 * np.clip(np.nan_to_num(curve, nan=0), 0, 1)
            )
        result[problem] = {
            peer: np.mean([padded(curve) for curve in found], axis=0)
            for peer, found in of_peer.items()
        }
    return result


def padded(curve: np.ndarray) -> np.ndarray:
    """Continue a curve that ended early, as one of a finite space does."""
    n = CHECKPOINTS[-1]
    last = curve[-1] if len(curve) else 0.0
    return np.concatenate([curve, np.full(max(0, n - len(curve)), last)])[:n]


def interval(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Return a 95 % bootstrap interval of the mean."""
    drawn = rng.choice(values, size=(N_BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


class Results:
    """The runs of one kind of problem, as arrays of shape (problems, peers, ...)."""

    def __init__(self, kind: str, runs: list[dict[str, Any]]) -> None:
        runs = [run for run in runs if kind_of(run["problem"]) == kind]
        found = curves(runs)
        self.problems = list(found)
        ran = list(dict.fromkeys(run["peer"] for run in runs))
        # a peer that was not run on all problems is not compared
        self.peers = [p for p in ran if all(p in of_peer for of_peer in found.values())]
        self.left_out = [peer for peer in ran if peer not in self.peers]
        self.curves = np.array([[found[p][q] for q in self.peers] for p in found])
        seeds = defaultdict(set)
        for run in runs:
            seeds[run["peer"]].add(run["seed"])
        self.n_seeds = {peer: len(seeds[peer]) for peer in self.peers}
        self.auc = self.curves.mean(axis=2)
        self.order = np.argsort(-self.auc.mean(axis=0))
        groups = defaultdict(list)
        for run in runs:
            groups[run["problem"], run["peer"]].append(run)
        shape = len(self.problems), len(self.peers)
        steps = CHECKPOINTS[-1]
        self.proposing = np.empty((*shape, steps))  # seconds of each proposal
        self.elapsed = np.empty((*shape, steps))  # seconds, with those of the folds
        for i, problem in enumerate(self.problems):
            for j, peer in enumerate(self.peers):
                group = groups[problem, peer]
                costs = [padded(np.array(r["proposing"])) for r in group]
                self.proposing[i, j] = np.mean(costs, axis=0)
                clocks = [
                    N_FOLDS * np.cumsum(r["seconds"]) + np.cumsum(r["proposing"])
                    for r in group
                ]
                self.elapsed[i, j] = np.mean([padded(c) for c in clocks], axis=0)

    def at(self, k: int) -> np.ndarray:
        return self.curves[:, :, k - 1]

    def by_set(self, values: np.ndarray) -> np.ndarray:
        """Return the means over the problems of each data set: those are related."""
        names = [problem.split("/")[0] for problem in self.problems]
        return np.array(
            [
                values[[name == each for each in names]].mean(axis=0)
                for name in dict.fromkeys(names)
            ]
        )

    @property
    def ours(self) -> int:
        return self.peers.index(OURS)


def with_interval(values: np.ndarray, rng: np.random.Generator, digits: int = 1) -> str:
    low, high = interval(values, rng)
    return f"{values.mean():.1f} ({low:.{digits}f} - {high:.{digits}f})"


def shown(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "never"


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def table(results: Results) -> str:
    """Return the scores of every peer, in Markdown."""
    rng = np.random.default_rng(0)
    measures = {"AUC": results.auc} | {f"@{k}": results.at(k) for k in CHECKPOINTS}
    means = {name: results.by_set(values) for name, values in measures.items()}
    ranks = results.by_set(np.array([rankdata(-row) for row in results.auc]))
    rows = []
    for i in results.order:
        cells = [with_interval(values[:, i], rng, 0) for values in means.values()]
        cells.append(with_interval(ranks[:, i], rng))
        cells.append(f"{1e3 * results.proposing[:, i].mean():.1f}")
        rows.append([results.peers[i], *cells])
    return markdown([*measures, "rank", "ms a proposal"], rows)


def comparison(results: Results) -> str:
    """Return by how much this package is ahead of every peer, paired by data set.

    Then, by problem: how many evaluations it takes to the score that the peer ends
    with, and how many the peer takes (medians, of the mean curves), on how many
    problems it gets there, and the median ratio of the times, evaluations and proposals
    together.
    """
    rng = np.random.default_rng(0)
    ours, last = results.ours, results.at(CHECKPOINTS[-1])
    rows = []
    for i in results.order:
        if i == ours:
            continue
        steps, times = [], []
        for j in (ours, i):
            reached = results.curves[:, j] >= last[:, i, np.newaxis]
            step = np.where(reached.any(axis=1), reached.argmax(axis=1), -1)
            time = results.elapsed[np.arange(len(step)), j, step]
            steps.append(np.where(step >= 0, step + 1, np.inf))
            times.append(np.where(step >= 0, time, np.inf))
        auc, at_25 = results.auc, results.at(25)
        rows.append(
            [
                results.peers[i],
                with_interval(results.by_set(auc[:, ours] - auc[:, i]), rng),
                with_interval(results.by_set(last[:, ours] - last[:, i]), rng),
                with_interval(results.by_set(at_25[:, ours] - last[:, i]), rng),
                " / ".join(shown(np.median(step), 0) for step in steps),
                f"{np.isfinite(steps[0]).sum()} of {len(last)}",
                shown(np.median(times[0] / times[1]), 2),
            ]
        )
    heads = ["AUC ahead by", "@100 ahead by", "our @25 - its @100"]
    heads += ["evaluations to its @100, ours / its", "reached", "time, ours / its"]
    return markdown(heads, rows)


def groups_of(problem: str) -> list[str]:
    """Return what a problem of tuning is counted to: learner, dimension and rows."""
    data_set, learner = problem.split("/")
    n_dims = len(DATA_SETS[data_set].learners[learner].space)
    few = data_set in FEW_ROWS
    return [
        learner,
        f"{n_dims} hyperparameters" if n_dims < 5 else "5 or more hyperparameters",
        "fewer than 400 rows" if few else "400 rows or more",
    ]


def by_group(results: Results) -> str:
    """Return by how much the AUC of this package is ahead, by group of problems."""
    rng = np.random.default_rng(0)
    ours = results.ours
    members = defaultdict(list)
    for i, problem in enumerate(results.problems):
        for group in groups_of(problem):
            members[group].append(i)
    others = [i for i in results.order if i != ours]
    rows = []
    for group, indices in sorted(members.items()):
        ahead = results.auc[indices][:, [ours]] - results.auc[indices]
        if len(indices) < FEW_FOR_AN_INTERVAL:
            cells = [f"{ahead[:, i].mean():.1f}" for i in others]
        else:
            cells = [with_interval(ahead[:, i], rng, 0) for i in others]
        rows.append([f"{group} ({len(indices)})", *cells])
    return markdown([results.peers[i] for i in others], rows)


def figure(results: Results, path: Path) -> None:
    """Draw the mean normalised score and the cost of a proposal by evaluations."""
    import matplotlib.pyplot as plt

    _, (above, below) = plt.subplots(
        2, figsize=(8, 9), height_ratios=(2, 1), sharex=True, layout="constrained"
    )
    colours = plt.get_cmap("tab20")
    steps = np.arange(1, CHECKPOINTS[-1] + 1)
    for i, index in enumerate(results.order):
        ours = results.peers[index] == OURS
        style = {
            "color": "black" if ours else colours(i % 20),
            "linewidth": 2.5 if ours else 1.2,
            "zorder": 3 if ours else 2,
        }
        label = f"{results.peers[index]} ({results.auc[:, index].mean():.0f})"
        above.plot(steps, results.curves[:, index].mean(axis=0), label=label, **style)
        cost = 1e3 * np.median(results.proposing[:, index], axis=0)
        below.plot(steps, cost, **style)
    above.set(ylabel="normalised score", ylim=(0, 100))
    above.legend(title="mean over all evaluations", fontsize=8, title_fontsize=8)
    below.set(ylabel="CPU ms of a proposal", xlabel="evaluations", yscale="log")
    below.set_ylim(0.1, None)
    for axes in (above, below):
        axes.grid(alpha=0.3)
    plt.savefig(path, dpi=100)
    plt.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--figures", type=Path, help="a folder for figures")
    options = parser.parse_args()
    runs = [run for path in options.runs for run in load(path)]
    for kind in ("choose", "few", "tune"):
        if not any(kind_of(run["problem"]) == kind for run in runs):
            continue
        results = Results(kind, runs)
        seeds = ", ".join(f"{p} {n}" for p, n in results.n_seeds.items())
        print(f"\n### {kind}: {len(results.problems)} problems\n\nSeeds: {seeds}")
        if results.left_out:
            print(f"\nNot run on all of them: {', '.join(results.left_out)}")
        print(f"\n{table(results)}")
        if OURS in results.peers:
            print(f"\n{comparison(results)}")
            if kind == "tune":
                print(f"\n{by_group(results)}")
        if options.figures is not None:
            options.figures.mkdir(exist_ok=True)
            figure(results, options.figures / f"{kind}.png")


if __name__ == "__main__":
    main()
