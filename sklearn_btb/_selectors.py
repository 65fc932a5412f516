"""Selectors: which of the named tunables is to be tuned next.

Choosing among names is a bandit problem. An arm is a name, a pull is one trial of
it, and most selectors here are a reward function plus an exploration bonus:

    index(arm) = reward(scores of the arm) + bonus(t, n)

with ``n`` the number of scores of the arm and ``t`` that of all arms together.
The arm of the greatest index is chosen.

A selector takes the numbers that it is given at face value. The bonuses are made for
rewards in [0, 1], and a failure that is given as ``-inf`` (or NaN, which counts as
``-inf``) drags any mean down with it: `scale_rewards` puts both right beforehand.
"""

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Protocol, runtime_checkable

import numpy as np

Scores = Mapping[str, Sequence[float]]
RandomState = int | np.random.Generator | None

# However cheap an arm, this share of a typical pull is counted for one of its pulls:
# what surrounds an evaluation is not free, and a hopeless arm must not get hundreds.
MIN_RELATIVE_COST = 0.1


@runtime_checkable
class Selector(Protocol):
    """What a session needs of a selector: one method.

    A class of your own is also called as `selector_class(random_state=generator)`, a
    `numpy.random.Generator`. A session gives it rewards instead of raw scores: those
    of all names on one scale from 0 to 1, greater being better whatever is searched,
    failures being 0, pending proposals the mean of their name. A name that was dropped,
    or has nothing left to propose, is not among them.

    If the class has a true attribute `cost_aware`, it is called as
    `select(scores, costs)` instead: the seconds of each score, as many for every name.
    In `BTBSearchCV` these are the seconds of fitting and scoring, all folds together,
    in `BTBSession.run` those of the scorer; what proposing takes is not counted. A
    failure is said to have cost at least as much as a typical evaluation.

    Examples
    --------
    >>> class Shortest:
    ...     def __init__(self, random_state=None):
    ...         self.random_state = random_state
    ...
    ...     def select(self, scores):
    ...         return min(scores, key=lambda name: len(scores[name]))
    >>> isinstance(Shortest(), Selector)
    True

    >>> class Cheapest(Shortest):
    ...     cost_aware = True
    ...
    ...     def select(self, scores, costs):
    ...         return min(scores, key=lambda name: sum(costs[name]))
    >>> Cheapest().select({"svm": [0.9], "tree": [0.8]}, {"svm": [3.0], "tree": [0.1]})
    'tree'
    """

    def select(self, scores: Scores) -> str:
        """Choose one of the names in `scores`, which stays unchanged."""
        ...


class CostAwareSelector(Protocol):
    """A selector that is told costs as well."""

    cost_aware: bool

    def select(self, scores: Scores, costs: Scores) -> str:
        """Choose one of the names in `scores`."""
        ...


# Reward functions: the scores of an arm, in chronological order -> its reward.


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)


def _best_k_reward(scores: Sequence[float], k: int) -> float:
    return _mean(sorted(scores)[-k:])


def _recent_k_reward(scores: Sequence[float], k: int) -> float:
    return _mean(scores[-k:])


def _best_k_velocity(scores: Sequence[float], k: int) -> float:
    return _recent_k_velocity(sorted(scores), k)


def _recent_k_velocity(scores: Sequence[float], k: int) -> float:
    # The mean of consecutive differences telescopes to the two ends.
    last = scores[-k - 1 :]
    return (last[-1] - last[0]) / (len(last) - 1)


# Bonuses: all pulls t, or their mean over the arms, and the arm's own pulls n -> what
# uncertainty is worth.


def _ucb1_bonus(t: int, n: int) -> float:
    return math.sqrt(2.0 * math.log(t) / n)


def _max_ucb_bonus(mean: float, n: float, alpha: float) -> float:
    width = alpha * mean / n
    return width * width  # `** 2` would raise OverflowError where this gives inf


def _optimistic_index(
    arms: Mapping[str, list[float]],
    reward: Callable[[Sequence[float]], float],
    bonus: Callable[[int, int], float],
) -> dict[str, float]:
    """Reward plus bonus of each arm; while there are unseen arms, of these only."""
    unseen = [name for name, scores in arms.items() if not scores]
    if unseen:
        return dict.fromkeys(unseen, math.inf)
    t = sum(map(len, arms.values()))
    return {name: reward(s) + bonus(t, len(s)) for name, s in arms.items()}


