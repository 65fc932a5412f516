"""What an estimator says of its parameters: which it has, is given, and begins with.

`set_params` decides whether an estimator has a parameter. `get_params` lists all of
them in scikit-learn; elsewhere it may list those that were set, or only some.
"""

import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from sklearn.base import BaseEstimator, clone

from ._boosting_facts import IMPLIED, SYNONYMS
from ._hyperparams import HyperParam
from ._random import generator_at
from ._values import UNSET, is_finite_number, nearest, same

Entry = TypeVar("Entry")
Part = Mapping[str, HyperParam]  # one dict of a space

N_DRAWN: Final = 2  # values that are asked for where the default is refused
MADE_UP: Final = "that_nothing_has"


def is_estimator(value: Any) -> bool:
    """Whether it can be fitted and has parameters, and is not a class."""
    methods = hasattr(value, "fit") and hasattr(value, "get_params")
    return methods and not isinstance(value, type)


def lookup(kind: type, table: Mapping[str, Entry]) -> Entry | None:
    """Return the entry of the nearest base that has one."""
    path = path_in(kind, table)
    return None if path is None else table[path]


def path_in(kind: type, table: Mapping[str, Any]) -> str | None:
    """Return the path under which a class, or its nearest base, stands in a table."""
    paths = (
        f"{base.__module__.partition('._')[0]}.{base.__name__}" for base in kind.__mro__
    )
    return next((path for path in paths if path in table), None)


def takes(estimator: Any, name: str) -> bool:
    """Whether its class declares a parameter, also one that `get_params` lacks."""
    if name in estimator.get_params(deep=False):
        return True
    # CatBoost's get_params has nothing but what is set
    own = not isinstance(estimator, BaseEstimator)
    return own and default_of(type(estimator), name) is not inspect.Parameter.empty


def default_of(kind: type, name: str) -> Any:
    """Return a parameter's default, `inspect.Parameter.empty` if there is none."""
    for base in kind.__mro__:
        parameters = inspect.signature(base.__init__).parameters  # type: ignore[misc]
        if name in parameters:
            return parameters[name].default
        kinds = [parameter.kind for parameter in parameters.values()]
        if inspect.Parameter.VAR_KEYWORD not in kinds:  # which go on to its bases
            break
    return inspect.Parameter.empty


def is_set(estimator: Any, name: str, params: Mapping[str, Any]) -> bool:
    """Whether the user set a parameter: it is listed, and not at its default."""
    if name not in params:
        return False
    value, default = params[name], default_of(type(estimator), name)
    numbers = is_finite_number(value) and is_finite_number(default)
    return not (value == default if numbers else same(value, default))


def synonyms(kind: type, name: str) -> list[str]:
    """List the other names of a parameter, the one to prefer first."""
    for group in lookup(kind, SYNONYMS) or ():
        if name in group:
            return [other for other in group if other != name]
    return []


def check_parameters(
    parts: Iterable[Part], estimator: Any, current: Mapping[str, Any]
) -> None:
    """Ask the estimator for each parameter of a space whether it has it.

    A parameter that `get_params` lists needs no question. Any other is set, with values
    of the space, on a clone of the estimator, or of one among the values of a parameter
    in front of it (of "reduce" for "reduce__n_components").

    Parameters
    ----------
    parts : iterable of dict of str to HyperParam
        The dicts of a space.
    estimator : estimator
        It is not changed.
    current : dict
        Its parameters, with those of the estimators in it.

    Raises
    ------
    ValueError
        With the nearest valid name, and with what was said that is not about the name.
    """
    accepted: set[str] = set()
    for part in parts:
        listed: dict[str, set[str]] = {}  # by the estimators among a parameter's values
        for parameter, hyperparam in part.items():
            if parameter in current or parameter in accepted:
                continue
            if _a_choice_takes(parameter, part, listed):
                continue
            refusal = _refusal(estimator, parameter, hyperparam)
            if refusal is not None:
                value = hyperparam.default
                raise ValueError(
                    _message(parameter, value, estimator, current, refusal)
                ) from refusal
            accepted.add(parameter)


def warn_of_synonyms(
    parts: Iterable[Part], estimator: Any, current: Mapping[str, Any], subject: str
) -> None:
    """Warn of two names of the same thing: both searched, or one searched and one set.

    Parameters
    ----------
    parts, estimator, current
        As `check_parameters` has them.
    subject : str
        Whose space it is, for the message.
    """
    told: set[frozenset[str]] = set()
    for parameter, part, holder in _held(parts, estimator, current):
        prefix, own = _split(parameter)
        params = holder.get_params(deep=False)
        for name in synonyms(type(holder), own):
            other = prefix + name
            pair = frozenset((parameter, other))
            both = other in part
            if pair in told or not (both or is_set(holder, name, params)):
                continue
            told.add(pair)
            clash = "both are searched"
            if not both:
                clash = f"{other!r} is set to {params[name]!r}"
            warnings.warn(
                f"{subject}: {parameter!r} and {other!r} are two names of one "
                f"parameter of {type(holder).__name__}, and {clash}; only one of them "
                "can take effect",
                UserWarning,
                stacklevel=2,
            )


