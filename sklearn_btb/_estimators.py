"""What the user gave, checked: named estimators, their spaces, their common tags."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sklearn.utils import Tags

from ._default_spaces import default_space, portfolio
from ._parameters import check_parameters, implied_values, warn_of_synonyms
from ._sklearn_compat import tags_of
from ._space import Tunable, errors_about, warn_of_ranges
from ._values import described, nearest, same


def named_estimators(estimators: Any) -> dict[str, Any]:
    """Return the estimators by name; a single one is named after its class.

    Raises
    ------
    TypeError, ValueError
        If one is not an estimator, a name cannot be used, or there is none.
    """
    if not isinstance(estimators, Mapping):
        kind = estimators if isinstance(estimators, type) else type(estimators)
        _check_estimator(kind.__name__, estimators)
        return {kind.__name__.lower(): estimators}
    if not estimators:
        raise ValueError("`estimators` must not be empty")
    for name, estimator in estimators.items():
        if not isinstance(name, str) or not name or "__" in name:
            raise ValueError(
                "the names in `estimators` must be non-empty strings without '__'; "
                f"got {name!r}"
            )
        _check_estimator(name, estimator)
    return dict(estimators)


def nested_params(estimators: Mapping[str, Any]) -> dict[str, Any]:
    """Return `estimators__<name>` and `estimators__<name>__<parameter>`."""
    params = {}
    for name, estimator in estimators.items():
        params[f"estimators__{name}"] = estimator
        if hasattr(estimator, "get_params") and not isinstance(estimator, type):
            for key, value in estimator.get_params(deep=True).items():
                params[f"estimators__{name}__{key}"] = value
    return params


def set_nested_params(
    estimators: Mapping[str, Any], params: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Replace or change estimators; the mapping given is not changed.

    Parameters
    ----------
    estimators : dict of str to estimator
    params : dict
        `estimators__<name>`, a new estimator, or `estimators__<name>__<parameter>`.

    Raises
    ------
    ValueError
        If there is no such estimator or parameter.
    """
    for key in sorted(params, key=lambda key: key.count("__")):  # replace, then change
        _, name, *parameter = key.split("__", 2)
        if name not in estimators:
            raise ValueError(
                f"Invalid parameter {key!r}: there is no estimator {name!r}; valid "
                f"names are {list(estimators)}"
            )
        if parameter:
            estimators[name].set_params(**{parameter[0]: params[key]})
        else:
            estimators = {**estimators, name: params[key]}
    return estimators


def common_type(estimators: Mapping[str, Any]) -> str | None:
    """Return the estimators' type ("classifier", "regressor", ...).

    Raises
    ------
    ValueError
        If they differ in type.
    """
    types = {name: tags_of(est).estimator_type for name, est in estimators.items()}
    known = {kind for kind in types.values() if kind is not None}
    if len(known) > 1:
        listed = ", ".join(f"{name!r} is a {kind}" for name, kind in types.items())
        raise ValueError(f"`estimators` must all be of one type; {listed}")
    return known.pop() if known else None