def _k_index(
    arms: Mapping[str, list[float]], reward: Callable[[Sequence[float]], float]
) -> dict[str, float]:
    """UCB1 on a reward of some of the scores, on their mean while there are few."""
    if min(map(len, arms.values())) < 2:
        reward = _mean
    return _optimistic_index(arms, reward, _ucb1_bonus)


def _worst_if_nan(value: float) -> float:
    return -math.inf if math.isnan(value) else float(value)


def _draw_best(index: Mapping[str, float], rng: np.random.Generator) -> str:
    # Infinite rewards can make an index undefined (inf - inf).
    index = {name: _worst_if_nan(value) for name, value in index.items()}
    best = max(index.values())
    tied = [name for name, value in index.items() if value == best]
    return tied[rng.integers(len(tied))]


def _checked_arms(scores: Scores) -> dict[str, list[float]]:
    if not scores:
        raise ValueError("`scores` must hold at least one name; got an empty mapping")
    return {name: [_worst_if_nan(s) for s in arm] for name, arm in scores.items()}


def _relative(costs: Mapping[str, list[float]]) -> dict[str, float]:
    """Each arm's costs together, in units of a typical one: the mean of the means."""
    typical = _mean([_mean(arm) for arm in costs.values()])
    if typical == 0:
        return {name: float(len(arm)) for name, arm in costs.items()}
    return {
        name: sum(max(cost / typical, MIN_RELATIVE_COST) for cost in arm)
        for name, arm in costs.items()
    }


def _checked_costs(
    costs: Scores | None, arms: Mapping[str, list[float]]
) -> dict[str, list[float]]:
    if costs is None:
        raise ValueError("`costs` are needed where `cost_aware` is true; got None")
    for name, arm in arms.items():
        if name not in costs or len(costs[name]) != len(arm):
            raise ValueError(f"`costs` must have one value for each score of {name!r}")
        if not all(0 <= cost < math.inf for cost in costs[name]):
            raise ValueError(
                f"`costs` must be finite and at least 0; got {costs[name]} of {name!r}"
            )
    return {name: [float(cost) for cost in costs[name]] for name in arms}


def _checked_count(name: str, count: object) -> int:
    message = f"`{name}` must be an integer of at least 1; got {count!r}"
    if not isinstance(count, numbers.Integral) or isinstance(count, bool):
        raise TypeError(message)
    if count < 1:
        raise ValueError(message)
    return int(count)


def _checked_alpha(alpha: object) -> float:
    message = f"`alpha` must be a finite number of at least 0; got {alpha!r}"
    if not isinstance(alpha, numbers.Real) or isinstance(alpha, bool):
        raise TypeError(message)
    value = float(alpha)
    if not 0 <= value < math.inf:
        raise ValueError(message)
    return value


class _IndexSelector(ABC):
    """A selector that draws among the arms of the greatest index."""

    _rng: np.random.Generator

    def select(self, scores: Scores) -> str:
        """Choose the name that is to be tried next.

        Parameters
        ----------
        scores : mapping of str to sequence of float
            Exactly the names that may be chosen, each with its scores in
            chronological order, perhaps none; greater is better. NaN counts as
            ``-inf``. It is not changed.

        Returns
        -------
        str
            One of the names; among equals, one at random.

        Raises
        ------
        ValueError
            If `scores` is empty.
        """
        return _draw_best(self._index(_checked_arms(scores)), self._rng)

    @abstractmethod
    def _index(self, arms: Mapping[str, list[float]]) -> Mapping[str, float]:
        """Index of each candidate; an arm that is left out is no candidate."""


class Uniform(_IndexSelector):
    """Choose any name with equal probability, whatever the scores.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The source of the choice. A generator is shared, not copied.

    Examples
    --------
    >>> from sklearn_btb import Uniform
    >>> Uniform(random_state=0).select({"svm": [0.9], "tree": []}) in {"svm", "tree"}
    True
    """

    def __init__(self, *, random_state: RandomState = None) -> None:
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        return dict.fromkeys(arms, 0.0)


