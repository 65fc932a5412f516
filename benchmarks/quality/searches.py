"""The searches themselves, end to end, on real fits:

    python -m benchmarks.quality.searches --seeds 3 --out searches.jsonl
    python -m benchmarks.quality.searches --report searches.jsonl

`RandomizedSearchCV`, `BayesSearchCV`, `OptunaSearchCV` and `BTBSearchCV` get as many
candidates, `HalvingRandomSearchCV` what it takes by default; each is written as its
users write it. Half of the rows are for the search, on three folds, the others are held
out. The winner is evaluated anew on the same folds for all searches, since that of
`HalvingRandomSearchCV` was chosen on fewer rows. Several learners are one Pipeline
whose last step is a parameter, where a search can express that; `OptunaSearchCV` has no
words for it, and `BayesSearchCV` gives each learner an equal share, here 8 candidates,
which is less than it begins its model with.
"""

import argparse
import json
import time
import warnings
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .peers import as_scipy, as_tunable
from .problems import DATA_SETS, Learner, data_of
from .report import interval
from .run import load
from .spaces import Choice, Int, Space

N_ITER = 40
# learners whose parameters are all parameters of one estimator
TUNED = {
    "digits": "svc",
    "four-classes": "boosting",
    "friedman1": "svr",
    "breast-cancer": "forest",
    "diabetes": "boosting",
}
CHOSEN = {
    "four-classes": ("logreg", "svc", "neighbours", "forest", "boosting"),
    "many-columns": ("logreg", "svc", "neighbours", "forest", "boosting"),
    "friedman1": ("elastic", "svr", "neighbours", "forest", "boosting"),
}


def prefixed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"model__{key}": value for key, value in values.items()}


def for_sklearn(space: Space) -> dict[str, Any]:
    return {key: as_scipy(dim) for key, dim in space.items()}


def for_skopt(space: Space) -> dict[str, Any]:
    from skopt.space import Categorical, Integer, Real

    def values(dim: Any) -> Any:
        if isinstance(dim, Choice):
            return Categorical(list(dim.values))
        kind = Integer if isinstance(dim, Int) else Real
        return kind(dim.low, dim.high, prior="log-uniform" if dim.log else "uniform")

    return {key: values(dim) for key, dim in space.items()}


def for_optuna(space: Space) -> dict[str, Any]:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    def values(dim: Any) -> Any:
        if isinstance(dim, Choice):
            return CategoricalDistribution(list(dim.values))
        kind = IntDistribution if isinstance(dim, Int) else FloatDistribution
        return kind(dim.low, dim.high, log=dim.log)

    return {key: values(dim) for key, dim in space.items()}


def pipeline(learner: Learner) -> Pipeline:
    return Pipeline([("scale", StandardScaler()), ("model", learner.estimator)])


def with_models(learners: dict[str, Learner], words: Any, models: Any) -> list[Any]:
    """Write a space a learner, in which the last step is a parameter as well."""
    return [
        {"model": models(learner.estimator)} | prefixed(words(learner.space))
        for learner in learners.values()
    ]


def randomized(learners: dict[str, Learner], seed: int, **options: Any) -> Any:
    spaces = with_models(learners, for_sklearn, lambda model: [model])
    first = pipeline(next(iter(learners.values())))
    return RandomizedSearchCV(
        first, spaces, n_iter=N_ITER, random_state=seed, **options
    )


def halving(learners: dict[str, Learner], seed: int, **options: Any) -> Any:
    spaces = with_models(learners, for_sklearn, lambda model: [model])
    first = pipeline(next(iter(learners.values())))
    return HalvingRandomSearchCV(first, spaces, random_state=seed, **options)


def bayes(learners: dict[str, Learner], seed: int, **options: Any) -> Any:
    from skopt import BayesSearchCV
    from skopt.space import Categorical

    spaces = with_models(learners, for_skopt, lambda model: Categorical([model]))
    share = N_ITER // len(learners)  # it tunes one space after the other
    return BayesSearchCV(
        pipeline(next(iter(learners.values()))),
        [(space, share) for space in spaces],
        n_iter=share,
        random_state=seed,
        **options,
    )


def optuna_search(learners: dict[str, Learner], seed: int, **options: Any) -> Any:
    import optuna
    from optuna_integration import OptunaSearchCV

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    [learner] = learners.values()
    space = prefixed(for_optuna(learner.space))
    return OptunaSearchCV(
        pipeline(learner), space, n_trials=N_ITER, random_state=seed, **options
    )


