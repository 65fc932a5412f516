"""Tuners: they propose configurations of one space and learn from their scores.

What a tuner remembers is only what was recorded; a proposal is a function of that,
of what is pending and of the seed. A tuner can therefore be rebuilt by recording the
same scores again, and proposing changes nothing.
"""

import functools
import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from scipy.stats import qmc
from threadpoolctl import ThreadpoolController

from . import _gp
from ._acquisition import log_expected_improvement, upper_confidence_bound
from ._candidates import canonical, draw_untaken, identities, neighbours, untaken
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
    fitted to the transformed scores, and the configuration with the greatest
    acquisition value is proposed. Finite spaces of up to 4,096 configurations are
    compared in full; in others the candidates are draws from the prior and
    neighbours of the best, refined twice. Candidates are compared where the
    estimator would be evaluated: at the images of configurations. Pending
    configurations count as observed at the mean that the process predicts for them
    (kriging believer; Ginsbourger et al. 2010, section 3.2).

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
    n_initial : int, default=4
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
    >>> for _ in range(12):
    ...     params = tuner.propose()
    ...     tuner.record(params, -((params["x"] - 0.3) ** 2))
    >>> abs(tuner.propose()["x"] - 0.3) < 0.05
    True
    """

    def __init__(
        self,
        tunable: Tunable,
        *,
        acquisition: Acquisition = log_expected_improvement,
        output_transform: OutputTransform = yeo_johnson,
        n_initial: int = 4,
        random_state: Any = None,
    ) -> None:
        self.tunable = tunable
        self.acquisition = acquisition
        self.output_transform = output_transform
        self.n_initial = n_initial
        self._seed = seed_from(random_state)
        self._images = np.empty((0, tunable.n_dims))
        self._scores: list[float] = []

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
        n_known = len(self._scores) + len(pending)
        taken = identities(self._images) | identities(pending_images)
        rng = generator_at(self._seed, n_known)
        with _blas().limit(limits=1, user_api="blas"):  # for these small matrices
            proposals = self._choose(n, n_known, pending_images, taken, rng)
        return _answer(proposals, n)

    def _choose(
        self,
        n: int,
        n_known: int,
        pending_images: np.ndarray,
        taken: set[bytes],
        rng: np.random.Generator,
    ) -> list[Params]:
        proposals: list[Params] = []
        model = None
        while len(proposals) < n:
            if not self._scores or n_known + len(proposals) < self.n_initial:
                image = self._covering_image(n_known + len(proposals), taken, rng)
            else:
                if model is None:
                    model = self._fit(pending_images)
                image = self._most_promising_image(model, taken, rng)
                if image is not None:
                    model = _gp.extend(model, image, _gp.posterior(model, image)[0])
            if image is None:
                break
            taken |= identities(image)
            proposals += self.tunable.decode(image)
        return proposals

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
            image = canonical(self.tunable, self.tunable.snap(point))
            if not identities(image) & taken:
                return image
        images = draw_untaken(self.tunable, taken, 1, rng)
        return images if len(images) else None

    def _fit(self, pending_images: np.ndarray) -> _gp.GaussianProcess:
        scores = self.output_transform(clip_infinite(np.array(self._scores)))
        model = _gp.fit(self._images, scores)
        if len(pending_images):
            mean, _ = _gp.posterior(model, pending_images)
            model = _gp.extend(model, pending_images, mean)
        return model

    def _most_promising_image(
        self, model: _gp.GaussianProcess, taken: set[bytes], rng: np.random.Generator
    ) -> np.ndarray | None:
        best = float(model.y.max())

        def value(images: np.ndarray) -> np.ndarray:
            return self.acquisition(*_gp.posterior(model, images), best)

        if self.tunable.n_numbered <= LARGEST_SCANNED:
            images = untaken(self.tunable.at(0, int(self.tunable.n_numbered)), taken)
            values = value(images)
        else:
            images, values = self._search_candidates(model, value, taken, rng)
        for index in np.argsort(-values, kind="stable"):
            image = canonical(self.tunable, images[[index]])
            if not identities(image) & taken:
                return image
        images = draw_untaken(self.tunable, taken, 1, rng)
        return images if len(images) else None

    def _search_candidates(
        self,
        model: _gp.GaussianProcess,
        value: Callable[[np.ndarray], np.ndarray],
        taken: set[bytes],
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw candidates, then twice more around the ten best of them."""
        incumbents = model.X[np.argsort(-model.y, kind="stable")[:5]]
        images = np.concatenate(
            [
                self.tunable.sample(N_GLOBAL_CANDIDATES, rng),
                neighbours(self.tunable, incumbents, N_LOCAL_CANDIDATES, STEPS, rng),
            ]
        )
        images = untaken(images, taken)
        values = value(images)
        for steps in (STEPS[1:3], STEPS[2:]):
            leaders = images[np.argsort(-values, kind="stable")[:10]]
            if not len(leaders):
                break
            more = neighbours(
                self.tunable, leaders, N_LOCAL_CANDIDATES // 2, steps, rng
            )
            more = untaken(more, taken)
            images = np.concatenate([images, more])
            values = np.concatenate([values, value(more)])
        return images, values


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


@functools.cache
def _blas() -> ThreadpoolController:
    """Find the BLAS libraries of this process, once."""
    return ThreadpoolController()


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
