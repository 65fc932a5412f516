"""Plots of one estimator's hyperparameters, in scikit-learn's convention."""

from __future__ import annotations  # or else `help` spells out what ArrayLike is

import textwrap
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from ._history import shown_range
from ._importance import coordinates, importances, without_hopeless
from ._parameter_axes import ParameterAxis, linear_ticks, short_names
from ._plotting import PLAIN, SMALL, ink, new_axes, score_name, tidy
from ._scored import scored_candidates

NOT_SET: Final = -0.15  # where a parameter that does not apply lies on its axis
FEWEST: Final = 10  # candidates, for a forest
MOST_BARS: Final = 10
LEAST_SHARE: Final = 0.01  # of an interaction that is shown
LONGEST_HEAD: Final = 14  # letters of a line above an axis


class ParallelCoordinatesDisplay:
    """The candidates of one estimator, each a line across its parameters to its score.

    The better a candidate, the deeper its colour; the best one is drawn broad, with
    its points. Scores below the range that is shown lie on its lower edge. Lines that
    meet in one category are fanned out by their scores. Where a parameter does not
    apply, the line runs through "not set".

    Use `from_estimator`: it makes the axes, which are of a type that is not public.

    Parameters
    ----------
    axes : list of ParameterAxis
        The axes of the parameters.
    positions : array-like of shape (n_candidates, n_parameters)
        Where the candidates lie on them, NaN where a parameter does not apply.
    scores : array-like of shape (n_candidates,)
        Greater is better.
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

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklearn_btb import BTBSearchCV, ParallelCoordinatesDisplay
    >>> search = BTBSearchCV(
    ...     DecisionTreeClassifier(random_state=0),
    ...     {"max_depth": [1, 2, 3, 4], "criterion": ["gini", "entropy"]},
    ...     n_iter=6,
    ...     random_state=0,
    ... ).fit(*load_iris(return_X_y=True))
    >>> display = ParallelCoordinatesDisplay.from_estimator(search)
    >>> [axis.parameter for axis in display.axes]
    ['max_depth', 'criterion']
    """

    def __init__(
        self,
        *,
        axes: Sequence[ParameterAxis],
        positions: ArrayLike,
        scores: ArrayLike,
        score_name: str = "score",
        colour: str = "#0072B2",
        estimator_name: str | None = None,
    ) -> None:
        self.axes = axes
        self.positions = positions
        self.scores = scores
        self.score_name = score_name
        self.colour = colour
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        estimator_name: str | None = None,
        parameters: Sequence[str] | None = None,
        ax: Any = None,
    ) -> ParallelCoordinatesDisplay:
        """Plot one estimator's candidates.

        Parameters
        ----------
        search : BTBSearchCV
            Fitted, also with `refit=False`, or interrupted.
        estimator_name : str, default=None
            Whose candidates; by default, those of the winner.
        parameters : sequence of str, default=None
            Which parameters, in which order; by default, all of the space with more
            than one value.
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        ParallelCoordinatesDisplay
        """
        found = scored_candidates(search, estimator_name, cls.__name__, 1)
        tried = {name for config in found.configs for name in config}
        names = [name for name in found.tunable.names if name in tried]
        axes = [found.axis(name) for name in parameters or names]
        axes = [axis for axis in axes if parameters or len(axis.categories or "..") > 1]
        places = [found.positions(axis) for axis in axes]
        display = cls(
            axes=axes,
            positions=np.array(places).reshape(len(axes), -1).T,
            scores=found.scores,
            score_name=score_name(search),
            colour=found.colour,
            estimator_name=found.estimator_name,
        )
        return display.plot(ax)

    def plot(self, ax: Any = None) -> ParallelCoordinatesDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        ParallelCoordinatesDisplay
            `self`.
        """
        scores = np.asarray(self.scores, dtype=float)
        n = len(self.axes)
        ax = new_axes(ax, "ParallelCoordinatesDisplay", (1.6 + 1.35 * n, 4.2))
        from matplotlib.collections import LineCollection

        low, high = shown_range(scores)
        goodness = np.clip((scores - low) / (high - low), 0.0, 1.0)
        heights = self._heights(goodness)
        x, y = _smooth(heights)
        best = int(np.argmax(scores))
        order = [row for row in np.argsort(scores, kind="stable") if row != best]
        ax.add_collection(
            LineCollection(
                [np.column_stack([x, y[row]]) for row in order],
                colors=_shades(self.colour)(0.1 + 0.9 * goodness[order] ** 2),
                linewidths=1.2,
            )
        )
        ax.plot(x, y[best], color=ink(), linewidth=2.2)
        ax.plot(range(n + 1), heights[best], "o", color=ink(), markersize=5)
        unset = np.isnan(np.asarray(self.positions, dtype=float)).any(axis=0)
        for column, axis in enumerate(self.axes):
            ticks, texts = axis.ticks()
            style = {} if axis.categories is None else PLAIN
            _draw_scale(ax, column, axis.label, axis.scaled(ticks), texts, **style)
            if unset[column]:
                _draw_ticks(ax, column, [NOT_SET], ["not set"])
        ticks = linear_ticks(low, high)
        texts = [f"{tick:.6g}" for tick in ticks]
        name = self.score_name.partition("\n")[0]
        _draw_scale(ax, n, name, (ticks - low) / (high - low), texts)
        ax.set_xlim(-0.35, n + 0.35)
        bottom = -0.2 if unset.any() else -0.03
        ax.set_ylim(bottom, 1.03)
        if self.estimator_name is not None:
            said = f"candidates of {self.estimator_name}"
            ax.text(
                n / 2,
                bottom - 0.02,
                said,
                ha="center",
                va="top",
                fontsize=SMALL,
                **PLAIN,
            )
        ax.axis("off")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _heights(self, goodness: np.ndarray) -> np.ndarray:
        """Return where the lines cross the axes, (n_candidates, n_axes), in [0, 1]."""
        positions = np.asarray(self.positions, dtype=float)
        columns = []
        for axis, places in zip(self.axes, positions.T, strict=True):
            heights = axis.scaled(places)
            if axis.categories is not None:
                heights = heights + (goodness - 0.5) * 0.5 / len(axis.categories)
            columns.append(np.where(np.isnan(heights), NOT_SET, heights))
        return np.column_stack([*columns, goodness])


class ImportanceDisplay:
    """How much each hyperparameter matters: functional ANOVA over a random forest.

    The bars are the fractions of the variance of the score, over the whole space, that
    one hyperparameter explains, the others being averaged out, and, paler, what two of
    them explain together beyond that (Hutter, Hoos and Leyton-Brown, "An Efficient
    Approach for Assessing Hyperparameter Importance", ICML 2014). A thin line spans the
    middle four fifths of the trees: where it is long, there are too few candidates to
    tell.

    Parameters
    ----------
    parameters : list of tuple of str
        Names, or pairs of names.
    importances : array-like of shape (n,)
        Fractions of the variance, means over the trees.
    deciles : array-like of shape (2, n), default=None
        The first and the ninth, over the trees.
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
    A parameter that does not apply counts as being in its middle, and scores far below
    those of all but a fifth of the candidates are raised: or else a few configurations
    would decide. Even so, what avoids bad ones counts for more here than what decides
    among the good ones, which `SurrogateDisplay` shows. It takes at least ten
    candidates, and shares from fewer than some thirty are rough.

    Examples
    --------
    >>> from sklearn_btb import ImportanceDisplay
    >>> display = ImportanceDisplay(
    ...     parameters=[("C",), ("gamma",), ("C", "gamma")], importances=[0.5, 0.2, 0.3]
    ... )
    >>> [text.get_text() for text in display.plot().ax_.get_yticklabels()]
    ['C', 'C & gamma', 'gamma']
    """

    def __init__(
        self,
        *,
        parameters: Sequence[tuple[str, ...]],
        importances: ArrayLike,
        deciles: ArrayLike | None = None,
        colour: str = "#0072B2",
        estimator_name: str | None = None,
    ) -> None:
        self.parameters = parameters
        self.importances = importances
        self.deciles = deciles
        self.colour = colour
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        estimator_name: str | None = None,
        random_state: int = 0,
        ax: Any = None,
    ) -> ImportanceDisplay:
        """Plot the importances of one estimator's hyperparameters.

        Parameters
        ----------
        search : BTBSearchCV
            Fitted, also with `refit=False`, or interrupted.
        estimator_name : str, default=None
            Of which estimator; by default, of the winner.
        random_state : int, default=0
            The seed of the forest.
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        ImportanceDisplay

        Raises
        ------
        ValueError
            If fewer than 10 of its candidates have a score.
        """
        found = scored_candidates(search, estimator_name, cls.__name__, FEWEST)
        names, X = coordinates(found.tunable, found.tunable.encode(found.configs))
        if not names:
            raise ValueError(
                f"the space of {found.estimator_name!r} has one point only"
            )
        main, pairs = importances(X, without_hopeless(found.scores), random_state)
        fractions = np.column_stack([main, *pairs.values()])
        if not len(fractions):  # all scores are equal
            fractions = np.zeros((1, fractions.shape[1]))
        display = cls(
            parameters=[(name,) for name in names]
            + [(names[i], names[j]) for i, j in pairs],
            importances=fractions.mean(axis=0),
            deciles=np.quantile(fractions, [0.1, 0.9], axis=0),
            colour=found.colour,
            estimator_name=found.estimator_name,
        )
        return display.plot(ax)

    def plot(self, ax: Any = None) -> ImportanceDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, best in a figure with `layout="constrained"`, which keeps
            the texts from overlapping; by default, a new figure.

        Returns
        -------
        ImportanceDisplay
            `self`.
        """
        values = np.clip(np.asarray(self.importances, dtype=float), 0.0, None)
        several = np.array([len(each) > 1 for each in self.parameters])
        shown = np.flatnonzero(~several | (values >= LEAST_SHARE))
        rows = shown[np.argsort(-values[shown], kind="stable")][:MOST_BARS]
        ax = new_axes(ax, "ImportanceDisplay", (6.0, 1.0 + 0.34 * len(rows)))
        short = short_names([each[0] for each in self.parameters if len(each) == 1])
        texts = [
            " & ".join(short.get(name, name) for name in self.parameters[row])
            for row in rows
        ]
        places = np.arange(len(rows))
        bars = ax.barh(places, values[rows], height=0.68, color=self.colour, alpha=0.9)
        for bar in np.array(bars, dtype=object)[several[rows]]:
            bar.set_alpha(0.4)
        ends = values[rows]
        if self.deciles is not None:
            left, right = np.clip(np.asarray(self.deciles)[:, rows], 0.0, None)
            ax.hlines(places, left, right, color=ink(), linewidth=1)
            ends = np.maximum(ends, right)
        for place, value in zip(places, values[rows], strict=True):
            style = {"transform": ax.get_yaxis_transform(), "fontsize": SMALL}
            ax.text(1.01, place, f"{value:.0%}", va="center", **style)
        ax.set_yticks(places, texts, **PLAIN)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(0, max(ends.max(), 1e-9) * 1.05)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        whose = "" if self.estimator_name is None else f" of {self.estimator_name}"
        ax.set_xlabel(f"share of the variance of the score{whose}", **PLAIN)
        tidy(ax, grid="x")
        ax.tick_params(axis="y", length=0)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _smooth(heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join the heights on neighbouring axes by curves that are level at both."""
    t = np.linspace(0.0, 1.0, 25)
    ease = t * t * (3 - 2 * t)
    steps = np.diff(heights, axis=1)[:, :, np.newaxis] * ease
    y = (heights[:, :-1, np.newaxis] + steps).reshape(len(heights), -1)
    x = (np.arange(heights.shape[1] - 1)[:, np.newaxis] + t).ravel()
    return x, y


def _shades(colour: str) -> Any:
    """Make the colour map from a translucent grey to the colour."""
    from matplotlib.colors import LinearSegmentedColormap

    pale: list[Any] = [(0.5, 0.5, 0.5, 0.2), (0.5, 0.5, 0.5, 0.45)]
    return LinearSegmentedColormap.from_list("shades", [*pale, colour])


def _draw_scale(
    ax: Any,
    column: int,
    name: str,
    ticks: np.ndarray,
    texts: Sequence[str],
    **style: Any,
) -> None:
    """Draw one of the parallel axes: its line, ticks and name."""
    ax.vlines(column, 0.0, 1.0, color=ink(), linewidth=1, zorder=3)
    _draw_ticks(ax, column, ticks, texts, **style)
    where = {"ha": "center", "va": "bottom"}
    ax.text(column, 1.06, _head(name), fontsize=SMALL + 1, **where, **PLAIN)


def _draw_ticks(
    ax: Any, column: int, ticks: ArrayLike, texts: Sequence[str], **style: Any
) -> None:
    from matplotlib.patheffects import withStroke

    style |= {"ha": "right", "va": "center", "fontsize": SMALL - 1, "zorder": 4}
    style["path_effects"] = [withStroke(linewidth=2.5, foreground=ax.get_facecolor())]
    ax.hlines(ticks, column - 0.03, column, color=ink(), linewidth=1, zorder=3)
    for height, text in zip(np.asarray(ticks), texts, strict=True):
        ax.text(column - 0.05, height, text, **style)


def _head(name: str) -> str:
    """Break a name into lines, after underscores where there are some.

    Examples
    --------
    >>> _head("min_impurity_decrease"), _head("regularizationpath")
    ('min_impurity_\\ndecrease', 'regularization\\npath')
    """
    lines = textwrap.wrap(name.replace("_", "_ "), LONGEST_HEAD)
    return "\n".join(line.replace("_ ", "_") for line in lines)
