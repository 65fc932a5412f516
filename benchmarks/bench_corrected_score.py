"""How optimistic the score of a winner is, and what corrects it, where truth is known.

    python benchmarks/bench_corrected_score.py [--repetitions 300] [--n-jobs 2]
    python benchmarks/bench_corrected_score.py --racing [--repetitions 180]

Every repetition makes a data set, half of them pure noise, and draws the number of
rows, folds and candidates; the metrics take turns. `RandomizedSearchCV` and
`BTBSearchCV` search four estimators. The truth is the score of the refitted winner on
4,000 fresh rows. (A mean of R2 over folds depends on their size: there it is the mean
over fresh sets of that size, but for BBC-CV, which scores all rows at once.) Printed
are, by method, mean error (bias) and root mean squared error with 95 % bootstrap
intervals over repetitions, and how often the method's own 95 % interval holds the
truth: percentiles where it draws, and elsewhere Student's interval with the variance of
Nadeau and Bengio (Machine Learning 52, 2003). With `--racing`, the searches are
`BTBSearchCV` without racing and with it, on the same data sets without those of R2.
"""

import argparse
import math
import warnings
from functools import partial
from itertools import combinations

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import loguniform, randint
from scipy.stats import t as student
from sklearn import set_config
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, RandomizedSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_btb import BTBSearchCV, corrected_score

N_FRESH = 4_000
N_FEATURES = 20
N_BOOTSTRAPS = 300
ROWS = {"accuracy": [20, 60, 200], "roc_auc": [20, 60, 200], "r2": [60, 200]}

CLASSIFIERS = {
    "linear": LogisticRegression(solver="liblinear"),
    "neighbours": KNeighborsClassifier(),
    "tree": DecisionTreeClassifier(random_state=0),
    "kernel": SVC(),
}
REGRESSORS = {
    "linear": Ridge(),
    "neighbours": KNeighborsRegressor(),
    "tree": DecisionTreeRegressor(random_state=0),
    "kernel": SVR(),
}
SPACES = {
    "linear": {"C": loguniform(1e-3, 1e3)},
    "neighbours": {
        "n_neighbors": randint(1, 13),
        "weights": ["uniform", "distance"],
        "p": [1, 2],
    },
    "tree": {
        "max_depth": randint(1, 9),
        "min_samples_leaf": randint(1, 9),
        "max_features": [0.25, 0.5, 1.0],
    },
    "kernel": {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1)},
}


def accuracy(y, predicted, weights):
    return weights @ (y == predicted) / weights.sum(axis=1)


def roc_auc(y, predicted, weights):
    above, below = y == 1, y == 0
    wins = np.sign(predicted[above][:, None] - predicted[below]) / 2 + 0.5
    above, below = weights[:, above], weights[:, below]
    n_pairs = above.sum(axis=1) * below.sum(axis=1)
    return ((above @ wins) * below).sum(axis=1) / n_pairs


def r2(y, predicted, weights):
    n = weights.sum(axis=1)
    total = weights @ y**2 - (weights @ y) ** 2 / n
    return 1 - weights @ (y - predicted) ** 2 / total


METRICS = {"accuracy": accuracy, "roc_auc": roc_auc, "r2": r2}


def plain(metric, y, predicted):
    """Return the score of rows that count once each."""
    return float(METRICS[metric](y, predicted, np.ones((1, len(y))))[0])


def make_data(metric, noise, n_rows, rng):
    """Return training rows and fresh ones of the same population."""
    seed, n = int(rng.integers(2**31)), n_rows + N_FRESH
    if metric == "r2":
        X, y = make_regression(
            n, N_FEATURES, n_informative=8, noise=100, random_state=seed
        )
        y = y / y.std()
    else:
        X, y = make_classification(
            n, N_FEATURES, n_informative=5, class_sep=0.7, flip_y=0.1, random_state=seed
        )
    if noise:
        y = rng.permutation(y)
    fewest = 0 if metric == "r2" else np.bincount(y[:n_rows]).min()
    if metric != "r2" and fewest < min(10, n_rows // 4):  # a fold needs both classes
        return make_data(metric, noise, n_rows, rng)
    return (X[:n_rows], y[:n_rows]), (X[n_rows:], y[n_rows:])


def predictions(estimator, X, metric):
    """Return what the metric compares with the target."""
    if metric != "roc_auc":
        return estimator.predict(X)
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)[:, 1]
    return estimator.decision_function(X)