def make_tunables(
    estimators: Mapping[str, Any],
    search_spaces: Any,
    single: bool,
    constraints: Any = None,
    spaces_name: str = "search_spaces",
) -> dict[str, Tunable]:
    """Turn search spaces into tunables that start from the estimators' parameters.

    Parameters
    ----------
    estimators : dict of str to estimator
    search_spaces : dict of str to space, or None; a space or None if `single`
        What is missing or None is `default_space` of the estimator.
    single : bool
        Whether the user gave one estimator without a name.
    constraints : callable, dict of str to callable, or None
        Which configurations are valid: of all estimators, or by name.
    spaces_name : str, default="search_spaces"
        The parameter that holds the spaces, for messages.

    Raises
    ------
    TypeError, ValueError
        Naming the estimator and the parameter, if a space is invalid, or is missing
        and not known, or a constraint cannot be satisfied.
    """
    if single:
        for name, estimator in estimators.items():
            _check_unnamed(name, estimator, search_spaces)
        search_spaces = dict.fromkeys(estimators, search_spaces)
    if search_spaces is not None and not isinstance(search_spaces, Mapping):
        raise TypeError(
            f"`{spaces_name}` must be a dict of estimator names to spaces; got "
            f"{described(search_spaces)}"
        )
    for name in search_spaces or {}:
        if name not in estimators:
            raise ValueError(
                f"`{spaces_name}` has a space for {name!r}, which is not among the "
                f"estimators {list(estimators)}{nearest(name, estimators)}; it must "
                "have the form {estimator name: {parameter: values}}"
            )
    spaces = search_spaces or {}
    by_name = _constraints_by_name(estimators, constraints)
    tunables = {
        name: _tunable(name, estimator, spaces.get(name), by_name.get(name), single)
        for name, estimator in estimators.items()
    }
    for name, estimator in estimators.items():
        alone = len(estimators) == 1 and not tunables[name].names
        if alone and spaces.get(name) is None:
            _warn_of_a_single_candidate(name, estimator, single)
    return tunables


def combine_tags(own: Tags, estimators: Iterable[Any]) -> Tags:
    """Give `own` the estimators' type, and what all of them can do.

    Parameters
    ----------
    own : Tags
        Changed and returned.
    estimators : iterable of estimators
    """
    each = [tags_of(estimator) for estimator in estimators]
    own.estimator_type = next(
        (tags.estimator_type for tags in each if tags.estimator_type), None
    )
    for capability in ("pairwise", "sparse"):
        everywhere = all(getattr(tags.input_tags, capability) for tags in each)
        setattr(own.input_tags, capability, everywhere)
    own.target_tags.multi_output = all(tags.target_tags.multi_output for tags in each)
    own.array_api_support = all(tags.array_api_support for tags in each)
    classifiers = [tags.classifier_tags for tags in each if tags.classifier_tags]
    regressors = [tags.regressor_tags for tags in each if tags.regressor_tags]
    transformers = [tags.transformer_tags for tags in each if tags.transformer_tags]
    if classifiers:
        own.classifier_tags = type(classifiers[0])(
            poor_score=any(tags.poor_score for tags in classifiers),
            multi_class=all(tags.multi_class for tags in classifiers),
            multi_label=all(tags.multi_label for tags in classifiers),
        )
    if regressors:
        own.regressor_tags = type(regressors[0])(
            poor_score=any(tags.poor_score for tags in regressors)
        )
    if transformers and len(transformers) == len(each):
        kept = [set(tags.preserves_dtype) for tags in transformers]
        own.transformer_tags = type(transformers[0])(
            preserves_dtype=sorted(set.intersection(*kept))
        )
    return own


def _check_estimator(name: str, estimator: Any) -> None:
    methods = ("fit", "get_params", "set_params")
    if isinstance(estimator, type):
        raise TypeError(
            f"estimator {name!r} must be an instance, not a class: "
            f"{estimator.__name__}()"
        )
    missing = [method for method in methods if not hasattr(estimator, method)]
    if missing:
        raise TypeError(
            f"`estimators` must be an estimator or a dict of names to estimators; "
            f"{name!r}, {estimator!r}, has no `{missing[0]}`"
        )


def _check_unnamed(name: str, estimator: Any, space: Any) -> None:
    """Refuse a space by name where there are no names."""
    if isinstance(space, Mapping) and space:
        nested = [isinstance(v, Mapping) and "type" not in v for v in space.values()]
        if all(nested) and not set(space) & set(estimator.get_params(deep=True)):
            raise ValueError(
                f"the space of a single estimator has no name: give {{parameter: "
                f"values}}, or name the estimator, {{{next(iter(space))!r}: ...}}; got "
                f"{described(space)}"
            )


