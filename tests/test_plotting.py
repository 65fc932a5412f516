"""Displays: what all of them have in common, and those of a whole search."""

import sys
from functools import cache

import numpy as np
import pytest
from drawings import overlaps
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from scipy.stats import loguniform, randint
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from toys import THREE_FOLDS, Bowl, Toy, X, Y

from sklearn_btb import (
    AllocationDisplay,
    BTBSearchCV,
    ConvergenceDisplay,
    ImportanceDisplay,
    ParallelCoordinatesDisplay,
    SurrogateDisplay,
)
from sklearn_btb._history import PALETTE
from sklearn_btb._plotting import spread

DISPLAYS = {
    "convergence": ConvergenceDisplay.from_estimator,
    "allocation": AllocationDisplay.from_estimator,
    "parallel": ParallelCoordinatesDisplay.from_estimator,
    "surrogate": lambda search, **kwargs: SurrogateDisplay.from_estimator(
        search, "x", **kwargs
    ),
    "surrogate of two": lambda search, **kwargs: SurrogateDisplay.from_estimator(
        search, ["x", "peak"], **kwargs
    ),
    "importance": ImportanceDisplay.from_estimator,
}
each_display = pytest.mark.parametrize("make", DISPLAYS.values(), ids=DISPLAYS)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def search_for(**params):
    search = BTBSearchCV(
        {"far": Toy(x=5, peak=8), "near": Toy(x=3)},
        {
            "far": {"x": randint(0, 6)},
            "near": {"x": loguniform(0.1, 9), "peak": [0, 1]},
        },
        n_iter=16,
        cv=THREE_FOLDS,
        random_state=0,
    )
    return search.set_params(**params)


@pytest.fixture(scope="module")
def search():
    return search_for().fit(X, Y)


def interrupt(search, trial):
    if trial.number == 12:
        raise KeyboardInterrupt


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


SEARCHES = {
    "without refit": {"refit": False},
    "racing": {"racing": True},
    "several metrics": {"scoring": ["r2", "neg_mean_squared_error"], "refit": "r2"},
    "interrupted": {"callback": interrupt},
    "interrupted and continued": {"callback": interrupt, "warm_start": True},
}


@cache
def searched(kind):
    search = search_for(**SEARCHES[kind])
    if "interrupted" in kind:
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, Y)
    if kind != "interrupted":
        search.set_params(callback=None, n_iter=2 if "continued" in kind else 16)
        search.fit(X, Y)
    return search


