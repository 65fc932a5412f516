"""An ensemble of what a search has fitted: greedy selection on stored predictions."""

import numbers
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.metrics import get_scorer
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, indexable

from ._estimators import common_type
from ._evaluation import samples_of
from ._fingerprint import data_facts, differences
from ._sklearn_compat import fit_to_labels, scorer_accepts_sample_weight
from ._trial import Trial

PATIENCE: Final = 10  # steps without a new best; later ones hardly ever bring one


def fit_ensemble(
    search: Any, X: Any, y: Any, *, scoring: Any = None, size: int = 50, **params: Any
) -> Any:
    """Fit an ensemble of the best candidates of a search.

    It is put together from their stored predictions, without a fit: beginning with
    the best candidate, the one that improves the score of the mean most is added, again
    and again, and may be added again. How often a candidate was, is its weight. Only
    those with a weight are fitted to all the data, once each.

    Parameters
    ----------
    search : BTBSearchCV
        Over classifiers or regressors, fitted with `keep_predictions="predict_proba"`,
        the mean of which is the ensemble's (soft voting), or "predict": the mean of
        numbers, and the majority of labels (hard voting).
    X, y : array-like
        What the search was fitted to; `y` of shape (n_samples,).
    scoring : str or callable, default=None
        What the ensemble is to be good at, one metric as in `GridSearchCV`; None is
        that of the search. The accuracy or R^2 stand for estimators' own `score`.
    size : int, default=50
        How often a candidate is added at most; it ends after 10 additions without a
        new best score. Of the ensembles on the way, the best is taken, of equal ones
        the smallest.
    **params : dict of str to object
        Passed to the `fit` of the ensemble, which without metadata routing takes
        `sample_weight` alone. That goes to a scorer that takes it as well (with
        metadata routing, to one that requests it).

    Returns
    -------
    ensemble : VotingClassifier or VotingRegressor
        Fitted. Its members are called after estimator and candidate, "boosting_12", and
        `weights` are theirs. `oof_score_` is its score on the stored predictions of
        all rows together, which flatters it a little: they chose the weights.

    Raises
    ------
    ValueError, TypeError
        If the search has no predictions to average, or a parameter is invalid.

    Notes
    -----
    With soft voting, the members are fitted to the labels as they are. With hard
    voting, and in a later fit of a clone, it is scikit-learn that fits them, to the
    labels encoded as 0, 1, ...; there a parameter that names a label means another one.
    Such a `class_weight` or `pos_label` is refused with hard voting, unless the labels
    are 0, 1, ... already.

    Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble Selection from Libraries of
    Models", ICML 2004: selection with replacement. It takes up to `size` x candidates
    calls of the scorer. What it gains is measured in `benchmarks/README.md`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklearn_btb import BTBSearchCV, fit_ensemble
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BTBSearchCV(
    ...     {"tree": DecisionTreeClassifier(random_state=0), "bayes": GaussianNB()},
    ...     {"tree": {"max_depth": [1, 2, 3]}, "bayes": {}},
    ...     scoring="neg_log_loss",
    ...     keep_predictions="predict_proba",
    ...     random_state=0,
    ... ).fit(X, y)
    >>> ensemble = fit_ensemble(search, X, y)
    >>> {name for name, member in ensemble.estimators} <= {
    ...     f"{trial.estimator_name}_{trial.number}" for trial in search.trials_
    ... }
    True
    >>> bool(ensemble.oof_score_ >= search.best_score_)
    True
    """
    # takes long, and only this needs it
    from sklearn.ensemble import VotingClassifier, VotingRegressor

    if not (isinstance(size, numbers.Integral) and size >= 1):
        raise ValueError(f"`size` must be an integer of at least 1; got {size!r}")
    trials = _trials_with_predictions(search, X, y)
    predictions = [search.oof_predictions_[trial.number] for trial in trials]
    stored, voter = _StoredNumbers, VotingRegressor
    if _kind(search) == "classifier":
        classes = np.unique(y)
        predictions = [_shares(each, classes) for each in predictions]
        voting = "hard" if search._shelf.method == "predict" else "soft"
        stored = partial(_StoredClasses, classes=classes, voting=voting)
        voter = partial(VotingClassifier, voting=voting)
    score = _score_by(search, scoring, X, y, params.get("sample_weight"))
    try:
        score(stored(predictions[0]))
    except AttributeError as error:  # no probabilities, but the scorer wants them
        raise ValueError(
            "the scoring needs more than predicted labels: fit the search with "
            '`keep_predictions="predict_proba"`, or give another `scoring`'
        ) from error
    counts, oof_score = greedy_counts(
        predictions, lambda mean: score(stored(mean)), int(size)
    )
    chosen = [(trial, int(n)) for trial, n in zip(trials, counts, strict=True) if n]
    ensemble = voter(
        [_member(search, trial) for trial, _ in chosen],
        weights=[n for _, n in chosen],
        n_jobs=search.n_jobs,
    )
    _fit(ensemble, X, y, params)
    ensemble.oof_score_ = oof_score
    return ensemble


