"""The BTB session: a selector picks a tunable, its tuner proposes a configuration."""

import contextlib
import inspect
import itertools
import logging
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ._progress import Progress
from ._random import bit_generator_at, child_seed, seed_from
from ._rewards import scale_rewards
from ._selectors import (
    UCB1,
    BestKReward,
    BestKVelocity,
    CostAwareSelector,
    MaxUCB,
    PureBestKVelocity,
    RecentKReward,
    RecentKVelocity,
    Selector,
    Uniform,
)
from ._space import Tunable, errors_about, valid_completion, warn_of_ranges
from ._trial import Proposal, StopTuning, Trial
from ._tuners import (
    GCPEiTuner,
    GCPTuner,
    GPEiTuner,
    GPTuner,
    Params,
    Tuner,
    UniformTuner,
)

logger = logging.getLogger("sklearn_btb")

AnySelector = Selector | CostAwareSelector

TUNERS: dict[str, Callable[..., Tuner]] = {
    "auto": GPTuner,
    "uniform": UniformTuner,
    "gp": GPTuner,
    "gpei": GPEiTuner,
    "gcp": GCPTuner,
    "gcpei": GCPEiTuner,
}
SELECTORS: dict[str, Callable[..., AnySelector]] = {
    "auto": MaxUCB,
    "max_ucb": MaxUCB,
    "cost_aware": partial(MaxUCB, cost_aware=True),
    "ucb1": UCB1,
    "best_k_reward": BestKReward,
    "best_k_velocity": BestKVelocity,
    "pure_best_k_velocity": PureBestKVelocity,
    "recent_k_reward": RecentKReward,
    "recent_k_velocity": RecentKVelocity,
    "uniform": Uniform,
}


@dataclass
class _Arm:
    """One tunable with what is known of it; scores are greater-is-better."""

    tunable: Tunable
    tuner: Tuner
    scores: list[float] = field(default_factory=list)  # a failure counts as -inf
    costs: list[float] = field(default_factory=list)  # seconds; NaN if not known
    initial: dict[bytes, Params] = field(default_factory=dict)  # the tuner's come after
    known: set[bytes] = field(default_factory=set)  # identities of all proposals
    open: dict[int, tuple[bytes, Params]] = field(default_factory=dict)  # by id
    untold_failures: list[Params] = field(default_factory=list)

    def identity(self, params: Params) -> bytes:
        for known, config in self.open.values():  # most often a proposal comes back
            if _are_same_objects(config, params):
                return known
        return self.tunable.encode([params]).tobytes()

    def propose_first(self, configs: Sequence[Params]) -> None:
        if not isinstance(configs, Sequence) or not all(
            isinstance(config, Mapping) for config in configs
        ):
            raise TypeError(f"must be a list of configurations; got {configs!r}")
        for config in [valid_completion(self.tunable, each) for each in configs]:
            self.initial.setdefault(self.identity(config), config)

    def record(self, params: Params, score: float) -> None:
        self.scores.append(score)
        if score == -math.inf:
            self.untold_failures.append(params)
        else:
            self.tuner.record(params, score)
        self._tell_failures()

    def _tell_failures(self) -> None:
        """Tell the tuner that a failure is as bad as the worst, once that is known."""
        if not self.untold_failures:
            return
        finite = [score for score in self.scores if math.isfinite(score)]
        if finite and min(finite) < max(finite):
            for params in self.untold_failures:
                self.tuner.record(params, min(finite))
            self.untold_failures.clear()

    def propose(self) -> Params:
        for identity, config in self.initial.items():
            if identity not in self.known:
                return dict(config)
        pending = [params for _, params in self.open.values()]
        pending += self.untold_failures
        return self.tuner.propose(pending=pending)


