"""The space of an estimator for which the user gives none.

    "sklearn.svm.SVC" -> {"C": loguniform(...), ...}    a table by the class's path

A path is the class's module, up to its first private part, and its name. It is looked
up along the class's bases, so no optional library is imported, and subclasses have the
space of what they inherit from.

A condition (`when`) in the tables may be about any parameter of the estimator. If that
one is tuned as well, it is a condition of the space. If not, its value is known: what
it leaves without effect or makes invalid is not in the space.
"""

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sklearn.pipeline import Pipeline

from ._conditions import Condition, when
from ._parameters import is_estimator, is_set, lookup, path_in, synonyms, takes
from ._portfolios import PORTFOLIOS
from ._values import described

# They hold estimators, which come with their own entries, and have no more to tune.
COMPOSED: Final[dict[str, dict[str, Any]]] = {
    "sklearn.pipeline.Pipeline": {},
    "sklearn.pipeline.FeatureUnion": {},
    "sklearn.compose.ColumnTransformer": {},
    "sklearn.compose.TransformedTargetRegressor": {},
    "sklearn.multiclass.OneVsRestClassifier": {},
    "sklearn.multiclass.OneVsOneClassifier": {},
    "sklearn.multiclass.OutputCodeClassifier": {},
    "sklearn.multioutput.MultiOutputClassifier": {},
    "sklearn.multioutput.MultiOutputRegressor": {},
    "sklearn.multioutput.ClassifierChain": {},
    "sklearn.multioutput.RegressorChain": {},
    "sklearn.ensemble.VotingClassifier": {},
    "sklearn.ensemble.VotingRegressor": {},
    "sklearn.ensemble.StackingClassifier": {},
    "sklearn.ensemble.StackingRegressor": {},
    "sklearn.calibration.CalibratedClassifierCV": {"method": ["sigmoid", "isotonic"]},
    "sklearn.model_selection.TunedThresholdClassifierCV": {},
    "sklearn.model_selection.FixedThresholdClassifier": {},
    "sklearn.model_selection.BaseSearchCV": {},
    "sklearn.frozen.FrozenEstimator": {},
    "sklearn_btb.BTBSearchCV": {},
}
# Of what these hold, only these parameters are tuned.
HOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "sklearn.frozen.FrozenEstimator": (),
    "sklearn.model_selection.BaseSearchCV": (),  # tunes it itself
    "sklearn_btb.BTBSearchCV": (),
    # a stronger penalty may leave no column
    "sklearn.feature_selection.SelectFromModel": (),
    # it fails on a first classifier that only guesses, and small trees do; auto-sklearn
    "sklearn.ensemble.AdaBoostClassifier": ("max_depth", "criterion"),
}
# What hands on a sparse matrix, while its parameters have these values.
SPARSE: Final[dict[str, dict[str, Any]]] = {
    "sklearn.preprocessing.OneHotEncoder": {"sparse_output": True},
    "sklearn.preprocessing.KBinsDiscretizer": {"encode": "onehot"},
    "sklearn.preprocessing.SplineTransformer": {"sparse_output": True},
    "sklearn.ensemble.RandomTreesEmbedding": {"sparse_output": True},
    "sklearn.feature_extraction.text.CountVectorizer": {},
    "sklearn.feature_extraction.text.HashingVectorizer": {},
    "sklearn.feature_extraction.DictVectorizer": {"sparse": True},
    "sklearn.feature_extraction.FeatureHasher": {},
    "sklearn.neighbors.KNeighborsTransformer": {},
    "sklearn.neighbors.RadiusNeighborsTransformer": {},
}
# What takes sparse matrices, but not with any value of these.
NOT_SPARSE: Final = {"sklearn.decomposition.PCA": ("n_components",)}


class Space(dict[str, Any]):
    """A dict that prints one parameter a line, as the user would write it."""

    def __repr__(self) -> str:
        lines = [f"{name!r}: {described(values)}" for name, values in self.items()]
        return "{" + ",\n ".join(lines) + "}"


def default_space(estimator: Any) -> dict[str, Any]:
    """Return the space that `BTBSearchCV` searches where it is given none.

    It spans the parameters that are worth tuning, of the estimator and of all that it
    is made of (the steps of a Pipeline, the columns of a ColumnTransformer, the
    estimator in a meta-estimator), as far as they are known: those of scikit-learn,
    LightGBM, XGBoost and CatBoost.

    What you set yourself stays as it is: `SVC(C=10)` leaves `C` out of the space, and
    `PCA(n_components=3)` its components. Only parameters that have the value they have
    by default are in the space, and as a rule that value is, too. What your value makes
    void or invalid is left out as well: `SVC(kernel="linear")` has no `gamma`.

    All values are valid with one another, on 16 rows as on a million. Where a `PCA` may
    get a sparse matrix from an earlier step, it takes no share of the variance; one
    that gets `X` itself, and that is sparse, needs `svd_solver="covariance_eigh"`.

    The number of trees in a forest is not tuned, and no space asks for early stopping:
    whether boosting holds out rows for that stays what it is in the estimator
    (`HistGradientBoosting` does so above 10,000 rows).

    Parameters
    ----------
    estimator : estimator
        It is not changed.

    Returns
    -------
    dict of str to list, distribution or condition (`when`)
        A new one, to be searched, or changed before: take a parameter out, with the
        conditions on it, give it another range, add one. It is empty where nothing is
        worth tuning, and prints one parameter a line.

    Raises
    ------
    TypeError
        If it is no estimator.
    ValueError
        If the estimator, or one that a Pipeline or a meta-estimator is made for, is not
        known. (A transformer that is not known is left as it is.)

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_btb import default_space
    >>> space = default_space(make_pipeline(PCA(whiten=True), LogisticRegression()))
    >>> space
    {'pca__n_components': [None, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99],
     'logisticregression__C': loguniform(0.0001, 10000.0),
     'logisticregression__class_weight': [None, 'balanced']}
    >>> space["logisticregression__C"] = loguniform(0.01, 100)

    >>> default_space(LinearDiscriminantAnalysis())
    {'solver': ['svd', 'eigen'],
     'shrinkage': when('solver', ['eigen'], ['auto', 0.01, 0.1, 0.5])}
    """
    if not is_estimator(estimator):
        raise TypeError(
            f"`estimator` must be one estimator; got {estimator!r} (of several: "
            "`{name: default_space(each) for name, each in estimators.items()}`)"
        )
    space, unknown = Space(), []
    parts = _parts(estimator)
    for prefix, part in parts.items():
        own = _entry(prefix, parts)
        if own is not None:
            space.update(_space_of(part, own, prefix))
        elif not prefix or not hasattr(part, "transform"):
            unknown.append(part)
    if unknown:
        raise ValueError(
            f"no default search space is known for {type(unknown[0]).__name__}"
        )
    return space


