"""Plots of one estimator's hyperparameters."""

import numpy as np
import pytest
from drawings import overlaps
from matplotlib import pyplot as plt
from scipy.stats import loguniform
from toys import THREE_FOLDS, Bowl, X, Y

from sklearn_btb import (
    BTBSearchCV,
    ImportanceDisplay,
    ParallelCoordinatesDisplay,
    _parameter_plots,
)
from sklearn_btb._history import shown_range
from sklearn_btb._parameter_axes import ParameterAxis


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


class Ruined(Bowl):
    """Scores next to nothing where it is bad."""

    def __init__(self, x=1.0, bad=False):
        self.x = x
        self.bad = bad

    def score(self, X, y=None):
        return 10.0 - (np.log10(self.x) - 1) ** 2 - 100 * self.bad


@pytest.fixture
def search(search_over_bowls):
    return search_over_bowls


class TestChoiceOfTheEstimator:
    def test_is_by_default_the_best(self, search):
        display = ImportanceDisplay.from_estimator(search)
        best = search.best_estimator_name_
        assert display.parameters == (
            ImportanceDisplay.from_estimator(search, estimator_name=best).parameters
        )

    def test_of_an_unknown_one_suggests_the_nearest(self, search):
        with pytest.raises(ValueError, match=r"must be one of .*'plan'.*'plain'"):
            ImportanceDisplay.from_estimator(search, estimator_name="plan")

    def test_needs_some_candidates(self):
        search = BTBSearchCV(Bowl(), {"x": [1, 2, 3]}, cv=THREE_FOLDS).fit(X, Y)
        with pytest.raises(ValueError, match=r"at least 10 .*'bowl'.* got 3"):
            ImportanceDisplay.from_estimator(search)

    def test_is_among_those_searched_whatever_was_set_since(self):
        space = {"x": loguniform(0.1, 100)}
        search = BTBSearchCV({"a": Bowl()}, {"a": space}, n_iter=5, random_state=0)
        search.fit(X, Y).set_params(estimators={"b": Bowl()}, search_spaces=None)
        display = ParallelCoordinatesDisplay.from_estimator(search, estimator_name="a")
        assert [axis.parameter for axis in display.axes] == ["x"]


class TestParallelCoordinates:
    def test_has_an_axis_for_each_parameter_that_varies(self, search):
        display = ParallelCoordinatesDisplay.from_estimator(
            search, estimator_name="plain"
        )
        assert [axis.parameter for axis in display.axes] == ["x", "kind"]
        assert display.axes[0].log and display.axes[1].categories

    def test_says_whose_they_are(self, search):
        display = ParallelCoordinatesDisplay.from_estimator(
            search, estimator_name="tied"
        )
        assert "candidates of tied" in [text.get_text() for text in display.ax_.texts]

    def test_of_a_single_candidate_is_drawn(self):
        search = BTBSearchCV(Bowl(), {"x": [1], "kind": ["a"]}, cv=THREE_FOLDS)
        display = ParallelCoordinatesDisplay.from_estimator(
            search.fit(X, Y), parameters=["x", "kind"]
        )
        assert len(display.scores) == 1

    def test_has_the_parameters_asked_for_in_their_order(self, search):
        display = ParallelCoordinatesDisplay.from_estimator(
            search, estimator_name="plain", parameters=["fixed", "x"]
        )
        assert [axis.parameter for axis in display.axes] == ["fixed", "x"]

    def test_says_where_a_parameter_does_not_apply(self, search):
        display = ParallelCoordinatesDisplay.from_estimator(
            search, estimator_name="tied"
        )
        assert np.isnan(display.positions[:, 1]).any()
        (text,) = (each for each in display.ax_.texts if each.get_text() == "not set")
        assert text.get_position()[1] > display.ax_.get_ylim()[0]

    def test_of_an_unknown_parameter_is_refused(self, search):
        with pytest.raises(ValueError, match=r"must be among.*got 'y'"):
            ParallelCoordinatesDisplay.from_estimator(search, parameters=["y"])

    def test_lines_run_from_place_to_place_and_are_level_there(self):
        ax = parallel([[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]], [1.0, 2.0, 3.0]).ax_
        low, high = shown_range(np.array([1.0, 2.0, 3.0]))
        for row, line in enumerate(curves(ax)):
            at = [line[line[:, 0] == column, 1] for column in range(3)]
            expected = [[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]][row]
            expected = [*expected, (row + 1 - low) / (high - low)]
            for places, height in zip(at, expected, strict=True):
                np.testing.assert_allclose(places, height, atol=1e-12)
            slopes = np.abs(np.diff(line[:, 1]))
            middle = slopes[:24].argmax()
            assert 10 <= middle <= 13 and slopes[0] < slopes[middle] / 4

    def test_best_is_broad_with_points(self):
        ax = parallel([[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]], [1.0, 3.0, 2.0]).ax_
        broad, points = ax.lines
        assert broad.get_linewidth() > ax.collections[0].get_linewidths().max()
        assert broad.get_ydata()[0] == 0.5
        np.testing.assert_allclose(points.get_ydata()[:2], [0.5, 0.25])

    def test_lines_that_meet_in_a_category_are_fanned_out_within_it(self):
        kinds = [0, 0, 0, 1, 1, 1]
        scores = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        axis = ParameterAxis("kind", "kind", -0.5, 1.5, categories=["a", "b"])
        display = ParallelCoordinatesDisplay(
            axes=[axis], positions=np.array([kinds]).T, scores=scores
        )
        heights = [line[0, 1] for line in curves(display.plot().ax_)]
        assert (np.diff(heights) > 0.01).all()
        assert 0 < heights[0] and heights[2] < 0.5 < heights[3] and heights[5] < 1

    def test_long_names_do_not_overlap(self):
        names = ["regularizationstrength", "numberofneighbours", "min_samples_leaf"]
        display = ParallelCoordinatesDisplay(
            axes=[ParameterAxis(name, name, 0.0, 1.0) for name in names],
            positions=np.zeros((2, 3)),
            scores=[1.0, 2.0],
            score_name="neg_mean_squared_error",
        )
        assert not overlaps(display.plot().figure_)

    def test_numbers_that_lie_close_do_not_overlap(self):
        values = [0.001, 0.0011, 0.0012, 1.0, 1.01, 100.0]
        axis = ParameterAxis("C", "C", 0.001, 100.0, log=True, few=values)
        display = ParallelCoordinatesDisplay(
            axes=[axis], positions=np.array([values]).T, scores=np.arange(6)
        )
        assert not overlaps(display.plot().figure_)