class BTBSession:
    """Find the best of several tunables together with its best configuration.

    Every tunable gets a tuner. First the defaults of every tunable are proposed, in
    the order given; from then on the selector picks a tunable by the scores of all,
    and that one's tuner proposes, after its initial configurations if it has any. `run`
    does the whole; a loop of one's own calls `propose` until it raises `StopTuning`,
    and `record`.

    Parameters
    ----------
    tunables : dict of str to Tunable or dict
        The spaces by name; a dict is what `Tunable` takes, BTB's form included. A
        `Tunable` may have a constraint.
    scorer : callable
        `scorer(name, config) -> float`, what `run` calls; None for a loop of one's own.
        It may return None or NaN to say that a configuration failed, or raise, of which
        `run` warns in the end.
    tuner_class : str, class or callable, default=GPTuner
        Called as `tuner_class(tunable, random_state=seed)` for every tunable; or
        one of "auto" (what `BTBSearchCV` uses), "uniform", "gp", "gpei", "gcp",
        "gcpei".
    selector_class : str, class or callable, default=UCB1
        Called once as `selector_class(random_state=generator)`; or one of "auto"
        (what `BTBSearchCV` uses), "max_ucb", "cost_aware", "ucb1", "best_k_reward",
        "best_k_velocity", "pure_best_k_velocity", "recent_k_reward",
        "recent_k_velocity", "uniform".
    maximize : bool, default=True
        Whether greater scores are better.
    max_errors : int, default=1
        A tunable is dropped after so many failures.
    verbose : bool, default=False
        Whether `run` shows how far it is, in one line on a terminal or in a notebook:
        configurations done, time left, the best score and whose it is.
    initial_configs : dict of str to list of dict, optional
        Configurations, by name of the tunable, that are proposed after its defaults,
        before its portfolio and those of its tuner, as often as it is picked.
    random_state : None, int, Generator or RandomState, default=None
        The seed of all decisions: the same seed and scores give the same session,
        in any process.

    Attributes
    ----------
    best_proposal : dict or None
        The best so far: `id`, `name`, `config`, `score`.
    best_score : float or None
        Its score.
    proposals : dict of int to dict
        Every proposal by its id, with `id`, `name`, `config` and, once recorded,
        `score` (None for a failure).
    iterations : int
        How many results were recorded.
    errors : collections.Counter
        Failures by name.

    Notes
    -----
    Before the selector is asked, the scores of all tunables are scaled together to
    rewards in [0, 1], from their median (each tunable weighing the same) to the best,
    so that a bandit rule can tell good from better (`0.90` and `0.80` are nearly the
    same to UCB1); a failure earns 0. A pending proposal counts as a pull that earned
    the mean of its tunable's rewards. The tuner is told of a failure as the worst score
    that its tunable has had by then, as soon as there are two different ones.

    `run` measures what each score takes, for a cost-aware selector; `record` has to be
    told. What is pending or was not told is taken to cost as much as the others.

    Examples
    --------
    >>> from sklearn_btb import BTBSession, FloatHyperParam
    >>> session = BTBSession(
    ...     {"near": {"x": FloatHyperParam(0, 1)}, "far": {"x": FloatHyperParam(5, 9)}},
    ...     scorer=lambda name, config: (config["x"] - 0.7) ** 2,
    ...     maximize=False,
    ...     random_state=0,
    ... )
    >>> best = session.run(20)
    >>> best["name"], abs(best["config"]["x"] - 0.7) < 0.1
    ('near', True)

    A loop of one's own:

    >>> for _ in range(5):
    ...     name, config = session.propose()
    ...     session.record(name, config, (config["x"] - 0.7) ** 2)
    >>> session.iterations
    25
    """

    def __init__(
        self,
        tunables: Mapping[str, Tunable | Mapping[str, Any]],
        scorer: Callable[[str, Params], float | None] | None,
        tuner_class: str | Callable[..., Tuner] = GPTuner,
        selector_class: str | Callable[..., AnySelector] = UCB1,
        maximize: bool = True,
        max_errors: int = 1,
        verbose: bool = False,
        *,
        initial_configs: Mapping[str, Sequence[Params]] | None = None,
        random_state: Any = None,
    ) -> None:
        if not isinstance(tunables, Mapping) or not tunables:
            raise TypeError(
                "`tunables` must be a dict of names to tunables, and not empty; got "
                f"{tunables!r}"
            )
        if max_errors < 1:
            raise ValueError(f"`max_errors` must be at least 1; got {max_errors}")
        make_tuner = maker_of("tuner_class", tuner_class, TUNERS, Tuner)
        make_selector = maker_of("selector_class", selector_class, SELECTORS, Selector)
        self._scorer = scorer
        self._sign = 1.0 if maximize else -1.0
        self._max_errors = max_errors
        self._verbose = verbose
        self._seed = seed_from(random_state)
        self._arms = {}
        for number, (name, space) in enumerate(tunables.items()):
            tunable = _as_tunable(name, space)
            tuner = make_tuner(tunable, random_state=child_seed(self._seed, 0, number))
            self._arms[name] = _Arm(tunable, tuner)
        for name, configs in (initial_configs or {}).items():
            with errors_about(f"initial configurations of {name!r}"):
                self._arm(name).propose_first(configs)
        for arm in self._arms.values():
            arm.propose_first(arm.tunable.portfolio)
        self._active = list(self._arms)
        self._untried = list(self._arms)
        # shared with the selector, and set anew for every proposal
        self._generator = np.random.Generator(bit_generator_at(self._seed, 1))
        self._selector = make_selector(random_state=self._generator)
        self.best_proposal: dict[str, Any] | None = None
        self.proposals: dict[int, dict[str, Any]] = {}
        self.iterations = 0
        self.errors: Counter[str] = Counter()

    @property
    def best_score(self) -> float | None:
        """The score of the best proposal, None while there is none."""
        return None if self.best_proposal is None else self.best_proposal["score"]

    def propose(self) -> Proposal:
        """Return what to try next; may be called again before anything is recorded.

        Returns
        -------
        tuple (name, config)

        Raises
        ------
        StopTuning
            If every tunable was dropped or has run out of configurations.
        """
        while self._untried:
            name = self._untried.pop(0)
            arm = self._arms[name]
            config = dict(arm.tunable.defaults)
            if name in self._active and arm.identity(config) not in arm.known:
                return self._open(name, config)
        while self._active:
            name = self._select()
            try:
                return self._open(name, self._arms[name].propose())
            except StopTuning:
                logger.info("%r has no more configurations to propose", name)
                self._active.remove(name)
        raise StopTuning("no tunable is left to propose for")

    def record(
        self,
        name: str,
        config: Params,
        score: float | None,
        *,
        cost: float | None = None,
    ) -> None:
        """Take in the score of a configuration, proposed or not.

        Parameters
        ----------
        name : str
            The tunable.
        config : dict
            A configuration of it.
        score : float or None
            Its score; None or NaN says that it failed.
        cost : float, optional
            The seconds that it took, for a selector that is aware of costs. If not
            known, it is taken to be as the others of the tunable.

        Raises
        ------
        ValueError
            If there is no such tunable, the configuration is not one of it, or the cost
            is not a finite number of at least 0.
        """
        arm = self._arm(name)
        if cost is not None and not 0 <= cost < math.inf:
            raise ValueError(
                f"`cost` must be a finite number of at least 0; got {cost!r}"
            )
        score = None if score is None or math.isnan(score) else float(score)
        identity = arm.identity(config)
        proposal = self._take_open(arm, identity)
        if proposal is None:
            proposal = self._new_proposal(name, config, identity)
        proposal["score"] = score
        reward = -math.inf if score is None else self._sign * score
        arm.costs.append(math.nan if cost is None else float(cost))
        arm.record(proposal["config"], reward)
        self.iterations += 1
        if score is None:
            self.handle_error(name)
        elif (
            self.best_score is None or self._sign * score > self._sign * self.best_score
        ):
            self.best_proposal = proposal

    def handle_error(self, name: str) -> None:
        """Count a failure, and drop the tunable when there were `max_errors` of them.

        Parameters
        ----------
        name : str
            The tunable.

        Raises
        ------
        ValueError
            If there is no such tunable.
        """
        self._arm(name)
        self.errors[name] += 1
        if self.errors[name] >= self._max_errors and name in self._active:
            logger.info("%r is dropped; its errors: %d", name, self.errors[name])
            self._active.remove(name)

    def run(self, iterations: int | None = None) -> dict[str, Any] | None:
        """Propose, score and record.

        Parameters
        ----------
        iterations : int, optional
            How often; without a number, until interrupted or exhausted.

        Returns
        -------
        dict or None
            `best_proposal`; None, with a warning, if nothing could be scored.

        Raises
        ------
        TypeError
            If the scorer cannot be called with a name and a configuration.
        """
        scorer = _checked_scorer(self._scorer)
        steps = itertools.count() if iterations is None else range(iterations)
        raised: list[str] = []
        with Progress(self._verbose, iterations) as progress:
            if self.best_proposal is not None:
                progress.leader = _as_trial(self.best_proposal)
            for _ in steps:
                progress.show()
                try:
                    name, config = self.propose()
                except StopTuning:
                    progress.reason = "exhausted"
                    break
                proposal = self.proposals[next(reversed(self.proposals))]
                start = time.perf_counter()
                score = self._scored(scorer, name, config, raised)
                seconds = time.perf_counter() - start
                with progress.aside(loud=False):
                    self.record(name, config, score, cost=seconds)
                    trial = _as_trial(proposal)
                    if proposal is self.best_proposal:
                        progress.leader = trial
                    progress.tell(trial)
            else:
                progress.reason = "iterations"
        first = f", first for {raised[0]}" if raised else ""
        if self.best_proposal is None and self.iterations:
            warnings.warn(
                f"None of {self.iterations} configurations could be scored, so there "
                "is no best one: the scorer "
                + (f"raised{first}" if raised else "returned no number"),
                UserWarning,
                stacklevel=2,
            )
        elif raised:
            warnings.warn(
                f"The scorer raised for {len(raised)} configurations{first}. The "
                "logger 'sklearn_btb' has every traceback.",
                UserWarning,
                stacklevel=2,
            )
        return self.best_proposal

    def _scored(
        self,
        scorer: Callable[[str, Params], Any],
        name: str,
        config: Params,
        raised: list[str],
    ) -> float | None:
        try:
            score = scorer(name, dict(config))
            return None if score is None else float(score)
        except Exception as error:
            logger.exception("scoring %r failed with %r", name, config)
            raised.append(f"{name!r} with {config!r}: {error!r}")
            return None
        except BaseException:
            self._withdraw(name, config)  # interrupted
            raise

    def _select(self) -> str:
        if len(self._arms) == 1:
            return self._active[0]
        key = bit_generator_at(self._seed, 1, len(self.proposals))
        self._generator.bit_generator.state = key.state
        rewards = scale_rewards({name: self._arms[name].scores for name in self._arms})
        seen = [reward for earned in rewards.values() for reward in earned]
        for name in self._active:
            expected = np.mean(rewards[name] or seen or [0.0])
            rewards[name] += [float(expected)] * len(self._arms[name].open)
        arguments = [{name: rewards[name] for name in self._active}]
        if getattr(self._selector, "cost_aware", False):
            arguments.append(self._costs())
        name = self._selector.select(*arguments)
        if name not in self._active:
            raise ValueError(
                f"the selector must return one of {self._active}; got {name!r}"
            )
        return name

    def _costs(self) -> dict[str, list[float]]:
        """Return the seconds of what was tried.

        What is pending or not known is taken to be as the tunable's others, or else as
        those of all; a failure to have cost as much at least, since one that ends at
        once must not be a bargain, and how long a worker took to die is not known.
        """
        seconds = {name: self._arms[name].costs for name in self._active}
        typical = _mean_known(itertools.chain.from_iterable(seconds.values()), 1.0)
        costs = {}
        for name, spent in seconds.items():
            arm = self._arms[name]
            expected = _mean_known(spent, typical)
            costs[name] = [expected if math.isnan(cost) else cost for cost in spent]
            for i, score in enumerate(arm.scores):
                if score == -math.inf:
                    costs[name][i] = max(costs[name][i], typical)
            costs[name] += [expected] * len(arm.open)
        return costs

    def _arm(self, name: str) -> _Arm:
        if name not in self._arms:
            raise ValueError(f"`name` must be one of {list(self._arms)}; got {name!r}")
        return self._arms[name]

    def _open(self, name: str, config: Params) -> Proposal:
        arm = self._arms[name]
        identity = arm.identity(config)
        proposal = self._new_proposal(name, config, identity)
        arm.open[proposal["id"]] = identity, proposal["config"]
        return Proposal(name, config)

    def _new_proposal(
        self, name: str, config: Params, identity: bytes
    ) -> dict[str, Any]:
        self._arms[name].known.add(identity)
        number = next(reversed(self.proposals), -1) + 1
        self.proposals[number] = {"id": number, "name": name, "config": dict(config)}
        return self.proposals[number]

    def _take_open(self, arm: _Arm, identity: bytes) -> dict[str, Any] | None:
        for number, (pending, _) in arm.open.items():
            if pending == identity:
                del arm.open[number]
                return self.proposals[number]
        return None

    def _withdraw(self, name: str, config: Params) -> None:
        """Forget a proposal, so that it may be made again."""
        arm = self._arms[name]
        identity = arm.identity(config)
        proposal = self._take_open(arm, identity)
        if proposal is not None:
            arm.known.discard(identity)
            del self.proposals[proposal["id"]]
            if identity == arm.identity(arm.tunable.defaults):
                self._untried.insert(0, name)


