"""What the Gaussian process says of one or two hyperparameters, as it is drawn."""

import numpy as np
import pytest
from drawings import overlaps
from matplotlib import pyplot as plt
from scipy.stats import loguniform, randint
from toys import THREE_FOLDS, Bowl, X, Y

from sklearn_btb import BTBSearchCV, SurrogateDisplay
from sklearn_btb._history import shown_range
from sklearn_btb._parameter_axes import ParameterAxis
from sklearn_btb._surrogate import Prediction

LINEAR = ParameterAxis("x", "x", 0.0, 1.0)
LOG = ParameterAxis("C", "C", 1.0, 100.0, log=True)
KINDS = ParameterAxis("kind", "kind", -0.5, 1.5, categories=["a", "b"])
SCORES = np.array([1.0, 2.0, 4.0, 3.0])


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def search(search_over_bowls):
    return search_over_bowls


class TestOfASearch:
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
        assert title.startswith("plain at fixed=0, kind=")

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


def drawn(axes, grid, middle, positions, **changed):
    """Draw a prediction with a band that is not even, surer at the first points."""
    middle = np.asarray(middle, dtype=float)
    doubt = np.linspace(0, 1, middle.size).reshape(middle.shape)
    given = {
        "axes": axes,
        "grid": grid,
        "prediction": Prediction(middle, middle - 0.5, middle + 0.25, doubt),
        "positions": positions,
        "scores": SCORES,
        "best": 2,
    }
    return SurrogateDisplay(**given | changed).plot()


def star_of(ax):
    (star,) = (line for line in ax.lines if line.get_marker() == "*")
    return star.get_xydata().tolist()


class TestOfOneNumber:
    def display(self, **changed):
        places = [[0.1], [0.4], [0.6], [0.9]]
        return drawn([LINEAR], [[0.0, 0.5, 1.0]], [1, 3, 2], places, **changed)

    def test_line_is_the_middle_and_the_band_about_it(self):
        ax = self.display().ax_
        assert ax.lines[0].get_xydata().tolist() == [[0, 1], [0.5, 3], [1, 2]]
        (band,) = ax.collections
        corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
        assert corners == {
            *[(0, 0.5), (0.5, 2.5), (1, 1.5)],  # below
            *[(0, 1.25), (0.5, 3.25), (1, 2.25)],  # above
        }

    def test_star_is_the_best(self):
        assert star_of(self.display().ax_) == [[0.6, 4.0]]

    def test_points_are_the_others(self):
        ax = self.display().ax_
        (points,) = (line for line in ax.lines if line.get_marker() == "o")
        assert points.get_xydata().tolist() == [[0.1, 1], [0.4, 2], [0.9, 3]]

    def test_those_below_are_triangles_on_the_edge(self):
        scores = [-100.0, 3.5, 4.0, 3.0]
        ax = self.display(scores=scores).ax_
        (below,) = (line for line in ax.lines if line.get_marker() == "v")
        ((x, y),) = below.get_xydata()
        low, _ = shown_range(np.array(scores))
        assert x == 0.1 and low < y < 3.0

    def test_range_is_that_of_the_candidates_that_have_the_parameter(self):
        places = [[np.nan], [np.nan], [0.6], [0.9]]
        scores = [1e6, 1e6, 4.0, 3.0]
        ax = drawn([LINEAR], [[0.0, 0.5, 1.0]], [1, 3, 2], places, scores=scores).ax_
        low, high = ax.get_ylim()
        assert 2.5 < low < 3.0 and 4.0 < high < 5.0

    def test_has_some_room_for_a_band_above_the_best_and_not_more(self):
        def top(high):
            middle = np.array([1.0, 3.0, 2.0])
            prediction = Prediction(middle, middle, middle + high, middle)
            return self.display(prediction=prediction).ax_.get_ylim()[1]

        low, high = shown_range(SCORES)
        assert top(0.1) == pytest.approx(high)
        assert top(1.3) == pytest.approx(4.3)
        assert top(50.0) == pytest.approx(high + 0.15 * (high - low))


def test_of_categories_has_a_bar_for_each():
    ax = drawn([KINDS], [[0, 1]], [1, 3], [[0], [0], [1], [1]]).ax_
    bars = [(bar.get_y(), bar.get_height()) for bar in ax.patches]
    assert bars == [(0.5, 0.75), (2.5, 0.75)]
    middles = [line[:, 1].tolist() for line in ax.collections[0].get_segments()]
    assert middles == [[1, 1], [3, 3]]


