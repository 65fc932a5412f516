"""What knowledge from other data is worth: python -m benchmarks.quality.portfolios

Runs this package from the estimators' own parameters, and from these and a portfolio of
three configurations a learner, chosen greedily from the tables of the data sets for
development; on one of these, without its own. It appends to the same file as
`benchmarks.quality.run`, for `benchmarks.quality.report`.

    --print     shows the portfolios of the default spaces of this package instead
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from sklearn_btb import BTBSession, Tunable, default_space

from . import peers
from .problems import DATA_SETS, Learner, data_of
from .run import N_EVALUATIONS, Problem, append, arguments, load, problems
from .spaces import N_LEVELS, decode
from .surrogate import surrogates_of, tables_of

SIZE = 3
N_CANDIDATES = 10  # the best of each table
N_DRAWN, N_TRANSLATED = 1500, 400  # of a default space, at most
NAMES = {"sklearn_btb from own parameters": 0, "sklearn_btb with a portfolio": SIZE}

Config = dict[str, Any]


def is_regression(data_set: str) -> bool:
    return DATA_SETS[data_set].scoring in ("r2", "neg_root_mean_squared_error")


def known_sets(like: str) -> list[str]:
    """List the data sets for development of the same kind, without this one."""
    return [
        name
        for name, data_set in DATA_SETS.items()
        if not data_set.aside
        and name != like
        and is_regression(name) == is_regression(like)
    ]


def value(data_set: str, learner: str, config: Config) -> float:
    """Score a configuration: 0 at the median of the table, 1 at its best."""
    means = tables_of(data_set)[learner].scores.mean(axis=1)
    median, best = np.nanmedian(means), np.nanmax(means)
    scores, _ = surrogates_of(data_set)[learner].evaluate(config)
    if scores is None or best == median:
        return -1.0
    return float(np.clip((np.mean(scores) - median) / (best - median), -1, 1))


def greedy(values: np.ndarray) -> list[int]:
    """Choose columns that add most to the mean of the rows' maxima.

    Parameters
    ----------
    values : ndarray of shape (n_data_sets, n_configs)
        The first column is chosen already.
    """
    reached, chosen = values[:, 0], []
    for _ in range(SIZE):
        chosen.append(int(np.maximum(reached[:, None], values).mean(axis=0).argmax()))
        reached = np.maximum(reached, values[:, chosen[-1]])
    return chosen


def tunable_of(learner: Learner) -> Tunable:
    space = peers.as_tunable(learner.space).space
    return Tunable(space, defaults=learner.estimator.get_params())


@cache
def portfolio_for(data_set: str, name: str) -> list[Config]:
    learner = DATA_SETS[data_set].learners[name]
    sets = [s for s in known_sets(data_set) if surrogates_of(s)[name].works]
    configs = [tunable_of(learner).defaults]
    for each in sets:
        table = tables_of(each)[name]
        means = np.nan_to_num(table.scores.mean(axis=1), nan=-np.inf)
        for row in np.argsort(-means)[:N_CANDIDATES]:
            levels = (table.points[row] * N_LEVELS).astype(int)
            configs.append(decode(learner.space, levels))
    values = np.array([[value(s, name, c) for c in configs] for s in sets])
    return [configs[i] for i in greedy(values)]


def peer_for(problem: Problem, size: int) -> Callable[..., None]:
    def peer(spaces: Any, objective: Any, n: int, seed: int) -> None:
        learners = problem.learners
        session = BTBSession(
            {name: tunable_of(learner) for name, learner in learners.items()},
            objective,
            tuner_class="auto",
            selector_class="auto",
            max_errors=10 if len(learners) > 1 else n + 1,
            initial_configs={
                name: portfolio_for(problem.data_set, name)[:size]
                for name in learners
                if size and surrogates_of(problem.data_set)[name].works
            },
            random_state=seed,
        )
        session.run(n)

    return peer


def _append(path: Path, name: str, problem: Problem, seed: int) -> None:
    peers.PEERS[name] = peer_for(problem, NAMES[name])
    append(path, name, problem, seed, N_EVALUATIONS)


# -- the default spaces, in the words of the tables' spaces ---------------------------


def _translated(
    name: str, config: Config, n_rows: int, n_columns: int
) -> Config | None:
    """Return the configuration of the table's space, None if it has none."""
    c = dict(config)
    if name == "logreg":
        return {**c, "l1_ratio": 0.0}
    if name in ("svc", "svr"):
        if c.pop("class_weight", None) is not None:
            return None
        gamma = 1 / n_columns if c["gamma"] == "scale" else c["gamma"]
        rest = {"degree": 3, "shrinking": True} if name == "svc" else {}
        gamma = float(np.clip(gamma, 1e-4, 10))
        return {**c, "gamma": gamma, "kernel": "rbf", "coef0": 0.0, **rest}
    if name == "neighbours":
        return {**c, "p": float(c["p"])}
    if name == "boosting":
        small = c["max_iter"] <= 100 and c["max_leaf_nodes"] <= 64
        if not small or c.pop("class_weight", None) is not None:
            return None
        c["min_samples_leaf"] = min(c["min_samples_leaf"], 60)
        c["l2_regularization"] = max(c["l2_regularization"], 1e-6)
        c["max_features"] = max(c["max_features"], 0.2)
        return {**c, "max_bins": 255}
    if name == "tree":
        if c.pop("ccp_alpha", 0.0):
            return None
        split = float(np.clip(c["min_samples_split"] / n_rows, 0.001, 0.3))
        c |= {"min_samples_split": split, "max_features": 1.0}
        c |= {"max_depth": c["max_depth"] or 30}
        return c
    if name == "forest":
        part = n_columns**-0.5 if c["max_features"] == "sqrt" else c["max_features"]
        c["max_features"] = max(0.1, part)
        return {**c, "bootstrap": True, "max_depth": 30, "min_samples_split": 0.001}
    return c


