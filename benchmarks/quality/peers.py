"""Every optimiser as one function: `peer(spaces, objective, n, seed)`.

    spaces      dict of learner name -> space; of one learner when one is tuned
    objective   `objective(name, config) -> score or None`; greater is better, None is
                a failure
    n           how many evaluations
    seed        int

Each at its defaults, with log scales and the choice of the learner in its own words;
what is imported is imported inside, since not all of them live in one environment.
"""

import logging
import math
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .spaces import Choice, Int, Space

Spaces = Mapping[str, Space]
Objective = Callable[[str, dict[str, Any]], float | None]
LEARNER = "learner"


def _full(name: str, parameter: str) -> str:
    return f"{name}__{parameter}"


class Worst:
    """Stands in for failures: the worst score so far.

    That is 0 before there is one; where a learner fails, all scores are above 0.
    """

    def __init__(self) -> None:
        self._worst = math.inf

    def __call__(self, score: float | None) -> float:
        if score is not None:
            self._worst = min(self._worst, score)
            return score
        return self._worst if math.isfinite(self._worst) else 0.0


def random_search(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
    """Draw the learner, then its parameters, from their priors."""
    rng = np.random.default_rng(seed)
    names = list(spaces)
    for _ in range(n):
        name = names[rng.integers(len(names))]
        objective(
            name, {key: dim.at(rng.random()) for key, dim in spaces[name].items()}
        )


# -- this package -----------------------------------------------------------------


def as_scipy(dim: Any) -> Any:
    """Return what scikit-learn's searches draw from."""
    from scipy.stats import loguniform, randint, uniform

    if isinstance(dim, Choice):
        return list(dim.values)
    if isinstance(dim, Int) and dim.log:
        # there is no such distribution; duplicates make small numbers as likely
        return [dim.at(u) for u in (np.arange(100) + 0.5) / 100]
    if isinstance(dim, Int):
        return randint(dim.low, dim.high + 1)
    if dim.log:
        return loguniform(dim.low, dim.high)
    return uniform(dim.low, dim.high - dim.low)


def as_tunable(space: Space) -> Any:
    """Return a space as `BTBSearchCV` takes it."""
    from sklearn_btb import IntHyperParam, Tunable

    def values(dim: Any) -> Any:
        if isinstance(dim, Int) and dim.log:
            return IntHyperParam(dim.low, dim.high, log=True)
        return as_scipy(dim)

    return Tunable({key: values(dim) for key, dim in space.items()})


def btb(
    tuner: Any = "auto",
    selector: Any = "auto",
    n_pending: int = 0,
) -> Callable[..., None]:
    """Make the peer that is `BTBSession` with this tuner and selector.

    With `n_pending` it proposes without knowing the last so many results, as with so
    many more workers of equal speed.
    """

    def peer(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
        from sklearn_btb import BTBSession

        session = BTBSession(
            {name: as_tunable(space) for name, space in spaces.items()},
            objective,
            tuner_class=tuner,
            selector_class=selector,
            max_errors=10 if len(spaces) > 1 else n + 1,
            random_state=seed,
        )
        if not n_pending:
            session.run(n)
            return
        pending: deque[Any] = deque()
        for _ in range(n):
            pending.append(session.propose())
            if len(pending) > n_pending:
                name, config = pending.popleft()
                session.record(name, config, objective(name, config))
        for name, config in pending:
            objective(name, config)

    return peer


# -- others -------------------------------------------------------------------------


def optuna_peer(make_sampler: Callable[[Any, int], Any]) -> Callable[..., None]:
    """Make the peer that is a sampler of Optuna."""

    def suggest(trial: Any, name: str, dim: Any) -> Any:
        if isinstance(dim, Choice):
            index = trial.suggest_categorical(name, list(range(len(dim.values))))
            return dim.values[index]
        if isinstance(dim, Int):
            return trial.suggest_int(name, dim.low, dim.high, log=dim.log)
        return trial.suggest_float(name, dim.low, dim.high, log=dim.log)

    def peer(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings(
            "ignore", category=optuna.exceptions.ExperimentalWarning
        )
        sampler = make_sampler(optuna.samplers, seed)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        names = list(spaces)
        for _ in range(n):
            trial = study.ask()
            name = names[0]
            if len(names) > 1:
                name = trial.suggest_categorical(LEARNER, names)
            config = {
                key: suggest(trial, _full(name, key), dim)
                for key, dim in spaces[name].items()
            }
            score = objective(name, config)
            if score is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, score)

    return peer


def skopt_gp(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
    """`skopt.Optimizer` with its Gaussian process; conditions have no words there."""
    from skopt import Optimizer
    from skopt.space import Categorical, Integer, Real

    def dimension(dim: Any) -> Any:
        if isinstance(dim, Choice):
            return Categorical(list(range(len(dim.values))))
        kind = Integer if isinstance(dim, Int) else Real
        return kind(dim.low, dim.high, prior="log-uniform" if dim.log else "uniform")

    names = list(spaces)
    flat = [(name, key) for name in names for key in spaces[name]]
    dimensions = [dimension(spaces[name][key]) for name, key in flat]
    if len(names) > 1:
        dimensions.append(Categorical(names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = Optimizer(dimensions, "GP", random_state=seed)
        worst = Worst()
        for _ in range(n):
            point = optimizer.ask()
            name = point[-1] if len(names) > 1 else names[0]
            config = {}
            for (owner, key), value in zip(flat, point, strict=False):
                dim = spaces[owner][key]
                if owner == name and isinstance(dim, Choice):
                    config[key] = dim.values[value]
                elif owner == name:
                    config[key] = int(value) if isinstance(dim, Int) else float(value)
            optimizer.tell(point, -worst(objective(name, config)))


def hyperopt_tpe(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
    """`hyperopt.fmin` with `tpe.suggest`."""
    from hyperopt import STATUS_FAIL, STATUS_OK, fmin, hp, tpe

    def dimension(label: str, dim: Any) -> Any:
        if isinstance(dim, Choice):
            return hp.choice(label, list(range(len(dim.values))))
        if isinstance(dim, Int):
            if dim.log:
                low, high = math.log(dim.low - 0.49), math.log(dim.high + 0.49)
                return hp.qloguniform(label, low, high, 1)
            return hp.quniform(label, dim.low - 0.49, dim.high + 0.49, 1)
        if dim.log:
            return hp.loguniform(label, math.log(dim.low), math.log(dim.high))
        return hp.uniform(label, dim.low, dim.high)

    def value(dim: Any, given: Any) -> Any:
        if isinstance(dim, Choice):
            return dim.values[given]
        if isinstance(dim, Int):
            return min(max(int(given), dim.low), dim.high)
        return min(max(float(given), dim.low), dim.high)

    def function(point: dict[str, Any]) -> dict[str, Any]:
        name = point[LEARNER]
        space = spaces[name]
        score = objective(name, {key: value(space[key], point[key]) for key in space})
        if score is None:
            return {"status": STATUS_FAIL}
        return {"status": STATUS_OK, "loss": -score}

    branches = [
        {LEARNER: name}
        | {key: dimension(_full(name, key), dim) for key, dim in space.items()}
        for name, space in spaces.items()
    ]
    space = hp.choice(LEARNER, branches) if len(branches) > 1 else branches[0]
    fmin(
        function,
        space,
        tpe.suggest,
        max_evals=n,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )


def smac(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
    """SMAC3's facade for hyperparameter optimisation, through ask and tell."""
    from ConfigSpace import (
        Categorical,
        ConfigurationSpace,
        EqualsCondition,
    )
    from ConfigSpace import Float as CSFloat
    from ConfigSpace import Integer as CSInteger
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.runhistory import StatusType, TrialValue

    def dimension(label: str, dim: Any) -> Any:
        if isinstance(dim, Choice):
            return Categorical(label, list(range(len(dim.values))))
        kind = CSInteger if isinstance(dim, Int) else CSFloat
        return kind(label, (dim.low, dim.high), log=dim.log)

    names = list(spaces)
    space = ConfigurationSpace(seed=seed)
    if len(names) > 1:
        learner = Categorical(LEARNER, names)
        space.add(learner)
    for name in names:
        for key, dim in spaces[name].items():
            parameter = dimension(_full(name, key), dim)
            space.add(parameter)
            if len(names) > 1:
                space.add(EqualsCondition(parameter, learner, name))
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space, n_trials=n, deterministic=True, seed=seed, output_directory=folder
        )
        facade = HyperparameterOptimizationFacade(
            scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=False
        )
        logging.getLogger("smac").setLevel(logging.ERROR)
        worst = Worst()
        for _ in range(n):
            info = facade.ask()
            given = dict(info.config)
            name = given[LEARNER] if len(names) > 1 else names[0]
            config = {}
            for key, dim in spaces[name].items():
                value = given[_full(name, key)]
                config[key] = dim.values[value] if isinstance(dim, Choice) else value
            score = objective(str(name), config)
            status = StatusType.CRASHED if score is None else StatusType.SUCCESS
            # the infinite cost of a crash that is its default makes its model fail
            facade.tell(info, TrialValue(cost=-worst(score), status=status))


def flaml_peer(algorithm: str) -> Callable[..., None]:
    """Make the peer that is `flaml.tune.run` with BlendSearch or CFO.

    It would prefer what is evaluated fast, by the clock; here all cost the same.
    """

    def peer(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
        warnings.simplefilter("ignore")
        import flaml
        from flaml import tune

        def dimension(dim: Any) -> Any:
            if isinstance(dim, Choice):
                return tune.choice(list(range(len(dim.values))))
            if isinstance(dim, Int):
                make = tune.lograndint if dim.log else tune.randint
                return make(dim.low, dim.high + 1)
            return (tune.loguniform if dim.log else tune.uniform)(dim.low, dim.high)

        branches = [
            {LEARNER: name} | {key: dimension(dim) for key, dim in space.items()}
            for name, space in spaces.items()
        ]
        worst = Worst()

        def function(point: dict[str, Any]) -> dict[str, float]:
            point = point["branch"] if len(branches) > 1 else point
            name = point[LEARNER]
            config = {}
            for key, dim in spaces[name].items():
                value = point[key]
                config[key] = dim.values[value] if isinstance(dim, Choice) else value
            return {"score": worst(objective(name, config))}

        space = {"branch": tune.choice(branches)} if len(branches) > 1 else branches[0]
        search = getattr(flaml, algorithm)(
            metric="score", mode="max", space=space, seed=seed, cost_attr=None
        )
        tune.run(function, search_alg=search, num_samples=n, verbose=0)

    return peer


def baytune_peer(tuner: str) -> Callable[..., None]:
    """Make the peer that is baytune's session; it knows no log scale but exponents."""

    def peer(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
        warnings.simplefilter("ignore")
        from baytune import BTBSession
        from baytune.tuning import tuners
        from baytune.tuning.hyperparams import (
            CategoricalHyperParam,
            FloatHyperParam,
            IntHyperParam,
        )
        from baytune.tuning.tunable import Tunable

        np.random.seed(seed)  # noqa: NPY002 - the only seed it has

        def dimension(dim: Any) -> Any:
            if isinstance(dim, Choice):
                return CategoricalHyperParam([str(i) for i in range(len(dim.values))])
            if dim.log:
                return FloatHyperParam(math.log(dim.low), math.log(dim.high))
            kind = IntHyperParam if isinstance(dim, Int) else FloatHyperParam
            return kind(dim.low, dim.high)

        def value(dim: Any, given: Any) -> Any:
            if isinstance(dim, Choice):
                return dim.values[int(given)]
            number = math.exp(given) if dim.log else given
            if isinstance(dim, Int):
                return min(max(round(number), dim.low), dim.high)
            return min(max(float(number), dim.low), dim.high)

        def scorer(name: str, given: dict[str, Any]) -> float:
            space = spaces[name]
            score = objective(
                name, {key: value(space[key], given[key]) for key in space}
            )
            if score is None:
                raise ValueError("failed")
            return score

        session = BTBSession(
            {
                name: Tunable({key: dimension(dim) for key, dim in space.items()})
                for name, space in spaces.items()
            },
            scorer,
            tuner_class=getattr(tuners, tuner),
            max_errors=10,
            verbose=False,
        )
        logging.getLogger("baytune").setLevel(logging.CRITICAL)
        session.run(n)

    return peer


def hebo(spaces: Spaces, objective: Objective, n: int, seed: int) -> None:
    """HEBO, for one learner."""
    import torch
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    def dimension(key: str, dim: Any) -> dict[str, Any]:
        if isinstance(dim, Choice):
            return {"name": key, "type": "cat", "categories": [*range(len(dim.values))]}
        if isinstance(dim, Int):
            kind = "pow_int" if dim.log else "int"
        else:
            kind = "pow" if dim.log else "num"
        return {"name": key, "type": kind, "lb": dim.low, "ub": dim.high}

    [(name, space)] = spaces.items()
    worst = Worst()
    np.random.seed(seed)  # noqa: NPY002 - its seed is only that of the first points
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = HEBO(
            DesignSpace().parse([dimension(*item) for item in space.items()]),
            scramble_seed=seed,
        )
        for _ in range(n):
            suggested = optimizer.suggest(1)
            given = suggested.iloc[0].to_dict()
            config = {}
            for key, dim in space.items():
                value = given[key]
                if isinstance(dim, Choice):
                    value = dim.values[int(value)]
                config[key] = int(value) if isinstance(dim, Int) else value
            score = worst(objective(name, config))
            optimizer.observe(suggested, np.array([[-score]]))


PEERS: dict[str, Callable[..., None]] = {
    "random": random_search,
    "sklearn_btb": btb(),
    "sklearn_btb, 4 pending": btb(n_pending=4),
    "sklearn_btb, 8 pending": btb(n_pending=8),
    "baytune GP": baytune_peer("GPTuner"),
    "baytune GPEi": baytune_peer("GPEiTuner"),
    # multivariate by default, since Optuna 5
    "Optuna TPE": optuna_peer(lambda samplers, seed: samplers.TPESampler(seed=seed)),
    "Optuna TPE univariate": optuna_peer(
        lambda samplers, seed: samplers.TPESampler(seed=seed, multivariate=False)
    ),
    "Optuna TPE group": optuna_peer(
        lambda samplers, seed: samplers.TPESampler(
            seed=seed, multivariate=True, group=True
        )
    ),
    "Optuna GP": optuna_peer(lambda samplers, seed: samplers.GPSampler(seed=seed)),
    "scikit-optimize GP": skopt_gp,
    "hyperopt TPE": hyperopt_tpe,
    "SMAC3": smac,
    "HEBO": hebo,
    "FLAML BlendSearch": flaml_peer("BlendSearch"),
    "FLAML CFO": flaml_peer("CFO"),
}
# Optuna's group is about conditions, among which its TPE is univariate without it;
# FLAML's CFO, a local search, stays with the learner it begins with; the others know no
# conditions.
_NOT_FOR_SEVERAL = ("Optuna GP", "Optuna TPE univariate", "HEBO", "FLAML CFO")
NOT_FOR = {
    "tune": ("Optuna TPE group",),
    "choose": _NOT_FOR_SEVERAL,
    "few": _NOT_FOR_SEVERAL,
}
