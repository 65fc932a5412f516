"""Conditions: parameters that apply only while another one has certain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np

from ._hyperparams import LARGEST_ENUMERATED, HyperParam
from ._values import Lookup, described, is_finite_number, nearest, same


@dataclass(frozen=True, eq=False, repr=False)
class Condition:
    """What `when` makes; a space reads it."""

    parameter: str
    values: Any
    then: Any

    def __repr__(self) -> str:
        return f"when({self.parameter!r}, {self.values!r}, {described(self.then)})"

    def counts(self, value: Any) -> bool:
        """Whether a value of the other parameter is one of those that count."""
        possible = Lookup([value])
        return any(_places(wanted, possible) for wanted in self.wanted_of(possible))

    def wanted_of(self, possible: Lookup) -> list[Any]:
        """List the values that count, or what stands for them: one, or several."""
        if possible.find(self.values) is None and isinstance(
            self.values, list | tuple | set | frozenset | range | np.ndarray
        ):
            return list(self.values)
        return [self.values]


def when(parameter: str, values: Any, then: Any) -> Condition:
    """Let a parameter of a space apply only while another one has certain values.

    While it does not apply, it is no part of the configuration: the estimator keeps
    its own value, and `cv_results_` masks it.

    Parameters
    ----------
    parameter : str
        The other parameter, one of the same dict with a finite number of values.
    values : object, or list, tuple or set of objects
        The values of it that count: one, or several. Instead of a value there may be a
        class, which stands for its instances, or a function that is called with each
        value and says whether it counts.
    then : object
        The values of the parameter that applies: whatever a space has for one. Another
        `when` is a further condition; all of them have to hold.

    Returns
    -------
    Condition
        To be put into a space.

    Examples
    --------
    >>> from sklearn_btb import IntHyperParam, Tunable, when
    >>> tunable = Tunable(
    ...     {
    ...         "kernel": ["linear", "poly"],
    ...         "degree": when("kernel", "poly", IntHyperParam(2, 5)),
    ...     }
    ... )
    >>> tunable.cardinality
    5
    >>> tunable.decode(tunable.at(0, 2))
    [{'kernel': 'linear'}, {'kernel': 'poly', 'degree': 2}]

    Two conditions, and one on a step of a Pipeline:

    >>> space = {
    ...     "solver": ["lbfgs", "saga"],
    ...     "penalty": when("solver", "saga", ["l1", "elasticnet"]),
    ...     "l1_ratio": when(
    ...         "solver", "saga", when("penalty", "elasticnet", [0.2, 0.8])
    ...     ),
    ... }
    >>> Tunable(space).cardinality
    4
    >>> from sklearn.decomposition import PCA
    >>> space = {
    ...     "reduce": ["passthrough", PCA()],
    ...     "reduce__n_components": when("reduce", PCA, [2, 5, 10]),
    ... }
    >>> Tunable(space).cardinality
    4
    """
    if not isinstance(parameter, str):
        raise TypeError(f"`parameter` must be the name of one; got {parameter!r}")
    return Condition(parameter, values, then)


class Requirement(NamedTuple):
    """A parameter has to apply, and to have one of these values."""

    parameter: str
    values: Lookup


class Part(NamedTuple):
    """One dict of a space: hyperparameters, and what some of them require.

    Attributes
    ----------
    hyperparams : dict of str to HyperParam
    requirements : dict of str to list of Requirement
        Of those that do not always apply.
    order : tuple of str
        The names, each behind those that it requires.
    """

    hyperparams: dict[str, HyperParam]
    requirements: dict[str, list[Requirement]]
    order: tuple[str, ...]

    def applying(self, config: Mapping[str, Any]) -> list[str]:
        """List the names that apply, given the values that they depend on."""
        if not self.requirements:
            return list(self.hyperparams)
        applying = set()
        for name in self.order:
            if all(
                required in applying
                and required in config
                and values.find(config[required]) is not None
                for required, values in self.requirements.get(name, ())
            ):
                applying.add(name)
        return [name for name in self.hyperparams if name in applying]

    def has_names_of(self, config: Mapping[str, Any]) -> bool:
        """Whether a configuration has the names that apply, and no foreign ones.

        It may have a value for one that does not apply; nothing depends on it.
        """
        if not self.requirements:
            return config.keys() == self.hyperparams.keys()
        applying = self.applying(config)
        return config.keys() <= self.hyperparams.keys() and all(
            name in config for name in applying
        )

    def has(self, config: Mapping[str, Any]) -> bool:
        """Whether a configuration is one of this part, with nothing beside it."""
        applying = self.applying(config)
        return len(applying) == len(config) and all(
            name in config and self.hyperparams[name].contains(config[name])
            for name in applying
        )

    def gives_back(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Whether decoding n configurations that it has gives back the very values."""
        applying = [self.applying(config) for config in configs]
        exact = np.ones(len(configs), dtype=bool)
        for name, hyperparam in self.hyperparams.items():
            rows = [row for row, names in enumerate(applying) if name in names]
            if rows:
                values = [configs[row][name] for row in rows]
                decoded = hyperparam.decode(hyperparam.images_of(values))
                exact[rows] &= np.array(list(map(same, decoded, values)), dtype=bool)
        return exact

    def names_text(self) -> str:
        """Write which names a configuration of it has, for messages."""
        always = [name for name in self.hyperparams if name not in self.requirements]
        text = str(always)
        if self.requirements:
            text += f" and, where they apply, {list(self.requirements)}"
        return text

    def facts(self) -> Any:
        """Return what its configurations follow from, whatever their defaults."""
        hyperparams = {name: facts_of(each) for name, each in self.hyperparams.items()}
        return hyperparams, {
            name: [(parameter, values.values) for parameter, values in those]
            for name, those in self.requirements.items()
        }