def _as_trial(proposal: Mapping[str, Any]) -> Trial:
    score = math.nan if proposal["score"] is None else proposal["score"]
    state: Any = "failed" if proposal["score"] is None else "complete"
    named = proposal["id"], proposal["name"], proposal["config"]
    return Trial(*named, folds=(), state=state, score=score)


def _mean_known(values: Iterable[float], default: float) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else default


def _are_same_objects(config: Params, other: Params) -> bool:
    """Whether two configurations consist of the same objects; equal is not enough."""
    return config.keys() == other.keys() and all(
        config[name] is other[name] for name in config
    )


def _checked_scorer(scorer: Any) -> Callable[[str, Params], Any]:
    """Check how it is called; else every configuration would fail by that."""
    if not callable(scorer):
        raise TypeError(
            "`run` needs a `scorer` that is called as `scorer(name, config)`; got "
            f"{scorer!r} (a loop of one's own calls `propose` and `record`)"
        )
    with contextlib.suppress(ValueError):  # what is built in may have no signature
        try:
            inspect.signature(scorer).bind("name", {})
        except TypeError as error:
            raise TypeError(
                "`scorer` is called as `scorer(name, config)`, which "
                f"{scorer!r} cannot be: {error}"
            ) from error
    return scorer


def maker_of(
    parameter: str, choice: Any, names: Mapping[str, Any], protocol: type
) -> Callable[..., Any]:
    """Resolve a short name; anything callable stands for itself.

    What is returned checks how it is called and what it makes, and its errors speak of
    `parameter`.
    """
    if isinstance(choice, str) and choice in names:
        return names[choice]
    if not callable(choice):
        raise ValueError(
            f"`{parameter}` must be one of {list(names)}, a class (not an instance of "
            f"it) or a callable; got {choice!r}"
        )

    def make(*args: Any, **kwargs: Any) -> Any:
        call = ", ".join([*["tunable" for _ in args], "random_state=..."])
        try:
            inspect.signature(choice).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f"`{parameter}` is called as `{parameter}({call})`, which {choice!r} "
                f"cannot be: {error}; `functools.partial` fills in other arguments"
            ) from error
        made = choice(*args, **kwargs)
        if not isinstance(made, protocol):
            methods = " and ".join(f"`{name}`" for name in _methods(protocol))
            raise TypeError(
                f"`{parameter}` must make something with the methods {methods}; "
                f"{choice!r} made {made!r}"
            )
        return made

    return make


def _methods(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def _as_tunable(name: str, space: Any) -> Tunable:
    if isinstance(space, Tunable):
        return space
    if not isinstance(space, Mapping):
        raise TypeError(f"tunable {name!r} must be a Tunable or a dict; got {space!r}")
    with errors_about(f"tunable {name!r}"):
        tunable = Tunable(space)
    warn_of_ranges(tunable.space, f"tunable {name!r}")
    return tunable
