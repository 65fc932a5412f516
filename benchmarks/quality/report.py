"""Tables and figures of the runs: `python -m benchmarks.quality.report runs.jsonl`.

The normalised score of a run after k evaluations is

    100 * max(0, best so far - median random) / (best known - median random)

with the median of the random part of the stored tables, and the best of tables and
runs. Intervals are 95 % bootstrap intervals over problems, of means over seeds.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from .collect import N_RANDOM
from .peers import PEERS
from .run import load
from .surrogate import tables_of

CHECKPOINTS = (10, 25, 50, 100)
OURS = "sklearn_btb"
N_BOOTSTRAP = 2000


def kind_of(problem: str) -> str:
    return "choose" if problem.endswith("/all") else "tune"


def best_so_far(scores: list[float]) -> np.ndarray:
    return np.fmax.accumulate(np.array(scores, dtype=float))


def scale_of(problem: str, runs: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the median random score and the best known one."""
    data_set, learner = problem.split("/")
    tables = tables_of(data_set)
    chosen = tables.values() if learner == "all" else [tables[learner]]
    # a learner that fails everywhere has no median to count for
    random = np.concatenate([table.scores[:N_RANDOM].mean(axis=1) for table in chosen])
    best = [
        np.nanmax(table.scores.mean(axis=1))
        for table in chosen
        if np.isfinite(table.scores).all(axis=1).any()
    ]
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
    return np.concatenate([curve, np.full(max(0, n - len(curve)), curve[-1])])[:n]


def interval(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    drawn = rng.choice(values, size=(N_BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def table(kind: str, runs: list[dict[str, Any]]) -> str:
    """Return the table of a kind of problem, in Markdown."""
    runs = [run for run in runs if kind_of(run["problem"]) == kind]
    found = curves(runs)
    peers = [
        peer
        for peer in dict.fromkeys(run["peer"] for run in runs)
        if all(peer in of_peer for of_peer in found.values())
    ]
    matrix = np.array([[found[p][peer] for peer in peers] for p in found])
    measures = {"AUC": matrix.mean(axis=2)}
    measures |= {f"@{k}": matrix[:, :, k - 1] for k in CHECKPOINTS}
    ranks = np.mean([rankdata(-row) for row in measures["AUC"]], axis=0)
    cost = defaultdict(list)
    for run in runs:
        cost[run["peer"]].append(1e3 * np.mean(run["proposing"]))
    rng = np.random.default_rng(0)
    ours = peers.index(OURS) if OURS in peers else None
    heads = [*measures, "rank", "AUC below ours", "ms a proposal"]
    lines = [
        f"{len(found)} problems, {len({run['seed'] for run in runs})} seeds",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for i in np.argsort(-measures["AUC"].mean(axis=0)):
        cells = []
        for values in measures.values():
            low, high = interval(values[:, i], rng)
            cells.append(f"{values[:, i].mean():.1f} ({low:.0f}-{high:.0f})")
        behind = ""
        if ours is not None and i != ours:
            difference = measures["AUC"][:, ours] - measures["AUC"][:, i]
            low, high = interval(difference, rng)
            behind = f"{difference.mean():.1f} ({low:.1f} - {high:.1f})"
        cells += [f"{ranks[i]:.1f}", behind, f"{np.mean(cost[peers[i]]):.1f}"]
        lines.append(f"| {peers[i]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure(kind: str, runs: list[dict[str, Any]], path: Path) -> None:
    """Draw the mean normalised score against the number of evaluations."""
    import matplotlib.pyplot as plt

    found = curves([run for run in runs if kind_of(run["problem"]) == kind])
    peers = [p for p in PEERS if all(p in of_peer for of_peer in found.values())]
    means = {p: np.mean([found[each][p] for each in found], axis=0) for p in peers}
    _, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    colours = plt.get_cmap("tab20")
    steps = np.arange(1, CHECKPOINTS[-1] + 1)
    for i, peer in enumerate(sorted(peers, key=lambda p: -means[p].mean())):
        ours = peer == OURS
        axes.plot(
            steps,
            means[peer],
            color="black" if ours else colours(i % 20),
            linewidth=2.5 if ours else 1.2,
            zorder=3 if ours else 2,
            label=f"{peer} ({means[peer].mean():.0f})",
        )
    axes.set(xlabel="evaluations", ylabel="normalised score", ylim=(0, 100))
    axes.legend(title="mean over all evaluations", fontsize=8, title_fontsize=8)
    axes.grid(alpha=0.3)
    plt.savefig(path, dpi=120)
    plt.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--figures", type=Path, help="a folder for figures")
    options = parser.parse_args()
    runs = [run for path in options.runs for run in load(path)]
    for kind in ("choose", "tune"):
        if any(kind_of(run["problem"]) == kind for run in runs):
            print(f"\n### {kind}\n\n{table(kind, runs)}")
            if options.figures is not None:
                options.figures.mkdir(exist_ok=True)
                figure(kind, runs, options.figures / f"{kind}.png")


if __name__ == "__main__":
    main()
