"""Foreign notation: values and spaces of other libraries -> our own.

None of these libraries is imported. An object is known by the names of its class, or of
one that this inherits from, and of the library that has it; it is read by its public
attributes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from scipy import stats

from ._conditions import values_of, when
from ._hyperparams import (
    LARGEST_ENUMERATED,
    CategoricalHyperParam,
    FloatHyperParam,
    HyperParam,
    IntHyperParam,
)
from ._notation import as_hyperparam, from_list
from ._values import UNSET, same

Constraint = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Permitted:
    """A constraint: none of the forbidden clauses of a space of ConfigSpace.

    Attributes
    ----------
    clauses : tuple of forbidden clauses
    constraint : callable or None
        What has to hold as well.
    """

    clauses: tuple[Any, ...]
    constraint: Constraint | None

    def __call__(self, config: dict[str, Any]) -> bool:
        if any(clause.is_forbidden_value(config) for clause in self.clauses):
            return False
        return self.constraint is None or self.constraint(config)


def own_values(values: Any) -> Any:
    """Turn the values of one parameter, where they are foreign, into a hyperparameter.

    Parameters
    ----------
    values : object
        A distribution of Optuna, a dimension of scikit-optimize, a hyperparameter of
        ConfigSpace, a choice of skrub; anything else is returned as it is.

    Raises
    ------
    TypeError, ValueError
        If it is of one of these libraries, and nothing can be made of it.
    """
    names = _foreign_names(values)
    reader = next((READERS[name] for name in names if name in READERS), None)
    if reader is not None:
        return reader(values)
    if names:
        library = names[0][0]
        supported = ", ".join(name for origin, name in READERS if origin == library)
        raise TypeError(
            f"values of the library {library} must be of a class that is supported, "
            f"one of {supported}; got {values!r}"
        )
    return values


def own_space(
    space: Any, constraint: Constraint | None
) -> tuple[Any, Constraint | None]:
    """Turn a foreign space into a dict of parameter names to values.

    Parameters
    ----------
    space : object
        A `ConfigurationSpace` of ConfigSpace, or dimensions of scikit-optimize that
        have names, as a list or as a `Space`; also as parts of a list, a union.
        Anything else is returned as it is.
    constraint : callable or None

    Returns
    -------
    space : object
    constraint : callable or None
        The one that was given, and what a space of ConfigSpace forbids.

    Raises
    ------
    TypeError, ValueError
        If a space is foreign, and nothing can be made of it.
    """
    if _is(space, "ConfigSpace", "ConfigurationSpace"):
        clauses = tuple(space.forbidden_clauses)
        permitted = Permitted(clauses, constraint) if clauses else constraint
        return _of_configuration_space(space), permitted
    if _is(space, "skopt", "Space"):
        if getattr(space, "constraint", None) is not None:
            raise ValueError(
                "a Space of scikit-optimize must have no constraint, give it as a "
                f"constraint of the search; got {space.constraint!r}"
            )
        return _of_dimensions(space.dimensions), constraint
    if isinstance(space, list | tuple) and space:
        if all(_is(each, "skopt", "Dimension") for each in space):
            return _of_dimensions(space), constraint
        parts = [own_space(part, None) for part in space]
        if any(forbidden for _, forbidden in parts):
            raise ValueError(
                "a ConfigurationSpace with forbidden clauses must not be a part of a "
                f"union; got {space!r}"
            )
        if any(own is not part for (own, _), part in zip(parts, space, strict=True)):
            return [own for own, _ in parts], constraint
    return space, constraint


def _foreign_names(value: Any) -> list[tuple[str, str]]:
    """List what a value is, as pairs of library and class name, if it is foreign."""
    kinds = type(value).__mro__
    names = [(kind.__module__.partition(".")[0], kind.__name__) for kind in kinds]
    return [(library, name) for library, name in names if library in LIBRARIES]


def _is(value: Any, library: str, name: str) -> bool:
    return (library, name) in _foreign_names(value)


def _steps(low: Any, high: Any, step: Any) -> HyperParam:
    """Return low, low + step, ... up to high, in decimals as they are written."""
    first, last, size = (Decimal(str(number)) for number in (low, high, step))
    n_values = int((last - first) / size) + 1
    if n_values > LARGEST_ENUMERATED:
        raise ValueError(
            f"a range with a step must have at most {LARGEST_ENUMERATED} values; got "
            f"{n_values}, from {low} to {high} by {step}"
        )
    kind = int if isinstance(low, int) and isinstance(step, int) else float
    return from_list([kind(first + index * size) for index in range(n_values)])


def _categorical(
    choices: Sequence[Any], weights: Iterable[float] | None, default: Any = UNSET
) -> HyperParam:
    if weights is not None and not np.allclose(weights := list(weights), weights[0]):
        raise ValueError(
            f"the choices {list(choices)} must be equally likely; got the weights "
            f"{weights}"
        )
    return CategoricalHyperParam(list(choices), default)


def _of_float_distribution(one: Any) -> HyperParam:
    if one.step is not None:
        return _steps(one.low, one.high, one.step)
    return FloatHyperParam(one.low, one.high, log=one.log)


def _of_int_distribution(one: Any) -> HyperParam:
    if one.step != 1:
        return _steps(one.low, one.high, one.step)
    return IntHyperParam(one.low, one.high, log=one.log)


def _of_categorical_distribution(one: Any) -> HyperParam:
    return _categorical(one.choices, None)


def _of_real(one: Any) -> HyperParam:
    return FloatHyperParam(one.low, one.high, log=one.prior == "log-uniform")


def _of_integer(one: Any) -> HyperParam:
    return IntHyperParam(one.low, one.high, log=one.prior == "log-uniform")


def _of_categories(one: Any) -> HyperParam:
    return _categorical(one.categories, one.prior)


def _of_dimensions(dimensions: Sequence[Any]) -> dict[str, Any]:
    names = [dimension.name for dimension in dimensions]
    if None in names or len(set(names)) < len(names):
        raise ValueError(
            "dimensions of scikit-optimize must have names, each its own, or stand in "
            f"a dict; got {dimensions!r}"
        )
    return dict(zip(names, dimensions, strict=True))


def _of_uniform(one: Any) -> HyperParam:
    # it always has a default; one that nobody chose must not displace the estimator's
    unchosen = type(one)(one.name, one.lower, one.upper, log=one.log).default_value
    whole = _is(one, "ConfigSpace", "UniformIntegerHyperparameter")
    bounded = IntHyperParam if whole else FloatHyperParam
    default = _chosen(one.default_value, unchosen)
    return bounded(one.lower, one.upper, log=one.log, default=default)


def _of_normal(one: Any) -> HyperParam:
    if one.log:
        raise ValueError(f"a normal hyperparameter must not have a log; got {one!r}")
    ends = [(end - one.mu) / one.sigma for end in (one.lower, one.upper)]
    return as_hyperparam(stats.truncnorm(*ends, loc=one.mu, scale=one.sigma))


def _of_categorical(one: Any) -> HyperParam:
    default = _chosen(one.default_value, one.choices[0])
    return _categorical(one.choices, one.weights, default)


def _of_ordinal(one: Any) -> HyperParam:
    values = list(one.sequence)
    return from_list(values, _chosen(one.default_value, values[0]))


def _of_constant(one: Any) -> HyperParam:
    return from_list([one.value])


def _chosen(default: Any, unchosen: Any) -> Any:
    return UNSET if same(default, unchosen) else default


def _of_configuration_space(space: Mapping[str, Any]) -> dict[str, Any]:
    hyperparams = {name: own_values(one) for name, one in space.items()}
    own: dict[str, Any] = dict(hyperparams)
    for condition in space.conditions:  # type: ignore[attr-defined]
        for each in _conjuncts(condition):
            child, parent = _ends(each)
            if hyperparams[parent].cardinality > LARGEST_ENUMERATED:
                raise ValueError(
                    f"a condition must be on a parameter with up to "
                    f"{LARGEST_ENUMERATED} values; got {each!r}"
                )
            counting = [
                value
                for value in values_of(hyperparams[parent])
                if each.satisfied_by_value({parent: value})
            ]
            own[child] = when(parent, counting, own[child])
    return own


def _conjuncts(condition: Any) -> list[Any]:
    """List conditions that all have to hold."""
    if not _is(condition, "ConfigSpace", "AndConjunction"):
        return [condition]
    return [part for each in condition.components for part in _conjuncts(each)]


def _ends(condition: Any) -> tuple[str, str]:
    """Return the names of the parameter that applies, and of the one it depends on."""
    if not _is(condition, "ConfigSpace", "Conjunction"):
        return condition.child.name, condition.parent.name
    ends = {_ends(component) for component in condition.components}
    if len(ends) > 1:
        raise ValueError(
            "alternative conditions must be on one parameter, or else be parts of a "
            f"list of dicts; got {condition!r}"
        )
    return ends.pop()


def _of_numeric_choice(one: Any) -> HyperParam:
    bounded = IntHyperParam if one.to_int else FloatHyperParam
    default = UNSET if one.default_outcome is None else one.default_outcome
    return bounded(one.low, one.high, log=one.log, default=default)


def _of_steps(one: Any) -> HyperParam:
    values = np.asarray(one.grid).tolist()
    default = one.default_outcome  # need not be one of the steps
    if default is not None:
        default = min(values, key=lambda value: abs(value - default))
    return from_list(values, UNSET if default is None else default)


def _of_choice(one: Any) -> HyperParam:
    outcomes = list(one.outcomes)
    for outcome in outcomes:
        if _is(outcome, "skrub", "BaseChoice") or _is(outcome, "skrub", "Match"):
            raise ValueError(
                "the outcomes of a choice must not be choices themselves, `when` gives "
                f"them parameters of their own; got {outcome!r}"
            )
    return from_list(outcomes, default=outcomes[0])


READERS: Final[dict[tuple[str, str], Callable[[Any], HyperParam]]] = {
    ("optuna", "FloatDistribution"): _of_float_distribution,
    ("optuna", "IntDistribution"): _of_int_distribution,
    ("optuna", "CategoricalDistribution"): _of_categorical_distribution,
    ("skopt", "Real"): _of_real,
    ("skopt", "Integer"): _of_integer,
    ("skopt", "Categorical"): _of_categories,
    ("ConfigSpace", "UniformFloatHyperparameter"): _of_uniform,
    ("ConfigSpace", "UniformIntegerHyperparameter"): _of_uniform,
    ("ConfigSpace", "NormalFloatHyperparameter"): _of_normal,
    ("ConfigSpace", "CategoricalHyperparameter"): _of_categorical,
    ("ConfigSpace", "OrdinalHyperparameter"): _of_ordinal,
    ("ConfigSpace", "Constant"): _of_constant,
    ("skrub", "NumericChoice"): _of_numeric_choice,
    ("skrub", "DiscretizedNumericChoice"): _of_steps,
    ("skrub", "Choice"): _of_choice,
}
LIBRARIES: Final = {library for library, _ in READERS}
