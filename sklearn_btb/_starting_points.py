"""Starting points: what to try first, from what is known of an estimator.

They come as configurations, or as the `cv_results_` of an earlier search, of which only
the best is taken: two more, good and far from it, gained nothing where it was right,
and slowed the search where it misled (`benchmarks/README.md`).
"""

import os
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._space import Tunable, errors_about, valid_completion
from ._values import nearest

Params = dict[str, Any]


def starting_points(
    initial_params: Any,
    tunables: Mapping[str, Tunable],
    single: bool,
    metric: str | None = None,
) -> dict[str, list[Params]]:
    """Read what the user wants to be tried first.

    Parameters
    ----------
    initial_params : dict, list or DataFrame; None
        By name of the estimator, or of the only one: a configuration (what it leaves
        out is at its default), a list of them, or the results of an earlier search. The
        results of all estimators together have a column `estimator_name`; those of one
        belong to an only one, whatever its name.
    tunables : dict of str to Tunable
    single : bool
        Whether the user gave one estimator without a name.
    metric : str, optional
        The one by which results are good. Where they have no `mean_test_<metric>`, it
        is `mean_test_score`, or else the first.

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
            f"the results of an earlier search; got {_described(initial_params)}"
        )
    points = {}
    for name, given in initial_params.items():
        if name not in tunables:
            raise ValueError(
                "`initial_params` must have the form {name: parameters}, with names of "
                f"the estimators, {list(tunables)}; got {name!r}"
                f"{nearest(name, tunables)}"
            )
        if given is not None:
            with errors_about(f"initial_params of estimator {name!r}"):
                points[name] = _points(given, name, tunables[name], metric)
    return points


def _is_results(given: Any) -> bool:
    """Whether it is `cv_results_`, as a dict or as a DataFrame."""
    has_columns = isinstance(given, Mapping) or hasattr(given, "columns")
    return (
        has_columns
        and "params" in given
        and any(str(key).startswith("mean_test_") for key in given)
    )


def _points(
    given: Any, name: str, tunable: Tunable, metric: str | None
) -> list[Params]:
    if _is_results(given):
        rows = _rows(given, metric)
        owners = list(given["estimator_name"]) if "estimator_name" in given else []
        if name in owners:
            pairs = zip(rows, owners, strict=True)
            rows = [row for row, owner in pairs if owner == name]
        return _from_results(rows, tunable)
    configs = [given] if isinstance(given, Mapping) else given
    if not isinstance(configs, list | tuple) or not all(
        isinstance(config, Mapping) for config in configs
    ):
        raise TypeError(
            "must be a dict of parameters, a list of such dicts, or the results of an "
            "earlier search, which have `params` and a `mean_test_...`; got "
            f"{_described(given)}"
        )
    return [valid_completion(tunable, config) for config in configs]


def _described(given: Any) -> str:
    """Show what was given and, if it is near to what can be, what to give instead."""
    kind = type(given).__name__
    if hasattr(given, "cv_results_"):
        return f"a {kind}: give its `cv_results_`"
    if hasattr(type(given), "best_trials"):  # of Optuna
        return (
            f"a {kind}: give its `best_params`, or "
            "`[trial.params for trial in study.best_trials]`"
        )
    if isinstance(given, str | os.PathLike):
        return f"{given!r}: read the file first; a log is given as `checkpoint`"
    if hasattr(given, "columns"):
        columns = reprlib.repr(list(given.columns))
        return f"a {kind} with the columns {columns}: give `cv_results_`"
    if hasattr(given, "to_dict"):  # a Series of pandas, maybe a row of results
        instead = "['params']" if "params" in given else "to_dict()"
        return f"a {kind}: give its `{instead}`, or `tolist()` if it is one of dicts"
    return reprlib.repr(given)


def _from_all_results(
    results: Any, tunables: Mapping[str, Tunable], metric: str | None
) -> dict[str, list[Params]]:
    rows = _rows(results, metric)
    if "estimator_name" in results:
        names = list(results["estimator_name"])
        if len(set(names)) == len(tunables) == 1:  # whatever it was called
            names = list(tunables) * len(rows)
    elif len(tunables) == 1:
        names = list(tunables) * len(rows)
    else:
        raise ValueError(
            "`initial_params` must say whose results these are, {name: results}, since "
            "they have no `estimator_name`"
        )
    points = {}
    owners = sorted(set(map(str, names)))
    known = set(owners) <= set(tunables)
    refusals = [] if known else [f"they are, by name, those of {owners}"]
    for name, tunable in tunables.items():
        own = [row for row, owner in zip(rows, names, strict=True) if owner == name]
        if own:
            try:
                points[name] = _from_results(own, tunable)
            except ValueError as error:  # on a sample an estimator may have failed
                refusals.append(f"{name!r}: {error}")
    if not points:
        raise ValueError(
            f"`initial_params` must have usable results of {list(tunables)}; "
            + "; ".join(refusals)
        )
    return points


def _rows(results: Any, metric: str | None) -> list[tuple[Any, float]]:
    """List parameters and score of each candidate."""
    means = [str(key) for key in results if str(key).startswith("mean_test_")]
    preferred = [f"mean_test_{metric}", "mean_test_score", *means]
    column = next(key for key in preferred if key in means)
    if any(isinstance(results[key], Mapping) for key in ("params", column)):
        raise TypeError(
            "the columns of results must be lists, arrays or Series; got dicts, as "
            "`to_dict()` makes them: give the DataFrame itself"
        )
    params, scores = list(results["params"]), np.array(results[column], dtype=float)
    if "n_splits_evaluated" in results:  # a mean over easy folds says nothing
        n_splits = np.asarray(results["n_splits_evaluated"])
        scores[n_splits < n_splits.max()] = np.nan
    for one in params:
        if not isinstance(one, Mapping):
            raise TypeError(
                "the `params` of results must be dicts; got the text or value "
                f"{one!r} (`read_csv(file, converters={{'params': ast.literal_eval}})` "
                "makes dicts of texts)"
            )
    return list(zip(params, scores.tolist(), strict=True))


def _from_results(
    rows: Sequence[tuple[Mapping[str, Any], float]], tunable: Tunable
) -> list[Params]:
    """Return the best that belongs to the space, in which another may have had more."""
    finite = [row for row in rows if np.isfinite(row[1])]
    refusal = ""
    for params, _ in sorted(finite, key=lambda row: row[1], reverse=True):
        known = {name: params[name] for name in params if name in tunable.names}
        try:
            # all of its parameters unknown: it is of something else
            config = tunable.complete(known or params)
        except ValueError as error:
            refusal = refusal or f"; of the best, {dict(params)!r}: {error}"
            continue
        if tunable.satisfies(config):
            return [config]
    raise ValueError(
        f"none of {len(rows)} earlier candidates has all its scores and lies in the "
        f"space{refusal}. Give a space (`search_spaces`) that has what they have"
    )