class Recorder:
    """A scorer that keeps the predictions it scores, one entry a fold."""

    def __init__(self, metric):
        self.metric = metric
        self.kept = []

    def __call__(self, estimator, X, y):
        self.kept.append(predictions(estimator, X, self.metric))
        return plain(self.metric, y, self.kept[-1])


def make_search(kind, metric, n_iter, **arguments):
    estimators = REGRESSORS if metric == "r2" else CLASSIFIERS
    spaces = dict(SPACES)
    if metric == "r2":
        spaces["linear"] = {"alpha": loguniform(1e-3, 1e4)}
    if kind == "BTB":
        return BTBSearchCV(estimators, spaces, n_iter=n_iter, **arguments)
    grids = [
        {"model": [estimators[name]]}
        | {f"model__{key}": values for key, values in space.items()}
        for name, space in spaces.items()
    ]
    pipeline = Pipeline([("model", estimators["linear"])])
    return RandomizedSearchCV(pipeline, grids, n_iter=n_iter, **arguments)


def draw_case(repetition):
    """Return a generator and what a repetition is about."""
    rng = np.random.default_rng([1, repetition])
    metric = list(METRICS)[repetition % 3]
    return rng, {
        "metric": metric,
        "noise": repetition // 3 % 2 == 0,
        "rows": (rows := int(rng.choice(ROWS[metric]))),
        "folds": int(rng.choice([5, 10])) if rows > 20 else 5,
        "candidates": int(rng.choice([20, 50, 100])),
    }


def make_problem(repetition):
    """Return a case, its training rows and fresh ones, the splits and a seed."""
    rng, case = draw_case(repetition)
    metric = case["metric"]
    (X, y), fresh = make_data(metric, case["noise"], case["rows"], rng)
    splitter = KFold if metric == "r2" else StratifiedKFold
    seed = int(rng.integers(2**31))
    splits = splitter(case["folds"], shuffle=True, random_state=seed).split(X, y)
    return case, (X, y), fresh, list(splits), seed


def scores_of(search, n_folds):
    results = search.cv_results_
    return np.transpose([results[f"split{k}_test_score"] for k in range(n_folds)])


def truth_of(search, case, fresh):
    """Return what the refitted winner scores on fresh rows."""
    X, y = fresh
    metric = case["metric"]
    predicted = predictions(search.best_estimator_, X, metric)
    n_parts = N_FRESH * case["folds"] // case["rows"] if metric == "r2" else 1
    parts = np.array_split(np.arange(N_FRESH), n_parts)
    in_parts = [plain(metric, y[part], predicted[part]) for part in parts]
    return {
        "truth": plain(metric, y, predicted),
        "truth in parts": float(np.mean(in_parts)),
    }


def simulate(repetition):
    """Search one data set in both ways.

    Returns
    -------
    list of dict
        For each search the case, `scores` of shape (candidates, folds), the pooled
        `predictions` of shape (candidates, rows), `y` in the same order, and the truth.
    """
    warnings.simplefilter("ignore")  # tiny folds
    set_config(assume_finite=True, skip_parameter_validation=True)
    case, (X, y), fresh, splits, seed = make_problem(repetition)
    metric = case["metric"]
    order = np.concatenate([test for _, test in splits])
    records = []
    for kind in ("random", "BTB"):
        recorder = Recorder(metric)
        search = make_search(
            kind,
            metric,
            case["candidates"],
            scoring=recorder,
            cv=splits,
            random_state=seed,
        ).fit(X, y)
        scores = scores_of(search, case["folds"])
        pooled = np.concatenate(recorder.kept).reshape(len(scores), len(y))
        first = splits[0][1]
        on_fold = plain(metric, y[first], pooled[-1, : len(first)])
        assert on_fold == scores[-1, 0], "predictions and scores go together"
        records.append(
            case
            | {"search": kind, "scores": scores, "predictions": pooled, "y": y[order]}
            | truth_of(search, case, fresh)
        )
    return records


