"""Starting points: what to try first, from what is known of an estimator.

They come as configurations, or as the `cv_results_` of an earlier search, of which the
best few are taken that are not alike.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ._space import Tunable, errors_about
from ._values import nearest

N_TAKEN: Final = 3  # of an earlier search, for each estimator
GOOD: Final = 0.1  # the share of its candidates from which these are taken

Params = dict[str, Any]


def starting_points(
    initial_params: Any,
    tunables: Mapping[str, Tunable],
    single: bool,
    metric: str = "score",
) -> dict[str, list[Params]]:
    """Read what the user wants to be tried first.

    Parameters
    ----------
    initial_params : dict, list or DataFrame; None
        By name of the estimator, or of the only one: a configuration (what it leaves
        out is at its default), a list of them, or the results of an earlier search. The
        results of all estimators together have a column `estimator_name`.
    tunables : dict of str to Tunable
    single : bool
        Whether the user gave one estimator without a name.
    metric : str, default="score"
        The one by which results are good: `mean_test_<metric>`.

    Returns
    -------
    dict of str to list of dict
        Configurations of the spaces, the first to be tried first.

    Raises
    ------
    TypeError, ValueError
        Naming the estimator, if something lies outside of its space.
    """
    if initial_params is None:
        return {}
    if _is_results(initial_params):
        return _from_all_results(initial_params, tunables, metric)
    if single:
        initial_params = dict.fromkeys(tunables, initial_params)
    if not isinstance(initial_params, Mapping):
        raise TypeError(
            "`initial_params` must be a dict of estimator names to configurations, or "
            f"the results of an earlier search; got {initial_params!r}"
        )
    points = {}
    for name, given in initial_params.items():
        if name not in tunables:
            raise ValueError(
                "`initial_params` must have the names of estimators, "
                f"{list(tunables)}; got {name!r}{nearest(name, tunables)}"
            )
        with errors_about(f"initial_params of estimator {name!r}"):
            points[name] = _points(given, tunables[name], metric)
    return points


def good_and_diverse(
    configs: Sequence[Params], scores: Sequence[float], tunable: Tunable
) -> list[Params]:
    """Choose the best configuration, and of the good ones those farthest from it.

    Parameters
    ----------
    configs : sequence of n dicts
    scores : sequence of n floats
        Greater is better.
    tunable : Tunable
        The space that they belong to.

    Returns
    -------
    list of at most 3 dicts
        The best first; then, of the best tenth (at least 3), always the one with the
        greatest distance to those chosen before, in the encoded space.
    """
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    order = order[: max(N_TAKEN, int(np.ceil(GOOD * len(order))))]
    images = tunable.encode([configs[i] for i in order])
    chosen = [0]
    distances = np.linalg.norm(images - images[0], axis=1)
    while len(chosen) < N_TAKEN and distances.max() > 0:
        chosen.append(int(np.argmax(distances)))
        from_last = np.linalg.norm(images - images[chosen[-1]], axis=1)
        distances = np.minimum(distances, from_last)
    return [configs[order[i]] for i in chosen]


def _is_results(given: Any) -> bool:
    """Whether it is `cv_results_`, as a dict or as a DataFrame."""
    has_columns = isinstance(given, Mapping) or hasattr(given, "columns")
    return (
        has_columns
        and "params" in given
        and any(str(key).startswith("mean_test_") for key in given)
    )


def _points(given: Any, tunable: Tunable, metric: str) -> list[Params]:
    if _is_results(given):
        return _from_results(_rows(given, metric), tunable)
    configs = [given] if isinstance(given, Mapping) else given
    if not isinstance(configs, Sequence) or not all(
        isinstance(config, Mapping) for config in configs
    ):
        raise TypeError(
            "must be a dict of parameters, a list of such dicts, or the results of an "
            f"earlier search; got {given!r}"
        )
    return [tunable.complete(config) for config in configs]


def _from_all_results(
    results: Any, tunables: Mapping[str, Tunable], metric: str
) -> dict[str, list[Params]]:
    rows = _rows(results, metric)
    if "estimator_name" in results:
        names = list(results["estimator_name"])
    elif len(tunables) == 1:
        names = list(tunables) * len(rows)
    else:
        raise ValueError(
            "`initial_params` must say whose results these are, {name: results}, since "
            "they have no `estimator_name`"
        )
    points = {}
    for name, tunable in tunables.items():
        own = [row for row, owner in zip(rows, names, strict=True) if owner == name]
        if own:
            with errors_about(f"initial_params of estimator {name!r}"):
                points[name] = _from_results(own, tunable)
    if not points:
        raise ValueError(
            f"`initial_params` must have results of {list(tunables)}; got those of "
            f"{sorted(set(names))}"
        )
    return points


def _rows(results: Any, metric: str) -> list[tuple[Any, float]]:
    """List parameters and score of each candidate."""
    column = f"mean_test_{metric}"
    if column not in results:
        means = [str(key) for key in results if str(key).startswith("mean_test_")]
        raise ValueError(
            f"the results have no {column!r}, by which to choose; they have {means}"
        )
    params, scores = list(results["params"]), np.asarray(results[column], dtype=float)
    for one in params:
        if not isinstance(one, Mapping):
            raise TypeError(
                "the `params` of results must be dicts (they are texts in a table that "
                f"was read from a file); got {one!r}"
            )
    return list(zip(params, scores.tolist(), strict=True))


def _from_results(
    rows: Sequence[tuple[Mapping[str, Any], float]], tunable: Tunable
) -> list[Params]:
    """Choose among those that belong to the space; another search may have had more."""
    configs, scores = [], []
    refusal: Exception = ValueError("the results have no finite score")
    for params, score in rows:
        if np.isfinite(score):
            try:
                configs.append(tunable.complete(params))
                scores.append(score)
            except ValueError as error:
                refusal = error
    if not configs:
        raise ValueError(
            f"none of {len(rows)} earlier candidates belongs to the space: {refusal}"
        ) from refusal
    return good_and_diverse(configs, scores, tunable)
