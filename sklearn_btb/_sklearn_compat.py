"""The only home of private or version-dependent scikit-learn names.

Everything else in the package imports public names of scikit-learn, and from here.
"""

import inspect
import warnings
from contextlib import nullcontext
from typing import Any

from sklearn import get_config
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.base import _fit_context as fit_context
from sklearn.metrics._scorer import _MultimetricScorer as MultimetricScorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _enforce_prediction_order as in_order_of_classes,
)
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Tags, TargetTags, get_tags
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
)
from sklearn.utils.metadata_routing import _raise_for_params as raise_for_params
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _num_samples as num_samples

try:  # scikit-learn >= 1.7
    from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
except ImportError:
    from sklearn.utils._estimator_html_repr import _VisualBlock as VisualBlock

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class _NoCallbacks:
        """The context of a task where scikit-learn has no callbacks."""

        def subcontext(self, **kwargs: Any) -> "_NoCallbacks":
            return self

        def call_on_fit_task_begin(self, **kwargs: Any) -> "_NoCallbacks":
            return self

        def call_on_fit_task_end(self, **kwargs: Any) -> bool:
            return False

        def propagate_callback_context(self, estimator: Any) -> Any:
            return nullcontext()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        def _init_callback_context(self, **kwargs: Any) -> _NoCallbacks:
            return _NoCallbacks()


__all__ = [
    "BaseSearchCV",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "MultimetricScorer",
    "StrOptions",
    "VisualBlock",
    "check_method_params",
    "configured",
    "fit_context",
    "fit_to_labels",
    "has_callbacks",
    "in_order_of_classes",
    "num_samples",
    "raise_for_params",
    "safe_indexing",
    "scorer_accepts_sample_weight",
    "tags_of",
]


def configured(function: Any) -> Any:
    """Let a function run anywhere as it would here.

    Returns
    -------
    callable
        The function under scikit-learn's configuration and the warning filters of
        this moment, as scikit-learn's own `Parallel` does it.
    """
    call, _, _ = delayed(function)()
    if not hasattr(call, "with_config_and_warning_filters"):  # before 1.7
        return call.with_config(get_config())
    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()
    everything = [("default", None, Warning, None, 0)]  # what no filters amount to
    return call.with_config_and_warning_filters(get_config(), filters or everything)


def has_callbacks(estimator: Any) -> bool:
    """Whether scikit-learn callbacks were set on an estimator."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def fit_to_labels(voting: Any, X: Any, y: Any, **params: Any) -> Any:
    """Fit a VotingClassifier whose members are to see the labels as they are.

    Its own `fit` encodes them as 0, 1, ..., which changes what parameters of members
    mean that name labels, then calls the `fit` that it shares with VotingRegressor.
    """
    from sklearn.ensemble import VotingClassifier  # takes long, and only this needs it

    others = {name: params[name] for name in params if name != "sample_weight"}
    raise_for_params(others, voting, "fit")
    voting.le_ = LabelEncoder().fit(y)
    voting.classes_ = voting.le_.classes_
    return super(VotingClassifier, voting).fit(X, y, **params)


def tags_of(estimator: Any) -> Tags:
    """Return the tags of any estimator, also of one without scikit-learn's bases."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # 1.6 and such classes
            return get_tags(estimator)
    except AttributeError:
        kind = getattr(estimator, "_estimator_type", None)
        if isinstance(estimator, ClassifierMixin):
            kind = "classifier"
        elif isinstance(estimator, RegressorMixin):
            kind = "regressor"
        return Tags(estimator_type=kind, target_tags=TargetTags(required=False))


def scorer_accepts_sample_weight(scorer: Any) -> bool | None:
    """Whether a scorer takes sample weights; None where weights are not forwarded.

    Before 1.7, scikit-learn's searches do not forward `sample_weight` to scorers
    unless metadata routing asks for it, and neither do we there.
    """
    if not hasattr(MultimetricScorer, "_accept_sample_weight"):
        return None
    if hasattr(scorer, "_accept_sample_weight"):
        return bool(scorer._accept_sample_weight())
    return "sample_weight" in inspect.signature(scorer).parameters