def portfolio(estimator: Any) -> list[dict[str, Any]]:
    """Return configurations that are known to do well, of the default space.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    list of dict
        The first to be tried first; what one leaves out is at its default. Of a
        Pipeline, those of its last step.
    """
    prefix, predictor = "", estimator
    while isinstance(predictor, Pipeline) and predictor.steps:
        name, predictor = predictor.steps[-1]
        prefix += f"{name}__"
    path = path_in(type(predictor), PORTFOLIOS)
    if path is None or path != path_in(type(predictor), _table()):  # a nearer base's
        return []
    return [
        {prefix + name: value for name, value in config.items()}
        for config in PORTFOLIOS[path]
    ]


@cache
def _table() -> dict[str, dict[str, Any]]:
    # when first needed: a hundred frozen distributions take a moment
    from ._predictor_spaces import PREDICTORS
    from ._transformer_spaces import PREPROCESSORS, UNSUPERVISED

    return PREDICTORS | PREPROCESSORS | UNSUPERVISED | COMPOSED


def _parts(estimator: Any) -> dict[str, Any]:
    """Return the estimator and all those in it, by the prefix of their names."""
    inner = estimator.get_params(deep=True).items()
    return {"": estimator} | {f"{n}__": part for n, part in inner if is_estimator(part)}


def _entry(prefix: str, parts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the table has for a part, as far as those around it allow."""
    kind = type(parts[prefix])
    own, unfit = lookup(kind, _table()), lookup(kind, NOT_SPARSE)
    for start, holder in parts.items():
        if prefix == start or not prefix.startswith(start):
            continue
        names = lookup(type(holder), HOLDERS)
        if names is not None:
            own = {n: values for n, values in (own or {}).items() if n in names}
        if own and unfit and isinstance(holder, Pipeline):
            if _gets_sparse(prefix, start, parts):
                own = {n: values for n, values in own.items() if n not in unfit}
    return own


def _gets_sparse(prefix: str, start: str, parts: Mapping[str, Any]) -> bool:
    """Whether an earlier step of a Pipeline may hand on a sparse matrix to a part."""
    names = [name for name, _ in parts[start].steps]
    own = prefix.removeprefix(start).partition("__")[0]
    if own not in names:  # it is no step, but another parameter of a subclass
        return False
    earlier = [f"{start}{name}__" for name in names[: names.index(own)]]
    # a ColumnTransformer may be told to hand on nothing sparse
    able = [p for p in earlier if getattr(parts.get(p), "sparse_threshold", 1) != 0]
    return any(
        _makes_sparse(part)
        for inner, part in parts.items()
        if any(map(inner.startswith, able))
    )


def _makes_sparse(part: Any) -> bool:
    needed = lookup(type(part), SPARSE)
    # a subclass may have fixed what is a parameter of its base
    return needed is not None and all(
        getattr(part, name, needed[name]) == needed[name] for name in needed
    )


def _space_of(part: Any, own: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the parameters that are at their defaults, as far as they are of use."""
    current = part.get_params(deep=False)
    space: dict[str, Any] = {}
    for name, values in own.items():
        if _is_at_default(part, name, current):
            values = _resolved(copy.deepcopy(values), prefix, current, space)
            if values is not None:
                space[prefix + name] = values
    return space


def _resolved(
    values: Any, prefix: str, current: Mapping[str, Any], space: Mapping[str, Any]
) -> Any:
    """Keep conditions on what is in the space; None if another one does not hold."""
    if not isinstance(values, Condition):
        return values
    name, then = values.parameter, _resolved(values.then, prefix, current, space)
    if then is None:
        return None
    if prefix + name in space:
        counting = list(filter(values.counts, space[prefix + name]))
        return when(prefix + name, counting, then)
    return then if name not in current or values.counts(current[name]) else None


def _is_at_default(part: Any, name: str, current: Mapping[str, Any]) -> bool:
    """Whether it has the parameter, and nobody set it, by whatever name."""
    names = [name, *synonyms(type(part), name)]
    return takes(part, name) and not any(is_set(part, each, current) for each in names)