def simulate_racing(repetition):
    """Search one data set without racing and with it.

    Returns
    -------
    list of dict
        For each search the case, `scores` of shape (candidates, folds) of those
        candidates that have all, their share of all candidates, and the truth.
    """
    warnings.simplefilter("ignore")
    set_config(assume_finite=True, skip_parameter_validation=True)
    case, data, fresh, splits, seed = make_problem(repetition)
    records = []
    for racing in (False, True):
        search = make_search(
            "BTB",
            case["metric"],
            case["candidates"],
            scoring=case["metric"],
            cv=splits,
            random_state=seed,
            racing=racing,
        ).fit(*data)
        scores = scores_of(search, case["folds"])
        complete = np.isfinite(scores).all(axis=1)
        records.append(
            case
            | {"scores": scores[complete], "complete": complete.mean()}
            | truth_of(search, case, fresh)
        )
    return records


def of_best(record):
    """`best_score_`."""
    scores = record["scores"]
    best = scores[scores.mean(axis=1).argmax()]
    return best.mean(), *around(best.mean(), best)


def of_halves(record):
    """`corrected_score_`."""
    columns = {f"split{k}_test_score": s for k, s in enumerate(record["scores"].T)}
    return corrected_score(columns | {"mean_test_score": None})


def of_some_folds(n_judging, record):
    """Of every so many folds, what is the best on all others."""
    scores = record["scores"]
    n_splits = scores.shape[1]
    judging = np.zeros((math.comb(n_splits, n_judging), n_splits))
    judges = list(combinations(range(n_splits), n_judging))
    np.put_along_axis(judging, np.array(judges), 1, axis=1)
    held_out = np.mean(
        [
            mean_of_best(scores @ (1 - judging[judging[:, split] == 1]).T, column)
            for split, column in enumerate(scores.T[:, :, None])
        ],
        axis=1,
    )
    return held_out.mean(), *around(held_out.mean(), held_out)


def of_bootstrapped_folds(record):
    """BBC-CV with folds in the place of rows."""
    scores = record["scores"]
    counts = bootstrap_counts(scores.shape[1])
    left_out = counts == 0
    means = scores @ left_out.T / left_out.sum(axis=1)
    drawn = mean_of_best(scores @ counts.T, means)
    return drawn.mean(), *np.quantile(drawn, [0.025, 0.975])


def of_tibshirani(record):
    """Tibshirani and Tibshirani, Annals of Applied Statistics 3, 2009."""
    scores = record["scores"]
    best = scores[scores.mean(axis=1).argmax()]
    score = best.mean() - (scores.max(axis=0) - best).mean()
    return score, *around(score, best)


def of_bootstrapped_rows(record):
    """BBC-CV: Tsamardinos, Greasidou and Borboudakis, Machine Learning 107, 2018."""
    y, score = record["y"], METRICS[record["metric"]]
    counts = bootstrap_counts(len(y))
    left_out = (counts == 0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):  # rows of one class
        inside = np.array([score(y, p, counts) for p in record["predictions"]])
        outside = np.array([score(y, p, left_out) for p in record["predictions"]])
    valid = np.isfinite(inside).all(axis=0) & np.isfinite(outside).all(axis=0)
    drawn = mean_of_best(inside[:, valid], outside[:, valid])
    return drawn.mean(), *np.quantile(drawn, [0.025, 0.975])


def around(score, values):
    n = len(values)
    deviation = values.std(ddof=1) * np.sqrt(1 / n + 1 / (n - 1))
    reach = student.ppf(0.975, n - 1) * deviation
    return score - reach, score + reach


def bootstrap_counts(n):
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=N_BOOTSTRAPS).astype(float)
    return counts[(counts == 0).any(axis=1)]


def mean_of_best(choosing, judging):
    """Judge the best of each column by another score, ties by their mean."""
    best = np.isclose(choosing, choosing.max(axis=0), rtol=1e-9, atol=1e-12)
    return (best * judging).sum(axis=0) / best.sum(axis=0)


METHODS = {
    "`best_score_`": of_best,
    "`corrected_score_`: half of the folds judge": of_halves,
    "one fold judges": partial(of_some_folds, 1),
    "two folds judge": partial(of_some_folds, 2),
    "seven in ten folds judge": lambda record: of_some_folds(
        round(0.7 * record["folds"]), record
    ),
    "bootstrapped folds": of_bootstrapped_folds,
    "Tibshirani and Tibshirani": of_tibshirani,
    "BBC-CV: bootstrapped rows": of_bootstrapped_rows,
}
GROUPS = {  # all but the last without R2
    "accuracy, ROC AUC": {},
    "pure noise": {"noise": True},
    "with a signal": {"noise": False},
    "random": {"search": "random"},
    "BTB": {"search": "BTB"},
    "20 rows": {"rows": 20},
    "60 rows": {"rows": 60},
    "200 rows": {"rows": 200},
    "5 folds": {"folds": 5},
    "10 folds": {"folds": 10},
    "R2": {"metric": "r2"},
}