def greedy_counts(
    predictions: Sequence[np.ndarray],
    score: Callable[[np.ndarray], float],
    size: int,
) -> tuple[np.ndarray, float]:
    """Choose what to average, greedily and with replacement.

    Step k adds the j that maximises score((total + predictions[j]) / k); of equal ones
    the first. The best step of all is taken, of equal ones the first.

    Parameters
    ----------
    predictions : sequence of m arrays of one shape
    score : callable
        Of such an array; greater is better, NaN is worst.
    size : int
        The greatest number of steps; `PATIENCE` in a row without a new best are the
        last.

    Returns
    -------
    counts : ndarray of shape (m,)
    score : float
    """
    total = np.zeros_like(predictions[0], dtype=float)
    picks: list[int] = []
    path: list[float] = []
    for k in range(1, size + 1):
        scores = np.array([score((total + each) / k) for each in predictions])
        scores[np.isnan(scores)] = -np.inf
        picks.append(int(scores.argmax()))
        path.append(float(scores.max()))
        total += predictions[picks[-1]]
        n = int(np.argmax(path)) + 1
        if k - n >= PATIENCE:
            break
    return np.bincount(picks[:n], minlength=len(predictions)), path[n - 1]


class _StoredNumbers(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Says of the rows of X what is stored: scorers want an estimator."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def predict(self, X: Any) -> np.ndarray:
        return self.values


class _StoredClasses(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The same of classes, from the share that each has of a row."""

    def __init__(self, shares: np.ndarray, classes: np.ndarray, voting: str) -> None:
        self.shares = shares
        self.classes_ = classes
        self.voting = voting

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.shares.argmax(axis=1)]

    @available_if(lambda self: self.voting == "soft")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> np.ndarray:
        return self.shares


def _kind(search: Any) -> str:
    kind = common_type(search._searched)
    if kind not in ("classifier", "regressor"):
        raise ValueError(
            f"an ensemble needs classifiers or regressors; got a search over {kind}s"
        )
    return kind


def _trials_with_predictions(search: Any, X: Any, y: Any) -> list[Trial]:
    """Return the candidates to choose from, the best first."""
    check_is_fitted(search, "cv_results_")
    kept = getattr(search, "oof_predictions_", None)
    if kept is None or search._shelf.method == "decision_function":
        method = None if kept is None else search._shelf.method
        raise ValueError(
            "an ensemble needs a search that kept predictions, with "
            'keep_predictions="predict_proba" or "predict"; this '
            f"{type(search).__name__} was fitted with keep_predictions={method!r}"
        )
    if not kept:
        raise ValueError(
            f"none of the {len(search.trials_)} candidates has predictions: those have "
            "none that failed, that were not run on all splits, whose predictions "
            "raised (of which `fit` warned), that come from the log of another process "
            "(`checkpoint`), or from an earlier fit that kept something else "
            "(`warm_start`). With a higher `n_iter`, new candidates may have them"
        )
    if np.ndim(y) != 1:
        raise ValueError(f"an ensemble needs one target; got y of shape {np.shape(y)}")
    n_rows = len(next(iter(kept.values())))
    if len(y) != n_rows:
        raise ValueError(
            "X and y must be what the search was fitted to, row by row: it had "
            f"{n_rows} rows, here are {len(y)}"
        )
    here = data_facts(samples_of(*indexable(X, y)))
    if named := differences({name: search._facts[name] for name in here}, here):
        raise ValueError(
            "X and y must be what the search was fitted to, row by row; there and here "
            "differ in\n- " + "\n- ".join(named)
        )
    trials = [trial for trial in search.trials_ if trial.number in kept]
    return sorted(trials, key=lambda trial: (-trial.score, trial.number))


def _shares(predictions: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the share of each class; labels have one vote."""
    if predictions.ndim == 2:
        return predictions
    return (predictions[:, np.newaxis] == classes).astype(float)


def _score_by(
    search: Any, scoring: Any, X: Any, y: Any, weight: Any
) -> Callable[[Any], float]:
    """Return what scores a stored model."""
    scorer = search.scorer_ if scoring is None else scoring
    if scoring is not None and not (isinstance(scoring, str) or callable(scoring)):
        raise TypeError(
            f"`scoring` must be a metric's name or a callable; got {scoring!r}"
        )
    if isinstance(scorer, dict):
        scorer = scorer[search._steering.metric]
    scorer = get_scorer(scorer)
    weighted = weight is not None and _takes_weight(scorer)
    params = {"sample_weight": weight} if weighted else {}

    def score(model: Any) -> float:
        scored = scorer(model, X, y, **params)
        if scoring is not None and isinstance(scored, dict):
            raise TypeError(
                f"`scoring` must return one number; got a dict with {list(scored)}"
            )
        return scored[search._steering.metric] if isinstance(scored, dict) else scored

    return score


def _takes_weight(scorer: Any) -> bool:
    if get_config()["enable_metadata_routing"]:
        return bool(get_routing_for_object(scorer).consumes("score", ["sample_weight"]))
    return bool(scorer_accepts_sample_weight(scorer))


def _member(search: Any, trial: Trial) -> tuple[str, Any]:
    """Return a candidate as it is to be fitted, with its name in the ensemble."""
    estimator = clone(search._searched[trial.estimator_name])  # as they were in `fit`
    estimator.set_params(**clone(trial.params, safe=False))
    return f"{trial.estimator_name.rstrip('_')}_{trial.number}", estimator


def _fit(ensemble: Any, X: Any, y: Any, params: dict[str, Any]) -> None:
    """Fit the members, to the labels as they are where voting has no need of others."""
    voting = getattr(ensemble, "voting", None)
    if voting == "soft":
        fit_to_labels(ensemble, X, y, **params)
        return
    if voting == "hard":
        _refuse_named_labels(ensemble, np.unique(y))
    ensemble.fit(X, y, **params)


def _refuse_named_labels(ensemble: Any, classes: np.ndarray) -> None:
    if classes.tolist() == list(range(len(classes))):  # encoded, they are the same
        return
    for name, value in ensemble.get_params().items():
        weighs = name.endswith(("class_weight", "class_weights"))  # those of CatBoost
        if (weighs and isinstance(value, dict)) or (
            name.endswith("pos_label") and value is not None
        ):
            raise ValueError(
                "hard voting needs members that are fitted to labels encoded as 0, 1, "
                f"..., where {name}={value!r} does not mean what it says: fit the "
                'search with `keep_predictions="predict_proba"`, or to such labels'
            )