class UCB1(_IndexSelector):
    """Choose the greatest upper confidence bound of the mean score.

    The index of an arm is ``mean + sqrt(2 ln(t) / n)`` [1]_. Names without a score
    come first.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    References
    ----------
    .. [1] Auer, Cesa-Bianchi and Fischer (2002), Finite-time analysis of the
       multiarmed bandit problem, Machine Learning 47, 235-256, figure 1.

    Examples
    --------
    >>> from sklearn_btb import UCB1
    >>> UCB1(random_state=0).select({"svm": [0.7, 0.9], "tree": [0.8]})
    'tree'
    """

    def __init__(self, *, random_state: RandomState = None) -> None:
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        return _optimistic_index(arms, _mean, _ucb1_bonus)


class MaxUCB:
    """Choose by the best score so far: a rule made for finding one best trial.

    The index of an arm is ``max + (alpha m / n)^2``, with ``m`` the mean number of
    pulls of all arms. Names without a score come first. The rule assumes rewards in
    [0, 1].

    In the paper [1]_ the logarithm of all pulls stands in the place of ``m``. That
    leaves an arm which began badly with four or five of a hundred pulls, too few for
    its hyperparameters to be tuned, while the leader gets ninety, most of them in vain.
    With ``m`` the share of an arm does not shrink: where the leader has 1, an arm that
    never earned anything gets about `alpha` of the mean number of pulls, one not far
    behind nearly as many as the leader.

    With `cost_aware`, time takes the place of pulls. Cheap names are explored more
    often, dear ones as long as they are the best. It is meant for a search that ends
    after some time rather than some number of trials. However little time it takes, a
    pull counts as at least a tenth of what is typical, the mean of the arms' mean
    costs.

    Parameters
    ----------
    alpha : float, default=0.3
        How much to explore, 0 or more.
    cost_aware : bool, default=False
        Whether to count time instead of pulls. What is chosen then depends on times,
        so that the same seed need not give the same choices.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError, ValueError
        If `alpha` is not a finite number of at least 0.

    References
    ----------
    .. [1] Balef, Vernade and Eggensperger (2025), Put CASH on Bandits: A Max K-Armed
       Problem for Automated Machine Learning, NeurIPS, arXiv:2505.05226.

    Examples
    --------
    >>> from sklearn_btb import MaxUCB
    >>> MaxUCB(random_state=0).select({"steady": [0.8, 0.8], "lucky": [0.1, 0.9]})
    'lucky'
    >>> MaxUCB(random_state=0).select({"plateau": [1, 1, 1, 1, 1, 1], "other": [0]})
    'other'
    >>> MaxUCB(cost_aware=True, random_state=0).select(
    ...     {"slow": [0.5, 0.5], "fast": [0.5, 0.5]},
    ...     {"slow": [8.0, 8.0], "fast": [1.0, 1.0]},
    ... )
    'fast'
    """

    def __init__(
        self,
        alpha: float = 0.3,
        *,
        cost_aware: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.alpha = _checked_alpha(alpha)
        self.cost_aware = bool(cost_aware)
        self._rng = np.random.default_rng(random_state)

    def select(self, scores: Scores, costs: Scores | None = None) -> str:
        """Choose the name that is to be tried next.

        Parameters
        ----------
        scores : mapping of str to sequence of float
            Exactly the names that may be chosen, each with its scores in
            chronological order, perhaps none; greater is better. NaN counts as
            ``-inf``. It is not changed.
        costs : mapping of str to sequence of float, optional
            The seconds of each score, in the same order; needed and used only if
            `cost_aware`.

        Returns
        -------
        str
            One of the names; among equals, one at random.

        Raises
        ------
        ValueError
            If `scores` is empty, or, once every name has a score, a cost-aware selector
            does not get a finite cost of at least 0 for each of them.
        """
        arms = _checked_arms(scores)
        unseen = [name for name, arm in arms.items() if not arm]
        if unseen:
            return _draw_best(dict.fromkeys(unseen, math.inf), self._rng)
        if self.cost_aware:
            pulls = _relative(_checked_costs(costs, arms))
        else:
            pulls = {name: float(len(arm)) for name, arm in arms.items()}
        mean = _mean(list(pulls.values()))
        index = {
            name: max(arm) + _max_ucb_bonus(mean, pulls[name], self.alpha)
            for name, arm in arms.items()
        }
        return _draw_best(index, self._rng)


class BestKReward(_IndexSelector):
    """UCB1 on the mean of the k best scores of each name.

    The other scores only count as pulls, so that a bad tail costs nothing but
    the bonus. While some name has fewer than 2 scores, this is plain `UCB1`.

    Parameters
    ----------
    k : int, default=2
        How many of the best scores to average; all, if there are fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 1.

    Notes
    -----
    The rule comes from ATM [1]_ and BTB [2]_.

    References
    ----------
    .. [1] Swearingen et al. (2017), ATM: A distributed, collaborative, scalable
       system for automated machine learning, IEEE Big Data, 151-162.
    .. [2] Smith et al. (2020), The Machine Learning Bazaar, SIGMOD, 785-800.

    Examples
    --------
    >>> from sklearn_btb import BestKReward
    >>> scores = {"steady": [0.6, 0.6, 0.6, 0.6], "erratic": [0.9, 0.0, 0.9, 0.0]}
    >>> BestKReward(random_state=0).select(scores)
    'erratic'
    """

    def __init__(self, k: int = 2, *, random_state: RandomState = None) -> None:
        self.k = _checked_count("k", k)
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        return _k_index(arms, partial(_best_k_reward, k=self.k))


class BestKVelocity(_IndexSelector):
    """UCB1 on the mean velocity of the k + 1 best scores of each name.

    The velocities are the k differences between neighbours of the k + 1 best scores,
    sorted. While some name has fewer than 2 scores, this is plain `UCB1`.

    Parameters
    ----------
    k : int, default=2
        How many velocities to average; all, if there are fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 1.

    See Also
    --------
    BestKReward : The same on the scores themselves, with the sources.

    Examples
    --------
    >>> from sklearn_btb import BestKVelocity
    >>> scores = {"flat": [0.9, 0.9, 0.9], "climbing": [0.6, 0.1, 0.3]}
    >>> BestKVelocity(random_state=0).select(scores)
    'climbing'
    """

    def __init__(self, k: int = 2, *, random_state: RandomState = None) -> None:
        self.k = _checked_count("k", k)
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        return _k_index(arms, partial(_best_k_velocity, k=self.k))


class PureBestKVelocity(_IndexSelector):
    """Choose the greatest velocity of the k + 1 best scores, nothing else.

    While some name has fewer than k scores (2 if k is 1, for a velocity takes two),
    the name with the fewest is chosen.

    Parameters
    ----------
    k : int, default=3
        How many velocities to count; all, if there are fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 1.

    See Also
    --------
    BestKVelocity : The mean with a bonus for exploration.
    BestKReward : On the scores themselves, with the sources.

    Notes
    -----
    The sum of the velocities is divided by the number of all scores, as in BTB: there
    is no bonus here, and without this decay one name would be chosen for ever.

    Examples
    --------
    >>> from sklearn_btb import PureBestKVelocity
    >>> scores = {"flat": [0.9, 0.9, 0.9], "climbing": [0.6, 0.1, 0.3]}
    >>> PureBestKVelocity(random_state=0).select(scores)
    'climbing'
    """

    def __init__(self, k: int = 3, *, random_state: RandomState = None) -> None:
        self.k = _checked_count("k", k)
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        if min(map(len, arms.values())) < max(self.k, 2):
            return {name: -len(scores) for name, scores in arms.items()}
        return {
            name: _best_k_velocity(s, self.k) * min(self.k, len(s) - 1) / len(s)
            for name, s in arms.items()
        }


class RecentKReward(_IndexSelector):
    """UCB1 on the mean of the k most recent scores of each name.

    Older scores only count as pulls, so that a name which has lately improved is not
    held back by its past. While some name has fewer than 2 scores, this is plain
    `UCB1`.

    Parameters
    ----------
    k : int, default=2
        How many of the most recent scores to average; all, if there are fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 1.

    Notes
    -----
    BTB's code sets all but the k *oldest* scores to zero and averages over all of
    them; this averages over the k most recent, as the rule's name has it.

    Examples
    --------
    >>> from sklearn_btb import RecentKReward
    >>> scores = {"falling": [0.9, 0.9, 0.2, 0.2], "rising": [0.1, 0.1, 0.6, 0.6]}
    >>> RecentKReward(random_state=0).select(scores)
    'rising'
    """

    def __init__(self, k: int = 2, *, random_state: RandomState = None) -> None:
        self.k = _checked_count("k", k)
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        return _k_index(arms, partial(_recent_k_reward, k=self.k))


class RecentKVelocity(_IndexSelector):
    """UCB1 on the mean velocity of the k + 1 most recent scores of each name.

    The velocities are the k differences from one score to the next, negative where
    the scores fall. While some name has fewer than 2 scores, this is plain `UCB1`.

    Parameters
    ----------
    k : int, default=2
        How many velocities to average; all, if there are fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 1.

    Notes
    -----
    BTB's code pads the velocities with zeros and averages over all pulls; this
    averages over the velocities.

    Examples
    --------
    >>> from sklearn_btb import RecentKVelocity
    >>> scores = {"falling": [0.9, 0.8, 0.7], "rising": [0.1, 0.2, 0.3]}
    >>> RecentKVelocity(random_state=0).select(scores)
    'rising'
    """

    def __init__(self, k: int = 2, *, random_state: RandomState = None) -> None:
        self.k = _checked_count("k", k)
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        return _k_index(arms, partial(_recent_k_velocity, k=self.k))


class HierarchicalByAlgorithm(_IndexSelector):
    """UCB1 over algorithms, then UCB1 over the names of the algorithm chosen.

    An algorithm's scores are those of all its names that may still be chosen. A name
    that is under no algorithm forms one of its own.

    Parameters
    ----------
    by_algorithm : mapping of str to iterable of str
        The names that belong to each algorithm. Those that do not occur among
        the names to choose from are passed over.
    random_state : int, numpy.random.Generator or None, default=None
        Breaks ties. A generator is shared, not copied.

    Raises
    ------
    TypeError
        If `by_algorithm` is not a mapping to iterables of names.
    ValueError
        If a name is listed twice.

    Examples
    --------
    >>> from sklearn_btb import HierarchicalByAlgorithm
    >>> selector = HierarchicalByAlgorithm({"svm": ["rbf", "poly"]}, random_state=0)
    >>> selector.select({"rbf": [0.5], "poly": [0.9], "tree": [0.1, 0.1]})
    'poly'
    """

    def __init__(
        self,
        by_algorithm: Mapping[str, Iterable[str]],
        *,
        random_state: RandomState = None,
    ) -> None:
        if not isinstance(by_algorithm, Mapping):
            raise TypeError(
                "`by_algorithm` must be a mapping of algorithms to names; "
                f"got {by_algorithm!r}"
            )
        self.by_algorithm: dict[str, tuple[str, ...]] = {}
        self._siblings: dict[str, tuple[str, ...]] = {}
        for algorithm, names in by_algorithm.items():
            if isinstance(names, str) or not isinstance(names, Iterable):
                raise TypeError(
                    f"`by_algorithm[{algorithm!r}]` must be an iterable of names; "
                    f"got {names!r}"
                )
            siblings = self.by_algorithm[algorithm] = tuple(names)
            for i, name in enumerate(siblings):
                if name in self._siblings or name in siblings[:i]:
                    raise ValueError(
                        "`by_algorithm` must list each name once; "
                        f"got {name!r} again under {algorithm!r}"
                    )
            self._siblings |= dict.fromkeys(siblings, siblings)
        self._rng = np.random.default_rng(random_state)

    def _index(self, arms: Mapping[str, list[float]]) -> dict[str, float]:
        groups: dict[str, dict[str, list[float]]] = {}
        for name, scores in arms.items():
            # The first sibling stands for the group: unlike the algorithm's own
            # name it cannot be the name of an arm outside the group.
            leader = self._siblings.get(name, (name,))[0]
            groups.setdefault(leader, {})[name] = scores
        pooled = {
            leader: list(chain.from_iterable(group.values()))
            for leader, group in groups.items()
        }
        chosen = _draw_best(_optimistic_index(pooled, _mean, _ucb1_bonus), self._rng)
        return _optimistic_index(groups[chosen], _mean, _ucb1_bonus)
