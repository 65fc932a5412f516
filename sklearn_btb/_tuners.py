"""Tuners: they propose configurations of one space and learn from their scores.

What a tuner remembers is what was recorded and what follows from it; a proposal is a
function of that, of what is pending and of the seed. A tuner can therefore be rebuilt
by recording the same scores again, and proposing changes no later proposal.
"""

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from scipy.stats import qmc

from . import _gp
from ._acquisition import log_expected_improvement, upper_confidence_bound
from ._candidates import draw_untaken, identities, neighbours, untaken
from ._levels import Level, at_level, neglected_levels
from ._output_transforms import (
    clip_infinite,
    gaussian_copula,
    standardize,
    yeo_johnson,
)
from ._random import generator_at, seed_from
from ._space import Tunable
from ._trial import StopTuning

Params = dict[str, Any]
OutputTransform = Callable[[np.ndarray], np.ndarray]
Acquisition = Callable[[np.ndarray, np.ndarray, float], np.ndarray]

N_COVERING_POINTS: Final = 8  # a power of two, as Sobol sequences want it
N_GLOBAL_CANDIDATES: Final = 1000
N_LOCAL_CANDIDATES: Final = 500
LARGEST_SCANNED: Final = 4096  # finite spaces up to here are compared in full
STEPS: Final = (0.2, 0.1, 0.05, 0.02)
INDISTINCT: Final = 0.03  # length scales
N_FITTED_EACH: Final = 30  # so many first trials, the model is fitted at each
MOST_REMEMBERED: Final = 300  # trials in the model
MOST_BEST: Final = 100  # of them, the best
LEVEL_EVERY: Final = 4  # proposals, until a neglected level has its turn
LEVEL_ENOUGH: Final = 20  # trials, after which a level is not neglected


@runtime_checkable
class Tuner(Protocol):
    """What a session needs of a tuner.

    A class of your own needs these two methods and a constructor that can be called
    as `tuner_class(tunable, random_state=seed)`. `Tunable.sample`, `encode` and
    `decode` are what it is made of.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_btb import Tunable
    >>> class Chance:
    ...     def __init__(self, tunable, random_state=None):
    ...         self.tunable = tunable
    ...         self.rng = np.random.default_rng(random_state)
    ...
    ...     def propose(self, n=1, *, pending=()):
    ...         params = self.tunable.decode(self.tunable.sample(n, self.rng))
    ...         return params[0] if n == 1 else params
    ...
    ...     def record(self, params, score):
    ...         pass
    >>> Chance(Tunable({"C": [1]}), random_state=0).propose()
    {'C': 1}
    """

    def propose(self, n: int = 1, *, pending: Sequence[Params] = ()) -> Any:
        """Return a configuration that was neither recorded nor is pending.

        Parameters
        ----------
        n : int, default=1
            How many to propose.
        pending : sequence of dict, default=()
            Configurations that are being evaluated.

        Returns
        -------
        dict, or list of dict if `n` is greater than 1

        Raises
        ------
        StopTuning
            If nothing is left to propose.
        """
        ...

    def record(self, params: Params, score: float) -> None:
        """Learn the score of a configuration; greater is better."""
        ...