def parallel(positions, scores):
    """Draw candidates on two axes from 0 to 1."""
    axes = [ParameterAxis(name, name, 0.0, 1.0) for name in "xy"]
    return ParallelCoordinatesDisplay(
        axes=axes, positions=positions, scores=scores
    ).plot()


def curves(ax):
    """Return the lines of all candidates, the best last, others by their scores."""
    return [*ax.collections[0].get_segments(), ax.lines[0].get_xydata()]


class TestImportance:
    def test_finds_the_parameter_that_ruins_the_score_in_few_candidates(self):
        space = {"x": loguniform(5, 20), "bad": [False, True]}
        search = BTBSearchCV(Ruined(), space, n_iter=12, cv=THREE_FOLDS, random_state=0)
        display = ImportanceDisplay.from_estimator(search.fit(X, Y))
        assert dict(zip(display.parameters, display.importances, strict=True))[
            ("bad",)
        ] == pytest.approx(1, abs=0.15)

    def test_finds_the_parameter_that_matters(self, search):
        display = ImportanceDisplay.from_estimator(search, estimator_name="plain")
        importances = dict(zip(display.parameters, display.importances, strict=True))
        assert importances["x",] > 0.8
        assert importances["kind",] < 0.1
        assert set(importances) == {("x",), ("kind",), ("x", "kind")}

    def test_says_whose_they_are(self, search):
        display = ImportanceDisplay.from_estimator(search, estimator_name="tied")
        assert display.ax_.get_xlabel().endswith("of tied")

    def test_bars_are_sorted(self):
        display = ImportanceDisplay(
            parameters=[("a__x",), ("a__y",), ("a__x", "a__y")],
            importances=[0.2, 0.5, 0.3],
        )
        ax = display.plot().ax_
        texts = [text.get_text() for text in ax.get_yticklabels()]
        assert texts == ["y", "x & y", "x"]
        assert [bar.get_width() for bar in ax.patches] == [0.5, 0.3, 0.2]

    def test_interactions_that_explain_nothing_are_left_out(self):
        display = ImportanceDisplay(
            parameters=[("x",), ("y",), ("x", "y")], importances=[1.0, 0.0, 0.001]
        )
        texts = [text.get_text() for text in display.plot().ax_.get_yticklabels()]
        assert texts == ["x", "y"]

    def test_names_with_dollar_signs_are_no_formulas(self):
        names = [(r"$\w$",), ("x$",), (r"$\w$", "x$")]
        display = ImportanceDisplay(parameters=names, importances=[0.5, 0.3, 0.2])
        display.plot().figure_.canvas.draw()
        texts = [text.get_text() for text in display.ax_.get_yticklabels()]
        assert texts == [r"$\w$", "x$", r"$\w$ & x$"]

    def test_only_the_greatest_are_shown(self):
        ax = (
            ImportanceDisplay(
                parameters=[(f"x{i}",) for i in range(12)],
                importances=np.arange(12) / 100,
            )
            .plot()
            .ax_
        )
        widths = [bar.get_width() for bar in ax.patches]
        np.testing.assert_allclose(widths, np.arange(11, 1, -1) / 100)

    def test_thin_line_spans_four_fifths_of_the_trees(self, search, monkeypatch):
        trees = np.array([[0.0, 0.1, 0.2, 0.3, 0.9]]).T

        def importances(X, scores, random_state):
            return np.tile(trees, X.shape[1]), {}

        monkeypatch.setattr(_parameter_plots, "importances", importances)
        ax = ImportanceDisplay.from_estimator(search).ax_
        for line in ax.collections[0].get_segments():
            np.testing.assert_allclose(line[:, 0], [0.04, 0.66])
        assert {bar.get_width() for bar in ax.patches} == {trees.mean()}

    def test_of_equal_scores_is_nothing(self):
        space = {"kind": ["b", "c", "d"], "fixed": [0, 1, 2, 3]}
        search = BTBSearchCV(Bowl(), space, cv=THREE_FOLDS).fit(X, Y)
        assert not ImportanceDisplay.from_estimator(search).importances.any()
