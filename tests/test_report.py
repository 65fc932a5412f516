"""What a notebook shows of a search."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import randint
from sklearn import config_context
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import estimator_html_repr
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb import BTBSearchCV
from sklearn_btb._history import History
from sklearn_btb._html import convergence_svg

NASTY = "<b>&\"bold'"


def search_for(names=("far", "near"), **params):
    first, second = names
    search = BTBSearchCV(
        {first: Toy(peak=8), second: Toy()},
        {first: {"x": randint(0, 6)}, second: {"x": randint(0, 6)}},
        n_iter=8,
        cv=THREE_FOLDS,
        random_state=0,
    )
    return search.set_params(**params)


@pytest.fixture(scope="module")
def search():
    return search_for().fit(X, Y)


def without_ids(html):
    return re.sub(r"sk-(container|estimator)-id-\d+", "", html)


def drawn(*scores, names=None, complete=None):
    names = np.array(names or ["a"] * len(scores), dtype=object)
    complete = np.isfinite(scores) if complete is None else np.array(complete)
    went = History(names, np.array(scores, float), complete, np.ones(len(scores)))
    return ElementTree.fromstring(convergence_svg(went))


def found(svg, tag):
    return svg.findall(f".//{{http://www.w3.org/2000/svg}}{tag}")


class TestHtml:
    def test_of_an_unfitted_search_is_the_diagram_alone(self):
        search = search_for()
        with config_context(display="diagram"):
            html = search._repr_html_()
        assert without_ids(html) == without_ids(estimator_html_repr(search))

    def test_has_the_leaderboard_and_a_curve_above_the_diagram(self, search):
        html = search._repr_html_()
        table, curve, diagram = map(html.index, ("<table>", "<svg", "sk-top-container"))
        assert table < curve < diagram
        for name in search.leaderboard_.index:
            assert name in html[:curve]

    def test_says_what_came_of_it(self, search):
        html = search._repr_html_()
        assert "Best: near, score 10.00 over 3 folds, of 8 candidates in " in html
        assert "(the end: n_iter)" in html

    def test_escapes_names_and_parameters(self):
        space = {"far": {}, NASTY: {"bad": [("<b>",)]}}
        search = search_for(("far", NASTY), param_grid=space, n_iter=2).fit(X, Y)
        html = search._repr_html_()
        report = html[: html.index("sk-top-container")]
        assert "Best: &lt;b&gt;&amp;" in report
        assert "bad=(&#x27;&lt;b&gt;&#x27;,)" in report
        assert "<b>" not in report

    def test_tells_of_the_one_that_a_callable_chose(self):
        def first_of_far(results):
            return list(results["estimator_name"]).index("far")

        search = search_for(refit=first_of_far).fit(X, Y)
        score = search.cv_results_["mean_test_score"][search.best_index_]
        html = search._repr_html_()
        assert f"Chosen by `refit`: far, score {score:.2f} over" in html
        (row,) = re.findall(r'<tr class="btb-chosen">.*?</tr>', html)
        assert ">far</span></td>" in row
        assert search.leaderboard_.index[0] == "near"

    def test_says_that_the_best_failed(self):
        search = search_for(error_score=99, estimators__far__bad=tuple(range(9)))
        with pytest.warns(FitFailedWarning):
            search.set_params(refit=False).fit(X, Y)
        assert "Best: far (failed), score 99.00 over" in search._repr_html_()

    def test_sets_off_the_row_of_the_best(self, search):
        (row,) = re.findall(r'<tr class="btb-chosen">.*?</tr>', search._repr_html_())
        assert ">near</span></td>" in row

    def test_tells_of_what_was_searched_after_other_parameters_were_set(self):
        scoring = ["r2", "neg_max_error"]
        search = search_for(scoring=scoring, refit="r2").fit(X, Y)
        before = search.leaderboard_
        search.set_params(refit="neg_max_error")
        assert ", r2 " in search._repr_html_()
        assert search.leaderboard_.equals(before)

    def test_names_the_metric(self):
        search = search_for(scoring=["r2", "neg_max_error"], refit="neg_max_error").fit(
            X, Y
        )
        assert "neg_max_error -" in search._repr_html_()

    @pytest.mark.parametrize(
        "params", [{"refit": False}, {"racing": True}, {"n_iter": 1}]
    )
    @pytest.mark.filterwarnings("ignore:The search ended")
    def test_of_any_search_is_there(self, params):
        assert "<svg" in search_for(**params).fit(X, Y)._repr_html_()

    def test_of_a_search_with_failures_counts_them(self):
        search = search_for(estimators__far__bad=tuple(range(9)))
        with pytest.warns(FitFailedWarning), pytest.warns(UserWarning):
            search.fit(X, Y)
        assert "<td>-</td>" in search._repr_html_()

    def test_of_an_interrupted_search_is_there(self):
        def interrupt(search, trial):
            raise KeyboardInterrupt

        search = search_for(callback=interrupt)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, Y)
        assert "(the end: interrupted)" in search._repr_html_()


class TestMimebundle:
    def test_has_both(self, search):
        bundle = search._repr_mimebundle_(include=None, exclude=None)
        assert set(bundle) == {"text/plain", "text/html"}
        assert "<svg" in bundle["text/html"]

    def test_is_text_alone_where_scikit_learn_is_told_so(self, search):
        with config_context(display="text"):
            assert set(search._repr_mimebundle_()) == {"text/plain"}
            assert not hasattr(search, "_repr_html_")

    def test_text_has_the_leaderboard_below_the_parameters(self, search):
        text = search._repr_mimebundle_()["text/plain"]
        assert text.startswith(repr(search))
        assert re.search(r"^near +1 +10\.00 ", text, re.M)
        assert "x=0" in text

    def test_text_of_an_unfitted_search_is_its_repr(self):
        search = search_for()
        assert search._repr_mimebundle_()["text/plain"] == repr(search)


class TestCurve:
    def test_is_well_formed_and_named(self):
        svg = drawn(0.5, 0.7, names=[NASTY, "b"])
        assert svg.get("role") == "img" and svg.get("aria-label")
        titles = [title.text for title in found(svg, "title")]
        assert titles == [f"{NASTY}, candidate 0: 0.5", "b, candidate 1: 0.7"]

    def test_has_a_line_an_estimator_and_one_for_all(self):
        _, *lines = found(drawn(0.5, 0.7, names=["a", "b"]), "path")
        assert len(lines) == 3

    def test_rises_where_a_new_best_was_found(self):
        _, _, line = found(drawn(0.1, 0.9, 0.5), "path")
        assert line.get("d").count("V") == 1

    def test_marks_what_failed_and_what_is_too_low_to_be_shown(self):
        svg = drawn(0.9, 0.91, 0.92, 0.93, -1e6, np.nan)
        titles = {
            tag: [mark[0].text.partition(" ")[2] for mark in found(svg, tag)]
            for tag in ("circle", "polygon", "polyline")
        }
        assert len(titles["circle"]) == 4
        assert titles["polygon"] == ["candidate 4: -1e+06"]
        assert titles["polyline"] == ["candidate 5: failed"]

    def test_candidates_without_all_folds_are_hollow(self):
        svg = drawn(0.9, 0.8, complete=[True, False])
        assert [dot.get("fill") == "none" for dot in found(svg, "circle")] == [
            False,
            True,
        ]

    def test_line_is_broken_where_no_candidate_has_all_folds(self):
        svg = drawn(0.1, 0.9, names=["a", "b"], complete=[True, False])
        broken = [line.get("stroke-dasharray") for line in found(svg, "path")]
        assert [each is not None for each in broken] == [False, False, False, True]

    @pytest.mark.parametrize("scores", [[np.nan], [np.inf, 1.0], [0.0, 0.0]])
    def test_of_odd_scores_has_no_odd_numbers(self, scores):
        text = ElementTree.tostring(drawn(*scores), encoding="unicode")
        assert "nan" not in text and 'y="inf' not in text

    def test_of_very_many_candidates_has_no_points(self):
        assert not found(drawn(*range(1000)), "circle")