class TestEveryDisplay:
    @each_display
    def test_draws_on_the_axes_given_and_keeps_them(self, make, search):
        figure, ax = plt.subplots()
        display = make(search, ax=ax)
        assert display.ax_ is ax and display.figure_ is figure
        assert ax.has_data()

    @each_display
    def test_makes_a_figure_of_its_own_each_time(self, make, search):
        display = make(search)
        first = display.figure_
        assert display.plot() is display
        assert display.figure_ is not first
        display.figure_.canvas.draw()

    @each_display
    def test_leaves_room_for_others_in_the_figure(self, make, search):
        figure, axes = plt.subplots(2, figsize=(8, 8), layout="constrained")
        make(search, ax=axes[0])
        figure.canvas.draw()
        assert axes[1].get_position().height > 0.25

    @each_display
    def test_writes_in_the_colour_of_the_style_sheet(self, make, search):
        with plt.style.context("dark_background"):
            texts = make(search).ax_.texts
        assert {text.get_color() for text in texts} <= {"white"}

    @each_display
    def test_can_be_made_of_its_own_data(self, make, search):
        display = make(search)
        names = display.__init__.__code__.co_varnames[1:]
        again = type(display)(**{name: getattr(display, name) for name in names})
        assert again.plot().ax_.has_data()

    @each_display
    def test_refuses_a_search_that_is_not_fitted(self, make):
        with pytest.raises(NotFittedError, match="not fitted"):
            make(search_for())

    @each_display
    def test_refuses_what_is_no_search_of_ours(self, make):
        with pytest.raises(TypeError, match="`search` must be a BTBSearchCV; got Grid"):
            make(GridSearchCV(Toy(), {"x": [1]}))

    @each_display
    def test_names_the_extra_that_brings_matplotlib(self, make, search, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
        with pytest.raises(ImportError, match=r"pip install 'sklearn-btb\[plot\]'"):
            make(search)

    @each_display
    @pytest.mark.parametrize("kind", SEARCHES)
    def test_shows_any_search(self, make, kind):
        assert make(searched(kind)).ax_.has_data()

    def test_estimator_has_one_colour_in_all_of_them(self, search):
        near = PALETTE[1]
        convergence = ConvergenceDisplay.from_estimator(search).ax_
        assert near in {to_hex(line.get_color()).upper() for line in convergence.lines}
        for make in (
            ParallelCoordinatesDisplay.from_estimator,
            ImportanceDisplay.from_estimator,
            DISPLAYS["surrogate"],
        ):
            assert make(search, estimator_name="near").colour == near


class TestConvergence:
    def test_names_every_line_with_its_last_value(self):
        display = ConvergenceDisplay(
            estimator_names=["a", "b", "a"], scores=[0.5, 0.25, 0.75]
        )
        assert texts_of(display.plot().ax_) == ["a  0.7500", "b  0.2500"]

    def test_incumbent_is_the_best_of_the_complete(self):
        ax = (
            ConvergenceDisplay(
                estimator_names=["a", "b", "a"],
                scores=[0.5, 0.9, 0.7],
                complete=[True, False, True],
            )
            .plot()
            .ax_
        )
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.5, 0.5, 0.7])

    def test_failures_are_crosses_on_the_edge(self):
        ax = (
            ConvergenceDisplay(estimator_names=["a"] * 3, scores=[0.5, np.nan, 0.7])
            .plot()
            .ax_
        )
        (cross,) = (line for line in ax.lines if line.get_marker() == "x")
        assert list(cross.get_xdata()) == [2]
        assert ax.get_ylim()[0] < cross.get_ydata()[0] < 0.5

    def test_an_estimator_that_always_failed_is_named(self):
        display = ConvergenceDisplay(estimator_names=["a", "b"], scores=[0.5, np.nan])
        assert texts_of(display.plot().ax_) == ["a  0.5000", "b  none"]

    def test_labels_of_estimators_below_the_axes_are_in_their_order(self):
        scores = [0.9, 0.89, 0.88, -5.0, -4.0, -6.0]
        display = ConvergenceDisplay(estimator_names=list("aaabcd"), scores=scores)
        labels = sorted(display.plot().ax_.texts, key=lambda text: text.get_position())
        assert [label.get_text()[0] for label in labels] == ["d", "b", "c", "a"]

    def test_against_time_adds_up_what_the_candidates_took(self):
        display = ConvergenceDisplay(
            estimator_names=["a", "a"], scores=[1.0, 2.0], seconds=[2.0, 3.0]
        )
        ax = display.plot(x="time").ax_
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), [2.0, 5.0])
        assert "seconds" in ax.get_xlabel()

    def test_against_anything_else_is_refused(self, search):
        with pytest.raises(ValueError, match="'candidates' or 'time'; got 'folds'"):
            ConvergenceDisplay.from_estimator(search, x="folds")
        with pytest.raises(ValueError, match="needs `seconds`"):
            ConvergenceDisplay(estimator_names=["a"], scores=[1.0]).plot(x="time")

    def test_axis_names_the_metric_that_steers(self):
        search = searched("several metrics")
        label = ConvergenceDisplay.from_estimator(search).ax_.get_ylabel()
        assert label == "r2\nmean of 3 folds"


class TestAllocation:
    def test_names_every_share(self):
        display = AllocationDisplay(estimator_names=["a", "b", "b", "b"])
        assert texts_of(display.plot().ax_) == ["a  25%", "b  75%"]

    def test_shares_of_time_are_weighted(self):
        display = AllocationDisplay(estimator_names=["a", "b"], seconds=[9.0, 1.0])
        assert texts_of(display.plot(x="time").ax_) == ["a  90%", "b  10%"]

    def test_candidates_that_took_no_time_have_no_share_of_it(self):
        display = AllocationDisplay(estimator_names=["a", "b"], seconds=[0.0, 1.0])
        ax = display.plot(x="time").ax_
        assert texts_of(ax) == ["a  0%", "b  100%"]
        assert all(np.isfinite(patch.get_data().values).all() for patch in ax.patches)

    def test_bands_lie_on_each_other_up_to_all(self):
        ax = AllocationDisplay(estimator_names=["a", "b", "a"]).plot().ax_
        first, _, second, _ = (patch.get_data() for patch in ax.patches)
        np.testing.assert_allclose(first.values, [1, 1 / 2, 2 / 3])
        np.testing.assert_allclose(second.baseline, first.values)
        np.testing.assert_allclose(second.values, 1.0)

    def test_strip_above_them_shows_whose_each_candidate_is(self):
        ax = AllocationDisplay(estimator_names=["a", "b", "a"]).plot().ax_
        _, first, _, second = (patch.get_data() for patch in ax.patches)
        heights = [strip.values - strip.baseline for strip in (first, second)]
        assert [list(height > 0) for height in heights] == [
            [True, False, True],
            [False, True, False],
        ]
        assert first.baseline > 1 and first.values.max() == ax.get_ylim()[1]