def btb(learners: dict[str, Learner], seed: int, **options: Any) -> Any:
    from sklearn_btb import BTBSearchCV

    return BTBSearchCV(
        {name: pipeline(learner) for name, learner in learners.items()},
        {
            name: as_tunable(prefixed(learner.space))
            for name, learner in learners.items()
        },
        n_iter=N_ITER,
        random_state=seed,
        **options,
    )


SEARCHES = {
    "RandomizedSearchCV": randomized,
    "HalvingRandomSearchCV": halving,
    "BayesSearchCV": bayes,
    "OptunaSearchCV": optuna_search,
    "BTBSearchCV": btb,
}


def tasks() -> list[tuple[str, tuple[str, ...]]]:
    return [*((name, (learner,)) for name, learner in TUNED.items()), *CHOSEN.items()]


def run(
    data_set: str, names: tuple[str, ...], search_name: str, seed: int
) -> dict[str, Any]:
    """Search with half of the rows; return what the winner is worth."""
    facts = DATA_SETS[data_set]
    X, y = data_of(facts)
    classes = y if y.dtype.kind in "iub" else None
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, random_state=seed, stratify=classes
    )
    kind = KFold if classes is None else StratifiedKFold
    splits = kind(3, shuffle=True, random_state=seed)
    learners = {name: facts.learners[name] for name in names}
    search = SEARCHES[search_name](learners, seed, scoring=facts.scoring, cv=splits)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
        seconds = time.perf_counter() - start
        best = clone(search.best_estimator_)
        validated = cross_val_score(best, X, y, scoring=facts.scoring, cv=splits)
    median = None
    if search_name == "RandomizedSearchCV":
        median = float(np.nanmedian(search.cv_results_["mean_test_score"]))
    return {
        "problem": f"{data_set}/{'+'.join(names)}",
        "peer": search_name,
        "seed": seed,
        "validated": float(validated.mean()),
        # not by the search: one has a `decision_function` where the winner has none
        "held_out": float(
            get_scorer(facts.scoring)(search.best_estimator_, X_test, y_test)
        ),
        "seconds": seconds,
        "median": median,
    }


def table(runs: list[dict[str, Any]]) -> str:
    """Return the table; 0 is the median random candidate, 100 the best winner.

    Held-out scores are in hundredths of the metric.
    """
    groups = defaultdict(list)
    for each in runs:
        groups[each["problem"], each["seed"]].append(each)
    rows: dict[str, dict[str, list[list[float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for (problem, _), group in groups.items():
        found = {each["peer"]: each for each in group}
        low = found["RandomizedSearchCV"]["median"]
        high = max(each["validated"] for each in group)
        for peer, each in found.items():
            gain = 100 * (each["validated"] - low) / max(high - low, 1e-12)
            held_out = 100 * (found["BTBSearchCV"]["held_out"] - each["held_out"])
            rows[peer][problem].append([gain, held_out, each["seconds"]])
    rng = np.random.default_rng(0)
    ours = {p: np.mean(v, axis=0) for p, v in rows["BTBSearchCV"].items()}
    heads = "problems | cross-validated | ours ahead by | held out, ours ahead by"
    lines = [f"| | {heads} | seconds |", "|---" * 6 + "|"]
    for peer, of_problem in rows.items():
        means = np.array([np.mean(v, axis=0) for v in of_problem.values()])
        behind = np.array([ours[p][0] for p in of_problem]) - means[:, 0]
        low, high = interval(behind, rng)
        below, above = interval(means[:, 1], rng)
        cells = [str(len(means)), f"{means[:, 0].mean():.1f}"]
        cells.append(f"{behind.mean():.1f} ({low:.1f} - {high:.1f})")
        cells.append(f"{means[:, 1].mean():.2f} ({below:.2f} - {above:.2f})")
        cells.append(f"{means[:, 2].mean():.1f}")
        lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--searches", nargs="+", default=[*SEARCHES])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("searches.jsonl"))
    parser.add_argument("--report", type=Path, help="only show what is in this file")
    options = parser.parse_args()
    if options.report is None:
        done = set()
        if options.out.exists():
            done = {(r["problem"], r["peer"], r["seed"]) for r in load(options.out)}
        for data_set, names in tasks():
            for seed in range(options.seeds):
                for search_name in options.searches:
                    problem = f"{data_set}/{'+'.join(names)}"
                    if (problem, search_name, seed) in done:
                        continue
                    if search_name == "OptunaSearchCV" and len(names) > 1:
                        continue
                    with options.out.open("a") as file:
                        file.write(
                            json.dumps(run(data_set, names, search_name, seed)) + "\n"
                        )
    print(table(load(options.report or options.out)))


if __name__ == "__main__":
    main()
