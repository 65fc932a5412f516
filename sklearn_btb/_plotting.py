"""Plots of a whole search, in scikit-learn's convention, and what all plots share.

A display is made by `from_estimator` from what a fitted search has; its constructor
takes the data that are drawn, so that they can also come from elsewhere.
"""

from __future__ import annotations  # or else `help` spells out what ArrayLike is

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ._history import (
    History,
    best_so_far,
    colours,
    decimals,
    estimator_best,
    history,
    shown_range,
)

GREY: Final = "#808080"  # translucent, it is pale on any background
SMALL: Final = 9  # points
LONGEST_NAME: Final = 32  # beside the axes, which have to have room
PLAIN: Final = {"parse_math": False}  # whatever dollar signs a name has
STRIP: Final = (1.03, 1.075)  # above shares of up to 1, from where to where

XAxis = Literal["candidates", "time"]


def new_axes(ax: Any, owner: str, size: tuple[float, float]) -> Any:
    """Return the axes to draw on; ImportError if there is no matplotlib."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{owner} needs matplotlib: pip install 'sklearn-btb[plot]'"
        ) from error
    if ax is None:
        _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax


def ink() -> Any:
    """Return the colour of text, which the style sheet in use decides."""
    from matplotlib import rcParams

    return rcParams["text.color"]


def tidy(ax: Any, grid: Literal["x", "y", "both"] | None = "y") -> None:
    """Leave of the frame what is needed, and put the grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=GREY, alpha=0.2, linewidth=0.8)


def bottom_edge(ax: Any) -> float:
    """Return where candidates are drawn that lie below the axes."""
    low, high = ax.get_ylim()
    return float(low + 0.025 * (high - low))


def check_searched(search: Any) -> None:
    """Raise unless it is a search of ours that is fitted."""
    if not hasattr(search, "search_spaces"):
        raise TypeError(f"`search` must be a BTBSearchCV; got {search!r}")
    check_is_fitted(search)


def score_name(search: Any) -> str:
    """Return what the score of a search is, in two lines: a label has to be short."""
    return f"{search._steering.label}\nmean of {search.n_splits_} folds"


def spread(places: ArrayLike, gap: float, low: float, high: float) -> np.ndarray:
    """Move places apart, as little as possible, to be at least `gap` from each other.

    Parameters
    ----------
    places : array-like of shape (n,)
    gap : float
        Made smaller where there is no room for it.
    low, high : float
        Between which they stay.

    Returns
    -------
    ndarray of shape (n,)
        In the same order; least squares, by isotonic regression.

    Examples
    --------
    >>> spread([0.5, 0.52, 0.9], 0.1, 0.0, 1.0).round(2)
    array([0.46, 0.56, 0.9 ])
    """
    from sklearn.isotonic import isotonic_regression  # takes long to import

    places = np.asarray(places, dtype=float)
    order = np.argsort(places, kind="stable")
    gap = min(gap, (high - low) / max(1, len(places) - 1))
    steps = gap * np.arange(len(places))
    moved = np.empty_like(places)
    moved[order] = steps + isotonic_regression(
        places[order] - steps, y_min=low, y_max=high - gap * (len(places) - 1)
    )
    return moved