def _rounded(config: Config) -> Config:
    return {
        k: float(f"{v:.2g}") if isinstance(v, float) else v for k, v in config.items()
    }


def portfolio_of_default_space(name: str, sets: list[str]) -> list[Config]:
    learner = DATA_SETS[sets[0]].learners[name]
    estimator = type(learner.estimator)()
    tunable = Tunable(default_space(estimator), defaults=estimator.get_params())
    drawn = tunable.decode(tunable.sample(N_DRAWN, np.random.default_rng(0)))
    own = estimator.get_params()
    configs = [{parameter: own[parameter] for parameter in tunable.names}]
    translatable = [c for c in map(_rounded, drawn) if _translated(name, c, 400, 10)]
    configs += translatable[:N_TRANSLATED]
    rows = []
    for data_set in sets:
        if surrogates_of(data_set)[name].works:
            X, _ = data_of(DATA_SETS[data_set])
            shape = len(X) * 4 // 5, X.shape[1]
            known = learner.space
            rows.append([])
            for config in configs:
                translated = _translated(name, config, *shape) or {}
                translated = {key: translated[key] for key in known}
                rows[-1].append(value(data_set, name, translated))
    return [configs[i] for i in greedy(np.array(rows))]


def print_portfolios() -> None:
    for regression in (False, True):
        like = next(name for name in DATA_SETS if is_regression(name) == regression)
        sets = [like, *known_sets(like)]
        sets = [name for name in sets if not DATA_SETS[name].aside]
        for name, learner in DATA_SETS[like].learners.items():
            if name not in ("bayes", "qda", "network"):
                print(type(learner.estimator).__name__)
                for config in portfolio_of_default_space(name, sets):
                    print("   ", config)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--kinds", nargs="+", default=["tune", "choose"])
    parser.add_argument("--out", type=Path, default=Path("runs.jsonl"))
    parser.add_argument("--print", action="store_true", help="portfolios, no runs")
    options = parser.parse_args()
    if options.print:
        print_portfolios()
        return
    done = set()
    if options.out.exists():
        done = {(r["problem"], r["peer"], r["seed"]) for r in load(options.out)}
    Parallel(options.n_jobs)(
        delayed(_append)(options.out, name, problem, seed)
        for kind in options.kinds
        for problem in problems(kind, options.aside)
        for name in NAMES
        for seed in range(options.seeds)
        if (problem.name, name, seed) not in done
    )


if __name__ == "__main__":
    main()