def _constraints_by_name(
    estimators: Mapping[str, Any], constraints: Any
) -> Mapping[str, Any]:
    if constraints is None:
        return {}
    if not isinstance(constraints, Mapping):
        return dict.fromkeys(estimators, constraints)
    for name, constraint in constraints.items():
        if name not in estimators:
            raise ValueError(
                "`constraints` must be a function, or a dict of functions by the names "
                f"of estimators, {list(estimators)}; got {name!r}"
                f"{nearest(name, estimators)}"
            )
        if not (constraint is None or callable(constraint)):
            raise TypeError(
                f"the constraint of {name!r} must be a function that is called with a "
                f"configuration; got {constraint!r}"
            )
    return constraints


def _tunable(
    name: str, estimator: Any, space: Any, constraint: Any, single: bool
) -> Tunable:
    who = _who(name, estimator)
    if space is None:
        space = _default_space(name, estimator, single)
    current = estimator.get_params(deep=True)
    given, known = {}, None
    if isinstance(space, Tunable):
        if constraint is not None and space.constraint is not None:
            raise ValueError(
                f"{who} must have one constraint; got one in `constraints`, and "
                "another in its Tunable"
            )
        constraint = constraint or space.constraint
        known = space.portfolio
        space, given = space.space, space.given_defaults
    whose = f"search space of {who}"
    with errors_about(whose):
        tunable = Tunable(space, {**current, **given}, constraint, known or ())
        check_parameters(tunable.parts, estimator, current)
        implied = implied_values(tunable.parts, estimator, current)
        if implied:  # which depends on the space: None may be one of its values
            defaults = {**current, **implied, **given}
            tunable = Tunable(tunable.space, defaults, tunable.constraint, known or ())
    warn_of_ranges(tunable.space, whose)
    warn_of_synonyms(tunable.parts, estimator, current, whose)
    if known is None:
        tunable.portfolio = list(_lying_in(tunable, portfolio(estimator), current))
    return tunable


def _lying_in(
    tunable: Tunable, configs: Iterable[Mapping[str, Any]], current: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Complete configurations of another space, where this one has them.

    A parameter that this one does not have must be as it is in the estimator.
    """
    for config in configs:
        fixed = [name for name in config if name not in tunable.names]
        if not all(n in current and same(current[n], config[n]) for n in fixed):
            continue  # where it is not listed, a subclass does not have it
        try:
            completed = tunable.complete(
                {name: config[name] for name in config if name not in fixed}
            )
        except ValueError:
            continue
        if tunable.satisfies(completed):
            yield completed


def _default_space(name: str, estimator: Any, single: bool) -> dict[str, Any]:
    try:
        return default_space(estimator)
    except ValueError as error:
        raise ValueError(
            f"{_who(name, estimator)} has no search space, and {error}; give it one, "
            f"`{_spaces_of_one(name, '{parameter: values}', single)}`, or "
            f"`{_of_one(name, '{}', single)}` to compare it as it is"
        ) from error


def _warn_of_a_single_candidate(name: str, estimator: Any, single: bool) -> None:
    warnings.warn(
        f"{_who(name, estimator)} is the only candidate, as it is: its default space "
        "is empty, since nothing in it is worth tuning but what you set yourself; give "
        f"it a space, `{_spaces_of_one(name, '{parameter: values}', single)}`, "
        f"or `{_of_one(name, '{}', single)}` if that is meant",
        UserWarning,
        stacklevel=2,
    )


def _who(name: str, estimator: Any) -> str:
    return f"estimator {name!r} ({type(estimator).__name__})"


def _of_one(name: str, space: str, single: bool) -> str:
    """Write the space of one estimator."""
    return space if single else f"{{{name!r}: {space}}}"


def _spaces_of_one(name: str, space: str, single: bool) -> str:
    """Write the parameter of the search that gives one estimator a space."""
    parameter = "param_grid" if single else "search_spaces"
    return f"{parameter}={_of_one(name, space, single)}"
