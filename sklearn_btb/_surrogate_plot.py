"""The plot of what the Gaussian process says, in scikit-learn's convention."""

from __future__ import annotations  # or else `help` spells out what ArrayLike is

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from ._history import shown_range
from ._hyperparams import HyperParam
from ._parameter_axes import MOST_LETTERS, ParameterAxis, label, short_names
from ._plotting import PLAIN, SMALL, bottom_edge, ink, new_axes, score_name, tidy
from ._scored import Candidates, scored_candidates
from ._surrogate import Prediction, dimensions_at, fit_surrogate, predict, slice_through

LONGEST_LINE: Final = 68  # letters of the title
DEPTH: Final = 5.0  # below what is shown, in heights of it, where the lowest scores are
FEWEST: Final = 4  # candidates, for a Gaussian process
N_POINTS: Final = (121, 81)  # along a numeric axis, of one or of two
ROOM: Final = 0.15  # of the shown range, for a band above the best score
SIDES: Final = np.array([-1.0, 1.0])


class SurrogateDisplay:
    """What the Gaussian process of the search makes of one or two hyperparameters.

    The prediction runs through the best candidate: all other parameters are as there
    (not averaged over, because the process knows little where the search had no reason
    to go). With one parameter, the line is the median and the band, two deviations to
    either side, is where scores are expected; with two, the colour is the median, the
    paler the less the process knows. Points are the candidates, wherever their other
    parameters are; the star is the best.

    Use `from_estimator`: it makes the axes and the prediction, which are of types that
    are not public.

    Parameters
    ----------
    axes : list of one or two ParameterAxis
        The axes of the parameters.
    grid : list of array-like
        On each of them, where predictions are.
    prediction : Prediction
        `middle`, `low`, `high` and `doubt`, each of shape (n,) or (n_first, n_second),
        NaN where nothing can be predicted.
    positions : array-like of shape (n_candidates, n_axes)
        Where the candidates lie, NaN where a parameter does not apply.
    scores : array-like of shape (n_candidates,)
        Greater is better.
    best : int
        Through which candidate the prediction runs.
    fixed : dict, default=None
        What all other parameters are.
    score_name : str, default="score"
        What the score is.
    colour : str, default="#0072B2"
        That of the estimator.
    estimator_name : str, default=None
        Whose they are, to be told.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Notes
    -----
    The process is that of `GPTuner`, whatever the tuner of the search, fitted to all
    candidates of the estimator that have a score; scores that are far below the range
    that is shown are raised, though not into it. Its own parameters are taken for
    certain, so that the band is rather too narrow. A category whose prediction lies
    below the range that is shown has neither a line nor a band. What applies only with
    other values than those of the best candidate is in the middle of its range there.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklearn_btb import BTBSearchCV, SurrogateDisplay
    >>> search = BTBSearchCV(
    ...     DecisionTreeClassifier(random_state=0),
    ...     {"max_depth": [1, 2, 3, 4], "criterion": ["gini", "entropy"]},
    ...     n_iter=6,
    ...     random_state=0,
    ... ).fit(*load_iris(return_X_y=True))
    >>> display = SurrogateDisplay.from_estimator(search, "max_depth")
    >>> display.grid
    [array([1., 2., 3., 4.])]
    """

    def __init__(
        self,
        *,
        axes: Sequence[ParameterAxis],
        grid: Sequence[ArrayLike],
        prediction: Prediction,
        positions: ArrayLike,
        scores: ArrayLike,
        best: int,
        fixed: Mapping[str, Any] | None = None,
        score_name: str = "score",
        colour: str = "#0072B2",
        estimator_name: str | None = None,
    ) -> None:
        self.axes = axes
        self.grid = grid
        self.prediction = prediction
        self.positions = positions
        self.scores = scores
        self.best = best
        self.fixed = fixed
        self.score_name = score_name
        self.colour = colour
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        parameters: str | Sequence[str],
        *,
        estimator_name: str | None = None,
        ax: Any = None,
    ) -> SurrogateDisplay:
        """Plot the score against one or two hyperparameters.

        Parameters
        ----------
        search : BTBSearchCV
            Fitted, also with `refit=False`, or interrupted.
        parameters : str, or sequence of one or two str
            Which; of two, the first is the horizontal axis.
        estimator_name : str, default=None
            Of which estimator; by default, of the winner.
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        SurrogateDisplay

        Raises
        ------
        ValueError
            If fewer than 4 of its candidates have a score, or none has the parameters.
        """
        names = [parameters] if isinstance(parameters, str) else list(parameters)
        if len(names) not in (1, 2) or len(set(names)) < len(names):
            raise ValueError(
                f"`parameters` must be one or two different names; got {parameters!r}"
            )
        found = scored_candidates(search, estimator_name, cls.__name__, FEWEST)
        axes = [found.axis(name) for name in names]
        positions = np.column_stack([found.positions(axis) for axis in axes])
        having = np.flatnonzero(~np.isnan(positions).any(axis=1))
        if not len(having):
            raise ValueError(f"no candidate of {found.estimator_name!r} has {names}")
        best = int(having[np.argmax(found.scores[having])])
        grid, prediction = _predicted(
            found, axes, found.configs[best], shown_range(found.scores[having])
        )
        others = {k: v for k, v in found.configs[best].items() if k not in names}
        display = cls(
            axes=axes,
            grid=grid,
            prediction=prediction,
            positions=positions,
            scores=found.scores,
            best=best,
            fixed=others,
            score_name=score_name(search),
            colour=found.colour,
            estimator_name=found.estimator_name,
        )
        return display.plot(ax)

    def plot(self, ax: Any = None) -> SurrogateDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        SurrogateDisplay
            `self`.
        """
        size = (6.0, 4.2) if len(self.axes) == 1 else (6.4, 4.6)
        ax = new_axes(ax, "SurrogateDisplay", size)
        positions = np.asarray(self.positions, dtype=float)
        scores = np.asarray(self.scores, dtype=float)
        for axis, which in zip(self.axes, "xy", strict=False):
            _set_axis(ax, axis, which)
        if len(self.axes) == 1:
            _draw_response(ax, self, positions[:, 0], scores)
            tidy(ax)
        else:
            _draw_map(ax, self, positions, scores)
            tidy(ax, grid=None)
        title = _title(self.estimator_name, self.fixed or {})
        ax.set_title(title, fontsize=SMALL, loc="left", **PLAIN)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _predicted(
    found: Candidates,
    axes: Sequence[ParameterAxis],
    config: Mapping[str, Any],
    shown: tuple[float, float],
) -> tuple[list[np.ndarray], Prediction]:
    """Predict the scores on a grid through a candidate.

    What is far below the range that is shown would, if it were to be fitted, leave no
    precision for what is shown.
    """
    low, high = shown
    scores = np.maximum(found.scores, low - DEPTH * (high - low))
    dimensions = dimensions_at(found.tunable, config)
    n_points = N_POINTS[len(axes) - 1]
    values = {
        axis.parameter: _values_along(
            axis, dimensions[axis.parameter].hyperparam, n_points
        )
        for axis in axes
    }
    grid = [axis.positions(values[axis.parameter]) for axis in axes]
    surrogate = fit_surrogate(found.tunable, found.configs, scores)
    images, valid = slice_through(found.tunable, config, values)
    predicted = predict(surrogate, images)
    shape = [len(places) for places in grid]
    return grid, Prediction(
        *(np.where(valid, each, np.nan).reshape(shape) for each in predicted)
    )


def _values_along(axis: ParameterAxis, hyperparam: HyperParam, n: int) -> list[Any]:
    """Return the categories of an axis, or up to n numbers on it, in their order."""
    if axis.categories is not None:
        return [value for value in axis.categories if hyperparam.contains(value)]
    low, high = hyperparam.snap(np.array([[0.0], [1.0]]))[:, 0]
    numbers = hyperparam.decode(np.linspace(low, high, n)[:, np.newaxis])
    return [v for v in dict.fromkeys(numbers) if axis.low <= v <= axis.high]


def _set_axis(ax: Any, axis: ParameterAxis, which: str) -> None:
    """Give an axis of the plot the scale, the ends and the ticks of a parameter."""
    if axis.log:
        getattr(ax, f"set_{which}scale")("log")
    ticks, texts = axis.ticks(side_by_side=which == "x")
    style: dict[str, Any] = {}
    if axis.categories is not None:
        style |= PLAIN
        if which == "x" and sum(map(len, texts)) > MOST_LETTERS:
            style |= {"rotation": 25, "ha": "right"}
    getattr(ax, f"set_{which}ticks")(ticks, texts, **style)
    getattr(ax, f"set_{which}ticks")([], minor=True)
    getattr(ax, f"set_{which}label")(axis.label, **PLAIN)
    low, high = axis.low, axis.high
    if axis.categories is None and low < high:
        if axis.log:
            low, high = np.exp(np.log([low, high]) + 0.02 * np.log(high / low) * SIDES)
        else:
            low, high = np.array([low, high]) + 0.02 * (high - low) * SIDES
    if low < high:
        getattr(ax, f"set_{which}lim")(low, high)


def _draw_response(
    ax: Any, display: SurrogateDisplay, places: np.ndarray, scores: np.ndarray
) -> None:
    axis, colour = display.axes[0], display.colour
    grid, predicted = np.asarray(display.grid[0]), display.prediction
    low, high = shown_range(scores[~np.isnan(places)])
    band = np.minimum(predicted.high, high + ROOM * (high - low))
    ax.set_ylim(low, max(high, float(np.nanmax(band))))
    if axis.categories is None:
        ax.fill_between(
            grid, predicted.low, predicted.high, color=colour, alpha=0.22, linewidth=0
        )
        ax.plot(grid, predicted.middle, color=colour, linewidth=2)
    else:
        spans = predicted.high - predicted.low
        ax.bar(grid, spans, 0.6, predicted.low, color=colour, alpha=0.22, linewidth=0)
        ax.hlines(predicted.middle, grid - 0.3, grid + 0.3, color=colour, linewidth=2)
        n = len(places)
        places = places + 0.4 * ((np.arange(n) * 0.618) % 1.0 - 0.5)  # side by side
    best = np.arange(len(scores)) == display.best
    below = scores < low
    edge = np.full(len(scores), bottom_edge(ax))
    style = {"linestyle": "none", "color": ink(), "alpha": 0.4, "markeredgewidth": 0}
    for rows, y, marker in ((~best & ~below, scores, "o"), (below, edge, "v")):
        ax.plot(places[rows], y[rows], marker=marker, markersize=5, **style)
    _draw_star(ax, places[best], scores[best])
    ax.set_ylabel(display.score_name, fontsize=SMALL, **PLAIN)


def _draw_map(
    ax: Any, display: SurrogateDisplay, positions: np.ndarray, scores: np.ndarray
) -> None:
    from matplotlib.colors import to_rgba

    edges = [
        _edges(axis, np.asarray(places))
        for axis, places in zip(display.axes, display.grid, strict=True)
    ]
    predicted = display.prediction
    low, high = shown_range(scores[~np.isnan(positions).any(axis=1)])
    low = max(low, float(np.nanmin(predicted.middle)))
    high = max(float(np.nanmax(predicted.middle)), low + 1e-12)
    mesh = ax.pcolormesh(
        *edges, predicted.middle.T, cmap="viridis", vmin=low, vmax=high, rasterized=True
    )
    paper = np.empty((*predicted.doubt.T.shape, 4))
    paper[:] = to_rgba(ax.get_facecolor())
    paper[..., 3] = 0.75 * np.nan_to_num(predicted.doubt.T)
    ax.pcolormesh(*edges, paper, rasterized=True)
    for axis, which in zip(display.axes, "xy", strict=True):
        if axis.categories is not None:
            draw = ax.axvline if which == "x" else ax.axhline
            for place in range(1, len(axis.categories)):
                draw(place - 0.5, color=ax.get_facecolor(), linewidth=2)
    best = np.arange(len(scores)) == display.best
    ax.plot(
        *positions[~best].T,
        linestyle="none",
        marker="o",
        markersize=4.5,
        color="black",
        markeredgecolor="white",
        markeredgewidth=0.6,
        alpha=0.8,
    )
    _draw_star(ax, *positions[best].T)
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02, extend="min")
    bar.set_label(display.score_name, fontsize=SMALL, **PLAIN)
    bar.outline.set_visible(False)


def _draw_star(ax: Any, x: np.ndarray, y: np.ndarray) -> None:
    style = {"color": "black", "markeredgecolor": "white", "markeredgewidth": 1}
    ax.plot(x, y, "*", markersize=15, clip_on=False, zorder=5, **style)


def _edges(axis: ParameterAxis, places: np.ndarray) -> np.ndarray:
    """Return the edges of the cells around places on an axis."""
    if axis.categories is not None:
        return np.append(places - 0.5, places[-1] + 0.5)
    if len(places) == 1:
        return np.array([axis.low, axis.high])
    scaled = np.log(places) if axis.log else places
    middles = (scaled[1:] + scaled[:-1]) / 2
    ends = 2 * scaled[[0, -1]] - middles[[0, -1]]
    edges = np.concatenate([ends[:1], middles, ends[1:]])
    return np.exp(edges) if axis.log else edges


def _title(estimator_name: str | None, fixed: Mapping[str, Any]) -> str:
    """Say whose plot it is and what all other parameters are, in lines not too long."""
    short = short_names(list(fixed))
    words = [] if estimator_name is None else [estimator_name]
    parts = [f"{short[name]}={label(value)}," for name, value in fixed.items()]
    lines, line = [], " ".join([*words, "at"] if parts else words)
    for part in parts:
        if len(line) + len(part) > LONGEST_LINE:
            lines.append(line)
            line = "   "
        line += f" {part}"
    return "\n".join([*lines, line.rstrip(",")])
