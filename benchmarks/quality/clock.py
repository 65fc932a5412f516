"""The score against time instead of evaluations: `python -m benchmarks.quality.clock`.

Workers of equal speed evaluate side by side, each for the seconds that are stored with
the tables and `PROPOSING` more. A search has as much time as one worker needs for
`--evaluations` configurations of the tables at random. Where the best learner is a
cheap one, it ends before, after 200 results a worker.

    --workers 1 4 8         more workers, in the same time
    --selectors max_ucb cost_aware    by the number of evaluations or by their time
    --contrast 1.7          seconds to the power of it, as if the learners' costs were
                            that much more unequal

The normalised score is that of `benchmarks.quality.report`, AUC its mean over the time.
Differences are to the first row, paired by problem, with 95 % bootstrap intervals.
"""

import heapq
import itertools
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from sklearn_btb import BTBSession, StopTuning

from .collect import N_FOLDS
from .peers import as_tunable
from .report import best_so_far, interval, scale_of
from .run import Problem, arguments, problems
from .surrogate import surrogates_of, tables_of

PROPOSING = 0.01  # seconds
MOST_EACH = 200
SHARES = (0.1, 0.25, 0.5, 1.0)  # of the time
GRID = np.linspace(0.01, 1.0, 100)


def simulate(
    problem: Problem,
    selector: str,
    n_workers: int,
    seed: int,
    *,
    evaluations: float,
    contrast: float,
) -> dict[str, Any]:
    """Search until the time is over; return when each result came, and its score."""
    tables, surrogates = tables_of(problem.data_set), surrogates_of(problem.data_set)
    learners = problem.learners
    mean = np.mean([np.mean(tables[name].seconds ** contrast) for name in learners])
    # as a share of a mean evaluation, which `contrast` leaves as long as it is
    seconds_of_one = N_FOLDS * np.mean(
        [np.mean(tables[name].seconds) for name in learners]
    )
    proposing = PROPOSING / seconds_of_one
    session = BTBSession(
        {name: as_tunable(learner.space) for name, learner in learners.items()},
        lambda name, config: None,
        tuner_class="auto",
        selector_class=selector,
        max_errors=10 if len(learners) > 1 else 10**9,
        random_state=seed,
    )
    running: list[tuple[float, int, Any]] = []
    order = itertools.count()
    now = 0.0
    times, scores = [], []
    while now < evaluations and len(times) < MOST_EACH * n_workers:
        while len(running) < n_workers:
            try:
                name, config = session.propose()
            except StopTuning:
                break
            found, seconds = surrogates[name].evaluate(config)
            cost = seconds**contrast / mean
            busy = cost + proposing
            score = None if found is None else float(np.mean(found))
            result = name, config, score, cost
            heapq.heappush(running, (now + busy, next(order), result))
        if not running:
            break
        now, _, (name, config, score, cost) = heapq.heappop(running)
        session.record(name, config, score, cost=cost)
        times.append(now / evaluations)
        scores.append(float("nan") if score is None else score)
    return {"problem": problem.name, "times": times, "scores": scores}


def curve(run: dict[str, Any], low: float, high: float) -> np.ndarray:
    """Return the normalised score at each point of `GRID`."""
    best = (best_so_far(run["scores"]) - low) / (high - low)
    last = np.searchsorted(run["times"], GRID, side="right") - 1
    values = np.where(last >= 0, best[np.maximum(last, 0)], 0.0)
    return 100 * np.clip(np.nan_to_num(values, nan=0.0), 0, 1)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--kind", default="choose", choices=["choose", "tune"])
    parser.add_argument("--selectors", nargs="+", default=["auto"])
    parser.add_argument("--workers", nargs="+", type=int, default=[1])
    parser.add_argument("--contrast", type=float, default=1.0)
    parser.add_argument("--evaluations", type=float, default=50.0)
    options = parser.parse_args()
    rows = list(itertools.product(options.selectors, options.workers))
    chosen = list(problems(options.kind, options.aside))
    runs = Parallel(options.n_jobs)(
        delayed(simulate)(
            problem,
            selector,
            n_workers,
            seed,
            evaluations=options.evaluations,
            contrast=options.contrast,
        )
        for problem in chosen
        for selector, n_workers in rows
        for seed in range(options.seeds)
    )
    shape = len(chosen), len(rows), options.seeds
    found = np.empty((*shape, len(GRID)))
    scales = {
        problem.name: scale_of(
            problem.name, [run for run in runs if run["problem"] == problem.name]
        )
        for problem in chosen
    }
    for index, run in zip(np.ndindex(shape), runs, strict=True):
        found[index] = curve(run, *scales[run["problem"]])
    means = found.mean(axis=2)
    rng = np.random.default_rng(0)
    heads = ["AUC", *(f"@{share:.0%}" for share in SHARES), "AUC gained", "evaluations"]
    print(f"{len(chosen)} problems, {options.seeds} seeds\n")
    print("| selector, workers |", " | ".join(heads), "|")
    print("|---" * (len(heads) + 1) + "|")
    for i, (selector, n_workers) in enumerate(rows):
        cells = [f"{means[:, i].mean():.1f}"]
        at = np.searchsorted(GRID, SHARES)
        cells += [f"{value:.1f}" for value in means[:, i, at].mean(axis=0)]
        gained = (means[:, i] - means[:, 0]).mean(axis=1)
        low, high = interval(gained, rng)
        cells.append(f"{gained.mean():.1f} ({low:.1f} - {high:.1f})" if i else "")
        counts = [len(run["scores"]) for run in runs]
        cells.append(f"{np.mean(np.reshape(counts, shape)[:, i]):.0f}")
        print(f"| {selector}, {n_workers} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