def test_a_single_candidate_is_counted():
    ax = ConvergenceDisplay(estimator_names=["a"], scores=[0.9]).plot().ax_
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1]


def test_long_names_leave_room_for_the_axes():
    name = "a name that goes on and on and on and on and on and on"
    display = ConvergenceDisplay(estimator_names=[name, "b"], scores=[0.9, 0.8]).plot()
    assert "a name that goes on and on and …  0.9000" in texts_of(display.ax_)
    display.figure_.canvas.draw()
    assert display.ax_.get_position().width > 0.5


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_labels_beside_the_axes_keep_their_distance(n):
    places = np.random.default_rng(0).random(n) ** 4
    moved = spread(places, 0.05, 0.0, 1.0)
    assert moved.min() >= -1e-9 and moved.max() <= 1 + 1e-9
    np.testing.assert_array_equal(
        np.argsort(places, kind="stable"), np.argsort(moved, kind="stable")
    )
    gaps = np.diff(np.sort(moved))
    assert (gaps >= min(0.05, 1 / max(1, n - 1)) - 1e-9).all()


class TestNames:
    """Those of estimators and scores, in the displays of a whole search."""

    NAMES = (*(f"estimator_{number:02d}" for number in range(12)), "$\\w$", "a$b$c")

    def displays(self):
        scores = 1 - 0.5 ** np.arange(len(self.NAMES))  # crowded at the top
        yield ConvergenceDisplay(
            estimator_names=self.NAMES, scores=scores, score_name=r"$\score$"
        )
        yield AllocationDisplay(estimator_names=self.NAMES)

    def test_do_not_overlap(self):
        for display in self.displays():
            assert not overlaps(display.plot().figure_)

    def test_do_not_overlap_in_a_figure_with_room_for_them(self):
        figure, axes = plt.subplots(2, figsize=(6, 8), layout="constrained")
        for display, ax in zip(self.displays(), axes, strict=True):
            display.plot(ax)
        assert not overlaps(figure)

    def test_with_dollar_signs_are_no_formulas(self):
        for display in self.displays():
            display.plot().figure_.canvas.draw()
            texts = texts_of(display.ax_)
            assert [text.split("  ")[0] for text in texts] == list(self.NAMES)


def test_search_over_names_with_dollar_signs_is_shown():
    search = BTBSearchCV(
        {"$a$": Bowl()},
        {"$a$": {"x": loguniform(0.1, 9), "kind": [r"^$|\w+$", "$\\b$", None]}},
        scoring={"$\\s$": lambda estimator, X, y: estimator.score(X)},
        refit="$\\s$",
        n_iter=12,
        cv=THREE_FOLDS,
        random_state=0,
    ).fit(X, Y)
    for kind in DISPLAYS.keys() - {"surrogate of two"}:
        DISPLAYS[kind](search).figure_.canvas.draw()
    SurrogateDisplay.from_estimator(search, ["x", "kind"]).figure_.canvas.draw()


def test_labels_that_have_room_stay_where_they_are():
    np.testing.assert_allclose(spread([0.9, 0.1], 0.05, 0.0, 1.0), [0.9, 0.1])


def test_search_with_failures_is_shown():
    search = search_for(estimators__near__bad=(3,))
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, Y)
    markers = {
        line.get_marker()
        for line in ConvergenceDisplay.from_estimator(search).ax_.lines
    }
    assert "x" in markers
    assert np.isfinite(SurrogateDisplay.from_estimator(search, "x").scores).all()
