"""Plots of one estimator's hyperparameters."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator
from toys import THREE_FOLDS, X, Y

from sklearn_btb import (
    BTBSearchCV,
    ImportanceDisplay,
    ParallelCoordinatesDisplay,
    SurrogateDisplay,
    when,
)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


class Bowl(BaseEstimator):
    """Scores best at `x=10`; the kind makes little of a difference."""

    def __init__(self, x=1.0, kind=None, fixed=0):
        self.x = x
        self.kind = kind
        self.fixed = fixed

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return 10.0 - (np.log10(self.x) - 1) ** 2 + 0.1 * (self.kind == "a")


class Ruined(Bowl):
    """Scores next to nothing where it is bad."""

    def __init__(self, x=1.0, bad=False):
        self.x = x
        self.bad = bad

    def score(self, X, y=None):
        return 10.0 - (np.log10(self.x) - 1) ** 2 - 100 * self.bad


@pytest.fixture(scope="module")
def search():
    """One estimator of which `x` matters, and one with a condition."""
    return BTBSearchCV(
        {"plain": Bowl(), "tied": Bowl()},
        {
            "plain": {
                "x": loguniform(0.1, 100),
                "kind": [None, "a", "b"],
                "fixed": [0],
            },
            "tied": {"kind": ["a", "b"], "x": when("kind", "a", randint(1, 10))},
        },
        n_iter=30,
        selector="uniform",
        cv=THREE_FOLDS,
        random_state=0,
    ).fit(X, Y)


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
        assert "not set" in [text.get_text() for text in display.ax_.texts]

    def test_of_an_unknown_parameter_is_refused(self, search):
        with pytest.raises(ValueError, match=r"must be among.*got 'y'"):
            ParallelCoordinatesDisplay.from_estimator(search, parameters=["y"])


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

    def test_of_equal_scores_is_nothing(self):
        space = {"kind": ["b", "c", "d"], "fixed": [0, 1, 2, 3]}
        search = BTBSearchCV(Bowl(), space, cv=THREE_FOLDS).fit(X, Y)
        assert not ImportanceDisplay.from_estimator(search).importances.any()


class TestSurrogate:
    def test_runs_through_the_best_candidate(self, search):
        display = SurrogateDisplay.from_estimator(search, "x", estimator_name="plain")
        at = np.interp(
            np.log(display.positions[display.best, 0]),
            np.log(display.grid[0]),
            display.prediction.middle,
        )
        assert at == pytest.approx(max(display.scores), abs=0.1)
        assert display.scores[display.best] == max(display.scores)

    def test_axis_is_logarithmic_where_the_space_is(self, search):
        display = SurrogateDisplay.from_estimator(search, "x", estimator_name="plain")
        assert display.ax_.get_xscale() == "log"
        low, high = display.ax_.get_xlim()
        assert low < 0.1 and high > 100

    def test_has_categories_side_by_side(self, search):
        display = SurrogateDisplay.from_estimator(
            search, "kind", estimator_name="plain"
        )
        texts = [text.get_text() for text in display.ax_.get_xticklabels()]
        assert texts == ["None", "a", "b"]
        assert list(display.grid[0]) == [0, 1, 2]

    def test_says_what_the_others_are(self, search):
        display = SurrogateDisplay.from_estimator(search, "x", estimator_name="plain")
        title = display.ax_.get_title(loc="left")
        assert title.startswith("at kind=") and "fixed=0" in title

    def test_of_two_is_a_map(self, search):
        names = ["x", "kind"]
        display = SurrogateDisplay.from_estimator(search, names, estimator_name="plain")
        assert display.prediction.middle.shape == (len(display.grid[0]), 3)
        assert display.ax_.get_xlabel() == "x" and display.ax_.get_ylabel() == "kind"

    def test_of_a_parameter_under_a_condition_runs_where_it_applies(self, search):
        display = SurrogateDisplay.from_estimator(search, "x", estimator_name="tied")
        assert display.fixed == {"kind": "a"}
        assert list(display.grid[0]) == list(range(1, 10))
        assert np.isfinite(display.prediction.middle).all()

    def test_leaves_out_what_the_constraint_excludes(self):
        search = BTBSearchCV(
            Bowl(),
            {"x": randint(1, 9), "fixed": randint(1, 9)},
            constraints=lambda params: params["x"] <= params["fixed"],
            n_iter=12,
            cv=THREE_FOLDS,
            random_state=0,
        ).fit(X, Y)
        display = SurrogateDisplay.from_estimator(search, ["x", "fixed"])
        outside = np.greater.outer(*display.grid)
        np.testing.assert_array_equal(np.isnan(display.prediction.middle), outside)

    @pytest.mark.parametrize("names", [[], ["x", "x"], ["x", "kind", "fixed"]])
    def test_of_none_or_too_many_is_refused(self, search, names):
        with pytest.raises(ValueError, match="one or two different names"):
            SurrogateDisplay.from_estimator(search, names)

    def test_of_an_unknown_parameter_suggests_the_nearest(self, search):
        with pytest.raises(ValueError, match=r"got 'fixd'.*'fixed'"):
            SurrogateDisplay.from_estimator(search, "fixd", estimator_name="plain")