class TestOfTwo:
    MIDDLE = ((1.5, 2.0), (2.5, 3.0), (3.5, 2.2))

    def display(self, **changed):
        places = [[2, 0], [3, 1], [50, 1], [90, 0]]
        given = {"middle": self.MIDDLE, "positions": places} | changed
        return drawn([LOG, KINDS], [[1.0, 10.0, 100.0], [0, 1]], **given)

    def meshes(self, **changed):
        """The colours, and what makes them paler."""
        meshes = self.display(**changed).ax_.collections
        assert len(meshes) == 2
        return meshes

    def test_colour_is_the_middle(self):
        colours, _ = self.meshes()
        np.testing.assert_array_equal(
            colours.get_array().reshape(2, 3), np.transpose(self.MIDDLE)
        )

    def test_is_the_paler_the_less_is_known(self):
        _, paper = self.meshes()
        opacity = paper.get_array().reshape(2, 3, 4)[..., 3]
        doubt = np.linspace(0, 1, 6).reshape(3, 2).T
        np.testing.assert_allclose(opacity, 0.75 * doubt)

    def test_cells_are_about_their_places(self):
        for mesh in self.meshes():
            edges = mesh.get_coordinates()
            halves = np.array([-0.5, 0.5, 1.5, 2.5])
            np.testing.assert_allclose(edges[0, :, 0], 10**halves)
            np.testing.assert_allclose(edges[:, 0, 1], [-0.5, 0.5, 1.5])

    def test_colours_span_what_is_predicted(self):
        colours, _ = self.meshes()
        assert colours.get_clim() == (1.5, 3.5)

    def test_colours_begin_no_lower_than_the_scores_shown(self):
        colours, _ = self.meshes(middle=((-100.0, 2.0), (2.5, 3.0), (3.5, 2.2)))
        assert colours.get_clim() == (shown_range(SCORES)[0], 3.5)

    def test_star_is_the_best(self):
        assert star_of(self.display().ax_) == [[50, 1]]

    def test_colours_are_those_of_candidates_that_have_both_parameters(self):
        places = [[np.nan, 0], [3, 1], [50, 1], [90, 0]]
        colours, _ = self.meshes(positions=places, scores=[-1e6, 2.0, 4.0, 3.0])
        alone, _ = self.meshes(
            positions=places[1:], scores=np.array([2.0, 4.0, 3.0]), best=1
        )
        assert colours.get_clim() == alone.get_clim()


class Split(Bowl):
    """Scores very badly where it is bad, and elsewhere rises slowly with x."""

    def __init__(self, x=1.0, bad=False):
        self.x = x
        self.bad = bad

    def score(self, X, y=None):
        return 0.9 + 1e-4 * np.log10(self.x) - 30 * self.bad


@pytest.mark.parametrize("n_iter", [10, 20, 40])
def test_one_bad_value_leaves_the_others_their_precision(n_iter):
    space = {"x": loguniform(0.1, 10), "bad": [False, True]}
    search = BTBSearchCV(Split(), space, n_iter=n_iter, cv=THREE_FOLDS, random_state=0)
    display = SurrogateDisplay.from_estimator(search.fit(X, Y), "bad")
    low, high = display.ax_.get_ylim()
    good, bad = display.prediction.middle
    assert good == pytest.approx(search.best_score_, abs=0.1 * (high - low))
    assert bad < low


class TestTexts:
    def test_others_are_written_whole_whatever_they_say(self):
        fixed = {"a__sizes": ((1, 2), (3, 4)), "kind": "poly (deg 2)"}
        display = drawn([LINEAR], [[0.0]], [1], np.zeros((4, 1)), fixed=fixed)
        title = display.ax_.get_title(loc="left")
        assert title == "at sizes=((1, 2), (3, 4)), kind=poly (deg 2)"

    @pytest.mark.parametrize(
        "values",
        [
            [0.001, 0.0011, 0.0012, 1.0, 1.01, 100.0],
            [1.001, 1.007, 1.013, 1.019, 1.025, 1.101],
        ],
    )
    def test_numbers_that_lie_close_do_not_overlap(self, values):
        axis = ParameterAxis("C", "C", values[0], values[-1], log=True, few=values)
        places = [[value, value] for value in values[:4]]
        grid, middle = [values, values], np.arange(36).reshape(6, 6)
        assert not overlaps(drawn([axis, axis], grid, middle, places).figure_)

    def test_dollar_signs_are_no_formula(self):
        axis = ParameterAxis("a", r"$\a$", -0.5, 1.5, categories=[r"^$|\w+$", "$$"])
        figure, axes = plt.subplots(1, 2)
        style = {"fixed": {"$b$": r"$\b$"}, "score_name": r"$\score$"}
        for each, ax in zip([[axis], [axis, axis]], axes, strict=True):
            display = drawn(
                each,
                [[0, 1]] * len(each),
                np.ones([2] * len(each)),
                np.zeros((4, len(each))),
                **style,
            )
            display.plot(ax)
        figure.canvas.draw()