def implied_values(
    parts: Iterable[Part], estimator: Any, current: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that parameters have which are None, or not listed.

    It is that of a synonym, or the one that the library uses then. Where None is among
    the values of the space, it stays None.

    Parameters
    ----------
    parts, estimator, current
        As `check_parameters` has them.

    Returns
    -------
    dict of str to object
        Only of parameters for which such a value is known.
    """
    implied: dict[str, Any] = {}
    for parameter, part, holder in _held(parts, estimator, current):
        if current.get(parameter) is not None:
            continue
        value = _implied_value(holder, _split(parameter)[1])
        if part[parameter].contains(None):
            implied[parameter] = None
        elif value is not UNSET:
            implied.setdefault(parameter, value)
    return implied


def _implied_value(holder: Any, name: str) -> Any:
    names = [name, *synonyms(type(holder), name)]
    params, table = holder.get_params(deep=False), lookup(type(holder), IMPLIED) or {}
    given = [params[each] for each in names if params.get(each) is not None]
    return next(iter(given + [table[each] for each in names if each in table]), UNSET)


def _held(
    parts: Iterable[Part], estimator: Any, current: Mapping[str, Any]
) -> Iterator[tuple[str, Part, Any]]:
    """Yield parameters of boosting libraries, their dict and the estimator they are of.

    That is the estimator itself, one in it, or one among the values of a parameter.
    """
    known: dict[str, list[Any]] = {}
    for part in parts:
        choices: dict[str, list[Any]] = {}
        for parameter in part:
            prefix = _split(parameter)[0]
            owner = prefix.removesuffix("__")
            if prefix not in known:
                inside = current.get(owner) if prefix else estimator
                known[prefix] = [inside] if _is_boosting(inside) else []
            if prefix not in choices:
                choices[prefix] = list(filter(_is_boosting, _choices(part, owner)))
            for holder in known[prefix] + choices[prefix]:
                yield parameter, part, holder


def _is_boosting(value: Any) -> bool:
    return is_estimator(value) and path_in(type(value), SYNONYMS) is not None


def _split(parameter: str) -> tuple[str, str]:
    """Split a name into its prefix, with the underscores, and the last part."""
    owner, underscores, own = parameter.rpartition("__")
    return owner + underscores, own


def _choices(part: Part, name: str) -> list[Any]:
    """List what has parameters among the values of one."""
    values = getattr(part.get(name), "choices", ())
    return [
        value
        for value in values
        if hasattr(value, "get_params") and not isinstance(value, type)
    ]


def _a_choice_takes(parameter: str, part: Part, listed: dict[str, set[str]]) -> bool:
    """Whether it belongs to an estimator that is itself one of the values tried."""
    prefix, _, rest = parameter.rpartition("__")
    while prefix:
        choices = _choices(part, prefix)
        if prefix not in listed:
            each = [choice.get_params(deep=True) for choice in choices]
            listed[prefix] = set().union(*each)
        if rest in listed[prefix] or any(
            _refusal(choice, rest, part[parameter]) is None for choice in choices
        ):
            return True
        prefix, _, middle = prefix.rpartition("__")
        rest = f"{middle}__{rest}"
    return False


def _refusal(estimator: Any, name: str, hyperparam: HyperParam) -> Exception | None:
    """Return what an estimator raises for a parameter, None if it has it."""
    refusal = _error_of(estimator, name, hyperparam.default)
    if refusal is not None:  # it may be that value alone
        drawn = hyperparam.decode(hyperparam.sample(N_DRAWN, generator_at(0)))
        if any(_error_of(estimator, name, value) is None for value in drawn):
            return None
    return refusal


def _error_of(estimator: Any, name: str, value: Any) -> Exception | None:
    asked = clone(estimator)
    try:
        asked.set_params(**{name: clone(value, safe=False)})
    except Exception as error:  # an estimator may refuse by anything
        return error
    try:
        clone(asked)
    except TypeError as error:  # its constructor knows no such name: CatBoost's
        return error
    except Exception:  # other reasons do not concern the name, which can be set
        return None
    return None


def _message(
    parameter: str,
    value: Any,
    estimator: Any,
    current: Mapping[str, Any],
    refusal: Exception,
) -> str:
    """Say whether it is the name that is refused, or its values.

    If it is the name, one that nothing has is refused in the same words.
    """
    other = _error_of(estimator, parameter + MADE_UP, value)
    texts = [str(error).partition(". ")[0] for error in (refusal, other)]
    said = f"it raised {type(refusal).__name__}: {refusal}"
    if type(other) is not type(refusal) or texts[0] != texts[1].replace(MADE_UP, ""):
        return f"parameter {parameter!r} cannot be set to {value!r}; {said}"
    names = [*current, *_declared(parameter, estimator, current)]
    message = (
        f"invalid parameter {parameter!r}{nearest(parameter, names)}; valid parameters "
        f"are {sorted(current)}"
    )
    if str(refusal).startswith("Invalid parameter"):  # scikit-learn's says no more
        return message
    return f"{message}; {said}"


def _declared(
    parameter: str, estimator: Any, current: Mapping[str, Any]
) -> Sequence[str]:
    """List the names in the constructor of what would have the parameter."""
    prefix, _ = _split(parameter)
    holder = current.get(prefix.removesuffix("__")) if prefix else estimator
    if not is_estimator(holder):
        return []
    parameters = inspect.signature(type(holder)).parameters.values()
    named = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]
    return [prefix + name for name in named if name not in current]