class ConvergenceDisplay:
    """The best score so far, of every estimator and of all, as the search went on.

    Points are the candidates; those that racing stopped, or that have not all their
    folds, are hollow, and those below the range that is shown lie as triangles on its
    edge. Crosses are candidates that failed. Behind the estimators' lines runs, broad
    and grey, that of the whole search. A broken line is that of an estimator none of
    whose candidates was run on all folds. There are ten colours: the eleventh estimator
    has that of the first again, and so on; what is written beside a line says whose it
    is.

    Parameters
    ----------
    estimator_names : array-like of shape (n_candidates,)
        In the order of proposal.
    scores : array-like of shape (n_candidates,)
        Greater is better; NaN for a candidate that failed.
    complete : array-like of bool of shape (n_candidates,), default=None
        Which candidates can be the best; by default, those with a score.
    seconds : array-like of shape (n_candidates,), default=None
        What each took; only needed for `x="time"`.
    score_name : str, default="score"
        What the score is.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    AllocationDisplay : Which estimator was tried how often.

    Examples
    --------
    >>> from sklearn_btb import ConvergenceDisplay
    >>> display = ConvergenceDisplay(
    ...     estimator_names=["svc", "tree", "svc"], scores=[0.8, 0.7, 0.9]
    ... )
    >>> display.plot().ax_.get_xlabel()
    'candidates'
    """

    def __init__(
        self,
        *,
        estimator_names: ArrayLike,
        scores: ArrayLike,
        complete: ArrayLike | None = None,
        seconds: ArrayLike | None = None,
        score_name: str = "score",
    ) -> None:
        self.estimator_names = estimator_names
        self.scores = scores
        self.complete = complete
        self.seconds = seconds
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls, search: Any, *, x: XAxis = "candidates", ax: Any = None
    ) -> ConvergenceDisplay:
        """Plot the convergence of a search.

        Parameters
        ----------
        search : BTBSearchCV
            Fitted, also with `refit=False`, or interrupted.
        x : {"candidates", "time"}, default="candidates"
            The horizontal axis. Time is what all folds took so far, added up: with
            several workers, more than has gone by.
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        ConvergenceDisplay
        """
        check_searched(search)
        went = history(search.trials_)
        display = cls(**went._asdict(), score_name=score_name(search))
        return display.plot(ax, x=x)

    def plot(self, ax: Any = None, *, x: XAxis = "candidates") -> ConvergenceDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.
        x : {"candidates", "time"}, default="candidates"
            The horizontal axis.

        Returns
        -------
        ConvergenceDisplay
            `self`.
        """
        went = _as_history(self)
        places = _places(went, x)
        ax = new_axes(ax, "ConvergenceDisplay", (7.5, 4.2))
        ax.set_ylim(shown_range(went.scores))
        own_colours = colours(went.estimator_names)
        best = best_so_far(went.scores, went.complete)
        style = {"color": GREY, "alpha": 0.45, "linewidth": 6}
        _draw_steps(ax, places, best, zorder=1.5, **style)
        finals = {}
        for name, colour in own_colours.items():
            own = went.estimator_names == name
            best, complete = estimator_best(went, name)
            dashes = "-" if complete else (0, (4, 1.5))
            style = {"color": colour, "linewidth": 1.8, "linestyle": dashes}
            _draw_steps(ax, places, best, zorder=2.5, **style)
            _draw_candidates(ax, went, places, own, colour)
            finals[name] = best[-1]
        _name_lines(ax, finals, own_colours)
        _label_x(ax, x, places)
        ax.set_ylabel(self.score_name, fontsize=SMALL, **PLAIN)
        tidy(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


class AllocationDisplay:
    """How a search shared out its candidates, or its time, among the estimators.

    The bands are the estimators' shares of all candidates up to each one. The strip
    above them shows which estimator each candidate belonged to.

    Parameters
    ----------
    estimator_names : array-like of shape (n_candidates,)
        In the order of proposal.
    seconds : array-like of shape (n_candidates,), default=None
        What each took; only needed for `x="time"`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    ConvergenceDisplay : What came of it.

    Examples
    --------
    >>> from sklearn_btb import AllocationDisplay
    >>> display = AllocationDisplay(estimator_names=["svc", "tree", "svc"])
    >>> display.plot().ax_.get_ylabel()
    'share of the candidates so far'
    """

    def __init__(
        self, *, estimator_names: ArrayLike, seconds: ArrayLike | None = None
    ) -> None:
        self.estimator_names = estimator_names
        self.seconds = seconds

    @classmethod
    def from_estimator(
        cls, search: Any, *, x: XAxis = "candidates", ax: Any = None
    ) -> AllocationDisplay:
        """Plot how a search shared out its candidates.

        Parameters
        ----------
        search : BTBSearchCV
            Fitted, also with `refit=False`, or interrupted.
        x : {"candidates", "time"}, default="candidates"
            What is shared out. Time is what all folds took, added up.
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        AllocationDisplay
        """
        check_searched(search)
        went = history(search.trials_)
        display = cls(estimator_names=went.estimator_names, seconds=went.seconds)
        return display.plot(ax, x=x)

    def plot(self, ax: Any = None, *, x: XAxis = "candidates") -> AllocationDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.
        x : {"candidates", "time"}, default="candidates"
            What is shared out.

        Returns
        -------
        AllocationDisplay
            `self`.
        """
        went = _as_history(self)
        places = _places(went, x)
        ax = new_axes(ax, "AllocationDisplay", (7.5, 4.2))
        own_colours = colours(went.estimator_names)
        start = 0.0 if x == "time" else 0.5
        edges = np.concatenate([[start], places if x == "time" else places + 0.5])
        taken = np.diff(edges)
        total = np.cumsum(taken)  # 0 as long as all candidates have lost their workers
        bottom = np.zeros(len(taken))
        middles = {}
        for name, colour in own_colours.items():
            own = went.estimator_names == name
            share = np.cumsum(taken * own) / np.where(total > 0, total, 1)
            top = bottom + share
            style = {"color": colour, "alpha": 0.85, "linewidth": 0}
            ax.stairs(top, edges, baseline=bottom, fill=True, **style)
            low, high = STRIP
            strip = np.where(own, high, low)
            ax.stairs(strip, edges, baseline=low, fill=True, **style)
            middles[name] = (bottom[-1] + top[-1]) / 2, share[-1]
            bottom = top
        _name_bands(ax, middles, own_colours)
        _label_x(ax, x, edges)
        ax.set_xlim(edges[0], edges[-1])
        ax.set_ylim(0, STRIP[1])
        ax.set_yticks(
            np.linspace(0, 1, 5), [f"{percent} %" for percent in range(0, 101, 25)]
        )
        ax.set_ylabel(f"share of the {x} so far", fontsize=SMALL)
        tidy(ax, grid=None)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _as_history(display: Any) -> History:
    """Read what was given to a display; arrays of any kind will do."""
    names = np.asarray(display.estimator_names, dtype=object)
    scores = np.asarray(getattr(display, "scores", np.zeros(len(names))), dtype=float)
    complete = getattr(display, "complete", None)
    counts = ~np.isnan(scores) if complete is None else np.asarray(complete, dtype=bool)
    seconds = (
        np.full(len(names), np.nan) if display.seconds is None else display.seconds
    )
    return History(names, scores, counts, np.asarray(seconds, dtype=float))