def errors_of(method, record):
    """Return the error of the score, and whether the interval holds the truth."""
    score, low, high = method(record)
    by_rows = method is of_bootstrapped_rows
    truth = record["truth" if by_rows else "truth in parts"]
    return score - truth, low <= truth <= high


def figures(errors, held, repetition):
    """Return a line of the table; the bootstrap draws repetitions, not searches."""
    parts = [np.ones(len(errors)), errors, errors**2]
    sums = np.array([np.bincount(repetition, weights=part) for part in parts])
    drawn = np.random.default_rng(0).integers(sums.shape[1], size=(2000, sums.shape[1]))
    n, total, squares = sums[:, drawn].sum(axis=2)
    bias = np.quantile(total / n, [0.025, 0.975])
    rmse = np.quantile(np.sqrt(squares / n), [0.025, 0.975])
    return (
        f"{errors.mean():+.3f} ({bias[0]:+.3f} - {bias[1]:+.3f}) | "
        f"{np.sqrt((errors**2).mean()):.3f} ({rmse[0]:.3f} - {rmse[1]:.3f}) | "
        f"{100 * held.mean():.0f} %"
    )


def report(repetitions):
    """Print the table of a list of what `simulate` returns."""
    records = [record for both in repetitions for record in both]
    repetition = np.repeat(np.arange(len(repetitions)), 2)
    results = {
        name: np.array([errors_of(method, record) for record in records])
        for name, method in METHODS.items()
    }
    print("| searches | method | bias | RMSE | intervals that hold the truth |")
    print("|---|---|---|---|---|")
    for title, wanted in GROUPS.items():
        chosen = np.array(
            [
                all(record[key] == value for key, value in wanted.items())
                for record in records
            ]
        )
        chosen &= [(record["metric"] == "r2") == (title == "R2") for record in records]
        if not chosen.any():  # of few repetitions
            continue
        _, groups = np.unique(repetition[chosen], return_inverse=True)
        label = f"{title}, {chosen.sum()}"
        for name, table in results.items():
            errors, held = table[chosen].T
            print(f"| {label} | {name} | {figures(errors, held, groups)} |", flush=True)
            label = ""


def racing_figures(records):
    """Return the cells of one line, and the errors of the corrected scores."""
    complete = np.mean([record["complete"] for record in records])
    best = np.mean([errors_of(of_best, record)[0] for record in records])
    errors, held = np.transpose([errors_of(of_halves, record) for record in records])
    corrected = figures(errors, held, np.arange(len(records)))
    return f"{100 * complete:.0f} % | {best:+.3f} | {corrected}", errors


def report_racing(pairs):
    """Print the table of a list of what `simulate_racing` returns."""
    print(
        "| searches | racing | candidates with all folds | bias of `best_score_` ",
        end="",
    )
    print("| bias of `corrected_score_` | RMSE | intervals that hold the truth |")
    print("|---|---|---|---|---|---|---|")
    for title in ("accuracy, ROC AUC", "pure noise", "with a signal"):
        noise = GROUPS[title].get("noise")
        chosen = [pair for pair in pairs if noise in (None, pair[0]["noise"])]
        if not chosen:  # of few repetitions
            continue
        without, with_it = zip(*chosen, strict=True)
        cells, errors = racing_figures(without)
        print(f"| {title}, {len(chosen)} | no | {cells} |")
        cells, errors_with_it = racing_figures(with_it)
        print(f"| | yes | {cells} |")
        more = errors_with_it - errors
        bias, _, _ = figures(more, more, np.arange(len(more))).split(" | ")
        print(f"| | difference | | | {bias} | | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="others for other data")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--racing", action="store_true", help="compare that instead")
    arguments = parser.parse_args()
    numbers = range(arguments.first, arguments.first + arguments.repetitions)
    one, tables = simulate, report
    if arguments.racing:
        one, tables = simulate_racing, report_racing
        numbers = [n for n in numbers if draw_case(n)[1]["metric"] != "r2"]
    tables(Parallel(n_jobs=arguments.n_jobs)([delayed(one)(n) for n in numbers]))


if __name__ == "__main__":
    main()