class UniformTuner:
    """Proposes configurations drawn from the prior of the space, without a repeat.

    Parameters
    ----------
    tunable : Tunable
        The space.
    random_state : None, int, Generator or RandomState, default=None
        The seed of the proposals.

    Examples
    --------
    >>> from sklearn_btb import Tunable, UniformTuner
    >>> tuner = UniformTuner(Tunable({"C": [1, 10]}), random_state=0)
    >>> tuner.record({"C": 1}, 0.9)
    >>> tuner.propose()
    {'C': 10}
    """

    def __init__(self, tunable: Tunable, *, random_state: Any = None) -> None:
        self.tunable = tunable
        self._seed = seed_from(random_state)
        self._taken: set[bytes] = set()
        self._n_recorded = 0

    def propose(self, n: int = 1, *, pending: Sequence[Params] = ()) -> Any:
        """Return configurations that were neither recorded nor are pending.

        Parameters
        ----------
        n : int, default=1
            How many; fewer are returned where fewer are left.
        pending : sequence of dict, default=()
            Configurations that are being evaluated.

        Returns
        -------
        dict, or list of dict if `n` is greater than 1

        Raises
        ------
        StopTuning
            If every configuration was recorded or is pending.
        """
        _check_n(n)
        taken = self._taken
        if pending:
            taken = taken | identities(self.tunable.encode(pending))
        rng = generator_at(self._seed, self._n_recorded + len(pending))
        images = draw_untaken(self.tunable, taken, n, rng)
        return _answer(self.tunable.decode(images), n)

    def record(self, params: Params, score: float) -> None:
        """Remember that a configuration was tried.

        Parameters
        ----------
        params : dict
            A configuration of the space.
        score : float
            Its score, which plays no part here.

        Raises
        ------
        ValueError
            If the score is NaN, or the configuration lies outside the space.
        """
        _check_score(score)
        self._taken |= identities(self.tunable.encode([params]))
        self._n_recorded += 1


