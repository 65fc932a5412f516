"""The rule that ends a lost candidate, and the score that it would have had."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import uniform
from test_search import search_for
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb._racing import expected_score, has_lost

NAN = np.nan
# splits of unequal difficulty, candidates that differ little
COMPLETE = np.array(
    [
        [0.90, 0.70, 0.80, 0.60, 0.75],
        [0.89, 0.71, 0.78, 0.58, 0.74],
        [0.85, 0.66, 0.77, 0.55, 0.71],
    ]
)
scores_of_five = arrays(float, 5, elements=st.floats(-1, 1))
complete_of_five = arrays(
    float, st.tuples(st.integers(1, 6), st.just(5)), elements=st.floats(-1, 1)
)


def begun(scores, n):
    """Keep the first n scores."""
    return np.where(np.arange(len(scores)) < n, scores, NAN)


class TestHasLost:
    def test_never_without_an_incumbent(self):
        assert not has_lost(begun(np.full(5, -9.0), 2), np.empty((0, 5)))

    @given(scores_of_five, complete_of_five)
    def test_never_before_the_first_fold_and_after_the_last(self, scores, complete):
        assert not has_lost(begun(scores, 0), complete)
        assert not has_lost(scores, complete)

    @given(complete_of_five, st.integers(1, 4), st.floats(0, 1))
    def test_never_if_it_is_not_below_the_incumbent(self, complete, n, gain):
        incumbent = complete[complete.mean(axis=1).argmax()]
        assert not has_lost(begun(incumbent + gain, n), complete)

    @given(scores_of_five, complete_of_five, st.integers(1, 4))
    def test_more_rather_than_less_if_all_scores_are_lower(self, scores, complete, n):
        lower = begun(scores - 0.5, n)
        assert has_lost(lower, complete) or not has_lost(begun(scores, n), complete)

    def test_after_two_folds_if_both_are_worse_than_usual_differences(self):
        assert has_lost(begun([0.80, 0.60, 0, 0, 0], 2), COMPLETE)

    def test_not_after_one_fold_if_the_loss_is_not_gross(self):
        assert not has_lost(begun([0.895, 0, 0, 0, 0], 1), COMPLETE)

    def test_after_one_fold_if_the_loss_is_gross(self):
        assert has_lost(begun([0.50, 0, 0, 0, 0], 1), COMPLETE)

    def test_compares_the_same_splits(self):
        # worse than the incumbent's mean, but only because the split is a hard one
        hard_one_first = np.array([NAN, NAN, NAN, 0.61, NAN])
        assert hard_one_first[3] < COMPLETE[0].mean()
        assert not has_lost(hard_one_first, COMPLETE)

    def test_with_one_other_candidate_it_is_wary(self):
        assert has_lost(begun([0.85, 0.65, 0, 0, 0], 2), COMPLETE)
        assert not has_lost(begun([0.85, 0.65, 0, 0, 0], 2), COMPLETE[:1])
        assert has_lost(begun([0.30, 0.20, 0, 0, 0], 2), COMPLETE[:1])

    def test_without_any_spread_any_loss_counts(self):
        flat = np.ones((3, 5))
        assert has_lost(begun(np.full(5, 0.9), 2), flat)
        assert not has_lost(begun(np.full(5, 1.1), 2), flat)

    @pytest.mark.parametrize("seed", range(5))
    def test_is_rarely_wrong(self, seed):
        rng = np.random.default_rng(seed)
        n_wrong = n_lost = 0
        for _ in range(200):
            true = rng.normal(0, 0.02, size=(9, 1))
            table = true + rng.normal(0, 0.05, 5) + rng.normal(0, 0.02, size=(9, 5))
            for row in table[1:]:
                if has_lost(begun(row, 2), table[:1]) or has_lost(
                    begun(row, 3), table[:1]
                ):
                    n_lost += 1
                    n_wrong += row.mean() > table[0].mean()
        assert n_lost > 100
        assert n_wrong < 0.15 * n_lost

    def test_of_infinitely_bad_folds(self):
        assert has_lost(begun(np.full(5, -np.inf), 1), COMPLETE)
        assert not has_lost(begun(np.full(5, np.inf), 1), COMPLETE)


def test_infinite_scores_do_not_end_the_race():
    class Infinite(Toy):
        def score(self, X, y=None):
            return -np.inf if self.x in (1, 2) else -float(self.x)

    search = search_for(Infinite(x=1), {"x": range(1, 13)}, racing=True)
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, Y)
    assert search.best_params_ == {"x": 3}
    assert len(search.trials_) == 12
    assert "stopped" in {trial.state for trial in search.trials_}


class TestExpectedScore:
    def test_is_the_mean_where_nothing_is_known(self):
        assert expected_score(np.array([1.0, 3.0, NAN]), np.empty((0, 3))) == 2.0

    def test_takes_out_how_hard_a_split_is(self):
        complete = np.array([[0.9, 0.5, 0.7], [0.8, 0.4, 0.6]])  # +0.2, -0.2, 0
        assert expected_score(np.array([0.8, NAN, NAN]), complete) == pytest.approx(0.6)
        assert expected_score(np.array([NAN, 0.4, NAN]), complete) == pytest.approx(0.6)

    @given(scores_of_five, st.floats(-1, 1), st.integers(1, 4))
    def test_is_exact_where_candidates_differ_by_a_constant(self, scores, shift, n):
        shifted = begun(scores + shift, n)
        expected = scores.mean() + shift
        assert expected_score(shifted, scores[None]) == pytest.approx(expected)


class ByFold(Toy):
    """Scores `-x` plus the difficulty of the split, which its first test row tells."""

    def score(self, X, y=None):
        return {0: 0.0, 4: -5.0, 8: 5.0}[int(np.asarray(X)[0, 0])] - self.x


def test_of_two_searches_the_racing_one_spares_folds():
    search = search_for(ByFold(x=0.5), {"x": [0.1, 0.5, 1, 2, 3]}, racing=True)
    search.fit(X, Y)
    results = search.cv_results_
    n_splits = results["n_splits_evaluated"]
    assert n_splits.tolist()[0] == 3
    assert n_splits.sum() < 15
    assert results["params"][search.best_index_] == {"x": 0.1}
    assert search.best_score_ == pytest.approx(-0.1)
    for row in np.flatnonzero(n_splits < 3):
        own = [results[f"split{split}_test_score"][row] for split in range(3)]
        ran = np.array(own)[: n_splits[row]]
        assert np.isnan(own[n_splits[row] :]).all()
        assert results["mean_test_score"][row] == pytest.approx(ran.mean())
        trial = search.trials_[row]
        assert trial.state == "stopped"
        # as if all folds had been run, though the first ones are not the average
        assert trial.score == pytest.approx(-trial.params["x"])


def test_complete_candidates_rank_before_stopped_ones():
    def all_but_the_first(scores, complete):
        return len(complete) > 0

    search = search_for(
        ByFold(x=9), {"x": [9, 1, 2]}, racing=all_but_the_first, scoring=None
    ).fit(X, Y)
    assert search.cv_results_["n_splits_evaluated"].tolist() == [3, 1, 1]
    assert search.cv_results_["rank_test_score"][0] == 1
    assert search.best_params_ == {"x": 9}


def test_a_rule_sees_the_scores_of_all_complete_candidates():
    seen = []

    def rule(scores, complete):
        seen.append((scores.copy(), complete.copy()))
        return False

    search_for(ByFold(x=1), {"x": [1, 2]}, racing=rule).fit(X, Y)
    assert [int(np.isnan(scores).sum()) for scores, _ in seen] == [2, 1, 2, 1]
    assert [complete.shape for _, complete in seen] == [(0, 3)] * 2 + [(1, 3)] * 2
    np.testing.assert_array_equal(seen[-1][1], [[-1, -6, 4]])


def test_a_candidate_with_a_failed_fold_has_lost():
    search = search_for(
        {"good": Toy(), "bad": Toy(bad=(1,))}, {"good": {}, "bad": {"x": [1]}}
    )
    search.set_params(racing=True)
    with pytest.warns(Warning):
        search.fit(X, Y)
    assert search.cv_results_["n_splits_evaluated"].tolist() == [3, 1]
    assert [trial.state for trial in search.trials_] == ["complete", "failed"]


def test_without_racing_there_is_no_column_of_it():
    search = search_for(Toy(), {"x": [0, 1]}).fit(X, Y)
    assert "n_splits_evaluated" not in search.cv_results_


def test_several_metrics_race_by_the_one_that_steers():
    scoring = {
        "up": lambda est, X, y: float(est.x),
        "down": lambda est, X, y: -float(est.x),
    }
    search = search_for(Toy(x=1), {"x": [1, 2, 3]}, scoring=scoring, refit="down")
    search.set_params(racing=True).fit(X, Y)
    assert search.best_params_ == {"x": 1}
    assert search.cv_results_["n_splits_evaluated"].tolist()[0] == 3
    assert search.cv_results_["n_splits_evaluated"].sum() < 9


def test_a_callable_refit_cannot_choose_an_incomplete_candidate():
    search = search_for(
        ByFold(x=1),
        {"x": [1, 2]},
        racing=lambda scores, complete: len(complete) > 0,
        refit=lambda results: 1,
    )
    with pytest.raises(ValueError, match=r"candidate 1 cannot be the best.*1 of 3"):
        search.fit(X, Y)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_with_workers_the_best_is_complete_as_well(backend):
    from joblib import parallel_config

    search = search_for(
        Toy(x=0.4), {"x": uniform(0.4, 5)}, n_iter=30, cv=THREE_FOLDS, racing=True
    )
    with parallel_config(backend, n_jobs=3):
        search.fit(X, Y)
    n_splits = search.cv_results_["n_splits_evaluated"]
    assert n_splits[search.best_index_] == 3
    assert n_splits.sum() < 90
    assert len(n_splits) == 30
