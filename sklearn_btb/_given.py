"""The estimators and spaces that a user gave, under one of several names.

`GridSearchCV`, `RandomizedSearchCV` and BTB have different names for the same two
parameters. A search takes all of them. Everything else in the package reads them here.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from ._sklearn_compat import InvalidParameterError
from ._values import nearest

Init = TypeVar("Init", bound=Callable[..., None])

ESTIMATOR_NAMES: Final = ("estimator", "estimators")
SPACE_NAMES: Final = ("param_grid", "param_distributions", "search_spaces")
# Keywords of other searches, and the parameter that means the same here.
FOREIGN_KEYWORDS: Final = {
    "n_trials": "n_iter",  # Optuna
    "n_calls": "n_iter",  # scikit-optimize
    "max_evals": "n_iter",  # Hyperopt
    "max_trials": "n_iter",
    "num_samples": "n_iter",  # Ray Tune
    "iterations": "n_iter",
    "n_candidates": "n_iter",
    "timeout": "time_budget",  # Optuna
    "max_time": "time_budget",
    "time_limit": "time_budget",  # AutoGluon
    "time_budget_s": "time_budget",  # Ray Tune
    "search_space": "search_spaces",
    "space": "search_spaces",  # Hyperopt
    "spaces": "search_spaces",
    "param_space": "search_spaces",
    "param_distribution": "param_distributions",
    "params": "param_grid",
    "parameters": "param_grid",
    "estimator_list": "estimators",  # FLAML
    "models": "estimators",
    "model": "estimator",
    "metric": "scoring",  # FLAML
    "seed": "random_state",
    "callbacks": "callback",
    "early_stopping": "patience",
    "sampler": "tuner",  # Optuna
    "initial_points": "initial_params",
    "points_to_evaluate": "initial_params",  # Ray Tune
}


class Given(NamedTuple):
    """The estimators and their spaces as they were given, unchecked.

    Attributes
    ----------
    estimators : estimator or dict of str to estimator; None if there are none
    spaces : object
        None for default spaces.
    estimators_name, spaces_name : str
        The parameters that hold them, for messages.
    """

    estimators: Any
    spaces: Any
    estimators_name: str
    spaces_name: str

    @property
    def single(self) -> bool:
        """Whether it is one estimator without a name."""
        return not isinstance(self.estimators, Mapping)

    @property
    def each(self) -> list[Any]:
        """The estimators as a list."""
        if self.single:
            return [] if self.estimators is None else [self.estimators]
        return list(self.estimators.values())


def given_to(search: Any) -> Given:
    """Return what a search was given; the first name where there are two.

    Parameters
    ----------
    search : BTBSearchCV
    """
    names = [_first_given(search, names) for names in (ESTIMATOR_NAMES, SPACE_NAMES)]
    return Given(*(getattr(search, name) for name in names), *names)


def check_given(search: Any) -> Given:
    """Return what a search was given, each thing under exactly one name.

    Raises
    ------
    ValueError
        If there is no estimator, or two names of the same parameter are used.
    """
    given = given_to(search)
    if given.estimators is None:
        raise InvalidParameterError(
            f"The 'estimator' parameter of {type(search).__name__} must be an object "
            "implementing 'fit', or a dict of such objects by name (also as "
            "'estimators'). Got None instead."
        )
    singular, plural = ("estimator", "param_grid"), ("estimators", "search_spaces")
    for names, right in zip(
        (ESTIMATOR_NAMES, SPACE_NAMES),
        singular if given.single else plural,
        strict=True,
    ):
        used = [name for name in names if getattr(search, name) is not None]
        if len(used) > 1:
            raise ValueError(
                f"`{used[0]}` and `{used[1]}` must not both be given, because they are "
                f"two names of one parameter; write only `{right}`, and set the other "
                "to None"
            )
    return given


def explain_foreign_keywords(init: Init) -> Init:
    """Let a constructor's error about a keyword of another search name ours.

    Parameters
    ----------
    init : function
        The `__init__` of a search. Its signature stays.
    """
    known = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        for name in kwargs:
            if name not in known:
                ours = FOREIGN_KEYWORDS.get(name)
                advice = f"; here it is `{ours}`" if ours else nearest(name, known)
                raise TypeError(
                    f"{type(self).__name__}() got an unexpected keyword argument "
                    f"{name!r}{advice}"
                )
        init(self, *args, **kwargs)

    return __init__  # type: ignore[return-value]


def _first_given(search: Any, names: tuple[str, ...]) -> str:
    used = [name for name in names if getattr(search, name) is not None]
    return used[0] if used else names[0]
