"""What an earlier search is worth: python -m benchmarks.quality.transfer

Runs 50 evaluations from the estimators' own parameters, and with `initial_params` from
the results of an earlier search of 50: as they are, and with all scores negated, so
that what passes for the best is the worst. The earlier search is one on other data for
development of the same kind, different ones for different seeds. Prints by how much
each is ahead of the search without, over what there is in the file; runs that it
already has are not repeated.

    --earlier sample    on a fifth of the same rows instead, by real fits; only on the
                        data sets that come with scikit-learn or are computed
"""

import warnings
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import cross_val_score, train_test_split

from sklearn_btb import BTBSession
from sklearn_btb._starting_points import starting_points

from . import peers
from .collect import splits_of
from .portfolios import Config, is_regression, known_sets, tunable_of
from .problems import BUNDLED, DATA_SETS, data_of
from .report import Results, markdown, with_interval
from .run import Problem, append, arguments, kind_of, load, problems
from .surrogate import surrogates_of

N_EARLIER = 50
N_EVALUATIONS = 50
SHARE = 0.2  # of the rows, in a sample
STEPS = (5, 10, 25, 50)
ALONE = "no earlier search"
MISLEADING = "a misleading one"
NAMES = (ALONE, "an earlier search", MISLEADING)

Scorer = Callable[[str, Config], float | None]


def session_for(
    problem: Problem, scorer: Scorer, n: int, seed: int, **options: Any
) -> BTBSession:
    learners = problem.learners
    return BTBSession(
        {name: tunable_of(learner) for name, learner in learners.items()},
        scorer,
        tuner_class="auto",
        selector_class="auto",
        max_errors=10 if len(learners) > 1 else n + 1,
        random_state=seed,
        **options,
    )


def other_set(problem: Problem, seed: int) -> str:
    """Choose a data set for development of the same kind, in turn by the seed."""
    names = known_sets(problem.data_set)
    if kind_of(problem.name) == "tune":
        names = [name for name in names if surrogates_of(name)[problem.choice].works]
    order = np.random.default_rng(list(problem.name.encode())).permutation(names)
    return str(order[seed % len(order)])


def on_other_data(problem: Problem, seed: int) -> Scorer:
    surrogates = surrogates_of(other_set(problem, seed))

    def score(name: str, config: Config) -> float | None:
        scores, _ = surrogates[name].evaluate(config)
        return None if scores is None else float(np.mean(scores))

    return score


def on_a_sample(problem: Problem, seed: int) -> Scorer:
    data_set = DATA_SETS[problem.data_set]
    X, y = data_of(data_set)
    classes = None if is_regression(problem.data_set) else y
    X, _, y, _ = train_test_split(
        X, y, train_size=SHARE, stratify=classes, random_state=seed
    )
    splits = splits_of(data_set, X, y)

    def score(name: str, config: Config) -> float | None:
        estimator = data_set.learners[name].make(config)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of fits that fail or do not converge
            return float(
                cross_val_score(
                    estimator, X, y, cv=splits, scoring=data_set.scoring
                ).mean()
            )

    return score


SOURCES = {"other": on_other_data, "sample": on_a_sample}


@cache
def earlier_results(problem: Problem, seed: int, source: str) -> dict[str, list[Any]]:
    """Search on something else; return of its `cv_results_` what is read of them."""
    scorer = SOURCES[source](problem, seed)
    session = session_for(problem, scorer, N_EARLIER, 1000 + seed)
    session.run(N_EARLIER)
    proposals = list(session.proposals.values())
    scores = [np.nan if each["score"] is None else each["score"] for each in proposals]
    return {
        "estimator_name": [each["name"] for each in proposals],
        "params": [each["config"] for each in proposals],
        "mean_test_score": scores,
    }


def initial_configs(
    name: str, problem: Problem, seed: int, source: str
) -> dict[str, list[Config]]:
    """Return what `BTBSearchCV` tries after the estimators' own parameters."""
    if name == ALONE:
        return {}
    results = earlier_results(problem, seed, source)
    if name == MISLEADING:
        negated = [-score for score in results["mean_test_score"]]
        results = {**results, "mean_test_score": negated}
    learners = problem.learners
    tunables = {each: tunable_of(learner) for each, learner in learners.items()}
    return starting_points(results, tunables, single=False)


def _append(path: Path, name: str, problem: Problem, seed: int, source: str) -> None:
    def peer(spaces: Any, objective: Any, n: int, seed: int) -> None:
        initial = initial_configs(name, problem, seed, source)
        session = session_for(problem, objective, n, seed, initial_configs=initial)
        session.run(n)

    peers.PEERS[name] = peer
    append(path, name, problem, seed, N_EVALUATIONS)


def complete(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the problems and seeds that all were run on, for differences in pairs."""
    groups = defaultdict(list)
    for run in runs:
        groups[run["problem"], run["seed"]].append(run)
    names = {run["peer"] for run in runs}
    return [
        run for group in groups.values() if len(group) == len(names) for run in group
    ]


def table(results: Results) -> str:
    """Return the scores without an earlier search, and what is gained, in Markdown."""
    rng = np.random.default_rng(0)
    measures = {f"@{k}": results.at(k) for k in STEPS}
    measures["AUC"] = results.curves[:, :, :N_EVALUATIONS].mean(axis=2)
    means = [results.by_set(values) for values in measures.values()]
    alone = results.peers.index(ALONE)
    rows = [[ALONE, *(f"{values[:, alone].mean():.1f}" for values in means)]]
    for i, name in enumerate(results.peers):
        if i != alone:
            gains = [values[:, i] - values[:, alone] for values in means]
            rows.append([name, *(with_interval(gain, rng) for gain in gains)])
    return markdown(list(measures), rows)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--kinds", nargs="+", default=["choose", "tune"])
    parser.add_argument("--earlier", default="other", choices=[*SOURCES])
    parser.add_argument("--out", type=Path, default=Path("transfer.jsonl"))
    options = parser.parse_args()
    chosen = [
        problem
        for kind in options.kinds
        for problem in problems(kind, options.aside)
        if options.earlier == "other" or problem.data_set in BUNDLED
    ]
    done = set()
    if options.out.exists():
        done = {(r["problem"], r["peer"], r["seed"]) for r in load(options.out)}
    Parallel(options.n_jobs)(
        delayed(_append)(options.out, name, problem, seed, options.earlier)
        for seed in range(options.seeds)  # so that an end before is even
        for problem in chosen
        for name in NAMES
        if (problem.name, name, seed) not in done
    )
    names = {problem.name for problem in chosen}
    runs = complete([run for run in load(options.out) if run["problem"] in names])
    for kind in options.kinds:
        of_kind = [run for run in runs if kind_of(run["problem"]) == kind]
        results = Results(kind, of_kind)
        n = len(results.problems)
        print(f"\n### {kind}: {n} problems, {max(results.n_seeds.values())} seeds\n")
        print(table(results))


if __name__ == "__main__":
    main()
