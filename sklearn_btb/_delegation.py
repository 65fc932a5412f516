"""Methods that `BTBSearchCV` has because its estimators have them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sklearn import get_config
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._given import given_to
from ._scoring import routed_scorer
from ._sklearn_compat import VisualBlock, raise_for_params

INTERRUPTED: Final = (
    "This %(name)s instance ended before its winner was fitted to all the data. "
    "set_params(warm_start=True, n_iter=0).fit(X, y) fits it, without any search."
)


def check_refit(search: Any, attribute: str) -> None:
    """Raise the AttributeError of scikit-learn's searches with `refit=False`."""
    if not search.refit:
        raise AttributeError(
            f"This {type(search).__name__} instance was initialized with "
            f"`refit=False`. {attribute} is available only after refitting on the best "
            "parameters. You can refit an estimator manually using the `best_params_` "
            "attribute"
        )


def winner(search: Any) -> Any:
    """Return the refitted winner, or raise NotFittedError."""
    if search.refit and hasattr(search, "best_params_"):
        check_is_fitted(search, "best_estimator_", msg=INTERRUPTED)
    check_is_fitted(search, "best_estimator_")
    return search.best_estimator_


def has(attribute: str) -> Callable[[Any], bool]:
    """Make the check whether the winner, or before fit every estimator, has it."""

    def check(search: Any) -> bool:
        check_refit(search, attribute)
        if hasattr(search, "best_estimator_"):
            getattr(search.best_estimator_, attribute)
        else:
            for estimator in given_to(search).each:
                getattr(estimator, attribute)
        return True

    return check


def can_score(search: Any) -> bool:
    check_refit(search, "score")
    return search.scoring is not None or has("score")(search)


def score_winner(search: Any, X: Any, y: Any, params: Mapping[str, Any]) -> float:
    """Score the winner with the search's scorer, of several with that of `refit`.

    Parameters
    ----------
    search : BTBSearchCV
    X, y : array-like
    params : dict
        For the scorer; only with metadata routing.

    Raises
    ------
    ValueError
        If there are several metrics and `refit` names none.
    """
    best_estimator = winner(search)
    raise_for_params(params, search, "score")
    score_params = {}
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(search, "score", **params)
        score_params = routed[routed_scorer(search, search.best_estimator_name_)].score
    if search.multimetric_ and callable(search.refit):
        raise ValueError(
            "With several metrics and a callable `refit` there is no one score; "
            "call one of `scorer_` with `best_estimator_`"
        )
    scorer = search.scorer_
    if isinstance(scorer, dict):
        scorer = scorer[search.refit]
    score = scorer(best_estimator, X, y, **score_params)
    return score[search.refit] if isinstance(score, dict) else score


def classes_of(search: Any) -> Any:
    """The winner's class labels."""
    has("classes_")(search)
    return search.best_estimator_.classes_


def visual_block(search: Any) -> Any:
    """Return what the diagram of a search shows: the winner, or what is searched."""
    if hasattr(search, "best_estimator_"):
        shown = {f"best_estimator_: {search.best_estimator_name_}": winner(search)}
    elif (given := given_to(search)).single:
        shown = {f"estimator: {type(given.estimators).__name__}": given.estimators}
    else:
        shown = dict(given.estimators)
    return VisualBlock(
        "parallel",
        list(shown.values()),
        names=list(shown),
        name_details=[str(estimator) for estimator in shown.values()],
    )


def _renamed(message: str, inner: Any, outer: Any, method: str) -> str:
    """Let a message about a method of `inner` name the method that the user called."""
    inner_call = rf"{re.escape(type(inner).__name__)}\.\w+\(\)"
    return re.sub(inner_call, f"{type(outer).__name__}.{method}()", message)


def delegate(name: str, returned: str) -> Any:
    """Make the method that calls the winner's method of that name."""

    def method(self: Any, X: Any) -> Any:
        best_estimator = winner(self)
        try:
            return getattr(best_estimator, name)(X)
        except ValueError as error:
            if "must use the same namespace" not in str(error):
                raise
            raise ValueError(_renamed(str(error), best_estimator, self, name)) from None

    method.__name__ = name
    method.__qualname__ = f"BTBSearchCV.{name}"
    method.__doc__ = f"""Call `{name}` of the winner.

        Only available with `refit`, and if the winner (before `fit`: every estimator)
        has it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Whatever the winner takes.

        Returns
        -------
        {returned} : array of shape (n_samples, ...)
        """
    return available_if(has(name))(method)