def in_order(
    names: Iterable[str], requirements: Mapping[str, list[Requirement]]
) -> tuple[str, ...]:
    """Put names behind those that they require, and leave them in order otherwise.

    Raises
    ------
    ValueError
        If one requires itself in the end.
    """
    required = {
        name: [parameter for parameter, _ in requirements.get(name, ())]
        for name in names
    }
    try:
        return tuple(TopologicalSorter(required).static_order())
    except CycleError as error:
        circle = " -> ".join(map(repr, reversed(error.args[1])))
        raise ValueError(
            f"the conditions of a space must not go round in a circle; got {circle}"
        ) from None


def values_of(hyperparam: HyperParam) -> list[Any]:
    """List the values of a finite hyperparameter."""
    return hyperparam.decode(hyperparam.at(np.arange(hyperparam.cardinality)))


def facts_of(hyperparam: HyperParam) -> Any:
    """Return what the values and images of a hyperparameter follow from.

    Two have the same values and images if their facts are the `same`.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, Lookup):
            return value.values
        return facts_of(value) if isinstance(value, HyperParam) else value

    return type(hyperparam), {
        name: plain(value)
        for name, value in vars(hyperparam).items()
        if "default" not in name
    }


def requirement(
    condition: Condition, hyperparams: Mapping[str, HyperParam]
) -> Requirement:
    """Find the values that a condition speaks of.

    Raises
    ------
    ValueError
        If it names a parameter that there is not, or values that it cannot have.
    """
    parameter = condition.parameter
    if parameter not in hyperparams:
        raise ValueError(
            "`when` must name a parameter of the same dict, one of "
            f"{list(hyperparams)}; got {parameter!r}{nearest(parameter, hyperparams)}"
        )
    hyperparam = hyperparams[parameter]
    if hyperparam.cardinality > LARGEST_ENUMERATED:
        raise ValueError(
            "`when` must name a parameter with a finite number of values (up to "
            f"{LARGEST_ENUMERATED}); got {parameter!r}, {hyperparam.valid}"
        )
    possible = Lookup(values_of(hyperparam))
    wanted = condition.wanted_of(possible)
    if not wanted:
        raise ValueError(f"`when` must have values of {parameter!r}; got none")
    counting: set[int] = set()
    for one in wanted:
        places = _places(one, possible)
        if not places:
            texts = [value for value in possible.values if isinstance(value, str)]
            near = nearest(one, texts) if isinstance(one, str) else ""
            raise ValueError(
                f"`when` must have values that {parameter!r} can have, "
                f"{hyperparam.valid}; got {one!r}{near}"
            )
        counting.update(places)
    return Requirement(
        parameter, Lookup(possible.values[place] for place in sorted(counting))
    )


def _places(wanted: Any, possible: Lookup) -> list[int]:
    """Find a value, or those for which a class or a function stands."""
    place = possible.find(wanted)
    if place is None and is_finite_number(wanted) and float(wanted).is_integer():
        place = possible.find(int(wanted))
        place = possible.find(float(wanted)) if place is None else place
    if place is not None:
        return [place]
    each = enumerate(possible.values)
    if isinstance(wanted, type):
        return [place for place, one in each if isinstance(one, wanted)]
    if callable(wanted):
        return [place for place, one in each if _counts(wanted, one)]
    return []


def _counts(function: Any, value: Any) -> bool:
    try:
        return bool(function(value))
    except Exception as error:
        raise ValueError(
            f"`when` must have a value, or a function that says of each value whether "
            f"it counts; {function!r} raised {type(error).__name__} for {value!r}"
        ) from error
