"""The score of a winner, corrected for its having been chosen."""

import math
import pickle
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb import BTBSearchCV, corrected_score
from sklearn_btb._correction import N_HALVES, _halves

some_scores = arrays(
    float,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=12),
    elements=st.floats(-8, 8, width=16),
)


def results_of(scores, metric="score"):
    scores = np.array(scores, dtype=float)
    columns = {f"split{k}_test_{metric}": column for k, column in enumerate(scores.T)}
    return columns | {f"mean_test_{metric}": scores.mean(axis=1)}


def corrected(scores):
    return corrected_score(results_of(scores))


def test_a_search_is_refused():
    search = GridSearchCV(Toy(), {"x": [1, 2]}, cv=THREE_FOLDS).fit(X, Y)
    with pytest.raises(TypeError, match="must be `cv_results_` of a search, not the"):
        corrected_score(search)


class TestTheScore:
    @pytest.mark.parametrize("n_folds", [4, 5])
    def test_is_what_the_best_on_half_of_the_folds_scores_on_the_others(self, n_folds):
        scores = np.random.default_rng(0).normal(size=(6, n_folds))
        held_out = []
        for half in combinations(range(n_folds), n_folds // 2):
            best = scores[:, half].mean(axis=1).argmax()
            held_out.append(np.delete(scores[best], half).mean())
        assert corrected(scores).score == pytest.approx(np.mean(held_out))

    def test_of_two_folds_is_what_the_best_on_one_scores_on_the_other(self):
        assert corrected([[5, 1], [2, 4]]).score == (1 + 2) / 2

    def test_of_what_ties_on_the_other_folds_is_the_mean(self):
        assert corrected([[1, 1], [0, 1]]).score == ((1 + 0) / 2 + 1) / 2

    def test_of_what_ties_but_for_rounding_is_the_mean(self):
        tenths = np.array([[1, 2, 9, 0], [3, 0, 0, 0]])  # 0.1 + 0.2 > 0.3
        expected = corrected(tenths).score / 10
        assert corrected(tenths / 10).score == pytest.approx(expected)

    def test_of_a_single_candidate_is_its_mean(self):
        assert corrected([[1, 2, 6, 3]]).score == 3

    def test_of_a_sure_winner_is_its_mean(self):
        assert corrected([[1, 2, 6, 3], [0.5, 1.9, 5, -9], [0, 0, 5.9, 2]]).score == 3

    @pytest.mark.parametrize("n_folds", [3, 10, 11, 40, 300])
    def test_gives_every_fold_the_same_weight(self, n_folds):
        choosing = _halves(n_folds)
        assert 1 < len(choosing) <= max(2 * N_HALVES, n_folds)
        assert (choosing.sum(axis=1) == n_folds // 2).all()
        assert len(set(choosing.sum(axis=0))) == 1

    def test_with_more_than_ten_folds_is_always_of_the_same_halves(self):
        rows, folds = np.ogrid[:5, :12]
        score = corrected((3 * folds * (rows + 1) + rows**2) % 7)
        assert score == pytest.approx((2.596561, 1.653027, 3.540095), abs=1e-6)

    @given(some_scores)
    def test_is_never_more_than_the_best_mean(self, scores):
        assert corrected(scores).score <= scores.mean(axis=1).max() + 1e-9

    @given(some_scores)
    def test_does_not_depend_on_the_order_of_candidates(self, scores):
        assert corrected(scores[::-1]) == pytest.approx(corrected(scores))

    def test_of_nothing_but_noise_is_not_optimistic(self):
        rng = np.random.default_rng(0)
        tables = rng.normal(size=(300, 50, 5))
        best = tables.mean(axis=2).max(axis=1).mean()
        assert best > 0.9
        assert abs(np.mean([corrected(table).score for table in tables])) < 0.05

    @pytest.mark.parametrize("missing", [np.nan, -np.inf])
    def test_leaves_out_candidates_without_all_scores(self, missing):
        scores = [[1, 2, 6, 3], [0, 1, 5, 4]]
        assert corrected([*scores, [9, 9, 9, missing]]) == corrected(scores)

    @pytest.mark.parametrize("scores", [[[np.nan, 1]], [[0.5], [0.6]]])
    def test_is_nan_without_complete_candidates_or_a_second_fold(self, scores):
        assert all(map(math.isnan, corrected(scores)))


class TestTheInterval:
    def test_of_a_single_candidate_is_that_of_nadeau_and_bengio(self):
        score, low, high = corrected([[1, 2, 6, 3, 3]])
        deviation = np.std([1, 2, 6, 3, 3], ddof=1) * math.sqrt(1 / 5 + 1 / 4)
        assert score - low == pytest.approx(high - score)
        assert high == pytest.approx(3 + 2.77645 * deviation)


class TestOfASearch:
    def search(self, **params):
        space = {"x": [0.5, 1, 2]}
        return BTBSearchCV(Toy(), space, cv=THREE_FOLDS, random_state=0, **params)

    def test_is_that_of_its_results(self):
        search = self.search(refit=False).fit(X, Y)
        assert search.corrected_score_ == corrected_score(search.cv_results_)
        assert search.corrected_score_.score == search.best_score_

    def test_is_by_the_metric_that_refit_names(self):
        scoring = {"a": lambda est, X, y: -X[0, 0], "b": lambda est, X, y: est.x}
        search = self.search(scoring=scoring, refit="b").fit(X, Y)
        assert search.corrected_score_ == (2, 2, 2)
        search.set_params(refit="a").fit(X, Y)
        assert search.corrected_score_.score == search.best_score_ == -4
        search.set_params(refit="b")
        assert search.corrected_score_.score == search.best_score_ == -4

    def test_is_pickled_with_it(self):
        search = self.search().fit(X, Y)
        copy = pickle.loads(pickle.dumps(search))
        assert copy.corrected_score_ == search.corrected_score_

    def test_is_there_where_the_best_score_is(self):
        search = self.search()
        assert not hasattr(search, "corrected_score_")
        with pytest.raises(NotFittedError):
            _ = search.corrected_score_
        search.set_params(refit=lambda results: 0).fit(X, Y)
        with pytest.raises(AttributeError, match="not with a callable `refit`"):
            _ = search.corrected_score_

    def test_is_had_from_the_results_of_scikit_learn(self):
        search = GridSearchCV(Toy(), {"x": [0.5, 1, 2]}, cv=THREE_FOLDS).fit(X, Y)
        assert corrected_score(search.cv_results_).score == search.best_score_

    def test_is_not_had_from_a_table_without_folds(self):
        frame = self.search().fit(X, Y).results_frame()
        with pytest.raises(ValueError, match="no column 'split0_test_score'"):
            corrected_score(frame)

    def test_is_had_from_its_results_as_a_data_frame(self):
        search = self.search().fit(X, Y)
        table = pd.DataFrame(search.cv_results_)
        assert corrected_score(table) == search.corrected_score_