def _places(went: History, x: XAxis) -> np.ndarray:
    """Return where the candidates lie on the horizontal axis."""
    if x == "candidates":
        return np.arange(1.0, len(went.scores) + 1)
    if x != "time":
        raise ValueError(f"`x` must be 'candidates' or 'time'; got {x!r}")
    if np.isnan(went.seconds).any():
        raise ValueError('`x="time"` needs `seconds`')
    return np.cumsum(went.seconds)


def _draw_steps(ax: Any, places: np.ndarray, best: np.ndarray, **style: Any) -> None:
    ax.plot(places, best, drawstyle="steps-post", solid_capstyle="butt", **style)


def _draw_candidates(
    ax: Any, went: History, places: np.ndarray, own: np.ndarray, colour: str
) -> None:
    edge = bottom_edge(ax)
    failed = own & np.isnan(went.scores)
    below = own & (went.scores < ax.get_ylim()[0])
    shown = own & ~failed & ~below
    style = {"linestyle": "none", "color": colour, "alpha": 0.75, "clip_on": False}
    for rows, y, look in (
        (shown & went.complete, went.scores, {"marker": "o", "markersize": 4}),
        (
            shown & ~went.complete,
            went.scores,
            {"marker": "o", "markersize": 4, "markerfacecolor": "none"},
        ),
        (below, np.full(len(own), edge), {"marker": "v", "markersize": 4.5}),
        (failed, np.full(len(own), edge), {"marker": "x", "markersize": 5}),
    ):
        if rows.any():  # an empty line that is not clipped has a place in the layout
            ax.plot(places[rows], y[rows], **style, **look)


def _name_lines(ax: Any, finals: dict[str, float], own_colours: dict[str, str]) -> None:
    """Write to the right of every line whose it is and where it ends."""
    low, high = ax.get_ylim()
    known = {name: best for name, best in finals.items() if not np.isnan(best)}
    digits = decimals(list(known.values()))
    texts = {name: f"{_cut(name)}  {best:.{digits}f}" for name, best in known.items()}
    heights = {name: (best - low) / (high - low) for name, best in known.items()}
    texts |= {name: f"{_cut(name)}  none" for name in finals if name not in known}
    heights |= {name: -np.inf for name in finals if name not in known}
    _write_beside(ax, heights, texts, own_colours)


def _name_bands(
    ax: Any, middles: dict[str, tuple[float, float]], own_colours: dict[str, str]
) -> None:
    texts = {name: f"{_cut(name)}  {share:.0%}" for name, (_, share) in middles.items()}
    heights = {name: middle / STRIP[1] for name, (middle, _) in middles.items()}
    _write_beside(ax, heights, texts, own_colours)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _write_beside(
    ax: Any,
    heights: dict[str, float],
    texts: dict[str, str],
    own_colours: dict[str, str],
) -> None:
    """Write texts to the right of the axes, joined to their heights, in [0, 1]."""
    inches = ax.get_window_extent().height / ax.figure.dpi
    gap = 1.35 * SMALL / 72 / inches
    names = sorted(heights, key=heights.__getitem__)  # also of those beyond the axes
    places = np.clip([heights[name] for name in names], 0.0, 1.0)
    pairs = zip(places, spread(places, gap, 0.0, 1.0), strict=True)
    where = dict(zip(names, pairs, strict=True))
    for name, text in texts.items():
        place, moved = where[name]
        style = {"transform": ax.transAxes, "clip_on": False}
        line = [1.005, 1.02, 1.035], [place, moved, moved]
        ax.plot(*line, color=own_colours[name], linewidth=1.8, **style)
        ax.text(1.045, moved, text, va="center", fontsize=SMALL, **style, **PLAIN)


def _label_x(ax: Any, x: XAxis, places: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator

    if x == "candidates":
        ax.xaxis.set_major_locator(
            MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        )
        ax.set_xlabel("candidates")
    else:
        ax.set_xlabel("seconds of fitting and scoring, all workers together")
    ax.set_xlim(0 if x == "time" else 0.5, places[-1] * 1.005)
