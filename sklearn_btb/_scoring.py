"""Scorers of a search, one an estimator, and what they are told."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sklearn import get_config
from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from ._given import given_to
from ._results import named_metric
from ._sklearn_compat import MultimetricScorer, scorer_accepts_sample_weight

Refit = bool | str | Callable[[dict[str, Any]], int]


def make_scorers(
    estimators: Mapping[str, Any], scoring: Any, refit: Refit, error_score: Any
) -> dict[str, Any]:
    """Return a scorer for every estimator; they differ only where `scoring` is None.

    Parameters
    ----------
    estimators : dict of str to estimator
    scoring, refit, error_score
        As in `BTBSearchCV`.

    Raises
    ------
    TypeError, ValueError
        If an estimator cannot be scored so, or `refit` is none of several metrics.
    """
    raising = error_score == "raise"
    scorers = {
        name: check_scoring(estimator, scoring, raise_exc=raising)
        for name, estimator in estimators.items()
    }
    for scorer in scorers.values():
        if isinstance(scorer, MultimetricScorer):
            check_refit_metric(refit, scorer._scorers)
    return scorers


def metric_of(scorers: Mapping[str, Any], refit: Refit) -> str | None:
    """Return which of several metrics steers a search; None where there is one.

    It is the one that `refit` names, itself or as a rule, or else the first; None also
    where only the scores will tell the names, for the first.
    """
    if (named := named_metric(refit)) is not None:
        return named
    scorer = next(iter(scorers.values()))
    names = scorer._scorers if isinstance(scorer, MultimetricScorer) else ()
    return next(iter(names), None)


def check_refit_metric(refit: Refit, metrics: Iterable[str]) -> None:
    """Check that `refit` says which of several metrics matters.

    Raises
    ------
    ValueError
        If it is True, or the name of another metric.
    """
    if refit is False or callable(refit):
        return
    if not (isinstance(refit, str) and refit in metrics):
        raise ValueError(
            "For multi-metric scoring, the parameter refit must be set to a scorer "
            f"key, one of {list(metrics)}, or to a callable, for the best parameters "
            "to be found and refitted; or to False if that is not needed. "
            f"{refit!r} was passed."
        )


def routed_estimator(search: Any, name: str) -> str:
    """Return what the router calls an estimator: `estimator` if it is the only one."""
    return "estimator" if given_to(search).single else f"estimators__{name}"


def routed_scorer(search: Any, name: str) -> str:
    """Return what the router calls an estimator's scorer: `scorer` if it is single."""
    return "scorer" if given_to(search).single else f"scorer__{name}"


def make_router(
    search: Any, estimators: Mapping[str, Any], scorers: Mapping[str, Any]
) -> MetadataRouter:
    """Say where metadata go: to the estimators, their scorers and the splitter."""
    router = MetadataRouter(owner=search)
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    for name, estimator in estimators.items():
        router.add(**{routed_estimator(search, name): estimator}, method_mapping=to_fit)
    to_score = MethodMapping()
    to_score.add(caller="score", callee="score").add(caller="fit", callee="score")
    for name, scorer in scorers.items():
        router.add(**{routed_scorer(search, name): scorer}, method_mapping=to_score)
    to_split = MethodMapping().add(caller="fit", callee="split")
    return router.add(splitter=search.cv, method_mapping=to_split)


def route(
    search: Any, scorers: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Share out the parameters of `BTBSearchCV.fit`.

    Parameters
    ----------
    search : BTBSearchCV
        Whose metadata routing counts, if that is enabled.
    scorers : dict of str to scorer
    params : dict

    Returns
    -------
    dict
        "fit" and "score": keyword arguments by estimator name; "split": those of the
        splitter.
    """
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(search, "fit", **params)
        return {
            "fit": {n: routed[routed_estimator(search, n)].fit for n in scorers},
            "score": {n: routed[routed_scorer(search, n)].score for n in scorers},
            "split": routed.splitter.split,
        }
    params = dict(params)
    groups = params.pop("groups", None)
    score: dict[str, Any] = {name: {} for name in scorers}
    if (weight := params.get("sample_weight")) is not None:
        for name in _accepting_weight(scorers):
            score[name] = {"sample_weight": weight}
    return {
        "fit": dict.fromkeys(scorers, params),
        "score": score,
        "split": {"groups": groups},
    }


def _accepting_weight(scorers: Mapping[str, Any]) -> list[str]:
    """Return the estimators whose scorer takes weights; warn of those that do not."""
    accepting = []
    refusing: dict[str, None] = {}
    for name, scorer in scorers.items():
        if scorer_accepts_sample_weight(scorer):
            accepting.append(name)
        for part in getattr(scorer, "_scorers", {"": scorer}).values():
            if scorer_accepts_sample_weight(part) is False:
                refusing[str(part)] = None
    for part in refusing:
        warnings.warn(
            f"The scoring {part} does not support sample_weight, so that the scores "
            "of a search fitted with sample_weight may mislead.",
            UserWarning,
            stacklevel=2,
        )
    return accepting