class GPTuner:
    """Proposes what a Gaussian process of the scores finds most promising.

    The first `n_initial` configurations, counting those recorded from elsewhere,
    cover the space (a scrambled Sobol sequence). From then on a Gaussian process
    with a Matern 5/2 kernel and a length scale per column of the encoded space is
    fitted to the transformed scores, numeric columns being warped (Snoek et al. 2014),
    and the configuration with the greatest acquisition value is proposed. Finite
    spaces of up to 4,096 configurations are compared in full; in others the candidates
    are draws from the prior and neighbours of the best, refined twice. Candidates are
    compared where the estimator would be evaluated: at the images of configurations.
    What the process cannot tell from a known configuration (nearer than 0.03 length
    scales, a correlation above 0.999) is proposed only when nothing else is left; on a
    plateau of equal scores it would otherwise ask for the same again and again. Pending
    configurations count as observed at the mean that the process predicts for them
    (kriging believer; Ginsbourger et al. 2010, section 3.2).

    Every fourth proposal goes to the level of a choice that has had the fewest trials,
    compared with the other levels of its choice. There, a process that knows the trials
    at this level alone looks for an improvement on the best of them, as if the level
    were the whole space. A choice is a hyperparameter with up to ten values that have
    no order, or which dict of a list of dicts it is; a level is one of its values (all
    numbers in `[None, 2, 3, 5]` together are one). This is because one process for all
    levels learns from a level where the scores are flat that they are flat everywhere:
    after a few bad trials it gives up a level whose optimum is narrow, such as a kernel
    that needs the right `gamma`. A level that has had 20 trials, or as many as the mean
    of its choice, is not helped any more, so that this ends by itself.

    The hyperparameters of the process are fitted at each of the first 30 trials, later
    whenever a tenth (at least three) has come in. Of more than 300 trials it sees the
    100 best and 200 of the others, evenly, so that a proposal after thousands costs no
    more.

    Parameters
    ----------
    tunable : Tunable
        The space.
    acquisition : callable, default=log expected improvement
        `(mean, std, best) -> value`, arrays of shape (n,) and the best transformed
        score so far; the greatest value is proposed.
    output_transform : callable, default=Yeo-Johnson
        An increasing map of all the scores so far, (n,) -> (n,), to about zero mean
        and unit deviation.
    n_initial : int, default=2
        The number of configurations before the model is asked.
    random_state : None, int, Generator or RandomState, default=None
        The seed of the proposals.

    Notes
    -----
    BTB's tuner of this name maximises the predicted mean without regard to its
    uncertainty, which gets stuck; a function of your own as `acquisition`,
    `lambda mean, std, best: mean`, restores that.

    Examples
    --------
    >>> from sklearn_btb import FloatHyperParam, GPTuner, Tunable
    >>> tuner = GPTuner(Tunable({"x": FloatHyperParam(0, 1)}), random_state=0)
    >>> scores = []
    >>> for _ in range(12):
    ...     params = tuner.propose()
    ...     scores.append(-((params["x"] - 0.3) ** 2))
    ...     tuner.record(params, scores[-1])
    >>> max(scores) > -0.001
    True
    """

    def __init__(
        self,
        tunable: Tunable,
        *,
        acquisition: Acquisition = log_expected_improvement,
        output_transform: OutputTransform = yeo_johnson,
        n_initial: int = 2,
        random_state: Any = None,
    ) -> None:
        self.tunable = tunable
        self.acquisition = acquisition
        self.output_transform = output_transform
        self.n_initial = n_initial
        self._warped = np.zeros(tunable.n_dims, dtype=bool)
        for block in tunable.blocks:
            self._warped[block.columns] = block.numeric
        self._seed = seed_from(random_state)
        self._images = np.empty((0, tunable.n_dims))
        self._scores: list[float] = []
        # of the model when it was last fitted, by the number of trials it was then
        self._fitted: tuple[int, _gp.Hyperparameters] | None = None

    def propose(self, n: int = 1, *, pending: Sequence[Params] = ()) -> Any:
        """Return the most promising configurations not recorded and not pending.

        Parameters
        ----------
        n : int, default=1
            How many; fewer are returned where fewer are left.
        pending : sequence of dict, default=()
            Configurations that are being evaluated.

        Returns
        -------
        dict, or list of dict if `n` is greater than 1

        Raises
        ------
        StopTuning
            If every configuration was recorded or is pending.
        """
        _check_n(n)
        pending_images = self.tunable.encode(pending)
        rng = generator_at(self._seed, len(self._scores) + len(pending))
        with _gp.one_thread():
            images = self._choose(n, pending_images, rng)
        return _answer(self.tunable.decode(images), n)

    def _choose(
        self, n: int, pending_images: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        taken = identities(self._images) | identities(pending_images)
        unscored = pending_images
        model = None
        while len(unscored) < len(pending_images) + n:
            number = len(self._scores) + len(unscored)
            if not self._scores or number < self.n_initial:
                image = self._covering_image(number, taken, rng)
            else:
                image = None
                if number % LEVEL_EVERY == LEVEL_EVERY - 1:
                    image = self._image_at_neglected_level(unscored, taken, rng)
                if image is None:
                    if model is None:
                        model = self._model()
                        n_scored = len(model.y)
                    model = _believing(model, unscored[len(model.y) - n_scored :])
                    image = self._most_promising_image(model, taken, rng)
            if image is None:
                break
            taken |= identities(image)
            unscored = np.concatenate([unscored, image])
        return unscored[len(pending_images) :]

    def record(self, params: Params, score: float) -> None:
        """Learn the score of a configuration.

        Parameters
        ----------
        params : dict
            A configuration of the space, proposed or not.
        score : float
            Its score; greater is better, infinite is clipped to what else was seen.

        Raises
        ------
        ValueError
            If the score is NaN, or the configuration lies outside the space.
        """
        _check_score(score)
        image = self.tunable.encode([params])
        self._images = np.concatenate([self._images, image])
        self._scores.append(float(score))

    def _covering_image(
        self, number: int, taken: set[bytes], rng: np.random.Generator
    ) -> np.ndarray | None:
        if number < N_COVERING_POINTS:
            sobol = qmc.Sobol(self.tunable.n_dims or 1, seed=generator_at(self._seed))
            point = sobol.random(N_COVERING_POINTS)[[number], : self.tunable.n_dims]
            image = self.tunable.canonical(self.tunable.snap(point))
            if len(self.tunable.valid(image)) and not identities(image) & taken:
                return image
        images = draw_untaken(self.tunable, taken, 1, rng)
        return images if len(images) else None

    def _image_at_neglected_level(
        self, unscored: np.ndarray, taken: set[bytes], rng: np.random.Generator
    ) -> np.ndarray | None:
        """Return a configuration at the most neglected level that has one left."""
        images = np.concatenate([self._images, unscored])
        for level in neglected_levels(self.tunable, images, LEVEL_ENOUGH):
            image = self._image_at(level, unscored, taken, rng)
            if image is not None:
                return image
        return None

    def _image_at(
        self,
        level: Level,
        unscored: np.ndarray,
        taken: set[bytes],
        rng: np.random.Generator,
    ) -> np.ndarray | None:
        """Tune a level as if it were the whole space.

        The model knows the trials at this level alone, and what it looks for is an
        improvement on the best of them. Its first two configurations are random: one
        score cannot be standardised.
        """
        scored = at_level(self.tunable, self._images, level)
        if scored.sum() < 2:
            drawn = self.tunable.sample(N_GLOBAL_CANDIDATES, rng)
            there = untaken(drawn[at_level(self.tunable, drawn, level)], taken)
            return there[:1] if len(there) else None
        scores = clip_infinite(np.array(self._scores)[scored])
        model = _gp.fit(
            self._images[scored], self.output_transform(scores), warped=self._warped
        )
        pending = unscored[at_level(self.tunable, unscored, level)]
        return self._most_promising_image(
            _believing(model, pending), taken, rng, level=level
        )

    def _model(self) -> _gp.GaussianProcess:
        """Condition on what was recorded, at the hyperparameters of the last fit.

        The model depends on what was recorded, not on when it was asked for.
        """
        n_scored = len(self._scores)
        n = _size_of_last_fit(n_scored)
        data = self._data(n_scored)
        if self._fitted is None or self._fitted[0] != n:
            seen = data if n == n_scored else self._data(n)
            self._fitted = n, _gp.fit(*seen, warped=self._warped).hyperparameters
        return _gp.condition(*data, self._fitted[1])

    def _data(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the images and transformed scores of the first n trials."""
        images, scores = self._images[:n], clip_infinite(np.array(self._scores[:n]))
        if n > MOST_REMEMBERED:
            order = np.argsort(-scores, kind="stable")
            best, others = order[:MOST_BEST], np.sort(order[MOST_BEST:])
            steps = np.linspace(0, len(others) - 1, MOST_REMEMBERED - MOST_BEST)
            kept = np.sort(np.concatenate([best, others[steps.astype(int)]]))
            images, scores = images[kept], scores[kept]
        return images, self.output_transform(scores)

    def _most_promising_image(
        self,
        model: _gp.GaussianProcess,
        taken: set[bytes],
        rng: np.random.Generator,
        level: Level | None = None,
    ) -> np.ndarray | None:
        """Return the most promising configuration, if need be at one level only.

        None where nothing is left, or nothing was found at this level.
        """
        best = float(model.y.max())

        def ranked(images: np.ndarray) -> np.ndarray:
            """Sort candidates, the best first."""
            if level is not None:
                images = images[at_level(self.tunable, images, level)]
            if not len(images):
                return images
            values = self.acquisition(*_gp.posterior(model, images), best)
            indistinct = _gp.distance_to_data(model, images) < INDISTINCT
            return images[np.lexsort((-values, indistinct))]

        if self.tunable.n_numbered <= LARGEST_SCANNED:
            images = untaken(self.tunable.at(0, int(self.tunable.n_numbered)), taken)
            images = ranked(images)
        else:
            images = self._search_candidates(model, ranked, taken, rng)
        for row in range(len(images)):
            image = self.tunable.canonical(images[[row]])
            if not identities(image) & taken:
                return image
        if level is not None:
            return None
        images = draw_untaken(self.tunable, taken, 1, rng)
        return images if len(images) else None

    def _search_candidates(
        self,
        model: _gp.GaussianProcess,
        ranked: Callable[[np.ndarray], np.ndarray],
        taken: set[bytes],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw candidates, then twice more around the ten best of them."""
        incumbents = model.X[np.argsort(-model.y, kind="stable")[:5]]
        images = np.concatenate(
            [
                self.tunable.sample(N_GLOBAL_CANDIDATES, rng),
                neighbours(self.tunable, incumbents, N_LOCAL_CANDIDATES, STEPS, rng),
            ]
        )
        images = ranked(untaken(images, taken))
        for steps in (STEPS[1:3], STEPS[2:]):
            leaders = images[:10]
            if not len(leaders):
                break
            more = neighbours(
                self.tunable, leaders, N_LOCAL_CANDIDATES // 2, steps, rng
            )
            images = ranked(untaken(np.concatenate([leaders, more]), taken))
        return images


class GPEiTuner(GPTuner):
    """A `GPTuner` with expected improvement on standardised scores, as BTB's.

    Parameters
    ----------
    tunable : Tunable
        The space.
    random_state : None, int, Generator or RandomState, default=None
        The seed of the proposals.

    Examples
    --------
    >>> from sklearn_btb import GPEiTuner, Tunable
    >>> GPEiTuner(Tunable({"C": [1]}), random_state=0).propose()
    {'C': 1}
    """

    def __init__(self, tunable: Tunable, *, random_state: Any = None) -> None:
        super().__init__(
            tunable, output_transform=standardize, random_state=random_state
        )


class GCPTuner(GPTuner):
    """A `GPTuner` on scores made normal by a Gaussian copula transform.

    It maximises the mean plus two deviations of the Gaussian copula process
    (Anderson 2017, "Sample, Estimate, Tune: Scaling Bayesian Auto-Tuning of Data
    Science Pipelines"), where BTB's maximises the mean.

    Parameters
    ----------
    tunable : Tunable
        The space.
    random_state : None, int, Generator or RandomState, default=None
        The seed of the proposals.

    Examples
    --------
    >>> from sklearn_btb import GCPTuner, Tunable
    >>> GCPTuner(Tunable({"C": [1]}), random_state=0).propose()
    {'C': 1}
    """

    def __init__(self, tunable: Tunable, *, random_state: Any = None) -> None:
        super().__init__(
            tunable,
            acquisition=upper_confidence_bound,
            output_transform=gaussian_copula,
            random_state=random_state,
        )


class GCPEiTuner(GPTuner):
    """A `GPTuner` with expected improvement on copula-transformed scores.

    Parameters
    ----------
    tunable : Tunable
        The space.
    random_state : None, int, Generator or RandomState, default=None
        The seed of the proposals.

    Examples
    --------
    >>> from sklearn_btb import GCPEiTuner, Tunable
    >>> GCPEiTuner(Tunable({"C": [1]}), random_state=0).propose()
    {'C': 1}
    """

    def __init__(self, tunable: Tunable, *, random_state: Any = None) -> None:
        super().__init__(
            tunable, output_transform=gaussian_copula, random_state=random_state
        )


def _size_of_last_fit(n: int) -> int:
    """Return how many of n trials there were when the model was due to be fitted.

    It is fitted at each at first; then where a tenth has come in, but at least three.
    """
    size = min(n, N_FITTED_EACH)
    while size + max(3, size // 10) <= n:
        size += max(3, size // 10)
    return size


def _believing(model: _gp.GaussianProcess, images: np.ndarray) -> _gp.GaussianProcess:
    """Count configurations as observed at the mean that is predicted for them."""
    return _gp.extend(model, images, _gp.posterior(model, images)[0])


def _check_n(n: int) -> None:
    if not isinstance(n, numbers.Integral):
        raise TypeError(f"`n` must be an integer; got {n!r}")
    if n < 1:
        raise ValueError(f"`n` must be at least 1; got {n}")


def _check_score(score: float) -> None:
    if math.isnan(score):
        raise ValueError("the score must not be NaN")


def _answer(proposals: list[Params], n: int) -> Any:
    if not proposals:
        raise StopTuning("every configuration of the space has been proposed")
    return proposals[0] if n == 1 else proposals
